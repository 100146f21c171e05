r"""Reads the few forms of YAML that nearly all records keep to, a line at a time.

PyYAML makes an object of every event, which is two fifths of the cost of reading a record. Records
come from emitters, which use little of YAML: this module reads that much, and leaves any text with
other forms to :mod:`pfocr_rdf.records.frontmatter`. Both must give the same value for a text.

What is read here (https://yaml.org/spec/1.1/): mappings with simple names and sequences, in block
style, or empty as ``{}`` and ``[]``; plain texts, and quoted ones without escapes, folded where
they span several lines.
"""

from collections.abc import Iterable
from typing import Final, cast

from pfocr_rdf.possessive import re
from pfocr_rdf.recurring import LONGEST, remembered

Value = str | list["Value"] | dict[str, "Value"]


class Item(dict[str, str]):
    """A mapping of printable texts that many records share; it must not be changed.

    It is hashed by identity, so that it can be a key of caches: hashing its content would take
    longer.
    """

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]


#: The groups of a match: a whole item of several lines, or else a line's indentation, hyphen, name
#: and text. All are empty for a line of any other form.
Line = tuple[str, str, str, str, str]

#: Characters that are not read here: tabs, line ends other than line feeds, the byte order mark,
#: and what YAML does not allow unescaped.
UNUSUAL_RE: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
#: PyYAML allows names of up to 1,024 characters; shorter ones are enough here.
NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,99}+|'@[A-Za-z]{1,99}+'"
#: The rest of a plain text: a colon before a space would end a name, so no text contains one.
REST: Final = r"[^:\n]*+(?::(?=[^ \n])[^:\n]*+)*+"
#: A further line of a text is indented more than the mapping or the hyphen that it belongs to.
NEXT: Final = rf"\n(?P=indent)(?(dash)(?(name)   | )| ) *+(?=[^ \n]){REST}"
PLAIN: Final = rf"(?:[^\n \-?:,\[\]{{}}#&*!|>'\"%@`]|-(?=[^ \n])){REST}(?:{NEXT})*+"
QUOTED: Final = r"'[^']*+(?:''[^']*+)*+'|\"[^\"\\]*+\""
LINE: Final = (
    rf"(?P<indent> *+)(?P<dash>- )?(?:(?P<name>{NAME}):(?=[ \n]) *+)?"
    rf"(?P<text>{QUOTED}|\[\]|\{{\}}|{PLAIN})? *+\n|[^\n]*+\n"
)
LINE_RE: Final = re.compile(LINE)
NAMED: Final = rf"(?:{NAME}):(?=[ \n])[^\n]{{0,160}}+\n"
#: A line, or a whole mapping in an unindented sequence: other figures have the same mapping.
ITEM_OR_LINE_RE: Final = re.compile(rf"(?P<item>- {NAMED}(?:  {NAMED}){{0,8}}+(?! ))|{LINE}")
#: A line in a quoted text that is empty or not indented, which is not read here.
NOT_FOLDED_RE: Final = re.compile(r"\n(?! +[^ \n])")
#: The longest front matter read here; a longer one may be crafted to take excessive time.
LETTERS: Final = 1 << 16
#: The depth of the outermost mapping with an empty ``{}`` or ``[]`` in it.
LEAST_DEPTH: Final = 2
#: How many items are cached: genes that are mentioned often, a few megabytes.
ITEMS: Final = 1 << 13


def read_plain(fm: str, depth: int) -> dict[str, Value] | None:
    r"""The value of a front matter without comments; None if it has forms that are not read here.

    :param depth: how deep it may nest.

    >>> read_plain("genes:\n- word: NO\n  entrez: '4193'\n", 20)
    {'genes': [{'word': 'NO', 'entrez': '4193'}]}
    >>> read_plain("word: &anchor NO\n", 20)
    """
    if not fm.endswith("\n") or len(fm) > LETTERS or depth < LEAST_DEPTH:
        return None
    # Searching every character takes as long as reading the lines, so it is done only if needed.
    if not fm.replace("\n", "").isprintable() and UNUSUAL_RE.search(fm):
        return None
    return _composed(ITEM_OR_LINE_RE.findall(fm), depth)


def _composed(lines: Iterable[Line], depth: int) -> dict[str, Value] | None:
    root: dict[str, Value] = {}
    # The innermost open collection: its column, and a mapping, or the items of a sequence.
    column, mapping, items = 0, root, cast("list[Value] | None", None)
    around: list[tuple[int, dict[str, Value], list[Value] | None]] = []
    waiting = ""  # a name without a text: the next lines may be its value
    for item, indent, dash, name, text in lines:
        at, listed = len(indent), item or dash
        # A sequence may begin in the same column as the names of the mapping around it.
        while at < column or (items is not None and not listed and at == column):
            column, mapping, items = around.pop()
            waiting = ""
        if at > column or (listed and items is None):
            # A line opens two collections at most, and its text may be a third, an empty one.
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
    """The value of a text as written, or of ``{}`` or ``[]``; None if it is not read here."""
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
    """The lines of a text as one; spaces before the first and after the last line are kept."""
    first, *others, last = text.split("\n")
    lines = (first.rstrip(" "), *(line.strip(" ") for line in others), last.lstrip(" "))
    return " ".join(lines)


@remembered(ITEMS)
def _item(lines: str) -> Value | None:
    """The mapping of an item of a sequence, which must not be changed: other records share it."""
    found = _composed((("", *line) for line in LINE_RE.findall(f"items:\n{lines}")), depth=5)
    mapping = next(iter(found["items"])) if found else None
    texts = mapping.values() if isinstance(mapping, dict) and len(lines) <= LONGEST else ()
    if texts and all(isinstance(text, str) and text.isprintable() for text in texts):
        return cast("Value", Item(cast("dict[str, str]", mapping)))
    return mapping
