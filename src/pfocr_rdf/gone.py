"""Figures and aliases that earlier releases of a data folder had and the one built last lacks.

Their addresses were published, so they go on saying what was there:
https://www.w3.org/Provider/Style/URI and, about metadata of data that are no longer available,
https://www.go-fair.org/fair-principles/a2-metadata-accessible-even-data-no-longer-available/

A SQLite file beside the releases, ``gone.sqlite``, lists these figures, with their base, title and
the last release that had them; and these aliases, with the figures that they led to. It is no part
of a release: two builds of the same records give the same bytes, whatever was built before.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from pyoxigraph import DefaultGraph, NamedNode

from pfocr_rdf.contents import iris_of, open_store
from pfocr_rdf.errors import IriError, ReleaseError
from pfocr_rdf.iris import DCTERMS, Iris, term
from pfocr_rdf.release_ids import version_of
from pfocr_rdf.releases import Release, list_releases

#: As in :mod:`pfocr_rdf.vocabulary`, which is not imported: it imports the readers of records.
IS_REPLACED_BY: Final = term(DCTERMS, "isReplacedBy")
FILE: Final = "gone.sqlite"
WENT_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS went (base TEXT, figid TEXT, title TEXT, release TEXT, "
    "PRIMARY KEY (base, figid)) WITHOUT ROWID"
)
#: An alias contains a figure's number: if that is corrected, the figure stays and its alias goes.
LED_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS led (base TEXT, alias TEXT, figid TEXT, release TEXT, "
    "PRIMARY KEY (base, alias, figid)) WITHOUT ROWID"
)
#: A release is compared once, with the next one: what goes later is in the next one, too, and is
#: noted when that one is compared.
COMPARED_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS compared (release TEXT PRIMARY KEY) WITHOUT ROWID"
)
COMPARED: Final = "SELECT release FROM compared"
HAS_COMPARED: Final = "INSERT OR IGNORE INTO compared VALUES (?)"
WENT: Final = (
    "INSERT OR REPLACE INTO went SELECT ?, figid, title, ? FROM earlier.figure "
    "WHERE figid NOT IN (SELECT figid FROM now.figure)"
)
CAME_BACK: Final = "DELETE FROM went WHERE base = ? AND figid IN (SELECT figid FROM now.figure)"
LED: Final = "INSERT OR REPLACE INTO led VALUES (?, ?, ?, ?)"
FOUND: Final = "SELECT figid, title, release FROM went WHERE base = ? AND figid = ?"
#: The figure of an alias in the last release that had it, or the figures, if there were several.
LED_TO: Final = (
    "SELECT figid FROM led WHERE base = ?1 AND alias = ?2 AND release = "
    "(SELECT MAX(release) FROM led WHERE base = ?1 AND alias = ?2) ORDER BY figid"
)
#: Error codes of SQLite for an index that is none, or damaged: https://www.sqlite.org/rescode.html
UNREADABLE: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PRIMARY: Final = 0xFF
#: Another build or a server may have the file locked for a moment.
WAIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Gone:
    """A figure that the release built last lacks; ``release`` is the id of the last that had it."""

    figid: str
    title: str | None
    release: str

    @property
    def version(self) -> str:
        """The version of the last release that had it.

        >>> Gone("PMC1__f1", None, "20261121T063029Z-341a5b955fb8").version
        '341a5b955fb8'
        """
        return version_of(self.release)

    @property
    def words(self) -> str:
        """What is known of it, as a sentence without a full stop."""
        called = f" (“{self.title}”)" if self.title else ""
        release = f"was last in release {self.version}, and has been in none since"
        return f"the figure {self.figid}{called} {release}"


def note_gone(data: Path, now: Release) -> None:
    """Note figures and aliases of other releases that a new one lacks; drop figures that came back.

    :param now: the new release; others are compared only if they were built for the same base.
    :raises ReleaseError: if this cannot be written; the new release is published all the same.
    """
    path, base = data / FILE, iris_of(now).base
    earlier = [release for release in list_releases(data) if release.id != now.id]
    if not earlier and not path.exists():
        return
    try:
        address = path.absolute().as_uri()
        with closing(
            sqlite3.connect(address, timeout=WAIT_S, uri=True, isolation_level=None)
        ) as file:
            for table in (WENT_TABLE, LED_TABLE, COMPARED_TABLE):
                file.execute(table)
            file.execute("ATTACH ? AS now", (_reading(now),))
            compared = {name for (name,) in file.execute(COMPARED)}
            # Oldest first, so that the last release that had a figure is the one noted.
            for release in earlier:
                if release.id not in compared:
                    _compare(file, release, now, base)
            file.execute(CAME_BACK, (base,))
    except sqlite3.Error as error:
        what = f"{path} could not be written ({error})"
        reason = "the new release is published; delete that file if it is broken"
        raise ReleaseError(f"{what}: {reason}") from error


def _compare(file: sqlite3.Connection, earlier: Release, now: Release, base: str) -> None:
    try:
        iris = iris_of(earlier)
        if iris.base != base:
            return
        file.execute("ATTACH ? AS earlier", (_reading(earlier),))
    except (ReleaseError, sqlite3.Error):  # deleted, damaged, or without an index
        return
    try:
        file.execute("BEGIN")
        with file:
            file.execute(WENT, (base, earlier.id))
            file.executemany(LED, _former(earlier, now, iris))
            file.execute(HAS_COMPARED, (earlier.id,))
    except sqlite3.Error as error:
        if error.sqlite_errorcode & PRIMARY not in UNREADABLE:
            raise
    finally:
        file.execute("DETACH earlier")


def _former(earlier: Release, now: Release, iris: Iris) -> Iterator[tuple[str, str, str, str]]:
    """Base, alias, figid and release for each alias that no longer leads to its figure.

    It ends early where a store cannot be read.
    """
    with suppress(ReleaseError, OSError, RuntimeError, ValueError):
        kept = open_store(now)
        for quad in open_store(earlier).quads_for_pattern(
            None, IS_REPLACED_BY, None, DefaultGraph()
        ):
            alias, figure = quad.subject, quad.object
            if isinstance(alias, NamedNode) and isinstance(figure, NamedNode) and quad not in kept:
                yield iris.base, _figid(alias), _figid(figure), earlier.id


def _figid(figure: NamedNode) -> str:
    return unquote(figure.value.rpartition("/")[2], errors="replace")


def _reading(release: Release) -> str:
    return f"{release.search_index.absolute().as_uri()}?mode=ro&immutable=1"


def find_gone(data: Path, figure: NamedNode, iris: Iris) -> Gone | None:
    """What is known of a figure that the release built last lacks; None if nothing is.

    :param figure: any IRI; for that of an alias, what is known of the figure that had it.

    >>> find_gone(Path("nowhere"), Iris().figure("PMC1__f1"), Iris())
    """
    figids = [_figid(figure), *find_led(data, figure, iris)]
    rows = (row for figid in figids for row in _rows(data, figure, iris, FOUND, figid))
    return next((Gone(*row) for row in rows), None)


def find_led(data: Path, alias: NamedNode, iris: Iris) -> list[str]:
    """The figids of the figures that an alias led to, in the last release in which it was one.

    :param alias: any IRI. One that was never an alias, or that every release since has as an alias
        of the same figure, gives nothing.

    >>> find_led(Path("nowhere"), Iris().figure("PMC1__F1"), Iris())
    []
    """
    return [figid for (figid,) in _rows(data, alias, iris, LED_TO, _figid(alias))]


def _rows(
    data: Path, figure: NamedNode, iris: Iris, asked: str, figid: str
) -> list[tuple[str, ...]]:
    """What ``gone.sqlite`` says of a figid; nothing if ``figure`` is not the IRI of a figure."""
    path = data / FILE
    try:
        if not path.is_file() or iris.figure(_figid(figure)) != figure:
            return []
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return file.execute(asked, (iris.base, figid)).fetchall()
    except (sqlite3.Error, IriError):
        return []
