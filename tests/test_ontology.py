"""The vocabulary, its README and the program say the same."""

import re
from collections.abc import Iterable
from typing import Final

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Store
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SKOS, VANN

from making import REPOSITORY
from pfocr_rdf import iris, vocabulary
from pfocr_rdf.equivalents import THING_TO_FORMS
from pfocr_rdf.iris import Iris
from pfocr_rdf.mappings.links import INVERSES
from pfocr_rdf.ontology import ontology_triples
from pfocr_rdf.records.embedded import CONSTANTS
from pfocr_rdf.records.fields import KNOWN_FIELDS
from pfocr_rdf.records.mention_rows import INLINE_COLUMNS, KIND_TO_FIELD, LEXICON_TO_TIER
from pfocr_rdf.records.organisms import PAGE_FIELDS
from pfocr_rdf.records.tables import KIND_TO_COLUMNS, KIND_TO_SUFFIX
from pfocr_rdf.releases import Release
from pfocr_rdf.resources import resource

ONTOLOGY: Final = URIRef(iris.PFOCR.removesuffix("#"))
VOCABULARY: Final = Graph().parse(resource("ontology", "pfocr.ttl"))
OWN: Final = sorted({str(s) for s in VOCABULARY.subjects() if str(s).startswith(iris.PFOCR)})
#: Terms that order the vocabulary itself; the data do not use them.
ONLY_HERE: Final = {iris.PFOCR + name for name in ("Mention", "Lexicon", "Tier", "tierOfLexicon")}
#: What our terms may be a kind of; FaBiO and DoCO are SPAR's.
REUSED: Final = (
    *(iris.SCHEMA, iris.OA, iris.PROV, iris.DCTERMS, iris.SKOS),
    *("http://purl.org/spar/fabio/", "http://purl.org/spar/doco/", iris.PFOCR),
)
README: Final = (REPOSITORY / "ontology" / "README.md").read_text(encoding="utf-8")
SECTIONS: Final = re.split(r"^## .*\n", README, flags=re.MULTILINE)
_, FIELD_TABLE, NOT_MAPPED, TERM_TABLE, SPELLING_TABLE, *_ = SECTIONS
PREFIXED_RE: Final = re.compile(r"`([a-z]+):(\w+)`")


def terms_of_the_program() -> set[str]:
    """The IRI of every term that the data may use."""
    holders = [vocabulary, vocabulary.Schema, vocabulary.Oa, vocabulary.Pfocr]
    holders += [vocabulary.Owl, vocabulary.Sssom]
    nodes: list[object] = [value for holder in holders for value in vars(holder).values()]
    nodes.extend(vocabulary.LEXICON_TO_TERM.values())
    nodes.extend(vocabulary.TIER_TO_TERM.values())
    return {node.value for node in nodes if isinstance(node, NamedNode)}


def rows_of(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named_in(text: str) -> set[str]:
    """The IRIs of the prefixed names in a text."""
    prefixes = Iris().prefixes()
    return {prefixes[prefix] + name for prefix, name in PREFIXED_RE.findall(text)}


def fields_of_the_program() -> set[tuple[str, str]]:
    """Every field, key and column that the reader knows, by where it stands."""
    found = {("record", name) for name in KNOWN_FIELDS}
    found |= {("_organisms/*.md", name) for name in PAGE_FIELDS}
    embedded = (*CONSTANTS, "@id", "description", "keywords")
    found |= {("record: schema-jsonld", name) for name in embedded}
    for kind, columns in KIND_TO_COLUMNS.items():
        found |= {(KIND_TO_SUFFIX[kind], name) for name in columns}
    for kind, columns in INLINE_COLUMNS.items():
        found |= {(f"record: {KIND_TO_FIELD[kind]}", name) for name in columns}
    maps = ("ndex_map.tsv", "wpid_map.tsv")
    return found | {(name, column) for name in maps for column in ("figid", "value")}


def fields_of_the_readme() -> list[tuple[str, str]]:
    return [(row[0], row[1].strip("`")) for row in rows_of(FIELD_TABLE) if row[1].startswith("`")]


def texts(subject: URIRef, predicate: URIRef) -> list[str]:
    return [str(value) for value in VOCABULARY.objects(subject, predicate)]


def all_terms(graph: Graph) -> Iterable[object]:
    return (term for triple in graph for term in triple)


def test_every_term_of_ours_that_the_program_uses_is_documented_and_no_other() -> None:
    used = {term for term in terms_of_the_program() if term.startswith(iris.PFOCR)}
    assert set(OWN) - ONLY_HERE == used
    assert set(OWN) >= ONLY_HERE


@pytest.mark.parametrize("term", OWN)
def test_a_term_says_what_it_is_called_what_it_means_and_where_it_is_defined(term: str) -> None:
    subject = URIRef(term)
    assert len(texts(subject, RDFS.label)) == 1
    assert [text[-1] for text in texts(subject, RDFS.comment)] == ["."]
    assert texts(subject, RDFS.isDefinedBy) == [str(ONTOLOGY)]
    assert texts(subject, RDF.type)


@pytest.mark.parametrize("term", OWN)
def test_a_term_is_only_a_kind_of_terms_that_are_reused(term: str) -> None:
    subject = URIRef(term)
    parents = texts(subject, RDFS.subClassOf) + texts(subject, RDFS.subPropertyOf)
    assert all(parent.startswith(REUSED) for parent in parents)
    own = {parent for parent in parents if parent.startswith(iris.PFOCR)}
    assert own <= set(OWN)
    if (subject, RDF.type, OWL.Class) in VOCABULARY:
        assert parents


def test_a_reasoner_draws_no_types_from_the_properties() -> None:
    assert not list(VOCABULARY.subjects(RDFS.domain))
    assert not list(VOCABULARY.subjects(RDFS.range))


def test_what_a_property_is_used_on_is_said_of_each() -> None:
    includes = [URIRef(iris.SCHEMA + name) for name in ("domainIncludes", "rangeIncludes")]
    for kind in (OWL.DatatypeProperty, OWL.ObjectProperty):
        for subject in VOCABULARY.subjects(RDF.type, kind):
            assert all((subject, predicate, None) in VOCABULARY for predicate in includes), subject


def test_the_vocabulary_has_no_blank_nodes_and_no_language_tags() -> None:
    assert not [term for term in all_terms(VOCABULARY) if isinstance(term, BNode)]
    assert not [t for t in all_terms(VOCABULARY) if isinstance(t, Literal) and t.language]


def test_the_vocabulary_introduces_itself() -> None:
    assert (ONTOLOGY, RDF.type, OWL.Ontology) in VOCABULARY
    assert texts(ONTOLOGY, DCTERMS.license) == [iris.CC0]
    for predicate in (DCTERMS.creator, DCTERMS.publisher):
        assert texts(ONTOLOGY, predicate) == [iris.WIKIPATHWAYS_HOME]
    assert texts(ONTOLOGY, VANN.preferredNamespacePrefix) == ["pfocr"]
    assert texts(ONTOLOGY, VANN.preferredNamespaceUri) == [iris.PFOCR]
    for predicate in (DCTERMS.title, DCTERMS.description, OWL.versionInfo):
        assert len(texts(ONTOLOGY, predicate)) == 1


def test_the_vocabulary_alone_says_the_tier_of_each_lexicon() -> None:
    tier_of_lexicon = URIRef(iris.PFOCR + "tierOfLexicon")
    found = {}
    for lexicon in VOCABULARY.subjects(RDF.type, URIRef(iris.PFOCR + "Lexicon")):
        (spelling,) = VOCABULARY.objects(lexicon, SKOS.notation)
        tier = VOCABULARY.value(lexicon, tier_of_lexicon)
        found[str(spelling)] = str(lexicon), str(tier) if tier else None
    expected = {
        name: (vocabulary.LEXICON_TO_TERM[name].value, iris.PFOCR + tier if tier else None)
        for name, tier in LEXICON_TO_TIER.items()
    }
    assert found == expected


def test_the_tiers_of_the_vocabulary_are_those_of_the_program() -> None:
    found = {str(s) for s in VOCABULARY.subjects(RDF.type, URIRef(iris.PFOCR + "Tier"))}
    assert found == {node.value for node in vocabulary.TIER_TO_TERM.values()}


def test_every_field_that_the_reader_knows_has_one_row_and_every_row_a_field() -> None:
    rows = fields_of_the_readme()
    assert set(rows) == fields_of_the_program()
    assert len(rows) == len(set(rows))


def test_the_readme_names_only_terms_that_exist_and_every_property_of_the_data() -> None:
    used = terms_of_the_program()
    constants = {
        *(node.value for name, node in vars(vocabulary).items() if name.startswith("XSD_")),
        *(vocabulary.RDF_TYPE.value, vocabulary.LICENSE_OF_RECORDS.value),
        vocabulary.NO_LICENSE.value,
    }
    named = named_in(README)
    turned = {node.value for node in INVERSES}
    assert named - {iris.XSD + "gYear"} <= used | ONLY_HERE | turned
    assert used - constants <= named


def test_the_readme_has_one_row_for_each_class_and_own_term() -> None:
    cells = [row[0] for row in rows_of(TERM_TABLE)]
    rows = [term for cell in cells for term in named_in(cell) if term.startswith(iris.PFOCR)]
    assert sorted(rows) == sorted(set(OWN) - {iris.PFOCR + "Mention"})


def test_the_readme_gives_each_lexicon_the_tier_that_the_program_gives_it() -> None:
    term_to_tier = {
        vocabulary.LEXICON_TO_TERM[name].value: t for name, t in LEXICON_TO_TIER.items()
    }
    rows = {
        term: row[3]
        for row in rows_of(TERM_TABLE)
        if row[1] == "lexicon"
        for term in named_in(row[0])
    }
    assert rows == {
        term: f"tier {tier}" if tier else "no tier" for term, tier in term_to_tier.items()
    }


@pytest.mark.parametrize("row", rows_of(NOT_MAPPED), ids=lambda row: row[0][:30])
def test_what_is_left_out_has_a_reason(row: list[str]) -> None:
    what, why = row
    assert what
    assert why


def test_the_readme_has_every_other_spelling_and_who_uses_it() -> None:
    forms = [(form, who) for of in THING_TO_FORMS.values() for who, form in of.items()]
    assert [(row[1].strip("`"), row[2]) for row in rows_of(SPELLING_TABLE)] == forms


# In a release


def test_a_release_says_of_the_vocabulary_and_its_terms_what_their_file_says(
    any_release: Release,
) -> None:
    store = Store.read_only(str(any_release.store))
    said = (quad.triple for quad in store.quads_for_pattern(None, None, None, DefaultGraph()))
    assert len(VOCABULARY) == len(ontology_triples())
    assert {one for one in said if str(one.subject).startswith(f"<{ONTOLOGY}")} == set(
        ontology_triples()
    )
