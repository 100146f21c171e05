"""Finding records: files, flat folders, folders of folders, checkouts; in one order always."""

import os
import random
from pathlib import Path
from typing import Final, Literal
from unicodedata import normalize

import pytest

from making import (
    CHEMICAL_COLUMNS,
    FIGID,
    GENE_COLUMNS,
    SEEDS,
    kinds,
    raw_record,
    read,
    read_all,
    record,
    table,
    write,
)
from pfocr_rdf.errors import InputError, Problem
from pfocr_rdf.records import layout, load_taxa, open_collection, read_record

GENE = table(GENE_COLUMNS, "9606|Homo sapiens|Primates|Etk|ETK|BMX|660|ncbigene_synonym|7|12|10")
LEAD = table(CHEMICAL_COLUMNS, "Lead|D007854|Lead|lead|NA")
CHECKOUT = {
    "README.md": "# About\n",
    "_figures/PMC1__f1.md": record(),
    "_data/PMC1__f1-genes.tsv": GENE,
    "_data/PMC1__f1-chemicals.tsv": LEAD,
    "_data/wpid_map.tsv": "PMC1__f1\tWP1\n",
    "_data/ndex_map.tsv": "PMC1__f1\t3feb4f7e-df13-11ea-99da-0ac135e8bacf\n",
    "_organisms/x.md": "---\nlatin: Imaginarius primus\nncbi: '77'\n---\n",
}


@pytest.mark.parametrize("given", [".", "_figures", "_figures/PMC1__f1.md", "_figures/"])
@pytest.mark.parametrize("how", ["absolute", "relative", "from within"])
def test_a_checkout_is_found_by_any_of_its_names(
    given: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "checkout", CHECKOUT)
    path = root / given
    if how == "relative":
        monkeypatch.chdir(tmp_path)
        path = Path("checkout") / given
    elif how == "from within":
        folder = path.parent if path.is_file() else path
        monkeypatch.chdir(folder)
        path = Path(path.name if path.is_file() else ".")
    collection = open_collection([path])
    (file,) = collection.files
    figure, problems = read_record(file, load_taxa(collection.organism_folders))
    assert figure
    assert [m.word for m in figure.mentions] == ["Etk", "Lead"]
    assert figure.wpids == ("WP1",)
    assert figure.ndex
    assert len(collection.organism_folders) == 1
    assert file.file == "_figures/PMC1__f1.md"
    assert figure.tables == ("_data/PMC1__f1-genes.tsv", "_data/PMC1__f1-chemicals.tsv")
    assert not problems
    assert not collection.problems


@pytest.mark.parametrize("beside", ["", "_data/"])
def test_a_flat_folder_has_its_tables_beside_or_below(beside: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"PMC1__f1.md": record(), f"{beside}PMC1__f1-genes.tsv": GENE.replace("660", "bad")},
    )
    figures, problems = read_all(tmp_path)
    assert [m.word for m in figures[FIGID].mentions] == ["Etk"]
    assert [(p.file, p.field) for p in problems] == [
        (f"{beside}PMC1__f1-genes.tsv", "ncbigene_id, line 2")
    ]


def test_a_flat_folder_may_have_tables_in_both_places(tmp_path: Path) -> None:
    files = {"PMC1__f1.md": record(), "PMC1__f1-genes.tsv": GENE}
    write(tmp_path, {**files, "_data/PMC1__f1-chemicals.tsv": LEAD})
    figures, problems = read_all(tmp_path)
    assert [m.word for m in figures[FIGID].mentions] == ["Etk", "Lead"]
    assert not problems


@pytest.mark.parametrize("given", [".", "_figures", "_figures/PMC1__f1.md"])
@pytest.mark.parametrize("data", [{}, {"_data/PMC1__f1-chemicals.tsv": LEAD}])
def test_the_tables_of_a_checkout_may_lie_beside_its_records(
    given: str, data: dict[str, str], tmp_path: Path
) -> None:
    files = {"_figures/PMC1__f1.md": record(), "_figures/PMC1__f1-genes.tsv": GENE, **data}
    figures, problems = read_all(write(tmp_path, files) / given)
    assert [m.word for m in figures[FIGID].mentions] == ["Etk", *(["Lead"] if data else [])]
    assert not problems


@pytest.mark.parametrize("folder", ["", "_figures/"])
def test_a_folder_of_tables_that_is_a_link_to_that_of_the_records_is_read_once(
    folder: str, tmp_path: Path
) -> None:
    files = {f"{folder}PMC1__f1.md": record(), f"{folder}PMC1__f1-genes.tsv": GENE}
    root = write(tmp_path / "in", files)
    (root / "_data").symlink_to(folder or ".")
    figures, problems = read_all(root)
    assert [m.word for m in figures[FIGID].mentions] == ["Etk"]
    assert not problems


def test_what_is_not_read_among_the_records_of_a_checkout_is_told(tmp_path: Path) -> None:
    more = {"_figures/PMC1__f1-genes.csv": "x", "_figures/PMC2__x-genes.tsv": GENE}
    _, problems = read_all(write(tmp_path, CHECKOUT | more))
    assert [(p.file, p.kind) for p in problems] == [
        ("_figures/PMC1__f1-genes.csv", "unread file"),
        ("_figures/PMC2__x-genes.tsv", "orphan table"),
    ]


def test_a_single_file_brings_its_tables_and_no_orphans(tmp_path: Path) -> None:
    files = {"PMC1__f1.md": record(), "PMC1__f1-genes.tsv": GENE, "PMC2__x-genes.tsv": GENE}
    collection = open_collection([write(tmp_path, files) / "PMC1__f1.md"])
    assert [dict(file.tables) for file in collection.files] == [
        {"gene": str(tmp_path / "PMC1__f1-genes.tsv")}
    ]
    assert collection.files[0].file == "PMC1__f1.md"
    assert not collection.problems


def test_a_table_that_is_named_is_read_with_its_record_and_is_none_itself(tmp_path: Path) -> None:
    root = write(tmp_path, CHECKOUT)
    table_of_it = root / "_data" / "PMC1__f1-genes.tsv"
    found = open_collection([root / "_figures" / "PMC1__f1.md", table_of_it])
    (file,) = found.files
    assert [kind for kind, _ in file.tables] == ["gene", "chemical"]
    reason = "a table, which is read with its record: name the record"
    told = Problem("PMC1__f1-genes.tsv", "file", "named table", "warning", "", reason)
    assert found.problems == (told,)
    with pytest.raises(InputError, match=r"no record found in .*genes\.tsv: "):
        open_collection([table_of_it])


def test_folders_are_searched_to_any_depth(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "PMC1__a.md": record(figid="PMC1__a"),
            "2020/PMC1__b.md": record(figid="PMC1__b"),
            "2020/05/PMC1__c.md": record(figid="PMC1__c"),
            "2020/05/PMC1__c-genes.tsv": GENE,
            "database/_figures/PMC1__d.md": record(figid="PMC1__d"),
            "database/_data/PMC1__d-genes.tsv": GENE,
            "database/about/page.md": "# not a record\n",
            ".git/PMC1__e.md": record(figid="PMC1__e"),
            "_drafts/PMC1__f.md": record(figid="PMC1__f"),
            "README.md": "# About\n",
            "2020/LICENSE.md": "MIT\n",
            "notes.txt": "x",
        },
    )
    figures, problems = read_all(tmp_path)
    assert list(figures) == ["PMC1__a", "PMC1__b", "PMC1__c", "PMC1__d"]
    assert [len(figure.mentions) for figure in figures.values()] == [0, 0, 1, 1]
    assert not problems
    files = [file.file for file in open_collection([tmp_path]).files]
    assert files == [
        "PMC1__a.md",
        "2020/PMC1__b.md",
        "2020/05/PMC1__c.md",
        "database/_figures/PMC1__d.md",
    ]


def test_a_deep_tree_of_folders_is_searched(tmp_path: Path) -> None:
    folder = tmp_path / "/".join(["a"] * 1_200)
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1_200):
            os.mkdir("a", dir_fd=here)
            below = os.open("a", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        with open(os.open("PMC1__f1.md", os.O_CREAT | os.O_WRONLY, dir_fd=here), "w") as file:
            file.write(record())
    finally:
        os.close(here)
    try:
        collection = open_collection([tmp_path])
        assert [Path(file.path).parent for file in collection.files] == [folder]
    finally:  # too deep for the cleaning up of pytest, which recurses
        (folder / "PMC1__f1.md").unlink()
        while folder != tmp_path:
            folder.rmdir()
            folder = folder.parent


def test_a_markdown_file_that_is_no_record_is_reported(tmp_path: Path) -> None:
    figures, problems = read_all(write(tmp_path, {"PMC1__f1.md": record(), "notes.md": "# x\n"}))
    assert list(figures) == [FIGID]
    assert [(p.file, p.kind, p.severity) for p in problems] == [
        ("notes.md", "no front matter", "error")
    ]


def test_orphan_tables_are_reported_in_order(tmp_path: Path) -> None:
    orphans = ["PMC9__z-genes.tsv", "PMC9__a-diseases.tsv", "PMC9__a-chemicals.tsv"]
    write(tmp_path, {**CHECKOUT, **{f"_data/{name}": LEAD for name in orphans}})
    _, problems = read_all(tmp_path)
    reason = "a table without a record here: put it beside its record, or delete it"
    assert problems == [
        Problem(f"_data/{name}", "file", "orphan table", "warning", "", reason)
        for name in ("PMC9__a-chemicals.tsv", "PMC9__a-diseases.tsv", "PMC9__z-genes.tsv")
    ]


@pytest.mark.parametrize("figid", ["PMC1__f2", FIGID])
def test_a_table_named_like_a_record_with_another_figid_is_no_stray(
    figid: str, tmp_path: Path
) -> None:
    files = {
        "_figures/PMC1__f1.md": record(),
        "_figures/PMC1__other.md": record(figid=figid),
        "_data/PMC1__other-genes.tsv": GENE,
    }
    _, problems = read_all(write(tmp_path, files))
    (found,) = (problem for problem in problems if problem.kind == "orphan table")
    assert found.file == "_data/PMC1__other-genes.tsv"
    assert found.reason == (
        f"not read: _figures/PMC1__other.md, which has its name, has the figid {figid}: "
        "correct that figid, or name the table like it"
    )


def test_a_folder_of_one_record_has_orphans_too(tmp_path: Path) -> None:
    files = {"PMC1__f1.md": record(), "PMC2__x-genes.tsv": GENE}
    _, problems = read_all(write(tmp_path, files))
    assert [(p.file, p.kind) for p in problems] == [("PMC2__x-genes.tsv", "orphan table")]


def test_a_stem_that_ends_like_a_table_keeps_its_own_tables(tmp_path: Path) -> None:
    files = {
        "_figures/PMC1__f1.md": record(),
        "_figures/PMC1__f1-genes.tsv.md": record(figid="PMC1__f1-genes.tsv"),
        "_data/PMC1__f1-genes.tsv-genes.tsv": GENE,
    }
    figures, problems = read_all(write(tmp_path, files))
    assert {figid: len(f.mentions) for figid, f in figures.items()} == {
        "PMC1__f1": 0,
        "PMC1__f1-genes.tsv": 1,
    }
    assert not problems


def test_records_come_in_the_order_of_their_figids_not_of_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["PMC2__b", "PMC10__a", "PMC1__z", "PMC1__a.b", "PMC1__a", "PMC1__Z", "PMC11__ä"]
    for name in names:
        write(tmp_path, {f"_figures/{name}.md": record(figid=name, pmcid=None, figlink=None)})
        write(tmp_path, {f"_data/{name}x-genes.tsv": GENE, f"sub{name}/x.md": record()})
        (tmp_path / f"_figures/link{name}.md").symlink_to("/dev/null")
        (tmp_path / f"_data/link{name}-genes.tsv").symlink_to("/dev/null")
    expected = open_collection([tmp_path])
    assert [file.figid for file in expected.files] == sorted(names)
    listed = os.scandir

    class Shuffled:
        def __init__(self, folder: Path) -> None:
            with listed(folder) as entries:
                self.entries = list(entries)
            random.Random(len(self.entries)).shuffle(self.entries)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Shuffled)
    assert open_collection([tmp_path]) == expected


def test_the_same_record_named_twice_is_read_once(tmp_path: Path) -> None:
    root = write(tmp_path, CHECKOUT)
    collection = open_collection([root, root / "_figures/PMC1__f1.md", root / "_figures"])
    assert [file.figid for file in collection.files] == [FIGID]
    assert not collection.problems


def test_two_inputs_with_one_figid_are_told_apart_in_the_report(tmp_path: Path) -> None:
    write(tmp_path, {"a/_figures/PMC1__f1.md": record(), "b/_figures/PMC1__f1.md": record()})
    collection = open_collection([tmp_path / "b", tmp_path / "a"])
    assert [file.path for file in collection.files] == [str(tmp_path / "a/_figures/PMC1__f1.md")]
    (found,) = collection.problems
    other = tmp_path / "a/_figures/PMC1__f1.md"
    advice = "which is taken instead: delete one, or correct its figid"
    assert found.reason == f"the same figid as {other}, {advice}"
    together = open_collection([tmp_path])
    assert [p.reason for p in together.problems] == [
        f"the same figid as a/_figures/PMC1__f1.md, {advice}"
    ]


@pytest.mark.parametrize("copy", ["PMC0__a.md", "PMC1__f1 (1).md", "PMC1__e9.md"])
def test_of_files_with_one_figid_that_which_is_named_so_is_read(copy: str, tmp_path: Path) -> None:
    files = {copy: record(caption="stale"), "PMC1__f1.md": record(), "PMC1__f1-genes.tsv": GENE}
    figures, problems = read_all(write(tmp_path, files))
    assert figures[FIGID].caption != "stale"
    assert [mention.word for mention in figures[FIGID].mentions] == ["Etk"]
    reason = (
        "the same figid as PMC1__f1.md, which is taken instead: delete one, or correct its figid"
    )
    assert problems == [Problem(copy, "figid", "duplicate figid", "error", FIGID, reason)]


def test_a_copy_that_cannot_be_read_does_not_cost_the_record(tmp_path: Path) -> None:
    files = {"PMC0__a.md": record().replace("---\n", "---\n[\n", 1), "PMC1__f1.md": record()}
    figures, problems = read_all(write(tmp_path, files))
    assert list(figures) == [FIGID]
    assert kinds(problems) == [("error", "duplicate figid")]


def test_what_lies_beside_a_record_that_is_skipped_is_named(tmp_path: Path) -> None:
    files = {**CHECKOUT, "_figures/PMC1__f1.md": record(pmcid="PMC3")}
    figures, problems = read_all(write(tmp_path, files))
    assert not figures
    assert problems[1] == Problem(
        "_figures/PMC1__f1.md",
        "tables, maps",
        "unread companions",
        "warning",
        "PMC1__f1-genes.tsv, PMC1__f1-chemicals.tsv, 3feb4f7e-df13-11ea-99da-0ac135e8bacf, WP1",
        "of a record that is skipped: neither read nor mapped; correct the record",
    )


def test_records_that_are_named_one_by_one_share_what_lies_beside_them(tmp_path: Path) -> None:
    more = {f"_figures/PMC2__f{n}.md": record(figid=f"PMC2__f{n}", pmcid="PMC2") for n in range(9)}
    maps = {"_data/wpid_map.tsv": "PMC1__f1\tWP1\nalone\n"}
    root = write(tmp_path, {**CHECKOUT, **more, **maps})
    named = open_collection(sorted((root / "_figures").iterdir()))
    whole = open_collection([root])
    assert named.files == whole.files
    assert [p.value for p in named.problems] == ["alone"]


def test_an_input_that_is_named_in_several_ways_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {
        "_data/wpid_map.tsv": "alone\n",
        "_organisms/y.md": "---\nlatin: Y\n---\n",
        "_figures/sub/x": "",
    }
    root = write(tmp_path, {**CHECKOUT, **broken})
    once = open_collection([root])
    assert kinds(once.problems) == [
        ("warning", "folder"),
        ("error", "map line"),
        ("warning", "organism page"),
    ]
    monkeypatch.chdir(tmp_path)
    ways = [root, root / "_figures", Path(), Path("_figures"), root / "_figures/PMC1__f1.md"]
    again = open_collection(ways)
    assert (again.files, again.problems) == (once.files, once.problems)
    assert again.organism_folders == once.organism_folders


def test_a_link_that_leads_to_itself_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, {"PMC1__f1.md": record()})
    (tmp_path / "loop").symlink_to("loop")
    figures, problems = read_all(tmp_path)
    assert (list(figures), problems) == ([FIGID], [])


def test_several_inputs_are_one_collection(tmp_path: Path) -> None:
    write(tmp_path, {"a/PMC2__x.md": record(figid="PMC2__x"), "b/_figures/PMC1__f1.md": record()})
    collection = open_collection([tmp_path / "a", tmp_path / "b"])
    assert [file.figid for file in collection.files] == ["PMC1__f1", "PMC2__x"]


def test_a_broken_map_file_costs_its_lines_and_no_record(tmp_path: Path) -> None:
    write(tmp_path, {**CHECKOUT, "_data/ndex_map.tsv": b"caf\xe9\tx\n"})
    figures, problems = read_all(tmp_path)
    assert (figures[FIGID].ndex, figures[FIGID].wpids) == (None, ("WP1",))
    assert [(p.file, p.field, p.kind, p.severity) for p in problems] == [
        ("_data/ndex_map.tsv", "file", "not UTF-8", "error")
    ]


def test_the_seeds_are_five_records_with_nothing_refused() -> None:
    figures, problems = read_all(SEEDS)
    assert list(figures) == [
        "PMC3471537__nihms406899f5",
        "PMC3808214__brc-0008-0256-g02",
        "PMC6566596__ijms-20-02505-g004",
        "PMC8005514__fphar-12-628690-g002",
        "PMC8023395__nihms-1688996-f0002",
    ]
    assert kinds(problems) == [("warning", "missing"), ("warning", "missing")]
    assert [(p.file.split("__")[0], p.field) for p in problems] == [
        ("_figures/PMC3471537", "year"),
        ("_figures/PMC8023395", "year"),
    ]


# --- nothing is passed over without a word ---


@pytest.mark.parametrize(
    "name",
    ["tables/PMC1__f1-genes.tsv", "other/_data/PMC1__f1-genes.tsv", "PMC1__f1-genes.tsv"],
)
def test_a_table_in_a_folder_without_records_is_reported(name: str, tmp_path: Path) -> None:
    figures, problems = read_all(write(tmp_path, {"records/PMC1__f1.md": record(), name: GENE}))
    assert figures[FIGID].mentions == ()
    assert [(p.file, p.kind, p.severity) for p in problems] == [(name, "orphan table", "warning")]


def test_of_two_tables_of_one_kind_the_one_that_is_not_read_is_reported(tmp_path: Path) -> None:
    name = "PMC1__f1-genes.tsv"
    files = {"PMC1__f1.md": record(), f"_data/{name}": GENE, name: GENE.replace("Etk", "other")}
    figures, problems = read_all(write(tmp_path, files))
    assert [mention.word for mention in figures[FIGID].mentions] == ["Etk"]
    reason = f"_data/{name} is used instead: delete one of the two"
    assert problems == [Problem(name, "file", "second table", "warning", "", reason)]


def test_the_tables_of_a_second_record_of_one_figid_are_named(tmp_path: Path) -> None:
    files = {"a/PMC1__f1.md": record(), "b/PMC1__f1.md": record(), "b/PMC1__f1-genes.tsv": GENE}
    _, (problem,) = read_all(write(tmp_path, files))
    assert problem.reason == (
        "the same figid as a/PMC1__f1.md, which is taken instead; the tables of this one "
        "(PMC1__f1-genes.tsv) are not read: delete one, or correct its figid"
    )


def test_tables_alone_are_no_input(tmp_path: Path) -> None:
    write(tmp_path, {"PMC1__f1-genes.tsv": GENE})
    with pytest.raises(InputError, match="no record found"):
        open_collection([tmp_path])


@pytest.mark.parametrize("folder", ["_figures", "_organisms"])
def test_a_page_about_a_folder_of_a_checkout_is_no_record(folder: str, tmp_path: Path) -> None:
    _, problems = read_all(write(tmp_path, {**CHECKOUT, f"{folder}/README.md": "# About\n"}))
    assert problems == []


def test_a_record_may_have_its_suffix_in_capitals(tmp_path: Path) -> None:
    files = {name.replace(".md", ".MD"): text for name, text in CHECKOUT.items()}
    collection = open_collection([write(tmp_path, files)])
    (file,) = collection.files
    figure, problems = read_record(file, load_taxa(collection.organism_folders))
    assert figure
    assert figure.figid == FIGID
    assert figure.source == "_figures/PMC1__f1.MD"
    assert problems == []
    assert load_taxa(collection.organism_folders).taxon("Imaginarius primus") == "77"


def test_hidden_files_are_no_records_and_no_tables(tmp_path: Path) -> None:
    hidden = {"_figures/._PMC1__f1.md": "\0", "_data/._PMC1__f1-genes.tsv": "\0"}
    figures, problems = read_all(write(tmp_path, {**CHECKOUT, **hidden}))
    assert list(figures) == [FIGID]
    assert problems == []


def test_a_folder_among_the_records_is_told_of(tmp_path: Path) -> None:
    more = {"_figures/sub/PMC2__x.md": record(figid="PMC2__x"), "_figures/.git/x": ""}
    figures, problems = read_all(write(tmp_path, {**CHECKOUT, **more}))
    assert list(figures) == [FIGID]
    reason = "a folder among the records: it is not read; put what is in it beside it"
    assert problems == [Problem("_figures/sub", "file", "folder", "warning", "", reason)]


@pytest.mark.parametrize(
    ("name", "among"),
    [("_data/2024/PMC1__f1-genes.tsv", "tables"), ("_organisms/sub/x.md", "pages of organisms")],
)
def test_a_folder_among_tables_or_pages_is_told_of(name: str, among: str, tmp_path: Path) -> None:
    _, problems = read_all(write(tmp_path, {**CHECKOUT, name: "", "_data/.git/x": ""}))
    reason = f"a folder among the {among}: it is not read; put what is in it beside it"
    folder = name.rpartition("/")[0]
    assert problems == [Problem(folder, "file", "folder", "warning", "", reason)]


@pytest.mark.parametrize(
    "name", ["PMC1__f1_genes.tsv", "PMC1__f1-genes.tsv.gz", "PMC1__f1-genes.CSV", "WPID_map.tsv"]
)
@pytest.mark.parametrize("folder", ["", "_data/"])
def test_a_table_under_another_name_is_told_of(folder: str, name: str, tmp_path: Path) -> None:
    files = {"PMC1__f1.md": record(), f"{folder}{name}": "x", "notes.txt": "x", ".x.tsv": "x"}
    figures, problems = read_all(write(tmp_path, files))
    assert figures[FIGID].mentions == ()
    reason = (
        "not read: name it FIGID-genes.tsv or FIGID-chemicals.tsv or FIGID-diseases.tsv, "
        "if it is a table of a figure, or ndex_map.tsv or wpid_map.tsv, if it is a map"
    )
    expected = Problem(f"{folder}{name}", "file", "unread file", "warning", "", reason)
    assert problems == [expected]
    assert open_collection([tmp_path / "PMC1__f1.md"]).problems == ()


@pytest.mark.parametrize("name", ["PMC2__x.md.gz", "PMC2__x.markdown", "PMC2__x.md.txt"])
@pytest.mark.parametrize("folder", ["", "_figures/"])
def test_a_record_under_another_name_is_told_of(folder: str, name: str, tmp_path: Path) -> None:
    files = {f"{folder}PMC1__f1.md": record(), f"{folder}{name}": "x", f"{folder}x.jpg": "x"}
    _, problems = read_all(write(tmp_path, files))
    reason = "not read: name it FIGID.md, uncompressed, if it is a record"
    assert problems == [Problem(f"{folder}{name}", "file", "unread file", "warning", "", reason)]


@pytest.mark.parametrize("folder", ["", "_figures/"])
def test_a_record_among_the_tables_is_told_of(folder: str, tmp_path: Path) -> None:
    files = {f"{folder}PMC1__f1.md": record(), "_data/PMC2__x.md": record(figid="PMC2__x")}
    figures, problems = read_all(write(tmp_path, files))
    assert list(figures) == [FIGID]
    reason = "a record among the tables: not read; put it among the records"
    assert problems == [Problem("_data/PMC2__x.md", "file", "unread file", "warning", "", reason)]


def test_the_names_of_tables_may_be_in_capitals(tmp_path: Path) -> None:
    write(tmp_path, {"_figures/PMC1__f1.md": record(), "_data/PMC1__f1-GENES.TSV": GENE})
    figures, problems = read_all(tmp_path)
    assert [m.word for m in figures[FIGID].mentions] == ["Etk"]
    assert problems == []


@pytest.mark.parametrize(("figid", "name"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_of_files_may_have_their_letters_taken_apart(
    figid: Literal["NFC", "NFD"], name: Literal["NFC", "NFD"], tmp_path: Path
) -> None:
    written, found = (normalize(form, "PMC1__gr\u00f6\u00dfe") for form in (figid, name))
    files = {f"_figures/{found}.md": record(figid=written), f"_data/{found}-genes.tsv": GENE}
    figures, problems = read_all(write(tmp_path, files))
    assert [m.word for m in figures[written].mentions] == ["Etk"]
    assert problems == []


# --- the look at a file that finds its figid ---


@pytest.mark.parametrize("written", ["'PMC1__f1' # checked", '"PMC1__f1"  # checked', "PMC1__f1 #"])
def test_a_comment_after_a_figid_is_none_of_it(written: str, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, raw_record(f"figid: {written}"))
    assert figure
    assert figure.figid == FIGID
    assert {p.value for p in problems} <= {"# checked"}


def test_a_figid_under_the_front_matter_is_that_of_no_record(tmp_path: Path) -> None:
    text = record(figid=None) + "\nfigid: PMC99__other\n"
    figure, problems = read(tmp_path, text)
    assert figure
    assert figure.figid == FIGID
    assert [problem.kind for problem in problems] == ["body text"]


@pytest.mark.parametrize("line", ["PMC1__f1\t", "PMC1__f1\tNA", "PMC1__f1  "])
def test_a_map_that_has_nothing_for_a_figure_says_nothing(line: str, tmp_path: Path) -> None:
    files = {"_figures/PMC1__f1.md": record(), "_data/ndex_map.tsv": f"{line}\n"}
    figures, problems = read_all(write(tmp_path, files))
    assert (figures[FIGID].ndex, problems) == (None, [])


@pytest.mark.parametrize(("name", "value"), [("ndex", "not-a-uuid"), ("wpid", "wp12")])
def test_a_value_of_another_shape_is_noted_where_it_stands(
    name: str, value: str, tmp_path: Path
) -> None:
    file = f"_data/{name}_map.tsv"
    files = {"_figures/PMC1__f1.md": record(), file: f"PMC1__f1\t{value}\n"}
    figures, problems = read_all(write(tmp_path, files))
    assert figures[FIGID].unrecognized == (f"{name}: {value}",)
    assert [(p.file, p.field, p.kind, p.value) for p in problems] == [
        (file, "line 1", "unrecognized value", value)
    ]


def test_records_in_a_checkout_but_outside_figures_are_told(tmp_path: Path) -> None:
    files = {
        "_figures/PMC1__a.md": record(figid="PMC1__a"),
        "PMC1__b.md": record(figid="PMC1__b"),
        "about/page.md": "---\ntitle: About\n---\n",
        "2025/PMC1__c.md": record(figid="PMC1__c"),
        "2025/_figures/PMC1__d.md": record(figid="PMC1__d"),
    }
    collection = open_collection([write(tmp_path, files)])
    assert [file.figid for file in collection.files] == ["PMC1__a", "PMC1__d"]
    reason = "a record outside _figures, which is not read: put it and its tables there"
    assert [(p.file, p.kind, p.reason) for p in collection.problems] == [
        (name, "unread file", reason) for name in ("PMC1__b.md", "2025/PMC1__c.md")
    ]


@pytest.mark.parametrize("name", ["PMC1__f1-diseases.tsv", "PMC2__x-genes.TSV", "wpid_map.tsv"])
def test_tables_in_a_checkout_but_outside_data_are_told(name: str, tmp_path: Path) -> None:
    files = {name: "x", f"download/{name}": "x", "figures.tsv": "x"}
    collection = open_collection([write(tmp_path, CHECKOUT | files)])
    reason = "a table outside _data, which is not read: put it there"
    told = Problem(name, "file", "unread file", "warning", "", reason)
    assert collection.problems == (told,)


def test_what_else_lies_in_a_checkout_is_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "in", CHECKOUT | {"site/page.md": "x", "cache/x": "", "_keep/x": ""})
    (root / "site" / "out").symlink_to(tmp_path)
    (root / "kept").symlink_to("_keep")
    listed = layout.entries_of

    def refusing(folder: Path) -> list[os.DirEntry[str]]:
        if folder.name == "cache":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(layout, "entries_of", refusing)
    collection = open_collection([root])
    assert [file.figid for file in collection.files] == [FIGID]
    assert not collection.problems


def test_a_folder_of_pictures_does_not_hide_the_records_beside_it(tmp_path: Path) -> None:
    files = {"_figures/f1.jpg": "", "PMC1__f1.md": record(), "PMC1__f1-genes.tsv": GENE}
    figures, problems = read_all(write(tmp_path, files))
    assert [m.word for m in figures[FIGID].mentions] == ["Etk"]
    assert not problems


#: A folder that is searched and two that are not.
PLACES: Final = {"a": "a", "b": "_keep", "c": ".store"}


def test_a_link_to_a_folder_that_is_not_searched_is_told(tmp_path: Path) -> None:
    files = {f"{place}/PMC1__{n}.md": record(figid=f"PMC1__{n}") for n, place in PLACES.items()}
    root = write(tmp_path, files)
    for name in PLACES.values():
        (root / f"to{name.strip('._')}").symlink_to(name)
    collection = open_collection([root])
    assert [file.figid for file in collection.files] == ["PMC1__a"]
    reason = "a link to {}, a folder that is not searched: rename that"
    assert [(p.file, p.kind, p.reason) for p in collection.problems] == [
        ("tokeep", "link", reason.format("_keep")),
        ("tostore", "link", reason.format(".store")),
    ]
