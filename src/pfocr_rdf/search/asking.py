"""What a user typed → an expression of FTS5. Pure, and safe whatever was typed.

Only words that :mod:`pfocr_rdf.search.words` made, of letters and digits alone, enter an
expression, each in quotes: https://www.sqlite.org/fts5.html#full_text_query_syntax
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pfocr_rdf.search.words import NAME_TO_LATIN, chunks, read_chunk

#: Words that say nothing of what is looked for, and need not be in what is found.
STOP_WORDS: Final = frozenset(
    {"a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "into", "is", "of", "on"}
    | {"or", "the", "to", "via", "with"}
)
#: More words than anybody types, and what keeps the time of a search bounded.
MAX_WORDS: Final = 12
#: Parts of one word that may stand apart in a text: ``il 6``, ``nf kappa b``.
MAX_PARTS: Final = 6
MAX_RUN: Final = 3
RUN_LETTERS: Final = 12
#: The beginning of a word must be so long: shorter ones begin half of all words.
BEGINNING_LETTERS: Final = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One word that was typed, and what may stand in a text for it.

    ``forms`` are words, or several in a row with spaces between; ``beginning`` is what other
    words that count may begin with.
    """

    typed: str
    whole: str
    forms: tuple[str, ...]
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text as search understands it."""

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
    """Whether a word may be left out; the A of vitamin A may not, wherever it stands."""
    if whole == "a" and at > 0:
        return chunk == "a" and at < number - 1
    return whole in STOP_WORDS


def _runs_over(wholes: Sequence[str], at: int) -> Iterator[str]:
    """The words that a word makes with its neighbours: ``nf kappa b`` is one, typed as three."""
    for length in range(2, MAX_RUN + 1):
        for start in range(max(0, at - length + 1), at + 1):
            run = wholes[start : start + length]
            if len(run) == length and _may_be_one(run):
                joined = "".join(NAME_TO_LATIN.get(word, word) for word in run)
                if len(joined) <= RUN_LETTERS:
                    yield joined


def _may_be_one(run: Sequence[str]) -> bool:
    """Whether words in a row look like one: all but the first are short, or it begins in Greek."""
    short = (len(word) < 3 or word in NAME_TO_LATIN for word in run[1:])
    return all(short) or (len(run) == 2 and run[0] in NAME_TO_LATIN)


def going_on(asked: Asked) -> Asked:
    """The same, but the last word may be the beginning of another one, if it is long enough."""
    *before, last = asked.words
    if len(last.whole) < BEGINNING_LETTERS or last.whole[-1].isdigit():
        return asked
    return replace(asked, words=(*before, replace(last, beginning=last.whole)))


def with_all(words: Sequence[Word]) -> str:
    """Figures that have every word, wherever."""
    return " AND ".join(f"({_either(word)})" for word in words)


def with_any(words: Sequence[Word]) -> str:
    """Figures that have one of the words at least."""
    return " OR ".join(map(_either, words))


def within(column: str, words: Sequence[Word]) -> str:
    """Figures that have one of the words in a column."""
    return f"{column} : ({with_any(words)})"


def _either(word: Word) -> str:
    quoted = [f'"{form}"' for form in word.forms]
    return " OR ".join([*quoted, f'"{word.beginning}" *'] if word.beginning else quoted)
