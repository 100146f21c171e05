"""Parts → the store: bulk loads, each in a thread that reads its TriG from a pipe.

From a Python file, pyoxigraph reads four kilobytes at a time and waits for the interpreter each
time, behind whatever else a build does in it. It reads a pipe without the interpreter, so parts
are received, counted and written to the dumps while earlier ones are parsed and sorted.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

from pyoxigraph import RdfFormat, Store

from pfocr_rdf.forks import Unshared

#: Room for a few parts: the loader has something to read while the next one is prepared.
PIPE_BYTES: Final = 1 << 20
#: Loads under way at most: the one being written to, and the one before, still being sorted.
AT_ONCE: Final = 2
#: No TriG ends like this, so the loader fails at once; at a plain end it would sort and write.
GIVE_UP: Final = b"<"


class StoreLoader:
    """Makes a store from TriG; use it as a context manager.

    Without :meth:`finish` the store is abandoned, and its folder left as it is.

    :param folder: where the store is made.
    :param header: TriG that each load begins with: the prefixes.
    :raises OSError: (on entering, and from the methods) when the store cannot be written.
    """

    def __init__(self, folder: Path, header: bytes = b"") -> None:
        self.folder = folder
        self.header = header

    def __enter__(self) -> "StoreLoader":
        self._threads = ThreadPoolExecutor(AT_ONCE, "bulk load")
        self._opened: list[Store] = []
        self._failed = Event()
        self._loads: list[Future[None]] = []
        try:
            self._begin()
        except BaseException:
            self._threads.shutdown(wait=True)
            raise
        with ExitStack() as undo:
            # After an interruption here, the load would wait for ever for data.
            undo.push(self)
            self.write(self.header)
            undo.pop_all()
        return self

    def _begin(self) -> None:
        reading, writing = os.pipe()
        # Not for forked processes: the loader would wait until each that has it ends, too.
        self._end = Unshared(writing)
        try:
            if not self._opened:
                self._opened = self._threads.submit(_open, self.folder).result()
        except BaseException:
            self._end.close()
            os.close(reading)
            raise
        if size := getattr(fcntl, "F_SETPIPE_SZ", None):
            with suppress(OSError):  # the system may grant less, which works all the same
                fcntl.fcntl(writing, size, PIPE_BYTES)
        load = self._threads.submit(_load, list(self._opened), reading, self._failed)
        self._loads.append(load)

    def write(self, trig: bytes) -> None:
        """Load some statements."""
        left = memoryview(trig)
        while left:
            if self._failed.is_set():
                self.finish()  # raises the reason
            left = left[os.write(self._end.descriptor, left) :]

    def turn(self) -> None:
        """Begin another load, for what is written from now on.

        At the end of a load, one thread sorts a million statements that it has gathered. At the
        end of a build, nothing else is left to do meanwhile, so the last load should be small.
        """
        self._end.close()
        self._begin()
        self.write(self.header)

    def finish(self) -> int:
        """Wait until all is loaded.

        :returns: how many statements the store holds.
        """
        if self._failed.is_set():
            self._give_up()  # else the load after the failed one would first be sorted
        self._end.close()
        for load in self._loads:
            load.result()
        return self._threads.submit(_settle, self._opened).result()

    def __exit__(self, *_: object) -> None:
        self._give_up()
        self._threads.shutdown(wait=True)
        self._opened.clear()

    def _give_up(self) -> None:
        if self._end.is_open:
            with suppress(OSError):
                os.write(self._end.descriptor, GIVE_UP)
            self._end.close()


def _open(folder: Path) -> list[Store]:
    with _told():
        return [Store(str(folder))]


def _load(opened: list[Store], reading: int, failed: Event) -> None:
    """Load what comes through a pipe.

    :param opened: holds the store, and is emptied at the end: an exception keeps this frame and
        its variables alive, and the store would stay open.
    :param failed: is set if loading fails.
    """
    try:
        with _told():
            opened[0].bulk_load(path=f"/dev/fd/{reading}", format=RdfFormat.TRIG, lenient=True)
    except BaseException:
        failed.set()
        # The writer checks ``failed`` before each write, but in the middle of one it waits for a
        # reader. It would not learn that the last reader is gone if a forked process still had the
        # file that pyoxigraph opened. So read until the writer closes the pipe.
        while os.read(reading, PIPE_BYTES):
            pass
        raise
    finally:
        opened.clear()
        os.close(reading)


def _settle(opened: list[Store]) -> int:
    """Write what is left in memory and close the store; return how many statements it holds."""
    try:
        with _told():
            opened[0].flush()
            return len(opened[0])
    finally:
        opened.clear()


@contextmanager
def _told() -> Iterator[None]:
    """Turn pyoxigraph's error for a store that it cannot write into an ``OSError``."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error)) from error
