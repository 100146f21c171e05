"""Notes in the data folder on what other stores have confirmed, one push per store at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.push.graphs import Source


@dataclass(frozen=True, slots=True)
class Note:
    """How many triples of a graph a store has confirmed, and has then at least and at most.

    :param version: that of the release which the triples are from.
    """

    version: str
    confirmed: int
    least: int
    most: int


@contextmanager
def noting(data: Path, endpoint: str) -> Iterator["PushNotes"]:
    """The notes on a store, locked for one push; the lock ends with the process that holds it.

    Two pushes to one store would each empty the graphs that the other fills: that of the
    equivalents even if their data go to different graphs.

    :param endpoint: the name or address of the store.
    :raises ReleaseError: if another push to the store is running, or the data folder cannot be
        written to.
    """
    path = data / f".pushed-{sha256(endpoint.encode()).hexdigest()[:12]}.json"
    try:
        # Unbuffered: closing the file would fail again for what could not be written.
        file = path.with_suffix(".lock").open("a+b", buffering=0)
    except OSError as error:
        raise _unwritable(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).decode()
            reason = "wait for it, or end it and push again, which continues from there"
            raise ReleaseError(
                f"{data}: another push to this store is running (process {holder}): {reason}"
            ) from None
        try:
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        except OSError as error:
            raise _unwritable(path, error) from error
        yield PushNotes(path, endpoint)


class PushNotes:
    """The notes on all graphs of one store, in a file; see :func:`noting`."""

    def __init__(self, path: Path, endpoint: str) -> None:
        self.path = path
        self._endpoint = endpoint
        self._graphs: dict[str, list[str | int]] = {}
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["graphs"]
            self._graphs = {graph: list(note) for graph, note in found.items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            # Nothing was noted, or the notes cannot be read: then everything is sent.
            return

    def read(self, graph: str) -> Note | None:
        """The note on a graph; None if there is none, or it cannot be read."""
        try:
            version, confirmed, least, most = self._graphs[graph]
            return Note(str(version), int(confirmed), int(least), int(most))
        except (LookupError, ValueError, TypeError):
            return None

    def agree(self, graph: str, versions: Set[str]) -> bool:
        """Whether a store has no other release than is noted.

        It may have: what was pushed from another data folder, or to another address of the same
        store, is not noted here. The other release may even have as many triples.

        :param graph: that of the data.
        :param versions: those of which the store says that this graph is.
        """
        note = self.read(graph)
        return note is None or versions <= {note.version}

    def forget(self) -> None:
        """Forget what was noted of all graphs, but not which there are."""
        self._graphs = {graph: ["", 0, 0, 0] for graph in self._graphs}

    def drop(self, graph: str) -> None:
        """Drop the note on a graph that was emptied.

        :raises ReleaseError: if the data folder cannot be written to.
        """
        del self._graphs[graph]
        self._save()

    def left(self, sources: Sequence[Source], space: str) -> list[str]:
        """The graphs in a namespace that earlier pushes filled, and that are not among these."""
        kept = {source.graph for source in sources}
        return [one for one in self._graphs if one.startswith(space) and one not in kept]

    def write(self, graph: str, note: Note) -> None:
        """Write the note on a graph.

        :raises ReleaseError: if the data folder cannot be written to.
        """
        self._graphs[graph] = [note.version, note.confirmed, note.least, note.most]
        self._save()

    def _save(self) -> None:
        fresh = self.path.with_suffix(".part")
        try:
            text = json.dumps({"endpoint": self._endpoint, "graphs": self._graphs}, indent=1)
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _unwritable(path: Path, error: OSError) -> ReleaseError:
    reason = "what is confirmed is noted there: check its permissions and space"
    return ReleaseError(f"{path} ({error.strerror}): {reason}")
