"""Writes the partner ``X.nt`` of each fixture ``X.md`` that has none; never overwrites one.

Run it as ``python tests/write_expected.py``, then read what it wrote before you keep it.
"""

import sys
from pathlib import Path

from pyoxigraph import RdfFormat, serialize

from making import RECORDS, triples_of
from pfocr_rdf.records import Figure, load_taxa, open_collection, read_record


def fixtures() -> list[Path]:
    """The fixture records, in order."""
    return sorted(RECORDS.glob("*.md"))


def partner(path: Path) -> Path:
    """``X.nt`` of ``X.md``; stems may hold dots."""
    return path.with_name(path.name.removesuffix(".md") + ".nt")


def fixture_figure(path: Path) -> Figure:
    """The figure of one fixture; its tables lie beside it."""
    (file,) = open_collection([path]).files
    figure, problems = read_record(file, load_taxa())
    if figure is None:
        raise ValueError("; ".join(map(str, problems)))
    return figure


def expected_text(path: Path) -> str:
    """All that a release of this one record would say, a line a triple, sorted."""
    written = serialize(triples_of([fixture_figure(path)]), format=RdfFormat.N_TRIPLES)
    lines = (written or b"").decode().removesuffix("\n").split("\n")
    return "".join(f"{line}\n" for line in sorted(lines))


def main() -> None:
    """Write the partners that are missing."""
    for path in fixtures():
        if not partner(path).exists():
            partner(path).write_text(expected_text(path), encoding="utf-8")
            sys.stdout.write(f"wrote {partner(path).name}\n")


if __name__ == "__main__":
    main()
