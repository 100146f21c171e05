"""What changed between two releases is found exactly, triple by triple and figure by figure."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from building import build, checkout
from invoking import run, run_at_terminal
from making import FIGID, SEEDS, record, write
from pfocr_rdf.compare import (
    DEFINED,
    DESCRIBED,
    MAPPED,
    SHARED,
    Change,
    Summary,
    changed_thing,
    compare_releases,
)
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import PFOCR, WIKIPATHWAYS_HOME, Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import IS_REPLACED_BY, Schema

IRIS = Iris()
FILE = "PMC6566596__ijms-20-02505-g004"
FIGURE = IRIS.figure(FILE)


def rebuilt(folder: Path, change: Callable[[Path], object]) -> Release:
    """A release of the samples after something was done to their records."""
    shutil.copytree(SEEDS, folder / "records", copy_function=shutil.copyfile)
    change(folder / "records" / "_figures")
    return build(folder / "records", folder / "data").release


def replace(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(records: Path) -> None:
        path = records / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


def changes(old: Release, new: Release) -> list[Change]:
    return list(compare_releases(old, new))


def summary(found: list[Change]) -> list[tuple[str, int, int]]:
    counts = Summary()
    for change in found:
        counts.count(change, IRIS)
    return list(counts.rows())


def about(found: list[Change], figid: str) -> list[Change]:
    return [change for change in found if changed_thing(change.quad, IRIS) == figid]


def quads(release: Release) -> set[Quad]:
    return set(Store.read_only(str(release.store)))


def test_a_release_and_itself_do_not_differ(mixed_release: Release) -> None:
    assert changes(mixed_release, mixed_release) == []


def test_two_builds_of_the_same_records_do_not_differ(
    seeds_release: Release, tmp_path: Path
) -> None:
    again = rebuilt(tmp_path, lambda records: None)
    assert again.path != seeds_release.path
    assert changes(seeds_release, again) == []
    assert summary([]) == []


def test_a_changed_title_is_one_triple_removed_and_one_added(
    seeds_release: Release, tmp_path: Path
) -> None:
    record = (SEEDS / "_figures" / f"{FILE}.md").read_text(encoding="utf-8")
    title = re.search(r"^figtitle: (.*)$", record, re.MULTILINE)
    assert title
    line = title[0]
    new = rebuilt(tmp_path, replace(f"{FILE}.md", f"\n{line}\n", "\nfigtitle: Another title\n"))
    found = about(changes(seeds_release, new), FILE)
    named = [change for change in found if change.quad.predicate == Schema.name]
    assert [(c.sign, c.quad.subject) for c in named] == [("-", FIGURE), ("+", FIGURE)]
    assert named[1].quad.object == Literal("Another title")
    # The record's hash is the only other thing that its figure says of it.
    others = {c.quad.predicate.value.rpartition("#")[2] for c in found if c not in named}
    assert others == {"sourceSha256"}
    assert (FILE, 2, 2) in summary(changes(seeds_release, new))


def test_a_removed_figure_is_all_of_its_triples(seeds_release: Release, tmp_path: Path) -> None:
    new = rebuilt(tmp_path, lambda records: (records / f"{FILE}.md").unlink())
    found = about(changes(seeds_release, new), FILE)
    assert {change.sign for change in found} == {"-"}
    of_figure = {q for q in quads(seeds_release) if changed_thing(q, IRIS) == FILE}
    assert {change.quad for change in found} == of_figure
    assert len(found) == len(of_figure) > 100


def test_an_added_figure_is_all_of_its_triples(seeds_release: Release, tmp_path: Path) -> None:
    new = rebuilt(tmp_path, lambda records: write(records, {f"{FIGID}.md": record()}))
    found = changes(seeds_release, new)
    figure = about(found, FIGID)
    assert {change.quad for change in figure} == {
        quad for quad in quads(new) if changed_thing(quad, IRIS) == FIGID
    }
    assert {change.sign for change in figure} == {"+"}
    rows = summary(found)
    assert rows[0] == (FIGID, 0, len(figure))
    assert [name for name, _, _ in rows] == [FIGID, SHARED, DESCRIBED]


def test_changes_are_exactly_the_difference_of_the_two_stores(
    seeds_release: Release, mixed_release: Release
) -> None:
    found = changes(seeds_release, mixed_release)
    old, new = quads(seeds_release), quads(mixed_release)
    assert {change.quad for change in found if change.sign == "-"} == old - new
    assert {change.quad for change in found if change.sign == "+"} == new - old
    assert len(found) == len(old ^ new)
    signs = [change.sign for change in found]
    assert signs == sorted(signs, reverse=True)  # removals first
    assert any(change.quad.graph_name == IRIS.equivalents for change in found)


def test_there_and_back_is_the_same_with_the_signs_exchanged(
    seeds_release: Release, mixed_release: Release
) -> None:
    there, back = changes(seeds_release, mixed_release), changes(mixed_release, seeds_release)
    assert {(change.sign, change.quad) for change in there} == {
        ({"+": "-", "-": "+"}[change.sign], change.quad) for change in back
    }


def test_the_summary_adds_up_and_is_in_the_order_of_the_figures(
    seeds_release: Release, tmp_path: Path
) -> None:
    other = build(checkout(tmp_path / "records"), tmp_path / "data").release
    found = changes(seeds_release, other)
    rows = summary(found)
    assert sum(removed + added for _, removed, added in rows) == len(found)
    names = [name for name, _, _ in rows]
    assert names == [*sorted(names[:-2]), SHARED, DESCRIBED]
    assert len(names) > 5


@pytest.mark.parametrize(
    ("subject", "figid"),
    [
        (IRIS.figure("PMC1__a b"), "PMC1__a b"),
        (IRIS.mention("PMC1__a#b", "gene", "w", "m", "s"), "PMC1__a#b"),
        (IRIS.support("PMC1__f1", "9606"), "PMC1__f1"),
        (IRIS.article("PMC1"), SHARED),
        (IRIS.entity("ncbigene", "5742"), SHARED),
        (IRIS.publisher("WikiPathways"), SHARED),
        (NamedNode(PFOCR.removesuffix("#")), DEFINED),
        (NamedNode(PFOCR + "tier"), DEFINED),
        (IRIS.dataset, DESCRIBED),
        (IRIS.home, DESCRIBED),
        (NamedNode(WIKIPATHWAYS_HOME), DESCRIBED),
        (IRIS.release("figures"), DESCRIBED),
        (IRIS.part("abc", "rdf"), DESCRIBED),
    ],
    ids=str,
)
def test_a_change_belongs_to_the_figure_whose_iri_its_subject_begins_with(
    subject: NamedNode, figid: str
) -> None:
    assert changed_thing(Quad(subject, Schema.name, Literal("x")), IRIS) == figid


def test_what_graphs_say_of_a_gene_is_told_apart_by_whose_they_are() -> None:
    gene = IRIS.entity("ncbigene", "5742")
    said = gene, Schema.same_as, gene
    assert changed_thing(Quad(*said, IRIS.equivalents), IRIS) == SHARED
    assert changed_thing(Quad(*said, IRIS.mapping_graph("x:set")), IRIS) == MAPPED


def test_a_change_of_a_gene_can_be_seen(seeds_release: Release, tmp_path: Path) -> None:
    new = rebuilt(tmp_path, lambda records: (records / f"{FILE}.md").unlink())
    data = tmp_path / "data"
    printed = run("diff", seeds_release.path, new.path, "--data", data, "--no-description")
    lines = printed.out.splitlines()
    assert lines
    assert not [line for line in lines if f"<{IRIS.release('').value}" in line]
    counted = {
        name: (removed, added) for name, removed, added in summary(changes(seeds_release, new))
    }
    assert len(lines) == sum(sum(n) for name, n in counted.items() if name != DESCRIBED)
    whole = run("diff", seeds_release.path, new.path, "--data", data)
    assert len(whole.out.splitlines()) == sum(map(sum, counted.values()))
    short = run("diff", seeds_release.path, new.path, "--data", data, "--summary")
    assert f"{SHARED}\t-{counted[SHARED][0]}\t+{counted[SHARED][1]}" in short.out.splitlines()
    assert counted[SHARED][0] > 0


def test_an_alias_belongs_to_the_figure_that_it_leads_to() -> None:
    alias, figure = IRIS.figure("PMC1__F1"), IRIS.figure("PMC1__f1")
    assert changed_thing(Quad(alias, IS_REPLACED_BY, figure), IRIS) == "PMC1__f1"


def test_a_change_is_written_as_a_line_of_nquads_after_its_sign() -> None:
    quad = Quad(IRIS.dataset, Schema.name, Literal('a "b"'), DefaultGraph())
    written = f'<{IRIS.dataset.value}> <http://schema.org/name> "a \\"b\\""'
    assert str(Change("-", quad)) == f"- {written} ."
    named = Quad(IRIS.dataset, Schema.name, Literal('a "b"'), IRIS.equivalents)
    assert str(Change("+", named)) == f"+ {written} <{IRIS.equivalents.value}> ."


@pytest.mark.parametrize("which", [0, 1])
def test_a_store_that_cannot_be_opened_is_refused(
    which: int, copied_release: Release, seeds_release: Release
) -> None:
    shutil.rmtree(copied_release.store)
    pair = (copied_release, seeds_release)
    with pytest.raises(ReleaseError) as caught:
        changes(pair[which], pair[1 - which])
    message = str(caught.value)
    assert message.startswith(f"{copied_release.store}: not a readable store (")
    assert message.endswith("): run `pfocr-rdf verify` on it")
    assert not copied_release.store.exists()


def test_how_far_a_comparison_is_is_told(
    seeds_release: Release, mixed_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.compare.TOLD_QUADS", 1_000)
    told: list[str] = []
    assert list(compare_releases(seeds_release, mixed_release, told.append))
    total = f"{len(quads(seeds_release)):,}"
    assert told[:2] == [
        f"{seeds_release.id}: 0 of {total} triples compared",
        f"{seeds_release.id}: 1,000 of {total} triples compared",
    ]
    assert told[-1].startswith(f"{mixed_release.id}: ")


def test_each_release_calls_its_figures_by_the_base_that_it_was_built_with(
    seeds_release: Release, tmp_path: Path
) -> None:
    moved = build(SEEDS, tmp_path, iris=Iris("https://example.org/")).release
    compared = run("diff", seeds_release.path, moved.path, "--summary")
    rows = [line.split("\t") for line in compared.out.splitlines()]
    names = [name for name, _, _ in rows]
    assert len(names) == 7
    assert names[5:] == [SHARED, DESCRIBED]
    assert all(removed[1:] == added[1:] != "0" for _, removed, added in rows)
    bare = run("diff", seeds_release.path, moved.path, "--no-description")
    assert "/releases/" not in bare.out


def test_a_terminal_is_shown_how_far_it_is_and_standard_output_has_the_changes(
    seeds_release: Release, mixed_release: Release
) -> None:
    words = ("diff", seeds_release.path, mixed_release.path)
    compared = run_at_terminal(*words)
    assert f"{mixed_release.id}: 0 of " in compared.err
    elsewhere = run(*words)
    assert compared.out == elsewhere.out
    assert "triples compared" not in elsewhere.err
