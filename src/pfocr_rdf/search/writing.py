"""Rows → the search index of a release: one SQLite file, written while records are mapped.

Any one version of SQLite writes the same file for the same statements, so the rows determine its
bytes. A separate thread writes it: for most of the work SQLite does not need the interpreter, and
the rest of the build goes on meanwhile.
"""

import errno
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import BuildError
from pfocr_rdf.mapping import Node
from pfocr_rdf.search.mentions import INTO_READINGS, Having, Mentions
from pfocr_rdf.search.mentions import SCHEMA as MENTIONS_SCHEMA
from pfocr_rdf.search.rows import COLUMN_TO_WEIGHT, Row, ThingRow, thing_rows
from pfocr_rdf.search.words import key

#: Marks the file as a search index: https://www.sqlite.org/fileformat2.html#application_id
APPLICATION_ID: Final = 0x50464F43
#: Raised with every change of the tables, the columns, or the rules for words.
LAYOUT: Final = 3
PAGE_BYTES: Final = 16384
#: Words are gathered in memory up to this size, then written as a piece of the index. All pieces
#: are merged once, at the end. Merging them as SQLite would, four at a time while rows come, takes
#: a fifth more time for 80,000 figures, and leaves a quarter of the file's pages unused.
GATHERED_BYTES: Final = 8 << 20
PIECES: Final = 200
SHOWN: Final = (
    *("figid", "title", "article", "year"),
    *("caption", "words", "genes", "chemicals", "diseases", "source"),
)
# The words of all columns are made by pfocr_rdf.search.words: SQLite only splits at spaces.
# A release appears whole or not at all, so there is nothing to roll back to, and no journal.
SCHEMA: Final = f"""
PRAGMA page_size = {PAGE_BYTES};
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
BEGIN;
CREATE VIRTUAL TABLE searched USING fts5({", ".join(COLUMN_TO_WEIGHT)},
    content = '', tokenize = 'ascii', prefix = '3');
CREATE TABLE figure (id INTEGER PRIMARY KEY, {", ".join(SHOWN)});
CREATE TABLE facet (id INTEGER PRIMARY KEY, year, organisms);
CREATE TABLE thing (token PRIMARY KEY, iri, kind, accession, name, organism, figures) WITHOUT ROWID;
CREATE TABLE name (key, kind, token, name, other, figures, rank, PRIMARY KEY (key, kind, token))
    WITHOUT ROWID;
CREATE TABLE close (term, near, PRIMARY KEY (term, near)) WITHOUT ROWID;
{MENTIONS_SCHEMA}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT};
INSERT INTO searched (searched, rank) VALUES ('hashsize', {GATHERED_BYTES});
INSERT INTO searched (searched, rank) VALUES ('automerge', 0);
INSERT INTO searched (searched, rank) VALUES ('crisismerge', {PIECES});
"""  # noqa: S608


def _insertion(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES (?{', ?' * (columns - 1)})"  # noqa: S608


INTO_SEARCHED: Final = (
    f"INSERT INTO searched (rowid, {', '.join(COLUMN_TO_WEIGHT)}) "  # noqa: S608
    f"VALUES (?{', ?' * len(COLUMN_TO_WEIGHT)})"
)
INTO_FIGURE: Final = _insertion("figure", 1 + len(SHOWN))
INTO_FACET: Final = _insertion("facet", 3)
INTO_THING: Final = _insertion("thing", 7)
# Many figures may have the same title; names of one thing may differ in case alone.
INTO_TITLES: Final = (
    "INSERT INTO name VALUES (?, 'title', '', ?, 0, 1, 0) "
    "ON CONFLICT DO UPDATE SET figures = figures + 1"
)
INTO_NAMES: Final = "INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?, ?, ?, ?)"


class IndexWriter:
    """Writes a search index; use it as a context manager.

    If the thread fails, the next call raises the error, as an ``OSError`` that names the file.

    :raises BuildError: on entering, if this Python's SQLite cannot search texts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures = 0
        #: Token of a gene, chemical, disease or organism → how many figures have it.
        self.token_to_figures: Counter[str] = Counter()
        #: Token of a ChEBI or DOID term → tokens of the things that it closely matches.
        self.token_to_near: dict[str, set[str]] = {}
        self._mentions = Mentions()

    def __enter__(self) -> "IndexWriter":
        with self._named():
            # One thread at a time uses the connection: this one, then the writing one. The path is
            # absolute because SQLite may take one that begins with ``file:`` for an address.
            self._database = sqlite3.connect(
                self.path.absolute(), isolation_level=None, check_same_thread=False
            )
            try:
                self._database.executescript(SCHEMA)
            except sqlite3.Error as error:
                self._database.close()
                if "fts5" not in str(error):
                    raise
                raise BuildError(
                    f"the SQLite of this Python, {sqlite3.sqlite_version}, was made without FTS5, "
                    "which the search index needs: use a Python whose sqlite3 module has it"
                ) from error
        self._thread = ThreadPoolExecutor(1, "search index")
        self._last: Future[None] | None = None
        return self

    def add(self, rows: Sequence[Row], had: Sequence[Having] = ()) -> None:
        """Add figures, after all those added before.

        :param had: what each figure has, on whose pages it is listed; nothing by default.
        """
        self._go_on(lambda: self._insert(rows, had or [Having((), "[]")] * len(rows)))

    def describe(self, nodes: Sequence[Node]) -> None:
        """Add the genes, chemicals, diseases and organisms among some nodes.

        Call it when all figures are added: until then it is not known how many have a thing.
        """
        self._go_on(lambda: self._insert_things(list(thing_rows(nodes))))

    def finish(self) -> None:
        """Begin the last work, once everything is added; :meth:`wait` waits for its end."""
        self._go_on(self._finish)

    def wait(self) -> None:
        """Return when everything is written that was added so far."""
        if self._last:
            self._last.result()

    def _go_on(self, work: Callable[[], None]) -> None:
        """Wait for the thread to finish its previous work, then give it this."""
        self.wait()
        self._last = self._thread.submit(self._do, work)

    def _do(self, work: Callable[[], None]) -> None:
        with self._named():
            work()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn an error of SQLite into an ``OSError`` that names the file, as a build expects."""
        try:
            yield
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            number = errno.ENOSPC if full else errno.EIO
            reason = os.strerror(number) if full else str(error)
            raise OSError(number, reason, self.path.name) from error

    def _insert(self, rows: Sequence[Row], had: Sequence[Having]) -> None:
        many = self._database.executemany
        numbered = list(enumerate(rows, self.figures + 1))
        self.figures += len(rows)
        many(INTO_SEARCHED, ((number, *row.searched) for number, row in numbered))
        many(INTO_FIGURE, ((number, *row.shown) for number, row in numbered))
        many(INTO_FACET, ((n, row.shown[3], "\t".join(row.organisms)) for n, row in numbered))
        many(INTO_TITLES, ((row.title_key, row.shown[1]) for row in rows if row.title_key))
        many(INTO_READINGS, ((n, words) for (n, _), (_, words) in zip(numbered, had, strict=True)))
        for row, (things, _) in zip(rows, had, strict=True):
            self.token_to_figures.update(row.entities)
            for term, near in row.close:
                self.token_to_near.setdefault(term, set()).add(near)
            self._mentions.add(things, row.shown[3])

    def _insert_things(self, things: Sequence[ThingRow]) -> None:
        own = self.token_to_figures
        figures = {t.token: self._term_to_figures.get(t.token, own[t.token]) for t in things}
        # Decides which of several things with one name is suggested: the one that more figures
        # have themselves, not by a close match; then the gene of the species with more figures.
        rank = {t.token: (own[t.token] << 32) + own[t.organism or ""] for t in things}
        self._database.executemany(
            INTO_THING,
            (
                (t.token, t.iri, t.kind, t.accession, t.names[0], t.organism, figures[t.token])
                for t in things
            ),
        )
        self._database.executemany(
            INTO_NAMES,
            (
                (by, t.kind, t.token, name, at > 0, figures[t.token], rank[t.token])
                for t in things
                if figures[t.token]
                for at, name in enumerate(t.names)
                if (by := key(name))  # a name of signs alone, such as →, is found by nothing
            ),
        )

    @cached_property
    def _term_to_figures(self) -> dict[str, int]:
        """How many figures have each ChEBI or DOID term, or a thing that it closely matches.

        A figure may have several of these, so counts do not add up.
        """
        near_of = self.token_to_near
        figures = self._mentions.figures_with({*near_of, *chain.from_iterable(near_of.values())})
        return {
            term: len(set().union(*(figures.get(token, ()) for token in (term, *near))))
            for term, near in near_of.items()
        }

    def _finish(self) -> None:
        self._database.executemany(
            "INSERT INTO close VALUES (?, ?)",
            sorted((term, near) for term, found in self.token_to_near.items() for near in found),
        )
        self._database.execute("INSERT INTO searched (searched) VALUES ('optimize')")
        self._mentions.write(self._database)
        self._database.execute("COMMIT")
        self._database.close()

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        # Closing writes what is left, which fails again on a full disk and would hide the error.
        with suppress(sqlite3.Error):
            self._database.close()
