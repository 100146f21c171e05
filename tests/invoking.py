"""Run the command line in this process."""

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from pfocr_rdf.cli import app


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


def run(*arguments: str | Path) -> Outcome:
    """Invoke a command; an exception that is no refusal fails the test."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)
