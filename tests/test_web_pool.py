"""The query processes of a release, and what comes of it when one is killed from outside."""

import asyncio
import logging
import os
import shutil
import signal
from typing import Any

import pytest

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.releases import Release
from pfocr_rdf.web import pool
from pfocr_rdf.web.pool import Pool, Told
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import QueryProcess, Running
from pfocr_rdf.web.served import Held, hold
from pfocr_rdf.web.zygote import ask_for_worker, start_zygote


def test_a_process_that_is_killed_while_a_release_is_opened_is_replaced(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "START_S", 10.0)
    killed: list[QueryProcess] = []
    others: list[QueryProcess] = []

    def make(_: Held, ready: Told, gone: Told) -> QueryProcess:
        def is_ready(process: QueryProcess) -> None:
            if killed and not killed[0].gone:
                others.append(process)  # told of when the pool knows of the first one's end
                return
            ready(process)
            if not killed:
                killed.append(process)
                os.kill(process.pid, signal.SIGKILL)

        def is_gone(process: QueryProcess) -> None:
            gone(process)
            while process in killed and others:
                ready(others.pop())

        return QueryProcess(is_ready, is_gone)

    async def opened() -> int:
        held, processes = hold(seeds_release), Pool(2, 256, lambda: None, lambda _: None, make)
        try:
            return len((await processes.open(held)).idle)
        finally:
            await processes.close()
            held.close()

    assert asyncio.run(opened()) == 2


async def idle_after_opening(release: Release) -> int:
    """Open a release; how many processes wait for queries then."""
    held, processes = hold(release), Pool(2, 256, lambda: None, lambda _: None)
    try:
        return len((await processes.open(held)).idle)
    finally:
        await processes.close()
        held.close()


def test_a_release_is_opened_though_what_starts_its_processes_is_killed_meanwhile(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "OBITUARY_S", 0.05)
    killed: list[int] = []

    def start() -> Any:
        process, control = start_zygote()
        if not killed:
            killed.append(process.pid)
            process.kill()
        return process, control

    monkeypatch.setattr(pool, "start_zygote", start)
    assert asyncio.run(idle_after_opening(seeds_release)) == 2
    assert killed


def lose(*_: object) -> None:
    """Take a request as a keeper does that is killed before it forks: its end is closed."""


def test_a_release_whose_processes_are_killed_again_and_again_is_refused_soon(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "OBITUARY_S", 0.01)
    monkeypatch.setattr(pool, "ask_for_worker", lose)
    with pytest.raises(ReleaseError, match="a query process ended when it opened the store"):
        asyncio.run(asyncio.wait_for(idle_after_opening(seeds_release), 10))


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.ERROR]


@pytest.mark.parametrize("times", [1, 3])
def test_that_processes_do_not_start_is_told_when_it_lasts(
    seeds_release: Release,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    times: int,
) -> None:
    lost: list[tuple[Any, ...]] = []

    async def work() -> None:
        ready = asyncio.Event()
        held, processes = hold(seeds_release), Pool(1, 256, ready.set, lambda _: None)
        try:
            processes.switch(await processes.open(held))
            ready.clear()

            def lose_some(*request: Any) -> None:
                if len(lost) < times:
                    lost.append(request)
                else:
                    ask_for_worker(*request)

            monkeypatch.setattr(pool, "ask_for_worker", lose_some)
            os.kill(processes.pids()[1], signal.SIGKILL)
            await asyncio.wait_for(ready.wait(), 10)
        finally:
            await processes.close()
            held.close()

    asyncio.run(work())
    assert len(lost) == times
    told = f"{seeds_release.path}: query processes do not start: they end at once"
    assert errors_of(caplog) == [told] * (times > 1)


class Ringing(logging.Handler):
    """Tells that something was logged."""

    def __init__(self, event: asyncio.Event) -> None:
        super().__init__(logging.ERROR)
        self.event = event

    def emit(self, record: logging.LogRecord) -> None:
        self.event.set()


def test_why_processes_do_not_start_is_told(
    copied_release: Release, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        told = asyncio.Event()
        held, processes = hold(copied_release), Pool(1, 256, lambda: None, lambda _: None)
        try:
            processes.switch(await processes.open(held))
            monkeypatch.setattr(pool.log, "handlers", [Ringing(told)])
            shutil.rmtree(copied_release.store)
            os.kill(processes.pids()[0], signal.SIGKILL)
            async with asyncio.timeout(20):
                while not any("do not start" in error for error in errors_of(caplog)):
                    told.clear()
                    await told.wait()
        finally:
            await processes.close()
            held.close()

    asyncio.run(work())
    assert "query processes do not start: the store cannot be read" in errors_of(caplog)[-1]


def test_a_process_that_writes_garbage_is_counted_as_crashed_and_its_query_fails(
    seeds_release: Release,
) -> None:
    counted: list[str] = []

    async def failure() -> Refusal | None:
        held, processes = hold(seeds_release), Pool(1, 256, lambda: None, counted.append)
        try:
            processes.switch(await processes.open(held))
            process = processes.take()
            assert process is not None
            over = asyncio.Event()
            running = Running(process, "", 60.0, 0.0, "", lambda _: over.set())
            process.running = running
            process.data_received(b"HTTP/1.1 200 OK")
            await asyncio.wait_for(over.wait(), 60)
            return running.failure
        finally:
            await processes.close()

    refusal = asyncio.run(failure())
    assert refusal is not None
    assert (refusal.kind, counted) == ("engine-failure", ["crash"])
