"""The processes that read one release."""

import asyncio
from typing import Final

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.served import Held

#: Keys of the manifest that count quads of the store; without mapping sets it lacks ``mappings``.
GRAPHS: Final = ("triples", "equivalents", "mappings")


class Generation:
    """The processes that read one release.

    The last of ``idle`` is the one used last. Those in ``lent`` have slow queries and do not count
    towards the pool's size.
    """

    def __init__(self, held: Held) -> None:
        self.held = held
        self.idle: list[QueryProcess] = []
        self.alive: set[QueryProcess] = set()
        self.lent: set[QueryProcess] = set()
        self.failures = 0
        self.opened: asyncio.Future[None] | None = None

    @property
    def quads(self) -> int:
        """How many quads the store has, according to the manifest."""
        return sum(int(self.held.manifest.get(graph, 0)) for graph in GRAPHS)

    @property
    def ready(self) -> bool:
        """Whether a process has the store open."""
        return any(process.hello for process in self.alive)

    def fail_opening(self, reason: str) -> None:
        """Tell whoever waits for the release to open why it cannot be read."""
        opened, self.opened = self.opened, None
        if opened is not None and not opened.done():
            opened.set_exception(ReleaseError(f"{self.held.release.path}: {reason}"))
