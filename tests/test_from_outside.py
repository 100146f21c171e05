"""The endpoint as the partner of others: Virtuoso, Oxigraph and Comunica join with it.

What they send goes through a relay, which remembers it: that their bindings really go along.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store, parse, serialize

from endpoints import Handler, oxigraph_server, stand_in
from making import REPOSITORY
from pfocr_rdf.releases import Release
from releasing import data_folder
from serving import JSON, Answer, Server, serving
from virtuoso import Virtuoso, let_call_others, put, virtuoso_server

WIKIPATHWAYS: Final = Path(__file__).parent / "partners" / "wikipathways.ttl"
COMUNICA: Final = REPOSITORY / "build" / "comunica" / "node_modules" / ".bin" / "comunica-sparql"
DEADLINE_S: Final = 60
FORM: Final = "application/x-www-form-urlencoded"
PREFIXES: Final = """\
PREFIX schema: <http://schema.org/>
PREFIX wp: <http://vocabularies.wikipathways.org/wp#>
"""
#: What the others have, and what they want of us.
THEIRS: Final = "?node wp:bdbEntrezGene ?gene ."
OURS: Final = "?figure schema:mentions ?gene ; schema:identifier ?figid ."
GENE: Final = "https://identifiers.org/ncbigene/"
FEW: Final = tuple(f"{GENE}{n}" for n in (2064, 2065, 5742))
#: More than an address holds, and fewer than those of which Virtuoso makes too complex a query.
MANY: Final = tuple(f"{GENE}{n}" for n in range(2000, 2300))
#: Headers of one connection, and those that the relay writes itself.
OWN_HEADERS: Final = {"connection", "content-length", "content-type", "host", "transfer-encoding"}
Rows = set[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came: its query, however it was sent, and how it was answered."""

    method: str
    media_type: str
    query: str
    answer: Answer


@dataclass
class Relay:
    """Passes requests on to the server, and remembers them."""

    server: Server
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def reply(self, handler: Handler) -> None:
        target = urlsplit(handler.path)
        headers = {k: v for k, v in handler.headers.items() if k.lower() != "host"}
        answer = self.server.request(handler.command, handler.path, handler.body, headers)
        media_type = handler.headers.get("Content-Type", "").partition(";")[0]
        sent = handler.body.decode() if media_type == FORM else target.query
        (query,) = parse_qs(sent).get("query", [""])
        if media_type == "application/sparql-query":
            query = handler.body.decode()
        self.asked.append(Asked(handler.command, media_type, query, answer))
        named = {k: v for k, v in answer.headers.items() if k not in OWN_HEADERS}
        more = {name.replace("-", "_"): value for name, value in named.items()}
        handler.send(answer.body, answer.headers["content-type"], answer.status, **more)


@pytest.fixture(scope="module", name="running")
def _running(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    data = data_folder(seeds_release, tmp_path_factory.mktemp("outside") / "data")
    with serving(data) as server:
        relay = Relay(server)
        with stand_in(relay.reply) as listening:
            relay.url = listening.url
            yield relay


@pytest.fixture(name="relay")
def _relay(running: Relay) -> Relay:
    running.asked.clear()
    return running


@pytest.fixture(scope="module", name="virtuoso")
def _virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtuoso]:
    with virtuoso_server(tmp_path_factory.mktemp("virtuoso")) as server:
        let_call_others(server)
        triples = (quad.triple for quad in parse(path=str(WIKIPATHWAYS)))
        put(server, "urn:wikipathways", serialize(triples, format=RdfFormat.N_TRIPLES) or b"")
        yield server


@pytest.fixture(scope="module", name="oxigraph")
def _oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = Store()
    store.load(path=str(WIKIPATHWAYS))
    with oxigraph_server(tmp_path_factory.mktemp("oxigraph"), store) as url:
        yield url


@pytest.fixture(scope="module", name="document")
def _document() -> Iterator[str]:
    """The address of a file on the web, as Comunica takes one."""
    data = WIKIPATHWAYS.read_bytes()
    with stand_in(lambda handler: handler.send(data, "text/turtle")) as listening:
        yield listening.url.replace("/sparql", "/wikipathways.ttl")


def rows_of(body: bytes | str, *names: str) -> Rows:
    found = json.loads(body)["results"]["bindings"]
    rows = {tuple(row[name]["value"] for name in names) for row in found}
    assert len(rows) == len(found), "a row came twice"
    return rows


def ask(endpoint: str, query: str) -> bytes:
    """What another engine answers."""
    body = urlencode({"query": PREFIXES + query}).encode()
    with urlopen(Request(endpoint, body, {"Accept": JSON}), timeout=DEADLINE_S) as answer:
        return bytes(answer.read())


def comunica(query: str, *sources: str) -> str:
    """What Comunica answers; where it is not there, the test is skipped."""
    if shutil.which("node") is None or not COMUNICA.exists():
        pytest.skip(
            "NO COMUNICA: nothing is tested with it; install Node.js and npm, make comunica"
        )
    command = [str(COMUNICA), *sources, "--query", PREFIXES + query, "--outputType", JSON]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures_of(release: Release, genes: str) -> Rows:
    """The answer, from the store itself: gene and figure id.

    :param genes: a pattern for ``?gene``.
    """
    store = Store.read_only(str(release.store))
    found = store.query(f"{PREFIXES} SELECT DISTINCT ?gene ?figid {{ {genes} {OURS} }}")
    assert isinstance(found, QuerySolutions)
    return {(row["gene"].value, row["figid"].value) for row in found}


def values(genes: tuple[str, ...]) -> str:
    return f"VALUES ?gene {{ {' '.join(f'<{gene}>' for gene in genes)} }}"


def their_genes() -> tuple[str, ...]:
    """The genes of the pathways; one of them is in no figure."""
    store = Store()
    store.load(path=str(WIKIPATHWAYS))
    found = store.query(f"{PREFIXES} SELECT DISTINCT ?gene {{ {THEIRS} }}")
    assert isinstance(found, QuerySolutions)
    return tuple(sorted(row["gene"].value for row in found))


@pytest.fixture(name="joined")
def _joined(seeds_release: Release) -> Rows:
    """What the pathways' genes give, joined with the release."""
    found = figures_of(seeds_release, values(their_genes()))
    assert 0 < len({gene for gene, _ in found}) < len(their_genes())
    return found


def named_in(asked: Asked, genes: tuple[str, ...]) -> set[str]:
    """Those of the genes that a request names."""
    return {gene for gene in genes if f"<{gene}>" in asked.query}


# Virtuoso, as WikiPathways', MeSH's and many others' endpoints.


def test_virtuoso_joins_what_it_has_with_us_a_get_for_each_binding(
    virtuoso: Virtuoso, relay: Relay, joined: Rows
) -> None:
    query = f"SELECT DISTINCT ?gene ?figid {{ {THEIRS} SERVICE <{relay.url}> {{ {OURS} }} }}"
    assert rows_of(ask(virtuoso.sparql, query), "gene", "figid") == joined
    genes = their_genes()
    assert {asked.method for asked in relay.asked} == {"GET"}
    assert [len(named_in(asked, genes)) for asked in relay.asked] == [1] * len(relay.asked)
    assert set().union(*(named_in(asked, genes) for asked in relay.asked)) == set(genes)


@pytest.mark.parametrize(("genes", "method"), [(FEW, "GET"), (MANY, "POST")])
def test_virtuoso_sends_us_values(
    genes: tuple[str, ...], method: str, virtuoso: Virtuoso, relay: Relay, seeds_release: Release
) -> None:
    query = f"SELECT ?gene ?figid {{ SERVICE <{relay.url}> {{ {values(genes)} {OURS} }} }}"
    expected = figures_of(seeds_release, values(genes))
    assert expected
    assert rows_of(ask(virtuoso.sparql, query), "gene", "figid") == expected
    (asked,) = relay.asked
    assert (asked.method, asked.answer.status) == (method, 200)
    assert asked.answer.headers["content-type"] == "application/sparql-results+xml"
    assert named_in(asked, genes) == set(genes)


def test_virtuoso_tells_its_user_that_we_refused(virtuoso: Virtuoso, relay: Relay) -> None:
    """It makes an ``||`` for each value, and a thousand operators are the limit here."""
    genes = tuple(f"{GENE}{n}" for n in range(600))
    query = f"SELECT ?gene ?figid {{ SERVICE <{relay.url}> {{ {values(genes)} {OURS} }} }}"
    with pytest.raises(HTTPError) as raised:
        ask(virtuoso.sparql, query)
    raised.value.close()
    assert raised.value.code >= 400
    assert [asked.answer.problem for asked in relay.asked] == ["query-too-complex"]


# Oxigraph's own server.


def test_oxigraph_joins_what_it_has_with_us(oxigraph: str, relay: Relay, joined: Rows) -> None:
    """It sends no bindings, and joins all figures by itself."""
    query = f"SELECT DISTINCT ?gene ?figid {{ {THEIRS} SERVICE <{relay.url}> {{ {OURS} }} }}"
    assert rows_of(ask(oxigraph, query), "gene", "figid") == joined
    assert {asked.media_type for asked in relay.asked} == {"application/sparql-query"}


@pytest.mark.parametrize("genes", [FEW, MANY], ids=len)
def test_oxigraph_sends_us_values(
    genes: tuple[str, ...], oxigraph: str, relay: Relay, seeds_release: Release
) -> None:
    query = f"SELECT ?gene ?figid {{ SERVICE <{relay.url}> {{ {values(genes)} {OURS} }} }}"
    assert rows_of(ask(oxigraph, query), "gene", "figid") == figures_of(
        seeds_release, values(genes)
    )
    (asked,) = relay.asked
    assert (asked.method, asked.answer.headers["content-type"]) == ("POST", JSON)
    assert named_in(asked, genes) == set(genes)


def test_oxigraph_tells_its_user_that_we_refused(oxigraph: str, relay: Relay) -> None:
    inner = "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }"
    body = ask(oxigraph, f"SELECT * {{ SERVICE <{relay.url}> {{ {inner} }} }}")
    # It has said 200 by then, and goes on in the middle of its JSON with what we said.
    with pytest.raises(json.JSONDecodeError):
        rows_of(body)
    assert b"problems/federation-disabled" in body
    assert [asked.answer.problem for asked in relay.asked] == ["federation-disabled"]


# What is said comes through.


def test_texts_numbers_and_years_are_the_same_there(
    virtuoso: Virtuoso, oxigraph: str, relay: Relay
) -> None:
    """Virtuoso reads our XML, Oxigraph our JSON; both say the same as we do."""
    wanted = "?figure schema:caption ?caption ; schema:isPartOf/schema:datePublished ?year ."
    told = json.loads(relay.server.ask(f"{PREFIXES} SELECT * {{ {wanted} }}", JSON).body)
    expected = {
        (row["caption"]["value"], row["year"]["value"]) for row in told["results"]["bindings"]
    }
    assert any(not caption.isascii() for caption, _ in expected)
    for endpoint in (virtuoso.sparql, oxigraph):
        there = ask(endpoint, f"SELECT ?caption ?year {{ SERVICE <{relay.url}> {{ {wanted} }} }}")
        assert rows_of(there, "caption", "year") == expected
        types = {row["year"]["datatype"] for row in json.loads(there)["results"]["bindings"]}
        assert types == {row["year"]["datatype"] for row in told["results"]["bindings"]}


# Comunica.


def test_comunica_finds_out_by_the_description_that_we_are_an_endpoint(
    relay: Relay, seeds_release: Release
) -> None:
    query = f"SELECT DISTINCT ?gene ?figid {{ {values(FEW)} {OURS} }}"
    # At this address it cannot know from the name.
    answer = comunica(query, relay.url)
    assert rows_of(answer, "gene", "figid") == figures_of(seeds_release, values(FEW))
    description, *queries = relay.asked
    assert (description.method, description.query, description.answer.status) == ("GET", "", 200)
    assert description.answer.headers["content-type"] == "application/n-quads"
    assert queries


@pytest.mark.parametrize("clause", [False, True], ids=["as a source", "by SERVICE"])
def test_comunica_joins_a_file_on_the_web_with_us(
    clause: bool, document: str, relay: Relay, joined: Rows
) -> None:
    ours = f"SERVICE <{relay.url}> {{ {OURS} }}" if clause else OURS
    sources = (document,) if clause else (document, f"sparql@{relay.url}")
    answer = comunica(f"SELECT DISTINCT ?gene ?figid {{ {THEIRS} {ours} }}", *sources)
    assert rows_of(answer, "gene", "figid") == joined
    assert {asked.answer.status for asked in relay.asked} == {200}
    # It asks for counts first; in the end the bindings go along.
    genes = their_genes()
    assert set().union(*(named_in(asked, genes) for asked in relay.asked)) == set(genes)


def test_comunica_sends_long_lists_of_values_by_post(relay: Relay, seeds_release: Release) -> None:
    turtle = "".join(f"<urn:set> <urn:has> <{gene}> .\n" for gene in MANY).encode()
    with stand_in(lambda handler: handler.send(turtle, "text/turtle")) as listening:
        source = listening.url.replace("/sparql", "/genes.ttl")
        query = f"SELECT DISTINCT ?gene ?figid {{ <urn:set> <urn:has> ?gene . {OURS} }}"
        answer = comunica(query, source, f"sparql@{relay.url}")
    assert rows_of(answer, "gene", "figid") == figures_of(seeds_release, values(MANY))
    posted = [asked for asked in relay.asked if asked.method == "POST"]
    assert {asked.media_type for asked in posted} == {FORM}
    assert set().union(*(named_in(asked, MANY) for asked in posted)) == set(MANY)
    assert all("VALUES" in asked.query for asked in posted)


# Anybody.


def test_values_come_by_get_and_by_post_in_both_ways(relay: Relay, seeds_release: Release) -> None:
    server = relay.server
    few = f"{PREFIXES} SELECT ?gene ?figid {{ {values(FEW)} {OURS} }}"
    five_thousand = tuple(f"{GENE}{n}" for n in range(5000))
    many = f"{PREFIXES} SELECT ?gene ?figid {{ {values(five_thousand)} {OURS} }}"
    expected = figures_of(seeds_release, values(five_thousand))
    assert len(expected) > len(figures_of(seeds_release, values(MANY)))
    form = urlencode({"query": many}).encode()
    posted = server.request("POST", "/sparql", form, {"Content-Type": FORM, "Accept": JSON})
    for answer, rows in (
        (server.ask(few, JSON), figures_of(seeds_release, values(FEW))),
        (posted, expected),
        (server.post(many, JSON), expected),
    ):
        assert rows_of(answer.body, "gene", "figid") == rows
