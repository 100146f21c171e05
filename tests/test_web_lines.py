"""The lines of the log: one each, in order, of printable ASCII, whatever was sent."""

import io
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.web import lines as lines_module
from pfocr_rdf.web.lines import Lines, LogForm, moment, now, written

FORMS: Final[tuple[LogForm, ...]] = get_args(LogForm)
SOON_S: Final = 5.0
LONG_S: Final = 60.0
NASTY: Final = "\x1b[2J\r\nadmin=1 \"\\'\x00\x7f\x9b\u2028\u202e\ud800é"


@contextmanager
def piped(form: LogForm = "text") -> Iterator[tuple[Lines, Callable[[], bytes]]]:
    """Lines that go into a pipe, and what closes them and gives all that came."""
    reading, writing = os.pipe()
    with open(reading, "rb") as out:
        with open(writing, "w") as stream:
            lines = Lines(form, stream)
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(out.read()))
        reader.start()

        def everything() -> bytes:
            lines.close()
            reader.join(SOON_S)
            return found[0]

        try:
            yield lines, everything
        finally:
            lines.close()
            reader.join(SOON_S)


@pytest.mark.parametrize("form", FORMS)
@given(st.dictionaries(st.sampled_from(["path", "client", "text"]), st.text()))
def test_a_line_is_one_line_of_printable_ascii(form: LogForm, fields: dict[str, str]) -> None:
    assert re.fullmatch(rb"[ -~]*\n", written(form, fields))


@pytest.mark.parametrize("path", [NASTY, *NASTY, "/plain"])
def test_values_in_json_come_back(path: str) -> None:
    fields: dict[str, Any] = {"path": path, "status": 200, "ms": 1.5}
    line = written("json", fields)
    assert json.loads(line) == fields
    assert re.fullmatch(rb"[ -~]*\n", line)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/sparql", "/sparql"),
        ("back\\slash", "back\\slash"),
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ('"', r'"\""'),
        ("\n", r'"\n"'),
        ("\x1b", r'"\u001b"'),
        ("\x7f", r'"\u007f"'),
        ("é", r'"\u00e9"'),
        (1.5, "1.5"),
    ],
)
def test_values_in_text_are_quoted_when_they_need_it(value: object, shown: str) -> None:
    assert written("text", {"one": 1, "two": value, "three": "x"}).decode() == (
        f"one=1 two={shown} three=x\n"
    )


def test_no_value_can_look_like_a_field() -> None:
    assert written("text", {"path": "/a status=200", "status": 404}) == (
        b'path="/a status=200" status=404\n'
    )


def test_times_are_in_utc_to_the_millisecond() -> None:
    assert moment(1_700_000_000.9999) == "2023-11-14T22:13:20.999Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())


def test_lines_come_whole_and_in_order_from_many_threads() -> None:
    with piped() as (lines, everything):

        def add(writer: int) -> None:
            for number in range(500):
                lines.add(b"%d %d %b\n" % (writer, number, b"x" * 100))

        threads = [threading.Thread(target=add, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        text = everything().decode()
    seen: dict[str, list[int]] = {}
    for line in text.splitlines():
        writer, number, filling = line.split()
        assert filling == "x" * 100
        seen.setdefault(writer, []).append(int(number))
    assert seen == {str(writer): list(range(500)) for writer in range(4)}


def test_an_urgent_line_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "FLUSH_S", LONG_S)
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as out, open(writing, "w") as stream:
        lines = Lines("text", stream)
        lines.add(b"first\n")
        lines.add(b"second\n", urgent=True)
        assert out.read(100) == b"first\nsecond\n"
        lines.close()


def test_lines_are_written_after_a_moment_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "FLUSH_S", 0.01)
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as out, open(writing, "w") as stream:
        lines = Lines("text", stream)
        for number in range(3):
            lines.add(b"%d\n" % number)
            assert out.read(100) == b"%d\n" % number
        monkeypatch.setattr(lines_module, "FLUSH_S", LONG_S)
        lines.add(b"last\n")
        lines.close()
        assert out.read(100) == b"last\n"


def test_nobody_waits_for_a_reader_and_what_is_lost_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines_module, "FLUSH_S", 0.01)
    monkeypatch.setattr(lines_module, "KEPT_LINES", 10)
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as out, open(writing, "w") as stream:
        lines = Lines("text", stream)
        lines.add(b"x" * 1_000_000 + b"\n", urgent=True)
        assert out.read(1) == b"x"  # the pipe is full now, and the writing thread waits
        start = time.monotonic()
        for number in range(25):
            lines.add(b"%d\n" % number)
        assert time.monotonic() - start < 1
        received = b""
        while b"lost" not in received:
            received += out.read(65_536)
        lines.close()
    rest = received.lstrip(b"x").decode().split("\n")[1:]
    assert rest[:10] == [str(number) for number in range(10)]
    assert 'message="15 lines of the log were lost: they could not be written"' in rest[10]


def test_a_reader_that_is_gone_does_no_harm() -> None:
    reading, writing = os.pipe()
    with open(writing, "w") as stream:
        lines = Lines("text", stream)
        os.close(reading)
        for _ in range(3):
            lines.add(b"unheard\n", urgent=True)
        lines.close()


def test_a_stream_that_is_closed_is_not_confused_with_what_is_opened_next() -> None:
    with piped() as (lines, everything):
        reading, writing = os.pipe()  # takes the number that the closed stream had
        lines.add(b"mine\n")
        assert everything() == b"mine\n"
        os.close(writing)
        with open(reading, "rb") as other:
            assert other.read() == b""


def test_a_stream_without_a_descriptor_is_written_to() -> None:
    stream = io.StringIO()
    lines = Lines("text", stream)
    lines.add(b"a line\n")
    lines.close()
    assert stream.getvalue() == "a line\n"


def test_closing_ends_the_thread_and_the_descriptor() -> None:
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    with piped() as (lines, everything):
        lines.add(b"a line\n")
        everything()
        lines.close()
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before
