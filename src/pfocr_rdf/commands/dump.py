"""The command ``dump``: a release as a file, or its dumps in another folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from pfocr_rdf.commands.console import STREAM_FAULTS, data_out, refusals
from pfocr_rdf.commands.options import DEFAULT_DATA, Data, ReleaseName
from pfocr_rdf.contents import holding_named, iris_of
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.publish import (
    SUFFIX_TO_FORMATS,
    DumpFormatName,
    copy_dumps,
    formats_of,
    suffix_of,
    write_dump,
)


def dump(
    data: Data = DEFAULT_DATA,
    form: Annotated[
        DumpFormatName | None,
        typer.Option(
            *("--format", "-f"),
            help="The format to write.",
            show_default="by the suffix of --output, else turtle",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write, gzipped if it ends in .gz."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Copy all dumps, with checksums, into this new folder.")
    ] = None,
    release: ReleaseName = "current",
) -> None:
    """Write the data of a release in one format, or copy all its dumps."""
    if to is not None and (form is not None or output is not None):
        what = "all dumps are copied: leave --format and --output out"
        raise typer.BadParameter(what, param_hint="--to")
    form = _form(form, output)
    with refusals(), holding_named(data, release) as found:
        if to is not None:
            for path in copy_dumps(found, to):
                typer.echo(path)
            return
        if output is None or str(output) == "-":
            write_dump(found, form, data_out(), iris_of(found), gzipped=False)
            return
        with _written(output) as file:
            gzipped = output.suffix.lower() == ".gz"
            write_dump(found, form, file, iris_of(found), gzipped=gzipped)


def _form(form: DumpFormatName | None, output: Path | None) -> DumpFormatName:
    """The format to write: a file whose name says another format would fail when it is loaded.

    :raises typer.BadParameter: if the format and the name of the file contradict each other, or
        the name says a format that is not written.
    """
    named = formats_of(output) if output is not None else ()
    if form is None and not named and output is not None and (suffix := suffix_of(output)):
        known = ", ".join(SUFFIX_TO_FORMATS)
        what = f"dumps do not end in {suffix}, but in {known}: rename it, or give a --format"
        raise typer.BadParameter(what, param_hint="--output")
    if form is not None and named and form not in named:
        what = f"{output} is a name for {named[0]} files: give another, or leave --format out"
        raise typer.BadParameter(what, param_hint=f"--format {form}")
    return form or (named[0] if named else "turtle")


@contextmanager
def _written(output: Path) -> Iterator[BinaryIO]:
    """A file that appears when it is complete; a pipe or the like is written to directly.

    :raises ReleaseError: if nothing can be written there.
    :raises OSError: if there is no room for all of it; it names the file.
    """
    # As given: a pipe's real name, /proc/…/pipe:[7], is that of no file.
    is_replaced = output.is_file() or not output.exists()
    target = Path(os.path.realpath(output)) if is_replaced else output
    path = target.with_name(f".{target.name}.{os.getpid()}.part") if is_replaced else target
    try:
        file = path.open("xb" if is_replaced else "wb")
    except OSError as error:
        reason = f"cannot be written ({error.strerror}): name another --output"
        raise ReleaseError(f"{output} {reason}") from error
    try:
        with file:
            yield file
        if is_replaced:
            path.replace(target)
    except OSError as error:
        if error.filename is not None or error.errno not in STREAM_FAULTS:
            raise
        # Without a file's name, the error would be reported as one of standard output.
        raise OSError(error.errno, error.strerror, str(output)) from error
    finally:
        if is_replaced:
            path.unlink(missing_ok=True)
