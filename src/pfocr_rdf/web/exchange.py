"""One HTTP exchange over ASGI: what handlers read from it and write to it.

https://asgi.readthedocs.io/en/stable/specs/www.html
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pfocr_rdf.web.fairness import client_of
from pfocr_rdf.web.problems import MEDIA_TYPE, Refusal, problem_body

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# https://www.rfc-editor.org/rfc/rfc9110#section-7.2, as far as a public name needs it
HOST_RE: Final = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
#: Key of the scope: the exchange, for the handlers that Starlette routes requests to.
EXCHANGE: Final = "pfocr.exchange"
#: Key of the scope's extensions: resets the connection, so that no cut answer seems complete.
ABORT: Final = "pfocr.abort"
#: Another: sends a complete response, given its head and body; False if it cannot.
WHOLE: Final = "pfocr.whole"
#: Bodies are sent in pieces of this size, which is how much a transport buffers.
PIECE_BYTES: Final = 1 << 16
#: How long a client waits before the server watches whether it goes away.
WATCH_AFTER_S: Final = 0.02
#: The first bytes of each body do not count, so that long bodies never keep out a query of common
#: size; on 2,000 connections they are 32 MB.
SMALL_BYTES: Final = 1 << 14
NO_STORE: Final = (b"cache-control", b"no-store")
#: On every response: pages of any origin may read it, and browsers must not guess its type.
COMMON: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Content-Range, ETag, Link, Retry-After, X-Byte-Limit, X-Cache, X-Federation, "
        b"X-Federation-Date, X-Pfocr-Absent, X-Pfocr-Release, X-Pfocr-Unbound, X-Query-Time, "
        b"X-Request-Id, X-Row-Limit",
    ),
    (b"x-content-type-options", b"nosniff"),
]


def preflight(methods: str) -> Headers:
    """Headers that tell a browser what it may send to an address across origins.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch ; without a Content-Length, which a 204 must
    not have: https://www.rfc-editor.org/rfc/rfc9110#section-8.6

    :param methods: those that the address answers, separated by commas.
    """
    return [
        (b"allow", methods.encode()),
        (b"access-control-allow-methods", methods.encode()),
        (
            b"access-control-allow-headers",
            b"Accept, Accept-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Match, "
            b"If-Range, If-Unmodified-Since, Range",
        ),
        (b"access-control-max-age", b"86400"),
        *COMMON,
    ]


@dataclass(slots=True)
class Exchange:
    """A request and what has become of it, which the access log records.

    ``arrived`` is on :func:`time.monotonic`'s clock: uvloop's own counts milliseconds only.
    """

    scope: Scope
    receive: Receive
    send: Send
    request_id: str
    arrived: float
    configured_url: str | None = None
    status: int = 0
    sent_bytes: int = 0
    outcome: str = "ok"
    query_hash: str = ""
    release: str = ""
    cache: str = ""
    run_s: float = 0.0
    wait_s: float = 0.0
    text: str = ""

    @property
    def method(self) -> str:
        """The method, as the client wrote it."""
        return str(self.scope["method"])

    @property
    def public_url(self) -> str:
        """What the addresses of this server begin with."""
        return public_url_of(self.scope, self.configured_url)

    @property
    def client(self) -> str:
        """The client, as far as turns are concerned; empty if unknown."""
        client = self.scope.get("client")
        return client_of(str(client[0])) if client else ""

    def header(self, name: bytes) -> str | None:
        """All values of a header joined by commas; None if there are none.

        https://www.rfc-editor.org/rfc/rfc9110#section-5.3
        """
        found = [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]
        return ", ".join(found) if found else None

    def check_wished(self, status: int, headers: Headers) -> None:
        """Check that a response is the one that ``If-Match`` names, if the request has that.

        Tags are compared strongly, so weak ones never match. Conditions count only for what would
        succeed without them: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.1

        :raises Refusal: ``precondition-failed``.
        """
        wished = self.header(b"if-match")
        if wished is None or self.method == "OPTIONS" or not (status < 300 or status == 304):
            return
        # https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
        named = {one.strip() for one in wished.split(",")}
        tag = next((value.decode("latin-1") for name, value in headers if name == b"etag"), "")
        if "*" not in named and (tag.startswith("W/") or tag not in named):
            detail = "If-Match does not name what is at this address"
            if tag.startswith("W/"):
                detail += ", whose tag is weak: only If-None-Match takes weak tags"
            raise Refusal("precondition-failed", f"{detail}. Ask again without If-Match")

    async def reply(self, reply: "Reply") -> None:
        """Send a complete response.

        :raises Refusal: if it is not the one that the request names.
        """
        self.check_wished(reply.status, reply.headers)
        self.status = reply.status
        body = b"" if self.method == "HEAD" else reply.body
        self.sent_bytes += len(body)
        request_id = self.request_id.encode()
        send_whole = self.scope["extensions"].get(WHOLE)
        # A problem may have "Connection: close", which only the usual way acts on.
        if send_whole is not None and reply.status < 400 and len(body) <= PIECE_BYTES:
            head = reply.head or rendered(reply)
            if send_whole(b"%bx-request-id: %b\r\n" % (head, request_id), body):
                return
        headers = [*reply.headers, (b"x-request-id", request_id)]
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})
        # In pieces, each once the client has read the one before: otherwise a thousand clients that
        # ask for one cached answer and do not read it would make the server hold a thousand copies.
        for start in range(0, len(body) - PIECE_BYTES, PIECE_BYTES):
            piece = body[start : start + PIECE_BYTES]
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # a large answer does not hold up the small ones
        rest = body[(max(0, len(body) - 1) // PIECE_BYTES) * PIECE_BYTES :]
        await self.send({"type": "http.response.body", "body": rest})

    async def begin(self, status: int, headers: Headers) -> None:
        """Start a response whose length is not known.

        :raises Refusal: if it is not the one that the request names.
        """
        self.check_wished(status, headers)
        self.status = status
        headers = [*headers, (b"x-request-id", self.request_id.encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def part(self, data: bytes, *, more: bool = True) -> None:
        """Send a part of the body; waits while the client does not read."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})
        self.sent_bytes += len(data)

    async def refuse(self, refusal: Refusal) -> None:
        """Send a refusal, as problem details."""
        await self.reply(problem_reply(refusal, self.public_url, self.request_id))

    def abort(self) -> None:
        """Reset the connection, so that nobody takes half an answer for a complete one."""
        self.scope["extensions"][ABORT]()


class Watch:
    """Cancels the body of an ``async with`` statement if the client goes away.

    Watching takes a task, so it begins only after :data:`WATCH_AFTER_S`.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._gone = False
        self._task: asyncio.Task[Any] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
        if not self._gone or kind is not asyncio.CancelledError or self._task is None:
            return False
        self._task.uncancel()
        self._exchange.outcome = "disconnect"
        return True

    def _begin(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response.

    ``head`` is its status line and headers as they are sent, if it is sent often.
    """

    status: int
    headers: Headers
    body: bytes
    head: bytes = b""

    @property
    def size(self) -> int:
        """Approximate bytes in memory: the body, and 1 KiB for all else."""
        return len(self.body) + 1024


def rendered(reply: Reply) -> bytes:
    r"""Status line and headers as they are sent. Values are not checked for line breaks.

    https://www.rfc-editor.org/rfc/rfc9112#section-4

    >>> rendered(Reply(304, [(b"etag", b'"1"')], b""))
    b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\n'
    """
    phrase = HTTPStatus(reply.status).phrase.encode()
    lines = [b"%b: %b\r\n" % pair for pair in reply.headers]
    return b"HTTP/1.1 %d %b\r\n%b" % (reply.status, phrase, b"".join(lines))


def whole_reply(status: int, media_type: str, body: bytes, *extra: tuple[bytes, bytes]) -> Reply:
    """A complete response, with its length and type among the headers.

    >>> whole_reply(200, "text/plain", b"hello").headers[:2]
    [(b'content-type', b'text/plain'), (b'content-length', b'5')]
    """
    headers = [
        (b"content-type", media_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
        *extra,
        *COMMON,
    ]
    return Reply(status, headers, body)


def problem_reply(refusal: Refusal, public_url: str, request_id: str) -> Reply:
    """The response for a refusal: https://www.rfc-editor.org/rfc/rfc9457."""
    extra = [(k.lower().encode(), v.encode("latin-1")) for k, v in refusal.headers.items()]
    body = problem_body(refusal, public_url, request_id)
    return whole_reply(refusal.status, MEDIA_TYPE, body, NO_STORE, *extra)


def public_url_of(scope: Scope, configured: str | None) -> str:
    """What the addresses of this server begin with, ending in a slash.

    It is configured, or taken from the request's Host header; if that is malformed, it is the
    address that the server has itself.

    >>> scope = {"scheme": "http", "headers": [(b"host", b"example.org:80")], "server": None}
    >>> public_url_of(scope, None)
    'http://example.org:80/'
    """
    if configured is not None:
        return configured
    host = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"host"), "")
    if not HOST_RE.fullmatch(host):
        name, port = scope["server"] or ("localhost", None)
        bracketed = f"[{name}]" if ":" in name else name
        host = f"{bracketed}:{port}" if port else bracketed
    return f"{scope.get('scheme', 'http')}://{host}/"


class Bodies:
    """Counts the bytes of all request bodies held at one time, against one limit for all.

    For use in one event loop. Otherwise a client that sends most of a long body on each of many
    connections, and then waits, could make the server hold all of them. One client may hold half
    of the limit: the other half is for the others.

    >>> bodies = Bodies(most_bytes=1_000_000)
    >>> with bodies.hold("192.0.2.1") as grow:
    ...     grow(50_000)
    ...     bodies.held_bytes
    33616
    >>> bodies.held_bytes
    0
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._held: Counter[str] = Counter()

    @property
    def held_bytes(self) -> int:
        """How many bytes of all clients count now."""
        return self._held.total()

    @contextmanager
    def hold(self, client: str) -> Iterator[Callable[[int], None]]:
        """Count one body while the ``with`` lasts: call the yielded function with its size so far.

        That function raises a :class:`Refusal`, ``busy``, if there is no room for so much.
        """
        mine = 0

        def grow(size: int) -> None:
            nonlocal mine
            more = max(0, size - SMALL_BYTES) - mine
            if not more:
                return
            is_share_full = self._held[client] + more > self.most_bytes // 2
            if is_share_full or self.held_bytes + more > self.most_bytes:
                whose = " of yours" if is_share_full else ""
                detail = (
                    f"the server holds as many bytes of long queries{whose} as it takes: "
                    "try again in a few seconds, or send a shorter one"
                )
                raise Refusal("busy", detail, headers={"Retry-After": "5", "Connection": "close"})
            self._held[client] += more
            mine += more

        try:
            yield grow
        finally:
            self._held[client] -= mine
            if not self._held[client]:
                del self._held[client]


async def read_body(
    exchange: Exchange, limit_bytes: int, timeout_s: float, grow: Callable[[int], None]
) -> bytes:
    """The body of a request.

    :param grow: called with the size so far, and may refuse: :meth:`Bodies.hold`.
    :raises Refusal: ``content-too-large`` or ``request-timeout``, or what ``grow`` raises.
    :raises CancelledError: if the client goes away.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await exchange.receive()
                if message["type"] == "http.disconnect":
                    raise asyncio.CancelledError
                part = message.get("body", b"")
                size += len(part)
                if size > limit_bytes:
                    raise Refusal(
                        "content-too-large",
                        f"the request has more than {limit_bytes} bytes: send a shorter query",
                        headers={"Connection": "close"},
                        limit_bytes=limit_bytes,
                    )
                grow(size)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        detail = f"the request was not complete within {timeout_s:g} s: send it in one go"
        raise Refusal("request-timeout", detail, headers={"Connection": "close"}) from None
