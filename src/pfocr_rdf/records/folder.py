"""Finds the records of a file, a flat folder, or a checkout of the PFOCR database."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from pfocr_rdf.errors import InputError, Problem, RecordError
from pfocr_rdf.iris import FIGID_RE
from pfocr_rdf.records.companions import find_tables, read_maps
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.files import record_stem, refused_file
from pfocr_rdf.records.frontmatter import read_front_matter
from pfocr_rdf.records.layout import Layout, find_layouts, relative
from pfocr_rdf.records.model import KINDS, Kind, RecordFile
from pfocr_rdf.records.notes import Limits, Notes, read_text
from pfocr_rdf.records.organisms import load_taxa
from pfocr_rdf.records.tables import kind_of_table
from pfocr_rdf.records.text import composed, readable

FIGID_LINE_RE: Final = re.compile(rb"^figid:([^\n]*)$", re.MULTILINE)
#: Where the front matter ends: a line below that looks like a figid is not one.
END_RE: Final = re.compile(rb"\n---\r?$", re.MULTILINE)
QUOTED_RE: Final = re.compile(r"""(?:'((?:[^']|'')*)'|"([^"\\]*)")(?:\s+\#.*)?""", re.VERBOSE)
HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Collection:
    """All records of the input, in the order of their figids, each figid once.

    ``refused`` counts the records besides: links that leave the input, copies of a figid.
    """

    files: tuple[RecordFile, ...]
    organism_folders: tuple[str, ...]
    problems: tuple[Problem, ...]
    reading: str = field(compare=False)
    refused: int = 0

    @property
    def records(self) -> int:
        """The number of records that the input has, read or not."""
        return len(self.files) + self.refused


@dataclass(frozen=True, slots=True)
class _Located:
    """A record file with the figid found at a first look, which reading the record will check."""

    figid: str
    path: str
    file: str


def open_collection(inputs: Sequence[Path], limits: Limits = Limits()) -> Collection:
    """Find every record under the inputs, and each record's companion tables.

    :param inputs: files, folders of ``.md`` files at any depth, or checkouts of the database.
    :raises InputError: if an input does not exist, a folder cannot be listed, or no record is
        found and none was refused.
    """
    problems: list[Problem] = []
    refused: list[Problem] = []
    try:
        layouts = find_layouts(inputs, problems)
        found = _records(layouts, problems, refused, limits)
        folders = tuple(str(layout.organisms) for layout in layouts if layout.organisms)
        reading = uuid4().hex
        pages = load_taxa(folders, limits, reading)
    except OSError as error:
        reason = f"{error.filename} cannot be read ({error.strerror}): check its permissions"
        raise InputError(reason) from error
    if not found and all(problem.severity == "warning" for problem in (*problems, *refused)):
        names = ", ".join(str(given) for given in inputs)
        reason = "no .md file there; name the folder that holds _figures/, or the records"
        raise InputError(f"no record found in {names}: {reason}")
    shown = {
        readable(str(one.organisms)): relative(one.organisms, one.root)
        for one in layouts
        if one.organisms
    }
    for problem in pages.problems:
        folder, name = os.path.split(problem.file)
        problems.append(replace(problem, file=os.path.join(shown[folder], name)))
    files = tuple(_distinct(found, refused))
    return Collection(files, folders, (*problems, *refused), reading, len(refused))


def _records(
    layouts: Sequence[Layout], problems: list[Problem], refused: list[Problem], limits: Limits
) -> list[RecordFile]:
    """All records of the input that may be opened, with their tables and map values."""
    located = [list(_locate(layout, problems, refused, limits)) for layout in layouts]
    figid_to_place: dict[str, int] = {}
    for place, records in enumerate(located):
        for record in records:
            figid_to_place.setdefault(composed(record.figid), place)
    maps = read_maps(layouts, figid_to_place, problems, limits)
    found: list[RecordFile] = []
    for layout, records in zip(layouts, located, strict=True):
        tables = find_tables(layout, problems)
        for record in records:
            figid = composed(record.figid)
            own = tables.get(figid, {})
            networks = maps["ndex"].get(figid, ())
            found.append(
                RecordFile(
                    record.figid,
                    record.path,
                    record.file,
                    tuple((kind, own[kind]) for kind in KINDS if kind in own),
                    ndex=networks[0] if networks else None,
                    wpids=maps["wpid"].get(figid, ()),
                )
            )
        if layout.whole:
            problems.extend(_orphans(tables, records, layout.root))
    return found


def _locate(
    layout: Layout, problems: list[Problem], refused: list[Problem], limits: Limits
) -> Iterator[_Located]:
    """The records of one layout that may be opened; the others are refused."""
    # As text: making a ``Path`` takes as long as the first look at a record's file.
    folder, shown = (
        "" if place == os.curdir else place
        for place in (str(layout.folder), relative(layout.folder, layout.root))
    )
    for name in layout.names:
        path, file = os.path.join(folder, name), os.path.join(shown, readable(name))
        if kind_of_table(name):  # a shell expands PMC1* to the tables, too
            reason = "a table, which is read with its record: name the record"
            problems.append(Problem(file, "file", "named table", "warning", "", reason))
            continue
        if problem := refused_file(path, file, layout.root):
            refused.append(problem)
            continue
        figid = _located_figid(path, limits) or readable(record_stem(name))
        yield _Located(figid, path, file)


def _orphans(
    tables: Mapping[str, Mapping[Kind, str]], records: Sequence[_Located], root: Path
) -> Iterator[Problem]:
    """Report tables of figures that have no record beside them."""
    figids = {composed(record.figid) for record in records}
    orphans = {figid: own for figid, own in tables.items() if figid not in figids}
    stems = ((composed(record_stem(os.path.basename(one.path))), one) for one in records)
    # Of a record whose figid is not the name of its file, the tables may have that name.
    named = {stem: record for stem, record in stems if stem in orphans}
    for figid, own in orphans.items():
        reason = "a table without a record here: put it beside its record, or delete it"
        if record := named.get(figid):
            reason = f"not read: {record.file}, which has its name, has the figid {record.figid}: "
            reason += "correct that figid, or name the table like it"
        for table in own.values():
            name = relative(Path(table), root)
            yield Problem(name, "file", "orphan table", "warning", "", reason)


def _located_figid(path: str, limits: Limits) -> str | None:
    """The figid found at a first look at the file, for sorting; reading the record checks it."""
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            matched = FIGID_LINE_RE.search(head)
            if (matched is None or matched.end() == len(head)) and len(head) == HEAD_BYTES:
                head += file.read(limits.file_bytes)
                matched = FIGID_LINE_RE.search(head)
    except OSError:
        return None
    figid = None
    if matched and not END_RE.search(head, 3, matched.start()):
        figid = _unquoted(matched[1].decode("utf-8", errors="replace").strip())
    return figid or _read_figid(path, limits)


def _read_figid(path: str, limits: Limits) -> str | None:
    """The figid from the parsed front matter, for a line not written as emitters write it."""
    notes = Notes("")
    try:
        _, text = read_text(Path(path), notes, limits)
        written = Fields(read_front_matter(text, notes, limits), notes).raw("figid").strip()
    except RecordError:
        return None
    return written if FIGID_RE.fullmatch(written) else None


def _unquoted(text: str) -> str | None:
    """A figid written as a YAML scalar in one of its usual forms; None if it is no figid.

    >>> _unquoted("PMC1__a # b"), _unquoted("'PMC1__a''s' # b"), _unquoted('"PMC1__a#b"')
    ('PMC1__a', "PMC1__a's", 'PMC1__a#b')
    """
    if quoted := QUOTED_RE.fullmatch(text):
        single, double = quoted.groups()
        text = (double if single is None else single.replace("''", "'")).strip()
    else:
        text = text.partition(" #")[0].rstrip()
    return text if FIGID_RE.fullmatch(text) else None


def _distinct(found: Iterable[RecordFile], refused: list[Problem]) -> Iterator[RecordFile]:
    """The records by figid; of several with one figid, the one whose file has it as its name.

    If none has, or several in different folders have, it is the first by path.
    """
    earlier: RecordFile | None = None
    for record in sorted(found, key=_order):
        if earlier and record.figid == earlier.figid:
            if os.path.realpath(record.path) == os.path.realpath(earlier.path):
                continue  # one file, named twice through links
            same = record.file == earlier.file
            other = readable(earlier.path) if same else earlier.file
            others = [table for table in record.tables if table not in earlier.tables]
            unread = ", ".join(readable(Path(path).name) for _, path in others)
            also = f"; the tables of this one ({unread}) are not read" if unread else ""
            reason = f"the same figid as {other}, which is taken instead{also}: delete one, or "
            reason += "correct its figid"
            where = Problem(record.file, "figid", "duplicate figid", "error", record.figid, reason)
            refused.append(where)
            continue
        earlier = record
        yield record


def _order(record: RecordFile) -> tuple[str, bool, str, str]:
    stem = record_stem(os.path.basename(record.path))
    is_copy = composed(stem) != composed(record.figid)
    return record.figid, is_copy, record.file, record.path
