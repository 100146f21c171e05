"""Keep the bytes of an XML document well-formed where pyoxigraph does not.

https://www.w3.org/TR/xml/#charsets
"""

import re
from typing import Final

from pfocr_rdf.errors import PfocrError

CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r"))
NONCHARACTER_RE: Final = re.compile(b"\xef\xbf[\xbe\xbf]")


class NotXmlError(PfocrError):
    """A character that no XML document can hold; ``character`` names it, as ``U+0001``."""

    def __init__(self, character: str) -> None:
        super().__init__(character)
        self.character = character


class XmlText:
    r"""A document, block by block; a block may end in the middle of a character.

    A carriage return is written as a reference: a parser would read a bare one as a newline.

    >>> XmlText().check(b"a\rb")
    b'a&#13;b'
    >>> XmlText().check(b"a\x01b")
    Traceback (most recent call last):
    pfocr_rdf.xml_text.NotXmlError: U+0001
    """

    def __init__(self) -> None:
        self._tail = b""

    def check(self, block: bytes) -> bytes:
        """The block as XML can hold it, with carriage returns as references.

        :raises NotXmlError: if it holds a character that XML cannot hold.
        """
        if len(block.translate(None, CONTROLS)) != len(block):
            found = next(byte for byte in block if byte in CONTROLS)
            raise NotXmlError(f"U+{found:04X}")
        near = self._tail + block
        if b"\xef" in near and (noncharacter := NONCHARACTER_RE.search(near)):
            raise NotXmlError(f"U+{ord(noncharacter[0].decode()):04X}")
        self._tail = near[-2:]
        return block.replace(b"\r", b"&#13;") if b"\r" in block else block
