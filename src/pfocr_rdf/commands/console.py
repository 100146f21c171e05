"""The output of commands: messages on stderr, data on stdout, refusals as exit statuses."""

import codecs
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

import typer

from pfocr_rdf.errors import PfocrError, UsageError

#: Errors of a write; if they name no file, it was to standard output.
STREAM_FAULTS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def say(message: str) -> None:
    """Print a message to the user, on stderr.

    Where that cannot be written, as on a full disk, the message is lost, and not the work.
    """
    with suppress(OSError):
        typer.echo(message, err=True)


def as_json_line(data: object) -> str:
    """Data on one line of JSON; in ASCII if stdout cannot encode all of Unicode.

    Python's own escapes, which stdout would write for the rest, are not JSON.
    """
    unicode = codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
    return json.dumps(data, ensure_ascii=not unicode)


def print_json(data: object) -> None:
    """Print data on one line."""
    typer.echo(as_json_line(data))


def print_while_read(line: str) -> bool:
    """Print a line, and say whether anybody still reads; what was found decides the exit status."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        _let_stdout_go()
        return False
    return True


def data_out() -> BinaryIO:
    """Where data go: stdout, as bytes."""
    return sys.stdout.buffer


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal into a message and exit status 1, and a closed pipe into silence.

    A file that cannot be read or written is a refusal too, standard output included. What is wrong
    by what was typed alone gives exit status 2, as a mistyped option does.
    """
    try:
        yield
        sys.stdout.flush()
    except PfocrError as error:
        say(f"error: {error}")
        raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
    except BrokenPipeError:
        _let_stdout_go()
        raise typer.Exit(0) from None  # the reader has seen enough
    except OSError as error:
        # When a file is copied, either name may be the one at fault.
        what = " -> ".join(str(name) for name in (error.filename, error.filename2) if name)
        if not what and error.errno in STREAM_FAULTS:
            what = "standard output"
            _let_stdout_go()
        # Errors of the store have neither a file's name nor a number.
        said = f"{what}: {error.strerror}" if what else str(error)
        say(f"error: {said}: check that it exists, may be used, and has room")
        raise typer.Exit(1) from error


def _let_stdout_go() -> None:
    """Replace standard output, or Python would report the error once more when it closes it."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def counted(number: int, noun: str) -> str:
    """How many there are of something, for a message.

    >>> counted(1, "figure"), counted(1200, "row")
    ('1 figure', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def doing(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done; yields the function to call with the words for it.

    Call it with "" before anything else is printed, which may go to the same line of the terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from pfocr_rdf.commands.terminal import moving_words  # rich, which others need not wait for

    with moving_words() as tell:
        yield tell
