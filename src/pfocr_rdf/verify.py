"""Is a release what its manifest says? Hash, parse and count every file of it again."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from pfocr_rdf.build.finish import hashed, is_manifested
from pfocr_rdf.dumps import EQUIVALENTS, NAME_TO_FORMAT
from pfocr_rdf.releases import Release

NAME_TO_RDF_FORMAT: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
}


@dataclass(frozen=True, slots=True)
class Contents:
    """How many statements there are, and a digest that does not depend on their order.

    The digest is the sum of the statements' hashes, so two sources agree on both numbers
    exactly when they hold the same statements, as far as hashes can tell.
    """

    count: int
    digest: int

    @classmethod
    def of(cls, statements: Iterable[Quad]) -> "Contents":
        """Count and sum up, keeping nothing."""
        count = total = 0
        for statement in statements:
            count += 1
            written = hashlib.blake2b(str(statement).encode(), digest_size=16).digest()
            total += int.from_bytes(written, "big")
        return cls(count, total % (1 << 128))


def verify_release(release: Release) -> Iterator[str]:
    """Say what is wrong with a release; nothing for one that is whole.

    Every file is hashed, every dump parsed and counted, the store counted, and all of them
    compared with one another and with the manifest.

    :raises ReleaseError: if there is no readable manifest.
    """
    manifest = release.manifest()
    found = list(_file_faults(release.path, manifest))
    yield from found
    yield from _listing_faults(release.dumps)
    expected: dict[str, int | None] = {
        name: manifest.get("equivalents" if name == EQUIVALENTS.name else "triples")
        for name in NAME_TO_FORMAT
    }
    contents: dict[str, Contents] = {}
    for name, count in expected.items():
        file = NAME_TO_FORMAT[name].file
        try:
            contents[name] = Contents.of(_dump(release.dumps / file, name))
        except (OSError, EOFError, zlib.error, SyntaxError, ValueError) as error:
            yield f"dumps/{file}: cannot be read: {error}"
            continue
        if contents[name].count != count:
            yield f"dumps/{file}: {contents[name].count} triples, the manifest says {count}"
    yield from _store_faults(release, contents)


def _file_faults(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    listed = {row["name"]: row for row in manifest.get("files", ())}
    for name, row in listed.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: missing"
            continue
        file = hashed(path)
        if file.size != row["bytes"]:
            yield f"{name}: {file.size} bytes, the manifest says {row['bytes']}"
        elif file.sha256 != row["sha256"]:
            yield f"{name}: SHA-256 {file.sha256}, the manifest says {row['sha256']}"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in listed and is_manifested(name):
            yield f"{name}: not in the manifest"


def _listing_faults(dumps: Path) -> Iterator[str]:
    """``SHA256SUMS`` and ``dumps/manifest.json`` against the files beside them."""
    try:
        sums = (dumps / "SHA256SUMS").read_text(encoding="utf-8")
        rows = json.loads((dumps / "manifest.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        yield f"dumps: not a readable listing: {error}"
        return
    stated = [line.split("  ", 1) for line in sums.splitlines() if "  " in line]
    pairs = [*((name, sha256) for sha256, name in stated)]
    pairs.extend((row["name"], row["sha256"]) for row in rows)
    for name, sha256 in pairs:
        path = dumps / name
        if path.is_file() and hashed(path).sha256 != sha256:
            yield f"dumps/{name}: not the SHA-256 that the dumps' own listing states"


def _dump(path: Path, name: str) -> Iterator[Quad]:
    """The statements of a dump file."""
    with gzip.open(path) as file:
        if name == "jsonld":
            for line in file:
                yield from parse(line, format=RdfFormat.JSON_LD)
        else:
            form = NAME_TO_RDF_FORMAT.get(name, RdfFormat.N_QUADS)
            stream: IO[bytes] = file  # type: ignore[assignment]
            yield from parse(stream, format=form)


def _store_faults(release: Release, contents: dict[str, Contents]) -> Iterator[str]:
    """The store against the dumps, and the dumps against one another."""
    data = {name: found for name, found in contents.items() if name != EQUIVALENTS.name}
    if len(set(data.values())) > 1:
        yield "dumps: the formats do not hold the same triples"
    try:
        store = Store.read_only(str(release.store))
        stored = Contents.of(store.quads_for_pattern(None, None, None, DefaultGraph()))
        everything = len(store)
    except (OSError, RuntimeError, ValueError) as error:
        yield f"store: cannot be read: {error}"
        return
    for name, found in data.items():
        if found != stored:
            file = NAME_TO_FORMAT[name].file
            yield f"store: holds {stored.count} triples, not those of dumps/{file}"
    other = contents.get(EQUIVALENTS.name)
    if other and everything - stored.count != other.count:
        yield f"store: {everything - stored.count} quads in named graphs, not {other.count}"
