"""What a release says about itself: its numbers, its classes with their properties, its files.

All of it is read from the manifest and from the VoID description in the data, so the cost does not
depend on the number of figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import FILE_TO_TYPE, FILE_TO_WORDS
from pfocr_rdf.iris import term
from pfocr_rdf.partitions import CLASS, CLASS_PARTITION, DATATYPE, DATATYPE_PARTITION
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.downloads import dump_files
from pfocr_rdf.web.reading import Reading

#: Class → what its instances are called on a page.
CLASS_TO_WORD: Final = {
    Schema.ScholarlyArticle: "articles",
    Schema.Gene: "genes",
    Schema.ChemicalSubstance: "chemicals",
    Schema.MedicalCondition: "diseases",
    Schema.Taxon: "organisms",
}
#: Links from the partition of a property to those of the classes and datatypes of its values.
ENDS: Final = (CLASS_PARTITION, DATATYPE_PARTITION)


@dataclass(frozen=True, slots=True)
class File:
    """A dump file: its contents in words, its media type, its size in bytes, its SHA-256."""

    name: str
    words: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PropertyPartition:
    """A property of a class: its number of triples, and the classes and datatypes of its values."""

    iri: NamedNode
    triples: int
    ends: Sequence[NamedNode]


@dataclass(frozen=True, slots=True)
class ClassPartition:
    """A class, its number of instances, and their properties, the most frequent first."""

    iri: NamedNode
    instances: int
    properties: Sequence[PropertyPartition]


def numbers(reading: Reading) -> dict[str, int]:
    """How many figures, articles, genes and so on the release has: the page's word → number."""
    counted: dict[NamedNode, int] = {}
    for part in _partitions(reading):
        kind = _node(reading, part, "class")
        if kind is not None:
            counted[kind] = _count(reading, part, "entities")
    return {
        "figures": int(reading.manifest["figures"]),
        **{word: counted.get(kind, 0) for kind, word in CLASS_TO_WORD.items()},
        "triples": int(reading.manifest["triples"]),
    }


def class_partitions(reading: Reading) -> list[ClassPartition]:
    """The classes of the data, those with the most instances first."""
    found = []
    for part in _partitions(reading):
        kind = _node(reading, part, "class")
        if kind is None:
            continue
        properties = _properties(reading, part)
        found.append(ClassPartition(kind, _count(reading, part, "entities"), properties))
    return sorted(found, key=lambda one: (-one.instances, one.iri.value))


def _properties(reading: Reading, part: NamedNode) -> Sequence[PropertyPartition]:
    """The properties of a class, those with the most triples first."""
    below = list(_nodes(reading, part, "propertyPartition"))
    ends = {node: [end for how in ENDS for end in _objects(reading, node, how)] for node in below}
    reading.read_ahead([end for found in ends.values() for end in found])
    found = []
    for node in below:
        if (predicate := _node(reading, node, "property")) is not None:
            leads = tuple(_kinds(reading, ends[node]))
            found.append(PropertyPartition(predicate, _count(reading, node, "triples"), leads))
    return sorted(found, key=lambda one: (-one.triples, one.iri.value))


def _kinds(reading: Reading, ends: Sequence[NamedNode]) -> Iterator[NamedNode]:
    """The class or the datatype of each partition, those with the most triples first."""
    for end in sorted(ends, key=lambda end: (-_count(reading, end, "triples"), end.value)):
        for what in (CLASS, DATATYPE):
            yield from _objects(reading, end, what)


def example_figure(reading: Reading) -> str | None:
    """The figid of the release's example figure; None if it has none."""
    figure = _node(reading, _rdf(reading), "exampleResource")
    return reading.value(figure, Schema.identifier) if figure is not None else None


def files(reading: Reading) -> list[File]:
    """The dump files, those that most people want first."""
    known = dump_files(reading)
    order = [*FILE_TO_WORDS, *(name for name in known if name not in FILE_TO_WORDS)]
    found = [known[name] for name in order if name in known]
    return [
        File(f.name, FILE_TO_WORDS.get(f.name, ""), FILE_TO_TYPE.get(f.name, ""), f.size, f.sha256)
        for f in found
    ]


def _rdf(reading: Reading) -> NamedNode:
    return reading.iris.part(reading.version, "rdf")


def _partitions(reading: Reading) -> Iterator[NamedNode]:
    return _nodes(reading, _rdf(reading), "classPartition")


def _nodes(reading: Reading, node: NamedNode, name: str) -> Iterator[NamedNode]:
    found = _objects(reading, node, term(ns.VOID, name))
    reading.read_ahead(found)
    return iter(found)


def _objects(reading: Reading, node: NamedNode, predicate: NamedNode) -> list[NamedNode]:
    said = reading.said(node, predicate)
    return [triple.object for triple in said if isinstance(triple.object, NamedNode)]


def _node(reading: Reading, node: NamedNode, name: str) -> NamedNode | None:
    return next(_nodes(reading, node, name), None)


def _count(reading: Reading, node: NamedNode, name: str) -> int:
    return int(reading.value(node, term(ns.VOID, name)) or 0)
