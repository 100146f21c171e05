"""The table that people read at a terminal: short IRIs, plain words, numbers to the right."""

import io
import re
import shutil
from collections.abc import Callable
from typing import BinaryIO, Final

import rich.box
import rich.console
import rich.table
import rich.text
from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple

from pfocr_rdf.diagnosis.tokens import CONTROL_RE
from pfocr_rdf.iris import Iris

Cell = NamedNode | BlankNode | Literal | Triple | None

LOCAL_RE: Final = re.compile(r"[\w%.~-]+")


def write_table(answer: QuerySolutions, output: BinaryIO, iris: Iris, width: int | None) -> int:
    """Write a table for people. It needs all rows in memory, to fit the columns to the widest.

    :param width: in characters; by default the terminal's.
    :returns: how many rows it has.

    >>> from pyoxigraph import Store
    >>> rows = Store().query("SELECT (<http://schema.org/Gene> AS ?a) (12 AS ?b) {}")
    >>> write_table(rows, buffer := io.BytesIO(), Iris(), 80)
    1
    >>> print(buffer.getvalue().decode(), end="")
    a              b
    ────────────────
    schema:Gene   12
    """
    shorten = shortener(iris)
    rows = [[_shown(cell, shorten) for cell in row] for row in answer]
    table = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, variable in enumerate(answer.variables):
        numbers = bool(rows) and all(re.fullmatch(r"-?[0-9.]*", row[index]) for row in rows)
        table.add_column(variable.value, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        # Text, not str, in which rich would read a bracket in a title as markup.
        table.add_row(*(rich.text.Text(cell) for cell in row))
    lines = io.StringIO()
    columns = width or shutil.get_terminal_size().columns
    rich.console.Console(file=lines, width=columns, color_system=None).print(table)
    for line in lines.getvalue().splitlines():
        output.write(f"{line.rstrip()}\n".encode())
    return len(rows)


def _shown(cell: Cell, shorten: Callable[[str], str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, NamedNode):
        return shorten(cell.value)
    # A control character from a record must not control the reader's terminal.
    return CONTROL_RE.sub("�", cell.value if isinstance(cell, Literal) else str(cell))


def shortener(iris: Iris) -> Callable[[str], str]:
    """A function that shortens an IRI to prefix and name, by the longest namespace that fits.

    >>> shortener(Iris())("http://purl.obolibrary.org/obo/NCBITaxon_9606")
    'taxon:9606'
    >>> shortener(Iris())("https://www.wikipathways.org/a/b")
    'https://www.wikipathways.org/a/b'
    """
    namespaces = sorted(iris.prefixes().items(), key=lambda pair: -len(pair[1]))

    def shorten(iri: str) -> str:
        for prefix, namespace in namespaces:
            if iri.startswith(namespace) and LOCAL_RE.fullmatch(iri, len(namespace)):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    return shorten
