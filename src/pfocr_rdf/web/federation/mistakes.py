"""A query with SERVICE clauses, for a parser that is to find the mistake in it and no more."""

import re
from typing import Final

from pfocr_rdf.web.checks import find_service
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.scan import SKIP

#: A clause of GRAPH has the same grammar, and as many letters keep every place where it is.
WORD: Final = "SERVICE"
INSTEAD: Final = "GRAPH  "
SILENT: Final = "SILENT"
#: More clauses than are evaluated; each takes one more reading of the text.
MOST: Final = 17
SKIP_RE: Final = re.compile(SKIP)


def without_services(text: str) -> str | None:
    """The same query with GRAPH clauses; None where there is too much to replace.

    >>> without_services("ASK { SERVICE SILENT<urn:x> { ?s trueservice<urn:x>{} } }")
    'ASK { GRAPH         <urn:x> { ?s trueGRAPH  <urn:x>{} } }'
    """
    try:
        for _ in range(MOST):
            at = find_service(text)
            if at is None:
                return text
            end = at + len(WORD)
            text = text[:at] + INSTEAD + _without_silent(text[end:])
    except Refusal:
        return None
    return None


def as_written(refusal: Refusal, changed: str, text: str) -> Refusal:
    r"""What is wrong with a query, with an excerpt of it as it was sent.

    :param changed: as :func:`without_services` gave it.

    >>> found = Refusal("syntax", "", line=2, column=9, excerpt="GRAPH   x\n        ^")
    >>> as_written(found, "ASK {\nGRAPH   x }", "ASK {\nSERVICE x }").members["excerpt"]
    'SERVICE x\n        ^'
    """
    line, excerpt = refusal.members.get("line"), refusal.members.get("excerpt")
    if not isinstance(line, int) or not isinstance(excerpt, str):
        return refusal
    shown, newline, mark = excerpt.partition("\n")
    at = "".join(changed.split("\n")[line - 1 : line]).find(shown)
    if at < 0:
        return refusal
    as_sent = text.split("\n")[line - 1][at : at + len(shown)]
    members = {**refusal.members, "excerpt": f"{as_sent}{newline}{mark}"}
    return Refusal(refusal.kind, refusal.detail, headers=refusal.headers, **members)


def _without_silent(rest: str) -> str:
    """What follows the word, in which spaces stand for SILENT."""
    at = SKIP_RE.match(rest)
    start = at.end() if at else 0
    if rest[start : start + len(SILENT)].upper() != SILENT:
        return rest
    return rest[:start] + " " * len(SILENT) + rest[start + len(SILENT) :]
