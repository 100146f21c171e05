"""The command ``search``: a figure a line on stdout, how many there are on stderr."""

import json
from pathlib import Path

import pytest

from building import build
from invoking import run
from making import SEEDS
from pfocr_rdf.releases import current_release

FIGID = "PMC6566596__ijms-20-02505-g004"


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    build(SEEDS, data)
    return data


def test_a_figure_is_a_line_with_year_evidence_and_title(data: Path) -> None:
    found = run("search", "KRAS kynurenine", "--data", data)
    title = "Cross-talks between tumor and immune cells determining chemo-immune-resistance"
    assert found.status == 0
    assert found.out == f"{FIGID}\t2019\tfamily\t{title}\n"
    assert found.err == "1 figure\n"


def test_what_is_unknown_is_left_empty(data: Path) -> None:
    (line,) = run("search", "heterodimers c-Met", "--data", data).out.splitlines()
    figid, year, _, title = line.split("\t")
    assert (figid, year) == ("PMC3471537__nihms406899f5", "")
    assert title.startswith("General mechanisms")


def test_a_search_is_narrowed_and_paged(data: Path) -> None:
    search = ("search", "resistance", "--data", data)
    whole = run(*search).out.splitlines()
    assert len(whole) > 2
    assert run(*search, "--limit", "1", "--offset", "1").out.splitlines() == whole[1:2]
    assert run(*search, "--year", "2019").out.splitlines() == [w for w in whole if "\t2019\t" in w]
    assert run(*search, "--organism", "taxon:7227").status == 0
    assert run(*search, "--tier", "symbol").out == ""
    nothing = run(*search, "--organism", "562", "--year", "2019")
    assert nothing.err == "0 figures\ntry without --organism and --year\n"
    refused = run(*search, "--organism", "nobody")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("error: no organism 'nobody' in this release: give ")


def test_figures_with_some_of_the_words_are_told_as_such(data: Path) -> None:
    found = run("search", "kynurenine nonsense", "--data", data)
    assert found.out.startswith(FIGID)
    assert found.err == "no figure has all the words; 1 has some of them\n"


def test_where_nothing_is_found_it_is_said_what_to_try(data: Path) -> None:
    found = run("search", "nonsense", "--data", data)
    assert (found.status, found.out) == (0, "")
    assert found.err.startswith("0 figures\ntry a symbol, a part of a name, or an identifier;")
    suggested = run("search", "--suggest", "nonsense", "--data", data)
    assert (suggested.status, suggested.out) == (0, "")
    assert suggested.err == "no name or title begins with 'nonsense'\n"


def test_words_that_were_left_out_are_told(data: Path) -> None:
    typed = " ".join(f"word{number}" for number in range(15))
    assert "3 words were left out" in run("search", typed, "--data", data).err


def test_words_that_were_excluded_are_told(data: Path) -> None:
    found = run("search", "KRAS -trastuzumab", "--data", data)
    assert (found.status, found.err) == (0, "2 figures without trastuzumab\n")
    some = run("search", "kynurenine trastuzumab -EGFR", "--data", data).err
    assert some.startswith("no figure without EGFR has all the words; ")


def test_json_has_everything(data: Path) -> None:
    found = json.loads(run("search", "KRAS", "--data", data, "--json").out)
    assert found["total"] == len(found["figures"]) == 2
    assert found["facets"]["tiers"] == [{"value": "family", "label": "family", "figures": 2}]
    assert found["things"][0]["iri"] == "https://identifiers.org/ncbigene/3845"
    assert {"text": "KRAS", "matched": True} in found["figures"][0]["snippet"]


def test_suggestions_are_names_with_kind_figures_and_iri(data: Path) -> None:
    found = run("search", "kr", "--suggest", "--data", data)
    assert found.out.splitlines()[0] == ("KRAS\tgene\t2\thttps://identifiers.org/ncbigene/3845")
    (first, *_) = json.loads(run("search", "kr", "--suggest", "--json", "--data", data).out)
    assert first["text"] == "KRAS"


def test_a_release_without_an_index_and_a_folder_without_a_release_are_refused(
    tmp_path: Path,
) -> None:
    refused = run("search", "x", "--data", tmp_path / "nowhere")
    assert (refused.status, refused.out) == (1, "")
    assert "no current release" in refused.err
    build(SEEDS, tmp_path / "data")
    current_release(tmp_path / "data").search_index.unlink()
    refused = run("search", "x", "--data", tmp_path / "data")
    assert refused.status == 1
    assert "search.sqlite: missing: build the release again, or roll back" in refused.err


@pytest.mark.parametrize(
    "arguments",
    [(), ("x", "y"), ("x", "--tier", "gene"), ("x", "--limit", "201"), ("x", "--offset", "-1")],
)
def test_wrong_usage_is_exit_status_2(arguments: tuple[str, ...], data: Path) -> None:
    assert run("search", *arguments, "--data", data).status == 2
