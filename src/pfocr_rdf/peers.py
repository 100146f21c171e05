"""Talking to other servers: our User-Agent, their error messages, answers that they cut short."""

import re
from collections.abc import Mapping
from typing import Final

from pfocr_rdf import __version__
from pfocr_rdf.iris import BASE

#: The User-Agent of all our requests: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5
AGENT: Final = f"pfocr-rdf/{__version__} ({BASE})"
#: Seconds that an endpoint has to answer, unless the user says otherwise.
TIMEOUT_S: Final = 60.0
#: Characters that are shown of another server's error message.
SHOWN: Final = 300


def can_be_host(name: str | None) -> bool:
    """Whether a name can be looked up as a host: on others Python fails with an unclear error.

    https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4

    >>> can_be_host("sparql.example"), can_be_host("::1"), can_be_host("a..b"), can_be_host(None)
    (True, True, False, False)
    """
    try:
        return bool((name or "").encode("idna"))
    except UnicodeError:
        return False


def flat(text: str) -> str:
    r"""A text of another server, on one line and cut to ``SHOWN`` characters.

    >>> flat("no\nsuch\x1b[31m graph")
    'no such [31m graph'
    """
    one_line = " ".join(printable(text).split())
    return one_line if len(one_line) <= SHOWN else one_line[:SHOWN] + "…"


def printable(text: str) -> str:
    """A text with a space for each unprintable character, so that none can control a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def cut_rows(headers: Mapping[str, str]) -> int | None:
    """After how many rows Virtuoso cut an answer; 0 if its time ran out, None if nothing says so.

    A cut answer has the same HTTP status as a whole one; only a header tells. ``X-SPARQL-MaxRows``
    comes with every answer of as many rows as Virtuoso returns at most, ``X-SQL-State`` or
    ``X-Exec-Milliseconds`` with one that it had no time to finish.

    https://docs.openlinksw.com/virtuoso/rdfsparqlprotocolendpoint/

    >>> cut_rows({"X-SPARQL-MaxRows": "10000"}), cut_rows({"X-SQL-State": "S1TAT"}), cut_rows({})
    (10000, 0, None)
    """
    if "X-SQL-State" in headers or "X-Exec-Milliseconds" in headers:
        return 0
    found = re.fullmatch(r"[0-9]{1,12}", headers.get("X-SPARQL-MaxRows", ""))
    return int(found[0]) if found else None
