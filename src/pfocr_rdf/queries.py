"""Named queries: one question a file, with a header, and how values get into it.

Each file of ``queries/`` is a query of its own: where a value belongs stands an empty block
``VALUES ?name { }``, which :func:`bind` fills with terms that were checked by the type of
the parameter and written by pyoxigraph. A value is never pasted into the text.

The header is the one of WikiPathways' query library::

    # title: Figures that mention a gene
    # category: Figures
    # description: Lists every figure in which a gene is a candidate.
    # keywords: gene, Entrez
    # param: gene | gene | | NCBI Gene id, such as 2064
    # param: limit | limit | 100 | Rows at most

A parameter is ``name | type | default | label``; without a default it must be given. Where
the default is ``any`` or a tier, the value ``any`` leaves the variable free. The types are the
keys of :data:`TYPE_TO_READER`; ``integer 1..100`` is an integer with bounds. The type ``limit``
replaces the number of the line ``LIMIT 100``, the only place where no block can stand.

The queries in ``queries/federated/`` join the release with other endpoints. Their headers say
which, and by which IRI or literal::

    # endpoint: https://sparql.wikipathways.org/sparql
    # join: https://identifiers.org/ncbigene/{id}, which both have

An answer that is best seen as a drawing says so: ``bar`` or ``line``, the column of the labels,
the column of the numbers. The editor takes the same line from any query::

    # chart: bar symbol figures
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import Kind
from pfocr_rdf.errors import IriError, QueryError
from pfocr_rdf.iris import Iris, checked, term
from pfocr_rdf.resources import resource
from pfocr_rdf.spellings import find_iri

Term = NamedNode | Literal

ANY: Final = "any"
LIST_LIMIT: Final = 10_000  # identifiers in one list: about half a megabyte of query
ROW_LIMIT: Final = 100_000_000
HEADER_RE: Final = re.compile(r"# (?P<key>[a-z]+):(?P<value>.*)")
HEADER_KEYS: Final = (
    *("title", "category", "description", "keywords", "param", "endpoint", "join", "chart"),
)
# https://www.w3.org/TR/sparql11-query/#rInlineDataOneVar
SLOT_RE: Final = re.compile(
    r"VALUES \?(?P<name>\w+) \{ \}|(?<=LIMIT )(?P<limit>[0-9]+)$", re.MULTILINE
)
INTEGER_RE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
BOUNDS_RE: Final = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")

DEFAULT_IRIS: Final = Iris()
XSD_INTEGER: Final = term(ns.XSD, "integer")
XSD_GYEAR: Final = term(ns.XSD, "gYear")
YEAR_RE: Final = re.compile(r"[0-9]{4}")
TIERS: Final = ("symbol", "synonym", "family")
TIER_RE: Final = re.compile("|".join(TIERS))
CHART_RE: Final = re.compile(r"(?P<kind>bar|line) (?P<label>\w+) (?P<value>\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place for a value: the name of its variable, its type, default and label."""

    name: str
    type: str
    default: str | None
    label: str

    @property
    def takes_any(self) -> bool:
        """Whether ``any`` leaves the variable free, as a default or instead of a tier that is."""
        return self.default == ANY or (self.type == "tier" and self.default is not None)


@dataclass(frozen=True, slots=True)
class Chart:
    """How an answer is drawn: one bar, or one point of a line, for each row.

    :param kind: ``bar`` or ``line``.
    :param label: the column that names what is counted; of a line, what its points stand above.
    :param value: the column of the numbers.
    """

    kind: str
    label: str
    value: str

    def __str__(self) -> str:
        """The line that says so in a query.

        >>> print(Chart("line", "year", "figures"))
        # chart: line year figures
        """
        return f"# chart: {self.kind} {self.label} {self.value}"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A question with its header; ``text`` is SPARQL whose blocks for values are empty.

    :param endpoints: the other endpoints that its SERVICE clauses name.
    :param join: by which IRI or literal it joins the release with them.
    :param chart: how the answer is drawn; None where a table says more.
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
    """Every query to the release alone that ships with the package, by name.

    >>> [query.name for query in named_queries()][:2]
    ['ambiguous-words', 'article-figures']

    :raises QueryError: if a header is not as it should be.
    """
    return tuple(_library().values())


def federated_queries() -> tuple[NamedQuery, ...]:
    """Every query that joins the release with other endpoints, by name.

    >>> [query.endpoints for query in federated_queries()][:1]
    [('https://sparql.uniprot.org/sparql',)]

    :raises QueryError: if a header is not as it should be.
    """
    return tuple(_library("federated").values())


@cache
def _library(folder: str = "") -> dict[str, NamedQuery]:
    files = sorted(resource("queries", folder).glob("*.rq"), key=lambda path: path.stem)
    return {path.stem: parse_query(path.stem, path.read_text("utf-8")) for path in files}


def load_query(name: str) -> NamedQuery:
    """The query of that name.

    :raises QueryError: if there is none; the message has the nearest names.

    >>> load_query("figures-by-gen")
    Traceback (most recent call last):
    pfocr_rdf.errors.QueryError: no query 'figures-by-gen': did you mean figures-by-gene \
or figures-by-gene-tier or figures-by-all-genes?
    """
    library = {**_library(), **_library("federated")}
    if name in library:
        return library[name]
    near = get_close_matches(name.lower(), library, n=3, cutoff=0.5)
    near += [other for other in library if len(name) > 2 and name.lower() in other]
    hint = " or ".join(list(dict.fromkeys(near))[:3])
    hint = f"did you mean {hint}?" if hint else f"there are {', '.join(library)}"
    raise QueryError(f"no query {name!r}: {hint}")


def parse_query(name: str, source: str) -> NamedQuery:
    """The header and the text of a query file.

    :raises QueryError: if a line of the header is unknown, missing or unlike its pattern.
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
    words = tuple(word.strip() for word in keywords.split(",") if word.strip())
    endpoints = tuple(header.get("endpoint", ()))
    if bool(endpoints) != bool(join):
        raise QueryError(f"{name}.rq: needs both an endpoint and a join, or none of them")
    text = text.strip() + "\n"
    chart = _parse_chart(name, header.get("chart", []), text)
    return NamedQuery(
        *(name, title, category, description, words, parameters, text, endpoints, join, chart)
    )


def _parse_chart(name: str, lines: list[str], text: str) -> Chart | None:
    """What the header says of a drawing; its columns must be variables of the query."""
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
    """The text of a query for the editor, which draws the answer as the first line says."""
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
    r"""The text of a query with values in it.

    :param values: parameter → value, as a user typed it; defaults stand in for the others.
    :raises QueryError: if a value is missing, is not of its type, or belongs to no parameter.

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
            raise QueryError(f"query {query.name} has no parameter {name!r}: {has}")
    blocks: dict[str, str] = {}
    for parameter in query.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            raise QueryError(
                f"query {query.name} needs the parameter {parameter.name!r} ({parameter.label})"
            )
        blocks[parameter.name] = _block(parameter, value, iris)

    def fill(slot: re.Match[str]) -> str:
        # One pass: what was filled in is not looked at again, whatever a value looks like.
        return blocks.get(slot["name"] or "limit", slot[0])

    return SLOT_RE.sub(fill, query.text)


def _block(parameter: Parameter, value: str, iris: Iris) -> str:
    """What stands in the place of an empty block."""
    if parameter.takes_any and value.strip().lower() == ANY:
        return f"VALUES ?{parameter.name} {{ UNDEF }}"
    terms = read_terms(parameter, value, iris)
    if parameter.type.split(" ")[0] == "limit":
        return str(int(terms[0].value))
    return f"VALUES ?{parameter.name} {{ {' '.join(map(str, terms))} }}"


def read_terms(parameter: Parameter, value: str, iris: Iris = DEFAULT_IRIS) -> tuple[Term, ...]:
    """A value of a parameter as terms: one, or for a list each once, in order.

    :raises QueryError: if it is not of the parameter's type.

    >>> genes = Parameter("gene", "genes", None, "Genes")
    >>> [node.value for node in read_terms(genes, "5742, http://purl.uniprot.org/geneid/5743")]
    ['https://identifiers.org/ncbigene/5742', 'https://identifiers.org/ncbigene/5743']
    >>> read_terms(Parameter("gene", "gene", None, "Gene"), "TP53")
    Traceback (most recent call last):
    pfocr_rdf.errors.QueryError: parameter 'gene': 'TP53' is not of type gene: give an NCBI \
Gene id as 5742, ncbigene:5742 or an IRI
    """
    kind, _, bounds = parameter.type.partition(" ")
    reader, accepted = TYPE_TO_READER[kind]
    if bounds:
        accepted = f"{accepted}, {bounds.replace('..', ' to ')}"
    try:
        terms = tuple(dict.fromkeys(reader(value, bounds, iris)))
    except ValueError as error:
        wrong = value if len(value) <= 100 else value[:100] + "…"
        free = " or any" if parameter.takes_any else ""
        hint = f"{error.hint}; " if isinstance(error, IriError) and error.hint else ""
        raise QueryError(
            f"parameter {parameter.name!r}: {wrong!r} is not of type {kind}: {hint}"
            f"give {accepted}{free}"
        ) from error
    return terms


Reader = Callable[[str, str, Iris], Iterable[Term]]


def _things(*kinds: Kind) -> Reader:
    return lambda value, _bounds, iris: [find_iri(value, iris, kinds)]


def _genes(value: str, _bounds: str, iris: Iris) -> Iterable[Term]:
    words = [word for word in re.split(r"[,;\s]+", value) if word]
    if not 1 <= len(words) <= LIST_LIMIT:
        raise IriError("list of genes", value)
    return [find_iri(word, iris, ["ncbigene"]) for word in words]


def _text(value: str, _bounds: str, _iris: Iris) -> Iterable[Term]:
    if not value:
        raise IriError("text", value)
    return [Literal(value)]


def _integer(value: str, bounds: str, _iris: Iris) -> Iterable[Term]:
    if not INTEGER_RE.fullmatch(value.strip()):
        raise IriError("integer", value)
    number = int(value)
    if found := BOUNDS_RE.fullmatch(bounds):
        low, high = map(int, found.groups())
        if not low <= number <= high:
            raise IriError("integer within bounds", value)
    return [Literal(str(number), datatype=XSD_INTEGER)]


def _limit(value: str, _bounds: str, iris: Iris) -> Iterable[Term]:
    return _integer(value, f"1..{ROW_LIMIT}", iris)


def _year(value: str, _bounds: str, _iris: Iris) -> Iterable[Term]:
    return [Literal(checked(YEAR_RE, "year", value.strip()), datatype=XSD_GYEAR)]


def _tier(value: str, _bounds: str, _iris: Iris) -> Iterable[Term]:
    names = [checked(TIER_RE, "tier", name.strip().lower()) for name in value.split(",")]
    return [term(ns.PFOCR, name) for name in names]


#: Type → what reads it and what a value of it looks like.
TYPE_TO_READER: Final[dict[str, tuple[Reader, str]]] = {
    "gene": (_things("ncbigene"), "an NCBI Gene id as 5742, ncbigene:5742 or an IRI"),
    "genes": (_genes, f"at most {LIST_LIMIT:,} NCBI Gene ids as 5742, 5743"),
    "mesh": (_things("mesh"), "a MeSH id as D005227, mesh:D005227 or an IRI"),
    "chemical": (
        _things("mesh", "chebi"),
        "a MeSH or ChEBI id as D005227, CHEBI:35366 or an IRI",
    ),
    "disease": (
        _things("mesh", "doid"),
        "a MeSH or Disease Ontology id as D009369, DOID:162 or an IRI",
    ),
    "taxon": (_things("taxon"), "an NCBI taxonomy id as 9606, taxon:9606 or an IRI"),
    "article": (_things("pmc"), "a PubMed Central id as PMC6566596 or an IRI"),
    "thing": (
        _things("ncbigene", "mesh", "chebi", "doid", "taxon", "pmc"),
        "a CURIE as ncbigene:5742, mesh:D005227, taxon:9606, pmc:PMC6566596, or an IRI",
    ),
    "figure": (_things("figure"), "a figure id as PMC6566596__ijms-20-02505-g004 or its IRI"),
    "text": (_text, "at least one character"),
    "integer": (_integer, "a whole number"),
    "limit": (_limit, f"a whole number, 1 to {ROW_LIMIT:,}"),
    "year": (_year, "four digits as 2019"),
    "tier": (_tier, f"one or more of {', '.join(TIERS)}"),
}
