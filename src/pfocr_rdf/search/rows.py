"""Figures and shared things → their rows of the search index. Pure: no input, no output.

Figures' rows are made where records are mapped, in the worker processes: finding the words of
texts is most of the work of an index.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple

from pfocr_rdf.equivalents import doi_iri
from pfocr_rdf.iris import Iris, Namespace
from pfocr_rdf.mapping import Node
from pfocr_rdf.records import Figure
from pfocr_rdf.records.mention_rows import LEXICON_TO_TIER
from pfocr_rdf.records.model import KINDS, Kind
from pfocr_rdf.search.found import Tier
from pfocr_rdf.search.words import key, piece_key, piece_words, words
from pfocr_rdf.vocabulary import KIND_TO_ENTITY, RDF_TYPE, Schema

#: Column → how much a word there counts: more where it is the subject than where it is only
#: mentioned. A gene that a family's name may stand for counts so little that a figure that names
#: the gene comes first even if it names two hundred others too. Identifiers of things count
#: almost nothing: they say which thing it is, and its names by what evidence.
COLUMN_TO_WEIGHT: Final = {
    "ids": 20.0,
    "title": 10.0,
    "symbols": 8.0,
    "synonyms": 4.0,
    "families": 0.2,
    "chemicals": 5.0,
    "diseases": 5.0,
    "words": 3.0,
    "caption": 2.0,
    "article": 1.0,
    "organisms": 1.0,
    "source": 0.5,
    "entities": 0.001,
}
#: Tier of evidence → the column of genes that were found by it; the strongest first.
TIER_TO_COLUMN: Final[dict[Tier, str]] = {
    "symbol": "symbols",
    "synonym": "synonyms",
    "family": "families",
}
TIERED: Final = tuple(TIER_TO_COLUMN.values())
#: Lexicons that have a tier → the column of that tier; any other says as little as a family.
LEXICON_TO_COLUMN: Final = {
    lexicon: column
    for lexicon, its_tier in LEXICON_TO_TIER.items()
    for tier, column in TIER_TO_COLUMN.items()
    if tier == its_tier
}
#: What a token of the index can stand for.
Identified = Namespace | Literal["taxon"]
#: Class of a shared thing → what a suggestion calls it.
CLASS_TO_KIND: Final = {entity: kind for kind, entity in KIND_TO_ENTITY.items()} | {
    Schema.Taxon: "organism"
}


class Row(NamedTuple):
    """One figure of the index.

    ``shown`` is what an answer shows: figid, title, title of the article, year, caption, words
    of the picture, genes, chemicals, diseases, source. ``organisms`` are taxon ids, or names
    where there is none. ``searched`` holds the words of each column, in the order of the columns.
    ``close`` are pairs of tokens: a ChEBI or DOID term, and the figure's thing that it closely
    matches.
    """

    shown: tuple[str | None, ...]
    organisms: tuple[str, ...]
    title_key: str
    entities: tuple[str, ...]
    searched: tuple[str, ...]
    close: tuple[tuple[str, str], ...] = ()


class ThingRow(NamedTuple):
    """One gene, chemical, disease or organism of the index; the first name is the usual one."""

    token: str
    iri: str
    kind: str
    accession: str
    names: tuple[str, ...]
    organism: str | None


def identity(text: str) -> str:
    """The token that stands for an IRI, or a row of words, in the index; no text has such a word.

    >>> identity("https://identifiers.org/ncbigene/5742")
    'xa73a6081f0f148d3'
    """
    return "x" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@cache
def tokens(iris: Iris) -> Callable[[Identified, str], str]:
    """A function from an identifier to its token; made once for each configuration of IRIs.

    >>> tokens(Iris())("ncbigene", "5742")
    'xa73a6081f0f148d3'
    """

    @lru_cache(maxsize=1 << 14)
    def token(kind: Identified, identifier: str) -> str:
        if kind == "taxon":
            return identity(iris.taxon(identifier).value)
        return identity(iris.entity(kind, identifier).value)

    return token


class _Mentioned(NamedTuple):
    """What the mentions of a figure say. The keys of each dictionary are a list without repeats.

    ``close`` are pairs of tokens: a ChEBI or DOID term, as people search for these too, and the
    thing that it matches.
    """

    words: dict[str, None]
    kind_to_names: dict[Kind, dict[str, None]]
    kind_to_close_names: dict[Kind, dict[str, None]]
    column_to_words: dict[str, dict[str, None]]
    entities: dict[str, None]
    close: dict[tuple[str, str], None]


def search_row(figure: Figure, iris: Iris) -> Row:
    """The row of a figure: what is searched and what is shown of it."""
    article, token = figure.article, tokens(iris)
    said = _mentioned(figure, token)
    names, close_names, entities = said.kind_to_names, said.kind_to_close_names, said.entities
    source = _joined(
        [article.citation, article.journal, article.journal_abbreviation, *article.keywords], "; "
    )
    organisms = dict.fromkeys((*figure.organisms, *figure.predicted_organisms))
    for organism in organisms:
        if organism.taxon:
            entities[token("taxon", organism.taxon)] = None
    rows = dict.fromkeys(row for word in said.words if " " in (row := piece_key(word)))
    searched = {
        "words": _once(piece_words, said.words),
        # The names of closely matching terms are searched, too.
        "chemicals": _once(piece_words, names["chemical"] | close_names["chemical"]),
        "diseases": _once(piece_words, names["disease"] | close_names["disease"]),
        # Without the parts of words: the Ras of K-Ras is no evidence for RAS.
        **{column: _once(piece_key, its) for column, its in said.column_to_words.items()},
        "ids": " ".join((article.pmcid.lower(), *map(identity, _identifiers(figure, iris)))),
        "title": words(figure.title or ""),
        "caption": words(figure.caption or ""),
        "article": words(article.title or ""),
        "organisms": words(" ".join(organism.name for organism in organisms)),
        "source": words(source),
        # A picture's words have no order, so that a phrase of several is found as a whole.
        "entities": " ".join((*entities, *map(identity, rows))),
    }
    return Row(
        (
            figure.figid,
            figure.title,
            article.title,
            article.year,
            figure.caption,
            *(_joined(listed, ", ") for listed in (said.words, *names.values())),
            source,
        ),
        tuple(dict.fromkeys(o.taxon or o.name for o in organisms)),
        key(figure.title or ""),
        tuple(entities),
        tuple(searched[column] for column in COLUMN_TO_WEIGHT),
        tuple(said.close),
    )


def _mentioned(figure: Figure, token: Callable[[Identified, str], str]) -> _Mentioned:
    """The words of the picture, what they may stand for, and both by tier, for genes."""
    said = _Mentioned(
        {}, {k: {} for k in KINDS}, {k: {} for k in KINDS}, {c: {} for c in TIERED}, {}, {}
    )
    for mention in figure.mentions:
        kind, word, match = mention.kind, mention.word, mention.match
        said.words[word] = said.words[match] = None
        names = said.kind_to_names[kind]
        for one in mention.candidates:
            names[one.name] = None
            entity = token(one.namespace, one.accession)
            said.entities[entity] = None
            if one.close:
                said.close[token(*one.close), entity] = None
            if one.close_name:
                said.kind_to_close_names[kind][one.close_name] = None
        if kind == "gene":
            tiered = said.column_to_words[LEXICON_TO_COLUMN.get(mention.source, "families")]
            for one in mention.candidates:
                tiered[one.name] = None
            tiered[word] = tiered[match] = None
    if not figure.mentions:
        # They are all that is known of such a picture. With mentions, keywords only repeat the
        # genes, whatever their tier.
        said.words.update(dict.fromkeys(figure.keywords))
    return said


def _identifiers(figure: Figure, iris: Iris) -> Iterator[str]:
    """The IRIs that lead to one figure or to the few of an article."""
    yield iris.figure(figure.figid).value
    if figure.alias:
        yield iris.figure(figure.alias).value
    if figure.pmc_path:
        yield iris.figure_at_pmc(figure.pmc_path).value
    yield iris.image(figure.article.pmcid, figure.filename).value
    yield iris.article(figure.article.pmcid).value
    if figure.article.doi:
        yield doi_iri(figure.article.doi).value
    if figure.ndex:
        yield iris.network(figure.ndex).value
    for wpid in figure.wpids:
        yield from (pathway.value for pathway in iris.pathways(wpid))


def _once(read: Callable[[str], str], texts: Iterable[str]) -> str:
    """The words of a list, each once: repeats must not make it count as a longer text."""
    return " ".join(dict.fromkeys(" ".join(map(read, texts)).split()))


def _joined(texts: Iterable[str | None], between: str) -> str:
    return between.join(filter(None, texts))


def thing_rows(nodes: Sequence[Node]) -> Iterator[ThingRow]:
    """The genes, chemicals, diseases and organisms among the nodes of shared things."""
    for node in nodes:
        found: dict[object, list[str]] = {}
        for predicate, value in node.facts:
            found.setdefault(predicate, []).append(value.value)
        kind = next((k for c, k in CLASS_TO_KIND.items() if c.value in found[RDF_TYPE]), None)
        names = [*found.get(Schema.name, ()), *found.get(Schema.alternate_name, ())]
        if kind and names:
            yield ThingRow(
                identity(node.subject.value),
                node.subject.value,
                kind,
                found[Schema.identifier][0],
                tuple(names),
                next(map(identity, found.get(Schema.taxonomic_range, ())), None),
            )
