"""Parses RDF with two libraries that share no code, into one model of terms."""

import gzip
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest
import rdflib
from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

XSD_STRING: Final = NamedNode("http://www.w3.org/2001/XMLSchema#string")


def by_pyoxigraph(data: bytes, form: RdfFormat) -> set[Triple]:
    """The triples of a document, all in the default graph."""
    quads = list(parse(data, format=form))
    assert {quad.graph_name for quad in quads} <= {DefaultGraph()}
    return {quad.triple for quad in quads}


def by_rdflib(data: bytes, form: str) -> set[Triple]:
    """The triples of a document, their literals as written."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Its JSON-LD reader calls what it deprecates, and it doubts literals such as "abc".
        warnings.simplefilter("ignore", DeprecationWarning)
        patch.setattr("rdflib.NORMALIZE_LITERALS", False)
        return set(converted(rdflib.Graph().parse(data=data.decode(), format=form)))


def converted(graph: Iterable[tuple[rdflib.term.Node, ...]]) -> Iterator[Triple]:
    """rdflib's triples as pyoxigraph's; a blank node is an error."""
    for subject, predicate, value in graph:
        yield Triple(_iri(subject), _iri(predicate), _object(value))


def _iri(node: rdflib.term.Node) -> NamedNode:
    assert isinstance(node, rdflib.URIRef)
    return NamedNode(str(node))


def _object(node: rdflib.term.Node) -> NamedNode | Literal:
    if not isinstance(node, rdflib.Literal):
        return _iri(node)
    if node.language:
        return Literal(str(node), language=node.language)
    datatype = NamedNode(str(node.datatype)) if node.datatype else XSD_STRING
    return Literal(str(node), datatype=datatype)


def unpacked(file: Path) -> bytes:
    """What a compressed file holds."""
    return gzip.decompress(file.read_bytes())


def canonical(triples: Iterable[Triple]) -> set[Triple]:
    """Triples whose blank nodes have the labels that they have in every isomorphic graph."""
    found = Dataset(Quad(t.subject, t.predicate, t.object) for t in triples)
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in found}
