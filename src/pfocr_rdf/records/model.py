"""What a record says, as plain values: the output of reading, the input of mapping."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pfocr_rdf.iris import Namespace

Kind = Literal["gene", "chemical", "disease"]
KINDS: tuple[Kind, ...] = ("gene", "chemical", "disease")


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A record that was found but not yet read.

    ``file`` is its path relative to the input folder, ``tables`` the companion tables that
    exist, each a kind and its path; ``ndex`` and ``wpids`` come from the two map files.
    """

    figid: str
    path: str
    file: str
    tables: tuple[tuple[Kind, str], ...] = ()
    ndex: str | None = None
    wpids: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The record and its tables."""
        return self.path, *(path for _, path in self.tables)


@dataclass(frozen=True, slots=True)
class Organism:
    """An organism; ``taxon`` is its NCBI taxonomy id where the name is known.

    ``name`` is empty where a table gives the id alone.
    """

    name: str
    taxon: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that a word in the picture may stand for.

    ``named`` is false where the record gives no name, so that the word has to serve as one.
    ``close`` is a closely matching term of another vocabulary, ``close_name`` its name, or empty.
    """

    namespace: Namespace
    accession: str
    name: str
    named: bool = True
    organism: Organism | None = None
    close: tuple[Namespace, str] | None = None
    close_name: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """One reading of the picture: the rows that share kind, word, match and source."""

    kind: Kind
    word: str
    match: str
    source: str
    candidates: tuple[Candidate, ...]
    row_count: int
    unrecognized: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # Of the candidates only the accessions, for speed: mentions are looked up a million times.
        # Accessions distinguish the same word in different organisms.
        ids = [one.accession for one in self.candidates]
        return hash((self.kind, self.word, self.match, self.source, *ids))


@dataclass(frozen=True, slots=True)
class Support:
    """How well one organism's genes explain a figure: the tables' three counts.

    ``direct`` and ``synonym`` count genes, ``match`` counts words.
    """

    organism: Organism
    group: str | None
    direct: tuple[int, ...]
    synonym: tuple[int, ...]
    match: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """What a record says about the article that the figure is in."""

    pmcid: str
    title: str | None
    citation: str | None
    year: str | None
    doi: str | None
    journal: str | None
    journal_abbreviation: str | None
    publisher: str | None
    keywords: tuple[str, ...]
    unrecognized: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """The content of one record."""

    figid: str
    alias: str | None
    article: Article
    title: str | None
    caption: str | None
    caption_as_found: str | None
    number: str | None
    printed_number: str | None
    figure_type: str | None
    pmc_path: str | None
    filename: str
    score: Decimal | None
    search_rank: int | None
    organisms: tuple[Organism, ...]
    predicted_organisms: tuple[Organism, ...]
    supports: tuple[Support, ...]
    ndex: str | None
    wpids: tuple[str, ...]
    keywords: tuple[str, ...]
    mentions: tuple[Mention, ...]
    source: str
    source_sha256: str
    tables: tuple[str, ...]
    unrecognized: tuple[str, ...]
