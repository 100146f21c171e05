"""The page of our vocabulary: every term with its label and comment, at the IRI of the term.

The shapes, with which anyone can check a release, are served at their own IRI.

The terms are hash IRIs, so one page, and one RDF document, has all of them. They belong to the
program, not to a release: :mod:`pfocr_rdf.mapping` writes no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode
from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.ontology import ontology_triples
from pfocr_rdf.resources import resource
from pfocr_rdf.vocabulary import RDF_TYPE
from pfocr_rdf.web.headers import header_address, link_header
from pfocr_rdf.web.pages.forms import TURTLE, Form, Frame, Subject, absolute, reply, respond
from pfocr_rdf.web.pages.html import render
from pfocr_rdf.web.pages.links import ONTOLOGY
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import json_ld_block

SHAPES: Final = f"{ONTOLOGY}/shapes"
#: Class of a term → its heading on the page; the first class that fits counts.
CLASS_TO_HEADING: Final = {
    term(ns.OWL, "Class"): "Classes",
    term(ns.OWL, "ObjectProperty"): "Properties that link",
    term(ns.OWL, "DatatypeProperty"): "Properties with values",
    term(ns.PFOCR, "Tier"): "Tiers of evidence",
    term(ns.PFOCR, "Lexicon"): "Lexicons",
}
#: Property of a term → its label on the page.
PROPERTY_TO_LABEL: Final = {
    term(ns.RDFS, "subClassOf"): "Is a",
    term(ns.RDFS, "subPropertyOf"): "Is a kind of",
    term(ns.SCHEMA, "domainIncludes"): "Said of",
    term(ns.SCHEMA, "rangeIncludes"): "Values",
    term(ns.PFOCR, "tierOfLexicon"): "Tier",
    term(ns.SKOS, "notation"): "In the records",
    term(ns.RDFS, "seeAlso"): "See also",
}
LABEL: Final = term(ns.RDFS, "label")
COMMENT: Final = term(ns.RDFS, "comment")
TITLE: Final = term(ns.DCTERMS, "title")
DESCRIPTION: Final = term(ns.DCTERMS, "description")
VERSION: Final = term(ns.OWL, "versionInfo")


@dataclass(frozen=True, slots=True)
class Term:
    """A term as the page shows it; ``facts`` are its other properties: label → values."""

    iri: str
    name: str
    label: str
    comment: str
    heading: str
    facts: Mapping[str, Sequence[str]]


@cache
def ontology_terms() -> dict[str, Term]:
    """Every term by the part of its IRI after the ``#``, in the order of the file.

    >>> ontology_terms()["tier"].label
    'tier'
    """
    facts: dict[NamedNode, dict[NamedNode, list[str]]] = {}
    for triple in ontology_triples():
        subject, value = triple.subject, triple.object
        if isinstance(subject, NamedNode) and isinstance(value, NamedNode | Literal):
            facts.setdefault(subject, {}).setdefault(triple.predicate, []).append(value.value)
    return {
        iri.value.removeprefix(ns.PFOCR): _term(iri.value, said)
        for iri, said in facts.items()
        if iri.value.startswith(ns.PFOCR)
    }


def _term(iri: str, said: Mapping[NamedNode, Sequence[str]]) -> Term:
    kinds = said.get(RDF_TYPE, ())
    heading = next(h for kind, h in CLASS_TO_HEADING.items() if kind.value in kinds)
    facts = {label: said[p] for p, label in PROPERTY_TO_LABEL.items() if p in said}
    (label,), (comment,) = said[LABEL], said[COMMENT]
    return Term(iri, iri.removeprefix(ns.PFOCR), label, comment, heading, facts)


def _about(predicate: NamedNode) -> str:
    """A property of the vocabulary itself; empty if it has none."""
    subject = NamedNode(ns.VOCABULARY)
    for triple in ontology_triples():
        if (triple.subject, triple.predicate) == (subject, predicate):
            return triple.object.value if isinstance(triple.object, Literal) else ""
    return ""


def answer_ontology(visit: Visit, suffix: Form | None) -> Response:
    """The page of the vocabulary."""
    iris = visit.reading.iris

    def html(frame: Frame) -> str:
        sections: dict[str, list[Term]] = {heading: [] for heading in CLASS_TO_HEADING.values()}
        for each in ontology_terms().values():
            sections[each.heading].append(each)
        return render(
            visit,
            "ontology.html",
            title=_about(TITLE),
            description=_about(DESCRIPTION),
            current=ONTOLOGY,
            frame=frame,
            json_ld=json_ld_block(ontology_triples(), iris),
            summary=_about(DESCRIPTION),
            version=_about(VERSION),
            namespace=ns.PFOCR,
            sections=sections,
            shapes=SHAPES + TURTLE.suffix,
            prefixed=iris.prefixed,
        )

    subject = Subject(NamedNode(ns.VOCABULARY), ONTOLOGY, ontology_triples, html)
    return respond(visit, subject, suffix)


def answer_shapes(visit: Visit) -> Response:
    """The file of the shapes with its comments: always Turtle, whatever ``Accept`` says."""
    here = absolute(visit, visit.links.to(SHAPES + TURTLE.suffix))
    headers = {
        "content-location": header_address(here),
        "link": link_header(ns.SHAPES, "describes"),
    }
    path = resource("ontology", "shapes.ttl")
    return reply(visit, path.read_bytes, TURTLE.content_type, key=SHAPES, headers=headers)
