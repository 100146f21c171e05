"""What stands in deploy/ names options, files and folders that exist."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from invoking import run
from making import REPOSITORY
from pfocr_rdf.releases import Release
from pfocr_rdf.web.sandbox import ALLOWED

DEPLOY = REPOSITORY / "deploy"
UNIT = DEPLOY / "pfocr-rdf.service"
#: Whoever runs this may run no more: the kernel kills what installs a filter of system calls.
WITHOUT_SECCOMP: Final = """
import ctypes, os, platform, struct, sys
from pfocr_rdf.web import sandbox as s
number = s.SECCOMP[platform.machine()]
s.LIBC.prctl(s.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
code = [(s.LOAD, 0, 0, s.NUMBER_AT), (s.EQUAL, 0, 1, number)]
code += [(s.RETURN, 0, 0, s.RET_KILL), (s.RETURN, 0, 0, s.RET_ALLOW)]
program = s._Program(len(code), b"".join(struct.pack("=HBBI", *one) for one in code))
assert s.LIBC.syscall(number, s.SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(program)) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


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
    assert copied
    for name in " ".join(copied).split():
        assert (REPOSITORY / name).exists(), name


def test_the_unit_and_the_container_give_the_server_longer_to_stop_than_it_takes() -> None:
    drain = re.search(r"--drain-s\s.*?default: ([\d.]+)", run("serve", "--help").out, re.DOTALL)
    assert drain is not None
    for text, setting in (
        (UNIT.read_text(), r"^TimeoutStopSec=(\d+)$"),
        ((DEPLOY / "README.md").read_text(), r" --stop-timeout (\d+) "),
    ):
        seconds = re.search(setting, text, re.MULTILINE)
        assert seconds is not None
        assert int(seconds[1]) > float(drain[1])


def test_the_unit_does_not_start_a_server_again_that_was_called_wrongly() -> None:
    """Any other failure, such as a port in use or no release yet, may be over the next time."""
    assert run("serve", "--port", "x").status == 2
    assert "\nRestart=on-failure\n" in UNIT.read_text()
    assert "\nRestartPreventExitStatus=2\n" in UNIT.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "pfocr-rdf.service"
    # It insists that the program is there.
    unit.write_text(UNIT.read_text().replace("/opt/pfocr-rdf/bin/pfocr-rdf", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "pfocr-rdf.service" not in done.stderr


DOCUMENTS: Final = (
    *(REPOSITORY / name for name in ("README.md", "deploy/Dockerfile")),
    *sorted(REPOSITORY.glob("docs/*.md")),
    *sorted(DEPLOY.glob("*.md")),
)


def test_what_is_installed_is_a_checkout() -> None:
    """No index has the package: its name there is anybody's."""
    installed = [
        line
        for path in DOCUMENTS
        for line in re.findall(r"pip install ((?:[^`\n\\]|\\\n)+)", path.read_text())
    ]
    assert len(installed) >= 4
    for words in installed:
        target = words.split()[-1].strip("'")
        assert target in (".", ".[dask]", "/source"), words


def test_a_service_and_an_image_have_the_versions_that_were_tested() -> None:
    for name, command in (("README.md", "bin/pip install"), ("Dockerfile", "pip install")):
        installed = (DEPLOY / name).read_text().partition(command)[2].partition("\n\n")[0]
        assert re.search(r"--constraint (/source/)?constraints\.txt", installed), name


def test_who_installs_or_builds_an_image_is_told_of_the_editor_first() -> None:
    """It is not in git: without it what a browser gets of ``/sparql`` is a plain form."""
    blocks = re.findall(r"```text\n(.*?)```", (DEPLOY / "README.md").read_text(), re.DOTALL)
    steps = [one for one in blocks if "pip install" in one or "docker build" in one]
    steps.append((DEPLOY / "Dockerfile").read_text())
    assert len(steps) == 3
    for step in steps:
        before, _, _ = re.split("(pip install|docker build)", step, maxsplit=1)
        assert "make editor\n" in before


def calls_of(names: list[str]) -> Iterator[str]:
    """The system calls of a filter of systemd, its sets as this systemd has them."""
    for name in names:
        if not name.startswith("@"):
            yield name
            continue
        command = ["systemd-analyze", "syscall-filter", name]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = (line.strip() for line in listed.splitlines()[1:])
        yield from calls_of([row for row in rows if row and not row.startswith("#")])


def filtered() -> list[str]:
    found = re.search(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert found is not None
    return found[1].split()


def test_the_unit_lets_query_processes_install_their_filter() -> None:
    """By the name of the call: no set that the unit has holds it, and no version lacks it."""
    assert {"@system-service", "seccomp"} <= set(filtered())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_allows_every_call_that_a_query_process_is_left_with() -> None:
    needed = {"mmap", "mprotect", "tgkill", "seccomp", "prctl", "setrlimit", *ALLOWED["x86_64"]}
    assert needed <= set(calls_of([*filtered(), "@default"]))


@pytest.mark.skipif(platform.machine() not in ALLOWED, reason="its system calls are not known")
def test_a_server_whose_query_processes_a_filter_kills_says_so(seeds_release: Release) -> None:
    done = subprocess.run(
        filtered_server("RET_KILL", seeds_release),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "a query process was killed by SIGSYS when it opened the store" in done.stderr
    assert "allow seccomp there" in done.stderr


@pytest.mark.skipif(platform.machine() not in ALLOWED, reason="its system calls are not known")
def test_a_server_that_is_denied_the_filter_says_what_is_left_open(seeds_release: Release) -> None:
    command = filtered_server("RET_EPERM", seeds_release)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().endswith("/sparql\n")
        server.terminate()
        _, said = server.communicate(timeout=60)
    warned = re.findall(r"query processes could still do this here: ([\w, ]+)", said)
    assert [set(one.split(", ")) <= {"fork", "exec", "kill"} for one in warned] == [True]


def filtered_server(end: str, release: Release) -> list[str]:
    """How a server is started where the call for a filter ends as it says."""
    program = str(Path(sys.executable).parent / "pfocr-rdf")
    data = str(release.path.parent.parent)
    script = WITHOUT_SECCOMP.replace("RET_KILL", end)
    return [sys.executable, "-c", script, program, "serve", "--data", data, "--port", "0"]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_reads_its_part_of_the_document(tmp_path: Path) -> None:
    part = re.search(r"```nginx\n(.*?)```", (DEPLOY / "README.md").read_text(), re.DOTALL)
    assert part is not None
    paths = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    server = f"server {{ listen 127.0.0.1:7879; {part[1]} }}"
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ {paths} {server} }}\n")
    command = [str(shutil.which("nginx")), "-t", "-e", f"{tmp_path}/log", "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "warn" in done.stderr) == (0, False), done.stderr
