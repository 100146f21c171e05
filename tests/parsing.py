"""Parses RDF with two libraries that share no code, into one model of terms."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from pfocr_rdf import iris as ns

XSD_STRING = ns.term(ns.XSD, "string")


def by_pyoxigraph(data: bytes, form: RdfFormat) -> set[Triple]:
    """The triples of a document, all in the default graph."""
    quads = list(parse(data, format=form))
    assert {quad.graph_name for quad in quads} <= {
        quad_of(quad.triple).graph_name for quad in quads
    }
    return {quad.triple for quad in quads}


def quad_of(triple: Triple) -> Quad:
    """A triple in the default graph."""
    return Quad(triple.subject, triple.predicate, triple.object)


def by_rdflib(data: bytes, form: str) -> set[Triple]:
    """The triples of a document, their literals as written."""
    with as_written():
        graph = rdflib.Graph().parse(data=data.decode(), format=form)
    return set(converted(graph))


@contextmanager
def as_written() -> Iterator[None]:
    """Keep rdflib from rewriting literals: ``007`` stays what it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rdflib.NORMALIZE_LITERALS", False)
        patch.setattr("rdflib.term.rdflib.NORMALIZE_LITERALS", False)
        yield


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
    return Literal(
        str(node), datatype=NamedNode(str(node.datatype)) if node.datatype else XSD_STRING
    )


def unpacked(file: Path) -> bytes:
    """What a compressed file holds."""
    return gzip.decompress(file.read_bytes())
