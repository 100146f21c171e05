"""What VoID counts of a release: its statistics, class and property partitions, and linksets.

https://www.w3.org/TR/void/#statistics
"""

from collections.abc import Iterator

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Facts, Node, Object, integer_literal
from pfocr_rdf.tally import Tally
from pfocr_rdf.vocabulary import RDF_TYPE


def statistics(version: str, figures: int, total: Tally, iris: Iris) -> Facts:
    """The counts of the whole, and which partitions and linksets there are."""
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
        yield term(ns.VOID, "classPartition"), iris.part(version, _partition(name, iris))
    for name in sorted(total.properties):
        yield term(ns.VOID, "propertyPartition"), iris.part(version, _partition(name, iris))
    for link in sorted(total.links):
        yield term(ns.VOID, "subset"), iris.part(version, _linkset(*link, iris))


def partition_nodes(version: str, total: Tally, iris: Iris) -> Iterator[Node]:
    """Class partitions with the properties of their instances, and property partitions."""
    by_class: dict[str, dict[str, int]] = {}
    for (kind, predicate), count in total.class_properties.items():
        by_class.setdefault(kind, {})[predicate] = count
    for kind in sorted(total.classes):
        name = _partition(kind, iris)
        found: list[tuple[NamedNode, Object]] = [
            (term(ns.VOID, "class"), NamedNode(kind)),
            (term(ns.VOID, "entities"), integer_literal(total.classes[kind])),
        ]
        predicates = sorted(by_class.get(kind, ()))
        own = [iris.part(version, f"{name}.{_partition(p, iris)}") for p in predicates]
        found.extend((term(ns.VOID, "propertyPartition"), node) for node in own)
        yield Node(iris.part(version, name), found)
        for predicate, node in zip(predicates, own, strict=True):
            yield Node(node, list(_property(predicate, by_class[kind][predicate])))
    for predicate in sorted(total.properties):
        node = iris.part(version, _partition(predicate, iris))
        yield Node(node, list(_property(predicate, total.properties[predicate])))


def link_nodes(version: str, total: Tally, iris: Iris) -> Iterator[Node]:
    """The linksets: one for each predicate and dataset that it leads to."""
    for predicate, target in sorted(total.links):
        facts: list[tuple[NamedNode, Object]] = [
            (RDF_TYPE, term(ns.VOID, "Linkset")),
            (term(ns.VOID, "linkPredicate"), NamedNode(predicate)),
            (term(ns.VOID, "subjectsTarget"), iris.part(version, "rdf")),
            (term(ns.VOID, "objectsTarget"), NamedNode(ns.TARGET_TO_HOME[target])),
            (term(ns.VOID, "triples"), integer_literal(total.links[predicate, target])),
        ]
        yield Node(iris.part(version, _linkset(predicate, target, iris)), facts)


def _property(predicate: str, count: int) -> Facts:
    yield term(ns.VOID, "property"), NamedNode(predicate)
    yield term(ns.VOID, "triples"), integer_literal(count)


def _partition(iri: str, iris: Iris) -> str:
    """A readable fragment: ``schema-Gene`` for ``http://schema.org/Gene``."""
    return iris.prefixed(iri).replace(":", "-")


def _linkset(predicate: str, target: str, iris: Iris) -> str:
    return f"links.{_partition(predicate, iris)}.{target}"
