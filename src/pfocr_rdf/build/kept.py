"""Parts of the last release, taken over for batches whose records have not changed.

Beside the releases lies one SQLite file, ``parts.sqlite``. It names a release and has, for each
batch, a digest of what the batch was made of (its records and the programs), where its bytes are
in that release's dumps, and what else mapping it gave. A batch with the same digest is neither
parsed as YAML nor mapped again, and the result is byte for byte the same. If the file is missing
or broken, or its release is gone, all batches are mapped.
"""

import io
import json
import os
import pickle
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pfocr_rdf.build.batches import Batch, BatchResult, map_batch
from pfocr_rdf.build.errands import programs
from pfocr_rdf.dumps import NAME_TO_FORMAT, WRITTEN, compress, text_length, uncompress
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.records import Limits, load_taxa
from pfocr_rdf.releases import Release, find_release

FILE: Final = "parts.sqlite"
UNFINISHED: Final = ".parts-unfinished.sqlite"
DIGEST_BYTES: Final = 32
#: Raised when the tables change. What is pickled changes only with the programs, and these are
#: part of the key.
LAYOUT: Final = 2
SCHEMA: Final = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE part (key BLOB PRIMARY KEY, told BLOB, places TEXT, digest BLOB) WITHOUT ROWID;
CREATE TABLE release (id TEXT);
PRAGMA user_version = {LAYOUT};
BEGIN;
"""
#: What a pickled result consists of. Nothing else is unpickled, as a data folder may come from
#: elsewhere.
TOLD: Final = frozenset(
    {
        ("array", "_array_reconstructor"),
        ("array", "array"),
        ("collections", "Counter"),
        ("pfocr_rdf.build.batches", "BatchResult"),
        ("pfocr_rdf.dumps", "Part"),
        ("pfocr_rdf.errors", "Problem"),
        ("pfocr_rdf.ranges", "Ranges"),
        ("pfocr_rdf.search.mentions", "Had"),
        ("pfocr_rdf.search.mentions", "Having"),
        ("pfocr_rdf.search.rows", "Row"),
        ("pfocr_rdf.shared", "EntityFact"),
        ("pfocr_rdf.shared", "Shared"),
        ("pfocr_rdf.tally", "Tally"),
    }
)


@dataclass(frozen=True, slots=True)
class KeptParts:
    """Where the parts of the last release are: their index, and the folder of its dumps."""

    index: str
    dumps: str


def find_parts(data: Path) -> KeptParts | None:
    """The parts that a build in this data folder can take over; None if there are none.

    Call it while holding the lock of a build, so that the release is not pruned meanwhile.
    """
    index = data / FILE
    try:
        with closing(_opened(str(index))) as database:
            (layout,) = database.execute("PRAGMA user_version").fetchone()
            if layout != LAYOUT:
                return None
            (release_id,) = database.execute("SELECT id FROM release").fetchone()
        dumps = find_release(data, str(release_id)).dumps
    except (OSError, sqlite3.Error, TypeError, ReleaseError):
        return None
    return KeptParts(str(index.absolute()), str(dumps.absolute()))


def take_or_map(kept: KeptParts | None, batch: Batch) -> BatchResult:
    """The result of a batch, kept or newly mapped, with what to keep of it for the next build."""
    before = _stamps(batch)
    key = key_of(batch)
    if kept and key and (found := _taken(kept, key)):
        return found
    result = map_batch(batch)
    part = result.part
    # Files are read for the key and again for mapping: if one changed in between, keep nothing.
    if not key or part is None or _stamps(batch) != before:
        return result
    named = part.trig[text_length(part.compressed["turtle"]) :]
    bare = replace(part, trig=named, compressed={})
    told = pickle.dumps(replace(result, part=bare), pickle.HIGHEST_PROTOCOL)
    return replace(result, key=key, told=compress(told, level=1))


def key_of(batch: Batch) -> bytes:
    """A digest of all that decides a batch's result; empty if a file is unreadable or too large."""
    digest = sha256(_common(batch))
    try:
        for file in batch.files:
            # Tables relative to the record's folder, as the report names them. The record's name
            # as it is, for its IRI: in ``file.file`` unprintable characters are replaced, so that
            # two names may look alike.
            folder, name = os.path.split(file.path)
            tables = [(kind, os.path.relpath(path, folder)) for kind, path in file.tables]
            told = (file.figid, file.file, name, tables, file.ndex, file.wpids)
            digest.update(repr(told).encode())
            for path in file.paths:
                if os.stat(path).st_size > batch.limits.file_bytes:
                    return b""  # mapping refuses it without reading it
                digest.update(sha256(Path(path).read_bytes()).digest())
    except OSError:
        return b""
    return digest.digest()


def _stamps(batch: Batch) -> list[tuple[int, ...]]:
    """For each file of a batch, values that change if it is written to or replaced."""
    found: list[tuple[int, ...]] = []
    for path in (path for file in batch.files for path in file.paths):
        with suppress(OSError):
            status = os.stat(path)
            found.append((status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return found


def _common(batch: Batch) -> bytes:
    names = _names_of(batch.organism_folders, batch.limits, batch.reading)
    return repr((programs(), batch.iris, batch.limits, names)).encode()


@lru_cache(maxsize=4)
def _names_of(folders: tuple[str, ...], limits: Limits, reading: str) -> bytes:
    """A digest of what the organism pages decide: names and their taxa."""
    taxa = load_taxa(folders, limits, reading)
    return sha256(repr(sorted(taxa.name_to_taxon.items())).encode()).digest()


def _taken(kept: KeptParts, key: bytes) -> BatchResult | None:
    """The result that was kept under a key; None if there is none, or it is damaged."""
    try:
        with closing(_opened(kept.index)) as database:
            found = database.execute(
                "SELECT told, places, digest FROM part WHERE key = ?", (key,)
            ).fetchone()
        if found is None:
            return None
        told, places, digest = found
        # The places are checked against their digest before anything is read there.
        if not isinstance(places, str) or _digest(told, places) != digest[:DIGEST_BYTES]:
            return None
        members = {name: _member(kept, name, *place) for name, place in json.loads(places).items()}
        if _digest_of(members) != digest[DIGEST_BYTES:]:
            return None
        result = _Told(io.BytesIO(uncompress(told))).load()
    except (OSError, sqlite3.Error, ValueError, TypeError, KeyError, pickle.UnpicklingError):
        return None
    if not isinstance(result, BatchResult) or result.part is None:
        return None
    part = replace(
        result.part, trig=uncompress(members["turtle"]) + result.part.trig, compressed=members
    )
    return replace(result, part=part, key=key, told=told, kept=True)


def _member(kept: KeptParts, name: str, start: int, length: int) -> bytes:
    with open(os.path.join(kept.dumps, NAME_TO_FORMAT[name].file), "rb") as file:
        file.seek(start)
        return file.read(length)


def _digest(told: bytes, places: str) -> bytes:
    return sha256(told + places.encode()).digest()


def _digest_of(members: Mapping[str, bytes]) -> bytes:
    digest = sha256()
    for name in sorted(members):
        digest.update(members[name])
    return digest.digest()


def _opened(index: str) -> sqlite3.Connection:
    """The index, opened read-only: it is never changed, as a build replaces it with a new one."""
    return sqlite3.connect(f"{Path(index).absolute().as_uri()}?mode=ro&immutable=1", uri=True)


class _Told(pickle.Unpickler):
    """Unpickles a result, and refuses every other class or function, which might run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in TOLD:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a result")
        return super().find_class(module, name)


class PartsWriter:
    """Writes the index of a build's parts for the next build; use it as a context manager.

    A build does not fail because its index cannot be written: the index then stays as it was.

    :param data: the data folder, held by the lock of the build.
    :param starts: the length of each dump before its first part.
    """

    def __init__(self, data: Path, starts: Mapping[str, int]) -> None:
        self.path = data / UNFINISHED
        self.target = data / FILE
        self._ends = dict.fromkeys(WRITTEN, 0) | dict(starts)
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> "PartsWriter":
        with self._or_nothing():
            self.path.unlink(missing_ok=True)
            self._database = sqlite3.connect(self.path.absolute(), isolation_level=None)
            self._database.executescript(SCHEMA)
        return self

    def add(self, result: BatchResult) -> None:
        """Add a batch; call this in the order in which the dumps are written."""
        part = result.part
        if part is None:
            return
        places = {}
        for name, member in part.compressed.items():
            places[name] = (self._ends[name], len(member))
            self._ends[name] += len(member)
        if self._database and result.key:
            told, where = result.told, json.dumps(places)
            digest = _digest(told, where) + _digest_of(part.compressed)
            row = (result.key, told, where, digest)
            with self._or_nothing():
                self._database.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)", row)

    def finish(self, release: Release) -> None:
        """Put the index in its place, now that the release is published."""
        if self._database:
            with self._or_nothing():
                self._database.execute("INSERT INTO release VALUES (?)", (release.id,))
                self._database.execute("COMMIT")
                self._database.close()
                self._database = None
                os.replace(self.path, self.target)

    @contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error):
            self._give_up()

    def _give_up(self) -> None:
        if self._database:
            self._database.close()
            self._database = None
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        self._give_up()
