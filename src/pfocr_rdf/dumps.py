"""The dump formats: how a part of the data is written, and the files made of the parts.

A worker writes each part of the data once in every format, compressed; the parent only
appends. A gzip file may have many members (https://www.rfc-editor.org/rfc/rfc1952#section-2.2),
so every tool reads the files. Compression is libdeflate's, pinned and bundled: zlib's
output differs between its builds, and dumps must be the same bytes on any machine.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, cast

import deflate
from pyoxigraph import Quad, RdfFormat, Triple, serialize

from pfocr_rdf.iris import NDEX, SPECIFICATIONS, WIKIPATHWAYS, Iris
from pfocr_rdf.jsonld import compactor
from pfocr_rdf.listing import ListedFile
from pfocr_rdf.mapping import Node, triples
from pfocr_rdf.tally import Tally, Targets
from pfocr_rdf.vocabulary import CLOSE_MATCH, Pfocr, Schema

COMPRESSION_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class DumpFormat:
    """One way in which the data are published."""

    name: str
    file: str
    media_type: str
    specification: str


#: N-Quads of the default graph are N-Triples, byte for byte, so the two files are one.
FORMATS: Final = (
    DumpFormat("turtle", "pfocr.ttl.gz", "text/turtle", SPECIFICATIONS + "turtle/"),
    DumpFormat("ntriples", "pfocr.nt.gz", "application/n-triples", SPECIFICATIONS + "n-triples/"),
    DumpFormat("nquads", "pfocr.nq.gz", "application/n-quads", SPECIFICATIONS + "n-quads/"),
    DumpFormat("jsonld", "pfocr.jsonl.gz", "application/x-ndjson", SPECIFICATIONS + "json-ld11/"),
)
EQUIVALENTS: Final = DumpFormat(
    "equivalents", "equivalents.nq.gz", "application/n-quads", SPECIFICATIONS + "n-quads/"
)
#: Only if a build is given mapping sets.
MAPPINGS: Final = DumpFormat(
    "mappings", "mappings.nq.gz", "application/n-quads", SPECIFICATIONS + "n-quads/"
)
WRITTEN: Final = ("turtle", "ntriples", "jsonld", "equivalents")
NAME_TO_FORMAT: Final = {form.name: form for form in (*FORMATS, EQUIVALENTS, MAPPINGS)}
#: File in the folder of dumps → what is in it, data or not; the most used first.
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
#: File in the folder of dumps → its media type; for a compressed file, that of its content.
FILE_TO_TYPE: Final = {
    **{form.file: form.media_type for form in NAME_TO_FORMAT.values()},
    "void.ttl": "text/turtle",
    "manifest.json": "application/json",
    "SHA256SUMS": "text/plain",
}
#: The prefix of a name in Turtle; texts and IRIs come first, which may contain the like.
# https://www.w3.org/TR/turtle/#sec-grammar-grammar
PREFIX_RE: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|<[^>]*>|\b([a-z-]+):')


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the data in every format.

    ``trig`` is what the store loads: compared with N-Quads it takes half the work to parse, and a
    quarter of the bytes to send. ``compressed`` holds gzip members by format.
    """

    trig: bytes
    compressed: dict[str, bytes]
    tally: Tally
    equivalents: int
    mappings: int = 0


def make_part(
    documents: Sequence[Sequence[Node]],
    equivalents: Sequence[Quad],
    iris: Iris,
    mappings: Sequence[Quad] = (),
) -> Part:
    """Write some of the data in all formats.

    :param documents: the nodes of each JSON-LD document; a subject is in only one node of one part.
    :param equivalents: quads of the named graph of other spellings.
    :param mappings: quads of the named graphs of mapping sets.
    """
    nodes = list(chain.from_iterable(documents))
    statements = list(triples(nodes))
    tally = Tally()
    tally.add(nodes, link_targets(iris))
    prefixes = iris.prefixes()
    turtle = without_header(serialized(statements, RdfFormat.TURTLE, prefixes), prefixes)
    texts = {
        "turtle": turtle,
        "ntriples": serialized(statements, RdfFormat.N_TRIPLES),
        "jsonld": b"".join(map(compactor(iris).document, documents)),
        "equivalents": serialized(equivalents, RdfFormat.N_QUADS),
        "mappings": serialized(mappings, RdfFormat.N_QUADS),
    }
    named = [*equivalents, *mappings]
    trig = without_header(serialized(named, RdfFormat.TRIG, prefixes), prefixes)
    compressed = {name: compress(text) for name, text in texts.items() if text}
    return Part(turtle + trig, compressed, tally, len(equivalents), len(mappings))


def serialized(
    statements: Sequence[Triple] | Sequence[Quad],
    form: RdfFormat,
    prefixes: dict[str, str] | None = None,
) -> bytes:
    """Statements as pyoxigraph writes them; no bytes if there are none."""
    if not statements:
        return b""
    return cast("bytes", serialize(statements, format=form, prefixes=prefixes))


def compress(data: bytes, level: int = COMPRESSION_LEVEL) -> bytes:
    """One gzip member, without a time or a name in it."""
    return bytes(deflate.gzip_compress(data, level))


def uncompress(member: bytes) -> bytes:
    """The text of a gzip member.

    :raises ValueError: if it is not one, or not complete.
    """
    try:
        return bytes(deflate.gzip_decompress(member))
    except deflate.DeflateError as error:
        raise ValueError(f"no gzip member ({error})") from error


def text_length(member: bytes) -> int:
    """How many bytes of text a gzip member has, if below 4 GiB: its last four bytes say so.

    https://www.rfc-editor.org/rfc/rfc1952#page-8

    >>> text_length(compress(b"12345"))
    5
    """
    return int.from_bytes(member[-4:], "little")


def turtle_header(iris: Iris) -> bytes:
    """The prefix declarations of the Turtle dump, sorted: the serialiser promises no order."""
    one = Triple(iris.dataset, iris.dataset, iris.dataset)
    written = serialized([one], RdfFormat.TURTLE, iris.prefixes())
    return b"".join(sorted(written.splitlines(keepends=True)[: len(iris.prefixes())]))


def without_header(turtle: bytes, prefixes: dict[str, str]) -> bytes:
    """Turtle or TriG without the lines that declare its prefixes."""
    start = 0
    for _ in prefixes if turtle else ():
        start = turtle.index(b"\n", start) + 1
    return turtle[start:]


def turtle_document(statements: Sequence[Triple], iris: Iris) -> bytes:
    """A whole Turtle document, the same bytes each time."""
    prefixes = iris.prefixes()
    body = without_header(serialized(statements, RdfFormat.TURTLE, prefixes), prefixes)
    return turtle_header(iris) + body


def written_graph(statements: Sequence[Triple], form: str, iris: Iris) -> bytes:
    """A small graph as a whole document; Turtle declares only the prefixes that occur in it.

    :param form: turtle, ntriples, jsonld or rdfxml.
    """
    if form == "turtle":
        prefixes = iris.prefixes()
        body = without_header(serialized(statements, RdfFormat.TURTLE, prefixes), prefixes)
        return _header_for(body, iris) + body
    if form == "rdfxml":
        return serialized(statements, RdfFormat.RDF_XML, iris.prefixes())
    return serialized(statements, RdfFormat.N_TRIPLES if form == "ntriples" else RdfFormat.JSON_LD)


def _header_for(body: bytes, iris: Iris) -> bytes:
    """The declarations of the prefixes that occur in some Turtle."""
    used = {f"@prefix {name.decode()}:" for name in PREFIX_RE.findall(body)}
    lines = turtle_header(iris).decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.partition(" <")[0] in used).encode()


@cache
def link_targets(iris: Iris) -> Targets:
    """Linking predicate → (namespace, short name) of each dataset that it leads to."""
    namespaces = iris.prefixes()
    obo = namespaces["obo"]
    entities = (
        (namespaces["gene"], "ncbigene"),
        (namespaces["mesh"], "mesh"),
        (obo + "CHEBI_", "chebi"),
        (obo + "DOID_", "doid"),
    )
    taxa = ((namespaces["taxon"], "ncbitaxon"),)
    return {
        Schema.mentions: entities,
        CLOSE_MATCH: entities,
        Schema.about: taxa,
        Pfocr.predicted_organism: taxa,
        Schema.taxonomic_range: taxa,
        Schema.is_part_of: ((namespaces["pmc"], "pmc"),),
        Schema.subject_of: ((WIKIPATHWAYS, "wikipathways"), (NDEX, "ndex")),
    }


@dataclass(slots=True)
class DumpWriter:
    """Appends parts to the dump files of a folder; use it as a context manager.

    :param with_mappings: whether there is a file of links from mapping sets too.
    :raises OSError: when the disk is full; the message names the file.
    """

    folder: Path
    iris: Iris
    with_mappings: bool = False
    _files: dict[str, BinaryIO] = field(default_factory=dict)
    _hashes: dict[str, "hashlib._Hash"] = field(default_factory=dict)

    def __enter__(self) -> "DumpWriter":
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undoing:  # after an error here, nobody calls __exit__
            undoing.callback(self.__exit__)
            for name in (*WRITTEN, MAPPINGS.name) if self.with_mappings else WRITTEN:
                path = self.folder / NAME_TO_FORMAT[name].file
                self._files[name] = path.open("wb")
                self._hashes[name] = hashlib.sha256()
            self._write("turtle", compress(turtle_header(self.iris)))
            undoing.pop_all()
        return self

    def append(self, part: Part) -> None:
        """Add a part at the end of every file."""
        for name, member in part.compressed.items():
            self._write(name, member)

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._files[name].write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, NAME_TO_FORMAT[name].file) from error
        self._hashes[name].update(data)

    def finish(self) -> list[ListedFile]:
        """Close the files, an empty one with an empty gzip member; return sizes and hashes."""
        found = []
        for name, file in self._files.items():
            if not file.tell():
                self._write(name, compress(b""))
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise OSError(error.errno, error.strerror, NAME_TO_FORMAT[name].file) from error
            size = file.tell()
            file.close()
            found.append(
                ListedFile(NAME_TO_FORMAT[name].file, size, self._hashes[name].hexdigest())
            )
        plain = next(f for f in found if f.name == NAME_TO_FORMAT["ntriples"].file)
        quads = NAME_TO_FORMAT["nquads"].file
        _link_or_copy(self.folder / plain.name, self.folder / quads)
        return sorted([*found, ListedFile(quads, plain.size, plain.sha256)], key=lambda f: f.name)

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            # Closing flushes, which fails again on a full disk and would hide the error.
            with suppress(OSError):
                file.close()


def _link_or_copy(file: Path, other: Path) -> None:
    """Give a file a second name; copy it if the file system has no hard links."""
    try:
        os.link(file, other)
    except OSError:
        shutil.copyfile(file, other)
