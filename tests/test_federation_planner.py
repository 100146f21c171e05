"""The process that plans: whatever ends it, the next query has another one."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress

import orjson
import pytest
import uvloop

from pfocr_rdf.web.federation.planner import COMMAND, Planner
from pfocr_rdf.web.problems import Refusal

QUERY = "SELECT * { ?s ?p ?o SERVICE <urn:x> { ?o ?q ?r } }"


def stop(process: int) -> None:
    """Stop a child; it may answer until it is stopped."""
    os.kill(process, signal.SIGSTOP)
    os.waitid(os.P_PID, process, os.WSTOPPED | os.WNOWAIT)


def with_planner(
    loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[Planner], Awaitable[None]]
) -> None:
    async def run() -> None:
        planner = Planner()
        try:
            await work(planner)
        finally:
            await planner.close()
            assert planner.process is None

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_planner_that_ended_is_replaced(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def work(planner: Planner) -> None:
        first = await planner.plan(QUERY, {})
        assert planner.process is not None
        os.kill(planner.process.pid, signal.SIGKILL)
        await planner.process.wait()
        assert await planner.plan(f"{QUERY} LIMIT 1", {}) != first

    with_planner(loop, work)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_query_that_ends_its_planner_is_refused_and_the_next_is_not(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def work(planner: Planner) -> None:
        await planner.plan(QUERY, {})
        process = planner.process
        assert process is not None
        stop(process.pid)
        asked = asyncio.ensure_future(planner.plan(f"{QUERY} # deep", {}))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(Refusal) as raised:
            await asked
        assert raised.value.kind == "engine-failure"
        assert raised.value.detail == (
            "the query stopped the process that locates its SERVICE clauses: nest less"
        )
        assert (await planner.plan(QUERY, {})).steps
        assert (await planner.plan(f"{QUERY} LIMIT 1", {})).steps

    with_planner(loop, work)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_pipe_that_closed_costs_one_query_at_most(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def work(planner: Planner) -> None:
        await planner.plan(QUERY, {})
        assert planner.process is not None
        assert planner.process.stdin is not None
        os.kill(planner.process.pid, signal.SIGSTOP)  # it cannot end because of it
        planner.process.stdin.close()
        with suppress(BrokenPipeError):
            await planner.process.stdin.wait_closed()
        with pytest.raises(Refusal) as raised:
            await planner.plan(f"{QUERY} LIMIT 1", {})
        assert raised.value.kind == "engine-failure"
        assert (await planner.plan(f"{QUERY} LIMIT 1", {})).steps

    with_planner(loop, work)


def test_a_query_that_takes_too_long_is_stopped_with_its_planner() -> None:
    async def work(planner: Planner) -> None:
        await planner.plan(QUERY, {})
        process = planner.process
        assert process is not None
        stop(process.pid)
        planner.limit_s = 0.1
        with pytest.raises(Refusal) as raised:
            await planner.plan(f"{QUERY} # long", {})
        assert (raised.value.kind, raised.value.members) == ("query-timeout", {"limit_s": 0.1})
        assert planner.process is None
        assert process.returncode == -signal.SIGKILL

    with_planner(uvloop.new_event_loop, work)


def test_who_goes_away_leaves_no_answer_for_the_next() -> None:
    async def work(planner: Planner) -> None:
        await planner.plan(QUERY, {})
        task = asyncio.ensure_future(planner.plan(f"{QUERY} LIMIT 1", {}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        plan = await planner.plan(f"{QUERY} LIMIT 2", {})
        assert plan.final[-1] == " } LIMIT 2"

    with_planner(uvloop.new_event_loop, work)


def test_clients_take_turns() -> None:
    async def work(planner: Planner) -> None:
        await planner.plan(QUERY, {})
        order: list[str] = []

        async def ask(client: str, number: int) -> None:
            await planner.plan(f"{QUERY} LIMIT {number}", {}, client=client)
            order.append(client)

        await asyncio.gather(*(ask("ann", n) for n in range(1, 5)), ask("bob", 9))
        # The first of Ann's was under way, and the second stood in line before Bob came.
        assert order.index("bob") == 2

    with_planner(uvloop.new_event_loop, work)


def test_what_a_planner_refuses_is_told_with_its_line() -> None:
    async def work(planner: Planner) -> None:
        with pytest.raises(Refusal) as raised:
            await planner.plan("SELECT *\n{ SERVICE ?e { ?s ?p ?o } }", {})
        assert raised.value.members == {"line": 2}

    with_planner(uvloop.new_event_loop, work)


@pytest.mark.parametrize(("parent", "answers"), [(os.getpid, True), (os.getppid, False)])
def test_a_planner_whose_server_ended_while_it_started_answers_nothing(
    parent: Callable[[], int], answers: bool
) -> None:
    request = orjson.dumps({"text": QUERY, "prefixes": {}}) + b"\n"
    done = subprocess.run(
        [*COMMAND, str(parent())], input=request, capture_output=True, timeout=60, check=True
    )
    assert bool(done.stdout) == answers
