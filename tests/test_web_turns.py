"""Turns at threads: who has waited longest of the clients that wait, and nobody who has gone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from paging import pages_of
from pfocr_rdf.releases import Release
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.turns import Threads, Turns

T = TypeVar("T")


class Counting(Threads):
    """Counts what it is given to do, by client."""

    clients: list[str]

    async def run(self, client: str, work: Callable[[], T]) -> T:
        self.clients.append(client)
        return await super().run(client, work)


class Work:
    """Work that lasts until it is told to end; notes in which order it was begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.first = threading.Event()
        self.end = threading.Event()

    def named(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.begun.append(name)
            self.first.set()
            assert self.end.wait(10)
            return name

        return work

    async def under_way(self) -> None:
        """Wait until some work has begun."""
        assert await asyncio.to_thread(self.first.wait, 10)


def with_threads(places: Places, test: Callable[[Threads, Work], Awaitable[None]]) -> None:
    async def run() -> None:
        threads, work = Threads("pages", places), Work()
        try:
            await test(threads, work)
        finally:
            work.end.set()
            threads.close()

    asyncio.run(run())


def test_a_client_with_many_requests_waits_behind_the_others() -> None:
    async def test(threads: Threads, work: Work) -> None:
        many = [asyncio.create_task(threads.run("ann", work.named(f"ann {n}"))) for n in range(9)]
        await work.under_way()
        other = asyncio.create_task(threads.run("bob", work.named("bob")))
        await asyncio.sleep(0)
        work.end.set()
        assert await asyncio.gather(*many, other) == [*(f"ann {n}" for n in range(9)), "bob"]
        assert work.begun.index("bob") == 2

    with_threads(Places(fresh=1, slow=0), test)


def test_work_that_nobody_waits_for_is_not_begun() -> None:
    async def test(threads: Threads, work: Work) -> None:
        tasks = [asyncio.create_task(threads.run("ann", work.named(f"{n}"))) for n in range(5)]
        await work.under_way()
        for task in tasks[:4]:
            task.cancel()
        await asyncio.wait(tasks[:4])
        # What is under way keeps its place: nothing is begun beside it.
        assert work.begun == ["0"]
        work.end.set()
        assert await tasks[4] == "4"
        assert work.begun == ["0", "4"]
        assert threads.turns._line.waiting == 0

    with_threads(Places(fresh=1, slow=0), test)


def test_whose_turn_comes_as_they_go_leave_it_to_the_next() -> None:
    async def test() -> None:
        turns = Turns(Places(fresh=1, slow=0), "pages")
        await turns.enter("ann")
        gone, other = (asyncio.create_task(turns.enter(name)) for name in ("bob", "cy"))
        await asyncio.sleep(0)
        turns.leave("ann")
        gone.cancel()
        await asyncio.wait_for(other, 10)
        assert gone.cancelled()
        late = asyncio.create_task(turns.enter("dee"))
        await asyncio.sleep(0)
        late.cancel()
        turns.leave("cy")
        await asyncio.wait([late])
        await asyncio.wait_for(turns.enter("eve"), 10)
        turns.leave("eve")

    asyncio.run(test())


def test_what_fails_gives_its_place_back() -> None:
    async def test(threads: Threads, work: Work) -> None:
        def fails() -> str:
            raise ValueError("no")

        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                await threads.run("ann", fails)
        work.end.set()
        assert await threads.run("ann", work.named("after")) == "after"

    with_threads(Places(fresh=1, slow=0), test)


def test_who_waits_for_work_that_stops_an_iteration_is_told() -> None:
    async def test(threads: Threads, work: Work) -> None:
        nothing: Iterator[str] = iter(())
        async with asyncio.timeout(5):
            with pytest.raises(RuntimeError, match="stopped an iteration"):
                await threads.run("ann", lambda: next(nothing))

    with_threads(Places(fresh=1, slow=0), test)


def test_work_that_cannot_be_begun_any_more_is_told_as_that() -> None:
    async def test(threads: Threads, work: Work) -> None:
        threads.close()
        for _ in range(3):
            with pytest.raises(RuntimeError, match="after shutdown"):
                await threads.run("ann", work.named("late"))

    with_threads(Places(fresh=1, slow=0), test)


def test_too_many_are_told_to_come_back() -> None:
    async def test(threads: Threads, work: Work) -> None:
        tasks = [asyncio.create_task(threads.run("ann", work.named(f"{n}"))) for n in range(3)]
        await work.under_way()
        with pytest.raises(Refusal, match="2 pages are waiting, 2 of them yours") as caught:
            await threads.run("ann", work.named("more"))
        assert caught.value.kind == "busy"
        work.end.set()
        await asyncio.gather(*tasks)

    with_threads(Places(fresh=1, slow=0, waiting=4), test)


@pytest.mark.parametrize(
    "target", ["/", "/search?q=a", "/queries", "/queries/figures-by-gene", "/queries/nothing"]
)
def test_every_page_is_made_in_turn(target: str, seeds_release: Release) -> None:
    pages = pages_of(seeds_release)
    pages.threads = Counting("pages", Places(fresh=1, slow=0))
    pages.threads.clients = []
    pages.get(target, "text/html")
    assert set(pages.threads.clients) == {"127.0.0.1"}
