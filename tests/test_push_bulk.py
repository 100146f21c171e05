"""A release in Virtuoso by its own bulk loader, and what is said where that cannot be."""

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import QuerySolutions, Triple
from typer.testing import CliRunner

from building import build, triples
from invoking import Outcome, run
from linking import SAMPLES
from making import SEEDS
from pfocr_rdf.cli import app
from pfocr_rdf.dumps import compress
from pfocr_rdf.iris import Iris
from pfocr_rdf.push.bulk import BulkOptions, bulk_load
from pfocr_rdf.push.graphs import PushProgress
from pfocr_rdf.push.isql import Isql
from pfocr_rdf.push.stores import Account
from pfocr_rdf.releases import Release
from pfocr_rdf.remote import ask_endpoint
from releasing import alike
from virtuoso import PASSWORD, USER, Virtuoso, put

GRAPH: Final = "https://data.example/bulk's"
CHUNKS: Final = "https://data.example/chunks"
EQUIVALENTS: Final = Iris().equivalents.value
LIST: Final = "SELECT ll_file FROM DB.DBA.LOAD_LIST"
DBA: Final = Account(USER, PASSWORD)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_PASSWORD", PASSWORD)


@pytest.fixture(scope="module", name="isql")
def _isql(virtuoso: Virtuoso) -> Iterator[Isql]:
    with Isql(virtuoso.sql, DBA) as session:
        yield session


def push(virtuoso: Virtuoso, release: Release, notes: Path, *options: str) -> Outcome:
    notes.mkdir(exist_ok=True)
    to = ["push", "--virtuoso-bulk", virtuoso.sql, "--graph", GRAPH, "--user", USER]
    where = ["--release", str(release.path), "--data", str(notes)]
    return run(*to, "--password-env", "STORE_PASSWORD", *where, *options)


def counts(release: Release, graph: str = GRAPH) -> str:
    manifest = release.manifest()
    sets = [(one["graph"], one["triples"]) for one in manifest.get("mapping_sets", [])]
    rows = [(graph, manifest["triples"]), (EQUIVALENTS, manifest["equivalents"]), *sorted(sets)]
    return "".join(f"{name}\t{count}\n" for name, count in rows)


def there(virtuoso: Virtuoso, graph: str) -> set[Triple]:
    query = f"SELECT ?s ?p ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
    with ask_endpoint(virtuoso.sparql, query) as rows:
        assert isinstance(rows, QuerySolutions)
        return {Triple(*row) for row in rows}


def test_a_release_is_counted_there_as_here(
    mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    done = push(virtuoso, mixed_release, tmp_path)
    assert (done.status, done.out) == (0, counts(mixed_release)), done.err
    assert f"{GRAPH}: 0 of " in done.err
    assert "confirmed: Virtuoso loads pfocr.nt.gz" in done.err


def test_the_graphs_of_mapping_sets_are_loaded_too_and_emptied_where_there_are_none(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    release = build(SEEDS, tmp_path / "data", mappings=tuple(SAMPLES)).release
    done = push(virtuoso, release, tmp_path / "notes")
    assert (done.status, done.out) == (0, counts(release)), done.err
    assert len(done.out.splitlines()) == 2 + len(SAMPLES)
    without = push(virtuoso, seeds_release, tmp_path / "notes")
    assert (without.status, without.out) == (0, counts(seeds_release)), without.err
    for row in done.out.splitlines()[2:]:
        graph = row.split("\t")[0]
        assert f"{graph}: emptied, because the release lacks this mapping set" in without.err
        assert there(virtuoso, graph) == set()


def test_what_is_loaded_is_what_chunks_would_have_brought(
    mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, mixed_release, tmp_path).status == 0
    with gzip.open(mixed_release.dumps / "pfocr.nt.gz") as file:
        put(virtuoso, CHUNKS, file.read())
    assert there(virtuoso, GRAPH) == there(virtuoso, CHUNKS)


def test_a_release_that_is_there_is_not_loaded_again_unless_told(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, isql: Isql
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    isql.run("DELETE FROM DB.DBA.LOAD_LIST")
    second = push(virtuoso, seeds_release, tmp_path)
    assert (second.status, second.out) == (0, counts(seeds_release))
    assert second.err == f"{GRAPH}: was there already\n{EQUIVALENTS}: was there already\n"
    assert isql.run(LIST) == ""
    assert "triples sent" in push(virtuoso, seeds_release, tmp_path, "--again").err
    assert isql.run(LIST).splitlines() != []


def test_another_release_takes_the_place_of_the_one_before(
    seeds_release: Release, mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    for release in (mixed_release, seeds_release, mixed_release):
        done = push(virtuoso, release, tmp_path)
        assert (done.status, done.out) == (0, counts(release)), done.err


def test_a_release_that_another_push_put_there_is_not_taken_for_ours(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    second = alike(tmp_path)
    assert second.manifest()["triples"] == seeds_release.manifest()["triples"]
    for release, folder in ((seeds_release, "a"), (second, "b"), (seeds_release, "a")):
        done = push(virtuoso, release, tmp_path / folder)
        assert (done.status, done.out) == (0, counts(release)), done.err
    assert "the store has a release other than the one pushed from here: all is sent" in done.err
    assert there(virtuoso, GRAPH) >= {
        triple for triple in triples(seeds_release) if "General mechanisms" in str(triple)
    }
    assert "triples sent" not in push(virtuoso, seeds_release, tmp_path / "a").err


def test_a_graph_that_somebody_else_wrote_to_is_loaded_again(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    put(virtuoso, GRAPH, b'<http://a.example/> <http://b.example/> "1" .\n')
    done = push(virtuoso, seeds_release, tmp_path)
    assert (done.status, done.out) == (0, counts(seeds_release)), done.err
    assert f"{EQUIVALENTS}: was there already" in done.err
    assert f"{GRAPH}: {seeds_release.manifest()['triples']:,} triples sent" in done.err


def test_a_push_that_was_ended_goes_on_with_the_graph_that_it_was_at(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, isql: Isql
) -> None:
    def end(progress: PushProgress) -> None:
        if progress.graph == EQUIVALENTS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bulk_load(seeds_release, tmp_path, BulkOptions(virtuoso.sql, DBA, GRAPH), end)
    # As a loader leaves it that was killed.
    isql.run("UPDATE DB.DBA.LOAD_LIST SET ll_state = 1 WHERE ll_state = 0")
    done = push(virtuoso, seeds_release, tmp_path)
    assert (done.status, done.out) == (0, counts(seeds_release)), done.err
    assert f"{GRAPH}: was there already" in done.err
    sent = seeds_release.manifest()["equivalents"]
    assert f"{EQUIVALENTS}: {sent} triples sent" in done.err


def test_a_fault_in_a_file_is_told_and_the_file_loaded_once_it_is_whole(
    copied_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    dump = copied_release.dumps / "pfocr.nt.gz"
    whole = dump.read_bytes()
    for damaged, said in (
        (whole[: len(whole) // 2], "pfocr.nt.gz could not be loaded (37000"),
        (b"no gzip", "pfocr.nt.gz could not be loaded (37000"),
        # A line that it does not understand Virtuoso leaves out, and says nothing.
        (compress(b"\xff\n") + whole, "has 3,884 triples there, but 3,885 in copied"),
    ):
        dump.unlink()
        dump.write_bytes(damaged)
        done = push(virtuoso, copied_release, tmp_path)
        assert (done.status, done.out) == (1, "")
        assert said in done.err
    dump.write_bytes(whole)
    done = push(virtuoso, copied_release, tmp_path)
    assert (done.status, done.out) == (0, counts(copied_release)), done.err


def test_a_folder_that_is_not_allowed_is_told_with_what_to_do(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    done = push(virtuoso, seeds_release, tmp_path, "--virtuoso-folder", "/etc/")
    assert (done.status, done.out) == (1, "")
    assert "Virtuoso may not read /etc: put it into DirsAllowed of its virtuoso.ini" in done.err
    assert str(tmp_path.parents[0]) in done.err  # what is allowed
    assert "--virtuoso-folder" in done.err


def test_a_folder_without_the_dumps_is_told(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    for folder, said in (
        (tmp_path, f"there is no pfocr.nt.gz in {tmp_path}:"),
        (tmp_path / "nothing", f"Virtuoso finds no folder {tmp_path / 'nothing'}"),
    ):
        done = push(virtuoso, seeds_release, tmp_path, "--virtuoso-folder", str(folder))
        assert (done.status, done.out) == (1, "")
        assert said in done.err


def test_dumps_may_be_where_only_virtuoso_sees_them(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where; 'quoted'"
    assert run("dump", "--to", elsewhere, "--release", seeds_release.path).status == 0
    done = push(virtuoso, seeds_release, tmp_path, "--virtuoso-folder", str(elsewhere))
    assert (done.status, done.out) == (0, counts(seeds_release)), done.err


def test_dumps_of_another_release_are_told(
    seeds_release: Release, mixed_release: Release, virtuoso: Virtuoso, tmp_path: Path
) -> None:
    other = str(mixed_release.dumps)
    done = push(virtuoso, seeds_release, tmp_path, "--virtuoso-folder", other)
    assert (done.status, done.out) == (1, "")
    assert f"check that {other} has the dumps of this release" in done.err


def test_files_of_others_that_wait_are_not_loaded(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, isql: Isql
) -> None:
    put_on_list = "INSERT INTO DB.DBA.LOAD_LIST (ll_file, ll_graph, ll_state) VALUES ({f}, {f}, 0)"
    isql.run(put_on_list, f="/others/file.nt")
    try:
        done = push(virtuoso, seeds_release, tmp_path, "--again")
    finally:
        isql.run("DELETE FROM DB.DBA.LOAD_LIST WHERE ll_file = {f}", f="/others/file.nt")
    assert (done.status, done.out) == (1, "")
    assert "other files wait in DB.DBA.LOAD_LIST (1, such as /others/file.nt)" in done.err


def test_a_user_without_the_right_is_told(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, isql: Isql
) -> None:
    isql.run("DB.DBA.USER_CREATE('reader', {password})", password=PASSWORD)
    isql.run("DB.DBA.USER_SET_OPTION('reader', 'SQL_ENABLE', 1)")
    done = push(virtuoso, seeds_release, tmp_path, "--user", "reader")
    assert (done.status, done.out) == (1, "")
    assert "reader may not load files: push as dba, or one of its group" in done.err


@pytest.mark.parametrize(
    ("options", "said", "status"),
    [
        (
            ("--endpoint", "http://127.0.0.1:1/store"),
            "give either --endpoint or --virtuoso-bulk",
            2,
        ),
        (("--query-endpoint", "http://127.0.0.1:1/"), "--query-endpoint is for --endpoint", 2),
        (("--virtuoso-bulk", "-K"), "'-K' is not the address of a SQL server: give HOST:PORT", 2),
        (("--virtuoso-bulk", "http://a.example/"), "is not the address of a SQL server", 2),
        (("--user", "-K"), "'-K' is not a user name", 2),
        (("--graph", "no iri"), "'no iri' cannot name a graph", 2),
        (("--isql", "nothing"), "--isql nothing: there is no such program", 1),
        (("--password-env", "NOT_SET"), "no environment variable NOT_SET", 2),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is(
    options: tuple[str, ...], said: str, status: int, seeds_release: Release, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = Virtuoso("", f"127.0.0.1:{free.getsockname()[1]}")
    done = push(nobody, seeds_release, tmp_path, *options)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_who_loads_must_be_said(seeds_release: Release, tmp_path: Path) -> None:
    line = ["push", "--release", str(seeds_release.path), "--data", str(tmp_path)]
    done = run(*line, "--virtuoso-bulk", "127.0.0.1:1")
    assert (done.status, done.err) == (
        2,
        "error: --virtuoso-bulk needs to know who loads: add --user\n",
    )
    assert "give either --endpoint or --virtuoso-bulk" in run(*line).err


def test_a_password_is_asked_for_at_a_terminal(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.commands.push._at_a_terminal", lambda: True)
    line = ["push", "--virtuoso-bulk", virtuoso.sql, "--graph", GRAPH, "--user", USER]
    line += ["--release", str(seeds_release.path), "--data", str(tmp_path)]
    done = CliRunner().invoke(app, line, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    # Before it is the line end that the runner of tests types.
    assert done.stdout.endswith(counts(seeds_release))
    assert done.stderr.startswith(f"password of {USER}:")


def test_a_wrong_password_changes_nothing(
    seeds_release: Release, virtuoso: Virtuoso, tmp_path: Path, isql: Isql
) -> None:
    assert push(virtuoso, seeds_release, tmp_path).status == 0
    isql.run("DB.DBA.USER_CREATE('writer', {password})", password="right")
    before = there(virtuoso, GRAPH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORE_PASSWORD", "wrong-one")
        done = push(virtuoso, seeds_release, tmp_path, "--again", "--user", "writer")
    assert (done.status, done.out) == (1, "")
    assert "user or password is wrong" in done.err
    assert "wrong-one" not in done.err
    assert there(virtuoso, GRAPH) == before
