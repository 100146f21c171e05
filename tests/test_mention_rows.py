"""A row of which nothing has to be reported is read once; one that is reported, each time."""

import pytest

from pacing import cpu_within
from pfocr_rdf.records import Organism, load_taxa
from pfocr_rdf.records.mention_rows import Names, inline_rows, table_rows
from pfocr_rdf.records.notes import Notes
from pfocr_rdf.records.plain import Item, read_plain
from pfocr_rdf.recurring import LONGEST

TP53 = {"word": "p53", "symbol": "P53", "source": "hgnc_alias_symbol", "entrez": "7157"}
RAT = {"word": "p53", "ncbigene_id": "24842", "organism_name": "Rattus norvegicus"}


def test_a_row_without_problems_is_read_once() -> None:
    notes = Notes("x.md")
    first, second, chemical = (
        *inline_rows("gene", [(1, TP53), (2, dict(TP53))], notes),
        *inline_rows("chemical", [(1, {"word": "p53"})], notes),
    )
    assert first is second
    assert first.mention() is second.mention()
    assert (first.mention().kind, chemical.mention().kind) == ("gene", "chemical")
    assert not notes.problems


def test_a_row_with_a_problem_is_reported_where_it_stands_each_time() -> None:
    notes = Notes("x.md")
    row = TP53 | {"entrez": "P04637"}
    rows = list(inline_rows("gene", [(1, row), (7, row), (8, {"entrez": "1"})], notes))
    assert [problem.field for problem in notes.problems] == [
        "genes, item 1, entrez",
        "genes, item 7, entrez",
        "genes, item 8",
    ]
    assert [row.unrecognized for row in rows] == [["entrez: P04637"]] * 2


def test_a_row_of_a_table_says_what_its_own_names_of_organisms_say() -> None:
    notes, taxa = Notes("x.tsv"), load_taxa()
    usual, own, again = (
        next(table_rows("gene", [(2, RAT)], Names(names, taxa), notes))
        for names in ({}, {"rattus norvegicus": "99"}, {})
    )
    assert usual.candidate is not None
    assert own.candidate is not None
    assert usual.candidate.organism == Organism("Rattus norvegicus", "10116")
    assert own.candidate.organism == Organism("Rattus norvegicus", "99")
    assert usual is again


def test_counts_of_organisms_do_not_make_another_row() -> None:
    notes, names = Notes("x.tsv"), Names({}, load_taxa())
    counted = [(line, RAT | {"count_direct": str(line)}) for line in (2, 3)]
    first, second = table_rows("gene", counted, names, notes)
    assert first is second


def test_a_row_of_great_length_is_read_each_time() -> None:
    notes, names = Notes("x.tsv"), Names({}, load_taxa())
    word = {"word": "p" * LONGEST}
    for first, second in (
        inline_rows("gene", [(1, TP53 | word), (2, TP53 | word)], notes),
        table_rows("gene", [(2, RAT | word), (3, RAT | word)], names, notes),
    ):
        assert first == second
        assert first is not second
    assert not notes.problems


def test_an_identifier_of_prefixes_alone_is_read_in_linear_time() -> None:
    cells = {"word": "x", "identifier": "mesh:" * 800_000 + "D005947"}
    with cpu_within(5):
        (row,) = inline_rows("chemical", [(1, cells)], Notes("x.md"))
    assert row.candidate
    assert row.candidate.accession == "D005947"


def test_a_mapping_that_recurs_is_one_row_and_says_what_another_of_its_texts_says() -> None:
    notes, item = Notes("x.md"), Item(TP53)
    rows = list(inline_rows("gene", [(1, item), (2, TP53), (3, item), (4, Item(TP53))], notes))
    assert all(row is rows[0] for row in rows)
    (chemical,) = inline_rows("chemical", [(1, Item({"word": "p53"}))], notes)
    assert chemical.kind == "chemical"
    assert not notes.problems


def test_a_mapping_that_recurs_is_reported_where_it_stands_each_time() -> None:
    notes, item = Notes("x.md"), Item(TP53 | {"entrez": "P04637"})
    list(inline_rows("gene", [(1, item), (7, item)], notes))
    fields = [problem.field for problem in notes.problems]
    assert fields == ["genes, item 1, entrez", "genes, item 7, entrez"]


@pytest.mark.parametrize(
    ("text", "recurs"),
    [("p53", True), ("'p 53'", True), ("", True), ("[]", False), ("p" * 160, False)],
)
def test_only_small_mappings_of_texts_recur(text: str, recurs: bool) -> None:
    lines = "".join(f"{'  ' if n else '- '}n{n}: {text}\n" for n in range(8))
    first, second = (read_plain(f"genes:\n{lines}", 20) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first == second
    items = first["genes"]
    assert isinstance(items, list)
    assert isinstance(items[0], Item) == recurs


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("7,157", "not an NCBI Gene id (a positive whole number)"),
        ("1,007,157", "not an NCBI Gene id (a positive whole number)"),
        ("7, 157", "several ids, write a row for each"),
        ("7157,7158", "several ids, write a row for each"),
    ],
)
def test_a_number_in_groups_of_digits_is_not_told_as_several(cell: str, reason: str) -> None:
    notes = Notes("x.tsv")
    list(table_rows("gene", [(2, RAT | {"ncbigene_id": cell})], Names({}, load_taxa()), notes))
    (problem,) = notes.problems
    assert problem.reason == f"{reason}: kept as a literal on the mention"
