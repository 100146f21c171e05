"""The page of anything else under the base: the dataset, releases, graphs, links of mapping sets.

It shows, property by property, what the store has about the thing, about its parts (the hash IRIs
that it leads to), and about what points at it. Its triples, in SPARQL::

    CONSTRUCT { ?s ?p ?o } WHERE {
      { ?s ?p ?o FILTER(?s = <thing> || STRSTARTS(STR(?s), "thing#")) }
      UNION { VALUES ?t { <thing> } ?t schema:distribution|schema:creator ?s . ?s ?p ?o }
      UNION { VALUES ?t { <thing> } ?s foaf:primaryTopic ?t ; ?p ?o }
      UNION { SELECT ?s ?p ?o WHERE { VALUES ?o { <thing> } ?s ?p ?o } LIMIT 101 }
    }

The first two are read from all graphs. The second is for clients such as search engines, which
read the dataset from one document. The third is for named graphs, which the release describes with
their title, licence and source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple
from starlette.responses import Response

from pfocr_rdf.iris import DCTERMS, FOAF, RDFS, SCHEMA, VOID, VOID_EXT, term
from pfocr_rdf.vocabulary import RDF_TYPE, Schema
from pfocr_rdf.web.pages.described import files
from pfocr_rdf.web.pages.facts import Facts, Value, by_subject
from pfocr_rdf.web.pages.forms import Form, Frame, Subject, respond
from pfocr_rdf.web.pages.html import render
from pfocr_rdf.web.pages.signposting import add_links, dataset_links
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import json_ld_block
from pfocr_rdf.web.reading import Reading

#: Most links to a thing that a page shows; every figure links to the dataset.
MOST_POINTING: Final = 100
#: Most parts of a thing that are read; a release has some hundred.
MOST_PARTS: Final = 5000
#: Properties whose values are described together with the thing.
FOLLOWED: Final = (term(SCHEMA, "distribution"), term(SCHEMA, "creator"))
#: From the release's description of a graph to the graph.
PRIMARY_TOPIC: Final = term(FOAF, "primaryTopic")
#: Properties that say what a partition has the numbers of.
PARTITIONED: Final = (term(VOID, "class"), term(VOID, "property"), term(VOID_EXT, "datatype"))
#: Properties with the name of a thing, the best first.
NAMES: Final = (Schema.name, term(DCTERMS, "title"), term(RDFS, "label"))
#: A property or a value: where it links to, None for nowhere, and its text.
Shown = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A thing or a part of it, as the page shows it.

    :param anchor: the part of its IRI after the ``#``; empty for the thing itself.
    :param rows: pairs of a property and its values.
    :param is_partition: whether it counts what a class or a property has; a release has hundreds.
    """

    anchor: str
    rows: Sequence[tuple[Shown, Sequence[Shown]]]
    is_partition: bool = False


def answer_resource(
    visit: Visit, thing: NamedNode, address: str, suffix: Form | None
) -> Response | None:
    """The page of something under the base; None if the release knows nothing of it."""
    triples = resource_triples(visit.reading, thing)
    if not triples:
        return None
    template = "resource.html"
    if thing in (visit.reading.iris.dataset, visit.reading.iris.release(visit.reading.version)):
        template = "dataset.html"
    response = answer_triples(visit, thing, address, suffix, triples, template)
    if thing == visit.reading.iris.dataset:
        add_links(response, dataset_links(visit))
    return response


def answer_triples(
    visit: Visit,
    thing: NamedNode,
    address: str,
    suffix: Form | None,
    triples: Sequence[Triple],
    template: str = "resource.html",
) -> Response:
    """A page that shows some triples about a thing and its parts."""

    def html(frame: Frame) -> str:
        return _html(visit, thing, triples, frame, template)

    subject = Subject(thing, address, lambda: triples, html)
    return respond(visit, subject, suffix)


def resource_triples(reading: Reading, thing: NamedNode) -> list[Triple]:
    """The triples about a thing and its parts, and those that point at it."""
    found: list[Triple] = []
    waiting, seen = [thing], {thing}
    while waiting and len(seen) <= MOST_PARTS:
        node = waiting.pop(0)
        said = reading.outgoing_anywhere(node)
        found += said
        parts: dict[NamedNode, None] = {}
        for triple in said:
            part = triple.object
            if isinstance(part, NamedNode) and part not in seen:
                followed = triple.subject == thing and triple.predicate in FOLLOWED
                if followed or part.value.startswith(f"{thing.value}#"):
                    parts[part] = None
        reading.read_ahead(list(parts), anywhere=True)
        seen |= parts.keys()
        waiting += parts
    for node in reading.subjects(PRIMARY_TOPIC, thing, MOST_POINTING):
        found += reading.outgoing(node)
    # Links from parts to the thing are in both lists, so repeats are removed.
    # One more than a page shows tells that there are more.
    return list(dict.fromkeys(found + reading.incoming(None, thing, MOST_POINTING + 1)))


def _html(
    visit: Visit, thing: NamedNode, triples: Sequence[Triple], frame: Frame, template: str
) -> str:
    iris = visit.reading.iris
    facts = by_subject(triples)
    described = [said for said in facts.values() if thing in said.nodes(PRIMARY_TOPIC)]
    own = facts.get(thing) or next(iter(described), Facts())
    shown = cache(partial(_shown, visit, thing))
    parts = [Part("", _rows(said, shown)) for said in described] + [
        Part(
            node.value[len(thing.value) + 1 :],
            _rows(said, shown),
            is_partition=any(map(said.nodes, PARTITIONED)),
        )
        for node, said in facts.items()
        if node == thing or node.value.startswith(f"{thing.value}#")
    ]
    pointing = [
        (subject, iris.prefixed(triple.predicate.value))
        for triple in triples
        if triple.object == thing and isinstance(subject := triple.subject, NamedNode)
    ]
    first = pointing[:MOST_POINTING]
    names = visit.reading.names(dict.fromkeys(subject for subject, _ in first))
    title = next(filter(None, map(own.text, NAMES)), None)
    return render(
        visit,
        template,
        title=title or iris.prefixed(thing.value),
        description=own.text(term(DCTERMS, "description")) or "",
        current="dataset" if template == "dataset.html" else "",
        summary=own.text(term(DCTERMS, "description")),
        files=files(visit.reading) if template == "dataset.html" else (),
        frame=frame,
        json_ld=json_ld_block(triples, iris),
        iri=thing.value,
        kinds=[iris.prefixed(kind.value) for kind in own.nodes(RDF_TYPE)],
        parts=parts,
        pointing=[(node.value, name, names.get(node, "")) for node, name in first],
        is_named=bool(names),
        is_cut=len(pointing) > MOST_POINTING,
        prefixed=iris.prefixed,
    )


def _rows(said: Facts, shown: Callable[[Value], Shown]) -> list[tuple[Shown, list[Shown]]]:
    return [(shown(predicate), list(map(shown, values))) for predicate, values in said.items()]


def _shown(visit: Visit, thing: NamedNode, value: Value) -> Shown:
    if isinstance(value, Literal):
        return None, value.value
    iri = value.value
    within = iri.startswith(f"{thing.value}#")
    name = iri[len(thing.value) :] if within else visit.reading.iris.prefixed(iri)
    return visit.links.href(iri), name
