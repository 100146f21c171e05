"""SSSOM/TSV files: what is read of them, and what is said of a file that is none."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from making import REPOSITORY
from pacing import cpu_within
from pfocr_rdf.errors import InputError
from pfocr_rdf.mappings.files import MappingFile, MappingLimits, open_mapping_files, read_rows

SAMPLES: Final = REPOSITORY / "tests" / "mappings"
BLOCK: Final = "#curie_map:\n#  a: http://a.example/\n#mapping_set_id: https://example.org/set\n"
HEADER: Final = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
ROW: Final = "a:1\tskos:exactMatch\ta:2\tsemapv:ManualMappingCuration\n"
CELLS: Final = {
    "subject_id": "a:1",
    "predicate_id": "skos:exactMatch",
    "object_id": "a:2",
    "mapping_justification": "semapv:ManualMappingCuration",
}
SMALL: Final = MappingLimits(file_bytes=500, line_bytes=200, block_bytes=150)


def opened(
    folder: Path, content: str | bytes, name: str = "a.sssom.tsv", limits: MappingLimits = SMALL
) -> MappingFile:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_mapping_files([path], limits)[0]


def refusal(
    folder: Path, content: str | bytes, name: str = "a.sssom.tsv", limits: MappingLimits = SMALL
) -> str:
    """The message, without the path that it begins with."""
    with pytest.raises(InputError) as raised:
        opened(folder, content, name, limits)
    message = str(raised.value)
    assert message.startswith(str(folder))
    return message.removeprefix(f"{folder}/")


def test_a_file_gives_its_set_its_prefixes_its_metadata_and_its_rows(tmp_path: Path) -> None:
    block = BLOCK + "#mapping_set_version: 2024-01-01\n#creator_id:\n#  - orcid:1\n#comment: ~\n"
    file = opened(tmp_path, block + HEADER + ROW)
    assert file.mapping_set == "https://example.org/set"
    assert file.prefixes == {"a": "http://a.example/"}
    assert file.metadata == {"mapping_set_version": "2024-01-01", "creator_id": ["orcid:1"]}
    assert (file.header_line, file.problems) == (8, ())
    assert [tuple(row) for row in read_rows(file)] == [(9, CELLS, "")]


@pytest.mark.parametrize("name", ["hgnc", "ensembl", "uniprot"])
def test_the_samples_are_read(name: str) -> None:
    (file,) = open_mapping_files([SAMPLES / f"{name}.sssom.tsv"])
    assert not file.problems
    assert not any(row.fault for row in read_rows(file))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("#", "# "),
        lambda text: "\n" + text,
        lambda text: text.replace(HEADER, "\n" + HEADER),
        lambda text: text + "\n\t\t\t\n",
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("\n", "\t\t\n").replace("/\t\t", "/").replace("set\t\t", "set"),
        lambda text: text.replace("a:2", '" a:2 "'),
    ],
    ids=["BOM", "CRLF", "space", "empty", "gap", "end", "no end", "empty columns", "quoted"],
)
def test_how_a_file_is_written_changes_nothing(
    change: Callable[[str], str], tmp_path: Path
) -> None:
    file = opened(tmp_path, change(BLOCK + HEADER + ROW))
    assert (file.mapping_set, file.prefixes) == (
        "https://example.org/set",
        {"a": "http://a.example/"},
    )
    assert [row.cells for row in read_rows(file)] == [CELLS]


def test_a_gzipped_file_is_the_file_whatever_its_name(tmp_path: Path) -> None:
    content = BLOCK + HEADER + ROW
    plain = opened(tmp_path, content)
    packed = opened(tmp_path, gzip.compress(content.encode()), "b.tsv")
    assert (packed.sha256, packed.metadata) == (plain.sha256, plain.metadata)
    assert list(read_rows(packed)) == list(read_rows(plain))


@pytest.mark.parametrize("name", ["a.sssom.tsv", "a.sssom.tsv.gz", "a.tsv"])
@pytest.mark.parametrize("marker", ["", "---\n", "--- \r\n"])
def test_metadata_may_stand_beside_the_file(name: str, marker: str, tmp_path: Path) -> None:
    text = BLOCK.replace("#", "") + "license: https://l.example/\n"
    (tmp_path / "a.sssom.yml").write_text(marker + text)
    file = opened(tmp_path, HEADER + ROW, name)
    assert (file.mapping_set, file.metadata) == (
        "https://example.org/set",
        {"license": "https://l.example/"},
    )
    assert [row.line for row in read_rows(file)] == [2]


@pytest.mark.parametrize(("marker", "line"), [("", 1), ("---\n", 2)])
def test_a_mistake_in_metadata_beside_the_file_is_told_with_its_line(
    marker: str, line: int, tmp_path: Path
) -> None:
    (tmp_path / "a.sssom.yml").write_text(f"{marker}license: a: b\n")
    with pytest.raises(InputError, match=rf"a\.sssom\.yml: line {line}: not YAML"):
        opened(tmp_path, HEADER + ROW, "a.sssom.tsv")


def test_metadata_may_have_as_many_bytes_as_the_limit_says(tmp_path: Path) -> None:
    limits = MappingLimits(block_bytes=len(BLOCK.encode()))
    assert opened(tmp_path, BLOCK + HEADER + ROW, limits=limits).mapping_set
    with pytest.raises(InputError, match="bytes of metadata before the column names"):
        opened(tmp_path, BLOCK + "#\n" + HEADER + ROW, limits=limits)


@pytest.mark.parametrize("more", ["\t" * 400_000, "".join(f"\tc{n}" for n in range(50_000))])
def test_no_number_of_columns_makes_the_reader_slow(more: str, tmp_path: Path) -> None:
    with cpu_within(5):
        file = opened(tmp_path, BLOCK + HEADER.strip() + more + "\n" + ROW, limits=MappingLimits())
        assert [row.cells for row in read_rows(file)] == [CELLS]


def test_a_row_ends_on_the_line_that_is_said(tmp_path: Path) -> None:
    header = HEADER.replace("\n", "\tcomment\n")
    rows = ROW.replace("\n", '\t"two\nlines\tof ""text"""\n') + "\n" + ROW
    file = opened(tmp_path, BLOCK + header + rows)
    first, second = read_rows(file)
    assert (first.line, first.cells["comment"]) == (6, 'two\nlines\tof "text"')
    assert (second.line, second.cells) == (8, CELLS)


def test_a_row_that_is_none_does_not_hide_the_next(tmp_path: Path) -> None:
    long = "a:1\t" + "x" * 140_000 + "\n"
    wide = ROW.replace("\n", "\tmore\n")
    bare = 'a:1\t"b\rc"\t\t\r\t\n'
    text = BLOCK + HEADER + long + wide + bare + ROW
    limits = MappingLimits()
    rows = list(read_rows(opened(tmp_path, text, limits=limits), limits))
    assert [row.line for row in rows] == [5, 6, 7, 8]
    assert "field larger than field limit" in rows[0].fault
    assert rows[1].fault == "5 cells under 4 column names"
    assert "new-line character" in rows[2].fault
    assert (rows[3].cells, rows[3].fault) == (CELLS, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a.sssom.tsv: no line with column names: is this an SSSOM file?"),
        (BLOCK, "a.sssom.tsv: no line with column names: is this an SSSOM file?"),
        (
            HEADER + ROW,
            "a.sssom.tsv: no metadata: begin the file with lines of #, or write a.sssom.yml "
            "beside it; mapping_set_id and curie_map are needed",
        ),
        (
            BLOCK + HEADER.replace("object_id", "object"),
            "a.sssom.tsv: line 4: no column object_id among 'subject_id, predicate_id, object, "
            "mapping_justification'",
        ),
        (
            BLOCK + HEADER.replace("\n", "\tobject_id\n"),
            "a.sssom.tsv: line 4: two columns are named object_id",
        ),
        (
            BLOCK + HEADER.replace("\t", "\r", 1),
            "a.sssom.tsv: line 4: not column names between tabs (a carriage return within the "
            "line): is this an SSSOM file?",
        ),
        (
            "#license: https://l.example/\n" + HEADER,
            "a.sssom.tsv: mapping_set_id: missing: it names the set",
        ),
        (
            "#mapping_set_id: my-set\n" + HEADER,
            "a.sssom.tsv: mapping_set_id: not an absolute IRI: 'my-set'",
        ),
        (
            "#mapping_set_id: a\n# A comment: of: mine\n" + HEADER,
            "a.sssom.tsv: line 2: not YAML (mapping values are not allowed in this "
            "context): quote the value, or correct the line",
        ),
        (
            "#a: &x 1\n#b: *x\n" + HEADER,
            "a.sssom.tsv: line 1: anchors and aliases are not read: write the value out",
        ),
        (
            BLOCK.encode() + HEADER.encode() + b"a:1\tcaf\xe9\n",
            "a.sssom.tsv: line 5: not UTF-8 (byte 8 of the line is 0xe9): save the file in that "
            "encoding",
        ),
        (
            BLOCK + HEADER + "x" * 201 + "\n",
            "a.sssom.tsv: line 5: longer than 200 bytes: is this an SSSOM file?",
        ),
        (
            BLOCK + "#" + "x" * 100 + "\n" + HEADER,
            "a.sssom.tsv: line 4: more than 150 bytes of metadata before the column names: is "
            "this an SSSOM file?",
        ),
        (
            BLOCK + HEADER + ROW * 10,
            "a.sssom.tsv: line 11: the file is larger than 500 bytes: split it",
        ),
        (
            gzip.compress((BLOCK + HEADER + ROW * 10).encode()),
            "a.sssom.tsv: line 11: the file is larger than 500 bytes: split it",
        ),
    ],
    ids=lambda value: value[13:50] if isinstance(value, str) and value[:1] == "a" else "",
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place_and_the_reason(
    content: str | bytes, reason: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, content) == reason


def test_a_gzipped_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress((BLOCK + HEADER + ROW).encode())
    assert "cannot be unpacked (Compressed file ended" in refusal(tmp_path, packed[:-20])
    broken = packed[:30] + b"\0\0\0\0" + packed[34:]
    assert "cannot be unpacked (" in refusal(tmp_path, broken)


def test_a_file_that_is_not_there_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.tsv cannot be read \(No such file or directory\)"):
        open_mapping_files([tmp_path / "none.tsv"])
    with pytest.raises(InputError, match="is not a file that can be read twice: name one"):
        open_mapping_files([tmp_path])


@pytest.mark.parametrize("rows", [ROW + ROW, "", ROW.replace("a:2", "a:3")])
def test_a_file_that_changes_between_the_two_readings_is_refused(rows: str, tmp_path: Path) -> None:
    file = opened(tmp_path, BLOCK + HEADER + ROW)
    file.path.write_text(BLOCK + HEADER + rows)
    with pytest.raises(InputError, match="changed while it was read: build again"):
        list(read_rows(file))


def test_a_prefix_that_stands_for_nothing_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    block = BLOCK.replace("#mapping", "#  b: not an IRI\n#mapping")
    file = opened(tmp_path, block + HEADER + ROW)
    assert file.prefixes == {"a": "http://a.example/"}
    (problem,) = file.problems
    assert (problem.field, problem.kind, problem.value) == (
        "curie_map",
        "mapping prefix",
        "not an IRI",
    )


def test_files_come_in_an_order_of_their_own(tmp_path: Path) -> None:
    paths: list[Path] = []
    for name, mapping_set in (("a", "z"), ("b", "y"), ("c", "z")):
        block = BLOCK.replace("org/set", f"org/{mapping_set}")
        paths.append(opened(tmp_path, block + HEADER + ROW + "\n" * len(paths), name).path)
    found = [file.path.name for file in open_mapping_files(paths)]
    assert found[0] == "b"
    assert found == [file.path.name for file in open_mapping_files(paths[::-1])]


def test_files_of_one_set_must_say_the_same_of_it(tmp_path: Path) -> None:
    one = opened(tmp_path, BLOCK + HEADER + ROW, "one.tsv").path
    other = opened(tmp_path, BLOCK + "#license: https://l.example/\n" + HEADER, "two.tsv").path
    with pytest.raises(InputError, match="both belong to the mapping set") as raised:
        open_mapping_files([one, other])
    assert "differ in license: give each set an id of its own" in str(raised.value)


@pytest.mark.parametrize(
    "begun", ['"5-prime', '"5-prime" end', '"', '"""', '"a""b'], ids=["open", "tail", "1", "3", "4"]
)
def test_a_mark_that_is_not_closed_is_text_and_swallows_no_row(begun: str, tmp_path: Path) -> None:
    header = HEADER.replace("\n", "\tcomment\n")
    rows = ROW.replace("\n", f"\t{begun}\n") + ROW + ROW.replace("\n", '\t5" end\n')
    found = list(read_rows(opened(tmp_path, BLOCK + header + rows)))
    assert not any(row.fault for row in found)
    assert [row.line for row in found] == [5, 6, 7]
    assert [row.cells.get("comment", "") for row in found] == [begun, "", '5" end']


def test_many_open_marks_take_linear_time(tmp_path: Path) -> None:
    rows = "".join(f'"{number}\n' for number in range(50_000))
    with cpu_within(10):
        found = list(read_rows(opened(tmp_path, BLOCK + HEADER + rows, limits=MappingLimits())))
    assert len(found) == 50_000
