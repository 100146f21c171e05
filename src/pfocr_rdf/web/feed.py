"""What the backend answers, as a query process reads it from the server: a file for pyoxigraph.

After a query process has asked (:data:`~pfocr_rdf.web.frames.Kind.ASK`), the server writes
frames too: a head, data, and an end; or a refusal, at any moment. One of the last two always
comes, and the next request only after it.
"""

import os
import re
from typing import Any, Final

import orjson

from pfocr_rdf import iris as ns
from pfocr_rdf.web.frames import HEADER, HEADER_BYTES, Kind
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import refusal_from

#: As Virtuoso writes a boolean → as it is written here. A quotation mark inside of a literal is
#: escaped in all three formats, so none of these stands in one.
SAME: Final = tuple(
    (text.encode() % theirs, text.encode() % ours)
    for text in (
        f'"{ns.XSD}boolean", "value": "%b"',
        f'"%b"^^<{ns.XSD}boolean>',
        f'"{ns.XSD}boolean">%b</literal>',
    )
    for theirs, ours in ((b"1", b"true"), (b"0", b"false"))
)
LONGEST: Final = max(len(theirs) for theirs, _ in SAME)
#: Where a literal of XML begins or ends with white space, which pyoxigraph would not read.
BEGIN_RE: Final = re.compile(rb"(<literal\b[^<>]*+>)([ \t\r\n]++)")
END_RE: Final = re.compile(rb"([ \t\r\n]++)</literal>")
#: After it no literal is open.
CLOSED: Final = b"</binding>"


def mended_lines(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Bytes of JSON or N-Triples that can be read, and those that wait for what follows.

    :param last: whether nothing follows.
    """
    data = _same(data)
    return (data, b"") if last else (data[:-LONGEST], data[-LONGEST:])


def mended_xml(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Bytes of XML that can be read, and those that wait for what follows.

    >>> mended_xml(b"<binding><literal> a</literal></binding><bin", last=False)
    (b'<binding><literal>&#32;a</literal></binding>', b'<bin')
    """
    closed = data.rfind(CLOSED)
    end = len(data) if last else closed + len(CLOSED) if closed >= 0 else 0
    whole, rest = _same(data[:end]), data[end:]
    whole = BEGIN_RE.sub(lambda found: found[1] + _referred(found[2]), whole)
    return END_RE.sub(lambda found: _referred(found[1]) + b"</literal>", whole), rest


def _referred(spaces: bytes) -> bytes:
    return b"".join(b"&#%d;" % space for space in spaces)


def _same(data: bytes) -> bytes:
    if b"boolean" in data:
        for theirs, ours in SAME:
            data = data.replace(theirs, ours)
    return data


class Feed:
    """The backend's answer.

    :raises Refusal: from its methods, where the server sends one.
    :raises OSError: from its methods, if the server has closed its end.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""
        self._ready = b""
        self._mended = mended_lines
        self.refusal: Refusal | None = None
        #: Nothing comes, or nothing more.
        self.over = True

    def expect(self) -> None:
        """The backend is asked: frames will come."""
        self.over = False

    def begin(self) -> dict[str, Any]:
        """Wait for the head, which says in which ``format`` the rest is."""
        kind, payload = self._frame()
        if kind != Kind.HEAD:
            raise self._unexpected(kind, payload)
        head: dict[str, Any] = orjson.loads(payload)
        if head["format"] == "xml":
            self._mended = mended_xml
        return head

    def read(self, size: int) -> bytes:
        """At most so many bytes, and none at the end."""
        while not self._ready and not self.over:
            self._more()
        found, self._ready = self._ready[:size], self._ready[size:]
        return found

    def finish(self) -> None:
        """Go to the end, where nothing but white space may be left.

        :raises Refusal: ``backend-failed``, if there is more.
        """
        while rest := self.read(1 << 16):
            if rest.strip():
                raise Refusal("backend-failed", "the engine behind says more than its answer")

    def drain(self) -> None:
        """Go to the end, whatever comes."""
        while not self.over:
            kind, _ = self._frame()
            self.over = kind in (Kind.END, Kind.REFUSAL)

    def _more(self) -> None:
        kind, payload = self._frame()
        if kind == Kind.DATA:
            self._ready, self._held = self._mended(self._held + payload, last=False)
        elif kind == Kind.END:
            self.over = True
            self._ready, self._held = self._mended(self._held, last=True)
        else:
            raise self._unexpected(kind, payload)

    def _unexpected(self, kind: int, payload: bytes) -> Refusal:
        self.over = True
        # Kept, for pyoxigraph makes an error of its own of it.
        self.refusal = (
            refusal_from(payload)
            if kind == Kind.REFUSAL
            else Refusal("internal", "the server sent what no query process expects")
        )
        return self.refusal

    def _frame(self) -> tuple[int, bytes]:
        kind, length = HEADER.unpack(self._exactly(HEADER_BYTES))
        return kind, self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        """So many bytes and none beyond: the next request is not for here."""
        data = b""
        while len(data) < size:
            more = os.read(self._fd, size - len(data))
            if not more:
                raise OSError("the server has closed its end")
            data = data + more if data else more
        return data
