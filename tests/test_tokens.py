"""White space before a parenthesis is no fault, whatever Oxigraph reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, QuerySolutions, Store

from pfocr_rdf.tokens import TOKEN_RE, readable


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("CONCAT ('a', 'b')", "ab"),
        ("concat\n('a' , 'b' )", "ab"),
        ("CONCAT(CONCAT\t( 'a'), COALESCE ('b'))", "ab"),
        ("COALESCE  (1/0, 'ab')", "ab"),
        ("CONCAT (STR(ISBLANK(BNODE ( ))), '')", "true"),
        ("'CONCAT ('", "CONCAT ("),
    ],
)
def test_a_function_is_called_whatever_stands_before_its_parenthesis(call: str, value: str) -> None:
    answer = Store().query(readable(f"SELECT ({call} AS ?x) {{}}"))
    assert isinstance(answer, QuerySolutions)
    assert next(answer)["x"] == Literal(value)


def test_pyoxigraph_does_not_read_it_yet() -> None:
    """When this fails, :func:`readable` can go."""
    with pytest.raises(SyntaxError):
        Store().query("ASK { BIND(CONCAT ('a') AS ?x) }")


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?concat (1 2) ?bnode }",
        'PREFIX x: <urn:> ASK { x:concat (<a:b>) \'CONCAT (\', """COALESCE (""" } # BNODE (',
        "PREFIX concat: <urn:> ASK { ?s ?p 'a'@concat . FILTER(concat:concat (1)) }",
        "PREFIX x: <urn:CONCAT%20(> ASK { <urn:(> <urn:CONCAT> (1) }",
        "SELECT (GROUP_CONCAT (?x) AS ?y) { ?x ?x-CONCAT ?y.concat (1) }",
    ],
)
def test_what_is_no_such_call_stays(text: str) -> None:
    assert readable(text) == text


@given(st.text("ab?:'\"#<>\n \t(COALESCE", max_size=60))
def test_all_else_stays_in_its_place(text: str) -> None:
    read = readable(text)
    assert (len(read), sorted(read)) == (len(text), sorted(text))
    assert read.replace(" ", "").replace("\t", "").replace("\n", "").replace("(", "") == (
        text.replace(" ", "").replace("\t", "").replace("\n", "").replace("(", "")
    )


def test_a_dot_at_the_end_of_a_word_is_none_of_it() -> None:
    text = "?s x:p.q true. _:a.b x:p. _:a. 'b'@en-GB. a 1."
    words = [found[0] for found in TOKEN_RE.finditer(text)]
    assert words == ["?s", "x:p.q", "true", "_:a.b", "x:p", "_:a", "'b'", "en-GB", "a", "1"]
