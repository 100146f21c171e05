"""Every format of every form of answer, and errors in words that a user can act on."""

import csv
import io
import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)

from asking import seed_store
from pfocr_rdf.errors import QueryError, ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import bind, load_query
from pfocr_rdf.results import (
    BOOLEAN_FORMATS,
    FORMATS,
    GRAPH_FORMATS,
    RESULT_FORMATS,
    SOLUTION_FORMATS,
    default_format,
    gmt_lines,
    write_answer,
    write_query,
)

ROWS: Final = """SELECT ?figid ?genes WHERE {
  ?figure a pfocr:PathwayFigure ; schema:identifier ?figid .
  OPTIONAL { SELECT ?figure (COUNT(?gene) AS ?genes) WHERE {
    ?figure schema:mentions ?gene . ?gene a schema:Gene } GROUP BY ?figure }
} ORDER BY ?figid"""
#: Gene sets whose rows are not together.
TORN: Final = 'SELECT ?figid ?gene { VALUES (?figid ?gene) { ("A" "9") ("B" "8") ("A" "7") } }'
GRAPH: Final = "CONSTRUCT { ?s schema:name ?n } WHERE { ?s a schema:Taxon ; schema:name ?n }"
SERVICE: Final = "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"


def written(text: str, form: str | None = None, store: Store | None = None, width: int = 80) -> str:
    buffer = io.BytesIO()
    write_query(seed_store() if store is None else store, text, buffer, form, width=width)
    return buffer.getvalue().decode()


def refusal(text: str, form: str = "tsv", store: Store | None = None) -> str:
    with pytest.raises(QueryError) as caught:
        written(text, form, store)
    return str(caught.value)


def rows_of(solutions: object) -> list[tuple[object, ...]]:
    assert isinstance(solutions, QuerySolutions)
    return [tuple(row) for row in solutions]


@pytest.mark.parametrize("form", ["table", *RESULT_FORMATS])
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (TORN, 3),
        (TORN + " LIMIT 0", 0),
        ("SELECT * { }", 1),  # of no variables
        ("SELECT * { FILTER(false) }", 0),
        ("SELECT ?a ?figid { FILTER(false) }", 0),
        ("SELECT ?figid ?gene { OPTIONAL { ?gene a ?figid FILTER(false) } }", 1),  # without a value
    ],
)
def test_how_many_rows_there_were_is_known(text: str, rows: int, form: str) -> None:
    assert write_query(seed_store(), text, io.BytesIO(), form) == rows


@pytest.mark.parametrize("limit", [2, 0])
def test_how_many_gene_sets_there_were_is_known(limit: int) -> None:
    assert write_query(seed_store(), f"{TORN} LIMIT {limit}", io.BytesIO(), "gmt") == limit


@pytest.mark.parametrize("form", GRAPH_FORMATS)
def test_how_many_triples_there_were_is_known(form: str) -> None:
    for number in (0, 1):
        text = f"{GRAPH} LIMIT {number}"
        assert write_query(seed_store(), text, io.BytesIO(), form) == number


@pytest.mark.parametrize("form", BOOLEAN_FORMATS)
def test_whether_the_answer_is_yes_is_known(form: str) -> None:
    assert write_query(seed_store(), "ASK { ?s a schema:Gene }", io.BytesIO(), form)
    assert not write_query(seed_store(), "ASK { ?s a schema:Genes }", io.BytesIO(), form)


def test_solutions_are_written_as_json_xml_and_tsv_that_parse_to_the_same_rows() -> None:
    expected = rows_of(seed_store().query(ROWS, prefixes=Iris().prefixes()))
    assert len(expected) == 5
    for form, parser in (
        ("json", QueryResultsFormat.JSON),
        ("xml", QueryResultsFormat.XML),
        ("tsv", QueryResultsFormat.TSV),
    ):
        assert rows_of(parse_query_results(written(ROWS, form), parser)) == expected


def test_solutions_are_written_as_csv_that_a_spreadsheet_reads() -> None:
    rows = list(csv.DictReader(io.StringIO(written(ROWS, "csv"))))
    assert [row["genes"] for row in rows] == ["15", "", "19", "", "34"]


def test_a_boolean_is_written_in_every_format_that_it_has() -> None:
    found = {form: written("ASK { ?s a schema:Gene }", form) for form in BOOLEAN_FORMATS}
    assert found["table"] == "yes\n"
    assert json.loads(found["json"]) == {"head": {}, "boolean": True}
    assert found["csv"] == found["tsv"] == "true\n"
    assert "true" in [element.text for element in ElementTree.fromstring(found["xml"])]
    assert written("ASK { ?s a schema:Nothing }", "table") == "no\n"


def test_a_graph_is_written_in_formats_that_parse_to_the_same_triples() -> None:
    expected = {quad.triple for quad in parse(written(GRAPH, "ntriples"), RdfFormat.N_TRIPLES)}
    assert len(expected) == 3
    assert set(GRAPH_FORMATS) == {"turtle", "ntriples", "jsonld"}
    for form, parser in GRAPH_FORMATS.items():
        assert {quad.triple for quad in parse(written(GRAPH, form), parser)} == expected


def test_turtle_uses_the_prefixes_of_the_data() -> None:
    assert 'taxon:9606 schema:name "Homo sapiens" .' in written(GRAPH, "turtle")


def test_a_describe_query_is_answered_with_a_graph() -> None:
    assert '"EGFR"' in written("DESCRIBE gene:1956", "ntriples")


@pytest.mark.parametrize(
    ("text", "kind", "forms"),
    [
        (ROWS, "a SELECT", SOLUTION_FORMATS),
        ("ASK {}", "an ASK", BOOLEAN_FORMATS),
        (GRAPH, "a CONSTRUCT or DESCRIBE", tuple(GRAPH_FORMATS)),
    ],
)
def test_a_format_that_does_not_fit_is_refused_with_those_that_do(
    text: str, kind: str, forms: tuple[str, ...]
) -> None:
    choice = f"{', '.join(forms[:-1])} or {forms[-1]}"
    for form in {*FORMATS, "excel"} - set(forms):
        assert refusal(text, form) == f"{kind} query has no format {form!r}: choose {choice}"


def test_nothing_is_written_where_the_format_is_refused() -> None:
    buffer = io.BytesIO()
    with pytest.raises(QueryError):
        write_query(seed_store(), ROWS, buffer, "turtle")
    assert buffer.getvalue() == b""


def test_the_default_is_a_table_on_a_terminal_json_elsewhere_and_turtle_for_graphs() -> None:
    for text, on_terminal, elsewhere in (
        ("SELECT * {}", "table", "json"),
        ("ASK {}", "table", "json"),
        ("CONSTRUCT {} {}", "turtle", "turtle"),
    ):
        answer = Store().query(text)
        assert default_format(answer, terminal=True) == on_terminal
        assert default_format(answer, terminal=False) == elsewhere
    assert json.loads(written(ROWS))["head"]["vars"] == ["figid", "genes"]


def test_gene_sets_are_written_as_gmt() -> None:
    lines = written(bind(load_query("gene-sets"), {}), "gmt").splitlines()
    cells = [line.split("\t") for line in lines]
    assert [(row[0], len(row) - 2) for row in cells] == [
        ("PMC3471537__nihms406899f5", 15),
        ("PMC6566596__ijms-20-02505-g004", 19),
        ("PMC8023395__nihms-1688996-f0002", 34),
    ]
    for row in cells:
        assert row[1]
        assert row[2:] == sorted(row[2:], key=int)


def gmt(values: str, variables: str = "?figid ?title ?gene") -> list[str]:
    answer = Store().query(f"SELECT {variables} {{ VALUES ({variables}) {{ {values} }} }}")
    assert isinstance(answer, QuerySolutions)
    return list(gmt_lines(answer))


def test_gmt_takes_a_gene_a_row_by_iri_or_id_and_each_once() -> None:
    gene = "https://identifiers.org/ncbigene/"
    rows = f'("A" "a" "10") ("A" "a" <{gene}9>) ("A" "a" "9") ("B" UNDEF "1")'
    assert gmt(rows) == ["A\ta\t9\t10\n", "B\t\t1\n"]


def test_gmt_has_one_line_a_set_whatever_its_title_holds() -> None:
    assert gmt('("A" "10% of\\ta\\r\\nb  \\u000Bc" "9")') == ["A\t10% of a b c\t9\n"]


def test_gmt_has_one_line_a_set_whatever_its_name_holds() -> None:
    assert gmt('("A\\tB\\nC  50%" "a" "9")') == ["A B C  50%\ta\t9\n"]


def test_gmt_leaves_out_a_set_without_genes() -> None:
    assert gmt('("A" "a" UNDEF) ("B" "b" "")') == []
    assert gmt("") == []


def test_gmt_refuses_rows_that_are_no_sets() -> None:
    assert refusal(ROWS.replace("?genes", "?number"), "gmt") == (
        "gmt needs the variables ?figid, ?genes or ?gene, and perhaps ?title, not ?figid ?number"
    )
    with pytest.raises(QueryError, match=r"gmt needs a \?figid in each row: leave out the rows"):
        gmt('("A" "a" "9") (UNDEF "b" "10")')
    with pytest.raises(QueryError, match="gmt needs the rows of 'A' together: add ORDER BY"):
        written(TORN, "gmt")


def test_the_prefixes_of_the_data_need_no_declaration_and_may_be_declared_otherwise() -> None:
    assert written("ASK { gene:1956 a schema:Gene }", "table") == "yes\n"
    other = "PREFIX gene: <http://example.org/> ASK { gene:1956 a schema:Gene }"
    assert written(other, "table") == "no\n"


def test_a_syntax_error_names_line_and_column_and_shows_them() -> None:
    assert refusal("SELECT *\nWHERE {\n  ?s ?p }\n") == (
        "the query is not SPARQL: line 3, column 9: } is not allowed here: "
        "expected (, a variable, an IRI, a string or a number\n"
        "    ?s ?p }\n"
        "          ^"
    )


def test_a_syntax_error_in_a_long_line_is_shown_around_its_column() -> None:
    message = refusal("SELECT * { " + "?s ?p ?o . " * 100 + "?s ?p }")
    _, line, mark = message.split("\n")
    assert line[: mark.index("^")].endswith("?s ?p ")
    assert len(line) <= 110


def test_a_syntax_error_is_not_longer_than_a_person_reads_nor_steers_a_terminal() -> None:
    message = refusal("SELECT (1/ AS \x1b[2J")
    assert len(message) < 500
    assert "\x1b" not in message


@pytest.mark.parametrize(
    "text",
    ["INSERT DATA {}", "PREFIX a: <http://a.example/>\n delete where { ?s ?p ?o }", "DROP ALL"],
)
def test_an_update_is_refused_as_one(text: str) -> None:
    assert refusal(text) == (
        "the query is an update: ask SELECT, ASK, CONSTRUCT or DESCRIBE; a release is final"
    )


def test_a_text_that_is_not_unicode_is_refused() -> None:
    assert refusal("SELECT * { ?s ?p '\udcff' }").startswith("the query is not Unicode: ")


def test_xml_is_refused_where_it_would_be_ill_formed() -> None:
    text = 'SELECT ("a\\u0001b" AS ?x) {}'
    assert refusal(text, "xml") == "XML cannot hold the character U+0001: choose json"
    assert json.loads(written(text, "json"))["results"]["bindings"][0]["x"]["value"] == "a\x01b"
    text = 'SELECT ("a\\uFFFEb" AS ?x) {}'
    assert refusal(text, "xml") == "XML cannot hold the character U+FFFE: choose json"


def test_a_carriage_return_is_read_back_from_xml_as_one() -> None:
    found = ElementTree.fromstring(written('SELECT ("a\\r\\nb" AS ?x) {}', "xml"))
    assert [element.text for element in found.iter() if element.tag.endswith("}literal")] == [
        "a\r\nb"
    ]


def test_a_failed_query_leaves_no_answer_to_another_thread() -> None:
    """A pyoxigraph answer must be dropped by the thread that made it."""
    held: list[QueryError] = []
    for text, form in ((ROWS, "turtle"), (TORN, "gmt")):
        with pytest.raises(QueryError) as caught:
            written(text, form)
        held.append(caught.value)
    seen: list[object] = []
    for error in held:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            seen.extend(frame.f_locals.values())
    assert len(seen) > 10
    assert [value for value in seen if isinstance(value, QuerySolutions)] == []


def test_an_empty_query_is_refused_as_one() -> None:
    assert refusal(" \n") == "the query is empty: give SPARQL"


def test_a_failed_service_call_says_so() -> None:
    assert refusal(SERVICE).startswith("a SERVICE call failed: ")
    assert refusal(SERVICE).endswith("; check its address")


class Full(io.RawIOBase):
    """An output that takes some bytes and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        assert isinstance(data, bytes)
        self.room -= len(data)
        if self.room < 0:
            raise BrokenPipeError(32, "Broken pipe")
        return len(data)


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "xml", "table"])
def test_a_closed_output_is_no_fault_of_the_query_or_the_release(form: str) -> None:
    with pytest.raises(BrokenPipeError):
        write_query(seed_store(), "SELECT * { ?s ?p ?o }", Full(10_000), form)  # type: ignore[arg-type]
    with pytest.raises(BrokenPipeError):
        write_query(seed_store(), SERVICE.replace("SERVICE", "SERVICE SILENT"), Full(0), form)  # type: ignore[arg-type]


def test_an_answer_is_streamed_in_pieces() -> None:
    sizes: list[int] = []

    class Counting(io.RawIOBase):
        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            sizes.append(len(data))
            return len(data)

    for form in ("json", "csv", "tsv", "xml"):
        write_query(seed_store(), "SELECT * { ?s ?p ?o }", Counting(), form)  # type: ignore[arg-type]
    text = "CONSTRUCT WHERE { ?s ?p ?o }"
    for form in GRAPH_FORMATS:
        write_query(seed_store(), text, Counting(), form)  # type: ignore[arg-type]
    assert len(sizes) > 50
    assert max(sizes) < 100_000


def test_a_store_that_cannot_be_read_is_a_fault_of_the_release(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    store.extend(
        Quad(NamedNode(f"http://a.example/{n}"), NamedNode("http://p.example/"), Literal("x" * 99))
        for n in range(20_000)
    )
    store.flush()
    store.optimize()
    del store
    for table in (tmp_path / "store").glob("*.sst"):
        whole = table.read_bytes()
        if len(whole) > 100_000:  # the tables of data; a store with broken small ones does not open
            table.write_bytes(b"\0" * 32 + whole[32:])
    damaged = Store.read_only(str(tmp_path / "store"))
    with pytest.raises(ReleaseError, match=r"the store cannot be read: .*; verify the release"):
        written("SELECT * { ?s ?p ?o }", "tsv", damaged)
    # Nor is any address to blame, though the query names one.
    with pytest.raises(ReleaseError, match="the store cannot be read"):
        written(f"SELECT * {{ ?s ?p ?o BIND('{SERVICE}' AS ?text) }}", "tsv", damaged)


def test_triples_of_any_source_can_be_written() -> None:
    def triples() -> Iterator[Triple]:
        yield Triple(NamedNode("http://a.example/"), NamedNode("http://p.example/"), Literal("x"))

    buffer = io.BytesIO()
    write_answer(triples(), buffer, "ntriples")
    assert buffer.getvalue() == b'<http://a.example/> <http://p.example/> "x" .\n'


def test_solutions_and_booleans_of_another_endpoint_are_written_as_those_of_a_store() -> None:
    json_text = written(ROWS, "json")
    for form in SOLUTION_FORMATS:
        if form != "gmt":
            buffer = io.BytesIO()
            answer = parse_query_results(json_text, QueryResultsFormat.JSON)
            write_answer(answer, buffer, form, width=80)
            assert buffer.getvalue().decode() == written(ROWS, form)
    yes = parse_query_results('{"head":{},"boolean":true}', QueryResultsFormat.JSON)
    assert isinstance(yes, QueryBoolean)
    write_answer(yes, buffer := io.BytesIO(), "table")
    assert buffer.getvalue() == b"yes\n"
