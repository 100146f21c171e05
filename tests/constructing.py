"""What the page of an IRI must say as RDF, asked of the store as the pages' modules document it."""

from collections.abc import Iterable
from typing import Final

from pyoxigraph import NamedNode, QuerySolutions, QueryTriples, Triple

from pfocr_rdf.iris import WIKIPATHWAYS_HOME
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.web.pages.thing import CLASS_TO_KIND
from pfocr_rdf.web.reading import Reading

# Written so that Oxigraph looks up what is bound: where VALUES stands for the property of what is
# joined, it reads all triples that have it.
#: Of a thing, with the figures that its page lists.
THING: Final = """
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ VALUES ?s {{ {thing} }} ?s ?p ?o }}
  UNION {{ VALUES ?s {{ {thing} }} GRAPH ?g {{ ?s ?p ?o }} }}
  UNION {{ GRAPH ?g {{ ?s owl:annotatedSource {thing} ; ?p ?o }} }}
  UNION {{ VALUES ?p {{ sssom:mappings }}
           GRAPH ?g {{ ?o owl:annotatedSource {thing} . ?s ?p ?o }} }}
  UNION {{ VALUES ?p {{ dcterms:title dcterms:license }}
           GRAPH ?g {{ ?m owl:annotatedSource {thing} . ?s sssom:mappings ?m ; ?p ?o }} }}
  UNION {{ VALUES ?x {{ {thing} }} {{ ?x ?y ?s }} UNION {{ GRAPH ?g {{ ?x ?y ?s }} }}
           ?s schema:name ?o . BIND(schema:name AS ?p) }}
  UNION {{ VALUES ?p {{ skos:closeMatch }} VALUES ?o {{ {thing} }} ?s ?p ?o }}
  UNION {{ VALUES ?x {{ {thing} }} ?s skos:closeMatch ?x . VALUES ?p {{ schema:name }} ?s ?p ?o }}
  UNION {{ VALUES ?s {{ {figures} }} VALUES ?o {{ {thing} }} ?s ?p ?o }}
  UNION {{ VALUES ?s {{ {figures} }}
           ?s ?p ?o FILTER(?p IN (schema:name, schema:identifier, schema:isPartOf)) }}
  UNION {{ VALUES ?f {{ {figures} }} ?f schema:isPartOf ?s . VALUES ?o {{ {thing} }} ?s ?p ?o }}
  UNION {{ VALUES ?f {{ {figures} }} ?f schema:isPartOf ?s .
           ?s schema:name ?o . BIND(schema:name AS ?p) }}
}}
"""
#: The figures that have a thing, and those whose article has it.
HAVING: Final = """
SELECT DISTINCT ?f WHERE {{ ?f ?p {thing} FILTER EXISTS {{ ?f a pfocr:PathwayFigure }} }}
"""
THROUGH: Final = """
SELECT DISTINCT ?f WHERE {{
  ?a schema:isPartOf|schema:publisher {thing} . ?f schema:isPartOf ?a
  FILTER EXISTS {{ ?f a pfocr:PathwayFigure }}
}}
"""
#: Of anything else: in all graphs, for links of mapping sets have graphs of their own.
RESOURCE: Final = """
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ ?s ?p ?o FILTER(?s = {thing} || STRSTARTS(STR(?s), CONCAT(STR({thing}), "#"))) }}
  UNION {{ VALUES ?t {{ {thing} }} ?t schema:distribution|schema:creator ?s . ?s ?p ?o }}
  UNION {{ VALUES ?t {{ {thing} }} ?s foaf:primaryTopic ?t ; ?p ?o }}
}}
"""
POINTING: Final = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?o {{ {thing} }} ?s ?p ?o }}"
#: Of the site: with the dataset, its files, the release that is served and the catalogue.
HOME: Final = """
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ VALUES ?s {{ {thing} {dataset} {release} {publisher} }} ?s ?p ?o }}
  UNION {{ {dataset} schema:distribution ?s . ?s ?p ?o }}
}}
"""


def constructed(reading: Reading, query: str, *, everywhere: bool = False) -> set[Triple]:
    """The triples of a query.

    :param everywhere: of named graphs too.
    """
    answer = reading.store.query(
        query, prefixes=reading.iris.prefixes(), use_default_graph_as_union=everywhere
    )
    assert isinstance(answer, QueryTriples)
    return set(answer)


def is_thing(reading: Reading, iri: NamedNode) -> bool:
    """Whether its page lists the figures that have it."""
    return any(reading.is_a(iri, kind) for kind in CLASS_TO_KIND)


def of_figure(reading: Reading, figure: NamedNode) -> set[Triple]:
    """What a named query says of a figure."""
    query = bind(load_query("figure-record"), {"figure": figure.value}, reading.iris)
    # Unordered: to order them takes most of the query's time, and they become a set.
    said, order, _ = query.partition("\nORDER BY ")
    assert order
    return constructed(reading, said)


def of_thing(reading: Reading, thing: NamedNode, figures: Iterable[NamedNode]) -> set[Triple]:
    """What is said of a thing on the page that lists these figures."""
    return constructed(reading, THING.format(thing=thing, figures=" ".join(map(str, figures))))


def figures_having(reading: Reading, thing: NamedNode, query: str = HAVING) -> set[NamedNode]:
    """All figures that the pages of a thing list.

    :param query: :data:`THROUGH` for a journal or a publisher.
    """
    answer = reading.store.query(query.format(thing=thing), prefixes=reading.iris.prefixes())
    assert isinstance(answer, QuerySolutions)
    return {row["f"] for row in answer if isinstance(row["f"], NamedNode)}


def of_resource(reading: Reading, thing: NamedNode) -> set[Triple]:
    """What is said of anything else, but for what points at it."""
    return constructed(reading, RESOURCE.format(thing=thing), everywhere=True)


def pointing_at(reading: Reading, thing: NamedNode) -> set[Triple]:
    """What points at a thing; the page shows some."""
    return constructed(reading, POINTING.format(thing=thing))


def of_home(reading: Reading) -> set[Triple]:
    """What is said of the site."""
    iris = reading.iris
    query = HOME.format(
        thing=iris.home,
        dataset=iris.dataset,
        release=iris.release(reading.version),
        publisher=NamedNode(WIKIPATHWAYS_HOME),
    )
    return constructed(reading, query)
