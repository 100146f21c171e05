"""The graphs of a release that a push sends to another store, and what it reports of them."""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse, serialize

from pfocr_rdf.contents import iris_of
from pfocr_rdf.dumps import EQUIVALENTS, MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.errors import QueryError, ReleaseError, UsageError
from pfocr_rdf.releases import MANIFEST, Release


@dataclass(frozen=True, slots=True)
class PushProgress:
    """How far the push of one graph is: triples that the store has confirmed, out of a total."""

    graph: str
    confirmed: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class PushedGraph:
    """A graph that is complete in the store.

    :param sent: triples that were sent; 0 if all were there.
    :param counted: triples that the store counts in it.
    :param merged: triples that the store does not count, because they differ from another only in
        how a number is written.
    """

    graph: str
    triples: int
    sent: int
    counted: int
    merged: int = 0


Listener = Callable[[PushProgress], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A graph to send: its name, the dump with its triples, how many, whether it is named there."""

    graph: str
    path: Path
    triples: int
    is_named: bool

    def lines(self) -> Iterator[bytes]:
        """The triples as N-Triples, one per line.

        :raises ReleaseError: if the dump cannot be read.
        """
        with _reading(self.path), gzip.open(self.path) as file:
            if not self.is_named:
                yield from file
                return
            name = NamedNode(self.graph)
            for quad in _quads(file):
                if quad.graph_name == name:
                    yield serialize([quad.triple], format=RdfFormat.N_TRIPLES) or b""


#: Notes on the progress of a push.
OTHER: Final = "the store has a release other than the one pushed from here: all is sent again"
EMPTIED: Final = "emptied, because the release lacks this mapping set"


def mapping_space(release: Release) -> str:
    """The namespace of the graphs of mapping sets.

    :raises ReleaseError: if the release has no readable manifest.
    """
    return iris_of(release).mapping_graph("").value.rpartition("/")[0] + "/"


def stated_version(release: Release) -> str:
    """The version of a release, as its data state it; its folder may have been renamed.

    :raises ReleaseError: if the manifest does not have it.
    """
    version = release.manifest().get("version")
    if not isinstance(version, str):
        reason = "does not say which version this is: build again, or roll back"
        raise ReleaseError(f"{release.path / MANIFEST}: {reason}")
    return version


def release_graphs(release: Release, graph: str | None) -> list[Source]:
    """The graphs of a release: the data, and the named graphs of its dumps.

    :param graph: the name for the graph of the data; the dataset's IRI if None.
    :raises QueryError: if that is no IRI, or the name of another graph.
    :raises ReleaseError: if a dump cannot be read.
    """
    manifest = release.manifest()
    count = manifest.get("triples")
    if not isinstance(count, int):
        reason = "does not say how many triples there are: build again, or roll back"
        raise ReleaseError(f"{release.path / MANIFEST}: {reason}")
    data = graph or iris_of(release).dataset.value
    try:
        NamedNode(data)
    except ValueError as error:
        raise UsageError(f"{data!r} cannot name a graph: {error}: give an IRI") from None
    path = release.dumps / NAME_TO_FORMAT["ntriples"].file
    found = [Source(data, path, count, is_named=False)]
    for form in (EQUIVALENTS, MAPPINGS):
        if manifest.get(form.name):
            path = release.dumps / form.file
            with _reading(path), gzip.open(path) as file:
                graphs = Counter(
                    quad.graph_name.value
                    for quad in _quads(file)
                    if isinstance(quad.graph_name, NamedNode)
                )
            found += [Source(g, path, n, is_named=True) for g, n in sorted(graphs.items())]
    if any(one.graph == data for one in found[1:]):
        raise QueryError(f"{data}: another graph of the release has this name: give another")
    return found


def _quads(file: gzip.GzipFile) -> Iterator[Quad]:
    for line in file:
        yield from parse(line, RdfFormat.N_QUADS)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn a failure to read a dump into a :class:`ReleaseError`."""
    try:
        yield
    except (OSError, EOFError, zlib.error, SyntaxError, ValueError) as error:
        raise ReleaseError(f"{path} cannot be read ({error}): verify the release") from error


def same_by_value(lines: Iterable[bytes]) -> int:
    """How many N-Triples equal another one in a store that keeps numbers by value.

    Virtuoso is such a store: it returns ``01`` as ``1``, ``1.50`` as ``1.5``, ``true`` as ``1``.

    :param lines: those of a subject together, as our dumps have them: only the facts of one
        subject are kept in memory.

    >>> integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    >>> same_by_value(f'<a:s> <a:p> "{n}"^^{integer} .'.encode() for n in ("1", "01", "2"))
    1
    """
    subject: object = None
    seen: set[tuple[str, Decimal]] = set()
    merged = 0
    for line in lines:
        if b"^^" not in line:
            continue
        for quad in parse(line, RdfFormat.N_TRIPLES):
            if quad.subject != subject:
                subject, seen = quad.subject, set()
            value = _number(quad)
            if value is not None:
                fact = (quad.predicate.value, value)
                merged += fact in seen
                seen.add(fact)
    return merged


def _number(quad: Quad) -> Decimal | None:
    if not isinstance(quad.object, Literal):
        return None
    text = quad.object.value
    try:
        return Decimal({"true": "1", "false": "0"}.get(text, text))
    except InvalidOperation:
        return None
