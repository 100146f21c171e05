"""A variable that a function cannot read is told, with STR."""

import pytest
from pyoxigraph import QuerySolutions

from pfocr_rdf.contents import open_store
from pfocr_rdf.diagnosis.unread import unread
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import named_queries
from pfocr_rdf.releases import Release

IRIS = Iris()


@pytest.mark.parametrize(
    ("pattern", "variable"),
    [
        # IRIs: of a property, of a subject, at the end of a path.
        ("?f schema:mentions ?g FILTER REGEX(?g, '5594')", "?g"),
        ("?f schema:mentions ?g . ?g a schema:Gene FILTER(STRSTARTS(?g, 'https:'))", "?g"),
        ("?f a pfocr:PathwayFigure FILTER(contains(?f, 'PMC'))", "?f"),
        ("?m oa:hasTarget/schema:mentions ?g FILTER(LCASE( ?g ) = 'x')", "?g"),
        ("[] schema:isPartOf ?a ; schema:about ?o FILTER(STRENDS(?o, '9606'))", "?o"),
        # Years.
        ("?a schema:datePublished ?y FILTER(xsd:integer(?y) > 2010)", "?y"),
        ("?f schema:isPartOf/schema:datePublished ?y FILTER(SUBSTR(?y, 1, 2) = '20')", "?y"),
        # Numbers.
        ("?m pfocr:candidateCount ?n FILTER(STRLEN(?n) = 1)", "?n"),
    ],
)
def test_what_a_function_cannot_read_is_told_and_str_of_it_can_be_read(
    seeds_release: Release, pattern: str, variable: str
) -> None:
    store = open_store(seeds_release)
    text = f"SELECT * {{ {pattern} }}"
    assert unread(text, store, IRIS) == [variable]
    answer = store.query(text, prefixes=IRIS.prefixes())
    assert isinstance(answer, QuerySolutions)
    assert next(answer, None) is None
    begin, _, end = text.rpartition(variable)
    assert unread(f"{begin}STR({variable}){end}", store, IRIS) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?g schema:name ?n FILTER(REGEX(?n, '^q') && STRLEN(?n) > 99) }",
        "SELECT * { ?f schema:mentions ?g FILTER(REGEX(STR(?g), 'q')) }",
        "SELECT * { ?m pfocr:candidateCount ?n FILTER(xsd:double(?n) > 1e6) }",
        "SELECT * { ?g schema:identifier ?i FILTER(xsd:integer(?i) < 0) }",
        "SELECT * { ?s ?p ?o FILTER(CONTAINS(?o, 'no such text')) }",
        "SELECT * { ?s schema:nothing ?o FILTER(CONTAINS(?o, 'no such text')) }",
        "SELECT * { ?s schema:name ?n BIND(?n AS ?x) FILTER(CONTAINS(?x, 'no such text')) }",
        "SELECT * { ?f schema:mentions ?g FILTER(<urn:f>(?g) || CONTAINS('?g', 'x')) } # LCASE(?g)",
    ],
)
def test_what_can_be_read_is_not_told(seeds_release: Release, text: str) -> None:
    assert unread(text, open_store(seeds_release), IRIS) == []


def test_no_named_query_has_what_a_function_cannot_read(mixed_release: Release) -> None:
    store = open_store(mixed_release)
    told = {query.name: unread(query.text, store, IRIS) for query in named_queries()}
    assert {name: variables for name, variables in told.items() if variables} == {}
