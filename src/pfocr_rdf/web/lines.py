"""The lines of the log: their form, and the thread that writes them.

What a client has sent appears only as a value, with every character but printable ASCII escaped:
it can neither end the line nor control a terminal.
"""

import atexit
import json
import os
import re
import threading
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Literal, TextIO

import orjson

LogForm = Literal["text", "json"]

# Values that need no quotes: printable ASCII except space, quote and equals sign.
PLAIN_RE: Final = re.compile("[!#-<>-~]+")
QUOTELESS_RE: Final = re.compile("[ !#-~]+")
#: How long lines are gathered, and how many are kept while nobody reads the log.
FLUSH_S: Final = 0.25
KEPT_LINES: Final = 50_000
ENDING_S: Final = 1.0


class Lines:
    """Writes lines to a stream in a thread of its own, so that nothing waits for its reader.

    Lines that cannot be written are dropped; how many is logged once writing works again.

    :param stream: such as ``sys.stderr``; it may be closed at any time.
    """

    def __init__(self, form: LogForm, stream: TextIO) -> None:
        self.form = form
        self._stream = stream
        self._descriptor: int | None = None
        with suppress(OSError, ValueError):
            # A copy: once the stream is closed, its number may be given to another open file,
            # which must not get the lines.
            self._descriptor = os.dup(stream.fileno())
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._told = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def add(self, line: bytes, *, urgent: bool = False) -> None:
        """Write a line, given with its newline, in a moment; at once if it is urgent."""
        if len(self._waiting) >= KEPT_LINES:
            self._lost += 1
            return
        self._waiting.append(line)
        if urgent:
            self._hurry.set()
        if not self._told:
            self._told = True
            self._wake.set()

    def close(self) -> None:
        """Write what waits and end the thread; do not wait long if nobody reads the log."""
        self._closed = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(ENDING_S)
        atexit.unregister(self.close)
        if self._descriptor is not None and not self._thread.is_alive():
            os.close(self._descriptor)
            self._descriptor = None

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._hurry.wait(FLUSH_S)
            self._wake.clear()
            self._hurry.clear()
            # A line that is added from here on wakes the thread again.
            self._told = False
            self._flush()
        self._flush()

    def _flush(self) -> None:
        lines = []
        while self._waiting:
            lines.append(self._waiting.popleft())
        lost, self._lost = self._lost, 0
        if lost:
            message = f"{lost} lines of the log were lost: they could not be written"
            lines.append(written(self.form, {"time": now(), "message": message}))
        try:
            self._write(b"".join(lines))
        except (OSError, ValueError):
            self._lost += lost + len(lines) - bool(lost)

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._stream.write(data.decode())
            self._stream.flush()
            return
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]


def written(form: LogForm, fields: dict[str, Any]) -> bytes:
    r"""A line of the log: only printable ASCII, whatever the values hold.

    >>> written("text", {"path": "/a", "status": 200, "client": "a b\n"})
    b'path=/a status=200 client="a b\\n"\n'
    >>> written("json", {"path": "/\x1b[2J"})
    b'{"path":"/\\u001b[2J"}\n'
    """
    if form == "json":
        with suppress(TypeError):  # a lone surrogate
            line = orjson.dumps(fields)
            if line.isascii() and b"\x7f" not in line:
                return line + b"\n"
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    # Most lines need no quotes: checking the whole line is cheaper than checking each value.
    text = _template(tuple(fields)) % tuple(fields.values())
    seen = text.count(" ") + 1, text.count("=")
    if not QUOTELESS_RE.fullmatch(text) or seen != (len(fields), len(fields)):
        text = " ".join(f"{name}={_shown(value)}" for name, value in fields.items())
    return text.encode() + b"\n"


@lru_cache
def _template(names: tuple[str, ...]) -> str:
    return " ".join(f"{name}=%s" for name in names)


def _shown(value: object) -> str:
    text = str(value)
    return text if PLAIN_RE.fullmatch(text) else json.dumps(text)


def now() -> str:
    """The time in UTC, to the millisecond: https://www.rfc-editor.org/rfc/rfc3339 ."""
    return moment(time.time())


def moment(seconds: float) -> str:
    """A time, given in seconds since 1970, in the form that :func:`now` has.

    >>> moment(1.5)
    '1970-01-01T00:00:01.500Z'
    """
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
