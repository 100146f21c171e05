"""What the page of a figure shows, read from a release.

The triples are those of the named query ``figure-record``, but read by patterns; a test checks that
the two agree. The names of organisms, journals and publishers are looked up in addition.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.records import Kind
from pfocr_rdf.vocabulary import (
    BIBLIOGRAPHIC_CITATION,
    IS_REPLACED_BY,
    KIND_TO_MENTION,
    RDF_TYPE,
    TIER_TO_TERM,
    WAS_DERIVED_FROM,
    Oa,
    Pfocr,
    Schema,
)
from pfocr_rdf.web.pages.facts import NOTHING, Facts, by_subject
from pfocr_rdf.web.pages.terms import ontology_terms
from pfocr_rdf.web.reading import Reading

#: Tier → rank, 0 for the strongest evidence; without a tier the rank is the length of this.
TIER_TO_RANK: Final = {name: rank for rank, name in enumerate(TIER_TO_TERM)}
MENTION_TO_KIND: Final = {node: kind for kind, node in KIND_TO_MENTION.items()}
KIND_TO_RANK: Final = {kind: rank for rank, kind in enumerate(KIND_TO_MENTION)}
#: Most aliases, and most mentions, that are read of one figure; real figures have hundreds.
MOST_NODES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gene, chemical or disease that a word may stand for.

    :param organism: name of the gene's species, where one is known.
    """

    iri: str
    name: str
    accession: str
    organism: str | None


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: a word of the picture and what it may stand for.

    :param anchor: the part of its IRI after the ``#``.
    :param lexicon: label in our vocabulary of the list of names in which the word was found.
    """

    anchor: str
    kind: Kind
    word: str
    match: str | None
    tier: str | None
    lexicon: str | None
    lexicon_iri: str | None
    candidates: Sequence[Candidate]
    rows: int
    unrecognized: Sequence[str]

    @property
    def organism(self) -> str | None:
        """The species of the candidates if all have the same, else None."""
        found = {candidate.organism for candidate in self.candidates}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Organism:
    """A species that a curator named or that was predicted; a mere name has no ``iri``."""

    iri: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Support:
    """How well an organism explains the words; each count is a text, as the source table has it."""

    anchor: str
    organism: Organism
    direct: Sequence[str]
    synonym: Sequence[str]
    match: Sequence[str]


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """The article of a figure."""

    iri: str
    pmcid: str
    title: str | None
    citations: Sequence[str]
    doi: str | None
    years: Sequence[str]
    journals: Sequence[tuple[str, str]]
    publishers: Sequence[tuple[str, str]]
    keywords: Sequence[str]

    @property
    def shown_citations(self) -> list[str]:
        """The citations as a page shows them."""
        return [shown_citation(text, self.years) for text in self.citations]

    @property
    def other_years(self) -> list[str]:
        """The years that no citation contains."""
        said = " ".join(self.shown_citations)
        return [year for year in self.years if year not in said]


def shown_citation(text: str, years: Sequence[str]) -> str:
    """A citation without the ``(NA)`` for missing pages, and with the year if it was left out.

    >>> shown_citation("Tang D. Cancer Drug Resist. 2024;7(NA).", ["2024"])
    'Tang D. Cancer Drug Resist. 2024;7.'
    >>> shown_citation("Li R. Nat Prod Rep. ;33(10):1166-1226.", ["2016"])
    'Li R. Nat Prod Rep. 2016;33(10):1166-1226.'
    """
    text = text.replace("(NA)", "")
    # PubMed writes the date between the journal and the volume.
    return re.sub(r"\. ;(?=[0-9])", f". {years[0]};", text, count=1) if len(years) == 1 else text


@dataclass(frozen=True, slots=True)
class FigureFacts:
    """A figure with all that its page shows."""

    iri: NamedNode
    figid: str
    triples: Sequence[Triple]
    said: Facts
    article: ArticleFacts
    mentions: Sequence[Mention]
    curated: Sequence[Organism]
    predicted: Sequence[Organism]
    supports: Sequence[Support]
    aliases: Sequence[str]
    networks: Sequence[str]
    pathways: Sequence[str]

    @property
    def title(self) -> str:
        """Its title; if the record has none, its number and its article."""
        return self.said.text(Schema.name) or f"{self.number} of {self.article.pmcid}"

    @property
    def number(self) -> str:
        """Its number in the article: ``Fig. 5`` as printed, else ``Scheme 1`` or ``Figure 11``."""
        printed = self.said.text(Pfocr.printed_number)
        kind = self.said.text(Pfocr.figure_type) or "Figure"
        position = self.said.text(Schema.position) or ""
        # The letters of F11 or S1 only repeat the kind.
        return printed or f"{kind} {re.sub('^[A-Z]{1,2}(?=[0-9])', '', position)}".strip()

    @property
    def sources(self) -> Sequence[str]:
        """The files of the PFOCR database that it was derived from."""
        nodes = [*self.said.nodes(WAS_DERIVED_FROM), *self.said.nodes(Pfocr.source_table)]
        return [node.value for node in nodes]


def read_figure(reading: Reading, figure: NamedNode) -> FigureFacts:
    """All that a release says about a figure."""
    triples, aliases = _triples(reading, figure)
    facts = by_subject(triples)
    said = facts[figure]
    taxa = {
        *said.nodes(Schema.about),
        *said.nodes(Pfocr.predicted_organism),
        *(t.object for t in triples if t.predicate in (Schema.taxonomic_range, Pfocr.organism)),
    }
    names = reading.names(taxon for taxon in taxa if isinstance(taxon, NamedNode))
    links = [node.value for node in said.nodes(Schema.subject_of)]
    return FigureFacts(
        figure,
        said.text(Schema.identifier) or "",
        triples,
        said,
        _article(reading, facts, said),
        _mentions(facts, figure, names),
        _organisms(said, Schema.about, Pfocr.organism_name, names),
        _organisms(said, Pfocr.predicted_organism, Pfocr.predicted_organism_name, names),
        _supports(facts, said, names),
        [alias.value for alias in aliases],
        [link for link in links if link.startswith(ns.NDEX)],
        [link for link in links if link.startswith(ns.WIKIPATHWAYS)],
    )


def figure_triples(reading: Reading, figure: NamedNode) -> list[Triple]:
    """The triples of the RDF forms of a figure's page: those of the query ``figure-record``."""
    return _triples(reading, figure)[0]


def _triples(reading: Reading, figure: NamedNode) -> tuple[list[Triple], list[NamedNode]]:
    """The triples of the figure, and its aliases."""
    own = reading.outgoing(figure)
    aliases = reading.subjects(IS_REPLACED_BY, figure, MOST_NODES)
    mentions = reading.subjects(Oa.has_target, figure, MOST_NODES)
    others: dict[NamedNode, None] = dict.fromkeys((*aliases, *mentions))
    articles: list[NamedNode] = []
    for triple in own:
        if isinstance(triple.object, NamedNode):
            if triple.predicate in (Schema.mentions, Pfocr.organism_support):
                others[triple.object] = None
            elif triple.predicate == Schema.is_part_of:
                articles.append(triple.object)
    found = own + reading.outgoing_of(others)
    for node in articles:
        said = reading.outgoing(node)
        if any(t.predicate == RDF_TYPE and t.object == Schema.ScholarlyArticle for t in said):
            found += said
    return found, aliases


def _article(reading: Reading, facts: Mapping[NamedNode, Facts], figure: Facts) -> ArticleFacts:
    node = next(n for n in figure.nodes(Schema.is_part_of) if facts.get(n, NOTHING))
    return read_article(reading, node, facts[node])


def read_article(reading: Reading, node: NamedNode, said: Facts) -> ArticleFacts:
    """All that the page shows of an article."""
    identifiers = said.texts(Schema.identifier)
    journals, publishers = said.nodes(Schema.is_part_of), said.nodes(Schema.publisher)
    names = reading.names((*journals, *publishers))

    def named(nodes: Iterable[NamedNode]) -> list[tuple[str, str]]:
        return [(node.value, names.get(node, node.value)) for node in nodes]

    return ArticleFacts(
        node.value,
        next((i for i in identifiers if ns.PMC_RE.fullmatch(i)), ""),
        said.text(Schema.name),
        said.texts(BIBLIOGRAPHIC_CITATION),
        next((i for i in identifiers if ns.DOI_RE.fullmatch(i)), None),
        said.texts(Schema.date_published),
        named(journals),
        named(publishers),
        said.texts(Schema.keywords),
    )


def _mentions(
    facts: Mapping[NamedNode, Facts], figure: NamedNode, names: Mapping[NamedNode, str]
) -> list[Mention]:
    """The mentions: genes first, and within a kind the strongest evidence first."""
    known: dict[NamedNode, Candidate] = {}

    def candidate(node: NamedNode) -> Candidate:
        if node not in known:
            said = facts.get(node, NOTHING)
            organisms = [names[t] for t in said.nodes(Schema.taxonomic_range) if t in names]
            accession = said.text(Schema.identifier) or node.value
            name = said.text(Schema.name) or accession
            known[node] = Candidate(node.value, name, accession, ", ".join(organisms) or None)
        return known[node]

    def mention(node: NamedNode, said: Facts, kind: Kind) -> Mention:
        bodies = map(candidate, said.nodes(Oa.has_body))
        tier, lexicon = said.node(Pfocr.tier), said.node(Pfocr.lexicon)
        return Mention(
            node.value.partition("#")[2],
            kind,
            said.text(Schema.text) or "",
            said.text(Pfocr.match),
            tier and tier.value.removeprefix(ns.PFOCR),
            lexicon and ontology_terms()[lexicon.value.removeprefix(ns.PFOCR)].label,
            lexicon and lexicon.value,
            sorted(bodies, key=lambda c: (c.name.casefold(), c.organism or "", c.accession)),
            int(said.text(Pfocr.row_count) or 1),
            said.texts(Pfocr.unrecognized_value),
        )

    found = [
        mention(node, said, kind)
        for node, said in facts.items()
        if said.node(Oa.has_target) == figure
        for kind in map(MENTION_TO_KIND.get, said.nodes(RDF_TYPE))
        if kind
    ]
    return sorted(
        found,
        key=lambda m: (
            KIND_TO_RANK[m.kind],
            TIER_TO_RANK.get(m.tier or "", len(TIER_TO_RANK)),
            m.word.casefold(),
            m.anchor,
        ),
    )


def _organisms(
    said: Facts, to_taxon: NamedNode, to_name: NamedNode, names: Mapping[NamedNode, str]
) -> list[Organism]:
    taxa = [Organism(t.value, names.get(t, t.value)) for t in said.nodes(to_taxon)]
    return [*taxa, *(Organism(None, name) for name in said.texts(to_name))]


def _supports(
    facts: Mapping[NamedNode, Facts], figure: Facts, names: Mapping[NamedNode, str]
) -> list[Support]:
    """The counts of each organism, the best supported first."""
    found = []
    for node in figure.nodes(Pfocr.organism_support):
        said = facts.get(node, NOTHING)
        taxon = said.node(Pfocr.organism)
        name = names.get(taxon, taxon.value) if taxon else ""
        found.append(
            Support(
                node.value.partition("#")[2],
                Organism(taxon and taxon.value, name),
                said.texts(Pfocr.count_direct),
                said.texts(Pfocr.count_synonym),
                said.texts(Pfocr.count_match),
            )
        )
    return sorted(found, key=lambda s: (-max(map(int, s.match), default=0), s.organism.name))
