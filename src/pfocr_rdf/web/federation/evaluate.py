"""Asks the partners of a query, and returns the query that is left for the release.

Clauses are answered one after another, because one partner's answer may give the values that the
next is asked about. The requests of one clause run in parallel, as many as its partner allows.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import orjson

from pfocr_rdf.iris import Iris
from pfocr_rdf.web.federation.answers import AnswerError, Rows, read_rows
from pfocr_rdf.web.federation.clause import (
    Ask,
    Clause,
    PartnerCutError,
    Told,
    Values,
    aside,
    find_values,
)
from pfocr_rdf.web.federation.counts import Counts
from pfocr_rdf.web.federation.failures import failed, too_large, too_large_together, unlisted
from pfocr_rdf.web.federation.kept import Kept
from pfocr_rdf.web.federation.partners import Partner, Partners
from pfocr_rdf.web.federation.planner import Planner
from pfocr_rdf.web.federation.steps import Plan, Step, filled
from pfocr_rdf.web.frames import MAX_REQUEST
from pfocr_rdf.web.problems import Refusal

if TYPE_CHECKING:
    from pfocr_rdf.web.federation.client import Client

CLIENT: Final = "pfocr_rdf.web.federation.client"
#: Most bytes of the remaining query; leaves room for the other members of the request.
MAX_FINAL: Final = MAX_REQUEST - (1 << 20)


@dataclass(frozen=True, slots=True)
class FederationOptions:
    """How many queries with SERVICE clauses may run.

    :param at_once: such queries at the same time; each holds its answers in memory.
    :param per_client: how many of them one client may have.
    """

    at_once: int = 16
    per_client: int = 4


@dataclass(frozen=True, slots=True)
class Joined:
    """A query for the release alone, and what each partner did for it."""

    text: str
    told: tuple[Told, ...]


class Federation:
    """Evaluates SERVICE clauses; bound to one event loop, in which it must be closed."""

    def __init__(
        self, partners: Partners, options: FederationOptions = FederationOptions()
    ) -> None:
        self.partners = partners
        self.options = options
        self.planner = Planner()
        self.kept = Kept()
        self.counts = Counts()
        self._clients: dict[str, Client] = {}
        self._running: Counter[str] = Counter()

    async def close(self) -> None:
        """End the planner and close all connections."""
        await self.planner.close()
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def plan(self, text: str, iris: Iris, client: str = "") -> Plan:
        """The plan of a query; no partner is asked yet.

        :param iris: the IRIs of the release, whose prefixes need not be declared.
        :param client: whose query it is.
        :raises Refusal: ``federation-disabled``, if a clause cannot be evaluated or names an
            endpoint that is not on the list; or what :meth:`Planner.plan` raises.
        """
        plan = await self.planner.plan(text, iris.prefixes(), iris.base, client)
        for step in plan.steps:
            self.partner(step)
        return plan

    def partner(self, step: Step) -> Partner:
        """The partner that a clause names.

        :raises Refusal: ``federation-disabled``, if it is not on the list.
        """
        found = self.partners.find(step.endpoint)
        if found is None:
            raise unlisted(self.partners, step.endpoint, step.line)
        return found

    async def join(self, text: str, iris: Iris, ask: Ask, client: str = "") -> Joined:
        """Ask the partners of a query.

        :param iris: the IRIs of the release.
        :param ask: asks the release.
        :param client: whose query it is.
        :raises Refusal: if a partner fails, or the query cannot be evaluated.
        """
        async with self.turn(client):
            return await self._join(text, iris, ask, client)

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """A place among the queries that run, held for as long as one may take.

        :param client: whose query it is.
        :raises Refusal: ``busy``, if no place is free; ``query-timeout``, if it takes too long.
        """
        options, limit_s = self.options, self.partners.whole.timeout_s
        if self._running.total() >= options.at_once or self._running[client] >= options.per_client:
            detail = "as many queries with SERVICE are running as may at once: try again"
            raise Refusal("busy", detail, headers={"Retry-After": "10"})
        self._running[client] += 1
        try:
            async with asyncio.timeout(limit_s) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            detail = f"the SERVICE clauses took more than {limit_s:g} s together: ask for less"
            raise Refusal("query-timeout", detail, limit_s=limit_s) from None
        finally:
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]

    async def _join(self, text: str, iris: Iris, ask: Ask, client: str) -> Joined:
        plan = await self.plan(text, iris, client)
        blocks: dict[int, str] = {}
        told: list[Told] = []

        async def checked(asked: str) -> bytes:
            _check_size(asked, told)
            return await ask(asked)

        for step in plan.steps:
            partner = self.partner(step)
            values = await find_values(step, partner.bindings, blocks, checked)
            blocks[step.number], said = await self._block(partner, step, values, iris)
            told.append(said)
            self._check_whole(told)
        final = filled(plan.final, blocks)
        _check_size(final, told)
        return Joined(final, tuple(told))

    async def _block(
        self, partner: Partner, step: Step, values: Values, iris: Iris
    ) -> tuple[str, Told]:
        """The text that replaces a clause, and what its partner did.

        :raises Refusal: if the partner fails and the clause is not SILENT.
        """

        async def fetch(asked: str) -> Rows:
            return await self._fetch(partner, asked, step, iris)

        clause = Clause(partner, step, values, fetch, self.kept)
        try:
            block, said = await clause.block()
        except Refusal as refusal:
            self.counts.fail(partner.name, refusal.kind)
            raise
        if said.failed:
            self.counts.fail(partner.name, said.failed.partition(":")[0])
        self.counts.note(partner.name, kept=said.kept)
        return block, said

    def _check_whole(self, told: Sequence[Told]) -> None:
        whole = self.partners.whole
        if sum(one.rows for one in told) > whole.rows:
            raise too_large_together(_sizes(told), f"more than {whole.rows:,} rows")
        if sum(one.bytes for one in told) > whole.bytes:
            raise too_large_together(_sizes(told), f"more than {whole.bytes:,} bytes")

    async def _fetch(self, partner: Partner, asked: str, step: Step, iris: Iris) -> Rows:
        """Ask a partner, without looking at the cache.

        :raises Refusal: if it fails.
        :raises PartnerCutError: if it has cut its answer.
        """
        client = await self._client(partner)
        self.counts.note(partner.name, requests=1)
        answer = await client.ask(asked, partner.bytes)
        # The label of a blank node has a meaning within one answer only.
        # https://www.w3.org/TR/sparql11-results-json/#select-encode-terms
        scope = uuid4().hex

        def read() -> Rows:
            return read_rows(
                answer.body, step.columns, lambda label: iris.blank(f"{scope}-{label}")
            )

        try:
            rows = await aside(answer.body, read)
        except AnswerError as error:
            raise failed(partner, f"its answer cannot be used: {error}") from None
        count = len(rows.rows)
        cuts = [cut for cut in (answer.cut_rows, partner.cut_at or None) if cut is not None]
        if cuts and count >= min(cuts):
            raise PartnerCutError(count)
        if count > partner.rows:
            raise too_large(partner, f"more than {partner.rows:,} rows")
        self.counts.note(partner.name, rows=count, bytes=len(answer.body))
        return rows

    async def _client(self, partner: Partner) -> "Client":
        found = self._clients.get(partner.name)
        if found is None:
            # In a thread: importing aiohttp takes 0.3 s, and only federated queries need it.
            module = await asyncio.to_thread(import_module, CLIENT)
            found = self._clients.get(partner.name) or module.Client(partner)
            self._clients[partner.name] = found
        return found


def _check_size(text: str, told: Sequence[Told]) -> None:
    """Refuse a query that is too long for a query process, if partners' answers made it so.

    The process gets it as JSON, where a character takes six bytes at most.

    :raises Refusal: ``partner-too-large``.
    """
    if told and 6 * len(text) > MAX_FINAL and len(orjson.dumps(text)) > MAX_FINAL:
        detail = f"more than fits into a query of {MAX_FINAL:,} bytes, which is the limit"
        raise too_large_together(_sizes(told), detail)


def _sizes(told: Sequence[Told]) -> Counter[str]:
    """Partner → bytes of its answers."""
    sizes: Counter[str] = Counter()
    for one in told:
        sizes[one.partner] += one.bytes
    return sizes
