"""Print on stderr how far a build is, and what it found."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)
from rich.text import Text

from pfocr_rdf.build import Findings, Progress
from pfocr_rdf.commands.console import counted, say


@contextmanager
def unlogged() -> Iterator[None]:
    """Silence the logs of libraries: tracebacks of errors that a message reports in any case."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def doing(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done; yields the function to call with the words for it.

    Call it with "" before anything else is printed, which may go to the same line of the terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    # Standard output is not redirected, although it may be shown on the same terminal.
    screen = Console(stderr=True)
    with Live(
        console=screen,
        auto_refresh=False,  # nothing changes, and what is printed meanwhile would be overwritten
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        shown = ""

        def tell(words: str) -> None:
            nonlocal shown
            if words != shown:
                shown = words
                live.update(Text(words, overflow="ellipsis", no_wrap=True), refresh=True)

        yield tell


class Watcher:
    """Shows how far a build is: a bar on a terminal, a line at each tenth otherwise."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.tenths = 0
        self.bar: Bar | None = None
        self.task: Any = None
        if not quiet and sys.stderr.isatty():
            self.bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(
                    "records, {task.fields[triples]:,} triples, {task.fields[rate]} a second"
                ),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> "Watcher":
        if self.bar:
            self.bar.start()
            self.task = self.bar.add_task("building", total=None, triples=0, rate="–")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the build is now."""
        if self.bar:
            speed = self.bar.tasks[0].speed
            rate = f"{speed:,.0f}" if speed else "–"
            self.bar.update(
                self.task,
                completed=progress.records,
                total=progress.total,
                triples=progress.triples,
                rate=rate,
            )
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
