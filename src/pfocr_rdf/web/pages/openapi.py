"""``/openapi.json``: an OpenAPI 3.1 description of the addresses that programs use.

https://spec.openapis.org/oas/v3.1.1.html . Named queries are described by their headers.
"""

from typing import Any, Final

import orjson
from starlette.responses import Response

from pfocr_rdf import __version__
from pfocr_rdf.dataset import DESCRIPTION, TITLE
from pfocr_rdf.iris import CC0
from pfocr_rdf.parameters import TIERS, Parameter
from pfocr_rdf.queries import NamedQuery
from pfocr_rdf.web.formats import KIND_TO_OFFERS
from pfocr_rdf.web.pages.described import example_figure
from pfocr_rdf.web.pages.elsewhere import elsewhere, partner_names
from pfocr_rdf.web.pages.examples import example_of
from pfocr_rdf.web.pages.forms import FORMS, reply
from pfocr_rdf.web.pages.gene_lists import FORMAT_TO_TYPE, TSV
from pfocr_rdf.web.pages.plain import JSON
from pfocr_rdf.web.pages.query_asked import QUERIES, files_of
from pfocr_rdf.web.pages.query_inputs import accepted_values, json_schema, listed_queries
from pfocr_rdf.web.pages.search_facts import MOST_HITS, MOST_PAGES, PAGE_HITS
from pfocr_rdf.web.pages.search_pages import MOST_SUGGESTIONS, SUGGESTIONS
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import MEDIA_TYPE, PROBLEMS

Json = dict[str, Any]

VERSION: Final = "3.1.1"
TEXT: Final[Json] = {"type": "string"}
GRAPHS: Final[Json] = {"type": "array", "items": TEXT}
SEARCHED: Final = 'What to look for: words, "a phrase", -excluded, TP53 OR MDM2'
#: Parameters of a SPARQL request besides its query: name, description, schema.
OF_PROTOCOL: Final[tuple[tuple[str, str, Json], ...]] = (
    ("format", "Format of the answer, where the header Accept cannot be set", TEXT),
    ("default-graph-uri", "IRI of a graph to query as the default graph", GRAPHS),
    ("named-graph-uri", "IRI of a graph that GRAPH may name", GRAPHS),
    ("explain", "Show what would be asked of which endpoint, not the answer", {"type": "boolean"}),
)
QUERY_TYPES: Final = tuple(dict.fromkeys(t for offers in KIND_TO_OFFERS.values() for t in offers))


def answer_openapi(visit: Visit) -> Response:
    """The description of the addresses of this server."""

    def body() -> bytes:
        return orjson.dumps(openapi_document(visit), option=orjson.OPT_INDENT_2)

    return reply(visit, body, JSON.media_type, key=f"openapi {partner_names(visit)}")


def openapi_document(visit: Visit) -> Json:
    """The whole document."""
    paths: Json = {
        "/sparql": {"get": _sparql_get(), "post": _sparql_post()},
        "/search.json": {"get": _search()},
        "/suggest": {"get": _suggest()},
        "/thing": {"get": _thing()},
        "/figures/{figid}/genes.{form}": {"get": _genes(visit)},
        f"/{QUERIES}.json": {"get": _library()},
    }
    for query in listed_queries():
        paths[f"/{QUERIES}/{query.name}.{{form}}"] = {"get": _named(visit, query)}
    return {
        "openapi": VERSION,
        "info": {
            "title": TITLE,
            "description": DESCRIPTION,
            "version": __version__,
            "license": {"name": "CC0 1.0 (the records)", "url": CC0},
        },
        "servers": [{"url": visit.public_url.removesuffix("/")}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _problem_schema()},
            "responses": {"Problem": _problem_response()},
        },
    }


def _operation(name: str, summary: str, tag: str, content: Json, **more: Any) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        **more,
        "responses": {
            "200": {"description": "The answer", "content": content},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _parameter(name: str, description: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}


def _in_path(name: str, description: str, schema: Json, **more: Any) -> Json:
    return {**_parameter(name, description, schema, **more), "in": "path", "required": True}


def _sparql_get() -> Json:
    return _operation(
        "sparqlGet",
        "Ask a SPARQL 1.1 query",
        "SPARQL",
        {media_type: {} for media_type in QUERY_TYPES},
        parameters=[
            _parameter("query", "A query; without one the service is described", TEXT),
            *(_parameter(*each) for each in OF_PROTOCOL),
        ],
    )


def _sparql_post() -> Json:
    fields = {
        "query": TEXT,
        **{name: {**schema, "description": words} for name, words, schema in OF_PROTOCOL},
    }
    form = {"type": "object", "properties": fields, "required": ["query"]}
    return _operation(
        "sparqlPost",
        "Ask a SPARQL 1.1 query that is too long for an address",
        "SPARQL",
        {media_type: {} for media_type in QUERY_TYPES},
        parameters=[_parameter(*each) for each in OF_PROTOCOL],
        requestBody={
            "required": True,
            "content": {
                "application/sparql-query": {"schema": TEXT},
                "application/x-www-form-urlencoded": {"schema": form},
            },
        },
    )


def _number(default: int, most: int) -> Json:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


def _search() -> Json:
    return _operation(
        "search",
        "Find figures by any words, symbols, names or identifiers",
        "Search",
        {JSON.media_type: {"schema": {"type": "object"}}},
        parameters=[
            _parameter("q", SEARCHED, TEXT, example="EGFR"),
            _parameter(
                "organism", "NCBI taxonomy id in any spelling, or the name of an organism", TEXT
            ),
            _parameter("year", "Year of the article", TEXT),
            _parameter(
                "tier",
                "Evidence for the gene that is searched for",
                {"type": "string", "enum": [*TIERS]},
            ),
            _parameter("page", "Page of the list", _number(1, MOST_PAGES)),
            _parameter("limit", "Figures on a page", _number(PAGE_HITS, MOST_HITS)),
        ],
    )


def _suggest() -> Json:
    return _operation(
        "suggest",
        "Suggestions that complete the beginning of a name or title",
        "Search",
        {JSON.media_type: {"schema": {"type": "object"}}},
        parameters=[
            _parameter("q", "Beginning of a name or title", TEXT, example="mapk"),
            _parameter("limit", "Suggestions at most", _number(SUGGESTIONS, MOST_SUGGESTIONS)),
        ],
    )


def _thing() -> Json:
    operation = _operation(
        "thing",
        "From any spelling of an identifier to its page",
        "Pages",
        {form.media_type: {} for form in FORMS},
        parameters=[
            _parameter("iri", "IRI or CURIE", TEXT, required=True, example="ncbigene:2064")
        ],
    )
    operation["responses"]["302"] = {"description": "The page is there"}
    return operation


def _genes(visit: Visit) -> Json:
    """The genes of one figure; without an example where the release has no figure."""
    figid = example_figure(visit.reading)
    example = {} if figid is None else {"example": figid}
    operation = _operation(
        "figureGenes",
        "The genes of a figure as a list",
        "Pages",
        {TSV.partition(";")[0]: {}},
        parameters=[
            _in_path("figid", "Identifier of the figure", TEXT, **example),
            _in_path("form", "Format of the list", {"type": "string", "enum": [*FORMAT_TO_TYPE]}),
            _parameter("tier", f"Evidence: any, or one or more of {', '.join(TIERS)}", TEXT),
        ],
    )
    operation["responses"]["301"] = {"description": "The figure of this alias has them"}
    return operation


def _library() -> Json:
    return _operation(
        "queries",
        "All named queries with their parameters",
        "Named queries",
        {JSON.media_type: {"schema": {"type": "object"}}},
    )


def _named(visit: Visit, query: NamedQuery) -> Json:
    files = files_of(query)
    form = _in_path("form", "Format of the answer", {"type": "string", "enum": list(files)})
    asked = elsewhere(visit, query)
    asks = f" Also asks {' and '.join(asked.names)}." if asked.names else ""
    if asked.refusal:
        asks += f" {asked.refusal}."
    return _operation(
        query.name,
        query.title,
        "Named queries",
        {media_type: {} for _, media_type in files.values()},
        description=f"{query.description}{asks} Page: /{QUERIES}/{query.name}",
        parameters=[form, *(_of_query(visit, parameter) for parameter in query.parameters)],
    )


def _of_query(visit: Visit, parameter: Parameter) -> Json:
    example = example_of(parameter, visit.reading).value
    schema = json_schema(parameter)
    if schema["type"] == "integer":
        return _parameter(parameter.name, parameter.label, schema)
    description = f"{parameter.label}: {accepted_values(parameter)}"
    return _parameter(
        parameter.name,
        description,
        schema,
        required=parameter.default is None,
        **({"example": example} if parameter.default is None else {}),
    )


def _problem_schema() -> Json:
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri", "description": ", ".join(sorted(PROBLEMS))},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "instance": TEXT,
        },
    }


def _problem_response() -> Json:
    return {
        "description": "What is wrong, and what to do: RFC 9457",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
