"""The formats that answers are written in: their names, their media types, and the choice.

The kind of an answer is known only when the query is parsed, in another process, so a format is
chosen for each of the three kinds beforehand.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from pfocr_rdf.recurring import LONGEST
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.problems import Refusal

AnswerKind = Literal["solutions", "boolean", "graph"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format under one of its media types.

    :param name: json, xml, csv, tsv, gmt; turtle, ntriples, jsonld, rdfxml.
    :param media_type: as in the response's Content-Type.
    """

    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Formats:
    """The format for each kind of answer; None where none is acceptable."""

    solutions: Format | None
    boolean: Format | None
    graph: Format | None


#: Media type → name, for each kind of answer; the first is the default, the order breaks ties.
#: https://www.w3.org/TR/sparql11-results-json/ , https://www.w3.org/TR/rdf-sparql-XMLres/ ,
#: https://www.w3.org/TR/sparql11-results-csv-tsv/ (which says nothing of booleans),
#: https://www.w3.org/TR/turtle/ , https://www.w3.org/TR/n-triples/ (whose type once was
#: text/plain), https://www.w3.org/TR/json-ld11/ , https://www.w3.org/TR/rdf-syntax-grammar/
KIND_TO_OFFERS: Final[dict[AnswerKind, dict[str, str]]] = {
    "solutions": {
        "application/sparql-results+json": "json",
        "application/sparql-results+xml": "xml",
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "application/json": "json",
        "application/xml": "xml",
        "text/xml": "xml",
    },
    "boolean": {
        "application/sparql-results+json": "json",
        "application/sparql-results+xml": "xml",
        "application/json": "json",
        "application/xml": "xml",
        "text/xml": "xml",
    },
    "graph": {
        "text/turtle": "turtle",
        "application/n-triples": "ntriples",
        "application/ld+json": "jsonld",
        "application/rdf+xml": "rdfxml",
        "application/x-turtle": "turtle",
        "application/json": "jsonld",
        "application/xml": "rdfxml",
        "text/xml": "rdfxml",
        "text/plain": "ntriples",
        # Triples in Turtle are also N3 and TriG; those in N-Triples are also N-Quads.
        "text/n3": "turtle",
        "application/trig": "turtle",
        "application/n-quads": "ntriples",
    },
}
#: A value of ``format=`` → the names that it may mean, at most one for each kind of answer.
OVERRIDE_TO_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "json": ("json", "jsonld"),
    "xml": ("xml", "rdfxml"),
    "csv": ("csv",),
    "tsv": ("tsv",),
    "turtle": ("turtle",),
    "ttl": ("turtle",),
    "nt": ("ntriples",),
    "n3": ("turtle",),
    "trig": ("turtle",),
    "nq": ("ntriples",),
    "nquads": ("ntriples",),
    "n-quads": ("ntriples",),
    "ntriples": ("ntriples",),
    "n-triples": ("ntriples",),
    "jsonld": ("jsonld",),
    "json-ld": ("jsonld",),
    "rdf": ("rdfxml",),
    "rdfxml": ("rdfxml",),
    "rdf+xml": ("rdfxml",),
    "rdf/xml": ("rdfxml",),
    "gmt": ("gmt",),
}
#: Formats to be asked for by name only: their media type is that of another format, or of none.
#: https://docs.gsea-msigdb.org/#GSEA/Data_Formats/ (GMT), for solutions that are gene sets.
NAMED_ONLY: Final[dict[AnswerKind, dict[str, str]]] = {
    "solutions": {"gmt": "text/tab-separated-values"},
}
#: Media types of any XML: browsers accept them for pages, ahead of ``*/*``.
ANY_XML: Final = frozenset({"application/xml", "text/xml"})
PAGES: Final = ("text/html", "application/xhtml+xml")


def choose_formats(accept: str | None, override: str | None) -> Formats:
    """The format for each kind of answer, under the media type that was asked for.

    A browser that follows a link to an answer prefers a page, and there is none: it gets what
    ``*/*`` gives, JSON or Turtle, although it lists ``application/xml`` first. It lists that for
    the sake of pages; browsers show JSON best, and JSON can hold every answer, which XML cannot.

    :param accept: the header; None or empty accepts anything.
    :param override: a format's name or media type from a link, which replaces the header.
    :raises Refusal: ``not-acceptable``, if there is no format for any kind.

    >>> choose_formats("text/csv", None).solutions
    Format(name='csv', media_type='text/csv; charset=utf-8')
    >>> choose_formats("text/csv", None).boolean is None
    True
    >>> choose_formats("image/png", "json").graph
    Format(name='jsonld', media_type='application/ld+json')
    """
    recurs = len(accept or "") + len(override or "") <= LONGEST
    return _usual(accept, override) if recurs else _chosen(accept, override)


def _chosen(accept: str | None, override: str | None) -> Formats:
    if override is None:
        found = [_negotiated(accept, offers) for offers in KIND_TO_OFFERS.values()]
    else:
        found = [_overridden(override, kind) for kind in KIND_TO_OFFERS]
    if not any(found):
        raise _refusal(accept, override)
    return Formats(*found)


_usual: Final = lru_cache(maxsize=256)(_chosen)


def refuse_kind(kind: AnswerKind) -> Refusal:
    """The refusal when only answers of another kind have a format that was asked for.

    >>> print(refuse_kind("boolean").detail)
    an ASK query has no format that the request accepts: ask for \
application/sparql-results+json, application/sparql-results+xml, application/json, \
application/xml or text/xml, or in a link for format=json or format=xml
    """
    query = {"solutions": "a SELECT", "boolean": "an ASK", "graph": "a CONSTRUCT or DESCRIBE"}
    available = list(KIND_TO_OFFERS[kind])
    names = [f"format={name}" for name in dict.fromkeys(KIND_TO_OFFERS[kind].values())]
    choice, named = (f"{', '.join(each[:-1])} or {each[-1]}" for each in (available, names))
    detail = f"{query[kind]} query has no format that the request accepts: ask for {choice}"
    detail += f", or in a link for {named}"
    return Refusal("not-acceptable", detail, available=available)


def _negotiated(accept: str | None, offers: dict[str, str]) -> Format | None:
    chosen = negotiate(accept, (*offers, *PAGES))
    if chosen in PAGES:
        specific = tuple(offer for offer in offers if offer not in ANY_XML)
        chosen = negotiate(accept, specific) or negotiate(accept, tuple(offers))
    return None if chosen is None else _format(offers[chosen], chosen)


def _overridden(override: str, kind: AnswerKind) -> Format | None:
    offers = KIND_TO_OFFERS[kind]
    # A plus that was not escaped in a link arrives as a space: application/sparql-results json.
    asked = override.partition(";")[0].strip().lower().replace(" ", "+")
    if asked in offers:
        return _format(offers[asked], asked)
    if media_type := NAMED_ONLY.get(kind, {}).get(asked):
        return _format(asked, media_type)
    names = OVERRIDE_TO_NAMES.get(asked, ())
    fitting = (_format(name, offer) for offer, name in offers.items() if name in names)
    return next(fitting, None)


def _format(name: str, media_type: str) -> Format:
    # Without a charset, HTTP's old default for text is Latin-1, and some clients still apply it.
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return Format(name, media_type + charset)


def _refusal(accept: str | None, override: str | None) -> Refusal:
    offers = list(dict.fromkeys(offer for each in KIND_TO_OFFERS.values() for offer in each))
    if override is None:
        shown = _shown(accept or "")
        return Refusal(
            "not-acceptable",
            f"no answer has a format that Accept: {shown} asks for: ask for one of those in "
            "“available”, or for */*",
            available=offers,
        )
    return Refusal(
        "not-acceptable",
        f"there is no format {_shown(override)!r}: give one of those in “available”",
        available=[*OVERRIDE_TO_NAMES, *offers],
    )


def _shown(text: str) -> str:
    return text if len(text) <= 100 else text[:100] + "…"
