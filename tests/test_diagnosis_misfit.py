"""The first word of a query that does not fit is found, and it is told what would."""

from itertools import pairwise

import pytest
from pyoxigraph import Store

from pfocr_rdf.diagnosis.misfit import explain_misfit, find_misfit
from pfocr_rdf.diagnosis.tokens import TOKEN_RE
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import NamedQuery, federated_queries, named_queries

PREFIXES = Iris().prefixes()
CLAUSE = "a clause such as OPTIONAL or FILTER"
AT_TERM = "expected (, a variable, an IRI, a string or a number"
AFTER_TERM = f"expected }}, a full stop, a semicolon, a comma or {CLAUSE}"
AT_VALUE = f"{AT_TERM.replace(' or a number', ', a number')}, a function or EXISTS"
BETWEEN = "an IRI is written between < and >, without spaces"
NO_FUNCTION, DATATYPE = "there is no function", "xsd:integer or another datatype"
AT_PATTERN = f"expected }}, (, a variable, an IRI, a string, a number or {CLAUSE}"
AFTER_GROUP = "expected GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET or VALUES"


def explained(text: str) -> tuple[str, str]:
    """Where the misfit stands, and what is said of it."""
    misfit = find_misfit(text, PREFIXES)
    assert misfit is not None
    assert text[misfit.at :].startswith(misfit.word)
    reason = explain_misfit(text, misfit)
    return text[misfit.at :][:6], reason.removeprefix(f"{misfit.word} is not allowed here: ")


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("ASK { ?s a ?o ?s ?p ?q }", "?s ?p ", AFTER_TERM),
        ("ASK { ?s ?p ?o FILTER(?o ~ 3) }", "~ 3) }", "expected ) or an operator"),
        ("ASK { ?s ?p ?o OPTIONAL ?s a ?t }", "?s a ?", "expected {"),
        ("ASK { ?s ?p ?o , }", "}", AT_TERM),
        ("SELECT ?s { ?s ?p ?o } LIMIT 10;", ";", "expected OFFSET or VALUES"),
        ("ASK { ?s ?p ?o BIND(STRLEN ?o AS ?x) }", "?o AS ", "expected ("),
        ("ASK { ?s ?p ?o BIND(CONCAT ?s ?p AS ?x) }", "?s ?p ", "expected ("),
        ("ASK { ?s ?p ?o BIND(COALESCE", "", "the query ends too early: expected ("),
        (
            "ASK { ?s concat ?o }",
            "concat",
            "a variable begins with ?; expected (, a variable or an IRI",
        ),
        ("SELECT ?s {} ORDER BY DESC", "", "the query ends too early: expected ("),
        ("DESCRIBE", "", "the query ends too early: expected a variable, an IRI or *"),
        (
            "SELECT s { ?s ?p ?o }",
            "s { ?s",
            "a variable begins with ?; expected (, a variable, * or DISTINCT",
        ),
        (
            "ASK { ?s schema:name MAPK1 }",
            "MAPK1 ",
            f"a variable begins with ?, a text is written in quotation marks; {AT_TERM}",
        ),
        ("ASK { ?s ?p ?o . FITLER(?o > 1) }", "FITLER", f"write FILTER; {AT_PATTERN}"),
        ("ASK { ?s ?p ?o . JOIN { ?s a ?o } }", "JOIN {", AT_PATTERN),
        ("ASK { ?s ?p ?o } ODER BY ?s", "ODER B", f"write ORDER BY; {AFTER_GROUP}"),
        (
            "ASK { ?s ?p ?o } UNION { ?s a ?o }",
            "UNION ",
            f"it belongs within the braces of WHERE; {AFTER_GROUP}",
        ),
        (
            "ASK { ?s ?p ?o NOT EXISTS { ?s a ?o } }",
            "NOT EX",
            f"write FILTER before it; {AFTER_TERM}",
        ),
        (
            "ASK { ?s ?p ?o . CONTAINS(?o, 'x') }",
            "CONTAI",
            f"write FILTER or BIND before it; {AT_PATTERN}",
        ),
        (
            "ASK { ?s ?p ?o . SELECT ?x { ?x a ?y } }",
            "SELECT",
            "a query within another needs braces of its own: { SELECT … }; " + AT_PATTERN,
        ),
        (
            "SELECT ?o AS ?x { ?s ?p ?o }",
            "AS ?x ",
            "an expression with AS needs parentheses: (?o AS ?x);"
            " expected {, (, a variable, FROM or WHERE",
        ),
        ("ASK { FILTER(lower('A') = 'a') }", "lower(", "there is no function lower: write LCASE"),
        (
            "ASK { FILTER(Starts_With('A', 'a')) }",
            "Starts",
            "there is no function Starts_With: write STRSTARTS",
        ),
        ("ASK { FILTER(xyz('A') = 'a') }", "xyz('A", "there is no function xyz"),
        ("ASK { ?s ?p <urn:a b> }", "<urn:a", f"an IRI has no space in it; {AT_TERM}"),
        ("ASK { ?s ?p <urn:a> <urn:b> }", "<urn:b", AFTER_TERM),
        ("ASK { ?s ?p <http://[a/> }", "<http:", f"it is not an IRI; {AT_TERM}"),
        (
            "ASK { ?s ?p <//[a/> }",
            "<//[a/",
            f"it does not begin as IRIs do, with http: or another scheme; {AT_TERM}",
        ),
        # An IRI that does not end takes all that follows.
        (
            "ASK { ?s <urn:x ?o . ?o ?p ?q }",
            "<urn:x",
            f"{BETWEEN}; expected (, a variable or an IRI",
        ),
        ("ASK { FILTER(?o =< 3) }", "< 3) }", f"write <= for =<; {AT_VALUE}"),
        ("ASK { FILTER(?o =< 3 && ?x > 2) }", "< 3 &&", f"write <= for =<; {AT_VALUE}"),
        ("ASK { FILTER(?o => 3) }", "> 3) }", f"write >= for =>; {AT_VALUE}"),
        ("ASK { FILTER(?o <3 § ?o > 4) }", "§ ?o >", "expected ) or an operator"),
        ("ASK { << ?s ?p ?o >> ?q ?r ?t }", "?t }", AFTER_TERM),
        (
            r"ASK { FILTER(REGEX('a', '\\\d')) }",
            r"'\\\d'",
            rf"in a text \d is written \\d; {AT_VALUE}",
        ),
        ("ASK { FILTER(?o = TRUE) }", "TRUE) ", f"write true; {AT_VALUE}"),
        ("ASK { FILTER(CAST(?o) = 1) }", "CAST(?", f"{NO_FUNCTION} CAST: write {DATATYPE}"),
        (
            "ASK { ?s ?p ?o LIMIT 1 }",
            "LIMIT ",
            f"it belongs after the }} of the group; {AFTER_TERM}",
        ),
        *(
            (
                f"ASK {{ ?x ?y _:a . {clause} {{ ?z ?y _:a }} }}",
                "_:a } ",
                "a blank node belongs to one group, and this one to an earlier: take a variable; "
                + AT_TERM,
            )
            for clause in ("OPTIONAL", "MINUS", "FILTER EXISTS", "")
        ),
        # What stands in a comment is no word.
        ("ASK { # }\n ?s ?p } # {", "} # {", AT_TERM),
    ],
)
def test_a_misfit_is_explained(text: str, where: str, reason: str) -> None:
    with pytest.raises(SyntaxError):
        Store().query(text, prefixes=PREFIXES)
    assert explained(text) == (where, reason)


@pytest.mark.parametrize("space", ["\xa0", "\u3000", "\u200b", "\f"])
def test_a_space_that_is_none_is_told_by_its_number(space: str) -> None:
    text = f"ASK {{ ?s{space}?p ?o }}"
    misfit = find_misfit(text)
    assert misfit is not None
    assert (misfit.at, misfit.word) == (8, space)
    told = explain_misfit(text, misfit)
    shown = f"U+{ord(space):04X} is not allowed here"
    assert told.startswith(f"{shown}: it is invisible, and not a space")


def test_a_long_word_is_cut() -> None:
    text = "ASK { ?s ?p ?o FILTER(?o " + "x" * 10_000
    misfit = find_misfit(text)
    assert misfit is not None
    assert explain_misfit(text, misfit).startswith(f"{'x' * 40}… is not allowed here: expected )")


QUERIES = [*named_queries(), *federated_queries()]


def gaps(text: str) -> list[int]:
    """Some of the places between two words."""
    spans = [found.span() for found in TOKEN_RE.finditer(text) if found[0][0] != "#"]
    places = [start for (_, stop), (start, _) in pairwise(spans) if not text[stop:start].strip(" ")]
    return places[:: max(1, len(places) // 3)]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_sign_that_fits_nowhere_is_found_wherever_it_stands(query: NamedQuery) -> None:
    for at in gaps(query.text):
        misfit = find_misfit(f"{query.text[:at]} § {query.text[at:]}", PREFIXES)
        assert misfit is not None
        assert (misfit.at, misfit.word) == (at + 1, "§")
        assert misfit.expected


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_that_is_cut_off_ends_too_early(query: NamedQuery) -> None:
    for at in gaps(query.text):
        text = query.text[:at].rstrip()
        misfit = find_misfit(text, PREFIXES)
        assert misfit is not None
        assert (misfit.at, misfit.word) == (len(text), "")


def test_no_query_is_asked_while_it_is_read() -> None:
    """A SERVICE at an address where nothing listens would be an error, and not one of syntax."""
    misfit = find_misfit("ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } } ?")
    assert misfit is not None
    assert misfit.word == "?"


@pytest.mark.parametrize("negation", ["!(", "! STR (", "!(1 = 1 && "])
def test_negations_that_are_nested_deep_are_not_read_to_their_middle(negation: str) -> None:
    for depth, found in ((8, True), (60, False)):
        text = f"ASK {{ FILTER({negation * depth}1{')' * depth}) }} x"
        assert (find_misfit(text) is not None) == found


@pytest.mark.parametrize("budget_s", [-1.0, 0.0])
def test_what_takes_too_long_is_not_found(budget_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfocr_rdf.diagnosis.misfit.BUDGET_S", budget_s)
    assert find_misfit("ASK { ?s ?p ?o FILTER(?o ~ 3) }") is None
