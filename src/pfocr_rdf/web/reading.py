"""A release as pages read it: in the serving process, in bounded amounts only.

A page reads by patterns that are fixed beforehand, never by a query that a user wrote. An iterator
of the store is read and dropped in the thread that asked for it.
"""

import asyncio
import gc
import weakref
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Quad, Store, Triple

from pfocr_rdf.contents import PAGES, open_store
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, hold_release
from pfocr_rdf.search.mentioned import MentionTables, open_mentions
from pfocr_rdf.search.reading import Index, open_index
from pfocr_rdf.vocabulary import RDF_TYPE, Owl, Pfocr, Schema, Sssom
from pfocr_rdf.web.served import Held
from pfocr_rdf.web.source import DATA, Source, StoreSource

#: Seconds before each garbage collection after a change of release: pages may be under way.
LEFT_S: Final = (0.5, 10.0, 60.0)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Reading:
    """An open release, which stays on disk for as long as this object is referenced.

    Any thread may read it, several at a time.

    :param source: its data.
    :param search: None where the release was built without an index, by an earlier version.
    :param mentions: likewise.
    """

    release: Release
    manifest: dict[str, Any]
    iris: Iris
    source: Source
    search: Index | None
    mentions: MentionTables | None

    @property
    def version(self) -> str:
        """The version of the data, with which the IRI of the release ends."""
        return str(self.manifest["version"])

    @property
    def store(self) -> Store:
        """The store, where the data are read from it.

        :raises ReleaseError: if they are read from a backend.
        """
        if not isinstance(self.source, StoreSource):
            raise ReleaseError(f"{self.release.path}: its store is not open")
        return self.source.store

    def is_subject(self, node: NamedNode) -> bool:
        """Whether the data have a triple about a node."""
        return any(True for _ in self.source.quads(node, None, None, limit=1))

    def is_a(self, node: NamedNode, kind: NamedNode) -> bool:
        """Whether a node is of a class, according to the data."""
        return any(True for _ in self.source.quads(node, RDF_TYPE, kind))

    def is_figure(self, node: NamedNode) -> bool:
        """Whether a node is a figure of this release, which an alias is not."""
        return self.is_a(node, Pfocr.PathwayFigure)

    def is_known(self, node: NamedNode) -> bool:
        """Whether a node occurs in the data at all, as a subject or an object."""
        return self.is_subject(node) or bool(self.incoming(None, node, 1))

    def outgoing(self, node: NamedNode) -> list[Triple]:
        """The triples about a node."""
        return [quad.triple for quad in self.source.quads(node, None, None)]

    def outgoing_of(
        self, nodes: Iterable[NamedNode], predicates: Sequence[NamedNode] = ()
    ) -> list[Triple]:
        """The triples about several nodes, in the order of the nodes; each node counts once.

        :param predicates: only triples with these properties; any if there are none.
        """
        return self.source.triples(list(dict.fromkeys(nodes)), predicates)

    def read_ahead(self, nodes: Sequence[NamedNode], *, anywhere: bool = False) -> None:
        """Read the triples about nodes that will be asked for, if that makes one request of many.

        :param anywhere: in any graph, as for :meth:`outgoing_anywhere`.
        """
        self.source.read_ahead(nodes, None if anywhere else DATA)

    def outgoing_anywhere(self, node: NamedNode) -> list[Triple]:
        """The triples about a node in any graph; each mapping set has a graph for its links."""
        return [quad.triple for quad in self.source.quads(node, None, None, None)]

    def mappings_of(self, node: NamedNode, limit: int) -> list[Quad]:
        """The mappings, in the graphs of their sets, that state a link from a node."""
        return list(self.source.quads(None, Owl.annotated_source, node, None, limit))

    def mapping_set(self, graph: NamedNode) -> NamedNode | None:
        """The mapping set whose triples are in a graph; None if there is none."""
        quads = self.source.quads(None, RDF_TYPE, Sssom.MappingSet, graph, 1)
        return next((q.subject for q in quads if isinstance(q.subject, NamedNode)), None)

    def said_in(self, graph: NamedNode, node: NamedNode, predicate: NamedNode) -> list[Triple]:
        """The triples about a node with one property, in a named graph."""
        return [quad.triple for quad in self.source.quads(node, predicate, None, graph)]

    def same_thing(self, node: NamedNode) -> NamedNode:
        """The thing that a node stands for, as another spelling or a page of it; else the node."""
        if self.is_subject(node):
            return node
        spelt = self.source.quads(None, Schema.same_as, node, self.iris.equivalents, 1)
        pages = (self.source.quads(None, page, node, DATA, 1) for page in PAGES)
        found = (quad.subject for quads in chain([spelt], pages) for quad in quads)
        return next((s for s in found if isinstance(s, NamedNode)), node)

    def said(self, node: NamedNode, predicate: NamedNode) -> list[Triple]:
        """The triples about a node with one property."""
        return [quad.triple for quad in self.source.quads(node, predicate, None)]

    def linking_of(self, nodes: Iterable[NamedNode], other: NamedNode) -> list[Triple]:
        """The triples that link each of several nodes to another one."""
        return self.source.triples(list(dict.fromkeys(nodes)), (), other)

    def incoming(self, predicate: NamedNode | None, node: NamedNode, limit: int) -> list[Triple]:
        """The triples that point at a node.

        :param predicate: None for any.
        :param limit: at most so many; the source decides which, the same ones each time.
        """
        return [q.triple for q in self.source.quads(None, predicate, node, limit=limit)]

    def subjects(self, predicate: NamedNode, node: NamedNode, limit: int) -> list[NamedNode]:
        """The nodes that point at a node with a property, in the order of their IRIs."""
        found = (triple.subject for triple in self.incoming(predicate, node, limit))
        return sorted((s for s in found if isinstance(s, NamedNode)), key=str)

    def value(self, node: NamedNode, predicate: NamedNode) -> str | None:
        """The value of a property, the first in order of several; None if there is none."""
        return next(iter(self.values(node, predicate)), None)

    def values(self, node: NamedNode, predicate: NamedNode) -> list[str]:
        """The values of a property, in order."""
        objects = (quad.object for quad in self.source.quads(node, predicate, None))
        return sorted(o.value for o in objects if isinstance(o, NamedNode | Literal))

    def names(self, nodes: Iterable[NamedNode]) -> dict[NamedNode, str]:
        """The name of each node that has one, the first in order of several."""
        found: dict[NamedNode, str] = {}
        for triple in self.outgoing_of(nodes, (Schema.name,)):
            node, name = triple.subject, triple.object
            if isinstance(node, NamedNode) and isinstance(name, NamedNode | Literal):
                found[node] = min(found.get(node, name.value), name.value)
        return found

    def spellings(self, node: NamedNode) -> list[str]:
        """The IRIs by which other endpoints know a node, in order."""
        quads = self.source.quads(node, Schema.same_as, None, self.iris.equivalents)
        return sorted(q.object.value for q in quads if isinstance(q.object, NamedNode))


def open_reading(held: Held, source: Source | None = None) -> Reading:
    """Open a release for pages.

    The release is held a second time, since pages may read it longer than ``held`` lasts; that
    hold ends when the :class:`Reading` is not referenced any more.

    :param source: its data; by default its store, which is opened only then.
    :raises ReleaseError: if it cannot be held or its store cannot be opened.
    """
    with ExitStack() as opened:
        opened.enter_context(hold_release(held.release))
        data = source or StoreSource(open_store(held.release))
        search = mentions = None
        if held.release.search_index.is_file():
            search = opened.enter_context(open_index(held.release))
            mentions = open_mentions(held.release)
            opened.callback(mentions.close)
        reading = Reading(held.release, held.manifest, held.iris, data, search, mentions)
        weakref.finalize(reading, opened.pop_all().close)
    return reading


async def let_go(left: Collection[Reading]) -> None:
    """Collect garbage until releases that nobody reads any more are freed, a few times at most.

    The objects that made a page refer to each other in cycles, and to the release. Python's
    collector gets to old objects after thousands of pages: on a quiet server, hardly ever.

    :param left: the releases that are not served any more; it must not keep them alive itself.
    """
    for wait_s in LEFT_S:
        await asyncio.sleep(wait_s)
        if not left:
            return
        gc.collect()
