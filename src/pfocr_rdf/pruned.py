"""Deleting from a data folder; the ids of deleted releases, so that their addresses can say so."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

#: The file in the data folder that lists them, one id per line.
PRUNED: Final = ".pruned"


def delete_release(data: Path, left: Path, name: str | None) -> None:
    """Delete what is left of a release, and note that.

    :param left: its folder, under whatever name, or a link or a file in the place of that. What a
        link leads to is left alone.
    :param name: its id; None for one that was never finished, which is not noted.
    :raises OSError: if it cannot be deleted.
    """
    noted = name is None or note_pruned(data, name)
    if os.path.isdir(left) and not left.is_symlink():
        shutil.rmtree(left)
    else:
        left.unlink()
    if name is not None and not noted:  # a full disk has room for the note now
        note_pruned(data, name)


def note_pruned(data: Path, name: str) -> bool:
    """Note that a release was deleted, if nothing did; return whether that could be written."""
    if name in pruned_releases(data):
        return True
    with suppress(OSError), (data / PRUNED).open("a", encoding="utf-8") as file:
        return bool(file.write(f"{name}\n"))
    return False


def pruned_releases(data: Path) -> list[str]:
    """The ids of the releases that were deleted from a data folder, oldest first."""
    with suppress(OSError):
        return (data / PRUNED).read_text(encoding="utf-8", errors="replace").split()
    return []
