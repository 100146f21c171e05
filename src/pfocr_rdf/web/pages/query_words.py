"""The description of a query as a page shows it: names of other queries as links, code as code."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from pfocr_rdf.web.pages.query_inputs import listed_queries

#: Text between backticks, or words joined by hyphens, as in the names of queries.
MARKED_RE: Final = re.compile(r"`([^`]+)`|[a-z]+(?:-[a-z]+)+")


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a description."""

    text: str
    kind: Literal["text", "code", "query"]


@cache
def read_words(description: str) -> tuple[Words, ...]:
    """The pieces of a description; together they are the whole text without the backticks.

    >>> [(words.text, words.kind) for words in read_words("Ask gene-words, of well-known ones.")]
    [('Ask ', 'text'), ('gene-words', 'query'), (', of well-known ones.', 'text')]
    """
    names = {query.name for query in listed_queries()}
    found: list[Words] = []
    at = 0
    for match in MARKED_RE.finditer(description):
        code = match[1]
        if code is None and match[0] not in names:
            continue
        found.append(Words(description[at : match.start()], "text"))
        found.append(Words(code, "code") if code else Words(match[0], "query"))
        at = match.end()
    found.append(Words(description[at:], "text"))
    return tuple(words for words in found if words.text)
