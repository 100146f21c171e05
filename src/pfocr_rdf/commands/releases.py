"""The commands ``releases`` and ``rollback``: which releases there are, and which is current."""

from typing import Annotated

import typer

from pfocr_rdf.commands.console import refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, release_names
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.releases import current_release, list_releases, roll_back


def releases(data: Data = DEFAULT_DATA) -> None:
    """List the releases, oldest first.

    Prints one per line: id, figures, triples; a * marks the current one.
    """
    broken = 0
    with refusals():
        published = current_release(data)
        for found in list_releases(data):
            mark = "*" if found.id == published.id else " "
            try:
                manifest = found.manifest()
                counts = manifest["figures"], manifest["triples"]
            except (ReleaseError, KeyError):
                broken += 1
                counts = "?", "?"
                say(f"{found.path}: no manifest that can be read: delete the folder")
            typer.echo("\t".join([f"{mark} {found.id}", *map(str, counts)]))
    if broken:
        raise typer.Exit(1)


def rollback(
    release: Annotated[
        str | None,
        typer.Argument(
            help="The release to go back to.",
            show_default="the one before",
            autocompletion=release_names,
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make an earlier release the current one; nothing is deleted."""
    with refusals():
        was, now = roll_back(data, release)
        say(f"{was.id} was current" if was else "no release was current")
        typer.echo(now.id)
