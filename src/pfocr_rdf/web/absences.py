"""Why a query finds nothing: from the query process to a header of the answer.

An answer without rows is valid, so this is not reported as a problem. The header
``X-Pfocr-Absent`` lists the IRIs and values of the query that occur in no triple, and what the
release has in place of each. Values are written as in N-Triples and percent-encoded. So are
variables that have no value in HAVING, conditions of FILTER that count, variables that a function
cannot read, and what to write instead. So are graphs that the release does not have, and terms that
only the default graph has. If the release has all that the query names, the header names properties
that its things cannot have, or else conditions that none of its texts meets.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions

from pfocr_rdf.contents import Quads, first_quad, rows_of
from pfocr_rdf.diagnosis.absent import MOST_TOLD
from pfocr_rdf.diagnosis.apart import Apart
from pfocr_rdf.diagnosis.graphs import Misplaced
from pfocr_rdf.diagnosis.matched import Matched
from pfocr_rdf.diagnosis.never import Never
from pfocr_rdf.diagnosis.reasons import (
    CountedEarly,
    Reason,
    Unnamed,
    Unreadable,
    instead_of,
    reasons,
)
from pfocr_rdf.diagnosis.unmet import Unmet
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.headers import header_address, header_text
from pfocr_rdf.web.problems import Refusal

NAME: Final = b"x-pfocr-absent"
#: Longest term (with its datatype or language) or expression that is reported, in characters.
LONGEST: Final = 200
#: Bytes of the header: proxies accept a few kilobytes for all headers; an encoded 漢 takes nine.
LONGEST_HEADER: Final = 2_000
#: Seconds for finding out, at most; an answer without rows waits for it.
LONGEST_S: Final = 1.0
#: Seconds that looking through the texts of a property takes where 20,000 figures are served. It
#: cannot be ended, so it is not begun when less time is left.
QUERY_S: Final = 0.7
#: Twice the seconds that reading a query takes for each of its characters, if the text is long.
CHARACTER_S: Final = 1e-5
#: In place of the property: that the term is a variable without a value in HAVING, a condition of
#: FILTER that counts, a variable that a function cannot read, a condition that never holds for want
#: of a language or for the case of its letters, one that no text of the release meets, or a graph
#: that the release does not have.
HAVING: Final = "HAVING"
FILTER: Final = "FILTER"
STR: Final = "STR"
LANG: Final = "LANG"
CASE: Final = "CASE"
TEXT: Final = "TEXT"
GRAPH: Final = "GRAPH"
#: In place of a named graph: that only the default graph has the term, not those of the query.
DEFAULT: Final = "DEFAULT"
#: First characters of values, paths, variables and ``[]``, which are percent-encoded as a whole.
WHOLE: Final = ('"', "<", "?", "[")
BETWEEN: Final = ", "
#: Where one of these is in place of the property, the term is no term but a part of the query.
SPOKEN: Final = (HAVING, FILTER, STR, LANG, CASE, TEXT)
#: Parameters of the header that follow a term; those in ``LISTS`` hold IRIs between spaces.
LISTS: Final = ("has", "to")
PARAMETERS: Final = (
    "of",
    "instead",
    "instead-of",
    "at",
    "beside",
    "graph",
    "has",
    "via",
    "to",
    "relative",
)


class Absences(NamedTuple):
    """What the query process reports: terms of a query that the release lacks, and what it has.

    Each tuple of ``told`` holds the term, the property of which it should be a value, what there is
    in its place, and the property of that; "" where there is none. ``HAVING`` and the constants
    after it stand for other reasons. If the term is a property that a thing cannot have, these
    follow: the thing, what else it is asked for, a named graph that has the property if the default
    graph does not, the classes whose things have it, a property that leads to the thing, and
    classes that this leads to. Last comes the relative IRI that the query has for the term.

    :param is_whole: False if there may be more, but it was too late to find out.
    """

    told: list[tuple[str, ...]]
    is_whole: bool = True


def told_absent(text: str, store: Quads, iris: Iris, deadline: float) -> Absences:
    """Find out why a query finds nothing.

    The answer is whole without any of this. So only what is found within a second, and within half
    of the time that is left, is reported; nothing, if reading the text alone would take longer.

    :param deadline: of the answer, on :func:`time.monotonic`'s clock.
    """
    now = time.monotonic()
    most_s = min(LONGEST_S, (deadline - now) / 2)
    if (takes_s := len(text) * CHARACTER_S) > most_s:
        return Absences([], is_whole=takes_s > LONGEST_S)  # which no other time would change
    told = list[tuple[str, ...]]()
    try:
        told.extend(islice(_told(text, _Until(store, now + most_s), iris), MOST_TOLD))
    except Refusal:
        return Absences(told, is_whole=False)
    return Absences(told)


class _Until:
    """Quads that are looked up until a time."""

    def __init__(self, quads: Quads, until: float) -> None:
        self._quads, self._until = quads, until

    def quads_for_pattern(
        self, subject: Any, predicate: Any, value: Any, graph: Any = None, /
    ) -> Iterator[Quad]:
        """The quads of a pattern.

        :raises Refusal: if it is too late.
        """
        self._check()
        return self._quads.quads_for_pattern(subject, predicate, value, graph)

    def first_quad(
        self, subject: Any, predicate: Any, value: Any, graph: Any = None, /
    ) -> Quad | None:
        """One quad of a pattern, if there is any.

        :raises Refusal: if it is too late.
        """
        self._check()
        return first_quad(self._quads, subject, predicate, value, graph)

    def rows(self, text: str, /) -> QuerySolutions | None:
        """The solutions of a query, which takes no longer than :data:`QUERY_S`.

        :raises Refusal: if there may not be time for it.
        """
        self._check(QUERY_S)
        return rows_of(self._quads, text)

    def _check(self, takes_s: float = 0) -> None:
        if time.monotonic() + takes_s > self._until:
            raise Refusal("query-timeout", "finding out why there are no rows takes too long")


def _told(text: str, store: Quads, iris: Iris) -> Iterator[tuple[str, ...]]:
    for reason in reasons(text, store, iris):
        if _size(reason) <= LONGEST:
            yield _reported(reason, store, iris)


def _size(reason: Reason) -> int:
    """The characters of what is the longest in a reason."""
    match reason:
        case Unnamed():
            return len(reason.expression)
        case CountedEarly() | Never() | Unmet():
            return len(reason.condition)
        case Unreadable():
            return len(reason.variable)
        case Misplaced() | Matched():
            return len(_said(reason.term))
        case Apart():
            return len(reason.thing)


def _reported(reason: Reason, store: Quads, iris: Iris) -> tuple[str, ...]:
    """A reason as :class:`Absences` has it."""
    match reason:
        case Unnamed(variable, expression):
            return variable, HAVING, expression, ""
        case CountedEarly(condition):
            return condition, FILTER, f"HAVING({condition})", ""
        case Unreadable(variable):
            return variable, STR, f"STR({variable})", ""
        case Never(condition, variable, meant):
            return condition, LANG if variable else CASE, meant, ""
        case Unmet(condition, _, meant):
            return condition, TEXT, meant, ""
        case Misplaced(term, is_graph, graph):
            place = ("",) * PARAMETERS.index("graph") + (DEFAULT,)
            if is_graph:
                place = (GRAPH, graph.value) if graph else (GRAPH,)
            return (term.value, *place)
        case Matched():
            instead = instead_of(reason, store, iris)
            path = "/".join(map(str, instead.path)) if instead.path[1:] else _said(*instead.path)
            terms = map(_said, (reason.term, reason.of, instead.term))
            blank = ("",) * (PARAMETERS.index("relative") - 3)
            return *terms, path, *((*blank, reason.written) if reason.written else ())
        case Apart():
            return _apart(reason)


def _apart(one: Apart) -> tuple[str, ...]:
    classes = "" if one.instead else " ".join(map(_said, one.classes))
    terms = (one.lacks, one.instead, one.beside, one.graph, one.via)
    lacks, instead, beside, graph, via = map(_said, terms)
    leads = " ".join(map(_said, one.leads))
    return lacks, "", instead, "", one.thing, beside, graph, classes, via, leads


def _said(term: NamedNode | Literal | None = None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode) else str(term)


def absent_headers(end: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header as a list of one, empty if nothing is absent; what has no room is left out.

    :param end: the end of an answer as the query process reports it. That process runs the queries
        of strangers, so every value is encoded.

    >>> iris = [["urn:é", "", "", ""], ["https://x.org/", "", "http://x.org/", ""]]
    >>> absent_headers({"absent": iris})[0][1]
    b'<urn:%C3%A9>, <https://x.org/>; instead="http://x.org/"'
    >>> absent_headers({"absent": [['"a"@en', "urn:p", '"a"', ""]]})[0][1]
    b'<%22a%22@en>; of="urn:p"; instead="%22a%22"'
    >>> absent_headers({"absent": [["?n", "HAVING", "COUNT(?f)", ""]]})[0][1]
    b'<%3Fn>; of="HAVING"; instead="COUNT%28%3Ff%29"'
    >>> absent_headers({"absent": [["urn:g", "GRAPH"]]})[0][1]
    b'<urn:g>; of="GRAPH"'
    >>> absent_headers({"absent": [["http://x.org/a", *[""] * 9, "a"]]})[0][1]
    b'<http://x.org/a>; relative="a"'
    >>> lacks = ["urn:p", "", "", "", "?x", "urn:q", "", "urn:C urn:D"]
    >>> absent_headers({"absent": [lacks]})[0][1]
    b'<urn:p>; at="%3Fx"; beside="urn:q"; has="urn:C urn:D"'
    >>> lacks = ["urn:p", "", "", "", "?x", "", "", "urn:C", "urn:q", "urn:D"]
    >>> absent_headers({"absent": [lacks]})[0][1]
    b'<urn:p>; at="%3Fx"; has="urn:C"; via="urn:q"; to="urn:D"'
    >>> absent_headers({"rows": 0})
    []
    """
    said = list[str]()
    room = LONGEST_HEADER
    for term, *others in list(end.get("absent") or ())[:MOST_TOLD]:
        told = zip(PARAMETERS, map(str, others), strict=False)
        write = header_text if others[0] in SPOKEN else _written
        facts = [
            f'; {name}="{_written_list(other) if name in LISTS else write(other)}"'
            for name, other in told
            if other
        ]
        one = f"<{write(str(term))}>" + "".join(facts)
        if len(one) <= room:
            said.append(one)
            room -= len(one) + len(BETWEEN)
    return [(NAME, BETWEEN.join(said).encode())] if said else []


def _written(term: str) -> str:
    return header_text(term) if term[:1] in WHOLE else header_address(term)


def _written_list(terms: str) -> str:
    return " ".join(map(header_address, terms.split()))
