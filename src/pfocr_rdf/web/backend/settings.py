"""Where the backend is, and which of its graphs contain the release."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from pyoxigraph import NamedNode

from pfocr_rdf.errors import ServeError
from pfocr_rdf.iris import Iris
from pfocr_rdf.peers import can_be_host

#: Stands for the engine's own default graph, in place of an IRI.
OWN_DEFAULT: Final = "default"
#: Label of a graph that exists nowhere.
NOBODY: Final = "no-such-graph"


@dataclass(frozen=True, slots=True)
class Backend:
    """A SPARQL engine that holds a release.

    :param endpoint: its address for queries, without user and password.
    :param graphs: the graphs with the data; empty for its own default graph, None for the one
        that ``push`` writes to by default.
    :param authorization: the value of the ``Authorization`` header, if it needs one.
    :param poll_s: seconds between two checks that it still holds the release.
    """

    endpoint: str
    graphs: tuple[str, ...] | None = None
    authorization: str | None = field(default=None, repr=False)
    poll_s: float = 1.0

    @property
    def shown(self) -> str:
        """The address to show to people, without its query part, which may be a secret."""
        return urlunsplit(urlsplit(self.endpoint)._replace(query=""))


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a query sees: https://www.w3.org/TR/sparql11-protocol/#dataset .

    If there are none, it sees the engine's own dataset.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The graphs as parameters of the request."""
        return [
            *(("default-graph-uri", graph) for graph in self.default),
            *(("named-graph-uri", graph) for graph in self.named),
        ]


@dataclass(frozen=True, slots=True)
class Graphs:
    """The graphs of one release in the backend.

    :param default: the graphs whose union is the default graph here; empty for the engine's own.
    :param named: the graphs that are named graphs here.
    :param nobody: an IRI of this release's that names no graph.
    """

    default: tuple[str, ...]
    named: tuple[str, ...]
    nobody: str

    @property
    def dataset(self) -> Dataset:
        """What a query sees that does not name any graphs for its dataset."""
        return Dataset(self.default, self.named) if self.default else Dataset()

    def chosen(self, default: list[str], named: list[str]) -> Dataset:
        """What a query sees that names its graphs; graphs not of the release count as empty."""
        return Dataset(
            tuple(graph for graph in default if graph in self.named) or (self.nobody,),
            tuple(graph for graph in named if graph in self.named) or (self.nobody,),
        )


def read_backend(address: str, graphs: tuple[str, ...] = ()) -> Backend:
    """The backend that the command line names.

    :param address: with user and password in it, if the engine demands them.
    :param graphs: empty for the one that ``push`` writes to by default; ``default`` for the
        engine's own default graph.
    :raises ServeError: if they cannot be used; the message contains no password.

    >>> read_backend("http://ada:secret@127.0.0.1:8890/sparql").endpoint
    'http://127.0.0.1:8890/sparql'
    """
    try:
        url = urlsplit(address)
        # Reading the port checks it.
        is_web = url.scheme in ("http", "https") and can_be_host(url.hostname)
        fine = is_web and url.port != 0
    except ValueError:
        fine = False
    if not fine or url.fragment:
        raise ServeError("--backend is not an address: give one with http or https and a host")
    for graph in graphs:
        try:
            if graph != OWN_DEFAULT:
                NamedNode(graph)
        except ValueError as error:
            reason = f"{graph!r} is not a graph ({error})"
            raise ServeError(f"--backend-graph: {reason}: give an IRI, or “default”") from None
    if OWN_DEFAULT in graphs and len(graphs) > 1:
        raise ServeError("give --backend-graph default alone: it is all that is not in a graph")
    authorization = None
    if url.username is not None:
        # https://www.rfc-editor.org/rfc/rfc7617#section-2
        account = f"{unquote(url.username)}:{unquote(url.password or '')}"
        authorization = f"Basic {b64encode(account.encode()).decode()}"
    chosen = () if OWN_DEFAULT in graphs else graphs or None
    bare = url._replace(netloc=url.netloc.rpartition("@")[2])
    return Backend(urlunsplit(bare), chosen, authorization)


def graphs_of(backend: Backend, manifest: dict[str, Any], iris: Iris) -> Graphs:
    """The graphs of a release in the backend.

    :param manifest: the manifest of the release.
    """
    sets = manifest.get("mapping_sets", ())
    mappings = [iris.mapping_graph(one["id"]).value for one in sets]
    default = (iris.dataset.value,) if backend.graphs is None else backend.graphs
    nobody = iris.blank(NOBODY).value
    return Graphs(default, (iris.equivalents.value, *sorted(mappings)), nobody)
