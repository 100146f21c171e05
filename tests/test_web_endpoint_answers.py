"""What the endpoint does while an answer is made: releases change, clients do not read on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, cast
from urllib.parse import quote

from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import ABORT, Exchange, Message
from pfocr_rdf.web.process import QueryProcess, Running

OLD: Final = "20250101T000000Z-old"
NEW: Final = "20250101T000001Z-new"
WAIT_S: Final = 10.0


async def nothing() -> None:
    """Nothing to wait for."""


class Answers:
    """An engine whose answers a test gives; each is of the release that it was begun on."""

    def __init__(self) -> None:
        self.release_id = OLD
        self.held = None
        #: What is awaited before the turn of a query, and before its answer is there.
        self.turn: Callable[[], Awaitable[None]] = nothing
        self.making: Callable[[], Awaitable[None]] = nothing
        self.lasts_s = 60.0
        self.is_whole = True

    async def ask(self, payload: bytes, client: str, arrived: float) -> Running:
        await self.turn()
        release = self.release_id
        await self.making()
        running = Running(
            cast(QueryProcess, self),
            client,
            arrived + self.lasts_s,
            arrived,
            release,
            lambda _: None,
        )
        running.head = {"kind": "boolean", "encoding": "identity"}
        running.chunks.append(release.encode())
        running.end = {} if self.is_whole else None
        return running

    def close(self, running: Running) -> None:
        """Nothing runs."""

    def read_on(self) -> None:
        """Nothing waits to be read."""


class Client:
    """Asks by GET, and takes what is sent; one that does not read takes it when it is aborted."""

    def __init__(self, *, reads: bool = True) -> None:
        self.sent: list[Message] = []
        self.aborted = asyncio.Event()
        self._reads = reads

    async def ask(self, endpoint: Endpoint, text: str = "ASK {}", accept: str = "*/*") -> "Client":
        scope = {
            "method": "GET",
            "path": "/sparql",
            "query_string": f"query={quote(text)}".encode(),
            "headers": [(b"accept", accept.encode())],
            "extensions": {ABORT: self.aborted.set},
        }
        exchange = Exchange(scope, self._receive, self._send, "0-0", time.monotonic(), "http://x/")
        async with asyncio.timeout(WAIT_S):
            await endpoint(exchange)
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def told(self) -> tuple[str, str, str]:
        """The release by its header, the release by the body, and whether it was kept."""
        body = b"".join(message["body"] for message in self.sent[1:])
        return self.headers["x-pfocr-release"], body.decode(), self.headers["x-cache"]

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        if not self._reads and message.get("body"):
            await self.aborted.wait()
        self.sent.append(message)


def with_answers(work: Callable[[Answers, Endpoint], Awaitable[None]]) -> None:
    async def run() -> None:
        answers = Answers()
        await work(answers, Endpoint(cast(Engine, answers)))

    asyncio.run(run())


def test_an_answer_is_known_by_the_release_that_it_is_of_and_not_by_that_of_its_arrival() -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        async def turn() -> None:
            answers.release_id = NEW

        assert (await Client().ask(endpoint)).told == (OLD, OLD, "miss")
        answers.turn = turn
        waited = await Client().ask(endpoint, "ASK { }")
        assert waited.told == (NEW, NEW, "miss")
        # Back to the release of its arrival, of which its tag and its answer are not.
        answers.release_id, answers.turn = OLD, nothing
        asked_again = await Client().ask(endpoint, "ASK { }")
        assert asked_again.told == (OLD, OLD, "miss")
        assert asked_again.headers["etag"] != waited.headers["etag"]

    with_answers(work)


def test_an_answer_that_outlasts_its_release_is_not_given_to_those_who_ask_later() -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def making() -> None:
            begun.set()
            await go_on.wait()

        answers.making = making
        first = asyncio.create_task(Client().ask(endpoint))
        await begun.wait()
        answers.release_id, answers.making = NEW, nothing
        assert (await Client().ask(endpoint, "ASK { }")).told == (NEW, NEW, "miss")
        go_on.set()
        assert (await first).told == (OLD, OLD, "miss")
        assert (await Client().ask(endpoint)).told == (NEW, NEW, "miss")
        assert (await Client().ask(endpoint)).told == (NEW, NEW, "hit")

    with_answers(work)


def test_who_does_not_read_an_answer_is_cut_off_soon_after_its_deadline() -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        answers.is_whole, answers.lasts_s = False, 0.0
        client = Client(reads=False)
        asked = asyncio.create_task(client.ask(endpoint))
        async with asyncio.timeout(WAIT_S):
            await client.aborted.wait()
        asked.cancel()
        await asyncio.wait([asked])

    with_answers(work)


def test_a_long_query_counts_with_its_answer() -> None:
    async def work() -> int:
        endpoint = Endpoint(cast(Engine, Answers()))
        await Client().ask(endpoint, "ASK {} #" + "x" * 100_000)
        return endpoint.cache.bytes

    assert 100_000 < asyncio.run(work()) < 110_000


def test_no_request_with_long_headers_is_remembered_word_for_word() -> None:
    async def work() -> list[int]:
        endpoint = Endpoint(cast(Engine, Answers()))
        found = []
        for accept in ("*/*", "*/*, " + "a" * 3000):
            await Client().ask(endpoint, accept=accept)
            found.append(endpoint.remembered)
        return found

    assert asyncio.run(work()) == [1, 1]
