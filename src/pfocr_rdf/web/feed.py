"""The backend's answer, as a query process reads it from the server: a file for pyoxigraph.

After a query process has asked (:data:`~pfocr_rdf.web.frames.Kind.ASK`), the server writes
frames too: a head, data, and an end; or a refusal, at any moment. An end or a refusal always
comes, and the next request only after it.
"""

import os
import re
from typing import Any, Final

import orjson

from pfocr_rdf import iris as ns
from pfocr_rdf.web.frames import HEADER, HEADER_BYTES, Kind
from pfocr_rdf.web.problems import Refusal, refusal_from

#: Pairs: a boolean as Virtuoso writes it, and as it is written here. All three formats escape
#: quotation marks inside a literal, so none of these can be part of one.
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
#: White space at the beginning or the end of a literal in XML, which pyoxigraph would drop.
BEGIN_RE: Final = re.compile(rb"(<literal\b[^<>]*+>)([ \t\r\n]++)")
END_RE: Final = re.compile(rb"([ \t\r\n]++)</literal>")
#: After this tag no literal is open.
CLOSED: Final = b"</binding>"


def mended_lines(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Bytes of JSON or N-Triples, mended, that can be read now, and those that must wait for more.

    :param last: whether nothing follows.
    """
    data = _same(data)
    return (data, b"") if last else (data[:-LONGEST], data[-LONGEST:])


def mended_xml(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Bytes of XML, mended, that can be read now, and those that must wait for more.

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
    """The backend's answer, as a file.

    :raises Refusal: from its methods, if the server sends one.
    :raises OSError: from its methods, if the server has closed its end.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""
        self._ready = b""
        self._mended = mended_lines
        self.refusal: Refusal | None = None
        #: Whether nothing, or nothing more, is to come.
        self.over = True

    def expect(self) -> None:
        """Expect frames: the backend is being asked."""
        self.over = False

    def begin(self) -> dict[str, Any]:
        """Wait for the head, which names the ``format`` of the rest."""
        kind, payload = self._frame()
        if kind != Kind.HEAD:
            raise self._unexpected(kind, payload)
        head: dict[str, Any] = orjson.loads(payload)
        if head["format"] == "xml":
            self._mended = mended_xml
        return head

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while not self._ready and not self.over:
            self._more()
        found, self._ready = self._ready[:size], self._ready[size:]
        return found

    def finish(self) -> None:
        """Read to the end; nothing but white space may be left.

        :raises Refusal: ``backend-failed``, if there is more.
        """
        while rest := self.read(1 << 16):
            if rest.strip():
                raise Refusal(
                    "backend-failed", "the engine behind this server sent more than its answer"
                )

    def drain(self) -> None:
        """Skip to the end, whatever comes."""
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
        # Kept, because pyoxigraph turns what is raised here into an error of its own.
        self.refusal = (
            refusal_from(payload)
            if kind == Kind.REFUSAL
            else Refusal("internal", "the server sent what a query process does not expect")
        )
        return self.refusal

    def _frame(self) -> tuple[int, bytes]:
        kind, length = HEADER.unpack(self._exactly(HEADER_BYTES))
        return kind, self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        """Exactly ``size`` bytes: what comes after them may be the next request."""
        data = b""
        while len(data) < size:
            more = os.read(self._fd, size - len(data))
            if not more:
                raise OSError("the server has closed its end")
            data = data + more if data else more
        return data
