"""Named queries: each has a header, a right answer, and no way in for a value that is no value.

The answers in ``expected/`` were compared by hand with the records in ``seeds/`` for
figures-by-gene, figures-by-gene-tier, figure-genes, figures-by-all-genes, co-mentioned-genes,
co-mentioned-chemicals, unambiguous-gene-mentions, unidentified-words, figures-without-mentions,
organisms, figures-per-year, gene-words, word-candidates and similar-figures.
"""

import re
import socket
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, cast

import pytest
from pyoxigraph import (
    DefaultGraph,
    Literal,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
)
from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery

from asking import (
    ASKED_OF_THE_MADE_RECORD,
    CASES,
    EXPECTED,
    NAMES,
    SEED,
    answer,
    figures,
    made_store,
    seed_store,
    store_of,
    values_for,
)
from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    read_all,
    record,
    table,
    write,
)
from pfocr_rdf.errors import QueryError
from pfocr_rdf.iris import BASE, NCBIGENE, Iris
from pfocr_rdf.parameters import ANY, read_terms
from pfocr_rdf.queries import NamedQuery, bind, federated_queries, load_query, named_queries
from pfocr_rdf.resources import resource

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


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return made_store(tmp_path_factory.mktemp("made"))


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
    for text in {query.text, bind(query, values_for(query))}:
        prepareQuery(text)
    declared = re.findall(r"^PREFIX ([\w-]+):", query.text, re.MULTILINE)
    used = set(re.findall(r"(?<![\w?<-])([\w-]+):\w", re.sub(r"<[^>]*>", "", query.text)))
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
            kept = value.strip() if parameter.type == "name" else value
            if parameter.type not in ("text", "name") or kept in ("", "\ud800"):
                with pytest.raises(QueryError) as caught:
                    bind(query, given)
                assert str(caught.value).startswith(f"parameter '{parameter.name}': ")
                assert ": give " in str(caught.value)
                continue
            text = bind(query, given)
            plain = bind(query, {**given, parameter.name: "harmless"})
            assert text == plain.replace(str(Literal("harmless")), str(Literal(kept)))
            assert _found(text) == []
    assert not listener.was_called()


def test_a_weaker_tier_finds_more(made: Store) -> None:
    found = {
        tier: len(list(made.query(bind(load_query("figures-by-gene-tier"), asked))))  # type: ignore[arg-type]
        for tier in ("symbol", "family", "symbol,family", "any", "Any")
        for asked in [{"gene": "5290", "tier": tier}]
    }
    assert found == {"symbol": 1, "family": 2, "symbol,family": 3, "any": 3, "Any": 3}


def test_a_label_that_says_any_is_that_of_a_parameter_that_takes_it() -> None:
    for query in (*named_queries(), *federated_queries()):
        for parameter in query.parameters:
            assert parameter.takes_any == parameter.label.endswith(", or any"), query.name


@pytest.mark.parametrize("figure", [SEED, "PMC3808214__F2"])
@pytest.mark.parametrize(
    "name", ["figure-genes", "figure-organisms", "figure-record", "similar-figures"]
)
def test_a_query_that_takes_a_former_id_has_the_same_answer_in_another_engine(
    name: str, figure: str
) -> None:
    text = bind(load_query(name), {"figure": figure})
    rows = cast("Iterable[tuple[object, ...]]", _in_rdflib().query(text))
    theirs = [tuple(map(_text, row)) for row in rows]
    ours = [tuple(map(_text, row)) for row in _found(text)]
    # The triples of a graph have no order.
    assert theirs == ours or (name == "figure-record" and set(theirs) == set(ours))


def _found(text: str) -> list[tuple[object, ...]]:
    """Rows or triples of the samples.

    The result itself may not outlive this: an error that is caught beside it would keep it until
    the collector comes by, which may be in another thread.
    """
    found = seed_store().query(text)
    assert isinstance(found, QuerySolutions | QueryTriples)
    return [tuple(row) for row in found]


@cache
def _in_rdflib() -> Graph:
    data = seed_store().dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    assert data is not None
    return Graph().parse(data=data, format="nt")


def _text(term: object) -> str | None:
    """A term of either engine."""
    return None if term is None else str(getattr(term, "value", None) or term)


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


#: Of two records, the newer has the ids of ChEBI and the Disease Ontology alone.
OLD_AND_NEW: Final = {
    "_figures/PMC1__f1.md": record(figid="PMC1__f1"),
    "_figures/PMC1__f2.md": record(figid="PMC1__f2"),
    **{
        f"_data/PMC1__{name}-genes.tsv": table(
            GENE_COLUMNS, "9606|Homo sapiens|Mammals|a|A|A|5|ncbigene_symbol|1|2|3"
        )
        for name in ("f1", "f2")
    },
    "_data/PMC1__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, "fat|mesh:D005227|fat|fat|chebi:35366"),
    "_data/PMC1__f2-chemicals.tsv": table(CHEMICAL_COLUMNS, "fat|NA|NA|fat|chebi:35366"),
    "_data/PMC1__f1-diseases.tsv": table(DISEASE_COLUMNS, "flu|mesh:D007251|flu|flu|doid:8469"),
    "_data/PMC1__f2-diseases.tsv": table(DISEASE_COLUMNS, "flu|NA|NA|flu|doid:8469"),
}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("figures-by-chemical", {"chemical": "D005227"}),
        ("figures-by-chemical", {"chemical": "CHEBI:35366"}),
        ("figures-by-gene-and-chemical", {"gene": "5", "chemical": "D005227"}),
        ("figures-by-gene-and-chemical", {"gene": "5", "chemical": "CHEBI:35366"}),
        ("figures-by-disease", {"disease": "D007251"}),
        ("figures-by-disease", {"disease": "DOID:8469"}),
    ],
)
def test_either_id_of_a_chemical_or_a_disease_finds_the_figures_of_both(
    name: str, values: dict[str, str], tmp_path: Path
) -> None:
    """The newest tables have no MeSH id: who asks by one must not miss their figures."""
    found, problems = read_all(write(tmp_path, OLD_AND_NEW))
    assert not problems
    rows = answer(store_of(tuple(found.values())), bind(load_query(name), values)).splitlines()
    assert [row.split(b"\t")[0] for row in rows[1:]] == [b'"PMC1__f1"', b'"PMC1__f2"']


@pytest.mark.parametrize("tier", ["any", "symbol", "synonym,family"])
@pytest.mark.parametrize("organism", ["any", "9606", "10090"])
def test_a_gene_set_has_the_genes_that_the_mentions_have(
    tier: str, organism: str, made: Store
) -> None:
    """Where any evidence will do, it is read off the figures and not off their mentions."""
    rows = made.query(
        "SELECT DISTINCT ?figid ?entrez ?tier ?taxon { ?mention oa:hasTarget ?figure ;"
        " a pfocr:GeneMention ; oa:hasBody ?gene . ?gene schema:identifier ?entrez ."
        " ?figure schema:identifier ?figid OPTIONAL { ?mention pfocr:tier ?tier }"
        " OPTIONAL { ?gene schema:taxonomicRange ?taxon } }",
        prefixes=Iris().prefixes(),
    )
    expected: dict[str, set[int]] = {}
    for figid, entrez, found, taxon in cast(QuerySolutions, rows):
        in_tier = tier == "any" or (found is not None and found.value.split("#")[1] in tier)
        in_organism = organism == "any" or (
            taxon is not None and taxon.value.endswith(f"_{organism}")
        )
        if in_tier and in_organism:
            expected.setdefault(figid.value, set()).add(int(entrez.value))
    values = {"tier": tier, "organism": organism, "minimum": "1"}
    sets = made.query(bind(load_query("gene-sets"), values))
    listed = {row["figid"].value: row["genes"].value for row in cast(QuerySolutions, sets)}
    assert listed == {figid: " ".join(map(str, sorted(genes))) for figid, genes in expected.items()}


#: Two records that use one MeSH term, each as another kind of thing, and organisms of no taxon.
BOTH_KINDS: Final = {
    "_figures/PMC1__f1.md": record(
        figid="PMC1__f1", organisms=["Mus musculus", "plasmids"], organisms_ner=["Nova species"]
    ),
    "_data/PMC1__f1-genes.tsv": table(GENE_COLUMNS, "NA|NA|NA|a|A|A|5|ncbigene_symbol|1|2|3"),
    "_data/PMC1__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, "tumour|mesh:D009369|tumour|NA|NA"),
    "_figures/PMC1__f2.md": record(
        figid="PMC1__f2", filename="f2.jpg", organisms=["plasmids"], organisms_ner=["plasmids"]
    ),
    "_data/PMC1__f2-genes.tsv": table(GENE_COLUMNS, "NA|NA|NA|a|A|A|5|ncbigene_symbol|1|2|3"),
    "_data/PMC1__f2-diseases.tsv": table(DISEASE_COLUMNS, "tumour|mesh:D009369|tumour|NA|NA"),
}


@pytest.fixture(scope="module", name="both_kinds")
def _both_kinds(tmp_path_factory: pytest.TempPathFactory) -> Store:
    found, _ = read_all(write(tmp_path_factory.mktemp("both"), BOTH_KINDS))
    return store_of(tuple(found.values()))


def rows(store: Store, name: str, **given: str) -> list[list[str]]:
    """The lines of an answer, without the header."""
    lines = answer(store, bind(load_query(name), given)).decode().splitlines()
    return [line.split("\t") for line in lines[1:]]


@pytest.mark.parametrize(
    ("name", "given", "figids"),
    [
        ("figures-by-chemical", {"chemical": "D009369"}, ['"PMC1__f1"']),
        ("figures-by-disease", {"disease": "D009369"}, ['"PMC1__f2"']),
        ("figures-by-gene-and-chemical", {"gene": "5", "chemical": "D009369"}, ['"PMC1__f1"']),
    ],
)
def test_a_term_that_is_a_chemical_here_and_a_disease_there_is_found_as_what_is_asked_for(
    name: str, given: dict[str, str], figids: list[str], both_kinds: Store
) -> None:
    assert [row[0] for row in rows(both_kinds, name, **given)] == figids


def test_a_term_is_counted_as_a_chemical_only_where_it_is_one(both_kinds: Store) -> None:
    found = rows(both_kinds, "co-mentioned-chemicals", gene="5")
    assert [row[:3] for row in found] == [['"D009369"', '"tumour"', "1"]]


@pytest.mark.parametrize("query", [*named_queries(), *federated_queries()], ids=lambda q: q.name)
def test_whether_a_term_is_a_chemical_in_a_figure_is_asked_of_its_mention(
    query: NamedQuery,
) -> None:
    # The term may be a disease in this figure, and a chemical in another.
    words = set(query.text.split())
    classes = {"schema:ChemicalSubstance", "schema:MedicalCondition"}
    # Where both classes are named, it is for the terms that are both.
    apart = {*classes, "pfocr:ChemicalMention"} <= words
    assert not words & classes or "schema:mentions" not in words or apart


def test_organisms_of_no_taxon_are_among_those_of_a_figure(both_kinds: Store) -> None:
    found = rows(both_kinds, "figure-organisms", figure="PMC1__f1")
    assert [row[:3] for row in found] == [
        ['"10090"', '"Mus musculus"', '"curated"'],
        ["", '"plasmids"', '"curated"'],
        ["", '"Nova species"', '"predicted"'],
    ]


def test_organisms_of_no_taxon_are_counted(both_kinds: Store) -> None:
    assert rows(both_kinds, "organisms") == [
        ["", '"plasmids"', "2", "1", "1"],
        ['"10090"', '"Mus musculus"', "1", "0", "0"],
        ["", '"Nova species"', "0", "1", "0"],
    ]


def test_organisms_with_the_same_counts_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = [f"Nova species {number}" for number in (3, 1, 4, 2)]
    found, _ = read_all(write(tmp_path, {"a.md": record(organisms=names)}))
    counted = rows(store_of(tuple(found.values())), "organisms")
    assert [name.strip('"') for _, name, *_ in counted] == sorted(names)


def test_a_keyword_of_the_authors_finds_the_figures_of_the_article(tmp_path: Path) -> None:
    found, _ = read_all(write(tmp_path, {"a.md": record(keywords=["Trastuzumab resistance"])}))
    store = store_of(tuple(found.values()))
    (row,) = rows(store, "figures-by-keyword", keyword="Trastuzumab resistance")
    assert row[2] == '"article"'


def test_a_figure_with_two_mentions_of_an_ambiguous_word_is_counted_once(tmp_path: Path) -> None:
    files = {
        "_figures/PMC1__f1.md": record(figid="PMC1__f1", pmcid="PMC1"),
        "_data/PMC1__f1-chemicals.tsv": table(
            CHEMICAL_COLUMNS,
            "tumour|mesh:D009369|tumour|Neoplasms|",
            "tumour|mesh:D000002|tumour|Other|",
        ),
        "_data/PMC1__f1-diseases.tsv": table(
            DISEASE_COLUMNS,
            "tumour|mesh:D009369|tumour|Neoplasms|",
            "tumour|mesh:D000002|tumour|Other|",
        ),
    }
    found, _ = read_all(write(tmp_path, files))
    store = store_of(tuple(found.values()))
    assert [row[-2:] for row in rows(store, "ambiguous-words")] == [["2", "1"]]
    candidates = rows(store, "word-candidates", word="tumour")
    assert sorted({row[0] for row in candidates}) == ['"chemical"', '"disease"']
    assert len(candidates) == 4


@pytest.mark.parametrize(
    "name",
    [
        "figures-by-gene",
        "figures-by-gene-symbol",
        "figures-by-gene-tier",
        "figures-by-organism",
        "figures-by-predicted-organism",
        "gene-sets",
    ],
)
def test_figures_of_which_there_may_be_very_many_are_compared_by_a_short_text(name: str) -> None:
    # Oxigraph has up to fifteen bytes at hand, and looks up longer ones at each comparison.
    text = load_query(name).text
    assert "BIND (SUBSTR(?figid, 1, 15) AS ?start)" in text
    first = re.search(r"^ *ORDER BY (\?start )?\?figid\b", text, re.MULTILINE)
    assert first is not None
    assert first[1]


def test_figures_with_the_same_first_letters_stand_in_the_order_of_their_ids(
    tmp_path: Path,
) -> None:
    figids = ["PMC1__journal.pone.0001-g010", "PMC1__journal.pone.0001-g002", "PMC1__journal"]
    records = {f"{figid}.md": record(figid=figid) for figid in figids}
    found, problems = read_all(write(tmp_path, records))
    assert not problems
    text = bind(load_query("figures-by-organism"), {"organism": "9606"})
    rows = answer(store_of(tuple(found.values())), text).decode().splitlines()[1:]
    assert [row.split("\t")[0] for row in rows] == [f'"{figid}"' for figid in sorted(figids)]


@pytest.mark.parametrize("name", ["figures-per-journal", "figures-per-year"])
def test_what_counts_all_figures_reads_each_pattern_once(name: str) -> None:
    # One pattern met with the next is looked up for each of its rows: five times as slow.
    where = load_query(name).text.partition("WHERE {")[2]
    apart = re.sub(r"\{\s*SELECT[^{}]*\{[^{}]*\}\s*\}", "", where).partition("GROUP BY")[0]
    assert re.sub(r"#.*|OPTIONAL|[\s{}]", "", apart) == ""
