"""What crawlers read first: ``/robots.txt``, and the sitemap in parts of bounded size.

A part is made on request from the tables of the search index, so its cost does not depend on the
number of figures.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from pfocr_rdf.queries import named_queries
from pfocr_rdf.web.pages.forms import absolute, reply
from pfocr_rdf.web.pages.html import environment
from pfocr_rdf.web.pages.links import ONTOLOGY
from pfocr_rdf.web.pages.query_asked import QUERIES
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading

XML: Final = "application/xml; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
GZIP: Final = "application/gzip"
#: Addresses in a part, which should take milliseconds to make; the protocol allows 50,000:
#: https://www.sitemaps.org/protocol.html
PART_PAGES: Final = 5_000
#: Addresses that are of no use to crawlers but costly for the server: each query is a new one.
#: https://www.rfc-editor.org/rfc/rfc9309#section-2.2.2
DISALLOWED: Final = (
    *("sparql", "search?q=", "search.", "suggest", "thing", "metrics"),
    *("queries/*?", "*?format=", "*&format="),
)
#: Suffixes of a query's answers, which are for programs; its page may be crawled.
ANSWERS: Final = ("csv", "tsv", "json", "xml")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the sitemap.

    :param kind: site, figures or things: what its pages are about.
    :param number: among the parts of that kind, from 1.
    """

    kind: str
    number: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.kind}-{self.number}.xml.gz"


def answer_robots(visit: Visit) -> Response:
    """What crawlers may read, and where the sitemap is."""
    root = visit.links.root
    lines = ["User-agent: *"]
    lines += [f"Disallow: {root}{path}" for path in DISALLOWED]
    lines += [f"Disallow: {root}{QUERIES}/*.{suffix}" for suffix in ANSWERS]
    lines += ["", f"Sitemap: {absolute(visit, visit.links.to('sitemap.xml'))}", ""]
    return reply(visit, "\n".join(lines).encode, TEXT, key="robots")


def answer_sitemap(visit: Visit) -> Response:
    """The list of the parts: https://www.sitemaps.org/protocol.html#index ."""

    def body() -> bytes:
        return _written(visit, "sitemaps.xml", parts=sitemap_parts(visit.reading))

    return reply(visit, body, XML, key="sitemaps")


def answer_sitemap_part(visit: Visit) -> Response:
    """A part as a gzip file, which the protocol allows.

    :raises Refusal: ``not-found``.
    """
    known = {part.name: part for part in sitemap_parts(visit.reading)}
    name = visit.values["name"]
    part = known.get(name)
    if part is None:
        detail = f"the sitemap has no part {name[:100]!r}: /sitemap.xml lists its parts"
        raise Refusal("not-found", detail, near=["sitemap.xml"])

    def body() -> bytes:
        data = _written(visit, "sitemap.xml", addresses=_addresses(visit, part))
        return gzip.compress(data, 6, mtime=0)

    return reply(visit, body, GZIP, key=f"sitemap {name}")


def _written(visit: Visit, template: str, **values: object) -> bytes:
    def whole(address: str) -> str:
        return absolute(visit, visit.links.to(address))

    issued = visit.reading.manifest["issued"]
    made = environment().get_template(template).render(whole=whole, issued=issued, **values)
    return made.encode()


def sitemap_parts(reading: Reading) -> list[Part]:
    """The parts of the sitemap of a release."""
    index = reading.search
    counts = {"figures": index.figures, "things": index.things} if index is not None else {}
    parts = [Part("site", 1)]
    for kind, count in counts.items():
        parts += [Part(kind, number + 1) for number in range(-(-count // PART_PAGES))]
    return parts


def _addresses(visit: Visit, part: Part) -> Iterator[str]:
    """The addresses of the pages in a part."""
    index, offset = visit.reading.search, (part.number - 1) * PART_PAGES
    if part.kind == "site" or index is None:
        yield from site_addresses(visit.reading)
    elif part.kind == "figures":
        for figid in index.figids(offset, PART_PAGES):
            yield visit.links.address(visit.reading.iris.figure(figid).value) or ""
    else:
        for iri, kind in index.named_things(offset, PART_PAGES):
            spelt = visit.links.address(iri, kind)
            if spelt is not None:
                yield spelt


def site_addresses(reading: Reading) -> list[str]:
    """Pages that exist once, and the pages of the named queries."""
    return [
        "",
        "dataset",
        f"releases/{reading.version}",
        "releases",
        ONTOLOGY,
        "search",
        QUERIES,
        *(f"{QUERIES}/{query.name}" for query in named_queries()),
    ]
