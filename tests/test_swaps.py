"""Releases under a running server: no answer is dropped or mixed, none is of a bad release."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from invoking import run
from pfocr_rdf.releases import Release, list_releases, make_current, prune_releases
from releasing import add_release, data_folder
from serving import Server, is_alive, serving, wait_until

SUBJECT: Final = NamedNode("http://example.org/release")
NAME: Final = NamedNode("http://example.org/name")
#: Both graphs of the store, read at two moments of a query that takes a while.
ASK_NAME: Final = (
    "SELECT ?first ?last { <http://example.org/release> <http://example.org/name> ?first "
    "{ SELECT (MAX(?n) AS ?last) (COUNT(*) AS ?all) "
    "{ <http://example.org/release> <http://example.org/name> ?n . ?s a ?class } } }"
)


def named(name: str) -> list[Quad]:
    return [Quad(SUBJECT, NAME, Literal(name))]


@dataclass
class Hammer:
    """Clients that ask without a pause while something happens, and note what does not fit."""

    server: Server
    wrong: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    answers: int = 0
    asking: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, number: int) -> None:
        count = 0
        while self.asking.wait() and not self.stop.is_set():
            count += 1
            # Every other query is one that the server has answered before.
            mark = f"# {number} {count}" if count % 2 else ""
            try:
                answer = self.server.ask(f"{ASK_NAME} {mark}")
            except OSError as error:
                self.wrong.append(repr(error))
                continue
            self.answers += 1
            if answer.status != 200:
                self.wrong.append(f"{answer.status} {answer.body!r}")
                continue
            release = answer.headers["x-pfocr-release"]
            self.seen.add(release)
            (row,) = answer.json["results"]["bindings"]
            if {row["first"]["value"], row["last"]["value"]} != {release}:
                self.wrong.append(f"{release}: {row}")

    def __enter__(self) -> "Hammer":
        self.threads = [threading.Thread(target=self.ask, args=(n,)) for n in range(3)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.asking.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture(name="running", scope="module")
def _running(
    seeds_release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Path]]:
    """A server and its data folder, to which several tests add releases of their own."""
    data = data_folder(seeds_release, tmp_path_factory.mktemp("running") / "data")
    with serving(data) as server:
        yield server, data


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.long)])
def test_releases_are_published_under_load_and_each_answer_is_of_one(
    count: int, seeds_release: Release, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    names = [f"20300101T0000{number:02}Z-made" for number in range(count)]
    add_release(seeds_release, data, names[0], named(names[0]))
    make_current(data, Release(names[0], data / "releases" / names[0]))
    with serving(data, "--no-access-log") as server, Hammer(server) as hammer:
        for name in names[1:]:
            made = add_release(seeds_release, data, name, named(name))
            before = hammer.answers
            hammer.asking.set()
            wait_until(lambda before=before: hammer.answers > before, "the server is asked")
            make_current(data, made)
            wait_until(lambda name=name: server.served == name, f"{name} is served")
            shutil.rmtree(data / "releases" / names[names.index(name) - 1])
            hammer.asking.clear()
        hammer.asking.set()
        wait_until(lambda: hammer.seen >= {names[-1]}, "the last release has answered")
    assert hammer.wrong == []
    assert len(hammer.seen) > count / 2
    assert hammer.answers > count


def test_a_release_that_is_served_is_not_pruned(
    seeds_release: Release, running: tuple[Server, Path]
) -> None:
    server, data = running
    first = server.served
    fresh = add_release(seeds_release, data, "20300101T000000Z-beside")
    # Not current yet for the server's follower: it is served only when it is.
    prune_releases(data, 1)
    assert first in {release.id for release in list_releases(data)}
    make_current(data, fresh)
    wait_until(lambda: server.served == fresh.id, "the new release is served")
    wait_until(lambda: _pruned(data, first), "the old one is let go")
    assert server.served == fresh.id


def test_a_release_that_pages_were_of_is_let_go(
    seeds_release: Release, running: tuple[Server, Path]
) -> None:
    """Each of these pages leaves objects that lead to each other and to their release."""
    server, data = running
    first = server.served
    for target in ("/search?q=cancer", "/queries/figures-by-gene?gene=2064", "/nothing"):
        server.request("GET", target, headers={"Accept": "text/html"})
    fresh = add_release(seeds_release, data, "20300101T000000Z-paged")
    make_current(data, fresh)
    wait_until(lambda: server.served == fresh.id, "the new release is served")
    wait_until(lambda: _pruned(data, first), "the old one is let go")


def _pruned(data: Path, name: str) -> bool:
    prune_releases(data, 1)
    return name not in {release.id for release in list_releases(data)}


def test_the_processes_of_the_old_release_end(seeds_release: Release, tmp_path: Path) -> None:
    data = data_folder(seeds_release, tmp_path / "data")
    with serving(data) as server:
        old = server.query_processes()
        make_current(data, add_release(seeds_release, data, "20300101T000000Z-fresh"))
        wait_until(lambda: not any(is_alive(pid) for pid in old), "the old processes are gone")
        assert server.rows("SELECT (COUNT(*) AS ?n) { ?s a schema:ImageObject }") == [{"n": "5"}]


def test_going_back_is_followed_too(seeds_release: Release, running: tuple[Server, Path]) -> None:
    server, data = running
    for name in ("20300101T000001Z-before", "20300101T000002Z-after"):
        made = add_release(seeds_release, data, name)
        make_current(data, made)
        wait_until(lambda made=made: server.served == made.id, "the new release is served")
    assert run("rollback", "--data", str(data)).status == 0
    wait_until(lambda: server.served == "20300101T000001Z-before", "the one before is served")


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "manifest"])
def test_a_damaged_release_is_refused_and_the_one_before_goes_on(
    seeds_release: Release, running: tuple[Server, Path], damage: str
) -> None:
    server, data = running
    bad = add_release(seeds_release, data, f"20300101T000000Z-bad-{damage}")
    table = max(bad.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    if damage == "flip":
        content = bytearray(table.read_bytes())
        content[len(content) // 2] ^= 0xFF
        table.write_bytes(content)
    elif damage == "cut":
        table.write_bytes(table.read_bytes()[:-100])
    elif damage == "remove":
        table.unlink()
    else:
        (bad.path / "manifest.json").write_text("{")
    first = server.served
    make_current(data, bad)
    wait_until(lambda: any(bad.id in line for line in server.log), "it is refused in the log")
    assert server.served == first
    assert server.rows("SELECT (COUNT(*) AS ?n) { ?s a schema:ImageObject }") == [{"n": "5"}]
    good = add_release(seeds_release, data, f"20300101T000001Z-good-{damage}")
    make_current(data, good)
    wait_until(lambda: server.served == good.id, "the next good one is served")


def test_an_answer_that_began_before_a_swap_ends_after_it(
    seeds_release: Release, running: tuple[Server, Path]
) -> None:
    server, data = running
    rows = 100_000  # fifty megabytes: more than waits in pipes and sockets
    query = f"SELECT * {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {rows}"
    connection = server.connect()
    connection.request("POST", "/sparql", query, {"Content-Type": "application/sparql-query"})
    response = connection.getresponse()
    first = response.getheader("x-pfocr-release")
    body = response.read(1000)
    fresh = add_release(seeds_release, data, "20300101T000003Z-meanwhile")
    make_current(data, fresh)
    wait_until(lambda: server.served == fresh.id, "the new release is served")
    body += response.read()
    connection.close()
    assert first != fresh.id
    assert body.count(b'"a":{') == rows
    assert body.endswith(b"]}}")


def test_a_server_whose_release_was_deleted_is_not_ready_until_it_is_back(
    running: tuple[Server, Path],
) -> None:
    server, data = running
    away = data.with_name("away")
    data.rename(away)
    try:
        ready = server.request("GET", "/ready")
    finally:
        away.rename(data)
    assert (ready.status, ready.problem) == (503, "no-release")
    assert (
        ready.json["detail"] == "the files of the release are gone: put them back, or build again"
    )
    assert server.request("GET", "/ready").status == 200


def test_no_server_starts_on_a_damaged_release(seeds_release: Release, tmp_path: Path) -> None:
    data = data_folder(seeds_release, tmp_path / "data")
    table = next(next(iter(list_releases(data))).store.glob("*.sst"))
    table.write_bytes(b"nothing")
    done = run("serve", "--data", str(data), "--port", "0")
    assert done.status == 1
    assert table.name in done.err
    assert "verify" in done.err or "build again" in done.err


def test_no_server_starts_without_a_release(tmp_path: Path) -> None:
    done = run("serve", "--data", str(tmp_path), "--port", "0")
    assert done.status == 1
    assert "pfocr-rdf build" in done.err
