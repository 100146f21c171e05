"""Figure → triples: the meaning of a record. Pure: no input, no output.

Two levels: ``schema:mentions`` from the figure to every candidate, for short queries and
cheap joins, and a node for each reading of the picture, for queries that ask for evidence.
What figures share is collected in :mod:`pfocr_rdf.shared` and described once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Article, Figure, Kind, Mention, Support
from pfocr_rdf.records.mention_rows import KIND_TO_LEXICONS, LEXICON_TO_TIER
from pfocr_rdf.recurring import LONGEST
from pfocr_rdf.vocabulary import (
    BIBLIOGRAPHIC_CITATION,
    IS_REPLACED_BY,
    KIND_TO_MENTION,
    LEXICON_TO_TERM,
    LICENSE_OF_RECORDS,
    RDF_TYPE,
    TIER_TO_TERM,
    WAS_DERIVED_FROM,
    XSD_DECIMAL,
    XSD_GYEAR,
    XSD_INTEGER,
    Oa,
    Pfocr,
    Schema,
)

Object = NamedNode | Literal
Facts = Iterator[tuple[NamedNode, Object]]

#: Kind and lexicon, as the records spell it → what is said of a mention: the lexicon and its tier.
LEXICON_TO_FACTS: Final[dict[tuple[Kind, str], list[tuple[NamedNode, Object]]]] = {
    (kind, name): [
        (Pfocr.lexicon, LEXICON_TO_TERM[name]),
        *([(Pfocr.tier, TIER_TO_TERM[tier])] if (tier := LEXICON_TO_TIER[name]) else []),
    ]
    for kind, names in KIND_TO_LEXICONS.items()
    for name in names
}
#: What a figure is.
FIGURE_TYPES: Final = (Schema.ImageObject, Pfocr.PathwayFigure)
#: How many readings are remembered: those that occur often, a few megabytes.
MENTIONS: Final = 1 << 13
#: How many things a reading that is remembered may stand for.
MOST_BODIES: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What many subjects have in common: all their facts except the value of one predicate.

    :param predicate: each subject has one value of it, an IRI.
    :param facts: the facts with other predicates, in order.
    :param at: the index among them at which that value is inserted.
    :param recurs: whether what is made of it is worth remembering.
    """

    predicate: NamedNode
    facts: tuple[tuple[NamedNode, Object], ...]
    at: int
    recurs: bool = True

    def node(self, subject: NamedNode, value: NamedNode) -> "Node":
        """One of the subjects, with its value."""
        facts = list(self.facts)
        facts.insert(self.at, (self.predicate, value))
        return Node(subject, facts, self if self.recurs else None)


@dataclass(frozen=True, slots=True)
class Node:
    """Everything that is said of one subject: its triples, without the subject repeated.

    ``common`` saves looking again at facts that many subjects share.
    """

    subject: NamedNode
    facts: list[tuple[NamedNode, Object]]
    common: Common | None = None


def triples(nodes: Iterable[Node]) -> Iterator[Triple]:
    """Nodes as triples, in the same order.

    >>> node = Node(Schema.Gene, [(RDF_TYPE, Schema.Taxon)])
    >>> [triple.object.value for triple in triples([node])]
    ['http://schema.org/Taxon']
    """
    for node in nodes:
        subject = node.subject
        for predicate, value in node.facts:
            yield Triple(subject, predicate, value)


def figure_nodes(figure: Figure, iris: Iris) -> Iterator[Node]:
    """Everything that a record says of its figure, subject by subject.

    Each triple is given once. The article is left to :func:`article_node`, because
    several figures may share it.
    """
    subject = iris.figure(figure.figid)
    common = commons(iris)
    said = [common(mention) for mention in figure.mentions]
    bodies = dict.fromkeys(body for _, found in said for body in found)
    facts = list(_figure_facts(figure, iris))
    facts.extend((Schema.mentions, body) for body in bodies)
    yield Node(subject, facts)
    if figure.alias:
        yield Node(iris.figure(figure.alias), [(IS_REPLACED_BY, subject)])
    for taxon, supports in _by_taxon(figure.supports).items():
        facts = list(_support_facts(taxon, supports, iris))
        yield Node(iris.support(figure.figid, taxon), facts)
    for mention, (alike, _) in zip(figure.mentions, said, strict=True):
        node = iris.mention(figure.figid, mention.kind, mention.word, mention.match, mention.source)
        yield alike.node(node, subject)


def _figure_facts(figure: Figure, iris: Iris) -> Facts:
    """What is said of the figure itself, except the entities that it mentions."""
    for kind in FIGURE_TYPES:
        yield RDF_TYPE, kind
    yield Schema.identifier, Literal(figure.figid)
    texts = (
        (Schema.name, figure.title),
        (Schema.caption, figure.caption),
        (Pfocr.caption_as_found, figure.caption_as_found),
        (Schema.position, figure.number),
        (Pfocr.printed_number, figure.printed_number),
        (Pfocr.figure_type, figure.figure_type),
    )
    for predicate, text in texts:
        if text:
            yield predicate, Literal(text)
    if figure.score is not None:
        yield Pfocr.pathway_score, decimal_literal(figure.score)
    if figure.search_rank is not None:
        yield Pfocr.search_rank, integer_literal(figure.search_rank)
    yield from _link_facts(figure, iris)
    yield from _organism_facts(figure, iris)
    for keyword in figure.keywords:
        yield Schema.keywords, Literal(keyword)
    yield WAS_DERIVED_FROM, iris.source(figure.source)
    yield Pfocr.source_sha256, Literal(figure.source_sha256)
    for table in figure.tables:
        yield Pfocr.source_table, iris.source(table)
    for value in dict.fromkeys((*figure.unrecognized, *_supports_without_taxon(figure.supports))):
        yield Pfocr.unrecognized_value, Literal(value)


def _link_facts(figure: Figure, iris: Iris) -> Facts:
    """Links to the article, the dataset, the pages, the picture, the licence, NDEx and pathways."""
    yield Schema.is_part_of, iris.article(figure.article.pmcid)
    yield Schema.is_part_of, iris.dataset
    if figure.pmc_path:
        yield Schema.url, iris.figure_at_pmc(figure.pmc_path)
    yield Schema.content_url, iris.image(figure.article.pmcid, figure.filename)
    yield Schema.main_entity_of_page, iris.page(figure.figid)
    yield Schema.sd_license, LICENSE_OF_RECORDS
    if figure.ndex:
        yield Schema.subject_of, iris.network(figure.ndex)
    pathways = dict.fromkeys(iri for wpid in figure.wpids for iri in iris.pathways(wpid))
    for iri in pathways:
        yield Schema.subject_of, iri


def _organism_facts(figure: Figure, iris: Iris) -> Facts:
    """Curated organisms are what the figure is about; predicted ones are kept apart."""
    levels = (
        (figure.organisms, Schema.about, Pfocr.organism_name),
        (figure.predicted_organisms, Pfocr.predicted_organism, Pfocr.predicted_organism_name),
    )
    for organisms, to_taxon, to_name in levels:
        for taxon in dict.fromkeys(o.taxon for o in organisms if o.taxon):
            yield to_taxon, iris.taxon(taxon)
        for name in dict.fromkeys(o.name for o in organisms if not o.taxon):
            yield to_name, Literal(name)
    for taxon in _by_taxon(figure.supports):
        yield Pfocr.organism_support, iris.support(figure.figid, taxon)


def _by_taxon(supports: Sequence[Support]) -> dict[str, list[Support]]:
    """The supports of each taxon: a table may name one taxon in two ways."""
    found: dict[str, list[Support]] = {}
    for support in supports:
        if support.organism.taxon:
            found.setdefault(support.organism.taxon, []).append(support)
    return found


def _supports_without_taxon(supports: Sequence[Support]) -> Iterator[str]:
    """The supports without a taxon, as texts: a node for one would have no IRI."""
    for support in supports:
        if not support.organism.taxon:
            counts = (
                ("direct", support.direct),
                ("synonym", support.synonym),
                ("match", support.match),
            )
            stated = [f"{name} {value}" for name, values in counts for value in values]
            group = f" ({support.group})" if support.group else ""
            said = ", ".join(stated) or "no counts"
            yield f"support of {support.organism.name}{group}: {said}"


def _support_facts(taxon: str, supports: Sequence[Support], iris: Iris) -> Facts:
    yield RDF_TYPE, Pfocr.OrganismSupport
    yield Pfocr.organism, iris.taxon(taxon)
    counts = (
        (Pfocr.count_direct, [s.direct for s in supports]),
        (Pfocr.count_synonym, [s.synonym for s in supports]),
        (Pfocr.count_match, [s.match for s in supports]),
    )
    for predicate, stated in counts:
        for value in dict.fromkeys(value for values in stated for value in values):
            yield predicate, integer_literal(value)


@cache
def commons(iris: Iris) -> Callable[[Mention], tuple[Common, tuple[NamedNode, ...]]]:
    """A function that gives what a reading has in common in all pictures, and its candidates."""

    def common(mention: Mention) -> tuple[Common, tuple[NamedNode, ...]]:
        return remembered(mention) if _may_recur(mention) else made(mention, recurs=False)

    def made(mention: Mention, *, recurs: bool = True) -> tuple[Common, tuple[NamedNode, ...]]:
        # The same id may be there twice, under two names.
        named = dict.fromkeys((one.namespace, one.accession) for one in mention.candidates)
        bodies = tuple(iris.entity(*identifier) for identifier in named)
        types = (KIND_TO_MENTION[mention.kind], Oa.Annotation)
        facts = (
            *((RDF_TYPE, kind) for kind in types),
            *((Oa.has_body, body) for body in bodies),
            *_mention_facts(mention, len(bodies)),
        )
        return Common(Oa.has_target, facts, len(types), recurs), bodies

    remembered = lru_cache(maxsize=MENTIONS)(made)
    return common


def _may_recur(mention: Mention) -> bool:
    """Whether a reading is small enough to be remembered with its candidates."""
    letters = len(mention.word) + len(mention.match) + len(mention.source)
    letters += sum(map(len, mention.unrecognized))
    for one in mention.candidates:
        letters += len(one.name) + len(one.close_name)
        if one.organism:
            letters += len(one.organism.name)
    return letters <= LONGEST and len(mention.candidates) <= MOST_BODIES


def _mention_facts(mention: Mention, bodies: int) -> Facts:
    """The evidence of one reading of the picture."""
    yield Schema.text, Literal(mention.word)
    if mention.match:
        yield Pfocr.match, Literal(mention.match)
    yield from LEXICON_TO_FACTS.get((mention.kind, mention.source), ())
    yield Pfocr.candidate_count, integer_literal(bodies)
    yield Pfocr.row_count, integer_literal(mention.row_count)
    for value in mention.unrecognized:
        yield Pfocr.unrecognized_value, Literal(value)


def article_node(articles: Sequence[Article], iris: Iris) -> Node:
    """One article, from the records of all its figures.

    :param articles: what each record says; all have the same PMC id. Where they disagree on
        the title, the most frequent is the name and the others are alternate names.
    """
    facts = dict.fromkeys(_article_facts(articles, iris))
    return Node(iris.article(articles[0].pmcid), list(facts))


def _article_facts(articles: Sequence[Article], iris: Iris) -> Facts:
    yield RDF_TYPE, Schema.ScholarlyArticle
    yield Schema.identifier, Literal(articles[0].pmcid)
    for doi in distinct(a.doi for a in articles):
        yield Schema.identifier, Literal(doi)
    yield from name_facts(Counter(a.title for a in articles if a.title))
    for year in distinct(a.year for a in articles):
        yield Schema.date_published, Literal(year, datatype=XSD_GYEAR)
    for citation in distinct(a.citation for a in articles):
        yield BIBLIOGRAPHIC_CITATION, Literal(citation)
    for journal in distinct(journal_key(a) for a in articles):
        yield Schema.is_part_of, iris.journal(journal)
    for publisher in distinct(a.publisher for a in articles):
        yield Schema.publisher, iris.publisher(publisher)
    for keyword in dict.fromkeys(word for a in articles for word in a.keywords):
        yield Schema.keywords, Literal(keyword)
    for value in dict.fromkeys(value for a in articles for value in a.unrecognized):
        yield Pfocr.unrecognized_value, Literal(value)


def journal_key(article: Article) -> str | None:
    """The name that a journal's IRI is minted from: NLM's abbreviation, which is unique."""
    return article.journal_abbreviation or article.journal


def name_facts(names: Counter[str]) -> Facts:
    """The most frequent name, the first by code point among equals; the others as alternates."""
    ordered = sorted(filter(None, names), key=lambda name: (-names[name], name))
    for rank, name in enumerate(ordered):
        yield Schema.alternate_name if rank else Schema.name, Literal(name)


def distinct(values: Iterator[str | None]) -> list[str]:
    """The values that are there, each once, in order."""
    return list(dict.fromkeys(value for value in values if value))


@lru_cache(maxsize=4096)
def integer_literal(value: int) -> Literal:
    """A whole number in canonical form."""
    return Literal(str(value), datatype=XSD_INTEGER)


def decimal_literal(value: Decimal) -> Literal:
    """A decimal in the form that the store keeps: no exponent, no trailing zeros.

    >>> decimal_literal(Decimal("1.50")).value, decimal_literal(Decimal("1E-5")).value
    ('1.5', '0.00001')
    """
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return Literal("0" if plain in {"-0", ""} else plain, datatype=XSD_DECIMAL)
