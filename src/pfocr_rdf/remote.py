"""Queries to other SPARQL endpoints, through SPARQLWrapper.

An answer is fetched and parsed completely before it is passed on. The caller gets a whole answer,
in the same types as a store's, or a :class:`RemoteError` that says what to do next; never part of
an answer.
"""

import json
import re
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPMessage, HTTPResponse
from io import BytesIO
from typing import IO, Any, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)
from SPARQLWrapper import GET, POST, SPARQLWrapper

from pfocr_rdf.errors import QueryError, RemoteError, UsageError
from pfocr_rdf.peers import AGENT, SHOWN, TIMEOUT_S, can_be_host, flat, printable

RemoteAnswer = QuerySolutions | QueryBoolean | Iterator[Triple]

LONGEST_S: Final = 86_400
GET_LIMIT: Final = 1500  # characters of an encoded query: some proxies refuse longer URLs
MEMORY_LIMIT: Final = 8 * 2**20  # bytes of an answer: a larger one goes into a temporary file
CHUNK: Final = 2**16
PROBLEM_LIMIT: Final = 65_536  # bytes read of an endpoint's error message

# https://www.w3.org/TR/sparql11-query/#rPrologue, and Virtuoso's DEFINE
IRIREF: Final = r'<[^<>"{}|^`\\\x00-\x20]*>'
PROLOGUE_RE: Final = re.compile(
    rf"(?:\s+|#[^\n\r]*|BASE\s*{IRIREF}|PREFIX\s+[^\s:<]*\s*:\s*{IRIREF}"
    r"|DEFINE\s+\S+\s+(?:\"[^\"]*\"|\S+))*",
    re.IGNORECASE,
)
# https://www.rfc-editor.org/rfc/rfc3986#section-2 ; a path with other characters is refused
PATH_RE: Final = re.compile(r"[!-~]*")
FORM_RE: Final = re.compile(r"(?:SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)

# https://www.w3.org/TR/sparql11-protocol/#query-success : JSON first, the cheapest to read
SOLUTION_ACCEPT: Final = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.8,"
    " text/tab-separated-values;q=0.5"
)
GRAPH_ACCEPT: Final = (
    "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.7, application/ld+json;q=0.5"
)
READABLE: Final = (QueryResultsFormat.JSON, QueryResultsFormat.XML, QueryResultsFormat.TSV)

#: HTTP status (https://www.rfc-editor.org/rfc/rfc9110#section-15) → what to do next.
STATUS_TO_ADVICE: Final[dict[int, str]] = {
    400: "correct the query",
    401: "it wants credentials, but none are sent: use another endpoint",
    403: "it refuses: use another endpoint or ask its owner",
    404: "check the address",
    405: "check the address: this one takes no queries",
    406: "it has no format that can be read here: check that the address takes queries",
    408: "ask something smaller or allow more time",
    410: "check the address",
    413: "shorten the query",
    414: "shorten the query",
    429: "wait, then try again",
    502: "wait, then try again",
    503: "wait, then try again",
    504: "ask something smaller or allow more time",
}


class _Redirects(HTTPRedirectHandler):
    """Follows redirects without reading their bodies, which may have no end."""

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Go on to the new address."""
        fp.close()
        return super().http_error_302(req, BytesIO(), code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _Wrapper(SPARQLWrapper):
    """Leaves the body of an error unread: SPARQLWrapper itself reads all of it, whatever it is."""

    def _query(self) -> tuple[HTTPResponse, str]:
        opened = build_opener(_Redirects).open(self._createRequest(), timeout=self.timeout)
        return cast(HTTPResponse, opened), self.returnFormat


def query_form(text: str) -> str:
    r"""The form of a query, by the first word after its prefixes: ``SELECT``, ``ASK`` and so on.

    :raises QueryError: if it is none of the four, such as the first word of an update.

    >>> query_form("# ask\nprefix select: <http://example.org/#> describe select:x")
    'DESCRIBE'
    """
    prologue = PROLOGUE_RE.match(text)
    found = FORM_RE.match(text, prologue.end() if prologue else 0)
    if not found:
        raise QueryError("not a query: begin with SELECT, ASK, CONSTRUCT or DESCRIBE")
    return found[0].upper()


@contextmanager
def ask_endpoint(
    endpoint: str, text: str, *, timeout_s: float = TIMEOUT_S
) -> Iterator[RemoteAnswer]:
    """Ask another endpoint; the answer can be read until the block ends.

    :param endpoint: its address, ``http`` or ``https``; parameters in it are sent along.
    :param timeout_s: seconds that the whole answer may take, and each pause in it.
    :raises QueryError: if the text is no query, or the address or the time limit cannot be used.
    :raises RemoteError: if there is no answer, or it is cut, malformed or not what was asked for.
    """
    form = query_form(text)
    wrapper = _prepared(endpoint, text, form, timeout_s)
    deadline = time.monotonic() + timeout_s
    with tempfile.SpooledTemporaryFile(MEMORY_LIMIT) as body:
        try:
            with wrapper.query().response as response:
                media_type = _checked_head(endpoint, response)
                _fetch(endpoint, response, body, deadline)
        except (HTTPException, OSError, ValueError) as error:
            raise _remote_error(endpoint, error, timeout_s, deadline) from error
        _check_body(endpoint, body, media_type, form)
        yield _parsed(body, media_type, form, endpoint)


def _prepared(endpoint: str, text: str, form: str, timeout_s: float) -> SPARQLWrapper:
    """The request for SPARQLWrapper to send."""
    if not 0 < timeout_s <= LONGEST_S:
        reason = f"give more than 0 and at most {LONGEST_S:,}"
        raise UsageError(f"a time limit of {timeout_s:g} seconds: {reason}")
    try:
        address = urlsplit(endpoint)
        wrong = address.port == 0 or not can_be_host(address.hostname) or "@" in address.netloc
    except ValueError:
        address, wrong = urlsplit(""), True
    if wrong or address.scheme not in {"http", "https"}:
        raise UsageError("an endpoint's address is http://… or https://…, without a password")
    if not PATH_RE.fullmatch(address.path):
        raise UsageError(
            "the path of an endpoint's address may hold only ASCII: escape the rest, as in %20"
        )
    wrapper = _Wrapper(urlunsplit(address._replace(query="", fragment="")), agent=AGENT)
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        wrapper.addParameter(name, value)
    # Set directly: its setter takes the first such word anywhere in the text for the form.
    wrapper.queryString, wrapper.queryType = text, form
    # Set directly: its setter cuts a fraction of a second to 0, which is no limit at all.
    wrapper.timeout = timeout_s  # type: ignore[assignment]
    wrapper.setOnlyConneg(True)
    graph = form in {"CONSTRUCT", "DESCRIBE"}
    wrapper.addCustomHttpHeader("Accept", GRAPH_ACCEPT if graph else SOLUTION_ACCEPT)
    wrapper.setMethod(POST if _encoded_length(text) > GET_LIMIT else GET)
    return wrapper


def _encoded_length(text: str) -> int:
    """How many characters a query takes in a URL.

    :raises QueryError: if it is not Unicode, such as bytes of another encoding on a command line.
    """
    try:
        return len(quote_plus(text))
    except UnicodeError as error:
        raise QueryError(f"the query is not Unicode: {error}; write it in UTF-8") from None


def _checked_head(endpoint: str, response: HTTPResponse) -> str:
    """The media type of an answer whose status says that it is whole.

    :raises RemoteError: if it is partial, which Virtuoso's status says at its own time limit.
    """
    if response.status != 200:
        raise RemoteError(
            endpoint,
            f"gave only a part of the answer (HTTP {response.status}): ask something smaller",
        )
    return response.headers.get_content_type()


def _fetch(endpoint: str, response: HTTPResponse, body: IO[bytes], deadline: float) -> None:
    """Copy the whole answer.

    :raises RemoteError: if it is cut.
    :raises TimeoutError: if it is not complete by the deadline.
    """
    declared, size = response.length, 0
    while chunk := response.read1(CHUNK):
        size += len(chunk)
        if time.monotonic() > deadline:
            raise TimeoutError
        body.write(chunk)
    if declared is not None and size < declared:
        # http.client ends a cut body as if it were whole.
        raise RemoteError(endpoint, f"broke off after {size:,} of {declared:,} bytes: try again")


def _parsed(body: IO[bytes], media_type: str, form: str, endpoint: str) -> RemoteAnswer:
    """The answer, parsed from the start of its body.

    :raises LookupError: if the media type is that of no format that can be read.
    """
    body.seek(0)
    if form in {"CONSTRUCT", "DESCRIBE"}:
        graph = RdfFormat.from_media_type(media_type)
        if not graph:
            raise LookupError(media_type)
        return (quad.triple for quad in parse(body, graph, base_iri=endpoint))
    table = QueryResultsFormat.from_media_type(media_type)
    if table not in READABLE:
        raise LookupError(media_type)
    return parse_query_results(body, table)


def _check_body(endpoint: str, body: IO[bytes], media_type: str, form: str) -> None:
    """Read the whole answer once, so that reading it again cannot fail.

    :raises RemoteError: if it is not well-formed, or of another media type than was asked for.
    """
    try:
        _read_through(_parsed(body, media_type, form, endpoint))
    except LookupError:
        raise RemoteError(
            endpoint,
            f"answered {form} with {media_type}, which is not a query result: check the address",
        ) from None
    except (SyntaxError, ValueError, OSError) as error:
        # The traceback would keep the answer alive, which must be dropped in this thread.
        traceback.clear_frames(error.__traceback__)
        reason = flat(str(error))
        raise RemoteError(
            endpoint, f"answered with broken {media_type}: {reason}: try again or add a LIMIT"
        ) from error


def _read_through(answer: RemoteAnswer) -> None:
    if not isinstance(answer, QueryBoolean):
        for _ in answer:
            pass


def _remote_error(
    endpoint: str, error: Exception, timeout_s: float, deadline: float
) -> RemoteError:
    """The error to raise, with a message that says what to do next."""
    if isinstance(error, HTTPError):
        with error:
            said, excerpt = _said(error, deadline)
        if 300 <= error.code < 400:
            there = flat(str(error.headers.get("Location")))
            return RemoteError(endpoint, f"has moved: ask {there}")
        advice = STATUS_TO_ADVICE.get(error.code, "try again later or ask something smaller")
        return RemoteError(endpoint, f"HTTP {error.code}{said}: {advice}{excerpt}")
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        message = f"no whole answer in {timeout_s:g} seconds"
        return RemoteError(endpoint, f"{message}: ask something smaller or allow more time")
    if isinstance(error, URLError):
        return RemoteError(endpoint, f"cannot be reached: {flat(str(reason))}: check the address")
    kind = type(error).__name__
    return RemoteError(endpoint, f"broke off ({kind}: {flat(str(error))}): try again")


def _said(error: HTTPError, deadline: float) -> tuple[str, str]:
    """The endpoint's message on the error, in brackets, and an excerpt of the query, if it has one.

    Both are empty if it sent a page for browsers. Of a message that breaks off, or does not end by
    the deadline, the beginning is taken.
    """
    media_type = error.headers.get_content_type()
    if 300 <= error.code < 400 or media_type in {"text/html", "application/xhtml+xml"}:
        return "", ""
    body, said = cast(HTTPResponse, error.fp), b""
    with suppress(OSError, HTTPException):
        while len(said) < PROBLEM_LIMIT and time.monotonic() < deadline:
            chunk = body.read1(PROBLEM_LIMIT - len(said))
            if not chunk:
                break
            said += chunk
    problem = _problem(said) if media_type == "application/problem+json" else None
    words, excerpt = problem or (said.decode("utf-8", "replace"), "")
    text = flat(words)
    return f" ({text})" if text else "", excerpt


def _problem(said: bytes) -> tuple[str, str] | None:
    """Title and detail of a problem document, and the lines that show the place; None if not one.

    https://www.rfc-editor.org/rfc/rfc9457 ; ``excerpt`` is an addition of our own endpoint.
    """
    try:
        document = json.loads(said)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    told = [document.get(name) for name in ("title", "detail")]
    words = ": ".join(text for text in told if isinstance(text, str) and text)
    shown = document.get("excerpt")
    lines = shown.split("\n")[:2] if isinstance(shown, str) else []
    return words, "".join(f"\n  {printable(line)[:SHOWN]}" for line in lines)
