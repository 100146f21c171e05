"""Values to try a named query with, taken from the release so that the examples find rows.

They are the gene that most figures mention by its symbol, the figure with the best evidence for
it, and the things most often mentioned together with it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from pyoxigraph import NamedNode

from pfocr_rdf.errors import QueryError
from pfocr_rdf.parameters import Parameter, read_terms
from pfocr_rdf.queries import NamedQuery
from pfocr_rdf.search.mentions import Group
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.described import example_figure
from pfocr_rdf.web.reading import Reading

#: The example values in the label of a parameter: ``NCBI Gene id, such as 2064``.
SUCH_AS_RE: Final = re.compile(r"\bsuch as (?P<all>(?P<first>.+?)(?:(?:,| or )(?P<rest>.*))?)$")
#: Number of genes in the example of a list.
LISTED_GENES: Final = 3


#: Type of a parameter → what the mention tables call things of that type.
KIND_TO_GROUP: Final[dict[str, Group]] = {
    "chemical": "chemical",
    "disease": "disease",
    "taxon": "organism",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A value, and the name of the thing it identifies; empty if the value is its own name."""

    value: str
    name: str = ""


#: Release → its :func:`release_examples`, kept because a release never changes and finding the gene
#: means looking at all genes.
_KNOWN: Final[WeakKeyDictionary[Reading, Mapping[str, Example]]] = WeakKeyDictionary()


def example_values(query: NamedQuery, reading: Reading) -> dict[str, str]:
    """A value for each parameter that has no default."""
    return {
        parameter.name: example_of(parameter, reading).value
        for parameter in query.parameters
        if parameter.default is None
    }


def example_of(parameter: Parameter, reading: Reading) -> Example:
    """A value that the release has for a parameter; else that of its label, or its default."""
    found = known_example(parameter, reading) or labelled(parameter)
    return found or Example(parameter.default or "")


def known_example(parameter: Parameter, reading: Reading) -> Example | None:
    """A value that the release has for a parameter; None if it has none of the right type."""
    key = parameter.name if parameter.type in ("text", "name") else parameter.type
    found = release_examples(reading).get(key)
    if found is not None:
        # The value may be of another type: a full date where the parameter takes a year.
        with suppress(QueryError):
            read_terms(parameter, found.value, reading.iris)
            return found
    return None


def labelled(parameter: Parameter) -> Example | None:
    """The value that the label of a parameter names.

    >>> labelled(Parameter("gene", "gene", None, "NCBI Gene id, such as 2064")).value
    '2064'
    >>> labelled(Parameter("gene", "genes", None, "NCBI Gene ids, such as 2064, 2065")).value
    '2064, 2065'
    """
    found = SUCH_AS_RE.search(parameter.label)
    return Example(found["all" if parameter.type == "genes" else "first"]) if found else None


def release_examples(reading: Reading) -> Mapping[str, Example]:
    """Type of a parameter, or its name if the type is text or name → a value from the release."""
    found = _KNOWN.get(reading)
    if found is None:
        found = dict(_found(reading))
        _KNOWN[reading] = found
    return found


def _found(reading: Reading) -> Iterator[tuple[str, Example]]:
    tables = reading.mentions
    gene = tables.foremost("gene") if tables else None
    if tables is None or gene is None:
        figid = example_figure(reading)
        if figid is not None:
            yield from _of_figure(reading, figid)
        return
    mentioned = tables.find(gene.iri)
    beside = tables.beside(mentioned, LISTED_GENES) if mentioned else {}
    listed = beside.get("gene", [])[: LISTED_GENES - 1]
    genes = [gene, *listed]
    yield "gene", Example(gene.accession, gene.name)
    yield (
        "genes",
        Example(", ".join(g.accession for g in genes), ", ".join(g.name for g in genes)),
    )
    yield "thing", Example(reading.iris.prefixed(gene.iri), gene.name)
    yield "symbol", Example(gene.name)
    for kind, group in KIND_TO_GROUP.items():
        one = next(iter(beside.get(group, [])), None) or tables.foremost(group)
        if one is not None:
            yield kind, Example(one.accession, one.name)
    for figure in tables.figures(mentioned, 0, 1) if mentioned else ():
        if figure.words:
            yield "word", Example(figure.words[0].text)
        yield from _of_figure(reading, figure.figid)


def _of_figure(reading: Reading, figid: str) -> Iterator[tuple[str, Example]]:
    """Examples from a figure and its article."""
    figure = reading.iris.figure(figid)
    yield "figure", Example(figid)
    for keyword in reading.values(figure, Schema.keywords)[:1]:
        yield "keyword", Example(keyword)
    for triple in reading.said(figure, Schema.is_part_of):
        article = triple.object
        if not isinstance(article, NamedNode):
            continue
        yield "article", Example(figid.partition("__")[0])
        for year in reading.values(article, Schema.date_published)[:1]:
            yield "year", Example(year)
        for journal in reading.said(article, Schema.is_part_of):
            if isinstance(journal.object, NamedNode):
                for name in reading.values(journal.object, Schema.name)[:1]:
                    yield "journal", Example(name)
