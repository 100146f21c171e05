"""The command ``serve``: serve the current release at a SPARQL endpoint until told to stop."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit, urlunsplit

import typer
import uvloop
from pyoxigraph import NamedNode

from pfocr_rdf.commands.console import refusals, say
from pfocr_rdf.commands.options import (
    DEFAULT_DATA,
    MOST,
    MOST_PROCESSES,
    MOST_S,
    Data,
    real_seconds,
)
from pfocr_rdf.cores import usable_cores
from pfocr_rdf.errors import ServeError, UsageError
from pfocr_rdf.web.app import Site, SiteOptions
from pfocr_rdf.web.backend.settings import Backend, read_backend
from pfocr_rdf.web.cache import CacheLimits
from pfocr_rdf.web.endpoint import EndpointOptions
from pfocr_rdf.web.engine import EngineOptions
from pfocr_rdf.web.fairness import Places
from pfocr_rdf.web.federation.partners import Partners, public_partners, read_partners
from pfocr_rdf.web.operations import AccessLog, set_up_logging
from pfocr_rdf.web.served import Held, check_release, hold_current
from pfocr_rdf.web.served import check_files as check_files_of
from pfocr_rdf.web.server import ServerOptions, Stop, check_address, stopping_on_signals
from pfocr_rdf.web.server import serve as serve_site

MEBI: Final = 1 << 20
LogFormatName = Literal["text", "json"]


Host = Annotated[str, typer.Option(help="The address to listen on; * means all.")]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="The port to listen on; 0 picks a free one.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST_PROCESSES,
        help="Query processes.",
        show_default="one per core, at least two",
    ),
]
SlowWorkers = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=MOST_PROCESSES,
        help="Further query processes, for slow queries.",
        show_default="as many again",
    ),
]
TimeoutS = Annotated[
    float,
    typer.Option(
        "--timeout-s",
        min=0.1,
        max=MOST_S,
        callback=real_seconds,
        help="Seconds for a query, its wait included.",
    ),
]
MemoryMb = Annotated[
    int,
    typer.Option(
        "--memory-mb", min=64, max=MOST, help="Memory for a query, beyond that of the store."
    ),
]
Queue = Annotated[int, typer.Option(min=1, help="How many queries may wait for a process.")]
MaxRows = Annotated[
    int, typer.Option(min=1, max=MOST, help="The most rows or triples of an answer.")
]
MaxAnswerMb = Annotated[int, typer.Option(min=1, max=MOST, help="The largest answer.")]
CacheMb = Annotated[int, typer.Option(min=0, help="Memory for cached answers.")]
Connections = Annotated[int, typer.Option(min=1, help="The most connections at one time.")]
PublicUrl = Annotated[
    str | None,
    typer.Option(help="The public address of the site.", show_default="as clients ask"),
]
Proxies = Annotated[
    list[str] | None,
    typer.Option(
        "--proxy", metavar="ADDRESS", help="A proxy whose X-Forwarded headers are trusted."
    ),
]
DrainS = Annotated[
    float,
    typer.Option(
        "--drain-s",
        min=0,
        max=MOST_S,
        callback=real_seconds,
        help="Seconds for running answers to end on shutdown.",
    ),
]
LogFormat = Annotated[LogFormatName, typer.Option(help="The format of the log, on stderr.")]
LogRequests = Annotated[bool, typer.Option(help="Log one line per request.")]
LogQueries = Annotated[bool, typer.Option(help="Log the text of queries.")]
FederationSwitch = Annotated[
    Literal["on", "off"],
    typer.Option("--federation", help="Evaluate SERVICE clauses, for listed endpoints."),
]
PartnerList = Annotated[
    Path | None,
    typer.Option(
        "--partners",
        metavar="FILE",
        help="The list of endpoints, as TOML.",
        show_default="public endpoints",
    ),
]
BackendUrl = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="URL",
        help="A SPARQL engine that holds the release, to query instead of its own store.",
        envvar="PFOCR_RDF_BACKEND",
        show_envvar=True,
    ),
]
BackendGraphs = Annotated[
    list[str] | None,
    typer.Option(
        "--backend-graph",
        metavar="IRI",
        help="The engine's graphs with the data; “default” for its default graph.",
        show_default="the dataset's IRI, as push uses",
    ),
]
CheckFiles = Annotated[bool, typer.Option(help="Check the hashes of the release's files first.")]


def serve(
    data: Data = DEFAULT_DATA,
    host: Host = "127.0.0.1",
    port: Port = 7878,
    workers: Workers = None,
    slow_workers: SlowWorkers = None,
    timeout_s: TimeoutS = 30.0,
    memory_mb: MemoryMb = 1024,
    queue: Queue = 256,
    max_rows: MaxRows = 1_000_000,
    max_answer_mb: MaxAnswerMb = 256,
    cache_mb: CacheMb = 128,
    connections: Connections = 2_000,
    public_url: PublicUrl = None,
    proxy: Proxies = None,
    drain_s: DrainS = 30.0,
    log_format: LogFormat = "text",
    access_log: LogRequests = True,
    log_queries: LogQueries = False,
    federation: FederationSwitch = "on",
    partners: PartnerList = None,
    backend: BackendUrl = None,
    backend_graph: BackendGraphs = None,
    check_files: CheckFiles = True,
) -> None:
    """Serve the current release: SPARQL at /sparql, pages at /.

    Switches to a new release, or to one that was rolled back to, while it runs. SIGTERM and Ctrl-C
    let running answers end. Prints its address once it takes queries.
    """
    with refusals():
        fresh = workers or max(2, usable_cores())
        places = Places(fresh, fresh if slow_workers is None else slow_workers, queue)
        options = SiteOptions(
            engine=EngineOptions(places, timeout_s, memory_mb),
            endpoint=EndpointOptions(
                max_rows=max_rows,
                max_bytes=max_answer_mb * MEBI,
                cache=CacheLimits(total_bytes=cache_mb * MEBI),
            ),
            public_url=_public_url(public_url),
            partners=_partners(federation, partners),
            backend=_backend(backend, backend_graph),
        )
        try:
            proxies = tuple(proxy or ())
            listening = ServerOptions(
                host=host, port=port, drain_s=drain_s, connections=connections, proxies=proxies
            )
        except ServeError as error:
            raise UsageError(str(error)) from error
        lines = set_up_logging(log_format, sys.stderr)
        access = AccessLog(log_format, lines, log_queries=log_queries) if access_log else None
        try:
            _serve(Site(data, options, access), listening, check_files=check_files)
        finally:
            lines.close()


def _serve(site: Site, listening: ServerOptions, *, check_files: bool) -> None:
    with closing(hold_current(site.data)) as held:
        check_address(listening)
        if check_files:
            say(f"checking the files of release {held.release.id}")
            check = check_release if site.options.backend is None else check_files_of
            check(held.release)
        uvloop.run(_run(site, held, listening))


async def _run(site: Site, held: Held, listening: ServerOptions) -> None:
    stop = Stop()
    with stopping_on_signals(stop):
        await site.start(held)
        try:
            await serve_site(site, listening, stop, _tell(site), site.hooks())
        finally:
            await site.stop()


def _tell(site: Site) -> Callable[[str, int], None]:
    """What prints the endpoint's address, to be called once queries are taken."""

    def told(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        say(f"serving release {site.engine.release_id}; Ctrl-C stops")
        typer.echo(urlunsplit(("http", f"{shown}:{port}", "/sparql", "", "")))
        sys.stdout.flush()

    return told


def _partners(federation: str, path: Path | None) -> Partners | None:
    """The endpoints that SERVICE may call; None if it may call none.

    :raises UsageError: if a list is given and not used.
    :raises ServeError: if the list cannot be read.
    """
    if federation == "off":
        if path is not None:
            raise UsageError("--partners is of no use with --federation off: leave one of them out")
        return None
    return read_partners(path) if path is not None else public_partners()


def _backend(url: str | None, graphs: list[str] | None) -> Backend | None:
    """The engine that holds the data; None for the release's own store.

    :raises UsageError: if the engine cannot be used, or graphs are named without an engine.
    """
    if url is None:
        if graphs:
            raise UsageError("--backend-graph is of no use without --backend: leave it out")
        return None
    try:
        return read_backend(url, tuple(graphs or ()))
    except ServeError as error:
        raise UsageError(str(error)) from error


def _public_url(url: str | None) -> str | None:
    """The address that clients' addresses begin with, ending in a slash; None if none is given.

    :raises UsageError: if it is not an absolute address.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(NamedNode(url).value)  # it is part of the IRIs that describe the service
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        reason = "give the scheme, the host and perhaps a path"
        raise UsageError(f"--public-url {url!r} is not an address: {reason}")
    return url if url.endswith("/") else f"{url}/"
