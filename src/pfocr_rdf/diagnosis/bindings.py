"""Variables that have a value already, or none, and rows of VALUES that are too long or short.

Oxigraph's parser reads all of a BIND, a subquery or a row, refuses it, and names a place after it.
This is for queries that it has refused. Where brackets do not match, nothing more is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.possessive import re

OVERRIDDEN: Final = "AS names a variable that has a value already: take another name"
TWICE: Final = "SELECT names a variable twice: name it once"
UNGROUPED: Final = (
    "a variable of SELECT has no value in a group: name it in GROUP BY, or count it as"
    " (COUNT(?x) AS ?n)"
)
ALL_GROUPED: Final = "SELECT * does not go with GROUP BY: name the variables"
#: https://www.w3.org/TR/sparql11-query/#rAggregate
AGGREGATES: Final = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
#: Words that begin what may follow the group of a query.
AFTER: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
#: Words before a group whose variables have no value outside it.
APART: Final = ("EXISTS", "MINUS")
#: Words of which the next variable or bracket is not one of a triple.
AWAITING: Final = ("FILTER", "BIND", "SERVICE", "VALUES")
#: Words that are values in a row.
VALUES: Final = ("TRUE", "FALSE", "UNDEF")
SHOWN: Final = 100  # characters of a name
#: What stands between SELECT and what it selects, if that is all.
ALL_RE: Final = re.compile(r"(?:\s|#[^\r\n]*+|DISTINCT|REDUCED)*+\*", re.IGNORECASE)

Token = re.Match[str]
#: The index of a mistake, and what to do.
Mistake = tuple[int, str]


@dataclass(slots=True)
class _Select:
    """What a query within another selects and groups by; ``clause`` is the one being read.

    ``end`` is the index after its first word.
    """

    end: int
    clause: str = "SELECT"
    #: The index and the name of each variable, and whether AS names it.
    selected: list[tuple[int, str, bool]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    #: What VALUES at the end of it has.
    added: set[str] = field(default_factory=set)
    is_grouped: bool = False


@dataclass(slots=True)
class _Group:
    """A group that is read, the variables that have a value in it, and its open parentheses.

    ``word`` stands before it, or is VALUES if it has its rows; of each parenthesis, ``brackets``
    has what :meth:`_Reader.bracket` returns.
    """

    word: str = ""
    names: set[str] = field(default_factory=set)
    brackets: list[str] = field(default_factory=list)
    select: _Select | None = None
    is_new: bool = True


def find_misbinding(text: str) -> Mistake | None:
    """The index of the first such variable or row of a refused query, and what to do.

    >>> find_misbinding("ASK { ?s ?p ?o BIND(STR(?o) AS ?o) }")
    (31, '?o has a value already: take another name after AS')
    >>> find_misbinding("ASK { VALUES (?x ?y) { (1 2) (1) } }")
    (29, 'a row of VALUES has 1 value for 2 variables: write UNDEF for a value that is missing')
    """
    return _Reader(text).read()


class _Reader:
    """Reads the tokens of a query once.

    ``awaiting`` is a word whose bracket or variable is due; ``columns`` is the number of variables
    of a VALUES, or -1 if it has no rows but single values; ``row`` has the tokens of a row.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.groups = [_Group()]
        self.before = self.awaiting = ""
        self.columns = 0
        self.row: list[Token] = []

    def read(self) -> Mistake | None:
        """The first mistake; None if there is none, or brackets do not match."""
        for token in TOKEN_RE.finditer(self.text):
            if token[0][0] == "#":
                continue
            group, sign = self.groups[-1], token["sign"]
            mistake = None
            if sign in ("}", ")"):
                if (sign == ")") != bool(group.brackets) or len(self.groups) + (sign == ")") < 2:
                    return None
                mistake = self.closed() if sign == "}" else self.ended(group.brackets.pop())
            elif sign in ("{", "("):
                self.opened(token, group)
            elif group.word == "VALUES":
                self.row.append(token)
            elif token["variable"]:
                mistake = self.variable(token, group)
            elif token["word"]:
                self.word(token, group)
            if mistake:
                return mistake
            self.before = token[0].upper()
            self.groups[-1].is_new = sign == "{"
        return None

    def opened(self, token: Token, group: _Group) -> None:
        """Go into a group or a parenthesis."""
        is_values = self.awaiting == "VALUES"
        if token[0] == "(":
            if not group.brackets:
                self.row = []
            self.row.append(token)
            group.brackets.append(self.bracket(group))
            if self.before in AGGREGATES and group.select is not None:
                group.select.is_grouped = True
        else:
            self.groups.append(_Group("VALUES" if is_values else self.before))
            if group.select is not None:
                group.select.clause = ""
        if token[0] == "{" or not is_values:
            self.awaiting = ""

    def bracket(self, group: _Group) -> str:
        """What a parenthesis belongs to: a word, a row, an expression; or else TERMS."""
        if group.word == "VALUES" and not group.brackets:
            return "ROW"
        is_inner = bool(group.brackets) and group.brackets[-1] != "TERMS"
        if self.awaiting and not is_inner:
            return self.awaiting
        return "EXPRESSION" if is_inner or group.select is not None else "TERMS"

    def closed(self) -> Mistake | None:
        """Go out of a group; the one around it learns the variables that have a value in it."""
        group, outer = self.groups.pop(), self.groups[-1]
        names = group.names
        if group.select is not None:
            if mistake := _misselected(group.select, names):
                return mistake
            star = ALL_RE.match(self.text, group.select.end)
            if group.select.keys and star:
                return star.end() - 1, ALL_GROUPED
            names = {name for _, name, _ in group.select.selected} or names | group.select.added
        if group.word not in APART:
            # The larger set takes in the other, so that deep nesting takes linear time.
            less, more = sorted((names, outer.names), key=len)
            more |= less
            outer.names = more
        return None

    def ended(self, bracket: str) -> Mistake | None:
        """What is wrong with a row of VALUES whose parenthesis closes."""
        first, *values = self.row
        count = _count(self.text, values) if bracket == "ROW" else None
        if count is None or count == self.columns or self.columns < 0:
            return None
        more = "" if count > self.columns else ": write UNDEF for a value that is missing"
        said = f"{_counted(count, 'value')} for {_counted(self.columns, 'variable')}{more}"
        return first.start(), f"a row of VALUES has {said}"

    def variable(self, token: Token, group: _Group) -> Mistake | None:
        """Note a variable that has a value from here on; say so if it has one already."""
        name, select = token[0][1:], group.select
        bracket = group.brackets[-1] if group.brackets else ""
        is_named = self.before == "AS" and len(group.brackets) == 1
        if self.awaiting == "VALUES":
            self.columns = self.columns + 1 if bracket else -1
            (group.names if select is None else select.added).add(name)
        elif select is not None:
            if is_named or not bracket:
                if select.clause == "SELECT":
                    select.selected.append((token.start(), name, is_named))
                elif select.clause == "GROUP":
                    select.keys.add(name)
        elif bracket == "BIND" and is_named:
            if name in group.names:
                said = f"?{name[:SHOWN]} has a value already: take another name after AS"
                return token.start(), said
            group.names.add(name)
        elif bracket in ("", "TERMS") and self.awaiting != "SERVICE":
            group.names.add(name)
        return None

    def word(self, token: Token, group: _Group) -> None:
        """Note a word that says what follows it."""
        word = token[0].upper()
        if word in AWAITING:
            self.awaiting, self.columns = word, 0
        if word == "SELECT" and group.is_new and len(self.groups) > 1:
            group.select = _Select(token.end())
        elif group.select is not None and word in AFTER:
            group.select.clause = word
            group.select.is_grouped |= word == "GROUP"


def _misselected(select: _Select, names: set[str]) -> Mistake | None:
    """What is wrong with the variables that a query within another selects."""
    known = select.added | (select.keys if select.is_grouped else names)
    seen = set[str]()
    for at, name, is_named in select.selected:
        if is_named and name in known:
            return at, OVERRIDDEN
        if not is_named and select.is_grouped and name not in known:
            return at, UNGROUPED.replace("a variable of SELECT", f"?{name[:SHOWN]}")
        if name in seen:
            return at, TWICE
        seen.add(name)
    return None


def _count(text: str, values: Sequence[Token]) -> int | None:
    """How many values a row has; None if it has something else."""
    count, is_datatype = 0, False
    for value in values:
        is_part = is_datatype or text[value.start() - 1] == "@"
        is_datatype = value["sign"] == "^^"
        if value["variable"] or (value["sign"] and not is_datatype):
            return None
        if value["word"] and not is_part and value[0].upper() not in VALUES:
            return None
        count += not (is_part or is_datatype)
    return count


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
