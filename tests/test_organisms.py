"""Organism pages and the shipped table: names → taxa."""

import csv
import re
from pathlib import Path

import pytest

from making import GENE_COLUMNS, RECORDS, read, read_all, read_well, record, table, write
from pfocr_rdf.errors import Problem
from pfocr_rdf.records import Organism, load_taxa, open_collection
from pfocr_rdf.resources import resource

FILE = "_organisms/x.md"


def page(tmp_path: Path, text: str | bytes, **more: str) -> tuple[Path, list[Problem]]:
    """A folder with one record and an organism page, and what is wrong with the page."""
    files = {"_figures/PMC1__f1.md": record(), FILE: text}
    root = write(tmp_path, {**files, **{f"_organisms/{n}.md": t for n, t in more.items()}})
    return root, list(open_collection([root]).problems)


def test_a_page_names_an_organism(tmp_path: Path) -> None:
    text = (
        "---\ncommon: Imaginary moose\nlatin: Alces imaginarius  CIP 70.34\nncbi: '123'\n"
        "title: Alces imaginarius CIP 70.34 pathways\ngroup: Mammals\nimage: .na.character\n\n---\n"
    )
    root, problems = page(tmp_path, text)
    assert not problems
    taxa = load_taxa((str(root / "_organisms"),))
    for name in ("Imaginary moose", "alces imaginarius CIP 70.34", "ALCES  imaginarius CIP 70.34"):
        assert taxa.taxon(name) == "123"
    (found,) = taxa.pages
    assert (found.taxon, found.group, found.image) == ("123", "Mammals", None)
    assert found.names == ("Alces imaginarius CIP 70.34", "Imaginary moose")


def test_a_record_s_own_table_comes_before_the_pages_and_these_before_ours(
    tmp_path: Path,
) -> None:
    root, _ = page(tmp_path, "---\nlatin: Mus musculus\nncbi: '1'\n---\n")
    assert load_taxa((str(root / "_organisms"),)).taxon("Mus musculus") == "1"
    assert load_taxa().taxon("Mus musculus") == "10090"
    genes = table(GENE_COLUMNS, "2|Mus musculus|Rodents|a|A|A|5|ncbigene_symbol|1|1|1")
    figure, _ = read(root, record(organisms=["Mus  musculus"]), genes=genes)
    assert figure
    assert figure.organisms == (Organism("Mus musculus", "2"),)


def test_names_are_compared_without_what_pfocr_s_writer_drops(tmp_path: Path) -> None:
    root, _ = page(tmp_path, "---\nlatin: 'Yersinia sp. in: \"enterobacteria\"'\nncbi: '9'\n---\n")
    figure, problems = read(root, record(organisms=["Yersinia sp. in enterobacteria"]))
    assert figure
    assert figure.organisms == (Organism("Yersinia sp. in enterobacteria", "9"),)
    assert not problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "---\nlatin: X\nncbi: NA\n---\n",
            Problem(
                FILE,
                "ncbi",
                "organism page",
                "warning",
                "",
                "not an NCBI taxonomy id: the page was not used; write the id's digits",
            ),
        ),
        (
            "---\nlatin: X\nncbi: taxon:12\n---\n",
            Problem(
                FILE,
                "ncbi",
                "organism page",
                "warning",
                "taxon:12",
                "not an NCBI taxonomy id: the page was not used; write the id's digits",
            ),
        ),
        (
            "---\nlatin: X\nncbi: '12'\ncolour: [red]\n---\n",
            Problem(
                FILE,
                "colour",
                "unknown field",
                "warning",
                '["red"]',
                "not a field of organism pages: not mapped",
            ),
        ),
        (
            "---\nlatin: X\nncbi: '12'\nimage: moose.jpg\n---\n",
            Problem(
                FILE,
                "image",
                "organism page",
                "warning",
                "moose.jpg",
                "not a web address: not mapped",
            ),
        ),
        (
            "---\nlatin: X\nncbi: '12'\nimage: http://x.org/a b\n---\n",
            Problem(
                FILE,
                "image",
                "organism page",
                "warning",
                "http://x.org/a b",
                "not a web address: not mapped",
            ),
        ),
        (
            "---\nlatin: X\nncbi: '12'\nimage: https://x.org/a#b#c\n---\n",
            Problem(
                FILE,
                "image",
                "organism page",
                "warning",
                "https://x.org/a#b#c",
                "not a web address: not mapped",
            ),
        ),
        (
            "---\nlatin: X\ncommon: x\nncbi: '12'\ntitle: Something else\n---\n",
            Problem(
                FILE,
                "title",
                "organism page",
                "warning",
                "Something else",
                "not a name of the organism: not mapped; write it as latin or common",
            ),
        ),
        (
            "---\nlatin: X\nncbi: '12'\ntitle: {en: X}\n---\n",
            Problem(
                FILE,
                "title",
                "field shape",
                "warning",
                '{"en": "X"}',
                "a text was expected here: the value is not mapped; write one text",
            ),
        ),
        (
            "latin: X\n",
            Problem(
                FILE,
                "line 1",
                "no front matter",
                "error",
                "latin: X",
                "no front matter: the first line must be exactly ---",
            ),
        ),
        (
            b"---\nlatin: \xff\n---\n",
            Problem(
                FILE,
                "file",
                "not UTF-8",
                "error",
                "byte 11: ff",
                "not UTF-8: save the file in that encoding",
            ),
        ),
    ],
)
def test_a_page_that_cannot_be_used_is_reported(
    text: str | bytes, expected: Problem, tmp_path: Path
) -> None:
    _, problems = page(tmp_path, text)
    assert problems == [expected]


@pytest.mark.parametrize("title", ["Alces  ALCES", "moose pathways", "Alces alces pathways", "NA"])
def test_the_title_of_a_page_repeats_a_name(title: str, tmp_path: Path) -> None:
    text = f"---\nlatin: Alces alces\ncommon: Moose\nncbi: '1'\ntitle: {title}\n---\n"
    _, problems = page(tmp_path, text)
    assert problems == []


def test_two_pages_of_one_name_are_reported_and_the_first_by_name_is_used(tmp_path: Path) -> None:
    text = "---\nlatin: Alces\nncbi: '{}'\n---\n"
    root, problems = page(tmp_path, text.format(2), w=text.format(1), y=text.format(1))
    assert load_taxa((str(root / "_organisms"),)).taxon("Alces") == "1"
    reason = (
        "the name of 1 on an earlier page, which is used, and of 2 here: correct one of the pages"
    )
    assert problems == [Problem(FILE, "latin, common", "organism page", "warning", "Alces", reason)]


def test_unknown_fields_of_a_page_are_told_in_the_same_order_always(tmp_path: Path) -> None:
    names = [f"field{number}" for number in range(9)]
    fields = "".join(f"{name}: x\n" for name in reversed(names))
    page = f"---\nlatin: X\nncbi: '12'\n{fields}---\n"
    (tmp_path / "x.md").write_text(page, encoding="utf-8")
    assert [problem.field for problem in load_taxa((str(tmp_path),)).problems] == names


def test_the_pages_of_several_folders_are_all_read(tmp_path: Path) -> None:
    for n, name in enumerate("ab", 1):
        write(
            tmp_path / name,
            {
                f"_figures/PMC{n}__f1.md": record(figid=f"PMC{n}__f1", pmcid=None, figlink=None),
                "_organisms/x.md": f"---\nlatin: Alces {name}\nncbi: '{n}'\n---\n",
            },
        )
    folders = open_collection([tmp_path]).organism_folders
    taxa = load_taxa(folders)
    assert [taxa.taxon("Alces a"), taxa.taxon("Alces b")] == ["1", "2"]


def test_an_id_that_contradicts_its_name_is_used_and_reported(tmp_path: Path) -> None:
    row = "10090|Rattus norvegicus|Rodents|Etk|ETK|Bmx|12169|ncbigene_symbol|1|2|3"
    figure, problems = read(tmp_path, record(), genes=table(GENE_COLUMNS, row, row))
    assert figure
    assert figure.supports[0].organism == Organism("Rattus norvegicus", "10090")
    reason = "the id of Rattus norvegicus is 10116 elsewhere: 10090 is used; correct one of the two"
    assert [(p.field, p.value, p.reason) for p in problems] == [
        ("organism_id, line 2", "10090", reason)
    ]


def test_an_organism_that_maps_to_no_taxon_stays_as_text(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record(organisms=["PX clade", "Homo sapiens"]))
    assert figure
    assert figure.organisms == (Organism("PX clade", None), Organism("Homo sapiens", "9606"))
    assert [p.value for p in problems] == ["PX clade"]


def test_what_is_no_text_in_a_list_hides_nothing_that_follows(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record(organisms=[{"a": "b"}, "Homo sapiens"]))
    assert figure
    assert figure.organisms == (Organism("Homo sapiens", "9606"),)
    assert [(p.field, p.kind, p.value) for p in problems] == [
        ("organisms", "field shape", '{"a": "b"}')
    ]


def test_predicted_organisms_are_the_table_s_and_what_the_record_adds(tmp_path: Path) -> None:
    genes = table(GENE_COLUMNS, "10090|Mus musculus|Rodents|a|A|A|5|ncbigene_symbol|1|1|1")
    ner = ["Mus  musculus", "Homo sapiens"]
    figure = read_well(tmp_path, record(organisms=None, organisms_ner=ner), genes=genes)
    assert figure.organisms == ()
    assert figure.predicted_organisms == (
        Organism("Mus musculus", "10090"),
        Organism("Homo sapiens", "9606"),
    )


def test_the_shipped_table_is_well_formed() -> None:
    with resource("ontology", "organisms.tsv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header[:2] == ["name", "taxon"]
    names = [row[0].casefold() for row in rows]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[1-9][0-9]*", row[1]) for row in rows)
    assert {row[0]: row[1] for row in rows}["Homo sapiens"] == "9606"


def test_the_fixtures_name_no_organism_that_is_not_known() -> None:
    _, problems = read_all(RECORDS)
    assert {p.value for p in problems if p.kind == "organism"} <= {"Xenopus Oocyte", "PX clade"}


def test_a_list_of_one_name_is_that_name_and_other_shapes_are_reported(tmp_path: Path) -> None:
    text = "---\nlatin: [Alces]\ncommon: [a, b]\ngroup: {}\nncbi: '1'\n---\n"
    root, problems = page(tmp_path, text)
    (found,) = load_taxa((str(root / "_organisms"),)).pages
    assert (found.names, found.group) == (("Alces",), None)
    assert [(p.file, p.field, p.kind, p.value) for p in problems] == [
        (FILE, "common", "field shape", '["a", "b"]')
    ]


def test_a_page_is_told_by_its_place_in_the_input(tmp_path: Path) -> None:
    for name in ("one", "two"):
        figid = f"PMC1__{name}"
        files = {f"_figures/{figid}.md": record(figid=figid)}
        write(tmp_path / name, files | {"_organisms/h.md": "---\nlatin: X\nncbi: abc\n---\n"})
    problems = open_collection([tmp_path]).problems
    assert [p.file for p in problems] == ["one/_organisms/h.md", "two/_organisms/h.md"]


def test_a_name_with_several_ids_in_its_table_is_left_open(tmp_path: Path) -> None:
    rows = (
        "111|Foo bar|Birds|a|A|A|1|ncbigene_symbol|1|1|1",
        "222|Foo bar|Birds|b|B|B|2|ncbigene_symbol|1|1|1",
        "|Foo bar|Birds|c|C|C|3|ncbigene_symbol|1|1|1",
    )
    text = record(organisms=["Foo bar"])
    figure, problems = read(tmp_path, text, genes=table(GENE_COLUMNS, *rows))
    assert figure
    assert figure.organisms == (Organism("Foo bar", None),)
    reason = "has several ids in the gene table: kept as text; correct the table"
    assert [(p.field, p.reason) for p in problems] == [
        ("organism_name, line 4", reason),
        ("organisms", reason),
    ]


def test_an_organism_without_a_name_lends_its_id_to_none(tmp_path: Path) -> None:
    row = "111|NA|Birds|a|A|A|1|ncbigene_symbol|1|1|1"
    figure, problems = read(tmp_path, record(organisms=[":"]), genes=table(GENE_COLUMNS, row))
    assert figure
    assert figure.organisms == (Organism(":", None),)
    assert [(p.kind, p.value) for p in problems] == [("organism", ":")]


def test_counts_of_one_taxon_that_differ_are_told_whatever_its_names(tmp_path: Path) -> None:
    rows = (
        "9606|Homo sapiens|Primates|a|A|A|1|ncbigene_symbol|1|1|1",
        "9606|Human|Primates|b|B|B|2|ncbigene_symbol|9|1|1",
    )
    figure, problems = read(tmp_path, record(), genes=table(GENE_COLUMNS, *rows))
    assert figure
    assert [support.direct for support in figure.supports] == [(1,), (9,)]
    reason = "the organism has another count on an earlier line: both are stated"
    assert [(p.field, p.value, p.reason) for p in problems] == [
        ("count_direct, line 3", "9", reason)
    ]
