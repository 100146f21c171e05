"""A query that ends the engine, or that the engine is in for long, ends in good order."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from pfocr_rdf.commands.apart import run_apart
from pfocr_rdf.releases import Release
from serving import descendants, is_alive, wait_until

PROGRAM: Final = Path(sys.executable).with_name("pfocr-rdf")
#: Of which the engine would take days.
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def asked(text: str, release: Release, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "query", text, "--release", release.path, "--format", "csv"]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload,no-any-return]


def test_an_order_that_ends_the_engine_is_told_and_what_to_do(seeds_release: Release) -> None:
    done = asked("SELECT * { ?s ?p ?o } ORDER BY ?o", seeds_release)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: ORDER BY cannot sort numbers, dates and text among one another: sort by their STR\n"
    )
    done = asked("SELECT * { ?s ?p ?o } ORDER BY STR(?o)", seeds_release)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_query_ends_as_it_would_in_this_process(seeds_release: Release) -> None:
    done = asked("SELECT ?s { ?s a schema:Nothing }", seeds_release)
    assert (done.returncode, done.stdout) == (0, "s\n")
    assert done.stderr.startswith("nothing was found")
    assert asked("SELECT nothing", seeds_release).returncode == 1
    assert asked("SELECT ?s {}", seeds_release, stdin=subprocess.DEVNULL).returncode == 0
    refused = subprocess.run([PROGRAM, "query"], capture_output=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, b"")
    closed = subprocess.run(
        [
            "bash",
            "-c",
            '"$0" query "ASK {}" --release "$1" >&- 2>&- <&-',
            PROGRAM,
            seeds_release.path,
        ],
        check=False,
    )
    assert closed.returncode == 0


@contextmanager
def endless(release: Release) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A query that does not end, and the process that it is asked in."""
    command = [str(PROGRAM), "query", ENDLESS, "--release", str(release.path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(lambda: any(map(is_at_work, descendants(process.pid))), "the engine is in it")
        children = descendants(process.pid)
        yield process, children
        wait_until(lambda: not any(map(is_alive, children)), "its process ended")
    finally:
        process.kill()
        process.communicate()


def is_at_work(pid: int) -> bool:
    """Whether a process has the store open and has computed for a while since."""
    try:
        tables = [link for link in os.listdir(f"/proc/{pid}/fd") if _is_table(pid, link)]
        spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
    except OSError:
        return False
    return bool(tables) and int(spent) > 100


def _is_table(pid: int, link: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/fd/{link}").endswith(".sst")
    except OSError:
        return False


def of_terminal(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def of_somebody(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("interrupt", [of_terminal, of_somebody])
def test_who_interrupts_a_long_query_ends_it(
    interrupt: Callable[[subprocess.Popen[bytes]], None], seeds_release: Release
) -> None:
    with endless(seeds_release) as (process, _):
        interrupt(process)
        _, said = process.communicate(timeout=10)
        assert process.returncode == 130
        assert b"Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_query_is_ended_with_the_process_that_was_started(
    number: signal.Signals, seeds_release: Release
) -> None:
    with endless(seeds_release) as (process, _):
        process.send_signal(number)
        assert process.wait(10) == -number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "error: the query ended the engine (SIGSEGV): ask something simpler\n"),
        (
            signal.SIGKILL,
            "error: the query was killed, as it is where memory runs out: ask for less at once\n",
        ),
        (signal.SIGABRT, "error: the query took more memory than there is: ask for less at once\n"),
    ],
)
def test_an_end_by_a_fault_is_told_in_words(number: signal.Signals, words: str) -> None:
    source = (
        "import os, signal\n"
        "from pfocr_rdf.commands.apart import run_apart\n"
        "def act():\n"
        f"    os.write(2, b'memory allocation of 9 bytes failed' if {int(number)} == 6 else b'')\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "run_apart(act)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, words)


def test_what_else_is_written_to_standard_error_is_passed_on() -> None:
    source = (
        "import os, sys\n"
        "from pfocr_rdf.commands.apart import run_apart\n"
        "def act():\n"
        "    os.write(2, b'the library')\n"
        "    print('Python', file=sys.stderr)\n"
        "    sys.exit(7)\n"
        "run_apart(act)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (7, "Python\nthe library")


def test_it_ends_where_whoever_started_it_ignores_the_ends_of_children() -> None:
    source = (
        "import signal, sys\n"
        "from pfocr_rdf.commands.apart import run_apart\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "run_apart(lambda: sys.exit(7))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], check=False, timeout=20)
    assert done.returncode == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_whoever_started_it_ignores_is_ignored(number: signal.Signals) -> None:
    source = (
        "import os, signal, sys, time\n"
        "from pfocr_rdf.commands.apart import run_apart\n"
        f"signal.signal({int(number)}, signal.SIG_IGN)\n"
        "def act():\n"
        f"    os.kill(os.getppid(), {int(number)})\n"
        "    time.sleep(1.5)\n"
        "    sys.exit(7)\n"
        "run_apart(act)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], check=False, timeout=20)
    assert done.returncode == 7


def test_an_end_that_a_signal_cannot_repeat_has_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first process of a container is ended by no signal."""
    first, kill = os.getpid(), os.kill
    monkeypatch.setattr("os.kill", lambda pid, number: None if pid == first else kill(pid, number))
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            run_apart(lambda: kill(os.getpid(), signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 143


def test_it_never_comes_back() -> None:
    with pytest.raises(SystemExit) as ended:
        run_apart(lambda: os._exit(3))
    assert ended.value.code == 3
