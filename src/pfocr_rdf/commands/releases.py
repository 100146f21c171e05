"""The commands ``releases`` and ``rollback``: which releases there are, and which is current."""

from typing import Annotated

import typer

from pfocr_rdf.commands.console import refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data
from pfocr_rdf.releases import current_release, list_releases, roll_back


def releases(data: Data = DEFAULT_DATA) -> None:
    """List the releases, oldest first: id, figures, triples; the current one is marked."""
    with refusals():
        published = current_release(data)
        for found in list_releases(data):
            manifest = found.manifest()
            mark = "*" if found.id == published.id else " "
            typer.echo(f"{mark} {found.id}\t{manifest['figures']}\t{manifest['triples']}")


def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Which release.", show_default="the one before")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make an earlier release the current one; nothing is deleted."""
    with refusals():
        was, now = roll_back(data, release)
        say(f"was {was.id}")
        typer.echo(now.id)
