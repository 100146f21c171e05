"""Another engine behind the server that is down, slow, cut, wrong, or out to do harm."""

import asyncio
import gc
import gzip
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from attacking import singing
from backing import FORM, Pretender, pretender
from endpoints import Handler
from invoking import run
from pfocr_rdf.build.finish import write_manifest
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, make_current
from pfocr_rdf.web.backend.process import BackendProcess
from pfocr_rdf.web.lookups import MOST
from pfocr_rdf.web.process import Running
from releasing import add_release, data_folder
from serving import JSON, Server, is_alive, serving, wait_until

NAMES: Final = "SELECT ?s ?n { ?s schema:name ?n }"
HEAD: Final = b'{"head":{"vars":["s","n"]},"results":{"bindings":['
ROW: Final = b'{"s":{"type":"uri","value":"urn:x"},"n":{"type":"literal","value":"%d"}}'
TIMEOUT_S: Final = 2
MAX_ROWS: Final = 500


def solutions(count: int, end: bytes = b"]}}") -> bytes:
    return HEAD + b",".join(ROW % number for number in range(count)) + end


@pytest.fixture(scope="module", name="engine")
def _engine(seeds_release: Release) -> Iterator[Pretender]:
    with pretender(seeds_release) as engine:
        yield engine


@pytest.fixture(scope="module", name="server")
def _server(seeds_release: Release, engine: Pretender) -> Iterator[Server]:
    options = ["--timeout-s", str(TIMEOUT_S), "--max-rows", str(MAX_ROWS), "--max-answer-mb", "1"]
    address = engine.url.replace("//", "//lovelace:s3cret@")
    behind = ["--backend", address, "--backend-graph", "default"]
    with serving(seeds_release.path.parent.parent, *behind, *options) as server:
        yield server


@pytest.fixture(autouse=True)
def _well(engine: Pretender, server: Server) -> Iterator[None]:
    """After each test the engine is well again, and the server knows it."""
    engine.server.asked.clear()
    yield
    engine.behaviour.reply = engine.behaviour.version = None
    engine.behaviour.down = False
    wait_until(lambda: server.request("GET", "/ready").status == 200, "the engine is well again")


_asked = iter(range(1_000_000))


def new(query: str = NAMES) -> str:
    """A query that nobody has asked before."""
    return f"{query} LIMIT {1_000_000 + next(_asked)}"


Reply = Callable[[Handler], None]


def replying(body: bytes, kind: str = JSON, status: int = 200, **headers: str) -> Reply:
    return lambda handler: handler.send(body, kind, status, **headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>all is well</html>",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"\x00\xff\xfe",
        solutions(3, b""),
        solutions(3, b"]}} trailing"),
        solutions(3) + solutions(3),
        HEAD + b'{"s":{"type":"uri","value":"no iri"}}]}}',
        HEAD + b'{"s":{"type":"literal","value":"\xff"}}]}}',
        b'{"head":{},"boolean":true}',
        b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"what"}}]}}',
    ],
    ids=range(12),
)
def test_what_is_no_answer_is_passed_on_as_none(
    server: Server, engine: Pretender, body: bytes
) -> None:
    engine.behaviour.reply = replying(body)
    answer = server.ask(new())
    assert (answer.status, answer.problem) == (502, "backend-failed"), answer.body
    engine.behaviour.reply = None
    assert server.ask(new()).status == 200


@pytest.mark.parametrize(
    ("reply", "status", "problem", "said"),
    [
        (
            replying(b"<h1>Hello</h1>", "text/html"),
            502,
            "backend-failed",
            "it answers with text/html",
        ),
        (replying(b"s\n", "text/csv"), 502, "backend-failed", "it answers with text/csv"),
        (
            replying(gzip.compress(solutions(1)), Content_Encoding="gzip"),
            502,
            "backend-failed",
            "encoded as 'gzip'",
        ),
        (replying(b"", status=401), 502, "backend-failed", "it rejects the user or password"),
        (replying(b"", status=503), 502, "backend-failed", "HTTP 503: it is too busy: try again"),
        (replying(b"", status=404), 502, "backend-failed", "HTTP 404"),
        (
            replying(
                b"<html><title>No</title><b>Virtuoso 37000 Error SP031</b>: not implemented\n\n"
                b"SPARQL query:\ndefine input:default-graph-uri <urn:x> SELECT</html>",
                "text/html",
                400,
            ),
            400,
            "evaluation",
            "rejects the query (Virtuoso 37000 Error SP031 : not implemented)",
        ),
        (
            replying(b"Virtuoso 42000 Error The estimated execution time 9", "text/plain", 500),
            503,
            "query-timeout",
            "would take too long (Virtuoso 42000",
        ),
        (
            replying(solutions(2), X_SQL_State="S1TAT", X_SQL_Message="RC: anytime"),
            503,
            "query-timeout",
            "did not have time for the whole answer",
        ),
        (
            replying(solutions(10), X_SPARQL_MaxRows="10"),
            400,
            "answer-too-large",
            "gives out 10 rows at most, and cut the answer",
        ),
        (replying(solutions(MAX_ROWS + 1)), 400, "answer-too-large", "more than 500 rows"),
    ],
    ids=range(11),
)
def test_an_engine_that_refuses_or_cuts_is_told_in_plain_words(
    server: Server, engine: Pretender, reply: Reply, status: int, problem: str, said: str
) -> None:
    engine.behaviour.reply = reply
    answer = server.ask(new())
    assert (answer.status, answer.problem) == (status, problem), answer.body
    assert said in answer.json["detail"]
    assert "<" not in answer.json["detail"]


def test_fewer_rows_than_the_engine_gives_out_are_all(server: Server, engine: Pretender) -> None:
    engine.behaviour.reply = replying(solutions(9), X_SPARQL_MaxRows="10")
    assert len(server.rows(new())) == 9


def lookups(engine: Pretender) -> list[str]:
    """What was asked to explain an answer without rows."""
    asked = [form["query"] for form in engine.asked()]
    return [text for text in asked if text.endswith((" LIMIT 1000", " LIMIT 1"))]


def test_why_there_are_no_rows_is_found_with_a_bounded_number_of_lookups(
    server: Server, engine: Pretender
) -> None:
    # Planning takes the cube of the number of patterns: 100 are half a second of an idle machine.
    texts = " ".join(f"?s schema:name 'nothing {number}' ." for number in range(MOST + 10))
    for _ in range(5):  # a busy machine has no time for all of them, or for any
        engine.server.asked.clear()
        answer = server.ask(new(f"SELECT ?s {{ {texts} }}"))
        assert len(lookups(engine)) <= MOST
        if "x-pfocr-absent" in answer.headers:
            break
    assert len(lookups(engine)) > 1
    assert answer.headers["x-pfocr-absent"].startswith("<%22nothing%200%22>")
    engine.server.asked.clear()
    assert len(server.rows(new("SELECT ?s { ?s a schema:Gene }"))) > 1
    assert lookups(engine) == []


@pytest.mark.parametrize("fault", ["slow", "wrong", "no rows", "down"])
def test_where_the_engine_does_not_tell_why_there_are_no_rows_there_are_none(
    fault: str, server: Server, engine: Pretender
) -> None:
    over = threading.Event()

    def reply(handler: Handler) -> None:
        if not re.search(rb"LIMIT\+1(000)?&", handler.body + b"&"):
            handler.send(solutions(0), JSON)
        elif fault == "slow":
            over.wait(10)
        elif fault == "down":
            handler.connection.close()
        else:
            handler.send(b"[" if fault == "wrong" else b'{"head":{},"boolean":true}', JSON)

    engine.behaviour.reply = reply
    began = time.monotonic()
    answer = server.ask(new("SELECT ?s ?n { ?s <urn:nothing> ?n }"))
    over.set()
    assert (answer.status, answer.json["results"]["bindings"]) == (200, [])
    assert "x-pfocr-absent" not in answer.headers
    assert time.monotonic() - began < TIMEOUT_S
    engine.behaviour.reply = None
    assert len(server.rows(new("SELECT ?s { ?s a schema:Gene }"))) > 1


def broken_off(handler: Handler, body: bytes, length: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


def test_an_answer_that_breaks_off_early_is_none(server: Server, engine: Pretender) -> None:
    # Whole, but for the white space that was promised.
    engine.behaviour.reply = lambda h: broken_off(h, solutions(3), len(solutions(3)) + 1)
    answer = server.ask(new())
    assert (answer.status, answer.problem) == (502, "backend-failed")
    assert "broke off" in answer.json["detail"]


def test_an_answer_that_breaks_off_late_never_ends_cleanly(
    server: Server, engine: Pretender
) -> None:
    body = solutions(400).replace(b"urn:x", b"urn:" + b"x" * 1000)
    assert len(body) > 1 << 18
    engine.behaviour.reply = lambda h: broken_off(h, body, len(body) + 1)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        server.ask(new())


@pytest.mark.parametrize("more", [b"", b"\n"], ids=["less", "white space"])
def test_yes_is_no_answer_until_all_of_it_is_there(
    server: Server, engine: Pretender, more: bytes
) -> None:
    yes = b'{"head":{},"boolean":true}'
    promised = len(yes + more) + (not more)
    engine.behaviour.reply = lambda h: broken_off(h, yes + more, promised)
    answer = server.ask(f"ASK {{ ?s ?p {next(_asked)} }}")
    assert answer.status == (200 if more.isspace() else 502), answer.body


def test_lines_without_an_end_of_their_own_need_a_length(server: Server, engine: Pretender) -> None:
    def reply(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.0"
        handler.send_response(200)
        handler.send_header("Content-Type", "application/n-triples")
        handler.end_headers()
        handler.wfile.write(b'<urn:a> <urn:b> "c" .\n')

    engine.behaviour.reply = reply
    answer = server.ask(new("CONSTRUCT { ?s schema:name ?n } WHERE { ?s schema:name ?n }"))
    assert (answer.status, answer.problem) == (502, "backend-failed")
    assert "does not say where its answer ends" in answer.json["detail"]


class Slow:
    """A reply that never comes; notices when nobody waits for it any more."""

    def __init__(self, begin: bytes = b"") -> None:
        self.begin = begin
        self.begun, self.left = threading.Event(), threading.Event()

    def __call__(self, handler: Handler) -> None:
        if self.begin:
            broken_off(handler, self.begin, 1 << 30)
        self.begun.set()
        handler.connection.settimeout(20)
        try:
            if not handler.connection.recv(1):
                self.left.set()
        except ConnectionResetError:
            self.left.set()


@pytest.mark.parametrize("begin", [b"", HEAD + b" " * 100_000], ids=["nothing", "a part"])
def test_at_the_deadline_the_engine_is_left(
    server: Server, engine: Pretender, begin: bytes
) -> None:
    slow = engine.behaviour.reply = Slow(begin)
    answer = server.ask(new())
    assert (answer.status, answer.problem) == (503, "query-timeout")
    assert answer.json["limit_s"] == TIMEOUT_S
    assert slow.left.wait(10)


def test_when_there_is_more_than_is_wanted_the_engine_is_left_at_once(
    server: Server, engine: Pretender
) -> None:
    for _ in range(4):
        slow = engine.behaviour.reply = Slow(solutions(4 * MAX_ROWS, b","))
        answer = server.ask(new())
        assert (answer.status, answer.problem) == (400, "answer-too-large"), answer.body
        assert slow.left.wait(10)
        engine.behaviour.reply = None
        assert server.ask(new()).status == 200


def test_when_the_client_goes_away_the_engine_is_left(server: Server, engine: Pretender) -> None:
    slow = engine.behaviour.reply = Slow(HEAD)
    before = {pid for pid in server.query_processes() if is_alive(pid)}
    with socket.create_connection(server.address, 10) as client:
        request = f"GET /sparql?query={quote(new())} HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(request.encode())
        assert slow.begun.wait(10)
    assert slow.left.wait(TIMEOUT_S)
    wait_until(lambda: len(server.query_processes()) >= len(before), "as many processes again")
    engine.behaviour.reply = None
    assert server.ask(new()).status == 200


def test_an_engine_that_resets_connections_is_down_and_told_so(
    server: Server, engine: Pretender
) -> None:
    engine.behaviour.down = True
    answer = server.ask(new())
    assert (answer.status, answer.problem) in ((502, "backend-failed"), (503, "no-release"))
    wait_until(lambda: server.request("GET", "/ready").status == 503, "it is seen")
    ready = server.request("GET", "/ready")
    assert ready.problem == "no-release"
    assert "the engine behind this server" in ready.json["detail"]
    assert server.request("GET", "/health").status == 200
    for target in ("/gene/5594.ttl", "/gene/5594"):
        page = server.request("GET", target, headers={"Accept": "text/html"})
        assert page.status in (502, 503), page.body
    # What needs no engine is there.
    assert server.request("GET", "/dumps/void.ttl").status == 200


def test_an_answer_that_is_kept_needs_no_engine(server: Server, engine: Pretender) -> None:
    query = new()
    assert server.ask(query).headers["x-cache"] == "miss"
    engine.behaviour.down = True
    assert server.ask(query).headers["x-cache"] == "hit"


def test_another_release_behind_is_never_answered_from(
    server: Server, engine: Pretender, seeds_release: Release
) -> None:
    other = Iris().release("another").value

    def reply(handler: Handler) -> None:
        # It comes while the answer is made.
        engine.behaviour.version = other
        handler.send(solutions(3))

    engine.behaviour.reply = reply
    answer = server.ask(new())
    assert (answer.status, answer.problem) == (503, "no-release")
    assert f"it holds {other} in its own default graph, not" in answer.json["detail"]
    assert server.request("GET", "/ready").status == 503
    page = server.request("GET", "/gene/207.ttl")
    assert (page.status, page.problem) == (503, "no-release")
    wait_until(
        lambda: any(other in line and "level=error" in line for line in server.log), "it is logged"
    )


def test_no_redirect_is_followed_and_nobody_else_is_called(
    server: Server, engine: Pretender
) -> None:
    with singing() as canary:
        there = f"http://127.0.0.1:{canary.port}/"
        engine.behaviour.reply = replying(b"", status=307, Location=there)
        answer = server.ask(new())
        assert (answer.status, answer.problem) == (502, "backend-failed")
        assert "redirects" in answer.json["detail"]
        assert str(canary.port) not in answer.json["detail"]
        engine.behaviour.reply = None
        for query in (
            f"SELECT * {{ SERVICE <{there}> {{ ?s ?p ?o }} }}",
            f"SELECT * FROM <{there}> {{ ?s ?p ?o }}",
            f"SELECT * {{ GRAPH <{there}> {{ ?s ?p ?o }} }}",
            f"LOAD <{there}>",
        ):
            server.ask(query)
        assert canary.calls() == 0
    sent = [form["query"] for form in engine.asked()]
    assert not [query for query in sent if "SERVICE" in query or "LOAD" in query or "FROM" in query]


def test_user_and_password_go_to_the_engine_alone(server: Server, engine: Pretender) -> None:
    answer = server.ask(new())
    assert answer.status == 200
    heads = [head for _, _, head, _ in engine.server.asked]
    assert {head["Authorization"] for head in heads} == {"Basic bG92ZWxhY2U6czNjcmV0"}
    engine.behaviour.reply = replying(b"", status=401)
    said = server.ask(new()).body.decode() + "".join(server.log)
    assert "s3cret" not in said
    assert "lovelace" not in said  # no id of a request has it by chance, as it has "ada"
    assert "bG92ZWxh" not in said


def test_the_engine_gets_the_graphs_and_a_query_without_comments(
    server: Server, engine: Pretender
) -> None:
    form = urlencode({"query": f"{NAMES}#\nLIMIT 7 # s3crets", "default-graph-uri": "urn:x"})
    head = {"Content-Type": FORM}
    assert server.request("POST", "/sparql", form.encode(), head).json["results"]["bindings"] == []
    asked, *lookups = engine.asked()  # those say why nothing is found, of the same graph
    assert asked["query"].endswith("SELECT ?s ?n { ?s schema:name ?n }\nLIMIT 7")
    assert not [form for form in lookups if "s3crets" in form["query"]]
    assert asked["query"].startswith("BASE <https://pfocr.wikipathways.org/> PREFIX schema: <")
    assert asked["default-graph-uri"] == asked["named-graph-uri"]
    assert asked["default-graph-uri"].startswith("https://pfocr.wikipathways.org/.well-known/")


def test_a_process_that_is_gone_before_its_engine_is_asked_leaves_nothing_behind() -> None:
    # Anything: the engine is never asked.
    client: Any = SimpleNamespace()
    holding: Any = SimpleNamespace(held=SimpleNamespace(iris=Iris()))

    async def main() -> None:
        process = BackendProcess(client, holding, lambda _: None, lambda _: None)
        process.send(b"", Running(process, "ann", 0.0, 0.0, "", lambda _: None))
        process.asks({"kind": "boolean"})
        process.connection_lost(None)

    asyncio.run(main())
    gc.collect()  # which warns of a coroutine that was never awaited


def test_fifty_clients_that_go_away_leave_nothing_behind(server: Server, engine: Pretender) -> None:
    replies: list[Slow] = []

    def reply(handler: Handler) -> None:
        slow = Slow(HEAD)
        replies.append(slow)
        slow(handler)

    engine.behaviour.reply = reply
    for _ in range(5):
        clients = [socket.create_connection(server.address, 10) for _ in range(10)]
        for client in clients:
            head = f"GET /sparql?query={quote(new())} HTTP/1.1\r\nHost: x\r\n\r\n"
            client.sendall(head.encode())
        wait_until(lambda: len(replies) > 0, "some are asked")
        for client in clients:
            client.close()
    for slow in list(replies):
        assert slow.left.wait(10)
    engine.behaviour.reply = None
    assert server.ask(new()).status == 200


def test_a_release_that_the_engine_has_not_yet_waits_while_the_one_before_is_served(
    seeds_release: Release, tmp_path: Path
) -> None:
    data = data_folder(seeds_release, tmp_path / "data")
    with pretender(seeds_release) as engine:
        behind = ["--backend", engine.url, "--backend-graph", "default"]
        with serving(data, *behind) as server:
            fresh = add_release(seeds_release, data, "99990101T000000Z-later")
            published = fresh.path / "dumps" / "manifest.json"
            published.write_text(json.dumps({**json.loads(published.read_text()), "version": "v2"}))
            write_manifest(fresh.path)
            make_current(data, fresh)
            wait_until(lambda: any("releases/v2: push" in line for line in server.log), "it waits")
            assert server.ask(new()).headers["x-pfocr-release"] == seeds_release.id
            assert server.request("GET", "/ready").status == 200
            engine.behaviour.version = Iris().release("v2").value
            wait_until(
                lambda: server.request("GET", "/ready").body.decode().strip() == fresh.id,
                "the new one is served",
            )
            assert server.ask(new()).headers["x-pfocr-release"] == fresh.id


def test_a_server_begins_before_its_engine_and_answers_when_that_has_the_release(
    seeds_release: Release,
) -> None:
    with pretender(seeds_release) as engine:
        engine.behaviour.down = True
        behind = ["--backend", engine.url, "--backend-graph", "default"]
        with serving(seeds_release.path.parent.parent, *behind) as server:
            assert server.request("GET", "/ready").problem == "no-release"
            assert server.ask(new()).problem == "no-release"
            engine.behaviour.down = False
            wait_until(lambda: server.request("GET", "/ready").status == 200, "it is seen")
            assert server.ask(new()).status == 200


XML: Final = """<sparql xmlns="http://www.w3.org/2005/sparql-results#">
<head><variable name="s"/></head><results>
<result><binding name="s"><literal> \ttwo\nlines </literal></binding></result>
<result><binding name="s"><literal>&lt;&amp;\r</literal></binding></result>
</results></sparql>"""


def test_what_virtuoso_cuts_without_a_word_is_no_answer_and_white_space_is_kept(
    seeds_release: Release,
) -> None:
    with pretender(seeds_release) as engine:
        engine.behaviour.virtuoso_rows = 10
        behind = ["--backend", engine.url, "--backend-graph", "default"]
        with serving(seeds_release.path.parent.parent, *behind) as server:
            graph = "CONSTRUCT {{ ?s a schema:Gene }} WHERE {{ ?s a schema:Gene }} LIMIT {}"
            nine = server.ask(graph.format(9), "application/n-triples")
            assert (nine.status, nine.body.count(b"\n")) == (200, 9)
            ten = server.ask(graph.format(10))
            assert (ten.status, ten.problem) == (400, "answer-too-large")
            assert ten.json["limit"] == 10
            engine.behaviour.reply = replying(XML.encode(), "application/sparql-results+xml")
            assert server.rows(new()) == [{"s": " \ttwo\nlines "}, {"s": "<&\r"}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--backend", "ftp://ada:s3cret@x/"], "--backend is not an address"),
        (["--backend", "http://"], "--backend is not an address"),
        (["--backend", "http://x:99999/"], "--backend is not an address"),
        (["--backend-graph", "urn:x"], "is of no use without --backend"),
        (["--backend", "http://x/", "--backend-graph", "no iri"], "is not a graph"),
        (
            ["--backend", "http://x/", "--backend-graph", "default", "--backend-graph", "urn:x"],
            "give --backend-graph default alone",
        ),
    ],
)
def test_what_names_no_engine_is_told_before_anything_starts(
    options: list[str], said: str, seeds_release: Release
) -> None:
    done = run("serve", "--data", seeds_release.path.parent.parent, *options)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert "s3cret" not in done.err
