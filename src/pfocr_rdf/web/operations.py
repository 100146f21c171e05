"""What the operator sees of the server: metrics, the access log, and the program's messages.

The lines of the log are ``name=value`` pairs or JSON.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TextIO

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import Exchange
from pfocr_rdf.web.federation.counts import COUNTED, Counts
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.lines import Lines, LogForm, moment, now, written
from pfocr_rdf.web.memory import resident_bytes

_FORMATTER: Final = logging.Formatter()
#: Characters of a path that are logged: a client can make it as long as it likes.
SHOWN: Final = 500

#: First parts of paths, without a suffix, that metrics tell apart. All others, of which a client
#: can make up any number, are counted together.
ROUTES: Final = frozenset(
    {
        *("sparql", "health", "ready", "metrics", "problems", "static", "well-known"),
        *("search", "suggest", "queries", "vocabulary", "openapi", "thing", "void", "llms"),
        *("robots", "sitemap", "sitemaps", "dumps", "releases", "dataset", "ontology"),
        *("figures", "gene", "chemical", "disease", "taxon", "article", "journals", "publishers"),
        *("graph", "mappings"),
    }
)
KILL_REASONS: Final = ("deadline", "disconnect", "head", "condition", "memory", "crash")
BUCKETS_S: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)


class Metrics:
    """Metrics for Prometheus.

    What happens at every request is counted when it happens; all else is read when the metrics
    are asked for. https://prometheus.io/docs/practices/naming/
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "pfocr_rdf_requests", "Requests answered.", ["route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "pfocr_rdf_query_seconds",
            "From a query's arrival to the end of its answer.",
            ["outcome"],
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._kills = Counter(
            "pfocr_rdf_kills",
            "Query processes that were killed or died at work.",
            ["reason"],
            registry=registry,
        )
        self._release = Info("pfocr_rdf_release", "The release being served.", registry=registry)
        self._swaps = Counter(
            "pfocr_rdf_release_swaps", "Changes of the release being served.", registry=registry
        )
        self._released = False
        self._seen = Seen()
        registry.register(self._seen)
        ProcessCollector(registry=registry)
        for reason in KILL_REASONS:
            self._kills.labels(reason)
        self._seconds.labels("ok")

    def count(self, exchange: Exchange) -> None:
        """Count a request that is over, and its time if it was a query."""
        self._count(route_of(exchange.scope["path"]), exchange.status)
        if exchange.query_hash:
            self._seconds.labels(exchange.outcome).observe(self._clock() - exchange.arrived)

    def count_refused(self, status: int) -> None:
        """Count a request that the server itself has refused, unseen by the application."""
        self._count("unread", status)

    def _count(self, route: str, status: int) -> None:
        self._requests.labels(route, str(status)).inc()

    def count_kill(self, reason: str) -> None:
        """Count a query process that was killed, or died at work."""
        self._kills.labels(reason).inc()

    def note_release(self, release: str) -> None:
        """Note which release is served from now on."""
        if self._released:
            self._swaps.inc()
        self._released = True
        self._release.info({"release": release})

    def note_connections(self, count: int) -> None:
        """Note how many connections are open."""
        self._seen.gauges["connections"] = count

    def read(
        self, engine: Engine, endpoint: Endpoint, federation: Federation | None = None
    ) -> None:
        """Note the present state of the engine, the endpoint and the federation."""
        self._seen.gauges |= {
            "queue_length": engine.line.waiting,
            "running": len(engine.busy),
            "workers": max(0, len(engine.pool.pids()) - 1),
            "cache_bytes": endpoint.cache.bytes,
            "cache_entries": len(endpoint.cache),
        }
        self._seen.counters |= {"cache_hits": endpoint.hits, "cache_misses": endpoint.misses}
        zygote, *queries = engine.pool.pids() or [0]
        self._seen.pids = {"server": [os.getpid()], "zygote": [zygote], "query": queries}
        self._seen.partners = federation.counts if federation is not None else None

    def render(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and its media type."""
        return generate_latest(_WithoutCreated(self._registry)), CONTENT_TYPE_PLAIN_0_0_4


#: Name without the prefix → help text.
GAUGES: Final = {
    "connections": "Connections that are open.",
    "queue_length": "Queries that wait for their turn.",
    "running": "Queries that run.",
    "workers": "Query processes that are alive.",
    "cache_bytes": "Bytes of the answers in memory.",
    "cache_entries": "Answers in memory.",
}
COUNTERS: Final = {
    "cache_hits": "Queries answered from memory.",
    "cache_misses": "Queries that a query process had to answer.",
}


class Seen(Collector):
    """The values noted last; the memory of processes is read when the metrics are collected."""

    def __init__(self) -> None:
        self.gauges: dict[str, int] = dict.fromkeys(GAUGES, 0)
        self.counters: dict[str, int] = dict.fromkeys(COUNTERS, 0)
        self.pids: dict[str, list[int]] = {}
        self.partners: Counts | None = None

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus' library asks for them."""
        for name, value in self.gauges.items():
            yield GaugeMetricFamily(f"pfocr_rdf_{name}", GAUGES[name], value)
        for name, value in self.counters.items():
            yield CounterMetricFamily(f"pfocr_rdf_{name}", COUNTERS[name], value)
        help_text = "Memory of all processes of a kind, with what they share counted each time."
        memory = GaugeMetricFamily("pfocr_rdf_resident_memory_bytes", help_text, labels=["process"])
        for kind, pids in self.pids.items():
            memory.add_metric([kind], sum(map(resident_bytes, pids)))
        yield memory
        if self.partners is not None:
            yield from _of_partners(self.partners)


def _of_partners(counts: Counts) -> Iterator[Metric]:
    """What was asked of the endpoints that SERVICE calls, and how often they failed."""
    for name, help_text in COUNTED.items():
        found = CounterMetricFamily(f"pfocr_rdf_partner_{name}", help_text, labels=["partner"])
        for partner, amount in counts.sums[name].items():
            found.add_metric([partner], amount)
        yield found
    help_text = "SERVICE clauses that a partner did not answer."
    failures = CounterMetricFamily(
        "pfocr_rdf_partner_failures", help_text, labels=["partner", "kind"]
    )
    for labels, amount in counts.failures.items():
        failures.add_metric(labels, amount)
    yield failures


class _WithoutCreated(Collector):
    """A registry without the creation times of its counters, which would double the output."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric


def route_of(path: str) -> str:
    """The kind of a path; there is a fixed number of kinds.

    >>> route_of("/sparql"), route_of("/problems/busy"), route_of("/../admin.php")
    ('sparql', 'problems', 'other')
    >>> route_of("/"), route_of("/search.json"), route_of("/.well-known/void")
    ('home', 'search', 'well-known')
    """
    if path == "/":
        return "home"
    first = path.split("/", 2)[1] if "/" in path else ""
    name = first.removeprefix(".").partition(".")[0]
    return name if name in ROUTES else "other"


class AccessLog:
    """One line for each request.

    :param lines: where they go: a stream, or what :func:`set_up_logging` returned.
    :param log_queries: whether to log the text of queries, which may be confidential.
    """

    def __init__(
        self,
        form: LogForm,
        lines: TextIO | Lines,
        *,
        log_queries: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._form: LogForm = form
        self._lines = lines if isinstance(lines, Lines) else Lines(form, lines)
        self._log_queries = log_queries
        self._clock = clock
        self.close = self._lines.close

    def note(self, exchange: Exchange) -> None:
        """Log a request that is over."""
        scope = exchange.scope
        client = scope.get("client")
        fields: dict[str, Any] = {
            "time": now(),
            "request": exchange.request_id,
            "client": client[0] if client else "",
            "method": scope["method"],
            "path": scope["path"][:SHOWN],
            "status": exchange.status,
            "bytes": exchange.sent_bytes,
            "ms": round((self._clock() - exchange.arrived) * 1000, 2),
        }
        if exchange.query_hash:
            fields["query"] = exchange.query_hash
            if exchange.release:  # else no answer began, and nobody knows how the time was spent
                fields["wait_ms"] = round(exchange.wait_s * 1000, 2)
                fields["run_ms"] = round(exchange.run_s * 1000, 2)
            fields["cache"] = exchange.cache
            fields["release"] = exchange.release
            if self._log_queries:
                fields["text"] = exchange.text
        fields["outcome"] = exchange.outcome
        self._lines.add(written(self._form, fields))

    def note_refused(self, status: int, client: str) -> None:
        """Log a request that the server itself has refused."""
        fields = {"time": now(), "client": client, "status": status, "outcome": "unread"}
        self._lines.add(written(self._form, fields))


class LinesHandler(logging.Handler):
    """Writes the messages of the program as lines: one for each, whatever it holds."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message, at once if it is a warning or worse."""
        try:
            fields = {
                "time": moment(record.created),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
            }
            if record.exc_info:
                fields["traceback"] = _FORMATTER.formatException(record.exc_info)
            line = written(self._lines.form, fields)
            self._lines.add(line, urgent=record.levelno >= logging.WARNING)
        except Exception:
            self.handleError(record)


def set_up_logging(form: LogForm, stream: TextIO) -> Lines:
    """Write the messages of the program, and warnings of its libraries, to a stream.

    :returns: the writer of the lines, for an :class:`AccessLog` to share.
    """
    lines = Lines(form, stream)
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, LinesHandler):
            root.removeHandler(handler)
    root.addHandler(LinesHandler(lines))
    logging.getLogger("pfocr_rdf").setLevel(logging.INFO)
    return lines
