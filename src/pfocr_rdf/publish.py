"""Dumps on their way out: copied as they are, or written in one format to a stream."""

import gzip
import shutil
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pyoxigraph import DefaultGraph, RdfFormat, Store

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

    :raises ReleaseError: if the target holds other files.
    """
    if target.exists() and any(target.iterdir()):
        raise ReleaseError(f"{target} is not empty: name a new folder")
    target.mkdir(parents=True, exist_ok=True)
    return [
        Path(shutil.copyfile(file, target / file.name)) for file in sorted(release.dumps.iterdir())
    ]


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
            with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
                _convert(release, form, packed, iris)  # type: ignore[arg-type]
        else:
            _convert(release, form, out, iris)
    except (FileNotFoundError, EOFError, gzip.BadGzipFile) as error:
        reason = f"cannot be read ({error}): run `pfocr-rdf verify` on the release"
        raise ReleaseError(f"{release.path}: {reason}") from error


def _convert(release: Release, form: str, out: BinaryIO, iris: Iris) -> None:
    store = Store.read_only(str(release.store))
    prefixes = iris.prefixes()
    if form == "trig":
        store.dump(out, RdfFormat.TRIG, prefixes=prefixes)
    else:
        store.dump(out, CONVERTED[form], from_graph=DefaultGraph(), prefixes=prefixes)
