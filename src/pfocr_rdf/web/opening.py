"""Opens a store with all of its files, for a process that may open none later.

RocksDB opens the first sixteen table files (``kInitialLoadLimit``) with the store, and each other
one when it is first read; but a query process must not open files. So quads are looked up here in
each of the store's orders until no table is left unopened. Keys are hashes, so the first quads of
a graph, and those that share a part with them, are spread over all tables.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

#: Quads of each graph that are looked up between two checks for unopened tables.
BATCH: Final = 8
#: A store of thirty tables takes one batch; a file that so many do not open is not in use.
MAX_BATCHES: Final = 100
MAX_GRAPHS: Final = 8
DESCRIPTORS: Final = Path("/proc/self/fd")

Graph = NamedNode | BlankNode | DefaultGraph | None


def open_whole(path: str) -> Store:
    """Open a store for reading, and all of its files.

    :raises OSError: if it cannot be opened or read.
    :raises RuntimeError: if it is corrupt.
    """
    store = Store.read_only(path)
    graphs: list[Graph] = [DefaultGraph(), *islice(store.named_graphs(), MAX_GRAPHS), None]
    samples = [(graph, store.quads_for_pattern(None, None, None, graph)) for graph in graphs]
    for _ in range(MAX_BATCHES):
        if not unopened(path):
            break
        for graph, quads in samples:
            _look_up(store, graph, list(islice(quads, BATCH)))
    return store


def unopened(path: str) -> set[str]:
    """The store's tables that this process does not have open; none if the system cannot tell."""
    if not DESCRIPTORS.exists():
        return set()
    tables = {name for name in os.listdir(path) if name.endswith(".sst")}
    # Tables of different stores have the same names.
    folder = Path(path).resolve()
    return tables - {target.name for target in _open_files() if target.parent == folder}


def _open_files() -> Iterator[Path]:
    for descriptor in DESCRIPTORS.iterdir():
        try:
            yield descriptor.readlink()
        except FileNotFoundError:
            continue  # the one through which this folder is being read


def _look_up(store: Store, graph: Graph, sample: list[Quad]) -> None:
    """Read a quad for each of several patterns, in all orders: by subject, predicate, object."""
    for quad, other in zip(sample, reversed(sample), strict=True):
        value = quad.object
        found = [
            store.quads_for_pattern(quad.subject, None, None, graph),
            store.quads_for_pattern(other.subject, None, value, graph),
            store.quads_for_pattern(None, quad.predicate, value, graph),
            store.quads_for_pattern(None, other.predicate, value, graph),
            store.quads_for_pattern(None, None, value, graph),
        ]
        if isinstance(value, NamedNode):
            found.append(store.quads_for_pattern(value, None, None, graph))
            found.append(store.quads_for_pattern(value, None, other.object, graph))
        for quads in found:
            next(quads, None)
