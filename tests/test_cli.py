"""Exit status 0 is done, 1 refused or wrong, 2 usage; data on stdout, talk on stderr."""

import errno
import gzip
import inspect
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
import typer

from building import Published, build, environment, program, shell
from invoking import Outcome, run
from making import record, write
from pfocr_rdf.cli import COMMANDS
from pfocr_rdf.commands.console import refusals
from pfocr_rdf.iris import PFOCR, RDFS
from pfocr_rdf.queries import federated_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.resources import resource
from releasing import copied_folder

SEEDS = Path(__file__).parents[1] / "seeds"
BROKEN = "---\nfigid: [unclosed\n---\n"


@pytest.fixture(scope="module", name="data")
def _data(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_folder(seeds_release, tmp_path_factory.mktemp("data"))


def manifest(data: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(
        (data / "current" / "manifest.json").read_text(encoding="utf-8")
    )
    return found


def with_a_broken_record(folder: Path) -> Path:
    records = folder / "records"
    records.mkdir()
    for file in (SEEDS / "_figures").iterdir():
        (records / file.name).write_bytes(file.read_bytes())
    (records / "PMC1__broken.md").write_text(BROKEN, encoding="utf-8")
    return records


def test_a_build_prints_the_release_and_tells_the_counts(data: Path, tmp_path: Path) -> None:
    built = run("build", SEEDS, "--data", tmp_path / "d")
    assert built.status == 0
    assert Path(built.out.strip()).resolve() == (tmp_path / "d" / "current").resolve()
    assert "5 records: 5 figures, 0 skipped; errors: 0" in built.err


def test_one_record_is_counted_as_one(tmp_path: Path) -> None:
    one = next(iter(sorted((SEEDS / "_figures").iterdir())))
    assert run("check", one).err.startswith("1 record: 1 figure, 0 skipped; errors: 0")
    told = [run("build", one, "--data", tmp_path / "d").err for _ in range(2)]
    assert "1 record taken over from the last release, unchanged\n" in told[1]


def test_a_quiet_build_says_nothing(tmp_path: Path) -> None:
    assert run("build", SEEDS, "--data", tmp_path / "d", "--quiet").err == ""


def test_a_build_with_a_broken_record_publishes_the_rest_and_exits_1(tmp_path: Path) -> None:
    built = run("build", with_a_broken_record(tmp_path), "--data", tmp_path / "d")
    assert built.status == 1
    assert "6 records: 5 figures, 1 skipped; errors: 1 (not YAML 1)" in built.err
    report = json.loads((tmp_path / "d" / "current" / "report.json").read_text(encoding="utf-8"))
    assert [p["file"] for p in report["problems"] if p["severity"] == "error"] == [
        "PMC1__broken.md"
    ]


def test_a_check_prints_one_problem_a_line_and_writes_nothing(tmp_path: Path) -> None:
    records = with_a_broken_record(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    checked = run("check", records)
    assert checked.status == 1
    assert checked.out.startswith("error: PMC1__broken.md: line ")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_prints_one_line_whatever_a_field_is_called(tmp_path: Path) -> None:
    text = record(**{"a\nb\u2028c\x85d": "x"})
    checked = run("check", write(tmp_path / "records", {"PMC1__f1.md": text}))
    assert checked.out == (
        "warning: PMC1__f1.md: a\\nb\\u2028c\\x85d: not a field that PFOCR records have: not mapped"
        " (found 'x')\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_terminal_without_the_signs_of_a_record_gets_escapes(
    encoding: str, tmp_path: Path
) -> None:
    found = "caf\u00e9 \u2460 \U0001f9ec"
    records = write(tmp_path / "records", {"PMC1__f1.md": record(colour=found)})

    def told(*options: str) -> str:
        command = [*program(tmp_path), "check", str(records), "--quiet", *options]
        env = environment(PYTHONIOENCODING=encoding)
        done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=True)
        return done.stdout.decode(encoding)

    shown = found if encoding == "utf-8" else "caf\u00e9 \\u2460 \\U0001f9ec"
    assert told().endswith(f"not mapped (found '{shown}')\n")
    assert json.loads(told("--json"))["value"] == found


def test_a_check_reports_what_a_build_reports(data: Path) -> None:
    report = json.loads((data / "current" / "report.json").read_text(encoding="utf-8"))
    lines = run("check", SEEDS, "--json").out.splitlines()
    assert [json.loads(line) for line in lines] == report["problems"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "nowhere"), "nowhere does not exist"),
        (("releases", "--data", "nowhere"), "no current release"),
        (("verify",), "no current release"),
        (("verify", "nowhere"), "no release named 'nowhere'"),
        (("rollback", "--data", "nowhere"), "no current release"),
        (("describe", "x", "--data", "nowhere"), "no current release"),
        (("dump", "--data", "nowhere"), "no current release"),
        (("diff", "a", "b", "--data", "nowhere"), "no release named 'a'"),
    ],
)
def test_a_refusal_is_one_line_on_stderr_and_exit_status_1(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run(*arguments)
    assert refused.status == 1
    assert refused.out == ""
    assert refused.err.startswith("error: ")
    assert message in refused.err


@pytest.mark.parametrize(
    ("option", "prefix"),
    [
        ("--base", "https://x.org/a#"),
        ("--base", "https://x.org/%zz[/"),
        ("--gene-prefix", "https://x.org/a#b#"),
    ],
)
def test_a_prefix_that_makes_no_iri_is_refused_before_anything_is_read(
    option: str, prefix: str, tmp_path: Path
) -> None:
    refused = run("build", tmp_path / "nowhere", "--data", tmp_path / "d", option, prefix)
    assert refused.status == 2
    assert refused.err.startswith(f"error: not a {option.strip('-').replace('-', ' ')} (http")
    assert repr(prefix) in refused.err


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("build",), ("dump", "--format", "docx"), ("build", ".", "--keep", "x")],
)
def test_wrong_usage_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).status == 2


def test_the_version_is_printed() -> None:
    assert run("--version").out.startswith("pfocr-rdf ")


def test_a_whole_release_verifies_and_a_damaged_one_does_not(
    data: Path, copied_release: Release
) -> None:
    whole = run("verify", data)
    assert (whole.status, whole.out) == (0, "")
    with (copied_release.dumps / "void.ttl").open("ab") as file:
        file.write(b"\n")
    damaged = run("verify", copied_release.path)
    assert damaged.status == 1
    assert "dumps/void.ttl: " in damaged.out


def test_a_single_fault_is_told_as_one(copied_release: Release) -> None:
    path = copied_release.path
    with (path / "report.json").open("ab") as file:
        file.write(b"\n")
    assert run("verify", path).err == f"{path.name}: 1 fault: build again, or roll back\n"


def test_releases_are_listed_and_rolled_back(seeds_release: Release, tmp_path: Path) -> None:
    data, first = copied_folder(seeds_release, tmp_path / "d"), seeds_release.id
    second = Path(run("build", SEEDS, "--data", data).out.strip()).name
    triples = manifest(data)["triples"]
    assert run("releases", "--data", data).out.splitlines() == [
        f"  {first}\t5\t{triples}",
        f"* {second}\t5\t{triples}",
    ]
    assert run("rollback", "--data", data).out.strip() == first
    assert run("rollback", "--data", data).status == 1
    assert run("rollback", second, "--data", data).out.strip() == second
    same = run("diff", first, second, "--data", data)
    assert (same.status, same.out) == (0, "")
    assert "0 removed, 0 added" in same.err


def test_a_dump_goes_to_stdout_or_a_file_and_all_dumps_to_a_folder(
    data: Path, tmp_path: Path
) -> None:
    turtle = run("dump", "--data", data).out
    assert turtle.startswith("@prefix ")
    file = tmp_path / "all.nt.gz"
    assert run("dump", "--data", data, "-f", "ntriples", "-o", file).status == 0
    assert len(gzip.decompress(file.read_bytes()).splitlines()) == manifest(data)["triples"]
    copied = run("dump", "--data", data, "--to", tmp_path / "public")
    assert len(copied.out.splitlines()) == 9
    assert run("dump", "--data", data, "--to", tmp_path / "public").status == 1


def described(data: Path, thing: str) -> Outcome:
    return run("describe", thing, "--data", data, "--format", "ntriples")


def test_a_thing_is_described_in_both_directions(data: Path) -> None:
    lines = described(data, "MESH:C029366").out.splitlines()
    subject = "<http://id.nlm.nih.gov/mesh/C029366>"
    assert any(line.startswith(subject) for line in lines)
    assert any(line.endswith(f"{subject} .") for line in lines)
    unknown = described(data, "ncbigene:999999999")
    assert unknown.status == 1
    assert "the release says nothing about 'ncbigene:999999999'" in unknown.err


def test_who_asks_for_a_thing_by_its_name_is_told_its_identifier(data: Path) -> None:
    for name, told in (
        ("mapk1", "there is gene:5594 (MAPK1, Homo sapiens)"),
        ("Homo sapiens", "there is taxon:9606 (Homo sapiens)"),
        ("5594", "there is gene:5594 (MAPK1, Homo sapiens)"),
    ):
        asked = described(data, name)
        assert (asked.status, asked.out) == (1, "")
        assert asked.err.endswith(f"; by that name {told}\n")
        curie = told.split()[2]
        assert described(data, curie).status == 0
    for name in ("nobody", "ncbigene:999999999", "PMC6566596__mapk1"):
        assert "by that name" not in described(data, name).err


def test_without_an_index_a_name_is_refused_all_the_same(data: Path, tmp_path: Path) -> None:
    release = tmp_path / "copied"
    shutil.copytree((data / "current").resolve(), release)
    (release / "search.sqlite").unlink()
    asked = run("describe", "MAPK1", "--data", data, "--release", release)
    assert asked.err.endswith("`pfocr-rdf search --suggest` finds them by a name\n")


def test_another_release_than_the_current_one_is_described(data: Path, tmp_path: Path) -> None:
    records = write(tmp_path, {"_figures/PMC1__f1.md": "---\nfigtitle: Older\n---\n"})
    assert run("build", records, "--data", tmp_path / "data", "--quiet").status == 0
    older = (tmp_path / "data" / "current").resolve()
    described = run("describe", "PMC1__f1", "-f", "ntriples", "--data", data, "--release", older)
    assert '"Older"' in described.out
    assert run("describe", "PMC1__f1", "--data", data, "--release", "nosuch").status == 1


# --- where data go, and what cannot be read or written ---


def test_a_pipe_is_written_to_and_stays_a_pipe(data: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as executor:
        read = executor.submit(pipe.read_bytes)
        assert run("dump", "--data", data, "-o", pipe, "--format", "ntriples").status == 0
        assert read.result().count(b"\n") == manifest(data)["triples"]
    assert pipe.is_fifo()


def test_a_link_is_followed_and_no_other_file_is_touched(data: Path, tmp_path: Path) -> None:
    link, mine = tmp_path / "link.ttl", tmp_path / "link.ttl.part"
    link.symlink_to("target.ttl")
    mine.write_text("mine")
    assert run("dump", "--data", data, "-o", link).status == 0
    assert link.is_symlink()
    assert (tmp_path / "target.ttl").read_text().startswith("@prefix")
    assert {path.name for path in tmp_path.iterdir()} == {"link.ttl", "target.ttl", mine.name}
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("given", "where"),
    [("-o", "file/x"), ("-o", "missing/x"), ("-o", ""), ("--to", "file/x"), ("--to", "")],
)
def test_where_nothing_can_be_written_the_message_says_so(
    given: str, where: str, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    refused = run("dump", "--data", data, given, tmp_path / where)
    assert refused.status == 1
    assert refused.err.startswith("error: ")
    assert str(tmp_path) in refused.err


def test_an_error_of_the_store_is_not_one_of_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended, refusals():
        raise OSError("IO error: a table is cut")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.startswith("error: IO error: a table is cut: check ")


FULL = pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no full device")


@FULL
@pytest.mark.parametrize("command", ["dump", "releases", "build"])
def test_a_full_disk_under_stdout_is_one_line(command: str, data: Path, tmp_path: Path) -> None:
    records = [str(SEEDS), "--quiet"] if command == "build" else []
    where = tmp_path / "data" if command == "build" else data
    done = outside([command, *records, "--data", str(where)], "> /dev/full")
    assert done.returncode == 1
    assert done.stderr == (
        "error: standard output: No space left on device: check that it exists, may be used, and "
        "has room\n"
    )


@FULL
@pytest.mark.parametrize("form", ["turtle", "trig", "n3"])
@pytest.mark.parametrize("name", ["full", "full.gz"])
def test_a_full_disk_under_a_file_names_the_file(
    form: str, name: str, data: Path, tmp_path: Path
) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    done = run("dump", "--data", data, "--format", form, "--output", tmp_path / name)
    assert done.status == 1
    assert done.err.startswith(f"error: {tmp_path / name}: No space left on device: check that ")


def test_a_file_that_cannot_be_copied_is_told_with_where_it_should_go_and_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:9])
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr("shutil.copyfile", full)
    done = run("dump", "--data", data, "--to", tmp_path / "to")
    assert done.status == 1
    assert f" -> {tmp_path / 'to' / 'SHA256SUMS'}: No space left on device: check " in done.err
    monkeypatch.undo()
    assert run("dump", "--data", data, "--to", tmp_path / "to").status == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_is_no_fault(closed: str, data: Path) -> None:
    done = outside(["releases", "--data", str(data)], closed)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["query", "-"], "error: the query is empty: give SPARQL\n"),
        (
            ["push", "--endpoint", "http://127.0.0.1:1/data", "--user", "ada"],
            "error: --user and --password-env go together: give both\n",
        ),
    ],
)
def test_standard_input_that_is_closed_has_nothing_in_it(
    words: list[str], said: str, data: Path
) -> None:
    done = outside([*words, "--data", str(data)], "<&-")
    assert done.returncode in {1, 2}
    assert done.stderr == said


def unread(*words: object) -> int:
    """The exit status of a command whose reader has gone before it prints anything."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from pfocr_rdf.cli import app; app()", *map(str, words)]
    try:
        return subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, check=False
        ).returncode
    finally:
        os.close(writing)


def test_what_is_found_decides_the_status_also_where_nobody_reads_it(
    data: Path, tmp_path: Path
) -> None:
    few = write(tmp_path / "few", {"PMC1__f1.md": record(year="20019"), "PMC2__f1.md": BROKEN})
    assert unread("check", few) == unread("check", "--json", few) == 1
    assert unread("check", few / "PMC1__f1.md") == 0
    shutil.copytree(data, tmp_path / "damaged", symlinks=True)
    (tmp_path / "damaged" / "current" / "report.json").write_text("{}")
    assert unread("verify", "--data", tmp_path / "damaged") == 1
    assert unread("releases", "--data", data) == 0


def outside(words: list[str], redirected: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own, its streams as the shell is told."""
    command = [sys.executable, "-c", "from pfocr_rdf.cli import app; app()", *words]
    script = f'"$@" {redirected}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *command], capture_output=True, text=True, check=False
    )


def test_verify_takes_the_data_folder_that_the_environment_names(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFOCR_RDF_DATA", str(data))
    assert run("verify").err.endswith(": whole\n")


def test_verify_takes_a_release_as_releases_prints_it(data: Path) -> None:
    name = run("releases", "--data", data).out.split()[1]
    for given in (name, name.rpartition("-")[2], "current", data / "releases" / name, data):
        assert run("verify", given, "--data", data).err == f"{name}: whole\n"


def test_copied_dumps_are_no_release(data: Path, tmp_path: Path) -> None:
    assert run("dump", "--data", data, "--to", tmp_path / "copy").status == 0
    refused = run("verify", tmp_path / "copy")
    assert refused.status == 1
    assert refused.err.endswith("has dumps, not a release: run `sha256sum -c SHA256SUMS` there\n")


def test_a_broken_release_does_not_hide_the_others(data: Path, tmp_path: Path) -> None:
    copied = tmp_path / "data"
    shutil.copytree(data, copied, symlinks=True)
    (copied / "releases" / "20200101T000000Z-a").mkdir()
    listed = run("releases", "--data", copied)
    assert listed.status == 1
    assert listed.out.splitlines()[0] == "  20200101T000000Z-a\t?\t?"
    assert listed.out.splitlines()[1].startswith("* ")
    assert "20200101T000000Z-a: no manifest that can be read" in listed.err


def test_a_folder_that_is_no_release_is_not_listed(data: Path, tmp_path: Path) -> None:
    copied = tmp_path / "data"
    shutil.copytree(data, copied, symlinks=True)
    (copied / "releases" / "lost+found").mkdir()
    assert run("releases", "--data", copied) == run("releases", "--data", data)


# --- queries as they are given ---


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * " + "{" * 3_000 + "}" * 3_000,
        "SELECT * { FILTER " + "(" * 6_000 + "1" + ")" * 6_000 + " }",
        "SELECT * { FILTER(" + "!" * 12_000 + "true) }",
        "SELECT * { FILTER(1" + " + 1" * 12_000 + " = 2) }",
        "SELECT * { " + " ".join(f"BIND({n} AS ?x{n})" for n in range(6_000)) + " }",
    ],
    ids=["braces", "parentheses", "negations", "sums", "bindings"],
)
def test_a_query_that_would_crash_the_program_is_refused(
    text: str, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "deep.rq").write_text(text)
    refused = run("query", tmp_path / "deep.rq", "--data", data)
    assert refused.status == 1
    assert ", and the limit is 1," in refused.err


def test_long_lists_of_values_are_no_reason_to_refuse_a_query(data: Path, tmp_path: Path) -> None:
    values = " ".join(f"<https://identifiers.org/ncbigene/{n}>" for n in range(1, 20_000))
    (tmp_path / "long.rq").write_text(f"ASK {{ VALUES ?gene {{ {values} }} ?s ?p ?gene }}")
    asked = run("query", tmp_path / "long.rq", "--data", data, "--format", "json")
    assert json.loads(asked.out)["boolean"]


def test_where_nothing_is_found_what_the_release_lacks_is_told(data: Path) -> None:
    text = "PREFIX schema: <https://schema.org/> SELECT * { ?f schema:mentions gene:5594 }"
    text += " # asks no other service"
    asked = run("query", text, "--data", data, "--format", "csv")
    assert (asked.status, asked.out) == (0, "f\n")
    assert asked.err == (
        "nothing was found, and the release does not have\n"
        "  <https://schema.org/mentions>, but <http://schema.org/mentions>\n"
    )
    pasted = "ASK { ?f schema:mentions <https://meshb.nlm.nih.gov/record/ui?ui=C029366> }"
    told = run("query", pasted, "--data", data).err.splitlines()
    assert told[1].endswith("ui=C029366>, but <http://id.nlm.nih.gov/mesh/C029366>")
    genes = " ".join(f"gene:{number}" for number in range(10**9, 10**9 + 2_000))
    other = "SELECT * { ?g schema:taxonomicRange 9606 }"
    told = run("query", other, "--data", data).err.splitlines()
    assert told[1].endswith("but <http://purl.obolibrary.org/obo/NCBITaxon_9606>")
    many = f"SELECT * {{ VALUES ?gene {{ {genes} }} ?f schema:mentions ?gene }}"
    lines = run("query", many, "--data", data).err.splitlines()
    assert lines[1] == "  <https://identifiers.org/ncbigene/1000000000>"
    assert lines[-1] == "  and 1,995 other terms of the query"
    text = "SELECT * { ?g schema:identifier 5594 ; rdfs:label 'MAPK1' }"
    assert run("query", text, "--data", data).err.splitlines()[1:] == [
        '  "5594"^^<http://www.w3.org/2001/XMLSchema#integer> as <http://schema.org/identifier>,'
        ' but "5594"',
        '  "MAPK1" as <http://www.w3.org/2000/01/rdf-schema#label>, but as <http://schema.org/name>',
    ]
    count = "SELECT ?g (COUNT(?f) AS ?n) { ?f schema:mentions ?g } GROUP BY ?g HAVING (?n > 0)"
    assert run("query", count, "--data", data).err == (
        "nothing was found: ?n has no value in HAVING, write COUNT(?f) there\n"
    )
    early = "SELECT ?g { ?f schema:mentions ?g FILTER(COUNT(?f) > 0) } GROUP BY ?g"
    assert run("query", early, "--data", data).err == (
        "nothing was found: FILTER sees one row at a time, write HAVING(COUNT(?f) > 0)\n"
    )
    for text, place in (
        (
            "ASK FROM <urn:g> { ?s a schema:Gene }",
            "<urn:g> is no graph of the release: its records are",
        ),
        ("ASK { GRAPH ?g { ?s a schema:Gene } }", "<http://schema.org/Gene> is only"),
    ):
        assert run("query", text, "--data", data).err == (
            f"nothing was found: {place} in the default graph, without FROM and GRAPH\n"
        )
    # Nor where each could be there with the others, and where something is found.
    for text in ("ASK { ?f schema:name 'MAPK1' }", "ASK { ?s ?p ?o FILTER(?s != <urn:x>) }"):
        assert run("query", text, "--data", data).err == ""


def test_what_nothing_has_together_is_told_where_nothing_is_found(data: Path) -> None:
    text = "SELECT * { ?f schema:mentions ?gene ; pfocr:tier ?tier . ?gene rdfs:label ?name"
    text += " . gene:2064 rdfs:label ?label . ?other schema:sameAs ?same }"
    mentions, label = "<http://schema.org/mentions>", f"<{RDFS}label>"
    tier, annotation = f"<{PFOCR}tier>", "<http://www.w3.org/ns/oa#Annotation>"
    assert run("query", text, "--data", data).err.splitlines() == [
        f"nothing was found: ?f needs {mentions} and {tier}, but nothing has both"
        f"; {tier} belongs to <{PFOCR}GeneMention>, {annotation}",
        f"nothing was found: ?gene needs {label}, but {mentions} leads to"
        " <http://schema.org/ChemicalSubstance>, <http://schema.org/Gene>"
        "; use <http://schema.org/name>",
        f"nothing was found: <https://identifiers.org/ncbigene/2064> has no {label}"
        "; use <http://schema.org/name>",
        "nothing was found: <http://schema.org/sameAs> is only in named graphs: write"
        " GRAPH <https://pfocr.wikipathways.org/graph/equivalents> { … }",
    ]


def test_what_a_property_does_not_lead_to_is_told_where_nothing_is_found(data: Path) -> None:
    text = "SELECT * { ?f schema:mentions ?g . ?g pfocr:tier ?t . ?m oa:hasTarget ?o"
    text += " . ?o a schema:Gene }"
    tier, annotation = f"<{PFOCR}tier>", "<http://www.w3.org/ns/oa#Annotation>"
    assert run("query", text, "--data", data).err.splitlines() == [
        f"nothing was found: ?g needs {tier}, but <http://schema.org/mentions> leads to"
        " <http://schema.org/ChemicalSubstance>, <http://schema.org/Gene>"
        f"; {tier} belongs to <{PFOCR}GeneMention>, {annotation}",
        "nothing was found: ?o needs to be a <http://schema.org/Gene>, but"
        " <http://www.w3.org/ns/oa#hasTarget> leads to"
        f" <{PFOCR}PathwayFigure>, <http://schema.org/ImageObject>",
    ]


def test_a_named_query_says_that_its_own_limit_was_reached(tmp_path: Path) -> None:
    """A limit that was typed is one that is known."""
    rows = [{"word": f"W{n}", "source": "hgnc_symbol", "entrez": str(n)} for n in range(1, 121)]
    records = write(tmp_path / "records", {"a.md": record(genes=rows)})
    build(records, tmp_path / "data")
    line = ["query", "most-mentioned-genes", "--data", str(tmp_path / "data"), "--format", "csv"]
    asked = run(*line)
    assert len(asked.out.splitlines()) == 101
    assert asked.err == "100 rows, the limit: for more, give --param limit=NUMBER\n"
    for limit in (100, 120, 121):
        assert run(*line, "--param", f"limit={limit}").err == ""


@pytest.mark.parametrize(
    ("words", "forms"),
    [
        (("query", "ASK {}"), "table json csv tsv xml"),
        (("query", "SELECT * { ?s a schema:Gene } LIMIT 1"), "table json csv tsv xml"),
        (("query", "DESCRIBE <https://identifiers.org/pmc/PMC1>"), "jsonld"),
        (("query", "CONSTRUCT WHERE { ?s a schema:Gene }"), "turtle ntriples jsonld"),
        (("describe", "ncbigene:207"), "turtle ntriples jsonld"),
    ],
)
def test_every_answer_ends_its_line(words: tuple[str, str], forms: str, data: Path) -> None:
    for form in forms.split():
        answered = run(*words, "--data", data, "--format", form)
        assert answered.status == 0
        assert answered.out.endswith("\n"), form
        assert not answered.out.endswith("\n\n"), form


def test_a_file_of_sparql_that_is_not_there_is_named_in_words(data: Path) -> None:
    for name in ("nosuch.rq", "nosuch.sparql", "folder/nosuch"):
        refused = run("query", name, "--data", data)
        reason = "cannot be read (No such file or directory): name a file of SPARQL"
        assert (refused.status, refused.err) == (1, f"error: {name} {reason}\n")


def test_a_named_query_is_no_file_of_its_name(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "organisms").write_text("no SPARQL")
    monkeypatch.chdir(tmp_path)
    assert run("query", "organisms", "--data", data.resolve()).status == 0


@pytest.mark.parametrize(
    "name", ["my query.rq", "a{b.rq", "plain.rq", "plain.sparql", "my query.txt", "query"]
)
def test_a_query_s_file_may_have_any_name_and_a_byte_order_mark(
    name: str, data: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("ASK { ?s ?p ?o }", encoding="utf-8-sig")
    assert run("query", tmp_path / name, "--data", data).status == 0


def test_a_file_whose_header_has_parameters_takes_values_as_a_named_query_does(
    data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.rq"
    own.write_text(resource("queries", "figures-by-gene.rq").read_text("utf-8"), encoding="utf-8")
    options = ("--data", data, "--format", "csv")
    found = run("query", own, *options, "-p", "gene=2064")
    assert found.out == run("query", "figures-by-gene", *options, "-p", "gene=2064").out
    assert len(found.out.splitlines()) > 1
    refused = run("query", own, *options)
    assert (refused.status, refused.out) == (2, "")
    assert "query own needs the parameter 'gene'" in refused.err
    without = run("query", "ASK {}", "--data", data, "-p", "gene=2064")
    assert (without.status, without.out) == (2, "")
    assert "or leave --param out" in without.err


@pytest.mark.parametrize(
    "doi", ["10.1000/ABC", "doi:10.1000/abc", "https://doi.org/10.1000/ABC", "pmc:PMC1"]
)
def test_a_query_takes_an_article_by_its_doi(doi: str, cited: Path) -> None:
    options = ("--data", cited, "--format", "csv")
    assert "PMC1__f1" in run("query", "article-figures", *options, "-p", f"article={doi}").out
    spellings = run("query", "other-spellings", *options, "-p", f"thing={doi}").out
    assert "https://doi.org/10.1000/abc" in spellings


def test_a_name_in_the_place_of_an_identifier_is_told_the_identifier(data: Path) -> None:
    asked = run("query", "figures-by-gene", "--data", data, "-p", "gene=Erbb2")
    assert (asked.status, asked.out) == (2, "")
    assert asked.err.endswith(" or an IRI; by that name there is 2064 (ERBB2, Homo sapiens)\n")
    asked = run("query", "figures-by-all-genes", "--data", data, "-p", "gene=2064,mapk1,x")
    assert asked.err.endswith("; by that name there is 5594 (MAPK1, Homo sapiens)\n")
    for begun in (" mapk1", ",MAPK1", "; 2064 ,mapk1"):
        asked = run("query", "figures-by-all-genes", "--data", data, "-p", f"gene={begun}")
        assert asked.err.endswith("; by that name there is 5594 (MAPK1, Homo sapiens)\n")
    asked = run("query", "figures-by-gene", "--data", data, "-p", "gene=nobody")
    assert asked.err.endswith(" or an IRI\n")


def test_a_query_takes_a_figure_by_its_page_at_pubmed_central(cited: Path) -> None:
    asked = ("query", "figure-record", "--data", cited, "--format", "ntriples", "-p")
    page = "figure=https://pmc.ncbi.nlm.nih.gov/articles/PMC1/figure/F"
    assert run(*asked, page + "1/").out == run(*asked, "figure=PMC1__f1").out != ""
    refused = run(*asked, page + "2/")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "error: parameter 'figure': no figure of this release has the page "
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/figure/F2/: give another, or a figure id\n"
    )


def test_a_doi_that_no_article_has_is_refused_and_no_iri_is_asked_for(cited: Path) -> None:
    """A release takes DOIs, so it must not be said that none is taken; an endpoint takes none."""
    asked = ("query", "article-figures", "-p", "article=doi:10.1000/other")
    refused = run(*asked, "--data", cited)
    assert (refused.status, refused.out) == (1, "")
    assert refused.err == (
        "error: parameter 'article': no article of this release has the DOI doi:10.1000/other: "
        "give another, or a PubMed Central id\n"
    )
    refused = run(*asked, "--endpoint", "http://127.0.0.1:9/sparql")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.endswith(
        "is a DOI; give a PubMed Central id such as PMC6566596 or its IRI\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("query",),
        ("query", "nosuch"),
        ("query", "figures-by-gene"),
        ("query", "figures-by-gene", "-p", "gene=TP53"),
        ("query", "figures-by-gene", "-p", "gene"),
        ("query", "figures-by-gene", "-p", "gene=1", "-p", "gene=2"),
        ("query", "figures-by-gene", "-p", "gene=1", "-p", "nosuch=2"),
        ("query", "figures-by-gene", "-p", "gene=1", "-p", "limit=0"),
        ("query", "ASK {}", "-p", "gene=1"),
        ("query", "--nosuch"),
        ("search", "her2", "--year", "abcd"),
        ("push",),
        ("push", "--endpoint", "http://127.0.0.1:9/", "--virtuoso-bulk", "127.0.0.1:9"),
        ("push", "--endpoint", "http://127.0.0.1:9/", "--user", "dba", "--password-env", "NO_SUCH"),
        ("push", "--endpoint", "http://127.0.0.1:9/", "--password-env", "NO_SUCH"),
        ("push", "--endpoint", "http://127.0.0.1:9/", "--isql", "isql"),
        ("push", "--virtuoso-bulk", "127.0.0.1:9"),
        ("dump", "--to", "new", "--format", "nquads"),
        ("query", "ASK {}", "--endpoint", "http://127.0.0.1:9/sparql", "--timeout-s", "inf"),
        ("serve", "--public-url", "x"),
        ("serve", "--backend", "x"),
        ("serve", "--proxy", "x"),
        ("serve", "--federation", "off", "--partners", "x"),
        ("serve", "--backend-graph", "http://a.example/"),
        ("build", SEEDS, "--base", "x"),
        ("build", SEEDS, "--gene-prefix", "x"),
    ],
    ids=str,
)
def test_what_is_wrong_as_it_was_typed_has_exit_status_2(
    words: tuple[str | Path, ...], data: Path
) -> None:
    refused = run(*words, "--data", data)
    assert (refused.status, refused.out) == (2, "")
    assert "rror" in refused.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "give either --endpoint or --virtuoso-bulk"),
        (("--endpoint", "http://127.0.0.1:9/", "--isql", "isql"), "are for --virtuoso-bulk"),
        (("--virtuoso-bulk", "127.0.0.1:9"), "add --user"),
    ],
)
def test_a_push_to_nowhere_is_refused_before_there_is_a_release(
    words: tuple[str, ...], what: str, tmp_path: Path
) -> None:
    refused = run("push", *words, "--data", tmp_path)
    assert refused.status == 2
    assert what in refused.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("build", ""), "an argument"),
        (("check", SEEDS, ""), "an argument"),
        (("build", SEEDS, "--data", ""), "an argument"),
        (("build", SEEDS, "--data="), "--data"),
    ],
)
def test_a_word_without_text_is_not_the_current_folder(
    words: tuple[str | Path, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that names a variable which is not set would publish whatever is there."""
    monkeypatch.chdir(write(tmp_path, {"PMC1__f1.md": record()}))
    refused = run(*words)
    assert (refused.status, refused.out) == (2, "")
    assert f"{what} is empty" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["PMC1__f1.md"]


@pytest.mark.parametrize(
    "words",
    [
        ("build", SEEDS, "--workers"),
        ("build", SEEDS, "--max-file-bytes"),
        ("describe", "ncbigene:2064", "--incoming"),
        ("push", "--endpoint", "http://127.0.0.1:9/", "--chunk-triples"),
        # Such a server would start and fail at every query. This one has no address to start at.
        *(
            ("serve", "--public-url", "x", option)
            for option in ("--workers", "--memory-mb", "--max-rows", "--max-answer-mb")
        ),
    ],
    ids=str,
)
def test_a_number_that_no_computer_counts_to_is_refused(
    words: tuple[str | Path, ...], data: Path
) -> None:
    refused = run(*words, str(10**20), "--data", data)
    assert (refused.status, refused.out) == (2, "")
    assert "is not in the range" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("query", "SELECT * {"),
        ("query", "nosuch.rq"),
        ("query", "SELECT * { SERVICE <http://a.example/> { ?s ?p ?o } }"),
        ("describe", "ncbigene:999999999"),
        ("verify", "nosuch"),
        ("rollback",),
        ("build", "nosuch"),
    ],
    ids=str,
)
def test_what_is_refused_or_found_wrong_has_exit_status_1(
    words: tuple[str, ...], data: Path
) -> None:
    refused = run(*words, "--data", data)
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("error: ")


@pytest.fixture(name="cited", scope="module")
def _cited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of one figure whose article has a DOI."""
    folder = tmp_path_factory.mktemp("cited")
    text = record(figid="PMC1__f1", pmcid="PMC1", doi="10.1000/ABC")
    build(write(folder / "records", {"_figures/1.md": text}), folder / "data")
    return folder / "data"


def test_a_named_query_is_shown_with_its_parameters() -> None:
    shown = run("query", "figures-by-gene", "--show").out
    assert shown.startswith("# title: Figures that mention a gene\n")
    assert "# param: gene | gene | | NCBI Gene id" in shown
    assert "VALUES ?gene { }" in shown
    bound = run("query", "figures-by-gene", "--show", "-p", "gene=2064").out
    assert "/2064>" in bound


def test_a_query_that_was_shown_may_be_saved_and_asked(data: Path, tmp_path: Path) -> None:
    assert "# endpoint: " in run("query", federated_queries()[0].name, "--show").out
    (tmp_path / "mine.rq").write_text(run("query", "figures-by-gene", "--show").out)
    asked = ("-p", "gene=2064", "-p", "limit=2", "-f", "csv", "--data", data)
    assert (
        run("query", tmp_path / "mine.rq", *asked).out
        == run("query", "figures-by-gene", *asked).out
    )


@pytest.mark.parametrize("option", [("--explain",), ("--release", "x"), ("--partners", "x")])
def test_what_is_for_a_release_is_not_ignored_beside_an_endpoint(option: tuple[str, ...]) -> None:
    refused = run("query", "ASK {}", "--endpoint", "http://127.0.0.1:1/", *option)
    assert refused.status == 2
    assert f"{option[0]} is for a release" in refused.err


def test_what_is_for_an_endpoint_is_not_ignored_beside_a_release(data: Path) -> None:
    refused = run("query", "ASK {}", "--timeout-s", "3", "--data", data)
    assert refused.status == 2
    assert "--timeout-s: it is for --endpoint, and a release is asked" in refused.err


def test_a_list_of_endpoints_is_read_where_nobody_is_asked(data: Path, tmp_path: Path) -> None:
    missing = run("query", "ASK {}", "--partners", tmp_path / "none.toml", "--data", data)
    assert (missing.status, missing.out) == (1, "")
    assert "none.toml cannot be read (No such file or directory)" in missing.err
    (tmp_path / "partners.toml").touch()
    read = run("query", "ASK {}", "--partners", tmp_path / "partners.toml", "--data", data)
    assert (read.status, read.err) == (0, "")


@pytest.mark.parametrize("option", [("--offset", "1"), ("--year", "2018"), ("--organism", "x")])
def test_what_is_for_figures_is_not_ignored_beside_suggestions(
    option: tuple[str, ...], data: Path
) -> None:
    refused = run("search", "mapk", "--suggest", *option, "--data", data)
    assert refused.status == 2
    assert f"leave {option[0]} out" in refused.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
@pytest.mark.parametrize("words", ["--help", "--version", "query --help", "query --list"])
def test_help_that_cannot_be_written_is_refused_in_a_line(words: str) -> None:
    command = [sys.executable, "-m", "pfocr_rdf", *words.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output: No space left on device: ")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
def test_a_message_that_cannot_be_written_costs_no_result(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pfocr_rdf",
        "build",
        str(SEEDS),
        "--data",
        str(tmp_path / "d"),
    ]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stderr=full, stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)


def test_a_server_says_what_is_wrong_with_its_address_or_its_list(
    data: Path, tmp_path: Path
) -> None:
    serve = ("serve", "--data", data, "--port", "0")
    address = run(*serve, "--host", "999.1.1.1")
    assert address.status == 1
    assert "cannot listen on 999.1.1.1, port 0: that is not an address or name of" in address.err
    assert "checking the files" not in address.err, "which takes long, and was done for nothing"
    listed = run(*serve, "--partners", tmp_path / "none.toml")
    assert listed.status == 1
    assert "name a file that exists, or leave it out" in listed.err


def test_a_parameter_that_is_given_twice_is_refused() -> None:
    refused = run("query", "figures-by-gene", "--show", "-p", "gene=2064", "-p", "gene=5742")
    assert (refused.status, refused.out) == (2, "")
    assert "parameter 'gene' is given twice: give it once" in refused.err


@pytest.mark.parametrize("seconds", ["inf", "-inf", "nan", "1e10", "-1"])
@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("query", "ASK {}", "--endpoint", "http://127.0.0.1:9/sparql"), "--timeout-s"),
        (("push", "--endpoint", "http://127.0.0.1:9/"), "--timeout-s"),
        # Where the option is taken, these are refused for another reason.
        (("serve", "--public-url", "x"), "--timeout-s"),
        (("serve", "--public-url", "x"), "--drain-s"),
        (("build", "nosuch"), "--executor-wait-s"),
    ],
    ids=str,
)
def test_a_time_limit_is_a_number_of_seconds(
    words: tuple[str, ...], option: str, seconds: str
) -> None:
    refused = run(*words, f"{option}={seconds}")
    assert (refused.status, refused.out) == (2, "")
    assert f"Invalid value for '{option}': {float(seconds)} is not " in refused.err


# --- which command ---


def test_a_command_that_does_not_exist_is_told_with_the_nearest_that_does() -> None:
    refused = run("biuld")
    assert refused.status == 2
    assert "No such command 'biuld'. Did you mean 'build'?" in refused.err


@pytest.mark.parametrize("command", ["verify", "query"])
@pytest.mark.parametrize("module", ["typer", "pyoxigraph"])
def test_who_interrupts_a_command_that_is_still_imported_sees_no_traceback(
    module: str, command: str, tmp_path: Path
) -> None:
    # Python looks for signals where it jumps back, at the latest.
    module_text = "import os; os.kill(os.getpid(), 2)\nwhile True: pass\n"
    (tmp_path / f"{module}.py").write_text(module_text)
    env = environment(PYTHONPATH=str(tmp_path))
    installed = [str(Path(sys.executable).with_name("pfocr-rdf"))]
    for words in (installed, [sys.executable, "-m", "pfocr_rdf"]):
        line = [*words, command, "ASK {}"]
        done = subprocess.run(line, env=env, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("rel", "releases"),
        ("query figures-by-gene-s", "figures-by-gene-symbol"),
        ("query pathways-and", "pathways-and-diseases-of-gene"),
        ("query x --format gm", "gmt"),
        ("describe x --release cur", "current"),
        ("verify nosuch", ""),
    ],
)
def test_a_shell_completes_what_can_be_told(words: str, found: str, data: Path) -> None:
    assert completed(words, data) == found.split()


def test_a_shell_completes_the_releases_of_the_data_folder_that_is_named(
    data: Path, tmp_path: Path
) -> None:
    names = [path.name for path in (data / "releases").iterdir() if not path.name.startswith(".")]
    for words in ("diff current", "verify", "rollback", "dump --release"):
        assert completed(f"{words} 2", data) == names
    assert completed(f"verify --data {data} 2", tmp_path) == names
    assert completed("verify ", tmp_path / "nowhere") == ["current"]


def completed(words: str, data: Path) -> list[str]:
    """What bash is told to complete the last word to."""
    env = environment(
        _PFOCR_RDF_COMPLETE="complete_bash",
        COMP_WORDS=f"pfocr-rdf {words}",
        COMP_CWORD=str(len(words.split(" "))),
        PFOCR_RDF_DATA=str(data),
    )
    program = [Path(sys.executable).with_name("pfocr-rdf")]
    return subprocess.run(
        program, env=env, capture_output=True, text=True, check=True
    ).stdout.split()


def imported_by(names: list[str]) -> set[str]:
    """What a fresh interpreter has imported when the commands are ready to run."""
    code = "import sys; from typer.main import get_command; from pfocr_rdf.cli import app; "
    code += "group = get_command(app); [group.commands[name] for name in sys.argv[1:]]; "
    code += "print(*sys.modules)"
    words = [sys.executable, "-c", code, *names]
    return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())


def test_a_worker_that_imports_the_program_again_imports_no_command() -> None:
    names = imported_by([])
    assert "pfocr_rdf.cli" in names
    assert not any(name.startswith("pfocr_rdf.commands") for name in names)
    assert not {"pyoxigraph", "rich"} & names


def test_the_list_of_commands_says_what_each_says_of_itself_and_imports_none() -> None:
    for name, (module, said) in COMMANDS.items():
        command = getattr(import_module(f"pfocr_rdf.commands.{module}"), name)
        assert str(inspect.getdoc(command)).split("\n\n")[0] == said
    code = "import sys; from pfocr_rdf.cli import app; app(['--help'], standalone_mode=False); "
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in COMMANDS if f"\n  {name} " not in done.stdout] == []
    assert "pfocr_rdf.cli" in done.stdout
    assert "pfocr_rdf.commands." not in done.stdout


def test_only_what_serves_and_pushes_imports_what_serving_and_pushing_take() -> None:
    heavy = {"aiohttp", "starlette", "uvicorn"}
    assert imported_by(["serve", "push"]) > heavy
    others = [name for name in COMMANDS if name not in {"serve", "push"}]
    assert not heavy & imported_by(others)
    assert "yaml" not in imported_by(["query", "releases", "rollback"])


def test_no_command_imports_what_only_some_of_its_calls_need() -> None:
    """A table and a bar take rich, another endpoint HTTP, a query without rows what explains it."""
    unneeded = {"rich", "SPARQLWrapper", "pfocr_rdf.diagnosis.syntax", "pfocr_rdf.diagnosis.absent"}
    assert not unneeded & imported_by(["query", "releases", "rollback", "dump"])
    assert not {"rich", "pfocr_rdf.build"} & imported_by(["verify", "diff", "search", "describe"])
    assert "rich" not in imported_by(["build", "check"])


@pytest.mark.parametrize(
    "words",
    [["releases"], ["verify"], ["search", "akt"], ["query", "figures-by-gene", "-p", "gene=5594"]],
    ids=" ".join,
)
def test_what_needs_no_models_does_not_wait_for_them(words: list[str], data: Path) -> None:
    """The import of pydantic takes longer than these."""
    code = "import sys; from pfocr_rdf.cli import app\n"
    code += f"sys.argv = {['pfocr-rdf', *words, '--data', str(data)]}\n"
    code += "app(standalone_mode=False); sys.exit('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("harm", [b"", b"\0" * 9000], ids=["missing", "damaged"])
def test_a_mistake_in_a_value_is_told_where_names_cannot_be_looked_up(
    harm: bytes, published: Published
) -> None:
    data, index = published.data, published.release.search_index
    if harm:
        index.write_bytes(harm)
    else:
        index.unlink()
    refused = run("query", "figures-by-gene", "-p", "gene=TP53", "--data", data)
    assert (refused.status, refused.out) == (2, "")
    assert "not of type gene" in refused.err


def test_a_dump_is_written_to_a_pipe_by_any_of_its_names(data: Path) -> None:
    command = [sys.executable, "-m", "pfocr_rdf", "dump", "--data", str(data), "-f", "ntriples"]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    piped = subprocess.run([*command, "-o", "/dev/stdout"], capture_output=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, b"")
    assert piped.stdout == plain


def test_too_few_open_files_are_told_as_that(data: Path) -> None:
    command = [sys.executable, "-m", "pfocr_rdf", "query", "figures-per-year", "--data", str(data)]
    asked = subprocess.run([*shell("ulimit -n 24"), *command], capture_output=True, check=False)
    assert asked.returncode == 1
    assert asked.stderr.rstrip().endswith(b": allow the process more open files")


@pytest.mark.parametrize(
    "address", ["http://example.org/figures/of", "HTTPS://x.org/a", "<urn://a>"]
)
def test_an_address_of_anything_else_is_not_searched_for_by_its_parts(
    address: str, data: Path
) -> None:
    found = run("search", address, "--data", data)
    assert found.out == ""
    assert "figure" in found.err
