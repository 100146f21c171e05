"""Named queries over HTTP: the list, a page for each with its form, and their answers.

``/queries/NAME`` is a document about the query, in HTML or RDF. With parameters it is the query's
answer: a page with a table, or any result format by ``Accept``, ``format=`` or suffix
(``/queries/NAME.csv?gene=2064``). Values are checked by type and bound as terms. The query runs
where all queries run, in a separate process.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.queries import NamedQuery, federated_queries, named_queries
from pfocr_rdf.web.exchange import EXCHANGE, Exchange, Receive, Scope, Send
from pfocr_rdf.web.formats import AnswerKind, Formats, choose_formats
from pfocr_rdf.web.headers import link_header
from pfocr_rdf.web.negotiation import negotiate_encoding
from pfocr_rdf.web.pages.charts import Bars, Line, draw
from pfocr_rdf.web.pages.elsewhere import ELSEWHERE, elsewhere, partner_names
from pfocr_rdf.web.pages.examples import example_of
from pfocr_rdf.web.pages.forms import (
    HTML,
    HTML_TYPE,
    Frame,
    Subject,
    absolute,
    etag,
    has_already,
    reply,
    respond,
)
from pfocr_rdf.web.pages.html import render
from pfocr_rdf.web.pages.plain import named_form, respond_with_json, with_json
from pfocr_rdf.web.pages.query_asked import QUERIES, Asked, read_asked
from pfocr_rdf.web.pages.query_facts import (
    TITLE,
    library_document,
    library_triples,
    query_triples,
)
from pfocr_rdf.web.pages.query_inputs import inputs, listed_queries
from pfocr_rdf.web.pages.query_table import MOST_BYTES, Table, read_table
from pfocr_rdf.web.pages.query_words import read_words
from pfocr_rdf.web.pages.routes import METHODS, in_turn, refused
from pfocr_rdf.web.pages.visits import PageSite, Visit, visit_of
from pfocr_rdf.web.pages.writing import json_ld_block
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.sparql import Query

T = TypeVar("T")
#: Kind of answer → the format in which a page gets it from the query process.
KIND_TO_SHOWN: Final[dict[AnswerKind, str]] = {
    "solutions": "json",
    "boolean": "json",
    "graph": "turtle",
}
#: Longest address whose files are linked in headers, in characters: it may hold a long list of
#: genes, and proxies accept only some thousand characters of headers.
MOST_LINKED: Final = 500
#: Characters of a graph that a page shows.
SHOWN_CHARACTERS: Final = 60_000
#: Attempts at a page whose query was answered by another release than the rest of it.
TRIES: Final = 5


class OtherReleaseError(PfocrError):
    """A query was answered by another release than the one that its page describes."""


@dataclass(frozen=True, slots=True)
class Result:
    """An answer as a page shows it: a table, a graph as text, or why there is none.

    :param drawing: chart of the table, if the query asks for one.
    :param cut: whether the page shows only the beginning of the answer.
    """

    table: Table | None = None
    drawing: Bars | Line | None = None
    text: str | None = None
    cut: bool = False
    refusal: Refusal | None = None


NO_RESULT: Final = Result()


def answer_queries(visit: Visit) -> Response:
    """The list of the named queries."""
    form = named_form(visit.values.get("suffix"))
    triples = library_triples(visit)
    by_category: dict[str, list[NamedQuery]] = {}
    for query in named_queries():
        by_category.setdefault(query.category, []).append(query)

    def html(frame: Frame) -> str:
        return render(
            visit,
            "queries.html",
            title=TITLE,
            description="Questions that can be asked of the data with values of your own.",
            current=QUERIES,
            frame=with_json(visit, subject, frame),
            categories={**dict(sorted(by_category.items())), ELSEWHERE: federated_queries()},
            elsewhere=lambda query: elsewhere(visit, query),
            words_of=read_words,
        )

    subject = Subject(
        *(visit.reading.iris.query(), QUERIES, lambda: triples, html),
        besides=partner_names(visit),
    )
    return respond_with_json(visit, subject, form, lambda: library_document(visit))


def query_route(site: PageSite) -> Route:
    """The route to the named queries: an ASGI application, because their answers are streamed."""
    return Route(f"/{QUERIES}/{{name}}", QueryAddress(site), methods=list(METHODS))


class QueryAddress:
    """The ASGI application that answers requests to the addresses of named queries."""

    def __init__(self, site: PageSite) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        :raises Refusal: if there is no answer, and the client does not prefer an HTML page.
        """
        request, exchange = Request(scope, receive), scope[EXCHANGE]
        try:
            response = await self._of_one_release(request)
        except Refusal as refusal:
            work = partial(refused, visit_of(request, self._site), refusal)
            response = await self._made(exchange, work)
        if response is not None:
            await response(scope, receive, send)

    async def _of_one_release(self, request: Request) -> Response | None:
        """The result of :meth:`_response`, tried again if the release changed meanwhile."""
        for _ in range(TRIES):
            with suppress(OtherReleaseError):
                return await self._response(visit_of(request, self._site), request.scope)
        detail = "the release changed each time while the query was answered: try again"
        raise Refusal("busy", detail, headers={"Retry-After": "10"})

    async def _response(self, visit: Visit, scope: Scope) -> Response | None:
        """The response to a visit; None if the endpoint has already sent the answer.

        :raises OtherReleaseError: if the page would mix two releases.
        """
        exchange: Exchange = scope[EXCHANGE]
        asked = await self._made(exchange, partial(read_asked, visit, scope["query_string"]))
        if asked.formats is not None:
            await self._site.endpoint.answer(exchange, sparql_query(asked, asked.formats))
            return None
        if asked.opens:
            return RedirectResponse(asked.in_editor, 303)
        return await self._document(asked, exchange)

    async def _made(self, exchange: Exchange, work: Callable[[], T]) -> T:
        return await in_turn(self._site, exchange, work)

    async def _document(self, asked: Asked, exchange: Exchange) -> Response:
        key: str | None = f"answer {asked.query.name} {sorted(asked.given.values.items())}"
        if asked.query.endpoints and asked.given.asked:
            key = None  # this server cannot know when the answers of other endpoints change
        known = key and asked.given.asked and has_already(asked.visit, etag(asked.visit, key))
        if asked.form is not HTML or not asked.runs or known:
            return await self._made(exchange, partial(query_document, asked, key))
        query = sparql_query(asked, choose_formats(None, KIND_TO_SHOWN[asked.kind]))
        try:
            body = await self._site.endpoint.read(exchange, query, MOST_BYTES)
        except Refusal as refusal:
            exchange.outcome = refusal.kind
            result = Result(refusal=refusal)
            return await self._made(exchange, partial(query_document, asked, None, result))
        # The server may have changed to another release since it read the request.
        if exchange.release != asked.visit.reading.release.id:
            raise OtherReleaseError(exchange.release)
        return await self._made(
            exchange, lambda: query_document(asked, key, read_result(asked, body))
        )


def sparql_query(asked: Asked, formats: Formats) -> Query:
    """The query with its values, as the endpoint takes it; for a page, without compression."""
    encoding = "identity"
    if asked.formats is not None:
        encoding = negotiate_encoding(asked.visit.headers.get("accept-encoding"))
    return Query(asked.text, None, None, formats, encoding)


def read_result(asked: Asked, body: bytes) -> Result:
    """An answer as the page shows it."""
    if asked.kind == "graph":
        text = body.decode()
        return Result(text=text[:SHOWN_CHARACTERS], cut=len(text) > SHOWN_CHARACTERS)
    table = read_table(body, asked.visit.links)
    return Result(table, draw(asked.query.chart, table), cut=table.total > len(table.rows))


def query_document(asked: Asked, key: str | None, result: Result = NO_RESULT) -> Response:
    """The document about a query, or the page with its answer.

    :param key: cache key of the page with this answer; None if it must not be cached.
    """
    visit, query = asked.visit, asked.query
    triples = query_triples(visit, query)

    def html(frame: Frame) -> str:
        return _html(asked, frame, result, json_ld_block(triples, visit.reading.iris))

    if not asked.given.asked and key is not None:
        subject = Subject(
            *(visit.reading.iris.query(query.name), asked.address, lambda: triples, html),
            besides=partner_names(visit) if query.endpoints else "",
        )
        return respond(visit, subject, asked.form)
    # A page with an answer: its other forms are files, and search engines should not index it.
    canonical = absolute(visit, visit.links.to(asked.address, **asked.given.values))
    frame = Frame(visit.reading.iris.query(query.name).value, canonical, {})
    files = asked.files().values() if len(canonical) <= MOST_LINKED else ()
    links = [
        link_header(absolute(visit, href), "alternate", media_type) for href, media_type in files
    ]
    status, headers = 200, {"link": ", ".join(links)} if links else {}
    if result.refusal is not None:
        status, headers = result.refusal.status, dict(result.refusal.headers)
    elif asked.given.errors:
        status, headers = 400, {}
    return reply(
        visit,
        lambda: html(frame).encode(),
        HTML_TYPE,
        key=key if status == 200 else None,
        headers=headers,
        vary="Accept",
        status=status,
    )


def _title(asked: Asked, result: Result) -> str:
    """The title of the page: with the values, if there are any, and whether it was refused."""
    query, given = asked.query, asked.given
    if not given.asked:
        return query.title
    chosen = [given.values.get(p.name, "") for p in query.parameters if p.default is None]
    title = ": ".join(filter(None, (query.title, ", ".join(chosen)[:80])))
    return f"Not answered: {title}" if given.errors or result.refusal else title


def _html(asked: Asked, frame: Frame, result: Result, json_ld: Markup) -> str:
    visit, query = asked.visit, asked.query
    required = [p for p in query.parameters if p.default is None]
    examples = [example_of(parameter, visit.reading) for parameter in required]
    return render(
        visit,
        "query.html",
        title=_title(asked, result),
        description=query.description,
        current=QUERIES,
        frame=frame,
        json_ld=json_ld,
        index=not asked.given.asked,
        query=query,
        words_of=read_words,
        address=asked.address,
        inputs=inputs(query, asked.given, visit.reading),
        asked=asked,
        complaint=asked.given.errors.get("", "") if asked.given.asked else "",
        examples=examples,
        example_values={p.name: one.value for p, one in zip(required, examples, strict=True)},
        result=result,
        bars=result.drawing if isinstance(result.drawing, Bars) else None,
        line=result.drawing if isinstance(result.drawing, Line) else None,
        elsewhere=elsewhere(visit, query),
        files=asked.files() if asked.runs else {},
        others=[q for q in listed_queries() if q.category == query.category and q != query],
    )
