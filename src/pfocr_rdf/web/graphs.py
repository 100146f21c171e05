"""A small graph in each of the formats that the server offers."""

from pyoxigraph import RdfFormat, Triple

from pfocr_rdf.dumps import serialized, turtle_document
from pfocr_rdf.iris import Iris


def written_graph(triples: list[Triple], name: str, iris: Iris) -> bytes:
    """Triples as a document.

    :param name: of a format: turtle, ntriples, jsonld, rdfxml.
    """
    if name == "turtle":
        return turtle_document(triples, iris)
    if name == "rdfxml":
        return serialized(triples, RdfFormat.RDF_XML, iris.prefixes())
    return serialized(triples, RdfFormat.N_TRIPLES if name == "ntriples" else RdfFormat.JSON_LD)
