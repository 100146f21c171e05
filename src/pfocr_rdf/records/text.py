"""Cleaning of cells: what counts as absent, which characters cannot be published."""

import re
import unicodedata
from typing import Final

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
SPACES_RE: Final = re.compile(r"\s+")


def present(cell: str) -> str | None:
    """The trimmed cell, or None where it spells "nothing".

    >>> present(" Rattus norvegicus "), present("NA"), present(".na.character")
    ('Rattus norvegicus', None, None)
    """
    trimmed = cell.strip()
    return None if trimmed in NULLS else trimmed


def publishable(text: str, where: str, notes: Notes) -> str:
    """The text without control characters, each removal noted."""
    if text.isascii() and text.isprintable():
        return text
    if not UNPUBLISHABLE_RE.search(text):
        return text
    found = ascii(text)
    notes.warn(where, "control characters", found, "control characters were removed: retype it")
    return UNPUBLISHABLE_RE.sub("", text)


def one_line(text: str) -> str:
    """Unicode-normalised (NFC), every run of white space one space, trimmed.

    >>> one_line("  Cell \\n  cycle\u00a0 ")
    'Cell cycle'
    """
    if text.isascii() and "\n" not in text and "  " not in text:
        return text.strip()
    return SPACES_RE.sub(" ", unicodedata.normalize("NFC", text)).strip()
