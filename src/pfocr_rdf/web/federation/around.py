"""The patterns around a SERVICE clause that are joined with it: they give values for it.

Solutions of the clause that cannot be joined with any of those values do not matter, so a partner
need not send them. Too many values do no harm; one too few makes the answer wrong. So only those
parts of the query are used that cannot give too few:

- patterns that are joined with the clause, but no OPTIONAL and no MINUS;
- a BIND or FILTER whose variables are all bound by those patterns;
- for a clause in an OPTIONAL, MINUS or EXISTS, patterns at most one level outside it; for one in a
  subquery, none outside it: there the clause's solutions are joined with something else first;
- nothing that calls RAND, NOW or the like: when the rest of the query is asked, it gives others.

Patterns that share no variable are not combined: it may be the clause itself that joins them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pfocr_rdf.web.checks import CHANGING
from pfocr_rdf.web.federation.pattern import NONE, SERVICE, Names, Part, Pattern, Read

#: The kinds of elements that are joined with the clause.
JOINED: Final = (
    *("Triples", "GroupOrUnionGraphPattern", "GraphGraphPattern", "InlineData", "SubSelect"),
    SERVICE,
)
#: The elements whose content is joined only with what stands before them.
BEFORE: Final = ("OptionalGraphPattern", "MinusGraphPattern", "Bind")
#: The elements from which patterns are used one level outside, and no further.
LAST: Final = (*BEFORE, "Filter")
#: The start and end of a stretch of the query's text, or text to put between two of them.
Piece = tuple[int, int] | str


@dataclass(frozen=True, slots=True)
class Level:
    """A group around the clause, and the index of its part that is, or contains, the clause."""

    pattern: Pattern
    at: int

    @property
    def usable(self) -> tuple[Part, ...]:
        """The other parts of the group, or only those before ``at`` where its kind demands that."""
        parts = self.pattern.parts
        if parts[self.at].kind in BEFORE:
            return parts[: self.at]
        return (*parts[: self.at], *parts[self.at + 1 :])


@dataclass(frozen=True, slots=True)
class Around:
    """A graph pattern that gives values for some variables of a clause."""

    variables: Names
    pieces: tuple[Piece, ...]


def levels_of(read: Read, service: int) -> tuple[Level, ...]:
    """The groups around a clause whose patterns may be used, the innermost first."""
    levels: list[Level] = []
    for level in reversed(next(_paths(read.where, service))):
        kind = level.pattern.parts[level.at].kind
        if kind == "SubSelect":
            break
        levels.append(level)
        if kind in LAST:
            break
    return tuple(levels)


def _paths(pattern: Pattern, service: int) -> Iterator[list[Level]]:
    """The levels from a group down to a clause in it."""
    for at, part in enumerate(pattern.parts):
        if part.service == service:
            yield [Level(pattern, at)]
        for group in part.groups:
            for path in _paths(group, service):
                yield [Level(pattern, at), *path]


def find_around(
    read: Read, levels: Sequence[Level], shared: Names, done: frozenset[int]
) -> list[Around]:
    """The patterns that give values for a clause.

    :param levels: as :func:`levels_of` returns them.
    :param shared: the variables of the clause for which values are wanted.
    :param done: the numbers of the clauses whose answers are known.
    """
    kept = _Kept(read)
    usable = [
        [p for p in level.usable if _services(p) <= done and _is_repeatable(read, p)]
        for level in levels
    ]
    joined = [kept.joined(parts) for parts in usable]
    found: list[Around] = []
    for names in _components([part for parts in joined for part in parts]):
        chosen = [[part for part in parts if _links(part) & names] for parts in joined]
        visible = NONE.union(*(part.visible for parts in chosen for part in parts))
        if shared & visible:
            all_parts = [
                [*own, *kept.filters(parts, own)] for parts, own in zip(usable, chosen, strict=True)
            ]
            found.append(Around(shared & visible, _pieces(levels, all_parts)))
    return found


def _services(part: Part) -> frozenset[int]:
    """The numbers of the clauses that a part is or contains."""
    own = frozenset({part.service}) if part.service >= 0 else frozenset()
    return own.union(*(_services(inner) for group in part.groups for inner in group.parts))


def _is_repeatable(read: Read, part: Part) -> bool:
    """Whether a part gives the same each time; of a clause, whose answer is known, none is asked.

    Oxigraph needs no space before the name of a function.
    """
    called = [t for t in read.tokens(part.start, part.end) if t.word.lower().endswith(CHANGING)]
    return all(any(s.start < t.start < s.end for s in read.services) for t in called)


def _links(part: Part) -> Names:
    """The variables that connect a part with others."""
    return part.names if part.kind == "Bind" else part.visible


def _components(parts: Sequence[Part]) -> list[Names]:
    """The variables of the parts, in one set for each group of connected parts."""
    found: list[Names] = []
    for part in parts:
        names = _links(part)
        touched = [other for other in found if other & names]
        found = [other for other in found if not other & names]
        if names:
            found.append(names.union(*touched))
    return found


class _Kept:
    """Finds each BIND and FILTER that means the same when other parts of the query are left out."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._written = Counter(t.text[1:] for t in read.outline.tokens if t.kind == "var")
        self._bound = Counter(_binders(read.where))

    def joined(self, parts: Iterable[Part]) -> list[Part]:
        """The joined parts, and each BIND whose variables are all bound by earlier ones."""
        known: set[str] = set()
        found: list[Part] = []
        for part in parts:
            if part.kind in JOINED:
                known |= part.certain
            elif part.kind != "Bind" or not self._meaning(part) - part.visible <= known:
                continue
            else:
                known |= self._own(part)
            found.append(part)
        return found

    def filters(self, parts: Iterable[Part], chosen: Iterable[Part]) -> list[Part]:
        """Each FILTER whose variables are all bound by the chosen parts."""
        known: set[str] = set()
        for part in chosen:
            known |= self._own(part) if part.kind == "Bind" else part.certain
        return [part for part in parts if part.kind == "Filter" and self._meaning(part) <= known]

    def _meaning(self, part: Part) -> Names:
        """The variables of a part that also occur elsewhere in the query; the others are local."""
        tokens = self._read.tokens(part.start, part.end)
        inside = Counter(token.text[1:] for token in tokens if token.kind == "var")
        return frozenset(name for name, count in inside.items() if self._written[name] > count)

    def _own(self, part: Part) -> Names:
        """The variables that only this part of the query can bind; a BIND has at most one."""
        return frozenset(name for name in part.visible if self._bound[name] == 1)


def _binders(pattern: Pattern) -> Iterator[str]:
    """Every variable, once for each place in a pattern that can bind it."""
    for part in pattern.parts:
        inner = NONE.union(*(group.visible for group in part.groups))
        yield from part.visible - inner
        for group in part.groups:
            yield from _binders(group)


def _pieces(levels: Sequence[Level], chosen: Sequence[Sequence[Part]]) -> tuple[Piece, ...]:
    """The chosen parts as one pattern, each level nested in the next outer one."""
    inner: list[Piece] = []
    for level, parts in zip(levels, chosen, strict=True):
        path = level.pattern.parts[level.at]
        own = ["{\n", *inner, "}\n"] if inner else []
        inner = [
            *_spans(part for part in parts if part.start < path.start),
            *own,
            *_spans(part for part in parts if part.start > path.start),
        ]
    return tuple(inner)


def _spans(parts: Iterable[Part]) -> Iterator[Piece]:
    for part in sorted(parts, key=lambda part: part.start):
        yield part.start, part.end
        # Triples need a dot before the next ones; nothing else needs one.
        yield " .\n" if part.kind == "Triples" else "\n"
