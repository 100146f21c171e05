"""Is a release what its manifest says? Hash, parse and count every file of it again."""

import gzip
import json
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from pfocr_rdf.dumps import (
    EQUIVALENTS,
    FORMATS,
    MAPPINGS,
    NAME_TO_FORMAT,
    DumpFormat,
)
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.listing import ListedFile, hashed, is_manifested, listed_files, size_fault
from pfocr_rdf.releases import MANIFEST, SEARCH_INDEX, Release
from pfocr_rdf.search import open_index

NAME_TO_RDF_FORMAT: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
}
AT_ONCE: Final = 1_000  # hashes
FORMAT_NAMES: Final = {form.name for form in FORMATS}


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
        """Count statements and sum up their hashes, keeping none of them in memory."""
        count = total = 0
        hashes = map(hash, statements)  # of 64 bits, which take half the time of longer ones
        while some := list(islice(hashes, AT_ONCE)):
            count += len(some)
            total += sum(some)
        return cls(count, total)

    def __add__(self, other: "Contents") -> "Contents":
        """The contents of both together; no statement may be in both."""
        return Contents(self.count + other.count, self.digest + other.digest)


#: Called with what is read next: in a release of 120,000 figures some files take minutes.
Tell = Callable[[str], object]


def verify_release(release: Release, tell: Tell = lambda _: None) -> Iterator[str]:
    """Yield what is wrong with a release; nothing if it is intact.

    Every file is hashed, every dump parsed and counted, the store counted, and all of them
    compared with one another and with the manifest.

    :param tell: called with the name of each file and what is about to be done with it.
    :raises ReleaseError: if there is no readable manifest.
    """
    manifest = release.manifest()
    listed = _listed(manifest)
    if listed is None:
        path = release.path / MANIFEST
        raise ReleaseError(f"{path}: no list of files: build again, or roll back")
    files: dict[str, ListedFile] = {}
    yield from _file_faults(release.path, listed, files, tell)
    if any(map(_waits, release.path.rglob("*"))):
        return
    yield from _listing_faults(release.dumps, manifest, files)
    if SEARCH_INDEX in files:  # that it is missing has been said
        yield from _index_faults(release, manifest)
    contents: dict[str, Contents] = {}
    yield from _dump_faults(release.dumps, manifest, contents, tell)
    tell("the store: counted")
    yield from _store_faults(release, _graph_files(manifest), contents)


def _listed(manifest: dict[str, Any]) -> dict[str, ListedFile] | None:
    """The files that a manifest names; None where it does not list them as it should."""
    files = listed_files(manifest)
    return None if files is None else {file.name: file for file in files}


def _waits(path: Path) -> bool:
    """Whether a path is something whose reading may never end, such as a pipe or a device."""
    with suppress(OSError):
        mode = path.stat().st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return False


def _leads_to_no_file(path: Path) -> bool:
    """Whether a path is a link to nothing, or to a folder, whose files are not looked at."""
    return path.is_symlink() and not path.is_file()


def _file_faults(
    folder: Path, listed: dict[str, ListedFile], files: dict[str, ListedFile], tell: Tell
) -> Iterator[str]:
    """Compare the files of a folder with its manifest; add those found to ``files``."""
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    for name, path in there.items():
        if path.is_file() and is_manifested(name):
            tell(f"{name}: hashed")
            try:
                files[name] = hashed(path, name)
            except OSError as error:
                yield f"{name}: cannot be read: {error.strerror}"
    for name, row in listed.items():
        file = files.get(name)
        if fault := size_fault(folder, row):
            yield fault
        elif file and file.sha256 != row.sha256:
            yield f"{name}: SHA-256 {file.sha256}, the manifest says {row.sha256}"
    strange = {name for name, path in there.items() if _waits(path) or _leads_to_no_file(path)}
    for name in sorted((files.keys() | strange) - listed.keys()):
        yield f"{name}: not in the manifest"


def _listing_faults(
    dumps: Path, manifest: dict[str, Any], files: dict[str, ListedFile]
) -> Iterator[str]:
    """Compare ``SHA256SUMS`` and ``dumps/manifest.json`` with files and the release's manifest."""
    try:
        sums = (dumps / "SHA256SUMS").read_text(encoding="utf-8")
        published = json.loads((dumps / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"dumps: not a readable listing: {error}"
        return
    listed = _listed(published) if isinstance(published, dict) else None
    if listed is None:
        yield "dumps/manifest.json: no list of files"
        return
    for key in sorted((manifest.keys() | published.keys()) - {"files"}):
        ours, theirs = manifest.get(key), published.get(key)
        if ours != theirs:
            yield f"manifest.json: {key} is {ours!r}, dumps/manifest.json says {theirs!r}"
    stated = [line.split("  ", 1) for line in sums.splitlines() if "  " in line]
    pairs = [(name, sha256) for sha256, name in stated]
    for name, sha256 in dict.fromkeys((*pairs, *((f.name, f.sha256) for f in listed.values()))):
        file = files.get(f"dumps/{name}")
        if file and file.sha256 != sha256:
            yield f"dumps/{name}: not the SHA-256 that the dumps' own listing states"


def _index_faults(release: Release, manifest: dict[str, Any]) -> Iterator[str]:
    """Compare the search index, which earlier versions did not build, with the count of figures."""
    try:
        # No identifier is looked up: that would need a manifest that is right.
        with open_index(release, lambda text: None) as index:
            figures = index.figures
    except ReleaseError as error:
        yield f"{SEARCH_INDEX}: cannot be read: {error}"
        return
    if figures != manifest.get("figures"):
        said = manifest.get("figures")
        yield f"{SEARCH_INDEX}: {figures} figures, the manifest says {said}"


def _graph_files(manifest: dict[str, Any]) -> tuple[DumpFormat, ...]:
    """The dumps that hold the named graphs."""
    return (EQUIVALENTS,) if manifest.get(MAPPINGS.name) is None else (EQUIVALENTS, MAPPINGS)


def _dump_faults(
    dumps: Path, manifest: dict[str, Any], contents: dict[str, Contents], tell: Tell
) -> Iterator[str]:
    """Compare the dumps with the manifest's counts; add what they hold to ``contents``."""
    for form in (*FORMATS, *_graph_files(manifest)):
        name = form.name
        count = manifest.get("triples" if name in FORMAT_NAMES else name)
        tell(f"dumps/{form.file}: parsed")
        try:
            contents[name] = Contents.of(_dump(dumps / form.file, name))
        except (OSError, EOFError, zlib.error, SyntaxError, ValueError) as error:
            yield f"dumps/{form.file}: cannot be read: {error}"
            continue
        if contents[name].count != count:
            yield f"dumps/{form.file}: {contents[name].count} triples, the manifest says {count}"


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


def _store_faults(
    release: Release, graphs: Sequence[DumpFormat], contents: dict[str, Contents]
) -> Iterator[str]:
    """Compare the store with the dumps, and the dumps with one another."""
    data = {name: found for name, found in contents.items() if name in FORMAT_NAMES}
    if len(set(data.values())) > 1:
        yield "dumps: the formats do not hold the same triples"
    try:
        store = Store.read_only(str(release.store))
        stored = Contents.of(store.quads_for_pattern(None, None, None, DefaultGraph()))
        quads = (store.quads_for_pattern(None, None, None, g) for g in store.named_graphs())
        named = Contents.of(chain.from_iterable(quads))
    except (OSError, RuntimeError, ValueError) as error:
        yield f"store: cannot be read: {error}"
        return
    for name, found in data.items():
        if found != stored:
            file = NAME_TO_FORMAT[name].file
            yield f"store: holds {stored.count} triples, not those of dumps/{file}"
    written = [contents[form.name] for form in graphs if form.name in contents]
    if len(written) == len(graphs) and named != sum(written, Contents(0, 0)):
        files = " and ".join(f"dumps/{form.file}" for form in graphs)
        yield f"store: holds {named.count} quads in graphs, not those of {files}"
