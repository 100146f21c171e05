"""Triples → compact JSON-LD with the context inlined, so that no network is needed to read it.

The context is ``ontology/context.jsonld``; what it has no term for is written with a prefixed
or a full IRI, which every JSON-LD processor reads as the same triple.
"""

import json
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, Final, cast

import orjson
from pyoxigraph import NamedNode

from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import RDFS, Iris, term
from pfocr_rdf.mapping import MENTIONS, Common, Node, Object
from pfocr_rdf.resources import resource
from pfocr_rdf.vocabulary import RDF_TYPE, XSD_INTEGER, XSD_STRING

IDENTIFIER: Final = term(RDFS, "Resource")  # stands for "@type": "@id" among the coercions
# https://www.w3.org/TR/json-ld11-api/#create-term-definition: what a prefix may end in
PREFIX_ENDS: Final = tuple(":/?#[]@")
# Every reader keeps a whole number of up to fifteen digits; many round a longer one.
NUMBER_RE: Final = re.compile(r"0|[1-9][0-9]{0,14}")
#: Prefixes of IRIs that belong to a single article or figure.
MET_ONCE: Final = ("figure:", "pmc:")
#: How many IRIs are remembered: more than there are genes mentioned in figures.
MOST: Final = 1 << 15
Json = dict[str, Any]


class Compactor:
    """Writes nodes with the terms and prefixes of one context."""

    def __init__(self, iris: Iris) -> None:
        path = resource("ontology", "context.jsonld")
        self.context: Json = json.loads(path.read_text(encoding="utf-8"))["@context"]
        configured = iris.prefixes()
        self.context |= {name: configured[name] for name in ("figure", "gene")}
        self._namespaces = sorted(
            ((iri, name) for name, iri in self._prefixes().items()), key=lambda pair: -len(pair[0])
        )
        self._terms = dict(self._predicate_terms())
        self._classes: dict[Object, str] = {}
        self._known: dict[Object, str] = {}
        self._common = lru_cache(maxsize=MENTIONS)(self._write_common)
        self._written_context = orjson.Fragment(orjson.dumps(self.context))

    def _prefixes(self) -> dict[str, str]:
        found = {}
        for name, definition in self.context.items():
            if name[0] != "@" and isinstance(definition, str) and definition.endswith(PREFIX_ENDS):
                found[name] = definition
            elif isinstance(definition, dict) and definition.get("@prefix"):
                found[name] = definition["@id"]
        return found

    def _expanded(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        namespace = self._prefixes().get(prefix)
        return namespace + local if namespace else name

    def _predicate_terms(self) -> Iterable[tuple[NamedNode, tuple[str, NamedNode | None]]]:
        """Predicate → its term and what the values are coerced to, None for text."""
        prefixes = self._prefixes()
        for name, definition in self.context.items():
            if isinstance(definition, dict) and not definition.get("@prefix"):
                kind = definition["@type"]
                coercion = IDENTIFIER if kind == "@id" else NamedNode(self._expanded(kind))
                yield NamedNode(self._expanded(definition["@id"])), (name, coercion)
            elif name not in prefixes and name[0] != "@":
                yield NamedNode(self._expanded(definition)), (name, None)

    def iri(self, node: NamedNode) -> str:
        """``prefix:local`` where a prefix of the context fits, else the IRI.

        :raises IriError: if its scheme is a prefix of the context, as in ``<gene:1>``: it would be
            read as a prefixed name (https://www.w3.org/TR/json-ld11-api/#iri-compaction, step 9).
        """
        known = self._known.get(node)
        if known is not None:
            return known
        compacted = iri = node.value
        for namespace, name in self._namespaces:
            # With ``//`` after its colon, a prefix would be read as a scheme.
            if iri.startswith(namespace) and not iri.startswith("//", len(namespace)):
                compacted = f"{name}:{iri[len(namespace) :]}"
                break
        else:
            if iri.partition(":")[0] in self.context:
                raise IriError("IRI that JSON-LD can tell from a prefixed name", iri)
        # Figures, articles and addresses occur once or twice: not worth the memory.
        if compacted is not iri and not compacted.startswith(MET_ONCE) and len(self._known) < MOST:
            self._known[node] = compacted
        return compacted

    def type_name(self, node: Object) -> str:
        """A class by its term: ``ImageObject`` for ``http://schema.org/ImageObject``."""
        name = self._classes.get(node)
        if name is None:
            name = self._classes[node] = self._term(cast("NamedNode", node))[0]
        return name

    def _term(self, predicate: NamedNode) -> tuple[str, NamedNode | None]:
        found = self._terms.get(predicate)
        if found is None:
            vocabulary = str(self.context["@vocab"])
            local = predicate.value.removeprefix(vocabulary)
            # Only a plain word: ``a:b`` would be read as an IRI, ``@id`` as a keyword.
            in_vocabulary = local.isalnum() and local not in self.context
            found = (local if in_vocabulary else self.iri(predicate), None)
            self._terms[predicate] = found
        return found

    def node(self, node: Node) -> Json:
        """One subject as a JSON object."""
        if node.common is None:
            return self._node(node)
        # The keys are in their order already: only the two values that differ are replaced.
        written = self._common(node.common).copy()
        written["@id"] = self.iri(node.subject)
        key, coercion = self._term(node.common.predicate)
        written[key] = self._worth(node.facts[node.common.at][1], coercion)
        return written

    def _node(self, node: Node) -> Json:
        written: Json = {"@id": self.iri(node.subject)}
        terms, known = self._terms, self._known
        worth: Any
        for predicate, value in node.facts:
            if predicate is RDF_TYPE:
                key, worth = "@type", self.type_name(value)
            else:
                key, coercion = terms.get(predicate) or self._term(predicate)
                # Most links lead to the same few things: these are written without another call.
                if coercion is not IDENTIFIER or (worth := known.get(value)) is None:
                    worth = self._worth(value, coercion)
            if key not in written:
                written[key] = worth
            elif written[key].__class__ is list:
                written[key].append(worth)
            else:
                written[key] = [written[key], worth]
        return written

    def _write_common(self, common: Common) -> Json:
        """What many subjects share, with placeholders for the subject and the value that differ."""
        return self._node(common.node(common.predicate, common.predicate))

    def _worth(self, value: Object, coercion: NamedNode | None) -> Any:
        """A value as its term implies it, or in full where the term does not imply its type."""
        if isinstance(value, NamedNode):
            iri = self.iri(value)
            return iri if coercion is IDENTIFIER else {"@id": iri}
        datatype = value.datatype
        if coercion is None and datatype == XSD_STRING:
            return value.value
        if coercion == datatype and coercion is not IDENTIFIER:
            # A whole number is a JSON number; a decimal would lose digits as one.
            whole = datatype == XSD_INTEGER and NUMBER_RE.fullmatch(value.value)
            return int(value.value) if whole else value.value
        if datatype == XSD_STRING:
            return {"@value": value.value}
        if value.language is not None:
            return {"@value": value.value, "@language": value.language}
        return {"@value": value.value, "@type": self.iri(datatype)}

    def document(self, nodes: Iterable[Node]) -> bytes:
        """One line: a JSON-LD document that holds the nodes, context included."""
        body = {"@context": self._written_context, "@graph": [self.node(node) for node in nodes]}
        return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


@cache
def compactor(iris: Iris) -> Compactor:
    """The compactor of a configuration, made once per process."""
    return Compactor(iris)
