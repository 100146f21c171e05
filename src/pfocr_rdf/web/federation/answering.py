"""Between the endpoint and the federation: asks the release on behalf of a federated query."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.web.checks import QueryLimits, check_query, is_repeatable
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import Headers, Reply
from pfocr_rdf.web.federation.clause import Ask
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.federation.explain import explain
from pfocr_rdf.web.federation.headers import explanation, federation_headers
from pfocr_rdf.web.federation.mistakes import as_written, without_services
from pfocr_rdf.web.formats import Formats, choose_formats
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import CutError, Running
from pfocr_rdf.web.served import Held
from pfocr_rdf.web.sparql import Query

SOLUTIONS: Final = choose_formats(None, "json")
#: No format is accepted: a query is parsed, but no answer is written.
NOTHING: Final = Formats(None, None, None)
#: Refusals by Oxigraph's own parser that explain why another parser could not read a query.
SYNTAX: Final = ("syntax", "read-only")
#: How often a query is tried at most when the release keeps changing.
TRIES: Final = 5
T = TypeVar("T")


class ReleaseChangedError(PfocrError):
    """The release was replaced after the partners were asked about its values."""


class Answering:
    """Turns a query with SERVICE clauses into one for the release alone, and asks that.

    :param payload: encodes a query, when it came, and the most bytes that its answer may have, for
        the query processes.
    """

    def __init__(
        self,
        federation: Federation,
        engine: Engine,
        payload: Callable[[Query, float, int | None], bytes],
    ) -> None:
        self.federation = federation
        self._engine = engine
        self._payload = payload

    async def ask(
        self, query: Query, client: str, most_bytes: int | None
    ) -> tuple[Running, Headers, float]:
        """Ask the partners and then the release, which is the same one from beginning to end.

        :param client: whose query it is.
        :param most_bytes: the most bytes that the answer may have.
        :returns: the answer, which the caller closes; headers that say whether to keep it and
            what the partners did; and the time at which the partners had answered.
        :raises Refusal: if a partner fails, or the query cannot be evaluated.
        """

        async def once(held: Held) -> tuple[Running, Headers, float]:
            ask = self._values(query, client, held)
            joined = await self.federation.join(query.text, held.iris, ask, client)
            headers = federation_headers(joined.told, repeatable=is_repeatable(query.text))
            rest = replace(query, text=joined.text)
            begun = time.monotonic()
            return await self._begin(rest, client, held, begun, most_bytes), headers, begun

        return await self._with_release(query, client, once)

    async def explain(
        self, query: Query, client: str, accept: str | None, *, has_service: bool
    ) -> Reply:
        """What each partner would be asked; none is asked.

        :raises Refusal: if the query cannot be evaluated.
        """
        if not has_service:
            await self._check_syntax(query, client)
            return explanation({"steps": [], "then": query.text}, accept)

        async def once(held: Held) -> dict[str, Any]:
            ask = self._values(query, client, held)
            return await explain(self.federation, query.text, held.iris, ask, client)

        return explanation(await self._with_release(query, client, once), accept)

    async def _with_release(
        self, query: Query, client: str, work: Callable[[Held], Awaitable[T]]
    ) -> T:
        """Do the work for the release being served; start again if that changes meanwhile."""
        for _ in range(TRIES):
            held = self._engine.held
            if held is None:
                raise Refusal("no-release", "no release is being served yet: try again in a moment")
            try:
                return await work(held)
            except ReleaseChangedError:
                continue
            except Refusal as refusal:
                # The clauses may not have been found because the query has a mistake.
                if refusal.kind == "federation-disabled" and "line" not in refusal.members:
                    await self._check_syntax(query, client)
                raise
        detail = "the release changed each time while the partners answered: try again"
        raise Refusal("busy", detail, headers={"Retry-After": "10"})

    def _values(self, query: Query, client: str, held: Held) -> Ask:
        """A function that asks the release for values, from the same graphs and as JSON."""

        async def ask(text: str) -> bytes:
            asked = replace(query, text=text, formats=SOLUTIONS, encoding="identity")
            running = await self._begin(asked, client, held, time.monotonic())
            try:
                return b"".join([part async for part in running.rest()])
            except CutError as cut:
                raise cut.refusal from None
            finally:
                self._engine.close(running)

        return ask

    async def _begin(
        self, query: Query, client: str, held: Held, arrived: float, most_bytes: int | None = None
    ) -> Running:
        """Ask this release.

        :raises ReleaseChangedError: if another one answered.
        """
        payload = self._payload(query, arrived, most_bytes)
        running = await self._engine.ask(payload, client, arrived)
        if running.release != held.release.id:
            self._engine.close(running)
            raise ReleaseChangedError(running.release)
        return running

    async def _check_syntax(self, query: Query, client: str) -> None:
        """Have Oxigraph's parser say where the mistake is, if there is one.

        The SERVICE clauses are replaced: a query process cannot follow them, and an https
        address would end it.

        :raises Refusal: ``syntax`` with line and column, or ``read-only``.
        """
        text = await asyncio.to_thread(without_services, query.text)
        if text is None:
            return
        asked = replace(query, text=text, formats=NOTHING, encoding="identity")
        arrived = time.monotonic()
        try:
            payload = self._payload(asked, arrived, None)
            running = await self._engine.ask(payload, client, arrived)
        except Refusal as found:
            if found.kind in SYNTAX:
                raise as_written(found, text, query.text) from None
        else:
            self._engine.close(running)


def is_federated(query: Query, limits: QueryLimits, answering: Answering | None) -> bool:
    """Whether a query has SERVICE clauses to evaluate.

    :raises Refusal: if the query is not taken here; without ``answering``, also if it has such
        clauses or asks for a plan.
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
