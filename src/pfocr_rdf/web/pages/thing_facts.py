"""What the page of a thing shows: a gene, a chemical, a disease, a taxon, an article, a source.

Its triples, in SPARQL, where ``figures`` are the figures listed on this page::

    CONSTRUCT { ?s ?p ?o } WHERE {
      { VALUES ?s { <thing> } ?s ?p ?o }
      UNION { VALUES ?s { <thing> } GRAPH ?g { ?s ?p ?o } }
      UNION { VALUES ?x { <thing> } { ?x ?y ?s } UNION { GRAPH ?g { ?x ?y ?s } }
              ?s schema:name ?o . BIND(schema:name AS ?p) }
      UNION { VALUES ?p { skos:closeMatch } VALUES ?o { <thing> } ?s ?p ?o }
      UNION { VALUES ?x { <thing> } ?s skos:closeMatch ?x . VALUES ?p { schema:name } ?s ?p ?o }
      UNION { VALUES ?s { figures } VALUES ?o { <thing> } ?s ?p ?o }
      UNION { VALUES ?s { figures } VALUES ?p { schema:name schema:identifier schema:isPartOf }
              ?s ?p ?o }
      UNION { VALUES ?f { figures } ?f schema:isPartOf ?s . VALUES ?o { <thing> } ?s ?p ?o }
      UNION { VALUES ?f { figures } ?f schema:isPartOf ?s . VALUES ?p { schema:name } ?s ?p ?o }
    }

and those of the links from mapping sets, which :mod:`pfocr_rdf.web.pages.mapped` has. A test
compares the two. All pages of a thing together have every figure once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.search.mentioned import Beside, Mentioned, Word
from pfocr_rdf.search.mentions import GROUPS, LISTED, TIER_TO_RANK, Group
from pfocr_rdf.vocabulary import CLOSE_MATCH, Schema
from pfocr_rdf.web.pages.facts import Facts, by_subject
from pfocr_rdf.web.pages.mapped import mapping_triples
from pfocr_rdf.web.reading import Reading

#: Figures on one page of a list.
PAGE_FIGURES: Final = 25
#: Things of each kind that a page shows as often mentioned together with its thing.
SHOWN_BESIDE: Final = 15
#: Most figures of one article that are listed; no article has so many.
MOST_OF_ARTICLE: Final = 500
#: Most close matches of a thing that are read; a ChEBI term has a few in MeSH.
MOST_MATCHED: Final = 100
RANK_TO_TIER: Final = {rank: tier for tier, rank in TIER_TO_RANK.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure in the list of a thing.

    :param article: title of its article; in the list of an article, or in one made without the
        index, the figure's number in the article.
    :param words: (tier, word).
    """

    iri: str
    title: str
    article: str | None
    year: str | None
    words: Sequence[tuple[str | None, Word]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the figures that have a thing.

    :param total: figures on all pages; None if the release has no index to count by.
    :param counts: tier, or other kind of evidence → number of figures.
    """

    page: int
    pages: int
    total: int | None
    counts: Mapping[str, int]
    entries: Sequence[Entry]

    @property
    def first(self) -> int:
        """The place of this page's first figure among all."""
        return PAGE_FIGURES * (self.page - 1) + 1

    @property
    def figures(self) -> list[NamedNode]:
        """The figures of this page."""
        return [NamedNode(entry.iri) for entry in self.entries]


def listing(reading: Reading, thing: NamedNode, page: int) -> Listing:
    """A page of the figures that have a thing; without an index, the only page there is."""
    tables = reading.mentions
    found = tables.find(thing.value) if tables else None
    if tables is None or found is None:
        return _pointing(reading, thing)
    pages = -(-found.figures // PAGE_FIGURES)
    listed = tables.figures(found, PAGE_FIGURES * (page - 1), PAGE_FIGURES)
    entries = [
        Entry(
            reading.iris.figure(figure.figid).value,
            figure.title or figure.figid,
            figure.article,
            figure.year,
            [(RANK_TO_TIER.get(word.rank), word) for word in figure.words],
        )
        for figure in listed
    ]
    return Listing(page, pages, found.figures, _counts(found), entries)


def figures_of(reading: Reading, thing: NamedNode) -> int | None:
    """How many figures have a thing; None if the release has no index to count by."""
    if reading.mentions is None:
        return None
    found = reading.mentions.find(thing.value)
    return found.figures if found else 0


def beside(reading: Reading, thing: NamedNode) -> Mapping[Group, Sequence[Beside]]:
    """The things most often in the same figures as a thing; empty for an article or a source."""
    tables = reading.mentions
    found = tables.find(thing.value) if tables else None
    if tables is None or found is None or found.kind not in GROUPS[:LISTED]:
        return {}
    return tables.beside(found, SHOWN_BESIDE)


def _counts(found: Mentioned) -> dict[str, int]:
    """Number of figures by evidence, which is named as the page does."""
    if found.kind == "organism":
        labels = ["said by a curator", "suggested by the genes"]
    elif found.kind == "gene":
        labels = [*TIER_TO_RANK, "no tier"]
    else:
        return {}
    return {label: n for label, n in zip(labels, found.counts, strict=False) if n}


def _pointing(reading: Reading, thing: NamedNode) -> Listing:
    """The figures that point at a thing: for an article, or if there is no index."""
    limit = MOST_OF_ARTICLE if thing.value.startswith(ns.PMC) else PAGE_FIGURES
    pointing = (triple.subject for triple in reading.incoming(None, thing, limit))
    nodes = {s for s in pointing if isinstance(s, NamedNode) and reading.is_figure(s)}
    entries = []
    for figure in sorted(nodes, key=lambda n: (reading.value(n, Schema.position) or "", n.value)):
        title = reading.value(figure, Schema.name) or reading.value(figure, Schema.identifier)
        number = reading.value(figure, Schema.position)
        entries.append(Entry(figure.value, title or figure.value, number, None, ()))
    known = len(entries) if reading.mentions or limit == MOST_OF_ARTICLE else None
    return Listing(1, 1, known, {}, entries)


def thing_triples(reading: Reading, thing: NamedNode, figures: Iterable[NamedNode]) -> list[Triple]:
    """The triples of the RDF forms of a page: see the CONSTRUCT above."""
    own = reading.outgoing_anywhere(thing)
    matched = reading.incoming(CLOSE_MATCH, thing, MOST_MATCHED)
    found = own + matched + mapping_triples(reading, thing)
    found += _names(reading, [*(t.object for t in own), *(t.subject for t in matched)])
    listed = list(figures)
    said = reading.outgoing_of(listed, (Schema.name, Schema.identifier, Schema.is_part_of))
    parts = [t.object for t in said if t.predicate == Schema.is_part_of]
    articles = [part for part in parts if isinstance(part, NamedNode)]
    found += reading.linking_of(listed, thing) + said
    return found + reading.linking_of(articles, thing) + _names(reading, articles)


def _names(reading: Reading, nodes: Iterable[object]) -> list[Triple]:
    """The triples that name things."""
    named = (node for node in nodes if isinstance(node, NamedNode))
    return reading.outgoing_of(named, (Schema.name,))


def close_to(reading: Reading, thing: NamedNode) -> dict[NamedNode, str]:
    """Things that closely match a thing, whichever of the two has the triple → their names."""
    matched = reading.subjects(CLOSE_MATCH, thing, MOST_MATCHED)
    said = facts_of(reading, thing).nodes(CLOSE_MATCH)
    names = reading.names([*said, *matched])
    return {n: names.get(n, reading.iris.prefixed(n.value)) for n in [*said, *matched]}


def facts_of(reading: Reading, thing: NamedNode) -> Facts:
    """The properties of a thing with their values."""
    return by_subject(reading.outgoing(thing)).get(thing, Facts())
