"""Checks that the backend holds the release being served, and all of it.

Each release says in its data which release it is. The backend is asked for this after every answer,
before the answer counts as whole, and regularly in between. So no answer comes from another release
than the one in its header, even if somebody writes to the engine meanwhile.
"""

import asyncio
import gzip
import logging
import time
import zlib
from collections.abc import Mapping
from typing import Any, Final

from pfocr_rdf.dumps import NAME_TO_FORMAT
from pfocr_rdf.push.graphs import same_by_value
from pfocr_rdf.push.stores import HAS_CURRENT_VERSION
from pfocr_rdf.web.backend.client import WHO, Client, failed
from pfocr_rdf.web.backend.settings import graphs_of
from pfocr_rdf.web.backend.wording import Wording
from pfocr_rdf.web.federation.answers import AnswerError, read_solutions
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.served import Held

log: Final = logging.getLogger("pfocr_rdf.web")
COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
COUNT_NAMED: Final = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
#: Asks Virtuoso how many triples it returns at most: it cuts a longer graph without saying so.
MOST_ROWS: Final = (
    "SELECT (bif:cfg_item_value(bif:virtuoso_ini_path(), 'SPARQL', 'ResultSetMaxRows') AS ?n) {}"
)
#: Virtuoso's own default for that.
USUAL_ROWS: Final = 10_000
#: Counting some millions of triples takes seconds.
COUNT_S: Final = 300.0
ASK_S: Final = 10.0
#: The wait before the next check is this many times as long as the last one took.
LEISURE: Final = 4.0
SMALL: Final = 1 << 20
#: Most digits in a number of triples.
DIGITS: Final = 15


class LacksError(Exception):
    """The backend does not hold the release; the message says why."""


class Holding:
    """One release in the backend.

    ``fault`` says why it cannot be asked, and is empty while it can. ``most_triples`` is the most
    triples that the engine returns in one answer; None if there is no limit.
    """

    def __init__(self, client: Client, held: Held) -> None:
        self.client = client
        self.held = held
        self.graphs = graphs_of(client.backend, held.manifest, held.iris)
        self.wanted = held.iris.release(held.manifest["version"])
        self.fault = "whether it holds the release is not known yet"
        self.most_triples: int | None = None
        self._merged: int | None = None
        self._took_s = 0.0
        self._now: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    @property
    def version_pattern(self) -> str:
        """A triple pattern that binds ``?version`` to the release that the backend holds."""
        return f"{self.held.iris.dataset} {HAS_CURRENT_VERSION} ?version"

    def demand(self) -> None:
        """Check that the release can be asked, as far as is known.

        :raises Refusal: ``no-release``, if there is a fault.
        """
        if self.fault:
            raise Refusal("no-release", WHO + self.fault)

    async def inspect(self) -> None:
        """Check that the backend holds the whole release, and note the fault if it does not.

        :raises LacksError: if it does not, or does not answer.
        """
        began: float | None = None
        try:
            await self._check_version()
            # Only the counts are timed: an engine that hangs before them is checked again soon.
            began = time.monotonic()
            await self._check_counts()
            self.most_triples = await self._most_rows()
            await self._check_version()
        except Refusal as refusal:
            self._note(refusal.detail.removeprefix(WHO))
        except LacksError as error:
            self._note(str(error))
        else:
            self._note("")
        # Not of a check that was cancelled: the next one need not wait for the engine to rest.
        self._took_s = time.monotonic() - began if began and self.fault else 0.0
        if self.fault:
            raise LacksError(self.fault)

    async def confirm(self) -> None:
        """Wait for a check of the version that begins after this call; callers that wait share it.

        :raises Refusal: ``no-release`` or ``backend-failed``.
        """
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._look(self._now))
            # Retrieve the exception: there may be no caller left to do so.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        # A caller that is cancelled must not cancel the check for the others.
        await asyncio.shield(self._next)

    async def watch(self) -> None:
        """Check regularly until cancelled: all if there is a fault, otherwise the version."""
        told = ""
        while True:
            await self.pause()
            try:
                await (self.inspect() if self.fault else self.confirm())
            except (Refusal, LacksError):
                pass  # the fault is noted; demand() tells it to those who ask
            except Exception as error:
                # Nothing awaits this task: an exception that ended it would end the checks.
                if repr(error) != told:
                    told = repr(error)
                    log.exception(
                        "%s could not be checked: trying again soon", self.client.backend.shown
                    )

    async def pause(self) -> None:
        """Wait until the next check: longer if the last one failed after counting for long."""
        await asyncio.sleep(max(self.client.backend.poll_s, LEISURE * self._took_s))

    def saw(self, versions: set[str]) -> None:
        """Take note of the versions that the backend says it holds.

        :raises Refusal: ``no-release``, if they are not the release alone.
        """
        if versions != {self.wanted.value}:
            self._note(self._other(versions))
            self.demand()

    async def _look(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._now, self._next = self._next, None
        try:
            await self._check_version()
        except LacksError as error:
            self._note(str(error))
            self.demand()
        except Refusal as refusal:
            self._note(refusal.detail.removeprefix(WHO))
            raise

    async def _check_version(self) -> None:
        rows = await self._rows(f"SELECT ?version {{ {self.version_pattern} }}", ASK_S)
        versions = {value for row in rows if (value := _value(row, "version"))}
        if versions != {self.wanted.value}:
            raise LacksError(self._other(versions))

    def _other(self, versions: set[str]) -> str:
        where = " and ".join(self.graphs.default) or "its own default graph"
        if not versions:
            return f"there is no release in {where}: push it there, or name another graph"
        found = " and ".join(sorted(versions))[:300]
        return f"it holds {found} in {where}, not {self.wanted.value}: push that one"

    async def _check_counts(self) -> None:
        manifest = self.held.manifest
        rows = await self._rows(COUNT, COUNT_S)
        counted = sum(_number(row) for row in rows)
        expected = int(manifest["triples"])
        if counted < expected:
            counted += await self._same()
        if counted != expected:
            raise LacksError(f"it has {counted:,} of the release's {expected:,} triples: push it")
        rows = await self._rows(COUNT_NAMED, COUNT_S)
        named = {_value(row, "g") or "": _number(row) for row in rows}
        others = sorted(named.keys() - set(self.graphs.named))
        if others:
            reason = f"it has other graphs ({others[0][:200]})"
            raise LacksError(f"{reason}: push the release into graphs, and name them")
        equivalents = self.held.iris.equivalents.value
        found = {"equivalents": named.pop(equivalents, 0), "mappings": sum(named.values())}
        for name, number in found.items():
            if number != (expected := int(manifest.get(name, 0))):
                raise LacksError(f"it has {number:,} of {expected:,} {name}: push the release")

    async def _same(self) -> int:
        """How many triples the engine may lose because it keeps equal numbers only once."""
        if self._merged is None:
            path = self.held.release.dumps / NAME_TO_FORMAT["ntriples"].file

            def count() -> int:
                with gzip.open(path) as file:
                    return same_by_value(file)

            try:
                self._merged = await asyncio.to_thread(count)
            except (OSError, EOFError, zlib.error, SyntaxError, ValueError):
                self._merged = 0  # then any other number of triples is a fault
        return self._merged

    async def _most_rows(self) -> int | None:
        if not self.client.is_virtuoso:
            return None
        try:
            rows = await self._rows(MOST_ROWS, ASK_S)
            return sum(_number(row) for row in rows) or None
        except Refusal:
            return USUAL_ROWS

    async def _rows(self, text: str, limit_s: float) -> list[Mapping[str, Any]]:
        body = await self.client.read(Wording(text, self.graphs.dataset), SMALL, limit_s)
        try:
            return read_solutions(body)
        except AnswerError as error:
            raise failed(str(error)) from None

    def _note(self, fault: str) -> None:
        """Remember what is wrong (empty: nothing), and log it if it has changed."""
        before, self.fault = self.fault, fault
        if fault == before:
            return
        shown = self.client.backend.shown
        if fault:
            log.error("%s: %s; queries are refused until then", shown, fault)
        else:
            log.info("%s holds release %s", shown, self.held.release.id)


def _value(row: Mapping[str, Any], name: str) -> str | None:
    cell = row.get(name)
    value = cell.get("value") if isinstance(cell, dict) else None
    return value if isinstance(value, str) else None


def _number(row: Mapping[str, Any]) -> int:
    """The number in a row, as ``?n``.

    :raises Refusal: ``backend-failed``, if there is none.
    """
    value = _value(row, "n") or ""
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
        raise failed("it does not say how many triples it has")
    return int(value)
