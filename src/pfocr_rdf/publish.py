"""Dumps on their way out: copied as they are, or written in one format to a stream."""

import gzip
import shutil
import zlib
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pyoxigraph import DefaultGraph, RdfFormat

from pfocr_rdf.compare import open_store
from pfocr_rdf.dumps import NAME_TO_FORMAT
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release

#: Formats that are made from the store, for they are not among the dumps.
CONVERTED: Final = {
    "rdfxml": RdfFormat.RDF_XML,
    "n3": RdfFormat.N3,
}
DumpFormatName = Literal[
    "turtle", "ntriples", "nquads", "jsonld", "equivalents", "trig", "rdfxml", "n3"
]
COPY_BYTES: Final = 1 << 20


def copy_dumps(release: Release, target: Path) -> list[Path]:
    """Copy the folder of dumps with its manifest and checksums.

    :raises ReleaseError: if the target holds other files or is one, or there are no dumps.
    """
    if target.is_file():
        raise ReleaseError(f"{target} is a file: name a new folder")
    if target.exists() and any(target.iterdir()):
        raise ReleaseError(f"{target} is not empty: name a new folder")
    try:
        files = sorted(release.dumps.iterdir())
    except OSError as error:
        raise _unreadable(release, error) from error
    target.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(file, target / file.name)) for file in files]


def write_dump(
    release: Release, form: DumpFormatName, out: BinaryIO, iris: Iris, *, gzipped: bool
) -> None:
    """Write the data in one format.

    :param form: ``trig`` holds the graph of equivalents too.
    :param gzipped: compress; the dump file itself where there is one.
    :raises ReleaseError: if the dump or the store cannot be read.
    """
    try:
        if form in NAME_TO_FORMAT:
            path = release.dumps / NAME_TO_FORMAT[form].file
            with path.open("rb") if gzipped else gzip.open(path) as file:
                shutil.copyfileobj(file, out, COPY_BYTES)
        elif gzipped:
            # Without a name of its own it would write that of the file beneath it.
            with gzip.GzipFile("", fileobj=out, mode="wb", mtime=0) as packed:
                _convert(release, form, packed, iris)  # type: ignore[arg-type]
        else:
            _convert(release, form, out, iris)
    except (FileNotFoundError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _unreadable(release, error) from error


def _unreadable(release: Release, error: Exception) -> ReleaseError:
    reason = f"cannot be read ({error}): run `pfocr-rdf verify` on the release"
    return ReleaseError(f"{release.path}: {reason}")


def _convert(release: Release, form: str, out: BinaryIO, iris: Iris) -> None:
    store = open_store(release)
    prefixes = iris.prefixes()
    if form == "trig":
        store.dump(out, RdfFormat.TRIG, prefixes=prefixes)
    else:
        store.dump(out, CONVERTED[form], from_graph=DefaultGraph(), prefixes=prefixes)
