"""The release being served: held so that it stays, checked, and changed when ``current`` moves.

The release that ``current`` names is served once it is found to be whole; until then the previous
one is. A held release is never pruned (:func:`pfocr_rdf.releases.hold_release`), so new processes
can open it for as long as its :class:`Held` is not closed.
"""

import asyncio
import hashlib
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyoxigraph

from pfocr_rdf.contents import find_and_hold, iris_of
from pfocr_rdf.errors import PfocrError, ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.listing import (
    READ_BYTES,
    ListedFile,
    is_manifested,
    listed_files,
    size_fault,
)
from pfocr_rdf.releases import CURRENT, MANIFEST, Release, hold_release

LOGGER: Final = logging.getLogger("pfocr_rdf.web")
#: Seconds between two looks at ``current``, each a readlink.
POLL_S: Final = 0.2
#: Seconds until a refused release is checked again, doubled each time: it may have been refused
#: for lack of descriptors or memory, but each check reads all of it.
RETRY_S: Final = 30.0
REMEDY: Final = "build again, or roll back"
#: Checks a release, for as long as its second argument returns True.
Check = Callable[[Release, Callable[[], bool]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A release that cannot be pruned until this is closed, and what its manifest says."""

    release: Release
    manifest: dict[str, Any]
    iris: Iris
    lock: BinaryIO

    def close(self) -> None:
        """Let the release be pruned; closing twice does nothing more."""
        self.lock.close()


def hold(release: Release) -> Held:
    """Hold a release.

    :raises ReleaseError: if it was deleted in the meantime or its manifest is damaged.
    """
    with ExitStack() as undo:
        lock = undo.enter_context(hold_release(release))
        manifest = release.manifest()
        iris = iris_of(release)
        undo.pop_all()
    return Held(release, manifest, iris, lock)


def hold_current(data: Path) -> Held:
    """Hold the release that ``current`` names.

    :raises ReleaseError: if there is none, or it cannot be held.
    """
    release, lock = find_and_hold(data, CURRENT)
    with lock:
        return hold(release)


def moved(held: Held, data: Path) -> bool:
    """Whether ``current`` leads elsewhere now; if there is no ``current``, it has not moved."""
    pointer = data / CURRENT
    try:
        if Path(os.readlink(pointer)).name == held.release.id:
            return False
    except OSError:
        return False
    # A link to a link, or a release that goes by another name.
    return os.path.realpath(pointer) != str(held.release.path)


def check_release(release: Release, go_on: Callable[[], bool] = lambda: True) -> None:
    """Check every file of a release, then that its store can be opened.

    :param go_on: called before each block that is read; if it returns False the check ends.
    :raises ReleaseError: for the first fault, or if the check was broken off.
    """
    check_files(release, go_on)
    try:
        pyoxigraph.Store.read_only(str(release.store))
    except (OSError, RuntimeError) as error:
        made = release.manifest().get("programs", {}).get("pyoxigraph", "an unknown version")
        raise ReleaseError(
            f"{release.store}: built with pyoxigraph {made}, cannot be opened "
            f"with {pyoxigraph.__version__} ({error}): {REMEDY}"
        ) from error


def check_files(release: Release, go_on: Callable[[], bool] = lambda: True) -> None:
    """Hash every file of a release; stop at the first that is not what the manifest says.

    This takes one thread, which leaves the other cores to queries: 1.6 GB a second on a processor
    with instructions for SHA-256. Neither opening a store nor most queries notice a flipped byte.

    :param go_on: as for :func:`check_release`.
    :raises ReleaseError: for the first fault, or if the check was broken off.
    """
    manifest = release.manifest()
    rows = _rows(release, manifest)
    for row in rows:  # all sizes first, before any file is read
        if fault := size_fault(release.path, row):
            raise _fault(release, fault)
    _check_listed(release, rows)
    known: dict[tuple[int, int], str] = {}
    for row in rows:
        try:
            found = _hash(release.path / row.name, known, go_on)
        except OSError as error:
            raise _fault(release, f"{row.name} cannot be read ({error.strerror})") from error
        if found is None:
            raise ReleaseError(f"{release.path}: the check was interrupted: check it again")
        if found != row.sha256:
            raise _fault(release, f"{row.name}: SHA-256 {found}, the manifest says {row.sha256}")
    _check_facts(release, manifest)


def _rows(release: Release, manifest: dict[str, Any]) -> list[ListedFile]:
    """The files that a manifest lists, with a store among them."""
    rows = listed_files(manifest)
    if rows is None:
        raise _fault(release, f"{MANIFEST}: no list of files")
    if "store/CURRENT" not in {row.name for row in rows}:
        raise _fault(release, f"{MANIFEST}: no store among the files")
    return rows


def _check_listed(release: Release, rows: list[ListedFile]) -> None:
    """Check that the store has no file that the manifest lacks: it would replay a log, say."""
    listed = {row.name for row in rows}
    try:
        there = sorted(f"store/{entry.name}" for entry in os.scandir(release.store))
    except OSError as error:
        raise _fault(release, f"store cannot be read ({error.strerror})") from error
    for name in there:
        # Hidden files are those of the file system (.nfs…, .DS_Store): a store has none.
        if name not in listed and is_manifested(name) and not name.startswith("store/."):
            raise _fault(release, f"{name}: not in the manifest")


def _hash(path: Path, known: dict[tuple[int, int], str], go_on: Callable[[], bool]) -> str | None:
    """The hash of a file, None if broken off; a file with two names is read once."""
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        key = (status.st_dev, status.st_ino)
        if key in known:
            return known[key]
        digest = hashlib.sha256()
        while go_on():
            block = file.read(READ_BYTES)
            if not block:
                known[key] = digest.hexdigest()
                return known[key]
            digest.update(block)
    return None


def _check_facts(release: Release, manifest: dict[str, Any]) -> None:
    """Check what the manifest says beside the list of files, as it cannot state its own hash.

    The dumps' manifest says the same, and its hash was checked. A changed ``base`` would make
    wrong links on every page.
    """
    name = f"{release.dumps.name}/{MANIFEST}"
    try:
        published = json.loads((release.path / name).read_bytes())
        keys = sorted((manifest.keys() | published.keys()) - {"files"})
    except (OSError, ValueError, AttributeError) as error:
        raise _fault(release, f"{name}: not a readable manifest ({error})") from error
    for key in keys:
        if manifest.get(key) != published.get(key):
            raise _fault(release, f"{MANIFEST}: {key} is not what {name} says")


def _fault(release: Release, what: str) -> ReleaseError:
    return ReleaseError(f"{release.path}: {what}: {REMEDY}")


async def follow(
    data: Path,
    held: Held,
    on_new: Callable[[Held], Awaitable[None]],
    poll_s: float = POLL_S,
    retry_s: float = RETRY_S,
    check: Check | None = None,
) -> None:
    """Hand over each release that ``current`` moves to, backwards too, until cancelled.

    A release that is not whole is refused, which is logged once, and the previous one stays in
    service. The refused one is checked again when ``current`` moves, when its manifest changes,
    and else at growing intervals. So is one that could not be taken for any other reason.

    :param held: what is served at first.
    :param on_new: gets a release that is held and was checked, and that is ``current`` at this
        moment. It owns the release and has to close it some day, unless it raises: any error
        refuses the release, and is logged with a traceback unless it is a
        :class:`~pfocr_rdf.errors.PfocrError`.
    :param poll_s: seconds between two looks at ``current``.
    :param retry_s: seconds until a refused release is first checked again.
    :param check: raises :class:`ReleaseError` for a release that is not whole; by default
        :func:`check_release`.
    """
    loop, refusal = asyncio.get_running_loop(), _Refused(retry_s)
    while True:
        await asyncio.sleep(poll_s)
        if not moved(held, data):
            refusal.forget()
            continue
        state = _state(data)
        if not refusal.is_over(state, loop.time()):
            continue
        try:
            fresh = await _take(data, held, on_new, check or check_release)
        except Exception as error:
            # Any error, such as a lack of threads: it would end this task, which nobody watches,
            # and no release would be followed until the server is started again.
            if refusal.is_news(state, str(error), loop.time()):
                trace = None if isinstance(error, PfocrError) else error
                what, served_on = str(error) or repr(error), held.release.id
                LOGGER.error("%s; release %s is still served", what, served_on, exc_info=trace)
            continue
        if fresh is not None:
            LOGGER.info("release %s is served, after %s", fresh.release.id, held.release.id)
            held = fresh
            refusal.forget()


async def _take(
    data: Path, held: Held, on_new: Callable[[Held], Awaitable[None]], check: Check
) -> Held | None:
    """Hold, check and hand over the current release; None if ``current`` moved meanwhile."""
    with ExitStack() as undo:
        fresh = hold_current(data)
        undo.callback(fresh.close)
        if fresh.release == held.release:
            return None
        unwanted = threading.Event()
        # A thread cannot be cancelled: it would go on reading when the server wants to end.
        undo.callback(unwanted.set)

        def is_wanted() -> bool:
            """Whether ``current`` has named it all the time; a check broken off proves nothing."""
            if moved(fresh, data):
                unwanted.set()
            return not unwanted.is_set()

        try:
            await asyncio.to_thread(check, fresh.release, is_wanted)
        except ReleaseError:
            if is_wanted():
                raise
        # After a rollback in the meantime, nobody is to see it.
        if not is_wanted():
            return None
        await on_new(fresh)
        undo.pop_all()
    return fresh


def _state(data: Path) -> tuple[object, ...]:
    """A value that is another one whenever ``current`` or the manifest behind it has changed."""
    pointer = data / CURRENT
    try:
        found = (pointer / MANIFEST).stat()
    except OSError:
        return (os.path.realpath(pointer),)
    return (os.path.realpath(pointer), found.st_ino, found.st_size, found.st_mtime_ns)


class _Refused:
    """What was refused last: whether to check it again, and whether a refusal is news."""

    def __init__(self, retry_s: float) -> None:
        self.first_s = retry_s
        self.forget()

    def forget(self) -> None:
        """Forget it: the next refusal is news."""
        self.state: tuple[object, ...] = ()
        self.reason = ""
        self.wait_s = self.due_s = 0.0

    def is_over(self, state: tuple[object, ...], now_s: float) -> bool:
        """Whether something else is current now, or it is time to check again."""
        return state != self.state or now_s >= self.due_s

    def is_news(self, state: tuple[object, ...], reason: str, now_s: float) -> bool:
        """Note a refusal; whether it differs from the last one."""
        known = (self.state, self.reason) == (state, reason)
        self.wait_s = 2 * self.wait_s if state == self.state else self.first_s
        self.state, self.reason, self.due_s = state, reason, now_s + self.wait_s
        return not known
