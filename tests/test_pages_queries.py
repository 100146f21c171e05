"""Named queries over HTTP: typed, checked, safe from any text, and the same answers everywhere."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

import pytest
import rdflib
from openapi_spec_validator import validate
from pyoxigraph import Literal, NamedNode, Triple

from asking import CASES, NAMES
from invoking import run
from paging import PUBLIC, Markup, Page, Pages, graph, pages_of
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import SPEX, Iris
from pfocr_rdf.parameters import TYPE_TO_READER, read_terms
from pfocr_rdf.queries import bind, federated_queries, load_query, named_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.search.asking import read_asked
from pfocr_rdf.vocabulary import RDF_TYPE, Sh
from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.exchange import EXCHANGE, Exchange
from pfocr_rdf.web.federation.partners import public_partners
from pfocr_rdf.web.pages.examples import example_values, labelled
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.pages.query_inputs import RESERVED, form_of, json_schema, listed_queries
from pfocr_rdf.web.pages.query_table import SHOWN_ROWS, cell_of, read_table
from pfocr_rdf.web.pages.query_words import read_words
from pfocr_rdf.web.problems import Refusal
from releasing import data_folder
from serving import Answer, Server, graph_of, serving, wait_until
from validating import flaws

LISTED: Final = [query.name for query in listed_queries()]
SEED: Final = "PMC3471537__nihms406899f5"
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SUFFIX_TO_TYPE: Final = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
}
RDF_SUFFIX_TO_TYPE: Final = {
    "ttl": "text/turtle; charset=utf-8",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
ATTACKS: Final = (
    '" } SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } #',
    "2064> } SERVICE <http://127.0.0.1:9/> { ?s ?p ?o",
    "\\u0022 } INSERT DATA { <a> <b> <c> } #",
    "2064 # comment",
    "VALUES ?gene { }",
    "UNDEF",
    "1 OFFSET 5",
    "-1",
    "1e3",
    "\u0661",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u2028",
    "x" * 20_000,
)


@pytest.fixture(scope="module", name="pages")
def _pages(seeds_release: Release) -> Pages:
    return pages_of(seeds_release)


@pytest.fixture(scope="module", name="server")
def _server(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        data_folder(seeds_release, tmp_path_factory.mktemp("queries") / "data"),
        "--federation",
        "off",
    ) as server:
        yield server


def values_of(pages: Pages, name: str) -> dict[str, str]:
    """Values for a query: those of its test, else its example; one at least, if it takes any."""
    query = load_query(name)
    limit = {p.name: "50" for p in query.parameters if p.type == "limit"}
    return {**limit, **example_values(query, pages.reading), **CASES.get(name, {})}


def get(server: Server, target: str, accept: str = "*/*", **headers: str) -> Answer:
    sent = {"Accept": accept, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return server.request("GET", target, headers=sent)


def target_of(name: str, values: Mapping[str, str], suffix: str = "") -> str:
    return f"/queries/{name}{suffix}" + (f"?{urlencode(values)}" if values else "")


# The list.


def test_the_list_has_every_query_and_its_links_lead_to_them(pages: Pages) -> None:
    page = pages.get("/queries", "text/html")
    assert flaws(page.text) == []
    hrefs = Markup(page.text).hrefs()
    assert sorted(f"/queries/{name}" for name in LISTED) == sorted(
        {href for href in hrefs if href.startswith("/queries/")}
    )
    document = json.loads(pages.get("/queries.json").body)
    assert [query["name"] for query in document["queries"]] == LISTED


def test_what_a_query_says_of_others_links_to_them_and_commands_are_code(pages: Pages) -> None:
    listed = Markup(pages.get("/queries", "text/html").text)
    assert listed.hrefs().count("/queries/co-mention-figures") == 2, "its own entry, and another's"
    own = pages.get("/queries/co-mention-edges", "text/html").text
    assert 'Use <a href="/queries/co-mention-figures">co-mention-figures</a> for' in own
    sets = pages.get("/queries/gene-sets", "text/html").text
    assert ": <code>pfocr-rdf query gene-sets --format gmt</code> has no" in sets


@pytest.mark.parametrize("name", LISTED)
def test_nothing_is_lost_of_what_a_query_says(name: str) -> None:
    said = load_query(name).description
    assert "".join(words.text for words in read_words(said)) == said.replace("`", "")


def test_a_query_that_is_not_there_is_not_found_and_near_ones_are_named(pages: Pages) -> None:
    page = pages.get("/queries/figures-by-gen", "text/html")
    assert page.status == 404
    assert "/queries/figures-by-gene" in Markup(page.text).hrefs()
    assert "?</p>" in page.text, "a question has no full stop after it"
    for accept in ("application/json", "text/turtle"):
        assert pages.get("/queries/nothing-like-it", accept).status == 404
    assert pages.get("/queries/organisms.pdf").status == 404
    assert pages.get("/queries/organisms.csv.gz").status == 404


# The page of a query and its form.


@pytest.mark.parametrize("name", LISTED)
def test_a_query_has_a_page_with_a_field_for_each_parameter(name: str, pages: Pages) -> None:
    query = load_query(name)
    if not query.parameters:
        pytest.skip("its page has its answer")
    page = pages.get(f"/queries/{name}", "text/html")
    assert (page.status, flaws(page.text)) == (200, [])
    shown = Markup(page.text)
    fields = [e for t, e in shown.elements if t in {"input", "select", "textarea"}]
    named = {e["name"]: e for e in fields if e["name"] != "q"}
    assert list(named) == [parameter.name for parameter in query.parameters]
    for parameter in query.parameters:
        assert parameter.label in shown.text
        required = "required" in named[parameter.name]
        assert required == (parameter.default is None)
    assert "noindex" not in page.text
    for parameter in query.parameters:
        assert parameter.name not in RESERVED


def test_the_button_to_the_editor_has_the_query_with_the_values_in_it(server: Server) -> None:
    page = get(server, "/queries/figures-by-gene?gene=2064&limit=7", "text/html")
    text = bind(load_query("figures-by-gene"), {"gene": "2064", "limit": "7"})
    hrefs = Markup(page.body.decode()).hrefs()
    assert f"/sparql?{urlencode({'query': text})}" in hrefs


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "figures-by-gene",
            "gene=TP53",
            "'TP53' is not of type gene: "
            "give an NCBI Gene id such as 5742, ncbigene:5742 or an IRI",
        ),
        (
            "figures-by-gene",
            "gene=&limit=5",
            "missing: give an NCBI Gene id such as 5742, ncbigene:5742 or an IRI",
        ),
        (
            "figures-by-gene",
            "gene=2064&limit=0",
            "'0' is not of type limit: give a whole number, 1 to 100,000,000",
        ),
        ("figures-by-gene", "gene=2064&gene=2065", "given 2 times: give it once"),
        (
            "figures-by-gene",
            "gene=2064&genes=1",
            "the query has no parameter 'genes': it has gene, limit",
        ),
        ("organisms", "x=1", "the query has no parameter 'x': it has"),
        ("gene-sets", "minimum=0", "give a whole number, 1 to 1000000"),
        ("figures-by-gene-tier", "gene=2064&tier=best", "give one or more of symbol"),
        ("co-mention-edges", "gene=2064,x", "'x' (item 2) is not an NCBI Gene id: give"),
        ("figures-by-gene", "gene=%ff", "the parameters are not UTF-8"),
    ],
)
def test_a_wrong_value_is_told_in_the_form_and_to_programs(
    name: str, values: str, message: str, pages: Pages
) -> None:
    page = pages.get(f"/queries/{name}?{values}", "text/html")
    assert (page.status, flaws(page.text)) == (400, [])
    assert message in Markup(page.text).text
    assert page.headers["cache-control"] == "no-store"
    for target in (f"/queries/{name}.csv?{values}", f"/queries/{name}?{values}&format=json"):
        refusal = pages.get(target, "text/csv").refusal
        assert refusal is not None
        assert (refusal.kind, refusal.members["query"]) == ("bad-parameter", name)
        assert message in refusal.detail


def test_a_long_list_is_not_repeated_in_the_headers(server: Server) -> None:
    genes = ",".join(map(str, range(1000, 3000)))
    page = get(server, f"/queries/co-mention-edges?gene={genes}", "text/html")
    assert page.status == 200
    assert "link" not in page.headers


def test_what_was_typed_is_still_in_the_form(pages: Pages) -> None:
    page = pages.get("/queries/co-mention-edges?gene=2064%0A2065%0Aoops&limit=9", "text/html")
    shown = Markup(page.text)
    assert "2064 2065 oops" in shown.text
    (limit,) = [e for t, e in shown.elements if e.get("name") == "limit"]
    assert limit["value"] == "9"


def test_whoever_types_a_name_is_told_the_identifier(pages: Pages) -> None:
    page = pages.get("/queries/figures-by-gene?gene=erbb2&limit=3", "text/html")
    (href,) = [h for h in Markup(page.text).hrefs() if h.startswith("/queries/figures-by-gene?")][
        :1
    ]
    assert href == "/queries/figures-by-gene?gene=2064&limit=3" or "gene=2064&limit=3" in page.text


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ("", "Figures that mention a gene"),
        ("?gene=2064&limit=3", "Figures that mention a gene: 2064"),
        ("?gene=erbb2", "Not answered: Figures that mention a gene: erbb2"),
        ("?limit=3", "Not answered: Figures that mention a gene"),
    ],
)
def test_an_answer_is_called_by_its_values(values: str, title: str, server: Server) -> None:
    page = get(server, f"/queries/figures-by-gene{values}", "text/html").body.decode()
    assert f"<title>{title} · PFOCR linked data</title>" in page
    assert "<h1>Figures that mention a gene</h1>" in page


def test_an_empty_field_counts_as_not_given_and_lists_may_be_given_in_parts(
    server: Server,
) -> None:
    plain = get(server, "/queries/figures-by-gene.csv?gene=2064")
    assert get(server, "/queries/figures-by-gene.csv?gene=2064&limit=").body == plain.body
    listed = get(server, "/queries/figures-by-all-genes.csv?gene=2064,5290")
    parts = get(server, "/queries/figures-by-all-genes.csv?gene=2064&gene=&gene=5290")
    assert parts.body == listed.body
    assert len(listed.body.splitlines()) > 1
    tiers = get(server, "/queries/gene-sets.csv?tier=symbol&tier=synonym")
    assert tiers.body == get(server, "/queries/gene-sets.csv?tier=symbol%2Csynonym").body


# Answers.


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_what_the_endpoint_gives_to_the_same_query(
    name: str, server: Server, pages: Pages
) -> None:
    values = values_of(pages, name)
    query = load_query(name)
    text = bind(query, values)
    if form_of(query) == "construct":
        answer = get(server, target_of(name, values, ".nt"))
        assert graph_of(answer) == graph_of(server.post(text, "application/n-triples")) != set()
        return
    answer = get(server, target_of(name, values, ".csv"))
    assert (answer.status, answer.headers["content-type"]) == (200, SUFFIX_TO_TYPE["csv"])
    assert answer.body == server.post(text, "text/csv").body
    page = get(server, target_of(name, values), "text/html")
    assert (page.status, flaws(page.body.decode())) == (200, [])
    rows = answer.body.count(b"\r\n") - 1
    if rows < SHOWN_ROWS and b'"' not in answer.body:
        assert page.body.decode().count("<tr>") == (rows + 1 if rows else 0)


@pytest.mark.parametrize("suffix", SUFFIX_TO_TYPE)
def test_each_format_is_had_by_suffix_by_format_and_by_accept(suffix: str, server: Server) -> None:
    by_suffix = get(server, f"/queries/most-mentioned-genes.{suffix}?limit=3", "image/png")
    assert by_suffix.status == 200
    assert by_suffix.headers["content-type"] == SUFFIX_TO_TYPE[suffix]
    by_format = get(server, f"/queries/most-mentioned-genes?limit=3&format={suffix}", "image/png")
    media_type = SUFFIX_TO_TYPE[suffix].partition(";")[0]
    by_accept = get(server, "/queries/most-mentioned-genes?limit=3", media_type)
    assert by_suffix.body == by_format.body == by_accept.body
    without = get(server, f"/queries/most-mentioned-genes.{suffix}", "image/png")
    assert without.status == 200


def test_gene_sets_are_had_as_gmt_as_the_command_line_writes_them(
    server: Server, seeds_release: Release
) -> None:
    options = ["--param", "minimum=2", "--param", "tier=symbol,synonym", "--format", "gmt"]
    data = seeds_release.path.parent.parent
    written = run("query", "gene-sets", "--data", data, *options)
    assert (written.status, written.out.count("\n") > 2) == (0, True), written.err
    for target in ("gene-sets.gmt?", "gene-sets?format=gmt&"):
        answer = get(server, f"/queries/{target}minimum=2&tier=symbol,synonym")
        assert (answer.status, answer.headers["content-type"]) == (200, SUFFIX_TO_TYPE["tsv"])
        assert answer.body.decode() == written.out
    assert get(server, "/queries/gene-sets.gmt").status == 200  # each has a default
    assert get(server, "/queries/gene-sets.gmt?minimum=x").problem == "bad-parameter"
    page = get(server, "/queries/gene-sets?minimum=2", "text/html").body.decode()
    assert "/queries/gene-sets.gmt?minimum=2" in page
    assert ".gmt" not in get(server, "/queries/organisms?limit=3", "text/html").body.decode()


def test_what_is_no_gene_set_is_refused_as_gmt(server: Server) -> None:
    answer = get(server, "/queries/organisms.gmt?limit=3")
    assert answer.problem == "not-acceptable"
    assert "gmt needs the variables ?figid, ?genes or ?gene" in answer.json["detail"]
    assert get(server, f"/queries/figure-record.gmt?figure={SEED}").problem == "not-acceptable"


def test_any_query_can_give_gene_sets_with_genes_as_iris(server: Server) -> None:
    text = (
        "SELECT ?figid ?gene { ?figure schema:mentions ?gene ; schema:identifier ?figid ."
        " ?gene a schema:Gene } ORDER BY ?figid"
    )
    answer = get(server, f"/sparql?query={quote(text)}&format=gmt")
    sets = dict(line.split("\t", 2)[::2] for line in answer.body.decode().splitlines())
    assert "2064" in sets[SEED].split("\t")


@pytest.mark.parametrize("suffix", RDF_SUFFIX_TO_TYPE)
def test_a_graph_is_had_in_the_formats_of_rdf(suffix: str, server: Server) -> None:
    target = f"/queries/figure-record.{suffix}?figure={SEED}"
    answer = get(server, target, "image/png")
    assert answer.headers["content-type"] == RDF_SUFFIX_TO_TYPE[suffix]
    asked = get(server, f"/queries/figure-record?figure={SEED}", RDF_SUFFIX_TO_TYPE[suffix])
    assert graph_of(answer) == graph_of(asked)
    assert len(graph_of(answer)) > 100


def test_a_browser_gets_a_page_and_a_form_that_there_is_not_is_refused(server: Server) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for accept in (browser, "*/*", "text/html"):
        answer = get(server, "/queries/organisms?limit=3", accept)
        assert answer.headers["content-type"].startswith("text/html")
        assert "Accept" in answer.headers["vary"]
    assert get(server, "/queries/organisms?limit=3", "text/turtle").problem == "not-acceptable"
    assert get(server, "/queries/organisms.ttl?limit=3").problem == "not-acceptable"
    assert get(server, f"/queries/figure-record.csv?figure={SEED}").problem == "not-acceptable"
    assert get(server, "/queries/organisms?limit=3&format=png").problem == "not-acceptable"


def test_an_answer_is_kept_and_confirmed_like_those_of_the_endpoint(server: Server) -> None:
    target = "/queries/figures-per-journal.csv?limit=4"
    first, second = get(server, target), get(server, target)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.body == second.body
    again = get(server, target, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    head = server.request("HEAD", target)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]
    packed = get(server, f"/queries/figure-record.nt?figure={SEED}", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("query", ["", "?gene=5290&limit=3"])
def test_the_endpoint_does_not_answer_for_a_query_that_was_asked_by_its_address(
    query: str, server: Server
) -> None:
    name = "figures-by-gene" if query else "dataset-statistics"
    assert get(server, f"/queries/{name}.csv{query}").headers["content-type"].startswith("text/csv")
    answer = get(server, f"/sparql{query}")
    assert answer.headers["content-type"].startswith("text/turtle"), "its description"


@pytest.mark.parametrize("target", ["/queries", f"/queries/{federated_queries()[0].name}"])
def test_what_says_whom_this_server_asks_is_not_confirmed_when_it_asks_others(
    target: str, mixed_release: Release
) -> None:
    pages = pages_of(mixed_release)
    alone = pages.get(target, "text/html")
    assert pages.get(target, "text/html", if_none_match=alone.headers["etag"]).status == 304
    pages.partners = public_partners()
    asking = pages.get(target, "text/html", if_none_match=alone.headers["etag"])
    assert asking.status == 200
    assert asking.body != alone.body


def test_a_page_with_an_answer_is_kept_and_confirmed_too(server: Server) -> None:
    target = "/queries/figures-by-gene?gene=5290&limit=4"
    page = get(server, target, "text/html")
    links = page.headers["link"].split(", ")
    assert [p.partition("type=")[2].strip('"') for p in links] == [
        t.partition(";")[0] for t in SUFFIX_TO_TYPE.values()
    ]
    again = get(server, target, "text/html", if_none_match=page.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    other = get(server, "/queries/figures-by-gene?gene=5290&limit=5", "text/html")
    assert other.headers["etag"] != page.headers["etag"]
    assert "noindex" in page.body.decode()


def test_what_ran_for_a_page_need_not_run_again(server: Server) -> None:
    target = "/queries/figures-by-gene?gene=5290&limit=6"
    first = get(server, target, "text/html")
    before = server.metric("pfocr_rdf_cache_hits_total")
    assert get(server, target, "text/html").body == first.body
    assert get(server, "/queries/figures-by-gene.json?gene=5290&limit=6").status == 200
    assert server.metric("pfocr_rdf_cache_hits_total") == before + 2


def test_what_runs_for_a_page_is_counted_as_a_query(server: Server) -> None:
    before = server.metric("pfocr_rdf_query_seconds_count")
    get(server, "/queries/unidentified-words?limit=2", "text/html")
    get(server, "/queries/unidentified-words.csv?limit=2")
    assert server.metric("pfocr_rdf_query_seconds_count") == before + 2


def test_what_is_identified_in_an_answer_is_linked_to_its_page(server: Server) -> None:
    page = get(server, f"/queries/figure-genes?figure={SEED}", "text/html")
    hrefs = Markup(page.body.decode()).hrefs()
    genes = [href for href in hrefs if re.fullmatch("/gene/[0-9]+", href)]
    assert genes
    by_gene = get(server, "/queries/figures-by-gene?gene=2064", "text/html")
    assert f"/figures/{SEED}" in Markup(by_gene.body.decode()).hrefs()
    for href in genes[:3]:
        assert get(server, href).status == 200


def test_as_many_rows_as_were_asked_for_may_not_be_all(server: Server) -> None:
    page = get(server, "/queries/most-mentioned-genes?limit=2", "text/html").body.decode()
    assert "2 rows, as many as were asked for: there may be more." in Markup(page).text
    none = get(server, "/queries/figures-by-gene?gene=1", "text/html").body.decode()
    assert "0 rows. Nothing in this release fits these values." in Markup(none).text


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (
            "figures-by-gene.csv?gene=erbb2",
            " an IRI; by that name there is 2064 (ERBB2, Homo sapiens)",
        ),
        (
            "co-mention-edges.csv?gene=2064,MAPK1",
            "; by that name there is 5594 (MAPK1, Homo sapiens)",
        ),
        ("figures-by-organism.csv?organism=human", "; by that name there is 9606 (Homo sapiens)"),
        ("figures-by-gene.csv?gene=nobody", " or an IRI"),
    ],
)
def test_a_program_that_gives_a_name_is_told_the_identifier(
    asked: str, named: str, server: Server
) -> None:
    assert get(server, f"/queries/{asked}").json["detail"].endswith(named)


def test_a_doi_that_the_release_does_not_know_is_told_so(server: Server) -> None:
    """DOIs are taken: that this is one must not be said to be what is wrong with it."""
    answer = get(server, "/queries/article-figures.csv?article=10.1234/none")
    assert (answer.status, answer.problem) == (400, "bad-parameter")
    said = "no article of this release has the DOI 10.1234/none: give another, or a PubMed"
    assert said in answer.json["detail"]


def test_methods_that_change_something_are_refused(server: Server) -> None:
    answer = server.request("POST", "/queries/organisms", b"limit=1")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD"]


# Any text is a value, or no value.


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda text: ascii(text)[:30])
@pytest.mark.parametrize("name", ["figures-by-gene", "word-candidates", "gene-sets", "organisms"])
def test_a_hostile_value_is_refused_or_is_a_text(name: str, attack: str, server: Server) -> None:
    query = load_query(name)
    for parameter in query.parameters:
        values = {**example_of_labels(name), parameter.name: attack}
        answer = get(server, target_of(name, values, ".json"))
        try:
            read_terms(parameter, attack)
        except QueryError:
            assert answer.problem == "bad-parameter"
        else:
            assert answer.status == 200
            assert answer.json["results"]["bindings"] == []
        page = get(server, target_of(name, values), "text/html")
        assert page.status == answer.status
        text = page.body.decode()
        assert flaws(text) == []
        assert not [t for t, _ in Markup(text).elements if t in {"img", "iframe"}]


def example_of_labels(name: str) -> dict[str, str]:
    found = {p.name: labelled(p) for p in load_query(name).parameters if p.default is None}
    return {key: example.value for key, example in found.items() if example}


def test_a_hostile_name_is_not_found(server: Server) -> None:
    for name in ("..%2f..%2fetc%2fpasswd", "%00", "%ff", "a" * 3000, "<script>", "_.csv", ".csv"):
        answer = get(server, f"/queries/{quote(name, safe='%')}")
        assert answer.status in (404, 400), name


# Queries that ask other endpoints too.


def test_a_query_that_asks_others_says_whom_and_by_what_it_joins(server: Server) -> None:
    query = load_query("pathways-of-figure-genes")
    page = get(server, f"/queries/{query.name}", "text/html")
    text = Markup(page.body.decode()).text
    assert query.endpoints[0] in text
    assert query.join in text
    # This server is one that calls nobody, and says so.
    answer = get(server, f"/queries/{query.name}?figure={SEED}", "text/html")
    assert (answer.status, flaws(answer.body.decode())) == (403, [])
    assert "SERVICE does not reach that endpoint from here" in Markup(answer.body.decode()).text
    refused = get(server, f"/queries/{query.name}.csv?figure={SEED}")
    assert refused.problem == "federation-disabled"


def test_an_answer_with_parts_of_others_is_not_kept(pages: Pages) -> None:
    body = b'{"head": {"vars": ["gene"]}, "results": {"bindings": []}}'
    target = f"/queries/pathways-of-figure-genes?figure={SEED}"
    page = failing(pages, Failing(body=body, release=pages.reading.release.id), target)
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    own = f"/queries/figure-genes?figure={SEED}"
    kept = failing(pages, Failing(body=body, release=pages.reading.release.id), own)
    assert "etag" in kept.headers


# When it goes wrong.


class Failing:
    """An endpoint whose queries end as a test says."""

    def __init__(
        self, refusal: Refusal | None = None, body: bytes = b"", release: str = "another"
    ) -> None:
        self.refusal = refusal
        self.body = body
        self.release = release

    async def read(self, exchange: Exchange, query: object, most_bytes: int) -> bytes:
        if self.refusal is not None:
            raise self.refusal
        exchange.release = self.release
        return self.body


def failing(pages: Pages, endpoint: Failing, target: str) -> Page:
    """A page of a site whose endpoint is that one."""
    site = Pages(pages.reading)
    site.endpoint = cast(Endpoint, endpoint)
    inner = site.router

    async def with_exchange(scope: Any, receive: Any, send: Any) -> None:
        scope[EXCHANGE] = Exchange(scope, receive, send, "0", 0.0)
        await inner(scope, receive, send)

    site.router = cast(Any, with_exchange)
    return site.get(target, "text/html")


def test_a_query_that_takes_too_long_is_explained_on_its_page(pages: Pages) -> None:
    refusal = Refusal("query-timeout", "stopped after 30 s: ask for less")
    page = failing(pages, Failing(refusal), "/queries/figures-by-gene?gene=2064")
    assert (page.status, flaws(page.text)) == (503, [])
    text = Markup(page.text).text
    assert "The query took too long stopped after 30 s: ask for less" in text
    assert "Open in the editor" in text
    assert page.headers["cache-control"] == "no-store"
    busy = Refusal("busy", "too many", headers={"Retry-After": "7"})
    assert failing(pages, Failing(busy), "/queries/organisms?limit=1").headers["retry-after"] == "7"


def test_a_page_that_waited_for_another_release_is_all_of_that_one(
    pages: Pages, mixed_release: Release
) -> None:
    """Its table, its footer, its header and its tag, for whoever asks again."""
    site, fresh = Pages(pages.reading), pages_of(mixed_release).reading

    class Swapped(Failing):
        """While the first query waits for its turn the release changes."""

        async def read(self, exchange: Exchange, query: object, most_bytes: int) -> bytes:
            site.reading = fresh
            return await super().read(exchange, query, most_bytes)

    body = b'{"head": {"vars": ["figid"]}, "results": {"bindings": []}}'
    target = "/queries/figures-by-gene?gene=2064"
    site.endpoint = cast(Endpoint, Swapped(body=body, release=fresh.release.id))
    page = site.get(target, "text/html")
    assert (page.status, page.headers["x-pfocr-release"]) == (200, fresh.release.id)
    hrefs = Markup(page.text).hrefs()
    assert f"/releases/{fresh.version}" in hrefs
    assert f"/releases/{pages.reading.version}" not in hrefs
    assert site.get(target, "text/html", if_none_match=page.headers["etag"]).status == 304


def test_a_page_whose_release_changes_each_time_is_refused_rather_than_mixed(pages: Pages) -> None:
    body = b'{"head": {"vars": ["figid"]}, "results": {"bindings": []}}'
    page = failing(pages, Failing(body=body), "/queries/figures-by-gene?gene=2064")
    assert (page.status, page.headers["retry-after"]) == (503, "10")
    assert "the release changed each time while the query was answered" in Markup(page.text).text


def test_who_leaves_a_page_is_not_counted_as_a_failure(
    seeds_release: Release, tmp_path: Path
) -> None:
    data = data_folder(seeds_release, tmp_path / "data")
    target = "/queries/figures-per-year"
    with serving(data, "--workers", "1", "--slow-workers", "0") as server:
        get(server, "/queries/organisms?limit=1", "text/html")  # the next is made in a moment
        running, leaving = server.connect(), server.connect()
        running.request("GET", f"/sparql?query={quote(ENDLESS)}")
        wait_until(lambda: server.metric("pfocr_rdf_running") == 1, "one runs")
        leaving.request("GET", target, headers={"Accept": "text/html"})
        wait_until(lambda: server.metric("pfocr_rdf_queue_length") == 1, "the page waits for it")
        leaving.close()
        wait_until(lambda: any(f"path={target}" in line for line in server.log), "it is logged")
        running.close()
        (line,) = (line for line in server.log if f"path={target}" in line)
        metrics = server.request("GET", "/metrics").body.decode()
        assert "status=0" in line
        assert line.endswith("outcome=disconnect")
        assert 'pfocr_rdf_requests_total{route="queries",status="0"} 1.0' in metrics
        assert "engine-failure" not in metrics
        assert not [line for line in server.log if "Traceback" in line]


# What describes a query.


def test_without_parameters_a_query_has_five_forms_that_say_the_same(pages: Pages) -> None:
    for name in ("figures-by-gene", "figure-record", "most-mentioned-genes"):
        graphs = []
        for form in RDF_FORMS:
            page = pages.get(f"/queries/{name}", form.media_type)
            graphs.append(graph(page))
            there = page.headers["content-location"]
            assert there == f"/queries/{name}{form.suffix}"
            assert graph(pages.get(there)) == graphs[0] == graphs[-1]
        html = pages.get(f"/queries/{name}", "text/html")
        block = Markup(html.text).json_ld.encode()
        assert graph(Page(200, {"content-type": "application/ld+json"}, block)) == graphs[0]
        assert Triple(Iris().query(name), RDF_TYPE, Sh.SPARQLExecutable) in graphs[0]


def test_the_list_in_rdf_has_all_queries_as_sib_has_examples(pages: Pages, server: Server) -> None:
    page = pages.get("/queries.ttl")
    said = rdflib.Graph().parse(data=page.text, format="turtle")
    # The query that SIB's collection gives to find examples.
    found = said.query(
        """PREFIX sh: <http://www.w3.org/ns/shacl#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX schema: <https://schema.org/>
        SELECT DISTINCT ?sq ?comment ?query ?target WHERE {
            ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; schema:target ?target ;
                sh:select|sh:ask|sh:construct ?query ; sh:prefixes/sh:declare ?declared .
            FILTER(LANG(?comment) = "en")
        } ORDER BY ?sq"""
    )
    rows = [cast(rdflib.query.ResultRow, row) for row in found]
    assert [str(row.sq).rpartition("/")[2] for row in rows] == sorted(LISTED)
    assert {str(row.target) for row in rows} == {f"{PUBLIC}sparql"}
    elsewhere = {str(node) for node in said.subjects(rdflib.URIRef(SPEX + "federatesWith"))}
    assert {name.rpartition("/")[2] for name in elsewhere} == {*LISTED} - {*NAMES}
    for row in rows:
        if str(row.sq) in elsewhere:
            continue
        accept = "text/turtle" if "CONSTRUCT" in str(row.query) else "text/csv"
        assert server.post(str(row.query), accept).status == 200, row.sq


def test_every_prefix_is_declared_once(pages: Pages) -> None:
    said = graph(pages.get("/queries.nt"))
    declared = {
        t.object.value for t in said if t.predicate == Sh.prefix and isinstance(t.object, Literal)
    }
    assert declared == set(Iris().prefixes())


def test_parameters_are_described(pages: Pages) -> None:
    said = set(library_triples_of(pages))
    node = Iris().query("figures-by-gene", "parameter-limit")
    assert Triple(Iris().query("figures-by-gene"), Sh.parameter, node) in said
    assert Triple(node, Sh.default_value, Literal("100")) in said
    assert Triple(node, Sh.path, Iris().query("figures-by-gene", "limit")) in said
    kinds = {t.object for t in said if t.predicate == Sh.datatype}
    assert all(isinstance(kind, NamedNode) for kind in kinds)


def library_triples_of(pages: Pages) -> list[Triple]:
    page = pages.get("/queries.nt")
    return list(graph(page))


# OpenAPI.


@pytest.fixture(scope="module", name="document")
def _document(server: Server) -> dict[str, Any]:
    answer = get(server, "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json
    assert isinstance(document, dict)
    return document


def test_the_description_is_openapi(document: dict[str, Any]) -> None:
    validate(cast(Any, document))


def test_every_query_is_described_and_what_is_described_answers(
    document: dict[str, Any], server: Server
) -> None:
    base = document["servers"][0]["url"]
    assert server.url.startswith(base)
    named = [path for path in document["paths"] if path.startswith("/queries/")]
    federated = {query.name for query in federated_queries()}
    assert sorted(named) == sorted(f"/queries/{name}.{{form}}" for name in {*NAMES, *federated})
    for template, item in document["paths"].items():
        path, operation = template, item["get"]
        parameters = operation.get("parameters", [])
        values = {
            p["name"]: p["example"] for p in parameters if p["in"] == "query" and "example" in p
        }
        for p in parameters:
            assert p["in"] == "path" or not p.get("required") or "example" in p, (path, p)
        forms = [f for p in parameters if p["name"] == "form" for f in p["schema"]["enum"]] or [""]
        for p in parameters:
            if p["in"] == "path" and "example" in p:
                path = path.replace(f"{{{p['name']}}}", p["example"])
        if path.startswith("/queries/"):
            query = load_query(path.removeprefix("/queries/").removesuffix(".{form}"))
            needed = {p["name"] for p in parameters if p.get("required") and p["in"] == "query"}
            assert needed == {p.name for p in query.parameters if p.default is None}
        for form in forms:
            target = path.replace("{form}", form) + (f"?{urlencode(values)}" if values else "")
            answer = get(server, target, "*/*")
            if path.startswith("/queries/") and query.name in federated:
                assert answer.status == 403, "this server asks no other endpoints"
                assert "This server asks no other endpoints." in operation["description"]
                continue
            assert answer.status in (200, 302), target
            if form:
                assert (
                    answer.headers["content-type"].partition(";")[0]
                    in operation["responses"]["200"]["content"]
                )


def test_what_a_request_to_the_endpoint_may_say_is_described(document: dict[str, Any]) -> None:
    said = {"format", "default-graph-uri", "named-graph-uri", "explain"}
    get_, post = (document["paths"]["/sparql"][method] for method in ("get", "post"))
    assert {p["name"] for p in get_["parameters"]} == {"query", *said}
    assert {p["name"] for p in post["parameters"]} == said
    form = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert form["properties"].keys() == {"query", *said}


def test_programs_are_told_what_a_search_reads_as_operators(document: dict[str, Any]) -> None:
    (text,) = (
        parameter["description"]
        for parameter in document["paths"]["/search.json"]["get"]["parameters"]
        if parameter["name"] == "q"
    )
    asked = read_asked(text.partition(": ")[2])
    assert [word.whole for word in asked.excluded] == ["excluded"]
    assert any(word.is_phrase for word in asked.words)
    assert any(word.or_before for word in asked.words)


def test_nothing_is_required_that_can_be_left_out(document: dict[str, Any], server: Server) -> None:
    for target in ("/search.json", "/suggest"):
        assert get(server, target).status == 200
        assert not any(p.get("required") for p in document["paths"][target]["get"]["parameters"])


def test_a_value_that_the_schema_allows_is_one_that_the_query_takes(pages: Pages) -> None:
    for query in named_queries():
        for parameter in query.parameters:
            schema = json_schema(parameter)
            assert parameter.type.partition(" ")[0] in TYPE_TO_READER
            if "minimum" in schema:
                for number in (schema["minimum"], schema["maximum"]):
                    assert read_terms(parameter, str(number))
                with pytest.raises(QueryError):
                    read_terms(parameter, str(schema["minimum"] - 1))
            default = schema.get("default")
            if default is not None and "pattern" in schema:
                assert re.search(schema["pattern"], str(default))


# Tables.


def test_a_cell_is_linked_where_there_is_a_page_and_is_text_where_it_could_run() -> None:
    links = Links(Iris())
    gene = {"type": "uri", "value": "https://identifiers.org/ncbigene/2064"}
    assert cell_of("gene", gene, links).href == "/gene/2064"
    assert cell_of("gene", gene, links).text == "gene:2064"
    script = {"type": "uri", "value": "javascript:alert(1)"}
    assert cell_of("x", script, links).href is None
    figid = {"type": "literal", "value": "PMC1__a b"}
    assert cell_of("figid", figid, links).href == "/figures/PMC1__a%20b"
    for column, value in (("figid", "no figid"), ("entrez", "TP53"), ("pmcid", "1"), ("x", "1")):
        assert cell_of(column, {"type": "literal", "value": value}, links).href is None


def test_a_long_table_is_cut_and_its_numbers_are_known() -> None:
    rows = [
        {
            "n": {
                "type": "literal",
                "value": str(n),
                "datatype": "http://www.w3.org/2001/XMLSchema#integer",
            }
        }
        for n in range(SHOWN_ROWS + 1)
    ]
    document = {"head": {"vars": ["n", "gap"]}, "results": {"bindings": rows}}
    table = read_table(json.dumps(document).encode(), Links(Iris()))
    assert (table.total, len(table.rows)) == (SHOWN_ROWS + 1, SHOWN_ROWS)
    assert table.numeric == {"n"}
    assert table.rows[0][1] is None


# Examples.


def test_a_label_without_an_example_has_none_and_every_required_parameter_has_one() -> None:
    for query in named_queries():
        for parameter in query.parameters:
            example = labelled(parameter)
            if parameter.default is None:
                assert example is not None, (query.name, parameter)
            if example is not None:
                assert read_terms(parameter, example.value)


def test_examples_of_a_release_find_rows_in_it(server: Server, pages: Pages) -> None:
    for name in (
        "figures-by-gene-tier",
        "co-mentioned-genes",
        "figures-by-all-genes",
        "word-candidates",
    ):
        values = example_values(load_query(name), pages.reading)
        answer = get(server, target_of(name, values, ".csv"))
        assert len(answer.body.splitlines()) > 1, (name, values)
