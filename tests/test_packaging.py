"""What is installed is pinned, all the way down."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from itertools import chain
from pathlib import Path
from typing import Final

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from invoking import run
from making import REPOSITORY, SEEDS

PIN_RE: Final = re.compile(r"([\w.-]+)==([\w.+-]+)")


def named(requirements: list[str]) -> dict[str, str]:
    """Distribution → version, in the spelling of names that all agree on."""
    found = [PIN_RE.fullmatch(requirement) for requirement in requirements]
    assert all(found), requirements
    return {re.sub(r"[-_.]+", "-", one[1]).lower(): one[2] for one in found if one}


def constraints() -> dict[str, str]:
    text = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    return named([line for line in text.splitlines() if not line.startswith("#")])


def test_every_requirement_is_pinned_to_the_version_of_the_constraints() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    extras = chain(*project["project"]["optional-dependencies"].values())
    # What only some versions of Python need is not among what others install.
    everywhere = [one for one in project["project"]["dependencies"] if ";" not in one]
    pinned = named([*everywhere, *extras])
    pinned |= named(project["dependency-groups"]["dev"])
    found = constraints()
    assert {name: found.get(name) for name in pinned} == pinned


def test_the_environment_is_what_the_constraints_say() -> None:
    # Another Python may need fewer packages, but not others.
    installed = named([f"{one.name}=={one.version}" for one in distributions()])
    others = {"pfocr-rdf", "pip", "setuptools", "wheel"}
    assert {k: v for k, v in installed.items() if k not in others}.items() <= constraints().items()


def test_nothing_that_is_installed_refuses_the_oldest_python_that_we_promise() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = f"{project['requires-python'].removeprefix('>=')}.0"
    for one in distributions():
        for asked in one.metadata.get_all("Requires-Python") or ():
            assert oldest in SpecifierSet(asked), one.name


def test_a_python_that_is_too_old_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    claimed = "import sys; sys.version_info, sys.version = (3, 9, 2), '3.9.2 (main)'"
    old.write_text(f"#!{sys.executable}\n{claimed}\nexec(sys.argv[2])\n", encoding="utf-8")
    old.chmod(0o755)
    made = tmp_path / "venv"
    done = subprocess.run(
        ["make", f"PYTHON={old}", f"VENV={made}", str(made / "ready")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"Python 3.11 or later is needed, {old} is 3.9.2: give another" in done.stderr
    assert not made.exists()


def test_a_wheel_that_is_made_from_the_source_distribution_has_the_editor_too() -> None:
    built = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    assert built["build"]["artifacts"] == ["src/pfocr_rdf/web/static/vendor/"]
    assert not any("artifacts" in target for target in built["build"]["targets"].values())


def test_without_libyaml_a_build_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(yaml, "CBaseLoader")
    for command in (["build", "--data", str(tmp_path / "data")], ["check"]):
        done = run(*command, SEEDS)
        assert done.status == 1
        assert "this PyYAML was built without libyaml" in done.err
        assert "Traceback" not in done.err
    assert not list((tmp_path / "data").glob("releases/*"))
