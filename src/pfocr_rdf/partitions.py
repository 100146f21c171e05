"""The VoID description of a release: statistics, class and property partitions, and linksets.

https://www.w3.org/TR/void/#statistics
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import Iris, encoded, term
from pfocr_rdf.mapping import Facts, Node, Object, integer_literal
from pfocr_rdf.ranges import Ends
from pfocr_rdf.tally import Tally
from pfocr_rdf.vocabulary import RDF_TYPE

CLASS: Final = term(ns.VOID, "class")
CLASS_PARTITION: Final = term(ns.VOID, "classPartition")
DATATYPE: Final = term(ns.VOID_EXT, "datatype")
DATATYPE_PARTITION: Final = term(ns.VOID_EXT, "datatypePartition")
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
        yield term(ns.VOID, "propertyPartition"), iris.part(version, _partition(name, iris))
    for link in sorted(total.links):
        yield term(ns.VOID, "subset"), iris.part(version, _linkset(*link, iris))


def partition_nodes(version: str, total: Tally, iris: Iris) -> Iterator[Node]:
    """Class partitions with the properties of their instances, and property partitions.

    Each property partition of a class has partitions by class and datatype of the objects, where
    SIB's editor looks for them: https://github.com/sib-swiss/sparql-editor
    """
    ranges = total.ranges.of_class()
    by_class: dict[str, dict[str, int]] = {}
    for (kind, predicate), count in total.class_properties.items():
        by_class.setdefault(kind, {})[predicate] = count
    for kind in sorted(total.classes):
        name = _partition(kind, iris)
        found: list[tuple[NamedNode, Object]] = [
            (CLASS, NamedNode(kind)),
            (term(ns.VOID, "entities"), integer_literal(total.classes[kind])),
        ]
        predicates = sorted(by_class.get(kind, ()))
        own = [iris.part(version, f"{name}.{_partition(p, iris)}") for p in predicates]
        found.extend((term(ns.VOID, "propertyPartition"), node) for node in own)
        yield Node(iris.part(version, name), found)
        for predicate, node in zip(predicates, own, strict=True):
            stated = list(_property(predicate, by_class[kind][predicate]))
            ends = list(_ends(node, ranges.get((kind, predicate)), iris))
            yield Node(node, [*stated, *((to, end.subject) for to, end in ends)])
            yield from (end for _, end in ends)
    for predicate in sorted(total.properties):
        node = iris.part(version, _partition(predicate, iris))
        yield Node(node, list(_property(predicate, total.properties[predicate])))


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
    yield term(ns.VOID, "property"), NamedNode(predicate)
    yield TRIPLES, integer_literal(count)


def _ends(node: NamedNode, found: Ends | None, iris: Iris) -> Iterator[tuple[NamedNode, Node]]:
    """Partitions of a class's property by class and datatype of its objects, with their links.

    :param node: the property partition, whose IRI theirs extend.
    :returns: pairs of the predicate that links to a partition, and the partition.
    """
    classes, datatypes = found or (Counter[str](), Counter[str]())
    counted = [
        *((CLASS_PARTITION, CLASS, *one) for one in sorted(classes.items())),
        *((DATATYPE_PARTITION, DATATYPE, *one) for one in sorted(datatypes.items())),
    ]
    for to, which, iri, count in counted:
        place = NamedNode(f"{node.value}.{encoded(_partition(iri, iris))}")
        yield to, Node(place, [(which, NamedNode(iri)), (TRIPLES, integer_literal(count))])


@lru_cache(maxsize=1024)
def _partition(iri: str, iris: Iris) -> str:
    """A readable fragment: ``schema-Gene`` for ``http://schema.org/Gene``."""
    return iris.prefixed(iri).replace(":", "-")


def _linkset(predicate: str, target: str, iris: Iris) -> str:
    return f"links.{_partition(predicate, iris)}.{target}"
