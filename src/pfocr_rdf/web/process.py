"""A query process as the server sees it: one query at a time, and back pressure.

The process writes frames (:mod:`pfocr_rdf.web.frames`) to a socket. When the reader of an
answer is slow, the socket is not read, its buffer fills, and the process waits in a write.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.web.formats import KIND_TO_OFFERS
from pfocr_rdf.web.frames import FrameError, Kind, request_frame, split_frames
from pfocr_rdf.web.memory import address_space
from pfocr_rdf.web.negotiation import ENCODINGS
from pfocr_rdf.web.problems import Refusal, refusal_from

#: Bytes of an answer that the server holds before it stops reading.
HIGH_BYTES: Final = 512 << 10
#: Added to the server's niceness for a process with a slow query, which then gets a tenth of the
#: processor time of a fresh one.
NICENESS: Final = 10


class CutError(PfocrError):
    """An answer that has begun cannot be finished; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


@dataclass(slots=True, eq=False)
class Running:
    """A query that was sent to a process, and its answer as it comes.

    ``deadline`` and ``started`` are on :func:`time.monotonic`'s clock; ``release`` is the id of the
    release that the process reads.
    """

    process: "QueryProcess"
    client: str
    deadline: float
    started: float
    release: str
    over: "Callable[[Running], None]"
    slow: bool = False
    head: dict[str, Any] = field(default_factory=dict)
    chunks: deque[bytes] = field(default_factory=deque)
    held: int = 0
    end: dict[str, Any] | None = None
    failure: Refusal | None = None
    ended: bool = False
    _waiter: asyncio.Future[None] | None = None

    async def first(self) -> None:
        """Wait until the answer has begun.

        :raises Refusal: if it does not begin.
        """
        await self._something()
        if self.failure:
            raise self.failure

    def take(self) -> bytes:
        """Take what has come and was not taken yet; something must have."""
        data = b"".join(self.chunks) if len(self.chunks) > 1 else self.chunks.popleft()
        self.chunks.clear()
        self.held = 0
        self.process.read_on()
        return data

    async def rest(self) -> AsyncIterator[bytes]:
        """What has not been taken of the answer, as it comes.

        :raises CutError: if the answer breaks off.
        """
        while True:
            if self.chunks:
                yield self.take()
            elif self.failure:
                raise CutError(self.failure)
            elif self.end is not None:
                return
            else:
                await self._something()

    def wake(self) -> None:
        """Wake whoever waits: something has come."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def fail(self, refusal: Refusal) -> None:
        """End the answer with a refusal: nothing more will come."""
        if self.end is None and self.failure is None:
            self.failure = refusal
            self.wake()
        self.finish()

    def finish(self) -> None:
        """Free the process and the place: nothing more is to be done for this query."""
        if not self.ended:
            self.ended = True
            self.process.running = None
            self.over(self)

    async def _something(self) -> None:
        if not (self.chunks or self.failure or self.end is not None):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
            self._waiter = None


class QueryProcess(asyncio.Protocol):
    """One process: starting, idle, at work, or gone.

    :param ready: called once, when the store is open, files and network are given up, and the
        process id is known, without which it could not be killed.
    :param gone: called when its socket ends, for whatever reason.
    """

    def __init__(
        self,
        ready: "Callable[[QueryProcess], None]",
        gone: "Callable[[QueryProcess], None]",
    ) -> None:
        self.pid = 0
        self.hello: dict[str, Any] = {}
        self.refused_to_start: Refusal | None = None
        self.running: Running | None = None
        self.killed_for = ""
        self.ended_as = ""
        #: The status of :func:`os.wait4`, once it is reported.
        self.ended_with: int | None = None
        self.worn = False
        self._size_at_start = 0
        #: Whether it has a query, or is about to get one.
        self.lent = False
        self.gone = False
        self._ready, self._gone = ready, gone
        self._partial = b""
        self._paused = False
        self._pidfd = -1
        self._transport: asyncio.Transport | None = None

    def born(self, pid: int) -> None:
        """Note the process id, and open a descriptor for the process, since ids are used again."""
        self.pid = pid
        with suppress(AttributeError, OSError):
            self._pidfd = os.pidfd_open(pid)
        if self.killed_for:
            self._signal()
        elif self.hello and not self.gone:
            self._begin()

    def send(self, payload: bytes, running: Running) -> None:
        """Give the process a query."""
        self.running = running
        if self._transport is not None:
            self._transport.write(request_frame(payload))

    def asks(self, what: dict[str, Any]) -> None:
        """Do nothing: only a process without a store asks the backend; its class overrides this."""

    def kill(self, reason: str) -> None:
        """End the process now, whatever it does."""
        if not self.killed_for:
            self.killed_for = reason
            self._signal()

    def _signal(self) -> None:
        with suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            elif self.pid and not self.ended_as:
                os.kill(self.pid, signal.SIGKILL)

    def lower(self) -> None:
        """Lower its priority, which cannot be raised again: from then on the process is worn."""
        if not self.worn:
            self.worn = True
            with suppress(OSError):
                lower = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
                os.setpriority(os.PRIO_PROCESS, self.pid, lower)

    def grown_bytes(self) -> int:
        """By how much its address space, which is what is limited, has grown since it was ready."""
        return address_space(self.pid) - self._size_at_start

    def read_on(self) -> None:
        """Read the socket again, once the reader has taken what there was."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def close(self) -> None:
        """Close the socket, upon which an idle process ends by itself."""
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = transport  # type: ignore[assignment]  # a stream's transport, always

    def data_received(self, data: bytes) -> None:
        """Read frames and act on them."""
        if self._partial:
            data = self._partial + data
        try:
            frames, used = split_frames(data)
            said = [(kind, _read(kind, payload)) for kind, payload in frames]
        except (FrameError, ValueError, KeyError, TypeError):
            # It runs the queries of strangers; if it writes anything but frames, do not trust it.
            self.kill("crash")
            self.close()
            return
        self._partial = data[used:] if used < len(data) else b""
        running = self.running
        for kind, value in said:
            if running is None:
                self._start_up(kind, value)
            elif kind == Kind.DATA:
                running.chunks.append(value)
                running.held += len(value)
            elif kind == Kind.HEAD:
                running.head = value
            elif kind == Kind.END:
                running.end = value
            elif kind == Kind.REFUSAL:
                running.fail(value)
            elif kind == Kind.ASK:
                self.asks(value)
        if running is not None:
            self._after(running)

    def _after(self, running: Running) -> None:
        """Go on after all frames of a block."""
        if running.end is not None:
            running.finish()
        elif running.held > HIGH_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        if running.chunks or running.end is not None:
            running.wake()

    def _begin(self) -> None:
        self._size_at_start = address_space(self.pid)
        self._ready(self)

    def _start_up(self, kind: int, value: Any) -> None:
        if kind == Kind.READY:
            self.hello = value
            if self.pid:
                self._begin()
        elif kind == Kind.REFUSAL:
            self.refused_to_start = value

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process is gone, or about to be."""
        self.gone = True
        self._transport = None
        self._gone(self)

    def forget(self) -> None:
        """Close the descriptor of a process that has ended."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1


def _read(kind: int, payload: bytes) -> Any:
    """The content of a frame: bytes of an answer, a refusal, or a JSON object.

    What becomes a header is checked: a query that took its process over shall not write others.

    :raises ValueError: if it is none of these; KeyError or TypeError, too.
    """
    if kind == Kind.DATA:
        return payload
    said = orjson.loads(payload)
    if not isinstance(said, dict):
        raise ValueError(f"not an object: {said!r:.100}")
    if kind == Kind.HEAD and (
        said["kind"] not in KIND_TO_OFFERS or said["encoding"] not in ("identity", *ENCODINGS)
    ):
        raise ValueError(f"no answer begins so: {said!r:.100}")
    blanks = said.get("blanks", ()) if kind == Kind.HEAD else ()
    if not all(isinstance(one, list) and one for one in blanks):
        raise ValueError(f"no variable is blank so: {said!r:.100}")
    absent = said.get("absent", ()) if kind == Kind.END else ()
    if not all(isinstance(one, list) and len(one) > 1 for one in absent):
        raise ValueError(f"nothing is absent so: {said!r:.100}")
    return refusal_from(payload) if kind == Kind.REFUSAL else said
