"""The JSON-LD that each record embeds: a placeholder that is checked, not imported.

Its ``name`` is ``CreativeWork`` in every record. Only the keywords are kept: where a record
has no mentions, they are all that is known about the picture.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pfocr_rdf.iris import BASE, encoded
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.frontmatter import as_text
from pfocr_rdf.records.model import Mention
from pfocr_rdf.records.plain import Value
from pfocr_rdf.records.text import one_line, present, publishable
from pfocr_rdf.recurring import remembered

FIELD: Final = "schema-jsonld"
CONSTANTS: Final[dict[str, Value]] = {
    "@context": "https://schema.org/",
    "@type": "Dataset",
    "license": "CC0",
    "name": "CreativeWork",
    "creator": {"@type": "Organization", "name": "WikiPathways"},
}


def read_embedded_keywords(
    fields: Fields, figid: str, caption: str | None, mentions: tuple[Mention, ...]
) -> tuple[str, ...]:
    """The distinct keywords of the picture; anything else that is not as expected is noted."""
    embedded = fields.values.get(FIELD, "")
    if not isinstance(embedded, dict):
        if embedded and present(as_text(embedded)):
            reason = "a mapping was expected here: not mapped"
            fields.notes.warn(FIELD, "field shape", as_text(embedded), reason)
        return ()
    notes = fields.notes
    expected = CONSTANTS | {"@id": f"{BASE}figures/{figid}.html"}
    for name, constant in expected.items():
        value = embedded.get(name, "")
        if not value or present(as_text(value)) is None:
            continue
        if value == constant:
            continue
        said = _said(value)
        # The page's address may be escaped.
        is_page = name == "@id" and said == f"{BASE}figures/{encoded(figid)}.html"
        if said != _said(constant) and not is_page:
            reason = f"not the usual {as_text(constant)}: not mapped"
            notes.warn(f"{FIELD}, {name}", "placeholder", as_text(value), reason)
    described = as_text(_item(embedded.get("description", "")))
    if described != fields.raw("caption"):
        description = one_line(publishable(described, f"{FIELD}, description", notes))
        if present(description) and description != caption:
            reason = "not the caption, which is used: one of the two is out of date"
            if caption is None:
                reason = "the record has no caption, and this is not mapped: write it as caption"
            notes.warn(f"{FIELD}, description", "placeholder", description, reason)
    for name in sorted(embedded.keys() - expected.keys() - {"description", "keywords"}):
        notes.warn(f"{FIELD}, {name}", "unknown field", as_text(embedded[name]), "not mapped")
    keywords = _keywords(fields, embedded.get("keywords", ""))
    if mentions and "keywords" in embedded:
        _compare(keywords, mentions, fields)
    return keywords


def _said(value: Value) -> Value:
    r"""A value as compared: without white space around its texts, a list of one as its item.

    >>> _said({"name": ["WikiPathways\n"]})
    {'name': 'WikiPathways'}
    """
    value = _item(value)
    if isinstance(value, dict):
        return {name: _said(inner) for name, inner in value.items()}
    return one_line(value) if isinstance(value, str) else value


def _item(value: Value) -> Value:
    """The only item of a list of one; any other value as it stands."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _keywords(fields: Fields, value: Value) -> tuple[str, ...]:
    """The distinct items, trimmed: even a keyword ``NA`` or ``On`` is a word from the picture."""
    found: dict[str, None] = {}
    for item in value if isinstance(value, list) else [value] if value else ():
        if isinstance(item, str):
            word = publishable(item, f"{FIELD}, keywords", fields.notes).strip()
            if word:
                found[word] = None
        elif item:
            reason = "a text was expected here: the keyword is not mapped"
            fields.notes.warn(f"{FIELD}, keywords", "field shape", as_text(item), reason)
    return tuple(found)


def _compare(keywords: tuple[str, ...], mentions: Sequence[Mention], fields: Fields) -> None:
    """Warn if the keywords differ from what they copy: symbols, chemical and disease words."""
    found: dict[str, None] = {}
    unnamed: dict[str, None] = {}
    for mention in mentions:
        if mention.kind == "gene":
            for candidate in mention.candidates:
                # The name of a gene without a symbol may or may not be among the keywords.
                (found if candidate.named else unnamed)[candidate.name] = None
        else:
            found[mention.word] = None
    if found.keys() == set(keywords):
        return
    expected = dict.fromkeys(_comparable(name) for name in found)
    stated = dict.fromkeys(_comparable(word) for word in keywords)
    for names in (expected, stated):
        names.pop("", None)  # from a row whose word is empty or only quotation marks
    # So may the symbol of a gene without an identifier.
    symbols = (symbol for mention in mentions for symbol in _symbols(mention))
    known = {*expected, *map(_comparable, (*unnamed, *symbols))}
    only_stated = [word for word in stated if word not in known]
    only_found = [word for word in expected if word not in stated]
    if only_stated or only_found:
        said = [
            f"{label}: {', '.join(words)}"
            for label, words in (
                ("only in the keywords", only_stated),
                ("only in the mentions", only_found),
            )
            if words
        ]
        reason = "the keywords and the mentions differ, one is out of date: both are kept"
        fields.notes.warn(f"{FIELD}, keywords", "keywords", "; ".join(said), reason)


def _symbols(mention: Mention) -> Iterator[str]:
    for text in mention.unrecognized:
        name, _, symbol = text.partition(": ")
        if name in {"hgnc_symbol", "ncbigene_symbol"}:
            yield symbol


@remembered(1 << 13)
def _comparable(word: str) -> str:
    """A word as compared: the tables' writer drops quotes, and the YAML emitter trims."""
    return one_line(word.replace('"', "").replace("'", ""))
