"""The positions in a query's text of its groups, their elements and its SERVICE clauses.

Only brackets and the words that begin an element are read. Another parser checks the result
(:mod:`pfocr_rdf.web.federation.pattern`), so anything unusual ends in an :class:`OutlineError`
and not in a guess.
https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.web.grammar import IRI_RE, TOKEN_RE

FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
OPEN_TO_CLOSE: Final = {"{": "}", "(": ")", "[": "]"}
#: Words that begin an element → rdflib's name for it.
WORD_TO_KIND: Final = {
    "OPTIONAL": "OptionalGraphPattern",
    "MINUS": "MinusGraphPattern",
    "GRAPH": "GraphGraphPattern",
    "SERVICE": "ServiceGraphPattern",
    "FILTER": "Filter",
    "BIND": "Bind",
    "VALUES": "InlineData",
}
#: Words that are terms.
TERM_WORDS: Final = ("a", "true", "false")
#: The kinds of tokens that can end a value: a ``<`` after one is a comparison.
VALUES: Final = frozenset({"var", "string", "number", "name", "blank", "iri", "lang"})


class OutlineError(PfocrError):
    """The parts of a query cannot be found with certainty; the message says why."""


class Token(NamedTuple):
    """A word, sign or term, and its position in the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in capitals if it is a word; otherwise empty."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a group; ``kind`` is its name in rdflib's parser, or Triples for one statement.

    ``groups`` are those directly inside: of a UNION each branch, of a FILTER those of its EXISTS.
    ``head`` is the term of GRAPH or SERVICE, which stands before the group.
    """

    kind: str
    start: int
    end: int
    groups: tuple["Group", ...] = ()
    head: Token | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its braces, which are its first and its last character."""

    start: int
    end: int
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A query: its tokens, form, dataset clauses and WHERE group; the form follows the prologue."""

    tokens: tuple[Token, ...]
    form: str
    form_start: int
    dataset: str
    where: Group


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a query, without comments and white space.

    >>> [token.text for token in tokens_of("ASK { ?s <p> 'a}' }")]
    ['ASK', '{', '?s', '<p>', "'a}'", '}']

    :raises OutlineError: if the brackets do not match.
    """
    found: list[Token] = []
    frames = ["clauses"]
    closers: list[str] = []
    at = 0
    while match := TOKEN_RE.match(text, at):
        kind = match.lastgroup or ""
        token = Token(kind, match[kind], match.start(kind), match.end())
        if token.text == "<" and not (frames[-1] == "expression" and _is_value(found)):
            iri = IRI_RE.match(text, token.start)
            if iri:
                token = Token("iri", iri[0], token.start, iri.end())
        if token.kind == "sign" and token.text in OPEN_TO_CLOSE:
            frames.append(_frame(token.text, found, frames[-1]))
            closers.append(OPEN_TO_CLOSE[token.text])
        elif token.kind == "sign" and token.text in ("}", ")", "]"):
            if not closers or closers.pop() != token.text:
                raise OutlineError(f"a “{token.text}” closes nothing")
            frames.pop()
        elif token.word == "SELECT" and frames[-1] == "group":
            frames[-1] = "clauses"
        found.append(token)
        at = token.end
    if closers:
        raise OutlineError(f"a “{closers[-1]}” is missing")
    return tuple(found)


def _is_value(found: list[Token]) -> bool:
    last = found[-1] if found else None
    return last is not None and (last.kind in VALUES or last.text in (")", "true", "false"))


def _frame(opener: str, found: list[Token], outer: str) -> str:
    """What a bracket contains: a group, data, an expression, or a list of terms.

    The frame outside the group of a query is ``clauses``: there, each bracket holds an expression.
    """
    last = found[-1] if found else Token("", "", 0, 0)
    if opener == "{":
        is_data = outer == "data" or _follows_values(found)
        return "data" if is_data else "group"
    if opener == "[" or outer == "data" or last.word == "VALUES":
        return "list"
    is_call = last.kind in ("name", "iri") and len(found) > 1 and found[-2].word == "FILTER"
    is_word = last.kind == "word" and last.text not in TERM_WORDS
    is_expression = outer in ("expression", "clauses") or is_word or is_call
    return "expression" if is_expression else "list"


def _follows_values(found: list[Token]) -> bool:
    """Whether a brace after these tokens opens the data of VALUES."""
    if len(found) > 1 and found[-1].kind == "var" and found[-2].word == "VALUES":
        return True
    if not found or found[-1].text != ")":
        return False
    at = len(found) - 2
    while at >= 0 and found[at].kind == "var":
        at -= 1
    return at > 0 and found[at].text == "(" and found[at - 1].word == "VALUES"


def outline(text: str) -> Outline:
    """The parts of a query and their positions.

    :raises OutlineError: if they are not certain.

    >>> found = outline("SELECT * { ?s ?p ?o SERVICE <urn:x> { ?o ?q ?r } }")
    >>> [element.kind for element in found.where.elements]
    ['Triples', 'ServiceGraphPattern']
    """
    try:
        return _Reader(tokens_of(text)).query(text)
    except IndexError:
        raise OutlineError("the query ends too early") from None


class _Reader:
    """Reads the tokens once, from left to right."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def next(self) -> Token:
        if self.at >= len(self.tokens):
            raise OutlineError("the query ends too early")
        return self.tokens[self.at]

    def take(self, text: str = "") -> Token:
        token = self.next
        if text and token.text != text:
            raise OutlineError(f"“{token.text}” stands where “{text}” should")
        self.at += 1
        return token

    def query(self, text: str) -> Outline:
        while self.next.word in ("PREFIX", "BASE"):
            self.at += 3 if self.next.word == "PREFIX" else 2
        form = self.take()
        if form.word not in FORMS:
            raise OutlineError(f"“{form.text}” does not begin a query of SPARQL 1.1")
        if form.word == "CONSTRUCT" and self.next.text == "{":
            self.skip()
        dataset_start = dataset_end = 0
        while self.next.text != "{":
            if self.next.word == "FROM":
                dataset_start = dataset_start or self.next.start
                self.at += 1 + (self.tokens[self.at + 1].word == "NAMED")
                dataset_end = self.take().end
            else:
                self.skip()
        dataset = text[dataset_start:dataset_end]
        where = self.group()
        return Outline(self.tokens, form.word, form.start, dataset, where)

    def skip(self) -> list[Group]:
        """Skip a token, or a bracket and its content; returns the groups of each EXISTS in it."""
        groups: list[Group] = []
        depth = 0
        while True:
            token = self.take()
            if token.word == "EXISTS" and self.next.text == "{":
                groups.append(self.group())
            elif token.kind == "sign" and token.text in OPEN_TO_CLOSE:
                depth += 1
            elif token.kind == "sign" and token.text in ("}", ")", "]"):
                depth -= 1
            if depth <= 0:
                return groups

    def group(self) -> Group:
        start = self.take("{").start
        elements = [self.subselect()] if self.next.word == "SELECT" else self.elements()
        return Group(start, self.take("}").end, tuple(elements))

    def subselect(self) -> Element:
        start = self.next.start
        while self.next.text != "{":
            self.skip()
        where = self.group()
        end = where.end
        while self.next.text != "}":
            self.skip()
            end = self.tokens[self.at - 1].end
        return Element("SubSelect", start, end, (where,))

    def elements(self) -> list[Element]:
        found: list[Element] = []
        while self.next.text != "}":
            if self.next.text == "{":
                found.append(self.union())
            elif self.next.word in WORD_TO_KIND:
                found.append(self.element())
            else:
                found.append(self.statement())
            if self.next.text == ".":
                self.at += 1
        return found

    def union(self) -> Element:
        groups = [self.group()]
        while self.next.word == "UNION":
            self.at += 1
            groups.append(self.group())
        kind = "GroupOrUnionGraphPattern"
        return Element(kind, groups[0].start, groups[-1].end, tuple(groups))

    def element(self) -> Element:
        first = self.take()
        kind = WORD_TO_KIND[first.word]
        head, silent, groups = None, False, []
        if first.word == "FILTER":
            groups = self.constraint()
        elif first.word == "BIND":
            groups = self.skip()
        elif first.word == "VALUES":
            self.skip()
            self.skip()
        else:
            if first.word == "SERVICE" and self.next.word == "SILENT":
                silent = bool(self.take())
            if first.word in ("GRAPH", "SERVICE"):
                head = self.take()
            groups = [self.group()]
        return Element(kind, first.start, self.tokens[self.at - 1].end, tuple(groups), head, silent)

    def constraint(self) -> list[Group]:
        """The condition after FILTER; returns the groups of each EXISTS in it."""
        if self.next.word == "NOT":
            self.at += 1
        if self.next.word == "EXISTS":
            self.at += 1
            return [self.group()]
        if self.next.text != "(":
            self.at += 1  # the name of a function
        if self.next.text != "(":
            raise OutlineError("a FILTER has no brackets")
        return self.skip()

    def statement(self) -> Element:
        """The triples of one subject, up to the dot."""
        start = self.next.start
        while not (self.next.text in ("{", "}", ".") or self.next.word in WORD_TO_KIND):
            if self.next.kind == "word" and self.next.text not in TERM_WORDS:
                raise OutlineError(f"“{self.next.text}” cannot stand there in SPARQL 1.1")
            self.skip()
        if self.tokens[self.at - 1].end <= start:
            raise OutlineError(f"“{self.next.text}” stands where a triple should")
        return Element("Triples", start, self.tokens[self.at - 1].end)


def services_in(group: Group) -> list[Element]:
    """All SERVICE clauses in a group, in the order of the text.

    >>> text = "ASK { { SERVICE <urn:a> { } } UNION { FILTER EXISTS { SERVICE <urn:b> { } } } }"
    >>> [found.head.text for found in services_in(outline(text).where)]
    ['<urn:a>', '<urn:b>']
    """
    found: list[Element] = []
    for element in group.elements:
        if element.kind == "ServiceGraphPattern":
            found.append(element)
        for inner in element.groups:
            found += services_in(inner)
    return found
