"""What figures have, as tables: from records, in order, and read back as it was written."""

import json
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from building import build
from making import GENE_COLUMNS, read_all, record, table, write
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.search.mentioned import MentionTables, open_mentions
from pfocr_rdf.search.mentions import (
    CURATED,
    GROUPS,
    KEPT,
    NO_TIER,
    PREDICTED,
    having,
    packed,
    unpacked,
)
from pfocr_rdf.search.rows import identity
from pfocr_rdf.search.writing import APPLICATION_ID
from searching import FAMILY, MOUSE, SYNONYM, Figures, gene

GENE: Final = GROUPS.index("gene")
IRIS: Final = Iris()


def token(kind: str, accession: str) -> str:
    node = IRIS.taxon(accession) if kind == "taxon" else IRIS.entity("ncbigene", accession)
    return identity(node.value)


def test_a_figure_has_each_thing_once_by_its_best_evidence(tmp_path: Path) -> None:
    rows = (
        gene("cox", "PTGS1", 5742, FAMILY),
        gene("cox", "PTGS2", 5743, FAMILY),
        gene("cox1", "PTGS1", 5742, SYNONYM),
        gene("Ptgs1", "Ptgs1", 19224, of=MOUSE),
    )
    files = {
        "_figures/PMC1__f1.md": record(organisms=["Homo sapiens"], publisher_name="A Press"),
        "_data/PMC1__f1-genes.tsv": table(GENE_COLUMNS, *rows),
    }
    (figure,) = read_all(write(tmp_path, files))[0].values()
    found = having(figure, IRIS)
    assert {(h.token, h.group, h.rank) for h in found.things} == {
        (token("gene", "5742"), GENE, 1),
        (token("gene", "5743"), GENE, 2),
        (token("gene", "19224"), GENE, 0),
        (token("taxon", "9606"), GROUPS.index("organism"), CURATED),
        (token("taxon", "10090"), GROUPS.index("organism"), PREDICTED),
        (identity(IRIS.publisher("A Press").value), GROUPS.index("source"), NO_TIER),
    }
    order = [h.token for h in found.things]
    readings = json.loads(found.words)
    words = {word: [order[place] for place in places] for word, _, places in readings}
    assert words["cox"] == [token("gene", "5742"), token("gene", "5743")]
    assert words["cox1"] == [token("gene", "5742")]


@pytest.fixture(name="release")
def _release(tmp_path: Path) -> Release:
    figures = Figures()
    for number in range(1, 31):
        evidence = (SYNONYM, FAMILY, "ncbigene_symbol")[number % 3]
        rows = [gene("kin", "KIN", 77, evidence)]
        rows += [gene(f"g{n}", f"G{n}", 1000 + n) for n in range(number)]
        figures.add(number, *rows, year=str(2000 + number % 4), figtitle=f"T{number}")
    return figures.build(tmp_path)


@pytest.fixture(name="tables")
def _tables(release: Release) -> Iterator[MentionTables]:
    tables = open_mentions(release)
    yield tables
    tables.close()


def test_figures_are_listed_by_evidence_and_year_a_page_at_a_time(tables: MentionTables) -> None:
    found = tables.find(IRIS.gene_prefix + "77")
    assert found is not None
    assert found.counts == (10, 10, 10, 0)
    pages = [tables.figures(found, offset, 7) for offset in range(0, 35, 7)]
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    order = [(one.words[0].rank, -int(one.year or 0)) for page in pages for one in page]
    assert order == sorted(order)
    assert len({one.figid for page in pages for one in page}) == 30
    assert tables.figures(found, 99, 7) == []
    assert {(one.words[0].text, one.words[0].candidates) for one in pages[0]} == {("kin", 1)}
    other = tables.find(IRIS.gene_prefix + "1003")
    assert other is not None
    listed = tables.figures(other, 0, 30)
    assert [[word.text for word in one.words] for one in listed] == [["g3"]] * 27


def test_the_words_for_a_thing_stand_by_evidence_and_by_what_else_they_may_be(
    tmp_path: Path,
) -> None:
    figures = Figures()
    figures.add(
        1,
        gene("a-family", "KIN", 77, FAMILY),
        gene("b", "KIN", 77),
        gene("b", "OTHER", 78),
        gene("d", "KIN", 77),
        gene("c", "KIN", 77),
    )
    with closing(open_mentions(figures.build(tmp_path))) as tables:
        found = tables.find(IRIS.gene_prefix + "77")
        assert found
        (listed,) = tables.figures(found, 0, 9)
    assert [word.text for word in listed.words] == ["c", "d", "b", "a-family"]


def test_things_beside_are_those_that_most_figures_have(tables: MentionTables) -> None:
    found = tables.find(IRIS.gene_prefix + "77")
    assert found is not None
    genes = tables.beside(found, 100)["gene"]
    assert [(one.accession, one.figures) for one in genes] == [
        (str(1000 + n), 30 - n) for n in range(KEPT)
    ]
    assert len(tables.beside(found, 3)["gene"]) == 3
    assert genes[0].name == "G0"
    assert genes[0].organism == "Homo sapiens"


def test_what_is_beside_things_of_many_figures_is_counted_at_the_build(
    tables: MentionTables, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.search.mentions.MANY", 29)
    again = open_mentions(build(tmp_path / "records", tmp_path / "again").release)
    try:
        here, there = (each.find(IRIS.gene_prefix + "77") for each in (tables, again))
        assert here
        assert there
        assert (here.kept is None, there.kept is None) == (True, False)
        assert again.beside(there, 100) == tables.beside(here, 100)
    finally:
        again.close()


def test_what_no_figure_has_is_not_found(tables: MentionTables) -> None:
    assert tables.find(IRIS.gene_prefix + "78") is None


def test_numbers_are_written_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = array("I", [1, 2**32 - 1, 7])
    assert packed(numbers).hex() == "01000000ffffffff07000000"
    monkeypatch.setattr("sys.byteorder", "big")
    swapped = packed(numbers)
    assert swapped.hex() == "00000001ffffffff00000007"
    assert unpacked(swapped) == numbers
    assert numbers == array("I", [1, 2**32 - 1, 7])


def test_an_index_without_the_tables_is_refused(tmp_path: Path) -> None:
    release = Release("r", tmp_path)
    with closing(sqlite3.connect(release.search_index)) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(ReleaseError, match="not a readable search index"):
        open_mentions(release)


def test_an_index_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.sqlite").write_bytes(b"no database at all, but some bytes" * 100)
    with pytest.raises(ReleaseError, match="not a readable search index"):
        open_mentions(Release("r", tmp_path))
