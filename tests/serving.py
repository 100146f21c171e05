"""The server as its users start it: a process of its own, on a free port of loopback."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pyoxigraph import RdfFormat, Triple, parse

JSON: Final = "application/sparql-results+json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last part of a problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self.headers
        return str(self.json["type"].rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    url: str
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def connect(
        self, source: str = "127.0.0.1", timeout_s: float = 30
    ) -> http.client.HTTPConnection:
        """A connection from an address of loopback: each counts as a client of its own."""
        host, port = self.address
        return http.client.HTTPConnection(host, port, timeout_s, source_address=(source, 0))

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        connection = self.connect(source)
        try:
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    @property
    def served(self) -> str:
        """The id of the release that it serves."""
        return self.request("GET", "/ready").body.decode().strip()

    def ask(self, query: str, accept: str = "*/*", source: str = "127.0.0.1") -> Answer:
        """A query by GET."""
        target = f"/sparql?query={quote(query)}"
        return self.request("GET", target, headers={"Accept": accept}, source=source)

    def post(self, query: str, accept: str = "*/*", source: str = "127.0.0.1") -> Answer:
        """A query by POST, for those that are too long for an address."""
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return self.request("POST", "/sparql", query.encode(), headers, source)

    def rows(self, query: str) -> list[dict[str, str]]:
        """The solutions of a query, as texts."""
        answer = self.ask(query, JSON)
        assert answer.status == 200, answer.body
        bindings = answer.json["results"]["bindings"]
        return [{name: cell["value"] for name, cell in row.items()} for row in bindings]

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.request("GET", "/metrics").body.decode().splitlines()
        found = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        assert found, f"no metric {name}"
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def processes(self) -> list[int]:
        """Process ids of all descendants: those that fork, and those that they forked."""
        return sorted(descendants(self.process.pid))

    def query_processes(self) -> list[int]:
        """Those that have none below them; one that is dead and not yet buried is none."""
        return [pid for pid in self.processes() if is_alive(pid) and not descendants(pid)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def graph_of(answer: Answer) -> set[Triple]:
    """The triples of an answer, by the type that it says it has."""
    media_type = answer.headers["content-type"].partition(";")[0]
    form = RdfFormat.from_media_type(media_type)
    assert form is not None, media_type
    return {Triple(q.subject, q.predicate, q.object) for q in parse(answer.body, form)}


@contextmanager
def serving(data: Path, *options: str, **environment: str) -> Iterator[Server]:
    """``pfocr-rdf serve`` with these options; it is ended, and all its processes, at the end."""
    program = str(Path(sys.executable).parent / "pfocr-rdf")
    command = [program, "serve", "--data", str(data), "--port", "0", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    log: list[str] = []
    reader = threading.Thread(target=_read, args=(process, log))
    reader.start()
    children: list[int] = []
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line, f"the server did not start: {log} {process.wait(10)}"
        yield Server(line, process, log)
    finally:
        children = descendants(process.pid)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        reader.join(10)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        wait_until(lambda: not any(is_alive(pid) for pid in children), "its processes ended")


def _read(process: subprocess.Popen[str], log: list[str]) -> None:
    assert process.stderr is not None
    log.extend(line.rstrip("\n") for line in process.stderr)


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with suppress(OSError):  # it may end meanwhile
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                children = [int(child) for child in task.read_text().split()]
                found += children
                waiting += children
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def listens(port: int) -> bool:
    """Whether something takes connections at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Any, what: str, timeout_s: float = 15.0) -> None:
    """Wait for something that tells nobody when it happens."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        threading.Event().wait(0.02)


def raw(server: Server, data: bytes, timeout_s: float = 10) -> bytes:
    """Send bytes, and give all that comes until the server closes."""
    with socket.create_connection(server.address, timeout_s) as connection:
        connection.sendall(data)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)
