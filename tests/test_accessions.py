"""Identifier cells: prefixes and case do not matter, the shape does."""

from pathlib import Path

import pytest

from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    FIGID,
    GENE_COLUMNS,
    kinds,
    raw_record,
    read,
    read_well,
    record,
    table,
)
from pfocr_rdf.errors import Problem
from pfocr_rdf.records import Limits

GENES = f"_data/{FIGID}-genes.tsv"
BMX = "9606|Homo sapiens|Primates|Etk|ETK|BMX|660|ncbigene_synonym|7|12|10"


def genes(*rows: str) -> str:
    return table(GENE_COLUMNS, *rows)


@pytest.mark.parametrize(
    ("cell", "accession"),
    [
        *(("mesh:D005947", "D005947"), ("D005947", "D005947"), ("MESH:D005947", "D005947")),
        *(("mesh:mesh:D005947", "D005947"), (" mesh:D005947 ", "D005947")),
        *(("MeSH: C029366", "C029366"), ("mesh:C000657245", "C000657245")),
    ],
)
def test_a_mesh_id_is_bare_whatever_prefixes_it_has(
    cell: str, accession: str, tmp_path: Path
) -> None:
    figure = read_well(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, f"x|{cell}|x|x|NA"))
    inline = f"chemicals:\n- word: x\n  source: MESH\n  identifier: '{cell}'"
    from_inline = read_well(tmp_path / "inline", raw_record(inline))
    for found in (figure, from_inline):
        assert [c.accession for c in found.mentions[0].candidates] == [accession]


@pytest.mark.parametrize("cell", ["chebi:17234", "CHEBI:17234", "CHEBI:CHEBI:17234", "17234"])
def test_a_chebi_id_is_bare_whatever_prefixes_it_has(cell: str, tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, f"x|NA|x|x|{cell}"))
    (candidate,) = figure.mentions[0].candidates
    assert (candidate.namespace, candidate.accession) == ("chebi", "17234")


@pytest.mark.parametrize("cell", ["doid:0060239", "DOID:0060239", "DOID:doid:0060239"])
def test_a_disease_id_keeps_its_leading_zeros(cell: str, tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), diseases=table(DISEASE_COLUMNS, f"x|NA|x|x|{cell}"))
    inline = f"diseases:\n- word: x\n  source: ''\n  identifier: '{cell}'"
    from_inline = read_well(tmp_path / "inline", raw_record(inline))
    for found in (figure, from_inline):
        (candidate,) = found.mentions[0].candidates
        assert (candidate.namespace, candidate.accession) == ("doid", "0060239")


@pytest.mark.parametrize(
    "cell",
    ["12x", "0", "012", "1e+05", "-1", "1.0", "٣", "660 x", "660,", "1234567890123", "true"],
)
def test_a_gene_id_of_the_wrong_shape_is_kept_as_text_on_its_mention(
    cell: str, tmp_path: Path
) -> None:
    row = f"9606|Homo sapiens|Primates|Etk|ETK|BMX|{cell}|ncbigene_synonym|7|12|10"
    figure, problems = read(tmp_path, record(), genes=genes(row))
    assert figure
    (mention,) = figure.mentions
    assert mention.candidates == ()
    assert mention.unrecognized == (f"ncbigene_id: {cell}", "ncbigene_symbol: BMX")
    reason = "not an NCBI Gene id (a positive whole number): kept as a literal on the mention"
    assert problems == [
        Problem(GENES, "ncbigene_id, line 2", "unrecognized value", "warning", cell, reason)
    ]


@pytest.mark.parametrize(
    "cell", ["mesh:D005947|mesh:D000001", "mesh:D005947; D000001", "mesh: D005947, mesh: D000001"]
)
def test_several_ids_in_a_cell_are_kept_as_text_and_told_as_such(cell: str, tmp_path: Path) -> None:
    text = table(CHEMICAL_COLUMNS, "x|@|x|y|NA").replace("@", cell)
    figure, (problem,) = read(tmp_path, record(), chemicals=text)
    assert figure
    assert figure.mentions[0].candidates == ()
    assert f"mesh: {cell}" in figure.mentions[0].unrecognized
    reason = "several ids, write a row for each: kept as a literal on the mention"
    assert (problem.field, problem.value, problem.reason) == ("mesh, line 2", cell, reason)


@pytest.mark.parametrize(
    "row",
    [
        *("x|mesh:D005947|x|sugar|chebi:NA", "x|mesh:D005947|x|sugar|chebi:"),
        *("x|mesh:NA|x|sugar|chebi:17234", "x|MESH: NA|x|sugar|chebi:17234"),
    ],
)
def test_a_prefix_before_nothing_is_nothing(row: str, tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, row))
    (candidate,) = figure.mentions[0].candidates
    assert (candidate.name, candidate.named, candidate.close) == ("sugar", True, None)
    inline = read_well(tmp_path / "inline", raw_record("genes:\n- word: x\n  entrez: ncbigene:NA"))
    assert inline.mentions[0].candidates == ()
    assert inline.mentions[0].unrecognized == ()


@pytest.mark.parametrize(
    ("columns", "row", "field", "value", "kept", "reason"),
    [
        (
            *(CHEMICAL_COLUMNS, "x|D12|x|y|chebi:1", "mesh, line 2", "D12", "mesh: D12"),
            "not a MeSH id (D or C and six to nine digits)",
        ),
        (
            *(CHEMICAL_COLUMNS, "x|NA|x|y|one", "chebi, line 2", "one", "chebi: one"),
            "not a ChEBI id (a positive whole number)",
        ),
        (
            *(DISEASE_COLUMNS, "x|NA|x|y|mesh:D000001", "doid, line 2", "mesh:D000001"),
            *("doid: mesh:D000001", "not a Disease Ontology id (digits)"),
        ),
    ],
)
def test_other_ids_of_the_wrong_shape_are_kept_as_text_on_their_mention(
    columns: str, row: str, field: str, value: str, kept: str, reason: str, tmp_path: Path
) -> None:
    kind = "chemicals" if columns == CHEMICAL_COLUMNS else "diseases"
    figure, problems = read(tmp_path, record(), Limits(), **{kind: table(columns, row)})
    assert figure
    assert kept in figure.mentions[0].unrecognized
    file = f"_data/{FIGID}-{kind}.tsv"
    said = f"{reason}: kept as a literal on the mention"
    assert problems == [Problem(file, field, "unrecognized value", "warning", value, said)]


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [("chemicals", "DOID:1"), ("diseases", "CHEBI:1"), ("diseases", "OMIM:1")],
)
def test_an_inline_id_of_another_kind_is_no_candidate(
    kind: str, identifier: str, tmp_path: Path
) -> None:
    inline = f"{kind}:\n- word: x\n  source: ''\n  identifier: '{identifier}'"
    figure, problems = read(tmp_path, raw_record(inline))
    assert figure
    assert figure.mentions[0].candidates == ()
    assert figure.mentions[0].unrecognized == (f"identifier: {identifier}",)
    assert kinds(problems) == [("warning", "unrecognized value")]


def test_a_name_without_an_id_is_kept(tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, "x|NA|NA|water|NA"))
    (mention,) = figure.mentions
    assert (mention.match, mention.unrecognized) == ("", ("name: water",))


def test_one_id_with_two_close_matches_or_two_names_keeps_both(tmp_path: Path) -> None:
    chemicals = table(
        CHEMICAL_COLUMNS,
        "Glucose|mesh:D005947|Glucose|glucose|chebi:17234",
        "Glucose|mesh:D005947|Glucose|D-glucose|chebi:4167",
    )
    figure = read_well(tmp_path, record(), chemicals=chemicals)
    (mention,) = figure.mentions
    assert [(c.name, c.close, c.close_name) for c in mention.candidates] == [
        ("Glucose", ("chebi", "17234"), "glucose"),
        ("Glucose", ("chebi", "4167"), "D-glucose"),
    ]
