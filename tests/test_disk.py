"""No room, no permission, damage: what was published stays, and the message says what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from pyoxigraph import Store

from building import Published, build, copies, run_build, small_disk
from making import SEEDS, record, write
from pfocr_rdf.errors import BuildError, ReleaseError
from pfocr_rdf.releases import Release, current_release
from pfocr_rdf.verify import verify_release
from releasing import copied_folder

#: Four batches: dumps and store of half a megabyte each.
RECORDS = 200
#: Each process that a build starts takes as long as all else that is tried here.
ONE = ("--workers", "1", "--quiet")


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copies(tmp_path_factory.mktemp("copies"), RECORDS)


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
    done = run_build(tmp_path, records, published.data, *ONE, limits=limits)
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
    records: Path, disk: Path, seeds_release: Release, tmp_path: Path
) -> None:
    data = disk / "full"
    published = Published(copied_folder(seeds_release, data))
    free = shutil.disk_usage(disk).free
    done = run_build(tmp_path, records, data, *ONE)
    assert "No space left on device" in done.stderr
    assert_refused(done, "error: ", published)
    # The room that the failed build took is there again.
    assert shutil.disk_usage(disk).free >= free - 65_536
    assert len(Store.read_only(str(published.release.store)))
    shutil.rmtree(data)


def test_a_disk_with_no_room_at_all_is_told_before_anything_is_read(
    disk: Path, seeds_release: Release, tmp_path: Path
) -> None:
    data = disk / "filled"
    published = Published(copied_folder(seeds_release, data))
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"\0" * 4096):
            pass
    done = run_build(tmp_path, SEEDS, data, "--quiet")
    assert "No space left on device" in done.stderr
    assert_refused(done, "error: ", published)
    (disk / "filler").unlink()
    assert run_build(tmp_path, SEEDS, data, "--quiet").returncode == 0
    shutil.rmtree(data)


def test_a_data_folder_on_a_disk_that_is_read_only_is_refused(
    disk: Path, seeds_release: Release, tmp_path: Path
) -> None:
    data = disk / "protected"
    published = Published(copied_folder(seeds_release, data))
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


@pytest.mark.parametrize("what", ["resolve", "read_text"], ids=["the folder", "a manifest"])
def test_who_may_not_read_a_data_folder_is_told_so_and_not_to_build(
    what: str, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:  # root may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, what, refuse)
    with pytest.raises(ReleaseError) as caught:
        current_release(published.data).manifest()
    assert "Permission denied" in str(caught.value)
    assert str(caught.value).endswith(": let this user read it, or run as one who may")


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
    copied_release: Release,
) -> None:
    """A power cut takes what was not flushed; a store of which bytes changed opens all the same."""
    release = copied_release
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
