"""Remember what a function makes of texts that recur, so that it is made once."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

#: Characters of the longest text remembered: a record or a request may have a text of megabytes,
#: and a few thousand of those would fill the memory.
LONGEST: Final = 1000

Made = TypeVar("Made")


def remembered(
    most: int, longest: int = LONGEST
) -> Callable[[Callable[[str], Made]], Callable[[str], Made]]:
    """Decorate a function so that it remembers what it makes of a text, unless the text is long.

    :param most: how many texts are remembered.
    :param longest: characters of the longest text remembered.

    >>> @remembered(most=2, longest=3)
    ... def parts(text: str) -> list[str]:
    ...     return text.split("-")
    >>> parts("a-b") is parts("a-b"), parts("a-bc") is parts("a-bc")
    (True, False)
    """

    def decorated(make: Callable[[str], Made]) -> Callable[[str], Made]:
        known = lru_cache(maxsize=most)(make)

        @wraps(make)
        def made(text: str) -> Made:
            return known(text) if len(text) <= longest else make(text)

        return made

    return decorated
