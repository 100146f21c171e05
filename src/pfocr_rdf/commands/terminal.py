"""What moves on a terminal while a command works: a bar for a build, words for anything else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

if TYPE_CHECKING:  # what only shows words need not wait for what builds
    from pfocr_rdf.build import Progress


@contextmanager
def moving_words() -> Iterator[Callable[[str], None]]:
    """One line of the terminal; yields the function to call with the words for it."""
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


class BuildBar:
    """How far a build is: records, triples, triples a second, the time that is left."""

    def __init__(self) -> None:
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("records, {task.fields[triples]:,} triples, {task.fields[rate]} a second"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )

    def start(self) -> None:
        """Show it, of nothing yet."""
        self.bar.start()
        self.task = self.bar.add_task("building", total=None, triples=0, rate="–")

    def stop(self) -> None:
        """Leave the line of the terminal empty."""
        self.bar.stop()

    def show(self, progress: "Progress") -> None:
        """Show how far the build is now."""
        speed = self.bar.tasks[0].speed
        rate = f"{speed:,.0f}" if speed else "–"
        self.bar.update(
            self.task,
            completed=progress.records,
            total=progress.total,
            triples=progress.triples,
            rate=rate,
        )
