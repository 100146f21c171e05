"""Makes small releases to search in."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from building import build
from making import CHEMICAL_COLUMNS, DISEASE_COLUMNS, GENE_COLUMNS, record, table, write
from pfocr_rdf.releases import Release
from pfocr_rdf.search import Found, Index, Piece, open_index

SYMBOL, SYNONYM, FAMILY = "ncbigene_symbol", "ncbigene_synonym", "famplex_relations"
HUMAN, MOUSE = "9606|Homo sapiens|Primates", "10090|Mus musculus|Rodents"


def gene(word: str, symbol: str, number: int, source: str = SYMBOL, of: str = HUMAN) -> str:
    """A row of a gene table: a word of the picture and what it may stand for."""
    return f"{of}|{word}|{word.upper()}|{symbol}|{number}|{source}|1|1|1"


class Figures:
    """Records of a release, one figure to an article."""

    def __init__(self) -> None:
        self.files: dict[str, str | bytes] = {}

    def add(
        self,
        number: int,
        /,
        *genes: str,
        chemicals: tuple[str, ...] = (),
        diseases: tuple[str, ...] = (),
        **fields: Any,
    ) -> str:
        """Add a figure; its figid is given back.

        :param genes: rows made by :func:`gene`.
        :param chemicals: rows of word, mesh, match, name, chebi.
        :param fields: fields of the record; what is not given says nothing.
        """
        figid = f"PMC{number}__f1"
        plain = {
            "figid": figid,
            "pmcid": f"PMC{number}",
            "figtitle": "Untitled",
            "caption": "Nothing.",
            "papertitle": "None",
            "reftext": f"Ada Byron. J Path. {fields.get('year', '2019')} May;20(10):2505.",
            "figlink": f"/pmc/articles/PMC{number}/figure/F1/",
        }
        self.files[f"_figures/{figid}.md"] = record(**{**plain, **fields})
        tables: Mapping[str, tuple[str, tuple[str, ...]]] = {
            "genes": (GENE_COLUMNS, genes),
            "chemicals": (CHEMICAL_COLUMNS, chemicals),
            "diseases": (DISEASE_COLUMNS, diseases),
        }
        for kind, (columns, rows) in tables.items():
            if rows:
                self.files[f"_data/{figid}-{kind}.tsv"] = table(columns, *rows)
        return figid

    def build(self, folder: Path) -> Release:
        """The release of the figures."""
        return build(write(folder / "records", self.files), folder / "data").release


def opened(figures: Figures, folder: Path) -> Iterator[Index]:
    """The index of the release of the figures; what fixtures yield."""
    with open_index(figures.build(folder)) as index:
        yield index


def figids(found: Found) -> list[str]:
    """The figures of an answer, in order."""
    return [hit.figid for hit in found.hits]


def text(pieces: tuple[Piece, ...]) -> str:
    """A marked text with brackets around what is marked."""
    return "".join(f"[{piece.text}]" if piece.matched else piece.text for piece in pieces)
