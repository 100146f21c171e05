"""Rows of mapping sets: what each becomes, and why it becomes nothing."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from pyoxigraph import RdfFormat, parse

from linking import CURIE_MAP, GENE, GRAPH, MANUAL, SET, linked, sssom
from making import REPOSITORY
from pfocr_rdf.iris import Iris

ARTICLE: Final = "https://identifiers.org/pmc/PMC1"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
OWL: Final = "http://www.w3.org/2002/07/owl#"


def direct(quads: Iterable[Any]) -> set[tuple[str, str, str]]:
    """The links themselves: what is said neither of a mapping nor of a set."""
    found = set()
    for quad in quads:
        if "/mappings/" not in quad.subject.value and quad.subject.value != SET:
            found.add((quad.subject.value, quad.predicate.value, quad.object.value))
    return found


def said(quads: Iterable[Any], name: str) -> list[str]:
    """The values of a property of mappings, by the end of its name."""
    return [q.object.value for q in quads if q.predicate.value.endswith(name)]


# One mapping


def test_a_mapping_is_a_direct_triple_and_an_axiom_with_everything_that_is_said_of_it(
    tmp_path: Path,
) -> None:
    columns = "object_label confidence author_id mapping_date subject_type license see_also"
    columns += " record_id my_own_column status"
    row = f"gene:5742|skos:exactMatch|x:1|{MANUAL}|PTGS1|0.90|orcid:0000-0001|2024-05-01|owl class"
    row += "|https://r.example/|https://a.example/|x:r1|lost|obsolete"
    metadata = "mapping_set_title: A set\nlicense: https://l.example/\nmapping_tool: A tool"
    text = sssom([row], columns.split(), metadata)
    quads, (counts,), problems = linked(tmp_path, text)
    assert problems == []
    (node,) = {q.subject for q in quads if q.subject.value.startswith(Iris().base + "mappings/")}
    expected = f"""
    @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix owl: <{OWL}> . @prefix skos: <{SKOS}> . @prefix sssom: <https://w3id.org/sssom/> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
    <{GENE}> skos:exactMatch <http://x.example/1> .
    <{SET}> a sssom:MappingSet ; dcterms:title "A set" ; dcterms:license <https://l.example/> ;
        sssom:mappings {node} .
    {node} a owl:Axiom ; owl:annotatedSource <{GENE}> ; owl:annotatedProperty skos:exactMatch ;
        owl:annotatedTarget <http://x.example/1> ;
        sssom:mapping_justification <https://w3id.org/semapv/vocab/ManualMappingCuration> ;
        sssom:object_label "PTGS1" ; sssom:confidence "0.9"^^xsd:double ;
        <http://purl.org/pav/authoredBy> <https://orcid.org/0000-0001> ;
        dcterms:created "2024-05-01"^^xsd:date ; sssom:subject_type owl:Class ;
        dcterms:license <https://r.example/> ; rdfs:seeAlso <https://a.example/> ;
        sssom:record_id <http://x.example/r1> ; sssom:mapping_tool "A tool" ."""
    triples = {quad.triple for quad in parse(expected, format=RdfFormat.TURTLE)}
    assert {quad.triple for quad in quads} == triples
    assert {quad.graph_name for quad in quads} == {GRAPH}
    assert (counts.read, counts.linked, counts.title) == (1, 1, "A set")


@pytest.mark.parametrize(
    ("subject", "entity"),
    [
        ("gene:5742", GENE),
        ("NCBIGene:5742", GENE),  # not declared in the file, but one of ours
        ("https://www.ncbi.nlm.nih.gov/gene/5742", GENE),
        ("<http://identifiers.org/ncbigene/5742>", GENE),
        ("http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID5742", GENE),
        ("MESH:D005947", "http://id.nlm.nih.gov/mesh/D005947"),
        ("mesh:d005947", "http://id.nlm.nih.gov/mesh/D005947"),
        ("https://identifiers.org/chebi/CHEBI:17234", "http://purl.obolibrary.org/obo/CHEBI_17234"),
        ("DOID:162", "http://purl.obolibrary.org/obo/DOID_162"),
        ("http://purl.uniprot.org/taxonomy/9606", "http://purl.obolibrary.org/obo/NCBITaxon_9606"),
        ("pmc:PMC1", ARTICLE),
        ("https://europepmc.org/articles/PMC1", ARTICLE),
        ("doi:10.1000/abc", ARTICLE),
        ("https://doi.org/10.1000%2FABC", ARTICLE),
    ],
)
def test_an_entity_is_found_in_any_spelling(subject: str, entity: str, tmp_path: Path) -> None:
    quads, _, problems = linked(tmp_path, sssom([f"{subject}|skos:closeMatch|x:1|{MANUAL}"]))
    assert direct(quads) == {(entity, SKOS + "closeMatch", "http://x.example/1")}
    assert problems == []


def test_the_iris_are_those_that_the_release_is_configured_with(tmp_path: Path) -> None:
    iris = Iris("https://b.example/", "http://g.example/")
    text = sssom([f"gene:5742|skos:exactMatch|x:1|{MANUAL}"])
    quads, *_ = linked(tmp_path, text, iris=iris)
    assert {quad.graph_name for quad in quads} == {iris.mapping_graph(SET)}
    assert ("http://g.example/5742", SKOS + "exactMatch", "http://x.example/1") in {
        (q.subject.value, q.predicate.value, q.object.value) for q in quads
    }
    assert all("pfocr.wikipathways.org" not in str(quad) for quad in quads)


def test_a_prefix_means_what_the_file_says_even_where_it_is_also_one_of_ours(
    tmp_path: Path,
) -> None:
    curie_map = {**CURIE_MAP, "ncbigene": "http://other.example/"}
    text = sssom([f"ncbigene:5742|skos:exactMatch|x:1|{MANUAL}"], curie_map=curie_map)
    _, (counts,), _ = linked(tmp_path, text)
    assert counts.absent == 1


@pytest.mark.parametrize(
    ("target", "iri"),
    [
        ("http://identifiers.org/mesh/D000001", "http://id.nlm.nih.gov/mesh/D000001"),
        ("http://purl.uniprot.org/geneid/5743", "https://identifiers.org/ncbigene/5743"),
        ("http://identifiers.org/ncbigene/5742", "http://identifiers.org/ncbigene/5742"),
        ("http://purl.uniprot.org/uniprot/P23219", "http://purl.uniprot.org/uniprot/P23219"),
        ("https://identifiers.org/hgnc/9604", "https://identifiers.org/hgnc/9604"),
    ],
)
def test_what_is_linked_to_is_called_as_the_data_call_it_but_for_the_subject_itself(
    target: str, iri: str, tmp_path: Path
) -> None:
    quads, *_ = linked(tmp_path, sssom([f"gene:5742|skos:closeMatch|{target}|{MANUAL}"]))
    assert direct(quads) == {(GENE, SKOS + "closeMatch", iri)}


# Read from the other end


@pytest.mark.parametrize(
    ("predicate", "inverse"),
    [
        ("skos:exactMatch", SKOS + "exactMatch"),
        ("skos:closeMatch", SKOS + "closeMatch"),
        ("skos:relatedMatch", SKOS + "relatedMatch"),
        ("skos:broadMatch", SKOS + "narrowMatch"),
        ("skos:narrowMatch", SKOS + "broadMatch"),
        ("owl:sameAs", OWL + "sameAs"),
        ("owl:equivalentClass", OWL + "equivalentClass"),
        ("rdfs:subClassOf", None),
        ("x:hasGene", None),
    ],
)
def test_a_mapping_to_an_entity_is_read_from_the_other_end_where_that_says_the_same(
    predicate: str, inverse: str | None, tmp_path: Path
) -> None:
    quads, (counts,), problems = linked(tmp_path, sssom([f"x:1|{predicate}|gene:5742|{MANUAL}"]))
    expected = {(GENE, inverse, "http://x.example/1")} if inverse else set()
    assert direct(quads) == expected
    assert (counts.linked, counts.absent, problems) == (bool(inverse), not inverse, [])


def test_what_is_said_of_the_ends_is_turned_with_them(tmp_path: Path) -> None:
    columns = ("subject_label", "object_label", "mapping_cardinality", "predicate_label")
    row = f"x:1|skos:broadMatch|gene:5742|{MANUAL}|theirs|ours|1:n|broad match"
    quads, *_ = linked(tmp_path, sssom([row], columns, "license: x:l\nobject_source: x:genes"))
    assert said(quads, "subject_label") == ["ours"]
    assert said(quads, "object_label") == ["theirs"]
    assert said(quads, "mapping_cardinality") == ["n:1"]
    assert said(quads, "subject_source") == ["http://x.example/genes"]
    assert said(quads, "predicate_label") == said(quads, "object_source") == []
    assert said(quads, "annotatedSource") == [GENE]
    assert said(quads, "annotatedProperty") == [SKOS + "narrowMatch"]


def test_a_mapping_between_two_entities_stays_as_it_is(tmp_path: Path) -> None:
    row = f"MESH:D005947|skos:broadMatch|CHEBI:17234|{MANUAL}"
    text = sssom([row], curie_map={**CURIE_MAP, "CHEBI": "https://identifiers.org/CHEBI:"})
    quads, *_ = linked(tmp_path, text)
    assert direct(quads) == {
        (
            "http://id.nlm.nih.gov/mesh/D005947",
            SKOS + "broadMatch",
            "http://purl.obolibrary.org/obo/CHEBI_17234",
        )
    }


# What is not loaded


@pytest.mark.parametrize(
    ("row", "kind", "told"),
    [
        (f"gene:5742|skos:exactMatch|x:1|{MANUAL}|Not", "negated", ""),
        (f"gene:5742|skos:exactMatch|x:1|{MANUAL}|not", "negated", ""),
        (f"gene:5742|skos:exactMatch|sssom:NoTermFound|{MANUAL}", "no term found", ""),
        (f"sssom:NoTermFound|skos:exactMatch|gene:5742|{MANUAL}", "no term found", ""),
        (f"gene:5742|skos:exactMatch|x:1|{MANUAL}||rdfs literal", "literal", ""),
        (f"gene:5742|skos:exactMatch|https://identifiers.org/ncbigene/5742|{MANUAL}", "itself", ""),
        (f"gene:5742|skos:exactMatch|gene:5742|{MANUAL}", "itself", ""),
        (f"gene:5742|skos:exactMatch|http://purl.uniprot.org/geneid/5742|{MANUAL}", "itself", ""),
        ("gene:5742|skos:exactMatch|x:1|", "missing", "mapping_justification, line 9"),
        (f"gene:5742|skos:exactMatch||{MANUAL}", "missing", "object_id, line 9"),
        (f"gene:5742||x:1|{MANUAL}", "missing", "predicate_id, line 9"),
        (f"gene:5742|skos:exactMatch|y:1|{MANUAL}", "prefix", "object_id, line 9"),
        (f"gene:5742|maps to|x:1|{MANUAL}", "prefix", "predicate_id, line 9"),
        ("gene:5742|skos:exactMatch|x:1|by hand", "prefix", "mapping_justification, line 9"),
        (f"y:1|skos:exactMatch|x:1|{MANUAL}", "prefix", "subject_id, line 9"),
        (f"5742|skos:exactMatch|x:1|{MANUAL}", "prefix", "subject_id, line 9"),
        (f"gene:5742|skos:exactMatch|x:a b|{MANUAL}", "identifier", "object_id, line 9"),
        (f"gene:5742|skos:exactMatch|x:|{MANUAL}", "identifier", "object_id, line 9"),
        (f"gene:5742|skos:exactMatch|x:1|{MANUAL}||||more", "row", "row, line 9"),
    ],
)
def test_a_row_that_is_not_to_be_loaded_is_counted_by_its_kind_and_told_where_it_is_wrong(
    row: str, kind: str, told: str, tmp_path: Path
) -> None:
    good = f"gene:5742|skos:exactMatch|x:2|{MANUAL}"
    text = sssom([good, row, good], ("predicate_modifier", "subject_type"))
    quads, (counts,), problems = linked(tmp_path, text)
    assert direct(quads) == {(GENE, SKOS + "exactMatch", "http://x.example/2")}
    assert counts.refused == Counter({kind: 1, "duplicate": 1})
    assert [(p.kind, p.field, p.severity) for p in problems] == (
        [(f"mapping {kind}", told, "warning")] if told else []
    )


@pytest.mark.parametrize(
    "row",
    [
        f"gene:1|skos:exactMatch|x:1|{MANUAL}",
        f"http://identifiers.org/hgnc/1|skos:exactMatch|x:1|{MANUAL}",
        "gene:1|no predicate|no:object|",
        f"|skos:exactMatch|x:1|{MANUAL}",
        f"http://not an iri|skos:exactMatch|x:1|{MANUAL}",
        f"pmc:PMC2|skos:exactMatch|doi:10.1000/none|{MANUAL}",
    ],
)
def test_a_row_of_what_is_not_in_the_release_is_only_counted(row: str, tmp_path: Path) -> None:
    quads, (counts,), problems = linked(tmp_path, sssom([row]))
    assert (quads, counts.absent, counts.refused, problems) == ([], 1, Counter(), [])


def test_a_prefix_that_nothing_declares_is_told_once(tmp_path: Path) -> None:
    rows = [f"gene:5742|skos:exactMatch|y:{number}|{MANUAL}" for number in range(5)]
    _, (counts,), problems = linked(tmp_path, sssom(rows))
    assert counts.refused == Counter({"prefix": 5})
    assert [(p.value, p.reason) for p in problems] == [
        ("y:0", "y is not in the curie_map: declare it there")
    ]


def test_a_mapping_that_is_there_already_is_a_duplicate_one_with_another_reason_is_not(
    tmp_path: Path,
) -> None:
    row = f"gene:5742|skos:exactMatch|x:1|{MANUAL}"
    other = row.replace("Manual", "Other").replace("gene:", "ncbigene:")
    rows = [row, row.replace("gene:", "https://identifiers.org/ncbigene/"), other]
    quads, (counts,), _ = linked(tmp_path, sssom(rows), sssom([row, row]))
    assert (counts.linked, counts.refused) == (2, Counter({"duplicate": 3}))
    assert len(direct(quads)) == 1
    assert len(said(quads, "annotatedSource")) == 2
    assert sum(counts.links.values()) == 1


def test_each_kind_of_refusal_is_documented() -> None:
    source = (REPOSITORY / "src" / "pfocr_rdf" / "mappings" / "links.py").read_text("utf-8")
    kinds = set(re.findall(r'_RowError\("([a-z ]+)"', source))
    readme = (REPOSITORY / "ontology" / "README.md").read_text("utf-8")
    documented = set(re.findall(r"a number: \*([a-z ]+)\*", readme))
    assert documented == kinds | {"not in the release"}


# Slots


def test_a_value_that_its_slot_cannot_have_is_left_out_and_told(tmp_path: Path) -> None:
    columns = ("confidence", "mapping_date", "author_id", "mapping_cardinality")
    row = f"gene:5742|skos:exactMatch|x:1|{MANUAL}|high|01/02/2024|y:me|many"
    metadata = "license: https://l.example/\nmapping_set_confidence: 7\nsubject_type: gene"
    quads, (counts,), problems = linked(tmp_path, sssom([row], columns, metadata))
    assert counts.linked == 1
    for slot in ("confidence", "created", "mapping_cardinality", "subject_type"):
        assert said(quads, slot) == []
    assert said(quads, "authoredBy") == ["y:me"]
    assert {(p.field, p.kind, p.value) for p in problems} == {
        ("mapping_set_confidence, metadata", "mapping slot", "7"),
        ("subject_type, metadata", "mapping slot", "gene"),
        ("confidence, line 10", "mapping slot", "high"),
        ("mapping_date, line 10", "mapping slot", "01/02/2024"),
        ("mapping_cardinality, line 10", "mapping slot", "many"),
        ("author_id, line 10", "mapping identifier", "y:me"),
    }


def test_what_the_metadata_say_of_every_mapping_is_said_of_each_but_for_columns_of_the_rows(
    tmp_path: Path,
) -> None:
    rows = [f"gene:5742|skos:exactMatch|x:{n}|{MANUAL}|{tool}" for n, tool in ((1, "own"), (2, ""))]
    metadata = "license: x:l\nmapping_tool: shared\nmapping_provider: https://p.example/"
    quads, *_ = linked(tmp_path, sssom(rows, ("mapping_tool",), metadata))
    tools = {(q.subject.value, q.object.value) for q in quads if "mapping_tool" in str(q.predicate)}
    assert {value for subject, value in tools if subject != SET} == {"own"}
    assert (SET, "shared") in tools
    assert said(quads, "mapping_provider") == ["https://p.example/"] * 2


def test_a_slot_of_several_values_has_each_of_them(tmp_path: Path) -> None:
    row = rf"gene:5742	skos:exactMatch	x:1	{MANUAL}	A\|B|C| |C	orcid:1|orcid:2"
    text = sssom([], ("author_label", "author_id")) + row + "\n"
    quads, *_ = linked(tmp_path, text)
    assert said(quads, "author_label") == ["A|B", "C"]
    assert said(quads, "authoredBy") == ["https://orcid.org/1", "https://orcid.org/2"]


@pytest.mark.parametrize(
    ("slot", "value", "name"),
    [
        ("comment", "All of it.", "rdf-schema#comment"),
        ("creator_id", "https://c.example/", "dc/terms/creator"),
        ("mapping_set_description", "What it is.", "dc/terms/description"),
        ("mapping_set_source", "https://s.example/", "prov#wasDerivedFrom"),
        ("mapping_set_title", "A set", "dc/terms/title"),
        ("mapping_set_version", "2024", "owl#versionInfo"),
        ("publication_date", "2024-05-02", "dc/terms/issued"),
        ("see_also", "https://a.example/", "rdf-schema#seeAlso"),
    ],
)
def test_what_is_said_of_a_set_is_said_in_terms_that_others_know(
    slot: str, value: str, name: str, tmp_path: Path
) -> None:
    row = f"gene:5742|skos:exactMatch|x:1|{MANUAL}"
    quads, *_ = linked(tmp_path, sssom([row], metadata=f"license: x:l\n{slot}: {value}"))
    assert said((quad for quad in quads if quad.subject.value == SET), name) == [value]


def test_control_characters_are_published_nowhere(tmp_path: Path) -> None:
    row = f"gene:5742\tskos:exactMatch\tx:1\t{MANUAL}\tA\x00|A\x07\tB\x1b"
    quads, (counts,), _ = linked(tmp_path, sssom([], ("author_label", "comment")) + row + "\n")
    assert said(quads, "author_label") == ["A"]
    assert said(quads, "comment") == ["B"]
    assert counts.linked == 1


def test_a_set_without_a_licence_is_told_and_says_so(tmp_path: Path) -> None:
    text = sssom([f"gene:5742|skos:exactMatch|x:1|{MANUAL}"], metadata="license: MIT")
    _, (counts,), (problem, *others) = linked(tmp_path, text)
    assert counts.license.value == "https://w3id.org/sssom/license/unspecified"
    assert (problem.kind, problem.value) in {("mapping slot", "MIT"), ("mapping licence", "MIT")}
    assert {other.kind for other in others} <= {"mapping licence"}
