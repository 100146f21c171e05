"""Planning in a separate process, which is killed when a query takes too long.

Parsing is pure Python: in the serving process it would delay all clients, and a query made to be
hard would do so for seconds. The process is started by the first query that needs it; it takes a
third of a second to start, and 45 MiB of memory.
"""

import asyncio
import os
import resource
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Final

import orjson

from pfocr_rdf.forks import die_with_parent
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.federation.steps import Plan, plan_of
from pfocr_rdf.web.problems import Refusal, refusal_from
from pfocr_rdf.web.turns import Turns

COMMAND: Final = (sys.executable, "-P", "-m", "pfocr_rdf.web.federation.planner")
#: A usual query takes milliseconds; one with 20,000 values in VALUES, or 3,000 after IN, 4 s.
LIMIT_S: Final = 10.0
PLACES: Final = Places(fresh=1, slow=0)
MEMORY_BYTES: Final = 2 << 30
STACK_BYTES: Final = 256 << 20
RECURSION: Final = 20_000
#: How many plans are remembered, and the length of the longest query whose plan is, in characters.
REMEMBERED: Final = 128
REMEMBERED_TEXT: Final = 16_384
#: Most bytes of a plan, which may contain a query of half a megabyte several times.
PLAN_BYTES: Final = 64 << 20


class Planner:
    """Plans queries one after another, taking the clients in turn."""

    def __init__(self) -> None:
        self.limit_s = LIMIT_S
        self._turns = Turns(PLACES, "queries with SERVICE")
        self.process: asyncio.subprocess.Process | None = None
        self._known: OrderedDict[object, Plan] = OrderedDict()

    async def plan(
        self, text: str, prefixes: Mapping[str, str], base: str = "", client: str = ""
    ) -> Plan:
        """The plan of a query with SERVICE clauses.

        :param prefixes: the prefixes that a query need not declare.
        :param base: the base of relative IRIs, unless the query declares one.
        :param client: whose query it is.
        :raises Refusal: if its clauses are not evaluated here, planning fails or takes too long,
            or too many queries wait for it.
        """
        key = (text, base, tuple(prefixes.items()))
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        request = orjson.dumps({"text": text, "prefixes": dict(prefixes), "base": base}) + b"\n"
        await self._turns.enter(client)
        try:
            answer = orjson.loads(await self._ask(request))
        finally:
            self._turns.leave(client)
        if "kind" in answer:
            raise refusal_from(orjson.dumps(answer))
        plan = plan_of(answer)
        if len(text) <= REMEMBERED_TEXT:
            self._known[key] = plan
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return plan

    async def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            # The pipe is closed only once it has been read to its end.
            await process.communicate()

    async def _ask(self, request: bytes) -> bytes:
        try:
            async with asyncio.timeout(self.limit_s):
                reader, writer = await self._pipes()
                writer.write(request)
                await writer.drain()
                return await reader.readuntil(b"\n")
        except TimeoutError:
            await self.close()
            limit_s = self.limit_s
            detail = f"locating its SERVICE clauses took more than {limit_s:g} s: shorten the query"
            raise Refusal("query-timeout", detail, limit_s=limit_s) from None
        except (OSError, RuntimeError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # uvloop raises RuntimeError for a pipe that is closed.
            await self.close()
            detail = "the query stopped the process that locates its SERVICE clauses"
            raise Refusal("engine-failure", f"{detail}: nest less") from None
        except asyncio.CancelledError:
            # Otherwise its late answer would be taken for the answer to the next query.
            await self.close()
            raise

    async def _pipes(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The pipes from and to a running process; one that has ended is replaced."""
        if self.process is not None and self.process.returncode is not None:
            await self.close()
        if self.process is None:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND,
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=PLAN_BYTES,
            )
        if self.process.stdout is None or self.process.stdin is None:
            raise Refusal("internal", "the planner has no pipes")
        return self.process.stdout, self.process.stdin


def answer(line: bytes) -> bytes:
    """The plan for a request, or the refusal, as JSON.

    >>> answer(b'{"text": "SELECT * { SERVICE ?e { ?s ?p ?o } }", "prefixes": {}}')[:29]
    b'{"kind":"federation-disabled"'
    """
    # Imported here because it takes long, and the serving process does not need it.
    from pfocr_rdf.web.federation.plan import make_plan

    request: dict[str, Any] = orjson.loads(line)
    try:
        return orjson.dumps(make_plan(**request))
    except Refusal as refusal:
        return orjson.dumps({"kind": refusal.kind, "detail": refusal.detail, **refusal.members})


def _answer_all(asked: BinaryIO, told: BinaryIO) -> None:
    for line in asked:
        told.write(answer(line) + b"\n")
        told.flush()


def main() -> None:
    """Answer requests, one per line, until there are no more; the argument is the parent's id."""
    # An argument, as os.getppid() would give another process if the server has ended already.
    die_with_parent(int(sys.argv[1]))
    # Signals to the whole process group are for the server, which then ends this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)  # queries to the release alone go first
    sys.setrecursionlimit(RECURSION)
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=_answer_all, args=(sys.stdin.buffer, sys.stdout.buffer))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
