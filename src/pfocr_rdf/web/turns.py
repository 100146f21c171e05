"""Turns between clients for what only a few can use at a time: threads, the planner."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from pfocr_rdf.web.fairness import Line, Places

T = TypeVar("T")


class Turns:
    """A number of places; a client that finds none free waits for its turn.

    For use in one event loop.

    :param what: what waits, in the plural, for the message of a refusal.

    >>> turns = Turns(Places(fresh=1, slow=0), "pages")
    >>> asyncio.run(turns.enter("ann"))
    >>> turns.leave("ann")
    """

    def __init__(self, places: Places, what: str) -> None:
        self._line: Line[tuple[str, asyncio.Future[None]]] = Line(places, what=what)

    async def enter(self, client: str) -> None:
        """Take a place as soon as there is one; give it back with :meth:`leave`.

        :raises Refusal: ``busy``, if too many wait.
        """
        if self._line.enter(client):
            return
        turn = asyncio.get_running_loop().create_future()
        ticket = client, turn
        self._line.wait(client, ticket)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._line.withdraw(client, ticket)
            else:
                self.leave(client)  # the turn had come
            raise

    def leave(self, client: str) -> None:
        """Give a place back, and let those start whose turn it is."""
        self._line.leave(client, slow=False)
        while (ticket := self._line.next()) is not None:
            whose, turn = ticket
            if turn.done():  # its client is gone and has not yet left the line
                self._line.leave(whose, slow=False)
            else:
                turn.set_result(None)


class Threads:
    """Threads that do one kind of work, for clients in turn.

    :param name: name of the threads, and of what they make, in the plural.
    :param places: there are as many threads as fresh places.
    """

    def __init__(self, name: str, places: Places) -> None:
        self.turns = Turns(places, name)
        self._executor = ThreadPoolExecutor(places.fresh, thread_name_prefix=name)

    async def run(self, client: str, work: Callable[[], T]) -> T:
        """Do the work in a thread; returns or raises what the work does.

        If the caller is cancelled, work that has not begun never does; work that has begun keeps
        its thread, and its place, to the end.

        :raises Refusal: ``busy``, if too many wait.
        """
        await self.turns.enter(client)
        loop = asyncio.get_running_loop()

        def done(_: object) -> None:
            # The last work may end after the event loop.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self.turns.leave, client)

        def result() -> T:
            try:
                return work()
            except StopIteration as error:
                # A future of asyncio cannot hold this one, and its caller would wait for ever.
                raise RuntimeError("the work stopped an iteration") from error

        try:
            future = self._executor.submit(result)
        except BaseException:
            self.turns.leave(client)
            raise
        future.add_done_callback(done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Begin no more work."""
        self._executor.shutdown(wait=False, cancel_futures=True)
