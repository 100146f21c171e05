"""The description of the dataset: VoID, DCAT, PROV, schema.org and HCLS, in one graph.

Three levels, as in HCLS (https://www.w3.org/TR/hcls-dataset/): the dataset, its release (a version
of it), and the release as RDF, to which the statistics belong. The description is part of the data,
so the statistics count it too. Terms of VoID are used as VoID defines them:
``void:distinctObjects`` counts literals, which HCLS's query for it leaves out.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf import __version__
from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import EQUIVALENTS, FORMATS, MAPPINGS, DumpFormat, link_targets
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.listing import ListedFile
from pfocr_rdf.mapping import FIGURE_TYPES, Node, integer_literal
from pfocr_rdf.mappings import MappingCounts, linkset_nodes, linkset_parts
from pfocr_rdf.ontology import ontology_nodes
from pfocr_rdf.partitions import (
    ClassCounts,
    class_counts,
    class_nodes,
    link_nodes,
    property_nodes,
    statistics,
)
from pfocr_rdf.ranges import classes_of
from pfocr_rdf.tally import SLACK, Tally, merged_facts
from pfocr_rdf.vocabulary import (
    LICENSE_OF_RECORDS,
    RDF_TYPE,
    WAS_DERIVED_FROM,
    XSD_BOOLEAN,
    XSD_DATE,
    Schema,
)

TITLE: Final = "Pathway Figure OCR (PFOCR) as linked data"
DESCRIPTION: Final = (
    "Pathway figures of the biomedical literature, with the genes, chemicals and diseases that "
    "were read off the pictures: each figure, each reading with its evidence, and links to NCBI "
    "Gene, MeSH, ChEBI, the Disease Ontology, the NCBI taxonomy, PubMed Central, WikiPathways "
    "and NDEx."
)
DESCRIPTION_OF_EQUIVALENTS: Final = (
    "The IRIs by which other endpoints call the genes, chemicals, diseases, organisms and articles "
    "of the release, as schema:sameAs: what to join their data by."
)
DESCRIPTION_OF_MAPPINGS: Final = (
    "The links that mapping sets have for the genes, chemicals, diseases, organisms and articles "
    "of the release: each set in a graph of its own, with its justifications and its licence."
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
TECHNIQUES: Final = ("optical character recognition", "matching of words with lexicons")
VARIABLES: Final = ("mentions of genes", "mentions of chemicals", "mentions of diseases")
PUBLISHER: Final = "WikiPathways"
CATALOG: Final = "Pathway Figure OCR"
FILE_TO_DESCRIPTION: Final = {
    EQUIVALENTS.file: DESCRIPTION_OF_EQUIVALENTS,
    MAPPINGS.file: DESCRIPTION_OF_MAPPINGS,
}
#: Format → the name of its syntax in https://www.w3.org/ns/formats/ .
FORMAT_TO_SYNTAX: Final = {
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "nquads": "N-Quads",
    "jsonld": "JSON-LD",
}

Fact = tuple[NamedNode, NamedNode | Literal]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the description needs to know besides the counts.

    :param version: the digest of the data and of the date, which names the release.
    :param issued: ``YYYY-MM-DD``, or None if no time was given: the clock is never read.
    :param equivalents: number of triples in the graph of other spellings.
    :param example: IRI of one figure of the release.
    :param mappings: the mapping sets; None if the build was given none.
    """

    version: str
    issued: str | None
    figures: int
    equivalents: int
    example: NamedNode | None
    mappings: tuple[MappingCounts, ...] | None = None

    @property
    def formats(self) -> tuple[DumpFormat, ...]:
        """The dump files of the release."""
        return (*FORMATS, EQUIVALENTS, *(() if self.mappings is None else (MAPPINGS,)))


def describe_release(facts: ReleaseFacts, data: Tally, iris: Iris) -> list[Node]:
    """The description, subject by subject, with statistics that count the description too.

    Stating the statistics changes them, so the description is made again until it counts itself.
    There may be no right number of distinct objects: stating n adds an object, and stating n + 1
    adds none because the data have it already. Then the number is one off.
    """
    totals = [data]
    described = classes_of(ontology_nodes())
    if facts.example:
        described[facts.example.value] = tuple(kind.value for kind in FIGURE_TYPES)
    targets = link_targets(iris)
    levels, parts = merged_facts(_levels(facts, iris)), merged_facts(_parts(facts, iris))
    described |= classes_of([*levels, *parts])
    same = Tally()
    same.add([*levels, *parts], targets)

    @cache  # most classes are counted alike each time
    def partitioned(counts: ClassCounts) -> tuple[list[Node], Tally]:
        nodes, counted = list(class_nodes(facts.version, counts, iris)), Tally()
        counted.add(nodes, targets)
        return nodes, counted

    while True:
        total = totals[-1]
        classes = [partitioned(counts) for counts in class_counts(total)]
        stated = merged_facts(_stated(facts, total, iris))
        own = Tally(most=data.most + SLACK)  # else all hashes of the data are sorted each time
        own.add(stated, targets)
        own.merge(same)
        for _, counted in classes:
            own.merge(counted)
        own.drop_duplicates()
        own.merge(data)
        # The partitions by class and by property have no classes themselves.
        own.ranges.settle(described | classes_of(stated))
        if any(own.counts == total.counts for total in totals):
            partitions = chain.from_iterable(nodes for nodes, _ in classes)
            return [*levels, stated[0], *partitions, *stated[1:], *parts]
        totals.append(own)


def _levels(facts: ReleaseFacts, iris: Iris) -> Iterator[Node]:
    """The dataset and its release."""
    yield _node(iris.dataset, _dataset(facts, iris))
    yield _node(iris.release(facts.version), _release(facts, iris))


def _stated(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Node]:
    """What states counts, but for the partitions by class: first of all the release as RDF."""
    yield _node(iris.part(facts.version, "rdf"), _rdf(facts, total, iris))
    yield from property_nodes(facts.version, total, iris)
    yield from link_nodes(facts.version, total, iris)


def _parts(facts: ReleaseFacts, iris: Iris) -> Iterator[Node]:
    """What else the release has, and what it is made by, whatever the counts."""
    yield _node(iris.part(facts.version, "equivalents"), _equivalents(facts, iris))
    yield from linkset_nodes(facts.version, facts.mappings or (), iris)
    for form in facts.formats:
        yield _node(iris.part(facts.version, form.file), _distribution(form, facts, iris))
    yield _node(iris.part(facts.version, "build"), _activity(facts, iris))
    yield _node(iris.part(facts.version, "pfocr-rdf"), _agent())
    yield _node(NamedNode(ns.WIKIPATHWAYS_HOME), _publisher())
    yield _node(iris.home, _catalog(iris))


def _node(subject: NamedNode, facts: Iterable[Fact]) -> Node:
    return Node(subject, list(facts))


def _common(title: str, iris: Iris, description: str = DESCRIPTION) -> Iterator[Fact]:
    """What HCLS requires of every level, except the licence."""
    yield term(ns.DCTERMS, "title"), Literal(title)
    yield term(ns.DCTERMS, "description"), Literal(description)
    yield term(ns.DCTERMS, "publisher"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.FOAF, "page"), iris.home


def _edition(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """What HCLS requires of a version and of its distributions, and forbids of the dataset.

    ``pav:previousVersion`` is left out: with it, the same records would give other bytes on a
    machine that has built before.
    """
    yield term(ns.DCTERMS, "language"), NamedNode(ns.ENGLISH)
    yield term(ns.PAV, "version"), Literal(facts.version)
    yield term(ns.DCAT, "version"), Literal(facts.version)
    yield term(ns.PAV, "createdWith"), iris.part(facts.version, "pfocr-rdf")
    if facts.issued:
        yield term(ns.DCTERMS, "issued"), Literal(facts.issued, datatype=XSD_DATE)


def _ours() -> Iterator[Fact]:
    """Creator, licence and source of all that is made from the records."""
    yield term(ns.DCTERMS, "creator"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.DCTERMS, "license"), LICENSE_OF_RECORDS
    yield WAS_DERIVED_FROM, NamedNode(ns.REPOSITORY)


def _theirs(facts: ReleaseFacts) -> Iterator[Fact]:
    """Creators, licences and sources of links; HCLS requires a creator, but some sets name none."""
    for one in (each for each in facts.mappings or () if each.linked):
        for creator in one.creators:
            yield term(ns.DCTERMS, "creator"), creator
        yield term(ns.DCTERMS, "license"), one.license
        yield WAS_DERIVED_FROM, NamedNode(one.mapping_set)


def _dataset(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The summary level, which search engines read too (Bioschemas Dataset 1.0).

    What HCLS forbids here is said of the version, in DCAT's terms. The exception is
    ``dcterms:conformsTo``, without which no reader of Bioschemas recognises the profile.
    """
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.SCHEMA, "Dataset")
    yield from _common(TITLE, iris)
    yield term(ns.DCTERMS, "license"), LICENSE_OF_RECORDS
    yield term(ns.DCTERMS, "identifier"), Literal(iris.dataset.value)
    yield term(ns.DCTERMS, "conformsTo"), NamedNode(ns.BIOSCHEMAS_DATASET)
    yield term(ns.DCTERMS, "accessRights"), NamedNode(ns.PUBLIC_ACCESS)
    yield term(ns.DCTERMS, "accrualPeriodicity"), NamedNode(ns.IRREGULAR)
    yield term(ns.PAV, "hasCurrentVersion"), iris.release(facts.version)
    yield term(ns.VOID, "sparqlEndpoint"), iris.endpoint
    yield Schema.name, Literal(TITLE)
    yield Schema.alternate_name, Literal("PFOCR RDF")
    yield term(ns.SCHEMA, "description"), Literal(DESCRIPTION)
    yield Schema.identifier, Literal(iris.dataset.value)
    yield Schema.url, iris.dataset
    yield term(ns.SCHEMA, "license"), LICENSE_OF_RECORDS
    yield term(ns.SCHEMA, "creator"), NamedNode(ns.WIKIPATHWAYS_HOME)
    yield Schema.publisher, NamedNode(ns.WIKIPATHWAYS_HOME)
    yield term(ns.SCHEMA, "citation"), NamedNode(ns.PAPER)
    yield term(ns.SCHEMA, "isAccessibleForFree"), Literal("true", datatype=XSD_BOOLEAN)
    yield term(ns.SCHEMA, "isBasedOn"), NamedNode(ns.REPOSITORY)
    yield term(ns.SCHEMA, "includedInDataCatalog"), iris.home
    yield term(ns.SCHEMA, "version"), Literal(facts.version)
    for technique in TECHNIQUES:
        yield term(ns.SCHEMA, "measurementTechnique"), Literal(technique)
    for variable in VARIABLES:
        yield term(ns.SCHEMA, "variableMeasured"), Literal(variable)
    for keyword in KEYWORDS:
        yield Schema.keywords, Literal(keyword)
    if facts.issued:
        yield Schema.date_published, Literal(facts.issued, datatype=XSD_DATE)
    for form in facts.formats:
        yield term(ns.SCHEMA, "distribution"), iris.part(facts.version, form.file)


def _release(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The version level: the only ``dcat:Dataset``, as some readers take the first they meet."""
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.DCAT, "Dataset")
    yield from _common(f"{TITLE}, release {facts.version}", iris)
    yield from _edition(facts, iris)
    yield from _ours()
    yield term(ns.DCTERMS, "identifier"), Literal(iris.release(facts.version).value)
    yield term(ns.DCTERMS, "accessRights"), NamedNode(ns.PUBLIC_ACCESS)
    yield term(ns.DCTERMS, "isVersionOf"), iris.dataset
    yield term(ns.DCAT, "landingPage"), iris.dataset
    yield term(ns.PROV, "wasGeneratedBy"), iris.part(facts.version, "build")
    yield term(ns.DCTERMS, "hasPart"), iris.part(facts.version, "rdf")
    yield term(ns.DCTERMS, "hasPart"), iris.part(facts.version, "equivalents")
    for part in linkset_parts(facts.version, facts.mappings or (), iris):
        yield term(ns.DCTERMS, "hasPart"), part
    for keyword in KEYWORDS:
        yield term(ns.DCAT, "keyword"), Literal(keyword)
    for form in facts.formats:
        yield term(ns.DCAT, "distribution"), iris.part(facts.version, form.file)


def _rdf(facts: ReleaseFacts, total: Tally, iris: Iris) -> Iterator[Fact]:
    """The release as RDF: the default graph, with its statistics."""
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.VOID, "Dataset")
    yield from _common(f"{TITLE}, release {facts.version}, as RDF", iris)
    yield from _edition(facts, iris)
    yield from _ours()
    for form in FORMATS:
        yield term(ns.DCTERMS, "format"), Literal(form.media_type)
        yield term(ns.VOID, "dataDump"), iris.download(form.file)
        yield term(ns.VOID, "feature"), term(ns.FORMATS, FORMAT_TO_SYNTAX[form.name])
    used = sorted((*total.properties, *total.classes))
    for namespace in sorted(iris.prefixes().values()):
        if any(name.startswith(namespace) for name in used[bisect_left(used, namespace) :][:1]):
            yield term(ns.VOID, "vocabulary"), NamedNode(namespace)
    yield term(ns.VOID, "uriSpace"), Literal(iris.base)
    if facts.example:
        yield term(ns.VOID, "exampleResource"), facts.example
    yield from statistics(facts.version, facts.figures, total, iris)


def _equivalents(facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """The named graph of other spellings, which no count of the default graph includes."""
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.VOID, "Dataset")
    title = f"{TITLE}: other spellings of the IRIs in release {facts.version}"
    yield from _common(title, iris, DESCRIPTION_OF_EQUIVALENTS)
    yield from _edition(facts, iris)
    yield from _ours()
    yield term(ns.DCTERMS, "format"), Literal(EQUIVALENTS.media_type)
    yield term(ns.VOID, "linkPredicate"), Schema.same_as
    yield term(ns.VOID, "triples"), integer_literal(facts.equivalents)
    yield term(ns.VOID, "dataDump"), iris.download(EQUIVALENTS.file)
    yield term(ns.FOAF, "primaryTopic"), iris.equivalents


def _distribution(form: DumpFormat, facts: ReleaseFacts, iris: Iris) -> Iterator[Fact]:
    """A file to download, described for DCAT, for HCLS and for search engines."""
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.DCAT, "Distribution")
    yield RDF_TYPE, term(ns.SCHEMA, "DataDownload")
    yield from _common(form.file, iris, FILE_TO_DESCRIPTION.get(form.file, DESCRIPTION))
    yield from _edition(facts, iris)
    stated = list(dict.fromkeys(_theirs(facts)) if form is MAPPINGS else _ours())
    yield from stated
    # Search engines would take the licence of the dataset for that of all its files.
    licenses = [value for predicate, value in stated if predicate == term(ns.DCTERMS, "license")]
    yield from ((term(ns.SCHEMA, "license"), value) for value in licenses)
    yield term(ns.DCTERMS, "format"), Literal(form.media_type)
    yield term(ns.DCTERMS, "conformsTo"), NamedNode(form.specification)
    # DCAT-AP requires accessURL of every distribution, and allows the address of the file in it.
    yield term(ns.DCAT, "accessURL"), iris.download(form.file)
    yield term(ns.DCAT, "downloadURL"), iris.download(form.file)
    if not form.media_type.startswith("application/x-"):  # not registered with IANA
        yield term(ns.DCAT, "mediaType"), NamedNode(ns.MEDIA_TYPES + form.media_type)
    yield term(ns.DCAT, "compressFormat"), NamedNode(ns.MEDIA_TYPES + "application/gzip")
    yield Schema.name, Literal(form.file)
    yield Schema.content_url, iris.download(form.file)
    yield term(ns.SCHEMA, "encodingFormat"), Literal(form.media_type)


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


def _catalog(iris: Iris) -> Iterator[Fact]:
    yield RDF_TYPE, term(ns.SCHEMA, "DataCatalog")
    yield Schema.name, Literal(CATALOG)
    yield Schema.url, iris.home


def file_facts(facts: ReleaseFacts, files: Iterable[ListedFile], iris: Iris) -> list[Node]:
    """Sizes and hashes of the dump files, for ``void.ttl`` alone.

    They cannot be in the data: a file cannot contain its own hash.
    """
    described = {form.file for form in facts.formats}
    found: list[Node] = []
    for file in files:
        if file.name not in described:
            continue
        node = iris.part(facts.version, file.name)
        checksum = iris.part(facts.version, f"{file.name}.sha256")
        # https://www.w3.org/TR/vocab-dcat-3/#Property:distribution_size and …:checksum_value
        size = Literal(str(file.size), datatype=term(ns.XSD, "nonNegativeInteger"))
        sha256 = Literal(file.sha256, datatype=term(ns.XSD, "hexBinary"))
        sizes: tuple[Fact, ...] = (
            (term(ns.DCAT, "byteSize"), size),
            (term(ns.SCHEMA, "contentSize"), Literal(str(file.size))),
            (term(ns.SPDX, "checksum"), checksum),
        )
        sums: tuple[Fact, ...] = (
            (RDF_TYPE, term(ns.SPDX, "Checksum")),
            (term(ns.SPDX, "algorithm"), term(ns.SPDX, "checksumAlgorithm_sha256")),
            (term(ns.SPDX, "checksumValue"), sha256),
        )
        found.extend((_node(node, sizes), _node(checksum, sums)))
    return found
