"""The VoID description of a release: statistics, class and property partitions, and linksets.

https://www.w3.org/TR/void/#statistics
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import Iris, encoded, term
from pfocr_rdf.mapping import Facts, Node, Object, integer_literal
from pfocr_rdf.tally import Tally
from pfocr_rdf.vocabulary import RDF_TYPE

CLASS: Final = term(ns.VOID, "class")
CLASS_PARTITION: Final = term(ns.VOID, "classPartition")
DATATYPE: Final = term(ns.VOID_EXT, "datatype")
DATATYPE_PARTITION: Final = term(ns.VOID_EXT, "datatypePartition")
ENTITIES: Final = term(ns.VOID, "entities")
PROPERTY: Final = term(ns.VOID, "property")
PROPERTY_PARTITION: Final = term(ns.VOID, "propertyPartition")
TRIPLES: Final = term(ns.VOID, "triples")


def statistics(version: str, figures: int, total: Tally, iris: Iris) -> Facts:
    """The counts of the whole release, and links to its partitions and linksets."""
    for name, count in (
        ("triples", total.triples),
        ("entities", total.typed),
        ("documents", figures),
        ("classes", len(total.classes)),
        ("properties", len(total.properties)),
        ("distinctSubjects", total.subjects),
        ("distinctObjects", total.distinct_objects),
    ):
        yield term(ns.VOID, name), integer_literal(count)
    for name in sorted(total.classes):
        yield CLASS_PARTITION, iris.part(version, _partition(name, iris))
    for name in sorted(total.properties):
        yield PROPERTY_PARTITION, iris.part(version, _partition(name, iris))
    for link in sorted(total.links):
        yield term(ns.VOID, "subset"), iris.part(version, _linkset(*link, iris))


@dataclass(frozen=True, slots=True)
class PropertyCounts:
    """A property of the things of a class: its triples, and those by class and datatype of object.

    :param classes: pairs of a class and its number of triples; ``datatypes`` likewise.
    """

    iri: str
    triples: int
    classes: tuple[tuple[str, int], ...]
    datatypes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """What the partition of a class states."""

    iri: str
    entities: int
    properties: tuple[PropertyCounts, ...]


def class_counts(total: Tally) -> Iterator[ClassCounts]:
    """The counts of each class, by IRI."""
    ranges = total.ranges.of_class()
    by_class: dict[str, dict[str, int]] = {}
    for (kind, predicate), count in total.class_properties.items():
        by_class.setdefault(kind, {})[predicate] = count
    for kind in sorted(total.classes):
        properties = []
        for predicate, count in sorted(by_class.get(kind, {}).items()):
            ends = ranges.get((kind, predicate), ())
            classes, datatypes = [tuple(sorted(found.items())) for found in ends] or [(), ()]
            properties.append(PropertyCounts(predicate, count, classes, datatypes))
        yield ClassCounts(kind, total.classes[kind], tuple(properties))


def class_nodes(version: str, counts: ClassCounts, iris: Iris) -> Iterator[Node]:
    """The partition of a class, and those of its properties.

    Each property partition of a class has partitions by class and datatype of the objects, where
    SIB's editor looks for them: https://github.com/sib-swiss/sparql-editor
    """
    name = _partition(counts.iri, iris)
    places = [iris.part(version, f"{name}.{_partition(p.iri, iris)}") for p in counts.properties]
    found: list[tuple[NamedNode, Object]] = [
        (CLASS, NamedNode(counts.iri)),
        (ENTITIES, integer_literal(counts.entities)),
    ]
    found.extend((PROPERTY_PARTITION, place) for place in places)
    yield Node(iris.part(version, name), found)
    for place, its in zip(places, counts.properties, strict=True):
        ends = list(_ends(place, its, iris))
        stated = _property(its.iri, its.triples)
        yield Node(place, [*stated, *((to, end.subject) for to, end in ends)])
        yield from (end for _, end in ends)


def property_nodes(version: str, total: Tally, iris: Iris) -> Iterator[Node]:
    """The partitions by property, whatever the class."""
    for predicate in sorted(total.properties):
        place = iris.part(version, _partition(predicate, iris))
        yield Node(place, list(_property(predicate, total.properties[predicate])))


def link_nodes(version: str, total: Tally, iris: Iris) -> Iterator[Node]:
    """The linksets: one for each pair of a predicate and a dataset that it links to."""
    for predicate, target in sorted(total.links):
        facts: list[tuple[NamedNode, Object]] = [
            (RDF_TYPE, term(ns.VOID, "Linkset")),
            (term(ns.VOID, "linkPredicate"), NamedNode(predicate)),
            (term(ns.VOID, "subjectsTarget"), iris.part(version, "rdf")),
            (term(ns.VOID, "objectsTarget"), NamedNode(ns.TARGET_TO_HOME[target])),
            (TRIPLES, integer_literal(total.links[predicate, target])),
        ]
        yield Node(iris.part(version, _linkset(predicate, target, iris)), facts)


def _property(predicate: str, count: int) -> Facts:
    yield PROPERTY, NamedNode(predicate)
    yield TRIPLES, integer_literal(count)


def _ends(place: NamedNode, counts: PropertyCounts, iris: Iris) -> Iterator[tuple[NamedNode, Node]]:
    """Partitions of a class's property by class and datatype of its objects, with their links.

    :param place: the property partition, whose IRI theirs extend.
    :returns: pairs of the predicate that links to a partition, and the partition.
    """
    counted = [
        *((CLASS_PARTITION, CLASS, *one) for one in counts.classes),
        *((DATATYPE_PARTITION, DATATYPE, *one) for one in counts.datatypes),
    ]
    for to, which, iri, count in counted:
        end = NamedNode(f"{place.value}.{encoded(_partition(iri, iris))}")
        yield to, Node(end, [(which, NamedNode(iri)), (TRIPLES, integer_literal(count))])


@lru_cache(maxsize=1024)
def _partition(iri: str, iris: Iris) -> str:
    """A readable fragment: ``schema-Gene`` for ``http://schema.org/Gene``."""
    return iris.prefixed(iri).replace(":", "-")


def _linkset(predicate: str, target: str, iris: Iris) -> str:
    return f"links.{_partition(predicate, iris)}.{target}"
