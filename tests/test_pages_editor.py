"""The query editor: browsers get it where programs get answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from paging import Markup, Pages, pages_of
from pfocr_rdf.queries import bind, federated_queries, load_query, named_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.web.federation.partners import Partners, public_partners
from pfocr_rdf.web.pages import editor
from pfocr_rdf.web.pages.editor import SCRIPT, is_for_people
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.pages.static import static_files
from releasing import data_folder
from serving import Server, serving
from validating import flaws

FIREFOX: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME: Final = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
ASK: Final = "/sparql?query=" + quote("ASK {}")


@pytest.fixture(scope="module", name="pages")
def _pages(seeds_release: Release) -> Pages:
    return pages_of(seeds_release)


@pytest.fixture(scope="module", name="server")
def _server(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("editor") / "data"
    with serving(data_folder(seeds_release, folder)) as server:
        yield server


@pytest.mark.parametrize("accept", [FIREFOX, CHROME, "text/html"])
@pytest.mark.parametrize("target", ["/sparql", "/sparql/", ASK])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_gets_the_editor(accept: str, target: str, method: str, server: Server) -> None:
    answer = server.request(method, target, headers={"Accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "", "application/sparql-results+json,*/*;q=0.9", "application/json, text/html;q=0.5"],
)
def test_a_program_gets_an_answer(accept: str, server: Server) -> None:
    answer = server.request("GET", ASK, headers={"Accept": accept} if accept else {})
    assert answer.json == {"head": {}, "boolean": True}
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize("form", ["format=json", "output=json"])
def test_a_browser_that_asks_for_a_format_gets_it(form: str, server: Server) -> None:
    answer = server.request("GET", f"{ASK}&{form}", headers={"Accept": CHROME})
    assert answer.headers["content-type"] == "application/sparql-results+json"


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_browser_with_a_link_that_names_the_graphs_gets_the_answer_of_these(
    name: str, server: Server
) -> None:
    link = f"/sparql?query={quote('ASK { ?s ?p ?o }')}&{name}={quote('urn:no:graph')}"
    answer = server.request("GET", link, headers={"Accept": CHROME})
    assert (answer.status, answer.json["boolean"]) == (200, False)


def test_a_form_that_is_sent_by_post_is_answered(server: Server) -> None:
    headers = {"Accept": CHROME, "Content-Type": "application/x-www-form-urlencoded"}
    answer = server.request("POST", "/sparql", b"query=ASK%20%7B%7D", headers)
    assert "html" not in answer.headers["content-type"]
    assert answer.status == 200


def test_a_description_of_the_service_is_still_given(server: Server) -> None:
    answer = server.request("GET", "/sparql", headers={"Accept": "text/turtle, text/html;q=0.9"})
    assert answer.headers["content-type"].startswith("text/turtle")


@pytest.mark.parametrize(
    ("method", "query", "accept"),
    [
        ("POST", b"", b"text/html"),
        ("GET", b"query=ASK%7B%7D&update=x", b"text/html"),
        ("GET", b"explain=true&query=ASK%7B%7D", b"text/html"),
        ("GET", b"default-graph-uri=urn:x&query=ASK%7B%7D", b"text/html"),
        ("GET", b"query=ASK%7B%7D&named-graph-uri=urn:x", b"text/html"),
        ("GET", b"query=ASK%7B%7D&using-graph-uri=urn:x", b"text/html"),
        ("GET", b"", b"text/html;q=0.1, */*"),
        ("GET", b"", b"text/html;q=0"),
        ("GET", b"query=ASK%7B%7D", b"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
    ],
)
def test_what_is_no_visit_of_a_page(method: str, query: bytes, accept: bytes) -> None:
    scope = {"method": method, "query_string": query, "headers": [(b"accept", accept)]}
    assert not is_for_people(scope)


def test_the_query_of_a_link_stands_in_the_page_as_it_is(pages: Pages) -> None:
    text = "SELECT * { ?s ?p '</textarea><script>1</script>\u2028\"&amp;' }"
    page = pages.get(f"/sparql?query={quote(text)}", accept=CHROME)
    markup = Markup(page.text)
    assert text in "".join(markup.texts)
    assert [found for tag, found in markup.elements if tag == "script" and "src" not in found] == []
    assert ("meta", {"name": "robots", "content": "noindex"}) in markup.elements


def test_every_named_query_is_an_example_that_can_be_run(pages: Pages, server: Server) -> None:
    elements = Markup(pages.get("/sparql").text).elements
    links = {found["data-query"]: found["href"] for _, found in elements if "data-query" in found}
    assert set(links) == {query.name for query in named_queries()}
    for name, href in links.items():
        (text,) = parse_qs(urlsplit(href).query)["query"]
        assert server.post(text).status == 200, name


def links_and_text(pages: Pages) -> tuple[dict[str, str], str]:
    """The links of the gallery by the names of their queries, and the text of the page."""
    markup = Markup(pages.get("/sparql").text)
    links = {f["data-query"]: f["href"] for _, f in markup.elements if "data-query" in f}
    return links, markup.text


def test_the_gallery_says_whom_a_query_asks_and_runs_it_only_where_that_can_be(
    seeds_release: Release,
) -> None:
    everybody, nobody, uniprot = (pages_of(seeds_release) for _ in range(3))
    everybody.partners = public_partners()
    known = public_partners().find("https://sparql.uniprot.org/sparql")
    assert known
    uniprot.partners = Partners({known.name: known}, {known.endpoint: known})
    names = {query.name for query in federated_queries()}
    links, text = links_and_text(everybody)
    assert names <= set(links)
    assert "asks uniprot" in text
    assert "would ask" not in text
    links, text = links_and_text(nobody)
    assert not names & set(links)
    assert "would ask uniprot : This server asks no other endpoints" in text
    links, text = links_and_text(uniprot)
    assert names & set(links) == {
        query.name for query in federated_queries() if query.endpoints == (known.endpoint,)
    }
    assert "would ask wikipathways : This server does not ask wikipathways" in text
    page = Markup(nobody.get("/queries/proteins-of-figure-genes").text)
    assert "This server asks no other endpoints" in page.text


def test_every_example_has_a_form_with_all_its_values(pages: Pages) -> None:
    text = pages.get("/sparql").text
    assert flaws(text) == []
    for query in named_queries():
        form = text.partition(f'action="/queries/{query.name}" method="get"')[2]
        names = Markup(form.partition("</form>")[0]).attributes("name")
        assert names == ([*(p.name for p in query.parameters), "open"] if query.parameters else [])


def test_the_form_of_an_example_opens_the_editor_with_its_values(pages: Pages) -> None:
    target = "/queries/most-mentioned-genes?organism=9606&limit=7&open=editor"
    answer = pages.get(target, accept=CHROME)
    assert answer.status == 303
    (text,) = parse_qs(urlsplit(answer.headers["location"]).query)["query"]
    query = load_query("most-mentioned-genes")
    assert text == f"{query.chart}\n{bind(query, {'organism': '9606', 'limit': '7'})}"
    assert answer.headers["location"].startswith("/sparql?")


def test_a_wrong_value_is_told_in_the_form(pages: Pages) -> None:
    wrong = pages.get("/queries/figures-by-gene?gene=TP53&open=editor", accept=CHROME)
    assert wrong.status == 400
    assert "TP53" in wrong.text


def test_what_is_too_long_for_an_address_is_answered_instead(server: Server) -> None:
    genes = ",".join(map(str, range(1, 301)))
    target = f"/queries/figures-by-gene-overlap?gene={genes}&open=editor"
    answer = server.request("GET", target, headers={"Accept": CHROME})
    assert answer.status == 200
    assert b"As a file" in answer.body


def test_without_the_editor_the_page_is_a_form(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {name: file for name, file in static_files().items() if "vendor" not in name}
    monkeypatch.setattr(editor, "static_files", lambda: kept)
    page = pages.get("/sparql")
    markup = Markup(page.text)
    assert not [found for found in markup.attributes("src") if "editor.js" in found]
    assert "unsafe" not in page.headers["content-security-policy"]
    form = next(found for tag, found in markup.elements if found.get("id") == "query-form")
    assert (form["action"], form["method"]) == ("/sparql", "get")
    assert {"query", "format"} <= set(markup.attributes("name"))


def test_with_the_editor_scripts_are_files_still(pages: Pages) -> None:
    if SCRIPT not in static_files():
        pytest.skip("NO EDITOR: run `make editor`, which needs npm")
    page = pages.get("/sparql")
    policy = page.headers["content-security-policy"].split("; ")
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert all(src.startswith("/static/") for src in Markup(page.text).attributes("src"))


def test_the_vocabulary_is_that_of_the_release(pages: Pages, server: Server) -> None:
    found = json.loads(pages.get("/vocabulary.json").body)
    classes = server.rows("SELECT DISTINCT ?c { ?s a ?c }")
    assert {row["c"] for row in classes} <= set(found["classes"])
    properties = server.rows("SELECT DISTINCT ?p { ?s ?p ?o }")
    assert {row["p"] for row in properties} <= set(found["properties"])
    assert found["prefixes"]["schema"] == "http://schema.org/"


@pytest.mark.parametrize(
    "iri",
    [
        "https://pfocr.wikipathways.org/figures/PMC1__a",
        "https://pfocr.wikipathways.org/ontology#tier",
        "https://identifiers.org/ncbigene/5742",
        "http://id.nlm.nih.gov/mesh/D014148",
        "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "http://purl.obolibrary.org/obo/CHEBI_15377",
        "http://purl.obolibrary.org/obo/DOID_162",
        "https://identifiers.org/pmc/PMC1",
    ],
)
def test_the_editor_links_where_pages_link(iri: str, pages: Pages) -> None:
    found: dict[str, str] = json.loads(pages.get("/vocabulary.json").body)["pages"]
    start = next(start for start in found if iri.startswith(start))
    assert found[start] + iri.removeprefix(start) == Links(pages.reading.iris).href(iri)
