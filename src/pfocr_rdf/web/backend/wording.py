"""Rewords a query for the backend.

The query is written anew, token by token as Oxigraph reads it and without comments, so that a
comment or a comparison here cannot be code there. What engines read differently is removed. FROM
clauses become parameters of the request: Virtuoso would add the graphs of the request to those of
the clauses, not let them replace these. A GRAPH that names none of our graphs gets the name of one
that does not exist: otherwise Virtuoso counts one solution. Functions that only the engine has are
refused: Virtuoso lets a query run its procedures, ``bif:exec`` among them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pfocr_rdf import iris as ns
from pfocr_rdf.possessive import re
from pfocr_rdf.web.backend.settings import Dataset, Graphs
from pfocr_rdf.web.checks import absolute
from pfocr_rdf.web.grammar import STRING
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.scan import Measure, Scan

UNLIMITED: Final[dict[Measure, int]] = dict.fromkeys(
    ("text_bytes", "depth", "patterns", "operations", "doublings", "tokens"), 1 << 30
)
#: Schemes of the IRIs of Virtuoso's own functions.
OWN: Final = ("bif:", "sql:")
ESCAPE_RE: Final = re.compile(r"\\(.)")
#: A backslash and what it escapes; the groups hold the number of a numbered character.
NUMBERED_RE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|.)", re.DOTALL)
#: Characters that not every string can contain, or that are invisible → their escapes.
ESCAPED: Final = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r"}
NOT_IN_IRI_RE: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
#: What a run of terms is taken to pieces by: a string, an IRI, an escaped character of a name (it
#: may be a quotation mark), or a comment.
PIECE_RE: Final = re.compile(rf"((?:{STRING})|<[^<>\s]*+>|\\[\s\S])|#[^\r\n]*+")
NO_LISTS: Final = (None, None)

Lists = tuple[list[str] | None, list[str] | None]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is sent: the text of a query, and the graphs that it sees."""

    text: str
    dataset: Dataset


def reword(
    text: str,
    graphs: Graphs,
    prefixes: dict[str, str],
    base: str | None = None,
    asked: Lists = NO_LISTS,
) -> Wording:
    r"""A query as it is sent to the backend; a parser must have accepted it before.

    :param graphs: the graphs of the release.
    :param prefixes: the prefixes that it need not declare and may use.
    :param base: the base of its relative IRIs, unless it declares one.
    :param asked: the graphs that the request names, default and named: they replace those of the
        query, https://www.w3.org/TR/sparql11-protocol/#dataset
    :raises Refusal: ``evaluation``, if it calls a function that only the engine has or cannot be
        reworded; ``syntax``, if an IRI cannot be made absolute.

    >>> graphs = Graphs(("urn:data",), ("urn:other",), "urn:nobody")
    >>> reword("ASK # or not\nFROM <urn:other> { }", graphs, {})
    Wording(text='ASK\n  { }', dataset=Dataset(default=('urn:other',), named=('urn:nobody',)))
    """
    reader = _Reader(text, graphs, prefixes, base, asked)
    reader.read()
    missing = [name for name in prefixes if name not in reader.declared]
    prologue = [] if base is None or reader.has_base else [f"BASE <{base}>"]
    # On one line, so that the line numbers in messages stay those of the query.
    prologue += [f"PREFIX {name}: <{prefixes[name]}>" for name in missing]
    whole = " ".join((*prologue, "".join(reader.words).strip()))
    return Wording(whole, reader.dataset)


class _Reader(Scan):
    """Reads a query to its end and collects what is sent."""

    def __init__(
        self, text: str, graphs: Graphs, prefixes: dict[str, str], base: str | None, asked: Lists
    ) -> None:
        super().__init__(text, UNLIMITED)
        self.words: list[str] = []
        self.declared: set[str] = set()
        self.has_base = self.has_nobody = False
        self._graphs, self._asked = graphs, asked
        self._own: dict[str, list[str]] = {}
        self._prefixes, self._base = dict(prefixes), base or ""
        #: What the next IRI is for: BASE, PREFIX, or the graph of FROM, FROM NAMED or GRAPH.
        self._awaits = ""
        self._prefix = ""
        #: The IRI just read, which a parenthesis after it calls; None after any other token.
        self._last: str | None = None

    @property
    def dataset(self) -> Dataset:
        """The graphs that the query sees, as parameters for the backend."""
        found = self._dataset
        if not self.has_nobody:
            return found
        return Dataset(found.default, tuple(dict.fromkeys((*found.named, self._graphs.nobody))))

    @property
    def _dataset(self) -> Dataset:
        """The graphs that the query sees; final once its first brace has been read."""
        default, named = self._asked
        if default is None and named is None:
            if not self._own:
                return self._graphs.dataset
            default, named = self._own.get("from"), self._own.get("named")
        return self._graphs.chosen(default or [], named or [])

    def read(self) -> None:
        """Read to the end.

        :raises Refusal: as :func:`reword` does.
        """
        for kind, before, start in self.tokens():
            skipped, token = self.text[before:start], self.text[start : self.at]
            if skipped:
                self.words.append("\n" if "\n" in skipped or "\r" in skipped else " ")
            if kind == "name" or (token[0] == "<" and token[-1] == ">"):
                self._iri(kind, token)
                continue
            if token[0] == "(" and self._last is not None:
                self._check_call(self._last)
            self._last = None
            self._other(kind, token)

    def _other(self, kind: str, token: str) -> None:
        word = token.upper() if kind == "word" else ""
        if word in ("FROM", "NAMED") and not self.outer:
            self._awaits = word.lower()
            return
        if kind == "string":
            token = _numbered(token, _in_string)
        self._awaits = {"GRAPH": "graph", "BASE": "base", "PREFIX": "prefix"}.get(word, "")
        if token in ("<", "<="):
            token = f" {token} "  # no engine can take it for the beginning of an IRI
        elif kind != "string" and ("#" in token or "\\" in token):
            token = PIECE_RE.sub(_piece, token)  # the data of VALUES, items of a list
        self.words.append(token)

    def _iri(self, kind: str, token: str) -> None:
        """Take in an IRI or a prefixed name, by what it stands for."""
        awaits, self._awaits = self._awaits, ""
        token = _numbered(token, _in_iri) if kind != "name" else token
        if awaits == "prefix" and kind == "name":
            self._awaits, self._prefix = "namespace", token[:-1]
            self.words.append(token)
            return
        iri = self._resolved(kind, token)
        if iri.startswith(OWN) or token[1:].startswith(OWN):
            raise _only_there(iri)
        self._last = iri
        if awaits in ("from", "named"):
            self._own.setdefault(awaits, []).append(iri)
            return
        if awaits == "base":
            self._base, self.has_base = iri, True
        elif awaits == "namespace":
            self._prefixes[self._prefix] = iri
            self.declared.add(self._prefix)
        elif awaits == "graph":
            token = f"<{self._graph(iri)}>"
        self.words.append(token)

    def _graph(self, iri: str) -> str:
        """The graph to ask for: this one, or one that does not exist if the query cannot see it."""
        seen = self._dataset.named
        if not seen or iri in seen:
            return iri
        self.has_nobody = True
        return self._graphs.nobody

    def _resolved(self, kind: str, token: str) -> str:
        if kind == "name":
            prefix, _, local = token.partition(":")
            namespace = self._prefixes.get(prefix)
            if namespace is None:
                detail = f"{token[:100]!r} runs a word and a name together: write a space between"
                raise Refusal("evaluation", detail)
            return namespace + ESCAPE_RE.sub(r"\1", local)
        iri = token[1:-1]
        return absolute(self._base, iri)

    def _check_call(self, iri: str) -> None:
        if not iri.startswith(ns.XSD):
            raise _only_there(iri)


def _numbered(token: str, written: Callable[[str], str]) -> str:
    r"""A string or IRI with numbered characters replaced by the characters, escaped where needed.

    An engine that replaces the numbers before it parses, as in
    https://www.w3.org/TR/sparql11-query/#codepointEscape, could take one for the end of a string.

    >>> print(_numbered(r'"\u0022 \\u0041 \u0041"', _in_string))
    "\" \\u0041 A"
    """

    def of(found: re.Match[str]) -> str:
        number = found[1] or found[2]
        return written(chr(int(number, 16))) if number else found[0]

    return NUMBERED_RE.sub(of, token)


def _piece(found: re.Match[str]) -> str:
    piece: str | None = found[1]
    if piece is None:
        return " "
    if piece[0] == "\\":
        return piece
    return _numbered(piece, _in_iri if piece[0] == "<" else _in_string)


def _in_string(character: str) -> str:
    if character < " ":
        return ESCAPED.get(character, f"\\u{ord(character):04X}")
    return ESCAPED.get(character, character)


def _in_iri(character: str) -> str:
    if NOT_IN_IRI_RE.match(character):
        raise Refusal("evaluation", f"an IRI cannot contain the character {character!r}")
    return character


def _only_there(iri: str) -> Refusal:
    detail = f"<{iri[:200]}> is not a function of SPARQL, and the engine's own cannot be"
    return Refusal("evaluation", f"{detail} called from here: use those of SPARQL 1.1")
