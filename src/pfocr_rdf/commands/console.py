"""The talk of the commands: messages on stderr, data on stdout, refusals as exit statuses."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import typer

from pfocr_rdf.errors import PfocrError


def say(message: str) -> None:
    """Talk to the user, on stderr."""
    typer.echo(message, err=True)


def data_out() -> BinaryIO:
    """Where data go: stdout, as bytes."""
    return sys.stdout.buffer


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal into a message and exit status 1, and a closed pipe into silence.

    So is a file that cannot be read or written, standard output among them.
    """
    try:
        yield
        sys.stdout.flush()
    except PfocrError as error:
        say(f"error: {error}")
        raise typer.Exit(1) from error
    except OSError as error:
        if error.filename is None:
            # Python would complain once more when it closes stdout.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        if isinstance(error, BrokenPipeError):
            raise typer.Exit(0) from None  # the reader has seen enough
        what = error.filename or "standard output"
        reason = error.strerror or str(error)
        say(f"error: {what}: {reason}: see that it is there, may be used, and has room")
        raise typer.Exit(1) from error
