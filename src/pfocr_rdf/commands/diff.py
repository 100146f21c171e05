"""The command ``diff``: what changed between two releases."""

from typing import Annotated

import typer

from pfocr_rdf.commands.console import doing, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, release_names
from pfocr_rdf.compare import DESCRIBED, Summary, compare_releases
from pfocr_rdf.contents import holding_named, iris_of


def diff(
    old: Annotated[
        str,
        typer.Argument(
            help="A release: its id, a path, or `current`.", autocompletion=release_names
        ),
    ],
    new: Annotated[
        str,
        typer.Argument(help="The release to compare it with.", autocompletion=release_names),
    ],
    data: Data = DEFAULT_DATA,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print only figure, removed, added; tab-separated.")
    ] = False,
    description: Annotated[
        bool,
        typer.Option(
            "--description/--no-description", help="Print the releases' own descriptions, too."
        ),
    ] = True,
) -> None:
    """Print the quads removed (-) and added (+) between two releases.

    The counts for each figure go to standard error; --summary prints only them. The releases' own
    descriptions differ between any two versions: --no-description only counts those quads.
    """
    with (
        refusals(),
        holding_named(data, old) as before,
        holding_named(data, new) as after,
    ):
        # Each release names its figures by the IRIs that it was built with.
        iris, counts = {"-": iris_of(before), "+": iris_of(after)}, Summary()
        with doing(quiet=False) as tell:
            for change in compare_releases(before, after, tell):
                thing = counts.count(change, iris[change.sign])
                if not summary and (description or thing != DESCRIBED):
                    tell("")
                    typer.echo(str(change))
        for name, removed, added in counts.rows():
            typer.echo(f"{name}\t-{removed}\t+{added}", err=not summary)
        removed, added = sum(counts.removed.values()), sum(counts.added.values())
        say(f"{removed:,} removed, {added:,} added between {before.id} and {after.id}")
