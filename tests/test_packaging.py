"""What is installed is pinned, all the way down."""

import re
import tomllib
from importlib.metadata import distributions
from itertools import chain
from typing import Final

from making import REPOSITORY

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
    pinned = named([*project["project"]["dependencies"], *extras])
    pinned |= named(project["dependency-groups"]["dev"])
    found = constraints()
    assert {name: found.get(name) for name in pinned} == pinned


def test_the_environment_is_what_the_constraints_say() -> None:
    # Another Python may need fewer packages, but not others.
    installed = named([f"{one.name}=={one.version}" for one in distributions()])
    others = {"pfocr-rdf", "pip", "setuptools", "wheel"}
    assert {k: v for k, v in installed.items() if k not in others}.items() <= constraints().items()
