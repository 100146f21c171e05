"""The data folder: releases, the pointer to the current one, rollback and pruning.

::

    DIR/releases/<id>/{store,dumps,report.json,manifest.json}
    DIR/current -> releases/<id>

A release is made under a hidden name, flushed to disk and renamed when it is whole; then
``current`` is replaced in one atomic rename. A process killed at any moment leaves the
release that was current whole, and at most a hidden folder that the next build removes.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pfocr_rdf.errors import ReleaseError

RELEASES: Final = "releases"
CURRENT: Final = "current"
LOCK: Final = ".build.lock"
UNFINISHED: Final = ".unfinished-"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A finished release; its ``id`` is the name of its folder and sorts by time."""

    id: str
    path: Path

    @property
    def store(self) -> Path:
        """The folder of the Oxigraph store."""
        return self.path / "store"

    @property
    def dumps(self) -> Path:
        """The folder of files to publish."""
        return self.path / "dumps"

    def manifest(self) -> dict[str, Any]:
        """What the release holds: version, counts, and each file's size and hash.

        :raises ReleaseError: if the manifest is missing or not JSON.
        """
        path = self.path / "manifest.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"{path}: not a readable manifest ({error}): build again, or roll back"
            ) from error
        if not isinstance(found, dict):
            raise ReleaseError(f"{path}: not a manifest: build again, or roll back")
        return found


def list_releases(data: Path) -> list[Release]:
    """The finished releases, oldest first."""
    folder = data / RELEASES
    if not folder.is_dir():
        return []
    return sorted(
        Release(entry.name, Path(entry.path))
        for entry in os.scandir(folder)
        if entry.is_dir() and not entry.name.startswith(".")
    )


def current_release(data: Path) -> Release:
    """The release that is published.

    :raises ReleaseError: if the folder has none; the message says how to make one.
    """
    pointer = data / CURRENT
    try:
        target = pointer.resolve(strict=True)
    except OSError:
        reason = "no current release: run `pfocr-rdf build RECORDS… --data` with this folder first"
        raise ReleaseError(f"{data}: {reason}") from None
    return Release(target.name, target)


def find_release(data: Path, name: str) -> Release:
    """A release by its id, by the beginning of it, by version, as ``current``, or by its path.

    :raises ReleaseError: if there is no such release or several begin so.
    """
    if name == CURRENT:
        return current_release(data)
    as_path = Path(name)
    if (as_path / "manifest.json").is_file():
        resolved = as_path.resolve()
        return Release(resolved.name, resolved)
    if (as_path / CURRENT / "manifest.json").is_file():
        return current_release(as_path)
    found = list_releases(data)
    fitting = [r for r in found if r.id == name] or [
        r for r in found if r.id.startswith(name) or r.id.endswith(f"-{name}")
    ]
    if len(fitting) != 1:
        known = ", ".join(release.id for release in found) or "none"
        what = "no release" if not fitting else "more than one release"
        raise ReleaseError(f"{data}: {what} named {name!r}; there are: {known}")
    return fitting[0]


@contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for one build; the lock goes with the process that holds it.

    :raises ReleaseError: if another build holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = "another build is running there: wait for it, or name another --data"
            raise ReleaseError(f"{data}: {reason}") from None
        yield


def start_release(data: Path) -> Path:
    """An empty folder to build in; what killed builds left behind is removed.

    Call it while holding :func:`build_lock`.
    """
    folder = data / RELEASES
    folder.mkdir(parents=True, exist_ok=True)
    for entry in os.scandir(folder):
        if entry.name.startswith(UNFINISHED):
            shutil.rmtree(entry.path)
    fresh = folder / f"{UNFINISHED}{os.getpid()}"
    fresh.mkdir()
    return fresh


def abandon_release(unfinished: Path) -> None:
    """Remove a folder that was being built in."""
    shutil.rmtree(unfinished, ignore_errors=True)


def publish_release(data: Path, unfinished: Path, name: str) -> Release:
    """Flush a finished folder to disk, give it its name, and make it current.

    :param name: the id; a number is added where it is taken.
    """
    _flush_tree(unfinished)
    folder, taken = data / RELEASES, 1
    target = folder / name
    while target.exists():
        taken += 1
        target = folder / f"{name}.{taken}"
    unfinished.rename(target)
    _flush(folder)
    release = Release(target.name, target)
    make_current(data, release)
    return release


def make_current(data: Path, release: Release) -> None:
    """Point ``current`` at a release, in one rename."""
    fresh = data / f".{CURRENT}-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(RELEASES) / release.id)
    fresh.replace(data / CURRENT)
    _flush(data)


def roll_back(data: Path, name: str | None = None) -> tuple[Release, Release]:
    """Make an earlier release current.

    :param name: which one; the release before the current one if None.
    :returns: the release that was current and the one that is now.
    :raises ReleaseError: if there is none to go back to.
    """
    was = current_release(data)
    if name is None:
        earlier = [release for release in list_releases(data) if release.id < was.id]
        if not earlier:
            raise ReleaseError(f"{data}: {was.id} is the oldest release: nothing to roll back to")
        now = earlier[-1]
    else:
        now = find_release(data, name)
    now.manifest()
    make_current(data, now)
    return was, now


def prune_releases(data: Path, keep: int) -> list[Release]:
    """Delete all but the newest ``keep`` releases, and never the current one.

    :returns: what was deleted.
    """
    published = current_release(data).id
    doomed = [r for r in list_releases(data)[: -keep or None] if r.id != published]
    for release in doomed:
        # Renamed first, so that a kill leaves nothing that looks like a release.
        hidden = release.path.with_name(f"{UNFINISHED}{release.id}")
        release.path.rename(hidden)
        shutil.rmtree(hidden)
    return doomed


def _flush_tree(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            _flush(Path(parent) / name)
        _flush(Path(parent))


def _flush(path: Path) -> None:
    """Fsync a file or folder: a rename is only as durable as what it renames."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
