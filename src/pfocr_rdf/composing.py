"""Letters and their accents put together, in a time that grows with the text alone.

Python sorts the accents on one letter by insertion: of a hundred thousand on one, as no text has
them, that takes minutes.
"""

import re
import unicodedata
from typing import Final, Literal

Form = Literal["NFC", "NFKC", "NFKD"]
#: Up to here a text takes some milliseconds, whatever it is.
SHORT: Final = 4096
#: A character of ASCII begins anew: it is put together with nothing before it, in no form.
# https://www.unicode.org/reports/tr15/#Concatenation
PIECE_RE: Final = re.compile(
    r"[\x00-\x7f]?[^\x00-\x7f]{1,1024}[\u0300-\u036f\u3099\u309a]{0,64}"  # accents, voicing marks
)


def normalized(form: Form, text: str) -> str:
    r"""A text in a normal form of Unicode.

    Of thousands of accents in a row some stay apart, and so may one letter in a thousand that is
    made of several in a long text without a space or any other character of ASCII.

    https://www.unicode.org/reports/tr15/

    >>> normalized("NFC", "e\u0301")
    'é'
    """
    if len(text) <= SHORT or text.isascii():
        return unicodedata.normalize(form, text)
    return PIECE_RE.sub(lambda piece: unicodedata.normalize(form, piece[0]), text)
