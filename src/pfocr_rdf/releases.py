"""The data folder: releases, the pointer to the current one, rollback and pruning.

::

    DIR/releases/<id>/{store,dumps,search.sqlite,report.json,manifest.json}
    DIR/current -> releases/<id>

A release is built under a hidden name, flushed to disk and renamed when it is complete; then
``current`` is replaced in one atomic rename. A build killed at any moment leaves the current
release intact, and at most a hidden folder, which the next build removes, or a complete release.

A process that reads a release for long holds it, by a lock on its manifest: a held release is not
pruned. The lock ends with the process that holds it, however that ends.
"""

import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.flushing import flush, flush_tree
from pfocr_rdf.forks import locked
from pfocr_rdf.listing import listed_files, size_fault
from pfocr_rdf.pruned import delete_release
from pfocr_rdf.release_ids import fresh_id, made_at

RELEASES: Final = "releases"
CURRENT: Final = "current"
MANIFEST: Final = "manifest.json"
SEARCH_INDEX: Final = "search.sqlite"
LOCK: Final = ".build.lock"
CURRENT_LOCK: Final = ".current.lock"
UNFINISHED: Final = ".unfinished-"
PERMISSIONS: Final = "let this user read it, or run as one who may"


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

    @property
    def search_index(self) -> Path:
        """The file that search reads; a release built by an earlier version has none."""
        return self.path / SEARCH_INDEX

    def manifest(self) -> dict[str, Any]:
        """What the release holds: version, counts, and each file's size and hash.

        :raises ReleaseError: if the manifest is missing or not a JSON object.
        """
        path = self.path / MANIFEST
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        if not isinstance(found, dict):
            raise ReleaseError(f"{path}: not a manifest: build again, or roll back")
        return found


@dataclass(frozen=True, slots=True)
class Pruned:
    """What pruning deleted, and what it left because a process holds it."""

    deleted: tuple[Release, ...] = ()
    in_use: tuple[Release, ...] = ()


def list_releases(data: Path) -> list[Release]:
    """The finished releases, oldest first; other folders, such as lost+found, are left out."""
    folder = data / RELEASES
    if not folder.is_dir():
        return []
    found = (Release(entry.name, Path(entry.path)) for entry in os.scandir(folder))
    return sorted(r for r in found if not r.id.startswith(".") and _is_release(r))


def _is_release(found: Release) -> bool:
    """Whether it is a folder, and has an id of ours or a manifest."""
    # Unlike ``Path.exists``, these raise no error for a folder that only root may look into, as
    # lost+found, and unlike ``DirEntry.is_dir``, none for a loop of links.
    is_ours = made_at(found.id) or os.path.exists(found.path / MANIFEST)
    return bool(is_ours) and os.path.isdir(found.path)


def current_release(data: Path) -> Release:
    """The release that is published.

    :raises ReleaseError: if the folder has none; the message says how to make one.
    """
    pointer = data / CURRENT
    while True:
        led_to = _led_to(pointer)
        try:
            target = pointer.resolve(strict=True)
        except PermissionError as error:  # building there would not help
            raise ReleaseError(f"{data}: {error.strerror}: {PERMISSIONS}") from error
        except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
            # Pruned since the link was read, because another release was published.
            if _led_to(pointer) != led_to:
                continue
            names = ", ".join(release.id for release in list_releases(data))
            folder = shlex.quote(str(data))
            reason = f"run `pfocr-rdf build RECORDS… --data {folder}` first"
            if names:
                reason = f"run `pfocr-rdf rollback RELEASE --data {folder}` with one of {names}"
            raise ReleaseError(f"{data}: no current release: {reason}") from None
        return Release(target.name, target)


def _led_to(pointer: Path) -> Path | None:
    try:
        return pointer.readlink()
    except OSError:
        return None


def find_release(data: Path, name: str) -> Release:
    """A release by its id, the start of its id, its version, its path, or as ``current``.

    The path of a data folder stands for its current release.

    :raises ReleaseError: if no release or several fit, or the path is that of a folder of dumps.
    """
    if name == CURRENT:
        return current_release(data)
    as_path = Path(name)
    if name and (as_path / "SHA256SUMS").is_file():  # with a manifest too, but the dumps' own
        raise ReleaseError(f"{name} has dumps, not a release: run `sha256sum -c SHA256SUMS` there")
    if name and (as_path / MANIFEST).is_file():
        resolved = as_path.resolve()
        return Release(resolved.name, resolved)
    if name and (as_path / CURRENT / MANIFEST).is_file():
        return current_release(as_path)
    found = list_releases(data)
    fitting = [r for r in found if r.id == name] or [
        r for r in found if name and (r.id.startswith(name) or r.id.endswith(f"-{name}"))
    ]
    if len(fitting) != 1:
        known = ", ".join(release.id for release in found) or "none"
        what = "no release" if not fitting else "more than one release"
        raise ReleaseError(f"{data}: {what} named {name!r}; there are: {known}")
    return fitting[0]


def hold_release(release: Release) -> BinaryIO:
    """Keep a release from being pruned until the returned file is closed or the process ends.

    Any number of processes may hold a release, even one that they cannot write to: the lock
    is shared, and the manifest on which it is taken is opened read-only.

    :raises ReleaseError: if it was deleted meanwhile, has no manifest, or cannot be locked.
    """
    path = release.path / MANIFEST
    with ExitStack() as undo:
        try:
            lock = undo.enter_context(path.open("rb"))
        except OSError as error:
            raise _unreadable(path, error) from error
        if not _lock_shared(lock, path):
            raise ReleaseError(f"{release.path}: deleted just now: name another release")
        undo.pop_all()
    return lock


def _lock_shared(lock: BinaryIO, path: Path) -> bool:
    """Lock an open file; False if it is being moved away from its path, or was meanwhile."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # If pruning hid it between opening and locking, it is deleted in spite of the lock.
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        reason = "keep releases where files can be locked"
        raise ReleaseError(f"{path} cannot be locked ({error.strerror}): {reason}") from error


def _hold_alone(release: Release) -> AbstractContextManager[object]:
    """Hold a release exclusively, so that no other process can begin to hold it.

    :raises BlockingIOError: if another process holds it.
    """
    path = release.path / MANIFEST
    # Over NFS an exclusive lock needs a file opened for writing; elsewhere one that cannot be
    # written to will do. https://man7.org/linux/man-pages/man2/flock.2.html
    try:
        lock = path.open("r+b" if os.access(path, os.W_OK) else "rb")
    except FileNotFoundError:
        return nullcontext()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


@contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Lock the data folder for one build; the lock ends with the process that holds it.

    :raises ReleaseError: if another build holds the lock, or the folder cannot be written to.
    """
    with ExitStack() as held:
        with _refusing(data):
            data.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(locked(data / LOCK, wait=False))
            except BlockingIOError:
                reason = "another build is running there: wait for it, or name another --data"
                raise ReleaseError(f"{data}: {reason}") from None
        yield


def start_release(data: Path) -> Path:
    """Make an empty folder to build in, and remove what killed builds left behind.

    Call it while holding :func:`build_lock`.

    :raises ReleaseError: if ``current`` is a folder, so that no release could become current.
    """
    _refuse_followed(data / CURRENT)
    folder = data / RELEASES
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{UNFINISHED}*"):
        name = left.name.removeprefix(UNFINISHED)
        # A build that was killed while it pruned left what has the id of a release.
        delete_release(data, left, name if made_at(name) else None)
    fresh = folder / f"{UNFINISHED}{os.getpid()}"
    fresh.mkdir()
    return fresh


def _refuse_followed(pointer: Path) -> None:
    """Refuse a folder in the place of ``current``, the link to a release."""
    if pointer.is_dir() and not pointer.is_symlink():
        reason = "a folder instead of a link to a release, as copies that follow links have"
        raise ReleaseError(f"{pointer}: {reason}: move it away, or delete it if it is a copy")


def abandon_release(data: Path) -> None:
    """Remove the folder that :func:`start_release` makes, if it was made."""
    folder = data / RELEASES / f"{UNFINISHED}{os.getpid()}"
    with suppress(OSError):  # renamed, so that a thread still running after Ctrl-C adds no files
        folder = folder.rename(f"{folder}-abandoned")
    shutil.rmtree(folder, ignore_errors=True)


def publish_release(data: Path, unfinished: Path, version: str) -> Release:
    """Flush a finished folder to disk, give it its name, and make it current.

    If that fails before the release is current, the folder gets its unfinished name back.

    :param version: the end of the release's id, which begins with the time.
    :raises ReleaseError: if ``current`` is a folder, or was set but a power cut may undo that.
    :raises OSError: if it could not be made current.
    """
    flush_tree(unfinished)
    folder = data / RELEASES
    release = Release(name := fresh_id((r.id for r in list_releases(data)), version), folder / name)
    unfinished.rename(release.path)
    try:
        flush(folder)
        make_current(data, release)
    except BaseException:
        if not _is_current(data, release):
            release.path.rename(unfinished)
        raise
    return release


def make_current(data: Path, release: Release) -> None:
    """Point ``current`` at a release of the data folder, in one rename.

    :raises ReleaseError: if ``current`` is a folder, or was set but a power cut may undo that.
    :raises OSError: if it could not be made current.
    """
    _refuse_followed(data / CURRENT)
    # Locked: a build must not prune the release that a rollback is making current.
    with locked(data / CURRENT_LOCK, wait=True):
        fresh = data / f".{CURRENT}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path(RELEASES) / release.id)
        fresh.replace(data / CURRENT)
        try:
            flush(data)
        except OSError as error:  # not raised as it is: that means "nothing was published"
            what = f"{release.id} is current, but {data} could not be flushed ({error.strerror})"
            advice = "check the disk, and after a power cut which release is current"
            raise ReleaseError(f"{what}: {advice}") from error


def _is_current(data: Path, release: Release) -> bool:
    led_to = _led_to(data / CURRENT)
    return led_to is not None and led_to.name == release.id


def roll_back(data: Path, name: str | None = None) -> tuple[Release | None, Release]:
    """Make an earlier release current.

    :param name: which one; the release before the current one if None.
    :returns: the release that was current, if there was one, and the one that is now.
    :raises ReleaseError: if there is none to go back to, if it is damaged, or if the folder
        cannot be written to.
    """
    was: Release | None = None
    if name is None:
        was = current_release(data)
        earlier = [release for release in list_releases(data) if release.id < was.id]
        if not earlier:
            reason = "name the one to go to, of those that `pfocr-rdf releases` lists"
            raise ReleaseError(f"{data}: {was.id} is the oldest release: {reason}")
        now = earlier[-1]
    else:
        with suppress(ReleaseError):
            was = current_release(data)
        now = find_release(data, name)
    if now not in list_releases(data.resolve()) and now not in list_releases(data):
        reason = "roll back to one of the releases of this data folder"
        raise ReleaseError(f"{now.path}: not in {data}: {reason}")
    _refuse_damaged(now)
    # Held, so that a build pruning at the same time does not delete it before it is current.
    with hold_release(now), _refusing(data):
        make_current(data, now)
    return was, now


def _refuse_damaged(release: Release) -> None:
    """Refuse a release with a file missing or cut: no server would start. Only sizes are read."""
    files = listed_files(release.manifest())
    if files is None:
        path = release.path / MANIFEST
        raise ReleaseError(f"{path}: not the manifest of a release: roll back to another")
    for file in files:
        if fault := size_fault(release.path, file):
            reason = "run `pfocr-rdf verify` on the release, or roll back to another"
            raise ReleaseError(f"{release.path}: {fault}: {reason}")


def prune_releases(data: Path, keep: int) -> Pruned:
    """Delete all but the newest ``keep`` releases, and never the current one or one in use.

    :raises ReleaseError: if one cannot be deleted.
    """
    deleted, in_use = [], []
    for release in list_releases(data)[: -keep or None]:
        # Renamed first, so that a kill leaves nothing that looks like a release.
        hidden = release.path.with_name(f"{UNFINISHED}{release.id}")
        try:
            with locked(data / CURRENT_LOCK, wait=True):
                if _is_current(data, release):
                    continue
                with _hold_alone(release):
                    release.path.rename(hidden)
            delete_release(data, hidden, release.id)
            deleted.append(release)
        except BlockingIOError:
            in_use.append(release)
        except OSError as error:
            left = hidden if os.path.lexists(hidden) else release.path
            what = f"{left} could not be deleted ({error.strerror or error})"
            reason = "the new release is published; delete the old one by hand"
            raise ReleaseError(f"{what}: {reason}") from error
    return Pruned(tuple(deleted), tuple(in_use))


def _unreadable(manifest: Path, error: Exception) -> ReleaseError:
    advice = PERMISSIONS if isinstance(error, PermissionError) else "build again, or roll back"
    return ReleaseError(f"{manifest}: not a readable manifest ({error}): {advice}")


@contextmanager
def _refusing(data: Path) -> Iterator[None]:
    """Turn a failure to write to the data folder into a :class:`ReleaseError`."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename or data} could not be written ({error.strerror or error})"
        raise ReleaseError(f"{what}: check its permissions, or name another --data") from error
