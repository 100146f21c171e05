"""What a user typed → an expression of FTS5. Pure, and safe whatever was typed.

Text in quotes is a phrase; ``-word`` and ``NOT word`` exclude a word, and ``OR`` in capitals gives
a choice of two, as PubMed and search engines have it. Nothing else is an operator. An expression
contains only words made by :mod:`pfocr_rdf.search.words`, of letters and digits alone, each in
quotes: https://www.sqlite.org/fts5.html#full_text_query_syntax
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pfocr_rdf.search.words import CHUNK_RE, NAME_TO_LATIN, chunks, read_chunk

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


#: A phrase in quotes, or one word; before either, what says that figures must not have it, or may
#: have it instead of the one before. A hyphen excludes only what it stands at: ``- kras`` is KRAS.
ITEM_RE: Final = re.compile(
    r"(?P<sign>(?:(?<![^\s(])(?:NOT|OR|AND)[\s(]+)*(?:(?<![^\s(])-(?=[\w\"“„]))?)"
    rf"(?:[\"“„](?P<phrase>[^\"“”„]*)[\"“”]|(?P<chunk>{CHUNK_RE.pattern}))"
)
#: The columns of texts, in which words stand in the order of the text.
IN_ORDER: Final = "{title caption article organisms source}"


@dataclass(frozen=True, slots=True)
class Word:
    """One word or phrase that was typed, and what matches it in a text.

    ``forms`` are words, or rows of words with spaces between; unless ``beginning`` is empty, words
    that begin with it match as well. With ``or_before``, it may be there instead of the one before.
    """

    typed: str
    whole: str
    forms: tuple[str, ...]
    beginning: str = ""
    is_phrase: bool = False
    or_before: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A typed text as search reads it.

    :param words: what figures must have.
    :param left_out: words beyond :data:`MAX_WORDS`.
    :param excluded: what figures must not have.
    """

    words: tuple[Word, ...]
    left_out: tuple[str, ...]
    excluded: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class _Item:
    """A word or phrase as it was typed, and what it is read as."""

    typed: str
    whole: str
    parts: tuple[str, ...] = ()
    is_phrase: bool = False
    or_before: bool = False
    is_excluded: bool = False


def read_asked(text: str) -> Asked:
    """The words of a text that a user typed.

    >>> [word.forms for word in read_asked("the TGF-β1 AND cytokines").words]
    [('tgfb1', 'tgf beta 1'), ('cytokine',)]
    >>> [word.forms for word in read_asked("il 6").words]
    [('il', 'il6'), ('6', 'il6')]
    >>> asked = read_asked('"oxidative stress" -cancer')
    >>> [word.forms for word in asked.words], [word.forms for word in asked.excluded]
    ([('oxidative stress',)], [('cancer',)])
    """
    items = list(_items(text))
    if all(item.is_excluded for item in items):
        # All figures but some are no answer to a search; more likely a sign was lost: -catenin.
        items = [replace(item, is_excluded=False) for item in items]
    said = [one for at, one in enumerate(items) if not _says_nothing(one, at, len(items))]
    kept = list({(item.whole, item.is_excluded): item for item in said or items}.values())
    used = kept[:MAX_WORDS]
    asked = [item for item in used if not item.is_excluded]
    wholes = ["" if item.is_phrase else item.whole for item in asked]
    return Asked(
        tuple(_word(item, _runs_over(wholes, at)) for at, item in enumerate(asked)),
        tuple(item.typed for item in kept[MAX_WORDS:]),
        tuple(_word(item, ()) for item in used if item.is_excluded),
    )


def _items(text: str) -> Iterator[_Item]:
    """The words and phrases of a text, in order."""
    for found in ITEM_RE.finditer(text):
        operators = found["sign"].replace("(", " ").split()
        signs = {
            "or_before": "OR" in operators,
            "is_excluded": "NOT" in operators or "-" in operators,
        }
        if found["chunk"]:
            whole, parts = read_chunk(found["chunk"])
            if whole:
                yield _Item(found["chunk"], whole, parts, **signs)
            continue
        read = [(chunk[0], *read_chunk(chunk[0])) for chunk in chunks(found["phrase"])]
        read = [one for one in read if one[1]]
        if read:
            whole = " ".join(whole for _, whole, _ in read[:MAX_WORDS])
            parts = read[0][2] if len(read) == 1 else ()
            yield _Item(f'"{found["phrase"].strip()}"', whole, parts, is_phrase=True, **signs)


def _word(item: _Item, joined: Iterable[str]) -> Word:
    """An item as what is looked for.

    :param joined: what it forms with its neighbours.
    """
    apart = (" ".join(item.parts),) if 1 < len(item.parts) <= MAX_PARTS else ()
    forms = dict.fromkeys((item.whole, *apart, *joined))
    return Word(item.typed, item.whole, tuple(forms), "", item.is_phrase, item.or_before)


def _says_nothing(item: _Item, at: int, number: int) -> bool:
    """Whether a word may be ignored; not the A of vitamin A, nor an ``a`` at the end."""
    if item.whole == "a" and at > 0:
        return item.typed == "a" and at < number - 1
    return item.whole in STOP_WORDS


def _runs_over(wholes: Sequence[str], at: int) -> Iterator[str]:
    """The words that a word may form with neighbours: ``nf kappa b`` is one, typed as three.

    :param wholes: the words; an empty text forms none.
    """
    for length in range(2, MAX_RUN + 1):
        for start in range(max(0, at - length + 1), at + 1):
            run = wholes[start : start + length]
            if len(run) == length and all(run) and _may_be_one(run):
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
    """The same, its last word also taken as a beginning.

    Not if it is short, ends in a digit, or is a phrase.
    """
    *before, last = asked.words
    if last.is_phrase or len(last.whole) < BEGINNING_LETTERS or last.whole[-1].isdigit():
        return asked
    return replace(asked, words=(*before, replace(last, beginning=last.whole)))


def loosened(words: Sequence[Word]) -> tuple[Word, ...]:
    """The same, with the words of phrases each for itself."""
    return tuple(
        Word(part, part, (part,)) if word.is_phrase else word
        for word in words
        for part in (word.whole.split() if word.is_phrase else [word.whole])
    )


def with_all(words: Sequence[Word]) -> str:
    """The expression for figures that have every word, or one that may be there instead."""
    choices: list[list[Word]] = []
    for word in words:
        if word.or_before and choices:
            choices[-1].append(word)
        else:
            choices.append([word])
    return " AND ".join(f"({with_any(choice)})" for choice in choices)


def with_any(words: Sequence[Word]) -> str:
    """The expression for figures that have at least one of the words, in any column."""
    return " OR ".join(map(_either, words))


def without(excluded: Sequence[Word], expression: str) -> str:
    """The expression for the figures of another one that have none of the excluded words."""
    return f"({expression}) NOT ({with_any(excluded)})" if excluded else expression


def within(column: str, words: Sequence[Word]) -> str:
    """The expression for figures that have at least one of the words in a column."""
    return f"{column} : ({with_any(words)})"


def _either(word: Word) -> str:
    # Elsewhere names stand in a list, and two that are neighbours there are no phrase.
    quoted = [
        f'{IN_ORDER} : "{form}"' if word.is_phrase and " " in form else f'"{form}"'
        for form in word.forms
    ]
    return " OR ".join([*quoted, f'"{word.beginning}" *'] if word.beginning else quoted)
