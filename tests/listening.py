"""A server in a thread of its own, and clients that speak to it byte by byte."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from pfocr_rdf.web.limits import Hooks
from pfocr_rdf.web.server import ServerOptions, Stop, serve, stopping_on_signals

WAIT_S = 10.0
HOST = b"Host: localhost\r\n"
Address = tuple[str, int]


@dataclass(eq=False)
class Listening:
    """A running server: its address, and what it told."""

    address: Address
    loop: asyncio.AbstractEventLoop
    stop: Stop
    ended: "Future[None]"
    refused: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def ask_to_stop(self) -> None:
        """As a signal does."""
        self.loop.call_soon_threadsafe(self.stop.ask)

    def wait(self) -> None:
        """Until it has ended."""
        self.ended.result(WAIT_S)


def run_server(
    app: Callable[..., Any],
    options: ServerOptions,
    on_bound: Callable[[str, int], None],
    hooks: Hooks = Hooks(),
) -> None:
    """Serve until a signal says stop, as the command does."""

    async def run() -> None:
        stop = Stop()
        with stopping_on_signals(stop):
            await serve(app, options, stop, on_bound, hooks)

    uvloop.run(run())


@contextmanager
def listening(app: Callable[..., Any], **options: Any) -> Iterator[Listening]:
    """Serve on a free port until the end of the ``with`` statement, at the latest."""
    bound: Future[Listening] = Future()
    ended: Future[None] = Future()
    refused: list[int] = []
    counts: list[int] = []
    hooks = Hooks(
        draining=options.pop("draining", lambda: None),
        refused=lambda status, _: refused.append(status),
        connections=counts.append,
    )

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), Stop()

        def on_bound(*address: Any) -> None:
            bound.set_result(Listening(address, loop, stop, ended, refused, counts))

        await serve(app, ServerOptions(port=0, **options), stop, on_bound, hooks)

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(main())
            ended.set_result(None)
        except BaseException as error:
            ended.set_exception(error)
            if not bound.done():
                bound.set_exception(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        server = bound.result(WAIT_S)
        try:
            yield server
        finally:
            if not ended.done():
                server.ask_to_stop()
            server.wait()
    finally:
        thread.join(WAIT_S)


@contextmanager
def connected(
    address: Address, receive_bytes: int | None = None, source: str = "127.0.0.1"
) -> Iterator[socket.socket]:
    """A socket; with a small buffer, if it shall read slowly."""
    with socket.socket() as client:
        client.settimeout(WAIT_S)
        client.bind((source, 0))
        if receive_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.connect(address)
        yield client


def request(target: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """The head of a request."""
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def rest(client: socket.socket) -> bytes:
    """Everything until the server closes the connection.

    :raises ConnectionResetError: if it ends with a reset.
    """
    parts = []
    while part := client.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next response that gives its length; no byte more is read."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = client.recv(1)
        if not part:
            raise ConnectionError(f"closed after {head!r}")
        head += part
    found = re.search(rb"\r\ncontent-length: (\d+)\r\n", head)
    assert found, head
    left = int(found[1])
    parts = []
    while left and (part := client.recv(min(left, 65_536))):
        parts.append(part)
        left -= len(part)
    return status_of(head), b"".join(parts)


def talk(address: Address, data: bytes) -> bytes:
    """Send something and read until the server closes."""
    with connected(address) as client:
        client.sendall(data)
        return rest(client)


def status_of(response: bytes) -> int:
    """The status of a response."""
    return int(response.split(maxsplit=2)[1])
