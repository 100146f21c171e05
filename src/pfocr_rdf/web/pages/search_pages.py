"""Search: figures by any words, with facets to narrow the search, and suggestions while typing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf.search import Facet, Found
from pfocr_rdf.web.pages.forms import Frame, Subject, absolute, reply
from pfocr_rdf.web.pages.html import render
from pfocr_rdf.web.pages.plain import JSON, named_form, respond_with_json, with_json
from pfocr_rdf.web.pages.search_facts import (
    MOST_PAGES,
    Searched,
    index_of,
    page_of,
    read_searched,
    search_document,
    search_triples,
    typed,
)
from pfocr_rdf.web.pages.signposting import add_links, neighbour_links
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import json_ld_block
from pfocr_rdf.web.problems import Refusal

SEARCH: Final = "search"
#: Values of a facet that a page shows at once, and in all: the next ones are folded away, and the
#: rarest left out.
SHOWN_FACETS: Final = 8
MOST_FACETS: Final = 60
SUGGESTIONS: Final = 8
MOST_SUGGESTIONS: Final = 20
#: Letters that must be typed before there are suggestions: one letter fits too many names.
LEAST_LETTERS: Final = 2
PARAMETER_TO_HEADING: Final = {"tier": "Evidence", "organism": "Organism", "year": "Year"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet, with a link that narrows the search to it, or undoes that if chosen."""

    facet: Facet
    href: str
    chosen: bool


def answer_search(visit: Visit) -> Response:
    """The page of results, or the empty search page if nothing was typed.

    :raises Refusal: ``bad-parameter``, or ``not-found``, after the last page or
        if the release has no index.
    """
    form = named_form(visit.values.get("suffix"))
    index = index_of(visit)
    searched = read_searched(visit, index)
    found = searched.find(index)
    pages = min(-(-found.total // searched.limit), MOST_PAGES)
    if searched.page > max(pages, 1):
        near = [visit.links.to(SEARCH, q=searched.text).removeprefix(visit.links.root)]
        detail = f"the last page of the list is {max(pages, 1)}: there is no page {searched.page}"
        raise Refusal("not-found", detail, near=near)
    address = absolute(visit, visit.links.to(SEARCH, **searched.parameters))
    page = NamedNode(address)
    triples = search_triples(visit, page, searched, found)
    subject = Subject(
        page,
        SEARCH,
        lambda: triples,
        lambda frame: _html(
            visit,
            searched,
            found,
            with_json(visit, subject, frame),
            pages=pages,
            json_ld=json_ld_block(triples, visit.reading.iris) if searched.text else None,
        ),
        searched.parameters,
    )
    response = respond_with_json(
        visit, subject, form, lambda: search_document(visit, searched, found)
    )
    listed = SEARCH + (form.suffix if form else "")
    add_links(response, neighbour_links(visit, listed, searched.parameters, searched.page, pages))
    return response


def _html(visit: Visit, searched: Searched, found: Found, frame: Frame, **values: Any) -> str:
    text, figure = searched.text, visit.reading.iris.figure
    return render(
        visit,
        "search.html",
        title=f"{text[:80]}: search" if text else "Search",
        current=SEARCH,
        frame=frame,
        index=not text,
        searched=searched,
        found=found,
        hits=[(hit, visit.links.href(figure(hit.figid))) for hit in found.hits],
        facets=choices(visit, searched, found),
        shown_facets=SHOWN_FACETS,
        headings=PARAMETER_TO_HEADING,
        **values,
    )


def choices(visit: Visit, searched: Searched, found: Found) -> dict[str, Sequence[Choice]]:
    """Parameter → the values that it can narrow the search to, the chosen one first."""
    listed = {"tier": found.tiers, "organism": found.organisms, "year": found.years}
    return {
        parameter: _choices(visit, searched, parameter, facets[:MOST_FACETS])
        for parameter, facets in listed.items()
    }


def _choices(
    visit: Visit, searched: Searched, parameter: str, facets: Sequence[Facet]
) -> list[Choice]:
    others = {n: v for n, v in searched.filters.items() if n != parameter}
    wanted = searched.filters.get(parameter)
    made = []
    for facet in facets:
        chosen = wanted is not None and wanted.casefold() in (facet.value, facet.label.casefold())
        narrowed = others if chosen else {**others, parameter: facet.value}
        href = visit.links.to(SEARCH, q=searched.text, **narrowed)
        made.append(Choice(facet, href, chosen))
    if wanted is not None and not any(choice.chosen for choice in made):
        # No figure has the chosen value: there must still be a link that removes it.
        href = visit.links.to(SEARCH, q=searched.text, **others)
        made.append(Choice(Facet(wanted, wanted, 0), href, True))
    return sorted(made, key=lambda choice: not choice.chosen)


def answer_suggestions(visit: Visit) -> Response:
    """Completions of what was typed, as JSON: names of things, and titles.

    :raises Refusal: ``bad-parameter``, or ``not-found`` if the release has no index.
    """
    text = typed(visit.parameters.get("q", ""))
    limit = visit.number("limit", SUGGESTIONS, MOST_SUGGESTIONS)
    index = index_of(visit)

    def body() -> bytes:
        found = index.suggest(text, limit) if len(text) >= LEAST_LETTERS else ()
        suggestions = [
            {**asdict(one), "page": page_of(visit, one.iri, one.kind) if one.iri else None}
            for one in found
        ]
        return orjson.dumps({"text": text, "suggestions": suggestions})

    return reply(visit, body, JSON.media_type, key=f"suggestions {limit} {text}")
