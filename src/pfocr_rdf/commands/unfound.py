"""Why a query of the command line found nothing, in a few lines on standard error."""

from pyoxigraph import Literal, NamedNode, Store

from pfocr_rdf.commands.console import counted, say
from pfocr_rdf.diagnosis.absent import MOST_TOLD
from pfocr_rdf.diagnosis.apart import Apart
from pfocr_rdf.diagnosis.graphs import Misplaced
from pfocr_rdf.diagnosis.matched import Matched
from pfocr_rdf.diagnosis.never import Never
from pfocr_rdf.diagnosis.reasons import CountedEarly, Unnamed, Unreadable, instead_of, reasons
from pfocr_rdf.diagnosis.unmet import Unmet
from pfocr_rdf.iris import Iris


def tell_unfound(text: str, store: Store, iris: Iris) -> None:
    """Tell why nothing was found: a missing IRI or value, or no thing that has all of them."""
    lacking = list[Matched]()
    for reason in reasons(text, store, iris):
        if isinstance(reason, Matched):
            lacking.append(reason)
        else:
            say(f"nothing was found: {_words(reason)}")
    if lacking:
        say("nothing was found, and the release does not have")
    for matched in lacking[:MOST_TOLD]:
        instead = instead_of(matched, store, iris)
        asked = f"{matched.term} as {matched.of}" if matched.of else f"{matched.term}"
        if matched.written:
            asked = f"<{matched.written}>, which stands for {matched.term}"
        path = "/".join(map(str, instead.path))
        other = f"as {path}" if path else f"{instead.term}"
        if matched.written and isinstance(instead.term, NamedNode):
            name = iris.prefixed(instead.term.value)
            other = other if "/" in name else name
        if path and instead.term not in {None, matched.term}:
            other = f"{instead.term} as {path}"
        say(f"  {asked}{_but(instead.term and other)}")
    if more := len(lacking[MOST_TOLD:]):
        say(f"  and {counted(more, 'other term')} of the query")


def _words(reason: Unnamed | CountedEarly | Unreadable | Never | Misplaced | Apart | Unmet) -> str:
    match reason:
        case Unnamed(variable, expression):
            return f"{variable} has no value in HAVING, write {expression} there"
        case CountedEarly(condition):
            return f"FILTER sees one row at a time, write HAVING({condition})"
        case Unreadable(variable):
            return f"{variable} is no text, write STR({variable}) in the function"
        case Never(condition, variable, instead):
            why = f"{variable} has no language: leave it out"
            return f"{condition} never holds, {why if variable else f'write {instead}'}"
        case Misplaced(term, is_graph, instead) if is_graph and instead:
            return f"{term} is no graph of the release, write {instead}"
        case Misplaced(term, is_graph):
            is_where = "is only in the default graph"
            if is_graph:
                is_where = "is no graph of the release: its records are in the default graph"
            return f"{term} {is_where}, without FROM and GRAPH"
        case Apart():
            return _apart(reason)
        case Unmet(condition, of, instead, example) if instead:
            found = Literal(example)
            return f"{condition} tells capitals from small letters, write {instead} to find {found}"
        case Unmet(condition, of):
            return f"no {of} meets {condition}"


def _apart(one: Apart) -> str:
    """What a query asks of one thing that no thing of the release has together."""
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
    return told + more


def _but(instead: object) -> str:
    return f", but {instead}" if instead else ""
