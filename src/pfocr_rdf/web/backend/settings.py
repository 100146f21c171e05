"""Where the backend is, and which of its graphs are the release."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from pyoxigraph import NamedNode

from pfocr_rdf.errors import ServeError
from pfocr_rdf.iris import Iris
from pfocr_rdf.peers import can_be_host

#: What stands for the engine's own default graph, instead of an IRI.
OWN_DEFAULT: Final = "default"
#: Label of a graph that nobody has.
NOBODY: Final = "no-such-graph"


@dataclass(frozen=True, slots=True)
class Backend:
    """A SPARQL engine that holds a release.

    :param endpoint: where it takes queries, without user and password.
    :param graphs: those with the data; none is its own default graph, None the one that ``push``
        writes to unless told otherwise.
    :param authorization: header that says who asks.
    :param poll_s: between two looks whether it still holds the release.
    :param page_s: what it may take for a part of a page.
    :param page_bytes: of its answer to that.
    """

    endpoint: str
    graphs: tuple[str, ...] | None = None
    authorization: str | None = field(default=None, repr=False)
    poll_s: float = 1.0
    page_s: float = 10.0
    page_bytes: int = 64 << 20

    @property
    def shown(self) -> str:
        """Its address for people: what follows the question mark may be a secret."""
        return urlunsplit(urlsplit(self.endpoint)._replace(query=""))


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a query sees: https://www.w3.org/TR/sparql11-protocol/#dataset .

    Without any, the engine's own dataset.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """As the protocol sends them."""
        return [
            *(("default-graph-uri", graph) for graph in self.default),
            *(("named-graph-uri", graph) for graph in self.named),
        ]


@dataclass(frozen=True, slots=True)
class Graphs:
    """The graphs of one release in the backend.

    :param default: those that are the default graph here; none for the engine's own.
    :param named: those that are named graphs here.
    :param nobody: an IRI of ours that no graph has.
    """

    default: tuple[str, ...]
    named: tuple[str, ...]
    nobody: str

    @property
    def dataset(self) -> Dataset:
        """What a query sees that says nothing of graphs."""
        return Dataset(self.default, self.named) if self.default else Dataset()

    def chosen(self, default: list[str], named: list[str]) -> Dataset:
        """What a query sees that names its graphs; other graphs of the engine are none here."""
        return Dataset(
            tuple(graph for graph in default if graph in self.named) or (self.nobody,),
            tuple(graph for graph in named if graph in self.named) or (self.nobody,),
        )


def read_backend(address: str, graphs: tuple[str, ...] = ()) -> Backend:
    """A backend as the command line names it.

    :param address: with user and password in it, if the engine wants to know who asks.
    :param graphs: none for the one that ``push`` writes to by default; ``default`` for the
        engine's own default graph.
    :raises ServeError: if they cannot be used; no password is repeated.

    >>> read_backend("http://ada:secret@127.0.0.1:8890/sparql").endpoint
    'http://127.0.0.1:8890/sparql'
    """
    try:
        url = urlsplit(address)
        # To read the port is to check it.
        is_web = url.scheme in ("http", "https") and can_be_host(url.hostname)
        fine = is_web and url.port != 0
    except ValueError:
        fine = False
    if not fine or url.fragment:
        raise ServeError("--backend is no address: it begins with http or https and has a host")
    for graph in graphs:
        try:
            if graph != OWN_DEFAULT:
                NamedNode(graph)
        except ValueError as error:
            reason = f"{graph!r} is no graph ({error})"
            raise ServeError(f"--backend-graph: {reason}: give an IRI, or “default”") from None
    if OWN_DEFAULT in graphs and len(graphs) > 1:
        raise ServeError("--backend-graph default goes alone: it is all that is not in a graph")
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

    :param manifest: of the release.
    """
    sets = manifest.get("mapping_sets", ())
    mappings = [iris.mapping_graph(one["id"]).value for one in sets]
    default = (iris.dataset.value,) if backend.graphs is None else backend.graphs
    nobody = iris.blank(NOBODY).value
    return Graphs(default, (iris.equivalents.value, *sorted(mappings)), nobody)
