"""Which files of the input may be opened: regular ones that lie in the input folder.

A link could name any file of this machine, whose lines would then stand in the report and
the graph; a named pipe would make the reader wait for ever.
"""

import os
import stat
from pathlib import Path

from pfocr_rdf.errors import Problem


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path, its links followed, lies in a folder."""
    real, folder = os.path.realpath(path), os.path.realpath(root)
    return os.path.commonpath((real, folder)) == folder


def refused_link(path: Path, file: str) -> Problem:
    """Report a link that leaves the input folder."""
    reason = "a symbolic link that leaves the input folder: put the file itself there"
    return Problem(file, "file", "link", "error", os.readlink(path), reason)


def refused_file(path: Path, file: str, root: Path) -> Problem | None:
    """The reason why a file may not be opened; None if it may.

    :param file: its name in the report.
    :param root: the folder that a link may not leave.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode) and not is_inside(path, root):
        return refused_link(path, file)
    if path.is_file():
        return None
    reason = "neither a file nor a link to one: put the file itself there"
    return Problem(file, "file", "unreadable", "error", "", reason)
