"""Enrichment: the figures whose genes a list of genes has more often than by chance.

The gene sets are those that the query ``gene-sets`` gives of a release. Each is tested with the
hypergeometric distribution, which is Fisher's exact test for more, and the probabilities are
corrected for the number of tests after Benjamini and Hochberg:
https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from math import exp, fsum, log
from typing import Final, cast

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from pfocr_rdf import iris as ns
from pfocr_rdf.errors import IriError, QueryError
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.parameters import ANY
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.spellings import find_iri

# Not imported from the vocabulary: it imports the readers of records.
IDENTIFIER: Final = term(ns.SCHEMA, "identifier")
NAMES: Final = (term(ns.SCHEMA, "name"), term(ns.SCHEMA, "alternateName"))
RANGE: Final = term(ns.SCHEMA, "taxonomicRange")
RDF_TYPE: Final = term(ns.RDF, "type")
GENE: Final = term(ns.SCHEMA, "Gene")

#: Words of a list, and letters of each, that a message repeats at most.
NAMED: Final = 10
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class GeneSet:
    """A figure with the NCBI Gene ids of its genes."""

    figid: str
    title: str
    genes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Enriched:
    """A figure that has genes of the list.

    :param found: the NCBI Gene ids that the list and the figure have in common, in order.
    :param genes: how many genes the figure has.
    :param expected: how many genes in common there would be by chance, on average.
    :param p: how probable as many, or more, are by chance.
    :param q: the false discovery rate of a list that ends with this figure.
    """

    figid: str
    title: str
    found: tuple[str, ...]
    genes: int
    expected: float
    p: float
    q: float


@dataclass(frozen=True, slots=True)
class Enrichment:
    """The result of a test.

    :param figures: those with a gene of the list, the least probable first.
    :param tested: how many figures were tested, also those without any.
    :param background: how many genes could have been in the list.
    :param listed: how many genes of the list are among these.
    """

    figures: tuple[Enriched, ...]
    tested: int
    background: int
    listed: int


def gene_sets(
    store: Store, iris: Iris, tier: str = ANY, organism: str = ANY, minimum: int = 3
) -> Iterator[GeneSet]:
    """The gene sets of a release, as the query ``gene-sets`` gives them.

    :param tier: of the evidence, or several with commas between, or ``any``.
    :param organism: an NCBI taxonomy id in any spelling, or ``any``.
    :param minimum: genes that a set must have.
    :raises UsageError: if a value is none of these.
    """
    values = {"tier": tier, "organism": organism, "minimum": str(minimum)}
    answer = store.query(bind(load_query("gene-sets"), values, iris))
    for row in cast(QuerySolutions, answer):
        figid, title, genes = (_text(row[name]) for name in ("figid", "title", "genes"))
        yield GeneSet(figid, title, frozenset(genes.split(" ")))


def _text(value: object) -> str:
    return value.value if isinstance(value, Literal) else ""


def read_genes(
    words: Iterable[str], store: Store, iris: Iris, organism: NamedNode | None
) -> tuple[dict[str, str], list[str]]:
    """The genes that a list names.

    :param words: symbols as records spell them, or NCBI Gene ids in any spelling.
    :param organism: whose genes the symbols are of; of all organisms by default.
    :returns: NCBI Gene id → word that names it first; and the words that name no gene of a figure.
    :raises QueryError: if no word names any.
    """
    found: dict[str, str] = {}
    unknown: list[str] = []
    for word in dict.fromkeys(words):
        genes = list(_named(word, store, iris, organism))
        for gene in genes:
            found.setdefault(gene, word)
        if not genes:
            unknown.append(word)
    if not found:
        shown = ", ".join(word[:SHOWN] for word in unknown[:NAMED]) or "it is empty"
        advice = "give symbols as NCBI Gene has them, NCBI Gene ids, or another organism"
        raise QueryError(f"the list has no gene of any figure ({shown}): {advice}")
    return found, unknown


def _named(word: str, store: Store, iris: Iris, organism: NamedNode | None) -> Iterator[str]:
    """The NCBI Gene ids of the genes that a word names: by an id, a name, or else another name."""
    if word.isdigit() or ":" in word:  # else the library that reads CURIEs need not be imported
        with suppress(IriError):
            node = find_iri(word, iris, ("ncbigene",))
            if _is_gene(node, store, None):
                yield _identifier(node, store)
            return
    for name in NAMES:
        quads = store.quads_for_pattern(None, name, Literal(word))
        nodes = [quad.subject for quad in quads if isinstance(quad.subject, NamedNode)]
        if genes := [one for one in nodes if _is_gene(one, store, organism)]:
            yield from sorted(_identifier(one, store) for one in genes)
            return


def _is_gene(node: NamedNode, store: Store, organism: NamedNode | None) -> bool:
    is_gene = any(store.quads_for_pattern(node, RDF_TYPE, GENE))
    return is_gene and (organism is None or any(store.quads_for_pattern(node, RANGE, organism)))


def _identifier(gene: NamedNode, store: Store) -> str:
    (quad,) = store.quads_for_pattern(gene, IDENTIFIER, None)
    return _text(quad.object)


def enrichment(
    sets: Iterable[GeneSet],
    listed: Collection[str],
    minimum: int,
    background: Collection[str] | None = None,
) -> Enrichment:
    """Test which figures have more genes of a list than by chance.

    :param sets: of all figures, each read once.
    :param listed: the NCBI Gene ids of the list.
    :param minimum: genes of the background that a figure must have to be tested.
    :param background: the genes that could have been in the list, such as those that an experiment
        measured; by default all genes of the sets. Of those, only genes of some set count.

    >>> sets = [GeneSet("f1", "", frozenset("123")), GeneSet("f2", "", frozenset("3456789"))]
    >>> found = enrichment(sets, {"1", "2"}, minimum=2)
    >>> [(one.figid, one.found, round(one.p, 4)) for one in found.figures]
    [('f1', ('1', '2'), 0.0833)]
    """
    measured = None if background is None else frozenset(background)
    wanted = frozenset(listed)
    universe: set[str] = set()
    having: list[tuple[GeneSet, int, frozenset[str]]] = []
    tested = 0
    for one in sets:
        genes = one.genes if measured is None else one.genes & measured
        if len(genes) < minimum:
            continue
        tested += 1
        universe |= genes
        if found := genes & wanted:
            having.append((one, len(genes), found))
    drawn = len(universe & wanted)
    chance = Chance(len(universe), drawn)
    ranked = sorted(
        (
            (chance.of_so_many(len(found), size), -len(found), one.figid, one, size, found)
            for one, size, found in having
        ),
        key=lambda row: row[:3],
    )
    rates = false_discovery_rates([row[0] for row in ranked], tested)
    figures = tuple(
        Enriched(
            one.figid,
            one.title,
            tuple(sorted(found, key=lambda gene: (len(gene), gene))),
            size,
            drawn * size / len(universe),
            p,
            q,
        )
        for (p, _, _, one, size, found), q in zip(ranked, rates, strict=True)
    )
    return Enrichment(figures, tested, len(universe), drawn)


class Chance:
    """The hypergeometric distribution for a list of genes that are drawn from a background.

    :param background: how many genes there are.
    :param drawn: how many of them are in the list.
    """

    def __init__(self, background: int, drawn: int) -> None:
        self.background = background
        self.drawn = drawn
        logs = (log(number) for number in range(1, background + 1))
        self._log_factorials = list(accumulate(logs, initial=0.0))

    def of_so_many(self, found: int, size: int) -> float:
        """How probable it is that a set has so many genes of the list, or more.

        >>> round(Chance(50, 5).of_so_many(4, 10), 8)  # 4 or 5 of 5, where 10 of 50 are such
        0.00408352
        """
        rest = self.background - self.drawn
        least = max(found, size - rest)
        logs = [
            self._log_choices(self.drawn, count) + self._log_choices(rest, size - count)
            for count in range(least, min(self.drawn, size) + 1)
        ]
        all_choices = self._log_choices(self.background, size)
        return min(1.0, fsum(exp(one - all_choices) for one in logs))

    def _log_choices(self, among: int, count: int) -> float:
        logs = self._log_factorials
        return logs[among] - logs[count] - logs[among - count]


def false_discovery_rates(probabilities: Sequence[float], tests: int) -> list[float]:
    """The rates of Benjamini and Hochberg, for probabilities in order, the least first.

    :param tests: how many there were; those that are not given have a probability of 1.

    >>> false_discovery_rates([0.01, 0.02, 0.5], 4)
    [0.04, 0.04, 0.6666666666666666]
    """
    rates: list[float] = []
    least = 1.0
    for rank in range(len(probabilities), 0, -1):
        least = min(least, probabilities[rank - 1] * tests / rank)
        rates.append(least)
    return rates[::-1]
