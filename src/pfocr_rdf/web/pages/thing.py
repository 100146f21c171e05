"""The page of a thing: what PFOCR has about a gene, chemical, disease, taxon, article or source."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from pyoxigraph import NamedNode
from starlette.responses import RedirectResponse, Response

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import Kind, Thing, sites
from pfocr_rdf.errors import IriError
from pfocr_rdf.spellings import find_iri
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema
from pfocr_rdf.web.pages.facts import Facts
from pfocr_rdf.web.pages.figure_facts import read_article
from pfocr_rdf.web.pages.former import former_address
from pfocr_rdf.web.pages.forms import Form, Subject, moved, respond
from pfocr_rdf.web.pages.html import render, unless_na
from pfocr_rdf.web.pages.links import (
    ARTICLE,
    CHEMICAL,
    DISEASE,
    GENE,
    TAXON,
    THINGS,
)
from pfocr_rdf.web.pages.mapped import mapped
from pfocr_rdf.web.pages.signposting import add_links, neighbour_links
from pfocr_rdf.web.pages.thing_facts import (
    beside,
    close_to,
    facts_of,
    figures_of,
    listing,
    thing_triples,
)
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import json_ld_block
from pfocr_rdf.web.problems import Refusal

#: Class → kind, the first segment of most addresses; of several classes the first one counts.
CLASS_TO_KIND: Final = {
    Schema.Gene: GENE,
    Schema.ChemicalSubstance: CHEMICAL,
    Schema.MedicalCondition: DISEASE,
    Schema.Taxon: TAXON,
    Schema.ScholarlyArticle: ARTICLE,
    Schema.Periodical: "journal",
    Schema.Organization: "publisher",
}
KIND_TO_WORD: Final = {
    GENE: "Gene",
    CHEMICAL: "Chemical",
    DISEASE: "Disease",
    TAXON: "Organism",
    ARTICLE: "Article",
    "journal": "Journal",
    "publisher": "Publisher",
}
#: Kind → identifiers that are understood in its addresses.
KIND_TO_SPELLINGS: Final[dict[str, tuple[Kind, ...]]] = {
    GENE: ("ncbigene",),
    CHEMICAL: ("mesh", "chebi"),
    DISEASE: ("mesh", "doid"),
    TAXON: ("taxon",),
    ARTICLE: ("pmc", "doi"),
}
#: Kind → named query, its parameter, the words of the link.
KIND_TO_QUERIES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    GENE: (
        ("figures-by-gene-tier", "gene", "Figures with the evidence"),
        ("gene-words", "gene", "Words that stand for it"),
        ("co-mentioned-genes", "gene", "Genes beside it"),
        ("co-mentioned-chemicals", "gene", "Chemicals beside it"),
    ),
    CHEMICAL: (("figures-by-chemical", "chemical", "Figures that mention it"),),
    DISEASE: (("figures-by-disease", "disease", "Figures that mention it"),),
    TAXON: (
        ("figures-by-organism", "organism", "Its figures"),
        ("figures-by-predicted-organism", "organism", "Figures it was predicted for"),
    ),
    ARTICLE: (("article-figures", "article", "Its figures"),),
    "journal": (("figures-by-journal", "journal", "Its figures"),),
}
#: Most links from mapping sets that are shown.
MOST_MAPPED: Final = 50
MOST_PAGES: Final = 100_000


@dataclass(frozen=True, slots=True)
class ThingPage:
    """The thing that a page is about."""

    iri: NamedNode
    kind: str
    address: str
    said: Facts

    @property
    def accession(self) -> str:
        """Its identifier at its source; the PMC id of an article."""
        texts = self.said.texts(Schema.identifier)
        return next((t for t in texts if ns.PMC_RE.fullmatch(t)), texts[0] if texts else "")

    @property
    def spelt(self) -> str:
        """Its identifier as in its address: with CHEBI:, as a bare number is ambiguous."""
        return unquote(self.address.partition("/")[2])

    @property
    def name(self) -> str:
        """Its usual name, else its identifier as in the address, else its IRI."""
        name = self.said.text(Schema.name) or self.spelt or self.iri.value
        return unless_na(name, self.accession, self.kind)


def answer_thing_address(visit: Visit, address: str, suffix: Form | None) -> Response | None:
    """The page at an address such as ``gene/5742``; None if it is not of that form or has no page.

    Any spelling of the identifier is understood, and redirected to the one that the data use.

    :raises Refusal: ``not-found``, after the last page of its figures.
    """
    kind, _, rest = address.partition("/")
    if kind not in THINGS or not rest:
        return None
    accession = unquote(rest)
    iri = visit.links.thing(kind, accession)
    if iri is None:
        iri = _spelt(visit, accession, KIND_TO_SPELLINGS[kind])
    page = iri and find_page(visit, iri)
    if page is None:
        return None
    if page.address != address:
        return moved(visit, page.address, suffix)
    return answer_page(visit, page, suffix)


def _spelt(visit: Visit, text: str, kinds: tuple[Kind, ...]) -> NamedNode | None:
    """The thing in the data that a text identifies; an article by its DOI too."""
    try:
        iri = find_iri(text, visit.reading.iris, kinds)
    except IriError:
        return None
    return visit.reading.same_thing(iri)


def find_page(visit: Visit, iri: NamedNode) -> ThingPage | None:
    """The page of a thing; None if the data do not have it, or it is of another class."""
    said = facts_of(visit.reading, iri)
    types = said.nodes(RDF_TYPE)
    for kind, segment in CLASS_TO_KIND.items():
        if kind in types:
            address = visit.links.address(iri.value, segment)
            return None if address is None else ThingPage(iri, segment, address, said)
    return None


def answer_page(visit: Visit, page: ThingPage, suffix: Form | None) -> Response:
    """The page of a thing, in the form that is asked for; ``page=`` selects the part of the list.

    :raises Refusal: ``not-found``, after the last page.
    """
    number = visit.number("page", 1, MOST_PAGES)
    listed = listing(visit.reading, page.iri, number)
    if number > max(listed.pages, 1):
        detail = f"the last page of the list is {max(listed.pages, 1)}: there is no page {number}"
        raise Refusal("not-found", detail, near=[page.address])
    triples = thing_triples(visit.reading, page.iri, listed.figures)
    subject = Subject(
        page.iri,
        page.address,
        lambda: triples,
        lambda frame: render(
            visit,
            "thing.html",
            title=page.name,
            description=f"Pathway figures that have {page.name}, {_word(page)}",
            frame=frame,
            json_ld=json_ld_block(triples, visit.reading.iris),
            listing=listed,
            mapped=mapped(visit.reading, page.iri, triples),
            beside=beside(visit.reading, page.iri) if number == 1 else {},
            **_values(visit, page),
        ),
        {"page": number} if number > 1 else {},
    )
    response = respond(visit, subject, suffix)
    address = page.address + (suffix.suffix if suffix else "")
    add_links(response, neighbour_links(visit, address, {}, number, listed.pages))
    return response


def _word(page: ThingPage) -> str:
    return KIND_TO_WORD[page.kind].lower()


def _values(visit: Visit, page: ThingPage) -> dict[str, Any]:
    """The values that the template needs besides the list."""
    reading, said = visit.reading, page.said
    taxa = said.nodes(Schema.taxonomic_range)
    names = reading.names(taxa)
    article = read_article(reading, page.iri, said) if page.kind == ARTICLE else None
    parameter = said.text(Schema.name) if page.kind == "journal" else page.spelt
    queries = KIND_TO_QUERIES.get(page.kind, ())
    return {
        "page": page,
        "word": KIND_TO_WORD[page.kind],
        "other_kinds": [
            KIND_TO_WORD[k].lower()
            for c, k in CLASS_TO_KIND.items()
            if c in said.nodes(RDF_TYPE) and k != page.kind
        ],
        "names": said.texts(Schema.alternate_name),
        "taxa": [(taxon.value, names.get(taxon, taxon.value)) for taxon in taxa],
        "close": [
            (n.value, name, figures_of(reading, n))
            for n, name in close_to(reading, page.iri).items()
        ],
        "groups": said.texts(Pfocr.organism_group),
        "image": next((n.value for n in said.nodes(Schema.image)), None),
        "spellings": reading.spellings(page.iri),
        "most_mapped": MOST_MAPPED,
        "sites": _sites(page),
        "article": article,
        "unrecognized": said.texts(Pfocr.unrecognized_value),
        "queries": [(name, {key: parameter}, words) for name, key, words in queries if parameter],
        "beside_words": {
            "gene": "Genes",
            "chemical": "Chemicals",
            "disease": "Diseases",
            "organism": "Organisms",
        },
    }


def _sites(page: ThingPage) -> dict[str, str]:
    """Pages about the thing on other sites: name of the site → address."""
    iri, accession = page.iri.value, page.accession
    things: dict[Thing, str] = {}
    match page.kind:
        case "gene":
            things["ncbigene"] = accession
        case "taxon":
            things["taxon"] = accession
        case "article":
            things["pmc"] = accession
            for text in page.said.texts(Schema.identifier):
                if ns.DOI_RE.fullmatch(text):
                    things["doi"] = text
        case "chemical" | "disease" if iri.startswith(ns.MESH):
            things["mesh"] = accession
        case "chemical" | "disease" if accession.startswith("DOID:"):
            things["doid"] = accession.removeprefix("DOID:")
        case "chemical" | "disease":
            things["chebi"] = accession
    return {
        site: address
        for thing, bare in things.items()
        for site, address in sites(thing, bare, page.name).items()
    }


def answer_any_thing(visit: Visit) -> Response:
    """``/thing?iri=…``: a redirect from any spelling to the thing's page, or to its figures.

    The address of a figure that earlier releases had says what became of it.

    :raises Refusal: ``bad-parameter`` without a thing, ``not-found`` if the release has none such.
    """
    text = visit.parameters.get("iri") or visit.parameters.get("id") or visit.values.get("id", "")
    if not text.strip():
        raise Refusal("bad-parameter", "give an identifier: /thing?iri=ncbigene:5742")
    iris = visit.reading.iris
    hint = ""
    try:
        iri = visit.reading.same_thing(find_iri(text, iris))
    except IriError as error:
        hint, iri = (f": {error.hint}" if error.hint else ""), None
        if text.startswith((iris.base, ns.PFOCR)):
            with suppress(ValueError):  # it has characters that no IRI may have
                iri = NamedNode(text)
    address = iri and (address_of(visit, iri) or former_address(visit, iri))
    if iri is not None and not address and visit.reading.is_known(iri):
        # Pathways and networks of other sites have no page here, but a search finds their figures.
        return RedirectResponse(visit.links.to("search", q=iri.value), 302)
    if not address:
        raise Refusal("not-found", f"the release has nothing called {text[:200]!r}{hint}")
    return RedirectResponse(visit.links.to(address), 302)


def address_of(visit: Visit, iri: NamedNode) -> str | None:
    """The address of the page of a thing; None if it has none in this release."""
    page = find_page(visit, iri)
    if page is not None:
        return page.address
    bare = NamedNode(iri.value.partition("#")[0])
    known = iri.value.startswith(ns.VOCABULARY) or visit.reading.is_known(bare)
    return visit.links.address(iri.value) if known else None
