"""What a forked process must not keep or outlive: descriptors, locks on them, its parent.

It inherits all descriptors of the process that it was forked from. While it lives, a lock on one of
them stays held, and whoever waits until the last copy of a pipe's end is closed waits for it, too.
An executor of the caller may fork in the middle of a build, and its processes outlive the build.
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
#: All of them that are open in this process.
_open: "set[Unshared]" = set()


class Unshared:
    """An open descriptor; a process that is forked while it is open closes its copy at once.

    :param descriptor: from now on owned, and closed, by this object.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _open.add(self)

    @property
    def is_open(self) -> bool:
        """Whether the descriptor is open in this process."""
        return self in _open

    def close(self) -> None:
        """Close it; a second call does nothing, even if the number is that of a new descriptor."""
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
    """Hold a lock on a file, made if need be; the lock ends with the process that holds it.

    :param wait: whether to wait for another process that holds it.
    :raises BlockingIOError: if another process holds it, and ``wait`` is false.
    :raises OSError: if the file cannot be opened or locked.
    """
    with Unshared(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)) as lock:
        fcntl.flock(lock.descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        try:
            yield
        finally:
            # A process that was forked just now may not have closed its copy yet: unlock for both.
            if lock.is_open:
                fcntl.flock(lock.descriptor, fcntl.LOCK_UN)


def die_with_parent(parent: int) -> None:
    """Have this process killed, on Linux, when the thread that forked it ends.

    :param parent: the process id of the parent. If that has ended already, no signal would come:
        then this process ends at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
