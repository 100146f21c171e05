"""What a release is read with: its store, and the IRIs that it was built with."""

from pyoxigraph import Store

from pfocr_rdf.errors import IriError, ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import MANIFEST, Release


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
