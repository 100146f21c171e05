"""The description of the service, which answers a GET without a query.

https://www.w3.org/TR/sparql11-service-description/ . It claims only what this endpoint does: the
default graph is not the union of the named graphs, and other endpoints are called only where
federation is on. The release describes its data itself; the service description links to that.
"""

from collections.abc import Iterator
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.dataset import DESCRIPTION, TITLE
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mappings import mapping_part
from pfocr_rdf.vocabulary import LICENSE_OF_RECORDS, RDF_TYPE, XSD_DATE, XSD_INTEGER, Sd

#: Name of a format → what https://www.w3.org/ns/formats/ calls it.
NAME_TO_SYNTAX: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
}


def describe_service(
    endpoint_url: str, manifest: dict[str, Any], iris: Iris, *, federated: bool = False
) -> list[Triple]:
    """The description of the endpoint and of the release that it serves, without blank nodes.

    :param endpoint_url: its absolute address as clients see it, whatever proxy is in front.
    :param manifest: that of the release, for its version, day of issue and counts.
    :param federated: whether it calls other endpoints.
    :raises ValueError: if the address is not an absolute IRI.
    """
    found = [*_service(endpoint_url, manifest, iris), *_dataset(endpoint_url, manifest, iris)]
    if federated:
        service = iris.service(endpoint_url, "service")
        found.append(Triple(service, Sd.feature, Sd.BasicFederatedQuery))
    return found


def _service(endpoint_url: str, manifest: dict[str, Any], iris: Iris) -> Iterator[Triple]:
    service = iris.service(endpoint_url, "service")
    endpoint = NamedNode(endpoint_url)
    yield Triple(service, RDF_TYPE, Sd.Service)
    yield Triple(service, RDF_TYPE, term(ns.DCAT, "DataService"))
    yield Triple(service, term(ns.DCTERMS, "title"), Literal(f"{TITLE}: SPARQL endpoint"))
    yield Triple(service, term(ns.DCTERMS, "description"), Literal(DESCRIPTION))
    yield Triple(service, term(ns.DCTERMS, "publisher"), NamedNode(ns.WIKIPATHWAYS_HOME))
    yield Triple(service, term(ns.DCTERMS, "license"), LICENSE_OF_RECORDS)
    yield Triple(
        service, term(ns.DCTERMS, "conformsTo"), term(ns.SPECIFICATIONS, "sparql11-protocol/")
    )
    yield Triple(service, Sd.endpoint, endpoint)
    yield Triple(service, Sd.supported_language, Sd.SPARQL11Query)
    for syntax in NAME_TO_SYNTAX.values():
        yield Triple(service, Sd.result_format, term(ns.FORMATS, syntax))
    yield Triple(service, Sd.default_dataset, iris.service(endpoint_url, "dataset"))
    # https://www.w3.org/TR/vocab-dcat-3/#Class:Data_Service
    yield Triple(service, term(ns.DCAT, "endpointURL"), endpoint)
    yield Triple(service, term(ns.DCAT, "servesDataset"), iris.release(manifest["version"]))


def _dataset(endpoint_url: str, manifest: dict[str, Any], iris: Iris) -> Iterator[Triple]:
    """The default dataset; its graphs are the parts that the release's own description lists."""
    version = manifest["version"]
    dataset = iris.service(endpoint_url, "dataset")
    release, rdf = iris.release(version), iris.part(version, "rdf")
    yield Triple(dataset, RDF_TYPE, Sd.Dataset)
    yield Triple(dataset, Sd.default_graph, rdf)
    yield from _graph(endpoint_url, rdf, manifest["triples"])
    for name, part, count in _named(version, manifest, iris):
        named = iris.service(endpoint_url, part.value.rpartition("#")[2])
        yield Triple(dataset, Sd.named_graph, named)
        yield Triple(named, RDF_TYPE, Sd.NamedGraph)
        yield Triple(named, Sd.name, name)
        yield Triple(named, Sd.graph, part)
        yield from _graph(endpoint_url, part, count)
        yield Triple(release, term(ns.DCTERMS, "hasPart"), part)
    for one in _sets(manifest):  # others' work, under licences of their own
        part = mapping_part(version, NamedNode(one["graph"]), iris)
        yield Triple(part, term(ns.DCTERMS, "license"), NamedNode(one["license"]))
    yield Triple(release, RDF_TYPE, term(ns.DCAT, "Dataset"))
    yield Triple(release, term(ns.DCTERMS, "isVersionOf"), iris.dataset)
    yield Triple(release, term(ns.PAV, "version"), Literal(version))
    if manifest["issued"]:
        issued = Literal(manifest["issued"], datatype=XSD_DATE)
        yield Triple(release, term(ns.DCTERMS, "issued"), issued)
    yield Triple(release, term(ns.DCTERMS, "hasPart"), rdf)
    yield Triple(release, term(ns.RDFS, "seeAlso"), iris.download("void.ttl"))


def _named(
    version: str, manifest: dict[str, Any], iris: Iris
) -> Iterator[tuple[NamedNode, NamedNode, int]]:
    """The named graphs: name, the part of the release that it holds, number of triples."""
    yield iris.equivalents, iris.part(version, "equivalents"), manifest["equivalents"]
    for one in _sets(manifest):
        graph = NamedNode(one["graph"])
        yield graph, mapping_part(version, graph, iris), one["triples"]


def _sets(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The mapping sets that have a graph; a set without links has none and is not described."""
    return [one for one in manifest.get("mapping_sets", ()) if one["triples"]]


def _graph(endpoint_url: str, part: NamedNode, count: int) -> Iterator[Triple]:
    yield Triple(part, RDF_TYPE, Sd.Graph)
    yield Triple(part, RDF_TYPE, term(ns.VOID, "Dataset"))
    yield Triple(part, term(ns.VOID, "triples"), Literal(str(count), datatype=XSD_INTEGER))
    yield Triple(part, term(ns.VOID, "sparqlEndpoint"), NamedNode(endpoint_url))
