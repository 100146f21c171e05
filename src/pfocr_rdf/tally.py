"""Counts for the VoID description, taken while the data are written, so that no query is needed."""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.mapping import MENTIONS, Common, Node, Object
from pfocr_rdf.ranges import Links, Ranges, Types
from pfocr_rdf.vocabulary import RDF_TYPE

#: Distinct objects are counted in so many shares: a set of all would be the largest in memory.
SHARES: Final = 16
#: Duplicate hashes are dropped when this many more are held than twice those left the last time.
SLACK: Final = 1 << 18
#: Linking predicate → (namespace, name) of each dataset that it leads to.
Targets = dict[NamedNode, tuple[tuple[str, str], ...]]


def by_subject(nodes: Sequence[Node]) -> Sequence[Node]:
    """Nodes, merged by subject: an alias may lead to two figures, or itself be a figure's id.

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


def merged_facts(nodes: Iterable[Node]) -> list[Node]:
    """Nodes without repetition: if the base is the publisher's own site, two facts are the same."""
    merged = by_subject(list(nodes))
    return [Node(node.subject, list(dict.fromkeys(node.facts))) for node in merged]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What thousands of nodes have in common: their classes, and the predicates of their facts.

    ``datatypes`` has an entry for each predicate: the datatype of a literal, None for an IRI.
    """

    types: tuple[Object, ...]
    predicates: tuple[NamedNode, ...]
    datatypes: tuple[NamedNode | None, ...]


@lru_cache(maxsize=MENTIONS)
def _shape(
    types: tuple[Object, ...],
    predicates: tuple[NamedNode, ...],
    datatypes: tuple[NamedNode | None, ...],
) -> Shape:
    """The shape of these, which is the same object each time."""
    return Shape(types, predicates, datatypes)


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """What is counted of nodes with the same :class:`Common`, but for the value of each alone."""

    shape: Shape
    hashes: tuple[int, ...]
    links: tuple[tuple[NamedNode, NamedNode], ...]


@lru_cache(maxsize=MENTIONS)
def _alike(common: Common) -> _Alike:
    facts = common.node(common.predicate, common.predicate).facts
    predicates = tuple([predicate for predicate, _ in facts])
    values = [value for _, value in facts]
    datatypes = tuple([None if isinstance(v, NamedNode) else v.datatype for v in values])
    types = tuple([value for predicate, value in facts if predicate == RDF_TYPE])
    links = [
        (predicate, value)
        for predicate, value in common.facts
        if isinstance(value, NamedNode) and predicate != RDF_TYPE
    ]
    hashes = tuple([hash(value) for _, value in common.facts])
    return _Alike(_shape(types, predicates, datatypes), hashes, tuple(links))


_ByPredicate = defaultdict[NamedNode, Counter[NamedNode]]


@dataclass(slots=True)
class _Group:
    """Counts of the nodes of a part with the same classes; ``links`` has the IRIs they lead to."""

    subjects: int = 0
    properties: Counter[NamedNode] = field(default_factory=Counter)
    datatypes: _ByPredicate = field(default_factory=lambda: defaultdict(Counter))
    links: _ByPredicate = field(default_factory=lambda: defaultdict(Counter))

    def count(self, said: Mapping[NamedNode, Sequence[Object]]) -> None:
        """Count the facts of one node, without its classes."""
        self.subjects += 1
        for predicate, values in said.items():
            self.properties[predicate] += len(values)
            if len(values) > 1:
                self._count_all(predicate, values)
            elif isinstance(value := values[0], NamedNode):
                self.links[predicate][value] += 1
            else:
                self.datatypes[predicate][value.datatype] += 1

    def count_untyped(self, said: Mapping[NamedNode, Sequence[Object]], targets: Targets) -> None:
        """Count the facts of a node without classes: what they lead to is of no class's ranges."""
        self.subjects += 1
        for predicate, values in said.items():
            self.properties[predicate] += len(values)
            if predicate in targets:
                self.links[predicate].update([v for v in values if isinstance(v, NamedNode)])

    def _count_all(self, predicate: NamedNode, values: Sequence[Object]) -> None:
        if things := [value for value in values if isinstance(value, NamedNode)]:
            self.links[predicate].update(things)
        if len(things) < len(values):
            kinds = [value.datatype for value in values if not isinstance(value, NamedNode)]
            self.datatypes[predicate].update(kinds)

    def count_shape(self, shape: Shape, times: int) -> None:
        """Count nodes of one shape, but for the IRIs that they lead to."""
        self.subjects += times
        for predicate, datatype in zip(shape.predicates, shape.datatypes, strict=True):
            self.properties[predicate] += times
            if datatype:
                self.datatypes[predicate][datatype] += times


_Groups = defaultdict[tuple[Object, ...], _Group]


@dataclass(slots=True)
class Tally:
    """Counts of one part of the data; parts add up because each subject is in one part.

    ``objects`` are sorted arrays of hashes of the IRIs and literals that are objects, one for
    each part until there are many: the same word is an object in many parts, and counting them
    exactly costs eight bytes each. ``held`` is the number of hashes in all; when it exceeds
    ``most``, duplicates are dropped.
    """

    triples: int = 0
    subjects: int = 0
    typed: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    class_properties: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[tuple[str, str]] = field(default_factory=Counter)
    ranges: Ranges = field(default_factory=Ranges)
    objects: "list[array[int]]" = field(default_factory=list)
    held: int = 0
    most: int = SLACK

    def add(self, nodes: Sequence[Node], targets: Targets) -> None:
        """Count nodes, none of whose subjects is in another part."""
        groups: _Groups = defaultdict(_Group)
        # Hashes of terms: unlike those of str, they are the same in every process.
        hashes = _add_alike(nodes, groups)
        described: dict[NamedNode, Types] = {}
        for node in by_subject([node for node in nodes if node.common is None]):
            said: defaultdict[NamedNode, list[Object]] = defaultdict(list)
            for predicate, value in node.facts:
                said[predicate].append(value)
            hashes.update([hash(value) for _, value in node.facts])
            types = tuple(said.pop(RDF_TYPE, ()))
            if types:
                groups[types].count(said)
                described[node.subject] = tuple([kind.value for kind in types])
            else:
                groups[types].count_untyped(said, targets)
        for types, group in groups.items():
            group.properties[RDF_TYPE] = len(types) * group.subjects
            names = tuple([kind.value for kind in types])
            self._take(names, group)
            self._link(group.links, targets)
            if names:
                self.ranges.lead(names, group.links, described)
        self.objects.append(array("q", sorted(hashes)))
        self.held += len(hashes)

    def _take(self, names: Types, group: _Group) -> None:
        self.triples += group.properties.total()
        self.subjects += group.subjects
        self.typed += group.subjects if names else 0
        for name in names:
            self.classes[name] += group.subjects
        for predicate, count in group.properties.items():
            if count:
                iri = predicate.value
                self.properties[iri] += count
                for name in names:
                    self.class_properties[name, iri] += count
        if names:
            for predicate, found in group.datatypes.items():
                for datatype, count in found.items():
                    self.ranges.datatypes[names, predicate.value, datatype.value] += count

    def _link(self, links: Links, targets: Targets) -> None:
        for predicate in links.keys() & targets.keys():
            for value, times in links[predicate].items():
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
        self.ranges.merge(other.ranges)
        self.objects.extend(other.objects)
        self.held += other.held
        if self.held > self.most:
            self.drop_duplicates()
            self.most = 2 * self.held + SLACK

    def drop_duplicates(self) -> None:
        """Hold each hash once."""
        self.objects = [array("q", sorted(found)) for found in self._shares()]
        self.held = sum(map(len, self.objects))

    @property
    def counts(self) -> tuple[object, ...]:
        """What a description states; equal if two descriptions state the same."""
        return self.triples, self.properties, self.class_properties, self.ranges, self.objects

    @property
    def distinct_objects(self) -> int:
        """How many IRIs and literals are objects, each counted once."""
        return sum(map(len, self._shares()))

    def _shares(self) -> Iterator[set[int]]:
        """The distinct hashes, from the lowest on: a sixteenth of their range at a time."""
        width = (1 << 64) // SHARES
        for low in range(-(1 << 63), 1 << 63, width):
            found: set[int] = set()
            for part in self.objects:
                found.update(part[bisect_left(part, low) : bisect_left(part, low + width)])
            yield found


def _add_alike(nodes: Sequence[Node], groups: _Groups) -> set[int]:
    """Count the nodes that have a :class:`Common`; return the hashes of their objects."""
    found: defaultdict[Common, list[Object]] = defaultdict(list)
    for node in nodes:
        if common := node.common:
            found[common].append(node.facts[common.at][1])
    shapes: Counter[Shape] = Counter()
    single: set[Object] = set()
    hashes: set[int] = set()
    for common, values in found.items():
        alike, times = _alike(common), len(values)
        shapes[alike.shape] += times
        hashes.update(alike.hashes)
        links = groups[alike.shape.types].links
        links[common.predicate].update([one for one in values if isinstance(one, NamedNode)])
        single.update(values)
        for predicate, value in alike.links:
            links[predicate][value] += times
    for shape, times in shapes.items():
        groups[shape.types].count_shape(shape, times)
    hashes.update([hash(value) for value in single])
    return hashes
