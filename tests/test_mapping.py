"""Figure → triples: the shape of the design's example, the counts of the samples."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    GENE_COLUMNS,
    SEEDS,
    read,
    read_all,
    read_well,
    record,
    subjects,
    table,
    triples_of,
    values,
    write,
)
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import (
    MOST_BODIES,
    commons,
    decimal_literal,
    figure_nodes,
    name_facts,
)
from pfocr_rdf.records import Candidate, Mention, Organism
from pfocr_rdf.recurring import LONGEST
from pfocr_rdf.vocabulary import KIND_TO_ENTITY, KIND_TO_MENTION, Oa, Pfocr, Schema

IRIS = Iris()
ME = IRIS.figure("PMC1__f1")


def one(folder: Path, text: str, **tables: str) -> list[Triple]:
    """The triples of one record, whatever is found wrong in it."""
    figure, _ = read(folder, text, **tables)  # type: ignore[arg-type]
    assert figure
    return triples_of([figure])


@pytest.mark.parametrize(
    ("figid", "genes", "gene_mentions", "chemicals", "unidentified_diseases", "keywords"),
    [
        ("PMC3471537__nihms406899f5", 15, 6, [], 0, 15),
        ("PMC6566596__ijms-20-02505-g004", 19, 12, ["C029366"], 3, 23),
        ("PMC8023395__nihms-1688996-f0002", 34, 18, ["D005227", "D008798"], 0, 36),
        ("PMC3808214__brc-0008-0256-g02", 0, 0, [], 0, 9),
        ("PMC8005514__fphar-12-628690-g002", 0, 0, [], 0, 21),
    ],
)
def test_the_samples_have_their_known_numbers(
    figid: str,
    genes: int,
    gene_mentions: int,
    chemicals: list[str],
    unidentified_diseases: int,
    keywords: int,
) -> None:
    figures, _ = read_all(SEEDS)
    triples = triples_of([figures[figid]])
    subject = IRIS.figure(figid)
    mentioned = values(triples, subject, Schema.mentions)
    assert sum("/ncbigene/" in iri for iri in mentioned) == genes
    assert [iri.rpartition("/")[2] for iri in mentioned if "/mesh/" in iri] == chemicals
    assert len(mentioned) == genes + len(chemicals)
    assert len(subjects(triples, Pfocr.GeneMention)) == gene_mentions
    diseases = subjects(triples, Pfocr.DiseaseMention)
    assert [values(triples, mention, Oa.has_body) for mention in diseases] == [
        []
    ] * unidentified_diseases
    assert len(values(triples, subject, Schema.keywords)) == keywords


def test_the_samples_together_repeat_no_triple() -> None:
    figures, _ = read_all(SEEDS)
    triples = triples_of(figures.values())
    assert len(triples) == len(set(triples))
    assert len(subjects(triples, Pfocr.PathwayFigure)) == 5
    assert len(subjects(triples, Pfocr.GeneMention)) == 6 + 12 + 18


def test_there_are_no_blank_nodes_and_no_language_tags() -> None:
    figures, _ = read_all(SEEDS)
    for triple in triples_of(figures.values()):
        assert not isinstance(triple.subject, BlankNode)
        assert not isinstance(triple.object, BlankNode)
        assert not isinstance(triple.object, Literal) or triple.object.language is None


def test_literals_are_as_the_store_keeps_them(tmp_path: Path) -> None:
    figures, _ = read_all(SEEDS)
    odd, _ = read(tmp_path, record(automl_pathway="+01.500e-1", pmc_ranked_result_index="007"))
    assert odd
    triples = set(triples_of([*figures.values(), odd]))
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    assert {quad.triple for quad in store} == triples


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *(("1.50", "1.5"), ("1E-5", "0.00001"), ("0", "0"), ("-0.0", "0"), ("100", "100")),
        *(("1E+3", "1000"), ("0.9001817", "0.9001817"), ("10.0", "10")),
    ],
)
def test_decimals_are_canonical(value: str, written: str) -> None:
    assert decimal_literal(Decimal(value)).value == written


def test_every_candidate_is_mentioned_and_each_mention_says_how_many(tmp_path: Path) -> None:
    rows = [f"9606|Homo sapiens|P|COX|COX|G{n}|{n}|famplex_relations|1|1|1" for n in (7, 8, 9, 7)]
    triples = one(tmp_path, record(), genes=table(GENE_COLUMNS, *rows))
    assert values(triples, ME, Schema.mentions) == [
        f"https://identifiers.org/ncbigene/{n}" for n in (7, 8, 9)
    ]
    (mention,) = subjects(triples, Pfocr.GeneMention)
    assert len(values(triples, mention, Oa.has_body)) == 3
    assert values(triples, mention, Pfocr.candidate_count) == ["3"]
    assert values(triples, mention, Pfocr.row_count) == ["4"]
    assert values(triples, mention, Pfocr.tier) == [Pfocr.tier.value.replace("tier", "family")]


@pytest.mark.parametrize(
    ("source", "tier"),
    [
        *(("hgnc_symbol", "symbol"), ("ncbigene_symbol", "symbol")),
        *(("hgnc_alias_symbol", "synonym"), ("hgnc_prev_symbol", "synonym")),
        *(("ncbigene_synonym", "synonym"), ("bioentities_symbol", "family")),
        *(("famplex_relations", "family"), ("NA", None), ("mine", None)),
    ],
)
def test_each_lexicon_has_its_term_and_its_tier(
    source: str, tier: str | None, tmp_path: Path
) -> None:
    row = f"9606|Homo sapiens|P|a|A|A|5|{source}|1|1|1"
    triples = one(tmp_path, record(), genes=table(GENE_COLUMNS, row))
    (mention,) = subjects(triples, Pfocr.GeneMention)
    ours = "https://pfocr.wikipathways.org/ontology#"
    assert values(triples, mention, Pfocr.tier) == ([ours + tier] if tier else [])
    assert values(triples, mention, Pfocr.lexicon) == ([ours + source] if tier else [])
    kept = ["source: mine"] if source == "mine" else []
    assert values(triples, mention, Pfocr.unrecognized_value) == kept


@pytest.mark.parametrize(
    ("field", "kind", "row"),
    [
        ("genes", Pfocr.GeneMention, {"symbol": "A", "hgnc_symbol": "A", "source": "MESH"}),
        ("chemicals", Pfocr.ChemicalMention, {"identifier": "D1", "source": "hgnc_symbol"}),
        ("diseases", Pfocr.DiseaseMention, {"identifier": "D1", "source": "ncbigene_synonym"}),
    ],
)
def test_a_lexicon_of_other_things_is_kept_as_a_text(
    field: str, kind: NamedNode, row: dict[str, str], tmp_path: Path
) -> None:
    triples = one(tmp_path, record(**{field: [{"word": "a", "entrez": "5", **row}]}))
    (mention,) = subjects(triples, kind)
    assert values(triples, mention, Pfocr.lexicon) == values(triples, mention, Pfocr.tier) == []
    assert f"source: {row['source']}" in values(triples, mention, Pfocr.unrecognized_value)


def test_a_mention_without_an_identifier_is_still_a_mention(tmp_path: Path) -> None:
    diseases = table(DISEASE_COLUMNS, "Stroma|NA|NA|NA|NA")
    triples = one(tmp_path, record(), diseases=diseases)
    (mention,) = subjects(triples, Pfocr.DiseaseMention)
    assert values(triples, mention, Schema.text) == ["Stroma"]
    assert values(triples, mention, Oa.has_body) == []
    assert values(triples, mention, Pfocr.match) == []
    assert values(triples, mention, Pfocr.candidate_count) == ["0"]
    assert values(triples, ME, Schema.mentions) == []


def test_one_id_with_two_names_is_one_body(tmp_path: Path) -> None:
    chemicals = table(
        CHEMICAL_COLUMNS,
        "Glucose|mesh:D005947|Glucose|glucose|chebi:17234",
        "Glucose|mesh:D005947|Glucose|D-glucose|chebi:4167",
        "sugar|NA|sugar|glucose|chebi:17234",
    )
    triples = one(tmp_path, record(), chemicals=chemicals)
    assert len(triples) == len(set(triples))
    glucose, sugar = subjects(triples, Pfocr.ChemicalMention)
    assert values(triples, glucose, Pfocr.candidate_count) == ["1"]
    assert values(triples, glucose, Pfocr.row_count) == ["2"]
    mesh, chebi = IRIS.entity("mesh", "D005947"), IRIS.entity("chebi", "17234")
    assert values(triples, glucose, Oa.has_body) == [mesh.value]
    assert values(triples, sugar, Oa.has_body) == [chebi.value]
    assert values(triples, ME, Schema.mentions) == [mesh.value, chebi.value]


@pytest.mark.parametrize("long", ["word", "name", "organism", "unrecognized", "candidates", ""])
def test_a_reading_of_any_size_is_said_and_a_large_one_is_not_remembered(long: str) -> None:
    text = "x" * (LONGEST + 1)
    name, organism = (text if long == part else "TP53" for part in ("name", "organism"))
    mention = Mention(
        *("gene", text if long == "word" else "p53", "", ""),
        tuple(
            Candidate("ncbigene", str(number), name, organism=Organism(organism, None))
            for number in range(1, 2 + (MOST_BODIES if long == "candidates" else 0))
        ),
        *(1, (text,) if long == "unrecognized" else ()),
    )
    common = commons(IRIS)
    (first, bodies), (second, _) = common(mention), common(mention)
    assert (first is second) == (not long)
    assert len(bodies) == len(mention.candidates)
    node = first.node(IRIS.figure("PMC1__f1"), bodies[0])
    assert node == second.node(IRIS.figure("PMC1__f1"), bodies[0])
    assert node.common is (None if long else first)


def test_the_kinds_keep_apart_what_has_the_same_words(tmp_path: Path) -> None:
    chemicals = table(CHEMICAL_COLUMNS, "x|mesh:D000001|x|x|NA")
    diseases = table(DISEASE_COLUMNS, "x|mesh:D000001|x|x|NA")
    triples = one(tmp_path, record(), chemicals=chemicals, diseases=diseases)
    assert len(triples) == len(set(triples))
    both = [subjects(triples, KIND_TO_MENTION[kind]) for kind in ("chemical", "disease")]
    assert [len(found) for found in both] == [1, 1]
    assert both[0] != both[1]
    entity = [IRIS.entity("mesh", "D000001")]
    assert subjects(triples, KIND_TO_ENTITY["chemical"]) == entity
    assert subjects(triples, KIND_TO_ENTITY["disease"]) == entity


def test_curated_and_predicted_organisms_are_kept_apart(tmp_path: Path) -> None:
    genes = table(GENE_COLUMNS, "10090|Mus musculus|Rodents|a|A|A|5|ncbigene_symbol|1|NA|3")
    text = record(
        organisms=["Homo sapiens", "PX clade"], organisms_ner=["Mus musculus", "Nobody knows"]
    )
    triples = one(tmp_path, text, genes=genes)
    mouse, support = IRIS.taxon("10090"), IRIS.support("PMC1__f1", "10090")
    assert values(triples, ME, Schema.about) == [IRIS.taxon("9606").value]
    assert values(triples, ME, Pfocr.organism_name) == ["PX clade"]
    assert values(triples, ME, Pfocr.predicted_organism) == [mouse.value]
    assert values(triples, ME, Pfocr.predicted_organism_name) == ["Nobody knows"]
    assert values(triples, ME, Pfocr.organism_support) == [support.value]
    assert values(triples, support, Pfocr.organism) == [mouse.value]
    assert values(triples, support, Pfocr.count_direct) == ["1"]
    assert values(triples, support, Pfocr.count_synonym) == []
    assert values(triples, support, Pfocr.count_match) == ["3"]
    assert values(triples, mouse, Pfocr.organism_group) == ["Rodents"]


def test_one_taxon_under_two_names_has_one_support(tmp_path: Path) -> None:
    rows = [
        "9606|Homo sapiens|Primates|a|A|A|5|ncbigene_symbol|1|2|3",
        "9606|human|Primates|b|B|B|6|ncbigene_symbol|1|4|3",
    ]
    triples = one(tmp_path, record(), genes=table(GENE_COLUMNS, *rows))
    assert len(triples) == len(set(triples))
    (support,) = subjects(triples, Pfocr.OrganismSupport)
    assert values(triples, support, Pfocr.count_synonym) == ["2", "4"]
    human = IRIS.taxon("9606")
    assert values(triples, human, Schema.name) == ["Homo sapiens"]
    assert values(triples, human, Schema.alternate_name) == ["human"]


def test_the_support_of_an_organism_without_a_taxon_is_kept_as_text(tmp_path: Path) -> None:
    genes = table(GENE_COLUMNS, "NA|PX clade|Plants|a|A|A|5|ncbigene_symbol|1|NA|3")
    triples = one(tmp_path, record(), genes=genes)
    assert subjects(triples, Pfocr.OrganismSupport) == []
    assert values(triples, ME, Pfocr.unrecognized_value) == [
        "support of PX clade (Plants): direct 1, match 3"
    ]
    assert values(triples, IRIS.entity("ncbigene", "5"), Schema.taxonomic_range) == []


def test_the_alias_leads_to_the_figure_and_the_figure_not_to_itself(tmp_path: Path) -> None:
    triples = one(tmp_path, record())
    replaced = NamedNode("http://purl.org/dc/terms/isReplacedBy")
    assert [t for t in triples if t.predicate == replaced] == [
        Triple(IRIS.figure("PMC1__F1"), replaced, ME)
    ]


@pytest.mark.parametrize("named", [True, False])
def test_the_picture_s_address_is_made_from_the_name_as_it_stands(
    named: bool, tmp_path: Path
) -> None:
    figid = "PMC1__f1  9 e\u0301"
    filename = "f1  9 e\u0301.jpg" if named else None
    text = record(figid=figid, filename=filename, figlink="/pmc/articles/PMC1/figure/F%201/")
    figures, _ = read_all(write(tmp_path, {f"{figid}.md": text}))
    said = triples_of(figures.values())
    (address,) = values(said, IRIS.figure(figid), Schema.content_url)
    assert address == "https://europepmc.org/articles/PMC1/bin/f1%20%209%20e%CC%81.jpg"
    (link,) = values(said, IRIS.figure(figid), Schema.url)
    assert link == "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/figure/F%201/"


def test_the_article_is_described_once_from_all_its_figures(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "PMC1__a.md": record(figid="PMC1__a", papertitle="Rare.", keywords="x | y"),
            "PMC1__b.md": record(figid="PMC1__b", keywords="y | z", doi="10.1234/x"),
            "PMC1__c.md": record(figid="PMC1__c", year="2020"),
        },
    )
    figures, _ = read_all(tmp_path)
    triples = triples_of(figures.values())
    assert len(triples) == len(set(triples))
    article = IRIS.article("PMC1")
    assert subjects(triples, Schema.ScholarlyArticle) == [article]
    assert values(triples, article, Schema.name) == ["On a pathway."]
    assert values(triples, article, Schema.alternate_name) == ["Rare."]
    assert values(triples, article, Schema.identifier) == ["PMC1", "10.1234/x"]
    assert values(triples, article, Schema.date_published) == ["2019", "2020"]
    assert values(triples, article, Schema.keywords) == ["x", "y", "z"]


def test_what_has_the_wrong_shape_is_a_literal_where_it_was_found(tmp_path: Path) -> None:
    figure, _ = read(tmp_path, record(doi="none", ndex="x", wpid="y", year="MMXX", figlink="z"))
    assert figure
    triples = triples_of([figure])
    assert values(triples, ME, Pfocr.unrecognized_value) == ["figlink: z", "ndex: x", "wpid: y"]
    article = IRIS.article("PMC1")
    assert values(triples, article, Pfocr.unrecognized_value) == ["year: MMXX", "doi: none"]


def test_mention_iris_stay_when_other_things_change(tmp_path: Path) -> None:
    genes = table(GENE_COLUMNS, "9606|Homo sapiens|P|a|A|A|5|ncbigene_symbol|1|1|1")
    more = table(
        GENE_COLUMNS,
        "9606|Homo sapiens|P|b|B|B|6|ncbigene_symbol|1|1|1",
        "10090|Mus musculus|R|a|A|A|7|ncbigene_symbol|1|1|1",
    )
    before = subjects(one(tmp_path, record(), genes=genes), Pfocr.GeneMention)
    after = subjects(one(tmp_path, record(figtitle="New"), genes=more), Pfocr.GeneMention)
    assert set(before) < set(after)


def test_another_base_moves_our_own_iris_and_no_others(tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(journal_title="J", publisher_name="P"))
    here = triples_of([figure])
    there = triples_of([figure], Iris(base="https://example.org/pfocr/"))
    ontology = "https://pfocr.wikipathways.org/ontology#"
    ours = "https://pfocr.wikipathways.org/"

    def moved(written: bytes | None) -> Counter[str]:
        kept = (written or b"").decode().replace(ontology, "ontology#")
        return Counter(kept.replace(ours, "https://example.org/pfocr/").split("\n"))

    n_triples = RdfFormat.N_TRIPLES
    assert moved(serialize(here, format=n_triples)) == moved(serialize(there, format=n_triples))


def test_of_names_that_are_as_frequent_the_first_by_code_point_is_the_name() -> None:
    for names in (["b", "a", "B"], ["B", "b", "a"], ["a", "B", "b"]):
        said = [(said.value, name.value) for said, name in name_facts(Counter(names))]
        name, alternate = Schema.name.value, Schema.alternate_name.value
        assert said == [(name, "B"), (alternate, "a"), (alternate, "b")]
    assert next(name_facts(Counter("aab")))[1] == Literal("a")
    assert next(name_facts(Counter("abb")))[1] == Literal("b")


def test_mapping_a_figure_twice_gives_the_same_triples_in_the_same_order() -> None:
    figures, _ = read_all(SEEDS)
    again, _ = read_all(SEEDS)
    for figid, figure in figures.items():
        assert list(figure_nodes(figure, IRIS)) == list(figure_nodes(again[figid], IRIS))
