"""A build: what stands in the release folder, and what is counted, skipped and described."""

import errno
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, RdfFormat, Store

from building import ask, build, checkout, copies, dumped, dumps, triples
from making import SEEDS, record, text_of, values, write
from pfocr_rdf.build import BuildOptions, BuildResult, Progress, check_records, pipeline
from pfocr_rdf.build import batches as batch_work
from pfocr_rdf.build import check as check_work
from pfocr_rdf.build.batches import BATCH_RECORDS, make_batches
from pfocr_rdf.build.loading import StoreLoader
from pfocr_rdf.dumps import FORMATS
from pfocr_rdf.errors import BuildError, InputError, IriError, Problem, ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import article_node
from pfocr_rdf.records import Collection, Limits, RecordFile
from pfocr_rdf.releases import Release, current_release
from pfocr_rdf.shared import equivalent_quads, sameness, shared_nodes
from pfocr_rdf.verify import verify_release
from pfocr_rdf.vocabulary import Schema

PMC3471537 = "PMC3471537__nihms406899f5"
PMC3808214 = "PMC3808214__brc-0008-0256-g02"
PMC6566596 = "PMC6566596__ijms-20-02505-g004"
PMC8005514 = "PMC8005514__fphar-12-628690-g002"
PMC8023395 = "PMC8023395__nihms-1688996-f0002"
#: An article of no sample.
ARTICLE = "PMC6500000"


@pytest.fixture(name="seeds", scope="module")
def _seeds(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build(SEEDS, tmp_path_factory.mktemp("seeds"))


@pytest.fixture(name="mixed", scope="module")
def _mixed(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Every kind of file and both schema families in one release."""
    folder = tmp_path_factory.mktemp("mixed")
    return build(checkout(folder / "records"), folder / "data")


def counts(result: BuildResult, query: str) -> dict[str, str]:
    """The answers of a query for a thing and a number."""
    return {row[0]: row[1] for row in ask(result.release, query)}


def test_a_tab_in_a_word_does_not_end_a_build(tmp_path: Path) -> None:
    rows = [{"word": "a\tb", "symbol": "c"}, {"word": "a", "symbol": "b\tc"}]
    write(tmp_path / "records", {"PMC1__f1.md": record(genes=rows)})
    result = build(tmp_path / "records", tmp_path / "data")
    assert ask(result.release, "SELECT (COUNT(*) AS ?n) { ?m a pfocr:GeneMention }") == [("2",)]


# --- the samples ---


def test_the_seeds_are_five_figures(seeds: BuildResult) -> None:
    assert (seeds.findings.records, seeds.findings.figures, seeds.findings.skipped) == (5, 5, 0)
    assert seeds.findings.errors == {}
    assert ask(seeds.release, "SELECT (COUNT(*) AS ?n) { ?f a pfocr:PathwayFigure }") == [("5",)]


def test_the_seeds_mention_as_many_genes_as_their_records_name(seeds: BuildResult) -> None:
    query = """SELECT ?id (COUNT(DISTINCT ?gene) AS ?genes) {
        ?f a pfocr:PathwayFigure ; schema:identifier ?id .
        OPTIONAL { ?f schema:mentions ?gene . ?gene a schema:Gene }
    } GROUP BY ?id"""
    assert counts(seeds, query) == {
        PMC3471537: "15",
        PMC6566596: "19",
        PMC8023395: "34",
        PMC3808214: "0",
        PMC8005514: "0",
    }


def test_the_seeds_have_a_gene_mention_for_each_reading_of_the_picture(seeds: BuildResult) -> None:
    query = """SELECT ?id (COUNT(?m) AS ?n) {
        ?m a pfocr:GeneMention ; oa:hasTarget/schema:identifier ?id } GROUP BY ?id"""
    expected = {PMC3471537: "6", PMC6566596: "12", PMC8023395: "18"}
    assert counts(seeds, query) == expected


def test_the_seeds_mention_three_chemicals(seeds: BuildResult) -> None:
    query = """SELECT ?id ?accession { ?f schema:identifier ?id ; schema:mentions ?c .
        ?c a schema:ChemicalSubstance ; schema:identifier ?accession } ORDER BY ?accession"""
    found = ask(seeds.release, query)
    assert [accession for _, accession in found] == ["C029366", "D005227", "D008798"]
    assert sorted(Counter(figure for figure, _ in found).values()) == [1, 2]


def test_the_seeds_have_three_disease_mentions_that_nothing_is_identified_in(
    seeds: BuildResult,
) -> None:
    query = """SELECT ?m (COUNT(?body) AS ?bodies) {
        ?m a pfocr:DiseaseMention OPTIONAL { ?m oa:hasBody ?body } } GROUP BY ?m"""
    assert list(counts(seeds, query).values()) == ["0", "0", "0"]


def test_each_of_the_seeds_has_its_keywords(seeds: BuildResult) -> None:
    query = """SELECT ?id (COUNT(?word) AS ?n) {
        ?f a pfocr:PathwayFigure ; schema:identifier ?id ; schema:keywords ?word } GROUP BY ?id"""
    assert set(counts(seeds, query)) == {PMC3471537, PMC3808214, PMC6566596, PMC8005514, PMC8023395}


# --- the folder ---


def test_a_release_folder_holds_the_store_the_dumps_the_index_the_report_and_the_manifest(
    tmp_path: Path,
) -> None:
    release = build(SEEDS, tmp_path / "data").release
    assert {path.name for path in release.path.iterdir()} == {
        "store",
        "dumps",
        "search.sqlite",
        "report.json",
        "manifest.json",
    }
    assert set(dumps(release)) == {
        "pfocr.ttl.gz",
        "pfocr.nt.gz",
        "pfocr.nq.gz",
        "pfocr.jsonl.gz",
        "equivalents.nq.gz",
        "void.ttl",
        "manifest.json",
        "SHA256SUMS",
    }
    assert {path.name for path in (tmp_path / "data").iterdir()} == {
        "releases",
        "current",
        ".build.lock",
        ".current.lock",
        "parts.sqlite",
    }
    assert [path.name for path in (tmp_path / "data" / "releases").iterdir()] == [release.id]


def test_current_is_a_relative_link_so_that_a_data_folder_can_be_moved(tmp_path: Path) -> None:
    release = build(SEEDS, tmp_path / "data").release
    pointer = tmp_path / "data" / "current"
    assert pointer.is_symlink()
    assert pointer.readlink() == Path("releases") / release.id
    (tmp_path / "data").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "current" / "manifest.json").is_file()


def test_a_data_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    assert build(SEEDS, tmp_path / "a" / "b" / "c").release.path.is_dir()


def test_an_input_that_holds_no_record_is_refused_and_nothing_is_published(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no record found"):
        build(tmp_path / "empty", tmp_path / "data")
    assert list((tmp_path / "data" / "releases").iterdir()) == []
    assert not (tmp_path / "data" / "current").exists()


# --- the counts ---


def test_the_counts_of_manifest_report_result_and_store_agree(mixed: BuildResult) -> None:
    release = mixed.release
    manifest = release.manifest()
    summary = json.loads((release.path / "report.json").read_text(encoding="utf-8"))["summary"]
    published = json.loads((release.dumps / "manifest.json").read_text(encoding="utf-8"))
    store = Store.read_only(str(release.store))
    in_default_graph = sum(1 for _ in store.quads_for_pattern(None, None, None, DefaultGraph()))
    equivalents = len(store) - in_default_graph
    assert equivalents
    for told in (manifest, published, summary):
        assert told["figures"] == mixed.findings.figures == 13
        assert told["triples"] == mixed.triples == in_default_graph
        assert told["equivalents"] == mixed.equivalents == equivalents
    assert summary["records"] == mixed.findings.records
    assert summary["skipped"] == mixed.findings.skipped == 0
    assert summary["errors"] == mixed.findings.errors
    assert summary["warnings"] == mixed.findings.warnings
    assert manifest["version"] == published["version"]
    assert re.fullmatch("[0-9a-f]{12}", manifest["version"])
    assert release.id.endswith(f"-{manifest['version']}")


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum of the coreutils")
def test_sha256sum_accepts_the_checksums(mixed: BuildResult) -> None:
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=mixed.release.dumps, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = {line.removesuffix(": OK") for line in done.stdout.splitlines()}
    assert told == set(dumps(mixed.release)) - {"SHA256SUMS"}


@pytest.mark.parametrize("form", [form.name for form in FORMATS])
def test_each_dump_holds_the_triples_of_the_store(form: str, mixed: BuildResult) -> None:
    store = Store.read_only(str(mixed.release.store))
    stored = {q.triple for q in store.quads_for_pattern(None, None, None, DefaultGraph())}
    assert set(triples(mixed.release, form)) == stored


def test_the_dump_of_equivalents_holds_the_named_graph_of_the_store(mixed: BuildResult) -> None:
    store = Store.read_only(str(mixed.release.store))
    stored = set(store.quads_for_pattern(None, None, None, Iris().equivalents))
    assert list(store.named_graphs()) == [Iris().equivalents]
    assert set(dumped(mixed.release, "equivalents")) == stored


def test_each_triple_is_written_once(any_release: Release) -> None:
    # Sets would hide a triple that two figures or two batches both state.
    for name in ("ntriples", "equivalents"):
        repeated = [q for q, times in Counter(dumped(any_release, name)).items() if times > 1]
        assert repeated == []


@pytest.fixture(name="small_batches")
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    """The size of batches of which a few records make several, in this process."""
    monkeypatch.setattr("pfocr_rdf.build.batches.BATCH_RECORDS", 8)
    return 8


def test_what_figures_of_many_batches_share_is_described_once(
    tmp_path: Path, small_batches: int
) -> None:
    figures = {f"{n}.md": record_of(n, n % 3) for n in range(small_batches * 4 + 1)}
    release = build(write(tmp_path / "records", figures), tmp_path / "data").release
    gene = Iris().entity("ncbigene", "5742")
    said = [triple for triple in triples(release) if triple.subject == gene]
    assert len(said) == len(set(said))
    (name,) = values(said, gene, Schema.name)
    assert name == "PTGS1"
    assert values(said, gene, Schema.alternate_name) == ["COX1", "PGHS1"]


def record_of(number: int, spelling: int) -> str:
    """One of many articles that each mention one gene, by one of three names."""
    name = ("PTGS1", "COX1", "PGHS1")[0 if number < 10 else spelling]
    pmcid = f"PMC{number + 1}"
    genes = [
        {"word": "x", "symbol": "x", "source": "hgnc_symbol", "hgnc_symbol": name, "entrez": "5742"}
    ]
    link = f"/pmc/articles/{pmcid}/figure/F1/"
    return record(figid=f"{pmcid}__f1", pmcid=pmcid, figlink=link, genes=genes)


def test_the_most_frequent_title_names_an_article_and_the_others_are_alternate_names(
    tmp_path: Path,
) -> None:
    titles = ["Of a pathway.", "On a pathway.", "On a pathway.", "A pathway."]
    figures = {
        f"PMC1__f{n}.md": record(figid=f"PMC1__f{n}", filename=f"f{n}.jpg", papertitle=title)
        for n, title in enumerate(titles)
    }
    release = build(write(tmp_path / "records", figures), tmp_path / "data").release
    article, found = Iris().article("PMC1"), triples(release)
    assert values(found, article, Schema.name) == ["On a pathway."]
    assert sorted(values(found, article, Schema.alternate_name)) == ["A pathway.", "Of a pathway."]
    assert sum(t.subject == article and t.predicate == Schema.identifier for t in found) == 1


# --- records that are refused ---


def test_a_record_that_cannot_be_read_is_skipped_and_the_rest_is_built(tmp_path: Path) -> None:
    files = {
        "_figures/PMC1__f1.md": record(),
        "_figures/PMC2__f1.md": "no front matter\n",
        "_figures/PMC3__f1.md": "---\nfigid: PMC3__f1\n",
    }
    result = build(write(tmp_path / "records", files), tmp_path / "data")
    assert (result.findings.records, result.findings.figures, result.findings.skipped) == (3, 1, 2)
    assert result.findings.errors == {"no front matter": 2}
    query = "SELECT ?id { ?f a pfocr:PathwayFigure ; schema:identifier ?id }"
    assert ask(result.release, query) == [("PMC1__f1",)]


def test_of_two_records_with_one_figid_the_first_is_built_and_the_other_is_reported(
    tmp_path: Path,
) -> None:
    files = {"a.md": record(figtitle="First"), "b.md": record(figtitle="Second")}
    result = build(write(tmp_path / "records", files), tmp_path / "data")
    assert (result.findings.records, result.findings.figures, result.findings.skipped) == (2, 1, 1)
    assert result.findings.errors == {"duplicate figid": 1}
    query = "SELECT ?name { ?f a pfocr:PathwayFigure ; schema:name ?name }"
    assert ask(result.release, query) == [("First",)]


def test_a_record_that_may_not_be_opened_counts_as_skipped(tmp_path: Path) -> None:
    records = write(tmp_path / "records", {"a.md": record()})
    (records / "b.md").symlink_to(write(tmp_path / "elsewhere", {"b.md": record()}) / "b.md")
    (records / "c.md").mkdir()  # a folder that is named like a record
    seen: list[Progress] = []
    result = build(records, tmp_path / "data", listen=seen.append)
    assert (result.findings.records, result.findings.figures, result.findings.skipped) == (3, 1, 2)
    assert result.findings.errors == {"link": 1, "unreadable": 1}
    assert (seen[-1].records, seen[-1].total) == (3, 3)


def test_where_no_record_can_be_read_nothing_is_published(tmp_path: Path) -> None:
    build(SEEDS, tmp_path / "data")
    before = (tmp_path / "data" / "current").readlink()
    files: dict[str, str | bytes] = {"a.md": "nothing\n", "b.md": b"\xff"}
    with pytest.raises(BuildError) as caught:
        build(write(tmp_path / "records", files), tmp_path / "data")
    assert str(caught.value) == (
        "no record could be read, of 2 (first: no front matter): nothing was published; "
        "run `pfocr-rdf check` on them for the reasons"
    )
    assert (tmp_path / "data" / "current").readlink() == before
    assert [path.name for path in (tmp_path / "data" / "releases").iterdir()] == [before.name]


def test_a_check_finds_what_a_build_finds_and_writes_nothing(tmp_path: Path) -> None:
    records = write(checkout(tmp_path / "records"), {"_figures/PMC2__f1.md": "no front matter\n"})
    told: list[Problem] = []
    before = sorted(tmp_path.rglob("*"))
    findings = check_records([records], BuildOptions(), told.append)
    assert sorted(tmp_path.rglob("*")) == before
    result = build(records, tmp_path / "data")
    assert findings == result.findings
    report = json.loads((result.release.path / "report.json").read_text(encoding="utf-8"))
    assert [p.file for p in told] == [row["file"] for row in report["problems"]]


def test_a_picture_whose_address_has_two_fragments_ends_no_build(tmp_path: Path) -> None:
    page = "---\nlatin: Homo sapiens\nncbi: '9606'\nimage: https://x.org/a#b#c\n---\n"
    files = {"_figures/PMC1__f1.md": record(), "_organisms/homo.md": page}
    records = write(tmp_path / "records", files)
    result = build(records, tmp_path / "data")
    assert result.findings.warnings == {"organism page": 1}
    assert check_records([records], BuildOptions(), lambda problem: None) == result.findings


@pytest.mark.parametrize("what", [shared_nodes, equivalent_quads, article_node, sameness])
def test_a_check_maps_all_that_a_build_maps(
    what: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise IriError("thing", "x")

    for module in (batch_work, check_work, pipeline):
        if hasattr(module, what.__name__):
            monkeypatch.setattr(module, what.__name__, fail)
    records = write(tmp_path / "records", {"PMC1__f1.md": record(doi="10.1234/x")})
    with pytest.raises(IriError):
        build(records, tmp_path / "data")
    with pytest.raises(IriError):
        check_records([records], BuildOptions(), lambda problem: None)


def test_a_store_that_does_not_hold_what_was_written_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = StoreLoader.finish
    monkeypatch.setattr(StoreLoader, "finish", lambda loader: finish(loader) - 1)
    records = write(tmp_path / "records", {"PMC1__f1.md": record()})
    with pytest.raises(BuildError, match=r"the store holds \d+ triples, but \d+ were written"):
        build(records, tmp_path / "data")
    assert not (tmp_path / "data" / "current").exists()


def test_what_fails_after_a_release_is_published_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "releases")

    monkeypatch.setattr("pfocr_rdf.build.pipeline.note_gone", fails)
    records = write(tmp_path / "records", {"PMC1__f1.md": record()})
    with pytest.raises(ReleaseError) as caught:
        build(records, tmp_path / "data")
    now = current_release(tmp_path / "data")
    said = "is published and current, but then releases could not be read or written"
    assert str(caught.value).startswith(f"{now.id} {said} (Permission denied): check ")


def test_the_last_records_are_loaded_while_those_before_are_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned: list[StoreLoader] = []
    turn = StoreLoader.turn

    def noted(loader: StoreLoader) -> None:
        turned.append(loader)
        turn(loader)

    monkeypatch.setattr(StoreLoader, "turn", noted)
    monkeypatch.setattr("pfocr_rdf.build.batches.BATCH_RECORDS", 8)
    records = copies(tmp_path / "records", 30)
    whole = build(records, tmp_path / "whole").release
    assert not turned  # so few triples are not worth it
    monkeypatch.setattr(pipeline, "LEAST_LOAD", 1000)
    parted = build(records, tmp_path / "parted").release
    assert len(turned) == 1
    assert parted.manifest()["version"] == whole.manifest()["version"]
    assert not list(verify_release(parted))


# --- batches and progress ---


def collection_of(sizes: list[int]) -> Collection:
    """Records of articles with so many figures each, in the order of their figids."""
    figids = sorted(
        f"PMC{article + 1}__f{figure}"
        for article, size in enumerate(sizes)
        for figure in range(size)
    )
    files = tuple(RecordFile(figid, f"{figid}.md", f"{figid}.md") for figid in figids)
    return Collection(files, (), (), "")


@given(st.lists(st.integers(1, 2 * BATCH_RECORDS), max_size=40))
def test_batches_keep_every_record_in_order_and_split_no_article(sizes: list[int]) -> None:
    collection = collection_of(sizes)
    batches = [batch.files for batch in make_batches(collection, Iris(), Limits())]
    assert [file for batch in batches for file in batch] == [*collection.files]
    articles = [{file.figid.partition("__")[0] for file in batch} for batch in batches]
    assert sum(map(len, articles)) == len(set().union(*articles))
    # All but the last are half full, and none is larger than one and a half and an article.
    assert all(len(batch) >= BATCH_RECORDS // 2 for batch in batches[:-1])
    assert all(len(batch) < 3 * BATCH_RECORDS // 2 + max(sizes) for batch in batches)


def test_a_record_more_changes_few_batches() -> None:
    before = collection_of([1] * 50 * BATCH_RECORDS)
    more = RecordFile("PMC1__more", "more.md", "more.md")
    files = sorted([*before.files, more], key=lambda file: file.figid)
    after = replace(before, files=tuple(files))
    old, new = (set(make_batches(found, Iris(), Limits())) for found in (before, after))
    assert 25 < len(old) < 75
    assert len(new - old) <= 3


def test_progress_is_told_up_to_the_last_record(tmp_path: Path, small_batches: int) -> None:
    total = 3 * small_batches + 1
    figures = {f"{n}.md": record_of(n, 0) for n in range(total)}
    told: list[Progress] = []
    result = build(write(tmp_path / "records", figures), tmp_path / "data", listen=told.append)
    assert len(told) > 1
    assert {step.total for step in told} == {total}
    records = [step.records for step in told]
    assert records == sorted(set(records))
    assert records[-1] == total
    assert 0 < told[0].triples < told[1].triples < result.triples


def test_another_base_is_in_every_iri_that_is_minted(tmp_path: Path) -> None:
    iris = Iris("https://example.org/", "https://example.net/gene/")
    result = build(SEEDS, tmp_path, iris=iris)
    assert result.release.manifest()["base"] == "https://example.org/"
    figures = ask(result.release, "SELECT ?f { ?f a schema:ImageObject }")
    assert all(iri.startswith("https://example.org/figures/") for (iri,) in figures)
    genes = ask(result.release, "SELECT ?g { ?g a schema:Gene }")
    assert all(iri.startswith("https://example.net/gene/") for (iri,) in genes)


def test_the_text_of_a_dump_parses_on_its_own(mixed: BuildResult) -> None:
    # The parts have no prefixes of their own: the file's first member has them for all.
    assert {text_of(t.predicate) for t in triples(mixed.release, "turtle")} == {
        text_of(t.predicate) for t in triples(mixed.release, "ntriples")
    }
    store = Store()
    store.load((mixed.release.dumps / "void.ttl").read_bytes(), RdfFormat.TURTLE)
    assert len(store)


def test_an_input_folder_that_cannot_be_listed_is_not_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = checkout(tmp_path / "records")

    def refuse(folder: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr("pfocr_rdf.records.folder.os.scandir", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\): check its"):
        check_records([records], BuildOptions(), lambda problem: None)


def test_a_figure_that_is_there_is_not_replaced_by_another_of_which_it_is_the_alias(
    tmp_path: Path,
) -> None:
    alias = f"{ARTICLE}__F1"
    files = {
        "F1.md": record(figid=alias, pmcid=ARTICLE, number="F2", filename="F1.jpg"),
        "one.md": record(figid=f"{ARTICLE}__one", pmcid=ARTICLE, figid_alias=alias),
    }
    told: list[Problem] = []
    records = write(tmp_path / "records", files)
    check_records([records], BuildOptions(), told.append)
    (problem,) = (p for p in told if p.kind == "alias collision")
    assert (problem.file, problem.field, problem.value) == ("one.md", "figid_alias, number", alias)
    release = build(records, tmp_path / "data").release
    assert ask(release, "SELECT ?a { ?a <http://purl.org/dc/terms/isReplacedBy> ?f }") == [
        (f"{Iris().base}figures/{ARTICLE}__F2",)
    ]


def test_two_figures_of_one_alias_are_reported_with_what_the_alias_is_made_from(
    tmp_path: Path,
) -> None:
    files = {
        f"{name}.md": record(figid=f"{ARTICLE}__{name}", pmcid=ARTICLE, number="Fig. 3")
        for name in ("one", "two")
    }
    told: list[Problem] = []
    check_records([write(tmp_path / "records", files)], BuildOptions(), told.append)
    (problem,) = (p for p in told if p.kind == "alias collision")
    assert (problem.file, problem.field) == ("two.md", "figid_alias, number")
    assert problem.value == f"{ARTICLE}__F3"
    assert problem.reason.startswith(f"{ARTICLE}__one has the same alias: ")
    assert problem.reason.endswith("; correct one of the two")
