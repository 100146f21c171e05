"""The query process: gets an open store, gives everything else up, answers one query at a time.

It runs the queries of strangers, and can be killed at any moment. What it may do is settled
before the first query: it can use its one socket and the open store, and compute, but nothing
else (:mod:`pfocr_rdf.web.sandbox`).

pyoxigraph demands that an answer is made, read and dropped in one thread; there is only one.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import orjson
from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from pfocr_rdf.diagnosis.graphs import with_dataset
from pfocr_rdf.diagnosis.syntax import find_fault
from pfocr_rdf.diagnosis.tokens import readable
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.results import DAMAGE, GRAPH_FORMATS, RESULT_FORMATS, gmt_lines
from pfocr_rdf.rows import RowCounter, row_counter
from pfocr_rdf.web.absences import Absences, told_absent
from pfocr_rdf.web.blanks import told_blanks
from pfocr_rdf.web.formats import AnswerKind, refuse_kind
from pfocr_rdf.web.frames import Kind, frame, read_request, write_all
from pfocr_rdf.web.output import (
    Head,
    Limits,
    Output,
    ServerGoneError,
    XmlGuard,
    named_in_xml,
)
from pfocr_rdf.web.problems import Refusal, syntax_refusal
from pfocr_rdf.web.sandbox import give_up_files_and_network, limit_memory, open_doors

#: The command line does not write RDF/XML; here it is written, and checked.
RDF_FORMATS: Final[dict[str, RdfFormat]] = {**GRAPH_FORMATS, "rdfxml": RdfFormat.RDF_XML}
#: Words in messages about what a format cannot hold, with the kind and the detail of the refusal.
UNWRITABLE: Final = (
    ("reserved syntax term", "not-xml", "RDF/XML reserves the name of a property: ask for Turtle"),
    ("does not support RDF 1.2", "not-acceptable", "JSON-LD holds no RDF 1.2: ask for Turtle"),
)
SHOWN: Final = 300  # characters of a message
#: No query is run if these cannot be given up: it could call any address, or read any file.
FATAL_DOORS: Final = frozenset({"socket", "file"})


@dataclass(frozen=True, slots=True)
class Request:
    """A query as the server sends it.

    ``solutions``, ``boolean`` and ``graph`` name the format for each kind of answer; None where
    the client accepts none. If the graphs are None, those of the query count, or of the store.
    ``max_rows`` counts solutions or triples, ``max_bytes`` the answer before its encoding.
    ``deadline`` is on :func:`time.monotonic`'s clock, which the processes of a machine share.
    ``base`` is what relative IRIs in the query are relative to.
    """

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    solutions: str | None
    boolean: str | None
    graph: str | None
    encoding: str
    max_rows: int
    max_bytes: int
    deadline: float = math.inf
    base: str | None = None

    @property
    def explained(self) -> str:
        """The query as Oxigraph can read it, with the graphs that the request names, if any."""
        text = readable(self.query.rstrip())
        if self.default_graphs is None and self.named_graphs is None:
            return text
        return with_dataset(text, self.default_graphs or (), self.named_graphs or ())


class Prefixes:
    """The prefixes that a query need not declare.

    Passing all of them costs as much as planning a small query, so a query gets only those that
    its text may use.

    >>> Prefixes({"a": "urn:a", "b": "urn:b"}).used_in("SELECT * { ?s b:c ?o }")
    {'b': 'urn:b'}
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.all = dict(prefixes)
        self._marks = [(f"{name}:", name, iri) for name, iri in prefixes.items()]

    def iris(self) -> Iris:
        """The IRIs of the release, as far as its prefixes tell."""
        figures, genes = self.all.get("figure"), self.all.get("gene")
        base = figures.removesuffix("figures/") if figures else BASE
        return Iris(base, genes or NCBIGENE)

    def used_in(self, text: str) -> dict[str, str]:
        """Those whose name stands in the text."""
        return {name: iri for mark, name, iri in self._marks if mark in text}


def serve_queries(
    fd: int, store: Store, quads: int | None, memory_mb: int, prefixes: Mapping[str, str]
) -> None:
    """Give everything up, and answer queries until the server closes its end of the socket.

    :param fd: the socket; nothing else may be open but the store's files.
    :param store: opened by :func:`pfocr_rdf.web.opening.open_whole`.
    :param quads: how many it has; None if they were not counted.
    :param memory_mb: what queries may take, beyond the open store.
    """

    def answer(request: Request, known: Prefixes) -> None:
        answer_query(store, request, known, fd)

    serve_requests(fd, answer, quads, memory_mb, prefixes)


def serve_requests(
    fd: int,
    answer: Callable[[Request, Prefixes], None],
    quads: int | None,
    memory_mb: int,
    prefixes: Mapping[str, str],
    done: Callable[[], None] = lambda: None,
) -> None:
    """Give everything up, and pass requests on until the server closes its end of the socket.

    :param answer: writes the answer to a request as frames; raises what :func:`answer_query` does.
    :param done: called when the whole answer, or a refusal, has been written.
    """
    os.set_blocking(fd, True)
    try:
        limited = limit_memory(memory_mb << 20)
        give_up_files_and_network()
        doors = open_doors()
        if not FATAL_DOORS.isdisjoint(doors):
            detail = f"a query process could not give up: {', '.join(doors)}"
            refuse(fd, Refusal("internal", detail))
            return
        ready = {"quads": quads, "pid": os.getpid(), "limited": limited, "open_doors": doors}
        write_all(fd, [frame(Kind.READY, orjson.dumps(ready))])
        _serve(fd, answer, memory_mb, Prefixes(prefixes), done)
    except (OSError, ServerGoneError):
        return  # the server has closed its end


def _serve(
    fd: int,
    answer: Callable[[Request, Prefixes], None],
    memory_mb: int,
    prefixes: Prefixes,
    done: Callable[[], None],
) -> None:
    while payload := read_request(fd):
        try:
            answer(request_of(payload), prefixes)
        except MemoryError:
            detail = f"the query took more than {memory_mb} MB: ask for less at once"
            refuse(fd, Refusal("memory", detail, limit_mb=memory_mb))
        except Refusal as refusal:
            refuse(fd, refusal)
        done()


def refuse(fd: int, refusal: Refusal) -> None:
    """Tell the server why there is no answer, or no rest of it.

    :raises OSError: if the server has closed its end.
    """
    said = {**refusal.members, "kind": refusal.kind, "detail": refusal.detail}
    write_all(fd, [frame(Kind.REFUSAL, orjson.dumps(said))])


def request_of(payload: bytes) -> Request:
    """The request that a payload holds."""
    values = orjson.loads(payload)
    for name in ("default_graphs", "named_graphs"):
        values[name] = None if values[name] is None else tuple(values[name])
    return Request(**values)


def answer_query(store: Store, request: Request, prefixes: Prefixes, fd: int) -> None:
    """Evaluate a query and write its answer as frames.

    :raises Refusal: if there is no answer, or, after frames of data, no rest of it.
    :raises ServerGoneError: if nobody reads it.
    :raises MemoryError: if it takes too much; most often the process is aborted instead.
    """
    # For an error at the end the parser would name the last of the blank lines that follow.
    text = readable(request.query.rstrip())
    try:
        answer = store.query(
            text,
            base_iri=request.base,
            prefixes=prefixes.used_in(text),
            default_graph=_graphs(request.default_graphs, request.named_graphs),
            named_graphs=_graphs(request.named_graphs, request.default_graphs),
        )
        if isinstance(answer, QueryTriples):
            output = write_graph(answer, request, prefixes, fd)
        elif isinstance(answer, QuerySolutions):
            output = write_solutions(answer, request, prefixes, fd)
        else:
            output = write_boolean(answer, request, fd)
        is_yes = isinstance(answer, QueryBoolean) and bool(answer)

        def absent() -> Absences:
            return told_absent(request.explained, store, prefixes.iris(), request.deadline)

        output.finish(absent=None if is_yes else absent)
    except (SyntaxError, OSError, RuntimeError, ValueError) as error:
        # Without the cause, whose traceback would keep the answer in memory.
        raise refusal_for(error, text, prefixes) from None


def _graphs(iris: tuple[str, ...] | None, others: tuple[str, ...] | None) -> list[Any] | None:
    """The graphs for pyoxigraph; those of a request replace the query's whole dataset, not half.

    https://www.w3.org/TR/sparql11-protocol/#dataset
    """
    if iris is None and others is None:
        return None
    return [NamedNode(iri) for iri in iris or ()]


def write_solutions(
    answer: QuerySolutions, request: Request, prefixes: Prefixes, fd: int
) -> Output:
    """Write solutions in the format that the request has for them.

    :raises Refusal: if it has none, or if it asks for gene sets and the solutions are none.
    """
    form = request.solutions
    if form is None:
        raise refuse_kind("solutions")
    counter, guard = row_counter(form), XmlGuard("JSON") if form == "xml" else None
    output = _output_for(fd, "solutions", form, request, counter, guard)
    if form != "gmt":
        answer.serialize(cast(BinaryIO, output), RESULT_FORMATS[form])
        return output
    try:
        for line in gmt_lines(answer, prefixes.iris()):
            output.write(line.encode())
    except QueryError as error:
        raise Refusal("not-acceptable", str(error)) from None
    return output


def write_boolean(answer: QueryBoolean, request: Request, fd: int) -> Output:
    """Write yes or no in the format that the request has for it.

    :raises Refusal: if it has none.
    """
    form = request.boolean
    if form is None:
        raise refuse_kind("boolean")
    output = _output_for(fd, "boolean", form, request)
    answer.serialize(cast(BinaryIO, output), RESULT_FORMATS[form])
    return output


def write_graph(answer: Iterable[Triple], request: Request, prefixes: Prefixes, fd: int) -> Output:
    """Write triples in the format that the request has for them.

    :raises Refusal: if it has none.
    """
    form = request.graph
    if form is None:
        raise refuse_kind("graph")
    is_xml = form == "rdfxml"
    output = _output_for(fd, "graph", form, request, guard=XmlGuard("Turtle") if is_xml else None)
    triples = output.counted(named_in_xml(answer) if is_xml else answer)
    # All prefixes: when the first triple is written, it is unknown which ones the last will need.
    serialize(triples, cast(BinaryIO, output), RDF_FORMATS[form], prefixes=prefixes.all)
    return output


def _output_for(
    fd: int,
    kind: AnswerKind,
    form: str,
    request: Request,
    counter: RowCounter | None = None,
    guard: XmlGuard | None = None,
) -> Output:
    """The output for an answer of a kind, within the limits of the request."""
    limits = Limits(request.max_rows, request.max_bytes)
    head = Head(kind, form, request.encoding, told_blanks(request.query))
    return Output(fd, head, limits, counter, guard)


def refusal_for(error: Exception, text: str, prefixes: Prefixes) -> Refusal:
    """The refusal for an error of pyoxigraph, in words of this program where the error is known."""
    message = str(error)
    if isinstance(error, SyntaxError):
        return syntax_refusal(find_fault(text, message, prefixes.all, based=True))
    if message.startswith(DAMAGE):
        return Refusal("engine-failure", f"the store cannot be read: {message[:SHOWN]}")
    calls = isinstance(error, OSError) or "service" in message
    if calls and "service" in text.casefold():
        return Refusal("federation-disabled", "SERVICE calls no other endpoint from here")
    for words, kind, detail in UNWRITABLE:
        if words in message:
            return Refusal(kind, detail)
    detail = f"the query cannot be evaluated: {message[:SHOWN]}"
    return Refusal("evaluation", detail)
