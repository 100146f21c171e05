"""The backend, as the server has it: connections, what it holds, what reads from it."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.web.backend.client import Client
from pfocr_rdf.web.backend.holding import Holding, LacksError
from pfocr_rdf.web.backend.process import BackendProcess, Told
from pfocr_rdf.web.backend.settings import Backend
from pfocr_rdf.web.backend.source import BackendSource
from pfocr_rdf.web.process import QueryProcess
from pfocr_rdf.web.served import Held, moved

#: The server listens after so long, whatever the backend does.
FIRST_S: Final = 10.0


class Behind:
    """The engine behind the server; lives in one event loop. Close it there."""

    def __init__(self, backend: Backend) -> None:
        self.client = Client(backend)
        #: Of the release that is served, and of the one that will be.
        self._holdings: dict[str, Holding] = {}
        self._served: Holding | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def fault(self) -> str:
        """Why queries cannot be answered; empty if they can."""
        return self._served.fault if self._served is not None else "nothing is served yet"

    def make(self, held: Held, ready: Told, gone: Told) -> QueryProcess:
        """A query process for a release."""
        return BackendProcess(self.client, self._holding(held), ready, gone)

    async def wait_for(self, held: Held, data: Path) -> None:
        """Wait until the backend holds a release that shall be served instead of another one.

        The other one is served on meanwhile, as long as the backend holds that. For the first
        release nobody waits: it is served as soon as it is there.

        :param data: the data folder, whose pointer may move on.
        :raises ReleaseError: if it does.
        """
        holding = self._holding(held)
        if self._served is None:
            with suppress(LacksError, TimeoutError):
                async with asyncio.timeout(FIRST_S):
                    await holding.inspect()
            return
        while True:
            try:
                await holding.inspect()
                return
            except LacksError as error:
                if moved(held, data):
                    reason = f"the engine behind the server never held it ({error})"
                    raise ReleaseError(f"{held.release.path}: {reason}") from None
            await holding.pause()

    def serve(self, held: Held) -> None:
        """This release is served from now on."""
        holding = self._served = self._holding(held)
        self._holdings = {held.release.id: holding}
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().create_task(holding.watch())

    def source(self, held: Held) -> BackendSource:
        """What pages read of a release."""
        return BackendSource(self._holding(held), asyncio.get_running_loop())

    async def close(self) -> None:
        """Close the connections."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await self.client.close()

    def _holding(self, held: Held) -> Holding:
        return self._holdings.setdefault(held.release.id, Holding(self.client, held))
