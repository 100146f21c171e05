"""IRI ↔ address: which page of this server is about which IRI, and how pages link.

The address of an IRI under the base is the IRI's own path, even if the base is another host:
``{base}figures/PMC1__a`` is at ``/figures/PMC1__a``. Things with IRIs of other sites have pages
here too, such as a gene at ``/gene/5742``. An address is a path below the root of the server,
without the leading slash, percent-encoded as IRIs are.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris, encoded

#: Address of the vocabulary, whose terms keep their namespace under every base.
ONTOLOGY: Final = "ontology"
#: Segment of an address → what its pages are about.
CHEMICAL: Final = "chemical"
DISEASE: Final = "disease"
ARTICLE: Final = "article"
GENE: Final = "gene"
TAXON: Final = "taxon"
THINGS: Final = (GENE, CHEMICAL, DISEASE, TAXON, ARTICLE)
#: Beginning of a path that cannot be an address here: after the root's slash, a second slash would
#: begin the name of a host. URL parsers ignore tabs and line ends:
#: https://url.spec.whatwg.org/#relative-slash-state
ELSEWHERE_RE: Final = re.compile(r"[\t\n\r]*[/\\]")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of one configuration.

    :param iris: of the release.
    :param root: the beginning of all paths on this server; ends in ``/``.

    >>> links = Links(Iris("https://data.example.org/"))
    >>> links.href("https://data.example.org/figures/PMC1__a#mention-0")
    '/figures/PMC1__a#mention-0'
    >>> links.href("https://identifiers.org/ncbigene/5742"), links.href("https://orcid.org/1")
    ('/gene/5742', 'https://orcid.org/1')
    >>> links.href("javascript:alert(1)") is None
    True
    """

    iris: Iris
    root: str = "/"

    def to(self, address: str, /, **parameters: str | int) -> str:
        """A link to an address on this server.

        >>> Links(Iris(), "/pfocr/").to("search", q="a&b")
        '/pfocr/search?q=a%26b'
        """
        return f"{self.root}{address}" + (f"?{urlencode(parameters)}" if parameters else "")

    def href(self, iri: str | NamedNode, kind: str | None = None) -> str | None:
        """The link for a thing: to its page here, else to its IRI.

        :param kind: chemical or disease, which cannot be told from a MeSH id.
        :returns: None if the IRI is not a web address, which must not become a link.
        """
        text = iri.value if isinstance(iri, NamedNode) else iri
        address = self.address(text, kind)
        if address is not None:
            return self.root + address
        return text if is_web_address(text) else None

    def address(self, iri: str, kind: str | None = None) -> str | None:
        """The address of the page here that is about an IRI; None if there is none.

        >>> Links(Iris()).address("http://id.nlm.nih.gov/mesh/D014148", "disease")
        'disease/D014148'
        """
        if iri.startswith(ns.PFOCR):
            return f"{ONTOLOGY}#{iri[len(ns.PFOCR) :]}"
        if iri == ns.VOCABULARY:
            return ONTOLOGY
        if iri.startswith(self.iris.base):
            rest = iri[len(self.iris.base) :]
            return None if ELSEWHERE_RE.match(rest) else rest
        return self._external(iri, kind)

    def _external(self, iri: str, kind: str | None) -> str | None:
        if iri.startswith(self.iris.gene_prefix):
            rest = iri[len(self.iris.gene_prefix) :]
            return f"{GENE}/{rest}" if ns.ENTREZ_RE.fullmatch(rest) else None
        if iri.startswith(ns.MESH):
            rest = iri[len(ns.MESH) :]
            return f"{kind or CHEMICAL}/{rest}" if ns.MESH_RE.fullmatch(rest) else None
        if iri.startswith(ns.PMC):
            rest = iri[len(ns.PMC) :]
            return f"{ARTICLE}/{rest}" if ns.PMC_RE.fullmatch(rest) else None
        if iri.startswith(ns.OBO):
            return _obo_address(iri[len(ns.OBO) :], kind)
        return None

    def iri(self, address: str) -> NamedNode | None:
        """The IRI that belongs to an address, in the spelling of the data; None if none can.

        An address may be escaped differently from the IRI: ``%7E`` is ``~``.

        >>> Links(Iris()).iri("figures/PMC1__a%2eb").value
        'https://pfocr.wikipathways.org/figures/PMC1__a.b'
        """
        if address == ONTOLOGY:
            return NamedNode(ns.VOCABULARY)
        spelt = respelt(address) if address else ""
        return None if spelt is None else NamedNode(self.iris.base + spelt)

    def thing(self, kind: str, accession: str) -> NamedNode | None:
        """The IRI of a thing of another site, from the kind and the accession in its address.

        >>> Links(Iris()).thing("chemical", "CHEBI:15377").value
        'http://purl.obolibrary.org/obo/CHEBI_15377'
        >>> Links(Iris()).thing("gene", "TP53") is None
        True
        """
        prefix, _, bare = accession.rpartition(":")
        try:
            match kind, prefix:
                case "gene", "":
                    return self.iris.entity("ncbigene", bare)
                case (("chemical" | "disease"), ""):
                    return self.iris.entity("mesh", bare)
                case (("chemical" | "disease"), "CHEBI"):
                    return self.iris.entity("chebi", bare)
                case (("chemical" | "disease"), "DOID"):
                    return self.iris.entity("doid", bare)
                case "taxon", "":
                    return self.iris.taxon(bare)
                case "article", "":
                    return self.iris.article(bare)
        except IriError:
            return None
        return None


def _obo_address(rest: str, kind: str | None) -> str | None:
    """The address of a term of an OBO ontology: a taxon, or a term of ChEBI or Disease Ontology."""
    prefix, _, accession = rest.partition("_")
    if prefix == "NCBITaxon" and ns.TAXON_RE.fullmatch(accession):
        return f"{TAXON}/{accession}"
    if prefix == "CHEBI" and ns.CHEBI_RE.fullmatch(accession):
        return f"{kind or CHEMICAL}/CHEBI:{accession}"
    if prefix == "DOID" and ns.DOID_RE.fullmatch(accession):
        return f"{kind or DISEASE}/DOID:{accession}"
    return None


def respelt(address: str) -> str | None:
    """An address as :func:`pfocr_rdf.iris.encoded` spells it; None if it is not a valid one.

    >>> respelt("figures/PMC1__a b%2fc"), respelt("figures/%ff"), respelt("a//b")
    ('figures/PMC1__a%20b%2Fc', None, None)
    """
    try:
        segments = [unquote(segment, errors="strict") for segment in address.split("/")]
    except UnicodeDecodeError:
        return None
    # Clients and proxies remove dot segments, so an address with one names nothing.
    if any(s in {"", ".", ".."} or re.search(r"[\x00-\x1f\x7f]", s) for s in segments):
        return None
    return "/".join(map(encoded, segments))


def is_web_address(iri: str) -> bool:
    """Whether an IRI may be a link: only http and https, as others could run a script."""
    try:
        parts = urlsplit(iri)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
