"""Possessive repeats of groups are matched as their documentation says, by every Python."""

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from re import Pattern, RegexFlag
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from making import REPOSITORY
from pfocr_rdf.possessive import re

SOURCE: Final = REPOSITORY / "src"
MODULES: Final = sorted(SOURCE.glob("pfocr_rdf/**/*.py"))
IMPORT: Final = "from pfocr_rdf.possessive import re\n"
USERS: Final = [path for path in MODULES if IMPORT in path.read_text("utf-8")]
#: A possessive repeat of a group. In a class of characters a comma follows.
REPEATED_RE: Final = re.compile(r"\)(?:[*+?]|\{[^{}]*\}+)\+(?!,)")
#: What stands in for ``re`` in older versions of Python.
OTHER: Final[Any] = importlib.import_module("regex")
SIGNS: Final = r"""
    ' " \ \u00e9 \U0001 \' : . .. # < > ( ) { } , [ ] ^^ ! == $ @ <a> ?x _:b a:b a:b.c
    %2 %20 1 1. .5e 1e-5 true @en-GB COUNT VALUES SERVICE BASE mesh: é
"""
PIECES: Final = (
    *(
        "'" * 3,
        '"' * 3,
        "\n",
        "\r\n",
        " ",
        "  ",
        "- ",
        ": ",
        "# a",
        "\ud800",
        "\U00010000",
        "name: ",
    ),
    *("SELECT ", "DISTINCT ", "BNODE (", "PREFIX ", "ORDER BY", "Mesh :", "- name: a\n  of: 'b'\n"),
    *SIGNS.split(),
)
#: The two differ in what is a letter or a space: ``¼``, accents that stand alone, 0x1C.
LETTERS: Final = "".join(map(chr, range(0x20, 0x7F))) + "\t\n\r éβツ\u2028\U0001f600"


@pytest.mark.parametrize("pattern", ["(?:ab?c)*+", "(?:ab?c)++", "(?:ab?c){1,3}+"])
def test_a_repeat_that_matches_in_part_takes_nothing_of_it(pattern: str) -> None:
    found = re.match(pattern, "aca")
    assert found
    assert found.span() == (0, 2)


def test_who_repeats_groups_possessively_takes_re_from_where_it_is_whole() -> None:
    texts = {path: path.read_text("utf-8").partition('"""\n')[2] for path in MODULES}
    repeating = [path for path, text in texts.items() if REPEATED_RE.search(text)]
    assert repeating
    assert set(repeating) <= set(USERS)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(LETTERS, max_size=30))
def test_what_stands_in_for_it_finds_the_same(text: str) -> None:
    for pattern, other in PAIRS:
        assert spans(other, text) == spans(pattern, text), pattern.pattern


def spans(pattern: Pattern[str], text: str) -> list[object]:
    """Where a pattern and its groups are found, and from each place on."""
    found = [pattern.match(text, at) for at in range(0, len(text), 3)]
    return [one and (one.lastgroup, *one.regs) for one in (*pattern.finditer(text), *found)]


def patterns_of(value: object) -> Iterator[Pattern[str]]:
    """The patterns among the values of a module, of its tables and lists."""
    if isinstance(value, Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, dict):
        yield from patterns_of([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from patterns_of(one)


def pairs(paths: Iterable[Path]) -> Iterator[tuple[Pattern[str], Pattern[str]]]:
    """Every pattern of some modules, and what the other library makes of it."""
    for path in paths:
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for pattern in patterns_of([*vars(importlib.import_module(name)).values()]):
            flags = [
                one.name or "" for one in RegexFlag if one & pattern.flags and one != re.UNICODE
            ]
            combined = sum(getattr(OTHER, flag) for flag in flags)
            yield pattern, OTHER.compile(pattern.pattern, combined)


PAIRS: Final = [*pairs(USERS)]


def test_patterns_are_compared() -> None:
    assert len(USERS) >= 9
    # In older versions of Python there is nothing to compare: the other one is in use.
    assert len(PAIRS) > 40 or re is OTHER
