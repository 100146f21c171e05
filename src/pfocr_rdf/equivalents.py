"""The other spellings of a thing's IRI that other endpoints use.

They stand in a named graph and a file of their own, as ``schema:sameAs``: never
``owl:sameAs``, by which a reasoner would merge a gene with the web page about it.
"""

from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import quote

from pyoxigraph import NamedNode

from pfocr_rdf.iris import NCBIGENE

Thing = Literal["ncbigene", "taxon", "mesh", "chebi", "doid", "pmc", "doi"]

#: Each row: who uses the form → the form, ``{}`` standing for the bare accession.
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
    },
}


def other_forms(thing: Thing, accession: str, primary: NamedNode) -> Iterator[NamedNode]:
    """Every spelling of a thing but its primary one.

    :param accession: bare, as the bare ``schema:identifier`` has it (``PMC1`` with ``PMC``).

    >>> from pfocr_rdf.iris import Iris
    >>> gene = Iris().entity("ncbigene", "5742")
    >>> [iri.value for iri in other_forms("ncbigene", "5742", gene)][5]
    'http://purl.uniprot.org/geneid/5742'
    """
    # A DOI keeps its slash and punctuation: partners write it unescaped.
    written = quote(accession, safe="/:;,()!*'$&+=@~")
    for form in THING_TO_FORMS[thing].values():
        iri = form.format(written)
        if iri != primary.value:
            yield NamedNode(iri)
