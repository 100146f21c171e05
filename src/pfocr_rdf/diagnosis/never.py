"""Why a query finds nothing: a condition that holds for no text, whatever the text is.

``CONTAINS(LCASE(?title), "Apoptosis")`` is valid SPARQL, but a text in small letters has no capital
in it. ``LANG(?title) = "en"`` asks for a language, and the texts of a release have none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, Literal, NamedNode

from pfocr_rdf.contents import Quads
from pfocr_rdf.diagnosis.absent import SAMPLE
from pfocr_rdf.diagnosis.having import on_a_line
from pfocr_rdf.diagnosis.matched import (
    Piece,
    met,
    names_graphs,
    pieces,
    properties_of_variables,
)
from pfocr_rdf.iris import Iris
from pfocr_rdf.possessive import re

#: Function → the ASCII letters that its texts never have.
FUNCTION_TO_LETTERS: Final = {
    "LCASE": re.compile("[A-Z]"),
    "UCASE": re.compile("[a-z]"),
}
#: Functions whose second value is part of the first.
PARTS: Final = ("CONTAINS", "STRSTARTS", "STRENDS")
#: With one of these a query may find something though a condition never holds; so it may if the
#: condition is compared with TRUE or FALSE.
CHOICES: Final = ("OPTIONAL", "UNION", "MINUS", "EXISTS", "SERVICE", "TRUE", "FALSE")
#: A condition before one of these signs or words is compared with something itself.
COMPARING_SIGNS: Final = ("=", "!=", "<", ">")
COMPARING_WORDS: Final = ("IN", "NOT")
#: A text as it is written, without escapes.
PLAIN_RE: Final = re.compile(r"""(["'])[^"'\\]++\1""")


@dataclass(frozen=True, slots=True)
class Never:
    """A condition that never holds.

    :param condition: as it is written.
    :param variable: the variable that has no language, if that is why; else empty.
    :param instead: the condition that was meant; empty if there is none.
    """

    condition: str
    variable: str = ""
    instead: str = ""


class _Call(NamedTuple):
    """A function's name and values in the words of a query: the index of each, and after it."""

    start: int
    end: int


def never(text: str, store: Quads, iris: Iris) -> Iterator[Never]:
    """The conditions of a query that no text meets, if the query needs them.

    :param text: a well-formed query; its own prefixes take precedence over those of ``iris``.
    """
    words = list(pieces(text, iris.prefixes()))
    if is_optional(words):
        return
    names = {piece.text for piece in words if piece.kind == "word"}
    properties = dict[str, NamedNode]()
    if "LANG" in names and not names_graphs(text):
        properties = properties_of_variables(text, iris.prefixes())
    for at, (is_needed, _) in enumerate(met(words)):
        if is_needed and words[at].kind == "word" and (found := _compared(words, at)):
            call, literal, end = found
            condition = text[start_of(words[at]) : end]
            if function := FUNCTION_TO_LETTERS.get(words[call.start].text):
                if function.search(literal.text):
                    yield Never(on_a_line(condition), instead=_recased(text, at, found, words))
            elif _is_without_language(properties.get(_alone(words, call)), store):
                yield Never(on_a_line(condition), _alone(words, call))


def is_optional(words: Iterable[Piece]) -> bool:
    """Whether a query may find something though a condition never holds."""
    return any("||" in one.gap or (one.kind == "word" and one.text in CHOICES) for one in words)


def _compared(words: Sequence[Piece], at: int) -> tuple[_Call, Piece, int] | None:
    """A call of LCASE, UCASE or LANG that is compared with a text, that text, where it all ends.

    It is compared by ``=``, or is the first value of a function of :data:`PARTS`.
    """
    word = words[at].text
    within = word in PARTS or word == "LANGMATCHES"
    start = at + 2 if within else at
    if within and (at + 1 >= len(words) or words[at + 1].text != "("):
        return None
    end = _after_call(words, start)
    if not end or end + 1 >= len(words):
        return None
    if (words[start].text == "LANG") != (word in ("LANG", "LANGMATCHES")):
        return None
    literal, after = words[end], words[end + 1]
    if not PLAIN_RE.fullmatch(literal.text) or literal.gap != ("," if within else "="):
        return None
    if within:
        is_whole = after.text == ")" and not after.gap
        is_whole &= not is_compared(words[at], words[end + 2 : end + 3])
        return (_Call(start, end), literal, after.end) if is_whole else None
    # Up to the end of the condition, or of one that must hold as well.
    is_whole = (after.text == ")" and not after.gap) or after.gap.startswith("&&")
    is_first = words[at].gap in ("", "&&")
    return (_Call(start, end), literal, literal.end) if is_whole and is_first else None


def is_compared(first: Piece, following: Iterable[Piece]) -> bool:
    """Whether a condition is a value that is compared, by its first word and what follows it."""
    return first.gap.endswith(COMPARING_SIGNS) or any(
        piece.gap.startswith(COMPARING_SIGNS) or piece.text in COMPARING_WORDS
        for piece in following
    )


def _after_call(words: Sequence[Piece], start: int) -> int:
    """The index after a call of LCASE, UCASE or LANG; 0 if there is none at ``start``."""
    names = (*FUNCTION_TO_LETTERS, "LANG")
    if start + 1 >= len(words) or words[start].text not in names or words[start + 1].text != "(":
        return 0
    depth = 0
    for at in range(start + 1, len(words)):
        depth += {"(": 1, ")": -1}.get(words[at].text, 0)
        if not depth:
            return at + 1
    return 0


def _alone(words: Sequence[Piece], call: _Call) -> str:
    """The variable that is all that a function gets; empty if there is more."""
    inner = words[call.start + 2 : call.end - 1]
    return inner[0].text if len(inner) == 1 and inner[0].kind == "variable" else ""


def _recased(text: str, at: int, found: tuple[_Call, Piece, int], words: Sequence[Piece]) -> str:
    """The condition with its text in the letters that the function gives."""
    call, literal, end = found
    written = literal.text.lower() if words[call.start].text == "LCASE" else literal.text.upper()
    before = text[start_of(words[at]) : start_of(literal)]
    return on_a_line(before + written + text[literal.end : end])


def start_of(piece: Piece) -> int:
    """The index where a word begins."""
    return piece.end - len(piece.text)


def _is_without_language(of: NamedNode | None, store: Quads) -> bool:
    """Whether a property has texts, and none of the first has a language."""
    if of is None:
        return False
    quads = islice(store.quads_for_pattern(None, of, None, DefaultGraph()), SAMPLE)
    texts = [quad.object for quad in quads if isinstance(quad.object, Literal)]
    return bool(texts) and not any(one.language for one in texts)
