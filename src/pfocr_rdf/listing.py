"""The files that a manifest lists, and whether they are there in the size that it states.

A full disk or an interrupted copy leaves truncated files. Their sizes show it without reading a
gigabyte; any other damage shows only in their hashes.
"""

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A finished file: its size in bytes and the hash of its bytes."""

    name: str
    size: int
    sha256: str


def is_manifested(name: str) -> bool:
    """Whether the manifest lists a file: not itself, nor the lock and logs that a store writes.

    >>> is_manifested("store/000011.sst"), is_manifested("store/LOG.old.17")
    (True, False)
    """
    return name != "manifest.json" and not name.startswith(("store/LOG", "store/LOCK"))


def hashed(path: Path, name: str | None = None) -> ListedFile:
    """A file's size and hash."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
            size += len(block)
    return ListedFile(name or path.name, size, digest.hexdigest())


def listed_files(manifest: Mapping[str, Any]) -> list[ListedFile] | None:
    """The files that a manifest lists; None if the list is missing or malformed.

    >>> listed_files({"files": [{"name": "void.ttl", "bytes": 1, "sha256": "…"}]})
    [ListedFile(name='void.ttl', size=1, sha256='…')]
    """
    try:
        files = [ListedFile(row["name"], row["bytes"], row["sha256"]) for row in manifest["files"]]
    except (KeyError, TypeError):
        return None
    return files if all(isinstance(file.name, str) for file in files) else None


def size_fault(folder: Path, file: ListedFile) -> str | None:
    """What is wrong with a listed file, as its size shows without reading it; None for nothing.

    >>> size_fault(Path("/nowhere"), ListedFile("void.ttl", 1, "…"))
    'void.ttl: missing'
    """
    try:
        found = (folder / file.name).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return f"{file.name}: missing"
    except OSError as error:
        return f"{file.name} cannot be read ({error.strerror})"
    # Opening a pipe to read it would wait forever.
    if not stat.S_ISREG(found.st_mode):
        return f"{file.name}: not a file"
    if found.st_size != file.size:
        return f"{file.name}: {found.st_size} bytes, the manifest says {file.size}"
    return None


def checksums(files: Iterable[ListedFile]) -> str:
    r"""The lines that ``sha256sum -c`` reads.

    >>> checksums([ListedFile("a.gz", 1, "00ff")])
    '00ff  a.gz\n'
    """
    return "".join(f"{f.sha256}  {f.name}\n" for f in files)
