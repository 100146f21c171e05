"""Letters and accents are put together as Unicode says, and no text takes long."""

import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from building import build
from making import record, write
from pacing import cpu_within
from pfocr_rdf import composing
from pfocr_rdf.composing import SHORT, Form, normalized

FORMS = get_args(Form)
#: Longer than anything takes here; all these accents at once would take 40 s.
MOST_S = 5


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_long_text_has_the_form_that_it_would_have_as_a_short_one(form: Form, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composing, "SHORT", 0)
        assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("letters", ["か\u3099", "e\u0323\u0301", "Å", "ﬁ", "중", "𝒙"])
def test_letters_without_a_space_are_put_together_wherever_they_stand(
    form: Form, letters: str
) -> None:
    for shift in range(len(letters) + 1):
        text = "中" * shift + letters * (SHORT // len(letters) + 1)
        assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
def test_accents_without_end_take_no_time(form: Form) -> None:
    text = "a" + "\u0301\u0316" * 100_000
    with cpu_within(MOST_S):
        found = normalized(form, text)
    assert found.count("\u0316") == 100_000


def test_a_record_of_accents_is_built_as_fast_as_any_other(tmp_path: Path) -> None:
    accents = "a" + "\u0301\u0316" * 50_000
    records = write(
        tmp_path / "records", {"PMC1__f1.md": record(caption=accents, figtitle=accents)}
    )
    with cpu_within(MOST_S):
        built = build(records, tmp_path / "data")
    assert built.findings.figures == 1
