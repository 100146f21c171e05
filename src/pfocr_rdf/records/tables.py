"""Reads companion tables and maps: tab-separated, no quoting; columns are found by name."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pfocr_rdf.iris import UUID_RE, WPID_RE
from pfocr_rdf.records.model import Kind
from pfocr_rdf.records.notes import Limits, Notes, read_text
from pfocr_rdf.records.text import UNPUBLISHABLE_RE, composed, present, publishable

MAP_SEPARATOR_RE: Final = re.compile(r"\t| {2,}")

KIND_TO_COLUMNS: Final[dict[Kind, frozenset[str]]] = {
    "gene": frozenset(
        {"organism_id", "organism_name", "organism_group", "word", "match", "source"}
        | {"ncbigene_symbol", "ncbigene_id", "count_direct", "count_synonym", "count_match"}
    ),
    "chemical": frozenset({"word", "mesh", "match", "name", "chebi"}),
    "disease": frozenset({"word", "mesh", "match", "name", "doid"}),
}
KIND_TO_SUFFIX: Final[dict[Kind, str]] = {
    "gene": "-genes.tsv",
    "chemical": "-chemicals.tsv",
    "disease": "-diseases.tsv",
}
#: A table without any of these columns identifies nothing.
KIND_TO_ID_COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "gene": ("ncbigene_id",),
    "chemical": ("mesh", "chebi"),
    "disease": ("mesh", "doid"),
}
MapName = Literal["ndex", "wpid"]
#: The shape of each map's values; UUIDs are read in either case.
MAP_TO_SHAPE: Final[dict[MapName, re.Pattern[str]]] = {
    "ndex": re.compile(UUID_RE.pattern, re.IGNORECASE),
    "wpid": WPID_RE,
}
#: More are refused: a hostile header of a million columns would report a problem for each.
MOST_COLUMNS: Final = 100


def kind_of_table(name: str) -> Kind | None:
    """The kind of mention that a companion table lists, by its file name; None if it is no table.

    >>> kind_of_table("PMC1__f1-genes.tsv"), kind_of_table("PMC1__f1_genes.tsv")
    ('gene', None)
    """
    lower = name.lower()
    if not lower.endswith(".tsv") or lower.startswith("."):
        return None
    return next((kind for kind, end in KIND_TO_SUFFIX.items() if lower.endswith(end)), None)


def file_of_map(name: MapName) -> str:
    """The name of a map's file."""
    return f"{name}_map.tsv"


def read_table(
    kind: Kind, path: Path, notes: Notes, limits: Limits
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a companion table by line number, cells as they stand.

    A row with another number of cells than the header is refused and noted, as is a table
    whose header lacks ``word`` or every identifier column, or has too many columns. Names of
    columns are read in either case; of two columns with one name the first is read. Rows without
    any text are left out, and so is a line that repeats the header, which is noted.

    :raises RecordError: if the file cannot be read.
    """
    _, text = read_text(path, notes, limits)
    if not text or text.isspace():
        reason = "it is empty, without even column names: write its rows, or delete it"
        notes.warn("file", "empty table", "", reason)
        return
    lines = text.split("\n")
    header = [name.strip().lower() for name in lines[0].split("\t")]
    if "word" not in header or not any(name in header for name in KIND_TO_ID_COLUMNS[kind]):
        needs = " and ".join(("word", " or ".join(KIND_TO_ID_COLUMNS[kind])))
        # R's write.table quotes by default; quotes are not removed: a picture's text may have them.
        quoted = ", without quotation marks" if '"' in lines[0] else ""
        reason = (
            f"the table needs the columns {needs}{quoted}: its rows were skipped; correct line 1"
        )
        notes.error("line 1", "table header", text.rstrip("\n"), reason)
        return
    if len(header) > MOST_COLUMNS:
        reason = f"{len(header)} columns, where tables have eleven at most: its rows were skipped; "
        reason += "correct line 1"
        notes.error("line 1", "table header", text.rstrip("\n"), reason)
        return
    columns = {name: at for at, name in reversed(list(enumerate(header)))}
    known = [(name, at) for name, at in columns.items() if name in KIND_TO_COLUMNS[kind]]
    if len(known) < len(header):
        _note_other_columns(header, {at for _, at in known}, lines, notes)
    suspect = UNPUBLISHABLE_RE.search(text) is not None
    for number, line in enumerate(lines[1:], 2):
        if not line or line.isspace():
            continue
        if line == lines[0]:
            reason = "the names of the columns again, not a row: it was skipped; delete the line"
            notes.warn(f"line {number}", "table row", line, reason)
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            reason = f"{len(cells)} cells under {len(header)} columns: the row was skipped; "
            reason += "give it a cell for each column"
            notes.error(f"line {number}", "table row", line, reason)
            continue
        row = {name: cells[at] for name, at in known}
        if suspect:
            for name, cell in row.items():
                row[name] = publishable(cell, f"{name}, line {number}", notes)
        yield number, row


def _note_other_columns(header: list[str], known: set[int], lines: list[str], notes: Notes) -> None:
    """Report every cell of the columns that are not read."""
    rows = [cells for line in lines[1:] if len(cells := line.split("\t")) == len(header)]
    for at, name in enumerate(header):
        if at not in known and (name or any(cells[at] for cells in rows)):
            value = " | ".join(cells[at] for cells in rows)
            reason = "unknown or repeated column: its cells are not mapped"
            notes.warn(name or f"column {at + 1}", "table column", value, reason)


@dataclass(frozen=True, slots=True)
class MapFile:
    """A map file: figid → values, and line → figid for figures that are not among the records."""

    values: dict[str, tuple[str, ...]]
    absent: dict[str, str]


def read_map(
    name: MapName, path: Path, figids: Container[str], notes: Notes, limits: Limits
) -> MapFile:
    """Read a map file: no header, on each line a figid, a tab or spaces, and a value.

    A figure has one network, the first that has the shape of one, and as many pathways as were
    drawn from it. A value that has not the shape of the map's ids is noted, and kept if it is used.

    :param figids: the figures among the records, :func:`composed`; so are those of the result.
    :raises RecordError: if the file cannot be read.
    """
    found: dict[str, dict[str, None]] = {}
    absent: dict[str, str] = {}
    shape = MAP_TO_SHAPE[name]
    _, text = read_text(path, notes, limits)
    used = _used_networks(text) if name == "ndex" else {}
    for where, line, written, value in _map_lines(text, notes):
        figid = composed(written)
        if figid not in figids:
            absent[line] = figid
            continue
        values = found.setdefault(figid, {})
        if name == "ndex" and value.lower() != used[figid].lower():
            reason = f"the figure has {used[figid]} on another line, which is used"
            notes.warn(where, "map line", line, reason)
        elif name == "wpid" or not values:
            if value not in values and not shape.fullmatch(value):
                reason = f"not the form of {name} ids: kept as a literal of the figure"
                notes.warn(where, "unrecognized value", value, reason)
            values[value] = None
    return MapFile({figid: tuple(values) for figid, values in found.items()}, absent)


def _used_networks(text: str) -> dict[str, str]:
    """Figid → its first network with the shape of one; if it has none, the first of all."""
    used: dict[str, str] = {}
    shape = MAP_TO_SHAPE["ndex"]
    for _, _, written, value in _map_lines(text, Notes("")):
        figid = composed(written)
        if not shape.fullmatch(used.setdefault(figid, value)) and shape.fullmatch(value):
            used[figid] = value
    return used


def _map_lines(text: str, notes: Notes) -> Iterator[tuple[str, str, str, str]]:
    """The place, line, figid and value of each value; ``|`` separates several on one line."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        clean = publishable(line, where, notes)
        cells = [part.strip() for part in MAP_SEPARATOR_RE.split(clean)]
        if len(cells) == 2 and not cells[1]:
            continue  # an empty value says as little as NA
        cells = list(filter(None, cells))
        if len(cells) != 2:  # a figid may have several spaces in it
            cells = list(filter(None, map(str.strip, clean.split("\t"))))
        if len(cells) != 2:
            cells = clean.split()
        if len(cells) != 2:
            reason = (
                "not a figid and a value: the line was skipped; write the two, with a tab between"
            )
            notes.error(where, "map line", line, reason)
            continue
        for value in filter(None, map(present, cells[1].split("|"))):
            yield where, line, cells[0], value
