"""Why a query finds nothing, from the query process to a header of its answer.

An answer without a row is a good answer, so this is no problem: ``X-Pfocr-Absent`` lists the
IRIs of the query that no triple has, and what the release has in the place of each.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from pyoxigraph import Store

from pfocr_rdf.absent import absent_iris, present_instead
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.headers import header_address

NAME: Final = b"x-pfocr-absent"
#: IRIs in one header, and characters of one; proxies take some kilobytes of headers.
MOST: Final = 5
LONGEST: Final = 200


def told_absent(text: str, store: Store, iris: Iris) -> list[tuple[str, str]]:
    """What the query process tells: IRIs of a query that the release lacks, and what it has."""
    absent = (node for node in absent_iris(text, store, iris) if len(node.value) <= LONGEST)
    return [(node.value, present_instead(node, store, iris)) for node in islice(absent, MOST)]


def absent_headers(end: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header, if there is something to tell.

    :param end: of an answer, as the query process says it, which runs the queries of strangers.

    >>> absent_headers({"absent": [["urn:é", ""], ["https://x.org/", "http://x.org/"]]})[0][1]
    b'<urn:%C3%A9>, <https://x.org/>; instead="http://x.org/"'
    >>> absent_headers({"rows": 0})
    []
    """
    pairs = [
        (header_address(str(iri)), header_address(str(instead)))
        for iri, instead in end.get("absent") or ()
    ]
    said = [f'<{iri}>; instead="{other}"' if other else f"<{iri}>" for iri, other in pairs[:MOST]]
    return [(NAME, ", ".join(said).encode())] if said else []
