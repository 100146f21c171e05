"""Another store over HTTP: what is sent, and what is said when it is refused."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from endpoints import Handler, Reply, StandIn, stand_in
from pfocr_rdf.errors import QueryError, RemoteError
from pfocr_rdf.push.stores import Account, GraphStore, check_address, query_address

GRAPH = "http://graph.example/a?b=c&d#e"
LINE = b'<http://a.example/> <http://b.example/> "1" .\n'
COUNTED = b"""{"head":{"vars":["count"]},"results":{"bindings":[{"count":{"type":"literal",
"datatype":"http://www.w3.org/2001/XMLSchema#integer","value":"7"}}]}}"""


def write(endpoint: str, account: Account | None = None, timeout_s: float = 20) -> None:
    async def main() -> None:
        async with GraphStore(endpoint, endpoint, account, timeout_s) as store:
            await store.add(GRAPH, LINE)

    asyncio.run(main())


def count(endpoint: str) -> int:
    async def main() -> int:
        async with GraphStore(endpoint, endpoint) as store:
            return await store.count(GRAPH)

    return asyncio.run(main())


def failure(reply: Reply, account: Account | None = None, timeout_s: float = 20) -> str:
    with stand_in(reply) as server, pytest.raises(RemoteError) as caught:
        write(server.url, account, timeout_s)
    assert caught.value.endpoint == server.url
    return caught.value.message


def test_triples_are_sent_with_the_graph_in_the_address_and_their_media_type() -> None:
    with stand_in(lambda handler: handler.send(b"", status=204)) as server:
        write(server.url)
    ((method, path, headers, body),) = server.asked
    assert (method, body) == ("POST", LINE)
    assert parse_qs(urlsplit(path).query) == {"graph": [GRAPH]}
    assert headers["Content-Type"] == "application/n-triples"
    assert headers["User-Agent"].startswith("pfocr-rdf/")


def test_parameters_in_the_address_of_a_store_are_sent_along() -> None:
    with stand_in(lambda handler: handler.send(b"", status=204)) as server:
        write(f"{server.url}?key=a")
    ((_, path, _, _),) = server.asked
    assert parse_qs(urlsplit(path).query) == {"key": ["a"], "graph": [GRAPH]}


def test_a_count_is_asked_of_one_graph_and_read() -> None:
    with stand_in(lambda handler: handler.send(COUNTED)) as server:
        assert count(server.url) == 7
    ((_, _, _, body),) = server.asked
    assert b"default-graph-uri=http%3A%2F%2Fgraph.example%2Fa%3Fb%3Dc%26d%23e" in body


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"head":{},"boolean":true}', COUNTED.replace(b"7", b"many")]
)
def test_an_answer_that_is_no_count_is_refused(body: bytes) -> None:
    with (
        stand_in(lambda handler: handler.send(body)) as server,
        pytest.raises(RemoteError, match=r"no count of triples: .* --query-endpoint"),
    ):
        count(server.url)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "it wants to know who writes: add --user and --password-env"),
        (403, "the user may not write there"),
        (404, "no graph store is at this address"),
        (405, "no graph store is at this address"),
        (413, "push with a smaller --chunk-triples"),
        (415, "check the address"),
        (501, "no graph store is at this address"),
        (503, "wait, then push again"),
        (500, "see the log of the store, then push again"),
    ],
)
def test_a_refusal_is_told_with_its_status_and_what_to_do(status: int, advice: str) -> None:
    message = failure(lambda handler: handler.send(b"", "text/plain", status))
    assert message.startswith(f"HTTP {status}")
    assert advice in message


def test_what_a_store_says_is_quoted_without_its_markup() -> None:
    page = b"<html><title>Failed</title><xmp>RDF01: \x1b[31m broken line</xmp></html>"
    message = failure(lambda handler: handler.send(page, "text/html", 500))
    assert message.startswith("HTTP 500 (Failed RDF01: [31m broken line): ")
    assert len(failure(lambda handler: handler.send(b"x" * 10_000, "text/html", 500))) < 400


def test_a_store_that_moved_is_told_and_nothing_is_sent_there() -> None:
    with stand_in(lambda handler: handler.send(b"", status=204)) as other:
        message = failure(lambda handler: handler.send(b"", status=308, Location=other.url))
        assert message == f"has moved: push to {other.url}"
        assert other.asked == []


def test_a_store_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/store"
    with pytest.raises(RemoteError) as caught:
        write(url)
    assert caught.value.message.startswith("cannot be reached: ")
    assert caught.value.message.endswith(": check the address")


def test_a_store_that_takes_no_connection_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfocr_rdf.push.stores.CONNECT_TIMEOUT_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
        pytest.raises(RemoteError) as caught,
    ):
        write(f"http://127.0.0.1:{full.getsockname()[1]}/store")
    assert caught.value.message == "cannot be reached in 0.2 seconds: check the address"


def test_a_store_that_breaks_off_is_told() -> None:
    assert failure(lambda handler: None).startswith("broke off (ServerDisconnectedError")


def test_a_store_that_says_nothing_is_left_after_the_time_limit() -> None:
    done = threading.Event()

    def silence(_: Handler) -> None:
        done.wait(20)

    try:
        message = failure(silence, timeout_s=0.2)
    finally:
        done.set()
    assert message == "said nothing for 0.2 seconds: push again, or allow more time"


@pytest.fixture(name="basic")
def _basic() -> Iterator[StandIn]:
    """A store that wants the password itself."""

    def reply(handler: Handler) -> None:
        known = handler.headers.get("Authorization") == "Basic YWRhOnPDqWNyZXQ="
        challenge = {} if known else {"WWW_Authenticate": 'Basic realm="store", charset="UTF-8"'}
        handler.send(b"", status=204 if known else 401, **challenge)

    with stand_in(reply) as server:
        yield server


def test_a_password_is_sent_itself_only_where_it_was_asked_for(basic: StandIn) -> None:
    write(basic.url, Account("ada", "sécret"))
    first, second = (headers for _, _, headers, _ in basic.asked)
    assert "Authorization" not in first
    assert second["Authorization"].startswith("Basic ")


def test_a_wrong_password_is_told_and_never_shown(basic: StandIn) -> None:
    with pytest.raises(RemoteError) as caught:
        write(basic.url, Account("ada", "wrong-one"))
    assert "HTTP 401: user or password is wrong" in str(caught.value)
    assert "wrong-one" not in str(caught.value) + repr(Account("ada", "wrong-one"))


def test_a_password_is_not_sent_in_the_clear_to_another_machine(
    basic: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if loopback were far away.
    monkeypatch.setattr("pfocr_rdf.push.stores._is_loopback", lambda url: False)
    with pytest.raises(RemoteError, match=r"wants the password unencrypted: .* https"):
        write(basic.url, Account("ada", "sécret"))
    assert len(basic.asked) == 1


@pytest.mark.parametrize(
    ("endpoint", "queries"),
    [
        ("http://a.example/sparql-graph-crud", "http://a.example/sparql"),
        ("https://a.example:8443/ds/data", "https://a.example:8443/ds/sparql"),
        ("http://a.example/store", "http://a.example/query"),
        (
            "http://a.example/repositories/pfocr/rdf-graphs/service",
            "http://a.example/repositories/pfocr",
        ),
        ("http://a.example/graphs", None),
    ],
)
def test_the_address_for_queries_follows_from_that_for_graphs(
    endpoint: str, queries: str | None
) -> None:
    assert query_address(endpoint) == queries


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a.example/store",
        "ftp://a.example/",
        "http://",
        "http://me:secret@a.example/",
        "http://:secret@a.example/",
        "http://[",
        "http://a..example/",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_address(address)
    assert "secret" not in str(caught.value)
