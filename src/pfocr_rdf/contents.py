"""Reading a release: holding it, its store, its dumps, the IRIs that it was built with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, runtime_checkable

from pyoxigraph import DefaultGraph, NamedNode, Quad, QuerySolutions, Store

from pfocr_rdf.errors import NO_FILES, OPEN_MORE, IriError, ReleaseError
from pfocr_rdf.iris import SCHEMA, Iris, term
from pfocr_rdf.listing import ListedFile, listed_files
from pfocr_rdf.releases import MANIFEST, Release, find_release, hold_release

#: As in :mod:`pfocr_rdf.vocabulary`, which is not imported: it imports the readers of records.
SAME_AS: Final = term(SCHEMA, "sameAs")
DUMPS: Final = "dumps/"
#: The properties that lead from a figure to its page at PubMed Central, and to its picture.
PAGES: Final = (term(SCHEMA, "url"), term(SCHEMA, "contentUrl"))


class Quads(Protocol):
    """Anything that finds the quads of a pattern, as a store does."""

    def quads_for_pattern(
        self, subject: Any, predicate: Any, object: Any, graph_name: Any = None, /
    ) -> Iterator[Quad]:
        """The quads of a pattern, in which None stands for anything."""


@runtime_checkable
class Distant(Quads, Protocol):
    """Quads that take time to come, such as those of another engine."""

    def first_quad(
        self, subject: Any, predicate: Any, object: Any, graph_name: Any = None, /
    ) -> Quad | None:
        """One quad of a pattern, if there is any, without waiting for the others."""


@runtime_checkable
class Answering(Quads, Protocol):
    """Quads of which whole queries can be asked, as long as there is time."""

    def rows(self, text: str, /) -> QuerySolutions | None:
        """The solutions of a SELECT query; None if the quads only find those of a pattern."""


def rows_of(quads: Quads, text: str) -> QuerySolutions | None:
    """The solutions of a SELECT query; None if the quads only find those of a pattern.

    >>> list(rows_of(Store(), "SELECT ?s { ?s ?p ?o }"))
    []
    """
    if isinstance(quads, Answering):
        return quads.rows(text)
    answer = quads.query(text) if isinstance(quads, Store) else None
    return answer if isinstance(answer, QuerySolutions) else None


def first_quad(
    quads: Quads, subject: Any, predicate: Any, value: Any, graph: Any = None
) -> Quad | None:
    """One quad of a pattern, in which None stands for anything; None if there is none.

    >>> first_quad(Store(), None, SAME_AS, None) is None
    True
    """
    if isinstance(quads, Distant):
        return quads.first_quad(subject, predicate, value, graph)
    return next(quads.quads_for_pattern(subject, predicate, value, graph), None)


@contextmanager
def holding_named(data: Path, name: str) -> Iterator[Release]:
    """The release with a name, as :func:`find_release` takes it, held while it is read.

    :raises ReleaseError: if there is none, or it cannot be held.
    """
    release, lock = find_and_hold(data, name)
    with lock:
        yield release


def find_and_hold(data: Path, name: str) -> tuple[Release, BinaryIO]:
    """The release with a name, and a file that holds the release until it is closed.

    :raises ReleaseError: if there is none, or it cannot be held.
    """
    release = find_release(data, name)
    while True:
        try:
            return release, hold_release(release)
        except ReleaseError:
            # It was pruned before it could be held, because another was published: take that.
            now = find_release(data, name)
            if now == release:
                raise
            release = now


def dump_files(release: Release) -> list[ListedFile]:
    """The files that are published, by their names in the folder of dumps.

    :raises ReleaseError: if the manifest does not list them.
    """
    files = listed_dumps(release.manifest())
    if files is None:
        path = release.path / MANIFEST
        raise ReleaseError(f"{path}: no list of files: build again, or roll back")
    return files


def listed_dumps(manifest: Mapping[str, Any]) -> list[ListedFile] | None:
    """The files that are published, as a release's manifest lists them; None if it lists none.

    >>> listed_dumps({"files": [{"name": "dumps/void.ttl", "bytes": 1, "sha256": "…"}]})
    [ListedFile(name='void.ttl', size=1, sha256='…')]
    """
    files = listed_files(manifest)
    if files is None:
        return None
    return [
        replace(file, name=file.name.removeprefix(DUMPS))
        for file in files
        if file.name.startswith(DUMPS) and file.name.count("/") == 1
    ]


def open_store(release: Release) -> Store:
    """The store of a release, opened to read only.

    :raises ReleaseError: if it cannot be opened.
    """
    try:
        return Store.read_only(str(release.store))
    except (OSError, RuntimeError) as error:
        is_full = any(words in str(error) for words in NO_FILES)
        advice = OPEN_MORE if is_full else "run `pfocr-rdf verify` on it"
        raise ReleaseError(f"{release.store}: not a readable store ({error}): {advice}") from error


def iris_of(release: Release) -> Iris:
    """The IRIs that a release was built with.

    :raises ReleaseError: if its manifest does not state them.
    """
    manifest = release.manifest()
    try:
        return Iris(manifest["base"], manifest["genes"])
    except (KeyError, TypeError, IriError) as error:
        path = release.path / MANIFEST
        reason = f"not a manifest ({error!r}): build again, or roll back"
        raise ReleaseError(f"{path}: {reason}") from error


def same_thing(node: NamedNode, store: Quads, iris: Iris) -> NamedNode:
    """The thing of the release that an IRI is another spelling, a page or a picture of.

    The IRI itself if it is none of these.
    """
    spelt = store.quads_for_pattern(None, SAME_AS, node, iris.equivalents)
    pages = (store.quads_for_pattern(None, page, node, DefaultGraph()) for page in PAGES)
    found = (quad.subject for quads in (spelt, *pages) for quad in quads)
    return next((thing for thing in found if isinstance(thing, NamedNode)), node)
