"""Time and memory of a build, compared with the bulk load of its own triples.

Usage: ``python benchmarks/build.py SOURCE [NUMBER…]``. For each number of records (5,000 and
20,000 by default) it makes them out of SOURCE, builds a release with all dumps, builds it again
with nothing changed, and bulk-loads the same quads alone (the least that a build can take). For
comparison it runs the script of an afternoon (``afternoon.py``) on 1,000 such records. Memory is
the peak resident size of four processes: the building process and its largest worker, in a run of
everything but the load; the load alone; and that script.
"""

import gzip
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Store

import afternoon
from make_records import make_records
from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.build.pipeline import Run
from pfocr_rdf.build.report import Report
from pfocr_rdf.dumps import DumpWriter
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import open_collection
from pfocr_rdf.releases import current_release
from results import write_section

#: With more records, the script's time and memory grow out of proportion.
SCRIPT_RECORDS: Final = 1_000
#: The columns of the table, which has a row for each number of records.
COLUMNS: Final = (
    "records",
    "quads",
    "build, s",
    "again, s",
    "load alone, s",
    "build ÷ load",
    "again ÷ load",
    "build, ms a record",
    "script, ms a record",
    "building, MiB",
    "worker, MiB",
    "load alone, MiB",
    "script, MiB",
)
NOTES: Final = (
    "“Again” is a second build of the same records, of which nothing is read by YAML. “Load alone”",
    "is the bulk load of the finished N-Quads. “Script” is `benchmarks/afternoon.py` on 1,000",
    "records, which makes one rdflib graph of two thirds of the triples and writes it three times.",
    "“Building” is the memory of the building process but for the loader, “worker” that of one of",
    "its workers.",
)
LIBRARIES: Final = ("pyoxigraph", "PyYAML", "python-frontmatter", "rdflib", "orjson", "deflate")


@dataclass(frozen=True, slots=True)
class Measured:
    """Time and peak memory of one process, and the peak of its largest child process."""

    seconds: float
    peak_mib: float
    worker_mib: float


def measure(task: str, *arguments: str) -> Measured:
    """Run a task of this file in a fresh process, which prints its own time and peak memory."""
    script = str(Path(__file__).resolve())
    command = [sys.executable, script, task, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(*map(float, done.stdout.split()[-3:]))


def task_build(records: str, data: str) -> None:
    """Build a release."""
    build_release([Path(records)], Path(data), BuildOptions())


def task_parts(records: str, dumps: str) -> None:
    """Do what a build does except the load: read, map, write the dumps."""
    with Report(None) as report, DumpWriter(Path(dumps), Iris()) as writer:
        run = Run(BuildOptions(), open_collection([Path(records)]), report)
        for part in run.parts():
            writer.append(part)
        writer.finish()


def task_load(quads: str, store: str) -> None:
    """Bulk-load quads and do nothing else."""
    Store(store).bulk_load(path=quads, format=RdfFormat.N_QUADS, lenient=True)


def task_script(records: str, target: str) -> None:
    """Run the script of an afternoon."""
    afternoon.main(Path(records), Path(target))


def run(source: Path, number: int) -> str:
    """Measure with one number of records; return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        records, data = str(root / "records"), str(root / "data")
        make_records(source, root / "records", number)
        built = measure("build", records, data)
        again = measure("build", records, data)
        release = current_release(root / "data")
        quads = root / "all.nq"
        with quads.open("wb") as out:
            for name in ("pfocr.nq.gz", "equivalents.nq.gz"):
                with gzip.open(release.dumps / name) as file:
                    shutil.copyfileobj(file, out)
        count = release.manifest()["triples"] + release.manifest()["equivalents"]
        loaded = measure("load", str(quads), str(root / "store"))
        mapped = measure("parts", records, str(root / "dumps"))
        make_records(source, root / "few", SCRIPT_RECORDS)
        script = measure("script", str(root / "few"), str(root / "script"))
    cells = (
        f"{number:,}",
        f"{count:,}",
        f"{built.seconds:.1f}",
        f"{again.seconds:.1f}",
        f"{loaded.seconds:.1f}",
        f"{built.seconds / loaded.seconds:.2f}",
        f"{again.seconds / loaded.seconds:.2f}",
        f"{1000 * built.seconds / number:.1f}",
        f"{1000 * script.seconds / SCRIPT_RECORDS:.1f}",
        f"{mapped.peak_mib:.0f}",
        f"{mapped.worker_mib:.0f}",
        f"{loaded.peak_mib:.0f}",
        f"{script.peak_mib:.0f}",
    )
    return row_of(cells)


def row_of(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run one task, or measure with each number of records."""
    name_to_task: dict[str, Callable[[str, str], None]] = {
        "build": task_build,
        "parts": task_parts,
        "load": task_load,
        "script": task_script,
    }
    if sys.argv[1] in name_to_task:
        began = time.perf_counter()
        name_to_task[sys.argv[1]](sys.argv[2], sys.argv[3])
        seconds = time.perf_counter() - began
        peaks = [
            resource.getrusage(who).ru_maxrss / 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        print(seconds, *peaks)
        return
    numbers = [int(number) for number in sys.argv[2:]] or [5_000, 20_000]
    rows = [row_of(COLUMNS), row_of(["---:"] * len(COLUMNS))]
    print("\n".join(rows), flush=True)
    for number in numbers:
        rows.append(run(Path(sys.argv[1]), number))
        print(rows[-1], flush=True)
    write_section("Building (make bench)", "\n".join([*NOTES, "", *rows]), LIBRARIES)


if __name__ == "__main__":
    main()
