"""A plan: which partner is asked what, and the query that remains for the release."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Text, or the number of a step whose answer stands there.
Pieces = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Bindings:
    """A query to the release for the values of variables that a clause shares with it.

    :param inside: whether the values may stand in the group of the clause, and not only
        beside it, which fewer partners plan well.
    """

    variables: tuple[str, ...]
    query: Pieces
    inside: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A SERVICE clause.

    :param number: of the clause, in the order of the text, from 0.
    :param bindings: ways to get at values for it; none where it shares no variable.
    :param columns: the variables whose values are wanted.
    :param prologue: what stands before the query to the partner.
    :param body: what stands between the braces of the clause.
    """

    number: int
    line: int
    endpoint: str
    silent: bool
    columns: tuple[str, ...]
    bindings: tuple[Bindings, ...]
    prologue: str
    body: str

    def asked(self, values: str = "", *, inside: bool = True) -> str:
        r"""The query to the partner.

        :param values: a VALUES block, or nothing.
        :param inside: whether it may stand in the same group.

        >>> step = Step(0, 1, "urn:x", False, ("a",), (), "", "?a ?b ?c")
        >>> step.asked("VALUES ?c { 1 }")
        'SELECT ?a WHERE {\nVALUES ?c { 1 }\n?a ?b ?c\n}'
        """
        columns = " ".join(f"?{name}" for name in self.columns) or "*"
        body = self.body if inside or not values else f"{{\n{self.body}\n}}"
        lines = [f"{self.prologue}SELECT {columns} WHERE {{", values, body, "}"]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in their order, and the query that remains."""

    steps: tuple[Step, ...]
    final: Pieces


def plan_of(document: Mapping[str, Any]) -> Plan:
    """A plan that was written as JSON."""
    steps = []
    for step in document["steps"]:
        found = step.pop("bindings")
        bindings = tuple(
            Bindings(tuple(b["variables"]), tuple(b["query"]), b["inside"]) for b in found
        )
        columns = tuple(step.pop("columns"))
        steps.append(Step(**step, columns=columns, bindings=bindings))
    return Plan(tuple(steps), tuple(document["final"]))


def filled(pieces: Pieces, blocks: Mapping[int, str]) -> str:
    """A query with the answers of steps in their places.

    >>> filled(("SELECT * { ", 0, " }"), {0: "VALUES ?x { 1 }"})
    'SELECT * { VALUES ?x { 1 } }'
    """
    return "".join(piece if isinstance(piece, str) else blocks[piece] for piece in pieces)
