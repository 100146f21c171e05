"""Counts taken while writing are what counting the triples gives, however they are cut."""

import os
import random
import subprocess
import sys
from collections import Counter
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Triple

import pfocr_rdf.tally
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import Common, Node, triples
from pfocr_rdf.ranges import Ranges, classes_of
from pfocr_rdf.tally import Tally, Targets, by_subject
from pfocr_rdf.vocabulary import RDF_TYPE, Schema

THINGS: Final = [NamedNode(f"https://example.org/{kind}/{n}") for kind in "ab" for n in range(6)]
CLASSES: Final = [NamedNode(f"https://example.org/class/{n}") for n in range(3)]
PREDICATES: Final = [Schema.name, Schema.about, Schema.mentions]
TARGETS: Final[Targets] = {
    Schema.about: (("https://example.org/a/", "a"), ("https://example.org/", "all")),
    Schema.mentions: (("https://example.org/b/", "b"),),
}
facts = st.one_of(
    st.tuples(st.just(RDF_TYPE), st.sampled_from(CLASSES)),
    st.tuples(
        st.sampled_from(PREDICATES), st.sampled_from([*THINGS, Literal("https://example.org/a/1")])
    ),
)
nodes = st.builds(
    lambda subject, said: Node(subject, list(dict.fromkeys(said))),
    st.sampled_from(THINGS),
    st.lists(facts, min_size=1, max_size=8),
)
#: What many subjects may have in common, with a value of each; a predicate that links, too.
COMMON: Final = [
    Common(Schema.name, ((RDF_TYPE, CLASSES[0]), (Schema.about, THINGS[0])), 1),
    Common(Schema.about, ((Schema.mentions, THINGS[7]), (Schema.mentions, THINGS[1])), 0),
    Common(Schema.mentions, (), 0),
]
alike = st.builds(
    lambda common, subject, value: common.node(subject, value),
    st.sampled_from(COMMON),
    st.sampled_from(THINGS),
    st.sampled_from(THINGS),
)
parts = st.lists(nodes | alike, max_size=12, unique_by=lambda node: node.subject)


def counted(found: set[Triple]) -> Tally:
    """The counts as their definitions have them, from the triples alone."""
    tally = Tally(triples=len(found), subjects=len({t.subject for t in found}))
    classes: dict[object, set[str]] = {}
    for triple in found:
        if triple.predicate == RDF_TYPE:
            classes.setdefault(triple.subject, set()).add(value(triple))
    tally.typed = len(classes)
    for triple in found:
        predicate = str(triple.predicate.value)
        tally.properties[predicate] += 1
        for name in classes.get(triple.subject, ()):
            tally.class_properties[name, predicate] += 1
        if triple.predicate == RDF_TYPE:
            tally.classes[value(triple)] += 1
        for namespace, name in TARGETS.get(NamedNode(predicate), ()):
            if isinstance(triple.object, NamedNode) and value(triple).startswith(namespace):
                tally.links[predicate, name] += 1
                break
        count_range(tally.ranges, triple, classes)
    return tally


def count_range(ranges: Ranges, triple: Triple, classes: dict[object, set[str]]) -> None:
    """What a triple of a thing with classes leads to; each class of the thing by itself."""
    predicate = str(triple.predicate.value)
    for name in classes.get(triple.subject, ()):
        if isinstance(triple.object, Literal):
            ranges.datatypes[(name,), predicate, triple.object.datatype.value] += 1
        elif triple.predicate != RDF_TYPE:
            for kind in classes.get(triple.object, ()):
                ranges.classes[(name,), predicate, (kind,)] += 1


def value(triple: Triple) -> str:
    assert isinstance(triple.object, NamedNode | Literal)
    return triple.object.value


def numbers(tally: Tally) -> tuple[object, ...]:
    """Everything but the hashes."""
    return (
        *(tally.triples, tally.subjects, tally.typed, tally.classes, tally.properties),
        *(tally.class_properties, tally.links, tally.ranges.of_class()),
    )


def tallied(*of_parts: list[Node], most: int = 100) -> Tally:
    total = Tally(most=most)
    for part in of_parts:
        tally = Tally()
        tally.add(part, TARGETS)
        total.merge(tally)
    total.ranges.settle(classes_of(node for part in of_parts for node in by_subject(part)))
    return total


@given(parts)
def test_counts_are_those_of_the_triples(part: list[Node]) -> None:
    tally, found = tallied(part), set(triples(part))
    assert numbers(tally) == numbers(counted(found))
    assert tally.distinct_objects == len({t.object for t in found})


@given(parts, st.integers(1, 5), st.integers(0, 9), st.randoms(use_true_random=False))
def test_counts_do_not_depend_on_how_nodes_are_cut_and_ordered(
    part: list[Node], pieces: int, most: int, chance: random.Random
) -> None:
    shuffled = chance.sample(part, len(part))
    cut = [shuffled[start::pieces] for start in range(pieces)]
    assert numbers(tallied(*cut, most=most)) == numbers(tallied(part))
    assert tallied(*cut, most=most).distinct_objects == tallied(part).distinct_objects


def test_a_word_that_is_in_many_parts_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pfocr_rdf.tally, "SLACK", 10)
    nodes = [Node(thing, [(Schema.name, Literal("always"))]) for thing in THINGS]
    total = Tally(most=10)
    for number in range(1000):
        part = Tally()
        part.add([*nodes, Node(THINGS[0], [(Schema.about, Literal(f"{number % 20}"))])], TARGETS)
        total.merge(part)
        assert total.held == sum(map(len, total.objects)) <= 2 * 21 + 10
    assert total.distinct_objects == 21


def test_an_alias_of_two_figures_is_one_subject() -> None:
    iris = Iris()
    alias, one, two = (iris.figure(f"PMC1__{name}") for name in ("F1", "a", "b"))
    part = [Node(one, [(RDF_TYPE, CLASSES[0])])]
    part += [Node(alias, [(Schema.about, one)]), Node(alias, [(Schema.about, two)])]
    assert tallied(part).subjects == 2
    assert numbers(tallied(part)) == numbers(counted(set(triples(part))))


def test_an_alias_that_is_a_figure_too_is_counted_as_the_figure() -> None:
    part = [Node(THINGS[0], [(RDF_TYPE, CLASSES[0])]), Node(THINGS[0], [(Schema.about, THINGS[1])])]
    assert numbers(tallied(part)) == numbers(counted(set(triples(part))))
    assert tallied(part).class_properties[CLASSES[0].value, Schema.about.value] == 1


def test_nodes_of_one_subject_are_put_together_in_order_and_left_as_they_were() -> None:
    one = Node(THINGS[0], [(Schema.name, Literal("a"))])
    other = Node(THINGS[1], [(Schema.name, Literal("b"))])
    more = Node(THINGS[0], [(Schema.name, Literal("c"))])
    found = by_subject([one, other, more])
    assert [node.subject for node in found] == THINGS[:2]
    assert [literal.value for _, literal in found[0].facts] == ["a", "c"]
    assert len(one.facts) == 1


def test_a_link_is_counted_for_the_first_target_that_it_leads_to() -> None:
    part = [Node(THINGS[0], [(Schema.about, THINGS[0]), (Schema.about, CLASSES[0])])]
    assert tallied(part).links == Counter(
        {(Schema.about.value, "a"): 1, (Schema.about.value, "all"): 1}
    )


def test_nothing_counts_nothing() -> None:
    assert numbers(tallied([])) == numbers(Tally())
    assert tallied([]).distinct_objects == 0


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_a_term_has_the_same_hash_in_every_process(seed: str) -> None:
    """Workers hash what they count, and the parts of a build before may have been hashed."""
    terms = "Literal('a'), Literal('1', datatype=NamedNode('urn:t')), NamedNode('urn:a')"
    code = f"from pyoxigraph import Literal, NamedNode; print(*map(hash, [{terms}]))"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    here = [Literal("a"), Literal("1", datatype=NamedNode("urn:t")), NamedNode("urn:a")]
    assert [int(number) for number in found.stdout.split()] == list(map(hash, here))
