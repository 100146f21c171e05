"""All files of a store are open before the first query, so that none is missed later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from pfocr_rdf.releases import Release
from pfocr_rdf.web.opening import open_whole, unopened


@pytest.fixture(name="scattered", scope="module")
def _scattered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose quads are in many more tables than RocksDB opens at once."""
    path = tmp_path_factory.mktemp("scattered") / "store"
    store = Store(path)
    graphs = [None, NamedNode("http://g.example/1")]
    for batch in range(5):
        names = [NamedNode(f"http://a.example/{batch}/{number}") for number in range(40)]
        store.bulk_extend(
            Quad(name, other, value, graph)
            for name, other in zip(names, reversed(names), strict=True)
            for value in (other, Literal(f"a long literal, which is not inlined: {name}"))
            for graph in graphs
        )
    store.flush()
    del store
    return path


def test_a_table_that_rocksdb_has_not_opened_is_noticed(scattered: Path) -> None:
    code = f"""
from pyoxigraph import Store
from pfocr_rdf.web.opening import open_whole, unopened
store = Store.read_only({str(scattered)!r})
print(len(unopened({str(scattered)!r})))
del store
store = open_whole({str(scattered)!r})
print(len(unopened({str(scattered)!r})), len(store))"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    before, after, quads = map(int, done.stdout.split())
    assert before > 0  # how many depends on what RocksDB has put together meanwhile
    assert (after, quads) == (0, 5 * 40 * 2 * 2)


def test_a_store_of_a_release_is_opened_whole(copied_release: Release) -> None:
    # A copy: this process may have the samples' own store open from another test.
    path = str(copied_release.store)
    assert unopened(path)
    store = open_whole(path)
    assert unopened(path) == set()
    assert len(store) > 2_000


def test_an_empty_store_is_opened(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    del store
    assert len(open_whole(str(tmp_path / "store"))) == 0


def test_a_table_that_is_not_in_use_keeps_no_store_closed(
    copied_release: Release,
) -> None:
    (copied_release.store / "999999.sst").write_bytes(b"left behind")
    store = open_whole(str(copied_release.store))
    assert len(store) > 2_000
    assert unopened(str(copied_release.store)) == {"999999.sst"}


def test_a_folder_that_is_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        open_whole(str(tmp_path / "nothing"))
    assert not os.listdir(tmp_path)
