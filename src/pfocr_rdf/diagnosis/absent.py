"""Why a query finds nothing: it asks for an IRI or a value that the release does not have.

Most often it is written in another way, such as ``https://schema.org/`` for ``http://schema.org/``
or a number for an identifier that is text: to SPARQL these are different terms. Or the release has
the term, but not as a value of the property in the query.
"""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from pfocr_rdf.contents import Quads, first_quad, same_thing
from pfocr_rdf.diagnosis.matched import Matched, matched_in, names_graphs
from pfocr_rdf.iris import PFOCR, RDF, RDFS, SCHEMA, VOID, XSD, Iris, term

#: How many of the missing terms are reported at most; a list of genes may have hundreds.
MOST_TOLD: Final = 5

Find = Callable[[str], NamedNode | None]

SCHEME_TO_OTHER: Final = {"http": "https", "https": "http"}
#: Where the name of a term begins: after the last of these characters.
SPLIT_RE: Final = re.compile(r"(?<=[/#:])(?=[^/#:]*\Z)")
#: How similar two names must be, from 0 to 1, for one to be suggested for the other.
ALIKE: Final = 0.8
#: The properties by which the description of a release lists its classes and properties.
LISTING: Final = (term(VOID, "class"), term(VOID, "property"))
DEFINED_BY: Final = term(RDFS, "isDefinedBy")
TYPE: Final = term(RDF, "type")
SUBCLASS_OF: Final = term(RDFS, "subClassOf")
TEXT: Final = XSD + "string"
INTEGERS: Final = (
    *("integer", "byte", "short", "int", "long", "unsignedByte", "unsignedShort", "unsignedInt"),
    *("unsignedLong", "positiveInteger", "negativeInteger", "nonPositiveInteger"),
    "nonNegativeInteger",
)
NUMBERS: Final = frozenset(XSD + name for name in (*INTEGERS, "decimal", "double", "float"))
#: What DATATYPE gives for a text with a language: the only such datatype that is not in XSD.
LANGUAGE_TEXT: Final = term(RDF, "langString")
#: How many triples of a property are read to see what values it has.
SAMPLE: Final = 100
IDENTIFIER: Final = term(SCHEMA, "identifier")
#: The properties that a text is most often meant to be a value of.
NAMING: Final = (term(SCHEMA, "name"), IDENTIFIER)
#: The datatypes tried for an absent value, after plain text, which is tried first.
DATATYPES: Final = tuple(
    term(XSD, name)
    for name in ("gYear", "date", "dateTime", "integer", "decimal", "double", "boolean", "anyURI")
)


@dataclass(frozen=True, slots=True)
class Instead:
    """What the release has in the place of an absent term.

    ``term`` is None if nothing is similar; ``path`` holds the properties that lead to it, if they
    are not those in the query.
    """

    term: NamedNode | Literal | None = None
    path: tuple[NamedNode, ...] = ()


def absent(text: str, store: Quads, iris: Iris) -> Iterator[Matched]:
    """The terms that a query matches triples with and that no triple of the default graph has.

    Also the values that it compares with values of another datatype. A term that a named graph has
    where the query asks for it is left to :func:`pfocr_rdf.diagnosis.apart.apart`, which names the
    graph.

    :param text: the query; its own prefixes take precedence over those of ``iris``. If it names
        graphs, a term is absent only if no graph has it.
    """
    graph = None if names_graphs(text) else DefaultGraph()
    asked = matched_in(text, iris.prefixes())
    terms = {matched.term for matched in asked}
    missing = set[NamedNode | None]()
    for matched in asked:
        node, of = matched.term, matched.of
        if isinstance(node, NamedNode) and not occurs(node, store, graph):
            # Datatypes are in queries to be compared with DATATYPE(?year); no triple has them.
            is_datatype = node.value.startswith(XSD) or node == LANGUAGE_TEXT
            is_told = node in missing or is_datatype
            if not is_told and not _is_in_named_graph(matched, terms, store):
                missing.add(node)
                yield Matched(node)
        elif of in missing:  # the property has no value at all
            continue
        elif matched.compared and isinstance(node, Literal):
            yield from _incomparable(matched, node, store, graph)
        elif of or isinstance(node, Literal):
            is_value = _is_value(node, of, store, graph)
            if not is_value and not _is_in_named_graph(matched, terms, store):
                yield matched


def _incomparable(
    matched: Matched, literal: Literal, store: Quads, graph: DefaultGraph | None
) -> Iterator[Matched]:
    """A literal compared with values of another datatype; by ``=``, with other texts or IRIs."""
    kinds = set(map(_kind, _values(matched.of, store, graph)))
    is_other = bool(kinds) and _kind(literal) not in kinds
    if matched.compared != "=":
        if is_other:
            yield matched
        return
    is_of_iris = not kinds and first_quad(store, None, matched.of, None, graph) is not None
    is_told = is_other or is_of_iris or kinds == {TEXT}
    if is_told and not _is_value(literal, matched.of, store, graph):
        # Not marked as compared: only a value that the release has may be suggested for it.
        yield Matched(literal, matched.of)


def present_instead(
    matched: Matched, store: Quads, iris: Iris, find: Find = lambda text: None
) -> Instead:
    """What the release has in the place of an absent term.

    :param find: gives the IRI that the release would have for a spelling, for example by
        :func:`pfocr_rdf.spellings.find_iri`; None if there is none.
    """
    node, of = matched.term, matched.of
    if isinstance(node, NamedNode):
        return _other_use(node, of, store) if of else _other_iri(node, store, iris, find)
    if matched.compared:
        like = next(_values(of, store, DefaultGraph()), None)
        written = Literal(node.value, datatype=like.datatype) if like else None
        return Instead(written if written and _is_valid(written) else None)
    return _other_value(node, of, store, find)


def occurs(node: NamedNode, store: Quads, graph: NamedNode | DefaultGraph | None) -> bool:
    """Whether an IRI is in a triple of a graph; if that is None, of any graph."""
    patterns = (node, None, None), (None, node, None), (None, None, node)
    return any(first_quad(store, s, p, o, graph) for s, p, o in patterns)


def _is_value(
    value: NamedNode | Literal, of: NamedNode | None, store: Quads, graph: DefaultGraph | None
) -> bool:
    return _value_in(value, of, store, graph) is not None


def _value_in(
    value: NamedNode | Literal, of: NamedNode | None, store: Quads, graph: DefaultGraph | None
) -> NamedNode | Literal | None:
    """A value as the release has it: the store takes 0017 for 17."""
    quads = islice(store.quads_for_pattern(None, of, value, graph), SAMPLE)
    found = (quad.object for quad in quads if _is_same(quad.object, value))
    return next((one for one in found if isinstance(one, NamedNode | Literal)), None)


def _is_same(found: object, asked: NamedNode | Literal) -> bool:
    """Whether what the store found is what was asked for.

    Asked for 255, for 65535 and for -1, Oxigraph 0.5.13 finds other whole numbers, too.
    """
    if not isinstance(found, Literal) or found.datatype.value != f"{XSD}integer":
        return True
    with suppress(ValueError):
        return int(found.value) == int(asked.value)
    return True


def _is_in_named_graph(matched: Matched, asked: Container[object], store: Quads) -> bool:
    """Whether a named graph has a term that the default graph lacks, as a value asked for."""
    quads = store.quads_for_pattern(None, matched.of, matched.term, None)
    found = (quad for quad in islice(quads, SAMPLE) if _is_same(quad.object, matched.term))
    return any(matched.of or quad.predicate in asked for quad in found)


def _values(of: NamedNode | None, store: Quads, graph: DefaultGraph | None) -> Iterator[Literal]:
    """The literals among the first values of a property.

    No more are read, because a property such as ``schema:mentions`` has millions and no literal.
    """
    quads = islice(store.quads_for_pattern(None, of, None, graph), SAMPLE)
    return (quad.object for quad in quads if isinstance(quad.object, Literal))


def _is_valid(literal: Literal) -> bool:
    """Whether the text of a literal fits its datatype: "2016-01" is no ``xsd:gYear``."""
    text = Literal(literal.value)
    try:
        cast = f"BIND({literal.datatype}({text}) AS ?x)"
        return bool(Store().query(f"ASK {{ {cast} FILTER(BOUND(?x)) }}"))
    except RuntimeError:  # no function casts to this datatype: assume that it fits
        return True


def _kind(literal: Literal) -> str:
    """The kind of value it compares as: https://www.w3.org/TR/sparql11-query/#OperatorMapping ."""
    datatype = literal.datatype.value
    return "number" if datatype in NUMBERS else datatype


def _other_iri(node: NamedNode, store: Quads, iris: Iris, find: Find) -> Instead:
    """What the release has in the place of an absent IRI."""
    other_scheme = _other_scheme(node)
    others = (same_thing(node, store, iris), other_scheme, find(node.value))
    separated = (_separated(one, iris) for one in filter(None, (node, other_scheme)))
    for other in filter(None, (*others, *chain.from_iterable(separated))):
        if other != node and occurs(other, store, DefaultGraph()):
            return Instead(other)
    if alike := _alike(node.value, list(_terms(store))):
        return Instead(NamedNode(alike))
    return _named_so(node, store, iris)


def _separated(node: NamedNode, iris: Iris) -> Iterator[NamedNode]:
    """The IRI with the end of its namespace, as in ``http://schema.org/name``, not ``.orgname``."""
    for namespace in iris.prefixes().values():
        if node.value.startswith(namespace[:-1]) and not node.value.startswith(namespace):
            yield NamedNode(namespace + node.value.removeprefix(namespace[:-1]))


def _named_so(node: NamedNode, store: Quads, iris: Iris) -> Instead:
    """The name of a thing that an IRI has in place of its identifier, as in ``gene:TP53``."""
    namespace, name = SPLIT_RE.split(node.value, 1)
    is_ours = namespace in iris.prefixes().values()
    for text in dict.fromkeys(_cases(name)) if is_ours else ():
        quads = store.quads_for_pattern(None, NAMING[0], Literal(text), DefaultGraph())
        named = (quad.subject for quad in islice(quads, SAMPLE))
        if any(isinstance(one, NamedNode) and one.value.startswith(namespace) for one in named):
            return Instead(Literal(text), NAMING[:1])
    return Instead()


def _other_use(node: NamedNode, of: NamedNode, store: Quads) -> Instead:
    """How the release uses an IRI that is not a value of a property: as a value of another."""
    graph = DefaultGraph()
    if of == TYPE and _has_instances_of_subclasses(node, store):
        return Instead(node, (TYPE, SUBCLASS_OF))
    used = first_quad(store, None, None, node, graph)
    return Instead(node, (used.predicate,)) if used else Instead()


def _has_instances_of_subclasses(node: NamedNode, store: Quads) -> bool:
    """Whether a direct subclass has instances: a release need not use all of the vocabulary."""
    below = store.quads_for_pattern(None, SUBCLASS_OF, node, DefaultGraph())
    classes = (quad.subject for quad in below if isinstance(quad.subject, NamedNode))
    return any(_is_value(one, TYPE, store, DefaultGraph()) for one in classes)


def _other_value(literal: Literal, of: NamedNode | None, store: Quads, find: Find) -> Instead:
    """A value of the property: written in another way, or the thing that the text identifies.

    If there is none, another property with the text.
    """
    graph = DefaultGraph()
    for other in _written_like(literal.value, find):
        # A number of any property is the value of one that has nothing to do with the query.
        is_any_number = of is None and isinstance(other, Literal) and _kind(other) == "number"
        if other != literal and not is_any_number and (had := _value_in(other, of, store, graph)):
            return Instead(had)
    for thing in _identified(literal.value, store) if of else ():
        if _is_value(thing, of, store, graph):
            return Instead(thing)
    text = Literal(literal.value)
    for named in (*NAMING, None):
        if quad := first_quad(store, None, named, text, graph):
            return Instead(text, (quad.predicate,))
    return Instead()


def _identified(text: str, store: Quads) -> Iterator[NamedNode]:
    """The first things with an identifier: the gene for 5594, the figure for its figid."""
    quads = store.quads_for_pattern(None, IDENTIFIER, Literal(text), DefaultGraph())
    for quad in islice(quads, SAMPLE):
        if isinstance(quad.subject, NamedNode):
            yield quad.subject


def _written_like(text: str, find: Find) -> Iterator[NamedNode | Literal]:
    """Other ways to write a text: with another datatype, as an IRI, in another case."""
    yield Literal(text)
    for datatype in DATATYPES:
        yield Literal(text, datatype=datatype)
    with suppress(ValueError):
        yield NamedNode(text)
    with suppress(ValueError):  # "synonym" for pfocr:synonym
        yield term(PFOCR, text)
    if (found := find(text)) is not None:
        yield found
    yield from map(Literal, _cases(" ".join(text.split())))


def _cases(text: str) -> tuple[str, ...]:
    return text, text.upper(), text.lower(), text.capitalize(), text.title()


def _other_scheme(node: NamedNode) -> NamedNode | None:
    """The same IRI with http for https, or the other way round; None if it has neither."""
    scheme, mark, rest = node.value.partition("://")
    other = SCHEME_TO_OTHER.get(scheme)
    return NamedNode(f"{other}://{rest}") if mark and other else None


def _terms(store: Quads) -> Iterator[str]:
    """The classes and properties of the release, and the terms of its own vocabulary."""
    for listing in LISTING:
        for quad in store.quads_for_pattern(None, listing, None, DefaultGraph()):
            if isinstance(quad.object, NamedNode):
                yield quad.object.value
    for quad in store.quads_for_pattern(None, DEFINED_BY, None, DefaultGraph()):
        if isinstance(quad.subject, NamedNode):
            yield quad.subject.value


def _alike(iri: str, terms: Sequence[str]) -> str:
    """The term with nearly the same name in the same namespace, or the same name in another.

    Empty if there is none.

    >>> _alike("https://x.org/#Tier", ["https://x.org/#tier", "https://y.org/#Tier"])
    'https://x.org/#tier'
    >>> _alike("https://x.org/title", ["https://y.org/#title", "https://x.org/tail"])
    'https://y.org/#title'
    """
    namespace, name = _parts(iri)
    near = {_parts(one)[1]: one for one in terms if _parts(one)[0] == namespace}
    if found := get_close_matches(name, near, n=1, cutoff=ALIKE):
        return near[found[0]]
    return next((one for one in terms if _parts(one)[1] == name), "")


def _parts(iri: str) -> tuple[str, str]:
    """Namespace and name in lower case: its case is what is wrong most often."""
    namespace, name = SPLIT_RE.split(iri, 1)
    return namespace, name.lower()
