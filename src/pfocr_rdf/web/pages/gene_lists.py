"""The genes of a figure as lists: to copy from its page, and as files for other tools."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf.results import gmt_line
from pfocr_rdf.web.pages.figure_facts import TIER_TO_RANK, Candidate, FigureFacts, read_figure
from pfocr_rdf.web.pages.former import formerly, gone, replacement
from pfocr_rdf.web.pages.forms import moved, reply
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

#: Value of ``tier=`` for all candidates, with a tier or without.
ANY: Final = "any"
#: The lists of a page: ``tier=``, as in the named queries → label. Each contains the ones before.
TIER_TO_LABEL: Final = {
    "symbol": "Found by their symbol",
    "symbol,synonym": "By symbol or synonym",
    ANY: "All candidates, families too",
}
TSV: Final = "text/tab-separated-values; charset=utf-8"
#: Format → media type; GMT has none of its own, and is TSV in form.
FORMAT_TO_TYPE: Final = {"gmt": TSV, "tsv": TSV}
COLUMNS: Final = ("symbol", "ncbigene", "organism", "tier", "words")
CONTROL_RE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene of a figure, with its evidence and the words that stand for it.

    :param tier: of the strongest evidence; None if no evidence has a tier.
    :param tiers: of all evidence.
    """

    candidate: Candidate
    tier: str | None
    tiers: frozenset[str]
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class GeneList:
    """The genes of a figure that were found by evidence of certain tiers."""

    tier: str
    label: str
    genes: Sequence[Gene]

    @property
    def symbols(self) -> list[str]:
        """Each symbol once: genes of two species may share one."""
        return list(dict.fromkeys(gene.candidate.name for gene in self.genes))

    @property
    def ids(self) -> list[str]:
        """NCBI Gene ids."""
        return [gene.candidate.accession for gene in self.genes]


def genes_of(figure: FigureFacts) -> list[Gene]:
    """Each gene once, in the order of the symbols."""
    found: dict[str, Gene] = {}
    for mention in figure.mentions:  # the strongest evidence comes first
        if mention.kind == "gene":
            for candidate in mention.candidates:
                known = found.get(candidate.iri)
                words = dict.fromkeys((*(known.words if known else ()), mention.word))
                tier = known.tier if known else mention.tier
                tiers = (known.tiers if known else frozenset()) | {mention.tier or ""}
                found[candidate.iri] = Gene(candidate, tier, tiers - {""}, tuple(words))
    return sorted(
        found.values(), key=lambda g: (g.candidate.name.casefold(), _number(g.candidate.accession))
    )


def _number(accession: str) -> tuple[int, str]:
    return len(accession), accession


def gene_lists(figure: FigureFacts) -> list[GeneList]:
    """The lists, the strictest first, without those that add no gene to the one before."""
    genes = genes_of(figure)
    lists = (GeneList(t, label, chosen(genes, read_tiers(t))) for t, label in TIER_TO_LABEL.items())
    longer: list[GeneList] = []
    for each in lists:
        if len(each.genes) > (len(longer[-1].genes) if longer else 0):
            longer.append(each)
    return longer


def read_tiers(text: str) -> frozenset[str] | None:
    """The tiers in a value of ``tier=``, as in the named queries; None stands for any evidence.

    >>> sorted(read_tiers("Symbol, synonym")), read_tiers("any")
    (['symbol', 'synonym'], None)

    :raises Refusal: ``bad-parameter``.
    """
    names = frozenset(name.strip().lower() for name in text.split(","))
    if names == {ANY}:
        return None
    if not names <= TIER_TO_RANK.keys():
        known = ", ".join(TIER_TO_RANK)
        raise Refusal("bad-parameter", f"tier must be {ANY}, or one or more of {known}")
    return names


def chosen(genes: Sequence[Gene], tiers: frozenset[str] | None) -> list[Gene]:
    """The genes that have evidence of one of the tiers."""
    return [gene for gene in genes if tiers is None or gene.tiers & tiers]


def answer_genes(visit: Visit) -> Response:
    """``/figures/FIGID/genes.gmt`` and ``.tsv``; ``tier=`` chooses the evidence.

    Those of an alias lead to those of its figure.

    :raises Refusal: ``not-found``, ``gone`` or ``bad-parameter``.
    """
    form, tiers = visit.values["form"], read_tiers(visit.parameters.get("tier", ANY))
    address = visit.address.rpartition("/")[0]
    iri = visit.links.iri(address)
    if form not in FORMAT_TO_TYPE or iri is None:
        raise _no_list(visit)
    if not visit.reading.is_figure(iri):
        return _elsewhere(visit, iri, address, form)

    def body() -> bytes:
        figure = read_figure(visit.reading, iri)
        genes = chosen(genes_of(figure), tiers)
        ids = [gene.candidate.accession for gene in genes]
        lines = gmt_line(figure.figid, figure.title, ids) if form == "gmt" else _tsv(genes)
        return "".join(lines).encode()

    name = CONTROL_RE.sub("", visit.values["figid"]).encode("ascii", "replace").decode()
    safe = re.sub(r"[^\w.() -]", "_", name)
    headers = {"content-disposition": f'attachment; filename="{safe}-genes.{form}"'}
    key = f"{iri.value} genes {form} {ANY if tiers is None else sorted(tiers)}"
    return reply(visit, body, FORMAT_TO_TYPE[form], key=key, headers=headers)


def _elsewhere(visit: Visit, alias: NamedNode, address: str, form: str) -> Response:
    """A redirect from the genes of an alias to those of its figure.

    :raises Refusal: ``gone`` for a figure that earlier releases had, else ``not-found``.
    """
    figure = replacement(visit, alias) or formerly(visit, alias)
    if figure is None:
        raise gone(visit, alias, address) or _no_list(visit)
    return moved(visit, f"{visit.links.address(figure.value)}/genes.{form}", None)


def _no_list(visit: Visit) -> Refusal:
    return Refusal("not-found", f"there is no list of genes at /{visit.address[:500]}")


def _tsv(genes: Sequence[Gene]) -> Iterator[str]:
    yield "\t".join(COLUMNS) + "\n"
    for gene in genes:
        found = gene.candidate
        cells = (found.name, found.accession, found.organism or "", gene.tier or "")
        yield "\t".join(map(cell, (*cells, " | ".join(gene.words)))) + "\n"


def cell(text: str) -> str:
    r"""A text that fits a TSV cell: each run of control characters becomes one space.

    >>> cell("two\tcells\n")
    'two cells'
    """
    return CONTROL_RE.sub(" ", text).strip()
