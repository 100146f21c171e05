"""Any spelling of an identifier → the IRI that the data have for the thing.

A spelling is any IRI in use for the thing, a CURIE, or a bare accession that can mean only one
thing. All identifiers from users are read here: in parameters, ``describe``, search, pages.
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, cast
from urllib.parse import unquote

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import Beginning, Kind, doi_iri, iri_beginnings
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris

#: Kind of thing → its name in messages, in the order in which a hint lists them.
KIND_TO_NAME: Final[dict[Kind, str]] = {
    "ncbigene": "gene",
    "taxon": "taxon",
    "mesh": "MeSH term",
    "chebi": "ChEBI term",
    "doid": "Disease Ontology term",
    "pmc": "PubMed Central article",
    "doi": "DOI",
    "figure": "figure",
    "wikipathways": "pathway",
    "ndex": "NDEx network",
    "page": "page of a figure at PubMed Central",
}
KINDS: Final = tuple(KIND_TO_NAME)
#: Beginning → the prefixes of its CURIEs, in lower case; the first is the usual one.
BEGINNING_TO_PREFIXES: Final[dict[Beginning, str]] = {
    "ncbigene": "ncbigene gene geneid entrez entrezgene entrez.gene ncbi.gene ncbi_gene "
    "ncbi-geneid egid",
    "taxon": "taxon taxonomy ncbitaxon taxid ncbi_taxid ncbi.taxonomy uniprot.taxonomy",
    "mesh": "mesh msh mesh.descriptor",
    "chebi": "chebi",
    "doid": "doid",
    "pmc": "pmc pmcid",
    "doi": "doi",
    "figure": "figure",
    "wikipathways": "wikipathways wp",
    "ndex": "ndex",
    "obo": "obo",
    "resolver": "info miriam urn",  # info:doi/10.1000/1, urn:miriam:ncbigene:5742
}
PREFIX_TO_BEGINNING: Final[dict[str, Beginning]] = {
    prefix: beginning
    for beginning, prefixes in BEGINNING_TO_PREFIXES.items()
    for prefix in (beginning, *prefixes.split())
}
#: What to give instead of an identifier from other vocabularies → the prefixes of those.
ADVICE_TO_PREFIXES: Final[dict[str, str]] = {
    "PubMed ids are not in the records: give the PMC id or the DOI": "pmid pubmed",
    "genes go by NCBI Gene ids, such as ncbigene:5742": "hgnc hgnc.symbol symbol ensembl uniprot "
    "uniprotkb mgi rgd zfin flybase",
    "chemicals go by MeSH or ChEBI ids, such as mesh:D014148 or CHEBI:15377": "pubchem "
    "pubchem.compound cid drugbank kegg.compound hmdb inchikey cas chembl chembl.compound",
    "diseases go by MeSH or Disease Ontology ids, such as mesh:D009369 or DOID:162": "mondo omim "
    "umls hp efo orphanet orpha icd10 ncit",
}
#: The shapes of bare accessions, the strictest first.
KIND_TO_ALONE: Final[dict[Kind, re.Pattern[str]]] = {
    "figure": ns.FIGID_RE,
    "pmc": ns.PMC_RE,
    "mesh": ns.MESH_RE,
    "doi": ns.DOI_RE,
    "wikipathways": ns.WPID_RE,
    "ndex": ns.UUID_RE,
}
#: Kinds whose accessions are numbers → their shape, and how a hint spells one.
NUMBERED: Final[dict[Kind, tuple[re.Pattern[str], str]]] = {
    "ncbigene": (ns.ENTREZ_RE, "ncbigene:{}"),
    "taxon": (ns.TAXON_RE, "taxon:{}"),
    "chebi": (ns.CHEBI_RE, "CHEBI:{}"),
    "doid": (ns.DOID_RE, "DOID:{}"),
    "pmc": (re.compile("[0-9]{1,9}"), "PMC{}"),
}
KIND_TO_CASE: Final[dict[Kind, Callable[[str], str]]] = {
    "mesh": str.upper,
    "pmc": str.upper,
    "ndex": str.lower,
}
#: Beginnings of IRIs that a prefix follows → what ends that prefix.
BEGINNING_TO_SEPARATOR: Final[dict[Beginning, re.Pattern[str]]] = {
    "obo": re.compile("_"),
    "resolver": re.compile("[:/]"),
}
#: One of these follows the prefix of a CURIE, or the scheme of an IRI.
SEPARATOR_RE: Final = re.compile("[:_]")
#: What follows the beginning of an article's IRI in the address of a figure's page or picture.
PAGE_RE: Final = re.compile(r"(PMC[0-9]{1,9})/(figure|bin)/([^/?#]+)/?(?:[?#].*)?", re.IGNORECASE)
#: NCBI's pages for people: their address may go on with a part of the page or a way to show it.
NCBI_PAGE_RE: Final = re.compile(r"https?://(www\.|pmc\.)?ncbi\.nlm\.nih\.gov/", re.IGNORECASE)
PART_RE: Final = re.compile(r"/?[?#&].*")
#: Enough for a figid of 200 characters of four bytes, all escaped; nothing else is so long.
LONGEST: Final = 3000
SHOWN: Final = 100
# https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2.1: scheme and host in any case
WEB_RE: Final = re.compile(r"https?:(//[^/?#@]*)", re.IGNORECASE)
CONTROL_RE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
HALF_ESCAPE_RE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
DEFAULT_IRIS: Final = Iris()


def find_iri(text: str, iris: Iris = DEFAULT_IRIS, kinds: Sequence[Kind] = KINDS) -> NamedNode:
    """The IRI that the data have for the thing that a text spells.

    A DOI gives ``https://doi.org/…`` in lower case, and the page of a figure at PubMed Central its
    address: :func:`pfocr_rdf.contents.same_thing` finds what they belong to. A bare number is
    accepted only for a gene or a taxon, where ``kinds`` leave it no other meaning.

    :param text: an IRI, a CURIE or an accession; spaces and ``< >`` around it do not matter.
    :param kinds: what may be meant; everything by default.
    :raises IriError: if it is none of these; its ``hint`` says what may be meant.

    >>> find_iri("GeneID:5742") == find_iri("http://purl.uniprot.org/geneid/5742")
    True
    >>> find_iri("CHEBI:15377").value
    'http://purl.obolibrary.org/obo/CHEBI_15377'
    >>> find_iri("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/").value
    'https://identifiers.org/pmc/PMC1'
    >>> find_iri("5742", kinds=["ncbigene"]).value
    'https://identifiers.org/ncbigene/5742'
    >>> find_iri("5742")
    Traceback (most recent call last):
    pfocr_rdf.errors.IriError: not a known identifier: '5742' may be ncbigene:5742 or \
taxon:5742 or CHEBI:5742 or DOID:5742 or PMC5742
    """
    spelt = text.strip()
    if spelt.startswith("<") and spelt.endswith(">"):
        spelt = spelt[1:-1]
    if len(spelt) > LONGEST or CONTROL_RE.search(spelt):
        raise IriError(_named(kinds), text)
    kind, accession = _alone(spelt, kinds) or _prefixed(spelt, kinds, iris)
    node = _node(kind, accession, iris)
    if kind not in kinds:
        raise IriError(_named(kinds), text, f"{_shown(spelt)!r} is a {KIND_TO_NAME[kind]}")
    return node


def known_iri(text: str, iris: Iris = DEFAULT_IRIS) -> NamedNode | None:
    """The same, but None for a text that spells nothing known.

    >>> known_iri("Mesh:d014148"), known_iri("TP53")
    (<NamedNode value=http://id.nlm.nih.gov/mesh/D014148>, None)
    """
    try:
        return find_iri(text, iris)
    except IriError:
        return None


def _alone(spelt: str, kinds: Sequence[Kind]) -> tuple[Kind, str] | None:
    """The kind and the accession if the text is a bare accession, without a prefix."""
    if spelt.isdigit():
        meant = [kind for kind in NUMBERED if kind in kinds]
        # Numbers of ChEBI and DOID are never written without their prefix, and what looks like
        # an article's might be a PubMed id.
        if len(meant) == 1 and meant[0] in {"ncbigene", "taxon"}:
            return meant[0], spelt
    for kind, pattern in KIND_TO_ALONE.items():
        if pattern.fullmatch(_cased(kind, spelt)):
            return kind, spelt
    return None


def _prefixed(spelt: str, kinds: Sequence[Kind], iris: Iris) -> tuple[Kind, str]:
    """The kind and the accession of an IRI or a CURIE."""
    if not SEPARATOR_RE.search(spelt):  # as nearly all that people search for
        raise IriError(_named(kinds), spelt, _hint(spelt, spelt, "", kinds))
    beginning: Beginning | None
    if WEB_RE.match(spelt):
        prefix = ""
        beginning, rest = _begun(_comparable(spelt), iris)
    else:
        prefix, _, rest = spelt.partition(":" if ":" in spelt else "_")
        beginning, rest = PREFIX_TO_BEGINNING.get(prefix.lower()), rest.lstrip(" ")
    while beginning and (separator := BEGINNING_TO_SEPARATOR.get(beginning)):
        prefix, *after = separator.split(rest, maxsplit=1)
        beginning, rest = PREFIX_TO_BEGINNING.get(prefix.lower()), "".join(after)
    if beginning is None:
        raise IriError(_named(kinds), spelt, _hint(spelt, prefix, rest, kinds))
    # chebi:CHEBI:15377, as identifiers.org writes it
    again, _, bare = rest.partition(":")
    if bare and PREFIX_TO_BEGINNING.get(again.lower()) == beginning:
        rest = bare
    if beginning == "pmc" and (page := PAGE_RE.fullmatch(rest)):
        pmcid, where, name = page.groups()
        return "page", f"{pmcid.upper()}/{where.lower()}/{_unescaped(name, spelt)}"
    if NCBI_PAGE_RE.match(spelt):
        rest = PART_RE.sub("", rest) or rest
    return cast(Kind, beginning), _accession(cast(Kind, beginning), rest, spelt)


def _accession(kind: Kind, rest: str, spelt: str) -> str:
    """The accession that follows the beginning of an IRI or a CURIE, in the form of the data."""
    if kind == "doi":
        return _unescaped(rest, spelt)
    rest = rest.removesuffix("/")
    if kind in {"figure", "wikipathways"}:
        rest = rest.removesuffix(".html")
    if kind == "pmc" and rest.isdigit():
        return "PMC" + rest
    if kind == "figure":
        if re.search(r"[#?]", rest):
            raise IriError(KIND_TO_NAME[kind], spelt)
        return _unescaped(rest, spelt)
    return rest


def _unescaped(rest: str, spelt: str) -> str:
    """The text, percent-decoded once.

    :raises IriError: if an escape is broken, is no UTF-8, or hides a control character.
    """
    try:
        decoded = unquote(rest, errors="strict")
    except UnicodeDecodeError as error:
        raise IriError("percent-encoded IRI", spelt) from error
    if HALF_ESCAPE_RE.search(rest) or CONTROL_RE.search(decoded):
        raise IriError("percent-encoded IRI", spelt)
    return decoded


def _node(kind: Kind, accession: str, iris: Iris) -> NamedNode:
    accession = _cased(kind, accession)
    match kind:
        case "taxon":
            return iris.taxon(accession)
        case "pmc":
            return iris.article(accession)
        case "doi":
            return doi_iri(accession)
        case "figure":
            return iris.figure(accession)
        case "wikipathways":
            return iris.pathways(accession)[-1]
        case "ndex":
            return iris.network(accession)
        case "page":
            pmcid, where, name = accession.split("/", 2)
            picture = where == "bin"
            return iris.image(pmcid, name) if picture else iris.figure_at_pmc(accession + "/")
        case _:
            return iris.entity(kind, accession)


def _cased(kind: Kind, accession: str) -> str:
    return KIND_TO_CASE.get(kind, str)(accession)


@lru_cache(maxsize=16)
def _uri_to_beginning(iris: Iris) -> dict[str, Beginning]:
    """What IRIs of things begin with, comparable, longest first.

    The library curies would find them too, but brings pydantic: a fifth of a second and 12 MiB,
    of a server twice.
    """
    # If the configured prefix of genes is also a spelling of another thing, it means genes here.
    found: dict[str, Beginning] = {}
    for beginning, uris in iri_beginnings(iris).items():
        for uri in uris:
            found.setdefault(_comparable(uri), beginning)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _begun(iri: str, iris: Iris) -> tuple[Beginning | None, str]:
    """The longest beginning that a comparable IRI has, and what follows; None for another's."""
    for uri, beginning in _uri_to_beginning(iris).items():
        if iri.startswith(uri):
            return beginning, iri.removeprefix(uri)
    return None, ""


def _comparable(iri: str) -> str:
    """An IRI for comparison: http becomes https, and the host lower case."""
    web = WEB_RE.match(iri)
    return f"https:{web[1].lower()}{iri[web.end() :]}" if web else iri


def _named(kinds: Sequence[Kind]) -> str:
    if len(kinds) > 3:
        return "known identifier"
    return " or ".join(KIND_TO_NAME[kind] for kind in kinds)


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _hint(spelt: str, prefix: str, rest: str, kinds: Sequence[Kind]) -> str:
    """A hint at what an identifier that was not understood may be; empty if there is none."""
    shown, name = repr(_shown(spelt)), prefix.lower()[:SHOWN]
    asked = {kind: form for kind, form in NUMBERED.items() if kind in kinds}
    numbers = [form.format(spelt) for shape, form in asked.values() if shape.fullmatch(spelt)]
    if numbers:
        return f"{shown} may be {' or '.join(numbers)}"
    for advice, foreign in ADVICE_TO_PREFIXES.items():
        if name in foreign.split():
            return f"{shown} is of another vocabulary: {advice}"
    known = [known for kind in kinds for known in BEGINNING_TO_PREFIXES.get(kind, "").split()]
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    return f"{shown} may be {near[0]}:{_shown(rest)}" if near and rest else ""
