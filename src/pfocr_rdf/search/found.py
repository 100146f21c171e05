"""The results of search: plain values, without any markup."""

from dataclasses import dataclass
from typing import Literal

#: How strong the evidence is that a word in a picture names a gene.
Tier = Literal["symbol", "synonym", "family"]
TextName = Literal["caption", "words", "genes", "chemicals", "diseases", "source"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``matched`` says whether it is what was looked for."""

    text: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A figure that was found.

    ``title`` and ``article``, the title of its article, are complete, and empty if the record has
    none. ``snippet`` is cut from another text of the figure: the one that best shows why it was
    found, which ``snippet_of`` names. ``tier`` is the strongest evidence for a gene that was
    looked for; None if the words are found only in other fields. ``score`` orders the hits of one
    search: the higher, the better.
    """

    figid: str
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    snippet_of: TextName
    article: tuple[Piece, ...]
    year: str | None
    tier: Tier | None
    score: float


@dataclass(frozen=True, slots=True)
class Facet:
    """How many figures a search would find if it were narrowed to this value.

    ``value`` is what to give as the filter, ``label`` what people call it.
    """

    value: str
    label: str
    figures: int


@dataclass(frozen=True, slots=True)
class Thing:
    """A gene, chemical, disease or organism; ``organism`` is the name of a gene's species."""

    iri: str
    kind: str
    accession: str
    name: str
    organism: str | None
    figures: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of a text. ``iri`` is that of the thing with this name, None for a title."""

    text: str
    kind: str
    figures: int
    iri: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search.

    ``words`` are the words that were looked for, as they were typed, and ``left_out`` those
    beyond the number that a search takes. If no figure has all the words but others have some of
    them, ``all_words`` is false and the hits are those others. ``things`` are named by the text as
    a whole; the one that it identifies comes first. Facets count all figures that were found, on
    whatever page, and each kind of facet ignores the limit on that kind. ``meant`` is the text in a
    spelling that some figure has, if a word of it is in none and like another; else it is empty.
    ``excluded`` are words that no figure has that was found.
    """

    words: tuple[str, ...]
    left_out: tuple[str, ...]
    all_words: bool
    total: int
    things: tuple[Thing, ...]
    hits: tuple[Hit, ...]
    organisms: tuple[Facet, ...]
    years: tuple[Facet, ...]
    tiers: tuple[Facet, ...]
    meant: str = ""
    excluded: tuple[str, ...] = ()
