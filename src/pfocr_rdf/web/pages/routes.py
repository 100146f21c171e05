"""Routes to pages, and the pages that people see instead of problem details."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfocr_rdf.web.exchange import EXCHANGE, Exchange, Watch
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.html import html_reply
from pfocr_rdf.web.pages.near import named
from pfocr_rdf.web.pages.visits import PageSite, Visit, visit_of
from pfocr_rdf.web.problems import MEDIA_TYPE, Refusal

log: Final = logging.getLogger("pfocr_rdf.web")
T = TypeVar("T")
Answer = Callable[[Visit], Response]

METHODS: Final = ("GET", "HEAD")


def page(path: str, answer: Answer, site: PageSite) -> Route:
    """A route to a page, which is made in a thread, as reading a release takes milliseconds.

    Clients take turns, and a page whose client has gone away is not begun.

    A refusal is passed on to the application, which turns it into problem details; a client that
    prefers HTML gets a page with the same status instead.

    :param path: https://www.starlette.dev/routing/#path-parameters
    :param answer: returns the response; raises :class:`~pfocr_rdf.web.problems.Refusal`.
    """

    async def endpoint(request: Request) -> Response:
        work = partial(_answered, answer, visit_of(request, site))
        return await in_turn(site, request.scope[EXCHANGE], work)

    return Route(path, endpoint, methods=list(METHODS))


async def in_turn(site: PageSite, exchange: Exchange, work: Callable[[], T]) -> T:
    """The result of work that is done in a thread when it is the client's turn.

    :raises Refusal: if the work does; ``busy``, if too many wait.
    :raises CancelledError: if the client goes away.
    """
    async with Watch(exchange):
        return await site.threads.run(exchange.client, work)
    raise asyncio.CancelledError


def _answered(answer: Answer, visit: Visit) -> Response:
    try:
        return answer(visit)
    except Refusal as refusal:
        return refused(visit, refusal)
    except OSError as error:
        # For example, the data folder was moved: not a bug, so it is logged without a traceback.
        log.error("%s: %s", visit.reading.release.id, error)
        detail = f"a file of the release cannot be read ({error.strerror or error}): try again"
        return refused(visit, Refusal("no-release", detail))


def refused(visit: Visit, refusal: Refusal) -> Response:
    """A refusal as a page, for clients that prefer HTML to problem details.

    :raises Refusal: the same one, for all other clients.
    """
    if negotiate(visit.headers.get("accept"), (MEDIA_TYPE, "text/html")) != "text/html":
        raise refusal
    return refusal_page(visit, refusal)


def refusal_page(visit: Visit, refusal: Refusal) -> Response:
    """A refusal as a page: what is wrong, and which pages may have been meant.

    These are the addresses in the member ``near`` of the refusal.
    """
    near = refusal.members.get("near")
    return html_reply(
        visit,
        "refusal.html",
        status=refusal.status,
        headers=dict(refusal.headers),
        vary="Accept",
        title=refusal.title,
        detail=refusal.detail,
        near=named(visit, near) if isinstance(near, list) else [],
        index=False,
    )
