"""Where an input keeps its records, tables and organism pages: a checkout, or loose files."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import InputError, Problem
from pfocr_rdf.iris import FIGID_RE
from pfocr_rdf.records.files import (
    is_inside,
    is_record_name,
    record_stem,
    refused_link,
    unread_folder,
)
from pfocr_rdf.records.tables import MAP_TO_SHAPE, file_of_map, kind_of_table
from pfocr_rdf.records.text import readable

#: The folders of a checkout, the only ones that are read though their names begin with ``_``.
SEARCHED: Final = ("_figures", "_data", "_organisms")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the records, tables and organism pages of one part of the input lie.

    :param root: the folder that paths in the report are relative to, and no link may leave.
    :param folder: where the records lie. ``names`` are their file names, as text: there may be
        100,000, and a ``Path`` takes five times as much memory.
    :param whole: false where single records were named: tables of others are then no orphans.
    """

    root: Path
    folder: Path
    names: tuple[str, ...]
    data: tuple[Path, ...]
    organisms: Path | None
    whole: bool = True


def find_layouts(inputs: Sequence[Path], problems: list[Problem]) -> list[Layout]:
    """The layouts of the inputs: one for each folder of records, however often it is named.

    :raises InputError: if an input does not exist, or is neither a file nor a folder.
    :raises OSError: if a folder cannot be listed.
    """
    found: dict[str, Layout] = {}
    names: dict[str, dict[str, None]] = {}
    told: dict[Problem, None] = {}
    for layout in _layouts(inputs, told):
        place = os.path.realpath(layout.folder)
        first = found.setdefault(place, layout)
        if layout.whole and not first.whole:
            found[place] = layout
        names.setdefault(place, {}).update(dict.fromkeys(layout.names))
    problems.extend(told)
    # By their place: the order in which inputs are named does not matter.
    return [replace(layout, names=tuple(names[place])) for place, layout in sorted(found.items())]


def _layouts(inputs: Iterable[Path], told: dict[Problem, None]) -> Iterator[Layout]:
    """One layout for a checkout; in a tree of folders, one for each that holds records."""
    named: dict[Path, list[str]] = {}
    for given in inputs:
        if not given.exists():
            raise InputError(f"{given} does not exist: name a record, or a folder of records")
        if given.is_file():
            named.setdefault(given.parent, []).append(given.name)
        elif not given.is_dir():
            raise InputError(f"{given} is neither a file nor a folder: name a record, or a folder")
        elif folder := _figures_folder(given):
            yield _checkout(folder.parent, folder.parent, told)
        else:
            yield from _walk(given, told)
    # Grouped by folder: *.md in a shell names 100,000 records, which share tables and maps.
    for parent, records in named.items():
        if folder := _figures_folder(parent):
            layout = _checkout(folder.parent, folder.parent, told, tuple(records))
        else:
            layout = _loose(parent, tuple(records), parent, told)
        yield replace(layout, whole=False)


def _walk(given: Path, told: dict[Problem, None]) -> Iterator[Layout]:
    """The layouts of a folder and all below it, without recursion: trees can be deep.

    Within a checkout the records lie in ``_figures``. Its other pages are no records; one that is
    named like a record is reported. Another checkout may lie in it.
    """
    folders = [(given, False)]
    while folders:
        folder, is_within = folders.pop()
        try:
            entries = entries_of(folder)
        except PermissionError:
            if not is_within:
                raise
            continue  # part of a site, which need not be readable
        records = tuple(e.name for e in entries if is_record_name(e.name))
        if _is_checkout(folder, records):
            is_within = True
            yield _checkout(folder, given, told)
            told.update(dict.fromkeys(_outside_data(folder, entries, given)))
        if is_within:
            told.update(dict.fromkeys(_outside(folder, records, given)))
        # A folder with tables alone counts, too: it has orphans to report.
        elif records or any(e.name == "_data" or kind_of_table(e.name) for e in entries):
            yield _loose(folder, records, given, told)
        below = []
        for entry in entries:
            if entry.name.startswith((".", "_")) or is_record_name(entry.name):
                continue
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                below.append((path, is_within))
            # Not ``entry.is_dir()``, which fails on a link to itself. Beside ``_figures`` lies what
            # a site is made of, whose links are none of ours.
            elif not is_within and path.is_dir() and (problem := _not_followed(path, given)):
                told[problem] = None
        folders.extend(reversed(below))


def _is_checkout(folder: Path, records: Sequence[str]) -> bool:
    """Whether the records of a folder lie in its ``_figures``, which may also hold pictures."""
    figures = folder / "_figures"
    if not figures.is_dir():
        return False
    is_ours = not any(map(_is_named_by_figid, records)) or figures.is_symlink()
    return is_ours or any(is_record_name(entry.name) for entry in entries_of(figures))


def _is_named_by_figid(name: str) -> bool:
    return FIGID_RE.fullmatch(record_stem(name)) is not None


def _outside(folder: Path, records: Sequence[str], root: Path) -> Iterator[Problem]:
    """Report records that lie in a checkout, but not in its ``_figures``."""
    for name in filter(_is_named_by_figid, records):
        reason = "a record outside _figures, which is not read: put it and its tables there"
        yield Problem(relative(folder / name, root), "file", "unread file", "warning", "", reason)


def _outside_data(
    folder: Path, entries: Iterable[os.DirEntry[str]], root: Path
) -> Iterator[Problem]:
    """Report tables and maps that lie beside ``_figures``; deeper ones are parts of a site."""
    for entry in entries:
        if kind_of_table(entry.name) or entry.name in map(file_of_map, MAP_TO_SHAPE):
            reason = "a table outside _data, which is not read: put it there"
            file = relative(folder / entry.name, root)
            yield Problem(file, "file", "unread file", "warning", "", reason)


def _not_followed(path: Path, root: Path) -> Problem | None:
    """Report a link to a folder, unless what it leads to is searched in its own place.

    A link is not followed: it may lead to a folder that it lies in.
    """
    if not is_inside(path, root):
        return refused_link(path, relative(path, root))
    place = Path(os.path.realpath(path)).relative_to(os.path.realpath(root))
    if not any(part.startswith((".", "_")) and part not in SEARCHED for part in place.parts):
        return None
    reason = f"a link to {readable(str(place))}, a folder that is not searched: rename that"
    return Problem(relative(path, root), "file", "link", "warning", "", reason)


def _figures_folder(folder: Path) -> Path | None:
    """The folder if it is named ``_figures``, resolved if only its real path is, as of ``.``."""
    if folder.name == "_figures":
        return folder
    real = folder.resolve()
    return real if real.name == "_figures" else None


def _checkout(
    folder: Path, root: Path, told: dict[Problem, None], names: tuple[str, ...] | None = None
) -> Layout:
    """The layout of a checkout, with all its records, or only those in ``names``."""
    figures = _part(folder, "_figures", root, told)
    if names is None:
        entries = entries_of(figures) if figures else ()
        names = tuple(entry.name for entry in entries if is_record_name(entry.name))
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not is_record_name(entry.name):
                told.update(
                    dict.fromkeys(unread_folder(relative(Path(entry.path), root), "records"))
                )
    data = _part(folder, "_data", root, told)
    organisms = _part(folder, "_organisms", root, told)
    tables = _table_folders(data, figures)
    return Layout(root, figures or folder / "_figures", names, tables, organisms)


def _loose(folder: Path, names: tuple[str, ...], root: Path, told: dict[Problem, None]) -> Layout:
    """The layout of loose records, whose tables lie beside them or in a folder ``_data``."""
    data = _part(folder, "_data", root, told)
    organisms = _part(folder, "_organisms", root, told)
    return Layout(root, folder, names, _table_folders(data, folder), organisms)


def _table_folders(data: Path | None, records: Path | None) -> tuple[Path, ...]:
    """Where tables lie: in ``_data`` and beside the records, which a link may make one folder."""
    if data and records and data.samefile(records):
        return (records,)
    return tuple(folder for folder in (data, records) if folder)


def _part(folder: Path, name: str, root: Path, told: dict[Problem, None]) -> Path | None:
    path = folder / name
    if not path.is_dir():
        return None
    if path.is_symlink() and not is_inside(path, root):
        told[refused_link(path, relative(path, root))] = None
        return None
    return path


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder by name, so that the file system does not decide their order."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def relative(path: Path, root: Path) -> str:
    """A path as the report shows it: relative to ``root``, and printable."""
    return readable(str(path.relative_to(root)))
