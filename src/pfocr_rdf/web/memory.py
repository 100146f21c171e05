"""The memory of a process, as Linux counts it.

https://docs.kernel.org/filesystems/proc.html has the fields of ``statm``.
"""

import resource
from pathlib import Path


def address_space(pid: int) -> int:
    """The bytes that a process has addresses for; 0 if it is gone, or where Linux is not."""
    return _counted(pid, 0)


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use; 0 if it is gone, or where Linux is not."""
    return _counted(pid, 1)


def _counted(pid: int, field: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[field])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()
