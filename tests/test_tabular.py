"""The table that people read: what it shows, how it folds, what it keeps from the terminal."""

import io

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from pfocr_rdf.iris import Iris
from pfocr_rdf.tabular import shortener, write_table


def shown(text: str, store: Store | None = None, width: int = 80) -> str:
    buffer = io.BytesIO()
    answer = (store or Store()).query(text, prefixes=Iris().prefixes())
    assert isinstance(answer, QuerySolutions)
    write_table(answer, buffer, Iris(), width)
    return buffer.getvalue().decode()


def test_a_table_shows_short_iris_plain_literals_and_numbers_to_the_right() -> None:
    text = """SELECT ?taxon ?name ?number {
      VALUES (?name ?number) { ("Homo sapiens" 7) ("Mus [bold]musculus[/]" 1234) }
      VALUES ?taxon { taxon:9606 } }"""
    assert shown(text) == (
        "taxon        name                    number\n"
        "───────────────────────────────────────────\n"
        "taxon:9606   Homo sapiens                 7\n"
        "taxon:9606   Mus [bold]musculus[/]     1234\n"
    )


def test_a_table_without_rows_shows_its_columns() -> None:
    assert shown("SELECT ?a ?b { ?a a ?b }").split() == ["a", "b", "─" * 5]


def test_a_table_folds_to_the_width_and_loses_nothing() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    lines = shown(f'SELECT ("{long}" AS ?text) {{}}', width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines[2:]).split()) == long


def test_no_control_character_of_the_data_reaches_a_terminal() -> None:
    store = Store()
    evil = "a\x1b[31mb\x07\x9b2J\u202ec\r\nd"
    store.add(Quad(NamedNode("http://a.example/"), NamedNode("http://p.example/"), Literal(evil)))
    told = shown("SELECT ?o { ?s ?p ?o }", store)
    assert "a�[31mb��2J�c��d" in told
    assert [letter for letter in told if not letter.isprintable() and letter != "\n"] == []


@pytest.mark.parametrize(
    ("iri", "short"),
    [
        ("https://identifiers.org/ncbigene/2064", "gene:2064"),
        ("http://purl.obolibrary.org/obo/CHEBI_5855", "obo:CHEBI_5855"),
        ("https://pfocr.wikipathways.org/figures/PMC1__a%20b.c", "figure:PMC1__a%20b.c"),
        ("https://pfocr.wikipathways.org/figures/", "https://pfocr.wikipathways.org/figures/"),
        ("http://schema.org/a/b", "http://schema.org/a/b"),
        ("http://example.org/x", "http://example.org/x"),
    ],
)
def test_an_iri_is_shortened_where_what_is_left_is_a_name(iri: str, short: str) -> None:
    assert shortener(Iris())(iri) == short
