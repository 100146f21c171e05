"""What a forked process must not have or outlive: descriptors, locks by them, its parent.

It has all descriptors of the process that it was forked from. While it lives, a lock on one stays
locked, and what waits for the last end of a pipe to be closed waits for it. An executor of the
caller may fork in the middle of a build, and its processes outlive the build.
"""

import ctypes
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# https://man7.org/linux/man-pages/man2/prctl.2.html
PR_SET_PDEATHSIG: Final = 1
#: All that are open in this process.
_open: "set[Unshared]" = set()


class Unshared:
    """An open descriptor, which a process that is forked meanwhile closes at once.

    :param descriptor: belongs to this object from now on.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _open.add(self)

    @property
    def is_open(self) -> bool:
        """Whether it is open, in this process."""
        return self in _open

    def close(self) -> None:
        """Close it; to do so twice does nothing to a descriptor that was opened since."""
        if self.is_open:
            _open.discard(self)
            os.close(self.descriptor)

    def __enter__(self) -> "Unshared":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _let_go() -> None:
    for unshared in list(_open):
        unshared.close()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock on a file, which is made; the lock goes with the process that holds it.

    :raises BlockingIOError: if another process holds it, and is not waited for.
    :raises OSError: if the file cannot be opened or locked.
    """
    with Unshared(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)) as lock:
        fcntl.flock(lock.descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        try:
            yield
        finally:
            # A process that was forked just now has not come to let go of it.
            if lock.is_open:
                fcntl.flock(lock.descriptor, fcntl.LOCK_UN)


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that forked this process ends.

    :param parent: its process id; it may have ended already, and then it sends no signal.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
