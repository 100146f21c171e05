"""Builds releases for the tests, in this process and in others, and looks at what was built."""

import gzip
import os
import runpy
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, Triple, parse

from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    RECORDS,
    REPOSITORY,
    SEEDS,
    record,
    table,
    write,
)
from pfocr_rdf.build import BuildOptions, BuildResult, build_release
from pfocr_rdf.contents import open_store
from pfocr_rdf.dumps import EQUIVALENTS, FORMATS, NAME_TO_FORMAT
from pfocr_rdf.releases import Release, current_release
from pfocr_rdf.verify import verify_release

#: What every release has.
DUMPS: Final = (*FORMATS, EQUIVALENTS)
NAME_TO_RDF: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "equivalents": RdfFormat.N_QUADS,
}
#: What a build from the command line runs. A file, for worker processes import it again.
PROGRAM: Final = """\
from pfocr_rdf.cli import app

if __name__ == "__main__":
    app()
"""
#: Longer than anything takes here; a test that waits so long fails.
DEADLINE_S: Final = 60


def build(records: Path, data: Path, **options: Any) -> BuildResult:
    """Build a release in this process, unless an executor or workers are given."""
    return build_release([records], data, BuildOptions(**options))


def copies(target: Path, number: int) -> Path:
    """A checkout of so many records, made out of the seeds as the benchmark makes them."""
    made = runpy.run_path(str(REPOSITORY / "benchmarks" / "make_records.py"))
    made["make_records"](SEEDS, target, number)
    return target


def checkout(target: Path, *, backwards: bool = False) -> Path:
    """A checkout with every kind of file in it, its files created in one order or the other.

    Its two figures of one article disagree wherever records can: what is said of one thing by
    many then has an order, which nothing but the records may decide.
    """
    files: dict[str, str | bytes] = {
        "_figures/PMC2__f1.md": disagreeing(1, "First", ["Mus musculus", "Imaginarius primus"]),
        "_figures/PMC2__f2.md": disagreeing(2, "Second", ["Homo sapiens"]),
        "_data/PMC2__f1-genes.tsv": table(
            GENE_COLUMNS,
            "9606|Homo sapiens|Mammals|a|A|PTGS1|5742|ncbigene_symbol|1|1|1",
            "10090|Mus musculus|Rodents|a|A|Ptgs1|5742|ncbigene_symbol|2|1|1",
            "9606|Homo sapiens|Primates|b|A|COX1|5742|ncbigene_synonym|1|1|1",
        ),
        "_data/PMC2__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, "x|D007854|x|Lead|25016"),
        "_data/PMC2__f1-diseases.tsv": table(DISEASE_COLUMNS, "x|D007854|x|Plumbum|12"),
        "_data/PMC2__f2-chemicals.tsv": table(CHEMICAL_COLUMNS, "y|D007854|y|Pb|49807"),
        "_data/ndex_map.tsv": "PMC1000001__minimal\t3feb4f7e-df13-11ea-99da-0ac135e8bacf\n",
        "_data/wpid_map.tsv": "PMC1000001__minimal\tWP1\n",
        "_data/PMC7__f1-genes.tsv": "word\n",
        "_data/PMC8__f1-genes.tsv": "word\n",
        "_organisms/a.md": "---\nlatin: Imaginarius primus\nncbi: '77'\ngroup: Birds\n---\n",
        "_organisms/b.md": "---\nlatin: Imaginarius secundus\nncbi: '77'\ngroup: Fish\n---\n",
    }
    for path in [*(SEEDS / "_figures").iterdir(), *RECORDS.glob("*.md")]:
        files[f"_figures/{path.name}"] = path.read_bytes()
    for path in RECORDS.glob("*.tsv"):
        files[f"_data/{path.name}"] = path.read_bytes()
    return write(target, dict(sorted(files.items(), reverse=backwards)))


def disagreeing(number: int, title: str, organisms: list[str]) -> str:
    """One of two records that say different things of one article."""
    return record(
        figid=f"PMC2__f{number}",
        pmcid="PMC2",
        filename=f"f{number}.jpg",
        figlink=f"/pmc/articles/PMC2/figure/F{number}/",
        papertitle=title,
        organisms=organisms,
        journal_title="A Journal" if number == 1 else "a journal",
        journal_nlm_ta="A J" if number == 1 else "A Jnl",
        publisher_name="A Publisher" if number == 1 else "a publisher",
        keywords=["one", "two"] if number == 1 else ["two", "three"],
        doi=f"10.1000/{number}",
    )


def dumps(release: Release) -> dict[str, bytes]:
    """The bytes of every file to publish, by name."""
    return {path.name: path.read_bytes() for path in sorted(release.dumps.iterdir())}


def dumped(release: Release, name: str) -> list[Quad]:
    """The statements of a dump, as often as they are written."""
    data = gzip.decompress((release.dumps / NAME_TO_FORMAT[name].file).read_bytes())
    if name != "jsonld":
        return list(parse(data, format=NAME_TO_RDF[name]))
    return [quad for line in data.splitlines() for quad in parse(line, format=RdfFormat.JSON_LD)]


def triples(release: Release, name: str = "ntriples") -> list[Triple]:
    """The triples of a dump, none of which is in a named graph."""
    assert name != EQUIVALENTS.name
    quads = dumped(release, name)
    assert {quad.graph_name for quad in quads} <= {DefaultGraph()}
    return [quad.triple for quad in quads]


@lru_cache(maxsize=4)
def store_of(release: Release) -> Store:
    """The store of a release, opened once: that takes longer than most questions."""
    return open_store(release)


def ask(release: Release, query: str) -> list[tuple[str, ...]]:
    """The answers of a query on a release's store, as text."""
    prefixes = "PREFIX schema: <http://schema.org/> PREFIX oa: <http://www.w3.org/ns/oa#> "
    prefixes += "PREFIX pfocr: <https://pfocr.wikipathways.org/ontology#> "
    found: Any = store_of(release).query(prefixes + query)
    return [tuple(term.value for term in row) for row in found]


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file below a folder: what must not change under a reader's hands."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def unfinished(data: Path) -> list[Path]:
    """The folders that builds are writing, or left behind."""
    return list((data / "releases").glob(".unfinished-*"))


def program(folder: Path) -> list[str]:
    """The words that start the command line, of this interpreter and as users have it."""
    script = folder / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    return [sys.executable, str(script)]


def shell(limits: str) -> list[str]:
    """The words that set limits before a command: to fork in a process with threads is unsafe."""
    return ["sh", "-c", f'{limits} && exec "$@"', "sh"]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, changed, and without what a developer may have set in it."""
    kept = {k: v for k, v in os.environ.items() if k not in {"SOURCE_DATE_EPOCH", "PFOCR_RDF_DATA"}}
    return {**kept, **changes}


def run_build(
    folder: Path,
    records: Path,
    data: Path,
    *more: str,
    env: Mapping[str, str] | None = None,
    limits: str = "true",
) -> subprocess.CompletedProcess[str]:
    """Build with the command line in a process of its own.

    :param folder: where the program is put.
    :param limits: a shell command that runs before it, such as ``ulimit``.
    """
    return subprocess.run(
        [*shell(limits), *program(folder), "build", str(records), "--data", str(data), *more],
        capture_output=True,
        text=True,
        env=env or environment(),
        timeout=DEADLINE_S,
        check=False,
    )


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, of which nothing is left at the end."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate(timeout=DEADLINE_S)


def members(group: int) -> list[int]:
    """The processes of a group that run; one that is dead and not yet buried is none."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Only the name, which may hold anything, is in parentheses.
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found.append(int(stat.parent.name))
    return found


def survivors(group: int) -> list[int]:
    """The processes of a group that still run when they have had the time to end."""
    deadline = time.monotonic() + DEADLINE_S
    while (left := members(group)) and time.monotonic() < deadline:
        with suppress(ProcessLookupError):
            process = os.pidfd_open(left[0])
            # Readable as soon as the process ends.
            select.select([process], [], [], deadline - time.monotonic())
            os.close(process)
    return left


class Published:
    """What was current before a fault, and whether it still is."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.release = current_release(data)
        self.files = snapshot(self.release.path)

    def assert_in_place(self) -> None:
        """Current is what it was, and no file of it was written to."""
        assert (self.data / "current").readlink() == Path("releases") / self.release.id
        assert snapshot(self.release.path) == self.files

    def assert_still_whole(self) -> None:
        """As before by the hash and the contents of every file."""
        self.assert_in_place()
        assert list(verify_release(self.release)) == []

    def assert_untouched(self) -> None:
        """As before, and nothing is left of the build that failed."""
        self.assert_still_whole()
        names = {path.name for path in (self.data / "releases").iterdir()}
        assert names == {self.release.id}
        assert {path.name for path in self.data.iterdir()} <= {
            "current",
            "releases",
            ".build.lock",
            ".current.lock",
            "parts.sqlite",
        }


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system in memory, mounted and unmounted; needs root."""
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    assert mount
    assert unmount
    subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        check=True,
        capture_output=True,
    )
    try:
        yield folder
    finally:
        subprocess.run([unmount, str(folder)], check=True, capture_output=True)
