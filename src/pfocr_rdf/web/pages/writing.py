"""Triples as a document in each of the RDF forms, and as a block of JSON-LD inside a page."""

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup
from pyoxigraph import NamedNode, Triple

from pfocr_rdf.dumps import written_graph
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris
from pfocr_rdf.jsonld import compactor
from pfocr_rdf.mapping import Node
from pfocr_rdf.vocabulary import RDF_TYPE
from pfocr_rdf.web.output import XmlGuard, named_in_xml

#: Character → JSON escape, for those that could end the ``script`` element, begin another, or end
#: a line of a script.
ESCAPED: Final = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def written(triples: Sequence[Triple], form: str, iris: Iris) -> bytes:
    """Triples as a document: each once, grouped by subject.

    :param form: turtle, ntriples, jsonld, rdfxml.
    :raises Refusal: ``not-xml``, if RDF/XML would not be well-formed.
    """
    ordered = in_order(triples)
    if form == "jsonld":
        return json_ld(ordered, iris)
    if form == "rdfxml":
        named = list(named_in_xml(ordered))
        return XmlGuard("Turtle").check(written_graph(named, form, iris))
    return written_graph(ordered, form, iris)


def in_order(triples: Iterable[Triple]) -> list[Triple]:
    """Triples without repeats, grouped by subject, in the same order each time."""
    return sorted(dict.fromkeys(triples), key=str)


def json_ld(triples: Sequence[Triple], iris: Iris) -> bytes:
    """A self-contained JSON-LD document: its context is inside."""
    try:
        return compactor(iris).document(nodes(triples))
    except IriError:
        # An IRI has a prefix of ours as its scheme, as <gene:1>: it is clear without prefixes.
        return written_graph(triples, "jsonld", iris)


def nodes(triples: Iterable[Triple]) -> list[Node]:
    """Triples grouped by subject, in the order of the first triple of each."""
    found: dict[NamedNode, Node] = {}
    for triple in triples:
        subject = triple.subject
        if isinstance(subject, NamedNode):
            node = found.setdefault(subject, Node(subject, []))
            # The writer recognises rdf:type, for which JSON-LD has a keyword, by identity.
            predicate = RDF_TYPE if triple.predicate == RDF_TYPE else triple.predicate
            node.facts.append((predicate, triple.object))  # type: ignore[arg-type]  # no blank nodes
    return list(found.values())


def json_ld_block(triples: Sequence[Triple], iris: Iris) -> Markup:
    r"""The content of ``<script type="application/ld+json">``.

    No value can end the element: the characters that could are written as JSON escapes.

    >>> from pfocr_rdf.vocabulary import Schema
    >>> from pyoxigraph import Literal
    >>> fact = Triple(Schema.Gene, Schema.name, Literal("</script>"))
    >>> "\\u003c/script\\u003e" in json_ld_block([fact], Iris())
    True
    """
    return script_block(json_ld(in_order(triples), iris).decode().strip())


def script_block(text: str) -> Markup:
    """JSON as the content of a ``script`` element."""
    for character, escape in ESCAPED.items():
        text = text.replace(character, escape)
    return Markup(text)  # noqa: S704 - nothing is left that is markup
