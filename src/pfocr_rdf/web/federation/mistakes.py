"""Queries with SERVICE clauses, rewritten for a parser that only has to find a mistake."""

import re
from typing import Final

from pfocr_rdf.web.checks import find_service
from pfocr_rdf.web.grammar import SKIP
from pfocr_rdf.web.problems import Refusal

#: GRAPH has the same grammar; padded to the same length, it keeps all positions in the text.
WORD: Final = "SERVICE"
INSTEAD: Final = "GRAPH  "
SILENT: Final = "SILENT"
#: Times that the text is read: once per clause, at most 16 of which are evaluated, and once more.
MOST: Final = 17
SKIP_RE: Final = re.compile(SKIP)


def without_services(text: str) -> str | None:
    """The same query with GRAPH clauses instead; None if it is too complex or has too many.

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
    r"""The same refusal, with its excerpt taken from the query as it was sent.

    :param changed: the query as :func:`without_services` returned it.

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
    """The text after the word SERVICE, with SILENT replaced by spaces."""
    at = SKIP_RE.match(rest)
    start = at.end() if at else 0
    if rest[start : start + len(SILENT)].upper() != SILENT:
        return rest
    return rest[:start] + " " * len(SILENT) + rest[start + len(SILENT) :]
