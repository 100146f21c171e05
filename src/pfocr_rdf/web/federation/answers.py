"""SPARQL results as JSON → terms → VALUES blocks.

https://www.w3.org/TR/sparql11-results-json/ . Every value becomes a pyoxigraph term, which is
thereby checked, and only what pyoxigraph writes for it enters a query. The JSON itself is not
read by pyoxigraph: this is the serving process, and a parser that can abort it must not run here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import orjson
from pyoxigraph import BlankNode, Literal, NamedNode

from pfocr_rdf.errors import PfocrError

Term = NamedNode | Literal | BlankNode
#: Label of a blank node → the IRI that stands for it here.
Naming = Callable[[str], NamedNode]
UNDEF: Final = "UNDEF"
SHOWN: Final = 120


class AnswerError(PfocrError):
    """An answer does not conform to the specification; the message says in what way."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A partner's solutions, each as a row of a VALUES block.

    :param size: the bytes that they take in memory, roughly.
    :param bytes: the size of the answer that they were read from.
    """

    rows: tuple[str, ...]
    size: int
    bytes: int


def read_solutions(data: bytes) -> list[Mapping[str, Any]]:
    """The solutions in a JSON document.

    :raises AnswerError: if it has none, or was cut.

    >>> read_solutions(b'{"head": {"vars": []}, "results": {"bindings": [{')
    Traceback (most recent call last):
    pfocr_rdf.web.federation.answers.AnswerError: it is not JSON, or was cut short: unexpected \
end of data: line 1 column 50 (char 49)
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise AnswerError(f"it is not JSON, or was cut short: {error}") from None
    if isinstance(document, dict) and "boolean" in document:
        raise AnswerError("it says yes or no, and gives no solutions")
    results = document.get("results") if isinstance(document, dict) else None
    bindings = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(bindings, list) or not all(isinstance(row, dict) for row in bindings):
        raise AnswerError("it has no list “bindings” of solutions")
    return bindings


def read_term(cell: Any) -> Term:
    """The RDF term in a cell of the results.

    :raises AnswerError: if there is none.

    >>> str(read_term({"type": "literal", "value": "Wnt", "xml:lang": "en"}))
    '"Wnt"@en'
    """
    try:
        kind, value = cell["type"], cell["value"]
        if kind == "uri":
            return NamedNode(value)
        if kind == "bnode":
            return BlankNode(value)
        if kind in ("literal", "typed-literal"):  # the latter is what Virtuoso writes
            if "xml:lang" in cell:
                return Literal(value, language=cell["xml:lang"])
            if "datatype" in cell:
                return Literal(value, datatype=NamedNode(cell["datatype"]))
            return Literal(value)
    except (KeyError, TypeError, ValueError) as error:
        raise AnswerError(f"{_shown(cell)} is not a term ({error})") from None
    raise AnswerError(f"{_shown(cell)} is not a term of RDF 1.1")


def read_rows(data: bytes, columns: Sequence[str], naming: Naming) -> Rows:
    """A partner's solutions as rows of a VALUES block.

    :param columns: the variables that are wanted.
    :param naming: gives an IRI for a blank node of this answer: VALUES cannot hold blank nodes,
        and equal labels in two answers must not get the same IRI.
    :raises AnswerError: if the answer is not as it should be.

    >>> data = b'{"results":{"bindings":[{"a":{"type":"uri","value":"urn:x"}}]}}'
    >>> read_rows(data, ["a", "b"], NamedNode).rows
    ('(<urn:x> UNDEF)',)
    """
    written: dict[tuple[str, ...], str] = {}
    rows = tuple(
        f"({' '.join(_cells(row, columns, naming, written))})" for row in read_solutions(data)
    )
    return Rows(rows, sum(map(len, rows)) + 80 * len(rows), len(data))


def _cells(
    row: Mapping[str, Any],
    columns: Sequence[str],
    naming: Naming,
    written: dict[tuple[str, ...], str],
) -> Iterator[str]:
    for name in columns:
        cell = row.get(name)
        if cell is None:
            yield UNDEF
            continue
        # Includes the names of the members: the same values mean another term under other names.
        key = tuple(map(str, chain(*cell.items()))) if isinstance(cell, dict) else ()
        text = written.get(key)
        if text is None:
            text = str(_named(cell, naming) or read_term(cell))
            written[key] = text
        yield text


def _named(cell: Any, naming: Naming) -> NamedNode | None:
    """The IRI for a blank node, whose label may be anything, such as Virtuoso's nodeID://b1."""
    if (
        isinstance(cell, dict)
        and cell.get("type") == "bnode"
        and isinstance(cell.get("value"), str)
    ):
        return naming(cell["value"])
    return None


def read_values(data: bytes, variables: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The release's values for some variables, as rows of a VALUES block without duplicates.

    A variable that is unbound in any row is dropped: sent as UNDEF it would double solutions. Rows
    with a blank node are dropped: it is not a node of the partner's, so nothing joins with it.

    :returns: the variables that are left, and the rows, sorted.
    """
    found = read_solutions(data)
    left = tuple(name for name in variables if all(name in row for row in found))
    rows: set[str] = set()
    for row in found:
        terms = [read_term(row[name]) for name in left]
        if not any(isinstance(term, BlankNode) for term in terms):
            rows.add(f"({' '.join(map(str, terms))})")
    return left, sorted(rows)


def values_block(columns: Sequence[str], rows: Iterable[str]) -> str:
    """A VALUES block.

    >>> values_block(["a"], ["(<urn:x>)"])
    'VALUES (?a) { (<urn:x>) }'
    """
    names = " ".join(f"?{name}" for name in columns)
    return f"VALUES ({names}) {{ {' '.join(rows)} }}"


def answer_block(columns: Sequence[str], rows: Sequence[str]) -> str:
    """The text that replaces a SERVICE clause.

    It is a subquery, because Oxigraph 0.5 scans a bare VALUES block from the start for each
    solution that is joined with it: two blocks of 5,000 rows took 64 s, in subqueries 0.1 s.
    """
    block = values_block(columns, rows)
    return f"{{ SELECT * {{ {block} }} }}" if columns else block


def empty_solution(columns: Sequence[str]) -> str:
    """The text that replaces a SILENT clause whose partner did not answer.

    It is one solution that binds nothing. The variables of the clause stay in scope, so that an
    answer to ``SELECT *`` has the same columns whether the partner answered or not.

    >>> empty_solution(["p", "o"])
    '{ SELECT * { VALUES (?p ?o) { (UNDEF UNDEF) } } }'
    """
    return answer_block(columns, [f"({' '.join(UNDEF for _ in columns)})"])


def _shown(cell: Any) -> str:
    text = repr(cell)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
