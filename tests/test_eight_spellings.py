"""However a thing is spelt, there is one page of it and one answer about it.

The spellings are those of the endpoints that PFOCR is joined with: where each is from stands in
:mod:`pfocr_rdf.equivalents`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import pytest

from building import build
from invoking import run
from linking import RECORD
from making import write
from paging import pages_of
from pfocr_rdf.equivalents import Thing, other_forms
from pfocr_rdf.releases import Release
from pfocr_rdf.spellings import find_iri
from releasing import data_folder
from serving import Answer, Server, serving

#: Gene 5742 as WikiPathways, NCBI Gene RDF, ClinVar, Bgee, OrthoDB, UniProt, PubChem and Bio2RDF
#: have it.
EIGHT: Final = (
    "https://identifiers.org/ncbigene/5742",
    "http://identifiers.org/ncbigene/5742",
    "http://ncbi.nlm.nih.gov/gene/5742",
    "https://www.ncbi.nlm.nih.gov/gene/5742",
    "http://www.ncbi.nlm.nih.gov/gene/5742",
    "http://purl.uniprot.org/geneid/5742",
    "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID5742",
    "http://bio2rdf.org/ncbigene:5742",
)
MORE: Final = (
    "http://bio2rdf.org/geneid:5742",
    "https://identifiers.org/ncbigene:5742",
    "https://purl.uniprot.org/geneid/5742",
    "<http://identifiers.org/ncbigene/5742>",
    "ncbigene:5742",
    "NCBIGene:5742",
    "GeneID:5742",
    "entrez:5742",
)
#: Kind → accession in the record, segment of its page, query and parameter that take it, CURIEs.
THINGS: Final[Mapping[Thing, tuple[str, str, tuple[str, str], tuple[str, ...]]]] = {
    "taxon": (
        *("9606", "taxon", ("figures-by-organism", "organism")),
        ("taxon:9606", "NCBITaxon:9606", "taxonomy:9606", "http://purl.uniprot.org/taxon/9606"),
    ),
    "mesh": (
        *("D005947", "chemical", ("figures-by-chemical", "chemical")),
        (
            "mesh:D005947",
            "MESH:D005947",
            "D005947",
            "https://meshb.nlm.nih.gov/record/ui?ui=D005947",
        ),
    ),
    "chebi": (
        *("17234", "chemical", ("figures-by-chemical", "chemical")),
        ("CHEBI:17234", "chebi:17234", "CHEBI_17234", "obo:CHEBI_17234"),
    ),
    "doid": (
        *("162", "disease", ("figures-by-disease", "disease")),
        ("DOID:162", "doid:162", "DOID_162", "https://disease-ontology.org/?id=DOID:162"),
    ),
    "pmc": (
        *("PMC1", "article", ("article-figures", "article")),
        ("pmc:PMC1", "PMCID:PMC1", "pmc1", "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/"),
    ),
}
DOIS: Final = (
    "https://doi.org/10.1000/abc",
    "http://dx.doi.org/10.1000/abc",
    "https://doi.org/10.1000/ABC",
    "https://doi.org/10.1000%2FABC",
    "doi:10.1000/Abc",
    "10.1000/abc",
)
#: Of a figure of the samples, at NDEx.
NETWORK: Final = "749306e7-df33-11ea-99da-0ac135e8bacf"


@pytest.fixture(scope="module", name="release")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """One record, with a thing of each kind."""
    folder = tmp_path_factory.mktemp("spelt")
    return build(write(folder / "records", RECORD), folder / "data").release


@pytest.fixture(scope="module", name="server")
def _server(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = data_folder(release, tmp_path_factory.mktemp("served") / "data")
    with serving(data, "--federation", "off") as server:
        yield server


def get(server: Server, target: str, accept: str = "*/*") -> Answer:
    """What is at the end of all redirects."""
    for _ in range(5):
        answer = server.request("GET", target, headers={"Accept": accept})
        if answer.status not in (301, 302):
            return answer
        target = answer.headers["location"].removeprefix(server.url.removesuffix("/sparql"))
    raise AssertionError(f"redirected for ever: {target}")


def page_of(answer: Answer) -> bytes:
    assert answer.status == 200, answer.body
    return answer.body


def figids(answer: Answer) -> bytes:
    """The figures of a search, without what it was asked."""
    assert answer.status == 200, answer.body
    return " ".join(figure["figid"] for figure in answer.json["figures"]).encode()


def escaped(spelling: str) -> str:
    return quote(spelling, safe="")


def answers(
    server: Server, segment: str, query: tuple[str, str], spelling: str
) -> dict[str, bytes]:
    """All that the server says of a spelling, wherever one can be given."""
    name, parameter = query
    value = escaped(spelling)
    return {
        "page": page_of(get(server, f"/thing?iri={value}", "text/html")),
        "turtle": page_of(get(server, f"/thing?iri={value}", "text/turtle")),
        "address": page_of(get(server, f"/{segment}/{value}", "text/html")),
        "file": page_of(get(server, f"/{segment}/{value}.nt")),
        "query": page_of(get(server, f"/queries/{name}.csv?{parameter}={value}")),
        "others": page_of(get(server, f"/queries/other-spellings.tsv?thing={value}")),
        "search": figids(get(server, f"/search.json?q={value}")),
    }


def test_the_eight_spellings_of_gene_5742_give_one_page_and_one_answer(server: Server) -> None:
    assert len(set(EIGHT)) == 8
    query = ("figures-by-gene", "gene")
    given = {spelling: answers(server, "gene", query, spelling) for spelling in (*EIGHT, *MORE)}
    for spelling, found in given.items():
        assert found == given[EIGHT[0]], spelling
    first = given[EIGHT[0]]
    assert first["page"] == first["address"] == get(server, "/gene/5742", "text/html").body
    assert first["file"] == get(server, "/gene/5742.nt").body
    assert all(b"PTGS1" in first[name] for name in ("page", "turtle", "file"))
    assert b"PMC1__f1" in first["query"]
    assert first["search"] == b"PMC1__f1"
    assert all(f"<{spelling}>".encode() in first["others"] for spelling in EIGHT[1:])


def test_the_eight_are_one_in_a_list_of_genes_and_in_the_body_of_a_form(server: Server) -> None:
    listed = "%0A".join(map(escaped, (*EIGHT, *MORE[:-6])))
    one = page_of(get(server, "/queries/figures-by-all-genes.csv?gene=5742"))
    assert page_of(get(server, f"/queries/figures-by-all-genes.csv?gene={listed}")) == one
    assert b"PMC1__f1" in one


def test_the_eight_are_the_same_as_the_gene_in_the_graph_of_equivalents(server: Server) -> None:
    for spelling in EIGHT[1:]:
        asked = f"SELECT ?figid {{ GRAPH ?g {{ ?gene schema:sameAs <{spelling}> }} "
        asked += "?figure schema:mentions ?gene ; schema:identifier ?figid }"
        assert server.rows(asked) == [{"figid": "PMC1__f1"}], spelling


def test_the_eight_are_one_gene_for_the_commands(release: Release) -> None:
    data = release.path.parent.parent
    for command, *options in (
        ("describe",),
        ("search",),
        ("query", "figures-by-gene", "--format", "csv", "--param"),
    ):
        name = "gene=" if command == "query" else ""
        done = {
            run(command, *options, name + spelling, "--data", data) for spelling in (*EIGHT, *MORE)
        }
        (outcome,) = done
        assert outcome.status == 0, outcome.err
        assert "PMC1__f1" in outcome.out


@pytest.mark.parametrize("kind", THINGS)
def test_every_spelling_of_anything_gives_one_page_and_one_answer(
    kind: Thing, server: Server, release: Release
) -> None:
    accession, segment, query, curies = THINGS[kind]
    primary = find_iri(curies[0])
    forms = [primary.value, *(form.value for form in other_forms(kind, accession, primary))]
    given = [*forms, *curies]
    first = answers(server, segment, query, given[0])
    for spelling in given[1:]:
        assert answers(server, segment, query, spelling) == first, spelling
    described = {run("describe", one, "--data", release.path.parent.parent) for one in given}
    assert len(described) == 1
    assert first["page"] == first["address"]
    assert b"PMC1__f1" in first["query"]
    assert first["search"] == b"PMC1__f1"
    assert all(f"<{form}>".encode() in first["others"] for form in forms[1:])


def test_every_spelling_of_a_doi_leads_to_the_article(server: Server, release: Release) -> None:
    article = page_of(get(server, "/article/PMC1", "text/html"))
    described = run("describe", "PMC1", "--data", release.path.parent.parent)
    for spelling in DOIS:
        value = escaped(spelling)
        assert page_of(get(server, f"/thing?iri={value}", "text/html")) == article, spelling
        assert page_of(get(server, f"/article/{value}", "text/html")) == article, spelling
        assert figids(get(server, f"/search.json?q={value}")) == b"PMC1__f1", spelling
        assert run("describe", spelling, "--data", release.path.parent.parent) == described


@pytest.mark.parametrize(
    "spelling",
    [
        f"https://www.ndexbio.org/viewer/networks/{NETWORK}",
        f"https://www.ndexbio.org/v2/network/{NETWORK}",
        f"ndex:{NETWORK}",
        NETWORK.upper(),
    ],
)
def test_what_has_no_page_of_its_own_leads_to_the_figures_that_have_it(
    spelling: str, seeds_release: Release
) -> None:
    pages = pages_of(seeds_release)
    there = pages.get(f"/thing?iri={escaped(spelling)}")
    assert there.status == 302
    found = pages.get(there.headers["location"].replace("/search", "/search.json"))
    figures = [figure["figid"] for figure in json.loads(found.text)["figures"]]
    assert figures == ["PMC3808214__brc-0008-0256-g02"]
    assert pages.get(f"/thing?iri=ndex:{NETWORK[:-1]}0").status == 404


@pytest.mark.parametrize("character", ["<", "\n", '"', "\x00"])
def test_what_no_iri_may_have_is_the_name_of_nothing(
    character: str, seeds_release: Release
) -> None:
    text = escaped(f"https://pfocr.wikipathways.org/a{character}b")
    assert pages_of(seeds_release).get(f"/thing?iri={text}").status == 404
