"""Flushing files and folders to the disk, as is needed before a rename that publishes them."""

import os
from pathlib import Path


def flush_tree(folder: Path) -> None:
    """Fsync all files and folders in a folder, and the folder itself.

    :raises OSError: if one cannot be opened or written.
    """
    for parent, _, files in os.walk(folder):
        for name in files:
            flush(Path(parent) / name)
        flush(Path(parent))


def flush(path: Path) -> None:
    """Fsync a file or folder: a rename is only as durable as what it renames.

    :raises OSError: if it cannot be opened or written.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
