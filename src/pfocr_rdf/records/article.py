"""What a record says about its article: title, citation, year, DOI, journal, keywords."""

import re
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import DOI_CASE, DOI_RE, slug
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.model import Article

# "Li-Fen Lee, et al. Mol Cell Biol. 2001 Dec;21(24):8385-8397.": the year follows a full
# stop. Anywhere else four digits may be a page number.
YEAR_IN_CITATION_RE: Final = re.compile(r"\. ((?:18|19|20)[0-9]{2})\b(?![-–:])")
DOI_PREFIX_RE: Final = re.compile(
    r"(?i)^(?:(?:https?://)?(?:(?:dx|www)\.)?doi\.org/|info:doi/|doi ?:? ?)+"
)
#: What separates two DOIs in one text: either mark may be a part of a DOI, before other characters.
NEXT_DOI_RE: Final = re.compile(r"(?i)[,;](?:https?://(?:dx\.)?doi\.org/|doi:)?10\.[0-9]{4,9}/")


def read_article(pmcid: str, fields: Fields) -> Article:
    """The article of a figure, from the figure's record."""
    outer = len(fields.unrecognized)
    title = fields.text("papertitle")
    citation = fields.text("reftext")
    year = _year(fields, citation)
    doi = _doi(fields)
    for name, value in (("papertitle", title), ("reftext", citation)):
        if value is None:
            fields.note_missing(name, "the record does not say it")
    journal, abbreviation, publisher = (
        _with_a_letter(fields, name)
        for name in ("journal_title", "journal_nlm_ta", "publisher_name")
    )
    keywords = fields.texts("keywords")
    unrecognized = tuple(fields.unrecognized[outer:])
    del fields.unrecognized[outer:]
    return Article(
        pmcid, title, citation, year, doi, journal, abbreviation, publisher, keywords, unrecognized
    )


def _year(fields: Fields, citation: str | None) -> str | None:
    """The year of publication: the field's, if from 1800 to 2100, else the one in the citation.

    >>> from pfocr_rdf.records.notes import Notes
    >>> _year(Fields({"year": ""}, Notes("x.md")), "A B, et al. Cell. 2001 Dec;21(24):8385.")
    '2001'
    """
    value = fields.text("year")
    if value is not None:
        if re.fullmatch(r"[0-9]{4}", value) and 1800 <= int(value) <= 2100:
            return value
        fields.keep_unrecognized("year", value, "not a year from 1800 to 2100")
    found = YEAR_IN_CITATION_RE.search(citation or "")
    if found:
        return found[1]
    if value is None:
        fields.note_missing("year", "no value, and no year after a full stop in the citation")
    return None


def _doi(fields: Fields) -> str | None:
    """The DOI in lower case, without a resolver's address or a prefix such as ``doi:``."""
    value = fields.text("doi")
    if value is None:
        return None
    doi = DOI_PREFIX_RE.sub("", value)
    # Every DOI has a slash: without one, this is from an address that escapes special characters.
    if "/" not in doi:
        with suppress(UnicodeDecodeError):  # the escaped bytes are not UTF-8
            unescaped = unquote(doi, errors="strict")
            doi = unescaped if unescaped.isprintable() else doi
    doi = doi.translate(DOI_CASE)
    several = NEXT_DOI_RE.search(doi)
    if DOI_RE.fullmatch(doi) and not several:
        return doi
    reason = "several DOIs, write one" if several else "not a DOI (10.…/…)"
    fields.keep_unrecognized("doi", value, reason)
    return None


def _with_a_letter(fields: Fields, name: str) -> str | None:
    """The name in a field, if an IRI can be minted from it; any other is kept as unrecognised."""
    value = fields.text(name)
    if value is None:
        return None
    try:
        slug(value)
    except IriError as error:
        fields.keep_unrecognized(name, value, str(error).partition(":")[0])
        return None
    return value
