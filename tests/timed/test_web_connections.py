"""One connection: how much time, bytes and company a client may take, and how answers end."""

import asyncio
import gc
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from listening import (
    HOST,
    Listening,
    answer,
    connected,
    listening,
    request,
    rest,
    status_of,
    talk,
)
from pfocr_rdf.web.connections import Connection

SHORT_S: Final = 0.2
#: Within this a test sees that nothing happens, or that something did in time.
SOON_S: Final = 2.0
PIECE: Final = b"0123456789" * 1_000


class App:
    """Answers by path, and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.gone = threading.Event()
        self.begun = threading.Event()
        self.go = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await getattr(self, scope["path"].strip("/") or "echo")(scope, receive, send)

    async def echo(self, scope: Any, receive: Any, send: Any) -> None:
        body = await _body(receive)
        if body is None:
            self.gone.set()
            return
        self.seen.append((scope["path"], body))
        await _reply(send, json.dumps({"method": scope["method"], "body": len(body)}).encode())

    async def headers(self, scope: Any, receive: Any, send: Any) -> None:
        await _body(receive)
        await _reply(send, b",".join(name for name, _ in scope["headers"]))

    async def unread(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer without a look at the body."""
        await _reply(send, b"no need", close=b"close" in scope["query_string"])

    async def wait(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer when the test says so, or note that the client is gone."""
        await _body(receive)
        self.begun.set()
        leaving = asyncio.create_task(receive())
        while not self.go.is_set() and not leaving.done():
            await asyncio.wait({leaving}, timeout=0.01)
        if leaving.done():
            self.gone.set()
        else:
            leaving.cancel()
            await _reply(send, b"at last")

    async def late(self, scope: Any, receive: Any, send: Any) -> None:
        """Take time before looking at the body."""
        await asyncio.sleep(3 * SHORT_S)
        await self.echo(scope, receive, send)

    async def stream(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        for _ in range(2_000):
            await _part(send, PIECE, more=True)
        await _part(send, b"", more=False)

    async def large(self, scope: Any, receive: Any, send: Any) -> None:
        """Twenty megabytes at once."""
        await _reply(send, PIECE * 2_000)

    async def cut(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        await _part(send, PIECE, more=True)
        scope["extensions"]["pfocr.abort"]()

    async def unfinished(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        await _part(send, PIECE, more=True)

    async def failing(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        await _part(send, PIECE, more=True)
        raise ValueError("a mistake")

    async def cancelled(self, scope: Any, receive: Any, send: Any) -> None:
        """What an application does that ends when its client is gone."""
        if await _body(receive) is None:
            self.gone.set()
            raise asyncio.CancelledError


async def _body(receive: Any) -> bytes | None:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += bytes(message["body"])
        if not message.get("more_body"):
            return body


async def _start(send: Any, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*headers]})


async def _part(send: Any, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _reply(send: Any, body: bytes, *, close: bool = False) -> None:
    closing = [(b"connection", b"close")] if close else []
    await _start(send, (b"content-length", b"%d" % len(body)), *closing)
    await _part(send, body, more=False)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def server(app: App) -> Iterator[Listening]:
    """With short times and the usual sizes."""
    times = dict.fromkeys(["header_timeout_s", "body_timeout_s", "send_timeout_s"], SHORT_S)
    with listening(app, keep_alive_s=SHORT_S, **times) as server:
        yield server


def problem(response: bytes) -> dict[str, Any]:
    head, _, body = response.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    found: dict[str, Any] = json.loads(body)
    assert found["status"] == status_of(response)
    return found


def trickle(client: socket.socket, data: bytes, until_s: float) -> bytes:
    """Send byte by byte for a while, whatever comes back; give what came back."""
    client.settimeout(0.02)
    end = time.monotonic() + until_s
    sent = 0
    received = b""
    while time.monotonic() < end:
        try:
            client.send(data[sent % len(data) :][:1])
            sent += 1
            part = client.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        if not part:
            break
        received += part
    else:
        pytest.fail("the connection was still open")
    return received


# Time.


@pytest.mark.parametrize(
    "data", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n"]
)
def test_a_head_that_trickles_ends_in_408(server: Listening, data: bytes) -> None:
    with connected(server.address) as client:
        client.sendall(data)
        found = problem(trickle(client, b"x", SOON_S))
    assert found["type"] == "/problems/request-timeout"
    assert found["status"] == 408
    assert server.refused == [408]


def test_empty_lines_do_not_hold_a_connection(server: Listening) -> None:
    with connected(server.address) as client:
        client.sendall(request())
        assert answer(client)[0] == 200
        assert trickle(client, b"\r\n", SOON_S) == b""


def test_a_connection_that_sends_nothing_is_closed_without_a_word(server: Listening) -> None:
    with connected(server.address) as client:
        assert rest(client) == b""
    assert server.refused == []


def test_the_next_request_on_a_connection_has_its_own_time(app: App) -> None:
    times = {"header_timeout_s": SHORT_S, "keep_alive_s": 5}
    with listening(app, **times) as server, connected(server.address) as client:
        client.sendall(request())
        assert answer(client)[0] == 200
        time.sleep(2 * SHORT_S)  # longer than headers may take
        client.sendall(request())
        assert answer(client)[0] == 200
        client.sendall(b"GET")
        assert status_of(rest(client)) == 408


def test_an_idle_connection_is_closed(server: Listening) -> None:
    with connected(server.address) as client:
        client.sendall(request())
        assert answer(client)[0] == 200
        assert rest(client) == b""


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_trickles_ends_in_408(server: Listening, app: App, framing: str) -> None:
    with connected(server.address) as client:
        client.sendall(request("/", framing, method="POST"))
        assert problem(trickle(client, b"1\r\nx\r\n", SOON_S))["status"] == 408
    assert app.gone.wait(SOON_S), "the application waits for the rest"
    assert app.seen == []


def test_a_body_that_does_not_come_after_100_continue_ends_in_408(server: Listening) -> None:
    with connected(server.address) as client:
        headers = ["Content-Length: 10", "Expect: 100-continue"]
        client.sendall(request("/", *headers, method="POST"))
        first, _, then = rest(client).partition(b"\r\n\r\n")
        assert first == b"HTTP/1.1 100 Continue"
        assert status_of(then) == 408


def test_a_body_has_a_time_of_its_own(app: App) -> None:
    times = {"header_timeout_s": 60, "body_timeout_s": SHORT_S}
    with listening(app, **times) as server, connected(server.address) as client:
        client.sendall(request("/", "Content-Length: 1000", method="POST"))
        assert status_of(rest(client)) == 408


def test_a_client_does_not_answer_for_an_application_that_reads_late(server: Listening) -> None:
    with connected(server.address) as client:
        body = b"x" * 2_000_000
        client.sendall(request("/late", f"Content-Length: {len(body)}", method="POST") + body)
        assert answer(client) == (200, b'{"method": "POST", "body": 2000000}')


def test_an_application_may_take_longer_than_its_client(server: Listening, app: App) -> None:
    with connected(server.address) as client:
        client.sendall(request("/wait"))
        assert app.begun.wait(SOON_S)
        time.sleep(2 * SHORT_S)  # that is what it takes
        app.go.set()
        assert answer(client) == (200, b"at last")


def test_a_body_that_nobody_reads_does_not_hold_a_connection(server: Listening) -> None:
    with connected(server.address) as client:
        client.sendall(request("/unread", "Content-Length: 1000", method="POST"))
        assert answer(client) == (200, b"no need")
        assert trickle(client, b"x", SOON_S) == b""
    assert server.refused == [], "it has its answer"


def test_a_request_that_is_answered_before_it_is_whole_leaves_an_idle_connection(
    server: Listening,
) -> None:
    with connected(server.address) as client:
        client.sendall(request("/unread", "Content-Length: 4", method="POST") + b"ab")
        assert answer(client) == (200, b"no need")
        client.sendall(b"cd" + request())
        assert answer(client)[0] == 200
        client.sendall(request("/unread", "Content-Length: 4", method="POST") + b"ab")
        assert answer(client) == (200, b"no need")
        client.sendall(b"cd")
        assert rest(client) == b""


def test_a_body_that_nobody_reads_is_not_kept_with_its_idle_connection(server: Listening) -> None:
    async def kept() -> list[int]:
        cycles = (found for found in gc.get_objects() if isinstance(found, RequestResponseCycle))
        return [len(cycle.body) for cycle in cycles]

    with connected(server.address) as client:
        client.sendall(request("/unread", "Content-Length: 1000", method="POST") + b"x" * 1000)
        assert answer(client) == (200, b"no need")
        assert asyncio.run_coroutine_threadsafe(kept(), server.loop).result(SOON_S) == [0]


@pytest.mark.parametrize("path", ["/stream", "/large"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_that_does_not_read_is_cut_off(server: Listening, path: str, version: str) -> None:
    with connected(server.address, receive_bytes=4_096) as client:
        client.sendall(request(path, version=version))
        client.recv(100)
        ended = threading.Event()
        server.loop.call_soon_threadsafe(_when_empty, server, ended)
        assert ended.wait(SOON_S), "the connection is held"
        with pytest.raises(ConnectionResetError):
            rest(client)


def _when_empty(server: Listening, ended: threading.Event) -> None:
    """Watch the count of connections, from the server's own loop."""
    if server.counts[-1] == 0:
        ended.set()
    else:
        server.loop.call_later(0.01, _when_empty, server, ended)


def test_a_client_that_reads_slowly_but_reads_gets_everything(app: App) -> None:
    with listening(app, send_timeout_s=SHORT_S) as server:
        address = server.address
        with connected(address, receive_bytes=65_536) as client:
            client.sendall(request("/large", "Connection: close"))
            received = 0
            start = time.monotonic()
            while part := client.recv(400_000):
                received += len(part)
                if time.monotonic() - start < 4 * SHORT_S:
                    time.sleep(0.01)  # a few megabytes a second
    assert received > len(PIECE) * 2_000


def test_a_client_that_has_read_everything_may_come_back(app: App) -> None:
    with listening(app, send_timeout_s=SHORT_S) as server, connected(server.address) as client:
        client.sendall(request("/large"))
        assert answer(client)[0] == 200
        time.sleep(3 * SHORT_S)
        client.sendall(request())
        assert answer(client)[0] == 200


# Sizes.


@pytest.mark.parametrize("length", [70_000, 3_000_000])
def test_an_address_that_is_too_long_is_414(server: Listening, length: int) -> None:
    response = talk(server.address, request("/" + "a" * length))
    assert "POST" in problem(response)["detail"]
    assert server.refused == [414]


@pytest.mark.parametrize(
    "headers",
    [
        ["A: " + "a" * 70_000],
        ["A: " + "a" * 3_000_000],
        [f"A{n}: {'a' * 500}" for n in range(200)],
        [f"A{n}: a" for n in range(300)],
    ],
    ids=["long", "endless", "together", "many"],
)
def test_headers_that_are_too_long_are_431(server: Listening, headers: list[str]) -> None:
    assert problem(talk(server.address, request("/", *headers)))["status"] == 431


def test_headers_that_never_end_are_431_before_the_time_is_up(app: App) -> None:
    with listening(app, header_timeout_s=60) as server, connected(server.address) as client:
        client.sendall(request()[:-2] + b"A: ")
        with pytest.raises(ConnectionError):
            client.sendall(b"a" * 100_000_000)
    assert server.refused == [431]


def test_a_head_over_the_limits_is_refused_however_it_comes(app: App) -> None:
    with listening(app, header_bytes=1_000) as server, connected(server.address) as client:
        head = request("/", "A: " + "a" * 1_000)
        for at in range(0, len(head), 600):
            client.sendall(head[at : at + 600])
            talk(server.address, request(version="1.0"))  # what was sent before has been read
        assert status_of(rest(client)) == 431


def test_a_head_within_the_limits_is_read_however_it_comes(server: Listening) -> None:
    head = request("/" + "?" + "a" * 40_000, "A: " + "a" * 20_000)
    with connected(server.address) as client:
        for at in range(0, len(head), 10_000):
            client.sendall(head[at : at + 10_000])
        assert answer(client)[0] == 200


def test_trailer_fields_and_chunk_extensions_have_an_end(app: App) -> None:
    for start in (b"1\r\nx\r\n0\r\nTrailer: ", b"1;extension="):
        with listening(app, body_timeout_s=60) as server, connected(server.address) as client:
            client.sendall(request("/", "Transfer-Encoding: chunked", method="POST") + start)
            with pytest.raises(ConnectionError):
                client.sendall(b"a" * 100_000_000)
        assert server.refused == [431]


def test_trailer_fields_are_no_headers(server: Listening) -> None:
    body = b"1\r\nx\r\n0\r\nAuthorization: me\r\n\r\n"
    with connected(server.address) as client:
        head = request("/headers", "Transfer-Encoding: chunked", method="POST")
        client.sendall(head + body)
        assert answer(client) == (200, b"host,transfer-encoding")


@pytest.mark.parametrize("query", ["", "?close"])
def test_a_large_body_that_is_refused_at_once_gets_the_refusal(
    server: Listening, query: str
) -> None:
    connection = http.client.HTTPConnection(*server.address, timeout=5)
    connection.request("POST", f"/unread{query}", b"x" * 4_000_000)
    assert connection.getresponse().read() == b"no need"
    connection.close()


# What is not HTTP.


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n", 400),
        (b'GET / HTTP/1.1\r\nHost: a"><script>/\r\n\r\n', 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: me@a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400),
        (b"GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET /\x01 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"A\x00: b\r\n\r\n", 400),
        (request("example.org:443", method="CONNECT"), 400),
        (request("/", "Content-Length: 1", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (request("/", "Content-Length: 1", "Content-Length: 2"), 400),
        (request("/", "Content-Length: -1"), 400),
        (request("/", "Transfer-Encoding: gzip, chunked", method="POST"), 501),
        (request("/", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501),
        (request("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (request(version="2.0"), 505),
        (request(version="0.9"), 505),
    ],
)
def test_what_is_not_http_gets_a_small_refusal(
    server: Listening, data: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        response = talk(server.address, data)
    assert problem(response)["status"] == status
    assert len(response) < 600
    assert b"date: " in response
    assert server.refused == [status]
    assert caplog.records == [], "a scanner would fill the log"


@pytest.mark.parametrize(
    "host", [b"a", b"A-b_c.example.:80", b"[::1]:7878", b"127.0.0.1", b"a%2Db", b"", b" a:  "]
)
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_host_that_can_be_one_is_taken(version: bytes, host: bytes, server: Listening) -> None:
    head = b"GET /unread?close HTTP/%b\r\nHost: %b\r\n\r\n" % (version, host)
    assert status_of(talk(server.address, head)) == 200


def test_a_refusal_waits_for_the_answer_before_it(server: Listening, app: App) -> None:
    with connected(server.address) as client:
        client.sendall(request("/wait") + b"nonsense\r\n\r\n")
        assert app.begun.wait(SOON_S)
        app.go.set()
        assert answer(client) == (200, b"at last")
        assert problem(rest(client))["status"] == 400


def test_a_request_that_breaks_off_behind_another_is_refused_in_its_turn(
    server: Listening, app: App
) -> None:
    broken = request("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n"
    with connected(server.address) as client:
        client.sendall(request("/wait") + broken)
        assert app.begun.wait(SOON_S)
        app.go.set()
        assert answer(client) == (200, b"at last")
        assert problem(rest(client))["status"] == 400


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (["Content-Length: 5"], b"hello"),
        (["Transfer-Encoding: chunked"], b"5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_a_body_is_read_though_another_protocol_is_offered(
    server: Listening, framing: list[str], body: bytes
) -> None:
    offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    with connected(server.address) as client:
        for part in (body, body[:3]):
            client.sendall(request("/", *offer, *framing, method="POST") + part)
            if part == body:
                assert answer(client) == (200, b'{"method": "POST", "body": 5}')
        client.sendall(body[3:])
        assert answer(client) == (200, b'{"method": "POST", "body": 5}')


def test_an_offer_of_another_protocol_is_answered_in_this_one(server: Listening) -> None:
    offer = ["Connection: Upgrade", "Upgrade: websocket"]
    with connected(server.address) as client:
        client.sendall(request("/", *offer) + request("/", *offer) + request())
        assert [answer(client)[0] for _ in range(3)] == [200, 200, 200]


# Company.


def test_requests_that_do_not_wait_are_answered_in_turn_up_to_a_number(server: Listening) -> None:
    with connected(server.address) as client:
        client.sendall(request() * 9)
        assert [answer(client)[0] for _ in range(9)] == [200] * 9
    with connected(server.address) as client:
        client.sendall(request() * 5_000)
        assert rest(client).count(b"HTTP/1.1 200") == 9
    assert server.refused == []


def test_a_connection_too_many_gets_503(app: App) -> None:
    with listening(app, connections=3) as server, ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(connected(server.address))
            client.sendall(request())
            assert answer(client)[0] == 200
        response = talk(server.address, request())
        assert problem(response)["status"] == 503
        assert b"retry-after: 5" in response
        assert b"access-control-allow-origin: *" in response, "for the scripts of other pages"
        client.sendall(request())
        assert answer(client)[0] == 200, "the others are not disturbed"
        assert max(server.counts) == 3
    assert server.counts[-1] == 0


def test_of_connections_too_many_only_some_are_told_so(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.web.connections.FAREWELLS", 4)
    with listening(app, connections=1) as server, connected(server.address) as first:
        first.sendall(request())
        assert answer(first)[0] == 200
        with ExitStack() as stack:
            clients = [stack.enter_context(connected(server.address)) for _ in range(10)]
            statuses = [_status_or_nothing(client) for client in clients]
        assert sorted(statuses) == [0] * 6 + [503] * 4
        assert server.refused == [503] * 10
        first.sendall(request())
        assert answer(first)[0] == 200


def _status_or_nothing(client: socket.socket) -> int:
    try:
        client.sendall(request())
        response = rest(client)
    except ConnectionError:
        return 0
    return status_of(response) if response else 0


def test_who_sends_nothing_makes_room_when_the_server_is_full(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.web.limits.PATIENCE_S", SHORT_S)
    with listening(app, connections=3, header_timeout_s=60) as server, ExitStack() as stack:
        silent, busy, slow = (stack.enter_context(connected(server.address)) for _ in range(3))
        silent.sendall(b"GE")
        busy.sendall(request("/wait"))
        assert app.begun.wait(SOON_S)
        slow.sendall(b"G")
        time.sleep(2 * SHORT_S)  # more patience than the server has
        with connected(server.address) as client:
            client.sendall(request())
            assert answer(client)[0] == 200
        assert rest(silent) == b""
        app.go.set()
        assert answer(busy) == (200, b"at last")
        slow.sendall(request()[1:])
        assert answer(slow)[0] == 200, "one was enough"


def test_who_still_gets_an_answer_does_not_make_room(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.web.limits.PATIENCE_S", 0)
    with listening(app, connections=1) as server:
        with connected(server.address, receive_bytes=4_096) as reader:
            reader.sendall(request("/large", "Connection: keep-alive"))
            reader.recv(100)
            response = talk(server.address, request())
        assert problem(response)["status"] == 503


def test_five_hundred_slow_connections_disturb_nobody(app: App) -> None:
    with listening(app, header_timeout_s=1) as server, ExitStack() as stack:
        slow = [stack.enter_context(connected(server.address)) for _ in range(500)]
        took = []
        for at in range(50):
            for client in slow[at * 10 : at * 10 + 10]:
                client.send(b"G")
            start = time.perf_counter()
            with connected(server.address) as client:
                client.sendall(request())
                assert answer(client)[0] == 200
            took.append(time.perf_counter() - start)
        assert sorted(took)[-5] < 0.1
        assert {status_of(rest(client)) for client in slow} == {408}


# How answers end.


def test_a_cut_answer_is_seen_by_a_client_of_http_1_1(server: Listening) -> None:
    for path in ("/cut", "/unfinished", "/failing"):
        connection = http.client.HTTPConnection(*server.address, timeout=5)
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            response.read()
        connection.close()


@pytest.mark.parametrize("path", ["/cut", "/unfinished", "/failing"])
def test_a_cut_answer_is_seen_by_a_client_of_http_1_0(server: Listening, path: str) -> None:
    with connected(server.address) as client:
        client.sendall(request(path, version="1.0"))
        with pytest.raises(ConnectionResetError):
            rest(client)


def test_an_answer_that_is_cut_on_purpose_is_not_logged(
    server: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server.address) as client:
        client.sendall(request("/cut"))
        with pytest.raises(ConnectionResetError):
            rest(client)
    server.ask_to_stop()
    server.wait()
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_an_answer_that_was_forgotten_is_logged(
    server: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server.address) as client:
        client.sendall(request("/unfinished"))
        with pytest.raises(ConnectionResetError):
            rest(client)
    messages = [r.message for r in caplog.records]
    assert messages == ["an answer was left unfinished: its connection is cut"]


def test_an_answer_to_http_1_0_ends_with_the_connection_and_has_no_chunks(
    server: Listening,
) -> None:
    head, _, body = talk(server.address, request("/stream", version="1.0")).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == PIECE * 2_000


def test_http_1_0_gets_no_100_continue(server: Listening) -> None:
    headers = ["Content-Length: 2", "Expect: 100-continue"]
    response = talk(server.address, request("/", *headers, method="POST", version="1.0") + b"ab")
    assert status_of(response) == 200


@pytest.mark.parametrize("behind", [b"", request() * 3])
def test_an_application_learns_that_its_client_is_gone(
    server: Listening, app: App, behind: bytes
) -> None:
    with connected(server.address) as client:
        client.sendall(request("/wait") + behind)
        assert app.begun.wait(SOON_S)
    assert app.gone.wait(SOON_S)


def test_an_application_that_ends_with_its_client_is_not_logged(
    server: Listening, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server.address) as client:
        client.sendall(request("/cancelled", "Content-Length: 10", method="POST"))
    assert app.gone.wait(SOON_S)
    server.ask_to_stop()
    server.wait()
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_nothing_of_a_connection_is_kept(server: Listening) -> None:
    gc.collect()
    gc.disable()  # reference cycles would be collected much later under load
    try:
        for path in ("/", "/cut", "/unread", "/headers", "nonsense"):
            for _ in range(5):
                with connected(server.address) as client:
                    client.sendall(request(path))
                    client.recv(10)
        ended = threading.Event()
        server.loop.call_soon_threadsafe(_when_empty, server, ended)
        assert ended.wait(SOON_S)
        server.ask_to_stop()
        server.wait()
        assert [found for found in gc.get_objects() if isinstance(found, Connection)] == []
    finally:
        gc.enable()
