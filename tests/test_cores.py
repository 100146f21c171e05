"""A job or a container has some of the cores of its machine, and starts processes for those."""

import subprocess
import sys
from pathlib import Path

import pytest

from making import write
from pfocr_rdf.build import workers
from pfocr_rdf.cores import usable_cores

#: A process that is bound to one core.
BOUND = """
import os
from pfocr_rdf.cores import usable_cores
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(usable_cores())
"""


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))


@pytest.mark.parametrize(
    ("maximum", "expected"),
    [
        ("200000 100000\n", 2),
        ("250000 100000\n", 3),
        ("5000 100000\n", 1),
        ("max 100000\n", 64),
        ("9900000 100000\n", 64),
        ("", 64),
        ("\x00é", 64),
    ],
)
def test_a_container_has_the_cores_whose_time_it_may_take(
    maximum: str, expected: int, tmp_path: Path
) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": maximum}
    assert usable_cores(write(tmp_path, files)) == expected


def test_the_least_share_of_the_groups_that_hold_it_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/x\n0::/slice/unit.service/inner\n",
        "sys/fs/cgroup/slice/cpu.max": "300000 100000\n",
        "sys/fs/cgroup/slice/unit.service/cpu.max": "max 100000\n",
        "sys/fs/cgroup/slice/unit.service/inner/cpu.max": "500000 100000\n",
        "sys/fs/cgroup/other/cpu.max": "100000 100000\n",
    }
    assert usable_cores(write(tmp_path, files)) == 3


def test_where_nothing_is_said_all_are_its_own(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 64
    assert usable_cores(write(tmp_path, {"proc/self/cgroup": "1:cpu:/\n"})) == 64


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (3, 3), (8, 8), (64, 8)])
def test_a_build_has_a_worker_a_core_and_no_more_than_its_loader_can_follow(
    cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfocr_rdf.build.workers.usable_cores", lambda: cores)
    assert workers.default_workers() == expected


def test_a_job_that_is_bound_to_a_core_has_one() -> None:
    done = subprocess.run([sys.executable, "-c", BOUND], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
