"""Endpoints to ask: Oxigraph's own server, and stand-ins that fail as a test says."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import SystemRandom
from typing import Final

import pytest
from pyoxigraph import RdfFormat, Store

JSON: Final = "application/sparql-results+json"


@contextmanager
def oxigraph_server(folder: Path, data: Store) -> Iterator[str]:
    """The address of a real SPARQL server that has the data."""
    data.dump(str(folder / "data.nq"), RdfFormat.N_QUADS)
    program = Path(sys.executable).parent / "oxigraph"
    assert program.exists(), "the oxigraph server belongs to the development dependencies"
    load = ["load", "--location", str(folder / "store"), "--file", str(folder / "data.nq")]
    subprocess.run([program, *load], check=True, capture_output=True)
    (port,) = free_ports(1)
    at = ["--location", str(folder / "store"), "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(
        [program, "serve-read-only", *at], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            server.terminate()
            server.wait(10)


def free_ports(number: int) -> list[int]:
    """Ports that are free, and that no connection gets before a server opens them.

    The system gives connections ports above these: `cat /proc/sys/net/ipv4/ip_local_port_range`.
    """
    found: list[int] = []
    for port in SystemRandom().sample(range(20_000, 32_000), 1_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == number:
            break
    return found


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended before it answered"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
            # A refused connection returns at once: give the server the processor.
            threading.Event().wait(0.02)
    pytest.fail("the server did not start")


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and remembers what was asked."""

    protocol_version = "HTTP/1.1"
    server: "StandIn"
    #: Of the request.
    body = b""

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes) -> None:
        self.body = body
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        self.close_connection = True
        self.server.reply(self)

    def send(self, body: bytes, kind: str = JSON, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        given = {"Content_Type": kind, "Content_Length": str(len(body)), "Connection": "close"}
        for name, value in {**given, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Reply = Callable[[Handler], None]


class StandIn(ThreadingHTTPServer):
    """An endpoint of a few lines."""

    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/sparql"

    def handle_error(self, *_: object) -> None:
        """A client that gives up early is what some tests are about."""


@contextmanager
def stand_in(reply: Reply) -> Iterator[StandIn]:
    with StandIn(reply) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
