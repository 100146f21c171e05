"""How many cores there are for this process: a job or a container has some of its machine's."""

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path


def usable_cores(root: Path = Path("/")) -> int:
    """As many as may be used at the same time, one at least.

    A batch system binds a job to some cores. A container may have a share of the time of all, which
    is rounded up: ``cpu.max`` of a control group, or of one that it is in.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files

    :param root: where the files of the system are.

    >>> 1 <= usable_cores() <= os.cpu_count()
    True
    """
    return max(1, min([len(os.sched_getaffinity(0)), *map(ceil, _shares(root))]))


def _shares(root: Path) -> Iterator[float]:
    """Of how many cores the time may be taken, by each control group that says so."""
    with suppress(OSError, ValueError):
        groups = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
        [group] = [line.removeprefix("0::/") for line in groups if line.startswith("0::/")]
        folder = root / "sys/fs/cgroup" / group
        for one in (folder, *folder.parents):
            with suppress(OSError, ValueError):
                quota, period = (one / "cpu.max").read_text("ascii").split()
                yield int(quota) / int(period)
