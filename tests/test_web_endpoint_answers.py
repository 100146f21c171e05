"""What the endpoint does while an answer is made: releases change, clients do not read on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import quote

import pytest

from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.engine import Engine, EngineOptions
from pfocr_rdf.web.exchange import ABORT, Exchange, Message
from pfocr_rdf.web.formats import choose_formats
from pfocr_rdf.web.keys import answer_key
from pfocr_rdf.web.process import QueryProcess, Running
from pfocr_rdf.web.sparql import Query

OLD: Final = "20250101T000000Z-old"
NEW: Final = "20250101T000001Z-new"
WAIT_S: Final = 10.0


async def nothing() -> None:
    """Nothing to wait for."""


class Answers:
    """An engine whose answers a test gives; each is of the release that it was begun on."""

    def __init__(self) -> None:
        self.options = EngineOptions()
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
        self.running = running
        return running

    def end(self) -> None:
        """The last of a longer answer has come."""
        self.running.end = {}
        self.running.wake()

    def close(self, running: Running) -> None:
        """Nothing runs."""

    def read_on(self) -> None:
        """Nothing waits to be read."""


class Client:
    """Asks by GET, and takes what is sent; one that does not read takes it when it is aborted."""

    def __init__(self, *, reads: bool = True) -> None:
        self.sent: list[Message] = []
        self.aborted = asyncio.Event()
        self.has_begun = asyncio.Event()
        self.left = asyncio.Event()
        self._reads = reads

    async def ask(
        self, endpoint: Endpoint, text: str = "ASK {}", accept: str = "*/*", has: str = ""
    ) -> "Client":
        query_string = f"query={quote(text)}".encode()
        async with asyncio.timeout(WAIT_S):
            await endpoint(self.exchange("/sparql", query_string, accept, has))
        return self

    def exchange(
        self, path: str, query_string: bytes, accept: str = "*/*", has: str = ""
    ) -> Exchange:
        headers = [(b"accept", accept.encode())]
        scope = {
            "method": "GET",
            "path": path,
            "query_string": query_string,
            "headers": [*headers, (b"if-none-match", has.encode())] if has else headers,
            "extensions": {ABORT: self.aborted.set},
        }
        return Exchange(scope, self._receive, self._send, "0-0", time.monotonic(), "http://x/")

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def told(self) -> tuple[str, str, str]:
        """The release by its header, the release by the body, and whether it was kept."""
        body = b"".join(message["body"] for message in self.sent[1:])
        return self.headers["x-pfocr-release"], body.decode(), self.headers["x-cache"]

    async def _receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if not self._reads and message.get("body"):
            await self.aborted.wait()
        self.sent.append(message)
        if message.get("body"):
            self.has_begun.set()


def query_of(text: str) -> Query:
    return Query(text, None, None, choose_formats(None, None), "identity")


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


def test_who_names_the_tag_of_an_answer_that_was_not_kept_is_told_so_without_asking() -> None:
    """The engine would say the same again: the answer was too large to keep, or had to go."""

    async def work(answers: Answers, endpoint: Endpoint) -> None:
        async def turn() -> None:
            raise AssertionError("it is asked again")

        tag = (await Client().ask(endpoint)).headers["etag"]
        endpoint.cache.clear()
        answers.turn = turn
        again = await Client().ask(endpoint, has=tag)
        assert (again.sent[0]["status"], again.headers["etag"]) == (304, tag)
        assert again.headers["x-pfocr-release"] == OLD
        # What has another tag, or none, is asked.
        answers.turn, answers.release_id = nothing, NEW
        assert (await Client().ask(endpoint, has=tag)).told == (NEW, NEW, "miss")
        endpoint.cache.clear()
        assert (await Client().ask(endpoint, has="*")).told == (NEW, NEW, "miss")
        changing = "ASK { BIND(NOW() AS ?x) }"
        own = answer_key(NEW, query_of(changing)).etag.decode()
        assert (await Client().ask(endpoint, changing, has=own)).told == (NEW, NEW, "none")

    with_answers(work)


def test_no_more_requests_are_remembered_word_for_word_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pfocr_rdf.web.endpoint.HOT_ENTRIES", 2)

    async def work(answers: Answers, endpoint: Endpoint) -> None:
        for number in range(4):
            await Client().ask(endpoint, f"ASK {{}} # {number}")
        assert len(endpoint._hot) == 2
        assert (await Client().ask(endpoint, "ASK {} # 0")).told == (OLD, OLD, "hit")

    with_answers(work)


def test_what_is_asked_by_other_addresses_takes_no_room_of_requests_to_the_endpoint() -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        query = query_of("ASK {}")
        client = Client()
        await endpoint.answer(client.exchange("/queries/a", b""), query)
        assert client.told == (OLD, OLD, "miss")
        assert len(endpoint._hot) == 0
        assert (await Client().ask(endpoint)).told == (OLD, OLD, "hit")
        assert len(endpoint._hot) == 1

    with_answers(work)


@pytest.mark.parametrize(
    ("text", "cache"), [("ASK {}", "hit"), ("ASK { BIND(NOW() AS ?x) }", "none")]
)
def test_a_page_is_given_a_kept_answer_where_the_query_has_the_same_again(
    text: str, cache: str
) -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        query = query_of(text)
        for _ in range(2):
            exchange = Client().exchange("/queries/a", b"")
            assert await endpoint.read(exchange, query, 1000) == OLD.encode()
        assert exchange.cache == cache

    with_answers(work)


def test_who_leaves_a_page_before_its_answer_is_there_has_gone_and_nothing_has_failed() -> None:
    async def work(answers: Answers, endpoint: Endpoint) -> None:
        async def making() -> None:
            client.left.set()
            await asyncio.Event().wait()

        answers.making = making
        client = Client()
        exchange = client.exchange("/queries/a", b"")
        async with asyncio.timeout(WAIT_S):
            with pytest.raises(asyncio.CancelledError):
                await endpoint.read(exchange, query_of("ASK {}"), 1000)
        assert exchange.outcome == "disconnect"

    with_answers(work)


def test_the_deadline_of_an_answer_is_over_with_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its timer would cut a later answer off on the same connection."""
    timers: list[asyncio.TimerHandle] = []

    async def work(answers: Answers, endpoint: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def note(delay: float, callback: Any, *args: Any) -> asyncio.TimerHandle:
            timer = call_later(delay, callback, *args)
            if callback.__name__ == "abort":
                timers.append(timer)
            return timer

        monkeypatch.setattr(loop, "call_later", note)
        answers.is_whole = False
        client = Client()
        asked = asyncio.create_task(client.ask(endpoint))
        await client.has_begun.wait()
        answers.end()
        await asked
        assert client.told == (OLD, OLD, "miss")
        assert [timer.cancelled() for timer in timers] == [True]

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
            found.append(len(endpoint._hot))
        return found

    assert asyncio.run(work()) == [1, 1]
