"""What is published conforms to ``ontology/shapes.ttl``, and each shape refuses what is broken."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pyshacl
import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, serialize
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.plugins.sparql import processor
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import Node

from making import (
    CHEMICAL_COLUMNS,
    CORPUS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    SEEDS,
    read_all,
    record,
    shared_triples,
    table,
    triples_of,
    write,
)
from pfocr_rdf import iris as ns
from pfocr_rdf import vocabulary
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import load_taxa
from pfocr_rdf.records.mention_rows import LEXICON_TO_TIER
from pfocr_rdf.resources import resource
from pfocr_rdf.shared import Shared

SHAPES: Final = Graph().parse(resource("ontology", "shapes.ttl"))
NODE: Final = SH.NodeShape
TARGETS: Final = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)
SHAPE: Final = ns.PFOCR.removesuffix("#") + "/shapes#"
PREFIXES: Final = "".join(f"PREFIX {k}: <{v}>\n" for k, v in Iris().prefixes().items())

FIGURE: Final = "figure:PMC1__f1"
#: Two records of one article that together have everything that a record can say.
FILES: Final = {
    "_figures/PMC1__f1.md": record(
        figid="PMC1__f1",
        caption="A  pathway, drawn.",
        number="Fig. 5",
        organisms=["Homo sapiens", "plasmids"],
        organisms_ner=["Homo sapiens", "Nova species"],
        automl_pathway="0.95",
        pmc_ranked_result_index="12",
        ndex="9e03c8fa-a3b1-11ea-9a5c-0660b7976219",
        wpid="WP554_r120933",
        doi="10.1000/j.path.1",
        journal_title="The Journal of Path",
        journal_nlm_ta="J Path",
        publisher_name="Path Press",
        keywords="signalling | cells",
        **{"schema-jsonld": {"keywords": ["TP53"]}},
    ),
    "_figures/PMC1__f2.md": record(
        figid="PMC1__f2",
        filename="f2.jpg",
        number="F2",
        papertitle="On another pathway.",
        doi="not a DOI",
        ndex="not a network",
        year="2020",
        reftext="Ada Byron, et al. J Path. 2020.",
        diseases=[{"word": "cancer", "source": "MESH", "identifier": "D009369"}],
        genes=[
            {"word": "Etk", "symbol": "ETK", "source": "hgnc_alias_symbol"}
            | {"hgnc_symbol": "BMX", "entrez": "660"},
            {"word": "", "symbol": "", "source": "no lexicon", "hgnc_symbol": "", "entrez": "x"},
            {"word": "", "symbol": "", "source": "", "hgnc_symbol": "", "entrez": "661"},
        ],
    ),
    "_data/PMC1__f1-genes.tsv": table(
        GENE_COLUMNS,
        "9606|Homo sapiens|Primates|p53|P53|TP53|7157|ncbigene_synonym|1|2|2",
        "9606|Homo sapiens|Primates|p53|P53|TP53BP1|7158|ncbigene_synonym|1|2|2",
        "9606|Homo sapiens|Primates|AKT1|AKT1|AKT1|207|ncbigene_symbol|1|2|2",
        "9606|Homo sapiens|Primates|p53|P53|TP53|7157|ncbigene_synonym|1|2|2",
        "NA|Nova species|Novae|RAS|RAS|ras|9999|famplex_relations|1|NA|1",
    ),
    "_data/PMC1__f1-chemicals.tsv": table(
        CHEMICAL_COLUMNS,
        "ATP|mesh:D000255|ATP|Adenosine Triphosphate|chebi:15422",
        "O|NA|NA|NA|NA",
        "Ca|NA|Ca|calcium|chebi:22984",
        "salt|mesh:D009369|salt|salt|NA",
    ),
    "_data/PMC1__f1-diseases.tsv": table(
        DISEASE_COLUMNS,
        "Melanoma|mesh:D008545|Melanoma|melanoma|DOID:1909",
        "Cancer|NA|Cancer|cancer|DOID:162",
    ),
    "_organisms/homo_sapiens.md": "---\nlatin: Homo sapiens\ncommon: human\nncbi: '9606'\n"
    "group: Primates\nimage: https://example.org/human.png\n---\n",
}


def as_graph(triples: Iterable[Triple]) -> Graph:
    """The same triples in rdflib's store."""
    return Graph().parse(data=serialize(triples, format=RdfFormat.N_TRIPLES), format="nt")


def graph_of(folder: Path, iris: Iris = Iris()) -> Graph:
    """All that a release would say of a folder."""
    figures, _ = read_all(folder)
    pages = Shared()
    organisms = folder / "_organisms"
    pages.gather_pages(load_taxa((str(organisms),) if organisms.is_dir() else ()))
    return as_graph([*triples_of(figures.values(), iris), *shared_triples(pages, iris)])


@pytest.fixture(autouse=True, scope="module")
def _read_each_rule_once() -> Iterator[None]:
    """Reading a rule takes rdflib ten times as long as asking it, and it is asked of 100 graphs."""
    known: dict[object, Query] = {}

    def translated(text: str, base: str | None, prefixes: Mapping[str, str] | None) -> Query:
        key = text, base, tuple((prefixes or {}).items())
        if key not in known:
            known[key] = translateQuery(parseQuery(text), base, prefixes)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor, "parseQuery", lambda text: text)
        patch.setattr(processor, "translateQuery", translated)
        yield


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("records"), FILES)


@pytest.fixture(name="whole", scope="module")
def _whole(folder: Path) -> Graph:
    """A graph in which every class and property of the data stands."""
    return graph_of(folder)


@cache
def part_to_shapes() -> dict[Node, list[Node]]:
    """Each node shape and property shape of the file, and the node shapes that it is part of."""
    found: dict[Node, list[Node]] = {shape: [shape] for shape in SHAPES.subjects(RDF.type, NODE)}
    for shape, part in SHAPES.subject_objects(SH.property):
        found.setdefault(part, []).append(shape)
    return found


@cache
def aimed(name: str) -> Graph:
    """All the shapes, of which one alone is about anything by itself."""
    others = [(kind, shape) for kind in TARGETS for shape in SHAPES.subjects(kind)]
    found = copy_of(SHAPES)
    for kind, shape in others:
        if shape != URIRef(SHAPE + name):
            found.remove((shape, kind, None))
    assert len(found) < len(SHAPES)
    return found


def findings(graph: Graph, shapes: Graph = SHAPES) -> tuple[set[str], set[tuple[Node, Node]]]:
    """What is refused in a graph.

    :returns: ``shape path constraint`` of each finding, and each subject with the property.
    """
    _, results, _ = pyshacl.validate(graph, shacl_graph=shapes, inplace=True)
    named, places = set(), set()
    for result in results.subjects(RDF.type, SH.ValidationResult):
        focus, path = results.value(result, SH.focusNode), results.value(result, SH.resultPath)
        constraint = results.value(result, SH.sourceConstraint)
        constraint = constraint or results.value(result, SH.sourceConstraintComponent)
        what = re.sub(r".*#|ConstraintComponent", "", str(constraint))
        where = "^" if isinstance(path, BNode) else Iris().prefixed(str(path)) if path else "-"
        holders = part_to_shapes()[results.value(result, SH.sourceShape)]
        named |= {
            f"{str(shape).removeprefix(SHAPE)} {where} {what}"
            for shape in holders
            if len(holders) == 1 or targets(shape, focus, graph)
        }
        places.add((focus, path))
    return named, places


def targets(shape: Node, focus: Node, graph: Graph) -> bool:
    """Whether a shape is one of the focus node's classes."""
    classes = SHAPES.objects(shape, SH.targetClass)
    return any((focus, RDF.type, kind) in graph for kind in classes)


def copy_of(graph: Graph) -> Graph:
    copied = Graph()
    copied += graph
    return copied


def drop(pattern: str) -> str:
    """An update that takes the last triple of a pattern away."""
    *_, last = pattern.split(" . ")
    return f"DELETE {{ {last} }} WHERE {{ {pattern} }}"


def put(triple: str, where: str = "") -> str:
    """An update that adds a triple."""
    return f"INSERT {{ {triple} }} WHERE {{ {where} }}"


def swap(pattern: str, value: str) -> str:
    """An update that gives the last triple of a pattern another object."""
    *_, last = pattern.split(" . ")
    subject, predicate, _ = last.split(" ")
    added = f"{subject} {predicate} {value}"
    return f"DELETE {{ {last} }} INSERT {{ {added} }} WHERE {{ {pattern} }}"


GENE_MENTION: Final = "?m a pfocr:GeneMention ; oa:hasBody gene:7157"
#: What is found, as ``shape path constraint`` → the update that breaks one thing.
FINDING_TO_BREAKAGE: Final = {
    "Figure - Pattern": put("<https://example.org/f1> a pfocr:PathwayFigure"),
    "Figure rdf:type HasValue": drop(f"{FIGURE} a schema:ImageObject"),
    "Figure schema:identifier MinCount": drop(f"{FIGURE} schema:identifier ?o"),
    "Figure schema:name MaxCount": put(f'{FIGURE} schema:name "Another"'),
    "Figure schema:caption MaxCount": put(f'{FIGURE} schema:caption "Another"'),
    "Figure pfocr:captionAsFound MaxCount": put(f'{FIGURE} pfocr:captionAsFound "Another"'),
    "Figure schema:position MaxCount": put(f'{FIGURE} schema:position "F9"'),
    "Figure pfocr:printedNumber MaxCount": put(f'{FIGURE} pfocr:printedNumber "Fig. 9"'),
    "Figure pfocr:figureType MaxCount": put(f'{FIGURE} pfocr:figureType "Scheme"'),
    "Figure pfocr:pathwayScore Datatype": swap(f"{FIGURE} pfocr:pathwayScore ?o", "9.5e-1"),
    "Figure pfocr:searchRank MinInclusive": swap(f"{FIGURE} pfocr:searchRank ?o", "-1"),
    "Figure schema:isPartOf MinCount": drop(f"{FIGURE} schema:isPartOf pmc:PMC1"),
    "Figure schema:isPartOf QualifiedMinCount": drop("pmc:PMC1 a schema:ScholarlyArticle"),
    "Figure schema:url NodeKind": swap(f"{FIGURE} schema:url ?o", '"figure/F1/"'),
    "Figure schema:contentUrl MinCount": drop(f"{FIGURE} schema:contentUrl ?o"),
    "Figure schema:mainEntityOfPage Pattern": swap(f"{FIGURE} schema:mainEntityOfPage ?o", FIGURE),
    "Figure schema:sdLicense HasValue": swap(f"{FIGURE} schema:sdLicense ?o", "pmc:PMC1"),
    "Figure schema:subjectOf Pattern": put(f"{FIGURE} schema:subjectOf <https://example.org/>"),
    "Figure schema:about Class": put(f"{FIGURE} schema:about taxon:10090"),
    "Figure pfocr:predictedOrganism Class": put(f"{FIGURE} pfocr:predictedOrganism taxon:10090"),
    "Figure pfocr:organismSupport Class": put(f"{FIGURE} pfocr:organismSupport taxon:9606"),
    "Figure schema:mentions Or": drop("gene:7157 a schema:Gene"),
    "Figure prov:wasDerivedFrom MinCount": drop(f"{FIGURE} prov:wasDerivedFrom ?o"),
    "Figure pfocr:sourceSha256 Pattern": swap(f"{FIGURE} pfocr:sourceSha256 ?o", '"abc"'),
    "Figure pfocr:sourceTable Pattern": put(f"{FIGURE} pfocr:sourceTable <https://x.org/a.tsv>"),
    "Figure pfocr:tier Closed": put(f'{FIGURE} pfocr:tier "symbol"'),
    "Alias - Pattern": put(f"<https://example.org/F1> dcterms:isReplacedBy {FIGURE}"),
    "Alias dcterms:isReplacedBy Class": put("figure:PMC1__F5 dcterms:isReplacedBy pmc:PMC1"),
    "Alias schema:name Closed": put('figure:PMC1__F5 schema:name "F5"'),
    "OrganismSupport - Pattern": put("taxon:9606 a pfocr:OrganismSupport"),
    "OrganismSupport ^ MinCount": drop(f"{FIGURE} pfocr:organismSupport ?o"),
    "OrganismSupport pfocr:organism MinCount": drop("?s pfocr:organism ?o"),
    "OrganismSupport pfocr:countDirect Datatype": put(
        "?s pfocr:countDirect 1.5", "?s a pfocr:OrganismSupport"
    ),
    "OrganismSupport pfocr:countSynonym MinInclusive": swap("?s pfocr:countSynonym ?o", "-2"),
    "OrganismSupport pfocr:countMatch Datatype": swap("?s pfocr:countMatch ?o", '"1"'),
    "Mentions - candidates-are-counted": swap(f"{GENE_MENTION} . ?m pfocr:candidateCount ?o", "9"),
    "Mentions - candidates-are-mentioned": drop(f"{FIGURE} schema:mentions gene:7157"),
    "Mentions - mention-is-under-its-figure": swap(
        f"{GENE_MENTION} . ?m oa:hasTarget ?o", "figure:PMC1__f2"
    ),
    "Mentions - mention-has-a-kind": put(
        f"figure:PMC1__f9 a oa:Annotation ; oa:hasTarget {FIGURE}"
    ),
    "Figures - mentioned-is-a-candidate": put(f"{FIGURE} schema:mentions gene:660"),
    "Supports - support-is-of-its-organism": swap("?s pfocr:organism ?o", "taxon:10090"),
    "Candidates - thing-is-a-candidate": put("gene:662 a schema:Gene"),
    "GeneMention - Pattern": put(f"{FIGURE} a pfocr:GeneMention"),
    "GeneMention rdf:type HasValue": drop(f"{GENE_MENTION} . ?m a oa:Annotation"),
    "GeneMention oa:hasTarget MinCount": drop(f"{GENE_MENTION} . ?m oa:hasTarget ?o"),
    "GeneMention oa:hasTarget Class": swap(f"{GENE_MENTION} . ?m oa:hasTarget ?o", "pmc:PMC1"),
    "GeneMention oa:hasBody Class": put("?m oa:hasBody mesh:D000255", GENE_MENTION),
    "GeneMention schema:text MinCount": drop(f"{GENE_MENTION} . ?m schema:text ?o"),
    "GeneMention pfocr:match MaxCount": put('?m pfocr:match "ANOTHER"', GENE_MENTION),
    "GeneMention pfocr:lexicon In": swap(f"{GENE_MENTION} . ?m pfocr:lexicon ?o", "pfocr:mesh"),
    "GeneMention pfocr:tier In": swap(f"{GENE_MENTION} . ?m pfocr:tier ?o", '"symbol"'),
    "GeneMention pfocr:candidateCount MinCount": drop(
        f"{GENE_MENTION} . ?m pfocr:candidateCount ?o"
    ),
    "GeneMention pfocr:rowCount MinInclusive": swap(f"{GENE_MENTION} . ?m pfocr:rowCount ?o", "0"),
    "ChemicalMention oa:hasBody Class": put(
        "?m oa:hasBody gene:7157", "?m oa:hasBody mesh:D000255"
    ),
    "ChemicalMention pfocr:rowCount MaxCount": put(
        "?m pfocr:rowCount 99", "?m oa:hasBody mesh:D000255"
    ),
    "ChemicalMention pfocr:lexicon In": put(
        "?m pfocr:lexicon pfocr:hgnc_symbol", "?m oa:hasBody mesh:D000255"
    ),
    "ChemicalMention pfocr:tier Closed": put(
        "?m pfocr:tier pfocr:symbol", "?m oa:hasBody mesh:D000255"
    ),
    "DiseaseMention pfocr:tier Closed": put(
        "?m pfocr:tier pfocr:symbol", "?m oa:hasBody mesh:D008545"
    ),
    "DiseaseMention oa:hasBody Class": put("?m oa:hasBody gene:7157", "?m oa:hasBody mesh:D008545"),
    "DiseaseMention schema:text MaxCount": put('?m schema:text "b"', "?m oa:hasBody mesh:D008545"),
    "Article - Pattern": put("<https://example.org/1> a schema:ScholarlyArticle"),
    "Article schema:identifier QualifiedMinCount": drop("pmc:PMC1 schema:identifier ?o"),
    "Article schema:identifier Pattern": put('pmc:PMC1 schema:identifier "1"'),
    "Article schema:name MaxCount": put('pmc:PMC1 schema:name "Another"'),
    "Article schema:datePublished Datatype": put("pmc:PMC1 schema:datePublished 2019"),
    "Article schema:isPartOf Class": put(f"pmc:PMC1 schema:isPartOf {FIGURE}"),
    "Article schema:publisher Class": put("pmc:PMC1 schema:publisher pmc:PMC1"),
    "Periodical schema:name MinCount": drop("?j a schema:Periodical . ?j schema:name ?o"),
    "Periodical - Pattern": put("pmc:PMC1 a schema:Periodical"),
    "Organization schema:name MaxCount": put('?p schema:name "b"', "?p a schema:Organization"),
    "Organization schema:url NodeKind": put('?p schema:url "b"', "?p a schema:Organization"),
    "Gene - Pattern": put("<https://example.org/gene/BMX> a schema:Gene"),
    "Gene schema:identifier Pattern": swap("gene:7157 schema:identifier ?o", '"GID7157"'),
    "Gene schema:taxonomicRange Class": put("gene:7157 schema:taxonomicRange taxon:10090"),
    "Gene schema:name MinLength": swap("gene:7157 schema:name ?o", '""'),
    "Chemical - Pattern": put("obo:DOID_1909 a schema:ChemicalSubstance"),
    "Chemical rdf:type In": put("mesh:D000255 a schema:Gene"),
    "Chemical schema:identifier Pattern": swap("mesh:D000255 schema:identifier ?o", '"mesh:D1"'),
    "Chemical skos:closeMatch Or": put("mesh:D000255 skos:closeMatch obo:CHEBI_9"),
    "Disease - Pattern": put("obo:CHEBI_22984 a schema:MedicalCondition"),
    "Disease schema:name MaxCount": put('obo:DOID_162 schema:name "Another"'),
    "Taxon - Pattern": put("gene:660 a schema:Taxon"),
    "Taxon schema:identifier MaxCount": put('taxon:9606 schema:identifier "9607"'),
    "Taxon schema:image NodeKind": put('taxon:9606 schema:image "human.png"'),
}


TIER: Final = f"{GENE_MENTION} . ?m pfocr:tier ?o"
CLOSE: Final = "mesh:D000255 skos:closeMatch obo:CHEBI_15422"
#: A rule that is about all nodes of a kind → updates, each of which breaks it.
RULE_TO_BREAKAGES: Final = {
    "Mentions - tier-is-of-the-lexicon": [
        swap(TIER, "pfocr:family"),
        drop(TIER),
        drop(f"{GENE_MENTION} . ?m pfocr:lexicon ?o"),
        *(
            f"DELETE {{ ?m pfocr:lexicon ?l ; pfocr:tier ?t }} "
            f"INSERT {{ ?m pfocr:lexicon pfocr:{lexicon} ; pfocr:tier pfocr:{tier} }} "
            f"WHERE {{ {GENE_MENTION} ; pfocr:lexicon ?l ; pfocr:tier ?t }}"
            for lexicon, right in LEXICON_TO_TIER.items()
            for tier in ["family" if right == "synonym" else "synonym"]
            if right
        ),
    ],
    "Mentions - mention-has-a-kind": [drop(f"{GENE_MENTION} . ?m a pfocr:GeneMention")],
    "Figures - figure-leads-to-its-own": [
        swap(f"{FIGURE} schema:mainEntityOfPage ?o", "<https://x.org/figures/PMC1__f2.html>"),
        swap(f"{FIGURE} schema:contentUrl ?o", "<https://x.org/articles/PMC2/bin/f1.jpg>"),
        swap(f"{FIGURE} schema:url ?o", "<https://x.org/articles/PMC2/figure/F1/>"),
        swap(f"{FIGURE} schema:isPartOf pmc:PMC1", "pmc:PMC2"),
    ],
    "Things - identifier-is-in-the-iri": [
        swap(f"{FIGURE} schema:identifier ?o", '"PMC1__f2"'),
        swap("gene:7157 schema:identifier ?o", '"7158"'),
        swap("mesh:D000255 schema:identifier ?o", '"D008545"'),
        swap("obo:CHEBI_15422 schema:identifier ?o", '"22984"'),
        swap("obo:DOID_162 schema:identifier ?o", '"1909"'),
        swap("taxon:9606 schema:identifier ?o", '"10090"'),
        swap("pmc:PMC1 schema:identifier ?o", '"PMC2"'),
    ],
    "Candidates - close-match-is-of-a-kind": [
        put("mesh:D000255 skos:closeMatch obo:DOID_162"),
        put("obo:CHEBI_15422 skos:closeMatch obo:CHEBI_15422"),
    ],
}


def test_the_sample_records_conform() -> None:
    assert findings(graph_of(SEEDS)) == (set(), set())


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the repository")
@pytest.mark.parametrize(
    "part", ["pfocr-database", pytest.param("tables-2020", marks=pytest.mark.long)]
)
def test_every_record_of_the_corpus_conforms(part: str) -> None:
    assert findings(graph_of(CORPUS / part)) == (set(), set())


def test_records_that_have_everything_conform(whole: Graph) -> None:
    assert findings(whole) == (set(), set())
    used = {str(predicate) for predicate in whole.predicates()}
    assert used == properties_of_the_program()


@pytest.mark.parametrize(
    "base", ["http://localhost:8080/pfocr/", "https://example.org/pfocr:", "https://x.org/?is="]
)
def test_records_conform_under_another_base_and_another_form_of_genes(
    base: str, folder: Path
) -> None:
    iris = Iris(base, "http://bio2rdf.org/ncbigene:")
    assert findings(graph_of(folder, iris)) == (set(), set())


def test_records_conform_however_their_files_end(tmp_path: Path) -> None:
    genes = FILES["_data/PMC1__f1-genes.tsv"]
    write(tmp_path, {"_figures/PMC1__f1.MD": record(), "_data/PMC1__f1-Genes.TSV": genes})
    assert findings(graph_of(tmp_path)) == (set(), set())
    record_of = write(tmp_path, {"PMC1__f1.txt": record()}) / "PMC1__f1.txt"
    assert findings(graph_of(record_of)) == (set(), set())


@pytest.mark.parametrize("finding", FINDING_TO_BREAKAGE)
def test_a_shape_refuses_what_is_broken(finding: str, whole: Graph) -> None:
    broken = copy_of(whole)
    broken.update(PREFIXES + FINDING_TO_BREAKAGE[finding])
    assert set(broken) != set(whole)
    assert finding in findings(broken, aimed(shape_of(finding)))[0]


@pytest.mark.parametrize(
    ("finding", "update"),
    [(finding, update) for finding, updates in RULE_TO_BREAKAGES.items() for update in updates],
)
def test_a_rule_refuses_each_way_of_breaking_it(finding: str, update: str, whole: Graph) -> None:
    broken = copy_of(whole)
    broken.update(PREFIXES + update)
    assert set(broken) != set(whole)
    assert finding in findings(broken, aimed(shape_of(finding)))[0]


def test_every_tier_of_a_lexicon_conforms(whole: Graph) -> None:
    for lexicon, tier in LEXICON_TO_TIER.items():
        if tier:
            changed = copy_of(whole)
            changed.update(
                f"{PREFIXES} DELETE {{ ?m pfocr:lexicon ?l ; pfocr:tier ?t }} "
                f"INSERT {{ ?m pfocr:lexicon pfocr:{lexicon} ; pfocr:tier pfocr:{tier} }} "
                f"WHERE {{ {GENE_MENTION} ; pfocr:lexicon ?l ; pfocr:tier ?t }}"
            )
            there = f"{GENE_MENTION} ; pfocr:lexicon pfocr:{lexicon} ; pfocr:tier pfocr:{tier}"
            assert changed.query(f"{PREFIXES} ASK {{ {there} }}").askAnswer
            assert findings(changed)[0] == set()


def shape_of(finding: str) -> str:
    """The name of the shape that a finding is of."""
    return finding.split(" ")[0]


def test_every_shape_has_something_broken_to_refuse() -> None:
    broken = (*FINDING_TO_BREAKAGE, *RULE_TO_BREAKAGES)
    tried = {URIRef(SHAPE + shape_of(finding)) for finding in broken}
    assert tried == set(SHAPES.subjects(RDF.type, NODE))


def test_a_property_that_is_not_listed_is_refused_on_every_subject(whole: Graph) -> None:
    stray = URIRef(ns.SCHEMA + "description")
    subjects = set(whole.subjects())
    broken = copy_of(whole)
    for subject in subjects:
        broken.add((subject, stray, Literal("stray")))
    assert {focus for focus, path in findings(broken)[1] if path == stray} == subjects


def test_a_language_tag_is_refused_on_every_literal(whole: Graph) -> None:
    broken, expected = Graph(), set()
    for subject, predicate, value in whole:
        if isinstance(value, Literal):
            expected.add((subject, predicate))
            value = Literal(str(value), lang="en")
        broken.add((subject, predicate, value))
    assert expected <= findings(broken)[1]


def test_a_blank_node_is_refused_wherever_an_iri_is_linked(whole: Graph) -> None:
    broken, expected = Graph(), set()
    for subject, predicate, value in whole:
        if isinstance(value, URIRef) and predicate != RDF.type:
            expected.add((subject, predicate))
            value = BNode()
        broken.add((subject, predicate, value))
    assert expected <= findings(broken)[1]


def test_the_shapes_are_about_exactly_the_properties_of_the_data() -> None:
    paths = {str(path) for path in SHAPES.objects(None, SH.path) if isinstance(path, URIRef)}
    assert paths == properties_of_the_program()


def test_the_shapes_list_the_lexicons_and_tiers_of_the_program() -> None:
    for name, terms in (
        ("lexicon", vocabulary.LEXICON_TO_TERM),
        ("tier", vocabulary.TIER_TO_TERM),
    ):
        parts = set(SHAPES.subjects(SH.path, URIRef(ns.PFOCR + name)))
        listed = [t for p in parts for t in SHAPES.items(SHAPES.value(p, SH["in"]))]  # type: ignore[arg-type]
        assert sorted(map(str, listed)) == sorted(term.value for term in terms.values())


def properties_of_the_program() -> set[str]:
    """Every property that the default graph may use."""
    holders = (vocabulary, vocabulary.Schema, vocabulary.Oa, vocabulary.Pfocr)
    named = [(name, value) for holder in holders for name, value in vars(holder).items()]
    terms = {value.value for name, value in named if isinstance(value, NamedNode)}
    local = {term: re.split("[#/]", term)[-1] for term in terms}
    others = {vocabulary.Schema.same_as.value, vocabulary.LICENSE_OF_RECORDS.value}
    others.add(vocabulary.NO_LICENSE.value)
    return {
        term for term in terms - others if local[term][:1].islower() and not term.startswith(ns.XSD)
    }
