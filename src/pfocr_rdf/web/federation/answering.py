"""Between the endpoint and the federation: the release is asked on behalf of a query."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pfocr_rdf.web.checks import QueryLimits, check_query
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import Headers, Reply
from pfocr_rdf.web.federation.clause import Ask
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.federation.explain import explain
from pfocr_rdf.web.federation.headers import explanation, federation_headers
from pfocr_rdf.web.formats import choose_formats
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import CutError
from pfocr_rdf.web.served import Held
from pfocr_rdf.web.sparql import Query

SOLUTIONS: Final = choose_formats(None, "json")
#: What only Oxigraph's own parser can say of a query that another one could not read.
SYNTAX: Final = ("syntax", "read-only")


class Answering:
    """Makes a query with SERVICE clauses one that asks the release alone.

    :param payload: a query as the query processes take it.
    """

    def __init__(
        self, federation: Federation, engine: Engine, payload: Callable[[Query], bytes]
    ) -> None:
        self.federation = federation
        self._engine = engine
        self._payload = payload

    async def join(self, query: Query, client: str) -> tuple[Query, Headers]:
        """Ask the partners.

        :param client: on whose behalf.
        :returns: the query that is left, and headers that say how long its answer holds and what
            the partners did.
        :raises Refusal: if a partner fails, or the query cannot be evaluated.
        """
        ask = self._ask(query, client)
        try:
            joined = await self.federation.join(query.text, self._held.iris, ask, client)
        except Refusal as refusal:
            await self._blame(query, client, refusal)
            raise
        return replace(query, text=joined.text), federation_headers(joined.told)

    async def explain(self, query: Query, client: str, accept: str | None) -> Reply:
        """What would be asked of whom; no partner is.

        :raises Refusal: if the query cannot be evaluated.
        """
        ask = self._ask(query, client)
        try:
            plan = await explain(self.federation, query.text, self._held.iris, ask)
        except Refusal as refusal:
            await self._blame(query, client, refusal)
            raise
        return explanation(plan, accept)

    @property
    def _held(self) -> Held:
        held = self._engine.held
        if held is None:
            raise Refusal("no-release", "no release is being served yet: try again in a moment")
        return held

    def _ask(self, query: Query, client: str) -> Ask:
        """Asks the release: about the same graphs, for JSON."""

        async def ask(text: str) -> bytes:
            asked = replace(query, text=text, formats=SOLUTIONS, encoding="identity")
            running = await self._engine.ask(self._payload(asked), client, time.monotonic())
            try:
                return b"".join([part async for part in running.rest()])
            except CutError as cut:
                raise cut.refusal from None
            finally:
                self._engine.close(running)

        return ask

    async def _blame(self, query: Query, client: str, refusal: Refusal) -> None:
        """Say where the mistake is, if the query was not understood because it has one.

        The query process cannot reach a network, and ends at the first SERVICE clause.

        :raises Refusal: ``syntax``, with line and column.
        """
        if refusal.kind != "federation-disabled" or "line" in refusal.members:
            return
        try:
            payload = self._payload(replace(query, encoding="identity"))
            running = await self._engine.ask(payload, client, time.monotonic())
        except Refusal as found:
            if found.kind in SYNTAX:
                raise found from None
        else:
            self._engine.close(running)


def is_federated(query: Query, limits: QueryLimits, answering: Answering | None) -> bool:
    """Whether a query has SERVICE clauses, which are evaluated.

    :raises Refusal: if it is no query for here.
    """
    if query.explain and answering is None:
        raise Refusal("bad-request", "there is no plan to explain: SERVICE is not evaluated here")
    try:
        check_query(query.text, limits)
    except Refusal as refusal:
        if refusal.kind != "federation-disabled" or answering is None:
            raise
        return True
    return False
