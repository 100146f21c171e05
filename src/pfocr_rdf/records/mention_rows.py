"""One row of a table or of front matter → its word, match, source and candidate.

A row in which nothing has to be reported is interpreted once, however many figures have it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Final

from pfocr_rdf.errors import with_article
from pfocr_rdf.iris import NAMESPACE_TO_SHAPE, TAXON_RE, Namespace
from pfocr_rdf.possessive import re
from pfocr_rdf.records.model import KINDS, Candidate, Kind, Mention, Organism
from pfocr_rdf.records.notes import Notes
from pfocr_rdf.records.organisms import Taxa, folded
from pfocr_rdf.records.plain import Item
from pfocr_rdf.records.tables import KIND_TO_COLUMNS
from pfocr_rdf.records.text import one_line, present
from pfocr_rdf.recurring import LONGEST, remembered

KIND_TO_FIELD: Final[dict[Kind, str]] = {
    "gene": "genes",
    "chemical": "chemicals",
    "disease": "diseases",
}
HUMAN: Final = Organism("Homo sapiens", "9606")
INLINE_COLUMNS: Final[dict[Kind, frozenset[str]]] = {
    "gene": frozenset({"word", "symbol", "source", "hgnc_symbol", "entrez"}),
    "chemical": frozenset({"word", "source", "identifier"}),
    "disease": frozenset({"word", "source", "identifier"}),
}
#: Lexicon → tier, that is how strong a hit in it is, the strongest first (``ontology/pfocr.ttl``
#: has a term for each).
LEXICON_TO_TIER: Final[dict[str, str | None]] = {
    "hgnc_symbol": "symbol",
    "ncbigene_symbol": "symbol",
    "hgnc_alias_symbol": "synonym",
    "hgnc_prev_symbol": "synonym",
    "ncbigene_synonym": "synonym",
    "bioentities_symbol": "family",
    "famplex_relations": "family",
    "MESH": None,
}
#: MeSH has no genes, and the other lexicons have only genes.
KIND_TO_LEXICONS: Final[dict[Kind, frozenset[str]]] = {
    kind: frozenset(
        name for name, tier in LEXICON_TO_TIER.items() if (tier is not None) == (kind == "gene")
    )
    for kind in KINDS
}
#: The namespaces that identify a chemical or disease; a row's first one gives the candidate.
KIND_TO_NAMESPACES: Final[dict[Kind, tuple[Namespace, ...]]] = {
    "chemical": ("mesh", "chebi"),
    "disease": ("mesh", "doid"),
}


#: The columns that make a mention; an organism's group and counts belong to the whole table.
KIND_TO_CELLS: Final[dict[Kind, tuple[str, ...]]] = {
    kind: tuple(
        sorted(name for name in columns if name != "organism_group" and name[:6] != "count_")
    )
    for kind, columns in KIND_TO_COLUMNS.items()
}
#: One number whose digits are in groups of three.
THOUSANDS_RE: Final = re.compile("[0-9]{1,3}(?:,[0-9]{3})+")
#: The prefix before an accession, which some cells repeat.
NAMESPACE_TO_PREFIX_RE: Final = {
    namespace: re.compile(rf"(?i)(?:\s*+{namespace}\s*+:)++") for namespace in NAMESPACE_TO_SHAPE
}
#: How many rows each cache keeps: those that are met often, a few megabytes.
ROWS: Final = 1 << 13


@dataclass(slots=True)
class Row:
    """One row, its cells interpreted."""

    kind: Kind
    word: str
    match: str = ""
    source: str = ""
    candidate: Candidate | None = None
    unrecognized: list[str] = field(default_factory=list)
    _mention: Mention | None = None

    def mention(self) -> Mention:
        """The mention that the row makes if no other row has its word, match and source."""
        if self._mention is None:
            candidates = (self.candidate,) if self.candidate else ()
            self._mention = Mention(
                *(self.kind, self.word, self.match, self.source),
                *(candidates, 1, tuple(self.unrecognized)),
            )
        return self._mention


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisms → taxonomy ids; the table's own names take precedence."""

    own: dict[str, str]
    taxa: Taxa

    def taxon(self, name: str) -> str | None:
        """The taxonomy id of a name; None if it is not known."""
        return self.own.get(folded(name)) or self.taxa.taxon(name)


def inline_rows(
    kind: Kind, rows: Iterable[tuple[int, dict[str, str]]], notes: Notes
) -> Iterator[Row]:
    """The interpreted rows of front matter, from cells with the number of each row."""
    for number, cells in rows:
        row = _row_of_item(kind, cells) if isinstance(cells, Item) else _usual_row(kind, cells)
        if row is None:
            row = _inline_row(kind, cells, f"{KIND_TO_FIELD[kind]}, item {number}", notes)
        if row is not None:
            yield row


@lru_cache(maxsize=ROWS)
def _row_of_item(kind: Kind, item: Item) -> Row | None:
    """The row of a mapping that recurs, cached by the mapping's identity, not its content."""
    return _usual_row(kind, item)


def _usual_row(kind: Kind, cells: dict[str, str]) -> Row | None:
    """The row, if nothing in it has to be reported and it is small enough to cache; else None."""
    items = tuple(cells.items())
    small = sum(map(len, chain.from_iterable(items))) <= LONGEST
    return _usual_inline_row(kind, items) if small else None


@lru_cache(maxsize=ROWS)
def _usual_inline_row(kind: Kind, cells: tuple[tuple[str, str], ...]) -> Row | None:
    """The row; None if something in it has to be reported.

    One gene occurs in thousands of pictures, each time with the same row.
    """
    notes = Notes("")
    row = _inline_row(kind, dict(cells), "", notes)
    return None if notes.problems else row


def _inline_row(kind: Kind, cells: dict[str, str], where: str, notes: Notes) -> Row | None:
    for name in sorted(cells.keys() - INLINE_COLUMNS[kind]):
        notes.warn(f"{where}, {name}", "unknown field", cells[name], "not mapped")
    if "word" not in cells:
        reason = "the mention has no word: it was skipped; add the word"
        notes.error(where, "mention", " ".join(cells.values()), reason)
        return None
    row = Row(kind, cells["word"], source=cells.get("source", ""))
    _check_row(row, f"{where}, word", f"{where}, source", notes)
    if kind == "gene":
        row.match = cells.get("symbol", "")
        symbol = cells.get("hgnc_symbol", "")
        cell = cells.get("entrez", "")
        accession = _accession("ncbigene", cell, "entrez", f"{where}, entrez", row, notes)
        if accession:
            row.candidate = Candidate("ncbigene", accession, *_called(symbol, row), HUMAN)
        elif symbol:
            row.unrecognized.append(f"hgnc_symbol: {symbol}")
    else:
        _identify(cells.get("identifier", ""), f"{where}, identifier", row, notes)
    return row


def table_rows(
    kind: Kind, rows: Iterable[tuple[int, dict[str, str]]], organisms: Names, notes: Notes
) -> Iterator[Row]:
    """The interpreted rows of a table, from cells with the line of each row."""
    names = KIND_TO_CELLS[kind]
    for line, cells in rows:
        row = None
        if not organisms.own:
            texts = tuple(map(cells.get, names))
            if sum(map(len, filter(None, texts))) <= LONGEST:
                row = _usual_table_row(kind, texts, organisms.taxa)
        yield row or _table_row(kind, cells, f"line {line}", organisms, notes)


@lru_cache(maxsize=ROWS)
def _usual_table_row(kind: Kind, texts: tuple[str | None, ...], taxa: Taxa) -> Row | None:
    """As :func:`_usual_inline_row`, for a row of a table that has no organism names of its own."""
    notes = Notes("")
    named = zip(KIND_TO_CELLS[kind], texts, strict=True)
    cells = {name: text for name, text in named if text is not None}
    row = _table_row(kind, cells, "", Names({}, taxa), notes)
    return None if notes.problems else row


def _identify(cell: str, where: str, row: Row, notes: Notes) -> None:
    """Set the candidate of an inline chemical or disease from ``D…`` or ``prefix:accession``."""
    identifier = present(cell)
    if identifier is None:
        return
    prefix, colon, _ = identifier.partition(":")
    named = (prefix if colon else row.source or "mesh").strip().lower()
    namespace = next((name for name in KIND_TO_NAMESPACES[row.kind] if name == named), None)
    if namespace is None:
        reason = f"not an identifier of a {row.kind} that is mapped"
        _unrecognized("identifier", identifier, reason, where, row, notes)
        return
    # The prefix stays on: if 17234.0 is kept as text, nothing else says what it identified.
    accession = _accession(namespace, identifier, "identifier", where, row, notes)
    if accession:
        row.candidate = Candidate(namespace, accession, _name_of(row.word), named=False)


def _table_row(
    kind: Kind, cells: dict[str, str], where: str, organisms: Names, notes: Notes
) -> Row:
    row = Row(kind, cells["word"], cells.get("match", ""), cells.get("source", ""))
    _check_row(row, f"word, {where}", f"source, {where}", notes)
    if kind == "gene":
        cell = cells["ncbigene_id"]
        column = "ncbigene_id"
        accession = _accession("ncbigene", cell, column, f"{column}, {where}", row, notes)
        symbol = cells.get("ncbigene_symbol", "")
        if accession:
            organism = organism_of(cells, where, organisms, None)
            row.candidate = Candidate("ncbigene", accession, *_called(symbol, row), organism)
        elif symbol:
            row.unrecognized.append(f"ncbigene_symbol: {symbol}")
        return row
    if _says_nothing(row.match, row.word):
        row.match = ""
    accessions: list[tuple[Namespace, str]] = []
    for namespace in KIND_TO_NAMESPACES[kind]:
        cell = cells.get(namespace, "")
        place = f"{namespace}, {where}"
        if accession := _accession(namespace, cell, namespace, place, row, notes):
            accessions.append((namespace, accession))
    named = present(one_line(cells.get("name", "")))
    if not accessions:
        _keep_unidentified_name(row, named)
        return row
    matched = present(_name_of(row.match))
    first, *others = accessions
    second = KIND_TO_NAMESPACES[kind][1]
    unusable = any(text.startswith(f"{second}: ") for text in row.unrecognized)
    if not others and not unusable:
        called = named or matched or _name_of(row.word)
        row.candidate = Candidate(*first, called, named is not None)
        return row
    # The name is that of the second id: MeSH says glucose, ChEBI D-glucopyranose. If the second
    # id is unusable, no term can have the name.
    called, is_named = matched or _name_of(row.word), matched is not None
    if others:
        row.candidate = Candidate(*first, called, is_named, None, others[0], named or "")
    else:
        row.candidate = Candidate(*first, called, is_named)
        _keep_unidentified_name(row, named)
    return row


def _called(symbol: str, row: Row) -> tuple[str, bool]:
    """A gene's name, and whether it is the row's symbol: else the match or the word serves."""
    if name := _name_of(symbol):
        return name, True
    return _name_of(row.match) or _name_of(row.word), False


@remembered(1 << 14)
def _name_of(text: str) -> str:
    """A text of the picture or of a lexicon on one line, as a name must be."""
    return one_line(text)


def _keep_unidentified_name(row: Row, name: str | None) -> None:
    """Keep the name in a row that does not identify what it names."""
    if name is not None:
        row.unrecognized.append(f"name: {name}")


def _says_nothing(match: str, word: str) -> bool:
    """Whether the match of a chemical or disease is R's missing value, not the sign of sodium.

    >>> _says_nothing("NA", "lactate"), _says_nothing("NA", "Na+"), _says_nothing("Na", "x")
    (True, False, False)
    """
    return match == "NA" and "na" not in re.split(r"[^a-z]+", word.casefold())


def _accession(
    namespace: Namespace, cell: str, column: str, where: str, row: Row, notes: Notes
) -> str | None:
    """The bare accession of an identifier cell: ``mesh:D007052`` → ``D007052``.

    One of the wrong shape is kept as text on the mention, with a warning.

    :param where: names the column and the row.
    """
    identifier = present(cell)
    if identifier is None:
        return None
    prefixed = NAMESPACE_TO_PREFIX_RE[namespace].match(identifier)
    bare = identifier[prefixed.end() :].strip() if prefixed else identifier
    shape, kind = NAMESPACE_TO_SHAPE[namespace]
    if shape.fullmatch(bare):
        return bare
    if present(bare) is not None:  # R pastes a prefix even to a missing value: mesh:NA
        parts = [part.rpartition(":")[2] for part in re.split(r"[\s;,|/]+", identifier)]
        ids = list(filter(None, parts))
        # Read as two genes, 7,157 would be two that the picture does not have.
        several = len(ids) > 1 and all(map(shape.fullmatch, ids))
        several = several and not THOUSANDS_RE.fullmatch(bare)
        reason = "several ids, write a row for each" if several else f"not {with_article(kind)}"
        _unrecognized(column, identifier, reason, where, row, notes)
    return None


def _unrecognized(name: str, value: str, reason: str, where: str, row: Row, notes: Notes) -> None:
    row.unrecognized.append(f"{name}: {value}")
    notes.warn(where, "unrecognized value", value, f"{reason}: kept as a literal on the mention")


def _check_row(row: Row, word_at: str, source_at: str, notes: Notes) -> None:
    """Warn if the word is empty; keep a source that is no lexicon of the kind as text."""
    if not row.word:
        notes.warn(word_at, "empty word", "", "the mention has no word: add it")
    if row.source and row.source not in KIND_TO_LEXICONS[row.kind]:
        source = row.source = present(row.source) or ""
        if source and source not in KIND_TO_LEXICONS[row.kind]:
            reason = f"not a known lexicon of {KIND_TO_FIELD[row.kind]}"
            _unrecognized("source", source, reason, source_at, row, notes)


def organism_of(
    cells: dict[str, str], where: str, organisms: Names, notes: Notes | None
) -> Organism | None:
    """The organism of a gene row, by its id or else its name; without notes nothing is reported."""
    name = present(one_line(cells.get("organism_name", "")))
    taxon = present(cells.get("organism_id", ""))
    if taxon is not None and not TAXON_RE.fullmatch(taxon):
        if notes:
            reason = "not an NCBI taxonomy id: the organism is taken from its name"
            if not name:
                reason = "not an NCBI taxonomy id, and no organism is named: write the id's digits"
            notes.warn(f"organism_id, {where}", "unrecognized value", taxon, reason)
        taxon = None
    if name and taxon is None:
        taxon = organisms.taxon(name)
    elif name and notes:
        known = organisms.taxa.taxon(name)
        if known not in {None, taxon}:
            reason = (
                f"the id of {name} is {known} elsewhere: {taxon} is used; correct one of the two"
            )
            notes.warn(f"organism_id, {where}", "organism", str(taxon), reason)
    return Organism(name or "", taxon) if name or taxon else None
