"""Why a query finds nothing: a condition that no text of the release meets, though one might.

``CONTAINS(?title, "wnt SIGNALING")`` is valid SPARQL, but tells capitals from small letters. The
texts of the property are looked through: if one meets the condition in other letters, what finds it
is told, else that none does. https://www.w3.org/TR/sparql11-query/#func-contains
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from pfocr_rdf.contents import Quads, rows_of
from pfocr_rdf.diagnosis.having import on_a_line
from pfocr_rdf.diagnosis.matched import Piece, met, names_graphs, pieces, properties_of_variables
from pfocr_rdf.diagnosis.never import PARTS, PLAIN_RE, is_compared, is_optional, start_of
from pfocr_rdf.iris import Iris

#: How many triples of a property are looked through, which takes half a second.
MOST_TRIPLES: Final = 100_000
#: Function → what finds the texts that meet it as they are, and those that do in other letters.
FUNCTION_TO_TESTS: Final = {
    **{
        name: (f"{name}(STR(?text), $value)", f"{name}(LCASE(STR(?text)), $lower)")
        for name in PARTS
    },
    "REGEX": ("REGEX(STR(?text), $value)", 'REGEX(STR(?text), $value, "i")'),
    "STR": ("STR(?text) = $value", "LCASE(STR(?text)) = $lower"),
}
FIRST: Final = f"SELECT ?text {{ ?s $of ?text }} LIMIT {MOST_TRIPLES}"
COUNT: Final = f"SELECT (COUNT(*) AS ?triples) {{ {{ {FIRST} }} }}"
FIND: Final = (
    f"SELECT ?text ?is {{ {{ SELECT DISTINCT ?text {{ {{ {FIRST} }} }} }}"
    " FILTER($in_any_letters) BIND($as_it_is AS ?is) }"
)
SHOWN: Final = 60  # characters of a text


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that no text meets.

    :param condition: as it is written.
    :param of: the property whose texts they are.
    :param instead: the condition that pays no heed to the case of letters; empty if no text meets
        that either.
    :param example: what meets ``instead``, or the beginning of a text that does.
    """

    condition: str
    of: NamedNode
    instead: str = ""
    example: str = ""


class _Condition(NamedTuple):
    """A function, the variable that it reads, alone or with STR, and the text it is given."""

    function: str
    variable: str
    read: str
    value: str
    written: str


def unmet(text: str, store: Quads, iris: Iris) -> Iterator[Unmet]:
    """The conditions of a query that no text of the release meets, if the query needs them.

    :param text: a well-formed query; its own prefixes take precedence over those of ``iris``.
    """
    words = list(pieces(text, iris.prefixes()))
    if is_optional(words) or names_graphs(text):
        return
    properties: Mapping[str, NamedNode] | None = None
    for at, (is_needed, _) in enumerate(met(words)):
        if is_needed and (condition := _condition(text, words, at)):
            if properties is None:
                properties = properties_of_variables(text, iris.prefixes())
            if of := properties.get(condition.variable):
                yield from _unmet(condition, of, store)


def _condition(text: str, words: Sequence[Piece], at: int) -> _Condition | None:
    """A condition that begins at a word: ``CONTAINS(STR(?t), "text")``, ``STR(?t) = "text"``."""
    word = words[at]
    if word.kind != "word" or word.text not in FUNCTION_TO_TESTS:
        return None
    match [piece.text for piece in words[at + 1 : at + 8]]:
        case ["(", read, _, ")", *_]:
            variable, value, end = words[at + 2 : at + 5]
            after = at + 5
        case ["(", "STR", "(", named, ")", _, ")"]:
            variable, _, value, end = words[at + 4 : at + 8]
            read, after = f"STR({named})", at + 8
        case ["(", named, ")", _, *_] if word.text == "STR":
            variable, _, value = words[at + 2 : at + 5]
            read, end, after = f"STR({named})", value, at + 5
        case _:
            return None
    is_whole = variable.kind == "variable" and bool(PLAIN_RE.fullmatch(value.text))
    if not is_whole or not _ends(word, value, words[after : after + 1]):
        return None
    written = on_a_line(text[start_of(word) : end.end])
    return _Condition(word.text, variable.text, read, value.text, written)


def _ends(word: Piece, value: Piece, following: Sequence[Piece]) -> bool:
    """Whether a condition ends where it seems to, and nothing is compared with all of it."""
    if word.text != "STR":
        return value.gap == "," and not is_compared(word, following)
    is_last = any(
        one.gap.startswith("&&") or (one.text == ")" and not one.gap) for one in following
    )
    return value.gap == "=" and word.gap in ("", "&&") and is_last


def _unmet(condition: _Condition, of: NamedNode, store: Quads) -> Iterator[Unmet]:
    counted = rows_of(store, Template(COUNT).substitute(of=of))
    triples = int(next(counted)["triples"].value) if counted else 0
    if not triples:
        return
    value = condition.value[1:-1]
    as_it_is, in_any_letters = (
        Template(test).substitute(value=Literal(value), lower=Literal(value.lower()))
        for test in FUNCTION_TO_TESTS[condition.function]
    )
    asked = Template(FIND).substitute(of=of, as_it_is=as_it_is, in_any_letters=in_any_letters)
    found = ""
    for row in rows_of(store, asked) or ():
        if row["is"].value == "true":
            return
        found = found or row["text"].value
    if found:
        yield Unmet(condition.written, of, _in_any_letters(condition), _part(found, value))
    elif triples < MOST_TRIPLES:
        yield Unmet(condition.written, of)


def _part(text: str, value: str) -> str:
    """The part of a text that is the value in other letters, or its beginning."""
    at = text.lower().find(value.lower())
    return text[:SHOWN] if at < 0 else text[at : at + len(value)]


def _in_any_letters(condition: _Condition) -> str:
    """The condition as one that pays no heed to the case of letters."""
    if condition.function == "REGEX":
        return f'REGEX({condition.read}, {condition.value}, "i")'
    if condition.function == "STR":
        return f"LCASE({condition.read}) = {condition.value.lower()}"
    return f"{condition.function}(LCASE({condition.read}), {condition.value.lower()})"
