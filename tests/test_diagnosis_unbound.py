"""A variable that no pattern binds is told, with the one that was meant; no other variable is."""

from typing import Final

import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store

from invoking import run
from pfocr_rdf.diagnosis.unbound import LONGEST, MOST_TOLD, may_be_unbound, unbound
from pfocr_rdf.queries import NamedQuery, federated_queries, named_queries
from pfocr_rdf.releases import Release
from test_diagnosis_bindings import Writer

#: Query → its variables without a value, each with what is meant and where it has a value.
QUERY_TO_UNBOUND: Final[dict[str, list[tuple[str, str, str]]]] = {
    "SELECT ?F { ?f a ?c }": [("?F", "?f", "")],
    "SELECT $symbl { ?g schema:name ?symbol }": [("?symbl", "?symbol", "")],
    "SELECT ?tilte { ?f schema:name ?title }": [("?tilte", "?title", "")],
    "SELECT ?x { ?f a ?c }": [("?x", "", "")],
    # What tells two names apart by a number, or which of two names is meant, is not guessed.
    "SELECT ?gene3 { ?f schema:mentions ?gene1, ?gene2 }": [("?gene3", "", "")],
    "SELECT ?tile { ?f schema:name ?title ; schema:headline ?tiles }": [("?tile", "", "")],
    "SELECT ?f { ?f schema:name ?n } ORDER BY DESC(?N)": [("?N", "?n", "")],
    "SELECT ?N (COUNT(?f) AS ?k) { ?f schema:name ?n } GROUP BY ?N": [("?N", "?n", "")],
    "SELECT (COUNT(?F) AS ?k) { ?f a ?c }": [("?F", "?f", "")],
    "ASK { ?f schema:name ?n FILTER(?year > 5 && ?year < 9) }": [("?year", "", "")],
    "SELECT ?k { ?f schema:name ?n BIND(STR(?m) AS ?k) }": [("?m", "", "")],
    "SELECT ?f { { SELECT ?F { ?f a ?c } } ?f a ?c }": [("?F", "?f", "")],
    "CONSTRUCT { ?f schema:name ?ttle } { ?f schema:name ?title }": [("?ttle", "?title", "")],
    "SELECT ?g { ?f a ?c FILTER NOT EXISTS { ?f schema:mentions ?g } }": [("?g", "", "EXISTS")],
    "SELECT ?g { ?f a ?c MINUS { ?f schema:mentions ?g } }": [("?g", "", "MINUS")],
    "SELECT ?f ?n { { SELECT ?f { ?f schema:name ?n } } }": [("?n", "", "SELECT")],
    "SELECT ?n { { SELECT ?f { ?f schema:name ?n } } ?f schema:name ?n }": [],
}
#: Queries in which every variable may have a value, or is asked whether it has one.
BOUND: Final = (
    "SELECT * { ?s ?p ?o } LIMIT 5",
    "SELECT ?x ?y ?z { VALUES (?x ?y) { (1 UNDEF) } VALUES ?z { 2 } }",
    "SELECT ?x { ?s ?p ?o } VALUES ?x { 1 }",
    "SELECT ?x { { SELECT ?s { ?s a ?c } VALUES ?x { 1 } } }",
    "SELECT ?n (?n + 1 AS ?m) { ?s ?p ?o BIND(STR(?o) AS ?n) } ORDER BY ?m",
    "SELECT ?k (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY (STR(?o) AS ?k) HAVING(?n > 1)",
    "SELECT ?g ?x { GRAPH ?g { ?s ?p ?x } }",
    "SELECT ?e ?x { SERVICE ?e { ?s ?p ?x } }",
    "SELECT ?x { { SELECT * { ?s ?p ?x } } }",
    "SELECT ?x { { SELECT (MAX(?o) AS ?x) { ?s ?p ?o } } }",
    "SELECT ?x { ?s a ?c OPTIONAL { ?s ?p ?x } } ORDER BY ?x",
    "SELECT ?x { { ?s a ?c } UNION { ?s ?p ?x } }",
    "SELECT ?x { ?s ?p ?o FILTER(!BOUND(?x)) }",
    "SELECT (COALESCE(?x, STR(?y), 'none') AS ?n) { ?s ?p ?o }",
    "SELECT ?s { ?s ?p ?o FILTER(IF(BOUND(?x), ?x > 1, true)) }",
    "SELECT ?a ?b { ?s ?p (?a ?b) }",
    "SELECT ?e { { SELECT ?s (EXISTS { ?s ?q 1 } AS ?e) { ?s ?p ?o } } }",
    "SELECT ?a { [ ?p [ ?q ?a ] ] }",
    "SELECT ?a { << ?s ?p ?a >> ?q ?o }",
    "SELECT ?s { ?s ?p ?o FILTER(EXISTS { ?s ?q ?x FILTER(?x != ?o) } || ?o = 1) }",
    "SELECT ?s ?x { ?s ?p ?o FILTER EXISTS { ?s ?q ?x } OPTIONAL { ?s ?r ?x } }",
    "CONSTRUCT { ?s <urn:p> [ <urn:q> ?x ] } WHERE { ?s ?p ?o OPTIONAL { ?s ?q ?x } }",
    "CONSTRUCT WHERE { ?s ?p ?o }",
    "DESCRIBE ?s { ?s a ?c }",
    "DESCRIBE <urn:x>",
    "SELECT ?f { ?f a '?F' # ?F\n }",
    "SELECT ?xLabel { SERVICE <urn:w> { SERVICE <urn:l> { bd:serviceParam <urn:l> 'en' } } }",
)


@pytest.mark.parametrize("text", QUERY_TO_UNBOUND)
def test_a_variable_without_a_value_is_told_with_what_was_meant(text: str) -> None:
    found = [(one.variable, one.instead, one.within) for one in unbound(text)]
    assert found == QUERY_TO_UNBOUND[text]
    assert may_be_unbound(text) >= bool(found), "a glance must not miss it"


@pytest.mark.parametrize("text", BOUND)
def test_a_variable_that_may_have_a_value_is_not_told(text: str) -> None:
    assert unbound(text) == []


@pytest.mark.parametrize(
    "query", [*named_queries(), *federated_queries()], ids=lambda one: one.name
)
def test_no_named_query_has_a_variable_without_a_value(query: NamedQuery) -> None:
    assert unbound(query.text) == []


def test_a_variable_that_is_told_has_no_value_in_any_row() -> None:
    store = Store()
    store.load(
        b'@prefix u: <u:> . <x:s> u:p ( 1 "a" ), [ u:q 2, 1 ], <x:y>, "x"@en ; u:q <x:y> .'
        b'<x:y> u:p ( 1 1 ), [ u:q "b" ] .',
        RdfFormat.TURTLE,
    )
    store.load(b"<x:s> <u:p> <x:y> <x:g> .", RdfFormat.N_QUADS)
    asked = 0
    for seed in range(1500):
        text = Writer(seed).select(2)
        try:
            answer = store.query(text)
        except SyntaxError:
            continue
        assert isinstance(answer, QuerySolutions)
        names = [f"?{variable.value}" for variable in answer.variables]
        had = {name for row in answer for name, value in zip(names, row, strict=True) if value}
        found = {one.variable for one in unbound(text)}
        asked += bool(found and had)
        assert had.isdisjoint(found), text
    assert asked > 50


def test_of_many_variables_a_few_are_told_and_of_a_long_text_none() -> None:
    many = " ".join(f"?v{number}" for number in range(50))
    assert len(unbound(f"SELECT {many} {{ ?s ?p ?o }}")) == MOST_TOLD
    long = f"SELECT ?S {{ ?s ?p '{'x' * LONGEST}' }}"
    assert not may_be_unbound(long)
    assert unbound(long) == []
    # Such brackets are no query's; nothing is said of them.
    assert unbound("SELECT ?S { ?s ?p ?o ) }") == unbound("SELECT ?S { ?s ?p ?o } }") == []


def test_the_command_line_tells_it_beside_the_rows(seeds_release: Release) -> None:
    data = ("--data", seeds_release.path.parent.parent, "--format", "csv")
    asked = run("query", "SELECT ?F { ?f a pfocr:PathwayFigure }", *data)
    assert asked.out.split() == ["F"]
    assert asked.err == "?F has no value: no pattern of the query has it; ?f may be meant\n"
    for text, told in (
        ("SELECT ?g { ?f a schema:Gene MINUS { ?f ?p ?g } }", "?g has no value outside MINUS\n"),
        (
            "SELECT ?f ?n { { SELECT ?f { ?f a pfocr:PathwayFigure ; schema:name ?n } } }",
            "?n has no value outside the subquery, which does not select it\n",
        ),
        ("SELECT ?f { ?f a pfocr:PathwayFigure }", ""),
    ):
        assert run("query", text, *data).err == told
