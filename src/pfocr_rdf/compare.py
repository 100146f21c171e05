"""What changed between two releases: triples added and removed, and a summary by figure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

from pyoxigraph import DefaultGraph, Quad, Store

from pfocr_rdf.contents import open_store
from pfocr_rdf.dumps import EQUIVALENTS, MAPPINGS
from pfocr_rdf.iris import VOCABULARY, WIKIPATHWAYS_HOME, Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.verify import Tell
from pfocr_rdf.vocabulary import IS_REPLACED_BY

SHARED: Final = "(genes, articles and other shared things)"
MAPPED: Final = "(links of mapping sets)"
DEFINED: Final = "(vocabulary)"
DESCRIBED: Final = "(description of the release)"
#: What triples may be about that belong to no single figure, in the order of the summary.
OTHERS: Final = (SHARED, MAPPED, DEFINED, DESCRIBED)
#: The keys under which a manifest counts the quads of a store.
COUNTS: Final = ("triples", EQUIVALENTS.name, MAPPINGS.name)
#: Progress is reported every so many quads, a fraction of a second.
TOLD_QUADS: Final = 20_000


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

    def count(self, change: Change, iris: Iris) -> str:
        """Count one change, and return what it is about.

        :param iris: those of the release that has the quad.
        """
        counter = self.added if change.sign == "+" else self.removed
        thing = changed_thing(change.quad, iris)
        counter[thing] += 1
        return thing

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Figure, triples removed, triples added; by figid, then :data:`OTHERS`."""
        names = self.removed.keys() | self.added.keys()
        figures = sorted(names - set(OTHERS))
        for name in (*figures, *(other for other in OTHERS if other in names)):
            yield name, self.removed[name], self.added[name]


def compare_releases(old: Release, new: Release, tell: Tell = lambda _: None) -> Iterator[Change]:
    """Every quad that only one of two releases has, removals first.

    No quads are kept in memory: each quad of one store is looked up in the other.

    :param tell: called with the progress; comparing releases of 120,000 figures takes minutes.
    :raises ReleaseError: if a store cannot be opened.
    """
    before, after = open_store(old), open_store(new)
    for quad in _read(before, old, tell):
        if quad not in after:
            yield Change("-", quad)
    for quad in _read(after, new, tell):
        if quad not in before:
            yield Change("+", quad)


def _read(store: Store, release: Release, tell: Tell) -> Iterator[Quad]:
    """The quads of a release, with reports of how many have been read."""
    counts = map(release.manifest().get, COUNTS)
    total = sum(count for count in counts if isinstance(count, int))
    for number, quad in enumerate(store):
        if number % TOLD_QUADS == 0:
            tell(f"{release.id}: {number:,} of {total:,} triples compared")
        yield quad


def changed_thing(quad: Quad, iris: Iris) -> str:
    """The figid of the figure that a quad is about, or the one of :data:`OTHERS` that it is.

    A triple of an alias is about the figure that the alias leads to. The description is counted
    apart because each release has its own: its IRIs, and so nearly all of its triples, differ.

    >>> from pyoxigraph import NamedNode
    >>> mention = Iris().mention("PMC1__f1", "gene", "a", "A", "")
    >>> changed_thing(Quad(mention, NamedNode("x:p"), mention), Iris())
    'PMC1__f1'
    """
    prefix = iris.base + "figures/"
    node = quad.object if quad.predicate == IS_REPLACED_BY else quad.subject
    iri = str(getattr(node, "value", ""))
    if quad.graph_name not in (DefaultGraph(), iris.equivalents):
        return MAPPED
    if iri.startswith(prefix):
        return unquote(iri[len(prefix) :].partition("#")[0])
    if iri.startswith(VOCABULARY):
        return DEFINED
    own = {iris.dataset.value, iris.home.value, WIKIPATHWAYS_HOME}
    return DESCRIBED if iri in own or iri.startswith(iris.release("").value) else SHARED
