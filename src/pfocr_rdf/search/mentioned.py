"""Read the tables of :mod:`pfocr_rdf.search.mentions`: an answer costs the same for every thing.

With one exception: what figures have beside a thing is counted when it is asked for, if no more
than :data:`~pfocr_rdf.search.mentions.MANY` figures have the thing.
"""

import json
from array import array
from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Final

from pfocr_rdf.releases import Release
from pfocr_rdf.search.file import IndexFile, open_to_read
from pfocr_rdf.search.mentions import GROUPS, LISTED, Group, most_frequent, unpacked
from pfocr_rdf.search.rows import identity

MENTIONED: Final = (
    "SELECT number, kind, rank0, rank1, rank2, rank3, together FROM mentioned WHERE token = ?"
)
FIGURES: Final = "SELECT substr(figures, ?, ?) FROM mentioned WHERE number = ?"
HAD: Final = "SELECT things FROM had WHERE figure IN (SELECT value FROM json_each(?))"
FIGURE: Final = (
    "SELECT figid, title, article, year, things, readings FROM figure "
    "JOIN had ON had.figure = id JOIN readings ON readings.figure = id WHERE id = ?"
)
THINGS: Final = (
    "SELECT mentioned.number, thing.iri, thing.accession, thing.name, species.name "
    "FROM mentioned JOIN thing ON thing.token = mentioned.token "
    "LEFT JOIN thing AS species ON species.token = thing.organism "
    "WHERE mentioned.number IN (SELECT value FROM json_each(?))"
)
FOREMOST: Final = (
    "SELECT thing.iri, thing.accession, thing.name, species.name, thing.figures "
    "FROM mentioned JOIN thing ON thing.token = mentioned.token "
    "LEFT JOIN thing AS species ON species.token = thing.organism WHERE mentioned.kind = ? "
    "ORDER BY mentioned.rank0 DESC, thing.figures DESC, thing.iri LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A thing that figures have.

    :param number: of the thing, in the tables.
    :param counts: figures by the rank of the evidence.
    :param kept: what figures have beside it, packed; None if that has to be counted.
    """

    number: int
    kind: Group
    counts: tuple[int, ...]
    kept: bytes | None

    @property
    def figures(self) -> int:
        """How many figures have it."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a picture that may stand for a thing, and how many things it may stand for."""

    text: str
    rank: int
    candidates: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A figure in a thing's list, with the words that may stand for the thing, the surest first."""

    figid: str
    title: str | None
    article: str | None
    year: str | None
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A thing that figures have beside another, and how many of them."""

    iri: str
    accession: str
    name: str
    organism: str | None
    figures: int


class MentionTables:
    """Reads the tables; threads may share it, and it answers them one at a time.

    :param file: closed by :meth:`close`.
    :raises ReleaseError: from all methods, if the file is damaged.
    """

    def __init__(self, file: IndexFile) -> None:
        self._file = file
        self._lock = Lock()
        ((self._groups,),) = self._file.rows("SELECT groups FROM kinds")

    def close(self) -> None:
        """Close the file, once the answer that is being made is finished."""
        with self._lock:
            self._file.database.close()

    def find(self, iri: str) -> Mentioned | None:
        """The entry of a thing; None if no figure has it."""
        with self._lock:
            rows = self._file.rows(MENTIONED, (identity(iri),))
        for number, kind, *counts, kept in rows:
            return Mentioned(number, kind, tuple(counts), kept)
        return None

    def foremost(self, kind: Group) -> Beside | None:
        """The thing of a kind that most figures have by the best evidence, to serve as an example.

        This looks at all things of the kind.
        """
        with self._lock:
            rows = self._file.rows(FOREMOST, (kind,))
        return next((Beside(*row) for row in rows), None)

    def figures(self, thing: Mentioned, offset: int, limit: int) -> list[Listed]:
        """The figures that have a thing, by the strength of the evidence, then the newest first.

        :param offset: figures to skip.
        """
        with self._lock:
            listed = self._figures(thing, offset, limit)
            rows = [self._file.rows(FIGURE, (number,))[0] for number in listed]
        return [
            Listed(figid, title, article, year, _words(thing, things, words))
            for figid, title, article, year, things, words in rows
        ]

    def beside(self, thing: Mentioned, limit: int) -> dict[Group, list[Beside]]:
        """The other things that are most frequent in the figures of a thing, by kind."""
        with self._lock:
            pairs = self._pairs(thing)
            count_of = dict(zip(pairs[::2], pairs[1::2], strict=True))
            chosen: dict[Group, list[int]] = {group: [] for group in GROUPS[:LISTED]}
            for number in count_of:
                group = chosen[GROUPS[self._groups[number]]]
                if len(group) < limit:
                    group.append(number)
            wanted = [number for group in chosen.values() for number in group]
            found = {
                number: Beside(iri, accession, name, organism, count_of[number])
                for number, iri, accession, name, organism in self._file.rows(
                    THINGS, (json.dumps(wanted),)
                )
            }
        return {
            group: [found[number] for number in numbers if number in found]
            for group, numbers in chosen.items()
        }

    def _pairs(self, thing: Mentioned) -> "array[int]":
        if thing.kept is not None:
            return unpacked(thing.kept)
        figures = self._figures(thing, 0, thing.figures)
        counted: Counter[int] = Counter()
        for (things,) in self._file.rows(HAD, (json.dumps(figures.tolist()),)):
            counted.update(unpacked(things))
        return most_frequent(counted, thing.number, self._groups)

    def _figures(self, thing: Mentioned, offset: int, limit: int) -> "array[int]":
        ((data,),) = self._file.rows(FIGURES, (4 * offset + 1, 4 * limit, thing.number))
        return unpacked(data)


def _words(thing: Mentioned, things: bytes, words: str) -> tuple[Word, ...]:
    """The words of a figure that may stand for a thing."""
    place = unpacked(things).index(thing.number)
    found = (
        Word(text, rank, len(places)) for text, rank, places in json.loads(words) if place in places
    )
    return tuple(sorted(found, key=lambda word: (word.rank, word.candidates, word.text)))


def open_mentions(release: Release) -> MentionTables:
    """The tables of a release, opened read-only.

    :raises ReleaseError: if its index does not have them, or cannot be read.
    """
    return open_to_read(release, MentionTables)
