"""The W3C's tests of the SPARQL 1.1 Protocol and of the service description, by name.

https://www.w3.org/TR/sparql11-protocol/ , https://www.w3.org/TR/sparql11-service-description/ .
The endpoint only reads: each update must be refused, and what an update would have done is not
asked for.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import rdflib
from pyoxigraph import NamedNode, Quad

from making import REPOSITORY
from pfocr_rdf.releases import Release
from releasing import data_folder
from serving import Answer, Server, graph_of, serving

SUITE: Final = REPOSITORY.parent / "shared" / "conformance" / "protocol_tests.json"
GRAPHS: Final = "http://kasei.us/2009/09/sparql/data/"
RDF_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
DOCUMENT: Final = NamedNode("http://xmlns.com/foaf/0.1/Document")
BOOLEAN: Final = {"application/sparql-results+xml", "application/sparql-results+json"}
EXPECTED_TYPES: Final = {
    "boolean": BOOLEAN,
    "tabular": BOOLEAN | {"text/csv", "text/tab-separated-values"},
    "RDF": {"application/rdf+xml", "text/turtle", "application/n-triples"},
}
SD: Final = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID: Final = rdflib.Namespace("http://rdfs.org/ns/void#")


def protocol_tests() -> list[Any]:
    if not SUITE.exists():
        reason = "the W3C's protocol tests are not beside the repository"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(test, id=test["id"]) for test in json.loads(SUITE.read_text())]


@pytest.fixture(name="server", scope="module")
def _server(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    graphs = [NamedNode(f"{GRAPHS}data{number}.rdf") for number in (1, 2, 3)]
    quads = [Quad(graph, RDF_TYPE, DOCUMENT, graph) for graph in graphs]
    folder: Path = tmp_path_factory.mktemp("protocol") / "data"
    with serving(data_folder(seeds_release, folder, quads)) as server:
        yield server


def sent(server: Server, request: dict[str, Any]) -> Answer:
    encoding = "utf-16" if request["enc"] == "UTF-16" else "utf-8"
    body = None if request["body"] is None else request["body"].encode(encoding)
    if body is None and request["method"] in {"POST", "PUT"}:
        body = b""
    path = request["path"].replace("/sparql/", "/sparql", 1)
    return server.request(request["method"], path, body, request["headers"])


def is_update(test: dict[str, Any], request: dict[str, Any]) -> bool:
    named = test["id"].startswith(("update", "bad_update", "bad_multiple_updates"))
    return named and "sparql-query" not in request["headers"].get("content-type", "")


@pytest.mark.parametrize("test", protocol_tests())
def test_of_the_protocol(server: Server, test: dict[str, Any]) -> None:
    quads = server.rows("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")
    for request in test["req"]:
        answer = sent(server, request)
        if is_update(test, request):
            assert 400 <= answer.status < 500, answer.body
            assert answer.problem
            assert server.rows("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == quads
            return
        expected = request["expect"]
        assert f"{answer.status // 100}xx" in expected["status"], answer.body
        if form := expected.get("expectedFormat"):
            assert answer.headers["content-type"].partition(";")[0] in EXPECTED_TYPES[form]
        if "expectedBoolean" in expected:
            assert answer.json["boolean"] is expected["expectedBoolean"]


def test_well_formed_updates_are_refused_as_such(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, headers in (
        (b"update=CLEAR+ALL", form),
        (b"CLEAR ALL", {"Content-Type": "application/sparql-update"}),
        (b"CLEAR ALL", {"Content-Type": "application/sparql-query"}),
    ):
        answer = server.request("POST", "/sparql", body, headers)
        assert (answer.status, answer.problem) == (403, "read-only")


@pytest.fixture(name="description", scope="module")
def _description(server: Server) -> rdflib.Graph:
    answer = server.request("GET", "/sparql")
    assert answer.status == 200
    return rdflib.Graph().parse(
        data=answer.body, format=answer.headers["content-type"].split(";")[0]
    )


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]
)
def test_returns_rdf(server: Server, accept: str) -> None:
    answer = server.request("GET", "/sparql", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(accept)
    assert len(graph_of(answer)) > 20


def test_has_endpoint_triple(server: Server, description: rdflib.Graph) -> None:
    assert list(description.objects(None, SD.endpoint)) == [rdflib.URIRef(server.url)]


def test_conforms_to_schema(description: rdflib.Graph) -> None:
    (service,) = description.subjects(rdflib.RDF.type, SD.Service)
    assert description.value(service, SD.supportedLanguage) == SD.SPARQL11Query
    assert len(set(description.objects(service, SD.resultFormat))) >= 8
    dataset = description.value(service, SD.defaultDataset)
    assert (dataset, rdflib.RDF.type, SD.Dataset) in description
    graph = description.value(dataset, SD.defaultGraph)
    assert int(str(description.value(graph, VOID.triples))) > 2000
    assert description.value(dataset, SD.namedGraph)


def test_the_description_follows_the_public_address(seeds_release: Release) -> None:
    data = seeds_release.path.parent.parent
    with serving(data, "--public-url", "https://example.org/pfocr") as server:
        body = server.request("GET", "/sparql").body.decode()
    assert re.search(r"endpoint> <https://example\.org/pfocr/sparql>", body)


def test_the_description_says_that_there_is_federation(description: rdflib.Graph) -> None:
    assert set(description.objects(None, SD.feature)) == {SD.BasicFederatedQuery}
