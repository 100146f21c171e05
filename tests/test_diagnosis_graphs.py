"""A query that looks for records in named graphs is told so, and no other one."""

import pytest
from pyoxigraph import NamedNode

from building import ask, store_of
from invoking import run
from pfocr_rdf.diagnosis.graphs import Misplaced, misplaced
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import named_queries
from pfocr_rdf.releases import Release

IRIS = Iris()
OTHER = f"<{IRIS.equivalents.value}>"
GENE = "http://schema.org/Gene"
MENTIONS = "http://schema.org/mentions"


def told(release: Release, text: str) -> list[tuple[str, bool]]:
    """The terms, and whether each is a graph."""
    found = misplaced(text, store_of(release), IRIS)
    return [(one.term.value, one.is_graph) for one in found]


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("SELECT * { GRAPH <urn:g> { ?s schema:sameAs ?o } }", True),
        ("ASK FROM <urn:g> { ?s schema:sameAs <http://purl.uniprot.org/geneid/5594> }", True),
        ("SELECT * { GRAPH <urn:g> { ?s schema:sameAs ?o ; schema:name ?n } }", False),
        ("SELECT * { GRAPH <urn:g> { ?s schema:sameAs ?o ; <urn:p> ?n } }", False),
        ("SELECT * { GRAPH <urn:g> { ?s schema:name ?n } }", False),
        ("SELECT * { GRAPH <urn:g> { ?s ?p ?n } { ?s schema:sameAs ?o } }", False),
    ],
)
def test_of_a_graph_that_there_is_not_the_one_that_has_what_is_sought_is_told(
    seeds_release: Release, text: str, instead: bool
) -> None:
    meant = IRIS.equivalents if instead else None
    (found,) = misplaced(text, store_of(seeds_release), IRIS)
    assert found == Misplaced(NamedNode("urn:g"), is_graph=True, instead=meant)
    data = ("--data", seeds_release.path.parent.parent)
    said = run("query", text, *data).err
    assert (f"no graph of the release, write {meant}" in said) == instead


@pytest.mark.parametrize(
    ("text", "graphs"),
    [
        ("SELECT * FROM <urn:g> { ?s ?p ?o }", ["urn:g"]),
        ("ASK FROM <urn:g> FROM NAMED <urn:h> { ?s a schema:Gene }", ["urn:g", "urn:h"]),
        ("CONSTRUCT { ?s ?p ?o } { GRAPH <urn:g> { ?s ?p ?o } }", ["urn:g"]),
        ("SELECT * { { GRAPH <urn:g> { ?s ?p ?o } } UNION { ?s ?p ?o } }", ["urn:g"]),
        (f"SELECT * FROM {OTHER} {{ ?s ?p ?o }}", []),
        # Without it something may be found; or it is a graph of somebody else.
        ("SELECT * { ?s ?p ?o OPTIONAL { GRAPH <urn:g> { ?s ?p ?o } } }", []),
        ("SELECT * { ?s ?p ?o MINUS { ?s a ?o . GRAPH <urn:g> { ?s ?p ?o } } }", []),
        ("ASK { ?s ?p ?o FILTER(NOT EXISTS { GRAPH <urn:g> { ?s ?p ?o } }) }", []),
        ("ASK { SERVICE <urn:x> { GRAPH <urn:g> { ?s a schema:Gene } } }", []),
        ("ASK { SERVICE SILENT <urn:x> { GRAPH <urn:g> { ?s a schema:Gene } } }", []),
        ("ASK { ?s ?p 'GRAPH <urn:g>' } # FROM <urn:g>", []),
        ("ASK { ?from ?graph <urn:g> }", []),
    ],
)
def test_a_graph_that_the_release_does_not_have_is_told(
    seeds_release: Release, text: str, graphs: list[str]
) -> None:
    assert told(seeds_release, text) == [(graph, True) for graph in graphs]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        (f"ASK FROM {OTHER} {{ ?s a schema:Gene }}", GENE),
        ("ASK { GRAPH ?g { ?f schema:mentions ?s . ?s a schema:Gene } }", MENTIONS),
        (
            f"ASK {{ GRAPH {OTHER} {{ ?s schema:sameAs ?o }} GRAPH ?g {{ ?s a schema:Gene }} }}",
            GENE,
        ),
        (f"ASK {{ GRAPH {OTHER} {{ {{ ?s schema:sameAs ?o }} {{ ?s a schema:Gene }} }} }}", GENE),
        # With FROM NAMED alone, the default graph is empty; with FROM alone, no graph has a name.
        (f"ASK FROM NAMED {OTHER} {{ ?s a schema:Gene GRAPH ?g {{ ?s schema:sameAs ?o }} }}", GENE),
        (f"ASK FROM {OTHER} {{ GRAPH ?g {{ ?s a schema:Gene }} }}", GENE),
        (f"ASK {{ ?s a schema:Gene GRAPH {OTHER} {{ ?s schema:sameAs ?o }} }}", None),
        (f"ASK FROM {OTHER} {{ ?s schema:sameAs ?o }}", None),
        ("SELECT * { GRAPH ?g { ?s a schema:Gene } }", GENE),
        ("SELECT DISTINCT * WHERE { GRAPH ?g { ?s a schema:Gene } }", GENE),
        (f"SELECT * FROM {OTHER} {{ ?s a schema:Gene }}", GENE),
        (f"SELECT ?s FROM {OTHER} {{ {{ SELECT * {{ ?s a schema:Gene }} }} }}", GENE),
        (f"SELECT ?s FROM {OTHER} {{ {{ SELECT * WHERE {{ ?s a schema:Gene }} }} }}", GENE),
        (f"ASK FROM {OTHER} {{ ?s a schema:Gene FILTER(!isBlank(?s) || 2 * 3 > 5) }}", GENE),
        # No graph has it: what the release does not have is told elsewhere.
        (f"ASK FROM {OTHER} {{ ?s <urn:p> ?o }}", None),
        # Something may be found without it.
        (f"ASK FROM {OTHER} {{ ?s schema:sameAs|schema:mentions ?o }}", None),
        (f"ASK FROM {OTHER} {{ ?s schema:mentions|(schema:sameAs) ?o }}", None),
        (f"ASK FROM {OTHER} {{ ?s schema:mentions? ?o }}", None),
        (f"ASK FROM {OTHER} {{ ?s !schema:mentions ?o }}", None),
        (f"ASK FROM {OTHER} {{ ?s schema:mentions*/schema:sameAs ?o }}", None),
        (f"ASK FROM {OTHER} {{ {{ ?s a schema:Gene }} UNION {{ ?s ?p ?o }} }}", None),
        (f"ASK FROM {OTHER} {{ ?s ?p ?o FILTER(?o != schema:Gene) }}", None),
        (f"ASK FROM {OTHER} {{ ?s ?p ?o OPTIONAL {{ ?s a schema:Gene }} }}", None),
        (f"ASK FROM {OTHER} {{ ?s ?p ?o VALUES ?t {{ schema:Gene }} }}", None),
    ],
)
def test_a_term_that_only_the_default_graph_has_is_told(
    seeds_release: Release, text: str, term: str | None
) -> None:
    assert told(seeds_release, text) == ([(term, False)] if term else [])


def test_the_graphs_of_mapping_sets_are_looked_into(mapped_release: Release) -> None:
    rows = ask(mapped_release, "SELECT DISTINCT ?g ?p { GRAPH ?g { ?s ?p ?o } }")
    assert len({graph for graph, _ in rows}) > 1
    for graph, predicate in rows:
        for where in (f"<{graph}>", "?g"):
            assert told(mapped_release, f"ASK {{ GRAPH {where} {{ ?s <{predicate}> ?o }} }}") == []
    assert told(mapped_release, "ASK { GRAPH ?g { ?s a schema:Gene } }") == [(GENE, False)]


def test_of_the_named_queries_nothing_is_told(seeds_release: Release) -> None:
    for query in named_queries():
        assert told(seeds_release, query.text) == []
