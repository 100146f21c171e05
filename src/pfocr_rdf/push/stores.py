"""Write and count the graphs of another store over HTTP.

By the SPARQL 1.1 Graph Store Protocol (https://www.w3.org/TR/sparql11-http-rdf-update/), with
aiohttp: Virtuoso wants digest authentication (https://www.rfc-editor.org/rfc/rfc7616), and
aiohttp answers one challenge for many requests, so that each body is sent only once.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode

import aiohttp
from pyoxigraph import NamedNode
from yarl import URL

from pfocr_rdf.errors import RemoteError, UsageError
from pfocr_rdf.iris import PAV, term
from pfocr_rdf.peers import AGENT, SHOWN, can_be_host, flat
from pfocr_rdf.resending import sent

TIMEOUT_S: Final = 600.0
CONNECT_TIMEOUT_S: Final = 30.0
NTRIPLES: Final = "application/n-triples"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/sparql-results+json"
#: The parameter ``default-graph-uri`` names the graph, so that no IRI goes into this text.
COUNT: Final = "SELECT (COUNT(*) AS ?count) { ?s ?p ?o }"
HAS_CURRENT_VERSION: Final = term(PAV, "hasCurrentVersion")
#: Which releases a graph says that it is of; see :mod:`pfocr_rdf.dataset`.
VERSIONS: Final = f"SELECT ?version {{ ?dataset {HAS_CURRENT_VERSION} ?version }}"
#: End of a graph store's path → end of the path where the same store takes queries.
STORE_TO_QUERY: Final = (
    ("/sparql-graph-crud-auth", "/sparql"),  # Virtuoso
    ("/sparql-graph-crud", "/sparql"),
    ("/rdf-graphs/service", ""),  # RDF4J, GraphDB
    ("/store", "/query"),  # Oxigraph
    ("/data", "/sparql"),  # Fuseki
)
NO_STORE: Final = (
    "no graph store is at this address: Virtuoso's ends in /sparql-graph-crud-auth, Fuseki's in"
    " /data, Oxigraph's in /store, GraphDB's in /rdf-graphs/service"
)
NO_COUNT: Final = "gave no count of triples: say with --query-endpoint where it takes queries"
#: HTTP status (https://www.rfc-editor.org/rfc/rfc9110#section-15) → what to do next.
STATUS_TO_ADVICE: Final[Mapping[int, str]] = {
    403: "the user may not write there: have that granted (SPARQL_UPDATE in Virtuoso), or push to"
    " the address that asks for a password",
    404: NO_STORE,
    405: NO_STORE,
    413: "a chunk is too large for it: push with a smaller --chunk-triples",
    415: f"it takes no {NTRIPLES}: check the address",
    501: NO_STORE,
    502: "the proxy in front of the store does not reach it: wait, then push again",
    503: "the store is busy: wait, then push again",
    504: "too slow for the proxy in front of it: push again, with a smaller --chunk-triples",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The user to write as."""

    user: str
    password: str = field(repr=False)


def query_address(endpoint: str) -> str | None:
    """The address where a store takes queries, from the one for graphs; None if not known.

    >>> query_address("https://sparql.example/sparql-graph-crud-auth")
    'https://sparql.example/sparql'
    """
    url = URL(endpoint)
    for end, other in STORE_TO_QUERY:
        if url.path.endswith(end):
            return str(url.with_path(url.path.removesuffix(end) + other))
    return None


def check_address(address: str) -> None:
    """Check that a text can be the address of a store.

    :raises UsageError: if not; the message omits the address, which may contain a password.
    """
    try:
        address.encode()  # a command line may hold other bytes than UTF-8
        url = URL(address)
        is_web = url.scheme in {"http", "https"} and can_be_host(url.host)
        fine = is_web and url.user is None and url.password is None
    except ValueError:
        fine = False
    if not fine:
        raise UsageError("a store's address begins with http or https and has no password in it")


class GraphStore:
    """A store, as an asynchronous context manager for one event loop.

    :param endpoint: where it takes graphs.
    :param queries: where it takes queries.
    :param account: the user to write as; none if None.
    :param timeout_s: seconds that the store may be silent.
    """

    def __init__(
        self,
        endpoint: str,
        queries: str,
        account: Account | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.endpoint = endpoint
        self.queries = queries
        self._account = account
        self._timeout_s = timeout_s
        self._basic: dict[str, str] = {}

    async def __aenter__(self) -> "GraphStore":
        account = self._account
        digest = (aiohttp.DigestAuthMiddleware(account.user, account.password),) if account else ()
        self._session = aiohttp.ClientSession(
            middlewares=digest,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=self._timeout_s
            ),
            headers={"User-Agent": AGENT},
            trust_env=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def clear(self, graph: str) -> None:
        """Empty a graph.

        No triples are sent along with this PUT: Virtuoso would ask for the password again, and
        reset the connection on which the triples come.

        :raises RemoteError: if the store does not confirm it.
        """
        await self._write("PUT", graph, b"")

    async def add(self, graph: str, triples: bytes) -> None:
        """Add N-Triples to a graph.

        :raises RemoteError: if the store does not confirm it.
        """
        await self._write("POST", graph, triples)

    async def count(self, graph: str) -> int:
        """The triples of a graph.

        :raises RemoteError: if the store gives no number.
        """
        try:
            (found,) = await self._values(COUNT, graph, "count")
            return int(found)
        except ValueError:
            pass  # raised below, so that the parsing error is not part of it
        raise RemoteError(self.queries, NO_COUNT)

    async def versions(self, graph: str) -> set[str]:
        """The versions of which a graph says that it is the data.

        :raises RemoteError: if the store gives no answer.
        """
        return {iri.rpartition("/")[2] for iri in await self._values(VERSIONS, graph, "version")}

    async def _values(self, query: str, graph: str, name: str) -> list[str]:
        """What a query finds in a graph for its only variable."""
        body = urlencode({"query": query, "default-graph-uri": graph}).encode()
        head = {"Content-Type": FORM, "Accept": JSON}
        answer = await self._ask("POST", URL(self.queries), body, head)
        try:
            return [str(row[name]["value"]) for row in json.loads(answer)["results"]["bindings"]]
        except (ValueError, LookupError, TypeError):
            pass  # raised below, so that the parsing error is not part of it
        raise RemoteError(self.queries, NO_COUNT)

    async def _write(self, method: str, graph: str, triples: bytes) -> None:
        # https://www.w3.org/TR/sparql11-http-rdf-update/#indirect-graph-identification
        url = URL(self.endpoint).update_query(graph=NamedNode(graph).value)
        await self._ask(method, url, triples, {"Content-Type": NTRIPLES})

    async def _ask(self, method: str, url: URL, body: bytes, head: Mapping[str, str]) -> bytes:
        address = str(url.with_query(None))
        try:
            response, answer = await self._request(method, url, body, head)
            if response.status == 401 and self._wants_password(response.headers, url):
                response, answer = await self._request(method, url, body, head)
        except aiohttp.ConnectionTimeoutError as error:
            reason = f"cannot be reached in {CONNECT_TIMEOUT_S:g} seconds: check the address"
            raise RemoteError(address, reason) from error
        except TimeoutError as error:
            reason = f"said nothing for {self._timeout_s:g} seconds: push again, or allow more time"
            raise RemoteError(address, reason) from error
        except aiohttp.ClientConnectorError as error:
            reason = f"cannot be reached: {flat(str(error.os_error))}: check the address"
            raise RemoteError(address, reason) from error
        except (aiohttp.ClientError, OSError) as error:
            said = flat(f"{type(error).__name__}: {error}")
            raise RemoteError(address, f"broke off ({said}): push again; it goes on") from error
        if 200 <= response.status < 300:
            return answer
        raise RemoteError(address, self._refusal(response, answer))

    async def _request(
        self, method: str, url: URL, body: bytes, head: Mapping[str, str]
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        async def again() -> tuple[aiohttp.ClientResponse, bytes]:
            # Another cause: Virtuoso asks for the password before it has read the whole body. So
            # get the challenge with an empty body first. If the body had arrived, the same triples
            # change nothing.
            if self._account:
                await self._send("POST", url, b"", head)
            return await self._send(method, url, body, head)

        return await sent(lambda: self._send(method, url, body, head), again)

    async def _send(
        self, method: str, url: URL, body: bytes, head: Mapping[str, str]
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        # As a file, which aiohttp sends in pieces; bytes of that length it would send in one go.
        # An empty file would be sent as an empty chunk, which Virtuoso does not read either.
        # No redirect is followed: body and password go only to the address that was given.
        async with self._session.request(
            method,
            url,
            data=io.BytesIO(body) if body else b"",
            headers={**head, **self._basic},
            allow_redirects=False,
        ) as response:
            return response, await response.read()

    def _wants_password(self, headers: Mapping[str, str], url: URL) -> bool:
        """Whether to ask again with basic authentication.

        :raises RemoteError: if that would send the password unencrypted to another machine.
        """
        if not self._account or self._basic:
            return False
        if not headers.get("WWW-Authenticate", "").lower().startswith("basic"):
            return False
        if url.scheme != "https" and not _is_loopback(url):
            raise RemoteError(
                str(url.with_query(None)),
                "wants the password unencrypted: push to an address with https",
            )
        account = self._account
        if ":" in account.user:  # https://www.rfc-editor.org/rfc/rfc7617#section-2
            reason = "wants a user name without a colon: push as another user"
            raise RemoteError(str(url.with_query(None)), reason)
        self._basic = {"Authorization": aiohttp.encode_basic_auth(account.user, account.password)}
        return True

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes) -> str:
        """Why the store refused a request, and what to do next."""
        status = response.status
        if 300 <= status < 400:
            return f"has moved: push to {flat(response.headers.get('Location', 'its new address'))}"
        if status == 401 and self._account:
            return (
                "HTTP 401: user or password is wrong, or they are for another address: check --user"
                " and the variable that --password-env names"
            )
        if status == 401:
            return "HTTP 401: it wants to know who writes: add --user and --password-env"
        text = flat(re.sub(r"<[^<>]*>", " ", body[: 16 * SHOWN].decode("utf-8", "replace")))
        said = f" ({text})" if text else ""
        advice = STATUS_TO_ADVICE.get(status, "see the log of the store, then push again")
        return f"HTTP {status}{said}: {advice}"


def _is_loopback(url: URL) -> bool:
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return url.host == "localhost"
