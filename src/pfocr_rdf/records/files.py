"""Which files of the input may be opened: regular ones that lie in the input folder.

A symbolic link could name any file of the machine, whose lines would then end up in the
report and the graph; a named pipe would make the reader wait for ever.
"""

import os
import stat
from pathlib import Path, PurePath
from typing import Final

from pfocr_rdf.errors import Problem
from pfocr_rdf.records.text import readable

RECORD_SUFFIX: Final = ".md"
#: Files about a folder, which may lie beside its records.
NOT_RECORDS: Final = frozenset({"readme.md", "license.md", "contributing.md", "changelog.md"})


def is_record_name(name: str) -> bool:
    """Whether a file of this name is a record, or the page of an organism.

    Hidden files are not: some systems put one beside each file that they copy.

    >>> is_record_name("PMC1__f1.md"), is_record_name("README.md"), is_record_name("._PMC1__f1.md")
    (True, False, False)
    """
    lower = name.lower()
    hidden = lower.startswith(".")
    return lower.endswith(RECORD_SUFFIX) and not hidden and lower not in NOT_RECORDS


def record_stem(name: str) -> str:
    """A record's file name without its suffix, which some systems write in capitals.

    >>> record_stem("PMC1__f1.md"), record_stem("PMC1__f1.MD"), record_stem("PMC1__f1.txt")
    ('PMC1__f1', 'PMC1__f1', 'PMC1__f1.txt')
    """
    is_named_so = name.lower().endswith(RECORD_SUFFIX)
    return name[: -len(RECORD_SUFFIX)] if is_named_so else name


def is_inside(path: Path | str, root: Path) -> bool:
    """Whether a path lies in a folder once symbolic links are followed."""
    real, folder = os.path.realpath(path), os.path.realpath(root)
    return os.path.commonpath((real, folder)) == folder


def refused_link(path: Path | str, file: str) -> Problem:
    """Report a link that leaves the input folder."""
    reason = "a symbolic link that leaves the input folder: put the file itself there"
    return Problem(file, "file", "link", "error", readable(os.readlink(path)), reason)


def refused_file(path: Path | str, file: str, root: Path) -> Problem | None:
    """The problem that forbids opening a file; None if it may be opened.

    :param file: its name in the report.
    :param root: the folder that a symbolic link may not leave.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode) and not is_inside(path, root):
        return refused_link(path, file)
    if os.path.isfile(path):
        return None
    reason = "neither a file nor a link to one: put the file itself there"
    return Problem(file, "file", "unreadable", "error", "", reason)


def unread_folder(file: str, among: str) -> list[Problem]:
    """Report a folder that lies where only files are read; hidden ones are ignored.

    :param among: what the files there are, for the message.

    >>> [problem.kind for problem in unread_folder("_data/2024", "tables")]
    ['folder']
    >>> unread_folder("_data/.git", "tables")
    []
    """
    if PurePath(file).name.startswith("."):
        return []
    reason = f"a folder among the {among}: it is not read; put what is in it beside it"
    return [Problem(file, "file", "folder", "warning", "", reason)]
