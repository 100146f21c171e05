"""A request is sent again, once, where the connection was closed in that moment."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from pfocr_rdf.resending import sent

KEY = ConnectionKey("a.example", 80, False, True, None, None, None)
CLOSED = aiohttp.ServerDisconnectedError()
RESET = aiohttp.ClientOSError(104, "Connection reset by peer")
UNREACHED = aiohttp.ClientConnectorError(KEY, OSError(111, "Connection refused"))
BROKEN = aiohttp.ClientPayloadError()


def sender(*outcomes: Exception | str) -> tuple[Callable[[], Awaitable[str]], list[object]]:
    """What sends, with one outcome after the other, and what came of it so far."""
    left, done = list(outcomes), list[object]()

    async def send() -> str:
        done.append(outcome := left.pop(0))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return send, done


@pytest.mark.parametrize("error", [CLOSED, RESET])
def test_what_met_a_connection_that_was_closed_is_sent_again(error: Exception) -> None:
    send, done = sender(error, "answer")
    assert asyncio.run(sent(send)) == "answer"
    assert done == [error, "answer"]


@pytest.mark.parametrize("error", [UNREACHED, BROKEN, TimeoutError()])
def test_what_failed_otherwise_is_not(error: Exception) -> None:
    send, done = sender(error, "answer")
    with pytest.raises(type(error)):
        asyncio.run(sent(send))
    assert done == [error]


def test_what_is_closed_twice_is_told() -> None:
    send, done = sender(CLOSED, RESET, "answer")
    with pytest.raises(aiohttp.ClientOSError):
        asyncio.run(sent(send))
    assert done == [CLOSED, RESET]


def test_something_else_may_be_done_the_second_time() -> None:
    (send, done), (again, redone) = sender(CLOSED), sender("another")
    assert asyncio.run(sent(send, again)) == "another"
    assert (done, redone) == ([CLOSED], ["another"])
