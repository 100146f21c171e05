"""What changed between two releases: triples added and removed, and a summary by figure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

from pyoxigraph import Quad

from pfocr_rdf.contents import open_store
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import IS_REPLACED_BY

OTHER: Final = "(shared things and the dataset)"


@dataclass(frozen=True, slots=True)
class Change:
    """One quad that only one of the releases has."""

    sign: Literal["-", "+"]
    quad: Quad

    def __str__(self) -> str:
        return f"{self.sign} {self.quad} ."


@dataclass(slots=True)
class Summary:
    """Changes counted by figure."""

    removed: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)

    def count(self, change: Change, iris: Iris) -> None:
        """Take in one change."""
        counter = self.added if change.sign == "+" else self.removed
        counter[changed_thing(change.quad, iris)] += 1

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Figure, triples removed, triples added; by figid, the rest last."""
        names = self.removed.keys() | self.added.keys()
        for name in sorted(names, key=lambda n: (n == OTHER, n)):
            yield name, self.removed[name], self.added[name]


def compare_releases(old: Release, new: Release) -> Iterator[Change]:
    """Every quad of one release that the other lacks, removals first.

    Nothing is kept: each quad of one store is looked up in the other.

    :raises ReleaseError: if a store cannot be opened.
    """
    before, after = open_store(old), open_store(new)
    for quad in before:
        if quad not in after:
            yield Change("-", quad)
    for quad in after:
        if quad not in before:
            yield Change("+", quad)


def changed_thing(quad: Quad, iris: Iris) -> str:
    """The figid of the figure that a quad is about, or :data:`OTHER`.

    What is said of an alias is about the figure that it leads to.

    >>> from pyoxigraph import NamedNode
    >>> mention = Iris().mention("PMC1__f1", "gene", "a", "A", "")
    >>> changed_thing(Quad(mention, NamedNode("x:p"), mention), Iris())
    'PMC1__f1'
    """
    prefix = iris.base + "figures/"
    node = quad.object if quad.predicate == IS_REPLACED_BY else quad.subject
    iri = str(getattr(node, "value", ""))
    if not iri.startswith(prefix):
        return OTHER
    return unquote(iri[len(prefix) :].partition("#")[0])
