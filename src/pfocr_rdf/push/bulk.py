"""Push a release to Virtuoso through its own bulk loader, which reads the dumps itself.

https://vos.openlinksw.com/owiki/wiki/VOS/VirtBulkRDFLoader : ``ld_dir`` puts files on a list,
``rdf_loader_run`` loads what is on it, and ``checkpoint`` makes that durable, because the loader
logs nothing. For each file, its graphs are emptied, the file is loaded, and the graphs are
counted. The counts are noted, so that an interrupted push goes on with the graphs still missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn

from pfocr_rdf.errors import RemoteError, UsageError
from pfocr_rdf.peers import flat
from pfocr_rdf.push.graphs import (
    EMPTIED,
    OTHER,
    Listener,
    PushedGraph,
    PushProgress,
    Source,
    mapping_space,
    release_graphs,
    same_by_value,
    stated_version,
)
from pfocr_rdf.push.isql import Isql, StatementError
from pfocr_rdf.push.notes import Note, PushNotes, noting
from pfocr_rdf.push.stores import HAS_CURRENT_VERSION, Account
from pfocr_rdf.releases import Release

SERVER_RE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*:)?[0-9]{1,5}")
USER_RE: Final = re.compile(r"[^-=\s][^=\s]*")
DENIED_RE: Final = re.compile("access denied|[Pp]ermission")
COUNT: Final = "SELECT COUNT(*) FROM DB.DBA.RDF_QUAD WHERE G = iri_to_id({graph}, 0)"
#: Which releases a graph says that it is of; see :mod:`pfocr_rdf.dataset`.
VERSIONS: Final = (
    "SELECT id_to_iri(O) FROM DB.DBA.RDF_QUAD WHERE G = iri_to_id({graph}, 0)"
    " AND P = iri_to_id({property}, 0)"
)
#: 3: each row is its own transaction, and logged; a graph in one would fill the memory.
CLEAR: Final = "DB.DBA.SPARUL_CLEAR(vector({graph}), 0, 0, 3, 0)"
FORGET: Final = "DELETE FROM DB.DBA.LOAD_LIST WHERE ll_file = {path}"
WAITING: Final = "SELECT ll_file FROM DB.DBA.LOAD_LIST WHERE ll_state = 0"
PUT: Final = "DB.DBA.ld_dir({folder}, {name}, {graph})"
RUN: Final = "DB.DBA.rdf_loader_run()"
STATE: Final = "SELECT ll_state FROM DB.DBA.LOAD_LIST WHERE ll_file = {path}"
FAULT: Final = (
    "SELECT ll_error FROM DB.DBA.LOAD_LIST WHERE ll_file = {path} AND ll_error IS NOT NULL"
)
ALLOWED: Final = "SELECT cfg_item_value(virtuoso_ini_path(), 'Parameters', 'DirsAllowed')"
DONE: Final = "2"  # value of ll_state; 0: waiting, 1: being loaded


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """Which Virtuoso loads, and how.

    :param server: the address of its SQL server, ``HOST:PORT`` or a port alone.
    :param account: the user to load as: ``dba``, or one whose primary group is ``dba``.
    :param graph: the IRI of the graph for the data; the dataset's own by default.
    :param folder: the path of the dumps as Virtuoso sees it; by default, their path here.
    :param isql: Virtuoso's isql; found by its usual names if None.
    :param again: load everything, whatever is there.
    """

    server: str
    account: Account
    graph: str | None = None
    folder: str | None = None
    isql: str | None = None
    again: bool = False


def bulk_load(
    release: Release, data: Path, options: BulkOptions, listen: Listener
) -> list[PushedGraph]:
    """Have Virtuoso load a release's graphs, and count them.

    :param data: the data folder, in which loaded graphs are noted.
    :param listen: called before a graph is loaded, and when it has been counted.
    :raises QueryError: if an option cannot be used, or isql is not found; nothing was done.
    :raises RemoteError: if Virtuoso refuses, may not read the folder, finds a fault in a file, or
        its count differs from the release's.
    :raises ReleaseError: if the release cannot be read, the data folder cannot be written to, or
        another push to the server is running.
    """
    if not SERVER_RE.fullmatch(options.server):
        raise UsageError(f"{options.server!r} is not the address of a SQL server: give HOST:PORT")
    if not USER_RE.fullmatch(options.account.user):
        raise UsageError(f"{options.account.user!r} is not a user name: see --user")
    sources = release_graphs(release, options.graph)
    with (
        noting(data, f"virtuoso {options.server}") as notes,
        Isql(options.server, options.account, options.isql) as isql,
    ):
        bulk = _Bulk(release, options, notes, isql, listen)
        try:
            bulk.check(sources[0])
            files = [list(graphs) for _, graphs in groupby(sources, _path)]
            pushed = [one for graphs in files for one in bulk.file(graphs)]
            bulk.empty(notes.left(sources, mapping_space(release)))
            return pushed
        except StatementError as error:
            if not DENIED_RE.search(error.said):
                raise
            reason = f"{options.account.user} may not load files: push as dba, or one of its group"
            raise RemoteError(options.server, f"{reason} (Virtuoso says: {error.said})") from error


def _path(source: Source) -> Path:
    return source.path


class _Bulk:
    """One push, in one session of isql."""

    def __init__(
        self,
        release: Release,
        options: BulkOptions,
        notes: PushNotes,
        isql: Isql,
        listen: Listener,
    ) -> None:
        self.release = release
        self.version = stated_version(release)
        self.options = options
        self.notes = notes
        self.isql = isql
        self.listen = listen
        self.folder = str(PurePosixPath(options.folder or release.dumps.resolve()))

    def check(self, data: Source) -> None:
        """Forget what was noted if Virtuoso has the data of another release."""
        said = self.isql.run(VERSIONS, graph=data.graph, property=HAS_CURRENT_VERSION.value)
        versions = {iri.rpartition("/")[2] for iri in said.split()}
        if not self.options.again and not self.notes.agree(data.graph, versions):
            self.listen(PushProgress(data.graph, 0, data.triples, OTHER))
            self.notes.forget()

    def empty(self, graphs: list[str]) -> None:
        """Empty graphs that the release does not have."""
        for graph in graphs:
            self.isql.run(CLEAR, graph=graph)
            self.notes.drop(graph)
            self.listen(PushProgress(graph, 0, 0, EMPTIED))

    def file(self, sources: list[Source]) -> Iterator[PushedGraph]:
        """Load a file unless all of its graphs are there, and count its graphs."""
        there = {source.graph: self._count(source.graph) for source in sources}
        missing = [source for source in sources if not self._is_noted(source, there[source.graph])]
        if missing:
            self._put(missing[0])
            for source in missing:
                total, name = source.triples, source.path.name
                self.listen(PushProgress(source.graph, 0, total, f"Virtuoso loads {name}"))
                self.notes.write(source.graph, Note(self.version, 0, 0, 0))
                self.isql.run(CLEAR, graph=source.graph)
            self._load(missing[0])
        for source in sources:
            if source not in missing:
                merged = source.triples - there[source.graph]
                counted = there[source.graph]
                yield PushedGraph(source.graph, source.triples, 0, counted, merged)
            else:
                yield self._counted(source)

    def _is_noted(self, source: Source, there: int) -> bool:
        """Whether a graph can be skipped: noted as whole, with the count that it has now."""
        note = self.notes.read(source.graph)
        whole = Note(self.version, source.triples, there, there)
        return note == whole and not self.options.again

    def _counted(self, source: Source) -> PushedGraph:
        graph, total = source.graph, source.triples
        counted = self._count(graph)
        merged = same_by_value(source.lines()) if counted < total else 0
        if counted + merged != total:
            raise RemoteError(
                self.isql.server,
                f"graph {graph} has {counted:,} triples there, but {total:,} in {self.release.id}:"
                f" check that {self.folder} has the dumps of this release and that nobody else"
                " writes to the graph, then push with --again",
            )
        self.notes.write(graph, Note(self.version, total, counted, counted))
        self.listen(PushProgress(graph, total, total))
        return PushedGraph(graph, total, total, counted, merged)

    def _count(self, graph: str) -> int:
        said = self.isql.run(COUNT, graph=graph)
        try:
            return int(said)
        except ValueError:
            pass  # raised below, so that the parsing error is not part of it
        raise RemoteError(self.isql.server, f"gave no count of triples but {said[:100]!r}")

    def _put(self, source: Source) -> None:
        """Put a file on the loader's list; refuse if others wait there, which it would load too."""
        name, path = source.path.name, self._listed(source)
        self.isql.run(FORGET, path=path)
        if waiting := self.isql.run(WAITING).splitlines():
            raise RemoteError(
                self.isql.server,
                f"other files wait in DB.DBA.LOAD_LIST ({len(waiting)}, such as"
                f" {waiting[0].strip()}), and would be loaded too: load them with"
                " rdf_loader_run(), or delete them from the list",
            )
        try:
            self.isql.run(PUT, folder=self.folder, name=name, graph=source.graph)
        except StatementError as error:
            self._refused(error)
        if not self.isql.run(STATE, path=path):
            raise RemoteError(
                self.isql.server,
                f"there is no {name} in {self.folder}: say with --virtuoso-folder where"
                " Virtuoso sees the dumps of the release",
            )

    def _refused(self, error: StatementError) -> NoReturn:
        """Raise an error that says why Virtuoso cannot read the folder."""
        if "FA003" in error.said:
            reason = (
                f"may not read {self.folder}: put it into DirsAllowed of its virtuoso.ini, which"
                f" has {self._allowed()}, and restart it; or copy the dumps into a folder that"
                " is there with `pfocr-rdf dump --to`, and name that with --virtuoso-folder"
            )
        elif "FA020" in error.said:
            reason = (
                f"finds no folder {self.folder}: say with --virtuoso-folder where it sees the"
                " dumps, and let its user read them"
            )
        else:
            raise error
        raise RemoteError(self.isql.server, f"Virtuoso {reason}") from error

    def _allowed(self) -> str:
        try:
            return repr(self.isql.run(ALLOWED))
        except StatementError:
            return "others"

    def _load(self, source: Source) -> None:
        path = self._listed(source)
        self.isql.run(RUN)
        if fault := self.isql.run(FAULT, path=path):
            reason = "verify the release, and check that Virtuoso's user may read the file"
            raise RemoteError(
                self.isql.server, f"{path} could not be loaded ({flat(fault)}): {reason}"
            )
        if self.isql.run(STATE, path=path) != DONE:
            reason = "wait until it is done, then push again"
            raise RemoteError(self.isql.server, f"another loader has taken {path}: {reason}")
        self.isql.run("checkpoint")

    def _listed(self, source: Source) -> str:
        """The path of a file as the loader's list has it."""
        return str(PurePosixPath(self.folder, source.path.name))
