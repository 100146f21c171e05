"""Why a query that counts finds nothing: it uses a count where there is none yet.

``SELECT (COUNT(?f) AS ?n) … HAVING (?n > 5)`` is valid SPARQL, but ``?n`` has no value in HAVING:
groups are filtered before SELECT names what it counts, so every group is left out. A ``FILTER`` in
the pattern sees one row at a time, before there are groups, so ``COUNT`` has no value there.
https://www.w3.org/TR/sparql11-query/#sparqlGroupAggregate
"""

import re
from typing import Final

from pfocr_rdf.diagnosis.bindings import AGGREGATES
from pfocr_rdf.diagnosis.matched import NOTHING, pieces
from pfocr_rdf.diagnosis.tokens import TOKEN_RE

#: The keywords on the level of SELECT, outside the braces of the pattern.
CLAUSES: Final = frozenset(
    ("SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
)
SPACES_RE: Final = re.compile(r"\s++")


def unnamed_in_having(text: str) -> dict[str, str]:
    """The variables of HAVING that have no value there → the expression that SELECT names so.

    :param text: a well-formed query.

    >>> unnamed_in_having("SELECT ?g (COUNT(?f) AS ?n) { ?f ?p ?g } GROUP BY ?g HAVING (?n > 5)")
    {'?n': 'COUNT(?f)'}
    """
    clauses, aliases = [""], [dict[str, str]()]  # for each level of braces
    opened = list[int]()  # where the open parentheses begin
    found: dict[str, str] = {}
    before = expression = ""
    for piece in pieces(text, {}):
        if piece.text == "{":
            clauses[-1] = ""
            clauses.append("")
            aliases.append({})
        elif piece.text == "}" and len(clauses) > 1:
            del clauses[-1], aliases[-1]
        elif piece.text == "(":
            opened.append(piece.end)
        elif piece.text == ")" and opened:
            opened.pop()
        elif piece.kind == "word" and piece.text in CLAUSES:
            clauses[-1] = piece.text
        elif piece.kind == "word" and piece.text == "AS" and opened:
            expression = text[opened[-1] : piece.end - len("AS")]
        elif piece.kind == "variable" and before == "AS" and clauses[-1] == "SELECT":
            aliases[-1][piece.text] = on_a_line(expression)
        elif piece.kind == "variable" and clauses[-1] == "HAVING":
            found[piece.text] = aliases[-1].get(piece.text, "")
        before = piece.text
    return {variable: named for variable, named in found.items() if named}


def counted_in_filter(text: str) -> list[str]:
    """The conditions of FILTER that count, which never hold.

    :param text: a well-formed query.

    >>> counted_in_filter("SELECT ?g { ?f ?p ?g FILTER(COUNT(?f) > 5) } GROUP BY ?g")
    ['COUNT(?f) > 5']
    >>> counted_in_filter("SELECT ?g { ?f ?p ?g FILTER(?f > 5) } GROUP BY ?g HAVING(COUNT(?f) > 5)")
    []
    """
    found: list[str] = []
    begins, depth, braces, counts = 0, 0, 0, False
    before = NOTHING
    for piece in pieces(text, {}):
        if depth and piece.text in ("{", "}"):  # a query of its own may be in EXISTS
            braces += 1 if piece.text == "{" else -1
        elif piece.text == "(" and (depth or before.text == "FILTER"):
            begins, depth = begins if depth else piece.end, depth + 1
            counts |= not braces and before.kind == "word" and before.text in AGGREGATES
        elif piece.text == ")" and depth:
            depth -= 1
            if counts and not depth:
                found.append(on_a_line(text[begins : piece.end - 1]))
                counts = False
        before = piece
    return found


def on_a_line(expression: str) -> str:
    r"""An expression without comments, with single spaces; strings stay as they are.

    >>> on_a_line("COUNT( # of all\n  ?f)"), on_a_line("CONCAT(?f,  '  ') ")
    ('COUNT( ?f)', "CONCAT(?f, '  ')")
    """
    said, gap, end = list[str](), list[str](), 0
    for token in TOKEN_RE.finditer(expression):
        gap.append(expression[end : token.start()])
        end = token.end()
        if not token[0].startswith("#"):
            said += [SPACES_RE.sub(" ", "".join(gap)), token[0]]
            gap = []
    gap.append(expression[end:])
    return ("".join(said) + SPACES_RE.sub(" ", "".join(gap))).strip()
