"""What is made of a text is remembered if the text is short: a hostile one may have any length."""

from collections.abc import Callable

import pytest

from pfocr_rdf.iris import encoded, slug
from pfocr_rdf.records import embedded, mention_rows, plain
from pfocr_rdf.recurring import LONGEST, remembered
from pfocr_rdf.search import words


def test_a_text_of_the_greatest_length_is_remembered_and_a_longer_one_is_not() -> None:
    asked: list[str] = []

    @remembered(most=2)
    def made(text: str) -> str:
        asked.append(text)
        return text

    for text in ("x" * LONGEST, "x" * (LONGEST + 1)) * 2:
        assert made(text) == text
    assert list(map(len, asked)) == [LONGEST, LONGEST + 1, LONGEST + 1]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (encoded, "a b "),
        (slug, "A b "),
        (embedded._comparable, "'a' "),
        (mention_rows._name_of, "a  b "),
        (plain._item, "- word: a\n  match: b\n"),
        (words.forms, "ab-"),
        (words.read_chunk, "ab-"),
    ],
)
def test_what_is_made_of_any_text_of_a_record_or_a_request_is_so(
    made: Callable[[str], object], text: str
) -> None:
    many = text * (LONGEST // len(text) + 1)
    assert made(text) is made(text)
    assert made(many) == made(many)
    assert made(many) is not made(many)
