"""Things that records share: genes, chemicals, diseases, taxa, journals, publishers.

They are gathered while figures are mapped, as counted facts that are cheap to send and to add
up, and described once, in the order of the ids. The size of these facts depends on the
vocabulary, not on the number of records.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, Quad

from pfocr_rdf.equivalents import Thing, other_forms
from pfocr_rdf.iris import Iris, Namespace
from pfocr_rdf.mapping import Facts, Node, journal_key, name_facts
from pfocr_rdf.records import Figure, Kind, Organism, Taxa
from pfocr_rdf.vocabulary import CLOSE_MATCH, KIND_TO_ENTITY, RDF_TYPE, Pfocr, Schema


class EntityFact(NamedTuple):
    """What a record says of a gene, chemical or disease; counted over the records that say it.

    ``named`` is false if only a word in a picture can serve as a name; an empty ``name``,
    ``taxon`` or ``close`` means that the record gives none.
    """

    namespace: Namespace
    accession: str
    kind: Kind
    name: str
    named: bool
    taxon: str
    close: tuple[()] | tuple[Namespace, str]


@dataclass(slots=True)
class Shared:
    """Facts about shared things, gathered from figures and merged with those of other batches.

    Keys of ``organisms``, ``journals``, ``abbreviations`` and ``publishers`` are (taxon id or IRI,
    name); the name is empty if a record gives none.
    """

    entities: Counter[EntityFact] = field(default_factory=Counter)
    organisms: Counter[tuple[str, str]] = field(default_factory=Counter)
    groups: set[tuple[str, str]] = field(default_factory=set)
    images: set[tuple[str, str]] = field(default_factory=set)
    journals: Counter[tuple[str, str]] = field(default_factory=Counter)
    abbreviations: Counter[tuple[str, str]] = field(default_factory=Counter)
    publishers: Counter[tuple[str, str]] = field(default_factory=Counter)

    def gather(self, figure: Figure, iris: Iris) -> None:
        """Take in what one figure says of shared things."""
        organisms: dict[Organism, None] = {}
        # Once per figure: a picture with a word ten times is still one record that says so.
        entities: dict[EntityFact, None] = {}
        for mention in figure.mentions:
            kind = mention.kind
            for c in mention.candidates:
                organism = c.organism
                if organism:
                    organisms[organism] = None
                taxon = (organism.taxon or "") if organism else ""
                key = EntityFact(
                    c.namespace, c.accession, kind, c.name, c.named, taxon, c.close or ()
                )
                entities[key] = None
                if c.close:
                    named = bool(c.close_name)
                    entities[EntityFact(*c.close, kind, c.close_name, named, "", ())] = None
        self._count_names(entities)
        organisms |= dict.fromkeys((*figure.organisms, *figure.predicted_organisms))
        for organism in organisms:
            if organism.taxon:
                self.organisms[organism.taxon, organism.name] += 1
        for support in figure.supports:
            if support.organism.taxon and support.group:
                self.groups.add((support.organism.taxon, support.group))
        self._gather_names(figure, iris)

    def _count_names(self, entities: Iterable[EntityFact]) -> None:
        """Count what one figure says; if it gives a thing one name in several facts, only once."""
        facts = list(entities)
        named = [(one.namespace, one.accession, one.name, one.named) for one in facts]
        if len(told := set(named)) == len(facts):
            self.entities.update(facts)
            return
        for fact, name in zip(facts, named, strict=True):
            self.entities[fact] += name in told
            told.discard(name)

    def _gather_names(self, figure: Figure, iris: Iris) -> None:
        article = figure.article
        if key := journal_key(article):
            journal = iris.journal(key).value
            self.journals[journal, article.journal or ""] += 1
            if article.journal_abbreviation:
                self.abbreviations[journal, article.journal_abbreviation] += 1
        if article.publisher:
            self.publishers[iris.publisher(article.publisher).value, article.publisher] += 1

    def gather_pages(self, taxa: Taxa) -> None:
        """Take in the organism pages, whether or not a figure names the organism."""
        for page in taxa.pages:
            # A page without a name still says that the taxon exists.
            self.organisms.update((page.taxon, name) for name in page.names or ("",))
            if page.group:
                self.groups.add((page.taxon, page.group))
            if page.image:
                self.images.add((page.taxon, page.image))

    def merge(self, other: "Shared") -> None:
        """Add what another batch gathered; the order of merging does not matter."""
        self.entities.update(other.entities)
        self.organisms.update(other.organisms)
        self.groups |= other.groups
        self.images |= other.images
        self.journals.update(other.journals)
        self.abbreviations.update(other.abbreviations)
        self.publishers.update(other.publishers)


def shared_nodes(shared: Shared, iris: Iris) -> Iterator[Node]:
    """The description of each shared thing, in the order of the ids."""
    for (namespace, accession), facts in _entities(shared):
        yield _entity_node(namespace, accession, facts, shared.entities, iris)
    groups, images = _by_thing(shared.groups), _by_thing(shared.images)
    for taxon, names in _grouped(shared.organisms):
        yield _taxon_node(taxon, names, groups.get(taxon, ()), images.get(taxon, ()), iris)
    abbreviations = dict(_grouped(shared.abbreviations))
    for journal, names in _grouped(shared.journals):
        others = abbreviations.get(journal, Counter())
        yield _named_node(journal, Schema.Periodical, names, others)
    for publisher, names in _grouped(shared.publishers):
        yield _named_node(publisher, Schema.Organization, names, Counter())


def _entities(shared: Shared) -> Iterator[tuple[tuple[Namespace, str], list[EntityFact]]]:
    """The facts about genes, chemicals and diseases, grouped by thing."""
    ordered = sorted(shared.entities)
    for key, facts in groupby(ordered, key=lambda fact: (fact.namespace, fact.accession)):
        yield key, list(facts)


def _grouped(counted: Counter[tuple[str, str]]) -> Iterator[tuple[str, Counter[str]]]:
    """The names of each thing; taxon ids in the order of their numbers."""
    ordered = sorted(counted, key=lambda pair: (len(pair[0]) if pair[0].isdigit() else 0, pair))
    for thing, pairs in groupby(ordered, key=lambda pair: pair[0]):
        yield thing, Counter({name: counted[thing, name] for _, name in pairs})


def _entity_node(
    namespace: Namespace,
    accession: str,
    facts: Iterable[EntityFact],
    counts: Counter[EntityFact],
    iris: Iris,
) -> Node:
    names: Counter[str] = Counter()
    words: Counter[str] = Counter()
    kinds, taxa, close = set(), set(), set()
    for fact in facts:
        kinds.add(fact.kind)
        if fact.name:
            (names if fact.named else words)[fact.name] += counts[fact]
        if fact.taxon:
            taxa.add(fact.taxon)
        if fact.close:
            close.add(fact.close)

    def said() -> Facts:
        for kind in sorted(kinds):
            yield RDF_TYPE, KIND_TO_ENTITY[kind]
        yield from name_facts(names or words)
        # As in Wikidata, for joins on literals: P351, P486 and P683 are bare, P699 has a prefix.
        yield Schema.identifier, Literal(f"DOID:{accession}" if namespace == "doid" else accession)
        for taxon in sorted(taxa):
            yield Schema.taxonomic_range, iris.taxon(taxon)
        for other in sorted(close):
            yield CLOSE_MATCH, iris.entity(*other)

    return Node(iris.entity(namespace, accession), list(said()))


def _by_thing(pairs: set[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each thing, in order."""
    found: dict[str, list[str]] = {}
    for thing, value in sorted(pairs):
        found.setdefault(thing, []).append(value)
    return found


def _taxon_node(
    taxon: str, names: Counter[str], groups: Iterable[str], images: Iterable[str], iris: Iris
) -> Node:
    def said() -> Facts:
        yield RDF_TYPE, Schema.Taxon
        yield from name_facts(names)
        yield Schema.identifier, Literal(taxon)
        for group in groups:
            yield Pfocr.organism_group, Literal(group)
        for image in images:
            yield Schema.image, iris.picture(image)

    return Node(iris.taxon(taxon), list(said()))


def _named_node(iri: str, kind: NamedNode, names: Counter[str], others: Counter[str]) -> Node:
    """A journal or publisher, with the names that records give for its IRI.

    :param others: a journal's abbreviations, which name it if no record has a title.
    """
    used = names if any(names) else others

    def said() -> Facts:
        yield RDF_TYPE, kind
        yield from name_facts(used)
        for name in (other for other in others if other not in used):
            yield Schema.alternate_name, Literal(name)

    return Node(NamedNode(iri), list(said()))


def equivalent_quads(shared: Shared, iris: Iris) -> Iterator[list[Quad]]:
    """The other spellings of each gene, chemical, disease and taxon, one list per thing."""
    for (namespace, accession), _ in _entities(shared):
        yield sameness(namespace, accession, iris.entity(namespace, accession), iris)
    for taxon, _ in _grouped(shared.organisms):
        yield sameness("taxon", taxon, iris.taxon(taxon), iris)


def sameness(thing: Thing, accession: str, primary: NamedNode, iris: Iris) -> list[Quad]:
    """One thing's other spellings, in the graph of equivalents."""
    graph = iris.equivalents
    return [
        Quad(primary, Schema.same_as, form, graph)
        for form in other_forms(thing, accession, primary)
    ]
