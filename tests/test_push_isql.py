"""Virtuoso's isql: statements with values in them, and the password that only isql gets."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from pfocr_rdf.errors import QueryError, RemoteError
from pfocr_rdf.push.isql import Isql, StatementError
from pfocr_rdf.push.stores import Account
from serving import is_alive, wait_until
from virtuoso import PACKAGE, PASSWORD, USER, Virtuoso

#: One that isql does not try by itself.
LOADER: Final = Account("loader", "s3cret-wörd 'quoted'")
#: Has Virtuoso do something long.
SPEAKER: Final = """
import sys
from pfocr_rdf.push.isql import Isql
from pfocr_rdf.push.stores import Account
with Isql(sys.argv[1], Account(*sys.argv[2:])) as session:
    print(session._pid, flush=True)
    session.run("delay(60)")
"""


@pytest.fixture(scope="module", name="session")
def _session(virtuoso: Virtuoso) -> Iterator[Isql]:
    with Isql(virtuoso.sql, Account(USER, PASSWORD)) as session:
        name, password = LOADER.user, LOADER.password
        session.run("DB.DBA.USER_CREATE({name}, {password})", name=name, password=password)
        session.run("DB.DBA.USER_SET_OPTION({name}, 'SQL_ENABLE', 1)", name=name)
        yield session


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'it\'s; -- "both"',
        "{x} $U{x} ${x}",
        "*** Error 1: x at line",
        "µ → ∞",
        "x" * 3_000,
        "\\'",
    ],
)
def test_a_value_comes_back_as_it_went(text: str, session: Isql) -> None:
    assert session.run("SELECT {text}", text=text) == text


def test_rows_are_lines(session: Isql) -> None:
    found = session.run("SELECT U_NAME FROM DB.DBA.SYS_USERS WHERE U_NAME IN ('dba', 'nobody')")
    assert sorted(line.strip() for line in found.splitlines()) == ["dba", "nobody"]


def test_a_statement_that_is_refused_is_told_and_the_session_goes_on(session: Isql) -> None:
    with pytest.raises(StatementError) as caught:
        session.run("SELECT nothing_of_the_kind FROM DB.DBA.SYS_USERS")
    assert caught.value.said.startswith("SQ200: No column")
    assert session.run("SELECT 1") == "1"


def test_a_statement_may_take_only_its_time(virtuoso: Virtuoso) -> None:
    with (
        pytest.raises(RemoteError, match=r"said nothing for 0\.3 seconds"),
        Isql(virtuoso.sql, Account(USER, PASSWORD)) as session,
    ):
        session.run("delay(20)", timeout_s=0.3)


def test_the_password_is_neither_an_argument_nor_in_the_environment(
    session: Isql, virtuoso: Virtuoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.run("SELECT 1") == "1"  # the user is there
    monkeypatch.setenv("STORE_PASSWORD", LOADER.password)
    started: list[tuple[list[str], str]] = []
    spawn = os.posix_spawn

    def watched(path: str, arguments: list[str], env: dict[str, str], **options: Any) -> int:
        started.append((arguments, str(env)))
        return spawn(path, arguments, env, **options)

    monkeypatch.setattr("os.posix_spawn", watched)
    with Isql(virtuoso.sql, LOADER) as own:
        assert own.run("SELECT USER") == LOADER.user
    ((arguments, environment),) = started
    assert LOADER.user in arguments
    assert "s3cret" not in " ".join(arguments) + environment
    assert "'PATH'" in environment


def test_a_wrong_password_is_told_and_not_shown(session: Isql, virtuoso: Virtuoso) -> None:
    assert session.run("SELECT 1") == "1"
    with pytest.raises(RemoteError, match="user or password is wrong: check --user") as caught:
        Isql(virtuoso.sql, Account(LOADER.user, "wrong-one")).__enter__()
    assert "wrong-one" not in str(caught.value)


@pytest.mark.skipif(shutil.which("isql-vt") is None, reason=f"NO ISQL: apt-get install {PACKAGE}")
def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RemoteError, match=r"cannot be reached .*\(ServerPort of \[Parameters\]\)"):
        Isql(server, LOADER).__enter__()


def test_an_isql_that_ends_is_told(virtuoso: Virtuoso) -> None:
    with Isql(virtuoso.sql, Account(USER, PASSWORD)) as session:
        os.kill(session._pid, signal.SIGKILL)
        with pytest.raises(RemoteError, match="ended"):
            session.run("SELECT 1")


def test_no_isql_is_left_behind(virtuoso: Virtuoso) -> None:
    with Isql(virtuoso.sql, Account(USER, PASSWORD)) as session:
        pid = session._pid
        assert is_alive(pid)
    assert not is_alive(pid)


def test_isql_ends_with_whoever_speaks_through_it(virtuoso: Virtuoso) -> None:
    line = [sys.executable, "-c", SPEAKER, virtuoso.sql, USER, PASSWORD]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as speaker:
        assert speaker.stdout is not None
        pid = int(speaker.stdout.readline())
        assert is_alive(pid)
        speaker.kill()  # without a chance to clean up
    wait_until(lambda: not is_alive(pid), "isql ended")


def test_where_isql_is_missing_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QueryError, match="--isql nothing: there is no such program"):
        Isql("127.0.0.1:1111", LOADER, "nothing")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(QueryError, match=r"none of isql-vt, .* virtuoso-opensource-7-bin"):
        Isql("127.0.0.1:1111", LOADER)


def test_a_program_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "isql"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(QueryError, match=r"isql cannot be run \(.*\): say where"):
        Isql("127.0.0.1:1111", LOADER, str(broken)).__enter__()
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("pipes", range(3))
def test_a_session_that_has_no_room_for_its_pipes_leaves_nothing_open(
    pipes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Isql("127.0.0.1:1111", LOADER, sys.executable)
    left, made = iter(range(pipes)), os.pipe

    def pipe() -> tuple[int, int]:
        if next(left, None) is None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return made()

    monkeypatch.setattr("os.pipe", pipe)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="Too many open files"):
        session.__enter__()
    assert os.listdir("/proc/self/fd") == before


def test_another_program_of_the_name_is_told(tmp_path: Path) -> None:
    other = tmp_path / "isql"
    other.write_text("#!/bin/sh\necho unixODBC\n")
    other.chmod(0o755)
    with pytest.raises(RemoteError, match=r"isql ended .* that this is its isql"):
        Isql("127.0.0.1:1111", LOADER, str(other)).__enter__()
