"""Slips that the parser does not name are told by their looks, and nothing that is right is one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store

from pacing import cpu_within
from pfocr_rdf.diagnosis.slips import find_slip, find_unended
from pfocr_rdf.diagnosis.syntax import find_fault
from pfocr_rdf.equivalents import PREFIX_TO_NAMESPACE
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import federated_queries, named_queries

PREFIXES = Iris().prefixes()


def said(text: str) -> str:
    """What is said of a query that Oxigraph refuses, after the text from where it stands."""
    with pytest.raises(SyntaxError) as caught:
        Store().query(text, prefixes=PREFIXES)
    fault = find_fault(text, str(caught.value), PREFIXES)
    return f"{text.split(chr(10))[fault.line - 1][fault.column - 1 :][:5]}… {fault.reason}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "PREFIX up <http://purl.uniprot.org/core/> ASK {}",
            "up <h… a prefix ends in a colon: PREFIX up: <…>",
        ),
        *(
            (
                text,
                "count… what SELECT computes needs parentheses and a name: (COUNT(?x) AS ?n)",
            )
            for text in (
                "SELECT count(*) {?s ?p ?o}",
                "SELECT DISTINCT ?s count(?o) as ?n {?s ?p ?o} GROUP BY ?s",
            )
        ),
        *(
            (
                f"SELECT * {{ ?s ?p ?o }} {end}",
                f"{at}… a query does not end in a semicolon: leave it out",
            )
            for end, at in (("LIMIT 5;", ";"), (" ;\n# all\n", ";"))
        ),
        ("ASK {} LIMIT 10, 20", ", 20… write LIMIT 20 OFFSET 10 for LIMIT 10, 20"),
        *(
            (
                f"SELECT * {{ VALUES (?s) {{ {value} }} ?s ?p ?o }}",
                f"{value[:5]}… the values of (?x ?y) stand in parentheses, too: {{ (1 2) }}",
            )
            for value in ("gene:5", "'a' 'b'", "<urn:a>")
        ),
        *(
            (
                f"SELECT (GROUP_CONCAT({value}, ' ') AS ?x) {{ ?s ?p ?o }}",
                ", ' '… the separator is named: GROUP_CONCAT(?x; separator=', ')",
            )
            for value in ("?o", "DISTINCT STR(?o)")
        ),
        *(
            (text, f"{at}… a comment begins with #, up to the end of its line")
            for text, at in (("ASK {} // all", "// al"), ("ASK { /* all */ ?s ?p ?o }", "/* al"))
        ),
        *(
            (
                f"ASK {{ ?s {word} schema:Gene }}",
                f"{word} schema"[:5]
                + f"… {word} is not allowed here: write a for the class of a thing;"
                " expected (, a variable or an IRI",
            )
            for word in ("A", "is")
        ),
        ("SELECT ?s, ?p { ?s ?p ?o }", ", ?p … SELECT takes variables without commas"),
        (
            "SELECT DISTINCT(?s) { ?s ?p ?o }",
            "(?s) … SELECT takes variables without parentheses: SELECT DISTINCT ?x",
        ),
        ("SELECT (COUNT(?s) AS n) { ?s ?p ?o }", "AS n)… AS takes a variable: AS ?n"),
        ("SELECT * { ?s ?p ?o } ORDER BY desc ?s", "desc … desc takes parentheses: desc(?n)"),
        ("SELECT ?s { ?s ?p ?o } GROUP ?s", "GROUP… write GROUP BY"),
        ("SELECT ?s { ?s ?p ?o } LIMIT ten", "LIMIT… LIMIT takes a whole number"),
        ("ASK { ?s ?p ?o FILTER ?o > 1 }", "FILTE… FILTER takes parentheses: FILTER(?x > 1)"),
        *(
            (text, "FILTE… FILTER takes parentheses: FILTER(?x > 1)")
            for text in (
                "ASK { ?s ?p ?o FILTER !BOUND(?o) }",
                "ASK { ?s ?p ?o FILTER LANG(?o) = 'en' }",
                "ASK { ?s ?p ?o FILTER BOUND(?o) && ?o > 1 }",
            )
        ),
        (
            "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING COUNT(?o) > 3",
            "HAVIN… HAVING takes parentheses: HAVING(?n > 1)",
        ),
        (
            "SELECT ?s { ?s ?p ?o } ORDER BY STR(?o) DESC",
            "DESC… DESC takes parentheses: DESC(?n)",
        ),
        (
            "SELECT ?g { ?g ?p ?f BIND(COUNT(?f) AS ?n) }",
            "COUNT… BIND sees one row at a time: write (COUNT(?x) AS ?n) in SELECT",
        ),
        *(
            (
                text,
                "COUNT… FILTER sees one row at a time: after GROUP BY write HAVING(COUNT(?x) > 1)",
            )
            for text in (
                "SELECT ?s { ?s ?p ?o FILTER(COUNT(?o) > 3) }",
                "SELECT * { ?s ?p ?o FILTER (?p = 1 && COUNT(?o) > 3) }",
            )
        ),
        ("ASK { BIND(?x := 1) }", ":= 1)… write BIND(2 * ?o AS ?x) for ?x := 2 * ?o"),
        (
            "ASK { ?s ?p ?o FILTER(?o > 1 and ?o < 3) }",
            "and ?… conditions are joined by &&, patterns by a full stop",
        ),
        (
            "ASK { ?s ?p ?o FILTER(?o > 1 OR ?o < 3) }",
            "OR ?o… conditions are joined by ||, patterns by UNION",
        ),
        ("ASK { ?s ?p ?o FILTER(NOT BOUND(?o)) }", "NOT B… write ! for NOT"),
        (
            "ASK { ?s ?p ?o FILTER regex(?o 'x') }",
            "'x') … the values that a function takes are separated by commas",
        ),
        ("ASK {\n ?s ?p ?o FILTER(?o == 3) }", "== 3)… write = for =="),
        ("ASK { ?s ?p “MAPK1” }", "“MAPK… strings need straight quotation marks"),
        ("ASK { ?s ?p 'a }", "'a }… the string does not end: close it with '"),
        ('ASK { ?s ?p """a" }', '"""a"… the string does not end: close it with """'),
        ("ASK { ?s ?p ?o . { ?o ?q '}' }", "{ ?s … the { is not closed: add }"),
        ("ASK { ?s ?p ?o FILTER((?o > 1) }", "((?o … the ( is not closed: add )"),
        ("ASK { ?s ?p ?o } }", "}… the } closes nothing"),
        ("ASK { ?s ?p ?o FILTER(?o)) }", ") }… the ) closes nothing"),
        *(
            (text, "http:… an IRI is written between < and >, without spaces")
            for text in (
                "ASK { ?s http://x.org/name ?o }",
                "PREFIX foaf: http://x.org/ ASK { ?s foaf:name ?o }",
            )
        ),
        # The first of two is told.
        ("ASK { ?s ?p ?o FILTER(?o == 3 AND ?s) }", "== 3 … write = for =="),
    ],
)
def test_a_slip_is_named_where_it_stands(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { ?s ?p NCBIGene:5742 }", "write gene:5742, or add PREFIX NCBIGene: <…>"),
        ("ASK { ?s ?p taxonomy:9606 }", "write taxon:9606, or add PREFIX taxonomy: <…>"),
        ("ASK { ?s shema:name ?o }", "write schema:name, or add PREFIX shema: <…>"),
        ("ASK { ?s upp:name ?o }", "add PREFIX upp: <…>"),
        # Those of other endpoints are told whole.
        ("ASK { ?s up:name ?o }", "add PREFIX up: <http://purl.uniprot.org/core/>"),
        (
            "ASK { ?s dct:title ?o }",
            "write dcterms:title, or add PREFIX dct: <http://purl.org/dc/terms/>",
        ),
    ],
)
def test_the_prefix_that_may_be_meant_is_told(text: str, expected: str) -> None:
    assert said(text).endswith(f" is not declared: {expected} at the beginning")


def test_the_prefixes_of_other_endpoints_are_as_the_federated_queries_have_them() -> None:
    for query in federated_queries():
        for prefix, namespace in re.findall(r"PREFIX (\w+): <([^>]+)>", query.text):
            assert {**PREFIX_TO_NAMESPACE, **PREFIXES}[prefix] == namespace, query.name


RIGHT = [
    "PREFIX s: <http://x.org/\\u00e9(> ASK { ?s s:a <http://x.org/\\U000000e9)> , 1.e5 }",
    "PREFIX and: <urn:> PREFIX or:<urn:> ASK { ?and and:or ?or ; or:and 'a'@or, 'x == y', <x:==> }",
    "SELECT DISTINCT ?as ?order (COUNT(?x) AS ?n) { ?as ?order ?x } GROUP BY ?as ?order LIMIT 5",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { ?s a ?o } FILTER(?o NOT IN (1, 2)) } # AND == (",
    "SELECT ?limit { ?limit ?asc ?desc FILTER regex(?desc, 'a(b') } ORDER BY DESC(?desc) OFFSET 1",
    "SELECT (SAMPLE(?o) AS ?a) (GROUP_CONCAT(?o; separator=', ') AS ?b) { ?s ?p ?o, '“' }",
    "SELECT ?s { ?s ?p ?o FILTER BOUND(?o) ?o ?p ?s } GROUP BY ?s HAVING(COUNT(?o) > 1)",
    "PREFIX : <urn:> SELECT ?s { ?s ?p ?o FILTER(:=?o) } ORDER BY DESC (?o)",
    "ASK { ?s schema:a\\(b ?o ; rdfs:not [ ?p ( 1 2 ) ] FILTER(?s=?o) FILTER(?o>=1||?o<=2) }",
]


@pytest.mark.parametrize("text", RIGHT)
def test_in_a_query_that_is_right_nothing_is_found(text: str) -> None:
    Store().query(text, prefixes=PREFIXES)
    assert (find_slip(text), find_unended(text)) == (None, None)


def test_in_the_named_queries_nothing_is_found() -> None:
    for query in (*named_queries(), *federated_queries()):
        assert (find_slip(query.text), find_unended(query.text)) == (None, None), query.name


@pytest.mark.parametrize("long", ["SELECT " + "?a " * 20_000, "(" * 25_000, "PREFIX " * 10_000])
def test_slips_are_looked_for_in_linear_time(long: str) -> None:
    with cpu_within(1.5):
        find_slip(long)
        find_unended(long + ")" * 25_000)


@given(st.text(max_size=60) | st.text("(){}[]'\"<:>#?aNOT \n", max_size=60))
def test_any_text_has_a_slip_or_none(text: str) -> None:
    for found in (find_slip(text), find_unended(text)):
        assert found is None or 0 <= found[0] < len(text)


def test_an_iri_without_letters_is_no_operator() -> None:
    assert find_slip("ASK { ?x ?p ?n FILTER(?x = <> || ?x != <> && ?n IN (<>, 1)) foo }") is None
    assert find_slip("ASK { ?x ?p ?n FILTER(?x <> ?n) }") == (25, "write != for <>")
