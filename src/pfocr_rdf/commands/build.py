"""The commands ``build`` and ``check``: records to a release, or to a list of what is wrong."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from pfocr_rdf.build import BuildOptions, build_release, check_records
from pfocr_rdf.build.options import issued_date
from pfocr_rdf.commands.console import as_json_line, print_while_read, refusals, say
from pfocr_rdf.commands.options import (
    DEFAULT_DATA,
    MOST,
    MOST_PROCESSES,
    MOST_S,
    Data,
    Quiet,
    real_seconds,
)
from pfocr_rdf.commands.progress import Watcher, by_kind, tell_findings, unlogged
from pfocr_rdf.errors import IriError, Problem, ReleaseError, UsageError
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.mappings import MappingCounts
from pfocr_rdf.records import Limits
from pfocr_rdf.releases import current_release

Records = Annotated[
    list[Path],
    typer.Argument(help="Records, folders of records, or checkouts of the PFOCR database."),
]
Base = Annotated[str, typer.Option(help="The base: what the IRIs of figures begin with.")]
GenePrefix = Annotated[str, typer.Option(help="What the IRIs of genes begin with.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST_PROCESSES,
        help="How many worker processes.",
        show_default="one per core, at most eight",
    ),
]
ExecutorName = Annotated[
    str,
    typer.Option(
        metavar="processes|dask://HOST:PORT",
        help="Who maps the records: processes here, or a Dask cluster that reads the same folder.",
    ),
]
ExecutorWaitS = Annotated[
    float,
    typer.Option(
        "--executor-wait-s",
        min=0,
        max=MOST_S,
        callback=real_seconds,
        help="Seconds to wait for a cluster that has no worker.",
    ),
]
Mappings = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE.sssom.tsv", help="Add the links of a mapping set; may be repeated."),
]
MaxFileBytes = Annotated[
    int, typer.Option(min=1, max=MOST, help="The largest record or table that is read.")
]
PROCESSES: Final = "processes"


def build(
    records: Records,
    data: Data = DEFAULT_DATA,
    workers: Workers = None,
    executor: ExecutorName = PROCESSES,
    executor_wait_s: ExecutorWaitS = 60.0,
    keep: Annotated[int, typer.Option(min=0, help="How many releases to keep; 0 keeps all.")] = 0,
    base: Base = BASE,
    gene_prefix: GenePrefix = NCBIGENE,
    mappings: Mappings = None,
    max_file_bytes: MaxFileBytes = Limits().file_bytes,
    reuse: Annotated[
        bool, typer.Option(help="Reuse what the last release has for unchanged records.")
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Build a release from records and make it the current one.

    Exit status 1 means that something in the input was refused: the rest is published, and
    report.json in the release names each problem. SOURCE_DATE_EPOCH dates the release.
    """
    if workers and executor != PROCESSES:
        raise typer.BadParameter("a cluster has its own workers", param_hint="--workers")
    with refusals(), unlogged(), Watcher(quiet=quiet) as watcher:
        options = BuildOptions(
            iris=_iris(base, gene_prefix),
            limits=Limits(file_bytes=max_file_bytes),
            workers=workers,
            executor=None if executor == PROCESSES else executor,
            executor_wait_s=executor_wait_s,
            keep=keep,
            issued=issued_date(),
            mappings=tuple(mappings or ()),
            reuse=reuse,
            listen=watcher,
        )
        before = _current_id(data)
        try:
            result = build_release(records, data, options)
        except KeyboardInterrupt:
            now = _current_id(data)
            left = f"{now} was published, but perhaps not all old releases were pruned"
            say(f"interrupted: {'nothing was published' if now == before else left}")
            raise
    release = result.release
    if not quiet:
        tell_findings(result.findings)
        say(f"{result.triples:,} triples, and {result.equivalents:,} in the graph of equivalents")
        _tell_sets(result.mappings)
        for old in result.pruned.deleted:
            say(f"deleted release {old.id}")
        for old in result.pruned.in_use:
            say(f"release {old.id} is in use: kept")
        say(f"report: {release.path / 'report.json'}")
    with refusals():
        typer.echo(release.path)
    raise typer.Exit(1 if result.findings.errors else 0)


def _iris(base: str, gene_prefix: str) -> Iris:
    """The IRIs of a release, by what they begin with.

    :raises UsageError: if no IRI can begin so.
    """
    try:
        return Iris(base, gene_prefix)
    except IriError as error:
        raise UsageError(str(error)) from error


def _current_id(data: Path) -> str | None:
    with suppress(ReleaseError):
        return current_release(data).id
    return None


def _tell_sets(sets: Iterable[MappingCounts]) -> None:
    for one in sets:
        say(
            f"{one.title}: {one.read:,} mappings: {one.linked:,} linked, {one.absent:,} not in "
            f"the release, left out: {by_kind(one.refused)}; {one.triples:,} triples"
        )


def check(
    records: Records,
    workers: Workers = None,
    mappings: Mappings = None,
    max_file_bytes: MaxFileBytes = Limits().file_bytes,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Report what a build would report, without writing anything.

    Prints one problem per line; the exit status is 1 if any of them is an error.
    """

    def tell(problem: Problem) -> None:
        # If the reader stops, go on: the exit status must tell of everything that was found.
        print_while_read(as_json_line(asdict(problem)) if as_json else str(problem))

    sets: list[MappingCounts] = []
    with refusals(), unlogged():
        options = BuildOptions(
            limits=Limits(file_bytes=max_file_bytes),
            workers=workers,
            mappings=tuple(mappings or ()),
        )
        findings = check_records(records, options, tell, sets.append)
    if not quiet:
        tell_findings(findings)
        _tell_sets(sets)
    raise typer.Exit(1 if findings.errors else 0)
