"""The bytes between the server and a query process, on a stream socket.

The server writes a request: four bytes of length, little endian, and a JSON object. The query
process writes frames: one byte for the kind, four bytes of length, the payload. First comes
ready, once. Then, for each request, head, data and end; or a refusal, which after the head
means that the answer is cut.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Final

from pfocr_rdf.errors import PfocrError


class Kind(IntEnum):
    """The kinds of frames. All payloads except those of data are JSON objects."""

    READY = ord("R")  # the store is open, files and network are given up: quads, pid, open doors
    HEAD = ord("H")  # kind of answer, format, encoding
    DATA = ord("D")  # bytes of the answer, encoded
    ASK = ord("A")  # ask the backend: the query, for an answer of this kind; or for a pattern
    END = ord("E")  # rows, bytes before the encoding, why there are no rows, if that is cut
    REFUSAL = ord("X")  # kind of refusal, detail, members


#: Bytes of a payload at most.
MAX_PAYLOAD: Final = 65_536
#: Bytes of a request at most: a query is far shorter.
MAX_REQUEST: Final = 16 << 20
HEADER: Final = struct.Struct("<BI")
LENGTH: Final = struct.Struct("<I")
HEADER_BYTES: Final = HEADER.size
KINDS: Final = frozenset(int(kind) for kind in Kind)


class FrameError(PfocrError):
    """Bytes that are not a frame: nothing more is accepted from whoever wrote them."""


def frame(kind: Kind, payload: bytes) -> bytes:
    r"""One frame.

    >>> frame(Kind.END, b"{}")
    b'E\x02\x00\x00\x00{}'
    """
    return HEADER.pack(kind, len(payload)) + payload


def data_frames(payload: bytes) -> Iterator[bytes]:
    """The bytes as data frames: for each, its header and then its part of the bytes."""
    for start in range(0, len(payload), MAX_PAYLOAD):
        part = payload[start : start + MAX_PAYLOAD]  # no copy if it is the whole
        yield HEADER.pack(Kind.DATA, len(part))
        yield part


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """The complete frames, as kind and payload, and how many bytes they took.

    What a query process writes is not trusted, since it runs the queries of strangers.

    :raises FrameError: if the bytes are not frames.

    >>> split_frames(frame(Kind.DATA, b"ab") + b"E")
    ([(68, b'ab')], 7)
    >>> split_frames(b"HTTP/1.1")
    Traceback (most recent call last):
    pfocr_rdf.web.frames.FrameError: no frame begins with b'HTTP/'
    """
    frames: list[tuple[int, bytes]] = []
    start, size = 0, len(data)
    while size - start >= HEADER_BYTES:
        kind, length = HEADER.unpack_from(data, start)
        if kind not in KINDS or length > MAX_PAYLOAD:
            raise FrameError(f"no frame begins with {data[start : start + HEADER_BYTES]!r}")
        end = start + HEADER_BYTES + length
        if end > size:
            break
        frames.append((kind, data[start + HEADER_BYTES : end]))
        start = end
    return frames, start


def request_frame(payload: bytes) -> bytes:
    """A request as the server writes it."""
    return LENGTH.pack(len(payload)) + payload


def read_request(fd: int) -> bytes | None:
    """Wait for a request; None if the server has closed its end.

    The server sends the next request only after the answer to this one, so nothing is read
    beyond it.

    :raises FrameError: if the request is longer than :data:`MAX_REQUEST`.
    :raises OSError: if the socket cannot be read.
    """
    data = os.read(fd, MAX_PAYLOAD)
    while data:
        if len(data) >= LENGTH.size:
            length = LENGTH.unpack_from(data)[0]
            if length > MAX_REQUEST:
                raise FrameError(f"a request of {length} bytes")
            if len(data) - LENGTH.size == length:
                return data[LENGTH.size :]
        more = os.read(fd, MAX_PAYLOAD)
        if not more:
            return None
        data += more
    return None


def write_all(fd: int, parts: Sequence[bytes]) -> None:
    """Write all bytes, in one call if the socket takes them; wait while it is full.

    :raises OSError: if the server has closed its end.
    """
    written = os.writev(fd, parts)
    if written < sum(map(len, parts)):
        rest = memoryview(b"".join(parts))[written:]
        while rest:
            rest = rest[os.write(fd, rest) :]
