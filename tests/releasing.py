"""Data folders made from a release that was built once: as it is, or with other quads in it."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import Quad, Store

from building import build
from making import SEEDS
from pfocr_rdf.build.finish import write_manifest
from pfocr_rdf.releases import Release, make_current


def add_release(release: Release, data: Path, name: str, quads: Iterable[Quad] = ()) -> Release:
    """A copy of a release under another id, with more quads in its store; not yet current."""
    path = data / "releases" / name
    shutil.copytree(release.path, path)
    quads = list(quads)
    if quads:
        store = Store(str(path / "store"))
        store.bulk_extend(quads)
        store.flush()
        store.optimize()
        del store
        published = path / "dumps" / "manifest.json"
        facts = json.loads(published.read_text())
        facts["triples"] += len(quads)
        published.write_text(json.dumps(facts))
        write_manifest(path)
    return Release(name, path)


def data_folder(release: Release, data: Path, quads: Iterable[Quad] = ()) -> Path:
    """A data folder whose one release is a copy, with more quads."""
    made = add_release(release, data, release.id, quads)
    make_current(data, made)
    return data


def copied_folder(release: Release, data: Path) -> Path:
    """A copy of the data folder that a release is in, with all that the next build takes over."""
    return Path(shutil.copytree(release.path.parents[1], data, symlinks=True, dirs_exist_ok=True))


def alike(folder: Path) -> Release:
    """A release of the samples with another title, and so with as many triples."""
    records = Path(shutil.copytree(SEEDS, folder / "alike"))
    for path in (records / "_figures").iterdir():
        text = path.read_text("utf-8").replace("General mechanisms", "GENERAL mechanisms")
        path.write_text(text, "utf-8")
    return build(records, folder / "alike-data").release
