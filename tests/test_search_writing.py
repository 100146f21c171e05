"""The search index is a file of the release like the others: the same bytes, or none at all."""

import hashlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from building import Published, build, checkout, copies
from making import CHEMICAL_COLUMNS, DISEASE_COLUMNS, GENE_COLUMNS, SEEDS, read_well, record, table
from pfocr_rdf.errors import BuildError
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import Node
from pfocr_rdf.releases import Release
from pfocr_rdf.search import open_index, writing
from pfocr_rdf.search.rows import COLUMN_TO_WEIGHT, Row, search_row, thing_rows
from pfocr_rdf.search.writing import IndexWriter
from pfocr_rdf.shared import Shared, shared_nodes
from pfocr_rdf.verify import verify_release
from pfocr_rdf.vocabulary import RDF_TYPE, Schema
from searching import FAMILY, Figures, gene


def bytes_of(release: Release) -> bytes:
    return release.search_index.read_bytes()


# --- the same records, the same bytes: tests/test_determinism.py has more ---


def test_an_executor_of_another_kind_gives_the_same_bytes(tmp_path: Path) -> None:
    records = checkout(tmp_path / "records")
    alone = build(records, tmp_path / "alone").release
    with ThreadPoolExecutor(2) as executor:
        helped = build(records, tmp_path / "helped", executor=executor).release
    assert bytes_of(helped) == bytes_of(alone)


def test_neither_the_date_nor_the_folder_enters(tmp_path: Path) -> None:
    first = build(SEEDS, tmp_path / "first").release
    dated = build(SEEDS, tmp_path / "another" / "folder", issued="2025-01-01").release
    assert bytes_of(dated) == bytes_of(first)


def test_pieces_of_an_index_are_one_at_its_end_and_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = checkout(tmp_path / "records")

    def found(data: Path) -> tuple[int, list[Any]]:
        index = build(records, data).release.search_index
        with closing(sqlite3.connect(index)) as database:
            ((pieces,),) = database.execute("SELECT count(DISTINCT segid) FROM searched_idx")
            database.execute(
                "CREATE VIRTUAL TABLE temp.had USING fts5vocab(main, searched, instance)"
            )
            return pieces, database.execute("SELECT * FROM temp.had").fetchall()

    whole = found(tmp_path / "whole")
    schema = writing.SCHEMA.replace(f"'hashsize', {writing.GATHERED_BYTES}", "'hashsize', 100")
    assert schema != writing.SCHEMA
    monkeypatch.setattr(writing, "SCHEMA", schema)
    assert found(tmp_path / "pieces") == whole
    assert whole[0] == 1


# --- a file of the release, and no dump ---


def test_the_manifest_of_the_release_has_the_index_and_that_of_the_dumps_has_not(
    seeds_release: Release,
) -> None:
    (row,) = (r for r in seeds_release.manifest()["files"] if r["name"] == "search.sqlite")
    data = bytes_of(seeds_release)
    assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    listing = (seeds_release.dumps / "manifest.json").read_text(encoding="utf-8")
    assert "sqlite" not in listing + (seeds_release.dumps / "SHA256SUMS").read_text()
    assert [path.name for path in seeds_release.path.glob("search*")] == ["search.sqlite"]


def test_every_figure_is_in_the_index_once(any_release: Release) -> None:
    with sqlite3.connect(f"file:{any_release.search_index}?mode=ro", uri=True) as database:
        figids = [figid for (figid,) in database.execute("SELECT figid FROM figure ORDER BY id")]
        (rows,) = database.execute("SELECT count(*) FROM searched").fetchone()
        (facets,) = database.execute("SELECT count(*) FROM facet").fetchone()
    database.close()
    assert len(figids) == len(set(figids)) == rows == facets == any_release.manifest()["figures"]
    assert figids == sorted(figids)


def test_a_release_with_its_index_verifies(any_release: Release) -> None:
    with open_index(any_release) as index:
        assert index.figures == any_release.manifest()["figures"]


def change_manifest(release: Release, change: Callable[[dict[str, Any]], None]) -> None:
    path = release.path / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def faults(release: Release) -> list[str]:
    return list(verify_release(release))


def test_an_index_that_is_missing_or_changed_is_found(copied_release: Release) -> None:
    assert faults(copied_release) == []
    data = bytearray(bytes_of(copied_release))
    data[-1] ^= 1
    copied_release.search_index.write_bytes(data)
    (fault,) = faults(copied_release)
    assert fault.startswith("search.sqlite: SHA-256 ")
    copied_release.search_index.unlink()
    assert faults(copied_release) == ["search.sqlite: missing"]


def test_an_index_of_other_figures_is_found(copied_release: Release, tmp_path: Path) -> None:
    figures = Figures()
    figures.add(1)
    other = figures.build(tmp_path / "other")
    shutil.copyfile(other.search_index, copied_release.search_index)
    (row,) = (r for r in other.manifest()["files"] if r["name"] == "search.sqlite")

    def state(manifest: dict[str, Any]) -> None:
        manifest["files"] = [r for r in manifest["files"] if r["name"] != row["name"]] + [row]

    change_manifest(copied_release, state)
    assert faults(copied_release) == ["search.sqlite: 1 figures, the manifest says 5"]


def test_a_release_of_an_earlier_version_without_an_index_is_whole(
    copied_release: Release,
) -> None:
    copied_release.search_index.unlink()

    def forget(manifest: dict[str, Any]) -> None:
        manifest["files"] = [r for r in manifest["files"] if r["name"] != "search.sqlite"]

    change_manifest(copied_release, forget)
    assert faults(copied_release) == []


# --- what goes wrong ---


def writing_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("search index")]


def test_a_sqlite_without_fts5_is_told_before_any_work(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SCHEMA", writing.SCHEMA.replace("fts5(", "no_fts5("))
    with pytest.raises(BuildError) as caught:
        build(SEEDS, published.data)
    assert str(caught.value) == (
        f"the SQLite of this Python, {sqlite3.sqlite_version}, was made without FTS5, which the "
        "search index needs: use a Python whose sqlite3 module has it"
    )
    published.assert_untouched()


def test_an_index_that_has_no_room_ends_the_build_with_its_name(
    tmp_path: Path, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = writing.SCHEMA + "PRAGMA max_page_count = 20;"
    monkeypatch.setattr(writing, "SCHEMA", small)
    with pytest.raises(BuildError) as caught:
        build(copies(tmp_path / "records", 100), published.data)
    assert str(caught.value) == (
        "search.sqlite could not be written (No space left on device): nothing was published; "
        f"make room where {published.data} is, or check its permissions, and build again"
    )
    published.assert_untouched()
    assert writing_threads() == []


def test_a_folder_that_cannot_be_written_to_is_told_with_the_name_of_the_file(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(OSError, match="unable to open database file") as caught,
        IndexWriter(tmp_path / "nowhere" / "search.sqlite"),
    ):
        pass
    assert caught.value.filename == "search.sqlite"


def test_a_failure_is_raised_by_the_next_call(tmp_path: Path) -> None:
    with IndexWriter(tmp_path / "search.sqlite") as writer:
        writer.add([Row(("too", "few"), (), "", (), ("columns",))])
        with pytest.raises(OSError, match="Incorrect number of bindings") as caught:
            writer.add([])
        assert caught.value.filename == "search.sqlite"


def test_an_index_that_is_given_up_leaves_no_thread(tmp_path: Path) -> None:
    def give_up() -> None:
        with IndexWriter(tmp_path / "search.sqlite") as writer:
            writer.add([])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        give_up()
    assert writing_threads() == []


# --- rows ---


def columns(row: Row) -> dict[str, list[str]]:
    return {name: words.split() for name, words in zip(COLUMN_TO_WEIGHT, row.searched, strict=True)}


def test_genes_are_searched_by_their_evidence_and_words_as_they_were_read(tmp_path: Path) -> None:
    rows = table(GENE_COLUMNS, gene("K-Ras", "KRAS", 3845), gene("RAS", "HRAS", 3265, FAMILY))
    figure = read_well(tmp_path, record(), genes=rows)
    found = columns(search_row(figure, Iris()))
    assert (found["symbols"], found["families"]) == (["kras"], ["hras", "ras"])
    assert found["words"] == ["kras", "ras"]
    assert len(found["entities"]) == 3  # two genes, one organism


def test_keywords_are_the_words_of_a_picture_without_mentions_only(tmp_path: Path) -> None:
    keywords = {"schema-jsonld": {"keywords": ["KRAS", "HRAS"]}}
    alone = read_well(tmp_path / "alone", record(**keywords))
    assert columns(search_row(alone, Iris()))["words"] == ["kras", "hras"]
    rows = table(GENE_COLUMNS, gene("KRAS", "KRAS", 3845), gene("RAS", "HRAS", 3265, FAMILY))
    read = read_well(tmp_path / "read", record(**keywords), genes=rows)
    assert columns(search_row(read, Iris()))["words"] == ["kras", "ras"]


def test_what_a_term_is_called_that_matches_closely_is_searched_with_its_kind(
    tmp_path: Path,
) -> None:
    figure = read_well(
        tmp_path,
        record(),
        chemicals=table(CHEMICAL_COLUMNS, "glc|D005947|Glucose|D-glucopyranose|4167"),
        diseases=table(DISEASE_COLUMNS, "flu|D007251|Influenza, Human|grippe|8469"),
    )
    found = columns(search_row(figure, Iris()))
    assert "glucopyranose" in found["chemicals"]
    assert "glucopyranose" not in found["diseases"]
    assert "grippe" in found["diseases"]
    assert "grippe" not in found["chemicals"]


def test_a_list_has_a_word_once_and_a_text_as_often_as_it_is_there(tmp_path: Path) -> None:
    rows = table(GENE_COLUMNS, gene("KRAS", "KRAS", 3845), gene("kras", "Kras", 16653))
    figure = read_well(tmp_path, record(caption="KRAS, KRAS and kras."), genes=rows)
    found = columns(search_row(figure, Iris()))
    assert found["words"] == ["kras"]
    assert found["caption"].count("kras") == 3


def test_things_are_those_that_the_data_describe(tmp_path: Path) -> None:
    rows = table(GENE_COLUMNS, gene("KRAS", "KRAS", 3845))
    shared = Shared()
    shared.gather(read_well(tmp_path, record(journal_title="J Path"), genes=rows), Iris())
    found = {row.iri: row for row in thing_rows(list(shared_nodes(shared, Iris())))}
    kras = found.pop("https://identifiers.org/ncbigene/3845")
    (human,) = found.values()
    assert (kras.kind, kras.accession, kras.names) == ("gene", "3845", ("KRAS",))
    assert (human.kind, human.accession, human.names) == ("organism", "9606", ("Homo sapiens",))
    assert kras.organism == human.token


def test_a_node_without_a_name_is_no_thing() -> None:
    nameless = Node(Iris().taxon("9606"), [(RDF_TYPE, Schema.Taxon)])
    assert list(thing_rows([nameless])) == []
