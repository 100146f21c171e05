"""A few quads of the backend, to explain why an answer has no rows.

The query process sends a pattern, from which the server makes the query to the backend: a query
process is not trusted, so it cannot send the text of a query.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final, cast

import orjson
from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    parse_query_results,
)

from pfocr_rdf.web.feed import Feed
from pfocr_rdf.web.frames import Kind, frame, write_all
from pfocr_rdf.web.problems import Refusal

#: Lookups for one answer, for which the engine has indexes.
MOST: Final = 60
#: The places of a pattern, and the columns of its answer.
PLACES: Final = ("s", "p", "o", "g")
#: In a pattern: whether one quad is enough.
FIRST: Final = "first"
#: The default graph in a pattern.
DEFAULT: Final = {"type": "default"}

Term = NamedNode | Literal | BlankNode


class Lookups:
    """Looks up quads of a release in the backend: a few for each of a limited number of patterns.

    :param fd: the socket to the server, on which nothing else comes meanwhile.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._left = MOST

    def quads_for_pattern(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: NamedNode | Literal | None,
        graph: NamedNode | DefaultGraph | None = None,
        /,
    ) -> Iterator[Quad]:
        """The quads of a pattern.

        :raises Refusal: if the server refuses, or the limit on lookups is reached.
        :raises ValueError: if the answer does not hold quads.
        """
        return iter(self._asked((subject, predicate, value, graph), is_first=False))

    def first_quad(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: NamedNode | Literal | None,
        graph: NamedNode | DefaultGraph | None = None,
        /,
    ) -> Quad | None:
        """One quad of a pattern, if there is any; raises what :meth:`quads_for_pattern` does."""
        return next(iter(self._asked((subject, predicate, value, graph), is_first=True)), None)

    def _asked(
        self, places: Sequence[NamedNode | Literal | DefaultGraph | None], *, is_first: bool
    ) -> list[Quad]:
        if not self._left:
            raise Refusal("query-timeout", "finding out why there are no rows takes too long")
        self._left -= 1
        known = dict(zip(PLACES, places, strict=True))
        feed = Feed(self._fd)
        feed.expect()
        pattern = {place: _cell(term) for place, term in known.items()} | {FIRST: is_first}
        write_all(self._fd, [frame(Kind.ASK, orjson.dumps({"pattern": pattern}))])
        try:
            feed.begin()
            rows = parse_query_results(cast(BinaryIO, feed), QueryResultsFormat.JSON)
            return [_quad(known, row) for row in _solutions(rows)]
        finally:
            # Leave nothing of this answer: what follows is the answer to another request.
            feed.drain()


def _solutions(answer: object) -> Iterator[dict[str, Term]]:
    if not isinstance(answer, QuerySolutions):
        raise ValueError("yes or no, and not which quads there are")
    names = [variable.value for variable in answer.variables]
    for solution in answer:
        yield {
            name: term for name, term in zip(names, solution, strict=True) if isinstance(term, Term)
        }


def _quad(known: Mapping[str, Any], row: Mapping[str, Any]) -> Quad:
    """A quad made of the terms in the pattern and, where it has none, of those in a row."""
    subject, predicate, value = (known[place] or row.get(place) for place in PLACES[:3])
    if subject is None or not isinstance(predicate, NamedNode) or value is None:
        raise ValueError("a part of a quad is missing")
    return Quad(subject, predicate, value, known["g"] or row.get("g") or DefaultGraph())


def _cell(term: NamedNode | Literal | DefaultGraph | None) -> dict[str, str] | None:
    """A term of a pattern, in the form that terms have in JSON results; None for any term."""
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Literal):
        kind = {"xml:lang": term.language} if term.language else {"datatype": term.datatype.value}
        return {"type": "literal", "value": term.value, **kind}
    return DEFAULT if term else None
