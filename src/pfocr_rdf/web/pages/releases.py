"""The pages of releases: the one being served, others that are kept, and those that are gone.

Each is described by its own data: the release being served by its store, another one that is
still on disk by the ``void.ttl`` among its dumps.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Triple, parse
from starlette.responses import Response

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.pruned import pruned_releases
from pfocr_rdf.release_ids import made_at, version_of
from pfocr_rdf.releases import Release, list_releases
from pfocr_rdf.web.pages.forms import Form
from pfocr_rdf.web.pages.html import html_reply
from pfocr_rdf.web.pages.resource import answer_triples
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

RELEASES: Final = "releases"
VOID: Final = "void.ttl"


@dataclass(frozen=True, slots=True)
class Kept:
    """A release that is on disk."""

    version: str
    release: Release
    issued: str | None
    figures: int
    triples: int
    served: bool

    @property
    def built(self) -> str:
        """When it was built, to the minute; empty if its folder was renamed."""
        made = made_at(self.release.id)
        return f"{made:%Y-%m-%d %H:%M}" if made else ""


def kept_releases(visit: Visit) -> list[Kept]:
    """The releases that are on disk, the newest first.

    Damaged releases are left out, and releases that were built for another base, as their addresses
    are not on this server.
    """
    return list(_kept(visit))


def _kept(visit: Visit) -> Iterator[Kept]:
    for release in reversed(list_releases(visit.data)):
        with suppress(ReleaseError, KeyError):
            facts = release.manifest()
            if facts["base"] != visit.reading.iris.base:
                continue
            yield Kept(
                facts["version"],
                release,
                facts["issued"],
                facts["figures"],
                facts["triples"],
                release.id == visit.reading.release.id,
            )


def answer_releases(visit: Visit) -> Response:
    """The page that lists the releases that are kept and those that were deleted."""
    kept = kept_releases(visit)
    # The same records give the same version, so it may have been deleted several times.
    deleted = dict.fromkeys(map(version_of, reversed(pruned_releases(visit.data))))
    there = {one.version for one in kept}
    return html_reply(
        visit,
        "releases.html",
        title="Releases",
        current="dataset",
        kept=kept,
        gone=[version for version in deleted if version and version not in there],
    )


def answer_release(
    visit: Visit, thing: NamedNode, address: str, suffix: Form | None
) -> Response | None:
    """The page of a release that is not being served; None if the address is not that of one.

    :raises Refusal: ``gone`` or ``not-found``.
    """
    folder, _, version = address.partition("/")
    if folder != RELEASES or not version or "/" in version or version == visit.reading.version:
        return None
    for kept in _kept(visit):
        if kept.version == version and (triples := _description(kept.release, thing)):
            return answer_triples(visit, thing, address, suffix, triples)
    current = f"{RELEASES}/{visit.reading.version}"
    if version in map(version_of, pruned_releases(visit.data)):
        detail = f"release {version} was deleted; the one that is served now is /{current}"
        raise Refusal("gone", detail, near=[current, RELEASES])
    raise _unknown(visit, version)


def _unknown(visit: Visit, version: str) -> Refusal:
    known = [f"{RELEASES}/{kept.version}" for kept in _kept(visit)]
    return Refusal("not-found", f"there is no release {version[:100]!r} here", near=known)


def _description(release: Release, thing: NamedNode) -> list[Triple]:
    """The triples about a release and its parts in its dumps; empty if they cannot be read."""
    path = release.dumps / VOID
    try:
        quads = list(parse(path=str(path), format=RdfFormat.TURTLE))
    except (OSError, SyntaxError):  # deleted at this moment, or damaged
        return []
    return [
        quad.triple
        for quad in quads
        if isinstance(quad.subject, NamedNode)
        and quad.subject.value.partition("#")[0] == thing.value
    ]
