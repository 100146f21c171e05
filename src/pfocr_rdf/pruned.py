"""The ids of the releases deleted from a data folder, so that their addresses can say so."""

from contextlib import suppress
from pathlib import Path
from typing import Final

#: The file in the data folder that lists them, one id per line.
PRUNED: Final = ".pruned"


def note_pruned(data: Path, name: str) -> bool:
    """Note that a release was deleted; return whether that could be written."""
    with suppress(OSError), (data / PRUNED).open("a", encoding="utf-8") as file:
        return bool(file.write(f"{name}\n"))
    return False


def pruned_releases(data: Path) -> list[str]:
    """The ids of the releases that were deleted from a data folder, oldest first."""
    with suppress(OSError):
        return (data / PRUNED).read_text(encoding="utf-8", errors="replace").split()
    return []
