"""A query process that has no store, as seen from the server between it and the backend.

When the process asks for data, the server asks the backend and passes the bytes on as they come, no
faster than the process reads them.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import orjson

from pfocr_rdf.peers import cut_rows
from pfocr_rdf.web.backend.client import JSON, NTRIPLES, XML, Client, failed
from pfocr_rdf.web.backend.holding import Holding
from pfocr_rdf.web.backend.source import word_lookup
from pfocr_rdf.web.backend.wording import Wording, reword
from pfocr_rdf.web.frames import Kind, data_frames, frame
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import QueryProcess, Running
from pfocr_rdf.web.worker import Prefixes

log: Final = logging.getLogger(__name__)
#: Unsent bytes for a process above which reading from the backend pauses.
HIGH_BYTES: Final = 256 << 10
#: Most seconds and bytes of one lookup.
LOOKUP_S: Final = 1.0
LOOKUP_BYTES: Final = 1 << 20

Told = Callable[[QueryProcess], None]


class BackendProcess(QueryProcess):
    """One query process, which writes the backend's answers about one release."""

    def __init__(self, client: Client, holding: Holding, ready: Told, gone: Told) -> None:
        super().__init__(ready, gone)
        self._client, self._holding = client, holding
        self._prefixes = Prefixes(holding.held.iris.prefixes())
        self._asked = b""
        self._relay: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def send(self, payload: bytes, running: Running) -> None:
        """Send the process a query, and remember it for the backend."""
        self._asked = payload
        super().send(payload, running)

    def asks(self, what: dict[str, Any]) -> None:
        """Ask the backend on behalf of the process: the query, or a pattern for a lookup."""
        if self._relay is None and self.running is not None:
            pattern = what.get("pattern")
            passing = (
                partial(self._look_up, pattern)
                if pattern
                else partial(self._pass_on, what.get("kind"))
            )
            self._relay = asyncio.get_running_loop().create_task(self._answer(passing))

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        super().connection_made(transport)
        if self._transport is not None:
            self._transport.set_write_buffer_limits(HIGH_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take in frames; stop asking the backend if the process is done with its query."""
        super().data_received(data)
        if self._relay is not None and self.running is None:
            detail = "the answer is not wanted any more"
            self._end(Refusal("engine-failure", detail))

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the connection to the backend: no process is left to read the answer."""
        super().connection_lost(exc)
        self._end(None)

    def pause_writing(self) -> None:
        """Stop writing: the process does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Write again: the process keeps up."""
        self._writable.set()

    async def _answer(self, passing: Callable[[], Awaitable[None]]) -> None:
        try:
            await passing()
        except Refusal as refusal:
            said = {**refusal.members, "kind": refusal.kind, "detail": refusal.detail}
            self._last(frame(Kind.REFUSAL, orjson.dumps(said)))
        except Exception:
            # Without a last frame the client would wait for the deadline.
            log.exception("an answer of the backend could not be passed on")
            said = {"kind": "engine-failure", "detail": "the answer could not be passed on"}
            self._last(frame(Kind.REFUSAL, orjson.dumps(said)))
        else:
            self._last(frame(Kind.END, b"{}"))

    async def _pass_on(self, kind: str | None) -> None:
        holding = self._holding
        holding.demand()
        form, accepted = self._format(kind)
        async with self._client.asked(self._worded(), accepted) as response:
            cut = cut_rows(response.headers)
            if kind == "graph":
                if response.content_length is None and not _is_chunked(response.headers):
                    # N-Triples have no end mark: a part of them would look like the whole.
                    raise failed("it does not say where its answer ends")
                cut = holding.most_triples if cut is None else cut
            head = orjson.dumps({"format": form, "cut_rows": cut})
            await self._write([frame(Kind.HEAD, head)])
            async for data in response.content.iter_any():
                await self._write(list(data_frames(data)))
        await holding.confirm()

    async def _look_up(self, pattern: dict[str, Any]) -> None:
        """Pass on a few quads, in time for the answer without rows that they explain."""
        holding, running = self._holding, self.running
        left = running.deadline - time.monotonic() if running is not None else 0.0
        limit_s = min(LOOKUP_S, left / 2)
        wording = word_lookup(pattern, holding.graphs)
        try:
            async with asyncio.timeout(limit_s):
                body = await self._client.read(wording, LOOKUP_BYTES, LOOKUP_S)
                await holding.confirm()
        except TimeoutError:
            raise Refusal("query-timeout", "a lookup took too long", limit_s=limit_s) from None
        head = orjson.dumps({"format": "json", "cut_rows": None})
        await self._write([frame(Kind.HEAD, head), *data_frames(body)])

    def _format(self, kind: str | None) -> tuple[str, tuple[str, ...]]:
        """The name of the format to ask for, and its media types."""
        if kind == "graph":
            return "ntriples", NTRIPLES
        # Virtuoso writes 200,000 rows as XML in 4 s, and as JSON in 13 s.
        if kind == "solutions" and self._client.is_virtuoso:
            return "xml", XML
        return "json", JSON

    def _worded(self) -> Wording:
        request = orjson.loads(self._asked)
        text, base = request["query"], request["base"]
        asked = request["default_graphs"], request["named_graphs"]
        return reword(text, self._holding.graphs, self._prefixes.used_in(text), base, asked)

    async def _write(self, parts: list[bytes]) -> None:
        await self._writable.wait()
        if self._transport is not None:
            self._transport.writelines(parts)

    def _last(self, end: bytes) -> None:
        """Write the last frame of an answer: the next request may follow it."""
        self._relay = None
        if self._transport is not None:
            self._transport.write(end)

    def _end(self, refusal: Refusal | None) -> None:
        """Stop asking the backend; tell the process why if there is a refusal."""
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.cancel()
            if refusal is not None and self._transport is not None:
                said = orjson.dumps({"kind": refusal.kind, "detail": refusal.detail})
                self._transport.write(frame(Kind.REFUSAL, said))


def _is_chunked(headers: Any) -> bool:
    return "chunked" in headers.get("Transfer-Encoding", "").lower()
