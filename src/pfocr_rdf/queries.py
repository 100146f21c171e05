"""Named queries: one question per file, with a header, and how values get into it.

Each file in ``queries/`` is one query. An empty block ``VALUES ?name { }`` marks the place of a
value; :func:`bind` fills it with terms that were checked against the type of the parameter and
serialised by pyoxigraph. A value is never pasted into the text.

The header has the form of WikiPathways' query library::

    # title: Figures that mention a gene
    # category: Figures
    # description: Lists every figure in which a gene is a candidate.
    # keywords: gene, Entrez
    # param: gene | gene | | NCBI Gene id, such as 2064
    # param: limit | limit | 100 | Rows at most

A parameter is ``name | type | default | label``; without a default, a value must be given. If
the default is ``any`` or a tier, the value ``any`` leaves the variable free. The types are those
of :mod:`pfocr_rdf.parameters`. A value of the type ``limit`` replaces the number in the line
``LIMIT 100``, the only place where no block can stand.

The queries in ``queries/federated/`` join the release with other endpoints. Their headers say
which, and by which IRI or literal::

    # endpoint: https://sparql.wikipathways.org/sparql
    # join: https://identifiers.org/ncbigene/{id}, which both have

If the answer is best shown as a chart, the header says so: ``bar`` or ``line``, the column of the
labels, the column of the numbers. The editor reads the same line in any query::

    # chart: bar symbol figures
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.equivalents import Kind
from pfocr_rdf.errors import IriError, QueryError, UnknownThingError, UsageError
from pfocr_rdf.iris import Iris
from pfocr_rdf.parameters import ANY, BOUNDS_RE, TYPE_TO_READER, Parameter, read_terms
from pfocr_rdf.resources import resource
from pfocr_rdf.spellings import DEFAULT_IRIS, find_iri

HEADER_RE: Final = re.compile(r"# (?P<key>[a-z]+):(?P<value>.*)")
HEADER_KEYS: Final = (
    *("title", "category", "description", "keywords", "param", "endpoint", "join", "chart"),
)
# https://www.w3.org/TR/sparql11-query/#rInlineDataOneVar
SLOT_RE: Final = re.compile(
    r"VALUES \?(?P<name>\w+) \{ \}|(?<=LIMIT )(?P<limit>[0-9]+)$", re.MULTILINE
)
#: Name and type of the parameter whose place is the number after LIMIT.
LIMIT: Final = "limit"
#: Type of a parameter → other identifiers that it accepts, which only a release can resolve.
TYPE_TO_RESOLVED: Final[dict[str, tuple[Kind, ...]]] = {
    "article": ("doi",),
    "thing": ("doi",),
    "figure": ("page",),
}
KIND_TO_LACKING: Final[dict[Kind, tuple[str, str]]] = {
    "doi": ("article of this release has the DOI", "a PubMed Central id"),
    "page": ("figure of this release has the page", "a figure id"),
}
CHART_RE: Final = re.compile(r"(?P<kind>bar|line) (?P<label>\w+) (?P<value>\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chart:
    """How an answer is drawn: one bar, or one point of a line, for each row.

    :param kind: ``bar`` or ``line``.
    :param label: the column that names what is counted; for a line, that of the horizontal axis.
    :param value: the column of the numbers.
    """

    kind: str
    label: str
    value: str

    def __str__(self) -> str:
        """The line of a query that asks for this chart.

        >>> print(Chart("line", "year", "figures"))
        # chart: line year figures
        """
        return f"# chart: {self.kind} {self.label} {self.value}"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query with its header; ``text`` is SPARQL whose blocks for values are empty.

    :param endpoints: the other endpoints that its SERVICE clauses name.
    :param join: the IRI or literal by which it joins the release with them.
    :param chart: how the answer is drawn; None if only a table is shown.
    """

    name: str
    title: str
    category: str
    description: str
    keywords: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    endpoints: tuple[str, ...] = ()
    join: str = ""
    chart: Chart | None = None


def named_queries() -> tuple[NamedQuery, ...]:
    """The queries shipped with the package that ask the release alone, sorted by name.

    >>> [query.name for query in named_queries()][:2]
    ['ambiguous-words', 'article-figures']

    :raises QueryError: if a header is malformed.
    """
    return tuple(_library().values())


def federated_queries() -> tuple[NamedQuery, ...]:
    """The shipped queries that join the release with other endpoints, sorted by name.

    >>> [query.endpoints for query in federated_queries()][:1]
    [('https://sparql.uniprot.org/sparql',)]

    :raises QueryError: if a header is malformed.
    """
    return tuple(_library("federated").values())


@cache
def _library(folder: str = "") -> dict[str, NamedQuery]:
    files = sorted(resource("queries", folder).glob("*.rq"), key=lambda path: path.stem)
    return {path.stem: parse_query(path.stem, path.read_text("utf-8")) for path in files}


def load_query(name: str) -> NamedQuery:
    """The query with a name.

    :raises UsageError: if there is none; the message suggests the nearest names.

    >>> load_query("figures-by-gen")
    Traceback (most recent call last):
    pfocr_rdf.errors.UsageError: no query 'figures-by-gen': did you mean figures-by-gene \
or figures-by-gene-tier or figures-by-all-genes?
    """
    library = {**_library(), **_library("federated")}
    if name in library:
        return library[name]
    near = get_close_matches(name.lower(), library, n=3, cutoff=0.5)
    near += [other for other in library if len(name) > 2 and name.lower() in other]
    hint = " or ".join(list(dict.fromkeys(near))[:3])
    hint = f"did you mean {hint}?" if hint else f"there are {', '.join(library)}"
    raise UsageError(f"no query {name!r}: {hint}")


def parse_query(name: str, source: str) -> NamedQuery:
    """The header and the text of a query file.

    :raises QueryError: if a line of the header is unknown, missing or malformed, or a parameter
        has no place in the text.
    """
    head, _, text = source.partition("\n\n")
    header: dict[str, list[str]] = {}
    for number, line in enumerate(head.splitlines(), 1):
        found = HEADER_RE.fullmatch(line)
        if not found or found["key"] not in HEADER_KEYS:
            pattern = " ".join(f"'# {key}:'" for key in HEADER_KEYS)
            raise QueryError(f"{name}.rq: line {number}: {line!r} begins with none of {pattern}")
        header.setdefault(found["key"], []).append(found["value"].strip())
    title, category, description, keywords, join = (
        " ".join(header.get(key, []))
        for key in ("title", "category", "description", "keywords", "join")
    )
    if not (title and category and description and text.strip()):
        raise QueryError(f"{name}.rq: needs a title, a category, a description and a query")
    parameters = tuple(_parse_parameter(name, line) for line in header.get("param", []))
    _check_places(name, parameters, text)
    words = tuple(word.strip() for word in keywords.split(",") if word.strip())
    endpoints = tuple(header.get("endpoint", ()))
    if bool(endpoints) != bool(join):
        raise QueryError(f"{name}.rq: needs both an endpoint and a join, or neither")
    text = text.strip() + "\n"
    chart = _parse_chart(name, header.get("chart", []), text)
    return NamedQuery(
        *(name, title, category, description, words, parameters, text, endpoints, join, chart)
    )


def _check_places(name: str, parameters: tuple[Parameter, ...], text: str) -> None:
    """Refuse a parameter without a place in the text: its value would be checked, but not used."""
    places = {slot["name"] or LIMIT for slot in SLOT_RE.finditer(text.strip())}
    seen: set[str] = set()
    for parameter in parameters:
        own = parameter.name
        if own in seen:
            raise QueryError(f"{name}.rq: two parameters are named {own!r}: rename one")
        seen.add(own)
        if (own == LIMIT) != (parameter.kind == LIMIT):
            raise QueryError(f"{name}.rq: param {own!r}: name and type must both be 'limit'")
        if own not in places:
            place = "a line that ends in LIMIT 100" if own == LIMIT else f"VALUES ?{own} {{ }}"
            raise QueryError(
                f"{name}.rq: param {own!r} has no place in the query: write {place}, exactly so"
            )


def _parse_chart(name: str, lines: list[str], text: str) -> Chart | None:
    """The chart that the header describes, if any; its columns must be variables of the query."""
    if not lines:
        return None
    found = CHART_RE.fullmatch(lines[0])
    if found is None or len(lines) > 1:
        line = " ".join(lines)
        raise QueryError(f"{name}.rq: chart {line!r} is not 'bar label value' or 'line …', once")
    chart = Chart(found["kind"], found["label"], found["value"])
    for column in (chart.label, chart.value):
        if not re.search(rf"\?{column}\b", text):
            raise QueryError(f"{name}.rq: chart: the query has no column {column!r}")
    return chart


def with_chart(query: NamedQuery, text: str) -> str:
    """The text of a query for the editor, with its chart, if any, as the first line."""
    return text if query.chart is None else f"{query.chart}\n{text}"


def _parse_parameter(name: str, line: str) -> Parameter:
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) != 4 or not re.fullmatch(r"[a-z_]+", cells[0]):
        raise QueryError(f"{name}.rq: param {line!r} is not 'name | type | default | label'")
    kind, _, bounds = cells[1].partition(" ")
    if kind not in TYPE_TO_READER or (bounds and not BOUNDS_RE.fullmatch(bounds)):
        raise QueryError(f"{name}.rq: {cells[1]!r} is not one of {', '.join(TYPE_TO_READER)}")
    return Parameter(cells[0], cells[1], cells[2] or None, cells[3])


def bind(query: NamedQuery, values: Mapping[str, str], iris: Iris = DEFAULT_IRIS) -> str:
    r"""The text of a query with values filled in.

    :param values: parameter → value, as a user typed it; defaults stand in for the others.
    :raises UsageError: if a value is missing, is not of its type, or belongs to no parameter.

    >>> query = parse_query(
    ...     "q",
    ...     '''# title: T
    ... # category: C
    ... # description: D.
    ... # param: word | text | | Word
    ...
    ... SELECT * WHERE { VALUES ?word { } ?s ?p ?word }''',
    ... )
    >>> print(bind(query, {"word": 'TP53" } SERVICE <http://example.org/> {'}), end="")
    SELECT * WHERE { VALUES ?word { "TP53\" } SERVICE <http://example.org/> {" } ?s ?p ?word }
    """
    names = [parameter.name for parameter in query.parameters]
    for name in values:
        if name not in names:
            has = f"it has {', '.join(names)}" if names else "it has none"
            raise UsageError(f"query {query.name} has no parameter {name!r}: {has}")
    blocks: dict[str, str] = {}
    for parameter in query.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            name = parameter.name
            needed = f"query {query.name} needs the parameter {name!r} ({parameter.label})"
            raise UsageError(f"{needed}: give {TYPE_TO_READER[parameter.kind][1]}")
        blocks[parameter.name] = _block(parameter, value, iris)

    def fill(slot: re.Match[str]) -> str:
        # One pass: what was filled in is not searched again, whatever a value looks like.
        return blocks.get(slot["name"] or LIMIT, slot[0])

    return SLOT_RE.sub(fill, query.text)


def resolved(
    query: NamedQuery,
    values: Mapping[str, str],
    same_thing: Callable[[NamedNode], NamedNode],
    iris: Iris = DEFAULT_IRIS,
) -> dict[str, str]:
    """The values for a query, with DOIs replaced by their articles and pages by their figures.

    Only a release knows which those are.

    :param same_thing: returns the thing of the release that an IRI is another spelling or a page
        of, or else the IRI itself.
    :raises UnknownThingError: if a DOI or page belongs to nothing in the release.

    >>> article = NamedNode("https://identifiers.org/pmc/PMC1")
    >>> query = load_query("article-figures")
    >>> resolved(query, {"article": "doi:10.1000/X"}, lambda doi: article)
    {'article': 'https://identifiers.org/pmc/PMC1'}
    >>> resolved(query, {"article": "PMC1"}, lambda doi: article)
    {'article': 'PMC1'}
    """
    found = dict(values)
    for parameter in query.parameters:
        value = found.get(parameter.name, "")
        for kind in TYPE_TO_RESOLVED.get(parameter.type, ()) if value else ():
            with suppress(IriError):
                spelt = find_iri(value, iris, (kind,))
                thing = same_thing(spelt)
                lacking, instead = KIND_TO_LACKING[kind]
                if thing == spelt:
                    raise UnknownThingError(parameter.name, lacking, value, instead)
                found[parameter.name] = thing.value
    return found


def _block(parameter: Parameter, value: str, iris: Iris) -> str:
    """What replaces an empty block, or the number after LIMIT."""
    if parameter.takes_any and value.strip().lower() == ANY:
        return f"VALUES ?{parameter.name} {{ UNDEF }}"
    terms = read_terms(parameter, value, iris)
    if parameter.kind == LIMIT:
        return str(int(terms[0].value))
    return f"VALUES ?{parameter.name} {{ {' '.join(map(str, terms))} }}"
