"""What the last searches found, kept: whoever turns pages or narrows asks the same again."""

from collections.abc import Callable
from typing import Final

#: Score and number of a figure; SQLite's scores are the smaller the better.
Scored = tuple[float, int]

#: Figures of all searches together: about 10 MB.
MOST_FIGURES: Final = 100_000
#: What finds fewer is found again as fast.
LEAST_FIGURES: Final = 1000


class KeptScores:
    """Expression of FTS5 → the figures that it finds, of the last ones.

    Scoring is half of the time of a search for what most figures have. One thread at a time may
    use it.

    :param most: figures that are kept at most; a longer list is not kept, nor one that has
        fewer than ``least``.

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
        """The figures of an expression, in no order; nobody may change the list.

        :param score: finds them, if they are not kept.
        """
        found = self._lists.pop(expression, None)
        if found is None:
            found = score()
            if not self._least <= len(found) <= self._most:
                return found
            self._figures += len(found)
        self._lists[expression] = found
        # The first is what was asked for the longest time ago.
        while self._figures > self._most:
            self._figures -= len(self._lists.pop(next(iter(self._lists))))
        return found
