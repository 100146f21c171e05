"""A query as the backend gets it: the graphs taken out, nothing hidden, nothing called."""

from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from asking import CASES, NAMES
from pfocr_rdf.errors import ServeError
from pfocr_rdf.iris import XSD, Iris
from pfocr_rdf.queries import bind, federated_queries, load_query
from pfocr_rdf.web.backend.settings import Dataset, Graphs, read_backend
from pfocr_rdf.web.backend.source import word_lookup
from pfocr_rdf.web.backend.wording import Wording, reword
from pfocr_rdf.web.problems import Refusal

GRAPHS: Final = Graphs(("urn:data",), ("urn:e", "urn:m"), "urn:nobody")
PREFIXES: Final = {"xsd": XSD}


def text_of(query: str) -> str:
    return " ".join(reword(query, GRAPHS, {}).text.split())


@pytest.mark.parametrize(
    ("query", "text", "dataset"),
    [
        ("ASK {}", "ASK {}", Dataset(("urn:data",), ("urn:e", "urn:m"))),
        ("ASK FROM <urn:e> {}", "ASK {}", Dataset(("urn:e",), ("urn:nobody",))),
        ("ASK FROM NAMED <urn:m> {}", "ASK {}", Dataset(("urn:nobody",), ("urn:m",))),
        (
            "PREFIX u: <urn:> SELECT * FROM u:e from <urn:secret> FROM NAMED u:m WHERE {}",
            "PREFIX u: <urn:> SELECT * WHERE {}",
            Dataset(("urn:e",), ("urn:m",)),
        ),
        (
            "BASE <http://a.example/> ASK FROM <x> {}",
            "BASE <http://a.example/> ASK {}",
            Dataset(("urn:nobody",), ("urn:nobody",)),
        ),
        (
            "ASK { GRAPH <urn:e> { ?s ?p <urn:x> } GRAPH <urn:x> {} graph ?g {} }",
            "ASK { GRAPH <urn:e> { ?s ?p <urn:x> } GRAPH <urn:nobody> {} graph ?g {} }",
            Dataset(("urn:data",), ("urn:e", "urn:m", "urn:nobody")),
        ),
        (
            "ASK FROM NAMED <urn:m> { GRAPH <urn:e> {} }",
            "ASK { GRAPH <urn:nobody> {} }",
            Dataset(("urn:nobody",), ("urn:m", "urn:nobody")),
        ),
    ],
)
def test_what_a_query_says_of_graphs_goes_with_the_request(
    query: str, text: str, dataset: Dataset
) -> None:
    found = reword(query, GRAPHS, {})
    assert (" ".join(found.text.split()), found.dataset) == (text, dataset)


def test_an_iri_that_cannot_be_made_absolute_is_a_mistake_of_the_query() -> None:
    with pytest.raises(Refusal, match="cannot be made absolute"):
        reword("SELECT * { ?s ?p <//ex℀.org/> }", GRAPHS, {}, "http://a/")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            r'ASK { ?s ?p "\u0022 . SERVICE <urn:c> {} #" }',
            r'ASK { ?s ?p "\" . SERVICE <urn:c> {} #" }',
        ),
        (r"ASK { ?s ?p '\U00000027 \\u0027 \u005C' }", r"ASK { ?s ?p '\' \\u0027 \\' }"),
        (r'ASK { ?s ?p """\u000A\u0041""" }', r'ASK { ?s ?p """\nA""" }'),
        (r"ASK { GRAPH <urn:\u0065> {} }", "ASK { GRAPH <urn:e> {} }"),
        (
            r'ASK { VALUES ?x { "\u0022 } . FILTER(<bif:exec>(1)) . SERVICE <urn:c> {} #" } }',
            r'ASK { VALUES ?x { "\" } . FILTER(<bif:exec>(1)) . SERVICE <urn:c> {} #" } }',
        ),
        (
            r"ASK { VALUES (?x) { (<urn:\u0065> '\u0027' 'a') } }",
            r"ASK { VALUES (?x) { (<urn:e> '\'' 'a') } }",
        ),
        (
            r"ASK { FILTER(?a IN ('\u0027', <urn:\u0065>, '\u0027')) }",
            r"ASK { FILTER(?a IN ('\'', <urn:e>, '\'')) }",
        ),
        (r"ASK { FILTER(CONCAT('\u0027', 'a', ?b)) }", r"ASK { FILTER(CONCAT('\'', 'a', ?b)) }"),
        (
            r"""PREFIX e: <urn:e> ASK { VALUES ?x { e:a\' "'#" e:b\#c } }""",
            r"""PREFIX e: <urn:e> ASK { VALUES ?x { e:a\' "'#" e:b\#c } }""",
        ),
    ],
)
def test_numbered_characters_are_written_as_themselves(query: str, text: str) -> None:
    assert text_of(query) == text


@pytest.mark.parametrize(
    "query",
    [
        r"ASK { ?s <urn:\u003E> ?o }",
        r"ASK { VALUES ?x { <urn:\u003E> } }",
        r"ASK { FILTER(?a IN (1, <urn:\u003E>, 2)) }",
    ],
)
def test_a_numbered_character_that_ends_an_iri_is_refused(query: str) -> None:
    with pytest.raises(Refusal, match="an IRI cannot contain the character '>'"):
        text_of(query)


def test_the_graphs_of_the_request_go_before_those_of_the_query() -> None:
    found = reword("ASK FROM <urn:e> {}", GRAPHS, {}, None, ([], ["urn:m", "urn:x"]))
    assert found.dataset == Dataset(("urn:nobody",), ("urn:m",))


def test_an_engine_that_holds_nothing_else_is_asked_as_it_is() -> None:
    own = Graphs((), ("urn:e",), "urn:nobody")
    assert reword("ASK { GRAPH <urn:x> {} }", own, {}).dataset == Dataset()
    assert reword("ASK FROM <urn:e> {}", own, {}).dataset == Dataset(("urn:e",), ("urn:nobody",))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("ASK { ?s ?p 'a#b' } # SERVICE <x>", "ASK { ?s ?p 'a#b' }"),
        ("ASK#\r{ ?s ?p ?o#\n}", "ASK { ?s ?p ?o }"),
        ("ASK { FILTER(?a<?b&&?c>?d) }", "ASK { FILTER(?a < ?b&&?c>?d) }"),
        (
            "ASK { VALUES (?a ?b) { ('#' <urn:#a>) # no\n (1 UNDEF) } }",
            "ASK { VALUES (?a ?b) { ('#' <urn:#a>) (1 UNDEF) } }",
        ),
        ("ASK { FILTER(?a IN (<urn:a>, <urn:b>)) }", "ASK { FILTER(?a IN (<urn:a>, <urn:b>)) }"),
        ("ASK { ?s <a>/<b>*|^<c> ?o }", "ASK { ?s <a>/<b>*|^<c> ?o }"),
        ("ASK { ?s ?p '''it's \"FROM\" # here''' }", "ASK { ?s ?p '''it's \"FROM\" # here''' }"),
    ],
)
def test_comments_go_and_the_rest_stays_as_it_was_read(query: str, text: str) -> None:
    assert text_of(query) == text


def test_prefixes_that_need_no_declaration_are_declared_in_the_first_line() -> None:
    found = reword("SELECT *\n{ ?s a xsd:x }", GRAPHS, PREFIXES, "http://base.example/")
    assert found.text.split("\n") == [
        f"BASE <http://base.example/> PREFIX xsd: <{XSD}> SELECT *",
        "{ ?s a xsd:x }",
    ]
    own = reword("PREFIX xsd: <urn:x> BASE <urn:y> ASK {}", GRAPHS, PREFIXES, "http://b.example/")
    assert own.text == "PREFIX xsd: <urn:x> BASE <urn:y> ASK {}"


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX bif: <bif:> ASK { FILTER(bif:exec('x')) }",
        "SELECT (<bif:exec>('x') AS ?x) {}",
        "SELECT (<http://any.example/procedure> ('x') AS ?x) {}",
        "PREFIX b: <b> SELECT (b:if:exec('x') AS ?x) {}",
        "PREFIX p: <http://p.example/> ASK { ?s ?o ?p } ORDER BY p:f(?s)",
        "ASK { ?s <bif:contains> 'x' }",
        "PREFIX s: <sql:> ASK { ?s s:x 'x' }",
        "ASK { FILTERb:c(?x) }",
        "SELECT (SUM(?x) AS ?y) (<urn:aggregate>(?x) AS ?z) {}",
        "ASK { FILTER(?a = <urn:f> # (\n (?x)) }",
    ],
)
def test_nothing_that_only_the_engine_has_is_called(query: str) -> None:
    with pytest.raises(Refusal) as refused:
        reword(query, GRAPHS, {})
    assert refused.value.kind == "evaluation"


def test_casts_are_called() -> None:
    query = f"SELECT (xsd:integer('1') AS ?a) (<{XSD}date>(?b) AS ?c) {{}}"
    assert reword(query, GRAPHS, PREFIXES).text.endswith(query)


def data() -> Store:
    store = Store()
    for number in range(20):
        node = NamedNode(f"urn:{number}")
        store.add(Quad(node, NamedNode("urn:p"), Literal(number)))
    return store


@pytest.mark.parametrize("name", NAMES)
def test_a_named_query_means_the_same_before_and_after(name: str) -> None:
    query, prefixes = bind(load_query(name), CASES.get(name, {}), Iris()), Iris().prefixes()
    store = data()
    after = store.query(reword(query, GRAPHS, prefixes, Iris().base).text)
    before = store.query(query, prefixes=prefixes, base_iri=Iris().base)
    assert type(before) is type(after)
    if isinstance(before, QuerySolutions) and isinstance(after, QuerySolutions):
        assert before.variables == after.variables


@pytest.mark.parametrize("name", [query.name for query in federated_queries()])
def test_what_is_left_of_a_federated_query_can_be_read(name: str) -> None:
    found = reword(load_query(name).text, GRAPHS, Iris().prefixes())
    assert "\n#" not in found.text


@pytest.mark.parametrize(
    ("address", "endpoint", "authorization"),
    [
        ("http://[::1]:8890/sparql?a=b", "http://[::1]:8890/sparql?a=b", None),
        ("https://ada@x.example/", "https://x.example/", "Basic YWRhOg=="),
        ("https://a%40b:c%3Ad@x.example/", "https://x.example/", "Basic YUBiOmM6ZA=="),
    ],
)
def test_user_and_password_are_taken_out_of_the_address(
    address: str, endpoint: str, authorization: str | None
) -> None:
    backend = read_backend(address)
    assert (backend.endpoint, backend.authorization) == (endpoint, authorization)
    assert "Basic" not in repr(backend)
    assert "?" not in backend.shown


@pytest.mark.parametrize(
    "address", ["", "x", "ftp://x/", "http://:80/", "http://x:y/", "http://x/#a", "http://x..y/"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ServeError, match="--backend is not an address"):
        read_backend(address)


def test_a_lookup_is_of_one_pattern_in_the_graphs_of_the_release() -> None:
    gene, text = {"type": "uri", "value": "urn:gene"}, {"type": "literal", "value": '" } # \\'}
    pattern = {"s": None, "p": gene, "o": text, "g": {"type": "default"}, "first": False}
    assert word_lookup(pattern, GRAPHS) == Wording(
        'SELECT * { ?s <urn:gene> "\\" } # \\\\" } LIMIT 1000', GRAPHS.dataset
    )
    assert word_lookup({**pattern, "first": True}, GRAPHS).text.endswith(" } LIMIT 1")
    named = word_lookup({**pattern, "g": {"type": "uri", "value": "urn:e"}}, GRAPHS)
    assert named.dataset == Dataset(("urn:data",), ("urn:e",))


ANY: Final = {"s": None, "p": None, "o": None, "g": None, "first": True}


@pytest.mark.parametrize(
    "pattern",
    [
        "SELECT * { ?s ?p ?o }",
        {place: None for place in "spo"} | {"first": True},
        {place: None for place in "spog"},
        ANY | {"s": "?s ?p ?o }"},
        ANY | {"s": {"type": "uri", "value": "urn:a> ?p ?o"}},
        ANY | {"g": {"type": "uri", "value": "urn:other"}},
        ANY | {"g": {"type": "literal", "value": "urn:e"}},
        ANY | {"g": {"type": "bnode", "value": "g"}},
    ],
    ids=str,
)
def test_a_lookup_of_anything_else_is_refused(pattern: object) -> None:
    with pytest.raises(Refusal, match="a query process asked for"):
        word_lookup(pattern, GRAPHS)
