"""Rows of tables or front matter → mentions.

Rows that share kind, word, match and source are one mention with several candidates; exact
repeats are counted, not repeated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pfocr_rdf.errors import RecordError
from pfocr_rdf.iris import TAXON_RE
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.mention_rows import (
    KIND_TO_FIELD,
    Names,
    Row,
    inline_rows,
    organism_of,
    table_rows,
)
from pfocr_rdf.records.model import Mention, Organism, RecordFile, Support
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.organisms import SEVERAL_TAXA, WITHOUT_TAXON, Taxa, folded
from pfocr_rdf.records.tables import read_table
from pfocr_rdf.records.text import one_line, present


@dataclass(frozen=True, slots=True)
class Mentions:
    """All that a record's rows say, and the tables used: mentions, and each organism's support."""

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
        rows: list[Row] = []
        if path := tables.get(kind):
            table_notes = Notes(_relative(path, found))
            try:
                cells = list(read_table(kind, Path(path), table_notes, limits))
            except RecordError as error:
                table_notes.problems.append(error.problem)
                cells = []
            organisms = Names(_own_names(cells), taxa)
            if kind == "gene":
                supports = _supports(cells, organisms, table_notes)
            rows = list(table_rows(kind, cells, organisms, table_notes))
            notes.problems.extend(table_notes.problems)
            used.append(f"_data/{Path(path).name}")
        if inline and rows:
            value = "; ".join(" ".join(row.values()) for _, row in inline)
            reason = "the table has rows, so these are not mapped: delete one of the two"
            notes.warn(name, "two generations", value, reason)
        elif inline:
            rows = list(inline_rows(kind, inline, notes))
        mentions.extend(_grouped(rows))
    return Mentions(tuple(mentions), tuple(supports.values()), tuple(used))


def _relative(path: str, found: RecordFile) -> str:
    """A table's path in the report: relative to the same folder as its record's."""
    root = found.path.removesuffix(found.file)
    return path[len(root) :] if path.startswith(root) else f"_data/{Path(path).name}"


def _grouped(rows: Iterable[Row]) -> Iterator[Mention]:
    """Rows → mentions, in the order in which each is first met."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.word, row.match, row.source), []).append(row)
    for (word, match, source), members in groups.items():
        first = members[0]
        if len(members) == 1:
            yield first.mention()
            continue
        # Rows with one id but two names, or two close matches, stay two candidates.
        candidates = tuple(dict.fromkeys(row.candidate for row in members if row.candidate))
        unrecognized = dict.fromkeys(text for row in members for text in row.unrecognized)
        counted = len(members)
        yield Mention(first.kind, word, match, source, candidates, counted, tuple(unrecognized))


def _own_names(rows: list[tuple[int, dict[str, str]]]) -> dict[str, str]:
    """The names to which a gene table itself gives an id, ``""`` if it gives several.

    No names where every row has an id: nothing has to be looked up then.
    """
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


def _supports(
    rows: list[tuple[int, dict[str, str]]], organisms: Names, notes: Notes
) -> dict[Organism, Support]:
    """Each organism of a gene table with its counts, stated once."""
    counts: dict[Organism, dict[str, dict[int, None]]] = {}
    # By taxon, as a table may use two names for one organism; by name where there is no taxon.
    groups: dict[str, str] = {}
    stated_of: dict[str, dict[str, dict[int, None]]] = {}
    seen: set[tuple[str, ...]] = set()
    names = ("count_direct", "count_synonym", "count_match")
    block = ("organism_id", "organism_name", "organism_group", *names)
    for number, cells in rows:
        key = tuple(cells.get(name, "") for name in block)
        if key in seen:
            continue
        seen.add(key)
        organism = organism_of(cells, f"line {number}", organisms, notes)
        group = present(one_line(cells.get("organism_group", "")))
        if organism is None:
            if stated := [text for text in map(present, key) if text]:
                reason = "counts or a group without an organism: not mapped"
                notes.warn(f"organism_id, line {number}", "count", " ".join(stated), reason)
            continue
        if organism.taxon is None and organism not in counts:
            reason = SEVERAL_TAXA if folded(organism.name) in organisms.own else WITHOUT_TAXON
            notes.warn(f"organism_name, line {number}", "organism", organism.name, reason)
        same = organism.taxon or organism.name
        if group and groups.setdefault(same, group) != group:
            reason = f"the organism's group is {groups[same]} on an earlier line, which is used"
            notes.warn(f"organism_group, line {number}", "organism group", group, reason)
        found = counts.setdefault(organism, {name: {} for name in names})
        all_stated = stated_of.setdefault(same, {name: {} for name in names})
        for name in names:
            count = _count(cells.get(name, ""), all_stated[name], f"{name}, line {number}", notes)
            if count is not None:
                found[name][count] = None
    return {
        organism: Support(
            organism,
            groups.get(organism.taxon or organism.name),
            *(tuple(sorted(found[name])) for name in names),
        )
        for organism, found in counts.items()
    }


def _count(cell: str, stated: dict[int, None], where: str, notes: Notes) -> int | None:
    """A count, added to those stated before of the same organism; None if the cell has none."""
    value = present(cell)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        notes.warn(where, "unrecognized value", value, "not a count (digits): not mapped")
        return None
    if int(value) not in stated:
        stated[int(value)] = None
        if len(stated) > 1:
            reason = "the organism has another count on an earlier line: both are stated"
            notes.warn(where, "count", value, reason)
    return int(value)
