"""The SPARQL endpoint: from a query to its answer over HTTP.

The first part of an answer is held back until it is known to be one, so that most errors get
a status of their own. An answer that breaks off later ends its connection in the middle.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import orjson

from pfocr_rdf.web.cache import Cache, CacheLimits
from pfocr_rdf.web.checks import QueryLimits, check_query, is_repeatable
from pfocr_rdf.web.description import describe_service
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import (
    COMMON,
    Exchange,
    Headers,
    Reply,
    Watch,
    read_body,
    rendered,
    whole_reply,
)
from pfocr_rdf.web.formats import Format, Formats
from pfocr_rdf.web.graphs import written_graph
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import CutError, Running
from pfocr_rdf.web.sparql import DescriptionAsked, HttpRequest, Query, read_request

METHODS: Final = "GET, HEAD, POST, QUERY, OPTIONS"
#: What a browser may send across origins: https://fetch.spec.whatwg.org/#cors-preflight-fetch
PREFLIGHT: Final[Headers] = [
    (b"allow", METHODS.encode()),
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", b"Accept, Accept-Encoding, Content-Type, If-None-Match"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
    *COMMON,
]
VARY: Final = (b"vary", b"Accept, Accept-Encoding")
#: The answer holds until another release is served, which only the server knows.
REVALIDATE: Final = (b"cache-control", b"public, no-cache")
NO_STORE: Final = (b"cache-control", b"no-store")
#: Headers that an answer depends on; with the request's query they are the key of :class:`Hot`.
RELEVANT: Final = frozenset({b"accept", b"accept-encoding"})
#: After its deadline an answer that nobody reads is aborted.
ABORT_AFTER_S: Final = 0.2
#: Requests that are known word for word, and the longest of them.
HOT_ENTRIES: Final = 4096
HOT_BYTES: Final = 2048


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Limits of requests and of answers."""

    query: QueryLimits = field(default_factory=QueryLimits)
    request_bytes: int = 1 << 20
    body_timeout_s: float = 10.0
    max_rows: int = 1_000_000
    max_bytes: int = 256 << 20
    cache: CacheLimits = field(default_factory=CacheLimits)


class AnswerKey(NamedTuple):
    """Everything that an answer depends on."""

    release: str
    query_hash: str
    text: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: Formats
    encoding: str

    @property
    def etag(self) -> bytes:
        """A weak one: the same rows may come in another order.

        https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
        """
        return b'W/"' + hashlib.sha256(repr(self).encode()).hexdigest()[:24].encode() + b'"'


class Endpoint:
    """Answers requests to ``/sparql``."""

    def __init__(self, engine: Engine, options: EndpointOptions = EndpointOptions()) -> None:
        self.engine = engine
        self.options = options
        self.cache: Cache[Reply] = Cache(options.cache)
        self.hits = self.misses = 0
        self._release = ""
        #: Requests seen before, word for word → key of the cache: they need not be read again.
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
        body = b""
        if exchange.method not in ("GET", "HEAD"):
            limits = self.options
            body = await read_body(exchange, limits.request_bytes, limits.body_timeout_s)
        asked = read_request(_http_request(exchange, body))
        if isinstance(asked, DescriptionAsked):
            await exchange.reply(self._description(exchange, asked.format))
        else:
            await self._answer(exchange, asked)

    def _forget_old(self) -> None:
        current = self.engine.release_id
        if current != self._release:
            self._release = current
            self._hot.clear()
            self.cache.clear()

    async def _known(self, exchange: Exchange) -> bool:
        """Answer from memory, if this very request was answered before."""
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
        if _asked_before(exchange, key):
            await exchange.reply(_not_modified(key))
        else:
            await exchange.reply(reply)

    async def _answer(self, exchange: Exchange, query: Query) -> None:
        check_query(query.text, self.options.query)
        key = _answer_key(self._release, query)
        exchange.text, exchange.query_hash = query.text, key.query_hash
        repeatable = is_repeatable(query.text)
        if repeatable:
            reply = self.cache.get(key)
            if reply is not None:
                self._remember(exchange, key)
                await self._send_known(exchange, key, reply)
                return
        self.misses += 1
        exchange.cache = "miss" if repeatable else "none"
        async with Watch(exchange):
            client = _client(exchange)
            running = await self.engine.ask(self._payload(query), client, exchange.arrived)
            try:
                now = time.monotonic()
                exchange.wait_s = running.started - exchange.arrived
                exchange.run_s = now - running.started
                exchange.release = running.release
                await self._deliver(
                    exchange, query, running, key._replace(release=exchange.release)
                )
            finally:
                self.engine.close(running)

    def _payload(self, query: Query) -> bytes:
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
                "max_bytes": self.options.max_bytes,
                # https://www.w3.org/TR/sparql11-query/#relIRIs
                "base": held.iris.base if (held := self.engine.held) else None,
            }
        )

    async def _deliver(
        self, exchange: Exchange, query: Query, running: Running, key: AnswerKey
    ) -> None:
        repeatable = exchange.cache == "miss"
        headers = self._headers(exchange, query, running, key if repeatable else None)
        first = running.take() if running.chunks else b""
        if running.end is None:
            await self._stream(exchange, running, headers, first, key if repeatable else None)
            return
        headers.append(_length(first))
        await exchange.reply(Reply(200, [*headers, (b"x-cache", exchange.cache.encode())], first))
        if repeatable:
            self._keep(exchange, key, headers, first)

    async def _stream(
        self,
        exchange: Exchange,
        running: Running,
        headers: Headers,
        first: bytes,
        key: AnswerKey | None,
    ) -> None:
        """Send an answer as it comes; keep it, if it turns out to be small enough."""
        await exchange.begin(200, [*headers, (b"x-cache", exchange.cache.encode())])
        if exchange.method == "HEAD":
            await exchange.part(b"", more=False)
            return
        kept = first if key else None
        # A client that does not read must not hold on after the deadline.
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
            self._keep(exchange, key, [*headers, _length(kept)], kept)

    def _keep(self, exchange: Exchange, key: AnswerKey, headers: Headers, body: bytes) -> None:
        headers = [*headers, (b"x-cache", b"hit")]
        reply = Reply(200, headers, body, rendered(Reply(200, headers, b"")))
        if key.release == self._release and self.cache.put(key, reply):
            self._remember(exchange, key)

    def _remember(self, exchange: Exchange, key: AnswerKey) -> None:
        """Know this request again, word for word, without reading it."""
        if exchange.method != "GET" or len(exchange.scope["query_string"]) > HOT_BYTES:
            return
        self._hot[_hot_key(exchange)] = key
        if len(self._hot) > HOT_ENTRIES:
            self._hot.popitem(last=False)

    def _headers(
        self, exchange: Exchange, query: Query, running: Running, key: AnswerKey | None
    ) -> Headers:
        chosen: Format = getattr(query.formats, running.head["kind"])
        encoding = running.head["encoding"]
        return [
            (b"content-type", chosen.media_type.encode()),
            *([(b"content-encoding", encoding.encode())] if encoding != "identity" else []),
            VARY,
            *([REVALIDATE, (b"etag", key.etag)] if key else [NO_STORE]),
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
        triples = describe_service(url, held.manifest, held.iris)
        body = written_graph(triples, form.name, held.iris)
        release = (b"x-pfocr-release", held.release.id.encode())
        return whole_reply(200, form.media_type, body, VARY, REVALIDATE, release)


def _answer_key(release: str, query: Query) -> AnswerKey:
    digest = hashlib.sha256(query.text.encode()).hexdigest()[:12]
    return AnswerKey(
        release,
        digest,
        query.text,
        query.default_graphs,
        query.named_graphs,
        query.formats,
        query.encoding,
    )


def _hot_key(exchange: Exchange) -> object:
    scope = exchange.scope
    relevant = [header for header in scope["headers"] if header[0] in RELEVANT]
    return scope["query_string"], *relevant


def _http_request(exchange: Exchange, body: bytes) -> HttpRequest:
    headers: dict[str, str] = {}
    for name, value in exchange.scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    query_string = exchange.scope["query_string"].decode("latin-1")
    return HttpRequest(exchange.method, query_string, headers, body)


def _client(exchange: Exchange) -> str:
    client = exchange.scope.get("client")
    return str(client[0]) if client else ""


def _asked_before(exchange: Exchange, key: AnswerKey) -> bool:
    """Whether the client has this answer: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2."""
    known = exchange.header(b"if-none-match")
    if known is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return "*" in tags or key.etag.decode().removeprefix("W/") in tags


def _not_modified(key: AnswerKey) -> Reply:
    release = (b"x-pfocr-release", key.release.encode())
    return Reply(304, [(b"etag", key.etag), VARY, REVALIDATE, release, *COMMON], b"")


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
