"""Why a query finds nothing: it asks of one thing what nothing in the release has together.

A tier belongs to a mention, not to its figure, nor to a gene that the figure leads to. The
description of a release says which properties the things of each class have, and to which classes
these lead: https://www.w3.org/TR/void/#class-property-partitions . Everything with two properties
has a class, except parts of the description: so if no class has both properties, nothing has.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode

from pfocr_rdf.contents import Quads, first_quad
from pfocr_rdf.diagnosis.demands import Demand, demands
from pfocr_rdf.iris import PFOCR, SCHEMA, VOID, VOID_EXT, Iris, term

PROPERTY: Final = term(VOID, "property")
PROPERTY_PARTITION: Final = term(VOID, "propertyPartition")
CLASS_PARTITION: Final = term(VOID, "classPartition")
CLASS: Final = term(VOID, "class")
TRIPLES: Final = term(VOID, "triples")
#: Namespaces of properties that partitions have or that lead to them: partitions have no class.
OF_PARTITIONS: Final = (VOID, VOID_EXT)
#: How the IRIs end that mean a name in other vocabularies, and the property for a name here.
CALLED: Final = ("#label", "#prefLabel", "/title", "/name")
NAME: Final = term(SCHEMA, "name")
#: How many of the classes whose things have a property are reported at most.
MOST_CLASSES: Final = 3

Classes = frozenset[NamedNode]
#: A part of the description, and the class that its triples lead to.
End = tuple[NamedNode, NamedNode]


@dataclass(frozen=True, slots=True)
class Apart:
    """A property that a thing of a query cannot have, or a class that it cannot be of.

    :param thing: a variable, an IRI in angle brackets, or ``[]``.
    :param lacks: the property; or a class, if ``via`` does not lead to things of it.
    :param beside: the class or property that the query asks for as well: nothing has both. None if
        the thing is an IRI, if the default graph has no such property, and if there is ``via``.
    :param classes: some of the classes whose things have the property.
    :param instead: the property for a name, if another one for it was asked for.
    :param graph: a named graph that has triples with the property; the default graph has none.
    :param via: the property by which another thing leads to this one; nothing that it leads to
        has ``lacks``.
    :param leads: some of the classes that ``via`` leads to.
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
    """What a query asks of its things in vain, at most once for each thing of a group.

    :param text: a well-formed query; its own prefixes take precedence over those of ``iris``.
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
    """What the description says of properties, each looked up once."""

    def __init__(self, store: Quads) -> None:
        self.store = store
        self._having: dict[Demand, Classes] = {}
        self._ends: dict[NamedNode, tuple[End, ...]] = {}

    def having(self, demand: Demand) -> Classes:
        """The classes of the things that have what is demanded."""
        if demand.is_class:
            return frozenset((demand.term,))
        if demand not in self._having:
            if demand.leads:
                self._having[demand] = frozenset(one for _, one in self.ends(demand.term))
            else:
                self._having[demand] = _classes_with(demand.term, self.store)
        return self._having[demand]

    def ends(self, found: NamedNode) -> tuple[End, ...]:
        """What a property leads to."""
        if found not in self._ends:
            self._ends[found] = tuple(_led_to(found, self.store))
        return self._ends[found]


def _elsewhere(thing: str, properties: Iterable[NamedNode], store: Quads) -> Iterator[Apart]:
    """The properties that no triple has, or only triples of named graphs."""
    for one in properties:
        if first_quad(store, None, one, None, DefaultGraph()) is None:
            quad = first_quad(store, None, one, None)
            graph = quad.graph_name if quad else None
            where = graph if isinstance(graph, NamedNode) else None
            yield Apart(thing, one, None, (), graph=where)


def _lacking(thing: str, demanded: Sequence[Demand], told: _Told) -> Iterator[Apart]:
    """The first property that an IRI does not have, though other things have it."""
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
    """The first property that nothing has together with what was asked for before.

    A property that no class has is not reported: the things that have it have no other property.
    """
    for at, one in enumerate(demanded):
        for other in demanded[:at]:
            # Whatever their order, what says more about the thing is taken as right: a property
            # that leads to it, then a class. The other one does not fit.
            first, lacks = (one, other) if _decides(one) > _decides(other) else (other, one)
            if _is_telling(first, lacks):
                having, classes = told.having(first), told.having(lacks)
                if having and classes and not having & classes:
                    yield _apart(thing, first, lacks, told)
                    return


def _decides(demand: Demand) -> int:
    """How much a demand says about what a thing is, from 0 to 2."""
    return 2 if demand.leads else int(demand.is_class)


def _is_telling(first: Demand, lacks: Demand) -> bool:
    """Whether two demands contradict each other if no class meets both.

    Two classes may share things; two properties may lead to one thing without a class, such as an
    address.
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
        leads = _mostly(told.ends(first.term), told.store)
        return Apart(thing, lacks.term, None, some, instead, via=first.term, leads=leads)
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


def _led_to(found: NamedNode, store: Quads) -> Iterator[End]:
    """Parts of the description: triples of a property that lead to things of a class."""
    here = DefaultGraph()
    for partition in store.quads_for_pattern(None, PROPERTY, found, here):
        for end in store.quads_for_pattern(partition.subject, CLASS_PARTITION, None, here):
            if isinstance(end.object, NamedNode):
                for described in store.quads_for_pattern(end.object, CLASS, None, here):
                    if isinstance(described.object, NamedNode):
                        yield end.object, described.object


def _mostly(ends: Sequence[End], store: Quads) -> tuple[NamedNode, ...]:
    """A few of the classes that a property leads to; if there are more, the most frequent ones."""
    classes = frozenset(one for _, one in ends)
    if len(classes) <= MOST_CLASSES:
        return _some(classes)
    times = Counter[NamedNode]()
    for part, one in ends:
        for quad in store.quads_for_pattern(part, TRIPLES, None, DefaultGraph()):
            times[one] += int(quad.object.value) if isinstance(quad.object, Literal) else 0
    return tuple(sorted(classes, key=lambda one: (-times[one], _rank(one)))[:MOST_CLASSES])


def _some(classes: Classes) -> tuple[NamedNode, ...]:
    """A few of the classes, first those of our own vocabulary, which are narrower."""
    return tuple(sorted(classes, key=_rank)[:MOST_CLASSES])


def _rank(one: NamedNode) -> tuple[bool, str]:
    return not one.value.startswith(PFOCR), one.value
