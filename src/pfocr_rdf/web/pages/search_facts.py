"""What a search found, as plain values and as RDF."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, get_args

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import term
from pfocr_rdf.mapping import integer_literal
from pfocr_rdf.search import Found, Hit, Index, Piece, Tier
from pfocr_rdf.search.facets import checked_year
from pfocr_rdf.vocabulary import RDF_TYPE, Schema
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

#: Figures on one page of the list: the default of ``limit=``, and its maximum.
PAGE_HITS: Final = 20
MOST_HITS: Final = 100
PARAMETERS: Final = ("q", "organism", "year", "tier", "page", "limit")
#: Last page of a list: people change their search rather than turn so many pages.
MOST_PAGES: Final = 500
#: Longer texts are cut: a search takes twelve words, and headers repeat its address.
MOST_CHARACTERS: Final = 200
# https://infra.spec.whatwg.org/#control , and noncharacters
CONTROL_RE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]+")
RESULTS_PAGE: Final = term(ns.SCHEMA, "SearchResultsPage")
ITEM_LIST: Final = term(ns.SCHEMA, "ItemList")
LIST_ITEM: Final = term(ns.SCHEMA, "ListItem")
NUMBER_OF_ITEMS: Final = term(ns.SCHEMA, "numberOfItems")
ITEM_LIST_ELEMENT: Final = term(ns.SCHEMA, "itemListElement")
ITEM: Final = term(ns.SCHEMA, "item")


@dataclass(frozen=True, slots=True)
class Searched:
    """A search as requested; its text is empty if nothing was typed."""

    text: str
    organism: str | None
    year: str | None
    tier: Tier | None
    page: int
    limit: int

    @property
    def filters(self) -> dict[str, str]:
        """The filters of the search: parameter → value."""
        given = {"organism": self.organism, "year": self.year, "tier": self.tier}
        return {name: value for name, value in given.items() if value}

    @property
    def without_page(self) -> dict[str, str | int]:
        """The parameters of the address of its first page, in a fixed order."""
        found: dict[str, str | int] = {"q": self.text, **self.filters} if self.text else {}
        if found and self.limit != PAGE_HITS:
            found["limit"] = self.limit
        return found

    @property
    def parameters(self) -> dict[str, str | int]:
        """The parameters of its address, in a fixed order."""
        found = self.without_page
        return {**found, "page": self.page} if found and self.page > 1 else found

    def find(self, index: Index) -> Found:
        """The answer of an index to the search."""
        return index.search(
            self.text,
            organism=self.organism,
            year=self.year,
            tier=self.tier,
            offset=(self.page - 1) * self.limit,
            limit=self.limit,
        )


def read_searched(visit: Visit, index: Index) -> Searched:
    """The search that a request asks for. Any text will do; other parameters must be valid.

    A parameter that searches do not have is refused, since ignoring it would give another answer
    than the one that was meant.

    :raises Refusal: ``bad-parameter``.
    """
    parameters = visit.parameters
    for name in parameters:
        if name not in PARAMETERS and name != "format":
            has = ", ".join(PARAMETERS)
            raise Refusal("bad-parameter", f"search has no parameter {name[:100]!r}: it has {has}")
    tiers: dict[str, Tier] = {tier: tier for tier in get_args(Tier)}
    tier = parameters.get("tier") or None
    if tier is not None and tier not in tiers:
        raise Refusal("bad-parameter", f"tier must be one of {', '.join(tiers)}")
    organism = typed(parameters.get("organism", ""))
    year = typed(parameters.get("year", ""))
    try:
        organism = organism and index.organism(organism)
        year = year and checked_year(year)
    except QueryError as error:
        raise Refusal("bad-parameter", str(error)) from None
    return Searched(
        typed(parameters.get("q", "")),
        organism or None,
        year or None,
        tiers[tier] if tier else None,
        visit.number("page", 1, MOST_PAGES),
        visit.number("limit", PAGE_HITS, MOST_HITS),
    )


def typed(text: str) -> str:
    r"""A text on one line, cut if it is long, without control characters and noncharacters.

    >>> typed(" TGF\x00 beta\n")
    'TGF beta'
    """
    return " ".join(CONTROL_RE.sub(" ", text).split())[:MOST_CHARACTERS]


def index_of(visit: Visit) -> Index:
    """The search index of the release.

    :raises Refusal: ``not-found``, if it has none.
    """
    if visit.reading.search is None:
        detail = "the release has no search index, as an earlier version of the program built it"
        raise Refusal("not-found", detail)
    return visit.reading.search


def search_triples(visit: Visit, page: NamedNode, searched: Searched, found: Found) -> list[Triple]:
    """The page of results as a list, with the names of the figures and things in it."""
    reading = visit.reading
    triples = [
        Triple(page, RDF_TYPE, RESULTS_PAGE),
        Triple(page, RDF_TYPE, ITEM_LIST),
        Triple(page, Schema.name, Literal(searched.text)),
        Triple(page, NUMBER_OF_ITEMS, integer_literal(found.total)),
    ]
    things = [NamedNode(one.iri) for one in found.things]
    triples += [Triple(page, Schema.mentions, thing) for thing in things]
    triples += reading.outgoing_of(things, (RDF_TYPE, Schema.name, Schema.identifier))
    first = (searched.page - 1) * searched.limit + 1
    figures = [reading.iris.figure(hit.figid) for hit in found.hits]
    for position, figure in enumerate(figures, first):
        triples += _listed(page, position, figure)
    told = (RDF_TYPE, Schema.name, Schema.identifier, Schema.is_part_of)
    return triples + reading.outgoing_of(figures, told)


def _listed(page: NamedNode, position: int, figure: NamedNode) -> Iterator[Triple]:
    item = NamedNode(f"{page.value}#{position}")
    yield Triple(page, ITEM_LIST_ELEMENT, item)
    yield Triple(item, RDF_TYPE, LIST_ITEM)
    yield Triple(item, Schema.position, integer_literal(position))
    yield Triple(item, ITEM, figure)


def search_document(visit: Visit, searched: Searched, found: Found) -> dict[str, Any]:
    """The answer as a JSON object: figures and things with their IRIs and the addresses of pages.

    Titles and snippets are given in pieces, of which those that match the search are marked.
    """
    facets = ("organisms", "years", "tiers")
    return {
        "text": searched.text,
        "filters": searched.filters,
        "page": searched.page,
        "limit": searched.limit,
        "total": found.total,
        "all_words": found.all_words,
        "words": found.words,
        "left_out": found.left_out,
        "excluded": found.excluded,
        "meant": found.meant,
        "things": [
            {**asdict(thing), "page": page_of(visit, thing.iri, thing.kind)}
            for thing in found.things
        ],
        "figures": [_figure(visit, hit) for hit in found.hits],
        "facets": {name: [asdict(facet) for facet in getattr(found, name)] for name in facets},
    }


def page_of(visit: Visit, iri: str, kind: str | None = None) -> str | None:
    """The absolute address of the page about something; None if there is none."""
    address = visit.links.address(iri, kind)
    return None if address is None else visit.public_url + address


def _figure(visit: Visit, hit: Hit) -> dict[str, Any]:
    iri = visit.reading.iris.figure(hit.figid).value
    return {
        **asdict(hit),
        "iri": iri,
        "page": page_of(visit, iri),
        "title_text": joined(hit.title),
    }


def joined(pieces: Sequence[Piece]) -> str:
    """A text without its marks."""
    return "".join(piece.text for piece in pieces)
