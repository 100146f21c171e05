"""Ctrl-C during imports ends the program at once, unless it is ignored."""

import signal
import subprocess
import sys

import pytest

from pfocr_rdf.interrupting import INTERRUPTED, ending_at_once

#: Something that swallows exceptions, as the locks of imports may.
PROGRAM = """
import os, signal
from contextlib import suppress
from pfocr_rdf.interrupting import ending_at_once
{before}
with ending_at_once(), suppress(BaseException):
    os.kill(os.getpid(), signal.SIGINT)
print("went on")
"""


@pytest.mark.parametrize(
    ("before", "status", "said"),
    [
        ("", INTERRUPTED, ""),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)", 0, "went on\n"),
        ("signal.signal(signal.SIGINT, lambda *_: None)", 0, "went on\n"),
    ],
)
def test_an_interruption_ends_the_process_unless_it_is_heard_otherwise(
    before: str, status: int, said: str
) -> None:
    text = PROGRAM.format(before=before)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, said, "")


def test_afterwards_it_is_an_exception_again() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ending_at_once():
        pass
    assert signal.getsignal(signal.SIGINT) is before
