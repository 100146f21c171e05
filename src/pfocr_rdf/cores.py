"""How many cores this process may use: a job or a container may not use all of the machine's."""

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path


def usable_cores(root: Path = Path("/")) -> int:
    """The number of cores that may be used at the same time, at least one.

    A batch system binds a job to some cores. A container may have a share of the time of all cores,
    rounded up here: ``cpu.max`` of its control group, or of one that encloses it.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files

    :param root: the folder in which ``proc`` and ``sys`` are.

    >>> 1 <= usable_cores() <= os.cpu_count()
    True
    """
    return max(1, min([len(os.sched_getaffinity(0)), *map(ceil, _shares(root))]))


def _shares(root: Path) -> Iterator[float]:
    """How many cores' time may be used, by each control group that sets a limit."""
    with suppress(OSError, ValueError):
        groups = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
        [group] = [line.removeprefix("0::/") for line in groups if line.startswith("0::/")]
        folder = root / "sys/fs/cgroup" / group
        for one in (folder, *folder.parents):
            with suppress(OSError, ValueError):
                quota, period = (one / "cpu.max").read_text("ascii").split()
                yield int(quota) / int(period)
