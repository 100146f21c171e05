"""Asks the partners of a query, and gives the query that is left for the release.

One clause after the other, because what one partner answers may be what the next is asked
about; the requests of one clause at the same time, as many as its partner allows.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from pfocr_rdf.iris import Iris
from pfocr_rdf.web.cache import CacheLimits
from pfocr_rdf.web.federation.answers import AnswerError, Rows, read_rows
from pfocr_rdf.web.federation.clause import Ask, Clause, CutError, Told, aside, find_values
from pfocr_rdf.web.federation.failures import failed, too_large
from pfocr_rdf.web.federation.kept import KEPT, Kept
from pfocr_rdf.web.federation.partners import Partner, Partners
from pfocr_rdf.web.federation.planner import Planner
from pfocr_rdf.web.federation.steps import Plan, Step, filled
from pfocr_rdf.web.frames import MAX_REQUEST
from pfocr_rdf.web.problems import Refusal

if TYPE_CHECKING:
    from pfocr_rdf.web.federation.client import Client

CLIENT: Final = "pfocr_rdf.web.federation.client"
#: Bytes of what remains of a query, with room for what goes along with it.
MAX_FINAL: Final = MAX_REQUEST - (1 << 20)


@dataclass(frozen=True, slots=True)
class FederationOptions:
    """How many queries with SERVICE clauses there may be, and how long they may take.

    :param total_s: for all clauses of a query, with what the release is asked for them.
    :param at_once: such queries at the same time, each of which holds what was answered.
    :param per_client: of them, those of one client.
    """

    total_s: float = 180.0
    at_once: int = 16
    per_client: int = 4
    cache: CacheLimits = KEPT


@dataclass(frozen=True, slots=True)
class Joined:
    """A query that asks the release alone, and who helped with it."""

    text: str
    told: tuple[Told, ...]


class Federation:
    """Evaluates SERVICE clauses; lives in one event loop. Close it there."""

    def __init__(
        self, partners: Partners, options: FederationOptions = FederationOptions()
    ) -> None:
        self.partners = partners
        self.options = options
        self.planner = Planner()
        self.kept = Kept(options.cache)
        self._clients: dict[str, Client] = {}
        self._running: Counter[str] = Counter()

    async def close(self) -> None:
        """End the planner and close all connections."""
        await self.planner.close()
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def plan(self, text: str, iris: Iris) -> Plan:
        """How a query is answered; nobody is asked yet.

        :param iris: of the release: its prefixes need not be declared.
        :raises Refusal: ``federation-disabled``, if a clause cannot be evaluated or names an
            endpoint that is not on the list.
        """
        plan = await self.planner.plan(text, iris.prefixes(), iris.base)
        for step in plan.steps:
            self.partner(step)
        return plan

    def partner(self, step: Step) -> Partner:
        """Whom a clause names.

        :raises Refusal: ``federation-disabled``, if it is nobody on the list.
        """
        found = self.partners.find(step.endpoint)
        if found is not None:
            return found
        allowed = sorted(partner.endpoint for partner in self.partners.by_name.values())
        raise Refusal(
            "federation-disabled",
            f"the SERVICE clause in line {step.line} names <{step.endpoint[:300]}>, which this "
            "endpoint does not call: take one of those in “allowed”, letter for letter, or ask it "
            "yourself",
            line=step.line,
            allowed=allowed,
        )

    async def join(self, text: str, iris: Iris, ask: Ask, client: str = "") -> Joined:
        """Ask the partners of a query.

        :param iris: of the release.
        :param ask: asks the release.
        :param client: whose query it is.
        :raises Refusal: if a partner fails, or the query cannot be evaluated.
        """
        async with self._place(client):
            try:
                async with asyncio.timeout(self.options.total_s):
                    return await self._join(text, iris, ask)
            except TimeoutError:
                limit_s = self.options.total_s
                detail = f"the SERVICE clauses took more than {limit_s:g} s together: ask for less"
                raise Refusal("query-timeout", detail, limit_s=limit_s) from None

    async def _join(self, text: str, iris: Iris, ask: Ask) -> Joined:
        plan = await self.plan(text, iris)
        blocks: dict[int, str] = {}
        told: list[Told] = []
        for step in plan.steps:
            partner = self.partner(step)
            values = await find_values(step, partner.bindings, blocks, ask)

            async def fetch(asked: str, partner: Partner = partner, step: Step = step) -> Rows:
                return await self._fetch(partner, asked, step, iris)

            clause = Clause(partner, step, values, fetch, self.kept)
            blocks[step.number], said = await clause.block()
            told.append(said)
        final = filled(plan.final, blocks)
        if len(final) > MAX_FINAL:  # mostly one byte a character
            detail = f"what the partners answered makes a query of {len(final):,} bytes, and"
            detail = f"{detail} {MAX_FINAL:,} are the limit: ask for less at once"
            raise Refusal("partner-too-large", detail)
        return Joined(final, tuple(told))

    @asynccontextmanager
    async def _place(self, client: str) -> AsyncIterator[None]:
        options = self.options
        if self._running.total() >= options.at_once or self._running[client] >= options.per_client:
            detail = "as many queries with SERVICE as are taken at once are running: try again"
            raise Refusal("busy", detail, headers={"Retry-After": "10"})
        self._running[client] += 1
        try:
            yield
        finally:
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]

    async def _fetch(self, partner: Partner, asked: str, step: Step, iris: Iris) -> Rows:
        """Ask a partner, whatever is kept.

        :raises Refusal: if it fails.
        :raises CutError: if it has cut its answer.
        """
        client = await self._client(partner)
        answer = await client.ask(asked, partner.bytes)
        # Labels mean something within one answer only.
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
            raise CutError(count)
        if count > partner.rows:
            raise too_large(partner, f"more than {partner.rows:,} rows")
        return rows

    async def _client(self, partner: Partner) -> "Client":
        found = self._clients.get(partner.name)
        if found is None:
            # In a thread: to import aiohttp takes 0.3 s, and only those who federate need it.
            module = await asyncio.to_thread(import_module, CLIENT)
            found = self._clients.get(partner.name) or module.Client(partner)
            self._clients[partner.name] = found
        return found
