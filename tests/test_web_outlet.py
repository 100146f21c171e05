"""A head is sent with the beginning of its body, in one write; it never waits for long."""

from collections.abc import Callable
from typing import cast

import pytest

from pfocr_rdf.web.outlet import Outlet

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """A transport, and the loop's next turn."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.later: list[Callable[[], None]] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        if self.closing:
            raise RuntimeError("the handler is closed")
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing

    def turn(self) -> None:
        while self.later:
            self.later.pop(0)()


@pytest.fixture(name="wire")
def _wire() -> Wire:
    return Wire()


@pytest.fixture(name="outlet")
def _outlet(wire: Wire) -> Outlet:
    from asyncio import Transport

    return Outlet(cast(Transport, wire), lambda: None, wire.later.append)


def test_head_and_body_are_one_write(wire: Wire, outlet: Outlet) -> None:
    outlet.write(HEAD)
    assert wire.written == []
    outlet.write(b"body")
    outlet.write(b"more")
    wire.turn()
    assert wire.written == [HEAD + b"body", b"more"]


def test_a_head_without_a_body_is_sent_at_the_next_turn(wire: Wire, outlet: Outlet) -> None:
    outlet.write(HEAD)
    wire.turn()
    outlet.write(b"late")
    assert wire.written == [HEAD, b"late"]


def test_nothing_is_written_to_a_client_that_has_gone_away(wire: Wire, outlet: Outlet) -> None:
    outlet.write(HEAD)
    wire.closing = True
    wire.turn()
    outlet.write(b"late")
    assert wire.written == []


def test_a_body_that_looks_like_a_head_is_a_body(wire: Wire, outlet: Outlet) -> None:
    outlet.write(HEAD)
    outlet.write(HEAD)
    outlet.write(HEAD)
    wire.turn()
    assert wire.written == [HEAD + HEAD, HEAD]


def test_the_word_to_go_on_is_sent_at_once_and_is_no_head(wire: Wire, outlet: Outlet) -> None:
    outlet.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    outlet.write(HEAD)
    outlet.write(b"body")
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"body"]


def test_the_next_answer_has_a_head_again(wire: Wire, outlet: Outlet) -> None:
    for body in (b"one", b"two"):
        outlet.wants_head = True
        outlet.write(HEAD)
        outlet.write(body)
    wire.turn()
    assert wire.written == [HEAD + b"one", HEAD + b"two"]
