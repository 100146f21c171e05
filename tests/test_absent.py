"""What a query asks for that the release does not have is named, with what it has instead."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.absent import absent_iris, present_instead
from pfocr_rdf.contents import open_store
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import NamedQuery, named_queries
from pfocr_rdf.releases import Release
from pfocr_rdf.syntax import iris_in

IRIS = Iris()
SCHEMA = "http://schema.org/"
GENE = "https://identifiers.org/ncbigene/5594"
PFOCR = "https://pfocr.wikipathways.org/ontology#"


def absent(release: Release, text: str) -> list[tuple[str, str]]:
    store = open_store(release)
    found = absent_iris(text, store, IRIS)
    return [(node.value, present_instead(node, store, IRIS)) for node in found]


@pytest.mark.parametrize(
    ("iri", "instead"),
    [
        # As schema.org's own pages have it.
        ("https://schema.org/mentions", SCHEMA + "mentions"),
        ("https://schema.org/Gene", SCHEMA + "Gene"),
        # A slip in a name, or in its case.
        (SCHEMA + "mention", SCHEMA + "mentions"),
        (
            "http://www.w3.org/2000/01/rdf-schema#Label",
            "http://www.w3.org/2000/01/rdf-schema#label",
        ),
        (PFOCR + "Synonym", PFOCR + "synonym"),
        # The name that another vocabulary has for it.
        ("http://purl.org/dc/elements/1.1/title", "http://purl.org/dc/terms/title"),
        # As other endpoints call it.
        ("http://purl.uniprot.org/geneid/5594", GENE),
        ("https://www.ncbi.nlm.nih.gov/gene/5594", GENE),
        ("http://purl.uniprot.org/taxonomy/9606", "http://purl.obolibrary.org/obo/NCBITaxon_9606"),
        (
            "http://pfocr.wikipathways.org/figures/PMC6566596__ijms-20-02505-g004",
            "https://pfocr.wikipathways.org/figures/PMC6566596__ijms-20-02505-g004",
        ),
        # What nothing here is like.
        ("https://identifiers.org/ncbigene/99999999", ""),
        ("http://www.wikidata.org/entity/Q15978631", ""),
        (PFOCR + "Figure", ""),
        ("urn:x", ""),
    ],
)
def test_an_iri_that_the_release_does_not_have_is_told_with_the_one_that_it_has(
    seeds_release: Release, iri: str, instead: str
) -> None:
    for text in (
        f"ASK {{ <{iri}> ?p ?o }}",
        f"ASK {{ ?s <{iri}> ?o }}",
        f"ASK {{ ?s ?p <{iri}> }}",
    ):
        assert absent(seeds_release, text) == [(iri, instead)]


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ ?f schema:mentions <{GENE}> }}",
        "SELECT * { ?f a pfocr:PathwayFigure ; schema:datePublished '2011'^^xsd:gYear }",
        "SELECT * { ?f schema:position ?n FILTER(xsd:integer(?n) > 4 && <urn:f>(?n)) }",
        "SELECT * FROM <urn:g> FROM NAMED <urn:h> { GRAPH <urn:i> { ?s ?p ?o } }",
        "BASE <urn:base> SELECT * { ?f schema:name '<urn:a>', \"schema:nothing\" } # <urn:b>",
        "SELECT * { GRAPH ?g { ?x schema:sameAs <http://purl.uniprot.org/geneid/5594> } }",
        "SELECT * { ?s ?p <relative> }",
        "SELECT * { ?f a pfocr:PathwayFigure. ?f schema:mentions ?g;a schema:ImageObject. }",
        "SELECT * { ?f schema:name 'a'^^ <urn:a>, 'b'^^ # c\n schema:nothing }",
        "SELECT * { ?s ?p ?o FILTER(DATATYPE(?o) IN (xsd:boolean, xsd:duration)) }",
        "PREFIX a: <urn:a> SELECT * { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(a:))) }",
        "CONSTRUCT { ?f <urn:a> schema:nothing {| <urn:b> 1 |} } { ?f schema:name ?n }",
    ],
)
def test_what_the_release_has_and_what_no_triple_is_matched_with_is_not_told(
    seeds_release: Release, text: str
) -> None:
    assert absent(seeds_release, text) == []


def test_a_query_s_own_prefixes_go_before_ours(seeds_release: Release) -> None:
    text = "PREFIX schema: <https://schema.org/> PREFIX : <urn:> ASK { ?f schema:name ?n, :x\\-y }"
    assert absent(seeds_release, text) == [
        ("https://schema.org/name", SCHEMA + "name"),
        ("urn:x-y", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?from { ?from schema:mentions <{}> } # the graph, from 2020",
        "PREFIX from: <urn:> SELECT ?graph { ?graph schema:mentions <{}> ; schema:name 'from' }",
        "CONSTRUCT WHERE { ?figure schema:mentions <{}> }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?figure schema:mentions <{}> }",
    ],
)
def test_what_is_matched_is_told_whatever_stands_beside_it(
    seeds_release: Release, text: str
) -> None:
    spelt = "http://purl.uniprot.org/geneid/5594"
    assert absent(seeds_release, text.replace("<{}>", f"<{spelt}>")) == [(spelt, GENE)]


def test_the_name_of_a_term_has_dots_and_letters_of_any_script_in_it() -> None:
    text = "ASK { ?s schema:a.b..c. ?s schema:d\\. , schema:e\u0301.\u0928\u093f·f... }"
    names = ["a.b..c", "d.", "e\u0301.\u0928\u093f·f"]
    assert iris_in(text, IRIS.prefixes()) == [SCHEMA + name for name in names]


#: It asks for what a release has that was built with mapping sets.
OF_MAPPINGS = "mapped-identifiers"


@pytest.mark.parametrize(
    "query",
    [query for query in named_queries() if query.name != OF_MAPPINGS],
    ids=lambda query: query.name,
)
def test_a_named_query_asks_for_nothing_that_no_record_has(
    mixed_release: Release, query: NamedQuery
) -> None:
    assert absent(mixed_release, query.text) == []


def test_a_long_query_is_read_in_linear_time() -> None:
    long = "ASK { " + "?s <urn:a> schema:name . " * 100_000 + "}"
    began = time.process_time()
    assert iris_in(long, IRIS.prefixes()) == ["urn:a", SCHEMA + "name"]
    assert time.process_time() - began < 5


@given(st.text(max_size=60))
def test_any_text_has_iris_or_none(text: str) -> None:
    assert all(":" in iri for iri in iris_in(text, IRIS.prefixes()))
