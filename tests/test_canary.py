"""No query makes the server call anyone: a canary listens, and must hear nothing.

What is not recognised as a call is still none, for a query process has no network; so all is
asked twice, with the checks of the text and without.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest

from attacking import Canary, singing, site_listening
from listening import talk
from pfocr_rdf.releases import Release
from pfocr_rdf.web.app import SiteOptions
from pfocr_rdf.web.federation import answering
from serving import Answer, Server, serving

#: Each is asked with the canary's address in place of CANARY, and its port in place of PORT.
CALLS: Final = {
    "plain": "SELECT * { SERVICE <CANARY> { ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <CANARY> { ?s ?p ?o } }",
    "in small letters": "select * { service <CANARY> { ?s ?p ?o } }",
    "without spaces": "SELECT*{SERVICE<CANARY>{?s?p?o}}",
    "silent without spaces": "SELECT*{SERVICESILENT<CANARY>{?s?p?o}}",
    "after a literal": "SELECT * { ?s ?p trueSERVICE<CANARY>{ ?a ?b ?c } }",
    "after a number": "SELECT * { ?s ?p 1SERVICE<CANARY>{ ?a ?b ?c } }",
    "with a prefix": "PREFIX : <CANARY> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "with a longer prefix": "PREFIX SERVICE: <CANARY> SELECT * { SERVICE SERVICE:x { ?s ?p ?o } }",
    "with a base": "BASE <CANARY> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "after a comment": "SELECT * { SERVICE#>\n<CANARY>#<\n{ ?s ?p ?o } }",
    "with a variable": "SELECT * { BIND(<CANARY> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "with values": "SELECT * { VALUES ?e { <CANARY> } SERVICE ?e { ?s ?p ?o } }",
    "in an option": "SELECT * { ?s ?p ?o OPTIONAL { SERVICE <CANARY> { ?s ?q ?r } } } LIMIT 1",
    "in a filter": "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <CANARY> { ?s ?q ?r } } } LIMIT 1",
    "in a subquery": "SELECT * { { SELECT * { SERVICE <CANARY> { ?s ?p ?o } } } }",
    "in ASK": "ASK { SERVICE <CANARY> { ?s ?p ?o } }",
    "in CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { SERVICE <CANARY> { ?s ?p ?o } }",
    "in DESCRIBE": "DESCRIBE ?s { SERVICE <CANARY> { ?s ?p ?o } }",
    "in a graph": "SELECT * { GRAPH ?g { SERVICE <CANARY> { ?s ?p ?o } } }",
    "escaped": "SELECT * { \\u0053ERVICE <CANARY> { ?s ?p ?o } }",
    "escaped address": "SELECT * { SERVICE <\\u0068ttp://127.0.0.1:PORT/> { ?s ?p ?o } }",
    "by name": "SELECT * { SERVICE <http://localhost:PORT/> { ?s ?p ?o } }",
    "IPv6": "SELECT * { SERVICE <http://[::1]:PORT/> { ?s ?p ?o } }",
    "IPv4 in IPv6": "SELECT * { SERVICE <http://[::ffff:127.0.0.1]:PORT/> { ?s ?p ?o } }",
    "decimal": "SELECT * { SERVICE <http://2130706433:PORT/> { ?s ?p ?o } }",
    "hexadecimal": "SELECT * { SERVICE <http://0x7f000001:PORT/> { ?s ?p ?o } }",
    "octal": "SELECT * { SERVICE <http://0177.0.0.1:PORT/> { ?s ?p ?o } }",
    "short": "SELECT * { SERVICE <http://127.1:PORT/> { ?s ?p ?o } }",
    "any address": "SELECT * { SERVICE <http://0.0.0.0:PORT/> { ?s ?p ?o } }",
    "with a user": "SELECT * { SERVICE <http://example.org@127.0.0.1:PORT/> { ?s ?p ?o } }",
    "encrypted": "SELECT * { SERVICE <https://127.0.0.1:PORT/> { ?s ?p ?o } }",
}
#: These name an address where SPARQL lets a server fetch it, which this one never does.
NAMES: Final = {
    "FROM": "SELECT * FROM <CANARY> { ?s ?p ?o }",
    "FROM NAMED": "SELECT * FROM NAMED <CANARY> { GRAPH ?g { ?s ?p ?o } }",
    "GRAPH": "SELECT * { GRAPH <CANARY> { ?s ?p ?o } }",
    "DESCRIBE": "DESCRIBE <CANARY>",
    "a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
}
UPDATES: Final = {
    "LOAD": "LOAD <CANARY>",
    "LOAD SILENT": "LOAD SILENT <CANARY> INTO GRAPH <CANARY>",
    "INSERT": "INSERT { ?s ?p ?o } WHERE { SERVICE <CANARY> { ?s ?p ?o } }",
}
#: The engine as it comes: it calls whatever it is told to.
UNPROTECTED: Final = """\
import sys
from pyoxigraph import Literal, NamedNode, Quad, Store

store = Store()
store.add(Quad(NamedNode("x:s"), NamedNode("x:p"), Literal(True)))
try:
    list(store.query(sys.argv[1]))
except OSError:
    pass
"""


@pytest.fixture(name="server", scope="module")
def _server(seeds_release: Release) -> Iterator[Server]:
    with serving(seeds_release.path.parent.parent) as server:
        yield server


@pytest.fixture(name="canary", scope="module")
def _canary() -> Iterator[Canary]:
    with singing() as canary:
        yield canary


def addressed(query: str, canary: Canary) -> str:
    address = query.replace("CANARY", f"http://127.0.0.1:{canary.port}/")
    return address.replace("PORT", str(canary.port))


def rows(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    found: list[Any] = answer.json["results"]["bindings"]
    return found


@pytest.mark.parametrize(
    "name", ["plain", "with a prefix", "after a literal", "by name", "decimal"]
)
def test_the_canary_hears_an_engine_that_nothing_protects(name: str) -> None:
    with singing() as canary:
        command = [sys.executable, "-c", UNPROTECTED, addressed(CALLS[name], canary)]
        subprocess.run(command, check=True, timeout=30)
        assert canary.calls() == 1


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_refused_and_not_made(server: Server, canary: Canary, name: str) -> None:
    answer = server.post(addressed(CALLS[name], canary))
    # Whatever is no SPARQL to begin with calls nobody either.
    expected = {(403, "federation-disabled")} | ({(400, "syntax")} if "escaped" in name else set())
    assert (answer.status, answer.problem) in expected
    assert canary.calls() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_not_fetched(server: Server, canary: Canary, name: str) -> None:
    answer = server.post(addressed(NAMES[name], canary))
    if name == "DESCRIBE":
        assert (answer.status, answer.body) == (200, b"")
    else:
        assert rows(answer) == []
    assert canary.calls() == 0


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_refused_and_fetches_nothing(
    server: Server, canary: Canary, name: str
) -> None:
    answer = server.post(addressed(UPDATES[name], canary))
    assert (answer.status, answer.problem) == (403, "read-only")
    assert canary.calls() == 0


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_a_graph_of_the_protocol_is_not_fetched(
    server: Server, canary: Canary, parameter: str
) -> None:
    graph = quote(f"http://127.0.0.1:{canary.port}/")
    query = quote("SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    answer = server.request("GET", f"/sparql?{parameter}={graph}&query={query}")
    assert rows(answer) == []
    assert canary.calls() == 0


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (
            "application/ld+json",
            '{"@context": "CANARY", "@id": "x:s", "name": "a remote context"}',
        ),
        (
            "application/rdf+xml",
            '<!DOCTYPE r [<!ENTITY a "CANARY"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">'
            '<!ENTITY d SYSTEM "CANARY">]>'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&c;&d;</rdf:RDF>',
        ),
        ("application/xml", '<!DOCTYPE r SYSTEM "CANARY"><r/>'),
        ("text/turtle", "@base <CANARY> . <s> <p> <o> ."),
        ("multipart/form-data; boundary=x", "--x\r\n\r\nASK {}\r\n--x--"),
    ],
)
def test_a_body_that_is_no_query_is_not_read(
    server: Server, canary: Canary, media_type: str, body: str
) -> None:
    data = addressed(body, canary).encode()
    answer = server.request("POST", "/sparql", data, {"Content-Type": media_type})
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
    assert canary.calls() == 0


@pytest.fixture(name="unchecked", scope="module")
def _unchecked(seeds_release: Release) -> Iterator[tuple[str, int]]:
    """The address of a server that reads no query before it runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answering, "check_query", lambda *_: None)
        with site_listening(seeds_release.path.parent.parent, SiteOptions()) as listening:
            yield listening.address


@pytest.mark.parametrize("name", [*CALLS, *NAMES, *UPDATES])
def test_without_the_checks_the_query_process_cannot_call_anyone(
    unchecked: tuple[str, int], canary: Canary, name: str
) -> None:
    query = addressed({**CALLS, **NAMES, **UPDATES}[name], canary).encode()
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n" % len(query)
    status = int(talk(unchecked, head + query).split()[1])
    if name in NAMES:
        assert status == 200
    elif name == "encrypted":
        assert status == 500  # without its certificates the engine panics, in its process
    else:
        # With SILENT, or where nothing is asked of it, a call that fails is an empty answer.
        assert status in (200, 400, 403)
    assert canary.calls() == 0
