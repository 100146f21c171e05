"""The other spellings of a thing's IRI that other endpoints use.

They are in a named graph and a file of their own, as ``schema:sameAs``: never
``owl:sameAs``, by which a reasoner would merge a gene with the web page about it.
:mod:`pfocr_rdf.spellings` reads all of these, and also the addresses below, which people
paste but nobody joins on.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal
from urllib.parse import quote

from pyoxigraph import NamedNode

from pfocr_rdf.iris import (
    BASE,
    DOI_CASE,
    DOI_RE,
    MESH,
    NCBIGENE,
    NDEX,
    OBO,
    PMC,
    WIKIPATHWAYS,
    Iris,
    checked,
)

Thing = Literal["ncbigene", "taxon", "mesh", "chebi", "doid", "pmc", "doi"]
#: Everything that an identifier may be of; the last four have no equivalents. A page is that of a
#: figure, or of its picture, at PubMed Central or Europe PMC.
Kind = Thing | Literal["figure", "wikipathways", "ndex", "page"]
#: What the beginning of an IRI may mean; for the last two, the rest says which kind it is.
Beginning = Kind | Literal["obo", "resolver"]

#: Each row: who uses the form → the form. ``{}`` stands for the bare accession, ``{upper}``
#: for it in capitals, ``{escaped}`` for the capitals with everything except letters, digits
#: and - _ . * escaped, as Java's URLEncoder does it.
THING_TO_FORMS: Final[dict[Thing, dict[str, str]]] = {
    "ncbigene": {
        "WikiPathways, AOP-Wiki": NCBIGENE + "{}",
        "NCBI Gene RDF, PubTator RDF, DisGeNET, Ensembl": "http://identifiers.org/ncbigene/{}",
        "identifiers.org, colon form": "https://identifiers.org/ncbigene:{}",
        "ClinVar at RDF Portal": "http://ncbi.nlm.nih.gov/gene/{}",
        "Bgee": "https://www.ncbi.nlm.nih.gov/gene/{}",
        "OrthoDB": "http://www.ncbi.nlm.nih.gov/gene/{}",
        "UniProt, GlyCosmos, Bioregistry": "http://purl.uniprot.org/geneid/{}",
        "PubChem": "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID{}",
        "Bio2RDF release 3": "http://bio2rdf.org/ncbigene:{}",
        "Bio2RDF, older": "http://bio2rdf.org/geneid:{}",
    },
    "taxon": {
        "UniProt, Rhea, OrthoDB, Bgee conditions": "http://purl.uniprot.org/taxonomy/{}",
        "RDF Portal": "http://identifiers.org/taxonomy/{}",
        "identifiers.org": "https://identifiers.org/taxonomy/{}",
        "Bgee genes": "https://bgee.org/species/{}",
        "PubChem": "http://rdf.ncbi.nlm.nih.gov/pubchem/taxonomy/TAXID{}",
    },
    "mesh": {
        "PubTator RDF, MONDO": "http://identifiers.org/mesh/{}",
        "identifiers.org": "https://identifiers.org/mesh/{}",
    },
    "chebi": {
        "WikiPathways": "https://identifiers.org/chebi/CHEBI:{}",
        "MetaNetX": "https://identifiers.org/CHEBI:{}",
        "identifiers.org, older": "http://identifiers.org/chebi/CHEBI:{}",
    },
    "doid": {
        "identifiers.org": "https://identifiers.org/doid/DOID:{}",
        "identifiers.org, older": "http://identifiers.org/doid/DOID:{}",
    },
    "pmc": {
        "Bioregistry": "http://europepmc.org/articles/{}",
        "Europe PMC": "https://europepmc.org/articles/{}",
        "Biolink": "http://www.ncbi.nlm.nih.gov/pmc/{}",
        "PubMed Central": "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/",
        "identifiers.org, older": "http://identifiers.org/pmc/{}",
    },
    "doi": {
        "Crossref, DataCite, schema.org": "https://doi.org/{}",
        "older": "http://dx.doi.org/{}",
        "WikiPathways": "https://doi.org/{upper}",
        "WikiPathways, older": "https://doi.org/{escaped}",
    },
}

#: Prefixes that queries of other endpoints use, for vocabularies that the data do not.
PREFIX_TO_NAMESPACE: Final[dict[str, str]] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "genex": "http://purl.org/genex#",
    "lscr": "http://purl.org/lscr#",
    "meshv": "http://id.nlm.nih.gov/mesh/vocab#",
    "oio": "http://www.geneontology.org/formats/oboInOwl#",
    "orth": "http://purl.org/net/orth#",
    "rh": "http://rdf.rhea-db.org/",
    "sio": "http://semanticscience.org/resource/",
    "up": "http://purl.uniprot.org/core/",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wp": "http://vocabularies.wikipathways.org/wp#",
}

#: Beginnings of addresses that are read as spellings, but are nowhere in the data.
KIND_TO_ADDRESSES: Final[dict[Kind, tuple[str, ...]]] = {
    "ncbigene": ("https://www.ncbi.nlm.nih.gov/datasets/gene/",),
    "taxon": (
        "http://purl.uniprot.org/taxon/",  # UniProt's example query 98 has it, wrongly
        "https://www.uniprot.org/taxonomy/",
        "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id=",
        "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?mode=Info&id=",
        "https://www.ncbi.nlm.nih.gov/taxonomy/",
        "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/",
    ),
    "mesh": ("https://meshb.nlm.nih.gov/record/ui?ui=",),
    "chebi": (
        "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=",
        "https://www.ebi.ac.uk/chebi/",
    ),
    "doid": ("https://disease-ontology.org/?id=", "https://disease-ontology.org/term/"),
    "pmc": (
        "https://pmc.ncbi.nlm.nih.gov/articles/",
        "https://europepmc.org/article/PMC/",
        "https://europepmc.org/article/pmc/",
    ),
    "doi": ("https://www.doi.org/",),
    "wikipathways": (
        "https://www.wikipathways.org/instance/",
        "https://www.wikipathways.org/pathways/",
    ),
    "ndex": ("https://www.ndexbio.org/v2/network/", "https://www.ndexbio.org/#/network/"),
}
#: Where people read about a thing: site → address, ``{}`` for the accession, ``{name}`` for a name.
THING_TO_SITES: Final[dict[Thing, dict[str, str]]] = {
    "ncbigene": {
        "NCBI Gene": "https://www.ncbi.nlm.nih.gov/gene/{}",
        "UniProt": "https://www.uniprot.org/uniprotkb?query=(xref:geneid-{})",
        "WikiPathways": "https://www.wikipathways.org/search.html?query={name}",
    },
    "taxon": {
        "NCBI Taxonomy": "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={}",
        "UniProt": "https://www.uniprot.org/taxonomy/{}",
    },
    "mesh": {
        "MeSH": "https://meshb.nlm.nih.gov/record/ui?ui={}",
        "WikiPathways": "https://www.wikipathways.org/search.html?query={name}",
    },
    "chebi": {
        "ChEBI": "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=CHEBI:{}",
        "WikiPathways": "https://www.wikipathways.org/search.html?query={name}",
    },
    "doid": {
        "Disease Ontology": "https://disease-ontology.org/?id=DOID:{}",
        "WikiPathways": "https://www.wikipathways.org/search.html?query={name}",
    },
    "pmc": {
        "PubMed Central": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
        "Europe PMC": "https://europepmc.org/article/PMC/{}",
    },
    "doi": {"Publisher": "https://doi.org/{}"},
}
#: Beginnings of IRIs at sites that have ``prefix:accession`` or ``prefix/accession`` for every
#: kind of thing.
RESOLVERS: Final = (
    "https://identifiers.org/",
    "https://bioregistry.io/",
    "http://bio2rdf.org/",
    "https://n2t.net/",
)


def other_forms(thing: Thing, accession: str, primary: NamedNode) -> Iterator[NamedNode]:
    """Every spelling of a thing except its primary one, each once.

    :param accession: bare, as in the bare ``schema:identifier`` (``PMC1`` with its ``PMC``).

    >>> from pfocr_rdf.iris import Iris
    >>> gene = Iris().entity("ncbigene", "5742")
    >>> [iri.value for iri in other_forms("ncbigene", "5742", gene)][5]
    'http://purl.uniprot.org/geneid/5742'
    >>> [iri.value for iri in other_forms("doi", "10.1038/s41-x", gene)][2:]
    ['https://doi.org/10.1038/S41-X', 'https://doi.org/10.1038%2FS41-X']
    """
    forms = THING_TO_FORMS[thing].values()
    spelt: Iterable[str]
    if thing == "doi":
        # https://www.doi.org/doi_handbook/2_Numbering.html#2.4: only letters of ASCII have case
        capitals = accession.encode().upper().decode()
        escaped = quote(capitals, safe="*").replace("~", "%7E")
        written, upper = _written(accession), _written(capitals)
        # Each once: a DOI without letters is the same in capitals.
        spelt = dict.fromkeys([f.format(written, upper=upper, escaped=escaped) for f in forms])
    else:
        spelt = [form.format(accession) for form in forms]
    for iri in spelt:
        if iri != primary.value:
            yield NamedNode(iri)


def sites(thing: Thing, accession: str, name: str) -> dict[str, str]:
    """Where people read about a thing: name of the site → address there.

    :param accession: bare, as in the bare ``schema:identifier``.

    >>> sites("ncbigene", "5742", "PTGS1")["WikiPathways"]
    'https://www.wikipathways.org/search.html?query=PTGS1'
    """
    escaped = quote(name, safe="")
    forms = THING_TO_SITES[thing].items()
    return {site: form.format(_written(accession), name=escaped) for site, form in forms}


def doi_iri(doi: str) -> NamedNode:
    """The IRI of a DOI as in the graph of equivalents: in lower case, unescaped.

    :raises IriError: if it is not a DOI.

    >>> doi_iri("10.1002/(SICI)1097<1>3.0").value
    'https://doi.org/10.1002/(sici)1097%3C1%3E3.0'
    """
    form, *_ = THING_TO_FORMS["doi"].values()
    small = checked(DOI_RE, "DOI (10.…/…)", doi.translate(DOI_CASE))
    return NamedNode(form.format(_written(small)))


def _written(accession: str) -> str:
    # A DOI keeps its slash and punctuation: partners write it unescaped.
    return quote(accession, safe="/:;,()!*'$&+=@~")


def iri_beginnings(iris: Iris) -> dict[Beginning, tuple[str, ...]]:
    """What the IRIs of each kind of thing may begin with, the form in the data first."""
    found: dict[Beginning, tuple[str, ...]] = {
        "ncbigene": (iris.gene_prefix,),
        "taxon": (OBO + "NCBITaxon_",),
        "mesh": (MESH,),
        "chebi": (OBO + "CHEBI_",),
        "doid": (OBO + "DOID_",),
        "pmc": (PMC,),
        "doi": (),
        "figure": (iris.base + "figures/", BASE + "figures/"),
        "wikipathways": (WIKIPATHWAYS,),
        "ndex": (NDEX,),
        "obo": (OBO,),
        "resolver": RESOLVERS,
    }
    for thing, forms in THING_TO_FORMS.items():
        found[thing] += tuple(form.partition("{")[0] for form in forms.values())
    for kind, addresses in KIND_TO_ADDRESSES.items():
        found[kind] += addresses
    return found
