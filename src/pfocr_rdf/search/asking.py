"""What a user typed → an expression of FTS5. Pure, and safe whatever was typed.

Text in quotes is a phrase; ``-word`` and ``NOT word`` exclude a word, ``NOT (a OR b)`` several, and
``OR`` in capitals gives a choice of two, as PubMed and search engines have it. Words without a
space between, as in ``-PI3K/Akt``, are one there. Nothing else is an operator. An expression
contains only words made by :mod:`pfocr_rdf.search.words`, of letters and digits alone, each in
quotes: https://www.sqlite.org/fts5.html#full_text_query_syntax
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
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


#: A hyphen excludes only what it stands at: ``- kras`` is KRAS.
EXCLUDES: Final = r"(?<![^\s(])-(?=[\w\"“„])"
#: A phrase in quotes, or words without a space between; before either, what says that figures must
#: not have it, or may have it instead of the one before. Other signs may follow an operator, as in
#: ``OR (-)-epicatechin``. No phrase begins right after a letter or a digit: 5" are inches.
ITEM_RE: Final = re.compile(
    r"(?P<sign>(?:(?<![^\s(])(?:NOT|OR|AND)(?=[\s(])"
    rf"(?:(?!{EXCLUDES})[^\w\"“„])*)*(?P<minus>{EXCLUDES})?)"
    rf"(?:(?:(?<!\w)\"|[“„])(?P<phrase>[^\"“”„]*)[\"“”]"
    rf"|(?P<row>(?:{CHUNK_RE.pattern})(?:(?:[^\s\w,;\"“”„]|_)*(?:{CHUNK_RE.pattern}))*))"
)
OPERATOR_RE: Final = re.compile("NOT|OR")
#: The columns of texts, in which words stand in the order of the text.
IN_ORDER: Final = "{title caption article organisms source}"


@dataclass(frozen=True, slots=True)
class Word:
    """One word or phrase that was typed, and what matches it in a text.

    ``forms`` are words, or rows of words with spaces between; unless ``beginning`` is empty, words
    that begin with it match as well. With ``or_before``, it may be there instead of the one before.
    If there is ``every``, all of those must match instead: the words of PI3K/Akt, where it is one.
    """

    typed: str
    whole: str
    forms: tuple[str, ...]
    beginning: str = ""
    is_phrase: bool = False
    or_before: bool = False
    every: tuple["Word", ...] = ()


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
    every: tuple["_Item", ...] = ()


def read_asked(text: str, *, has_operators: bool = True) -> Asked:
    """The words of a text that a user typed.

    :param has_operators: whether quotes, hyphens, NOT and OR are operators. In a title they are
        not: CELLS THAT DO NOT EXPRESS P53.

    >>> [word.forms for word in read_asked("the TGF-β1 AND cytokines").words]
    [('tgfb1', 'tgf beta 1'), ('cytokine',)]
    >>> [word.forms for word in read_asked("il 6").words]
    [('il', 'il6'), ('6', 'il6')]
    >>> asked = read_asked('"oxidative stress" -cancer')
    >>> [word.forms for word in asked.words], [word.forms for word in asked.excluded]
    ([('oxidative stress',)], [('cancer',)])
    """
    items = list(_items(text) if has_operators else _read_each(text))
    if all(item.is_excluded for item in items):
        # All figures but some are no answer to a search; more likely a sign was lost: -catenin.
        items = [replace(item, is_excluded=False) for item in items]
    kept = _distinct(list(_telling(items)) or items)
    used = kept[:MAX_WORDS]
    asked = [item for item in used if not item.is_excluded]
    return Asked(
        tuple(_word(item, _runs_over(asked, at)) for at, item in enumerate(asked)),
        tuple(item.typed for item in kept[MAX_WORDS:]),
        tuple(_word(item, ()) for item in used if item.is_excluded),
    )


def _items(text: str) -> Iterator[_Item]:
    """The words and phrases of a text, in order."""
    begun = depth = 0  # where the one before begins; open parentheses after NOT
    matches = list(ITEM_RE.finditer(text))
    for found, following in zip_longest(matches, matches[1:]):
        operators = _operators(found)
        opening = found["sign"].rpartition("NOT")[2]
        between = text[begun : found.end("sign")] if depth else opening
        if depth or "NOT" in operators:
            depth = max(0, depth + between.count("(") - between.count(")"))
        begun = found.end("sign")
        is_excluded = depth > 0 or not operators.isdisjoint(("NOT", "-"))
        or_before = "OR" in operators
        is_choice = or_before or "OR" in _operators(following)
        typed = found["row"] or f'"{found["phrase"].strip()}"'
        read = list(_read_each(typed))
        if not found["row"]:
            read = _as_one_item(typed, read)
        elif len(read) > 1 and (is_excluded or is_choice):
            read = [replace(one, every=tuple(read)) for one in _as_one_item(typed, read)]
        for item in read:
            yield replace(item, or_before=or_before, is_excluded=is_excluded)


def _operators(found: re.Match[str] | None) -> set[str]:
    """The operators before a word or a phrase."""
    return {*OPERATOR_RE.findall(found["sign"]), found["minus"]} if found else set()


def _read_each(text: str) -> Iterator[_Item]:
    """The words of a text, each for itself."""
    for chunk in chunks(text):
        whole, parts = read_chunk(chunk[0])
        if whole:
            yield _Item(chunk[0], whole, parts)


def _as_one_item(typed: str, read: Sequence[_Item]) -> list[_Item]:
    """Words as a phrase; none if there are none."""
    words = read[:MAX_WORDS]
    parts = tuple(part for word in words for part in word.parts or (word.whole,))
    whole = " ".join(word.whole for word in words)
    return [_Item(typed, whole, parts, is_phrase=True)] if words else []


def _telling(items: Sequence[_Item]) -> Iterator[_Item]:
    """The items without those that say nothing; what follows an OR is then the next one."""
    is_kept = is_choice = False
    for at, item in enumerate(items):
        is_choice = (is_choice and not is_kept) or (item.or_before and is_kept)
        is_kept = not _says_nothing(items, at)
        if is_kept:
            yield replace(item, or_before=is_choice)


def _distinct(items: Sequence[_Item]) -> list[_Item]:
    """The items without repeats; a word may be there again in a choice with another one.

    >>> [item.typed for item in _distinct(list(_items("cancer tumor OR tumour cancer")))]
    ['cancer', 'tumor']
    """
    choices: list[list[_Item]] = []
    last: list[_Item] = []
    for item in items:
        if item.or_before and last and not item.is_excluded:
            last.append(item)
            continue
        choices.append([item])
        last = last if item.is_excluded else choices[-1]
    found: dict[tuple[str, bool, frozenset[str]], _Item] = {}
    for choice in choices:
        wholes = frozenset(item.whole for item in choice)
        for item in choice:
            found.setdefault((item.whole, item.is_excluded, wholes), item)
    return list(found.values())


def _word(item: _Item, joined: Iterable[str]) -> Word:
    """An item as what is looked for.

    :param joined: what it forms with its neighbours.
    """
    if item.every:
        every = tuple(_word(one, ()) for one in item.every[:MAX_WORDS])
        forms = dict.fromkeys(form for word in every for form in word.forms)
        return Word(item.typed, item.whole, tuple(forms), "", True, item.or_before, every)
    most = MAX_WORDS if item.is_phrase else MAX_PARTS
    apart = (" ".join(item.parts),) if 1 < len(item.parts) <= most else ()
    joined = _with_one_for_several(item.whole.split()) if item.is_phrase else joined
    forms = dict.fromkeys((item.whole, *apart, *joined))
    return Word(item.typed, item.whole, tuple(forms), "", item.is_phrase, item.or_before)


def _says_nothing(items: Sequence[_Item], at: int) -> bool:
    """Whether a word may be ignored; not the A of vitamin A, nor an ``a`` at the end."""
    item, following = items[at], items[at + 1 : at + 2]
    if item.whole == "a" and at > 0:
        is_choice = item.or_before or any(after.or_before for after in following)
        return item.typed == "a" and bool(following) and not is_choice
    return item.whole in STOP_WORDS


def _runs_over(asked: Sequence[_Item], at: int) -> Iterator[str]:
    """The words that a word may form with neighbours: ``nf kappa b`` is one, typed as three."""
    for length in range(2, MAX_RUN + 1):
        for start in range(max(0, at - length + 1), at + 1):
            run = asked[start : start + length]
            is_apart = any(item.is_phrase for item in run) or any(i.or_before for i in run[1:])
            if len(run) == length and not is_apart:
                yield from _as_one([item.whole for item in run])


def _with_one_for_several(wholes: Sequence[str]) -> Iterator[str]:
    """The words of a phrase, with one for some that may be one.

    >>> list(_with_one_for_several(["of", "il", "6", "binding"]))
    ['of il6 binding']
    """
    for start in range(len(wholes)):
        for length in range(2, MAX_RUN + 1):
            run, after = wholes[start : start + length], wholes[start + length :]
            if len(run) == length and STOP_WORDS.isdisjoint(run):
                for joined in _as_one(run):
                    yield " ".join((*wholes[:start], joined, *after))


def _as_one(run: Sequence[str]) -> Iterator[str]:
    """Words in a row as one word, if they look like one."""
    joined = "".join(NAME_TO_LATIN.get(word, word) for word in run)
    if _may_be_one(run) and len(joined) <= RUN_LETTERS:
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
    if word.every:
        return "(" + " AND ".join(f"({_either(one)})" for one in word.every) + ")"
    # Elsewhere names stand in a list, and two that are neighbours there are no phrase.
    quoted = [
        f'{IN_ORDER} : "{form}"' if word.is_phrase and " " in form else f'"{form}"'
        for form in word.forms
    ]
    return " OR ".join([*quoted, f'"{word.beginning}" *'] if word.beginning else quoted)
