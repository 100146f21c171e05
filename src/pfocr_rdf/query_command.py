"""The command ``query``: a named query, a file, a text or standard input, here or elsewhere."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pfocr_rdf.compare import open_store
from pfocr_rdf.console import data_out, refusals
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import bind, load_query, named_queries
from pfocr_rdf.releases import Release, find_release
from pfocr_rdf.remote import TIMEOUT_S, ask_endpoint
from pfocr_rdf.results import default_format, write_answer, write_query

FormatName = Literal["table", "json", "csv", "tsv", "xml", "gmt", "turtle", "ntriples", "jsonld"]


def query(
    asked: Annotated[
        str | None,
        typer.Argument(
            metavar="QUERY", help="The name of a query, a .rq file, SPARQL text, or - for stdin."
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter of a named query."),
    ] = None,
    form: Annotated[
        FormatName | None,
        typer.Option("--format", "-f", help="By default a table on a terminal, JSON or Turtle."),
    ] = None,
    data: Annotated[
        Path,
        typer.Option("--data", help="The data folder.", envvar="PFOCR_RDF_DATA", file_okay=False),
    ] = Path("data"),
    release: Annotated[str, typer.Option(help="Another release than the current one.")] = "current",
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this SPARQL endpoint instead.")
    ] = None,
    timeout_s: Annotated[
        float, typer.Option("--timeout-s", help="Seconds to wait for an endpoint.")
    ] = TIMEOUT_S,
    show: Annotated[bool, typer.Option("--show", help="Print the query; ask nothing.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
) -> None:
    """Ask the current release, or any SPARQL endpoint, a named query or your own.

    `pfocr-rdf query --list` shows the named queries, `pfocr-rdf query NAME --show` one of them
    with its parameters. Values are checked by type and bound as terms.
    """
    with refusals():
        if listed:
            for found in named_queries():
                typer.echo(f"{found.name}\t{found.title}")
            return
        if asked is None:
            raise typer.BadParameter("name a query, or see --list", param_hint="QUERY")
        if endpoint is not None or show:
            text = _text(asked, param or [], Iris())
        if show:
            typer.echo(text)
        elif endpoint is not None:
            _ask_endpoint(endpoint, text, form, timeout_s)
        else:
            _ask_release(find_release(data, release), asked, param or [], form)


def _text(asked: str, params: list[str], iris: Iris) -> str:
    """The SPARQL text that was meant, parameters bound.

    :raises QueryError: if there is no such query or file, or the parameters do not fit.
    """
    if asked == "-":
        return _without_params(sys.stdin.read(), params)
    if any(character in asked for character in "{ \n"):
        return _without_params(asked, params)
    if asked.endswith(".rq"):
        try:
            return _without_params(Path(asked).read_text(encoding="utf-8"), params)
        except (OSError, UnicodeDecodeError) as error:
            raise QueryError(f"{asked} cannot be read ({error}): name a file of SPARQL") from error
    return bind(load_query(asked), _values(params), iris)


def _without_params(text: str, params: list[str]) -> str:
    if params:
        raise QueryError("only named queries have parameters: leave --param out")
    return text


def _values(params: list[str]) -> dict[str, str]:
    """``name=value`` → name and value.

    :raises QueryError: if one has no ``=`` or a name is given twice.

    >>> _values(["gene=5742", "text=a=b"])
    {'gene': '5742', 'text': 'a=b'}
    """
    found: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            raise QueryError(f"--param {param!r} has no value: write name=value")
        if name in found:
            raise QueryError(f"parameter {name!r} is given twice: give it once")
        found[name] = value
    return found


def _ask_release(release: Release, asked: str, params: list[str], form: str | None) -> None:
    manifest = release.manifest()
    iris = Iris(manifest["base"], manifest["genes"])
    text = _text(asked, params, iris)
    store = open_store(release)
    write_query(store, text, data_out(), form, iris, terminal=sys.stdout.isatty())


def _ask_endpoint(endpoint: str, text: str, form: str | None, timeout_s: float) -> None:
    with ask_endpoint(endpoint, text, timeout_s=timeout_s) as answer:
        chosen = form or default_format(answer, terminal=sys.stdout.isatty())
        write_answer(answer, data_out(), chosen)
