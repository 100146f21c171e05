r"""The few forms of YAML that nearly all records keep to, read a line at a time.

PyYAML makes an object of every event, which is two fifths of what reading a record costs. Records
come from emitters, and those use little of YAML: this reads that, and leaves every text with
something else in it to :mod:`pfocr_rdf.records.frontmatter`. There is one meaning, at two speeds.

What is read here (https://yaml.org/spec/1.1/): mappings by name and sequences, in block style, or
empty as ``{}`` and ``[]``; plain texts, and quoted ones without escapes, folded where they go over
lines.
"""

from collections.abc import Iterable
from typing import Final, cast

from pfocr_rdf.possessive import re
from pfocr_rdf.recurring import LONGEST, remembered

Value = str | list["Value"] | dict[str, "Value"]


class Item(dict[str, str]):
    """A mapping of printable texts that many records have; it is not to be changed.

    It is looked up as the object that it is, to keep what is made of it: to compare what it says
    takes longer.
    """

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]


#: What a line has: an item of several lines in place of all others; its indentation, a hyphen, a
#: name, a text; nothing at all if it is of another form.
Line = tuple[str, str, str, str, str]

#: What is no sign of a line here: tabs, other ends of lines, the mark of the order of bytes, and
#: what YAML has no raw form for.
UNUSUAL_RE: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
#: The parser takes names of 1,024 characters.
NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,99}+|'@[A-Za-z]{1,99}+'"
#: A colon before a space ends a name, and there is no such name within a text.
REST: Final = r"[^:\n]*+(?::(?=[^ \n])[^:\n]*+)*+"
#: The next line of a text is indented more than the mapping or the hyphen that it belongs to.
NEXT: Final = rf"\n(?P=indent)(?(dash)(?(name)   | )| ) *+(?=[^ \n]){REST}"
PLAIN: Final = rf"(?:[^\n \-?:,\[\]{{}}#&*!|>'\"%@`]|-(?=[^ \n])){REST}(?:{NEXT})*+"
QUOTED: Final = r"'[^']*+(?:''[^']*+)*+'|\"[^\"\\]*+\""
LINE: Final = (
    rf"(?P<indent> *+)(?P<dash>- )?(?:(?P<name>{NAME}):(?=[ \n]) *+)?"
    rf"(?P<text>{QUOTED}|\[\]|\{{\}}|{PLAIN})? *+\n|[^\n]*+\n"
)
LINE_RE: Final = re.compile(LINE)
NAMED: Final = rf"(?:{NAME}):(?=[ \n])[^\n]{{0,160}}+\n"
#: An item of a sequence that is not indented, with its names: the next figure has it again.
ITEM_OR_LINE_RE: Final = re.compile(rf"(?P<item>- {NAMED}(?:  {NAMED}){{0,8}}+(?! ))|{LINE}")
#: In a quoted text: a line that is empty, or not indented.
NOT_FOLDED_RE: Final = re.compile(r"\n(?! +[^ \n])")
#: Longer ones have been made to be long: reading them might take more than their share of time.
LETTERS: Final = 1 << 16
#: The mapping of all, and what is written ``{}`` in it.
LEAST_DEPTH: Final = 2
#: So many items are remembered: genes that are often mentioned, a few megabytes.
ITEMS: Final = 1 << 13


def read_plain(fm: str, depth: int) -> dict[str, Value] | None:
    r"""The value of a front matter that has no comment; None if it is not of these forms.

    :param depth: how deep it may nest.

    >>> read_plain("genes:\n- word: NO\n  entrez: '4193'\n", 20)
    {'genes': [{'word': 'NO', 'entrez': '4193'}]}
    >>> read_plain("word: &anchor NO\n", 20)
    """
    if not fm.endswith("\n") or len(fm) > LETTERS or depth < LEAST_DEPTH:
        return None
    # Looking at every sign takes as long as reading the lines.
    if not fm.replace("\n", "").isprintable() and UNUSUAL_RE.search(fm):
        return None
    return _composed(ITEM_OR_LINE_RE.findall(fm), depth)


def _composed(lines: Iterable[Line], depth: int) -> dict[str, Value] | None:
    root: dict[str, Value] = {}
    # What is open: where its lines begin, and a mapping, or the items of a sequence.
    column, mapping, items = 0, root, cast("list[Value] | None", None)
    around: list[tuple[int, dict[str, Value], list[Value] | None]] = []
    waiting = ""  # a name without a text: what follows may be its value
    for item, indent, dash, name, text in lines:
        at, listed = len(indent), item or dash
        # A sequence may begin in the column of the names of the mapping around it.
        while at < column or (items is not None and not listed and at == column):
            column, mapping, items = around.pop()
            waiting = ""
        if at > column or (listed and items is None):
            # One line opens two at most, and its text may be a third, of nothing.
            if not waiting or items is not None or len(around) + 3 >= depth:
                return None
            around.append((column, mapping, None))
            fresh: Value = [] if listed else {}
            mapping[waiting] = fresh
            column, waiting = at, ""
            if isinstance(fresh, list):
                items = fresh
            elif isinstance(fresh, dict):
                mapping = fresh
        if items is not None:
            if name:
                around.append((column, mapping, items))
                column, mapping = at + 2, {}
                items.append(mapping)
                items = None
            else:
                value = _item(item) if item else _text(text) if text else None
                if value is None:
                    return None
                items.append(value)
                continue
        name = name.strip("'")
        if not name or name in mapping:
            return None
        value = _text(text) if text else ""
        if value is None:
            return None
        mapping[name] = value
        waiting = "" if text else name
    return root


def _text(written: str) -> Value | None:
    """What is written as one text, or as a mapping or sequence of nothing."""
    if written.isalnum():
        return written
    first = written[0]
    if first in {"'", '"'}:
        text = written[1:-1].replace("''", "'") if first == "'" else written[1:-1]
        if "\n" in text and NOT_FOLDED_RE.search(text):
            return None
    elif first == "[":
        return []
    elif first == "{":
        return {}
    else:
        text = written.rstrip(" ")
    return _folded(text) if "\n" in text else text


def _folded(text: str) -> str:
    """The lines of a text on one; what stands before the first and after the last one stays."""
    first, *others, last = text.split("\n")
    lines = (first.rstrip(" "), *(line.strip(" ") for line in others), last.lstrip(" "))
    return " ".join(lines)


@remembered(ITEMS)
def _item(lines: str) -> Value | None:
    """The mapping of an item of a sequence, which is not to be changed: other records have it."""
    found = _composed((("", *line) for line in LINE_RE.findall(f"items:\n{lines}")), depth=5)
    mapping = next(iter(found["items"])) if found else None
    texts = mapping.values() if isinstance(mapping, dict) and len(lines) <= LONGEST else ()
    if texts and all(isinstance(text, str) and text.isprintable() for text in texts):
        return cast("Value", Item(cast("dict[str, str]", mapping)))
    return mapping
