"""Companion tables: tab-separated, no quoting, the header by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pfocr_rdf.records.model import Kind
from pfocr_rdf.records.notes import Limits, Notes, read_text
from pfocr_rdf.records.text import publishable

KIND_TO_COLUMNS: Final[dict[Kind, frozenset[str]]] = {
    "gene": frozenset(
        "organism_id organism_name organism_group word match ncbigene_symbol ncbigene_id source"
        " count_direct count_synonym count_match".split()
    ),
    "chemical": frozenset("word mesh match name chebi".split()),
    "disease": frozenset("word mesh match name doid".split()),
}
KIND_TO_SUFFIX: Final[dict[Kind, str]] = {
    "gene": "-genes.tsv",
    "chemical": "-chemicals.tsv",
    "disease": "-diseases.tsv",
}
#: Without one of these a table identifies nothing.
KIND_TO_ID_COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "gene": ("ncbigene_id",),
    "chemical": ("mesh", "chebi"),
    "disease": ("mesh", "doid"),
}


def read_table(kind: Kind, path: Path, notes: Notes, limits: Limits) -> Iterator[dict[str, str]]:
    """The rows of a companion table, cells as they stand.

    A row with another number of cells than the header is refused and noted, as is a table
    whose header lacks ``word`` or every identifier column.

    :raises RecordError: if the file cannot be read.
    """
    _, text = read_text(path, notes, limits)
    lines = text.split("\n")
    header = lines[0].split("\t")
    if "word" not in header or not any(name in header for name in KIND_TO_ID_COLUMNS[kind]):
        needs = " and ".join(("word", " or ".join(KIND_TO_ID_COLUMNS[kind])))
        reason = f"the table needs the columns {needs}: its rows were skipped"
        notes.error("line 1", "table header", lines[0], reason)
        return
    for name in header:
        if name not in KIND_TO_COLUMNS[kind] or header.count(name) > 1:
            reason = "unknown or repeated column: its cells are not mapped"
            cells = [line.split("\t") for line in lines[1:] if line]
            at = header.index(name)
            value = " | ".join(row[at] for row in cells if at < len(row))
            notes.warn(name, "table column", value, reason)
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            reason = f"{len(cells)} cells under {len(header)} columns: the row was skipped"
            notes.error(f"line {number}", "table row", line, reason)
            continue
        if not line.isprintable():
            cells = [publishable(cell, f"{n}, line {number}", notes)
                     for n, cell in zip(header, cells, strict=True)]
        yield dict(zip(header, cells, strict=True))


def read_map(path: Path, notes: Notes, limits: Limits) -> dict[str, str]:
    """A map file without header: figid, white space, value.

    Real lines are separated by a tab or by two spaces; figids and values hold neither.

    :raises RecordError: if the file cannot be read.
    """
    found: dict[str, str] = {}
    _, text = read_text(path, notes, limits)
    for number, line in enumerate(text.split("\n"), 1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 2:
            reason = "not a figid and a value: the line was skipped"
            notes.error(f"line {number}", "map line", line, reason)
        elif found.setdefault(cells[0], cells[1]) != cells[1]:
            reason = f"the figure has {found[cells[0]]} on an earlier line, which is used"
            notes.warn(f"line {number}", "map line", line, reason)
    return found
