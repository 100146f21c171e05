"""Copied dumps are an RO-Crate: what they are, an archive reads from a file beside them."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store, parse
from rocrate.rocrate import ROCrate

from building import build
from linking import RECORD, sssom
from making import write
from pfocr_rdf import iris as ns
from pfocr_rdf.crate import CRATE, describe_crate
from pfocr_rdf.dumps import MAPPINGS
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.publish import copy_dumps
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import NO_LICENSE

#: What the context of RO-Crate 1.2 has of what is used; at hand is that of a later version.
TERMS: Final = frozenset(
    {
        *("CreativeWork", "Dataset", "File", "Organization", "ScholarlyArticle", "WebPage"),
        *("about", "author", "citation", "conformsTo", "contentSize", "datePublished"),
        *("description", "encodingFormat", "hasPart", "isBasedOn", "keywords", "license", "name"),
        *("publisher", "sha256", "url", "version"),
    }
)
HERE: Final = "https://archive.example/deposit/"


def described(release: Release) -> dict[str, dict[str, Any]]:
    """Each thing by what it is called."""
    return {each["@id"]: each for each in json.loads(describe_crate(release))["@graph"]}


def test_another_program_reads_what_the_folder_is_and_finds_its_files(
    any_release: Release, tmp_path: Path
) -> None:
    copied = copy_dumps(any_release, tmp_path / "to")
    crate = ROCrate(tmp_path / "to")
    assert crate.metadata["conformsTo"] == ns.RO_CRATE
    assert crate.name.startswith("Pathway Figure OCR (PFOCR) as linked data, release ")
    assert crate.license.id == ns.CC0
    assert crate.root_dataset["author"]["name"] == "WikiPathways"
    found = {Path(str(entity.source)): entity for entity in crate.data_entities}
    assert sorted(found) == [path for path in copied if path.name != CRATE]
    for path, entity in found.items():
        assert int(entity["contentSize"]) == path.stat().st_size
        assert entity["description"] != path.name


def test_every_term_is_one_of_ro_crate_and_nothing_is_lost_as_rdf(mixed_release: Release) -> None:
    context = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes())["@context"]
    document = json.loads(describe_crate(mixed_release))
    keys = {key for entity in document["@graph"] for key in entity if not key.startswith("@")}
    assert keys | {entity["@type"] for entity in document["@graph"]} == TERMS
    document["@context"] = context
    data = json.dumps(document).encode()
    store = Store()
    store.extend(parse(data, RdfFormat.JSON_LD, base_iri=HERE))
    said = Store()
    said.extend(parse(path=mixed_release.dumps / "void.ttl", format=RdfFormat.TURTLE))
    version = mixed_release.manifest()["version"]
    parts = [
        quad.object for quad in store.quads_for_pattern(None, term(ns.SCHEMA, "hasPart"), None)
    ]
    names = [part.value.removeprefix(HERE) for part in parts if isinstance(part, NamedNode)]
    sized = [name for name in names if name.startswith(("pfocr.", "equivalents."))]
    assert (len(names), len(sized)) == (8, 5)
    for name in sized:
        for mine, published, theirs in (
            ("contentSize", name, term(ns.SCHEMA, "contentSize")),
            ("sha256", f"{name}.sha256", term(ns.SPDX, "checksumValue")),
        ):
            [here] = store.quads_for_pattern(NamedNode(HERE + name), term(ns.SCHEMA, mine), None)
            [there] = said.quads_for_pattern(Iris().part(version, published), theirs, None)
            assert isinstance(here.object, Literal)
            assert isinstance(there.object, Literal)
            assert here.object.value == there.object.value


def test_it_is_dated_as_the_release(mixed_release: Release) -> None:
    assert described(mixed_release)["./"]["datePublished"] == "2025-01-01"


def test_a_release_without_a_date_has_the_day_on_which_it_was_built(
    copied_release: Release,
) -> None:
    named = Release("20261121T063029Z-341a5b955fb8", copied_release.path)
    assert described(named)["./"]["datePublished"] == "2026-11-21"
    os.utime(copied_release.path / "manifest.json", (0, 86_400))
    assert described(Release("mine", copied_release.path))["./"]["datePublished"] == "1970-01-02"


def test_links_from_mapping_sets_have_the_licences_of_the_sets_that_gave_any(
    tmp_path: Path,
) -> None:
    rows = "gene:5742|skos:exactMatch|x:1|semapv:ManualMappingCuration"
    files = {
        "a.sssom.tsv": sssom([rows], metadata="", mapping_set="https://a.example/"),
        "b.sssom.tsv": sssom([rows], mapping_set="https://b.example/"),
        "c.sssom.tsv": sssom(
            [rows.replace("5742", "1")],
            metadata="license: https://none.example/",
            mapping_set="https://c.example/",
        ),
    }
    paths = tuple(write(tmp_path / "mappings", files) / name for name in files)
    mapped = build(write(tmp_path / "records", RECORD), tmp_path / "data", mappings=paths).release
    entities = described(mapped)
    unspecified, named = (each["@id"] for each in entities[MAPPINGS.file]["license"])
    assert (unspecified, named) == (NO_LICENSE.value, "https://l.example/")
    assert entities[unspecified]["description"].startswith("The mapping set names none: ")
    assert entities[named]["description"] == "The licence that a mapping set names for its links."
    licensed = [name for name, entity in entities.items() if "license" in entity]
    assert licensed == ["./", MAPPINGS.file]
    assert "https://none.example/" not in entities


def test_where_no_set_gave_links_there_is_no_licence_of_theirs(tmp_path: Path) -> None:
    text = sssom(["gene:1|skos:exactMatch|x:1|semapv:ManualMappingCuration"])
    path = write(tmp_path / "mappings", {"a.sssom.tsv": text}) / "a.sssom.tsv"
    mapped = build(write(tmp_path / "records", RECORD), tmp_path / "data", mappings=(path,)).release
    assert "license" not in described(mapped)[MAPPINGS.file]


def test_two_copies_are_the_same_bytes(seeds_release: Release, tmp_path: Path) -> None:
    one, other = (
        copy_dumps(seeds_release, tmp_path / "1"),
        copy_dumps(seeds_release, tmp_path / "2"),
    )
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_manifest_that_does_not_tell_a_licence_is_refused(copied_release: Release) -> None:
    path = copied_release.path / "manifest.json"
    path.write_text(json.dumps({**copied_release.manifest(), "mapping_sets": [{"triples": 1}]}))
    with pytest.raises(ReleaseError) as refused:
        describe_crate(copied_release)
    assert str(refused.value) == (
        f"{path}: not a manifest (KeyError('license')): build again, or roll back"
    )
