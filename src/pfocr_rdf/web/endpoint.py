"""The SPARQL endpoint: from a query to its answer over HTTP.

The first part of an answer is held back until it is known that there is one, so that most errors
get a status of their own. An answer that fails later is cut, by resetting its connection.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import orjson

from pfocr_rdf.dumps import written_graph
from pfocr_rdf.web.absences import absent_headers
from pfocr_rdf.web.blanks import blank_headers
from pfocr_rdf.web.cache import Cache, CacheLimits
from pfocr_rdf.web.checks import QueryLimits, is_repeatable
from pfocr_rdf.web.description import describe_service
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import (
    COMMON,
    NO_STORE,
    Bodies,
    Exchange,
    Headers,
    Reply,
    Watch,
    preflight,
    read_body,
    rendered,
    whole_reply,
)
from pfocr_rdf.web.federation.answering import Answering, is_federated
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.formats import Format
from pfocr_rdf.web.keys import (
    REVALIDATE,
    VARY,
    AnswerKey,
    answer_key,
    asked_before,
    not_modified,
    was_given,
)
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import CutError, Running
from pfocr_rdf.web.sparql import METHODS, DescriptionAsked, HttpRequest, Query, read_request

PREFLIGHT: Final = preflight(", ".join(METHODS))
#: Headers that an answer depends on; with the query string they are a key of ``Endpoint._hot``.
RELEVANT: Final = frozenset({b"accept", b"accept-encoding"})
#: How long after its deadline an answer that is still being sent is aborted.
ABORT_AFTER_S: Final = 0.2
#: How many requests are remembered byte for byte, and how long one may be.
HOT_ENTRIES: Final = 4096
HOT_BYTES: Final = 2048


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Limits on requests and answers.

    :param bodies_bytes: size of the bodies of all requests being read or answered,
        together; half of it for one client.
    """

    query: QueryLimits = field(default_factory=QueryLimits)
    request_bytes: int = 1 << 20
    bodies_bytes: int = 64 << 20
    body_timeout_s: float = 10.0
    max_rows: int = 1_000_000
    max_bytes: int = 256 << 20
    cache: CacheLimits = field(default_factory=CacheLimits)


class Endpoint:
    """Answers requests to ``/sparql``."""

    def __init__(
        self,
        engine: Engine,
        options: EndpointOptions = EndpointOptions(),
        federation: Federation | None = None,
    ) -> None:
        self.engine = engine
        self.options = options
        self._federated = Answering(federation, engine, self._payload) if federation else None
        self.cache: Cache[Reply] = Cache(options.cache)
        self._bodies = Bodies(options.bodies_bytes)
        self.hits = self.misses = 0
        self._release = ""
        #: Request, byte for byte → key of its answer in the cache: it need not be parsed again.
        self._hot: OrderedDict[object, AnswerKey] = OrderedDict()
        self._limits: Headers = [
            (b"x-row-limit", str(options.max_rows).encode()),
            (b"x-byte-limit", str(options.max_bytes).encode()),
        ]

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request.

        :raises Refusal: instead of an answer.
        """
        self._forget_old()
        if exchange.method == "GET" and await self._known(exchange):
            return
        if exchange.method == "OPTIONS":
            await exchange.reply(Reply(204, PREFLIGHT, b""))
            return
        # The query is as long as the body, so it counts until the request is answered.
        with self._bodies.hold(exchange.client) as grow:
            asked = await self._asked(exchange, grow)
            if isinstance(asked, DescriptionAsked):
                await exchange.reply(self._description(exchange, asked.format))
            else:
                await self.answer(exchange, asked)
                self._remember(exchange, asked)

    async def _asked(
        self, exchange: Exchange, grow: Callable[[int], None]
    ) -> Query | DescriptionAsked:
        body = b""
        if exchange.method not in ("GET", "HEAD"):
            limits = self.options
            body = await read_body(exchange, limits.request_bytes, limits.body_timeout_s, grow)
        return read_request(_http_request(exchange, body))

    def _forget_old(self) -> None:
        current = self.engine.release_id
        if current != self._release:
            self._release = current
            self._hot.clear()
            self.cache.clear()

    async def _known(self, exchange: Exchange) -> bool:
        """Answer from memory, if the same request was answered before; whether it was."""
        key = self._hot.get(_hot_key(exchange))
        reply = self.cache.get(key) if key is not None else None
        if key is None or reply is None:
            return False
        await self._send_known(exchange, key, reply)
        return True

    async def _send_known(self, exchange: Exchange, key: AnswerKey, reply: Reply) -> None:
        self.hits += 1
        exchange.cache, exchange.release = "hit", key.release
        exchange.query_hash, exchange.text = key.query_hash, key.text
        if asked_before(exchange, key):
            await exchange.reply(not_modified(key))
        else:
            await exchange.reply(reply)

    async def answer(self, exchange: Exchange, query: Query) -> None:
        """Answer a query, from a request to the endpoint or to another address.

        :raises Refusal: instead of an answer.
        """
        key, has_service, repeatable = self._begin(exchange, query)
        if self._federated and query.explain:
            async with Watch(exchange):
                client, accept = exchange.client, exchange.header(b"accept")
                plan = self._federated.explain(query, client, accept, has_service=has_service)
                await exchange.reply(await plan)
            return
        if repeatable and (reply := self.cache.get(key)) is not None:
            await self._send_known(exchange, key, reply)
            return
        if repeatable and was_given(exchange, key):
            exchange.cache, exchange.release = "client", key.release
            await exchange.reply(not_modified(key))
            return
        self.misses += 1
        exchange.cache = "miss" if repeatable else "none"
        async with Watch(exchange):
            running, partners = await self._ask(exchange, query, has_service)
            try:
                key = key._replace(release=exchange.release)
                await self._deliver(exchange, query, running, key, partners)
            finally:
                self.engine.close(running)

    def _begin(self, exchange: Exchange, query: Query) -> tuple[AnswerKey, bool, bool]:
        """The key of an answer, whether partners are asked for it, and whether it may be kept.

        :raises Refusal: if the query is not allowed here.
        """
        self._forget_old()
        has_service = is_federated(query, self.options.query, self._federated)
        key = answer_key(self._release, query)
        exchange.text, exchange.query_hash = query.text, key.query_hash
        return key, has_service, not has_service and is_repeatable(query.text)

    async def _ask(
        self, exchange: Exchange, query: Query, has_service: bool, most_bytes: int | None = None
    ) -> tuple[Running, Headers | None]:
        """Start a query, after its partners have answered; with headers about them, if any."""
        client, arrived = exchange.client, exchange.arrived
        partners: Headers | None = None
        if self._federated and has_service:
            running, partners, arrived = await self._federated.ask(query, client, most_bytes)
        else:
            payload = self._payload(query, arrived, most_bytes)
            running = await self.engine.ask(payload, client, arrived)
        exchange.wait_s = running.started - arrived
        exchange.run_s = time.monotonic() - running.started
        exchange.release = running.release
        return running, partners

    async def read(self, exchange: Exchange, query: Query, most_bytes: int) -> bytes:
        """The whole answer to a query, for a page to show; from memory if it is kept there.

        :param query: one that asks for no content encoding.
        :raises Refusal: instead of an answer; ``answer-too-large`` beyond ``most_bytes``.
        :raises CancelledError: if the client goes away.
        """
        key, has_service, repeatable = self._begin(exchange, query)
        if repeatable and (known := self.cache.get(key)) is not None:
            self.hits += 1
            exchange.cache, exchange.release = "hit", key.release
            return known.body
        self.misses += 1
        exchange.cache = "miss" if repeatable else "none"
        async with Watch(exchange):
            running, _ = await self._ask(exchange, query, has_service, most_bytes)
            try:
                body = b"".join([data async for data in running.rest()])
            except CutError as cut:
                raise cut.refusal from None
            finally:
                self.engine.close(running)
            if repeatable and _is_told(running):
                key = key._replace(release=running.release)
                headers = self._headers(exchange, query, running, key)
                headers.extend([_length(body), *absent_headers(running.end or {})])
                self._keep(key, headers, body)
            return body
        raise asyncio.CancelledError

    def _payload(self, query: Query, arrived: float, most_bytes: int | None = None) -> bytes:
        """The request to a query process: :mod:`pfocr_rdf.web.frames`."""
        formats = query.formats
        return orjson.dumps(
            {
                "query": query.text,
                "default_graphs": query.default_graphs,
                "named_graphs": query.named_graphs,
                "solutions": formats.solutions and formats.solutions.name,
                "boolean": formats.boolean and formats.boolean.name,
                "graph": formats.graph and formats.graph.name,
                "encoding": query.encoding,
                "max_rows": self.options.max_rows,
                "max_bytes": most_bytes or self.options.max_bytes,
                "deadline": arrived + self.engine.options.timeout_s,
                # https://www.w3.org/TR/sparql11-query/#relIRIs
                "base": held.iris.base if (held := self.engine.held) else None,
            }
        )

    async def _deliver(
        self,
        exchange: Exchange,
        query: Query,
        running: Running,
        key: AnswerKey,
        partners: Headers | None,
    ) -> None:
        repeatable = exchange.cache == "miss" and _is_told(running)
        headers = self._headers(exchange, query, running, key if repeatable else None, partners)
        first = running.take() if running.chunks else b""
        if running.end is None:
            await self._stream(exchange, running, headers, first, key if repeatable else None)
            return
        headers.append(_length(first))
        if partners is None:
            headers.extend(absent_headers(running.end))
        await exchange.reply(Reply(200, [*headers, (b"x-cache", exchange.cache.encode())], first))
        if repeatable:
            self._keep(key, headers, first)

    async def _stream(
        self,
        exchange: Exchange,
        running: Running,
        headers: Headers,
        first: bytes,
        key: AnswerKey | None,
    ) -> None:
        """Send an answer as it comes; keep it if it turns out to be small enough."""
        try:
            await exchange.begin(200, [*headers, (b"x-cache", exchange.cache.encode())])
        except Refusal:
            self.engine.close(running, "condition")
            raise
        if exchange.method == "HEAD":
            await exchange.part(b"", more=False)
            self.engine.close(running, "head")
            return
        kept = first if key else None
        # A client that does not read must not keep the answer open after the deadline.
        wait_s = running.deadline - time.monotonic() + ABORT_AFTER_S
        late = asyncio.get_running_loop().call_later(wait_s, exchange.abort)
        try:
            await exchange.part(first)
            async for data in running.rest():
                if kept is not None:
                    fits = len(kept) + len(data) <= self.options.cache.answer_bytes
                    kept = kept + data if fits else None
                await exchange.part(data)
            await exchange.part(b"", more=False)
        except CutError as cut:
            exchange.outcome = cut.refusal.kind
            exchange.abort()
            return
        finally:
            late.cancel()
        if key and kept is not None:
            self._keep(key, [*headers, _length(kept)], kept)

    def _keep(self, key: AnswerKey, headers: Headers, body: bytes) -> None:
        headers = [*headers, (b"x-cache", b"hit")]
        reply = Reply(200, headers, body, rendered(Reply(200, headers, b"")))
        if key.release == self._release:
            self.cache.put(key, reply, key.size)

    def _remember(self, exchange: Exchange, query: Query) -> None:
        """Remember a request byte for byte, so that its kept answer is found without parsing it."""
        if exchange.method != "GET":
            return
        said = _hot_key(exchange)
        if sum(map(len, said)) > HOT_BYTES:
            return
        key = answer_key(self._release, query)
        if exchange.cache not in ("hit", "miss") or self.cache.get(key) is None:
            return
        self._hot[said] = key
        if len(self._hot) > HOT_ENTRIES:
            self._hot.popitem(last=False)

    def _headers(
        self,
        exchange: Exchange,
        query: Query,
        running: Running,
        key: AnswerKey | None,
        partners: Headers | None = None,
    ) -> Headers:
        chosen: Format = getattr(query.formats, running.head["kind"])
        encoding = running.head["encoding"]
        return [
            (b"content-type", chosen.media_type.encode()),
            *([(b"content-encoding", encoding.encode())] if encoding != "identity" else []),
            VARY,
            *([REVALIDATE, (b"etag", key.etag)] if key else partners or [NO_STORE]),
            # With partners, the release is asked another query than the client's.
            *(blank_headers(running.head) if partners is None else []),
            (b"x-pfocr-release", exchange.release.encode()),
            (b"x-query-time", f"{exchange.run_s:.4f}".encode()),
            *self._limits,
            *COMMON,
        ]

    def _description(self, exchange: Exchange, form: Format) -> Reply:
        held = self.engine.held
        if held is None:
            raise Refusal("no-release", "no release is being served yet: try again in a moment")
        exchange.release = held.release.id
        url = exchange.public_url + "sparql"
        federated = self._federated is not None
        triples = describe_service(url, held.manifest, held.iris, federated=federated)
        body = written_graph(triples, form.name, held.iris)
        release = (b"x-pfocr-release", held.release.id.encode())
        return whole_reply(200, form.media_type, body, VARY, REVALIDATE, release)


def _is_told(running: Running) -> bool:
    """Whether all is told that explains an answer without rows: else the next may tell more."""
    return not (running.end or {}).get("cut")


def _hot_key(exchange: Exchange) -> tuple[bytes, ...]:
    scope = exchange.scope
    relevant = [header for header in scope["headers"] if header[0] in RELEVANT]
    return scope["query_string"], *chain.from_iterable(relevant)


def _http_request(exchange: Exchange, body: bytes) -> HttpRequest:
    headers: dict[str, str] = {}
    for name, value in exchange.scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    query_string = exchange.scope["query_string"].decode("latin-1")
    return HttpRequest(exchange.method, query_string, headers, body)


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
