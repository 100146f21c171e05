"""What a query asks for that the release does not have is named, with what it has instead."""

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from building import store_of
from pacing import cpu_within
from pfocr_rdf.diagnosis.absent import absent, present_instead
from pfocr_rdf.diagnosis.apart import apart
from pfocr_rdf.diagnosis.matched import Matched
from pfocr_rdf.iris import Iris
from pfocr_rdf.queries import NamedQuery, named_queries
from pfocr_rdf.releases import Release

IRIS = Iris()
SCHEMA = "http://schema.org/"
GENE = "https://identifiers.org/ncbigene/5594"
PFOCR = "https://pfocr.wikipathways.org/ontology#"


def all_told(release: Release, text: str) -> list[list[str | None]]:
    """Each term that the release lacks, its property, and the same of what there is instead."""
    store = store_of(release)
    found = []
    for matched in absent(text, store, IRIS):
        instead = present_instead(matched, store, IRIS)
        terms = [None if one is None else str(one) for one in (matched.term, matched.of)]
        path = "/".join(map(str, instead.path)) or None
        found.append([*terms, None if instead.term is None else str(instead.term), path])
    return found


def told(release: Release, text: str) -> list[tuple[str, str]]:
    """Each IRI that the release lacks, with the one that it has instead."""
    found = [(term or "", instead or "") for term, _, instead, _ in all_told(release, text)]
    return [(term[1:-1], instead[1:-1]) for term, instead in found if term.startswith("<")]


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
        # A prefix without the last character of its namespace.
        ("http://schema.orgmentions", SCHEMA + "mentions"),
        ("https://schema.orgGene", SCHEMA + "Gene"),
        (PFOCR[:-1] + "tier", PFOCR + "tier"),
        ("https://identifiers.org/ncbigene5594", GENE),
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
        assert told(seeds_release, text) == [(iri, instead)]


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
    assert told(seeds_release, text) == []


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        ("gene:MAPK1", '"MAPK1"'),
        ("gene:mapk1", '"MAPK1"'),
        ("mesh:Kynurenine", '"kynurenine"'),
        ("gene:kynurenine", None),  # it is the name of a chemical
        ("schema:MAPK1", None),
    ],
)
def test_a_name_in_place_of_an_identifier_is_told_with_the_property_that_has_it(
    seeds_release: Release, iri: str, name: str | None
) -> None:
    [(_, _, *instead)] = all_told(seeds_release, f"SELECT * {{ ?f schema:mentions {iri} }}")
    assert instead == [name, name and NAME]


def test_a_query_s_own_prefixes_go_before_ours(seeds_release: Release) -> None:
    text = "PREFIX schema: <https://schema.org/> PREFIX : <urn:> ASK { ?f schema:name ?n, :x\\-y }"
    assert told(seeds_release, text) == [
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
    assert told(seeds_release, text.replace("<{}>", f"<{spelt}>")) == [(spelt, GENE)]


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
    assert all_told(mixed_release, query.text) == []


NAME, IDENTIFIER = f"<{SCHEMA}name>", f"<{SCHEMA}identifier>"
PUBLISHED, SCORE = f"<{SCHEMA}datePublished>", f"<{PFOCR}pathwayScore>"
COUNT = f"<{PFOCR}candidateCount>"
TIER, TYPE = f"<{PFOCR}tier>", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
SUBCLASS_OF = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
PROV = "http://www.w3.org/ns/prov#"
LABEL, MENTIONS = "<http://www.w3.org/2000/01/rdf-schema#label>", f"<{SCHEMA}mentions>"
INTEGER, GYEAR = (f"<http://www.w3.org/2001/XMLSchema#{name}>" for name in ("integer", "gYear"))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # A number for the text of an identifier, and the other way round.
        ("schema:identifier 5594", [f'"5594"^^{INTEGER}', IDENTIFIER, '"5594"', None]),
        ("schema:datePublished '2019'", ['"2019"', PUBLISHED, f'"2019"^^{GYEAR}', None]),
        (
            "schema:datePublished 2019",
            [f'"2019"^^{INTEGER}', PUBLISHED, f'"2019"^^{GYEAR}', None],
        ),
        # Names have no language here, and a case of their own.
        ("schema:name 'MAPK1'@en", ['"MAPK1"@en', NAME, '"MAPK1"', None]),
        ("schema:name 'mapk1'", ['"mapk1"', NAME, '"MAPK1"', None]),
        (r"schema:name ' MAPK1\n'", [r'" MAPK1\n"', NAME, '"MAPK1"', None]),
        # The name that others have for the property.
        ("rdfs:label 'MAPK1'", ['"MAPK1"', LABEL, '"MAPK1"', NAME]),
        # An IRI between quotation marks.
        (f"schema:mentions '{GENE}'", [f'"{GENE}"', MENTIONS, f"<{GENE}>", None]),
        # Of whichever property.
        ("?p 5594", [f'"5594"^^{INTEGER}', None, '"5594"', None]),
        ("schema:name|rdfs:label 'mapk1'", ['"mapk1"', None, '"MAPK1"', None]),
        ("?p ?o VALUES ?o { 'mapk1' }", ['"mapk1"', None, '"MAPK1"', None]),
        # As the release has it, although the store finds it in other digits, too.
        ("pfocr:candidateCount '01'", ['"01"', COUNT, f'"1"^^{INTEGER}', None]),
        # A number of whichever property is nothing like a year, nor like a text.
        (f"?p '01'^^{GYEAR}", [f'"01"^^{GYEAR}', None, None, None]),
        ("?p ?o VALUES ?o { '001' }", ['"001"', None, None, None]),
        # What stands in a FILTER is compared with values of one kind.
        (
            "schema:datePublished ?y FILTER(?y > 2011)",
            [f'"2011"^^{INTEGER}', PUBLISHED, f'"2011"^^{GYEAR}', None],
        ),
        (
            "schema:identifier ?i FILTER(?i = 5594)",
            [f'"5594"^^{INTEGER}', IDENTIFIER, '"5594"', None],
        ),
        ("schema:name ?n FILTER(?n = 'mapk1')", ['"mapk1"', NAME, '"MAPK1"', None]),
        # What is equal to no value in other words either is not proposed for one.
        (
            "schema:datePublished ?y FILTER(?y = 1815)",
            [f'"1815"^^{INTEGER}', PUBLISHED, None, None],
        ),
        ("schema:name ?n FILTER(?n = 'zzz'@en)", ['"zzz"@en', NAME, None, None]),
        ("schema:name ?n FILTER(?n = 'mapk1'@en)", ['"mapk1"@en', NAME, '"MAPK1"', None]),
        # What is no year in other words either is not proposed for one.
        ("schema:datePublished ?y FILTER(?y > 'May')", ['"May"', PUBLISHED, None, None]),
        # What is there, and a value of another property.
        ("pfocr:tier 'synonym'", ['"synonym"', TIER, f"<{PFOCR}synonym>", None]),
        ("schema:about gene:5594", [f"<{GENE}>", f"<{SCHEMA}about>", f"<{GENE}>", MENTIONS]),
        (
            "a pfocr:Mention",
            [f"<{PFOCR}Mention>", TYPE, f"<{PFOCR}Mention>", f"{TYPE}/{SUBCLASS_OF}"],
        ),
        # Nothing is of the classes below it.
        ("a prov:Entity", [f"<{PROV}Entity>", TYPE, f"<{PROV}Entity>", SUBCLASS_OF]),
        # What nothing here is like.
        ("schema:name 'no such gene'", ['"no such gene"', NAME, None, None]),
        ("pfocr:pathwayScore 0.9", [f'"0.9"^^{INTEGER[:-8]}decimal>', SCORE, None, None]),
    ],
)
def test_a_value_that_the_release_does_not_have_is_told_with_the_one_that_it_has(
    seeds_release: Release, asked: str, expected: list[str | None]
) -> None:
    assert all_told(seeds_release, f"SELECT * {{ ?s {asked} }}") == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?g schema:identifier '5594' ; schema:name \"MAPK1\", '\u004dAPK1' }",
        "SELECT * { ?m pfocr:candidateCount 1, 01 ; pfocr:rowCount +1 } LIMIT 77777 OFFSET 88888",
        "SELECT * { ?s schema:name ?n FILTER(!(?n = 'mapk1') && ?s != <urn:s>) }",
        "SELECT * { ?s schema:name ?n BIND(IF(?s = <urn:s>, <urn:a>, <urn:b>) AS ?x) }",
        "SELECT * { ?s schema:name ?n FILTER(?n != 'mapk1' && REGEX(?n, '^q')) BIND('x' AS ?x) }",
        "SELECT * { ?m pfocr:candidateCount ?n FILTER(?n > 1e9 && ?n = 77777 && ?n != 0.5) }",
        "SELECT * { ?s schema:datePublished ?y FILTER(?y > '2999'^^xsd:gYear && STR(?y) = '1') }",
        "SELECT * { ?s schema:datePublished ?y FILTER(?y > 2005 + 10 || ?y < 5 -1) }",
        "SELECT * { ?s schema:sameAs ?n FILTER(?n = 5) }",
        "SELECT * { ?m pfocr:candidateCount ?n FILTER(?n > '9999'^^xsd:nonNegativeInteger) }",
        "SELECT * { ?s schema:name ?n FILTER(DATATYPE(?n) = rdf:langString) }",
        "SELECT (GROUP_CONCAT(?n; separator=' | ') AS ?names) { ?s schema:name ?n }",
        "CONSTRUCT { ?s schema:name 'made' } { ?s schema:name ?n }",
    ],
)
def test_values_that_are_there_and_those_that_are_computed_with_are_not_told(
    seeds_release: Release, text: str
) -> None:
    assert all_told(seeds_release, text) == []


def test_what_a_property_with_iris_alone_is_compared_with_takes_no_time() -> None:
    store, mentions = Store(), NamedNode(SCHEMA + "mentions")
    store.extend(
        Quad(NamedNode(f"urn:f{number}"), mentions, NamedNode(GENE)) for number in range(200_000)
    )
    with cpu_within(0.05):
        text = "SELECT * { ?f schema:mentions ?g FILTER(?g = '5594') }"
        assert list(absent(text, store, Iris())) == [Matched(Literal("5594"), mentions)]


def test_an_identifier_in_the_place_of_its_thing_is_told_with_the_thing(
    seeds_release: Release,
) -> None:
    number = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    for text, term in (
        ("SELECT * { ?f schema:mentions ?g FILTER(?g = '5594') }", '"5594"'),
        ("SELECT * { ?f schema:mentions ?g FILTER(?g = 5594) }", f'"5594"{number}'),
        ("SELECT * { VALUES ?g { '5594' } ?f schema:mentions ?g }", '"5594"'),
        ("SELECT * { ?f schema:mentions ?g FILTER(?g IN (5594)) }", f'"5594"{number}'),
        ("SELECT * { ?f schema:mentions ?g } VALUES ?g { 5594 }", f'"5594"{number}'),
    ):
        told = [term, f"<{SCHEMA}mentions>", f"<{GENE}>", None]
        assert all_told(seeds_release, text) == [told], text
    # Of a variable that other patterns have, too, it may be a value.
    text = "SELECT * { VALUES ?g { '5594' } { ?f schema:mentions ?g } UNION { ?h ?p ?g } }"
    assert all_told(seeds_release, text) == []


def test_a_text_that_is_no_value_is_told_with_the_property_that_has_it(
    seeds_release: Release,
) -> None:
    for text in ("?f schema:mentions 'MAPK1'", "?f schema:datePublished ?g FILTER(?g = 'MAPK1')"):
        ((*_, instead, path),) = all_told(seeds_release, f"SELECT * {{ {text} }}")
        assert (instead, path) == ('"MAPK1"', f"<{SCHEMA}name>")
    ((*_, instead, path),) = all_told(seeds_release, "SELECT * { ?f schema:caption '5594' }")
    assert (instead, path) == ('"5594"', f"<{SCHEMA}identifier>")


def test_of_an_absent_property_the_value_is_not_told_too(seeds_release: Release) -> None:
    text = "SELECT * { ?g <https://schema.org/name> 'mapk1' }"
    assert told(seeds_release, text) == [("https://schema.org/name", SCHEMA + "name")]


SPELT = "<http://identifiers.org/ncbigene/5594>"


@pytest.mark.parametrize(
    "pattern",
    [
        f"?g schema:sameAs {SPELT}",
        f"?g schema:sameAs ?x FILTER(?x = {SPELT})",
        f"?g schema:sameAs ?x VALUES ?x {{ {SPELT} }}",
    ],
)
def test_what_a_named_graph_has_as_it_is_asked_for_is_not_absent(
    pattern: str, seeds_release: Release
) -> None:
    store = store_of(seeds_release)
    text = f"SELECT * {{ {pattern} }}"
    assert all_told(seeds_release, text) == []
    assert [one.graph for one in apart(text, store, IRIS)] == [IRIS.equivalents]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (f"?g schema:sameAs ?x . ?f schema:mentions {SPELT}", GENE),
        (f"?g schema:sameAs {SPELT} . ?f schema:mentions {SPELT}", GENE),
        (f"?s ?p {SPELT}", GENE),
    ],
)
def test_what_a_named_graph_has_otherwise_is_absent(
    pattern: str, instead: str, seeds_release: Release
) -> None:
    found = told(seeds_release, f"SELECT * {{ {pattern} }}")
    assert found == [(SPELT[1:-1], instead)]


#: What does without its term, or has it met by whatever is not the term.
CONDITIONS = (
    *("FILTER(?v != {})", "FILTER({} != ?v)", "FILTER(!(?v = {}))", "FILTER(?v NOT IN ({}))"),
    *("FILTER(!sameTerm(?v, {}))", "FILTER(!(?s = ?v || ?v = {}))", "FILTER(STR(?v) != STR({}))"),
    *("BIND({} AS ?x)", "BIND(IF(?v = {}, 1, 2) AS ?x)", "FILTER(IF(?v = {}, false, true))"),
    *("MINUS {{ ?s ?p {} }}", "FILTER NOT EXISTS {{ ?s schema:name {} }}", "FILTER(?v = {})"),
    *("FILTER(!EXISTS {{ ?s ?p {} }})", "FILTER(?v IN ({}))", "FILTER(EXISTS {{ ?s ?p {} }})"),
)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_of_no_query_that_finds_something_anything_is_told(
    condition: str, seeds_release: Release
) -> None:
    store = store_of(seeds_release)
    for named in ("schema:name", "schema:mentions", "schema:datePublished", "pfocr:rowCount"):
        for spelt in ("gene:5594", SPELT, "<urn:x>", "'MAPK1'", "'mapk1'", "5594", "'x'@en"):
            text = f"SELECT * {{ ?s {named} ?v {condition.format(spelt)} }} LIMIT 1"
            answer = store.query(text, prefixes=IRIS.prefixes())
            assert isinstance(answer, QuerySolutions)
            assert not (next(answer, None) and all_told(seeds_release, text)), text


@pytest.mark.parametrize("number", ["-1", "255", "65535"])
def test_a_number_that_is_not_there_is_told_although_the_store_finds_another(
    number: str, tmp_path: Path
) -> None:
    store = Store(str(tmp_path / "store"))
    rank = NamedNode(f"{PFOCR}searchRank")
    for value in (0, 1, 256, 277, 65_536, 70_000):
        store.add(Quad(NamedNode("urn:f"), rank, Literal(value)))
    for asked in (number, f"'{number}'"):
        (matched,) = absent(f"ASK {{ ?f pfocr:searchRank {asked} }}", store, IRIS)
        assert present_instead(matched, store, IRIS).term is None
    store.add(Quad(NamedNode("urn:f"), rank, Literal(int(number))))
    assert list(absent(f"ASK {{ ?f pfocr:searchRank {number} }}", store, IRIS)) == []
