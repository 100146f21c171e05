"""SSSOM's slots: checked by sssom-pydantic's models, written in RDF as SSSOM/RDF prescribes.

https://mapping-commons.github.io/sssom/spec-formats-rdf/ gives each slot its property and each
type of value its form. A value that its slot cannot have is left out and reported. Columns and
keys that are no slots are ignored, as the specification asks of programs that do not know them.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.mapping import Object
from pfocr_rdf.records.plain import Value
from pfocr_rdf.records.text import UNPUBLISHABLE_RE
from pfocr_rdf.vocabulary import XSD_DATE

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sssom_pydantic import MappingSetRecord, Record

    Model = TypeVar("Model", bound=BaseModel)

SlotKind = Literal["entity", "address", "date", "number", "type", "text"]
Expand = Callable[[str], NamedNode | None]

#: https://mapping-commons.github.io/sssom/Mapping/ and …/MappingSet/: what each slot holds. The
#: four required ones, and ``predicate_modifier``, are read in :mod:`.links`.
KIND_TO_SLOTS: Final[dict[SlotKind, str]] = {
    "entity": "record_id author_id reviewer_id creator_id subject_source object_source "
    "mapping_source mapping_tool_id subject_match_field object_match_field "
    "subject_preprocessing object_preprocessing curation_rule issue_tracker_item",
    "address": "license mapping_provider see_also mapping_set_source issue_tracker",
    "date": "mapping_date publication_date review_date",
    "number": "confidence reviewer_agreement similarity_score mapping_set_confidence",
    "type": "subject_type object_type predicate_type",
    "text": "subject_label subject_category predicate_label object_label object_category "
    "author_label reviewer_label creator_label subject_source_version object_source_version "
    "mapping_cardinality cardinality_scope mapping_tool mapping_tool_version "
    "curation_rule_text match_string similarity_measure other comment mapping_set_title "
    "mapping_set_description mapping_set_version",
}
SLOT_TO_KIND: Final = {
    slot: kind for kind, slots in KIND_TO_SLOTS.items() for slot in slots.split()
}
#: Slots with a property of another vocabulary; the others have SSSOM's property of their name.
SLOT_TO_TERM: Final = {
    "author_id": term(ns.PAV, "authoredBy"),
    "comment": term(ns.RDFS, "comment"),
    "creator_id": term(ns.DCTERMS, "creator"),
    "license": term(ns.DCTERMS, "license"),
    "mapping_date": term(ns.DCTERMS, "created"),
    "mapping_set_description": term(ns.DCTERMS, "description"),
    "mapping_set_source": term(ns.PROV, "wasDerivedFrom"),
    "mapping_set_title": term(ns.DCTERMS, "title"),
    "mapping_set_version": term(ns.OWL, "versionInfo"),
    "publication_date": term(ns.DCTERMS, "issued"),
    "see_also": term(ns.RDFS, "seeAlso"),
}
#: Slots of a set that may have several values, though sssom-pydantic does not list them so.
ALSO_MULTIVALUED: Final = frozenset({"mapping_set_source"})
# https://mapping-commons.github.io/sssom/spec-formats-tsv/#escaping-pipe-characters
VALUE_RE: Final = re.compile(r"(?:[^|\\]|\\.|\\$)+")
ESCAPED_RE: Final = re.compile(r"\\([|\\])")
# https://mapping-commons.github.io/sssom/EntityTypeEnum/
WORD_TO_NAMESPACE: Final = {"owl": ns.OWL, "rdf": ns.RDF, "rdfs": ns.RDFS, "skos": ns.SKOS}
COMPOSED: Final = "composed entity expression"
SIDES_RE: Final = re.compile("(subject|object)_(.+)")
OTHER_SIDE: Final = {"subject": "object", "object": "subject"}


@dataclass(frozen=True, slots=True)
class Library:
    """The parts of sssom-pydantic that are used."""

    row: "type[Record]"
    mapping_set: "type[MappingSetRecord]"
    multivalued: frozenset[str]
    propagatable: frozenset[str]
    prefixes: Mapping[str, str]


@cache
def library() -> Library:
    """The models, imported only when a mapping file is opened, because that takes 0.2 s."""
    before = os.environ.get("PYSTOW_HOME")
    # This also imports pystow, which then writes a file into the home folder: that would fail
    # where there is none, as in many containers.
    with TemporaryDirectory() as folder:
        os.environ["PYSTOW_HOME"] = folder
        try:
            from sssom_pydantic import MappingSetRecord, Record, constants
        finally:
            del os.environ["PYSTOW_HOME"]
            if before is not None:
                os.environ["PYSTOW_HOME"] = before
    return Library(
        Record,
        MappingSetRecord,
        frozenset(constants.MULTIVALUED) | ALSO_MULTIVALUED,
        frozenset(constants.PROPAGATABLE),
        constants.DEFAULT_PREFIX_MAP,
    )


def slot_values(cells: Mapping[str, Value], separator: str = "|") -> dict[str, Value]:
    r"""The slots among some columns or keys, those that may have several values as lists.

    :param separator: ``|`` where one text holds all values; empty for YAML, which has lists.

    >>> slot_values({"author_label": r"A\|B|C", "comment": "a|b", "my_column": "x"})
    {'author_label': ['A|B', 'C'], 'comment': 'a|b'}
    """
    multivalued = library().multivalued
    values: dict[str, Value] = {}
    for slot, value in cells.items():
        if slot in SLOT_TO_KIND and value:
            if slot in multivalued and isinstance(value, str):
                value = [*_split(value)] if separator else [value]
            values[slot] = value
    return values


def _split(text: str) -> Iterator[str]:
    for value in VALUE_RE.findall(text):
        if stripped := value.strip():
            yield ESCAPED_RE.sub(r"\1", stripped)


def checked(
    model: "type[Model]", values: dict[str, Value], needed: Mapping[str, str]
) -> tuple["Model", dict[str, str]]:
    """A model made of values, and the faults of invalid ones, which are removed from ``values``.

    :param needed: the values that the model requires, which must be valid.
    """
    from pydantic import ValidationError

    faults: dict[str, str] = {}
    try:
        return model.model_validate({**values, **needed}), faults
    except ValidationError as error:
        for found in error.errors(include_url=False):
            faults[str(found["loc"][0])] = found["msg"]
    for slot in faults:
        values.pop(slot, None)
    return model.model_validate({**values, **needed}), faults


def slot_facts(
    values: Mapping[str, Value], model: "BaseModel", expand: Expand
) -> Iterator[tuple[str, NamedNode, Object, bool]]:
    """Slot, property and object of each value, and whether the object is right.

    It is not where an identifier makes no IRI: the object is then the identifier as a text.

    :param values: the values as texts, checked.
    :param model: the same values as numbers and dates.
    """
    for slot, found in values.items():
        kind, predicate = SLOT_TO_KIND[slot], SLOT_TO_TERM.get(slot) or term(ns.SSSOM, slot)
        for value in dict.fromkeys(map(str, found)) if isinstance(found, list) else (str(found),):
            if kind in {"entity", "address"}:
                node = expand(value)
                yield slot, predicate, node or RdfLiteral(_clean(value)), node is not None
            else:
                yield slot, predicate, _object(kind, value, getattr(model, slot)), True


def _object(kind: SlotKind, text: str, value: Any) -> Object:
    match kind:
        case "date":
            return RdfLiteral(value.isoformat(), datatype=XSD_DATE)
        case "number":
            return RdfLiteral(value)
        case "type":
            return _type(text)
        case _:
            return RdfLiteral(_clean(text))


def _type(name: str) -> Object:
    """The IRI of a type of entity; any other text stays a literal.

    >>> _type("rdf property").value, _type("composed entity expression").value
    ('http://www.w3.org/1999/02/22-rdf-syntax-ns#Property', \
'https://w3id.org/sssom/ComposedEntityExpression')
    """
    first, _, others = name.partition(" ")
    namespace = WORD_TO_NAMESPACE.get(first)
    if not namespace and name != COMPOSED:
        return RdfLiteral(_clean(name))
    words = (others if namespace else name).split()
    return term(namespace or ns.SSSOM, "".join(word.capitalize() for word in words))


def _clean(text: str) -> str:
    return UNPUBLISHABLE_RE.sub("", text)


def turned(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a mapping with its subject and object exchanged.

    >>> turned({"subject_label": "a", "mapping_cardinality": "1:n", "confidence": "1"})
    {'object_label': 'a', 'mapping_cardinality': 'n:1', 'confidence': '1'}
    """
    found: dict[str, Value] = {}
    for slot, value in values.items():
        if slot == "mapping_cardinality":
            value = str(value)[::-1]
        elif slot == "cardinality_scope" and isinstance(value, list):
            value = [_other_side(str(name)) for name in value]
        # The label is dropped: the inverse predicate may have another.
        if slot != "predicate_label":
            found[_other_side(slot)] = value
    return found


def _other_side(slot: str) -> str:
    side = SIDES_RE.fullmatch(slot)
    return f"{OTHER_SIDE[side[1]]}_{side[2]}" if side else slot
