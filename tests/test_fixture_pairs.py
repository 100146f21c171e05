"""Record fixtures are pairs: each ``X.md`` maps to the triples of ``X.nt``, all of them."""

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from making import RECORDS, triples_of
from write_expected import fixture_figure, fixtures, main, partner


def test_there_are_fixtures_of_both_schema_families() -> None:
    tables = {figure.figid: figure.tables for figure in map(fixture_figure, fixtures())}
    assert len(tables) >= 6
    assert {bool(names) for names in tables.values()} == {True, False}


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.stem)
def test_a_record_maps_to_the_triples_of_its_partner(path: Path) -> None:
    assert partner(path).exists(), "run python tests/write_expected.py and read what it writes"
    expected = {quad.triple for quad in parse(path=partner(path), format=RdfFormat.N_TRIPLES)}
    found = triples_of([fixture_figure(path)])
    # Without blank nodes, isomorphism is equality.
    assert set(found) == expected
    assert len(found) == len(expected)


def test_no_partner_is_without_its_record() -> None:
    assert {path.name for path in RECORDS.glob("*.nt")} == {partner(p).name for p in fixtures()}


def test_partners_are_sorted_and_end_in_a_newline() -> None:
    for path in fixtures():
        lines = partner(path).read_text(encoding="utf-8").split("\n")
        assert lines.pop() == ""
        assert lines == sorted(set(lines))


def test_a_partner_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in fixtures():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for path in fixtures()[1:]:
        partner(tmp_path / path.name).write_text("mine\n")
    monkeypatch.setattr("write_expected.RECORDS", tmp_path)
    main()
    first = partner(fixtures()[0])
    assert capsys.readouterr().out == f"wrote {first.name}\n"
    assert (tmp_path / first.name).read_bytes() == first.read_bytes()
    others = [path.read_text() for path in tmp_path.glob("*.nt") if path.name != first.name]
    assert set(others) == {"mine\n"}
