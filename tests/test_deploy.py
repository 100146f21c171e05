"""What stands in deploy/ names options, files and folders that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from invoking import run
from making import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
UNIT = DEPLOY / "pfocr-rdf.service"


def options_of(command: str) -> set[str]:
    return set(re.findall(r"(?<!\S)--[a-z-]+", command))


def known_options(command: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", run(command, "--help").out))


def test_every_option_of_the_unit_and_the_container_exists() -> None:
    unit = re.search(r"^ExecStart=.* serve (.*)$", UNIT.read_text(), re.MULTILINE)
    container = re.search(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert unit is not None
    assert container is not None
    for command in (unit[1], container[1].replace('"', " ").replace(",", " ")):
        assert {"--data", "--port"} <= options_of(command) <= known_options("serve")


def test_every_option_that_the_document_names_exists() -> None:
    text = (DEPLOY / "README.md").read_text()
    named = set(re.findall(r"`(--[a-z-]+)", text))
    assert len(named) >= 5
    assert named <= known_options("serve")


def test_what_the_container_copies_exists() -> None:
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (REPOSITORY / name).exists(), name


def test_the_unit_gives_the_server_longer_to_stop_than_it_takes() -> None:
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    drain = re.search(r"--drain-s\s.*?default: ([\d.]+)", run("serve", "--help").out, re.DOTALL)
    assert seconds is not None
    assert drain is not None
    assert int(seconds[1]) > float(drain[1])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "pfocr-rdf.service"
    # It insists that the program is there.
    unit.write_text(UNIT.read_text().replace("/opt/pfocr-rdf/bin/pfocr-rdf", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "pfocr-rdf.service" not in done.stderr
