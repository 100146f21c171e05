"""The front matter of one record, field by field, with the shape of each value checked."""

from dataclasses import dataclass, field
from typing import Final, cast

from pfocr_rdf.records.frontmatter import as_text
from pfocr_rdf.records.notes import Notes
from pfocr_rdf.records.plain import Item, Value
from pfocr_rdf.records.text import one_line, present, publishable

#: Every field of every generation of the schema; ``ontology/README.md`` has a row for each.
KNOWN_FIELDS: Final = frozenset(
    {"figid", "figid_alias", "redirect_from", "figlink", "number", "figtype", "figtitle"}
    | {"caption", "filename", "pathway_score", "automl_pathway", "pmc_ranked_result_index"}
    | {"pmcid", "papertitle", "reftext", "year", "doi", "keywords"}
    | {"journal_title", "journal_nlm_ta", "publisher_name"}
    | {"organisms", "organisms_ner", "genes", "chemicals", "diseases"}
    | {"ndex", "wpid", "annotations", "seo", "schema-jsonld"}
)


@dataclass(slots=True)
class Fields:
    """Typed access to the values of a record; a value of the wrong shape is noted."""

    values: dict[str, Value]
    notes: Notes
    unrecognized: list[str] = field(default_factory=list)
    misshapen: set[str] = field(default_factory=set)

    def raw(self, name: str) -> str:
        """The text as it stands, control characters removed; empty where it is missing.

        A list of one item counts as that item: R's yaml package writes either form.
        """
        value = self.values.get(name, "")
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str):
            if (clean := publishable(value, name, self.notes)) is not value:
                self.values[name] = clean  # else each further reading would report it again
            return clean
        if value and name not in self.misshapen:
            self.misshapen.add(name)
            reason = "a text was expected here: the value is not mapped; write one text"
            self.notes.warn(name, "field shape", as_text(value), reason)
        return ""

    def text(self, name: str) -> str | None:
        """The text on one line, or None where it is missing or spells "nothing"."""
        return present(one_line(self.raw(name)))

    def note_missing(self, name: str, reason: str) -> None:
        """Report a missing field, unless it was reported already because of its shape."""
        if name not in self.misshapen:
            self.notes.warn(name, "missing", "", f"{reason}: add the field")

    def texts(self, name: str) -> tuple[str, ...]:
        """The distinct texts of a list or of a single text, each split at ``|``."""
        value = self.values.get(name, "")
        # R writes an empty list as {}.
        items = value if isinstance(value, list) else [value] if value else ()
        found: dict[str, None] = {}
        for item in items:
            if not item:  # an empty text, or an empty list as R writes it
                continue
            if not isinstance(item, str):
                reason = "a list of texts was expected here: the item is not mapped; write one text"
                self.notes.warn(name, "field shape", as_text(item), reason)
                continue
            for part in publishable(item, name, self.notes).split("|"):
                if text := present(one_line(part)):
                    found[text] = None
        return tuple(found)

    def rows(self, name: str) -> list[tuple[int, dict[str, str]]]:
        """The rows of an inline list of mentions with their numbers, from 1.

        Cells stand as they are, without control characters. The rows must not be changed: other
        records may share them.
        """
        value = self.values.get(name, "")
        if isinstance(value, str):
            if present(value):
                reason = (
                    "a list of mentions was expected here: the value is not mapped; write a list"
                )
                self.notes.error(name, "field shape", value, reason)
            return []
        found: list[tuple[int, dict[str, str]]] = []
        # R writes an empty list as {}, and a list of one item as the item alone.
        rows = value if isinstance(value, list) else _by_row(value) if value else []
        for number, row in enumerate(rows, 1):
            if isinstance(row, Item):
                found.append((number, row))
                continue
            if not row or (isinstance(row, str) and not present(row)):
                continue
            cells = _texts(row)
            if cells is None:
                reason = "a mapping of texts was expected here: the mention was skipped; "
                reason += "write one text for each name"
                self.notes.error(f"{name}, item {number}", "mention", as_text(row), reason)
                continue
            if not "".join(cells.values()).isprintable():
                where = f"{name}, item {number}"
                cells = {
                    key: publishable(cell, f"{where}, {key}", self.notes)
                    for key, cell in cells.items()
                }
            found.append((number, cells))
        return found

    def keep_unrecognized(self, name: str, value: str, reason: str) -> None:
        """Keep a value that its field cannot have as a literal, with a warning."""
        self.unrecognized.append(f"{name}: {value}")
        self.notes.warn(name, "unrecognized value", value, f"{reason}: kept as a literal")


def _by_row(value: dict[str, Value]) -> list[Value]:
    """The rows of a data frame that R's yaml package wrote by column, as it does by default.

    >>> _by_row({"word": ["NO", "p53"], "entrez": ["4842", "7157"]})
    [{'word': 'NO', 'entrez': '4842'}, {'word': 'p53', 'entrez': '7157'}]
    >>> _by_row({"word": "NO", "entrez": "4842"})
    [{'word': 'NO', 'entrez': '4842'}]
    """
    columns = [column for column in value.values() if isinstance(column, list)]
    if len(columns) < len(value) or len({len(column) for column in columns}) > 1:
        return [value]
    return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]


def _texts(row: Value) -> dict[str, str] | None:
    """A row as a mapping of texts; None if it is none."""
    if not isinstance(row, dict):
        return None
    for cell in row.values():
        if not isinstance(cell, str):
            return _unwrapped(row)
    return cast("dict[str, str]", row)


def _unwrapped(row: dict[str, Value]) -> dict[str, str] | None:
    """A row with lists of one text as that text, and empty lists as empty texts: R writes both."""
    found: dict[str, str] = {}
    for name, cell in row.items():
        text = cell[0] if isinstance(cell, list) and len(cell) == 1 else cell or ""
        if not isinstance(text, str):
            return None
        found[name] = text
    return found
