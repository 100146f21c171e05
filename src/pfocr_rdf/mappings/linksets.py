"""The links described in VoID: for each mapping set a dataset, and its linksets.

https://www.w3.org/TR/void/#linkset : a linkset has one predicate and leads to one dataset, so
a set has a linkset for each predicate and each namespace that its links lead to.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from pyoxigraph import Literal, NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import MAPPINGS
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Facts, Node, Object, integer_literal
from pfocr_rdf.mappings.links import MappingCounts
from pfocr_rdf.vocabulary import RDF_TYPE, WAS_DERIVED_FROM


def mapping_part(version: str, graph: NamedNode, iris: Iris) -> NamedNode:
    """The node of a mapping set in the description of a release.

    :param graph: the set's named graph.
    """
    return iris.part(version, _name(graph))


def linkset_parts(version: str, sets: Sequence[MappingCounts], iris: Iris) -> list[NamedNode]:
    """The nodes of the sets that have at least one link."""
    return [mapping_part(version, one.graph, iris) for one in sets if one.linked]


def linkset_nodes(version: str, sets: Sequence[MappingCounts], iris: Iris) -> Iterator[Node]:
    """The description of each set that has at least one link."""
    for one in (each for each in sets if each.linked):
        named = Counter(one.prefixes.values())
        # A namespace goes by its prefix, or by its IRI if it has none or shares it with another.
        names = {s: p if p and named[p] == 1 else s for s, p in sorted(one.prefixes.items())}
        own = _name(one.graph)
        targets = {s: iris.part(version, f"{own}.{name}") for s, name in names.items()}
        linksets = []
        for (predicate, space), count in sorted(one.links.items()):
            link = iris.prefixed(predicate).replace(":", "-")
            part = iris.part(version, f"{own}.{link}.{names[space]}")
            facts: list[tuple[NamedNode, Object]] = [
                (RDF_TYPE, term(ns.VOID, "Linkset")),
                (term(ns.VOID, "linkPredicate"), NamedNode(predicate)),
                (term(ns.VOID, "subjectsTarget"), iris.part(version, "rdf")),
                (term(ns.VOID, "objectsTarget"), targets[space]),
                (term(ns.VOID, "triples"), integer_literal(count)),
            ]
            linksets.append(Node(part, facts))
        facts = list(_set_facts(version, one, iris))
        facts += [(term(ns.VOID, "subset"), node.subject) for node in linksets]
        yield Node(mapping_part(version, one.graph, iris), facts)
        yield from linksets
        for space, target in targets.items():
            dataset = (RDF_TYPE, term(ns.VOID, "Dataset"))
            yield Node(target, [dataset, (term(ns.VOID, "uriSpace"), Literal(space))])


def _set_facts(version: str, one: MappingCounts, iris: Iris) -> Facts:
    yield RDF_TYPE, term(ns.DCMITYPE, "Dataset")
    yield RDF_TYPE, term(ns.VOID, "Dataset")
    edition = f", version {one.version}" if one.version else ""
    yield term(ns.DCTERMS, "title"), Literal(f"Links from the mapping set {one.title}{edition}")
    yield term(ns.DCTERMS, "license"), one.license
    yield term(ns.PAV, "version"), Literal(version)
    yield WAS_DERIVED_FROM, NamedNode(one.mapping_set)
    yield term(ns.DCTERMS, "format"), Literal(MAPPINGS.media_type)
    yield term(ns.VOID, "dataDump"), iris.download(MAPPINGS.file)
    yield term(ns.VOID, "triples"), integer_literal(one.triples)
    yield term(ns.FOAF, "primaryTopic"), one.graph


def _name(graph: NamedNode) -> str:
    """How the names of all parts of the description that are about a set begin."""
    return "mappings." + graph.value.rpartition("/")[2]
