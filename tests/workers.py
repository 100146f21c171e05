"""Query processes to ask: in this process, and real ones that a zygote has forked."""

import gzip
import os
import select
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import brotli  # type: ignore[import-untyped]  # it has no stubs
import orjson
import zstandard
from pyoxigraph import Store

from pfocr_rdf.iris import Iris
from pfocr_rdf.web.frames import Kind, request_frame, split_frames
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.worker import Prefixes, answer_query, refuse, request_of
from pfocr_rdf.web.zygote import Ended, Forked, ask_for_worker, read_report, start_zygote

PREFIXES: Final = Iris().prefixes()
#: What a request has unless a test says otherwise.
REQUEST: Final[dict[str, Any]] = {
    "default_graphs": None,
    "named_graphs": None,
    "solutions": "json",
    "boolean": "json",
    "graph": "ntriples",
    "encoding": "identity",
    "max_rows": 1_000_000,
    "max_bytes": 1 << 30,
}
#: Long enough on a machine that does other things too; no test waits for it to pass.
PATIENCE_S: Final = 20.0
ENCODING_TO_DECODER: Final[dict[str, Callable[[bytes], bytes]]] = {
    "identity": lambda data: data,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    # Written as a stream, it does not say how long it is.
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that came for one request, and the kinds of the frames in order."""

    kinds: str
    head: dict[str, Any]
    data: bytes
    end: dict[str, Any]
    refusal: dict[str, Any]

    @property
    def text(self) -> str:
        """The answer, decoded; only if it is whole."""
        assert self.end, self.refusal
        return ENCODING_TO_DECODER[self.head["encoding"]](self.data).decode()


def gathered(data: bytes) -> Answer:
    frames, used = split_frames(data)
    assert used == len(data)
    said: dict[int, dict[str, Any]] = {}
    for kind, payload in frames:
        if kind != Kind.DATA:
            assert kind not in said
            said[kind] = orjson.loads(payload)
    return Answer(
        "".join(chr(kind) for kind, _ in frames),
        said.get(Kind.HEAD, {}),
        b"".join(payload for kind, payload in frames if kind == Kind.DATA),
        said.get(Kind.END, {}),
        said.get(Kind.REFUSAL, {}),
    )


def payload_of(text: str, options: Mapping[str, Any]) -> bytes:
    return orjson.dumps({**REQUEST, **options, "query": text})


def answered(store: Store, text: str, **options: Any) -> Answer:
    """What a query process would answer; computed in this one, without a barrier."""
    with tempfile.TemporaryFile() as file:
        request = request_of(payload_of(text, options))
        try:
            answer_query(store, request, Prefixes(PREFIXES), file.fileno())
        except Refusal as refusal:
            refuse(file.fileno(), refusal)
        file.seek(0)
        return gathered(file.read())


class Process:
    """A real query process: its socket, what it said first, its id."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE_S)
        self.ready: dict[str, Any] = {}
        self.refusal: dict[str, Any] = {}
        self._pending = b""

    @property
    def pid(self) -> int:
        return int(self.ready["pid"])

    @property
    def keeper(self) -> int:
        return parent_of(self.pid)

    def begin(self) -> None:
        """Take in what it says when it has started."""
        for kind, payload in self.read(Kind.READY, Kind.REFUSAL):
            if kind == Kind.READY:
                self.ready = orjson.loads(payload)
            else:
                self.refusal = orjson.loads(payload)

    def send(self, text: str, **options: Any) -> None:
        self.sock.sendall(request_frame(payload_of(text, options)))

    def ask(self, text: str, **options: Any) -> Answer:
        """The answer; without an end or a refusal where the process has ended instead."""
        self.send(text, **options)
        frames = self.read(Kind.END, Kind.REFUSAL)
        return gathered(b"".join(bytes([k]) + len(p).to_bytes(4, "little") + p for k, p in frames))

    def read(self, *last: Kind) -> list[tuple[int, bytes]]:
        """Frames up to the first of these kinds, or to the end of the process."""
        found: list[tuple[int, bytes]] = []
        while not found or found[-1][0] not in last:
            try:
                more = self.sock.recv(1 << 18)
            except ConnectionResetError:
                more = b""
            if not more:
                return found
            frames, used = split_frames(self._pending + more)
            self._pending = (self._pending + more)[used:]
            found += frames
        return found

    def close(self) -> None:
        self.sock.close()


class Engine:
    """A server that has nothing but a zygote."""

    def __init__(self) -> None:
        self.zygote, self.control = start_zygote()
        self.control.settimeout(PATIENCE_S)
        self.reports: list[Forked | Ended] = []
        self._open: list[Process] = []
        self._token = 0

    def request(self, store: Path | str, memory_mb: int = 512, *, count: bool = False) -> Process:
        """Ask for a process, and do not wait for it."""
        ours, theirs = socket.socketpair()
        self._token += 1
        config = {
            "store": str(store),
            "memory_mb": memory_mb,
            "prefixes": PREFIXES,
            "count": count,
        }
        with theirs:
            ask_for_worker(self.control, self._token, config, theirs.fileno())
        process = Process(ours)
        self._open.append(process)
        return process

    def start(self, store: Path | str, memory_mb: int = 512, *, count: bool = False) -> Process:
        process = self.request(store, memory_mb, count=count)
        process.begin()
        return process

    def end_of(self, pid: int) -> Ended:
        """The report of the end of a process; waits for it."""
        while True:
            for report in self.reports:
                if isinstance(report, Ended) and report.pid == pid:
                    return report
            self.reports.append(read_report(self.control.recv(65_536)))

    def close(self) -> None:
        for process in self._open:
            process.close()
        self.control.close()
        assert self.zygote.wait(PATIENCE_S) is not None


@contextmanager
def engine() -> Iterator[Engine]:
    opened = Engine()
    try:
        yield opened
    finally:
        opened.close()


def parent_of(pid: int) -> int:
    return int(_status(pid)["PPid"])


def state_of(pid: int) -> str:
    return _status(pid)["State"][0]


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


@contextmanager
def watching(*pids: int) -> Iterator[Callable[[], None]]:
    """A function that waits until all these processes have ended."""
    handles = [os.pidfd_open(pid) for pid in pids]

    def wait() -> None:
        deadline = time.monotonic() + PATIENCE_S
        for pid, handle in zip(pids, handles, strict=True):
            ended, _, _ = select.select([handle], [], [], max(0, deadline - time.monotonic()))
            assert ended, f"{pid} is still there"

    try:
        yield wait
    finally:
        for handle in handles:
            os.close(handle)
