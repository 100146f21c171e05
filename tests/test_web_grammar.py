"""The classes of characters that names are made of match what SPARQL allows, and nothing else."""

import sys
from functools import cache

import pytest

from pfocr_rdf.diagnosis.tokens import APART
from pfocr_rdf.possessive import re
from pfocr_rdf.web.grammar import TOKEN_RE, character_class


@cache
def everything() -> str:
    """Every character that can be in a text; a surrogate cannot."""
    return "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))


@pytest.mark.parametrize(
    "ranges",
    [
        ("a",),
        ("\0",),
        ("\0z",),
        ("\U0010fffd\U0010fffe",),
        ("az", "AZ", "_", "-"),
        ("09", "az", "\xc0\u1fff", "\u3001\ud7ff", "]", "^", "\\"),
        ("az", "cd"),
    ],
)
def test_a_class_written_as_what_it_leaves_out_matches_what_it_has(ranges: tuple[str, ...]) -> None:
    plain = "".join(f"{re.escape(one[0])}-{re.escape(one[-1])}" for one in ranges)
    assert re.findall(character_class(*ranges), everything()) == re.findall(
        f"[{plain}]", everything()
    )


def test_what_is_apart_is_all_that_a_local_name_cannot_have() -> None:
    assert re.findall(rf"[^{APART}\\.]", everything()) == re.findall(
        r"[\w:%\-\x80-\U0010ffff]", everything()
    )


@pytest.mark.parametrize(
    ("kind", "before", "after", "others"),
    [
        ("var", "?", "", "0-9_"),
        ("blank", "_:", "", "0-9_"),
        ("name", ":", "", "0-9_:"),
        ("name", "", ":", ":"),
    ],
)
def test_a_name_begins_with_what_the_grammar_allows(
    kind: str, before: str, after: str, others: str
) -> None:
    """https://www.w3.org/TR/sparql11-query/#rPN_CHARS_BASE, to the end of the first 65,536."""
    base = (
        "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
        "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
    )
    letters = [letter for letter in everything() if letter <= "\uffff" and not letter.isspace()]
    tokens = [(letter, TOKEN_RE.fullmatch(f"{before}{letter}{after}")) for letter in letters]
    names = [letter for letter, token in tokens if token and token.lastgroup == kind]
    assert names == [letter for letter in letters if re.match(f"[{base}{others}]", letter)]
