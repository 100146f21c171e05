"""Every spelling that other endpoints use names our thing; what names nothing is refused."""

import subprocess
import sys
from itertools import chain
from typing import Final

import pytest
from curies import Converter, Record
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from pfocr_rdf.equivalents import THING_TO_FORMS, Kind, Thing, iri_beginnings, other_forms
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris
from pfocr_rdf.spellings import (
    BEGINNING_TO_PREFIXES,
    KINDS,
    LONGEST,
    _begun,
    _uri_to_beginning,
    find_iri,
)

OTHER: Final = Iris(base="http://localhost:7878/x/", gene_prefix="http://bio2rdf.org/ncbigene:")
FIGURE: Final = "https://pfocr.wikipathways.org/figures/PMC10033690__41598_2023_31603_Fig1_HTML"
DOI: Final = "https://doi.org/10.1038/s41598-023-31603-x"
UUID: Final = "0b4a6b2e-a0a2-11ea-aaef-0ac135e8bacf"

#: What must be found → the spellings of it, as the endpoints, the papers and people write them.
IRI_TO_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "https://identifiers.org/ncbigene/5742": (
        "https://identifiers.org/ncbigene/5742",
        "http://identifiers.org/ncbigene/5742",
        "https://identifiers.org/ncbigene:5742",
        "http://identifiers.org/ncbigene:5742",
        "http://ncbi.nlm.nih.gov/gene/5742",
        "https://ncbi.nlm.nih.gov/gene/5742",
        "https://www.ncbi.nlm.nih.gov/gene/5742",
        "http://www.ncbi.nlm.nih.gov/gene/5742",
        "http://purl.uniprot.org/geneid/5742",
        "https://purl.uniprot.org/geneid/5742",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID5742",
        "http://bio2rdf.org/ncbigene:5742",
        "http://bio2rdf.org/geneid:5742",
        "https://bioregistry.io/ncbigene:5742",
        "https://identifiers.org/NCBIGene:5742",
        "HTTPS://Identifiers.ORG/ncbigene/5742",
        "https://www.ncbi.nlm.nih.gov/gene/5742/",
        "https://www.ncbi.nlm.nih.gov/gene/5742#summary",
        "https://www.ncbi.nlm.nih.gov/gene/5742/?report=full_report#summary",
        "https://www.ncbi.nlm.nih.gov/datasets/gene/5742",
        "https://www.ncbi.nlm.nih.gov/datasets/gene/5742/#transcripts",
        "<http://identifiers.org/ncbigene/5742>",
        "  ncbigene:5742\n",
        "ncbigene:5742",
        "NCBIGene:5742",
        "NCBIGENE:5742",
        "GeneID:5742",
        "geneid:5742",
        "gene:5742",
        "entrez:5742",
        "Entrez:5742",
        "EntrezGene:5742",
        "entrez.gene:5742",
        "NCBI_Gene:5742",
        "ncbigene:NCBIGene:5742",
        "urn:miriam:entrez.gene:5742",
    ),
    "http://purl.obolibrary.org/obo/NCBITaxon_9606": (
        "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "https://purl.obolibrary.org/obo/NCBITaxon_9606",
        "http://purl.uniprot.org/taxonomy/9606",
        "http://purl.uniprot.org/taxon/9606",
        "http://identifiers.org/taxonomy/9606",
        "https://identifiers.org/taxonomy/9606",
        "https://identifiers.org/taxonomy:9606",
        "https://bgee.org/species/9606",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/taxonomy/TAXID9606",
        "https://www.uniprot.org/taxonomy/9606",
        "https://www.ncbi.nlm.nih.gov/taxonomy/9606",
        "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/9606/",
        "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id=9606",
        "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?mode=Info&id=9606&lvl=3#x",
        "taxonomy:9606",
        "NCBITaxon:9606",
        "ncbitaxon:9606",
        "NCBITaxon_9606",
        "taxon:9606",
        "obo:NCBITaxon_9606",
        "taxid:9606",
    ),
    "http://id.nlm.nih.gov/mesh/D014148": (
        "http://id.nlm.nih.gov/mesh/D014148",
        "https://id.nlm.nih.gov/mesh/D014148",
        "http://identifiers.org/mesh/D014148",
        "https://identifiers.org/mesh/D014148",
        "https://identifiers.org/mesh:D014148",
        "https://meshb.nlm.nih.gov/record/ui?ui=D014148",
        "MESH:D014148",
        "mesh:D014148",
        "MeSH:D014148",
        "MSH:D014148",
        "mesh:d014148",
        "D014148",
    ),
    "http://id.nlm.nih.gov/mesh/C012655": ("http://identifiers.org/mesh/C012655", "C012655"),
    "http://purl.obolibrary.org/obo/CHEBI_15377": (
        "http://purl.obolibrary.org/obo/CHEBI_15377",
        "https://identifiers.org/chebi/CHEBI:15377",
        "http://identifiers.org/chebi/CHEBI:15377",
        "https://identifiers.org/CHEBI:15377",
        "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=CHEBI:15377",
        "https://www.ebi.ac.uk/chebi/CHEBI:15377",
        "http://bio2rdf.org/chebi:15377",
        "CHEBI:15377",
        "chebi:15377",
        "ChEBI:15377",
        "chebi:CHEBI:15377",
        "CHEBI_15377",
        "obo:CHEBI_15377",
    ),
    "http://purl.obolibrary.org/obo/DOID_162": (
        "http://purl.obolibrary.org/obo/DOID_162",
        "https://identifiers.org/doid/DOID:162",
        "http://identifiers.org/doid/DOID:162",
        "https://identifiers.org/DOID:162",
        "https://disease-ontology.org/?id=DOID:162",
        "DOID:162",
        "doid:162",
        "doid:DOID:162",
        "DOID_162",
    ),
    "https://identifiers.org/pmc/PMC3109366": (
        "https://identifiers.org/pmc/PMC3109366",
        "http://identifiers.org/pmc/PMC3109366",
        "https://identifiers.org/pmc:PMC3109366",
        "http://europepmc.org/articles/PMC3109366",
        "https://europepmc.org/articles/PMC3109366",
        "https://europepmc.org/article/PMC/PMC3109366",
        "http://www.ncbi.nlm.nih.gov/pmc/PMC3109366",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3109366/",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3109366",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3109366/",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3109366/#abstract1",
        "PMC3109366",
        "pmc3109366",
        "pmc:PMC3109366",
        "PMC:PMC3109366",
        "PMCID:PMC3109366",
        "pmcid: PMC3109366",
        "PMC:3109366",
    ),
    DOI: (
        "https://doi.org/10.1038/s41598-023-31603-x",
        "http://doi.org/10.1038/s41598-023-31603-x",
        "http://dx.doi.org/10.1038/s41598-023-31603-x",
        "https://doi.org/10.1038/S41598-023-31603-X",
        "https://doi.org/10.1038%2FS41598-023-31603-X",
        "https://www.doi.org/10.1038/s41598-023-31603-x",
        "https://identifiers.org/doi:10.1038/s41598-023-31603-x",
        "https://identifiers.org/doi/10.1038/s41598-023-31603-x",
        "doi:10.1038/s41598-023-31603-x",
        "DOI:10.1038/S41598-023-31603-X",
        "doi: 10.1038/s41598-023-31603-x",
        "info:doi/10.1038/s41598-023-31603-x",
        "10.1038/s41598-023-31603-x",
    ),
    FIGURE: (
        FIGURE,
        FIGURE + ".html",
        FIGURE + "/",
        FIGURE.replace("https", "http"),
        f"<{FIGURE}>",
        "PMC10033690__41598_2023_31603_Fig1_HTML",
        "figure:PMC10033690__41598_2023_31603_Fig1_HTML",
    ),
    "https://pfocr.wikipathways.org/figures/PMC1__a%20b": (
        "PMC1__a b",
        "figure:PMC1__a%20b",
        "https://pfocr.wikipathways.org/figures/PMC1__a%20b",
        "https://pfocr.wikipathways.org/figures/PMC1__a%20b.html",
    ),
    # The addresses of a figure elsewhere, as people copy them.
    "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3109366/figure/F%201/": (
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3109366/figure/F%201/",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3109366/figure/F%201/",
        "http://www.ncbi.nlm.nih.gov/pmc/articles/pmc3109366/figure/F 1?report=objectonly#x",
        "pmc:PMC3109366/figure/F%201",
    ),
    "https://europepmc.org/articles/PMC3109366/bin/a%20b.g001.jpg": (
        "https://europepmc.org/articles/PMC3109366/bin/a%20b.g001.jpg",
        "http://europepmc.org/articles/pmc3109366/bin/a b.g001.jpg",
    ),
    "https://identifiers.org/wikipathways/WP554": (
        "https://identifiers.org/wikipathways/WP554",
        "http://identifiers.org/wikipathways/WP554",
        "https://www.wikipathways.org/instance/WP554",
        "https://www.wikipathways.org/pathways/WP554.html",
        "wikipathways:WP554",
        "WP:WP554",
        "WP554",
    ),
    "https://identifiers.org/wikipathways/WP554_r120933": (
        "http://identifiers.org/wikipathways/WP554_r120933",
        "WP554_r120933",
    ),
    "https://www.ndexbio.org/viewer/networks/" + UUID: (
        "https://www.ndexbio.org/viewer/networks/" + UUID,
        "https://www.ndexbio.org/v2/network/" + UUID,
        "ndex:" + UUID,
        UUID.upper(),
    ),
}
SPELLINGS: Final = [(text, iri) for iri, texts in IRI_TO_SPELLINGS.items() for text in texts]


@pytest.mark.parametrize(("text", "iri"), SPELLINGS)
def test_a_spelling_names_the_thing(text: str, iri: str) -> None:
    assert find_iri(text) == NamedNode(iri)


def test_every_form_of_the_equivalents_stands_literally_above() -> None:
    accession = {
        "ncbigene": "5742",
        "taxon": "9606",
        "mesh": "D014148",
        "chebi": "15377",
        "doid": "162",
        "pmc": "PMC3109366",
    }
    written = {text for text, _ in SPELLINGS}
    for thing, forms in THING_TO_FORMS.items():
        if thing != "doi":
            assert written >= {form.format(accession[thing]) for form in forms.values()}
    doi = "10.1038/s41598-023-31603-x"
    assert written >= {iri.value for iri in other_forms("doi", doi, NamedNode(FIGURE))}


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("5742", "http://bio2rdf.org/ncbigene:5742"),
        ("https://identifiers.org/ncbigene/5742", "http://bio2rdf.org/ncbigene:5742"),
        ("http://bio2rdf.org/ncbigene:5742", "http://bio2rdf.org/ncbigene:5742"),
        ("http://purl.uniprot.org/geneid/5742", "http://bio2rdf.org/ncbigene:5742"),
        ("PMC1__f1", "http://localhost:7878/x/figures/PMC1__f1"),
        ("http://localhost:7878/x/figures/PMC1__f1", "http://localhost:7878/x/figures/PMC1__f1"),
        (
            "https://pfocr.wikipathways.org/figures/PMC1__f1.html",
            "http://localhost:7878/x/figures/PMC1__f1",
        ),
    ],
)
def test_the_configured_iris_are_read_and_given(text: str, iri: str) -> None:
    kinds: list[Kind] = ["ncbigene", "figure"]
    assert find_iri(text, OTHER, kinds).value == iri


def test_a_configured_prefix_of_another_s_spelling_is_ours() -> None:
    iris = Iris(gene_prefix="http://identifiers.org/taxonomy/")
    assert find_iri("http://identifiers.org/taxonomy/9606", iris) == iris.entity("ncbigene", "9606")
    assert find_iri("taxonomy:9606", iris) == iris.taxon("9606")


def test_a_bare_number_has_a_meaning_where_only_one_is_left() -> None:
    assert find_iri("9606", kinds=["ncbigene"]) == Iris().entity("ncbigene", "9606")
    assert find_iri("9606", kinds=["taxon", "mesh", "figure"]) == Iris().taxon("9606")


def refusal(text: str, kinds: tuple[Kind, ...] = KINDS) -> str:
    with pytest.raises(IriError) as caught:
        find_iri(text, kinds=kinds)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "kinds", "message"),
    [
        (
            "5742",
            KINDS,
            "not a known identifier: '5742' may be ncbigene:5742 or taxon:5742 or CHEBI:5742 or "
            "DOID:5742 or PMC5742",
        ),
        (
            "9606",
            ("ncbigene", "taxon"),
            "not a gene or taxon: '9606' may be ncbigene:9606 or taxon:9606",
        ),
        ("5855", ("mesh", "chebi"), "not a MeSH term or ChEBI term: '5855' may be CHEBI:5855"),
        ("31", ("pmc",), "not a PubMed Central article: '31' may be PMC31"),
        ("taxon:9606", ("ncbigene",), "not a gene: 'taxon:9606' is a taxon"),
        (
            "pmc:PMC1/figure/F1",
            ("pmc",),
            "not a PubMed Central article: 'pmc:PMC1/figure/F1' is a page of a figure at PubMed "
            "Central",
        ),
        ("PMC1__f1", ("pmc",), "not a PubMed Central article: 'PMC1__f1' is a figure"),
        ("10.1038/x", ("pmc",), "not a PubMed Central article: '10.1038/x' is a DOI"),
        ("WP554", ("ncbigene",), "not a gene: 'WP554' is a pathway"),
        ("ncbigen:5742", KINDS, "not a known identifier: 'ncbigen:5742' may be ncbigene:5742"),
        ("CHEBII:1", KINDS, "not a known identifier: 'CHEBII:1' may be chebi:1"),
        (
            "PMID:123",
            KINDS,
            "not a known identifier: 'PMID:123' is of another vocabulary: PubMed ids are not in "
            "the records: give the PMC id or the DOI",
        ),
        (
            "https://identifiers.org/pubmed/123",
            KINDS,
            "not a known identifier: 'https://identifiers.org/pubmed/123' is of another "
            "vocabulary: PubMed ids are not in the records: give the PMC id or the DOI",
        ),
        (
            "HGNC:9604",
            KINDS,
            "not a known identifier: 'HGNC:9604' is of another vocabulary: genes go by NCBI Gene "
            "ids, such as ncbigene:5742",
        ),
        (
            "http://purl.obolibrary.org/obo/MONDO_0005015",
            KINDS,
            "not a known identifier: 'http://purl.obolibrary.org/obo/MONDO_0005015' is of another "
            "vocabulary: diseases go by MeSH or Disease Ontology ids, such as mesh:D009369 or "
            "DOID:162",
        ),
        (
            "pubchem.compound:962",
            KINDS,
            "not a known identifier: 'pubchem.compound:962' is of another vocabulary: chemicals "
            "go by MeSH or ChEBI ids, such as mesh:D014148 or CHEBI:15377",
        ),
        ("ncbigene:TP53", KINDS, "not an NCBI Gene id (a positive whole number): 'TP53'"),
        ("mesh:D12", KINDS, "not a MeSH id (D or C and six to nine digits): 'D12'"),
        (
            "https://www.ncbi.nlm.nih.gov/gene/?term=7040",
            KINDS,
            "not an NCBI Gene id (a positive whole number): '?term=7040'",
        ),
        ("TP53", KINDS, "not a known identifier: 'TP53'"),
        ("ncbigen:", KINDS, "not a known identifier: 'ncbigen:'"),
        ("", KINDS, "not a known identifier: ''"),
    ],
)
def test_a_refusal_says_what_may_be_meant(text: str, kinds: tuple[Kind, ...], message: str) -> None:
    assert refusal(text, kinds) == message


@pytest.mark.parametrize(
    "text",
    [
        *(" ", "<>", "<", ">", ":", "_", "::", "//", "http:", "http://", "https:///", "%", "#"),
        *("ncbigene:", "ncbigene:5742 5743", "ncbigene: 57 42", "ncbigene:05742", "ncbigene:٥"),
        *("ncbigene:+5742", "ncbigene:-1", "ncbigene:5742.0", "ncbigene:5_742", "ncbigene:5742#x"),
        *("ncbigene:57\x0042", "ncbigene:57\n42", "ncbigene:5742\x7f", "ncbigene\x00:5742"),
        *("ncbigene:%35742", "ncbigene:5742%00", "ncbigene:5742%20", "ncbigene%3A5742"),
        "https://identifiers.org/ncbigene/%35742",
        "https://identifiers.org/ncbigene/5742%2F",
        "https://identifiers.org/ncbigene/../ncbigene/5742",
        "https://identifiers.org//ncbigene/5742",
        "https://identifiers.org/ncbigene/5742?x=1",
        "https://identifiers.org/ncbigene/5742#x",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID5742#x",
        *(
            "https://www.ncbi.nlm.nih.gov/gene/#5742",
            "https://www.ncbi.nlm.nih.gov/gene/?term=5742",
        ),
        "https://www.ncbi.nlm.nih.gov/datasets/gene/TP53/",
        "https://user@identifiers.org/ncbigene/5742",
        "https://identifiers.org:443/ncbigene/5742",
        "https://identifiers.org.example.org/ncbigene/5742",
        "https://example.org/https://identifiers.org/ncbigene/5742",
        "ftp://identifiers.org/ncbigene/5742",
        "javascript:5742",
        "http://example.org/",
        *("doi:10.1038", "doi:10.1038/", "doi:10.1038/a b", "10.1038%2Fx", "doi:10.1038/a%0Ab"),
        *("10.1038/a\x00b", "10.1038/a\x9fb", "PMC1__a\x9fb"),
        *("https://doi.org/10.1038/%", "https://doi.org/10.1038/%zz", "doi:10.1038/%ff"),
        *("https://doi.org/10.1038/a%00", "doi:10.1038/a\x85b", "doi:10.1038/a\ud800"),
        *("PMC1__a/b", "PMC1__a\\b", "PMC1__\x00", "figure:PMC1__a%2Fb", "figure:PMC1__a%00"),
        *("figure:PMC1__%ff", "figure:PMC1__%2", "figure:PMC1__%ZZ", "figure:../PMC1__a"),
        FIGURE + "#mention-000000000001",
        FIGURE + "?x",
        "PMC1__" + "x" * 201,
        *("PMC", "PMC1234567890", "pmc:x", "https://europepmc.org/articles/PMC1/x", "PMC1/PMC2"),
        *("obo:", "obo:CHEBI", "obo:CHEBI_", "obo:obo_obo_CHEBI_1x", "resolver:", "urn:miriam:"),
        *("CHEBI:CHEBI:CHEBI:1", "chebi:DOID:162", "mesh:MESH:", "WP", "ndex:x"),
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    assert refusal(text).startswith(("not a ", "not an "))


@pytest.mark.parametrize(
    "text",
    [
        "5" * 10_000,
        "ncbigene:" + "5" * 10_000,
        "https://identifiers.org/ncbigene/" + "5" * 10_000,
        "x" * 10_000 + ":5742",
        "obo:" * 2_500,
        "%25" * 3_400,
        "10.1038/" + "x" * 10_000,
        "x" * LONGEST,
        "urn:" * 700,
        "pmid:" + "1" * 2_900,
    ],
)
def test_what_is_very_long_is_refused_in_few_words(text: str) -> None:
    assert len(refusal(text)) < 500


@given(st.text(max_size=300), st.sampled_from(["", "ncbigene:", "doi:", "figure:", "obo:", FIGURE]))
def test_any_text_is_found_or_refused_and_what_is_found_is_found_again(
    text: str, before: str
) -> None:
    try:
        found = find_iri(before + text)
    except IriError:
        return
    assert found.value.isascii()
    assert find_iri(found.value) == found


ACCESSIONS: Final[dict[Thing, st.SearchStrategy[str]]] = {
    "ncbigene": st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True),
    "taxon": st.from_regex(r"[1-9][0-9]{0,9}", fullmatch=True),
    "mesh": st.from_regex(r"[CD][0-9]{6,9}", fullmatch=True),
    "chebi": st.from_regex(r"[1-9][0-9]{0,8}", fullmatch=True),
    "doid": st.from_regex(r"[0-9]{1,9}", fullmatch=True),
    "pmc": st.from_regex(r"PMC[0-9]{1,9}", fullmatch=True),
    "doi": st.from_regex(r"10\.[0-9]{4,9}/[^\s|\x00-\x1f\x7f-\x9f]{1,40}", fullmatch=True).map(
        str.lower
    ),
}


@pytest.mark.parametrize("iris", [Iris(), OTHER], ids=["default", "configured"])
@pytest.mark.parametrize("thing", ACCESSIONS)
@settings(max_examples=50)
@given(data=st.data())
def test_every_spelling_that_is_written_is_found_back(
    thing: Thing, iris: Iris, data: st.DataObject
) -> None:
    accession = data.draw(ACCESSIONS[thing])
    # What lower case itself makes capitals again is in no record: they are read in lower case.
    assume(accession == accession.lower() or thing != "doi")
    prefix = "DOI" if thing == "doi" else BEGINNING_TO_PREFIXES[thing].split()[0]
    primary = find_iri(f"{prefix}:{accession.replace('%', '%25')}", iris)
    for form in other_forms(thing, accession, primary):
        assert find_iri(form.value, iris) == primary
    assert find_iri(primary.value, iris) == primary


@given(st.from_regex(r"PMC[0-9]{1,9}__[^/\\\x00-\x1f\x7f-\x9f\s]{1,60}", fullmatch=True))
def test_every_figure_is_found_by_its_id_its_iri_and_its_page(figid: str) -> None:
    assume(not figid.endswith(".html"))
    for iris in (Iris(), OTHER):
        figure = iris.figure(figid)
        for text in (figid, figure.value, iris.page(figid).value):
            assert find_iri(text, iris) == figure


def test_every_kind_has_a_name_prefixes_and_a_beginning() -> None:
    told = {*KINDS, "obo", "resolver"} - {"page"}  # which is an article's, and what follows it
    assert set(BEGINNING_TO_PREFIXES) == set(iri_beginnings(Iris())) == told
    prefixes = " ".join(BEGINNING_TO_PREFIXES.values()).split()
    assert len(prefixes) == len(set(prefixes))
    assert all(prefix == prefix.lower() for prefix in prefixes)
    beginnings = [uri for uris in iri_beginnings(Iris()).values() for uri in set(uris)]
    assert len(beginnings) == len(set(beginnings))


def test_the_prefixes_that_our_documents_declare_are_understood() -> None:
    ours = {"figure", "gene", "mesh", "pmc", "taxon", "obo"}
    assert set(Iris().prefixes()) >= ours
    assert set(" ".join(BEGINNING_TO_PREFIXES.values()).split()) >= ours


@pytest.mark.parametrize("iris", [Iris(), OTHER], ids=["ours", "another base"])
def test_the_library_of_curies_finds_the_same_beginnings(iris: Iris) -> None:
    """The longest wins; the program has no need of it, and it takes a quarter of a second."""
    uris: dict[str, list[str]] = {}
    for uri, beginning in _uri_to_beginning(iris).items():
        uris.setdefault(beginning, []).append(uri)
    converter = Converter(
        Record(prefix=beginning, uri_prefix=first, uri_prefix_synonyms=others)
        for beginning, (first, *others) in uris.items()
    )
    rests = ("", "1", "CHEBI_1", "_1", "/pmc/PMC1/")
    texts = [uri + rest for uri in chain(*uris.values()) for rest in rests]
    texts += [uri[:-1] for uri in chain(*uris.values())]
    found = [_begun(text, iris) for text in texts]
    assert found == [converter.parse_uri(text) or (None, "") for text in texts]
    assert {beginning for beginning, _ in found} == {*uris, None}


def test_who_reads_an_identifier_does_not_wait_for_that_library() -> None:
    program = (
        "import sys; import pfocr_rdf.describe; from pfocr_rdf.spellings import find_iri\n"
        "find_iri('ncbigene:5742'); print({'curies', 'pydantic'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
