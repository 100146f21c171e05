"""The data folder: releases, the pointer to the current one, rollback and pruning.

::

    DIR/releases/<id>/{store,dumps,report.json,manifest.json}
    DIR/current -> releases/<id>

A release is made under a hidden name, flushed to disk and renamed when it is whole; then
``current`` is replaced in one atomic rename. A process killed at any moment leaves the
release that was current whole, and at most a hidden folder, which the next build removes,
or a whole release that never became current.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pfocr_rdf.errors import ReleaseError

RELEASES: Final = "releases"
CURRENT: Final = "current"
LOCK: Final = ".build.lock"
CURRENT_LOCK: Final = ".current.lock"
UNFINISHED: Final = ".unfinished-"
TIME: Final = "%Y%m%dT%H%M%SZ"


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

    :raises ReleaseError: if another build holds it, or it cannot be written to.
    """
    with _refusing(data):
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / LOCK).open("a")
    with lock as file:
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


def publish_release(data: Path, unfinished: Path, version: str) -> Release:
    """Flush a finished folder to disk, give it its name, and make it current.

    Where that fails, the folder has its unfinished name again.

    :param version: what the id ends in; it begins with the time.
    """
    _flush_tree(unfinished)
    folder = data / RELEASES
    name = _fresh_id(data, version)
    release = Release(name, folder / name)
    unfinished.rename(release.path)
    try:
        _flush(folder)
        make_current(data, release)
    except BaseException:
        if not _is_current(data, release):
            release.path.rename(unfinished)
        raise
    return release


def _fresh_id(data: Path, version: str) -> str:
    """An id that sorts after all others: two builds may end in one second, clocks are set back."""
    moment = datetime.now(UTC)
    for release in list_releases(data):
        # A folder that someone has named otherwise has no time in its name.
        with suppress(ValueError):
            made = datetime.strptime(release.id.partition("-")[0], TIME).replace(tzinfo=UTC)
            moment = max(moment, made + timedelta(seconds=1))
    return f"{moment.strftime(TIME)}-{version}"


def make_current(data: Path, release: Release) -> None:
    """Point ``current`` at a release of the data folder, in one rename."""
    with _pointer_lock(data):
        fresh = data / f".{CURRENT}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path(RELEASES) / release.id)
        fresh.replace(data / CURRENT)
        _flush(data)


@contextmanager
def _pointer_lock(data: Path) -> Iterator[None]:
    """Hold ``current`` still: a build must not prune what a rollback is turning to."""
    with (data / CURRENT_LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_current(data: Path, release: Release) -> bool:
    pointer = data / CURRENT
    return pointer.is_symlink() and pointer.readlink().name == release.id


def roll_back(data: Path, name: str | None = None) -> tuple[Release, Release]:
    """Make an earlier release current.

    :param name: which one; the release before the current one if None.
    :returns: the release that was current and the one that is now.
    :raises ReleaseError: if there is none to go back to, or the folder cannot be written to.
    """
    was = current_release(data)
    if name is None:
        earlier = [release for release in list_releases(data) if release.id < was.id]
        if not earlier:
            raise ReleaseError(f"{data}: {was.id} is the oldest release: nothing to roll back to")
        now = earlier[-1]
    else:
        now = find_release(data, name)
    if now not in list_releases(data.resolve()) and now not in list_releases(data):
        reason = "roll back to one of the releases of this data folder"
        raise ReleaseError(f"{now.path}: not in {data}: {reason}")
    now.manifest()
    with _refusing(data):
        make_current(data, now)
    return was, now


def prune_releases(data: Path, keep: int) -> list[Release]:
    """Delete all but the newest ``keep`` releases, and never the current one.

    :returns: what was deleted.
    :raises ReleaseError: if one cannot be deleted.
    """
    doomed = []
    for release in list_releases(data)[: -keep or None]:
        # Renamed first, so that a kill leaves nothing that looks like a release.
        hidden = release.path.with_name(f"{UNFINISHED}{release.id}")
        try:
            with _pointer_lock(data):
                if _is_current(data, release):
                    continue
                release.path.rename(hidden)
            shutil.rmtree(hidden)
        except OSError as error:
            reason = "the new release is published; delete the old one by hand"
            raise ReleaseError(
                f"{release.path} could not be deleted ({error.strerror}): {reason}"
            ) from error
        doomed.append(release)
    return doomed


@contextmanager
def _refusing(data: Path) -> Iterator[None]:
    """Turn a failure to write to the data folder into words."""
    try:
        yield
    except OSError as error:
        reason = "check its permissions, or name another --data"
        raise ReleaseError(
            f"{error.filename or data} could not be written ({error.strerror}): {reason}"
        ) from error


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
