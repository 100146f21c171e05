"""The pages at the addresses of the problem types: what happened, and what to do."""

from typing import Final

from starlette.responses import Response

from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.feeds import TEXT
from pfocr_rdf.web.pages.forms import HTML, reply
from pfocr_rdf.web.pages.html import html_reply
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import PROBLEMS, ProblemKind, Refusal

OFFERS: Final = (HTML.media_type, "text/plain")


def answer_problem(visit: Visit) -> Response:
    """``/problems`` and ``/problems/KIND``, in HTML or as plain text.

    :raises Refusal: ``not-found`` or ``not-acceptable``.
    """
    kind = visit.values.get("kind")
    if kind is not None and kind not in PROBLEMS:
        known = ", ".join(sorted(PROBLEMS))
        detail = f"there is no problem type {kind[:100]!r}; there are: {known}"
        raise Refusal("not-found", detail, near=["problems"])
    kinds = PROBLEMS if kind is None else {kind: PROBLEMS[kind]}
    chosen = negotiate(visit.headers.get("accept"), OFFERS)
    if chosen is None:
        detail = "a problem type is explained in HTML and in plain text only"
        raise Refusal("not-acceptable", detail, available=list(OFFERS))
    key = f"problem {kind} {chosen}"
    if chosen != HTML.media_type:
        return reply(visit, lambda: _text(kinds).encode(), TEXT, key=key, vary="Accept")
    title = PROBLEMS[kind].title if kind else "Problems and what to do"
    return html_reply(visit, "problem.html", key=key, vary="Accept", title=title, kinds=kinds)


def _text(kinds: dict[str, ProblemKind]) -> str:
    return "\n".join(f"{slug} ({k.status}): {k.title}\n\n{k.help}\n" for slug, k in kinds.items())
