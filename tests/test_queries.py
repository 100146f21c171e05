"""Named queries: each has a header, a right answer, and no way in for a value that is no value.

The answers in ``expected/`` were compared by hand with the records in ``seeds/`` for
figures-by-gene, figures-by-gene-tier, figure-genes, figures-by-all-genes, co-mentioned-genes,
co-mentioned-chemicals, unambiguous-gene-mentions, unidentified-words, figures-without-mentions,
organisms, figures-per-year, gene-words, word-candidates and similar-figures.
"""

import io
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    SEEDS,
    read_all,
    record,
    table,
    triples_of,
    write,
)
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
)
from rdflib.plugins.sparql import prepareQuery

from pfocr_rdf.equivalents import THING_TO_FORMS
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.queries import (
    ANY,
    TYPE_TO_READER,
    Entity,
    NamedQuery,
    Parameter,
    bind,
    load_query,
    named_queries,
    parse_query,
    read_entity,
    read_figure,
    read_terms,
)
from pfocr_rdf.records import Figure
from pfocr_rdf.resources import resource
from pfocr_rdf.shared import Shared, equivalent_quads

EXPECTED: Final = Path(__file__).parent / "expected"
CATEGORIES: Final = (
    "Articles",
    "Chemicals and diseases",
    "Figures",
    "Gene lists",
    "Genes",
    "Identifiers",
    "Organisms",
    "Overview",
    "Words",
)
SEED: Final = "PMC3471537__nihms406899f5"
NAMES: Final = [query.name for query in named_queries()]
#: What each query is asked in its test, beside its defaults.
CASES: Final[Mapping[str, Mapping[str, str]]] = {
    "article-figures": {"article": "PMC6566596"},
    "co-mention-edges": {"gene": "2064, 2065, 1956, 3480"},
    "co-mentioned-chemicals": {"gene": "5594"},
    "co-mentioned-genes": {"gene": "2064", "minimum": "2"},
    "figure-genes": {"figure": SEED},
    "figure-organisms": {"figure": "PMC1__f1"},
    "figure-record": {"figure": "PMC3808214__F2"},  # an alias
    "figures-by-all-genes": {"gene": "2064 5290"},
    "figures-by-chemical": {"chemical": "mesh:D008798"},
    "figures-by-disease": {"disease": "DOID:162"},
    "figures-by-gene": {"gene": "2064"},
    "figures-by-gene-and-chemical": {"gene": "5594", "chemical": "C029366"},
    "figures-by-gene-overlap": {"gene": "2064,2065,3480,7018,920"},
    "figures-by-gene-symbol": {"symbol": "ERBB3", "organism": "9606"},
    "figures-by-gene-tier": {"gene": "5290"},
    "figures-by-journal": {"journal": "J Path"},
    "figures-by-keyword": {"keyword": "Akt"},
    "figures-by-organism": {"organism": "9606"},
    "gene-sets": {"tier": "symbol,synonym"},
    "gene-words": {"gene": "5290"},
    "most-mentioned-genes": {"organism": "9606", "limit": "12"},
    "most-mentioned-genes-by-year": {"year": "2019"},
    "other-spellings": {"thing": "ncbigene:2064"},
    "similar-figures": {"figure": SEED},
    "unambiguous-gene-mentions": {"gene": "2065"},
    "word-candidates": {"word": "ERK"},
}
#: The samples have no journal, identified disease, support of an organism, or description.
ASKED_OF_THE_MADE_RECORD: Final = (
    "dataset-statistics",
    "figure-organisms",
    "figures-by-disease",
    "figures-by-journal",
)
MADE_RECORD: Final = {
    "_figures/PMC1__f1.md": record(
        journal_title="Journal of Pathways", journal_nlm_ta="J Path", organisms_ner=["Mus musculus"]
    ),
    "_data/PMC1__f1-genes.tsv": table(
        GENE_COLUMNS, "10090|Mus musculus|Rodents|a|A|A|5|ncbigene_symbol|1|2|3"
    ),
    "_data/PMC1__f1-chemicals.tsv": table(
        CHEMICAL_COLUMNS, "sugar|mesh:D005947|sugar|glucose|chebi:17234"
    ),
    "_data/PMC1__f1-diseases.tsv": table(
        DISEASE_COLUMNS, "tumour|mesh:D009369|tumour|Neoplasms|doid:162"
    ),
}
#: The shape of a release's description, with small numbers.
DESCRIPTION: Final = """
@prefix void: <http://rdfs.org/ns/void#> .
@prefix schema: <http://schema.org/> .
<r#rdf> a void:Dataset ;
    void:triples 100 ; void:entities 20 ; void:documents 1 ; void:classes 1 ;
    void:properties 2 ; void:distinctSubjects 10 ; void:distinctObjects 30 ;
    void:classPartition <r#gene> ; void:propertyPartition <r#name>, <r#mentions> .
<r#gene> void:class schema:Gene ; void:entities 9 ; void:propertyPartition <r#gene.name> .
<r#gene.name> void:property schema:name ; void:triples 9 .
<r#name> void:property schema:name ; void:triples 12 .
<r#mentions> void:property schema:mentions ; void:triples 15 .
<r#link> a void:Linkset ; void:triples 7 .
"""
ATTACKS: Final = (
    '"',
    "}",
    ">",
    "\\",
    "\\u0022 }",
    '\\"',
    "#",
    "2064 # comment",
    "2064\n}",
    "2064> } SERVICE <{service}> { ?s ?p ?o",
    '" } SERVICE <{service}> { ?s ?p ?o } { VALUES ?x { "',
    "' } SERVICE <{service}> { ?s ?p ?o } #",
    "\\u0022 } SERVICE <{service}> { ?s ?p ?o } #",
    '"""',
    "https://identifiers.org/ncbigene/2064> <http://a.example/",
    "https://identifiers.org/ncbigene/2064}",
    "VALUES ?gene { }",
    "LIMIT 1",
    "UNDEF",
    "100; DROP ALL",
    "1 OFFSET 5",
    "-1",
    "1e3",
    "\u0661",  # a digit, but not of ASCII
    "\x00",
    "\r\n",
    "\ud800",
    "?s",
    "{service}",
)


@cache
def figures() -> tuple[Figure, ...]:
    return tuple(read_all(SEEDS)[0].values())


def store_of(
    recorded: tuple[Figure, ...], iris: Iris = Iris(), *, backwards: bool = False
) -> Store:
    """What a release of these figures would hold, but for its description."""
    shared = Shared()
    for figure in recorded:
        shared.gather(figure, iris)
    quads = [Quad(*triple) for triple in triples_of(recorded, iris)]
    quads.extend(quad for quads in equivalent_quads(shared, iris) for quad in quads)
    store = Store()
    for quad in reversed(quads) if backwards else quads:
        store.add(quad)
    return store


@cache
def seed_store() -> Store:
    return store_of(figures())


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = write(tmp_path_factory.mktemp("made"), MADE_RECORD)
    found, problems = read_all(folder)
    assert not problems
    store = store_of((*figures(), *found.values()))
    store.load(DESCRIPTION.encode(), RdfFormat.TURTLE, base_iri="http://example.org/")
    return store


def values_for(query: NamedQuery) -> dict[str, str]:
    """A right value for each parameter that must be given."""
    given = CASES.get(query.name, {})
    return {p.name: given[p.name] for p in query.parameters if p.default is None}


def answer(store: Store, text: str) -> bytes:
    """The answer as it stands in ``expected/``."""
    written = io.BytesIO()
    found = store.query(text)
    if isinstance(found, QueryTriples):
        found.serialize(written, RdfFormat.N_TRIPLES)
    else:
        assert isinstance(found, QuerySolutions)
        found.serialize(written, QueryResultsFormat.TSV)
    return written.getvalue()


def test_there_are_at_least_17_queries_and_every_category_is_known() -> None:
    assert len(NAMES) >= 17
    assert sorted({query.category for query in named_queries()}) == list(CATEGORIES)


def test_every_query_has_an_expected_answer_and_no_answer_lacks_its_query() -> None:
    assert sorted(path.stem for path in EXPECTED.iterdir()) == NAMES
    assert set(CASES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_query_gives_the_expected_answer(name: str, made: Store) -> None:
    store = made if name in ASKED_OF_THE_MADE_RECORD else seed_store()
    found = answer(store, bind(load_query(name), CASES.get(name, {})))
    (expected,) = EXPECTED.glob(f"{name}.*")
    if expected.suffix == ".ttl":
        asked = set(parse(found, RdfFormat.N_TRIPLES))
        assert asked == set(parse(path=expected))
        assert asked
    else:
        assert found == expected.read_bytes()
        assert found.count(b"\n") > 1, "an answer without a row proves nothing"


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_does_not_depend_on_the_order_of_loading(name: str) -> None:
    text = bind(load_query(name), CASES.get(name, {}))
    assert answer(backwards_store(), text) == answer(seed_store(), text)


@cache
def backwards_store() -> Store:
    return store_of(tuple(reversed(figures())), backwards=True)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_follows_the_configured_base_and_gene_prefix(name: str) -> None:
    given = CASES.get(name, {})
    usual = answer(seed_store(), bind(load_query(name), given)).decode()
    found = answer(elsewhere_store(), bind(load_query(name), given, ELSEWHERE)).decode()
    if name == "other-spellings":  # the primary spelling is never among the others
        assert (ELSEWHERE.gene_prefix in found, NCBIGENE in found) == (False, True)
        return
    for ours, theirs in ((BASE, ELSEWHERE.base), (NCBIGENE, ELSEWHERE.gene_prefix)):
        usual = re.sub(re.escape(ours) + r"(?!ontology#)", theirs, usual)
    assert sorted(found.splitlines()) == sorted(usual.splitlines())


ELSEWHERE: Final = Iris("https://example.org/pathways/", "http://identifiers.org/ncbigene/")


@cache
def elsewhere_store() -> Store:
    return store_of(figures(), ELSEWHERE)


@pytest.mark.parametrize("query", named_queries(), ids=NAMES)
def test_a_header_says_what_is_asked(query: NamedQuery) -> None:
    assert re.fullmatch(r"[A-Z][^.?]*", query.title)
    assert re.fullmatch(r"[A-Z].*\.", query.description)
    assert len(query.description) >= 50
    assert query.keywords or not resource("queries", f"{query.name}.rq").read_text("utf-8").count(
        "# keywords:"
    )
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", query.name)
    for parameter in query.parameters:
        assert re.match(r"[A-Z]", parameter.label)
    lines = resource("queries", f"{query.name}.rq").read_text("utf-8").splitlines()
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line != line.rstrip() or "\t" in line] == []


@pytest.mark.parametrize("query", named_queries(), ids=NAMES)
def test_a_query_has_a_place_for_each_parameter_and_no_other(query: NamedQuery) -> None:
    names = [p.name for p in query.parameters if p.type != "limit"]
    assert set(re.findall(r"VALUES \?(\w+) \{ \}", query.text)) == set(names)
    assert len(names) == len(set(names))
    # A block that is spelt otherwise would stay empty, and the answer with it.
    assert len(re.findall(r"\bVALUES\b", query.text)) == len(re.findall(r"\{ \}", query.text))
    limits = [p.default for p in query.parameters if p.type == "limit"]
    assert re.findall(r"LIMIT (\d+)$", query.text, re.MULTILINE) == limits
    assert re.findall(r"(?i)\blimit\b.*", query.text) == [f"LIMIT {number}" for number in limits]
    for parameter in query.parameters:
        if parameter.default not in {None, ANY}:
            read_terms(parameter, parameter.default or "")


@pytest.mark.parametrize("query", named_queries(), ids=NAMES)
def test_a_query_file_is_sparql_as_it_stands_for_two_implementations(query: NamedQuery) -> None:
    list(Store().query(query.text))  # type: ignore[arg-type]
    prepareQuery(query.text)
    prepareQuery(bind(query, values_for(query)))
    declared = re.findall(r"^PREFIX (\w+):", query.text, re.MULTILINE)
    used = set(re.findall(r"(?<![\w?<])(\w+):\w", re.sub(r"<[^>]*>", "", query.text)))
    assert set(declared) == used
    assert declared == sorted(declared)
    assert {f"{p}: <{Iris().prefixes()[p]}>" for p in declared} == set(
        re.findall(r"^PREFIX (.*)$", query.text, re.MULTILINE)
    )


@pytest.mark.parametrize("query", named_queries(), ids=NAMES)
def test_a_query_orders_its_rows_and_names_no_configured_iri(query: NamedQuery) -> None:
    assert re.search(r"^ORDER BY .*$(\n^LIMIT \d+$)?\Z", query.text.strip(), re.MULTILINE)
    assert "SERVICE" not in query.text
    body = query.text.replace("<https://pfocr.wikipathways.org/ontology#>", "")
    assert BASE not in body
    assert "identifiers.org" not in body


class Listener:
    """An address that counts who calls."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    def was_called(self) -> bool:
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(name="listener")
def _listener() -> Iterator[Listener]:
    listener = Listener()
    with listener.socket:
        yield listener


def test_the_listener_of_these_tests_hears_a_service_call(listener: Listener) -> None:
    text = f"SELECT * {{ SERVICE SILENT <{listener.address}> {{ ?s ?p ?o }} }}"
    thread = threading.Thread(target=lambda: list(Store().query(text)))  # type: ignore[arg-type]
    thread.start()
    listener.socket.setblocking(True)
    listener.socket.settimeout(10)
    assert listener.was_called()
    thread.join(10)


@pytest.mark.parametrize("query", named_queries(), ids=NAMES)
def test_no_value_gets_out_of_its_place(query: NamedQuery, listener: Listener) -> None:
    for parameter in query.parameters:
        for attack in ATTACKS:
            value = attack.replace("{service}", listener.address)
            given = {**values_for(query), parameter.name: value}
            if parameter.type != "text" or value == "\ud800":
                with pytest.raises(QueryError) as caught:
                    bind(query, given)
                refused = f"parameter '{parameter.name}': {value!r} is not of type "
                assert str(caught.value).startswith(refused)
                assert ": give " in str(caught.value)
                continue
            text = bind(query, given)
            plain = bind(query, {**given, parameter.name: "harmless"})
            assert text == plain.replace(str(Literal("harmless")), str(Literal(value)))
            found = seed_store().query(text)
            assert isinstance(found, QuerySolutions)
            assert list(found) == []
    assert not listener.was_called()


def test_a_text_may_be_any_text_and_comes_back_as_it_was() -> None:
    query = parse_query("q", HEADER.format("text") + "SELECT ?x { VALUES ?x { } }")
    for attack in ATTACKS:
        if attack == "\ud800":
            continue
        found = Store().query(bind(query, {"x": attack}))
        assert isinstance(found, QuerySolutions)
        assert [row["x"] for row in found] == [Literal(attack)]


HEADER: Final = "# title: T\n# category: C\n# description: D.\n# param: x | {} | | X\n\n"


def given(kind: str, value: str, default: str | None = None) -> list[str]:
    return [term.value for term in read_terms(Parameter("x", kind, default, "X"), value)]


def refusal(kind: str, value: str, default: str | None = None) -> str:
    with pytest.raises(QueryError) as caught:
        read_terms(Parameter("x", kind, default, "X"), value)
    return str(caught.value)


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


@pytest.mark.parametrize("thing", ["taxon", "mesh", "chebi", "doid", "pmc"])
def test_every_spelling_of_the_equivalents_is_understood(thing: Entity) -> None:
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
        ("genes", "2064, TP53"),
        ("mesh", "5855"),
        ("mesh", "CHEBI:5855"),
        ("chemical", "5855"),
        ("chemical", "DOID:162"),
        ("disease", "CHEBI:5855"),
        ("taxon", "Homo sapiens"),
        ("taxon", "0"),
        ("article", "6566596"),
        ("article", "pmc:6566596"),
        ("thing", "2064"),
        ("thing", "http://example.org/"),
        ("figure", "PMC1"),
        ("figure", "PMC1__a/b"),
        ("figure", f"{BASE}figures/PMC1__f1#mention-000000000001"),
        ("figure", "../../etc/passwd"),
        ("text", ""),
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
    accepted = TYPE_TO_READER[kind][1]
    assert (
        refusal(kind, value) == f"parameter 'x': {value!r} is not of type {kind}: give {accepted}"
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
    message = refusal("genes", " ".join(map(str, range(1, 10_002))))
    assert message.endswith("is not of type genes: give at most 10,000 NCBI Gene ids as 5742, 5743")
    assert len(message) < 250


def test_tiers_become_terms_of_the_ontology() -> None:
    ours = "https://pfocr.wikipathways.org/ontology#"
    assert given("tier", "Symbol, synonym") == [ours + "symbol", ours + "synonym"]


def test_a_year_is_a_year_and_not_a_number() -> None:
    (year,) = read_terms(Parameter("x", "year", None, "X"), "2019")
    assert str(year) == '"2019"^^<http://www.w3.org/2001/XMLSchema#gYear>'


def test_any_leaves_a_variable_free_where_it_is_the_default() -> None:
    query = load_query("gene-sets")
    assert bind(query, {}).count("VALUES ?tier { UNDEF }") == 1
    assert bind(query, {"tier": "symbol"}).count("VALUES ?tier { UNDEF }") == 0
    assert refusal("tier", "weak", "any").endswith(
        "give one or more of symbol, synonym, family or any"
    )


def test_a_weaker_tier_finds_more(made: Store) -> None:
    found = {
        tier: len(list(made.query(bind(load_query("figures-by-gene-tier"), asked))))  # type: ignore[arg-type]
        for tier in ("symbol", "family", "symbol,family")
        for asked in [{"gene": "5290", "tier": tier}]
    }
    assert found == {"symbol": 1, "family": 2, "symbol,family": 3}


def test_a_limit_is_the_number_of_rows() -> None:
    query = load_query("most-mentioned-genes")
    for number in (1, 7):
        found = seed_store().query(bind(query, {"limit": str(number)}))
        assert isinstance(found, QuerySolutions)
        assert len(list(found)) == number


def test_an_alias_of_a_figure_asks_for_the_figure() -> None:
    query = load_query("figure-genes")
    by_alias = answer(seed_store(), bind(query, {"figure": "PMC6566596__F4"}))
    assert by_alias == answer(
        seed_store(), bind(query, {"figure": "PMC6566596__ijms-20-02505-g004"})
    )
    assert by_alias.count(b"\n") == 20


def test_an_identifier_of_chebi_finds_the_mesh_chemical_beside_it(made: Store) -> None:
    query = load_query("figures-by-chemical")
    assert b'"D005947"' in answer(made, bind(query, {"chemical": "CHEBI:17234"}))


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
    assert read_figure(value) == Iris().figure(figid)


def test_a_bare_number_is_no_identifier_where_several_kinds_may_be_meant() -> None:
    assert read_entity("9606", ["taxon"]).value.endswith("NCBITaxon_9606")
    with pytest.raises(ValueError, match="not a ncbigene or taxon: '9606'"):
        read_entity("9606", ["ncbigene", "taxon"])


def test_a_missing_value_is_asked_for_by_its_label() -> None:
    with pytest.raises(QueryError) as caught:
        bind(load_query("figures-by-gene"), {})
    assert str(caught.value) == (
        "query figures-by-gene needs the parameter 'gene' (NCBI Gene id, such as 2064)"
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
    ],
)
def test_a_wrong_header_is_refused_with_its_place(source: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query("q", source)
    assert str(caught.value).startswith("q.rq: ")
    assert message in str(caught.value)
