"""One request to a partner, and everything that a partner can do instead of answering it."""

import asyncio
import gzip
import socket
import threading
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from endpoints import JSON, Handler, stand_in
from federating import partner, solutions, uri
from pfocr_rdf.web.federation import client as module
from pfocr_rdf.web.federation.addresses import public_socket
from pfocr_rdf.web.federation.client import Answer, Client
from pfocr_rdf.web.federation.partners import Partner
from pfocr_rdf.web.problems import Refusal

ANSWER = solutions({"s": uri("urn:a")})
LIMIT = 1 << 20


def ask(asked: Partner, text: str = "ASK {}", limit_bytes: int = LIMIT, times: int = 1) -> Answer:
    async def run() -> Answer:
        client = Client(asked)
        try:
            for _ in range(times):
                answer = await client.ask(text, limit_bytes)
            return answer
        finally:
            await client.close()

    return asyncio.run(run())


def refused(reply: Callable[[Handler], None], limit_bytes: int = LIMIT) -> Refusal:
    with stand_in(reply) as server, pytest.raises(Refusal) as raised:
        ask(partner(server.url), limit_bytes=limit_bytes)
    assert raised.value.members["partner"] == "stand-in"
    assert raised.value.detail.startswith("stand-in: ")
    return raised.value


def test_a_query_goes_as_a_form_and_says_who_asks_for_what() -> None:
    with stand_in(lambda handler: handler.send(ANSWER)) as server:
        assert ask(partner(server.url), "SELECT * { ?s ?p 'é&=' }").body == ANSWER
        ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/sparql")
    assert parse_qs(body.decode()) == {"query": ["SELECT * { ?s ?p 'é&=' }"]}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Accept"].startswith(JSON)
    assert headers["User-Agent"].startswith("pfocr-rdf/")
    assert "Cookie" not in headers


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=utf-8", "application/json"])
def test_an_answer_may_be_called_json_too(kind: str) -> None:
    with stand_in(lambda handler: handler.send(ANSWER, kind)) as server:
        assert ask(partner(server.url)) == Answer(ANSWER)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(ANSWER)),
        ("gzip", b"".join(gzip.compress(bytes([byte])) for byte in ANSWER) + gzip.compress(b"")),
        ("deflate", zlib.compress(ANSWER)),
        ("identity", ANSWER),
    ],
    ids=["gzip", "members", "deflate", "identity"],  # what is packed has the time in it
)
def test_a_packed_answer_is_unpacked(encoding: str, body: bytes) -> None:
    with stand_in(lambda handler: handler.send(body, Content_Encoding=encoding)) as server:
        assert ask(partner(server.url)).body == ANSWER


@pytest.mark.parametrize(
    ("encoding", "make"),
    [
        ("gzip", lambda: gzip.compress(b" " * (64 << 20))),
        ("gzip", lambda: gzip.compress(b" " * (LIMIT - 9)) + gzip.compress(b" " * 10)),
        ("gzip", lambda: gzip.compress(b"") * 400_000),
        ("identity", lambda: b" " * (2 << 20)),
    ],
    ids=["gzip", "members", "nothing", "identity"],
)
def test_an_answer_over_the_limit_is_not_read_to_its_end(
    encoding: str, make: Callable[[], bytes]
) -> None:
    body = make()
    refusal = refused(lambda handler: handler.send(body, Content_Encoding=encoding))
    assert refusal.kind == "partner-too-large"
    assert "more than 1,048,576 bytes" in refusal.detail


@pytest.mark.parametrize(
    "body", [gzip.compress(ANSWER)[:-12], b"not gzip", b""], ids=["cut", "something else", "empty"]
)
def test_an_answer_that_cannot_be_unpacked_is_none(body: bytes) -> None:
    refusal = refused(lambda handler: handler.send(body, Content_Encoding="gzip"))
    assert refusal.kind == "partner-failed"
    assert "in the middle" in refusal.detail or "cannot be unpacked" in refusal.detail


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(ANSWER)), ("deflate", zlib.compress(ANSWER))],
    ids=["gzip", "deflate"],
)
def test_a_packed_answer_with_something_else_after_it_is_none(encoding: str, packed: bytes) -> None:
    goes_on = packed + b"x" * (8 << 20)
    refusal = refused(lambda handler: handler.send(goes_on, Content_Encoding=encoding))
    assert refusal.kind == "partner-failed"
    assert "its answer cannot be unpacked (" in refusal.detail


def test_a_packed_answer_whose_last_member_is_cut_is_none() -> None:
    cut = gzip.compress(ANSWER) + gzip.compress(b"   ")[:-4]
    refusal = refused(lambda handler: handler.send(cut, Content_Encoding="gzip"))
    assert "its answer ended in the middle" in refusal.detail


def test_an_encoding_that_was_not_asked_for_is_not_read() -> None:
    refusal = refused(lambda handler: handler.send(b"x", Content_Encoding="br"))
    assert "encoded as 'br', which was not asked for" in refusal.detail


def test_a_page_is_no_answer() -> None:
    refusal = refused(lambda handler: handler.send(b"<html>", "text/html"))
    assert refusal.kind == "partner-failed"
    assert f"it answers with text/html, not {JSON}: check the address" in refusal.detail


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with stand_in(lambda handler: handler.send(ANSWER)) as canary:
        refusal = refused(lambda handler: handler.send(b"", status=status, Location=canary.url))
        assert canary.asked == []
    assert refusal.kind == "partner-failed"
    assert f"it redirects to {canary.url}, which is not followed" in refusal.detail


def test_what_a_partner_says_of_a_mistake_is_passed_on_and_not_its_pages() -> None:
    said = b"Virtuoso 37000 Error SP030: syntax error\nSPARQL query:\n" + b"x" * 9000
    refusal = refused(lambda handler: handler.send(said, "text/plain", 400))
    assert "HTTP 400 (Virtuoso 37000 Error SP030: syntax error SPARQL query:" in refusal.detail
    assert len(refusal.detail) < 350
    page = refused(lambda handler: handler.send(b"<h1>secret</h1>", "text/html", 500))
    assert page.detail == "stand-in: HTTP 500"


DEADLOCK = b"Virtuoso 40001 Error SR172: Transaction deadlocked\n\nSPARQL query:\nASK {}"


def test_a_partner_whose_transactions_block_one_another_is_asked_again() -> None:
    def reply(handler: Handler) -> None:
        if len(server.asked) < 3:
            handler.send(DEADLOCK, "text/plain", 500)
        else:
            handler.send(ANSWER)

    with stand_in(reply) as server:
        assert ask(partner(server.url)).body == ANSWER
        assert len(server.asked) == 3


def test_a_partner_that_is_blocked_for_good_is_told_of() -> None:
    refusal = refused(lambda handler: handler.send(DEADLOCK, "text/plain", 500))
    assert "HTTP 500 (Virtuoso 40001 Error SR172: Transaction deadlocked" in refusal.detail


def test_a_partner_without_time_says_how_long_to_wait() -> None:
    refusal = refused(lambda handler: handler.send(b"", status=429, Retry_After="60"))
    assert refusal.detail == "stand-in: HTTP 429: it is too busy: wait 60 s"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("7", "wait 7 s"),
        ("Fri, 21 Nov 2031 10:00:00 GMT", "wait until Fri, 21 Nov 2031 10:00:00 GMT"),
        ("\u00b2", "wait until \u00b2"),
        ("", "try again later"),
    ],
)
def test_only_seconds_to_wait_are_passed_on_in_a_header(after: str, said: str) -> None:
    refusal = refused(lambda handler: handler.send(b"", JSON, 503, Retry_After=after))
    assert refusal.detail.endswith(said) or not after.isascii()
    assert refusal.headers == ({"Retry-After": "7"} if after == "7" else {})


def test_words_that_are_packed_are_unpacked_as_far_as_they_are_shown() -> None:
    said = gzip.compress(b"no such graph\n" * 1000)
    refusal = refused(
        lambda handler: handler.send(said, "text/plain", 400, Content_Encoding="gzip")
    )
    assert refusal.detail.startswith("stand-in: HTTP 400 (no such graph no such graph ")
    broken = refused(lambda handler: handler.send(b"x", "text/plain", 400, Content_Encoding="gzip"))
    assert broken.detail == "stand-in: HTTP 400"


def cut(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Content-Length", str(len(ANSWER)))
    handler.end_headers()
    handler.wfile.write(ANSWER[:-5])


def cut_chunk(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\n" + ANSWER)


@pytest.mark.parametrize("reply", [cut, cut_chunk])
def test_an_answer_that_breaks_off_is_none(reply: Callable[[Handler], None]) -> None:
    refusal = refused(reply)
    assert refusal.kind == "partner-failed"
    assert "its answer ended in the middle: try again" in refusal.detail


def test_what_is_not_http_is_no_answer() -> None:
    def greet(handler: Handler) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n\r\n")

    refusal = refused(greet)
    assert refusal.kind == "partner-failed"
    assert "the connection broke" in refusal.detail


def test_a_partner_that_does_not_speak_tls_is_told() -> None:
    with stand_in(lambda handler: handler.send(ANSWER)) as server, pytest.raises(Refusal) as raised:
        ask(partner(server.url.replace("http:", "https:")))
    where = f"127.0.0.1:{server.server_address[1]}"
    said = f"stand-in: it cannot be reached at {where} (TLS: "
    assert raised.value.detail.startswith(said)
    assert server.asked == []


def test_a_name_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(Refusal) as raised:
        ask(partner("http://nobody.invalid/sparql"))
    assert raised.value.detail == (
        "stand-in: it cannot be reached at nobody.invalid:80 (Name or service not known)"
    )


def test_nobody_at_the_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Refusal) as raised:
        ask(partner(f"http://127.0.0.1:{port}/sparql"))
    assert "it cannot be reached" in raised.value.detail


def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    """The partner closes after each answer without saying so, as many do after some seconds."""
    answers: list[int] = []

    def serve(listener: socket.socket) -> None:
        while len(answers) < 3:
            with listener.accept()[0] as connection:
                data = b""
                while not data.endswith(b"%7B%7D"):
                    part = connection.recv(65_536)
                    assert part, "the client went away"
                    data += part
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: "
                connection.sendall(f"{head}{len(ANSWER)}\r\n\r\n".encode() + ANSWER)
                answers.append(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        assert ask(partner(url), times=3).body == ANSWER
        thread.join(10)
    assert len(answers) == 3


@pytest.mark.parametrize(
    ("name", "value", "rows"),
    [("X-SPARQL-MaxRows", "10000", 10_000), ("X-SQL-State", "S1TAT", 0), ("X-Other", "1", None)],
)
def test_a_partner_that_says_that_it_cuts_is_heard(name: str, value: str, rows: int | None) -> None:
    with stand_in(lambda handler: handler.send(ANSWER, JSON, 200, **{name: value})) as server:
        assert ask(partner(server.url)).cut_rows == rows


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_an_address_of_this_machine_is_not_called_unless_configured(host: str) -> None:
    with stand_in(lambda handler: handler.send(ANSWER)) as server:
        url = f"http://{host}:{server.server_address[1]}/sparql"
        with pytest.raises(Refusal) as raised:
            ask(partner(url, private=False))
        assert server.asked == []
    assert raised.value.kind == "partner-failed"
    assert "is not a public address, so it was not called: “private = true”" in raised.value.detail


def test_a_name_that_means_another_address_a_moment_later_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever owns the name answers a public address first, and then one of this machine."""
    looked_up: list[str] = []

    async def getaddrinfo(_loop: object, host: str, port: int, **_: object) -> list[Any]:
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) > 1 else "198.41.0.4"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    calls: list[str] = []

    def no_socket(info: Any) -> socket.socket:
        """A public address is none to be called from a test."""
        calls.append(info[4][0])
        if info[4][0] == "198.41.0.4":
            raise OSError("not called in a test")
        return public_socket(info)

    monkeypatch.setattr(module, "public_socket", no_socket)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with stand_in(lambda handler: handler.send(ANSWER)) as server:
        url = f"http://rebound.example:{server.server_address[1]}/sparql"

        async def run() -> list[str]:
            client, details = Client(partner(url, private=False)), []
            try:
                for _ in range(2):
                    with pytest.raises(Refusal) as raised:
                        await client.ask("ASK {}", LIMIT)
                    details.append(raised.value.detail)
            finally:
                await client.close()
            return details

        first, second = asyncio.run(run())
        assert server.asked == []
    assert calls == ["198.41.0.4", "127.0.0.1"]
    assert "cannot be reached" in first
    assert "127.0.0.1, which is not a public address" in second
