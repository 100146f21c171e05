"""Clients that go away, and answers that are cut: nothing is left of them, and none seems whole."""

import asyncio
import csv
import http.client
import io
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import orjson
import pytest

from attacking import ALL, HEAVY, ITEMS, OF_AN_ITEM, Lookups, descriptors, large_data, resident_mb
from listening import connected, rest
from pfocr_rdf.releases import Release
from pfocr_rdf.web.engine import Engine, EngineOptions
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import Running
from pfocr_rdf.web.served import hold_current
from serving import Server, serving, wait_until

AT_ONCE: Final = 50
SELECT_FORMATS: Final = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
GRAPH_FORMATS: Final = ("application/n-triples", "text/turtle")
#: Takes a moment.
COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?s ?q ?r }"
CONSTRUCT: Final = "CONSTRUCT WHERE { ?s ?p ?o } # %s"
#: That send what they have while the answer is being made.
ENCODINGS: Final = ("gzip", "zstd")


@pytest.fixture(name="data", scope="module")
def _data(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large_data(seeds_release, tmp_path_factory)


@pytest.fixture(name="server", scope="module")
def _server(data: Path) -> Iterator[Server]:
    with serving(data, "--timeout-s", "20", "--workers", "2") as server:
        yield server


def head(
    query: str, accept: str = "*/*", version: str = "1.1", encoding: str = "identity"
) -> bytes:
    return (
        f"GET /sparql?query={quote(query)} HTTP/{version}\r\nHost: x\r\nAccept: {accept}\r\n"
        f"Accept-Encoding: {encoding}\r\n\r\n"
    ).encode()


def running(server: Server) -> int:
    return int(server.metric("pfocr_rdf_running"))


def test_the_process_of_a_client_that_has_gone_is_ended_within_a_second(server: Server) -> None:
    with connected(server.address) as client:
        client.sendall(head(HEAVY % "gone"))
        wait_until(lambda: running(server) == 1, "the query runs")
        before = set(server.query_processes())
        kills = server.metric("pfocr_rdf_kills_total")
    wait_until(lambda: running(server) == 0, "it has ended", 1)
    wait_until(lambda: not before <= set(server.query_processes()), "a process is gone", 1)
    assert server.metric("pfocr_rdf_kills_total") == kills + 1


def test_a_query_of_a_client_that_has_gone_is_not_begun(server: Server) -> None:
    with connected(server.address) as first, connected(server.address) as second:
        first.sendall(head(HEAVY % 1))
        second.sendall(head(HEAVY % 2))
        wait_until(lambda: running(server) == 2, "both fresh places are taken")
        with connected(server.address) as third:
            third.sendall(head(HEAVY % 3))
            wait_until(lambda: server.metric("pfocr_rdf_queue_length") == 1, "the third one waits")
        wait_until(lambda: server.metric("pfocr_rdf_queue_length") == 0, "it waits no more", 1)
    wait_until(lambda: running(server) == 0, "nothing runs")


async def cancel_many(server: Server, number: int) -> None:
    """Ask, and go away: at once, after a tenth of a second, or in the middle of the answer."""
    places = asyncio.Semaphore(AT_ONCE)

    async def cancel(count: int) -> None:
        async with places:
            reader, writer = await asyncio.open_connection(*server.address)
            match count % 5:
                case 0:
                    writer.write(head(ALL % count))
                    await reader.read(100_000)
                case 1:
                    writer.write(head(HEAVY % count))
                    await asyncio.sleep(0.1)
                case 2:
                    writer.write(head(f"ASK {{}} # {count}"))
                case _:
                    writer.write(head(HEAVY % count))
                    await asyncio.sleep(0.001)
            writer.transport.abort()

    await asyncio.gather(*map(cancel, range(number)))


@pytest.mark.parametrize("count", [200, pytest.param(1_000, marks=pytest.mark.long)])
def test_cancelled_requests_leave_nothing_behind(count: int, data: Path) -> None:
    limits = ("--timeout-s", "20", "--workers", "2", "--log-format", "json")
    with serving(data, *limits) as server:
        # What the first few hundred bring about for good is there.
        asyncio.run(cancel_many(server, 200))
        _rest(server)
        pid = server.process.pid
        parents = [pid, *(p for p in server.processes() if p not in server.query_processes())]
        files = {parent: descriptors(parent) for parent in parents}
        memory = {parent: resident_mb(parent) for parent in parents}
        with Lookups(server) as lookups:
            asyncio.run(cancel_many(server, count))
        assert lookups.wrong == []
        _rest(server)
        for parent in parents:
            wait_until(lambda p=parent: descriptors(p) <= files[p], "files are closed")
            assert resident_mb(parent) - memory[parent] < 8
        assert server.rows("SELECT (COUNT(*) AS ?n) { ?s a schema:ImageObject }") == [{"n": "5"}]
        asked = server.metric("pfocr_rdf_requests_total")
        server.stop()
    requests = Counter(line.split('"request":')[1][:50] for line in server.log if "request" in line)
    assert set(requests.values()) == {1}
    assert len(requests) <= asked + 1
    assert len(lookups.times_s) > 10
    others = [line for line in server.log if "request" not in line]
    assert len(others) < 10, others


def _rest(server: Server) -> None:
    """Wait until nothing is done for those who have gone."""
    wait_until(lambda: running(server) == 0, "nothing runs")
    wait_until(lambda: server.metric("pfocr_rdf_connections") == 1, "no connection is open")
    wait_until(lambda: len(server.query_processes()) == 2, "the two processes are there")
    wait_until(lambda: server.metric("pfocr_rdf_workers") == 2, "the server knows of two")


def test_a_large_answer_takes_no_memory_in_the_server_and_is_whole(server: Server) -> None:
    pid = server.process.pid
    server.ask("ASK {}")
    before, most = resident_mb(pid), 0.0
    connection = server.connect()
    connection.request(
        "GET", f"/sparql?query={quote(ALL % 'large')}", headers={"Accept": "text/csv"}
    )
    response = connection.getresponse()
    parts = []
    while part := response.read(1 << 20):
        parts.append(part)
        most = max(most, resident_mb(pid))
    connection.close()
    rows = csv.reader(io.StringIO(b"".join(parts).decode(), newline=""))
    assert len(list(rows)) > ITEMS * OF_AN_ITEM
    assert sum(map(len, parts)) > 10 << 20
    assert most - before < 16


@pytest.fixture(name="small", scope="module")
def _small(data: Path) -> Iterator[Server]:
    """A server that gives out no more than a megabyte."""
    with serving(data, "--max-answer-mb", "1") as server:
        yield server


def cut(server: Server, query: str, accept: str, version: str, encoding: str = "") -> None:
    """Ask for an answer that is too large, and see that it breaks off."""
    with connected(server.address) as client:
        client.sendall(head(query, accept, version, encoding))
        # https://www.rfc-editor.org/rfc/rfc9110#section-2.5 : a server says its own version.
        assert client.recv(12) == b"HTTP/1.1 200"
        with pytest.raises(ConnectionResetError):
            rest(client)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("accept", [*SELECT_FORMATS, *GRAPH_FORMATS])
def test_an_answer_over_the_limit_of_bytes_ends_in_a_reset(
    small: Server, accept: str, version: str
) -> None:
    query = ALL if accept in SELECT_FORMATS else CONSTRUCT
    cut(small, query % version, accept, version)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_so_does_a_compressed_one(small: Server, encoding: str) -> None:
    cut(small, ALL % "", "text/csv", "1.1", encoding)


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("text/csv", "1.1"),
        ("application/n-triples", "1.0"),
        pytest.param("text/csv", "1.0", marks=pytest.mark.long),
        pytest.param("application/n-triples", "1.1", marks=pytest.mark.long),
    ],
)
def test_an_answer_at_its_deadline_ends_in_a_reset(
    deadly: Server, accept: str, version: str
) -> None:
    form = "SELECT *" if accept == "text/csv" else "CONSTRUCT { ?s ?p ?c }"
    cut(deadly, f"{form} {{ ?s ?p ?o . ?a ?b ?c }} # {version}", accept, version)


@pytest.fixture(name="deadly", scope="module")
def _deadly(data: Path) -> Iterator[Server]:
    """A server that gives no query more than a second."""
    with serving(data, "--timeout-s", "1") as server:
        yield server


def test_a_client_notices_that_its_answer_was_cut(small: Server) -> None:
    for accept in (*SELECT_FORMATS, "application/n-triples"):
        query = ALL if accept in SELECT_FORMATS else CONSTRUCT
        connection = small.connect()
        connection.request("GET", f"/sparql?query={quote(query % '')}", headers={"Accept": accept})
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            connection.getresponse().read()
        connection.close()


def test_a_cut_answer_is_not_kept(small: Server) -> None:
    for _ in range(2):
        cut(small, ALL % "kept?", "text/csv", "1.1")
    assert small.metric("pfocr_rdf_cache_hits_total") == 0


def asked(query: str) -> bytes:
    """A query as a query process gets it."""
    names = ("default_graphs", "named_graphs")
    asked = {"query": query, "solutions": "json", "boolean": "json", "graph": "turtle"}
    limits = {"encoding": "identity", "max_rows": 100, "max_bytes": 1 << 20}
    return orjson.dumps({**asked, **dict.fromkeys(names), **limits})


@asynccontextmanager
async def one_place(data: Path) -> AsyncIterator[Engine]:
    """An engine that runs one query at a time."""
    engine = Engine(EngineOptions(Places(fresh=1, slow=0)))
    try:
        await engine.serve(hold_current(data))
        yield engine
    finally:
        await engine.stop()


async def begin(engine: Engine, *queries: str) -> list["asyncio.Task[Running]"]:
    """Ask, one after the other: the first runs, the others wait."""
    tasks = []
    for query in queries:
        asking = engine.ask(asked(query), query, time.monotonic())
        tasks.append(asyncio.create_task(asking))
        await asyncio.sleep(0)
    assert (len(engine.busy), engine.line.waiting) == (1, len(queries) - 1)
    return tasks


@pytest.mark.parametrize("before", [True, False])
def test_the_turn_of_a_client_that_has_just_gone_falls_to_the_next(
    data: Path, before: bool
) -> None:
    async def scenario() -> None:
        async with one_place(data) as engine:
            first, gone, third = await begin(engine, COUNT, "ASK {}", "ASK { ?s ?p ?o }")
            (running,) = engine.busy
            over = running.over

            def over_and_gone(running: Running) -> None:
                # Just before or just after it gets its turn, of which its task knows nothing yet.
                if before:
                    gone.cancel()
                over(running)
                gone.cancel()

            running.over = over_and_gone
            await asyncio.wait_for(first, 60)
            assert (await asyncio.wait_for(third, 10)).end is not None
            with pytest.raises(asyncio.CancelledError):
                await gone

    asyncio.run(scenario())


def test_a_process_that_is_killed_is_not_given_to_the_next_one(data: Path) -> None:
    async def scenario() -> None:
        async with one_place(data) as engine:
            first, second = await begin(engine, HEAVY % 1, "ASK { ?s ?p ?o }")
            (running,) = engine.busy
            engine.close(running)
            answered = await asyncio.wait_for(second, 10)
            assert answered.process is not running.process
            with pytest.raises(Refusal):
                await first

    asyncio.run(scenario())
