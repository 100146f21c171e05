"""Ctrl-C during imports, where an exception may be lost or come out as a traceback."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: The exit status of a program that Ctrl-C ends.
INTERRUPTED: Final = 130


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process as it is, for a while in which nothing is open.

    Python's own exception may come up where only a warning can be made of it, as in the locks of
    modules that are being imported, and the program would go on.
    """
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_usual or threading.current_thread() is not threading.main_thread():
        yield  # ignored, as behind nohup, or none of our business
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
