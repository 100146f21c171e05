"""The way out for the bytes of answers: the head of one waits a moment for its body."""

import asyncio
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

#: May come before the head of an answer: https://www.rfc-editor.org/rfc/rfc9110#section-15.2.1
CONTINUE: Final = b"HTTP/1.1 100 "


class Outlet:
    """Stands in for a connection's transport when answers are written.

    The head of an answer is sent together with the beginning of its body: two system calls would
    wake the client twice, and cost more than all else that is done for a small answer. ``close``
    lets a client that still sends its request finish first.
    """

    __slots__ = ("_head", "_later", "_transport", "close", "is_closing", "wants_head")

    def __init__(
        self,
        transport: asyncio.Transport,
        close: Callable[[], None],
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        self._transport = transport
        self._later = later
        self._head = b""
        self.wants_head = True
        self.is_closing = transport.is_closing
        self.close = close

    def write(self, data: bytes) -> None:
        """Send bytes of an answer."""
        if self.wants_head and not data.startswith(CONTINUE):
            self.wants_head = False
            self._head = data
            # If the body does not follow at once, the head is sent without it.
            self._later(self.flush)
        elif self._head:
            head, self._head = self._head, b""
            self._write(head + data)
        else:
            self._write(data)

    def flush(self) -> None:
        """Send a head that waits for its body."""
        if self._head:
            head, self._head = self._head, b""
            self._write(head)

    def _write(self, data: bytes) -> None:
        # The loop closes a transport that fails a few turns before it reports that, and uvloop's
        # transport raises an error if it is written to in between.
        if not self.is_closing():
            self._transport.write(data)


def send_whole(
    outlet: Outlet, flow: FlowControl, cycle: RequestResponseCycle, head: bytes, body: bytes
) -> bool:
    """Send a complete response in one write, and end its cycle.

    This does what uvicorn does for a response in two messages, but without reading each header
    again, which took longer than all the rest of an answer from memory.

    :param head: status line and headers, each with its line end, the body's length among them.
    :returns: False if it must go the usual way, as when the client does not read, or is gone, or
        speaks HTTP/1.0.
    """
    if cycle.response_started or cycle.disconnected or flow.write_paused:
        return False
    if cycle.scope["http_version"] != "1.1":
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    lines = [b"%b: %b\r\n" % pair for pair in cycle.default_headers]
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    outlet.wants_head = False
    outlet.write(b"".join([head, *lines, b"\r\n", body]))
    cycle.message_event.set()
    if not cycle.keep_alive:
        outlet.close()
    cycle.on_response()
    return True
