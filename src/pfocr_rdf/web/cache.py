"""Answers kept in memory; the least recently used one is dropped first.

A key names everything that an answer depends on: release, query, dataset, format, encoding.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """An entry that knows its size in memory."""

    @property
    def size(self) -> int:
        """Bytes of the body and of what is kept with it."""
        ...


Entry = TypeVar("Entry", bound=Sized)


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How many bytes are kept, and how large a single answer may be."""

    total_bytes: int = 128 << 20
    answer_bytes: int = 2 << 20


class Cache(Generic[Entry]):
    """A mapping that holds a limited number of bytes.

    >>> @dataclass(frozen=True)
    ... class Text:
    ...     size: int
    >>> cache: Cache[Text] = Cache(CacheLimits(total_bytes=10, answer_bytes=8))
    >>> cache.put("a", Text(6)), cache.put("b", Text(6)), cache.put("c", Text(9))
    (True, True, False)
    >>> cache.get("a"), cache.get("b"), cache.bytes
    (None, Text(size=6), 6)
    """

    def __init__(self, limits: CacheLimits = CacheLimits()) -> None:
        self.limits = limits
        self.bytes = 0
        self._entries: OrderedDict[object, tuple[Entry, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: object) -> Entry | None:
        """The answer, now the most recently used one; None if it is not kept."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: object, entry: Entry, key_bytes: int = 0) -> bool:
        """Keep an answer; False if it is too large.

        :param key_bytes: size of the key if it is considerable: it may hold a whole query.
        """
        size = entry.size + key_bytes
        if size > self.limits.answer_bytes or size > self.limits.total_bytes:
            return False
        if (old := self._entries.pop(key, None)) is not None:
            self.bytes -= old[1]
        self._entries[key] = entry, size
        self.bytes += size
        while self.bytes > self.limits.total_bytes:
            _, (_, oldest) = self._entries.popitem(last=False)
            self.bytes -= oldest
        return True

    def clear(self) -> None:
        """Forget all answers, as when another release is served."""
        self._entries.clear()
        self.bytes = 0
