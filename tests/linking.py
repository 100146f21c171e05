"""Mapping files for the tests, and what becomes of them without a build."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from making import CHEMICAL_COLUMNS, DISEASE_COLUMNS, GENE_COLUMNS, REPOSITORY, record, table, write
from pfocr_rdf.errors import Problem
from pfocr_rdf.iris import Iris
from pfocr_rdf.mappings import Links, MappingCounts, open_mapping_files

SAMPLES: Final = sorted((REPOSITORY / "tests" / "mappings").glob("*.sssom.tsv"))
SET: Final = "https://example.org/set"
GRAPH: Final = Iris().mapping_graph(SET)
CURIE_MAP: Final = {
    "gene": "http://purl.uniprot.org/geneid/",
    "MESH": "http://id.nlm.nih.gov/mesh/",
    "x": "http://x.example/",
}
COLUMNS: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
MANUAL: Final = "semapv:ManualMappingCuration"
GENE: Final = "https://identifiers.org/ncbigene/5742"
#: Record with one thing of each kind: gene 5742, MeSH D005947 and D009369, ChEBI 17234, DOID 162,
#: taxon 9606, article PMC1.
RECORD: Final = {
    "_figures/PMC1__f1.md": record(doi="10.1000/ABC"),
    "_data/PMC1__f1-genes.tsv": table(
        GENE_COLUMNS, "9606|Homo sapiens|Mammals|a|A|PTGS1|5742|ncbigene_symbol|1|1|1"
    ),
    "_data/PMC1__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, "sugar|D005947|sugar|glucose|17234"),
    "_data/PMC1__f1-diseases.tsv": table(DISEASE_COLUMNS, "tumour|D009369|tumour|Neoplasms|162"),
}


def sssom(
    rows: Iterable[str],
    columns: Iterable[str] = (),
    metadata: str = "license: https://l.example/",
    curie_map: Mapping[str, str] = CURIE_MAP,
    mapping_set: str = SET,
) -> str:
    """A file; cells are written with ``|`` between them for the eye.

    The columns that a mapping must have come first, then these.
    """
    block = ["curie_map:", *(f"  {prefix}: {iri!r}" for prefix, iri in curie_map.items())]
    block += [f"mapping_set_id: {mapping_set}", *metadata.splitlines()]
    lines = ["\t".join((*COLUMNS, *columns)), *(row.replace("|", "\t") for row in rows)]
    return "".join(f"#{line}\n" for line in block) + "".join(f"{line}\n" for line in lines)


def entities(links: Links) -> Links:
    """The entities of :data:`RECORD`, and no others."""
    iris = links.iris
    links.gather_articles([("PMC1", ["10.1000/ABC"])])
    nodes = [
        *(iris.entity("ncbigene", "5742"), iris.entity("mesh", "D005947")),
        *(iris.entity("mesh", "D009369"), iris.entity("chebi", "17234")),
        *(iris.entity("doid", "162"), iris.taxon("9606")),
    ]
    links.entities |= {node.value: node for node in nodes}
    return links


def linked(
    folder: Path, *texts: str, iris: Iris = Iris()
) -> tuple[list[Any], list[MappingCounts], list[Problem]]:
    """The quads of files, what was counted of each set, and what was told."""
    files = {f"{number}.sssom.tsv": text for number, text in enumerate(texts)}
    paths = [write(folder, files) / name for name in files]
    problems: list[Problem] = []
    links = entities(Links(open_mapping_files(paths), iris, problems.extend))
    quads = [quad for quads in links.quads() for quad in quads]
    for one in links.sets:
        assert one.read == one.linked + one.absent + sum(one.refused.values())
    assert sum(one.triples for one in links.sets) == len(quads) == len(set(quads))
    return quads, links.sets, problems
