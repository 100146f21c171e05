"""Links from mapping sets, as pages show them: from which set, under which licence, and why.

Their triples, for at most :data:`MOST_MAPPINGS` links::

    CONSTRUCT { ?s ?p ?o } WHERE {
      { GRAPH ?g { ?s owl:annotatedSource <thing> ; ?p ?o } }
      UNION { VALUES ?p { sssom:mappings }
              GRAPH ?g { ?o owl:annotatedSource <thing> . ?s ?p ?o } }
      UNION { VALUES ?p { dcterms:title dcterms:license }
              GRAPH ?g { ?m owl:annotatedSource <thing> . ?s sssom:mappings ?m ; ?p ?o } }
    }
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.iris import term
from pfocr_rdf.vocabulary import NO_LICENSE, Owl, Sssom
from pfocr_rdf.web.pages.facts import NOTHING, Facts, by_subject
from pfocr_rdf.web.reading import Reading

#: Most links of one thing that are read; sets have a few.
MOST_MAPPINGS: Final = 1000
SET_TITLE: Final = term(ns.DCTERMS, "title")
SET_LICENCE: Final = term(ns.DCTERMS, "license")
OBJECT_LABEL: Final = term(ns.SSSOM, "object_label")
PREDICATE_LABEL: Final = term(ns.SSSOM, "predicate_label")
#: Property of a link → its words on a page.
LINK_TO_WORDS: Final = {
    term(ns.SKOS, "exactMatch"): "Exactly matches",
    term(ns.SKOS, "closeMatch"): "Closely matches",
    term(ns.SKOS, "broadMatch"): "Is narrower than",
    term(ns.SKOS, "narrowMatch"): "Is broader than",
    term(ns.SKOS, "relatedMatch"): "Is related to",
    term(ns.OWL, "equivalentClass"): "Is the same class as",
    term(ns.OWL, "sameAs"): "Is the same as",
    term(ns.OBO, "RO_0002205"): "Has the gene product",
}
CREATIVE_COMMONS_RE: Final = re.compile(
    r"https?://creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([0-9.]+)/?(?:deed.*)?"
)


@dataclass(frozen=True, slots=True)
class MappingSet:
    """A mapping set that links come from.

    :param graph: IRI of the graph that has the links.
    :param licence: None if the set names none.
    """

    graph: str
    title: str
    licence: str | None

    @property
    def licence_name(self) -> str:
        """The short name of the licence."""
        return short_licence(self.licence)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A link from a mapping set.

    :param words: the relation between the two things that the set states.
    :param iri: of the thing that the link leads to.
    :param name: the set's name for that thing; else its shortened IRI.
    :param short: its shortened IRI.
    :param why: the justification of the link, as an IRI and in words.
    """

    words: str
    iri: str
    name: str
    short: str
    mapping_set: MappingSet
    why: tuple[str, str] | None


def short_licence(licence: str | None) -> str:
    """The short name of a licence.

    >>> short_licence("https://creativecommons.org/licenses/by-sa/4.0/")
    'CC BY-SA 4.0'
    >>> short_licence("https://creativecommons.org/publicdomain/zero/1.0/")
    'CC0 1.0'
    >>> short_licence("https://www.ebi.ac.uk/about/terms-of-use"), short_licence(None)
    ('www.ebi.ac.uk/about/terms-of-use', 'no licence given')
    """
    if licence is None:
        return "no licence given"
    found = CREATIVE_COMMONS_RE.fullmatch(licence)
    if found is None:
        return licence.partition("://")[2] or licence
    kind = "CC0" if found[1] == "zero" else f"CC {found[1].upper()}"
    return f"{kind} {found[2]}"


def mapping_triples(reading: Reading, thing: NamedNode) -> list[Triple]:
    """The mappings of a thing with their justifications; title and licence of their sets."""
    if not reading.manifest.get("mappings"):
        return []
    graph_to_links: dict[NamedNode, list[NamedNode]] = {}
    for quad in reading.mappings_of(thing, MOST_MAPPINGS):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.graph_name, NamedNode):
            graph_to_links.setdefault(quad.graph_name, []).append(quad.subject)
    links = [link for found in graph_to_links.values() for link in found]
    reading.read_ahead(links, anywhere=True)
    found = [triple for link in links for triple in reading.outgoing_anywhere(link)]
    for graph, own in graph_to_links.items():
        whole = reading.mapping_set(graph)
        if whole is not None:
            found += [Triple(whole, Sssom.mappings, link) for link in own]
            found += reading.said_in(graph, whole, SET_TITLE)
            found += reading.said_in(graph, whole, SET_LICENCE)
    return found


def mapped(reading: Reading, thing: NamedNode, triples: Sequence[Triple]) -> list[Mapped]:
    """The links of a thing, from triples that include those of :func:`mapping_triples`."""
    facts = by_subject(triples)
    link_to_set = {t.object: t.subject for t in triples if t.predicate == Sssom.mappings}
    found: list[Mapped] = []
    for link, said in facts.items():
        whole = link_to_set.get(link)
        target, predicate = said.node(Owl.annotated_target), said.node(Owl.annotated_property)
        is_own = said.node(Owl.annotated_source) == thing
        if is_own and target and predicate and isinstance(whole, NamedNode):
            words = LINK_TO_WORDS.get(predicate) or said.text(PREDICATE_LABEL)
            short = reading.iris.prefixed(target.value)
            found.append(
                Mapped(
                    words or reading.iris.prefixed(predicate.value),
                    target.value,
                    said.text(OBJECT_LABEL) or short,
                    short,
                    _set(reading, whole, facts.get(whole, NOTHING)),
                    _why(reading, said.node(Sssom.mapping_justification)),
                )
            )
    return sorted(found, key=lambda link: (link.words, link.iri, link.mapping_set.title))


def mapping_sets(reading: Reading) -> list[MappingSet]:
    """The mapping sets that the release has links from."""
    found = []
    for one in reading.manifest.get("mapping_sets", ()):
        if one["triples"]:
            graph = NamedNode(one["graph"])
            titles = [t.object for t in reading.said_in(graph, NamedNode(one["id"]), SET_TITLE)]
            title = next((t.value for t in titles if isinstance(t, Literal)), one["id"])
            licence = None if one["license"] == NO_LICENSE.value else one["license"]
            found.append(MappingSet(graph.value, title, licence))
    return found


def _set(reading: Reading, whole: NamedNode, said: Facts) -> MappingSet:
    licence = said.node(SET_LICENCE)
    graph = reading.iris.mapping_graph(whole.value).value
    return MappingSet(graph, said.text(SET_TITLE) or whole.value, licence and licence.value)


def _why(reading: Reading, justification: NamedNode | None) -> tuple[str, str] | None:
    """The justification as IRI and words; names of its vocabulary are words in camel case.

    https://mapping-commons.github.io/semantic-mapping-vocabulary/
    """
    if justification is None:
        return None
    iri = justification.value
    if not iri.startswith(ns.SEMAPV):
        return iri, reading.iris.prefixed(iri)
    return iri, re.sub("(?<!^)(?=[A-Z])", " ", iri.removeprefix(ns.SEMAPV)).lower()
