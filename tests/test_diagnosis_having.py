"""A count that is used where it has no value is found, and nothing else."""

import pytest

from pfocr_rdf.diagnosis.having import counted_in_filter, unnamed_in_having

COUNTED = "SELECT ?g (COUNT(?f) AS ?n) { ?f schema:mentions ?g } GROUP BY ?g"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{COUNTED} HAVING (?n > 5) ORDER BY ?n", {"?n": "COUNT(?f)"}),
        (f"{COUNTED} HAVING (COUNT(?f) > 5) ORDER BY ?n LIMIT 5", {}),
        (f"{COUNTED.replace('?n', '$n')} HAVING (?g != ?x) HAVING ($n > 5)", {"?n": "COUNT(?f)"}),
        # In a query within another it has one again outside.
        (f"SELECT * {{ {{ {COUNTED} }} FILTER(?n > 5) }}", {}),
        (f"SELECT * {{ {{ {COUNTED} HAVING (?n > 5) }} ?g ?p ?o }}", {"?n": "COUNT(?f)"}),
        (
            "SELECT (SUM(?x\n + 1) AS ?a) (MAX(?y) AS ?b) { ?x ?p ?y } HAVING (?b > 1 && ?a > 2)",
            {"?b": "MAX(?y)", "?a": "SUM(?x + 1)"},
        ),
        (
            "SELECT (GROUP_CONCAT(?x; # b\n separator='  # ') AS ?a) { ?x ?p ?y } HAVING (?a > 1)",
            {"?a": "GROUP_CONCAT(?x; separator='  # ')"},
        ),
        # What GROUP BY names, or the pattern, has a value.
        ("SELECT ?h { ?x ?p ?y } GROUP BY (STR(?x) AS ?h) HAVING (?h > 'a')", {}),
        ("SELECT ?x { ?x ?p ?y BIND(1 AS ?n) } GROUP BY ?x ?n HAVING (?n > 0)", {}),
        ("ASK { ?x ?p 'HAVING (?n)' } # AS ?n", {}),
        ("}} ) AS ?n HAVING ?n", {}),
    ],
)
def test_a_name_that_select_gives_later_is_told_with_what_it_stands_for(
    text: str, expected: dict[str, str]
) -> None:
    assert unnamed_in_having(text) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(COUNT(?f) > 5)", ["COUNT(?f) > 5"]),
        ("(BOUND(?f) && (sum( # of\n ?f) = 1))", ["BOUND(?f) && (sum( ?f) = 1)"]),
        ("(?f > 5) FILTER(1 < MAX(?f))", ["1 < MAX(?f)"]),
        ("(?count > 5 && 'COUNT(?f)' = ?g)", []),
        ("(EXISTS { SELECT ?x { ?x ?y ?z } GROUP BY ?x HAVING(COUNT(?z) > 1) })", []),
        (
            "(NOT EXISTS { SELECT ?x { ?x ?y ?z } HAVING(COUNT(?z) > 1) } && AVG(?f) > 1)",
            ["NOT EXISTS { SELECT ?x { ?x ?y ?z } HAVING(COUNT(?z) > 1) } && AVG(?f) > 1"],
        ),
        ("(?f > 5) } GROUP BY ?g HAVING(COUNT(?f) > 5) { }", []),
        ("EXISTS { SELECT (COUNT(?x) AS ?n) { ?x ?y ?z } }", []),
    ],
)
def test_a_filter_that_counts_is_told(condition: str, expected: list[str]) -> None:
    text = f"SELECT ?g {{ ?f schema:mentions ?g FILTER{condition} }} GROUP BY ?g"
    assert counted_in_filter(text) == expected
