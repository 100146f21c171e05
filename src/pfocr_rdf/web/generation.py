"""The processes that read one release."""

import asyncio
from typing import Final

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.served import Held

#: What a manifest counts of the store; one without mapping sets has no number of them.
GRAPHS: Final = ("triples", "equivalents", "mappings")


class Generation:
    """The processes that read one release.

    ``idle`` ends with the one used last. ``lent`` do not count: their queries are slow.
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
        """How many the store has, as the manifest says."""
        return sum(int(self.held.manifest.get(graph, 0)) for graph in GRAPHS)

    @property
    def ready(self) -> bool:
        """Whether a process has the store open."""
        return any(process.hello for process in self.alive)

    def fail_opening(self, reason: str) -> None:
        """Tell whoever waits for it why it cannot be read."""
        opened, self.opened = self.opened, None
        if opened is not None and not opened.done():
            opened.set_exception(ReleaseError(f"{self.held.release.path}: {reason}"))
