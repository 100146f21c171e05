"""A release in other stores: Virtuoso, which WikiPathways runs on, and Oxigraph's own server."""

import asyncio
import gzip
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Triple

from asking import CASES, MADE_RECORD, NAMES, SEED
from building import triples
from endpoints import Handler, stand_in
from invoking import Outcome, run
from linking import SAMPLES
from making import SEEDS, write
from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.build.finish import write_manifest
from pfocr_rdf.dumps import compress
from pfocr_rdf.iris import Iris
from pfocr_rdf.push.chunks import PushOptions, push_release
from pfocr_rdf.push.graphs import PushProgress, same_by_value
from pfocr_rdf.push.stores import HAS_CURRENT_VERSION
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.releases import Release
from pfocr_rdf.remote import ask_endpoint
from pfocr_rdf.results import write_answer, write_query
from releasing import alike
from serving import listens, wait_until
from virtuoso import PASSWORD, USER, Virtuoso, put

GRAPH: Final = "https://data.example/pfocr"
LASTING: Final = "https://data.example/lasting"
#: A figure's former id, and queries that take it for the figure.
ALIAS: Final = "PMC3808214__F2"
ALIAS_QUERIES: Final = ("figure-genes", "figure-organisms", "figure-record", "similar-figures")
ASKED: Final = [
    *((name, CASES.get(name, {})) for name in NAMES),
    *((name, {"figure": figure}) for name in ALIAS_QUERIES for figure in (SEED, ALIAS)),
    ("figures-by-gene-tier", {"gene": "5290", "tier": "any"}),
    # Of the made record, by what matches closely.
    ("figures-by-chemical", {"chemical": "CHEBI:17234"}),
    ("figures-by-disease", {"disease": "D009369"}),
    ("figures-by-gene-and-chemical", {"gene": "5", "chemical": "CHEBI:17234"}),
]
EQUIVALENTS: Final = Iris().equivalents.value
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
NOTES: Final = ".pushed-*.json"


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_PASSWORD", PASSWORD)


def command(virtuoso: Virtuoso, release: Release, notes: Path, *options: str) -> list[str]:
    notes.mkdir(exist_ok=True)
    to = ["push", "--endpoint", virtuoso.graphs, "--graph", GRAPH]
    who = ["--user", USER, "--password-env", "STORE_PASSWORD"]
    return [*to, *who, "--release", str(release.path), "--data", str(notes), *options]


def push(virtuoso: Virtuoso, release: Release, notes: Path, *options: str) -> Outcome:
    return run(*command(virtuoso, release, notes, *options))


def counts(release: Release) -> str:
    manifest = release.manifest()
    return f"{GRAPH}\t{manifest['triples']}\n{EQUIVALENTS}\t{manifest['equivalents']}\n"


def address(virtuoso: Virtuoso, graph: str = GRAPH) -> str:
    return f"{virtuoso.sparql}?default-graph-uri={quote(graph, safe='')}"


def there(virtuoso: Virtuoso) -> set[Triple]:
    """The triples of the graph, as the store gives them back."""
    with ask_endpoint(address(virtuoso), "SELECT ?s ?p ?o { ?s ?p ?o }") as rows:
        assert isinstance(rows, QuerySolutions)
        return {Triple(*row) for row in rows}


def test_every_release_is_counted_in_virtuoso_as_here(
    any_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    done = push(virtuoso, any_release, tmp_path)
    assert (done.status, done.out) == (0, counts(any_release)), done.err
    assert "triples confirmed" in done.err


def test_virtuoso_gives_every_triple_back_but_a_boolean_as_a_number(
    mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, mixed_release, tmp_path).status == 0
    ours, theirs = set(triples(mixed_release)), there(virtuoso)
    boolean = NamedNode(XSD + "boolean")
    assert {t.object for t in ours - theirs} == {Literal("true", datatype=boolean)}
    assert {t.object for t in theirs - ours} == {Literal("1", datatype=boolean)}


@pytest.fixture(scope="module", name="lasting")
def _lasting(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The samples, with a record and links that have what they lack."""
    folder = tmp_path_factory.mktemp("lasting")
    records = [SEEDS, write(folder / "records", MADE_RECORD)]
    return build_release(records, folder / "data", BuildOptions(mappings=tuple(SAMPLES))).release


@pytest.fixture(scope="module", name="pushed")
def _pushed(lasting: Release, virtuoso: Virtuoso, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of that release in Virtuoso, in a graph that stays."""
    line = ["push", "--endpoint", virtuoso.graphs, "--graph", LASTING, "--user", USER]
    line += ["--password-env", "STAYS", "--data", str(tmp_path_factory.mktemp("notes"))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAYS", PASSWORD)
        done = run(*line, "--release", lasting.path)
    assert done.status == 0, done.err
    named = [row.split("\t")[0] for row in done.out.splitlines()[1:]]
    graphs = "".join(f"&named-graph-uri={quote(graph, safe='')}" for graph in named)
    return address(virtuoso, LASTING) + graphs


@pytest.mark.parametrize(("name", "values"), ASKED)
def test_a_named_query_has_the_same_answer_there(
    name: str, values: Mapping[str, str], lasting: Release, pushed: str
) -> None:
    text = bind(load_query(name), values)
    store = Store.read_only(str(lasting.store))
    theirs, ours = io.BytesIO(), io.BytesIO()
    with ask_endpoint(pushed, text) as found:
        is_graph = not isinstance(found, QuerySolutions)
        write_answer(found, theirs, "ntriples" if is_graph else "tsv")
    write_query(store, text, ours, "ntriples" if is_graph else "tsv")
    # It writes 1.0 where we write 1.
    answers = [
        written.getvalue().replace(b'"1.0"', b'"1"').splitlines() for written in (theirs, ours)
    ]
    # The triples of a graph have no order.
    assert answers[0] == answers[1] or (is_graph and sorted(answers[0]) == sorted(answers[1]))
    assert len(answers[1]) > 1 or values.get("figure") == ALIAS


def test_a_push_that_was_killed_goes_on_after_what_was_confirmed(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    put(virtuoso, GRAPH, b"")
    program = str(Path(sys.executable).parent / "pfocr-rdf")
    line = [program, *command(virtuoso, seeds_release, tmp_path, "--chunk-triples", "50")]
    with subprocess.Popen(
        line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stderr is not None
        said = [killed.stderr.readline() for _ in range(3)]
        killed.kill()
    assert "triples confirmed" in said[-1]
    (notes,) = tmp_path.glob(NOTES)
    confirmed = json.loads(notes.read_text())["graphs"][GRAPH][1]
    assert 200 < confirmed < 2000
    # The store may still be busy with the chunk that was on its way.
    wait_until(lambda: len(there(virtuoso)) in {confirmed, confirmed + 50}, "the chunk is there")
    done = push(virtuoso, seeds_release, tmp_path)
    assert (done.status, done.out) == (0, counts(seeds_release)), done.err
    total = seeds_release.manifest()["triples"]
    assert f"{GRAPH}: {confirmed:,} of {total:,} triples confirmed: goes on" in done.err
    assert f"{GRAPH}: {total - confirmed:,} triples sent" in done.err


class Memory:
    """A store in memory, which a push may be killed at after it has taken a chunk."""

    def __init__(self) -> None:
        self.graphs: dict[str, set[bytes]] = {}
        self.chunks = 0
        self.cleared: list[str] = []
        self.kills_after: int | None = None

    async def __aenter__(self) -> "Memory":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def clear(self, graph: str) -> None:
        self.graphs.pop(graph, None)
        self.cleared.append(graph)

    async def add(self, graph: str, lines: bytes) -> None:
        self.graphs.setdefault(graph, set()).update(lines.splitlines())
        self.chunks += bool(lines)
        if self.chunks == self.kills_after:
            raise KeyboardInterrupt

    async def count(self, graph: str) -> int:
        return len(self.graphs.get(graph, ()))

    async def versions(self, graph: str) -> set[str]:
        lines = b"\n".join(self.graphs.get(graph, ())).decode()
        return set(re.findall(rf" {re.escape(str(HAS_CURRENT_VERSION))} <[^>]*/([^>/]*)> ", lines))


def test_a_push_that_was_killed_between_a_chunk_and_its_note_goes_on(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Memory()
    told: list[PushProgress] = []
    monkeypatch.setattr("pfocr_rdf.push.chunks.GraphStore", lambda *_: store)
    options = PushOptions(
        "http://a.example/", GRAPH, query_endpoint="http://a.example/", chunk_triples=500
    )
    store.kills_after = 2
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(push_release(seeds_release, tmp_path, options, lambda _: None))
    assert len(store.graphs[GRAPH]) == 1000
    store.kills_after = None
    pushed = asyncio.run(push_release(seeds_release, tmp_path, options, told.append))
    assert (told[0].confirmed, told[0].note) == (500, "goes on")
    assert store.cleared.count(GRAPH) == 1
    total = seeds_release.manifest()["triples"]
    assert (pushed[0].triples, pushed[0].sent) == (total, total - 500)
    assert len(store.graphs[GRAPH]) == total


def test_a_release_that_is_there_is_not_sent_again_unless_told(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    second = push(virtuoso, seeds_release, tmp_path)
    assert (second.status, second.out) == (0, counts(seeds_release))
    assert second.err == f"{GRAPH}: was there already\n{EQUIVALENTS}: was there already\n"
    assert "triples sent" in push(virtuoso, seeds_release, tmp_path, "--again").err


def test_another_release_takes_the_place_of_the_one_before(
    seeds_release: Release, mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    for release in (mixed_release, seeds_release, mixed_release):
        done = push(virtuoso, release, tmp_path)
        assert (done.status, done.out) == (0, counts(release)), done.err


def test_a_graph_that_somebody_else_wrote_to_is_sent_again(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    put(virtuoso, GRAPH, b'<http://a.example/> <http://b.example/> "1" .\n')
    done = push(virtuoso, seeds_release, tmp_path)
    assert (done.status, done.out) == (0, counts(seeds_release)), done.err
    assert "triples were confirmed, and now there are 1: all are sent again" in done.err


def test_notes_that_cannot_be_read_are_no_notes(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    (notes,) = tmp_path.glob(NOTES)
    for text in ("", "[]", '{"graphs": {"' + GRAPH + '": [1]}}'):
        notes.write_text(text)
        done = push(virtuoso, seeds_release, tmp_path)
        assert (done.status, done.out) == (0, counts(seeds_release)), done.err


def with_lines(release: Release, lines: bytes, more: int) -> None:
    """Triples at the end of a release's dump."""
    dump = release.dumps / "pfocr.nt.gz"
    data = dump.read_bytes()
    dump.unlink()
    dump.write_bytes(data + compress(lines))
    published = release.dumps / "manifest.json"
    facts = json.loads(published.read_text())
    facts["triples"] += more
    published.write_text(json.dumps(facts))
    write_manifest(release.path)


def test_numbers_that_virtuoso_takes_for_one_are_told_and_no_fault(
    copied_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    before = copied_release.manifest()["triples"]
    texts = [("integer", "1"), ("integer", "01"), ("decimal", "1.50"), ("decimal", "1.5")]
    a, b = "<http://a.example/>", "<http://b.example/>"
    lines = "".join(f'{a} {b} "{text}"^^<{XSD}{kind}> .\n' for kind, text in texts)
    with_lines(copied_release, lines.encode(), 4)
    for _ in range(2):
        done = push(virtuoso, copied_release, tmp_path / "notes")
        assert done.status == 0, done.err
        assert done.out.splitlines()[0] == f"{GRAPH}\t{before + 2}"
    with gzip.open(copied_release.dumps / "pfocr.nt.gz") as file:
        assert same_by_value(file) == 2


def test_a_store_that_counts_other_than_was_sent_is_told(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = b'{"head":{"vars":["count"]},"results":{"bindings":[{"count":{"type":"literal",'
    count += b'"value":"5"}}]}}'
    monkeypatch.setattr(Handler, "do_PUT", Handler.do_POST, raising=False)
    with stand_in(lambda handler: handler.send(count)) as server:
        line = ["push", "--endpoint", server.url, "--query-endpoint", server.url, "--graph", GRAPH]
        done = run(*line, "--release", seeds_release.path, "--data", tmp_path)
    assert (done.status, done.out) == (1, "")
    fault = f"graph {GRAPH} has 5 triples there, but 3,885 in {seeds_release.id}: check that nobody"
    assert fault in done.err
    methods = [
        (method, len(body) > 0) for method, path, _, body in server.asked if "graph=" in path
    ]
    assert methods == [("POST", False), ("PUT", False), ("POST", True)]


@pytest.mark.parametrize(
    ("options", "said", "status"),
    [
        (("--graph", "no iri"), "'no iri' cannot name a graph", 2),
        (("--graph", EQUIVALENTS), "another graph of the release has this name", 1),
        (("--endpoint", "http://127.0.0.1:1/graphs"), "add --query-endpoint", 2),
        (("--endpoint", "ftp://a.example/"), "begins with http or https", 2),
        (("--query-endpoint", "nowhere"), "begins with http or https", 2),
        (("--endpoint", "http://127.0.0.1:1/store"), "cannot be reached: ", 1),
        (("--isql", "isql"), "--virtuoso-folder and --isql are for --virtuoso-bulk", 2),
        (("--user", "ada"), "--user and --password-env go together", 2),
        (("--user", "ada", "--password-env", "NOT_SET"), "no environment variable NOT_SET", 2),
        (("--data", "/proc/nothing"), "what is confirmed is noted there", 1),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_sent(
    options: tuple[str, ...], said: str, status: int, seeds_release: Release, tmp_path: Path
) -> None:
    endpoint = () if "--endpoint" in options else ("--endpoint", "http://127.0.0.1:1/store")
    data = () if "--data" in options else ("--data", str(tmp_path))
    done = run("push", "--release", seeds_release.path, *endpoint, *data, *options)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_a_wrong_password_or_address_changes_nothing_in_virtuoso(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    before = there(virtuoso)
    everything = ("--again", "--endpoint")
    for endpoint, said in (
        (virtuoso.open_graphs, "HTTP 403"),
        (f"{virtuoso.url}/data", "HTTP 404"),
        (f"{virtuoso.url}/nothing/store", "no graph store is at this address"),
    ):
        done = push(virtuoso, seeds_release, tmp_path, *everything, endpoint)
        assert (done.status, done.out) == (1, "")
        assert f"error: {endpoint}: " in done.err
        assert said in done.err
    monkeypatch.setenv("STORE_PASSWORD", "wrong-one")
    done = push(virtuoso, seeds_release, tmp_path, "--again")
    assert done.status == 1
    assert "HTTP 401: user or password is wrong" in done.err
    assert "wrong-one" not in done.err
    assert there(virtuoso) == before


@contextmanager
def oxigraph_writable(folder: Path) -> Iterator[str]:
    """Oxigraph's own server, which everybody may write to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).parent / "oxigraph"
    line = [str(program), "serve", "--location", str(folder), "--bind", f"127.0.0.1:{port}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(line, stdout=quiet, stderr=quiet, env={**os.environ}) as process:
        try:
            wait_until(lambda: listens(port), "the server started")
            yield f"http://127.0.0.1:{port}/store"
        finally:
            process.terminate()


def test_a_release_goes_to_any_store_that_speaks_the_protocol(
    mixed_release: Release, tmp_path: Path
) -> None:
    with oxigraph_writable(tmp_path / "store") as endpoint:
        line = ["push", "--endpoint", endpoint, "--graph", GRAPH, "--data", str(tmp_path)]
        done = run(*line, "--release", mixed_release.path, "--chunk-triples", "500")
        assert (done.status, done.out) == (0, counts(mixed_release)), done.err
        query = endpoint.replace("/store", "/query")
        text = f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"
        with ask_endpoint(query, text) as found:
            assert set(found) == set(triples(mixed_release))  # type: ignore[arg-type]


def held(endpoint: str, graph: str, pattern: str) -> set[str]:
    """What the store has for ``?found`` in a pattern."""
    text = f"SELECT DISTINCT ?found {{ GRAPH {graph} {{ {pattern} }} }}"
    with ask_endpoint(endpoint.replace("/store", "/query"), text) as rows:
        assert isinstance(rows, QuerySolutions)
        return {row[0].value for row in rows}


def test_a_release_that_another_push_put_there_is_not_taken_for_ours(
    tmp_path: Path, seeds_release: Release
) -> None:
    second = alike(tmp_path)
    assert second.manifest()["triples"] == seeds_release.manifest()["triples"]
    with oxigraph_writable(tmp_path / "store") as endpoint:
        for release, folder in ((seeds_release, "a"), (second, "b"), (seeds_release, "a")):
            (tmp_path / folder).mkdir(exist_ok=True)
            line = ["push", "--endpoint", endpoint, "--data", str(tmp_path / folder), "--release"]
            done = run(*line, release.path)
            assert done.status == 0, done.err
        assert "a release other than the one pushed from here: all is sent again" in done.err
        there = held(endpoint, "?g", f"?d {HAS_CURRENT_VERSION} ?found")
        assert there == {Iris().release(seeds_release.manifest()["version"]).value}
        assert "sent" not in run(*line, seeds_release.path).err


def test_a_release_in_a_renamed_folder_is_not_sent_again(
    tmp_path: Path, seeds_release: Release
) -> None:
    renamed = tmp_path / "before-the-move"
    shutil.copytree(seeds_release.path, renamed)
    with oxigraph_writable(tmp_path / "store") as endpoint:
        for path in (seeds_release.path, renamed, renamed):
            done = run("push", "--endpoint", endpoint, "--data", tmp_path, "--release", path)
            assert done.status == 0, done.err
            assert ("was there already" in done.err) is (path == renamed), done.err


def test_graphs_of_mapping_sets_that_a_release_does_not_have_are_emptied(
    tmp_path: Path, seeds_release: Release, lasting: Release
) -> None:
    with oxigraph_writable(tmp_path / "store") as endpoint:
        line = ["push", "--endpoint", endpoint, "--data", str(tmp_path), "--release"]
        named = [row.split("\t")[0] for row in run(*line, lasting.path).out.splitlines()]
        done = run(*line, seeds_release.path)
        assert done.status == 0, done.err
        assert named[2:]
        for graph in named[2:]:
            assert f"{graph}: emptied, because the release lacks this mapping set" in done.err
        assert held(endpoint, "?found", "?s ?p ?o") == set(named[:2])
        assert "emptied" not in run(*line, seeds_release.path).err
        assert len(run(*line, lasting.path).out.splitlines()) == len(named)


@pytest.mark.parametrize("value", ["geheim\udcff", "\udcff"])
def test_what_is_not_utf8_is_told(
    value: str, seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_PASSWORD", value)
    line = ["push", "--release", str(seeds_release.path), "--data", str(tmp_path), "--endpoint"]
    who = ["--user", USER, "--password-env", "STORE_PASSWORD"]
    assert "the user or the password is not UTF-8" in run(*line, "http://127.0.0.1:9/", *who).err
    assert "begins with http" in run(*line, f"http://127.0.0.1:9/{value}/store").err
