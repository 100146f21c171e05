"""Why a query of the command line found nothing, in a few lines on standard error."""

from functools import partial
from itertools import islice

from pyoxigraph import Store

from pfocr_rdf.absent import MOST_TOLD, absent, present_instead
from pfocr_rdf.apart import apart
from pfocr_rdf.commands.console import counted, say
from pfocr_rdf.graphs import misplaced
from pfocr_rdf.having import counted_in_filter, unnamed_in_having
from pfocr_rdf.iris import Iris
from pfocr_rdf.spellings import known_iri
from pfocr_rdf.unread import unread


def tell_unfound(text: str, store: Store, iris: Iris) -> None:
    """Tell why nothing was found: a missing IRI or value, or no thing that has all of them."""
    unnamed = unnamed_in_having(text)
    for variable, expression in unnamed.items():
        say(f"nothing was found: {variable} has no value in HAVING, write {expression} there")
    counted_early = counted_in_filter(text)
    for condition in counted_early:
        say(f"nothing was found: FILTER sees one row at a time, write HAVING({condition})")
    unreadable = unread(text, store, iris)
    for variable in unreadable:
        say(f"nothing was found: {variable} is no text, write STR({variable}) in the function")
    elsewhere = list(misplaced(text, store, iris))
    for one in elsewhere[:MOST_TOLD]:
        is_where = "is only in the default graph"
        if one.is_graph:
            is_where = "is no graph of the release: its records are in the default graph"
        say(f"nothing was found: {one.term} {is_where}, without FROM and GRAPH")
    lacking = list(absent(text, store, iris))
    if not (lacking or unnamed or counted_early or unreadable or elsewhere):
        _tell_apart(text, store, iris)
    if lacking:
        say("nothing was found, and the release does not have")
    for matched in lacking[:MOST_TOLD]:
        instead = present_instead(matched, store, iris, partial(known_iri, iris=iris))
        asked = f"{matched.term} as {matched.of}" if matched.of else f"{matched.term}"
        path = "/".join(map(str, instead.path))
        other = f"as {path}" if path else f"{instead.term}"
        if path and instead.term not in {None, matched.term}:
            other = f"{instead.term} as {path}"
        say(f"  {asked}{_but(instead.term and other)}")
    if more := len(lacking[MOST_TOLD:]):
        say(f"  and {counted(more, 'other term')} of the query")


def _tell_apart(text: str, store: Store, iris: Iris) -> None:
    """Tell what a query asks of one thing that no thing of the release has together."""
    for one in islice(apart(text, store, iris), MOST_TOLD):
        told = f"{one.thing} has no {one.lacks}"
        if one.beside:
            told = f"{one.thing} needs {one.beside} and {one.lacks}, but nothing has both"
        elif one.via:
            lacks = one.lacks if one.classes or one.instead else f"to be a {one.lacks}"
            leads = ", ".join(map(str, one.leads))
            told = f"{one.thing} needs {lacks}, but {one.via} leads to {leads}"
        elif one.graph:
            told = f"{one.lacks} is only in named graphs: write GRAPH {one.graph} {{ … }}"
        more = f"; {one.lacks} belongs to {', '.join(map(str, one.classes))}" if one.classes else ""
        if one.instead:
            more = f"; use {one.instead}"
        say(f"nothing was found: {told}{more}")


def _but(instead: object) -> str:
    return f", but {instead}" if instead else ""
