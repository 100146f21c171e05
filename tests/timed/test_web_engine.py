"""Asking query processes: turns, deadlines, kills, substitutes. Real processes, one event loop."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import pytest

from pfocr_rdf.releases import Release
from pfocr_rdf.web.engine import Engine, EngineOptions
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.pool import GROWN
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import CutError, QueryProcess, Running
from pfocr_rdf.web.served import hold
from serving import is_alive

#: Never ends by itself.
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
#: Flows as fast as it is read, for long.
FLOOD: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def payload(query: str, **options: Any) -> bytes:
    asked = {
        "query": query,
        "default_graphs": None,
        "named_graphs": None,
        "solutions": "tsv",
        "boolean": "json",
        "graph": "ntriples",
        "encoding": "identity",
        "max_rows": 10_000_000,
        "max_bytes": 1 << 30,
    }
    return orjson.dumps({**asked, **options})


@asynccontextmanager
async def engine_on(
    release: Release, reasons: list[str] | None = None, **options: Any
) -> AsyncIterator[Engine]:
    engine = Engine(EngineOptions(**options), (reasons if reasons is not None else []).append)
    held = hold(release)
    try:
        await engine.serve(held)
        yield engine
    finally:
        await engine.stop()
        held.close()


async def ask(engine: Engine, query: str, client: str = "ann", **options: Any) -> Running:
    return await engine.ask(payload(query, **options), client, time.monotonic())


async def whole(engine: Engine, query: str, client: str = "ann") -> bytes:
    running = await ask(engine, query, client)
    try:
        return b"".join([data async for data in running.rest()])
    finally:
        engine.close(running)


async def read_slowly(running: Running) -> None:
    async for _ in running.rest():
        await asyncio.sleep(0.01)


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def test_an_answer_comes_with_its_kind_and_the_release_it_is_of(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release) as engine:
            running = await ask(engine, "SELECT ?f { ?f a schema:ImageObject }")
            assert running.head["kind"] == "solutions"
            assert running.release == seeds_release.id
            assert running.end is not None
            assert running.end["rows"] == 5
            assert running.take().count(b"\n") == 6
            engine.close(running)

    run(work)


def test_a_query_that_fails_leaves_its_process_at_work(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, slow_after_s=60) as engine:
            before = engine.pool.pids()
            with pytest.raises(Refusal) as caught:
                await ask(engine, "SELECT * {")
            assert caught.value.kind == "syntax"
            assert await whole(engine, "SELECT (1 AS ?x) {}")
            assert engine.pool.pids() == before

    run(work)


def test_a_query_ends_at_its_deadline_and_its_process_with_it(seeds_release: Release) -> None:
    reasons: list[str] = []

    async def work() -> None:
        async with engine_on(seeds_release, reasons, timeout_s=0.5) as engine:
            started = time.monotonic()
            with pytest.raises(Refusal) as caught:
                await ask(engine, ENDLESS)
            assert 0.5 <= time.monotonic() - started < 1.0
            assert caught.value.kind == "query-timeout"
            assert caught.value.members["limit_s"] == 0.5
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)
    assert reasons == ["deadline"]


def test_the_deadline_counts_from_the_arrival_with_the_wait(seeds_release: Release) -> None:
    async def work() -> None:
        places = Places(fresh=1, slow=0)
        async with engine_on(seeds_release, timeout_s=0.6, places=places) as engine:
            started = time.monotonic()
            asked = [ask(engine, ENDLESS), ask(engine, ENDLESS, "bob")]
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert time.monotonic() - started < 1.2
            kinds = sorted(e.kind for e in found if isinstance(e, Refusal))
            assert kinds in (["busy", "query-timeout"], ["query-timeout", "query-timeout"])

    run(work)


def test_an_answer_that_is_cut_never_ends_as_if_it_were_whole(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, timeout_s=0.7) as engine:
            running = await ask(engine, FLOOD)
            with pytest.raises(CutError) as caught:
                await read_slowly(running)
            assert caught.value.refusal.kind == "query-timeout"

    run(work)


def test_nobody_reads_and_the_server_holds_little(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, timeout_s=5) as engine:
            running = await ask(engine, FLOOD)
            seen = 0
            for _ in range(20):
                await asyncio.sleep(0.02)
                seen = max(seen, running.held)
            assert 65_536 <= seen < 2 << 20
            engine.close(running)

    run(work)


def test_closing_an_answer_in_the_middle_kills_and_replaces(seeds_release: Release) -> None:
    reasons: list[str] = []

    async def work() -> None:
        async with engine_on(seeds_release, reasons) as engine:
            running = await ask(engine, FLOOD)
            pid = running.process.pid
            engine.close(running)
            await until(lambda: not is_alive(pid))
            await until(lambda: engine.pool.idle == 2)
            assert not engine.busy

    run(work)
    assert reasons == ["disconnect"]


def test_a_slow_query_gets_a_substitute_and_the_lower_priority(seeds_release: Release) -> None:
    async def work() -> None:
        places = Places(fresh=1, slow=1)
        async with engine_on(seeds_release, places=places, slow_after_s=0.1) as engine:
            slow = asyncio.create_task(ask(engine, ENDLESS))
            await until(lambda: bool(engine.busy))
            assert await whole(engine, "SELECT (1 AS ?x) {}", "bob")
            (running,) = engine.busy
            assert running.slow
            pid = running.process.pid
            assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10
            slow.cancel()
            await asyncio.wait([slow])
            await until(lambda: not is_alive(pid))

    run(work)


SLOW: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?b ?f }"


def test_a_process_that_was_slow_alone_is_used_again_for_it_has_read_much(
    seeds_release: Release,
) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, slow_after_s=0.0) as engine:
            running = await ask(engine, SLOW)
            assert running.slow
            await until(lambda: engine.pool.idle == 2)
            again = await ask(engine, SLOW.replace("?n", "?m"))
            assert again.process is running.process
            await until(lambda: len(engine.pool.pids()) == 3)

    run(work)


def test_a_process_that_has_grown_is_not_used_again(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_mb = 128
    most = (memory_mb << 20) // GROWN
    monkeypatch.setattr(QueryProcess, "grown_bytes", lambda process: most + 1)

    async def work() -> None:
        async with engine_on(seeds_release, slow_after_s=0.0, memory_mb=memory_mb) as engine:
            running = await ask(engine, SLOW)
            assert running.slow
            await until(lambda: not is_alive(running.process.pid))
            await until(lambda: engine.pool.idle == 2)

    run(work)


def test_a_process_that_had_to_give_way_is_not_used_again(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, slow_after_s=0.0) as engine:
            asked = [asyncio.create_task(ask(engine, SLOW.replace("?n", x))) for x in ("?x", "?y")]
            running, other = await asyncio.gather(*asked)
            worn = [each.process.pid for each in (running, other) if each.process.worn]
            assert worn
            await until(lambda: not any(is_alive(pid) for pid in worn))

    run(work)


def test_memory_that_runs_out_is_told_as_such(seeds_release: Release) -> None:
    reasons: list[str] = []
    doubled = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(34))
    query = f'SELECT (STRLEN(?x34) AS ?n) {{ BIND("aaaa" AS ?x0) {doubled} }}'

    async def work() -> None:
        async with engine_on(seeds_release, reasons, memory_mb=128) as engine:
            with pytest.raises(Refusal) as caught:
                await ask(engine, query)
            assert caught.value.kind == "memory"
            assert caught.value.members["limit_mb"] == 128
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)
    assert reasons == ["memory"]


def test_a_crash_of_the_engine_ends_one_query(seeds_release: Release) -> None:
    reasons: list[str] = []
    query = f"SELECT * {{ FILTER({'(' * 20_000}1{')' * 20_000}) }}"

    async def work() -> None:
        async with engine_on(seeds_release, reasons) as engine:
            with pytest.raises(Refusal) as caught:
                await ask(engine, query)
            assert caught.value.kind == "engine-failure"
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)
    assert reasons == ["crash"]


def test_values_that_have_no_order_are_told_as_such(seeds_release: Release) -> None:
    reasons: list[str] = []
    mixed = (str(n * 11 % 100) if n % 2 else f'"{n * 11 % 100}"' for n in range(100))
    query = f"SELECT ?x {{ VALUES ?x {{ {' '.join(mixed)} }} }} ORDER BY ?x"

    async def work() -> None:
        async with engine_on(seeds_release, reasons) as engine:
            with pytest.raises(Refusal) as caught:
                await ask(engine, query)
            assert caught.value.kind == "evaluation"
            assert "ORDER BY" in caught.value.detail
            assert await whole(engine, query.replace("BY ?x", "BY STR(?x)"))

    run(work)
    assert reasons == ["crash"]


def test_one_clients_many_heavy_queries_leave_a_place_to_others(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release, slow_after_s=0.05, timeout_s=20) as engine:
            heavy = [asyncio.create_task(ask(engine, ENDLESS, "eve")) for _ in range(50)]
            await until(lambda: engine.line.is_heavy("eve") and engine.line.slow == 2)
            for number in range(50):
                async with asyncio.timeout(2):
                    assert await whole(engine, f"SELECT ({number} AS ?x) {{}}", "bob")
            assert sum(running.client == "eve" for running in engine.busy) <= 3
            for task in heavy:
                task.cancel()
            await asyncio.wait(heavy)
            assert engine.line.waiting == 0

    run(work)


def test_whoever_leaves_the_queue_takes_no_place_with_him(seeds_release: Release) -> None:
    async def work() -> None:
        places = Places(fresh=1, slow=0)
        async with engine_on(seeds_release, places=places, slow_after_s=60) as engine:
            first = asyncio.create_task(ask(engine, ENDLESS))
            await until(lambda: bool(engine.busy))
            second = asyncio.create_task(ask(engine, "ASK {}", "bob"))
            await until(lambda: engine.line.waiting == 1)
            second.cancel()
            await asyncio.wait([second])
            first.cancel()
            await asyncio.wait([first])
            assert (engine.line.waiting, engine.line.fresh) == (0, 0)
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)


def test_whoever_leaves_in_the_moment_of_his_turn_gives_place_and_process_back(
    seeds_release: Release,
) -> None:
    async def work() -> None:
        places = Places(fresh=1, slow=0)
        async with engine_on(seeds_release, places=places, slow_after_s=60) as engine:
            running = await ask(engine, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000")
            assert running.end is None
            second = asyncio.create_task(ask(engine, "ASK {}", "bob"))
            await until(lambda: engine.line.waiting == 1)
            is_over = running.over

            def over(ended: Running) -> None:
                is_over(ended)
                assert (engine.line.waiting, engine.line.fresh, engine.pool.idle) == (0, 1, 0)
                second.cancel()

            running.over = over
            async for _ in running.rest():
                pass
            await asyncio.wait([second])
            assert second.cancelled()
            assert (engine.line.waiting, engine.line.fresh, engine.pool.idle) == (0, 0, 1)
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)


def test_the_end_of_the_forking_process_is_survived(seeds_release: Release) -> None:
    async def work() -> None:
        async with engine_on(seeds_release) as engine:
            first = engine.pool.pids()[0]
            zygote = engine.pool._zygote
            assert zygote is not None
            zygote.kill()
            await until(lambda: engine.pool.pids()[:1] != [first] and engine.pool.idle == 2)
            assert await whole(engine, "SELECT (1 AS ?x) {}")

    run(work)


def test_nothing_is_left_when_it_stops(seeds_release: Release) -> None:
    pids: list[int] = []

    async def work() -> None:
        async with engine_on(seeds_release) as engine:
            pids.extend(engine.pool.pids())
            running = await ask(engine, FLOOD)
            assert running.chunks

    run(work)
    assert len(pids) == 3

    async def ended() -> None:
        await until(lambda: not any(is_alive(pid) for pid in pids))

    run(ended)


def test_before_a_release_is_served_queries_are_told_so() -> None:
    async def work() -> None:
        engine = Engine()
        with pytest.raises(Refusal) as caught:
            await ask(engine, "ASK {}")
        assert caught.value.kind == "no-release"
        assert not engine.ready
        await engine.stop()

    run(work)
