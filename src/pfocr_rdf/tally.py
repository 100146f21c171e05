"""Counts taken while the data are written: what VoID says of them, without a query."""

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.mapping import MENTIONS, Common, Node, Object
from pfocr_rdf.vocabulary import RDF_TYPE

HASH_BYTES: Final = 8
#: Distinct objects are counted share by share: a set of all would be the largest thing in memory.
SHARES: Final = 16
#: When so many more hashes are held than there were words at the last look, each is kept once.
SLACK: Final = 1 << 18
#: Linking predicate → (namespace, name) of each dataset that it leads to.
Targets = dict[NamedNode, tuple[tuple[str, str], ...]]
Predicates = tuple[NamedNode, ...]


def by_subject(nodes: Sequence[Node]) -> Sequence[Node]:
    """Nodes of which each has another subject: an alias may lead to two figures, or be one.

    >>> node = Node(RDF_TYPE, [(RDF_TYPE, RDF_TYPE)])
    >>> [len(merged.facts) for merged in by_subject([node, node])]
    [2]
    """
    merged: dict[NamedNode, Node] = {}
    for node in nodes:
        if other := merged.get(node.subject):
            node = Node(node.subject, [*other.facts, *node.facts])
        merged[node.subject] = node
    return list(merged.values())


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What thousands of nodes are like: their classes, and the predicates of their facts."""

    types: tuple[Object, ...]
    predicates: Predicates


@lru_cache(maxsize=MENTIONS)
def _shape(types: tuple[Object, ...], predicates: Predicates) -> Shape:
    """The one shape of these."""
    return Shape(types, predicates)


@lru_cache(maxsize=MENTIONS)
def _shape_and_hashes(common: Common) -> tuple[Shape, tuple[int, ...]]:
    """The shape of the nodes that have something in common, and the hashes of its objects."""
    facts = common.node(common.predicate, common.predicate).facts
    types = tuple(value for predicate, value in common.facts if predicate == RDF_TYPE)
    shape = _shape(types, tuple(predicate for predicate, _ in facts))
    return shape, tuple(_hash(str(value)) for _, value in common.facts)


def _places(predicates: Predicates, targets: Targets) -> tuple[list[int], list[int]]:
    """Where among predicates the types stand, and where the links to other datasets."""
    types = [at for at, predicate in enumerate(predicates) if predicate == RDF_TYPE]
    return types, [at for at, predicate in enumerate(predicates) if predicate in targets]


@dataclass(slots=True)
class Tally:
    """Counts of one part of the data; parts add up because each subject is in one part.

    ``objects`` are sorted arrays of hashes of the IRIs and literals that stand as objects, one
    for each part until there are many: the same word is an object in many parts, and eight bytes
    each is what counting them exactly costs. ``held`` is how many hashes they are, ``most`` when
    they are gone through for those that are there more than once.
    """

    triples: int = 0
    subjects: int = 0
    typed: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    class_properties: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[tuple[str, str]] = field(default_factory=Counter)
    objects: "list[array[int]]" = field(default_factory=list)
    held: int = 0
    most: int = SLACK

    def add(self, nodes: Sequence[Node], targets: Targets) -> None:
        """Count nodes, none of whose subjects is in another part."""
        shapes: Counter[Shape] = Counter()
        links: Counter[tuple[NamedNode, Object]] = Counter()
        objects: set[Object] = set()
        # Thousands of nodes have a few shapes: a shape is looked at once, then only counted.
        places: dict[Predicates, tuple[list[int], list[int]]] = {}
        for node in by_subject([node for node in nodes if node.common is None]):
            facts = node.facts
            predicates = tuple([predicate for predicate, _ in facts])
            found = places.get(predicates)
            if found is None:
                found = places[predicates] = _places(predicates, targets)
            of_types, of_links = found
            shapes[_shape(tuple([facts[at][1] for at in of_types]), predicates)] += 1
            objects.update([value for _, value in facts])
            if of_links:
                links.update([facts[at] for at in of_links])
        hashes = _add_alike(nodes, shapes, links, targets)
        hashes.update(_hash(str(value)) for value in objects)
        self._take_apart(shapes)
        self._link(links, targets)
        self.objects.append(array("Q", sorted(hashes)))
        self.held += len(hashes)

    def _take_apart(self, shapes: Counter[Shape]) -> None:
        for shape, times in shapes.items():
            self.triples += len(shape.predicates) * times
            self.subjects += times
            self.typed += times if shape.types else 0
            names = [str(kind.value) for kind in shape.types]
            for name in names:
                self.classes[name] += times
            for predicate, count in Counter(shape.predicates).items():
                iri = predicate.value
                self.properties[iri] += count * times
                for name in names:
                    self.class_properties[name, iri] += count * times

    def _link(self, links: Counter[tuple[NamedNode, Object]], targets: Targets) -> None:
        for (predicate, value), times in links.items():
            for namespace, name in targets[predicate]:
                if value.value.startswith(namespace):
                    self.links[predicate.value, name] += times
                    break

    def merge(self, other: "Tally") -> None:
        """Add another part's counts."""
        self.triples += other.triples
        self.subjects += other.subjects
        self.typed += other.typed
        self.classes.update(other.classes)
        self.properties.update(other.properties)
        self.class_properties.update(other.class_properties)
        self.links.update(other.links)
        self.objects.extend(other.objects)
        self.held += other.held
        if self.held > self.most:
            self.objects = [array("Q", sorted(found)) for found in self._shares()]
            self.held = sum(map(len, self.objects))
            self.most = 2 * self.held + SLACK

    def copy(self) -> "Tally":
        """An independent copy, which shares the hashes of the parts."""
        fresh = Tally(most=self.most)
        fresh.merge(self)
        return fresh

    @property
    def distinct_objects(self) -> int:
        """How many IRIs and literals stand as objects, each counted once."""
        return sum(map(len, self._shares()))

    def _shares(self) -> Iterator[set[int]]:
        """The hashes, each once, from the lowest on: a sixteenth at a time."""
        width = (1 << 8 * HASH_BYTES) // SHARES
        for low in range(0, SHARES * width, width):
            found: set[int] = set()
            for part in self.objects:
                found.update(part[bisect_left(part, low) : bisect_left(part, low + width)])
            yield found


def _add_alike(
    nodes: Sequence[Node],
    shapes: Counter[Shape],
    links: Counter[tuple[NamedNode, Object]],
    targets: Targets,
) -> set[int]:
    """Count the nodes that have something in common; the hashes of their objects."""
    alike: Counter[Common] = Counter()
    single: Counter[tuple[NamedNode, Object]] = Counter()
    for node in nodes:
        if common := node.common:
            alike[common] += 1
            single[node.facts[common.at]] += 1
    hashes = {_hash(str(value)) for _, value in single}
    linking: dict[Shape, bool] = {}
    for common, times in alike.items():
        shape, of_objects = _shape_and_hashes(common)
        shapes[shape] += times
        hashes.update(of_objects)
        if shape not in linking:
            linking[shape] = any(predicate in targets for predicate in shape.predicates)
        if linking[shape]:
            links.update({fact: times for fact in common.facts if fact[0] in targets})
    links.update({fact: times for fact, times in single.items() if fact[0] in targets})
    return hashes


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).digest(), "big")
