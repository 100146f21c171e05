"""Why a query finds nothing: it asks for an IRI that the release does not have.

Most often it is one in another spelling, the like of ``https://schema.org/``, which SPARQL
takes for something else.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store

from pfocr_rdf.contents import same_thing
from pfocr_rdf.iris import RDFS, VOID, XSD, Iris, term
from pfocr_rdf.syntax import iris_in, names_graphs

Find = Callable[[str], NamedNode | None]

SCHEME_TO_OTHER: Final = {"http": "https", "https": "http"}
#: After the last of these characters the name of a term begins.
SPLIT_RE: Final = re.compile(r"(?<=[/#:])(?=[^/#:]*\Z)")
#: How alike two names are of which one may be meant for the other, from 0 to 1.
ALIKE: Final = 0.8
#: What the description of a release lists its classes and properties by.
LISTING: Final = (term(VOID, "class"), term(VOID, "property"))
DEFINED_BY: Final = term(RDFS, "isDefinedBy")


def absent_iris(text: str, store: Store, iris: Iris) -> Iterator[NamedNode]:
    """The IRIs of a query that no triple of the default graph has.

    :param text: of a query; its own prefixes go before those of ``iris``. Of one that names
        graphs, the IRIs that no graph has.
    """
    graph = None if names_graphs(text) else DefaultGraph()
    for iri in iris_in(text, iris.prefixes()):
        if iri.startswith(XSD):  # DATATYPE(?year) is compared with it: it is in no triple
            continue
        with suppress(ValueError):  # which the parser of the query would have refused
            if not _is_there(node := NamedNode(iri), store, graph):
                yield node


def _is_there(node: NamedNode, store: Store, graph: DefaultGraph | None) -> bool:
    found = (
        store.quads_for_pattern(node, None, None, graph),
        store.quads_for_pattern(None, node, None, graph),
        store.quads_for_pattern(None, None, node, graph),
    )
    return any(next(quads, None) for quads in found)


def present_instead(
    node: NamedNode, store: Store, iris: Iris, find: Find = lambda text: None
) -> str:
    """What the release has in the place of an absent IRI; "" where nothing is alike.

    :param find: the IRI that the release would have for a spelling, such as
        :func:`pfocr_rdf.spellings.find_iri` tells.
    """
    others = (same_thing(node, store, iris), _other_scheme(node), find(node.value))
    for other in filter(None, others):
        if other != node and _is_there(other, store, DefaultGraph()):
            return other.value
    return _alike(node.value, list(_terms(store)))


def _other_scheme(node: NamedNode) -> NamedNode | None:
    """With http for https, and the other way round."""
    scheme, mark, rest = node.value.partition("://")
    other = SCHEME_TO_OTHER.get(scheme)
    return NamedNode(f"{other}://{rest}") if mark and other else None


def _terms(store: Store) -> Iterator[str]:
    """The classes and properties of the release, and the terms of its own vocabulary."""
    for listing in LISTING:
        for quad in store.quads_for_pattern(None, listing, None, DefaultGraph()):
            if isinstance(quad.object, NamedNode):
                yield quad.object.value
    for quad in store.quads_for_pattern(None, DEFINED_BY, None, DefaultGraph()):
        if isinstance(quad.subject, NamedNode):
            yield quad.subject.value


def _alike(iri: str, terms: Sequence[str]) -> str:
    """The term with nearly the same name in its namespace, or with the same one in another.

    >>> _alike("https://x.org/#Tier", ["https://x.org/#tier", "https://y.org/#Tier"])
    'https://x.org/#tier'
    >>> _alike("https://x.org/title", ["https://y.org/#title", "https://x.org/tail"])
    'https://y.org/#title'
    """
    namespace, name = _parts(iri)
    near = {_parts(one)[1]: one for one in terms if _parts(one)[0] == namespace}
    if found := get_close_matches(name, near, n=1, cutoff=ALIKE):
        return near[found[0]]
    return next((one for one in terms if _parts(one)[1] == name), "")


def _parts(iri: str) -> tuple[str, str]:
    """Namespace and name, without its case, which is what is wrong most often."""
    namespace, name = SPLIT_RE.split(iri, 1)
    return namespace, name.lower()
