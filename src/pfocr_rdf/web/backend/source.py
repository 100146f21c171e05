"""The data of a release as pages read them from the backend.

Queries have a few fixed forms, and their terms are written by pyoxigraph. Each asks not only for
data but also for their release, so that a page never mixes two releases.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from pfocr_rdf.vocabulary import RDF_TYPE
from pfocr_rdf.web.backend.client import failed
from pfocr_rdf.web.backend.holding import Holding
from pfocr_rdf.web.backend.settings import Dataset, Graphs
from pfocr_rdf.web.backend.wording import Wording
from pfocr_rdf.web.federation.answers import AnswerError, read_solutions, read_term
from pfocr_rdf.web.lookups import DEFAULT, FIRST, PLACES
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.source import DATA, Graph, Value

#: The most seconds that an answer for part of a page may take, and its most bytes.
PAGE_S: Final = 10.0
PAGE_BYTES: Final = 64 << 20
#: How many things are asked about in one request.
BATCH: Final = 200
#: An answer with this many quads is refused: only a mistake gives so many.
MOST: Final = 200_000
#: How many answers are kept (a release never changes), and the most quads in one that is.
KEPT: Final = 4_096
KEPT_QUADS: Final = 500
#: The most quads in all answers that are kept: a quad takes some 460 bytes.
ALL_KEPT_QUADS: Final = 100_000
#: Most quads of one lookup by a query process: a release has fewer classes and properties.
LOOKUP_QUADS: Final = 1_000
STRING: Final = Literal("").datatype


class BackendSource:
    """A release in the backend. Answers are whole; any thread but the event loop's may ask."""

    def __init__(self, holding: Holding, loop: asyncio.AbstractEventLoop) -> None:
        self._holding = holding
        self._loop = loop
        self._kept: OrderedDict[object, tuple[Quad, ...]] = OrderedDict()
        self._kept_quads = 0
        self._lock = threading.Lock()

    def quads(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: Value | None,
        graph: Graph = DATA,
        limit: int | None = None,
    ) -> Iterable[Quad]:
        """The quads of a pattern.

        :raises Refusal: if the backend does not give them.
        """
        if subject and predicate and value is None and limit is None and graph == DATA:
            # A page that asks for one property of a thing mostly asks for others, too.
            said = self.quads(subject, None, None)
            return [quad for quad in said if quad.predicate == predicate]
        key = (subject, predicate, value, graph, limit)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        pattern = written_pattern(subject, predicate, value, graph)
        most = MOST if limit is None else limit
        found = tuple(
            Quad(
                _node(subject, row, "s"),
                _node(predicate, row, "p"),
                _term(value, row, "o"),
                _graph(graph, row),
            )
            for row in self._rows(pattern, most, graph)
        )
        self._keep(key, found)
        return found

    def _keep(self, key: object, found: tuple[Quad, ...]) -> None:
        if len(found) > KEPT_QUADS:
            return
        with self._lock:
            # Two threads may have asked for the same.
            self._kept_quads += len(found) - len(self._kept.pop(key, ()))
            self._kept[key] = found
            while len(self._kept) > KEPT or self._kept_quads > ALL_KEPT_QUADS:
                self._kept_quads -= len(self._kept.popitem(last=False)[1])

    def read_ahead(self, subjects: Sequence[NamedNode], graph: Graph = DATA) -> None:
        """Read and keep the quads of things that will be asked about.

        :raises Refusal: if the backend does not give them.
        """
        with self._lock:
            wanted = [s for s in subjects if (s, None, None, graph, None) not in self._kept]
        if len(wanted) > 1:
            for subject, quads in self._of(wanted, (), None, graph).items():
                self._keep((subject, None, None, graph, None), tuple(quads))

    def triples(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode] = (),
        value: Value | None = None,
    ) -> list[Triple]:
        """The triples of several things, limited to the predicates and the value that are given.

        :raises Refusal: if the backend does not give them.
        """
        found = self._of(subjects, predicates, value, DATA).values()
        return [quad.triple for quads in found for quad in quads]

    def _of(
        self,
        subjects: Sequence[NamedNode],
        predicates: Sequence[NamedNode],
        value: Value | None,
        graph: Graph,
    ) -> dict[NamedNode, list[Quad]]:
        """The quads of each of several things."""
        found: dict[NamedNode, list[Quad]] = {subject: [] for subject in subjects}
        waiting = iter(found)
        while batch := list(islice(waiting, BATCH)):
            values = [f"VALUES ?s {{ {_list(batch)} }}"]
            if predicates:
                values.append(f"VALUES ?p {{ {_list(predicates)} }}")
            pattern = f"{' '.join(values)} ?s ?p {_written(value, 'o')}"
            for row in self._rows(_in_graph(pattern, graph), MOST, graph):
                subject, term = _node(None, row, "s"), _term(value, row, "o")
                if subject in found:
                    quad = Quad(subject, _node(None, row, "p"), term, _graph(graph, row))
                    found[subject].append(quad)
        return found

    def _rows(self, pattern: str, limit: int, graph: Graph) -> list[Mapping[str, Any]]:
        """The solutions of a pattern, after a check of the release that they come from."""
        holding = self._holding
        holding.demand()
        inner = f"SELECT * {{ {pattern} }} LIMIT {limit}"
        version = holding.version_pattern
        text = f"SELECT * {{ {{ {version} }} UNION {{ {{ {inner} }} }} }}"
        wording = Wording(text, seen_graphs(holding.graphs, graph))
        asked = holding.client.read(wording, PAGE_BYTES, PAGE_S)
        try:
            rows = read_solutions(asyncio.run_coroutine_threadsafe(asked, self._loop).result())
            holding.saw({row["version"]["value"] for row in rows if "version" in row})
        except (AnswerError, KeyError, TypeError) as error:
            raise _unreadable(error) from None
        found = [row for row in rows if "version" not in row]
        if len(found) >= MOST:
            detail = f"more than {MOST:,} triples for a part of a page"
            raise Refusal("answer-too-large", detail)
        return found


def written_pattern(
    subject: NamedNode | None, predicate: NamedNode | None, value: Value | None, graph: Graph
) -> str:
    """A quad pattern in SPARQL, with ``?s``, ``?p``, ``?o`` and ``?g`` for what is None."""
    pattern = f"{_written(subject, 's')} {_written(predicate, 'p')} {_written(value, 'o')}"
    if subject and predicate and value:
        # A solution that binds no variable cannot be told from no solution.
        pattern = f"VALUES ?p {{ {predicate} }} {subject} ?p {value}"
    return _in_graph(pattern, graph)


def word_lookup(pattern: Any, graphs: Graphs) -> Wording:
    """The query to the backend for a few quads that a query process wants.

    :param pattern: as :mod:`pfocr_rdf.web.lookups` sends it; it is checked, as query processes are
        not trusted.
    :raises Refusal: if it is not a pattern, or names a graph that is not the release's.
    """
    try:
        subject, predicate, value, graph = (_looked_up(pattern[place]) for place in PLACES)
        most = 1 if pattern[FIRST] else LOOKUP_QUADS
    except (AnswerError, KeyError, TypeError) as error:
        raise Refusal(
            "internal", f"a query process asked for what is not a pattern ({error})"
        ) from None
    is_ours = isinstance(graph, NamedNode) and graph.value in graphs.named
    if not (is_ours or graph in (None, DATA)):
        raise Refusal("internal", "a query process asked for a graph that is not the release's")
    text = written_pattern(subject, predicate, value, graph)
    return Wording(f"SELECT * {{ {text} }} LIMIT {most}", seen_graphs(graphs, graph))


def _looked_up(cell: Any) -> Any:
    return DATA if cell == DEFAULT else cell and read_term(cell)


def seen_graphs(graphs: Graphs, graph: Graph) -> Dataset:
    """The dataset for a pattern in a graph; the default graph in it says which release it is."""
    if isinstance(graph, NamedNode) and graphs.default:
        return Dataset(graphs.default, (graph.value,))
    return graphs.dataset


def _written(term: Value | None, variable: str) -> str:
    return f"?{variable}" if term is None else str(term)


def _list(nodes: Iterable[NamedNode]) -> str:
    return " ".join(map(str, nodes))


def _in_graph(pattern: str, graph: Graph) -> str:
    if isinstance(graph, NamedNode):
        return f"GRAPH {graph} {{ {pattern} }}"
    if isinstance(graph, DefaultGraph):
        return pattern
    return f"{{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }}"


def _node(known: NamedNode | None, row: Mapping[str, Any], name: str) -> NamedNode:
    found = _term(known, row, name)
    if not isinstance(found, NamedNode):
        raise _unreadable(f"{found} is not an IRI")
    return found


def _term(known: Value | None, row: Mapping[str, Any], name: str) -> Value:
    if known is not None:
        return known
    try:
        found = read_term(row[name])
    except (AnswerError, KeyError) as error:
        raise _unreadable(error) from None
    if isinstance(found, Literal):
        return found if found.datatype == STRING else canonical(found)
    if isinstance(found, NamedNode):
        return found
    raise _unreadable(f"{found} cannot be in a release")


@lru_cache(maxsize=4096)
def canonical(literal: Literal) -> Literal:
    """A literal as a release's store returns it, which writes each number in one way.

    >>> from pfocr_rdf.iris import XSD
    >>> [
    ...     canonical(Literal(text, datatype=NamedNode(XSD + kind))).value
    ...     for text, kind in (("1", "boolean"), ("1.50", "decimal"), ("1.0", "double"))
    ... ]
    ['true', '1.5', '1']
    """
    store = Store()
    store.add(Quad(RDF_TYPE, RDF_TYPE, literal))
    return next((quad.object for quad in store if isinstance(quad.object, Literal)), literal)


def _graph(known: Graph, row: Mapping[str, Any]) -> DefaultGraph | NamedNode:
    if known is not None:
        return known
    return _node(None, row, "g") if "g" in row else DATA


def _unreadable(reason: object) -> Refusal:
    return failed(f"its answer cannot be used: {str(reason)[:300]}")
