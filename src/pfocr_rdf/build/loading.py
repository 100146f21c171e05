"""Parts → the store: one bulk load, in a thread of its own that reads what it loads off a pipe.

Given a Python file, pyoxigraph asks for four kilobytes at a time and waits for the interpreter
each time, behind whatever else a build does in it. A pipe it reads by itself, so that parts are
taken in, counted and written to the dumps while the ones before are parsed and sorted.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

from pyoxigraph import RdfFormat, Store

from pfocr_rdf.forks import Unshared

#: A few parts: the loader has something to read while the next one is made ready.
PIPE_BYTES: Final = 1 << 20
#: No TriG ends so: the loader gives up at once, where a closed pipe would have it sort and write.
GIVE_UP: Final = b"<"


class StoreLoader:
    """A store that is made out of TriG; use it as a context manager.

    Without :meth:`finish` it is given up, and its folder is left as it is.

    :param folder: where the store is made.
    :raises OSError: (on entering, and from the methods) when the store cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "StoreLoader":
        reading, writing = os.pipe()
        # The loader would wait for a forked process to end that has it too.
        self._end = Unshared(writing)
        # One thread opens the store, loads it and drops it.
        self._thread = ThreadPoolExecutor(1, "bulk load")
        try:
            opened = self._thread.submit(_open, self.folder).result()
        except BaseException:
            self._thread.shutdown(wait=True)
            self._end.close()
            os.close(reading)
            raise
        if size := getattr(fcntl, "F_SETPIPE_SZ", None):
            with suppress(OSError):  # the system grants less: it works all the same
                fcntl.fcntl(writing, size, PIPE_BYTES)
        self._failed = Event()
        self._loaded: Future[int] = self._thread.submit(_load, opened, reading, self._failed)
        return self

    def write(self, trig: bytes) -> None:
        """Load some statements; where prefixes were declared, they hold for all that follows."""
        left = memoryview(trig)
        while left:
            if self._failed.is_set():
                self.finish()  # which says why
            left = left[os.write(self._end.descriptor, left) :]

    def finish(self) -> int:
        """Wait until all is loaded.

        :returns: how many statements the store holds.
        """
        self._end.close()
        return self._loaded.result()

    def __exit__(self, *_: object) -> None:
        if self._end.is_open:
            with suppress(OSError):
                os.write(self._end.descriptor, GIVE_UP)
            self._end.close()
        self._thread.shutdown(wait=True)


def _open(folder: Path) -> list[Store]:
    with _told():
        return [Store(str(folder))]


def _load(opened: list[Store], reading: int, failed: Event) -> int:
    """Load what comes through the pipe.

    :param opened: the store, which is taken out of it: an error holds this frame and all that
        is in it, and a store would stay open.
    :param failed: set when no more is loaded.
    """
    try:
        with _told():
            opened[0].bulk_load(path=f"/dev/fd/{reading}", format=RdfFormat.TRIG, lenient=True)
            opened[0].flush()
            return len(opened[0])
    except BaseException:
        opened.clear()
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


@contextmanager
def _told() -> Iterator[None]:
    """What pyoxigraph says of a store that it cannot write, as what the system says of a file."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error)) from error
