"""The README's commands print what the README says, and every command explains itself."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pfocr_rdf.cli import app
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.exchange import COMMON
from pfocr_rdf.web.formats import OVERRIDE_TO_NAMES
from serving import serving

#: The address that the README has; a test's server is elsewhere.
DOCUMENTED = "127.0.0.1:7878"
ROOT = Path(__file__).parents[1]
COMMANDS = [
    *("build", "check", "query", "search", "dump", "verify", "diff", "releases", "rollback"),
    *("describe", "push", "serve"),
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


def as_pattern(output: str) -> re.Pattern[str]:
    """An ellipsis stands for anything on its line: release ids hold the time."""
    return re.compile(".*".join(re.escape(piece) for piece in output.split("…")))


def test_every_command_of_the_readme_prints_what_the_readme_says(tmp_path: Path) -> None:
    for folder in ("seeds", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "build").mkdir()
    typed = sessions((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(typed) >= 8
    with ExitStack() as stack:
        server = None
        for command, output in typed:
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


def test_files_that_the_documents_link_to_exist() -> None:
    for path in (*ROOT.glob("*.md"), *ROOT.glob("ontology/*.md"), *ROOT.glob("deploy/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), (path.name, target)


def test_readers_are_told_which_schema_org_is_meant() -> None:
    """With https, as schema.org's own pages have it, a query finds nothing and nothing says why."""
    for document in ("README.md", "src/pfocr_rdf/web/templates/llms.txt"):
        assert "`schema:` is `http://schema.org/`" in (ROOT / document).read_text("utf-8"), document


def test_every_prefix_that_the_readme_names_needs_no_declaration() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    sentence = readme.partition("These prefixes need no declaration: ")[2].partition("`ncbigene:")[
        0
    ]
    named = re.findall("`([a-z]+):`", sentence)
    known = Iris().prefixes()
    assert sorted(named) == sorted(known)
    assert "ncbigene" not in known
    template = (ROOT / "src/pfocr_rdf/web/templates/llms.txt").read_text("utf-8")
    for text in (readme, template):
        assert "`HAVING` does not know the names that `SELECT` gives" in " ".join(text.split())
        assert "compare `STR(?year)`" in text


def test_the_readme_says_what_each_exit_status_means() -> None:
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert "exit status of every command is 0 when it is done; 1 when" in text
    assert "2 when it was not understood as it was typed" in text


def test_the_readme_says_whose_files_a_description_leads_to() -> None:
    publishing = (ROOT / "README.md").read_text("utf-8").partition("## Publishing")[2]
    assert "`dcat:downloadURL` and `void:dataDump` name `dumps/` under the base" in publishing


def test_the_limits_of_the_readme_are_those_of_the_server() -> None:
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    shown = " ".join(CliRunner().invoke(app, ["serve", "--help"]).output.split())

    def default(option: str) -> str:
        found = re.search(rf"{option} <.*?\[default: ([\d.]+)", shown)
        assert found is not None
        return f"{float(found[1]):,.0f}" if option != "--memory-mb" else found[1]

    said = f"take {default('--timeout-s')} s, its turn included, and {default('--memory-mb')} MiB"
    assert f"{said} beyond the store" in text
    said = f"{default('--max-rows')} rows or triples and {default('--max-answer-mb')} MiB"
    assert said in text


def test_the_readme_has_every_format_and_header_of_an_answer() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    formats = text.partition("By `Accept` or by `format=`: ")[2].partition("gzip")[0]
    assert set(re.findall("`([a-z]+)`", formats)) == set(chain(*OVERRIDE_TO_NAMES.values()))
    exposed = dict(COMMON)[b"access-control-expose-headers"].decode().split(", ")
    ours = {name for name in exposed if name.startswith("X-")}
    assert set(re.findall("`(X-[A-Za-z-]+)`", text)) == ours
