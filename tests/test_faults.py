"""Killed at any moment: what was published stays whole, and nothing half-made shows.

A build is killed before each kind of operation on files, as one process that stops itself;
and from outside, with worker processes, at several stages of its work.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from building import (
    DEADLINE_S,
    Published,
    build,
    copies,
    dumps,
    program,
    run_build,
    started,
    survivors,
    unfinished,
)
from making import SEEDS
from pfocr_rdf.errors import BuildError
from pfocr_rdf.releases import current_release, list_releases, start_release
from pfocr_rdf.verify import verify_release

#: Three batches and two worker processes: a build of a second.
RECORDS = 140
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans, and has /proc")


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copies(tmp_path_factory.mktemp("copies"), RECORDS)


@pytest.fixture(name="undisturbed", scope="module")
def _undisturbed(
    records: Path, crew: Executor, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The dumps of a build that nothing happened to."""
    return dumps(build(records, tmp_path_factory.mktemp("undisturbed"), executor=crew).release)


# --- killed by itself, before each kind of operation ---

#: Builds in a child process that is killed before the n-th operation on files. Operations of
#: one kind in one folder that follow one another count as one, as do those on one descriptor.
CRASHING = """\
import os
import signal
import sys
from pathlib import Path

from pfocr_rdf.build import BuildOptions, build_release

RECORDS, DATA, STAGE = sys.argv[1:]
EVENTS = {"open", "os.rename", "os.symlink", "os.mkdir", "os.link", "os.remove", "os.rmdir"}


def crash_before(number):
    counting, last = STAGE == "from the start", None

    def look(event, arguments):
        nonlocal number, counting, last
        if event not in EVENTS:
            return
        name = str(arguments[0])
        if event == "os.mkdir" and ".unfinished-" in name:
            counting = STAGE != "from the start"
        if not counting or (event == "open" and not name.startswith(DATA)):
            return
        kind = event, arguments[1:], os.path.dirname(name)
        if kind != last:
            if number == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            last, number = kind, number - 1

    sys.addaudithook(look)
    build_release([Path(RECORDS)], Path(DATA), BuildOptions(keep=2))
    os._exit(0)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        crash_before(int(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def crashes(
    folder: Path, data: Path, stage: str, prepare: Callable[[], None] = lambda: None, step: int = 1
) -> Iterator[None]:
    """Crash a build before its first operation, each ``step`` of the others, until one is done."""
    script = folder / "crashing.py"
    script.write_text(CRASHING, encoding="utf-8")
    command = [sys.executable, str(script), str(SEEDS), str(data), stage]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for number in range(0, 1000, step):
            prepare()
            print(number, file=process.stdin, flush=True)
            status = int(process.stdout.readline())
            if status != -signal.SIGKILL:
                assert status == 0
                break
            yield
        process.stdin.close()


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_a_build_killed_before_any_operation_leaves_a_whole_release_current(
    step: int, tmp_path: Path, published: Published
) -> None:
    data, first = published.data, dumps(published.release)
    killed, seen = 0, {published.release}
    for _ in crashes(tmp_path, data, "of the build", step=step):
        killed += 1
        if current_release(data) != published.release:
            published = Published(data)  # killed while an older release was deleted
        published.assert_in_place()
        for release in set(list_releases(data)) - seen:
            assert list(verify_release(release)) == []
            seen.add(release)
    assert killed > 25 / step
    assert dumps(current_release(data)) == first
    assert unfinished(data) == []
    assert len(list_releases(data)) == 2


def test_a_build_killed_while_it_removes_leftovers_leaves_the_release_current(
    tmp_path: Path, published: Published
) -> None:
    def leave() -> None:
        target = start_release(published.data).with_name(".unfinished-1")
        shutil.copytree(published.release.path, target)

    killed = 0
    for _ in crashes(tmp_path, published.data, "from the start", leave):
        killed += 1
        published.assert_in_place()
        assert list_releases(published.data) == [published.release]
    assert killed > 5
    assert unfinished(published.data) == []
    assert current_release(published.data) != published.release


# --- killed from outside, with worker processes ---


def holds(*names: str) -> Callable[[Path], bool]:
    """Whether a folder holds a file that fits one of the patterns, with bytes in it."""

    def reached(folder: Path) -> bool:
        with suppress(FileNotFoundError):
            return any(path.stat().st_size for name in names for path in folder.glob(name))
        return False

    return reached


STAGES = {
    "an empty folder": lambda folder: True,
    "the first bytes": holds("*", "store/LOG", "dumps/*"),
    "the dumps": holds("dumps/pfocr.nt.gz"),
    "the store": holds("store/*.sst"),
    "the description": holds("dumps/void.ttl"),
    "the manifest": holds("manifest.json"),
}
#: Every second one; the others where there is time.
SOME_STAGES = [
    pytest.param(stage, marks=[pytest.mark.long] if number % 2 else [])
    for number, stage in enumerate(STAGES)
]
#: So early that the build cannot be done before it is killed.
EARLY = list(STAGES)[:3]


def kill_when(
    command: list[str], reached: Callable[[subprocess.Popen[str]], bool]
) -> tuple[int, list[int]]:
    """Kill the process, and it alone; its exit status and the processes that outlive it."""
    with started(command) as process:
        wait_until(reached, process)
        process.kill()
        return process.wait(DEADLINE_S), survivors(process.pid)


def wait_until(
    reached: Callable[[subprocess.Popen[str]], bool], process: subprocess.Popen[str]
) -> None:
    """Wait for a stage, or for the end of the process."""
    deadline = time.monotonic() + DEADLINE_S
    while process.poll() is None and not reached(process):
        assert time.monotonic() < deadline
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.001)


def assert_recovers(
    crew: Executor,
    published: Published,
    status: int,
    records: Path,
    undisturbed: dict[str, bytes],
) -> None:
    """The release is as it was, unless the build was faster; the next one is as any other."""
    if current_release(published.data) == published.release:
        assert status == -signal.SIGKILL
        published.assert_still_whole()
    else:
        assert list(verify_release(current_release(published.data))) == []
    assert dumps(build(records, published.data, executor=crew).release) == undisturbed
    assert unfinished(published.data) == []


@LINUX
@pytest.mark.parametrize("stage", SOME_STAGES)
def test_a_build_killed_at_a_stage_leaves_the_release_current_and_no_process(
    stage: str,
    records: Path,
    undisturbed: dict[str, bytes],
    published: Published,
    tmp_path: Path,
    crew: Executor,
) -> None:
    def reached(_: subprocess.Popen[str]) -> bool:
        return any(STAGES[stage](folder) for folder in unfinished(published.data))

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    status, left = kill_when([*command, "--workers", "2", "--quiet"], reached)
    assert left == []
    if stage in EARLY:
        assert current_release(published.data) == published.release
    assert_recovers(crew, published, status, records, undisturbed)


@pytest.fixture(name="took_s", scope="module")
def _took_s(records: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """What a build takes that nobody disturbs, its process included."""
    folder = tmp_path_factory.mktemp("timed")
    began = time.monotonic()
    done = run_build(folder, records, folder / "data", "--workers", "2", "--quiet")
    assert done.returncode == 0
    return time.monotonic() - began


@LINUX
@pytest.mark.parametrize(
    "share", [0.55, *(pytest.param(s, marks=pytest.mark.long) for s in (0.3, 0.8))]
)
def test_a_build_killed_at_any_time_leaves_the_release_current_and_no_process(
    share: float,
    took_s: float,
    records: Path,
    undisturbed: dict[str, bytes],
    published: Published,
    tmp_path: Path,
    crew: Executor,
) -> None:
    def reached(process: subprocess.Popen[str]) -> bool:
        with suppress(subprocess.TimeoutExpired):
            process.wait(share * took_s)
        return True

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    status, left = kill_when([*command, "--workers", "2", "--quiet"], reached)
    assert left == []
    assert_recovers(crew, published, status, records, undisturbed)


@LINUX
def test_a_worker_whose_parent_died_before_it_was_ready_does_not_stay(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(
        "import os, signal, sys, time\n"
        "from multiprocessing import get_context\n"
        "from pathlib import Path\n"
        "from pfocr_rdf.build.batches import start_worker\n"
        "def work(told):\n"
        "    parent = os.getppid()\n"
        "    os.kill(parent, signal.SIGKILL)\n"
        "    while os.getppid() == parent:\n"
        "        pass\n"
        "    Path(told, 'orphaned').touch()\n"
        "    start_worker()\n"
        "    Path(told, 'stayed').touch()\n"
        "if __name__ == '__main__':\n"
        "    process = get_context('spawn').Process(target=work, args=(sys.argv[1],))\n"
        "    process.start()\n"
        "    process.join()\n",
        encoding="utf-8",
    )
    with started([sys.executable, str(script), str(tmp_path)]) as process:
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
        assert survivors(process.pid) == []
    assert (tmp_path / "orphaned").exists()
    assert not (tmp_path / "stayed").exists()


@LINUX
@pytest.mark.parametrize(
    "stage",
    ["an empty folder", pytest.param("the first bytes", marks=pytest.mark.long), "the dumps"],
)
def test_ctrl_c_ends_a_build_with_a_line_and_leaves_nothing_behind(
    stage: str, records: Path, published: Published, tmp_path: Path
) -> None:
    def reached(_: subprocess.Popen[str]) -> bool:
        return any(STAGES[stage](folder) for folder in unfinished(published.data))

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    with started([*command, "--workers", "2", "--quiet"]) as process:
        wait_until(reached, process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers, too
        assert process.wait(DEADLINE_S) != 0
        assert survivors(process.pid) == []
        assert process.stderr
        assert process.stderr.read() == "interrupted: nothing was published\n"
    published.assert_untouched()


def test_a_worker_that_is_ended_ends_the_build_with_a_message_that_says_so(
    published: Published,
) -> None:
    context = get_context("spawn")
    with (
        ProcessPoolExecutor(1, context, initializer=os._exit, initargs=(9,)) as executor,
        pytest.raises(BuildError) as caught,
    ):
        build(SEEDS, published.data, executor=executor)
    message = str(caught.value)
    assert message.startswith("a worker process died (")
    assert message.endswith(
        "), most often for lack of memory: nothing was published; build again with fewer --workers"
    )
    published.assert_untouched()
