"""The same protocol and the same pages with another engine behind: Virtuoso, and Oxigraph's own."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from pyoxigraph import Store

from asking import CASES, NAMES
from backing import Pair, every_kind, pretender, rows_of, triples_of
from dereferencing import addresses
from endpoints import oxigraph_server
from federating import partners_file
from invoking import run
from paging import Pages
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.reading import open_reading
from pfocr_rdf.web.served import hold
from serving import JSON, Server, serving
from virtuoso import PASSWORD, USER, Virtuoso

EQUIVALENTS: Final = Iris().equivalents.value
#: A graph of Virtuoso's own.
SYSTEM: Final = "http://www.openlinksw.com/schemas/virtrdf#"
GENE: Final = "https://identifiers.org/ncbigene/5594"
#: What engines do not agree on, unless they are told.
QUERIES: Final = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT (COUNT(*) AS ?n) { GRAPH <urn:nobody> { ?s ?p ?o } }",
    f"ASK {{ GRAPH <{SYSTEM}> {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) FROM <{SYSTEM}> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM <{EQUIVALENTS}> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{EQUIVALENTS}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{SYSTEM}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"PREFIX e: <{EQUIVALENTS}> ASK FROM e: FROM NAMED <{SYSTEM}> {{ <{GENE}> ?p ?o }}",
    "ASK { ?s a schema:Gene }",
    "ASK { ?s a <urn:nothing> }",
    "SELECT * {}",
    "SELECT ?s { ?s a schema:Gene } LIMIT 0",
    "SELECT ?f ?text { ?f a pfocr:PathwayFigure OPTIONAL { ?f schema:caption ?text } }",
    "SELECT * { ?s ?p ?o FILTER(DATATYPE(?o) = xsd:boolean) }",
    "SELECT ?s ?p ?o { ?s ?p ?o }",
    "PREFIX x: <http://schema.org/> SELECT ?n { ?g a x:Gene ; x:name ?n } ORDER BY ?n",
    "SELECT ?s { ?s schema:name ?n # SERVICE <urn:x> { \n FILTER(STRLEN(?n) > 20) } # the end",
    "BASE <https://identifiers.org/> SELECT ?p ?o { <ncbigene/5594> ?p ?o }",
    "SELECT ?p ?o { <dataset> ?p ?o }",
    'SELECT ?x { BIND(IF(1<2, "a", "b") AS ?x) FILTER(?x<"c"&&"d">?x) }',
)
#: One in so many of the pages of a kind.
EVERY: Final = 40


@pytest.fixture(scope="module", name="release")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return every_kind(tmp_path_factory.mktemp("every-kind"))


@pytest.fixture(scope="module", name="partner")
def _partner(release: Release) -> Iterator[str]:
    """The address of another endpoint, which SERVICE may call."""
    with pretender(release) as engine:
        yield engine.url


@pytest.fixture(scope="module", name="federation")
def _federation(partner: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    path = tmp_path_factory.mktemp("partners") / "partners.toml"
    return "--partners", str(partners_file(path, {"partner": {"endpoint": partner}}))


@pytest.fixture(scope="module", name="local")
def _local(release: Release, federation: tuple[str, str]) -> Iterator[Server]:
    with serving(release.path.parent.parent, *federation) as server:
        yield server


def push(release: Release, virtuoso: Virtuoso, notes: Path) -> None:
    """Make it the release that Virtuoso has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORE_PASSWORD", PASSWORD)
        line = ["push", "--endpoint", virtuoso.graphs, "--user", USER, "--data", str(notes)]
        done = run(*line, "--release", release.path, "--password-env", "STORE_PASSWORD")
    assert done.status == 0, done.err


@pytest.fixture(scope="module", name="pair", params=["virtuoso", "oxigraph"])
def _pair(
    request: pytest.FixtureRequest,
    release: Release,
    local: Server,
    federation: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    data, folder = release.path.parent.parent, tmp_path_factory.mktemp("behind")
    if request.param == "virtuoso":
        virtuoso: Virtuoso = request.getfixturevalue("virtuoso")
        push(release, virtuoso, folder)
        with serving(data, "--backend", virtuoso.sparql, *federation) as server:
            yield Pair(server, local)
        return
    with (
        oxigraph_server(folder, Store.read_only(str(release.store))) as address,
        serving(data, "--backend", address, "--backend-graph", "default", *federation) as server,
    ):
        yield Pair(server, local)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_has_the_answer_of_the_store_of_the_release(pair: Pair, query: str) -> None:
    backed, local = pair.form(query=query, accept=JSON)
    assert rows_of(backed) == rows_of(local)
    assert backed.headers["x-pfocr-release"] == local.headers["x-pfocr-release"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?f { ?f schema:mentions <http://purl.uniprot.org/geneid/5594> }",
        "PREFIX schema: <https://schema.org/> ASK { ?f schema:mentions ?g }",
        "CONSTRUCT WHERE { ?m pfocr:tiers ?t }",
        "SELECT ?g { ?g schema:identifier 5594 }",
        "SELECT ?a { ?a schema:datePublished '2011' }",
        "SELECT ?m { ?m a pfocr:Mention }",
        "SELECT ?g { GRAPH ?graph { ?g schema:sameAs <urn:nothing> } }",
        "SELECT ?f { ?f schema:mentions ?g ; pfocr:tier ?t . ?x schema:sameAs ?y }",
        "ASK { gene:2064 schema:name ?name ; schema:datePublished ?date }",
        "ASK { ?f a pfocr:PathwayFigure ; rdfs:label ?name }",
    ],
)
def test_why_nothing_is_found_is_told_as_the_store_of_the_release_tells_it(
    pair: Pair, query: str
) -> None:
    for _ in range(10):  # what a busy engine did not tell in a second, it tells another time
        backed, local = pair.form(query=query, accept=f"{JSON}, application/n-triples")
        if backed.headers.get("x-pfocr-absent") == local.headers["x-pfocr-absent"]:
            return
    assert backed.headers.get("x-pfocr-absent") == local.headers["x-pfocr-absent"]


@pytest.mark.parametrize("name", NAMES)
def test_a_named_query_has_the_answer_of_the_store_of_the_release(pair: Pair, name: str) -> None:
    query = bind(load_query(name), CASES.get(name, {}), Iris())
    backed, local = pair.form(query=query, accept=f"{JSON}, application/n-triples")
    if backed.headers["content-type"] == JSON:
        assert rows_of(backed) == rows_of(local)
    else:
        assert triples_of(backed) == triples_of(local)


@pytest.mark.parametrize(
    ("default", "named"),
    [
        ([EQUIVALENTS], []),
        ([SYSTEM], []),
        ([], [EQUIVALENTS]),
        ([], [SYSTEM]),
        ([EQUIVALENTS, SYSTEM], [SYSTEM, EQUIVALENTS]),
    ],
)
def test_the_graphs_of_a_request_take_the_place_of_those_of_its_query(
    pair: Pair, default: list[str], named: list[str]
) -> None:
    patterns = "{ { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    query = f"SELECT (COUNT(*) AS ?n) FROM <{SYSTEM}> FROM NAMED <{SYSTEM}> {patterns}"
    fields = {"default_graph_uri": default, "named_graph_uri": named}
    backed, local = pair.form(query=query, **fields)
    assert rows_of(backed) == rows_of(local)


@pytest.mark.parametrize("form", RDF_FORMS, ids=lambda form: form.name)
def test_a_graph_is_the_same_in_every_format(pair: Pair, form: object) -> None:
    query = "CONSTRUCT { ?s schema:name ?o } WHERE { ?s schema:name ?o }"
    backed, local = pair.form(query=query, accept=form.media_type)  # type: ignore[attr-defined]
    assert backed.headers["content-type"] == local.headers["content-type"]
    assert triples_of(backed) == triples_of(local)


@pytest.mark.parametrize(
    "accept", ["application/sparql-results+xml", "text/csv", "text/tab-separated-values", JSON]
)
def test_solutions_are_written_byte_for_byte_as_here(pair: Pair, accept: str) -> None:
    query = "SELECT ?s ?n { ?s schema:name ?n } ORDER BY ?s ?n"
    backed, local = pair.form(query=query, accept=accept)
    assert (backed.status, backed.body) == (200, local.body)
    assert backed.headers["content-type"] == local.headers["content-type"]
    yes, really = pair.form(query="ASK { ?s a schema:Taxon }", accept=accept)
    assert (yes.status, yes.status == 200 and yes.body) == (
        really.status,
        really.status == 200 and really.body,
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT *\nWHERE { ?s ?p }",
        "SELECT ?s { ?s nowhere:p ?o }",
        "DELETE WHERE { ?s ?p ?o }",
        "SELECT * { SERVICE ?where { ?s ?p ?o } }",
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * " + "{" * 200 + "}" * 200,
        "SELECT * { ?s ?p ?o FILTER(<bif:exec>('select 1')) }",
        "PREFIX s: <sql:> SELECT (s:x(1) AS ?x) {}",
    ],
)
def test_what_is_refused_here_is_refused_in_the_same_words(pair: Pair, query: str) -> None:
    backed, local = pair.form(query=query)
    assert backed.problem == local.problem
    ours, theirs = backed.json, local.json
    for member in ("type", "instance"):
        del ours[member], theirs[member]
    assert ours == theirs


def test_a_service_clause_is_joined_with_what_the_engine_has(pair: Pair, partner: str) -> None:
    taxa = "SELECT ?s ?name {{ ?s a schema:Taxon . {} }}"
    asked = taxa.format(f"SERVICE <{partner}> {{ ?s schema:name ?name }}")
    joined = pair.backed.ask(asked, JSON)
    assert rows_of(joined) == rows_of(pair.local.ask(taxa.format("?s schema:name ?name"), JSON))
    assert joined.headers["x-federation"].startswith("partner; requests=1")
    assert rows_of(joined)[1]


def test_an_answer_is_kept_found_again_and_not_sent_twice(pair: Pair) -> None:
    target = f"/sparql?query={quote('SELECT ?s { ?s a schema:Periodical }')}"
    first, second = (pair.backed.request("GET", target) for _ in range(2))
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.body == second.body
    tag = {"If-None-Match": first.headers["etag"]}
    assert pair.backed.request("GET", target, headers=tag).status == 304
    head = pair.backed.request("HEAD", target)
    assert (head.status, head.body) == (200, b"")
    assert pair.local.request("GET", target).headers["etag"] == first.headers["etag"]


def test_a_query_may_come_in_every_way_of_the_protocol(pair: Pair) -> None:
    query = "SELECT ?s { ?s a schema:Taxon }"
    for server in (pair.backed, pair.local):
        by_get, by_post = server.ask(query), server.post(query)
        by_form, _ = Pair(server, server).form(query=query)
        assert rows_of(by_get) == rows_of(by_post) == rows_of(by_form)
    assert "X-Pfocr-Release" in pair.backed.ask(query).headers["access-control-expose-headers"]
    description = pair.backed.request("GET", "/sparql", headers={"Accept": "text/turtle"})
    assert b"Service" in description.body


def pages(release: Release) -> list[str]:
    """Some addresses of each kind."""
    held = hold(release)
    try:
        found = sorted(addresses(Pages(open_reading(held))))
    finally:
        held.close()
    kinds = groupby((a for a in found if not a.startswith("dumps/")), lambda a: a.partition("/")[0])
    return [address for _, group in kinds for address in [*group][::EVERY]]


def test_a_page_of_every_kind_says_the_same_in_all_its_forms(pair: Pair, release: Release) -> None:
    found = pages(release)
    assert len({address.partition("/")[0] for address in found}) > 8
    for address in ("", "releases", "queries", "search?q=akt", *found):
        for form in RDF_FORMS:
            backed, local = pair.page(f"/{address}", form.media_type)
            assert (backed.status, backed.headers.get("location")) == (
                local.status,
                local.headers.get("location"),
            ), address
            if backed.status == 200 and backed.body != local.body:
                assert triples_of(backed) == triples_of(local), address
        backed, local = pair.page(f"/{address}", "text/html")
        # Of the many that point at the dataset or a release its page shows some.
        some = address.startswith(("dataset", "releases/"))
        assert backed.body == local.body or some, address
        assert backed.headers.get("x-pfocr-release") == local.headers.get("x-pfocr-release")


def test_the_store_of_the_release_is_not_opened(pair: Pair) -> None:
    assert pair.backed.ask("ASK {}").status == 200
    for pid in (pair.backed.process.pid, *pair.backed.processes()):
        assert not [name for name in open_files(pid) if name.endswith(".sst")]


def open_files(pid: int) -> Iterator[str]:
    """Their names; files are opened and closed meanwhile."""
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield path.readlink().name
