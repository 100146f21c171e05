"""The page of a figure: what a person sees, and that no text in it can do anything."""

import json
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import quote

import pytest
from pyoxigraph import QuerySolutions

from building import build
from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    FIGID,
    GENE_COLUMNS,
    record,
    table,
    write,
)
from paging import Markup, Pages, pages_of
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.releases import Release
from pfocr_rdf.results import gmt_lines
from pfocr_rdf.web.pages.figure_facts import Candidate, FigureFacts, Mention
from pfocr_rdf.web.pages.gene_lists import Gene, gene_lists, genes_of
from validating import flaws, told_by_validator

ADDRESS: Final = f"/figures/{FIGID}"
#: What a family's name expands to, all human.
FAMILY: Final = tuple(range(1300, 1317))
GENES: Final = table(
    GENE_COLUMNS,
    *(f"9606|Homo sapiens|M|COX|COX|COX{n}|{n}|famplex_relations|2|1|3" for n in FAMILY),
    "9606|Homo sapiens|M|COX1|COX1|PTGS1|5742|ncbigene_synonym|2|1|3",
    "10090|Mus musculus|R|COX1|COX1|Ptgs1|19224|ncbigene_synonym|1|NA|1",
    "9606|Homo sapiens|M|PTGDS|PTGDS|PTGDS|5730|ncbigene_symbol|2|1|3",
    "10090|Mus musculus|R|PTGDS|PTGDS|PTGDS|19215|ncbigene_symbol|1|NA|1",
)
TABLES: Final = {
    f"_data/{FIGID}-genes.tsv": GENES,
    f"_data/{FIGID}-chemicals.tsv": table(
        CHEMICAL_COLUMNS, "TXA2|D014148|Tranexamic Acid|tranexamic acid|48669", "Ca2+|NA|NA|NA|NA"
    ),
    f"_data/{FIGID}-diseases.tsv": table(DISEASE_COLUMNS, "pain|D010146|pain|Pain|NA"),
    "_data/ndex_map.tsv": f"figid\tvalue\n{FIGID}\t22c6eaa2-dee5-11ea-99da-0ac135e8bacf\n",
    "_data/wpid_map.tsv": f"figid\tvalue\n{FIGID}\tWP554_r120933\n",
}
#: What would run, or break out of where it stands, if it were not escaped.
ATTACKS: Final = (
    "<script>document.title='run'</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "'-alert(3)-'",
    "<!-- <script>",
    "]]><svg onload=alert(4)>",
    "{{ 7 * 7 }}{% raw %}",
    "a\u2028b\u2029c",
    "&lt;script&gt; &amp; &#60;b>",
    "</textarea><b>",
)


def made(folder: Path, **changes: object) -> Release:
    files = {f"_figures/{FIGID}.md": record(**changes), **TABLES}
    return build(write(folder / "records", files), folder / "data").release


@pytest.fixture(scope="module", name="pages")
def _pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("figure")
    return pages_of(
        made(
            folder,
            doi="10.1000/ABC(1)",
            journal_title="Journal of Pathways",
            publisher_name="A Press",
            automl_pathway="0.95",
            organisms_ner=["Mus musculus", "plasmids"],
        )
    )


@pytest.fixture(scope="module", name="markup")
def _markup(pages: Pages) -> Markup:
    return Markup(pages.get(ADDRESS).text)


def rows(pages: Pages) -> dict[str, str]:
    """The text of each row of a mention, by its word."""
    text = pages.get(ADDRESS).text
    found = re.findall(r'<tr id="mention-[0-9a-f]{12}">(.*?)</tr>', text, re.DOTALL)
    texts = [Markup(f"<tr>{row}</tr>").text for row in found]
    return {text.split(" ")[0]: text for text in texts}


def test_the_picture_is_loaded_late_and_has_a_way_out(markup: Markup) -> None:
    (picture,) = [found for tag, found in markup.elements if tag == "img"]
    assert picture["src"] == "https://europepmc.org/articles/PMC1/bin/f1.jpg"
    assert picture["loading"] == "lazy"
    assert "A pathway" in picture["alt"]
    assert picture["src"] in markup.hrefs(), "a link that works without a script"
    assert picture["data-at"] in markup.hrefs()


def test_a_word_with_many_candidates_says_how_many(pages: Pages) -> None:
    found = rows(pages)
    assert "17 candidates" in found["COX"]
    assert "family" in found["COX"]
    assert all(f"COX{n} {n}" in found["COX"] for n in FAMILY)
    assert "2 candidates" in found["COX1"]
    assert "PTGS1 5742 Homo sapiens" in found["COX1"]
    assert "Ptgs1 19224 Mus musculus" in found["COX1"]
    assert "synonym" in found["COX1"]


def test_a_word_that_stands_for_nothing_known_says_so(pages: Pages) -> None:
    assert "nothing was identified" in rows(pages)["Ca2+"]


def test_the_strongest_evidence_comes_first(pages: Pages) -> None:
    assert list(rows(pages)) == ["PTGDS", "COX1", "COX", "Ca2+", "TXA2", "pain"]


def test_everything_that_a_record_says_is_shown(markup: Markup) -> None:
    for text in (
        "A pathway, drawn.",
        "Ada Byron, et al. J Path. 2019 May;20(10):2505.",
        "doi:10.1000/abc(1)",
        "Journal of Pathways",
        "0.95",
        "plasmids",
        "Tranexamic Acid",
        f"{FIGID}.md",
    ):
        assert text in markup.text, text


def test_links_lead_to_the_pages_here_and_to_other_sites(markup: Markup) -> None:
    hrefs = markup.hrefs()
    for href in (
        "/article/PMC1",
        "/journals/journal-of-pathways",
        "/taxon/9606",
        "/taxon/10090",
        "/gene/5742",
        "/chemical/D014148",
        "/disease/D010146",
        "/ontology#famplex_relations",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/figure/F1/",
        "https://europepmc.org/articles/PMC1",
        "https://doi.org/10.1000/abc(1)",
        "https://www.ndexbio.org/viewer/networks/22c6eaa2-dee5-11ea-99da-0ac135e8bacf",
        "https://identifiers.org/wikipathways/WP554",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "https://github.com/wikipathways/pfocr-database/blob/main/_figures/PMC1__f1.md",
        f"/queries/similar-figures?figure={FIGID}",
    ):
        assert href in hrefs, href
    (query,) = [href for href in hrefs if href.startswith("/sparql?query=")]
    assert "CONSTRUCT" in query


def test_the_licence_of_the_record_is_not_claimed_for_the_picture(markup: Markup) -> None:
    assert "Picture and caption are the article's, under its licence" in markup.text
    licences = [found for _, found in markup.elements if found.get("rel") == "license"]
    assert len(licences) == 1, "that of the records, at the foot of the page"


def test_counts_of_organisms_are_places_on_the_page(markup: Markup) -> None:
    assert {"organism-9606", "organism-10090"} <= set(markup.attributes("id"))


def test_genes_are_listed_by_the_strength_of_the_evidence(pages: Pages) -> None:
    text = pages.get(ADDRESS).text
    areas = re.findall(r'aria-label="([^"]+)">([^<]*)</textarea>', text)
    lists = {label: content.split("\n") for label, content in areas}
    assert lists["Symbols: Found by their symbol"] == ["PTGDS"]
    assert lists["NCBI Gene ids: Found by their symbol"] == ["5730", "19215"]
    assert lists["Symbols: By symbol or synonym"] == ["PTGDS", "PTGS1", "Ptgs1"]
    assert len(lists["NCBI Gene ids: All candidates, families too"]) == len(FAMILY) + 4


def test_a_gene_that_two_words_stand_for_has_the_stronger_evidence_of_the_two() -> None:
    candidate = Candidate("https://identifiers.org/ncbigene/5730", "PTGDS", "5730", None)
    words, tiers = ("PTGDS", "L-PGDS", "PGDS"), ("symbol", "synonym", "family")
    mentions = [
        Mention(word, "gene", word, None, tier, None, None, [candidate], 1, [])
        for word, tier in zip(words, tiers, strict=True)
    ]
    figure = cast(FigureFacts, SimpleNamespace(mentions=mentions))
    assert genes_of(figure) == [Gene(candidate, "symbol", frozenset(tiers), words)]
    assert [each.tier for each in gene_lists(figure)] == ["symbol"]


def test_genes_can_be_fetched_as_a_set(pages: Pages) -> None:
    page = pages.get(f"{ADDRESS}/genes.gmt?tier=symbol")
    assert page.text == f"{FIGID}\tA pathway\t5730\t19215\n"
    assert page.headers["content-disposition"] == f'attachment; filename="{FIGID}-genes.gmt"'
    assert len(pages.get(f"{ADDRESS}/genes.gmt").text.split("\t")) == 2 + len(FAMILY) + 4
    assert pages.get(f"{ADDRESS}/genes.gmt?tier=best").status == 400
    assert pages.get(f"{ADDRESS}/genes.xls").status == 404
    assert pages.get("/figures/PMC1__f2/genes.gmt").status == 404


def test_genes_can_be_fetched_as_a_table(pages: Pages) -> None:
    lines = pages.get(f"{ADDRESS}/genes.tsv?tier=symbol,synonym").text.splitlines()
    assert lines[0].split("\t") == ["symbol", "ncbigene", "organism", "tier", "words"]
    assert lines[1].split("\t") == ["PTGDS", "5730", "Homo sapiens", "symbol", "PTGDS"]
    assert len(lines) == 5


@pytest.mark.parametrize("tier", ["symbol", "synonym", "family", "symbol,synonym", "any"])
def test_a_tier_means_the_same_in_a_list_and_in_a_named_query(tier: str, pages: Pages) -> None:
    reading = pages.reading
    query = bind(load_query("gene-sets"), {"tier": tier, "minimum": "1"}, reading.iris)
    answer = reading.store.query(query, prefixes=reading.iris.prefixes())
    assert isinstance(answer, QuerySolutions)
    page = pages.get(f"{ADDRESS}/genes.gmt?tier={tier}")
    assert [page.text] == list(gmt_lines(answer, reading.iris))


def test_headings_go_down_one_step_at_a_time(markup: Markup) -> None:
    levels = [int(tag[1]) for tag, _ in markup.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_name_their_rows_and_columns(markup: Markup) -> None:
    assert all(
        found.get("scope") in ("row", "col") for tag, found in markup.elements if tag == "th"
    )


def test_a_record_without_words_shows_its_keywords(tmp_path: Path) -> None:
    files = {f"_figures/{FIGID}.md": record(**{"schema-jsonld": {"keywords": ["PTGS1", "Pain"]}})}
    release = build(write(tmp_path / "records", files), tmp_path / "data").release
    text = Markup(pages_of(release).get(ADDRESS).text).text
    assert "only keywords: PTGS1, Pain." in text


PLACES: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "at PubMed Central": ({}, "at PubMed Central or as a file at Europe PMC."),
    "nowhere said": ({"figlink": None}, "in its article or as a file at Europe PMC."),
    "of another article": (
        {"figlink": "/pmc/articles/PMC9/figure/F1/"},
        "in its article or as a file at Europe PMC.",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_wherever_the_picture_is_a_whole_sentence_says_so(place: str, tmp_path: Path) -> None:
    changes, words = PLACES[place]
    text = Markup(pages_of(made(tmp_path, **changes)).get(ADDRESS).text).text
    said = re.sub(r"\s+", " ", text).replace(" .", ".")
    assert f"The picture {words} Picture and caption are the article's" in said


@pytest.mark.parametrize(
    ("citation", "shown", "year"),
    [
        ("A B. J Path. 2019;7(NA).", "A B. J Path. 2019;7.", ""),
        ("A B. J Path. ;33(10):1-2.", "A B. J Path. 2019;33(10):1-2.", ""),
        ("A B. J Path. 2020 Jan;11(1):27.", "A B. J Path. 2020 Jan;11(1):27.", "Year 2019"),
    ],
)
def test_a_citation_is_shown_with_its_year_and_without_what_it_has_not(
    citation: str, shown: str, year: str, tmp_path: Path
) -> None:
    pages = pages_of(made(tmp_path, reftext=citation))
    text = Markup(pages.get(ADDRESS).text).text
    assert f"The picture: {shown} " in text
    assert text.count(shown) == 2
    assert ("Year" in text) == bool(year)
    assert year in text
    assert shown in Markup(pages.get("/article/PMC1").text).text
    assert citation in pages.get(f"{ADDRESS}.nt").text, "the data have it as it was written"


def hostile(folder: Path, text: str) -> Pages:
    """Pages of a record that has a text wherever it can have one."""
    gene = f"9606|Homo sapiens|M|{text}|{text}|PTGS1|5742|ncbigene_symbol|1|1|1"
    files = {
        f"_figures/{FIGID}.md": record(
            figtitle=text,
            caption=f"Caption {text}",
            papertitle=text,
            reftext=text,
            journal_title=f"J {text}",
            publisher_name=f"P {text}",
            organisms=[f"O {text}"],
            keywords=[text],
        ),
        f"_data/{FIGID}-genes.tsv": table(GENE_COLUMNS, gene),
    }
    return pages_of(build(write(folder / "records", files), folder / "data").release)


def skeleton(markup: Markup) -> list[tuple[str, list[str]]]:
    """Elements and the names of their attributes."""
    return [(tag, sorted(found)) for tag, found in markup.elements]


@pytest.fixture(scope="module", name="harmless")
def _harmless(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return hostile(tmp_path_factory.mktemp("harmless"), "harmless")


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_texts_do_nothing(attack: str, harmless: Pages, tmp_path: Path) -> None:
    pages = hostile(tmp_path, attack)
    for target in (ADDRESS, "/article/PMC1", "/gene/5742"):
        markup = Markup(pages.get(target).text)
        assert skeleton(markup) == skeleton(Markup(harmless.get(target).text))
        assert not re.search("[<>&\u2028\u2029]", markup.json_ld)
        assert json.loads(markup.json_ld)["@graph"]
        assert " ".join(attack.split()) in markup.text
    assert pages.get(f"{ADDRESS}/genes.tsv").text.count("\n") == 2


def test_pages_of_hostile_texts_are_valid(tmp_path: Path) -> None:
    pages = hostile(tmp_path, " ".join(ATTACKS))
    targets = [ADDRESS, "/article/PMC1", "/gene/5742", "/", "/releases", "/nothing"]
    for attack in ATTACKS:
        targets += [f"/search?q={quote(attack)}", f"/sparql?query={quote(attack)}"]
    texts = {target: pages.get(target, "text/html").text for target in targets}
    assert {target: found for target, text in texts.items() if (found := flaws(text))} == {}
    assert told_by_validator(texts, tmp_path) == []


def test_hostile_texts_stay_as_they_are_in_the_data(tmp_path: Path) -> None:
    files = {f"_figures/{FIGID}.md": record(caption="".join(ATTACKS[:7]))}
    release = build(write(tmp_path / "records", files), tmp_path / "data").release
    block = json.loads(Markup(pages_of(release).get(ADDRESS).text).json_ld)
    captions = [node["caption"] for node in block["@graph"] if "caption" in node]
    assert captions == ["".join(ATTACKS[:7])]
