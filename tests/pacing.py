"""Limits of CPU time for what must not take minutes, which hold on a slow machine, too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: So many additions take about :data:`USUAL_S` where the limits were set. Reckoned, not measured
#: there: 0.13 s on a machine that takes 2.2 times as long for a build.
ADDITIONS: Final = 2_000_000
USUAL_S: Final = 0.06


@contextmanager
def cpu_within(limit_s: float) -> Iterator[None]:
    """Fail where what is done here takes more CPU time of this process than the limit.

    On a machine that is slower than that of the limits by a factor, the limit is as many times as
    long: the factor is measured beside what took too long, for a machine slows down by the hour.
    """
    began = time.process_time()
    yield
    spent_s = time.process_time() - began
    assert spent_s < limit_s or spent_s < limit_s * slowness()


def slowness() -> float:
    """How many times as long as usual this machine takes now; 1 at least."""
    began = time.process_time()
    total = 0
    for number in range(ADDITIONS):
        total += number
    return max(1.0, (time.process_time() - began) / USUAL_S)
