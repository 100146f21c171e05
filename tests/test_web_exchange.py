"""One exchange over HTTP: headers, bodies, public addresses, and clients that go away."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import pytest

from pfocr_rdf.web.exchange import (
    ABORT,
    PIECE_BYTES,
    SMALL_BYTES,
    Bodies,
    Exchange,
    Message,
    Reply,
    Scope,
    Watch,
    problem_reply,
    public_url_of,
    read_body,
    whole_reply,
)
from pfocr_rdf.web.problems import Refusal


def scope_of(*headers: tuple[bytes, bytes], method: str = "GET") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": "/",
        "scheme": "http",
        "server": ("127.0.0.1", 7878),
        "headers": list(headers),
        "extensions": {},
    }


class Talk:
    """Both ends of an exchange: what comes, and what was sent."""

    def __init__(self, *messages: Message, scope: Scope | None = None) -> None:
        self.messages = list(messages)
        self.sent: list[Message] = []
        self.exchange = Exchange(
            scope or scope_of(), self.receive, self.send, "0-0", 0.0, "http://example.org/"
        )

    async def receive(self) -> Message:
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (b"example.org", "http://example.org/"),
        (b"example.org:8080", "http://example.org:8080/"),
        (b"[::1]:7878", "http://[::1]:7878/"),
        (b"", "http://127.0.0.1:7878/"),
        (b"evil.org/x?", "http://127.0.0.1:7878/"),
        (b'a"><script>', "http://127.0.0.1:7878/"),
        (b"user@evil.org", "http://127.0.0.1:7878/"),
    ],
)
def test_the_host_header_is_believed_if_it_is_a_host(host: bytes, expected: str) -> None:
    assert public_url_of(scope_of((b"host", host)), None) == expected


def test_the_configured_address_comes_first() -> None:
    scope = scope_of((b"host", b"inner:7878"))
    assert public_url_of(scope, "https://example.org/pfocr/") == "https://example.org/pfocr/"


def test_the_servers_own_address_may_be_of_ipv6() -> None:
    scope = scope_of()
    scope["server"] = ("::1", 80)
    assert public_url_of(scope, None) == "http://[::1]:80/"


def test_headers_of_one_name_are_joined() -> None:
    talk = Talk(scope=scope_of((b"accept", b"text/csv"), (b"x", b"y"), (b"accept", b"text/turtle")))
    assert talk.exchange.header(b"accept") == "text/csv, text/turtle"
    assert talk.exchange.header(b"cookie") is None


def as_large_as_it_likes(size: int) -> None:
    """There is room for any body."""


def test_a_body_is_put_together() -> None:
    talk = Talk(part(b"AS"), part(b"K {"), part(b"}", more=False))
    assert asyncio.run(read_body(talk.exchange, 100, 1, as_large_as_it_likes)) == b"ASK {}"


def test_a_body_is_not_read_beyond_its_limit() -> None:
    talk = Talk(*[part(b"x" * 60)] * 3)
    with pytest.raises(Refusal) as caught:
        asyncio.run(read_body(talk.exchange, 100, 1, as_large_as_it_likes))
    assert caught.value.status == 413
    assert len(talk.messages) == 1


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    talk = Talk(part(b"AS"))
    with pytest.raises(Refusal) as caught:
        asyncio.run(read_body(talk.exchange, 100, 0.02, as_large_as_it_likes))
    assert caught.value.status == 408


def test_a_client_that_goes_away_in_its_body_ends_the_exchange() -> None:
    talk = Talk(part(b"AS"), GONE)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(read_body(talk.exchange, 100, 1, as_large_as_it_likes))


def test_bodies_that_are_held_at_a_time_have_one_limit() -> None:
    bodies = Bodies(most_bytes=100)
    with bodies.hold("ann") as first, bodies.hold("bob") as second, bodies.hold("cid") as third:
        first(SMALL_BYTES + 30)
        first(SMALL_BYTES + 50)
        second(SMALL_BYTES + 40)
        third(SMALL_BYTES + 10)
        with pytest.raises(Refusal, match="long queries as it takes") as caught:
            third(SMALL_BYTES + 11)
        assert (caught.value.status, caught.value.kind) == (503, "busy")
        assert caught.value.headers == {"Retry-After": "5", "Connection": "close"}
        with bodies.hold("ann") as small:
            small(SMALL_BYTES)
        assert bodies.held_bytes == 100
    assert bodies.held_bytes == 0


def test_one_client_may_hold_half_of_what_all_may() -> None:
    bodies = Bodies(most_bytes=100)
    with bodies.hold("ann") as first, bodies.hold("ann") as second, bodies.hold("bob") as other:
        first(SMALL_BYTES + 40)
        second(SMALL_BYTES + 10)
        with pytest.raises(Refusal, match="long queries of yours as it takes") as caught:
            second(SMALL_BYTES + 11)
        assert caught.value.headers == {"Retry-After": "5", "Connection": "close"}
        other(SMALL_BYTES + 50)
    with bodies.hold("ann") as again:
        again(SMALL_BYTES + 50)


@pytest.mark.parametrize(
    "end", [[part(b"", more=False)], [GONE], [], [part(b"x" * 9_000_000)], [part(b"x" * 900_000)]]
)
def test_a_body_that_ends_in_any_way_makes_room(end: list[Message]) -> None:
    bodies = Bodies(most_bytes=1_000_000)
    talk = Talk(part(b"x" * 200_000), part(b"x" * 200_000), *end)
    held = []

    def note(grow: Callable[[int], None], size: int) -> None:
        grow(size)
        held.append(bodies.held_bytes)

    async def read() -> None:
        with bodies.hold("") as grow:
            await read_body(talk.exchange, 5_000_000, 0.02, lambda size: note(grow, size))

    with suppress(Refusal, asyncio.CancelledError):
        asyncio.run(read())
    assert held[:2] == [200_000 - SMALL_BYTES, 400_000 - SMALL_BYTES]
    assert bodies.held_bytes == 0


@pytest.mark.parametrize(("method", "body"), [("GET", b"hello"), ("HEAD", b"")])
def test_a_reply_to_head_has_the_length_and_no_body(method: str, body: bytes) -> None:
    talk = Talk(scope=scope_of(method=method))
    asyncio.run(talk.exchange.reply(whole_reply(200, "text/plain", b"hello")))
    start, rest = talk.sent
    headers = dict(start["headers"])
    assert headers[b"content-length"] == b"5"
    assert headers[b"x-request-id"] == b"0-0"
    assert rest["body"] == body
    assert talk.exchange.sent_bytes == len(body)


def test_a_large_reply_goes_in_pieces_each_when_there_is_room() -> None:
    talk = Talk()
    body = bytes(range(256)) * 1024
    heard: list[int] = []

    async def send(message: Message) -> None:
        talk.sent.append(message)
        heard.append(len(message.get("body", b"")))
        if len(heard) == 3:
            await asyncio.Event().wait()  # the client reads no more

    talk.exchange.send = send
    asyncio.run(_for_a_moment(talk.exchange.reply(whole_reply(200, "text/plain", body))))
    assert heard == [0, PIECE_BYTES, PIECE_BYTES]


async def _for_a_moment(work: Coroutine[Any, Any, None]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(work, 0.05)


@pytest.mark.parametrize("more", [-1, 0, 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_the_pieces_of_a_reply_are_the_whole(more: int) -> None:
    talk = Talk()
    body = b"ab" * (PIECE_BYTES // 2) + b"c" * more if more > 0 else b"x" * (PIECE_BYTES + more)
    asyncio.run(talk.exchange.reply(whole_reply(200, "text/plain", body)))
    _, *parts = talk.sent
    assert b"".join(message["body"] for message in parts) == body
    assert [message.get("more_body", False) for message in parts[-2:]][-1] is False
    assert all(message["more_body"] for message in parts[:-1])
    assert max(len(message["body"]) for message in parts) <= PIECE_BYTES


def test_a_large_reply_does_not_hold_up_a_small_one() -> None:
    order: list[str] = []

    async def answer(name: str, size: int) -> None:
        await Talk().exchange.reply(whole_reply(200, "text/plain", b"x" * size))
        order.append(name)

    async def work() -> None:
        await asyncio.gather(answer("large", 9 * PIECE_BYTES), answer("small", 1))

    asyncio.run(work())
    assert order == ["small", "large"]


def test_a_problem_is_json_with_its_own_headers() -> None:
    refusal = Refusal("busy", "try again", headers={"Retry-After": "5"}, waiting=7)
    reply = problem_reply(refusal, "http://example.org/", "0-0")
    headers = dict(reply.headers)
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"retry-after"] == b"5"
    found = json.loads(reply.body)
    assert found["type"] == "http://example.org/problems/busy"
    assert (found["status"], found["detail"], found["waiting"]) == (503, "try again", 7)


def test_an_abort_is_the_servers() -> None:
    aborted: list[bool] = []
    scope = scope_of()
    scope["extensions"] = {ABORT: lambda: aborted.append(True)}
    Talk(scope=scope).exchange.abort()
    assert aborted == [True]


def watched(messages: Sequence[Message], work: Callable[[], Any]) -> Talk:
    talk = Talk(*messages)

    async def run() -> None:
        async with Watch(talk.exchange):
            await work()

    asyncio.run(run())
    return talk


def test_what_is_done_for_a_client_ends_when_it_goes_away() -> None:
    talk = watched([part(b"", more=False), GONE], lambda: asyncio.Event().wait())
    assert talk.exchange.outcome == "disconnect"


def test_what_is_done_quickly_is_not_watched() -> None:
    talk = watched([GONE], lambda: asyncio.sleep(0))
    assert talk.exchange.outcome == "ok"
    assert talk.messages == [GONE]


def test_a_cancellation_by_others_is_not_taken_for_a_client_that_left() -> None:
    talk = Talk()

    async def run() -> None:
        async with Watch(talk.exchange):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert talk.exchange.outcome == "ok"


def test_the_size_of_a_reply_counts_what_stands_around_it() -> None:
    assert Reply(200, [], b"x" * 1000).size > 1000
