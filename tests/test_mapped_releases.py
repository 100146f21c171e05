"""A release with links from mapping sets: graphs, dump, description, report, verification."""

import gzip
import json
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, PROV, VOID

from building import build, dumps, environment, program
from invoking import run
from linking import GENE, GRAPH, MANUAL, RECORD, SAMPLES, SET, entities, sssom
from making import SEEDS, record, write
from pfocr_rdf.build import BuildOptions, BuildResult, check_records
from pfocr_rdf.build.report import mapping_summary
from pfocr_rdf.dumps import compress
from pfocr_rdf.errors import BuildError, InputError, Problem
from pfocr_rdf.iris import Iris
from pfocr_rdf.mappings import Links, MappingCounts, open_mapping_files
from pfocr_rdf.releases import Release, current_release
from pfocr_rdf.verify import verify_release

PREFIXES: Final = "".join(f"PREFIX {name}: <{iri}> " for name, iri in Iris().prefixes().items())
#: A build in a process of its own, which says whether the library was imported.
PROGRAM: Final = """
import sys
from pathlib import Path
from pfocr_rdf.build import BuildOptions, build_release
records, data, *mappings = map(Path, sys.argv[1:])
print(build_release([records], data, BuildOptions(mappings=tuple(mappings))).release.id)
print(sorted({"sssom_pydantic", "pydantic"} & sys.modules.keys()))
"""


@pytest.fixture(scope="module", name="mapped")
def _mapped(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The samples with the sample mapping sets."""
    data = tmp_path_factory.mktemp("mapped") / "data"
    return build(SEEDS, data, mappings=tuple(SAMPLES), issued="2025-01-01")


def built(folder: Path, *texts: str | bytes, **options: Any) -> BuildResult:
    """A release of one record with everything, and the links of some files."""
    files = {f"{number}.sssom.tsv": text for number, text in enumerate(texts)}
    paths = tuple(write(folder / "mappings", files) / name for name in files)
    return build(write(folder / "records", RECORD), folder / "data", mappings=paths, **options)


def select(release: Release, query: str) -> list[tuple[str, ...]]:
    found: Any = Store.read_only(str(release.store)).query(PREFIXES + query)
    return [tuple(term.value for term in row) for row in found]


def in_graphs(release: Release) -> list[Any]:
    """The quads of the graphs of mapping sets."""
    store = Store.read_only(str(release.store))
    return [quad for quad in store if "graph/mappings/" in str(quad.graph_name)]


def dumped(release: Release) -> list[Quad]:
    data = gzip.decompress((release.dumps / "mappings.nq.gz").read_bytes())
    return list(parse(data, format=RdfFormat.N_QUADS))


# Store, dump, counts


def test_everything_of_a_release_that_has_an_identifier_can_be_linked(tmp_path: Path) -> None:
    subjects = {
        "ncbigene:5742": GENE,
        "mesh:D005947": "http://id.nlm.nih.gov/mesh/D005947",
        "mesh:D009369": "http://id.nlm.nih.gov/mesh/D009369",
        "CHEBI:17234": "http://purl.obolibrary.org/obo/CHEBI_17234",
        "DOID:162": "http://purl.obolibrary.org/obo/DOID_162",
        "taxon:9606": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "pmc:PMC1": "https://identifiers.org/pmc/PMC1",
        "doi:10.1000/ABC": "https://identifiers.org/pmc/PMC1",
    }
    rows = [f"{name}|x:p|x:{n}|{MANUAL}" for n, name in enumerate(subjects)]
    rows.append(f"ncbigene:1|x:p|x:none|{MANUAL}")
    result = built(tmp_path, sssom(rows))
    query = f"SELECT ?s ?o {{ GRAPH {GRAPH} {{ ?s <http://x.example/p> ?o }} }} ORDER BY ?o"
    assert select(result.release, query) == [
        (iri, f"http://x.example/{n}") for n, iri in enumerate(subjects.values())
    ]
    (counts,) = result.mappings
    assert (counts.read, counts.linked, counts.absent) == (9, 8, 1)


def test_links_stand_in_the_graph_of_their_set_and_in_no_other(mapped: BuildResult) -> None:
    release = mapped.release
    links = in_graphs(release)
    assert sorted({quad.graph_name.value for quad in links}) == sorted(
        one.graph.value for one in mapped.mappings
    )
    for one in mapped.mappings:
        assert len([quad for quad in links if quad.graph_name == one.graph]) == one.triples
    store = Store.read_only(str(release.store))
    triples = len(list(store.quads_for_pattern(None, None, None, DefaultGraph())))
    assert triples == mapped.triples
    assert len(store) == mapped.triples + mapped.equivalents + len(links)


def test_the_data_are_those_of_a_release_without_links_but_for_its_description(
    mapped: BuildResult, tmp_path: Path
) -> None:
    plain = build(SEEDS, tmp_path / "data", issued="2025-01-01")

    def data(release: Release) -> set[str]:
        lines = gzip.decompress((release.dumps / "pfocr.nt.gz").read_bytes()).decode().splitlines()
        own = f"<{Iris().base}releases/", f"<{Iris().base}dataset> "
        return {line for line in lines if not line.startswith(own) and "/releases/" not in line}

    assert data(plain.release) == data(mapped.release)
    assert plain.release.manifest()["version"] != mapped.release.manifest()["version"]
    name = "equivalents.nq.gz"
    assert dumps(plain.release)[name] == dumps(mapped.release)[name]


def test_a_set_that_links_nothing_makes_another_version_for_it_is_described(tmp_path: Path) -> None:
    path = tmp_path / "a.sssom.tsv"
    path.write_text(sssom([]))
    plain = build(SEEDS, tmp_path / "data").release
    mapped = build(SEEDS, tmp_path / "data", mappings=(path,)).release
    assert dumps(plain)["void.ttl"] != dumps(mapped)["void.ttl"]
    assert plain.manifest()["version"] != mapped.manifest()["version"]


def test_a_version_names_one_set_of_files(tmp_path: Path) -> None:
    """What the description and the manifest say of sets is in it, and so are prefixes."""
    row, genes = "{}:2064|skos:exactMatch|EXT:3430|" + MANUAL, "https://identifiers.org/ncbigene/"
    texts = [
        sssom([row.format(name)], curie_map={name: genes, "EXT": "https://identifiers.org/hgnc/"})
        for name in ("A", "B")
    ]
    texts += [sssom([]), sssom([], mapping_set="https://other.example/"), sssom([], metadata="")]
    options: list[dict[str, Any]] = [{}, {"iris": Iris(gene_prefix="http://identifiers.org/gene/")}]
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.sssom.tsv"
        path.write_text(text)
        options.append({"mappings": (path,)})
    records = write(tmp_path / "records", {"PMC1__f1.md": record()})
    made: dict[str, dict[str, bytes]] = {}
    for number, option in enumerate(options):
        source = SEEDS if "mappings" in option else records
        release = build(source, tmp_path / str(number), **option).release
        version = release.manifest()["version"]
        assert made.setdefault(version, dumps(release)) == dumps(release)
    assert len(made) >= len(options) - 1


def test_the_dump_of_links_is_what_the_store_holds(mapped: BuildResult) -> None:
    quads = dumped(mapped.release)
    assert len(quads) == len(set(quads))
    assert set(quads) == set(in_graphs(mapped.release))
    assert list(verify_release(mapped.release)) == []


def test_the_sample_sets_link_what_they_say(mapped: BuildResult) -> None:
    found = {
        (quad.subject.value, quad.predicate.value.rpartition("/")[2], quad.object.value)
        for quad in in_graphs(mapped.release)
        if quad.subject.value == "https://identifiers.org/ncbigene/2064"
    }
    gene = "https://identifiers.org/ncbigene/2064"
    assert found == {
        (gene, "core#exactMatch", "https://identifiers.org/hgnc/3430"),
        (gene, "core#exactMatch", "https://identifiers.org/ensembl/ENSG00000141736"),
        (gene, "RO_0002205", "http://purl.uniprot.org/uniprot/P04626"),
    }


def test_a_release_without_mapping_sets_has_nothing_of_them(seeds_release: Release) -> None:
    assert "mappings.nq.gz" not in dumps(seeds_release)
    assert not {"mappings", "mapping_sets"} & seeds_release.manifest().keys()
    report = json.loads((seeds_release.path / "report.json").read_text(encoding="utf-8"))
    assert "mappings" not in report["summary"]
    assert b"mappings" not in dumps(seeds_release)["void.ttl"]


def test_sets_that_link_nothing_leave_an_empty_file_and_no_graph(tmp_path: Path) -> None:
    result = built(tmp_path, sssom([f"ncbigene:1|skos:exactMatch|x:1|{MANUAL}"]))
    release = result.release
    assert (dumped(release), in_graphs(release)) == ([], [])
    assert release.manifest()["mappings"] == 0
    assert list(verify_release(release)) == []
    assert (
        select(release, "SELECT ?d { ?d foaf:primaryTopic ?g FILTER(CONTAINS(STR(?g), 'mapp')) }")
        == []
    )


# The same bytes


def test_neither_the_order_of_the_files_nor_who_works_changes_a_byte(
    mapped: BuildResult, tmp_path: Path
) -> None:
    packed = tmp_path / "hgnc.gz"
    packed.write_bytes(gzip.compress((SAMPLES[0].parent / "hgnc.sssom.tsv").read_bytes()))
    others = [path for path in SAMPLES if "hgnc" not in path.name]
    with ThreadPoolExecutor(2) as executor:
        again = build(
            SEEDS,
            tmp_path / "data",
            mappings=(packed, *reversed(others)),
            issued="2025-01-01",
            executor=executor,
        )
    assert dumps(again.release) == dumps(mapped.release)


def test_a_set_may_come_in_several_files(tmp_path: Path) -> None:
    rows = [f"ncbigene:5742|skos:exactMatch|x:{n}|{MANUAL}" for n in range(4)]
    one = built(tmp_path / "one", sssom(rows))
    parts = built(tmp_path / "parts", sssom(rows[2:]), sssom(rows[:2]), sssom(rows[1:3]))
    assert set(in_graphs(one.release)) == set(in_graphs(parts.release))
    (counts,) = parts.mappings
    assert (counts.read, counts.linked, dict(counts.refused)) == (6, 4, {"duplicate": 2})


def test_two_sets_that_say_the_same_are_two_graphs(tmp_path: Path) -> None:
    row = f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}"
    result = built(tmp_path, sssom([row]), sssom([row], mapping_set="https://example.org/other"))
    query = f"SELECT (COUNT(?g) AS ?n) {{ GRAPH ?g {{ <{GENE}> skos:exactMatch ?o }} }}"
    assert select(result.release, query) == [("2",)]
    assert list(verify_release(result.release)) == []


# What is said of it


def test_each_linkset_counts_what_sparql_counts(mapped: BuildResult) -> None:
    query = """SELECT ?graph ?licence ?all ?predicate ?space ?n {
        ?part foaf:primaryTopic ?graph ; dcterms:license ?licence ; void:triples ?all ;
            void:subset ?linkset .
        ?linkset a void:Linkset ; void:linkPredicate ?predicate ; void:triples ?n ;
            void:subjectsTarget/a void:Dataset ; void:objectsTarget/void:uriSpace ?space }"""
    rows = select(mapped.release, query)
    assert len(rows) == 3
    for graph, licence, total, predicate, space, number in rows:
        counted = f"""SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s <{predicate}> ?o
            FILTER(STRSTARTS(STR(?o), "{space}")) }} }}"""
        assert select(mapped.release, counted) == [(number,)]
        everything = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        assert select(mapped.release, everything) == [(total,)]
        said = f"SELECT ?l {{ GRAPH <{graph}> {{ ?s a <https://w3id.org/sssom/MappingSet> ; "
        assert select(mapped.release, said + "dcterms:license ?l } }") == [(licence,)]


def test_the_dump_is_offered_under_the_licences_of_its_sets(mapped: BuildResult) -> None:
    described = Graph().parse(mapped.release.dumps / "void.ttl")
    (file,) = described.subjects(
        DCAT.downloadURL, URIRef(f"{Iris().base}dumps/mappings.nq.gz"), unique=True
    )
    assert {str(licence) for licence in described.objects(file, DCTERMS.license)} == {
        one.license.value for one in mapped.mappings
    }
    assert len(list(described.objects(file, DCAT.byteSize))) == 1
    release = next(described.subjects(DCAT.distribution, file))
    parts = set(described.objects(release, DCTERMS.hasPart))
    titles = {str(title) for part in parts for title in described.objects(part, DCTERMS.title)}
    assert "Links from the mapping set HGNC, version 2025-01-01" in titles
    assert "Links from the mapping set UniProt" in titles
    for one in mapped.mappings:
        (part,) = described.subjects(
            URIRef("http://xmlns.com/foaf/0.1/primaryTopic"), URIRef(one.graph.value)
        )
        assert part in parts
        assert described.value(part, VOID.triples).toPython() == one.triples  # type: ignore[union-attr]


def test_the_dump_is_said_to_be_the_work_of_those_who_made_its_sets(tmp_path: Path) -> None:
    rows = [f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}"]
    ada, other = "https://orcid.org/0000-0001-2345-6789", "https://example.org/other"
    said = f"license: https://l.example/\ncreator_id: ['{ada}', 'no IRI']"
    texts = sssom(rows, metadata=said), sssom(rows, mapping_set=other)
    absent = sssom([f"ncbigene:1|x:p|x:1|{MANUAL}"], mapping_set="https://example.org/absent")
    described = Graph().parse(built(tmp_path, *texts, absent).release.dumps / "void.ttl")
    (file,) = described.subjects(
        DCAT.downloadURL, URIRef(f"{Iris().base}dumps/mappings.nq.gz"), unique=True
    )
    assert [str(o) for o in described.objects(file, DCTERMS.creator)] == [ada]
    assert {str(o) for o in described.objects(file, PROV.wasDerivedFrom)} == {SET, other}
    (description,) = described.objects(file, DCTERMS.description)
    assert "mapping sets" in str(description)


def test_a_prefix_with_two_namespaces_and_one_without_a_prefix_are_told_apart(
    tmp_path: Path,
) -> None:
    rows = [f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}"]
    other = [
        f"ncbigene:5742|skos:exactMatch|{iri}|{MANUAL}" for iri in ("x:1", "http://z.example/1")
    ]
    texts = sssom(rows), sssom(other, curie_map={"x": "http://y.example/"})
    release = built(tmp_path, *texts).release
    query = """SELECT ?space ?n { ?linkset a void:Linkset ; void:linkPredicate skos:exactMatch ;
        void:triples ?n ; void:objectsTarget/void:uriSpace ?space } ORDER BY ?space"""
    spaces = ("http://x.example/", "http://y.example/", "http://z.example/")
    assert select(release, query) == [(space, "1") for space in spaces]


def test_the_report_and_the_manifest_say_what_became_of_each_set(tmp_path: Path) -> None:
    rows = [
        f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}",
        f"ncbigene:1|skos:exactMatch|x:1|{MANUAL}",
        "ncbigene:5742|skos:exactMatch|x:2|",
    ]
    release = built(tmp_path, sssom(rows)).release
    report = json.loads((release.path / "report.json").read_text(encoding="utf-8"))
    (found,) = report["summary"]["mappings"]
    (file,) = found.pop("files")
    assert file["file"].endswith("mappings/0.sssom.tsv")
    assert found == {
        "mapping_set": SET,
        "graph": GRAPH.value,
        "read": 3,
        "linked": 1,
        "not in the release": 1,
        "refused": {"missing": 1},
        "triples": 9,
    }
    told = [p for p in report["problems"] if p["kind"] == "mapping missing"]
    assert [(p["field"], p["severity"]) for p in told] == [
        ("mapping_justification, line 10", "warning")
    ]
    manifest = release.manifest()
    assert (manifest["mappings"], manifest["license"]) == (9, "CC0-1.0")
    assert manifest["mapping_sets"] == [
        {"id": SET, "graph": GRAPH.value, "license": "https://l.example/", "triples": 9}
    ]


# Verification


def damaged(mapped: BuildResult, folder: Path) -> Release:
    """The release in a folder of its own."""
    subprocess.run(["cp", "-r", str(mapped.release.path), str(folder / "copied")], check=True)
    return Release(mapped.release.id, folder / "copied")


def test_verification_reads_the_dump_of_links(mapped: BuildResult, tmp_path: Path) -> None:
    release = damaged(mapped, tmp_path)
    path = release.dumps / "mappings.nq.gz"
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(compress(text.replace(b"hgnc/3430", b"hgnc/3431", 1)))
    faults = list(verify_release(release))
    assert (
        f"store: holds {len(dumped(mapped.release)) + mapped.equivalents} quads in graphs, not "
        "those of dumps/equivalents.nq.gz and dumps/mappings.nq.gz"
    ) in faults
    path.write_bytes(compress(text + text))
    number = len(dumped(mapped.release))
    assert f"dumps/mappings.nq.gz: {2 * number} triples, the manifest says {number}" in list(
        verify_release(release)
    )
    path.unlink()
    assert "dumps/mappings.nq.gz: missing" in list(verify_release(release))


# Refusals


def test_a_file_that_cannot_be_read_ends_the_build_before_it_begins(
    mapped: BuildResult, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    build(write(tmp_path / "records", RECORD), data)
    before = current_release(data)
    with pytest.raises(InputError, match=r"none\.sssom\.tsv cannot be read"):
        build(tmp_path / "records", data, mappings=(tmp_path / "none.sssom.tsv",))
    assert current_release(data) == before
    assert [path.name for path in (data / "releases").iterdir()] == [before.id]


def test_a_file_that_changes_during_the_build_ends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.sssom.tsv"
    path.write_text(sssom([f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}"]))

    def listen(_: object) -> None:
        path.write_text(sssom([]))

    with pytest.raises((InputError, BuildError), match="changed while it was read"):
        build(
            write(tmp_path / "records", RECORD), tmp_path / "data", mappings=(path,), listen=listen
        )
    assert not (tmp_path / "data" / "current").exists()


# Cost


@pytest.mark.parametrize("with_mappings", [False, True])
def test_the_library_is_imported_only_for_mapping_files_and_writes_into_no_home(
    with_mappings: bool, tmp_path: Path
) -> None:
    records = write(tmp_path / "records", RECORD)
    mappings = SAMPLES if with_mappings else []
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(records), str(tmp_path / "data"), *map(str, mappings)],
        env=environment(HOME=str(tmp_path / "no" / "home")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == str(
        ["pydantic", "sssom_pydantic"] if with_mappings else []
    )
    assert not (tmp_path / "no").exists()


def test_rows_that_are_not_loaded_take_no_memory(tmp_path: Path) -> None:
    peaks = []
    for number in (100, 100, 5000):  # the first time the library is imported
        rows = (f"ncbigene:{n}|skos:exactMatch|x:{n}|{MANUAL}" for n in range(1, number))
        files = open_mapping_files([write(tmp_path, {"a": sssom(rows)}) / "a"])
        links = entities(Links(files, Iris(), lambda problems: None))
        tracemalloc.start()
        assert list(links.quads()) == []
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 200_000, "the rows alone are 400,000 bytes"


# Command line


def test_the_command_line_says_what_became_of_each_file(tmp_path: Path) -> None:
    options = [word for path in SAMPLES for word in ("--mappings", path)]
    done = run("build", SEEDS, "--data", tmp_path / "d", *options)
    assert done.status == 0
    assert "HGNC: 9 mappings: 8 linked, 1 not in the release, left out: 0; 93 triples\n" in done.err
    missing = run("build", SEEDS, "--data", tmp_path / "d", "--mappings", tmp_path / "none.tsv")
    assert missing.status == 1
    assert "none.tsv cannot be read (No such file or directory)" in missing.err


# A check


@pytest.mark.parametrize("workers", [None, 2])
def test_a_check_finds_what_a_build_with_mappings_finds_and_writes_nothing(
    workers: int | None, tmp_path: Path
) -> None:
    rows = [
        f"ncbigene:5742|x:p|x:1|{MANUAL}",
        f"doi:10.1000/ABC|x:p|x:2|{MANUAL}",  # of an article
        f"taxon:9606|x:p|x:3|{MANUAL}",
        f"undeclared:1|x:p|x:4|{MANUAL}",
        f"ncbigene:1|x:p|x:5|{MANUAL}",  # not in the release
        f"ncbigene:5742|x:p||{MANUAL}",
    ]
    records = write(tmp_path / "records", {**RECORD, "_figures/PMC9__f1.md": "no front matter\n"})
    files = write(tmp_path / "mappings", {"a.sssom.tsv": sssom(rows, metadata="comment: x")})
    options: dict[str, Any] = {"mappings": (files / "a.sssom.tsv",), "workers": workers}
    before = sorted(tmp_path.rglob("*"))
    told: list[Problem] = []
    sets: list[MappingCounts] = []
    findings = check_records([records], BuildOptions(**options), told.append, sets.append)
    assert sorted(tmp_path.rglob("*")) == before
    result = build(records, tmp_path / "data", **options)
    assert findings == result.findings
    report = json.loads((result.release.path / "report.json").read_text(encoding="utf-8"))
    assert [asdict(problem) for problem in told] == report["problems"]
    assert {problem.kind for problem in told} >= {"mapping prefix", "mapping missing"}
    assert mapping_summary(sets)["mappings"] == report["summary"]["mappings"]
    assert (sets[0].linked, sets[0].absent) == (3, 1)


def test_the_command_check_says_what_would_become_of_each_set(tmp_path: Path) -> None:
    line = [option for path in SAMPLES for option in ("--mappings", str(path))]
    checked, built = run("check", SEEDS, *line), run("build", SEEDS, "--data", tmp_path, *line)
    assert checked.status == built.status == 0
    said = [row for row in built.err.splitlines() if " linked, " in row]
    assert len(said) == len(SAMPLES)
    assert [row for row in checked.err.splitlines() if " linked, " in row] == said
    assert "cannot be read" in run("check", SEEDS, "--mappings", tmp_path / "none.tsv").err


def test_the_command_check_is_quiet_where_a_library_logs(tmp_path: Path) -> None:
    (tmp_path / "a.sssom.tsv").write_text(sssom([], mapping_set="urn:x:m"))
    line = [*program(tmp_path), "check", str(SEEDS), "--quiet", "--mappings", "a.sssom.tsv"]
    done = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)
