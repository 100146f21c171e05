"""Rows of mapping sets → links from the entities of a release, each with its justification.

A mapping is loaded when its subject is a gene, chemical, disease, taxon or article of the
release, or when its object is one and its predicate has an inverse (:data:`INVERSES`). It
becomes what SSSOM/RDF prescribes (https://mapping-commons.github.io/sssom/spec-formats-rdf/):
one direct triple, for short queries, and an annotated axiom with the justification and every
other slot, for queries that depend on them. The axiom's IRI is derived from its content, so that
there are no blank nodes and the same mapping is the same node in every release. An inverted
mapping keeps its justification: by SKOS and OWL it is the same statement.

A set is somebody else's work under somebody else's licence, so each has a named graph of its
own, apart from the data: a query chooses which sets to trust, counts of the data include no
links, and a release without one of the sets is the same release without one graph. If two sets
state the same link, both graphs have it, as they should: it has two sources.

What is not loaded is counted: rows that lead from no entity of the release, and rows that are
refused, by kind. Rows that say that there is no link (``Not``, ``sssom:NoTermFound``, literals),
repeat a mapping or map an entity to itself are no mistakes; each of the others is a warning in
the report, but an undeclared prefix is reported once for a column of a file. SSSOM has no slot
for obsolete rows, so a column that marks them is ignored.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple, NoReturn

from pyoxigraph import NamedNode, Quad

from pfocr_rdf import iris as ns
from pfocr_rdf.equivalents import doi_iri
from pfocr_rdf.errors import IriError, Problem
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Object
from pfocr_rdf.mappings.expand import Expander, finder
from pfocr_rdf.mappings.files import REQUIRED, MappingFile, Row, read_rows
from pfocr_rdf.mappings.slots import (
    SLOT_TO_TERM,
    checked,
    library,
    slot_facts,
    slot_values,
    turned,
)
from pfocr_rdf.records.frontmatter import as_text
from pfocr_rdf.records.plain import Value
from pfocr_rdf.shared import Shared
from pfocr_rdf.vocabulary import NO_LICENSE, RDF_TYPE, Owl, Sssom

#: Predicate → its inverse: https://www.w3.org/TR/skos-reference/#mapping
INVERSES: Final = {
    term(ns.SKOS, "exactMatch"): term(ns.SKOS, "exactMatch"),
    term(ns.SKOS, "closeMatch"): term(ns.SKOS, "closeMatch"),
    term(ns.SKOS, "relatedMatch"): term(ns.SKOS, "relatedMatch"),
    term(ns.SKOS, "broadMatch"): term(ns.SKOS, "narrowMatch"),
    term(ns.SKOS, "narrowMatch"): term(ns.SKOS, "broadMatch"),
    term(ns.OWL, "equivalentClass"): term(ns.OWL, "equivalentClass"),
    term(ns.OWL, "sameAs"): term(ns.OWL, "sameAs"),
}
CREATOR: Final = SLOT_TO_TERM["creator_id"]
LITERAL: Final = "rdfs literal"
HASH_BYTES: Final = 8
Tell = Callable[[Iterable[Problem]], None]
Facts = list[tuple[NamedNode, Object]]
Statement = tuple[NamedNode, NamedNode, Object]


class _RowError(Exception):
    """A row that is not loaded; it is reported only if there is a reason."""

    def __init__(self, kind: str, slot: str = "", value: str = "", reason: str = "") -> None:
        super().__init__(kind)
        self.kind, self.slot, self.value, self.reason = kind, slot, value, reason


class _Link(NamedTuple):
    """The direct triple of a mapping.

    ``spelt`` is the object as the row spells it; ``turned`` says that it is the row's subject.
    """

    subject: NamedNode
    predicate: NamedNode
    object: NamedNode
    spelt: str
    turned: bool


@dataclass(slots=True)
class MappingCounts:
    """What became of the rows of one mapping set.

    ``read`` is the sum of ``linked``, ``absent`` and ``refused``. ``triples`` counts those in the
    set's graph, ``links`` the direct ones by predicate and namespace of the object; ``prefixes``
    has a prefix for each namespace, empty if the rows use none.
    """

    mapping_set: str
    graph: NamedNode
    title: str
    version: str
    license: NamedNode
    creators: tuple[NamedNode, ...]
    files: list[MappingFile]
    read: int = 0
    linked: int = 0
    absent: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    triples: int = 0
    links: Counter[tuple[str, str]] = field(default_factory=Counter)
    prefixes: dict[str, str] = field(default_factory=dict)


def said_of(one: MappingCounts) -> str:
    """What the description and the manifest of a release say of a set, but for its numbers."""
    names = (one.mapping_set, one.title, one.version, one.license, one.creators)
    return repr((names, sorted(one.prefixes.items())))


class Links:
    """Gathers the entities of a release, and then links them.

    :param tell: is called with the problems of the files.
    """

    def __init__(self, files: Sequence[MappingFile], iris: Iris, tell: Tell) -> None:
        self.files = files
        self.iris = iris
        self.tell = tell
        self.sets: list[MappingCounts] = []
        #: IRI, as :func:`finder` finds it → node of the release; for a DOI, its article.
        self.entities: dict[str, NamedNode] = {}

    def gather_articles(self, articles: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Add the articles of a batch, each with its DOIs; without mapping files, do nothing."""
        for pmcid, dois in articles if self.files else ():
            article = self.iris.article(pmcid)
            self.entities[article.value] = article
            for doi in dois:
                with suppress(IriError):
                    self.entities[doi_iri(doi).value] = article

    def gather_shared(self, shared: Shared) -> None:
        """Add the genes, chemicals, diseases and taxa of the release."""
        nodes = {self.iris.entity(fact.namespace, fact.accession) for fact in shared.entities}
        nodes |= {self.iris.taxon(taxon) for taxon, _ in shared.organisms}
        self.entities.update((node.value, node) for node in nodes)

    def quads(self) -> Iterator[list[Quad]]:
        """The quads of each mapping that is loaded, set by set, in the order of the rows."""
        for _, files in groupby(self.files, key=lambda file: file.mapping_set):
            linker = _SetLinker(list(files), self)
            self.sets.append(linker.counts)
            yield from linker.quads()


class _SetLinker:
    """Links the rows of one mapping set, file by file."""

    def __init__(self, files: list[MappingFile], links: Links) -> None:
        self.iris, self.tell, self.entities = links.iris, links.tell, links.entities
        self.find = finder(self.iris)
        self.seen: set[int] = set()
        self.open(files[0])
        self.counts, self.set_facts = self._described(files)

    def open(self, file: MappingFile) -> None:
        """Switch to a file of the set: its prefixes, and the metadata that holds for its rows."""
        self.file, self.expander = file, Expander(file.prefixes)
        self.told: set[tuple[str, str]] = set()
        # If the rows have a column for a slot, the metadata's value does not hold for them.
        columns = set(file.columns)
        shared = {k: v for k, v in file.metadata.items() if k not in columns}
        values = slot_values(shared, separator="")
        slots = {k: v for k, v in values.items() if k in library().propagatable}
        self.of_rows = frozenset(slots)
        _, faults = checked(library().row, slots, dict.fromkeys(REQUIRED, "-"))
        self.propagated = slots
        self.tell(file.problems)
        self._tell_slots(faults, file.metadata, "metadata")

    def _described(self, files: list[MappingFile]) -> tuple[MappingCounts, Facts]:
        """The set's counts, still zero, and the facts about it, which all its files state alike."""
        metadata, name = files[0].metadata, files[0].mapping_set
        fields = library().mapping_set.model_fields
        own = {k: v for k, v in metadata.items() if k in fields and k not in self.of_rows}
        values = slot_values(own, separator="")
        model, faults = checked(library().mapping_set, values, {"mapping_set_id": name})
        self._tell_slots(faults, metadata, "metadata")
        facts: Facts = [(RDF_TYPE, Sssom.MappingSet)]
        facts += dict.fromkeys(f[1:3] for f in slot_facts(values, model, self.expander.node))
        licence = self.expander.node(as_text(values.get("license", "")))
        if licence is None:
            reason = "no licence that is an IRI: nobody knows whether the links may be passed on"
            found = as_text(metadata.get("license", ""))
            self._warn("licence", "license, metadata", found, reason)
        counts = MappingCounts(
            name,
            self.iris.mapping_graph(name),
            as_text(values.get("mapping_set_title", name)),
            as_text(values.get("mapping_set_version", "")),
            licence or NO_LICENSE,
            tuple(v for p, v in facts if p == CREATOR and isinstance(v, NamedNode)),
            files,
        )
        return counts, facts

    def quads(self) -> Iterator[list[Quad]]:
        """The quads of each mapping that is loaded; the first come with those about the set."""
        counts = self.counts
        for file in counts.files:
            if file is not self.file:
                self.open(file)
            for row in read_rows(file):
                counts.read += 1
                try:
                    statements = self._statements(row)
                except _RowError as error:
                    counts.refused[error.kind] += 1
                    if error.reason:
                        where = f"{error.slot or 'row'}, line {row.line}"
                        self._warn(error.kind, where, error.value, error.reason)
                    continue
                if statements is None:
                    counts.absent += 1
                    continue
                counts.linked += 1
                quads = [Quad(*statement, counts.graph) for statement in statements]
                counts.triples += len(quads)
                yield quads

    def _statements(self, row: Row) -> list[Statement] | None:
        """The triples of a row; None where neither end is in the release.

        :raises _RowError: if it is not to be loaded.
        """
        if row.fault:
            raise _RowError("row", reason=f"{row.fault}: quote what holds a tab or a line break")
        cells = {name: cell for name, cell in row.cells.items() if cell}
        ends = self._ends(cells)
        if ends is None:
            return None
        if "predicate_modifier" in cells:  # its only value is Not
            raise _RowError("negated")
        values = self.propagated | slot_values(cells)
        if LITERAL in (values.get("subject_type"), values.get("object_type")):
            raise _RowError("literal")
        link = self._link(cells, *ends)
        why = self._node(cells, "mapping_justification")
        needed = {name: cells[name] for name in REQUIRED}
        model, faults = checked(library().row, values, needed)
        self._tell_slots(faults, cells, f"line {row.line}")
        facts: Facts = [
            (RDF_TYPE, Owl.Axiom),
            (Owl.annotated_source, link.subject),
            (Owl.annotated_property, link.predicate),
            (Owl.annotated_target, link.object),
            (Sssom.mapping_justification, why),
        ]
        own = turned(values) if link.turned else values
        for slot, predicate, value, is_right in slot_facts(own, model, self.expander.node):
            facts.append((predicate, value))
            if not is_right and self._is_news(slot, value.value):
                reason = "not an IRI by the prefixes of the file: kept as a text"
                self._warn("identifier", f"{slot}, line {row.line}", value.value, reason)
        return self._new(link, facts)

    def _new(self, link: _Link, facts: Facts) -> list[Statement]:
        """The triples that a mapping adds to the graph of its set.

        :raises _RowError: if the graph has it already.
        """
        # Two texts may be the same once their control characters are removed.
        facts = list(dict.fromkeys(facts))
        said = sorted(f"{predicate} {value}" for predicate, value in facts)
        content = "\n".join((self.counts.mapping_set, *said))
        if not self._is_first(content):
            raise _RowError("duplicate")
        node, whole = self.iris.mapping(content), NamedNode(self.counts.mapping_set)
        found: list[Statement] = []
        if self.counts.linked == 0:
            found += [(whole, *fact) for fact in self.set_facts]
        subject, predicate, value = link[:3]
        if self._is_first(f"{subject} {predicate} {value}"):
            found.append((subject, predicate, value))
            prefix, space = self.expander.space(link.spelt, value.value)
            self.counts.links[predicate.value, space] += 1
            self.counts.prefixes.setdefault(space, prefix)
        found.append((whole, Sssom.mappings, node))
        found += [(node, *fact) for fact in facts]
        return found

    def _is_first(self, content: str) -> bool:
        """Whether the set says this for the first time; an eight-byte hash of each is kept."""
        digest = hashlib.blake2b(content.encode(), digest_size=HASH_BYTES).digest()
        key = int.from_bytes(digest, "big")
        known = key in self.seen
        self.seen.add(key)
        return not known

    def _ends(self, cells: Mapping[str, str]) -> tuple[NamedNode, str, bool] | None:
        """The entity of the release, the column of the other end, and whether to invert the row.

        :raises _RowError: if the prefix of the subject is declared nowhere.
        """
        if subject := self._entity(cells.get("subject_id", "")):
            return subject, "object_id", False
        if target := self._entity(cells.get("object_id", ""), told=False):
            predicate = self.expander.node(cells.get("predicate_id", ""))
            if predicate in INVERSES:
                return target, "subject_id", True
        return None

    def _entity(self, text: str, *, told: bool = True) -> NamedNode | None:
        """The entity of the release that a cell spells.

        :raises _RowError: if ``told``, and its prefix is declared nowhere and not one of ours.
        """
        iri = self.expander.expand(text) if text else ""
        found = self.find(iri or text) if text else None
        if found is None and iri is None and told:
            self._refuse_prefix("subject_id", text)
        return self.entities.get(found or "")

    def _refuse_prefix(self, column: str, text: str) -> NoReturn:
        """Refuse a row, with a reason only the first time: all rows may have the same prefix."""
        prefix = text.partition(":")[0]
        reason = f"{prefix} is not in the curie_map: declare it there"
        raise _RowError("prefix", column, text, reason if self._is_news(column, prefix) else "")

    def _is_news(self, place: str, value: str) -> bool:
        """Whether a value is met for the first time at this place of the file's rows."""
        is_news = (place, value) not in self.told
        self.told.add((place, value))
        return is_news

    def _link(
        self, cells: Mapping[str, str], entity: NamedNode, column: str, is_turned: bool
    ) -> _Link:
        other = self._node(cells, column)
        if other == Sssom.NoTermFound:
            raise _RowError("no term found")
        predicate = self._node(cells, "predicate_id")
        if is_turned:
            predicate = INVERSES[predicate]
        own = "object_id" if is_turned else "subject_id"
        if other == self.expander.node(cells[own]):
            raise _RowError("itself")
        ours = self.find(other.value)
        # Another spelling of the entity itself is kept: a set may well link the two spellings.
        if ours and ours != entity.value:
            other = NamedNode(ours)
        if other == entity:
            raise _RowError("itself")
        return _Link(entity, predicate, other, cells[column], is_turned)

    def _node(self, cells: Mapping[str, str], column: str) -> NamedNode:
        """The node that a required cell stands for.

        :raises _RowError: if it is empty or stands for no IRI.
        """
        text = cells.get(column, "")
        if not text:
            raise _RowError("missing", column, "", "a mapping needs it: fill the cell")
        node = self.expander.node(text)
        if node is None:
            if self.expander.expand(text) is None:
                self._refuse_prefix(column, text)
            reason = "does not make an IRI: correct it, or its prefix"
            raise _RowError("identifier", column, text, reason)
        return node

    def _tell_slots(
        self, faults: Mapping[str, str], found: Mapping[str, Value], where: str
    ) -> None:
        for slot, reason in faults.items():
            said = reason[:1].lower() + reason[1:]
            value = as_text(found.get(slot, ""))
            self._warn("slot", f"{slot}, {where}", value, f"{said}: left out")

    def _warn(self, kind: str, where: str, value: str, reason: str) -> None:
        self.tell([Problem(self.file.name, where, f"mapping {kind}", "warning", value, reason)])
