"""A query as rdflib's parser reads it, matched with the positions that the outline gives.

The two readers are independent. They must agree on every group, every element of it, and every
variable of each element; only then are the positions of the SERVICE clauses certain.

Importing rdflib takes 0.2 s and parsing a query of ten lines 20 ms, so all this happens in a
separate process (:mod:`pfocr_rdf.web.federation.planner`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyparsing import ParseBaseException, ParseResults
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import URIRef, Variable

from pfocr_rdf.web.federation.outline import (
    Element,
    Group,
    Outline,
    OutlineError,
    Token,
    outline,
    services_in,
)

Names = frozenset[str]
NONE: Final[Names] = frozenset()
#: rdflib searches the whole text for each SERVICE clause, which takes a second for thirty, so it is
#: given GRAPH clauses, which have the same grammar, with this IRI and a number.
MARK: Final = "urn:pfocr-rdf:service:"
SERVICE: Final = "ServiceGraphPattern"


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a group, and its variables.

    :param names: all variables in it; of a SERVICE clause, those in its group.
    :param visible: those that it may bind.
    :param certain: those that it binds in every solution.
    :param service: the number of the SERVICE clause, if the element is one; otherwise -1.
    """

    kind: str
    start: int
    end: int
    names: Names
    visible: Names
    certain: Names
    groups: tuple["Pattern", ...] = ()
    service: int = -1


@dataclass(frozen=True, slots=True)
class Pattern:
    """A group, from brace to brace, and its parts."""

    start: int
    end: int
    parts: tuple[Part, ...]

    @property
    def visible(self) -> Names:
        """The variables that a solution of the group may bind."""
        return NONE.union(*(part.visible for part in self.parts))

    @property
    def certain(self) -> Names:
        """The variables that every solution of the group binds."""
        return NONE.union(*(part.certain for part in self.parts))


@dataclass(frozen=True, slots=True)
class Read:
    """A query on which both readers agree."""

    text: str
    outline: Outline
    where: Pattern
    services: tuple[Element, ...]
    starts: tuple[int, ...] = field(repr=False)

    def names(self, start: int, end: int) -> Names:
        """The variables between two positions in the text."""
        return names_in(self.tokens(start, end))

    def tokens(self, start: int, end: int) -> Sequence[Token]:
        """The tokens between two positions in the text."""
        return self.outline.tokens[bisect_left(self.starts, start) : bisect_left(self.starts, end)]


def names_in(tokens: Iterable[Token]) -> Names:
    """The names of the variables among tokens, without ``?`` or ``$``."""
    return frozenset(token.text[1:] for token in tokens if token.kind == "var")


def read_query(text: str) -> Read:
    """A query with its SERVICE clauses located.

    :raises OutlineError: if their positions are not certain; the message says why.

    >>> read = read_query("SELECT * { ?s ?p ?o SERVICE <urn:x> { ?o ?q ?r } }")
    >>> [(part.kind, sorted(part.certain)) for part in read.where.parts]
    [('Triples', ['o', 'p', 's']), ('ServiceGraphPattern', ['o', 'q', 'r'])]
    """
    found = outline(text)
    services = tuple(services_in(found.where))
    starts = tuple(token.start for token in found.tokens)
    try:
        parsed = parseQuery(_marked(text, services))
    except ParseBaseException as error:
        raise OutlineError("the query is not SPARQL 1.1, or has a mistake in it") from error
    read = Read(text, found, Pattern(0, 0, ()), services, starts)
    pairing = _Pairing(read)
    where = pairing.group(found.where, parsed[1]["where"])
    if pairing.services != len(services) or pairing.services != _count(parsed):
        raise OutlineError("the parsers do not find the same SERVICE clauses")
    return Read(text, found, where, services, starts)


def _marked(text: str, services: Sequence[Element]) -> str:
    """The text with each SERVICE clause turned into a GRAPH clause that has its number."""
    parts: list[str] = []
    at = 0
    for number, service in enumerate(services):
        parts += [text[at : service.start], f"GRAPH <{MARK}{number}> "]
        at = service.groups[0].start
    return "".join([*parts, text[at:]])


def _walk(node: Any) -> Iterator[Any]:
    """Every node of what rdflib has parsed, and every value in it."""
    yield node
    if isinstance(node, CompValue):
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list | tuple | ParseResults):
        for value in node:
            yield from _walk(value)


def _names(node: Any) -> Names:
    return frozenset(str(found) for found in _walk(node) if isinstance(found, Variable))


def _count(parsed: Any) -> int:
    """How many SERVICE clauses rdflib has seen, marked or not."""
    return sum(
        (isinstance(node, CompValue) and node.name == SERVICE)
        or (isinstance(node, URIRef) and node.startswith(MARK))
        for node in _walk(parsed)
    )


class _Pairing:
    """Walks through both readings in parallel and counts the SERVICE clauses."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.services = 0

    def group(self, group: Group, node: Any) -> Pattern:
        if not isinstance(node, CompValue):
            raise _differ()
        nodes = [node] if node.name == "SubSelect" else list(_parts(node))
        if len(nodes) != len(group.elements):
            raise _differ()
        parts = tuple(self.part(*pair) for pair in zip(group.elements, nodes, strict=True))
        return Pattern(group.start, group.end, parts)

    def part(self, element: Element, node: Any) -> Part:
        kind = node.name if isinstance(node, CompValue) else "Triples"
        is_service = element.kind == SERVICE
        if kind != ("GraphGraphPattern" if is_service else element.kind):
            raise _differ()
        number = -1
        if is_service:
            number = self.services
            self.services += 1
            if node["term"] != URIRef(f"{MARK}{number}"):
                raise _differ()
        elif kind == "GraphGraphPattern" and str(node["term"]).startswith(MARK):
            raise _differ()
        names = self.read.names(element.start, element.end)
        if is_service:
            names = self.read.names(element.groups[0].start, element.end)
        if names != _names(node):
            raise _differ()
        inner = list(_groups(kind, node))
        if len(inner) != len(element.groups):
            raise _differ()
        groups = tuple(self.group(*pair) for pair in zip(element.groups, inner, strict=True))
        visible, certain = _bound(element.kind, node, groups, names)
        if element.silent:
            certain = NONE  # its partner may fail, and then it binds nothing
        return Part(
            element.kind, element.start, element.end, names, visible, certain, groups, number
        )


def _parts(node: CompValue) -> Iterator[Any]:
    """The elements of a group, each statement of triples separately."""
    for part in node.part or ():
        if part.name == "TriplesBlock":
            yield from part["triples"]
        else:
            yield part


def _groups(kind: str, node: Any) -> Iterator[Any]:
    """The groups directly inside an element."""
    match kind:
        case "Triples":
            return
        case "SubSelect":
            yield node["where"]
        case "Filter" | "Bind":
            yield from _exists(node)
        case "GroupOrUnionGraphPattern":
            yield from node["graph"]
        case "InlineData":
            return
        case _:
            yield node["graph"]


def _exists(node: Any) -> Iterator[Any]:
    """The groups of each outermost EXISTS in an expression."""
    if isinstance(node, CompValue):
        if node.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            yield node["graph"]
            return
        for value in node.values():
            yield from _exists(value)
    elif isinstance(node, list | tuple | ParseResults):
        for value in node:
            yield from _exists(value)


def _bound(kind: str, node: Any, groups: Sequence[Pattern], names: Names) -> tuple[Names, Names]:
    """The variables that an element may bind, and those that it always binds.

    https://www.w3.org/TR/sparql11-query/#variableScope
    """
    visible = NONE.union(*(group.visible for group in groups))
    match kind:
        case "Triples":
            return names, names
        case "Filter" | "MinusGraphPattern":
            return NONE, NONE
        case "Bind":
            return frozenset({str(node["var"])}), NONE
        case "OptionalGraphPattern":
            return visible, NONE
        case "InlineData":
            return names, names - _undefined(node)
        case "SubSelect":
            return _projected(node, groups[0])
        case "GraphGraphPattern":
            term = node["term"]
            graph = frozenset({str(term)}) if isinstance(term, Variable) else NONE
            return visible | graph, groups[0].certain | graph
        case _:
            certain = groups[0].certain.intersection(*(group.certain for group in groups[1:]))
            return visible, certain


def _undefined(node: CompValue) -> Names:
    """The variables of VALUES that are UNDEF in some row."""
    names = [str(name) for name in node.var or ()]
    found: set[str] = set()
    for row in node.value or ():
        cells = row if isinstance(row, list | ParseResults) else [row]
        found |= {name for name, cell in zip(names, cells, strict=False) if cell == "UNDEF"}
    return frozenset(found)


def _projected(node: CompValue, where: Pattern) -> tuple[Names, Names]:
    """The variables that a subquery may bind outside it, and those that it always binds."""
    extra = (
        frozenset(str(name) for name in node.valuesClause.var or ()) if node.valuesClause else NONE
    )
    if node.projection is None:
        return where.visible | extra, where.certain
    plain = frozenset(str(name.var) for name in node.projection if name.var is not None)
    made = frozenset(str(name.evar) for name in node.projection if name.evar is not None)
    return plain | made | extra, plain & where.certain


def _differ() -> OutlineError:
    return OutlineError("two parsers read the query differently")
