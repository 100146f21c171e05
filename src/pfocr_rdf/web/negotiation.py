"""Content negotiation: chooses a media type and a content coding that a client accepts.

https://www.rfc-editor.org/rfc/rfc9110#section-12.5 . A header is read in one pass and only up to
the limits below; an entry that cannot be read is ignored, never an error.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

HEADER_LIMIT: Final = 8192  # characters; browsers send 100 to 200
ENTRY_LIMIT: Final = 256  # elements of a header; browsers send up to 8
#: What an answer can be compressed with, the cheapest first.
ENCODINGS: Final = ("zstd", "br", "gzip")

# https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6 and, for the value, 5.6.4
PARAMETER_RE: Final = re.compile(
    rf'(?P<name>{WORD})=(?:(?P<plain>{WORD})|"(?P<quoted>(?:[^"\\]|\\.)*)")', re.DOTALL
)
# https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 (media-range, in lower case)
RANGE_RE: Final = re.compile(rf"\*/\*|(?!\*)({WORD})/({WORD})")
WORD_RE: Final = re.compile(WORD)
# https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2 ; Java's own client sends ``q=.2``, and
# others more than three digits.
WEIGHT_RE: Final = re.compile(r"(?:0(?:\.[0-9]*)?|\.[0-9]+|1(?:\.0*)?)")
# A separator, or a text in quotes, which hides the separators in it. It need not end: if a quote
# without an end did not match, each later quote would be tried in turn, in quadratic time.
MARK_RE: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[,;]', re.DOTALL)

Parameters = frozenset[tuple[str, str]]
#: Name of a media range → the parameters that it demands → its weight.
Ranges = Mapping[str, Mapping[Parameters, float]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One element of a header: a name in lower case, its parameters and its weight."""

    name: str
    parameters: Parameters
    weight: float


def negotiate(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that a client likes best, the first of those that it likes equally.

    :param accept: the header, several joined by commas. None, empty or unreadable means that
        anything will do.
    :param offers: media types in lower case, the preferred first; may have parameters.
    :returns: one of the offers as it stands there, or None where none is acceptable.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1

    >>> negotiate("text/*;q=0.5, application/json", ["text/turtle", "application/json"])
    'application/json'
    >>> negotiate("*/*, text/turtle;q=0", ["text/turtle", "application/n-triples"])
    'application/n-triples'
    >>> negotiate("image/png", ["text/turtle"]) is None
    True
    """
    return _negotiate(_readable_part(accept), tuple(offers))


@lru_cache(maxsize=256)  # clients send few different headers, and each is new work otherwise
def _negotiate(accept: str, offers: tuple[str, ...]) -> str | None:
    ranges = _ranges(accept)
    if not ranges:
        return offers[0] if offers else None
    # max() keeps the first of equals.
    best = max(offers, key=lambda offer: _weight(offer, ranges), default=None)
    return best if best is not None and _weight(best, ranges) > 0 else None


@lru_cache(maxsize=64)
def _ranges(accept: str) -> Ranges:
    """The ranges that a header accepts; of equal ones, the one with the highest weight."""
    ranges: dict[str, dict[Parameters, float]] = {}
    for entry in _entries(accept):
        if RANGE_RE.fullmatch(entry.name):
            same = ranges.setdefault(entry.name, {})
            needs = frozenset(pair for pair in entry.parameters if not _is_met_by_all(*pair))
            same[needs] = max(entry.weight, same.get(needs, 0.0))
    return ranges


def _weight(offer: str, ranges: Ranges) -> float:
    """The weight of an offer: that of the most specific range that matches it, 0 if none does."""
    name, *rest = _split(offer, ";")
    stated = frozenset(_parameters(rest) or ())
    for key in (name.strip(), f"{name.partition('/')[0]}/*", "*/*"):
        same = ranges.get(key, {})
        fitting = [(len(needs), weight) for needs, weight in same.items() if needs <= stated]
        if fitting:
            return max(fitting)[1]
    return 0.0


def _is_met_by_all(name: str, value: str) -> bool:
    """Whether every offer meets a parameter, so that it excludes nothing; all offers are UTF-8.

    https://www.w3.org/TR/json-ld11/#iana-considerations : a profile that a server does not know
    must be ignored. https://www.w3.org/TR/rdf12-turtle/#sec-mediaReg : ``version`` announces
    what the client can read, which includes what is older.
    """
    return name in {"profile", "version"} or (name == "charset" and value in {"utf-8", "utf8"})


def negotiate_encoding(header: str | None) -> str:
    """The content coding for an answer: one of :data:`ENCODINGS`, or ``identity``.

    Nothing is compressed for a client that did not ask for it. If everything is refused, even
    ``identity``, the answer is plain all the same, since every client can read that.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3

    >>> negotiate_encoding("gzip, deflate, br, zstd")
    'zstd'
    >>> negotiate_encoding("gzip;q=0.5, identity")
    'identity'
    """
    return _negotiate_encoding(_readable_part(header))


@lru_cache(maxsize=256)
def _negotiate_encoding(header: str) -> str:
    weights: dict[str, float] = {}
    for entry in _entries(header):
        if WORD_RE.fullmatch(entry.name):
            # x-gzip is an old name of gzip: section 8.4.1.3
            name = entry.name.removeprefix("x-")
            weights[name] = max(entry.weight, weights.get(name, 0.0))
    others = weights.get("*", 0.0)
    best = max(ENCODINGS, key=lambda coding: weights.get(coding, others))
    wanted = weights.get(best, others)
    # If identity is not listed, it is acceptable, but less welcome than what is listed.
    return best if wanted > 0 and wanted >= weights.get("identity", 0.0) else "identity"


def _readable_part(header: str | None) -> str:
    """The header up to the limit, without the entry that the limit cuts."""
    if header is None or len(header) <= HEADER_LIMIT:
        return header or ""
    return header[:HEADER_LIMIT].rpartition(",")[0]


def _entries(header: str) -> Iterator[_Entry]:
    """The elements of a header that can be read, up to a limit."""
    for element in _split(header.lower(), ",")[:ENTRY_LIMIT]:
        name, *rest = (part.strip(" \t") for part in _split(element, ";"))
        weight = "1"
        for index, text in enumerate(rest):
            if text.startswith("q="):
                # What follows the weight are accept extensions, which no longer exist.
                weight, rest = text.removeprefix("q="), rest[:index]
                break
        parameters = _parameters(rest)
        if parameters is not None and WEIGHT_RE.fullmatch(weight):
            yield _Entry(name, frozenset(parameters), float(weight))


def _parameters(texts: Sequence[str]) -> list[tuple[str, str]] | None:
    """Names and values, without quotes; None if one of them cannot be read."""
    found: list[tuple[str, str]] = []
    for text in filter(None, (text.strip(" \t") for text in texts)):
        match = PARAMETER_RE.fullmatch(text)
        if not match:
            return None
        value = match["plain"] or re.sub(r"\\(.)", r"\1", match["quoted"] or "")
        found.append((match["name"], value))
    return found


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators; those in quotes do not count.

    >>> _split('a;b="x,;y",c', ",")
    ['a;b="x,;y"', 'c']
    """
    if '"' not in text:
        return text.split(separator)
    parts: list[str] = []
    start = 0
    for mark in MARK_RE.finditer(text):
        if mark[0] == separator:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]
