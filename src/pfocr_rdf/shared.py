"""What records share: genes, chemicals, diseases, taxa, journals, publishers.

It is gathered while figures are mapped, merged over all batches, and described once, in the
order of the IRIs. Size follows the vocabulary, not the number of records.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, Quad, Triple

from pfocr_rdf.equivalents import Thing, other_forms
from pfocr_rdf.iris import Iris, Namespace
from pfocr_rdf.mapping import journal_key, name_facts
from pfocr_rdf.records import Figure, Kind, Organism, Taxa
from pfocr_rdf.vocabulary import CLOSE_MATCH, KIND_TO_ENTITY, RDF_TYPE, Pfocr, Schema

Names = Counter[str]


@dataclass(slots=True)
class _Entity:
    """What all records say of a gene, chemical or disease.

    ``names`` are names that records give; ``words`` serve where no record gives one.
    """

    kinds: set[Kind] = field(default_factory=set)
    names: Names = field(default_factory=Counter)
    words: Names = field(default_factory=Counter)
    taxa: set[str] = field(default_factory=set)
    close: set[tuple[Namespace, str]] = field(default_factory=set)


@dataclass(slots=True)
class _Taxon:
    names: Names = field(default_factory=Counter)
    groups: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Named:
    """A journal or publisher: the names under which one IRI was met."""

    names: Names = field(default_factory=Counter)
    others: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Shared:
    """Gathers from figures, merges with what other batches gathered."""

    entities: dict[tuple[Namespace, str], _Entity] = field(default_factory=dict)
    taxa: dict[str, _Taxon] = field(default_factory=dict)
    journals: dict[str, _Named] = field(default_factory=dict)
    publishers: dict[str, _Named] = field(default_factory=dict)

    def gather(self, figure: Figure, iris: Iris) -> None:
        """Take in what one figure says of shared things."""
        organisms: dict[Organism, None] = {}
        for mention in figure.mentions:
            for candidate in mention.candidates:
                key = (candidate.namespace, candidate.accession)
                entity = self.entities.get(key)
                if entity is None:
                    entity = self.entities[key] = _Entity()
                entity.kinds.add(mention.kind)
                (entity.names if candidate.named else entity.words)[candidate.name] += 1
                if candidate.organism:
                    organisms[candidate.organism] = None
                    if candidate.organism.taxon:
                        entity.taxa.add(candidate.organism.taxon)
                if candidate.close:
                    entity.close.add(candidate.close)
                    self.entities.setdefault(candidate.close, _Entity()).kinds.add(mention.kind)
        organisms |= dict.fromkeys((*figure.organisms, *figure.predicted_organisms))
        for organism in organisms:
            if organism.taxon:
                self.taxa.setdefault(organism.taxon, _Taxon()).names[organism.name] += 1
        for support in figure.supports:
            if support.organism.taxon and support.group:
                self.taxa[support.organism.taxon].groups.add(support.group)
        self._gather_names(figure, iris)

    def _gather_names(self, figure: Figure, iris: Iris) -> None:
        article = figure.article
        if key := journal_key(article):
            journal = self.journals.setdefault(iris.journal(key).value, _Named())
            journal.names[article.journal or key] += 1
            if article.journal_abbreviation:
                journal.others.add(article.journal_abbreviation)
        if article.publisher:
            publisher = iris.publisher(article.publisher).value
            self.publishers.setdefault(publisher, _Named()).names[article.publisher] += 1

    def gather_pages(self, taxa: Taxa) -> None:
        """Take in the organism pages, whether or not a figure names the organism."""
        for page in taxa.pages:
            taxon = self.taxa.setdefault(page.taxon, _Taxon())
            taxon.names.update(page.names)
            if page.group:
                taxon.groups.add(page.group)
            if page.image:
                taxon.images.add(page.image)

    def merge(self, other: "Shared") -> None:
        """Add what another batch gathered; the order of merging does not matter."""
        for key, entity in other.entities.items():
            mine = self.entities.setdefault(key, entity)
            if mine is not entity:
                mine.kinds |= entity.kinds
                mine.names.update(entity.names)
                mine.words.update(entity.words)
                mine.taxa |= entity.taxa
                mine.close |= entity.close
        for taxid, taxon in other.taxa.items():
            ours = self.taxa.setdefault(taxid, taxon)
            if ours is not taxon:
                ours.names.update(taxon.names)
                ours.groups |= taxon.groups
                ours.images |= taxon.images
        for own, others in ((self.journals, other.journals), (self.publishers, other.publishers)):
            for iri, named in others.items():
                kept = own.setdefault(iri, named)
                if kept is not named:
                    kept.names.update(named.names)
                    kept.others |= named.others


def shared_triples(shared: Shared, iris: Iris) -> Iterator[list[Triple]]:
    """The description of each shared thing, one list a thing, in the order of the ids."""
    for (namespace, accession), entity in sorted(shared.entities.items()):
        yield _entity_triples(namespace, accession, entity, iris)
    for taxid in sorted(shared.taxa, key=lambda t: (len(t), t)):
        yield _taxon_triples(taxid, shared.taxa[taxid], iris)
    for things, kind in (
        (shared.journals, Schema.Periodical),
        (shared.publishers, Schema.Organization),
    ):
        for iri in sorted(things):
            yield _named_triples(NamedNode(iri), things[iri], kind)


def _entity_triples(
    namespace: Namespace, accession: str, entity: _Entity, iris: Iris
) -> list[Triple]:
    subject = iris.entity(namespace, accession)
    triples = [Triple(subject, RDF_TYPE, KIND_TO_ENTITY[kind]) for kind in sorted(entity.kinds)]
    named = name_facts(entity.names or entity.words)
    triples.extend(Triple(subject, predicate, value) for predicate, value in named)
    # Wikidata joins on literals: P351, P486 and P683 are bare, P699 has its prefix.
    identifier = f"DOID:{accession}" if namespace == "doid" else accession
    triples.append(Triple(subject, Schema.identifier, Literal(identifier)))
    for taxon in sorted(entity.taxa):
        triples.append(Triple(subject, Schema.taxonomic_range, iris.taxon(taxon)))
    for close in sorted(entity.close):
        triples.append(Triple(subject, CLOSE_MATCH, iris.entity(*close)))
    return triples


def _taxon_triples(taxid: str, taxon: _Taxon, iris: Iris) -> list[Triple]:
    subject = iris.taxon(taxid)
    triples = [Triple(subject, RDF_TYPE, Schema.Taxon)]
    triples.extend(Triple(subject, p, value) for p, value in name_facts(taxon.names))
    triples.append(Triple(subject, Schema.identifier, Literal(taxid)))
    triples.extend(Triple(subject, Pfocr.organism_group, Literal(g)) for g in sorted(taxon.groups))
    triples.extend(Triple(subject, Schema.image, NamedNode(i)) for i in sorted(taxon.images))
    return triples


def _named_triples(subject: NamedNode, named: _Named, kind: NamedNode) -> list[Triple]:
    triples = [Triple(subject, RDF_TYPE, kind)]
    triples.extend(Triple(subject, p, value) for p, value in name_facts(named.names))
    alternates = sorted(named.others - named.names.keys())
    triples.extend(Triple(subject, Schema.alternate_name, Literal(name)) for name in alternates)
    return triples


def equivalent_quads(shared: Shared, iris: Iris) -> Iterator[list[Quad]]:
    """The other spellings of each gene, chemical, disease and taxon, one list a thing."""
    for namespace, accession in sorted(shared.entities):
        yield sameness(namespace, accession, iris.entity(namespace, accession), iris)
    for taxid in sorted(shared.taxa, key=lambda t: (len(t), t)):
        yield sameness("taxon", taxid, iris.taxon(taxid), iris)


def sameness(thing: Thing, accession: str, primary: NamedNode, iris: Iris) -> list[Quad]:
    """One thing's other spellings, in the graph of equivalents."""
    graph = iris.equivalents
    return [
        Quad(primary, Schema.same_as, form, graph)
        for form in other_forms(thing, accession, primary)
    ]


