"""Answers to queries, written in the formats that people and programs read.

An answer is of pyoxigraph's types: solutions, a boolean, or triples. Answers of other endpoints
are parsed into the same types (:mod:`pfocr_rdf.remote`), so each format works for both. All but
the table are streamed; an answer is made, read and dropped in one thread, as pyoxigraph demands.
"""

import re
import traceback
from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import BinaryIO, Final, cast

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from pfocr_rdf.diagnosis.tokens import readable
from pfocr_rdf.errors import PfocrError, QueryError, ReleaseError, UsageError
from pfocr_rdf.iris import Iris
from pfocr_rdf.rows import row_counter
from pfocr_rdf.xml_text import NotXmlError, XmlText

Answer = QuerySolutions | QueryBoolean | Iterable[Triple]

#: https://www.w3.org/TR/sparql12-results-json/ , …-csv-tsv/ , …-xml/
RESULT_FORMATS: Final[dict[str, QueryResultsFormat]] = {
    "json": QueryResultsFormat.JSON,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
    "xml": QueryResultsFormat.XML,
}
#: https://www.w3.org/TR/turtle/ , …/n-triples/ , …/json-ld11/ . No RDF/XML: pyoxigraph writes
#: it ill-formed if a property's IRI does not end in an XML name.
GRAPH_FORMATS: Final[dict[str, RdfFormat]] = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
}
SOLUTION_FORMATS: Final = ("table", *RESULT_FORMATS, "gmt")
BOOLEAN_FORMATS: Final = ("table", *RESULT_FORMATS)
#: Formats that pyoxigraph writes without a final newline: a shell's prompt would follow directly.
UNENDED: Final = ("json", "xml", "jsonld")
FORMATS: Final = (*SOLUTION_FORMATS, *GRAPH_FORMATS)

#: How RocksDB's messages begin where a store is damaged or its disk fails.
DAMAGE: Final = ("Corruption", "IO error")
CONTROLS_RE: Final = re.compile(r"[\x00-\x1f\x7f]+")


def write_query(
    store: Store,
    text: str,
    output: BinaryIO,
    form: str | None = None,
    iris: Iris = Iris(),
    *,
    terminal: bool = False,
    width: int | None = None,
) -> int:
    r"""Ask a store and write its answer.

    The prefixes of :meth:`Iris.prefixes` need not be declared in the text.

    :param form: one of :data:`FORMATS`; by default what :func:`default_format` says.
    :param terminal: whether ``output`` is one.
    :param width: of a table, in characters; by default the terminal's.
    :returns: how many rows or triples were found; 1 for yes, 0 for no.
    :raises QueryError: if the text cannot be read or evaluated, or the format does not fit.
    :raises ReleaseError: if the store cannot be read.
    :raises OSError: if ``output`` cannot be written.

    >>> from io import BytesIO
    >>> write_query(Store(), "SELECT ?s { ?s a schema:Gene }", buffer := BytesIO(), "tsv")
    0
    >>> buffer.getvalue()
    b'?s\n'
    """
    sink = _Sink(output)
    try:
        # Stripped: the parser would place an error at the end on the blank lines that follow.
        answer = store.query(readable(text.rstrip()), prefixes=iris.prefixes())
        chosen = form or default_format(answer, terminal=terminal)
        return write_answer(answer, cast(BinaryIO, sink), chosen, iris, width=width)
    except Exception as error:
        # The traceback would keep the answer alive, which must be dropped in this thread.
        answer = None
        traceback.clear_frames(error.__traceback__)
        refusal = None if sink.failed else _refusal(error, text, iris)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(error: Exception, text: str, iris: Iris) -> PfocrError | None:
    """Our error for one that pyoxigraph raised; None for any other."""
    if isinstance(error, SyntaxError):
        from pfocr_rdf.diagnosis.syntax import (
            explain_syntax,  # its patterns take a while to compile
        )

        return QueryError(explain_syntax(text, str(error), iris.prefixes()))
    if isinstance(error, UnicodeError):
        return QueryError(f"the query is not Unicode: {error}; write it in UTF-8")
    if not isinstance(error, OSError | RuntimeError):
        return None
    is_damage = str(error).startswith(DAMAGE)
    if not is_damage and re.search(r"\bSERVICE\b", text, re.IGNORECASE):
        return QueryError(f"a SERVICE call failed: {error}; check its address")
    if is_damage or isinstance(error, OSError):
        return ReleaseError(f"the store cannot be read: {error}; verify the release")
    return QueryError(f"the query cannot be evaluated: {error}; ask something simpler")


class _Sink:
    """Remembers that writing failed, because reading the store raises the same exceptions."""

    def __init__(self, output: BinaryIO) -> None:
        self.output = output
        self.failed = False

    def write(self, data: bytes) -> int:
        """Pass the bytes on."""
        try:
            return self.output.write(data)
        except OSError:
            self.failed = True
            raise

    def flush(self) -> None:
        """Do nothing: nothing is buffered here, and the caller flushes its own output."""


class _Rows:
    """Counts the rows of an answer while writing it, and keeps XML well-formed."""

    def __init__(self, output: BinaryIO, form: str) -> None:
        self.output = output
        self.counter = row_counter(form)
        self.text = XmlText() if form == "xml" else None

    def write(self, data: bytes) -> int:
        """Pass the bytes on, checked and escaped if the format is XML."""
        size = len(data)
        if self.text:
            try:
                data = self.text.check(data)
            except NotXmlError as error:
                reason = f"XML cannot hold the character {error.character}: choose json"
                raise QueryError(reason) from None
        self.counter.add(data)
        self.output.write(data)
        return size

    def flush(self) -> None:
        """Do nothing: nothing is buffered here."""


def default_format(answer: Answer, *, terminal: bool) -> str:
    """The format of an answer if none was asked for.

    >>> default_format(Store().query("SELECT * {}"), terminal=True)
    'table'
    """
    if not isinstance(answer, QuerySolutions | QueryBoolean):
        return "turtle"
    return "table" if terminal else "json"


def write_answer(
    answer: Answer,
    output: BinaryIO,
    form: str,
    iris: Iris = Iris(),
    *,
    width: int | None = None,
) -> int:
    """Write an answer from a store or from another endpoint.

    :param form: one of :data:`FORMATS`.
    :param width: of a table, in characters; by default the terminal's.
    :returns: how many rows or triples it has; 1 for yes, 0 for no.
    :raises UsageError: if the format does not fit the form of the query.
    :raises QueryError: if XML cannot hold the answer.

    >>> from io import BytesIO
    >>> write_answer(Store().query("ASK {}"), BytesIO(), "turtle")
    Traceback (most recent call last):
    pfocr_rdf.errors.UsageError: an ASK query has no format 'turtle': choose table, json, csv, \
tsv or xml
    """
    if isinstance(answer, QuerySolutions):
        _check("a SELECT", form, SOLUTION_FORMATS)
        return _write_solutions(answer, output, form, iris, width)
    if isinstance(answer, QueryBoolean):
        _check("an ASK", form, BOOLEAN_FORMATS)
        if form == "table":
            output.write(b"yes\n" if answer else b"no\n")
        else:
            answer.serialize(output, RESULT_FORMATS[form])
            output.write(b"\n")  # the engine writes no newline after a boolean, in any format
        return int(bool(answer))
    _check("a CONSTRUCT or DESCRIBE", form, tuple(GRAPH_FORMATS))
    number = count()
    counted = (triple for triple, _ in zip(answer, number, strict=False))
    serialize(counted, output, GRAPH_FORMATS[form], prefixes=iris.prefixes())
    _end(output, form)
    return next(number)


def _write_solutions(
    answer: QuerySolutions, output: BinaryIO, form: str, iris: Iris, width: int | None
) -> int:
    if form == "table":
        from pfocr_rdf.tabular import write_table  # rich, which other formats need not wait for

        return write_table(answer, output, iris, width)
    rows = _Rows(output, form)
    if form == "gmt":
        for line in gmt_lines(answer, iris):
            rows.write(line.encode())
    else:
        answer.serialize(cast(BinaryIO, rows), RESULT_FORMATS[form])
    rows.counter.finish()
    _end(output, form)
    return rows.counter.rows


def _end(output: BinaryIO, form: str) -> None:
    if form in UNENDED:
        output.write(b"\n")


def _check(kind: str, form: str, forms: tuple[str, ...]) -> None:
    if form not in forms:
        choice = f"{', '.join(forms[:-1])} or {forms[-1]}"
        raise UsageError(f"{kind} query has no format {form!r}: choose {choice}")


def gmt_lines(answer: QuerySolutions, iris: Iris = Iris()) -> Iterator[str]:
    r"""Gene sets, one per line: name, description and NCBI Gene ids, separated by tabs.

    The rows have ``?figid``, optionally ``?title``, and either ``?genes``, the ids of a set
    separated by spaces, or ``?gene``, one id or IRI per row; the rows of a set are consecutive.
    https://docs.gsea-msigdb.org/#GSEA/Data_Formats/ (GMT)

    :raises QueryError: if the answer lacks these variables, a row has no figid, or the rows of a
        set are apart.

    >>> rows = Store().query(
    ...     'SELECT ("PMC1__f" AS ?figid) ("a\tb" AS ?title) ("10 9" AS ?genes) {}'
    ... )
    >>> list(gmt_lines(rows))
    ['PMC1__f\ta b\t9\t10\n']
    """
    names = [variable.value for variable in answer.variables]
    genes = next((name for name in ("genes", "gene") if name in names), None)
    if "figid" not in names or not genes:
        asked = " ".join(f"?{name}" for name in names)
        raise QueryError(
            f"gmt needs the variables ?figid, ?genes or ?gene, and perhaps ?title, not {asked}"
        )
    done: set[str] = set()
    figid, title = "", ""
    ids: set[str] = set()
    for row in answer:
        name = _plain(row["figid"], iris)
        if not name:
            raise QueryError("gmt needs a ?figid in each row: leave out the rows without one")
        if name != figid:
            yield from gmt_line(figid, title, ids)
            if name in done:
                raise QueryError(f"gmt needs the rows of {name!r} together: add ORDER BY ?figid")
            done.add(name)
            figid, title, ids = name, "", set()
        if "title" in names:
            title = title or _plain(row["title"], iris)
        ids.update(_plain(row[genes], iris).split())
    yield from gmt_line(figid, title, ids)


def _plain(cell: object, iris: Iris) -> str:
    if isinstance(cell, NamedNode):
        return cell.value.removeprefix(iris.gene_prefix).removeprefix(iris.base + "figures/")
    return cell.value if isinstance(cell, Literal) else ""


def gmt_line(figid: str, title: str, genes: Collection[str]) -> Iterator[str]:
    r"""The line of one set, none if it has no gene; its genes sorted, so that output is repeatable.

    >>> list(gmt_line("PMC1__f", "100 % of a\tset", ["10", "9"]))
    ['PMC1__f\t100 % of a set\t9\t10\n']
    """
    if genes:
        ordered = sorted(genes, key=lambda gene: (len(gene), gene))
        # A tab in a name, which may be any text, would shift every column after it.
        name = CONTROLS_RE.sub(" ", figid)
        text = " ".join(CONTROLS_RE.sub(" ", title).split())
        yield "\t".join([name, text, *ordered]) + "\n"
