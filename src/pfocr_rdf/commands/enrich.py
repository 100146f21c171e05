"""The command ``enrich``: the figures whose genes a list of genes has more often than by chance."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pyoxigraph import NamedNode

from pfocr_rdf.commands.console import counted, print_json, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, ReleaseName
from pfocr_rdf.contents import holding_named, iris_of, open_store
from pfocr_rdf.enrichment import (
    NAMED,
    SHOWN,
    Enriched,
    Enrichment,
    enrichment,
    gene_sets,
    read_genes,
)
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import Iris
from pfocr_rdf.parameters import ANY, Parameter, read_terms

HUMAN: Final = "9606"
#: As in the query ``gene-sets``.
ORGANISM: Final = Parameter("organism", "taxon", ANY, "Organism of the genes")
COLUMNS: Final = ("figid", "found", "genes", "expected", "p", "q", "symbols", "title")
BETWEEN_RE: Final = re.compile(r"[\s,;]+")


def enrich(
    genes: Annotated[
        list[str],
        typer.Argument(
            metavar="GENES...",
            help="Symbols or NCBI Gene ids, a file of them, or - for standard input.",
        ),
    ],
    data: Data = DEFAULT_DATA,
    organism: Annotated[
        str, typer.Option(help="The organism of the genes: an NCBI taxonomy id, or any.")
    ] = HUMAN,
    tier: Annotated[
        str,
        typer.Option(
            help="Evidence for a figure's genes: symbol, synonym, family (or several), or any."
        ),
    ] = ANY,
    minimum: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Genes that a figure must have.")
    ] = 3,
    background: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file of the genes that could have been in the list.",
            show_default="all genes of the figures",
        ),
    ] = None,
    most_q: Annotated[
        float, typer.Option("--q", min=0, max=1, help="The largest false discovery rate.")
    ] = 0.05,
    limit: Annotated[int, typer.Option(min=0, help="How many figures to print, at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    release: ReleaseName = "current",
) -> None:
    """Find figures that are enriched in the genes of a list.

    Each figure is tested with the hypergeometric distribution, and the probabilities are corrected
    for the number of figures after Benjamini and Hochberg. Prints the least probable first: figid,
    genes found, genes of the figure, genes expected, p, q, symbols, title.
    """
    with refusals(), holding_named(data, release) as held:
        iris, store = iris_of(held), open_store(held)
        taxon = _taxon(organism, iris)
        listed, unknown = read_genes(_words(genes), store, iris, taxon)
        measured = None
        if background is not None:
            measured, _ = read_genes(_words([str(background)]), store, iris, taxon)
        sets = gene_sets(store, iris, tier, organism, minimum)
        found = enrichment(sets, listed, minimum, measured)
        significant = [one for one in found.figures if one.q <= most_q]
        if as_json:
            print_json(_document(found, significant[:limit], listed, unknown))
        else:
            typer.echo("\t".join(COLUMNS))
            for one in significant[:limit]:
                typer.echo(_line(one, listed))
        _tell(found, len(significant), unknown)


def _taxon(organism: str, iris: Iris) -> NamedNode | None:
    """The taxon of an option; None for any.

    :raises UsageError: if it is neither.
    """
    if organism.strip().lower() == ANY:
        return None
    return next(one for one in read_terms(ORGANISM, organism, iris) if isinstance(one, NamedNode))


def _words(given: Sequence[str]) -> Iterator[str]:
    """The words of a list: those given, those of files, those of standard input.

    :raises QueryError: if a file or a word is not UTF-8.
    """
    for one in given:
        text = one
        try:
            if one == "-":
                text = sys.stdin.read()
            elif os.path.isfile(one):  # a Path would refuse what is too long for a name
                text = Path(one).read_text(encoding="utf-8-sig")
            text.encode()  # Python keeps other bytes of an argument as surrogates
        except UnicodeError as error:
            raise QueryError(f"{one[:SHOWN]!r} is not UTF-8 ({error}): give it in UTF-8") from error
        yield from filter(None, BETWEEN_RE.split(text.removeprefix("\ufeff")))


def _symbols(one: Enriched, listed: Mapping[str, str]) -> list[str]:
    """The genes that a figure has of the list, as that names them."""
    return list(dict.fromkeys(listed[gene] for gene in one.found))


def _document(
    found: Enrichment, figures: Sequence[Enriched], listed: Mapping[str, str], unknown: list[str]
) -> dict[str, Any]:
    return {
        "tested": found.tested,
        "background": found.background,
        "listed": found.listed,
        "unknown": unknown,
        "figures": [{**asdict(one), "symbols": _symbols(one, listed)} for one in figures],
    }


def _line(one: Enriched, listed: Mapping[str, str]) -> str:
    numbers = f"{len(one.found)}\t{one.genes}\t{one.expected:.3g}\t{one.p:.3g}\t{one.q:.3g}"
    return f"{one.figid}\t{numbers}\t{' '.join(_symbols(one, listed))}\t{one.title}"


def _tell(found: Enrichment, significant: int, unknown: Sequence[str]) -> None:
    """Print what was tested, and what the best was if no figure is printed."""
    if unknown:
        named = ", ".join(word[:SHOWN] for word in unknown[:NAMED])
        named += ", …" if len(unknown) > NAMED else ""
        say(f"in no figure, or no symbol of that organism: {named}")
    say(
        f"{counted(significant, 'figure')} of {found.tested:,} tested, with {found.listed:,} "
        f"of the list among {counted(found.background, 'gene')}"
    )
    if found.figures and not significant:
        best = found.figures[0]
        say(f"the least q is {best.q:.3g}, of {best.figid}: raise --q to see it")
