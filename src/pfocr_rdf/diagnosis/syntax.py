"""What is wrong with the text of a query, and where, in words rather than the parser's message.

Oxigraph's parser lists some of what its grammar would accept next, but not exactly where. The
place is searched for (:mod:`pfocr_rdf.diagnosis.misfit`), and the commonest mistakes are reported
by their cause: those of :mod:`pfocr_rdf.diagnosis.slips` and
:mod:`pfocr_rdf.diagnosis.bindings`, an undeclared prefix, a query that begins with no query form, a
variable that GROUP BY leaves without a value. If a word that does not fit comes earlier in the text
than such a cause, it is reported instead.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter
from typing import Final

from pfocr_rdf.diagnosis.bindings import (
    ALL_GROUPED,
    OVERRIDDEN,
    TWICE,
    UNGROUPED,
    find_misbinding,
)
from pfocr_rdf.diagnosis.misfit import explain_misfit, find_misfit
from pfocr_rdf.diagnosis.slips import find_slip, find_unended
from pfocr_rdf.diagnosis.tokens import CONTROL_RE, TOKEN_RE
from pfocr_rdf.equivalents import PREFIX_TO_NAMESPACE
from pfocr_rdf.spellings import BEGINNING_TO_PREFIXES

POSITION_RE: Final = re.compile(r"error at (?P<line>[0-9]+):(?P<column>[0-9]+): (?P<rest>.*)", re.S)
SHOWN: Final = 300  # characters shown of the parser's message: its lists of alternatives are long
#: What the parser expects if the text only violates its grammar: keywords, signs and letters.
_ITEM: Final = (
    r'(?:IRI parsing failed|Prefix not found|"(?:[^"\\]|\\.)*"|\w+|\[(?:_|\'[^][]*)\]|<unreported>)'
)
GENERAL_RE: Final = re.compile(f"expected (?:one of )?{_ITEM}(?:, {_ITEM})*")
#: How the grammar writes "anything", and one letter of a class.
CLASS_RE: Final = re.compile(r"(?:, )?\[(?:_|'[^][]*)\]|<unreported>")
#: Prefixes of other vocabularies that look like one of ours → ours for the same vocabulary, if any.
FOREIGN: Final = {"dct": "dcterms", "dc": "", "meshv": "", "skosxl": "", "rdfa": ""}
FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
PROLOGUE: Final = ("BASE", "PREFIX", "VERSION")
#: What an update begins with: https://www.w3.org/TR/sparql11-update/#grammar
UPDATES: Final = (
    *("INSERT", "DELETE", "WITH", "LOAD", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD"),
)
UNBOUND: Final = "The SELECT contains a variable that is unbound"
#: Words in the parser's message → what is wrong, and what to do.
WORDS_TO_REASON: Final = (
    (UNBOUND, UNGROUPED),
    (
        "The SELECT contains an expression with a variable that is unbound",
        # Oxigraph 0.5.13 does not take (?n + 1 AS ?m) beside (COUNT(?x) AS ?n), which is SPARQL.
        "a variable in an expression of SELECT has no value in a group: name it in GROUP BY, count"
        " it, or write in its place what AS gives it, as COUNT(?x) for ?n",
    ),
    ("SELECT * is not authorized with GROUP BY", ALL_GROUPED),
    ("Duplicated variable name in SELECT", TWICE),
    ("The SELECT overrides an existing variable", OVERRIDDEN),
    ("The query limit should be", "the number after LIMIT is too large: give a smaller one"),
    ("The query offset should be", "the number after OFFSET is too large: give a smaller one"),
    (
        "language tag parsing failed",
        "a part of a language tag is too long: it has at most eight letters, as in 'text'@en",
    ),
    (
        "escape sequence should be followed by",
        r"an escape names no character: write \u and four hexadecimal digits, or \U and eight",
    ),
)


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """What is wrong with the text of a query, and where.

    ``line`` and ``column`` count from 1 and are 0 if the parser names no place. ``excerpt`` is
    the part of the line around the column, with spaces for control characters; ``mark`` is the
    index of the column in it.
    """

    reason: str
    line: int = 0
    column: int = 0
    excerpt: str = ""
    mark: int = 0
    is_update: bool = False


def find_fault(
    text: str, message: str, prefixes: Collection[str] = (), *, based: bool = False
) -> SyntaxFault:
    r"""What is wrong with a query that the parser refused, for people and for programs.

    :param message: the parser's.
    :param prefixes: those that need no declaration.
    :param based: whether relative IRIs have a base.

    >>> fault = find_fault("SELECT *\n{ ?s ?p }", "error at 2:9: expected an object")
    >>> fault.line, fault.column, fault.excerpt[fault.mark], fault.reason
    (2, 9, '}', 'expected an object')
    >>> find_fault("ASK { ?s foo:bar ?o }", "error at 1:17: expected …").reason
    'the prefix foo: is not declared: add PREFIX foo: <…> at the beginning'
    >>> fault = find_fault("ASK { ?s ?p ncbigene:5742 }", "error at 1:13: expected …", ["gene"])
    >>> fault.reason.partition(", or")[0]
    'the prefix ncbigene: is not declared: write gene:5742'
    """
    found = POSITION_RE.fullmatch(message)
    if not text.strip():
        return SyntaxFault("the query is empty: give SPARQL")
    if not found:
        return SyntaxFault(_cut(message))
    first = _first_word(text)
    if first is not None and first[0].upper() in UPDATES:
        reason = "the query is an update: ask SELECT, ASK, CONSTRUCT or DESCRIBE"
        return _fault_at(text, *_place(text, first.start()), reason, is_update=True)
    causes = (
        *(find_slip(text), find_misbinding(text), _bare_iri(text), _begins_wrong(first)),
        *(_undeclared(text, prefixes), find_unended(text)),
    )
    # The parser stopped at the first one; of causes at one place, the one that says most.
    known = min(filter(None, causes), key=itemgetter(0), default=None)
    general = GENERAL_RE.fullmatch(found["rest"])
    misfit = find_misfit(text, prefixes, whole=not based) if general else None
    if misfit and (known is None or misfit.at < known[0]):
        known = misfit.at, explain_misfit(text, misfit)
    if known is None:
        line, column = int(found["line"]), int(found["column"])
        return _fault_at(text, line, column, _in_words(text, found["rest"]))
    at, reason = known
    return _fault_at(text, *_place(text, at), reason)


def find_undeclared(text: str, prefixes: Collection[str] = ()) -> SyntaxFault | None:
    """The first prefix of a query that neither it nor ``prefixes`` declare; None if there is none.

    >>> find_undeclared("ASK { ?s up:name ?o }").reason.partition("add ")[2]
    'PREFIX up: <http://purl.uniprot.org/core/> at the beginning'
    """
    found = _undeclared(text, prefixes)
    return _fault_at(text, *_place(text, found[0]), found[1]) if found else None


def _place(text: str, at: int) -> tuple[int, int]:
    """The line and the column of an index, from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - before.rfind("\n")


def _fault_at(
    text: str, number: int, column: int, reason: str, *, is_update: bool = False
) -> SyntaxFault:
    lines = text.split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    start = max(0, column - 70)
    excerpt = CONTROL_RE.sub(" ", line[start : column + 30])
    return SyntaxFault(reason, number, column, excerpt, column - 1 - start, is_update)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """The words, names, variables and brackets of a query, without strings, IRIs and comments."""
    return (found for found in TOKEN_RE.finditer(text) if found.lastgroup)


def _first_word(text: str) -> re.Match[str] | None:
    """The first word after the prologue; None where something else stands there."""
    for token in _tokens(text):
        if token["word"] is None and token["prefix"] is None:
            return None
        if token["word"] is not None and token["word"].upper() not in PROLOGUE:
            return token
    return None


def _begins_wrong(first: re.Match[str] | None) -> tuple[int, str] | None:
    """The index of a first word that begins no query, and what to do; None if there is none."""
    if first is None or first[0].upper() in FORMS:
        return None
    forms = f"{', '.join(FORMS[:-1])} or {FORMS[-1]}"
    return first.start(), f"a query does not begin with {_cut(first[0])!r}: begin with {forms}"


def _bare_iri(text: str) -> tuple[int, str] | None:
    """The index of the first address that is no IRI between < and >, and what to do."""
    for token in _tokens(text):
        if token["prefix"] is not None and text.startswith("//", token.end()):
            return token.start(), "an IRI is written between < and >, without spaces"
    return None


def _undeclared(text: str, prefixes: Collection[str]) -> tuple[int, str] | None:
    """The index of the first undeclared prefix, and what to do.

    It is an error wherever the parser gave up: the parser backtracks, and reports another place.
    """
    known, declares = set(prefixes), False
    for token in _tokens(text):
        if (prefix := token["prefix"]) is not None:
            if declares:
                known.add(prefix[:-1])
            elif prefix[:-1] not in known and not _is_part(text, token):
                shown, meant = _cut(prefix), _meant(prefix[:-1], prefixes)
                write = f"write {meant}:{_cut(token[0][len(prefix) :])}, or " if meant else ""
                iri = PREFIX_TO_NAMESPACE.get(prefix[:-1], "…")
                reason = f"the prefix {shown} is not declared: {write}add PREFIX {shown} <{iri}>"
                return token.start(), f"{reason} at the beginning"
        declares = (token["word"] or "").upper() == "PREFIX"
    return None


def _is_part(text: str, token: re.Match[str]) -> bool:
    """Whether a prefix directly follows a <, or a lone colon directly follows a variable."""
    before = re.search(r"[?$]\w*+\Z|<\Z", text[max(0, token.start() - SHOWN) : token.start()])
    return before is not None and (before[0] == "<" or token["prefix"] == ":")


def _meant(prefix: str, prefixes: Collection[str]) -> str:
    """The prefix that may be meant, of those that need no declaration; "" if there is none.

    >>> ours = ["gene", "schema", "dcat", "dcterms", "mesh"]
    >>> [_meant(prefix, ours) for prefix in ("NCBIGene", "shema", "sc", "foo", "dct", "meshv")]
    ['gene', 'schema', '', '', 'dcterms', '']
    """
    if (known := FOREIGN.get(prefix.lower())) is not None:
        return known if known in prefixes else ""
    for others in map(str.split, BEGINNING_TO_PREFIXES.values()):
        if prefix.lower() in others and (ours := [one for one in others if one in prefixes]):
            return ours[0]
    return next(iter(get_close_matches(prefix.lower(), prefixes, n=1, cutoff=0.8)), "")


def _in_words(text: str, rest: str) -> str:
    """The parser's message in our words, or else without the letters that it would accept."""
    for words, reason in WORDS_TO_REASON:
        if words in rest:
            names = _ungrouped(text) if words == UNBOUND else ()
            return reason.replace("a variable of SELECT", " and ".join(names)) if names else reason
    expected = re.sub("one of, ", "one of ", CLASS_RE.sub("", rest)).strip()
    if expected in {"expected", "expected one of"}:
        return "something else is expected here"
    return _cut(expected)


def _ungrouped(text: str) -> tuple[str, ...]:
    """The variables that SELECT names bare and GROUP BY does not; none if SELECT is repeated."""
    selected: list[str] = []
    grouped: set[str] = set()
    place, before, depth, selects = "", "", 0, 0
    for token in _tokens(text):
        word = (token["word"] or "").upper()
        depth += {"(": 1, ")": -1}.get(token["sign"] or "", 0)
        selects += word == "SELECT"
        if word in {"SELECT", "WHERE", "GROUP", "HAVING", "ORDER"} or token["sign"] == "{":
            place = word
        elif token["variable"] is not None:
            if place == "SELECT" and not depth:
                selected.append(token[0])
            elif place == "GROUP" and (not depth or before == "AS"):
                grouped.add(token[0])
        before = word
    bare = dict.fromkeys(name for name in selected if name not in grouped)
    return tuple(bare) if selects == 1 else ()


def explain_syntax(
    text: str, message: str, prefixes: Collection[str] = (), *, based: bool = False
) -> str:
    r"""What is wrong with a query, with the line and a mark under the column.

    :param message: the parser's.
    :param prefixes: those that need no declaration.
    :param based: whether relative IRIs have a base.

    >>> print(explain_syntax("SELECT *\n{ ?s ?p }", "error at 2:9: expected an object"))
    the query is not SPARQL: line 2, column 9: expected an object
      { ?s ?p }
              ^
    """
    fault = find_fault(text, message, prefixes, based=based)
    if not text.strip():
        return fault.reason
    if fault.is_update:
        return f"{fault.reason}; a release is final"
    if not fault.line:
        return f"the query is not SPARQL: {fault.reason}"
    where = f"line {fault.line}, column {fault.column}: {fault.reason}"
    return f"the query is not SPARQL: {where}\n  {fault.excerpt}\n  {' ' * fault.mark}^"


def _cut(message: str) -> str:
    flat = " ".join(message.split())
    return flat if len(flat) <= SHOWN else flat[:SHOWN] + "…"
