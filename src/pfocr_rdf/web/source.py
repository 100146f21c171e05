"""Where pages read the data of a release: in its own store, or in a backend that holds the same."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Protocol

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

DATA: Final = DefaultGraph()

Graph = DefaultGraph | NamedNode | None
Value = NamedNode | Literal


class Source(Protocol):
    """Quads by patterns that are fixed beforehand, for several threads at a time.

    Not for the thread of the event loop, if the quads come from a backend.
    """

    def quads(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: Value | None,
        graph: Graph = DATA,
        limit: int | None = None,
    ) -> Iterable[Quad]:
        """The quads of a pattern, in which None stands for anything.

        :param limit: at most so many; the source decides which, the same ones each time.
        """

    def triples(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode] = (),
        value: Value | None = None,
    ) -> list[Triple]:
        """The triples of the data about several subjects, in the order of the subjects.

        :param predicates: only triples with these properties; any if there are none.
        """

    def read_ahead(self, subjects: Sequence[NamedNode], graph: Graph = DATA) -> None:
        """Read the quads about subjects that will be asked for, if that saves requests."""


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
        """The quads of a pattern, read from the store as they are iterated over."""
        return islice(self.store.quads_for_pattern(subject, predicate, value, graph), limit)

    def triples(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode] = (),
        value: Value | None = None,
    ) -> list[Triple]:
        """The triples of the data about several subjects."""
        return [
            quad.triple
            for subject in subjects
            for predicate in predicates or (None,)
            for quad in self.store.quads_for_pattern(subject, predicate, value, DATA)
        ]

    def read_ahead(self, subjects: Sequence[NamedNode], graph: Graph = DATA) -> None:
        """Do nothing: a store is read when it is asked."""
