"""Why a query finds nothing: it asks one thing for what nothing in the release has together.

A tier is one of a mention, and neither of its figure nor of a gene, which the figure leads to. The
description of a release says of each class which properties its things have, and what these lead
to: https://www.w3.org/TR/void/#class-property-partitions . All of its things that have two
properties have a class, but for parts of the description, so what no class has together, nothing
has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode

from pfocr_rdf.contents import Quads
from pfocr_rdf.demands import Demand, demands
from pfocr_rdf.iris import PFOCR, SCHEMA, VOID, VOID_EXT, Iris, term

PROPERTY: Final = term(VOID, "property")
PROPERTY_PARTITION: Final = term(VOID, "propertyPartition")
CLASS_PARTITION: Final = term(VOID, "classPartition")
CLASS: Final = term(VOID, "class")
#: Partitions have no class, which properties of these lead to and are of.
OF_PARTITIONS: Final = (VOID, VOID_EXT)
#: What another vocabulary calls a name, by the ends of its IRIs, and what a name is here.
CALLED: Final = ("#label", "#prefLabel", "/title", "/name")
NAME: Final = term(SCHEMA, "name")
#: Of the classes whose things have a property, so many are told.
MOST_CLASSES: Final = 3

Classes = frozenset[NamedNode]


@dataclass(frozen=True, slots=True)
class Apart:
    """A property that a thing of a query cannot have, or a class that it cannot be of.

    :param thing: a variable, an IRI in angle brackets, or ``[]``.
    :param lacks: the property; or a class, where ``via`` does not lead to its things.
    :param beside: the class or property that it is asked for too: nothing has both. None where
        the thing is an IRI, and where there is ``graph`` or ``via``.
    :param classes: some of those whose things have the property.
    :param instead: the property by which a name is found, where one was asked for.
    :param graph: a named graph that has triples with the property; the default graph has none.
    :param via: the property of another thing that leads to this one, and to nothing that has it.
    :param leads: some of the classes that this leads to.
    """

    thing: str
    lacks: NamedNode
    beside: NamedNode | None
    classes: tuple[NamedNode, ...]
    instead: NamedNode | None = None
    graph: NamedNode | None = None
    via: NamedNode | None = None
    leads: tuple[NamedNode, ...] = ()


def apart(text: str, store: Quads, iris: Iris) -> Iterator[Apart]:
    """What a query asks its things for in vain, once for each thing.

    :param text: of a query that is well formed; its own prefixes go before those of ``iris``.
    """
    told = _Told(store)
    for thing, demanded in demands(text, iris.prefixes()):
        own = [one for one in demanded if not one.leads]
        unused = (one.term for one in own if not one.is_class and not told.having(one))
        if found := next(_elsewhere(thing, unused, store), None):
            yield found
        elif thing.startswith("<"):
            yield from _lacking(thing, own, told)
        else:
            yield from _never_together(thing, demanded, told)


class _Told:
    """What the description tells of properties, each asked once."""

    def __init__(self, store: Quads) -> None:
        self.store = store
        self._having: dict[Demand, Classes] = {}

    def having(self, demand: Demand) -> Classes:
        """The classes of the things that have what is demanded."""
        if demand.is_class:
            return frozenset((demand.term,))
        if demand not in self._having:
            find = _classes_led_to if demand.leads else _classes_with
            self._having[demand] = find(demand.term, self.store)
        return self._having[demand]


def _elsewhere(thing: str, properties: Iterable[NamedNode], store: Quads) -> Iterator[Apart]:
    """The properties that no triple has, or only those of named graphs."""
    for one in properties:
        if next(store.quads_for_pattern(None, one, None, DefaultGraph()), None) is None:
            quad = next(store.quads_for_pattern(None, one, None, None), None)
            graph = quad.graph_name if quad else None
            where = graph if isinstance(graph, NamedNode) else None
            yield Apart(thing, one, None, (), graph=where)


def _lacking(thing: str, demanded: Sequence[Demand], told: _Told) -> Iterator[Apart]:
    """The first property that an IRI does not have, of those that something has."""
    subject = NamedNode(thing[1:-1])

    def has(found: NamedNode) -> bool:
        quads = told.store.quads_for_pattern(subject, found, None, DefaultGraph())
        return next(quads, None) is not None

    for one in demanded:
        if not one.is_class and not has(one.term) and (classes := told.having(one)):
            is_called = one.term.value.endswith(CALLED) and has(NAME)
            yield Apart(thing, one.term, None, _some(classes), NAME if is_called else None)
            return


def _never_together(thing: str, demanded: Sequence[Demand], told: _Told) -> Iterator[Apart]:
    """The first property that nothing has beside what was asked for before.

    What no class has is told of nothing: it is a property of what has no other.
    """
    for at, one in enumerate(demanded):
        for other in demanded[:at]:
            # A class may stand behind: it is what the thing is, and the property does not fit. So
            # may what leads there.
            first, lacks = (one, other) if _decides(one) > _decides(other) else (other, one)
            if _is_telling(first, lacks):
                having, classes = told.having(first), told.having(lacks)
                if having and classes and not having & classes:
                    yield _apart(thing, first, lacks, told)
                    return


def _decides(demand: Demand) -> int:
    """How far a demand says what a thing is."""
    return 2 if demand.leads else int(demand.is_class)


def _is_telling(first: Demand, lacks: Demand) -> bool:
    """Whether it says something if no class has both.

    Two properties may lead to one thing that has no class, such as an address.
    """
    if first.leads:
        terms = (first.term.value, lacks.term.value)
        return not lacks.leads and not any(term.startswith(OF_PARTITIONS) for term in terms)
    return not lacks.is_class


def _apart(thing: str, first: Demand, lacks: Demand, told: _Told) -> Apart:
    having, classes = told.having(first), told.having(lacks)
    is_called = lacks.term.value.endswith(CALLED) and first != Demand(NAME)
    instead = NAME if is_called and having & told.having(Demand(NAME)) else None
    some = () if lacks.is_class else _some(classes)
    if first.leads:
        return Apart(thing, lacks.term, None, some, instead, via=first.term, leads=_some(having))
    return Apart(thing, lacks.term, first.term, some, instead)


def _classes_with(found: NamedNode, store: Quads) -> Classes:
    """The classes whose things have a property."""
    here = DefaultGraph()
    return frozenset(
        described.object
        for partition in store.quads_for_pattern(None, PROPERTY, found, here)
        for whole in store.quads_for_pattern(None, PROPERTY_PARTITION, partition.subject, here)
        for described in store.quads_for_pattern(whole.subject, CLASS, None, here)
        if isinstance(described.object, NamedNode)
    )


def _classes_led_to(found: NamedNode, store: Quads) -> Classes:
    """The classes of the things that a property leads to."""
    here = DefaultGraph()
    return frozenset(
        described.object
        for partition in store.quads_for_pattern(None, PROPERTY, found, here)
        for end in store.quads_for_pattern(partition.subject, CLASS_PARTITION, None, here)
        if isinstance(end.object, NamedNode)
        for described in store.quads_for_pattern(end.object, CLASS, None, here)
        if isinstance(described.object, NamedNode)
    )


def _some(classes: Classes) -> tuple[NamedNode, ...]:
    """A few of them, those of our own vocabulary first, which are narrower."""
    known = sorted(classes, key=lambda one: (not one.value.startswith(PFOCR), one.value))
    return tuple(known[:MOST_CLASSES])
