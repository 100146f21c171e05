"""Normal forms of Unicode, in a time that grows only linearly with the length of the text.

Python sorts the accents on one letter by insertion: for a hundred thousand on one letter, which no
real text has, that takes minutes.
"""

import re
import unicodedata
from typing import Final, Literal

Form = Literal["NFC", "NFKC", "NFKD"]
#: A text of up to so many characters takes some milliseconds, whatever it is.
SHORT: Final = 4096
#: A piece may begin with a character of ASCII: in no form is it composed with what precedes it.
# https://www.unicode.org/reports/tr15/#Concatenation
PIECE_RE: Final = re.compile(
    r"[\x00-\x7f]?[^\x00-\x7f]{1,1024}[\u0300-\u036f\u3099\u309a]{0,64}"  # accents, voicing marks
)


def normalized(form: Form, text: str) -> str:
    r"""A text in a normal form of Unicode.

    A long text is normalised in pieces. Of thousands of accents in a row some stay uncomposed;
    where it has no space or other character of ASCII, so may a letter every thousand characters.

    https://www.unicode.org/reports/tr15/

    >>> normalized("NFC", "e\u0301")
    'é'
    """
    if len(text) <= SHORT or text.isascii():
        return unicodedata.normalize(form, text)
    return PIECE_RE.sub(lambda piece: unicodedata.normalize(form, piece[0]), text)
