"""The named queries, what the tests ask of them, and the data that they ask."""

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pyoxigraph import (
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from linking import SAMPLES
from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    SEEDS,
    read_all,
    record,
    table,
    triples_of,
    write,
)
from pfocr_rdf.iris import Iris
from pfocr_rdf.mappings import Links, open_mapping_files
from pfocr_rdf.queries import NamedQuery, named_queries
from pfocr_rdf.records import Figure
from pfocr_rdf.shared import Shared, equivalent_quads

EXPECTED: Final = Path(__file__).parent / "expected"
SEED: Final = "PMC3471537__nihms406899f5"
NAMES: Final = [query.name for query in named_queries()]
#: What each query is asked in its test, beside its defaults.
CASES: Final[Mapping[str, Mapping[str, str]]] = {
    "article-figures": {"article": "PMC6566596"},
    "co-mention-edges": {"gene": "2064, 2065, 1956, 3480"},
    "co-mention-figures": {"gene": "2064, 2065, 1956, 3480"},
    "co-mentioned-chemicals": {"gene": "5594"},
    "co-mentioned-genes": {"gene": "2064", "minimum": "2"},
    "figure-genes": {"figure": SEED},
    "figure-organisms": {"figure": "PMC1__f1"},
    "figure-record": {"figure": "PMC3808214__F2"},  # an alias
    "figures-by-all-genes": {"gene": "2064 5290"},
    "figures-by-chemical": {"chemical": "mesh:D008798"},
    "figures-by-disease": {"disease": "DOID:162"},
    "figures-by-gene": {"gene": "2064"},
    "figures-by-gene-and-chemical": {"gene": "5594", "chemical": "C029366"},
    "figures-by-gene-overlap": {"gene": "2064,2065,3480,7018,920"},
    "figures-by-gene-symbol": {"symbol": "ERBB3", "organism": "9606"},
    "figures-by-gene-tier": {"gene": "5290"},
    "figures-by-journal": {"journal": "J Path"},
    "figures-by-keyword": {"keyword": "Akt"},
    "figures-by-organism": {"organism": "9606"},
    "figures-by-predicted-organism": {"organism": "10090"},
    "gene-sets": {"tier": "symbol,synonym"},
    "gene-words": {"gene": "5290"},
    "mapped-identifiers": {"thing": "GeneID:2064"},
    "most-mentioned-genes": {"organism": "9606", "limit": "12"},
    "most-mentioned-genes-by-year": {"year": "2019"},
    "other-spellings": {"thing": "ncbigene:2064"},
    "similar-figures": {"figure": SEED},
    "unambiguous-gene-mentions": {"gene": "2065"},
    "word-candidates": {"word": "ERK"},
}
#: The samples have no journal, identified disease, support of an organism, link or description.
ASKED_OF_THE_MADE_RECORD: Final = (
    "class-properties",
    "dataset-statistics",
    "figure-organisms",
    "figures-by-disease",
    "figures-by-journal",
    "figures-by-predicted-organism",
    "mapped-identifiers",
)
MADE_RECORD: Final = {
    "_figures/PMC1__f1.md": record(
        journal_title="Journal of Pathways", journal_nlm_ta="J Path", organisms_ner=["Mus musculus"]
    ),
    "_data/PMC1__f1-genes.tsv": table(
        GENE_COLUMNS, "10090|Mus musculus|Rodents|a|A|A|5|ncbigene_symbol|1|2|3"
    ),
    "_data/PMC1__f1-chemicals.tsv": table(
        CHEMICAL_COLUMNS, "sugar|mesh:D005947|sugar|glucose|chebi:17234"
    ),
    "_data/PMC1__f1-diseases.tsv": table(
        DISEASE_COLUMNS, "tumour|mesh:D009369|tumour|Neoplasms|doid:162"
    ),
}
#: The shape of a release's description, with small numbers.
DESCRIPTION: Final = """
@prefix void: <http://rdfs.org/ns/void#> .
@prefix void-ext: <http://ldf.fi/void-ext#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix schema: <http://schema.org/> .
<r#rdf> a void:Dataset ;
    void:triples 100 ; void:entities 20 ; void:documents 1 ; void:classes 1 ;
    void:properties 2 ; void:distinctSubjects 10 ; void:distinctObjects 30 ;
    void:classPartition <r#gene> ; void:propertyPartition <r#name>, <r#mentions> .
<r#gene> void:class schema:Gene ; void:entities 9 ;
    void:propertyPartition <r#gene.name>, <r#gene.taxon>, <r#gene.url> .
<r#gene.name> void:property schema:name ; void:triples 9 ;
    void-ext:datatypePartition <r#gene.name.string> .
<r#gene.name.string> void-ext:datatype xsd:string ; void:triples 9 .
<r#gene.taxon> void:property schema:taxonomicRange ; void:triples 8 ;
    void:classPartition <r#gene.taxon.taxon> .
<r#gene.taxon.taxon> void:class schema:Taxon ; void:triples 7 .
<r#gene.url> void:property schema:url ; void:triples 5 .
<r#name> void:property schema:name ; void:triples 12 .
<r#mentions> void:property schema:mentions ; void:triples 15 .
<r#link> a void:Linkset ; void:triples 7 .
"""


@cache
def figures() -> tuple[Figure, ...]:
    return tuple(read_all(SEEDS)[0].values())


def store_of(
    recorded: tuple[Figure, ...], iris: Iris = Iris(), *, backwards: bool = False
) -> Store:
    """What a release of these figures would hold, but for its description."""
    shared = Shared()
    for figure in recorded:
        shared.gather(figure, iris)
    quads = [Quad(*triple) for triple in triples_of(recorded, iris)]
    quads.extend(quad for quads in equivalent_quads(shared, iris) for quad in quads)
    store = Store()
    for quad in reversed(quads) if backwards else quads:
        store.add(quad)
    return store


@cache
def seed_store() -> Store:
    return store_of(figures())


def made_store(folder: Path) -> Store:
    """The samples, and a record, a description and links that have what the samples lack."""
    found, problems = read_all(write(folder, MADE_RECORD))
    assert not problems
    store = store_of((*figures(), *found.values()))
    store.load(DESCRIPTION.encode(), RdfFormat.TURTLE, base_iri="http://example.org/")
    links = Links(open_mapping_files(SAMPLES), Iris(), lambda problems: None)
    gene = links.iris.entity("ncbigene", "2064")
    links.entities[gene.value] = gene
    for quads in links.quads():
        store.extend(quads)
    return store


def values_for(query: NamedQuery) -> dict[str, str]:
    """A right value for each parameter that must be given."""
    given = CASES.get(query.name, {})
    return {p.name: given[p.name] for p in query.parameters if p.default is None}


def answer(store: Store, text: str) -> bytes:
    """The answer as it stands in ``expected/``."""
    written = io.BytesIO()
    found = store.query(text)
    if isinstance(found, QueryTriples):
        found.serialize(written, RdfFormat.N_TRIPLES)
    else:
        assert isinstance(found, QuerySolutions)
        found.serialize(written, QueryResultsFormat.TSV)
    return written.getvalue()
