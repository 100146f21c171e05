"""What lies beside the records: companion tables, and the maps from figures to other databases."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import Problem, RecordError
from pfocr_rdf.records.files import is_record_name, refused_file, unread_folder
from pfocr_rdf.records.layout import Layout, entries_of, relative
from pfocr_rdf.records.model import Kind
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.tables import (
    KIND_TO_SUFFIX,
    MAP_TO_SHAPE,
    MapFile,
    MapName,
    file_of_map,
    kind_of_table,
    read_map,
)
from pfocr_rdf.records.text import composed

#: Map → figid → the values that the map gives for the figure.
Maps = dict[MapName, dict[str, tuple[str, ...]]]
#: Names of records, also of compressed ones and of those with another suffix than is read.
RECORD_RE: Final = re.compile(
    r"PMC[0-9]+__.+\.(?:md|markdown)(?:\.(?:gz|bz2|xz|zip|txt))?", re.IGNORECASE
)
#: Names of files that hold rows: tables and spreadsheets, compressed or not.
ROWS_RE: Final = re.compile(r"[^.].*\.(?:tsv|csv|tab|xlsx?)(?:\.(?:gz|bz2|xz|zip))?", re.IGNORECASE)


def find_tables(layout: Layout, problems: list[Problem]) -> dict[str, dict[Kind, str]]:
    """The paths of the tables by :func:`composed` figid and kind; what is not read is reported."""
    found: dict[str, dict[Kind, str]] = {}
    for folder in layout.data:
        for entry in entries_of(folder):
            kind = kind_of_table(entry.name)
            if kind is None:
                problems.extend(_unread(entry, folder, layout))
                continue
            path = folder / entry.name
            # A regular file needs no further check, and there may be 200,000 of them.
            if not entry.is_file(follow_symlinks=False):
                problem = refused_file(path, relative(path, layout.root), layout.root)
                if problem:
                    problems.append(problem)
                    continue
            own = found.setdefault(composed(entry.name[: -len(KIND_TO_SUFFIX[kind])]), {})
            if (used := own.setdefault(kind, str(path))) != str(path):
                name, other = (relative(one, layout.root) for one in (path, Path(used)))
                reason = f"{other} is used instead: delete one of the two"
                problems.append(Problem(name, "file", "second table", "warning", "", reason))
    return dict(sorted(found.items()))


def _unread(entry: os.DirEntry[str], folder: Path, layout: Layout) -> Iterator[Problem]:
    """Report a folder, and a file of rows or a record under a name that is not read."""
    if not layout.whole:
        return  # single records were named: other files beside them are not reported
    if entry.is_dir(follow_symlinks=False):
        # Folders beside loose records are searched for records, so they are not reported.
        if folder != layout.folder:
            yield from unread_folder(relative(folder / entry.name, layout.root), "tables")
    elif reason := _reason_unread(entry.name, among_records=folder == layout.folder):
        file = relative(folder / entry.name, layout.root)
        yield Problem(file, "file", "unread file", "warning", "", reason)


def _reason_unread(name: str, *, among_records: bool) -> str:
    """Why a file is not read, if it looks like a table, a map or a record; else empty."""
    if ROWS_RE.fullmatch(name) and name not in map(file_of_map, MAP_TO_SHAPE):
        names = " or ".join(f"FIGID{suffix}" for suffix in KIND_TO_SUFFIX.values())
        maps = " or ".join(map(file_of_map, MAP_TO_SHAPE))
        return f"not read: name it {names}, if it is a table of a figure, or {maps}, if it is a map"
    if not RECORD_RE.fullmatch(name):
        return ""
    if not is_record_name(name):
        return "not read: name it FIGID.md, uncompressed, if it is a record"
    return "" if among_records else "a record among the tables: not read; put it among the records"


def read_maps(
    layouts: Sequence[Layout],
    figid_to_place: Mapping[str, int],
    problems: list[Problem],
    limits: Limits,
) -> Maps:
    """The values of all map files of the input for the figures that are in the input.

    A map may name figures that lie elsewhere in the input: a part of a database often comes with
    the map of the whole database.

    :param figid_to_place: :func:`composed` figid → index of the layout where it lies; maps of that
        layout take precedence.
    """
    read = [
        (place, name, notes.file, found)
        for place, layout in enumerate(layouts)
        for name, notes, found in _map_files(layout, figid_to_place, problems, limits)
    ]
    maps: Maps = {name: {} for name in MAP_TO_SHAPE}
    for own in (True, False):
        for place, name, file, found in read:
            for figid, values in found.values.items():
                if (figid_to_place[figid] == place) is own:
                    problems.extend(_add(maps, name, figid, values, file))
    return maps


def _map_files(
    layout: Layout, figids: Mapping[str, int], problems: list[Problem], limits: Limits
) -> Iterator[tuple[MapName, Notes, MapFile]]:
    for folder in layout.data:
        for name in MAP_TO_SHAPE:
            path = folder / file_of_map(name)
            if not os.path.lexists(path):
                continue
            notes = Notes(relative(path, layout.root))
            if problem := refused_file(path, notes.file, layout.root):
                problems.append(problem)
                continue
            try:
                found = read_map(name, path, figids, notes, limits)
            except RecordError as error:
                problems.append(error.problem)
                continue
            # Where single records were named, lines about other figures are no mistakes.
            if layout.whole and found.absent:
                _note_absent(found.absent, notes)
            problems.extend(notes.problems)
            yield name, notes, found


def _add(
    maps: Maps, name: MapName, figid: str, values: tuple[str, ...], file: str
) -> Iterator[Problem]:
    """Add the values of one more file for a figure, which has one network but many pathways."""
    earlier = maps[name].get(figid, ())
    if not earlier:
        maps[name][figid] = values
    elif name == "wpid":
        maps[name][figid] = tuple(sorted({*earlier, *values}))  # whatever the order of the files
    elif values[0].lower() != earlier[0].lower():
        reason = f"another map file has {earlier[0]}, which is used: correct one of the two"
        yield Problem(file, figid, "map line", "warning", values[0], reason)


def _note_absent(line_to_figid: Mapping[str, str], notes: Notes) -> None:
    """Report the lines of a map about figures that are not among the records, as one problem."""
    count = len(set(line_to_figid.values()))
    figures = f"{count:,} figures that are" if count > 1 else "a figure that is"
    reason = f"about {figures} not among the records: add the records, or correct the figids"
    notes.warn("figid", "map line", "\n".join(line_to_figid), reason)
