"""Why a query finds nothing: all reasons, for the command line as for the header of an answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from pyoxigraph import DefaultGraph, NamedNode

from pfocr_rdf.contents import Quads
from pfocr_rdf.diagnosis.absent import MOST_TOLD, Instead, absent, occurs, present_instead
from pfocr_rdf.diagnosis.apart import Apart, apart
from pfocr_rdf.diagnosis.graphs import Misplaced, misplaced
from pfocr_rdf.diagnosis.having import counted_in_filter, unnamed_in_having
from pfocr_rdf.diagnosis.matched import Matched
from pfocr_rdf.diagnosis.never import Never, never
from pfocr_rdf.diagnosis.relative import in_full, meant_by
from pfocr_rdf.diagnosis.unmet import Unmet, unmet
from pfocr_rdf.diagnosis.unread import unread
from pfocr_rdf.iris import Iris
from pfocr_rdf.spellings import known_iri


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A variable that has no value in HAVING, and the expression that has."""

    variable: str
    expression: str


@dataclass(frozen=True, slots=True)
class CountedEarly:
    """A condition of FILTER that counts, where there are no groups yet."""

    condition: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A variable that a function cannot read, but could with STR."""

    variable: str


#: A :class:`Matched` is a term that the release lacks.
Reason = Unnamed | CountedEarly | Unreadable | Never | Misplaced | Matched | Apart | Unmet


def reasons(text: str, store: Quads, iris: Iris) -> Iterator[Reason]:
    """Why a query finds nothing, what can be told by its text alone first.

    What its things cannot have is told only if nothing before it is: of a property that the release
    lacks, all of that would be true as well. Texts are looked through last, as it takes longest.

    :param text: a well-formed query.
    """
    is_told = False
    text, written = in_full(text, iris.base)
    for reason in _found(text, store, iris):
        is_told = True
        yield _as_written(reason, written)
    if not is_told:
        together = list(islice(apart(text, store, iris), MOST_TOLD))
        yield from together or islice(unmet(text, store, iris), MOST_TOLD)


def _as_written(reason: Reason, written: Mapping[NamedNode, str]) -> Reason:
    """The reason, with the relative IRI that the query has for a term, if it has one."""
    if not isinstance(reason, Matched) or reason.of or not isinstance(reason.term, NamedNode):
        return reason
    return replace(reason, written=written.get(reason.term, ""))


def _found(text: str, store: Quads, iris: Iris) -> Iterator[Reason]:
    for variable, expression in unnamed_in_having(text).items():
        yield Unnamed(variable, expression)
    yield from map(CountedEarly, counted_in_filter(text))
    yield from map(Unreadable, unread(text, store, iris))
    yield from islice(never(text, store, iris), MOST_TOLD)
    yield from islice(misplaced(text, store, iris), MOST_TOLD)
    yield from absent(text, store, iris)


def instead_of(lacking: Matched, store: Quads, iris: Iris) -> Instead:
    """What the release has in place of a term that it lacks, also under another spelling."""
    for meant in meant_by(lacking.written) if lacking.written else ():
        found = known_iri(meant, iris)
        if found and occurs(found, store, DefaultGraph()):
            return Instead(found)
    return present_instead(lacking, store, iris, partial(known_iri, iris=iris))
