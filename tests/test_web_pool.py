"""The query processes of a release, and what comes of it when one is killed from outside."""

import asyncio
import os
import signal

import pytest

from pfocr_rdf.releases import Release
from pfocr_rdf.web import pool
from pfocr_rdf.web.pool import Pool, Told
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.served import Held, hold


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
