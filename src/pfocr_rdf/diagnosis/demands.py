"""What a query demands of each of its things: classes, properties, and properties that lead to it.

They are read from the words of a query that the parser accepts. What is within OPTIONAL, UNION,
MINUS or EXISTS is left out: an answer may do without it, or it is about other triples.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.diagnosis.matched import NOTHING, Piece, pieces, places

#: An answer may do without a group after one of these, or the group is about other triples.
NOT_NEEDED: Final = frozenset(("OPTIONAL", "UNION", "MINUS", "EXISTS"))
#: A query with one of these may match triples of named graphs or of other endpoints.
ELSEWHERE: Final = frozenset(("FROM", "GRAPH", "SERVICE"))
#: With one of these a query is about triples themselves, which need not be in the data.
#: https://www.w3.org/TR/sparql12-query/#rReifiedTriple
SPOKEN_OF: Final = ("<<", "{|")
#: After one of these, at the end of a subquery, come expressions and no triples.
LAST: Final = ("BY", "HAVING")
BOOLEANS: Final = ("TRUE", "FALSE")
BRACES: Final = ("{", "}")
#: A path goes on after one of these. https://www.w3.org/TR/sparql11-query/#rPath
GOING_ON: Final = ("/", "|", "^", "!")
#: If nothing or one of these follows the first step of a path, the thing must have its property.
MUST: Final = ("", "/", "+")
#: What comes next: a subject, a property, a value or the rest of a path, only a sign.
SUBJECT, PROPERTY, VALUE, END = range(4)


@dataclass(frozen=True, slots=True)
class Demand:
    """A class or a property that a thing must have, or a property that must lead to it."""

    term: NamedNode
    is_class: bool = False
    leads: bool = False


@dataclass(slots=True)
class _Triple:
    """How far a triple is read; ``property`` is the first step of its path, if it must be taken."""

    subject: str = ""
    next: int = SUBJECT
    property: NamedNode | None = None
    is_type: bool = False
    is_path: bool = False  # its first step has been read


@dataclass(slots=True)
class _Group:
    """What is between two braces, with the groups in it that an answer needs too."""

    is_needed: bool
    found: dict[str, dict[Demand, None]] = field(default_factory=dict)
    within: list["_Group"] = field(default_factory=list)
    before_last: int = 0  # length of ``within`` before the last group, which UNION removes
    triple: _Triple = field(default_factory=_Triple)
    outer: list[_Triple] = field(default_factory=list)  # triples that go on after ``]``
    brackets: int = 0
    is_select: bool = False
    computes: bool = False  # SELECT has an expression: a count gives a row even of nothing
    is_over: bool = False  # apart from grouping and sorting its rows


def demands(text: str, prefixes: Mapping[str, str]) -> list[tuple[str, tuple[Demand, ...]]]:
    """Each thing of a query, with all that one group of patterns demands of it.

    A thing is a variable, an IRI in angle brackets, or ``[]``.

    :param text: a well-formed query.
    :param prefixes: prefixes that need no declaration, with their namespaces.

    >>> asked = 'PREFIX x: <urn:> ASK { ?a x:p/x:q [ x:r "1" ] ; a x:C OPTIONAL { ?a x:s ?b } }'
    >>> for thing, demanded in demands(asked, {}):
    ...     print(thing, *((one.term.value, one.is_class) for one in demanded))
    ?a ('urn:p', False) ('urn:C', True)
    [] ('urn:r', False)
    >>> dict(demands("ASK { ?a <urn:p> ?b }", {}))["?b"]
    (Demand(term=<NamedNode value=urn:p>, is_class=False, leads=True),)
    """
    if any(sign in text for sign in SPOKEN_OF):
        return []
    words = list(pieces(text, prefixes))
    if any(piece.kind == "word" and piece.text in ELSEWHERE for piece in words):
        return []
    return [
        (thing.rstrip("0123456789") if thing.startswith("[]") else thing, tuple(demanded))
        for group in _groups(words)
        for thing, demanded in group.found.items()
    ]


def _groups(words: list[Piece]) -> list[_Group]:
    """The groups that every answer must match."""
    stack = [_Group(is_needed=True)]
    before, depth = NOTHING, 0
    for piece, place in zip(words, places(words), strict=True):
        group = stack[-1]
        sign = piece.text if piece.kind == "sign" else ""
        if sign in BRACES and not group.is_over:
            _take_signs(group, piece.gap)  # ``[]`` is no word, and may be the last value
        if sign == "{":
            is_needed = group.is_needed and not group.computes and before.text not in NOT_NEEDED
            stack.append(_Group(is_needed and place == "pattern"))
        elif sign == "}" and len(stack) > 1:
            _end_group(stack)
        elif sign == "(":
            group.computes |= group.is_select
            if not depth and not group.is_over:
                _begin_list(group, piece, before)
        elif piece.text == "UNION":
            del group.within[group.before_last :]
        elif place == "pattern" and not sign and not group.is_over and piece.gap != "@":
            _read(group, piece, before)
        depth += {"(": 1, ")": -1}.get(sign, 0)
        before = piece
    return stack[0].within


def _end_group(stack: list[_Group]) -> None:
    done = stack.pop()
    group = stack[-1]
    group.before_last = len(group.within)
    if done.is_needed:
        group.within += [done, *done.within]
    # What follows the group is a new triple.
    group.triple = _Triple()
    group.is_select = group.computes = False


def _begin_list(group: _Group, piece: Piece, before: Piece) -> None:
    """Begin a path in parentheses, which demands nothing, or a list, or an expression."""
    path = _take_signs(group, piece.gap)
    triple = group.triple
    is_called = before.kind == "word" and not piece.gap
    if triple.next == SUBJECT and not is_called:
        triple.next = PROPERTY
    elif triple.next == PROPERTY:
        triple.property, triple.is_type, triple.next = None, False, VALUE
    elif triple.next == VALUE and not _goes_on(group, path):
        triple.next = END


def _read(group: _Group, piece: Piece, before: Piece) -> None:
    """Read one word of a pattern, and the signs before it."""
    path = _take_signs(group, piece.gap)
    triple = group.triple
    is_type = (piece.kind, piece.text) == ("word", "A")
    is_term = piece.kind != "word" or is_type or piece.text in BOOLEANS
    if not is_term and triple.next != VALUE:
        # FILTER, OPTIONAL, SELECT and the like: the triple has ended.
        group.triple = _Triple()
        group.is_select |= piece.text == "SELECT"
        group.is_over = piece.text in LAST
    elif (before.kind, before.text) == ("word", "FILTER"):
        triple.next = END  # the name of a function
    elif triple.next == SUBJECT:
        triple.subject, triple.next = _thing(piece), PROPERTY
    elif triple.next == PROPERTY:
        triple.property = None if path else node_of(piece)
        triple.is_type, triple.next = is_type and not path, VALUE
    elif triple.next == VALUE and not _goes_on(group, path):
        if triple.is_type and not path and (kind := node_of(piece)):
            _demand(group, Demand(kind, is_class=True))
        elif piece.kind == "variable":
            _lead(group, triple, path, piece.text)
        triple.next = END


def _take_signs(group: _Group, gap: str) -> str:
    """Follow the signs before a word to its place in a triple; return the signs of a path."""
    path = ""
    for sign in gap:
        triple = group.triple
        if sign == ".":
            group.triple = _Triple()
        elif sign == ";":
            group.triple = _Triple(triple.subject, PROPERTY)
        elif sign == ",":
            triple.property, triple.next = None, VALUE
        elif sign == "[":
            group.brackets += 1
            if not _goes_on(group, path):
                _lead(group, triple, path, f"[]{group.brackets}")
            group.outer.append(triple)
            group.triple = _Triple(f"[]{group.brackets}", PROPERTY)
        elif sign == "]" and group.outer:
            outer = group.outer.pop()
            is_value = outer.next != SUBJECT
            group.triple = (
                _Triple(outer.subject, END) if is_value else _Triple(triple.subject, PROPERTY)
            )
        if sign in ".;,[]":
            path = ""
        elif not sign.isspace():
            path += sign
    return path


def _goes_on(group: _Group, path: str) -> bool:
    """Whether a path goes on; if it ends, its first step is demanded if it must be taken.

    :param path: the signs after a step. The first step need not be taken if ``*`` or ``?`` follows
        it, or if ``|`` follows any step.
    """
    triple = group.triple
    if "|" in path or not (triple.is_path or path[:1] in MUST):
        triple.property = None
    if path.endswith(GOING_ON):
        triple.is_path, triple.is_type = True, False
        return True
    if triple.property:
        _demand(group, Demand(triple.property))
    return False


def _lead(group: _Group, triple: _Triple, path: str, to: str) -> None:
    """Record that a property, if it is not part of a path, leads to what follows it."""
    if triple.property and triple.next == VALUE and not triple.is_path and not path:
        group.found.setdefault(to, {})[Demand(triple.property, leads=True)] = None


def _demand(group: _Group, demand: Demand) -> None:
    if group.triple.subject:
        group.found.setdefault(group.triple.subject, {})[demand] = None


def _thing(piece: Piece) -> str:
    if node := node_of(piece):
        return str(node)
    return piece.text if piece.kind == "variable" else ""


def node_of(piece: Piece) -> NamedNode | None:
    """The IRI that a word is, if it is one; None also if its prefix stands for a relative IRI."""
    with suppress(ValueError):
        return NamedNode(piece.text) if piece.kind == "iri" else None
    return None
