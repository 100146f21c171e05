"""What a release says of itself: its numbers, its classes with their properties, its files.

All is read from its manifest and from the description that is part of its data, so that it
costs the same for any number of figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import EQUIVALENTS, MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.iris import term
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
#: Dump file → what is in it; the files that are not data say so.
FILE_TO_WORDS: Final = {
    "pfocr.ttl.gz": "all data as Turtle",
    "pfocr.nt.gz": "all data as N-Triples",
    "pfocr.nq.gz": "all data as N-Quads",
    "pfocr.jsonl.gz": "all data as JSON-LD, one document a line",
    EQUIVALENTS.file: "other spellings of the IRIs, for joins with other endpoints",
    MAPPINGS.file: "links from mapping sets, a graph for each, each with its own licence",
    "void.ttl": "the description of the release: VoID, DCAT, schema.org",
    "manifest.json": "counts, sizes and checksums",
    "SHA256SUMS": "checksums, as sha256sum reads them",
}
FILE_TO_TYPE: Final = {
    **{form.file: form.media_type for form in NAME_TO_FORMAT.values()},
    "void.ttl": "text/turtle",
    "manifest.json": "application/json",
    "SHA256SUMS": "text/plain",
}


@dataclass(frozen=True, slots=True)
class File:
    """A dump file: what is in it, its media type, its size in bytes, its SHA-256."""

    name: str
    words: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ClassPartition:
    """A class, how many instances it has, and their properties with the number of triples."""

    iri: NamedNode
    instances: int
    properties: Sequence[tuple[NamedNode, int]]


def numbers(reading: Reading) -> dict[str, int]:
    """What the release has how many of, in the words of a page."""
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
    """The classes of the data, those with most instances first."""
    found = []
    for part in _partitions(reading):
        kind = _node(reading, part, "class")
        if kind is None:
            continue
        properties = []
        for inner in _nodes(reading, part, "propertyPartition"):
            predicate = _node(reading, inner, "property")
            if predicate is not None:
                properties.append((predicate, _count(reading, inner, "triples")))
        properties.sort(key=lambda pair: (-pair[1], pair[0].value))
        found.append(ClassPartition(kind, _count(reading, part, "entities"), tuple(properties)))
    return sorted(found, key=lambda one: (-one.instances, one.iri.value))


def example_figure(reading: Reading) -> str | None:
    """The figid of a figure that the release has."""
    figure = _node(reading, _rdf(reading), "exampleResource")
    return reading.value(figure, Schema.identifier) if figure is not None else None


def files(reading: Reading) -> list[File]:
    """The dump files, what most people want first."""
    known = dump_files(reading)
    order = [*FILE_TO_WORDS, *(name for name in known if name not in FILE_TO_WORDS)]
    return [
        File(name, FILE_TO_WORDS.get(name, ""), FILE_TO_TYPE.get(name, ""), *known[name])
        for name in order
        if name in known
    ]


def _rdf(reading: Reading) -> NamedNode:
    return reading.iris.part(reading.version, "rdf")


def _partitions(reading: Reading) -> Iterator[NamedNode]:
    return _nodes(reading, _rdf(reading), "classPartition")


def _nodes(reading: Reading, node: NamedNode, name: str) -> Iterator[NamedNode]:
    said = reading.said(node, term(ns.VOID, name))
    found = [triple.object for triple in said if isinstance(triple.object, NamedNode)]
    reading.read_ahead(found)
    return iter(found)


def _node(reading: Reading, node: NamedNode, name: str) -> NamedNode | None:
    return next(_nodes(reading, node, name), None)


def _count(reading: Reading, node: NamedNode, name: str) -> int:
    return int(reading.value(node, term(ns.VOID, name)) or 0)
