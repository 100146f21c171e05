"""What was meant by a text with words that no figure has: the words that are spelt most like them.

SQLite keeps the words of the index in order, so only those that begin alike are compared.
https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module
"""

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Final

from pfocr_rdf.search.asking import Word, with_any
from pfocr_rdf.search.file import IndexFile
from pfocr_rdf.search.words import common_spelling

#: Letters of a word that is corrected: near a shorter one, such as a symbol, is another symbol.
SHORTEST: Final = 5
#: Words that are corrected: to compare one with the words of 100,000 figures takes milliseconds.
MOST: Final = 4
#: Letters at the beginning that are taken to be right.
BEGINNING: Final = 2
#: How many letters there may be too many, or too few.
ASTRAY: Final = 2
#: How similar two words must be, from 0 to 1.
ALIKE: Final = 0.8
LAST: Final = "\U0010ffff"

FOUND: Final = "SELECT 1 FROM searched WHERE searched MATCH ? LIMIT 1"
VOCABULARY: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, searched, row)"
)
BEGUN: Final = (
    "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?"
)


def meant(file: IndexFile, text: str, words: Sequence[Word]) -> str:
    """The text with other words for those that no figure has; empty if there are none like them.

    :param words: those of the text.
    """
    longer = (word for word in words if len(word.whole) >= SHORTEST and word.whole.isalpha())
    unknown = (word for word in longer if not file.rows(FOUND, (with_any([word]),)))
    said = text
    for word in islice(unknown, MOST):
        said = said.replace(word.typed, _known(file, word) or word.typed)
    return "" if said == text else said


def _known(file: IndexFile, word: Word) -> str:
    """The word of a figure that is most like a word; empty if none is."""
    file.rows(VOCABULARY)
    whole, begun = word.whole, word.whole[:BEGINNING]
    lengths = (len(whole) - ASTRAY, len(whole) + ASTRAY)
    terms = [term for (term,) in file.rows(BEGUN, (begun, begun + LAST, *lengths))]
    near = next(iter(get_close_matches(whole, terms, n=1, cutoff=ALIKE)), "")
    # The index has words without the s of a plural: diabete.
    plural = f"{near}s" if word.typed.lower() == f"{whole}s" else ""
    return plural if common_spelling(plural) == near else near
