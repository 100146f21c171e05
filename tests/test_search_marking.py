"""What was looked for is marked as it stands in the text, which stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.search.asking import going_on, read_asked
from pfocr_rdf.search.found import Piece
from pfocr_rdf.search.marking import ELLIPSIS, SNIPPET_LETTERS, Marker, pieces, snippet


def marked(text: str, asked: str, *, unfinished: bool = False) -> str:
    """A text with brackets around what is marked."""
    found = read_asked(asked)
    words = (going_on(found) if unfinished else found).words
    return shown(pieces(text, Marker(words).spans(text)))


def shown(cut: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.matched else piece.text for piece in cut)


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("TGF-β binds TGFBR1.", "tgfb", "[TGF-β] binds TGFBR1."),
        ("The TGF beta pathway", "TGF-β", "The [TGF] [beta] pathway"),
        ("beta cells and TGF", "TGF-β", "beta cells and TGF"),
        ("IL 6 in Figure 6", "IL-6", "[IL] [6] in Figure 6"),
        ("IL 6 and IL", "IL-6 il", "[IL] [6] and [IL]"),
        ("IL-6, il6 and IL-17", "il 6", "[IL-6], [il6] and [IL]-17"),
        ("Wnt/β-catenin signalling", "catenin signaling", "Wnt/β-[catenin] [signalling]"),
        ("Wnt/β-catenin", "beta", "Wnt/[β]-catenin"),
        ("Wnt/β-catenin", "β-catenin", "Wnt/[β-catenin]"),
        ("Tumours of the tumor", "tumour", "[Tumours] of the [tumor]"),
        ("naı\u0308ve T cells", "naive", "naı\u0308ve T cells"),
        ("nai\u0308ve T cells", "naive", "[nai\u0308ve] T cells"),
        ("A < B & C", "b", "A < [B] & C"),
        ("<b>KRAS</b>", "kras b", "<[b]>[KRAS]</[b]>"),
        ("nothing here", "kras", "nothing here"),
        ("", "kras", ""),
    ],
)
def test_words_are_marked_in_any_spelling(text: str, asked: str, expected: str) -> None:
    assert marked(text, asked) == expected


def test_words_that_begin_so_are_marked_where_the_last_may_go_on() -> None:
    assert marked("metabolism of metformin", "metab", unfinished=True) == (
        "[metabolism] of metformin"
    )
    assert marked("metabolism of metformin", "metab") == "metabolism of metformin"


@given(st.text(max_size=400), st.text(max_size=20))
def test_the_pieces_of_a_text_are_the_text(text: str, asked: str) -> None:
    spans = Marker(read_asked(asked).words).spans(text)
    assert "".join(piece.text for piece in pieces(text, spans)) == text
    ends = [0, *(span.end for span in spans)]
    assert all(span.start >= end for span, end in zip(spans, ends, strict=False))
    cut = "".join(piece.text for piece in snippet(text, spans))
    assert cut.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS) in text


LONG = " ".join(["filler"] * 100 + ["KRAS"] + ["filler"] * 100 + ["KRAS", "binds", "RAF1"] + ["x"])


def snippet_of(text: str, asked: str) -> str:
    return shown(snippet(text, Marker(read_asked(asked).words).spans(text)))


def test_a_short_text_is_its_own_snippet() -> None:
    assert snippet_of("KRAS binds", "kras") == "[KRAS] binds"


def test_a_snippet_shows_the_stretch_with_most_of_the_words() -> None:
    found = snippet_of(LONG, "KRAS RAF1")
    assert found.startswith(ELLIPSIS + "filler ")
    assert found.endswith("[KRAS] binds [RAF1] x")
    assert len(found) <= SNIPPET_LETTERS + 10


def test_a_snippet_shows_the_first_of_equal_stretches() -> None:
    found = snippet_of(LONG, "KRAS")
    assert "[KRAS] filler" in found
    assert found.endswith("filler" + ELLIPSIS)


def test_the_snippet_of_a_text_in_which_nothing_is_marked_is_its_beginning() -> None:
    found = snippet_of(LONG, "nothing")
    assert found.startswith("filler filler")
    assert found.endswith("filler" + ELLIPSIS)
    assert len(found) <= SNIPPET_LETTERS + 1


def test_a_snippet_of_a_text_without_spaces_is_cut_all_the_same() -> None:
    found = snippet_of("x" * 10_000, "x")
    assert found == "x" * SNIPPET_LETTERS + ELLIPSIS
