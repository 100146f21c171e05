"""What programs read first: robots, the sitemap, VoID, and the text for language models."""

import gzip
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Store, parse

from paging import PUBLIC, Markup, Pages, graph, pages_of
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import federated_queries, named_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema
from pfocr_rdf.web.federation.partners import public_partners
from pfocr_rdf.web.pages import feeds
from pfocr_rdf.web.pages.described import class_partitions, example_figure, files
from pfocr_rdf.web.pages.feeds import DISALLOWED
from pfocr_rdf.web.pages.landing import QUESTIONS
from pfocr_rdf.web.pages.llms import CLASSES
from pfocr_rdf.web.pages.query_inputs import listed_queries
from pfocr_rdf.web.pages.terms import ontology_terms
from releasing import data_folder
from serving import Server, serving

#: https://www.sitemaps.org/protocol.html
SITEMAP: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module", name="pages")
def _pages(mixed_release: Release) -> Pages:
    return pages_of(mixed_release)


@pytest.fixture(scope="module", name="server")
def _server(mixed_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(data_folder(mixed_release, tmp_path_factory.mktemp("feeds") / "data")) as server:
        yield server


# robots.txt


def test_crawlers_are_told_what_to_leave_alone(pages: Pages) -> None:
    page = pages.get("/robots.txt")
    assert (page.status, page.media_type) == (200, "text/plain")
    robots = RobotFileParser()
    robots.parse(page.text.splitlines())
    assert robots.site_maps() == [f"{PUBLIC}sitemap.xml"]
    for path in ("sparql?query=x", "search?q=x", "search.json?q=x", "suggest?q=x", "thing?iri=x"):
        assert not robots.can_fetch("*", PUBLIC + path)
    for path in ("", "search", "figures/PMC1__a", "gene/1", "dumps/pfocr.ttl.gz", "queries"):
        assert robots.can_fetch("*", PUBLIC + path)


def test_below_a_path_the_rules_have_that_path(mixed_release: Release) -> None:
    page = pages_of(mixed_release, "https://example.org/pfocr/").get("/robots.txt")
    rules = re.findall("^Disallow: (.*)$", page.text, flags=re.MULTILINE)
    assert len(rules) > len(DISALLOWED)
    assert all(rule.startswith("/pfocr/") for rule in rules)


# The sitemap.


def locations(data: bytes, inside: str) -> list[str]:
    root = ElementTree.fromstring(data)
    return [
        str(found.text)
        for found in root.iter(f"{SITEMAP}{inside}")
        for found in found.iter(f"{SITEMAP}loc")
    ]


def sitemap(pages: Pages) -> dict[str, list[str]]:
    """The parts by name, each with the addresses in it."""
    index = pages.get("/sitemap.xml")
    assert (index.status, index.media_type) == (200, "application/xml")
    found = {}
    for address in locations(index.body, "sitemap"):
        part = pages.get(address.removeprefix(PUBLIC[:-1]))
        assert (part.status, part.media_type) == (200, "application/gzip")
        assert "content-encoding" not in part.headers
        found[address.rpartition("/")[2]] = locations(gzip.decompress(part.body), "url")
    return found


def test_the_sitemap_has_every_figure_and_thing_once_and_all_answer(pages: Pages) -> None:
    found = sitemap(pages)
    assert list(found) == ["site-1.xml.gz", "figures-1.xml.gz", "things-1.xml.gz"]
    addresses = [address for part in found.values() for address in part]
    assert len(addresses) == len(set(addresses))
    reading = pages.reading
    figures = {
        quad.subject.value.replace(reading.iris.base, PUBLIC)
        for quad in reading.store.quads_for_pattern(None, RDF_TYPE, Pfocr.PathwayFigure)
        if isinstance(quad.subject, NamedNode)
    }
    assert set(found["figures-1.xml.gz"]) == figures
    things = {
        quad.object
        for predicate in (Schema.mentions, Schema.about)
        for quad in reading.store.quads_for_pattern(None, predicate, None)
    }
    shown = {re.split("[/:]", unquote(address))[-1] for address in found["things-1.xml.gz"]}
    for thing in things:
        assert isinstance(thing, NamedNode)
        accession = reading.value(thing, Schema.identifier)
        if accession is not None and reading.value(thing, Schema.name) is not None:
            assert accession.rpartition(":")[2] in shown
    for address in addresses:
        target = address.removeprefix(PUBLIC[:-1])
        if not target.startswith("/queries/"):
            assert pages.get(target).status == 200, address


def test_the_pages_of_queries_in_the_sitemap_answer(server: Server) -> None:
    for query in named_queries():
        answer = server.request("GET", f"/queries/{query.name}", headers={"Accept": "text/html"})
        assert answer.status == 200, query.name


def test_a_large_release_has_many_parts_of_bounded_size(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sitemap(pages)
    monkeypatch.setattr(feeds, "PART_PAGES", 3)
    parted = sitemap(pages)
    for kind in ("figures", "things"):
        parts = [part for name, part in parted.items() if name.startswith(kind)]
        assert len(parts) == -(-len(whole[f"{kind}-1.xml.gz"]) // 3) > 1
        assert max(map(len, parts)) == 3
        assert [a for part in parts for a in part] == whole[f"{kind}-1.xml.gz"]


def test_a_part_is_dated_by_its_release_and_always_the_same(pages: Pages) -> None:
    one, other = (pages.get("/sitemaps/figures-1.xml.gz") for _ in range(2))
    assert one.body == other.body
    assert one.body[4:8] == bytes(4), "no time stands in it"
    assert b"<lastmod>2025-01-01</lastmod>" in gzip.decompress(one.body)
    assert pages.get("/sitemaps/figures-2.xml.gz").status == 404
    assert pages.get("/sitemaps/../x").status == 404


# VoID.


def test_void_is_the_file_of_the_release(pages: Pages) -> None:
    page = pages.get("/void.ttl")
    file = pages.reading.release.dumps / "void.ttl"
    assert (page.body, page.media_type) == (file.read_bytes(), "text/turtle")
    assert f'<{PUBLIC}dataset>;rel="describes"' in page.headers["link"]
    again = pages.get("/void.ttl", if_none_match=page.headers["etag"])
    assert again.status == 304


@pytest.mark.parametrize("suffix", ["nt", "jsonld", "rdf"])
def test_void_has_the_other_forms_of_rdf(suffix: str, pages: Pages) -> None:
    file = pages.reading.release.dumps / "void.ttl"
    said = {quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)}
    assert graph(pages.get(f"/void.{suffix}")) == said


def test_void_has_no_other_form(pages: Pages) -> None:
    assert pages.get("/void.html").status == 404
    assert pages.get("/void.json").status == 404


@pytest.mark.parametrize(
    ("accept", "target"),
    [
        (None, "/void.ttl"),
        ("text/html,*/*;q=0.8", "/void.ttl"),
        ("application/rdf+xml", "/void.rdf"),
        ("application/ld+json, text/turtle;q=0.9", "/void.jsonld"),
        ("image/png", "/void.ttl"),
    ],
)
def test_the_well_known_address_leads_to_void(
    accept: str | None, target: str, pages: Pages
) -> None:
    page = pages.get("/.well-known/void", accept)
    assert (page.status, page.headers["location"]) == (303, target)


# llms.txt


@pytest.fixture(scope="module", name="text")
def _text(server: Server) -> str:
    answer = server.request("GET", "/llms.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.body.decode()


def test_the_text_for_language_models_begins_as_they_expect(text: str) -> None:
    title, empty, summary = text.splitlines()[:3]
    assert re.fullmatch("# .+", title)
    assert (empty, summary[:2]) == ("", "> ")
    assert "&lt;" not in text
    assert "&amp;" not in text


def test_its_queries_run_and_find_something(text: str, server: Server) -> None:
    queries = re.findall("```sparql\n(.*?)```", text, flags=re.DOTALL)
    assert len(queries) == len(QUESTIONS)
    for query in queries:
        answer = server.post(query, "text/csv")
        assert answer.status == 200, query


def test_it_says_what_a_search_reads_as_operators(text: str) -> None:
    assert '=WORDS (`"a phrase"`, `-excluded`, `TP53 OR MDM2`)' in text


def test_its_addresses_answer(text: str, server: Server) -> None:
    base = server.url.removesuffix("sparql")
    addresses = set(re.findall(rf"{re.escape(base)}[^\s)>,]*", text))
    assert len(addresses) > len(named_queries())
    others = tuple(f"{base}queries/{query.name}." for query in federated_queries())
    for address in addresses:
        if address.startswith(others):
            continue  # they ask endpoints that no test reaches
        target = address.removeprefix(base[:-1])
        target = target.replace("=WORDS", "=kinase").replace("=IDENTIFIER", "=taxon:9606")
        answer = server.request("GET", target)
        assert answer.status in (200, 302), target


def test_it_has_every_named_query_and_says_whom_it_asks(seeds_release: Release) -> None:
    nobody, everybody = pages_of(seeds_release), pages_of(seeds_release)
    everybody.partners = public_partners()
    answers = [pages.get("/llms.txt") for pages in (nobody, everybody)]
    for query in listed_queries():
        for page in answers:
            assert f"{query.title}](" in page.text or f"### {query.title}\n" in page.text
    address = f"{PUBLIC}queries/proteins-of-figure-genes"
    assert f"]({address}?" in answers[0].text
    assert f"]({address}.csv?" in answers[1].text
    assert "Asks uniprot. This server asks no other endpoints." in answers[0].text
    assert "Asks uniprot." in answers[1].text
    assert answers[0].headers["etag"] != answers[1].headers["etag"]


def test_it_has_every_term_of_the_vocabulary(text: str) -> None:
    for name in ontology_terms():
        assert f"\n- pfocr:{name}: " in text


@pytest.mark.parametrize("release", ["seeds_release", "mixed_release"])
def test_its_schema_is_that_of_the_data(release: str, request: pytest.FixtureRequest) -> None:
    pages = pages_of(request.getfixturevalue(release))
    reading = pages.reading
    text = pages.get("/llms.txt").text
    partitions = class_partitions(reading)
    assert sum(one.instances for one in partitions) > 0
    for one in partitions:
        if one.iri not in CLASSES:
            continue
        name = reading.iris.prefixed(one.iri.value)
        line = re.search(rf"^- {re.escape(name)} \(([0-9,]+)\): (.*)$", text, flags=re.MULTILINE)
        assert line is not None, name
        assert int(line[1].replace(",", "")) == counted(reading.store, one.iri, None)
        for had in one.properties:
            ends = ", ".join(reading.iris.prefixed(end.value) for end in had.ends)
            said = f"{reading.iris.prefixed(had.iri.value)} {had.triples}"
            whole = said + (f" ({ends})" if ends else "")
            assert re.search(rf"(^|, ){re.escape(whole)}(, |$)", line[2]), whole
            assert had.triples == counted(reading.store, one.iri, had.iri)


def test_it_says_what_properties_lead_to(seeds_release: Release) -> None:
    text = pages_of(seeds_release).get("/llms.txt").text
    line = next(line for line in text.splitlines() if line.startswith("- pfocr:GeneMention ("))
    for said in (
        *(
            "oa:hasBody 69 (schema:Gene)",
            "oa:hasTarget 36 (pfocr:PathwayFigure, schema:ImageObject)",
        ),
        *("schema:text 36 (xsd:string)", "pfocr:rowCount 36 (xsd:integer)"),
    ):
        assert said in line


def counted(store: Store, kind: NamedNode, predicate: NamedNode | None) -> int:
    """How many triples with this property the instances of a class have, by asking."""
    asked = "(COUNT(DISTINCT ?s) AS ?n) { ?s a ?k }"
    if predicate is not None:
        asked = f"(COUNT(*) AS ?n) {{ ?s a ?k ; {predicate} ?o }}"
    found = store.query(f"SELECT {asked.replace('?k', str(kind))}")
    assert isinstance(found, QuerySolutions)
    value = next(found)["n"]
    assert isinstance(value, Literal)
    return int(value.value)


# What pages say of a release.


def test_every_file_has_words_and_a_type(mixed_release: Release) -> None:
    found = files(pages_of(mixed_release).reading)
    assert len(found) == len(list(mixed_release.dumps.iterdir()))
    assert all(file.words and file.media_type for file in found)


def test_the_example_is_a_figure_of_the_release(pages: Pages) -> None:
    figid = example_figure(pages.reading)
    assert figid is not None
    assert pages.reading.is_figure(Iris().figure(figid))


def test_no_page_of_the_site_is_missing_from_the_navigation(pages: Pages) -> None:
    hrefs = Markup(pages.get("/", "text/html").text).hrefs()
    for path in ("/search", "/queries", "/ontology", "/dataset", "/sparql"):
        assert path in {urlsplit(href).path for href in hrefs}
