"""A plan: what each partner is asked, and the query that remains for the release."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The pieces of a query: text, or the number of a step whose answer goes there.
Pieces = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Bindings:
    """A query to the release for values of variables that a clause shares with it.

    :param inside: whether the values may go inside the clause's group. Otherwise they go beside it,
        which fewer partners plan well.
    """

    variables: tuple[str, ...]
    query: Pieces
    inside: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A SERVICE clause.

    :param number: the number of the clause in the order of the text, from 0.
    :param bindings: ways to get values for it; empty if it shares no variable.
    :param columns: the variables whose values are wanted.
    :param prologue: the declarations for the query to the partner.
    :param body: the text between the braces of the clause.
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

        :param values: a VALUES block; empty for none.
        :param inside: whether it may go in the same group as the body.

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
    """The steps in the order in which they are taken, and the query that remains."""

    steps: tuple[Step, ...]
    final: Pieces


def plan_of(document: Mapping[str, Any]) -> Plan:
    """The plan from a JSON document, which is modified."""
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
    """A query with the answers to steps in their places.

    >>> filled(("SELECT * { ", 0, " }"), {0: "VALUES ?x { 1 }"})
    'SELECT * { VALUES ?x { 1 } }'
    """
    return "".join(piece if isinstance(piece, str) else blocks[piece] for piece in pieces)
