"""Print on stderr how far a build is, and what it found."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pfocr_rdf.build import Findings, Progress
from pfocr_rdf.commands.console import counted, say

if TYPE_CHECKING:
    from pfocr_rdf.commands.terminal import BuildBar


@contextmanager
def unlogged() -> Iterator[None]:
    """Silence the logs of libraries: tracebacks of errors that a message reports in any case."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


class Watcher:
    """Shows how far a build is: a bar on a terminal, a line at each tenth otherwise."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.tenths = 0
        self.bar: BuildBar | None = None
        if not quiet and sys.stderr.isatty():
            from pfocr_rdf.commands import terminal  # rich, which others need not wait for

            self.bar = terminal.BuildBar()

    def __enter__(self) -> "Watcher":
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the build is now."""
        if self.bar:
            self.bar.show(progress)
            return
        tenths = 10 * progress.records // max(progress.total, 1)
        if not self.quiet and tenths > self.tenths and progress.total >= 1000:
            say(f"{progress.records:,} of {progress.total:,} records, {progress.triples:,} triples")
        self.tenths = max(tenths, self.tenths)


def tell_findings(found: Findings) -> None:
    """Print the counts at the end of a build or a check."""
    say(
        f"{counted(found.records, 'record')}: {counted(found.figures, 'figure')}, "
        f"{found.skipped:,} skipped; "
        f"errors: {by_kind(found.errors)}; warnings: {by_kind(found.warnings)}"
    )
    if found.reused:
        say(f"{counted(found.reused, 'record')} taken over from the last release, unchanged")


def by_kind(kinds: dict[str, int]) -> str:
    """A total with its kinds.

    >>> by_kind({"organism": 3, "missing": 2})
    '5 (organism 3, missing 2)'
    """
    total = f"{sum(kinds.values()):,}"
    if not kinds:
        return total
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    return f"{total} ({', '.join(f'{kind} {number:,}' for kind, number in ordered)})"
