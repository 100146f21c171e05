"""The commands of the documents print what the documents say; every command explains itself."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pfocr_rdf.cli import app
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.web.exchange import COMMON
from pfocr_rdf.web.formats import OVERRIDE_TO_NAMES
from releasing import data_folder
from serving import serving

#: The address that the documents have; a test's server is elsewhere.
DOCUMENTED = "127.0.0.1:7878"
ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = [
    path
    for folder in (".", "docs", "deploy", "ontology", "benchmarks")
    for path in sorted((ROOT / folder).glob("*.md"))
]
COMMANDS = [
    *("build", "check", "query", "search", "dump", "verify", "diff", "releases", "rollback"),
    *("enrich", "describe", "push", "serve"),
]


def console_blocks(text: str) -> list[str]:
    return re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)


def sessions(text: str) -> list[tuple[str, str]]:
    """Each typed command with the output that is said to follow."""
    found = []
    for block in console_blocks(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if not command.startswith("make "):
                found.append((command, output))
    return found


def sessions_of(document: Path) -> list[tuple[str, str]]:
    return sessions(document.read_text("utf-8"))


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def as_pattern(output: str) -> re.Pattern[str]:
    """An ellipsis stands for anything on its line: release ids hold the time."""
    return re.compile(".*".join(re.escape(piece) for piece in output.split("…")))


EXAMPLES = [path for path in DOCUMENTS if sessions_of(path)]


def test_the_documents_show_what_commands_print() -> None:
    assert {"README.md", "docs/asking.md", "docs/serving.md"} <= {name(path) for path in EXAMPLES}


@pytest.mark.parametrize("document", EXAMPLES, ids=name)
def test_every_command_of_a_document_prints_what_the_document_says(
    document: Path, seeds_release: Release, tmp_path: Path
) -> None:
    asks_by_curl = any(command.startswith("curl ") for command, _ in sessions_of(document))
    if asks_by_curl and shutil.which("curl") is None:
        pytest.skip("NO CURL: its commands are not tried; install the Debian package curl")
    for folder in ("seeds", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "build").mkdir()
    # The README builds the release of the samples, which the others ask.
    if document != README:
        data_folder(seeds_release, tmp_path / "pfocr-data")
    with ExitStack() as stack:
        server = None
        for command, output in sessions_of(document):
            if command.startswith("curl ") and server is None:
                server = stack.enter_context(serving(tmp_path / "pfocr-data"))
            if server is not None:
                host, port = server.address
                command, output = (
                    t.replace(DOCUMENTED, f"{host}:{port}") for t in (command, output)
                )
            run_as_documented(command, output, tmp_path)


def run_as_documented(command: str, output: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"{command} 2>&1"],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    # What curl prints of a problem ends in no line end.
    printed = done.stdout if done.stdout.endswith("\n") or not output else f"{done.stdout}\n"
    assert done.returncode == 0, (command, done.stdout)
    assert as_pattern(output).fullmatch(printed.replace("\r\n", "\n")), (command, printed)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text_that_ends_in_exit_status_0(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    description = shown.output.split("\n\n")[1].strip()
    assert description.endswith(".")
    for line in re.findall(r"^  +(--[a-z-]+).*", shown.output, flags=re.MULTILINE):
        assert line


def test_the_list_of_commands_is_whole() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert sorted(re.findall(r"^  ([a-z]+)  ", shown, flags=re.MULTILINE)) == sorted(COMMANDS)


def test_what_the_list_says_of_a_command_is_a_whole_sentence() -> None:
    shown = CliRunner().invoke(app, ["--help"], terminal_width=80).output
    said = re.findall(r"^  [a-z]+  +(.*)$", shown, flags=re.MULTILINE)
    assert len(said) == len(COMMANDS)
    assert [one for one in said if not one.endswith(".") or one.endswith("..")] == []


def test_every_target_of_the_makefile_is_explained() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    made = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert made
    assert listed == set(made[1].split()) >= {"help", "run", "build", "test", "bench", "clean"}


def test_the_changelog_has_a_section_for_what_is_not_released() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_what_a_document_links_to_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        path = document.parent / target if target else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), (target, anchor)


def anchors(document: Path) -> set[str]:
    """What leads to the headings of a document, as GitHub makes it."""
    prose = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def test_every_document_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", README.read_text("utf-8")))
    assert linked == {f"docs/{path.name}" for path in ROOT.glob("docs/*")}


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.read_text("utf-8").split()) <= 1_700


def test_readers_are_told_which_schema_org_is_meant() -> None:
    """With https, as schema.org's own pages have it, a query finds nothing and nothing says why."""
    for document in ("README.md", "docs/model.md", "src/pfocr_rdf/web/templates/llms.txt"):
        assert "`schema:` is `http://schema.org/`" in (ROOT / document).read_text("utf-8"), document


def test_every_prefix_that_the_documents_name_needs_no_declaration() -> None:
    model = (ROOT / "docs/model.md").read_text("utf-8")
    sentence = model.partition("These prefixes need no declaration: ")[2]
    named = re.findall("`([a-z-]+):`", sentence.partition("`ncbigene:")[0])
    known = Iris().prefixes()
    assert sorted(named) == sorted(known)
    assert "ncbigene" not in known


def test_readers_are_told_how_years_and_counts_are_compared() -> None:
    for document in ("docs/asking.md", "src/pfocr_rdf/web/templates/llms.txt"):
        text = words(document)
        assert "`HAVING` does not know the names that `SELECT` gives" in text
        assert "compare `STR(?year)`" in text


def test_the_documents_say_what_each_exit_status_means() -> None:
    text = words("docs/asking.md")
    assert "exit status of every command is 0 when it is done; 1 when" in text
    assert "2 when it was not understood as it was typed" in text


def test_the_documents_say_whose_files_a_description_leads_to() -> None:
    said = "`dcat:downloadURL` and `void:dataDump` name `dumps/` under the base"
    assert said in words("docs/publishing.md")


def test_the_limits_that_are_documented_are_those_of_the_server() -> None:
    text = words("docs/serving.md")
    shown = " ".join(CliRunner().invoke(app, ["serve", "--help"]).output.split())

    def default(option: str) -> str:
        found = re.search(rf"{option} <.*?\[default: ([\d.]+)", shown)
        assert found is not None
        return f"{float(found[1]):,.0f}" if option != "--memory-mb" else found[1]

    said = f"take {default('--timeout-s')} s, its turn included, and {default('--memory-mb')} MiB"
    assert f"{said} beyond the store" in text
    said = f"{default('--max-rows')} rows or triples and {default('--max-answer-mb')} MiB"
    assert said in text
    assert f"killed at its deadline ({default('--timeout-s')} s)" in words("README.md")


def test_every_format_and_header_of_an_answer_is_documented() -> None:
    text = words("docs/serving.md")
    formats = text.partition("By `Accept` or by `format=`: ")[2].partition("gzip")[0]
    assert set(re.findall("`([a-z]+)`", formats)) == set(chain(*OVERRIDE_TO_NAMES.values()))
    exposed = dict(COMMON)[b"access-control-expose-headers"].decode().split(", ")
    ours = {name for name in exposed if name.startswith("X-")}
    assert set(re.findall("`(X-[A-Za-z-]+)`", text + words("docs/joining.md"))) == ours


def words(document: str) -> str:
    """A document on one line: where its lines end says nothing."""
    return " ".join((ROOT / document).read_text("utf-8").split())
