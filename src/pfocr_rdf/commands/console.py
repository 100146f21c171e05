"""The talk of the commands: messages on stderr, data on stdout, refusals as exit statuses."""

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
    """Turn a refusal into a message and exit status 1, and a closed pipe into silence."""
    try:
        yield
        sys.stdout.flush()
    except PfocrError as error:
        say(f"error: {error}")
        raise typer.Exit(1) from error
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more when it closes stdout.
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115
        raise typer.Exit(0) from None
