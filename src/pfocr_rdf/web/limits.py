"""Limits on what one client may use of the server, and the refusals for exceeding them.

Requests that cannot be read, and connections that come when the server is full, get short problem
details from the server itself; the application never sees them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from typing import Final
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from pfocr_rdf.web.exchange import NO_STORE, Reply, rendered
from pfocr_rdf.web.problems import MEDIA_TYPE, Refusal, problem_body

#: Seconds for which a full server spares a connection that sends no request.
PATIENCE_S: Final = 1.0
#: How many connections it looks at to find one that it can close.
LOOKED_AT: Final = 16
RETRY_AFTER_S: Final = 5

#: Status → the kind of problem, what is wrong and what to do, for requests that never reach the
#: application.
REFUSALS: Final = {
    400: (
        "bad-request",
        "The request is not HTTP/1.1: send a request line, one Host header and valid framing.",
    ),
    408: (
        "request-timeout",
        "The request did not arrive whole in time: send it again, in one go.",
    ),
    414: (
        "uri-too-long",
        "The address is longer than the server reads: send the query in the body of a POST.",
    ),
    431: (
        "headers-too-large",
        "The headers are longer than the server reads: send fewer or shorter ones.",
    ),
    501: (
        "transfer-coding",
        "The server reads no transfer coding but chunked: send the body without any other.",
    ),
    503: (
        "busy",
        f"The server has no free connection: try again after {RETRY_AFTER_S} s.",
    ),
    505: ("http-version", "The server speaks HTTP/1.1 and HTTP/1.0: use one of these."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may use of the server; times are in seconds.

    :param header_timeout_s: from the first byte (on a new connection: from its opening) to the
        end of the request's headers.
    :param body_timeout_s: from there to the end of its body; then it is refused with 408.
    :param send_timeout_s: in which a client must take 64 KiB, or all, of an answer that waits.
    :param keep_alive_s: from the end of an answer to the next request.
    :param header_bytes: size of request line and headers together.
    :param connections: how many may be open at the same time.
    """

    header_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    send_timeout_s: float = 30.0
    keep_alive_s: float = 60.0
    header_bytes: int = 65_536
    connections: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Callbacks of the server, in its event loop: they are called often and must be quick.

    :param draining: called when the server stops and takes no new connections.
    :param refused: gets the status and the client's address of a request that the application
        never sees.
    :param connections: gets how many are open now.
    :param public_url: what the type of such a refusal begins with; by default it is relative.
    """

    draining: Callable[[], None] = lambda: None
    refused: Callable[[int, str], None] = lambda status, client: None
    connections: Callable[[int], None] = lambda count: None
    public_url: str = "/"


class Shared(ServerState):
    """The state that the connections of one server share."""

    def __init__(self, limits: Limits, hooks: Hooks) -> None:
        super().__init__()
        self.limits = limits
        self.hooks = hooks
        self.draining = False
        #: Set while no connection is open.
        self.empty = asyncio.Event()
        self.empty.set()
        #: Connections that have sent no complete request yet → since when; the oldest comes first.
        self.waiting: dict[HttpToolsProtocol, float] = {}
        #: Connections that were too many, while they are being refused.
        self.leaving: set[HttpToolsProtocol] = set()

    def count(self) -> None:
        """Report how many connections are open, and note whether there are none."""
        if self.connections:
            self.empty.clear()
        else:
            self.empty.set()
        self.hooks.connections(len(self.connections))

    def tell_time(self) -> None:
        """Set the Date header of every response; to be called each second."""
        self.default_headers = [(b"date", formatdate(usegmt=True).encode())]

    def make_room(self, now: float) -> bool:
        """Whether another connection may be accepted; if need be, one that only waits is closed."""
        if len(self.connections) < self.limits.connections:
            return True
        for connection, since in islice(self.waiting.items(), LOOKED_AT):
            if now - since < PATIENCE_S:
                break
            if not connection.transport.get_write_buffer_size():
                del self.waiting[connection]
                self.connections.discard(connection)
                connection.transport.abort()
                return True
        return False

    def refusal(self, status: int) -> bytes:
        """A complete response, after which the connection is closed."""
        refusal = Refusal(*REFUSALS[status])
        body = problem_body(refusal, self.hooks.public_url, str(uuid4()))
        headers = [
            *self.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            NO_STORE,
            (b"access-control-allow-origin", b"*"),
            (b"connection", b"close"),
        ]
        if status == 503:
            headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
        return rendered(Reply(status, headers, body)) + b"\r\n" + body
