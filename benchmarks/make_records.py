"""Make a large folder of records out of a small one: the same records under other PMC ids.

Usage: ``python benchmarks/make_records.py SOURCE TARGET NUMBER``. The records keep their
captions, words and identifiers, so that they have as many triples as real ones.
"""

import sys
from itertools import cycle
from pathlib import Path

from pfocr_rdf.records import RecordFile, open_collection

FIRST_PMC = 20_000_000


def make_records(source: Path, target: Path, number: int) -> None:
    """Write ``number`` records with their tables, in the layout of the PFOCR database."""
    figures, data = target / "_figures", target / "_data"
    figures.mkdir(parents=True)
    data.mkdir()
    found = open_collection([source]).files
    for index, record in zip(range(number), cycle(found), strict=False):
        _copy(record, f"PMC{FIRST_PMC + index}", figures, data)


def _copy(record: RecordFile, pmcid: str, figures: Path, data: Path) -> None:
    old = record.figid.partition("__")[0]
    figid = pmcid + record.figid.removeprefix(old)
    text = Path(record.path).read_text(encoding="utf-8").replace(old, pmcid)
    (figures / f"{figid}.md").write_text(text, encoding="utf-8")
    for kind, path in record.tables:
        table = Path(path).read_text(encoding="utf-8")
        (data / f"{figid}-{kind}s.tsv").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    make_records(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
