"""Publish the dumps: copy the files as they are, or write the data in one format to a stream."""

import gzip
import hashlib
import re
import shutil
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast

from pyoxigraph import DefaultGraph, RdfFormat

from pfocr_rdf.contents import dump_files, open_store
from pfocr_rdf.crate import CRATE, describe_crate
from pfocr_rdf.dumps import MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.listing import ListedFile, size_fault
from pfocr_rdf.releases import Release
from pfocr_rdf.xml_text import NotXmlError, XmlText

#: Formats that no dump has, for the default graph of the store, from which they are made.
CONVERTED: Final = {
    "rdfxml": RdfFormat.RDF_XML,
    "n3": RdfFormat.N3,
}
DumpFormatName = Literal[
    "turtle", "ntriples", "nquads", "jsonld", "equivalents", "mappings", "trig", "rdfxml", "n3"
]
#: Suffix of a file name, before .gz → the formats that such a file may hold; the first is the
#: default.
SUFFIX_TO_FORMATS: Final[dict[str, tuple[DumpFormatName, ...]]] = {
    ".ttl": ("turtle", "ntriples"),
    ".nt": ("ntriples",),
    ".nq": ("nquads", "equivalents", "mappings", "ntriples"),
    ".jsonl": ("jsonld",),
    ".trig": ("trig", "turtle", "ntriples"),
    ".rdf": ("rdfxml",),
    ".n3": ("n3", "turtle", "ntriples"),
}
COPY_BYTES: Final = 1 << 20


def formats_of(path: Path) -> tuple[DumpFormatName, ...]:
    """The formats that a file of this name may hold, the default first; none if it does not tell.

    >>> formats_of(Path("pfocr.nt.gz")), formats_of(Path("pfocr.txt"))
    (('ntriples',), ())
    """
    return SUFFIX_TO_FORMATS.get(suffix_of(path), ())


def suffix_of(path: Path) -> str:
    """The suffix of a file name before .gz, in lower case; empty if it has no letters.

    The end of a date or of a version tells no format.

    >>> suffix_of(Path("pfocr.NT.gz")), suffix_of(Path("pfocr-2026.11"))
    ('.nt', '')
    """
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    suffix = name.suffix.lower()
    return suffix if re.search("[a-z]", suffix) else ""


def copy_dumps(release: Release, target: Path) -> list[Path]:
    """Copy the dumps with their manifest and checksums, described as an RO-Crate.

    Each copy is hashed, because the description states its checksum.

    :raises ReleaseError: if the target is a file or holds other files, or a dump is damaged.
    :raises OSError: if they cannot all be written, as on a full disk; then no copy is left there.
    """
    if target.is_file():
        raise ReleaseError(f"{target} is a file: name a new folder")
    if target.exists() and any(target.iterdir()):
        raise ReleaseError(f"{target} is not empty: name a new folder")
    _refuse_cut(release)
    described, crate = describe_crate(release), target / CRATE
    is_new = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    files = dump_files(release)
    copies = [target / file.name for file in files]
    try:
        for file, copy in zip(files, copies, strict=True):
            shutil.copyfile(release.dumps / file.name, copy)
            _refuse_changed(release, file, copy)
        crate.write_bytes(described)
    except BaseException:
        # Also when interrupted: the next attempt would refuse a folder with part of a copy.
        for path in (*copies, crate):
            path.unlink(missing_ok=True)
        if is_new:
            with suppress(OSError):  # somebody else has put a file there meanwhile
                target.rmdir()
        raise
    return sorted([*copies, crate])


def write_dump(
    release: Release, form: DumpFormatName, out: BinaryIO, iris: Iris, *, gzipped: bool
) -> None:
    """Write the data in one format.

    :param form: ``trig`` includes the named graphs: equivalents, and those of mapping sets.
    :param gzipped: compress; a format that has a dump file is copied from it unchanged.
    :raises ReleaseError: if the dump or the store cannot be read, if the release lacks the links
        from mapping sets that are asked for, or if RDF/XML cannot hold the data.
    """
    if form == MAPPINGS.name and release.manifest().get(form) is None:
        reason = "has no links from mapping sets: build with --mappings FILE.sssom.tsv"
        raise ReleaseError(f"release {release.id} {reason}")
    try:
        if kept := NAME_TO_FORMAT.get(form):
            path = release.dumps / kept.file
            _refuse_cut(release, kept.file, is_hashed=gzipped)
            with path.open("rb") if gzipped else gzip.open(path) as file:
                shutil.copyfileobj(file, out, COPY_BYTES)
        elif gzipped:
            # An empty name: otherwise the header would have the name of the underlying file.
            with gzip.GzipFile("", fileobj=out, mode="wb", mtime=0) as packed:
                _convert(release, form, packed, iris)  # type: ignore[arg-type]
        else:
            _convert(release, form, out, iris)
    except (FileNotFoundError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _unreadable(release, error) from error


def _refuse_cut(release: Release, name: str | None = None, *, is_hashed: bool = False) -> None:
    """Refuse cut dumps: gzip reads an empty file, or only some of its members, without an error.

    :param name: the dump to check; all that were published if None.
    :param is_hashed: compare the hash too: gzip checks nothing in a file that is copied as it is.
    """
    for file in dump_files(release):
        if name in (None, file.name):
            if fault := size_fault(release.dumps, file):
                raise _unreadable(release, f"dumps/{fault}")
            if is_hashed:
                _refuse_changed(release, file, release.dumps / file.name)


def _refuse_changed(release: Release, file: ListedFile, path: Path) -> None:
    """Refuse a dump, or a copy of it, whose hash is not the one in the manifest."""
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != file.sha256:
        fault = f"dumps/{file.name}: SHA-256 {found}, the manifest says {file.sha256}"
        raise _unreadable(release, fault)


def _unreadable(release: Release, fault: object) -> ReleaseError:
    reason = f"cannot be read ({fault}): run `pfocr-rdf verify` on the release"
    return ReleaseError(f"{release.path}: {reason}")


def _convert(release: Release, form: str, out: BinaryIO, iris: Iris) -> None:
    store = open_store(release)
    prefixes = iris.prefixes()
    if form == "trig":
        store.dump(out, RdfFormat.TRIG, prefixes=prefixes)
        return
    written = cast(BinaryIO, _Xml(out)) if form == "rdfxml" else out
    try:
        store.dump(written, CONVERTED[form], from_graph=DefaultGraph(), prefixes=prefixes)
    except NotXmlError as error:
        reason = f"holds {error.character}, which XML cannot hold: name another --format"
        raise ReleaseError(f"release {release.id} {reason}") from error


class _Xml:
    """A stream that passes bytes on as well-formed XML; see :class:`XmlText`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._text = XmlText()

    def write(self, block: bytes) -> int:
        self._out.write(self._text.check(bytes(block)))
        return len(block)

    def flush(self) -> None:
        self._out.flush()
