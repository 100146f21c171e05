"""The description of the service, by the three tests that the W3C names and by the release."""

from typing import Any, Final

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store, Triple, parse, serialize
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, VOID

from building import build
from linking import MANUAL, SAMPLES, sssom
from making import SEEDS, write
from pfocr_rdf import iris as ns
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import Sd
from pfocr_rdf.web.description import NAME_TO_SYNTAX, describe_service
from pfocr_rdf.web.formats import KIND_TO_OFFERS

SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
SYNTAXES: Final = "http://www.w3.org/ns/formats/"
ENDPOINT: Final = "https://sparql.example.org/pfocr/sparql"
MANIFEST: Final[dict[str, Any]] = {
    "version": "0123456789ab",
    "issued": "2025-01-01",
    "triples": 1200,
    "equivalents": 34,
}
#: Property → the classes of its subject and of its object, where it has them: the schema at
#: https://www.w3.org/ns/sparql-service-description , its classes with what is below them.
SCHEMA: Final = {
    SD.endpoint: ({SD.Service}, None),
    SD.supportedLanguage: ({SD.Service}, None),
    SD.resultFormat: ({SD.Service}, None),
    SD.defaultDataset: ({SD.Service}, {SD.Dataset}),
    SD.defaultGraph: ({SD.Dataset}, {SD.Graph}),
    SD.namedGraph: ({SD.Dataset, SD.GraphCollection}, {SD.NamedGraph}),
    SD.name: ({SD.NamedGraph}, None),
    SD.graph: ({SD.NamedGraph}, {SD.Graph}),
}
CLASSES: Final = {SD.Service, SD.Dataset, SD.Graph, SD.NamedGraph}


def described(manifest: dict[str, Any] = MANIFEST, endpoint: str = ENDPOINT) -> Graph:
    """The description, as another library reads it."""
    data = serialize(describe_service(endpoint, manifest, Iris()), format=RdfFormat.TURTLE)
    assert data is not None
    return Graph().parse(data=data, format="turtle")


def only(graph: Graph, subject: Any, predicate: Any) -> Any:
    [found] = graph.objects(subject, predicate)
    return found


def service(graph: Graph) -> Any:
    [found] = graph.subjects(RDF.type, SD.Service)
    return found


# The tests of the W3C: https://www.w3.org/TR/sparql11-service-description/#conformance


@pytest.mark.parametrize(
    "form",
    [RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.JSON_LD, RdfFormat.RDF_XML],
    ids=str,
)
def test_returns_rdf(form: RdfFormat) -> None:
    triples = describe_service(ENDPOINT, MANIFEST, Iris())
    data = serialize(triples, format=form)
    assert data is not None
    assert {quad.triple for quad in parse(data, form)} == set(triples)


@pytest.mark.parametrize("endpoint", [ENDPOINT, "http://127.0.0.1:7878/sparql"])
def test_has_endpoint_triple(endpoint: str) -> None:
    graph = described(endpoint=endpoint)
    assert list(graph.subject_objects(SD.endpoint)) == [(service(graph), URIRef(endpoint))]


def test_conforms_to_schema() -> None:
    graph = described()
    used = {URIRef(str(name)) for name in graph.predicates() if str(name).startswith(str(SD))}
    assert used == set(SCHEMA)
    for predicate in used:
        subjects, objects = SCHEMA[predicate]
        for subject, value in graph.subject_objects(predicate):
            assert subjects & set(graph.objects(subject, RDF.type)), predicate
            assert isinstance(value, URIRef)
            assert not objects or objects & set(graph.objects(value, RDF.type)), predicate
    stated = {kind for kind in graph.objects(None, RDF.type) if str(kind).startswith(str(SD))}
    assert stated == CLASSES


# What it says


def test_it_says_what_the_endpoint_does_and_no_more() -> None:
    graph = described()
    node = service(graph)
    assert list(graph.objects(node, SD.supportedLanguage)) == [SD.SPARQL11Query]
    assert not list(graph.objects(None, SD.feature)), "no union, no federation, nothing fetched"
    formats = {str(value).removeprefix(SYNTAXES) for value in graph.objects(node, SD.resultFormat)}
    assert formats == set(NAME_TO_SYNTAX.values())


def test_federation_is_stated_where_it_is_on() -> None:
    triples = describe_service(ENDPOINT, MANIFEST, Iris(), federated=True)
    added = set(triples) - set(describe_service(ENDPOINT, MANIFEST, Iris()))
    service_node = Iris().service(ENDPOINT, "service")
    assert added == {Triple(service_node, Sd.feature, Sd.BasicFederatedQuery)}


def test_every_format_that_is_offered_is_stated() -> None:
    offered = {name for offers in KIND_TO_OFFERS.values() for name in offers.values()}
    assert offered == set(NAME_TO_SYNTAX)


def test_the_default_dataset_has_the_two_graphs_of_a_release() -> None:
    graph = described()
    iris = Iris()
    dataset = only(graph, service(graph), SD.defaultDataset)
    default = only(graph, dataset, SD.defaultGraph)
    named = only(graph, dataset, SD.namedGraph)
    assert only(graph, named, SD.name) == URIRef(iris.equivalents.value)
    assert only(graph, default, VOID.triples).toPython() == 1200
    assert only(graph, only(graph, named, SD.graph), VOID.triples).toPython() == 34


def test_the_service_leads_to_the_release_and_the_release_to_the_dataset() -> None:
    graph = described()
    iris = Iris()
    node = service(graph)
    assert DCAT.DataService in graph.objects(node, RDF.type)
    assert only(graph, node, DCAT.endpointURL) == URIRef(ENDPOINT)
    release = only(graph, node, DCAT.servesDataset)
    assert release == URIRef(iris.release("0123456789ab").value)
    assert only(graph, release, DCTERMS.isVersionOf) == URIRef(iris.dataset.value)
    assert only(graph, release, RDFS.seeAlso) == URIRef(iris.download("void.ttl").value)
    assert str(only(graph, release, DCTERMS.issued)) == "2025-01-01"


def test_a_release_without_a_day_of_issue_states_none() -> None:
    graph = described({**MANIFEST, "issued": None})
    assert not list(graph.objects(None, DCTERMS.issued))


def test_it_has_no_blank_nodes_and_nothing_twice() -> None:
    triples = describe_service(ENDPOINT, MANIFEST, Iris())
    for triple in triples:
        assert isinstance(triple.subject, NamedNode)
        assert isinstance(triple.object, NamedNode | Literal)
    assert len(set(triples)) == len(triples)
    own = {t.subject.value for t in triples if isinstance(t.subject, NamedNode)}
    assert {iri for iri in own if iri.startswith(ENDPOINT)} == {
        f"{ENDPOINT}#{name}" for name in ("service", "dataset", "equivalents")
    }


@pytest.mark.parametrize("endpoint", ["/sparql", "sparql", "", "http://a b/sparql"])
def test_an_address_that_is_not_absolute_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="IRI"):
        describe_service(endpoint, MANIFEST, Iris())


@pytest.fixture(scope="module", name="mapped_release")
def _mapped_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The samples with links from mapping sets, one of which links nothing."""
    folder = tmp_path_factory.mktemp("mapped")
    useless = sssom([f"x:1|skos:exactMatch|x:2|{MANUAL}"])
    paths = (*SAMPLES, write(folder, {"useless.sssom.tsv": useless}) / "useless.sssom.tsv")
    return build(SEEDS, folder / "data", mappings=paths, issued="2025-01-01").release


def test_each_mapping_set_has_a_graph_with_its_licence(mapped_release: Release) -> None:
    manifest = mapped_release.manifest()
    graph = described(manifest)
    dataset = only(graph, service(graph), SD.defaultDataset)
    stated = {
        str(only(graph, named, SD.name)): only(graph, named, SD.graph)
        for named in graph.objects(dataset, SD.namedGraph)
    }
    sets = [one for one in manifest["mapping_sets"] if one["triples"]]
    assert len(sets) == len(manifest["mapping_sets"]) - 1 == len(SAMPLES)
    assert stated.keys() == {Iris().equivalents.value, *(one["graph"] for one in sets)}
    for one in sets:
        part = stated[one["graph"]]
        assert only(graph, part, VOID.triples).toPython() == one["triples"]
        assert str(only(graph, part, DCTERMS.license)) == one["license"]


@pytest.mark.parametrize(
    ("name", "parts"), [("seeds_release", 2), ("mixed_release", 2), ("mapped_release", 5)]
)
def test_it_says_of_a_release_what_the_release_says_of_itself(
    name: str, parts: int, request: pytest.FixtureRequest
) -> None:
    release: Release = request.getfixturevalue(name)
    iris = Iris()
    store = Store.read_only(str(release.store))
    triples = describe_service(iris.endpoint.value, release.manifest(), iris)
    own = f"{iris.endpoint.value}#"
    compared: set[NamedNode] = set()
    for triple in triples:
        subject = triple.subject
        assert isinstance(subject, NamedNode)
        # Of the service itself, and of what is a graph in it, only the endpoint speaks.
        if subject.value.startswith(own) or triple.object in (Sd.Graph, iris.endpoint):
            continue
        if triple.predicate == term(ns.RDFS, "seeAlso"):
            continue
        found = store.quads_for_pattern(subject, triple.predicate, triple.object)
        assert next(found, None), triple
        compared.add(subject)
    assert len(compared) == 1 + parts, "the release and its parts"
