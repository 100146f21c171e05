"""What a query demands of its things is read off its text: all of it, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.diagnosis.demands import Demand, demands

PREFIXES = {"x": "urn:"}


def read(text: str) -> dict[str, str]:
    """Each thing with the names of what is demanded of it, those of classes in capitals."""
    found = dict[str, str]()
    for thing, demanded in demands(text, PREFIXES):
        found[thing] = " ".join([found[thing]] if thing in found else [])
        found[thing] = " ".join(filter(None, [found[thing], *map(name, demanded)]))
    return {thing: names for thing, names in found.items() if names}


def name(demand: Demand) -> str:
    found = demand.term.value.removeprefix("urn:")
    if demand.leads:
        return ""
    assert found.isupper() == demand.is_class
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("?a x:p ?b ; x:q 1, 2.5 ; a x:C, x:D .", {"?a": "p q C D"}),
        ("?a x:p ?b . ?b x:q 'x:r'@en . ?a x:s '1'^^x:t", {"?a": "p s", "?b": "q"}),
        ("$a x:p true ; x:q false . ?a a x:C", {"?a": "p q C"}),
        ("x:i x:p ?a . <urn:i> x:q ?a", {"<urn:i>": "p q"}),
        ("?a ?p ?b ; ?q x:r ; x:s ?c", {"?a": "s"}),
        # Of a path the first step, if it must be taken.
        ("?a x:p/x:q ?b ; x:r+ ?c ; x:s+/x:t ?d", {"?a": "p r s"}),
        ("?a x:p|x:q ?b ; x:r* ?c ; x:s? ?d ; ^x:t ?e ; !x:u ?f", {}),
        ("?a x:p*/x:q ?b ; x:r?/x:s ?c ; x:t ?d", {"?a": "t"}),
        ("?a x:p/x:q|x:r ?b ; x:p/(x:q)|x:r ?c ; x:s/(x:p|x:q)*/x:r? ?d", {"?a": "s"}),
        ("?a (x:p|x:q)/x:r ?b ; x:s/(x:t*) ?c ; (x:u) ?d ; x:v ?e", {"?a": "s v"}),
        ("?a a/x:p* x:C ; a|x:q x:D ; a x:E", {"?a": "E"}),
        # Brackets and lists.
        ("[] a x:C ; x:p ?b . ?b x:q ?c", {"[]": "C p", "?b": "q"}),
        ("[ x:p ?a ; a x:C ] x:q ?b . ?b x:r [ x:s ?c ]", {"[]": "p C q s", "?b": "r"}),
        ("?a x:p [ x:q [ a x:C ] ; x:r 1 ] , ?b ; x:s ?c .", {"?a": "p s", "[]": "q r C"}),
        ("?a x:p [] ; x:q ?b", {"?a": "p q"}),
        ("?a x:p (1 ?b) ; x:q ?c . (1 2) x:r ?d . ?d x:s ?e", {"?a": "p q", "?d": "s"}),
        ("?a x:p* [ x:q ?b ] ; x:r ?c", {"[]": "q", "?a": "r"}),
        (
            "(1 2) x:p ?b ; x:q ?c . () x:p ?b ; x:q ?c . ?a x:p true . (1) x:r 2 ; x:s 3",
            {"?a": "p"},
        ),
        # A dot after a word or a label; a language; what only looks like a subject.
        (
            "?a x:p true. ?b x:q _:c. ?c x:r 'a'@en. ?d x:s _:c.d ; x:t 1",
            {
                "?a": "p",
                "?b": "q",
                "?c": "r",
                "?d": "s t",
            },
        ),
        ("?a x:p 'b'@en ; x:q 'c'@en-GB, 1 ; x:r 2 . 'd'@en x:p ?b ; x:q 1", {"?a": "p q r"}),
        ("true x:p ?b ; x:q ?c . 5 x:p ?b ; x:q ?c . ?a x:r false", {"?a": "r"}),
        # Filters and values say nothing.
        ("FILTER x:f(?b) ?a x:p ?b ; x:q ?c . ?a x:r ?d", {"?a": "r"}),
        ("?a x:p ?b FILTER(?b > 1 && (?b < x:q || ?a = x:r)) ?a x:s ?c", {"?a": "p s"}),
        ("?a x:p ?b . FILTER regex(?b, 'x:q . ?a x:r ?c', 'i') . ?a x:s ?c", {"?a": "p s"}),
        ("?a x:p ?b BIND(x:f(?b) AS ?c) ?a x:q ?c # ?a x:r ?d\n", {"?a": "p q"}),
        ("VALUES ?a { x:i x:j } ?a x:p ?b VALUES (?c ?d) { (x:k 1) (UNDEF x:l) }", {"?a": "p"}),
        # What an answer may do without.
        ("?a x:p ?b OPTIONAL { ?a x:q ?c { ?a x:r ?d } } ?a x:s ?e", {"?a": "p s"}),
        ("{ ?a x:p ?b } UNION { ?a x:q ?b } UNION { ?a x:r ?b } ?a x:s ?b", {"?a": "s"}),
        ("{ ?a x:p ?b } { { ?a x:q ?b } { ?a x:r ?b } } UNION { ?a x:s ?b }", {"?a": "p"}),
        ("?a x:p ?b MINUS { ?a x:q ?b } FILTER NOT EXISTS { ?a x:r ?c }", {"?a": "p"}),
        ("?a x:p ?b FILTER(?b = 1 || EXISTS { ?a x:q ?c }) { ?a x:r ?d }", {"?a": "p r"}),
        # Each group for itself: in a query within, a variable may be another one.
        ("?a x:p ?b { SELECT ?a WHERE { ?a x:q ?c } LIMIT 5 }", {"?a": "p q"}),
        ("{ SELECT (COUNT(?c) AS ?n) { ?a x:q ?c } } ?a x:p ?b . { ?a x:r ?b }", {"?a": "p r"}),
        ("{ SELECT ?a { ?a x:q ?c } GROUP BY ?a x:f(?c) HAVING x:f(?a) x:g(?a) }", {"?a": "q"}),
        ("{ SELECT ?a { ?a x:q ?c } ORDER BY DESC(?c) ?a x:f(?a) } ?a x:p ?b", {"?a": "p q"}),
        # Triples that are spoken of, which need not be there.
        ("<< ?a x:p ?b >> x:q ?c ; x:r ?d", {}),
        ("?a x:p <<( ?b x:q ?c )>> ; x:r ?d", {}),
        ("?a x:p ?b {| x:q ?c ; x:r ?d |} ; x:s ?e", {}),
        # A thing without a name is no word, and may be the last there is.
        ("?a x:p ?b ; x:q []", {"?a": "p q"}),
        ("?a x:p [] { ?b x:q [] }", {"?a": "p", "?b": "q"}),
        ("?a x:p/x:q [] OPTIONAL { ?a x:r [] }", {"?a": "p"}),
        # Other triples than the release's own.
        ("?a x:p ?b GRAPH x:g { ?a x:q ?b }", {}),
        ("?a x:p ?b SERVICE x:s { ?a x:q ?b }", {}),
    ],
)
def test_what_must_be_there_is_found_and_nothing_else(
    pattern: str, expected: dict[str, str]
) -> None:
    for text in (f"SELECT * {{ {pattern} }} ORDER BY ?a LIMIT 5", f"ASK {{{pattern}}}"):
        assert read(text) == expected, text


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("?a x:p ?b ; x:q ?b, ?c . ?c x:r [] .", {"?b": "p q", "[]": "r"}),
        ("?a x:p [ x:q ?b ] , ?c", {"[]": "p", "?b": "q"}),
        ("[] x:p [] . [ x:q ?b ] x:r ?c .", {"[]": "p", "?b": "q", "?c": "r"}),
        ("?a x:p/x:q ?b ; ^x:p ?c ; x:p* ?d ; x:p|x:q ?e ; x:p+ ?f ; !x:p ?g ; (x:p) ?h", {}),
        ("?a x:p x:b ; x:q 'text' ; a ?c ; ?d ?e", {}),
        ("?a x:p ?b OPTIONAL { ?a x:q ?c } { ?a x:r ?d } UNION { ?a x:s ?e }", {"?b": "p"}),
        ("?a x:p ?b FILTER(?b = ?c) ?d x:q ?e", {"?b": "p", "?e": "q"}),
    ],
)
def test_what_a_property_leads_to_is_found(pattern: str, expected: dict[str, str]) -> None:
    found = dict[str, str]()
    for thing, demanded in demands(f"SELECT * {{ {pattern} }}", PREFIXES):
        for one in demanded:
            if one.leads:
                led = one.term.value.removeprefix("urn:")
                found[thing] = f"{found[thing]} {led}" if thing in found else led
    assert found == expected


def test_what_construct_makes_is_not_demanded() -> None:
    assert read("CONSTRUCT { ?a x:p ?b } WHERE { ?a x:q ?b }") == {"?a": "q"}
    assert read("ASK FROM x:g { ?a x:q ?b }") == {}


def test_a_prefix_of_a_relative_iri_demands_nothing() -> None:
    for space in ("#", "b/", "", "http://x:"):
        text = f"PREFIX : <{space}> ASK {{ ?a :p ?b ; a :C ; x:q :d . :e x:q ?b }}"
        assert read(text) in ({"?a": "q"}, {"?a": "q", "<http://x:e>": "q"}), space


@given(st.text(alphabet="{}[]().;,/|^*+? ax:pq'?\"\n#UNIONSELECT", max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    demands(text, PREFIXES)
