"""The first word of a query that cannot be where it is, and what could be there.

The place that Oxigraph's parser names is the farthest that it has looked at. It compares each
keyword that it knows with as many letters as the keyword has, so the place that it names is up to
fourteen letters too late, and the keyword is the longest. But with a truncated query, the place
shows whether the parser has reached its end. So the longest beginning that it reads to the end is
found by bisection, and then words that might follow are tried.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from pyoxigraph import Store

from pfocr_rdf.diagnosis.tokens import CALLED, TOKEN_RE, readable
from pfocr_rdf.possessive import re

#: All words and signs: functions that are no beginning of a query without their parenthesis, other
#: tokens, malformed IRIs, operators, and any other character.
WORD_RE: Final = re.compile(
    rf"{CALLED}[ \t\r\n]*+\(|(?:{TOKEN_RE.pattern})"
    r"|<(?:[A-Za-z][\w+.-]*+:|//)[^<>\n]*+>|&&|\|\||[!<>]=|[^ \t\r\n]",
    TOKEN_RE.flags,
)
#: After this time no further attempt is made; most queries take a hundredth of it.
BUDGET_S: Final = 0.5
#: Where it fails, the parser reads a negated expression twice, one within another four times…
MOST_NEGATIONS: Final = 12
NEGATION_RE: Final = re.compile(r"(?P<negated>![ \t\r\n]*+\w*+[ \t\r\n]*+\()|\(|\)")
#: More lines than the longest keyword has letters.
LINES: Final = 40
#: A sign that no query has, added after a beginning. A parser that reaches it has read all before
#: it; and no query is ever complete, so none is evaluated. A parser that goes on to the very end
#: has taken a < for the beginning of an IRI, which swallows everything.
BEYOND: Final = "\n" * LINES + "\x01" + "\n" * LINES
REACHED_RE: Final = re.compile("error at ([0-9]+):")
#: What may follow, as an example that is tried → its name in messages.
FOLLOWING_TO_NAME: Final = {
    **{sign: sign for sign in (")", "}", "]")},
    **{".": "a full stop", ";": "a semicolon", ",": "a comma", "{": "{", "(": "("},
    "&&": "an operator",
    **{"?x": "a variable", "<a:b>": "an IRI", "'s'": "a string", "1": "a number"},
    "STR(": "a function",
    "x:": "a prefix with its colon",
    **{"*": "*", "/": "/"},
    **{word: word for word in ("UNDEF", "DISTINCT", "AS", "EXISTS", "ASC", "DESC", "UNION")},
    **{word: word for word in ("OPTIONAL", "FILTER", "BIND", "MINUS", "GRAPH", "SERVICE")},
    **{word: word for word in ("FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY")},
    **{word: word for word in ("LIMIT", "OFFSET", "VALUES", "BY", "PREFIX", "BASE")},
    **{word: word for word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")},
}
#: Where one of these may be in a group, all may: messages name two of them as examples.
CLAUSES: Final = ("OPTIONAL", "FILTER", "UNION", "BIND", "MINUS", "GRAPH", "SERVICE", "VALUES")
CLAUSE: Final = "a clause such as OPTIONAL or FILTER"
#: What may follow the group of the patterns.
AFTER_GROUP: Final = frozenset({"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"})
#: A string up to its first invalid escape.
ESCAPED_RE: Final = re.compile(r"(?:[^\\]|\\[tbnrf\"'\\uU])*+(\\.)")
#: Keywords, also of other languages, which nobody means as a variable or a text.
KEYWORDS: Final = frozenset(
    {word for name in FOLLOWING_TO_NAME.values() if name.isupper() for word in name.split()}
    | {"BY", "IF", "IN", "IS", "LET", "NOT", "OR", "AND", "ON", "JOIN", "TOP", "UNIQUE", "REDUCED"}
)
#: Name of a function elsewhere → in SPARQL: https://www.w3.org/TR/sparql11-query/#SparqlOps
ELSEWHERE_TO_FUNCTION: Final = {
    **{"LOWER": "LCASE", "TOLOWER": "LCASE", "UPPER": "UCASE", "TOUPPER": "UCASE"},
    **{"LENGTH": "STRLEN", "LEN": "STRLEN", "SUBSTRING": "SUBSTR", "NVL": "COALESCE"},
    **{"STARTSWITH": "STRSTARTS", "ENDSWITH": "STRENDS", "INSTR": "CONTAINS", "IFNULL": "COALESCE"},
    **{"MATCH": "REGEX", "MATCHES": "REGEX", "LIKE": "REGEX", "ISNULL": "!BOUND"},
    **{"CAST": "xsd:integer or another datatype", "INT": "xsd:integer", "INTEGER": "xsd:integer"},
    **{"FLOAT": "xsd:double", "NUMBER": "xsd:double", "DATE": "xsd:date"},
}
FUNCTIONS: Final = (
    *("ABS", "AVG", "BNODE", "BOUND", "CEIL", "COALESCE", "CONCAT", "CONTAINS", "COUNT"),
    *("DATATYPE", "DAY", "ENCODE_FOR_URI", "FLOOR", "GROUP_CONCAT", "HOURS", "IF", "IRI"),
    *("ISBLANK", "ISIRI", "ISLITERAL", "ISNUMERIC", "LANG", "LANGMATCHES", "LCASE", "MAX", "MD5"),
    *("MIN", "MINUTES", "MONTH", "NOW", "RAND", "REGEX", "REPLACE", "ROUND", "SAMETERM", "SAMPLE"),
    *("SECONDS", "SHA1", "SHA256", "STR", "STRAFTER", "STRBEFORE", "STRDT", "STRENDS", "STRLANG"),
    *("STRLEN", "STRSTARTS", "STRUUID", "SUBSTR", "SUM", "TIMEZONE", "UCASE", "URI", "UUID"),
    "YEAR",
)
SHOWN: Final = 40  # characters of a word
ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Misfit:
    """A word that cannot be where it is.

    ``at`` is its index in the text; ``word`` is empty at the end of the text; ``expected`` names
    what could be there, as far as it was found out.
    """

    at: int
    word: str
    expected: tuple[str, ...]


def find_misfit(text: str, prefixes: Iterable[str] = (), *, whole: bool = False) -> Misfit | None:
    """The first word that cannot be where it is; None if finding it takes too long.

    :param text: a query that the parser refuses for its grammar.
    :param prefixes: prefixes that need no declaration.
    :param whole: whether IRIs must be absolute, because there is no base for relative ones.

    >>> find_misfit("ASK { ?s a ?o FILTER(?o LIKE 'x') }")
    Misfit(at=24, word='LIKE', expected=(')', 'an operator'))
    >>> find_misfit("SELECT (COUNT(*) AS ?n) WHERE")
    Misfit(at=29, word='', expected=('{',))
    """
    if _negations(text) > MOST_NEGATIONS:
        return None
    until = time.monotonic() + BUDGET_S
    reader = _Reader(dict.fromkeys(prefixes, "x:"), None if whole else "x:")
    words = list(_words(text))
    most, least = len(words), 0
    while least < most:
        if time.monotonic() > until:
            return None
        half = (least + most + 1) // 2
        if reader.reads(text[: words[half - 1].stop]):
            least = half
        else:
            most = half - 1
    before = text[: words[least - 1].stop] if least else ""
    found = _word(words, least, len(before))
    if re.fullmatch(CALLED, text[found]) and reader.reads(f"{before} STR("):
        # A function may be here, and this one is not read without its parenthesis: that is missing.
        after = _word(words, least + 1, found.stop)
        return Misfit(after.start, text[after], ("(",))
    expected = []
    for following in FOLLOWING_TO_NAME:
        if time.monotonic() > until:
            return Misfit(found.start, text[found], ())
        if reader.reads(f"{before} {following}"):
            expected.append(following)
    return Misfit(found.start, text[found], _names(expected))


def explain_misfit(text: str, misfit: Misfit) -> str:
    """What is wrong with a misfit, and what to write.

    >>> def explained(text):
    ...     return explain_misfit(text, find_misfit(text))
    >>> explained("SELECT s { ?s ?p ?o }")
    's is not allowed here: a variable begins with ?; expected (, a variable, * or DISTINCT'
    >>> explained("ASK { ?s ?p ?o FILTER(LOWER(?o) = 'a') }")
    'there is no function LOWER: write LCASE'
    """
    word, expected = misfit.word, misfit.expected
    listed = " or ".join(filter(None, [", ".join(expected[:-1]), *expected[-1:]]))
    if not word:
        return f"the query ends too early: expected {listed}" if listed else "it ends too early"
    shown = word if len(word) <= SHOWN else word[:SHOWN] + "…"
    if not word.isprintable() and len(word) == 1:
        shown = f"U+{ord(word):04X}"
    advice = _advice(text, misfit)
    if advice.startswith("there is no"):
        return advice
    parts = [advice, f"expected {listed}" if listed else ""]
    return ": ".join(filter(None, [f"{shown} is not allowed here", "; ".join(filter(None, parts))]))


class _Reader:
    """Oxigraph's parser, asked whether it reads a text to its end."""

    def __init__(self, prefixes: dict[str, str], base: str | None) -> None:
        self._store = Store()
        self._prefixes, self._base = prefixes, base

    def reads(self, beginning: str) -> bool:
        """Whether a beginning could be continued so that it is a query."""
        text = readable(beginning) + BEYOND
        try:
            self._store.query(text, prefixes=self._prefixes, base_iri=self._base)
        except SyntaxError as error:
            reached = REACHED_RE.match(str(error))
            end = text.count("\n") + 1
            # Where << begins a triple, its second < is also tried as the beginning of an IRI.
            last = end if "<<" in beginning else end - 1
            return reached is not None and end - LINES <= int(reached[1]) <= last
        return True


def _negations(text: str) -> int:
    """How deep negations are nested, at most.

    >>> _negations("!(?a || !BOUND(?b)) && (!(?c))"), _negations(") !(")
    (2, 1)
    """
    opened, deepest = list[int](), 0
    for bracket in NEGATION_RE.finditer(text):
        if bracket[0] == ")":
            del opened[-1:]
            continue
        opened.append((opened[-1] if opened else 0) + (bracket["negated"] is not None))
        deepest = max(deepest, opened[-1])
    return deepest


def _words(text: str) -> Iterator[slice]:
    """Where each word and sign of a query is, except comments."""
    for found in WORD_RE.finditer(text):
        if not found[0].startswith("#"):
            yield slice(*found.span())


def _word(words: list[slice], index: int, end: int) -> slice:
    """Where a word is; after the last one, the end."""
    return words[index] if index < len(words) else slice(end, end)


def _names(expected: list[str]) -> tuple[str, ...]:
    """What is expected, in few words.

    >>> _names(["}", ".", "{", "OPTIONAL", "FILTER", "BIND"]), _names(["(", "?x", "*"])
    (('}', 'a full stop', 'a clause such as OPTIONAL or FILTER'), ('(', 'a variable', '*'))
    """
    # Where ``/`` is possible too, ``*`` continues a path or a calculation: it is not SELECT's.
    left_out = {"*", "/"} if "/" in expected else {}
    names = [FOLLOWING_TO_NAME[one] for one in expected if one not in left_out]
    if "OPTIONAL" in names:
        names = [*(name for name in names if name not in {*CLAUSES, "{"}), CLAUSE]
    return tuple(dict.fromkeys(names))


def _advice(text: str, misfit: Misfit) -> str:
    """What to do about a word that SPARQL does not have, or not in that place."""
    word, expected = misfit.word.upper(), misfit.expected
    if not re.fullmatch(r"[^\W\d]\w*", word):
        return _advice_for_sign(text[: misfit.at], misfit) if word else ""
    calls = text[misfit.at + len(word) :].lstrip().startswith("(")
    if calls and "a function" in expected:
        return _function_meant(misfit.word)
    if CLAUSE in expected and (advice := _advice_in_group(word, calls=calls)):
        return advice
    if word in CLAUSES and CLAUSE not in expected and "LIMIT" in expected:
        return "it belongs within the braces of WHERE"
    if word in {"TRUE", "FALSE"} and "a number" in expected:
        return f"write {word.lower()}"
    if (
        word in {"A", "IS"}
        and {"a variable", "an IRI"} <= {*expected}
        and "a string" not in expected
    ):
        return "write a for the class of a thing"
    keywords = [*expected, *(CLAUSES if CLAUSE in expected else ())]
    if word == "AS":
        return "an expression with AS needs parentheses: (?o AS ?x)"
    firsts = {name.split()[0]: name for name in keywords}
    near = get_close_matches(word, firsts, n=1, cutoff=ALIKE)
    if near and near[0] != word:
        return f"write {firsts[near[0]]}"
    if word in KEYWORDS:
        return ""
    hints = ["a variable begins with ?"] * ("a variable" in expected)
    return ", ".join(hints + ["a text is written in quotation marks"] * ("a string" in expected))


def _advice_for_sign(before: str, misfit: Misfit) -> str:
    """What to do about something that is no word: an IRI, an operator, a string, a space."""
    word = misfit.word
    if word in {"<", ">"} and before.endswith("="):
        return f"write {word}= for ={word}"
    if word[0] == "<" and "an IRI" in misfit.expected:
        if word == "<":
            return "an IRI is written between < and >, without spaces"
        if re.match("<[A-Za-z][A-Za-z0-9+.-]*:", word):
            return "an IRI has no space in it" if " " in word else "it is not an IRI"
        return "it does not begin as IRIs do, with http: or another scheme"
    if word.startswith("_:") and {"a variable", "a string"} <= {*misfit.expected}:
        if any(token[0] == word for token in TOKEN_RE.finditer(before)):
            return "a blank node belongs to one group, and this one to an earlier: take a variable"
        return ""
    if word[0] in "'\"" and (escaped := ESCAPED_RE.match(word)):
        return f"in a text {escaped[1]} is written \\{escaped[1]}"
    unseen = len(word) == 1 and not word.isprintable()
    return "it is invisible, and not a space: write a space, or leave it out" if unseen else ""


def _advice_in_group(word: str, *, calls: bool) -> str:
    if word in AFTER_GROUP:
        return "it belongs after the } of the group"
    if word == "SELECT":
        return "a query within another needs braces of its own: { SELECT … }"
    if word in {"NOT", "EXISTS"}:
        return "write FILTER before it"
    return "write FILTER or BIND before it" if calls and word in FUNCTIONS else ""


def _function_meant(name: str) -> str:
    """What to write for a function whose name is misspelt, or is that of another language."""
    near = get_close_matches(name.upper(), FUNCTIONS, n=1, cutoff=ALIKE)
    known = ELSEWHERE_TO_FUNCTION.get(name.upper().replace("_", "")) or next(iter(near), "")
    return f"there is no function {name[:SHOWN]}" + (f": write {known}" if known else "")
