"""What is counted is all that was found, whatever page is given; narrowing leaves the rest."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.errors import QueryError
from pfocr_rdf.search import Index
from searching import FAMILY, SYMBOL, SYNONYM, Figures, figids, gene, opened

#: Words that figures are made of; none begins another.
VOCABULARY: Final = ("apoptosis", "binding", "cytokine", "diabetes", "estrogen", "fibrosis")
ORGANISMS: Final = ("Homo sapiens", "Mus musculus", "Danio rerio")


@pytest.fixture(name="many", scope="module")
def _many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """120 figures: a word in the titles of a half, a third …, in years and of organisms."""
    figures = Figures()
    for number in range(1, 121):
        had = [word for at, word in enumerate(VOCABULARY, 2) if number % at == 0]
        tiers = (SYMBOL, SYNONYM, FAMILY)
        rows = [gene("qrk", "QRK1", 77, tiers[number % 3])] if number % 4 == 0 else []
        figures.add(
            number,
            *rows,
            figtitle=" ".join([*had, "common"]),
            year=str(2000 + number % 7),
            organisms=[name for at, name in enumerate(ORGANISMS, 1) if number % at == 0],
        )
    yield from opened(figures, tmp_path_factory.mktemp("many"))


def numbers_with(*had: str) -> set[int]:
    """Which of the 120 figures have all these words."""
    places = [VOCABULARY.index(word) + 2 for word in had]
    return {n for n in range(1, 121) if all(n % at == 0 for at in places)}


@given(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3, unique=True))
def test_exactly_the_figures_with_all_words_are_found(many: Index, had: list[str]) -> None:
    expected = numbers_with(*had)
    found = many.search(" ".join(had), limit=200)
    if expected:
        assert set(figids(found)) == {f"PMC{number}__f1" for number in expected}
        assert found.total == len(expected)
    else:
        assert not found.all_words


def test_facets_count_all_that_was_found_not_only_what_is_given(many: Index) -> None:
    expected = numbers_with("cytokine")
    years = Counter(str(2000 + number % 7) for number in expected)
    for limit, offset in ((0, 0), (1, 0), (20, 0), (5, 25), (10, 1000)):
        found = many.search("cytokine", limit=limit, offset=offset)
        assert found.total == len(expected)
        assert {facet.value: facet.figures for facet in found.years} == years
        assert [facet.value for facet in found.years] == sorted(years, reverse=True)
        assert [(f.value, f.label, f.figures) for f in found.organisms] == [
            ("9606", "Homo sapiens", 30),
            ("10090", "Mus musculus", 30),
            ("7955", "Danio rerio", 10),
        ]


def test_tiers_are_those_of_the_genes_that_were_looked_for(many: Index) -> None:
    found = many.search("qrk1", limit=200)
    counted = Counter(n % 3 for n in range(1, 121) if n % 4 == 0)
    assert [(f.value, f.figures) for f in found.tiers] == [
        ("symbol", counted[0]),
        ("synonym", counted[1]),
        ("family", counted[2]),
    ]
    assert many.search("common").tiers == ()
    mixed = many.search("common qrk1", limit=200)
    assert mixed.tiers == found.tiers


def test_a_search_is_narrowed_and_a_facet_tells_what_another_value_would_give(
    many: Index,
) -> None:
    whole = many.search("binding")
    for organism in ("10090", "Mus musculus", "mus MUSCULUS "):
        mice = many.search("binding", organism=organism, limit=200)
        assert set(figids(mice)) == {f"PMC{n}__f1" for n in numbers_with("binding") if n % 2 == 0}
        assert mice.organisms == whole.organisms
        assert mice.years != whole.years
        assert sum(facet.figures for facet in mice.years) == mice.total
    both = many.search("binding", organism="10090", year="2003", limit=200)
    expected = {n for n in numbers_with("binding") if n % 2 == 0 and n % 7 == 3}
    assert set(figids(both)) == {f"PMC{n}__f1" for n in expected}
    in_2003 = {facet.value: facet.figures for facet in both.organisms}
    assert in_2003["9606"] == len([n for n in numbers_with("binding") if n % 7 == 3])
    strict = many.search("qrk1", tier="symbol", limit=200)
    assert strict.total == len([n for n in range(1, 121) if n % 12 == 0])
    assert {hit.tier for hit in strict.hits} == {"symbol"}
    assert strict.tiers == many.search("qrk1").tiers


def test_narrowed_to_nothing_is_nothing_and_not_another_search(many: Index) -> None:
    for narrowed in ({"year": "1900"}, {"organism": "562"}):
        found = many.search("binding cytokine", **narrowed)  # type: ignore[arg-type]
        assert (found.total, found.hits, found.all_words) == (0, (), True)
    assert many.search("binding", tier="symbol", limit=200).total == 0


def test_an_organism_may_be_spelt_as_anywhere(many: Index) -> None:
    mice = many.search("binding", organism="10090")
    for organism in ("taxon:10090", "http://purl.obolibrary.org/obo/NCBITaxon_10090"):
        assert many.search("binding", organism=organism) == mice
        assert many.organism(organism) == "10090"
    # As names are read in records, which give the common ones, too.
    for organism in ("mus  musculus", "Mouse", "mouse"):
        assert many.search("binding", organism=organism) == mice
    assert many.search("binding", organism="chicken").total == 0


def test_every_organism_that_is_counted_can_be_asked_for(tmp_path: Path) -> None:
    figures = Figures()
    names = ("Homo sapiens", "Gut metagenome", "gut Metagenome", "Xenopus Oocyte")
    for number, name in enumerate(names, 1):
        figures.add(number, figtitle="binding", organisms=[name])
    for index in opened(figures, tmp_path):
        facets = index.search("binding").organisms
        assert {facet.label for facet in facets} == set(names)
        for facet in facets:
            found = index.search("binding", organism=facet.value)
            assert figids(found) == [f"PMC{names.index(facet.label) + 1}__f1"]
        assert index.organism(" xenopus OOCYTE ") == "Xenopus Oocyte"


def test_of_taxa_that_share_a_name_it_is_that_of_most_figures(tmp_path: Path) -> None:
    figures = Figures()
    wrong = figures.add(1, gene("kinase", "TP53", 7157, of="9605|Homo sapiens|Primates"))
    right = {figures.add(number, gene("kinase", "TP53", 7157)) for number in (2, 3, 4)}
    for index in opened(figures, tmp_path):
        assert set(figids(index.search("kinase", organism="Homo sapiens"))) == right
        assert figids(index.search("kinase", organism="9605")) == [wrong]
        with pytest.raises(QueryError, match=r"such as Homo sapiens$"):
            index.organism("homo sapienz")


@pytest.mark.parametrize(
    "name",
    ["Foo barus K-1", "foo  barus k-1", "Foobar", "FOOBAR ", "Foo: barus 'K-1'", "Foo barus K1"],
)
def test_an_organism_has_all_the_names_that_the_release_gives_it(name: str, tmp_path: Path) -> None:
    figures = Figures()
    figures.files["_organisms/a.md"] = "---\nlatin: Foo barus K-1\ncommon: Foobar\nncbi: 777\n---\n"
    figures.files["_organisms/b.md"] = "---\nlatin: Foo barus K1\nncbi: 777\n---\n"
    figid = figures.add(1, figtitle="binding", organisms=["Foobar"])
    for index in opened(figures, tmp_path):
        assert index.organism(name) == "777"
        assert figids(index.search("binding", organism=name)) == [figid]


def test_an_organism_without_a_taxon_is_found_as_records_are_matched(tmp_path: Path) -> None:
    figures = Figures()
    figures.add(1, figtitle="binding", organisms=["Gut metagenome"])
    for index in opened(figures, tmp_path):
        assert index.organism("gut  'metagenome'") == "Gut metagenome"


@pytest.mark.parametrize(
    ("narrowed", "said"),
    [
        (
            {"organism": "mus musculs"},
            "no organism 'mus musculs' in .*: give .* such as Mus musculus$",
        ),
        ({"organism": "martian"}, "no organism 'martian' in .* such as 9606 or Homo sapiens$"),
        ({"organism": "ncbigene:5742"}, "no organism 'ncbigene:5742'"),
        ({"organism": ""}, "no organism ''"),
        ({"year": "abc"}, "'abc' is not a year: give four digits such as 2019"),
        ({"year": ""}, "'' is not a year"),
    ],
)
def test_what_is_no_organism_or_year_is_refused(
    narrowed: dict[str, str], said: str, many: Index
) -> None:
    with pytest.raises(QueryError, match=said):
        many.search("binding", **narrowed)  # type: ignore[arg-type]


def test_pages_together_are_the_whole(many: Index) -> None:
    whole = figids(many.search("common", limit=200))
    assert len(whole) == len(set(whole)) == 120
    pages = [figids(many.search("common", offset=at, limit=7)) for at in range(0, 130, 7)]
    assert [figid for page in pages for figid in page] == whole


def test_threads_may_share_an_index(many: Index) -> None:
    asked = [f"{one} {other}" for one in VOCABULARY for other in VOCABULARY]
    alone = [many.search(one) for one in asked]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(many.search, asked)) == alone
