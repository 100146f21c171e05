"""Another endpoint's whole answer, or an error that names it and says what to do."""

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from pyoxigraph import Literal, QueryBoolean, QuerySolutions

from asking import CASES, NAMES, answer, seed_store
from endpoints import JSON, Handler, Reply, oxigraph_server, stand_in
from pfocr_rdf import __version__
from pfocr_rdf.errors import QueryError, RemoteError, UsageError
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.remote import GET_LIMIT, ask_endpoint, query_form
from pfocr_rdf.results import write_answer, write_query

ONE_ROW: Final = (
    b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}}]}}'
)
SELECT: Final = "SELECT ?x WHERE { ?x ?y ?z }"
CONSTRUCT: Final = "CONSTRUCT WHERE { ?x ?y ?z }"


@pytest.fixture(scope="module", name="endpoint")
def _endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph_server(tmp_path_factory.mktemp("server"), seed_store()) as url:
        yield url


def failure(reply: Reply, text: str = SELECT, timeout_s: float = 20) -> str:
    """What is said of an answer, without the address that must stand before it."""
    with stand_in(reply) as server:
        with pytest.raises(RemoteError) as caught:
            values(server.url, text, timeout_s)
        assert caught.value.endpoint == server.url
        assert str(caught.value).startswith(f"{server.url}: ")
        return caught.value.message


def values(url: str, text: str = SELECT, timeout_s: float = 20) -> list[object]:
    """The first cell of each row."""
    with ask_endpoint(url, text, timeout_s=timeout_s) as found:
        assert isinstance(found, QuerySolutions)
        return [row[0] for row in found]


@pytest.mark.parametrize("name", NAMES)
def test_every_named_query_has_the_same_answer_from_another_server(
    name: str, endpoint: str
) -> None:
    text = bind(load_query(name), CASES.get(name, {}))
    buffer = io.BytesIO()
    with ask_endpoint(endpoint, text) as found:
        if name == "figure-record":
            write_answer(found, buffer, "ntriples")
        else:
            write_answer(found, buffer, "tsv")
    assert sorted(buffer.getvalue().splitlines()) == sorted(answer(seed_store(), text).splitlines())


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "xml", "table", "gmt"])
def test_every_format_of_solutions_is_the_same_from_a_server_as_from_a_store(
    form: str, endpoint: str
) -> None:
    text = bind(load_query("gene-sets"), {})
    local, remote = io.BytesIO(), io.BytesIO()
    write_query(seed_store(), text, local, form, width=100)
    with ask_endpoint(endpoint, text) as found:
        write_answer(found, remote, form, width=100)
    assert remote.getvalue() == local.getvalue()
    assert local.getvalue()


@pytest.mark.parametrize("form", ["turtle", "ntriples", "jsonld"])
def test_every_format_of_graphs_can_be_written_from_a_server(form: str, endpoint: str) -> None:
    buffer = io.BytesIO()
    with ask_endpoint(endpoint, "DESCRIBE <https://identifiers.org/ncbigene/1956>") as found:
        write_answer(found, buffer, form)
    assert b"EGFR" in buffer.getvalue()


def test_a_boolean_comes_back_as_one(endpoint: str) -> None:
    for text, expected in (("ASK { ?s ?p ?o }", True), ("ASK { ?s ?p 'nothing' }", False)):
        with ask_endpoint(endpoint, text) as found:
            assert isinstance(found, QueryBoolean)
            assert bool(found) is expected


def test_a_query_that_the_server_refuses_is_told_with_the_servers_words(endpoint: str) -> None:
    with pytest.raises(RemoteError) as caught, ask_endpoint(endpoint, "SELECT * { ?s ?p }"):
        pass
    assert caught.value.message.startswith("HTTP 400 (error at 1:")
    assert caught.value.message.endswith("): correct the query")


def test_a_short_query_is_sent_in_the_address_and_a_long_one_in_the_body() -> None:
    long = SELECT + " # " + "x" * GET_LIMIT
    with stand_in(lambda handler: handler.send(ONE_ROW)) as server:
        assert values(server.url) == values(server.url, long) == [Literal("1")]
    (get, path, _, _), (post, long_path, headers, body) = server.asked
    assert (get, parse_qs(urlsplit(path).query)) == ("GET", {"query": [SELECT]})
    assert (post, long_path) == ("POST", "/sparql")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"query": [long]}


def test_a_request_names_the_program_and_accepts_what_fits_the_form() -> None:
    turtle = b"<http://a.example/> <http://b.example/> 1 ."
    with stand_in(lambda handler: handler.send(ONE_ROW)) as server:
        values(server.url)
        server.reply = lambda handler: handler.send(turtle, "text/turtle; charset=utf-8")
        with ask_endpoint(server.url, CONSTRUCT) as found:
            assert len(list(found)) == 1  # type: ignore[arg-type]
    solutions, graph = (headers for _, _, headers, _ in server.asked)
    assert solutions["User-Agent"].startswith(f"pfocr-rdf/{__version__} (http")
    assert solutions["Accept"].startswith("application/sparql-results+json, ")
    assert graph["Accept"].startswith("application/n-triples, text/turtle")


def test_parameters_in_the_address_of_an_endpoint_are_sent_along() -> None:
    with stand_in(lambda handler: handler.send(ONE_ROW)) as server:
        values(f"{server.url}?default-graph-uri=http://g.example/&apikey=a%20b#top")
    ((_, path, _, _),) = server.asked
    assert parse_qs(urlsplit(path).query) == {
        "default-graph-uri": ["http://g.example/"],
        "apikey": ["a b"],
        "query": [SELECT],
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", ONE_ROW),
        (
            "text/xml; charset=utf-8",
            b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/>'
            b'</head><results><result><binding name="x"><literal>1</literal></binding></result>'
            b"</results></sparql>",
        ),
        ("text/tab-separated-values", b'?x\n"1"\n'),
    ],
)
def test_the_result_formats_that_endpoints_use_are_read(kind: str, body: bytes) -> None:
    with stand_in(lambda handler: handler.send(body, kind)) as server:
        assert values(server.url) == [Literal("1")]


def test_a_large_answer_is_whole() -> None:
    row = b'{"x":{"type":"literal","value":"%s"}}' % (b"y" * 1000)
    body = ONE_ROW[: ONE_ROW.index(b"[{") + 1] + b",".join([row] * 10_000) + b"]}}"
    with stand_in(lambda handler: handler.send(body)) as server:
        assert len(values(server.url)) == 10_000


def test_an_answer_in_chunks_is_read() -> None:
    def in_chunks(handler: Handler) -> None:
        chunks = [ONE_ROW[:10], ONE_ROW[10:], b""]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(body)

    with stand_in(in_chunks) as server:
        assert values(server.url) == [Literal("1")]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "correct the query"),
        (401, "it wants credentials, but none are sent: use another endpoint"),
        (403, "it refuses: use another endpoint or ask its owner"),
        (404, "check the address"),
        (414, "shorten the query"),
        (429, "wait, then try again"),
        (500, "try again later or ask something smaller"),
        (503, "wait, then try again"),
        (504, "ask something smaller or allow more time"),
    ],
)
def test_an_http_error_is_told_with_its_words_and_what_to_do(status: int, advice: str) -> None:
    said = 'Virtuoso 37000 Error "SP030"\n\x1b[31m\u00e9'.encode()
    message = failure(lambda handler: handler.send(said, "text/plain", status))
    assert message == f'HTTP {status} (Virtuoso 37000 Error "SP030" [31mé): {advice}'


def test_a_problem_document_is_told_in_its_words_with_the_place() -> None:
    problem = {
        "type": "https://a.example/problems/syntax",
        "title": "The query is not SPARQL",
        "status": 400,
        "detail": "line 1, column 7: the prefix foo: is not declared",
        "excerpt": "ASK { foo:a\x1b }\n      ^",
        "filling": "x" * 10_000,
    }
    body = json.dumps(problem).encode()
    told = "The query is not SPARQL: line 1, column 7: the prefix foo: is not declared"
    for status, advice in ((400, "correct the query"), (404, "check the address")):
        message = failure(lambda h, s=status: h.send(body, "application/problem+json", s))  # type: ignore[misc]
        assert message == f"HTTP {status} ({told}): {advice}\n  ASK {{ foo:a  }}\n        ^"


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"detail": 1}', b"\xff"])
def test_a_problem_document_that_is_none_does_no_harm(body: bytes) -> None:
    message = failure(lambda handler: handler.send(body, "application/problem+json", 400))
    assert message.startswith("HTTP 400")
    assert message.endswith(": correct the query")


def test_an_error_page_for_browsers_is_not_quoted_and_a_long_one_is_cut() -> None:
    page = failure(lambda handler: handler.send(b"<html><body>Oops", "text/html", 500))
    assert page == "HTTP 500: try again later or ask something smaller"
    assert failure(lambda handler: handler.send(b"", "text/plain", 502)) == (
        "HTTP 502: wait, then try again"
    )
    for status in (500, 503):
        long = failure(lambda handler, s=status: handler.send(b"x" * 100_000, "text/plain", s))  # type: ignore[misc]
        assert len(long) < 400


def goes_on(handler: Handler, status: int, stop: threading.Event, pause_s: float = 0) -> None:
    """An error whose message, or a redirect whose body, has no end."""
    handler.send(b"no such graph. ", "text/plain", status, Content_Length="9" * 15, Location="/x")
    while not stop.wait(pause_s):
        handler.wfile.write(b"x " * (1 if pause_s else 30_000))
        handler.wfile.flush()


@pytest.mark.parametrize("status", [400, 401, 404, 414, 500, 503])
@pytest.mark.parametrize("pause_s", [0, 0.05], ids=["huge", "dripping"])
def test_an_error_message_without_an_end_is_not_read_on(status: int, pause_s: float) -> None:
    stop = threading.Event()
    try:
        began = time.monotonic()
        message = failure(lambda handler: goes_on(handler, status, stop, pause_s), timeout_s=0.5)
        assert time.monotonic() - began < 10
    finally:
        stop.set()
    assert message.startswith(f"HTTP {status} (no such graph. x ")


def test_a_redirect_whose_body_has_no_end_is_followed() -> None:
    stop = threading.Event()

    def reply(handler: Handler) -> None:
        if handler.path == "/x":
            handler.send(ONE_ROW)
        else:
            goes_on(handler, 302, stop)

    try:
        with stand_in(reply) as server:
            assert values(server.url) == [Literal("1")]
    finally:
        stop.set()


def test_an_endpoint_that_moved_is_told_with_its_new_address() -> None:
    message = failure(
        lambda handler: handler.send(b"", "text/plain", 308, Location="http://new.example/sparql"),
        SELECT + " # " + "x" * GET_LIMIT,
    )
    assert message == "has moved: ask http://new.example/sparql"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SELECT, "text/html"),
        (SELECT, "text/csv"),
        (SELECT, "text/turtle"),
        (SELECT, "application/octet-stream"),
        ("ASK {}", "text/html"),
        (CONSTRUCT, "text/html"),
        (CONSTRUCT, JSON),
    ],
)
def test_an_answer_of_another_media_type_is_refused(text: str, kind: str) -> None:
    assert failure(lambda handler: handler.send(ONE_ROW, kind), text) == (
        f"answered {text.split()[0]} with {kind}, which is not a query result: check the address"
    )


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        (SELECT, JSON, ONE_ROW[:-5]),
        (SELECT, JSON, ONE_ROW[:-2] + b"Virtuoso S1T00 Error: timeout"),
        (SELECT, JSON, b""),
        (SELECT, JSON, b"\xff\xfe"),
        (SELECT, JSON, b"<html>"),
        (SELECT, "application/sparql-results+xml", b"<sparql"),
        ("ASK {}", JSON, b'{"head":{},"boolean":'),
        (CONSTRUCT, "application/n-triples", b"<http://a.example/> <http://b"),
        (CONSTRUCT, "text/turtle", b"<http://a.example/> <http://b.example/> ."),
    ],
)
def test_an_answer_that_is_not_well_formed_is_refused_whole(
    text: str, kind: str, body: bytes
) -> None:
    message = failure(lambda handler: handler.send(body, kind), text)
    assert message.startswith(f"answered with broken {kind}: ")
    assert message.endswith(": try again or add a LIMIT")


def test_an_answer_that_breaks_off_at_the_end_of_a_row_is_noticed() -> None:
    body = b'?x\n"1"\n'
    message = failure(
        lambda handler: handler.send(body, "text/tab-separated-values", Content_Length="20")
    )
    assert message == "broke off after 7 of 20 bytes: try again"


def test_an_answer_in_chunks_that_breaks_off_is_noticed() -> None:
    def cut(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/tab-separated-values")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b'7\r\n?x\n"1"\n\r\n')

    assert failure(cut).startswith("broke off (IncompleteRead: ")


def test_a_part_of_an_answer_is_refused() -> None:
    assert failure(lambda handler: handler.send(ONE_ROW, status=206)) == (
        "gave only a part of the answer (HTTP 206): ask something smaller"
    )


def test_an_endpoint_that_says_nothing_is_left_after_the_time_limit() -> None:
    done = threading.Event()

    def silence(_: Handler) -> None:
        done.wait(20)

    try:
        message = failure(silence, timeout_s=0.2)
    finally:
        done.set()
    assert message == ("no whole answer in 0.2 seconds: ask something smaller or allow more time")


def test_an_endpoint_that_drips_is_left_after_the_time_limit() -> None:
    done = threading.Event()

    def drip(handler: Handler) -> None:
        handler.send(b"", Content_Length="1000000")
        while not done.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    try:
        began = time.monotonic()
        message = failure(drip, timeout_s=0.4)
        assert time.monotonic() - began < 5
    finally:
        done.set()
    assert message.startswith("no whole answer in 0.4 seconds: ")


def test_an_endpoint_that_is_not_there_is_told_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/sparql"
    with pytest.raises(RemoteError) as caught:
        values(url)
    assert caught.value.message.startswith("cannot be reached: ")
    assert caught.value.message.endswith("Connection refused: check the address")


def test_a_server_that_speaks_no_http_is_told() -> None:
    def noise(handler: Handler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    assert failure(noise).startswith("broke off (BadStatusLine: SSH-2.0")


@pytest.mark.parametrize(
    "endpoint",
    [
        "file:///etc/passwd",
        "ftp://example.org/sparql",
        "example.org/sparql",
        "http://",
        "http://user:secret@example.org/sparql",
        "http://example.org:port/sparql",
        "http://[::1/sparql",
        "http://a..example/sparql",
        f"http://{'a' * 64}.example/sparql",
        "",
    ],
)
def test_an_address_that_is_none_of_an_endpoint_is_refused_and_not_echoed(endpoint: str) -> None:
    with pytest.raises(QueryError) as caught:
        values(endpoint)
    assert str(caught.value) == (
        "an endpoint's address is http://… or https://…, without a password"
    )


@pytest.mark.parametrize("path", ["my data", "donn\u00e9es", "\udcff"])
def test_a_path_that_cannot_be_sent_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="may hold only ASCII: escape the rest"):
        values(f"http://127.0.0.1:1/{path}")


def test_a_query_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(QueryError, match="the query is not Unicode: "):
        values("http://127.0.0.1:1/", "SELECT * { ?s ?p '\udcff' }")


def test_a_time_limit_must_be_more_than_none() -> None:
    with pytest.raises(QueryError, match="a time limit of 0 seconds: give more than 0"):
        values("http://127.0.0.1:1/", timeout_s=0)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("  \n# CONSTRUCT\n#\nask{}", "ASK"),
        (
            "BASE <http://a.example/> PREFIX : <#> PREFIX ask:<http://b> construct where {}",
            "CONSTRUCT",
        ),
        ("prefix select: <http://a.example/#ask> DESCRIBE select:x # SELECT", "DESCRIBE"),
        ('DEFINE input:inference "urn:rules" SELECT * {}', "SELECT"),
        ("PREFIX a: <http://a.example/>SELECT(1 AS ?x){}", "SELECT"),
    ],
)
def test_the_form_of_a_query_is_its_first_word_after_the_prefixes(text: str, form: str) -> None:
    assert query_form(text) == form


@pytest.mark.parametrize(
    "text",
    ["", "INSERT DATA {}", "PREFIX a: <http://a.example/> DELETE WHERE {}", "SELECTION", "hello"],
)
def test_what_is_no_query_is_not_sent(text: str) -> None:
    with stand_in(lambda handler: handler.send(ONE_ROW)) as server:
        with pytest.raises(QueryError, match="not a query: begin with SELECT, ASK, CONSTRUCT or"):
            values(server.url, text)
        assert server.asked == []


def test_a_long_text_without_a_query_is_refused_at_once() -> None:
    with pytest.raises(QueryError):
        query_form("PREFIX a: <http://a.example/>\n" * 20_000 + " " * 200_000 + "x")
