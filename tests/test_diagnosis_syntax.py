"""What is wrong with a query is said by its cause, where it stands, and with what to do."""

import pytest
from pyoxigraph import Store

from pacing import cpu_within
from pfocr_rdf.diagnosis.syntax import SyntaxFault, explain_syntax, find_fault
from pfocr_rdf.iris import Iris

PREFIXES = Iris().prefixes()


def fault(text: str) -> SyntaxFault:
    """What is found wrong with a query that Oxigraph refuses."""
    with pytest.raises(SyntaxError) as caught:
        Store().query(text, prefixes=PREFIXES)
    return find_fault(text, str(caught.value), PREFIXES)


def shown(text: str) -> tuple[str, str]:
    """What is said, and the rest of the line from the mark on."""
    found = fault(text)
    return found.reason, text.split("\n")[found.line - 1][found.column - 1 :]


@pytest.mark.parametrize(
    ("text", "prefix", "rest"),
    [
        ("SELECT * {?s foo:bar ?o}", "foo:", "foo:bar ?o}"),
        ("SELECT * {?s :bar ?o}", ":", ":bar ?o}"),
        ("SELECT * {\n ?s a 'x:y' # x:y\n ; rdfs:label/b-z:x* ?o}", "b-z:", "b-z:x* ?o}"),
        ("PREFIX foo: <urn:a:b> ASK {foo:a foo:b ''^^bar:c}", "bar:", "bar:c}"),
        ("ASK { _:a <urn:x:y> ?o FILTER(?o = foo:f) }", "foo:", "foo:f) }"),
        ('ASK { foo:a ?p """"x:y\n""" }', "foo:", 'foo:a ?p """"x:y'),
    ],
)
def test_a_prefix_that_is_not_declared_is_named(text: str, prefix: str, rest: str) -> None:
    assert shown(text) == (
        f"the prefix {prefix} is not declared: add PREFIX {prefix} <…> at the beginning",
        rest,
    )


@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
def test_what_stands_in_a_string_that_does_not_end_is_no_prefix(quote: str) -> None:
    assert "prefix" not in fault(f"ASK {{ ?s ?p {quote}foo:bar }}").reason


def test_a_query_that_begins_with_no_form_is_told_the_forms() -> None:
    assert shown("PREFIX a: <urn:a>\nSELEKT ?x {}") == (
        "a query does not begin with 'SELEKT': begin with SELECT, ASK, CONSTRUCT or DESCRIBE",
        "SELEKT ?x {}",
    )


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("SELECT ?x (COUNT(?y) AS ?n) { ?x schema:name ?y }", "?x"),
        ("SELECT DISTINCT ?a ?b ?c { ?a ?b ?c } GROUP BY (STR(?b) AS ?d) ?c", "?a and ?b"),
        ("SELECT ?a (SUM(?b) AS ?n) { {SELECT ?a { ?a ?c ?b }} }", "a variable of SELECT"),
    ],
)
def test_a_variable_that_is_not_grouped_is_named(text: str, which: str) -> None:
    advice = "name it in GROUP BY, or count it as (COUNT(?x) AS ?n)"
    assert fault(text).reason == f"{which} has no value in a group: {advice}"


def test_what_as_gives_a_variable_can_be_written_in_its_place() -> None:
    text = "SELECT ?x (COUNT(?o) AS ?n) ({} + 1 AS ?m) {{ ?x ?p ?o }} GROUP BY ?x"
    assert "what AS gives it, as COUNT(?x) for ?n" in fault(text.format("?n")).reason
    Store().query(text.format("COUNT(?o)"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT * {?s ?p ?o} GROUP BY ?s", "SELECT * does not go with GROUP BY"),
        ("SELECT ?s ?s {?s ?p ?o}", "SELECT names a variable twice"),
        (
            "SELECT ?x (COUNT(?o) AS ?n) (?o AS ?z) {?x ?p ?o} GROUP BY ?x",
            "a variable in an expression of SELECT has no value in a group",
        ),
        ("SELECT (?x AS ?x) {?x ?p ?o}", "AS names a variable that has a value already"),
        (f"ASK {{}} LIMIT {10**20}", "the number after LIMIT is too large"),
        (f"ASK {{}} LIMIT 1 OFFSET {10**20}", "the number after OFFSET is too large"),
        ("ASK { ?s ?p 'a'@abcdefghi }", "a part of a language tag is too long"),
        (r"ASK { ?s ?p '\uD800' }", "an escape names no character"),
    ],
)
def test_what_the_grammar_forbids_for_its_meaning_is_said_in_words(text: str, reason: str) -> None:
    assert fault(text).reason.partition(": ")[0] == reason


@pytest.mark.parametrize(
    ("text", "reason", "rest"),
    [
        ("ASK {?s ?p ?o} x", "x is not allowed here: expected", "x"),
        ("SELECT ?s WHERE ?s ?p ?o", "?s is not allowed here: expected {", "?s ?p ?o"),
        # Of two faults the first is told, whether it is of those that are known by their looks.
        (
            "ASK { ?s LET ?o FILTER(?o == 3) }",
            "LET is not allowed here",
            "LET ?o FILTER(?o == 3) }",
        ),
        ("ASK { ?s ?p ?o FILTER(?o == 3) LET }", "write = for ==", "== 3) LET }"),
        (
            "ASK { ?s <a> <http//x.org/b> }",
            "<a> is not allowed here: it does",
            "<a> <http//x.org/b> }",
        ),
        ("BASE <urn:> ASK { ?s <a> <http://x:y/> }", "<http://x:y/> is not", "<http://x:y/> }"),
        ("ASK { ?s a ?gene:1 }", ":1 is not allowed here", ":1 }"),
        ("ASK { ?s <urn:x ?o }", "< is not allowed here: an IRI is written", "<urn:x ?o }"),
        ("ASK { ?s ?p ?o . LET (?x := 3) }", "LET is not allowed here", "LET (?x := 3) }"),
        # Of those that are known by their looks, too.
        (
            "SELECT * { ?s foo:bar ?o } ORDER ?s",
            "the prefix foo: is not declared",
            "foo:bar ?o } ORDER ?s",
        ),
        ("ASK { ?s ?p 'a }\nORDER x", "the string does not end", "'a }"),
    ],
)
def test_the_first_word_that_does_not_fit_is_told(text: str, reason: str, rest: str) -> None:
    told, where = shown(text)
    assert (told[: len(reason)], where) == (reason, rest)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ('expected one of "a", [_]', 'expected one of "a"'),
        ("expected [_]", "something else is expected here"),
        ("expected HAVING", "expected HAVING"),
    ],
)
def test_where_it_is_not_found_the_letters_of_the_grammar_are_left_out(
    rest: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.diagnosis.misfit.BUDGET_S", -1.0)
    assert find_fault("ASK {?s ?p ?o} x", f"error at 1:15: {rest}").reason == reason


@pytest.mark.parametrize("text", ["'", "<", ":", "a.", '"""a', "_:", "\\"])
def test_a_long_text_of_anything_is_read_once(text: str) -> None:
    """If it were read again from each character on, this would take many times as long."""
    with cpu_within(1.5):
        assert find_fault(text * 25_000, "error at 1:1: expected it").line == 1


def test_a_message_of_another_pattern_is_passed_on() -> None:
    assert explain_syntax("x", "strange\nthing") == "the query is not SPARQL: strange thing"


def test_a_fault_says_where_it_is_and_what_stands_there() -> None:
    line = "x" * 100 + "\x1b!" + "y" * 100
    fault = find_fault(f"SELECT *\n{line}", "error at 2:102: expected one of a brace, [_]")
    assert (fault.line, fault.column) == (2, 102)
    assert fault.reason == "expected one of a brace"
    assert fault.excerpt[fault.mark] == "!"
    assert fault.excerpt[fault.mark - 1] == " "
    assert len(fault.excerpt) == 100
    assert not fault.is_update


def test_a_fault_without_a_place_has_a_reason_alone() -> None:
    assert find_fault(" \n", "whatever") == SyntaxFault("the query is empty: give SPARQL")
    assert find_fault("x", "strange\nthing") == SyntaxFault("strange thing")


def test_an_update_is_told_by_its_first_word_wherever_that_stands() -> None:
    for text in (
        "# why\nclear all",
        "PREFIX a: <urn:a#> INSERT DATA { a:b a:c a:d }",
        "BASE <urn:x>\n\n  delete where { ?s ?p ?o }",
    ):
        assert find_fault(text, "error at 1:1: expected a query").is_update


@pytest.mark.parametrize(
    "line",
    ["add:x ?p ?o", '?s ?p """\nWith love"""', "drop:x\\,y ?p ?o"],
)
def test_a_line_that_begins_as_an_update_does_makes_a_query_none(line: str) -> None:
    text = f"PREFIX add: <urn:a#> PREFIX drop: <urn:d#>\nSELECT * {{\n{line} .\n ?s ?p }}"
    found = find_fault(text, "error at 5:9: expected an object")
    assert (found.is_update, found.reason) == (False, "expected an object")
