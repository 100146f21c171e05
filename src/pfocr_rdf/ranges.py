"""What the properties of each class lead to: things of which classes, literals of which datatypes.

VoID counts the triples of each class and property. What their objects are, which editors need to
complete a query and programs to write one, is described in the form in which SIB's editor asks an
endpoint for it: https://github.com/sib-swiss/sparql-editor
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.mapping import Node
from pfocr_rdf.vocabulary import RDF_TYPE, WAS_DERIVED_FROM, Pfocr, Schema

#: Mostly addresses, different for each figure, which are never described in another part than the
#: one with the link: keeping them until a description comes would take memory for each.
ADDRESSES: Final = frozenset(
    {
        *(Schema.url, Schema.content_url, Schema.main_entity_of_page, Schema.subject_of),
        *(Schema.image, Schema.sd_license, WAS_DERIVED_FROM, Pfocr.source_table),
    }
)
#: The classes of a thing.
Types = tuple[str, ...]
#: Numbers of triples by the class of their object, and by its datatype.
Ends = tuple[Counter[str], Counter[str]]
#: Predicate → the IRIs that it leads to, each with the number of triples.
Links = Mapping[NamedNode, Counter[NamedNode]]


@dataclass(slots=True)
class Ranges:
    """Counts of triples, by the classes of their subject.

    :param datatypes: (classes, predicate, datatype) → triples with such literals.
    :param classes: (classes, predicate, classes of the object) → triples.
    :param open: (classes, predicate) → IRI → triples, for IRIs that another part may describe.
    """

    datatypes: Counter[tuple[Types, str, str]] = field(default_factory=Counter)
    classes: Counter[tuple[Types, str, Types]] = field(default_factory=Counter)
    open: dict[tuple[Types, str], Counter[str]] = field(default_factory=dict)

    def lead(self, types: Types, links: Links, described: Mapping[NamedNode, Types]) -> None:
        """Count the links in one part from the things that have the classes ``types``.

        :param described: the classes of the things that are described in this part.
        """
        for predicate, found in links.items():
            name = predicate.value
            waiting: Counter[str] = Counter()
            for thing, times in found.items():
                if kinds := described.get(thing):
                    self.classes[types, name, kinds] += times
                elif predicate not in ADDRESSES:
                    waiting[thing.value] = times
            if waiting:
                self.open[types, name] = waiting

    def settle(self, described: Mapping[str, Types]) -> None:
        """Count the open links whose IRIs are described by their classes; the others stay open.

        :param described: IRI → its classes.
        """
        for (types, predicate), links in list(self.open.items()):
            left: Counter[str] = Counter()
            for iri, times in links.items():
                if found := described.get(iri):
                    self.classes[types, predicate, found] += times
                else:
                    left[iri] = times
            if left:
                self.open[types, predicate] = left
            else:
                del self.open[types, predicate]

    def merge(self, other: "Ranges") -> None:
        """Add another part's counts."""
        self.datatypes.update(other.datatypes)
        self.classes.update(other.classes)
        for key, links in other.open.items():
            self.open.setdefault(key, Counter()).update(links)

    def of_class(self) -> dict[tuple[str, str], Ends]:
        """(Class, predicate) → numbers of triples by class of their object, and by its datatype.

        >>> ranges = Ranges(datatypes=Counter({(("A", "B"), "name", "string"): 2}))
        >>> ranges.of_class()["B", "name"]
        (Counter(), Counter({'string': 2}))
        """
        found: dict[tuple[str, str], Ends] = {}
        for (types, predicate, kinds), times in self.classes.items():
            for name in types:
                classes, _ = found.setdefault((name, predicate), (Counter(), Counter()))
                for kind in kinds:
                    classes[kind] += times
        for (types, predicate, datatype), times in self.datatypes.items():
            for name in types:
                _, datatypes = found.setdefault((name, predicate), (Counter(), Counter()))
                datatypes[datatype] += times
        return found


def classes_of(nodes: Iterable[Node]) -> dict[str, Types]:
    """The classes of each subject that has any.

    >>> classes_of([Node(Schema.Gene, [(RDF_TYPE, Schema.Taxon)]), Node(Schema.Taxon, [])])
    {'http://schema.org/Gene': ('http://schema.org/Taxon',)}
    """
    found = {}
    for node in nodes:
        if types := tuple(value.value for predicate, value in node.facts if predicate == RDF_TYPE):
            found[node.subject.value] = types
    return found
