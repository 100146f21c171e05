"""The description of the dataset: VoID, DCAT, PROV, schema.org and HCLS, in one graph.

Three levels, as HCLS has them (https://www.w3.org/TR/hcls-dataset/): the dataset, its release
(a version of it), and the release as RDF, which the statistics belong to. The description is
itself part of the data, and the statistics count it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf import __version__
from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import EQUIVALENTS, FORMATS, DumpFile, link_targets
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Node
from pfocr_rdf.tally import Tally
from pfocr_rdf.vocabulary import (
    LICENSE_OF_RECORDS,
    RDF_TYPE,
    WAS_DERIVED_FROM,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_INTEGER,
    Schema,
)

TITLE: Final = "Pathway Figure OCR (PFOCR) as linked data"
DESCRIPTION: Final = (
    "Pathway figures of the biomedical literature, with the genes, chemicals and diseases that "
    "were read off the pictures: each figure, each reading with its evidence, and links to NCBI "
    "Gene, MeSH, ChEBI, the Disease Ontology, the NCBI taxonomy, PubMed Central, WikiPathways "
    "and NDEx."
)
KEYWORDS: Final = (
    "pathway figures",
    "optical character recognition",
    "text mining",
    "genes",
    "chemicals",
    "diseases",
    "WikiPathways",
    "linked data",
)
PUBLISHER: Final = "WikiPathways"
TARGET_TO_HOME: Final = {
    "ncbigene": "https://www.ncbi.nlm.nih.gov/gene",
    "mesh": "http://id.nlm.nih.gov/mesh",
    "chebi": "http://purl.obolibrary.org/obo/chebi.owl",
    "doid": "http://purl.obolibrary.org/obo/doid.owl",
    "ncbitaxon": "http://purl.obolibrary.org/obo/ncbitaxon.owl",
    "pmc": "https://www.ncbi.nlm.nih.gov/pmc/",
    "wikipathways": "https://www.wikipathways.org/",
    "ndex": "https://www.ndexbio.org/",
}

Fact = tuple[NamedNode, NamedNode | Literal]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the description needs to know besides the counts.

    :param version: the digest of the data, which names the release.
    :param issued: ``YYYY-MM-DD``, or None where no time was given: the clock is never read.
    :param equivalents: number of triples in the graph of other spellings.
    :param example: IRI of one figure of the release.
    """

    version: str
    issued: str | None
    figures: int
    equivalents: int
    example: NamedNode | None


def describe_release(facts: ReleaseFacts, data: Tally, iris: Iris) -> list[Node]:
    """The description, subject by subject, its statistics counting the description too.

    Stating the statistics changes them: the description is made again until it counts itself.
    """
    total = data
    while True:
        subjects = list(_subjects(facts, total, iris))
        counted = data.copy()
        counted.add(subjects, link_targets(iris))
        if _same(counted, total):
            return subjects
        total = counted


def _same(one: Tally, other: Tally) -> bool:
    return (
        one.triples == other.triples
        and one.properties == other.properties
        and one.class_properties == other.class_properties
        and one.distinct_objects == other.distinct_objects
    )


def _subjects(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Node]:
    yield _node(iris.dataset, _dataset(facts, iris))
    yield _node(iris.release(facts.version), _release(facts, iris))
    rdf = iris.part(facts.version, "rdf")
    yield _node(rdf, _rdf(facts, total, iris))
    yield from _partitions(facts, total, iris)
    yield from _linksets(facts, total, iris)
    yield _node(iris.part(facts.version, "equivalents"), _equivalents(facts, iris))
    for form in (*FORMATS, EQUIVALENTS):
        node = iris.part(facts.version, form.file)
        yield _node(node, _distribution(form.file, form.media_type, form.specification, iris))
    yield _node(iris.part(facts.version, "build"), _activity(facts, iris))
    yield _node(iris.part(facts.version, "pfocr-rdf"), _agent())
    yield _node(NamedNode(ns.WIKIPATHWAYS_HOME), _publisher())


def _node(subject: NamedNode, facts: Iterable[Fact]) -> Node:
    return Node(subject, list(facts))


def _common(title: str) -> Iterator[Fact]:
    """What HCLS asks of every level."""
    yield term(ns.DCTERMS, "title"), Literal(title)
    yield term(ns.DCTERMS, "description"), Literal(DESCRIPTION)
    yield term(ns.DCTERMS, "publisher"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.DCTERMS, "license"), LICENSE_OF_RECORDS


def _dataset(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The summary level, also what a search engine reads (Bioschemas Dataset 1.0)."""
    for namespace, name in ((ns.DCMITYPE, "Dataset"), (ns.DCAT, "Dataset"), (ns.SCHEMA, "Dataset")):
        yield RDF_TYPE, term(namespace, name)
    yield from _common(TITLE)
    yield term(ns.DCTERMS, "identifier"), Literal(iris.dataset.value)
    yield term(ns.DCTERMS, "conformsTo"), NamedNode(ns.BIOSCHEMAS_DATASET)
    yield term(ns.DCTERMS, "accessRights"), NamedNode(ns.PUBLIC_ACCESS)
    yield Schema.name, Literal(TITLE)
    yield Schema.alternate_name, Literal("PFOCR RDF")
    yield term(ns.SCHEMA, "description"), Literal(DESCRIPTION)
    yield Schema.identifier, Literal(iris.dataset.value)
    yield Schema.url, iris.dataset
    yield term(ns.SCHEMA, "license"), LICENSE_OF_RECORDS
    yield term(ns.SCHEMA, "creator"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield Schema.publisher, NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.SCHEMA, "isAccessibleForFree"), Literal("true", datatype=XSD_BOOLEAN)
    yield term(ns.SCHEMA, "isBasedOn"), NamedNode(ns.REPOSITORY)
    yield term(ns.SCHEMA, "version"), Literal(facts.version)
    for keyword in KEYWORDS:
        yield Schema.keywords, Literal(keyword)
        yield term(ns.DCAT, "keyword"), Literal(keyword)
    if facts.issued:
        yield Schema.date_published, Literal(facts.issued, datatype=XSD_DATE)
        yield term(ns.DCTERMS, "issued"), Literal(facts.issued, datatype=XSD_DATE)
    yield term(ns.PAV, "hasCurrentVersion"), iris.release(facts.version)
    yield term(ns.VOID, "sparqlEndpoint"), iris.endpoint
    for form in (*FORMATS, EQUIVALENTS):
        node = iris.part(facts.version, form.file)
        yield term(ns.SCHEMA, "distribution"), node
        yield term(ns.DCAT, "distribution"), node


def _release(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The version level."""
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield from _common(f"{TITLE}, release {facts.version}")
    yield term(ns.DCTERMS, "creator"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.PAV, "version"), Literal(facts.version)
    yield term(ns.DCTERMS, "isVersionOf"), iris.dataset
    yield WAS_DERIVED_FROM, NamedNode(ns.REPOSITORY)
    yield term(ns.PROV, "wasGeneratedBy"), iris.part(facts.version, "build")
    yield term(ns.PAV, "createdWith"), iris.part(facts.version, "pfocr-rdf")
    if facts.issued:
        yield term(ns.DCTERMS, "issued"), Literal(facts.issued, datatype=XSD_DATE)
    yield term(ns.DCTERMS, "hasPart"), iris.part(facts.version, "rdf")
    yield term(ns.DCTERMS, "hasPart"), iris.part(facts.version, "equivalents")


def _rdf(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Fact]:
    """The release as RDF: what stands in the default graph, with its statistics."""
    yield RDF_TYPE, term(ns.VOID, "Dataset")
    yield from _common(f"{TITLE}, release {facts.version}, as RDF")
    yield term(ns.DCTERMS, "creator"), NamedNode(ns.WIKIPATHWAYS_HOME)
    for form in FORMATS:
        yield term(ns.VOID, "dataDump"), iris.download(form.file)
        yield term(ns.VOID, "feature"), NamedNode(form.specification)
    for namespace in (ns.SCHEMA, ns.OA, ns.PFOCR, ns.DCTERMS, ns.PROV, ns.SKOS, ns.VOID):
        yield term(ns.VOID, "vocabulary"), NamedNode(namespace)
    yield term(ns.VOID, "uriSpace"), Literal(iris.base)
    if facts.example:
        yield term(ns.VOID, "exampleResource"), facts.example
    for name, count in (
        ("triples", total.triples),
        ("entities", total.typed),
        ("documents", facts.figures),
        ("classes", len(total.classes)),
        ("properties", len(total.properties)),
        ("distinctSubjects", total.subjects),
        ("distinctObjects", total.distinct_objects),
    ):
        yield term(ns.VOID, name), _integer(count)
    for name in sorted(total.classes):
        part = iris.part(facts.version, _partition_name(name, iris))
        yield term(ns.VOID, "classPartition"), part
    for name in sorted(total.properties):
        part = iris.part(facts.version, _partition_name(name, iris))
        yield term(ns.VOID, "propertyPartition"), part
    for link in sorted(total.links):
        yield term(ns.VOID, "subset"), iris.part(facts.version, _linkset_name(*link, iris))


def _partitions(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Node]:
    """Class partitions with the properties of their instances, and property partitions."""
    by_class: dict[str, dict[str, int]] = {}
    for (kind, predicate), count in total.class_properties.items():
        by_class.setdefault(kind, {})[predicate] = count
    for kind in sorted(total.classes):
        name = _partition_name(kind, iris)
        found: list[Fact] = [
            (term(ns.VOID, "class"), NamedNode(kind)),
            (term(ns.VOID, "entities"), _integer(total.classes[kind])),
        ]
        predicates = sorted(by_class.get(kind, ()))
        own = [iris.part(facts.version, f"{name}.{_partition_name(p, iris)}") for p in predicates]
        found.extend((term(ns.VOID, "propertyPartition"), node) for node in own)
        yield _node(iris.part(facts.version, name), found)
        for predicate, node in zip(predicates, own, strict=True):
            yield _node(node, _property(predicate, by_class[kind][predicate]))
    for predicate in sorted(total.properties):
        node = iris.part(facts.version, _partition_name(predicate, iris))
        yield _node(node, _property(predicate, total.properties[predicate]))


def _property(predicate: str, count: int) -> Iterator[Fact]:
    yield term(ns.VOID, "property"), NamedNode(predicate)
    yield term(ns.VOID, "triples"), _integer(count)


def _linksets(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Node]:
    for predicate, target in sorted(total.links):
        yield _node(
            iris.part(facts.version, _linkset_name(predicate, target, iris)),
            (
                (RDF_TYPE, term(ns.VOID, "Linkset")),
                (term(ns.VOID, "linkPredicate"), NamedNode(predicate)),
                (term(ns.VOID, "subjectsTarget"), iris.part(facts.version, "rdf")),
                (term(ns.VOID, "objectsTarget"), NamedNode(TARGET_TO_HOME[target])),
                (term(ns.VOID, "triples"), _integer(total.links[predicate, target])),
            ),
        )


def _equivalents(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The named graph, which no count of the default graph includes."""
    yield RDF_TYPE, term(ns.VOID, "Dataset")
    yield from _common(f"{TITLE}: other spellings of the IRIs in release {facts.version}")
    yield term(ns.VOID, "linkPredicate"), Schema.same_as
    yield term(ns.VOID, "triples"), _integer(facts.equivalents)
    yield term(ns.VOID, "dataDump"), iris.download(EQUIVALENTS.file)
    yield term(ns.FOAF, "primaryTopic"), iris.equivalents


def _distribution(file: str, media_type: str, specification: str, iris: Iris) -> Iterator[Fact]:
    yield RDF_TYPE, term(ns.DCAT, "Distribution")
    yield RDF_TYPE, term(ns.SCHEMA, "DataDownload")
    yield term(ns.DCTERMS, "title"), Literal(file)
    yield term(ns.DCTERMS, "license"), LICENSE_OF_RECORDS
    yield term(ns.DCTERMS, "format"), Literal(media_type)
    yield term(ns.DCTERMS, "conformsTo"), NamedNode(specification)
    yield term(ns.DCAT, "downloadURL"), iris.download(file)
    yield term(ns.DCAT, "mediaType"), Literal(media_type)
    yield term(ns.DCAT, "compressFormat"), Literal("application/gzip")
    yield Schema.content_url, iris.download(file)
    yield term(ns.SCHEMA, "encodingFormat"), Literal(media_type)


def _activity(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    yield RDF_TYPE, term(ns.PROV, "Activity")
    yield term(ns.PROV, "used"), NamedNode(ns.REPOSITORY)
    yield term(ns.PROV, "wasAssociatedWith"), iris.part(facts.version, "pfocr-rdf")
    yield term(ns.PROV, "generated"), iris.release(facts.version)


def _agent() -> Iterator[Fact]:
    yield RDF_TYPE, term(ns.PROV, "SoftwareAgent")
    yield RDF_TYPE, term(ns.SCHEMA, "SoftwareApplication")
    yield Schema.name, Literal("pfocr-rdf")
    yield term(ns.SCHEMA, "softwareVersion"), Literal(__version__)


def _publisher() -> Iterator[Fact]:
    yield RDF_TYPE, Schema.Organization
    yield Schema.name, Literal(PUBLISHER)
    yield Schema.url, NamedNode(ns.WIKIPATHWAYS_HOME)


def file_facts(facts: ReleaseFacts, files: Iterable[DumpFile], iris: Iris) -> list[Node]:
    """Sizes and hashes of the dump files, for ``void.ttl`` alone.

    They cannot stand in the data: a file cannot hold its own hash.
    """
    described = {form.file for form in (*FORMATS, EQUIVALENTS)}
    found: list[Node] = []
    for file in files:
        if file.name not in described:
            continue
        node = iris.part(facts.version, file.name)
        checksum = iris.part(facts.version, f"{file.name}.sha256")
        size = _integer(file.size)
        sizes: tuple[Fact, ...] = (
            (term(ns.DCAT, "byteSize"), size),
            (term(ns.SCHEMA, "contentSize"), Literal(str(file.size))),
            (term(ns.SPDX, "checksum"), checksum),
        )
        sha256 = term(ns.SPDX, "checksumAlgorithm_sha256")
        sums: tuple[Fact, ...] = (
            (RDF_TYPE, term(ns.SPDX, "Checksum")),
            (term(ns.SPDX, "algorithm"), sha256),
            (term(ns.SPDX, "checksumValue"), Literal(file.sha256)),
        )
        found.extend((_node(node, sizes), _node(checksum, sums)))
    return found


def _integer(value: int) -> Literal:
    return Literal(str(value), datatype=XSD_INTEGER)


def _partition_name(iri: str, iris: Iris) -> str:
    """A readable fragment: ``schema-Gene`` for ``http://schema.org/Gene``."""
    return iris.prefixed(iri).replace(":", "-")


def _linkset_name(predicate: str, target: str, iris: Iris) -> str:
    return f"links.{_partition_name(predicate, iris)}.{target}"
