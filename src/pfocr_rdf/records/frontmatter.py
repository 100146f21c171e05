"""Front matter as text: YAML in which every scalar stays the word that was written.

YAML 1.1 would turn the gene ``NO`` into false, ``1:30`` into ninety and ``010`` into eight.
So the events of PyYAML's C base loader are read one by one: nothing is typed, aliases and
merge keys are refused, and nesting is capped before a tree is composed (libyaml's composer
overflows the stack on 100,000 brackets).
"""

import json
import re
from typing import Any, Final, cast

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from pfocr_rdf.errors import InputError
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.plain import Value, read_plain
from pfocr_rdf.records.text import publishable

# A fence is a line of exactly three hyphens: the OCR word "IPP----" is real. A search from "\n"
# takes a tenth of the time that one from "^" would.
CLOSING_FENCE_RE: Final = re.compile(r"\n---$", re.MULTILINE)
# https://yaml.org/spec/1.1/#c-printable: the parser stops at these; the quoted forms are fine.
NOT_YAML_RE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
#: Contexts of errors that the parser notices only on a later line, where nothing is wrong: the
#: line where the context begins is reported. Organisms are written unquoted: one may begin with
#: a bracket.
FOUND_LATE: Final = frozenset(
    {"while scanning a simple key", "while scanning a quoted scalar"}
    | {"while parsing a flow sequence", "while parsing a flow mapping"}
)
#: Where a comment may begin; also matches inside texts. After a quote, a bracket or the
#: indicator of a block scalar, a comment needs no space before it.
COMMENT_RE: Final = re.compile(
    r"""(?:^|[ \t\x85\u2028\u2029"'\[\]{},]|[|>][-+1-9]{0,2})#""", re.MULTILINE
)
#: What ends a line for YAML, https://yaml.org/spec/1.1/#b-char
LINE_END_RE: Final = re.compile(r"[\n\x85\u2028\u2029]")
#: A tag that changes nothing here: every scalar is text.
TEXT_TAG: Final = "tag:yaml.org,2002:str"


def read_front_matter(text: str, notes: Notes, limits: Limits) -> dict[str, Value]:
    r"""The front matter of a record, every scalar as text.

    :raises RecordError: if there is none, it is not a mapping, not YAML, too deep, or uses
        aliases, merge keys, tags or more than one document.

    >>> read_front_matter("---\nword: NO\ntime: 1:30\n---\n", Notes("x.md"), Limits())
    {'word': 'NO', 'time': '1:30'}
    """
    if not text.startswith("---\n"):
        first = text.split("\n", 1)[0]
        reason = "no front matter: the first line must be exactly ---"
        raise notes.refusal("line 1", "no front matter", first, reason)
    handler = _TextHandler(notes, limits)
    metadata, body = frontmatter.parse(text, handler=handler)
    if body.strip():
        reason = "text under the front matter is not mapped: move it into a field"
        notes.warn("body", "body text", body.strip(), reason)
    return cast(dict[str, Value], metadata)


def as_text(value: Value) -> str:
    """A value of any shape on one line, for the report."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _TextHandler(BaseHandler):  # type: ignore[misc, unused-ignore]
    """python-frontmatter's handler interface over the event reader."""

    def __init__(self, notes: Notes, limits: Limits) -> None:
        super().__init__(CLOSING_FENCE_RE, "---", "---")
        self.notes = notes
        self.limits = limits

    def split(self, text: str) -> tuple[str, str]:
        closing = CLOSING_FENCE_RE.search(text, 3)
        if not closing:
            reason = "the front matter is not closed: end it with a line that is exactly ---"
            raise self.notes.refusal("end of file", "no front matter", text[-80:], reason)
        return text[4 : closing.start() + 1], text[closing.end() :]

    def load(self, fm: str, **_: object) -> dict[str, Value]:
        try:
            value = self._compose(fm)
        except yaml.YAMLError as error:
            raise self._not_yaml(error, fm) from error
        if not isinstance(value, dict):
            reason = "the front matter is not a mapping: write one `field: value` a line"
            raise self.notes.refusal("front matter", "not a mapping", as_text(value), reason)
        return value

    def _compose(self, fm: str) -> Value:
        noted = len(self.notes.problems)
        try:
            return self._composed(fm)
        except ReaderError:
            # A single raw control character makes the parser give up the whole record.
            del self.notes.problems[noted:]
            lines = fm.split("\n")
            for number, line in enumerate(lines):
                where = f"line {number + 2}"
                lines[number] = publishable(line, where, self.notes, NOT_YAML_RE)
            return self._composed("\n".join(lines))

    def _composed(self, fm: str) -> Value:
        _loader()  # without libyaml fail at once, not at the first record that needs it
        commented = "#" in fm and COMMENT_RE.search(fm)
        if not commented and (plain := read_plain(fm, self.limits.depth)) is not None:
            return plain
        try:
            value = _Composer(fm, self.notes, self.limits).document()
            if commented:
                self._note_comments(fm)
            return value
        except yaml.MarkedYAMLError as error:
            raise self._not_yaml(error, fm) from error

    def _note_comments(self, fm: str) -> None:
        """Report comments, which YAML drops: an unquoted organism, "sp. #45", loses its end."""
        at = 0
        comments: dict[int, str] = {}
        events: Any = yaml.parse(fm, Loader=_loader())
        for event in events:
            # Between two events are only white space, indicators and comments; the text of a
            # block scalar begins on the line after its indicator.
            until = event.start_mark.index
            if getattr(event, "style", None) in {"|", ">"}:
                end = LINE_END_RE.search(fm, until)
                until = end.start() if end else len(fm)
            for found in re.finditer("#.*", fm[at:until]):
                if re.search(r"\w", found[0]):
                    comments[at + found.start()] = found[0]
            at = max(at, event.end_mark.index)
        if comments:
            where = f"line {fm.count(chr(10), 0, next(iter(comments))) + 2}"
            reason = "a comment in YAML: not mapped; quote the value if this is a part of it"
            self.notes.warn(where, "comment", "\n".join(comments.values()), reason)

    def _not_yaml(self, error: yaml.YAMLError, fm: str) -> Exception:
        mark: Any = getattr(error, "problem_mark", None)
        begun: Any = getattr(error, "context_mark", None)
        # If both marks are on one line, that where the error is noticed is the exact one.
        if begun and getattr(error, "context", None) in FOUND_LATE and begun.line != mark.line:
            mark = begun
        said = getattr(error, "problem", None) or str(error).replace("\n", " ")
        where, line = "front matter", ""
        advice = "quote the value, or correct the line"
        if mark:
            number, column = _place(mark, fm)
            where = f"line {number}, column {column}"
            *before, line = fm.split("\n")[: number - 1]
            if "<document start>" in said and "..." in map(str.rstrip, before):
                advice = "delete the line ... above it, which ends a document"
        reason = f"not YAML ({said}): {advice}"
        return self.notes.refusal(where, "not YAML", line, reason)


def _place(mark: Any, fm: str) -> tuple[int, int]:
    """The line and column of a mark in the file, as an editor counts them.

    The mark's own line is not used: the parser takes U+0085, U+2028 and U+2029 for ends of lines,
    too. The opening fence is line 1 of the file, the front matter begins on line 2.
    """
    at = mark.index
    return fm.count("\n", 0, at) + 2, at - fm.rfind("\n", 0, at)


def _loader() -> Any:
    """PyYAML's loader in C; the one in Python is nine times as slow and rejects other characters.

    :raises InputError: if this PyYAML was built without it.
    """
    loader = getattr(yaml, "CBaseLoader", None)
    if loader is None:
        raise InputError(
            "this PyYAML was built without libyaml, which reads the records: install libyaml-dev "
            "and then PyYAML again, or a wheel of PyYAML, which includes libyaml"
        )
    return loader


class _Composer:
    """Builds the value of one document from its events."""

    def __init__(self, fm: str, notes: Notes, limits: Limits) -> None:
        self.text = fm
        self.loader: Any = _loader()(fm)
        self.notes = notes
        self.limits = limits
        self.documents = 0
        #: How far lines are counted: a position in the text, and its line in the file.
        self.at, self.line = 0, 2

    def document(self) -> Value:
        """The value of the only document; an explicit stack replaces recursion over the events."""
        stack: list[tuple[Any, str | None]] = []
        root: Value = ""
        holder: Any = None
        key: str | None = None
        get_event = self.loader.get_event
        get_event()  # the stream's start
        while True:
            event = get_event()
            kind = event.__class__
            value: Value
            if kind is ScalarEvent:
                value = event.value
                if event.anchor is not None or event.tag is not None or value == "<<":
                    self.check_scalar(event, is_key=holder.__class__ is dict and key is None)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.check_start(event, holder, key, len(stack))
                stack.append((holder, key))
                holder, key = ({} if kind is MappingStartEvent else []), None
                continue
            elif isinstance(event, CollectionEndEvent):
                value = holder
                holder, key = stack.pop()
            elif event is None or kind is StreamEndEvent:
                return root
            else:
                self.check_other(event)
                continue
            if holder is None:
                root = value
            elif holder.__class__ is list:
                holder.append(value)
            elif key is None:
                key = str(value)
            else:
                if key in holder:
                    self.note_duplicate(event, key, holder[key])
                holder[key] = value
                key = None

    def check_scalar(self, event: Any, *, is_key: bool) -> None:
        """Refuse a scalar that stands for anything other than its text."""
        if event.anchor is not None:
            self.refuse(event, f"&{event.anchor}", "anchors and aliases are")
        # Older versions of R's yaml package write ! 'On' for the text On.
        is_text = event.tag == TEXT_TAG or (event.tag == "!" and event.style in {"'", '"'})
        if event.tag is not None and not is_text:
            # The gene "!p53", unquoted, is an empty text with a tag: it would be lost.
            self.refuse(event, event.tag, "tags are")
        if is_key and event.value == "<<" and event.implicit[0]:
            self.refuse(event, "<<", "merge keys are")

    def check_start(self, event: Any, holder: object, key: str | None, depth: int) -> None:
        """Refuse a mapping or sequence that nests too deep or is in the place of a field name."""
        if event.anchor is not None:
            self.refuse(event, f"&{event.anchor}", "anchors and aliases are")
        if event.tag is not None:
            self.refuse(event, event.tag, "tags are")
        if depth >= self.limits.depth:
            self.refuse(event, "", f"nesting deeper than {self.limits.depth} is")
        if holder.__class__ is dict and key is None:
            self.refuse(event, "", "field names that are not text are")

    def check_other(self, event: Any) -> None:
        """Refuse aliases, and a document after the first one."""
        if event.__class__ is AliasEvent:
            self.refuse(event, f"*{event.anchor}", "anchors and aliases are")
        if event.__class__ is DocumentStartEvent:
            if self.documents:
                number, column = _place(event.start_mark, self.text)
                reason = "more than one document is not read: delete the --- or ... between them"
                where, line = f"line {number}, column {column}", self.text.split("\n")[number - 2]
                raise self.notes.refusal(where, "refused YAML", line, reason)
            self.documents += 1

    def note_duplicate(self, event: Any, key: str, earlier: Value) -> None:
        # Lines are counted on from the last duplicate: a file may have a million.
        before, self.at = self.at, event.start_mark.index
        self.line += self.text.count("\n", before, self.at)
        reason = (
            f"the field is given twice, the last one (line {self.line}) is used: delete the other"
        )
        self.notes.warn(key, "duplicate key", as_text(earlier), reason)

    def refuse(self, event: Any, found: str, what: str) -> None:
        where = "line {}, column {}".format(*_place(event.start_mark, self.text))
        reason = f"{what} not read: write the value out"
        raise self.notes.refusal(where, "refused YAML", found, reason)
