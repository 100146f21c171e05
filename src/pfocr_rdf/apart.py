"""Why a query finds nothing: it asks one thing for what nothing in the release has together.

A tier is one of a mention, and not of its figure. The description of a release says of each class
which properties its things have: https://www.w3.org/TR/void/#class-property-partitions . All of its
things that have two properties have a class, so what no class has together, nothing has.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode

from pfocr_rdf.contents import Quads
from pfocr_rdf.demands import Demand, demands
from pfocr_rdf.iris import PFOCR, SCHEMA, VOID, Iris, term

PROPERTY: Final = term(VOID, "property")
PROPERTY_PARTITION: Final = term(VOID, "propertyPartition")
CLASS: Final = term(VOID, "class")
#: What another vocabulary calls a name, by the ends of its IRIs, and what a name is here.
CALLED: Final = ("#label", "#prefLabel", "/title", "/name")
NAME: Final = term(SCHEMA, "name")
#: Of the classes whose things have a property, so many are told.
MOST_CLASSES: Final = 3

ClassesWith = Callable[[NamedNode], frozenset[NamedNode]]


@dataclass(frozen=True, slots=True)
class Apart:
    """A property that a thing of a query cannot have.

    :param thing: a variable, an IRI in angle brackets, or ``[]``.
    :param beside: the class or property that it is asked for too: nothing has both. None where
        the thing is an IRI.
    :param classes: some of those whose things have the property.
    :param instead: the property by which a name is found, where one was asked for.
    :param graph: a named graph that has triples with the property; the default graph has none.
    """

    thing: str
    lacks: NamedNode
    beside: NamedNode | None
    classes: tuple[NamedNode, ...]
    instead: NamedNode | None = None
    graph: NamedNode | None = None


def apart(text: str, store: Quads, iris: Iris) -> Iterator[Apart]:
    """What a query asks its things for in vain, once for each thing.

    :param text: of a query that is well formed; its own prefixes go before those of ``iris``.
    """
    known = dict[NamedNode, frozenset[NamedNode]]()

    def classes_with(found: NamedNode) -> frozenset[NamedNode]:
        if found not in known:
            known[found] = _classes_with(found, store)
        return known[found]

    for thing, demanded in demands(text, iris.prefixes()):
        unused = (one.term for one in demanded if not one.is_class and not classes_with(one.term))
        if found := next(_elsewhere(thing, unused, store), None):
            yield found
        elif thing.startswith("<"):
            yield from _lacking(thing, demanded, classes_with, store)
        else:
            yield from _never_together(thing, demanded, classes_with)


def _elsewhere(thing: str, properties: Iterable[NamedNode], store: Quads) -> Iterator[Apart]:
    """The properties that no triple has, or only those of named graphs."""
    for one in properties:
        if next(store.quads_for_pattern(None, one, None, DefaultGraph()), None) is None:
            quad = next(store.quads_for_pattern(None, one, None, None), None)
            graph = quad.graph_name if quad else None
            where = graph if isinstance(graph, NamedNode) else None
            yield Apart(thing, one, None, (), graph=where)


def _lacking(
    thing: str, demanded: Sequence[Demand], classes_with: ClassesWith, store: Quads
) -> Iterator[Apart]:
    """The first property that an IRI does not have, of those that something has."""
    subject = NamedNode(thing[1:-1])

    def has(found: NamedNode) -> bool:
        quads = store.quads_for_pattern(subject, found, None, DefaultGraph())
        return next(quads, None) is not None

    for one in demanded:
        if not one.is_class and not has(one.term) and (classes := classes_with(one.term)):
            is_called = one.term.value.endswith(CALLED) and has(NAME)
            yield Apart(thing, one.term, None, _some(classes), NAME if is_called else None)
            return


def _never_together(
    thing: str, demanded: Sequence[Demand], classes_with: ClassesWith
) -> Iterator[Apart]:
    """The first property that nothing has beside a class or a property that was asked for before.

    What no class has is told of nothing: it is a property of what has no other.
    """
    for at, one in enumerate(demanded):
        for other in demanded[:at]:
            # A class may stand behind: it is what the thing is, and the property does not fit.
            kind, lacks = (one, other) if one.is_class else (other, one)
            if lacks.is_class:
                continue
            having = frozenset((kind.term,)) if kind.is_class else classes_with(kind.term)
            classes = classes_with(lacks.term)
            if having and classes and not having & classes:
                is_called = lacks.term.value.endswith(CALLED) and kind.term != NAME
                instead = NAME if is_called and having & classes_with(NAME) else None
                yield Apart(thing, lacks.term, kind.term, _some(classes), instead)
                return


def _classes_with(found: NamedNode, store: Quads) -> frozenset[NamedNode]:
    """The classes whose things have a property."""
    here = DefaultGraph()
    return frozenset(
        described.object
        for partition in store.quads_for_pattern(None, PROPERTY, found, here)
        for whole in store.quads_for_pattern(None, PROPERTY_PARTITION, partition.subject, here)
        for described in store.quads_for_pattern(whole.subject, CLASS, None, here)
        if isinstance(described.object, NamedNode)
    )


def _some(classes: frozenset[NamedNode]) -> tuple[NamedNode, ...]:
    """A few of them, those of our own vocabulary first, which are narrower."""
    known = sorted(classes, key=lambda one: (not one.value.startswith(PFOCR), one.value))
    return tuple(known[:MOST_CLASSES])
