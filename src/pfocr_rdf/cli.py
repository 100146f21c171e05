"""The command line: it finds the command that was called and imports only that."""

import os
import re
import sys
from collections import UserDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from pfocr_rdf import __version__
from pfocr_rdf.collector import no_collector
from pfocr_rdf.interrupting import ending_at_once

#: Command → the module of ``pfocr_rdf.commands`` that has the function of that name, and the first
#: sentence of its help, in the order of the help. With the sentences here, the list of commands
#: does not import them all, which takes a second.
COMMANDS: Final = {
    "build": ("build", "Build a release from records and make it the current one."),
    "check": ("build", "Report what a build would report, without writing anything."),
    "query": ("query", "Run a named query, or your own, on a release or an endpoint."),
    "search": ("search", "Find figures by any words, names, symbols or identifiers."),
    "enrich": ("enrich", "Find figures that are enriched in the genes of a list."),
    "serve": ("serve", "Serve the current release: SPARQL at /sparql, pages at /."),
    "push": ("push", "Send a release to another store, and count its triples there."),
    "dump": ("dump", "Write the data of a release in one format, or copy all its dumps."),
    "verify": ("verify", "Hash, parse and count every file of a release again."),
    "diff": ("diff", "Print the quads removed (-) and added (+) between two releases."),
    "releases": ("releases", "List the releases, oldest first."),
    "rollback": ("releases", "Make an earlier release the current one; nothing is deleted."),
    "describe": ("describe", "Print what a release says about a thing, and what points at it."),
}

#: An argument without any text, or an option with a value that has none.
EMPTY_RE: Final = re.compile("(--[a-z-]+=)?")


class OnDemand(UserDict[str, Any]):
    """Commands that are imported when they are called.

    ``serve`` and ``push`` import for a third of a second what the others do not need, and without
    this every command would wait for it.
    """

    def __getitem__(self, name: str) -> Any:
        """A command by its name.

        :raises KeyError: if there is no such command.
        """
        module_name, _ = self.data[name]
        # What is imported stays: the collector would scan it in vain.
        with no_collector(), ending_at_once():
            module = import_module(f"pfocr_rdf.commands.{module_name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name)(getattr(module, name))
        return get_command(single)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = OnDemand(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        with self._outlined():
            super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Tell a shell which commands and options begin so."""
        with self._outlined():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _outlined(self) -> Iterator[None]:
        """Of each command only what the list says of it, so that none is imported."""
        on_demand = self.commands
        self.commands = {
            name: TyperCommand(name, help=said, rich_markup_mode=None)
            for name, (_, said) in COMMANDS.items()
        }
        try:
            yield
        finally:
            self.commands = on_demand

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Find the command.

        :raises typer.BadParameter: if a word is empty, as is a variable of the shell that is not
            set: a path would be the current folder.
        """
        empty = [] if ctx.resilient_parsing else [word for word in args if EMPTY_RE.fullmatch(word)]
        if empty:
            what = empty[0].removesuffix("=") or "an argument"
            raise typer.BadParameter(
                f"{what} is empty, perhaps a variable that is not set: fill it, or leave it out"
            )
        return super().parse_args(ctx, args)


app: Final = typer.Typer(
    name="pfocr-rdf",
    cls=Commands,
    help="Pathway Figure OCR as linked data: records in, a release of RDF out.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["query"] and sys.stderr is not None:
        from pfocr_rdf.commands.apart import run_apart  # other commands do not need it

        run_apart(_run_app)
    _run_app()


def _run_app() -> None:
    """Run the command that was typed; an error of standard output is told without a traceback."""
    from pfocr_rdf.commands.console import refusals  # a worker that imports this again needs none

    try:
        with refusals():
            app()
    except typer.Exit as end:
        raise SystemExit(end.exit_code) from None


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=lambda v: _version(v)
        ),
    ] = False,
) -> None:
    """Take options that stand before the command."""
    del version
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the process that started this
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        # A character of a record that the terminal's encoding lacks is printed as an escape.
        sys.stdout.reconfigure(errors="backslashreplace")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"pfocr-rdf {__version__}")
        raise typer.Exit
