"""One address, five forms: which one a request gets, and what its headers say."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Final

import pytest
from pyoxigraph import NamedNode

from paging import PUBLIC, Page, Pages, graph, pages_of
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema
from pfocr_rdf.web.pages.forms import FORMS, HTML, split_suffix

BROWSER: Final = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
)
#: What a client sends → what it gets.
ACCEPT_TO_TYPE: Final = {
    None: "text/html",
    "": "text/html",
    "*/*": "text/html",
    BROWSER: "text/html",
    "text/turtle": "text/turtle",
    "text/turtle, */*;q=0.1": "text/turtle",
    "text/turtle;q=0.5, application/n-triples": "application/n-triples",
    "application/ld+json": "application/ld+json",
    "application/json": "application/ld+json",
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"': "application/ld+json",
    "application/rdf+xml": "application/rdf+xml",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
    "application/x-turtle": "text/turtle",
    "text/plain": "application/n-triples",
    "text/n3": "text/turtle",
    "application/trig": "text/turtle",
    "application/n-quads": "application/n-triples",
    "text/*;q=0.1, application/rdf+xml;q=0.2": "application/rdf+xml",
    "text/html;q=0, */*": "text/turtle",
    # What rdflib sends.
    "application/rdf+xml, text/rdf+n3, application/xhtml+xml, */*;q=0.1": "application/rdf+xml",
}
UNACCEPTABLE: Final = ("image/png", "text/html;q=0", "*/*;q=0")


class Remembering(Pages):
    """Pages that are asked for once in the same way: the tests look at different parts of them."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages.reading)
        self._known: dict[tuple[str, ...], Page] = {}

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> Page:
        asked = (method, target, *chain(*headers.items()))
        if asked not in self._known:
            self._known[asked] = super().ask(method, target, headers)
        return self._known[asked]


@pytest.fixture(scope="module", name="pages")
def _pages(mixed_release: Release) -> Pages:
    return Remembering(pages_of(mixed_release))


def kinds_of_page(pages: Pages) -> dict[str, str]:
    """One address of every kind of page."""
    reading = pages.reading
    journal = reading.subjects(RDF_TYPE, Schema.Periodical, 1)[0].value
    publishers = [
        node.value
        for node in reading.subjects(RDF_TYPE, Schema.Organization, 9)
        if node.value.startswith(reading.iris.base)
    ]
    return {
        "figure": "/figures/PMC2__f1",
        "gene": "/gene/5742",
        "chemical": "/chemical/D007854",
        "ChEBI term": "/chemical/CHEBI:25016",
        "disease": "/disease/DOID:12",
        "taxon": "/taxon/9606",
        "article": "/article/PMC2",
        "journal": journal.removeprefix(reading.iris.base[:-1]),
        "publisher": publishers[0].removeprefix(reading.iris.base[:-1]),
        "vocabulary": "/ontology",
        "dataset": "/dataset",
        "release": f"/releases/{reading.version}",
        "graph": "/graph/equivalents",
    }


KINDS: Final = (
    *("figure", "gene", "chemical", "ChEBI term", "disease", "taxon", "article", "journal"),
    *("publisher", "vocabulary", "dataset", "release", "graph"),
)


#: A page of each module that makes pages.
MADE_APART: Final = ("figure", "gene", "vocabulary", "dataset", "release", "graph")


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, pages: Pages) -> str:
    return kinds_of_page(pages)[request.param]


@pytest.mark.parametrize("address", MADE_APART, indirect=True)
@pytest.mark.parametrize("accept", ACCEPT_TO_TYPE)
def test_the_form_is_the_one_that_is_accepted_best(
    accept: str | None, address: str, pages: Pages
) -> None:
    page = pages.get(address, accept)
    assert (page.status, page.media_type) == (200, ACCEPT_TO_TYPE[accept])
    assert page.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("address", MADE_APART, indirect=True)
@pytest.mark.parametrize("accept", UNACCEPTABLE)
def test_what_is_not_there_is_refused_with_a_list_of_what_is(
    accept: str, address: str, pages: Pages
) -> None:
    page = pages.get(address, accept)
    assert page.status == 406
    assert page.refusal is not None
    assert page.refusal.members["available"] == [form.media_type for form in FORMS]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_suffix_names_the_form_whatever_is_accepted(
    form: object, address: str, pages: Pages
) -> None:
    assert form in FORMS
    found = next(f for f in FORMS if f is form)
    page = pages.get(address + found.suffix, "image/png")
    assert (page.status, page.media_type) == (200, found.media_type)
    assert page.headers["content-location"] == address + found.suffix
    assert page.body == pages.get(address, found.media_type).body


def test_a_link_may_name_the_format(address: str, pages: Pages) -> None:
    for name, media_type in (
        ("ttl", "text/turtle"),
        ("html", "text/html"),
        ("json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
    ):
        assert pages.get(f"{address}?format={name}", BROWSER).media_type == media_type
    assert pages.get(f"{address}?format=docx").status == 406


def test_every_form_leads_to_every_other(address: str, pages: Pages) -> None:
    for form in FORMS:
        links = pages.get(address, form.media_type).headers["link"].split(", ")
        found = [re.fullmatch(r'<([^> ]+)>;rel="alternate";type="([^"]+)"', link) for link in links]
        alternates = {match[2]: match[1] for match in found if match}
        assert set(alternates) == {other.media_type for other in FORMS} - {form.media_type}
        for media_type, target in alternates.items():
            assert target.startswith(PUBLIC)
            assert pages.get(target.removeprefix(PUBLIC[:-1])).media_type == media_type


def test_links_say_what_describes_what(address: str, pages: Pages) -> None:
    page, data = pages.get(address), pages.get(address, "text/turtle")
    canonical = f'<{PUBLIC[:-1]}{address}>;rel="canonical"'
    assert canonical in page.headers["link"]
    assert canonical in data.headers["link"]
    turtle = f'<{PUBLIC[:-1]}{address}.ttl>;rel="describedby";type="text/turtle"'
    assert turtle in page.headers["link"]
    assert ';rel="describes"' in data.headers["link"]


def test_links_are_read_by_programs_that_judge_datasets(address: str, pages: Pages) -> None:
    for form in FORMS:
        header = pages.get(address, form.media_type).headers["link"]
        # How FAIR-Checker reads it: what has no type swallows the link after it.
        read = re.findall('<(.*?)>*;*rel="(.*?)"*;*type="(.*?)"', header)
        links = [link for link in header.split(", ") if ";type=" in link]
        assert [f'<{t}>;rel="{relation}";type="{kind}"' for t, relation, kind in read] == links
        if form is HTML:
            assert read[0][1:] == ("describedby", "text/turtle")


def test_an_etag_is_that_of_a_form_and_answers_304(address: str, pages: Pages) -> None:
    tags = set()
    for form in FORMS:
        page = pages.get(address, form.media_type)
        tag = page.headers["etag"]
        assert tag.startswith('W/"')
        tags.add(tag)
        again = pages.get(address, form.media_type, if_none_match=f'"other", {tag}')
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        for header in ("vary", "cache-control", "content-location"):
            assert again.headers[header] == page.headers[header]
        assert pages.get(address, form.media_type, if_none_match='"other"').status == 200
    assert len(tags) == len(FORMS)


def test_head_has_the_headers_of_get(address: str, pages: Pages) -> None:
    page = pages.get(address)
    assert pages.ask("HEAD", address, {}).headers == page.headers


def test_a_page_can_be_compressed(pages: Pages) -> None:
    plain = pages.get("/ontology")
    packed = pages.get("/ontology", accept_encoding="zstd")
    assert packed.headers["content-encoding"] == "zstd"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.body == plain.body


def test_a_page_forbids_what_it_does_not_need(address: str, pages: Pages) -> None:
    policy = pages.get(address).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy


def test_another_release_has_other_etags(mixed_release: Release, seeds_release: Release) -> None:
    tags = {pages_of(r).get("/ontology").headers["etag"] for r in (mixed_release, seeds_release)}
    assert len(tags) == 2


def test_only_one_suffix_is_cut() -> None:
    assert split_suffix("figures/PMC1__a.ttl.ttl") == ("figures/PMC1__a.ttl", FORMS[1])
    assert split_suffix("figures/.ttl") == ("figures/.ttl", None)
    assert split_suffix("figures/PMC1__a.html") == ("figures/PMC1__a", HTML)


def test_the_triples_of_a_page_do_not_depend_on_the_form(address: str, pages: Pages) -> None:
    graphs = [graph(pages.get(address, form.media_type)) for form in FORMS if form is not HTML]
    assert graphs[0]
    assert all(other == graphs[0] for other in graphs)


def test_a_figure_is_of_its_class_in_every_form(pages: Pages) -> None:
    figure = pages.reading.iris.figure("PMC2__f1")
    for form in FORMS[1:]:
        found = graph(pages.get("/figures/PMC2__f1", form.media_type))
        kinds = {t.object for t in found if t.subject == figure and t.predicate == RDF_TYPE}
        assert kinds == {Schema.ImageObject, Pfocr.PathwayFigure}
    assert NamedNode(figure.value) == figure
