"""The command line: it parses, calls the library, and reports."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from pfocr_rdf import __version__
from pfocr_rdf.build import BuildOptions, build_release, check_records
from pfocr_rdf.build.options import issued_date
from pfocr_rdf.compare import Summary, compare_releases, open_store
from pfocr_rdf.console import (
    DEFAULT_DATA,
    Watcher,
    counted,
    data_out,
    refusals,
    say,
    tell_findings,
    unlogged,
)
from pfocr_rdf.describe import GraphFormatName, describe, find_thing, written_as
from pfocr_rdf.errors import Problem
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.mappings import MappingCounts
from pfocr_rdf.publish import DumpFormatName, copy_dumps, write_dump
from pfocr_rdf.push_command import push
from pfocr_rdf.query_command import query
from pfocr_rdf.records import Limits
from pfocr_rdf.releases import (
    Release,
    current_release,
    find_release,
    holding,
    list_releases,
    roll_back,
)
from pfocr_rdf.search_command import search
from pfocr_rdf.serve_command import serve
from pfocr_rdf.verify import verify_release

app: Final = typer.Typer(
    name="pfocr-rdf",
    help="Pathway Figure OCR as linked data: records in, a release of RDF out.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Records = Annotated[
    list[Path],
    typer.Argument(help="Records, folders of records, or checkouts of the PFOCR database."),
]
Data = Annotated[
    Path, typer.Option("--data", help="The data folder.", envvar="PFOCR_RDF_DATA", file_okay=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Base = Annotated[str, typer.Option(help="What the IRIs of figures begin with.")]
GenePrefix = Annotated[str, typer.Option(help="What the IRIs of genes begin with.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes.", show_default="one a core")
]
ExecutorName = Annotated[
    str,
    typer.Option(
        metavar="processes|dask://HOST:PORT",
        help="Who maps the records: processes here, or a Dask cluster that reads the same folder.",
    ),
]
ExecutorWaitS = Annotated[
    float, typer.Option("--executor-wait-s", min=0, help="For a cluster that has no worker.")
]
Mappings = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE.sssom.tsv", help="Links from a mapping set; may be repeated."),
]
MaxFileBytes = Annotated[int, typer.Option(min=1, help="Size of a record or table at most.")]
PROCESSES: Final = "processes"


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=lambda v: _version(v)
        ),
    ] = False,
) -> None:
    """Take options that stand before the command."""
    del version


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"pfocr-rdf {__version__}")
        raise typer.Exit


@app.command()
def build(
    records: Records,
    data: Data = DEFAULT_DATA,
    workers: Workers = None,
    executor: ExecutorName = PROCESSES,
    executor_wait_s: ExecutorWaitS = 60.0,
    keep: Annotated[int, typer.Option(min=0, help="Releases to keep; 0 keeps all.")] = 0,
    base: Base = BASE,
    gene_prefix: GenePrefix = NCBIGENE,
    mappings: Mappings = None,
    max_file_bytes: MaxFileBytes = Limits().file_bytes,
    reuse: Annotated[
        bool, typer.Option(help="Take over what the last release has of unchanged records.")
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Build a release from records and make it the current one.

    Exit status 1 says that something in the input was refused: the rest is published, and
    report.json in the release names each problem. SOURCE_DATE_EPOCH dates the release.
    """
    if workers and executor != PROCESSES:
        raise typer.BadParameter("a cluster has its own workers", param_hint="--workers")
    with refusals(), unlogged(), Watcher(quiet=quiet) as watcher:
        options = BuildOptions(
            iris=Iris(base, gene_prefix),
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
        result = build_release(records, data, options)
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
    typer.echo(release.path)
    raise typer.Exit(1 if result.findings.errors else 0)


def _tell_sets(sets: Iterable[MappingCounts]) -> None:
    for one in sets:
        say(
            f"{one.title}: {one.read:,} mappings: {one.linked:,} linked, {one.absent:,} not in "
            f"the release, refused: {counted(one.refused)}; {one.triples:,} triples"
        )


@app.command()
def check(
    records: Records,
    workers: Workers = None,
    mappings: Mappings = None,
    max_file_bytes: MaxFileBytes = Limits().file_bytes,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    quiet: Quiet = False,
) -> None:
    """Report everything that a build would report, and write nothing.

    One problem a line on standard output; exit status 1 if any is an error.
    """

    def tell(problem: Problem) -> None:
        typer.echo(json.dumps(asdict(problem), ensure_ascii=False) if as_json else str(problem))

    sets: list[MappingCounts] = []
    with refusals():
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


app.command()(query)
app.command()(search)
app.command()(serve)
app.command()(push)


@app.command()
def dump(
    data: Data = DEFAULT_DATA,
    form: Annotated[DumpFormatName, typer.Option("--format", help="What to write.")] = "turtle",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, gzipped if it ends in .gz.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Copy all dumps, with checksums, into this new folder.")
    ] = None,
    release: Annotated[str, typer.Option(help="Another release than the current one.")] = "current",
) -> None:
    """Write the data of a release to standard output or a file, or copy all its dumps."""
    with refusals(), holding(find_release(data, release)) as found:
        if to is not None:
            for path in copy_dumps(found, to):
                typer.echo(path)
            return
        if output is None or str(output) == "-":
            write_dump(found, form, data_out(), _iris(found), gzipped=False)
            return
        unfinished = output.with_name(output.name + ".part")
        try:
            with unfinished.open("wb") as file:
                write_dump(found, form, file, _iris(found), gzipped=output.suffix == ".gz")
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)


@app.command()
def verify(
    release: Annotated[
        Path, typer.Argument(help="A release, or a data folder: then its current release.")
    ] = DEFAULT_DATA,
    quiet: Quiet = False,
) -> None:
    """Hash, parse and count every file of a release again, and say what is wrong.

    One fault a line on standard output; exit status 1 if there is any.
    """
    with refusals(), holding(_release_at(release)) as found:
        faults = 0
        for fault in verify_release(found):
            faults += 1
            typer.echo(fault)
    if not quiet:
        say(f"{found.id}: {f'{faults} faults: build again, or roll back' if faults else 'whole'}")
    raise typer.Exit(1 if faults else 0)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A release: its id, a path, or `current`.")],
    new: Annotated[str, typer.Argument(help="The release to compare it with.")],
    data: Data = DEFAULT_DATA,
    summary: Annotated[
        bool, typer.Option("--summary", help="Only figure, removed, added; tab-separated.")
    ] = False,
) -> None:
    """Print the quads removed (-) and added (+) between two releases.

    How many there are of each figure goes to standard error, or is all there is with --summary.
    """
    with (
        refusals(),
        holding(find_release(data, old)) as before,
        holding(find_release(data, new)) as after,
    ):
        iris, counts = _iris(after), Summary()
        for change in compare_releases(before, after):
            counts.count(change, iris)
            if not summary:
                typer.echo(str(change))
        for name, removed, added in counts.rows():
            typer.echo(f"{name}\t-{removed}\t+{added}", err=not summary)
        removed, added = sum(counts.removed.values()), sum(counts.added.values())
        say(f"{removed:,} removed, {added:,} added between {before.id} and {after.id}")


@app.command()
def releases(data: Data = DEFAULT_DATA) -> None:
    """List the releases, oldest first: id, figures, triples; the current one is marked."""
    with refusals():
        published = current_release(data)
        for found in list_releases(data):
            manifest = found.manifest()
            mark = "*" if found.id == published.id else " "
            typer.echo(f"{mark} {found.id}\t{manifest['figures']}\t{manifest['triples']}")


@app.command()
def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Which release.", show_default="the one before")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make an earlier release the current one; nothing is deleted."""
    with refusals():
        was, now = roll_back(data, release)
        say(f"was {was.id}")
        typer.echo(now.id)


@app.command(name="describe")
def describe_command(
    thing: Annotated[str, typer.Argument(help="An IRI in any spelling, a CURIE, a figid.")],
    data: Data = DEFAULT_DATA,
    form: Annotated[GraphFormatName, typer.Option("--format")] = "turtle",
    incoming: Annotated[
        int, typer.Option(min=0, help="Triples that point at the thing, at most.")
    ] = 100,
) -> None:
    """Print what the current release says of a thing, and what points at it."""
    with refusals(), holding(current_release(data)) as found:
        iris = _iris(found)
        store = open_store(found)
        about = describe(find_thing(thing, store, iris), store, incoming)
        data_out().write(written_as([*about.outgoing, *about.incoming], form, iris))
        if about.more:
            say(f"more than {incoming} triples point at it: raise --incoming to see them")


def _release_at(path: Path) -> Release:
    return find_release(path, str(path) if (path / "manifest.json").is_file() else "current")


def _iris(release: Release) -> Iris:
    """The IRIs that a release was built with."""
    manifest = release.manifest()
    return Iris(manifest["base"], manifest["genes"])
