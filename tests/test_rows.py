"""The rows of an answer are counted exactly, whatever its literals hold, wherever it is torn."""

import json
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store, parse_query_results

from pfocr_rdf.results import RESULT_FORMATS
from pfocr_rdf.rows import row_counter

#: What divides rows in one format or another, and what escapes it.
SIGNS: Final = ('"', "\\", ",", "{", "}", "[", "]", "\r", "\n", "\r\n", ",{}", ',{"', "<result>")
VALUES: Final = st.one_of(
    st.none(),
    st.lists(st.sampled_from((*SIGNS, "x", "é", "�")), max_size=6).map("".join),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
NAMES: Final = ("a", "b")
ROWS: Final = st.lists(st.tuples(VALUES, VALUES), max_size=8)


def solutions(rows: list[tuple[str | None, ...]]) -> QuerySolutions:
    bindings = [
        {
            name: {"type": "literal", "value": value}
            for name, value in zip(NAMES, row, strict=True)
            if value is not None
        }
        for row in rows
    ]
    document = {"head": {"vars": NAMES}, "results": {"bindings": bindings}}
    found = parse_query_results(json.dumps(document), QueryResultsFormat.JSON)
    assert isinstance(found, QuerySolutions)
    return found


def counted(data: bytes, form: str, size: int) -> int:
    counter = row_counter(form)
    for start in range(0, len(data), size):
        before = counter.rows
        counter.add(data[start : start + size])
        assert counter.rows >= before
    counter.finish()
    return counter.rows


@pytest.mark.parametrize("form", RESULT_FORMATS)
@given(rows=ROWS, size=st.integers(1, 80))
@example(rows=[("},{", None), ("}},{", "}},{"), (None, None)], size=7)
@example(rows=[(None, None), (None, None)], size=1)
@example(rows=[(",{}", None), (None, None)], size=5)
@example(rows=[("\\", "\\\\"), ('\\"', '",{},{'), (None, None)], size=1)
@example(rows=[('"\r\n"', "\r"), ("\n", "\r\n")], size=3)
@example(rows=[], size=1000)
def test_rows_are_counted_exactly_in_every_format(
    form: str, rows: list[tuple[str | None, ...]], size: int
) -> None:
    data = solutions(rows).serialize(format=RESULT_FORMATS[form])
    assert data is not None
    assert counted(data, form, size) == len(rows)


@pytest.mark.parametrize("form", RESULT_FORMATS)
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT * {}", 1),
        ("SELECT ?x { VALUES ?y { 1 2 3 } }", 3),
        ("SELECT ?x { VALUES ?x { } }", 0),
        ("SELECT * { VALUES ?x { <a:b> 1 'x'@en '},{' UNDEF } }", 5),
        ("SELECT ?t { BIND(<<( <a:b> <a:c> '},{\\r\\n\\\"' )>> AS ?t) VALUES ?x { 1 2 } }", 2),
    ],
)
def test_rows_are_counted_whatever_they_bind(form: str, text: str, rows: int) -> None:
    answer = Store().query(text)
    assert isinstance(answer, QuerySolutions)
    data = answer.serialize(format=RESULT_FORMATS[form])
    assert data is not None
    for size in (1, 7, 10_000):
        assert counted(data, form, size) == rows


def test_a_literal_of_signs_alone_is_no_row() -> None:
    for value in (",{" * 5_000, ",{}" * 5_000, '\\"' * 5_000, "\\" * 9_999):
        data = solutions([(value, None)]).serialize(format=QueryResultsFormat.JSON)
        assert data is not None
        assert counted(data, "json", 1_000) == 1
