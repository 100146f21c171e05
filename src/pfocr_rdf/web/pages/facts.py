"""Triples grouped by subject and property, for look-ups by pages."""

from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

Value = NamedNode | Literal


class Facts:
    """The properties of one thing with their values.

    >>> from pfocr_rdf.vocabulary import Schema
    >>> facts = Facts()
    >>> facts.add(Schema.name, Literal("PTGS1"))
    >>> facts.text(Schema.name), facts.text(Schema.caption), facts.nodes(Schema.about)
    ('PTGS1', None, [])
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[NamedNode, list[Value]] = {}

    def add(self, predicate: NamedNode, value: Value) -> None:
        """Add a value of a property."""
        self._values.setdefault(predicate, []).append(value)

    def texts(self, predicate: NamedNode) -> list[str]:
        """The literals of a property, sorted, because the store returns them in no order."""
        values = self._values.get(predicate, ())
        return sorted(value.value for value in values if isinstance(value, Literal))

    def text(self, predicate: NamedNode) -> str | None:
        """The first literal of a property."""
        return next(iter(self.texts(predicate)), None)

    def nodes(self, predicate: NamedNode) -> list[NamedNode]:
        """The things that a property links to, sorted by IRI."""
        values = self._values.get(predicate, ())
        return sorted((value for value in values if isinstance(value, NamedNode)), key=str)

    def node(self, predicate: NamedNode) -> NamedNode | None:
        """The first thing that a property links to."""
        return next(iter(self.nodes(predicate)), None)

    def items(self) -> list[tuple[NamedNode, list[Value]]]:
        """Every property with its values, both sorted."""
        return [
            (predicate, sorted(values, key=str))
            for predicate, values in sorted(self._values.items(), key=lambda item: str(item[0]))
        ]

    def __bool__(self) -> bool:
        return bool(self._values)


NOTHING: Final = Facts()


def by_subject(triples: Iterable[Triple]) -> Mapping[NamedNode, Facts]:
    """Subject → its facts."""
    found: dict[NamedNode, Facts] = {}
    for triple in triples:
        subject, value = triple.subject, triple.object
        if isinstance(subject, NamedNode) and isinstance(value, NamedNode | Literal):
            found.setdefault(subject, Facts()).add(triple.predicate, value)
    return found
