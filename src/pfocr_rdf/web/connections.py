"""One connection: uvicorn's protocol, within limits of time, size and number.

A client cannot hold a connection by sending or reading slowly, and a request's head cannot grow
without end. When the server is full, the connection that has sent nothing for longest makes room.

An answer that fails after it has begun ends in a reset: HTTP/1.0 clients, and those that ignore
the framing, would take a connection that is closed normally for the end of the answer.
"""

import asyncio
import functools
import logging
import socket
import struct
from contextlib import suppress
from typing import Any, Final, Literal, cast

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import get_remote_addr

from pfocr_rdf.web.exchange import ABORT, WHOLE
from pfocr_rdf.web.limits import Shared
from pfocr_rdf.web.outlet import Outlet, send_whole
from pfocr_rdf.web.quirks import escaped_target, is_host_named, name_host, parser_after, unframed

log: Final = logging.getLogger(__name__)
#: With this, closing a socket drops unsent data and sends a reset; see socket(7).
LINGER_NOT: Final = struct.pack("ii", 1, 0)
#: Pipelined requests that may wait behind the one being answered; no client in use sends any.
PIPELINED: Final = 8
HEADERS: Final = 256
#: Bytes of a waiting answer that a client must take within ``send_timeout_s``, or be cut off.
SENT_BYTES: Final = 65_536
#: After a refusal the rest of the request is still read: closing at once would cause a reset,
#: and the refusal would be lost.
FAREWELL_S: Final = 2.0
FAREWELL_BYTES: Final = 16 << 20
FAREWELLS: Final = 1_000
#: In place of a status: close without a response.
SILENCE: Final = 0


class ObjectionError(Exception):
    """Stops the parser; the connection has noted the reason."""


class Connection(HttpToolsProtocol):
    """The protocol of one connection.

    Its ``_part`` is ``idle`` until a request's first byte, then ``head``, then ``body``.
    """

    def __init__(self, config: Config, shared: Shared, app_state: dict[str, Any]) -> None:
        super().__init__(config, shared, app_state)
        self._shared = shared
        self._limits = shared.limits
        self.timeout_keep_alive = cast(int, shared.limits.keep_alive_s)  # fractions work too
        self._part: Literal["idle", "head", "body"] = "idle"
        self._serving: RequestResponseCycle | None = None
        self._requests = 0  # received completely
        self._chunk = 0  # bytes of the last read
        self._first = 0  # bytes of the read in which the head began
        self._fed = 0  # bytes since that read, or since the last piece of the body
        self._deaf = False
        self._ended = False  # nothing is written any more
        self._lost = False
        self._verdict: int | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._unsent = 0
        extensions = {ABORT: self.abort, WHOLE: self.send_whole}
        self._extensions = cast(Any, extensions)  # uvicorn expects tables only

    # Called by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Accept the connection, or refuse it if there are too many."""
        now = self.loop.time()
        if not self._shared.make_room(now):
            self.transport = transport
            self.flow = FlowControl(transport)
            self.client = get_remote_addr(transport)
            self._shared.leaving.add(self)
            self._refuse(503)
            return
        super().connection_made(transport)
        self._outlet = Outlet(transport, self._finish, self.loop.call_soon)
        self._shared.waiting[self] = now
        self._wait(self._limits.header_timeout_s)
        self._shared.count()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request in progress that its client is gone, and drop all references."""
        self._lost = True
        if self._serving is not None:
            self._part_from(self._serving)
        self.pipeline.clear()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_waiting()
        if self._sending is not None:
            self._sending.cancel()
        self._shared.waiting.pop(self, None)
        self._shared.leaving.discard(self)
        # These refer to the connection as it does to them: the cycle would keep all of them alive.
        self.scope = self.cycle = None  # type: ignore[assignment] # as uvicorn begins
        self._extensions = self._outlet = cast(Any, None)
        self._serving = self._sending = None
        self._shared.count()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the connection was already refused."""
        self._fed += len(data)
        if self._deaf:
            if self._fed > FAREWELL_BYTES:
                self.abort()
            return
        self._unset_keepalive_if_required()
        self._chunk = len(data)
        requests = self._requests
        if self._part == "idle" and not data.isascii():
            data = escaped_target(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Java's client offers HTTP/2 in this way; if it is not taken up, HTTP/1.1 goes on.
            self.parser, head = parser_after(self, self.scope["headers"])
            self.data_received(head + data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(400 if self._verdict is None else self._verdict)
            return
        if self._part != "idle" and self._fed > self._limits.header_bytes:
            self._refuse(414 if len(self.url) > self._limits.header_bytes else 431)
        elif self._reading is None and (self._part != "idle" or requests == self._requests):
            # Empty lines before a request do not begin it, but must end in time as well.
            in_body = self._part == "body"
            limits = self._limits
            self._wait(limits.body_timeout_s if in_body else limits.header_timeout_s)

    def pause_writing(self) -> None:
        """Watch whether the client takes what waits for it."""
        super().pause_writing()
        self._watch_sending()

    def resume_writing(self) -> None:
        """Stop watching, unless the connection is closing: the client has taken most of it."""
        super().resume_writing()
        if self._sending is not None and not self.transport.is_closing():
            self._sending.cancel()

    def shutdown(self) -> None:
        """Close, but first answer a request that runs or whose head is being received."""
        if self._serving is not None and self._busy():
            self._serving.keep_alive = False
        elif self._deaf or self._part != "head":
            self._close()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = self._extensions
        self._part = "head"
        self._first = self._chunk
        self._fed = 0

    def on_headers_complete(self) -> None:
        """Start the request, unless there is an objection."""
        if self._reading is not None:
            self._stop_waiting()
        self._verdict = self._objection()
        if self._verdict is not None:
            raise ObjectionError
        name_host(self.headers, self.url)
        super().on_headers_complete()
        self._part = "body"
        # The parser reports trailer fields as headers: they must not join the application's list.
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._fed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        if self.parser.should_upgrade():
            return  # its body is still to come
        super().on_message_complete()
        if self._reading is not None:
            self._stop_waiting()
        self._part = "idle"
        self._requests += 1
        self._shared.waiting.pop(self, None)
        if not self._busy():
            # It was answered before it was complete.
            self._shared.waiting[self] = self.loop.time()
            self.timeout_keep_alive_task = self.loop.call_later(
                self._limits.keep_alive_s, self.timeout_keep_alive_handler
            )

    # Answering.

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        if self._serving is not None:
            self._serving.body = bytearray()  # else it would be kept until the next request
        super().on_response_complete()
        if self.transport.is_closing() or self._busy():
            return
        if not self._deaf:
            self._shared.waiting.setdefault(self, self.loop.time())
            return
        self._unset_keepalive_if_required()
        if not self._ended:
            self._dismiss()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has sent no further request in time."""
        self._close()

    def abort(self) -> None:
        """End the connection with a reset, so that no client takes its answer for complete."""
        if self._lost:
            return
        for cycle in (self._serving, self.cycle):
            if cycle is not None:
                self._part_from(cycle)
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            with suppress(OSError):  # the client has closed it already
                found = self.transport.get_extra_info("socket")
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.transport.abort()

    def send_whole(self, head: bytes, body: bytes) -> bool:
        """Send a response at once: :func:`pfocr_rdf.web.outlet.send_whole`."""
        cycle = self._serving
        return cycle is not None and send_whole(self._outlet, self.flow, cycle, head, body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._serving = cycle
        self._outlet.wants_head = True
        cycle.transport = cast(asyncio.Transport, self._outlet)
        if self._shared.draining:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, functools.partial(self._answer, cycle, app))

    async def _answer(
        self,
        cycle: RequestResponseCycle,
        app: ASGI3Application,
        scope: Scope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        """Run the application; if it leaves an answer unfinished, reset the connection."""
        if cycle.scope["http_version"] == "1.0":
            send = unframed(cycle)
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if not (cycle.disconnected or self._shared.draining):
                raise
        finally:
            if cycle.response_started and not (cycle.response_complete or cycle.disconnected):
                log.error("an answer was left unfinished: its connection is cut")
                self.abort()

    # Refusing and closing.

    def _objection(self) -> int | None:
        """The status with which to refuse a request whose head is complete; None to accept it."""
        limit = self._limits.header_bytes
        names = [name for name, _ in self.headers]
        if self._first + self._fed > limit or len(names) > HEADERS:
            if len(self.url) > limit:
                return 414
            # Each header line also has a colon, a space and a line end: four bytes.
            size = sum(len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + size > limit or len(names) > HEADERS:
                return 431
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if codings and b",".join(codings).strip().lower() != b"chunked":
            # https://www.rfc-editor.org/rfc/rfc9112#section-6.1
            return 501
        version = self.parser.get_http_version()
        if version == "1.0":
            # https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
            self.expect_100_continue = False
        elif version != "1.1":
            return 505
        if not is_host_named(self.headers, needed=version == "1.1"):
            return 400
        return SILENCE if len(self.pipeline) >= PIPELINED else None

    def _refuse(self, status: int) -> None:
        """Ignore further input, and end the connection after the answers still owed."""
        self._deaf = True
        self._stop_waiting()
        if self._part == "body":
            if self.pipeline and self.pipeline[0][0] is self.cycle:
                self.pipeline.popleft()  # its turn had not come
            elif self.cycle.response_started:
                status = SILENCE  # its answer has begun
                self.cycle.keep_alive = False
            else:
                self._part_from(self.cycle)
        self._verdict = status
        if not self._busy():
            self._dismiss()

    def _dismiss(self) -> None:
        status = self._verdict or SILENCE
        if status == SILENCE:
            self._close()
            return
        self._shared.hooks.refused(status, self.client[0] if self.client else "")
        if len(self._shared.leaving) > FAREWELLS:
            self.transport.abort()
        else:
            self.transport.write(self._shared.refusal(status))
            self._end_sending()

    def _finish(self) -> None:
        """Close after an answer; if the request is incomplete, first let the client send on."""
        self._outlet.flush()
        if self._part == "body" and not self.transport.is_closing():
            self._deaf = True
            self._stop_waiting()
            self._end_sending()
        else:
            self._close()

    def _end_sending(self) -> None:
        """Close the sending side after what is written; give the client time to read it."""
        self._ended = True
        self.flow.resume_reading()
        self.transport.write_eof()
        self._watch_sending()
        self._reading = self.loop.call_later(FAREWELL_S, self._part_at_last)

    def _part_at_last(self) -> None:
        if self.transport.get_write_buffer_size():
            self._reading = self.loop.call_later(FAREWELL_S, self._part_at_last)
        else:
            self.transport.abort()

    def _close(self) -> None:
        """Close once what is written is sent; a client that does not read is cut off in time."""
        self.transport.close()
        if not self._lost:
            self._watch_sending()

    def _busy(self) -> bool:
        cycle = self._serving
        return cycle is not None and not (cycle.response_complete or cycle.disconnected)

    @staticmethod
    def _part_from(cycle: RequestResponseCycle) -> None:
        """Make the client seem gone to the application."""
        if not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    # Time.

    def _wait(self, timeout_s: float) -> None:
        self._reading = self.loop.call_later(timeout_s, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _too_slow(self) -> None:
        if self.flow.read_paused:
            # The application is slow to read; the client is not slow to send.
            self._wait(self._limits.body_timeout_s)
        else:
            # Who has sent nothing, such as a browser that connects in advance, gets no response.
            self._refuse(SILENCE if self._part == "idle" else 408)

    def _watch_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        self._unsent = self.transport.get_write_buffer_size()
        self._sending = self.loop.call_later(self._limits.send_timeout_s, self._check_sending)

    def _check_sending(self) -> None:
        if self._unsent - self.transport.get_write_buffer_size() < SENT_BYTES:
            self.abort()
        else:
            self._watch_sending()
