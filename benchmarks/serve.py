"""The endpoint compared with Oxigraph's own server, on the same store, in one run.

Usage: ``python benchmarks/serve.py SOURCE [NUMBER [TASK…]]``. It takes the current release of
SOURCE, if that is a data folder, or builds one of NUMBER records (20,000 by default) made out of
SOURCE, starts both servers on its store, and sends them the same queries in turn, in several
rounds; the load comes from wrk. A number in a comment makes each query new to the servers, except
in the tasks ``repeated …``. Memory is the proportional set size of all processes of a server, read
while it answers. With names of tasks only these run, and no results are written.
"""

import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from pyoxigraph import Store

from make_records import make_records
from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.releases import current_release
from results import write_section

JSON: Final = "application/sparql-results+json"
ROUNDS: Final = 3
LIBRARIES: Final = ("pyoxigraph", "oxigraph", "uvicorn", "uvloop", "httptools")
NOTES: Final = """\
Our endpoint and Oxigraph's own server on the same store, medians of three rounds. Each query is a
new one, except those of the tasks “repeated”. Memory is that of all processes of a server."""
#: Percentiles of the latency that wrk's script prints, beside the requests per second.
PERCENTILES: Final = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of load.

    :param template: the query, with ``%s`` in the place of one of the things.
    :param things: what ``%s`` is replaced with, one for each request.
    :param connections: how many connections wrk opens: a number for each measurement.
    :param seconds: duration of one round.
    :param new: whether a number in a comment makes every query a new one.
    """

    name: str
    template: str
    things: tuple[str, ...]
    connections: tuple[int, ...]
    seconds: int
    new: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one round: requests per second, latencies by percentile, failures."""

    rate: float
    milliseconds: tuple[float, ...]
    failed: int


# Each thread of wrk has numbers of its own, so that no query is sent twice.
SCRIPT: Final = """
local things, count, threads = {}, 0, 0
for line in io.lines("THINGS") do things[#things + 1] = line end
function setup(thread) thread:set("first", threads); threads = threads + 1 end
function escape(text)
  return (text:gsub("[^%w%-%._~]", function(c) return string.format("%%%02X", c:byte()) end))
end
function request()
  count = count + 1
  local thing = things[(count * 7919 + first) % #things + 1]
  local query = TEMPLATE
  if NEW then query = query .. " # " .. START + first .. "." .. count end
  return wrk.format("GET", "PATH?query=" .. escape(query), {["Accept"] = "JSON"})
end
function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("MEASURED %f %d", summary.requests / summary.duration * 1e6, failed))
  for _, p in ipairs({PERCENTILES}) do
    io.write(string.format(" %f", latency:percentile(p) / 1000))
  end
  io.write("\\n")
end
"""


def load(folder: Path, url: str, task: Task, connections: int, start: int) -> Measured:
    """Run one round of wrk; ``start`` begins the numbers in its queries."""
    things = folder / "things.txt"
    things.write_text("\n".join(task.things) + "\n")
    base, path = re.fullmatch(r"(http://[^/]+)(/.*)", url).groups()  # type: ignore[union-attr]
    before, _, after = task.template.partition("%s")
    query = f"{json.dumps(before)} .. thing .. {json.dumps(after)}"
    script = SCRIPT.replace("THINGS", str(things)).replace("TEMPLATE", query)
    script = script.replace("NEW", "true" if task.new else "false").replace("START", str(start))
    script = script.replace('"PATH?', f'"{path}?').replace('"JSON"', f'"{JSON}"')
    script = script.replace("PERCENTILES", ", ".join(map(str, PERCENTILES)))
    (folder / "load.lua").write_text(script)
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--timeout", "120s"]
    command += ["--duration", f"{task.seconds}s", "--script", str(folder / "load.lua"), base]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"MEASURED (.*)", done.stdout)
    if found is None:
        raise SystemExit(f"wrk said nothing of use:\n{done.stdout}{done.stderr}")
    rate, failed, *milliseconds = map(float, found[1].split())
    return Measured(rate, tuple(milliseconds), int(failed))


@contextmanager
def native(store: Path) -> Iterator[tuple[str, int]]:
    """Start Oxigraph's server; the address for queries and the process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).parent / "oxigraph"
    at = ["--location", str(store), "--bind", f"127.0.0.1:{port}"]
    command = [str(program), "serve-read-only", *at]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/query", server.pid
        finally:
            server.terminate()


@contextmanager
def ours(data: Path) -> Iterator[tuple[str, int]]:
    """Start this project's server with its defaults, but a timeout of 120 s, and without a log."""
    program = Path(sys.executable).parent / "pfocr-rdf"
    command = [str(program), "serve", "--data", str(data), "--port", "0", "--timeout-s", "120"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=quiet, text=True) as server:
        try:
            yield server.stdout.readline().strip(), server.pid  # type: ignore[union-attr]
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def memory_mib(pid: int) -> float:
    """Proportional set size of a process and all its descendants, in MiB."""
    total, waiting = 0.0, [pid]
    while waiting:
        process = waiting.pop()
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]) / 1024  # type: ignore[index]
    return total


class Memory:
    """Watches the memory of a server and keeps the peak."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak_mib = max(self.peak_mib, memory_mib(self.pid))


def tasks(store: Store) -> list[Task]:
    """The loads, with figures and genes from the store."""
    schema = "http://schema.org/"
    figures = _iris(store, f"SELECT ?x {{ ?x a <{schema}ImageObject> }} LIMIT 5000")
    genes = _iris(
        store,
        f"SELECT ?x {{ ?f <{schema}mentions> ?x . ?x a <{schema}Gene> }} "
        "GROUP BY ?x HAVING (COUNT(?f) < 500) ORDER BY DESC(COUNT(?f)) LIMIT 200",
    )
    lookup = "SELECT ?p ?o { %s ?p ?o }"
    join = (
        f"SELECT ?other (COUNT(?f) AS ?n) {{ ?f <{schema}mentions> %s , ?other }} "
        "GROUP BY ?other ORDER BY DESC(?n) LIMIT 20"
    )
    every = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p"
    all_connections = (1, 8, 64)
    return [
        Task("lookup", lookup, figures, all_connections, 5),
        Task("join", join, genes, all_connections, 5),
        Task("aggregate", every + "%s", ("",), (1, 8), 20),
        Task("200,000 rows", "SELECT * { ?s ?p ?o } LIMIT 200000%s", ("",), (1, 8), 20),
        Task("repeated lookup", lookup, figures[:1], all_connections, 5, new=False),
        Task("repeated join", join, genes[:1], all_connections, 5, new=False),
    ]


def _iris(store: Store, query: str) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in store.query(query))  # type: ignore[union-attr]


def compare(folder: Path, data: Path, only: list[str]) -> Iterator[str]:
    """Measure both servers in turn; the medians, and our rate relative to the other, as lines."""
    store = current_release(data).store
    asked = [t for t in tasks(Store.read_only(str(store))) if not only or t.name in only]
    percentiles = "".join(f"{f'p{p} ms':>10}" for p in PERCENTILES)
    yield f"{'task':16} {'conn.':>5} {'server':8} {'per s':>9} {percentiles} {'failed':>7}   ratio"
    with native(store) as other, ours(data) as mine, Memory(other[1]) as m1, Memory(mine[1]) as m2:
        servers = {"native": other[0], "ours": mine[0]}
        start = 0
        for task in asked:
            for connections in task.connections:
                rounds: dict[str, list[Measured]] = {name: [] for name in servers}
                for _ in range(ROUNDS):
                    for name, url in servers.items():
                        start += 1000
                        rounds[name].append(load(folder, url, task, connections, start))
                yield from report(task, connections, rounds)
        with urlopen(mine[0].replace("/sparql", "/metrics")) as metrics:
            text = metrics.read().decode()
    yield f"memory, highest: native {m1.peak_mib:.0f} MiB, ours {m2.peak_mib:.0f} MiB"
    serving = re.search(r"^pfocr_rdf_resident_memory_bytes\{process=\"server\"\} (\S+)", text, re.M)
    if serving:
        yield f"memory of the serving process: {float(serving[1]) / 2**20:.0f} MiB"


def report(task: Task, connections: int, rounds: dict[str, list[Measured]]) -> Iterator[str]:
    """The medians of the rounds, one line for each server."""
    rates = {name: statistics.median(m.rate for m in found) for name, found in rounds.items()}
    for name, found in rounds.items():
        times = [
            statistics.median(column)
            for column in zip(*(m.milliseconds for m in found), strict=True)
        ]
        shown = "".join(f"{value:10.2f}" for value in times)
        known = name != "native" and rates["native"] > 0
        ratio = f"{rates[name] / rates['native']:7.2f}" if known else ""
        failed = sum(m.failed for m in found)
        yield (
            f"{task.name:16} {connections:5} {name:8} {rates[name]:9.1f} {shown} {failed:7} {ratio}"
        )


def main() -> None:
    """Build if need be, measure, print, and write the section unless only some tasks ran."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: install the Debian package wrk")
    source, only = Path(sys.argv[1]), sys.argv[3:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if (source / "current").exists():
            data = source
        else:
            number = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
            make_records(source, folder / "records", number)
            data = folder / "data"
            build_release([folder / "records"], data, BuildOptions())
        lines = []
        for line in compare(folder, data, only):
            print(line, flush=True)
            lines.append(line.rstrip())
    if not only:
        text = "\n".join((NOTES, "", "```text", *lines, "```"))
        write_section("The endpoint (make bench-serve)", text, LIBRARIES)


if __name__ == "__main__":
    main()
