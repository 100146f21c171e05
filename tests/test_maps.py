"""The two map files, which have no header and white space of any kind."""

from pathlib import Path

import pytest

from making import (
    FIGID,
    read,
    read_all,
    read_well,
    record,
    write,
)
from pfocr_rdf.errors import Problem
from pfocr_rdf.records import open_collection


@pytest.mark.parametrize("separator", ["\t", "  ", " \t ", "    ", " "])
def test_a_map_file_has_tabs_or_spaces(separator: str, tmp_path: Path) -> None:
    text = f"{FIGID}{separator}WP5358\n"
    figure = read_well(
        write(tmp_path, {"_data/wpid_map.tsv": text, "_data/ndex_map.tsv": "\n\n"}), record()
    )
    assert figure.wpids == ("WP5358",)


@pytest.mark.parametrize("separator", ["\t", "  ", " "])
def test_control_characters_of_a_map_are_removed_and_reported(
    separator: str, tmp_path: Path
) -> None:
    line = f"{FIGID}{separator}WP53\x0158"
    figure, problems = read(write(tmp_path, {"_data/wpid_map.tsv": line + "\n"}), record())
    assert figure
    assert (figure.wpids, figure.unrecognized) == (("WP5358",), ())
    assert [(p.kind, p.value) for p in problems] == [("control characters", ascii(line))]


def test_a_figid_with_a_space_may_stand_in_a_map_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "_data/wpid_map.tsv": "PMC1__a b\tWP1\nPMC1__c d  WP2\n",
            "_figures/PMC1__a b.md": record(figid="PMC1__a b"),
            "_figures/PMC1__c d.md": record(figid="PMC1__c d"),
        },
    )
    found = {file.figid: file.wpids for file in open_collection([tmp_path]).files}
    assert found == {"PMC1__a b": ("WP1",), "PMC1__c d": ("WP2",)}


def test_a_map_file_adds_to_the_record_and_never_overrules_it(tmp_path: Path) -> None:
    own, other = "3feb4f7e-df13-11ea-99da-0ac135e8bacf", "00000000-df13-11ea-99da-0ac135e8bacf"
    maps = {
        "_data/wpid_map.tsv": f"{FIGID}\tWP2\n",
        "_data/ndex_map.tsv": f"{FIGID}\t{other}\nPMC2__x\tNA\n",
    }
    figure, problems = read(write(tmp_path, maps), record(wpid="WP1", ndex=own))
    assert figure
    assert (figure.wpids, figure.ndex) == (("WP1", "WP2"), own)
    reason = f"the map file has {other}: the record's own value is used"
    assert problems == [Problem(f"_figures/{FIGID}.md", "ndex", "map file", "warning", own, reason)]


@pytest.mark.parametrize("which", ["record", "map"])
def test_of_a_record_and_a_map_the_one_with_a_usable_network_is_read(
    which: str, tmp_path: Path
) -> None:
    uuid = "3feb4f7e-df13-11ea-99da-0ac135e8bacf"
    own, mapped = ("pending", uuid) if which == "record" else (uuid, "pending")
    maps = {"_data/ndex_map.tsv": f"{FIGID}\t{mapped}\n"}
    figure, problems = read(write(tmp_path, maps), record(ndex=own))
    assert figure
    assert (figure.ndex, figure.unrecognized) == (uuid, ("ndex: pending",))
    assert [(p.kind, p.value) for p in problems] == [("unrecognized value", "pending")]


def test_lines_of_a_map_file_that_say_nothing_certain_are_reported(tmp_path: Path) -> None:
    one, other = "3feb4f7e-df13-11ea-99da-0ac135e8bacf", "00000000-df13-11ea-99da-0ac135e8bacf"
    text = f"{FIGID}\t{one}\nalone\n{FIGID}\t{other}\n{FIGID}\t{one.upper()}\na\tb\tc\n"
    figure, problems = read(write(tmp_path, {"_data/ndex_map.tsv": text}), record())
    assert figure
    assert figure.ndex == one
    file = "_data/ndex_map.tsv"
    skipped = "not a figid and a value: the line was skipped; write the two, with a tab between"
    used = f"the figure has {one} on another line, which is used"
    assert problems == [
        Problem(file, "line 2", "map line", "error", "alone", skipped),
        Problem(file, "line 3", "map line", "warning", f"{FIGID}\t{other}", used),
        Problem(file, "line 5", "map line", "error", "a\tb\tc", skipped),
    ]


def test_a_figure_has_as_many_pathways_as_were_drawn_from_it(tmp_path: Path) -> None:
    text = f"{FIGID}\tWP1\n{FIGID}  WP2\n{FIGID}\tWP1\n{FIGID}\tWP3 | WP4_r5\n"
    figure = read_well(write(tmp_path, {"_data/wpid_map.tsv": text}), record(wpid="WP9"))
    assert figure.wpids == ("WP9", "WP1", "WP2", "WP3", "WP4_r5")


def test_a_tab_comes_before_spaces_between_figid_and_value(tmp_path: Path) -> None:
    figid = "PMC1__a  b"
    files = {
        f"_figures/{figid}.md": record(figid=figid),
        "_data/wpid_map.tsv": f"{figid}\tWP1\n{figid}\tnot  yet\n",
    }
    figures, problems = read_all(write(tmp_path, files))
    assert figures[figid].wpids == ("WP1",)
    assert [(p.field, p.value) for p in problems] == [("line 2", "not  yet")]


def test_lines_about_figures_that_are_not_there_are_reported_together(tmp_path: Path) -> None:
    absent = "PMC9__x\tWP2 | WP3\nPMC9__x\tWP4\nPMC9__y\tno pathway"
    text = f"{FIGID}\tWP1\n{absent}\nPMC9__z\tNA\n"
    _, problems = read(write(tmp_path, {"_data/wpid_map.tsv": text}), record())
    reason = (
        "about 2 figures that are not among the records: add the records, or correct the figids"
    )
    expected = Problem("_data/wpid_map.tsv", "figid", "map line", "warning", absent, reason)
    assert problems == [expected]


def test_where_one_record_is_named_a_map_may_be_about_others(tmp_path: Path) -> None:
    files = {"_data/wpid_map.tsv": "PMC9__x\tWP2\n", f"_figures/{FIGID}.md": record()}
    write(tmp_path, files)
    assert open_collection([tmp_path / f"_figures/{FIGID}.md"]).problems == ()
    assert len(open_collection([tmp_path]).problems) == 1


def test_two_maps_of_one_folder_are_read_together(tmp_path: Path) -> None:
    one, other = "3feb4f7e-df13-11ea-99da-0ac135e8bacf", "00000000-df13-11ea-99da-0ac135e8bacf"
    files = {
        "PMC1__f1.md": record(),
        "_data/wpid_map.tsv": f"{FIGID}\tWP1\n",
        "wpid_map.tsv": f"{FIGID}\tWP2|WP1\n",
        "_data/ndex_map.tsv": f"{FIGID}\t{one}\n",
        "ndex_map.tsv": f"{FIGID}\t{other}\n",
    }
    collection = open_collection([write(tmp_path, files)])
    (file,) = collection.files
    assert (file.ndex, file.wpids) == (one, ("WP1", "WP2"))
    reason = f"another map file has {one}, which is used: correct one of the two"
    expected = Problem("ndex_map.tsv", FIGID, "map line", "warning", other, reason)
    assert collection.problems == (expected,)


@pytest.mark.parametrize("inputs", [[""], ["x", "y"], ["y", "x"]])
def test_a_map_may_be_about_figures_elsewhere_in_the_input(
    inputs: list[str], tmp_path: Path
) -> None:
    one, other = "3feb4f7e-df13-11ea-99da-0ac135e8bacf", "00000000-df13-11ea-99da-0ac135e8bacf"
    files = {
        "x/_figures/PMC1__f1.md": record(),
        "x/_data/wpid_map.tsv": f"{FIGID}\tWP1\nPMC2__x\tWP2\nPMC3__x\tWP3\n",
        "x/_data/ndex_map.tsv": f"PMC2__x\t{other}\n",
        "y/_figures/PMC2__x.md": record(figid="PMC2__x", pmcid="PMC2"),
        "y/_data/ndex_map.tsv": f"PMC2__x\t{one}\n",
    }
    write(tmp_path, files)
    collection = open_collection([tmp_path / name for name in inputs])
    assert {f.figid: (f.ndex, f.wpids) for f in collection.files} == {
        FIGID: (None, ("WP1",)),
        # Its own map comes before those of others.
        "PMC2__x": (one, ("WP2",)),
    }
    assert sorted(problem.value for problem in collection.problems) == [other, "PMC3__x\tWP3"]


def test_a_network_of_the_wrong_form_costs_no_other(tmp_path: Path) -> None:
    network = "3feb4f7e-df13-11ea-99da-0ac135e8bacf"
    text = f"{FIGID}\tbad\n{FIGID}\t{network}\n"
    figure, problems = read(write(tmp_path, {"_data/ndex_map.tsv": text}), record())
    assert figure
    assert figure.ndex == network
    reason = f"the figure has {network} on another line, which is used"
    assert [(p.field, p.value, p.reason) for p in problems] == [("line 1", f"{FIGID}\tbad", reason)]


def test_a_map_names_a_figure_in_either_unicode_composition(tmp_path: Path) -> None:
    whole, parted = "PMC1__\u00e9", "PMC1__e\u0301"
    files = {f"_figures/{whole}.md": record(figid=whole), "_data/wpid_map.tsv": f"{parted}\tWP1\n"}
    collection = open_collection([write(tmp_path, files)])
    assert [file.wpids for file in collection.files] == [("WP1",)]
    assert not collection.problems


def test_the_order_of_inputs_does_not_order_pathways(tmp_path: Path) -> None:
    for name, wpid in (("a", "WP5"), ("b", "WP4")):
        own = f"PMC2__{name}"
        files = {f"_figures/{own}.md": record(figid=own, pmcid=None, figlink=None)}
        write(tmp_path / name, files | {"_data/wpid_map.tsv": f"{FIGID}\t{wpid}\n"})
    write(tmp_path / "c", {f"_figures/{FIGID}.md": record()})
    a, b, c = (tmp_path / name for name in "abc")
    one, other = open_collection([a, b, c]), open_collection([c, b, a])
    assert one.files == other.files
    assert one.organism_folders == other.organism_folders
    assert one.files[0].wpids == ("WP4", "WP5")
