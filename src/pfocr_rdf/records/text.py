"""Cleaning of cells: what counts as absent, which characters cannot be published."""

import re
from typing import Final

from pfocr_rdf.composing import normalized
from pfocr_rdf.records.notes import Notes

#: Spellings of "nothing" that R, YAML and spreadsheets leave behind. They mean absent in
#: metadata and identifier cells only: as a word in a picture, ``NA`` is sodium.
NULLS: Final = frozenset(
    {"", "NA", "N/A", "n/a", ".na", ".na.character", ".na.real", ".na.integer", ".na.logical"}
    | {"NaN", "nan", ".nan", ".NaN", ".NAN", "null", "Null", "NULL", "~", "None", "[]"}
)

# XML 1.0 has no way to write these, so RDF/XML and SPARQL XML results could not carry them:
# https://www.w3.org/TR/xml/#charsets. DEL is allowed there but means nothing in a text.
UNPUBLISHABLE_RE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def present(cell: str) -> str | None:
    """The trimmed cell, or None where it spells "nothing".

    >>> present(" Rattus norvegicus "), present("NA"), present(".na.character")
    ('Rattus norvegicus', None, None)
    """
    trimmed = cell.strip()
    return None if trimmed in NULLS else trimmed


def readable(name: str) -> str:
    """A file name that can be printed, whatever bytes it is made of.

    >>> readable("PMC1__" + chr(0xDCFF) + ".md").isprintable()
    True
    """
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return UNPUBLISHABLE_RE.sub("\ufffd", plain.replace("\n", "\ufffd"))


def composed(name: str) -> str:
    r"""A figid or file name as compared: some systems store accented letters of names decomposed.

    >>> composed("PMC1__gro\u0308\u00dfe") == "PMC1__gr\u00f6\u00dfe"
    True
    """
    return normalized("NFC", name)


def publishable(
    text: str, where: str, notes: Notes, unpublishable: re.Pattern[str] = UNPUBLISHABLE_RE
) -> str:
    """The text without control characters, each removal noted."""
    if text.isprintable() or not unpublishable.search(text):
        return text
    found = ascii(text)
    notes.warn(where, "control characters", found, "control characters were removed: retype it")
    return unpublishable.sub("", text)


def one_line(text: str) -> str:
    r"""The text NFC-normalised, every run of white space one space, trimmed.

    >>> one_line("  Cell \n  cycle\u00a0 ")
    'Cell cycle'
    """
    if text.isascii() and text.isalnum():  # a word, as most texts are
        return text
    return " ".join(normalized("NFC", text).split())
