"""Where pages read the data of a release: its own store, or a backend that holds the same."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Protocol

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

DATA: Final = DefaultGraph()

Graph = DefaultGraph | NamedNode | None
Value = NamedNode | Literal


class Source(Protocol):
    """Quads by patterns that are known beforehand; any thread may ask, several at a time."""

    def quads(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: Value | None,
        graph: Graph = DATA,
        limit: int | None = None,
    ) -> Iterable[Quad]:
        """The quads of a pattern, in which None stands for anything.

        :param limit: at most so many; which ones, the source decides, the same each time.
        """

    def triples(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode] = (),
        value: Value | None = None,
    ) -> list[Triple]:
        """What the data say of several things, those first that are named first.

        :param predicates: with these properties; none is any.
        """

    def read_ahead(self, subjects: Sequence[NamedNode], graph: Graph = DATA) -> None:
        """Read what is said of things that will be asked about, where that saves requests."""


class StoreSource:
    """The store of a release."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def quads(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: Value | None,
        graph: Graph = DATA,
        limit: int | None = None,
    ) -> Iterable[Quad]:
        """The quads of a pattern, as the store comes upon them."""
        return islice(self.store.quads_for_pattern(subject, predicate, value, graph), limit)

    def triples(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode] = (),
        value: Value | None = None,
    ) -> list[Triple]:
        """What the data say of several things."""
        return [
            quad.triple
            for subject in subjects
            for predicate in predicates or (None,)
            for quad in self.store.quads_for_pattern(subject, predicate, value, DATA)
        ]

    def read_ahead(self, subjects: Sequence[NamedNode], graph: Graph = DATA) -> None:
        """A store is read when it is asked."""
