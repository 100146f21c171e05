"""Where the SERVICE clauses are, whom they ask about what, in which order; and what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from pfocr_rdf.web.federation.outline import OutlineError, outline, services_in
from pfocr_rdf.web.federation.pattern import read_query
from pfocr_rdf.web.federation.plan import check_rest, make_plan
from pfocr_rdf.web.federation.planner import answer
from pfocr_rdf.web.federation.steps import Plan, Step, filled, plan_of
from pfocr_rdf.web.problems import Refusal

PREFIXES: Mapping[str, str] = {"schema": "http://schema.org/"}


def plan(text: str) -> Plan:
    return make_plan(text, PREFIXES, "https://base.example/")


def only(text: str) -> Step:
    (step,) = plan(text).steps
    return step


def values(text: str) -> list[tuple[str, str]]:
    """Of the only clause: the variables it is asked about, and the pattern they come from."""
    found = only(text).bindings
    patterns = [filled(b.query, {}).partition("WHERE {\n")[2].removesuffix("\n}") for b in found]
    return [
        (" ".join(b.variables), " ".join(p.split())) for b, p in zip(found, patterns, strict=True)
    ]


def refused(text: str) -> Refusal:
    with pytest.raises(Refusal) as raised:
        plan(text)
    return raised.value


def test_a_clause_is_asked_about_the_values_of_the_variables_that_it_shares() -> None:
    text = "SELECT * { ?f <p:m> ?g . SERVICE <urn:x> { ?n <p:g> ?g } }"
    assert values(text) == [("g", "?f <p:m> ?g .")]
    assert only(text).asked("VALUES (?g) { }") == (
        "SELECT ?n ?g WHERE {\nVALUES (?g) { }\n ?n <p:g> ?g\n}"
    )


@pytest.mark.parametrize(
    "query", ["SELECT * { SERVICE <//ex℀.org/> {?s ?p ?o} }", "BASE <http://[> SELECT * {}"]
)
def test_an_iri_that_cannot_be_made_absolute_is_a_mistake_of_the_query(query: str) -> None:
    found = refused(query.replace("{}", "{ SERVICE <x> {?s ?p ?o} }"))
    assert found.kind == "syntax"
    assert "cannot be made absolute" in found.detail


def test_only_columns_that_stand_elsewhere_are_asked_for() -> None:
    text = "SELECT ?f { ?f <p:m> ?g . SERVICE <urn:x> { ?n <p:g> ?g ; <p:t> ?t } FILTER(?t > 1) }"
    assert only(text).columns == ("g", "t")
    assert only(text.replace("SELECT ?f", "SELECT *")).columns == ("n", "g", "t")
    counted = "SELECT (COUNT(DISTINCT *) AS ?c) { ?f <p:m> ?g SERVICE <urn:x> { ?n <p:g> ?g } }"
    assert only(counted).columns == ("n", "g")


def test_a_clause_without_a_shared_variable_is_asked_for_everything() -> None:
    text = "ASK { ?f <p:m> ?g . SERVICE <urn:x> { <urn:a> <p:g> <urn:b> } }"
    assert values(text) == []
    assert only(text).asked() == "SELECT * WHERE {\n <urn:a> <p:g> <urn:b>\n}"


def test_what_is_around_counts_as_far_as_it_is_joined() -> None:
    clause = "SERVICE <urn:x> { ?g <p:x> ?h }"
    assert values(f"SELECT * {{ {clause} ?f <p:m> ?g }}") == [("g", "?f <p:m> ?g .")]
    assert values(f"SELECT * {{ ?f <p:m> ?g OPTIONAL {{ {clause} }} ?g <p:n> ?i }}") == [
        ("g", "?f <p:m> ?g .")
    ]
    assert values(f"SELECT * {{ ?f <p:m> ?g MINUS {{ {clause} }} ?g <p:n> ?i }}") == [
        ("g", "?f <p:m> ?g .")
    ]
    assert values(f"SELECT * {{ ?f <p:m> ?g FILTER EXISTS {{ {clause} }} ?g <p:n> ?i }}") == [
        ("g", "?f <p:m> ?g . ?g <p:n> ?i .")
    ]
    assert values(f"SELECT * {{ ?f <p:m> ?g {{ {clause} }} UNION {{ ?g <p:o> ?h }} }}") == [
        ("g", "?f <p:m> ?g .")
    ]
    assert values(f"SELECT * {{ ?f <p:m> ?g {{ SELECT * {{ ?g <p:q> 1 {clause} }} }} }}") == [
        ("g", "?g <p:q> 1 .")
    ]
    assert values(f"SELECT * {{ ?f <p:m> ?g {{ ?g <p:r> ?s {{ {clause} }} }} }}") == [
        ("g", "?f <p:m> ?g . { ?g <p:r> ?s . }")
    ]
    assert values(f"SELECT * {{ ?z <p:y> ?g {{ ?f <p:m> ?g OPTIONAL {{ {clause} }} }} }}") == [
        ("g", "?f <p:m> ?g .")
    ]


def test_options_and_minus_give_no_values() -> None:
    text = (
        "SELECT * { ?f <p:m> ?g OPTIONAL { ?g <p:o> ?h } MINUS { ?g <p:p> 1 } SERVICE <urn:x> %s }"
    )
    assert values(text % "{ ?g <p:x> ?h }") == [("g", "?f <p:m> ?g .")]
    assert values(text % "{ ?y <p:x> ?h }") == []


def test_patterns_that_only_the_clause_joins_are_not_multiplied() -> None:
    text = "SELECT * { ?f <p:m> ?g . ?d <p:l> ?l . SERVICE <urn:x> { ?g <p:x> ?d } }"
    assert values(text) == [("g", "?f <p:m> ?g ."), ("d", "?d <p:l> ?l .")]


def test_bind_and_filter_count_where_their_variables_are_bound() -> None:
    text = """SELECT * { ?f <p:m> ?g FILTER(STRLEN(STR(?g)) > 3) FILTER(?h != ?g) FILTER(?o = 1)
        BIND(STRAFTER(STR(?g), "_") AS ?n) BIND(CONCAT("X:", ?n) AS ?x) BIND(STR(?h) AS ?late)
        OPTIONAL { ?g <p:o> ?o } SERVICE <urn:x> { ?h <p:x> ?x } }"""
    assert values(text) == [
        (
            "x",
            '?f <p:m> ?g . FILTER(STRLEN(STR(?g)) > 3) BIND(STRAFTER(STR(?g), "_") AS ?n) '
            'BIND(CONCAT("X:", ?n) AS ?x)',
        )
    ]


@pytest.mark.parametrize("call", ["RAND()", "now ()", "UUID()", "STRUUID()", "BNODE ()"])
def test_what_is_another_each_time_gives_no_values(call: str) -> None:
    text = f"""SELECT * {{ ?f <p:m> ?g FILTER(STR({call}) > "5") SERVICE <urn:x> {{ ?g <p:x> ?h }}
        {{ ?g <p:n> ?i }} UNION {{ ?g <p:o> ?i FILTER({call} > 1) }} BIND({call} AS ?rand) }}"""
    assert values(text) == [("g", "?f <p:m> ?g .")]
    alone = "SELECT * { { SELECT ?g { ?f <p:m> ?g } ORDER BY %s LIMIT 1 } SERVICE <urn:x> %s }"
    assert values(alone % (call, "{ ?g <p:x> ?h }")) == []
    assert values(alone % ("?rand", "{ ?g <p:x> 'RAND()' }")) != []


def test_the_answer_of_a_partner_that_chose_at_random_gives_values() -> None:
    first, second = plan("""SELECT * { SERVICE <urn:a> { ?g <p:x> ?h FILTER(RAND() < 0.1) }
        SERVICE <urn:b> { ?h <p:x> ?i } }""").steps
    assert (len(first.bindings), [b.variables for b in second.bindings]) == (0, [("h",)])


def test_a_filter_on_something_that_two_may_bind_does_not_count() -> None:
    text = """SELECT * { ?f <p:m> ?g BIND(STR(?g) AS ?x) FILTER(?x > 1)
        SERVICE <urn:x> { ?h <p:x> ?x } }"""
    assert values(text) == [("x", "?f <p:m> ?g . BIND(STR(?g) AS ?x)")]


def test_a_filter_may_have_a_variable_of_its_own_that_is_called_like_a_property() -> None:
    text = """PREFIX : <p:> SELECT * { ?f :m ?g FILTER EXISTS { ?g :w ?w }
        SERVICE <urn:x> { ?g :x ?h } }"""
    assert values(text) == [("g", "?f :m ?g . FILTER EXISTS { ?g :w ?w }")]


def test_only_variables_that_the_clause_always_binds_are_sent() -> None:
    text = "SELECT * { ?f <p:m> ?g ; <p:n> ?h . SERVICE <urn:x> { ?g <p:x> 1 OPTIONAL { %s } } }"
    assert values(text % "?g <p:y> ?h") == [("g", "?f <p:m> ?g ; <p:n> ?h .")]
    some = "SELECT * { ?f <p:m> ?g . SERVICE <urn:x> { { ?g <p:x> 1 } UNION { ?y <p:x> 2 } } }"
    assert values(some) == []


@pytest.mark.parametrize(
    ("body", "inside"),
    [
        ("?g <p:x> ?h", True),
        ("?g <p:x> ?h OPTIONAL { ?h <p:y> ?i }", True),
        ("OPTIONAL { ?h <p:y> ?i } ?g <p:x> ?h", False),
        ("BIND(1 AS ?h) ?g <p:x> ?h", False),
        ("SELECT ?g { ?g <p:x> ?h } LIMIT 5", False),
        ("{ SELECT ?g { ?g <p:x> ?h } LIMIT 5 }", True),
    ],
)
def test_values_stand_in_the_group_only_where_that_means_the_same(body: str, inside: bool) -> None:
    step = only(f"SELECT * {{ ?f <p:m> ?g . SERVICE <urn:x> {{ {body} }} }}")
    assert [bindings.inside for bindings in step.bindings] == [inside]
    asked = step.asked("VALUES (?g) { }", inside=inside).partition("VALUES (?g) { }\n")[2]
    assert asked == (f" {body}\n}}" if inside else f"{{\n {body}\n}}\n}}")
    assert step.asked(inside=inside).endswith(f" WHERE {{\n {body}\n}}")


def test_the_clause_that_others_wait_for_comes_first() -> None:
    text = """SELECT * { SERVICE <urn:b> { ?h <p:x> ?i } SERVICE <urn:a> { ?g <p:x> ?h }
        ?f <p:m> ?g . SERVICE <urn:c> { ?z <p:z> 1 } }"""
    found = plan(text)
    assert [step.endpoint for step in found.steps] == ["urn:a", "urn:b", "urn:c"]
    (bindings,) = found.steps[1].bindings
    assert (bindings.variables, 1 in bindings.query) == (("h",), True)
    assert [piece for piece in found.final if isinstance(piece, int)] == [0, 1, 2]


def test_two_clauses_without_values_go_in_the_order_of_the_text() -> None:
    found = plan("SELECT * { SERVICE <urn:a> { ?g <p:x> ?h } SERVICE <urn:b> { ?h <p:x> ?i } }")
    assert [(s.endpoint, len(s.bindings)) for s in found.steps] == [("urn:a", 0), ("urn:b", 1)]


def test_the_query_that_remains_is_the_text_without_the_clauses() -> None:
    text = """# SERVICE <urn:no> {
    SELECT ?f ("} SERVICE <urn:no> {" AS ?s) { ?f <p:m> ?g . # } SERVICE
      SERVICE # here
        SILENT <urn:x#y>{ ?n <p:g> ?g . FILTER(?n < 3 && ?g > "}") } . ?f <p:n> '''}''' }"""
    found = plan(text)
    start = text.index("SERVICE # here")
    end = text.index(" . ?f <p:n>")
    assert found.final == (text[:start], 0, text[end:])
    assert (found.steps[0].silent, found.steps[0].line) == (True, 3)


def test_the_name_of_a_figure_may_have_several_dots() -> None:
    text = """SELECT * { figure:PMC6095619__ppat.1007148.g001 <p:m> ?g .
        SERVICE <urn:x> { ?g <p:x> figure:a.b.c , "a.b.c" } }"""
    found = make_plan(text, {"figure": "https://example.org/"})
    (step,) = found.steps
    assert step.bindings[0].query == (
        "SELECT DISTINCT ?g WHERE {\nfigure:PMC6095619__ppat\\.1007148\\.g001 <p:m> ?g .\n}",
    )
    assert (step.line, step.body) == (2, ' ?g <p:x> figure:a\\.b\\.c , "a.b.c"')
    assert found.final[1:] == (0, " }")


def test_the_partner_gets_the_prefixes_that_its_clause_uses() -> None:
    step = only("""PREFIX a: <urn:a#> PREFIX b: <b/> BASE <http://x.example/> PREFIX c: <c/>
        SELECT * { ?s a:p ?o SERVICE c:sparql { ?o b:p ?x ; schema:name ?n ; a <T> } }""")
    assert step.endpoint == "http://x.example/c/sparql"
    assert step.prologue == (
        "BASE <http://x.example/>\nPREFIX b: <https://base.example/b/>\n"
        "PREFIX schema: <http://schema.org/>\n"
    )
    assert not only("ASK { SERVICE <urn:x> { ?s <p:p> ?o } }").prologue


def test_a_name_of_an_endpoint_may_have_escapes() -> None:
    step = only(r"PREFIX a: <http://a.example/> ASK { SERVICE a:x\/sparql\~ { ?s <p:p> ?o } }")
    assert step.endpoint == "http://a.example/x/sparql~"


def test_a_prefix_that_nobody_declares_is_refused() -> None:
    refusal = refused("ASK { SERVICE <urn:x> { ?s nobody:p ?o } }")
    assert (refusal.kind, "nobody:" in refusal.detail) == ("syntax", True)
    refusal = refused("ASK {\n SERVICE <urn:x> { ?s up:p ?o } }")
    assert refusal.detail == (
        "line 2, column 23: the prefix up: is not declared:"
        " add PREFIX up: <http://purl.uniprot.org/core/> at the beginning"
    )
    assert (refusal.members["line"], refusal.members["column"]) == (2, 23)


def test_the_dataset_of_the_query_is_that_of_the_values() -> None:
    text = "SELECT * FROM <urn:g> FROM NAMED <urn:h> { ?f <p:m> ?g SERVICE <urn:x> { ?g <p:x> 1 } }"
    (bindings,) = only(text).bindings
    assert "SELECT DISTINCT ?g FROM <urn:g> FROM NAMED <urn:h> WHERE {" in bindings.query[0]  # type: ignore[operator]


@pytest.mark.parametrize(
    "form",
    [
        "ASK {%s}",
        "SELECT (?g < 3 AS ?x) WHERE {%s} ORDER BY (?g<?f) LIMIT 3",
        "CONSTRUCT { ?f <p:a> [ <p:b> ?g ] } WHERE {%s}",
        "DESCRIBE ?f <urn:y> WHERE {%s}",
        "SELECT ?f (COUNT(*) AS ?n) {%s} GROUP BY ?f HAVING (COUNT(*)<9) VALUES (?f) { (<u:x>) }",
    ],
)
def test_every_form_of_query_may_have_clauses(form: str) -> None:
    step = only(form % "?f <p:m> ?g SERVICE <urn:x> { ?g <p:x> ?h }")
    assert step.columns == ("g",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("?s ?p ?e SERVICE ?e { ?a ?b ?c }", "has a variable for its endpoint: write the address"),
        ("SERVICE <urn:x> { SERVICE <urn:y> { ?a ?b ?c } }", "stands inside another one"),
        ("GRAPH ?g { SERVICE <urn:x> { ?a ?b ?c } }", "stands inside GRAPH"),
        ("GRAPH ?g { { ?s ?p ?o OPTIONAL { SERVICE <urn:x> { } } } }", "stands inside GRAPH"),
    ],
)
def test_clauses_that_are_not_evaluated_are_refused_with_their_line(body: str, said: str) -> None:
    refusal = refused(f"SELECT * {{\n{body} }}")
    assert refusal.kind == "federation-disabled"
    assert refusal.members["line"] == 2
    assert said in refusal.detail


def test_more_clauses_than_anybody_needs_are_refused() -> None:
    text = "SELECT * { " + "SERVICE <urn:x> { ?s ?p ?o } " * 17 + "}"
    assert "17 SERVICE clauses, and the limit is 16" in refused(text).detail


UNCERTAIN: Mapping[str, str] = {
    "escaped keyword": "SELECT * { \\u0053ERVICE <urn:x> { ?s ?p ?o } SERVICE <urn:x> { } }",
    "glued to a term": "SELECT * { ?s ?p trueSERVICE<urn:x>{ ?a ?b ?c } }",
    "glued to SILENT": "SELECT * { SERVICESILENT<urn:x>{ ?a ?b ?c } }",
    "LATERAL": "SELECT * { ?s ?p ?o LATERAL { SERVICE <urn:x> { ?a ?b ?c } } }",
    "triple terms": "SELECT * { ?s ?p <<( ?a ?b ?c )>> SERVICE <urn:x> { } }",
    "a string closed by an escape": (
        'SELECT * { ?s ?p "\\u0022 . SERVICE <urn:x> { ?a ?b ?c } #"\n}'
    ),
    "in the order": "SELECT * { } ORDER BY (EXISTS { SERVICE <urn:x> { ?a ?b ?c } })",
    "in the head": "SELECT (EXISTS { SERVICE <urn:x> { ?a ?b ?c } } AS ?e) { ?s ?p ?o }",
    "unclosed": "SELECT * { SERVICE <urn:x> { ?a ?b ?c }",
    "unopened": "SELECT * { SERVICE <urn:x> { ?a ?b ?c } } }",
    "crossed": "SELECT * { SERVICE <urn:x> { ( } ) }",
    "ended": "SELECT * FROM",
    "no end of a filter": "SELECT * { FILTER EXISTS",
    "no brackets": "SELECT * { FILTER ?x SERVICE <urn:x> { } }",
    "no group": "SELECT * { SERVICE <urn:x> }",
    "no endpoint": "SELECT * { SERVICE { ?s ?p ?o } }",
    "no query": "HELLO { SERVICE <urn:x> { } }",
    "not a query": "SELECT * { SERVICE <urn:x> { ?s ?p } }",
    "the mark itself": "SELECT * { GRAPH <urn:pfocr-rdf:service:0> { } SERVICE <urn:x> { } }",
    "empty": "",
}


@pytest.mark.parametrize("text", UNCERTAIN.values(), ids=UNCERTAIN)
def test_a_query_whose_clauses_are_not_located_with_certainty_is_refused(text: str) -> None:
    refusal = refused(text)
    assert refusal.kind == "federation-disabled"
    assert "located with certainty" in refusal.detail
    assert "line" not in refusal.members


def test_a_query_that_is_nested_deeper_than_parsers_go_is_refused() -> None:
    depth = 400
    text = "SELECT * " + "{" * depth + "SERVICE <urn:x> { }" + "}" * depth
    assert "located with certainty" in refused(text).detail


TRICKS: Mapping[str, str] = {
    "comparison that looks like an IRI": "SELECT * { ?a ?b ?c FILTER(?a<?b && ?c>?b) %s }",
    "comparison without spaces": "SELECT * { ?a ?b ?c FILTER(?a<?b&&?c>?b) %s }",
    "comparison before a string": "SELECT * { ?a ?b ?c FILTER(?a<'x>'||?b>'y') %s }",
    "comparison in BIND": "SELECT * { ?a ?b ?c BIND(?a<?b||?c>?b AS ?d) %s }",
    "IRI with a hash": "SELECT * { ?a <p:x#y> <p:}#> . %s }".replace("<p:}#>", "<p:#>"),
    "IRI in a collection": "SELECT * { ?a <p:l> ( ?b <p:x#y> ) . %s }",
    "IRI in a path": "SELECT * { ?a (<p:x#y>|<p:z>)+/^<p:y> ?b . %s }",
    "IRIs in data": 'SELECT * { VALUES (?a ?b) { (1 <p:x#y>) ("}" <p:#>) } %s }',
    "function by IRI": "SELECT * { ?a ?b ?c FILTER <f:x#y>(?a, <p:#>) %s }",
    "IN with IRIs": "SELECT * { ?a ?b ?c FILTER(?a IN (<p:#>, <p:#x>) && ?b < 3) %s }",
    "words in names": "PREFIX SERVICE: <s:> SELECT * { ?a SERVICE:SERVICE ?SERVICE . %s }",
    "words in strings": 'SELECT * { ?a ?b \'SERVICE <urn:x> {\', """}\n" SERVICE""" . %s }',
    "words in comments": "SELECT * { # SERVICE <urn:x> {\n ?a ?b ?c . # }\n %s }",
    "blank nodes": "SELECT * { [ <p:a> [ ] ; <p:b> _:c ] <p:d> () . %s }",
    "language and datatype": "SELECT * { ?a ?b 'x'@en-GB, '1'^^<t:#t>, '2'^^t:x . %s }".replace(
        "SELECT", "PREFIX t: <t:> SELECT"
    ),
    "subquery with clauses": "SELECT * { { SELECT ?a (MAX(?b) AS ?m) { ?a ?c ?b } GROUP BY ?a "
    "HAVING(MAX(?b)<9) ORDER BY (?a<?m) LIMIT 3 } %s }",
    "exists in an expression": "SELECT * { ?a ?b ?c FILTER(EXISTS { ?a ?c ?d } || 1 < 2) %s }",
    "not exists": "SELECT * { ?a ?b ?c FILTER NOT EXISTS { ?a ?c ?d FILTER(?d<?a) } %s }",
}


@pytest.mark.parametrize("text", TRICKS.values(), ids=TRICKS)
def test_what_looks_like_something_else_does_not_move_a_clause(text: str) -> None:
    clause = "SERVICE <urn:x> { ?s <p:#> ?o FILTER(?s<?o) }"
    found = plan(text % clause)
    before, _, after = (text % clause).partition(clause)
    assert found.final == (before, 0, after)
    assert found.steps[0].body == " ?s <p:#> ?o FILTER(?s<?o)"


def test_the_outline_alone_does_not_count() -> None:
    """The other parser sees a clause that the outline takes for a part of a string."""
    text = UNCERTAIN["a string closed by an escape"]
    assert services_in(outline(text).where) == []
    with pytest.raises(OutlineError, match="two parsers read the query differently"):
        read_query(text)


def test_a_plan_that_has_the_release_asked_a_clause_is_none() -> None:
    """Whatever the other two readers overlook, Oxigraph's process gets no SERVICE."""
    good = plan("SELECT * { ?f <p:m> ?g . SERVICE <urn:x> { ?n <p:g> ?g } }")
    check_rest(good)
    left = ("SELECT * { ?s ?p trueSERVICE<urn:x>{ ?a ?b ?c } ", 0, " }")
    with pytest.raises(OutlineError, match="only Oxigraph's parser sees"):
        check_rest(replace(good, final=left))
    asking = replace(good.steps[0].bindings[0], query=left)
    with pytest.raises(OutlineError, match="only Oxigraph's parser sees"):
        check_rest(replace(good, steps=(replace(good.steps[0], bindings=(asking,)),)))


def test_a_query_of_which_a_clause_would_be_left_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "SELECT * { ?f <p:m> ?g . SERVICE <urn:x> { ?n <p:g> ?g } }"
    assert plan(text)
    # As if the two other readers had overlooked one.
    monkeypatch.setattr("pfocr_rdf.web.federation.plan.find_service", lambda _: 1)
    refusal = refused(text)
    assert refusal.kind == "federation-disabled"
    assert "only Oxigraph's parser sees" in refusal.detail


def test_a_plan_comes_back_from_another_process_as_it_was() -> None:
    text = "SELECT * { ?f <p:m> ?g . SERVICE SILENT <urn:x> { ?n <p:g> ?g } }"
    document: Any = orjson.loads(
        answer(orjson.dumps({"text": text, "prefixes": {}, "base": "https://base.example/"}))
    )
    assert plan_of(document) == plan(text)
