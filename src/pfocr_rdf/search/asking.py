"""What a user typed → an expression of FTS5. Pure, and safe whatever was typed.

An expression contains only words made by :mod:`pfocr_rdf.search.words`, of letters and digits
alone, each in quotes: https://www.sqlite.org/fts5.html#full_text_query_syntax
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pfocr_rdf.search.words import NAME_TO_LATIN, chunks, read_chunk

#: Words that say nothing about what is looked for, and that a figure need not have to be found.
STOP_WORDS: Final = frozenset(
    {"a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "into", "is", "of", "on"}
    | {"or", "the", "to", "via", "with"}
)
#: Words that a search uses at most: more than anybody types, and few enough to bound its time.
MAX_WORDS: Final = 12
#: Limits on words that a text may have in parts, as ``il 6`` or ``nf kappa b``: the parts that a
#: typed word is taken apart into, the typed words that are joined, and the letters of the result.
MAX_PARTS: Final = 6
MAX_RUN: Final = 3
RUN_LETTERS: Final = 12
#: Letters that the beginning of a word must have: shorter ones begin half of all words.
BEGINNING_LETTERS: Final = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One word that was typed, and what matches it in a text.

    ``forms`` are words, or rows of words with spaces between; unless ``beginning`` is empty, words
    that begin with it match as well.
    """

    typed: str
    whole: str
    forms: tuple[str, ...]
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A typed text as search reads it; ``left_out`` are words beyond :data:`MAX_WORDS`."""

    words: tuple[Word, ...]
    left_out: tuple[str, ...]


def read_asked(text: str) -> Asked:
    """The words of a text that a user typed.

    >>> [word.forms for word in read_asked('the "TGF-β1" AND cytokines').words]
    [('tgfb1', 'tgf beta 1'), ('cytokine',)]
    >>> [word.forms for word in read_asked("il 6").words]
    [('il', 'il6'), ('6', 'il6')]
    """
    read = ((match[0], *read_chunk(match[0])) for match in chunks(text))
    typed = [(chunk, whole, parts) for chunk, whole, parts in read if whole]
    said = [one for at, one in enumerate(typed) if not _says_nothing(*one[:2], at, len(typed))]
    kept = list({whole: (chunk, whole, parts) for chunk, whole, parts in said or typed}.values())
    used = kept[:MAX_WORDS]
    wholes = [whole for _, whole, _ in used]
    words = []
    for at, (chunk, whole, parts) in enumerate(used):
        apart = (" ".join(parts),) if 1 < len(parts) <= MAX_PARTS else ()
        forms = dict.fromkeys((whole, *apart, *_runs_over(wholes, at)))
        words.append(Word(chunk, whole, tuple(forms)))
    return Asked(tuple(words), tuple(chunk for chunk, _, _ in kept[MAX_WORDS:]))


def _says_nothing(chunk: str, whole: str, at: int, number: int) -> bool:
    """Whether a word may be ignored; not the A of vitamin A, nor an ``a`` at the end."""
    if whole == "a" and at > 0:
        return chunk == "a" and at < number - 1
    return whole in STOP_WORDS


def _runs_over(wholes: Sequence[str], at: int) -> Iterator[str]:
    """The words that a word may form with neighbours: ``nf kappa b`` is one, typed as three."""
    for length in range(2, MAX_RUN + 1):
        for start in range(max(0, at - length + 1), at + 1):
            run = wholes[start : start + length]
            if len(run) == length and _may_be_one(run):
                joined = "".join(NAME_TO_LATIN.get(word, word) for word in run)
                if len(joined) <= RUN_LETTERS:
                    yield joined


def _may_be_one(run: Sequence[str]) -> bool:
    """Whether words in a row look like one.

    So they do if all but the first are short or Greek letters, or if the first of two is Greek.
    """
    short = (len(word) < 3 or word in NAME_TO_LATIN for word in run[1:])
    return all(short) or (len(run) == 2 and run[0] in NAME_TO_LATIN)


def going_on(asked: Asked) -> Asked:
    """The same, its last word also taken as a beginning, unless it is short or ends in a digit."""
    *before, last = asked.words
    if len(last.whole) < BEGINNING_LETTERS or last.whole[-1].isdigit():
        return asked
    return replace(asked, words=(*before, replace(last, beginning=last.whole)))


def with_all(words: Sequence[Word]) -> str:
    """The expression for figures that have every word, in any column."""
    return " AND ".join(f"({_either(word)})" for word in words)


def with_any(words: Sequence[Word]) -> str:
    """The expression for figures that have at least one of the words."""
    return " OR ".join(map(_either, words))


def within(column: str, words: Sequence[Word]) -> str:
    """The expression for figures that have at least one of the words in a column."""
    return f"{column} : ({with_any(words)})"


def _either(word: Word) -> str:
    quoted = [f'"{form}"' for form in word.forms]
    return " OR ".join([*quoted, f'"{word.beginning}" *'] if word.beginning else quoted)
