"""What is confirmed is noted by one push at a time."""

import os
from pathlib import Path

import pytest

from endpoints import stand_in
from invoking import run
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.push.notes import Note, noting
from pfocr_rdf.releases import Release

STORE = "http://127.0.0.1:1/store"


def test_two_pushes_to_one_store_at_once_are_refused(tmp_path: Path) -> None:
    with noting(tmp_path, STORE), pytest.raises(ReleaseError) as caught, noting(tmp_path, STORE):
        pass
    said = f"another push to this store is running (process {os.getpid()}): wait for it"
    assert said in str(caught.value)


def test_a_push_may_go_on_beside_one_to_another_store(tmp_path: Path) -> None:
    with noting(tmp_path, STORE), noting(tmp_path, STORE + "2"):
        pass


def test_the_next_push_reads_what_the_one_before_noted(tmp_path: Path) -> None:
    note = Note("release", 1, 2, 3)
    with noting(tmp_path, STORE) as notes:
        notes.write("http://a.example/", note)
    with noting(tmp_path, STORE) as notes:
        assert notes.read("http://a.example/") == note
        assert notes.read("http://b.example/") is None


def test_a_note_that_is_cut_off_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Note("release", 1, 2, 3)
    write_text = Path.write_text

    def cut(path: Path, text: str, encoding: str) -> None:
        write_text(path, text[:20], encoding=encoding)
        raise OSError(28, "No space left on device")

    with noting(tmp_path, STORE) as notes:
        notes.write("http://a.example/", note)
        monkeypatch.setattr(Path, "write_text", cut)
        with pytest.raises(ReleaseError, match="No space left on device"):
            notes.write("http://a.example/", Note("release", 4, 5, 6))
    with noting(tmp_path, STORE) as notes:
        assert notes.read("http://a.example/") == note


def test_a_disk_without_room_for_the_lock_is_told(tmp_path: Path) -> None:
    with noting(tmp_path, STORE):
        pass
    (lock,) = tmp_path.glob(".pushed-*.lock")
    lock.unlink()
    lock.symlink_to("/dev/full")
    told = pytest.raises(ReleaseError, match="check its permissions and space")
    with told, noting(tmp_path, STORE):
        pass


def test_a_second_push_ends_before_it_sends_anything(
    seeds_release: Release, tmp_path: Path
) -> None:
    with stand_in(lambda handler: handler.send(b"")) as server, noting(tmp_path, server.url):
        line = ["push", "--endpoint", server.url, "--query-endpoint", server.url]
        done = run(*line, "--release", seeds_release.path, "--data", tmp_path)
        assert (done.status, done.out) == (1, "")
        assert f"another push to this store is running (process {os.getpid()})" in done.err
        assert server.asked == []
