"""The commonest slips in the text of a query, which the parser does not name.

None of them occurs in a well-formed query, so it does not matter where the parser gave up.
Strings, IRIs, prefixed names and comments are blanked before the search.
"""

from typing import Final

from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.possessive import re

_SELECT: Final = r"SELECT\s++(?:(?:DISTINCT|REDUCED)\s++)?+"
#: Between two clauses after the query's group; limited, so that no text takes quadratic time.
_LATER: Final = r"[^{}]{0,300}?(?<![\w?$:@.-])"
#: Pattern of a slip → what to do. The slip is at the group ``at``, or else the whole match.
PATTERN_TO_ADVICE: Final = {
    r"PREFIX\s++(?P<at>[\w.-]++)\s*+<": "a prefix ends in a colon: PREFIX {at}: <…>",
    _SELECT + r"(?:[?$]\w++\s++)*+(?P<at>COUNT|SUM|AVG|MIN|MAX|SAMPLE|GROUP_CONCAT)\s*+\(": (
        "what SELECT computes needs parentheses and a name: (COUNT(?x) AS ?n)"
    ),
    _SELECT + r"(?:[?$]\w++\s*+)++(?P<at>,)": "SELECT takes variables without commas",
    r"SELECT\s*+(?:DISTINCT|REDUCED)\s*+(?P<at>\()\s*+[?$]\w++\s*+\)": (
        "SELECT takes variables without parentheses: SELECT DISTINCT ?x"
    ),
    r"AS\s++(?![?$])": "AS takes a variable: AS ?n",
    r"ORDER\s++BY\s++[?$]\w++\s++(?P<at>ASC|DESC)\b(?!\s*+\()": (
        "{at} comes before its variable, with parentheses: {at}(?n)"
    ),
    r"(?:ORDER\s++BY|HAVING|LIMIT|OFFSET)\b" + _LATER + r"(?P<at>GROUP)\s++BY": (
        "GROUP BY comes before HAVING, ORDER BY and LIMIT"
    ),
    r"(?:LIMIT|OFFSET)\b" + _LATER + r"(?P<at>ORDER)\s++BY": (
        "ORDER BY comes before LIMIT and OFFSET"
    ),
    r"(?:ORDER\s++BY|LIMIT|OFFSET)\b" + _LATER + r"(?P<at>HAVING)\b": (
        "HAVING comes after GROUP BY, before ORDER BY and LIMIT"
    ),
    r"HAVING\s++(?:[?$]|\w++\s*+\([^()]*+\)\s*+[=>!])": "HAVING takes parentheses: HAVING(?n > 1)",
    r"BIND\s++[^\s(]": "BIND takes parentheses: BIND(?o AS ?x)",
    r"SELECT\s++(?P<at>TOP)\s++[0-9]": "write LIMIT, at the end",
    r"VALUES\s++[?$]\w++\s*+\{[^{},]*+(?P<at>,)": "values are written without commas",
    r"PREFIX\s++:++\s*+<\s*+>\s*+(?P<at>[.;])": "PREFIX ends with its IRI, without . or ;",
    r"VALUES\s*+\([^()]*+\)\s*+\{\s*+(?P<at>[^\s(}])": (
        "the values of (?x ?y) stand in parentheses, too: {{ (1 2) }}"
    ),
    r"LIMIT\s++[0-9]++\s*+(?P<at>,)": "write LIMIT 20 OFFSET 10 for LIMIT 10, 20",
    r"GROUP_CONCAT\s*+\((?:[^(){},]|\([^()]*+\))*+(?P<at>,)": (
        "the separator is named: GROUP_CONCAT(?x; separator=', ')"
    ),
    r"[IR]?LIKE\b": "write CONTAINS(LCASE(?o), 'text') or REGEX(?o, 'text', 'i') for LIKE",
    r"IS\s++(?:NOT\s++)?NULL\b": "write BOUND(?o) or !BOUND(?o) for NULL",
    r"(?P<at>ASC|DESC)\b(?!\s*+\()": "{at} takes parentheses: {at}(?n)",
    r"(?P<at>ORDER|GROUP)\s++(?!BY\b)": "write {at} BY",
    r"(?P<at>LIMIT|OFFSET)\s++(?![0-9])": "{at} takes a whole number",
    r"FILTER\s*+[?$!]": "FILTER takes parentheses: FILTER(?x > 1)",
    r"FILTER\s++\w++\s*+\([^()]*+\)\s*+(?:[=>!]|&&|\|\|)": (
        "FILTER takes parentheses: FILTER(?x > 1)"
    ),
    r"FILTER\s*+\([^(){}]*?(?<![\w?$:@.-])(?P<at>COUNT|SUM|AVG|MIN|MAX)\s*+\(": (
        "FILTER sees one row at a time: after GROUP BY write HAVING({at}(?x) > 1)"
    ),
    r"BIND\s*+\([^(){}]*?(?<![\w?$:@.-])(?P<at>COUNT|SUM|AVG|MIN|MAX|SAMPLE|GROUP_CONCAT)\s*+\(": (
        "BIND sees one row at a time: write ({at}(?x) AS ?n) in SELECT"
    ),
    r"[?$]\w++\s*+(?P<at>:=)": "write BIND(2 * ?o AS ?x) for ?x := 2 * ?o",
    r"AND\b": "conditions are joined by &&, patterns by a full stop",
    r"OR\b": "conditions are joined by ||, patterns by UNION",
    r"NOT\b(?!\s*+(?:EXISTS?|IN)\b)": "write ! for NOT",
    r"(?:REGEX|CONTAINS|STRSTARTS|STRENDS)\s*+\(\s*+[?$]\w++\s++(?P<at>')": (
        "the values that a function takes are separated by commas"
    ),
}
#: The same, compiled not to match within a variable, a name or a language tag; and others.
RE_TO_ADVICE: Final = {
    **{
        re.compile(rf"(?<![\w?$:@.-]){pattern}", re.IGNORECASE): advice
        for pattern, advice in PATTERN_TO_ADVICE.items()
    },
    re.compile("=="): "write = for ==",
    re.compile(r"(?P<at>;)\s*+\Z"): "a query does not end in a semicolon: leave it out",
    re.compile(r"//|/\*"): "a comment begins with #, up to the end of its line",
    re.compile("=~"): "write REGEX(?o, 'text') for =~",
    # After an operator it is an IRI, that of the base.
    re.compile(r"FILTER\s*+\([^(){}]*?[\w\"'>)]\s*+(?P<at><>)", re.I): "write != for <>",
    re.compile(r"(?<!')@prefix\b", re.IGNORECASE): (
        "write PREFIX without @, and no full stop after it"
    ),
    re.compile("[“”„‘’«»]"): "strings need straight quotation marks",
}
OPENING_TO_CLOSING: Final = {"(": ")", "{": "}", "[": "]"}
#: How many of the open brackets a closing one is compared with.
DEEPEST: Final = 100
BRACKET_RE: Final = re.compile(r"[(){}\[\]]")


def find_slip(text: str) -> tuple[int, str] | None:
    """The index of the first slip that matches a pattern, and what to do; None if none does.

    >>> find_slip("SELECT ?s COUNT(?o) { ?s ?p ?o }")
    (10, 'what SELECT computes needs parentheses and a name: (COUNT(?x) AS ?n)')
    >>> find_slip("SELECT * { ?s ?and 'a == b', x:or } # AND")
    """
    blanked = _blanked(text)
    found = []
    for pattern, advice in RE_TO_ADVICE.items():
        if slip := pattern.search(blanked):
            at = "at" if "at" in pattern.groupindex else 0
            found.append((slip.start(at), advice.format(at=slip[at])))
    return min(found, default=None)


def find_unended(text: str) -> tuple[int, str] | None:
    """The index of a string or bracket that is not closed, or closes nothing, and what to do.

    >>> find_unended("ASK { ?s ?p 'a }")
    (12, "the string does not end: close it with '")
    >>> find_unended("ASK { ?s ?p ?o . { ?o ?q ?r }"), find_unended("ASK { ?s ?p ?o FILTER(?o) ) }")
    ((4, 'the { is not closed: add }'), (26, 'the ) closes nothing'))
    """
    for token in TOKEN_RE.finditer(text):
        quotes = re.match("'''|\"\"\"|'|\"", token[0])
        if quotes and (len(token[0]) < 2 * len(quotes[0]) or not token[0].endswith(quotes[0])):
            return token.start(), f"the string does not end: close it with {quotes[0]}"
    opened = list[re.Match[str]]()
    for bracket in BRACKET_RE.finditer(_blanked(text)):
        if bracket[0] in OPENING_TO_CLOSING:
            opened.append(bracket)
            continue
        awaited = [OPENING_TO_CLOSING[one[0]] for one in opened[-DEEPEST:]]
        if bracket[0] not in awaited:
            return bracket.start(), f"the {bracket[0]} closes nothing"
        if bracket[0] != awaited[-1]:
            break
        opened.pop()
    if not opened:
        return None
    left = opened[-1]
    return left.start(), f"the {left[0]} is not closed: add {OPENING_TO_CLOSING[left[0]]}"


def _blanked(text: str) -> str:
    """The text, at its full length, with strings, IRIs, prefixed names and comments blanked.

    >>> _blanked("a:b '(' <x:(> # )")
    "::: ' ' <   >    "
    """
    return TOKEN_RE.sub(_blank, text)


def _blank(token: re.Match[str]) -> str:
    said = token[0]
    if token["prefix"] is not None:
        return ":" * len(said)
    if said[0] == "#":
        return " " * len(said)
    if said[0] in "\"'" and len(said) > 1:
        return "'" + " " * (len(said) - 2) + "'"
    return "<" + " " * (len(said) - 2) + ">" if said[0] == "<" else said
