"""SSSOM/TSV files: the metadata block, the header, and the rows one at a time.

https://mapping-commons.github.io/sssom/spec-formats-tsv/ . A file is read twice: once as a whole
before the build, so that its faults are reported at once, and again when the entities of the
release are known. Neither reading keeps the rows in memory.

What a slot may hold is left to sssom-pydantic's models (:mod:`pfocr_rdf.mappings.slots`). Its
own reader is not used: it takes ``mapping_set_version: 2024-01-01`` for a date and refuses the
file, lets the block's value override a row's own, and stops at a byte order mark.
"""

import csv
import gzip
import hashlib
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from pfocr_rdf.errors import InputError, Problem, RecordError
from pfocr_rdf.records import Limits, Notes
from pfocr_rdf.records.frontmatter import as_text, read_front_matter
from pfocr_rdf.records.notes import read_text
from pfocr_rdf.records.plain import Value
from pfocr_rdf.records.text import readable

REQUIRED: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
SUFFIX_RE: Final = re.compile(r"(\.sssom)?(\.tsv|\.txt)?(\.gz)?$", re.IGNORECASE)
MARKER_RE: Final = re.compile(r"---[ \t]*\n")
PLACE_RE: Final = re.compile("line ([0-9]+), column [0-9]+")
GZIP_MAGIC: Final = b"\x1f\x8b"
#: Spellings of "nothing" in YAML 1.2: https://yaml.org/spec/1.2.2/#1032-tag-resolution
NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class MappingLimits:
    """Upper limits for a mapping file, against hostile input.

    :param file_bytes: size of a file, unpacked.
    :param line_bytes: length of one line.
    :param block_bytes: size of the metadata block.
    """

    file_bytes: int = 8_000_000_000
    line_bytes: int = 1_000_000
    block_bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A file that was found readable to its end.

    ``metadata`` is the block as it stands, without the prefixes, the set's id and empty keys;
    ``header_line`` is the line of the column names; ``sha256`` is that of the unpacked bytes.
    """

    path: Path
    mapping_set: str
    prefixes: dict[str, str]
    metadata: dict[str, Value]
    columns: tuple[str, ...]
    header_line: int
    sha256: str
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """The path as it was given, made printable."""
        return readable(str(self.path))


class Row(NamedTuple):
    """A row: the line on which it ends, and its cells by column or why it cannot be read."""

    line: int
    cells: dict[str, str]
    fault: str = ""


def open_mapping_files(
    paths: Sequence[Path], limits: MappingLimits = MappingLimits()
) -> tuple[MappingFile, ...]:
    """Read every file once, and sort them, so that the order of ``paths`` does not matter.

    :raises InputError: if one is missing, too large, not UTF-8 or not SSSOM, or if two of one
        mapping set have different metadata.
    """
    files = sorted(
        (open_mapping_file(path, limits) for path in paths),
        key=lambda file: (file.mapping_set, file.sha256, file.name),
    )
    for one, other in pairwise(files):
        if one.mapping_set == other.mapping_set and one.metadata != other.metadata:
            keys = one.metadata.keys() | other.metadata.keys()
            key = next(k for k in sorted(keys) if one.metadata.get(k) != other.metadata.get(k))
            raise InputError(
                f"{one.name} and {other.name} both belong to the mapping set {one.mapping_set}, "
                f"and differ in {key}: give each set an id of its own, or both the same metadata"
            )
    return tuple(files)


def open_mapping_file(path: Path, limits: MappingLimits) -> MappingFile:
    """Read a file to its end, keeping its metadata and its column names.

    :raises InputError: see :func:`open_mapping_files`.
    """
    digest, size = hashlib.sha256(), 0
    block: list[str] = []
    columns: tuple[str, ...] = ()
    header_line = lines = 0
    for lines, line in enumerate(_lines(path, limits), 1):
        digest.update(line)
        text = _decoded(line, lines, path)
        if columns:
            continue
        if text.startswith("#"):
            size += len(line)
            if size > limits.block_bytes:
                raise InputError(
                    f"{path}: line {lines}: more than {limits.block_bytes:,} bytes of metadata "
                    "before the column names: is this an SSSOM file?"
                )
            # Empty lines of the file become empty lines of the block: its line numbers stay right.
            block.extend([""] * (lines - 1 - len(block)) + [text[1:].rstrip("\r\n")])
        elif text.strip():
            columns, header_line = _columns(text, lines, path), lines
    if not columns:
        raise InputError(f"{path}: no line with column names: is this an SSSOM file?")
    metadata, notes = _metadata(path, block)
    prefixes = _prefixes(metadata.pop("curie_map", {}), notes)
    mapping_set = _mapping_set(metadata.pop("mapping_set_id", ""), path)
    return MappingFile(
        path,
        mapping_set,
        prefixes,
        metadata,
        columns,
        header_line,
        digest.hexdigest(),
        tuple(notes.problems),
    )


def read_rows(file: MappingFile, limits: MappingLimits = MappingLimits()) -> Iterator[Row]:
    """The rows of a file, without the empty ones.

    :raises InputError: if the file has changed since it was opened.
    """
    digest = hashlib.sha256()

    def texts() -> Iterator[tuple[int, str]]:
        for number, line in enumerate(_lines(file.path, limits), 1):
            digest.update(line)
            if number > file.header_line:
                yield number, _decoded(line, number, file.path)

    for number, cells in _split(texts()):
        if isinstance(cells, csv.Error):
            yield Row(number, {}, f"not a row of tab-separated values ({cells})")
            continue
        found = [cell.strip() for cell in cells]
        if not any(found):
            continue
        if any(found[len(file.columns) :]):
            fault = f"{len(found)} cells under {len(file.columns)} column names"
            yield Row(number, {}, fault)
            continue
        yield Row(number, dict(zip(file.columns, found, strict=False)))
    if digest.hexdigest() != file.sha256:
        raise InputError(f"{file.name}: changed while it was read: build again")


def _split(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Numbered lines → the cells of each row, with the number of its last line.

    A cell in quotation marks may go on over several lines. One whose mark is not closed, or not at
    its end, is text that begins with a mark: read as quoted, it would swallow the rows after it.
    """
    ahead: deque[tuple[int, str]] = deque()
    while True:
        taken: list[tuple[int, str]] = []
        try:
            cells = next(csv.reader(_taking(lines, ahead, taken), delimiter="\t", strict=True), [])
        except csv.Error as error:
            number, text = taken[0]
            ahead.extendleft(reversed(taken[1:]))
            row = text.removesuffix("\n").removesuffix("\r")
            is_plain = '"' in row and "\r" not in row
            yield number, row.split("\t") if is_plain else error
            continue
        if not taken:
            return
        yield taken[-1][0], cells


def _taking(
    lines: Iterator[tuple[int, str]], ahead: deque[tuple[int, str]], taken: list[tuple[int, str]]
) -> Iterator[str]:
    """The texts of the lines, first of those that were read ahead; what is taken is noted."""
    while one := ahead.popleft() if ahead else next(lines, None):
        taken.append(one)
        yield one[1]


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """A file as it is, or unpacked if its content is gzipped, whatever its name.

    :raises InputError: where it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a file that can be read twice: name one")
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] == GZIP_MAGIC:
                with gzip.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} cannot be unpacked ({error}): fetch it again") from error
    except OSError as error:
        reason = f"cannot be read ({error.strerror}): check its name and permissions"
        raise InputError(f"{path} {reason}") from error


def _lines(path: Path, limits: MappingLimits) -> Iterator[bytes]:
    """The lines of a file, ends included.

    :raises InputError: where the file cannot be read, or is larger than it may be.
    """
    with _opened(path) as file:
        number = size = 0
        while line := file.readline(limits.line_bytes + 1):
            number += 1
            size += len(line)
            if len(line) > limits.line_bytes:
                reason = f"longer than {limits.line_bytes:,} bytes: is this an SSSOM file?"
                raise InputError(f"{path}: line {number}: {reason}")
            if size > limits.file_bytes:
                reason = f"the file is larger than {limits.file_bytes:,} bytes: split it"
                raise InputError(f"{path}: line {number}: {reason}")
            yield line


def _decoded(line: bytes, number: int, path: Path) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} of the line is {line[error.start]:#04x}"
        reason = f"not UTF-8 ({found}): save the file in that encoding"
        raise InputError(f"{path}: line {number}: {reason}") from error
    return text.removeprefix("\ufeff") if number == 1 else text


def _columns(text: str, number: int, path: Path) -> tuple[str, ...]:
    """The column names, without empty ones at the end."""
    try:
        columns = [name.strip() for name in next(csv.reader([text], delimiter="\t"))]
    except csv.Error as error:
        found = "a carriage return within the line" if "\r" in text.rstrip() else str(error)
        reason = f"not column names between tabs ({found}): is this an SSSOM file?"
        raise InputError(f"{path}: line {number}: {reason}") from error
    while columns and not columns[-1]:
        columns.pop()
    for name in REQUIRED:
        if name not in columns:
            shown = ", ".join(columns)[:200]
            raise InputError(f"{path}: line {number}: no column {name} among {shown!r}")
    for name, times in Counter(columns).items():
        if name and times > 1:
            raise InputError(f"{path}: line {number}: two columns are named {name}")
    return tuple(columns)


def _metadata(path: Path, block: list[str]) -> tuple[dict[str, Value], Notes]:
    """The metadata of a file, from its own block or from the file beside it."""
    where = path
    if not block:
        where = path.with_name(SUFFIX_RE.sub("", path.name, count=1) + ".sssom.yml")
        if not where.is_file():
            raise InputError(
                f"{path}: no metadata: begin the file with lines of #, or write {where.name} "
                "beside it; mapping_set_id and curie_map are needed"
            )
    notes = Notes(readable(str(where)))
    # The text given to the reader has a fence above it: lines are one less in the file, unless that
    # begins with the marker of a YAML document, in whose place the fence is.
    above = 1
    try:
        text = "\n".join(block) if block else read_text(where, notes, Limits())[1]
        if marker := MARKER_RE.match(text):
            text, above = text[marker.end() :], 0
        found = read_front_matter(f"---\n{text}\n---\n", notes, Limits())
    except RecordError as error:
        problem = error.problem
        place = PLACE_RE.sub(lambda found: f"line {int(found[1]) - above}", problem.field)
        raise InputError(f"{where}: {place}: {problem.reason}") from error
    kept = {
        key: value
        for key, value in found.items()
        if not (isinstance(value, str) and value in NOTHING)
    }
    return kept, notes


def _prefixes(value: Value, notes: Notes) -> dict[str, str]:
    """The valid prefixes of a file; a row that uses another one is refused later."""
    if not isinstance(value, dict):
        notes.warn("curie_map", "mapping prefix", as_text(value), "not prefixes with their IRIs")
        return {}
    prefixes = {}
    for prefix, namespace in value.items():
        try:
            prefixes[prefix] = NamedNode(str(namespace)).value
        except ValueError:
            reason = f"{prefix} does not stand for the beginning of an IRI"
            notes.warn("curie_map", "mapping prefix", as_text(namespace), reason)
    return prefixes


def _mapping_set(value: Value, path: Path) -> str:
    """The IRI of the set, which names its graph, so that no two sets may share it."""
    try:
        return NamedNode(str(value)).value
    except ValueError:
        reason = f"not an absolute IRI: {value!r}" if value else "missing: it names the set"
        raise InputError(f"{path}: mapping_set_id: {reason}") from None
