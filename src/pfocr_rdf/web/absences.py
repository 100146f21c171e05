"""Why a query finds nothing, from the query process to a header of its answer.

An answer without a row is a good answer, so this is no problem: ``X-Pfocr-Absent`` lists the IRIs
and values of the query that no triple has, and what the release has in the place of each. A value
is written as N-Triples have it, percent-encoded. So are a variable that has no value in HAVING,
and what to write in its place. Where the release has all of it, the header names a property that a
thing of the query cannot have.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf.absent import MOST_TOLD, absent, present_instead
from pfocr_rdf.apart import apart
from pfocr_rdf.contents import Quads
from pfocr_rdf.having import unnamed_in_having
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.headers import header_address, header_text

NAME: Final = b"x-pfocr-absent"
#: Characters of a term, with its datatype or language, or of an expression.
LONGEST: Final = 200
#: Bytes of the header: proxies take some kilobytes of all headers, and an encoded 漢 takes nine.
LONGEST_HEADER: Final = 2_000
#: What is told in the place of the property for a variable that has no value there.
HAVING: Final = "HAVING"
#: What values, paths and variables begin with, which are percent-encoded as a whole.
WHOLE: Final = ('"', "<", "?", "[")
BETWEEN: Final = ", "
#: What of a term is told, as parameters of the header; some are lists, with spaces.
LISTS: Final = ("has", "to")
PARAMETERS: Final = ("of", "instead", "instead-of", "at", "beside", "graph", "has", "via", "to")


def told_absent(text: str, store: Quads, iris: Iris) -> Iterator[tuple[str, ...]]:
    """What the query process tells: terms of a query that the release lacks, and what it has.

    Each is the term, the property of which it should be a value, what there is in its place, and
    of which property; "" where there is none. After these, of a property that a thing cannot have,
    the thing, what else it is asked for, a named graph that has it where the default graph has not,
    the classes whose things have it, a property that leads to the thing, and the classes of all
    that it leads to.
    """
    return islice(_told(text, store, iris), MOST_TOLD)


def _told(text: str, store: Quads, iris: Iris) -> Iterator[tuple[str, ...]]:
    is_known = True
    for variable, expression in unnamed_in_having(text).items():
        is_known = False
        if len(expression) <= LONGEST:
            yield variable, HAVING, expression, ""
    for matched in absent(text, store, iris):
        is_known = False
        if len(_said(matched.term)) <= LONGEST:
            instead = present_instead(matched, store, iris)
            path = "/".join(map(str, instead.path)) if instead.path[1:] else _said(*instead.path)
            yield *map(_said, (matched.term, matched.of, instead.term)), path
    if is_known:
        yield from _told_apart(text, store, iris)


def _told_apart(text: str, store: Quads, iris: Iris) -> Iterator[tuple[str, ...]]:
    for one in apart(text, store, iris):
        if len(one.thing) <= LONGEST:
            classes = "" if one.instead else " ".join(map(_said, one.classes))
            terms = (one.lacks, one.instead, one.beside, one.graph, one.via)
            lacks, instead, beside, graph, via = map(_said, terms)
            leads = " ".join(map(_said, one.leads))
            yield lacks, "", instead, "", one.thing, beside, graph, classes, via, leads


def _said(term: NamedNode | Literal | None = None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode) else str(term)


def absent_headers(end: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header, if there is something to tell: of what is told, as much as it has room for.

    :param end: of an answer, as the query process says it, which runs the queries of strangers.

    >>> iris = [["urn:é", "", "", ""], ["https://x.org/", "", "http://x.org/", ""]]
    >>> absent_headers({"absent": iris})[0][1]
    b'<urn:%C3%A9>, <https://x.org/>; instead="http://x.org/"'
    >>> absent_headers({"absent": [['"a"@en', "urn:p", '"a"', ""]]})[0][1]
    b'<%22a%22@en>; of="urn:p"; instead="%22a%22"'
    >>> absent_headers({"absent": [["?n", "HAVING", "COUNT(?f)", ""]]})[0][1]
    b'<%3Fn>; of="HAVING"; instead="COUNT%28%3Ff%29"'
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
        write = header_text if HAVING in others else _written
        facts = [
            f'; {name}="{_written_list(other) if name in LISTS else write(other)}"'
            for name, other in told
            if other
        ]
        one = f"<{_written(str(term))}>" + "".join(facts)
        if len(one) <= room:
            said.append(one)
            room -= len(one) + len(BETWEEN)
    return [(NAME, BETWEEN.join(said).encode())] if said else []


def _written(term: str) -> str:
    return header_text(term) if term[:1] in WHOLE else header_address(term)


def _written_list(terms: str) -> str:
    return " ".join(map(header_address, terms.split()))
