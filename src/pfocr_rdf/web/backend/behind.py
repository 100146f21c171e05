"""The backend as the server uses it: connections, the check of what it holds, its readers."""

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

#: Seconds after which the server listens, whatever the backend does.
FIRST_S: Final = 10.0


class Behind:
    """The engine behind the server; bound to one event loop, in which it must be closed."""

    def __init__(self, backend: Backend) -> None:
        self.client = Client(backend)
        #: By release: for the one being served, and for those that may be served next.
        self._holdings: dict[str, Holding] = {}
        self._served: Holding | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def fault(self) -> str:
        """Why queries cannot be answered; empty if they can be."""
        return self._served.fault if self._served is not None else "nothing is served yet"

    def make(self, held: Held, ready: Told, gone: Told) -> QueryProcess:
        """A query process for a release."""
        return BackendProcess(self.client, self._holding(held), ready, gone)

    async def wait_for(self, held: Held, data: Path) -> None:
        """Wait until the backend holds a release that is to replace the one being served.

        Meanwhile the old one is served, for as long as the backend holds it. For the first
        release the wait ends after :data:`FIRST_S`: queries are answered once the backend holds it.

        :param data: the data folder, whose ``current`` may move on.
        :raises ReleaseError: if it moves on before the backend holds the release.
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
                    reason = f"the engine behind this server never held it ({error})"
                    raise ReleaseError(f"{held.release.path}: {reason}") from None
            await holding.pause()

    def serve(self, held: Held) -> None:
        """Serve this release from now on."""
        holding = self._served = self._holding(held)
        self._holdings = {held.release.id: holding}
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().create_task(holding.watch())

    def source(self, held: Held) -> BackendSource:
        """The source from which pages read a release."""
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
