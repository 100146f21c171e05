"""Every namespace, prefix and IRI, and the shape of each identifier with its source.

Only :mod:`pfocr_rdf.equivalents` makes other IRIs. They are percent-encoded from raw identifiers,
which are kept beside them as literals; a value of the wrong shape raises :class:`IriError`.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from pyoxigraph import NamedNode

from pfocr_rdf.composing import normalized
from pfocr_rdf.errors import IriError
from pfocr_rdf.recurring import remembered

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SCHEMA: Final = "http://schema.org/"  # http: what schema.org's own JSON-LD context expands to
OA: Final = "http://www.w3.org/ns/oa#"
PROV: Final = "http://www.w3.org/ns/prov#"
DCTERMS: Final = "http://purl.org/dc/terms/"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
VOID: Final = "http://rdfs.org/ns/void#"
VOID_EXT: Final = "http://ldf.fi/void-ext#"
VANN: Final = "http://purl.org/vocab/vann/"
DCAT: Final = "http://www.w3.org/ns/dcat#"
PAV: Final = "http://purl.org/pav/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
SPDX: Final = "http://spdx.org/rdf/terms#"
DCMITYPE: Final = "http://purl.org/dc/dcmitype/"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
# https://mapping-commons.github.io/sssom/spec-intro/#iri-prefixes
SSSOM: Final = "https://w3id.org/sssom/"
SEMAPV: Final = "https://w3id.org/semapv/vocab/"
SH: Final = "http://www.w3.org/ns/shacl#"
SPEX: Final = "https://purl.expasy.org/sparql-examples/ontology#"
SCHEMA_ORG: Final = "https://schema.org/"  # of its context; SIB and Signposting spell it so
VOCABULARY: Final = "https://pfocr.wikipathways.org/ontology"
PFOCR: Final = f"{VOCABULARY}#"
SHAPES: Final = f"{VOCABULARY}/shapes"
BASE: Final = "https://pfocr.wikipathways.org/"
NCBIGENE: Final = "https://identifiers.org/ncbigene/"
PMC: Final = "https://identifiers.org/pmc/"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
OBO: Final = "http://purl.obolibrary.org/obo/"
WIKIPATHWAYS: Final = "https://identifiers.org/wikipathways/"
NDEX: Final = "https://www.ndexbio.org/viewer/networks/"
NCBI_ARTICLES: Final = "https://www.ncbi.nlm.nih.gov/pmc/articles/"
EUROPE_PMC_ARTICLES: Final = "https://europepmc.org/articles/"
SOURCES: Final = "https://github.com/wikipathways/pfocr-database/blob/main/"
CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
REPOSITORY: Final = "https://github.com/wikipathways/pfocr-database"
RO_CRATE: Final = "https://w3id.org/ro/crate/1.2"
BIOSCHEMAS_DATASET: Final = "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
PUBLIC_ACCESS: Final = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
WIKIPATHWAYS_HOME: Final = "https://www.wikipathways.org/"
PAPER: Final = "https://doi.org/10.1186/s13059-020-02181-2"  # Hanspers et al., 2020
IRREGULAR: Final = "http://purl.org/cld/freq/irregular"
ENGLISH: Final = "http://lexvo.org/id/iso639-3/eng"
SPECIFICATIONS: Final = "https://www.w3.org/TR/"
FORMATS: Final = "http://www.w3.org/ns/formats/"  # names of syntaxes, for void:feature
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
#: Short name of a dataset that ours links to → its home page.
TARGET_TO_HOME: Final = {
    "ncbigene": "https://www.ncbi.nlm.nih.gov/gene",
    "mesh": "http://id.nlm.nih.gov/mesh",
    "chebi": "http://purl.obolibrary.org/obo/chebi.owl",
    "doid": "http://purl.obolibrary.org/obo/doid.owl",
    "ncbitaxon": "http://purl.obolibrary.org/obo/ncbitaxon.owl",
    "pmc": "https://www.ncbi.nlm.nih.gov/pmc/",
    "wikipathways": WIKIPATHWAYS_HOME,
    "ndex": "https://www.ndexbio.org/",
}

FIGID_RE: Final = re.compile(
    r"(PMC[0-9]{1,9})__(?!\s)[^/\\\x00-\x1f\x7f\ud800-\udfff]{1,200}(?<!\s)"
)
# https://www.ncbi.nlm.nih.gov/books/NBK3841/ (GeneID: a positive whole number)
ENTREZ_RE: Final = re.compile(r"[1-9][0-9]{0,11}")
# https://www.nlm.nih.gov/mesh/xmlmesh.html (DescriptorUI D…, SupplementalRecordUI C…)
MESH_RE: Final = re.compile(r"[CD][0-9]{6,9}")
# https://registry.identifiers.org/registry/chebi, …/doid, …/taxonomy, …/pmc, …/wikipathways
CHEBI_RE: Final = re.compile(r"[1-9][0-9]{0,8}")
DOID_RE: Final = re.compile(r"[0-9]{1,9}")
TAXON_RE: Final = re.compile(r"[1-9][0-9]{0,9}")
PMC_RE: Final = re.compile(r"PMC[0-9]{1,9}")
WPID_RE: Final = re.compile(r"(WP[0-9]{1,6})(_r[0-9]+)?")
# https://www.crossref.org/blog/dois-and-matching-regular-expressions/
DOI_RE: Final = re.compile(r"10\.[0-9]{4,9}/[^\s|]+")
DOI_CASE: Final = {capital: capital + 32 for capital in range(65, 91)}  # in a DOI only A to Z
# https://www.rfc-editor.org/rfc/rfc9562#section-4
UUID_RE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# https://www.rfc-editor.org/rfc/rfc3986#section-2: characters of an address; one fragment at most
_PATH: Final = r"([\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
WEB_ADDRESS_RE: Final = re.compile(rf"https?://[A-Za-z0-9.-]+(:\d+)?(/{_PATH}(#{_PATH})?)?", re.A)

Namespace = Literal["ncbigene", "mesh", "chebi", "doid"]


def term(namespace: str, name: str) -> NamedNode:
    """A vocabulary term.

    >>> term(SCHEMA, "mentions").value
    'http://schema.org/mentions'
    """
    return NamedNode(namespace + name)


@remembered(4096)
def encoded(identifier: str) -> str:
    """An identifier as one path segment: all but RFC 3986's unreserved characters escaped.

    https://www.rfc-editor.org/rfc/rfc3986#section-2.3

    >>> encoded("PMC1__a b#c.g001")
    'PMC1__a%20b%23c.g001'
    """
    return quote(identifier, safe="~")


@remembered(4096)
def slug(name: str) -> str:
    """A name as a path segment: compatibility-normalised, case-folded, words joined by ``-``.

    >>> slug("Nature Publishing  Group UK.")
    'nature-publishing-group-uk'
    >>> slug("中国肺癌杂志")
    '%E4%B8%AD%E5%9B%BD%E8%82%BA%E7%99%8C%E6%9D%82%E5%BF%97'

    :raises IriError: if no letter or digit is left.
    """
    folded = normalized("NFKC", name).casefold()
    words = re.sub(r"[\W_]+", "-", folded).strip("-")
    if not words:
        raise IriError("name with a letter or digit in it", name)
    return quote(words, safe="~")


def checked(pattern: re.Pattern[str], kind: str, value: str) -> str:
    """The value itself, if it has the shape.

    :raises IriError: if it has not.

    >>> checked(ENTREZ_RE, "NCBI Gene id", "NA")
    Traceback (most recent call last):
    pfocr_rdf.errors.IriError: not an NCBI Gene id: 'NA'
    """
    if not pattern.fullmatch(value):
        raise IriError(kind, value)
    return value


PREFIX_RE: Final = re.compile(r'https?://[^\s<>"{}|\\^`]+[/:#=]')
NAMESPACE_TO_SHAPE: Final[dict[Namespace, tuple[re.Pattern[str], str]]] = {
    "ncbigene": (ENTREZ_RE, "NCBI Gene id (a positive whole number)"),
    "mesh": (MESH_RE, "MeSH id (D or C and six to nine digits)"),
    "chebi": (CHEBI_RE, "ChEBI id (a positive whole number)"),
    "doid": (DOID_RE, "Disease Ontology id (digits)"),
}


@dataclass(frozen=True, slots=True)
class Iris:
    """Makes the IRIs of one configuration.

    :param base: what our own IRIs begin with; ends in ``/``, ``:`` or ``=``.
    :param gene_prefix: what a gene's IRI begins with. The default is WikiPathways' form.

    >>> iris = Iris()
    >>> iris.entity("ncbigene", "5742").value
    'https://identifiers.org/ncbigene/5742'
    >>> iris.figure("PMC1__f1").value
    'https://pfocr.wikipathways.org/figures/PMC1__f1'
    """

    base: str = BASE
    gene_prefix: str = NCBIGENE

    def __post_init__(self) -> None:
        for kind, value, end in (
            ("base (http… without #, and a closing / : or =)", self.base, "a#a"),
            ("gene prefix (http… and a closing / # : or =)", self.gene_prefix, "1"),
        ):
            try:
                NamedNode(checked(PREFIX_RE, kind, value) + end)
            except ValueError as error:
                raise IriError(kind, value) from error

    def figure(self, figid: str) -> NamedNode:
        """A figure, or an alias of one.

        :raises IriError: if ``figid`` is not ``PMC…__…`` or could be a path.
        """
        return NamedNode(self.base + "figures/" + encoded(checked(FIGID_RE, "figid", figid)))

    def page(self, figid: str) -> NamedNode:
        """The web page about a figure."""
        return NamedNode(self.figure(figid).value + ".html")

    def mention(self, figid: str, kind: str, word: str, match: str, source: str) -> NamedNode:
        """One reading of the picture; the same arguments give the same IRI in every release.

        >>> Iris().mention("PMC1__f1", "gene", "Etk", "ETK", "hgnc_alias_symbol").value[-20:]
        'mention-4989d20b895d'
        """
        key = f"{kind}\t{word}\t{match}\t{source}"
        if key.count("\t") > 3:  # a word has a tab: two readings might share a key
            key = ascii((kind, word, match, source))
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        return NamedNode(f"{self.base}figures/{encoded(figid)}#mention-{digest}")

    def support(self, figid: str, taxon: str) -> NamedNode:
        """How well one organism explains the words of a figure."""
        return NamedNode(f"{self.figure(figid).value}#organism-{checked(TAXON_RE, 'taxon', taxon)}")

    def entity(self, namespace: Namespace, accession: str) -> NamedNode:
        """A gene, chemical or disease.

        :raises IriError: if the accession does not have its namespace's shape.
        """
        checked(*NAMESPACE_TO_SHAPE[namespace], accession)
        if namespace == "ncbigene":
            return NamedNode(self.gene_prefix + accession)
        if namespace == "mesh":
            return NamedNode(MESH + accession)
        return NamedNode(f"{OBO}{namespace.upper()}_{accession}")

    def taxon(self, taxon: str) -> NamedNode:
        """An organism, by its NCBI taxonomy id."""
        return NamedNode(f"{OBO}NCBITaxon_{checked(TAXON_RE, 'NCBI taxonomy id', taxon)}")

    def article(self, pmcid: str) -> NamedNode:
        """An article, by its PubMed Central id."""
        return NamedNode(PMC + checked(PMC_RE, "PubMed Central id", pmcid))

    def journal(self, name: str) -> NamedNode:
        """A journal, minted from its name."""
        return NamedNode(f"{self.base}journals/{slug(name)}")

    def publisher(self, name: str) -> NamedNode:
        """A publisher, minted from its name."""
        return NamedNode(f"{self.base}publishers/{slug(name)}")

    def figure_at_pmc(self, path: str) -> NamedNode:
        """The figure's page at PubMed Central; ``path`` is ``PMC…/figure/F1/``, escaped or not.

        >>> [Iris().figure_at_pmc(f"PMC1/{path}").value[-10:] for path in ("F 1", "F%201", "1%")]
        ['PMC1/F%201', 'PMC1/F%201', '/PMC1/1%25']
        """
        is_raw = re.search(r"%(?![0-9A-Fa-f]{2})", path)
        return NamedNode(NCBI_ARTICLES + quote(path, safe="/~" if is_raw else "/~%"))

    def image(self, pmcid: str, filename: str) -> NamedNode:
        """The picture at Europe PMC; NCBI's own image addresses stopped working in 2024."""
        return NamedNode(f"{EUROPE_PMC_ARTICLES}{pmcid}/bin/{encoded(filename)}")

    def picture(self, address: str) -> NamedNode:
        """A picture on the web, by its address as it is.

        :raises IriError: if it is not a web address.
        """
        return NamedNode(checked(WEB_ADDRESS_RE, "web address (http… without spaces)", address))

    def network(self, uuid: str) -> NamedNode:
        """A figure's network at NDEx."""
        return NamedNode(NDEX + checked(UUID_RE, "NDEx id (a UUID)", uuid))

    def pathways(self, wpid: str) -> tuple[NamedNode, ...]:
        """A pathway at WikiPathways and, where the id names one, its revision.

        >>> [iri.value[-10:] for iri in Iris().pathways("WP554_r120933")]
        ['ways/WP554', '54_r120933']
        """
        checked(WPID_RE, "WikiPathways id (WP and digits)", wpid)
        forms = dict.fromkeys((wpid.partition("_")[0], wpid))
        return tuple(NamedNode(WIKIPATHWAYS + form) for form in forms)

    def source(self, path: str) -> NamedNode:
        """A file of the PFOCR database."""
        # A file name need not be UTF-8: Python keeps its other bytes as surrogates.
        return NamedNode(SOURCES + quote(path, safe="/~", errors="surrogateescape"))

    @property
    def home(self) -> NamedNode:
        """The site that the dataset is a part of."""
        return NamedNode(self.base)

    @property
    def dataset(self) -> NamedNode:
        """The dataset, whatever its release."""
        return NamedNode(self.base + "dataset")

    def release(self, version: str) -> NamedNode:
        """One release of the dataset."""
        return NamedNode(f"{self.base}releases/{encoded(version)}")

    def part(self, version: str, name: str) -> NamedNode:
        """A part of a release's description: a distribution, a linkset, a partition."""
        return NamedNode(f"{self.release(version).value}#{encoded(name)}")

    def download(self, name: str) -> NamedNode:
        """Where a dump file of the current release is fetched."""
        return NamedNode(f"{self.base}dumps/{encoded(name)}")

    def query(self, name: str = "", part: str = "") -> NamedNode:
        """A named query, or the set of all, or a part of the description of either."""
        path = f"queries/{encoded(name)}" if name else "queries"
        return NamedNode(self.base + path + (f"#{encoded(part)}" if part else ""))

    @property
    def equivalents(self) -> NamedNode:
        """The named graph of other spellings."""
        return NamedNode(self.base + "graph/equivalents")

    def mapping_graph(self, mapping_set: str) -> NamedNode:
        """The named graph of the links that a mapping set gives, by the set's own IRI.

        >>> Iris().mapping_graph("https://example.org/hgnc").value[-27:]
        'graph/mappings/329f0fa43d8e'
        """
        digest = hashlib.sha256(mapping_set.encode()).hexdigest()[:12]
        return NamedNode(f"{self.base}graph/mappings/{digest}")

    def mapping(self, content: str) -> NamedNode:
        """One mapping of a mapping set, identified by all that the set says of it."""
        # Twenty digits: there may be millions, some of which would share twelve by chance.
        return NamedNode(f"{self.base}mappings/{hashlib.sha256(content.encode()).hexdigest()[:20]}")

    def blank(self, label: str) -> NamedNode:
        """The IRI that a blank node of another endpoint gets here, where it needs one.

        https://www.w3.org/TR/rdf11-concepts/#section-skolemization

        >>> Iris().blank("b0").value
        'https://pfocr.wikipathways.org/.well-known/genid/b0'
        """
        return NamedNode(f"{self.base}.well-known/genid/{encoded(label)}")

    @property
    def endpoint(self) -> NamedNode:
        """The SPARQL endpoint."""
        return NamedNode(self.base + "sparql")

    def service(self, endpoint: str, name: str) -> NamedNode:
        """A part of the description of the service at an address, which need not be ours.

        :raises ValueError: if the address is not an absolute IRI.

        >>> Iris().service("http://localhost:7878/sparql", "service").value
        'http://localhost:7878/sparql#service'
        """
        return NamedNode(f"{endpoint}#{encoded(name)}")

    def prefixed(self, iri: str) -> str:
        """``prefix:local`` with the longest namespace that fits, else the IRI.

        >>> Iris().prefixed("http://purl.obolibrary.org/obo/NCBITaxon_9606")
        'taxon:9606'
        """
        fitting = [(ns, name) for name, ns in self.prefixes().items() if iri.startswith(ns)]
        if not fitting:
            return iri
        namespace, name = max(fitting, key=lambda pair: len(pair[0]))
        return f"{name}:{iri[len(namespace) :]}"

    def prefixes(self) -> dict[str, str]:
        """Prefix → namespace, as used in the dumps, the JSON-LD context and the queries."""
        return {
            "dcat": DCAT,
            "dcmitype": DCMITYPE,
            "dcterms": DCTERMS,
            "figure": self.base + "figures/",
            "foaf": FOAF,
            "gene": self.gene_prefix,
            "mesh": MESH,
            "oa": OA,
            "obo": OBO,
            "owl": OWL,
            "pav": PAV,
            "pfocr": PFOCR,
            "pmc": PMC,
            "prov": PROV,
            "rdf": RDF,
            "rdfs": RDFS,
            "schema": SCHEMA,
            "semapv": SEMAPV,
            "skos": SKOS,
            "spdx": SPDX,
            "sssom": SSSOM,
            "taxon": OBO + "NCBITaxon_",
            "vann": VANN,
            "void": VOID,
            "void-ext": VOID_EXT,
            "xsd": XSD,
        }
