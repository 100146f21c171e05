"""Variables that have a value already and rows of another length are found, and nothing else is."""

import random

import pytest
from pyoxigraph import Store

from pacing import cpu_within
from pfocr_rdf.diagnosis.bindings import find_misbinding
from pfocr_rdf.diagnosis.syntax import find_fault
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import federated_queries, named_queries

PREFIXES = Iris().prefixes()
TAKEN = "?x has a value already: take another name after AS"
ALL = "SELECT * does not go with GROUP BY: name the variables"
AS_TAKEN = "AS names a variable that has a value already: take another name"


def said(text: str) -> tuple[str, str]:
    """What is said of a query that Oxigraph refuses, and the text from where it stands."""
    with pytest.raises(SyntaxError) as caught:
        Store().query(text, prefixes=PREFIXES)
    fault = find_fault(text, str(caught.value), PREFIXES)
    return fault.reason, text.split("\n")[fault.line - 1][fault.column - 1 :]


@pytest.mark.parametrize(
    "group",
    [
        "?s schema:name ?x . BIND(UCASE(?x) AS ?x)\n ?s a ?o",
        "?s ?p $x BIND(1 AS ?x)\n",
        "OPTIONAL { ?s ?p ?x } BIND(1 AS ?x)\n",
        "{ ?s ?p ?x } UNION { ?s ?p ?y } BIND(1 AS ?x)\n",
        "GRAPH ?x { ?s ?p ?o } BIND(1 AS ?x)\n",
        "{ SELECT (STR(?o) AS ?x) { ?s ?p ?o } } BIND(1 AS ?x)\n",
        "{ SELECT * { ?s ?p ?x } } BIND(1 AS ?x)\n",
        "VALUES ?x { 1 } BIND(1 AS ?x)\n",
        "[ ?p ( 1 ?x ) ] ?q 2 # )\n BIND(1 AS ?x)\n",
        "BIND((1 < 2) AS ?x) FILTER(?x) { ?s ?p ?o BIND(1 AS ?x)\n } BIND(2 AS ?x)\n",
    ],
)
def test_a_variable_that_has_a_value_in_its_group_is_told_at_the_bind(group: str) -> None:
    reason, rest = said(f"SELECT * {{\n{group} }}")
    assert (reason, rest) == (TAKEN, "?x)")


@pytest.mark.parametrize(
    ("rows", "reason", "rest"),
    [
        ("(?x ?y) { (1 2) (1 2 3) }", "3 values for 2 variables", "(1 2 3) } }"),
        (
            '(?x ?y) { ("a"@en-GB) }',
            "1 value for 2 variables: write UNDEF for a value that is missing",
            '("a"@en-GB) } }',
        ),
        ("(?x) { ('1'^^xsd:int <u:x>) }", "2 values for 1 variable", "('1'^^xsd:int <u:x>) } }"),
        ("() { (UNDEF) }", "1 value for 0 variables", "(UNDEF) } }"),
    ],
)
def test_a_row_of_another_length_is_told_with_its_length(rows: str, reason: str, rest: str) -> None:
    found = said(f"SELECT * {{ ?s ?p ?o VALUES {rows} }}")
    assert found == (f"a row of VALUES has {reason}", rest)


@pytest.mark.parametrize(
    ("select", "reason", "rest"),
    [
        ("SELECT (1 AS ?y) { ?x a ?y }", AS_TAKEN, "?y) { ?x a ?y } } }"),
        ("SELECT (1 AS ?y) { ?x a ?z } VALUES ?y { 1 }", AS_TAKEN, None),
        ("SELECT (COUNT(?x) AS ?y) { ?x a ?y } GROUP BY ?y", AS_TAKEN, None),
        ("SELECT ?x ?x { ?x a ?y }", "SELECT names a variable twice: name it once", None),
        (
            "SELECT ?x (COUNT(?y) AS ?n) { ?x a ?y }",
            "?x has no value in a group: name it in GROUP BY, or count it as (COUNT(?x) AS ?n)",
            "?x (COUNT(?y) AS ?n) { ?x a ?y } } }",
        ),
        ("SELECT * { ?x a ?y } GROUP BY ?x", ALL, "* { ?x a ?y } GROUP BY ?x } }"),
        ("SELECT distinct # *\n* { ?x a ?y } GROUP BY (1 AS ?z)", ALL, None),
    ],
)
def test_a_query_within_another_is_told_what_the_outermost_is(
    select: str, reason: str, rest: str | None
) -> None:
    found = said(f"SELECT * {{ {{ {select} }} }}")
    assert found == (reason, rest or found[1])


class Writer:
    """Writes queries at random, some of which Oxigraph accepts."""

    def __init__(self, seed: int) -> None:
        self.made = random.Random(seed)

    def variable(self) -> str:
        return self.made.choice("?$") + self.made.choice("abcdef")

    def expression(self) -> str:
        one, other = self.variable(), self.variable()
        exists = f"EXISTS {{ {one} <u:p> {other} BIND(1 AS ?g) }}"
        return self.made.choice([one, "1", f"STR({one})", f"IF({one}<2,1,{other}>3)", exists])

    def select(self, depth: int) -> str:
        made, names = self.made, [self.variable() for _ in range(5)]
        listed = f"{names[0]} ({self.expression()} AS {names[1]})"
        counted = f"{names[2]} (COUNT({names[0]}) AS {names[3]})"
        grouped = f"GROUP BY {names[2]} (STR({names[0]}) AS {names[4]})"
        head, tail = made.choice([("*", ""), (listed, ""), (counted, grouped)])
        values = made.choice(["", "", f" VALUES {self.variable()} {{ 1 'x'@en }}"])
        return f"SELECT {head} WHERE {self.group(depth)} {tail} LIMIT 3 {values}"

    def group(self, depth: int) -> str:
        if depth and self.made.random() < 0.25:
            return f"{{{self.select(depth - 1)}}}"
        return f"{{ {' '.join(self.element(depth) for _ in range(self.made.randrange(4)))} }}"

    def element(self, depth: int) -> str:
        name, inner = self.variable(), max(depth - 1, 0)
        simple = [
            f"{name} <u:p> ( 1 {self.variable()} ) .",
            f"{name} <u:p> [ <u:q> {self.variable()} ] .",
            f"BIND({self.expression()} AS {name})",
            f"FILTER({self.expression()})",
            "VALUES (?a $b) { (1 <x:y>) (UNDEF 'a'@en) ('1'^^<u:t> true) (-1 1.5) }",
            "VALUES (?f) { (<<( <x:s> <x:p> 1 )>>) } VALUES ?f { <<( <x:s> <x:p> 1 )>> }",
        ]
        words = ["OPTIONAL", "MINUS", f"GRAPH {name}", "FILTER NOT EXISTS", ""]
        nested = [f"{word} {self.group(inner)}" for word in words] if depth else []
        return self.made.choice([*simple, *nested])


def test_of_a_query_that_is_accepted_nothing_is_said() -> None:
    store, accepted = Store(), 0
    for seed in range(1000):
        text = Writer(seed).select(2)
        try:
            store.query(text)
        except SyntaxError:
            continue
        accepted += 1
        assert find_misbinding(text) is None, text
    assert accepted > 100


def test_of_the_queries_that_are_ready_nothing_is_said() -> None:
    for query in (*named_queries(), *federated_queries()):
        assert find_misbinding(query.text) is None


@pytest.mark.parametrize(
    "text", ["ASK { ) BIND(1 AS ?x) BIND(2 AS ?x) }", "ASK { ( } ?x BIND(2 AS ?x) }", "} ("]
)
def test_where_brackets_do_not_match_nothing_is_said(text: str) -> None:
    assert find_misbinding(text) is None


@pytest.mark.parametrize(
    "part", ["{ ?a", "(", "VALUES (", "BIND(", "{ SELECT ?a ", "VALUES (?a) { (1", "} ", "FILTER("]
)
def test_finding_nothing_takes_linear_time(part: str) -> None:
    with cpu_within(1.5):
        find_misbinding(f"ASK {{ {part * 15_000}")
