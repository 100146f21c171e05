"""The pages that the types of problems lead to."""

from functools import lru_cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.problems import PROBLEMS, Refusal

HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
OFFERS: Final = ("text/html", "text/plain")


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The templates of the pages. Every value is escaped."""
    loader = PackageLoader("pfocr_rdf.web")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def problem_page(
    kind: str | None, accept: str | None, home: str = "/", sheet: str = ""
) -> tuple[str, bytes]:
    """What a kind of problem means and what to do: media type and document.

    :param kind: key of :data:`PROBLEMS`; None for all kinds.
    :param home: address of the first page.
    :param sheet: address of the style sheet.
    :raises Refusal: ``not-found`` or ``not-acceptable``.

    >>> problem_page("busy", "text/plain")[1].splitlines()[0]
    b'busy (503): The server is busy'
    """
    if kind is not None and kind not in PROBLEMS:
        known = ", ".join(sorted(PROBLEMS))
        raise Refusal("not-found", f"there is no problem type {kind!r}; there are: {known}")
    kinds = PROBLEMS if kind is None else {kind: PROBLEMS[kind]}
    chosen = negotiate(accept, OFFERS)
    if chosen is None:
        detail = "a problem type is explained in HTML and in plain text only"
        raise Refusal("not-acceptable", detail, available=list(OFFERS))
    if chosen == "text/html":
        title = kinds[kind].title if kind else "Problems and what to do"
        template = templates().get_template("problem.html")
        return HTML, template.render(kinds=kinds, title=title, home=home, sheet=sheet).encode()
    parts = (f"{slug} ({k.status}): {k.title}\n\n{k.help}\n" for slug, k in kinds.items())
    return TEXT, "\n".join(parts).encode()
