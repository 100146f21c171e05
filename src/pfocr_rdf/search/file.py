"""The file of a search index, opened read-only; every reader queries it through this module."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.listing import listed_files
from pfocr_rdf.releases import SEARCH_INDEX, Release
from pfocr_rdf.search.writing import APPLICATION_ID, LAYOUT

#: An index of layout 1 has no table of close matches; there, figures have the matches' tokens. In
#: one of layout 2 or less, phrases of pictures are not found, nor words with parts in a phrase.
READ_LAYOUTS: Final = (1, 2, LAYOUT)
T = TypeVar("T")

AGAIN: Final = "build the release again with this version"


class IndexFile:
    """An open search index, for one thread at a time.

    :param path: of the file, for messages.
    :raises ReleaseError: if it cannot be read, or has another layout.
    """

    def __init__(self, path: str, database: sqlite3.Connection) -> None:
        self._path = path
        self.database = database
        ((made_by,),) = self.rows("PRAGMA application_id")
        ((layout,),) = self.rows("PRAGMA user_version")
        if made_by != APPLICATION_ID or layout not in READ_LAYOUTS:
            raise ReleaseError(f"{path}: not a search index that this version reads: {AGAIN}")

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows that a statement gives.

        :raises ReleaseError: if the file is damaged.
        """
        try:
            return self.database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(self._path, error) from error


def open_to_read(release: Release, reader: Callable[[IndexFile], T]) -> T:
    """Open the search index of a release, and return what a reader makes of it.

    :param reader: its result owns the file, and is to close it.
    :raises ReleaseError: if the release has none, or it cannot be read.
    """
    path = release.search_index
    if not path.is_file():
        listed = listed_files(release.manifest()) or ()
        if any(file.name == SEARCH_INDEX for file in listed):
            raise ReleaseError(f"{path}: missing: build the release again, or roll back")
        raise ReleaseError(f"{path}: the release was built without a search index: {AGAIN}")
    # A release never changes: SQLite need not lock the file, nor look for a journal beside it.
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        database = sqlite3.connect(address, uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise _unreadable(str(path), error) from error
    try:
        return reader(IndexFile(str(path), database))
    except BaseException:
        database.close()
        raise


def _unreadable(path: str, error: sqlite3.Error) -> ReleaseError:
    reason = f"not a readable search index ({error}): run `pfocr-rdf verify` on the release"
    return ReleaseError(f"{path}: {reason}")
