"""The query editor: the page that browsers get at ``/sparql``, where programs get answers.

The editor is YASGUI's (https://github.com/zazuko/Yasgui), which ``make`` bundles into the package.
Without the bundle, or without JavaScript, the page is a plain form that sends the same queries. A
link with a query in it opens the page with that query and runs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import orjson
from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.queries import (
    NamedQuery,
    bind,
    federated_queries,
    load_query,
    named_queries,
    with_chart,
)
from pfocr_rdf.web.exchange import Scope
from pfocr_rdf.web.formats import KIND_TO_OFFERS, AnswerKind
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.described import class_partitions
from pfocr_rdf.web.pages.elsewhere import ELSEWHERE, Elsewhere, elsewhere
from pfocr_rdf.web.pages.examples import example_values
from pfocr_rdf.web.pages.forms import CONTENT_SECURITY, HTML, reply
from pfocr_rdf.web.pages.html import html_reply
from pfocr_rdf.web.pages.links import ARTICLE, CHEMICAL, DISEASE, GENE, ONTOLOGY, TAXON
from pfocr_rdf.web.pages.query_inputs import Given, Input, inputs
from pfocr_rdf.web.pages.static import static_files
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.sparql import DATASET, UPDATE_DATASET

ADDRESS: Final = "sparql"
VOCABULARY: Final = "vocabulary.json"
JSON: Final = "application/json"
#: The named query that the editor shows when the request has none.
FIRST: Final = "most-mentioned-genes"
SCRIPT: Final = "vendor/yasgui.min.js"
SHEET: Final = "vendor/yasgui.min.css"
#: A request with one of these parameters is not for the editor: it chooses the format of the answer
#: or the graphs to query, which the editor does not, or asks for an update or an explanation.
#: https://www.w3.org/TR/sparql11-protocol/#dataset
FOR_PROGRAMS: Final = tuple(
    f"{name}=".encode()
    for name in ("format", "output", "update", "explain", *DATASET, *UPDATE_DATASET)
)
#: Every media type of the endpoint; HTML is last, so that ``*/*`` does not choose it.
OFFERS: Final = (*(o for offers in KIND_TO_OFFERS.values() for o in offers), HTML.media_type)
#: Every browser accepts this when it navigates to a page.
XHTML: Final = "application/xhtml+xml"
#: Formats of the answer as a file: heading → value of ``format=`` → label.
FILES: Final = {
    "Rows": {"csv": "CSV", "tsv": "TSV", "json": "JSON", "xml": "XML"},
    "Triples": {"turtle": "Turtle", "ntriples": "N-Triples", "jsonld": "JSON-LD"},
}
#: Kind of answer → the query forms that give it.
KIND_TO_QUERIES: Final[dict[AnswerKind, tuple[str, ...]]] = {
    "solutions": ("SELECT",),
    "boolean": ("ASK",),
    "graph": ("CONSTRUCT", "DESCRIBE"),
}
#: The editor's table sets its column widths by a style sheet that it writes into the page, so
#: inline styles are allowed on this page alone. Inline scripts are allowed nowhere.
EDITOR_SECURITY: Final = CONTENT_SECURITY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)


NOTHING_GIVEN: Final = Given({}, {}, asked=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A named query in the gallery.

    :param href: of the editor with the query, ready to run; empty if this server cannot run it.
    :param inputs: the fields of its form.
    """

    query: NamedQuery
    href: str
    inputs: Sequence[Input]
    elsewhere: Elsewhere


def is_for_people(scope: Scope) -> bool:
    """Whether a request to the endpoint should get the editor page rather than an answer.

    A browser that navigates prefers HTML; curl, programs and the editor itself do not ask for it.

    >>> accept = [(b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")]
    >>> is_for_people({"method": "GET", "query_string": b"query=ASK+{}", "headers": accept})
    True
    >>> is_for_people({"method": "GET", "query_string": b"", "headers": [(b"accept", b"*/*")]})
    False
    """
    if scope["method"] not in ("GET", "HEAD"):
        return False
    headers = [value for name, value in scope["headers"] if name == b"accept"]
    if not any(b"text/html" in value for value in headers):
        return False
    pairs = scope["query_string"].split(b"&")
    if any(pair.startswith(FOR_PROGRAMS) for pair in pairs):
        return False
    accept = b", ".join(headers).decode("latin-1")
    if negotiate(accept, OFFERS) != HTML.media_type:
        return False
    # By default Java's own client prefers HTML too, though it takes anything: with a query, it is
    # to get the answer.
    is_browser = XHTML in accept.lower() or not any(p.startswith(b"query=") for p in pairs)
    return is_browser or negotiate(accept, OFFERS[:-1]) is None


def answer_editor(visit: Visit) -> Response:
    """The editor page, with the query of the request in it, if there is one."""
    asked = visit.parameters.get("query", "")
    first = load_query(FIRST)
    bundled = SCRIPT in static_files()
    return html_reply(
        visit,
        "editor.html",
        headers={"content-security-policy": EDITOR_SECURITY} if bundled else {},
        vary="Accept",
        title="SPARQL query editor",
        description="Ask the release with SPARQL: an editor with examples that can be run.",
        current=ADDRESS,
        index=not asked,
        scripts=(SCRIPT, "chart.js", "editor.js") if bundled else (),
        sheet=SHEET if bundled else "",
        query=asked or with_chart(first, bind(first, {}, visit.reading.iris)),
        asked=bool(asked.strip()),
        gallery=gallery(visit),
        files=FILES,
        fitting=fitting_queries,
        vocabulary=VOCABULARY,
    )


def fitting_queries(name: str) -> list[str]:
    """The query forms whose answers can be written in a format.

    >>> fitting_queries("csv"), fitting_queries("xml"), fitting_queries("turtle")
    (['SELECT'], ['SELECT', 'ASK'], ['CONSTRUCT', 'DESCRIBE'])
    """
    return [
        query
        for kind, queries in KIND_TO_QUERIES.items()
        if name in KIND_TO_OFFERS[kind].values()
        for query in queries
    ]


def gallery(visit: Visit) -> dict[str, list[Shown]]:
    """Category → its named queries; those that also ask other endpoints are the last category."""
    queries = sorted(named_queries(), key=lambda query: query.category)
    shown = {
        category: [_shown(visit, query) for query in found]
        for category, found in groupby(queries, key=lambda query: query.category)
    }
    return shown | {ELSEWHERE: [_shown(visit, query) for query in federated_queries()]}


def _shown(visit: Visit, query: NamedQuery) -> Shown:
    reading, asks = visit.reading, elsewhere(visit, query)
    text = bind(query, example_values(query, reading), reading.iris)
    href = "" if asks.refusal else visit.links.to(ADDRESS, query=with_chart(query, text))
    return Shown(query, href, inputs(query, NOTHING_GIVEN, reading), asks)


def answer_vocabulary(visit: Visit) -> Response:
    """JSON for completions and links in the editor: prefixes, classes, properties, pages."""
    return reply(
        visit, lambda: orjson.dumps(vocabulary(visit)), JSON, key=f"vocabulary {visit.links.root}"
    )


def vocabulary(visit: Visit) -> dict[str, Any]:
    """The prefixes, the classes and properties, the most frequent first, and where pages are.

    Classes and properties come from the VoID partitions in the release's own description.
    """
    reading, to = visit.reading, visit.links.to
    iris = reading.iris
    return {
        "prefixes": iris.prefixes(),
        "classes": [part.iri.value for part in class_partitions(reading)],
        "properties": _properties(visit),
        # The first match counts, and the base may be a prefix of another key: it comes last.
        "pages": {
            ns.PFOCR: to(f"{ONTOLOGY}#"),
            f"{ns.OBO}NCBITaxon_": to(f"{TAXON}/"),
            f"{ns.OBO}CHEBI_": to(f"{CHEMICAL}/CHEBI:"),
            f"{ns.OBO}DOID_": to(f"{DISEASE}/DOID:"),
            ns.MESH: to(f"{CHEMICAL}/"),
            ns.PMC: to(f"{ARTICLE}/"),
            iris.gene_prefix: to(f"{GENE}/"),
            iris.base: to(""),
        },
    }


def _properties(visit: Visit) -> list[str]:
    reading = visit.reading
    data = reading.iris.part(reading.version, "rdf")
    counts: dict[str, int] = {}
    for triple in reading.said(data, term(ns.VOID, "propertyPartition")):
        if isinstance(triple.object, NamedNode):
            predicate = reading.value(triple.object, term(ns.VOID, "property"))
            count = reading.value(triple.object, term(ns.VOID, "triples"))
            if predicate and count:
                counts[predicate] = int(count)
    return sorted(counts, key=lambda iri: (-counts[iri], iri))
