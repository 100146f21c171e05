"""Every link leads on: a server is read as a crawler reads it, from its first page and its map."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import pytest
from pyoxigraph import RdfFormat

from paging import Markup
from parsing import by_pyoxigraph, canonical
from pfocr_rdf.queries import federated_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages.forms import RDF_FORMS
from releasing import data_folder
from serving import Answer, Server, graph_of, serving
from validating import flaws, told_by_validator

#: What a browser sends: to others `/sparql` is the endpoint alone.
BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#: There is nothing, but a page that has links.
NOWHERE: Final = "/figures/PMC2__nothing"
#: Where it begins. Nobody links to a search, people type it; refusals of programs name problems.
STARTS: Final = (
    *("/", "/sitemap.xml", "/robots.txt", "/search?q=pathway", "/problems", "/problems/busy"),
    NOWHERE,
)
#: Queries that ask other endpoints, which no test may: their answers cannot be followed.
ELSEWHERE: Final = {f"/queries/{query.name}" for query in federated_queries()}
#: What there is very often and always made alike is asked so often: the editor with a query in
#: it, and each query's answer for other values, as a page and as each file.
ALIKE: Final = re.compile(r"/sparql|/queries/.+")
OFTEN: Final = 2
#: Pages of one kind whose HTML is checked.
CHECKED: Final = 2


@dataclass(slots=True)
class Crawl:
    """What a crawler met.

    :param kind_to_pages: HTML by kind of page: some of each.
    """

    asked: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    kind_to_pages: dict[str, list[str]] = field(default_factory=dict)


def kind_of(target: str) -> str:
    """The kind of page that is at an address: by its first segment, and with or without values."""
    path, _, values = target.partition("?")
    segments = path.split("/")
    inner = "/…" if len(segments) > 2 else ""
    return f"/{segments[1].partition('.')[0]}{inner}{'?' if values else ''}"


def crawl(server: Server) -> Crawl:
    """Follow every link within the site, each once."""
    found = Crawl()
    waiting = [(target, "") for target in STARTS]
    seen, alike = set(STARTS), Counter[str]()
    connection = server.connect()
    while waiting:
        target, where = waiting.pop()
        connection.request("GET", target, headers={"Accept": BROWSER})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, headers, response.read())
        kind = kind_of(target)
        found.asked[kind] += 1
        if answer.status != expected(target) and answer.status not in (301, 302, 303):
            found.broken.append(f"{where} → {target}: {answer.status}")
        for href in links_of(answer):
            parts = urlsplit(urljoin(urljoin(server.url, target), href))
            local = parts._replace(scheme="", netloc="", fragment="").geturl()
            if parts.netloc == urlsplit(server.url).netloc and local not in seen:
                seen.add(local)
                alike[parts.path] += 1
                if alike[parts.path] <= OFTEN or not ALIKE.fullmatch(parts.path):
                    waiting.append((local, target))
        pages = found.kind_to_pages.setdefault(kind, [])
        if is_html(answer) and len(pages) < CHECKED:
            pages.append(answer.body.decode())
    connection.close()
    return found


def expected(target: str) -> int:
    """The status of an address."""
    path, _, values = target.partition("?")
    if path == NOWHERE:
        return 404
    return 403 if values and path.partition(".")[0] in ELSEWHERE else 200


def is_html(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def links_of(answer: Answer) -> list[str]:
    """Everything that an answer leads to."""
    if "location" in answer.headers:
        return [answer.headers["location"]]
    if is_html(answer):
        markup = Markup(answer.body.decode())
        return [*markup.hrefs(), *markup.attributes("src"), *markup.attributes("action")]
    text = answer.body.decode("latin-1")
    return list(chain(*re.findall("<loc>([^<]+)</loc>|^Sitemap: (.+)", text, re.MULTILINE)))


@pytest.fixture(scope="module", name="server")
def _server(mixed_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = data_folder(mixed_release, tmp_path_factory.mktemp("links") / "data")
    with serving(data, "--federation", "off") as server:
        yield server


@pytest.fixture(scope="module", name="crawled")
def _crawled(server: Server) -> Crawl:
    return crawl(server)


def test_every_link_within_the_site_resolves(crawled: Crawl) -> None:
    assert crawled.broken == []


def test_every_kind_of_page_is_linked_to(crawled: Crawl) -> None:
    things = ("figures", "gene", "chemical", "disease", "taxon", "article")
    assert set(crawled.kind_to_pages) >= {
        *(f"/{name}/…" for name in (*things, "journals", "publishers", "releases", "problems")),
        *("/", "/search", "/search?", "/queries", "/queries/…", "/queries/…?", "/sparql"),
        *("/sparql?", "/ontology", "/dataset", "/releases", "/static/…", "/dumps/…", "/void"),
        *("/openapi", "/llms", "/robots", "/sitemap", "/sitemaps/…"),
    }


def test_pages_of_every_kind_are_valid(crawled: Crawl, tmp_path: Path) -> None:
    pages = {
        f"{kind} {number}": text
        for kind, texts in crawled.kind_to_pages.items()
        for number, text in enumerate(texts)
    }
    assert len(pages) > 30
    assert {kind: found for kind, text in pages.items() if (found := flaws(text))} == {}
    assert told_by_validator(pages, tmp_path) == []


def test_the_block_in_a_page_of_every_kind_says_what_its_turtle_says(
    crawled: Crawl, server: Server
) -> None:
    compared = set()
    for kind, texts in crawled.kind_to_pages.items():
        for text in texts:
            markup = Markup(text)
            turtle = [
                found["href"]
                for tag, found in markup.elements
                if tag == "link" and found.get("type") == "text/turtle"
            ]
            # That of the first page has the terms of search engines, and tests of its own.
            if markup.json_ld and turtle and kind not in ("/", "/?"):
                block = by_pyoxigraph(markup.json_ld.encode(), RdfFormat.JSON_LD)
                assert block == graph_of(server.request("GET", turtle[0])), turtle
                compared.add(kind)
    assert compared >= {
        *("/figures/…", "/gene/…", "/chemical/…", "/disease/…", "/taxon/…", "/article/…"),
        *("/journals/…", "/publishers/…", "/releases/…", "/graph/…", "/ontology", "/dataset"),
        *("/search?", "/queries/…"),
    }


def test_the_endpoint_describes_itself_in_four_forms_that_say_the_same(server: Server) -> None:
    graphs = [
        canonical(graph_of(server.request("GET", "/sparql", headers={"Accept": form.media_type})))
        for form in RDF_FORMS
    ]
    assert len(graphs[0]) > 20
    assert all(other == graphs[0] for other in graphs)
