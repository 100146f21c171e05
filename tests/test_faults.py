"""Killed, or out of room, at any moment: what was published stays whole, nothing half-made shows.

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
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from multiprocessing import get_context
from pathlib import Path

import pytest
from pyoxigraph import Store

from building import (
    DEADLINE_S,
    build,
    copies,
    dumps,
    program,
    run_build,
    small_disk,
    snapshot,
    started,
    survivors,
    unfinished,
)
from making import SEEDS, record, write
from pfocr_rdf.errors import BuildError, ReleaseError
from pfocr_rdf.releases import Release, current_release, list_releases, start_release
from pfocr_rdf.verify import verify_release

#: Four batches and two worker processes: a build of a second.
RECORDS = 200
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans, and has /proc")


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copies(tmp_path_factory.mktemp("copies"), RECORDS)


@pytest.fixture(name="undisturbed", scope="module")
def _undisturbed(records: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The dumps of a build that nothing happened to."""
    return dumps(build(records, tmp_path_factory.mktemp("undisturbed")).release)


class Published:
    """What was current before a fault, and whether it still is."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.release = current_release(data)
        self.files = snapshot(self.release.path)

    def assert_in_place(self) -> None:
        """Current is what it was, and no file of it was written to."""
        assert (self.data / "current").readlink() == Path("releases") / self.release.id
        assert snapshot(self.release.path) == self.files

    def assert_still_whole(self) -> None:
        """As before by the hash and the contents of every file."""
        self.assert_in_place()
        assert list(verify_release(self.release)) == []

    def assert_untouched(self) -> None:
        """As before, and nothing is left of the build that failed."""
        self.assert_still_whole()
        names = {path.name for path in (self.data / "releases").iterdir()}
        assert names == {self.release.id}
        assert {path.name for path in self.data.iterdir()} <= {
            "current",
            "releases",
            ".build.lock",
            ".current.lock",
        }


@pytest.fixture(name="published")
def _published(tmp_path: Path) -> Published:
    data = tmp_path / "data"
    build(SEEDS, data)
    return Published(data)


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
    folder: Path, data: Path, stage: str, prepare: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Crash a build before its first operation, its second and so on, until one is finished."""
    script = folder / "crashing.py"
    script.write_text(CRASHING, encoding="utf-8")
    command = [sys.executable, str(script), str(SEEDS), str(data), stage]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for number in range(1000):
            prepare()
            print(number, file=process.stdin, flush=True)
            status = int(process.stdout.readline())
            if status != -signal.SIGKILL:
                assert status == 0
                break
            yield
        process.stdin.close()


def test_a_build_killed_before_any_operation_leaves_a_whole_release_current(
    tmp_path: Path, published: Published
) -> None:
    data, first = published.data, dumps(published.release)
    killed, seen = 0, {published.release}
    for _ in crashes(tmp_path, data, "of the build"):
        killed += 1
        if current_release(data) != published.release:
            published = Published(data)  # killed while an older release was deleted
        published.assert_in_place()
        for release in set(list_releases(data)) - seen:
            assert list(verify_release(release)) == []
            seen.add(release)
    assert killed > 25
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
    published: Published, status: int, records: Path, undisturbed: dict[str, bytes]
) -> None:
    """The release is as it was, unless the build was faster; the next one is as any other."""
    if current_release(published.data) == published.release:
        assert status == -signal.SIGKILL
        published.assert_still_whole()
    else:
        assert list(verify_release(current_release(published.data))) == []
    assert dumps(build(records, published.data, workers=2).release) == undisturbed
    assert unfinished(published.data) == []


@LINUX
@pytest.mark.parametrize("stage", STAGES)
def test_a_build_killed_at_a_stage_leaves_the_release_current_and_no_process(
    stage: str,
    records: Path,
    undisturbed: dict[str, bytes],
    published: Published,
    tmp_path: Path,
) -> None:
    def reached(_: subprocess.Popen[str]) -> bool:
        return any(STAGES[stage](folder) for folder in unfinished(published.data))

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    status, left = kill_when([*command, "--workers", "2", "--quiet"], reached)
    assert left == []
    if stage in EARLY:
        assert current_release(published.data) == published.release
    assert_recovers(published, status, records, undisturbed)


@LINUX
@pytest.mark.parametrize("share", [0.3, 0.55, 0.8])
def test_a_build_killed_at_any_time_leaves_the_release_current_and_no_process(
    share: float,
    records: Path,
    undisturbed: dict[str, bytes],
    published: Published,
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    more = ("--workers", "2", "--quiet")
    assert run_build(tmp_path, records, tmp_path / "other", *more).returncode == 0
    moment = share * (time.monotonic() - began)

    def reached(process: subprocess.Popen[str]) -> bool:
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        return True

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    status, left = kill_when([*command, *more], reached)
    assert left == []
    assert_recovers(published, status, records, undisturbed)


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
def test_ctrl_c_ends_a_build_and_leaves_nothing_behind(
    records: Path, published: Published, tmp_path: Path
) -> None:
    def reached(_: subprocess.Popen[str]) -> bool:
        return any(STAGES["the dumps"](folder) for folder in unfinished(published.data))

    command = [*program(tmp_path), "build", str(records), "--data", str(published.data)]
    with started([*command, "--workers", "2"]) as process:
        wait_until(reached, process)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers, too
        assert process.wait(DEADLINE_S) != 0
        assert survivors(process.pid) == []
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
    assert message.startswith("a worker process was ended (")
    assert message.endswith(
        "), most often for lack of memory: nothing was published; build again with fewer --workers"
    )
    published.assert_untouched()


# --- no room, no permission ---


def verbose(number: int) -> dict[str, str | bytes]:
    """Records of which the report is long and the rest short."""
    value = "x" * 20_000
    files: dict[str, str | bytes] = {}
    for index in range(1, number + 1):
        figid = f"PMC{index}__f1"
        files[f"{figid}.md"] = record(figid=figid, pmcid=f"PMC{index}", unheard_of=value)
    return files


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (8, "error: the store could not be written (IO error: "),
        (200, "error: pfocr.nt.gz could not be written (File too large): "),
        (1000, "error: the store could not be written (IO error: While appending to file: "),
    ],
    ids=["the store is opened", "the dumps", "the store is written"],
)
def test_a_file_that_must_not_grow_ends_the_build_with_its_name(
    blocks: int, message: str, records: Path, published: Published, tmp_path: Path
) -> None:
    limits = f"ulimit -f {blocks}"
    done = run_build(tmp_path, records, published.data, "--quiet", limits=limits)
    assert_refused(done, message, published)


def assert_refused(
    done: subprocess.CompletedProcess[str], message: str, published: Published
) -> None:
    """Exit status 1, nothing on stdout, what was written and what to do; all as before."""
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)
    assert line.endswith(
        f"nothing was published; make room where {published.data} is, or check its permissions, "
        "and build again"
    )
    published.assert_untouched()


def test_a_report_that_must_not_grow_ends_the_build_with_its_name(
    published: Published, tmp_path: Path
) -> None:
    records = write(tmp_path / "records", verbose(20))
    limits = "ulimit -f 400"
    done = run_build(tmp_path, records, published.data, "--quiet", limits=limits)
    message = "error: report.json could not be written (File too large): "
    assert_refused(done, message, published)


def test_too_few_file_descriptors_end_the_build_with_the_number_that_it_takes(
    published: Published, tmp_path: Path
) -> None:
    done = run_build(tmp_path, SEEDS, published.data, "--quiet", limits="ulimit -n 40")
    assert done.returncode == 1
    assert "needs at least 96 file descriptors" in done.stderr
    published.assert_untouched()


@pytest.fixture(name="disk", scope="module")
def _disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 3 MB: room for the samples, not for the copies of them."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk; only root on Linux can mount a small one")
    folder = tmp_path_factory.mktemp("disk")
    with ExitStack() as stack:
        try:
            yield stack.enter_context(small_disk(folder / "small", "3m"))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"NOT TESTED: a full disk; mount says {error.stderr!r}")


def test_a_full_disk_ends_the_build_and_what_was_published_stays(
    records: Path, disk: Path, tmp_path: Path
) -> None:
    data = disk / "full"
    build(SEEDS, data)
    published = Published(data)
    free = shutil.disk_usage(disk).free
    done = run_build(tmp_path, records, data, "--quiet")
    assert "No space left on device" in done.stderr
    assert_refused(done, "error: ", published)
    # The room that the failed build took is there again.
    assert shutil.disk_usage(disk).free >= free - 65_536
    assert len(Store.read_only(str(published.release.store)))
    shutil.rmtree(data)


def test_a_disk_with_no_room_at_all_is_told_before_anything_is_read(
    disk: Path, tmp_path: Path
) -> None:
    data = disk / "filled"
    build(SEEDS, data)
    published = Published(data)
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"\0" * 4096):
            pass
    done = run_build(tmp_path, SEEDS, data, "--quiet")
    assert "No space left on device" in done.stderr
    assert_refused(done, "error: ", published)
    (disk / "filler").unlink()
    assert run_build(tmp_path, SEEDS, data, "--quiet").returncode == 0
    shutil.rmtree(data)


def test_a_data_folder_on_a_disk_that_is_read_only_is_refused(disk: Path, tmp_path: Path) -> None:
    data = disk / "protected"
    build(SEEDS, data)
    published = Published(data)
    remount(disk, "ro")
    try:
        done = run_build(tmp_path, SEEDS, data, "--quiet")
        published.assert_untouched()
    finally:
        remount(disk, "rw")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {data}/.build.lock could not be written (Read-only file system): "
        "check its permissions, or name another --data\n"
    )


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True, capture_output=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the disk above is for it")
def test_a_data_folder_without_permission_to_write_is_refused(published: Published) -> None:
    for folder in (published.data, published.data / "releases"):
        folder.chmod(0o555)
    try:
        with pytest.raises((ReleaseError, BuildError), match="Permission denied"):
            build(SEEDS, published.data)
        published.assert_untouched()
    finally:
        for folder in (published.data, published.data / "releases"):
            folder.chmod(0o755)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ReleaseError) as caught:
        build(SEEDS, tmp_path / "data")
    assert str(caught.value) == (
        f"{tmp_path / 'data'} could not be written (File exists): "
        "check its permissions, or name another --data"
    )


# --- damage afterwards ---


def test_a_release_that_lost_or_changed_any_file_is_found_by_its_verification(
    tmp_path: Path,
) -> None:
    """A power cut takes what was not flushed; a store of which bytes changed opens all the same."""
    release = build(SEEDS, tmp_path).release
    for path in sorted(release.path.rglob("*")):
        name = path.relative_to(release.path).as_posix()
        # Opening a store writes to these two; they hold no data.
        if path.is_dir() or name in {"store/LOG", "store/LOCK", "manifest.json"}:
            continue
        whole = path.read_bytes()
        for damaged in (None, whole[:-1], flipped(whole), b""):
            if damaged == whole:
                continue
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            assert any(name in fault for fault in first_faults(release)), (name, damaged)
            path.write_bytes(whole)
    assert list(verify_release(release)) == []


def flipped(data: bytes) -> bytes:
    """Other bytes in the middle."""
    middle = len(data) // 2
    return (
        data[:middle]
        + bytes(byte ^ 0xFF for byte in data[middle : middle + 4])
        + data[middle + 4 :]
    )


def first_faults(release: Release) -> list[str]:
    """The first fault of a release: hashing comes before parsing, which takes longer."""
    return [next(verify_release(release), "")]
