"""The command ``verify``: check whether a release is whole."""

from pathlib import Path
from typing import Annotated

import typer

from pfocr_rdf.commands.console import counted, doing, print_while_read, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, Quiet, release_names
from pfocr_rdf.contents import holding_named
from pfocr_rdf.releases import CURRENT, RELEASES
from pfocr_rdf.verify import verify_release


def verify(
    release: Annotated[
        str,
        typer.Argument(
            help="A release, or a data folder for its current release.",
            show_default="the current one",
            autocompletion=release_names,
        ),
    ] = CURRENT,
    data: Data = DEFAULT_DATA,
    quiet: Quiet = False,
) -> None:
    """Hash, parse and count every file of a release again.

    Prints one fault per line; the exit status is 1 if there is any.
    """
    # A data folder is recognised as such even if its current release is gone.
    if (Path(release) / RELEASES).is_dir():
        data, release = Path(release), CURRENT
    with refusals(), holding_named(data, release) as found:
        faults = 0
        with doing(quiet=quiet) as tell:
            for fault in verify_release(found, tell):
                faults += 1
                tell("")
                if not print_while_read(fault):
                    raise typer.Exit(1)
    if not quiet:
        said = f"{counted(faults, 'fault')}: build again, or roll back" if faults else "whole"
        say(f"{found.id}: {said}")
    raise typer.Exit(1 if faults else 0)
