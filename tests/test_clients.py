"""Real clients of others: SPARQLWrapper, rdflib's SPARQLStore, pyoxigraph's SERVICE, curl."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest
import rdflib
import SPARQLWrapper
from pyoxigraph import Literal, QuerySolutions, Store
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from pfocr_rdf.releases import Release
from serving import Server, serving

FIGURES: Final = "SELECT ?f { ?f a <http://schema.org/ImageObject> } ORDER BY ?f"


@pytest.fixture(name="server", scope="module")
def _server(seeds_release: Release) -> Iterator[Server]:
    with serving(seeds_release.path.parent.parent) as server:
        yield server


@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize("style", [SPARQLWrapper.URLENCODED, SPARQLWrapper.POSTDIRECTLY])
def test_sparqlwrapper_reads_solutions(server: Server, method: str, style: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(server.url)
    wrapper.setMethod(method)
    wrapper.setRequestMethod(style)
    wrapper.setReturnFormat(SPARQLWrapper.JSON)
    wrapper.setQuery(FIGURES)
    found = wrapper.queryAndConvert()
    assert isinstance(found, dict)
    assert len(found["results"]["bindings"]) == 5


@pytest.mark.parametrize(
    ("form", "check"),
    [
        (SPARQLWrapper.XML, lambda found: len(found.getElementsByTagName("result")) == 5),
        (SPARQLWrapper.CSV, lambda found: found.count(b"\r\n") == 6),
        (SPARQLWrapper.TSV, lambda found: found.count(b"\n") == 6),
    ],
)
def test_sparqlwrapper_reads_its_other_formats(server: Server, form: str, check: Any) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(server.url, returnFormat=form)
    wrapper.setQuery(FIGURES)
    assert check(wrapper.queryAndConvert())


# Its conversion of RDF/XML makes a graph of a class that rdflib has given up.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize("form", [SPARQLWrapper.TURTLE, SPARQLWrapper.RDFXML, SPARQLWrapper.XML])
def test_sparqlwrapper_reads_graphs(server: Server, form: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(server.url, returnFormat=form)
    wrapper.setQuery("CONSTRUCT WHERE { ?g a <http://schema.org/Gene> }")
    found = wrapper.query().convert()
    assert isinstance(found, bytes | rdflib.Graph)
    graph = found if isinstance(found, rdflib.Graph) else rdflib.Graph().parse(data=found)
    assert len(graph) > 10


# SPARQLWrapper closes no answer that tells of an error, which Python 3.14 warns of.
@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
def test_sparqlwrapper_sees_what_is_wrong_with_a_query(server: Server) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(server.url, returnFormat=SPARQLWrapper.JSON)
    wrapper.setQuery("SELECT * { ?s ?p }")
    with pytest.raises(SPARQLWrapper.SPARQLExceptions.QueryBadFormed, match="line 1, column"):
        wrapper.query()


def test_rdflib_declares_another_schema_org_unless_it_is_told_not_to(server: Server) -> None:
    """As docs/model.md says; were it otherwise, that would have to go."""
    asked = "SELECT ?gene { ?gene a schema:Gene }"
    assert not list(rdflib.Graph(SPARQLStore(server.url)).query(asked))
    assert list(rdflib.Graph(SPARQLStore(server.url), bind_namespaces="none").query(asked))
    declared = f"PREFIX schema: <http://schema.org/> {asked}"
    assert list(rdflib.Graph(SPARQLStore(server.url)).query(declared))


def test_years_and_counts_are_compared_as_the_readme_says(server: Server) -> None:
    graph = rdflib.Graph(SPARQLStore(server.url), bind_namespaces="none")
    years = "SELECT ?year { [] schema:datePublished ?year FILTER(%s) }"
    assert not list(graph.query(years % "?year > 1900"))
    assert list(graph.query(years % 'STR(?year) > "1900"'))
    words = "SELECT ?word (COUNT(*) AS ?n) { [] schema:text ?word } GROUP BY ?word HAVING(%s > 0)"
    assert not list(graph.query(words % "?n"))
    assert list(graph.query(words % "COUNT(*)"))


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflibs_store_asks_and_reads(server: Server, method: str) -> None:
    graph = rdflib.Graph(SPARQLStore(server.url, method=method))
    assert len(list(graph.query(FIGURES))) == 5
    genes = list(graph.subjects(rdflib.RDF.type, rdflib.URIRef("http://schema.org/Gene")))
    assert len(genes) > 10
    assert bool(graph.query("ASK {}"))


def test_another_oxigraph_joins_with_it(server: Server) -> None:
    query = f"SELECT (COUNT(*) AS ?n) {{ SERVICE <{server.url}> {{ {FIGURES} }} }}"
    found = Store().query(query)
    assert isinstance(found, QuerySolutions)
    assert [row["n"] for row in found] == [Literal(5)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_follows_the_examples_of_the_documentation(server: Server) -> None:
    def curl(*arguments: str) -> str:
        command = ["curl", "--silent", "--show-error", "--fail-with-body", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    asked = ["--data-urlencode", f"query={FIGURES}"]
    assert len(json.loads(curl(server.url, *asked))["results"]["bindings"]) == 5
    assert curl("--get", "-H", "Accept: text/csv", server.url, *asked).count("\n") == 6
    assert curl("--compressed", "-H", "Accept: text/csv", server.url, *asked).count("\n") == 6
    assert "200 OK" in curl("--head", "--get", server.url, *asked)
