"""Variables of a query that never have a value, because no pattern binds them.

Such a query is valid SPARQL. Its answer has blank cells, or no rows if a FILTER uses the variable,
and nothing else says that ``?F`` is not ``?f``, or that ``EXISTS`` keeps what it finds to itself.
A variable is taken to have a value if in doubt: if it is bound anywhere that it could come from.
https://www.w3.org/TR/sparql11-query/#variableScope
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.possessive import re

#: How many of the variables are reported at most.
MOST_TOLD: Final = 5
#: Characters of a text beyond which nothing is said: reading all of it would take long.
LONGEST: Final = 100_000
SHOWN: Final = 100  # characters of a name; a longer one is not reported
#: Words before a group whose variables have no value outside it.
APART: Final = ("EXISTS", "MINUS")
#: Words of which the next parenthesis holds an expression.
COMPUTING: Final = ("FILTER", "BIND")
#: Functions that ask whether a variable has a value, or do without one.
TESTS: Final = ("BOUND", "COALESCE")
#: With this, Wikidata's endpoint gives values to variables that no pattern has.
#: https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual#Label_service
LABELS: Final = "serviceParam"
#: The shortest name that one edit makes another: of shorter ones, all are alike.
SHORTEST: Final = 3
VARIABLE_RE: Final = re.compile(r"[?$](\w++)")
#: Each variable of an expression follows one of these signs; few others do.
COMPUTED_RE: Final = re.compile(r"[(,=<>!&|+*/-]\s*+[?$](\w++)")
NAMED_RE: Final = re.compile(r"\b[Aa][Ss]\s++[?$](\w++)")
#: A group that keeps its variables to itself, if there is none within it.
KEPT_RE: Final = re.compile(r"(?:EXISTS|MINUS)\s*+\{[^{}]*+\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unbound:
    """A variable without a value.

    ``instead`` is the variable that was probably meant, or empty. ``within`` is the only place
    where it has a value: ``EXISTS``, ``MINUS``, or ``SELECT`` if a subquery does not select it.
    """

    variable: str
    instead: str = ""
    within: str = ""


@dataclass(slots=True)
class _Group:
    """A group that is read; ``word`` stands before it, ``names`` have a value in it.

    ``brackets`` has, for each open parenthesis, the word before it if that is one of
    :data:`TESTS`, or else EXPRESSION or TERMS. ``selected`` is what a subquery selects, empty if
    that is all, and None outside of one; ``added`` is what VALUES at its end has. ``is_heading`` is
    true in what a query has around its pattern.
    """

    word: str = ""
    names: set[str] = field(default_factory=set)
    brackets: list[str] = field(default_factory=list)
    selected: set[str] | None = None
    added: set[str] = field(default_factory=set)
    is_heading: bool = False
    clause: str = ""


def may_be_unbound(text: str) -> bool:
    """Whether a glance at a query cannot tell that all of its variables have values.

    It takes a tenth of the time of :func:`unbound`, and may miss what is in nested groups.

    >>> may_be_unbound("SELECT ?f { ?f a ?x FILTER(STR(?x) > 'a') } ORDER BY ?f")
    False
    >>> [
    ...     may_be_unbound(f"SELECT ?x {{ ?f a ?c FILTER({end}")
    ...     for end in ("?y) } ORDER BY ?f", "?x) }")
    ... ]
    [True, True]
    """
    first, end = text.find("{"), text.rfind("}")
    if len(text) > LONGEST or first < 0:
        return False
    head, body, tail = text[:first], text[first:end], text[end:]
    capitals = body.upper()
    if "SELECT" in capitals or "CONSTRUCT" in head.upper():
        return True
    if "EXISTS" in capitals or "MINUS" in capitals:
        body = KEPT_RE.sub("", body)
    found = Counter(VARIABLE_RE.findall(body))
    computed = Counter(COMPUTED_RE.findall(body))
    if any(found[name] == count for name, count in computed.items()):
        return True
    around = {*VARIABLE_RE.findall(head), *VARIABLE_RE.findall(tail)}
    return not around <= {*found, *NAMED_RE.findall(head), *NAMED_RE.findall(tail)}


def unbound(text: str) -> list[Unbound]:
    """The variables of a query that never have a value, in the order of the text.

    :param text: a well-formed query.

    >>> for one in unbound(
    ...     "SELECT ?F ?g (STR(?Name) AS ?n) { ?f a ?c FILTER EXISTS { ?f ?p ?g } }"
    ... ):
    ...     print(one)
    Unbound(variable='?F', instead='?f', within='')
    Unbound(variable='?g', instead='', within='EXISTS')
    Unbound(variable='?Name', instead='', within='')
    >>> unbound(
    ...     "SELECT ?x ?n { VALUES ?v { 1 } BIND(?v AS ?x) FILTER(!BOUND(?y)) } GROUP BY (2 AS ?n)"
    ... )
    []
    """
    if len(text) > LONGEST or LABELS in text:
        return []
    reader = _Reader(text)
    return list(islice(reader.told(), MOST_TOLD)) if reader.is_whole else []


class _Reader:
    """Reads the tokens of a query once.

    ``inner`` are variables of expressions, which a group around them may bind; ``outer`` those that
    the query selects, sorts or constructs by, which only what its pattern binds can be.
    """

    def __init__(self, text: str) -> None:
        self.groups = [_Group(is_heading=True)]
        self.inner: dict[str, None] = {}
        self.outer: dict[str, None] = {}
        self.bound: set[str] = set()
        self.hidden: dict[str, str] = {}
        self.tested: set[str] = set()
        self.before = self.awaiting = ""
        self.is_whole = self._reads(text)

    def told(self) -> Iterator[Unbound]:
        """Each variable without a value."""
        visible = self.groups[0].names & self.bound
        for name in dict.fromkeys((*self.outer, *self.inner)):
            has_value = visible if name in self.outer else self.bound
            if name not in has_value and name not in self.tested and len(name) <= SHOWN:
                within = self.hidden.get(name, "") if name in self.bound else ""
                instead = "" if within else _meant(name, has_value)
                yield Unbound(f"?{name}", instead and f"?{instead}", within)

    def _reads(self, text: str) -> bool:
        """Read the tokens; return whether brackets match."""
        for token in TOKEN_RE.finditer(text):
            said = token[0]
            if said[0] == "#":
                continue
            kind = token.lastgroup
            if kind == "variable":
                self._variable(said[1:])
            elif kind == "word":
                said = said.upper()
                self._word(said)
            elif said in "{(":
                self._opened(said)
            elif said in "})":
                group = self.groups[-1]
                if (said == ")") != bool(group.brackets) or len(self.groups) + (said == ")") < 2:
                    return False
                group.brackets.pop() if said == ")" else self._closed()
            self.before = said
        return len(self.groups) == 1 and not self.groups[0].brackets

    def _opened(self, sign: str) -> None:
        group = self.groups[-1]
        if sign == "{":
            word = "VALUES" if self.awaiting == "VALUES" else self.before
            # A brace in parentheses is one of EXISTS, after which SELECT may go on.
            group.clause = group.clause if group.brackets else ""
            self.groups.append(_Group(word))
            self.awaiting = ""
            return
        before = group.brackets[-1] if group.brackets else ""
        is_computed = group.is_heading or self.awaiting in COMPUTING or before not in ("", "TERMS")
        test = self.before if self.before in TESTS else before if before in TESTS else ""
        group.brackets.append(test or ("EXPRESSION" if is_computed else "TERMS"))
        if self.awaiting != "VALUES":
            self.awaiting = ""

    def _closed(self) -> None:
        group = self.groups.pop()
        outer = self.groups[-1]
        names = group.names
        if group.selected:
            names = group.selected | group.added
            self._hide(group.names - names, "SELECT")
        if group.word in APART:
            self._hide(names, group.word)
        elif group.word != "CONSTRUCT":
            # The larger set takes in the other, so that deep nesting takes linear time.
            less, more = sorted((names, outer.names), key=len)
            more |= less
            outer.names = more

    def _hide(self, names: Iterable[str], word: str) -> None:
        for name in names:
            self.hidden.setdefault(name, word)

    def _variable(self, name: str) -> None:
        group = self.groups[-1]
        place = group.brackets[-1] if group.brackets else ""
        is_named = self.before == "AS"
        if group.word == "CONSTRUCT":
            self.outer[name] = None
        elif place in TESTS:
            self.tested.add(name)
        elif (
            self.awaiting == "VALUES"
            or is_named
            or (not group.is_heading and place in ("", "TERMS"))
        ):
            group.names.add(name)
            self.bound.add(name)
            if self.awaiting == "VALUES":
                group.added.add(name)
        else:
            uses = self.outer if len(self.groups) == 1 else self.inner
            uses[name] = None
        if group.selected is not None and group.clause == "SELECT" and (is_named or not place):
            group.selected.add(name)

    def _word(self, word: str) -> None:
        group = self.groups[-1]
        if word == "SELECT":
            group.clause, group.is_heading = word, True
            if len(self.groups) > 1:
                group.selected = set()
        elif word in ("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"):
            group.clause = ""
        if word in (*COMPUTING, "VALUES"):
            self.awaiting = word


def _meant(name: str, others: Iterable[str]) -> str:
    """The only one of some names that has the same letters in other case, or is one edit apart.

    >>> _meant("symbl", {"symbol", "sym"}), _meant("F", {"f", "g"}), _meant("gene3", {"gene1"})
    ('symbol', 'f', '')
    """
    folded = name.casefold()
    alike = [other for other in others if other.casefold() == folded]
    if not alike and len(name) >= SHORTEST:
        alike = [other for other in others if _is_an_edit_apart(folded, other.casefold())]
    return alike[0] if len(alike) == 1 else ""


def _is_an_edit_apart(name: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or changed places with the next.

    Numbers tell names apart on purpose.

    >>> [
    ...     _is_an_edit_apart("title", other)
    ...     for other in ("titel", "titles", "tilte", "tile", "tail")
    ... ]
    [True, True, True, True, False]
    >>> _is_an_edit_apart("gene", "gene2"), _is_an_edit_apart("gene", "gen")
    (False, True)
    """
    less, more = sorted((name, other), key=len)
    if len(less) < SHORTEST or len(more) - len(less) > 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(less, more, strict=False)) if a != b), len(less)
    )
    left, right = less[start:], more[start:]
    if left[:1].isdigit() or right[:1].isdigit():
        return False
    if len(less) < len(more):
        return left == right[1:]
    return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
