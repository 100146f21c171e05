"""JSON-LD lines: each a whole document that two other readers take for the same triples."""

import json
import re
import socket
from collections.abc import Iterator
from typing import Any, Final

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple
from rdflib import Graph, URIRef
from rdflib.namespace import SH
from rdflib.plugins.shared.jsonld.context import Context

from building import checkout
from making import read_all, triples_of
from parsing import by_pyoxigraph, by_rdflib, unpacked
from pfocr_rdf import iris as ns
from pfocr_rdf import vocabulary
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.jsonld import Compactor, compactor
from pfocr_rdf.mapping import Common, Node, triples
from pfocr_rdf.releases import Release
from pfocr_rdf.resources import resource
from pfocr_rdf.vocabulary import RDF_TYPE, Oa, Pfocr, Schema

CONTEXT: Final[dict[str, Any]] = json.loads(
    resource("ontology", "context.jsonld").read_text(encoding="utf-8")
)["@context"]
OTHER: Final = Iris(base="https://example.org/pfocr/", gene_prefix="http://bio2rdf.org/ncbigene:")
SUBJECT: Final = NamedNode("https://example.org/s")


def xsd(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=term(ns.XSD, datatype))


TEXTS: Final = (
    *("", " ", "plain", 'quo"te', "back\\slash", "new\nline", "\r\n", "\t", "{}", "[]", "null"),
    *("\u2028", "\u2029", "\u0085", "\u007f", "\u0001", "é", "中", "😀", "\ufeff", "</script>"),
    *("@id", "@type", "@value", "@context", "@vocab", "_:b0", "#", "?", "/", "//", "true", "123"),
    *("gene:5742", "schema:name", "http://schema.org/name", "name", "mentions"),
)
TYPED: Final = (
    *("0", "-5", "007", "+1", "-0", "999999999999999", "1000000000000000", "9007199254740993"),
    *("18446744073709551616", "123456789012345678901234567890", "abc", "", "٣"),
)
IRIS: Final = (
    *("http://schema.org/", "http://schema.org//x", "http://schema.org/a:b", "http://schema.org"),
    *("http://schema.org/@id", "http://schema.org/?a=b#c", "http://schema.org/name"),
    *("https://pfocr.wikipathways.org/figures/", "https://pfocr.wikipathways.org/figures//x"),
    *("https://pfocr.wikipathways.org/ontology#", "https://pfocr.wikipathways.org/ontology#a:b"),
    *("http://purl.obolibrary.org/obo/", "http://purl.obolibrary.org/obo/NCBITaxon_"),
    *(
        "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "http://purl.obolibrary.org/obo//NCBITaxon_",
    ),
    *("https://example.org/gene:5742", "https://example.org/@type", "https://example.org/中"),
    *("urn:uuid:1", "mailto:a@example.org", "x:y", "https://identifiers.org/ncbigene/"),
)
VALUES: Final[tuple[NamedNode | Literal, ...]] = (
    *map(Literal, TEXTS),
    *(xsd(text, "integer") for text in TYPED),
    *(xsd(text, "decimal") for text in ("0.9537671", "1", "1.0", ".5", "0.12345678901234567890")),
    *(xsd(text, "gYear") for text in ("2019", "0001", "-0044")),
    *(xsd("1E5", "double"), xsd("true", "boolean"), xsd("2025-01-01", "date"), xsd("x", "anyURI")),
    Literal("x", datatype=NamedNode("https://example.org/datatype")),
    Literal("x", datatype=term(ns.RDFS, "Resource")),
    *map(NamedNode, IRIS),
)
#: A predicate of each kind that the context knows, and two that it does not.
PREDICATES: Final = (
    *(Schema.name, Schema.url, Pfocr.match, Pfocr.candidate_count, Pfocr.pathway_score),
    *(Schema.date_published, Schema.main_entity_of_page, vocabulary.CLOSE_MATCH),
    *(term(ns.SCHEMA, "unheardOf"), term("https://example.org/terms#", "p")),
    # Names of the context, in schema.org's namespace.
    *(term(ns.SCHEMA, "gene"), term(ns.SCHEMA, "match"), term(ns.SCHEMA, "Annotation")),
)


def emitted() -> tuple[set[NamedNode], set[NamedNode]]:
    """The properties and the own classes that mapping can emit."""
    properties = {vocabulary.BIBLIOGRAPHIC_CITATION, vocabulary.IS_REPLACED_BY}
    classes: set[NamedNode] = set()
    properties |= {vocabulary.CLOSE_MATCH, vocabulary.WAS_DERIVED_FROM}
    for holder in (vocabulary.Schema, vocabulary.Oa, vocabulary.Pfocr):
        for name, value in vars(holder).items():
            if isinstance(value, NamedNode):
                (classes if name[0].isupper() else properties).add(value)
    return properties, {c for c in classes if not c.value.startswith(ns.SCHEMA)}


def terms_of_the_context() -> dict[str, str | None]:
    """IRI → what its values are coerced to, as another implementation reads the context."""
    found = Context(CONTEXT).terms.values()
    return {term.id: term.type or None for term in found if term.id}


def mapped_triples(tmp_path_factory: pytest.TempPathFactory) -> list[Triple]:
    folder = checkout(tmp_path_factory.mktemp("mapped"))
    return triples_of(read_all(folder)[0].values())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a document was asked for over the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def lines(release: Release) -> Iterator[bytes]:
    yield from unpacked(release.dumps / "pfocr.jsonl.gz").split(b"\n")[:-1]


def test_each_line_is_a_document_of_its_own_with_its_context_inlined(
    mixed_release: Release,
) -> None:
    found = list(lines(mixed_release))
    assert len(found) > 20
    for line in found:
        document = json.loads(line)
        assert list(document) == ["@context", "@graph"]
        assert document["@context"] == CONTEXT
        assert document["@graph"]
        assert all(isinstance(node["@id"], str) for node in document["@graph"])


def test_the_context_refers_to_no_other_document() -> None:
    assert isinstance(CONTEXT, dict)
    text = json.dumps(CONTEXT)
    assert "@import" not in text
    assert "@context" not in text
    assert "@base" not in text


def test_each_figure_and_each_article_has_a_document(seeds_release: Release) -> None:
    heads = [json.loads(line)["@graph"][0] for line in lines(seeds_release)]
    kinds = [head["@type"] for head in heads if "@type" in head]
    assert kinds.count(["ImageObject", "PathwayFigure"]) == 5
    assert kinds.count("ScholarlyArticle") == 5


@pytest.mark.usefixtures("no_network")
def test_two_readers_take_every_line_for_the_triples_of_the_ntriples_dump(
    mixed_release: Release,
) -> None:
    expected = by_pyoxigraph(unpacked(mixed_release.dumps / "pfocr.nt.gz"), RdfFormat.N_TRIPLES)
    one, other = set(), set()
    for line in lines(mixed_release):
        one |= by_pyoxigraph(line, RdfFormat.JSON_LD)
        other |= by_rdflib(line, "json-ld")
    assert one == expected
    assert other == expected


def test_no_two_lines_say_the_same(any_release: Release) -> None:
    counts = [len(by_pyoxigraph(line, RdfFormat.JSON_LD)) for line in lines(any_release)]
    assert sum(counts) == any_release.manifest()["triples"]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("iris", [Iris(), OTHER], ids=["default", "other base and gene prefix"])
@pytest.mark.parametrize("predicate", PREDICATES, ids=lambda p: p.value)
def test_odd_values_come_out_as_they_went_in(predicate: NamedNode, iris: Iris) -> None:
    written = compactor(iris).document([Node(SUBJECT, [(predicate, value) for value in VALUES])])
    expected = {Triple(SUBJECT, predicate, value) for value in VALUES}
    assert by_pyoxigraph(written, RdfFormat.JSON_LD) == expected
    assert by_rdflib(written, "json-ld") == expected


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_that_stands_alone_comes_out_as_it_went_in(value: NamedNode | Literal) -> None:
    facts = [(predicate, value) for predicate in PREDICATES]
    written = compactor(Iris()).document([Node(SUBJECT, facts)])
    assert written.count(b"\n") == 1
    assert by_pyoxigraph(written, RdfFormat.JSON_LD) == set(triples([Node(SUBJECT, list(facts))]))


@pytest.mark.parametrize("iri", IRIS)
def test_odd_iris_are_subjects_classes_and_predicates_too(iri: str) -> None:
    node = NamedNode(iri)
    nodes = [Node(node, [(RDF_TYPE, node), (RDF_TYPE, Schema.Gene), (Schema.url, node)])]
    written = compactor(Iris()).document(nodes)
    assert by_pyoxigraph(written, RdfFormat.JSON_LD) == set(triples(nodes))
    assert by_rdflib(written, "json-ld") == set(triples(nodes))


@pytest.mark.parametrize("iri", ["gene:5742", "schema:name", "mentions:x"])
def test_an_iri_that_readers_would_take_for_a_prefixed_name_is_refused(iri: str) -> None:
    with pytest.raises(IriError) as caught:
        Compactor(Iris()).document([Node(NamedNode(iri), [(Schema.name, Literal("x"))])])
    assert str(caught.value) == f"not an IRI that JSON-LD can tell from a prefixed name: {iri!r}"


def test_whole_numbers_are_json_numbers_only_while_every_reader_keeps_their_digits() -> None:
    facts = [(Pfocr.row_count, xsd(text, "integer")) for text in ("3", "999999999999999", "1" * 16)]
    document = json.loads(compactor(Iris()).document([Node(SUBJECT, list(facts))]))
    assert document["@graph"][0]["rowCount"] == [3, 999999999999999, "1" * 16]


def test_what_subjects_have_in_common_is_written_as_if_each_had_it_alone() -> None:
    facts = ((RDF_TYPE, Oa.Annotation), (Schema.text, Literal("p53")), (Pfocr.match, Literal("")))
    common = Common(Oa.has_target, facts, 1)
    figures = [NamedNode(f"https://pfocr.wikipathways.org/figures/PMC1__f{n}") for n in (1, 2)]
    for writer in (Compactor(Iris()), compactor(Iris())):
        for figure in figures:
            node = common.node(SUBJECT, figure)
            alone = Node(SUBJECT, [facts[0], (Oa.has_target, figure), *facts[1:]])
            assert node.facts == alone.facts
            assert writer.document([node, node]) == writer.document([alone, alone])


def test_decimals_keep_their_digits() -> None:
    facts = [(Pfocr.pathway_score, xsd("0.95376710000000000001", "decimal"))]
    document = json.loads(compactor(Iris()).document([Node(SUBJECT, list(facts))]))
    assert document["@graph"][0]["pathwayScore"] == "0.95376710000000000001"


@pytest.mark.parametrize(
    "prefix",
    [
        *("https://example.org/gene/", "https://example.org/gene#", "http://bio2rdf.org/ncbigene:"),
        "https://example.org/gene?id=",
    ],
)
def test_any_gene_prefix_is_read_back(prefix: str) -> None:
    iris = Iris(gene_prefix=prefix)
    nodes = [Node(iris.entity("ncbigene", "5742"), [(RDF_TYPE, Schema.Gene)])]
    written = compactor(iris).document(nodes)
    assert json.loads(written)["@context"]["gene"] == prefix
    assert by_pyoxigraph(written, RdfFormat.JSON_LD) == set(triples(nodes))
    assert by_rdflib(written, "json-ld") == set(triples(nodes))


def test_another_base_and_gene_prefix_are_in_the_context_of_every_line() -> None:
    nodes = [Node(OTHER.figure("PMC1__f1"), [(Schema.mentions, OTHER.entity("ncbigene", "5"))])]
    document = json.loads(compactor(OTHER).document(nodes))
    assert document["@context"]["figure"] == "https://example.org/pfocr/figures/"
    assert document["@graph"] == [{"@id": "figure:PMC1__f1", "mentions": "gene:5"}]


def test_every_property_and_own_class_of_the_data_has_a_term() -> None:
    properties, classes = emitted()
    named = terms_of_the_context()
    for node in properties | classes:
        local = node.value.removeprefix(CONTEXT["@vocab"])
        by_vocabulary = local != node.value and local not in CONTEXT
        assert node.value in named or by_vocabulary, node
    written = Compactor(Iris()).node(Node(SUBJECT, [(p, Literal("x")) for p in properties]))
    assert [name for name in written if ":" in name] == []


def test_the_context_has_no_term_that_the_data_do_not_use() -> None:
    properties, classes = emitted()
    used = {node.value for node in properties | classes}
    namespaces = set(Iris().prefixes().values())
    assert {iri for iri in terms_of_the_context() if iri not in used} <= namespaces


def test_the_prefixes_of_the_context_are_those_of_the_dumps() -> None:
    found = {name: d["@id"] if isinstance(d, dict) else d for name, d in CONTEXT.items()}
    known = Iris().prefixes()
    both = found.keys() & known.keys()
    assert both >= {"figure", "gene", "mesh", "pfocr", "schema", "oa"}
    assert {name: found[name] for name in both} == {name: known[name] for name in both}


def test_the_coercions_are_what_the_data_are(tmp_path_factory: pytest.TempPathFactory) -> None:
    met: dict[str, set[str | None]] = {}
    for triple in mapped_triples(tmp_path_factory):
        assert isinstance(triple.predicate, NamedNode)
        value = triple.object
        kind = value.datatype.value if isinstance(value, Literal) else "@id"
        met.setdefault(triple.predicate.value, set()).add(kind)
    coerced = terms_of_the_context()
    met.pop(RDF_TYPE.value)
    assert len(met) > 35
    for predicate, kinds in met.items():
        expected = coerced.get(predicate) or ns.XSD + "string"
        assert kinds == {expected}, predicate


def test_the_coercions_are_what_the_shapes_ask_for() -> None:
    shapes = Graph().parse(resource("ontology", "shapes.ttl"))
    coerced = terms_of_the_context()
    asked: dict[str, set[str]] = {}
    for shape, path in shapes.subject_objects(SH.path):
        if isinstance(path, URIRef):
            datatype = shapes.value(shape, SH.datatype)
            node = any(
                shapes.value(shape, p) for p in (SH["class"], SH.nodeKind, SH["in"], SH["or"])
            )
            if datatype is not None or node:
                asked.setdefault(str(path), set()).add(str(datatype or "@id"))
    asked.pop(RDF_TYPE.value)
    assert len(asked) > 30
    for predicate, kinds in asked.items():
        assert kinds == {coerced.get(predicate) or ns.XSD + "string"}, predicate


def test_a_line_holds_no_character_that_other_tools_take_for_the_end_of_a_line() -> None:
    facts = [(Schema.name, Literal(text)) for text in TEXTS]
    written = compactor(Iris()).document([Node(SUBJECT, list(facts))])
    assert re.findall(rb"[\x00-\x1f]", written) == [b"\n"]
    assert written.endswith(b"\n")
