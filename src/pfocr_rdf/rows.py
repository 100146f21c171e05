"""How many rows an answer has, counted in the bytes that pyoxigraph writes.

Solutions are serialised without a Python object for each, so they can only be counted
afterwards. The bytes between rows are looked for where no literal can contain them; a hundred
megabytes take a tenth of a second. A block may end anywhere, even within a mark or an escape.
"""

import re
from typing import Final, Protocol

#: The beginning of each solution but the first: a comma, a brace, and the name of a variable or,
#: for an empty solution, a closing brace. A literal can end in ``,{``, but then its closing quote
#: is followed by a comma or a brace, with which no variable's name begins.
JSON_ROW_RE: Final = re.compile(rb',\{(?:"[^,}]|\})')
EMPTY_ROW: Final = b",{}"


class RowCounter(Protocol):
    """Counts the rows of one answer, block by block."""

    rows: int

    def add(self, block: bytes) -> None:
        """Count the rows in the next block of the answer."""

    def finish(self) -> None:
        """Complete the count after the last block."""


class MarkedRows:
    """Rows of a format with a mark that stands once in each row and header line, nowhere else.

    >>> counter = MarkedRows(b"<result>")
    >>> counter.add(b"<results><result></result><res")
    >>> counter.add(b"ult></result></results>")
    >>> counter.rows
    2
    """

    def __init__(self, mark: bytes, header: int = 0) -> None:
        self.rows = 0
        self._mark = mark
        self._header = header
        self._tail = b""

    def add(self, block: bytes) -> None:
        """Count the marks."""
        data = self._tail + block if self._tail else block
        found = data.count(self._mark)
        header = min(self._header, found)
        self._header -= header
        self.rows += found - header
        overlap = len(self._mark) - 1
        self._tail = data[-overlap:] if overlap else b""

    def finish(self) -> None:
        """Do nothing: no row is pending."""


class CsvRows:
    r"""Rows of CSV after its header; a line end between quotes belongs to a value.

    https://www.rfc-editor.org/rfc/rfc4180#section-2

    >>> counter = CsvRows()
    >>> counter.add(b'name\r\n"two\r\nlines, a "" quote"\r\nplain\r\n')
    >>> counter.rows
    2
    """

    def __init__(self) -> None:
        self.rows = 0
        self._lines = 0
        self._inside = 0
        self._tail = b""

    def add(self, block: bytes) -> None:
        """Count the line ends that stand outside quotes."""
        data = self._tail + block
        self._tail = b"\r" if data.endswith(b"\r") else b""
        if self._tail:
            data = data[:-1]
        if b'"' in data:
            # A doubled quote closes and reopens at once: the part between the two is empty.
            parts = data.split(b'"')
            self._lines += sum(part.count(b"\r\n") for part in parts[self._inside :: 2])
            self._inside ^= (len(parts) - 1) & 1
        elif not self._inside:
            self._lines += data.count(b"\r\n")
        self.rows = max(0, self._lines - 1)

    def finish(self) -> None:
        """Do nothing: no row is pending, because a lone carriage return ends no line."""


class JsonRows:
    """Solutions in JSON, as pyoxigraph writes it, without spaces.

    https://www.w3.org/TR/sparql11-results-json/

    >>> counter = JsonRows()
    >>> counter.add(b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"literal",')
    >>> counter.add(b'"value":"},{},{"}},{"s":{"type":"literal","value":"2"}},{}]}}')
    >>> counter.finish()
    >>> counter.rows
    3
    """

    def __init__(self) -> None:
        self.rows = 0
        self._dividers = 0
        self._inside = 0
        self._tail = b""
        self._end = b""

    def add(self, block: bytes) -> None:
        """Count what separates two solutions."""
        data = self._tail + block
        # These are kept for the next block: after any other byte, no mark or escape is cut in two.
        whole = data.rstrip(b'\\,{"')
        self._tail = data[len(whole) :]
        self._end = (self._end + block)[-4:]
        found = JSON_ROW_RE.findall(whole)
        self._dividers += len(found) - found.count(EMPTY_ROW)
        if b"\\" in whole:
            whole = whole.replace(b"\\\\", b"").replace(b'\\"', b"")
        if EMPTY_ROW in found:
            outside = b'"'.join(whole.split(b'"')[self._inside :: 2])
            self._dividers += outside.count(EMPTY_ROW)
        self._inside ^= whole.count(b'"') & 1
        # The first solution has no separator before it.
        self.rows = self._dividers + 1 if self._dividers else 0

    def finish(self) -> None:
        """Tell one solution from none, as neither has a separator."""
        if not self._dividers:
            self.rows = int(self._end != b"[]}}")


def row_counter(form: str) -> RowCounter:
    """A counter for the rows of solutions in json, xml, csv or tsv, or of gene sets in gmt.

    >>> type(row_counter("csv")).__name__
    'CsvRows'
    """
    match form:
        case "json":
            return JsonRows()
        case "csv":
            return CsvRows()
        case "xml":
            return MarkedRows(b"<result>")  # https://www.w3.org/TR/rdf-sparql-XMLres/
        case "gmt":
            return MarkedRows(b"\n")
        case _:
            return MarkedRows(b"\n", header=1)  # https://www.w3.org/TR/sparql11-results-csv-tsv/
