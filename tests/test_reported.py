"""Each warning of the catalogue: the value is kept, or is in the report with the reason, whole."""

from pathlib import Path
from typing import Any, Final

import pytest

from making import FIGID, brief, kinds, raw_record, read, read_well, record
from pacing import cpu_within

FILE: Final = f"_figures/{FIGID}.md"
LONG: Final = "x" * 10_001
WARNED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"figtitle": None},
        [
            "warning missing at figtitle: the figure has no name: add the field <>",
        ],
    ),
    (
        {"caption": "NA"},
        [
            "warning missing at caption: the figure has no caption: add the field <>",
        ],
    ),
    (
        {"papertitle": ""},
        [
            "warning missing at papertitle: the record does not say it: add the field <>",
        ],
    ),
    (
        {"reftext": None},
        [
            "warning missing at reftext: the record does not say it: add the field <>",
        ],
    ),
    (
        {"year": "", "reftext": "Ada Byron, et al. J Path. ;15(24):7479-7491."},
        [
            "warning missing at year: no value, and no year after a full stop in the"
            " citation: add the field <>",
        ],
    ),
    (
        {"year": "1066"},
        [
            "warning unrecognized value at year: not a year from 1800 to 2100: kept as a"
            " literal <1066>",
        ],
    ),
    (
        {"caption": "Figure."},
        [
            "warning caption at caption: the caption is only a label <Figure.>",
        ],
    ),
    (
        {"caption": LONG},
        [
            f"warning caption at caption: longer than 10,000 characters: is it one caption?"
            f" <{LONG}>",
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC149053/figure/fig7/"},
        [
            "warning link to another article at figlink: a figure of another article"
            " (PMC149053, not PMC1): the link is not mapped"
            " </pmc/articles/PMC149053/figure/fig7/>",
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/figure/fig8/"},
        [
            "warning number at figlink: the link and the number F1 name different figures: one"
            " is wrong </pmc/articles/PMC1/figure/fig8/>",
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/figure/../../../etc/"},
        [
            "warning unrecognized value at figlink: not a path /pmc/articles/PMC…/figure/…/:"
            " kept as a literal </pmc/articles/PMC1/figure/../../../etc/>",
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/figure/%2e%2E/etc/"},
        [
            "warning unrecognized value at figlink: not a path /pmc/articles/PMC…/figure/…/:"
            " kept as a literal </pmc/articles/PMC1/figure/%2e%2E/etc/>",
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/table/T1/"},
        [
            "warning unrecognized value at figlink: not a path /pmc/articles/PMC…/figure/…/:"
            " kept as a literal </pmc/articles/PMC1/table/T1/>",
        ],
    ),
    (
        {"figlink": "https://example.org/pmc/articles/PMC1/figure/F1/"},
        [
            "warning unrecognized value at figlink: not a path /pmc/articles/PMC…/figure/…/:"
            " kept as a literal <https://example.org/pmc/articles/PMC1/figure/F1/>",
        ],
    ),
    (
        {"figtype": "Table"},
        [
            "warning figure type at figtype: not a figure type that PFOCR uses (Appendix"
            " figure, Extended view, Figure, Graphical abstract, Scheme, Supplemental figure)"
            " <Table>",
        ],
    ),
    (
        {"filename": "../../etc/passwd"},
        [
            "warning unrecognized value at filename: not the name of a file: kept as a literal"
            " <../../etc/passwd>",
        ],
    ),
    (
        {"filename": "a\nb.jpg"},
        [
            "warning unrecognized value at filename: not the name of a file: kept as a literal"
            " <a\nb.jpg>",
        ],
    ),
    (
        {"filename": "PMC1__"},
        [
            "warning unrecognized value at filename: not the name of a file: kept as a literal"
            " <PMC1__>",
        ],
    ),
    (
        {"automl_pathway": "1.5"},
        [
            "warning score at automl_pathway: not between 0 and 1: kept as it is <1.5>",
        ],
    ),
    (
        {"automl_pathway": "0.7", "pathway_score": "0.8"},
        [
            "warning score at pathway_score: automl_pathway has 0.7, which is used: one of the"
            " two is wrong <0.8>",
        ],
    ),
    *(
        (
            {"pmcid": written},
            [
                "warning unrecognized value at pmcid: not a PubMed Central id, the figid's is"
                f" used: kept as a literal <{written}>",
            ],
        )
        for written in ("PMC1.1", "PMCID: PMC1", "PC1", "1.0")
    ),
    (
        {"pathway_score": "high"},
        [
            "warning unrecognized value at pathway_score: not a decimal number of 18 decimals at"
            " most: kept as a literal <high>",
        ],
    ),
    (
        {"pmc_ranked_result_index": "12.5"},
        [
            "warning unrecognized value at pmc_ranked_result_index: not a whole number: kept as"
            " a literal <12.5>",
        ],
    ),
    (
        {"doi": "10.1/x"},
        [
            "warning unrecognized value at doi: not a DOI (10.…/…): kept as a literal <10.1/x>",
        ],
    ),
    (
        {"ndex": "3feb4f7e"},
        [
            "warning unrecognized value at ndex: not an NDEx id (a UUID): kept as a literal"
            " <3feb4f7e>",
        ],
    ),
    (
        {"wpid": "PW12"},
        [
            "warning unrecognized value at wpid: not a WikiPathways id (WP and digits): kept as"
            " a literal <PW12>",
        ],
    ),
    (
        {"publisher_name": "—"},
        [
            "warning unrecognized value at publisher_name: not a name with a letter or digit in"
            " it: kept as a literal <—>",
        ],
    ),
    (
        {"organisms": ["Tragelaphus imaginarius"]},
        [
            "warning organism at organisms: maps to no taxon: kept as text; add an organism"
            " page, or correct the name <Tragelaphus imaginarius>",
        ],
    ),
    (
        {"organisms_ner": ["Tragelaphus imaginarius"]},
        [
            "warning organism at organisms_ner: maps to no taxon: kept as text; add an organism"
            " page, or correct the name <Tragelaphus imaginarius>",
        ],
    ),
    (
        {"figid_alias": "PMC2__F1"},
        [
            "warning unrecognized value at figid_alias: not an alias of the form PMC1__…: kept"
            " as a literal <PMC2__F1>",
        ],
    ),
    (
        {"figid_alias": "PMC1__F1", "redirect_from": "/figures/PMC1__F2"},
        [
            "warning alias at redirect_from: not the alias PMC1__F1, which is used: one of the"
            " two is wrong </figures/PMC1__F2>",
        ],
    ),
    (
        {"figid_alias": "PMC9__F1", "redirect_from": "/figures/PMC1__F2"},
        [
            "warning unrecognized value at figid_alias: not an alias of the form PMC1__…:"
            " kept as a literal <PMC9__F1>",
        ],
    ),
    (
        {"figid_alias": "PMC1__", "redirect_from": "/figures/PMC1__"},
        [
            "warning unrecognized value at figid_alias: not an alias of the form PMC1__…:"
            " kept as a literal <PMC1__>",
        ],
    ),
    (
        {"figid": "PMC1__other"},
        [
            "warning figid at figid: the file is named PMC1__f1: one of the two is wrong"
            " <PMC1__other>",
        ],
    ),
    (
        {"colour": ["red", "green"]},
        [
            "warning unknown field at colour: not a field that PFOCR records have: not mapped"
            ' <["red", "green"]>',
        ],
    ),
    (
        {"annotations": [{"type": "x", "value": "y"}]},
        [
            "warning unknown field at annotations: annotations have no mapping yet, none was"
            ' ever published: not mapped <[{"type": "x", "value": "y"}]>',
        ],
    ),
    (
        {"seo": "Thing"},
        [
            "warning placeholder at seo: not the constant CreativeWork: not mapped <Thing>",
        ],
    ),
    (
        {"schema-jsonld": {"license": "CC-BY", "about": "cells"}},
        [
            "warning placeholder at schema-jsonld, license: not the usual CC0: not mapped <CC-BY>",
            "warning unknown field at schema-jsonld, about: not mapped <cells>",
        ],
    ),
    (
        {"schema-jsonld": {"license": f"https://pfocr.wikipathways.org/figures/{FIGID}.html"}},
        [
            "warning placeholder at schema-jsonld, license: not the usual CC0: not mapped"
            f" <https://pfocr.wikipathways.org/figures/{FIGID}.html>",
        ],
    ),
    (
        {"schema-jsonld": {"description": "Another caption."}},
        [
            "warning placeholder at schema-jsonld, description: not the caption, which is used:"
            " one of the two is out of date <Another caption.>",
        ],
    ),
    (
        {"caption": None, "schema-jsonld": {"description": "The only caption."}},
        [
            "warning missing at caption: the figure has no caption: add the field <>",
            "warning placeholder at schema-jsonld, description: the record has no caption, and this"
            " is not mapped: write it as caption <The only caption.>",
        ],
    ),
    (
        {"schema-jsonld": ["a"]},
        [
            'warning field shape at schema-jsonld: a mapping was expected here: not mapped <["a"]>',
        ],
    ),
    (
        {"figtitle": {"en": "x"}},
        [
            "warning field shape at figtitle: a text was expected here: the value is not mapped; "
            'write one text <{"en": "x"}>',
        ],
    ),
    (
        {"organisms": [["Homo sapiens"]]},
        [
            "warning field shape at organisms: a list of texts was expected here: the item is"
            ' not mapped; write one text <["Homo sapiens"]>',
        ],
    ),
    (
        {"figtype": "Fig\x01ure", "redirect_from": "/figures/PMC1__F1\x02", "figid_alias": None},
        [
            f"warning control characters at {field}: control characters were removed: retype it"
            f" <{value}>"
            for field, value in (
                ("figtype", "'Fig\\x01ure'"),
                ("redirect_from", "'/figures/PMC1__F1\\x02'"),
            )
        ],
    ),
    (
        {"figtitle": "A\x1fB"},
        [
            "warning control characters at figtitle: control characters were removed: retype it"
            " <'A\\x1fB'>",
        ],
    ),
    (
        {"genes": [{"symbol": "X", "entrez": "1"}]},
        [
            "error mention at genes, item 1: the mention has no word: it was skipped; "
            "add the word <X 1>",
        ],
    ),
    (
        {"genes": ["TP53"]},
        [
            "error mention at genes, item 1: a mapping of texts was expected here: the mention"
            " was skipped; write one text for each name <TP53>",
        ],
    ),
    (
        {"genes": "TP53"},
        [
            "error field shape at genes: a list of mentions was expected here: the value is not"
            " mapped; write a list <TP53>",
        ],
    ),
    (
        {"genes": [{"word": "X", "source": "hgnc_symbol", "entrez": "12x", "colour": "red"}]},
        [
            "warning unknown field at genes, item 1, colour: not mapped <red>",
            "warning unrecognized value at genes, item 1, entrez: not an NCBI Gene id (a"
            " positive whole number): kept as a literal on the mention <12x>",
        ],
    ),
    (
        {"diseases": [{"word": "Flu", "source": "OMIM", "identifier": "OMIM:614680"}]},
        [
            "warning unrecognized value at diseases, item 1, source: not a known lexicon"
            " of diseases: kept as a literal on the mention <OMIM>",
            "warning unrecognized value at diseases, item 1, identifier: not an identifier of a"
            " disease that is mapped: kept as a literal on the mention <OMIM:614680>",
        ],
    ),
    (
        {"chemicals": [{"word": "glucose", "source": "", "identifier": "CHEBI:17234.0"}]},
        [
            "warning unrecognized value at chemicals, item 1, identifier: not a ChEBI id (a"
            " positive whole number): kept as a literal on the mention <CHEBI:17234.0>",
        ],
    ),
    (
        {"diseases": [{"word": "x", "source": "MESH", "identifier": "mesh : d005947"}]},
        [
            "warning unrecognized value at diseases, item 1, identifier: not a MeSH id (D or C"
            " and six to nine digits): kept as a literal on the mention <mesh : d005947>",
        ],
    ),
    (
        {"chemicals": [{"word": "", "source": "MESH", "identifier": "D000001"}]},
        [
            "warning empty word at chemicals, item 1, word: the mention has no word: add it <>",
        ],
    ),
]


def test_items_are_counted_with_those_that_were_skipped(tmp_path: Path) -> None:
    genes = [["no", "mapping"], {"word": "a", "entrez": "x"}]
    figure, problems = read(tmp_path, record(genes=genes))
    assert figure
    assert [p.field for p in problems] == ["genes, item 1", "genes, item 2, entrez"]


@pytest.mark.parametrize(("changes", "expected"), WARNED)
def test_what_is_wrong_in_a_record_is_reported_whole(
    changes: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, record(**changes))
    assert figure
    assert [brief(problem) for problem in problems] == expected
    assert {problem.file for problem in problems} == {FILE}


@pytest.mark.parametrize("name", ["organisms", "organisms_ner", "keywords", "wpid"])
def test_an_empty_list_as_r_writes_it_is_nothing_to_report(name: str, tmp_path: Path) -> None:
    read_well(tmp_path, record(**{name: {}}))


@pytest.mark.parametrize("nothing", ["", "NA", ".na.character", [], {}])
@pytest.mark.parametrize("name", ["@context", "@id", "@type", "license", "name", "creator"])
def test_a_placeholder_that_says_nothing_is_nothing_to_report(
    name: str, nothing: object, tmp_path: Path
) -> None:
    read_well(tmp_path, record(**{"schema-jsonld": {name: nothing}}))


@pytest.mark.parametrize(
    "embedded",
    [
        {"@type": "Dataset\n", "license": " CC0", "name": "CreativeWork \n"},
        {"creator": {"name": "WikiPathways\n", "@type": "Organization"}},
        {"@id": f"https://pfocr.wikipathways.org/figures/{FIGID}.html\n"},
        {"license": ["CC0"], "creator": [{"@type": ["Organization"], "name": "WikiPathways"}]},
        {"description": ["Caption."]},
    ],
)
def test_white_space_and_lists_of_one_change_no_placeholder(
    embedded: dict[str, Any], tmp_path: Path
) -> None:
    read_well(tmp_path, record(**{"caption": "Caption.", "schema-jsonld": embedded}))


def test_a_duplicate_key_is_reported_and_the_last_one_is_used(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, raw_record("figtitle: first\nfigtitle: second"))
    assert figure
    assert figure.title == "second"
    (found,) = problems
    assert (found.field, found.kind, found.severity) == ("figtitle", "duplicate key", "warning")
    assert found.value == "first"
    line = raw_record("figtitle: first\nfigtitle: second").split("\n").index("figtitle: second") + 1
    assert found.reason.startswith(f"the field is given twice, the last one (line {line}) ")


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    text = raw_record("papertitle: 'a\u2028b\x85c'\nfigtitle: first\nfigtitle: second")
    _, problems = read(tmp_path, text)
    line = text.split("\n").index("figtitle: second") + 1
    assert [f"(line {line})" in problem.reason for problem in problems] == [True]


def test_text_under_the_front_matter_is_reported_whole(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record() + "\n# Notes\n\nImportant.\n")
    assert figure
    reason = "text under the front matter is not mapped: move it into a field"
    assert [brief(p) for p in problems] == [
        f"warning body text at body: {reason} <# Notes\n\nImportant.>"
    ]


@pytest.mark.parametrize(
    ("lines", "comments"),
    [
        ("organisms:\n- Streptomyces sp. #45\n- #46", ["#45", "#46"]),
        ("keywords: a # b", ["# b"]),
        ("keywords: # a\n  b\n# c\n  # d", ["# a", "# c", "# d"]),
        ("caption: |- # a\n  # b\n# c", ["# a", "# c"]),
        ("organisms: [Homo sapiens, # a\n Mus musculus] # b", ["# a", "# b"]),
        ("caption: 'a\u2028b é #1' # b", ["# b"]),
        ("caption: 'a'#b", ["#b"]),
        ("caption: |#a", ["#a"]),
        ("caption: >-2#a\n  b", ["#a"]),
        ("caption: | # a\x85 # b\n # c", ["# a"]),
        ('keywords: [#a\n "b"#c\n, d,#e\n f]#g', ["#a", "#c", "#e", "#g"]),
        ("caption: a#b\nreftext: '# A. J Path. 2019'\npapertitle: \"x\n  # y\"\n #", []),
    ],
)
def test_what_yaml_takes_for_a_comment_is_reported(
    lines: str, comments: list[str], tmp_path: Path
) -> None:
    text = raw_record(lines)
    _, problems = read(tmp_path, text)
    found = [p for p in problems if p.kind == "comment"]
    assert [p.value for p in found] == (["\n".join(comments)] if comments else [])
    reason = "a comment in YAML: not mapped; quote the value if this is a part of it"
    assert {(p.severity, p.reason) for p in found} <= {("warning", reason)}
    for problem in found:
        number = int(problem.field.removeprefix("line "))
        assert comments[0] in text.split("\n")[number - 1]


def test_a_long_line_of_number_signs_is_read_in_linear_time(tmp_path: Path) -> None:
    with cpu_within(5):
        _, problems = read(tmp_path, raw_record("#" * 100_000))
        assert not problems


@pytest.mark.parametrize("written", ["a\x01b", "a\x7fb", "a\x92b", "a\ufffeb", "\x00\x1b"])
def test_control_characters_in_the_raw_front_matter_are_removed(
    written: str, tmp_path: Path
) -> None:
    if "\0" in written:
        written = written.replace("\0", "")
    figure, problems = read(tmp_path, raw_record(f"figtitle: a\nfigtitle: {written}title"))
    assert figure
    assert figure.title == ("abtitle" if written[0] == "a" else "title")
    assert kinds(problems) == [("warning", "control characters"), ("warning", "duplicate key")]
    assert problems[0].value == ascii(f"figtitle: {written}title")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("marks", [1, 2])
def test_line_ends_and_byte_order_marks_do_not_matter(marks: int, end: str, tmp_path: Path) -> None:
    text = record().replace("\n", end).encode()
    figure, problems = read(tmp_path, b"\xef\xbb\xbf" * marks + text)
    plain, _ = read(tmp_path / "plain", record())
    assert figure
    assert plain
    assert not problems
    assert figure.caption == plain.caption
    assert figure.article == plain.article
