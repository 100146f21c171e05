"""A store with every one of its files open, for a process that may open none later.

RocksDB opens a table file when it is first read, but for the first sixteen
(``kInitialLoadLimit``), and a query process must not open any. So a store is read here and
there in each of its orders until no table is left out. Its keys are hashes, so the first quads
of a graph, and what is found by their parts, are spread over all tables.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

#: Quads that are looked up of each graph before it is checked again what is open.
BATCH: Final = 8
#: A store of thirty tables takes one batch; when so many do not open a file, it is not in use.
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
    """The store's tables that this process has not open; none where the system does not say."""
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
            continue  # the one by which the folder itself was read


def _look_up(store: Store, graph: Graph, sample: list[Quad]) -> None:
    """Read one quad for each of many patterns, in all orders: by subject, predicate, object."""
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
