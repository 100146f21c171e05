"""Whatever is typed is words and phrases, some of them excluded; nothing of it reaches FTS5 raw."""

import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.search.asking import (
    IN_ORDER,
    MAX_WORDS,
    going_on,
    loosened,
    read_asked,
    with_all,
    with_any,
    within,
    without,
)

#: What an expression may be made of: words in quotes, and our own operators between them.
SAFE_RE = re.compile(r'(?:"[^\W_]+(?: [^\W_]+)*"|[() :*]|AND|OR|NOT|\b[a-z]+ :|\{[a-z ]+\} :)*')
COLUMNS = "title, caption, words, article, organisms, source"


def wholes(text: str) -> list[str]:
    return [word.whole for word in read_asked(text).words]


def forms(text: str) -> list[tuple[str, ...]]:
    return [word.forms for word in read_asked(text).words]


@pytest.fixture(name="database", scope="module")
def _database() -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE searched USING fts5({COLUMNS}, tokenize='ascii')")
    database.execute(
        "INSERT INTO searched (title, caption) VALUES ('tgfb signaling', 'il 6 binds')"
    )
    yield database
    database.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("signaling", ["signaling"]),
        ("The role of KRAS in the cell", ["role", "kras", "cell"]),
        ("KRAS AND EGFR OR MET", ["kras", "egfr", "met"]),
        ("KRAS not EGFR", ["kras", "not", "egfr"]),
        ("KRAS NOT EGFR", ["kras"]),
        ('"lipid metabolism"', ["lipid metabolism"]),
        ('"lipid metabolism', ["lipid", "metabolism"]),
        ("title:wnt", ["title", "wnt"]),
        ("wnt*", ["wnt"]),
        ("kras KRAS Kras", ["kras"]),
        ("vitamin A deficiency", ["vitamin", "a", "deficiency"]),
        ("vitamin a", ["vitamin", "a"]),
        ("A role", ["role"]),
        ("in the", ["in", "the"]),
        ("", []),
        ("  \t\n ", []),
        ("*** --- ()", []),
    ],
)
def test_words_are_read_and_those_that_say_nothing_left_out(text: str, expected: list[str]) -> None:
    assert wholes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IL-6", [("il6", "il 6")]),
        ("TGF-β1", [("tgfb1", "tgf beta 1")]),
        ("il 6", [("il", "il6"), ("6", "il6")]),
        ("TGF beta", [("tgf", "tgfb"), ("beta", "tgfb")]),
        ("beta catenin", [("beta", "bcatenin"), ("catenin", "bcatenin")]),
        (
            "nf kappa b",
            [("nf", "nfk", "nfkb"), ("kappa", "nfk", "kb", "nfkb"), ("b", "kb", "nfkb")],
        ),
        ("cell signaling", [("cell",), ("signaling",)]),
    ],
)
def test_a_word_is_looked_for_as_one_and_as_several(
    text: str, expected: list[tuple[str, ...]]
) -> None:
    assert forms(text) == expected


@pytest.mark.parametrize(
    ("text", "words", "excluded"),
    [
        ("kras -egfr", ["kras"], ["egfr"]),
        ("kras -TGF-β1 met", ["kras", "met"], ["tgfb1"]),
        ("cancer -PI3K/Akt NOT Ras(G12D)", ["cancer"], ["pi3k akt", "ras g12d"]),
        ("cancer -PI3K/Akt,mTOR", ["cancer", "mtor"], ["pi3k akt"]),
        ("癌 -細胞", ["癌"], ["細 胞"]),
        ("kras NOT (tp53 OR mdm2) met", ["kras", "met"], ["tp53", "mdm2"]),
        ("kras (NOT tp53 mdm2) AND (NOT egfr met)", ["kras", "mdm2", "met"], ["tp53", "egfr"]),
        ("kras NOT (Ras(G12D) OR (tp53)) OR met", ["kras", "met"], ["ras g12d", "tp53"]),
        ("kras NOT egfr", ["kras"], ["egfr"]),
        ("kras AND NOT (egfr)", ["kras"], ["egfr"]),
        ('kras -"lung cancer"', ["kras"], ["lung cancer"]),
        ('-egfr "lung cancer"', ["lung cancer"], ["egfr"]),
        ("kras - egfr", ["kras", "egfr"], []),
        ("K-RAS", ["kras"], []),
        ("kras –egfr", ["kras", "egfr"], []),
        ("kras NOT", ["kras", "not"], []),
        # A search for all figures but some is none: a letter was lost.
        ("-catenin", ["catenin"], []),
        ("NOT egfr -kras", ["egfr", "kras"], []),
        ("kras -the", ["kras"], []),
    ],
)
def test_a_word_may_be_excluded(text: str, words: list[str], excluded: list[str]) -> None:
    asked = read_asked(text)
    assert [word.whole for word in asked.words] == words
    assert [word.whole for word in asked.excluded] == excluded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Oxidative stress" p53', [('"Oxidative stress"', "oxidative stress"), ("p53", "p53")]),
        ("“Oxidative stress„", [("Oxidative", "oxidative"), ("stress", "stress")]),
        ("„oxidative stress“", [('"oxidative stress"', "oxidative stress")]),
        ('"the p53" "" "…"', [('"the p53"', "the p53")]),
        # Inches, and a quote of which the beginning was lost.
        ('15" of 12" gel', [("15", "15"), ("12", "12"), ("gel", "gel")]),
    ],
)
def test_what_is_in_quotes_is_a_phrase(text: str, expected: list[tuple[str, str]]) -> None:
    asked = read_asked(text)
    assert [(word.typed, word.whole) for word in asked.words] == expected


def test_the_words_of_a_phrase_may_be_spelt_in_one_or_in_several() -> None:
    assert forms('"NF-κB signalling"') == [("nfkb signaling", "nf kappa b signaling")]
    assert "the tgfb pathway" in forms('"the TGF beta pathway"')[0]
    assert forms('"role of il 6"') == [("role of il 6", "role of il6")]


def test_a_phrase_neither_goes_on_nor_forms_a_word_with_its_neighbours() -> None:
    assert forms('il "6"') == [("il",), ("6",)]
    assert going_on(read_asked('lipid "metab"')).words[-1].beginning == ""


def test_a_choice_is_between_two_words_and_only_or_in_capitals_gives_one() -> None:
    def expression(text: str) -> str:
        return with_all(read_asked(text).words)

    assert expression("tp53 OR mdm2 apoptosis") == '("tp53" OR "mdm2") AND ("apoptosis")'
    assert expression("tp53 or mdm2") == '("tp53") AND ("mdm2")'
    assert expression("OR tp53 OR") == '("tp53")'
    assert expression('tp53 OR "cell cycle"') == f'("tp53" OR {IN_ORDER} : "cell cycle")'
    assert expression("(tp53) OR\n(-)-catechin") == '("tp53" OR "catechin")'


def test_a_choice_is_of_what_stands_at_its_or() -> None:
    def expression(text: str) -> str:
        return with_all(read_asked(text).words).replace(f"{IN_ORDER} : ", "")

    both = '(("wnt") AND ("notch"))'
    assert expression("Wnt/Notch OR PI3K/Akt") == f'({both} OR (("pi3k") AND ("akt")))'
    asked = read_asked("cancer -Wnt/Notch")
    assert without(asked.excluded, with_all(asked.words)) == f'(("cancer")) NOT ({both})'
    assert expression("PI3K/Akt mTOR") == '("pi3k") AND ("akt") AND ("mtor")'
    assert (
        expression("vitamin a OR d") == '("vitamin" OR "vitamina") AND ("a" OR "vitamina" OR "d")'
    )
    assert expression("tp53 OR the mdm2") == '("tp53" OR "mdm2")'
    assert expression("tp53 the OR mdm2") == '("tp53") AND ("mdm2")'


def test_a_repeated_word_does_not_make_a_choice_of_its_neighbours() -> None:
    def expression(text: str) -> str:
        return with_all(read_asked(text).words)

    assert expression("cancer tumor OR tumour") == '("cancer") AND ("tumor")'
    assert expression("tp53 mdm2 OR tp53") == '("tp53") AND ("mdm2" OR "tp53")'
    assert expression("kras tp53 OR mdm2 OR tp53") == '("kras") AND ("tp53" OR "mdm2")'
    assert expression("tp53 OR mdm2 mdm2 OR tp53") == '("tp53" OR "mdm2")'


def test_the_words_of_a_title_are_no_operators() -> None:
    asked = read_asked('A -b OR "c d" NOT e', has_operators=False)
    assert [word.whole for word in asked.words] == ["b", "c", "d", "not", "e"]
    assert not asked.excluded


def test_words_of_a_phrase_count_for_themselves_where_some_words_do() -> None:
    words = read_asked('"cell cycle" tp53').words
    assert with_any(loosened(words)) == '"cell" OR "cycle" OR "tp53"'


def test_what_is_excluded_is_excluded_from_all() -> None:
    asked = read_asked("tp53 OR mdm2 -cancer -il-6")
    expected = '(("tp53" OR "mdm2")) NOT ("cancer" OR "il6" OR "il 6")'
    assert without(asked.excluded, with_all(asked.words)) == expected
    assert without((), '"a"') == '"a"'


def test_a_long_chain_of_hyphens_is_looked_for_as_one_word_alone() -> None:
    (word,) = read_asked("-".join("abcdefghij")).words
    assert word.forms == ("abcdefghij",)


def test_words_beyond_the_number_that_a_search_takes_are_named() -> None:
    typed = [f"word{number}" for number in range(MAX_WORDS + 3)]
    asked = read_asked(" ".join(typed))
    assert [word.typed for word in asked.words] == typed[:MAX_WORDS]
    assert list(asked.left_out) == typed[MAX_WORDS:]


@pytest.mark.parametrize(
    ("text", "beginning"),
    [("lipid metab", "metab"), ("si", ""), ("IL-1", ""), ("p53", ""), ("TGF-β", "tgfb")],
)
def test_only_a_long_last_word_without_a_number_may_go_on(text: str, beginning: str) -> None:
    last = going_on(read_asked(text)).words[-1]
    assert last.beginning == beginning
    assert all(not word.beginning for word in going_on(read_asked(text)).words[:-1])


def test_expressions_are_what_fts5_reads() -> None:
    asked = going_on(read_asked("IL-6 sign"))
    assert with_all(asked.words) == '("il6" OR "il 6") AND ("sign" OR "sign" *)'
    assert with_any(asked.words) == '"il6" OR "il 6" OR "sign" OR "sign" *'
    assert within("title", asked.words[:1]) == 'title : ("il6" OR "il 6")'


HOSTILE = [
    *('"', "'", '""', "a OR", "OR", "AND", "NOT", "NEAR(", "NEAR(a b, 3)", "a NEAR b"),
    *("title:", "title : a", "{title caption} : a", "- a", "-title : a", "^a", "a + b", "a*"),
    *("a\x00b", "\x00", "(", ")", "((((", "a) OR (b", "a; DROP TABLE figure", "--", "/*"),
    *("🧬 DNA 🧬", "👩‍🔬", "\ud800", "\u202e", "%", "_", "\\", "a\\", "?", ":x", "@x", "$x"),
    *("<script>alert(1)</script>", "x" * 10_000, "x " * 5_000, "-".join("abcdefgh" * 500)),
    *(
        '"' * 10_000,
        "(" * 10_000,
        "a OR " * 2_000,
        "OR " * 9_000,
        "-a " * 9_000,
        "“" * 10_000,
        "β" * 5_000,
        "il 6 " * 2_000,
    ),
    " ".join(f"{a}{b}" for a in "abcdefghijklmnop" for b in "0123456789"),
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:16]))
def test_any_text_is_data(text: str, database: sqlite3.Connection) -> None:
    assert_data(text, database)


@given(st.text(alphabet=st.sampled_from("\"'()*:^+-{} aβ1OR ANDNEAR,\x00_%"), max_size=60))
def test_any_mixture_of_operators_is_data(text: str) -> None:
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE VIRTUAL TABLE searched USING fts5({COLUMNS}, tokenize='ascii')")
        assert_data(text, database)
    finally:
        database.close()


def assert_data(text: str, database: sqlite3.Connection) -> None:
    """Nothing but quoted words and our own operators; SQLite takes it."""
    asked = read_asked(text)
    assert len(asked.words) + len(asked.excluded) <= MAX_WORDS
    if asked.words:
        words = going_on(asked).words
        expressions = (with_all(words), with_any(loosened(words)), within("title", words))
        for expression in (*expressions, without(asked.excluded, with_all(words))):
            assert SAFE_RE.fullmatch(expression), expression
            database.execute("SELECT rowid FROM searched WHERE searched MATCH ?", (expression,))
