"""The tokens of SPARQL, as far as saying what is wrong with a query needs to tell them apart."""

from functools import cache
from typing import Final

from pfocr_rdf.possessive import re

#: What cannot be in a local name, but for the dot and the backslash, which can at some places.
#: A class of what can would have most of Unicode, which takes ``re`` a while to prepare.
APART: Final = r"\x00-$&-,/;-@\[\]^`{-\x7f"

# Possessive, so that no text takes more than linear time. A string that does not end hides the
# rest of its line, or of the text if it is a long one: none of that is to be taken for a token.
# https://www.w3.org/TR/sparql11-query/#sparqlGrammar
TOKEN_RE: Final = re.compile(
    r"#[^\r\n]*+"
    r"|<(?:[^<>\"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"
    r"|'''(?:[^'\\]|''?(?!')|\\.)*+(?:'''|\Z)"
    r'|"""(?:[^"\\]|""?(?!")|\\.)*+(?:"""|\Z)'
    r"|'(?:[^'\\\r\n]|\\.)*+'?"
    r'|"(?:[^"\\\r\n]|\\.)*+"?'
    # A dot at the end of a name or a word is not part of it, but ends the triple.
    r"|_:(?:[\w\-]|\.++(?=[\w\-]))*+"
    r"|(?P<variable>[?$]\w++)"
    rf"|(?P<prefix>(?:[^\W\d_][\w.\-]*+)?:)(?:[^{APART}\\.]|\\.|\.++(?=[^{APART}.]))*+"
    r"|(?P<word>[^\W\d_](?:[\w\-]|\.++(?=[\w\-]))*+)"
    r"|[+-]?(?:[0-9]++(?:\.(?:[0-9]++|(?=[eE][+-]?[0-9])))?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
    r"|(?P<sign>[{}()]|\^\^)",
    re.DOTALL,
)
#: Characters that must not reach a terminal, which they could control.
CONTROL_RE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Functions that Oxigraph 0.5.13 does not parse if white space precedes their parenthesis.
CALLED: Final = r"(?<![\w?$:@.-])(?i:BNODE|COALESCE|CONCAT)"
APART_RE: Final = re.compile(rf"(?P<name>{CALLED})(?P<space>[ \t\r\n]++)\(")
#: Dots at two places of what may be a name, of which Oxigraph 0.5.13 reads the first only.
DOTS_RE: Final = re.compile(r"(?<!\.)\.++[^\s.]++\.")
#: Dots of a local name, and what is escaped in it.
DOT_RE: Final = re.compile(r"\\.|(\.++)")


def readable(text: str) -> str:
    r"""A query that Oxigraph can parse.

    A function's parenthesis directly follows its name. The white space moves behind it, so that
    the rest of the text keeps its place. In a name with dots at several places, as the ids of
    figures have, they are escaped. https://www.w3.org/TR/sparql11-query/#rPN_LOCAL

    >>> readable("ASK { BIND(CONCAT (?a, 'CONCAT (') AS ?b) }")
    "ASK { BIND(CONCAT( ?a, 'CONCAT (') AS ?b) }"
    >>> print(readable("ASK { figure:PMC1__a.b.c a x:y.z. }"))
    ASK { figure:PMC1__a\.b\.c a x:y.z. }
    """
    if not (APART_RE.search(text) or DOTS_RE.search(text)):
        return text
    return apart_or_token().sub(_together, text)


@cache
def apart_or_token() -> re.Pattern[str]:
    """Compiled for the first query that needs it, which takes a while; or before a fork."""
    return re.compile(f"{APART_RE.pattern}|{TOKEN_RE.pattern}", TOKEN_RE.flags)


def _together(found: re.Match[str]) -> str:
    if found["name"]:
        return f"{found['name']}({found['space']}"
    prefix = found["prefix"]
    if prefix is None or sum(map(bool, DOT_RE.findall(found[0], len(prefix)))) < 2:
        return found[0]
    return prefix + DOT_RE.sub(_escaped, found[0][len(prefix) :])


def _escaped(found: re.Match[str]) -> str:
    return "\\." * len(found[1]) if found[1] else found[0]
