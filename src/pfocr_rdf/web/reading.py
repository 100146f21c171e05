"""A release as the pages read it: in the serving process, and only as much as is bounded.

A page reads by patterns that it knows beforehand, never by what a user wrote as a query. What
an iterator of the store gives is read and dropped in the thread that asked for it.
"""

import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, hold_release
from pfocr_rdf.search.mentioned import MentionTables, open_mentions
from pfocr_rdf.search.reading import Index, open_index
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema
from pfocr_rdf.web.served import Held

DATA: Final = DefaultGraph()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Reading:
    """An open release, which stays on disk for as long as somebody has this.

    Any thread may read it, several at a time.

    :param search: None where the release was built without an index, by an earlier version.
    :param mentions: likewise.
    """

    release: Release
    manifest: dict[str, Any]
    iris: Iris
    store: Store
    search: Index | None
    mentions: MentionTables | None

    @property
    def version(self) -> str:
        """The version of the data, which the IRI of the release ends in."""
        return str(self.manifest["version"])

    def is_subject(self, node: NamedNode) -> bool:
        """Whether the data say anything of it."""
        return next(self.store.quads_for_pattern(node, None, None, DATA), None) is not None

    def is_a(self, node: NamedNode, kind: NamedNode) -> bool:
        """Whether the data say that it is of a class."""
        return Quad(node, RDF_TYPE, kind, DATA) in self.store

    def is_figure(self, node: NamedNode) -> bool:
        """Whether it is a figure of this release; an alias is none."""
        return self.is_a(node, Pfocr.PathwayFigure)

    def is_known(self, node: NamedNode) -> bool:
        """Whether it occurs in the data at all, as what is said of or what is pointed at."""
        pointing = self.store.quads_for_pattern(None, None, node, DATA)
        return self.is_subject(node) or next(pointing, None) is not None

    def outgoing(self, node: NamedNode) -> list[Triple]:
        """What the data say of it."""
        return [_triple(quad) for quad in self.store.quads_for_pattern(node, None, None, DATA)]

    def outgoing_anywhere(self, node: NamedNode) -> list[Triple]:
        """What any graph says of it; the links of mapping sets are in graphs of their own."""
        return [_triple(quad) for quad in self.store.quads_for_pattern(node, None, None)]

    def same_thing(self, node: NamedNode) -> NamedNode:
        """The thing of the data that a spelling of its IRI means; itself if there is none."""
        if self.is_subject(node):
            return node
        quads = self.store.quads_for_pattern(None, Schema.same_as, node, self.iris.equivalents)
        found = (quad.subject for quad in islice(quads, 1))
        return next((s for s in found if isinstance(s, NamedNode)), node)

    def said(self, node: NamedNode, predicate: NamedNode) -> list[Triple]:
        """What the data say of it with one property."""
        quads = self.store.quads_for_pattern(node, predicate, None, DATA)
        return [_triple(quad) for quad in quads]

    def linking(self, node: NamedNode, other: NamedNode) -> list[Triple]:
        """How it is linked to another thing."""
        return [_triple(quad) for quad in self.store.quads_for_pattern(node, None, other, DATA)]

    def incoming(self, predicate: NamedNode | None, node: NamedNode, limit: int) -> list[Triple]:
        """What points at it.

        :param predicate: None for any.
        :param limit: at most so many; which ones, the store decides, the same each time.
        """
        quads = self.store.quads_for_pattern(None, predicate, node, DATA)
        return [_triple(quad) for quad in islice(quads, limit)]

    def subjects(self, predicate: NamedNode, node: NamedNode, limit: int) -> list[NamedNode]:
        """What points at it with a property, in the order of the IRIs."""
        found = (triple.subject for triple in self.incoming(predicate, node, limit))
        return sorted((s for s in found if isinstance(s, NamedNode)), key=str)

    def value(self, node: NamedNode, predicate: NamedNode) -> str | None:
        """The value of a property that has one; the first of several."""
        return next(iter(self.values(node, predicate)), None)

    def values(self, node: NamedNode, predicate: NamedNode) -> list[str]:
        """The values of a property, in order."""
        quads = self.store.quads_for_pattern(node, predicate, None, DATA)
        objects = (quad.object for quad in quads)
        return sorted(o.value for o in objects if isinstance(o, NamedNode | Literal))

    def names(self, nodes: Iterable[NamedNode]) -> dict[NamedNode, str]:
        """The name of each thing that has one."""
        found = ((node, self.value(node, Schema.name)) for node in dict.fromkeys(nodes))
        return {node: name for node, name in found if name is not None}

    def spellings(self, node: NamedNode) -> list[str]:
        """The other IRIs by which other endpoints know it, in order."""
        quads = self.store.quads_for_pattern(node, Schema.same_as, None, self.iris.equivalents)
        return sorted(q.object.value for q in quads if isinstance(q.object, NamedNode))


def open_reading(held: Held) -> Reading:
    """Open a release for pages.

    It is held a second time, for whoever reads it may outlast what ``held`` is for; that ends
    when nobody has the :class:`Reading` any more.

    :raises ReleaseError: if it cannot be held or its store cannot be opened.
    """
    with ExitStack() as opened:
        opened.enter_context(hold_release(held.release))
        try:
            store = Store.read_only(str(held.release.store))
        except (OSError, RuntimeError) as error:
            path = held.release.store
            raise ReleaseError(f"{path}: cannot be opened ({error}): build again") from error
        search = mentions = None
        if held.release.search_index.is_file():
            search = opened.enter_context(open_index(held.release))
            mentions = open_mentions(held.release)
            opened.callback(mentions.close)
        reading = Reading(held.release, held.manifest, held.iris, store, search, mentions)
        weakref.finalize(reading, opened.pop_all().close)
    return reading


def _triple(quad: Quad) -> Triple:
    return Triple(quad.subject, quad.predicate, quad.object)
