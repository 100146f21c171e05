"""Parts → the store: bulk loads, in threads of their own that read what they load off a pipe.

Given a Python file, pyoxigraph asks for four kilobytes at a time and waits for the interpreter
each time, behind whatever else a build does in it. A pipe it reads by itself, so that parts are
taken in, counted and written to the dumps while the ones before are parsed and sorted.
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

#: A few parts: the loader has something to read while the next one is made ready.
PIPE_BYTES: Final = 1 << 20
#: Loads that may be under way: one that is written to, and the one before, which is sorted yet.
AT_ONCE: Final = 2
#: No TriG ends so: the loader gives up at once, where a closed pipe would have it sort and write.
GIVE_UP: Final = b"<"


class StoreLoader:
    """A store that is made out of TriG; use it as a context manager.

    Without :meth:`finish` it is given up, and its folder is left as it is.

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
            # Interrupted now, the load would wait for ever for what nobody writes.
            undo.push(self)
            self.write(self.header)
            undo.pop_all()
        return self

    def _begin(self) -> None:
        reading, writing = os.pipe()
        # The loader would wait for a forked process to end that has it too.
        self._end = Unshared(writing)
        try:
            if not self._opened:
                self._opened = self._threads.submit(_open, self.folder).result()
        except BaseException:
            self._end.close()
            os.close(reading)
            raise
        if size := getattr(fcntl, "F_SETPIPE_SZ", None):
            with suppress(OSError):  # the system grants less: it works all the same
                fcntl.fcntl(writing, size, PIPE_BYTES)
        load = self._threads.submit(_load, list(self._opened), reading, self._failed)
        self._loads.append(load)

    def write(self, trig: bytes) -> None:
        """Load some statements."""
        left = memoryview(trig)
        while left:
            if self._failed.is_set():
                self.finish()  # which says why
            left = left[os.write(self._end.descriptor, left) :]

    def turn(self) -> None:
        """Load by itself what is written from now on.

        At the end of a load, one thread sorts a million statements that it has gathered, and
        nothing else is left to do: the last load of a build had better be a small one.
        """
        self._end.close()
        self._begin()
        self.write(self.header)

    def finish(self) -> int:
        """Wait until all is loaded.

        :returns: how many statements the store holds.
        """
        if self._failed.is_set():
            self._give_up()  # else the load after the one that failed would first be sorted
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

    :param opened: the store, which is taken out of it: an error holds this frame and all that
        is in it, and a store would stay open.
    :param failed: set when no more is loaded.
    """
    try:
        with _told():
            opened[0].bulk_load(path=f"/dev/fd/{reading}", format=RdfFormat.TRIG, lenient=True)
    except BaseException:
        failed.set()
        # Whoever writes looks before it writes again; in the middle of a write it waits for a
        # reader. That the last one is gone it would not be told: a forked process may have one,
        # of the file that pyoxigraph opened.
        while os.read(reading, PIPE_BYTES):
            pass
        raise
    finally:
        opened.clear()
        os.close(reading)


def _settle(opened: list[Store]) -> int:
    """Write what is left in memory, and close the store; how many statements it holds."""
    try:
        with _told():
            opened[0].flush()
            return len(opened[0])
    finally:
        opened.clear()


@contextmanager
def _told() -> Iterator[None]:
    """What pyoxigraph says of a store that it cannot write, as what the system says of a file."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error)) from error
