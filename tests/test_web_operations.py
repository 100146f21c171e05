"""What whoever runs the server sees: metrics, the access log, messages."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from pfocr_rdf.web.exchange import Exchange
from pfocr_rdf.web.lines import LogForm
from pfocr_rdf.web.operations import (
    AccessLog,
    LinesHandler,
    Metrics,
    route_of,
    set_up_logging,
)

QUERY: Final[dict[str, Any]] = {
    "query_hash": "0123456789ab",
    "release": "20250101T000000Z",
    "cache": "miss",
    "wait_s": 0.001,
    "run_s": 0.25,
    "text": "ASK {}",
}


def exchange(path: str = "/sparql", *, client: str = "192.0.2.7", **values: Any) -> Exchange:
    """A request that is over; it came at 100 s."""
    scope = {"type": "http", "method": "GET", "path": path, "client": (client, 5), "headers": []}
    never = cast(Any, None)
    found = Exchange(scope, never, never, "id-1", 100.0)
    for name, value in {"status": 200, **values}.items():
        setattr(found, name, value)
    return found


def values_of(metrics: Metrics) -> dict[str, float]:
    """Sample with its labels → value."""
    body, media_type = metrics.render()
    assert media_type == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


# Metrics.


def test_requests_are_counted_by_route_and_status() -> None:
    metrics = Metrics()
    for path, status in [("/sparql", 200), ("/sparql", 200), ("/sparql", 503), ("/admin", 404)]:
        metrics.count(exchange(path, status=status))
    metrics.count_refused(431)
    found = values_of(metrics)
    assert {k: v for k, v in found.items() if k.startswith("pfocr_rdf_requests")} == {
        "pfocr_rdf_requests_total{route=sparql,status=200}": 2,
        "pfocr_rdf_requests_total{route=sparql,status=503}": 1,
        "pfocr_rdf_requests_total{route=other,status=404}": 1,
        "pfocr_rdf_requests_total{route=unread,status=431}": 1,
    }


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "home"),
        ("/figures/PMC1__a.ttl", "figures"),
        ("/queries/organisms.csv", "queries"),
        ("/search.json", "search"),
        ("/.well-known/void", "well-known"),
        ("/gene/5742", "gene"),
    ],
)
def test_kinds_of_pages_are_told_apart(path: str, route: str) -> None:
    assert route_of(path) == route


@pytest.mark.parametrize("path", ["", "*", "//sparql", "/sparqlx", "/figuresx", "sparql", "/.git"])
def test_a_client_cannot_make_metrics_grow(path: str) -> None:
    assert route_of(path) == "other"


def test_the_time_of_queries_is_counted_by_outcome_and_that_of_others_is_not() -> None:
    metrics = Metrics(clock=lambda: 100.3)
    metrics.count(exchange(**QUERY))
    metrics.count(exchange(**QUERY, outcome="query-timeout"))
    metrics.count(exchange("/health"))
    found = values_of(metrics)
    for outcome in ("ok", "query-timeout"):
        of_it = f"outcome={outcome}}}"
        assert found[f"pfocr_rdf_query_seconds_count{{{of_it}"] == 1
        assert found[f"pfocr_rdf_query_seconds_sum{{{of_it}"] == pytest.approx(0.3)
        assert found[f"pfocr_rdf_query_seconds_bucket{{le=0.25,{of_it}"] == 0
        assert found[f"pfocr_rdf_query_seconds_bucket{{le=0.5,{of_it}"] == 1


def test_kills_are_there_by_reason_before_there_is_one() -> None:
    metrics = Metrics()
    metrics.count_kill("memory")
    metrics.count_kill("memory")
    found = values_of(metrics)
    kills = {k: v for k, v in found.items() if k.startswith("pfocr_rdf_kills_total")}
    reasons = ("deadline", "disconnect", "head", "condition", "memory", "crash")
    assert kills == {
        f"pfocr_rdf_kills_total{{reason={reason}}}": 2 if reason == "memory" else 0
        for reason in reasons
    }


def test_the_release_is_named_and_swaps_are_counted() -> None:
    metrics = Metrics()
    metrics.note_release("one")
    assert values_of(metrics)["pfocr_rdf_release_swaps_total{}"] == 0
    metrics.note_release("two")
    found = values_of(metrics)
    assert [k for k in found if "release_info" in k] == ["pfocr_rdf_release_info{release=two}"]
    assert found["pfocr_rdf_release_swaps_total{}"] == 1


class Cache:
    bytes = 4_096

    def __len__(self) -> int:
        return 7


def test_how_things_are_is_read_when_it_is_asked_for() -> None:
    metrics = Metrics()
    program = [sys.executable, "-c", "print(flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        engine = SimpleNamespace(
            line=SimpleNamespace(waiting=3),
            busy={1, 2},
            pool=SimpleNamespace(pids=lambda: [child.pid, os.getpid(), os.getpid()]),
        )
        endpoint = SimpleNamespace(cache=Cache(), hits=10, misses=4)
        metrics.note_connections(9)
        metrics.read(cast(Any, engine), cast(Any, endpoint))
        found = values_of(metrics)
        child.communicate(b"\n")
    memory = {k: found.pop(k) for k in list(found) if "resident_memory_bytes{p" in k}
    seen = {k: v for k, v in found.items() if re.match("pfocr_rdf_(con|que.*_l|run|wor|cac)", k)}
    assert seen == {
        "pfocr_rdf_connections{}": 9,
        "pfocr_rdf_queue_length{}": 3,
        "pfocr_rdf_running{}": 2,
        "pfocr_rdf_workers{}": 2,
        "pfocr_rdf_cache_bytes{}": 4_096,
        "pfocr_rdf_cache_entries{}": 7,
        "pfocr_rdf_cache_hits_total{}": 10,
        "pfocr_rdf_cache_misses_total{}": 4,
    }
    server, zygote, query = (
        memory[f"pfocr_rdf_resident_memory_bytes{{process={kind}}}"]
        for kind in ("server", "zygote", "query")
    )
    assert server > zygote > 1_000_000
    assert query == pytest.approx(2 * server, rel=0.1)


def test_an_engine_without_processes_has_no_workers() -> None:
    metrics = Metrics()
    engine = SimpleNamespace(
        line=SimpleNamespace(waiting=0), busy=set(), pool=SimpleNamespace(pids=list)
    )
    metrics.read(cast(Any, engine), cast(Any, SimpleNamespace(cache=Cache(), hits=0, misses=0)))
    found = values_of(metrics)
    assert found["pfocr_rdf_workers{}"] == 0
    assert found["pfocr_rdf_resident_memory_bytes{process=zygote}"] == 0


def test_metrics_are_the_server_s_own_and_say_nothing_twice() -> None:
    before = list(REGISTRY.collect())
    first, second = Metrics(), Metrics()
    first.count(exchange())
    assert "pfocr_rdf_requests_total{route=sparql,status=200}" not in values_of(second)
    assert len(list(REGISTRY.collect())) == len(before)
    text = first.render()[0].decode()
    assert "_created" not in text
    assert "process_open_fds" in text
    helps = re.findall("# HELP (\\S+) (.*)", text)
    assert all(words for _, words in helps)
    assert len(dict(helps)) == len(helps)


# The access log.


def logged(form: LogForm, *exchanges: Exchange, log_queries: bool = False) -> list[str]:
    """The lines of these requests, each of which took 0.25 s."""
    stream = io.StringIO()
    log = AccessLog(form, stream, log_queries=log_queries, clock=lambda: 100.25)
    for seen in exchanges:
        log.note(seen)
    log.close()
    return stream.getvalue().splitlines()


TIME: Final = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_a_request_is_a_line_of_text() -> None:
    (line,) = logged("text", exchange("/health", sent_bytes=3))
    assert re.sub(TIME, "TIME", line) == (
        "time=TIME request=id-1 client=192.0.2.7 method=GET path=/health status=200 bytes=3 "
        "ms=250.0 outcome=ok"
    )


def test_a_query_is_a_line_that_says_more_but_not_what_was_asked() -> None:
    (line,) = logged("text", exchange(**QUERY, outcome="disconnect"))
    assert re.sub(TIME, "TIME", line) == (
        "time=TIME request=id-1 client=192.0.2.7 method=GET path=/sparql status=200 bytes=0 "
        "ms=250.0 query=0123456789ab wait_ms=1.0 run_ms=250.0 cache=miss "
        "release=20250101T000000Z outcome=disconnect"
    )


def test_a_query_without_an_answer_has_no_times_that_nobody_knows() -> None:
    unknown = {**QUERY, "release": "", "wait_s": 0.0, "run_s": 0.0}
    (line,) = logged("text", exchange(**unknown, outcome="busy"))
    assert line.endswith(" ms=250.0 query=0123456789ab cache=miss release= outcome=busy")


def test_a_query_is_a_line_of_json() -> None:
    (line,) = logged("json", exchange(**QUERY), log_queries=True)
    found = json.loads(line)
    assert re.fullmatch(TIME, found.pop("time"))
    assert found == {
        "request": "id-1",
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/sparql",
        "status": 200,
        "bytes": 0,
        "ms": 250.0,
        "query": "0123456789ab",
        "wait_ms": 1.0,
        "run_ms": 250.0,
        "cache": "miss",
        "release": "20250101T000000Z",
        "text": "ASK {}",
        "outcome": "ok",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_client_sends_is_never_raw_in_the_log(form: LogForm) -> None:
    nasty = "/\x1b[2J\r\nstatus=200 \x7f\u2028\ud800"
    found = exchange(nasty, client=nasty, **{**QUERY, "text": nasty})
    (line,) = logged(form, found, log_queries=True)
    assert re.fullmatch("[ -~]+", line)


def test_a_long_path_is_cut() -> None:
    (line,) = logged("json", exchange("/" + "a" * 60_000))
    assert len(json.loads(line)["path"]) == 500


def test_a_request_that_was_never_read_is_a_line() -> None:
    stream = io.StringIO()
    log = AccessLog("text", stream)
    log.note_refused(431, "192.0.2.7")
    log.close()
    line = re.sub(TIME, "TIME", stream.getvalue())
    assert line == "time=TIME client=192.0.2.7 status=431 outcome=unread\n"


def test_a_request_without_a_client_address_is_a_line() -> None:
    found = exchange()
    found.scope["client"] = None
    (line,) = logged("json", found)
    assert json.loads(line)["client"] == ""


# Messages.


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("pfocr_rdf")
    level = own.level
    yield
    own.setLevel(level)
    for handler in root.handlers[:]:
        if isinstance(handler, LinesHandler):
            root.removeHandler(handler)


@pytest.mark.usefixtures("_logging_as_it_was")
def test_messages_are_lines_of_text_or_json() -> None:
    log = logging.getLogger("pfocr_rdf.some.module")
    for form, line in (
        ("text", 'time=TIME level=info logger=pfocr_rdf.some.module message="2 releases\\nfound"'),
        (
            "json",
            '{"time":"TIME","level":"info","logger":"pfocr_rdf.some.module",'
            '"message":"2 releases\\nfound"}',
        ),
    ):
        stream = io.StringIO()
        lines = set_up_logging(cast(LogForm, form), stream)
        log.info("%d releases\n%s", 2, "found")
        log.debug("too much")
        logging.getLogger("another").info("not ours")
        lines.close()
        assert re.sub(TIME, "TIME", stream.getvalue()) == f"{line}\n"


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_traceback_is_in_the_same_line() -> None:
    stream = io.StringIO()
    lines = set_up_logging("json", stream)
    try:
        raise ValueError("\x1b]0;evil\x07")
    except ValueError:
        logging.getLogger("another").exception("failed")
    lines.close()
    found = json.loads(stream.getvalue())
    assert (found["level"], found["message"]) == ("error", "failed")
    assert found["traceback"].startswith("Traceback (most recent call last):\n")
    assert found["traceback"].endswith("ValueError: \x1b]0;evil\x07")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.usefixtures("_logging_as_it_was")
def test_messages_and_requests_share_a_writer() -> None:
    stream = io.StringIO()
    lines = set_up_logging("text", stream)
    log = AccessLog("text", lines)
    log.note(exchange("/one"))
    logging.getLogger("pfocr_rdf").warning("two")
    log.note(exchange("/three"))
    log.close()
    assert [re.findall("one|two|three", line) for line in stream.getvalue().splitlines()] == [
        ["one"],
        ["two"],
        ["three"],
    ]


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_message_that_cannot_be_formatted_harms_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    lines = set_up_logging("text", stream)
    handler = next(h for h in logging.getLogger().handlers if isinstance(h, LinesHandler))
    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",), "name": "x"}))
    lines.close()
    assert stream.getvalue() == ""
    assert "Logging error" in capsys.readouterr().err


def test_the_log_is_written_to_the_end_when_the_program_ends() -> None:
    program = (
        "import sys\n"
        "from pfocr_rdf.web.operations import AccessLog\n"
        "log = AccessLog('text', sys.stderr)\n"
        "log.note_refused(431, 'c')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr.endswith("client=c status=431 outcome=unread\n")
