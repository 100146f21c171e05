"""A query process without a store: it parses the query, and writes what the backend answers.

The query is only parsed, to find its errors and what kind of answer it has. pyoxigraph reads the
backend's answer and writes it like any other one: if that answer is malformed, or made to break
its reader, this happens in the query process.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, cast

import orjson
from pyoxigraph import (
    Literal,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
    parse,
    parse_query_results,
)

from pfocr_rdf.diagnosis.tokens import readable
from pfocr_rdf.results import RESULT_FORMATS
from pfocr_rdf.web.absences import Absences, told_absent
from pfocr_rdf.web.feed import Feed
from pfocr_rdf.web.formats import AnswerKind, refuse_kind
from pfocr_rdf.web.frames import Kind, frame, write_all
from pfocr_rdf.web.lookups import Lookups
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.worker import (
    Prefixes,
    Request,
    refusal_for,
    serve_requests,
    write_boolean,
    write_graph,
    write_solutions,
)

#: The column in which Virtuoso answers an ASK query, as if it were a SELECT.
ASKED: Final = "__ASK_RETVAL"


def serve_answers(fd: int, memory_mb: int, prefixes: dict[str, str]) -> None:
    """Answer queries until the server closes its end of the socket.

    :param fd: the socket.
    :param memory_mb: what queries may take.
    """
    nothing, feeds = Store(), list[Feed]()

    def answer(request: Request, known: Prefixes) -> None:
        feeds.append(Feed(fd))
        answer_query(nothing, request, known, fd, feeds[-1])

    def done() -> None:
        # The server goes on sending what is not wanted any more, until it learns of that.
        feeds.pop().drain()

    serve_requests(fd, answer, None, memory_mb, prefixes, done)


def answer_query(nothing: Store, request: Request, prefixes: Prefixes, fd: int, feed: Feed) -> None:
    """Have the backend asked, and write its answer as frames.

    :param nothing: an empty store, with which queries are parsed.
    :param feed: where the backend's answer comes; what is not read of it is left there.
    :raises Refusal: if there is no answer, or, after frames of data, no rest of it.
    :raises ServerGoneError: if nobody reads it.
    """
    kind, variables = _read(nothing, request, prefixes)
    if getattr(request, kind) is None:
        raise refuse_kind(kind)
    feed.expect()
    write_all(fd, [frame(Kind.ASK, orjson.dumps({"kind": kind}))])
    try:
        head = feed.begin()
        limit = head["cut_rows"]
        if kind == "graph":
            output = write_graph(_triples(feed), request, prefixes, fd)
        else:
            answer = parse_query_results(cast(BinaryIO, feed), RESULT_FORMATS[head["format"]])
            if kind == "boolean":
                answer = _truth(answer)
                output = write_boolean(answer, request, fd)
            else:
                output = write_solutions(_projected(answer, variables), request, prefixes, fd)
        feed.finish()
        is_yes = kind == "boolean" and bool(answer)
        output.finish(
            lambda rows: _check_cut(rows, limit),
            None if is_yes else lambda: _absences(request, prefixes, fd),
        )
    except (SyntaxError, OSError, RuntimeError, ValueError) as error:
        if feed.refusal is not None:
            raise feed.refusal from None
        message = " ".join(str(error).split())[:200]
        detail = f"the answer of the engine behind this server cannot be read ({message})"
        raise Refusal("backend-failed", detail) from None


def _absences(request: Request, prefixes: Prefixes, fd: int) -> Absences:
    """Why there are no rows, if the backend tells in time; else the answer is whole without it."""
    try:
        return told_absent(request.explained, Lookups(fd), prefixes.iris(), request.deadline)
    except (SyntaxError, OSError, RuntimeError, ValueError):
        return Absences([], is_whole=False)


def _read(
    nothing: Store, request: Request, prefixes: Prefixes
) -> tuple[AnswerKind, list[Variable]]:
    """What kind of answer a query has, and which columns.

    :raises Refusal: if it cannot be parsed.
    """
    text = readable(request.query.rstrip())
    try:
        answer = nothing.query(text, base_iri=request.base, prefixes=prefixes.used_in(text))
    except (SyntaxError, OSError, RuntimeError, ValueError) as error:
        raise refusal_for(error, text, prefixes) from None
    if isinstance(answer, QueryTriples):
        return "graph", []
    if isinstance(answer, QuerySolutions):
        return "solutions", answer.variables
    return "boolean", []


def _projected(answer: QueryBoolean | QuerySolutions, variables: list[Variable]) -> QuerySolutions:
    """The solutions without columns that the query does not have.

    Virtuoso answers SELECT * {} with a column of its own.
    """
    if not isinstance(answer, QuerySolutions):
        raise ValueError("yes or no instead of solutions")
    if not set(answer.variables) - set(variables):
        return answer
    table = cast(BinaryIO, _Table(answer, variables))
    return cast(QuerySolutions, parse_query_results(table, QueryResultsFormat.TSV))


class _Table:
    """Some columns of solutions, as a TSV file to read."""

    def __init__(self, answer: QuerySolutions, variables: list[Variable]) -> None:
        self._lines = self._written(answer, variables)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end."""
        if not self._rest:
            self._rest = next(self._lines, b"")
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _written(self, answer: QuerySolutions, variables: list[Variable]) -> Iterator[bytes]:
        yield "\t".join(map(str, variables)).encode() + b"\n"
        known = set(answer.variables)
        for solution in answer:
            found = (solution[v] if v in known else None for v in variables)
            cells = ("" if value is None else str(value) for value in found)
            yield "\t".join(cells).encode() + b"\n"


def _truth(answer: QueryBoolean | QuerySolutions) -> QueryBoolean:
    if isinstance(answer, QueryBoolean):
        return answer
    if [variable.value for variable in answer.variables] != [ASKED]:
        raise ValueError("solutions instead of yes or no")
    values = [solution[0] for solution in answer]
    is_true = any(isinstance(value, Literal) and value.value != "0" for value in values)
    data = orjson.dumps({"head": {}, "boolean": is_true})
    return cast(QueryBoolean, parse_query_results(data, QueryResultsFormat.JSON))


def _triples(feed: Feed) -> Iterator[Triple]:
    for quad in parse(cast(BinaryIO, feed), RdfFormat.N_TRIPLES):
        yield quad.triple


def _check_cut(rows: int, limit: int | None) -> None:
    """Check that the engine behind has not cut an answer.

    :param limit: how many rows an answer has if it was cut; 0 if the engine had no time for all of
        it, None if it was not cut.
    :raises Refusal: ``query-timeout`` or ``answer-too-large``.
    """
    if limit is None or rows < limit:
        return
    if not limit:
        detail = "the engine behind this server did not have time for the whole answer"
        raise Refusal("query-timeout", f"{detail}: ask for less")
    detail = f"the engine behind this server gives out {limit:,} rows at most, and cut the answer"
    raise Refusal(
        "answer-too-large",
        f"{detail}: add LIMIT, or ask for less",
        limit=limit,
        measure="rows",
    )
