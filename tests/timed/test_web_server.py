"""The server: where it listens, when its application starts and ends, and how it stops."""

import asyncio
import http.client
import json
import resource
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from listening import Listening, answer, connected, listening, request, rest, run_server, status_of
from making import REPOSITORY
from pfocr_rdf.errors import ServeError
from pfocr_rdf.releases import Release
from pfocr_rdf.web.server import ServerOptions, Stop, serve

SOON_S: Final = 5.0
Part = Callable[[str], Awaitable[None]]


class App:
    """An application with a lifespan; it answers ``/wait`` when the test says so."""

    def __init__(self, *, fails_at: str = "", says: dict[str, str] | None = None) -> None:
        self.steps: list[str] = []
        self.begun = threading.Event()
        self.go = threading.Event()
        self._fails_at = fails_at
        self._says = says

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        for step in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{step}"
            self.steps.append(step)
            if step == self._fails_at:
                if self._says is None:
                    raise ServeError(f"no {step}")
                await send({"type": f"lifespan.{step}.failed", **self._says})
                return
            scope["state"][step] = "done"
            await send({"type": f"lifespan.{step}.complete"})

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/wait":
            self.begun.set()
            while not self.go.is_set():
                await asyncio.sleep(0.005)
        if scope["path"] == "/deaf":
            await self._be_deaf()
        client = scope["client"][0]
        seen = {"state": scope["state"], "client": client, "scheme": scope["scheme"]}
        body = json.dumps(seen).encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self.steps.append("answer")

    async def _be_deaf(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.steps.append("cancelled")
            raise


def ask(server: Listening, *headers: str) -> dict[str, Any]:
    with connected(server.address) as client:
        client.sendall(request("/", "Connection: close", *headers))
        status, body = answer(client)
        assert status == 200
        found: dict[str, Any] = json.loads(body)
        return found


# The application's life.


def test_the_application_lives_around_its_requests() -> None:
    app = App()
    with listening(app) as server:
        assert app.steps == ["startup"]
        assert ask(server)["state"] == {"startup": "done"}
    assert app.steps == ["startup", "answer", "shutdown"]


def test_an_application_without_a_lifespan_is_served() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await App()(scope, receive, send)

    with listening(app) as server:
        assert ask(server)["state"] == {}


@pytest.mark.parametrize("step", ["startup", "shutdown"])
def test_what_the_application_raises_comes_out(step: str) -> None:
    app = App(fails_at=step)
    with pytest.raises(ServeError, match=f"^no {step}$"), listening(app):
        assert step == "shutdown", "it does not listen"


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"message": "no store"}, "the application failed at its startup: no store"),
        ({}, "the application failed at its startup: it gives no reason"),
    ],
)
def test_what_the_application_says_comes_out(says: dict[str, str], message: str) -> None:
    with (
        pytest.raises(ServeError, match=f"^{message}$"),
        listening(App(fails_at="startup", says=says)),
    ):
        pass


def test_an_application_that_starts_for_too_long_can_be_stopped() -> None:
    steps: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            steps.append("starting")
            stop.ask()
            await asyncio.sleep(60)
        finally:
            steps.append("ended")

    stop = Stop()
    asyncio.run(serve(app, ServerOptions(port=0), stop, lambda *_: steps.append("bound")))
    assert steps == ["starting", "ended"]


# Stopping.


def test_what_runs_may_end_and_nothing_new_begins() -> None:
    app = App()
    draining = threading.Event()
    with listening(app, draining=draining.set) as server:
        with connected(server.address) as busy, connected(server.address) as idle:
            busy.sendall(request("/wait"))
            assert app.begun.wait(SOON_S)
            idle.sendall(request())
            answer(idle)
            server.ask_to_stop()
            assert draining.wait(SOON_S), "the application is told at once"
            assert rest(idle) == b"", "nobody waits for a connection that asks nothing"
            with pytest.raises(ConnectionRefusedError), connected(server.address):
                pass
            assert app.steps == ["startup", "answer"]
            app.go.set()
            response = rest(busy)
            assert status_of(response) == 200
            assert b"connection: close" in response
        server.wait()
    assert app.steps == ["startup", "answer", "answer", "shutdown"]


def test_a_request_that_has_begun_to_come_is_answered() -> None:
    app = App()
    draining = threading.Event()
    with listening(app, draining=draining.set) as server, connected(server.address) as client:
        client.sendall(request()[:10])
        ask(server)  # what was sent before has been read by then
        server.ask_to_stop()
        assert draining.wait(SOON_S)
        client.sendall(request()[10:])
        assert status_of(rest(client)) == 200


def test_what_does_not_end_in_time_is_cut_and_the_application_ends_after_it() -> None:
    app = App()
    with listening(app, drain_s=0.2) as server, connected(server.address) as client:
        client.sendall(request("/deaf"))
        assert app.begun.wait(SOON_S)
        start = time.monotonic()
        server.ask_to_stop()
        with pytest.raises(ConnectionResetError):
            rest(client)
        assert 0.15 < time.monotonic() - start < 1
        server.wait()
    assert app.steps == ["startup", "cancelled", "shutdown"]


def test_told_twice_the_server_does_not_wait() -> None:
    app = App()
    with listening(app, drain_s=60) as server, connected(server.address) as client:
        client.sendall(request("/deaf"))
        assert app.begun.wait(SOON_S)
        server.ask_to_stop()
        server.ask_to_stop()
        server.wait()
    assert app.steps[:2] == ["startup", "cancelled"]


PROGRAM: Final = """
import asyncio, sys
sys.path[:0] = sys.argv[1:3]
from listening import run_server
from pfocr_rdf.web.limits import Hooks
from pfocr_rdf.web.server import ServerOptions

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            print(step, flush=True)
            await send({"type": f"lifespan.{step}.complete"})
        return
    print("begun", flush=True)
    await asyncio.sleep(float(scope["path"][1:]))
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})

def bound(host, port):
    print(port, flush=True)

hooks = Hooks(draining=lambda: print("draining", flush=True))
run_server(app, ServerOptions(port=0, drain_s=30), bound, hooks)
print("over", flush=True)
"""


@contextmanager
def program() -> Iterator[subprocess.Popen[str]]:
    folders = [str(REPOSITORY / name) for name in ("src", "tests")]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *folders],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_runs_end(number: signal.Signals) -> None:
    with program() as process:
        assert line_of(process) == "startup"
        connection = http.client.HTTPConnection("127.0.0.1", int(line_of(process)), timeout=10)
        connection.request("GET", "/0.3")
        assert line_of(process) == "begun"
        process.send_signal(number)
        assert line_of(process) == "draining"
        assert connection.getresponse().status == 204
        connection.close()
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "shutdown\nover\n", "")


def test_a_second_signal_ends_at_once() -> None:
    with program() as process:
        line_of(process)
        with connected(("127.0.0.1", int(line_of(process)))) as client:
            client.sendall(request("/60"))
            assert line_of(process) == "begun"
            process.send_signal(signal.SIGTERM)
            assert line_of(process) == "draining"
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=5)
            with pytest.raises(ConnectionResetError):
                rest(client)
        assert process.returncode == 0


def test_signals_are_the_main_thread_s_alone() -> None:
    stopped: list[str] = []

    def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            run_server(app, ServerOptions(port=0), lambda *_: None)
        stopped.append("ended")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        for task in asyncio.all_tasks(loop) - {asyncio.current_task(loop)}:
            task.cancel()

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(SOON_S)
    assert stopped == ["ended"]
    assert signal.getsignal(signal.SIGTERM) is before


# Where it listens.


def test_the_address_is_told_with_the_port_that_was_found() -> None:
    with listening(App()) as server:
        host, port = server.address
        assert host == "127.0.0.1"
        assert port > 0


def test_a_name_stands_for_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = (socket.SOCK_STREAM, 6, "")
    found = [
        (socket.AF_INET6, *stream, ("2001:db8::1", 0, 0, 0)),  # not of this machine
        (socket.AF_INET, *stream, ("127.0.0.2", 0)),
        (socket.AF_INET, *stream, ("127.0.0.3", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with listening(App(), host="a.name") as server:
        for host in ("127.0.0.2", "127.0.0.3"):
            with connected((host, server.address[1])) as client:
                client.sendall(request())
                assert answer(client)[0] == 200


def refused(**options: Any) -> str:
    """What the server says when it does not start."""
    with pytest.raises(ServeError) as error:
        asyncio.run(serve(App(), ServerOptions(**options), Stop(), lambda *_: None))
    return str(error.value)


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    app = App()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError) as error:
            asyncio.run(serve(app, ServerOptions(port=port), Stop(), lambda *_: None))
    assert str(error.value) == (
        f"cannot listen on 127.0.0.1, port {port}: the port is in use: stop what uses it, "
        "or choose another (0: any free one)"
    )
    assert app.steps == [], "the application is not even started"


def test_an_address_of_another_machine_is_an_error_that_says_what_to_do() -> None:
    assert refused(host="192.0.2.1", port=0) == (
        "cannot listen on 192.0.2.1, port 0: this machine has no such address: 127.0.0.1 is for "
        "local use only, * for all of its addresses"
    )


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_a_link_local_address_is_wanted_with_its_interface() -> None:
    assert refused(host="fe80::1", port=0) == (
        "cannot listen on fe80::1, port 0: a link-local address needs the name of its interface, "
        "as in fe80::1%eth0"
    )


def test_a_port_without_permission_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bind(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pfocr_rdf.web.server._bound", bind)
    assert refused(port=80) == (
        "cannot listen on 127.0.0.1, port 80: this user may not use the port: choose one above 1023"
    )


def test_an_asterisk_is_every_address_of_both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str | int]] = []

    def bind(family: int, address: tuple[str | int, ...]) -> None:
        asked.append((family, address[0]))
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pfocr_rdf.web.server._bound", bind)
    refused(host="*", port=80)
    monkeypatch.setattr("pfocr_rdf.web.server.NOT_HERE", (13,))
    refused(host="*", port=80)
    assert asked[0] == asked[1]
    assert sorted(asked[1:]) == [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]


@pytest.mark.parametrize("host", ["no such host.invalid", "a" * 70, "127.0.0.1.1.1"])
def test_a_name_without_address_is_an_error(host: str) -> None:
    assert refused(host=host, port=0).startswith(f"cannot listen on {host}, port 0: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 65_536}, "not a port: 65536: give a number from 0 to 65535"),
        ({"port": -1}, "not a port: -1: give a number from 0 to 65535"),
        ({"connections": 0}, "0 connections: allow at least one"),
        (
            {"proxies": ("proxy.example.org",)},
            "not the address of a proxy: 'proxy.example.org': "
            "give an address (10.0.0.7) or a network (10.0.0.0/8)",
        ),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ServeError) as error:
        ServerOptions(**options)
    assert str(error.value) == message


# What it needs.


def test_open_files_are_provided_as_far_as_they_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[tuple[int, int]] = [(64, 3_000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    with listening(App(), connections=1_000):
        assert limits[1:] == [(2_256, 3_000)]
    assert refused(connections=1_745, port=0) == (
        "the system allows this process 3000 open files and it needs 3001: "
        "raise the limit, or allow 1 fewer connection"
    )


def test_whoever_may_open_more_files_does_before_a_store_is_opened(seeds_release: Release) -> None:
    with limited("ulimit -S -n 64", seeds_release) as server:
        assert server.stdout is not None
        assert server.stdout.readline().endswith("/sparql\n")


def test_too_few_open_files_are_no_fault_of_the_release(seeds_release: Release) -> None:
    with limited("ulimit -n 64", seeds_release) as server:
        assert server.stderr is not None
        assert server.stderr.read() == (
            "error: the system allows this process 64 open files and it needs 3256: "
            "raise the limit\n"
        )


@contextmanager
def limited(limit: str, release: Release) -> Iterator[subprocess.Popen[str]]:
    """A server that begins with fewer open files than it needs."""
    program = str(Path(sys.executable).parent / "pfocr-rdf")
    data = str(release.path.parent.parent)
    serve = shlex.join([program, "serve", "--data", data, "--port", "0"])
    command = ["sh", "-c", f"{limit} && exec {serve}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as server:
        try:
            yield server
        finally:
            server.terminate()
            server.communicate(timeout=60)


# Whom it believes.


@pytest.mark.parametrize(
    ("proxies", "client", "scheme"),
    [
        ((), "127.0.0.1", "http"),
        (("127.0.0.1",), "192.0.2.7", "https"),
        (("127.1.2.3/8", "::1"), "192.0.2.7", "https"),
        (("192.0.2.0/24",), "127.0.0.1", "http"),
    ],
)
def test_forwarded_headers_are_believed_of_named_proxies_only(
    proxies: tuple[str, ...], client: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with listening(App(), proxies=proxies) as server:
        seen = ask(server, "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https")
    assert (seen["client"], seen["scheme"]) == (client, scheme)


def test_responses_have_a_date_and_do_not_name_the_server() -> None:
    with listening(App()) as server, connected(server.address) as client:
        client.sendall(request("/", "Connection: close"))
        head = rest(client).lower()
    assert head.count(b"\r\ndate: ") == 1
    assert b"\r\nserver: " not in head
