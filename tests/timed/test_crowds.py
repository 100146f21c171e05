"""Clients that are too many, too slow or too greedy: others are served, and all get an answer."""

import asyncio
import http.client
import select
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from attacking import (
    ALL,
    HEAVY,
    Lookups,
    descriptors,
    large_data,
    many_files,
    resident_mb,
    site_listening,
)
from listening import WAIT_S, Listening, connected, rest, status_of
from pfocr_rdf.releases import Release
from pfocr_rdf.web.app import SiteOptions
from pfocr_rdf.web.endpoint import EndpointOptions
from serving import serving, wait_until

#: What slow clients get here, in place of ten seconds and more.
SHORT_S: Final = 0.5
SLOW_ONES: Final = 100
CONNECTIONS: Final = 2_000
ASK: Final = b"GET /sparql?query=ASK%%20%%7B%%7D%%20%%23%d HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(name="data", scope="module")
def _data(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large_data(seeds_release, tmp_path_factory)


@pytest.fixture(name="impatient", scope="module")
def _impatient(data: Path) -> Iterator[Listening]:
    """A server that does not wait long."""
    options = SiteOptions(endpoint=EndpointOptions(body_timeout_s=SHORT_S))
    with site_listening(
        data, options, header_timeout_s=SHORT_S, body_timeout_s=2 * SHORT_S
    ) as server:
        yield server


def trickle(address: tuple[str, int], head: bytes, number: int) -> tuple[list[bytes], list[bool]]:
    """What so many clients are told who send one byte now and then, and whether others were
    answered meanwhile."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(address)) for _ in range(number)]
        for client in clients:
            client.sendall(head)
        served = []
        for piece in range(3):
            for client in clients:
                client.sendall(b"%d" % piece)
            connection = http.client.HTTPConnection(*address, timeout=WAIT_S)
            connection.request("GET", f"/sparql?query=ASK%20%7B%7D%23{piece}")
            served.append(connection.getresponse().status == 200)
            connection.close()
        return [rest(client) for client in clients], served


def test_clients_that_send_their_headers_slowly_are_told_and_let_go(impatient: Listening) -> None:
    head = b"GET /sparql?query=ASK%20%7B%7D HTTP/1.1\r\nHost: x\r\nX-Slow: "
    answers, served = trickle(impatient.address, head, SLOW_ONES)
    assert {status_of(answer) for answer in answers} == {408}
    assert all(served)


def test_clients_that_send_their_query_slowly_are_told_and_let_go(impatient: Listening) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    head += b"Content-Type: application/sparql-query\r\n\r\n"
    answers, served = trickle(impatient.address, head, SLOW_ONES)
    assert {status_of(answer) for answer in answers} == {408}
    assert all(b"problems/request-timeout" in answer for answer in answers)
    assert all(served)


def test_who_expects_to_be_asked_for_the_query_and_sends_none_is_let_go(
    impatient: Listening,
) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n"
    with connected(impatient.address) as client:
        client.sendall(head + b"Content-Type: application/sparql-query\r\n\r\n")
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 100 ")
    assert status_of(answer.partition(b"\r\n\r\n")[2]) == 408


def test_who_holds_long_queries_back_keeps_out_no_other_client(data: Path) -> None:
    options = SiteOptions(endpoint=EndpointOptions(bodies_bytes=2 << 20))
    long = b"ASK {} #" + b"x" * 400_000
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"

    def post(text: bytes, source: str = "127.0.0.1") -> int:
        request = b"%bContent-Length: %d\r\nConnection: close\r\n\r\n" % (head, len(text))
        with connected(server.address, source=source) as client:
            client.sendall(request + text)
            return status_of(rest(client))

    with site_listening(data, options) as server:
        with ExitStack() as stack:
            clients = [stack.enter_context(connected(server.address)) for _ in range(8)]
            for client in clients:
                client.sendall(head + b"Content-Length: 400009\r\n\r\n" + long)
            told, _, _ = select.select(clients, [], [], WAIT_S)
            answers = [rest(client) for client in told]
            assert answers
            assert {status_of(answer) for answer in answers} == {503}
            assert all(b"\r\nretry-after: 5\r\n" in answer for answer in answers)
            assert post(b"ASK {}") == 200
            assert post(long, "127.0.0.2") == 200
        wait_until(lambda: post(long) == 200, "there is room again")
        assert {post(long + b"%d" % number) for number in range(8)} == {200}


def test_slow_readers_cost_no_memory_and_are_cut_off_at_the_deadline(data: Path) -> None:
    limits = ("--timeout-s", "2", "--workers", "2", "--slow-workers", "6")
    with serving(data, *limits) as server, ExitStack() as stack:
        server.ask("ASK {}")
        before = resident_mb(server.process.pid)
        with Lookups(server) as lookups:
            readers = []
            for number in range(4):
                reader = stack.enter_context(connected(server.address, receive_bytes=4096))
                query = ALL % number
                reader.sendall(
                    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query"
                    b"\r\nContent-Length: %d\r\n\r\n%b" % (len(query), query.encode())
                )
                assert reader.recv(1000).startswith(b"HTTP/1.1 200 ")
                readers.append(reader)
            most = resident_mb(server.process.pid)
            assert lookups.p99_s() < 0.1
        # Of each answer the server holds a megabyte or so, and the rest waits unwritten.
        assert most - before < 16
        # Whoever read on before the deadline could have the whole answer in time.
        wait_until(lambda: len(server.query_processes()) == 2, "their processes are gone", 5)
        for reader in readers:
            with pytest.raises(ConnectionResetError):
                rest(reader)


def test_a_client_with_two_hundred_heavy_queries_does_not_slow_down_another_one(
    data: Path,
) -> None:
    """Measured: lookups, one after the other and each by a new query, while the others run and
    wait, from their first moment on; the clients share the machine with the server."""
    with serving(data, "--timeout-s", "2", "--workers", "2") as server:
        with ThreadPoolExecutor(200) as executor, Lookups(server) as lookups:
            answers = list(executor.map(lambda n: server.ask(HEAVY % n), range(200)))
            p99_s = lookups.p99_s()
        assert {answer.problem for answer in answers} == {"query-timeout", "busy"}
        busy = [answer for answer in answers if answer.problem == "busy"]
        assert all(answer.headers["retry-after"] for answer in busy)
        assert p99_s < 0.1
        assert server.ask("ASK {}").status == 200


async def ask_at_once(address: tuple[str, int], number: int) -> list[bytes]:
    """Open that many connections, then ask over all of them; what comes on each."""
    opened = 0
    all_open = asyncio.Event()

    async def ask(count: int) -> bytes:
        nonlocal opened
        reader, writer = await asyncio.open_connection(*address)
        opened += 1
        if opened == number:
            all_open.set()
        await all_open.wait()
        try:
            writer.write(ASK % count + b"Connection: close\r\n\r\n")
            return await reader.read()
        finally:
            writer.close()

    return await asyncio.wait_for(asyncio.gather(*map(ask, range(number))), 30)


def test_two_thousand_clients_at_once_are_answered_or_told_when_to_come_back(data: Path) -> None:
    # A tenth of them finds the server full, the others ask; and then most must wait too long.
    limits = ("--connections", str(CONNECTIONS * 9 // 10))
    with serving(data, *limits) as server, many_files(CONNECTIONS + 200):
        server.ask("ASK {}")
        pid = server.process.pid
        files, memory = descriptors(pid), resident_mb(pid)
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
        answers = asyncio.run(ask_at_once(server.address, CONNECTIONS))
        found = Counter(status_of(answer) if answer else 0 for answer in answers)
        assert set(found) <= {200, 503}, found
        assert found[200] > 100
        for answer in answers:
            head = answer.partition(b"\r\n\r\n")[0].lower()
            assert status_of(answer) == 200 or b"\r\nretry-after: " in head
        assert server.ask("ASK { ?s ?p ?o }").status == 200
        wait_until(lambda: descriptors(pid) <= files + 1, "its connections are closed")
        assert len(list(Path(f"/proc/{pid}/task").iterdir())) <= threads + 1
        assert resident_mb(pid) - memory < 64
