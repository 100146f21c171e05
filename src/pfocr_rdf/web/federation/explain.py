"""The plan of a query, for people and for programs: what each partner would be asked."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pfocr_rdf.iris import Iris
from pfocr_rdf.web.federation.clause import Ask, Values, find_values
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.federation.partners import Partner
from pfocr_rdf.web.federation.steps import Pieces, Plan, Step, filled

#: Why the release is not asked for values: nothing else has the clause's variables, or only what
#: may give none or others each time, as an OPTIONAL or a RAND() does.
UNCERTAIN: Final = "no variable is shared with patterns whose values are certain"
#: What a query shows in the place of a partner's answer.
PLACEHOLDER: Final = "# the answer to the SERVICE clause number {}\n"
#: A placeholder followed by an empty rest of the line: one line break is enough there.
EMPTY_LINE_RE: Final = re.compile(r"(# the answer to the SERVICE clause number [0-9]+\n)[ \t]*\n")


async def explain(
    federation: Federation, text: str, iris: Iris, ask: Ask, client: str = ""
) -> dict[str, Any]:
    """What each partner would be asked. No partner is asked; the release is, for values to send.

    A clause that needs another partner's answer has no values yet: its request is shown with an
    empty VALUES block.

    :param client: whose query it is.
    :raises Refusal: if the query cannot be evaluated.
    """
    async with federation.turn(client):
        plan = await federation.plan(text, iris, client)
        return await _explained(federation, plan, ask)


async def _explained(federation: Federation, plan: Plan, ask: Ask) -> dict[str, Any]:
    steps = []
    for step in plan.steps:
        partner = federation.partner(step)
        needs = sorted(
            {piece for b in step.bindings for piece in b.query if isinstance(piece, int)}
        )
        values = Values()
        if step.bindings and not needs:
            values = await find_values(step, partner.bindings, {}, ask)
        steps.append(_step(step, partner, values, needs))
    return {"steps": steps, "then": _shown(plan.final)}


def _step(step: Step, partner: Partner, values: Values, needs: list[int]) -> dict[str, Any]:
    if needs:
        wanted = step.bindings[0]
        block = f"VALUES ({' '.join(f'?{name}' for name in wanted.variables)}) {{ }}"
        requests = [step.asked(block, inside=wanted.inside)]
    else:
        requests = values.requests(step, partner.batch)
    return {
        "clause": step.number + 1,
        "line": step.line,
        "partner": partner.name,
        "endpoint": partner.endpoint,
        "silent": step.silent,
        "after": [number + 1 for number in needs],
        "variables": list(values.variables or (step.bindings[0].variables if needs else ())),
        "values": None if values.rows is None else len(values.rows),
        "from": [_shown(bindings.query) for bindings in step.bindings],
        "requests": requests,
        "limits": {
            "timeout_s": partner.timeout_s,
            "rows": partner.rows,
            "bytes": partner.bytes,
        },
    }


def _shown(pieces: Pieces) -> str:
    numbers = (piece for piece in pieces if isinstance(piece, int))
    text = filled(pieces, {number: PLACEHOLDER.format(number + 1) for number in numbers})
    return EMPTY_LINE_RE.sub(r"\1", text)


def explained_text(document: Mapping[str, Any]) -> str:
    """The plan as text."""
    lines: list[str] = []
    for order, step in enumerate(document["steps"], 1):
        where = f"line {step['line']}{', SILENT' if step['silent'] else ''}"
        lines += [
            f"{order}. {step['partner']} <{step['endpoint']}>: SERVICE in {where}",
            f"   {_values(step)}",
            "",
        ]
        for query in step["from"]:
            lines += ["   The release is asked for values:", "", *_indented(query), ""]
        for number, request in enumerate(step["requests"], 1):
            lines += [
                f"   Request {number} of {len(step['requests'])}:",
                "",
                *_indented(request),
                "",
            ]
    lines += ["Then the release is asked:", "", *_indented(document["then"]), ""]
    return "\n".join(lines)


def _values(step: Mapping[str, Any]) -> str:
    names = ", ".join(f"?{name}" for name in step["variables"])
    if step["after"]:
        *others, last = map(str, step["after"])
        clauses = f"clauses {', '.join(others)} and {last}" if others else f"clause {last}"
        return f"Asked about values of {names}, which are known after {clauses}."
    if step["values"] is None:
        why = "too many values, or rows without one" if step["from"] else UNCERTAIN
        return f"Asked without values ({why}), in 1 request."
    if not step["values"]:
        return f"Not asked: the release has no values of {names}."
    values, count = step["values"], len(step["requests"])
    asked = f"{values:,} value{'s' if values > 1 else ''} of {names}"
    return f"Asked about {asked}, in {count} request{'s' if count > 1 else ''}."


def _indented(text: str) -> list[str]:
    return [f"      {line}" for line in text.splitlines()]
