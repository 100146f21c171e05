"""Requests to the backend: SPARQL over HTTP, to its one address, which may be private.

https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from pfocr_rdf.peers import AGENT, SHOWN, cut_rows, flat
from pfocr_rdf.resending import sent
from pfocr_rdf.web.backend.settings import Backend
from pfocr_rdf.web.backend.wording import Wording
from pfocr_rdf.web.problems import Refusal

#: The media types of each format; the first is asked for. Virtuoso's TSV is not valid.
JSON: Final = ("application/sparql-results+json", "application/json")
XML: Final = ("application/sparql-results+xml", "application/xml", "text/xml")
NTRIPLES: Final = ("application/n-triples", "text/plain")
CONNECT_S: Final = 5.0
KEEP_ALIVE_S: Final = 10.0
#: How messages about the engine begin.
WHO: Final = "the engine behind this server: "
#: How Virtuoso says that it has run out of time, whatever the status.
LATE_RE: Final = re.compile(
    r"\bS1TAT\b|\bS1T00\b|timed out|estimated execution time|time ?limit", re.IGNORECASE
)
#: How Virtuoso's message about a mistake in a query begins, often with the status 500.
VIRTUOSO_RE: Final = re.compile(r"Virtuoso [0-9A-Z]{5} Error")
HIDDEN_RE: Final = re.compile(r"<(style|script|title)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
#: From here on the message repeats the query.
QUOTED_RE: Final = re.compile(r"\s*(?:SPARQL query:|in\s+define input:).*", re.DOTALL)


def failed(detail: str) -> Refusal:
    """The refusal for a backend that did not answer as it should."""
    return Refusal("backend-failed", WHO + detail)


class Client:
    """Connections to the backend; bound to one event loop, in which it must be closed."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        #: The ``Server`` header of the last answer.
        self.server = ""
        headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
        if backend.authorization:
            headers["Authorization"] = backend.authorization
        self._session = aiohttp.ClientSession(
            # One per query; the server's own engine limits how many queries run.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            auto_decompress=False,
            headers=headers,
            trust_env=False,
        )

    @property
    def is_virtuoso(self) -> bool:
        """Whether the backend calls itself Virtuoso."""
        return self.server.lower().startswith("virtuoso")

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    @asynccontextmanager
    async def asked(
        self, wording: Wording, accepted: tuple[str, ...]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that has begun; the connection is closed unless the answer is read to its end.

        :param accepted: the media types that are taken; the first is asked for.
        :raises Refusal: ``backend-failed``, ``evaluation`` or ``query-timeout``.
        """
        try:
            response = await self._post(wording, accepted)
        except (aiohttp.ClientError, OSError) as error:
            raise _unreached(error) from None
        self.server = response.headers.get("Server", "")
        try:
            await _check(response, accepted)
            yield response
        except (aiohttp.ClientError, OSError) as error:
            raise failed(f"its answer broke off ({_said(error)}): try again") from None
        finally:
            # This does nothing if the answer was read to its end.
            response.close()

    async def read(self, wording: Wording, most_bytes: int, limit_s: float) -> bytes:
        """A whole answer, as JSON.

        :param most_bytes: the most bytes that it may have.
        :param limit_s: the most seconds that it may take.
        :raises Refusal: as :meth:`asked` does, or ``answer-too-large``.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(limit_s), self.asked(wording, JSON) as response:
                async for data in response.content.iter_any():
                    body += data
                    if len(body) > most_bytes:
                        detail = f"more than {most_bytes:,} bytes for a part of a page"
                        raise Refusal("answer-too-large", detail)
                if cut_rows(response.headers) is not None:
                    raise failed("it cut short an answer that is needed whole: raise its limits")
        except TimeoutError:
            detail = f"no answer from the engine behind this server within {limit_s:g} s: try again"
            raise Refusal("query-timeout", detail, limit_s=limit_s) from None
        return bytes(body)

    async def _post(self, wording: Wording, accepted: tuple[str, ...]) -> aiohttp.ClientResponse:
        form = aiohttp.FormData([("query", wording.text), *wording.dataset.parameters])
        head = {"Accept": accepted[0]}
        address = self.backend.endpoint
        # Redirects are not followed: they could send the password elsewhere.
        return await sent(
            lambda: self._session.post(address, data=form, headers=head, allow_redirects=False)
        )


async def _check(response: aiohttp.ClientResponse, accepted: tuple[str, ...]) -> None:
    """Check that a response has an answer, in one of the accepted media types.

    :raises Refusal: if it does not.
    """
    if response.status == 200:
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if coding != "identity":
            raise failed(f"its answer is encoded as {coding[:SHOWN]!r}, which was not asked for")
        if response.content_type not in accepted:
            kind = flat(response.content_type)
            raise failed(f"it answers with {kind}, not {accepted[0]}: check the address")
        return
    said = await _words(response)
    if LATE_RE.search(said):
        detail = "the engine behind this server stopped the query, as it would take too long"
        raise Refusal("query-timeout", f"{detail} ({said}): ask for less")
    its_own = response.status == 500 and VIRTUOSO_RE.match(said)
    if response.status in (400, 413, 414, 422) or its_own:
        detail = "the engine behind this server rejects the query"
        raise Refusal("evaluation", f"{detail} ({said or f'HTTP {response.status}'})")
    raise failed(_status(response, said))


def _status(response: aiohttp.ClientResponse, said: str) -> str:
    status = f"HTTP {response.status}"
    if 300 <= response.status < 400:
        return f"{status}: it redirects elsewhere, which is not followed: correct its address"
    if response.status in (401, 403):
        return f"{status}: it rejects the user or password: correct them in its address"
    if response.status in (429, 503):
        return f"{status}: it is too busy: try again"
    return f"{status} ({said})" if said else status


async def _words(response: aiohttp.ClientResponse) -> str:
    """What an engine says about a query, without markup and without the query itself."""
    if not response.content_type.startswith(("text/", "application/problem+json")):
        return ""
    data = await response.content.read(16 * SHOWN)
    text = HIDDEN_RE.sub(" ", QUOTED_RE.sub("", data.decode("utf-8", "replace")))
    return flat(re.sub(r"<[^<>]*>", " ", text))


def _unreached(error: Exception) -> Refusal:
    if isinstance(error, aiohttp.ClientConnectorError | TimeoutError):
        return failed("it cannot be reached: try again later")
    return failed(f"the connection broke ({_said(error)}): try again")


def _said(error: Exception) -> str:
    """The name of an aiohttp error: its message could contain the address."""
    return type(error).__name__
