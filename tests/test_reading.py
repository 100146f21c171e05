"""Reading one record: strings stay strings, and what is normalised is normalised silently."""

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from making import FIGID, OPTIONAL, brief, kinds, raw_record, read, read_well, record, table, write
from pfocr_rdf.errors import Problem
from pfocr_rdf.records import Candidate, Organism, open_collection

#: What YAML 1.1 or a spreadsheet would take for something else than a word.
LOOKS_TYPED = (
    "NO On Off yes y n N true 1e5 1:30 012 0x1F 1_000 12.50 2001-01-01 NA N/A null Null ~ NaN"
    " .inf .nan .na.character = None nan"
)
FILE = f"_figures/{FIGID}.md"


@pytest.mark.parametrize("word", LOOKS_TYPED.split())
def test_an_inline_word_stays_the_word_that_was_in_the_picture(word: str, tmp_path: Path) -> None:
    genes = (
        f"genes:\n- word: {word}\n  symbol: {word}\n  source: hgnc_symbol\n"
        f"  hgnc_symbol: {word}\n  entrez: 5742"
    )
    figure = read_well(tmp_path, raw_record(genes))
    (mention,) = figure.mentions
    assert (mention.word, mention.match) == (word, word)
    assert mention.candidates == (
        Candidate("ncbigene", "5742", word, True, Organism("Homo sapiens", "9606")),
    )


@pytest.mark.parametrize("word", LOOKS_TYPED.split())
def test_a_word_of_a_table_stays_the_word_that_was_in_the_picture(
    word: str, tmp_path: Path
) -> None:
    genes = table(
        "organism_id organism_name word match ncbigene_symbol ncbigene_id source",
        f"9606|Homo sapiens|{word}|{word}|{word}|5742|ncbigene_symbol",
    )
    chemicals = table("word mesh match name chebi", f"{word}|mesh:D000001|{word}|x|NA")
    figure = read_well(tmp_path, record(), genes=genes, chemicals=chemicals)
    gene, chemical = figure.mentions
    assert (gene.word, gene.match, gene.candidates[0].name) == (word, word, word)
    assert (chemical.word, chemical.match) == (word, word)


@pytest.mark.parametrize("field", ["figtitle", "caption", "papertitle", "reftext", "number"])
@pytest.mark.parametrize("value", ["NO", "On", "1e5", "1:30", "012", "yes", "2001-01-01", "0.10"])
def test_metadata_stays_as_it_was_written(field: str, value: str, tmp_path: Path) -> None:
    figure, _ = read(tmp_path, raw_record(f"{field}: {value}"))
    assert figure
    found = {
        "figtitle": figure.title,
        "caption": figure.caption,
        "papertitle": figure.article.title,
        "reftext": figure.article.citation,
        "number": figure.number,
    }
    assert found[field] == value


@pytest.mark.parametrize("keyword", ["NO", "On", "1:30", "NA", "null", "~"])
def test_keywords_of_the_picture_are_words_from_it(keyword: str, tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record(f"schema-jsonld:\n  keywords:\n  - {keyword}"))
    assert figure.keywords == (keyword,)


@pytest.mark.parametrize(
    "null",
    [
        *("''", "NA", "N/A", ".na", ".na.character", ".na.real", ".na.integer", "NaN", ".nan"),
        *("null", "~", "[]", '" NA "', ""),
    ],
)
def test_a_null_spelling_in_metadata_means_absent(null: str, tmp_path: Path) -> None:
    lines = "\n".join(f"{name}: {null}" for name in OPTIONAL.split())
    figure = read_well(tmp_path, raw_record(lines))
    article = figure.article
    assert (article.doi, article.journal, article.journal_abbreviation) == (None, None, None)
    assert (article.publisher, article.keywords, figure.organisms) == (None, (), ())
    assert (figure.ndex, figure.wpids, figure.figure_type, figure.number) == (None, (), None, None)
    assert (figure.score, figure.search_rank, figure.alias, figure.pmc_path) == (None,) * 4
    assert (figure.mentions, figure.keywords, figure.predicted_organisms) == ((), (), ())
    assert figure.filename == "f1.jpg"
    assert figure.unrecognized == ()


def test_a_null_in_a_list_of_organisms_is_left_out(tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record("organisms:\n- NA\n- Mus  musculus\n- NA"))
    assert [organism.name for organism in figure.organisms] == ["Mus musculus"]


def test_a_null_in_the_place_of_a_mention_is_left_out(tmp_path: Path) -> None:
    rows = (
        "genes:\n- NA\n- {word: NA, source: hgnc_symbol, entrez: '1'}\nchemicals: [.na.character]"
    )
    figure = read_well(tmp_path, raw_record(rows))
    assert [mention.word for mention in figure.mentions] == ["NA"]


@pytest.mark.parametrize("nothing", ["[]", "{}"])
def test_an_empty_list_or_mapping_in_a_list_is_left_out(nothing: str, tmp_path: Path) -> None:
    text = "genes: [{0}, {{word: NO, entrez: '1'}}, {0}]\norganisms: [{0}, Mus musculus]\n"
    text += "schema-jsonld: {{keywords: [{0}, NO]}}\nkeywords: [{0}]"
    figure = read_well(tmp_path, raw_record(text.format(nothing)))
    assert [mention.word for mention in figure.mentions] == ["NO"]
    assert [organism.name for organism in figure.organisms] == ["Mus musculus"]
    assert figure.keywords == ("NO",)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Homo sapiens", ["Homo sapiens"]),
        ("[Homo sapiens]", ["Homo sapiens"]),
        ("Homo sapiens | Mus musculus", ["Homo sapiens", "Mus musculus"]),
        ("[Homo sapiens, Homo sapiens]", ["Homo sapiens"]),
    ],
)
def test_organisms_may_be_a_text_or_a_list(written: str, names: list[str], tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record(f"organisms: {written}"))
    assert [organism.name for organism in figure.organisms] == names


def test_a_word_that_ends_in_hyphens_is_not_a_fence(tmp_path: Path) -> None:
    genes = "genes:\n- word: IPP----\n  symbol: IPP\n  source: hgnc_symbol\n  entrez: '3652'"
    figure = read_well(tmp_path, raw_record(genes))
    assert figure.mentions[0].word == "IPP----"
    assert figure.mentions[0].candidates[0].accession == "3652"


def test_a_line_of_four_hyphens_is_not_a_fence(tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record("caption: |\n  above\n  ----\n  ---\n  below"))
    assert figure.caption == "above ---- --- below"
    assert figure.caption_as_found == "above\n----\n---\nbelow\n"


@pytest.mark.parametrize(
    "stem",
    [
        *("PMC1__09_173_.de_ref2", "PMC2__ISRN.BIOCHEMISTRY2013-645983.013"),
        *("PMC3__cdr-7-5.fig.1", "PMC4__nihpp-2023.03.03.530734v1-f0001"),
        *("PMC5__a.md", "PMC6__x.tar.gz", "PMC7__a.html", "PMC8__b-genes"),
    ],
)
def test_a_stem_keeps_its_dots(stem: str, tmp_path: Path) -> None:
    pmcid = stem.partition("__")[0]
    text = record(figid=stem, pmcid=pmcid, filename=None, figlink=None)
    write(tmp_path, {f"{stem}.md": text})
    collection = open_collection([tmp_path])
    assert [file.figid for file in collection.files] == [stem]
    (tmp_path / f"{stem}.md").unlink()
    figure, problems = read(tmp_path, text)
    assert figure
    assert (figure.figid, figure.filename) == (stem, stem.partition("__")[2] + ".jpg")
    assert kinds(problems) == [("warning", "figid")]


def test_scalars_may_be_written_as_lists_of_one(tmp_path: Path) -> None:
    lines = "figtitle: [A pathway]\nyear: ['2019']\nredirect_from: [/figures/PMC1__F1]"
    figure = read_well(tmp_path, raw_record(lines))
    assert (figure.title, figure.article.year, figure.alias) == ("A pathway", "2019", "PMC1__F1")


@pytest.mark.parametrize("symbol", ["[]", "{}", "[RELA]", "\n  - RELA"])
def test_a_cell_of_a_mention_may_be_a_list_of_one_or_of_none(symbol: str, tmp_path: Path) -> None:
    rows = f"genes:\n- word: p65\n  symbol: {symbol}\n  entrez:\n  - '5970'"
    (mention,) = read_well(tmp_path, raw_record(rows)).mentions
    assert mention.match == ("RELA" if "RELA" in symbol else "")
    assert [candidate.accession for candidate in mention.candidates] == ["5970"]


def test_a_list_of_one_mention_may_be_the_mention_itself(tmp_path: Path) -> None:
    chemicals = "chemicals:\n  word: NO\n  source: MESH\n  identifier: D009569\ngenes: {}"
    figure = read_well(tmp_path, raw_record(chemicals))
    assert [(m.kind, m.word) for m in figure.mentions] == [("chemical", "NO")]


@pytest.mark.parametrize(("words", "found"), [(["NO", "~", "p53"], 3), (["NO"], 1), ([], 0)])
def test_mentions_may_be_written_by_column(words: list[str], found: int, tmp_path: Path) -> None:
    frame = {"word": words, "source": ["MESH"] * found, "identifier": ["D009569"] * found}
    figure = read_well(tmp_path, record(chemicals=frame))
    assert [m.word for m in figure.mentions] == words
    assert [c.accession for m in figure.mentions for c in m.candidates] == ["D009569"] * found


def test_columns_of_mentions_that_differ_in_length_are_refused(tmp_path: Path) -> None:
    frame = {"word": ["NO", "p53"], "entrez": ["4842"]}
    figure, problems = read(tmp_path, record(genes=frame))
    assert figure
    assert figure.mentions == ()
    reason = "a mapping of texts was expected here: the mention was skipped; "
    reason += "write one text for each name"
    assert [brief(problem) for problem in problems] == [
        f'error mention at genes, item 1: {reason} <{{"word": ["NO", "p53"], "entrez": ["4842"]}}>'
    ]


def test_texts_are_on_one_line_and_the_caption_is_kept_as_found(tmp_path: Path) -> None:
    figure = read_well(
        tmp_path,
        record(
            figtitle="A  pathway\n of\u00a0cells ",
            caption=' . P\u00a0<\u00a00.05, e\u0301 \n\n in <b>bold</b> & "quoted"\t\\alpha ',
            papertitle="\u2009Title  in two\twords",
        ),
    )
    assert figure.title == "A pathway of cells"
    assert figure.caption == '. P < 0.05, é in <b>bold</b> & "quoted" \\alpha'
    assert figure.caption_as_found is not None
    assert figure.caption_as_found.startswith(" . P\u00a0<\u00a00.05, e\u0301 \n\n in <b>")
    assert figure.article.title == "Title in two words"


def test_a_caption_in_normal_form_is_not_kept_twice(tmp_path: Path) -> None:
    assert read_well(tmp_path, record()).caption_as_found is None


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/pmc/articles/PMC1/figure/F1/", "PMC1/figure/F1/"),
        ("pmc/articles/PMC1/figure/F1", "PMC1/figure/F1/"),
        ("//pmc/articles//PMC1//figure//F1//", "PMC1/figure/F1/"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/figure/F1/", "PMC1/figure/F1/"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1/figure/F1/", "PMC1/figure/F1/"),
        ("/pmc/articles/PMC1/figure/pcbi-0010055-g001/", "PMC1/figure/pcbi-0010055-g001/"),
        ("/pmc/articles/PMC1/figure/F1/?report=objectonly#x", "PMC1/figure/F1/"),
        ("/pmc/articles/PMC1/figure/F1?report=objectonly", "PMC1/figure/F1/"),
    ],
)
def test_slashes_and_queries_of_the_link_do_not_matter(
    link: str, path: str, tmp_path: Path
) -> None:
    assert read_well(tmp_path, record(figlink=link)).pmc_path == path


@pytest.mark.parametrize("name", ["f1.jpg", "PMC1__f1.jpg", None])
def test_the_picture_is_named_with_or_without_its_article(name: str | None, tmp_path: Path) -> None:
    assert read_well(tmp_path, record(filename=name)).filename == "f1.jpg"


@pytest.mark.parametrize(
    ("written", "number", "printed", "kind"),
    [
        ("F11", "F11", None, "Figure"),
        ("Figure 1", "F1", "Figure 1", "Figure"),
        ("Fig. 5", "F5", "Fig. 5", "Figure"),
        ("Fig. (1)", "F1", "Fig. (1)", "Figure"),
        ("5", "F5", "5", "Figure"),
        ("fig 5a.", "F5a", "fig 5a.", "Figure"),
        ("Scheme 2", "S2", "Scheme 2", "Scheme"),
        ("SF1_2", "SF1_2", None, "Supplemental figure"),
        ("GA1", "GA1", None, "Graphical abstract"),
        ("AF1", "AF1", None, "Appendix figure"),
        ("EV1", "EV1", None, "Extended view"),
        ("Plate IV", "Plate IV", None, None),
    ],
)
def test_numbers_are_normalised_and_the_type_follows_from_them(
    written: str, number: str, printed: str | None, kind: str | None, tmp_path: Path
) -> None:
    figure = read_well(tmp_path, record(number=written, figtype=None, figlink=None))
    assert (figure.number, figure.printed_number, figure.figure_type) == (number, printed, kind)


def test_a_bare_number_is_that_of_the_kind_of_figure(tmp_path: Path) -> None:
    assert read_well(tmp_path, record(number=5, figtype="Scheme", figlink=None)).number == "S5"


def test_the_alias_is_derived_only_from_a_real_number(tmp_path: Path) -> None:
    assert read_well(tmp_path, record(number="Fig. 5", figlink=None)).alias == "PMC1__F5"
    assert read_well(tmp_path, record(number="Plate 1/2", figlink=None)).alias is None
    assert read_well(tmp_path, record(number=None, figid_alias="PMC1__F9")).alias == "PMC1__F9"


def test_an_alias_that_is_the_figid_itself_leads_nowhere(tmp_path: Path) -> None:
    assert read_well(tmp_path, record(figid_alias=FIGID)).alias is None
    named = record(figid_alias=FIGID, number="Fig. 5", figlink=None)
    assert read_well(tmp_path, named).alias is None


def test_an_alias_that_is_the_figid_itself_does_not_hide_another(tmp_path: Path) -> None:
    said = record(figid_alias=FIGID, redirect_from="/figures/PMC1__F9")
    assert read_well(tmp_path, said).alias == "PMC1__F9"


@pytest.mark.parametrize(
    ("year", "citation", "found"),
    [
        ("2019", "Ada, et al. J. 2001 May;1:1.", "2019"),
        ("", "Ada, et al. J Path. 2001 Dec;21(24):8385-8397.", "2001"),
        ("", "Zhongguo Fei Ai Za Zhi. 2013 Mar 20.", "2013"),
        (".na.integer", "Ada, et al. J. 2024;2024(NA).", "2024"),
        ("", "Ada. bioRxiv. 2023 Mar 7:2023.03.03.530734.", "2023"),
    ],
)
def test_the_year_is_the_field_or_else_the_citation_s(
    year: str, citation: str, found: str, tmp_path: Path
) -> None:
    assert read_well(tmp_path, record(year=year, reftext=citation)).article.year == found


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("10.1021/ACS.3c00075", "10.1021/acs.3c00075"),
        (" https://doi.org/10.1/x ", None),
        ("10.1234/x|10.1234/y", None),
        ("https://www.doi.org/10.1234/x", "10.1234/x"),
        ("doi:https://doi.org/10.1234/x", "10.1234/x"),
        ("doi.org/10.1234/x", "10.1234/x"),
        ("https://doi.org/10.1234/x(1)<2>", "10.1234/x(1)<2>"),
        ("doi: 10.1234/x", "10.1234/x"),
        *(("DOI 10.1234/x", "10.1234/x"), ("doi : 10.1234/x", "10.1234/x")),
        *(("info:doi/10.1234/x", "10.1234/x"), ("doi10.1234/x", "10.1234/x")),
        ("https://doi.org/10.1234%2FX%2fy", "10.1234/x/y"),
        *(("10.1234%2Fabc%E9", None), ("10.1234%2Fabc%C3%A9", "10.1234/abcé")),
        *(("10.1234%2Fx%2800%29%C3%9F", "10.1234/x(00)ß"), ("10.1234%2Fx%00", None)),
        *(("10.1234/x%2Fy", "10.1234/x%2fy"), ("doi.org", None), ("doi", None)),
        # Case is that of ASCII alone: those with Ä and ä are two.
        ("10.1234/XÄΣİ", "10.1234/xÄΣİ"),
    ],
)
def test_a_doi_is_lower_case_and_bare(written: str, doi: str | None, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record(doi=written))
    assert figure
    assert figure.article.doi == doi
    assert bool(problems) == (doi is None)


@pytest.mark.parametrize("mark", [",", ";", ",doi:", ";https://doi.org/", ",http://dx.doi.org/"])
def test_two_dois_in_one_text_are_not_one(mark: str, tmp_path: Path) -> None:
    written = f"10.1000/a{mark}10.1000/b"
    figure, problems = read(tmp_path, record(doi=written))
    assert figure
    assert (figure.article.doi, figure.article.unrecognized) == (None, (f"doi: {written}",))
    reason = "several DOIs, write one: kept as a literal"
    assert [(p.field, p.value, p.reason) for p in problems] == [("doi", written, reason)]


def test_article_keywords_are_split_folded_and_distinct(tmp_path: Path) -> None:
    keywords = "keywords: |-\n  cell  death | Apoptosis |  | a broken\n  word |Apoptosis| NA |last."
    figure = read_well(tmp_path, raw_record(keywords))
    assert figure.article.keywords == ("cell death", "Apoptosis", "a broken word", "last.")


@pytest.mark.parametrize("field", ["automl_pathway", "pathway_score"])
@pytest.mark.parametrize(
    ("written", "score"),
    [("0.9001817", "0.9001817"), ("1", "1"), ("0.50", "0.5"), ("5e-1", "0.5"), ("0", "0")],
)
def test_both_names_of_the_score_are_one_property(
    field: str, written: str, score: str, tmp_path: Path
) -> None:
    assert read_well(tmp_path, raw_record(f"{field}: {written}")).score == Decimal(score)


def test_links_to_networks_and_pathways_are_read(tmp_path: Path) -> None:
    uuid = "3FEB4F7E-df13-11ea-99da-0ac135e8bacf"
    figure = read_well(tmp_path, record(ndex=uuid, wpid="WP5358_r123"))
    assert (figure.ndex, figure.wpids) == (uuid.lower(), ("WP5358_r123",))


def test_the_embedded_placeholder_is_checked_and_its_keywords_are_kept(tmp_path: Path) -> None:
    embedded = {
        "@context": "https://schema.org/",
        "@id": f"https://pfocr.wikipathways.org/figures/{FIGID}.html",
        "@type": "Dataset",
        "description": "A pathway, drawn.",
        "license": "CC0",
        "name": "CreativeWork",
        "creator": {"@type": "Organization", "name": "WikiPathways"},
        "keywords": ["TP53", "FAS", "TP53", "'n", "  trimmed  "],
    }
    figure = read_well(tmp_path, record(**{"schema-jsonld": embedded, "seo": "CreativeWork"}))
    assert figure.keywords == ("TP53", "FAS", "'n", "trimmed")


def test_one_keyword_may_be_a_text(tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record("schema-jsonld:\n  keywords: NO"))
    assert figure.keywords == ("NO",)


def test_quoted_and_unquoted_scalars_are_the_same_text(tmp_path: Path) -> None:
    plain = read_well(tmp_path, raw_record("year: 2019\nfigtitle: On"))
    single = read_well(tmp_path, raw_record("year: '2019'\nfigtitle: 'On'"))
    double = read_well(tmp_path, raw_record('year: "2019"\nfigtitle: !!str "\\u004fn"'))
    older = read_well(tmp_path, raw_record("year: ! '2019'\nfigtitle: ! \"On\""))
    assert plain.article == single.article == double.article == older.article
    assert plain.title == single.title == double.title == older.title == "On"


def test_an_equals_sign_and_a_merge_sign_may_be_values(tmp_path: Path) -> None:
    figure = read_well(tmp_path, raw_record("figtitle: =\npapertitle: <<"))
    assert (figure.title, figure.article.title) == ("=", "<<")


@pytest.mark.parametrize(
    "written",
    [
        *("figid: PMC1__it's", "figid: 'PMC1__it''s'", 'figid: "PMC1__it\'s"'),
        *("figid: PMC1__it's # the first one", "figid:    PMC1__it's   "),
        *("figid: ' PMC1__it''s'", 'figid: "PMC1__it\'s "', "figid:\n  PMC1__it's"),
        *("figid:\n- PMC1__it's", "figid: |\n  PMC1__it's", 'figid: "PMC1__it\\x27s"'),
    ],
)
def test_a_figid_is_found_however_it_is_quoted(written: str, tmp_path: Path) -> None:
    write(tmp_path, {"_figures/PMC1__it's.md": raw_record(written)})
    (file,) = open_collection([tmp_path]).files
    assert file.figid == "PMC1__it's"
    figure, problems = read(tmp_path / "other", raw_record(written))
    assert figure
    assert figure.figid == "PMC1__it's"
    assert [p.kind for p in problems if p.kind != "comment"] == ["figid"]


@pytest.mark.parametrize(
    "text",
    [
        '---\n{"figid": "PMC1__a", "caption": "A pathway"}\n---\n',
        "---\n'caption': A pathway\n'figid': PMC1__a\n---\n",
        "---\nfigid : PMC1__a\n? caption\n: A pathway\n---\n",
        "---\rcaption: A pathway\rfigid: PMC1__a\r---\r",
    ],
)
def test_a_figid_is_found_wherever_the_parser_finds_it(text: str, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, text)
    assert figure
    assert (figure.figid, figure.caption) == ("PMC1__a", "A pathway")
    assert "error" not in [problem.severity for problem in problems]


def test_a_figid_is_not_normalised(tmp_path: Path) -> None:
    figid = "PMC1__cafe\u0301"
    write(tmp_path, {f"_figures/{figid}.md": record(figid=figid)})
    figure, problems = read(tmp_path / "other", record(figid=figid))
    assert figure
    assert figure.figid == figid
    assert kinds(problems) == [("warning", "figid")]


def test_a_figid_far_down_in_the_file_is_found(tmp_path: Path) -> None:
    text = raw_record("caption: " + "long " * 1_000 + "\nfigid: PMC1__late")
    text = text.replace("A pathway\n", "A pathway\n# " + "x" * 4_095 + "\n", 1)
    figure, problems = read(tmp_path, text)
    assert figure
    assert figure.figid == "PMC1__late"
    assert kinds(problems) == [("warning", "comment"), ("warning", "figid")]


def test_a_record_without_figid_is_named_by_its_file(tmp_path: Path) -> None:
    figure = read_well(tmp_path, record(figid=None, pmcid=None))
    assert (figure.figid, figure.article.pmcid) == (FIGID, "PMC1")


def test_repeated_inline_rows_are_counted_not_repeated(tmp_path: Path) -> None:
    row = (
        "- word: COX\n  symbol: COX\n  source: bioentities_symbol\n  hgnc_symbol: {}\n  entrez: {}"
    )
    rows = [row.format("COX1", 1), row.format("COX2", 2), row.format("COX1", 1)]
    figure = read_well(tmp_path, raw_record("genes:\n" + "\n".join(rows)))
    (mention,) = figure.mentions
    assert mention.row_count == 3
    assert [(c.accession, c.name) for c in mention.candidates] == [("1", "COX1"), ("2", "COX2")]


@pytest.mark.parametrize(
    ("identifier", "accessions"),
    [
        *((written, ["D005947"]) for written in ("D005947", "mesh:D005947", "MESH : D005947")),
        *((written, []) for written in ("NA", "mesh:NA", "mesh:")),
    ],
)
def test_an_inline_identifier_may_have_a_prefix_in_any_case(
    identifier: str, accessions: list[str], tmp_path: Path
) -> None:
    row = {"word": "x", "source": "MESH", "identifier": identifier}
    (mention,) = read_well(tmp_path, record(chemicals=[row])).mentions
    assert [candidate.accession for candidate in mention.candidates] == accessions
    assert mention.unrecognized == ()


def test_the_hash_is_of_the_file_s_bytes(tmp_path: Path) -> None:
    data = record().replace("\n", "\r\n").encode()
    figure = read_well(tmp_path, data)
    assert figure.source_sha256 == hashlib.sha256(data).hexdigest()


def test_the_report_says_where_what_and_why(tmp_path: Path) -> None:
    _, problems = read(tmp_path, record(year="20019", doi="unknown"))
    year, doi = problems
    assert year == Problem(
        FILE,
        "year",
        "unrecognized value",
        "warning",
        "20019",
        "not a year from 1800 to 2100: kept as a literal",
    )
    assert str(doi) == (
        f"warning: {FILE}: doi: not a DOI (10.…/…): kept as a literal (found 'unknown')"
    )
