"""Rows of tables or front matter → mentions.

Rows that share kind, word, match and source are one mention with several candidates; exact
repeats are counted, not repeated.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import RecordError
from pfocr_rdf.iris import NAMESPACE_TO_SHAPE, TAXON_RE, Namespace
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.model import KINDS, Candidate, Kind, Mention, Organism, RecordFile, Support
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.organisms import WITHOUT_TAXON, Taxa, folded
from pfocr_rdf.records.tables import read_table
from pfocr_rdf.records.text import one_line, present

HUMAN: Final = Organism("Homo sapiens", "9606")
KIND_TO_FIELD: Final[dict[Kind, str]] = {
    "gene": "genes",
    "chemical": "chemicals",
    "disease": "diseases",
}
INLINE_COLUMNS: Final[dict[Kind, frozenset[str]]] = {
    "gene": frozenset({"word", "symbol", "source", "hgnc_symbol", "entrez"}),
    "chemical": frozenset({"word", "source", "identifier"}),
    "disease": frozenset({"word", "source", "identifier"}),
}
#: Lexicons → how strong a hit in them is, the strongest first (``ontology/pfocr.ttl`` has a term
#: for each).
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
#: MeSH has no genes, and the others have nothing else.
KIND_TO_LEXICONS: Final[dict[Kind, frozenset[str]]] = {
    kind: frozenset(
        name for name, tier in LEXICON_TO_TIER.items() if (tier is not None) == (kind == "gene")
    )
    for kind in KINDS
}
#: What identifies a chemical or disease; the first that a row has is the candidate.
KIND_TO_NAMESPACES: Final[dict[Kind, tuple[Namespace, ...]]] = {
    "chemical": ("mesh", "chebi"),
    "disease": ("mesh", "doid"),
}


@dataclass(slots=True)
class _Row:
    """One row, its cells interpreted."""

    word: str
    match: str = ""
    source: str = ""
    candidate: Candidate | None = None
    unrecognized: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of organisms → taxonomy ids: the table's own come before all others."""

    own: dict[str, str]
    taxa: Taxa

    def taxon(self, name: str) -> str | None:
        return self.own.get(folded(name)) or self.taxa.taxon(name)


@dataclass(frozen=True, slots=True)
class Mentions:
    """All that a record's rows say: mentions, and the support of each organism."""

    mentions: tuple[Mention, ...]
    supports: tuple[Support, ...]
    tables: tuple[str, ...]


def read_mentions(
    found: RecordFile, fields: Fields, taxa: Taxa, notes: Notes, limits: Limits
) -> Mentions:
    """The mentions of a record, from its tables or, kind by kind, from its front matter.

    Where a table has rows, the front matter's rows of that kind are of another generation of
    the data: they are reported, not merged.
    """
    mentions: list[Mention] = []
    supports: dict[Organism, Support] = {}
    used: list[str] = []
    tables = dict(found.tables)
    for kind, name in KIND_TO_FIELD.items():
        inline = fields.rows(name)
        rows: list[_Row] = []
        if path := tables.get(kind):
            table_notes = Notes(_relative(path, found))
            try:
                cells = list(read_table(kind, Path(path), table_notes, limits))
            except RecordError as error:
                table_notes.problems.append(error.problem)
                cells = []
            organisms = _Names(_own_names(cells), taxa)
            if kind == "gene":
                supports = _supports(cells, organisms, table_notes)
            rows = [_table_row(kind, row, number, organisms, table_notes) for number, row in cells]
            notes.problems.extend(table_notes.problems)
            used.append(f"_data/{Path(path).name}")
        if inline and rows:
            value = "; ".join(" ".join(row.values()) for _, row in inline)
            reason = f"the table has rows, so the front matter's {len(inline)} are not mapped"
            notes.warn(name, "two generations", value, reason)
        elif inline:
            rows = list(_inline_rows(kind, inline, notes))
        mentions.extend(_grouped(kind, rows))
    return Mentions(tuple(mentions), tuple(supports.values()), tuple(used))


def _relative(path: str, found: RecordFile) -> str:
    """A table's path in the report: relative to the same folder as its record's."""
    root = found.path.removesuffix(found.file)
    return path[len(root) :] if path.startswith(root) else f"_data/{Path(path).name}"


def _grouped(kind: Kind, rows: Iterable[_Row]) -> Iterator[Mention]:
    """Rows → mentions, in the order in which each is first met."""
    groups: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        groups.setdefault((row.word, row.match, row.source), []).append(row)
    for (word, match, source), members in groups.items():
        # One id with two names, or with two close matches, is two rows' worth of facts.
        candidates = tuple(dict.fromkeys(row.candidate for row in members if row.candidate))
        unrecognized = dict.fromkeys(text for row in members for text in row.unrecognized)
        yield Mention(kind, word, match, source, candidates, len(members), tuple(unrecognized))


def _inline_rows(
    kind: Kind, rows: list[tuple[int, dict[str, str]]], notes: Notes
) -> Iterator[_Row]:
    for number, cells in rows:
        where = f"{KIND_TO_FIELD[kind]}, item {number}"
        for name in sorted(cells.keys() - INLINE_COLUMNS[kind]):
            notes.warn(f"{where}, {name}", "unknown field", cells[name], "not mapped")
        if "word" not in cells:
            reason = "the mention has no word: it was skipped"
            notes.error(where, "mention", " ".join(cells.values()), reason)
            continue
        row = _Row(cells["word"], source=cells.get("source", ""))
        _check_row(kind, row, where, notes)
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
            _identify(kind, cells.get("identifier", ""), f"{where}, identifier", row, notes)
        yield row


def _identify(kind: Kind, cell: str, where: str, row: _Row, notes: Notes) -> None:
    """The candidate of an inline chemical or disease: ``D…`` or ``prefix:accession``."""
    identifier = present(cell)
    if identifier is None:
        return
    prefix, colon, rest = identifier.partition(":")
    named = (prefix if colon else row.source or "mesh").strip().lower()
    namespace = next((name for name in KIND_TO_NAMESPACES[kind] if name == named), None)
    if namespace is None:
        reason = f"not an identifier of a {kind} that is mapped"
        _unrecognized("identifier", identifier, reason, where, row, notes)
        return
    if colon and present(rest) is None:
        return
    # With its prefix: 17234.0 alone, kept as text, would say nothing of what it was.
    accession = _accession(namespace, identifier, "identifier", where, row, notes)
    if accession:
        row.candidate = Candidate(namespace, accession, _name_of(row.word), named=False)


def _table_row(
    kind: Kind, cells: dict[str, str], line: int, organisms: _Names, notes: Notes
) -> _Row:
    where = f"line {line}"
    row = _Row(cells["word"], cells.get("match", ""), cells.get("source", ""))
    _check_row(kind, row, where, notes)
    if kind == "gene":
        cell = cells["ncbigene_id"]
        column = "ncbigene_id"
        accession = _accession("ncbigene", cell, column, f"{column}, {where}", row, notes)
        symbol = cells.get("ncbigene_symbol", "")
        if accession:
            organism = _organism(cells, where, organisms, None)
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
    if first[0] == second or present(cells.get(second, "")) is None:
        called = named or matched or _name_of(row.word)
        row.candidate = Candidate(*first, called, named is not None)
        return row
    # The name is the other vocabulary's: MeSH calls glucose so, ChEBI D-glucopyranose. Where the
    # other id is unusable, there is nothing that the name could be given to.
    called, is_named = matched or _name_of(row.word), matched is not None
    if others:
        row.candidate = Candidate(*first, called, is_named, None, others[0], named or "")
    else:
        row.candidate = Candidate(*first, called, is_named)
        _keep_unidentified_name(row, named)
    return row


def _called(symbol: str, row: _Row) -> tuple[str, bool]:
    """What a gene is called, and whether the row says so or only the word can serve."""
    if name := _name_of(symbol):
        return name, True
    return _name_of(row.match) or _name_of(row.word), False


@lru_cache(maxsize=1 << 14)
def _name_of(text: str) -> str:
    """A text of the picture or of a lexicon as the name of what it stands for: on one line."""
    return one_line(text)


def _keep_unidentified_name(row: _Row, name: str | None) -> None:
    """A row that names something, and does not identify it: the name is kept."""
    if name is not None:
        row.unrecognized.append(f"name: {name}")


def _says_nothing(match: str, word: str) -> bool:
    """Whether the match of a chemical or a disease is R's missing value, and not sodium's sign.

    >>> _says_nothing("NA", "lactate"), _says_nothing("NA", "Na+"), _says_nothing("Na", "x")
    (True, False, False)
    """
    return match == "NA" and "na" not in re.split(r"[^a-z]+", word.casefold())


def _accession(
    namespace: Namespace, cell: str, column: str, where: str, row: _Row, notes: Notes
) -> str | None:
    """The bare accession of an identifier cell: ``mesh:D007052`` → ``D007052``.

    One of the wrong shape is kept as text on the mention, with a warning.

    :param where: names the column and the row.
    """
    identifier = present(cell)
    if identifier is None:
        return None
    bare, (prefix, colon, rest) = identifier, identifier.partition(":")
    while colon and prefix.strip().lower() == namespace:
        bare = rest.strip()
        prefix, colon, rest = bare.partition(":")
    shape, kind = NAMESPACE_TO_SHAPE[namespace]
    if shape.fullmatch(bare):
        return bare
    _unrecognized(column, identifier, f"not a {kind}", where, row, notes)
    return None


def _unrecognized(name: str, value: str, reason: str, where: str, row: _Row, notes: Notes) -> None:
    row.unrecognized.append(f"{name}: {value}")
    notes.warn(where, "unrecognized value", value, f"{reason}: kept as a literal on the mention")


def _check_row(kind: Kind, row: _Row, where: str, notes: Notes) -> None:
    """A source that is no lexicon of the kind is kept as text; a word should not be empty."""
    if not row.word:
        notes.warn(f"word, {where}", "empty word", "", "the mention has no word: add it")
    if row.source and row.source not in KIND_TO_LEXICONS[kind]:
        source = row.source = present(row.source) or ""
        if source and source not in KIND_TO_LEXICONS[kind]:
            reason = f"not a lexicon of {KIND_TO_FIELD[kind]} that is known"
            _unrecognized("source", source, reason, f"source, {where}", row, notes)


def _own_names(rows: list[tuple[int, dict[str, str]]]) -> dict[str, str]:
    """The names to which a gene table itself gives one id; none where every row has its id."""
    found: dict[str, str] = {}
    stated = {row.get("organism_id", ""): None for _, row in rows}
    if all(TAXON_RE.fullmatch(taxon.strip()) for taxon in stated):
        return found
    for _, row in rows:
        name, taxon = row.get("organism_name", ""), row.get("organism_id", "").strip()
        has_both = present(name) and TAXON_RE.fullmatch(taxon)
        if has_both and found.setdefault(folded(name), taxon) != taxon:
            found[folded(name)] = ""
    return found


def _organism(
    cells: dict[str, str], where: str, organisms: _Names, notes: Notes | None
) -> Organism | None:
    """The organism of a gene row, by its id or else by its name."""
    name = present(one_line(cells.get("organism_name", "")))
    taxon = present(cells.get("organism_id", ""))
    if taxon is not None and not TAXON_RE.fullmatch(taxon):
        if notes:
            reason = "not an NCBI taxonomy id: the organism is taken from its name"
            notes.warn(f"organism_id, {where}", "unrecognized value", taxon, reason)
        taxon = None
    if name and taxon is None:
        taxon = organisms.taxon(name)
    elif name and notes:
        known = organisms.taxa.taxon(name)
        if known not in {None, taxon}:
            reason = f"the id of {name} is {known} elsewhere: {taxon} is used; mend one of the two"
            notes.warn(f"organism_id, {where}", "organism", str(taxon), reason)
    return Organism(name or "", taxon) if name or taxon else None


def _supports(
    rows: list[tuple[int, dict[str, str]]], organisms: _Names, notes: Notes
) -> dict[Organism, Support]:
    """Each organism of a gene table with its counts, stated once."""
    counts: dict[Organism, dict[str, dict[int, None]]] = {}
    # By taxon: a table may call one organism by two names.
    groups: dict[str, str] = {}
    seen: set[tuple[str, ...]] = set()
    names = ("count_direct", "count_synonym", "count_match")
    block = ("organism_id", "organism_name", "organism_group", *names)
    for number, cells in rows:
        key = tuple(cells.get(name, "") for name in block)
        if key in seen:
            continue
        seen.add(key)
        organism = _organism(cells, f"line {number}", organisms, notes)
        group = present(one_line(cells.get("organism_group", "")))
        if organism is None:
            if stated := [text for text in map(present, key) if text]:
                reason = "counts or a group without an organism: not mapped"
                notes.warn(f"organism_id, line {number}", "count", " ".join(stated), reason)
            continue
        if organism.taxon is None and organism not in counts:
            notes.warn(f"organism_name, line {number}", "organism", organism.name, WITHOUT_TAXON)
        same = organism.taxon or organism.name
        if group and groups.setdefault(same, group) != group:
            reason = f"the organism is of {groups[same]} on an earlier line, which is used"
            notes.warn(f"organism_group, line {number}", "organism group", group, reason)
        found = counts.setdefault(organism, {name: {} for name in names})
        for name in names:
            _count(cells.get(name, ""), found[name], f"{name}, line {number}", notes)
    return {
        organism: Support(
            organism,
            groups.get(organism.taxon or organism.name),
            *(tuple(sorted(found[name])) for name in names),
        )
        for organism, found in counts.items()
    }


def _count(cell: str, found: dict[int, None], where: str, notes: Notes) -> None:
    value = present(cell)
    if value is None:
        return
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        notes.warn(where, "unrecognized value", value, "not a count (digits): not mapped")
    elif int(value) not in found:
        found[int(value)] = None
        if len(found) > 1:
            reason = "the organism has another count on an earlier line: both are stated"
            notes.warn(where, "count", value, reason)
