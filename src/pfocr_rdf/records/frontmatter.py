"""Front matter as text: YAML in which every scalar stays the word that was written.

Under YAML 1.1 typing the gene ``NO`` becomes false, ``1:30`` ninety and ``1e5`` a float. So
the events of PyYAML's C base loader are read one by one: nothing is typed, aliases and merge
keys are refused, and nesting is capped before a tree is composed (libyaml's composer
overflows the stack on 100,000 brackets).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import frontmatter
import yaml
from frontmatter.default_handlers import BaseHandler
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from pfocr_rdf.records.notes import Limits, Notes

Value = str | list["Value"] | dict[str, "Value"]

# A fence is a line that is exactly three hyphens: the OCR word "IPP----" is real.
CLOSING_FENCE_RE: Final = re.compile(r"^---$", re.MULTILINE)


def read_front_matter(text: str, notes: Notes, limits: Limits) -> dict[str, Value]:
    """The front matter of a record, every scalar as text.

    :raises RecordError: if there is none, it is not a mapping, not YAML, too deep, or uses
        aliases, merge keys or more than one document.

    >>> read_front_matter("---\\nword: NO\\ntime: 1:30\\n---\\n", Notes("x.md"), Limits())
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
    return metadata


class _TextHandler(BaseHandler):  # type: ignore[misc, unused-ignore]
    """python-frontmatter's handler interface over the event reader."""

    def __init__(self, notes: Notes, limits: Limits) -> None:
        super().__init__(CLOSING_FENCE_RE, "---", "---")
        self.notes = notes
        self.limits = limits

    def split(self, text: str) -> tuple[str, str]:
        closing = CLOSING_FENCE_RE.search(text, 4)
        if not closing:
            reason = "the front matter is not closed: end it with a line that is exactly ---"
            raise self.notes.refusal("end of file", "no front matter", text[-80:], reason)
        return text[4 : closing.start()], text[closing.end() :]

    def load(self, fm: str, **_: object) -> dict[str, Value]:
        try:
            value = _Composer(yaml.CBaseLoader(fm), self.notes, self.limits).document()
        except yaml.YAMLError as error:
            raise self._not_yaml(error) from error
        if not isinstance(value, dict):
            reason = "the front matter is not a mapping: write one `field: value` a line"
            raise self.notes.refusal("front matter", "not a mapping", str(value), reason)
        return value

    def _not_yaml(self, error: yaml.YAMLError) -> Exception:
        mark = getattr(error, "problem_mark", None)
        # The opening fence is line 1 of the file, the front matter begins on line 2.
        where = f"line {mark.line + 2}, column {mark.column + 1}" if mark else "front matter"
        said = getattr(error, "problem", None) or str(error)
        reason = f"not YAML ({said}): quote the value, or mend the line"
        value = f"{error}".replace("\n", " ")
        return self.notes.refusal(where, "not YAML", value, reason)


class _Composer:
    """Builds the value of one document from its events."""

    def __init__(self, loader: Any, notes: Notes, limits: Limits) -> None:
        self.loader = loader
        self.notes = notes
        self.limits = limits

    def events(self) -> Iterator[Event]:
        get = self.loader.get_event
        get()  # the stream's start
        while True:
            event = get()
            if event is None:
                return
            yield event

    def document(self) -> Value:
        """The first document's value; the events are walked with a stack of our own."""
        stack: list[tuple[Any, str | None]] = []
        root: Value = ""
        holder: Any = None
        key: str | None = None
        documents = 0
        for event in self.events():
            kind = event.__class__
            value: Value
            if kind is ScalarEvent:
                if event.anchor is not None:
                    self.refuse(event, f"&{event.anchor}", "anchors and aliases")
                value = event.value
                if key is None and holder.__class__ is dict and value == "<<" and event.implicit[0]:
                    self.refuse(event, "<<", "merge keys")
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.check_start(event, holder, key, len(stack))
                stack.append((holder, key))
                holder, key = ({} if kind is MappingStartEvent else []), None
                continue
            elif isinstance(event, CollectionEndEvent):
                value = holder
                holder, key = stack.pop()
            elif kind is AliasEvent:
                self.refuse(event, f"*{event.anchor}", "anchors and aliases")
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.refuse(event, "---", "more than one document")
                continue
            elif kind is DocumentEndEvent:
                continue
            else:  # the stream's end
                break
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
        return root

    def check_start(self, event: Event, holder: object, key: str | None, depth: int) -> None:
        """Refuse what would nest too deep or stand where a field name must."""
        if event.anchor is not None:
            self.refuse(event, f"&{event.anchor}", "anchors and aliases")
        if depth >= self.limits.depth:
            self.refuse(event, "", f"nesting deeper than {self.limits.depth}")
        if holder.__class__ is dict and key is None:
            self.refuse(event, "", "field names that are not text")

    def note_duplicate(self, event: Event, key: str, earlier: Value) -> None:
        line = event.start_mark.line + 2
        reason = f"the field stands twice, the last one (line {line}) is used: delete the other"
        self.notes.warn(key, "duplicate key", str(earlier), reason)

    def refuse(self, event: Event, found: str, what: str) -> None:
        mark = event.start_mark
        where = f"line {mark.line + 2}, column {mark.column + 1}"
        reason = f"{what} are not read: write the value out"
        raise self.notes.refusal(where, "refused YAML", found, reason)
