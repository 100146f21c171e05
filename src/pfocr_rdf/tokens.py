"""The words of SPARQL, as far as they must be told apart to say what is wrong with a query."""

import re
from typing import Final

# Possessive, so that no text takes more than linear time; a string or IRI that does not end hides
# the rest of its line, for what stands in it is nothing that was meant.
# https://www.w3.org/TR/sparql11-query/#sparqlGrammar
TOKEN_RE: Final = re.compile(
    r"#[^\r\n]*+"
    r"|<(?:[^<>\"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"
    r"|'''(?:[^'\\]|''?(?!')|\\.)*+(?:'''|\Z)"
    r'|"""(?:[^"\\]|""?(?!")|\\.)*+(?:"""|\Z)'
    r"|'(?:[^'\\\r\n]|\\.)*+'?"
    r'|"(?:[^"\\\r\n]|\\.)*+"?'
    r"|_:[\w.\-]*+"
    r"|(?P<variable>[?$]\w++)"
    # A dot at the end of a name ends the triple.
    r"|(?P<prefix>(?:[^\W\d_][\w.\-]*+)?:)(?:[\w:%\-\x80-\U0010ffff]|\\.|\.++(?=[\w:%\-\\\x80-\U0010ffff]))*+"
    r"|(?P<word>[^\W\d_][\w.\-]*+)"
    r"|[+-]?(?:[0-9]++(?:\.(?:[0-9]++|(?=[eE][+-]?[0-9])))?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
    r"|(?P<sign>[{}()]|\^\^)",
    re.DOTALL,
)
