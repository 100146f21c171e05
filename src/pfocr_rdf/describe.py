"""What a release says of one thing: the triples from it and the triples to it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

from pyoxigraph import NamedNode, Store, Triple

from pfocr_rdf.contents import same_thing
from pfocr_rdf.errors import IriError, QueryError
from pfocr_rdf.iris import Iris
from pfocr_rdf.spellings import find_iri

GraphFormatName = Literal["turtle", "ntriples", "jsonld"]


@dataclass(frozen=True, slots=True)
class About:
    """The triples about a thing, and whether more point at it than were asked for."""

    outgoing: list[Triple]
    incoming: list[Triple]
    more: bool


def find_thing(text: str, store: Store, iris: Iris) -> NamedNode:
    """The node that a text names: any spelling of an identifier, or any IRI of the release.

    :raises QueryError: if the release knows nothing by that name.
    """
    readings = list(_as_it_stands(text.strip().removeprefix("<").removesuffix(">"), iris))
    advice = (
        "give an IRI, a CURIE such as ncbigene:5742 or mesh:D014148, a figid, a PMC id, or a DOI; "
    )
    try:
        readings.insert(0, find_iri(text, iris))
        advice = f"it is understood as <{readings[0].value}>, but no record has that"
    except IriError as error:
        advice += error.hint or "`pfocr-rdf search --suggest` finds them by a name"
    for node in readings:
        if next(store.quads_for_pattern(node, None, None), None):
            return node
        if (thing := same_thing(node, store, iris)) != node:
            return thing
        if next(store.quads_for_pattern(None, None, node), None):
            return node
    shown = text if len(text) <= 200 else text[:200] + "…"
    raise QueryError(f"the release says nothing about {shown!r}: {advice}")


def _as_it_stands(text: str, iris: Iris) -> Iterator[NamedNode]:
    """The IRIs that a text may be as it is: of a term, a mention, a journal, a web page."""
    prefix, _, local = text.partition(":")
    namespace = iris.prefixes().get(prefix.lower())
    if namespace and not local.startswith("//"):
        with suppress(ValueError):
            yield NamedNode(namespace + local)
    with suppress(ValueError):
        if urlsplit(text).scheme in {"http", "https"}:
            yield NamedNode(text)


def describe(subject: NamedNode, store: Store, incoming: int) -> About:
    """What a release says of a thing, and what points at it.

    :param incoming: how many triples that point at it are returned at most: a gene may have
        thousands.
    """
    # Two mapping sets may state the same triple, each in its own graph.
    outgoing = {quad.triple for quad in store.quads_for_pattern(subject, None, None)}
    # A triple from a thing to itself is given once, among the outgoing.
    pointing = (
        quad for quad in store.quads_for_pattern(None, None, subject) if quad.subject != subject
    )
    found = {quad.triple for quad in islice(pointing, incoming)}
    more = next(pointing, None) is not None
    return About(sorted(outgoing, key=str), sorted(found, key=str), more)
