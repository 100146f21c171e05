"""The queries that join the release with other endpoints, against stand-ins for them.

``partners/`` has a few triples of each endpoint, in its own spelling and vocabulary. A stand-in
on loopback answers with a real engine; the partners' list says that it is at the published
addresses, so the queries run as they are, through a server and a release that was built.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
    serialize,
)

from building import build
from endpoints import Handler, stand_in
from federating import partners_file
from invoking import run
from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    SEEDS,
    record,
    table,
    write,
)
from paging import Markup
from pfocr_rdf.iris import BASE, Iris
from pfocr_rdf.queries import NamedQuery, bind, federated_queries
from pfocr_rdf.web.federation.partners import public_partners
from serving import JSON, Answer, Server, serving, wait_until
from validating import flaws
from virtuoso import Virtuoso, put, virtuoso_server

PARTNERS: Final = Path(__file__).parent / "partners"
QUERIES: Final = {query.name: query for query in federated_queries()}
MADE: Final = "PMC4795929__f1"
NEWER: Final = "PMC4795930__f1"
SEED: Final = "PMC6566596__ijms-20-02505-g004"
FIGURES: Final = "https://pfocr.wikipathways.org/figures/"
CHEBI: Final = "http://purl.obolibrary.org/obo/CHEBI_"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
OBO: Final = "http://purl.obolibrary.org/obo/"
#: The samples have no disease, no ChEBI term and no link to WikiPathways.
MADE_RECORD: Final = {
    f"_figures/{MADE}.md": record(
        figid=MADE,
        pmcid="PMC4795929",
        figlink="/pmc/articles/PMC4795929/figure/F1/",
        papertitle="Wikidata as a semantic framework for the Gene Wiki initiative.",
        year="2016",
    ),
    f"_data/{MADE}-genes.tsv": table(
        GENE_COLUMNS,
        "9606|Homo sapiens|Mammals|BRCA1|BRCA1|BRCA1|672|ncbigene_symbol|1|1|1",
        "9606|Homo sapiens|Mammals|HER2|HER2|ERBB2|2064|ncbigene_synonym|1|1|1",
    ),
    f"_data/{MADE}-chemicals.tsv": table(
        CHEMICAL_COLUMNS, "pyruvate|mesh:D019289|Pyruvic Acid|pyruvate|chebi:15361"
    ),
    f"_data/{MADE}-diseases.tsv": table(
        DISEASE_COLUMNS, "breast cancer|mesh:D001943|Breast Neoplasms|breast cancer|doid:1612"
    ),
    "_data/wpid_map.tsv": f"{MADE}\tWP673\n",
    # As the tables of 2024 have it: no MeSH id in any row.
    f"_figures/{NEWER}.md": record(
        figid=NEWER, pmcid="PMC4795930", figlink="/pmc/articles/PMC4795930/figure/F1/"
    ),
    f"_data/{NEWER}-chemicals.tsv": table(CHEMICAL_COLUMNS, "pyruvate|NA|NA|pyruvate|chebi:15361"),
    f"_data/{NEWER}-diseases.tsv": table(
        DISEASE_COLUMNS, "breast cancer|NA|NA|breast cancer|doid:1612"
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What a query is asked, and what it answers; a cell that is not bound is empty."""

    values: Mapping[str, str]
    rows: tuple[tuple[str, ...], ...]


#: The answers were read off the files in ``partners/`` and the records by hand.
CASES: Final[Mapping[str, Case]] = {
    "diseases-of-figure-genes": Case(
        {"figure": MADE},
        (
            (
                "http://purl.uniprot.org/diseases/1559",
                "Breast-ovarian cancer, familial, 1",
                *("672", "BRCA1", "BRCA1_HUMAN"),
            ),
        ),
    ),
    "expression-of-gene": Case(
        {"gene": "2064, 672"},
        (
            ("2064", "ERBB2", f"{OBO}UBERON_0001911", "mammary gland", "91.5"),
            ("2064", "ERBB2", f"{OBO}UBERON_0002113", "kidney", "90.5"),
        ),
    ),
    "figures-below-mesh-descriptor": Case(
        {"descriptor": "D009369"},
        tuple((figid, f"{MESH}D001943", "Breast Neoplasms") for figid in (MADE, NEWER)),
    ),
    "literature-of-gene": Case({"gene": "2064"}, ((f"{MESH}D001943", "Breast Neoplasms", "2"),)),
    "mesh-tree-of-chemicals": Case(
        {"figure": "PMC8023395__F2"},  # an alias
        (
            (f"{MESH}D005227", "Fatty Acids", "true", "D10.251", "Lipids"),
            (f"{MESH}D008798", "Mevalonic Acid", "true", "", ""),
        ),
    ),
    "mondo-diseases": Case(
        {},
        (
            (
                *(f"{MESH}D001943", "Breast Neoplasms"),
                *(f"{OBO}MONDO_0021100", "breast neoplasm"),
            ),
        ),
    ),
    "pathway-titles-of-figure": Case(
        {},
        (
            (
                *(f"{FIGURES}{MADE}", "https://identifiers.org/wikipathways/WP673"),
                *("ErbB signaling pathway", "Homo sapiens", "2"),
            ),
        ),
    ),
    "pathways-and-diseases-of-gene": Case(
        {"gene": "672 2064"},
        (
            ("2064", "3", "pathway", "WP673", "ErbB signaling pathway"),
            (
                *("672", "1", "disease", "http://purl.uniprot.org/diseases/1559"),
                "Breast-ovarian cancer, familial, 1",
            ),
            ("672", "1", "pathway", "WP707", "DNA damage response"),
        ),
    ),
    "pathways-of-figure-chemicals": Case(
        {"figure": MADE},
        ((f"{MESH}D019289", "Pyruvic Acid", "WP534", "Glycolysis and gluconeogenesis"),),
    ),
    "pathways-of-figure-genes": Case(
        {"figure": SEED},
        (
            ("WP382", "MAPK signaling pathway", "3", "BRAF, KRAS, MAPK1"),
            ("WP673", "ErbB signaling pathway", "1", "KRAS"),
        ),
    ),
    "proteins-of-figure-genes": Case(
        {"figure": "PMC6566596__F4"},  # an alias
        (
            (
                *("673", "BRAF", "http://purl.uniprot.org/uniprot/P15056"),
                *("BRAF_HUMAN", "Serine/threonine-protein kinase B-raf"),
            ),
            (
                *("5594", "MAPK1", "http://purl.uniprot.org/uniprot/P28482"),
                *("MK01_HUMAN", "Mitogen-activated protein kinase 1"),
            ),
        ),
    ),
    "reactions-of-chemicals": Case(
        {"figure": MADE},
        (
            (
                *(f"{MESH}D019289", "Pyruvic Acid", "http://rdf.rhea-db.org/23444"),
                "(S)-lactate + NAD(+) = pyruvate + NADH + H(+)",
            ),
        ),
    ),
    "structures-of-chemicals": Case(
        {"figure": MADE},
        (
            (
                *(f"{MESH}D019289", "Pyruvic Acid"),
                "http://rdf.ncbi.nlm.nih.gov/pubchem/compound/CID107735",
                "CC(=O)C(=O)[O-]",
            ),
        ),
    ),
    "wikidata-articles": Case(
        {},
        (
            (
                *("PMC4795929", "http://www.wikidata.org/entity/Q23712646"),
                *("10.1093/DATABASE/BAW015", "26989148"),
                "http://www.wikidata.org/entity/Q2013",
            ),
        ),
    ),
    "wikidata-genes": Case(
        {"figure": SEED},
        (("673", "BRAF", "http://www.wikidata.org/entity/Q17853226", "ENSG00000157764"),),
    ),
}
#: Columns whose values have no order.
LISTS: Final = {"symbols"}
#: A spelling in a header, and what stands for the accession in it.
TEMPLATE_RE: Final = re.compile(r"(https?://\S*?\{\w+\})|\"([^\"]*\{\w+\})\"")
ACCESSIONS: Final = {"accession": r"WP\d+", "digits": r"\d+", "id": r"[A-Z]?\d+"}


def spellings(query: NamedQuery) -> list[str]:
    """The IRIs and literals that a query's header says it joins by."""
    return [iri or text for iri, text in TEMPLATE_RE.findall(query.join)]


def pattern(spelling: str) -> re.Pattern[str]:
    """What is spelt so."""
    before, name, _ = re.split(r"\{(\w+)\}", spelling)
    return re.compile(re.escape(before) + ACCESSIONS[name])


def name_of(endpoint: str) -> str:
    partner = public_partners().find(endpoint)
    assert partner is not None, endpoint
    return partner.name


def file_of(name: str) -> Path:
    (path,) = PARTNERS.glob(f"{name}.*")
    return path


def quads_of(name: str) -> list[Quad]:
    """What a partner has."""
    return list(parse(path=str(file_of(name))))


def respelt(quad: Quad, spelling: re.Pattern[str]) -> Quad:
    """A quad in which nothing is spelt so: ``x`` is put before the accession."""

    def other(term: Any) -> Any:
        if isinstance(term, NamedNode | Literal) and spelling.fullmatch(term.value):
            changed = re.sub(r"(?=([A-Z]|WP)?\d+$)", "x", term.value, count=1)
            return type(term)(changed)
        return term

    return Quad(other(quad.subject), quad.predicate, other(quad.object), quad.graph_name)


@dataclass
class StandIns:
    """The partners: an address for each on one server, and a store behind it."""

    listed: Path = Path()
    stores: dict[str, Store] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fill(self, change: Callable[[Quad], Quad] = lambda quad: quad) -> None:
        """Begin again with what the files have, perhaps in other spellings."""
        self.asked.clear()
        for name in public_partners().by_name:
            self.stores[name] = Store()
            if list(PARTNERS.glob(f"{name}.*")):
                self.stores[name].extend(change(quad) for quad in quads_of(name))

    def reply(self, handler: Handler) -> None:
        """Answer one request, as the protocol has it."""
        assert handler.headers["Content-Type"] == "application/x-www-form-urlencoded"
        (query,) = parse_qs(handler.body.decode(), strict_parsing=True)["query"]
        self.asked.append(query)
        answer = self.stores[handler.path.strip("/")].query(query)
        assert isinstance(answer, QuerySolutions)
        handler.send(answer.serialize(format=QueryResultsFormat.JSON) or b"")


def partners_at(folder: Path, address: Callable[[str], str]) -> Path:
    """The published partners, all of them at other addresses, and nothing of them kept."""
    tables = {
        name: {"endpoint": address(name), "also": [one.endpoint, *one.also], "ttl_s": 0}
        for name, one in public_partners().by_name.items()
    }
    return partners_file(folder / "partners.toml", tables)


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the samples and of a record that has what they lack."""
    return built(tmp_path_factory.mktemp("federated"))


def built(folder: Path, iris: Iris = Iris()) -> Path:
    files: dict[str, str | bytes] = dict(MADE_RECORD)
    for path in (SEEDS / "_figures").iterdir():
        files[f"_figures/{path.name}"] = path.read_bytes()
    result = build(write(folder / "records", files), folder / "data", iris=iris)
    assert result.release.path.exists()
    return folder / "data"


@pytest.fixture(scope="module", name="running")
def _running(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, StandIns]]:
    found = StandIns()
    with stand_in(found.reply) as listening:
        base = listening.url.removesuffix("/sparql")
        listed = partners_at(tmp_path_factory.mktemp("list"), lambda name: f"{base}/{name}")
        found.listed = listed
        with serving(data, "--partners", str(listed)) as server:
            yield server, found


@pytest.fixture(name="server")
def _server(running: tuple[Server, StandIns]) -> Server:
    return running[0]


@pytest.fixture(name="stand_ins")
def _stand_ins(running: tuple[Server, StandIns]) -> StandIns:
    running[1].fill()
    return running[1]


@pytest.fixture(scope="module", name="alone")
def _alone(data: Path) -> Iterator[Server]:
    """A server that calls nobody."""
    with serving(data, "--federation", "off") as server:
        yield server


def target_of(name: str, suffix: str = "") -> str:
    values = urlencode({"limit": "50", **CASES[name].values})
    return f"/queries/{name}{suffix}?{values}"


def rows_of(answer: Answer) -> list[tuple[str, ...]]:
    """The rows of an answer, their cells in the order of the columns."""
    assert answer.status == 200, answer.body.decode()
    names = answer.json["head"]["vars"]
    rows = []
    for row in answer.json["results"]["bindings"]:
        cells = {name: cell["value"] for name, cell in row.items()}
        for name in LISTS & set(cells):
            cells[name] = ", ".join(sorted(cells[name].split(", ")))
        rows.append(tuple(cells.get(name, "") for name in names))
    return rows


def asked_rows(server: Server, name: str) -> list[tuple[str, ...]]:
    return rows_of(server.request("GET", target_of(name, ".json")))


def test_there_are_queries_and_each_has_a_case_and_each_partner_of_them_a_file() -> None:
    assert len(QUERIES) >= 8
    assert list(CASES) == list(QUERIES)
    called = {name_of(endpoint) for query in QUERIES.values() for endpoint in query.endpoints}
    assert {path.stem for path in PARTNERS.iterdir()} == called


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_the_rows_that_are_in_both(
    name: str, server: Server, stand_ins: StandIns
) -> None:
    assert asked_rows(server, name) == list(CASES[name].rows)
    assert stand_ins.asked


#: UniProt's, Bgee's and the RDF Portal's own forms, and one that nobody has.
GENE_PREFIXES: Final = (
    pytest.param("http://purl.uniprot.org/geneid/", marks=pytest.mark.long),
    pytest.param("https://www.ncbi.nlm.nih.gov/gene/", marks=pytest.mark.long),
    pytest.param("http://identifiers.org/ncbigene/", marks=pytest.mark.long),
    "https://genes.example/",
)


@pytest.mark.parametrize("prefix", GENE_PREFIXES)
def test_a_query_joins_whatever_the_iris_of_genes_begin_with(
    prefix: str, stand_ins: StandIns, tmp_path: Path
) -> None:
    """The form of the release is not among its equivalents, and may be the partner's or not."""
    data = built(tmp_path, Iris(BASE, prefix))
    with serving(data, "--partners", str(stand_ins.listed)) as server:
        for name, case in CASES.items():
            assert asked_rows(server, name) == list(case.rows), name


def test_a_chemical_without_a_mesh_id_stands_where_the_mesh_term_stands_that_it_matches(
    server: Server, stand_ins: StandIns
) -> None:
    answer = server.request("GET", f"/queries/mesh-tree-of-chemicals.json?figure={NEWER}")
    assert rows_of(answer) == [(f"{CHEBI}15361", "Pyruvic Acid", "true", "", "")]


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_calls_the_endpoints_of_its_header_by_their_published_addresses(
    name: str, server: Server, stand_ins: StandIns
) -> None:
    query = QUERIES[name]
    services = re.findall(r"SERVICE (?:SILENT )?<([^>]+)>", query.text)
    assert sorted(services) == sorted(query.endpoints)
    answer = server.request("GET", target_of(name, ".json"))
    told = answer.headers["x-federation"]
    called = [part.partition(";")[0] for part in told.split(", ")]
    assert sorted(called) == sorted(map(name_of, query.endpoints))
    assert "x-federation-date" in answer.headers


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_says_by_what_it_joins_and_only_that_is_sent(
    name: str, server: Server, stand_ins: StandIns
) -> None:
    """Every request has values, and all of them are spelt as the header says."""
    found = spellings(QUERIES[name])
    assert found
    asked_rows(server, name)
    sent = set()
    for asked in stand_ins.asked:
        block = re.search(r"VALUES \(?[^{]*\{(.*?)\}", asked, re.DOTALL)
        assert block, asked
        values = re.findall(r"<([^>]*)>|\"([^\"]*)\"", block[1])
        assert values
        for iri, text in values:
            (spelling,) = (s for s in found if pattern(s).fullmatch(iri or text))
            sent.add(spelling)
    assert sent == set(found)


@pytest.mark.parametrize("name", QUERIES)
def test_the_join_of_the_header_is_what_joins(
    name: str, server: Server, stand_ins: StandIns
) -> None:
    """With any of the spellings changed on the partner's side, rows are gone."""
    found = spellings(QUERIES[name])
    gone: set[tuple[str, ...]] = set()
    for spelling in found:
        stand_ins.fill(partial(respelt, spelling=pattern(spelling)))
        left = asked_rows(server, name)
        assert set(left) < set(CASES[name].rows), spelling
        assert stand_ins.asked
        gone |= set(CASES[name].rows) - set(left)
    assert gone == set(CASES[name].rows)


def test_spellings_are_changed_and_nothing_else_is() -> None:
    gene = Quad(
        NamedNode("https://identifiers.org/ncbigene/673"),
        NamedNode("http://www.wikidata.org/prop/direct/P351"),
        Literal("673"),
    )
    iri = respelt(gene, pattern("https://identifiers.org/ncbigene/{id}"))
    assert iri.subject == NamedNode("https://identifiers.org/ncbigene/x673")
    assert iri.object == gene.object
    assert respelt(gene, pattern("{id}")).object == Literal("x673")
    assert respelt(gene, pattern("MESH:{id}")) == gene


@pytest.mark.parametrize("name", QUERIES)
def test_the_text_of_a_query_gives_the_same_at_the_endpoint(
    name: str, server: Server, stand_ins: StandIns
) -> None:
    text = bind(QUERIES[name], {"limit": "50", **CASES[name].values})
    assert rows_of(server.post(text, JSON)) == list(CASES[name].rows)


def test_the_command_line_gives_the_same(stand_ins: StandIns, data: Path) -> None:
    name = "wikidata-genes"
    given = [f"--param={key}={value}" for key, value in CASES[name].values.items()]
    at: list[str | Path] = ["--data", data, "--partners", stand_ins.listed]
    outcome = run("query", name, *given, *at, "--format", "csv")
    assert outcome.status == 0, outcome.err
    assert outcome.out.splitlines()[1:] == [",".join(row) for row in CASES[name].rows]
    explained = run("query", name, *given, *at, "--explain")
    assert '"673"' in explained.out
    assert "wikidata" in explained.out


def test_partners_are_asked_about_no_more_than_the_query_is_about(
    server: Server, stand_ins: StandIns
) -> None:
    """A release has more articles than can be asked about: the limit is on these too."""
    for given, count in (("article=PMC4795929", 1), ("limit=2", 2), ("limit=50", 7)):
        stand_ins.fill()
        server.request("GET", f"/queries/wikidata-articles.json?{given}")
        (asked,) = stand_ins.asked
        assert len(re.findall(r'"\d+"', asked)) == count


def test_a_limit_is_a_limit(server: Server, stand_ins: StandIns) -> None:
    for name in ("pathways-of-figure-genes", "pathways-and-diseases-of-gene"):
        target = target_of(name, ".json").replace("limit=50", "limit=1")
        assert len(rows_of(server.request("GET", target))) == 1


# Pages.


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_a_page_with_its_answer(name: str, server: Server, stand_ins: StandIns) -> None:
    answer = server.request("GET", target_of(name), headers={"Accept": "text/html"})
    text = answer.body.decode()
    assert (answer.status, flaws(text)) == (200, [])
    shown = Markup(text).text
    count = len(CASES[name].rows)
    assert f"{count} row{'s' if count > 1 else ''}." in shown
    assert QUERIES[name].join in shown
    logged = f"path=/queries/{name} status=200"
    wait_until(lambda: any(logged in line for line in server.log), "logged")
    assert all("cache=none" in line for line in server.log if logged in line)


def test_the_list_has_the_queries_whether_others_are_called_or_not(
    server: Server, alone: Server
) -> None:
    for one in (server, alone):
        answer = one.request("GET", "/queries", headers={"Accept": "text/html"})
        hrefs = Markup(answer.body.decode()).hrefs()
        assert {f"/queries/{name}" for name in QUERIES} <= set(hrefs)
        document = one.request("GET", "/queries.json").json
        assert set(QUERIES) <= {query["name"] for query in document["queries"]}


@pytest.mark.parametrize("name", QUERIES)
def test_a_server_that_calls_nobody_has_the_page_and_says_so(name: str, alone: Server) -> None:
    html = {"Accept": "text/html"}
    bare = alone.request("GET", f"/queries/{name}", headers=html)
    answer = alone.request("GET", target_of(name), headers=html)
    # Without parameters that must be given, the bare address is the answer too.
    needs = any(parameter.default is None for parameter in QUERIES[name].parameters)
    assert (bare.status, answer.status) == (200 if needs else bare.status, 403)
    for page in (bare, answer):
        text = page.body.decode()
        assert flaws(text) == []
        shown = Markup(text)
        assert QUERIES[name].join in shown.text
        for endpoint in QUERIES[name].endpoints:
            assert endpoint in shown.text
    assert "SERVICE does not reach that endpoint from here" in Markup(answer.body.decode()).text
    editor = [href for href in Markup(answer.body.decode()).hrefs() if "SERVICE" in href]
    assert editor, "the query can be taken elsewhere"
    refused = alone.request("GET", target_of(name, ".csv"))
    assert (refused.status, refused.problem) == (403, "federation-disabled")


# WikiPathways, MeSH, Bgee, Rhea and the RDF Portal are Virtuosos.


@pytest.fixture(scope="module", name="with_virtuoso")
def _with_virtuoso(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server all of whose partners are one Virtuoso, with what each has in a graph of its own."""
    folder = tmp_path_factory.mktemp("virtuoso")
    with virtuoso_server(folder) as virtuoso:
        for path in sorted(PARTNERS.iterdir()):
            load(virtuoso, path)
        listed = partners_at(folder, lambda name: f"{virtuoso.sparql}?partner={name}")
        with serving(data, "--partners", str(listed)) as server:
            yield server


def load(virtuoso: Virtuoso, path: Path) -> None:
    """Each graph of a file; what is in none goes to one that has the file's name."""
    store = Store()
    store.load(path=str(path))
    graphs: dict[str, list[Quad]] = {}
    for quad in store:
        name = quad.graph_name
        graph = name.value if isinstance(name, NamedNode) else f"urn:partner:{path.stem}"
        graphs.setdefault(graph, []).append(quad)
    for graph, quads in graphs.items():
        triples = (quad.triple for quad in quads)
        put(virtuoso, graph, serialize(triples, format=RdfFormat.N_TRIPLES) or b"")


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_the_same_rows_where_its_partners_are_virtuosos(
    name: str, with_virtuoso: Server
) -> None:
    assert asked_rows(with_virtuoso, name) == list(CASES[name].rows)


def test_five_thousand_values_go_in_few_requests(with_virtuoso: Server) -> None:
    """As ``benchmarks/federation.py`` measures it."""
    assert min(partner.batch for partner in public_partners().by_name.values()) >= 5000 / 25
    genes = " ".join(f"<https://identifiers.org/ncbigene/{n}>" for n in range(1, 5001))
    clause = "SERVICE <https://sparql.wikipathways.org/sparql> { ?node wp:bdbEntrezGene ?gene }"
    prefix = "PREFIX wp: <http://vocabularies.wikipathways.org/wp#>"
    query = f"{prefix} SELECT DISTINCT ?gene {{ VALUES ?gene {{ {genes} }} {clause} }}"
    answer = with_virtuoso.post(query, JSON)
    found = {gene.rpartition("/")[2] for (gene,) in rows_of(answer)}
    assert found == {"672", "673", "2064", "3845"}
    requests = re.search(r"requests=(\d+)", answer.headers["x-federation"])
    assert requests
    assert int(requests[1]) <= 25
