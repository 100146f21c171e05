"""Named queries as RDF: SHACL executables, by the convention of SIB's example queries.

https://github.com/sib-swiss/sparql-examples . There each example is a question with a query
that runs as it stands, so the values of :mod:`.examples` are bound here. The convention has no
terms for parameters, so they are described with those of SHACL itself
(https://www.w3.org/TR/shacl-af/#SPARQLFunction).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.parameters import Parameter
from pfocr_rdf.queries import NamedQuery, bind
from pfocr_rdf.vocabulary import RDF_TYPE, XSD_BOOLEAN, XSD_GYEAR, XSD_INTEGER, XSD_STRING, Sh
from pfocr_rdf.web.pages.examples import example_of, example_values
from pfocr_rdf.web.pages.query_inputs import (
    accepted_values,
    form_of,
    json_schema,
    listed_queries,
)
from pfocr_rdf.web.pages.visits import Visit

LABEL: Final = term(ns.RDFS, "label")
COMMENT: Final = term(ns.RDFS, "comment")
HAS_PART: Final = term(ns.DCTERMS, "hasPart")
# SIB's convention spells these two with https.
TARGET: Final = term(ns.SCHEMA_ORG, "target")
KEYWORDS: Final = term(ns.SCHEMA_ORG, "keywords")
FEDERATES_WITH: Final = term(ns.SPEX, "federatesWith")
FORM_TO_TERMS: Final = {
    "select": (Sh.SPARQLSelectExecutable, Sh.select),
    "construct": (Sh.SPARQLConstructExecutable, Sh.construct),
}
XSD_ANY_URI: Final = term(ns.XSD, "anyURI")
#: Type of a parameter → datatype of its values in the query; those of other types become IRIs.
TYPE_TO_DATATYPE: Final = {
    "integer": XSD_INTEGER,
    "limit": XSD_INTEGER,
    "text": XSD_STRING,
    "name": XSD_STRING,
    "year": XSD_GYEAR,
}
TITLE: Final = "Named queries"


def library_triples(visit: Visit) -> list[Triple]:
    """All named queries, and the prefixes that they use."""
    iris = visit.reading.iris
    everything = iris.query()
    found = [Triple(everything, LABEL, Literal(TITLE))]
    for query in listed_queries():
        found.append(Triple(everything, HAS_PART, iris.query(query.name)))
        found += query_triples(visit, query)
    prefixes = iris.query("", "prefixes")
    for prefix, namespace in iris.prefixes().items():
        node = iris.query("", f"prefix-{prefix}")
        found += [
            Triple(prefixes, Sh.declare, node),
            Triple(node, Sh.prefix, Literal(prefix)),
            Triple(node, Sh.namespace, Literal(namespace, datatype=XSD_ANY_URI)),
        ]
    return found


def query_triples(visit: Visit, query: NamedQuery) -> list[Triple]:
    """One named query with its parameters."""
    iris = visit.reading.iris
    node = iris.query(query.name)
    kind, property_of_text = FORM_TO_TERMS[form_of(query)]
    text = bind(query, example_values(query, visit.reading), iris)
    endpoint = NamedNode(visit.public_url + "sparql")
    found = [
        Triple(node, RDF_TYPE, Sh.SPARQLExecutable),
        Triple(node, RDF_TYPE, kind),
        Triple(node, LABEL, Literal(query.title)),
        Triple(node, COMMENT, Literal(query.description, language="en")),
        Triple(node, Sh.prefixes, iris.query("", "prefixes")),
        Triple(node, property_of_text, Literal(text)),
        Triple(node, TARGET, endpoint),
        *(Triple(node, KEYWORDS, Literal(word)) for word in (query.category, *query.keywords)),
        *(Triple(node, FEDERATES_WITH, NamedNode(other)) for other in query.endpoints),
    ]
    for parameter in query.parameters:
        found += _parameter(visit, query, node, parameter)
    return found


def _parameter(
    visit: Visit, query: NamedQuery, node: NamedNode, parameter: Parameter
) -> Iterator[Triple]:
    iris = visit.reading.iris
    described = iris.query(query.name, f"parameter-{parameter.name}")
    yield Triple(node, Sh.parameter, described)
    yield Triple(described, RDF_TYPE, Sh.Parameter)
    # The local name is the variable: https://www.w3.org/TR/shacl/#sparql-constraints-variables
    yield Triple(described, Sh.path, iris.query(query.name, parameter.name))
    yield Triple(described, Sh.name, Literal(parameter.label))
    yield Triple(described, Sh.description, Literal(accepted_values(parameter)))
    datatype = TYPE_TO_DATATYPE.get(parameter.kind)
    if datatype is not None:
        yield Triple(described, Sh.datatype, datatype)
    if parameter.default is not None:
        yield Triple(described, Sh.optional, Literal("true", datatype=XSD_BOOLEAN))
        yield Triple(described, Sh.default_value, Literal(parameter.default))


def library_document(visit: Visit) -> dict[str, Sequence[dict[str, Any]]]:
    """All named queries as a JSON object."""
    return {"queries": [query_document(visit, query) for query in listed_queries()]}


def query_document(visit: Visit, query: NamedQuery) -> dict[str, Any]:
    """One named query as a JSON object."""
    return {
        "name": query.name,
        "iri": visit.reading.iris.query(query.name).value,
        "title": query.title,
        "category": query.category,
        "description": query.description,
        "keywords": query.keywords,
        "form": form_of(query),
        "endpoints": query.endpoints,
        "join": query.join,
        "chart": query.chart and asdict(query.chart),
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.kind,
                "label": parameter.label,
                "accepted": accepted_values(parameter),
                "required": parameter.default is None,
                "example": example_of(parameter, visit.reading).value,
                "schema": json_schema(parameter),
            }
            for parameter in query.parameters
        ],
        "text": query.text,
    }
