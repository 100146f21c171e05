"""Whose query is next: places for queries, a bounded queue, and turns between clients.

There are places for fresh queries and places for slow ones. A query starts in a fresh place;
when it turns out to be slow, it moves to a slow place if one is free, and its client counts as
heavy for a while. Where there are two or more fresh places, heavy clients together leave one to
all others. Light clients go first, and clients of either sort take turns: a hundred heavy queries
of one client cost the others nothing but processor time, of which slow queries get less.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Generic, TypeVar

from pfocr_rdf.web.problems import Refusal

Ticket = TypeVar("Ticket")


@dataclass(frozen=True, slots=True)
class Places:
    """How many queries run and wait at most.

    ``heavy_s`` is for how many seconds a client counts as heavy after a slow query.
    """

    fresh: int = 2
    slow: int = 2
    waiting: int = 256
    heavy_s: float = 60.0

    @property
    def waiting_of_one(self) -> int:
        """The share of the queue that one client may fill."""
        return max(1, self.waiting // 2)

    @property
    def running_of_one(self) -> int:
        """Places that one heavy client may take."""
        return max(1, (self.fresh + self.slow) // 2)


def client_of(address: str) -> str:
    """The client at an address; for IPv6 its /64 network, as each customer gets at least one.

    https://www.rfc-editor.org/rfc/rfc6177#section-2

    >>> client_of("192.0.2.1"), client_of("2001:db8::1:2"), client_of("::ffff:192.0.2.1")
    ('192.0.2.1', '2001:db8::/64', '192.0.2.1')
    """
    if ":" not in address:
        return address
    try:
        read = IPv6Address(address)
    except ValueError:
        return address
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(IPv6Network((int(read) >> 64 << 64, 64)))


class Line(Generic[Ticket]):
    """The queue for places, and the count of the places that each client has.

    >>> line: Line[str] = Line(Places(fresh=1, slow=0))
    >>> line.enter("ann"), line.enter("bob")
    (True, False)
    >>> line.wait("bob", "bob's query")
    >>> line.leave("ann", slow=False)
    >>> line.next()
    "bob's query"
    """

    def __init__(
        self,
        places: Places,
        clock: Callable[[], float] = time.monotonic,
        what: str = "queries",
    ) -> None:
        self.places = places
        self.what = what
        self.clock = clock
        self.fresh = 0
        self.slow = 0
        self.waiting = 0
        self._heavy_fresh = 0
        self._running: dict[str, int] = {}
        self._heavy_until: dict[str, float] = {}
        #: Client → its waiting tickets; the client whose turn is next comes first.
        self._tickets: OrderedDict[str, deque[Ticket]] = OrderedDict()
        #: Client → how many of its queries in fresh places began while it was heavy.
        self._begun_heavy: dict[str, int] = {}

    def enter(self, client: str) -> bool:
        """Take a fresh place at once, if the client may have one and has no ticket waiting."""
        if client in self._tickets or not self._may_start(client):
            return False
        self._take(client)
        return True

    def wait(self, client: str, ticket: Ticket) -> None:
        """Put a ticket in the queue.

        :raises Refusal: ``busy``, if the queue is full or the client's share of it is.
        """
        queue = self._tickets.get(client)
        mine = len(queue) if queue else 0
        if self.waiting >= self.places.waiting or mine >= self.places.waiting_of_one:
            whose = f"{mine} of them yours" if mine else "none of them yours"
            raise Refusal(
                "busy",
                f"{self.waiting} {self.what} are waiting, {whose}: try again in a few seconds, "
                "or wait for the answers before you ask more",
                headers={"Retry-After": "5"},
            )
        if queue is None:
            queue = self._tickets[client] = deque()
        queue.append(ticket)
        self.waiting += 1

    def withdraw(self, client: str, ticket: Ticket) -> None:
        """Take a ticket out of the queue, if it is still there."""
        queue = self._tickets.get(client, deque())
        if ticket in queue:
            queue.remove(ticket)
            self._count_out(client, queue)

    def next(self) -> Ticket | None:
        """The ticket that may start now; its place is taken. Light clients come first."""
        for heavy in (False, True):
            for client, queue in self._tickets.items():
                if self.is_heavy(client) is heavy and self._may_start(client):
                    ticket = queue.popleft()
                    self._tickets.move_to_end(client)
                    self._count_out(client, queue)
                    self._take(client)
                    return ticket
        return None

    def tickets(self) -> list[Ticket]:
        """All tickets that wait."""
        return [ticket for queue in self._tickets.values() for ticket in queue]

    def demote(self, client: str) -> bool:
        """Note that a query of a client is slow.

        :returns: whether there was a slow place for it; otherwise it keeps its fresh one.
        """
        self._heavy_until[client] = self.clock() + self.places.heavy_s
        if self.slow >= self.places.slow:
            return False
        self.slow += 1
        self._give_back(client)
        return True

    def leave(self, client: str, *, slow: bool) -> None:
        """Give a place back; ``slow`` says which kind."""
        if slow:
            self.slow -= 1
            self._heavy_until[client] = self.clock() + self.places.heavy_s
        else:
            self._give_back(client)
        left = self._running.get(client, 0) - 1
        if left > 0:
            self._running[client] = left
        else:
            self._running.pop(client, None)
            self._forget_light()

    def is_heavy(self, client: str) -> bool:
        """Whether a slow query of the client ran lately."""
        return self._heavy_until.get(client, 0.0) > self.clock()

    def _may_start(self, client: str) -> bool:
        if self.fresh >= self.places.fresh:
            return False
        if not self._heavy_until or not self.is_heavy(client):
            return True
        return (
            self._heavy_fresh < max(1, self.places.fresh - 1)
            and self._running.get(client, 0) < self.places.running_of_one
        )

    def _take(self, client: str) -> None:
        self.fresh += 1
        self._running[client] = self._running.get(client, 0) + 1
        if self._heavy_until and self.is_heavy(client):
            self._heavy_fresh += 1
            self._begun_heavy[client] = self._begun_heavy.get(client, 0) + 1

    def _give_back(self, client: str) -> None:
        """Free a fresh place; those that a client took while it was heavy are freed first."""
        self.fresh -= 1
        if begun := self._begun_heavy.get(client):
            self._heavy_fresh -= 1
            if begun == 1:
                del self._begun_heavy[client]
            else:
                self._begun_heavy[client] = begun - 1

    def _count_out(self, client: str, queue: deque[Ticket]) -> None:
        self.waiting -= 1
        if not queue:
            del self._tickets[client]

    def _forget_light(self) -> None:
        """Forget clients that are heavy no more: otherwise each would stay in memory for ever."""
        if len(self._heavy_until) > 1000:
            now = self.clock()
            self._heavy_until = {c: t for c, t in self._heavy_until.items() if t > now}
