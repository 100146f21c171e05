"""Counts taken while triples are written: what VoID says of the data, without a query."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.jsonld import RDF_TYPE, Node

OBJECT_BYTES: Final = 8
Targets = dict[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Tally:
    """Counts of one part of the data; parts add up because each subject is in one part.

    ``objects`` are hashes of the IRIs that stand as objects: the same IRI is an object in many
    parts, and eight bytes each is what counting them exactly costs.
    """

    triples: int = 0
    subjects: int = 0
    typed: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    class_properties: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[tuple[str, str]] = field(default_factory=Counter)
    objects: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, found: Iterable[Node], targets: Targets) -> None:
        """Count nodes.

        :param targets: linking predicate → (namespace, name) of each dataset it leads to.
        """
        objects: set[str] = set()
        for node in found:
            self.subjects += 1
            types = [value.value for value in node.facts.get(RDF_TYPE, ())]
            self.typed += bool(types)
            self.classes.update(types)
            for predicate, values in node.facts.items():
                count = len(values)
                self.triples += count
                self.properties[predicate] += count
                for name in types:
                    self.class_properties[name, predicate] += count
                if values[0].__class__ is NamedNode:
                    iris = [value.value for value in values if value.__class__ is NamedNode]
                    objects.update(iris)
                    if predicate in targets:
                        self._link(predicate, iris, targets[predicate])
        for iri in sorted(objects):
            digest = hashlib.blake2b(iri.encode(), digest_size=OBJECT_BYTES).digest()
            self.objects.append(int.from_bytes(digest, "big"))

    def _link(self, predicate: str, iris: list[str], targets: tuple[tuple[str, str], ...]) -> None:
        for iri in iris:
            for namespace, name in targets:
                if iri.startswith(namespace):
                    self.links[predicate, name] += 1
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

    def copy(self) -> "Tally":
        """An independent copy."""
        fresh = Tally()
        fresh.merge(self)
        return fresh

    @property
    def distinct_objects(self) -> int:
        """How many IRIs stand as objects, each counted once."""
        return len(set(self.objects))
