"""Queries that would stop a server: each is answered in time, and others do not notice.

What is measured, is measured as clients see it, who share the machine with the server.
"""

import http.client
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from attacking import EXAMPLE, HEAVY, Lookups, large_data, site_listening
from listening import Listening
from pfocr_rdf.releases import Release
from pfocr_rdf.web.app import SiteOptions
from pfocr_rdf.web.checks import QueryLimits
from pfocr_rdf.web.endpoint import EndpointOptions
from pfocr_rdf.web.engine import EngineOptions
from pfocr_rdf.web.frames import Kind, frame
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.sparql import HttpRequest, read_request
from serving import Answer, Server, serving, wait_until

TIMEOUT_S: Final = 1.0
#: What an answer may come later than the deadline.
GRACE_S: Final = 0.5
#: In which a lookup is answered, all but a hundredth of them.
QUICK_S: Final = 0.1
#: In which a query that is not run at all is refused.
AT_ONCE_S: Final = 0.05
JOINED: Final = "{ ?s ?p ?o . ?a ?b ?c }"


def doubling(times: int) -> str:
    binds = " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(times))
    return f'SELECT (STRLEN(?x{times}) AS ?n) {{ BIND("0123456789" AS ?x0) {binds} }}'


def replacing(times: int) -> str:
    many = "a" * 100
    binds = " ".join(f'BIND(REPLACE(?x{n}, "a", "{many}") AS ?x{n + 1})' for n in range(times))
    return f'SELECT (STRLEN(?x{times}) AS ?n) {{ BIND("{many}" AS ?x0) {binds} }}'


def numbers(count: int) -> str:
    return " ".join(map(str, range(count)))


#: No time is enough for these.
ENDLESS: Final = {
    "a product of everything": HEAVY % "",
    "a product without duplicates": f"SELECT (COUNT(DISTINCT *) AS ?n) {JOINED}",
    "a product of lists": (
        f"SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {numbers(30_000)} }} "
        f"VALUES ?b {{ {numbers(30_000)} }} FILTER(?a + ?b < 0) }}"
    ),
    "a path of any property": "SELECT (COUNT(*) AS ?n) { ?s (<x:p>|!<x:p>)* ?o }",
    "a path through hubs": (
        f"SELECT (COUNT(*) AS ?n) {{ ?s (^<{EXAMPLE}hub>/<{EXAMPLE}hub>)+ ?o }}"
    ),
    "a long path": f"SELECT (COUNT(*) AS ?n) {{ ?s <{EXAMPLE}next>* ?o }}",
    "a search in a product": (
        f"SELECT (COUNT(*) AS ?n) {{ {JOINED} FILTER REGEX(STR(?o), '(a|a)*b(a|a)*c') }}"
    ),
    "a filter that joins": (
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER EXISTS "
        "{ ?s2 ?p2 ?o . ?s3 ?p3 ?o3 FILTER(?o3 > ?o) } }"
    ),
}
#: No memory is enough for these.
GREEDY: Final = {
    "a text that doubles": doubling(30),
    "a text that grows a hundredfold": replacing(5),
    "an order of everything": f"SELECT * {JOINED} ORDER BY ?o ?c",
    "groups of everything": f"SELECT ?o ?c (COUNT(*) AS ?n) {JOINED} GROUP BY ?o ?c",
    "a text of everything": (
        f"SELECT (STRLEN(GROUP_CONCAT(?t)) AS ?n) "
        f"{{ {JOINED} BIND(CONCAT(STR(?o), STR(?c)) AS ?t) }}"
    ),
}
#: The stack of a parser ends at some depth, and a plan takes the cube of its patterns' number.
DEEP: Final = {
    "braces": "SELECT * " + "{" * 3_000 + "}" * 3_000,
    "parentheses": "SELECT * { FILTER " + "(" * 5_000 + "1" + ")" * 5_000 + " }",
    "negations": "SELECT * { FILTER(" + "!" * 10_000 + "true) }",
    "unions": "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 7_000) + " }",
    "alternatives": "SELECT * { ?s ?p ?o FILTER(" + " || ".join(["?o = 1"] * 10_000) + ") }",
    "lists in lists": "SELECT * { ?s ?p " + "(1 " * 400 + "1" + ")" * 400 + " }",
    "nodes in nodes": "SELECT * { ?s ?p " + "[ ?p " * 400 + "1" + " ]" * 400 + " }",
    "patterns": "SELECT * { " + " ".join(f"?s ?p{n} ?o{n} ." for n in range(800)) + " }",
    "a megabyte": 'SELECT * { ?s ?p "' + "x" * 1_000_000 + '" }',
    "prefixes": "".join(f"PREFIX p{n}: <x:{n}> " for n in range(10_000)) + "ASK { ?s p1:p ?o }",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a query: its answer, or nothing, if the connection ended before it."""

    answer: Answer | None
    took_s: float

    @property
    def problem(self) -> str:
        assert self.answer is not None
        return self.answer.problem


def attack(server: Server, query: str) -> Outcome:
    begun = time.monotonic()
    try:
        answer = server.post(query)
    except (ConnectionResetError, http.client.IncompleteRead):
        answer = None
    return Outcome(answer, time.monotonic() - begun)


@pytest.fixture(name="data", scope="module")
def _data(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return large_data(seeds_release, tmp_path_factory)


@pytest.fixture(name="server", scope="module")
def _server(data: Path) -> Iterator[Server]:
    limits = ("--timeout-s", f"{TIMEOUT_S}", "--workers", "2", "--slow-workers", "6")
    with serving(data, *limits) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Raid:
    """What has become of queries, and of another client's lookups meanwhile.

    ``stall_s`` is the longest that one of them took: a machine that has much else to do is late
    by as much with everything.
    """

    outcomes: dict[str, Outcome]
    p99_s: float
    stall_s: float


def raid(server: Server, queries: dict[str, str], at_once: int) -> Raid:
    with Lookups(server) as lookups, ThreadPoolExecutor(at_once) as executor:
        found = executor.map(lambda query: attack(server, query), queries.values())
        outcomes = dict(zip(queries, found, strict=True))
        return Raid(outcomes, lookups.p99_s(), max(lookups.times_s))


@pytest.fixture(name="endless", scope="module")
def _endless(server: Server) -> Raid:
    return raid(server, ENDLESS, at_once=4)


@pytest.fixture(name="greedy", scope="module")
def _greedy(data: Path) -> Raid:
    with serving(data, "--timeout-s", "15", "--memory-mb", "64") as server:
        return raid(server, GREEDY, at_once=1)


@pytest.mark.parametrize("name", ENDLESS)
def test_a_query_without_end_is_stopped_at_its_deadline(endless: Raid, name: str) -> None:
    outcome = endless.outcomes[name]
    assert outcome.problem == "query-timeout"
    assert outcome.answer is not None
    assert outcome.answer.status == 503
    assert outcome.answer.json["limit_s"] == TIMEOUT_S
    assert "retry-after" not in outcome.answer.headers
    assert TIMEOUT_S <= outcome.took_s < TIMEOUT_S + GRACE_S + endless.stall_s


def test_lookups_of_another_client_are_quick_meanwhile(endless: Raid) -> None:
    assert endless.p99_s < QUICK_S


@pytest.mark.usefixtures("endless")
def test_nothing_of_a_stopped_query_goes_on(server: Server) -> None:
    wait_until(lambda: server.metric("pfocr_rdf_running") == 0, "no query runs")
    wait_until(lambda: len(server.query_processes()) == 2, "only those for fresh queries are left")
    wait_until(lambda: all(map(sleeps, server.query_processes())), "and these have nothing to do")


def sleeps(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.parametrize("name", GREEDY)
def test_a_query_that_takes_all_memory_is_told_so(greedy: Raid, name: str) -> None:
    outcome = greedy.outcomes[name]
    assert outcome.problem == "memory"
    assert outcome.answer is not None
    assert outcome.answer.status == 503
    assert outcome.answer.json["limit_mb"] == 64


def test_lookups_of_another_client_are_quick_beside_memory_bombs(greedy: Raid) -> None:
    assert greedy.p99_s < QUICK_S


def test_an_answer_without_end_is_cut_at_the_deadline_and_cannot_seem_whole(
    server: Server,
) -> None:
    outcome = attack(server, f"SELECT * {JOINED}")
    assert outcome.answer is None
    assert outcome.took_s < TIMEOUT_S + GRACE_S


@pytest.mark.parametrize(
    ("pattern", "bound"),
    [("(x+x+)+y", True), ("(a|a)*b", True), ("(a{1,1000}){1,1000}", False), ("(", False)],
)
def test_a_pattern_that_explodes_elsewhere_takes_no_time_here(
    server: Server, pattern: str, bound: bool
) -> None:
    text = "x" * 200_000
    answer = server.post(f'SELECT (REGEX(?x, "{pattern}") AS ?r) {{ BIND("{text}" AS ?x) }}')
    assert answer.status == 200
    (row,) = answer.json["results"]["bindings"]
    assert ("r" in row) is bound
    assert float(answer.headers["x-query-time"]) < 1


def test_a_query_that_cannot_be_evaluated_says_why(server: Server) -> None:
    answer = server.ask("SELECT (<http://example.org/nothing>(1) AS ?x) {}")
    assert (answer.status, answer.problem) == (400, "evaluation")
    assert "http://example.org/nothing" in answer.json["detail"]


@pytest.mark.parametrize("name", DEEP)
def test_what_would_break_a_query_process_is_refused_before_one_is_touched(
    server: Server, name: str
) -> None:
    wait_until(lambda: len(server.query_processes()) == 2, "no slow query is left")
    before = server.query_processes()
    # The best of some: the machine has other things to do as well.
    outcomes = [attack(server, DEEP[name]) for _ in range(5)]
    assert {outcome.problem for outcome in outcomes} == {"query-too-complex"}
    assert min(outcome.took_s for outcome in outcomes) < AT_ONCE_S
    assert server.query_processes() == before


@pytest.mark.parametrize("part", ["%41", "%", "%z", "%41a"])
def test_a_form_full_of_escapes_does_not_keep_others_waiting(part: str) -> None:
    body = f"x={part * ((1 << 20) // len(part) - 1)}".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = HttpRequest("POST", "", headers, body)

    def takes_s() -> float:
        before = time.thread_time()
        with pytest.raises(Refusal, match="the query is missing"):
            read_request(request)
        return time.thread_time() - before

    assert min(takes_s() for _ in range(5)) < AT_ONCE_S


def test_a_long_iri_and_a_long_list_are_no_attack(server: Server) -> None:
    iri = "x:" + "x" * 100_000
    assert server.post(f"ASK {{ ?s ?p <{iri}> }}").json["boolean"] is False
    answer = server.post(f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {numbers(50_000)} }} }}")
    assert answer.json["results"]["bindings"][0]["n"]["value"] == "50000"


@pytest.fixture(name="unchecked", scope="module")
def _unchecked(data: Path) -> Iterator[Listening]:
    """A server that believes every query."""
    boundless = QueryLimits(**{field.name: 1 << 40 for field in fields(QueryLimits)})
    options = SiteOptions(
        engine=EngineOptions(timeout_s=1.0, memory_mb=256),
        endpoint=EndpointOptions(query=boundless, request_bytes=4 << 20),
    )
    with site_listening(data, options) as server:
        yield server


def post(address: tuple[str, int], query: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        headers = {"Content-Type": "application/sparql-query"}
        connection.request("POST", "/sparql", query.encode(), headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "status", "problem"),
    [
        ("braces", 500, "engine-failure"),
        ("parentheses", 500, "engine-failure"),
        ("negations", 500, "engine-failure"),
        ("unions", 500, "engine-failure"),
        ("alternatives", 500, "engine-failure"),
        ("lists in lists", 503, "query-timeout"),
        ("patterns", 503, "query-timeout"),
    ],
)
def test_without_the_checks_a_crash_is_contained_and_the_next_query_works(
    unchecked: Listening, name: str, status: int, problem: str
) -> None:
    found, body = post(unchecked.address, DEEP[name])
    assert (found, f"problems/{problem}".encode() in body) == (status, True), body
    assert b"urn:uuid:" in body
    assert post(unchecked.address, "ASK {}") == (200, b'{"head":{},"boolean":true}')


PIECES: Final = (
    *("text/csv", "text/turtle", "application/json", "application/sparql-results+json", "*/*"),
    *(
        "text/*",
        "*",
        "/",
        "a/b/c",
        "*/json",
        "é/ü",
        '"',
        '\\"',
        ";",
        ",",
        "=",
        " ",
        "\t",
        "q",
        ";q=",
    ),
    *(";q=0", ";q=1", ";q=0.5", ";q=abc", ";q=-1", ";q=1e9", ";q=1.0000", ';a="b,c;d"', "gzip"),
    *("identity;q=0", "*;q=0", "br", "zstd;q=0.9"),
)
ACCEPTED: Final = (
    "",
    ",",
    "*/*;q=0",
    "text/csv;q=abc",
    ", ".join(f"application/x-{n}" for n in range(200)),
    ", ".join(["text/csv"] * 500),
    "text/csv;" + "a=b;" * 1_000,
    "x" * 8_192,
    '"' * 8_192,
    ",;" * 4_096,
)


def accepted(seed: int, count: int) -> list[str]:
    """Headers that only a program gone wrong would send, the same ones each time."""
    chosen = random.Random(seed)
    return ["".join(chosen.choices(PIECES, k=chosen.randint(1, 12))) for _ in range(count)]


@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "Accept-Charset", "If-None-Match"])
def test_no_header_of_negotiation_is_a_mistake_of_the_server(server: Server, name: str) -> None:
    connection = server.connect()
    found = set()
    for value in (*ACCEPTED, *accepted(1, 150)):
        connection.request("GET", "/sparql?query=ASK%20%7B%7D", headers={name: value.strip()})
        response = connection.getresponse()
        body = response.read()
        found.add(response.status)
        assert response.status in {200, 304, 400, 406}, (value, body)
        if response.status >= 400:
            assert response.getheader("content-type") == "application/problem+json"
    connection.close()
    assert 200 in found
    assert (406 in found) is (name == "Accept")


@pytest.mark.parametrize("value", ["", "nothing", "csv,json", "\x00", "é", "x" * 8_192])
def test_no_format_in_a_link_is_one_either(server: Server, value: str) -> None:
    target = f"/sparql?format={quote(value)}&query=ASK%20%7B%7D"
    assert server.request("GET", target).status in {200, 400, 406}


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK",
        frame(Kind.END, b"{"),
        frame(Kind.REFUSAL, b"[]"),
        frame(Kind.REFUSAL, b'{"kind": "nothing", "detail": ""}'),
        frame(Kind.REFUSAL, b'{"kind": "busy", "detail": "", "headers": {"X": "a\\r\\nY: b"}}'),
        frame(Kind.HEAD, b"\xff"),
        frame(Kind.HEAD, b"[]"),
        frame(Kind.HEAD, b'{"kind": "solutions", "encoding": "gzip\\r\\nX: y"}'),
        frame(Kind.HEAD, b'{"kind": "__class__", "encoding": "gzip"}'),
        frame(Kind.END, b"[]"),
        frame(Kind.END, b'{"absent": [1]}'),
        frame(Kind.END, b'{"absent": [[]]}'),
        frame(Kind.END, b'{"absent": [["urn:x"]]}'),
    ],
)
def test_a_query_process_that_writes_what_it_was_not_made_to_is_killed(data: bytes) -> None:
    process = QueryProcess(ready=lambda _: None, gone=lambda _: None)
    process.data_received(data)
    assert process.killed_for == "crash"
