"""The terms that the data use, as nodes; their IRIs come from :mod:`pfocr_rdf.iris`.

Our own are documented in ``ontology/pfocr.ttl``; a test checks that the two agree.
"""

from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf import iris
from pfocr_rdf.iris import term
from pfocr_rdf.records import Kind
from pfocr_rdf.records.mention_rows import LEXICON_TO_TIER

RDF_TYPE: Final = term(iris.RDF, "type")
XSD_STRING: Final = term(iris.XSD, "string")
XSD_INTEGER: Final = term(iris.XSD, "integer")
XSD_DECIMAL: Final = term(iris.XSD, "decimal")
XSD_GYEAR: Final = term(iris.XSD, "gYear")
XSD_DATE: Final = term(iris.XSD, "date")
XSD_BOOLEAN: Final = term(iris.XSD, "boolean")


class Schema:
    """https://schema.org/ ."""

    about: Final = term(iris.SCHEMA, "about")
    alternate_name: Final = term(iris.SCHEMA, "alternateName")
    caption: Final = term(iris.SCHEMA, "caption")
    content_url: Final = term(iris.SCHEMA, "contentUrl")
    date_published: Final = term(iris.SCHEMA, "datePublished")
    identifier: Final = term(iris.SCHEMA, "identifier")
    image: Final = term(iris.SCHEMA, "image")
    is_part_of: Final = term(iris.SCHEMA, "isPartOf")
    keywords: Final = term(iris.SCHEMA, "keywords")
    main_entity_of_page: Final = term(iris.SCHEMA, "mainEntityOfPage")
    mentions: Final = term(iris.SCHEMA, "mentions")
    name: Final = term(iris.SCHEMA, "name")
    position: Final = term(iris.SCHEMA, "position")
    publisher: Final = term(iris.SCHEMA, "publisher")
    same_as: Final = term(iris.SCHEMA, "sameAs")
    sd_license: Final = term(iris.SCHEMA, "sdLicense")
    subject_of: Final = term(iris.SCHEMA, "subjectOf")
    taxonomic_range: Final = term(iris.SCHEMA, "taxonomicRange")
    text: Final = term(iris.SCHEMA, "text")
    url: Final = term(iris.SCHEMA, "url")

    ChemicalSubstance: Final = term(iris.SCHEMA, "ChemicalSubstance")
    Gene: Final = term(iris.SCHEMA, "Gene")
    ImageObject: Final = term(iris.SCHEMA, "ImageObject")
    MedicalCondition: Final = term(iris.SCHEMA, "MedicalCondition")
    Organization: Final = term(iris.SCHEMA, "Organization")
    Periodical: Final = term(iris.SCHEMA, "Periodical")
    ScholarlyArticle: Final = term(iris.SCHEMA, "ScholarlyArticle")
    Taxon: Final = term(iris.SCHEMA, "Taxon")


class Oa:
    """Web Annotation: https://www.w3.org/TR/annotation-vocab/ ."""

    Annotation: Final = term(iris.OA, "Annotation")
    has_body: Final = term(iris.OA, "hasBody")
    has_target: Final = term(iris.OA, "hasTarget")


class Sd:
    """SPARQL 1.1 Service Description: https://www.w3.org/TR/sparql11-service-description/ ."""

    default_dataset: Final = term(iris.SD, "defaultDataset")
    default_graph: Final = term(iris.SD, "defaultGraph")
    endpoint: Final = term(iris.SD, "endpoint")
    feature: Final = term(iris.SD, "feature")
    graph: Final = term(iris.SD, "graph")
    name: Final = term(iris.SD, "name")
    named_graph: Final = term(iris.SD, "namedGraph")
    result_format: Final = term(iris.SD, "resultFormat")
    supported_language: Final = term(iris.SD, "supportedLanguage")

    BasicFederatedQuery: Final = term(iris.SD, "BasicFederatedQuery")
    Dataset: Final = term(iris.SD, "Dataset")
    Graph: Final = term(iris.SD, "Graph")
    NamedGraph: Final = term(iris.SD, "NamedGraph")
    Service: Final = term(iris.SD, "Service")
    SPARQL11Query: Final = term(iris.SD, "SPARQL11Query")


class Sh:
    """SHACL: https://www.w3.org/TR/shacl/ and https://www.w3.org/TR/shacl-af/ ."""

    construct: Final = term(iris.SH, "construct")
    datatype: Final = term(iris.SH, "datatype")
    declare: Final = term(iris.SH, "declare")
    default_value: Final = term(iris.SH, "defaultValue")
    description: Final = term(iris.SH, "description")
    name: Final = term(iris.SH, "name")
    namespace: Final = term(iris.SH, "namespace")
    optional: Final = term(iris.SH, "optional")
    parameter: Final = term(iris.SH, "parameter")
    path: Final = term(iris.SH, "path")
    prefix: Final = term(iris.SH, "prefix")
    prefixes: Final = term(iris.SH, "prefixes")
    select: Final = term(iris.SH, "select")

    Parameter: Final = term(iris.SH, "Parameter")
    SPARQLConstructExecutable: Final = term(iris.SH, "SPARQLConstructExecutable")
    SPARQLExecutable: Final = term(iris.SH, "SPARQLExecutable")
    SPARQLSelectExecutable: Final = term(iris.SH, "SPARQLSelectExecutable")


class Owl:
    """Annotated axioms: https://www.w3.org/TR/owl2-mapping-to-rdf/ ."""

    Axiom: Final = term(iris.OWL, "Axiom")
    annotated_property: Final = term(iris.OWL, "annotatedProperty")
    annotated_source: Final = term(iris.OWL, "annotatedSource")
    annotated_target: Final = term(iris.OWL, "annotatedTarget")


class Sssom:
    """SSSOM/RDF: https://mapping-commons.github.io/sssom/spec-formats-rdf/ ."""

    mapping_justification: Final = term(iris.SSSOM, "mapping_justification")
    mappings: Final = term(iris.SSSOM, "mappings")

    MappingSet: Final = term(iris.SSSOM, "MappingSet")
    NoTermFound: Final = term(iris.SSSOM, "NoTermFound")


class Pfocr:
    """Our own terms."""

    candidate_count: Final = term(iris.PFOCR, "candidateCount")
    caption_as_found: Final = term(iris.PFOCR, "captionAsFound")
    count_direct: Final = term(iris.PFOCR, "countDirect")
    count_match: Final = term(iris.PFOCR, "countMatch")
    count_synonym: Final = term(iris.PFOCR, "countSynonym")
    figure_type: Final = term(iris.PFOCR, "figureType")
    lexicon: Final = term(iris.PFOCR, "lexicon")
    match: Final = term(iris.PFOCR, "match")
    organism: Final = term(iris.PFOCR, "organism")
    organism_group: Final = term(iris.PFOCR, "organismGroup")
    organism_name: Final = term(iris.PFOCR, "organismName")
    organism_support: Final = term(iris.PFOCR, "organismSupport")
    pathway_score: Final = term(iris.PFOCR, "pathwayScore")
    predicted_organism: Final = term(iris.PFOCR, "predictedOrganism")
    predicted_organism_name: Final = term(iris.PFOCR, "predictedOrganismName")
    printed_number: Final = term(iris.PFOCR, "printedNumber")
    row_count: Final = term(iris.PFOCR, "rowCount")
    search_rank: Final = term(iris.PFOCR, "searchRank")
    source_sha256: Final = term(iris.PFOCR, "sourceSha256")
    source_table: Final = term(iris.PFOCR, "sourceTable")
    tier: Final = term(iris.PFOCR, "tier")
    unrecognized_value: Final = term(iris.PFOCR, "unrecognizedValue")

    ChemicalMention: Final = term(iris.PFOCR, "ChemicalMention")
    DiseaseMention: Final = term(iris.PFOCR, "DiseaseMention")
    GeneMention: Final = term(iris.PFOCR, "GeneMention")
    OrganismSupport: Final = term(iris.PFOCR, "OrganismSupport")
    PathwayFigure: Final = term(iris.PFOCR, "PathwayFigure")


BIBLIOGRAPHIC_CITATION: Final = term(iris.DCTERMS, "bibliographicCitation")
IS_REPLACED_BY: Final = term(iris.DCTERMS, "isReplacedBy")
CLOSE_MATCH: Final = term(iris.SKOS, "closeMatch")
WAS_DERIVED_FROM: Final = term(iris.PROV, "wasDerivedFrom")
LICENSE_OF_RECORDS: Final = NamedNode(iris.CC0)
#: The licence of links whose mapping set names none, or none that is an IRI.
NO_LICENSE: Final = term(iris.SSSOM, "license/unspecified")

KIND_TO_MENTION: Final[dict[Kind, NamedNode]] = {
    "gene": Pfocr.GeneMention,
    "chemical": Pfocr.ChemicalMention,
    "disease": Pfocr.DiseaseMention,
}
KIND_TO_ENTITY: Final[dict[Kind, NamedNode]] = {
    "gene": Schema.Gene,
    "chemical": Schema.ChemicalSubstance,
    "disease": Schema.MedicalCondition,
}
#: The spelling of a lexicon in the records → our term for it.
LEXICON_TO_TERM: Final[dict[str, NamedNode]] = {
    name: term(iris.PFOCR, name.lower()) for name in LEXICON_TO_TIER
}
#: From the strongest evidence to the weakest.
TIER_TO_TERM: Final[dict[str, NamedNode]] = {
    tier: term(iris.PFOCR, tier) for tier in LEXICON_TO_TIER.values() if tier
}
