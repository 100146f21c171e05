"""Reads a query's text once, from left to right, and counts what makes it hard to plan.

It reads like the parser of Oxigraph 0.5, which does not split the text into words first: so
``trueSERVICE<…>`` is a SERVICE clause, and whether ``<a>`` is an IRI or two comparisons depends
on what stands before. Where the two might read differently, more is counted than there is.
https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.possessive import re
from pfocr_rdf.web.grammar import (
    BRACE_RE,
    DATA_RE,
    HEADER_RE,
    IRI_RE,
    LIST_RE,
    TERM_RE,
    TERMS_RE,
    TOKEN_RE,
)

Measure = Literal["text_bytes", "depth", "patterns", "operations", "doublings", "tokens"]

#: Functions whose arguments Oxigraph's parser reads twice, since the last one is optional.
DOUBLED: Final = ("REGEX", "SUBSTR", "REPLACE", "GROUP_CONCAT")
#: Words that may precede the name of a graph, but never a SERVICE clause.
BEFORE_GRAPHS: Final = ("GRAPH", "FROM", "NAMED")

# What a bracket holds.
_CLAUSES, _GROUP, _NODES, _LIST, _PATH, _EXPRESSION, _TEMPLATE, _DATA = range(8)
_TRIPLES: Final = (_GROUP, _NODES)
_STEPS: Final = (_LIST, _PATH)


class LimitError(PfocrError):
    """A query has more of something than is allowed.

    :param value: how much had been counted when reading ended.
    """

    def __init__(self, measure: Measure, value: int) -> None:
        super().__init__(measure, value)
        self.measure: Measure = measure
        self.value = value


class _Frame:
    """An open bracket, with the terms since the last separator and the steps of the path."""

    __slots__ = ("before", "closer", "depth", "doublings", "kind", "seen", "steps", "terms")

    def __init__(self, kind: int, closer: str, depth: int, doublings: int, before: int) -> None:
        self.kind = kind
        self.closer = closer
        self.depth = depth
        self.doublings = doublings
        self.before = before  # the patterns that were counted when it was opened
        self.terms = self.steps = 0
        self.seen = False


class Scan:
    """What was counted in a query so far, and the state that is needed to go on.

    :param limits: how much of each measure may be counted.
    """

    def __init__(self, text: str, limits: Mapping[Measure, int]) -> None:
        self.text = text
        self.limits = limits
        self.at = 0
        self.patterns = self.operations = self.hidden = 0
        self.frame = _Frame(_CLAUSES, "", 0, 0, 0)
        self.outer: list[_Frame] = []
        self.service: int | None = None
        self.describing = False
        # What was read last: the word, in capitals; whether it ends a value, so that ``<`` after
        # it compares; whether it names the function of a FILTER; whether it is an opening brace;
        # and how many negations wait for what they negate.
        self.word = ""
        self.value = self.called = self.opened = False
        self.negations = 0

    def run(self) -> None:
        """Read to the end, or to the first limit.

        :raises LimitError: at the first limit.
        """
        match, text = TOKEN_RE.match, self.text
        patterns, operations = self.limits["patterns"], self.limits["operations"]
        depth, doublings = self.limits["depth"], self.limits["doublings"]
        for _ in range(self.limits["tokens"] + 1):
            found = match(text, self.at)
            if not found:
                return
            self.at = found.end()
            kind = found.lastgroup or ""
            _READERS[kind](self, found[kind])
            frame = self.frame
            if self.patterns > patterns:
                raise LimitError("patterns", self.patterns)
            if self.operations > operations:
                raise LimitError("operations", self.operations)
            if frame.depth + self.negations + self.hidden > depth:
                raise LimitError("depth", frame.depth + self.negations + self.hidden)
            if frame.doublings > doublings:
                raise LimitError("doublings", frame.doublings)
            if frame.kind == _DATA:
                self.skip(DATA_RE)
        raise LimitError("tokens", self.limits["tokens"] + 1)

    def tokens(self) -> Iterator[tuple[str, int, int]]:
        """Every token, whatever the limits: its kind, the end of the one before, its beginning."""
        while found := TOKEN_RE.match(self.text, self.at):
            before, kind = self.at, found.lastgroup or ""
            self.at = found.end()
            _READERS[kind](self, found[kind])
            if self.frame.kind == _DATA:
                self.skip(DATA_RE)
            yield kind, before, found.start(kind)

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go to the end of what a pattern matches; whether it matches."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def said(self, *, word: str = "", value: bool = False, called: bool = False) -> None:
        """Remember what was read last."""
        self.word, self.value, self.called, self.opened = word, value, called, False

    def term(self, _text: str = "", count: int = 1) -> None:
        """A node, a property or an operand."""
        self.frame.terms += count
        self.frame.seen = True
        self.said(value=True)

    def literal(self, _text: str) -> None:
        """A term that cannot be a function's name."""
        self.term()
        self.negations = 0

    def name(self, text: str) -> None:
        """A prefixed name; or SERVICE or FILTER with a name right after it, without a space."""
        prefix = text.partition(":")[0].upper()
        if "SERVICE" in prefix and self.word not in BEFORE_GRAPHS:
            begin = self.at - len(text) + prefix.index("SERVICE")
            if BRACE_RE.match(self.text, self.at):
                self.found_service(begin)
        self.iri("FILTER" in prefix)

    def iri(self, called: bool = False) -> None:
        """A name or an IRI: a term, or what a FILTER calls."""
        called = called or self.word.endswith("FILTER")
        if self.describing and self.frame.kind == _CLAUSES and not self.outer:
            self.operations += 1
        self.term()
        self.called = called

    def found_service(self, at: int) -> None:
        """Note where the first SERVICE clause begins."""
        if self.service is None:
            self.service = at

    def read_word(self, text: str) -> None:
        """A keyword, the name of a function, or one of the words that are terms."""
        word = text.upper()
        if "SERVICE" in word:
            self.found_service(self.at - len(text) + word.index("SERVICE"))
        if self.frame.kind in _STEPS or TERMS_RE.fullmatch(text):
            self.term(count=len(TERM_RE.findall(text)))
            return
        if self.opened and word.startswith("SELECT"):
            self.frame.kind = _CLAUSES
            self.frame.doublings += 1
        elif word == "DESCRIBE" and not self.outer:
            self.describing = True
        self.flush()
        self.said(word=word, value=text.endswith(("true", "false")))
        if word == "VALUES" and self.skip(HEADER_RE):
            self.patterns += 1
            self.open(_DATA, "}")

    def nothing(self, _text: str) -> None:
        """A language tag, which is part of the term before it."""

    def sign(self, text: str) -> None:
        """A bracket, separator or operator; any other character is ignored."""
        reader = _SIGNS.get(text)
        if reader:
            reader(self, text)

    def flush(self) -> None:
        """End a triple. More than three terms might be read as more than one triple."""
        frame = self.frame
        if frame.kind in _TRIPLES:
            if frame.seen:
                self.patterns += max(1, frame.terms - 2)
            frame.terms, frame.steps, frame.seen = 0, 0, False

    def open(self, kind: int, closer: str, doublings: int = 0) -> None:
        """A bracket is opened."""
        frame = self.frame
        self.outer.append(frame)
        # Each negation is one level more, and what it negates is read twice if it is malformed.
        depth = frame.depth + 1 + self.negations
        doublings += frame.doublings + (self.negations > 0)
        self.frame = _Frame(kind, closer, depth, doublings, self.patterns)
        self.negations = 0
        self.said()

    def open_brace(self, _text: str) -> None:
        """A group, or the template of a CONSTRUCT, which is not planned."""
        is_template = not self.outer and self.word == "CONSTRUCT"
        self.flush()
        if is_template or self.frame.kind == _TEMPLATE:
            self.open(_TEMPLATE, "}")
        else:
            self.operations += 1
            self.open(_GROUP, "}")
        self.opened = True

    def open_nodes(self, text: str) -> None:
        """The properties of a blank node or a reifier."""
        kind = self.frame.kind if self.frame.kind in (_TEMPLATE, _DATA) else _NODES
        self.patterns += text == "{|" and kind == _NODES  # the triple that names the annotated one
        self.open(kind, "]" if text == "[" else "|}" if text == "{|" else ">>")

    def open_parenthesis(self, _text: str) -> None:
        """Arguments, an expression, a collection or a part of a path."""
        kind, word = self.frame.kind, self.word
        if kind in (_TEMPLATE, _DATA):
            self.open(kind, ")")
        elif kind in (_CLAUSES, _EXPRESSION) or word or self.called:
            if self.called:
                self.frame.terms, self.frame.seen = 0, False
            self.operations += 1
            self.open(_EXPRESSION, ")", self.called + word.endswith(DOUBLED))
        else:
            self.open(_LIST, ")")

    def close(self, text: str) -> None:
        """A bracket is closed; one that does not fit the open one is ignored."""
        frame = self.frame
        if not self.outer or frame.closer != text:
            self.said()
            return
        if frame.kind == _LIST:
            self.patterns += 2 * frame.terms
        elif frame.kind == _PATH:
            self.outer[-1].steps += frame.steps
        self.flush()
        if frame.kind == _GROUP and self.patterns == frame.before:
            self.patterns += 1
        self.frame = self.outer.pop()
        self.negations = 0
        if text != "}" and text != "|}" and frame.kind != _EXPRESSION:
            self.term()
        self.said(value=True)

    def separator(self, text: str) -> None:
        """A dot, semicolon or comma; after a comma each step of the path is walked again."""
        frame, steps = self.frame, self.frame.steps
        self.flush()
        if text == "," and frame.kind in _TRIPLES:
            self.patterns += steps
            frame.steps = steps
        self.operator(text, 0)
        if text == "," and self.frame.kind == _EXPRESSION:
            self.skip(LIST_RE)

    def operator(self, _text: str, count: int = 1) -> None:
        """A sign between two operands; outside expressions it is part of a path or a number."""
        if self.frame.kind == _EXPRESSION:
            self.operations += count
        self.negations = 0
        self.said()

    def comparison(self, text: str) -> None:
        """Not counted: it cannot be chained, so operators and brackets limit how many there are."""
        self.operator(text, 0)

    def negation(self, _text: str) -> None:
        """A negation of an expression or of a set of properties."""
        self.operations += 1
        self.negations += 1
        self.said()

    def step(self, text: str) -> None:
        """A sign between two properties of a path."""
        frame = self.frame
        if frame.kind == _LIST:
            frame.kind = _PATH
        if frame.kind in _TRIPLES or frame.kind == _PATH:
            self.patterns += text == "/"
            frame.steps += text == "/"
            self.operations += text == "|"
            frame.terms -= text != "^"
        self.operator(text)

    def reifier(self, _text: str) -> None:
        """A ``~``: one more triple, which names another one, whether or not a name follows."""
        self.patterns += 1
        self.said()

    def datatype(self, text: str) -> None:
        """A ``^^``, between the string and the datatype of a literal, which are one term."""
        self.frame.terms -= 1
        self.operator(text, 0)

    def angle(self, text: str) -> None:
        """An IRI, a triple term or a comparison."""
        if self.frame.kind == _EXPRESSION and self.value:
            self.comparison(text)
            self.at += self.text.startswith("=", self.at)
        elif self.text.startswith("<", self.at):
            self.at += 2 if self.text.startswith("(", self.at + 1) else 1
            self.open_nodes("<<")
        elif found := IRI_RE.match(self.text, self.at - 1):
            self.at = found.end()
            if self.outer:  # if it is two comparisons after all, its brackets are real
                self.hidden += sum(map(found[0].count, "([!"))
            self.iri()


_READERS: Final[dict[str, Callable[[Scan, str], None]]] = {
    "string": Scan.literal,
    "blank": Scan.literal,
    "var": Scan.literal,
    "number": Scan.literal,
    "name": Scan.name,
    "word": Scan.read_word,
    "lang": Scan.nothing,
    "sign": Scan.sign,
}
_SIGNS: Final[dict[str, Callable[[Scan, str], None]]] = {
    "{": Scan.open_brace,
    "(": Scan.open_parenthesis,
    **dict.fromkeys(("[", "{|"), Scan.open_nodes),
    **dict.fromkeys(("}", ")", "]", "|}", ">>"), Scan.close),
    **dict.fromkeys((".", ";", ","), Scan.separator),
    **dict.fromkeys(("/", "|", "^"), Scan.step),
    **dict.fromkeys(("||", "&&", "+", "-", "*"), Scan.operator),
    **dict.fromkeys(("=", "!=", ">", ">="), Scan.comparison),
    "!": Scan.negation,
    "~": Scan.reifier,
    "^^": Scan.datatype,
    "<": Scan.angle,
}
