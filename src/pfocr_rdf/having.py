"""Why a query that counts finds nothing: HAVING asks for a name that SELECT gives only then.

``SELECT (COUNT(?f) AS ?n) … HAVING (?n > 5)`` is SPARQL, and ``?n`` has no value there: groups are
filtered before SELECT names what it counts, so that every group is left out.
https://www.w3.org/TR/sparql11-query/#sparqlGroupAggregate
"""

from typing import Final

from pfocr_rdf.matched import pieces

#: What may stand at the level of SELECT, beside the braces of the pattern.
CLAUSES: Final = frozenset(
    ("SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
)


def unnamed_in_having(text: str) -> dict[str, str]:
    """The variables of HAVING that have no value there → what SELECT calls so.

    :param text: of a query that is well formed.

    >>> unnamed_in_having("SELECT ?g (COUNT(?f) AS ?n) { ?f ?p ?g } GROUP BY ?g HAVING (?n > 5)")
    {'?n': 'COUNT(?f)'}
    """
    clauses, aliases = [""], [dict[str, str]()]  # of each level of braces
    opened = list[int]()  # where parentheses begin
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
            aliases[-1][piece.text] = " ".join(expression.split())
        elif piece.kind == "variable" and clauses[-1] == "HAVING":
            found[piece.text] = aliases[-1].get(piece.text, "")
        before = piece.text
    return {variable: named for variable, named in found.items() if named}
