"""Search: the best first, all that fits counted, and whatever is typed is data."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from making import FIELDS
from pfocr_rdf.errors import QueryError, ReleaseError
from pfocr_rdf.releases import Release
from pfocr_rdf.search import Index, open_index
from pfocr_rdf.search.asking import MAX_WORDS
from pfocr_rdf.search.meant import MOST
from pfocr_rdf.search.words import words
from searching import FAMILY, MOUSE, SYMBOL, SYNONYM, Figures, figids, gene, opened, text


@pytest.fixture(name="places", scope="module")
def _places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """QRK1 in one place of each figure, worst first."""
    figures = Figures()
    figures.add(10, reftext="QRK1 A, et al. J Path. 2019 May;20(10):2505.")
    figures.add(11, gene("kin", "QRK1", 77, FAMILY))
    figures.add(12, papertitle="On QRK1")
    figures.add(13, caption="QRK1.")
    figures.add(14, chemicals=("QRK1|NA|NA|NA|NA",))
    figures.add(15, gene("kin", "QRK1", 77, SYNONYM))
    figures.add(16, gene("kin", "QRK1", 77))
    figures.add(17, figtitle="QRK1")
    yield from opened(figures, tmp_path_factory.mktemp("places"))


@pytest.fixture(name="index", scope="module")
def _index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Figures as there are in the literature."""
    figures = Figures()
    figures.add(
        1,
        gene("TGF-β1", "TGFB1", 7040),
        gene("TGF-β1", "Tgfb1", 21803, of=MOUSE),
        gene("IL6", "IL6", 3569),
        figtitle="TGF-β signalling in fibrosis",
        caption="TGF-β1 binds its receptor, and IL-6 follows <b>it</b>.",
        papertitle="On fibrosis of the lung",
        doi="10.1000/Fibrosis.1",
        figlink="/pmc/articles/PMC1/figure/fig1/",
        year="2019",
        organisms=["Homo sapiens", "Mus musculus"],
        figid_alias="PMC1__F1",
        wpid="WP554",
    )
    figures.add(
        2,
        gene("MET", "MET", 4233),
        gene("RAS", "KRAS", 3845, FAMILY),
        gene("RAS", "HRAS", 3265, FAMILY),
        figtitle="MET and cancer",
        year="2020",
        chemicals=("metformin|D008687|Metformin|metformin|6801",),
        diseases=("cancer|D009369|cancer|Neoplasms|162",),
    )
    figures.add(
        3,
        gene("K-Ras", "KRAS", 3845),
        figtitle="Lipid metabolism",
        caption="Metabolism of lipids, and KRAS.",
        year="2020",
        organisms=["Imaginarius primus"],
    )
    figures.add(4, figtitle="Lipid metabolism", year="", reftext="Nobody.")
    figures.add(5, gene("COX2", "PTGS2", 5743, SYNONYM), figtitle="Prostaglandins")
    yield from opened(figures, tmp_path_factory.mktemp("figures"))


# --- ranking ---


def test_a_word_counts_by_where_it_stands(places: Index) -> None:
    found = places.search("qrk1")
    assert figids(found) == [f"PMC{number}__f1" for number in (17, 16, 15, 14, 13, 12, 10, 11)]
    assert [hit.score for hit in found.hits] == sorted((h.score for h in found.hits), reverse=True)


def test_a_large_map_that_names_a_gene_is_before_a_small_figure_of_its_family(
    tmp_path: Path,
) -> None:
    figures = Figures()
    others = [gene(f"gen{number}", f"GEN{number}", number) for number in range(1000, 1400)]
    named = figures.add(1, gene("QRK1", "QRK1", 77), *others, caption="Many words. " * 500)
    synonym = figures.add(2, gene("kin", "QRK1", 77, SYNONYM), *others[:50])
    family = figures.add(3, gene("kin", "QRK1", 77, FAMILY))
    for number in range(4, 40):
        figures.add(number)
    with open_index(figures.build(tmp_path)) as index:
        found, by_id = index.search("qrk1"), index.search("ncbigene:77")
    for hits in (figids(found), figids(by_id)):
        assert hits[-1] == family
        assert set(hits) == {named, synonym, family}
    assert {hit.figid: hit.tier for hit in found.hits} == {
        named: "symbol",
        synonym: "synonym",
        family: "family",
    }


def test_the_evidence_of_a_figure_is_the_strongest_that_it_has(tmp_path: Path) -> None:
    figures = Figures()
    tiers = (FAMILY, SYMBOL, SYNONYM)
    figures.add(1, *(gene(f"kin{n}", "QRK1", 77, tier) for n, tier in enumerate(tiers)))
    figures.add(2, *(gene(f"kin{n}", "QRK1", 77, tier) for n, tier in enumerate(tiers[::2])))
    with open_index(figures.build(tmp_path)) as index:
        found = index.search("qrk1")
    assert {hit.figid: hit.tier for hit in found.hits} == {
        "PMC1__f1": "symbol",
        "PMC2__f1": "synonym",
    }
    assert [(facet.value, facet.figures) for facet in found.tiers] == [
        ("symbol", 1),
        ("synonym", 1),
    ]


def test_figures_that_fit_alike_are_in_the_order_of_their_figids(tmp_path: Path) -> None:
    figures = Figures()
    expected = sorted(figures.add(number, figtitle="Alike") for number in (7, 30, 5, 100))
    with open_index(figures.build(tmp_path)) as index:
        assert figids(index.search("alike")) == expected


# --- what is found ---


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        *((asked, [1]) for asked in ("tgfb", "TGF-β", "TGF beta", "TGFbeta1", "il 6", "IL-6")),
        *((asked, [1]) for asked in ("signaling", "signalling fibrosis", "fibrosis lung", "tgf")),
        *((asked, [5]) for asked in ("cox-2", "COX2", "PTGS2", "prostaglandin")),
        *((asked, [2]) for asked in ("metformin", "Neoplasms", "hras", "MET cancer")),
        ("kras", [3, 2]),
        ("K-RAS", [3, 2]),
        ("the metabolism of the lipid", [3, 4]),
        ("Mus musculus", [1]),
        ("Imaginarius", [3]),
        ("Byron 2020", [2, 3]),
    ],
)
def test_figures_are_found_by_any_words(asked: str, numbers: list[int], index: Index) -> None:
    found = index.search(asked)
    assert found.all_words
    assert set(figids(found)) == {f"PMC{number}__f1" for number in numbers}
    assert found.total == len(numbers)


def test_a_term_finds_the_figures_of_what_matches_it_closely(tmp_path: Path) -> None:
    figures = Figures()
    named = figures.add(1, chemicals=("glucose|D005947|Glucose|D-glucopyranose|4167",))
    other = figures.add(2, chemicals=("sugar|D005947|NA|NA|",))
    figures.add(3, chemicals=("lead|D007854|Lead|lead|",))
    with open_index(figures.build(tmp_path)) as index:
        for asked in ("CHEBI:4167", "mesh:D005947"):
            assert set(figids(index.search(asked))) == {named, other}, asked
        (thing,) = index.search("D-glucopyranose").things
        assert (thing.accession, thing.figures) == ("4167", 2)
        assert figids(index.search("D-glucopyranose")) == [named]
        suggestions = [(one.text, one.figures) for one in index.suggest("d-gluco")]
        assert suggestions == [("D-glucopyranose", 2)]


def test_a_term_finds_the_figures_of_all_that_it_matches_closely(tmp_path: Path) -> None:
    figures = Figures()
    figids_of_both = {
        figures.add(1, chemicals=("glucose|D005947|Glucose|D-glucopyranose|4167",)),
        figures.add(2, chemicals=("dextrose|D000002|Dextrose|D-glucopyranose|4167",)),
    }
    with open_index(figures.build(tmp_path)) as index:
        assert set(figids(index.search("CHEBI:4167"))) == figids_of_both


@pytest.mark.parametrize(
    "figures_to_cells",
    [
        {(1, 2): "NA|NA|NA|15377", (3, 4, 5): "D014867|NA|water|15377"},
        {
            (1, 2): "NA|NA|NA|15377",
            (3, 4): "D014867|NA|water|15377",
            (5, 6): "D007053|NA|ice|15377",
        },
        # One figure has both things; others have a thing without its match.
        {
            (1,): "D014867|NA|water|15377",
            (1, 2): "D007053|NA|ice|15377",
            (3, 4): "D007053|NA|NA|NA",
        },
    ],
)
def test_a_term_has_as_many_figures_as_are_found_by_its_id(
    figures_to_cells: dict[tuple[int, ...], str], tmp_path: Path
) -> None:
    rows: dict[int, list[str]] = {}
    for numbers, cells in figures_to_cells.items():
        for number in numbers:
            rows.setdefault(number, []).append(f"water{len(rows)}|{cells}")
    figures = Figures()
    for number, its in rows.items():
        figures.add(number, chemicals=tuple(its))
    with open_index(figures.build(tmp_path)) as index:
        found = index.search("CHEBI:15377")
        assert found.total == len(rows)
        assert found.things[0].accession == "15377"
        assert found.things[0].figures == len(rows)
        for thing in index.search("mesh:D014867").things[:1]:
            assert thing.figures == index.search("mesh:D014867").total


def test_all_words_are_looked_for_where_no_figure_has_the_thing_that_they_identify(
    tmp_path: Path,
) -> None:
    figures = Figures()
    figures.add(1, caption="A mesh.")
    figid = figures.add(2, caption="The mesh D012345.")
    with open_index(figures.build(tmp_path)) as index:
        found = index.search("mesh:D012345")
    assert (figids(found), found.all_words, found.things) == ([figid], True, ())


def test_a_thing_whose_name_has_no_word_is_found_by_its_id(tmp_path: Path) -> None:
    figures = Figures()
    figid = figures.add(1, chemicals=("+|D012345|NA|NA|",))
    with open_index(figures.build(tmp_path)) as index:
        assert figids(index.search("mesh:D012345")) == [figid]
        for nothing in ("!!!", "+", "", "→"):
            assert index.search(nothing).things == ()


def test_names_without_a_word_are_not_found_in_a_release_of_an_earlier_version(
    tmp_path: Path,
) -> None:
    figures = Figures()
    figures.add(1, chemicals=("+|D012345|NA|NA|", "salt|D012965|NA|NA|"))
    release = figures.build(tmp_path)
    with sqlite3.connect(release.search_index) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM name WHERE kind = 'chemical'")]
        assert keys == ["salt"]
        database.execute("UPDATE name SET key = '' WHERE key = 'salt'")
    database.close()
    with open_index(release) as index:
        assert index.search("!!!").things == ()


def test_a_gene_is_not_the_beginning_of_a_word_and_a_word_may_be_unfinished(index: Index) -> None:
    assert figids(index.search("met")) == ["PMC2__f1"]
    assert set(figids(index.search("metab"))) == {"PMC3__f1", "PMC4__f1"}
    assert set(figids(index.search("lipid meta"))) == {"PMC3__f1", "PMC4__f1"}
    assert figids(index.search("meta lipid")) == figids(index.search("lipid"))


def test_where_no_figure_has_all_words_those_with_some_are_marked_as_such(index: Index) -> None:
    found = index.search("lipid fibrosis")
    assert not found.all_words
    assert set(figids(found)) == {"PMC1__f1", "PMC3__f1", "PMC4__f1"}
    nothing = index.search("unheard of")
    assert (nothing.total, nothing.hits, nothing.all_words) == (0, (), True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"TGFβ signaling"', ["PMC1__f1"]),
        ('"TGF beta signaling in fibrosis"', ["PMC1__f1"]),
        ('"and IL-6 follows"', ["PMC1__f1"]),
        ('"and IL 6 follows"', ["PMC1__f1"]),
        ('"Fibrosis of the Lung"', ["PMC1__f1"]),
        ('"metabolism of lipids"', ["PMC3__f1"]),
        ('"lipid metabolism" kras', ["PMC3__f1"]),
        ("lipid -kras", ["PMC4__f1"]),
        ("lipid NOT K-Ras", ["PMC4__f1"]),
        ('lipid -"metabolism of lipids"', ["PMC4__f1"]),
        ("prostaglandins OR fibrosis", ["PMC1__f1", "PMC5__f1"]),
        ('prostaglandins OR "metabolism of lipids" -fibrosis', ["PMC3__f1", "PMC5__f1"]),
        ("lipid -lipids", []),
        ("prostaglandins OR fibrosis/IL-6", ["PMC1__f1", "PMC5__f1"]),
        ("IL-6/fibrosis OR prostaglandins -fibrosis/TGFβ", ["PMC5__f1"]),
    ],
)
def test_phrases_exclusions_and_choices_are_what_they_are_elsewhere(
    text: str, found: list[str], index: Index
) -> None:
    answer = index.search(text)
    assert answer.all_words
    assert sorted(figids(answer)) == found


def test_a_title_with_the_words_of_operators_finds_its_figure(tmp_path: Path) -> None:
    figures = Figures()
    titles = ["CELLS THAT DO NOT EXPRESS P53", "Wnt -catenin OR Notch", "TGF -β in cells"]
    figids_of = [figures.add(n, figtitle=title) for n, title in enumerate(titles, 1)]
    other = figures.add(9, caption="Notch.", figtitle="Oxidative stress OR death")
    with open_index(figures.build(tmp_path)) as index:
        for title, figid in zip(titles, figids_of, strict=True):
            found = index.search(f" {title} ")
            assert (figids(found), found.excluded, found.all_words) == ([figid], (), True)
        assert figids(index.search("notch -catenin")) == [other]
        assert set(figids(index.search("oxidative stress OR notch"))) == {other}


def test_a_phrase_that_no_figure_has_leads_to_figures_with_its_words(index: Index) -> None:
    found = index.search('"signaling TGFβ" -lipid')
    assert (figids(found), found.all_words) == (["PMC1__f1"], False)
    assert (found.words, found.excluded) == (('"signaling TGFβ"',), ("lipid",))


def test_a_phrase_is_marked_as_a_whole(index: Index) -> None:
    (hit,) = index.search('"TGF-β signalling"').hits
    assert text(hit.title) == "[TGF-β] [signalling] in fibrosis"
    assert "[" not in text(hit.snippet)


def test_a_phrase_is_found_as_a_name_in_a_text_and_in_the_picture(tmp_path: Path) -> None:
    figures = Figures()
    named = figures.add(1, chemicals=("urate|D014527|Uric Acid|urate|17775",))
    said = figures.add(2, caption="Of uric acid.")
    pictured = figures.add(3, chemicals=("Uric-acid|NA|NA|NA|NA", "uric acid|NA|NA|NA|NA"))
    figures.add(4, chemicals=("uric|D000001|Uric|uric|1", "acid|D000002|Acid|acid|2"))
    with open_index(figures.build(tmp_path)) as index:
        assert set(figids(index.search('"uric acid"'))) == {named, said, pictured}
        assert figids(index.search('"of" -"uric acid"')) == []
        assert figids(index.search('untitled -"uric acid"')) == ["PMC4__f1"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("fibrossis", "fibrosis"),
        ("Lipid (Fibrosos)", "Lipid (fibrosis)"),
        ("metabolizm lpids", "metabolism lpids"),  # the second letter is taken to be right
        ("lippids", "lipids"),  # the index has it without its s
        ("fibrosis lipid", ""),  # some figures have either
        ("METT", ""),  # of symbols, others are near
        ("unheard of", ""),
        ("https://doi.org/10.1234/fibrossis", ""),
        ("10.1234/fibrossis", ""),
    ],
)
def test_a_word_that_no_figure_has_is_given_in_the_spelling_that_one_has(
    index: Index, text: str, meant: str
) -> None:
    found = index.search(text)
    assert found.meant == meant
    if meant:
        assert index.search(meant).total


def test_few_words_of_a_text_are_corrected(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def spied(word: str, possible: list[str], **_: object) -> list[str]:
        compared.append(word)
        return []

    monkeypatch.setattr("pfocr_rdf.search.meant.get_close_matches", spied)
    words = [f"unknown{letter}" for letter in "abcdefgh"]
    assert index.search(" ".join(["signaling", *words])).meant == ""
    assert compared == words[:MOST]


def test_words_that_were_left_out_are_named(index: Index) -> None:
    typed = [f"lipid{number}" for number in range(MAX_WORDS)]
    found = index.search(" ".join([*typed, "one", "two"]))
    assert found.words == tuple(typed)
    assert found.left_out == ("one", "two")


@pytest.mark.parametrize("asked", ["", " ", "***", "…", "\x00"])
def test_nothing_is_found_where_nothing_is_asked(asked: str, index: Index) -> None:
    found = index.search(asked)
    assert (found.words, found.total, found.hits, found.organisms) == ((), 0, (), ())


# --- identifiers ---


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        *((asked, [1]) for asked in ("PMC1__f1", "PMC1__F1", "PMC1", "pmc1", "figure:PMC1__f1")),
        *((asked, [1]) for asked in ("10.1000/fibrosis.1", "doi:10.1000/FIBROSIS.1", "WP554")),
        ("https://pfocr.wikipathways.org/figures/PMC1__f1", [1]),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1/figure/fig1/", [1]),
        ("https://europepmc.org/articles/PMC1/bin/f1.jpg", [1]),
        *((asked, [3, 2]) for asked in ("ncbigene:3845", "GeneID:3845", "3845")),
        ("https://identifiers.org/ncbigene/3845", [3, 2]),
        *((asked, [2]) for asked in ("mesh:D008687", "D008687", "mesh:D009369")),
        *((asked, [1]) for asked in ("taxon:10090", "NCBITaxon:10090")),
    ],
)
def test_an_identifier_leads_to_its_figures(asked: str, numbers: list[int], index: Index) -> None:
    found = index.search(asked)
    assert figids(found) == [f"PMC{number}__f1" for number in numbers]


def test_the_thing_that_is_identified_is_told_first(index: Index) -> None:
    (kras,) = index.search("ncbigene:3845").things
    assert (kras.kind, kras.name, kras.accession) == ("gene", "KRAS", "3845")
    assert kras.iri == "https://identifiers.org/ncbigene/3845"
    assert (kras.organism, kras.figures) == ("Homo sapiens", 2)
    assert [hit.tier for hit in index.search("ncbigene:3845").hits] == ["symbol", "family"]


def test_things_are_told_that_go_by_the_text(index: Index) -> None:
    things = index.search("TGF-β1").things
    assert [(thing.name, thing.organism) for thing in things] == [
        ("TGFB1", "Homo sapiens"),
        ("Tgfb1", "Mus musculus"),
    ]
    things = index.search("Metformin").things
    assert [thing.accession for thing in things] == ["D008687", "6801"], "and what is close to it"
    assert index.search("lipid metabolism").things == ()


def test_an_identifier_of_nothing_in_the_release_is_words(index: Index) -> None:
    found = index.search("ncbigene:999999")
    assert (found.total, found.things) == (0, ())
    assert found.words == ("ncbigene", "999999")


@pytest.mark.parametrize(
    "asked",
    [
        *("10.1000/fibrosis.2", "doi:10.1000/fibrosis.2", "https://doi.org/10.1000/fibrosis.2"),
        *("https://pfocr.wikipathways.org/figures/PMC1__f2", "http://id.nlm.nih.gov/mesh/D1"),
    ],
)
def test_figures_with_parts_of_an_identifier_of_nothing_are_not_found(
    asked: str, index: Index
) -> None:
    found = index.search(asked)
    assert (found.total, found.all_words) == (0, True)
    assert index.search("fibrosis 2").total, "as words it has figures"


def test_a_mistyped_figid_leads_to_the_figures_of_its_article(index: Index) -> None:
    found = index.search("PMC1__f2")
    assert (figids(found), found.all_words) == (["PMC1__f1"], False)


def test_whoever_opens_an_index_may_recognise_other_identifiers(tmp_path: Path) -> None:
    figures = Figures()
    figures.add(1, gene("KRAS", "KRAS", 3845))
    release = figures.build(tmp_path)

    def identify(asked: str) -> str | None:
        return "https://identifiers.org/ncbigene/3845" if asked == "my gene" else None

    with open_index(release, identify) as index:
        assert [thing.name for thing in index.search("my gene").things] == ["KRAS"]
        assert index.search("ncbigene:3845").total == 0


# --- what is shown ---


def test_a_hit_shows_what_matched_and_holds_no_markup(index: Index) -> None:
    (hit,) = index.search("tgfb1 fibrosis").hits
    assert text(hit.title) == "TGF-β signalling in [fibrosis]"
    assert text(hit.article) == "On [fibrosis] of the lung"
    assert text(hit.snippet) == "[TGF-β1] binds its receptor, and IL-6 follows <b>it</b>."
    assert (hit.snippet_of, hit.year, hit.tier) == ("caption", "2019", "symbol")


def test_the_snippet_is_of_the_text_that_says_why(index: Index) -> None:
    (hit,) = index.search("hras").hits
    assert (hit.snippet_of, text(hit.snippet)) == ("genes", "MET, KRAS, [HRAS]")
    (hit,) = index.search("cox-2").hits
    assert (hit.snippet_of, text(hit.snippet)) == ("words", "[COX2]")
    (hit,) = index.search("metformin").hits
    assert hit.snippet_of == "words"
    (hit,) = index.search("prostaglandins").hits
    assert (hit.snippet_of, text(hit.snippet)) == ("caption", "Nothing.")


def test_a_figure_without_texts_is_shown(tmp_path: Path) -> None:
    figures = Figures()
    nothing: dict[str, Any] = {n: None for n in FIELDS if n not in {"figid", "pmcid"}}
    figures.add(1, gene("KRAS", "KRAS", 3845), **nothing)
    with open_index(figures.build(tmp_path)) as index:
        (hit,) = index.search("kras").hits
    assert (hit.title, hit.article, hit.year) == ((), (), None)
    assert text(hit.snippet) == "[KRAS]"


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, -1), (0, 201)])
def test_a_page_out_of_range_is_refused(offset: int, limit: int, index: Index) -> None:
    with pytest.raises(QueryError, match="give an offset of 0 or more, and a limit from 0 to 200"):
        index.search("x", offset=offset, limit=limit)


# --- suggestions ---


def suggested(index: Index, prefix: str, limit: int = 10) -> list[tuple[str, str, int]]:
    return [(one.text, one.kind, one.figures) for one in index.suggest(prefix, limit)]


def test_what_a_text_may_go_on_to_be_is_suggested(index: Index) -> None:
    assert suggested(index, "k") == [("KRAS", "gene", 2)]
    assert suggested(index, "lipid m") == [("Lipid metabolism", "title", 2)]
    assert suggested(index, "LIPID  METABOLISMS") == [("Lipid metabolism", "title", 2)]
    assert {text for text, _, _ in suggested(index, "met")} == {
        *("MET", "MET and cancer", "Metformin"),
    }
    assert suggested(index, "neopl") == [("Neoplasms", "disease", 1)]
    assert suggested(index, "mus m") == [("Mus musculus", "organism", 1)]


@pytest.mark.parametrize("prefix", ["tgfb", "TGF-β", "tgf-beta", "TGFβ"])
def test_a_suggestion_is_found_in_any_spelling(prefix: str, index: Index) -> None:
    assert ("TGFB1", "gene", 1) in suggested(index, prefix)


def test_genes_of_one_name_are_suggested_once_with_the_iri_of_one(index: Index) -> None:
    (human,) = index.suggest("tgfb1")
    assert (human.text, human.iri) == ("TGFB1", "https://identifiers.org/ncbigene/7040")
    assert index.suggest("lipid")[0].iri is None


def test_those_that_most_figures_have_come_first_and_only_so_many(index: Index) -> None:
    found = suggested(index, "m", 50)
    assert len(found) > 2
    assert [figures for _, _, figures in found] == sorted((n for _, _, n in found), reverse=True)
    assert suggested(index, "m", 2) == found[:2]
    assert suggested(index, "m", 0) == []


def test_a_thing_is_suggested_once_though_it_has_many_names(tmp_path: Path) -> None:
    figures = Figures()
    for number, name in enumerate(["Pyruvate", "Pyruvate", "Pyruvates O", "Pyruv acid"], 1):
        figures.add(number, chemicals=(f"pyr|D019289|pyr|{name}|NA",))
    with open_index(figures.build(tmp_path)) as index:
        assert suggested(index, "pyr") == [("Pyruvate", "chemical", 4)]
        assert suggested(index, "pyruvate o") == [("Pyruvates O", "chemical", 4)]


def test_of_genes_that_share_a_name_that_of_the_commoner_organism_is_suggested(
    tmp_path: Path,
) -> None:
    figures = Figures()
    names = [f"Gen{letter}" for letter in "abcdefgh"]
    rows = [
        row
        for number, name in enumerate(names, 100)
        for row in (gene(name, name, number, of=MOUSE), gene(name, name.upper(), number + 100))
    ]
    figures.add(1, *rows, organisms=["Mus musculus", "Homo sapiens"])
    figures.add(2, organisms=["Homo sapiens"])
    with open_index(figures.build(tmp_path)) as index:
        assert [text for text, _, _ in suggested(index, "gen")] == [n.upper() for n in names]


def test_what_no_figure_has_is_not_suggested(tmp_path: Path) -> None:
    figures = Figures()
    figures.add(1)
    page = "---\nlatin: Imaginarius secundus\nncbi: '77'\n---\n"
    figures.files["_organisms/a.md"] = page
    with open_index(figures.build(tmp_path)) as index:
        assert index.suggest("imag") == ()


@pytest.mark.parametrize("prefix", ["", " ", "*", "%", "_", "'", '"', "\x00", "\ud800", "🧬"])
def test_nothing_is_suggested_for_no_word(prefix: str, index: Index) -> None:
    assert index.suggest(prefix) == ()


@pytest.mark.parametrize("limit", [-1, 51])
def test_a_number_of_suggestions_out_of_range_is_refused(limit: int, index: Index) -> None:
    with pytest.raises(QueryError, match="give 0 to 50"):
        index.suggest("x", limit)


# --- whatever is typed ---


@given(
    st.text(max_size=80)
    | st.text(alphabet=st.sampled_from("\"'()*:^+- aβ1ORANDNE,\x00"), max_size=80)
)
def test_any_text_is_answered(index: Index, typed: str) -> None:
    found = index.search(typed)
    assert found.total >= len(found.hits)
    index.suggest(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("x" * 10_000, "x " * 5_000, '"' * 10_000, "NEAR(" * 2_000, "β-" * 5_000),
        *("a OR " * 2_000, "il 6 " * 2_000, "\x00" * 10_000, "🧬" * 2_500, "kras:" * 2_000),
        "https://" + "a" * 10_000,
    ],
    ids=lambda typed: ascii(typed[:8]),
)
def test_ten_kilobytes_of_anything_are_answered(typed: str, index: Index) -> None:
    assert index.search(typed).total <= index.figures
    assert len(index.suggest(typed)) <= index.figures


# --- releases that cannot be searched ---


def test_a_release_that_was_built_without_an_index_is_refused(copied_release: Release) -> None:
    index = copied_release.search_index
    index.unlink()
    with pytest.raises(ReleaseError) as caught:
        open_index(copied_release)
    assert str(caught.value) == f"{index}: missing: build the release again, or roll back"
    manifest = copied_release.manifest()
    manifest["files"] = [row for row in manifest["files"] if row["name"] != index.name]
    (copied_release.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ReleaseError) as caught:
        open_index(copied_release)
    assert str(caught.value) == (
        f"{index}: the release was built without a search index: "
        "build the release again with this version"
    )


@pytest.mark.parametrize("data", [b"", b"no database" * 1000, b"SQLite format 3\x00" + b"x" * 9000])
def test_a_file_that_is_no_index_is_refused(data: bytes, copied_release: Release) -> None:
    copied_release.search_index.write_bytes(data)
    with pytest.raises(ReleaseError) as caught:
        open_index(copied_release)
    assert str(caught.value).startswith(f"{copied_release.search_index}: not a ")


def test_an_index_of_another_layout_is_refused(copied_release: Release) -> None:
    data = bytearray(copied_release.search_index.read_bytes())
    data[63] += 1  # https://www.sqlite.org/fileformat2.html#user_version_number
    copied_release.search_index.write_bytes(data)
    with pytest.raises(ReleaseError, match="not a search index that this version reads: build"):
        open_index(copied_release)


def test_a_damaged_page_is_told_when_it_is_read(copied_release: Release) -> None:
    data = copied_release.search_index.read_bytes()
    copied_release.search_index.write_bytes(data[:16384] + bytes(len(data) - 16384))
    with ExitStack() as stack, pytest.raises(ReleaseError, match="not a readable search index"):
        stack.enter_context(open_index(copied_release)).search("signaling")


def test_reading_writes_nothing_beside_the_index(copied_release: Release) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in copied_release.path.iterdir()}
    with open_index(copied_release) as index:
        assert index.figures == 5
        assert index.search("signaling").total
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            index._file.database.execute("DELETE FROM figure")
    after = {path.name: path.stat().st_mtime_ns for path in copied_release.path.iterdir()}
    assert after == before


def test_the_samples_are_searched(seeds_release: Release) -> None:
    with open_index(seeds_release) as index:
        found = index.search("HER2 signalling")
        assert found.total == 3
        assert all(words("signaling") in words(text(hit.snippet)) for hit in found.hits)


def test_an_index_without_close_matches_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    figures = Figures()
    figid = figures.add(1, chemicals=("glucose|D005947|Glucose|D-glucopyranose|4167",))
    release = figures.build(tmp_path)
    with sqlite3.connect(release.search_index) as database:
        database.execute("DROP TABLE close")
        database.execute("PRAGMA user_version = 1")
    database.close()
    with open_index(release) as index:
        assert figids(index.search("mesh:D005947")) == [figid]
        assert figids(index.search("CHEBI:4167")) == []
