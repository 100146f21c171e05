"""Links of mapping sets, as pages show them: whose word they are, under which licence, and why.

As triples, with :data:`MOST_MAPPINGS` at most::

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

#: Links of one thing that are read; sets have a few.
MOST_MAPPINGS: Final = 1000
SET_TITLE: Final = term(ns.DCTERMS, "title")
SET_LICENCE: Final = term(ns.DCTERMS, "license")
OBJECT_LABEL: Final = term(ns.SSSOM, "object_label")
PREDICATE_LABEL: Final = term(ns.SSSOM, "predicate_label")
#: Property of a link → what it is called on a page.
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
    """Whose links they are.

    :param graph: that has them.
    :param licence: None where the set names none.
    """

    graph: str
    title: str
    licence: str | None

    @property
    def licence_name(self) -> str:
        """The licence in short."""
        return short_licence(self.licence)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A link from a mapping set.

    :param words: what the set says that the two are to each other.
    :param name: what the set calls the thing that the link leads to; else its IRI in short.
    :param short: its IRI in short.
    :param why: IRI of the justification, and the same in words.
    """

    words: str
    iri: str
    name: str
    short: str
    mapping_set: MappingSet
    why: tuple[str, str] | None


def short_licence(licence: str | None) -> str:
    """What a licence is called in short.

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
    """Why a thing has the links that mapping sets give it, and what these sets are."""
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
    """The links of a thing, as :func:`mapping_triples` has them among others."""
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
    """The mapping sets of a release that give it a link."""
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
    """https://mapping-commons.github.io/semantic-mapping-vocabulary/ : names are made of words."""
    if justification is None:
        return None
    iri = justification.value
    if not iri.startswith(ns.SEMAPV):
        return iri, reading.iris.prefixed(iri)
    return iri, re.sub("(?<!^)(?=[A-Z])", " ", iri.removeprefix(ns.SEMAPV)).lower()
