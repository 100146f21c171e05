"""Parameters: what each type accepts, what it refuses and with which words."""

from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from asking import SEED
from pfocr_rdf.equivalents import THING_TO_FORMS, Thing
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.parameters import TYPE_TO_READER, Parameter, read_terms
from pfocr_rdf.queries import bind, load_query, parse_query

HEADER: Final = "# title: T\n# category: C\n# description: D.\n# param: x | {} | | X\n\n"


def test_a_text_may_be_any_text_and_comes_back_as_it_was() -> None:
    query = parse_query("q", HEADER.format("text") + "SELECT ?x { VALUES ?x { } }")
    for text in (
        '"',
        "\\",
        "\\u0022 }",
        "a\nb\r\t",
        "\x00",
        "'",
        '"""',
        "VALUES ?x { }",
        "#",
        "é😀\u2028",
    ):
        found = Store().query(bind(query, {"x": text}))
        assert isinstance(found, QuerySolutions)
        assert [row["x"] for row in found] == [Literal(text)]


def given(kind: str, value: str, default: str | None = None) -> list[str]:
    return [term.value for term in read_terms(Parameter("x", kind, default, "X"), value)]


def refusal(kind: str, value: str, default: str | None = None) -> str:
    with pytest.raises(QueryError) as caught:
        read_terms(Parameter("x", kind, default, "X"), value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["text", "name"])
def test_a_text_that_is_not_utf_8_is_told_so(kind: str) -> None:
    assert refusal(kind, "a\udcff") == ("parameter 'x': 'a\\udcff' is not UTF-8: give it in UTF-8")


GENE: Final = NCBIGENE + "5742"


@pytest.mark.parametrize(
    "value",
    [
        "5742",
        " 5742 ",
        "ncbigene:5742",
        "NCBIGene:5742",
        "gene:5742",
        GENE,
        f"<{GENE}>",
        *(form.format("5742") for form in THING_TO_FORMS["ncbigene"].values()),
    ],
)
def test_a_gene_may_be_spelt_in_any_known_way(value: str) -> None:
    assert given("gene", value) == [GENE]


def test_white_space_around_a_name_does_not_count_and_that_of_a_text_does() -> None:
    typed = "\u00a0Int  J Mol Sci \n"
    assert given("name", typed) == ["Int  J Mol Sci"]
    assert given("text", typed) == [typed]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("figures-by-gene-symbol", "symbol"),
        ("figures-by-journal", "journal"),
        ("figures-by-keyword", "keyword"),
    ],
)
def test_a_query_takes_a_name_with_white_space_around_it(name: str, parameter: str) -> None:
    query = load_query(name)
    assert bind(query, {parameter: " TP53\t"}) == bind(query, {parameter: "TP53"})


@pytest.mark.parametrize("thing", ["taxon", "mesh", "chebi", "doid", "pmc"])
def test_every_spelling_of_the_equivalents_is_understood(thing: Thing) -> None:
    kinds = {"taxon": "taxon", "mesh": "mesh", "chebi": "chemical", "doid": "disease"}
    accession = {"mesh": "D005227", "pmc": "PMC1"}.get(thing, "9606")
    primary = {
        "taxon": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "mesh": "http://id.nlm.nih.gov/mesh/D005227",
        "chebi": "http://purl.obolibrary.org/obo/CHEBI_9606",
        "doid": "http://purl.obolibrary.org/obo/DOID_9606",
        "pmc": "https://identifiers.org/pmc/PMC1",
    }[thing]
    curie = f"{thing.upper()}:{accession}"
    forms = THING_TO_FORMS[thing]
    for spelling in (primary, curie, *(form.format(accession) for form in forms.values())):
        assert given(kinds.get(thing, "article"), spelling) == [primary]
        assert given("thing", spelling) == [primary]


def test_what_a_table_of_results_shows_can_be_asked_again() -> None:
    assert given("chemical", "obo:CHEBI_5855") == ["http://purl.obolibrary.org/obo/CHEBI_5855"]
    assert given("taxon", "taxon:9606") == ["http://purl.obolibrary.org/obo/NCBITaxon_9606"]
    assert given("figure", "figure:PMC1__a%20b") == [f"{BASE}figures/PMC1__a%20b"]


def test_a_gene_of_a_configured_prefix_is_understood_and_given_back_in_it() -> None:
    iris = Iris(gene_prefix="https://genes.example/id=")
    parameter = Parameter("gene", "gene", None, "Gene")
    for value in ("5742", "https://genes.example/id=5742", GENE):
        (node,) = read_terms(parameter, value, iris)
        assert node == NamedNode("https://genes.example/id=5742")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("gene", "TP53"),
        ("gene", "0"),
        ("gene", "05742"),
        ("gene", "5742.0"),
        ("gene", "mesh:D005227"),
        ("gene", ""),
        ("genes", ""),
        ("genes", " , "),
        ("mesh", "5855"),
        ("mesh", "CHEBI:5855"),
        ("chemical", "5855"),
        ("chemical", "DOID:162"),
        ("disease", "CHEBI:5855"),
        ("taxon", "Homo sapiens"),
        ("taxon", "0"),
        ("article", "6566596"),
        ("article", "10.1016/x"),
        ("thing", "2064"),
        ("thing", "http://example.org/"),
        ("figure", "PMC1"),
        ("figure", "PMC1__a/b"),
        ("figure", f"{BASE}figures/PMC1__f1#mention-000000000001"),
        ("figure", "../../etc/passwd"),
        ("text", ""),
        ("name", ""),
        ("name", " \n"),
        ("integer", ""),
        ("integer", "1.5"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", "1" * 16),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "999999999"),
        ("year", "19"),
        ("year", "2019-05"),
        ("tier", "strong"),
        ("tier", "symbol,"),
        ("tier", "any"),
    ],
)
def test_a_value_of_another_shape_is_refused(kind: str, value: str) -> None:
    message = refusal(kind, value)
    assert message.startswith(f"parameter 'x': {value!r} is not of type {kind}: ")
    accepted = TYPE_TO_READER[kind][1]
    assert accepted
    assert message.endswith(f"give {accepted}")


def test_a_refusal_says_what_may_be_meant_and_what_to_give() -> None:
    assert refusal("gene", "TP53") == (
        "parameter 'x': 'TP53' is not of type gene: give an NCBI Gene id such as 5742, "
        "ncbigene:5742 or an IRI"
    )
    assert refusal("chemical", "5855") == (
        "parameter 'x': '5855' is not of type chemical: '5855' may be CHEBI:5855; give a MeSH or "
        "ChEBI id such as D005227, CHEBI:35366 or an IRI"
    )


def test_bounds_of_an_integer_hold_and_are_told() -> None:
    assert given("integer 1..10", "10") == ["10"]
    assert given("integer -5..5", "-5") == ["-5"]
    assert refusal("integer 1..10", "11") == (
        "parameter 'x': '11' is not of type integer: give a whole number, 1 to 10"
    )


def test_a_list_keeps_its_order_and_each_gene_once() -> None:
    assert given("genes", "7, 5742;ncbigene:7\n8\t5742") == [
        NCBIGENE + n for n in ("7", "5742", "8")
    ]


def test_a_list_of_too_many_genes_is_refused_and_the_message_stays_short() -> None:
    assert refusal("genes", " ".join(map(str, range(1, 10_002)))) == (
        "parameter 'x': 10,001 NCBI Gene ids are too many: give at most 10,000"
    )


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("abc", "'abc' (item 301) is not an NCBI Gene id: give ids such as 5742, 5743"),
        (
            "taxon:9606",
            "'taxon:9606' (item 301) is not an NCBI Gene id: it is a taxon; "
            "give ids such as 5742, 5743",
        ),
    ],
)
def test_of_a_list_the_one_that_is_no_gene_is_named(word: str, reason: str) -> None:
    listed = ", ".join([*map(str, range(1, 301)), word, "302"])
    assert refusal("genes", listed) == f"parameter 'x': {reason}"
    assert len(refusal("genes", "x" * 10_000)) < 250


def test_tiers_become_terms_of_the_ontology() -> None:
    ours = "https://pfocr.wikipathways.org/ontology#"
    assert given("tier", "Symbol, synonym") == [ours + "symbol", ours + "synonym"]


def test_a_year_is_a_year_and_not_a_number() -> None:
    (year,) = read_terms(Parameter("x", "year", None, "X"), "2019")
    assert str(year) == '"2019"^^<http://www.w3.org/2001/XMLSchema#gYear>'


def test_any_is_a_tier_where_another_is_the_default() -> None:
    query = load_query("figures-by-gene-tier")
    gene = {"gene": "2064"}
    assert "VALUES ?tier { UNDEF }" in bind(query, {**gene, "tier": "any"})
    assert "VALUES ?tier { UNDEF }" not in bind(query, gene)
    assert refusal("tier", "weak", "symbol").endswith("symbol, synonym, family or any")


def test_any_leaves_a_variable_free_where_it_is_the_default() -> None:
    query = load_query("gene-sets")
    # In each of the two ways to find genes.
    assert bind(query, {}).count("VALUES ?tier { UNDEF }") == 2
    assert bind(query, {"tier": "symbol"}).count("VALUES ?tier { UNDEF }") == 0
    assert refusal("tier", "weak", "any").endswith(
        "give one or more of symbol, synonym, family or any"
    )


@pytest.mark.parametrize(
    ("value", "figid"),
    [
        (SEED, SEED),
        (f"{BASE}figures/{SEED}", SEED),
        (f"{BASE}figures/{SEED}.html", SEED),
        (f"<{BASE}figures/PMC1__a%20b>", "PMC1__a b"),
        ("PMC1__x.g001", "PMC1__x.g001"),
    ],
)
def test_a_figure_may_be_named_by_id_iri_or_page(value: str, figid: str) -> None:
    assert given("figure", value) == [Iris().figure(figid).value]


def test_a_missing_value_is_asked_for_by_its_label() -> None:
    with pytest.raises(QueryError) as caught:
        bind(load_query("figures-by-gene"), {})
    assert str(caught.value) == (
        "query figures-by-gene needs the parameter 'gene' (NCBI Gene id, such as 2064): "
        "give an NCBI Gene id such as 5742, ncbigene:5742 or an IRI"
    )


def test_an_unknown_parameter_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(QueryError) as caught:
        bind(load_query("figures-by-gene"), {"entrez": "2064"})
    assert str(caught.value) == (
        "query figures-by-gene has no parameter 'entrez': it has gene, limit"
    )
    with pytest.raises(QueryError, match="it has none"):
        bind(load_query("figures-per-year"), {"limit": "1"})


def test_an_unknown_query_is_refused_with_near_names() -> None:
    with pytest.raises(QueryError, match=r"did you mean co-mentioned-genes or"):
        load_query("comentioned-genes")
    with pytest.raises(QueryError, match="did you mean figures-by-journal or figures-per-journal"):
        load_query("journal")
    with pytest.raises(QueryError, match=r"there are ambiguous-words, article-figures, .*words"):
        load_query("../../etc/passwd")


#: Of a parameter whose value would be checked, and change nothing.
NO_PLACE: Final = "has no place in the query: write"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("SELECT * {}", "line 1: 'SELECT * {}' begins with none of"),
        ("# title: T\n# author: A\n\nASK {}", "line 2: '# author: A' begins with none of"),
        ("# title: T\n\nASK {}", "needs a title, a category, a description and a query"),
        (HEADER.format("text").strip() + "\n\n", "needs a title"),
        (HEADER.format("word") + "ASK {}", "'word' is not one of gene, genes, mesh"),
        (HEADER.format("integer 1-5") + "ASK {}", "'integer 1-5' is not one of"),
        (HEADER.format("text | more") + "ASK {}", "is not 'name | type | default | label'"),
        (
            HEADER.format("text") + "ASK { VALUES ?x {} }",
            f"param 'x' {NO_PLACE} VALUES ?x {{ }}, exactly so",
        ),
        (
            HEADER.format("text") + "ASK { ?s ?p ?x }",
            f"param 'x' {NO_PLACE} VALUES ?x {{ }}, exactly so",
        ),
        (
            HEADER.format("limit") + "ASK {} LIMIT 9",
            "param 'x': name and type must both be 'limit'",
        ),
        (
            HEADER.format("limit").replace("x |", "limit |") + "SELECT * {} limit 9",
            f"param 'limit' {NO_PLACE} a line that ends in LIMIT 100, exactly so",
        ),
        (
            HEADER.format("text").replace("\n\n", "\n# param: x | gene | | X\n\n")
            + "ASK { VALUES ?x { } }",
            "two parameters are named 'x': rename one",
        ),
    ],
)
def test_a_wrong_header_is_refused_with_its_place(source: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query("q", source)
    assert str(caught.value).startswith("q.rq: ")
    assert message in str(caught.value)
