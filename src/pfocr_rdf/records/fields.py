"""The front matter of one record, field by field, with the shape of each value checked."""

import json
from dataclasses import dataclass, field
from typing import Final

from pfocr_rdf.records.frontmatter import Value
from pfocr_rdf.records.notes import Notes
from pfocr_rdf.records.text import one_line, present, publishable

#: Every field of every generation of the schema; ``ontology/README.md`` has a row for each.
KNOWN_FIELDS: Final = frozenset(
    "figid figlink number caption pmcid papertitle reftext pmc_ranked_result_index pathway_score"
    " automl_pathway filename figtitle year organisms organisms_ner ndex wpid annotations seo"
    " schema-jsonld genes chemicals diseases figid_alias redirect_from figtype doi journal_title"
    " journal_nlm_ta publisher_name keywords".split()
)


@dataclass(slots=True)
class Fields:
    """Typed access to the values of a record; what has the wrong shape is noted."""

    values: dict[str, Value]
    notes: Notes
    unrecognized: list[str] = field(default_factory=list)

    def raw(self, name: str) -> str:
        """The text as it stands, control characters removed; empty where it is missing.

        A list of one item is that item: R's yaml package writes either.
        """
        value = self.values.get(name, "")
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str):
            return publishable(value, name, self.notes)
        if value:
            reason = "a text was expected here: the value is not mapped"
            self.notes.warn(name, "field shape", as_text(value), reason)
        return ""

    def text(self, name: str) -> str | None:
        """The text on one line, or None where it is missing or spells "nothing"."""
        return present(one_line(self.raw(name)))

    def texts(self, name: str) -> tuple[str, ...]:
        """The distinct texts of a list, or of a single text with ``|`` between its parts."""
        value = self.values.get(name, "")
        items = value if isinstance(value, list) else [value]
        found: dict[str, None] = {}
        for item in items:
            if not isinstance(item, str):
                reason = "a list of texts was expected here: the item is not mapped"
                self.notes.warn(name, "field shape", as_text(item), reason)
                continue
            for part in publishable(item, name, self.notes).split("|"):
                if text := present(one_line(part)):
                    found[text] = None
        return tuple(found)

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of an inline list of mentions, cells as they stand."""
        value = self.values.get(name, "")
        if isinstance(value, str):
            if present(value):
                reason = "a list of mentions was expected here: the value is not mapped"
                self.notes.error(name, "field shape", value, reason)
            return []
        found = []
        for number, row in enumerate(value if isinstance(value, list) else [value], 1):
            where = f"{name}, item {number}"
            if isinstance(row, dict) and all(isinstance(cell, str) for cell in row.values()):
                found.append({
                    key: publishable(str(cell), f"{where}, {key}", self.notes)
                    for key, cell in row.items()
                })
            else:
                reason = "a mapping of texts was expected here: the mention was skipped"
                self.notes.error(where, "mention", as_text(row), reason)
        return found

    def keep_unrecognized(self, name: str, value: str, reason: str) -> None:
        """Keep a value that has not the shape of its field as a literal, with a warning."""
        self.unrecognized.append(f"{name}: {value}")
        self.notes.warn(name, "unrecognized value", value, f"{reason}: kept as a literal")


def as_text(value: Value) -> str:
    """A value of any shape on one line, for the report."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
