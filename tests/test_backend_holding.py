"""Looking whether the engine behind a server holds the release, for as long as that is served."""

import asyncio
import json
import logging
from contextlib import closing, suppress
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

import pfocr_rdf.web.backend.holding as holding_module
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.web.backend.client import Client
from pfocr_rdf.web.backend.holding import Holding, LacksError
from pfocr_rdf.web.backend.settings import Backend
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.served import hold

DEADLINE_S = 60


async def pause_s(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long it waits until the next look, without waiting."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", sleep)
        await holding.pause()
    return waited[0]


def test_a_failure_that_nobody_foresaw_does_not_end_the_looking_and_is_told_once(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0
    enough = asyncio.Event()

    async def exhausted(*_: Any) -> bytes:
        nonlocal looks
        looks += 1
        if looks > 2:
            enough.set()
        raise RuntimeError("can't start new thread")

    async def scene() -> None:
        held = hold(seeds_release)
        client = Client(Backend("http://127.0.0.1:9/sparql", poll_s=0))
        monkeypatch.setattr(client, "read", exhausted)
        watch = asyncio.create_task(Holding(client, held).watch())
        await asyncio.wait_for(enough.wait(), DEADLINE_S)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await client.close()
        held.close()

    asyncio.run(scene())
    (said,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert said.getMessage() == "http://127.0.0.1:9/sparql could not be checked: trying again soon"
    assert said.exc_info


@pytest.mark.parametrize(("answered", "waited_s"), [(0, 1.0), (1, 40.0)], ids=["hung", "counted"])
def test_the_next_look_is_late_where_counting_took_long_and_not_where_the_engine_hung(
    answered: int, waited_s: float, seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = Iris().release(seeds_release.manifest()["version"]).value
    cell = {"version": {"type": "uri", "value": version}}
    clock, asked, waited = [1.0], count(), []

    async def read(*_: Any) -> bytes:
        if next(asked) < answered:
            return json.dumps({"results": {"bindings": [cell]}}).encode()
        clock[0] += 10
        raise Refusal("query-timeout", "no answer")

    async def scene() -> None:
        client = Client(Backend("http://127.0.0.1:9/sparql"))
        monkeypatch.setattr(client, "read", read)
        with closing(hold(seeds_release)) as held:
            holding = Holding(client, held)
            with pytest.raises(LacksError, match="no answer"):
                await holding.inspect()
            waited.append(await pause_s(holding, monkeypatch))
        await client.close()

    monkeypatch.setattr(holding_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    asyncio.run(scene())
    assert waited == [waited_s]


def test_the_next_look_is_not_late_where_the_first_was_given_up(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server listens at last, whatever the engine does; then it may take its time to count."""
    version = Iris().release(seeds_release.manifest()["version"]).value
    cell = {"version": {"type": "uri", "value": version}}
    clock, counting, waited = [1.0], asyncio.Event(), []

    async def read(*_: Any) -> bytes:
        if clock[0] > 1:
            counting.set()
            await asyncio.Event().wait()
        clock[0] += 10
        return json.dumps({"results": {"bindings": [cell]}}).encode()

    async def scene() -> None:
        client = Client(Backend("http://127.0.0.1:9/sparql"))
        monkeypatch.setattr(client, "read", read)
        with closing(hold(seeds_release)) as held:
            holding = Holding(client, held)
            looking = asyncio.create_task(holding.inspect())
            await asyncio.wait_for(counting.wait(), DEADLINE_S)
            clock[0] += 10
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            waited.append(await pause_s(holding, monkeypatch))
        await client.close()

    monkeypatch.setattr(holding_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    asyncio.run(scene())
    assert waited == [1.0]
