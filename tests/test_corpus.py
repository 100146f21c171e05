"""Real records: none is skipped, and each figure mentions what its own files identify.

What is expected is worked out here, from YAML and TSV by hand, not by the reader under test.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pyoxigraph import NamedNode

from making import CORPUS, SEEDS, read_all, subjects, triples_of, values
from pfocr_rdf.errors import Problem
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Figure, Kind, open_collection
from pfocr_rdf.vocabulary import KIND_TO_MENTION, Oa, Pfocr, Schema

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real records are not at ../shared/corpus: nothing was tried"
)
FOLDERS: Final = [
    pytest.param(SEEDS, id="seeds"),
    pytest.param(CORPUS / "pfocr-database", id="pfocr-database", marks=needs_corpus),
    pytest.param(CORPUS / "tables-2020", id="tables-2020", marks=needs_corpus),
]
KIND_TO_PLURAL: Final[dict[Kind, str]] = {
    "gene": "genes",
    "chemical": "chemicals",
    "disease": "diseases",
}
#: Everything that may be found wrong in these records; each was looked at.
RIGHT_WARNINGS: Final = {
    *("organism", "keywords", "missing", "two generations", "caption", "orphan table"),
    *("map line", "link to another article", "number", "control characters", "unrecognized value"),
}


@cache
def read_once(folder: Path) -> tuple[dict[str, Figure], list[Problem]]:
    """As :func:`making.read_all`, which takes a second for the largest folder."""
    return read_all(folder)


@cache
def front_matter(path: Path) -> dict[str, Any]:
    """A record's front matter, every scalar as text."""
    matched = re.match(r"---\n(.*?\n)---\n", path.read_text(encoding="utf-8"), re.DOTALL)
    assert matched
    loaded: dict[str, Any] = yaml.load(matched[1], Loader=yaml.CBaseLoader)
    return loaded


def table_rows(folder: Path, figid: str, kind: Kind) -> list[dict[str, str]]:
    """The rows of a companion table; none where there is no table."""
    path = folder / "_data" / f"{figid}-{KIND_TO_PLURAL[kind]}.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def identified(kind: Kind, row: dict[str, str]) -> str | None:
    """The IRI of what one row identifies."""
    if kind == "gene":
        gene = row.get("ncbigene_id", row.get("entrez", ""))
        return f"https://identifiers.org/ncbigene/{gene}" if gene.isdigit() else None
    mesh = re.fullmatch(r"(?:mesh:)?([CD]\d+)", row.get("mesh", row.get("identifier", "")))
    if mesh:
        return f"http://id.nlm.nih.gov/mesh/{mesh[1]}"
    other = re.fullmatch(
        r"(chebi|doid):(\d+)", row.get("chebi", row.get("doid", "")), re.IGNORECASE
    )
    return f"http://purl.obolibrary.org/obo/{other[1].upper()}_{other[2]}" if other else None


def expected_mentions(folder: Path, path: Path) -> dict[Kind, set[str]]:
    """What a record and its tables identify, by kind; tables win."""
    fields = front_matter(path)
    found: dict[Kind, set[str]] = {}
    for kind, plural in KIND_TO_PLURAL.items():
        rows = table_rows(folder, fields["figid"], kind) or fields.get(plural) or []
        found[kind] = {iri for row in rows if (iri := identified(kind, row))}
    return found


def record_files(folder: Path) -> Iterator[Path]:
    """The records of a folder, found without the collection under test."""
    figures = folder / "_figures"
    yield from sorted((figures if figures.is_dir() else folder).glob("*.md"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_record_is_skipped_and_nothing_is_refused(folder: Path) -> None:
    figures, problems = read_once(folder)
    assert set(figures) == {path.name.removesuffix(".md") for path in record_files(folder)}
    assert [str(p) for p in problems if p.severity == "error"] == []
    assert {p.kind for p in problems} <= RIGHT_WARNINGS


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_figure_mentions_what_its_files_identify(folder: Path) -> None:
    figures, _ = read_once(folder)
    body, iris = Oa.has_body, Iris()
    for path in record_files(folder):
        figid = path.name.removesuffix(".md")
        triples = triples_of([figures[figid]])
        expected = expected_mentions(folder, path)
        mentioned = values(triples, iris.figure(figid), Schema.mentions)
        assert len(mentioned) == len(set(mentioned))
        assert set(mentioned) == set().union(*expected.values()), figid
        bodies = [(t.subject, t.object) for t in triples if t.predicate == body]
        for kind, iris_of_kind in expected.items():
            of_kind = set(subjects(triples, KIND_TO_MENTION[kind]))
            found = {o.value for s, o in bodies if s in of_kind and isinstance(o, NamedNode)}
            assert found == iris_of_kind, (figid, kind)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_row_is_counted_in_one_mention(folder: Path) -> None:
    figures, _ = read_once(folder)
    for path in record_files(folder):
        fields = front_matter(path)
        figure = figures[fields["figid"]]
        counted = Counter[Kind]()
        for mention in figure.mentions:
            counted[mention.kind] += mention.row_count
        for kind, plural in KIND_TO_PLURAL.items():
            rows = table_rows(folder, figure.figid, kind) or fields.get(plural) or []
            assert counted[kind] == len(rows), (figure.figid, kind)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_whole_folder_repeats_no_triple(folder: Path) -> None:
    figures, _ = read_once(folder)
    triples = triples_of(figures.values())
    assert len(triples) == len(set(triples))
    assert len(subjects(triples, Pfocr.PathwayFigure)) == len(figures)


@needs_corpus
def test_every_table_is_read_or_reported_as_an_orphan() -> None:
    folder = CORPUS / "pfocr-database"
    collection = open_collection([folder])
    read = {Path(path).name for file in collection.files for _, path in file.tables}
    orphans = {Path(p.file).name for p in collection.problems if p.kind == "orphan table"}
    tables = {p.name for p in (folder / "_data").iterdir() if not p.name.endswith("_map.tsv")}
    assert read | orphans == tables
    assert not read & orphans
