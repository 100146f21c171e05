"""Signals to the server and to its processes, of the kinds that operators and kernels send."""

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from attacking import ALL, HEAVY, ITEMS, OF_AN_ITEM, large_data
from pfocr_rdf.releases import Release
from serving import Answer, Server, descendants, is_alive, serving, wait_until


@pytest.fixture(name="data", scope="module")
def _data(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large_data(seeds_release, tmp_path_factory)


@pytest.fixture(name="server")
def _server(data: Path) -> Iterator[Server]:
    """One that the test ends."""
    with serving(data, "--workers", "2", "--timeout-s", "20") as server:
        yield server


@pytest.fixture(name="lasting", scope="module")
def _lasting(data: Path) -> Iterator[Server]:
    """One that all tests must leave as they found it."""
    with serving(data, "--workers", "2", "--timeout-s", "20") as server:
        yield server


class Asking(threading.Thread):
    """A client that waits for one answer, or for the end of its connection."""

    def __init__(self, server: Server, query: str) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self.error: OSError | http.client.HTTPException | None = None
        self._server, self._query = server, query
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._server.post(self._query)
        except (OSError, http.client.HTTPException) as error:
            self.error = error

    def problem(self) -> str:
        self.join(30)
        assert self.answer is not None, self.error
        return self.answer.problem


def all_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(is_alive(pid) for pid in pids)


def running(server: Server) -> float:
    return server.metric("pfocr_rdf_running")


def busiest(server: Server) -> int:
    """The query process that has used the processor most."""

    def ticks(pid: int) -> int:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])

    return max(server.query_processes(), key=ticks)


def begin(
    server: Server, query: str
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """The first part of an answer that is far longer."""
    connection = server.connect()
    connection.request("GET", f"/sparql?query={quote(query)}")
    response = connection.getresponse()
    assert response.read(1000)
    return connection, response


def takes_connections(server: Server) -> bool:
    try:
        socket.create_connection(server.address, 5).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False  # reset: it was closed while this one waited to be taken
    return True


def test_a_running_answer_ends_whole_before_the_server_does(server: Server) -> None:
    processes = server.processes()
    connection, response = begin(server, ALL % "")
    idle = server.connect()
    idle.connect()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not takes_connections(server), "no connection is taken")
    assert server.process.poll() is None
    answer = b" " * 1000 + response.read()
    assert answer.endswith(b"]}}")
    assert answer.count(b'"o":{') > ITEMS * OF_AN_ITEM * 0.99
    connection.close()
    assert server.process.wait(10) == 0
    wait_until(all_gone(processes), "its processes are gone", 2)
    idle.close()


def test_a_query_that_waits_for_its_answer_gets_it_too(server: Server) -> None:
    asking = Asking(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?s ?q ?r }")
    wait_until(lambda: running(server) == 1 or not asking.is_alive(), "it runs")
    assert server.stop() == 0
    asking.join(30)
    assert asking.answer is not None, asking.error
    assert asking.answer.status == 200


def test_what_does_not_end_in_time_is_cut_and_the_server_ends(data: Path) -> None:
    with serving(data, "--drain-s", "0.5") as server:
        processes = server.processes()
        asking = Asking(server, HEAVY % "")
        wait_until(lambda: running(server) == 1, "it runs")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 3
        asking.join(10)
        assert asking.answer is None
        wait_until(all_gone(processes), "its processes are gone", 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait(server: Server, number: signal.Signals) -> None:
    processes = server.processes()
    asking = Asking(server, HEAVY % "")
    wait_until(lambda: running(server) == 1, "it runs")
    server.process.send_signal(number)
    wait_until(lambda: not takes_connections(server), "no connection is taken")
    assert server.process.poll() is None
    begun = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(10) == 0
    assert time.monotonic() - begun < 2
    asking.join(10)
    assert asking.answer is None
    wait_until(all_gone(processes), "its processes are gone", 2)


def test_a_query_process_that_is_killed_costs_its_query_and_no_other(lasting: Server) -> None:
    asking = Asking(lasting, HEAVY % "killed")
    wait_until(lambda: running(lasting) == 1, "it runs")
    wait_until(lambda: lasting.metric("pfocr_rdf_workers") == 3, "it has a substitute")
    os.kill(busiest(lasting), signal.SIGKILL)
    begun = time.monotonic()
    assert asking.problem() == "engine-failure"
    assert time.monotonic() - begun < 1
    assert asking.answer is not None
    assert asking.answer.status == 500
    request_id = asking.answer.headers["x-request-id"]
    assert asking.answer.json["instance"] == f"urn:uuid:{request_id}"
    assert lasting.ask("ASK {}").json["boolean"] is True
    wait_until(lambda: len(lasting.query_processes()) == 2, "two processes are there again")


def test_an_answer_whose_process_is_killed_breaks_off(lasting: Server) -> None:
    connection, response = begin(lasting, ALL % "broken")
    for pid in lasting.query_processes():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        response.read()
    connection.close()
    wait_until(lambda: lasting.ask("ASK {}").status == 200, "queries are answered again", 5)


def test_an_idle_process_that_is_killed_is_replaced(lasting: Server) -> None:
    wait_until(lambda: len(lasting.query_processes()) == 2, "two processes are there")
    before = lasting.query_processes()
    for pid in before:
        with suppress(ProcessLookupError):  # the test before may have left one that was to end
            os.kill(pid, signal.SIGKILL)
    wait_until(all_gone(before), "they are gone")
    wait_until(lambda: len(lasting.query_processes()) == 2, "there are two others")
    assert lasting.ask("ASK {}").status == 200
    assert set(lasting.query_processes()).isdisjoint(before)


@pytest.mark.parametrize("which", ["first", "last"])
def test_if_what_starts_query_processes_is_killed_all_recovers(lasting: Server, which: str) -> None:
    parents = [pid for pid in lasting.processes() if descendants(pid)]
    # The one that the server started, or the one that has the store open.
    order = sorted(parents, key=lambda pid: -len(descendants(pid)))
    asking = Asking(lasting, HEAVY % which)
    wait_until(lambda: running(lasting) == 1, "it runs")
    processes = lasting.processes()
    os.kill(order[0 if which == "first" else -1], signal.SIGKILL)
    assert asking.problem() == "engine-failure"
    wait_until(lambda: len(lasting.query_processes()) == 2, "two processes are there again")
    # An answer from memory would prove nothing.
    wait_until(lambda: lasting.request("GET", "/ready").status == 200, "it is ready again")
    wait_until(lambda: lasting.ask("SELECT (RAND() AS ?x) {}").status == 200, "it answers again", 5)
    survivors = set(lasting.processes())
    wait_until(all_gone([p for p in processes if p not in survivors]), "the others are gone", 2)


def test_no_process_outlives_a_server_that_is_killed(server: Server) -> None:
    processes = server.processes()
    asking = Asking(server, HEAVY % "")
    wait_until(lambda: running(server) == 1, "it runs")
    processes = sorted({*processes, *server.processes()})
    server.process.kill()
    server.process.wait(10)
    wait_until(all_gone(processes), "its processes are gone", 2)
    asking.join(10)
    assert isinstance(asking.error, ConnectionResetError | http.client.RemoteDisconnected)


def test_a_hangup_of_the_terminal_does_not_end_the_query_processes(lasting: Server) -> None:
    kills = lasting.metric("pfocr_rdf_kills_total")
    for pid in lasting.processes():
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
    assert lasting.ask("ASK { ?s ?p ?o }").json["boolean"] is True
    assert lasting.metric("pfocr_rdf_kills_total") == kills
