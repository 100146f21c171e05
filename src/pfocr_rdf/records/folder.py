"""Finds the records of a file, a flat folder, or a checkout of the PFOCR database."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import InputError, Problem, RecordError
from pfocr_rdf.iris import FIGID_RE
from pfocr_rdf.records.model import KINDS, Kind, RecordFile
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.organisms import load_taxa
from pfocr_rdf.records.tables import KIND_TO_SUFFIX, read_map

FIGID_LINE_RE: Final = re.compile(rb"^figid:[ \t]*(['\"]?)(.+?)\1[ \t]*\r?$", re.MULTILINE)
HEAD_BYTES: Final = 4096
#: Pages about a folder, which a flat folder may hold beside its records.
NOT_RECORDS: Final = frozenset({"readme.md", "license.md", "contributing.md", "changelog.md"})


@dataclass(frozen=True, slots=True)
class Collection:
    """All records of the input, in the order of their figids, each figid once."""

    files: tuple[RecordFile, ...]
    organism_folders: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where one part of the input keeps its parts."""

    root: Path
    figures: tuple[Path, ...]
    data: Path | None
    organisms: Path | None


@dataclass(slots=True)
class _Findings:
    """What listing one layout yields besides the records."""

    problems: list[Problem] = field(default_factory=list)
    tables: dict[str, dict[Kind, str]] = field(default_factory=dict)


def open_collection(inputs: Sequence[Path], limits: Limits = Limits()) -> Collection:
    """Find every record under the inputs, and each record's companion tables.

    :param inputs: files, folders of ``.md`` files at any depth, or checkouts of the database.
    :raises InputError: if an input does not exist or no record is found.
    """
    problems: list[Problem] = []
    found: list[RecordFile] = []
    organism_folders: dict[str, None] = {}
    for given in inputs:
        if not given.exists():
            raise InputError(f"{given} does not exist: name a record, or a folder of records")
        for layout in _layouts(given):
            found.extend(_records(layout, problems, limits))
            if layout.organisms:
                organism_folders[str(layout.organisms)] = None
    if not found and not problems:
        names = ", ".join(str(given) for given in inputs)
        reason = "no .md file there; name the folder that holds _figures/, or the records"
        raise InputError(f"no record found in {names}: {reason}")
    folders = tuple(organism_folders)
    problems.extend(load_taxa(folders, limits).problems)
    return Collection(tuple(_distinct(found, problems)), folders, tuple(problems))


def _layouts(given: Path) -> Iterator[_Layout]:
    """A checkout is one layout; a folder of folders is one for each that holds records."""
    if given.is_file():
        folder = given.parent
        yield _layout_beside(folder, (given,), folder)
        return
    if (given / "_figures").is_dir():
        yield _layout(given, given / "_figures")
        return
    if given.name == "_figures":
        yield _layout(given.parent, given)
        return
    records = _markdown(given)
    if records:
        yield _layout_beside(given, records, given)
    for entry in sorted(os.scandir(given), key=lambda e: e.name):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "_")):
            yield from _layouts(Path(entry.path))


def _layout(root: Path, figures: Path) -> _Layout:
    data, organisms = root / "_data", root / "_organisms"
    return _Layout(
        root,
        tuple(Path(e.path) for e in os.scandir(figures) if e.name.endswith(".md")),
        data if data.is_dir() else None,
        organisms if organisms.is_dir() else None,
    )


def _layout_beside(folder: Path, records: tuple[Path, ...], root: Path) -> _Layout:
    """Loose records: tables beside them, or in the checkout that they stand in."""
    if folder.resolve().name == "_figures":
        checkout = _layout(folder.parent, folder)
        return _Layout(checkout.root, records, checkout.data, checkout.organisms)
    data = folder / "_data"
    organisms = folder / "_organisms"
    return _Layout(
        root, records, data if data.is_dir() else folder, organisms if organisms.is_dir() else None
    )


def _markdown(folder: Path) -> tuple[Path, ...]:
    return tuple(
        Path(entry.path)
        for entry in os.scandir(folder)
        if entry.name.endswith(".md") and entry.name.lower() not in NOT_RECORDS
    )


def _records(layout: _Layout, problems: list[Problem], limits: Limits) -> Iterator[RecordFile]:
    root = layout.root.resolve()
    tables = _tables(layout, root, problems)
    maps = _maps(layout, problems, limits)
    whole_folder = len(layout.figures) != 1
    for path in layout.figures:
        file = os.path.relpath(path, layout.root)
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            problems.append(_leaves(file, path))
            continue
        figid = _located_figid(path, limits) or path.name.removesuffix(".md")
        own = tables.pop(figid, {})
        yield RecordFile(
            figid,
            str(path),
            file,
            tuple((kind, own[kind]) for kind in KINDS if kind in own),
            maps["ndex"].get(figid),
            maps["wpid"].get(figid),
        )
    if whole_folder:
        for own in tables.values():
            for path_of_table in own.values():
                reason = "a table without a record: add the record, or delete the table"
                name = f"_data/{Path(path_of_table).name}"
                problems.append(Problem(name, "file", "orphan table", "warning", "", reason))


def _located_figid(path: Path, limits: Limits) -> str | None:
    """The figid by a look at the file, for sorting; reading the record checks it."""
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            matched = FIGID_LINE_RE.search(head)
            if (matched is None or matched.end() == len(head)) and len(head) == HEAD_BYTES:
                matched = FIGID_LINE_RE.search(head + file.read(limits.file_bytes))
    except OSError:
        return None
    if matched is None:
        return None
    figid = matched[2].decode("utf-8", errors="replace").strip()
    return figid if FIGID_RE.fullmatch(figid) else None


def _tables(layout: _Layout, root: Path, problems: list[Problem]) -> dict[str, dict[Kind, str]]:
    """figid → kind → path of the companion table."""
    found: dict[str, dict[Kind, str]] = {}
    for entry in os.scandir(layout.data) if layout.data else ():
        for kind, suffix in KIND_TO_SUFFIX.items():
            if entry.name.endswith(suffix):
                path = Path(entry.path)
                if entry.is_symlink() and not path.resolve().is_relative_to(root):
                    problems.append(_leaves(f"_data/{entry.name}", path))
                else:
                    found.setdefault(entry.name.removesuffix(suffix), {})[kind] = entry.path
    return dict(sorted(found.items()))


def _maps(layout: _Layout, problems: list[Problem], limits: Limits) -> dict[str, dict[str, str]]:
    maps: dict[str, dict[str, str]] = {"ndex": {}, "wpid": {}}
    for name in maps if layout.data else ():
        assert layout.data is not None
        path = layout.data / f"{name}_map.tsv"
        if not path.is_file():
            continue
        notes = Notes(f"_data/{path.name}")
        try:
            maps[name] = read_map(path, notes, limits)
        except RecordError as error:
            problems.append(error.problem)
        problems.extend(notes.problems)
    return maps


def _leaves(file: str, path: Path) -> Problem:
    reason = "a symbolic link that leaves the input folder: put the file itself there"
    return Problem(file, "file", "link", "error", os.readlink(path), reason)


def _distinct(found: Iterable[RecordFile], problems: list[Problem]) -> Iterator[RecordFile]:
    """The records by figid; of several files with one figid the first by path is read."""
    earlier: RecordFile | None = None
    for record in sorted(found, key=lambda r: (r.figid, r.file, r.path)):
        if earlier and record.figid == earlier.figid:
            reason = f"the same figid as {earlier.file}, which is used: delete one of the two"
            where = Problem(record.file, "figid", "duplicate figid", "error", record.figid, reason)
            problems.append(where)
            continue
        earlier = record
        yield record
