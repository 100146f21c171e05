"""What is read a line at a time is what YAML says; all else is left to YAML."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yaml import YAMLError

from making import CORPUS
from pfocr_rdf.errors import RecordError
from pfocr_rdf.records.frontmatter import CLOSING_FENCE_RE, COMMENT_RE, _Composer
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.plain import LETTERS, Value, read_plain

DEPTH = Limits().depth
BASES = (
    "a: b\nc:\n- d\n- e\n",
    "a:\n- word: x\n  symbol: y\n- word: z\n",
    "a: 'b\n  c'\nd: e\n",
    "k:\n  l: m\n  n:\n  - o\n  - p\nq: r\n",
    "a: b\n  c\nd:\n- e\n  f\n- g: h\n  i: j\n    k\n  l: 'x\n   y'\n",
)
#: What an emitter quotes, escapes or parts, and what means something else in another place.
PIECES = (
    *("'", '"', ":", ": ", "- ", "-", " ", "  ", "\n", "\n  ", "\n- ", "#", "[]", "{}", "''"),
    *("|", ">", "&a", "*a", "!", "%", "@", "`", "? ", ",", "]", "}", "x: y", "...", "\n... \n"),
    *("\t", "\u2028", "\x85", "\ufeff", "\xa0", "é", "😀", "\\", "- - a", "- a: b", "a:", "k:\n"),
    *("<<: x", "~", "'@id': x", "\n\n", "::", ":a", "a:b", "--- ", "\n--- a\n"),
)


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A text of the usual forms in which something was put, left out or indented."""
    text = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        left_out = draw(st.sampled_from((0, 0, 1, 2)))
        text = text[:at] + draw(st.sampled_from(("", *PIECES))) + text[at + left_out :]
    return text


def by_yaml(fm: str) -> Value | None:
    """What the events say; None where they are refused, or something has to be reported."""
    notes = Notes("x.md")
    try:
        value = _Composer(fm, notes, Limits()).document()
    except (RecordError, YAMLError):
        return None
    return None if notes.problems else value


@given(changed())
@example("a: b\n  c: d\n")
@example("a: 'b\n c'\n")
@example("a:\n - b\n  - c\n")
@example("- a\n")
@example("a: b\na: c\n")
def test_what_is_read_is_what_yaml_says(fm: str) -> None:
    if CLOSING_FENCE_RE.search("\n" + fm) or ("#" in fm and COMMENT_RE.search(fm)):
        return
    found = read_plain(fm, DEPTH)
    assert found is None or found == by_yaml(fm)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real records is not here")
def test_nearly_all_records_of_the_corpus_are_read_so_and_are_what_yaml_says() -> None:
    texts = [path.read_bytes().decode("utf-8-sig") for path in CORPUS.rglob("*.md")]
    found = [text[4 : text.rindex("\n---") + 1] for text in texts if text.startswith("---\n")]
    read = [(fm, read_plain(fm, DEPTH)) for fm in found]
    assert sum(value is not None for _, value in read) > 0.95 * len(found) > 500
    assert all(value == by_yaml(fm) for fm, value in read if value is not None)


@pytest.mark.parametrize(
    ("fm", "value"),
    [
        ("a:\nb: ''\nc: []\nd: {}\n", {"a": "", "b": "", "c": [], "d": {}}),
        ("a: it's\nb: 'it''s'\n", {"a": "it's", "b": "it's"}),
        ("a: b  \n  c\n", {"a": "b c"}),
        ("a: 'b    d\n  c '\n", {"a": "b    d c "}),
        ("a:\n- 1:30\n- -SH\n- http://x\n", {"a": ["1:30", "-SH", "http://x"]}),
        ("a:\n  - b\nc: d\n", {"a": ["b"], "c": "d"}),
        ("a:\n- b: c\n  d:\n  - e\n- f: g\n", {"a": [{"b": "c", "d": ["e"]}, {"f": "g"}]}),
        ("a:\n- b: c\n  d:\n- f: 'g\n    h'\n", {"a": [{"b": "c", "d": ""}, {"f": "g h"}]}),
        ("a:\n  '@id': x\n", {"a": {"@id": "x"}}),
    ],
)
def test_the_usual_forms_are_read(fm: str, value: Value) -> None:
    assert read_plain(fm, DEPTH) == value == by_yaml(fm)


@pytest.mark.parametrize(
    "fm",
    [
        *("a: |\n  b\n", 'a: "\\x41"\n', "a: &b c\n", "a: !p53\n", "a: [b]\n", "a: b\n\n  c\n"),
        *("a: b\na: c\n", "a:\tb\n", "a: b", "a:\n  b\n", "- b\n", "a: b\n c: d\n", "<<: b\n"),
        *(f"{'a' * 1025}: b\n", f"'@{'a' * 1025}': b\n"),
        *("? a\n", "a: 'b\n\n  c'\n", "a: b\u2028c\n", "a b: c\n", "a:\n-\n", "a:\n- - b\n"),
    ],
)
def test_other_forms_are_left_to_yaml(fm: str) -> None:
    assert read_plain(fm, DEPTH) is None


def test_what_nests_deeper_than_the_limit_is_left_to_yaml() -> None:
    fm = "".join(f"{' ' * column}a:\n" for column in range(30))
    assert read_plain(fm, 40) is not None
    assert read_plain(fm, 20) is None


@pytest.mark.parametrize(
    "fm", ["a: []\n", "a: b\n", "a:\n- {}\n", "a:\n- b: {}\n", "a:\n  b:\n    - c: []\n"]
)
@pytest.mark.parametrize("depth", range(1, 7))
def test_a_mapping_of_nothing_counts_as_one_that_nests(fm: str, depth: int) -> None:
    try:
        value = _Composer(fm, Notes("x.md"), Limits(depth=depth)).document()
    except RecordError:
        value = None
    assert read_plain(fm, depth) in (value, None)


def test_a_long_text_is_left_to_yaml() -> None:
    fm = f"a: {'b' * LETTERS}\n"
    assert read_plain(fm, DEPTH) is None


def test_an_item_that_is_remembered_is_read_as_it_was() -> None:
    fm = "genes:\n- word: NO\n  entrez: '4193'\n"
    assert read_plain(fm, DEPTH) == read_plain(fm, DEPTH) == by_yaml(fm)
