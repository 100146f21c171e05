"""The README's commands print what the README says, and every command explains itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pfocr_rdf.cli import app

ROOT = Path(__file__).parents[1]
COMMANDS = ["build", "check", "query", "dump", "verify", "diff", "releases", "rollback", "describe"]


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
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    (tmp_path / "build").mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    typed = sessions((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(typed) >= 8
    for command, output in typed:
        done = subprocess.run(
            ["bash", "-c", f"{command} 2>&1"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout)
        assert as_pattern(output).fullmatch(done.stdout), (command, done.stdout)


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


def test_every_target_of_the_makefile_is_explained() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    assert listed == {"help", "run", "build", "test", "check", "bench", "clean"}


def test_the_changelog_has_a_section_for_what_is_not_released() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_files_that_the_documents_link_to_exist() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "ontology/README.md"):
        folder = (ROOT / document).parent
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (folder / target).exists(), (document, target)
