"""Runs queries in query processes: turns, deadlines, kills.

No query runs in the serving process; :mod:`pfocr_rdf.web.pool` has the processes. When a query
takes longer than a moment, another process is started as a substitute for its own, which gets a
lower priority if other queries run or wait. At its deadline, or when the client goes away, its
process is killed; one that runs out of memory ends by itself.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pfocr_rdf.web.fairness import Line, Places
from pfocr_rdf.web.pool import Make, Pool
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import QueryProcess, Running
from pfocr_rdf.web.served import Held

#: Seconds between two checks of the deadlines.
SWEEP_S: Final = 0.04


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What a query may use.

    After ``slow_after_s`` a query counts as slow: a substitute for its process is started, and the
    process gets a lower priority if other queries run or wait.
    """

    places: Places = field(default_factory=Places)
    timeout_s: float = 30.0
    memory_mb: int = 1024
    slow_after_s: float = 0.2


@dataclass(slots=True, eq=False)
class Ticket:
    """A query that waits for its turn; ``deadline`` is on :func:`time.monotonic`'s clock."""

    client: str
    deadline: float
    turn: asyncio.Future[QueryProcess]


class Engine:
    """Asks query processes on behalf of clients; lives in one event loop.

    :param ended: called with the reason when a process was killed or died while it ran a query:
        ``deadline``, ``disconnect``, ``head``, ``condition``, ``memory``, ``crash``.
    :param make: makes a process for a release whose data are not read from its store.
    """

    def __init__(
        self,
        options: EngineOptions = EngineOptions(),
        ended: Callable[[str], None] | None = None,
        make: Make | None = None,
    ) -> None:
        self.options = options
        self.line: Line[Ticket] = Line(options.places)
        self.pool = Pool(
            options.places.fresh, options.memory_mb, self._dispatch, ended or (lambda _: None), make
        )
        self.busy: set[Running] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeping: asyncio.TimerHandle | None = None

    @property
    def ready(self) -> bool:
        """Whether a query could be answered now."""
        return self.pool.current is not None and self.pool.current.ready

    @property
    def held(self) -> Held | None:
        """The release that new queries read."""
        return self.pool.current.held if self.pool.current is not None else None

    @property
    def release_id(self) -> str:
        """The id of that release, or an empty string."""
        held = self.held
        return held.release.id if held is not None else ""

    async def serve(self, held: Held) -> None:
        """Answer from this release from now on; queries that run on another one go on.

        :raises ReleaseError: if it cannot be opened; the previous one is then still served.
        """
        self.pool.switch(await self.pool.open(held))

    async def ask(self, payload: bytes, client: str, arrived: float) -> Running:
        """Send a query to a process and wait until its answer begins.

        The caller must pass the result to :meth:`close`, whatever happens.

        :param payload: the request, as :mod:`pfocr_rdf.web.frames` describes it.
        :param arrived: when the request came, on :func:`time.monotonic`'s clock: the deadline
            counts from then, so the wait for a turn is included.
        :raises Refusal: ``busy``, ``query-timeout``, ``memory``, ``engine-failure``, or what the
            process says of the query.
        """
        deadline = arrived + self.options.timeout_s
        while (process := await self._turn(client, deadline)).gone:
            # The process ended just as it was lent.
            self.line.leave(client, slow=False)
        release = self.pool.release_of(process).release.id
        running = Running(process, client, deadline, time.monotonic(), release, self._over)
        self.busy.add(running)
        process.send(payload, running)
        self._sweep_soon()
        try:
            await running.first()
        except BaseException:
            self.close(running)
            raise
        return running

    def close(self, running: Running, reason: str = "disconnect") -> None:
        """Be done with an answer. If it has not ended, its process is killed.

        :param reason: the reason under which the metrics count the kill.
        """
        if not running.ended:
            self._kill(running, reason, Refusal("engine-failure", "the client went away"))

    async def stop(self) -> None:
        """End all processes; running queries are cut."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for ticket in self.line.tickets():
            if not ticket.turn.done():
                ticket.turn.set_exception(Refusal("draining", "the server is stopping"))
        await self.pool.close()

    async def _turn(self, client: str, deadline: float) -> QueryProcess:
        if self.pool.current is None:
            raise Refusal("no-release", "no release is being served yet: try again in a moment")
        if self.pool.idle and self.line.enter(client):
            process = self.pool.take()
            if process is not None:
                return process
            self.line.leave(client, slow=False)
        ticket = Ticket(client, deadline, self._loop.create_future())
        self.line.wait(client, ticket)
        self._sweep_soon()
        try:
            return await ticket.turn
        except asyncio.CancelledError:
            self._withdraw(ticket)
            raise

    def _withdraw(self, ticket: Ticket) -> None:
        if ticket.turn.done() and not ticket.turn.cancelled() and not ticket.turn.exception():
            # Its turn came just as its client went away.
            self.line.leave(ticket.client, slow=False)
            self.pool.give(ticket.turn.result())
            self._dispatch()
        else:
            self.line.withdraw(ticket.client, ticket)

    def _dispatch(self) -> None:
        """Give idle processes to those whose turn it is."""
        while self.pool.idle and (ticket := self.line.next()) is not None:
            process = None if ticket.turn.done() else self.pool.take()
            if process is not None:
                ticket.turn.set_result(process)
            else:
                # Its client has gone away, and its task has not noticed yet.
                self.line.leave(ticket.client, slow=False)

    def _over(self, running: Running) -> None:
        self.busy.discard(running)
        self.line.leave(running.client, slow=running.slow)
        self.pool.give(running.process)
        self._dispatch()

    def _kill(self, running: Running, reason: str, refusal: Refusal) -> None:
        self.pool.end(running.process, reason)
        running.fail(refusal)

    def _sweep_soon(self) -> None:
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        """Enforce the deadlines, and demote queries that have become slow."""
        self._sweeping = None
        now = time.monotonic()
        for ticket in self.line.tickets():
            if now >= ticket.deadline and not ticket.turn.done():
                self.line.withdraw(ticket.client, ticket)
                limit_s = self.options.timeout_s
                detail = f"the query got no turn within {limit_s:g} s: try again in a few seconds"
                ticket.turn.set_exception(Refusal("busy", detail, headers={"Retry-After": "10"}))
        for running in list(self.busy):
            if now >= running.deadline:
                limit_s = self.options.timeout_s
                detail = f"the answer was not complete within {limit_s:g} s: ask for less at once"
                self._kill(running, "deadline", Refusal("query-timeout", detail, limit_s=limit_s))
            elif now - running.started > self.options.slow_after_s:
                self._demote(running)
        if self.busy or self.line.waiting:
            self._sweep_soon()

    def _demote(self, running: Running) -> None:
        """Start a substitute for a slow query's process; if it is in others' way, lower it."""
        if len(self.busy) > 1 or self.line.waiting:
            running.process.lower()
        if not running.slow:
            running.slow = self.line.demote(running.client)
            if running.slow:
                self.pool.substitute(running.process)
