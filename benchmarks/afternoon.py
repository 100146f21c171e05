"""A script as one would write it in an afternoon: python-frontmatter, csv and rdflib.

Usage: ``python benchmarks/afternoon.py RECORDS TARGET``. It makes one graph of all records, with
the figures, their articles and their mentions, and writes it in three formats. It checks nothing;
its only use is as something to compare :mod:`build` with.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import frontmatter
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef

SCHEMA: Final = Namespace("http://schema.org/")
PFOCR: Final = Namespace("https://pfocr.wikipathways.org/ontology#")
FIGURE: Final = Namespace("https://pfocr.wikipathways.org/figures/")
GENE: Final = Namespace("https://identifiers.org/ncbigene/")
MESH: Final = Namespace("http://id.nlm.nih.gov/mesh/")
PMC: Final = Namespace("https://identifiers.org/pmc/")
#: Kind → class, namespace, and the column of a table and of a record that has the identifier.
KINDS: Final = {
    "genes": (SCHEMA.Gene, GENE, "ncbigene_id", "entrez"),
    "chemicals": (SCHEMA.ChemicalSubstance, MESH, "mesh", "identifier"),
    "diseases": (SCHEMA.MedicalCondition, MESH, "mesh", "identifier"),
}
#: Columns that name a thing.
NAMES: Final = ("symbol", "ncbigene_symbol", "name")
TEXTS: Final = {
    "figid": SCHEMA.identifier,
    "figtitle": SCHEMA.name,
    "caption": SCHEMA.caption,
    "number": SCHEMA.position,
}


def rows_of(record: dict[str, Any], kind: str, tables: Path) -> Iterator[dict[str, str]]:
    """The rows of a kind: from the record's table if it has one, or else from the record itself."""
    table = tables / f"{record['figid']}-{kind}.tsv"
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, delimiter="\t")
        return
    for row in record.get(kind) or []:
        if isinstance(row, dict):
            yield {key: str(value) for key, value in row.items()}


def add_record(graph: Graph, record: dict[str, Any], tables: Path) -> None:
    """Add the main statements of a record to the graph."""
    figure = FIGURE[record["figid"]]
    graph.add((figure, RDF.type, SCHEMA.ImageObject))
    for key, predicate in TEXTS.items():
        graph.add((figure, predicate, Literal(str(record.get(key) or ""))))
    article = PMC[str(record["figid"]).partition("__")[0]]
    graph.add((figure, SCHEMA.isPartOf, article))
    graph.add((article, RDF.type, SCHEMA.ScholarlyArticle))
    graph.add((article, SCHEMA.name, Literal(str(record.get("papertitle") or ""))))
    graph.add((article, SCHEMA.datePublished, Literal(str(record.get("year") or ""))))
    for word in record.get("keywords") or []:
        graph.add((figure, SCHEMA.keywords, Literal(str(word))))
    for kind, (thing_class, namespace, *columns) in KINDS.items():
        for number, row in enumerate(rows_of(record, kind, tables)):
            identifier = next(filter(None, map(row.get, columns)), "").removeprefix("mesh:")
            if not identifier or " " in identifier:
                continue
            thing = namespace[identifier]
            mention = URIRef(f"{figure}#{kind}-{number}")
            graph.add((figure, SCHEMA.mentions, thing))
            graph.add((thing, RDF.type, thing_class))
            graph.add((thing, RDFS.label, Literal(next(filter(None, map(row.get, NAMES)), ""))))
            graph.add((mention, RDF.type, PFOCR.Mention))
            graph.add((mention, PFOCR.figure, figure))
            graph.add((mention, PFOCR.body, thing))
            graph.add((mention, SCHEMA.text, Literal(str(row.get("word") or ""))))
            graph.add((mention, PFOCR.match, Literal(str(row.get("match") or ""))))
            graph.add((mention, PFOCR.source, Literal(str(row.get("source") or ""))))


def main(records: Path, target: Path) -> None:
    """Write one graph of all records of a folder to three files; print its number of triples."""
    graph = Graph()
    for path in sorted((records / "_figures").glob("*.md")):
        add_record(graph, frontmatter.load(str(path)).metadata, records / "_data")
    target.mkdir()
    for name, form in {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld"}.items():
        graph.serialize(target / f"pfocr.{name}", format=form, encoding="utf-8")
    print(len(graph))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
