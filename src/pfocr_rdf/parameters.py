"""Parameter values: what a user typed becomes terms, checked by type, or is refused.

The types are the keys of :data:`TYPE_TO_READER`; ``integer 1..100`` is an integer with bounds.
What was typed gets into a query only as a term that pyoxigraph serialises.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import Kind
from pfocr_rdf.errors import IriError, UsageError
from pfocr_rdf.iris import Iris, checked, term
from pfocr_rdf.spellings import DEFAULT_IRIS, find_iri

Term = NamedNode | Literal

ANY: Final = "any"
LIST_LIMIT: Final = 10_000  # identifiers in one list: about half a megabyte of query
ROW_LIMIT: Final = 100_000_000
SHOWN: Final = 100  # characters of a refused value that the message repeats
INTEGER_RE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
BOUNDS_RE: Final = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")
YEAR_RE: Final = re.compile(r"[0-9]{4}")
# Not imported from the vocabulary: with the record readers, that takes a tenth of a second.
XSD_INTEGER: Final = term(ns.XSD, "integer")
XSD_GYEAR: Final = term(ns.XSD, "gYear")
TIERS: Final = ("symbol", "synonym", "family")
TIER_RE: Final = re.compile("|".join(TIERS))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query: the name of its variable, its type, default and label."""

    name: str
    type: str
    default: str | None
    label: str

    @property
    def kind(self) -> str:
        """The type without its bounds.

        >>> Parameter("minimum", "integer 1..10", "3", "Least number").kind
        'integer'
        """
        return self.type.partition(" ")[0]

    @property
    def takes_any(self) -> bool:
        """Whether ``any`` leaves the variable free: as a default, or for a tier with a default."""
        return self.default == ANY or (self.type == "tier" and self.default is not None)


def read_terms(parameter: Parameter, value: str, iris: Iris = DEFAULT_IRIS) -> tuple[Term, ...]:
    """The terms of a parameter's value: one, or those of a list, each once, in order.

    :raises UsageError: if the value is not of the parameter's type.

    >>> genes = Parameter("gene", "genes", None, "Genes")
    >>> [node.value for node in read_terms(genes, "5742, http://purl.uniprot.org/geneid/5743")]
    ['https://identifiers.org/ncbigene/5742', 'https://identifiers.org/ncbigene/5743']
    >>> read_terms(Parameter("gene", "gene", None, "Gene"), "TP53")
    Traceback (most recent call last):
    pfocr_rdf.errors.UsageError: parameter 'gene': 'TP53' is not of type gene: give an NCBI \
Gene id such as 5742, ncbigene:5742 or an IRI
    """
    kind, _, bounds = parameter.type.partition(" ")
    reader, accepted = TYPE_TO_READER[kind]
    if bounds:
        accepted = f"{accepted}, {bounds.replace('..', ' to ')}"
    try:
        terms = tuple(dict.fromkeys(reader(value, bounds, iris)))
    except UsageError as error:
        raise UsageError(f"parameter {parameter.name!r}: {error}") from error
    except ValueError as error:
        wrong = value if len(value) <= SHOWN else value[:SHOWN] + "…"
        free = " or any" if parameter.takes_any else ""
        hint = f"{error.hint}; " if isinstance(error, IriError) and error.hint else ""
        raise UsageError(
            f"parameter {parameter.name!r}: {wrong!r} is not of type {kind}: {hint}"
            f"give {accepted}{free}"
        ) from error
    return terms


Reader = Callable[[str, str, Iris], Iterable[Term]]


def _things(*kinds: Kind) -> Reader:
    return lambda value, _bounds, iris: [find_iri(value, iris, kinds)]


def _genes(value: str, _bounds: str, iris: Iris) -> Iterable[Term]:
    """The genes of a list; an error names only the wrong item, because the list may be long.

    :raises UsageError: if an item is not an NCBI Gene id, or there are too many.
    """
    words = [word for word in re.split(r"[,;\s]+", value) if word]
    if not words:
        raise IriError("list of genes", value)
    if len(words) > LIST_LIMIT:
        given = f"{len(words):,} NCBI Gene ids are too many"
        raise UsageError(f"{given}: give at most {LIST_LIMIT:,}")
    return [_gene(word, place, iris) for place, word in enumerate(words, 1)]


def _gene(word: str, place: int, iris: Iris) -> Term:
    try:
        return find_iri(word, iris, ["ncbigene"])
    except IriError as error:
        shown = repr(word if len(word) <= SHOWN else word[:SHOWN] + "…")
        may_be = error.hint.removeprefix(shown).strip()
        hint = f"it {may_be}; " if may_be else ""
        reason = f"{shown} (item {place:,}) is not an NCBI Gene id"
        raise UsageError(f"{reason}: {hint}give ids such as 5742, 5743") from error


def _text(value: str, _bounds: str, _iris: Iris) -> Iterable[Term]:
    if not value:
        raise IriError("text", value)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # Python keeps other bytes of an argument as surrogates
        shown = value if len(value) <= SHOWN else value[:SHOWN] + "…"
        raise UsageError(f"{shown!r} is not UTF-8: give it in UTF-8") from error
    return [Literal(value)]


def _name(value: str, bounds: str, iris: Iris) -> Iterable[Term]:
    return _text(value.strip(), bounds, iris)


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


#: Type → its reader, and what a value looks like.
TYPE_TO_READER: Final[dict[str, tuple[Reader, str]]] = {
    "gene": (_things("ncbigene"), "an NCBI Gene id such as 5742, ncbigene:5742 or an IRI"),
    "genes": (_genes, f"at most {LIST_LIMIT:,} NCBI Gene ids such as 5742, 5743"),
    "mesh": (_things("mesh"), "a MeSH id such as D005227, mesh:D005227 or an IRI"),
    "chemical": (
        _things("mesh", "chebi"),
        "a MeSH or ChEBI id such as D005227, CHEBI:35366 or an IRI",
    ),
    "disease": (
        _things("mesh", "doid"),
        "a MeSH or Disease Ontology id such as D009369, DOID:162 or an IRI",
    ),
    "taxon": (_things("taxon"), "an NCBI taxonomy id such as 9606, taxon:9606 or an IRI"),
    "article": (_things("pmc"), "a PubMed Central id such as PMC6566596 or its IRI"),
    "thing": (
        _things("ncbigene", "mesh", "chebi", "doid", "taxon", "pmc"),
        "a CURIE such as ncbigene:5742, mesh:D005227, taxon:9606, pmc:PMC6566596, or its IRI",
    ),
    "figure": (_things("figure"), "a figure id such as PMC6566596__ijms-20-02505-g004 or its IRI"),
    # Not stripped: some words read from pictures begin or end with white space.
    "text": (_text, "at least one character"),
    # Stripped: names neither begin nor end with white space, but a pasted one may have some.
    "name": (_name, "at least one character"),
    "integer": (_integer, "a whole number"),
    "limit": (_limit, f"a whole number, 1 to {ROW_LIMIT:,}"),
    "year": (_year, "four digits such as 2019"),
    "tier": (_tier, f"one or more of {', '.join(TIERS)}"),
}
