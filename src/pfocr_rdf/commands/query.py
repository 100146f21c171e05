"""The command ``query``: ask a named query, a file, a text or stdin, here or at an endpoint."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from pyoxigraph import Store

from pfocr_rdf.commands.console import counted, data_out, refusals, say
from pfocr_rdf.commands.options import (
    DEFAULT_DATA,
    MOST_S,
    Data,
    ReleaseName,
    real_seconds,
)
from pfocr_rdf.contents import holding_named, iris_of, open_store, same_thing
from pfocr_rdf.diagnosis.unbound import unbound
from pfocr_rdf.errors import QueryError, ReleaseError, UsageError
from pfocr_rdf.iris import Iris
from pfocr_rdf.parameters import read_terms
from pfocr_rdf.peers import TIMEOUT_S
from pfocr_rdf.queries import (
    LIMIT,
    NamedQuery,
    bind,
    federated_queries,
    load_query,
    named_queries,
    parse_query,
    resolved,
)
from pfocr_rdf.releases import Release
from pfocr_rdf.resources import resource
from pfocr_rdf.results import default_format, write_answer, write_query

FormatName = Literal["table", "json", "csv", "tsv", "xml", "gmt", "turtle", "ntriples", "jsonld"]

#: A shorter text opens too few brackets, and has too few operators, to crash the program: parser
#: and planner recurse for each of them, until the stack of 8 MiB is full.
SAFE_CHARACTERS: Final = 2_000
#: Crashes begin at 2,200 braces and 2,000 operations. What is merely slow is the user's own affair.
SAFE_DEPTH: Final = 1_000
SAFE_OPERATIONS: Final = 1_500

#: Endings of the names of SPARQL files; a file that exists may have any name.
SUFFIXES: Final = (".rq", ".sparql")
#: The comments that a file begins with, up to the first that declares a parameter.
PARAM_RE: Final = re.compile(r"\A(?:#.*\n)*?# param:")


def query_names(incomplete: str) -> Iterator[tuple[str, str]]:
    """The names that a shell offers for a query: those of named queries, with their titles."""
    for known in (*named_queries(), *federated_queries()):
        if known.name.startswith(incomplete):
            yield known.name, known.title


Asked = Annotated[
    str | None,
    typer.Argument(
        metavar="QUERY",
        help="The name of a query, a file, SPARQL text, or - for stdin.",
        autocompletion=query_names,
    ),
]

TimeoutS = Annotated[
    float,
    typer.Option(
        "--timeout-s",
        min=0.1,
        max=MOST_S,
        callback=real_seconds,
        help="Seconds to wait for an endpoint.",
    ),
]


def query(
    asked: Asked = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter of a named query."),
    ] = None,
    form: Annotated[
        FormatName | None,
        typer.Option("--format", "-f", help="By default table or JSON; Turtle for graphs."),
    ] = None,
    data: Data = DEFAULT_DATA,
    release: ReleaseName = "current",
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Query this SPARQL endpoint instead.")
    ] = None,
    timeout_s: TimeoutS = TIMEOUT_S,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what SERVICE would ask, without asking.")
    ] = False,
    partners: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Endpoints for SERVICE.", show_default="public ones"),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the query without running it.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
) -> None:
    """Run a named query, or your own, on a release or an endpoint.

    `pfocr-rdf query --list` shows the named queries, `pfocr-rdf query NAME --show` one of them
    with its parameters. Values are checked by type and bound as terms.
    """
    with refusals():
        if listed:
            for known in (*named_queries(), *federated_queries()):
                typer.echo("\t".join([known.name, known.title, *known.endpoints]))
            return
        if asked is None:
            raise typer.BadParameter("name a query, or see --list", param_hint="QUERY")
        if show:
            typer.echo(_shown(asked, param or []))
        elif endpoint is not None:
            _refuse_beside(explain=explain, partners=partners, release=release != "current")
            rows = _ask_endpoint(endpoint, _text(asked, param or [], Iris()), form, timeout_s)
            _tell_cut(asked, param or [], rows)
        elif timeout_s != TIMEOUT_S:
            what = "it is for --endpoint, and a release is asked: leave it out"
            raise typer.BadParameter(what, param_hint="--timeout-s")
        else:
            with holding_named(data, release) as found:
                if explain:
                    _explain(found, asked, param or [], partners)
                else:
                    _ask_release(found, asked, param or [], form, partners)


def _refuse_beside(**of_release: object) -> None:
    """Refuse options that are for a release beside an endpoint."""
    for name in (name for name, is_given in of_release.items() if is_given):
        reason = f"--{name} is for a release: leave one of them out"
        raise typer.BadParameter(reason, param_hint="--endpoint")


def _shown(asked: str, params: list[str]) -> str:
    """The text that would be asked; for a named query without values, its file."""
    query = _known(asked)
    if query is None or params:
        return _text(asked, params, Iris())
    # Its own file, which can be saved, changed, and asked with parameters.
    name = f"federated/{query.name}.rq" if query.endpoints else f"{query.name}.rq"
    return resource("queries", name).read_text(encoding="utf-8").rstrip("\n")


def _known(name: str) -> NamedQuery | None:
    queries = (*named_queries(), *federated_queries())
    return next((query for query in queries if query.name == name), None)


def _text(asked: str, params: list[str], iris: Iris, store: Store | None = None) -> str:
    """The SPARQL text that was meant, with its parameters bound.

    :param store: that of the release that is asked, to find the article that a DOI is of.
    :raises QueryError: if there is no such query or file, or the parameters do not fit.
    """
    if asked == "-":
        try:
            text = sys.stdin.read().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise QueryError(f"standard input is not UTF-8 ({error}): send it in UTF-8") from error
        return _filled("stdin", text, params, iris, store)
    is_text = any(character in asked for character in "{ \n")
    is_path = asked.endswith(SUFFIXES) or os.sep in asked
    if _is_file(asked) or (is_path and not is_text):
        try:
            text = Path(asked).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise QueryError(f"{asked} cannot be read ({reason}): name a file of SPARQL") from error
        return _filled(Path(asked).stem, text, params, iris, store)
    if is_text:
        return _filled("query", asked, params, iris, store)
    return _bound(load_query(asked), params, iris, store)


def _is_file(asked: str) -> bool:
    """Whether there is such a file; the name of a named query always means that query."""
    return os.path.isfile(asked) and _known(asked) is None


def _filled(name: str, text: str, params: list[str], iris: Iris, store: Store | None) -> str:
    """A text with its parameters bound, if its header declares any, as in named queries.

    :raises UsageError: if values are given and it takes none, or the other way round.
    """
    if PARAM_RE.search(text):
        return _bound(parse_query(name, text), params, iris, store)
    if params:
        reason = "name a query, or a file whose header has lines “# param:”, or leave --param out"
        raise UsageError(f"the query has no parameters: {reason}")
    return text


def _bound(query: NamedQuery, params: list[str], iris: Iris, store: Store | None) -> str:
    values = _values(params)
    if store is not None:
        values = resolved(query, values, lambda doi: same_thing(doi, store, iris), iris)
    return bind(query, values, iris)


def _values(params: list[str]) -> dict[str, str]:
    """``name=value`` → name and value.

    :raises UsageError: if one has no ``=`` or a name is given twice.

    >>> _values(["gene=5742", "text=a=b"])
    {'gene': '5742', 'text': 'a=b'}
    """
    found: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            raise UsageError(f"--param {param!r} has no value: write name=value")
        if name in found:
            raise UsageError(f"parameter {name!r} is given twice: give it once")
        found[name] = value
    return found


def _ask_release(
    release: Release, asked: str, params: list[str], form: str | None, partners: Path | None
) -> None:
    iris = iris_of(release)
    store = open_store(release)
    try:
        text = _text(asked, params, iris, store)
    except UsageError as error:
        raise UsageError(f"{error}{_named(release, asked, params)}") from error
    _refuse_crashing(text)
    is_joined = partners is not None or "service" in text.lower()
    joined = _joined(text, store, iris, partners) if is_joined else text
    found = write_query(store, joined, data_out(), form, iris, terminal=sys.stdout.isatty())
    _tell_blanks(text)
    # If partners have answered, another text was asked, and this one cannot explain the result.
    if not found and joined == text:
        # Most queries find something, and need not wait for what would explain why not.
        from pfocr_rdf.commands.unfound import tell_unfound

        tell_unfound(text, store, iris)
    _tell_cut(asked, params, found)


def _named(release: Release, asked: str, params: list[str]) -> str:
    """For an error, the identifiers of things that parameters gave by name; "" without any."""
    query = _known(asked)
    if query is None:
        return ""
    # Importing them takes a tenth of a second, for what reads records too; most queries do without.
    from pfocr_rdf.search import Thing, open_index
    from pfocr_rdf.search.called import things_called, told_things

    given = dict(param.partition("=")[::2] for param in params)
    told = list[Thing]()
    with suppress(ReleaseError), open_index(release) as index:  # which may be missing or damaged
        for parameter in query.parameters:
            try:
                read_terms(parameter, given.get(parameter.name) or parameter.default or "")
            except UsageError:
                told += things_called(given.get(parameter.name, ""), parameter.kind, index)
    return told_things(told)


def _tell_blanks(text: str) -> None:
    """Tell which variables have no value in any row, and why."""
    for one in unbound(text):
        told = ": no pattern of the query has it"
        if one.within:
            told = f" outside {one.within}"
            if one.within == "SELECT":
                told = " outside the subquery, which does not select it"
        meant = f"; {one.instead} may be meant" if one.instead else ""
        say(f"{one.variable} has no value{told}{meant}")


def _tell_cut(asked: str, params: list[str], rows: int) -> None:
    """Tell if a named query gave as many rows as its default limit, and no limit was given."""
    query = _known(asked)
    if query is None or LIMIT in _values(params):
        return
    limits = [one.default for one in query.parameters if one.type == LIMIT]
    if str(rows) in limits:
        say(f"{counted(rows, 'row')}, the limit: for more, give --param limit=NUMBER")


def _refuse_crashing(text: str) -> None:
    """Refuse a query that would crash this process.

    :raises Refusal: if it nests too deep, or has too many operations.
    """
    if len(text) < SAFE_CHARACTERS:
        return
    from pfocr_rdf.web.checks import QueryLimits, find_service  # takes a tenth of a second

    any_number = sys.maxsize
    limits = QueryLimits(
        text_bytes=any_number,
        depth=SAFE_DEPTH,
        patterns=any_number,
        operations=SAFE_OPERATIONS,
        doublings=any_number,
        tokens=any_number,
    )
    find_service(text, limits)


def _explain(release: Release, asked: str, params: list[str], partners: Path | None) -> None:
    from pfocr_rdf.web.federation.local import explain_here

    iris = iris_of(release)
    store = open_store(release)
    text = _text(asked, params, iris, store)
    typer.echo(explain_here(text, store, iris, partners), nl=False)


def _joined(text: str, store: Store, iris: Iris, partners: Path | None) -> str:
    """What is left of a query after its SERVICE clauses were answered by their endpoints."""
    # Importing it takes a tenth of a second, and most queries do without.
    from pfocr_rdf.web.federation.local import has_service, join_here
    from pfocr_rdf.web.federation.partners import read_partners

    if not has_service(text):
        if partners is not None:
            read_partners(partners)  # what is wrong with a list is told, also where nobody is asked
        return text
    joined = join_here(text, store, iris, partners)
    for told in joined.told:
        answered = f"{counted(told.requests, 'request')}, {counted(told.rows, 'row')}"
        say(f"{told.partner}: {told.failed or answered}")
    return joined.text


def _ask_endpoint(endpoint: str, text: str, form: str | None, timeout_s: float) -> int:
    from pfocr_rdf.remote import ask_endpoint  # HTTP, which a query of a release does without

    with ask_endpoint(endpoint, text, timeout_s=timeout_s) as answer:
        chosen = form or default_format(answer, terminal=sys.stdout.isatty())
        return write_answer(answer, data_out(), chosen)
