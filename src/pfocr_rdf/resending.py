"""A request is sent twice where the other server has closed the connection in that moment."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

Sent = TypeVar("Sent")


async def sent(
    send: Callable[[], Awaitable[Sent]], send_again: Callable[[], Awaitable[Sent]] | None = None
) -> Sent:
    """Send what may come twice, such as a query.

    A server closes an idle connection when it likes, which may be the moment in which it is used
    again: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 . To one that was not reached at
    all, it would be the same again.

    :param send_again: what is done instead the second time.
    :raises aiohttp.ClientError: what sending raises, the second time if there was one.
    """
    try:
        return await send()
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return await (send_again or send)()
