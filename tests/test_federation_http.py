"""SERVICE clauses seen from outside: a server as its users start it, and partners on loopback."""

import csv
import gzip
import io
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from endpoints import Handler, StandIn, stand_in
from federating import PlannerHere, Waiting, partners_file, solutions, text_of, uri, values_in
from invoking import run
from pfocr_rdf.releases import Release, make_current
from pfocr_rdf.web.federation import evaluate
from releasing import add_release, data_folder
from serving import Answer, Server, graph_of, serving, wait_until

GENES: Final = "?f a schema:ImageObject ; schema:mentions ?g . ?g a schema:Gene"
NAME: Final = "{ ?g <urn:name> ?n }"
SCHEMA: Final = "http://schema.org/"
#: How many genes the samples mention.
COUNT: Final = 45


def naming(handler: Handler) -> None:
    rows = [
        {"g": uri(iri), "n": {"type": "literal", "value": f"name of {iri.rpartition('/')[2]}"}}
        for iri in values_in(text_of(handler.body))
    ]
    handler.send(solutions(*rows))


REPLIES: Final[dict[str, Callable[[Handler], None]]] = {
    "names": naming,
    "short": naming,
    "broken": lambda handler: handler.send(b"it broke", "text/plain", 500),
    "full": lambda handler: handler.send(b"", status=429, Retry_After="7"),
    "page": lambda handler: handler.send(b"<html>", "text/html"),
    "cut": lambda handler: handler.send(b'{"results": {"bindings": ['),
    "moved": lambda handler: handler.send(b"", status=302, Location="http://10.0.0.1/"),
    "many": naming,
    "long": naming,
    "blank": lambda handler: handler.send(
        solutions(
            *(
                {"g": uri(iri), "n": {"type": "bnode", "value": "b0"}}
                for iri in values_in(text_of(handler.body))
            )
        )
    ),
}
SETTINGS: Final[Mapping[str, Mapping[str, object]]] = {
    "names": {"batch": 20, "ttl_s": 600},
    "short": {"ttl_s": 0},
    "many": {"rows": 9},
    "long": {"bytes": 1024},
    "slow": {"timeout_s": 0.3},
    "private": {"private": False},
}


@dataclass
class World:
    """A server, and its partners by name."""

    server: Server
    stand_in: StandIn
    waiting: Waiting
    down: str
    file: Path
    data: Path

    def url(self, name: str) -> str:
        there = self.down if name == "down" else self.stand_in.url
        return there.removesuffix("sparql") + name

    def query(self, name: str, word: str = "SERVICE", head: str = "SELECT DISTINCT ?g ?n") -> str:
        return f"{head} {{ {GENES} {word} <{self.url(name)}> {NAME} }}"

    def asked(self, name: str) -> list[str]:
        """The queries that a partner got."""
        asked = self.stand_in.asked
        return [text_of(body) for _, path, _, body in asked if path == f"/{name}"]

    def new(self, name: str, number: int) -> str:
        """A query that nobody has asked before."""
        return self.query(name).replace("<urn:name>", f"<urn:name{number}>")


@contextmanager
def partner_world(data: Path, folder: Path, *options: str, whole: str = "") -> Iterator[World]:
    waiting = Waiting(naming)
    replies: dict[str, Callable[[Handler], None]] = {
        **REPLIES,
        **{"slow": waiting, "waiting": waiting, "private": naming},
    }

    with stand_in(lambda handler: replies[handler.path[1:]](handler)) as server:
        url = server.url.removesuffix("sparql")
        tables: dict[str, dict[str, object]] = {
            name: {"endpoint": url + name, **SETTINGS.get(name, {})} for name in replies
        }
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        down = f"http://127.0.0.1:{port}/sparql"
        tables["down"] = {"endpoint": down.replace("sparql", "down")}
        file = partners_file(folder / "partners.toml", tables)
        file.write_text(f"{file.read_text()}\n{whole}")
        with serving(data, "--partners", str(file), *options) as served:
            try:
                yield World(served, server, waiting, down, file, data)
            finally:
                waiting.go_on.set()


@pytest.fixture(name="world", scope="module")
def _world(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = seeds_release.path.parent.parent
    with partner_world(data, tmp_path_factory.mktemp("http")) as world:
        yield world


def pairs(answer: Answer) -> dict[str, str]:
    """Gene → name, of an answer in JSON."""
    assert answer.status == 200, answer.body
    return {
        row["g"]["value"]: row["n"]["value"]
        for row in answer.json["results"]["bindings"]
        if "n" in row
    }


@pytest.mark.parametrize("how", ["GET", "POST", "form", "QUERY"])
def test_a_query_is_joined_with_what_its_partner_knows(world: World, how: str) -> None:
    text, server = world.query("names"), world.server
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    direct = {"Content-Type": "application/sparql-query"}
    asking: dict[str, Callable[[], Answer]] = {
        "GET": lambda: server.ask(text),
        "POST": lambda: server.post(text),
        "form": lambda: server.request(
            "POST", "/sparql", urlencode({"query": text}).encode(), form
        ),
        "QUERY": lambda: server.request("QUERY", "/sparql", text.encode(), direct),
    }
    found = pairs(asking[how]())
    assert len(found) == COUNT
    assert all(name == f"name of {gene.rpartition('/')[2]}" for gene, name in found.items())


def test_the_partner_was_asked_about_each_gene_once(world: World) -> None:
    before = len(world.asked("short"))
    world.server.post(world.query("short"))
    (asked,) = world.asked("short")[before:]
    assert asked.startswith("SELECT ?g ?n WHERE {\nVALUES (?g) { (<https://identifiers.org/ncbi")
    assert len(values_in(asked)) == len(set(values_in(asked))) == COUNT


def test_the_answer_comes_in_every_format_of_results(world: World) -> None:
    text = world.query("names")
    expected = pairs(world.server.post(text))
    xml = world.server.post(text, "application/sparql-results+xml")
    space = {"r": "http://www.w3.org/2005/sparql-results#"}
    rows = ElementTree.fromstring(xml.body).findall(".//r:result", space)
    assert len(rows) == COUNT
    comma = world.server.post(text, "text/csv").body.decode()
    assert dict(list(csv.reader(io.StringIO(comma)))[1:]) == expected
    tab = world.server.post(text, "text/tab-separated-values").body.decode()
    assert tab.startswith("?g\t?n\n<https://identifiers.org/ncbigene/")
    assert len(tab.splitlines()) == COUNT + 1


def test_the_answer_comes_in_every_format_of_graphs(world: World) -> None:
    text = world.query("names", head="CONSTRUCT { ?g <urn:called> ?n } WHERE")
    kinds = ("text/turtle", "application/n-triples", "application/ld+json")
    found = [graph_of(world.server.post(text, kind)) for kind in kinds]
    assert len(found[0]) == COUNT
    assert found[0] == found[1] == found[2]
    xml = world.server.post(
        text.replace("urn:called", "http://e.example/called"), "application/rdf+xml"
    )
    assert len(graph_of(xml)) == COUNT


def test_questions_and_descriptions_have_partners_too(world: World) -> None:
    asked = world.server.post(world.query("names", head="ASK"))
    assert asked.json["boolean"] is True
    described = world.server.post(world.query("names", head="DESCRIBE ?g"), "text/turtle")
    assert len({triple.subject for triple in graph_of(described)}) == COUNT


def test_an_answer_is_packed_where_the_client_likes_that(world: World) -> None:
    text = quote(world.query("names"))
    packed = world.server.request(
        "GET", f"/sparql?query={text}", headers={"Accept-Encoding": "gzip"}
    )
    assert packed.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(packed.body))["results"]["bindings"]) == COUNT


def test_the_headers_say_who_was_asked_and_how_old_the_answer_is(world: World) -> None:
    text = world.new("names", 1)
    first, second = world.server.post(text), world.server.post(text)
    assert first.headers["x-federation"] == f"names; requests=3; kept=0; rows={COUNT}"
    assert second.headers["x-federation"] == f"names; requests=0; kept=3; rows={COUNT}"
    assert first.headers["x-federation-date"] == second.headers["x-federation-date"]
    date = parsedate_to_datetime(first.headers["x-federation-date"])
    assert abs((parsedate_to_datetime(first.headers["date"]) - date).total_seconds()) < 60
    for answer in (first, second):
        # The partners' part is valid for ten minutes; the release may be replaced before.
        assert answer.headers["cache-control"] == "public, no-cache"
        assert "etag" not in answer.headers
        assert answer.headers["x-cache"] == "none"
        assert {"X-Federation", "X-Federation-Date"} <= set(
            answer.headers["access-control-expose-headers"].split(", ")
        )
    assert second.body == first.body


def test_what_may_not_be_used_again_says_so(world: World) -> None:
    assert world.server.post(world.query("short")).headers["cache-control"] == "no-store"
    changing = world.query("names", head="SELECT ?g ?n (RAND() AS ?r)")
    assert world.server.post(changing).headers["cache-control"] == "no-store"


def test_a_head_has_the_headers_of_the_answer(world: World) -> None:
    answer = world.server.request("HEAD", f"/sparql?query={quote(world.query('names'))}")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-federation"].startswith("names; ")


def test_an_option_is_answered_for_those_that_the_partner_knows(world: World) -> None:
    text = f"SELECT DISTINCT ?g ?n {{ {GENES} OPTIONAL {{ SERVICE <{world.url('names')}> "
    answer = world.server.post(f"{text} {{ ?g <urn:name> ?n FILTER(?n != 'x') }} }} }}")
    assert len(pairs(answer)) == COUNT


def test_blank_nodes_of_a_partner_are_nodes_of_ours(world: World) -> None:
    answer = world.server.post(world.query("blank"))
    nodes = [row["n"] for row in answer.json["results"]["bindings"]]
    assert {node["type"] for node in nodes} == {"uri"}
    assert len({node["value"] for node in nodes}) == 1
    assert "/.well-known/genid/" in nodes[0]["value"]


FAILURES: Final = {
    "down": (502, "partner-failed", "down: it cannot be reached at 127.0.0.1:"),
    "broken": (502, "partner-failed", "broken: HTTP 500 (it broke)"),
    "full": (502, "partner-failed", "full: HTTP 429: it is too busy: wait 7 s"),
    "page": (502, "partner-failed", "page: it answers with text/html, not application/sparql-res"),
    "cut": (502, "partner-failed", "cut: its answer cannot be used: it is not JSON, or was cut "),
    "moved": (502, "partner-failed", "moved: HTTP 302: it redirects to http://10.0.0.1/, which is"),
    "private": (
        502,
        "partner-failed",
        "private: it is at 127.0.0.1, which is not a public address",
    ),
    "many": (400, "partner-too-large", "many: its answer has more than 9 rows: narrow the SERVI"),
    "long": (400, "partner-too-large", "long: its answer has more than 1,024 bytes: narrow the"),
    "slow": (504, "partner-timeout", "slow: no whole answer within 0.3 s: narrow the SERVICE"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_partner_that_fails_is_named_with_what_it_did(world: World, name: str) -> None:
    answer = world.server.post(world.query(name))
    status, kind, detail = FAILURES[name]
    assert (answer.status, answer.problem) == (status, kind)
    document = answer.json
    assert document["partner"] == name
    assert document["detail"].startswith(detail)
    assert document["instance"].removeprefix("urn:uuid:") == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("retry-after") == ("7" if name == "full" else None)
    assert document.get("limit_s") == (0.3 if name == "slow" else None)


@pytest.mark.parametrize("name", FAILURES)
def test_silence_about_a_partner_that_fails_is_told_in_a_header(world: World, name: str) -> None:
    answer = world.server.post(world.query(name, "SERVICE SILENT"))
    assert answer.status == 200
    assert len(answer.json["results"]["bindings"]) == COUNT
    assert pairs(answer) == {}
    _, kind, detail = FAILURES[name]
    said = detail.removeprefix(f"{name}: ").replace(",", "")
    assert answer.headers["x-federation"].startswith(f"{name} failed: {kind}: {said}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["partner-failed", "partner-timeout", "partner-too-large"])
def test_each_kind_of_failure_has_a_page_that_says_what_to_do(world: World, kind: str) -> None:
    page = world.server.request("GET", f"/problems/{kind}", headers={"Accept": "text/plain"})
    assert page.status == 200
    text = page.body.decode()
    assert "“partner”" in text
    assert "SERVICE" in text
    assert "explain=true" in text


def test_a_variable_for_an_address_is_refused_with_advice(world: World) -> None:
    answer = world.server.post(f"SELECT * {{\n{GENES}\nSERVICE ?f {NAME} }}")
    assert (answer.status, answer.problem) == (403, "federation-disabled")
    assert answer.json["line"] == 3
    assert "has a variable for its endpoint: write the address" in answer.json["detail"]


def test_an_address_nearly_right_is_answered_with_the_right_one(world: World) -> None:
    answer = world.server.post(world.query("names").replace("/names>", "/names/>"))
    assert (answer.status, answer.problem) == (403, "federation-disabled")
    assert answer.json["detail"].endswith(f"did you mean <{world.url('names')}>?")
    assert world.url("names") in answer.json["allowed"]


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        ("SERVICE <names> { ?g <urn:name> } }", 33),
        ("SERVICE SILENT <names> { ?g <urn:name> } }", 40),
    ],
)
def test_a_mistake_in_a_federated_query_is_told_with_its_place(
    world: World, broken: str, column: int
) -> None:
    answer = world.server.post(f"SELECT * {{ {GENES}\n{broken}")
    assert (answer.status, answer.problem) == (400, "syntax")
    assert (answer.json["line"], answer.json["column"]) == (2, column)
    assert answer.json["excerpt"].startswith("SERVICE")


def explained(world: World, accept: str, text: str) -> Answer:
    target = f"/sparql?explain=true&query={quote(text)}"
    return world.server.request("GET", target, headers={"Accept": accept})


def test_the_plan_says_word_for_word_what_is_asked(world: World) -> None:
    text = world.new("names", 2)
    answer = explained(world, "*/*", text)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "urn:name2" not in "".join(world.asked("names"))
    (step,) = answer.json["steps"]
    assert (step["partner"], step["endpoint"], step["values"]) == (
        "names",
        world.url("names"),
        COUNT,
    )
    world.server.post(text)
    asked = [query for query in world.asked("names") if "urn:name2" in query]
    assert sorted(step["requests"]) == sorted(asked)
    assert len(asked) == 3


def test_the_plan_comes_as_text_too(world: World) -> None:
    answer = explained(world, "text/plain", world.query("names"))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.body.decode().splitlines()
    assert lines[0] == f"1. names <{world.url('names')}>: SERVICE in line 1"
    assert lines[1] == f"   Asked about {COUNT} values of ?g, in 3 requests."
    assert "   Request 3 of 3:" in lines
    assert "Then the release is asked:" in lines


def test_a_plan_in_another_format_is_not_acceptable(world: World) -> None:
    answer = explained(world, "text/turtle", world.query("names"))
    assert (answer.status, answer.problem) == (406, "not-acceptable")
    assert answer.json["available"] == ["application/json", "text/plain"]


def test_the_plan_of_a_query_without_partners_is_the_query(world: World) -> None:
    answer = explained(world, "*/*", "SELECT * { ?s ?p ?o } LIMIT 1")
    assert answer.json == {"steps": [], "then": "SELECT * { ?s ?p ?o } LIMIT 1"}
    broken = explained(world, "*/*", "SELECT * { ?s ?p }")
    assert (broken.status, broken.problem) == (400, "syntax")


def test_the_command_line_shows_the_same_plan(world: World) -> None:
    text = world.query("names")
    options = ("--data", world.data, "--partners", world.file)
    done = run("query", *options, "--explain", text)
    assert (done.status, done.err) == (0, "")
    assert done.out == explained(world, "text/plain", text).body.decode()


def test_the_command_line_asks_partners_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "Planner", PlannerHere)
    options = ("--data", world.data, "--partners", world.file, "--format", "csv")
    done = run("query", *options, world.query("names"))
    assert (done.status, done.err) == (0, f"names: 3 requests, {COUNT} rows\n")
    assert len(done.out.splitlines()) == COUNT + 1
    silent = run("query", *options, world.query("broken", "SERVICE SILENT"))
    assert silent.err == "broken: partner-failed: HTTP 500 (it broke)\n"
    failed = run("query", *options, world.query("broken"))
    assert (failed.status, failed.out) == (1, "")
    assert failed.err == (
        "error: Another endpoint did not answer as it should: broken: HTTP 500 (it broke)\n"
    )


def test_the_command_line_lists_whom_it_may_ask(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "Planner", PlannerHere)
    options = ("--data", world.data, "--partners", world.file)
    done = run("query", *options, world.query("names").replace("/names>", "/other>"))
    assert done.status == 1
    assert "letter for letter, one of the endpoints that may be called from here: " in done.err
    assert f"\n  {world.url('names')}\n" in done.err
    broken = run("query", *options, world.query("names")[:-3])
    assert "the query is not SPARQL: line 1, column " in broken.err


@pytest.mark.parametrize(
    ("here", "there"), [("?s up:name ?symbol .", ""), ("", "?s up:name ?symbol .")]
)
def test_the_command_line_shows_the_line_of_a_mistake_on_either_side_of_service(
    here: str, there: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "Planner", PlannerHere)
    gene = "?f schema:mentions ?g . ?g schema:name ?symbol ."
    service = f"SERVICE <{world.url('names')}> {{\n ?g schema:name ?n . {there} }}"
    text = f"SELECT *\n{{ {gene}\n {here} {service} }}"
    done = run("query", "--data", world.data, "--partners", world.file, text)
    said, line, mark = done.err.splitlines()
    assert said.startswith("error: the query is not SPARQL: line ")
    assert "the prefix up: is not declared: add PREFIX up: <http://purl.uniprot.org/core/>" in said
    assert line[mark.index("^") :].startswith("up:name")


def test_the_metrics_say_what_partners_were_asked(world: World) -> None:
    before = {name: total(metrics(world), name) for name in METRICS}
    world.server.post(world.new("names", 3))
    world.server.post(world.new("names", 3))
    world.server.post(world.query("broken"))
    grown = {name: total(metrics(world), name) - before[name] for name in METRICS}
    assert grown["pfocr_rdf_partner_requests_total"] == 4
    assert grown["pfocr_rdf_partner_kept_total"] == 3
    assert grown["pfocr_rdf_partner_rows_total"] == COUNT
    assert grown["pfocr_rdf_partner_bytes_total"] > 1000
    assert grown["pfocr_rdf_partner_failures_total"] == 1
    failures = 'pfocr_rdf_partner_failures_total{kind="partner-failed",partner="broken"}'
    assert failures in metrics(world)


METRICS: Final = [
    f"pfocr_rdf_partner_{name}_total" for name in ("requests", "kept", "rows", "bytes", "failures")
]


def total(text: str, name: str) -> float:
    """The sum of a metric over its labels; nothing where there are none yet."""
    lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def metrics(world: World) -> str:
    return world.server.request("GET", "/metrics").body.decode()


def send(world: World, text: str, source: str = "127.0.0.1") -> socket.socket:
    """Begin a request on a connection of its own."""
    connection = socket.create_connection(world.server.address, 30, (source, 0))
    body = text.encode()
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return connection


def status_of(connection: socket.socket) -> int:
    """The status of the answer on a connection."""
    return int(connection.recv(65_536).split(None, 2)[1])


def test_a_client_that_goes_away_takes_the_partner_s_connection_along(world: World) -> None:
    connection = send(world, world.new("waiting", 4))
    assert world.waiting.begun.acquire(timeout=20)
    connection.close()
    assert world.waiting.gone.acquire(timeout=20)
    wait_until(lambda: any("outcome=disconnect" in line for line in world.server.log), "logged")
    assert len(pairs(world.server.post(world.query("names")))) == COUNT


def test_two_clients_share_an_answer(world: World) -> None:
    text = world.new("waiting", 5)
    both = [send(world, text, f"127.0.0.{number}") for number in (2, 3)]
    assert world.waiting.begun.acquire(timeout=20)
    world.waiting.go_on.set()
    for connection in both:
        assert status_of(connection) == 200
        connection.close()
    assert len([query for query in world.asked("waiting") if "urn:name5" in query]) == 1
    world.waiting.go_on.clear()


def test_whoever_waits_for_partners_is_in_nobodys_way(world: World) -> None:
    waiting = [send(world, world.new("waiting", 10 + number), "127.0.0.4") for number in range(4)]
    try:
        for _ in range(2):  # as many as the partner takes at once
            assert world.waiting.begun.acquire(timeout=20)
        wait_until(lambda: _is_busy(world), "the fifth of a client is refused")
        fifth = world.server.request(
            "GET", f"/sparql?query={quote(world.query('names'))}", source="127.0.0.4"
        )
        assert (fifth.status, fifth.problem) == (503, "busy")
        assert fifth.headers["retry-after"] == "10"
        assert "SERVICE" in fifth.json["detail"]
        assert world.server.ask("ASK {}", source="127.0.0.4").status == 200
        assert world.server.ask(world.query("names"), source="127.0.0.5").status == 200
    finally:
        for connection in waiting:
            connection.close()
    for _ in range(2):
        assert world.waiting.gone.acquire(timeout=20)


def _is_busy(world: World) -> bool:
    answer = world.server.ask(world.query("names"), source="127.0.0.4")
    return answer.status == 503


def test_a_planner_that_was_killed_is_replaced(world: World) -> None:
    world.server.post(world.new("names", 20))
    (planner,) = planners(world.server)
    os.kill(planner, signal.SIGKILL)
    wait_until(lambda: planner not in planners(world.server), "it has ended")
    wait_until(lambda: world.server.post(world.new("names", 21)).status == 200, "another one plans")


def planners(server: Server) -> list[int]:
    """The processes that plan."""
    found = []
    for pid in server.processes():
        with suppress(OSError):
            if b"federation.planner" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_deadlines_end_everything(seeds_release: Release, tmp_path: Path) -> None:
    """One server for what partners, the release, and the end of the server cut off."""
    data = seeds_release.path.parent.parent
    options = ("--timeout-s", "1", "--drain-s", "0.1")
    with partner_world(data, tmp_path, *options, whole="[query]\ntimeout_s = 2\n") as world:
        # The first query starts what plans them, which may take as long as this.
        wait_until(lambda: world.server.post(world.query("names")).status == 200, "it answers", 60)
        _all_together_have_a_deadline(world)
        _the_release_has_its_own(world)
        connection = send(world, world.new("waiting", 1))
        assert world.waiting.begun.acquire(timeout=20)
        assert world.server.stop() == 0
        assert world.waiting.gone.acquire(timeout=20)
        connection.close()


def _all_together_have_a_deadline(world: World) -> None:
    answer = world.server.post(world.query("waiting"))
    assert (answer.status, answer.problem) == (503, "query-timeout")
    assert answer.json["limit_s"] == 2
    assert "the SERVICE clauses took more than 2 s together" in answer.json["detail"]
    assert "retry-after" not in answer.headers
    assert world.waiting.begun.acquire(timeout=20)
    assert world.waiting.gone.acquire(timeout=20)
    assert world.server.ask("ASK {}").status == 200


def _the_release_has_its_own(world: World) -> None:
    before = len(world.asked("names"))
    everything = "?a ?b ?x . ?d ?e ?y . ?h ?i ?z"
    text = world.new("names", 2).replace(GENES, f"{GENES} . {everything}")
    answer = world.server.post(text.replace("DISTINCT ?g ?n", "(COUNT(*) AS ?c)"))
    assert (answer.status, answer.problem) == (503, "query-timeout")
    assert answer.json["limit_s"] == 1
    assert "the answer was not complete within 1 s" in answer.json["detail"]
    assert len(world.asked("names")) == before + 3


def test_without_federation_no_clause_is_evaluated(seeds_release: Release) -> None:
    data = seeds_release.path.parent.parent
    with stand_in(naming) as partner, serving(data, "--federation", "off") as server:
        text = f"SELECT * {{ {GENES} SERVICE SILENT <{partner.url}> {NAME} }}"
        answer = server.post(text)
        assert (answer.status, answer.problem) == (403, "federation-disabled")
        assert answer.json["line"] == 1
        for asked in (text, "ASK {}"):
            plan = server.request("GET", f"/sparql?explain=true&query={quote(asked)}")
            assert (plan.status, plan.problem) == (400, "bad-request")
            assert "SERVICE is not evaluated here" in plan.json["detail"]
        assert partner.asked == []
        assert "partner" not in server.request("GET", "/metrics").body.decode()


def test_a_list_that_has_no_use_is_refused(tmp_path: Path, seeds_release: Release) -> None:
    data = seeds_release.path.parent.parent
    file = partners_file(tmp_path / "partners.toml", {})
    done = run("serve", "--data", data, "--federation", "off", "--partners", file)
    assert (done.status, done.err) == (
        2,
        "error: --partners is of no use with --federation off: leave one of them out\n",
    )


def added(name: str) -> list[Quad]:
    """One more gene that a figure mentions."""
    figure, gene = NamedNode("urn:figure"), NamedNode(f"urn:gene/{name}")
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    return [
        Quad(figure, kind, NamedNode(f"{SCHEMA}ImageObject")),
        Quad(figure, NamedNode(f"{SCHEMA}mentions"), gene),
        Quad(gene, kind, NamedNode(f"{SCHEMA}Gene")),
        Quad(gene, NamedNode(f"{SCHEMA}name"), Literal(name)),
    ]


def test_an_answer_is_of_one_release_although_another_came_meanwhile(
    seeds_release: Release, tmp_path: Path
) -> None:
    data = data_folder(seeds_release, tmp_path / "data", added("old"))
    fresh = add_release(seeds_release, data, "20300101T000000Z-fresh", added("new"))
    with partner_world(data, tmp_path) as world:
        found: list[Answer] = []
        client = threading.Thread(
            target=lambda: found.append(world.server.post(world.query("waiting")))
        )
        client.start()
        assert world.waiting.begun.acquire(timeout=20)
        make_current(data, fresh)
        wait_until(lambda: world.server.served == fresh.id, "the new release is served")
        world.waiting.go_on.set()
        client.join(30)
        (answer,) = found
        names = pairs(answer)
        asked = world.asked("waiting")
    assert answer.headers["x-pfocr-release"] == fresh.id
    assert names["urn:gene/new"] == "name of new"
    assert "urn:gene/old" not in names
    assert len(names) == COUNT + 1
    assert ["urn:gene/old" in text for text in asked] == [True, False]
