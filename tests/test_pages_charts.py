"""Answers that are drawn: queries say how, and pages do it without a script."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Store

from paging import Markup
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import XSD, Iris
from pfocr_rdf.queries import Chart, NamedQuery, load_query, named_queries, parse_query, with_chart
from pfocr_rdf.releases import Release
from pfocr_rdf.resources import resource
from pfocr_rdf.web.pages.charts import SHEET, Bars, Line, draw
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.pages.query_table import Table, read_table
from releasing import data_folder
from serving import Server, serving
from validating import flaws

HEADER: Final = "# title: T\n# category: C\n# description: D.\n"
BARS: Final = Chart("bar", "word", "n")
LINE: Final = Chart("line", "word", "n")
DRAWN: Final = [query for query in named_queries() if query.chart]


@pytest.fixture(scope="module", name="server")
def _server(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("charts") / "data"
    with serving(data_folder(seeds_release, folder)) as server:
        yield server


def table(*rows: tuple[str | None, str | None]) -> Table:
    """A table of words and numbers, as a query answers."""
    bindings = []
    for word, number in rows:
        row = {} if word is None else {"word": {"type": "literal", "value": word}}
        if number is not None:
            row["n"] = {"type": "literal", "value": number, "datatype": XSD + "integer"}
        bindings.append(row)
    document = {"head": {"vars": ["word", "n"]}, "results": {"bindings": bindings}}
    return read_table(json.dumps(document).encode(), Links(Iris()))


# What a query says.


def test_a_header_says_how_an_answer_is_drawn() -> None:
    query = parse_query("q", f"{HEADER}# chart: line year n\n\nSELECT ?year ?n {{ ?year ?p ?n }}")
    assert query.chart == Chart("line", "year", "n")
    assert load_query("figures-by-gene").chart is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("# chart: pie word n", "is not 'bar label value'"),
        ("# chart: bar word", "is not 'bar label value'"),
        ("# chart: bar word n more", "is not 'bar label value'"),
        ("# chart:", "is not 'bar label value'"),
        ("# chart: bar word n\n# chart: line word n", "once"),
        ("# chart: bar word m", "the query has no column 'm'"),
        ("# chart: bar wor n", "the query has no column 'wor'"),
    ],
)
def test_a_header_that_cannot_be_drawn_is_refused(lines: str, message: str) -> None:
    with pytest.raises(QueryError, match=r"^q\.rq: .*" + message):
        parse_query("q", f"{HEADER}{lines}\n\nSELECT ?word ?n {{ ?word ?p ?n }}")


@pytest.mark.parametrize("query", DRAWN, ids=lambda query: query.name)
def test_the_editor_is_told_and_the_query_is_the_same(query: NamedQuery) -> None:
    text = "SELECT * { ?s ?p ?o }\n"
    found = with_chart(query, text)
    assert found == f"{query.chart}\n{text}"
    # What the editor is told is what the file of the query says.
    source = resource("queries", f"{query.name}.rq").read_text("utf-8")
    assert found.partition("\n")[0] in source.splitlines()
    Store().query(found)


def test_a_query_that_says_nothing_is_left_alone() -> None:
    assert with_chart(load_query("figures-by-gene"), "ASK {}") == "ASK {}"


# How it is drawn.


def test_bars_are_as_long_as_their_numbers() -> None:
    found = draw(BARS, table(("a", "8"), ("b", "4"), ("c", None), (None, "2"), ("e", "0")))
    assert found == Bars("n", [100, 50, None, 25, 0])


@pytest.mark.parametrize("odd", ["-3", "not a number", "INF", "-INF", "NaN", ""])
def test_what_is_no_length_has_no_bar(odd: str) -> None:
    found = draw(BARS, table(("a", "8"), ("b", odd)))
    assert isinstance(found, Bars)
    assert found.lengths[0] == 100
    assert not found.lengths[1]


@pytest.mark.parametrize(
    "chart", [BARS, LINE, Chart("bar", "nothing", "n"), Chart("bar", "n", "word"), None]
)
def test_without_numbers_nothing_is_drawn(chart: Chart | None) -> None:
    assert draw(chart, table()) is None
    assert draw(chart, table(("a", None), ("b", None))) is None
    if chart != LINE:
        assert draw(chart, table(("a", "0"), ("b", "0"))) is None


def test_a_line_goes_from_left_to_right_whatever_the_order_of_rows() -> None:
    rows = [("2010", "30"), ("2000", "0"), (None, "7"), ("2020", "1000"), ("2005", None)]
    line = draw(LINE, table(*rows))
    assert isinstance(line, Line)
    assert [point.label for point in line.points] == ["2000", "2010", "2020"]
    assert [point.x for point in line.points] == [
        SHEET.left,
        (SHEET.left + SHEET.right) / 2,
        SHEET.right,
    ]
    assert (line.points[0].y, line.points[2].y) == (SHEET.bottom, SHEET.top)
    assert line.greatest.label == "2020"
    assert [mark.text for mark in line.marks_y] == ["0", "200", "400", "600", "800", "1,000"]
    assert all(SHEET.left <= mark.at <= SHEET.right for mark in line.marks_x)


@pytest.mark.parametrize(
    "rows",
    [
        [("2010", "30")],
        [("2010", "30"), ("2010", "31")],
        [("2010", "30"), ("2011-05-01", "31")],
        [("2010", "30"), ("\u0662", "31")],
        [("2010", "30"), ("9" * 400, "31")],
    ],
)
def test_what_has_no_place_on_an_axis_is_no_line(rows: list[tuple[str, str]]) -> None:
    assert draw(LINE, table(*rows)) is None


# On the page.


@pytest.mark.parametrize("query", DRAWN, ids=lambda query: query.name)
def test_the_page_of_an_answer_has_its_drawing(query: NamedQuery, server: Server) -> None:
    values = {"gene": "2064", "word": "HER2", "year": "2019", "limit": "50"}
    given = "&".join(f"{p.name}={values[p.name]}" for p in query.parameters if p.name in values)
    answer = server.request(
        "GET", f"/queries/{query.name}?{given}", headers={"Accept": "text/html"}
    )
    text = answer.body.decode()
    assert (answer.status, flaws(text)) == (200, [])
    elements = Markup(text).elements
    tag = "circle" if query.chart and query.chart.kind == "line" else "rect"
    assert [found for name, found in elements if name == tag], "nothing is drawn"
    assert not [found for _, found in elements if "style" in found], "the policy forbids it"


def test_a_query_that_says_nothing_has_no_drawing(server: Server) -> None:
    page = server.request(
        "GET", "/queries/figures-by-gene?gene=2064", headers={"Accept": "text/html"}
    )
    assert b"<svg" not in page.body
