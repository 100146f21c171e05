"""Send a request again if the other server closed the connection at that moment."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

Sent = TypeVar("Sent")


async def sent(
    send: Callable[[], Awaitable[Sent]], send_again: Callable[[], Awaitable[Sent]] | None = None
) -> Sent:
    """Send a request that may arrive twice, such as a query; once more if the connection broke.

    A server may close an idle connection at the very moment when it is used again:
    https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 . If no connection could be made at all,
    the request is not repeated: it would fail again.

    :param send_again: called instead of ``send`` the second time.
    :raises aiohttp.ClientError: what sending raises, the second time if there was one.
    """
    try:
        return await send()
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return await (send_again or send)()
