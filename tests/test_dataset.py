"""The description of a release: its numbers are what SPARQL counts, its fields what readers ask."""

import hashlib
import re
from array import array
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, RDF, VOID, XSD

from building import build
from making import SEEDS, record, write
from parsing import by_pyoxigraph
from pfocr_rdf import __version__
from pfocr_rdf import iris as ns
from pfocr_rdf.contents import open_store
from pfocr_rdf.dataset import ReleaseFacts, describe_release
from pfocr_rdf.dumps import EQUIVALENTS, FORMATS, link_targets
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Node, Object, integer_literal
from pfocr_rdf.releases import Release
from pfocr_rdf.tally import SLACK, Tally
from pfocr_rdf.verify import verify_release
from pfocr_rdf.vocabulary import RDF_TYPE, Schema

PREFIXES: Final = "".join(f"PREFIX {name}: <{iri}> " for name, iri in Iris().prefixes().items())
DATASET: Final = URIRef("https://pfocr.wikipathways.org/dataset")
DCMITYPE: Final = URIRef("http://purl.org/dc/dcmitype/Dataset")
PAV: Final = "http://purl.org/pav/"
SCHEMA: Final = "http://schema.org/"
ALL_FORMATS: Final = (*FORMATS, EQUIVALENTS)


@cache
def store(release: Release) -> Store:
    return Store.read_only(str(release.store))


def select(release: Release, query: str) -> list[tuple[str, ...]]:
    found: Any = store(release).query(PREFIXES + query)
    return [tuple(term.value for term in row) for row in found]


def number(release: Release, pattern: str, what: str = "*") -> int:
    return int(select(release, f"SELECT (COUNT({what}) AS ?n) WHERE {{ {pattern} }}")[0][0])


def described(release: Release) -> Graph:
    """``void.ttl``, as another library reads it."""
    return Graph().parse(release.dumps / "void.ttl")


def levels(release: Release) -> dict[str, list[URIRef]]:
    """The resources of each level of https://www.w3.org/TR/hcls-dataset/#metadata-descriptions."""
    version = release.manifest()["version"]
    one = URIRef(f"https://pfocr.wikipathways.org/releases/{version}")
    files = [URIRef(f"{one}#{form.file}") for form in ALL_FORMATS]
    rdf = [URIRef(f"{one}#rdf"), URIRef(f"{one}#equivalents")]
    return {"summary": [DATASET], "version": [one], "distribution": [*rdf, *files]}


# Statistics


@pytest.mark.parametrize(
    ("statistic", "counted", "pattern"),
    [
        ("triples", "*", "?s ?p ?o"),
        ("entities", "DISTINCT ?s", "?s a []"),
        ("distinctSubjects", "DISTINCT ?s", "?s ?p ?o"),
        ("distinctObjects", "DISTINCT ?o", "?s ?p ?o"),
        ("classes", "DISTINCT ?c", "?s a ?c"),
        ("properties", "DISTINCT ?p", "?s ?p ?o"),
        ("documents", "DISTINCT ?s", "?s a pfocr:PathwayFigure"),
    ],
)
def test_each_statistic_is_what_sparql_counts(
    statistic: str, counted: str, pattern: str, any_release: Release
) -> None:
    of_all = "?d a void:Dataset ; void:classPartition []"
    stated = f"SELECT ?n WHERE {{ {of_all} ; void:{statistic} ?n }} GROUP BY ?n"
    assert select(any_release, stated) == [(str(number(any_release, pattern, counted)),)]


def test_each_class_has_a_partition_with_its_number_of_entities(any_release: Release) -> None:
    stated = "?d a void:Dataset ; void:classPartition ?x . ?x void:class ?c ; void:entities ?n"
    counted = "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?c } GROUP BY ?c"
    rows = select(any_release, f"SELECT ?c ?n WHERE {{ {stated} }}")
    assert sorted(rows) == sorted(select(any_release, counted))
    assert len(rows) > 20


def test_each_property_has_a_partition_with_its_number_of_triples(any_release: Release) -> None:
    stated = "?d a void:Dataset ; void:propertyPartition ?x . ?x void:property ?p ; void:triples ?n"
    counted = "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p"
    rows = select(any_release, f"SELECT ?p ?n WHERE {{ {stated} }}")
    assert sorted(rows) == sorted(select(any_release, counted))
    assert len(rows) > 80


def properties_of_classes(release: Release) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Class, property and number of triples: as stated, and as SPARQL counts them."""
    stated = "?x void:class ?c ; void:propertyPartition ?y . ?y void:property ?p ; void:triples ?n"
    counted = "SELECT ?c ?p (COUNT(*) AS ?n) WHERE { ?s a ?c ; ?p ?o } GROUP BY ?c ?p"
    rows = select(release, f"SELECT ?c ?p ?n WHERE {{ {stated} }}")
    return sorted(rows), sorted(select(release, counted))


def test_each_property_of_a_class_has_a_partition_with_its_number_of_triples(
    any_release: Release,
) -> None:
    stated, counted = properties_of_classes(any_release)
    assert stated == counted
    assert len(stated) > 150


@pytest.mark.parametrize(
    ("stated", "counted", "least"),
    [
        (
            "?y void:classPartition ?z . ?z void:class ?d ; void:triples ?n",
            "?o a ?d FILTER(?p != rdf:type)",
            100,
        ),
        (
            "?y void-ext:datatypePartition ?z . ?z void-ext:datatype ?d ; void:triples ?n",
            "FILTER(ISLITERAL(?o)) BIND(DATATYPE(?o) AS ?d)",
            100,
        ),
    ],
    ids=["classes", "datatypes"],
)
def test_what_a_property_of_a_class_leads_to_is_what_sparql_counts(
    stated: str, counted: str, least: int, any_release: Release
) -> None:
    said = f"?x void:class ?c ; void:propertyPartition ?y . ?y void:property ?p . {stated}"
    rows = select(any_release, f"SELECT ?c ?p ?d ?n WHERE {{ {said} }}")
    found = f"SELECT ?c ?p ?d (COUNT(*) AS ?n) WHERE {{ ?s a ?c ; ?p ?o . {counted} }}"
    assert sorted(rows) == sorted(select(any_release, f"{found} GROUP BY ?c ?p ?d"))
    assert len(rows) > least


def test_the_schema_is_found_where_editors_ask_for_it(seeds_release: Release) -> None:
    """In one query, with what each property leads to, if anything, behind a blank node."""
    asked = """SELECT DISTINCT ?kind ?property (COALESCE(?end, ?datatype, "") AS ?leads) WHERE {
      ?partition void:class ?kind ; void:propertyPartition ?inner .
      ?inner void:property ?property .
      OPTIONAL {
        { ?inner void:classPartition [ void:class ?end ] }
        UNION { ?inner void-ext:datatypePartition [ void-ext:datatype ?datatype ] }
      }
    }"""
    rows = set(select(seeds_release, asked))
    mention, figure = f"{ns.PFOCR}GeneMention", f"{ns.PFOCR}PathwayFigure"
    assert (mention, f"{ns.OA}hasTarget", figure) in rows
    assert (mention, f"{ns.PFOCR}rowCount", f"{ns.XSD}integer") in rows
    assert (figure, f"{ns.SCHEMA}url", "") in rows


#: What the objects of a linkset begin with, written out again.
TARGET_TO_SPACE: Final = {
    "https://www.ncbi.nlm.nih.gov/gene": "https://identifiers.org/ncbigene/",
    "http://id.nlm.nih.gov/mesh": "http://id.nlm.nih.gov/mesh/",
    "http://purl.obolibrary.org/obo/chebi.owl": "http://purl.obolibrary.org/obo/CHEBI_",
    "http://purl.obolibrary.org/obo/doid.owl": "http://purl.obolibrary.org/obo/DOID_",
    "http://purl.obolibrary.org/obo/ncbitaxon.owl": "http://purl.obolibrary.org/obo/NCBITaxon_",
    "https://www.ncbi.nlm.nih.gov/pmc/": "https://identifiers.org/pmc/",
    "https://www.wikipathways.org/": "https://identifiers.org/wikipathways/",
    "https://www.ndexbio.org/": "https://www.ndexbio.org/viewer/networks/",
}
LINKING: Final = (
    *("schema:mentions", "schema:about", "schema:isPartOf", "schema:subjectOf"),
    *("schema:taxonomicRange", "pfocr:predictedOrganism", "skos:closeMatch"),
)


def test_each_linkset_is_what_sparql_counts_and_none_is_left_out(any_release: Release) -> None:
    stated = (
        "?d void:subset ?x . ?x a void:Linkset ; void:linkPredicate ?p ; void:objectsTarget ?t ; "
        "void:subjectsTarget ?d ; void:triples ?n"
    )
    rows = select(any_release, f"SELECT ?p ?t ?n WHERE {{ {stated} }}")
    counted: Counter[tuple[str, str]] = Counter()
    for predicate in LINKING:
        for target, space in TARGET_TO_SPACE.items():
            iri = Iris().prefixes()[predicate.partition(":")[0]] + predicate.partition(":")[2]
            starts = f'?s {predicate} ?o FILTER (STRSTARTS(STR(?o), "{space}"))'
            counted[iri, target] = number(any_release, starts)
    assert {(p, t): int(n) for p, t, n in rows} == {key: n for key, n in counted.items() if n}
    assert number(any_release, "?x a void:Linkset") == len(rows) >= 6


def test_the_graph_of_equivalents_is_counted_apart(any_release: Release) -> None:
    stated = select(
        any_release,
        "SELECT ?n WHERE { ?d foaf:primaryTopic ?g ; void:linkPredicate schema:sameAs ; "
        "void:triples ?n }",
    )
    within = number(any_release, f"GRAPH <{Iris().equivalents.value}> {{ ?s ?p ?o }}")
    assert stated == [(str(within),)]
    assert within == any_release.manifest()["equivalents"] > 0


@pytest.mark.parametrize("equivalents", [0, 1, 2])
def test_a_description_ends_where_no_number_of_objects_counts_itself(
    equivalents: int,
) -> None:
    # Every other number is an object: where it is the next one, stating a number makes it wrong.
    numbers = [integer_literal(number) for number in range(1, 4001, 2)]
    odd: list[tuple[NamedNode, Object]] = [(Schema.position, number) for number in numbers]
    data = Tally()
    data.add([Node(Iris().figure("PMC1__f1"), odd)], {})
    nodes = describe_release(ReleaseFacts("v", None, 1, equivalents, None), data, Iris())
    (stated,) = (
        int(value.value)
        for node in nodes
        for predicate, value in node.facts
        if predicate == ns.term(ns.VOID, "distinctObjects")
    )
    objects = {value for node in nodes for _, value in node.facts} | {value for _, value in odd}
    assert abs(stated - len(objects)) <= 1


def test_the_objects_of_the_data_are_not_sorted_again_for_each_description(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = 3 * SLACK
    data = Tally(objects=[array("q", range(held))], held=held, most=2 * held)
    sorted_again = []
    drop = Tally.drop_duplicates

    def spied(tally: Tally) -> None:
        sorted_again.append(tally.held)
        drop(tally)

    monkeypatch.setattr(Tally, "drop_duplicates", spied)
    describe_release(ReleaseFacts("v", None, 1, 0, None), data, Iris())
    assert sorted_again
    assert max(sorted_again) < SLACK


def test_the_description_is_the_same_in_whatever_order_the_data_were_counted() -> None:
    iris = Iris()
    node = Node(
        iris.figure("PMC1__f1"),
        [
            (RDF_TYPE, Schema.ImageObject),
            (RDF_TYPE, Schema.Gene),
            (Schema.mentions, iris.entity("ncbigene", "5742")),
            (Schema.mentions, iris.entity("mesh", "D009369")),
            (Schema.name, integer_literal(1)),
        ],
    )
    found = []
    for facts in (node.facts, node.facts[::-1]):
        data = Tally()
        data.add([Node(node.subject, facts)], link_targets(iris))
        found.append(describe_release(ReleaseFacts("v", None, 1, 0, None), data, iris))
    assert found[0] == found[1]


def test_the_description_counts_itself(mixed_release: Release) -> None:
    triples = by_pyoxigraph((mixed_release.dumps / "void.ttl").read_bytes(), RdfFormat.TURTLE)
    of_partitions = {t for t in triples if t.predicate == ns.term(ns.VOID, "property")}
    assert len(of_partitions) == number(mixed_release, "?x void:property ?p")


def test_statistics_hold_where_two_figures_share_an_alias(tmp_path: Path) -> None:
    for name, alias in (("a", "PMC1__F1"), ("b", "PMC1__F1"), ("c", "PMC1__F2")):
        text = record(figid=f"PMC1__{name}", figid_alias=alias, number=None, filename="f.jpg")
        write(tmp_path, {f"records/_figures/PMC1__{name}.md": text})
    release = build(tmp_path / "records", tmp_path / "data").release
    aliased = "SELECT ?f WHERE { ?alias dcterms:isReplacedBy ?f }"
    assert len(select(release, aliased)) == 3
    subjects = select(release, "SELECT ?n WHERE { ?d void:distinctSubjects ?n }")
    assert subjects == [(str(number(release, "?s ?p ?o", "DISTINCT ?s")),)]
    stated, counted = properties_of_classes(release)
    assert stated == counted


# Where the description is


def test_the_store_holds_the_description_but_for_the_facts_about_its_files(
    any_release: Release,
) -> None:
    found = by_pyoxigraph((any_release.dumps / "void.ttl").read_bytes(), RdfFormat.TURTLE)
    stored = {
        q.triple for q in store(any_release).quads_for_pattern(None, None, None, DefaultGraph())
    }
    only_there = Counter(str(t.predicate) for t in found - stored)
    of_files = ("dcat:byteSize", "schema:contentSize", "spdx:checksum", "spdx:algorithm")
    names = (*of_files, "spdx:checksumValue", "rdf:type")
    expand = Iris().prefixes()
    expected = {f"<{expand[n.split(':')[0]]}{n.split(':')[1]}>": len(ALL_FORMATS) for n in names}
    assert only_there == expected
    version = any_release.manifest()["version"]
    about = re.compile(
        rf"https://pfocr.wikipathways.org/(dataset|releases/{version}.*|)|{ns.WIKIPATHWAYS_HOME}"
    )
    subjects = {s for s in (t.subject for t in stored) if about.fullmatch(getattr(s, "value", ""))}
    assert {t for t in stored if t.subject in subjects} == found & stored


def test_each_file_has_the_size_and_the_hash_that_void_ttl_states(any_release: Release) -> None:
    graph, one = described(any_release), levels(any_release)["version"][0]
    for form in ALL_FORMATS:
        data = (any_release.dumps / form.file).read_bytes()
        node = URIRef(f"{one}#{form.file}")
        size = graph.value(node, DCAT.byteSize)
        assert str(size) == str(graph.value(node, URIRef(SCHEMA + "contentSize"))) == str(len(data))
        assert size.datatype == XSD.nonNegativeInteger  # type: ignore[union-attr]
        checksum = graph.value(node, URIRef(ns.SPDX + "checksum"))
        stated = graph.value(checksum, URIRef(ns.SPDX + "checksumValue"))
        assert str(stated) == hashlib.sha256(data).hexdigest()
        assert graph.value(checksum, URIRef(ns.SPDX + "algorithm")) == URIRef(
            "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
        )


def test_the_description_has_no_blank_nodes_and_no_language_tags(any_release: Release) -> None:
    for triple in by_pyoxigraph((any_release.dumps / "void.ttl").read_bytes(), RdfFormat.TURTLE):
        assert not isinstance(triple.subject, BlankNode)
        assert not isinstance(triple.object, BlankNode)
        assert not (isinstance(triple.object, Literal) and triple.object.language)


def test_the_description_has_one_subject_block_for_each_subject(mixed_release: Release) -> None:
    text = (mixed_release.dumps / "void.ttl").read_text(encoding="utf-8")
    blocks = [line.split(" ")[0] for line in text.splitlines() if not line.startswith(("\t", "@"))]
    assert len(blocks) == len(set(blocks)) > 100


def test_every_part_that_is_referred_to_is_described(any_release: Release) -> None:
    graph, one = described(any_release), str(levels(any_release)["version"][0])
    own = {o for o in graph.objects() if str(o).startswith((one, str(DATASET)))}
    assert {o for o in own if isinstance(o, URIRef)} <= set(graph.subjects())


def test_the_vocabularies_that_are_stated_are_those_that_are_used(any_release: Release) -> None:
    rows = select(any_release, "SELECT DISTINCT ?v WHERE { ?d void:vocabulary ?v }")
    stated = {iri for (iri,) in rows}
    used = {
        re.match(r".*[#/]", iri)[0]  # type: ignore[index]
        for (iri,) in select(
            any_release,
            "SELECT DISTINCT ?t WHERE { { ?s ?t ?o } UNION { ?s a ?t } }",
        )
    }
    assert stated == used


# Dates


def test_a_date_is_stated_where_it_was_given(mixed_release: Release) -> None:
    graph = described(mixed_release)
    dates = {(str(s), str(p)) for s, p, o in graph if getattr(o, "datatype", None) == XSD.date}
    predicates = Counter(predicate for _, predicate in dates)
    assert predicates == {str(DCTERMS.issued): 8, SCHEMA + "datePublished": 1}
    assert {str(o) for o in graph.objects(None, DCTERMS.issued)} == {"2025-01-01"}
    assert graph.value(DATASET, URIRef(SCHEMA + "datePublished"))
    assert graph.value(levels(mixed_release)["version"][0], DCTERMS.issued)
    assert mixed_release.manifest()["issued"] == "2025-01-01"


def test_no_date_is_stated_where_none_was_given(seeds_release: Release) -> None:
    graph = described(seeds_release)
    assert not [
        o for o in graph.objects() if getattr(o, "datatype", None) in {XSD.date, XSD.dateTime}
    ]
    assert seeds_release.manifest()["issued"] is None


# HCLS: https://www.w3.org/TR/hcls-dataset/#reference-table

#: Level → what each resource of it MUST have.
HCLS_MUST: Final = {
    "summary": (DCTERMS.title, DCTERMS.description, DCTERMS.publisher),
    "version": (
        *(DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.creator),
        *(URIRef(PAV + "version"), DCTERMS.isVersionOf),
    ),
    "distribution": (
        *(DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.creator),
        *(DCTERMS.license, DCTERMS["format"]),
    ),
}
#: What the three levels SHOULD have and can have without asking a network or an earlier release.
HCLS_SHOULD: Final = {
    "summary": (FOAF.page, DCTERMS.license, DCTERMS.accrualPeriodicity, VOID.sparqlEndpoint),
    "version": (
        *(FOAF.page, DCTERMS.license, DCTERMS.language, DCTERMS.issued, PROV.wasDerivedFrom),
        *(URIRef(PAV + "createdWith"), DCAT.distribution),
    ),
    "distribution": (
        *(FOAF.page, DCTERMS.language, DCTERMS.issued, URIRef(PAV + "version")),
        *(PROV.wasDerivedFrom, URIRef(PAV + "createdWith")),
    ),
}
STATISTICS: Final = (VOID.triples, VOID.entities, VOID.classPartition, VOID.propertyPartition)
HCLS_MUST_NOT: Final = {
    # Bioschemas asks for dcterms:conformsTo here, or nothing knows its profile.
    "summary": (
        *(DCTERMS.creator, DCTERMS.created, DCTERMS.issued, DCTERMS.language, VOID.vocabulary),
        *(URIRef(PAV + "version"), DCTERMS.isVersionOf, URIRef(PAV + "previousVersion")),
        *(DCTERMS.source, URIRef(PAV + "retrievedFrom"), PROV.wasDerivedFrom, DCAT.distribution),
        *(URIRef(PAV + "createdWith"), DCTERMS["format"], DCAT.downloadURL, DCAT.byteSize),
        *(VOID.dataDump, VOID.subset, VOID.exampleResource, DCAT.landingPage, *STATISTICS),
    ),
    "version": (
        *(VOID.vocabulary, URIRef(PAV + "hasCurrentVersion"), DCTERMS.accrualPeriodicity),
        *(DCTERMS["format"], DCAT.downloadURL, DCAT.byteSize, VOID.dataDump, VOID.subset),
        *(VOID.exampleResource, VOID.sparqlEndpoint, *STATISTICS),
    ),
    "distribution": (
        *(DCTERMS.hasPart, DCTERMS.isVersionOf, URIRef(PAV + "hasCurrentVersion")),
        *(DCTERMS.accrualPeriodicity, DCAT.distribution, VOID.sparqlEndpoint),
    ),
}


@pytest.mark.parametrize("level", HCLS_MUST)
def test_each_level_has_what_hcls_asks_of_it(level: str, mixed_release: Release) -> None:
    graph = described(mixed_release)
    for node in levels(mixed_release)[level]:
        for predicate in (*HCLS_MUST[level], *HCLS_SHOULD[level]):
            assert graph.value(node, predicate, any=True) is not None, (node, predicate)
        assert (node, RDF.type, DCMITYPE) in graph


@pytest.mark.parametrize("level", HCLS_MUST_NOT)
def test_no_level_has_what_hcls_forbids_it(level: str, mixed_release: Release) -> None:
    graph = described(mixed_release)
    for node in levels(mixed_release)[level]:
        for predicate in HCLS_MUST_NOT[level]:
            assert graph.value(node, predicate, any=True) is None, (node, predicate)
        classes = set(graph.objects(node, RDF.type))
        assert bool(classes & {VOID.Dataset, DCAT.Distribution}) == (level == "distribution")


def test_the_equivalents_are_not_described_as_figures(mixed_release: Release) -> None:
    graph, one = described(mixed_release), levels(mixed_release)["version"][0]
    of_figures = graph.value(one, DCTERMS.description)
    for name in ("equivalents", "equivalents.nq.gz"):
        (said,) = graph.objects(URIRef(f"{one}#{name}"), DCTERMS.description)
        assert said != of_figures
        assert "schema:sameAs" in str(said)
    (said,) = graph.objects(URIRef(f"{one}#pfocr.nq.gz"), DCTERMS.description)
    assert said == of_figures


def test_the_levels_lead_to_one_another(mixed_release: Release) -> None:
    graph, found = described(mixed_release), levels(mixed_release)
    (one,) = found["version"]
    assert graph.value(DATASET, URIRef(PAV + "hasCurrentVersion")) == one
    assert graph.value(one, DCTERMS.isVersionOf) == DATASET
    assert {*graph.objects(one, DCAT.distribution), *graph.objects(one, DCTERMS.hasPart)} == set(
        found["distribution"]
    )


def test_the_rdf_has_the_core_statistics_its_dumps_and_an_example(mixed_release: Release) -> None:
    graph, rdf = described(mixed_release), levels(mixed_release)["distribution"][0]
    assert {str(o).rpartition("/")[2] for o in graph.objects(rdf, VOID.dataDump)} == {
        form.file for form in FORMATS
    }
    assert {str(o) for o in graph.objects(rdf, VOID.feature)} == {
        f"http://www.w3.org/ns/formats/{name}"
        for name in ("Turtle", "N-Triples", "N-Quads", "JSON-LD")
    }
    assert [str(o) for o in graph.objects(rdf, VOID.uriSpace)] == [
        "https://pfocr.wikipathways.org/"
    ]
    example = graph.value(rdf, VOID.exampleResource)
    assert number(mixed_release, f"<{example}> a pfocr:PathwayFigure") == 1


# What search engines read: https://developers.google.com/search/docs/appearance/structured-data/dataset

GOOGLE: Final = (
    *("name", "description", "alternateName", "creator", "citation", "identifier", "keywords"),
    *("isAccessibleForFree", "license", "measurementTechnique", "variableMeasured", "version"),
    *("url", "includedInDataCatalog", "distribution"),
)
#: https://bioschemas.org/profiles/Dataset/1.0-RELEASE: minimum and recommended.
BIOSCHEMAS: Final = (
    *("description", "identifier", "keywords", "license", "name", "url", "alternateName"),
    *("citation", "creator", "datePublished", "distribution", "includedInDataCatalog"),
    *("isBasedOn", "measurementTechnique", "variableMeasured", "version"),
)
ONE: Final = ("description", "name", "url", "license", "datePublished", "version", "publisher")


def test_there_is_one_schema_org_dataset_with_what_google_and_bioschemas_ask(
    mixed_release: Release,
) -> None:
    graph = described(mixed_release)
    assert set(graph.subjects(RDF.type, URIRef(SCHEMA + "Dataset"))) == {DATASET}
    for name in (*GOOGLE, *BIOSCHEMAS):
        assert list(graph.objects(DATASET, URIRef(SCHEMA + name))), name
    for name in ONE:
        assert len(list(graph.objects(DATASET, URIRef(SCHEMA + name)))) == 1, name
    assert 50 <= len(str(graph.value(DATASET, URIRef(SCHEMA + "description")))) <= 5000
    assert graph.value(DATASET, DCTERMS.conformsTo) == URIRef(
        "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
    )


def test_whoever_made_it_has_a_name(mixed_release: Release) -> None:
    graph = described(mixed_release)
    for name in ("creator", "publisher", "includedInDataCatalog"):
        who = graph.value(DATASET, URIRef(SCHEMA + name))
        assert str(graph.value(who, URIRef(SCHEMA + "name")))
        assert graph.value(who, URIRef(SCHEMA + "url")) == who


def test_each_download_has_an_address_and_a_format(mixed_release: Release) -> None:
    graph = described(mixed_release)
    downloads = list(graph.objects(DATASET, URIRef(SCHEMA + "distribution")))
    assert len(downloads) == len(ALL_FORMATS)
    for node in downloads:
        assert (node, RDF.type, URIRef(SCHEMA + "DataDownload")) in graph
        address = graph.value(node, URIRef(SCHEMA + "contentUrl"))
        assert (mixed_release.dumps / str(address).rpartition("/")[2]).is_file()
        assert graph.value(node, DCAT.downloadURL) == address
        assert "/" in str(graph.value(node, URIRef(SCHEMA + "encodingFormat")))
        assert str(graph.value(node, URIRef(SCHEMA + "name")))


# DCAT, PROV and what an assessment of FAIRness looks for


def test_there_is_exactly_one_dcat_dataset_and_it_has_its_distributions(
    any_release: Release,
) -> None:
    graph, found = described(any_release), levels(any_release)
    (one,) = found["version"]
    assert list(graph.subjects(RDF.type, DCAT.Dataset)) == [one]
    assert graph.value(one, URIRef(str(DCAT) + "version")) == graph.value(
        one, URIRef(PAV + "version")
    )
    distributions = set(graph.objects(one, DCAT.distribution))
    assert distributions == set(graph.subjects(RDF.type, DCAT.Distribution))
    for node in distributions:
        media = graph.value(node, DCAT.mediaType)
        written = str(graph.value(node, DCTERMS["format"]))
        registered = not written.startswith("application/x-")
        assert (str(media).endswith(written) and isinstance(media, URIRef)) == registered
        # DCAT-AP asks for an access URL of each, DCAT has the other for files.
        assert graph.value(node, DCAT.accessURL) == graph.value(node, DCAT.downloadURL)
        assert graph.value(node, DCAT.byteSize) is not None
        assert str(graph.value(node, DCTERMS.conformsTo)).startswith("https://www.w3.org/TR/")
    for predicate in (DCAT.keyword, DCAT.landingPage, DCTERMS.identifier, DCTERMS.accessRights):
        assert graph.value(one, predicate, any=True) is not None


@pytest.mark.parametrize("level", ["summary", "version"])
def test_a_dataset_names_its_identifier_its_licence_and_who_may_read_it(
    level: str, any_release: Release
) -> None:
    graph, (node,) = described(any_release), levels(any_release)[level]
    assert str(graph.value(node, DCTERMS.identifier)) == str(node)
    assert str(graph.value(node, DCTERMS.license)) == ns.CC0
    assert str(graph.value(node, DCTERMS.accessRights)).endswith("access-right/PUBLIC")


def test_the_release_says_what_it_was_made_from_and_with(any_release: Release) -> None:
    graph, (one,) = described(any_release), levels(any_release)["version"]
    activity = graph.value(one, PROV.wasGeneratedBy)
    assert (activity, RDF.type, PROV.Activity) in graph
    assert graph.value(activity, PROV.generated) == one
    assert graph.value(activity, PROV.used) == graph.value(one, PROV.wasDerivedFrom)
    agent = graph.value(activity, PROV.wasAssociatedWith)
    assert agent == graph.value(one, URIRef(PAV + "createdWith"))
    assert (agent, RDF.type, PROV.SoftwareAgent) in graph
    assert str(graph.value(agent, URIRef(SCHEMA + "softwareVersion"))) == __version__


def test_the_links_lead_to_at_least_four_other_hosts(any_release: Release) -> None:
    hosts = {
        str(o).split("/")[2] for o in described(any_release).objects() if isinstance(o, URIRef)
    }
    assert len(hosts - {"pfocr.wikipathways.org"}) >= 4


def test_the_base_may_be_the_publisher_s_own_site(tmp_path: Path) -> None:
    iris = Iris(base=ns.WIKIPATHWAYS_HOME)
    release = build(SEEDS, tmp_path, iris=iris).release
    home, said = iris.home, open_store(release)
    kinds = {quad.object for quad in said.quads_for_pattern(home, RDF_TYPE, None)}
    assert kinds == {Schema.Organization, term(ns.SCHEMA, "DataCatalog")}
    assert not list(verify_release(release))


def test_another_base_is_in_the_whole_description(tmp_path: Path) -> None:
    iris = Iris(base="https://example.org/x/", gene_prefix="http://bio2rdf.org/ncbigene:")
    release = build(
        write(tmp_path / "records", {"PMC1__f1.md": record()}), tmp_path / "data", iris=iris
    ).release
    text = (release.dumps / "void.ttl").read_text(encoding="utf-8")
    own = text.replace(ns.PFOCR, "")
    assert ns.BASE not in own
    assert 'void:uriSpace "https://example.org/x/"' in text
    assert "<https://example.org/x/dumps/pfocr.ttl.gz>" in text


def test_what_is_described_does_not_depend_on_where_or_when(
    seeds_release: Release, tmp_path: Path
) -> None:
    again = build(SEEDS, tmp_path / "elsewhere").release
    for name in ("void.ttl", "manifest.json", "SHA256SUMS"):
        assert (again.dumps / name).read_bytes() == (seeds_release.dumps / name).read_bytes()
