"""Starts query processes in a millisecond, by forking a process that has imported all they need.

``python -m pfocr_rdf.web.zygote FD`` runs the zygote; FD is its end of the control channel, an
AF_UNIX socket of type SOCK_SEQPACKET. The server sends a packet for each query process that it
wants, a JSON object with that process's end of a stream socket; the answer is a process id, and
later a packet that says how the process has ended.

For each store the zygote forks a keeper, which opens it, and the keeper forks the query
processes: they share its open files and what it has read. A forked process has only the thread
that forked it, not RocksDB's other threads; these compact and flush, which a store that is only
read does not need. A keeper ends when its store has not been asked for, and has had no query
process, for a while.

All of them end with the server: the zygote when the channel is closed, which the kernel does
for a server that is killed; keepers and query processes when their parent ends.
"""

import errno
import gc
import logging
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import orjson
from pyoxigraph import Store

from pfocr_rdf.diagnosis.tokens import apart_or_token
from pfocr_rdf.forks import die_with_parent
from pfocr_rdf.web.opening import open_whole, unopened
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.sandbox import adopt_orphans
from pfocr_rdf.web.worker import refuse, serve_queries
from pfocr_rdf.web.writer import serve_answers

log: Final = logging.getLogger(__name__)
#: -P keeps the current folder off the path; -W silences Python's warning about a fork where there
#: are threads, which does no harm here: the module's docstring says why.
COMMAND: Final = (
    *(sys.executable, "-P", "-W", "ignore:This process:DeprecationWarning"),
    *("-m", "pfocr_rdf.web.zygote"),
)
#: Characters kept of what a query process writes to its standard error.
SAID: Final = 500
MAX_PACKET: Final = 65_536
#: A keeper with no query process ends when it has not been asked for one for this long.
IDLE_S: Final = 30.0
#: A keeper that cannot open its store refuses requests, until there was none for this long.
REFUSING_S: Final = 1.0
#: The most descriptors that are allowed: with too few, a store closes some of its tables again.
MAX_DESCRIPTORS: Final = 65_536
#: Signals that a terminal or a service manager sends to the whole group. Only the server reacts:
#: it finishes what it has begun, and then ends these processes.
IGNORED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Forked:
    """A query process has started."""

    token: int
    pid: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A process has ended, with a status of :func:`os.wait4`; ``said`` ends its standard error."""

    pid: int
    status: int
    peak_kib: int
    said: str


def start_zygote() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the zygote; the socket is the server's end of the control channel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - no part of it comes from outside
            [*COMMAND, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # A query process could open none of the files that a backtrace is made from.
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
    return process, ours


def ask_for_worker(control: socket.socket, token: int, config: Mapping[str, Any], fd: int) -> None:
    """Ask for a query process that serves a socket.

    :param token: comes back with the process id.
    :param config: ``store``, a path, empty where a backend is asked; ``memory_mb``, which
        queries may take beyond the open store; ``prefixes``, which they need not declare;
        ``count``, whether the process shall say how many quads there are; they are counted once
        for each store, which takes a second for five million.
    :param fd: the query process's end of its socket; the caller closes its own copy.
    :raises OSError: if the zygote has ended.
    """
    socket.send_fds(control, [orjson.dumps({**config, "token": token})], [fd])


def read_report(packet: bytes) -> Forked | Ended:
    """What a packet of the zygote says.

    >>> read_report(b'{"token":7,"pid":1234}')
    Forked(token=7, pid=1234)
    """
    value = orjson.loads(packet)
    if "token" in value:
        return Forked(value["token"], value["pid"])
    return Ended(value["ended"], value["status"], value["peak_kib"], value["said"])


class _Child:
    """A query process, and the end of what it writes to its standard error."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self.said = b""

    def listen(self) -> None:
        """Read what it has written by now."""
        with suppress(BlockingIOError):
            self.said = (self.said + os.read(self.pipe, MAX_PACKET))[-4 * SAID :]


class Family:
    """The children of this process: requests for them come in, reports about them go out.

    :param requests: the socket for requests; when its other end is closed, :meth:`run` returns.
    :param server: the socket for reports.
    :param take: does what a request asks for; it gets the packet and the descriptor in it,
        which is closed afterwards.
    """

    def __init__(
        self, requests: socket.socket, server: socket.socket, take: Callable[[bytes, int], None]
    ) -> None:
        self.requests = requests
        self.server = server
        self._take = take
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()

    def run(self, idle_s: float | None = None) -> None:
        """Act on requests, and on the ends of children, until no more requests can come.

        :param idle_s: or until nothing has happened for so long and there is no child.
        """
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._reap)
        self._selector.register(self.requests, selectors.EVENT_READ, self._receive)
        with suppress(EOFError, ConnectionResetError):
            while True:
                ready = self._selector.select(idle_s)
                if not ready and not self._children:
                    return
                for key, _ in ready:
                    # What was done for one before it in the list may have closed this one.
                    if self._selector.get_map().get(key.fileobj) is key:
                        key.data()

    def add(self, pid: int, pipe: int) -> None:
        """Keep what a new child writes to its standard error."""
        child = self._children[pid] = _Child(pipe)
        self._selector.register(pipe, selectors.EVENT_READ, child.listen)

    def report(self, value: Mapping[str, Any]) -> None:
        """Send a report to the server, if it is still there."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.server.send(orjson.dumps(value))

    def leave(self) -> None:
        """In a new child: close what is the parent's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        self.requests.close()
        self.server.close()
        for descriptor in (self._woken, self._wake, *(c.pipe for c in self._children.values())):
            os.close(descriptor)

    def _receive(self) -> None:
        packet, fds, _, _ = socket.recv_fds(self.requests, MAX_PACKET, 1)
        if not packet:
            raise EOFError
        try:
            if not fds:  # the system has dropped the descriptor, and so closed it
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            self._take(packet, fds[0])
        except OSError as error:
            log.error("no query process could be started: %s", error)
        finally:
            for descriptor in fds:
                os.close(descriptor)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, MAX_PACKET)
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return
                said = self._last_words(pid)
                peak_kib = usage.ru_maxrss
                self.report({"ended": pid, "status": status, "peak_kib": peak_kib, "said": said})

    def _last_words(self, pid: int) -> str:
        child = self._children.pop(pid, None)
        if child is None:
            return ""
        child.listen()
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        return child.said.decode(errors="replace")[-SAID:]


class Keeper:
    """Keeps a store open and forks the query processes that read it.

    :param store: None for query processes that write what a backend answers.
    """

    def __init__(self, requests: socket.socket, server: socket.socket, store: Store | None) -> None:
        self._family = Family(requests, server, self._fork)
        self._store = store
        self._quads: int | None = None

    def run(self) -> None:
        """Fork on request until nobody needs the store."""
        gc.freeze()  # else the collector writes to every shared page, and so makes a copy of it
        self._family.run(IDLE_S)

    def _fork(self, packet: bytes, fd: int) -> None:
        config = orjson.loads(packet)
        if config["count"] and self._store is not None and self._quads is None:
            try:
                self._quads = len(self._store)
            except (OSError, RuntimeError) as error:
                refuse(fd, _unreadable(error))
                return
        heard, said = os.pipe()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # no process can be had; it is asked for again, and pipes would pile up
            os.close(heard)
            os.close(said)
            raise
        if not pid:
            os.close(heard)
            _end_with(lambda: self._become_worker(parent, fd, said, config))
        os.close(said)
        self._family.add(pid, heard)
        self._family.report({"token": config["token"], "pid": pid})

    def _become_worker(self, parent: int, fd: int, said: int, config: Mapping[str, Any]) -> None:
        die_with_parent(parent)
        os.dup2(said, 2)
        os.close(said)
        self._family.leave()
        if self._store is None:
            serve_answers(fd, config["memory_mb"], config["prefixes"])
            return
        quads = self._quads if config["count"] else None
        serve_queries(fd, self._store, quads, config["memory_mb"], config["prefixes"])


class Zygote:
    """Forks a keeper for each store that is asked for, and passes requests on to it."""

    def __init__(self, control: socket.socket) -> None:
        self._family = Family(control, control, self._pass_on)
        self._keepers: dict[str, socket.socket] = {}

    def run(self) -> None:
        """Work until the server closes the channel."""
        self._family.run()

    def _pass_on(self, packet: bytes, fd: int) -> None:
        path = orjson.loads(packet)["store"]
        if keeper := self._keepers.pop(path, None):
            with suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(keeper, [packet], [fd])
                self._keepers[path] = keeper
                return
            keeper.close()
        # Forget keepers that have ended: nobody asks for the store of a former release again.
        for ended in [path for path, other in self._keepers.items() if _has_ended(other)]:
            self._keepers.pop(ended).close()
        keeper, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        with theirs:
            if not os.fork():
                os.close(fd)
                keeper.close()
                _end_with(lambda: self._become_keeper(parent, theirs, path))
        socket.send_fds(keeper, [packet], [fd])
        self._keepers[path] = keeper

    def _become_keeper(self, parent: int, requests: socket.socket, path: str) -> None:
        die_with_parent(parent)
        server = self._family.server.dup()
        self._family.leave()
        for other in self._keepers.values():
            other.close()
        keep(requests, server, path)


def _has_ended(keeper: socket.socket) -> bool:
    """Whether a keeper has closed its end of the socket; it never sends anything on it."""
    try:
        keeper.recv(1, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


def keep(requests: socket.socket, server: socket.socket, path: str) -> None:
    """Be the keeper of a store; if it cannot be opened, refuse all requests and say why.

    :param path: empty for no store.
    """
    if not path:
        Keeper(requests, server, None).run()
        return
    try:
        store = open_whole(path)
    except (OSError, RuntimeError) as error:
        refusal = _unreadable(error)
        Family(requests, server, lambda _, fd: refuse(fd, refusal)).run(REFUSING_S)
        return
    for name in sorted(unopened(path)):
        log.warning("%s: %s was not opened: queries that need it, if any, fail", path, name)
    Keeper(requests, server, store).run()


def _unreadable(error: Exception) -> Refusal:
    return Refusal("no-release", f"the store cannot be read: {error}")


def _end_with(act: Callable[[], None]) -> NoReturn:
    """Do the one thing that a forked process is for, and end it without its parent's clean-up."""
    status = 1
    try:
        act()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def main() -> None:
    """Be the zygote; the only argument is the descriptor of the control channel."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    adopt_orphans()
    apart_or_token()  # here, and not in each query process
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = MAX_DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, MAX_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    with socket.socket(fileno=int(sys.argv[1])) as control:
        Zygote(control).run()


if __name__ == "__main__":
    main()
