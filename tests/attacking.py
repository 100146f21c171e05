"""What attacks need: a release that is not small, a canary, another client's lookups, numbers."""

import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from listening import Listening, listening
from pfocr_rdf.releases import Release
from pfocr_rdf.web.app import Site, SiteOptions
from pfocr_rdf.web.served import hold_current
from releasing import data_folder
from serving import Server

EXAMPLE: Final = "http://example.org/"
ITEMS: Final = 30_000
#: Quads of each item; a lookup finds them all.
OF_AN_ITEM: Final = 4
FILLING: Final = "abcdefgh " * 10
#: Everything joined with everything: no limit of time is enough for it.
HEAVY: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } # %s"
#: About 30 MB as JSON.
ALL: Final = "SELECT * { ?s ?p ?o } # %s"


def large_data(release: Release, factory: pytest.TempPathFactory) -> Path:
    """A data folder with a release of 120,000 quads more, made once; read it only."""
    data = factory.getbasetemp() / "large"
    return data if data.exists() else data_folder(release, data, _quads())


def _quads() -> Iterator[Quad]:
    name, following, hub, text = (
        NamedNode(EXAMPLE + word) for word in ("name", "next", "hub", "text")
    )
    for number in range(ITEMS):
        item = _item(number)
        yield Quad(item, name, Literal(f"Item {number}"))
        yield Quad(item, following, _item((number * 7 + 1) % ITEMS))
        yield Quad(item, hub, NamedNode(f"{EXAMPLE}hub/{number % 10}"))
        yield Quad(item, text, Literal(f"text of item {number}: {FILLING}"))


def _item(number: int) -> NamedNode:
    return NamedNode(f"{EXAMPLE}item/{number}")


class Canary:
    """Listens at all addresses of loopback, on one port, and counts who calls."""

    def __init__(self, listeners: list[socket.socket]) -> None:
        self.port: int = listeners[0].getsockname()[1]
        self._calls = 0
        self._counted = threading.Condition()
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = socket.socketpair()
        for listener in (*listeners, self._woken):
            self._selector.register(listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def calls(self) -> int:
        """Everyone who has called until now."""
        before = self._calls
        # Calls are taken in their order: when this one is counted, all before it are.
        with socket.create_connection(("127.0.0.1", self.port), 10), self._counted:
            assert self._counted.wait_for(lambda: self._calls > before, 10)
            self._calls -= 1
            return self._calls

    def close(self) -> None:
        self._wake.close()
        self._thread.join(10)
        self._selector.close()
        self._woken.close()

    def _listen(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.accept()[0].close()
                with self._counted:
                    self._calls += 1
                    self._counted.notify_all()


@contextmanager
def singing() -> Iterator[Canary]:
    """A canary."""
    listeners = [socket.create_server(("127.0.0.1", 0))]
    try:
        port = listeners[0].getsockname()[1]
        with suppress(OSError):  # a machine without IPv6
            listeners.append(socket.create_server(("::1", port), family=socket.AF_INET6))
        canary = Canary(listeners)
        try:
            yield canary
        finally:
            canary.close()
    finally:
        for listener in listeners:
            listener.close()


class Lookups(threading.Thread):
    """A client of its own that looks up one item after the other, each by a new query."""

    def __init__(self, server: Server, source: str = "127.0.0.2") -> None:
        super().__init__()
        self.times_s: list[float] = []
        self.wrong: list[bytes] = []
        self._server, self._source = server, source
        self._enough = threading.Event()
        self._halted = threading.Event()

    def run(self) -> None:
        connection = self._server.connect(self._source)
        while not self._halted.is_set():
            number = len(self.times_s)
            query = f"SELECT * {{ <{EXAMPLE}item/{number * 17 % ITEMS}> ?p ?o }} # {time.time()}"
            begun = time.perf_counter()
            connection.request("GET", f"/sparql?query={quote(query)}")
            response = connection.getresponse()
            body = response.read()
            self.times_s.append(time.perf_counter() - begun)
            if response.status != 200 or body.count(b'"p":') != OF_AN_ITEM:
                self.wrong.append(body)
            if number == 300:
                self._enough.set()
            # A second of it need not be ten thousand: the clients share the machine.
            self._halted.wait(0.001)
        connection.close()

    def p99_s(self) -> float:
        """Stop, and say what all but the slowest hundredth took at most."""
        assert self._enough.wait(30), f"only {len(self.times_s)} lookups were answered"
        self._halted.set()
        self.join(30)
        assert not self.wrong
        return sorted(self.times_s)[len(self.times_s) * 99 // 100]

    def __enter__(self) -> "Lookups":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halted.set()
        self.join(30)


@contextmanager
def site_listening(data: Path, options: SiteOptions, **limits: Any) -> Iterator[Listening]:
    """The site in this process, where tests can take away what protects it."""
    site = Site(data, options)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await site(scope, receive, send)
            return
        await receive()
        await site.start(hold_current(data))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await site.stop()
        await send({"type": "lifespan.shutdown.complete"})

    with listening(app, **limits) as server:
        yield server


@contextmanager
def many_files(number: int) -> Iterator[None]:
    """Allow this process so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident_mb(pid: int) -> float:
    """The memory that a process has in use."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
