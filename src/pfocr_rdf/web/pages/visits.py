"""A request for a page, and the release that answers it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from pfocr_rdf.web.endpoint import Endpoint
from pfocr_rdf.web.federation.partners import Partners
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading
from pfocr_rdf.web.turns import Threads

#: More parameters than any page has; the rest of a query string is not read.
MAX_PARAMETERS: Final = 100
#: Parameters that mailers and social networks append to links; they are ignored, not refused.
TRACKING_RE: Final = re.compile(r"utm_\w+|fbclid|gclid|msclkid|mc_[ce]id", re.ASCII)


class PageSite(Protocol):
    """What the pages need from the server."""

    @property
    def data(self) -> Path:
        """The data folder as it was named; its releases may be in another place, behind a link."""

    @property
    def reading(self) -> Reading:
        """The release that is served now."""

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that answers queries over HTTP."""

    @property
    def partners(self) -> Partners | None:
        """The other endpoints that queries may ask; None if they may ask none."""

    @property
    def threads(self) -> Threads:
        """The threads that make pages."""

    def public_url_of(self, request: Request) -> str:
        """The beginning of all addresses of this server, ending in a slash."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request after parsing, with the one release that answers all of it.

    :param address: the path below the root, as it was sent: percent-encoded, no leading slash.
    :param values: path parameters of the route, decoded.
    :param parameters: of the query string; if one is given twice, its first value.
    :param headers: names in lower case.
    :param data: the data folder, which has notes on earlier releases.
    :param partners: the other endpoints that queries may ask; None if they may ask none.
    """

    reading: Reading
    links: Links
    public_url: str
    address: str
    values: Mapping[str, str]
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    data: Path
    partners: Partners | None = None

    def number(self, name: str, default: int, most: int) -> int:
        """The value of a parameter that is a whole number from 1.

        :raises Refusal: ``bad-parameter``, if it is not, or is more than ``most``.
        """
        text = self.parameters.get(name)
        if text is None:
            return default
        # Longer numbers are slow to parse, and Python refuses very long ones.
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
        if not 1 <= number <= most:
            raise Refusal("bad-parameter", f"{name} must be a whole number from 1 to {most}")
        return number


def visit_of(request: Request, site: PageSite) -> Visit:
    """A request after parsing, with the release being served at this moment."""
    reading = site.reading
    public_url = site.public_url_of(request)
    scope = request.scope
    raw = scope.get("raw_path") or request.url.path.encode()
    query = scope["query_string"].decode("latin-1")
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True)[:MAX_PARAMETERS]:
        if not TRACKING_RE.fullmatch(name):
            parameters.setdefault(name, value)
    headers: dict[str, str] = {}
    for key, value in request.headers.items():
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    if request.method != "GET":
        headers.pop("range", None)  # https://www.rfc-editor.org/rfc/rfc9110#section-14.2
    return Visit(
        reading,
        Links(reading.iris, urlsplit(public_url).path or "/"),
        public_url,
        raw.partition(b"?")[0].decode("latin-1").removeprefix("/"),
        request.path_params,
        parameters,
        headers,
        site.data,
        site.partners,
    )
