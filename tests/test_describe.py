"""A thing is found by any of its names, and described in both directions."""

from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, Triple

from building import build
from making import SEEDS, record, write
from parsing import by_pyoxigraph
from pfocr_rdf.describe import GraphFormatName, describe, find_thing
from pfocr_rdf.dumps import written_graph
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import IS_REPLACED_BY, Oa, Schema

IRIS: Final = Iris()
FIGID: Final = "PMC6566596__ijms-20-02505-g004"
BASE: Final = "https://pfocr.wikipathways.org/"
GENE: Final = "https://identifiers.org/ncbigene/"


@pytest.fixture(name="store", scope="module")
def _store(seeds_release: Release) -> Store:
    return Store.read_only(str(seeds_release.store))


@pytest.fixture(name="entrez", scope="module")
def _entrez(store: Store) -> str:
    """A gene of the samples."""
    found = store.quads_for_pattern(IRIS.figure(FIGID), Schema.mentions, None)
    genes = sorted(q.object.value for q in found if isinstance(q.object, NamedNode))
    return next(iri.removeprefix(GENE) for iri in genes if iri.startswith(GENE))


@pytest.mark.parametrize(
    "spelling",
    [
        *("https://identifiers.org/ncbigene/{}", "http://identifiers.org/ncbigene/{}"),
        *("https://identifiers.org/ncbigene:{}", "http://ncbi.nlm.nih.gov/gene/{}"),
        *("https://www.ncbi.nlm.nih.gov/gene/{}", "http://www.ncbi.nlm.nih.gov/gene/{}"),
        *("http://purl.uniprot.org/geneid/{}", "http://bio2rdf.org/geneid:{}"),
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID{}",
        *("<https://identifiers.org/ncbigene/{}>", "  https://identifiers.org/ncbigene/{}\n"),
        *("ncbigene:{}", "NCBIGene:{}", "NCBIGENE:{}", "gene:{}", "Gene:{}", "GeneID:{}"),
    ],
)
def test_a_gene_is_found_by_any_spelling(spelling: str, entrez: str, store: Store) -> None:
    assert find_thing(spelling.format(entrez), store, IRIS).value == GENE + entrez


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        *(
            (text, "http://id.nlm.nih.gov/mesh/D005227")
            for text in (
                *("mesh:D005227", "MeSH:D005227", "MESH:D005227", "D005227"),
                *("http://id.nlm.nih.gov/mesh/D005227", "http://identifiers.org/mesh/D005227"),
            )
        ),
        *(
            (text, "http://purl.obolibrary.org/obo/NCBITaxon_9606")
            for text in (
                *("taxon:9606", "NCBITaxon:9606", "ncbitaxon:9606", "taxonomy:9606"),
                *(
                    "obo:NCBITaxon_9606",
                    "OBO:NCBITaxon_9606",
                    "http://purl.uniprot.org/taxonomy/9606",
                ),
            )
        ),
        *(
            (text, "https://identifiers.org/pmc/PMC6566596")
            for text in (
                *("PMC6566596", "pmc:PMC6566596", "PMC:PMC6566596"),
                *(
                    "https://europepmc.org/articles/PMC6566596",
                    "http://www.ncbi.nlm.nih.gov/pmc/PMC6566596",
                ),
                *("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC6566596/",),
                *("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC6566596",),
            )
        ),
        *(
            (text, BASE + f"figures/{FIGID}")
            for text in (
                *(
                    FIGID,
                    f"figure:{FIGID}",
                    f"{BASE}figures/{FIGID}",
                    f"{BASE}figures/{FIGID}.html",
                ),
                *(f"<{BASE}figures/{FIGID}>", f" {FIGID} "),
            )
        ),
        *(
            (text, "http://schema.org/Gene")
            for text in (*("schema:Gene", "Schema:Gene", "http://schema.org/Gene"),)
        ),
        ("https://pfocr.wikipathways.org/dataset", BASE + "dataset"),
        ("pfocr:GeneMention", BASE + "ontology#GeneMention"),
        ("rdf:type", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ("https://www.wikipathways.org/", "https://www.wikipathways.org/"),
    ],
)
def test_a_thing_is_found_by_iri_curie_and_bare_id(text: str, iri: str, store: Store) -> None:
    assert find_thing(text, store, IRIS).value == iri


def test_a_mention_is_found_by_its_iri_and_by_its_curie(store: Store) -> None:
    (mention, *_) = (
        q.subject for q in store.quads_for_pattern(None, Oa.has_target, IRIS.figure(FIGID))
    )
    assert isinstance(mention, NamedNode)
    assert find_thing(mention.value, store, IRIS) == mention
    assert find_thing(mention.value.replace(BASE + "figures/", "figure:"), store, IRIS) == mention


def test_a_figure_is_found_by_its_page_and_its_picture_elsewhere(store: Store) -> None:
    for page in (Schema.url, Schema.content_url):
        (quad,) = store.quads_for_pattern(IRIS.figure(FIGID), page, None)
        assert isinstance(quad.object, NamedNode)
        assert find_thing(quad.object.value, store, IRIS) == quad.subject


def test_an_alias_is_found_and_leads_to_its_figure(store: Store) -> None:
    (alias,) = (
        q.subject for q in store.quads_for_pattern(None, IS_REPLACED_BY, IRIS.figure(FIGID))
    )
    assert isinstance(alias, NamedNode)
    found = find_thing(alias.value.removeprefix(BASE + "figures/"), store, IRIS)
    assert found == alias
    about = describe(found, store, 10)
    assert about.outgoing == [Triple(alias, IS_REPLACED_BY, IRIS.figure(FIGID))]


@pytest.fixture(name="small", scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("small")
    fields = {"doi": "10.1000/ABC(1)2", "journal_title": "Journal of Paths", "publisher_name": "P"}
    write(folder / "records", {"PMC1__f1.md": record(**fields)})
    return Store.read_only(str(build(folder / "records", folder / "data").release.store))


@pytest.mark.parametrize(
    "text",
    [
        *("https://doi.org/10.1000/abc(1)2", "http://dx.doi.org/10.1000/abc(1)2"),
        *("https://doi.org/10.1000%2FABC%281%292", "doi:10.1000/ABC(1)2", "10.1000/abc(1)2"),
    ],
)
def test_an_article_is_found_by_its_doi(text: str, small: Store) -> None:
    assert find_thing(text, small, IRIS) == IRIS.article("PMC1")


def test_journals_and_publishers_are_found_by_their_iris(small: Store) -> None:
    for iri in (IRIS.journal("Journal of Paths"), IRIS.publisher("P")):
        assert find_thing(iri.value, small, IRIS) == iri
        assert find_thing(f"<{iri.value}>", small, IRIS) == iri


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nothing", "5742", "ncbigene:x", "figure:", "gene:", "mailto:a@example.org"),
        *("https://example.org/", "http://[", "https://example.org/a b", "schema:a b", "http://"),
        *("_:b0", '"x"', "<>", "\u0000"),
    ],
)
def test_an_unknown_thing_is_refused_with_what_to_give(text: str, store: Store) -> None:
    with pytest.raises(QueryError) as caught:
        find_thing(text, store, IRIS)
    assert str(caught.value).startswith(
        f"the release says nothing about {text!r}: give an IRI, a CURIE such as ncbigene:5742 or "
        "mesh:D014148, a figid, a PMC id, or a DOI; "
    )


def test_whoever_gives_a_name_is_told_what_finds_the_identifier(store: Store) -> None:
    with pytest.raises(QueryError, match="or a DOI; `pfocr-rdf search --suggest` finds them"):
        find_thing("TP53", store, IRIS)


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("GeneID:999999999", "https://identifiers.org/ncbigene/999999999"),
        ("PMC999999999", "https://identifiers.org/pmc/PMC999999999"),
        ("PMC1__nothing", "https://pfocr.wikipathways.org/figures/PMC1__nothing"),
        ("chebi:1", "http://purl.obolibrary.org/obo/CHEBI_1"),
    ],
)
def test_a_thing_that_no_record_has_is_told_as_such(text: str, iri: str, store: Store) -> None:
    """Whoever gave a CURIE is not told to give one."""
    with pytest.raises(QueryError) as caught:
        find_thing(text, store, IRIS)
    assert str(caught.value) == (
        f"the release says nothing about {text!r}: it is understood as <{iri}>, "
        "but no record has that"
    )


def test_a_refusal_says_what_may_be_meant_in_few_words(store: Store) -> None:
    with pytest.raises(QueryError) as caught:
        find_thing("5742", store, IRIS)
    assert str(caught.value).endswith(
        "or a DOI; '5742' may be ncbigene:5742 or taxon:5742 or CHEBI:5742 or DOID:5742 or PMC5742"
    )
    with pytest.raises(QueryError) as caught:
        find_thing("x" * 10_000, store, IRIS)
    assert len(str(caught.value)) < 400


def test_a_description_holds_every_triple_in_both_directions(entrez: str, store: Store) -> None:
    gene = IRIS.entity("ncbigene", entrez)
    about = describe(gene, store, 1000)
    assert set(about.outgoing) == {q.triple for q in store.quads_for_pattern(gene, None, None)}
    assert set(about.incoming) == {q.triple for q in store.quads_for_pattern(None, None, gene)}
    assert Triple(IRIS.figure(FIGID), Schema.mentions, gene) in about.incoming
    assert any(triple.predicate == Schema.same_as for triple in about.outgoing)
    assert not about.more
    assert [str(t) for t in about.outgoing] == sorted(str(t) for t in about.outgoing)
    assert [str(t) for t in about.incoming] == sorted(str(t) for t in about.incoming)


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_only_so_many_triples_that_point_at_a_thing_are_given(limit: int, store: Store) -> None:
    about = describe(Schema.Gene, store, limit)
    assert len(about.incoming) == limit
    assert about.more


def test_a_limit_that_is_just_reached_leaves_nothing_more(store: Store) -> None:
    count = len(list(store.quads_for_pattern(None, None, Schema.Gene)))
    assert not describe(Schema.Gene, store, count).more
    assert describe(Schema.Gene, store, count - 1).more


def test_what_a_thing_says_of_itself_is_given_once(store: Store) -> None:
    about = describe(IRIS.dataset, store, 1000)
    itself = Triple(IRIS.dataset, Schema.url, IRIS.dataset)
    assert about.outgoing.count(itself) == 1
    assert itself not in about.incoming


def test_what_two_graphs_say_is_given_once() -> None:
    store, gene, other = Store(), IRIS.entity("ncbigene", "5742"), NamedNode("urn:other")
    for graph in map(NamedNode, ("urn:a", "urn:b")):
        store.add(Quad(gene, Schema.same_as, other, graph))
        store.add(Quad(other, Schema.same_as, gene, graph))
    about = describe(gene, store, 1000)
    assert about.outgoing == [Triple(gene, Schema.same_as, other)]
    assert about.incoming == [Triple(other, Schema.same_as, gene)]


@pytest.mark.parametrize(
    ("form", "read_as"),
    [
        ("turtle", RdfFormat.TURTLE),
        ("ntriples", RdfFormat.N_TRIPLES),
        ("jsonld", RdfFormat.JSON_LD),
    ],
)
def test_a_description_is_read_back_from_every_format(
    form: GraphFormatName, read_as: RdfFormat, store: Store
) -> None:
    about = describe(IRIS.figure(FIGID), store, 50)
    triples = [*about.outgoing, *about.incoming]
    assert by_pyoxigraph(written_graph(triples, form, IRIS), read_as) == set(triples)


def test_a_release_with_other_iris_is_asked_with_them(tmp_path: Path) -> None:
    other = Iris(base="https://example.org/x/", gene_prefix="http://bio2rdf.org/ncbigene:")
    store = Store.read_only(str(build(SEEDS, tmp_path, iris=other).release.store))
    figure = find_thing(FIGID, store, other)
    assert figure.value == f"https://example.org/x/figures/{FIGID}"
    genes = [q.object for q in store.quads_for_pattern(figure, Schema.mentions, None)]
    (gene, *_) = (g for g in genes if isinstance(g, NamedNode) and "ncbigene" in g.value)
    entrez = gene.value.rpartition(":")[2]
    for text in (f"ncbigene:{entrez}", GENE + entrez, gene.value, f"gene:{entrez}"):
        assert find_thing(text, store, other) == gene
