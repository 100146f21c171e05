"""Variables of a query that never have a value: from the query process to a header of the answer.

Such an answer is valid, whether it has rows with blank cells or none. The header
``X-Pfocr-Unbound`` lists the variables with the one that was probably meant, or with the only place
where they have a value: ``EXISTS``, ``MINUS``, or ``SELECT`` for a subquery that does not select
them. It is told by the query's text alone, so it stands before the first row.
"""

from collections.abc import Mapping
from typing import Any, Final

from pfocr_rdf.diagnosis.unbound import MOST_TOLD, may_be_unbound, unbound
from pfocr_rdf.web.headers import header_text

NAME: Final = b"x-pfocr-unbound"
PARAMETERS: Final = ("instead", "within")


def told_blanks(text: str) -> list[tuple[str, ...]]:
    """The variables as the head of an answer has them: each with what is meant, and where it is.

    >>> told_blanks("SELECT ?F { ?f a ?c }"), told_blanks("SELECT ?f { ?f a ?c }")
    ([('?F', '?f', '')], [])
    """
    if not may_be_unbound(text):
        return []
    return [(one.variable, one.instead, one.within) for one in unbound(text)]


def blank_headers(head: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header as a list of one, empty if every variable has a value.

    :param head: the head of an answer as the query process reports it. That process runs the
        queries of strangers, so every value is encoded.

    >>> blank_headers({"blanks": [["?F", "?f", ""], ["?g", "", "EXISTS"], ["?é", "", ""]]})[0][1]
    b'<%3FF>; instead="%3Ff", <%3Fg>; within="EXISTS", <%3F%C3%A9>'
    >>> blank_headers({})
    []
    """
    said = list[str]()
    for variable, *others in list(head.get("blanks") or ())[:MOST_TOLD]:
        facts = [
            f'; {name}="{header_text(str(other))}"'
            for name, other in zip(PARAMETERS, others, strict=False)
            if other
        ]
        said.append(f"<{header_text(str(variable))}>" + "".join(facts))
    return [(NAME, ", ".join(said).encode())] if said else []
