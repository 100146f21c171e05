"""Other servers: who asks, what they say of an error, whether they gave all of an answer."""

import re
from collections.abc import Mapping
from typing import Final

from pfocr_rdf import __version__
from pfocr_rdf.iris import BASE

#: What each of our requests says who sends it: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5
AGENT: Final = f"pfocr-rdf/{__version__} ({BASE})"
#: Characters of what another server says of an error.
SHOWN: Final = 300


def can_be_host(name: str | None) -> bool:
    """Whether a name can be looked up at all: Python finds no words for one that cannot.

    https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4

    >>> can_be_host("sparql.example"), can_be_host("::1"), can_be_host("a..b"), can_be_host(None)
    (True, True, False, False)
    """
    try:
        return bool((name or "").encode("idna"))
    except UnicodeError:
        return False


def flat(text: str) -> str:
    r"""What another server wrote, on one line, and not longer than a person reads.

    >>> flat("no\nsuch\x1b[31m graph")
    'no such [31m graph'
    """
    one_line = " ".join(printable(text).split())
    return one_line if len(one_line) <= SHOWN else one_line[:SHOWN] + "…"


def printable(text: str) -> str:
    """A text with a space for each character that steers a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def cut_rows(headers: Mapping[str, str]) -> int | None:
    """After how many rows Virtuoso has cut an answer, with the status of a whole one.

    It says so of each answer that has as many rows as it gives out; and of one that it has not
    finished for want of time, for which no number counts.

    https://docs.openlinksw.com/virtuoso/rdfsparqlprotocolendpoint/

    >>> cut_rows({"X-SPARQL-MaxRows": "10000"}), cut_rows({"X-SQL-State": "S1TAT"}), cut_rows({})
    (10000, 0, None)
    """
    if "X-SQL-State" in headers or "X-Exec-Milliseconds" in headers:
        return 0
    found = re.fullmatch(r"[0-9]{1,12}", headers.get("X-SPARQL-MaxRows", ""))
    return int(found[0]) if found else None
