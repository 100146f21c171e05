"""What a query matches triples with: the IRIs and the values of its patterns.

They are read from the words of a query that the parser accepts.
"""

import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.iris import RDF, XSD, term
from pfocr_rdf.possessive import re

#: https://www.w3.org/TR/sparql11-query/#rPN_LOCAL_ESC
NAME_ESCAPE_RE: Final = re.compile(r"\\(.)")
#: https://www.w3.org/TR/sparql11-query/#grammarEscapes
ESCAPE_RE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
LETTER_TO_CHARACTER: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
LANGUAGE_RE: Final = re.compile(r"\s*+@([A-Za-z]++(?:-[A-Za-z0-9]++)*+)")
ABSOLUTE_RE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
CALL_RE: Final = re.compile(r"\s*+\(")
#: An IRI after one of these is not matched with triples.
ASIDE: Final = ("BASE", "FROM", "NAMED", "GRAPH", "SERVICE", "SILENT", "^^")
GRAPHS: Final = ("FROM", "GRAPH")
#: A number after one of these is a number of rows.
SLICES: Final = ("LIMIT", "OFFSET")
LITERALS: Final = ("string", "number")
SUBJECTS: Final = ("iri", "variable", "")
#: A property follows these: of the same subject, of what a path led to, of a blank node.
GOING_ON: Final = ";/[]"
#: Without !=, which holds for values of another datatype, too.
COMPARISONS: Final = ("=", "<", ">", "<=", ">=")
#: A variable after one of these is compared itself, not what is computed with it.
ALONE: Final = ("", "&&", "||")
#: The parentheses after one of these hold a condition, or what something must be equal to.
CONDITIONS: Final = ("FILTER", "HAVING", "IN", "SAMETERM")
#: After one of the former come expressions, until one of the latter.
COMPUTING: Final = ("SELECT", "BY")
NOT_COMPUTING: Final = ("HAVING", "LIMIT", "OFFSET", "VALUES", "{", "}")
#: A value is computed with if one of these follows it, or a number with its sign.
ARITHMETIC: Final = ("+", "-", "*", "/")


@dataclass(frozen=True, slots=True)
class Matched:
    """A term that a query matches triples with.

    ``of`` is the property that it should be a value of; None if it may be a value of any, or a
    subject or a property itself. ``compared`` is the operator, if it is compared with the values.
    ``written`` is what the query has in the place of an IRI, if that is a relative IRI.
    """

    term: NamedNode | Literal
    of: NamedNode | None = None
    compared: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a query.

    ``kind`` is ``iri``, ``string``, ``number``, ``variable``, ``word`` or ``sign``, or empty for
    anything else. ``text`` is an IRI in full, a word in capitals, and otherwise what is written.
    ``gap`` is the text before it that is no piece, stripped. ``end`` is the index after it.
    """

    kind: str
    text: str
    gap: str
    end: int


NOTHING: Final = Piece("", "", "", 0)


def matched_in(text: str, prefixes: Mapping[str, str]) -> list[Matched]:
    """The terms that a query matches triples with, in full, each once.

    Left out are IRIs of graphs, endpoints, datatypes and functions; what CONSTRUCT makes; values
    in expressions, unless they are compared with those of a property; data of VALUES, if one of
    its variables is in no pattern; and IRIs that something must not be, or that are computed with.

    :param prefixes: prefixes that need no declaration, with their namespaces.

    >>> text = 'PREFIX s: <https://schema.org/> ASK FROM <x:g> { ?s s:name "a"@en, ?n ; oa:c <x:o>'
    >>> for one in matched_in(text + " FILTER(?n > '5') }", {"oa": "http://www.w3.org/ns/oa#"}):
    ...     print(one.of or "*", one.compared or "=", one.term)
    * = <https://schema.org/name>
    <https://schema.org/name> = "a"@en
    * = <http://www.w3.org/ns/oa#c>
    <http://www.w3.org/ns/oa#c> = <x:o>
    <https://schema.org/name> > "5"
    """
    words = list(pieces(text, prefixes))
    placed = _placed(words)
    properties = _properties_of_variables(placed)
    given = _properties_of_variables(one for one in placed if one.place != "columns")
    matched = {one.piece.text for one in placed if one.place == "pattern"}
    columns = list[str]()
    found = dict[Matched, None]()
    before = NOTHING
    for at, ((piece, place, of), (is_met, is_tested), listed) in enumerate(
        zip(placed, met(words), _listing(words), strict=True)
    ):
        after = words[at + 1 : at + 4]
        if piece.text == "VALUES":
            columns = []
        elif place == "columns":
            columns.append(piece.text)
        is_data = place == "data" and matched.issuperset(columns)
        with suppress(ValueError):  # a character that no IRI has, written as an escape
            if piece.kind == "iri":
                is_function = CALL_RE.match(text, piece.end)
                is_met |= _is_bound(words[max(0, at - 2) : at], after, matched)
                if before.text not in ASIDE and not is_function and is_met:
                    found[Matched(NamedNode(piece.text), of)] = None
            elif piece.kind in LITERALS and before.text not in SLICES:
                literal = _literal(text, piece, after)
                compared = ""
                if place == "aside":
                    compared = "=" if listed else piece.gap
                    is_alone = bool(listed) or (compared in COMPARISONS and before.gap in ALONE)
                    # Of values that cannot be compared, neither < nor its negation holds.
                    is_alone &= is_met if compared == "=" else is_tested
                    is_alone &= not _is_computed_with(after)
                    of = properties.get(listed or before.text) if is_alone else None
                elif is_data and len(columns) == 1:
                    of = given.get(columns[0])
                is_asked = is_data or (is_met if place == "pattern" else bool(of))
                if literal is not None and is_asked:
                    found[Matched(literal, of, compared)] = None
        before = piece
    return list(found)


def properties_of_variables(text: str, prefixes: Mapping[str, str]) -> dict[str, NamedNode]:
    """Variable → its property, for those that occur only as values of one property.

    >>> properties_of_variables("ASK { ?s <x:p>/<x:q> ?o }", {})
    {'?o': <NamedNode value=x:q>}
    """
    return _properties_of_variables(_placed(list(pieces(text, prefixes))))


def names_graphs(text: str) -> bool:
    """Whether a query names graphs, or asks for their names.

    >>> names_graphs("ASK FROM <x:g> {}"), names_graphs("ASK { ?from ?p 'graph' } # from 2020")
    (True, False)
    """
    return any((token["word"] or "").upper() in GRAPHS for token in TOKEN_RE.finditer(text))


def pieces(text: str, prefixes: Mapping[str, str]) -> Iterator[Piece]:
    """The words of a query except comments, PREFIX lines and the template of CONSTRUCT.

    >>> [piece.text for piece in pieces("PREFIX a: <x:> ask { a:b ?p 'c' } # d", {})]
    ['ASK', '{', 'x:b', '?p', "'c'", '}']
    """
    namespaces = dict(prefixes)
    word, declared, end = "", "", 0
    gap = list[str]()  # the text since the last piece, without comments
    made = 0  # how many braces of the template are open
    for token in TOKEN_RE.finditer(text):
        gap.append(text[end : token.start()].strip())
        end = token.end()
        if token[0].startswith("#"):
            continue
        before, word = word, (token["word"] or token["sign"] or "").upper()
        kind, said = _read(token, namespaces)
        said_before, gap = "".join(gap), []
        if made or (before == "CONSTRUCT" and word == "{"):
            made += {"{": 1, "}": -1}.get(word, 0)
        elif before == "PREFIX":
            declared = token[0].removesuffix(":")
            word = "PREFIX:"
        elif before == "PREFIX:":
            namespaces[declared] = said
        elif word != "PREFIX":
            yield Piece(kind, said, said_before, end)


def _read(token: re.Match[str], namespaces: Mapping[str, str]) -> tuple[str, str]:
    """The kind and the text of a word, as :class:`Piece` has them."""
    if token[0].startswith("<"):
        iri = ESCAPE_RE.sub(_character, token[0][1:-1])
        return ("iri" if ABSOLUTE_RE.match(iri) else "", iri)
    if token["prefix"] is not None:
        prefix, _, local = token[0].partition(":")
        # A prefix alone is a namespace, as in STR(schema:).
        if not local or prefix not in namespaces:
            return "", token[0]
        return "iri", namespaces[prefix] + NAME_ESCAPE_RE.sub(r"\1", local)
    if token["word"] or token["sign"]:
        return ("word" if token["word"] else "sign"), token[0].upper()
    kinds = {'"': "string", "'": "string", "?": "variable", "$": "variable", "_": ""}
    kind = kinds.get(token[0][0], "number")
    return kind, f"?{token[0][1:]}" if kind == "variable" else token[0]


class _Placed(NamedTuple):
    """A word, its place (see :func:`places`), and the property of which it is a value there."""

    piece: Piece
    place: str
    of: NamedNode | None


def _placed(words: Sequence[Piece]) -> list[_Placed]:
    placed = list[_Placed]()
    subject, before, of = NOTHING, NOTHING, None
    is_way = False  # in one of the alternatives of a path
    for piece, place in zip(words, places(words), strict=True):
        # What follows ^^, @ or a comma belongs to the same property as the value before it.
        if "^^" not in (before.text, piece.text) and piece.gap not in (",", "@"):
            of = None if piece.gap or is_way else _property(subject, before)
            is_way = "|" in piece.gap or (is_way and "/" in piece.gap)
        placed.append(_Placed(piece, place, of if place == "pattern" else None))
        subject, before = before, piece
    return placed


def places(words: Sequence[Piece]) -> Iterator[str]:
    """The place of each word.

    ``head`` is before the pattern, or after it, as is LIMIT; ``columns`` and ``data`` are those of
    VALUES; ``aside`` is in parentheses, as expressions are; ``pattern`` is the rest.
    """
    braces, depth = 0, 0  # open braces; open parentheses
    opened, waits = False, False  # whether this is in the data of VALUES; whether they come next
    for piece in words:
        if piece.kind == "word":
            waits = piece.text == "VALUES"
        if piece.kind == "sign":
            braces += {"{": 1, "}": -1}.get(piece.text, 0)
            depth += {"(": 1, ")": -1}.get(piece.text, 0)
            if piece.text in "{}":
                opened, waits = waits and piece.text == "{", False
        if waits and piece.kind == "variable":
            yield "columns"
        else:
            yield "data" if opened else "aside" if depth else "pattern" if braces else "head"


def met(words: Sequence[Piece]) -> Iterator[tuple[bool, bool]]:
    """For each word, whether something must match it, where it is in a pattern or a condition.

    Nothing need match what is negated, nor what a function, BIND or SELECT computes with. The
    second value is also true of what is negated, but not of what MINUS or NOT EXISTS takes away.
    """
    # For each bracket: must it be met; is it a condition; is it tested, though perhaps negated.
    opened: list[tuple[bool, bool, bool]] = []
    is_computing = False  # in the expressions of SELECT, GROUP BY or ORDER BY
    earlier = before = NOTHING
    for piece, following in pairwise((*words, NOTHING)):
        is_met, is_condition, is_tested = opened[-1] if opened else (True, False, True)
        is_negated = piece.gap.endswith(("!", "!^")) or "!=" in (piece.gap, following.gap)
        yield is_met and not is_negated, is_tested and not is_computing
        if piece.text in (*COMPUTING, *NOT_COMPUTING):
            is_computing = piece.text in COMPUTING
        if (piece.kind, piece.text) == ("sign", "("):
            is_negated = (before.gap if before.text == "SAMETERM" else piece.gap).endswith("!")
            is_call = _is_call(earlier, before, piece, is_condition=is_condition)
            is_condition |= before.text in CONDITIONS
            is_tested &= not (is_call or is_computing)
            opened.append((is_met and is_tested and not is_negated, is_condition, is_tested))
        elif (piece.kind, piece.text) == ("sign", "{"):
            is_kept = not _takes_away(earlier, before)
            opened.append((is_met and is_kept, False, is_tested and is_kept))
        elif piece.kind == "sign" and piece.text in ")}" and opened:
            opened.pop()
        earlier, before = before, piece


def _is_call(earlier: Piece, before: Piece, piece: Piece, *, is_condition: bool) -> bool:
    """Whether what is in parentheses is computed with: by a function, by BIND, by NOT IN."""
    if piece.gap:
        return False
    if before.kind == "word":
        is_negated = (earlier.text, before.text) == ("NOT", "IN")
        return is_negated or before.text not in (*CONDITIONS, "A")
    return before.kind == "iri" and (is_condition or earlier.text == "FILTER")


def _takes_away(earlier: Piece, before: Piece) -> bool:
    """Whether a group excludes what it matches: then it cannot be why nothing is found."""
    is_negated = before.gap.endswith("!") or earlier.text == "NOT"
    return before.text == "MINUS" or (before.text == "EXISTS" and is_negated)


def _listing(words: Sequence[Piece]) -> Iterator[str]:
    """For each word, the variable that is compared with it in ``?v IN (…)``; mostly none."""
    listed, depth = "", 0  # the variable of the list, and how many parentheses are open in it
    earlier = before = NOTHING
    for piece, following in pairwise((*words, NOTHING)):
        if not depth and (before.text, piece.text) == ("IN", "(") and earlier.gap in ALONE:
            listed = earlier.text if earlier.kind == "variable" else ""
        is_alone = piece.gap in ("", ",") and following.gap in ("", ",", "@")
        yield listed if depth == 1 and is_alone else ""
        depth += {"(": 1, ")": -1}.get(piece.text, 0) if listed else 0
        listed = listed if depth else ""
        earlier, before = before, piece


def _is_bound(before: Sequence[Piece], after: Sequence[Piece], matched: Container[str]) -> bool:
    """Whether BIND gives an IRI to a variable of a pattern."""
    words = [piece.text for piece in (*before, *after[:2])]
    return words[:2] == ["BIND", "("] and words[2:3] == ["AS"] and words[-1] in matched


def _property(subject: Piece, piece: Piece) -> NamedNode | None:
    """The property that a word is, after a subject or one of :data:`GOING_ON`; otherwise None."""
    follows = subject.kind in SUBJECTS if not piece.gap else piece.gap[-1] in GOING_ON
    if not follows:
        return None
    with suppress(ValueError):
        if piece.kind == "iri":
            return NamedNode(piece.text)
        if (piece.kind, piece.text) == ("word", "A"):
            return term(RDF, "type")
    return None


def _properties_of_variables(placed: Iterable[_Placed]) -> dict[str, NamedNode]:
    """Variable → its property, for those that occur only as values of one property."""
    found = dict[str, set[NamedNode | None]]()
    before = NOTHING
    for piece, place, of in placed:
        if piece.kind == "variable" and (place in ("pattern", "columns") or before.text == "AS"):
            found.setdefault(piece.text, set()).add(of)
        before = piece
    return {name: of for name, (of, *more) in found.items() if of and not more}


def _literal(text: str, piece: Piece, after: Sequence[Piece]) -> Literal | None:
    """The literal written as a string or a number; None if its datatype cannot be read.

    :param after: the words after it; the second may be its datatype.
    :raises ValueError: if it has a character that no text may have.
    """
    if piece.kind == "number":
        is_double, is_decimal = "e" in piece.text.lower(), "." in piece.text
        name = "double" if is_double else "decimal" if is_decimal else "integer"
        return Literal(piece.text, datatype=term(XSD, name))
    quotes = 3 if piece.text[:3] in ('"""', "'''") else 1
    value = ESCAPE_RE.sub(_character, piece.text[quotes:-quotes])
    if language := LANGUAGE_RE.match(text, piece.end):
        return Literal(value, language=language[1])
    if after and after[0].text == "^^":
        is_known = len(after) > 1 and after[1].kind == "iri"
        return Literal(value, datatype=NamedNode(after[1].text)) if is_known else None
    return Literal(value)


def _is_computed_with(after: Sequence[Piece]) -> bool:
    """Whether a calculation goes on after a literal, as after the first number of ``5 + 1``."""
    following = after[2:] if after and after[0].text == "^^" else after
    if not following:
        return False
    piece = following[0]
    return piece.gap.startswith(ARITHMETIC) or (piece.kind == "number" and not piece.gap)


def _character(found: re.Match[str]) -> str:
    if not (code := found[1] or found[2]):
        return LETTER_TO_CHARACTER.get(found[3], found[3])
    number = int(code, 16)
    return chr(number) if number <= sys.maxunicode else found[0]
