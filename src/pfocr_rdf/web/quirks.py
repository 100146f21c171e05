"""Kinds of clients that uvicorn does not serve as HTTP demands, or as they expect.

They offer another protocol in a request with a body, speak HTTP/1.0, escape nothing in the target,
write the host into the target, or name no host at all.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import httptools
from uvicorn._types import ASGISendCallable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

#: Headers that say how long a body is: https://www.rfc-editor.org/rfc/rfc9112#section-6
FRAMING: Final = (b"content-length", b"transfer-encoding")
ABSOLUTE_RE: Final = re.compile(rb"https?://([^/?#]+)", re.IGNORECASE)
#: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 ; empty, if the target has no authority
HOST_RE: Final = re.compile(
    rb"(\[[0-9A-Za-z._~!$&'()*+,;=:-]+\]|([0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?"
)


def is_host_named(headers: Iterable[tuple[bytes, bytes]], *, needed: bool) -> bool:
    """Whether a request has one Host header, and a valid one, or none where none is needed.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2

    :param needed: whether it must have one; HTTP/1.0 does not know this header.

    >>> is_host_named([(b"host", b"example.org:80")], needed=True)
    True
    >>> is_host_named([(b"host", b"example.org/a")], needed=True), is_host_named([], needed=False)
    (False, True)
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return not (hosts or needed)
    return HOST_RE.fullmatch(hosts[0].strip(b" \t")) is not None


def name_host(headers: list[tuple[bytes, bytes]], target: bytes) -> None:
    """Replace the value of the Host header by the host of an absolute target.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2

    >>> headers = [(b"host", b"other.example")]
    >>> name_host(headers, b"http://example.org/a")
    >>> headers
    [(b'host', b'example.org')]
    """
    if not target.startswith(b"/") and (named := ABSOLUTE_RE.match(target)):
        headers[:] = [(name, named[1] if name == b"host" else value) for name, value in headers]


def parser_after(
    protocol: HttpToolsProtocol, headers: Iterable[tuple[bytes, bytes]]
) -> tuple[httptools.HttpRequestParser, bytes]:
    """A parser for a connection whose parser has stopped at the offer of another protocol.

    The old parser takes the request's body for that protocol, which is not spoken here, so that a
    POST of Java's client would seem empty. https://www.rfc-editor.org/rfc/rfc9110#section-7.8

    :param headers: of that request.
    :returns: a new parser, and a head to feed it before the rest: from this it learns how long the
        body is, and it begins no request of the protocol for it.
    """
    framing = [b"%b: %b\r\n" % pair for pair in headers if pair[0] in FRAMING]
    parser = httptools.HttpRequestParser(_AfterHead(protocol))
    return parser, b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n"])


class _AfterHead:
    """Passes a parser's events on, except the beginning and end of a first head known already."""

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._known = False
        self._protocol = protocol
        self.on_url = protocol.on_url
        self.on_header = protocol.on_header
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete

    def on_message_begin(self) -> None:
        if self._known:
            self._protocol.on_message_begin()

    def on_headers_complete(self) -> None:
        if self._known:
            self._protocol.on_headers_complete()
        self._known = True


def escaped_target(data: bytes) -> bytes:
    r"""The beginning of a request, with the bytes of its first line that are not ASCII escaped.

    Addresses that people type after ``curl`` may have such letters, which a URI may not have:
    https://www.rfc-editor.org/rfc/rfc3986#section-2.1

    >>> escaped_target("GET /search?q=TGF-β HTTP/1.1\r\n".encode())
    b'GET /search?q=TGF-%CE%B2 HTTP/1.1\r\n'
    """
    line, end, rest = data.partition(b"\n")
    if line.isascii():
        return data
    return (
        b"".join(b"%%%02X" % byte if byte > 0x7F else bytes((byte,)) for byte in line) + end + rest
    )


def unframed(cycle: RequestResponseCycle) -> ASGISendCallable:
    """A ``send`` for HTTP/1.0 clients, which know no chunks: the connection's end ends an answer.

    https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    """
    counted = True

    async def send(message: Any) -> None:
        nonlocal counted
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", [])}
            counted = b"content-length" in names
            if not counted:
                cycle.chunked_encoding = False
        elif not counted:
            # uvicorn counts down from the length that was announced: announce each piece's own.
            cycle.expected_content_length = len(message.get("body", b""))
        await cycle.send(message)

    return send
