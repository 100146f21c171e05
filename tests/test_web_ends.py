"""How a process ended is told from its status and its last words."""

import signal

import pytest

from pfocr_rdf.web.ends import why_ended


@pytest.mark.parametrize(
    ("status", "said", "why"),
    [
        (0, "", "ended"),
        (256, "", "crash"),
        (signal.SIGKILL, "", "killed"),
        (signal.SIGSEGV, "", "crash"),
        (signal.SIGSEGV | 0x80, "", "crash"),
        (signal.SIGABRT, "thread '<unnamed>' panicked", "crash"),
        (signal.SIGABRT, "memory allocation of 17 bytes failed\n", "memory"),
        (signal.SIGABRT, "terminate called … std::bad_alloc", "memory"),
        (256, "MemoryError\n", "memory"),
        (signal.SIGABRT, "comparison function does not correctly implement a total order", "order"),
    ],
)
def test_how_a_process_ended_is_told_from_its_status_and_last_words(
    status: int, said: str, why: str
) -> None:
    assert why_ended(status, said) == why
