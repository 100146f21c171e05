"""Pages asked without a server: the application's routes, called as a server would call them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote

import zstandard
from pyoxigraph import RdfFormat, Triple
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Router

from parsing import by_pyoxigraph
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.engine import Engine
from pfocr_rdf.web.exchange import EXCHANGE, Exchange
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.federation.partners import Partners
from pfocr_rdf.web.pages import page_routes
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading, open_reading
from pfocr_rdf.web.served import hold
from pfocr_rdf.web.turns import Threads

#: What the IRIs of the data begin with, by default.
BASE: Final = Iris().base
PUBLIC: Final = "https://pages.example.org/"


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. A refusal that no page was made of is kept as it was raised."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    refusal: Refusal | None = None

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def media_type(self) -> str:
        return self.headers["content-type"].partition(";")[0]


class Pages:
    """A site of pages over one release."""

    def __init__(
        self, reading: Reading, public_url: str = PUBLIC, data: Path | None = None
    ) -> None:
        self.reading = reading
        self.data = data or reading.release.path.parent.parent
        self.engine = cast(Engine, None)
        self.endpoint = cast(Endpoint, None)
        self.public_url = public_url
        self.partners: Partners | None = None
        self.threads = Threads("pages", Places(fresh=4, slow=0))
        self.router = Router(cast(Any, page_routes(self)), redirect_slashes=False)

    def public_url_of(self, request: Request) -> str:
        return self.public_url

    def get(self, target: str, accept: str | None = None, **headers: str) -> Page:
        """Ask for a page.

        :param headers: an underscore stands for a hyphen.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", target, sent if accept is None else {"accept": accept, **sent})

    def ask(self, method: str, target: str, headers: Mapping[str, str]) -> Page:
        """Ask as a server does."""
        return asyncio.run(self._ask(method, target, headers))

    async def _ask(self, method: str, target: str, headers: Mapping[str, str]) -> Page:
        path, _, query = target.partition("#")[0].partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "app": self,
            "extensions": {},
        }
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.Event().wait()  # the client goes on waiting

        async def send(message: Any) -> None:
            sent.append(message)

        scope[EXCHANGE] = Exchange(scope, receive, send, "", 0.0)
        try:
            await self.router(scope, receive, send)
        except Refusal as refusal:
            return Page(refusal.status, dict(refusal.headers), b"", refusal)
        except HTTPException as error:
            return Page(error.status_code, {}, b"")
        found = {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in sent[1:])
        if found.get("content-encoding") == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        return Page(sent[0]["status"], found, body)


def pages_of(release: Release, public_url: str = PUBLIC, data: Path | None = None) -> Pages:
    """The pages of a release; of the data folder that it is in, if none is named."""
    held = hold(release)
    try:
        return Pages(open_reading(held), public_url, data)
    finally:
        held.close()


NAME_TO_RDF: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
TYPE_TO_NAME: Final = {form.media_type: form.name for form in RDF_FORMS}


def graph(page: Page) -> set[Triple]:
    """The triples of a page in an RDF form."""
    assert page.status == 200, (page.status, page.refusal)
    return by_pyoxigraph(page.body, NAME_TO_RDF[TYPE_TO_NAME[page.media_type]])


class Markup(HTMLParser):
    """What a page is made of; asserts that its elements are closed as they were opened."""

    VOID = frozenset(("meta", "link", "input", "img", "br", "hr"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.json_ld = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop() if self._open else None
        assert opened == tag, (opened, tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.json_ld += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def attributes(self, name: str) -> list[str]:
        """The values of an attribute, in order."""
        return [found[name] for _, found in self.elements if name in found]

    def hrefs(self) -> list[str]:
        """What is linked, but for places on the page itself."""
        return [href for href in self.attributes("href") if not href.startswith("#")]
