"""Keep what the last searches found: turning a page or narrowing repeats the same search."""

from collections.abc import Callable
from typing import Final

#: Score and number of a figure; the smaller SQLite's score, the better.
Scored = tuple[float, int]

#: Figures kept for all searches together: about 10 MB.
MOST_FIGURES: Final = 100_000
#: An expression that finds fewer is searched for again as fast.
LEAST_FIGURES: Final = 1000


class KeptScores:
    """The latest expressions of FTS5 → the figures that each finds.

    Scoring takes half of the time of a search for what most figures have. Only one thread at a
    time may use this object.

    :param most: figures that are kept at most, in all lists together; a list that is longer by
        itself is not kept, nor one with fewer than ``least``.

    >>> kept = KeptScores(most=10, least=1)
    >>> kept.get("pathway", lambda: [(-1.0, 7)]), kept.get("pathway", list)
    ([(-1.0, 7)], [(-1.0, 7)])
    """

    def __init__(self, most: int = MOST_FIGURES, least: int = LEAST_FIGURES) -> None:
        self._most = most
        self._least = least
        self._figures = 0
        self._lists: dict[str, list[Scored]] = {}

    def get(self, expression: str, score: Callable[[], list[Scored]]) -> list[Scored]:
        """The figures of an expression, in no particular order; the list must not be changed.

        :param score: called to find them if they are not kept.
        """
        found = self._lists.pop(expression, None)
        if found is None:
            found = score()
            if not self._least <= len(found) <= self._most:
                return found
            self._figures += len(found)
        self._lists[expression] = found
        # The first list is the one that was last asked for the longest time ago.
        while self._figures > self._most:
            self._figures -= len(self._lists.pop(next(iter(self._lists))))
        return found
