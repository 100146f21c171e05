"""What a query matches triples with: the IRIs and the values of its patterns.

They are read from the words of its text, in which the parser found nothing wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf.iris import XSD, term
from pfocr_rdf.syntax import TOKEN_RE

#: https://www.w3.org/TR/sparql11-query/#rPN_LOCAL_ESC
NAME_ESCAPE_RE: Final = re.compile(r"\\(.)")
#: https://www.w3.org/TR/sparql11-query/#grammarEscapes
ESCAPE_RE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
LETTER_TO_CHARACTER: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
LANGUAGE_RE: Final = re.compile(r"@([A-Za-z]++(?:-[A-Za-z0-9]++)*+)")
ABSOLUTE_RE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
CALL_RE: Final = re.compile(r"\s*+\(")
#: After these an IRI is none that triples have.
ASIDE: Final = ("BASE", "FROM", "NAMED", "GRAPH", "SERVICE", "SILENT", "^^")
GRAPHS: Final = ("FROM", "GRAPH")
#: After these a number is one of rows.
SLICES: Final = ("LIMIT", "OFFSET")
#: Before a property these say that it is not the one way from the subject to the value.
OTHER_WAYS: Final = frozenset("|!^")


@dataclass(frozen=True, slots=True)
class Matched:
    """A term that a query matches triples with.

    ``of`` is the property that a literal should be a value of; None for an IRI, and where it
    may be a value of any.
    """

    term: NamedNode | Literal
    of: NamedNode | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word of a query.

    ``text`` is an IRI in full, a word in capitals, and otherwise what stands there. ``gap`` is
    what stands before it that is no piece, without spaces around. ``end`` is its own.
    """

    kind: str
    text: str
    gap: str
    end: int


NOTHING: Final = _Piece("", "", "", 0)


def matched_in(text: str, prefixes: Mapping[str, str]) -> list[Matched]:
    """The terms that a query matches triples with, as they are meant, each once.

    IRIs of graphs, endpoints, datatypes and functions are none of them, nor what CONSTRUCT
    makes, nor values that FILTER and BIND compute with.

    :param prefixes: those that need no declaration, with their namespaces.

    >>> text = 'PREFIX s: <https://schema.org/> ASK FROM <x:g> { ?s s:name "a"@en, oa:c . }'
    >>> for one in matched_in(text, {"oa": "http://www.w3.org/ns/oa#"}):
    ...     print(one.term, one.of)
    <https://schema.org/name> None
    "a"@en <https://schema.org/name>
    <http://www.w3.org/ns/oa#c> None
    """
    pieces = list(_pieces(text, prefixes))
    found = dict[Matched, None]()
    before, of = NOTHING, None
    for at, (piece, place) in enumerate(zip(pieces, _places(pieces), strict=True)):
        # The other words of a literal, and what a comma joins, are of the same property.
        if "^^" not in (before.text, piece.text) and piece.gap not in (",", "@"):
            of = _property(before, piece)
        with suppress(ValueError):  # a character that no IRI has, written as an escape
            if piece.kind == "iri":
                if before.text not in ASIDE and not CALL_RE.match(text, piece.end):
                    found[Matched(NamedNode(piece.text))] = None
            elif piece.kind in ("string", "number") and before.text not in SLICES:
                literal = _literal(text, piece, pieces[at + 1 : at + 3])
                if literal is not None and place != "aside":
                    found[Matched(literal, of if place == "pattern" else None)] = None
        before = piece
    return list(found)


def names_graphs(text: str) -> bool:
    """Whether a query names graphs, or asks for their names.

    >>> names_graphs("ASK FROM <x:g> {}"), names_graphs("ASK { ?from ?p 'graph' } # from 2020")
    (True, False)
    """
    return any((token["word"] or "").upper() in GRAPHS for token in TOKEN_RE.finditer(text))


def _pieces(text: str, prefixes: Mapping[str, str]) -> Iterator[_Piece]:
    """The words of a query but for comments, prologue and the template of CONSTRUCT."""
    namespaces = dict(prefixes)
    word, declared, end = "", "", 0
    made = 0  # braces of the template that are open
    for token in TOKEN_RE.finditer(text):
        if token[0].startswith("#"):
            continue
        before, word = word, (token["word"] or token["sign"] or "").upper()
        kind, said = _read(token, namespaces)
        gap, end = text[end : token.start()].strip(), token.end()
        if made or (before == "CONSTRUCT" and word == "{"):
            made += {"{": 1, "}": -1}.get(word, 0)
        elif before == "PREFIX":
            declared = token[0].removesuffix(":")
            word = "PREFIX:"
        elif before == "PREFIX:":
            namespaces[declared] = said
        else:
            yield _Piece(kind, said, gap, end)


def _read(token: re.Match[str], namespaces: Mapping[str, str]) -> tuple[str, str]:
    """The kind of a word, and what it says."""
    if token[0].startswith("<"):
        iri = token[0][1:-1]
        return ("iri" if ABSOLUTE_RE.match(iri) else "", iri)
    if token["prefix"] is not None:
        prefix, _, local = token[0].partition(":")
        # A prefix alone is a namespace, as in STR(schema:).
        if not local or prefix not in namespaces:
            return "", token[0]
        return "iri", namespaces[prefix] + NAME_ESCAPE_RE.sub(r"\1", local)
    if token["word"] or token["sign"]:
        return ("word" if token["word"] else "sign"), token[0].upper()
    if token[0][0] in "\"'":
        return "string", token[0]
    return ("number" if token[0][-1].isdigit() and token[0][0] not in "?$_" else ""), token[0]


def _places(pieces: Sequence[_Piece]) -> Iterator[str]:
    """For each word where it stands: in the data of VALUES, in an expression, or in a pattern."""
    depth, opened, waits = 0, 0, False  # parentheses; braces of data; whether data are to begin
    for piece in pieces:
        if piece.kind == "word":
            waits = piece.text == "VALUES"
        if piece.kind == "sign":
            depth += {"(": 1, ")": -1}.get(piece.text, 0)
            if piece.text == "{" and waits:
                opened, waits = 1, False
            elif piece.text == "}":
                opened = 0
        yield "data" if opened else "aside" if depth else "pattern"


def _property(before: _Piece, piece: _Piece) -> NamedNode | None:
    """The property that stands before a value, if it is one."""
    if before.kind != "iri" or piece.gap or not OTHER_WAYS.isdisjoint(before.gap):
        return None
    with suppress(ValueError):
        return NamedNode(before.text)
    return None


def _literal(text: str, piece: _Piece, after: Sequence[_Piece]) -> Literal | None:
    """What is written as a string or a number; None if its datatype cannot be read.

    :param after: the two words after it, of which the second may be its datatype.
    :raises ValueError: if it has a character that no text has.
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
        is_known = after[1].kind == "iri"
        return Literal(value, datatype=NamedNode(after[1].text)) if is_known else None
    return Literal(value)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else LETTER_TO_CHARACTER.get(found[3], found[3])
