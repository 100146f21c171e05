"""Every IRI of a release answers in every form, every form says the same, every link leads on."""

from functools import cache
from typing import Final
from urllib.parse import urljoin

import pytest
from pyoxigraph import DefaultGraph, NamedNode, QueryTriples, RdfFormat

from paging import NAME_TO_RDF, Markup, Page, Pages, graph, pages_of
from parsing import by_pyoxigraph, by_rdflib
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr
from pfocr_rdf.web.pages.forms import FORMS, HTML, RDF_FORMS
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.pages.terms import ontology_triples

#: Of the real records every so many are asked here; all would take minutes.
EVERY: Final = 80
#: What answers elsewhere: the endpoint, the root, and pages that other routes make.
ELSEWHERE: Final = ("", "sparql", "search", "queries")
RELEASES: Final = ("seeds_release", "mixed_release", "corpus_release")


@cache
def site(release: Release) -> Pages:
    return pages_of(release)


@pytest.fixture(params=RELEASES, name="pages")
def _pages(request: pytest.FixtureRequest) -> Pages:
    return site(request.getfixturevalue(request.param))


def addresses(pages: Pages) -> list[str]:
    """Every address here that the data name, without the fragment, in order."""
    reading = pages.reading
    links = Links(reading.iris)
    found: dict[str, None] = {}
    for quad in reading.store.quads_for_pattern(None, None, None, DefaultGraph()):
        for node in (quad.subject, quad.predicate, quad.object):
            if isinstance(node, NamedNode):
                address = links.address(node.value)
                if address is not None:
                    found[address.partition("#")[0]] = None
    chosen = sorted(set(found) - set(ELSEWHERE))
    return chosen[::EVERY] if len(chosen) > 2000 else chosen


def followed(pages: Pages, target: str, accept: str) -> Page:
    """What is at the end of at most one redirection."""
    page = pages.get(target, accept)
    return pages.get(page.headers["location"], accept) if page.status == 301 else page


def test_every_iri_answers_in_five_forms_that_say_the_same(pages: Pages) -> None:
    asked = addresses(pages)
    assert len(asked) > 20
    everything = {quad.triple for quad in pages.reading.store} | set(ontology_triples())
    for address in asked:
        html = followed(pages, f"/{address}", "text/html")
        assert html.status == 200, address
        if address.startswith("dumps/") or address.endswith(".html"):
            continue  # a file, or the page itself: it has no other form
        assert html.media_type == "text/html", address
        graphs = []
        for form in RDF_FORMS:
            page = followed(pages, f"/{address}", form.media_type)
            assert page.media_type == form.media_type
            graphs.append(graph(page))
        assert graphs[0], address
        assert graphs[0] <= everything, "nothing is said that the data do not say"
        assert all(other == graphs[0] for other in graphs), address
        markup = Markup(html.text)
        embedded = by_pyoxigraph(markup.json_ld.encode(), RdfFormat.JSON_LD)
        assert embedded == graphs[0], address
        ids = markup.attributes("id")
        assert len(ids) == len(set(ids)), address


def test_the_rdf_of_a_figure_is_the_answer_of_a_named_query(pages: Pages) -> None:
    reading = pages.reading
    figures = reading.subjects(RDF_TYPE, Pfocr.PathwayFigure, 10_000)
    for figure in figures[:: max(1, len(figures) // 20)]:
        figid = figure.value.rpartition("/")[2]
        text = bind(load_query("figure-record"), {"figure": figure.value}, reading.iris)
        answer = reading.store.query(text)
        assert isinstance(answer, QueryTriples)
        assert graph(pages.get(f"/figures/{figid}.nt")) == set(answer)


def test_another_library_reads_the_same(seeds_release: Release) -> None:
    pages = site(seeds_release)
    names = {"turtle": "turtle", "ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}
    for address in ("/figures/PMC6566596__ijms-20-02505-g004", "/gene/5594", "/ontology"):
        for form in RDF_FORMS:
            page = pages.get(address, form.media_type)
            theirs = by_rdflib(page.body, names[form.name])
            assert theirs == by_pyoxigraph(page.body, NAME_TO_RDF[form.name])


def internal(pages: Pages, target: str) -> set[str]:
    """The addresses that a page links to here, without their fragments."""
    markup = Markup(pages.get(target, "text/html").text)
    found = [*markup.hrefs(), *markup.attributes("src"), *markup.attributes("action")]
    local = {urljoin(target, href).partition("#")[0] for href in found}
    return {href for href in local if href.startswith("/")}


def is_elsewhere(href: str) -> bool:
    """Whether other routes than those tested here answer it."""
    return href.partition("?")[0].partition("/")[2].partition("/")[0] in ELSEWHERE


def test_every_link_within_the_site_resolves(mixed_release: Release) -> None:
    pages = site(mixed_release)
    waiting, seen = ["/figures/PMC2__f1", "/releases", "/dataset", "/nothing"], set[str]()
    kinds = set()
    while waiting:
        target = waiting.pop()
        kinds.add(target.split("/")[1].partition("?")[0])
        for href in internal(pages, target) - seen:
            seen.add(href)
            if is_elsewhere(href):
                continue
            page = followed(pages, href, "text/html,*/*;q=0.1")
            assert page.status == 200, (target, href)
            if page.headers["content-type"].startswith("text/html"):
                waiting.append(href)
    assert kinds >= {
        *("figures", "gene", "chemical", "disease", "taxon", "article", "journals", "publishers"),
        *("ontology", "dataset", "releases"),
    }


def test_places_that_are_linked_to_exist(mixed_release: Release) -> None:
    pages = site(mixed_release)
    for target in ("/figures/PMC2__f1", "/ontology", f"/releases/{pages.reading.version}"):
        markup = Markup(pages.get(target).text)
        here = [href for href in markup.attributes("href") if href.startswith("#")]
        assert {href[1:] for href in here} <= set(markup.attributes("id"))


def test_five_forms_are_offered() -> None:
    assert [form.name for form in FORMS] == ["html", "turtle", "ntriples", "jsonld", "rdfxml"]
    assert HTML not in RDF_FORMS
