"""Push a release to another store: in chunks, resumed if interrupted, counted at the end.

Each graph is emptied, then chunks are added to it. What the store has confirmed is noted in the
data folder, so that an interrupted push goes on from there; a chunk that arrives twice adds
nothing, because no dump has blank nodes.
"""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import RemoteError, UsageError
from pfocr_rdf.push.graphs import (
    EMPTIED,
    OTHER,
    Listener,
    PushedGraph,
    PushProgress,
    Source,
    mapping_space,
    release_graphs,
    same_by_value,
    stated_version,
)
from pfocr_rdf.push.notes import Note, PushNotes, noting
from pfocr_rdf.push.stores import (
    TIMEOUT_S,
    Account,
    GraphStore,
    check_address,
    query_address,
)
from pfocr_rdf.releases import Release

#: Virtuoso takes 40,000 triples a second in chunks of this size, 6,000 in chunks 20 times larger.
CHUNK_TRIPLES: Final = 10_000


@dataclass(frozen=True, slots=True)
class PushOptions:
    """Where to push, and how.

    :param endpoint: the graph store's address, ``http`` or ``https``.
    :param graph: the IRI of the graph for the data; the dataset's own by default.
    :param query_endpoint: where the store takes queries; if None, derived from its address.
    :param account: the user to write as; none by default.
    :param chunk_triples: triples per request.
    :param timeout_s: seconds that the store may be silent.
    :param again: send everything, whatever has been confirmed.
    """

    endpoint: str
    graph: str | None = None
    query_endpoint: str | None = None
    account: Account | None = None
    chunk_triples: int = CHUNK_TRIPLES
    timeout_s: float = TIMEOUT_S
    again: bool = False


async def push_release(
    release: Release, data: Path, options: PushOptions, listen: Listener
) -> list[PushedGraph]:
    """Send a release's graphs to a store, and have it count them.

    :param data: the data folder, in which confirmations are noted.
    :param listen: called after each confirmed chunk, and before a graph is resumed or sent again.
    :raises QueryError: if an address or an option cannot be used; nothing was sent.
    :raises RemoteError: if the store refuses, fails, or its count differs from what was sent.
    :raises ReleaseError: if the release cannot be read, the data folder cannot be written to, or
        another push to the store is running.
    """
    check_address(options.endpoint)
    queries = options.query_endpoint or query_address(options.endpoint)
    if queries is None:
        raise UsageError(
            f"{options.endpoint}: nothing in it tells where this store takes the queries that"
            " count the triples: add --query-endpoint"
        )
    check_address(queries)
    sources = release_graphs(release, options.graph)
    store = GraphStore(options.endpoint, queries, options.account, options.timeout_s)
    with noting(data, options.endpoint) as notes:
        async with store:
            pushes = [_Push(one, release, notes, store, options) for one in sources]
            if not options.again and not await pushes[0].agrees():
                listen(PushProgress(pushes[0].source.graph, 0, pushes[0].source.triples, OTHER))
                notes.forget()
            pushed = [await push.run(listen) for push in pushes]
            for graph in notes.left(sources, mapping_space(release)):
                await store.clear(graph)
                notes.drop(graph)
                listen(PushProgress(graph, 0, 0, EMPTIED))
            return pushed


class _Push:
    """The push of one graph."""

    def __init__(
        self,
        source: Source,
        release: Release,
        notes: PushNotes,
        store: GraphStore,
        options: PushOptions,
    ) -> None:
        self.source = source
        self.release = release
        self.version = stated_version(release)
        self.notes = notes
        self.store = store
        self.options = options

    async def agrees(self) -> bool:
        """Whether the store has no other release than is noted."""
        graph = self.source.graph
        if self.notes.read(graph) is None:
            return True
        return self.notes.agree(graph, await self.store.versions(graph))

    async def run(self, listen: Listener) -> PushedGraph:
        """Send what the store has not confirmed, and compare its count."""
        graph, total = self.source.graph, self.source.triples
        # An empty request, so that a wrong address or password shows before a chunk is sent.
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
                f"graph {graph} has {counted:,} triples there, but {confirmed:,} in"
                f" {self.release.id}: check that nobody else writes to it, then push with --again",
            )
        self.notes.write(graph, Note(self.version, confirmed, counted, counted))
        return PushedGraph(graph, confirmed, confirmed - begun, counted, merged)

    def _begin(self, there: int) -> tuple[int, str]:
        """How many triples to skip, given the store's count; and a note why, or an empty one."""
        note = self.notes.read(self.source.graph)
        if self.options.again or note is None or note.version != self.version:
            return 0, ""
        if not note.least <= there <= note.most:
            was = f"{note.confirmed:,} triples were confirmed"
            return 0, f"{was}, and now there are {there:,}: all are sent again" if there else ""
        return note.confirmed, "goes on" if 0 < note.confirmed < self.source.triples else ""

    async def _send(self, begun: int, listen: Listener) -> int:
        """Send all triples after the first ``begun``; return how many are confirmed then."""
        graph, confirmed = self.source.graph, begun
        lines = islice(self.source.lines(), begun, None)
        if not begun:
            self.notes.write(graph, Note(self.version, 0, 0, 0))
            await self.store.clear(graph)
        while chunk := list(islice(lines, self.options.chunk_triples)):
            # Noted before it is sent: after an interruption, none, some or all of it may be there.
            after = confirmed + len(chunk)
            self.notes.write(graph, Note(self.version, confirmed, confirmed, after))
            await self.store.add(graph, b"".join(chunk))
            confirmed = after
            self.notes.write(graph, Note(self.version, confirmed, confirmed, confirmed))
            listen(PushProgress(graph, confirmed, self.source.triples))
        return confirmed
