"""The other spellings of a thing: all that others use, and never its own."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest
from pyoxigraph import Literal, NamedNode

from building import build, dumped
from making import record, write
from pfocr_rdf.equivalents import THING_TO_FORMS, Thing, doi_iri, other_forms
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.shared import sameness
from pfocr_rdf.spellings import find_iri
from pfocr_rdf.vocabulary import RDF_TYPE, Schema

IRIS: Final = Iris()
BIO2RDF: Final = Iris(gene_prefix="http://bio2rdf.org/ncbigene:")
#: A thing, its bare accession and its primary IRI in the data.
PRIMARY: Final[tuple[tuple[Thing, str, NamedNode], ...]] = (
    ("ncbigene", "5742", IRIS.entity("ncbigene", "5742")),
    ("ncbigene", "5742", BIO2RDF.entity("ncbigene", "5742")),
    ("taxon", "9606", IRIS.taxon("9606")),
    ("mesh", "D014148", IRIS.entity("mesh", "D014148")),
    ("chebi", "5855", IRIS.entity("chebi", "5855")),
    ("doid", "162", IRIS.entity("doid", "162")),
    ("pmc", "PMC1", IRIS.article("PMC1")),
    ("doi", "10.1000/x", IRIS.article("PMC1")),
)


def spelt(thing: Thing, accession: str, primary: NamedNode) -> list[str]:
    return [iri.value for iri in other_forms(thing, accession, primary)]


#: A thing and its bare accession → every IRI by which others know it, as they write it.
KNOWN: Final[dict[tuple[Thing, str], set[str]]] = {
    ("ncbigene", "5742"): {
        "http://identifiers.org/ncbigene/5742",
        "https://identifiers.org/ncbigene:5742",
        "http://ncbi.nlm.nih.gov/gene/5742",
        "https://www.ncbi.nlm.nih.gov/gene/5742",
        "http://www.ncbi.nlm.nih.gov/gene/5742",
        "http://purl.uniprot.org/geneid/5742",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID5742",
        "http://bio2rdf.org/ncbigene:5742",
        "http://bio2rdf.org/geneid:5742",
    },
    ("taxon", "9606"): {
        "http://purl.uniprot.org/taxonomy/9606",
        "http://identifiers.org/taxonomy/9606",
        "https://identifiers.org/taxonomy/9606",
        "https://bgee.org/species/9606",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/taxonomy/TAXID9606",
    },
    ("mesh", "D014148"): {
        "http://identifiers.org/mesh/D014148",
        "https://identifiers.org/mesh/D014148",
    },
    ("chebi", "5855"): {
        "https://identifiers.org/chebi/CHEBI:5855",
        "https://identifiers.org/CHEBI:5855",
        "http://identifiers.org/chebi/CHEBI:5855",
    },
    ("doid", "162"): {
        "https://identifiers.org/doid/DOID:162",
        "http://identifiers.org/doid/DOID:162",
    },
    ("pmc", "PMC1"): {
        "http://identifiers.org/pmc/PMC1",
        "http://europepmc.org/articles/PMC1",
        "https://europepmc.org/articles/PMC1",
        "http://www.ncbi.nlm.nih.gov/pmc/PMC1",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/",
    },
    ("doi", "10.1000/x"): {
        "https://doi.org/10.1000/x",
        "http://dx.doi.org/10.1000/x",
        "https://doi.org/10.1000/X",
        "https://doi.org/10.1000%2FX",
    },
}


@pytest.mark.parametrize(("thing", "accession", "primary"), PRIMARY[:1] + PRIMARY[2:])
def test_the_spellings_that_other_endpoints_use_are_all_there(
    thing: Thing, accession: str, primary: NamedNode
) -> None:
    assert set(spelt(thing, accession, primary)) == KNOWN[thing, accession]


@pytest.mark.parametrize(("thing", "accession", "primary"), PRIMARY)
def test_a_primary_iri_has_every_other_form_and_never_itself(
    thing: Thing, accession: str, primary: NamedNode
) -> None:
    found = spelt(thing, accession, primary)
    assert primary.value not in found
    assert len(found) == len(set(found))
    assert len(found) == len(THING_TO_FORMS[thing]) - (thing == "ncbigene")


def test_every_kind_of_thing_has_forms_and_each_form_a_place_for_the_accession() -> None:
    assert set(THING_TO_FORMS) == set(get_args(Thing)) == {thing for thing, _, _ in PRIMARY}
    for forms in THING_TO_FORMS.values():
        assert len(set(forms.values())) == len(forms)
        for form in forms.values():
            assert re.fullmatch(r"https?://[^/{}]+/[^{}]*\{(upper|escaped)?\}/?", form)


def test_no_form_of_one_kind_is_a_form_of_another() -> None:
    forms = [form for of_thing in THING_TO_FORMS.values() for form in of_thing.values()]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    "doi",
    [
        *(
            "10.1000/abc",
            "10.1002/(sici)1097-0258(19980815)17:15/16",
            "10.1016/s0092-8674(00)81683-9",
        ),
        *("10.1000/a;b,c", "10.1000/a_b-c.d~e", "10.1000/a=b&c+d"),
    ],
)
def test_a_doi_keeps_its_punctuation(doi: str) -> None:
    found = spelt("doi", doi, IRIS.article("PMC1"))
    assert found[:3] == [
        f"https://doi.org/{doi}",
        f"http://dx.doi.org/{doi}",
        f"https://doi.org/{doi.upper()}",
    ]


@pytest.mark.parametrize(
    ("doi", "written"),
    [
        ("10.1038/s41598-023-31603-x", "10.1038%2FS41598-023-31603-X"),
        ("10.1016/s0092-8674(00)81683-9", "10.1016%2FS0092-8674%2800%2981683-9"),
        ("10.1000/a_b.c*d~e", "10.1000%2FA_B.C*D%7EE"),
        ("10.1000/1:2;3", "10.1000%2F1%3A2%3B3"),
        ("10.1000/aß", "10.1000%2FA%C3%9F"),
    ],
)
def test_a_doi_is_also_there_as_wikipathways_has_it(doi: str, written: str) -> None:
    assert f"https://doi.org/{written}" in spelt("doi", doi, IRIS.article("PMC1"))


def test_a_doi_without_letters_is_not_said_twice() -> None:
    assert spelt("doi", "10.1000/1", IRIS.article("PMC1")) == [
        "https://doi.org/10.1000/1",
        "http://dx.doi.org/10.1000/1",
        "https://doi.org/10.1000%2F1",
    ]


@pytest.mark.parametrize("doi", ["10.1000/aBc", "10.1000/a<b>c", "10.1000/é"])
def test_a_doi_s_own_iri_is_the_first_of_its_forms(doi: str) -> None:
    assert doi_iri(doi).value == spelt("doi", doi.lower(), IRIS.article("PMC1"))[0]


def test_dois_that_differ_beyond_ascii_are_two() -> None:
    assert find_iri("doi:10.1000/XÄ") == doi_iri("10.1000/xÄ")
    assert doi_iri("10.1000/XÄ").value == "https://doi.org/10.1000/x%C3%84"
    assert doi_iri("10.1000/xä") != doi_iri("10.1000/xÄ")


@pytest.mark.parametrize("doi", ["", "x", "10.1/x", "10.1000/", "10.1000/a b"])
def test_what_is_no_doi_has_no_iri(doi: str) -> None:
    with pytest.raises(IriError):
        doi_iri(doi)


@pytest.mark.parametrize(
    ("doi", "written"),
    [
        ("10.1000/a<b>c", "10.1000/a%3Cb%3Ec"),
        ("10.1000/a#b", "10.1000/a%23b"),
        ("10.1000/a?b", "10.1000/a%3Fb"),
        ("10.1000/a%b", "10.1000/a%25b"),
        ("10.1000/é", "10.1000/%C3%A9"),
        ('10.1000/"\\^`{|}', "10.1000/%22%5C%5E%60%7B%7C%7D"),
        ("10.1000/[1]", "10.1000/%5B1%5D"),
    ],
)
def test_what_an_iri_cannot_hold_is_escaped_in_a_doi(doi: str, written: str) -> None:
    assert spelt("doi", doi, IRIS.article("PMC1"))[0] == f"https://doi.org/{written}"


def test_a_doi_is_in_lower_case_in_the_graph(tmp_path: Path) -> None:
    records = write(tmp_path / "records", {"PMC1__f1.md": record(doi="10.1016/S0092(00)ABC-X")})
    quads = dumped(build(records, tmp_path / "data").release, "equivalents")
    of_article = {q.object for q in quads if q.subject == IRIS.article("PMC1")}
    assert NamedNode("https://doi.org/10.1016/s0092(00)abc-x") in of_article
    assert NamedNode("http://dx.doi.org/10.1016/s0092(00)abc-x") in of_article
    assert NamedNode("https://doi.org/10.1016%2FS0092%2800%29ABC-X") in of_article
    assert NamedNode("https://europepmc.org/articles/PMC1") in of_article


def test_sameness_is_said_in_its_own_graph_and_never_with_owl() -> None:
    quads = sameness("ncbigene", "5742", IRIS.entity("ncbigene", "5742"), IRIS)
    assert len(quads) == 9
    assert {quad.predicate for quad in quads} == {Schema.same_as}
    assert {quad.graph_name for quad in quads} == {IRIS.equivalents}


def test_every_thing_of_a_release_has_its_spellings(any_release: Release) -> None:
    triples = [quad.triple for quad in dumped(any_release, "ntriples")]
    quads = dumped(any_release, "equivalents")
    of_subject: dict[object, set[str]] = {}
    for quad in quads:
        assert isinstance(quad.object, NamedNode)
        of_subject.setdefault(quad.subject, set()).add(quad.object.value)
    kinds = (Schema.Gene, Schema.ChemicalSubstance, Schema.MedicalCondition, Schema.Taxon)
    things = {
        t.subject
        for t in triples
        if t.predicate == RDF_TYPE and t.object in (*kinds, Schema.ScholarlyArticle)
    }
    assert set(of_subject) == things
    accessions = {t.subject: t.object for t in triples if t.predicate == Schema.identifier}
    for gene in {t.subject for t in triples if t.object == Schema.Gene} & things:
        entrez = accessions[gene]
        assert isinstance(entrez, Literal)
        assert f"http://purl.uniprot.org/geneid/{entrez.value}" in of_subject[gene]
        assert len(of_subject[gene]) == 9
    for subject, spellings in of_subject.items():
        assert str(subject).strip("<>") not in spellings


def test_with_another_gene_prefix_the_default_form_is_a_spelling() -> None:
    found = spelt("ncbigene", "5742", BIO2RDF.entity("ncbigene", "5742"))
    assert "https://identifiers.org/ncbigene/5742" in found
    assert "http://bio2rdf.org/ncbigene:5742" not in found
