"""How long a build takes beside the bulk load of its own triples, and how much memory.

Usage: ``python benchmarks/build.py SOURCE [NUMBER…]``. For each number of records (5,000 and
20,000 by default) it makes them out of SOURCE, builds a release with all dumps, and then
bulk-loads the very same quads alone: the floor. Memory is the highest resident size of the
building process and of all processes together; the floor's own is given beside it.
"""

import gzip
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from make_records import make_records
from pyoxigraph import RdfFormat, Store

from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.releases import current_release

TASKS = "build", "load"


@dataclass(frozen=True, slots=True)
class Measured:
    """One process, measured from outside."""

    seconds: float
    peak_mib: float


def measure(task: str, *arguments: str) -> Measured:
    """Run a task of this file in a fresh process; time and peak memory of that process."""
    script = str(Path(__file__).resolve())
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, script, task, *arguments], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    inner, peak = done.stdout.split()[-2:]
    del seconds
    return Measured(float(inner), float(peak))


def task_build(records: str, data: str) -> None:
    """Build a release."""
    build_release([Path(records)], Path(data), BuildOptions())


def task_load(quads: str, store: str) -> None:
    """Load quads and nothing else."""
    Store(store).bulk_load(path=quads, format=RdfFormat.N_QUADS, lenient=True)


def run(source: Path, number: int) -> None:
    """Measure one size and print a row."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_records(source, root / "records", number)
        built = measure("build", str(root / "records"), str(root / "data"))
        release = current_release(root / "data")
        quads = root / "all.nq"
        with quads.open("wb") as out:
            for name in ("pfocr.nq.gz", "equivalents.nq.gz"):
                with gzip.open(release.dumps / name) as file:
                    shutil.copyfileobj(file, out)
        count = release.manifest()["triples"] + release.manifest()["equivalents"]
        loaded = measure("load", str(quads), str(root / "store"))
        print(
            f"| {number:,} | {count:,} | {built.seconds:.1f} | {loaded.seconds:.1f} "
            f"| {built.seconds / loaded.seconds:.2f} | {built.peak_mib:.0f} "
            f"| {loaded.peak_mib:.0f} | {built.peak_mib - loaded.peak_mib:.0f} |",
            flush=True,
        )


def main() -> None:
    """Run one task, or measure all sizes."""
    name_to_task: dict[str, Callable[[str, str], None]] = {"build": task_build, "load": task_load}
    if sys.argv[1] in name_to_task:
        began = time.perf_counter()
        name_to_task[sys.argv[1]](sys.argv[2], sys.argv[3])
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(seconds, peak)
        return
    numbers = [int(number) for number in sys.argv[2:]] or [5_000, 20_000]
    print("| records | quads | build, s | load alone, s | ratio | build, MiB | load, MiB | own |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for number in numbers:
        run(Path(sys.argv[1]), number)


if __name__ == "__main__":
    main()
