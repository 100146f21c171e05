"""Each error and warning of the catalogue, and input that means harm."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from making import (
    FIELDS,
    FIGID,
    GENE_COLUMNS,
    OPTIONAL,
    kinds,
    raw_record,
    read,
    read_all,
    record,
    table,
    triples_of,
    write,
)

from pfocr_rdf.errors import InputError, Problem, Severity
from pfocr_rdf.records import Limits, open_collection

FILE = f"_figures/{FIGID}.md"
UUID = "3feb4f7e-df13-11ea-99da-0ac135e8bacf"


def problem(field: str, kind: str, severity: Severity, value: str, reason: str) -> Problem:
    return Problem(FILE, field, kind, severity, value, reason)


# --- records that cannot be read: skipped, with one error ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "no fence\n",
            problem(
                "line 1",
                "no front matter",
                "error",
                "no fence",
                "no front matter: the first line must be exactly ---",
            ),
        ),
        (
            " ---\nfigid: PMC1__f1\n---\n",
            problem(
                "line 1",
                "no front matter",
                "error",
                " ---",
                "no front matter: the first line must be exactly ---",
            ),
        ),
        (
            "",
            problem(
                "line 1",
                "no front matter",
                "error",
                "",
                "no front matter: the first line must be exactly ---",
            ),
        ),
        (
            "---\nfigid: PMC1__f1\n----\n",
            problem(
                "end of file",
                "no front matter",
                "error",
                "---\nfigid: PMC1__f1\n----",
                "the front matter is not closed: end it with a line that is exactly ---",
            ),
        ),
        (
            "---\n- figid\n- PMC1__f1\n---\n",
            problem(
                "front matter",
                "not a mapping",
                "error",
                '["figid", "PMC1__f1"]',
                "the front matter is not a mapping: write one `field: value` a line",
            ),
        ),
        (
            "---\n---\n",
            problem(
                "front matter",
                "not a mapping",
                "error",
                "",
                "the front matter is not a mapping: write one `field: value` a line",
            ),
        ),
        (
            "---\nfigid: &a PMC1__f1\n---\n",
            problem(
                "line 2, column 8",
                "refused YAML",
                "error",
                "&a",
                "anchors and aliases are not read: write the value out",
            ),
        ),
        (
            "---\na: *b\n---\n",
            problem(
                "line 2, column 4",
                "refused YAML",
                "error",
                "*b",
                "anchors and aliases are not read: write the value out",
            ),
        ),
        (
            "---\na: 1\n<<: {b: 2}\n---\n",
            problem(
                "line 3, column 1",
                "refused YAML",
                "error",
                "<<",
                "merge keys are not read: write the value out",
            ),
        ),
        (
            "---\na: !!python/object/apply:os.system [id]\n---\n",
            problem(
                "line 2, column 4",
                "refused YAML",
                "error",
                "tag:yaml.org,2002:python/object/apply:os.system",
                "tags are not read: write the value out",
            ),
        ),
        (
            "---\ngenes:\n- word: !p53\n---\n",
            problem(
                "line 3, column 9",
                "refused YAML",
                "error",
                "!p53",
                "tags are not read: write the value out",
            ),
        ),
        (
            "---\n? [a, b]\n: c\n---\n",
            problem(
                "line 2, column 3",
                "refused YAML",
                "error",
                "",
                "field names that are not text are not read: write the value out",
            ),
        ),
        (
            "---\nfigid: PMC1__f1\n...\n--- \nfigid: PMC1__f2\n---\n",
            problem(
                "line 4, column 1",
                "refused YAML",
                "error",
                "---",
                "more than one document is not read: write the value out",
            ),
        ),
        (
            record(pmcid="PMC2"),
            problem(
                "pmcid",
                "pmcid",
                "error",
                "PMC2",
                "contradicts the figid PMC1__f1: the record was skipped; mend one of the two",
            ),
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: a: b\n---\n",
            problem(
                "line 3, column 11",
                "not YAML",
                "error",
                "caption: a: b",
                "not YAML (mapping values are not allowed in this context): quote the value, or"
                " mend the line",
            ),
        ),
        (
            b"---\nfigtitle: caf\xe9\n---\n",
            problem(
                "file",
                "not UTF-8",
                "error",
                "byte 17: e9",
                "not UTF-8: save the file in that encoding",
            ),
        ),
        (
            b"---\nfigtitle: a\0b\n---\n",
            problem(
                "file", "not text", "error", "byte 15", "holds a NUL byte: is this a text file?"
            ),
        ),
        (
            record().encode("utf-16-le"),
            problem(
                "file", "not text", "error", "byte 1", "holds a NUL byte: is this a text file?"
            ),
        ),
    ],
)
def test_an_unreadable_record_is_skipped_and_reported(
    text: str | bytes, expected: Problem, tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, text)
    assert figure is None
    assert problems == [expected]


@pytest.mark.parametrize(
    "yaml",
    [
        *("a: b: c", "a: 'b", 'a: "\\q"', "a:\n\t- b", "a: @b", "a: `b`", "a: %b", "- a\nb: c"),
        *("figid", "a: [", "a: {b", "%YAML 9.9", 'a: "\\ud800"', "{}: a", "a: |9\n b"),
    ],
)
def test_what_is_not_a_mapping_in_yaml_is_refused_not_guessed(yaml: str, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, f"---\n{yaml}\n---\n")
    assert figure is None
    assert [p.severity for p in problems] == ["error"]


@pytest.mark.parametrize(
    "organism", ["[NA", "*Homo", "&Homo", "{x", "!Homo", "@Homo", "'Homo", "Homo: x: y"]
)
def test_an_organism_written_raw_may_break_its_record_but_nothing_else(
    organism: str, tmp_path: Path
) -> None:
    broken = raw_record(f"organisms:\n- {organism}\n").replace(FIGID, "PMC1__f2")
    write(tmp_path, {"_figures/PMC1__f1.md": record(), "_figures/PMC1__f2.md": broken})
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    assert [(p.file, p.severity) for p in problems] == [("_figures/PMC1__f2.md", "error")]


@pytest.mark.parametrize("organism", ["no", "null ", "1.0", "#Homo", "- Homo", "~", "yes"])
def test_an_organism_that_yaml_would_retype_is_text_or_absent(
    organism: str, tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, raw_record(f"organisms:\n- {organism}"))
    assert figure
    assert all(p.severity == "warning" for p in problems)
    named = organism in {"no", "1.0", "yes"}
    assert [o.name for o in figure.organisms] == ([organism] if named else [])


# --- limits ---


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{a: ",
        "- ",
        "? ",
        "- - ",
        "[{a: ",
        "a: [",
        "&a [",
        "!!seq [",
        "[[],",
        '{"a": [',
    ],
)
def test_deep_nesting_is_refused_at_once(unit: str, tmp_path: Path) -> None:
    text = f"---\na: {unit * 100_000}\n---\n"
    started = time.perf_counter()
    figure, problems = read(tmp_path, text)
    assert time.perf_counter() - started < 1
    assert figure is None
    assert [p.severity for p in problems] == ["error"]


def test_nesting_is_refused_below_the_limit_and_read_above_it(tmp_path: Path) -> None:
    deep = "figtitle: " + "[" * 5 + "]" * 5
    assert read(tmp_path, raw_record(deep), Limits(depth=7))[0]
    figure, problems = read(tmp_path, raw_record(deep), Limits(depth=5))
    assert figure is None
    assert problems[0].reason == "nesting deeper than 5 is not read: write the value out"


def test_indentation_counts_as_nesting(tmp_path: Path) -> None:
    deep = "".join(" " * level + "a:\n" for level in range(1_000))
    figure, problems = read(tmp_path, f"---\n{deep}---\n")
    assert figure is None
    assert problems[0].reason == "nesting deeper than 20 is not read: write the value out"


def test_the_billion_laughs_are_refused(tmp_path: Path) -> None:
    laughs = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    figure, problems = read(tmp_path, raw_record(laughs))
    assert figure is None
    assert problems[0].kind == "refused YAML"


def test_a_record_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    text = record()
    figure, problems = read(tmp_path, text, Limits(file_bytes=len(text)))
    assert figure
    figure, problems = read(tmp_path, text, Limits(file_bytes=len(text) - 1))
    assert figure is None
    reason = f"larger than {len(text) - 1} bytes: raise --max-file-bytes if it is right"
    assert problems == [problem("file", "too large", "error", f"{len(text)} bytes", reason)]


def test_ten_megabytes_are_the_limit_by_default(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record() + "x" * 10_000_000)
    assert figure is None
    assert problems[0].reason == (
        "larger than 10,000,000 bytes: raise --max-file-bytes if it is right"
    )


@pytest.mark.parametrize(
    "value",
    [
        "1E-999999999",
        "1e999999999",
        "9" * 5_000_000,
        "0." + "1" * 1_000_000,
        "1_0",
        "٣",
        "Infinity",
    ],
)
def test_a_score_cannot_fill_the_memory(value: str, tmp_path: Path) -> None:
    started = time.perf_counter()
    figure, problems = read(tmp_path, record(pathway_score=value))
    assert time.perf_counter() - started < 1
    assert figure
    assert figure.score is None
    assert figure.unrecognized == (f"pathway_score: {value}",)
    assert kinds(problems) == [("warning", "unrecognized value")]


@pytest.mark.parametrize(
    "value",
    [
        *("F" + "1" * 200_000 + "!", "figure/fig" + "9" * 200_000, "9" * 200_000),
        *("/pmc/articles/PMC1/" + "/" * 200_000 + "x", "/" * 200_000, "../" * 70_000),
        *("x" + " " * 200_000 + "x", "Fig" + "\t" * 100_000 + "!", ". 2" * 70_000, "|" * 200_000),
        *("10.1234/" + "x" * 200_000, "https://doi.org/" * 12_000, "WP1_r" + "1" * 200_000 + "x"),
        *(
            "PMC1__" + "a" * 200_000,
            "\u0301" * 100_000,
            "ﷺ" * 60_000,
            "'" * 100_000,
            "---" * 70_000,
        ),
    ],
)
def test_no_long_value_makes_the_reader_slow(value: str, tmp_path: Path) -> None:
    fields = set(FIELDS) | set(OPTIONAL.split()) - {"schema-jsonld"}
    text = record(**{name: value for name in fields - {"figid", "pmcid"}})
    started = time.perf_counter()
    figure, _ = read(tmp_path, text)
    assert figure
    assert len(triples_of([figure])) > 10
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("spaces", [3_000, 1_000_000])
def test_no_long_line_makes_the_search_for_the_figid_slow(spaces: int, tmp_path: Path) -> None:
    started = time.perf_counter()
    figure, problems = read(tmp_path, raw_record(f"figid: PMC1__f1{' ' * spaces}x"))
    assert time.perf_counter() - started < 1
    assert figure
    assert [(p.field, p.severity) for p in problems] == [("figid", "warning")]


def test_no_number_of_organisms_makes_the_reader_slow(tmp_path: Path) -> None:
    names = [f"Species {n}" for n in range(5_000)]
    rows = [f"{n}|Species {n}|X|w|M|S|{n}|ncbigene_symbol|1|2|3" for n in range(1, 5_001)]
    started = time.perf_counter()
    figure, _ = read(
        tmp_path,
        record(organisms=names, organisms_ner=list(names)),
        genes=table(GENE_COLUMNS, *rows),
    )
    assert time.perf_counter() - started < 2
    assert figure
    assert len(figure.predicted_organisms) == 5_001


def test_a_table_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    started = time.perf_counter()
    figure, problems = read(tmp_path, record(), genes="word\tncbigene_id" + "\tx" * 1_000_000)
    assert time.perf_counter() - started < 1
    assert figure
    assert kinds(problems) == [("error", "table header")]


# --- values that are kept with a warning, each asserted whole ---


WARNED: list[tuple[dict[str, Any], list[Problem]]] = [
    (
        {"figtitle": None},
        [problem("figtitle", "missing", "warning", "", "the figure has no name: add the field")],
    ),
    (
        {"caption": "NA"},
        [problem("caption", "missing", "warning", "", "the figure has no caption: add the field")],
    ),
    (
        {"papertitle": ""},
        [
            problem(
                "papertitle", "missing", "warning", "", "the record does not say it: add the field"
            )
        ],
    ),
    (
        {"reftext": None},
        [problem("reftext", "missing", "warning", "", "the record does not say it: add the field")],
    ),
    (
        {"year": "", "reftext": "Ada Byron, et al. J Path. ;15(24):7479-7491."},
        [
            problem(
                "year", "missing", "warning", "", "neither field nor citation has it: add the field"
            )
        ],
    ),
    (
        {"year": "1066"},
        [
            problem(
                "year",
                "unrecognized value",
                "warning",
                "1066",
                "not a year from 1800 to 2100: kept as a literal",
            )
        ],
    ),
    (
        {"caption": "Figure."},
        [problem("caption", "caption", "warning", "Figure.", "the caption is only a label")],
    ),
    (
        {"caption": "x" * 10_001},
        [
            problem(
                "caption",
                "caption",
                "warning",
                "x" * 10_001,
                "longer than 10,000 characters: is it one caption?",
            )
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC149053/figure/fig7/"},
        [
            problem(
                "figlink",
                "link to another article",
                "warning",
                "/pmc/articles/PMC149053/figure/fig7/",
                "a figure of another article (PMC149053, not PMC1): the link is not mapped",
            )
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/figure/fig8/"},
        [
            problem(
                "figlink",
                "number",
                "warning",
                "/pmc/articles/PMC1/figure/fig8/",
                "the link and the number F1 name different figures: one is wrong",
            )
        ],
    ),
    (
        {"figlink": "/pmc/articles/PMC1/figure/../../../etc/"},
        [
            problem(
                "figlink",
                "unrecognized value",
                "warning",
                "/pmc/articles/PMC1/figure/../../../etc/",
                "not a path /pmc/articles/PMC…/figure/…/: kept as a literal",
            )
        ],
    ),
    (
        {"figlink": "https://example.org/pmc/articles/PMC1/figure/F1/"},
        [
            problem(
                "figlink",
                "unrecognized value",
                "warning",
                "https://example.org/pmc/articles/PMC1/figure/F1/",
                "not a path /pmc/articles/PMC…/figure/…/: kept as a literal",
            )
        ],
    ),
    (
        {"figtype": "Table"},
        [
            problem(
                "figtype",
                "figure type",
                "warning",
                "Table",
                "not a figure type that PFOCR uses (Appendix figure, Extended view, Figure,"
                " Graphical abstract, Scheme, Supplemental figure)",
            )
        ],
    ),
    (
        {"filename": "../../etc/passwd"},
        [
            problem(
                "filename",
                "unrecognized value",
                "warning",
                "../../etc/passwd",
                "not the name of a file: kept as a literal",
            )
        ],
    ),
    (
        {"automl_pathway": "1.5"},
        [
            problem(
                "automl_pathway", "score", "warning", "1.5", "not between 0 and 1: kept as it is"
            )
        ],
    ),
    (
        {"automl_pathway": "0.7", "pathway_score": "0.8"},
        [
            problem(
                "pathway_score",
                "score",
                "warning",
                "0.8",
                "automl_pathway has 0.7, which is used: one of the two is wrong",
            )
        ],
    ),
    (
        {"pathway_score": "high"},
        [
            problem(
                "pathway_score",
                "unrecognized value",
                "warning",
                "high",
                "not a decimal number: kept as a literal",
            )
        ],
    ),
    (
        {"pmc_ranked_result_index": "12.5"},
        [
            problem(
                "pmc_ranked_result_index",
                "unrecognized value",
                "warning",
                "12.5",
                "not a whole number: kept as a literal",
            )
        ],
    ),
    (
        {"doi": "10.1/x"},
        [
            problem(
                "doi",
                "unrecognized value",
                "warning",
                "10.1/x",
                "not a DOI (10.…/…): kept as a literal",
            )
        ],
    ),
    (
        {"ndex": "3feb4f7e"},
        [
            problem(
                "ndex",
                "unrecognized value",
                "warning",
                "3feb4f7e",
                "not an NDEx id (a UUID): kept as a literal",
            )
        ],
    ),
    (
        {"wpid": "PW12"},
        [
            problem(
                "wpid",
                "unrecognized value",
                "warning",
                "PW12",
                "not a WikiPathways id (WP and digits): kept as a literal",
            )
        ],
    ),
    (
        {"publisher_name": "—"},
        [
            problem(
                "publisher_name",
                "unrecognized value",
                "warning",
                "—",
                "not a name with a letter or digit in it: kept as a literal",
            )
        ],
    ),
    (
        {"organisms": ["Tragelaphus imaginarius"]},
        [
            problem(
                "organisms",
                "organism",
                "warning",
                "Tragelaphus imaginarius",
                "maps to no taxon: kept as text; add an organism page, or mend the name",
            )
        ],
    ),
    (
        {"organisms_ner": ["Tragelaphus imaginarius"]},
        [
            problem(
                "organisms_ner",
                "organism",
                "warning",
                "Tragelaphus imaginarius",
                "maps to no taxon: kept as text; add an organism page, or mend the name",
            )
        ],
    ),
    (
        {"figid_alias": "PMC2__F1"},
        [
            problem(
                "figid_alias",
                "unrecognized value",
                "warning",
                "PMC2__F1",
                "not an alias of the form PMC1__…: kept as a literal",
            )
        ],
    ),
    (
        {"figid_alias": "PMC1__F1", "redirect_from": "/figures/PMC1__F2"},
        [
            problem(
                "redirect_from",
                "alias",
                "warning",
                "/figures/PMC1__F2",
                "not the alias PMC1__F1, which is used: one of the two is wrong",
            )
        ],
    ),
    (
        {"figid": "PMC1__other"},
        [
            problem(
                "figid",
                "figid",
                "warning",
                "PMC1__other",
                "the file is named PMC1__f1: one of the two is wrong",
            )
        ],
    ),
    (
        {"colour": ["red", "green"]},
        [
            problem(
                "colour",
                "unknown field",
                "warning",
                '["red", "green"]',
                "not a field that PFOCR records have: not mapped",
            )
        ],
    ),
    (
        {"annotations": [{"type": "x", "value": "y"}]},
        [
            problem(
                "annotations",
                "unknown field",
                "warning",
                '[{"type": "x", "value": "y"}]',
                "annotations have no mapping yet, none was ever published: not mapped",
            )
        ],
    ),
    (
        {"seo": "Thing"},
        [
            problem(
                "seo",
                "placeholder",
                "warning",
                "Thing",
                "not the constant CreativeWork: not mapped",
            )
        ],
    ),
    (
        {"schema-jsonld": {"license": "CC-BY", "about": "cells"}},
        [
            problem(
                "schema-jsonld, license",
                "placeholder",
                "warning",
                "CC-BY",
                "not the usual CC0: not mapped",
            ),
            problem("schema-jsonld, about", "unknown field", "warning", "cells", "not mapped"),
        ],
    ),
    (
        {"schema-jsonld": {"description": "Another caption."}},
        [
            problem(
                "schema-jsonld, description",
                "placeholder",
                "warning",
                "Another caption.",
                "not the caption, which is used: one of the two is out of date",
            )
        ],
    ),
    (
        {"schema-jsonld": ["a"]},
        [
            problem(
                "schema-jsonld",
                "field shape",
                "warning",
                '["a"]',
                "a mapping was expected here: not mapped",
            )
        ],
    ),
    (
        {"figtitle": {"en": "x"}},
        [
            problem(
                "figtitle",
                "field shape",
                "warning",
                '{"en": "x"}',
                "a text was expected here: the value is not mapped",
            ),
            problem("figtitle", "missing", "warning", "", "the figure has no name: add the field"),
        ],
    ),
    (
        {"organisms": [["Homo sapiens"]]},
        [
            problem(
                "organisms",
                "field shape",
                "warning",
                '["Homo sapiens"]',
                "a list of texts was expected here: the item is not mapped",
            )
        ],
    ),
    (
        {"figtitle": "A\x1fB"},
        [
            problem(
                "figtitle",
                "control characters",
                "warning",
                "'A\\x1fB'",
                "control characters were removed: retype it",
            )
        ],
    ),
    (
        {"genes": [{"symbol": "X", "entrez": "1"}]},
        [
            problem(
                "genes, item 1",
                "mention",
                "error",
                "X 1",
                "the mention has no word: it was skipped",
            )
        ],
    ),
    (
        {"genes": ["TP53"]},
        [
            problem(
                "genes, item 1",
                "mention",
                "error",
                "TP53",
                "a mapping of texts was expected here: the mention was skipped",
            )
        ],
    ),
    (
        {"genes": "TP53"},
        [
            problem(
                "genes",
                "field shape",
                "error",
                "TP53",
                "a list of mentions was expected here: the value is not mapped",
            )
        ],
    ),
    (
        {"genes": [{"word": "X", "source": "hgnc_symbol", "entrez": "12x", "colour": "red"}]},
        [
            problem("genes, item 1, colour", "unknown field", "warning", "red", "not mapped"),
            problem(
                "genes, item 1, entrez",
                "unrecognized value",
                "warning",
                "12x",
                "not a NCBI Gene id (a positive whole number): kept as a literal on the mention",
            ),
        ],
    ),
    (
        {"diseases": [{"word": "Flu", "source": "OMIM", "identifier": "OMIM:614680"}]},
        [
            problem(
                "source, diseases, item 1",
                "unrecognized value",
                "warning",
                "OMIM",
                "not a lexicon that is known: kept as a literal on the mention",
            ),
            problem(
                "diseases, item 1, identifier",
                "unrecognized value",
                "warning",
                "OMIM:614680",
                "not an identifier of a disease that is mapped: kept as a literal on the mention",
            ),
        ],
    ),
    (
        {"chemicals": [{"word": "", "source": "MESH", "identifier": "D000001"}]},
        [
            problem(
                "word, chemicals, item 1",
                "empty word",
                "warning",
                "",
                "the mention has no word: add it",
            )
        ],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), WARNED)
def test_what_is_wrong_in_a_record_is_reported_whole(
    changes: dict[str, Any], expected: list[Problem], tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, record(**changes))
    assert figure
    assert problems == expected


def test_a_duplicate_key_is_reported_and_the_last_one_is_used(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, raw_record("figtitle: first\nfigtitle: second"))
    assert figure
    assert figure.title == "second"
    (found,) = problems
    assert (found.field, found.kind, found.severity) == ("figtitle", "duplicate key", "warning")
    assert found.value == "first"
    assert found.reason.startswith("the field stands twice, the last one (line ")


def test_text_under_the_front_matter_is_reported_whole(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, record() + "\n# Notes\n\nImportant.\n")
    assert figure
    reason = "text under the front matter is not mapped: move it into a field"
    assert problems == [problem("body", "body text", "warning", "# Notes\n\nImportant.", reason)]


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
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str, tmp_path: Path) -> None:
    figure, problems = read(tmp_path, b"\xef\xbb\xbf" + record().replace("\n", end).encode())
    plain, _ = read(tmp_path / "plain", record())
    assert figure
    assert plain
    assert not problems
    assert figure.caption == plain.caption
    assert figure.article == plain.article


# --- identifiers ---


@pytest.mark.parametrize(
    "figid",
    [
        *("PMC1__../../etc/passwd", "PMC1__a\\b", "../PMC1__f1", "PMC__f1", "PMC1_f1", "PMC1__"),
        *("PMC12345678901__f1", "pmc1__f1", "PMC1__" + "a" * 201, "PMC1__a\nb", "PMC１__f1"),
        *("xPMC1__f1", "PMC1__\u2003", "PMC1__/"),
    ],
)
def test_a_figid_that_could_be_a_path_or_is_none_is_not_used(figid: str, tmp_path: Path) -> None:
    write(tmp_path, {"_figures/one.md": record(figid=figid)})
    figures, problems = read_all(tmp_path)
    assert figures == {}
    (found,) = problems
    assert (found.file, found.field, found.severity) == ("_figures/one.md", "figid", "error")
    assert found.value == figid.strip()
    assert found.reason == (
        "no figid of the form PMC…__…, and the file is not named so: add the field"
    )


@pytest.mark.parametrize(
    "figid", ["PMC1__%2e%2e", "PMC1__..", "PMC1__a?b#c", "PMC1__%00", "PMC1__a:b"]
)
def test_odd_figids_are_data(figid: str, tmp_path: Path) -> None:
    write(tmp_path, {"_figures/one.md": record(figid=figid)})
    figures, _ = read_all(tmp_path)
    assert list(figures) == [figid]


def test_a_figid_written_over_two_lines_is_refused_with_the_way_out(tmp_path: Path) -> None:
    figure, problems = read(tmp_path, raw_record("figid:\n  PMC1__elsewhere"))
    assert figure is None
    reason = "listed as PMC1__f1: write `figid: …` at the start of a line"
    assert problems == [problem("figid", "figid", "error", "PMC1__elsewhere", reason)]


def test_of_two_files_with_one_figid_the_first_by_path_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"b.md": record(figtitle="b"), "a.md": record(figtitle="a")})
    figures, problems = read_all(tmp_path)
    assert figures[FIGID].title == "a"
    assert problems[0] == Problem(
        "b.md",
        "figid",
        "duplicate figid",
        "error",
        FIGID,
        "the same figid as a.md, which is used: delete one of the two",
    )


def test_a_figid_hidden_in_odd_yaml_cannot_take_another_record_s_place(tmp_path: Path) -> None:
    hidden = record(figid=None) + ""
    hidden = hidden.replace("---\n", f'---\n"figid": {FIGID}\n', 1)
    write(tmp_path, {"PMC1__f1.md": record(), "PMC1__f2.md": hidden})
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    assert [(p.file, p.severity) for p in problems] == [("PMC1__f2.md", "error")]


# --- files ---


def secret_outside(folder: Path) -> Path:
    write(folder, {"outside/PMC1__f1.md": record(), "outside/t.tsv": "root:x:0:0\n"})
    (folder / "in/_figures").mkdir(parents=True)
    (folder / "in/_data").mkdir()
    (folder / "in/_organisms").mkdir()
    write(folder / "in", {"_figures/PMC1__f0.md": record(figid="PMC1__f0")})
    return folder / "in"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("_figures/PMC1__f1.md", "../../outside/PMC1__f1.md"),
        ("_figures/PMC1__f1.md", "/etc/passwd"),
        ("_figures/PMC1__f1.md", "/dev/zero"),
        ("_data/PMC1__f0-genes.tsv", "../../outside/t.tsv"),
        ("_data/PMC1__f0-genes.tsv", "/dev/zero"),
        ("_data/wpid_map.tsv", "../../outside/t.tsv"),
        ("_data/ndex_map.tsv", "/dev/zero"),
        ("_organisms/x.md", "/etc/passwd"),
        ("_organisms/x.md", "/dev/zero"),
    ],
)
def test_a_link_that_leaves_the_input_is_not_followed(
    name: str, target: str, tmp_path: Path
) -> None:
    root = secret_outside(tmp_path)
    (root / name).symlink_to(target)
    figures, problems = read_all(root)
    assert list(figures) == ["PMC1__f0"]
    assert figures["PMC1__f0"].tables == ()
    reason = "a symbolic link that leaves the input folder: put the file itself there"
    wrong = [p for p in problems if p.kind != "figid"]
    assert wrong == [Problem(name, "file", "link", "error", target, reason)]


@pytest.mark.parametrize("name", ["_data", "_organisms"])
def test_a_folder_that_is_a_link_out_of_the_input_is_not_followed(
    name: str, tmp_path: Path
) -> None:
    root = secret_outside(tmp_path)
    write(tmp_path, {"outside/PMC1__f0-genes.tsv": "word\tncbigene_id\nx\t1\n"})
    (root / name).rmdir()
    (root / name).symlink_to("../outside")
    figures, problems = read_all(root)
    assert figures["PMC1__f0"].mentions == ()
    assert [(p.file, p.kind, p.value) for p in problems] == [(name, "link", "../outside")]


def test_a_folder_of_figures_that_is_a_link_out_of_the_input_is_not_followed(
    tmp_path: Path,
) -> None:
    secret_outside(tmp_path)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/_figures").symlink_to("../outside")
    collection = open_collection([tmp_path / "new"])
    assert collection.files == ()
    assert [(p.file, p.kind) for p in collection.problems] == [("_figures", "link")]


def test_a_linked_folder_of_loose_records_is_not_followed_out_of_the_input(tmp_path: Path) -> None:
    write(tmp_path, {"in/PMC1__f0.md": record(figid="PMC1__f0"), "out/PMC1__f1.md": record()})
    (tmp_path / "in/sub").symlink_to("../out")
    collection = open_collection([tmp_path / "in"])
    assert [file.figid for file in collection.files] == ["PMC1__f0"]
    assert [(p.file, p.kind, p.value) for p in collection.problems] == [("sub", "link", "../out")]


def test_links_within_the_input_are_followed_and_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"in/real/PMC1__f1.md": record()})
    (tmp_path / "in/PMC1__f1.md").symlink_to("real/PMC1__f1.md")
    (tmp_path / "in/again").symlink_to("real")
    (tmp_path / "link").symlink_to("in")
    figures, problems = read_all(tmp_path / "link")
    assert list(figures) == [FIGID]
    assert problems == []


@pytest.mark.parametrize("name", ["_figures/PMC1__f2.md", "_data/PMC1__f1-genes.tsv"])
@pytest.mark.parametrize("how", ["pipe", "folder", "broken link", "loop"])
def test_what_is_no_file_is_reported_and_never_waited_for(
    name: str, how: str, tmp_path: Path
) -> None:
    write(tmp_path, {"_figures/PMC1__f1.md": record(), "_data/x": ""})
    path = tmp_path / name
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name if how == "loop" else "nothing")
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    reason = "neither a file nor a link to one: put the file itself there"
    assert problems == [Problem(name, "file", "unreadable", "error", "", reason)]


def test_a_record_that_vanished_is_skipped_and_reported(tmp_path: Path) -> None:
    from pfocr_rdf.records import load_taxa, read_record

    write(tmp_path, {f"_figures/{FIGID}.md": record()})
    (file,) = open_collection([tmp_path]).files
    Path(file.path).unlink()
    figure, problems = read_record(file, load_taxa())
    assert figure is None
    reason = "cannot be read (No such file or directory): check the file and its permissions"
    assert problems == [problem("file", "unreadable", "error", "", reason)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_record_without_permission_is_skipped_and_reported(tmp_path: Path) -> None:
    write(tmp_path, {f"_figures/{FIGID}.md": record()})
    (tmp_path / FILE).chmod(0)
    _, problems = read_all(tmp_path)
    reason = "cannot be read (Permission denied): check the file and its permissions"
    assert problems == [problem("file", "unreadable", "error", "", reason)]


def test_a_file_name_that_is_not_utf_8_can_be_reported(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name, text in ((b"PMC1__\xff.md", record()), (b"PMC2__\xff.md", "nothing")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(text.encode())
    figures, problems = read_all(tmp_path)
    assert list(figures) == [FIGID]
    assert [p.file for p in problems] == ["PMC1__\\udcff.md", "PMC2__\\udcff.md"]
    assert all(str(p).encode() for p in problems)
    assert figures[FIGID].source.encode("utf-8", "surrogateescape") == b"_figures/PMC1__\xff.md"


@pytest.mark.parametrize("name", ["missing", "pipe", "empty"])
def test_an_input_that_holds_no_record_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    given = tmp_path / name
    reasons = {
        "missing": f"{given} does not exist: name a record, or a folder of records",
        "pipe": f"{given} is neither a file nor a folder: name a record, or a folder",
        "empty": f"no record found in {given}: no .md file there; name the folder that holds"
        " _figures/, or the records",
    }
    with pytest.raises(InputError) as raised:
        open_collection([given])
    assert str(raised.value) == reasons[name]
