"""Tables for pages: which figures have a thing, by which words, and what else these figures have.

The page of a gene that ten thousand figures mention must cost no more than that of a rare one.
So a release stores the figures of each thing in the order in which a page lists them and, for a
thing that many figures have, the things that are most frequent beside it.

Both are made from one list of numbers, five bytes for each thing of each figure, which is gathered
while records are mapped: ten megabytes for a hundred thousand figures.
"""

import json
import sqlite3
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import sub
from typing import Final, Literal, NamedTuple

from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import journal_key
from pfocr_rdf.records import Figure
from pfocr_rdf.records.mention_rows import LEXICON_TO_TIER
from pfocr_rdf.search.rows import TIER_TO_COLUMN, identity, tokens

Group = Literal["gene", "chemical", "disease", "organism", "source"]

#: The kinds of things that a figure has; journals and publishers are its sources.
GROUPS: Final[tuple[Group, ...]] = ("gene", "chemical", "disease", "organism", "source")
GROUP_TO_NUMBER: Final[dict[Group, int]] = {group: n for n, group in enumerate(GROUPS)}
#: The groups before this number are listed beside a thing.
LISTED: Final = GROUPS.index("source")
#: Tier of the evidence for a gene → its rank, the strongest first. Everything without a tier has
#: the last rank.
TIER_TO_RANK: Final[dict[str, int]] = {tier: rank for rank, tier in enumerate(TIER_TO_COLUMN)}
NO_TIER: Final = len(TIER_TO_RANK)
LEXICON_TO_RANK: Final = {
    lexicon: TIER_TO_RANK[tier] for lexicon, tier in LEXICON_TO_TIER.items() if tier
}
#: Ranks of an organism: a curator named it, or it was predicted as its genes explain the words.
CURATED: Final = 0
PREDICTED: Final = 1
#: If more figures have a thing, what they have beside it is counted when the release is built.
MANY: Final = 400
#: The most frequent things of each kind that are kept then.
KEPT: Final = 25
#: Made once: making one costs more than encoding a list. No list of words can contain itself.
ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
SCHEMA: Final = """
CREATE TABLE mentioned (number INTEGER PRIMARY KEY, token UNIQUE, kind, rank0, rank1, rank2, rank3,
    figures, together);
CREATE TABLE had (figure INTEGER PRIMARY KEY, things);
CREATE TABLE readings (figure INTEGER PRIMARY KEY, readings);
CREATE TABLE kinds (groups);
"""
#: Bits of the number that a thing's figures are sorted by: rank, years before the last, figure.
RANK_AT: Final = 48
YEAR_AT: Final = 32
LAST_YEAR: Final = 9999
FIGURE_OF: Final = (1 << YEAR_AT) - 1
INTO_MENTIONED: Final = "INSERT INTO mentioned VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
INTO_HAD: Final = "INSERT INTO had VALUES (?, ?)"
INTO_READINGS: Final = "INSERT INTO readings VALUES (?, ?)"


class Had(NamedTuple):
    """A thing that a figure has: its token in the index, its group, the rank of the evidence."""

    token: str
    group: int
    rank: int


class Having(NamedTuple):
    """What a figure has.

    :param words: a JSON list of readings: word, rank, and the places in ``things`` of those that
        the word may stand for.
    """

    things: tuple[Had, ...]
    words: str


def having(figure: Figure, iris: Iris) -> Having:
    """All things on whose pages a figure is listed, each once, with its best evidence."""
    things: list[Had] = []
    places: dict[str, int] = {}
    words: list[tuple[str, int, list[int]]] = []
    token_of = tokens(iris)
    for mention in figure.mentions:
        rank, group = LEXICON_TO_RANK.get(mention.source, NO_TIER), GROUP_TO_NUMBER[mention.kind]
        meant: dict[int, None] = {}
        for candidate in mention.candidates:
            token = token_of(candidate.namespace, candidate.accession)
            place = places.setdefault(token, len(things))
            if place == len(things):
                things.append(Had(token, group, rank))
            elif rank < things[place].rank:
                things[place] = Had(token, group, rank)
            meant[place] = None
        words.append((mention.word, rank, list(meant)))
    for rank, organisms in ((CURATED, figure.organisms), (PREDICTED, figure.predicted_organisms)):
        for organism in organisms:
            if organism.taxon:
                token = token_of("taxon", organism.taxon)
                if places.setdefault(token, len(things)) == len(things):
                    things.append(Had(token, GROUP_TO_NUMBER["organism"], rank))
    article = figure.article
    if journal := journal_key(article):
        token = identity(iris.journal(journal).value)
        things.append(Had(token, GROUP_TO_NUMBER["source"], NO_TIER))
    if article.publisher:
        token = identity(iris.publisher(article.publisher).value)
        things.append(Had(token, GROUP_TO_NUMBER["source"], NO_TIER))
    return Having(tuple(things), ENCODER.encode(words))


class Mentions:
    """Gathers what figures have, and writes the tables when all figures are known."""

    def __init__(self) -> None:
        self._token_to_number: dict[str, int] = {}
        self._groups = bytearray()
        # The things of figure n stand between the end of figure n - 1 and its own end.
        self._things = array("I")
        self._ranks = bytearray()
        self._ends = array("Q", [0])
        self._years = array("H", [0])

    def add(self, things: Sequence[Had], year: str | None) -> None:
        """Add the next figure."""
        for token, group, rank in things:
            number = self._token_to_number.setdefault(token, len(self._token_to_number))
            if number == len(self._groups):
                self._groups.append(group)
            self._things.append(number)
            self._ranks.append(rank)
        self._ends.append(len(self._things))
        self._years.append(int(year) if year and year.isdigit() and len(year) == 4 else 0)

    def figures_with(self, tokens: Iterable[str]) -> dict[str, "array[int]"]:
        """The numbers of the figures that have each of some things; a thing of none is left out."""
        number_of = self._token_to_number
        asked = {number_of[token]: token for token in tokens if token in number_of}
        found = {token: array("I") for token in asked.values()}
        for figure in range(1, len(self._ends)):
            for number in asked.keys() & self._of(figure):
                found[asked[number]].append(figure)
        return found

    def write(self, database: sqlite3.Connection) -> None:
        """Write the tables; things are numbered in the order in which they were met."""
        database.execute("INSERT INTO kinds VALUES (?)", (bytes(self._groups),))
        database.executemany(INTO_HAD, self._had())
        database.executemany(INTO_MENTIONED, self._mentioned())

    def _had(self) -> Iterator[tuple[int, bytes]]:
        for figure in range(1, len(self._ends)):
            yield figure, packed(self._of(figure))

    def _of(self, figure: int) -> "array[int]":
        return self._things[self._ends[figure - 1] : self._ends[figure]]

    def _mentioned(self) -> Iterator[tuple[object, ...]]:
        starts, places = self._turned()
        for token, thing in self._token_to_number.items():
            own = sorted(places[starts[thing] : starts[thing + 1]])
            ends = [bisect_left(own, (rank + 1) << RANK_AT) for rank in range(NO_TIER + 1)]
            counts = map(sub, ends, [0, *ends])
            listed = array("I", map(FIGURE_OF.__and__, own))
            many = len(own) > MANY and self._groups[thing] < LISTED
            together = packed(self._together(thing, listed)) if many else None
            yield (
                *(thing, token, GROUPS[self._groups[thing]], *counts),
                *(packed(listed), together),
            )

    def _turned(self) -> tuple["array[int]", "array[int]"]:
        """For each thing where its part begins, and in these parts its figures, as numbers to sort.

        The figure with the strongest evidence is the least and, of those, the newest.
        """
        starts = array("Q", bytes(8 * (len(self._groups) + 1)))
        for thing in self._things:
            starts[thing + 1] += 1
        for thing in range(len(self._groups)):
            starts[thing + 1] += starts[thing]
        free = starts[:]
        places = array("Q", bytes(8 * len(self._things)))
        for figure, year in islice(enumerate(self._years), 1, None):
            part = slice(self._ends[figure - 1], self._ends[figure])
            of_figure = (LAST_YEAR - year) << YEAR_AT | figure
            for thing, rank in zip(self._things[part], self._ranks[part], strict=True):
                places[free[thing]] = rank << RANK_AT | of_figure
                free[thing] += 1
        return starts, places

    def _together(self, thing: int, figures: Iterable[int]) -> "array[int]":
        """The things most frequent in some figures: pairs of thing and number of figures."""
        counted = Counter(chain.from_iterable(map(self._of, figures)))
        return most_frequent(counted, thing, self._groups)


def most_frequent(counted: Counter[int], thing: int, groups: Sequence[int]) -> "array[int]":
    """The things that were counted most often, of each kind at most :data:`KEPT`.

    :param thing: the one to leave out.
    :param groups: the kind of each thing, as a number in :data:`GROUPS`.
    :returns: pairs of thing and count; within a kind, the highest counts first.

    >>> most_frequent(Counter({0: 9, 1: 5, 2: 7}), 0, [0, 0, 0]).tolist()
    [2, 7, 1, 5]
    """
    found = array("I")
    for group in range(LISTED):
        of_kind = ((t, n) for t, n in counted.items() if t != thing and groups[t] == group)
        for pair in sorted(of_kind, key=lambda pair: (-pair[1], pair[0]))[:KEPT]:
            found.extend(pair)
    return found


def packed(numbers: "array[int]") -> bytes:
    r"""Numbers as the tables store them, the same bytes on every machine.

    >>> packed(array("I", [1, 258]))
    b'\x01\x00\x00\x00\x02\x01\x00\x00'
    """
    return turned(numbers).tobytes()


def unpacked(data: bytes) -> "array[int]":
    """The numbers that :func:`packed` packed."""
    return turned(array("I", data))


def turned(numbers: "array[int]") -> "array[int]":
    """Numbers converted from this machine's byte order to that of the tables, or back."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
