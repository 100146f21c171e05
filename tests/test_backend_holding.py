"""Looking whether the engine behind a server holds the release, for as long as that is served."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

from pfocr_rdf.releases import Release
from pfocr_rdf.web.backend.client import Client
from pfocr_rdf.web.backend.holding import Holding
from pfocr_rdf.web.backend.settings import Backend
from pfocr_rdf.web.served import hold

DEADLINE_S = 60


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
    assert said.getMessage() == "http://127.0.0.1:9/sparql could not be looked at: again soon"
    assert said.exc_info
