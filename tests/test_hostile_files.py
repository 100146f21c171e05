"""Identifiers that could be paths, and files that lie outside the input or are none."""

import json
import os
from pathlib import Path

import pytest

from building import build
from making import FIGID, raw_record, read, read_all, record, write
from pfocr_rdf.errors import InputError, Problem
from pfocr_rdf.records import load_taxa, open_collection, read_record

FILE = f"_figures/{FIGID}.md"


@pytest.mark.parametrize(
    "figid",
    [
        *("PMC1__../../etc/passwd", "PMC1__a\\b", "../PMC1__f1", "PMC__f1", "PMC1_f1", "PMC1__"),
        *("PMC12345678901__f1", "pmc1__f1", "PMC1__" + "a" * 201, "PMC1__a\nb", "PMC１__f1"),
        *("xPMC1__f1", "PMC1__\u2003", "PMC1__/"),
    ],
)
def test_a_figid_that_could_be_a_path_or_is_none_is_not_used(figid: str, tmp_path: Path) -> None:
    write(tmp_path, {"_figures/one.md": record(figid=figid)})
    figures, problems = read_all(tmp_path)
    assert figures == {}
    (found,) = problems
    assert (found.file, found.field, found.severity) == ("_figures/one.md", "figid", "error")
    assert found.value == figid.strip()
    assert found.reason == (
        "no figid of the form PMC…__…, and the file is not named so: correct the field"
    )


@pytest.mark.parametrize(
    "figid", ["PMC1__%2e%2e", "PMC1__..", "PMC1__a?b#c", "PMC1__%00", "PMC1__a:b"]
)
def test_odd_figids_are_data(figid: str, tmp_path: Path) -> None:
    write(tmp_path, {"_figures/one.md": record(figid=figid)})
    figures, _ = read_all(tmp_path)
    assert list(figures) == [figid]


def test_a_figid_written_twice_is_refused_with_the_way_out(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, raw_record("figid: PMC1__f1\nfigid: PMC1__elsewhere"))
    assert figure is None
    reason = "found as PMC1__f1: write `figid: …` once, at the start of a line"
    assert problems[-1] == Problem(FILE, "figid", "figid", "error", "PMC1__elsewhere", reason)


def test_of_two_files_with_one_figid_neither_named_so_the_first_by_path_is_read(
    tmp_path: Path,
) -> None:
    write(tmp_path, {"b.md": record(figtitle="b"), "a.md": record(figtitle="a")})
    figures, problems = read_all(tmp_path)
    assert figures[FIGID].title == "a"
    assert problems[0] == Problem(
        "b.md",
        "figid",
        "duplicate figid",
        "error",
        FIGID,
        "the same figid as a.md, which is taken instead: delete one, or correct its figid",
    )


def test_a_figid_hidden_in_odd_yaml_cannot_take_another_record_s_place(tmp_path: Path) -> None:
    hidden = record(figid=None) + ""
    hidden = hidden.replace("---\n", f'---\n"figid": {FIGID}\n', 1)
    write(tmp_path, {"PMC1__f1.md": record(), "PMC1__f2.md": hidden})
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    assert [(p.file, p.severity) for p in problems] == [("PMC1__f2.md", "error")]


def secret_outside(folder: Path) -> Path:
    write(folder, {"outside/PMC1__f1.md": record(), "outside/t.tsv": "root:x:0:0\n"})
    (folder / "in/_figures").mkdir(parents=True)
    (folder / "in/_data").mkdir()
    (folder / "in/_organisms").mkdir()
    write(folder / "in", {"_figures/PMC1__f0.md": record(figid="PMC1__f0")})
    return folder / "in"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("_figures/PMC1__f1.md", "../../outside/PMC1__f1.md"),
        ("_figures/PMC1__f1.md", "/etc/passwd"),
        ("_figures/PMC1__f1.md", "/dev/zero"),
        ("_data/PMC1__f0-genes.tsv", "../../outside/t.tsv"),
        ("_data/PMC1__f0-genes.tsv", "/dev/zero"),
        ("_data/wpid_map.tsv", "../../outside/t.tsv"),
        ("_data/ndex_map.tsv", "/dev/zero"),
        ("_organisms/x.md", "/etc/passwd"),
        ("_organisms/x.md", "/dev/zero"),
    ],
)
def test_a_link_that_leaves_the_input_is_not_followed(
    name: str, target: str, tmp_path: Path
) -> None:
    root = secret_outside(tmp_path)
    (root / name).symlink_to(target)
    figures, problems = read_all(root)
    assert list(figures) == ["PMC1__f0"]
    assert figures["PMC1__f0"].tables == ()
    reason = "a symbolic link that leaves the input folder: put the file itself there"
    wrong = [p for p in problems if p.kind != "figid"]
    assert wrong == [Problem(name, "file", "link", "error", target, reason)]


@pytest.mark.parametrize("name", ["_data", "_organisms"])
def test_a_folder_that_is_a_link_out_of_the_input_is_not_followed(
    name: str, tmp_path: Path
) -> None:
    root = secret_outside(tmp_path)
    write(tmp_path, {"outside/PMC1__f0-genes.tsv": "word\tncbigene_id\nx\t1\n"})
    (root / name).rmdir()
    (root / name).symlink_to("../outside")
    figures, problems = read_all(root)
    assert figures["PMC1__f0"].mentions == ()
    assert [(p.file, p.kind, p.value) for p in problems] == [(name, "link", "../outside")]


def test_a_folder_of_figures_that_is_a_link_out_of_the_input_is_not_followed(
    tmp_path: Path,
) -> None:
    secret_outside(tmp_path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/_figures").symlink_to("../outside")
    collection = open_collection([tmp_path / "new"])
    assert collection.files == ()
    assert [(p.file, p.kind) for p in collection.problems] == [("_figures", "link")]


def test_a_linked_folder_of_loose_records_is_not_followed_out_of_the_input(tmp_path: Path) -> None:
    write(tmp_path, {"in/PMC1__f0.md": record(figid="PMC1__f0"), "out/PMC1__f1.md": record()})
    (tmp_path / "in/sub").symlink_to("../out")
    collection = open_collection([tmp_path / "in"])
    assert [file.figid for file in collection.files] == ["PMC1__f0"]
    assert [(p.file, p.kind, p.value) for p in collection.problems] == [("sub", "link", "../out")]


def test_a_link_to_what_is_not_utf_8_is_reported_by_a_build(tmp_path: Path) -> None:
    root = secret_outside(tmp_path)
    os.symlink(b"/nowhere/\xff.md", os.fsencode(root / "_figures/PMC1__f1.md"))
    release = build(root, tmp_path / "data").release
    problems = json.loads((release.path / "report.json").read_text(encoding="utf-8"))["problems"]
    links = [problem["value"] for problem in problems if problem["kind"] == "link"]
    assert links == ["/nowhere/\\udcff.md"]


def test_links_within_the_input_are_followed_and_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"in/real/PMC1__f1.md": record()})
    (tmp_path / "in/PMC1__f1.md").symlink_to("real/PMC1__f1.md")
    (tmp_path / "in/again").symlink_to("real")
    (tmp_path / "link").symlink_to("in")
    figures, problems = read_all(tmp_path / "link")
    assert list(figures) == [FIGID]
    assert problems == []


@pytest.mark.parametrize("name", ["_figures/PMC1__f2.md", "_data/PMC1__f1-genes.tsv"])
@pytest.mark.parametrize("how", ["pipe", "folder", "broken link", "loop"])
def test_what_is_no_file_is_reported_and_never_waited_for(
    name: str, how: str, tmp_path: Path
) -> None:
    write(tmp_path, {"_figures/PMC1__f1.md": record(), "_data/x": ""})
    path = tmp_path / name
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name if how == "loop" else "nothing")
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    reason = "neither a file nor a link to one: put the file itself there"
    assert problems == [Problem(name, "file", "unreadable", "error", "", reason)]


def test_a_record_that_vanished_is_skipped_and_reported(tmp_path: Path) -> None:
    write(tmp_path, {f"_figures/{FIGID}.md": record()})
    (file,) = open_collection([tmp_path]).files
    Path(file.path).unlink()
    figure, problems = read_record(file, load_taxa())
    assert figure is None
    reason = "cannot be read (No such file or directory): check the file and its permissions"
    assert problems == [Problem(FILE, "file", "unreadable", "error", "", reason)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_record_without_permission_is_skipped_and_reported(tmp_path: Path) -> None:
    write(tmp_path, {f"_figures/{FIGID}.md": record()})
    (tmp_path / FILE).chmod(0)
    _, problems = read_all(tmp_path)
    reason = "cannot be read (Permission denied): check the file and its permissions"
    assert problems == [Problem(FILE, "file", "unreadable", "error", "", reason)]


def test_a_file_name_that_is_not_utf_8_can_be_reported(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name, text in ((b"PMC1__\xff.md", record()), (b"PMC2__\xff.md", "nothing")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text.encode())
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    assert [p.file for p in problems] == ["PMC1__\\udcff.md", "PMC2__\\udcff.md"]
    assert all(str(p).encode() for p in problems)
    assert figures[FIGID].source.encode("utf-8", "surrogateescape") == b"_figures/PMC1__\xff.md"


@pytest.mark.parametrize("name", ["missing", "pipe", "empty"])
def test_an_input_that_holds_no_record_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    given = tmp_path / name
    reasons = {
        "missing": f"{given} does not exist: name a record, or a folder of records",
        "pipe": f"{given} is neither a file nor a folder: name a record, or a folder",
        "empty": f"no record found in {given}: no .md file there; name the folder that holds"
        " _figures/, or the records",
    }
    with pytest.raises(InputError) as raised:
        open_collection([given])
    assert str(raised.value) == reasons[name]
