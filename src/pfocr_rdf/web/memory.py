"""The memory of a process, as Linux counts it.

https://docs.kernel.org/filesystems/proc.html has the fields of ``statm``.
"""

import resource
from pathlib import Path


def address_space(pid: int) -> int:
    """The bytes of a process's address space; 0 if it is gone, or on other systems than Linux."""
    return _counted(pid, 0)


def resident_bytes(pid: int) -> int:
    """The bytes of memory that a process uses; 0 if it is gone, or on other systems than Linux."""
    return _counted(pid, 1)


def _counted(pid: int, field: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[field])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()
