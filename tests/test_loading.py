"""The bulk load of a build: what is written to it is in the store, or the reason is told."""

import errno
import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, Store

from pfocr_rdf.build.loading import AT_ONCE, PIPE_BYTES, StoreLoader

ONE = b"<http://a.example/s> <http://a.example/p> <http://a.example/o> .\n"


def ends() -> set[str]:
    """What this process holds open."""
    return set(os.listdir("/dev/fd"))


def write_until_interrupted(folder: Path) -> None:
    with StoreLoader(folder) as loader:
        loader.write(ONE)
        raise KeyboardInterrupt


def write_without_end(folder: Path) -> None:
    with StoreLoader(folder) as loader:
        while True:
            loader.write(ONE * 1000)


def test_all_that_is_written_is_in_the_store(tmp_path: Path) -> None:
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(b"@prefix a: <http://a.example/> .\n")
        loader.write(b"a:s a:p a:o , ")
        loader.write(b"a:q .\n")
        assert loader.finish() == 2
    thing = NamedNode("http://a.example/o")
    found = Store.read_only(str(tmp_path / "store")).quads_for_pattern(None, None, thing, None)
    assert [str(quad.object) for quad in found] == [str(thing)]


def test_more_than_the_pipe_holds_is_loaded(tmp_path: Path) -> None:
    lines = b"".join(
        b'<http://a.example/%d> <http://a.example/p> "%d" .\n' % (n, n) for n in range(99_999)
    )
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(lines)
        assert loader.finish() == 99_999


def test_what_is_written_after_a_turn_is_in_the_store_too(tmp_path: Path) -> None:
    with StoreLoader(tmp_path / "store", b"@prefix a: <http://a.example/> .\n") as loader:
        for number in range(3 * AT_ONCE):  # more than are under way at once
            loader.write(b"a:s%d a:p a:o . GRAPH a:g { a:s a:p a:o }\n" % number * 9_999)
            loader.turn()
        assert loader.finish() == 3 * AT_ONCE + 1


@pytest.mark.parametrize("load", [0, 1, 2])
def test_what_stops_one_of_the_loads_is_told(load: int, tmp_path: Path) -> None:
    def write_in_turns() -> None:
        with StoreLoader(tmp_path / "store") as loader:
            for number in range(3):
                loader.write(ONE + (b"<http://a.example/s> nothing" if number == load else b""))
                loader.turn()
            loader.finish()

    before = ends()
    with pytest.raises(SyntaxError, match="nothing"):
        write_in_turns()
    assert ends() == before
    Store(str(tmp_path / "store"))  # no lock is left on it


def test_when_a_load_has_failed_the_one_after_it_is_given_up(tmp_path: Path) -> None:
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(ONE + b"<http://a.example/s> nothing")
        loader.turn()
        # Not by the loader, which may know already that the first one has failed.
        os.write(loader._end.descriptor, ONE)
        loader._failed.wait()
        with pytest.raises(SyntaxError, match="nothing"):
            loader.finish()
    assert len(Store(str(tmp_path / "store"))) == 0


def test_a_system_that_grants_a_smaller_pipe_loads_as_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("fcntl.fcntl", refuse)
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(ONE)
        assert loader.finish() == 1


def test_a_loader_without_an_end_is_given_up(tmp_path: Path) -> None:
    before = ends()
    with pytest.raises(KeyboardInterrupt):
        write_until_interrupted(tmp_path / "store")
    assert ends() == before
    store = Store(str(tmp_path / "store"))  # no lock is left on it
    assert Quad(*map(NamedNode, (f"http://a.example/{n}" for n in "spo"))) not in store


def test_a_loader_that_is_interrupted_while_it_begins_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(loader: StoreLoader, trig: bytes) -> None:
        raise KeyboardInterrupt

    def let_go() -> None:
        waited.set()
        loader._end.close()

    monkeypatch.setattr(StoreLoader, "write", interrupted)
    before, loader, waited = ends(), StoreLoader(tmp_path / "store", ONE), threading.Event()
    # Without this, a loader that waits would have the test wait with it.
    timer = threading.Timer(5, let_go)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        loader.__enter__()
    timer.cancel()
    assert not waited.is_set()
    assert ends() == before


def test_what_stops_the_loader_is_told_to_whoever_writes(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"no folder")
    before = ends()
    with pytest.raises(OSError, match="store"):
        write_without_end(tmp_path / "store")
    assert ends() == before


def test_what_stops_the_loader_is_told_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"no folder")
    with pytest.raises(OSError, match="store"), StoreLoader(tmp_path / "store") as loader:
        loader.finish()


def test_what_is_no_trig_is_refused(tmp_path: Path) -> None:
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(ONE + b"<http://a.example/s> nothing")
        with pytest.raises(SyntaxError):
            loader.finish()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_that_is_forked_meanwhile_does_not_keep_the_loader_waiting(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("fork")
    over = context.Event()
    with StoreLoader(tmp_path / "store") as loader:
        loader.write(ONE)
        other = context.Process(target=over.wait)
        other.start()
        try:
            assert loader.finish() == 1
        finally:
            over.set()
            other.join()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_who_writes_is_told_what_stops_the_loader_though_a_forked_process_can_read_the_pipe(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("fork")
    over = context.Event()
    other = context.Process(target=over.wait)

    def write_on() -> None:
        with StoreLoader(tmp_path / "store") as loader:
            loader.write(ONE * (2 * PIPE_BYTES // len(ONE)))  # so it reads by now
            other.start()
            loader.write(b"<http://a.example/s> nothing")
            while True:
                loader.write(ONE * 1000)

    try:
        with pytest.raises(SyntaxError, match="nothing"):
            write_on()
    finally:
        over.set()
        other.join()


def test_what_pyoxigraph_cannot_do_with_a_store_is_what_the_system_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(path: str) -> Store:
        raise RuntimeError("block checksum mismatch")

    monkeypatch.setattr("pfocr_rdf.build.loading.Store", corrupt)
    with pytest.raises(OSError, match="block checksum mismatch"):
        StoreLoader(tmp_path / "store").__enter__()


def test_without_a_pipe_no_store_is_opened_and_no_thread_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("pfocr_rdf.build.loading.os.pipe", refused)
    before = threading.enumerate()
    with pytest.raises(OSError, match="Too many open files"):
        StoreLoader(tmp_path / "store").__enter__()
    assert threading.enumerate() == before
    assert not (tmp_path / "store").exists()
