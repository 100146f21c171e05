"""Query processes start, end and are reported; nothing that a query does reaches beyond its own."""

import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
import pytest
from pyoxigraph import Store

from pfocr_rdf.releases import Release
from pfocr_rdf.web import zygote
from pfocr_rdf.web.ends import why_ended
from workers import (
    PATIENCE_S,
    Engine,
    answered,
    children_of,
    engine,
    parent_of,
    state_of,
    watching,
)

GENES: Final = "SELECT ?s { ?s a schema:Gene } LIMIT 3"
#: Takes for ever, and no memory.
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
#: Every spelling by which Oxigraph's parser, which knows no words, reads a SERVICE clause.
SERVICES: Final = (
    "SELECT * { SERVICE <@> { ?s ?p ?o } }",
    "SELECT * { service<@>{ ?s ?p ?o } }",
    "SELECT * { SERVICE SILENT <@> { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<@> { ?s ?p ?o } }",
    "PREFIX : <@> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "PREFIX : <@> SELECT * { SERVICE : { ?s ?p ?o } }",
    "SELECT * { ?s ?p trueSERVICE<@>{ ?a ?b ?c } }",
    "SELECT * { ?s ?p ?o SERVICE # a comment\n<@> { ?a ?b ?c } }",
    "SELECT * { BIND(<@> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "SELECT * { VALUES ?e { <@> } SERVICE SILENT ?e { ?s ?p ?o } }",
    "SELECT * { { SELECT * { SERVICE <@> { ?s ?p ?o } } } }",
    "ASK { FILTER EXISTS { SERVICE <@> { ?s ?p ?o } } }",
    "CONSTRUCT { ?s ?p ?o } { SERVICE <@> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <@> { ?s ?p ?o } }",
    "SELECT * { OPTIONAL { SERVICE <@> { ?s ?p ?o } } }",
    "SELECT * { MINUS { SERVICE <@> { ?s ?p ?o } } }",
)
#: In these a call that fails says nothing.
QUIET: Final = ("SILENT", "EXISTS", "MINUS")
#: These read graphs, and fetch none.
GRAPHS: Final = (
    "SELECT * FROM <@> { ?s ?p ?o }",
    "SELECT * FROM NAMED <@> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH <@> { ?s ?p ?o } }",
    "DESCRIBE <@>",
)
SPELLED: Final = ("127.0.0.1", "localhost", "[::1]", "2130706433", "127.1", "0x7f.1", "0.0.0.0")


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Engine]:
    with engine() as opened:
        yield opened


@pytest.fixture(name="store")
def _store(seeds_release: Release) -> str:
    return str(seeds_release.store)


def settle(server: Engine, store: str) -> None:
    """Wait until the keeper has done what it does after a fork: it does one thing at a time."""
    process = server.start(store)
    process.close()
    server.end_of(process.pid)


# --- beginnings and ends ---


def test_a_process_starts_answers_and_ends_when_its_socket_is_closed(
    server: Engine, store: str
) -> None:
    process = server.start(store)
    assert process.ask(GENES).end["rows"] == 3
    process.close()
    ended = server.end_of(process.pid)
    assert (ended.status, ended.said) == (0, "")
    assert 5_000 < ended.peak_kib < 500_000
    assert why_ended(ended.status, ended.said) == "ended"


def test_a_killed_process_is_reported_and_the_others_go_on(server: Engine, store: str) -> None:
    first, second = server.start(store), server.start(store)
    first.send(ENDLESS)
    os.kill(first.pid, signal.SIGKILL)
    ended = server.end_of(first.pid)
    assert why_ended(ended.status, ended.said) == "killed"
    assert second.ask(GENES).end["rows"] == 3


def test_processes_of_one_store_have_one_parent_and_leave_nothing_behind(
    server: Engine, store: str
) -> None:
    processes = [server.start(store) for _ in range(5)]
    [keeper] = {process.keeper for process in processes}
    settle(server, store)
    before = sorted(os.listdir(f"/proc/{keeper}/fd"), key=int)
    for _ in range(4):
        for process in processes:
            process.close()
            server.end_of(process.pid)
        processes = [server.start(store) for _ in range(5)]
    assert {process.keeper for process in processes} == {keeper}
    settle(server, store)
    assert len(os.listdir(f"/proc/{keeper}/fd")) == len(before)
    assert "Z" not in [state_of(child) for child in children_of(keeper)]
    assert parent_of(keeper) == server.zygote.pid


def test_a_process_has_its_socket_and_the_tables_of_its_store_and_nothing_else(
    server: Engine, store: str
) -> None:
    others = [server.start(store) for _ in range(3)]
    process = server.start(store)
    assert others
    folder = Path(f"/proc/{process.pid}/fd")
    targets = {int(entry.name): os.readlink(entry) for entry in folder.iterdir()}
    assert [targets.pop(number) for number in (0, 1)] == ["/dev/null", "/dev/null"]
    assert targets.pop(2).startswith("pipe:")
    tables = {number: to for number, to in targets.items() if to.startswith(store)}
    assert all(to.endswith(".sst") for to in tables.values())
    # libffi opens itself, where it makes functions without memory that is written and run.
    others_than_tables = targets.items() - tables.items()
    [(_, rest)] = [one for one in others_than_tables if "/libffi.so" not in one[1]]
    assert rest.startswith("socket:")
    for number in tables:
        flags = Path(f"/proc/{process.pid}/fdinfo/{number}").read_text(encoding="ascii")
        [mode] = [int(line.split()[1], 8) for line in flags.splitlines() if "flags" in line]
        assert mode & os.O_ACCMODE == os.O_RDONLY


def test_a_store_that_cannot_be_opened_is_told_and_others_still_are(
    server: Engine, store: str, tmp_path: Path
) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        for _ in range(2):
            process = server.start(path)
            assert process.ready == {}
            assert process.refusal["kind"] == "no-release"
            assert process.refusal["detail"].startswith("the store cannot be read: ")
    assert server.start(store).ask(GENES).end["rows"] == 3


def test_quads_are_counted_where_that_is_asked(server: Engine, store: str) -> None:
    counts = [server.start(store, count=count).ready["quads"] for count in (False, True, False)]
    assert counts[0] is None
    assert counts[1] > 2_000
    assert counts[2] is None


def test_a_keeper_that_gets_no_process_keeps_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    config = {"token": 1, "memory_mb": 1, "prefixes": {}, "count": False}
    requests, server = socket.socketpair()
    with requests, server, open(os.devnull) as null:
        keeper = zygote.Keeper(requests, server, None)
        before = os.listdir("/dev/fd")
        with pytest.raises(BlockingIOError):
            keeper._fork(orjson.dumps(config), null.fileno())
        assert os.listdir("/dev/fd") == before


def test_a_request_whose_descriptor_finds_no_place_ends_no_family(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken: list[bytes] = []
    requests, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with requests, server, open(os.devnull) as null:
        family = zygote.Family(requests, requests, lambda packet, _: taken.append(packet))
        server.send(b"first")
        socket.send_fds(server, [b"second"], [null.fileno()])
        family._receive()
        family._receive()
    assert taken == [b"second"]
    assert caplog.messages == ["no query process could be started: [Errno 24] Too many open files"]


def test_two_stores_are_served_side_by_side(
    server: Engine, store: str, mixed_release: Release
) -> None:
    first = server.start(store, count=True)
    second = server.start(mixed_release.store, count=True)
    assert first.ready["quads"] != second.ready["quads"]
    assert first.keeper != second.keeper
    assert first.ask(GENES).end["rows"] == second.ask(GENES).end["rows"] == 3


@pytest.fixture(name="impatient")
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A server whose keepers end as soon as nobody needs them."""
    code = "import pfocr_rdf.web.zygote as z\nz.IDLE_S = 0.05\nz.main()"
    monkeypatch.setattr(zygote, "COMMAND", (sys.executable, "-c", code))
    with engine() as opened:
        yield opened


def test_keepers_that_have_ended_leave_nothing_open(
    impatient: Engine, store: str, mixed_release: Release
) -> None:
    found = []
    for path in (store, mixed_release.store, store):
        process = impatient.start(path)
        keeper = process.keeper
        process.close()
        impatient.end_of(keeper)  # and by then the zygote has done all that was asked
        found.append(len(os.listdir(f"/proc/{impatient.zygote.pid}/fd")))
    assert len(set(found)) == 1


def test_the_keeper_of_a_store_that_nobody_needs_ends(impatient: Engine, store: str) -> None:
    process = impatient.start(store)
    keeper = process.keeper
    with watching(keeper) as wait:
        process.close()
        wait()
    assert impatient.end_of(keeper).status == 0
    again = impatient.start(store)
    assert again.ask(GENES).end["rows"] == 3
    assert again.keeper != keeper


# --- death of the parents ---


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_of_the_whole_group_is_left_to_the_server(
    server: Engine, store: str, number: signal.Signals
) -> None:
    process = server.start(store)
    for pid in (process.pid, process.keeper, server.zygote.pid):
        os.kill(pid, number)
    assert process.ask(GENES).end["rows"] == 3
    assert server.start(store).ask(GENES).end["rows"] == 3


def test_all_end_when_the_server_ends(store: str) -> None:
    server = Engine()
    busy, idle = server.start(store), server.start(store)
    busy.send(ENDLESS)
    with watching(busy.pid, idle.pid, busy.keeper, server.zygote.pid) as wait:
        server.close()
        wait()


def test_all_end_when_the_zygote_is_killed(store: str) -> None:
    server = Engine()
    busy, idle = server.start(store), server.start(store)
    busy.send(ENDLESS)
    with watching(busy.pid, idle.pid, busy.keeper) as wait:
        server.zygote.kill()
        wait()
    assert server.control.recv(65_536)  # that the first has been forked
    server.close()


def test_the_processes_of_a_killed_keeper_end_and_are_reported(store: str) -> None:
    with engine() as server:
        first, second = server.start(store), server.start(store)
        first.send(ENDLESS)
        os.kill(first.keeper, signal.SIGKILL)
        for process in (first, second):
            ended = server.end_of(process.pid)
            assert why_ended(ended.status, ended.said) == "killed"
        assert children_of(server.zygote.pid) == []
        assert server.start(store).ask(GENES).end["rows"] == 3


# --- queries that do harm ---


def doubled(times: int) -> str:
    """A string that doubles so many times."""
    binds = (f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(times))
    return f"SELECT ?v{times} {{ BIND('0123456789abcdef' AS ?v0) {' '.join(binds)} }}"


@pytest.mark.parametrize(
    "text",
    [
        doubled(28),
        "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?d",
        "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f } }",
    ],
)
def test_a_query_that_takes_all_memory_ends_its_process_alone(
    server: Engine, store: str, text: str
) -> None:
    other = server.start(store)
    process = server.start(store, memory_mb=64)
    answer = process.ask(text, max_bytes=1 << 40, max_rows=1 << 40)
    if answer.refusal:
        assert answer.refusal["kind"] == "memory"
        assert answer.refusal["limit_mb"] == 64
    else:
        ended = server.end_of(process.pid)
        assert why_ended(ended.status, ended.said) == "memory"
        assert ended.peak_kib < 256 << 10
    assert other.ask(GENES).end["rows"] == 3


@pytest.mark.parametrize("text", ["ASK { FILTER(%s1%s) }", "ASK %s %s"])
def test_a_query_that_overflows_the_stack_ends_its_process_alone(
    server: Engine, store: str, text: str
) -> None:
    other, process = server.start(store), server.start(store)
    left, right = ("(", ")") if "FILTER" in text else ("{", "}")
    answer = process.ask(text % (left * 20_000, right * 20_000))
    assert answer.kinds == ""
    ended = server.end_of(process.pid)
    assert why_ended(ended.status, ended.said) == "crash"
    assert os.WTERMSIG(ended.status) in {signal.SIGSEGV, signal.SIGABRT}
    assert other.ask(GENES).end["rows"] == 3


def test_a_process_that_floods_its_standard_error_is_heard_to_the_end() -> None:
    """What is kept is short, and the writer never waits."""
    ours, theirs = os.pipe()
    child = zygote._Child(ours)
    os.set_blocking(theirs, False)
    for number in range(100):
        os.write(theirs, b"%d " % number * 4_000)
        child.listen()
    os.write(theirs, "ende: é".encode())
    child.listen()
    os.close(ours)
    os.close(theirs)
    assert child.said.decode().endswith("99 ende: é")
    assert len(child.said) <= 4 * zygote.SAID


@pytest.fixture(name="canary")
def _canary() -> Iterator[list[socket.socket]]:
    """Listeners on loopback that nobody may call."""
    listeners = [socket.create_server(("127.0.0.1", 0))]
    port = listeners[0].getsockname()[1]
    if socket.has_ipv6:
        try:
            listeners.append(socket.create_server(("::1", port), family=socket.AF_INET6))
        except OSError:
            listeners[0].getsockname()  # a machine without IPv6 has nothing to call there
    yield listeners
    for listener in listeners:
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        listener.close()


def test_without_a_barrier_the_canary_is_called() -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        called = threading.Thread(target=lambda: canary.accept()[0].close())
        called.start()
        text = SERVICES[0].replace("@", f"http://127.0.0.1:{canary.getsockname()[1]}/")
        assert answered(Store(), text).refusal["kind"] == "federation-disabled"
        called.join(PATIENCE_S)
        assert not called.is_alive()


def test_no_spelling_of_a_service_clause_reaches_anybody(
    server: Engine, store: str, canary: list[socket.socket]
) -> None:
    port = canary[0].getsockname()[1]
    process = server.start(store)
    for text in SERVICES:
        answer = process.ask(text.replace("@", f"http://127.0.0.1:{port}/"))
        if any(word in text for word in QUIET):
            assert answer.end, text
        else:
            assert answer.refusal.get("kind") == "federation-disabled", text
    for host in SPELLED:
        text = SERVICES[0].replace("@", f"http://{host}:{port}/")
        assert process.ask(text).refusal["kind"] == "federation-disabled", host
    for text in GRAPHS:
        assert process.ask(text.replace("@", f"http://127.0.0.1:{port}/")).end["bytes"] < 100


def test_a_service_clause_over_tls_reaches_nobody(
    server: Engine, store: str, canary: list[socket.socket]
) -> None:
    port = canary[0].getsockname()[1]
    for text in SERVICES[:3]:
        process = server.start(store)
        answer = process.ask(text.replace("@", f"https://127.0.0.1:{port}/"))
        if not answer.kinds:
            # Its HTTP client cannot live without certificates, and it cannot open any.
            ended = server.end_of(process.pid)
            assert why_ended(ended.status, ended.said) == "crash"
