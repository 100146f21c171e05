"""The command ``push``: a release to another store."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from pfocr_rdf.console import refusals, say
from pfocr_rdf.errors import QueryError
from pfocr_rdf.push import CHUNK_TRIPLES, PushOptions, PushProgress, push_release
from pfocr_rdf.releases import find_release, holding
from pfocr_rdf.stores import TIMEOUT_S, Account

Endpoint = Annotated[str, typer.Option(metavar="URL", help="Where the store takes graphs.")]
GraphIri = Annotated[
    str | None,
    typer.Option(metavar="IRI", help="The graph for the data.", show_default="the dataset's IRI"),
]
ReleaseName = Annotated[str, typer.Option(help="Another release than the current one.")]
User = Annotated[str | None, typer.Option(help="Whom to write as.")]
PasswordEnv = Annotated[
    str | None,
    typer.Option(metavar="VARIABLE", help="The environment variable with the password."),
]
QueryEndpoint = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Where the store takes queries.", show_default="beside the graphs"
    ),
]
ChunkTriples = Annotated[
    int, typer.Option("--chunk-triples", min=1, help="Triples of one request.")
]
TimeoutS = Annotated[
    float, typer.Option("--timeout-s", min=0.1, help="What the store may be silent.")
]
Again = Annotated[bool, typer.Option("--again", help="Send all, also what was confirmed before.")]
Data = Annotated[
    Path, typer.Option("--data", help="The data folder.", envvar="PFOCR_RDF_DATA", file_okay=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


def push(
    endpoint: Endpoint,
    graph: GraphIri = None,
    release: ReleaseName = "current",
    user: User = None,
    password_env: PasswordEnv = None,
    query_endpoint: QueryEndpoint = None,
    chunk_triples: ChunkTriples = CHUNK_TRIPLES,
    timeout_s: TimeoutS = TIMEOUT_S,
    again: Again = False,
    data: Data = Path("data"),
    quiet: Quiet = False,
) -> None:
    """Send a release to another store by the SPARQL Graph Store Protocol, and count it there.

    What the graphs held is replaced. A push that was ended goes on after what was confirmed; one
    of a release that is there already sends nothing. One graph a line on standard output, with
    the triples that the store counts.
    """
    with refusals(), holding(find_release(data, release)) as found:
        options = PushOptions(
            endpoint=endpoint,
            graph=graph,
            query_endpoint=query_endpoint,
            account=_account(user, password_env),
            chunk_triples=chunk_triples,
            timeout_s=timeout_s,
            again=again,
        )
        pushed = asyncio.run(push_release(found, data, options, _Teller(quiet=quiet)))
        for one in pushed:
            if not quiet:
                done = f"{one.sent:,} triples sent" if one.sent else "was there already"
                same = f"; {one.merged:,} of them differ only in how a number is written"
                say(f"{one.graph}: {done}{same if one.merged else ''}")
            typer.echo(f"{one.graph}\t{one.counted}")


def _account(user: str | None, variable: str | None) -> Account | None:
    if user is None and variable is None:
        return None
    if user is None or variable is None:
        raise QueryError("--user and --password-env go together: give both")
    password = os.environ.get(variable)
    if password is None:
        raise QueryError(f"there is no environment variable {variable}: put the password into it")
    return Account(user, password)


class _Teller:
    """Says how far a graph is, at each tenth."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.told = ("", 0)

    def __call__(self, progress: PushProgress) -> None:
        """Take a step."""
        tenth = (progress.graph, 10 * progress.confirmed // max(progress.total, 1))
        if not self.quiet and (progress.note or tenth != self.told):
            note = f": {progress.note}" if progress.note else ""
            done = f"{progress.confirmed:,} of {progress.total:,} triples confirmed"
            say(f"{progress.graph}: {done}{note}")
        self.told = tenth
