"""What records share is described once, whatever order it was gathered in."""

import pickle
import random
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    FIGID,
    GENE_COLUMNS,
    SEEDS,
    read_all,
    record,
    shared_triples,
    table,
    values,
    write,
)
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Figure, load_taxa
from pfocr_rdf.shared import Shared, equivalent_quads, sameness
from pfocr_rdf.vocabulary import CLOSE_MATCH, Pfocr, Schema

IRIS = Iris()


def gathered(*figures: Figure) -> Shared:
    shared = Shared()
    for figure in figures:
        shared.gather(figure, IRIS)
    return shared


@pytest.fixture(name="figures")
def _figures(tmp_path: Path) -> list[Figure]:
    genes = "{}|{}|Primates|{}|X|{}|5|ncbigene_symbol|1|2|3"
    metadata = {"journal_title": "Journal of Paths", "journal_nlm_ta": "J Path"}
    chemical = "{}|mesh:D000001|{}|{}|{}"
    for n, (symbol, name) in enumerate([("OLD", "a"), ("NEW", "b"), ("NEW", "a"), ("ZED", "c")]):
        figid = f"PMC{n + 1}__f1"
        more = metadata if n else {**metadata, "journal_title": "The journal of paths"}
        write(
            tmp_path,
            {
                f"_figures/{figid}.md": record(
                    figid=figid, pmcid=None, publisher_name="P.", **more
                ),
                f"_data/{figid}-genes.tsv": table(
                    GENE_COLUMNS, genes.format(9606, "Homo sapiens", f"w{n}", symbol)
                ),
                f"_data/{figid}-chemicals.tsv": table(
                    CHEMICAL_COLUMNS,
                    chemical.format("word", "NA", "NA", "NA"),
                    chemical.format(
                        "other",
                        *([name, f"{name} of ChEBI"] if n > 1 else ["NA", "NA"]),
                        f"chebi:{n + 1}",
                    ),
                ),
            },
        )
    return list(read_all(tmp_path)[0].values())


def test_the_most_frequent_name_is_the_name_and_the_others_are_alternates(
    figures: list[Figure],
) -> None:
    triples = shared_triples(gathered(*figures), IRIS)
    gene = IRIS.entity("ncbigene", "5")
    assert values(triples, gene, Schema.name) == ["NEW"]
    assert values(triples, gene, Schema.alternate_name) == ["OLD", "ZED"]
    assert values(triples, gene, Schema.identifier) == ["5"]
    assert values(triples, gene, Schema.taxonomic_range) == [IRIS.taxon("9606").value]


def test_the_name_is_what_most_records_say_not_most_words_of_one(tmp_path: Path) -> None:
    gene = "9606|Homo sapiens|Primates|{}|X|{}|5|ncbigene_symbol|1|2|3"
    chemical = "{}|mesh:D000001|{}|NA|NA"
    for n, (name, words) in enumerate([("LOUD", "abc"), ("USUAL", "a"), ("USUAL", "a")], 1):
        genes = [gene.format(word, name) for word in words]
        chemicals = [chemical.format(word, name) for word in words]
        write(
            tmp_path,
            {
                f"_figures/PMC{n}__f1.md": record(figid=f"PMC{n}__f1", pmcid=None),
                f"_data/PMC{n}__f1-genes.tsv": table(GENE_COLUMNS, *genes),
                f"_data/PMC{n}__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, *chemicals),
            },
        )
    triples = shared_triples(gathered(*read_all(tmp_path)[0].values()), IRIS)
    for thing in (IRIS.entity("ncbigene", "5"), IRIS.entity("mesh", "D000001")):
        assert values(triples, thing, Schema.name) == ["USUAL"]
        assert values(triples, thing, Schema.alternate_name) == ["LOUD"]


def test_one_record_says_a_name_once_whatever_else_it_says_with_it(tmp_path: Path) -> None:
    """The close match differs, the name does not: two of three records say another."""
    loud = ["a|D005947|abc|NA|CHEBI:4167", "b|D005947|abc|NA|CHEBI:17234"]
    for n, rows in enumerate([loud, ["a|D005947|NA|zzz|NA"], ["a|D005947|NA|zzz|NA"]], 1):
        files = {
            f"_figures/PMC{n}__f1.md": record(figid=f"PMC{n}__f1", pmcid=None),
            f"_data/PMC{n}__f1-chemicals.tsv": table(CHEMICAL_COLUMNS, *rows),
        }
        write(tmp_path, files)
    triples = shared_triples(gathered(*read_all(tmp_path)[0].values()), IRIS)
    glucose = IRIS.entity("mesh", "D005947")
    assert values(triples, glucose, Schema.name) == ["zzz"]
    assert values(triples, glucose, Schema.alternate_name) == ["abc"]
    assert len(values(triples, glucose, CLOSE_MATCH)) == 2


def test_a_word_serves_as_a_name_only_where_no_record_gives_one(figures: list[Figure]) -> None:
    mesh = IRIS.entity("mesh", "D000001")
    named = shared_triples(gathered(*figures), IRIS)
    assert values(named, mesh, Schema.name) == ["a"]
    assert values(named, mesh, Schema.alternate_name) == ["c"]
    worded = shared_triples(gathered(*figures[:2]), IRIS)
    assert values(worded, mesh, Schema.name) == ["other"]


def test_close_matches_are_stated_and_their_targets_described(figures: list[Figure]) -> None:
    triples = shared_triples(gathered(*figures), IRIS)
    mesh = IRIS.entity("mesh", "D000001")
    close = values(triples, mesh, CLOSE_MATCH)
    assert close == [f"http://purl.obolibrary.org/obo/CHEBI_{n}" for n in range(1, 5)]
    for iri in close:
        accession = iri.rpartition("_")[2]
        assert values(triples, NamedNode(iri), Schema.identifier) == [accession]


def test_the_name_of_a_row_is_that_of_the_close_match_and_the_match_that_of_the_term(
    figures: list[Figure],
) -> None:
    triples = shared_triples(gathered(*figures), IRIS)
    names = [values(triples, IRIS.entity("chebi", str(n)), Schema.name) for n in range(1, 5)]
    assert names == [[], [], ["a of ChEBI"], ["c of ChEBI"]]
    assert values(triples, IRIS.entity("mesh", "D000001"), Schema.name) == ["a"]


def test_a_journal_has_its_names_and_its_abbreviation(figures: list[Figure]) -> None:
    triples = shared_triples(gathered(*figures), IRIS)
    journal = IRIS.journal("J Path")
    assert values(triples, journal, Schema.name) == ["Journal of Paths"]
    alternates = values(triples, journal, Schema.alternate_name)
    assert alternates == ["The journal of paths", "J Path"]
    assert values(triples, IRIS.publisher("P."), Schema.name) == ["P."]


def test_an_abbreviation_names_a_journal_only_where_no_record_has_its_title(
    tmp_path: Path,
) -> None:
    named = [
        ("Journal of Paths", "J Path"),
        (None, "J. Path."),
        (None, "J. Path."),
        (None, "J Path"),
    ]
    files = {
        f"_figures/PMC{n}__f1.md": record(
            figid=f"PMC{n}__f1", pmcid=None, journal_title=title, journal_nlm_ta=abbreviation
        )
        for n, (title, abbreviation) in enumerate(named, 1)
    }
    figures = list(read_all(write(tmp_path, files))[0].values())
    journal = IRIS.journal("J Path")
    titled = shared_triples(gathered(*figures), IRIS)
    assert values(titled, journal, Schema.name) == ["Journal of Paths"]
    assert values(titled, journal, Schema.alternate_name) == ["J Path", "J. Path."]
    abbreviated = shared_triples(gathered(*figures[1:]), IRIS)
    assert values(abbreviated, journal, Schema.name) == ["J. Path."]
    assert values(abbreviated, journal, Schema.alternate_name) == ["J Path"]


def test_a_disease_s_identifier_has_its_prefix_as_wikidata_has_it(tmp_path: Path) -> None:
    diseases = table(DISEASE_COLUMNS, "x|NA|x|x|DOID:0060239")
    files = {f"_figures/{FIGID}.md": record(), f"_data/{FIGID}-diseases.tsv": diseases}
    figures, _ = read_all(write(tmp_path, files))
    triples = shared_triples(gathered(*figures.values()), IRIS)
    disease = IRIS.entity("doid", "0060239")
    assert values(triples, disease, Schema.identifier) == ["DOID:0060239"]


def test_neither_the_order_of_gathering_nor_that_of_merging_matters(
    figures: list[Figure],
) -> None:
    figures = [*figures, *read_all(SEEDS)[0].values()]
    expected = shared_triples(gathered(*figures), IRIS)
    for seed in range(5):
        shuffled = list(figures)
        random.Random(seed).shuffle(shuffled)
        merged = Shared()
        for part in (shuffled[:2], [], shuffled[2:3], shuffled[3:]):
            # As it comes from a worker process.
            merged.merge(pickle.loads(pickle.dumps(gathered(*part))))
        assert shared_triples(merged, IRIS) == expected


def test_nothing_shared_is_described_twice(figures: list[Figure]) -> None:
    shared = gathered(*figures, *read_all(SEEDS)[0].values())
    triples = shared_triples(shared, IRIS)
    assert len(triples) == len(set(triples))
    quads = [quad for thing in equivalent_quads(shared, IRIS) for quad in thing]
    assert len(quads) == len(set(quads))


def test_organism_pages_are_described_though_no_figure_names_them(tmp_path: Path) -> None:
    address = "http://www.ncbi.nlm.nih.gov/Taxonomy/taxi/images/422"
    page = (
        f"---\nlatin: Alces\ncommon: Moose\nncbi: '9852'\ngroup: Mammals\nimage: {address}\n---\n"
    )
    write(tmp_path, {"_figures/x.md": record(), "_organisms/x.md": page})
    shared = Shared()
    shared.gather_pages(load_taxa((str(tmp_path / "_organisms"),)))
    triples = shared_triples(shared, IRIS)
    taxon = IRIS.taxon("9852")
    assert values(triples, taxon, Schema.name) == ["Alces"]
    assert values(triples, taxon, Schema.alternate_name) == ["Moose"]
    assert values(triples, taxon, Pfocr.organism_group) == ["Mammals"]
    assert values(triples, taxon, Schema.image) == [address]


@pytest.mark.parametrize(
    ("thing", "accession", "some"),
    [
        ("ncbigene", "5742", "http://purl.uniprot.org/geneid/5742"),
        ("taxon", "9606", "http://purl.uniprot.org/taxonomy/9606"),
        ("mesh", "D005947", "http://identifiers.org/mesh/D005947"),
        ("chebi", "17234", "https://identifiers.org/chebi/CHEBI:17234"),
        ("doid", "0060239", "https://identifiers.org/doid/DOID:0060239"),
        ("pmc", "PMC1", "https://europepmc.org/articles/PMC1"),
        ("doi", "10.1234/a<b>(c)", "https://doi.org/10.1234/a%3Cb%3E(c)"),
    ],
)
def test_other_spellings_stand_in_a_graph_of_their_own(
    thing: str, accession: str, some: str
) -> None:
    primary = NamedNode("https://example.org/" + thing)
    quads = sameness(thing, accession, primary, IRIS)  # type: ignore[arg-type]
    assert {quad.graph_name for quad in quads} == {IRIS.equivalents}
    assert {(quad.subject, quad.predicate) for quad in quads} == {(primary, Schema.same_as)}
    assert NamedNode(some) in [quad.object for quad in quads]


def test_a_thing_is_never_said_to_be_the_same_as_itself() -> None:
    gene = IRIS.entity("ncbigene", "5")
    assert gene not in [quad.object for quad in sameness("ncbigene", "5", gene, IRIS)]
    elsewhere = Iris(gene_prefix="http://bio2rdf.org/ncbigene:").entity("ncbigene", "5")
    spellings = [quad.object for quad in sameness("ncbigene", "5", elsewhere, IRIS)]
    assert gene in spellings
    assert elsewhere not in spellings
