"""Why a query finds nothing: it looks into named graphs, and the records are in the default graph.

Other endpoints keep their data in named graphs, so their users write ``FROM`` or ``GRAPH``. Here
named graphs have other spellings and the links of mapping sets only.
https://www.w3.org/TR/sparql11-query/#rdfDataset
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain, islice
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode

from pfocr_rdf.contents import Quads, first_quad
from pfocr_rdf.diagnosis.absent import occurs
from pfocr_rdf.diagnosis.demands import NOT_NEEDED, node_of
from pfocr_rdf.diagnosis.matched import ASIDE, NOTHING, Piece, names_graphs, pieces, places
from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.iris import FOAF, Iris, term

#: By this property the description of a release leads to the graph of each mapping set.
TOPIC: Final = term(FOAF, "primaryTopic")
#: With one of these signs in a path, the query may find something without the path's terms.
CHOICES: Final = frozenset("|?*!")
#: The * of SELECT is before one of these.
AFTER_SELECT: Final = ("{", "WHERE")
CALLS: Final = ("SERVICE", "SILENT")

Graphs = tuple[NamedNode, ...]


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A graph that the release does not have, or a term that only the default graph has.

    ``instead`` is the named graph that has what the query seeks in a graph that there is not.
    """

    term: NamedNode
    is_graph: bool = False
    instead: NamedNode | None = None


@dataclass(slots=True)
class _Group:
    """What is between two braces, with the IRIs that something must match.

    :param graphs: the graphs that it looks into; None for the default graph of the release.
    """

    graphs: Graphs | None
    is_needed: bool = True
    terms: dict[NamedNode, None] = field(default_factory=dict)


def misplaced(text: str, store: Quads, iris: Iris) -> Iterator[Misplaced]:
    """The graphs of a query that the release does not have.

    If it has all of them: the first term that only the default graph has, and none of them.

    What is within OPTIONAL, MINUS, EXISTS or SERVICE is left out. If there is UNION or a path with
    a choice, so are all terms: the query may find something without them.

    :param text: a well-formed query.
    """
    if not names_graphs(text):
        return
    words = list(pieces(text, iris.prefixes()))
    has = cache(partial(_has, store))  # to ask another engine takes long
    named = tuple(filter(has, _graphs(store, iris)))
    groups = [group for group in _groups(words, named) if group.is_needed]
    asked = dict.fromkeys(chain(_dataset(words), *(group.graphs or () for group in groups)))
    lacking = [graph for graph in asked if not has(graph)]
    for graph in lacking:
        yield Misplaced(graph, is_graph=True, instead=_with_same(graph, groups, store))
    if not lacking and not _has_choices(words):
        yield from islice(_elsewhere(groups, store), 1)


def with_dataset(text: str, default: Iterable[str], named: Iterable[str]) -> str:
    """A query with the graphs of a request in place of its own; only to find what explains it.

    https://www.w3.org/TR/sparql11-protocol/#dataset

    :param default: the IRIs of the graphs that make the default graph.

    >>> with_dataset("SELECT * FROM <urn:a> WHERE { ?s ?p ?o }", ["urn:b"], ["urn:c"])
    'SELECT *   WHERE FROM <urn:b> FROM NAMED <urn:c> { ?s ?p ?o }'
    """
    clauses = [*(f"FROM <{iri}> " for iri in default), *(f"FROM NAMED <{iri}> " for iri in named)]
    kept, end, at = list[str](), 0, len(text)
    before, made = "", 0  # how many braces of the template of CONSTRUCT are open
    for token in TOKEN_RE.finditer(text):
        said = token[0] if token["sign"] else (token["word"] or "").upper()
        if made or (before == "CONSTRUCT" and said == "{"):
            made += {"{": 1, "}": -1}.get(said, 0)
        elif said == "{":
            at = token.start()
            break
        elif said == "FROM" or before == "FROM":
            kept.append(text[end : token.start()])
            end = token.end()
            said = "" if before == "FROM" and said != "NAMED" else "FROM"
        before = before if token[0].startswith("#") else said
    return "".join((*kept, text[end:at], " " if at == len(text) else "", *clauses, text[at:]))


def _has_choices(words: Sequence[Piece]) -> bool:
    """Whether there is UNION, or a path with a choice: not the * of SELECT, nor an expression."""
    before = ""
    for piece, place in zip(words, places(words), strict=True):
        is_path = "pattern" in (place, before if piece.text == "(" else "")
        if piece.text == "UNION" or (
            is_path and piece.text not in AFTER_SELECT and CHOICES & set(piece.gap)
        ):
            return True
        before = place
    return False


def _graphs(store: Quads, iris: Iris) -> Graphs:
    """The named graphs of the release, which may be empty."""
    topics = store.quads_for_pattern(None, TOPIC, None, DefaultGraph())
    sets = (quad.object for quad in topics if isinstance(quad.object, NamedNode))
    return tuple(dict.fromkeys((iris.equivalents, *sets)))


def _dataset(words: Sequence[Piece], clause: str | None = None) -> Iterator[NamedNode]:
    """The graphs of FROM and FROM NAMED, or of one of them; only in the head of a query."""
    before = ""
    for piece, place in zip(words, places(words), strict=True):
        if place == "head" and before in ("FROM", "NAMED") and clause in (None, before):
            yield from filter(None, [node_of(piece)])
        before = piece.text


def _groups(words: Sequence[Piece], named: Graphs) -> list[_Group]:
    """The groups of a query.

    :param named: the graphs that GRAPH with a variable looks into, unless the query names some.
    """
    is_whole = not any(_dataset(words))
    named = named if is_whole else tuple(_dataset(words, "NAMED"))
    found = [_Group(None if is_whole else tuple(_dataset(words, "FROM")))]
    opened = found.copy()
    earlier = before = NOTHING
    for piece, place in zip(words, places(words), strict=True):
        group = opened[-1]
        if (piece.kind, piece.text) == ("sign", "{"):
            is_needed = before.text not in NOT_NEEDED and earlier.text not in CALLS
            graphs = group.graphs
            if earlier.text == "GRAPH":
                graphs = (node,) if (node := node_of(before)) else named
            opened.append(_Group(graphs, is_needed and group.is_needed))
            found.append(opened[-1])
        elif (piece.kind, piece.text) == ("sign", "}"):
            opened.pop()
        elif place == "pattern" and before.text not in ASIDE and (node := node_of(piece)):
            group.terms[node] = None
        earlier, before = before, piece
    return found


def _elsewhere(groups: Iterable[_Group], store: Quads) -> Iterator[Misplaced]:
    """The terms that are in the default graph and in none that they are sought in."""
    for group in groups:
        for node in group.terms if group.graphs is not None else ():
            if occurs(node, store, DefaultGraph()) and not any(
                occurs(node, store, graph) for graph in group.graphs or ()
            ):
                yield Misplaced(node)


def _with_same(graph: NamedNode, groups: Iterable[_Group], store: Quads) -> NamedNode | None:
    """The named graph that has all that is sought in another one, which no default graph has."""
    for group in groups:
        for node in group.terms if graph in (group.graphs or ()) else ():
            if first_quad(store, None, node, None, DefaultGraph()) is None:
                quad = first_quad(store, None, node, None)
                other = quad.graph_name if quad else None
                if isinstance(other, NamedNode) and _has_all(group.terms, other, store):
                    return other
    return None


def _has_all(terms: Iterable[NamedNode], graph: NamedNode, store: Quads) -> bool:
    return all(occurs(node, store, graph) for node in terms)


def _has(store: Quads, graph: NamedNode) -> bool:
    return first_quad(store, None, None, None, graph) is not None
