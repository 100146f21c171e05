"""Text → the words that are indexed, looked for and marked: one rule for all three.

Biology spells one thing in many ways, so each piece of text between spaces is brought to one
form: without case, accents and hyphens, and with Greek letters replaced by the Latin ones that
gene symbols have in their place. ``TGF-β``, ``TGFbeta`` and ``TGFB`` are then one word, as are
``IL-6`` and ``IL6``. A piece that a hyphen or a Greek letter divides is found by its parts, too.
"""

import re
from collections.abc import Callable, Iterator
from string import punctuation
from typing import Final

from pfocr_rdf.composing import normalized
from pfocr_rdf.recurring import remembered

#: Greek letter → its name. In its place a gene symbol has the first letter of the name, as TNFA
#: for TNFα, except for the three below: https://www.genenames.org/about/guidelines/
GREEK_TO_NAME: Final = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta"},
    **{"η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu"},
    **{"ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma"},
    **{"τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega"},
}
NAME_TO_LATIN: Final = {name: name[0] for name in GREEK_TO_NAME.values()} | {
    "eta": "h",  # YWHAH, PRKCH
    "theta": "q",  # YWHAQ, PRKCQ
    "phi": "f",
}
#: Names that can be told from English endings: that in ``TNFalpha``, but no ``mu`` as in ``humus``.
SPELT: Final = "alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda|sigma|omega"
SPELT_RE: Final = re.compile(rf"(?<=[a-z0-9])(?:{SPELT})(?=[a-z]{{0,2}}\d*$)|^(?:{SPELT})(?=\d+$)")
#: Letters, followed by any separate accents; scripts without spaces are split into single signs.
SIGNS: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
ACCENTS: Final = "\u0300-\u036f"
RUN: Final = rf"[^\W_{SIGNS}]+(?:[{ACCENTS}]++[^\W_{SIGNS}]*)*"
# Chemical locants and groups belong to the word, as in 1,25(OH)2D3; an apostrophe or any kind of
# hyphen joins. A slash separates: it stands between two things.
JOINER: Final = r"(?:[-‐‑‒–−'’′]|\([A-Za-z]{1,3}\)(?=\d))"
CHUNK_RE: Final = re.compile(rf"[{SIGNS}]|(?:\d{{1,2}},)*{RUN}(?:{JOINER}+{RUN})*")
PIECE_RE: Final = re.compile(r"[α-ω]|[^\W_α-ω]+")
#: A longer word is cut: no name has so long a word.
LETTERS: Final = 64


def plain(text: str) -> str:
    """A text without case and accents, compatibility characters replaced by common ones.

    >>> plain("Ca²⁺ naïve ﬁbre ΜΆΤΙ")
    'ca2+ naive fibre ματι'
    """
    if text.isascii():
        return text.lower()
    parted = normalized("NFKD", text.casefold())
    return normalized("NFC", re.sub(rf"[{ACCENTS}]", "", parted)).casefold()


def common_spelling(word: str) -> str:
    """The singular and American form of a plural or British word; not if it is short or a symbol.

    >>> [common_spelling(word) for word in ("pathways", "signalling", "tumours", "anaemia")]
    ['pathway', 'signaling', 'tumor', 'anemia']
    >>> [common_spelling(word) for word in ("apoptosis", "virus", "process", "kras", "hla2s")]
    ['apoptosis', 'virus', 'process', 'kras', 'hla2s']
    """
    if len(word) < 5 or not word.isalpha():
        return word
    if word[-1] == "s" and word[-2] not in "siu":
        word = word[:-1]
    if word.endswith("lling"):
        word = word[:-4] + "ing"
    elif word.endswith("our") and len(word) > 4:
        word = word[:-2] + "r"
    return word.replace("aem", "em").replace("oestr", "estr").replace("oedem", "edem")


@remembered(1 << 12, LETTERS)
def forms(chunk: str) -> tuple[str, ...]:
    """The words of a piece of text: all of it as one, and any parts of more than one letter.

    >>> forms("TGF-β1"), forms("NF-kappaB"), forms("IL-6"), forms("β")
    (('tgfb1', 'tgf', 'beta'), ('nfkb', 'nf', 'kappab'), ('il6', 'il'), ('beta',))
    """
    whole, parts = read_chunk(chunk)
    found = dict.fromkeys([whole, *(part for part in parts if len(part) > 1)])
    return tuple(filter(None, found))


@remembered(1 << 12, LETTERS)
def read_chunk(chunk: str) -> tuple[str, tuple[str, ...]]:
    """A piece of text as one word, and its parts; no parts if it is not divided.

    The word is empty for a few signs that are no word at all, such as the middle dot of Japanese.

    >>> read_chunk("1,25(OH)2D3"), read_chunk("pathways")
    (('125oh2d3', ('1', '25', 'oh', '2d3')), ('pathway', ()))
    """
    pieces: list[str] = PIECE_RE.findall(plain(chunk))
    named = tuple((GREEK_TO_NAME.get(piece) or _spelt(piece))[:LETTERS] for piece in pieces)
    if len(pieces) < 2:
        return named[0] if named else "", ()
    joined = "".join(NAME_TO_LATIN.get(name) or name for name in named)
    return _spelt(joined)[:LETTERS], named


def _spelt(word: str) -> str:
    """A word in its common spelling, with the Latin letter for a Greek letter's name in it."""
    # There is one at most: it ends the word, except for up to two letters and a number.
    if found := SPELT_RE.search(word):
        word = word[: found.start()] + NAME_TO_LATIN[found[0]] + word[found.end() :]
    return common_spelling(word)


def chunks(text: str) -> Iterator[re.Match[str]]:
    """The pieces of a text that are words, as matches, which tell where they stand."""
    return CHUNK_RE.finditer(text)


class Remembered(dict[str, str]):
    """Piece of text → what it is read as; read when it is first asked for.

    Most of any text recurs. An ``lru_cache`` would take twice the memory for a piece and touch all
    of it at each use, although other work leaves little of it in the processor's cache.
    """

    def __init__(self, read: Callable[[str], str], most: int) -> None:
        super().__init__()
        self._read = read
        self._most = most

    def __missing__(self, piece: str) -> str:
        if len(self) >= self._most:
            self.clear()
        found = self._read(piece)
        # A longer piece, which is cut in reading, is not kept: it does not recur, and may be of
        # any size.
        if len(piece) <= LETTERS:
            self[piece] = found
        return found


def words(text: str) -> str:
    """Every word of a text, in order and as often as it is there, then the parts of words.

    The parts come last because a phrase must find the words that it has next to each other.

    >>> words("Wnt/β-catenin signalling")
    'wnt bcatenin signaling beta catenin'
    """
    # No word contains white space, and the pieces between it recur: finding the words of each
    # piece only once takes a third of the time.
    pieces = text.split()
    return " ".join(filter(None, (*map(piece_key, pieces), *map(_piece_parts, pieces))))


def _words(piece: str) -> str:
    return _simple(piece) or " ".join(
        word for chunk in CHUNK_RE.findall(piece) for word in forms(chunk)
    )


#: The words and the parts of words of a text that is likely to recur as a whole.
piece_words: Final = Remembered(_words, 1 << 16).__getitem__


def _parts(piece: str) -> str:
    if _simple(piece):
        return ""
    read = ((read_chunk(chunk)[0], forms(chunk)) for chunk in CHUNK_RE.findall(piece))
    return " ".join(form for whole, found in read for form in found if form != whole)


_piece_parts: Final = Remembered(_parts, 1 << 15).__getitem__


def key(text: str) -> str:
    """The key that a name is looked up and completed by: its words in one form, spaces between.

    >>> key("TGF-β Signaling Pathways"), key(" Breast  neoplasms ")
    ('tgfb signaling pathway', 'breast neoplasm')
    """
    return " ".join(filter(None, map(piece_key, text.split())))


def _key(piece: str) -> str:
    return _simple(piece) or " ".join(
        filter(None, (read_chunk(chunk)[0] for chunk in CHUNK_RE.findall(piece)))
    )


#: As :func:`key`, for a text that is likely to recur as a whole.
piece_key: Final = Remembered(_key, 1 << 15).__getitem__


def _simple(piece: str) -> str:
    """The word of a piece that is a single undivided one, as four of five are; empty for others.

    Reading such a piece in the way of the others takes four times as long.
    """
    bare = piece.strip(punctuation)
    return _spelt(bare.lower())[:LETTERS] if bare.isascii() and bare.isalnum() else ""
