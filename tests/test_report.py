"""The report: valid JSON that names every problem with file, field, value and reason."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from building import build
from making import record, table, write
from pfocr_rdf.build.report import Report
from pfocr_rdf.errors import Problem


def problem(number: int, severity: str = "warning", **changes: str) -> Problem:
    fields = {
        "file": f"{number}.md",
        "field": "year",
        "kind": "year",
        "severity": severity,
        "value": "20011",
        "reason": "not a year",
    }
    return Problem(**{**fields, **changes})  # type: ignore[arg-type]


def written(path: Path, problems: list[Problem], **summary: Any) -> Any:
    """What a report of some problems holds, read as JSON."""
    with Report(path) as report:
        report.add(problems)
        report.finish(summary)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", [0, 1, 2, 1000])
def test_a_report_is_json_whatever_the_number_of_problems(number: int, tmp_path: Path) -> None:
    found = written(tmp_path / "report.json", [problem(n) for n in range(number)], records=7)
    assert [row["file"] for row in found["problems"]] == [f"{n}.md" for n in range(number)]
    counted = {"year": number} if number else {}
    assert found["summary"] == {"records": 7, "errors": {}, "warnings": counted}


def test_problems_that_come_in_many_batches_are_one_list(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with Report(path) as report:
        for batch in ([], [problem(1)], [], [problem(2, "error"), problem(3)], []):
            report.add(batch)
        report.finish({})
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [row["file"] for row in found["problems"]] == ["1.md", "2.md", "3.md"]
    assert found["summary"] == {"errors": {"year": 1}, "warnings": {"year": 2}}


def test_what_is_no_text_does_not_end_a_report(tmp_path: Path) -> None:
    found = written(tmp_path / "report.json", [problem(1, value="\udcff.md")])
    assert [row["value"] for row in found["problems"]] == ["\udcff.md"]


def test_a_problem_keeps_its_value_whole(tmp_path: Path) -> None:
    value = 'é" \\ \n\r\t\x00\x1f\u2028</script>\U0001f9ec' + "x" * 100_000
    found = written(tmp_path / "report.json", [problem(1, value=value)])
    assert found["problems"] == [
        {
            "file": "1.md",
            "field": "year",
            "kind": "year",
            "severity": "warning",
            "value": value,
            "reason": "not a year",
        }
    ]


def test_one_problem_is_one_line_so_that_line_tools_find_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    written(path, [problem(n, value="a\nb") for n in range(3)])
    lines = [line for line in path.read_text().splitlines() if line.startswith('{"file"')]
    assert [json.loads(line.removesuffix(","))["value"] for line in lines] == ["a\nb"] * 3


def test_without_a_path_problems_are_told_and_counted_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[Problem] = []
    with Report(None, told.append) as report:
        report.add([problem(1), problem(2, "error")])
        report.finish({})
    assert told == [problem(1), problem(2, "error")]
    assert (report.errors, report.warnings) == ({"year": 1}, {"year": 1})
    assert list(tmp_path.iterdir()) == []


def report_of(records: Path, data: Path) -> Any:
    """The report of a build."""
    path = build(records, data).release.path / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_build_in_which_nothing_is_wrong_reports_no_problem(tmp_path: Path) -> None:
    report = report_of(write(tmp_path / "records", {"PMC1__f1.md": record()}), tmp_path / "data")
    assert report["problems"] == []
    assert (report["summary"]["errors"], report["summary"]["warnings"]) == ({}, {})
    assert (report["summary"]["records"], report["summary"]["skipped"]) == (1, 0)


def test_a_build_reports_each_problem_with_file_field_value_and_reason(tmp_path: Path) -> None:
    files = {
        "_figures/PMC1__f1.md": record(year="20011"),
        "_figures/PMC2__f1.md": "no fence\n",
        "_data/PMC3__f1-genes.tsv": table("word", "x"),
    }
    report = report_of(write(tmp_path / "records", files), tmp_path / "data")
    keys = ("file", "field", "value", "severity")
    found = [tuple(row[key] for key in keys) for row in report["problems"]]
    assert sorted(found) == [
        ("_data/PMC3__f1-genes.tsv", "file", "", "warning"),
        ("_figures/PMC1__f1.md", "year", "20011", "warning"),
        ("_figures/PMC2__f1.md", "line 1", "no fence", "error"),
    ]
    assert all(row["reason"] for row in report["problems"])
    assert report["summary"]["errors"] == {"no front matter": 1}
    assert report["summary"]["warnings"] == {"orphan table": 1, "unrecognized value": 1}


def test_a_file_name_that_is_not_text_stands_in_a_report_that_is_json(tmp_path: Path) -> None:
    records = write(tmp_path / "records", {"_figures/PMC1__f1.md": record()})
    name = os.fsencode(records / "_figures") + b"/PMC2__caf\xe9.md"
    try:
        Path(os.fsdecode(name)).write_text("no fence\n")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    report = report_of(records, tmp_path / "data")
    (row,) = report["problems"]
    assert row["file"].startswith("_figures/PMC2__caf")
    assert row["kind"] == "no front matter"


def test_reports_of_the_same_records_are_the_same_bytes(tmp_path: Path) -> None:
    files = {f"{n}.md": record(figid=f"PMC{n}__f1", year="?") for n in range(1, 200)}
    records = write(tmp_path / "records", files)
    first = build(records, tmp_path / "data").release
    second = build(records, tmp_path / "data", workers=1).release
    reports = [(release.path / "report.json").read_bytes() for release in (first, second)]
    assert reports[0] == reports[1]
