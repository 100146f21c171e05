"""Finds the records of a file, a flat folder, or a checkout of the PFOCR database."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from pfocr_rdf.errors import InputError, Problem, RecordError
from pfocr_rdf.iris import FIGID_RE
from pfocr_rdf.records.files import (
    is_inside,
    is_record_name,
    record_stem,
    refused_file,
    refused_link,
)
from pfocr_rdf.records.model import KINDS, Kind, RecordFile
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.organisms import load_taxa
from pfocr_rdf.records.tables import KIND_TO_SUFFIX, MapName, read_map
from pfocr_rdf.records.text import readable

FIGID_LINE_RE: Final = re.compile(rb"^figid:([^\n]*)$", re.MULTILINE)
#: Where the front matter ends: what looks like a figid under it is none.
END_RE: Final = re.compile(rb"\n---\r?$", re.MULTILINE)
QUOTED_RE: Final = re.compile(r"""(?:'((?:[^']|'')*)'|"([^"\\]*)")(?:\s+\#.*)?""", re.VERBOSE)
HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Collection:
    """All records of the input, in the order of their figids, each figid once."""

    files: tuple[RecordFile, ...]
    organism_folders: tuple[str, ...]
    problems: tuple[Problem, ...]
    reading: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where one part of the input keeps its parts.

    ``root`` is what the paths in the report are relative to and what no link may leave;
    ``whole`` is false where a single record was named, whose neighbours' tables are no orphans.
    ``figures`` are paths as text: there may be 100,000, and a ``Path`` takes five times as much.
    """

    root: Path
    figures: tuple[str, ...]
    data: tuple[Path, ...]
    organisms: Path | None
    whole: bool = True


def open_collection(inputs: Sequence[Path], limits: Limits = Limits()) -> Collection:
    """Find every record under the inputs, and each record's companion tables.

    :param inputs: files, folders of ``.md`` files at any depth, or checkouts of the database.
    :raises InputError: if an input does not exist or no record is found.
    """
    problems: list[Problem] = []
    found: list[RecordFile] = []
    organism_folders: dict[str, None] = {}
    for given in inputs:
        try:
            for layout in _layouts(given, problems):
                found.extend(_records(layout, problems, limits))
                if layout.organisms:
                    organism_folders[str(layout.organisms)] = None
        except OSError as error:
            reason = f"{error.filename or given} cannot be read ({error.strerror})"
            raise InputError(f"{reason}: check its permissions") from error
    if not found and all(problem.severity == "warning" for problem in problems):
        names = ", ".join(str(given) for given in inputs)
        reason = "no .md file there; name the folder that holds _figures/, or the records"
        raise InputError(f"no record found in {names}: {reason}")
    folders, reading = tuple(organism_folders), uuid4().hex
    problems.extend(load_taxa(folders, limits, reading).problems)
    return Collection(tuple(_distinct(found, problems)), folders, tuple(problems), reading)


def _layouts(given: Path, problems: list[Problem]) -> Iterator[_Layout]:
    """A checkout is one layout; a folder of folders is one for each that holds records."""
    if not given.exists():
        raise InputError(f"{given} does not exist: name a record, or a folder of records")
    if given.is_file():
        folder = _figures_folder(given.parent)
        if folder:
            record = (str(folder / given.name),)
            yield replace(_checkout(folder.parent, folder.parent, problems, record), whole=False)
        else:
            yield replace(_loose(given.parent, (str(given),), given.parent, problems), whole=False)
    elif not given.is_dir():
        raise InputError(f"{given} is neither a file nor a folder: name a record, or a folder")
    elif folder := _figures_folder(given):
        yield _checkout(folder.parent, folder.parent, problems)
    else:
        yield from _walk(given, problems)


def _walk(given: Path, problems: list[Problem]) -> Iterator[_Layout]:
    """Every folder below the input, with a stack of our own: trees can be deep."""
    folders = [given]
    while folders:
        folder = folders.pop()
        if (folder / "_figures").is_dir():
            yield _checkout(folder, given, problems)
            continue
        entries = _entries(folder)
        records = tuple(str(folder / e.name) for e in entries if is_record_name(e.name))
        # Tables without records are told of.
        if records or any(e.name == "_data" or _kind_of(e.name) for e in entries):
            yield _loose(folder, records, given, problems)
        below = []
        for entry in entries:
            if entry.name.startswith((".", "_")) or is_record_name(entry.name):
                continue
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            elif entry.is_dir() and not is_inside(path, given):
                problems.append(refused_link(path, _relative(path, given)))
        folders.extend(reversed(below))


def _figures_folder(folder: Path) -> Path | None:
    """The folder under the name ``_figures``, if it is one; ``.`` may be one, too."""
    if folder.name == "_figures":
        return folder
    real = folder.resolve()
    return real if real.name == "_figures" else None


def _checkout(
    folder: Path, root: Path, problems: list[Problem], records: tuple[str, ...] | None = None
) -> _Layout:
    """A checkout; of its records only those named, if any are."""
    figures = _part(folder, "_figures", root, problems)
    if records is None:
        entries = _entries(figures) if figures else ()
        records = tuple(
            str(figures / e.name) for e in entries if figures and is_record_name(e.name)
        )
        for entry in entries:
            named_so = entry.name.startswith(".") or is_record_name(entry.name)
            if entry.is_dir(follow_symlinks=False) and not named_so:
                reason = "a folder among the records: it is not read; put what is in it beside it"
                name = _relative(Path(entry.path), root)
                problems.append(Problem(name, "file", "folder", "warning", "", reason))
    data = _part(folder, "_data", root, problems)
    organisms = _part(folder, "_organisms", root, problems)
    return _Layout(root, records, (data,) if data else (), organisms)


def _loose(folder: Path, records: tuple[str, ...], root: Path, problems: list[Problem]) -> _Layout:
    """Loose records: their tables lie beside them or in a folder ``_data``."""
    data = _part(folder, "_data", root, problems)
    organisms = _part(folder, "_organisms", root, problems)
    return _Layout(root, records, (data, folder) if data else (folder,), organisms)


def _part(folder: Path, name: str, root: Path, problems: list[Problem]) -> Path | None:
    path = folder / name
    if not path.is_dir():
        return None
    if path.is_symlink() and not is_inside(path, root):
        problems.append(refused_link(path, _relative(path, root)))
        return None
    return path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds, in an order that does not depend on the file system."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _relative(path: Path, root: Path) -> str:
    """A path as the report has it."""
    return readable(str(path.relative_to(root)))


def _records(layout: _Layout, problems: list[Problem], limits: Limits) -> Iterator[RecordFile]:
    root = layout.root
    tables = _tables(layout, problems)
    located: list[tuple[str, str, str]] = []
    for written in layout.figures:
        path = Path(written)
        file = _relative(path, root)
        if problem := refused_file(path, file, root):
            problems.append(problem)
            continue
        figid = _located_figid(path, limits) or readable(record_stem(path.name))
        located.append((figid, written, file))
    maps = _maps(layout, {figid for figid, *_ in located}, problems, limits)
    for figid, written, file in located:
        own = tables.pop(figid, {})
        tables_of_it = tuple((kind, own[kind]) for kind in KINDS if kind in own)
        networks = maps["ndex"].get(figid, ())
        yield RecordFile(
            *(figid, written, file, tables_of_it),
            ndex=networks[0] if networks else None,
            wpids=maps["wpid"].get(figid, ()),
        )
    for own in tables.values() if layout.whole else ():
        for table in own.values():
            reason = "a table without a record here: put it beside its record, or delete it"
            name = _relative(Path(table), root)
            problems.append(Problem(name, "file", "orphan table", "warning", "", reason))


def _located_figid(path: Path, limits: Limits) -> str | None:
    """The figid by a look at the file, for sorting; reading the record checks it."""
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            matched = FIGID_LINE_RE.search(head)
            if (matched is None or matched.end() == len(head)) and len(head) == HEAD_BYTES:
                head += file.read(limits.file_bytes)
                matched = FIGID_LINE_RE.search(head)
    except OSError:
        return None
    if matched is None or END_RE.search(head, 3, matched.start()):
        return None
    return _unquoted(matched[1].decode("utf-8", errors="replace").strip())


def _unquoted(text: str) -> str | None:
    """A scalar of YAML as it most often stands on a line; None if it is no figid.

    >>> _unquoted("PMC1__a # b"), _unquoted("'PMC1__a''s' # b"), _unquoted('"PMC1__a#b"')
    ('PMC1__a', "PMC1__a's", 'PMC1__a#b')
    """
    if quoted := QUOTED_RE.fullmatch(text):
        single, double = quoted.groups()
        text = double if single is None else single.replace("''", "'")
    else:
        text = text.partition(" #")[0].rstrip()
    return text if FIGID_RE.fullmatch(text) else None


def _tables(layout: _Layout, problems: list[Problem]) -> dict[str, dict[Kind, str]]:
    """The companion tables of each figid, by kind."""
    found: dict[str, dict[Kind, str]] = {}
    for folder in layout.data:
        for entry in _entries(folder):
            kind = _kind_of(entry.name)
            if kind is None:
                continue
            path = folder / entry.name
            # A regular file needs no second look; there may be 200,000 of them.
            if not entry.is_file(follow_symlinks=False):
                problem = refused_file(path, _relative(path, layout.root), layout.root)
                if problem:
                    problems.append(problem)
                    continue
            own = found.setdefault(entry.name[: -len(KIND_TO_SUFFIX[kind])], {})
            if (used := own.setdefault(kind, str(path))) != str(path):
                name, other = (_relative(one, layout.root) for one in (path, Path(used)))
                reason = f"{other} is used instead: delete one of the two"
                problems.append(Problem(name, "file", "second table", "warning", "", reason))
    return dict(sorted(found.items()))


def _kind_of(name: str) -> Kind | None:
    """What a companion table of this name lists; None if it is none."""
    lower = name.lower()
    if not lower.endswith(".tsv") or lower.startswith("."):
        return None
    return next((kind for kind, end in KIND_TO_SUFFIX.items() if lower.endswith(end)), None)


def _maps(
    layout: _Layout, figids: Set[str], problems: list[Problem], limits: Limits
) -> dict[MapName, dict[str, tuple[str, ...]]]:
    """What the map files say of the figures that are there."""
    maps: dict[MapName, dict[str, tuple[str, ...]]] = {"ndex": {}, "wpid": {}}
    for folder in layout.data:
        for name, found in maps.items():
            path = folder / f"{name}_map.tsv"
            if not os.path.lexists(path):
                continue
            notes = Notes(_relative(path, layout.root))
            if problem := refused_file(path, notes.file, layout.root):
                problems.append(problem)
                continue
            try:
                read = read_map(name, path, figids, notes, limits)
            except RecordError as error:
                problems.append(error.problem)
            else:
                for figid, values in read.values.items():
                    found.setdefault(figid, values)
                # Where one record was named, the lines of its neighbours are no slips.
                if layout.whole and read.absent:
                    _note_absent(read.absent, notes)
            problems.extend(notes.problems)
    return maps


def _note_absent(line_to_figid: Mapping[str, str], notes: Notes) -> None:
    """Report the lines of a map about figures that are not there, as one problem."""
    count = len(set(line_to_figid.values()))
    figures = f"{count:,} figures that are" if count > 1 else "a figure that is"
    reason = f"about {figures} not among the records: add the records, or mend the figids"
    notes.warn("figid", "map line", "\n".join(line_to_figid), reason)


def _distinct(found: Iterable[RecordFile], problems: list[Problem]) -> Iterator[RecordFile]:
    """The records by figid; of several files with one figid the first by path is read."""
    earlier: RecordFile | None = None
    for record in sorted(found, key=lambda r: (r.figid, r.file, r.path)):
        if earlier and record.figid == earlier.figid:
            if os.path.realpath(record.path) == os.path.realpath(earlier.path):
                continue  # named twice: by itself and with its folder
            same = record.file == earlier.file
            other = readable(earlier.path) if same else earlier.file
            unread = ", ".join(readable(Path(path).name) for _, path in record.tables)
            also = f"; the tables of this one ({unread}) are not read" if unread else ""
            reason = f"the same figid as {other}, which is used{also}: delete one of the two"
            where = Problem(record.file, "figid", "duplicate figid", "error", record.figid, reason)
            problems.append(where)
            continue
        earlier = record
        yield record
