"""What a query process reads of a backend's answer: mended, whole, and not a byte too much."""

import os
import socket
from collections.abc import Iterator
from typing import Final

import orjson
import pytest

from pfocr_rdf.iris import XSD
from pfocr_rdf.web.feed import Feed
from pfocr_rdf.web.frames import Kind, frame
from pfocr_rdf.web.problems import Refusal

BOOLEAN: Final = f"{XSD}boolean"
END: Final = frame(Kind.END, b"{}")


@pytest.fixture(name="ends")
def _ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def fed(ends: tuple[socket.socket, socket.socket], form: str, *parts: bytes) -> Feed:
    """A feed of an answer that comes in these parts."""
    head = orjson.dumps({"format": form, "cut_rows": None})
    ends[0].sendall(frame(Kind.HEAD, head) + b"".join(frame(Kind.DATA, p) for p in parts) + END)
    feed = Feed(ends[1].fileno())
    feed.expect()
    assert feed.begin() == {"format": form, "cut_rows": None}
    return feed


def read(feed: Feed) -> bytes:
    return b"".join(iter(lambda: feed.read(7), b""))


@pytest.mark.parametrize(
    ("form", "theirs", "ours"),
    [
        (
            "json",
            f'[{{"datatype": "{BOOLEAN}", "value": "1" }}, {{"value": "\\"{BOOLEAN}\\""}}]',
            f'[{{"datatype": "{BOOLEAN}", "value": "true" }}, {{"value": "\\"{BOOLEAN}\\""}}]',
        ),
        (
            "ntriples",
            f'<a> <b> "0"^^<{BOOLEAN}> .\n<a> <b> "\\"0\\"^^<{BOOLEAN}>" .\n',
            f'<a> <b> "false"^^<{BOOLEAN}> .\n<a> <b> "\\"0\\"^^<{BOOLEAN}>" .\n',
        ),
        (
            "xml",
            f'<binding name="a"><literal datatype="{BOOLEAN}">1</literal></binding>\n <x/>',
            f'<binding name="a"><literal datatype="{BOOLEAN}">true</literal></binding>\n <x/>',
        ),
        (
            "xml",
            "<binding><literal>\r\n a  b\t</literal></binding><binding><uri>u</uri></binding>",
            "<binding><literal>&#13;&#10;&#32;a  b&#9;</literal></binding>"
            "<binding><uri>u</uri></binding>",
        ),
    ],
)
def test_an_answer_is_mended_wherever_it_is_torn(
    ends: tuple[socket.socket, socket.socket], form: str, theirs: str, ours: str
) -> None:
    data = theirs.encode()
    for cut in range(len(data)):
        feed = fed(ends, form, data[:cut], data[cut:])
        assert read(feed) == ours.encode()
        feed.drain()


def test_nothing_is_read_beyond_the_end(ends: tuple[socket.socket, socket.socket]) -> None:
    feed = fed(ends, "json", b"[]", b" \n")
    assert feed.read(2) == b"[]"
    feed.finish()
    feed.drain()
    ends[0].sendall(b"the next request")
    assert os.read(ends[1].fileno(), 100) == b"the next request"


def test_more_than_an_answer_is_none(ends: tuple[socket.socket, socket.socket]) -> None:
    feed = fed(ends, "json", b"[]", b"[]")
    feed.read(2)
    with pytest.raises(Refusal, match="more than its answer"):
        feed.finish()


def test_what_the_server_refuses_is_kept_and_the_last_that_comes(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    said = orjson.dumps({"kind": "backend-failed", "detail": "it broke", "limit": 3})
    ends[0].sendall(frame(Kind.DATA, b"x" * 500) + frame(Kind.REFUSAL, said))
    feed = Feed(ends[1].fileno())
    feed.expect()
    assert feed.read(1000)
    with pytest.raises(Refusal, match="it broke"):
        feed.read(1000)
    assert feed.refusal is not None
    assert feed.refusal.members == {"limit": 3}
    feed.drain()


def test_a_server_that_is_gone_is_told_apart(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].close()
    with pytest.raises(OSError, match="closed its end"):
        Feed(ends[1].fileno()).begin()
