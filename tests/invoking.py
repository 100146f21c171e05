"""Run the command line in this process, or at a terminal."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

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


def run_at_terminal(*arguments: str | Path, is_all_shown: bool = False) -> Outcome:
    """Run a command whose standard error is a terminal, and standard output too if all is shown."""
    ours, terminal = os.openpty()
    with TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pfocr_rdf", *map(str, arguments)],
            stdout=terminal if is_all_shown else out,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # all who had the terminal have closed it
            while block := os.read(ours, 65_536):
                shown += block
        os.close(ours)
        process.wait()
        out.seek(0)
        return Outcome(process.returncode, out.read().decode(), shown.decode())
