"""What a forked process must not have, and that it ends when its parent does."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from pfocr_rdf.forks import Unshared, locked
from workers import watching


def in_a_child(descriptor: int) -> bool:
    """Whether a process that is forked now has a descriptor."""
    child = os.fork()
    if not child:
        with suppress(OSError):
            os.fstat(descriptor)
            os._exit(1)
        os._exit(0)
    return bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_does_not_have_what_is_not_shared() -> None:
    with open(os.devnull) as shared, Unshared(os.open(os.devnull, os.O_RDONLY)) as unshared:
        assert in_a_child(shared.fileno())
        assert not in_a_child(unshared.descriptor)
        assert unshared.is_open
        assert os.fstat(unshared.descriptor)


def test_to_close_twice_does_nothing_to_a_descriptor_that_was_opened_since() -> None:
    first = Unshared(os.open(os.devnull, os.O_RDONLY))
    first.close()
    with Unshared(os.open(os.devnull, os.O_RDONLY)) as second:
        assert second.descriptor == first.descriptor
        first.close()
        assert not first.is_open
        assert os.fstat(second.descriptor)


def test_a_lock_ends_with_its_block_though_a_process_forked_just_now_still_has_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lock"
    with locked(path, wait=False):
        (own,) = (name for name in os.listdir("/dev/fd") if is_file(int(name), path))
        forked = os.dup(int(own))  # as such a process has it
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
    with locked(path, wait=False):
        pass
    os.close(forked)


def is_file(descriptor: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def test_a_lock_that_is_waited_for_is_had_when_the_other_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with open(path, "a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        asked = []

        def flock(file: int, operation: int) -> None:
            asked.append(operation)
            real(other, fcntl.LOCK_UN)
            real(file, operation)

        real = fcntl.flock
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fcntl, "flock", flock)
            with locked(path, wait=True):
                assert asked == [fcntl.LOCK_EX]


@contextmanager
def parent_of(code: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs the code."""
    begin = "import os\nfrom pfocr_rdf.forks import die_with_parent\n"
    command = [sys.executable, "-c", begin + code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


WAITING: Final = """
import signal
parent = os.getpid()
child = os.fork()
if not child:
    die_with_parent(parent)
    os.write(1, b"%d\\n" % os.getpid())
    while True:
        signal.pause()
os.read(0, 1)
"""


def test_a_child_is_killed_when_its_parent_is() -> None:
    with parent_of(WAITING) as process:
        assert process.stdout
        with watching(int(process.stdout.readline())) as wait:
            process.kill()
            wait()


def test_a_child_whose_parent_has_ended_before_it_asked_ends_too() -> None:
    code = """
parent = os.getpid()
if not os.fork():
    while os.getppid() == parent:
        os.sched_yield()
    die_with_parent(parent)
    print("alive", flush=True)
os._exit(0)"""
    with parent_of(code) as process:
        assert process.communicate()[0] == ""
