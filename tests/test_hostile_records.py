"""Records that cannot be read and input that means harm: refused, reported, survived."""

from pathlib import Path

import pytest

from making import (
    DISEASE_COLUMNS,
    FIELDS,
    FIGID,
    GENE_COLUMNS,
    OPTIONAL,
    brief,
    kinds,
    raw_record,
    read,
    read_all,
    record,
    table,
    triples_of,
    write,
)
from pacing import cpu_within
from pfocr_rdf.errors import Problem, RecordError
from pfocr_rdf.records import Limits
from pfocr_rdf.records.notes import Notes, read_text

FILE = f"_figures/{FIGID}.md"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "no fence\n",
            "error no front matter at line 1: no front matter: the first line must be exactly"
            " --- <no fence>",
        ),
        (
            " ---\nfigid: PMC1__f1\n---\n",
            "error no front matter at line 1: no front matter: the first line must be exactly"
            " --- < --->",
        ),
        (
            "",
            "error no front matter at line 1: no front matter: the first line must be exactly"
            " --- <>",
        ),
        (
            "---\nfigid: PMC1__f1\n----\n",
            "error no front matter at end of file: the front matter is not closed: end it with"
            " a line that is exactly --- <---\nfigid: PMC1__f1\n---->",
        ),
        (
            "---\n- figid\n- PMC1__f1\n---\n",
            "error not a mapping at front matter: the front matter is not a mapping: write one"
            ' `field: value` a line <["figid", "PMC1__f1"]>',
        ),
        (
            "---\n---\n",
            "error not a mapping at front matter: the front matter is not a mapping: write one"
            " `field: value` a line <>",
        ),
        (
            "---\nfigid: &a PMC1__f1\n---\n",
            "error refused YAML at line 2, column 8: anchors and aliases are not read: write"
            " the value out <&a>",
        ),
        (
            "---\na: *b\n---\n",
            "error refused YAML at line 2, column 4: anchors and aliases are not read: write"
            " the value out <*b>",
        ),
        (
            "---\na: 1\n<<: {b: 2}\n---\n",
            "error refused YAML at line 3, column 1: merge keys are not read: write the value"
            " out <<<>",
        ),
        (
            "---\na: !!python/object/apply:os.system [id]\n---\n",
            "error refused YAML at line 2, column 4: tags are not read: write the value out"
            " <tag:yaml.org,2002:python/object/apply:os.system>",
        ),
        (
            "---\ngenes:\n- word: ! p53\n---\n",
            "error refused YAML at line 3, column 9: tags are not read: write the value out <!>",
        ),
        (
            "---\ngenes:\n- word: !p53\n---\n",
            "error refused YAML at line 3, column 9: tags are not read: write the value out <!p53>",
        ),
        (
            "---\n? [a, b]\n: c\n---\n",
            "error refused YAML at line 2, column 3: field names that are not text are not"
            " read: write the value out <>",
        ),
        (
            "---\nfigid: PMC1__f1\n...\n--- \nfigid: PMC1__f2\n---\n",
            "error refused YAML at line 4, column 1: more than one document is not read: delete"
            " the --- or ... between them <--- >",
        ),
        (
            "---\nfigid: PMC1__f1\n...\nfigtitle: x\n---\n",
            "error not YAML at line 4, column 1: not YAML (did not find expected <document start>):"
            " delete the line ... above it, which ends a document <figtitle: x>",
        ),
        (
            record(pmcid="PMC2"),
            "error pmcid at pmcid: contradicts the figid PMC1__f1: the record was skipped; correct"
            " one of the two <PMC2>",
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: a: b\n---\n",
            "error not YAML at line 3, column 11: not YAML (mapping values are not allowed in"
            " this context): quote the value, or correct the line <caption: a: b>",
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: 'a\u2028b\x85c'\nfigtitle: 'x\u2029y': b: c\n---\n",
            "error not YAML at line 4, column 16: not YAML (mapping values are not allowed in"
            " this context): quote the value, or correct the line <figtitle: 'x\u2029y': b: c>",
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: 'a\u2028b'\nall alone\nyear: 2019\n---\n",
            "error not YAML at line 4, column 1: not YAML (could not find expected ':'): quote the"
            " value, or correct the line <all alone>",
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: 'open\nyear: 2019\n---\n",
            "error not YAML at line 3, column 10: not YAML (found unexpected end of stream): quote"
            " the value, or correct the line <caption: 'open>",
        ),
        (
            "---\nfigid: PMC1__f1\norganisms:\n- [Brevibacterium\n- y\nyear: 1\n---\n",
            "error not YAML at line 4, column 3: not YAML (did not find expected ',' or ']'): quote"
            " the value, or correct the line <- [Brevibacterium>",
        ),
        (
            "---\nfigid: PMC1__f1\ngenes:\n- {word: 'a' b}\n---\n",
            "error not YAML at line 4, column 14: not YAML (did not find expected ',' or '}'):"
            " quote the value, or correct the line <- {word: 'a' b}>",
        ),
        (
            "---\nfigid: PMC1__f1\ncaption: 'a\u2028b'\nfigtitle: !!int 5\n---\n",
            "error refused YAML at line 4, column 11: tags are not read: write the value out"
            " <tag:yaml.org,2002:int>",
        ),
        (
            b"---\nfigtitle: caf\xe9\n---\n",
            "error not UTF-8 at file: not UTF-8: save the file in that encoding <byte 17: e9>",
        ),
        (
            b"\xef\xbb\xbf---\nfigtitle: caf\xe9\n---\n",
            "error not UTF-8 at file: not UTF-8: save the file in that encoding <byte 20: e9>",
        ),
        (
            b"---\nfigtitle: a\x00b\n---\n",
            "error not text at file: holds a NUL byte: save it as text in UTF-8 <byte 15>",
        ),
        (
            record().encode("utf-16-le"),
            "error not text at file: holds a NUL byte: save it as text in UTF-8 <byte 1>",
        ),
    ],
)
def test_an_unreadable_record_is_skipped_and_reported(
    text: str | bytes, expected: str, tmp_path: Path
) -> None:
    figure, problems = read(tmp_path, text)
    assert figure is None
    assert [brief(problem) for problem in problems] == [expected]
    assert {problem.file for problem in problems} == {FILE}


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
    with cpu_within(1):
        figure, problems = read(tmp_path, text)
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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a file whose size is not said")
def test_a_file_that_grows_while_it_is_read_is_read_to_its_end() -> None:
    data, _ = read_text(Path("/proc/self/status"), Notes("x.md"), Limits())
    assert data.count(b"\n") > 10
    with pytest.raises(RecordError, match="larger than 5 bytes"):
        read_text(Path("/proc/self/status"), Notes("x.md"), Limits(file_bytes=5))


def test_a_record_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    text = record()
    figure, problems = read(tmp_path, text, Limits(file_bytes=len(text)))
    assert figure
    figure, problems = read(tmp_path, text, Limits(file_bytes=len(text) - 1))
    assert figure is None
    reason = f"larger than {len(text) - 1} bytes: raise --max-file-bytes if it is right"
    assert problems == [Problem(FILE, "file", "too large", "error", f"{len(text)} bytes", reason)]


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
        "1E-999",  # 1E-18 is the smallest, and ten digits are the most
        "1E-19",
        "1E10",
        "9" * 5_000_000,
        "0." + "1" * 1_000_000,
        "1_0",
        "٣",
        "Infinity",
    ],
)
def test_a_score_cannot_fill_the_memory(value: str, tmp_path: Path) -> None:
    with cpu_within(1):
        figure, problems = read(tmp_path, record(pathway_score=value))
    assert figure
    assert figure.score is None
    assert figure.unrecognized == (f"pathway_score: {value}",)
    assert kinds(problems) == [("warning", "unrecognized value")]


@pytest.mark.parametrize(
    "value",
    [
        *("F" + "1" * 100_000 + "!", "figure/fig" + "9" * 100_000, "9" * 100_000),
        *("/pmc/articles/PMC1/" + "/" * 100_000 + "x", "/" * 100_000, "../" * 35_000),
        *("x" + " " * 100_000 + "x", "Fig" + "\t" * 100_000 + "!", ". 2" * 35_000, "|" * 100_000),
        *("10.1234/" + "x" * 100_000, "https://doi.org/" * 6_000, "WP1_r" + "1" * 100_000 + "x"),
        *("PMC1__" + "a" * 100_000, "\u0301" * 100_000, "ﷺ" * 15_000, "'" * 100_000),
        "---" * 35_000,
    ],
)
def test_no_long_value_makes_the_reader_slow(value: str, tmp_path: Path) -> None:
    fields = set(FIELDS) | set(OPTIONAL.split()) - {"schema-jsonld"}
    text = record(**{name: value for name in fields - {"figid", "pmcid"}})
    with cpu_within(1.5):
        figure, _ = read(tmp_path, text)
        assert figure
        assert len(triples_of([figure])) > 10


@pytest.mark.parametrize("spaces", [3_000, 1_000_000])
def test_no_long_line_makes_the_search_for_the_figid_slow(spaces: int, tmp_path: Path) -> None:
    with cpu_within(1):
        figure, problems = read(tmp_path, raw_record(f"figid: PMC1__f1{' ' * spaces}x"))
    assert figure
    assert [(p.field, p.severity) for p in problems] == [("figid", "warning")]


def test_no_number_of_organisms_makes_the_reader_slow(tmp_path: Path) -> None:
    names = [f"Species {n}" for n in range(5_000)]
    rows = [f"{n}|Species {n}|X|w|M|S|{n}|ncbigene_symbol|1|2|3" for n in range(1, 5_001)]
    with cpu_within(2):
        figure, _ = read(
            tmp_path,
            record(organisms=names, organisms_ner=list(names)),
            genes=table(GENE_COLUMNS, *rows),
        )
    assert figure
    assert len(figure.predicted_organisms) == 5_001


def test_no_number_of_fields_with_one_name_makes_the_reader_slow(tmp_path: Path) -> None:
    text = record().removesuffix("---\n") + "a: 1\n" * 100_000 + "---\n"
    with cpu_within(2):
        figure, problems = read(tmp_path, text)
    assert figure
    twice = [problem for problem in problems if problem.kind == "duplicate key"]
    assert len(twice) == 99_999
    assert f"the last one (line {text.count(chr(10)) - 1}) is used" in twice[-1].reason


def test_no_number_of_keywords_makes_the_reader_slow(tmp_path: Path) -> None:
    embedded = {"keywords": [f"stated {n}" for n in range(20_000)]}
    rows = [f"found {n}||||" for n in range(20_000)]
    with cpu_within(5):
        figure, _ = read(
            tmp_path, record(**{"schema-jsonld": embedded}), diseases=table(DISEASE_COLUMNS, *rows)
        )
    assert figure
    assert len(figure.keywords) == 20_000


def test_no_number_of_pathways_in_a_map_makes_the_reader_slow(tmp_path: Path) -> None:
    named = "|".join(f"x{n}" for n in range(40_000))
    write(tmp_path, {FILE: record(), "_data/wpid_map.tsv": f"{FIGID}\t{named}\n"})
    with cpu_within(5):
        figures, _ = read_all(tmp_path)
    assert len(figures[FIGID].unrecognized) == 40_000


def test_a_table_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    with cpu_within(1):
        figure, problems = read(tmp_path, record(), genes="word\tncbigene_id" + "\tx" * 1_000_000)
    assert figure
    assert kinds(problems) == [("error", "table header")]
