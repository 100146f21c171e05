"""One SERVICE clause being answered: what its partner is asked, and what comes back."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.web.federation.answers import (
    Rows,
    answer_block,
    empty_solution,
    read_values,
    values_block,
)
from pfocr_rdf.web.federation.failures import timed_out, too_large
from pfocr_rdf.web.federation.kept import Fetched, Kept
from pfocr_rdf.web.federation.partners import Partner
from pfocr_rdf.web.federation.steps import Bindings, Step, filled
from pfocr_rdf.web.problems import Refusal

#: Longer answers are parsed in a thread: it takes milliseconds, which would delay all clients.
LONG_BYTES: Final = 65_536
#: Once a query finds this few values, no other way to get values is tried.
FEW: Final = 100
#: A query to the release → its solutions as JSON.
Ask = Callable[[str], Awaitable[bytes]]
#: A query to the partner → its rows.
Fetch = Callable[[str], Awaitable[Rows]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner did for a clause.

    :param kept: answers that were already in the cache, or already on their way.
    :param bytes: the size of its answers, unpacked.
    :param date: when its oldest answer came, in seconds of Unix time; 0 if there is none.
    :param left_s: for how many more seconds its answers may be used.
    :param failed: why it did not answer a SILENT clause; empty if it did.
    """

    partner: str
    requests: int
    rows: int
    kept: int = 0
    bytes: int = 0
    date: float = 0.0
    left_s: float = 0.0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """What a partner is asked about: rows of values for some variables; None for all it has."""

    variables: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None
    inside: bool = True

    def requests(self, step: Step, batch: int) -> list[str]:
        """The queries to the partner."""
        if self.rows is None:
            return [step.asked()]
        return [self.request(step, rows) for rows in batched(self.rows, batch)]

    def request(self, step: Step, rows: Sequence[str]) -> str:
        """The query to the partner about some of the rows."""
        return step.asked(values_block(self.variables, rows), inside=self.inside)


class PartnerCutError(PfocrError):
    """A partner has cut its answer after this many rows."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


async def find_values(step: Step, limit: int, blocks: Mapping[int, str], ask: Ask) -> Values:
    """What a partner is asked about: of several ways to get values, the one that gives the fewest.

    :param limit: the most values that are sent; if there are more, none are.
    :param blocks: the answers to earlier steps, by number of the step.
    """
    best = Values()
    for bindings in step.bindings:
        if best.rows is not None and len(best.rows) <= FEW:
            break
        found = await _found(bindings, limit, blocks, ask)
        if found.rows is not None and (best.rows is None or len(found.rows) < len(best.rows)):
            best = found
    return best


async def _found(bindings: Bindings, limit: int, blocks: Mapping[int, str], ask: Ask) -> Values:
    data = await ask(f"{filled(bindings.query, blocks)}\nLIMIT {limit + 1}")
    variables, rows = await aside(data, lambda: read_values(data, bindings.variables))
    if not variables or len(rows) > limit:
        return Values()
    return Values(variables, tuple(rows), bindings.inside)


@dataclass(slots=True)
class Clause:
    """A SERVICE clause, its partner, and what the partner has sent so far."""

    partner: Partner
    step: Step
    values: Values
    fetch: Fetch
    kept: Kept
    requests: int = 0
    answered: int = 0
    rows: int = 0
    bytes: int = 0
    fetched: list[Fetched] = field(default_factory=list)

    async def block(self) -> tuple[str, Told]:
        """The text that replaces the clause in the query, and what the partner did.

        :raises Refusal: if the partner fails and the clause is not SILENT.
        """
        try:
            rows = await self._rows()
        except Refusal as refusal:
            # https://www.w3.org/TR/sparql11-federated-query/#serviceFailure
            if self.step.silent and refusal.kind.startswith("partner-"):
                why = refusal.detail.removeprefix(f"{self.partner.name}: ")
                failed = f"{refusal.kind}: {why}"
                told = Told(self.partner.name, self.requests, 0, failed=failed)
                return empty_solution(self.step.columns), told
            raise
        date = min((fetched.date for fetched in self.fetched), default=0.0)
        left_s = self.partner.ttl_s - (time.time() - date if date else 0.0)
        kept = len(self.fetched) - self.answered
        told = Told(
            self.partner.name, self.requests, self.rows, kept, self.bytes, date, max(0.0, left_s)
        )
        return answer_block(self.step.columns, rows), told

    async def _rows(self) -> list[str]:
        try:
            async with asyncio.timeout(self.partner.timeout_s) as limit:
                found = await self._batches()
        except TimeoutError:
            if not limit.expired():
                raise
            raise timed_out(self.partner) from None
        return [row for rows in found for row in rows]

    async def _batches(self) -> list[tuple[str, ...]]:
        rows = self.values.rows
        if rows is None:
            return [await self._batch(None)]
        return await _together([self._batch(part) for part in batched(rows, self.partner.batch)])

    async def _batch(self, asked: Sequence[str] | None) -> tuple[str, ...]:
        text = self.step.asked() if asked is None else self.values.request(self.step, asked)
        key = self.partner.name, text
        try:
            fetched = await self.kept.get(key, self.partner.ttl_s, lambda: self._fetch(text))
        except PartnerCutError as cut:
            return await self._split(asked, cut)
        self.fetched.append(fetched)
        rows = fetched.rows
        self.rows += len(rows.rows)
        self.bytes += rows.bytes
        if self.rows > self.partner.rows:
            raise too_large(self.partner, f"more than {self.partner.rows:,} rows")
        if self.bytes > self.partner.bytes:
            raise too_large(self.partner, f"more than {self.partner.bytes:,} bytes")
        return rows.rows

    async def _fetch(self, text: str) -> Rows:
        self.requests += 1
        rows = await self.fetch(text)
        self.answered += 1
        return rows

    async def _split(self, asked: Sequence[str] | None, cut: PartnerCutError) -> tuple[str, ...]:
        """Ask about each half of the values, because the partner has cut its answer."""
        if asked is None or len(asked) < 2:
            raise too_large(self.partner, f"been cut by the partner after {cut.rows:,} rows")
        middle = len(asked) // 2
        first = await self._batch(asked[:middle])
        return first + await self._batch(asked[middle:])


async def aside(data: bytes, work: Callable[[], T]) -> T:
    """The result of the work, which is done in a thread if there are many bytes."""
    return await asyncio.to_thread(work) if len(data) > LONG_BYTES else work()


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await all at the same time; if one fails, cancel the others."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def batched(rows: Sequence[str], size: int) -> list[Sequence[str]]:
    """The rows in parts of the given size; the last may be smaller.

    >>> batched("abcde", 2)
    ['ab', 'cd', 'e']
    """
    return [rows[at : at + size] for at in range(0, len(rows), size)]
