"""What the grammar of SPARQL is made of, as Oxigraph 0.5 reads it: names, strings, numbers, lists.

Everything is possessive: it never backtracks, so it takes linear time on any text.
https://www.w3.org/TR/sparql11-query/#grammarTerminals
"""

from typing import Final

from pfocr_rdf.possessive import re


def character_class(*ranges: str) -> str:
    """A class of characters that is written as all that it leaves out.

    It matches the same: ``re`` prepares a class letter by letter, and these have most of Unicode.

    :param ranges: pairs of the first and the last character of each range, or single ones.

    >>> re.findall(character_class("az", "09", "_"), "a-Z_9\N{PILE OF POO}")
    ['a', '_', '9']
    """
    left_out, at = "", 0
    for first, last in sorted((ord(one[0]), ord(one[-1])) for one in ranges):
        if at < first:
            left_out += f"\\U{at:08x}-\\U{first - 1:08x}"
        at = max(at, last + 1)
    return rf"[^{left_out}\U{at:08x}-\U0010ffff]"


# The classes of letters are those of Oxigraph, which end at U+FFFD.
_BASE: Final = (
    *("AZ", "az", "\u00c0\u00d6", "\u00d8\u00f6", "\u00f8\u02ff", "\u0370\u037d", "\u037f\u1fff"),
    *("\u200c\u200d", "\u2070\u218f", "\u2c00\u2fef", "\u3001\ud7ff", "\uf900\ufdcf"),
    "\ufdf0\ufffd",
)
_FIRST: Final = (*_BASE, "_")
_NEXT: Final = (*_FIRST, "09", "\u00b7", "\u0300\u036f", "\u203f\u2040")
_CHARS: Final = (*_NEXT, "-")
_PLX: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_EARLY: Final = character_class(*_FIRST, ":", "09")
_LATER: Final = character_class(*_CHARS, ":")
# Oxigraph allows dots at one place of a local name only.
_LOCAL: Final = rf"(?:{_EARLY}|{_PLX})(?:{_LATER}|{_PLX})*+(?:\.++(?:{_LATER}|{_PLX})++)?+"
# A longer prefix is read in pieces: without a bound, a run of letters with no colon after it
# would be read again from each of its letters.
NAMESPACE: Final = (
    rf"(?:{character_class(*_BASE)}{character_class(*_CHARS, '.')}{{0,79}}+(?<!\.))?+:"
)
_NAME: Final = rf"{NAMESPACE}(?:{_LOCAL})?+"
_ANY: Final = character_class(*_FIRST, "09")
_BLANK: Final = rf"_:{_ANY}{character_class(*_CHARS)}*+(?:\.++{character_class(*_CHARS)}++)*+"
_VAR: Final = rf"[?$]{_ANY}{character_class(*_NEXT)}*+"
# Without a leading dot: after a term a dot ends the triple, and .5 is then the next subject.
_NUMBER: Final = r"[0-9]++(?:\.[0-9]*+[eE][+-]?+[0-9]++|[eE][+-]?+[0-9]++|\.[0-9]++)?+"
_ESCAPE: Final = r"\\(?:[tbnrf\"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
STRING: Final = "|".join(
    (
        rf"'''(?:(?:''?+)?+(?:[^'\\]++|{_ESCAPE}))*+'''",
        rf'"""(?:(?:""?+)?+(?:[^"\\]++|{_ESCAPE}))*+"""',
        rf"'(?:[^'\\\n\r]++|{_ESCAPE})*+'",
        rf'"(?:[^"\\\n\r]++|{_ESCAPE})*+"',
    )
)
_LANG: Final = r"@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?+"
_IRI: Final = r'<[^<>"{}|^`\x00-\x20]*+>'
SKIP: Final = r"(?:[ \t\r\n]++|#[^\r\n]*+)*+"
_ITEM: Final = (
    rf"(?:(?:{STRING})(?:{_LANG}|{SKIP}\^\^{SKIP}(?:{_IRI}|{_NAME}))?+"
    rf"|{_IRI}|{_NAME}|{_VAR}|[+-]?+{_NUMBER})"
)

IRI_RE: Final = re.compile(_IRI)
TOKEN_RE: Final = re.compile(
    rf"{SKIP}(?:(?P<string>{STRING})|(?P<name>{_NAME})|(?P<blank>{_BLANK})|(?P<var>{_VAR})"
    rf"|(?P<word>[A-Za-z][A-Za-z0-9_]*+)|(?P<number>{_NUMBER})|(?P<lang>{_LANG})"
    r"|(?P<sign>\^\^|\{\||\|\||\|\}|&&|!=|>=|>>|\\[\s\S]|[\s\S]))"
)
#: Arguments, or items of an IN, that are terms and have a comma after them.
LIST_RE: Final = re.compile(rf"(?:{SKIP}{_ITEM}{SKIP},)*+")
#: What follows VALUES, to the brace; then what is inside, to a brace or a triple term. Without the
#: lookahead, ``regex`` would search all of the rest for the brace that must come, each time.
HEADER_RE: Final = re.compile(rf"{SKIP}(?:{_VAR}|\((?:{SKIP}{_VAR})*+{SKIP}\)){SKIP}(?=\{{).")
DATA_RE: Final = re.compile(rf"(?:[^{{}}<>\"'#\\]++|#[^\r\n]*+|{_IRI}|{STRING}|\\[\s\S])*+")
BRACE_RE: Final = re.compile(rf"{SKIP}(?=\{{)")
#: Words that are terms: ``true``, ``false`` and ``a``; Oxigraph needs no space between them.
_TERM: Final = r"true|false|a|[0-9]++(?:[eE][0-9]++)?+"
TERMS_RE: Final = re.compile(rf"(?:{_TERM})++")
TERM_RE: Final = re.compile(_TERM)
