"""The dataset for search engines: one JSON-LD document, embedded in a page.

Google's dataset search (https://developers.google.com/search/docs/appearance/structured-data/dataset)
and Bioschemas (https://bioschemas.org/profiles/Dataset/1.0-RELEASE) want nested objects under
schema.org's own context. Every value comes from the release's description, except the sizes and
checksums of files, which come from its manifest.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.vocabulary import RDF_TYPE, XSD_BOOLEAN
from pfocr_rdf.web.pages.described import File, files
from pfocr_rdf.web.pages.facts import Facts, Value
from pfocr_rdf.web.pages.thing_facts import facts_of
from pfocr_rdf.web.pages.writing import script_block
from pfocr_rdf.web.reading import Reading

CONFORMS_TO: Final = term(ns.DCTERMS, "conformsTo")
DISTRIBUTION: Final = term(ns.SCHEMA, "distribution")
#: Properties whose values schema.org's context reads as IRIs when they are plain strings, because
#: they take an address and no text.
ADDRESSES: Final = frozenset({"contentUrl", "isBasedOn", "license", "sameAs", "url"})
#: Properties whose values the release describes; the description is nested.
NESTED: Final = frozenset({"creator", "includedInDataCatalog", "publisher"})
#: Property → class of the work that it leads to, which the release does not state.
PROPERTY_TO_CLASS: Final = {"citation": "ScholarlyArticle"}


def dataset_markup(reading: Reading) -> Markup:
    """The content of the ``script`` element."""
    return script_block(orjson.dumps(dataset_document(reading)).decode())


def dataset_document(reading: Reading) -> dict[str, Any]:
    """The dataset with its files, as a JSON object."""
    dataset = reading.iris.dataset
    said = facts_of(reading, dataset)
    by_name = {file.name: file for file in files(reading)}
    parts = said.nodes(DISTRIBUTION)
    profiles = said.nodes(CONFORMS_TO)
    return {
        "@context": ns.SCHEMA_ORG,
        **_object(reading, dataset, said, nested=True),
        CONFORMS_TO.value: [{"@id": node.value, "@type": "CreativeWork"} for node in profiles],
        "distribution": [_download(reading, part, by_name) for part in parts],
    }


def _object(reading: Reading, node: NamedNode, said: Facts, *, nested: bool) -> dict[str, Any]:
    """What is stated of one thing with terms of schema.org."""
    kinds = [kind.value for kind in said.nodes(RDF_TYPE) if kind.value.startswith(ns.SCHEMA)]
    document: dict[str, Any] = {
        "@type": _one_or_all([kind.removeprefix(ns.SCHEMA) for kind in kinds]),
        "@id": node.value,
    }
    for predicate, values in said.items():
        name = predicate.value.removeprefix(ns.SCHEMA)
        if predicate.value.startswith(ns.SCHEMA) and predicate != DISTRIBUTION:
            plain = [_value(reading, name, value, nested=nested) for value in values]
            document[name] = _one_or_all(plain)
    return document


def _value(reading: Reading, name: str, value: Value, *, nested: bool) -> Any:
    if isinstance(value, Literal):
        return value.value == "true" if value.datatype == XSD_BOOLEAN else value.value
    if name in ADDRESSES:
        return value.value
    if nested and name in NESTED:
        return _object(reading, value, facts_of(reading, value), nested=False)
    kind = PROPERTY_TO_CLASS.get(name)
    return {"@id": value.value, **({"@type": kind} if kind else {})}


def _download(reading: Reading, part: NamedNode, by_name: dict[str, File]) -> dict[str, Any]:
    document = _object(reading, part, facts_of(reading, part), nested=False)
    file = by_name.get(str(document.get("name")))
    if file is not None:
        # The bare number of bytes, without a unit, is what assessment tools read.
        document |= {"contentSize": str(file.size), "sha256": file.sha256}
    return document


def _one_or_all(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else list(values)
