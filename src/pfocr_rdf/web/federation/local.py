"""SERVICE clauses without a server: for the command line, which opens the store itself."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from pfocr_rdf.diagnosis.syntax import explain_syntax
from pfocr_rdf.diagnosis.tokens import readable
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.checks import find_service
from pfocr_rdf.web.federation.evaluate import Federation, Joined
from pfocr_rdf.web.federation.explain import explain, explained_text
from pfocr_rdf.web.federation.failures import IN_ALLOWED
from pfocr_rdf.web.federation.mistakes import without_services
from pfocr_rdf.web.federation.partners import public_partners, read_partners
from pfocr_rdf.web.problems import Refusal

T = TypeVar("T")


def has_service(text: str) -> bool:
    """Whether a query has a SERVICE clause.

    >>> has_service('SELECT * { ?s ?p "SERVICE" }')
    False

    :raises Refusal: if the query is too complex to tell.
    """
    return "service" in text.lower() and find_service(text) is not None


def join_here(text: str, store: Store, iris: Iris, partners: Path | None = None) -> Joined:
    """Ask the partners of a query.

    :param partners: the list of endpoints that may be called; by default the public ones.
    :raises Refusal: if a partner fails, or the query cannot be evaluated.
    :raises QueryError: if a SERVICE clause is refused, or the store cannot give values for it.
    :raises ServeError: if the list cannot be read.
    """
    ask = _ask(text, store, iris)
    return _run(text, store, iris, partners, lambda found: found.join(text, iris, ask))


def explain_here(text: str, store: Store, iris: Iris, partners: Path | None = None) -> str:
    """What each partner would be asked, as text; none is asked.

    :raises Refusal: if the query cannot be evaluated.
    :raises QueryError: if a SERVICE clause is refused, or the store cannot give values for it.
    :raises ServeError: if the list cannot be read.
    """
    ask = _ask(text, store, iris)
    return explained_text(
        _run(text, store, iris, partners, lambda found: explain(found, text, iris, ask))
    )


def _run(
    text: str,
    store: Store,
    iris: Iris,
    partners: Path | None,
    work: Callable[[Federation], Awaitable[T]],
) -> T:
    found = public_partners() if partners is None else read_partners(partners)

    async def run() -> T:
        federation = Federation(found)
        try:
            return await work(federation)
        finally:
            await federation.close()

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        if refusal.kind == "syntax":
            raise _misread(refusal) from None
        if refusal.kind != "federation-disabled":
            raise
        if "line" not in refusal.members:
            _check_syntax(text, store, iris)
        allowed = refusal.members.get("allowed")
        if not isinstance(allowed, list):
            raise
        listed = "".join(f"\n  {endpoint}" for endpoint in allowed)
        detail = refusal.detail.replace(IN_ALLOWED, "take one of these")
        raise QueryError(f"{detail}\nThe list, which --partners FILE replaces:{listed}") from None


def _misread(refusal: Refusal) -> QueryError:
    """The error for a mistake, with its line below it, as for queries without SERVICE."""
    excerpt = str(refusal.members.get("excerpt", ""))
    lines = "".join(f"\n  {line}" for line in excerpt.split("\n") if excerpt)
    return QueryError(f"the query is not SPARQL: {refusal.detail}{lines}")


def _check_syntax(text: str, store: Store, iris: Iris) -> None:
    """Have Oxigraph's parser say where the mistake is, if there is one.

    :raises QueryError: with line and column.
    """
    asked = without_services(text)
    if asked is None:
        return
    try:
        store.query(readable(asked), prefixes=iris.prefixes(), base_iri=iris.base)
    except SyntaxError as error:
        why = explain_syntax(text, str(error), iris.prefixes(), based=True)
        raise QueryError(why) from None
    except (OSError, RuntimeError, ValueError):
        return


def _ask(text: str, store: Store, iris: Iris) -> Callable[[str], Awaitable[bytes]]:
    """What asks the release for values; a mistake in them is told as one of the whole query."""

    def solutions(asked: str) -> bytes:
        # pyoxigraph demands that an answer is made, serialised and dropped in one thread.
        try:
            answer = store.query(readable(asked), prefixes=iris.prefixes(), base_iri=iris.base)
            if not isinstance(answer, QuerySolutions):
                raise QueryError("the release was asked for values and answered something else")
            return answer.serialize(format=QueryResultsFormat.JSON) or b""
        except (SyntaxError, OSError, RuntimeError, ValueError) as error:
            if isinstance(error, SyntaxError):
                _check_syntax(text, store, iris)
            raise QueryError(f"the values to ask partners about cannot be found: {error}") from None

    async def ask(asked: str) -> bytes:
        return await asyncio.to_thread(solutions, asked)

    return ask
