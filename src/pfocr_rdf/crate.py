"""A folder of dumps as an RO-Crate: a description that names files by their relative paths.

``void.ttl`` names them by their addresses under the base, where those of the current release are
downloaded; a copy in an archive is elsewhere. https://w3id.org/ro/crate/1.2 is the specification.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pfocr_rdf import iris as ns
from pfocr_rdf.contents import dump_files, iris_of
from pfocr_rdf.dataset import DESCRIPTION, FORMAT_TO_SYNTAX, KEYWORDS, PUBLISHER, TITLE
from pfocr_rdf.dumps import FILE_TO_TYPE, FILE_TO_WORDS, FORMATS, MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.listing import ListedFile
from pfocr_rdf.release_ids import made_at
from pfocr_rdf.releases import MANIFEST, Release
from pfocr_rdf.vocabulary import NO_LICENSE

CRATE: Final = "ro-crate-metadata.json"
ROOT: Final = "./"
FILE_TO_SPECIFICATION: Final = {form.file: form.specification for form in NAME_TO_FORMAT.values()}
SPECIFICATION_TO_NAME: Final = {form.specification: FORMAT_TO_SYNTAX[form.name] for form in FORMATS}
#: Licence → its name, and what it says.
LICENCE_TO_WORDS: Final = {
    ns.CC0: ("Creative Commons Zero 1.0", "The data may be used for anything, without asking."),
    NO_LICENSE.value: (
        "No licence",
        "The mapping set names none: nobody knows whether its links may be passed on.",
    ),
}

#: One thing of the description: its properties, by their names in RO-Crate's context.
Entity = dict[str, Any]


def describe_crate(release: Release) -> bytes:
    """The content of ``ro-crate-metadata.json`` for the dumps of a release.

    A crate must have a date: that of the release or, if it has none, the day on which it was built.
    Then two builds of the same records have different crates, as they have different names.
    https://www.researchobject.org/ro-crate/specification/1.2/

    :raises ReleaseError: if the manifest cannot be read, or lacks what is needed.
    """
    manifest = release.manifest()
    files = dump_files(release)
    licences = _licences(release, manifest)
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": _to(ROOT),
            "conformsTo": _to(ns.RO_CRATE),
        },
        _root(release, manifest, files),
        *(_file(file, licences) for file in files),
        *_formats(files),
        *_origin(),
        *(_licence(iri) for iri in dict.fromkeys([ns.CC0, *licences])),
    ]
    document = {"@context": f"{ns.RO_CRATE}/context", "@graph": graph}
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _root(release: Release, manifest: Mapping[str, Any], files: Sequence[ListedFile]) -> Entity:
    version, iris = manifest.get("version", release.id), iris_of(release)
    return {
        "@id": ROOT,
        "@type": "Dataset",
        "name": f"{TITLE}, release {version}",
        "description": DESCRIPTION,
        "datePublished": manifest.get("issued") or _built_on(release),
        "license": _to(ns.CC0),
        "version": version,
        "url": iris.dataset.value,
        "keywords": list(KEYWORDS),
        "author": _to(ns.WIKIPATHWAYS_HOME),
        "publisher": _to(ns.WIKIPATHWAYS_HOME),
        "citation": _to(ns.PAPER),
        "isBasedOn": _to(ns.REPOSITORY),
        "hasPart": [_to(file.name) for file in files],
    }


def _built_on(release: Release) -> str:
    """The day in the release's name or, if it was renamed, the day its manifest was written."""
    written = (release.path / MANIFEST).stat().st_mtime
    made = made_at(release.id) or datetime.fromtimestamp(written, UTC)
    return made.date().isoformat()


def _licences(release: Release, manifest: Mapping[str, Any]) -> list[str]:
    """The licences of the mapping sets that gave links: the links are not ours."""
    try:
        sets = [each for each in manifest.get("mapping_sets", ()) if each["triples"]]
        return list(dict.fromkeys(each["license"] for each in sets))
    except (KeyError, TypeError) as error:
        path = release.path / MANIFEST
        reason = f"not a manifest ({error!r}): build again, or roll back"
        raise ReleaseError(f"{path}: {reason}") from error


def _file(file: ListedFile, licences: Sequence[str]) -> Entity:
    specification = FILE_TO_SPECIFICATION.get(file.name)
    is_theirs = file.name == MAPPINGS.file and licences
    theirs = {"license": [_to(iri) for iri in licences]} if is_theirs else {}
    return {
        "@id": file.name,
        "@type": "File",
        "name": file.name,
        "description": FILE_TO_WORDS.get(file.name, file.name),
        "encodingFormat": ["application/gzip", _to(specification)]
        if specification
        else FILE_TO_TYPE.get(file.name, "application/octet-stream"),
        "contentSize": str(file.size),
        "sha256": file.sha256,
        **theirs,
    }


def _formats(files: Sequence[ListedFile]) -> Iterator[Entity]:
    """The formats of the compressed files."""
    for iri in dict.fromkeys(FILE_TO_SPECIFICATION.get(file.name) for file in files):
        if iri:
            yield {"@id": iri, "@type": "WebPage", "name": SPECIFICATION_TO_NAME[iri], "url": iri}


def _origin() -> Iterator[Entity]:
    """The publisher and the sources; not the program, which has no address as a crate requires."""
    home = ns.WIKIPATHWAYS_HOME
    yield {"@id": home, "@type": "Organization", "name": PUBLISHER, "url": home}
    yield {
        "@id": ns.PAPER,
        "@type": "ScholarlyArticle",
        "name": "Pathway information extracted from 25 years of pathway figures",
        "url": ns.PAPER,
    }
    yield {
        "@id": ns.REPOSITORY,
        "@type": "CreativeWork",
        "name": "The PFOCR database",
        "url": ns.REPOSITORY,
    }


def _licence(iri: str) -> Entity:
    """A licence; of most that mapping sets name, no more is known than the IRI."""
    name, words = LICENCE_TO_WORDS.get(
        iri, (iri, "The licence that a mapping set names for its links.")
    )
    return {"@id": iri, "@type": "CreativeWork", "name": name, "description": words}


def _to(identifier: str) -> Entity:
    """A reference to something that is described elsewhere, or needs no description."""
    return {"@id": identifier}
