"""Records that have not changed are taken over from the last release, byte for byte."""

import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import building
from building import checkout, copies, dumps
from making import CHEMICAL_COLUMNS, FIGID, record, table, write
from pfocr_rdf.build import BuildResult
from pfocr_rdf.build.batches import Batch, BatchResult, make_batches, map_batch
from pfocr_rdf.build.errands import programs
from pfocr_rdf.build.kept import FILE, UNFINISHED, find_parts, key_of
from pfocr_rdf.compare import compare_releases
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Limits, open_collection
from pfocr_rdf.releases import Release, hold_release
from pfocr_rdf.verify import verify_release

#: Smaller than usual: a few batches are then a few records.
BATCH: Final = 8
COPIES: Final = 2 * BATCH

#: How a release is built from records, in a data folder.
Build = Callable[..., BuildResult]


@pytest.fixture(name="build", scope="module")
def _build(crew: Executor) -> Build:
    """Builds with the processes that tests share."""
    return partial(building.build, executor=crew)


@pytest.fixture(autouse=True, scope="module")
def _batches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pfocr_rdf.build.batches.BATCH_RECORDS", BATCH)
        yield


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of file; not to be changed."""
    target = tmp_path_factory.mktemp("input") / "records"
    return checkout(copies(target, COPIES))


@pytest.fixture(name="first", scope="module")
def _first(build: Build, records: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """A release that keeps its parts; not to be built beside."""
    return build(records, tmp_path_factory.mktemp("first"))


@pytest.fixture(name="data")
def _data(first: BuildResult, tmp_path: Path) -> Path:
    """A copy of the data folder with that release."""
    return Path(shutil.copytree(first.release.path.parents[1], tmp_path / "data", symlinks=True))


def contents(release: Release) -> dict[str, bytes]:
    """All of a release that is the same in each build of the same records."""
    others = ("search.sqlite", "report.json")
    return dumps(release) | {name: (release.path / name).read_bytes() for name in others}


def assert_like_a_full_build(
    build: Build, result: BuildResult, records: Path, folder: Path
) -> None:
    full = build(records, folder, reuse=False)
    assert full.findings.reused == 0
    assert contents(result.release) == contents(full.release)
    assert list(compare_releases(result.release, full.release)) == []


def test_a_first_build_takes_nothing_over(first: BuildResult) -> None:
    assert first.findings.reused == 0


def test_records_that_have_not_changed_are_all_taken_over(
    build: Build, records: Path, first: BuildResult, data: Path
) -> None:
    again = build(records, data)
    assert again.findings.reused == again.findings.records == first.findings.records
    assert contents(again.release) == contents(first.release)
    assert list(verify_release(again.release)) == []
    assert (again.triples, again.equivalents) == (first.triples, first.equivalents)


def test_what_was_taken_over_is_taken_over_again(build: Build, records: Path, data: Path) -> None:
    build(records, data, keep=1)
    third = build(records, data, keep=1)
    assert third.findings.reused == third.findings.records


def test_worker_processes_take_over_what_this_one_takes_over(
    records: Path, first: BuildResult, data: Path
) -> None:
    again = building.build(records, data, workers=2)
    assert again.findings.reused == first.findings.records
    assert contents(again.release) == contents(first.release)


def test_without_reuse_every_record_is_read(build: Build, records: Path, data: Path) -> None:
    assert build(records, data, reuse=False).findings.reused == 0
    assert build(records, data).findings.reused > 0


# --- what changes ---

CHANGES: Final[dict[str, dict[str, str | None]]] = {
    "a new record": {"_figures/PMC1__f1.md": record(figid="PMC1__f1", pmcid="PMC1")},
    "a record more of an article": {"_figures/PMC2__f3.md": record(figid="PMC2__f3", pmcid="PMC2")},
    "another text": {"_figures/PMC2__f2.md": record(figid="PMC2__f2", pmcid="PMC2", caption="X")},
    "a table more": {"_data/PMC2__f2-diseases.tsv": "word\tmesh\tmatch\tname\tdoid\n"},
    "a table less": {"_data/PMC2__f1-genes.tsv": None},
    "a record less": {"_figures/PMC2__f1.md": None},
    "a record that is none": {"_figures/PMC2__f1.md": "nothing\n"},
    "another map": {"_data/wpid_map.tsv": "PMC2__f1\tWP2\n"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_release_is_that_of_a_full_build(
    build: Build, change: str, records: Path, data: Path, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(records, tmp_path / "records"))
    for name, text in CHANGES[change].items():
        if text is None:
            (changed / name).unlink()
        else:
            write(changed, {name: text})
    result = build(changed, data)
    # Some batches are as they were.
    assert 0 < result.findings.reused < result.findings.records
    assert_like_a_full_build(build, result, changed, tmp_path / "full")


def test_another_organism_page_changes_everything(
    build: Build, records: Path, data: Path, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(records, tmp_path / "records"))
    write(changed, {"_organisms/c.md": "---\nlatin: Imaginarius tertius\nncbi: '78'\n---\n"})
    assert build(changed, data).findings.reused == 0


@pytest.mark.parametrize(
    "options",
    [
        {"iris": Iris("https://other.example/")},
        {"iris": Iris(gene_prefix="http://identifiers.org/ncbigene/")},
        {"limits": Limits(caption_characters=20)},
    ],
)
def test_other_options_change_everything(
    build: Build, options: dict[str, Any], records: Path, data: Path
) -> None:
    assert build(records, data, **options).findings.reused == 0


def test_another_version_of_the_programs_changes_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few that they are mapped in this process: another one would not see the change.
    few, data = write(tmp_path / "few", {"a.md": record()}), tmp_path / "data"
    building.build(few, data)
    monkeypatch.setattr("pfocr_rdf.build.kept.programs", lambda: (("pfocr-rdf", "another"),))
    assert building.build(few, data).findings.reused == 0
    assert building.build(few, data).findings.reused == 1


def test_a_record_is_read_again_when_a_table_beside_it_has_another_text(tmp_path: Path) -> None:
    few, data = tmp_path / "few", tmp_path / "data"
    name = f"{FIGID}-chemicals.tsv"
    write(few, {"a.md": record(), name: table(CHEMICAL_COLUMNS, "x|D007854|x|Lead|25016")})
    building.build(few, data)
    write(few, {name: table(CHEMICAL_COLUMNS, "x|D007854|x|Iron|25016")})
    again = building.build(few, data)
    assert again.findings.reused == 0
    named = "SELECT ?name { ?s a schema:ChemicalSubstance ; schema:name ?name }"
    assert ("Iron",) in building.ask(again.release, named)


def test_a_record_is_read_again_under_another_name_that_looks_the_same_in_the_report(
    tmp_path: Path,
) -> None:
    few, data = write(tmp_path / "few", {"odd\x01.md": record()}), tmp_path / "data"
    building.build(few, data)
    (few / "odd\x01.md").rename(few / "odd\x02.md")
    again = building.build(few, data)
    full = building.build(few, tmp_path / "full", reuse=False)
    assert dumps(again.release) == dumps(full.release)


def test_a_record_that_is_too_large_is_not_read_to_be_known_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise AssertionError(f"{path} was read whole")

    limits = Limits(file_bytes=1000)
    few = write(tmp_path / "few", {"a.md": record(caption="x" * 1000)})
    (batch,) = make_batches(open_collection([few], limits), Iris(), limits)
    programs()  # reads the program itself, once
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert key_of(batch) == b""


def test_a_record_that_changes_while_it_is_read_is_not_kept_as_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, data = write(tmp_path / "few", {"a.md": record(caption="one")}), tmp_path / "data"
    mapped = map_batch

    def map_late(batch: Batch) -> BatchResult:
        write(few, {"a.md": record(caption="two")})
        return mapped(batch)

    with monkeypatch.context() as patch:
        patch.setattr("pfocr_rdf.build.kept.map_batch", map_late)
        building.build(few, data)
    write(few, {"a.md": record(caption="one")})
    again = building.build(few, data)
    assert contents(again.release) == contents(building.build(few, tmp_path / "full").release)


# --- what is broken ---


def corrupt(path: Path) -> None:
    """Change a byte in the middle."""
    found = bytearray(path.read_bytes())
    found[len(found) // 2] ^= 1
    path.unlink()  # it may have another name
    path.write_bytes(found)


def cut(path: Path) -> None:
    found = path.read_bytes()
    path.unlink()
    path.write_bytes(found[:100])


def misplace(data: Path, *places: object) -> None:
    """Let the index say that the parts are elsewhere: these in turn, each of one part at least."""
    with closing(sqlite3.connect(data / FILE)) as database:
        keys = database.execute("SELECT key FROM part").fetchall()
        assert len(keys) >= len(places)
        for (key,), place in zip(keys, cycle(places), strict=False):
            database.execute("UPDATE part SET places = ? WHERE key = ?", (place, key))
        database.commit()


BREAKAGES: Final[dict[str, Callable[[Path], None]]] = {
    "places that are none": lambda data: misplace(data, b"{}", 7, "[]"),
    "places that no file has": lambda data: misplace(
        data, '{"turtle": [0, 1000000000000000000]}', f'{{"turtle": [0, 1{"0" * 30}]}}'
    ),
    "no index": lambda data: (data / FILE).unlink(),
    "an index that is none": lambda data: cut(data / FILE),
    "a dump with another byte": lambda data: corrupt(data / "current/dumps/pfocr.jsonl.gz"),
    "a shorter dump": lambda data: cut(data / "current/dumps/pfocr.ttl.gz"),
    "no dump": lambda data: (data / "current/dumps/pfocr.nt.gz").unlink(),
    "no release": lambda data: shutil.rmtree((data / "current").resolve()),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_what_is_broken_is_mapped_anew(
    build: Build, breakage: str, records: Path, first: BuildResult, data: Path
) -> None:
    BREAKAGES[breakage](data)
    again = build(records, data)
    assert again.findings.reused < again.findings.records
    assert contents(again.release) == contents(first.release)
    # And from now on all is whole again.
    assert build(records, data).findings.reused == first.findings.records


class Harmful:
    """Makes a folder where it is unpickled."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.target,)


def test_an_index_from_elsewhere_cannot_run_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = write(tmp_path / "few", {"a.md": record()})
    target = tmp_path / "harm"
    dumped = pickle.dumps
    with monkeypatch.context() as patch:
        patch.setattr("pfocr_rdf.build.kept.pickle.dumps", lambda *_: dumped(Harmful(str(target))))
        building.build(few, tmp_path / "data")
    again = building.build(few, tmp_path / "data")
    assert again.findings.reused == 0
    assert not target.exists()


def test_where_nothing_can_be_kept_the_release_is_built_all_the_same(tmp_path: Path) -> None:
    few = write(tmp_path / "few", {"a.md": record()})
    (tmp_path / "data" / UNFINISHED).mkdir(parents=True)
    result = building.build(few, tmp_path / "data")
    assert result.findings.figures == 1
    assert find_parts(tmp_path / "data") is None


def test_a_build_that_fails_leaves_the_parts_of_the_last_release(
    build: Build, data: Path, tmp_path: Path, first: BuildResult
) -> None:
    before = (data / FILE).read_bytes()
    bad = write(tmp_path / "bad", {"a.md": "nothing\n"})
    with pytest.raises(Exception, match="could be read"):
        build(bad, data)
    assert (data / FILE).read_bytes() == before
    assert not (data / UNFINISHED).exists()


def test_an_index_of_another_layout_is_none(data: Path) -> None:
    with closing(sqlite3.connect(data / FILE)) as database:
        database.execute("PRAGMA user_version = 99")
    assert find_parts(data) is None


def test_a_release_that_is_served_can_be_taken_over_from(
    build: Build, records: Path, data: Path
) -> None:
    release = Release((data / "current").resolve().name, (data / "current").resolve())
    with hold_release(release):
        assert build(records, data).findings.reused > 0


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_records_after_any_others_give_what_a_full_build_gives(
    build: Build, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    numbers = st.sets(st.integers(1, 60), min_size=1, max_size=40)
    for step in range(3):
        records = folder / f"records{step}"
        texts = st.sampled_from(["one", "other"])
        write(records, {f"{n}.md": article(n, draw.draw(texts)) for n in draw.draw(numbers)})
        result = build(records, folder / "data", keep=1)
    assert contents(result.release) == contents(build(records, folder / "full").release)


def article(number: int, caption: str) -> str:
    pmcid = f"PMC{number}"
    link = f"/pmc/articles/{pmcid}/figure/F1/"
    return record(figid=f"{pmcid}__f1", pmcid=pmcid, figlink=link, caption=caption)
