"""Enrichment: exact probabilities, honest corrections, and gene lists as people have them."""

import json
from collections.abc import Iterator
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from invoking import run
from pfocr_rdf.contents import open_store
from pfocr_rdf.enrichment import (
    SHOWN,
    Chance,
    GeneSet,
    enrichment,
    false_discovery_rates,
    gene_sets,
    read_genes,
)
from pfocr_rdf.errors import QueryError, UsageError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from releasing import data_folder
from searching import FAMILY, MOUSE, Figures, gene

IRIS: Final = Iris()
HUMAN_TAXON: Final = IRIS.taxon("9606")


def exactly(background: int, drawn: int, found: int, size: int) -> Fraction:
    """The probability, as its definition has it."""
    ways = (
        comb(drawn, count) * comb(background - drawn, size - count)
        for count in range(found, min(drawn, size) + 1)
    )
    return Fraction(sum(ways), comb(background, size))


@given(st.data())
def test_a_probability_is_that_of_the_definition(data: st.DataObject) -> None:
    background = data.draw(st.integers(1, 400))
    drawn = data.draw(st.integers(0, background))
    size = data.draw(st.integers(1, background))
    found = data.draw(st.integers(0, min(drawn, size)))
    expected = float(exactly(background, drawn, found, size))
    assert Chance(background, drawn).of_so_many(found, size) == pytest.approx(expected, rel=1e-9)


def test_a_small_probability_is_none_that_is_rounded_to_zero() -> None:
    expected = float(exactly(20_000, 300, 60, 200))
    assert 0 < expected < 1e-40
    assert Chance(20_000, 300).of_so_many(60, 200) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(0, 1), max_size=30).map(sorted), st.integers(0, 20))
def test_rates_are_those_of_the_definition(probabilities: list[float], others: int) -> None:
    tests = len(probabilities) + others
    every = [*probabilities, *[1.0] * others]
    expected = [
        min(1.0, *(every[rank] * tests / (rank + 1) for rank in range(at, tests)))
        for at in range(len(probabilities))
    ]
    assert false_discovery_rates(probabilities, tests) == pytest.approx(expected)


def sets(*genes: str) -> Iterator[GeneSet]:
    """A figure for each text, which has a gene for each letter."""
    return (GeneSet(f"f{at}", "", frozenset(one)) for at, one in enumerate(genes, 1))


def test_figures_are_ranked_and_all_that_were_tested_count() -> None:
    found = enrichment(sets("abc", "cdefgh", "xyz", "ab", "b"), "abq", minimum=2)
    assert (found.tested, found.background, found.listed) == (4, 11, 2)
    assert [one.figid for one in found.figures] == ["f4", "f1"]
    best = found.figures[0]
    assert (best.found, best.genes) == (("a", "b"), 2)
    assert best.expected == pytest.approx(4 / 11)
    assert best.p == pytest.approx(float(exactly(11, 2, 2, 2)))
    assert best.q == pytest.approx(4 * best.p)


def test_a_background_is_what_could_have_been_found() -> None:
    found = enrichment(sets("abcx", "cdefgh", "xyz"), "ax", minimum=2, background="abcdefgh")
    assert (found.tested, found.background, found.listed) == (2, 8, 1)
    (one,) = found.figures
    assert (one.found, one.genes) == (("a",), 3)
    assert one.p == pytest.approx(3 / 8)


def test_nothing_in_common_is_no_result() -> None:
    found = enrichment(sets("abc", "def"), "q", minimum=1)
    assert (found.figures, found.tested, found.listed) == ((), 2, 0)
    assert enrichment(sets("abc"), "a", minimum=4).tested == 0
    assert enrichment(sets("abc"), "a", minimum=1, background="z").tested == 0


@pytest.fixture(scope="module", name="release")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    figures = Figures()
    figures.add(
        1,
        gene("PTEN", "PTEN", 5728),
        gene("AKT1", "AKT1", 207),
        gene("Akt", "Akt1", 11651, of=MOUSE),
        gene("RAS", "KRAS", 3845, FAMILY),
        figtitle="Survival",
    )
    figures.add(2, gene("RAS", "KRAS", 3845, FAMILY), gene("RAS", "HRAS", 3265, FAMILY))
    for number in range(3, 23):
        names = [(f"GEN{number}{one}", 1000 + 10 * number + one) for one in range(3)]
        figures.add(number, *(gene(name, name, identifier) for name, identifier in names))
    # The same gene under another name, which fewer records have.
    figures.add(23, gene("MMAC1", "MMAC1", 5728))
    figures.add(24, gene("PTEN", "PTEN", 5728))
    return figures.build(tmp_path_factory.mktemp("enrichment"))


@pytest.fixture(scope="module", name="store")
def _store(release: Release) -> Store:
    return open_store(release)


def read(store: Store, *words: str) -> tuple[dict[str, str], list[str]]:
    return read_genes(words, store, IRIS, HUMAN_TAXON)


def test_genes_are_read_by_symbol_by_another_name_and_by_any_identifier(store: Store) -> None:
    for word in ("PTEN", "MMAC1", "5728", "ncbigene:5728", "http://purl.uniprot.org/geneid/5728"):
        assert read(store, word) == ({"5728": word}, [])
    given = ("AKT1", "PTEN", "207", "NOBODY", "1", "taxon:9606")
    assert read(store, *given) == ({"207": "AKT1", "5728": "PTEN"}, ["NOBODY", "1", "taxon:9606"])


def test_a_symbol_is_of_one_organism_and_an_identifier_of_its_own(store: Store) -> None:
    assert read(store, "Akt1", "PTEN")[1] == ["Akt1"]
    assert read(store, "11651")[0] == {"11651": "11651"}
    mouse = IRIS.taxon("10090")
    assert read_genes(["Akt1"], store, IRIS, mouse)[0] == {"11651": "Akt1"}
    assert read_genes(["Akt1"], store, IRIS, None)[0] == {"11651": "Akt1"}


def test_a_list_without_a_known_gene_is_refused(store: Store) -> None:
    with pytest.raises(QueryError, match=r"no gene of any figure \(NOBODY, 1\): give symbols"):
        read(store, "NOBODY", "1")
    with pytest.raises(QueryError, match="it is empty"):
        read(store)


def test_gene_sets_are_those_of_the_query(store: Store) -> None:
    every = {one.figid: one for one in gene_sets(store, IRIS)}
    assert len(every) == 21
    assert every["PMC1__f1"].genes == {"5728", "207", "11651", "3845"}
    assert every["PMC1__f1"].title == "Survival"
    human = {one.figid: one.genes for one in gene_sets(store, IRIS, organism="9606", minimum=2)}
    assert human["PMC1__f1"] == {"5728", "207", "3845"}
    assert human["PMC2__f1"] == {"3845", "3265"}
    assert "PMC2__f1" not in {one.figid for one in gene_sets(store, IRIS, "symbol", minimum=1)}
    with pytest.raises(UsageError, match="'sym' is not of type tier"):
        list(gene_sets(store, IRIS, "sym"))


@pytest.fixture(scope="module", name="data")
def _data(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data_folder(release, tmp_path_factory.mktemp("served") / "data")


def test_the_command_prints_a_line_a_figure(data: Path) -> None:
    found = run("enrich", "PTEN", "AKT1,KRAS", "nobody", "--data", data)
    assert found.status == 0
    head, line = found.out.splitlines()
    assert head.split("\t") == ["figid", "found", "genes", "expected", "p", "q", "symbols", "title"]
    p = float(exactly(63, 3, 3, 3))
    expected = 3 * 3 / 63
    numbers = ["3", "3", f"{expected:.3g}", f"{p:.3g}", f"{21 * p:.3g}"]
    assert line.split("\t") == ["PMC1__f1", *numbers, "AKT1 KRAS PTEN", "Survival"]
    assert found.err == (
        "in no figure, or no symbol of that organism: nobody\n"
        "1 figure of 21 tested, with 3 of the list among 63 genes\n"
    )


def test_a_list_may_be_a_file_and_a_background_is_one(data: Path, tmp_path: Path) -> None:
    listed = tmp_path / "genes.txt"
    listed.write_text("\ufeffPTEN\r\nAKT1;\t3845\r\n", encoding="utf-8")
    measured = tmp_path / "measured.txt"
    measured.write_text("PTEN AKT1 KRAS\n" + "\n".join(map(str, range(1000, 1300))))
    found = run("enrich", listed, "--background", measured, "--json", "--data", data)
    document = json.loads(found.out)
    assert (document["background"], document["listed"], document["unknown"]) == (63, 3, [])
    (figure,) = document["figures"]
    assert set(figure["symbols"]) == {"PTEN", "AKT1", "3845"}
    assert figure["p"] == pytest.approx(float(exactly(63, 3, 3, 3)))
    listed.write_bytes(b"\xff")
    assert f"{str(listed)[:SHOWN]!r} is not UTF-8" in run("enrich", listed, "--data", data).err


def test_a_list_in_one_long_argument_is_no_name_of_a_file(data: Path) -> None:
    listed = " ".join(["PTEN", "AKT1", "KRAS", *["nobody"] * 2_000])
    found = run("enrich", listed, "--data", data)
    assert (found.status, found.out.count("\n")) == (0, 2)


def test_a_word_that_is_not_utf_8_is_refused(data: Path) -> None:
    found = run("enrich", "PTEN", "AKT\udcff", "--data", data)
    assert (found.status, found.out) == (1, "")
    assert "is not UTF-8" in found.err


def test_where_no_figure_is_enriched_the_best_is_told(data: Path) -> None:
    found = run("enrich", "GEN30", "GEN40", "--data", data)
    assert (found.status, found.out.count("\n")) == (0, 1)
    assert "0 figures of 21 tested, with 2 of the list among 63 genes\n" in found.err
    rate = float(exactly(63, 2, 1, 3)) * 21 / 2
    assert f"the least q is {rate:.3g}, of PMC3__f1: raise --q to see it" in found.err
    every = run("enrich", "GEN30", "GEN40", "--q", "1", "--data", data).out.splitlines()
    assert len(every) == 3
    first = run("enrich", "GEN30", "GEN40", "--q", "1", "--limit", "1", "--data", data).out
    assert first.splitlines() == every[:2]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["NOBODY"], 1, "error: the list has no gene of any figure (NOBODY): give symbols"),
        (["PTEN", "--organism", "human"], 2, "'human' is not of type taxon"),
        (["PTEN", "--tier", "sym"], 2, "'sym' is not of type tier"),
        (["PTEN", "--q", "2"], 2, "'--q'"),
        ([], 2, "GENES"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    arguments: list[str], status: int, said: str, data: Path
) -> None:
    found = run("enrich", *arguments, "--data", data)
    assert (found.status, found.out) == (status, "")
    assert said in found.err
