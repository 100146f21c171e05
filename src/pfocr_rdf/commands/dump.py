"""The command ``dump``: a release as a file, or its dumps in another folder."""

from pathlib import Path
from typing import Annotated

import typer

from pfocr_rdf.commands.console import data_out, refusals
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, ReleaseName
from pfocr_rdf.contents import iris_of
from pfocr_rdf.publish import DumpFormatName, copy_dumps, write_dump
from pfocr_rdf.releases import find_release, holding


def dump(
    data: Data = DEFAULT_DATA,
    form: Annotated[DumpFormatName, typer.Option("--format", help="What to write.")] = "turtle",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, gzipped if it ends in .gz.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Copy all dumps, with checksums, into this new folder.")
    ] = None,
    release: ReleaseName = "current",
) -> None:
    """Write the data of a release to standard output or a file, or copy all its dumps."""
    with refusals(), holding(find_release(data, release)) as found:
        if to is not None:
            for path in copy_dumps(found, to):
                typer.echo(path)
            return
        if output is None or str(output) == "-":
            write_dump(found, form, data_out(), iris_of(found), gzipped=False)
            return
        unfinished = output.with_name(output.name + ".part")
        try:
            with unfinished.open("wb") as file:
                write_dump(found, form, file, iris_of(found), gzipped=output.suffix == ".gz")
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)
