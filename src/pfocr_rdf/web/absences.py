"""Why a query finds nothing, from the query process to a header of its answer.

An answer without a row is a good answer, so this is no problem: ``X-Pfocr-Absent`` lists the IRIs
and values of the query that no triple has, and what the release has in the place of each. A value
is written as N-Triples have it, percent-encoded.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Store

from pfocr_rdf.absent import MOST_TOLD, absent, present_instead
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.headers import header_address, header_text

NAME: Final = b"x-pfocr-absent"
#: Characters of a term in the header; proxies take some kilobytes of headers.
LONGEST: Final = 200


#: What of a term is told, as parameters of the header.
PARAMETERS: Final = ("of", "instead", "instead-of")


def told_absent(text: str, store: Store, iris: Iris) -> list[tuple[str, ...]]:
    """What the query process tells: terms of a query that the release lacks, and what it has.

    Each is the term, the property of which it should be a value, what there is in its place, and
    of which property; "" where there is none.
    """
    told = []
    short = (one for one in absent(text, store, iris) if len(one.term.value) <= LONGEST)
    for matched in islice(short, MOST_TOLD):
        instead = present_instead(matched, store, iris)
        told.append(tuple(map(_said, (matched.term, matched.of, instead.term, instead.of))))
    return told


def _said(term: NamedNode | Literal | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode) else str(term)


def absent_headers(end: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header, if there is something to tell.

    :param end: of an answer, as the query process says it, which runs the queries of strangers.

    >>> iris = [["urn:é", "", "", ""], ["https://x.org/", "", "http://x.org/", ""]]
    >>> absent_headers({"absent": iris})[0][1]
    b'<urn:%C3%A9>, <https://x.org/>; instead="http://x.org/"'
    >>> absent_headers({"absent": [['"a"@en', "urn:p", '"a"', ""]]})[0][1]
    b'<%22a%22@en>; of="urn:p"; instead="%22a%22"'
    >>> absent_headers({"rows": 0})
    []
    """
    said = []
    for term, *others in list(end.get("absent") or ())[:MOST_TOLD]:
        told = zip(PARAMETERS, map(str, others), strict=False)
        facts = [f'; {name}="{_written(other)}"' for name, other in told if other]
        said.append(f"<{_written(str(term))}>" + "".join(facts))
    return [(NAME, ", ".join(said).encode())] if said else []


def _written(term: str) -> str:
    return header_text(term) if term.startswith('"') else header_address(term)
