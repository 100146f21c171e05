"""The way of an answer out of a query process.

pyoxigraph writes it in small pieces, which are gathered into blocks. The rows of a block are
counted, it is made fit for XML if that is the format, compressed, and written as frames. The
first block is held back, so that an error that comes early gets a status of its own.
"""

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]  # it has no stubs
import orjson
import zstandard
from pyoxigraph import BlankNode, Triple

from pfocr_rdf.rows import RowCounter
from pfocr_rdf.web.absences import Absences
from pfocr_rdf.web.formats import AnswerKind
from pfocr_rdf.web.frames import MAX_PAYLOAD, Kind, data_frames, frame, write_all
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.xml_text import NotXmlError, XmlText

#: Bytes that are gathered before they go on; also how much of an answer is held back.
BLOCK: Final = MAX_PAYLOAD
#: An answer of fewer bytes is not compressed: it fits into a network packet as it is.
MIN_COMPRESSED: Final = 1_024
# https://www.w3.org/TR/xml-names/#NT-NCName : the longest name at the end of an IRI becomes the
# element's. Only ASCII: parsers do not agree on the other letters.
ENDS_IN_NAME_RE: Final = re.compile(r"[\x00-,/:-@[-^`{-\x7f][-.0-9]*[A-Za-z_][-.0-9A-Za-z_]*\Z")
NAME_RE: Final = re.compile(r"[A-Za-z_][-.0-9A-Za-z_]*\Z")
#: A namespace that may not be declared, https://www.w3.org/TR/xml-names/#xmlReserved
RESERVED: Final = "//www.w3.org/2000/xmlns/"


class ServerGoneError(Exception):
    """The server has closed its end: nobody reads the answer."""


class Encoder(Protocol):
    """A content encoding: takes bytes, and returns encoded ones, perhaps later."""

    def compress(self, data: bytes) -> bytes:
        """Take data; return what can be sent now."""

    def flush(self) -> bytes:
        """Return the rest."""


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=4)

    def compress(self, data: bytes) -> bytes:
        return bytes(self._compressor.process(data))

    def flush(self) -> bytes:
        return bytes(self._compressor.finish())


#: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 ; beyond these levels time grows faster
#: than size shrinks. The 31 makes zlib write a gzip header, without a time in it.
ENCODING_TO_ENCODER: Final[dict[str, Callable[[], Encoder]]] = {
    "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
    "br": _Brotli,
    "zstd": lambda: zstandard.ZstdCompressor(level=3).compressobj(),
}


class XmlGuard:
    """Keeps XML well-formed, or refuses the answer and says what to ask for instead.

    :param advice: the format to ask for, one that can hold every answer.
    """

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self._text = XmlText()

    def check(self, block: bytes) -> bytes:
        """The block, made fit for XML.

        :raises Refusal: ``not-xml``, if it holds a character that XML cannot hold.
        """
        try:
            return self._text.check(block)
        except NotXmlError as error:
            detail = f"the answer has the character {error.character}, which XML cannot hold"
            raise Refusal("not-xml", f"{detail}: ask for {self._advice}") from None


def named_in_xml(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The triples, as long as RDF/XML can name their properties and blank nodes.

    https://www.w3.org/TR/rdf-syntax-grammar/#section-Serialising

    :raises Refusal: ``not-xml``, at a property whose IRI does not end in an XML name or is of the
        reserved namespace, and at a blank node whose label is not an XML name.
    """
    named: set[str] = set()
    for triple in triples:
        iri = triple.predicate.value
        if iri not in named:
            if RESERVED in iri or not ENDS_IN_NAME_RE.search(iri):
                detail = f"RDF/XML has no name for the property <{iri}>: ask for Turtle"
                raise Refusal("not-xml", detail)
            named.add(iri)
        for node in (triple.subject, triple.object):
            if isinstance(node, BlankNode) and not NAME_RE.match(node.value):
                detail = f"RDF/XML has no name for the blank node _:{node.value}"
                raise Refusal("not-xml", f"{detail}: ask for Turtle")
        # The triple of a triple term is written in the same way.
        if isinstance(triple.object, Triple):
            deque(named_in_xml((triple.object,)), maxlen=0)
        yield triple


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer is: its kind, the name of its format, its content encoding.

    ``blanks`` are the variables without a value, as :func:`pfocr_rdf.web.blanks.told_blanks` has
    them.
    """

    kind: AnswerKind
    format: str
    encoding: str
    blanks: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an answer may be, in solutions or triples, and in bytes before the encoding."""

    max_rows: int
    max_bytes: int


class Output:
    """The file that pyoxigraph writes an answer to; it passes the answer on to the server.

    :raises Refusal: from its methods, ``answer-too-large`` or ``not-xml``.
    :raises ServerGoneError: from its methods, if the server does not read any more.

    :param fd: the socket to the server.
    :param counter: counts rows, for formats in whose bytes they can be counted.
    :param guard: checks XML.
    """

    def __init__(
        self,
        fd: int,
        head: Head,
        limits: Limits,
        counter: RowCounter | None = None,
        guard: XmlGuard | None = None,
    ) -> None:
        self.rows = 0
        self.bytes = 0
        self._fd, self._head, self._limits = fd, head, limits
        self._counter, self._guard = counter, guard
        self._encoder: Encoder | None = None
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._begun = False

    def write(self, data: bytes) -> int:
        """Take a piece."""
        # A block makes one frame, so it is larger only if a single piece is.
        if self._gathered + len(data) > BLOCK and self._gathered:
            self._pass_on()
        self._pieces.append(data)
        self._gathered += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: pyoxigraph calls this when it is done, and :meth:`finish` comes after."""

    def counted(self, triples: Iterable[Triple]) -> Iterator[Triple]:
        """Count the triples: their formats have no mark that could be counted in the bytes."""
        most = self._limits.max_rows
        for triple in triples:
            self.rows += 1
            if self.rows > most:
                raise _too_large("rows", most)
            yield triple

    def finish(
        self,
        check: Callable[[int], None] | None = None,
        absent: Callable[[], Absences] | None = None,
    ) -> None:
        """Pass the rest on, and report that the answer is complete.

        :param check: gets the number of rows, and raises if the answer is incomplete after all.
        :param absent: called if there are no rows: what the query names and the release lacks.
        """
        block = self._checked(self._take())
        if self._counter:
            self._counter.finish()
            self._check_rows(self._counter)
        if check:
            check(self.rows)
        # An answer that fits into one block has not begun yet, and its size is known.
        small = not self._begun and self.bytes < MIN_COMPRESSED
        parts = self._beginning("identity" if small else self._head.encoding)
        if self._encoder:
            block = self._encoder.compress(block) + self._encoder.flush()
        end: dict[str, object] = {"rows": self.rows, "bytes": self.bytes}
        if absent and not self.rows:
            found = absent()
            end["absent"] = found.told
            end["cut"] = not found.is_whole
        self._send([*parts, *data_frames(block), frame(Kind.END, orjson.dumps(end))])

    def _pass_on(self) -> None:
        block = self._checked(self._take())
        parts = self._beginning(self._head.encoding)
        if self._encoder:
            block = self._encoder.compress(block)
        self._send([*parts, *data_frames(block)])

    def _take(self) -> bytes:
        block = b"".join(self._pieces)
        self._pieces.clear()
        self._gathered = 0
        return block

    def _checked(self, block: bytes) -> bytes:
        if self._counter:
            self._counter.add(block)
            self._check_rows(self._counter)
        if self._guard:
            block = self._guard.check(block)
        self.bytes += len(block)
        if self.bytes > self._limits.max_bytes:
            raise _too_large("bytes", self._limits.max_bytes)
        return block

    def _check_rows(self, counter: RowCounter) -> None:
        self.rows = counter.rows
        if self.rows > self._limits.max_rows:
            raise _too_large("rows", self._limits.max_rows)

    def _beginning(self, encoding: str) -> list[bytes]:
        if self._begun:
            return []
        self._begun = True
        if encoder := ENCODING_TO_ENCODER.get(encoding):
            self._encoder = encoder()
        head = {"kind": self._head.kind, "format": self._head.format, "encoding": encoding}
        blanks = {"blanks": self._head.blanks} if self._head.blanks else {}
        return [frame(Kind.HEAD, orjson.dumps(head | blanks))]

    def _send(self, parts: list[bytes]) -> None:
        try:
            write_all(self._fd, parts)
        except OSError as error:
            raise ServerGoneError from error


def _too_large(measure: str, limit: int) -> Refusal:
    detail = f"the answer has more than {limit:,} {measure}: add LIMIT, or ask for less"
    return Refusal("answer-too-large", detail, limit=limit, measure=measure)
