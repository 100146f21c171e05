"""Possessive repeats of groups are matched as their documentation says, by every Python."""

import re as of_this_python
from pathlib import Path

import pytest

from making import REPOSITORY
from pfocr_rdf.possessive import re

#: A possessive repeat of a group. In a class of characters a comma follows.
REPEATED_RE = of_this_python.compile(r"\)(?:[*+?]|\{[^{}]*\}+)\+(?!,)")
MODULES = sorted(REPOSITORY.glob("src/pfocr_rdf/**/*.py"))


@pytest.mark.parametrize("pattern", ["(?:ab?c)*+", "(?:ab?c)++", "(?:ab?c){1,3}+"])
def test_a_repeat_that_matches_in_part_takes_nothing_of_it(pattern: str) -> None:
    found = re.match(pattern, "aca")
    assert found
    assert found.span() == (0, 2)


def test_what_is_captured_before_and_after_repeats_within_repeats_is_where_it_is() -> None:
    pattern = re.compile(r"(?P<a>x+)(?:(?:yz?)?+(?:[^yz]++|z!))*+(?P<b>z)")
    found = pattern.match("xx" + "yz!q" * 5 + "yzz")
    assert found is None
    found = pattern.match("xx" + "yz!q" * 5 + "z")
    assert found
    assert (found["a"], found["b"], found.span("b")) == ("xx", "z", (22, 23))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_who_repeats_groups_possessively_takes_re_from_where_it_is_whole(path: Path) -> None:
    text = path.read_text("utf-8")
    repeats = REPEATED_RE.search(text.partition('"""\n')[2])
    assert not repeats or "from pfocr_rdf.possessive import re" in text
