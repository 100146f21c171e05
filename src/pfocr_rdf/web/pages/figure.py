"""The page of a figure."""

from typing import Final

from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import doi_iri
from pfocr_rdf.errors import IriError
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.vocabulary import Pfocr, Schema
from pfocr_rdf.web.pages.figure_facts import FigureFacts, figure_triples, read_figure
from pfocr_rdf.web.pages.forms import Form, Frame, Subject, respond
from pfocr_rdf.web.pages.gene_lists import gene_lists
from pfocr_rdf.web.pages.html import render
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import json_ld_block

#: Candidates of a word that are shown at once; the others are folded away.
SHOWN_CANDIDATES: Final = 6
KIND_TO_HEADING: Final = {"gene": "Genes", "chemical": "Chemicals", "disease": "Diseases"}
#: Named queries that take a figure → the words of the link.
QUERY_TO_WORDS: Final = {
    "similar-figures": "Figures that share its genes",
    "figure-genes": "Its genes with the evidence",
    "figure-organisms": "Its organisms with the counts",
}


def answer_figure(visit: Visit, figure: NamedNode, address: str, suffix: Form | None) -> Response:
    """The page of a figure, in the form that is asked for.

    :param figure: must be a figure of the release.
    :param address: of the page, without a suffix.
    """
    subject = Subject(
        figure,
        address,
        lambda: figure_triples(visit.reading, figure),
        lambda frame: _html(visit, read_figure(visit.reading, figure), frame),
    )
    return respond(visit, subject, suffix)


def _html(visit: Visit, figure: FigureFacts, frame: Frame) -> str:
    said, article = figure.said, figure.article
    record = bind(load_query("figure-record"), {"figure": figure.figid}, visit.reading.iris)
    return render(
        visit,
        "figure.html",
        title=figure.title,
        description=said.text(Schema.caption) or figure.title,
        frame=frame,
        json_ld=json_ld_block(figure.triples, visit.reading.iris),
        scripts=("figure.js",),
        figure=figure,
        address=visit.links.address(figure.iri.value),
        article=article,
        doi=_doi(article.doi),
        cited=next(iter(article.shown_citations), article.title or article.pmcid),
        europe_pmc=ns.EUROPE_PMC_ARTICLES + article.pmcid,
        caption=said.text(Schema.caption),
        keywords=[] if figure.mentions else said.texts(Schema.keywords),
        score=said.text(Pfocr.pathway_score),
        picture=_node(figure, Schema.content_url),
        at_pmc=_node(figure, Schema.url),
        sha256=said.text(Pfocr.source_sha256),
        unrecognized=said.texts(Pfocr.unrecognized_value),
        kinds={
            heading: [mention for mention in figure.mentions if mention.kind == kind]
            for kind, heading in KIND_TO_HEADING.items()
        },
        lists=gene_lists(figure),
        shown=SHOWN_CANDIDATES,
        queries=QUERY_TO_WORDS,
        record_query=record,
        paper=ns.PAPER,
    )


def _node(figure: FigureFacts, predicate: NamedNode) -> str | None:
    node = figure.said.node(predicate)
    return node and node.value


def _doi(doi: str | None) -> str | None:
    """The address of a DOI."""
    try:
        return doi_iri(doi).value if doi else None
    except IriError:
        return None
