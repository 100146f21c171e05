"""The ASGI application: routes each address to its handler, and ends every exchange.

Exceptions become responses here and nowhere else.
"""

import asyncio
import itertools
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from pfocr_rdf.releases import MANIFEST
from pfocr_rdf.web.backend.settings import Backend
from pfocr_rdf.web.endpoint import PREFLIGHT, Endpoint, EndpointOptions
from pfocr_rdf.web.engine import Engine, EngineOptions
from pfocr_rdf.web.exchange import (
    COMMON,
    EXCHANGE,
    Exchange,
    Message,
    Receive,
    Reply,
    Scope,
    Send,
    preflight,
    public_url_of,
)
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.federation.partners import Partners
from pfocr_rdf.web.limits import Hooks
from pfocr_rdf.web.operations import AccessLog, Metrics
from pfocr_rdf.web.pages import page_routes
from pfocr_rdf.web.pages.editor import is_for_people
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading, let_go, open_reading
from pfocr_rdf.web.served import Held, check_files, check_release, follow
from pfocr_rdf.web.turns import Threads

if TYPE_CHECKING:
    from pfocr_rdf.web.backend.behind import Behind

log: Final = logging.getLogger("pfocr_rdf.web")
#: Where queries are answered; a browser that asks for a page gets the query editor there.
ENDPOINT: Final = ("/sparql", "/sparql/")
#: How many pages are made at a time, and how many requests for pages wait.
PAGES: Final = Places(fresh=4, slow=0, waiting=256)
NO_STORE: Final = {"cache-control": "no-store"}
BEHIND: Final = "pfocr_rdf.web.backend.behind"
Handler = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How a release is served.

    :param public_url: what this server's addresses begin with for clients, ending in a slash;
        by default it is taken from each request.
    :param partners: the endpoints that SERVICE may call; by default SERVICE is not evaluated.
    :param backend: the engine that has the data; by default they are read from the release.
    """

    engine: EngineOptions = field(default_factory=EngineOptions)
    endpoint: EndpointOptions = field(default_factory=EndpointOptions)
    public_url: str | None = None
    partners: Partners | None = None
    backend: Backend | None = None


class Site:
    """An ASGI application that serves the current release of a data folder.

    Start and stop it in the event loop in which it runs.
    """

    def __init__(
        self,
        data: Path,
        options: SiteOptions = SiteOptions(),
        access: AccessLog | None = None,
    ) -> None:
        self.data = data
        self.options = options
        self.metrics = Metrics()
        self.draining = False
        self._access = access
        # A UUID of the server with a counter in its last group: unique, and cheap.
        self._request_prefix = str(uuid.uuid4()).rpartition("-")[0]
        self._numbers = itertools.count(1)
        self._follower: asyncio.Task[None] | None = None
        self.reading: Reading
        #: Releases that new pages no longer read, but that something still references.
        self._left: WeakSet[Reading] = WeakSet()
        self._letting_go: asyncio.Task[None] | None = None
        self.threads = Threads("pages", PAGES)
        self.federation: Federation | None = None
        self.behind: Behind | None = None

    async def start(self, held: Held) -> None:
        """Serve a release, and follow the data folder's pointer from then on.

        :raises ReleaseError: if the release cannot be opened.
        """
        options = self.options
        if options.backend is not None:
            # Imported here, as most servers have no backend, and in a thread: aiohttp takes 0.3 s.
            module = await asyncio.to_thread(import_module, BEHIND)
            self.behind = module.Behind(options.backend)
        make = self.behind.make if self.behind is not None else None
        self.engine = Engine(options.engine, self.metrics.count_kill, make)
        if options.partners is not None:
            self.federation = Federation(options.partners)
        self.endpoint = Endpoint(self.engine, options.endpoint, self.federation)
        self._pages = self._routes()
        await self._switch(held)
        self._follower = asyncio.get_running_loop().create_task(
            follow(
                self.data,
                held,
                self._switch,
                check=check_release if self.behind is None else check_files,
            )
        )

    async def stop(self) -> None:
        """Stop following releases, end the query processes, and close connections to others."""
        for task in (self._follower, self._letting_go):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self.threads.close()
        await self.engine.stop()
        if self.federation is not None:
            await self.federation.close()
        if self.behind is not None:
            await self.behind.close()

    @property
    def partners(self) -> Partners | None:
        """The other endpoints that queries may call; None if they may call none."""
        return self.options.partners

    def hooks(self) -> Hooks:
        """The callbacks by which the server informs this application."""
        return Hooks(
            draining=self._drain,
            refused=self._note_refused,
            connections=self.metrics.note_connections,
            public_url=self.options.public_url or "/",
        )

    def _drain(self) -> None:
        self.draining = True

    def _note_refused(self, status: int, client: str) -> None:
        self.metrics.count_refused(status)
        if self._access is not None:
            self._access.note_refused(status, client)

    async def _switch(self, held: Held) -> None:
        # Opened first, so that pages and queries change to a release together or not at all.
        behind, source = self.behind, None
        if behind is not None:
            await behind.wait_for(held, self.data)
            source = behind.source(held)
        reading = await asyncio.to_thread(open_reading, held, source)
        await self.engine.serve(held)
        if behind is not None:
            behind.serve(held)
        self._read(reading)
        self.metrics.note_release(held.release.id)

    def _read(self, reading: Reading) -> None:
        """Make pages from this release from now on."""
        if self._letting_go is not None:
            self._letting_go.cancel()
            self._left.add(self.reading)
        self.reading = reading
        self._letting_go = asyncio.get_running_loop().create_task(let_go(self._left))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        request_id = f"{self._request_prefix}-{next(self._numbers):012x}"
        exchange = Exchange(
            scope, receive, send, request_id, time.monotonic(), self.options.public_url
        )
        try:
            if scope["path"] in ENDPOINT and not is_for_people(scope):
                await self._handled(exchange, self.endpoint)
            else:
                await self._handled(exchange, self._page)
        finally:
            self._note(exchange)

    async def _handled(self, exchange: Exchange, handler: Handler) -> None:
        try:
            await handler(exchange)
        except Refusal as refusal:
            exchange.outcome = refusal.kind
            await exchange.refuse(refusal)
        except asyncio.CancelledError:
            exchange.outcome = "disconnect"
            raise
        except Exception:
            log.exception("request %s failed", exchange.request_id)
            exchange.outcome = "internal"
            if exchange.status:
                exchange.abort()
            else:
                detail = "the server made a mistake; its log has this request's id"
                await exchange.refuse(Refusal("internal", detail))

    async def _page(self, exchange: Exchange) -> None:
        """Answer a request that is not for the SPARQL endpoint, through Starlette's routes."""

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.check_wished(message["status"], message["headers"])
                exchange.status = message["status"]
                request_id = (b"x-request-id", exchange.request_id.encode())
                message["headers"] = [*message["headers"], *COMMON, request_id]
            elif exchange.method != "HEAD":  # whose body the connection leaves out
                exchange.sent_bytes += len(message.get("body", b""))
            await exchange.send(message)

        # With an application in the scope, Starlette raises 404 and 405 instead of answering.
        exchange.scope["app"] = self
        exchange.scope[EXCHANGE] = exchange
        try:
            await self._pages(exchange.scope, exchange.receive, send)
        except HTTPException as error:
            if exchange.method == "OPTIONS" and exchange.scope["path"] == "*":
                # About the server as a whole: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.7
                await exchange.reply(Reply(204, PREFLIGHT, b""))
                return
            if exchange.method == "OPTIONS" and error.status_code == 405:
                await exchange.reply(Reply(204, preflight(f"{_allowed(error)}, OPTIONS"), b""))
                return
            raise _refusal(exchange, error) from None

    def _routes(self) -> Router:
        def get(path: str, endpoint: Callable[[Request], Response]) -> Route:
            async def answer(request: Request) -> Response:
                return endpoint(request)

            return Route(path, answer, methods=["GET"])

        routes = [
            get("/health", lambda _: PlainTextResponse("ok\n", headers=NO_STORE)),
            get("/ready", self._ready),
            get("/metrics", self._metrics),
            *page_routes(self),
        ]
        return Router(routes, redirect_slashes=False)

    def public_url_of(self, request: Request) -> str:
        """What the addresses of this server begin with."""
        return public_url_of(request.scope, self.options.public_url)

    def _ready(self, _: Request) -> Response:
        if self.draining:
            raise Refusal("draining", "the server is stopping: try again in a moment")
        if not self.engine.ready:
            raise Refusal("no-release", "no query process can read the store: see the log")
        held = self.engine.held
        if held is None or not os.path.exists(held.release.path / MANIFEST):
            # Queries may go on for a while, from files that are open; pages cannot.
            raise Refusal(
                "no-release", "the files of the release are gone: put them back, or build again"
            )
        if self.behind is not None and self.behind.fault:
            raise Refusal("no-release", f"the engine behind this server: {self.behind.fault}")
        return PlainTextResponse(f"{self.engine.release_id}\n", headers=NO_STORE)

    def _metrics(self, _: Request) -> Response:
        self.metrics.read(self.engine, self.endpoint, self.federation)
        body, media_type = self.metrics.render()
        return Response(body, media_type=media_type, headers=NO_STORE)

    def _note(self, exchange: Exchange) -> None:
        self.metrics.count(exchange)
        if self._access is not None:
            self._access.note(exchange)


def _allowed(error: HTTPException) -> str:
    # Sorted, because Starlette lists them in the arbitrary order of a set.
    named = (error.headers or {}).get("Allow", "GET, HEAD").split(",")
    return ", ".join(sorted(name.strip() for name in named))


def _refusal(exchange: Exchange, error: HTTPException) -> Refusal:
    """The refusal of a request for which Starlette found no route or no method."""
    path = exchange.scope["path"]
    if error.status_code == 405:
        allowed = _allowed(error)
        detail = f"{exchange.method} is not a method of {path}: use {allowed}"
        return Refusal("method-not-allowed", detail, headers={"Allow": allowed})
    return Refusal("not-found", f"there is nothing at {path}: queries go to /sparql")
