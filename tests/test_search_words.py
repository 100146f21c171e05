"""One thing that biology spells in many ways is one word; two things stay two."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacing import cpu_within
from pfocr_rdf.search.words import (
    CHUNK_RE,
    LETTERS,
    Remembered,
    forms,
    key,
    piece_key,
    piece_words,
    plain,
    read_chunk,
    words,
)

#: What one text is put together of, where words could run into what is beside them.
PIECES = [
    *("KRAS", "kras", "tumours", "TNFalpha", "alpha1", "IL", "6", "25", "OH", "x" * 70, "β", "中"),
    *("-", "–", "'", "’", ",", ".", "_", "(", ")", "/", "*", "[", " ", "\n", "\u2009", "é", "²"),
]
#: Spellings of one thing a line, as users type them, pictures have them, and symbols are.
SPELLINGS = [
    ["TGF-β", "TGFβ", "TGF-beta", "TGFbeta", "TGFB", "tgfb", "TGF‑β", "TGF–B", "tgf-Β"],
    ["TGF-β1", "TGFβ1", "TGF-beta1", "TGF-beta-1", "TGFbeta1", "TGFB1"],
    ["IL-6", "IL6", "il6", "IL‐6", "Il−6"],
    ["IL-1β", "IL1β", "IL-1beta", "IL-1-beta", "IL1B"],
    ["NF-κB", "NFκB", "NF-kB", "NF-kappaB", "NF-kappa-B", "NFkappaB", "NFKB", "nfkb"],
    ["IκB", "IkappaB", "IKB"],
    ["IFN-γ", "IFNγ", "IFN-gamma", "IFNgamma", "IFNG"],
    ["TNF-α", "TNFα", "TNF-alpha", "TNFalpha", "TNFA", "tnfa"],
    ["HIF-1α", "HIF1α", "HIF-1alpha", "HIF1A"],
    ["PPARγ", "PPAR-gamma", "PPARG"],
    ["PKCθ", "PKC-theta", "PKCQ"],
    ["14-3-3ζ", "14-3-3zeta", "14-3-3-zeta"],
    ["p53", "P53", "p-53"],
    ["COX-2", "COX2", "cox2"],
    ["1,25(OH)2D3", "1,25-(OH)2D3", "125OH2D3", "1,25(oh)2d3"],
    ["Ca²⁺", "Ca2+", "ca2"],
    ["café", "cafe\u0301", "CAFÉ", "cafe"],
    ["ﬁbrosis", "fibrosis", "Ｆｉｂｒｏｓｉｓ"],
    ["β", "beta", "Beta", "Β", "ϐ"],
    ["μm", "µm"],
    ["straße", "STRASSE"],
    ["signalling", "signaling", "Signaling"],
    ["tumour", "tumors", "Tumor", "tumours"],
    ["anaemia", "anemia"],
    ["genes", "gene", "Genes"],
    ["oestrogen", "estrogens"],
    ["Parkinson’s", "Parkinson's", "parkinsons"],
]
#: Pairs that look alike and are two.
DIFFERENT = [
    *(("RAS", "RA"), ("FOS", "FO"), ("IL-1", "IL-6"), ("TGFA", "TGFB"), ("AKT1", "AKT2")),
    *(("betaine", "baine"), ("alphabet", "abet"), ("virus", "viru"), ("four", "for")),
    *(("LATS", "LAT"), ("MARS", "MAR")),
    *(("apoptosis", "apoptosi"), ("process", "proces"), ("PKCα", "PKCβ"), ("p53", "p63")),
]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda spellings: str(spellings[0]))
def test_spellings_of_one_thing_are_one_word(spellings: list[str]) -> None:
    assert {key(spelling) for spelling in spellings} == {key(spellings[0])}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_things_stay_two_words(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wnt/β-catenin pathway", "wnt bcatenin pathway beta catenin"),
        ("PI3K/AKT/mTOR", "pi3k akt mtor"),
        ("IL-1,IL-6", "il1 il6 il il"),
        ("SMAD2/3 (phosphorylated)", "smad2 3 phosphorylated"),
        ("LXRs.Recognition", "lxrs recognition"),
        ("a_b", "a b"),
        ("P<0.05", "p 0 05"),
        ("anti-IL-6R", "antiil6r anti il 6r"),
        ("中国癌", "中 国 癌"),
        ("Тюмор", "тюмор"),
        ("・ · — … ©", ""),
        ("", ""),
    ],
)
def test_a_text_is_taken_apart_where_two_things_meet(text: str, expected: str) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_are_letters_and_digits_alone_whatever_the_text(text: str) -> None:
    found = words(text).split()
    assert all(word.isalnum() for word in found)
    assert " ".join(found) == words(text)
    assert key(text).replace(" ", "") == "" or key(text).replace(" ", "").isalnum()


@given(st.text(alphabet=st.characters(categories=["L", "N", "Pd"]), max_size=30))
def test_a_word_is_among_its_own_forms(text: str) -> None:
    for chunk in CHUNK_RE.findall(text):
        whole, parts = read_chunk(chunk)
        if whole:
            assert forms(chunk)[0] == whole
        assert {part for part in parts if len(part) > 1} <= set(forms(chunk))


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=8).map("".join))
def test_a_piece_is_read_like_the_words_in_it_whatever_stands_around_them(text: str) -> None:
    found = CHUNK_RE.findall(text)
    read = [(read_chunk(chunk)[0], forms(chunk)) for chunk in found]
    parts = [form for whole, its in read for form in its if form != whole]
    assert words(text) == " ".join([*(whole for whole, _ in read if whole), *parts])
    assert key(text).split() == [read_chunk(c)[0] for c in found if read_chunk(c)[0]]
    assert sorted(piece_words(text).split()) == sorted(words(text).split())
    assert piece_key(text) == key(text)


def test_what_is_remembered_is_forgotten_when_it_is_too_much() -> None:
    asked: list[str] = []

    def read(piece: str) -> str:
        asked.append(piece)
        return piece.lower()

    remembered = Remembered(read, 2)
    assert [remembered[piece] for piece in "ABABCA"] == [*"ababca"]
    assert asked == [*"ABCA"]
    assert len(remembered) == 2


def test_a_text_that_is_too_long_for_a_word_is_not_remembered() -> None:
    remembered = Remembered(str.lower, 2)
    assert remembered["A" * LETTERS] == "a" * LETTERS
    assert remembered["A" * (LETTERS + 1)] == "a" * (LETTERS + 1)
    assert [*remembered] == ["A" * LETTERS]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_case_and_composition_do_not_matter(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain(text.swapcase().swapcase().casefold()) == plain(text)


@pytest.mark.parametrize("all_of_them", [False, pytest.param(True, marks=pytest.mark.long)])
def test_every_character_of_unicode_is_read(all_of_them: bool) -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        # Most are assigned to nothing, or to no one, and most others are signs of Han and Hangul.
        kind = unicodedata.category(character)
        if not all_of_them and (kind in ("Cn", "Co") or (kind == "Lo" and ord(character) % 8)):
            continue
        found = words(character)
        assert not found or all(word.isalnum() for word in found.split()), hex(ord(character))


@pytest.mark.parametrize(
    "text",
    [
        *("a" + "-" * 100_000 + "!", "1," * 50_000, "a\u0301" * 50_000, "\u0301" * 50_000),
        *("a-" * 50_000, "(OH)" * 50_000, "1(OH)" * 50_000, "(" * 50_000, "1" * 100_000),
        *("α" * 100_000, "x" * 100_000, "a'" * 50_000, "alpha" * 20_000),
    ],
    ids=lambda text: text[:8],
)
def test_a_long_text_of_any_make_takes_no_longer_than_its_length(text: str) -> None:
    with cpu_within(5):
        found = words(text).split()
        # A pattern that goes back and forth takes minutes.
    assert all(len(word) <= LETTERS for word in found)
