"""What a query matches triples with is read from its words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from pacing import cpu_within
from pfocr_rdf.diagnosis.matched import matched_in
from pfocr_rdf.iris import Iris

PREFIXES = Iris().prefixes()
SCHEMA = "http://schema.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"


def iris(text: str) -> list[str]:
    found = matched_in(text, PREFIXES)
    return [one.term.value for one in found if isinstance(one.term, NamedNode)]


def values(text: str) -> list[str]:
    """The literals of a query, each after the property of which it should be a value."""
    found = [one for one in matched_in(text, PREFIXES) if isinstance(one.term, Literal)]
    said = (f"{one.of.value if one.of else '?'} {one.term}" for one in found)
    return [one.replace(SCHEMA, "").replace(XSD, "") for one in said]


def test_the_name_of_a_term_has_dots_and_letters_of_any_script_in_it() -> None:
    text = "ASK { ?s schema:a.b..c. ?s schema:d\\. , schema:e\u0301.\u0928\u093f·f... }"
    names = ["a.b..c", "d.", "e\u0301.\u0928\u093f·f"]
    assert iris(text) == [SCHEMA + name for name in names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Strings are unescaped.
        (
            r"""ASK { ?s schema:a 'it\'s', "\u00e9\U0001F600", '''a'b''', "\\n\n" }""",
            ['a "it\'s"', 'a "é😀"', 'a "a\'b"', r'a "\\n\n"'],
        ),
        (
            "ASK { ?s schema:a 1, -2.50, +.5, 6e3, 7.5E-1 . }",
            [
                *('a "1"^^<integer>', 'a "-2.50"^^<decimal>', 'a "+.5"^^<decimal>'),
                *('a "6e3"^^<double>', 'a "7.5E-1"^^<double>'),
            ],
        ),
        (
            "ASK { ?s schema:a 'x'@de-CH , 'y'^^xsd:date, 'z' ^^ <urn:t>, 5 ; schema:b 'w' }",
            [
                *('a "x"@de-ch', 'a "y"^^<date>', 'a "z"^^<urn:t>', 'a "5"^^<integer>'),
                'b "w"',
            ],
        ),
        # A datatype that cannot be read makes it nobody knows what.
        ("ASK { ?s schema:a 'x'^^<relative>, 'y'^^nobody:declared }", []),
        # Nor is what no query is made of.
        ("ASK { ?s schema:a 'x'^^", []),
        (r"ASK { ?s schema:a '\UFFFFFFFF'", [r'a "\\UFFFFFFFF"']),
        # At the end of a path stands the property; where there are several ways, any may be meant.
        (
            "ASK { ?s schema:a/schema:b 'x' . ?s schema:a+ 'y' . ?s (schema:a|schema:b) 'z' }",
            ['b "x"', '? "y"', '? "z"'],
        ),
        (
            "ASK { ?s schema:a|schema:b 'x' ; !schema:a 'y' ; ?p 'z' , 'w' ; schema:a <x:o>, 'v' }",
            ['? "x"', '? "y"', '? "z"', '? "w"', 'a "v"'],
        ),
        (
            "ASK { ?s schema:a ?o VALUES (?o ?n) { ('x' UNDEF) (<x:o> 2) } ?n schema:a 'y' }",
            ['? "x"', '? "2"^^<integer>', 'a "y"'],
        ),
        ("ASK { ?s schema:a ?o } VALUES ?o { <urn:o> 'x' }", ['a "x"']),
        ("ASK { ?s schema:a ?o . ?o ?p 1 VALUES ?o { 'x' } }", ['? "1"^^<integer>', '? "x"']),
        ("ASK { VALUES ?w { 'x' } ?s schema:a ?o FILTER(CONTAINS(?o, ?w)) }", []),
        ("ASK { VALUES (?n ?o) { ('x' 1) } ?s ?p ?o } VALUES ?s { 'y' }", ['? "y"']),
        ("ASK { ?s schema:a|schema:b/schema:c 'x' ; schema:a/schema:b 'y' }", ['? "x"', 'b "y"']),
        ("ASK { ?s schema:a 'x' @en }", ['a "x"@en']),
        ("VERSION '1.2' ASK { ?s schema:a 'y' }", ['a "y"']),
        # What is computed with is in no triple, nor is the number of rows.
        (
            "SELECT * { ?s schema:a 'x' FILTER(?n > 5 && ?m IN ('y')) BIND('z' AS ?z) }"
            " ORDER BY (?n + 1) LIMIT 8 OFFSET 9",
            ['a "x"'],
        ),
        ("CONSTRUCT { ?s schema:a 'x' } { ?s schema:a 'y' }", ['a "y"']),
        ("ASK { ?s schema:a 'x' MINUS { ?s schema:a 'y' } }", ['a "x"']),
        ("ASK { ?s schema:a 'x' FILTER NOT EXISTS { ?s schema:a 'y' } }", ['a "x"']),
        ("ASK { ?s schema:a # 'x'\n 'y' ; # 'z'\n schema:b 'z' }", ['a "y"', 'b "z"']),
        ("ASK { ?s schema:c [ schema:a 'x' ] . [] schema:b 'y' }", ['a "x"', 'b "y"']),
    ],
)
def test_values_are_read_with_the_property_that_has_them(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { <x:s> <x:p> <x:o>, <x:q> ; <x:r> <x:t> . <x:u> a <x:C> }", "p=o p=q r=t type=C"),
        ("ASK { ?s <x:p>/<x:q> <x:o> ; <x:p>|<x:q> <x:o2> ; <x:p>+ <x:o3> }", "q=o"),
        ("ASK { [ <x:p> <x:o> ] <x:q> [ a <x:C> ] . ?s ^<x:r> <x:s> }", "p=o type=C"),
        ("DESCRIBE <x:a> <x:b> <x:c>", ""),
        ("ASK { GRAPH <x:g> { ?s ?p <x:o> } FILTER(?o = <x:a>) VALUES ?s { <x:b> <x:c> } }", ""),
    ],
)
def test_an_iri_that_is_a_value_is_told_with_its_property(text: str, expected: str) -> None:
    found = [one for one in matched_in(text, PREFIXES) if one.of]
    said = [
        re.sub(r".*[:#]", "", f"{one.of.value}") + "=" + one.term.value[2:]
        for one in found
        if one.of
    ]
    assert " ".join(said) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?s schema:a ?n FILTER(?n > 5 && ?n < 'x' || !(?n > 1.5))", "> 5, < x, > 1.5"),
        ("?s schema:b 'y' ; schema:a $n FILTER(?n<=5)", "<= 5"),
        # What is computed, what may have other values, and what is known from elsewhere.
        ("?s schema:a ?n FILTER(?n + 1 > 5 && STR(?n) = '5' && 5 < 6)", ""),
        ("?s schema:a ?n ; schema:b ?n FILTER(?n > 5)", ""),
        ("?s ?p ?n FILTER(?n > 5)", ""),
        ("?s schema:a ?n VALUES ?n { 7 } FILTER(?n > 5)", ""),
        ("?n schema:a ?o FILTER(?n > 5)", ""),
        ("?s schema:a ?n VALUES (?n) { (7) } FILTER(?n > 5)", ""),
        ("{ ?s schema:a ?n } UNION { ?s schema:b ?m BIND(?m * 2 AS ?n) } FILTER(?n > 5)", ""),
        ("?s schema:b|schema:c/schema:a ?n FILTER(?n > 5)", ""),
        ("?s schema:a ?n FILTER(?n > 5 + 1 || ?n < 5 -1 || ?n = 'x' ^^xsd:date * 2)", ""),
        ("?s schema:a ?n FILTER(?n > 5 && -1 < ?n && ?n < 6||!(?n < 'x'^^xsd:t))", "> 5, < 6, < x"),
        # Values of another datatype are others; what is not so is true or false.
        ("?s schema:a ?n FILTER(?n != 5)", ""),
        ("?s schema:a ?n FILTER(!?n = 5)", ""),
        ("?s schema:a ?n FILTER(!(?n = 5) && IF(?n = 6, 1, 2) = 1)", ""),
        ("?s schema:a ?n FILTER((?n = 5) || !bound(?s) && (?n = 6))", "= 5, = 6"),
        # A list is of what may be equal.
        (
            "?s schema:a ?n FILTER(?n IN (5, 'x'@en, 'y' ^^xsd:t) && ?n in('z'))",
            "= 5, = x, = y, = z",
        ),
        ("?s schema:a ?n FILTER(?n IN ((6), 5, 7 + 1, STR('x'), ?n = 8, !9, 6 * 2))", "= 5"),
        ("?s schema:a ?n FILTER(?n NOT IN (5) && !(?n IN (5)) && STR(?n) IN ('5'))", ""),
        ("?s schema:a ?n FILTER(!?n IN (5) || 1 + ?n IN (5))", ""),
    ],
)
def test_what_the_values_of_a_property_are_compared_with_is_told(text: str, expected: str) -> None:
    found = matched_in(f"SELECT * {{ {text} }}", PREFIXES)
    said = [(one.compared, one.of, one.term.value) for one in found if one.compared]
    assert ", ".join(f"{operator} {value}" for operator, _, value in said) == expected
    assert {of for _, of, _ in said} <= {NamedNode(SCHEMA + "a")}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o FILTER(?o = <x:a>) }",
        "SELECT * { ?s ?p ?o FILTER(?o IN (<x:b>, <x:a>) || !bound(?o)) }",
        "SELECT * { ?s ?p ?o FILTER((sameTerm(?o, <x:a>)) && ?s != ?o) }",
        "SELECT * { ?s ?p ?o FILTER sameTerm(<x:a>, ?o) }",
        "SELECT ?o { ?s ?p ?o } GROUP BY ?o HAVING(?o = <x:a>)",
        "SELECT ?o (COUNT(*) AS ?n) { ?s (<x:b>|^<x:a>)+ ?o } GROUP BY ?o",
        "SELECT ?o { { SELECT (?p AS ?o) { ?p a <x:a> } ORDER BY ?p } ?s (<x:a>) ?o }",
        "SELECT ?o { ?s ?p ?o FILTER(EXISTS { ?s <x:a> ?x }) }",
        "SELECT ?o { ?s ?p ?o MINUS { ?s a ?o } ?s ?p <x:a> FILTER EXISTS { ?s ?x ?y } }",
        "SELECT * { BIND(<x:a> AS ?o) ?s ?p ?o }",
        "SELECT * { ?s ?p (?x <x:a>) . ?s a (<x:b>) }",
    ],
)
def test_an_iri_that_something_must_be_is_told(text: str) -> None:
    assert "x:a" in iris(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o FILTER(?o != <x:a>) }",
        "SELECT * { ?s ?p ?o FILTER(?o = ?s || <x:a> != ?o) }",
        "SELECT * { ?s ?p ?o FILTER(!(?o = <x:a>)) }",
        "SELECT * { ?s ?p ?o FILTER(?o = ?s && ! (?s = ?o || (?o = <x:a>))) }",
        "SELECT * { ?s ?p ?o FILTER(?o NOT IN (<x:b>, <x:a>)) }",
        "SELECT * { ?s ?p ?o FILTER(! sameTerm(?o, <x:a>)) }",
        "SELECT * { ?s ?p ?o FILTER(STRSTARTS(STR(?o), STR(<x:a>))) }",
        "SELECT * { ?s ?p ?o FILTER <x:f>(?o, <x:a>) }",
        "SELECT * { ?s ?p ?o FILTER(?s = ?o || <x:f>(?o, <x:a>)) }",
        "SELECT * { ?s ?p ?o BIND(<x:a> AS ?x) }",
        "SELECT * { ?s ?p ?o BIND(IF(?o = <x:a>, <x:a>, ?o) AS ?x) }",
        "SELECT ?o (?s = <x:a> AS ?x) (<x:a> AS ?y) { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } ORDER BY ?s (?o = <x:a>)",
        "SELECT * { ?s ?p ?o MINUS { ?s <x:a> ?x OPTIONAL { ?x a <x:a> } } }",
        "SELECT * { ?s ?p ?o FILTER NOT EXISTS { ?s ?p <x:a> FILTER(?s = <x:a>) } }",
        "SELECT * { ?s ?p ?o FILTER(?s = ?o || ! EXISTS { ?s ?p <x:a> }) }",
        "SELECT * { ?s !<x:a> ?o ; !(<x:a>|<x:a>) ?x ; !^<x:a> ?y }",
    ],
)
def test_an_iri_that_nothing_must_be_or_that_is_computed_with_is_not_told(text: str) -> None:
    assert "x:a" not in iris(text)


def test_what_is_written_as_an_escape_in_an_iri_is_read() -> None:
    text = r"PREFIX s: <http://schema.org/n\u0061> ASK { ?s s:me <http://x.org/\U000000e9> }"
    assert iris(text) == [SCHEMA + "name", "http://x.org/é"]


def test_a_dollar_sign_is_that_of_a_variable_alone() -> None:
    assert values("ASK { $s schema:a 'a$b' FILTER($n = '$c') $s schema:n $n }") == [
        *('a "a$b"', 'n "$c"'),
    ]


def test_a_number_with_an_exponent_after_its_point_is_one() -> None:
    assert values("ASK { ?s schema:a 1.e5, 2.E-1, 3. }") == [
        *('a "1.e5"^^<double>', 'a "2.E-1"^^<double>', 'a "3"^^<integer>'),
    ]


@pytest.mark.parametrize("comments", ["", "#\n" * 100_000])
def test_a_long_query_is_read_in_linear_time(comments: str) -> None:
    long = "ASK { " + comments + "?s <urn:a> schema:name, 1, 'x' . " * 4_000 + "}"
    with cpu_within(1.5):
        assert iris(long) == ["urn:a", SCHEMA + "name"]


@given(st.text(max_size=60) | st.text("<:>'\"\\ua^@{}()#,.1 \nVALUES", max_size=60))
def test_any_text_has_terms_or_none(text: str) -> None:
    assert all(one.of or not one.compared for one in matched_in(text, {}))


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?s schema:a ?v MINUS { ?s schema:b ?r FILTER(?r > '5') } }",
        "ASK { ?s schema:a ?v FILTER NOT EXISTS { ?s schema:b ?r FILTER(?r > '5') } }",
        "SELECT (?r > '5' AS ?x) { ?s schema:b ?r }",
        "ASK { ?s schema:b ?r BIND(?r > '5' AS ?x) }",
        "SELECT * { ?s schema:b ?r } ORDER BY (?r > '5')",
    ],
)
def test_a_comparison_that_takes_nothing_away_is_not_told(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("test", ["?r > '5'", "!(?r > '5')", "(?r > '5')", "?v = 1 && !(?r > '5')"])
def test_a_comparison_that_may_not_fail_is_told_negated_or_not(test: str) -> None:
    text = f"ASK {{ ?s schema:a ?v ; schema:b ?r FILTER({test}) }}"
    assert values(text)[-1:] == ['b "5"']
