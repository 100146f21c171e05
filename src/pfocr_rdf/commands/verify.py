"""The command ``verify``: is a release whole."""

from pathlib import Path
from typing import Annotated

import typer

from pfocr_rdf.commands.console import refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Quiet
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.releases import Release, find_release, holding
from pfocr_rdf.verify import verify_release


def verify(
    release: Annotated[
        Path,
        typer.Argument(
            help="A release, or a data folder: then its current release.",
            envvar="PFOCR_RDF_DATA",
        ),
    ] = DEFAULT_DATA,
    quiet: Quiet = False,
) -> None:
    """Hash, parse and count every file of a release again, and say what is wrong.

    One fault a line on standard output; exit status 1 if there is any.
    """
    with refusals(), holding(_release_at(release)) as found:
        faults = 0
        for fault in verify_release(found):
            faults += 1
            typer.echo(fault)
    if not quiet:
        say(f"{found.id}: {f'{faults} faults: build again, or roll back' if faults else 'whole'}")
    raise typer.Exit(1 if faults else 0)


def _release_at(path: Path) -> Release:
    if (path / "SHA256SUMS").is_file():
        reason = "dumps, and no release: run `sha256sum -c SHA256SUMS` there"
        raise ReleaseError(f"{path} holds {reason}")
    return find_release(path, str(path) if (path / "manifest.json").is_file() else "current")
