"""Answers kept in memory, the one that was not asked for longest going first.

The key names everything an answer depends on: release, query, dataset, format, encoding.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What knows how many bytes it takes."""

    @property
    def size(self) -> int:
        """Bytes, with what stands around the body."""
        ...


Entry = TypeVar("Entry", bound=Sized)


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How many bytes are kept, and how large a single answer may be."""

    total_bytes: int = 128 << 20
    answer_bytes: int = 2 << 20


class Cache(Generic[Entry]):
    """A mapping that is bounded in bytes.

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
        self._entries: OrderedDict[object, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: object) -> Entry | None:
        """The answer, which counts as asked for now."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: object, entry: Entry) -> bool:
        """Keep an answer; False if it is too large."""
        if entry.size > self.limits.answer_bytes or entry.size > self.limits.total_bytes:
            return False
        if (old := self._entries.pop(key, None)) is not None:
            self.bytes -= old.size
        self._entries[key] = entry
        self.bytes += entry.size
        while self.bytes > self.limits.total_bytes:
            _, oldest = self._entries.popitem(last=False)
            self.bytes -= oldest.size
        return True

    def clear(self) -> None:
        """Forget all: another release is served."""
        self._entries.clear()
        self.bytes = 0
