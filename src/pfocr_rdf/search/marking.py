"""Mark what was looked for in texts, and cut the stretch of a text that shows it best."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pfocr_rdf.search.asking import Word
from pfocr_rdf.search.found import Piece
from pfocr_rdf.search.words import chunks, forms, read_chunk

#: A part of a word as it is written: a Greek letter, or what stands between those and hyphens.
PART_RE: Final = re.compile(r"[\u0370-\u03ffµ]|[^\W_\u0370-\u03ffµ]+")
SPACED_RE: Final = re.compile(r"\S+")
SNIPPET_LETTERS: Final = 240
ELLIPSIS: Final = "…"


class Span(NamedTuple):
    """Where a word that was looked for stands in a text, and the number of that word."""

    start: int
    end: int
    word: int


class Marker:
    """Finds the words of a search in texts: single words, rows of words, beginnings of words."""

    def __init__(self, asked: Sequence[Word]) -> None:
        self._single: dict[str, int] = {}
        self._rows: list[tuple[tuple[str, ...], int]] = []
        for number, word in enumerate(asked):
            for form in word.forms:
                if " " in form:
                    self._rows.append((tuple(form.split()), number))
                else:
                    self._single.setdefault(form, number)
        self._beginnings = [(w.beginning, n) for n, w in enumerate(asked) if w.beginning]
        # Pieces between spaces recur from one caption to the next.
        self._piece_to_spans: dict[str, tuple[Span, ...]] = {}

    def spans(self, text: str) -> list[Span]:
        """Where the words stand, in order; no two overlap."""
        rows = self._in_rows(text) if self._rows else []
        covered = {at for span in rows for at in range(span.start, span.end)}
        spans = []
        for piece in SPACED_RE.finditer(text):
            found = self._piece_to_spans.get(piece[0])
            if found is None:
                found = self._piece_to_spans[piece[0]] = tuple(self._in_piece(piece[0]))
            for start, end, word in found:
                if start + piece.start() not in covered:
                    spans.append(Span(start + piece.start(), end + piece.start(), word))
        return sorted([*spans, *rows]) if rows else spans

    def _in_rows(self, text: str) -> list[Span]:
        """The words of rows that were looked for; a word in several rows is given once."""
        found = list(chunks(text))
        wholes = [read_chunk(chunk[0])[0] for chunk in found]
        spans: dict[int, Span] = {}
        for row, word in self._rows:
            for at, whole in enumerate(wholes):
                if whole == row[0] and row == tuple(wholes[at : at + len(row)]):
                    for inside in range(at, at + len(row)):
                        spans.setdefault(inside, Span(*found[inside].span(), word))
        return list(spans.values())

    def _in_piece(self, piece: str) -> Iterator[Span]:
        for chunk in chunks(piece):
            word = self._word(read_chunk(chunk[0])[0])
            if word is not None:
                yield Span(*chunk.span(), word)
            elif any(self._word(form) is not None for form in forms(chunk[0])):
                yield from self._in_parts(chunk)

    def _in_parts(self, chunk: re.Match[str]) -> Iterator[Span]:
        """The parts of a word that were looked for."""
        for part in PART_RE.finditer(chunk[0]):
            word = self._word(read_chunk(part[0])[0])
            if word is not None:
                yield Span(chunk.start() + part.start(), chunk.start() + part.end(), word)

    def _word(self, form: str) -> int | None:
        word = self._single.get(form)
        if word is None:
            return next((n for start, n in self._beginnings if form.startswith(start)), None)
        return word


def pieces(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """A text, cut where what was looked for begins and ends.

    >>> pieces("IL-6 binds", [Span(0, 4, 0)])
    (Piece(text='IL-6', matched=True), Piece(text=' binds', matched=False))
    """
    cut, at = [], 0
    for span in spans:
        cut += [Piece(text[at : span.start]), Piece(text[span.start : span.end], matched=True)]
        at = span.end
    return tuple(piece for piece in (*cut, Piece(text[at:])) if piece.text)


def snippet(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """The stretch of a text that has most of the words, the first among equals.

    :param spans: what to mark; without any, the result is the beginning of the text.
    """
    if len(text) <= SNIPPET_LETTERS:
        return pieces(text, spans)
    start = _start(text, spans)
    end = start + SNIPPET_LETTERS
    if end < len(text):
        # No word is cut, unless it is too long to be left out.
        space = text.rfind(" ", start + SNIPPET_LETTERS // 2, end + 1)
        end = space if space > 0 else end
    inside = [
        Span(span.start - start, span.end - start, span.word)
        for span in spans
        if start <= span.start and span.end <= end
    ]
    before = (Piece(ELLIPSIS),) if start else ()
    after = (Piece(ELLIPSIS),) if end < len(text) else ()
    return (*before, *pieces(text[start:end], inside), *after)


def _start(text: str, spans: Sequence[Span]) -> int:
    """Where the best stretch begins: some words before the first one marked in it."""
    room = SNIPPET_LETTERS // 4
    best, first = 0, 0
    for at, span in enumerate(spans):
        last = bisect_left(spans, (span.start + SNIPPET_LETTERS - room,), at)
        words = len({inside.word for inside in spans[at:last]})
        if words > best:
            best, first = words, span.start
    if first <= room:
        return 0
    space = text.find(" ", first - room, first)
    return space + 1 if space >= 0 else first - room
