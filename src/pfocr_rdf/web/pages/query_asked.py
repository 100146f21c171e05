"""A request to the address of a named query: what it asks for.

Without parameters ``/queries/NAME`` is a document about the query, in HTML or RDF. With parameters
it is the query's answer, as a page or in any result format, by ``Accept``, ``format=`` or suffix.
"""

from dataclasses import dataclass
from typing import Final

from pfocr_rdf.errors import QueryError
from pfocr_rdf.queries import NamedQuery, bind, load_query, with_chart
from pfocr_rdf.search.called import told_things
from pfocr_rdf.web.formats import (
    KIND_TO_OFFERS,
    OVERRIDE_TO_NAMES,
    AnswerKind,
    Formats,
    choose_formats,
    refuse_kind,
)
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.examples import example_values
from pfocr_rdf.web.pages.forms import HTML, NAME_TO_FORM, RDF_FORMS, Form, choose_form
from pfocr_rdf.web.pages.query_inputs import (
    Given,
    QueryForm,
    form_of,
    listed_queries,
    named_instead,
    read_given,
)
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

QUERIES: Final = "queries"
EDITOR: Final = "sparql"
#: Browsers and proxies accept addresses of some thousand characters.
LONGEST_ADDRESS: Final = 8_000
FORM_TO_KIND: Final[dict[QueryForm, AnswerKind]] = {
    "select": "solutions",
    "ask": "boolean",
    "construct": "graph",
    "describe": "graph",
}
#: Kind of answer → the files in which it is available: suffix → label and media type.
KIND_TO_FILES: Final[dict[AnswerKind, dict[str, tuple[str, str]]]] = {
    "solutions": {
        "csv": ("CSV", "text/csv"),
        "tsv": ("TSV", "text/tab-separated-values"),
        "json": ("JSON", "application/sparql-results+json"),
        "xml": ("XML", "application/sparql-results+xml"),
    },
    "boolean": {
        "json": ("JSON", "application/sparql-results+json"),
        "xml": ("XML", "application/sparql-results+xml"),
    },
    "graph": {form.suffix[1:]: (form.label, form.media_type) for form in RDF_FORMS},
}
#: Keyword of a query whose answer :func:`pfocr_rdf.results.gmt_lines` can write as gene sets.
GENE_SETS: Final = "GMT"
GENE_SET_FILES: Final = {"gmt": (GENE_SETS, "text/tab-separated-values")}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the address of a named query.

    :param form: of the document about the query, or of a page with the answer; None if the bare
        answer is asked for.
    :param formats: of the bare answer; None if a document is asked for.
    """

    visit: Visit
    query: NamedQuery
    given: Given
    form: Form | None
    formats: Formats | None

    @property
    def kind(self) -> AnswerKind:
        """The kind of the query's answer."""
        return FORM_TO_KIND[form_of(self.query)]

    @property
    def address(self) -> str:
        """The address of the query."""
        return f"{QUERIES}/{self.query.name}"

    @property
    def runs(self) -> bool:
        """Whether a page shows the answer: the query has all the values that it needs."""
        return (self.given.asked or not self.query.parameters) and not self.given.errors

    @property
    def text(self) -> str:
        """The query with the values in it; with those of the example if any is wrong or missing."""
        iris = self.visit.reading.iris
        if not self.given.errors:
            return bind(self.query, self.given.values, iris)
        return bind(self.query, example_values(self.query, self.visit.reading), iris)

    @property
    def in_editor(self) -> str:
        """Link to the editor with the query and the values in it."""
        return self.visit.links.to(EDITOR, query=with_chart(self.query, self.text))

    @property
    def opens(self) -> bool:
        """Whether the form's button asks for the editor, and the query fits into a link to it."""
        wished = self.form is HTML and self.visit.parameters.get("open") == "editor"
        return wished and not self.given.errors and len(self.in_editor) <= LONGEST_ADDRESS

    @property
    def limit(self) -> int | None:
        """The limit of the rows, if the query has such a parameter."""
        for parameter in self.query.parameters:
            if parameter.type == "limit":
                return int(self.given.values.get(parameter.name) or parameter.default or 0)
        return None

    def with_value(self, name: str, value: str) -> dict[str, str]:
        """The given values, with one replaced."""
        return {**self.given.values, name: value}

    def files(self) -> dict[str, tuple[str, str]]:
        """The answer as files: label → link and media type."""
        to = self.visit.links.to
        return {
            words: (to(f"{self.address}.{suffix}", **self.given.values), media_type)
            for suffix, (words, media_type) in files_of(self.query).items()
        }


def files_of(query: NamedQuery) -> dict[str, tuple[str, str]]:
    """The files in which the answer of a query is available: suffix → label and media type."""
    files = KIND_TO_FILES[FORM_TO_KIND[form_of(query)]]
    return {**files, **GENE_SET_FILES} if GENE_SETS in query.keywords else files


def read_asked(visit: Visit, query_string: bytes) -> Asked:
    """What a request to the address of a query asks for.

    :raises Refusal: ``not-found``, ``not-acceptable``, or ``bad-parameter`` if the bare answer is
        asked for and values are wrong or missing.
    """
    name, dot, suffix = visit.values["name"].partition(".")
    query = _found(name)
    given = read_given(query, query_string, visit.reading)
    kind = FORM_TO_KIND[form_of(query)]
    if dot and suffix not in (HTML.name, *OVERRIDE_TO_NAMES):
        files = ", ".join(f".{known}" for known in files_of(query))
        raise Refusal("not-found", f"there is no form .{suffix[:50]}: there are {files}")
    answerable = given.asked or not query.parameters
    override = suffix if dot else visit.parameters.get("format")
    if override is not None:
        form, formats = _overridden(override, kind, given.asked, answerable)
    else:
        form, formats = _negotiated(visit, kind, given.asked, answerable)
    if formats is not None and given.errors:
        wrong = [name for name in given.errors if name]
        named = (named_instead(one, given, visit.reading) for one in query.parameters)
        complaint = given.complaint + "".join(map(told_things, named))
        raise Refusal("bad-parameter", complaint, query=query.name, parameters=wrong)
    return Asked(visit, query, given, form, formats)


def _overridden(
    override: str, kind: AnswerKind, asked: bool, answerable: bool
) -> tuple[Form | None, Formats | None]:
    """What a suffix or ``format=`` asks for: a form of the description, or formats of the answer.

    In a request without parameters, an RDF format means the description of the query. Only if the
    query has no parameters and its answer is a graph does it mean the answer.
    """
    if override.strip().lower() in (HTML.name, HTML.media_type):
        return HTML, None
    formats = choose_formats(None, override)
    if getattr(formats, kind) is not None and (answerable or kind != "graph"):
        return None, formats
    if formats.graph is not None and not asked:
        return NAME_TO_FORM[formats.graph.name], None
    raise refuse_kind(kind)


def _negotiated(
    visit: Visit, kind: AnswerKind, asked: bool, answerable: bool
) -> tuple[Form | None, Formats | None]:
    """What the header Accept asks for: a form of the description, or formats of the answer."""
    accept = visit.headers.get("accept")
    if answerable:
        chosen = negotiate(accept, (HTML.media_type, *KIND_TO_OFFERS[kind]))
        if chosen == HTML.media_type:
            return HTML, None
        if chosen is not None:
            return None, choose_formats(accept, None)
        if asked:
            raise refuse_kind(kind)
    return choose_form(visit, None), None


def _found(name: str) -> NamedQuery:
    try:
        return load_query(name)
    except QueryError as error:
        near = [f"{QUERIES}/{q.name}" for q in listed_queries() if q.name in str(error)]
        raise Refusal("not-found", str(error), near=[*near[:5], QUERIES]) from None
