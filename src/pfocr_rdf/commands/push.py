"""The command ``push``: send a release to another store."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from pfocr_rdf.commands.console import refusals, say
from pfocr_rdf.commands.options import (
    DEFAULT_DATA,
    MOST,
    MOST_S,
    Data,
    Quiet,
    ReleaseName,
    real_seconds,
)
from pfocr_rdf.contents import holding_named
from pfocr_rdf.errors import UsageError
from pfocr_rdf.push.bulk import BulkOptions, bulk_load
from pfocr_rdf.push.chunks import CHUNK_TRIPLES, PushOptions, push_release
from pfocr_rdf.push.graphs import PushedGraph, PushProgress
from pfocr_rdf.push.stores import TIMEOUT_S, Account

Endpoint = Annotated[
    str | None, typer.Option(metavar="URL", help="The store's Graph Store Protocol endpoint.")
]
VirtuosoBulk = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Use Virtuoso's bulk loader instead, through its SQL port.",
    ),
]
VirtuosoFolder = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="The dumps' folder as Virtuoso sees it; must be in its DirsAllowed.",
        show_default="the same path as here",
    ),
]
IsqlProgram = Annotated[
    str | None,
    typer.Option(
        "--isql", metavar="PROGRAM", help="Virtuoso's isql program.", show_default="isql-vt, …"
    ),
]
GraphIri = Annotated[
    str | None,
    typer.Option(metavar="IRI", help="The graph for the data.", show_default="the dataset's IRI"),
]
User = Annotated[str | None, typer.Option(help="The user to write as.")]
PasswordEnv = Annotated[
    str | None,
    typer.Option(
        metavar="VARIABLE",
        help="The environment variable that has the password; without it, push asks.",
    ),
]
QueryEndpoint = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="The store's SPARQL endpoint.", show_default="next to --endpoint"
    ),
]
ChunkTriples = Annotated[
    int, typer.Option("--chunk-triples", min=1, max=MOST, help="Triples per request.")
]
TimeoutS = Annotated[
    float,
    typer.Option(
        "--timeout-s",
        min=0.1,
        max=MOST_S,
        callback=real_seconds,
        help="Seconds to wait for a silent store.",
    ),
]
Again = Annotated[
    bool, typer.Option("--again", help="Send everything, even what was confirmed before.")
]


def push(
    endpoint: Endpoint = None,
    graph: GraphIri = None,
    release: ReleaseName = "current",
    user: User = None,
    password_env: PasswordEnv = None,
    query_endpoint: QueryEndpoint = None,
    chunk_triples: ChunkTriples = CHUNK_TRIPLES,
    timeout_s: TimeoutS = TIMEOUT_S,
    virtuoso_bulk: VirtuosoBulk = None,
    virtuoso_folder: VirtuosoFolder = None,
    isql: IsqlProgram = None,
    again: Again = False,
    data: Data = DEFAULT_DATA,
    quiet: Quiet = False,
) -> None:
    """Send a release to another store, and count its triples there.

    Uses the SPARQL Graph Store Protocol, or Virtuoso's bulk loader, which is faster. Replaces what
    the graphs held, and empties those of mapping sets that only an earlier release had. Continues
    a push that was interrupted; if the release is there already, nothing is sent. Prints one graph
    per line, with the number of triples that the store counts.
    """
    with refusals():
        if (endpoint is None) == (virtuoso_bulk is None):
            raise UsageError("where to? give either --endpoint or --virtuoso-bulk")
        if virtuoso_bulk is None and (virtuoso_folder or isql):
            raise UsageError("--virtuoso-folder and --isql are for --virtuoso-bulk: leave them out")
        if virtuoso_bulk is not None and query_endpoint:
            raise UsageError("--query-endpoint is for --endpoint: leave it out")
        account = _account(user, password_env)
        if virtuoso_bulk is not None and account is None:
            raise UsageError("--virtuoso-bulk needs to know who loads: add --user")
    teller = _Teller(quiet=quiet)
    with refusals(), holding_named(data, release) as found:
        if endpoint is not None:
            options = PushOptions(
                endpoint=endpoint,
                graph=graph,
                query_endpoint=query_endpoint,
                account=account,
                chunk_triples=chunk_triples,
                timeout_s=timeout_s,
                again=again,
            )
            _tell(asyncio.run(push_release(found, data, options, teller)), quiet=quiet)
        elif virtuoso_bulk is not None and account is not None:
            bulk = BulkOptions(virtuoso_bulk, account, graph, virtuoso_folder, isql, again)
            _tell(bulk_load(found, data, bulk, teller), quiet=quiet)


def _tell(pushed: list[PushedGraph], *, quiet: bool) -> None:
    for one in pushed:
        if not quiet:
            done = f"{one.sent:,} triples sent" if one.sent else "was there already"
            same = f"; {one.merged:,} of them differ only in how a number is written"
            say(f"{one.graph}: {done}{same if one.merged else ''}")
        typer.echo(f"{one.graph}\t{one.counted}")


def _account(user: str | None, variable: str | None) -> Account | None:
    if user is None and variable is None:
        return None
    if user is not None and variable is None and _at_a_terminal():
        return Account(user, typer.prompt(f"password of {user}", hide_input=True, err=True))
    if user is None or variable is None:
        raise UsageError("--user and --password-env go together: give both")
    password = os.environ.get(variable)
    if password is None:
        raise UsageError(f"there is no environment variable {variable}: put the password into it")
    try:
        f"{user}{password}".encode()
    except UnicodeEncodeError:
        raise UsageError("the user or the password is not UTF-8: write it so") from None
    return Account(user, password)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


class _Teller:
    """Prints how much of a graph has been confirmed, at each tenth, and every note."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.told = ("", 0)

    def __call__(self, progress: PushProgress) -> None:
        """Print progress, if there is something new."""
        tenth = (progress.graph, 10 * progress.confirmed // max(progress.total, 1))
        if not self.quiet and (progress.note or tenth != self.told):
            done = f"{progress.confirmed:,} of {progress.total:,} triples confirmed"
            said = (progress.graph, done if progress.total else "", progress.note)
            say(": ".join(filter(None, said)))
        self.told = tenth
