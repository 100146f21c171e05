"""The query processes of the release being served, and of those that are no longer served.

A process can be killed at any moment, and another takes its place in milliseconds: it is forked
from a process that has imported everything (:mod:`pfocr_rdf.web.zygote`). A new release is served
once processes have opened it; those of the old one finish their queries.
"""

import asyncio
import logging
import socket
import subprocess
from collections.abc import Callable
from typing import Final

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.web.ends import refusal_of_end, why_ended, words_of_end
from pfocr_rdf.web.generation import Generation
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.served import Held
from pfocr_rdf.web.zygote import (
    Ended,
    Forked,
    ask_for_worker,
    read_report,
    start_zygote,
)

log: Final = logging.getLogger("pfocr_rdf.web")
#: How long processes may take to open their store, and to count its quads.
START_S: Final = 30.0
#: How long to wait for the report of a process's end after its socket has ended.
OBITUARY_S: Final = 1.0
#: A process that after a slow query has grown by more than a quarter of what a query may take is
#: not used again.
GROWN: Final = 4
#: Seconds between attempts to start processes that do not start.
BACK_OFF_S: Final = (0.05, 0.2, 1.0, 5.0)
#: How often all processes of a release may be killed from outside while it is opened.
ATTEMPTS: Final = 3

Told = Callable[[QueryProcess], None]
#: Makes a process for a release; gets what to call when it is ready, and when it is gone.
Make = Callable[[Held, Told, Told], QueryProcess]


class Pool:
    """Starts, lends and ends query processes.

    :param size: how many are kept ready or at work, those with slow queries not counted.
    :param memory_mb: what a query may take beyond the open store.
    :param available: called when a process has become idle.
    :param ended: called with the reason when a process was killed or died while it ran a query.
    :param make: makes a process that reads a release's data elsewhere than in its store.
    """

    def __init__(
        self,
        size: int,
        memory_mb: int,
        available: Callable[[], None],
        ended: Callable[[str], None],
        make: Make | None = None,
    ) -> None:
        self.size = size
        self.memory_mb = memory_mb
        self.current: Generation | None = None
        self.leaving: list[Generation] = []
        self.reads_store = make is None
        self._make = make or (lambda _, ready, gone: QueryProcess(ready, gone))
        self._available, self._ended = available, ended
        self._loop = asyncio.get_running_loop()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._tokens = 0
        self._unborn: dict[int, QueryProcess] = {}
        self._by_pid: dict[int, QueryProcess] = {}
        self._home: dict[QueryProcess, Generation] = {}
        self._stillborn: dict[QueryProcess, Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._warned = False

    def pids(self) -> list[int]:
        """The process ids of the pool, the zygote's first."""
        zygote = [self._zygote.pid] if self._zygote else []
        return zygote + sorted(self._by_pid)

    async def open(self, held: Held) -> Generation:
        """Start processes on a release and wait until they can answer.

        :raises ReleaseError: if its store cannot be opened or has not as many quads as its
            manifest says.
        """
        generation = Generation(held)
        generation.opened = self._loop.create_future()
        self._fill(generation)
        try:
            await asyncio.wait_for(generation.opened, START_S)
        except TimeoutError:
            self._dissolve(generation)
            reason = f"its store did not open within {START_S:.0f} s"
            raise ReleaseError(f"{held.release.path}: {reason}: verify the release") from None
        except BaseException:
            self._dissolve(generation)
            raise
        return generation

    def switch(self, generation: Generation) -> None:
        """Lend processes of this generation from now on; the old one ends when it is done."""
        old, self.current = self.current, generation
        if old is not None:
            self._dissolve(old)
        self._available()

    @property
    def idle(self) -> int:
        """How many processes have nothing to do."""
        return len(self.current.idle) if self.current is not None else 0

    def take(self) -> QueryProcess | None:
        """An idle process of the current release."""
        if self.current is None or not self.current.idle:
            return None
        process = self.current.idle.pop()
        process.lent = True
        return process

    def release_of(self, process: QueryProcess) -> Held:
        """The release that a process reads."""
        return self._home[process].held

    def give(self, process: QueryProcess) -> None:
        """Take a process back after its query; end it if it is worn or of an old release."""
        process.lent = False
        generation = self._home.get(process)
        if generation is None or process.gone or process.killed_for:
            return
        if generation is not self.current or process.worn or self._closed:
            self.end(process, "")
        elif process not in generation.lent:
            generation.idle.append(process)
        elif process.grown_bytes() > (self.memory_mb << 20) // GROWN:
            self.end(process, "")
        else:
            # It has read much of the store and is quick now, unlike its substitute.
            generation.lent.discard(process)
            generation.idle.append(process)
            self._end_surplus(generation)

    def _end_surplus(self, generation: Generation) -> None:
        surplus = len(generation.alive - generation.lent) - self.size
        for process in generation.idle[: max(0, surplus)]:
            generation.idle.remove(process)
            self.end(process, "")

    def substitute(self, process: QueryProcess) -> None:
        """Start another process in place of one that has a slow query."""
        generation = self._home.get(process)
        if generation is not None:
            generation.lent.add(process)
            if generation is self.current:
                self._fill(generation)

    def end(self, process: QueryProcess, reason: str) -> None:
        """Kill a process and report the reason, which is empty if it had no query to answer."""
        if process.killed_for or process.gone:
            return
        process.kill(reason or "retired")
        if reason:
            self._ended(reason)
        process.close()

    async def close(self) -> None:
        """End all processes, and wait for the end of the zygote."""
        self._closed = True
        for process in list(self._home):
            self.end(process, "")
        self._close_control()
        if self._zygote is not None:
            self._zygote.kill()
            await asyncio.to_thread(self._zygote.wait)
            self._zygote = None
        for process in list(self._by_pid.values()):
            process.forget()
        for generation in [*self.leaving, *([self.current] if self.current else [])]:
            generation.held.close()
        for task in self._tasks:
            task.cancel()

    # Starting.

    def _fill(self, generation: Generation) -> None:
        missing = self.size - len(generation.alive - generation.lent)
        for _ in range(missing):
            self._start(generation)

    def _start(self, generation: Generation) -> None:
        process = self._make(generation.held, self._on_ready, self._on_gone)
        generation.alive.add(process)
        self._home[process] = generation
        # Counting takes a second for five million quads: one process does it.
        first = generation.opened is not None and len(generation.alive) == 1
        count = first and self.reads_store
        task = self._loop.create_task(self._connect(process, generation, count=count))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, process: QueryProcess, generation: Generation, *, count: bool) -> None:
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            log.error("no query process could be started: %s", error)
            process.connection_lost(error)  # it has no socket that would report this
            return
        with theirs:
            ours.setblocking(False)
            await self._loop.create_connection(lambda: process, sock=ours)
            if self._closed:
                process.close()
                return
            try:
                self._ask_for(process, generation, theirs.fileno(), count=count)
            except OSError as error:
                log.error("no query process could be started: %s", error)
                process.close()

    def _ask_for(
        self, process: QueryProcess, generation: Generation, fd: int, *, count: bool
    ) -> None:
        config = {
            "store": str(generation.held.release.store) if self.reads_store else "",
            "memory_mb": self.memory_mb,
            "prefixes": generation.held.iris.prefixes(),
            "count": count,
        }
        self._tokens += 1
        ask_for_worker(self._open_control(), self._tokens, config, fd)
        self._unborn[self._tokens] = process

    def _open_control(self) -> socket.socket:
        if self._control is None:
            self._zygote, self._control = start_zygote()
            self._control.setblocking(False)
            self._loop.add_reader(self._control.fileno(), self._read_control)
        return self._control

    def _close_control(self) -> None:
        if self._control is not None:
            self._loop.remove_reader(self._control.fileno())
            self._control.close()
            self._control = None

    def _read_control(self) -> None:
        while self._control is not None:
            try:
                packet = self._control.recv(65_536)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                # Its children die with it, and each is replaced when its socket ends.
                self._close_control()
                if self._zygote is not None:
                    self._zygote.kill()
                    self._zygote.wait()
                    self._zygote = None
                self._unborn.clear()
                for process in list(self._by_pid.values()):
                    self._bury(process, "crash")
                if not self._closed:
                    log.error("the process that starts query processes has ended: starting another")
                return
            self._take_report(read_report(packet))

    def _take_report(self, report: Forked | Ended) -> None:
        if isinstance(report, Forked):
            process = self._unborn.pop(report.token, None)
            if process is not None:
                self._by_pid[report.pid] = process
                process.born(report.pid)
            return
        process = self._by_pid.get(report.pid)
        if process is not None:
            process.ended_with = report.status
            self._bury(process, why_ended(report.status, report.said))

    # Called by processes.

    def _on_ready(self, process: QueryProcess) -> None:
        generation = self._home[process]
        if (doors := process.hello.get("open_doors")) and not self._warned:
            log.warning("query processes could still do this here: %s", ", ".join(doors))
            self._warned = True
        generation.failures = 0
        found, expected = process.hello.get("quads"), generation.quads
        if generation.opened is not None:
            if found is not None and found != expected:
                reason = f"its store has {found} quads, its manifest says {expected}"
                generation.fail_opening(f"{reason}: build again, or roll back")
                return
            if len(generation.idle) + 1 == self.size and not generation.opened.done():
                generation.opened.set_result(None)
                generation.opened = None
        generation.idle.insert(0, process)
        self._end_surplus(generation)
        if generation is self.current:
            self._available()

    def _on_gone(self, process: QueryProcess) -> None:
        generation = self._home.pop(process)
        generation.alive.discard(process)
        generation.lent.discard(process)
        if process in generation.idle:
            generation.idle.remove(process)
        is_opening = generation.opened is not None
        if is_opening and not process.hello:
            if process.refused_to_start is not None:
                generation.fail_opening(process.refused_to_start.detail)
                return
            self._stillborn[process] = generation
        elif (generation is self.current or is_opening) and not self._closed:
            self._replace(generation, process)
        elif not generation.alive and generation in self.leaving:
            self.leaving.remove(generation)
            generation.held.close()
        running = process.running
        if running is None and process not in self._stillborn:
            return
        if running is not None and process.killed_for:
            if process.killed_for == "crash":  # it wrote what is no frame; other kills are counted
                self._ended("crash")
            running.fail(Refusal("engine-failure", "the query process was ended"))
        elif process.ended_as:
            self._mourn(process)
        else:
            self._loop.call_later(OBITUARY_S, self._bury, process, "crash")

    def _replace(self, generation: Generation, gone: QueryProcess) -> None:
        if gone.hello:
            return self._fill(generation)
        wait_s = BACK_OFF_S[min(generation.failures, len(BACK_OFF_S) - 1)]
        generation.failures += 1
        # A keeper that is killed takes along up to ``size`` processes that it has not forked yet:
        # only more failures than that are news.
        if generation.failures == self.size + 1:
            why = gone.refused_to_start.detail if gone.refused_to_start else "they end at once"
            log.error("%s: query processes do not start: %s", generation.held.release.path, why)
        self._loop.call_later(wait_s, self._fill_if_current, generation)

    def _fill_if_current(self, generation: Generation) -> None:
        if generation is self.current and not self._closed:
            self._fill(generation)

    def _bury(self, process: QueryProcess, reason: str) -> None:
        """Note why a process has ended; if its socket has ended too, fail its query."""
        if not process.ended_as:
            process.ended_as = reason
            self._by_pid.pop(process.pid, None)
            process.forget()
            home = self._home.get(process)
            if home is not None and process in home.idle:
                home.idle.remove(process)  # its socket may end later, and it must not be lent
        if process.gone:
            self._mourn(process)

    def _mourn(self, process: QueryProcess) -> None:
        if (generation := self._stillborn.pop(process, None)) is not None:
            self._miss(process, generation)
        running = process.running
        if running is None:
            return
        self._ended("memory" if process.ended_as == "memory" else "crash")
        running.fail(refusal_of_end(process.ended_as, self.memory_mb))

    def _miss(self, process: QueryProcess, generation: Generation) -> None:
        """Replace a process that ended before it had its store open, or give the release up."""
        generation.failures += 1
        was_killed = process.ended_with is None or process.ended_as == "killed"
        if not was_killed or generation.failures > ATTEMPTS * self.size:
            generation.fail_opening(words_of_end(process.ended_with))
        elif generation.opened is not None:
            self._fill(generation)

    def _dissolve(self, generation: Generation) -> None:
        """End the processes that have no query; the others end after their answers."""
        generation.opened = None
        self.leaving.append(generation)
        idle, generation.idle = generation.idle, []
        for process in idle:
            self.end(process, "")
        for process in list(generation.alive):
            if not process.lent:
                self.end(process, "")
        if not generation.alive:
            self.leaving.remove(generation)
            generation.held.close()
