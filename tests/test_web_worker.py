"""A query process answers in every format what pyoxigraph answers, or says why not."""

import csv
import io
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from asking import seed_store
from pfocr_rdf.contents import open_store
from pfocr_rdf.iris import RDF, Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.results import RESULT_FORMATS
from pfocr_rdf.web import worker
from pfocr_rdf.web.absences import QUERY_S, told_absent
from pfocr_rdf.web.problems import PROBLEMS
from pfocr_rdf.web.worker import FATAL_DOORS, RDF_FORMATS, Prefixes, serve_queries
from workers import ENCODING_TO_DECODER, PREFIXES, answered, engine, gathered

A: Final = NamedNode("http://a.example/a")
G: Final = NamedNode("http://g.example/1")
H: Final = NamedNode("http://g.example/2")
SELECT: Final = "SELECT ?s ?o { ?s a schema:Gene ; schema:name ?o } ORDER BY ?o LIMIT 20"
GRAPH: Final = "CONSTRUCT { ?s schema:name ?n } WHERE { ?s a schema:Taxon ; schema:name ?n }"


def refusal(text: str, store: Store | None = None, **options: object) -> dict[str, object]:
    answer = answered(Store() if store is None else store, text, **options)
    assert answer.kinds == "X"
    assert answer.refusal["kind"] in PROBLEMS
    return answer.refusal


def store_of(*quads: Quad) -> Store:
    store = Store()
    store.extend(quads)
    return store


def small_store() -> Store:
    """A triple in the default graph and one in each of two named graphs."""
    graphs: list[DefaultGraph | NamedNode] = [DefaultGraph(), G, H]
    return store_of(*(Quad(A, A, Literal(str(n)), graph) for n, graph in enumerate(graphs)))


# --- formats ---


@pytest.mark.parametrize("form", ["json", "xml", "tsv"])
def test_solutions_parse_to_the_rows_that_the_store_gives(form: str) -> None:
    store = seed_store()
    expected = store.query(SELECT, prefixes=PREFIXES)
    assert isinstance(expected, QuerySolutions)
    answer = answered(store, SELECT, solutions=form)
    found = parse_query_results(answer.text, RESULT_FORMATS[form])
    assert isinstance(found, QuerySolutions)
    rows = [tuple(row) for row in found]
    assert rows == [tuple(row) for row in expected]
    assert len(rows) == 20
    assert answer.head == {"kind": "solutions", "format": form, "encoding": "identity"}
    assert answer.end == {"rows": 20, "bytes": len(answer.data)}


def test_solutions_are_written_as_csv() -> None:
    answer = answered(seed_store(), SELECT, solutions="csv")
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 20
    assert answer.end["rows"] == 20


def test_a_boolean_is_written_as_json_and_xml() -> None:
    answer = answered(seed_store(), "ASK { ?s a schema:Gene }")
    assert json.loads(answer.text) == {"head": {}, "boolean": True}
    assert answer.head["kind"] == "boolean"
    assert answer.end["rows"] == 0
    xml = answered(seed_store(), "ASK { ?s a schema:Nothing }", boolean="xml")
    assert "false" in [element.text for element in ElementTree.fromstring(xml.text)]


@pytest.mark.parametrize("form", RDF_FORMATS)
def test_graphs_parse_to_the_triples_that_the_store_gives(form: str) -> None:
    for text in (GRAPH, "DESCRIBE gene:1956"):
        found = seed_store().query(text, prefixes=PREFIXES)
        assert isinstance(found, QueryTriples)
        expected = set(found)
        answer = answered(seed_store(), text, graph=form)
        assert {quad.triple for quad in parse(answer.text, RDF_FORMATS[form])} == expected
        assert answer.head == {"kind": "graph", "format": form, "encoding": "identity"}
        assert answer.end == {"rows": len(expected), "bytes": len(answer.data)}


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_one_row_is_told_from_none_in_every_format(form: str) -> None:
    for text, rows in (("SELECT ?x {}", 1), ("SELECT ?x { VALUES ?x {} }", 0)):
        assert answered(Store(), text, solutions=form, max_rows=1).end["rows"] == rows
        assert answered(Store(), text, solutions=form, max_rows=0).kinds == ("HDE", "X")[rows]


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_where_nothing_is_found_what_the_release_lacks_is_told(
    form: str, seeds_release: Release
) -> None:
    store = open_store(seeds_release)
    missing = ["http://schema.org/mention", "", "http://schema.org/mentions", ""]
    options = {"solutions": form, "boolean": "json", "graph": "turtle"}
    for text in (
        "SELECT * { ?f schema:mention ?gene }",
        "ASK { ?f schema:mention ?gene }",
        "CONSTRUCT WHERE { ?f schema:mention ?gene }",
    ):
        assert answered(store, text, **options).end["absent"] == [missing], text
    # Not where something is found.
    for text in ("ASK { ?f schema:mentions ?gene }", "SELECT ?f { OPTIONAL { ?f schema:no ?x } }"):
        assert "absent" not in answered(store, text, **options).end, text


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?f FROM <urn:own> # FROM <urn:no>\n{ ?f a schema:Gene }",
        "ASK { ?f a schema:Gene }",
        "CONSTRUCT { ?f a <urn:x> } FROM NAMED <urn:own> WHERE { ?f a schema:Gene }",
        "CONSTRUCT WHERE { ?f a schema:Gene }",
    ],
)
def test_where_nothing_is_found_in_the_graphs_of_a_request_these_are_told(
    text: str, seeds_release: Release
) -> None:
    store = open_store(seeds_release)
    options: dict[str, Any] = {"solutions": "json", "boolean": "json", "graph": "turtle"}
    gene = ["http://schema.org/Gene", *[""] * 5, "DEFAULT"]
    equivalents = Iris().equivalents.value
    for default, named, absent in (
        (["urn:g"], None, [["urn:g", "GRAPH"]]),
        (["urn:g"], ["urn:n"], [["urn:g", "GRAPH"], ["urn:n", "GRAPH"]]),
        ([equivalents], None, [gene]),
        (None, [equivalents], [gene]),  # then the default graph is empty
    ):
        asked = answered(store, text, default_graphs=default, named_graphs=named, **options)
        assert [one for one in asked.end["absent"] if one[1] or one[-1]] == absent, (default, named)


def test_of_many_iris_that_the_release_lacks_a_few_are_told(seeds_release: Release) -> None:
    store = open_store(seeds_release)
    iris = " ".join(f"<urn:{'x' * length}>" for length in range(1, 400))
    answer = answered(store, f"SELECT * {{ VALUES ?x {{ {iris} }} ?x a schema:Gene }}")
    assert [iri for iri, *_ in answer.end["absent"]] == [f"urn:{'x' * n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("count", "left_s", "cut"), [(36_000, 60.0, False), (3_000, 0.2, True), (1, -1.0, True)]
)
def test_an_answer_without_rows_does_not_wait_long_for_why_that_is_so(
    count: int, left_s: float, cut: bool, seeds_release: Release
) -> None:
    store = open_store(seeds_release)
    genes = " ".join(f"gene:{number}" for number in range(1_000_000, 1_000_000 + count))
    text = f"SELECT * {{ VALUES ?g {{ {genes} }} ?g pfocr:tier ?t }}"
    end = answered(store, text, deadline=time.monotonic() + left_s).end
    assert (end["rows"], end["absent"], end["cut"]) == (0, [], cut)


def test_what_is_found_in_time_is_told_though_there_is_more(seeds_release: Release) -> None:
    class Slow:
        def quads_for_pattern(self, *pattern: Any) -> Iterator[Quad]:
            time.sleep(0.02)
            return store.quads_for_pattern(*pattern)

    store = open_store(seeds_release)
    text = "ASK { ?s <urn:a> <urn:b>, <urn:c>, <urn:d> }"
    before = time.monotonic()
    told, is_whole = told_absent(text, Slow(), Iris(), before + 0.8)
    assert time.monotonic() < before + 0.8
    assert told[0][0] == "urn:a"
    assert 0 < len(told) < 4
    assert not is_whole


def test_texts_are_looked_through_only_if_there_is_time(seeds_release: Release) -> None:
    store = open_store(seeds_release)
    text = 'SELECT * { ?s schema:name ?n FILTER(CONTAINS(?n, "mapk")) }'
    in_time = told_absent(text, store, Iris(), time.monotonic() + 60)
    assert ([of for _, of, *_ in in_time.told], in_time.is_whole) == (["TEXT"], True)
    late = told_absent(text, store, Iris(), time.monotonic() + 2 * QUERY_S)
    assert (late.told, late.is_whole) == ([], False)


def test_turtle_has_the_prefixes_of_the_data() -> None:
    text = answered(seed_store(), GRAPH, graph="turtle").text
    assert 'taxon:9606 schema:name "Homo sapiens" .' in text


def test_a_description_of_what_is_unknown_is_an_empty_graph() -> None:
    answer = answered(Store(), "DESCRIBE <http://nobody.example/>")
    assert (answer.text, answer.end["rows"], answer.end["bytes"]) == ("", 0, 0)


@pytest.mark.parametrize("encoding", ENCODING_TO_DECODER)
def test_an_answer_is_the_same_in_every_encoding(encoding: str) -> None:
    text = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 500"
    plain = answered(seed_store(), text)
    answer = answered(seed_store(), text, encoding=encoding)
    assert answer.head["encoding"] == encoding
    assert answer.text == plain.text
    assert answer.end == plain.end
    assert "D" * 2 in plain.kinds


def test_a_small_answer_says_that_it_is_not_compressed() -> None:
    answer = answered(seed_store(), "ASK {}", encoding="gzip")
    assert answer.head["encoding"] == "identity"
    assert json.loads(answer.data)["boolean"] is True


# --- XML ---

TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=8)
DATATYPES: Final = ("http://a.example/?a&b'c", "urn:x", f"{RDF}XMLLiteral", f"{RDF}HTML")
LITERALS: Final = st.one_of(
    st.builds(Literal, TEXTS, language=st.sampled_from((None, "en", "zh-hans-cn"))),
    st.builds(Literal, TEXTS, datatype=st.sampled_from(DATATYPES).map(NamedNode)),
)


@given(LITERALS)
@example(Literal("\r"))
@example(Literal(" a\r\n\tb "))
@example(Literal("a\rb", language="en"))
@example(Literal("]]>&amp;<x/>"))
@example(Literal("\x7f\x85\u2028\ufffd"))
@example(Literal("x", datatype=NamedNode("http://a.example/?a&b'c")))
def test_a_literal_survives_an_xml_parser_or_is_refused(literal: Literal) -> None:
    store = store_of(Quad(A, A, literal))
    [stored] = [quad.object for quad in store]
    assert isinstance(stored, Literal)
    results = answered(store, "SELECT ?o { ?s ?p ?o }", solutions="xml")
    graph = answered(store, "CONSTRUCT WHERE { ?s ?p ?o }", graph="rdfxml")
    if any(c in "\ufffe\uffff" or (c < " " and c not in "\t\n\r") for c in literal.value):
        for answer, other in ((results, "JSON"), (graph, "Turtle")):
            assert answer.kinds == "X"
            assert answer.refusal["kind"] == "not-xml"
            assert str(answer.refusal["detail"]).endswith(f"ask for {other}")
        return
    [element] = ElementTree.fromstring(results.text).findall(".//{*}literal")
    language = element.get("{http://www.w3.org/XML/1998/namespace}lang")
    assert (element.text or "", language) == (stored.value, stored.language)
    [described] = ElementTree.fromstring(graph.text)
    assert (described[0].text or "") == stored.value
    found = parse_query_results(results.text, QueryResultsFormat.XML)
    assert isinstance(found, QuerySolutions)
    assert [row["o"] for row in found] == [stored]
    assert [q.object for q in parse(graph.text, RdfFormat.RDF_XML)] == [stored]


def test_a_property_that_has_no_xml_name_is_refused_by_its_iri() -> None:
    store = store_of(Quad(A, NamedNode("http://a.example/1"), A))
    found = refusal("CONSTRUCT WHERE { ?s ?p ?o }", store, graph="rdfxml")
    assert found == {
        "kind": "not-xml",
        "detail": "RDF/XML has no name for the property <http://a.example/1>: ask for Turtle",
    }


def test_a_property_whose_name_rdf_xml_reserves_is_refused() -> None:
    found = refusal("CONSTRUCT { <a:a> rdf:li 1 } {}", graph="rdfxml")
    assert found["kind"] == "not-xml"


def test_what_json_ld_cannot_hold_is_not_acceptable_as_json_ld() -> None:
    found = refusal("CONSTRUCT { <a:a> <a:b> <<( <a:a> <a:b> 1 )>> } {}", graph="jsonld")
    assert found["kind"] == "not-acceptable"


# --- the dataset ---


@pytest.mark.parametrize(
    ("default", "named", "default_found", "named_found"),
    [
        (None, None, "0", "12"),
        ([str(G.value)], [], "1", ""),
        ([G.value, H.value], [], "12", ""),
        ([], [H.value], "", "2"),
        ([], [], "", ""),
        ([G.value], [H.value], "1", "2"),
        ([G.value], None, "1", ""),
        (None, [H.value], "", "2"),
        (["http://127.0.0.1:1/unknown"], ["http://127.0.0.1:1/unknown"], "", ""),
    ],
)
@pytest.mark.parametrize("clause", ["", "FROM <http://g.example/2>", "FROM NAMED <urn:x>"])
def test_the_dataset_of_the_request_replaces_that_of_the_query(
    default: list[str] | None,
    named: list[str] | None,
    default_found: str,
    named_found: str,
    clause: str,
) -> None:
    if default is None and named is None:
        default_found, named_found = {
            "": ("0", "12"),
            "FROM <http://g.example/2>": ("2", ""),
            "FROM NAMED <urn:x>": ("", ""),
        }[clause]
    for pattern, expected in (("?s ?p ?o", default_found), ("GRAPH ?g { ?s ?p ?o }", named_found)):
        text = f"SELECT ?o {clause} {{ {pattern} }} ORDER BY ?o"
        graphs = {"default_graphs": default, "named_graphs": named}
        answer = answered(small_store(), text, solutions="csv", **graphs)
        assert "".join(answer.text.split()[1:]) == expected


def test_a_relative_iri_is_one_of_the_base_that_is_given() -> None:
    text = "CONSTRUCT { <s> <p> 1 } {}"
    base = "http://a.example/sparql"
    assert "<http://a.example/s>" in answered(Store(), text, base=base).text
    assert refusal(text)["kind"] == "syntax"


def test_prefixes_of_the_data_need_not_be_declared_and_can_be_redefined() -> None:
    used = "ASK { FILTER(STRSTARTS(STR(taxon:9606), STR(obo:)) && STRENDS(STR(gene:), '/')) }"
    assert json.loads(answered(Store(), used).text)["boolean"] is True
    redefined = "PREFIX gene: <urn:g:> ASK { FILTER(STR(gene:1) = 'urn:g:1') }"
    assert json.loads(answered(Store(), redefined).text)["boolean"] is True
    assert Prefixes(PREFIXES).used_in("ASK {}") == {}
    assert answered(Store(), "SELECT * { ?s nobody:x ?o }").refusal["kind"] == "syntax"


# --- refusals ---


def test_a_syntax_error_says_where_and_shows_the_line() -> None:
    found = refusal("SELECT *\n{ ?s ?p }\n\n")
    detail = str(found.pop("detail"))
    assert detail.startswith("line 2, column 9: } is not allowed here: expected (")
    assert found == {
        "kind": "syntax",
        "line": 2,
        "column": 9,
        "excerpt": "{ ?s ?p }\n        ^",
    }


def test_a_prefix_that_nobody_declared_is_named_where_it_stands() -> None:
    found = refusal("SELECT *\n{ ?s a gene:, foo:bar }")
    assert found["detail"] == (
        "line 2, column 15: the prefix foo: is not declared: add PREFIX foo: <…> at the beginning"
    )


@pytest.mark.parametrize("text", ["", " \n ", "# nothing\n"])
def test_an_empty_query_is_a_syntax_error(text: str) -> None:
    assert refusal(text)["kind"] == "syntax"


@pytest.mark.parametrize(
    "text",
    ["INSERT DATA { <a:a> <a:b> 1 }", "prefix x: <a:>\nclear all", "DELETE WHERE { ?s ?p ?o }"],
)
def test_an_update_is_told_that_the_data_are_final(text: str) -> None:
    assert refusal(text)["kind"] == "read-only"


@pytest.mark.parametrize(
    ("text", "option", "query"),
    [
        (SELECT, "solutions", "a SELECT"),
        ("ASK {}", "boolean", "an ASK"),
        (GRAPH, "graph", "a CONSTRUCT"),
    ],
)
def test_a_kind_without_an_acceptable_format_is_not_acceptable(
    text: str, option: str, query: str
) -> None:
    found = refusal(text, **{option: None})
    assert found["kind"] == "not-acceptable"
    assert str(found["detail"]).startswith(query)
    assert found["available"]


def test_an_unknown_function_cannot_be_evaluated() -> None:
    assert refusal("SELECT (<urn:f>(1) AS ?x) {}") == {
        "kind": "evaluation",
        "detail": "the query cannot be evaluated: The custom function <urn:f> is not supported",
    }


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rows_are_limited_exactly_in_every_format(form: str) -> None:
    text = "SELECT * { VALUES ?x { 1 2 3 4 } }"
    assert answered(Store(), text, solutions=form, max_rows=4).end["rows"] == 4
    found = refusal(text, solutions=form, max_rows=3)
    assert (found["kind"], found["limit"], found["measure"]) == ("answer-too-large", 3, "rows")


@pytest.mark.parametrize("form", RDF_FORMATS)
def test_triples_are_limited_exactly_in_every_format(form: str) -> None:
    text = "CONSTRUCT { <a:a> <a:b> ?x } { VALUES ?x { 1 2 3 4 } }"
    assert answered(Store(), text, graph=form, max_rows=4).end["rows"] == 4
    found = refusal(text, graph=form, max_rows=3)
    assert (found["kind"], found["limit"], found["measure"]) == ("answer-too-large", 3, "rows")


def test_an_answer_over_the_limit_of_bytes_is_cut_by_a_refusal_after_its_data() -> None:
    text = "SELECT * { ?s ?p ?o }"
    answer = answered(seed_store(), text, max_bytes=200_000)
    assert answer.kinds.startswith("HD")
    assert answer.kinds.endswith("DX")
    assert answer.end == {}
    assert answer.refusal["kind"] == "answer-too-large"
    assert len(answer.data) <= 200_000


def test_an_answer_that_fails_late_is_cut_by_a_refusal_after_its_data() -> None:
    quads = [Quad(A, A, Literal("x" * 2_000 + str(n))) for n in range(200)]
    late = "SELECT ?o { { SELECT ?o { ?s ?p ?o } } UNION { BIND('\\u0001' AS ?o) } }"
    answer = answered(store_of(*quads), late, solutions="xml")
    assert answer.kinds.startswith("HD")
    assert answer.kinds.endswith("DX")
    assert answer.refusal["kind"] == "not-xml"


def test_a_store_file_that_cannot_be_read_is_a_failure_of_the_engine() -> None:
    class Broken:
        def query(self, *_: object, **__: object) -> None:
            raise OSError("IO error: While open a file for random read: 000029.sst")

    broken: Store = Broken()  # type: ignore[assignment]  # stands in for a damaged one
    found = refusal("SELECT * { ?s ?p 'a service' }", broken)
    assert found["kind"] == "engine-failure"


# --- real processes ---


def test_a_process_answers_one_query_after_another(seeds_release: Release) -> None:
    path = str(seeds_release.store)
    with engine() as server:
        process = server.start(path, count=True)
        assert process.ready["quads"] == len(Store.read_only(path))
        assert process.ready["open_doors"] == []
        assert process.ready["limited"] is True
        for _ in range(3):
            assert process.ask(SELECT).end["rows"] == 20
            assert process.ask("SELECT").refusal["kind"] == "syntax"
            assert process.ask("SELECT * { ?s ?p ?o }", max_rows=5).refusal["kind"]
            assert process.ask(GRAPH, graph="rdfxml").end["rows"] == 3


@pytest.mark.parametrize("door", sorted(FATAL_DOORS))
def test_a_process_that_could_still_call_or_read_others_takes_no_query(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This process stays as it is.
    monkeypatch.setattr(worker, "limit_memory", lambda _: True)
    monkeypatch.setattr(worker, "give_up_files_and_network", lambda: None)
    monkeypatch.setattr(worker, "open_doors", lambda: ["fork", door])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)
        serve_queries(theirs.fileno(), Store(), None, 512, PREFIXES)
        theirs.close()
        answer = gathered(b"".join(iter(lambda: ours.recv(1 << 16), b"")))
    assert answer.kinds == "X"
    assert answer.refusal == {
        "kind": "internal",
        "detail": f"a query process could not give up: fork, {door}",
    }


def test_a_process_waits_while_nobody_reads_and_ends_when_its_reader_goes(
    seeds_release: Release,
) -> None:
    with engine() as server:
        process = server.start(str(seeds_release.store))
        process.send("SELECT * { ?s ?p ?o . ?a ?b ?c }", max_rows=10**12, max_bytes=10**15)
        first = process.sock.recv(65_536)
        assert first[:1] == b"H"
        process.close()
        ended = server.end_of(process.pid)
        assert (ended.status, ended.said) == (0, "")
