"""Why a query finds nothing: a function gets what it cannot read, such as an IRI for a text.

``REGEX(?gene, "7157")`` and ``xsd:integer(?year)`` are valid SPARQL, but have no value for an IRI
or an ``xsd:gYear``, so that a FILTER with them leaves no rows. ``STR`` makes a text of either.
https://www.w3.org/TR/sparql11-query/#func-strings
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode

from pfocr_rdf.contents import Quads
from pfocr_rdf.diagnosis.absent import LANGUAGE_TEXT, NUMBERS, SAMPLE, TEXT
from pfocr_rdf.diagnosis.demands import demands
from pfocr_rdf.diagnosis.matched import NOTHING, pieces, properties_of_variables
from pfocr_rdf.iris import XSD, Iris

#: Functions whose first value must be a text.
READERS: Final = frozenset(
    {"CONTAINS", "ENCODE_FOR_URI", "LCASE", "REGEX", "REPLACE", "STRAFTER", "STRBEFORE"}
    | {"STRENDS", "STRLEN", "STRSTARTS", "SUBSTR", "UCASE"}
)
TEXTS: Final = (TEXT, LANGUAGE_TEXT.value)
YEAR: Final = XSD + "gYear"


def unread(text: str, store: Quads, iris: Iris) -> list[str]:
    """The variables of a query that a function cannot read, but could with ``STR``.

    :param text: a well-formed query; its own prefixes take precedence over those of ``iris``.
    """
    prefixes = iris.prefixes()
    if not (read := dict(_read(text, prefixes))):
        return []
    subjects = {
        thing for thing, asked in demands(text, prefixes) if not all(one.leads for one in asked)
    }
    properties = properties_of_variables(text, prefixes)
    return [
        variable
        for variable, is_readable in read.items()
        if variable in subjects or _is_never(is_readable, properties.get(variable), store)
    ]


def _read(text: str, prefixes: dict[str, str]) -> Iterator[tuple[str, Callable[[object], bool]]]:
    """Each variable that a function reads alone, and which values that function can read."""
    called = opened = variable = NOTHING
    for piece in pieces(text, prefixes):
        is_alone = piece.text == ")" or piece.gap == ","
        if variable.kind == "variable" and opened.text == "(" and not variable.gap and is_alone:
            if called.kind == "word" and called.text in READERS:
                yield variable.text, _is_text
            elif called.kind == "iri" and called.text in NUMBERS:
                yield variable.text, _is_counted
        called, opened, variable = opened, variable, piece


def _is_text(value: object) -> bool:
    return isinstance(value, Literal) and value.datatype.value in TEXTS


def _is_counted(value: object) -> bool:
    """Whether a value can be cast to a number; nearly all literals can, if not all of their texts.

    https://www.w3.org/TR/sparql11-query/#FunctionMapping
    """
    return isinstance(value, Literal) and value.datatype.value != YEAR


def _is_never(is_readable: Callable[[object], bool], of: NamedNode | None, store: Quads) -> bool:
    """Whether a property has values, and none of the first can be read."""
    if of is None:
        return False
    quads = islice(store.quads_for_pattern(None, of, None, DefaultGraph()), SAMPLE)
    readable = [is_readable(quad.object) for quad in quads]
    return bool(readable) and not any(readable)
