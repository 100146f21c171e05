"""What our own terms mean, according to ``ontology/pfocr.ttl``: a part of every release.

So those who have the data alone, from a dump or through the endpoint, can ask what a class is a
kind of, and what a lexicon is called.
"""

from functools import cache

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from pfocr_rdf.mapping import Node, Object
from pfocr_rdf.resources import resource


@cache
def ontology_triples() -> tuple[Triple, ...]:
    """What the vocabulary says, in the order of its file.

    :raises FileNotFoundError: if the installation is incomplete.
    """
    path = resource("ontology", "pfocr.ttl")
    quads = parse(path=str(path), format=RdfFormat.TURTLE)
    return tuple(quad.triple for quad in quads)


def ontology_nodes() -> list[Node]:
    """The vocabulary and each of its terms, with all that is said of it.

    >>> ontology_nodes()[0].subject.value
    'https://pfocr.wikipathways.org/ontology'
    """
    said: dict[NamedNode, list[tuple[NamedNode, Object]]] = {}
    for triple in ontology_triples():
        term, value = triple.subject, triple.object
        # The vocabulary has no blank nodes.
        if isinstance(term, NamedNode) and isinstance(value, NamedNode | Literal):
            said.setdefault(term, []).append((triple.predicate, value))
    return [Node(term, facts) for term, facts in said.items()]
