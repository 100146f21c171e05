"""Cheap checks of a query's text, before it is given to a query process.

They refuse what would only kill or stall that process: brackets nested deeper than the parser's
stack, more patterns than can be planned, updates, SERVICE. The process contains what slips
through, so the limits are generous: no reasonable query is to be refused here.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import urljoin

from pfocr_rdf.possessive import re
from pfocr_rdf.web.grammar import NAMESPACE, SKIP, STRING
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.scan import LimitError, Measure, Scan

# https://www.rfc-editor.org/rfc/rfc3986#section-3.1
SCHEME_RE: Final = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")


def absolute(base: str, iri: str) -> str:
    """An IRI of a query, resolved against the query's base.

    :raises Refusal: ``syntax``, if its host is malformed.

    >>> absolute("http://a/b", "c"), absolute("http://a/b", "urn:c")
    ('http://a/c', 'urn:c')
    """
    try:
        return iri if SCHEME_RE.match(iri) else urljoin(base, iri)
    except ValueError as error:
        detail = f"the IRI <{iri[:200]}> cannot be made absolute ({error}): write it in full"
        raise Refusal("syntax", detail) from None


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How large a query may be. Lists in VALUES and IN count only by their bytes.

    Times and crashes were measured with pyoxigraph 0.5.13, on an empty store, with a stack of
    8 MiB. For comparison: of eighteen queries of WikiPathways' and SIB's example libraries, picked
    for their size, none has more than 2.5 kB, 30 patterns, 5 open brackets, 23 operations and
    1 doubling.

    :param text_bytes: size of the text in UTF-8; room for 6,000 of the longest figure IRIs.
    :param depth: brackets open at the same time, and negations; 2,200 braces cause a crash.
    :param patterns: triple patterns, steps of property paths, items of collections (twice),
        VALUES blocks, and groups that have none of these. 150 are planned in 0.2 s if they form
        a chain, and in 4 to 14 s if all share one variable (100 in 1 to 3 s).
    :param operations: operators, functions, groups, and IRIs of a DESCRIBE. 1,000 of one kind
        take up to 0.7 s; 2,000 to 4,000 BIND, MINUS, aggregates or such IRIs cause a crash.
    :param doublings: nested constructs each of which doubles the time to read or plan a query:
        REGEX, SUBSTR, REPLACE, GROUP_CONCAT, subqueries, and (if they turn out malformed) negated
        brackets and functions of a FILTER. 15 take up to 0.9 s, 20 6 to 11 s, 40 months.
    :param tokens: words and signs outside lists, so that the check itself takes 20 ms at most.
    """

    text_bytes: int = 524_288
    depth: int = 100
    patterns: int = 150
    operations: int = 1_000
    doublings: int = 15
    tokens: int = 10_000


#: Measure → what it is called in messages, and the advice that goes with it.
MEASURES: Final[dict[Measure, tuple[str, str]]] = {
    "text_bytes": ("bytes", "split its lists of values over several queries"),
    "depth": ("levels of nested brackets and negations", "nest less"),
    "patterns": (
        "triple patterns and steps of property paths",
        "split the query, or give lists in VALUES instead of a pattern for each",
    ),
    "operations": (
        "operators, function calls and groups",
        "write lists as VALUES or IN instead of || and UNION, or split the query",
    ),
    "doublings": (
        "levels of nested REGEX, SUBSTR, REPLACE, GROUP_CONCAT, negations and subqueries",
        "give the inner ones a variable with BIND",
    ),
    "tokens": (
        "words and signs outside VALUES and IN",
        "split the query, or write lists as VALUES or IN",
    ),
}

PROLOGUE_RE: Final = re.compile(
    rf"(?:{SKIP}(?:(?i:PREFIX){SKIP}{NAMESPACE}{SKIP}<[^>]*+>"
    rf"|(?i:BASE){SKIP}<[^>]*+>|(?i:VERSION){SKIP}(?:{STRING})))*+{SKIP}"
)
# https://www.w3.org/TR/sparql11-update/#grammar
UPDATE_RE: Final = re.compile(
    r"((?:INSERT|DELETE)(?=(?:DATA|WHERE)?\b)|(?:LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)"
    r"(?=(?:SILENT|GRAPH|DEFAULT|NAMED|ALL)?\b))",
    re.IGNORECASE | re.ASCII,
)
FORM_RE: Final = re.compile("SELECT|ASK|CONSTRUCT|DESCRIBE", re.IGNORECASE | re.ASCII)
# https://www.w3.org/TR/sparql11-query/#idp2130040 (RAND), …#func-now, …#func-uuid, …#func-bnode
# A comment may precede the parenthesis. It is not read: a comment full of such words would be read
# again after each of them, which takes quadratic time.
CHANGING_RE: Final = re.compile(r"(?:RAND|NOW|UUID|BNODE)[ \t\r\n]*+[(#]", re.IGNORECASE | re.ASCII)
CHANGING: Final = ("rand", "now", "uuid", "bnode")

PROLOGUE_CHARACTERS: Final = 4_096  # a query with a longer prologue is scanned token by token


def check_query(text: str, limits: QueryLimits = QueryLimits()) -> None:
    """Refuse updates, calls of other endpoints, and what would only break a query process.

    Whether the text is SPARQL at all is left to the query process to find out.

    :raises Refusal: ``query-too-complex`` with the measure, the value found and the limit,
        ``read-only`` or ``federation-disabled``.

    >>> check_query("SELECT * { ?s ?p ?o }")
    >>> check_query("LOAD <x>")
    Traceback (most recent call last):
    pfocr_rdf.web.problems.Refusal: The data cannot be changed here: LOAD is an update: ask \
SELECT, ASK, CONSTRUCT or DESCRIBE
    """
    # A character takes at most four bytes, so most texts need not be encoded to be measured.
    if len(text) * 4 > limits.text_bytes:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > limits.text_bytes:
            raise _too_complex("text_bytes", size, limits)
    body = PROLOGUE_RE.match(text)
    start = body.end() if body else 0
    if update := UPDATE_RE.match(text, start):
        word = update[0].upper()
        raise Refusal(
            "read-only", f"{word} is an update: ask SELECT, ASK, CONSTRUCT or DESCRIBE", word=word
        )
    if FORM_RE.match(text, start) and _is_small(text, start, limits):
        return
    service = find_service(text, limits)
    if service is not None:
        line = text.count("\n", 0, service) + 1
        raise Refusal(
            "federation-disabled",
            f"the SERVICE clause in line {line} would call another endpoint, which this one does "
            "not do: ask the two one after the other, or call this one from the other",
            line=line,
        )


def find_service(text: str, limits: QueryLimits = QueryLimits()) -> int | None:
    """The position, in characters, of the first SERVICE clause; None if there is none.

    The word inside a literal, IRI, comment, variable or prefixed name does not count.

    :raises Refusal: ``query-too-complex``.

    >>> find_service('SELECT * { ?service service:x "SERVICE" }')
    >>> find_service("SELECT * { ?s ?p trueSERVICE<x> { } }")
    21
    """
    allowed: dict[Measure, int] = {measure: getattr(limits, measure) for measure in MEASURES}
    scan = Scan(text, allowed)
    try:
        scan.run()
    except LimitError as reached:
        raise _too_complex(reached.measure, reached.value, limits) from None
    return scan.service


def is_repeatable(text: str) -> bool:
    """Whether the query gives the same answer each time; False if that is not certain.

    >>> is_repeatable("SELECT (NOW() AS ?now) {}")
    False
    """
    small = text.lower()
    return not any(name in small for name in CHANGING) or not CHANGING_RE.search(text)


def _is_small(text: str, start: int, limits: QueryLimits) -> bool:
    """Whether even an over-estimate of everything that is counted stays within the limits."""
    if len(text) - start > limits.operations or start > PROLOGUE_CHARACTERS:
        return False
    body = text[start:]
    count = body.count
    lists = count("(")
    openers = lists + count("{") + count("[") + count("<<") + count("!")
    if openers > limits.doublings or openers > limits.depth:
        return False
    # A pattern ends at a separator or bracket; a path counts again for each object after a comma.
    commas = count(",")
    separators = count(".") + count(";") + commas + count("~") + count("/") * (1 + commas)
    if separators + 2 * openers >= limits.patterns or "service" in body.lower():
        return False
    return not lists or ("#" not in body and _calls_alone(body))


def _calls_alone(body: str) -> bool:
    """Whether each parenthesis follows a word in capitals, or directly encloses one: ``(COUNT(``.

    Otherwise it may be a collection, each item of which counts as two patterns.
    """
    pieces = body.split("(")
    for before, after in pairwise(pieces):
        words = before.rsplit(None, 1)
        word = words[-1].lstrip("{}.,;&|=!)") if words else "IN"  # for ``((`` the outer one decides
        if not (word.isupper() and word.isidentifier()):
            word = after.rstrip()
            if not (word.isupper() and word.isidentifier()):
                return False
    return True


def _too_complex(measure: Measure, value: int, limits: QueryLimits) -> Refusal:
    words, advice = MEASURES[measure]
    limit: int = getattr(limits, measure)
    return Refusal(
        "query-too-complex",
        f"the query has at least {value:,} {words}, and the limit is {limit:,}: {advice}",
        measure=measure,
        value=value,
        limit=limit,
    )
