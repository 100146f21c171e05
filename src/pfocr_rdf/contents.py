"""What a release is read with: its store, and the IRIs that it was built with."""

from collections.abc import Iterator
from typing import Any, Final, Protocol

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from pfocr_rdf.errors import IriError, ReleaseError
from pfocr_rdf.iris import SCHEMA, Iris, term
from pfocr_rdf.releases import MANIFEST, Release

#: Of the vocabulary, which is not imported: with it come the readers of records.
SAME_AS: Final = term(SCHEMA, "sameAs")
#: What leads from a figure to its page at PubMed Central, and to its picture.
PAGES: Final = (term(SCHEMA, "url"), term(SCHEMA, "contentUrl"))


class Quads(Protocol):
    """Whoever can be asked for the quads of a pattern, as a store can."""

    def quads_for_pattern(
        self, subject: Any, predicate: Any, object: Any, graph_name: Any = None, /
    ) -> Iterator[Quad]:
        """The quads of a pattern, in which None stands for anything."""


def open_store(release: Release) -> Store:
    """The store of a release, to read only.

    :raises ReleaseError: if it cannot be opened.
    """
    try:
        return Store.read_only(str(release.store))
    except (OSError, RuntimeError) as error:
        raise ReleaseError(
            f"{release.store}: not a readable store ({error}): run `pfocr-rdf verify` on it"
        ) from error


def iris_of(release: Release) -> Iris:
    """The IRIs that a release was built with.

    :raises ReleaseError: if its manifest does not tell them.
    """
    manifest = release.manifest()
    try:
        return Iris(manifest["base"], manifest["genes"])
    except (KeyError, TypeError, IriError) as error:
        path = release.path / MANIFEST
        reason = f"not a manifest ({error!r}): build again, or roll back"
        raise ReleaseError(f"{path}: {reason}") from error


def same_thing(node: NamedNode, store: Quads, iris: Iris) -> NamedNode:
    """The thing of the release that an IRI is another spelling of, or a page of.

    The IRI itself where it is neither.
    """
    spelt = store.quads_for_pattern(None, SAME_AS, node, iris.equivalents)
    pages = (store.quads_for_pattern(None, page, node, DefaultGraph()) for page in PAGES)
    found = (quad.subject for quads in (spelt, *pages) for quad in quads)
    return next((thing for thing in found if isinstance(thing, NamedNode)), node)
