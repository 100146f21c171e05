"""Same records, same version of the program: the same bytes in ``dumps/``, everywhere.

The search index is no dump, and is held to the same.
"""

import hashlib
import os
import random
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from building import build, checkout, copies, dumps, environment, run_build
from making import CORPUS, SEEDS
from pfocr_rdf.build.options import issued_date
from pfocr_rdf.errors import BuildError
from pfocr_rdf.releases import Release, current_release

#: With the checkout four batches: there is an order that can go wrong.
COPIES = 140


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of file, and more records than one batch holds."""
    return copies_and_checkout(tmp_path_factory.mktemp("input"))


def copies_and_checkout(folder: Path, *, backwards: bool = False) -> Path:
    target = folder / "records"
    copies(target, COPIES)
    return checkout(target, backwards=backwards)


@pytest.fixture(name="expected", scope="module")
def _expected(
    records: Path, crew: Executor, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The dumps of a first build, in two processes."""
    release = build(records, tmp_path_factory.mktemp("expected"), executor=crew).release
    assert_sums_are_true(dumps(release))
    return files(release)


def files(release: Release) -> dict[str, bytes]:
    """The bytes of the dumps and of the search index, by name."""
    return {**dumps(release), release.search_index.name: release.search_index.read_bytes()}


def assert_sums_are_true(found: Mapping[str, bytes]) -> None:
    """Comparing sums is comparing files."""
    stated = {
        name: sha256 for sha256, name in map(str.split, found["SHA256SUMS"].decode().splitlines())
    }
    others = {name: data for name, data in found.items() if name != "SHA256SUMS"}
    assert stated == {name: hashlib.sha256(data).hexdigest() for name, data in others.items()}


def assert_same(release: Release, expected: Mapping[str, bytes]) -> None:
    found = files(release)
    assert found["SHA256SUMS"].decode() == expected["SHA256SUMS"].decode()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert found.keys() == expected.keys()


# --- what the build is run with ---


def test_a_second_build_gives_the_same_bytes(
    records: Path, expected: dict[str, bytes], crew: Executor, tmp_path: Path
) -> None:
    assert_same(build(records, tmp_path, executor=crew).release, expected)


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_does_not_matter(
    workers: int, records: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    assert_same(build(records, tmp_path, workers=workers).release, expected)


def test_a_build_in_this_process_gives_the_bytes_of_worker_processes(tmp_path: Path) -> None:
    records = checkout(tmp_path / "records")
    alone = build(records, tmp_path / "alone").release
    assert_same(build(records, tmp_path / "helped", workers=2).release, files(alone))


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        (
            {"PYTHONHASHSEED": "0", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"},
            "umask 077",
        ),
        (
            {
                **{"PYTHONHASHSEED": "4711", "TZ": "XXX+12", "HOME": "/nonexistent"},
                **{"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
            },
            "umask 000",
        ),
        pytest.param(
            {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "HOME": "/nonexistent"},
            "true",
            marks=pytest.mark.long,
        ),
    ],
    ids=["C", "POSIX", "Turkish"],
)
def test_the_environment_of_the_process_does_not_matter(
    changes: dict[str, str],
    limits: str,
    records: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    more = ("--workers", "2", "--quiet")
    done = run_build(tmp_path, records, data, *more, env=environment(**changes), limits=limits)
    assert done.stderr == ""
    assert_same(current_release(data), expected)


def test_the_times_of_the_files_do_not_matter(tmp_path: Path) -> None:
    records = checkout(tmp_path / "records")
    first = files(build(records, tmp_path / "first").release)
    for path in records.rglob("*"):
        os.utime(path, (1, 1))
    assert_same(build(records, tmp_path / "second").release, first)


# --- where the files are ---


def test_the_paths_of_records_and_data_do_not_matter(
    records: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "another folder, é" / "x"
    shutil.copytree(records, moved)
    monkeypatch.chdir(moved)
    assert_same(build(Path("."), Path("../data"), workers=1).release, expected)


def test_the_order_in_which_files_were_made_does_not_matter(
    expected: dict[str, bytes], crew: Executor, tmp_path: Path
) -> None:
    backwards = copies_and_checkout(tmp_path, backwards=True)
    assert_same(build(backwards, tmp_path / "data", executor=crew).release, expected)


class Shuffled:
    """What ``os.scandir`` gives, in an order of its own."""

    def __init__(self, entries: list[Any]) -> None:
        self.entries = iter(entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return self.entries

    def __next__(self) -> Any:
        return next(self.entries)

    def close(self) -> None:
        pass


@pytest.fixture(name="listed")
def _listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders are listed in another order each time; those that were are noted."""
    scan, names = os.scandir, os.listdir
    order = random.Random(7)
    listed: list[str] = []

    def scandir(path: Any = ".") -> Shuffled:
        with scan(path) as found:
            entries = list(found)
        order.shuffle(entries)
        listed.append(str(path))
        return Shuffled(entries)

    def listdir(path: Any = ".") -> list[str]:
        entries = names(path)
        order.shuffle(entries)
        return entries

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "listdir", listdir)
    return listed


@pytest.mark.parametrize("layout", ["checkout", "flat", "nested"])
def test_the_order_in_which_the_file_system_lists_files_does_not_matter(
    layout: str, tmp_path: Path, listed: list[str]
) -> None:
    records = checkout(tmp_path / "input")
    if layout == "flat":
        for path in sorted((records / "_figures").iterdir()):
            path.rename(records / path.name)
        (records / "_figures").rmdir()
    elif layout == "nested":
        (tmp_path / "input" / "other").mkdir()
        (records / "_figures").rename(records / "figures")
        for number, path in enumerate(sorted((records / "figures").iterdir())):
            folder = records / "other" / str(number % 3)
            folder.mkdir(exist_ok=True)
            path.rename(folder / path.name)
    assert_listed_in_any_order(records, tmp_path, listed)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real records is not here")
def test_the_order_of_files_does_not_matter_for_real_records(
    tmp_path: Path, listed: list[str]
) -> None:
    assert_listed_in_any_order(CORPUS / "pfocr-database", tmp_path, listed)


def assert_listed_in_any_order(records: Path, tmp_path: Path, listed: list[str]) -> None:
    first = build(records, tmp_path / "first").release
    release = build(records, tmp_path / "second").release
    assert_same(release, files(first))
    # Reports are no dumps, but who compares them wants the differences of the records.
    assert (release.path / "report.json").read_bytes() == (first.path / "report.json").read_bytes()
    assert any(Path(path).is_relative_to(records) for path in listed)


# --- the only time that enters ---


def test_source_date_epoch_is_the_only_time_in_the_dumps(
    tmp_path: Path,
) -> None:
    records, data = checkout(tmp_path / "records"), tmp_path / "data"
    expected = files(build(records, tmp_path / "undated").release)
    env = environment(SOURCE_DATE_EPOCH="1735689600", TZ="Pacific/Kiritimati")
    assert run_build(tmp_path, records, data, "--quiet", env=env).stderr == ""
    dated = files(current_release(data))
    changed = {name for name in expected if dated[name] != expected[name]}
    assert b"2025-01-01" in dated["void.ttl"]
    assert b"2025-01-01" in dated["manifest.json"]
    assert b"2025-01-01" not in expected["void.ttl"] + expected["manifest.json"]
    # The description of the dataset is part of the data; the spellings of identifiers are not.
    assert changed == set(expected) - {"equivalents.nq.gz", "search.sqlite"}


def test_a_version_names_one_date(seeds_release: Release, tmp_path: Path) -> None:
    dates = ("2025-01-01", "2025-01-02", "2025-01-01")
    releases = [
        build(SEEDS, tmp_path / str(number), issued=date).release
        for number, date in enumerate(dates)
    ]
    dated, later, again = (release.manifest()["version"] for release in releases)
    assert len({seeds_release.manifest()["version"], dated, later}) == 3
    assert again == dated
    assert files(releases[2]) == files(releases[0])


def test_a_version_names_what_one_version_of_the_program_made(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = seeds_release.manifest()
    monkeypatch.setattr("pfocr_rdf.build.pipeline.__version__", "0.0.1")
    others = build(SEEDS, tmp_path / "others").release.manifest()
    assert ours["triples"] == others["triples"]
    assert ours["version"] != others["version"]


def test_source_date_epoch_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert issued_date() is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86399")
    assert issued_date() == "1970-01-01"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert issued_date() is None


@pytest.mark.parametrize(
    "epoch", ["yesterday", "2025-01-01", "1e9", "9" * 30, "-1", "253402300800"]
)
def test_a_source_date_epoch_that_is_no_number_of_seconds_is_refused(epoch: str) -> None:
    with pytest.raises(BuildError, match="must be a whole number of seconds from 1970 to the year"):
        issued_date(epoch)
