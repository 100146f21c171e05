"""A release to another store: in chunks, going on where it was ended, counted at the end.

Each graph is emptied, then chunks are added to it. What the store has
confirmed is noted in the data folder, so a push that was ended goes on; a chunk that arrives
twice adds nothing, for no dump has blank nodes.
"""

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse, serialize

from pfocr_rdf.dumps import EQUIVALENTS, MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.errors import QueryError, ReleaseError, RemoteError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.stores import (
    TIMEOUT_S,
    Account,
    GraphStore,
    check_address,
    query_address,
)

#: Virtuoso takes 40,000 triples a second in chunks of this size, 6,000 in ones 20 times larger.
CHUNK_TRIPLES: Final = 10_000


@dataclass(frozen=True, slots=True)
class PushOptions:
    """Where to push, and how.

    :param endpoint: the graph store's address, ``http`` or ``https``.
    :param graph: the IRI of the graph for the data; the dataset's own by default.
    :param query_endpoint: where the store takes queries; None where the address tells.
    :param account: whom to write as; nobody by default.
    :param chunk_triples: triples of one request.
    :param timeout_s: seconds that the store may be silent.
    :param again: send all, whatever has been confirmed.
    """

    endpoint: str
    graph: str | None = None
    query_endpoint: str | None = None
    account: Account | None = None
    chunk_triples: int = CHUNK_TRIPLES
    timeout_s: float = TIMEOUT_S
    again: bool = False


@dataclass(frozen=True, slots=True)
class PushProgress:
    """How far one graph is: triples that the store has confirmed, of how many."""

    graph: str
    confirmed: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class PushedGraph:
    """A graph that is whole in the store.

    :param sent: triples that were sent; 0 if all were there.
    :param counted: triples that the store counts in it.
    :param merged: triples that it counts as one with others, for they differ only in how a number
        is written.
    """

    graph: str
    triples: int
    sent: int
    counted: int
    merged: int = 0


Listener = Callable[[PushProgress], None]


async def push_release(
    release: Release, data: Path, options: PushOptions, listen: Listener
) -> list[PushedGraph]:
    """Send a release's graphs to a store, and have it count them.

    :param data: the folder where it is noted what was confirmed.
    :param listen: is told of each confirmed chunk.
    :raises QueryError: if an address or an option cannot be used; nothing was sent.
    :raises RemoteError: if the store refuses, fails, or counts other than was sent.
    :raises ReleaseError: if the release cannot be read, or the data folder not be written to.
    """
    check_address(options.endpoint)
    queries = options.query_endpoint or query_address(options.endpoint)
    if queries is None:
        raise QueryError(
            f"{options.endpoint}: nothing in it tells where this store takes queries, which count"
            " the triples: add --query-endpoint"
        )
    check_address(queries)
    sources = _sources(release, options.graph)
    notes = _Notes(data, options.endpoint)
    store = GraphStore(options.endpoint, queries, options.account, options.timeout_s)
    async with store:
        pushes = (_Push(one, release.id, notes, store, options) for one in sources)
        return [await push.run(listen) for push in pushes]


def same_by_value(lines: Iterable[bytes]) -> int:
    """Of N-Triples, how many are one with another for a store that keeps numbers by value.

    Virtuoso is one: it gives back ``01`` as ``1``, ``1.50`` as ``1.5``, ``true`` as ``1``.

    >>> integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    >>> same_by_value(f'<a:s> <a:p> "{n}"^^{integer} .'.encode() for n in ("1", "01", "2"))
    1
    """
    seen: set[tuple[str, str, Decimal]] = set()
    written = 0
    for line in lines:
        if b"^^" not in line:
            continue
        for quad in parse(line, RdfFormat.N_TRIPLES):
            value = _number(quad)
            if value is not None:
                seen.add((str(quad.subject), str(quad.predicate), value))
                written += 1
    return written - len(seen)


def _number(quad: Quad) -> Decimal | None:
    if not isinstance(quad.object, Literal):
        return None
    text = quad.object.value
    try:
        return Decimal({"true": "1", "false": "0"}.get(text, text))
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class _Source:
    """A graph to be: its name, the dump where its triples stand, and how many there are."""

    graph: str
    path: Path
    triples: int
    is_named: bool

    def lines(self) -> Iterator[bytes]:
        """N-Triples, a triple a line."""
        with _reading(self.path), gzip.open(self.path) as file:
            if not self.is_named:
                yield from file
                return
            name = NamedNode(self.graph)
            for quad in _quads(file):
                if quad.graph_name == name:
                    yield serialize([quad.triple], format=RdfFormat.N_TRIPLES) or b""


def _sources(release: Release, graph: str | None) -> list[_Source]:
    """The graphs of a release: the data, and those that have names in its dumps."""
    manifest = release.manifest()
    data = graph or Iris(manifest["base"], manifest["genes"]).dataset.value
    try:
        NamedNode(data)
    except ValueError as error:
        raise QueryError(f"{data!r} can name no graph: {error}: give an IRI") from None
    path = release.dumps / NAME_TO_FORMAT["ntriples"].file
    found = [_Source(data, path, manifest["triples"], is_named=False)]
    for form in (EQUIVALENTS, MAPPINGS):
        if manifest.get(form.name):
            path = release.dumps / form.file
            with _reading(path), gzip.open(path) as file:
                graphs = Counter(
                    quad.graph_name.value
                    for quad in _quads(file)
                    if isinstance(quad.graph_name, NamedNode)
                )
            found += [_Source(g, path, n, is_named=True) for g, n in sorted(graphs.items())]
    if any(one.graph == data for one in found[1:]):
        raise QueryError(f"{data}: another graph of the release has this name: give another")
    return found


def _quads(file: gzip.GzipFile) -> Iterator[Quad]:
    for line in file:
        yield from parse(line, RdfFormat.N_QUADS)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn a dump that cannot be read into words."""
    try:
        yield
    except (OSError, EOFError, zlib.error, SyntaxError, ValueError) as error:
        raise ReleaseError(f"{path} cannot be read ({error}): verify the release") from error


class _Push:
    """One graph on its way."""

    def __init__(
        self,
        source: _Source,
        release: str,
        notes: "_Notes",
        store: GraphStore,
        options: PushOptions,
    ) -> None:
        self.source = source
        self.release = release
        self.notes = notes
        self.store = store
        self.options = options

    async def run(self, listen: Listener) -> PushedGraph:
        """Send what is not there, and count."""
        graph, total = self.source.graph, self.source.triples
        # With nothing to add, so that a wrong address or password is told before a chunk is sent.
        await self.store.add(graph, b"")
        there = await self.store.count(graph)
        begun, note = self._begin(there)
        if note:
            listen(PushProgress(graph, begun, total, note))
        confirmed = await self._send(begun, listen)
        if confirmed == begun:
            return PushedGraph(graph, confirmed, 0, there, confirmed - there)
        counted = await self.store.count(graph)
        merged = same_by_value(self.source.lines()) if counted < confirmed else 0
        if counted + merged != confirmed:
            raise RemoteError(
                self.store.endpoint,
                f"graph {graph} has {counted:,} triples there, and {confirmed:,} in"
                f" {self.release}: see that nobody else writes to it, then push with --again",
            )
        self.notes.write(graph, _Note(self.release, confirmed, counted, counted))
        return PushedGraph(graph, confirmed, confirmed - begun, counted, merged)

    def _begin(self, there: int) -> tuple[int, str]:
        """After how many triples to begin, by how many the store has; and why, if not plainly."""
        note = self.notes.read(self.source.graph)
        if self.options.again or note is None or note.release != self.release:
            return 0, ""
        if not note.least <= there <= note.most:
            was = f"{note.confirmed:,} triples were confirmed"
            return 0, f"{was}, and now there are {there:,}: all are sent again" if there else ""
        return note.confirmed, "goes on" if 0 < note.confirmed < self.source.triples else ""

    async def _send(self, begun: int, listen: Listener) -> int:
        """Send all triples but the first ones; how many are confirmed then."""
        graph, confirmed = self.source.graph, begun
        lines = islice(self.source.lines(), begun, None)
        if not begun:
            self.notes.write(graph, _Note(self.release, 0, 0, 0))
            await self.store.clear(graph)
        while chunk := list(islice(lines, self.options.chunk_triples)):
            # Noted before it is sent, for an end in between leaves none, all or some of it there.
            after = confirmed + len(chunk)
            self.notes.write(graph, _Note(self.release, confirmed, confirmed, after))
            await self.store.add(graph, b"".join(chunk))
            confirmed = after
            self.notes.write(graph, _Note(self.release, confirmed, confirmed, confirmed))
            listen(PushProgress(graph, confirmed, self.source.triples))
        return confirmed


@dataclass(frozen=True, slots=True)
class _Note:
    """What a store has confirmed of a graph; it then has so many triples at least and at most."""

    release: str
    confirmed: int
    least: int
    most: int


class _Notes:
    """The notes on all graphs of one store, in a file of the data folder."""

    def __init__(self, data: Path, endpoint: str) -> None:
        self.path = data / f".pushed-{sha256(endpoint.encode()).hexdigest()[:12]}.json"
        self._endpoint = endpoint
        self._graphs: dict[str, list[str | int]] = {}
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["graphs"]
            self._graphs = {graph: list(note) for graph, note in found.items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            # None was noted, or none can be read: then all is sent.
            return

    def read(self, graph: str) -> _Note | None:
        """The note on a graph."""
        try:
            release, confirmed, least, most = self._graphs[graph]
            return _Note(str(release), int(confirmed), int(least), int(most))
        except (LookupError, ValueError, TypeError):
            return None

    def write(self, graph: str, note: _Note) -> None:
        """Keep a note on a graph.

        :raises ReleaseError: if the data folder cannot be written to.
        """
        self._graphs[graph] = [note.release, note.confirmed, note.least, note.most]
        fresh = self.path.with_suffix(".part")
        try:
            text = json.dumps({"endpoint": self._endpoint, "graphs": self._graphs}, indent=1)
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            reason = "what is confirmed is noted there: check its permissions and space"
            raise ReleaseError(f"{self.path} ({error.strerror}): {reason}") from error
