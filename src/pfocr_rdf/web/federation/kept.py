"""A cache of partners' answers; each is fetched once, however many queries wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from sys import getsizeof
from typing import Final

from pfocr_rdf.web.cache import Cache, CacheLimits
from pfocr_rdf.web.federation.answers import Rows

KEPT: Final = CacheLimits(total_bytes=64 << 20, answer_bytes=8 << 20)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, and when it came in seconds of Unix time."""

    rows: Rows
    date: float

    @property
    def size(self) -> int:
        """Bytes in memory, roughly."""
        return self.rows.size + 512


class Kept:
    """Answers by partner and query. The clock must be Unix time, because answers have a date."""

    def __init__(self, limits: CacheLimits = KEPT, clock: Callable[[], float] = time.time) -> None:
        self.cache: Cache[Fetched] = Cache(limits)
        self._clock = clock
        self._coming: dict[object, asyncio.Task[Fetched]] = {}
        self._waiting: dict[asyncio.Task[Fetched], int] = {}

    async def get(
        self, key: tuple[str, ...], ttl_s: float, fetch: Callable[[], Awaitable[Rows]]
    ) -> Fetched:
        """A kept answer, one that is on its way, or a new one.

        :param key: the partner's name and the query to it.
        :param ttl_s: how old a kept answer may be, in seconds.
        :raises Refusal: as ``fetch`` does, for all who wait.
        """
        known = self.cache.get(key)
        if known is not None and 0 <= self._clock() - known.date < ttl_s:
            return known
        task = self._coming.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetch(key, fetch))
            self._coming[key] = task
        self._waiting[task] = self._waiting.get(task, 0) + 1
        try:
            # A caller that is cancelled must not cancel the request of the others.
            return await asyncio.shield(task)
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                if not task.done():
                    del self._coming[key]
                    task.cancel()

    async def _fetch(self, key: tuple[str, ...], fetch: Callable[[], Awaitable[Rows]]) -> Fetched:
        me = asyncio.current_task()
        try:
            found = Fetched(await fetch(), self._clock())
        finally:
            if self._coming.get(key) is me:
                del self._coming[key]
        self.cache.put(key, found, sum(map(getsizeof, key)))
        return found
