"""What a worker of a cluster is sent: a batch, and what must be the same there as here.

A worker that sees other files, or runs other programs, would map to other triples without a
word. So each errand is checked where it arrives, for workers come and go while a build runs.
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

#: What shapes the bytes of a part, beside our own code.
LIBRARIES: Final = ("pyoxigraph", "PyYAML", "python-frontmatter", "orjson", "deflate")
#: Of our own code what maps a batch, and what it reads.
MODULES: Final = (
    *("errors", "resources", "recurring", "possessive", "composing", "iris", "equivalents"),
    *("records", "vocabulary", "mapping", "shared", "jsonld", "ranges", "tally", "listing"),
    *("dumps", "search", "build"),
)
RESOURCES: Final = ("organisms.tsv", "context.jsonld")

Programs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """A batch on its way; ``seen`` is each path that it needs, and how it looks from here."""

    work: Callable[[Batch], BatchResult]
    batch: Batch
    seen: tuple[tuple[str, str], ...]


def errand_of(work: Callable[[Batch], BatchResult], batch: Batch) -> bytes:
    """A batch as it is sent, its paths absolute: a worker runs in another folder.

    It is pickled here, so that it is opened only where :func:`run_errand` has found the same
    programs: between two versions a batch could be taken for another one.
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
    :returns: the result, pickled: nothing between here and the build needs to know it.
    :raises BuildError: if the programs are others here, or a file looks different.
    """
    found = programs()
    if found != expected:
        raise BuildError(
            f"a worker of {where} ({platform.node()}) runs other programs than this build: "
            f"{differences(expected, found)}; install the same on all machines"
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
    """What :func:`run_errand` has sent back."""
    result: BatchResult = pickle.loads(pickled)  # noqa: S301 (from a worker of our choice)
    return result


def needed(batch: Batch) -> Iterator[str]:
    """Every path that is read to map a batch."""
    yield from batch.organism_folders
    for file in batch.files:
        yield file.path
        for _, path in file.tables:
            yield path


def look(path: str, reading: str) -> str:
    """How a file or a folder looks from here, in words.

    :param reading: names one reading of the input; a folder is listed once in each.
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
    """A folder's files by names and sizes; an organism page more is other names for all."""
    del reading  # tells one reading of the folder from the next, for the cache
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat().st_size) for entry in entries)
    digest = sha256(repr(found).encode(errors="surrogateescape")).hexdigest()
    return f"a folder of {len(found)} files ({digest[:8]})"


@cache
def programs() -> Programs:
    """The programs that decide what a part looks like, each with its version.

    Our own version is told by its files too: two checkouts of one version may differ.
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
    """What differs, in words.

    >>> differences((("Python", "3.11"), ("a", "1")), (("Python", "3.12"), ("a", "1")))
    'Python 3.12 there, 3.11 here'
    """
    there = dict(found)
    return ", ".join(
        f"{name} {there.get(name, 'none')} there, {here} here"
        for name, here in expected
        if there.get(name) != here
    )
