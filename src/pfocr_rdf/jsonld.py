"""Triples → compact JSON-LD with the context inlined, so that no network is needed to read it.

The context is ``ontology/context.jsonld``; what it has no term for is written with a prefixed
or a full IRI, which every JSON-LD processor reads as the same triple.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf.iris import RDF, XSD, Iris
from pfocr_rdf.resources import resource

RDF_TYPE: Final = RDF + "type"
STRING: Final = XSD + "string"
INTEGER: Final = XSD + "integer"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """All consecutive triples of one subject: predicate IRI → objects."""

    subject: str
    facts: dict[str, list[Any]]


def nodes(triples: Iterable[Triple]) -> list[Node]:
    """Group triples by subject; a subject's triples must follow one another.

    >>> from pfocr_rdf.vocabulary import Schema
    >>> figure = NamedNode("http://example.org/f")
    >>> [len(n.facts) for n in nodes([Triple(figure, Schema.name, Literal("a"))])]
    [1]
    """
    found: list[Node] = []
    subject, facts = "", {}
    for triple in triples:
        name = triple.subject.value
        if name != subject:
            subject, facts = name, {}
            found.append(Node(subject, facts))
        predicate = triple.predicate.value
        values = facts.get(predicate)
        if values is None:
            facts[predicate] = [triple.object]
        else:
            values.append(triple.object)
    return found


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
        self._classes: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def _prefixes(self) -> dict[str, str]:
        found = {}
        for name, definition in self.context.items():
            if isinstance(definition, str) and definition[-1] in "/#" and name[0] != "@":
                found[name] = definition
            elif isinstance(definition, dict) and definition.get("@prefix"):
                found[name] = definition["@id"]
        return found

    def _expanded(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        namespace = self._prefixes().get(prefix)
        return namespace + local if namespace else name

    def _predicate_terms(self) -> Iterable[tuple[str, tuple[str, str]]]:
        """Predicate IRI → the term and what its values are coerced to ("" for text)."""
        for name, definition in self.context.items():
            if isinstance(definition, dict) and not definition.get("@prefix"):
                kind = definition.get("@type", "")
                coercion = kind if kind.startswith("@") else self._expanded(kind)
                yield self._expanded(definition["@id"]), (name, coercion)
            elif isinstance(definition, str) and ":" in definition and definition[-1] not in "/#":
                yield self._expanded(definition), (name, "")

    def iri(self, iri: str) -> str:
        """``prefix:local`` where a prefix of the context fits, else the IRI."""
        known = self._known.get(iri)
        if known is not None:
            return known
        compacted = iri
        for namespace, name in self._namespaces:
            if iri.startswith(namespace):
                compacted = f"{name}:{iri[len(namespace) :]}"
                break
        if len(self._known) < 100_000:  # bounds the memory of a build
            self._known[iri] = compacted
        return compacted

    def type_name(self, iri: str) -> str:
        """A class by its term: ``ImageObject`` for ``http://schema.org/ImageObject``."""
        name = self._classes.get(iri)
        if name is None:
            name = self._term(iri)[0]
            self._classes[iri] = name
        return name

    def _term(self, iri: str) -> tuple[str, str]:
        found = self._terms.get(iri)
        if found is None:
            vocabulary = str(self.context["@vocab"])
            local = iri.removeprefix(vocabulary)
            in_vocabulary = local != iri and ":" not in local and local not in self.context
            found = (local if in_vocabulary else self.iri(iri), "")
            self._terms[iri] = found
        return found

    def node(self, node: Node) -> Json:
        """One subject as a JSON object."""
        written: Json = {"@id": self.iri(node.subject)}
        for predicate, objects in node.facts.items():
            if predicate == RDF_TYPE:
                values: list[Any] = [self.type_name(value.value) for value in objects]
                written["@type"] = values if len(values) > 1 else values[0]
                continue
            term, coercion = self._term(predicate)
            if coercion == "@id":
                values = [
                    self.iri(value.value) if value.__class__ is NamedNode else self.value(value)
                    for value in objects
                ]
            else:
                values = [self._coerced(value, coercion) for value in objects]
            written[term] = values if len(values) > 1 else values[0]
        return written

    def _coerced(self, value: NamedNode | Literal, coercion: str) -> Any:
        if value.__class__ is NamedNode:
            return {"@id": self.iri(value.value)}
        datatype = value.datatype.value  # type: ignore[union-attr]
        if coercion == "" and datatype == STRING:
            return value.value
        if coercion == datatype:
            # A whole number is a JSON number; a decimal would lose digits as one.
            return int(value.value) if coercion == INTEGER else value.value
        return self.value(value)

    def value(self, value: NamedNode | Literal) -> Json:
        """A literal whose type the term does not imply."""
        assert isinstance(value, Literal)
        datatype = value.datatype.value
        if datatype == STRING:
            return {"@value": value.value}
        return {"@value": value.value, "@type": self.iri(datatype)}

    def document(self, found: Iterable[Node]) -> bytes:
        """One line: a JSON-LD document that holds the nodes, context included."""
        graph = [self.node(node) for node in found]
        body = {"@context": self.context, "@graph": graph}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@cache
def compactor(iris: Iris) -> Compactor:
    """The compactor of a configuration, made once a process."""
    return Compactor(iris)
