"""White space before a parenthesis and dots in a name are no faults, whatever Oxigraph reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from pacing import cpu_within
from pfocr_rdf.diagnosis.tokens import TOKEN_RE, readable


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


PREFIXES = {"x": "http://x.example/", "figure": "https://pfocr.wikipathways.org/figures/"}


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("figure:PMC4856261__pone.0154674.g006", "PMC4856261__pone.0154674.g006"),
        ("x:a..b.c", "a..b.c"),
        (r"x:a\.b.c.d", "a.b.c.d"),
        (r"x:a\,b.c.d%20.é", "a,b.c.d%20.é"),
        ("x:a.b", "a.b"),
    ],
)
@pytest.mark.parametrize("after", ["", " ", ".", " .", ";", "/x:b"])
def test_a_name_may_have_dots_at_several_places(name: str, local: str, after: str) -> None:
    store = Store()
    namespace = PREFIXES[name.partition(":")[0]]
    store.add(Quad(NamedNode("urn:s"), NamedNode(namespace + local), NamedNode("urn:o")))
    store.add(Quad(NamedNode("urn:o"), NamedNode("http://x.example/b"), NamedNode("urn:o")))
    path = name + after if after.startswith("/") else name
    end = "" if after.startswith("/") else after
    for text in (
        f"ASK {{ ?s {path} ?o }}",
        f"ASK {{ ?s ?p ?o FILTER(?p = {name}) OPTIONAL {{ ?o ?q {name}{end}}} }}",
    ):
        assert store.query(readable(text), prefixes=PREFIXES), text


def test_pyoxigraph_does_not_read_such_a_name_yet() -> None:
    """When this fails, the escaping in :func:`readable` can go."""
    with pytest.raises(SyntaxError):
        Store().query("ASK { ?s x:a.b.c ?o }", prefixes=PREFIXES)


@pytest.mark.parametrize(
    "text",
    [
        'ASK { ?s x:a.b \'x:a.b.c\', """x:a.b.c""", <urn:x:a.b.c> } # x:a.b.c',
        "ASK { ?s x:a.b ?o.?o x:c.d ?p.?p x:e ?q. }",
        "ASK { ?s ?p 1.5, 2.5.?s ?p _:a.b.c }",
    ],
)
def test_dots_of_all_else_stay(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    "text", ["." * 300_000, ":a.b" * 80_000, "a:" + "b." * 150_000, ".a" * 150_000]
)
def test_dots_are_read_in_linear_time(text: str) -> None:
    with cpu_within(5):
        readable(text)
