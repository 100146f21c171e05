"""The command ``search``: find figures by any words, or complete a text."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from pfocr_rdf.commands.console import counted, print_json, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, ReleaseName
from pfocr_rdf.contents import holding_named
from pfocr_rdf.search import Found, Suggestion, Tier, open_index

#: What the JSON document has under the names of :class:`Found`, beside what it names otherwise.
NAMES: Final = ("total", "all_words", "words", "left_out", "excluded", "meant", "things")


def search(
    text: Annotated[str, typer.Argument(help="Words, a gene symbol, or any identifier.")],
    data: Data = DEFAULT_DATA,
    organism: Annotated[
        str | None, typer.Option(help="Only figures of this organism: a taxon id or a name.")
    ] = None,
    year: Annotated[
        str | None, typer.Option(help="Only figures from articles of this year.")
    ] = None,
    tier: Annotated[
        Tier | None, typer.Option(help="Only figures in which a gene has this evidence.")
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="How many figures to skip.")] = 0,
    limit: Annotated[
        int, typer.Option(min=0, max=200, help="How many figures to print, at most.")
    ] = 20,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print names and titles that begin with the text.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, with facets.")
    ] = False,
    release: ReleaseName = "current",
) -> None:
    """Find figures by any words, names, symbols or identifiers.

    Searches title, caption, picture, genes, chemicals, diseases and article. "Quotes" are for
    phrases, -word excludes a word, OR is for a choice of two. Prints one figure
    per line, best match first: figid, year, evidence for a gene that was searched for, title. If
    no figure has all the words, figures with some of them are printed.
    """
    others = {"--organism": organism, "--year": year, "--tier": tier, "--offset": offset or None}
    given = [name for name, value in others.items() if value is not None]
    if suggest and given:
        raise typer.BadParameter(
            f"--suggest completes a text, of any figures: leave {' and '.join(given)} out",
            param_hint="--suggest",
        )
    with (
        refusals(),
        holding_named(data, release) as held,
        open_index(held) as index,
    ):
        if suggest:
            suggestions = index.suggest(text, min(limit, 50))
            _print_suggestions(suggestions, as_json=as_json)
            if limit and not suggestions:
                say(f"no name or title begins with {text[:100]!r}")
            return
        found = index.search(
            text, organism=organism, year=year, tier=tier, offset=offset, limit=limit
        )
        if as_json:
            print_json(_document(found))
        else:
            _print_hits(found)
        _tell(found)
        if not (found.total or found.meant):
            limits = {"--organism": organism, "--year": year, "--tier": tier}
            _advise([name for name, value in limits.items() if value is not None])


def _advise(limits: Sequence[str]) -> None:
    """Print what to try if nothing was found."""
    if limits:
        say(f"try without {' and '.join(limits)}")
    else:
        say(
            "try a symbol, a part of a name, or an identifier; "
            "--suggest shows names with the same beginning"
        )


def _document(found: Found) -> dict[str, Any]:
    """The answer, under the names that ``/search.json`` uses for the same."""
    values = asdict(found)
    return {
        **{name: values[name] for name in NAMES},
        "figures": values["hits"],
        "facets": {name: values[name] for name in ("organisms", "years", "tiers")},
    }


def _print_hits(found: Found) -> None:
    for hit in found.hits:
        title = "".join(piece.text for piece in hit.title)
        typer.echo(f"{hit.figid}\t{hit.year or ''}\t{hit.tier or ''}\t{title}")


def _print_suggestions(suggestions: Sequence[Suggestion], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in suggestions])
        return
    for one in suggestions:
        typer.echo(f"{one.text}\t{one.kind}\t{one.figures}\t{one.iri or ''}")


def _tell(found: Found) -> None:
    """Print what the list alone does not say."""
    if found.left_out:
        left_out = len(found.left_out)
        were = "was" if left_out == 1 else "were"
        say(f"{counted(left_out, 'word')} {were} left out: ask for fewer at a time")
    without = f" without {', '.join(found.excluded)}" if found.excluded else ""
    if found.all_words:
        say(counted(found.total, "figure") + without)
    else:
        have = "has" if found.total == 1 else "have"
        say(f"no figure{without} has all the words; {found.total:,} {have} some of them")
    if found.meant:
        say(f"did you mean {found.meant!r}?")
