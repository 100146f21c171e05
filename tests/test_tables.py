"""Companion tables: header by name, no quoting, and a row that is refused never shifts another."""

from pathlib import Path

import pytest

from making import (
    CHEMICAL_COLUMNS,
    DISEASE_COLUMNS,
    FIGID,
    GENE_COLUMNS,
    raw_record,
    read,
    read_well,
    record,
    table,
)
from pfocr_rdf.errors import Problem
from pfocr_rdf.records import Candidate, Limits, Organism

GENES = f"_data/{FIGID}-genes.tsv"
CHEMICALS = f"_data/{FIGID}-chemicals.tsv"
HUMAN = Organism("Homo sapiens", "9606")
FLY = Organism("Drosophila melanogaster", "7227")
BMX = "9606|Homo sapiens|Primates|Etk|ETK|BMX|660|ncbigene_synonym|7|12|10"


def genes(*rows: str) -> str:
    return table(GENE_COLUMNS, *rows)


def test_a_table_of_genes_is_read_whole(tmp_path: Path) -> None:
    rows = (
        BMX,
        "9606|Homo sapiens|Primates|COX|COX|COX8A|1351|famplex_relations|7|12|10",
        "9606|Homo sapiens|Primates|COX|COX|COX7B|1349|famplex_relations|7|12|10",
        "7227|Drosophila melanogaster|Invertebrates|Etk|ETK|Btk29A|34132|ncbigene_synonym|NA|3|2",
    )
    figure = read_well(tmp_path, record(organisms_ner=[HUMAN.name, FLY.name]), genes=genes(*rows))
    etk, cox = figure.mentions
    assert (etk.kind, etk.word, etk.match, etk.source) == ("gene", "Etk", "ETK", "ncbigene_synonym")
    assert etk.candidates == (
        Candidate("ncbigene", "660", "BMX", True, HUMAN),
        Candidate("ncbigene", "34132", "Btk29A", True, FLY),
    )
    assert (etk.row_count, cox.row_count) == (2, 2)
    assert [(c.accession, c.name) for c in cox.candidates] == [("1351", "COX8A"), ("1349", "COX7B")]
    human, fly = figure.supports
    assert (human.organism, human.group) == (HUMAN, "Primates")
    assert (human.direct, human.synonym, human.match) == ((7,), (12,), (10,))
    assert (fly.direct, fly.synonym, fly.match) == ((), (3,), (2,))
    assert figure.predicted_organisms == (HUMAN, FLY)
    assert figure.tables == (GENES,)


def test_chemicals_and_diseases_are_read_whole(tmp_path: Path) -> None:
    chemicals = table(
        CHEMICAL_COLUMNS,
        "Glucose|mesh:D005947|Glucose|glucose|chebi:17234",
        "Lead|NA|LEAD|NA|chebi:25016",
        "NO|NA|NA|NA|NA",
        "(1->4)-a\"'{}[],|NA|x|NA|NA",
    )
    diseases = table(
        DISEASE_COLUMNS,
        "Melanoma|mesh:D008545|NA|NA|NA",
        "Flu|NA|flu|influenza|DOID:0060239",
        "COVID|mesh:C000657245|COVID|NA|doid:0080600",
    )
    figure = read_well(tmp_path, record(), chemicals=chemicals, diseases=diseases)
    found = {m.word: m for m in figure.mentions}
    assert found["Glucose"].candidates == (
        Candidate("mesh", "D005947", "Glucose", True, None, ("chebi", "17234"), "glucose"),
    )
    assert found["Lead"].candidates == (Candidate("chebi", "25016", "LEAD", False),)
    assert (found["NO"].candidates, found["NO"].match) == ((), "")
    assert found["Melanoma"].candidates == (Candidate("mesh", "D008545", "Melanoma", False),)
    assert found["Flu"].candidates == (Candidate("doid", "0060239", "influenza"),)
    assert found["COVID"].candidates == (
        Candidate("mesh", "C000657245", "COVID", True, None, ("doid", "0080600")),
    )
    assert all(mention.source == "" for mention in figure.mentions)


@pytest.mark.parametrize(
    ("row", "called", "kept"),
    [
        (
            "mesh:D005947|glucose|D-pyranose|17.0",
            ("glucose", True),
            "chebi: 17.0; name: D-pyranose",
        ),
        ("mesh:D005947|NA|D-pyranose|17.0", ("sugar", False), "chebi: 17.0; name: D-pyranose"),
        ("mesh:D005947|glucose|NA|17.0", ("glucose", True), "chebi: 17.0"),
        ("mesh:D005947|glucose|D-pyranose|NA", ("D-pyranose", True), ""),
        ("mesh:5947|glucose|D-pyranose|17234", ("D-pyranose", True), "mesh: mesh:5947"),
    ],
)
def test_the_name_of_an_id_that_is_unusable_is_not_given_to_the_mesh_term(
    row: str, called: tuple[str, bool], kept: str, tmp_path: Path
) -> None:
    figure, _ = read(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, f"sugar|{row}"))
    assert figure
    (mention,) = figure.mentions
    assert [(found.name, found.named) for found in mention.candidates] == [called]
    assert "; ".join(mention.unrecognized) == kept


def test_repeated_rows_are_counted(tmp_path: Path) -> None:
    row = "Glucose|mesh:D005947|Glucose|glucose|chebi:17234"
    figure = read_well(
        tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, row, row.replace("G", "g", 1), row)
    )
    assert [(m.word, m.row_count, len(m.candidates)) for m in figure.mentions] == [
        ("Glucose", 2, 1),
        ("glucose", 1, 1),
    ]


def test_words_keep_their_spaces_quotes_and_case(tmp_path: Path) -> None:
    words = [
        " C",
        "NAD  NADH ",
        "|TH|T",
        "[O]",
        '"x',
        "тPR-П",
        "a\u2028b",
        "a\u0085b",
        "#x",
        "\u00a0",
    ]
    rows = "".join(f"{word}\tmesh:D000001\t{word}\tx\tNA\n" for word in words)
    header = CHEMICAL_COLUMNS.replace(" ", "\t") + "\n"
    figure = read_well(tmp_path, record(), chemicals=header + rows)
    assert [mention.word for mention in figure.mentions] == words
    assert [mention.match for mention in figure.mentions] == words


@pytest.mark.parametrize("text", ["", "\n", "\r\n"])
def test_a_table_of_its_header_alone_has_no_rows(text: str, tmp_path: Path) -> None:
    header = GENE_COLUMNS.replace(" ", "\t")
    figure = read_well(tmp_path, record(), genes=header + text)
    assert (figure.mentions, figure.tables) == ((), (GENES,))


def test_a_table_of_its_header_alone_leaves_the_front_matter_s_rows(tmp_path: Path) -> None:
    inline = "genes:\n- word: Etk\n  symbol: ETK\n  source: hgnc_alias_symbol\n  entrez: 660"
    figure = read_well(tmp_path, raw_record(inline), genes=genes())
    assert [m.word for m in figure.mentions] == ["Etk"]


@pytest.mark.parametrize("encoded", [b"\xef\xbb\xbf%b", b"\xef\xbb\xbf\xef\xbb\xbf%b", b"%b"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_byte_order_marks_and_line_ends_do_not_matter(
    encoded: bytes, end: bytes, tmp_path: Path
) -> None:
    data = encoded % genes(BMX).encode().replace(b"\n", end)
    figure = read_well(tmp_path, record(), genes=data)
    assert [(m.word, m.candidates[0].accession) for m in figure.mentions] == [("Etk", "660")]
    assert figure.supports[0].match == (10,)


def test_columns_may_come_in_any_order(tmp_path: Path) -> None:
    columns = " ".join(reversed(GENE_COLUMNS.split()))
    row = "|".join(reversed(BMX.split("|")))
    reordered = read_well(tmp_path, record(), genes=table(columns, row))
    plain = read_well(tmp_path / "plain", record(), genes=genes(BMX))
    assert reordered == plain


def test_names_of_columns_may_be_in_capitals_or_have_spaces_around(tmp_path: Path) -> None:
    columns = GENE_COLUMNS.upper().replace("WORD", "Word")
    shouted = read_well(
        tmp_path, record(), genes=table(columns, BMX).replace("MATCH\t", " Match \t")
    )
    assert shouted == read_well(tmp_path / "plain", record(), genes=genes(BMX))


def test_a_row_without_any_text_is_as_silent_as_an_empty_line(tmp_path: Path) -> None:
    text = genes(BMX) + "\t" * 10 + "\n   \n"
    assert [m.word for m in read_well(tmp_path, record(), genes=text).mentions] == ["Etk"]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", " \r\n\t\n"])
def test_a_table_of_nothing_is_a_warning_that_loses_no_row(text: str, tmp_path: Path) -> None:
    inline = "genes:\n- word: Etk\n  entrez: '660'"
    figure, problems = read(tmp_path, raw_record(inline), genes=text)
    assert figure
    assert [mention.word for mention in figure.mentions] == ["Etk"]
    reason = "it is empty, without even column names: write its rows, or delete it"
    assert problems == [Problem(GENES, "file", "empty table", "warning", "", reason)]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (" quinone |mesh:D011809|NA|NA|NA", "quinone"),
        ("Me  Me|mesh:C526611|NA|NA|NA", "Me Me"),
        ("Na+|NA|NA|NA|chebi:29101", "Na+"),
    ],
)
def test_a_word_that_names_a_thing_is_on_one_line_and_says_something(
    row: str, name: str, tmp_path: Path
) -> None:
    figure = read_well(tmp_path, record(), chemicals=table(CHEMICAL_COLUMNS, row))
    (mention,) = figure.mentions
    assert mention.word == row.partition("|")[0], "which stays as it stood"
    assert [candidate.name for candidate in mention.candidates] == [name]


def test_columns_of_evidence_may_be_missing(tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), genes=table("ncbigene_id word", "660|Etk"))
    (mention,) = figure.mentions
    assert (mention.match, mention.source) == ("", "")
    assert mention.candidates == (Candidate("ncbigene", "660", "Etk", False, None),)
    assert figure.supports == ()


def test_a_row_of_the_wrong_length_is_skipped_and_no_other_row_with_it(tmp_path: Path) -> None:
    text = genes(BMX, "9606|Homo sapiens|short", BMX + "|long", "", BMX.replace("660", "bad"))
    figure, problems = read(tmp_path, record(), genes=text)
    assert figure
    assert [(m.word, m.row_count) for m in figure.mentions] == [("Etk", 2)]
    assert problems[:2] == [
        Problem(
            GENES,
            "line 3",
            "table row",
            "error",
            "9606\tHomo sapiens\tshort",
            "3 cells under 11 columns: the row was skipped; give it a cell for each column",
        ),
        Problem(
            GENES,
            "line 4",
            "table row",
            "error",
            f"{BMX}|long".replace("|", "\t"),
            "12 cells under 11 columns: the row was skipped; give it a cell for each column",
        ),
    ]
    # The line that people see in an editor, skipped and empty lines counted.
    assert [p.field for p in problems[2:]] == ["ncbigene_id, line 6"]


def test_column_names_between_the_rows_are_no_mention(tmp_path: Path) -> None:
    once = genes(BMX)
    figure, problems = read(tmp_path, record(), genes=once + once)
    assert figure
    assert [(m.word, m.row_count) for m in figure.mentions] == [("Etk", 2)]
    assert figure.predicted_organisms == (HUMAN,)
    reason = "the names of the columns again, not a row: it was skipped; delete the line"
    header = once.split("\n")[0]
    assert problems == [Problem(GENES, "line 3", "table row", "warning", header, reason)]


@pytest.mark.parametrize(
    ("kind", "header", "needs"),
    [
        ("genes", "match ncbigene_id", "word and ncbigene_id"),
        ("genes", "word match", "word and ncbigene_id"),
        ("genes", "", "word and ncbigene_id"),
        ("genes", '"word" "ncbigene_id"', "word and ncbigene_id, without quotation marks"),
        ("genes", "word,ncbigene_id", "word and ncbigene_id"),
        ("chemicals", "word match name", "word and mesh or chebi"),
        ("diseases", "word chebi", "word and mesh or doid"),
    ],
)
def test_a_table_without_words_or_ids_is_skipped(
    kind: str, header: str, needs: str, tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, record(), Limits(), **{kind: table(header, "a|b|c")})
    assert figure
    assert figure.mentions == ()
    assert problems == [
        Problem(
            f"_data/{FIGID}-{kind}.tsv",
            "line 1",
            "table header",
            "error",
            header.replace(" ", "\t") + "\na\tb\tc",
            f"the table needs the columns {needs}: its rows were skipped; correct line 1",
        )
    ]


def test_an_unknown_column_is_reported_with_all_its_cells(tmp_path: Path) -> None:
    text = table("word colour mesh", "x|red|D000001", "short|row", "y|blue|D000002")
    figure, problems = read(tmp_path, record(), chemicals=text)
    assert figure
    assert [m.word for m in figure.mentions] == ["x", "y"]
    assert problems[0] == Problem(
        CHEMICALS,
        "colour",
        "table column",
        "warning",
        "red | blue",
        "unknown or repeated column: its cells are not mapped",
    )


def test_of_a_repeated_column_the_first_is_read_and_the_others_are_reported(
    tmp_path: Path,
) -> None:
    text = table("word mesh word mesh", "x|D000001|other|D000002", "y|D000003|more|NA")
    figure, problems = read(tmp_path, record(), chemicals=text)
    assert figure
    assert [(m.word, m.candidates[0].accession) for m in figure.mentions] == [
        ("x", "D000001"),
        ("y", "D000003"),
    ]
    assert [(p.field, p.value) for p in problems] == [
        ("word", "other | more"),
        ("mesh", "D000002 | NA"),
    ]


def test_a_column_without_a_name_is_reported_by_its_place(tmp_path: Path) -> None:
    _, problems = read(tmp_path, record(), chemicals="word\tmesh\t\nx\tD000001\tnote\n")
    assert [(p.field, p.kind, p.value) for p in problems] == [("column 3", "table column", "note")]


def test_a_column_that_only_other_tables_have_says_nothing_of_this_one(tmp_path: Path) -> None:
    text = table("word mesh source", "x|D000001|MESH")
    figure, problems = read(tmp_path, record(), chemicals=text)
    assert figure
    assert figure.mentions[0].source == ""
    assert [(p.field, p.value) for p in problems] == [("source", "MESH")]


def test_control_characters_in_a_cell_are_removed_and_reported(tmp_path: Path) -> None:
    text = table(CHEMICAL_COLUMNS, "x|D000001|x|x|NA", "\x1fy\x7f|D000002|x|x|NA")
    figure, problems = read(tmp_path, record(), chemicals=text)
    assert figure
    assert [m.word for m in figure.mentions] == ["x", "y"]
    reason = "control characters were removed: retype it"
    assert problems == [
        Problem(
            CHEMICALS,
            "word, line 3",
            "control characters",
            "warning",
            "'\\x1fy\\x7f'",
            reason,
        )
    ]


def test_a_table_wins_over_the_front_matter_kind_by_kind(tmp_path: Path) -> None:
    inline = (
        "genes:\n- {word: TP53, symbol: TP53, source: hgnc_symbol, entrez: '7157'}\n"
        "chemicals:\n- {word: Lead, source: MESH, identifier: D007854}"
    )
    figure, problems = read(tmp_path, raw_record(inline), genes=genes(BMX))
    assert figure
    assert [(m.kind, m.word) for m in figure.mentions] == [("gene", "Etk"), ("chemical", "Lead")]
    assert problems == [
        Problem(
            f"_figures/{FIGID}.md",
            "genes",
            "two generations",
            "warning",
            "TP53 TP53 hgnc_symbol 7157",
            "the table has rows, so these are not mapped: delete one of the two",
        )
    ]


@pytest.mark.parametrize(
    ("data", "field", "kind", "value"),
    [
        (b"word\tncbigene_id\ncaf\xe9\t1\n", "file", "not UTF-8", "byte 20: e9"),
        (b"word\tncbigene_id\na\0b\t1\n", "file", "not text", "byte 18"),
        (b"word\tncbigene_id\n" + b"x\t1\n" * 500, "file", "too large", "2017 bytes"),
    ],
)
def test_an_unreadable_table_costs_its_rows_and_not_the_record(
    data: bytes, field: str, kind: str, value: str, tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, record(), Limits(file_bytes=2_000), genes=data)
    assert figure
    assert figure.mentions == ()
    assert [(p.file, p.field, p.kind, p.severity, p.value) for p in problems] == [
        (GENES, field, kind, "error", value)
    ]


def test_an_unknown_lexicon_is_kept_as_text(tmp_path: Path) -> None:
    row = BMX.replace("ncbigene_synonym", "my_list")
    figure, problems = read(tmp_path, record(), genes=genes(row))
    assert figure
    assert figure.mentions[0].unrecognized == ("source: my_list",)
    reason = "not a known lexicon of genes: kept as a literal on the mention"
    assert problems == [
        Problem(GENES, "source, line 2", "unrecognized value", "warning", "my_list", reason)
    ]


@pytest.mark.parametrize(
    "nothing",
    [
        *("", "NA", "N/A", "n/a", "NaN", "nan", "null", "Null", "NULL", "None", "~", "[]"),
        *(".na", ".na.character", ".na.real", ".na.integer", ".na.logical"),
        *(".nan", ".NaN", ".NAN"),
    ],
)
def test_a_source_that_spells_nothing_is_no_lexicon(nothing: str, tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(), genes=genes(BMX.replace("ncbigene_synonym", nothing)))
    assert (figure.mentions[0].source, figure.mentions[0].unrecognized) == ("", ())


def test_a_known_lexicon_is_known_with_spaces_around_it(tmp_path: Path) -> None:
    rows = genes(BMX.replace("ncbigene_synonym", " ncbigene_synonym "))
    mention = read_well(tmp_path, record(), genes=rows).mentions[0]
    assert (mention.source, mention.unrecognized) == ("ncbigene_synonym", ())


def test_an_organism_is_found_by_name_where_its_id_is_missing_or_wrong(tmp_path: Path) -> None:
    rows = [BMX.replace("9606", "NA"), BMX.replace("9606", "human").replace("660", "661")]
    figure, problems = read(tmp_path, record(), genes=genes(*rows))
    assert figure
    assert [c.organism for c in figure.mentions[0].candidates] == [HUMAN, HUMAN]
    reason = "not an NCBI taxonomy id: the organism is taken from its name"
    assert problems == [
        Problem(GENES, "organism_id, line 3", "unrecognized value", "warning", "human", reason)
    ]


def test_an_organism_with_a_wrong_id_and_no_name_is_none(tmp_path: Path) -> None:
    row = BMX.replace("9606|Homo sapiens|Primates", "9606.0|NA|NA").replace("7|12|10", "NA|NA|NA")
    figure, problems = read(tmp_path, record(), genes=genes(row))
    assert figure
    assert [c.organism for c in figure.mentions[0].candidates] == [None]
    reason = "not an NCBI taxonomy id, and no organism is named: write the id's digits"
    assert (problems[0].field, problems[0].reason) == ("organism_id, line 2", reason)


def test_an_id_of_the_table_itself_serves_all_rows_of_that_organism(tmp_path: Path) -> None:
    coral = BMX.replace("9606|Homo sapiens", "45264|Acropora millepora")
    unnumbered = coral.replace("45264|Acropora", "NA|acropora ").replace("660", "661")
    text = record(organisms="Acropora millepora")
    figure = read_well(tmp_path, text, genes=genes(unnumbered, coral))
    assert [c.organism.taxon for c in figure.mentions[0].candidates if c.organism] == ["45264"] * 2
    assert {o.taxon for o in (*figure.organisms, *figure.predicted_organisms)} == {"45264"}


def test_of_several_ids_of_one_name_a_table_gives_none_to_its_other_rows(tmp_path: Path) -> None:
    coral = BMX.replace("9606|Homo sapiens", "45264|Acropora millepora")
    rows = [coral, coral.replace("45264", "45265"), coral.replace("45264", "NA"), coral]
    rows = [row.replace("660", f"66{n}") for n, row in enumerate(rows)]
    figure, problems = read(tmp_path, record(), genes=genes(*rows))
    assert figure
    found = [c.organism.taxon for c in figure.mentions[0].candidates if c.organism]
    assert found == ["45264", "45265", None, "45264"]
    assert [p.field for p in problems] == ["organism_name, line 4"]


def test_an_organism_of_a_table_that_maps_to_no_taxon_is_reported_once(tmp_path: Path) -> None:
    row = BMX.replace("9606|Homo sapiens", "NA|PX clade")
    figure, problems = read(tmp_path, record(), genes=genes(row, row.replace("|12|", "|13|")))
    assert figure
    assert figure.predicted_organisms == (Organism("PX clade", None),)
    reason = "maps to no taxon: kept as text; add an organism page, or correct the name"
    found = [p for p in problems if p.kind == "organism"]
    assert found == [
        Problem(GENES, "organism_name, line 2", "organism", "warning", "PX clade", reason)
    ]


def test_a_second_group_under_another_name_of_the_organism_is_reported(tmp_path: Path) -> None:
    rows = [BMX, BMX.replace("Homo sapiens|Primates", "human|Mammals")]
    figure, problems = read(tmp_path, record(), genes=genes(*rows))
    assert figure
    assert [support.group for support in figure.supports] == ["Primates", "Primates"]
    assert [(p.field, p.value) for p in problems] == [("organism_group, line 3", "Mammals")]


def test_contradictory_counts_and_groups_of_an_organism_are_reported(tmp_path: Path) -> None:
    rows = [BMX, BMX.replace("Primates", "Mammals").replace("|10", "|11")]
    figure, problems = read(tmp_path, record(), genes=genes(*rows))
    assert figure
    (support,) = figure.supports
    assert (support.group, support.match) == ("Primates", (10, 11))
    assert [(p.field, p.kind, p.value, p.reason) for p in problems] == [
        (
            "organism_group, line 3",
            "organism group",
            "Mammals",
            "the organism's group is Primates on an earlier line, which is used",
        ),
        (
            "count_match, line 3",
            "count",
            "11",
            "the organism has another count on an earlier line: both are stated",
        ),
    ]


@pytest.mark.parametrize("cell", ["1e+05", "-1", "7.0", "many", "1234567890"])
def test_a_count_of_the_wrong_shape_is_reported(cell: str, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record(), genes=genes(BMX.removesuffix("10") + cell))
    assert figure
    assert figure.supports[0].match == ()
    reason = "not a count (digits): not mapped"
    assert problems == [
        Problem(GENES, "count_match, line 2", "unrecognized value", "warning", cell, reason)
    ]


def test_counts_without_an_organism_are_reported(tmp_path: Path) -> None:
    row = BMX.replace("9606|Homo sapiens", "NA|NA")
    figure, problems = read(tmp_path, record(), genes=genes(row))
    assert figure
    assert figure.supports == ()
    reason = "counts or a group without an organism: not mapped"
    assert problems == [
        Problem(GENES, "organism_id, line 2", "count", "warning", "Primates 7 12 10", reason)
    ]


def test_keywords_that_differ_from_the_mentions_are_reported(tmp_path: Path) -> None:
    keywords = {"schema-jsonld": {"keywords": ["BMX", "bond"]}}
    chemicals = table(CHEMICAL_COLUMNS, "Lead|D007854|Lead|lead|NA")
    figure, problems = read(tmp_path, record(**keywords), genes=genes(BMX), chemicals=chemicals)
    assert figure
    assert figure.keywords == ("BMX", "bond")
    assert problems == [
        Problem(
            f"_figures/{FIGID}.md",
            "schema-jsonld, keywords",
            "keywords",
            "warning",
            "only in the keywords: bond; only in the mentions: Lead",
            "the keywords and the mentions differ, one is out of date: both are kept",
        )
    ]


def test_keywords_that_are_not_there_are_not_out_of_date(tmp_path: Path) -> None:
    embedded: dict[str, dict[str, str]] = {"schema-jsonld": {"license": "CC0"}}
    assert read_well(tmp_path, record(**embedded), genes=genes(BMX)).keywords == ()
    _, problems = read(tmp_path, record(**{"schema-jsonld": {"keywords": []}}), genes=genes(BMX))
    assert [problem.kind for problem in problems] == ["keywords"]


@pytest.mark.parametrize("keywords", [["660"], ["ETK"], []])
def test_a_gene_without_a_symbol_is_not_missed_among_the_keywords(
    keywords: list[str], tmp_path: Path
) -> None:
    text = raw_record(f"schema-jsonld: {{keywords: {keywords}}}")
    _, problems = read(tmp_path, text, genes=genes(BMX.replace("|BMX|", "||")))
    assert [p.value for p in problems] == ["only in the keywords: 660"] * (keywords == ["660"])


def test_a_row_without_a_word_is_not_missed_among_the_keywords(tmp_path: Path) -> None:
    keywords = {"schema-jsonld": {"keywords": ["lead"]}}
    chemicals = table(CHEMICAL_COLUMNS, "lead|D007854|NA|NA|NA", "|D007854|NA|NA|NA")
    _, problems = read(tmp_path, record(**keywords), chemicals=chemicals)
    assert [problem.kind for problem in problems] == ["empty word"]


def test_each_other_count_of_an_organism_is_reported_once(tmp_path: Path) -> None:
    rows = [f"9606|Homo sapiens|Primates|a|A|A|5|ncbigene_symbol|{n}|1|1" for n in (1, 5, 7, 1, 5)]
    _, problems = read(tmp_path, record(), genes=table(GENE_COLUMNS, *rows))
    assert [(p.kind, p.value) for p in problems] == [("count", "5"), ("count", "7")]


def test_a_tab_at_the_end_of_every_line_is_no_column(tmp_path: Path) -> None:
    row = "9606|Homo sapiens|Primates|a|A|A|5|ncbigene_symbol|1|1|1|"
    _, problems = read(tmp_path, record(), genes=table(f"{GENE_COLUMNS} ", row))
    assert problems == []


@pytest.mark.parametrize("keywords", [["A", "B"], ["A"]])
def test_a_symbol_without_an_identifier_may_be_among_the_keywords(
    keywords: list[str], tmp_path: Path
) -> None:
    rows = [f"9606|Homo sapiens|Primates|x|X|{s}|ncbigene_symbol|1|1|1" for s in ("A|5", "B|NA")]
    text = record(**{"schema-jsonld": {"keywords": keywords}})
    _, problems = read(tmp_path, text, genes=table(GENE_COLUMNS, *rows))
    assert problems == []
