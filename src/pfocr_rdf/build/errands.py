"""What is sent to a worker of a cluster: a batch, and what must be the same there as here.

A worker that sees other files, or runs other programs, would map to other triples without any
error. So each errand is checked on arrival: workers come and go while a build runs.
"""

import os
import pickle
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pfocr_rdf import __version__
from pfocr_rdf.build.batches import Batch, BatchResult
from pfocr_rdf.errors import BuildError
from pfocr_rdf.possessive import re
from pfocr_rdf.resources import resource

#: The libraries that, beside our own code, determine the bytes of a part.
LIBRARIES: Final = ("pyoxigraph", "PyYAML", "python-frontmatter", "orjson", "deflate")
#: Those of our own modules and packages that map a batch, and the resources that they read.
MODULES: Final = (
    *("errors", "resources", "recurring", "possessive", "composing", "iris", "equivalents"),
    *("records", "vocabulary", "mapping", "shared", "jsonld", "ranges", "tally", "listing"),
    *("dumps", "search", "build"),
)
RESOURCES: Final = ("organisms.tsv", "context.jsonld")

Programs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """A batch on its way to a worker; ``seen`` has each path it needs, and how that looks here."""

    work: Callable[[Batch], BatchResult]
    batch: Batch
    seen: tuple[tuple[str, str], ...]


def errand_of(work: Callable[[Batch], BatchResult], batch: Batch) -> bytes:
    """A batch, pickled to be sent; its paths are absolute, as a worker runs in another folder.

    It is pickled here and not by Dask, so that :func:`run_errand` can open it after it has found
    the same programs: another version could read a different batch from the same bytes.
    """
    here = os.getcwd()
    files = tuple(
        replace(
            file,
            path=os.path.join(here, file.path),
            tables=tuple((kind, os.path.join(here, path)) for kind, path in file.tables),
        )
        for file in batch.files
    )
    folders = tuple(os.path.join(here, folder) for folder in batch.organism_folders)
    sent = replace(batch, files=files, organism_folders=folders)
    seen = tuple((path, look(path, batch.reading)) for path in needed(sent))
    return pickle.dumps(Errand(work, sent, seen))


def run_errand(expected: Programs, pickled: bytes, where: str) -> bytes:
    """Do an errand, in a worker.

    :param expected: the programs of the build; see :func:`programs`.
    :param where: the cluster, for the message.
    :returns: the result, pickled: nothing on the way to the build needs to know its class.
    :raises BuildError: if this worker runs other programs, or sees a file that looks different.
    """
    found = programs()
    if found != expected:
        raise BuildError(
            f"a worker of {where} ({platform.node()}) runs other versions than this build: "
            f"{differences(expected, found)}; install the same versions on all machines"
        )
    errand: Errand = pickle.loads(pickled)  # noqa: S301 (from the build that this worker serves)
    for path, there in errand.seen:
        here = look(path, errand.batch.reading)
        if here != there:
            raise BuildError(
                f"{path} is {here} for a worker of {where} ({platform.node()}), and {there} for "
                "this build: the records must be readable under the same path on every worker, "
                "as on a file system that the machines share"
            )
    return pickle.dumps(errand.work(errand.batch))


def result_of(pickled: bytes) -> BatchResult:
    """The result that :func:`run_errand` sent back."""
    result: BatchResult = pickle.loads(pickled)  # noqa: S301 (from a worker of our choice)
    return result


def needed(batch: Batch) -> Iterator[str]:
    """Every path that is read to map a batch."""
    yield from batch.organism_folders
    for file in batch.files:
        yield from file.paths


def look(path: str, reading: str) -> str:
    """How a file or a folder looks from here, in words.

    :param reading: identifies one reading of the input, in which a folder is listed once.
    """
    try:
        size = os.stat(path).st_size
        if os.path.isdir(path):
            return listed(path, reading)
    except OSError as error:
        return f"unreadable ({error.strerror})"
    return f"{size:,} bytes" if os.access(path, os.R_OK) else "unreadable (Permission denied)"


@lru_cache(maxsize=16)
def listed(folder: str, reading: str) -> str:
    """A folder's files by names and sizes: one more organism page may affect any record."""
    del reading  # part of the cache's key: the next reading lists the folder again
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat().st_size) for entry in entries)
    digest = sha256(repr(found).encode(errors="surrogateescape")).hexdigest()
    return f"a folder of {len(found)} files ({digest[:8]})"


@cache
def programs() -> Programs:
    """The programs that determine the bytes of a part, each with its version.

    Our own version includes a digest of the files: two checkouts of one version may differ.
    """
    package = Path(__file__).resolve().parents[1]
    digest = sha256()
    for name in MODULES:
        folder, module = package / name, package / f"{name}.py"
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [module]:
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    for name in RESOURCES:
        digest.update(resource("ontology", name).read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    own = f"{__version__} ({digest.hexdigest()[:8]})"
    libraries = LIBRARIES if re.__name__ == "re" else (*LIBRARIES, re.__name__)
    return ("Python", python), ("pfocr-rdf", own), *((n, _version(n)) for n in libraries)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def differences(expected: Programs, found: Programs) -> str:
    """The differences, in words.

    >>> differences((("Python", "3.11"), ("a", "1")), (("Python", "3.12"), ("a", "1")))
    'Python 3.12 there, 3.11 here'
    """
    there = dict(found)
    return ", ".join(
        f"{name} {there.get(name, 'none')} there, {here} here"
        for name, here in expected
        if there.get(name) != here
    )
