"""Pages of things: found by any spelling, in pages, in order, of bounded cost, the same as RDF."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Triple

from building import build
from constructing import of_thing
from making import CHEMICAL_COLUMNS, DISEASE_COLUMNS, GENE_COLUMNS, record, table, write
from paging import Markup, Pages, graph, pages_of
from pfocr_rdf.releases import Release
from pfocr_rdf.search.mentions import MANY
from pfocr_rdf.vocabulary import Oa, Pfocr, Schema
from pfocr_rdf.web.pages.thing_facts import PAGE_FIGURES
from pfocr_rdf.web.source import StoreSource

FIGURES: Final = 60
LEXICONS: Final = ("ncbigene_synonym", "famplex_relations", "ncbigene_symbol")


def many(folder: Path, number: int) -> Release:
    """Figures that all have one gene, by evidence and in years that go round."""
    files: dict[str, str | bytes] = {}
    for n in range(number):
        figid = f"PMC{100 + n}__f"
        files[f"_figures/{figid}.md"] = record(
            figid=figid,
            pmcid=f"PMC{100 + n}",
            figtitle=f"Figure {n}",
            papertitle=f"Article {n}",
            year=str(2000 + n % 7),
            journal_title="Journal of Pathways",
            publisher_name="A Press",
            doi=f"10.1000/a{n}",
            figlink=f"/pmc/articles/PMC{100 + n}/figure/F1/",
        )
        rows = [f"9606|Homo sapiens|M|Pghs|PGHS|PTGS1|5742|{LEXICONS[n % 3]}|1|1|1"]
        rows += [
            f"9606|Homo sapiens|M|b{g}|B|B{g}|{g}|ncbigene_symbol|1|1|1" for g in range(1, n % 5)
        ]
        files[f"_data/{figid}-genes.tsv"] = table(GENE_COLUMNS, *rows)
        files[f"_data/{figid}-chemicals.tsv"] = table(
            CHEMICAL_COLUMNS, "TXA2|D014148|TXA2|Tranexamic Acid|48669"
        )
        files[f"_data/{figid}-diseases.tsv"] = table(
            DISEASE_COLUMNS, "lead|D014148|lead|Plumbism|NA", "pain|NA|pain|Pain|0050133"
        )
    return build(write(folder / "records", files), folder / "data").release


@pytest.fixture(scope="module", name="pages")
def _pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return pages_of(many(tmp_path_factory.mktemp("many"), FIGURES))


def listed(pages: Pages, target: str) -> Iterator[Markup]:
    """Every page of a list, by its links to the next."""
    while target:
        page = pages.get(target)
        assert page.status == 200
        markup = Markup(page.text)
        yield markup
        following = [found for _, found in markup.elements if found.get("rel") == "next"]
        target = following[0]["href"] if following else ""


def figures_of(markup: Markup) -> list[str]:
    return [href for href in markup.hrefs() if re.fullmatch(r"/figures/PMC[0-9]+__f", href)]


@pytest.mark.parametrize(
    ("target", "number"),
    [
        ("/gene/5742", FIGURES),
        ("/chemical/D014148", FIGURES),
        ("/disease/DOID:0050133", FIGURES),
        ("/taxon/9606", FIGURES),
        ("/journals/journal-of-pathways", FIGURES),
        ("/publishers/a-press", FIGURES),
        ("/gene/1", FIGURES - FIGURES // 5 - FIGURES // 5),
        ("/article/PMC100", 1),
    ],
)
def test_the_pages_of_a_list_have_every_figure_once(target: str, number: int, pages: Pages) -> None:
    found = [figures_of(markup) for markup in listed(pages, target)]
    assert all(len(figures) == PAGE_FIGURES for figures in found[:-1])
    everything = [figure for figures in found for figure in figures]
    assert len(everything) == len(set(everything)) == number
    text = Markup(pages.get(target).text).text
    assert f"{number} figure" in text


def test_a_page_numbers_its_figures_on_from_the_one_before(pages: Pages) -> None:
    assert f'<ol class="figures" start="{PAGE_FIGURES + 1}">' in pages.get("/gene/5742?page=2").text


def test_the_strongest_evidence_comes_first_and_of_that_the_newest(pages: Pages) -> None:
    order = [
        int(figure.removeprefix("/figures/PMC").removesuffix("__f")) - 100
        for markup in listed(pages, "/gene/5742")
        for figure in figures_of(markup)
    ]
    tier = {2: 0, 0: 1, 1: 2}
    assert order == sorted(order, key=lambda n: (tier[n % 3], -(n % 7)))
    text = Markup(pages.get("/gene/5742").text).text
    assert "20 symbol , 20 synonym , 20 family" in text.replace("symbol,", "symbol ,")


def test_the_word_in_the_picture_stands_beside_each_figure(pages: Pages) -> None:
    markup = Markup(pages.get("/gene/5742").text)
    assert markup.text.count("Pghs symbol") == 20
    assert markup.text.count("Pghs synonym") == PAGE_FIGURES - 20


@pytest.mark.parametrize(
    ("thing", "kinds"),
    [("https://identifiers.org/ncbigene/5742", 2), ("http://id.nlm.nih.gov/mesh/D014148", 2)],
)
def test_what_stands_beside_a_thing_is_counted_as_the_store_counts_it(
    thing: str, kinds: int, pages: Pages
) -> None:
    reading = pages.reading
    assert reading.mentions is not None
    found = reading.mentions.find(thing)
    assert found is not None
    counted: Counter[str] = Counter()
    for triple in reading.incoming(Schema.mentions, NamedNode(thing), 10_000):
        assert isinstance(triple.subject, NamedNode)
        others = reading.values(triple.subject, Schema.mentions)
        counted.update(other for other in others if other != thing)
    beside = reading.mentions.beside(found, 100)
    shown = {
        one.iri: one.figures for kind, ones in beside.items() if kind != "organism" for one in ones
    }
    assert shown == counted
    for ones in beside.values():
        assert [one.figures for one in ones] == sorted((o.figures for o in ones), reverse=True)
    text = Markup(pages.get("/gene/5742").text).text
    assert "Also in the same figures" in text
    assert len(beside) >= kinds


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/gene/5742", 1),
        ("/gene/5742", 3),
        ("/chemical/D014148", 2),
        ("/disease/DOID:0050133", 1),
        ("/taxon/9606", 1),
        ("/article/PMC100", 1),
        ("/journals/journal-of-pathways", 2),
        ("/publishers/a-press", 1),
    ],
)
def test_a_page_says_as_rdf_what_the_store_constructs(target: str, page: int, pages: Pages) -> None:
    html = pages.get(f"{target}?page={page}")
    base = pages.reading.iris.base[:-1]
    figures = [NamedNode(base + figure) for figure in figures_of(Markup(html.text))]
    data = pages.get(f"{target}.nt?page={page}")
    (thing,) = re.findall('<([^>]+)>;rel="describes"', data.headers["link"])
    assert graph(data) == of_thing(pages.reading, NamedNode(thing), figures)
    assert len(figures) > 0


def test_what_no_figure_has_leads_to_what_matches_it_closely(pages: Pages) -> None:
    page = Markup(pages.get("/chemical/CHEBI:48669").text)
    assert "No figure of this release has it." in page.text
    assert "Close to Plumbism" in page.text, "of a MeSH id with two names, one"
    assert "/chemical/D014148" in page.hrefs()
    assert "/chemical/CHEBI:48669" in Markup(pages.get("/chemical/D014148").text).hrefs()
    thing = NamedNode("http://purl.obolibrary.org/obo/CHEBI_48669")
    found = graph(pages.get("/chemical/CHEBI:48669.nt"))
    assert found == of_thing(pages.reading, thing, ())
    assert NamedNode("http://id.nlm.nih.gov/mesh/D014148") in {t.subject for t in found}


@pytest.mark.parametrize("target", ["/gene/5742.nt", "/gene/5742?format=nt"])
def test_all_pages_together_say_of_every_figure_that_it_has_the_thing(
    target: str, pages: Pages
) -> None:
    gene = NamedNode("https://identifiers.org/ncbigene/5742")
    found: set[Triple] = set()
    while target:
        page = pages.get(target)
        found |= graph(page)
        links = re.findall('<https://pages.example.org([^>]+)>;rel="next"', page.headers["link"])
        target = links[0] if links else ""
    said = {t.subject for t in found if t.predicate == Schema.mentions and t.object == gene}
    pattern = (None, Schema.mentions, gene, DefaultGraph())
    assert said == {quad.subject for quad in pages.reading.store.quads_for_pattern(*pattern)}


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/gene/ncbigene:5742", "/gene/5742"),
        ("/gene/GeneID%3A5742", "/gene/5742"),
        ("/gene/https%3A%2F%2Fwww.ncbi.nlm.nih.gov%2Fgene%2F5742", "/gene/5742"),
        ("/gene/ncbigene:5742.ttl", "/gene/5742.ttl"),
        ("/chemical/mesh:D014148", "/chemical/D014148"),
        ("/chemical/d014148", "/chemical/D014148"),
        ("/disease/D014148", "/chemical/D014148"),
        ("/disease/doid:0050133.rdf", "/disease/DOID:0050133.rdf"),
        ("/taxon/NCBITaxon_9606", "/taxon/9606"),
        ("/article/pmc100", "/article/PMC100"),
        ("/article/10.1000%2FA0", "/article/PMC100"),
    ],
)
def test_any_spelling_in_an_address_leads_to_the_address_of_the_thing(
    target: str, location: str, pages: Pages
) -> None:
    page = pages.get(target)
    assert (page.status, page.headers["location"]) == (301, location)
    assert pages.get(location).status == 200


@pytest.mark.parametrize(
    ("spelling", "location"),
    [
        ("ncbigene:5742", "/gene/5742"),
        ("http://purl.uniprot.org/geneid/5742", "/gene/5742"),
        ("MESH:D014148", "/chemical/D014148"),
        ("doi:10.1000/A0", "/article/PMC100"),
        ("https://doi.org/10.1000/a1", "/article/PMC101"),
        ("taxon:9606", "/taxon/9606"),
        ("PMC100__f", "/figures/PMC100__f"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC101/figure/F1/", "/figures/PMC101__f"),
        ("https://europepmc.org/articles/PMC101/bin/f1.jpg", "/figures/PMC101__f"),
        (
            "https://pfocr.wikipathways.org/journals/journal-of-pathways",
            "/journals/journal-of-pathways",
        ),
        ("https://pfocr.wikipathways.org/ontology#tier", "/ontology#tier"),
        ("https://pfocr.wikipathways.org/dataset", "/dataset"),
    ],
)
def test_any_spelling_of_anything_leads_to_its_page(
    spelling: str, location: str, pages: Pages
) -> None:
    for target in (
        f"/thing?iri={quote(spelling, safe='')}",
        f"/thing?id={quote(spelling, safe='')}",
    ):
        page = pages.get(target)
        assert (page.status, page.headers["location"]) == (302, location)
    assert pages.get(f"/thing/{quote(spelling, safe=':/')}".partition("#")[0]).status == 302


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/thing", 400),
        ("/thing?iri=", 400),
        ("/thing?iri=5742", 404),
        ("/thing?iri=ncbigene:1999", 404),
        ("/thing?iri=javascript:alert(1)", 404),
        ("/thing?iri=//evil.example/", 404),
        ("/thing?iri=https://evil.example/", 404),
        ("/thing?iri=https://pfocr.wikipathways.org//evil.example/", 404),
        ("/thing?iri=https://pfocr.wikipathways.org/a%20b", 404),
        ("/gene/5742?page=4", 404),
        ("/gene/5742?page=0", 400),
        ("/gene/5742?page=-1", 400),
        ("/gene/5742?page=%D9%A1", 400),
        ("/gene/5742?page=99999999999999999999", 400),
    ],
)
def test_what_is_no_thing_and_no_page_is_refused(target: str, status: int, pages: Pages) -> None:
    page = pages.get(target)
    assert page.status == status
    assert page.refusal is not None


def test_a_number_alone_is_answered_with_what_it_may_mean(pages: Pages) -> None:
    refusal = pages.get("/thing?iri=5742").refusal
    assert refusal is not None
    assert "ncbigene:5742" in refusal.detail


def test_links_lead_to_where_people_read_of_the_thing(pages: Pages) -> None:
    for target, hrefs in (
        ("/gene/5742", ["https://www.ncbi.nlm.nih.gov/gene/5742"]),
        ("/chemical/D014148", ["https://meshb.nlm.nih.gov/record/ui?ui=D014148"]),
        ("/chemical/CHEBI:48669", ["https://www.ebi.ac.uk/chebi/searchId.do?chebiId=CHEBI:48669"]),
        ("/disease/DOID:0050133", ["https://disease-ontology.org/?id=DOID:0050133"]),
        ("/taxon/9606", ["https://www.uniprot.org/taxonomy/9606"]),
        (
            "/article/PMC100",
            ["https://europepmc.org/article/PMC/PMC100", "https://doi.org/10.1000/a0"],
        ),
    ):
        found = Markup(pages.get(target).text).hrefs()
        assert set(hrefs) <= set(found), target


def test_a_thing_that_many_figures_have_is_counted_when_it_is_built(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, pages: Pages
) -> None:
    monkeypatch.setattr("pfocr_rdf.search.mentions.MANY", 10)
    counted = pages_of(many(tmp_path_factory.mktemp("counted"), FIGURES))
    for target in ("/gene/5742", "/gene/2", "/chemical/D014148", "/taxon/9606"):
        html = [Markup(each.get(target).text).text for each in (pages, counted)]
        assert html[0].split("release")[0] == html[1].split("release")[0]
    assert counted.reading.mentions is not None
    found = counted.reading.mentions.find("https://identifiers.org/ncbigene/5742")
    assert found is not None
    assert found.kept is not None
    assert FIGURES < MANY


def test_a_page_reads_no_more_of_a_thing_that_many_figures_have(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is asked for patterns with a bounded number of matches alone."""
    unbounded = (Schema.mentions, Oa.has_body, Schema.about, Pfocr.predicted_organism)
    store = pages.reading.store
    asked: list[tuple[object, ...]] = []

    class Watched:
        def quads_for_pattern(self, *pattern: object) -> object:
            asked.append(pattern)
            return store.quads_for_pattern(*pattern)  # type: ignore[arg-type]  # as it was asked

    reading = pages.reading
    watched = type(reading)(
        reading.release,
        reading.manifest,
        reading.iris,
        StoreSource(Watched()),  # type: ignore[arg-type]  # all that is used of a store
        reading.search,
        reading.mentions,
    )
    monkeypatch.setattr(pages, "reading", watched)
    for target in ("/gene/5742", "/chemical/D014148", "/taxon/9606"):
        assert pages.get(target).status == 200
    assert asked
    for subject, predicate, value, *_ in asked:
        assert subject is not None or (value is not None and predicate not in unbounded)


def test_a_release_without_an_index_lists_what_it_can(pages: Pages) -> None:
    reading = pages.reading
    parts = reading.release, reading.manifest, reading.iris, reading.source
    bare = type(reading)(*parts, None, None)
    without = Pages(bare)
    text = Markup(without.get("/gene/5742").text).text
    assert "Some figures" in text
    assert without.get("/gene/1000000", "text/html").status == 404
    assert graph(without.get("/gene/5742.ttl"))
