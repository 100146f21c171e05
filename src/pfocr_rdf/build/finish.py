"""The last files of a release: the description, the manifests, the checksums."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph

from pfocr_rdf import __version__
from pfocr_rdf.dataset import ReleaseFacts, file_facts
from pfocr_rdf.dumps import turtle_document
from pfocr_rdf.iris import Iris
from pfocr_rdf.listing import ListedFile, checksums, hashed, is_manifested
from pfocr_rdf.mapping import Node, triples
from pfocr_rdf.tally import Tally, by_subject


def write_publication(
    unfinished: Path,
    facts: ReleaseFacts,
    files: Sequence[ListedFile],
    description: Sequence[Node],
    total: Tally,
    iris: Iris,
) -> None:
    """Write ``void.ttl``, ``manifest.json`` and ``SHA256SUMS`` beside the dumps.

    They contain no time but the given date of issue, so they are the same bytes on every machine.
    """
    folder = unfinished / "dumps"
    nodes = [*description, *file_facts(facts, files, iris)]
    (folder / "void.ttl").write_bytes(_turtle(nodes, iris))
    listed = [*files, hashed(folder / "void.ttl")]
    manifest: dict[str, Any] = {
        "version": facts.version,
        "issued": facts.issued,
        "base": iris.base,
        "genes": iris.gene_prefix,
        "license": "CC0-1.0",
        "figures": facts.figures,
        "triples": total.triples,
        "equivalents": facts.equivalents,
        **_mapped(facts),
        "programs": {"pfocr-rdf": __version__, "pyoxigraph": pyoxigraph.__version__},
        "files": _rows(listed),
    }
    _write_json(folder / "manifest.json", manifest)
    listed.append(hashed(folder / "manifest.json"))
    sums = checksums(sorted(listed, key=lambda f: f.name))
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")


def _mapped(facts: ReleaseFacts) -> dict[str, Any]:
    """The manifest's entries on mapping sets, which have their own licences; empty without any."""
    if facts.mappings is None:
        return {}
    sets = [
        {
            "id": one.mapping_set,
            "graph": one.graph.value,
            "license": one.license.value,
            "triples": one.triples,
        }
        for one in facts.mappings
    ]
    return {"mappings": sum(one.triples for one in facts.mappings), "mapping_sets": sets}


def write_manifest(unfinished: Path) -> None:
    """Write the manifest of the whole release, store included.

    Only a hash reveals a flipped byte inside the store: opening or counting it does not.
    """
    published = json.loads((unfinished / "dumps" / "manifest.json").read_text(encoding="utf-8"))
    paths = [Path(parent, name) for parent, _, names in os.walk(unfinished) for name in names]
    found = sorted((path.relative_to(unfinished).as_posix(), path) for path in paths)
    published["files"] = _rows(hashed(path, name) for name, path in found if is_manifested(name))
    _write_json(unfinished / "manifest.json", published)


def _rows(files: Iterable[ListedFile]) -> list[dict[str, Any]]:
    return [{"name": f.name, "bytes": f.size, "sha256": f.sha256} for f in files]


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _turtle(nodes: Sequence[Node], iris: Iris) -> bytes:
    """Nodes as Turtle, with all statements about a subject together."""
    return turtle_document(list(triples(by_subject(nodes))), iris)
