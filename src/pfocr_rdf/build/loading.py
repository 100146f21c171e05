"""Parts → the store: one bulk load, in a thread of its own that reads what it loads off a pipe.

Given a Python file, pyoxigraph asks for four kilobytes at a time and waits for the interpreter
each time, behind whatever else a build does in it. A pipe it reads by itself, so that parts are
taken in, counted and written to the dumps while the ones before are parsed and sorted.
"""

import fcntl
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from pyoxigraph import RdfFormat, Store

#: A few parts: the loader has something to read while the next one is made ready.
PIPE_BYTES: Final = 1 << 20
#: No TriG ends so: the loader gives up at once, where a closed pipe would have it sort and write.
GIVE_UP: Final = b"<"

#: Ends that are written to. A process that is forked meanwhile, as the workers of an executor of
#: the caller's may be, must not hold one: the loader would wait for it to end.
_writing: set[int] = set()


def _let_go() -> None:
    for end in _writing:
        os.close(end)
    _writing.clear()


os.register_at_fork(after_in_child=_let_go)


class StoreLoader:
    """A store that is made out of TriG; use it as a context manager.

    Without :meth:`finish` it is given up, and its folder is left as it is.

    :param folder: where the store is made.
    :raises OSError: (on entering, and from the methods) when the store cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "StoreLoader":
        # One thread opens the store, loads it and drops it.
        self._thread = ThreadPoolExecutor(1, "bulk load")
        try:
            opened = self._thread.submit(lambda: [Store(str(self.folder))]).result()
        except BaseException:
            self._thread.shutdown(wait=True)
            raise
        reading, self._end = os.pipe()
        _writing.add(self._end)
        if size := getattr(fcntl, "F_SETPIPE_SZ", None):
            with suppress(OSError):  # the system grants less: it works all the same
                fcntl.fcntl(self._end, size, PIPE_BYTES)
        self._loaded: Future[int] = self._thread.submit(_load, opened, reading)
        return self

    def write(self, trig: bytes) -> None:
        """Load some statements; where prefixes were declared, they hold for all that follows."""
        left = memoryview(trig)
        try:
            while left:
                left = left[os.write(self._end, left) :]
        except BrokenPipeError:
            self._loaded.result()  # the loader has failed, and this says why
            raise

    def finish(self) -> int:
        """Wait until all is loaded.

        :returns: how many statements the store holds.
        """
        self._close()
        return self._loaded.result()

    def _close(self) -> None:
        if self._end in _writing:
            _writing.discard(self._end)
            os.close(self._end)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._end in _writing:
            with suppress(OSError):
                os.write(self._end, GIVE_UP)
            self._close()
        self._thread.shutdown(wait=True)


def _load(opened: list[Store], reading: int) -> int:
    """Load what comes through the pipe.

    :param opened: the store, which is taken out of it: an error holds this frame and all that
        is in it, and a store would stay open.
    """
    try:
        opened[0].bulk_load(path=f"/dev/fd/{reading}", format=RdfFormat.TRIG, lenient=True)
        opened[0].flush()
        return len(opened[0])
    finally:
        opened.clear()
        # The last reader is gone: whoever writes is told so.
        os.close(reading)
