"""The answer to a named query as a page shows it: a table whose cells link to pages here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from pfocr_rdf import iris as ns
from pfocr_rdf.errors import IriError
from pfocr_rdf.web.pages.links import ARTICLE, GENE, TAXON, Links

#: Rows that a page shows; the files have all rows.
SHOWN_ROWS: Final = 500
#: Most bytes of an answer that a page reads.
MOST_BYTES: Final = 8 << 20
#: Variable → kind of the things that its literals identify, which have pages here.
VARIABLE_TO_KIND: Final = {"entrez": GENE, "pmcid": ARTICLE, "taxon": TAXON}
FIGID: Final = "figid"
#: Datatypes of columns that are set as numbers.
NUMBERS: Final = frozenset(
    ns.XSD + name for name in ("integer", "decimal", "double", "float", "nonNegativeInteger")
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and its link, if it has one."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an answer.

    :param total: the number of all rows; ``rows`` are only the first ones.
    :param numeric: the columns that hold only numbers.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | None]]
    total: int
    numeric: frozenset[str]


def read_table(body: bytes, links: Links) -> Table:
    """The table of an answer in SPARQL's JSON.

    https://www.w3.org/TR/sparql11-results-json/
    """
    document = orjson.loads(body)
    columns: list[str] = document["head"]["vars"]
    bindings: list[Mapping[str, Mapping[str, Any]]] = document["results"]["bindings"]
    shown = bindings[:SHOWN_ROWS]
    rows = [
        [cell_of(column, row[column], links) if column in row else None for column in columns]
        for row in shown
    ]
    numeric = frozenset(column for column in columns if _holds_numbers(column, shown))
    return Table(columns, rows, len(bindings), numeric)


def _holds_numbers(column: str, bindings: Sequence[Mapping[str, Mapping[str, Any]]]) -> bool:
    kinds = {row[column].get("datatype") for row in bindings if column in row}
    return bool(kinds) and kinds <= NUMBERS


def cell_of(column: str, value: Mapping[str, Any], links: Links) -> Cell:
    """A value of a column, as a link where there is a page about it.

    >>> from pfocr_rdf.iris import Iris
    >>> cell_of("entrez", {"type": "literal", "value": "2064"}, Links(Iris()))
    Cell(text='2064', href='/gene/2064')
    """
    text = str(value["value"])
    if value["type"] == "uri":
        return Cell(links.iris.prefixed(text), links.href(text))
    return Cell(text, _identified(column, text, links))


def _identified(column: str, text: str, links: Links) -> str | None:
    if column == FIGID:
        try:
            return links.href(links.iris.figure(text))
        except IriError:
            return None
    kind = VARIABLE_TO_KIND.get(column)
    thing = links.thing(kind, text) if kind else None
    return links.href(thing) if thing is not None else None
