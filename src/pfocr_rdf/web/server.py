"""Runs an ASGI application: binds, listens, and ends without dropping requests it has begun.

At the first signal no more connections are accepted, running requests may end, and the application
is informed at once; what has not ended in time is cut. At a second signal nothing is waited for.
"""

import asyncio
import errno
import ipaddress
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.config import Config

from pfocr_rdf.errors import ServeError
from pfocr_rdf.web.connections import FAREWELLS, Connection
from pfocr_rdf.web.limits import Hooks, Limits, Shared

log: Final = logging.getLogger(__name__)
BACKLOG: Final = 2048
#: Open files beside connections: query processes, their pipes, the log, the release.
OTHER_FILES: Final = 256
#: Seconds that the application's tasks get to end by themselves, once their clients are gone.
ENDING_S: Final = 1.0
SHUTDOWN_S: Final = 10.0
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
#: Errors for an address that a name has but this machine does not.
NOT_HERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
ERRNO_TO_ADVICE: Final = {
    errno.EINVAL: "a link-local address needs the name of its interface, as in fe80::1%eth0",
    errno.EADDRINUSE: "the port is in use: stop what uses it, or choose another (0: any free one)",
    errno.EACCES: "this user may not use the port: choose one above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address: 127.0.0.1 is for local use only, "
    "* for all of its addresses",
}

Application = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions(Limits):
    """Where to listen, and what one client may use.

    :param host: an address, or a name, to listen on all its addresses; ``*`` is every address of
        the machine, IPv4 and IPv6.
    :param port: 0 takes any free one.
    :param drain_s: seconds that running requests get to end, once the server is told to stop.
    :param proxies: addresses or networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto``
        are believed; by default nobody's.
    :raises ServeError: if one of them is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 7878
    drain_s: float = 30.0
    proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ServeError(f"not a port: {self.port}: give a number from 0 to 65535")
        if self.connections < 1:
            raise ServeError(f"{self.connections} connections: allow at least one")
        for proxy in self.proxies:
            _network(proxy)


class Stop:
    """Tells a server to stop; if asked twice, to stop at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def ask(self) -> None:
        """Make the server stop; the second time, without waiting for anything."""
        if self.asked.is_set():
            self.hurried.set()
        self.asked.set()


@contextmanager
def stopping_on_signals(stop: Stop) -> Iterator[None]:
    """Let SIGTERM and SIGINT stop a server of the running event loop.

    Only the main thread can handle signals; in another one this does nothing.
    """
    loop = asyncio.get_running_loop()
    handled = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    for number in handled:
        loop.add_signal_handler(number, stop.ask)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


async def serve(
    app: Application,
    options: ServerOptions,
    stop: Stop,
    on_bound: Callable[[str, int], None],
    hooks: Hooks = Hooks(),
) -> None:
    """Serve in the running event loop, which is uvloop's, until told to stop.

    :raises ServeError: if the server cannot run.
    """
    _provide_files(options)
    sockets = _bind(options.host, options.port)
    lifespan = Lifespan(app)
    try:
        if await _finished(lifespan.start(), stop.asked):
            shared = Shared(options, hooks)
            config = _config(app, options)
            clock = asyncio.create_task(_tell_time(shared))
            try:
                await _take_connections(
                    lambda: Connection(config, shared, lifespan.state),
                    sockets,
                    lambda: on_bound(*sockets[0].getsockname()[:2]),
                    stop,
                    shared,
                )
                await _drain(shared, stop, options.drain_s)
            finally:
                await _cut(shared, 0 if stop.hurried.is_set() else ENDING_S)
                clock.cancel()
            if not await _finished(lifespan.stop(), stop.hurried, SHUTDOWN_S):
                log.warning("the application had no time to end by itself")
    finally:
        await lifespan.cancel()
        for bound in sockets:
            bound.close()


class Lifespan:
    """The start and the end of an application, around all requests.

    https://asgi.readthedocs.io/en/stable/specs/lifespan.html . An application that returns
    without an answer has no lifespan.
    """

    def __init__(self, app: Application) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let the application open what it needs.

        :raises Exception: what the application raises.
        :raises ServeError: if it says that it failed.
        """
        versions = {"version": "3.0", "spec_version": "2.0"}
        scope = {"type": "lifespan", "asgi": versions, "state": self.state}
        running = self._app(scope, self._asked.get, self._answers.put)
        self._task = asyncio.create_task(running)
        await self._ask("startup", self._task)

    async def stop(self) -> None:
        """Let the application close what it opened; raises as :meth:`start` does."""
        if self._task is not None:
            await self._ask("shutdown", self._task)

    async def cancel(self) -> None:
        """End the task if it still runs, as when the server was told to stop during the start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=ENDING_S)

    async def _ask(self, what: str, task: asyncio.Task[None]) -> None:
        self._asked.put_nowait({"type": f"lifespan.{what}"})
        answer = asyncio.create_task(self._answers.get())
        try:
            await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and answer.result()["type"] == f"lifespan.{what}.failed":
                await asyncio.wait({task}, timeout=ENDING_S)
                if not task.done() or task.exception() is None:
                    message = answer.result().get("message", "it gives no reason")
                    raise ServeError(f"the application failed at its {what}: {message}")
            if task.done():
                task.result()
        finally:
            answer.cancel()


async def _take_connections(
    protocol: Callable[[], asyncio.Protocol],
    sockets: Sequence[socket.socket],
    on_bound: Callable[[], None],
    stop: Stop,
    shared: Shared,
) -> None:
    """Accept connections until told to stop."""
    loop = asyncio.get_running_loop()
    listeners: list[asyncio.Server] = []
    try:
        for bound in sockets:
            listeners.append(await loop.create_server(protocol, sock=bound, backlog=BACKLOG))
        on_bound()
        await stop.asked.wait()
        shared.draining = True
        shared.hooks.draining()
    finally:
        for listener in listeners:
            listener.close()


async def _drain(shared: Shared, stop: Stop, drain_s: float) -> None:
    """Let the connections end what they have begun, for a limited time."""
    log.info("stopping: %d connections are open", len(shared.connections))
    for connection in list(shared.connections):
        connection.shutdown()
    await _finished(_quiet(shared), stop.hurried, drain_s)


async def _quiet(shared: Shared) -> None:
    """Wait until no connection is open and no task works for one any more."""
    await shared.empty.wait()
    if shared.tasks:
        await asyncio.wait(shared.tasks)


async def _cut(shared: Shared, ending_s: float) -> None:
    """Reset the connections that are left, and end the tasks that work for them."""
    if shared.connections:
        log.warning("%d connections had no time to end: they are cut", len(shared.connections))
    shared.draining = True
    for connection in (*shared.connections, *shared.leaving):
        if isinstance(connection, Connection):
            connection.abort()
    if shared.tasks:
        await asyncio.wait(shared.tasks, timeout=ending_s)
    for task in shared.tasks:
        task.cancel()
    if shared.tasks:
        await asyncio.wait(shared.tasks, timeout=ENDING_S)
    # The transports report that they are closed in the next turn of the loop.
    await asyncio.sleep(0)


async def _tell_time(shared: Shared) -> None:
    """Keep the Date header right: https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1 ."""
    while True:
        shared.tell_time()
        await asyncio.sleep(1)


async def _finished(
    work: Coroutine[Any, Any, None], event: asyncio.Event, timeout_s: float | None = None
) -> bool:
    """Do some work, unless an event or the end of the time comes first; whether it was done."""
    tasks = [asyncio.create_task(work), asyncio.create_task(event.wait())]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        done = tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if done:
        tasks[0].result()
    return done


def _config(app: Application, options: ServerOptions) -> Config:
    """The settings that uvicorn's protocol reads; the application does the logging itself."""
    return Config(
        app,
        interface="asgi3",
        ws="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=bool(options.proxies),
        forwarded_allow_ips=[_network(proxy) for proxy in options.proxies],
    )


def _network(proxy: str) -> str:
    """The address or network of a proxy, in the form in which uvicorn knows it.

    >>> _network("10.1.2.3/8"), _network("::1")
    ('10.0.0.0/8', '::1/128')
    """
    try:
        return str(ipaddress.ip_network(proxy, strict=False))
    except ValueError:
        reason = "give an address (10.0.0.7) or a network (10.0.0.0/8)"
        raise ServeError(f"not the address of a proxy: {proxy!r}: {reason}") from None


def _provide_files(options: ServerOptions) -> None:
    """Allow this process as many open files as its limits need, and no more.

    :raises ServeError: if the system does not allow them.
    """
    needed = options.connections + FAREWELLS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        missing = needed - hard
        fewer = f", or allow {missing} fewer connection{'' if missing == 1 else 's'}"
        raise ServeError(
            f"the system allows this process {hard} open files and it needs {needed}: "
            f"raise the limit{fewer if missing < options.connections else ''}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def check_address(options: ServerOptions) -> None:
    """Check that the server can listen on its address, before anything that takes long is done.

    Check also that enough files can be opened: otherwise a store that cannot be opened for lack
    of descriptors would be reported as damaged.

    :raises ServeError: if either is not possible.
    """
    _provide_files(options)
    for bound in _bind(options.host, options.port):
        bound.close()


def _bind(host: str, port: int) -> list[socket.socket]:
    """A socket for every address that a name has, all with the same port.

    :raises ServeError: if there is none, or one is taken.
    """
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        name = None if host == "*" else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, (address, _, *scope) in dict.fromkeys(found):
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bound(family, (address, chosen, *scope)))
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise
                missing = error
        if not sockets and missing is not None:
            raise missing
    except (OSError, UnicodeError) as error:
        for bound in sockets:
            bound.close()
        number = error.errno if isinstance(error, OSError) else None
        advice = ERRNO_TO_ADVICE.get(number or 0, str(error))
        if isinstance(error, socket.gaierror | UnicodeError):
            advice = (
                "that is not an address or name of this machine: 127.0.0.1 is for local use only"
            )
        raise ServeError(f"cannot listen on {host}, port {port}: {advice}") from error
    return sockets


def _bound(family: int, address: tuple[str | int, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # The port is free again as soon as the server has ended.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
