"""What properties lead to is counted by the classes of both ends, wherever these are described."""

from collections import Counter
from typing import Final

from pyoxigraph import Literal, NamedNode

from pfocr_rdf.mapping import Node
from pfocr_rdf.ranges import ADDRESSES, Ends, Ranges, classes_of
from pfocr_rdf.tally import Tally
from pfocr_rdf.vocabulary import RDF_TYPE, XSD_STRING, Schema

ONE, OTHER, UNTYPED = (NamedNode(f"https://example.org/{name}") for name in ("1", "2", "3"))
GENE, TAXON, IMAGE = Schema.Gene.value, Schema.Taxon.value, Schema.ImageObject.value
MENTIONS: Final = Schema.mentions.value


def of(*nodes: Node) -> Ranges:
    tally = Tally()
    tally.add(nodes, {})
    return tally.ranges


def figure(*facts: tuple[NamedNode, NamedNode | Literal]) -> Node:
    return Node(ONE, [(RDF_TYPE, Schema.ImageObject), *facts])


def test_a_link_within_a_part_has_the_class_of_what_it_leads_to() -> None:
    ranges = of(figure((Schema.mentions, OTHER)), Node(OTHER, [(RDF_TYPE, Schema.Gene)]))
    assert ranges.of_class() == {(IMAGE, MENTIONS): (Counter({GENE: 1}), Counter())}
    assert not ranges.open


def test_a_link_to_another_part_waits_for_its_description() -> None:
    ranges, twice = of(figure((Schema.mentions, OTHER))), of(figure((Schema.mentions, OTHER)))
    ranges.merge(twice)
    assert ranges.of_class() == {}
    ranges.settle(classes_of([Node(OTHER, [(RDF_TYPE, Schema.Gene)])]))
    assert ranges.of_class() == {(IMAGE, MENTIONS): (Counter({GENE: 2}), Counter())}
    assert not ranges.open


def test_what_is_not_described_yet_goes_on_waiting() -> None:
    ranges = of(figure((Schema.mentions, OTHER), (Schema.mentions, UNTYPED)))
    ranges.settle({OTHER.value: (GENE,)})
    assert ranges.open == {((IMAGE,), MENTIONS): Counter({UNTYPED.value: 1})}
    ranges.settle({UNTYPED.value: (TAXON,)})
    assert ranges.of_class() == {(IMAGE, MENTIONS): (Counter({GENE: 1, TAXON: 1}), Counter())}


def test_nothing_waits_for_addresses_which_nobody_else_describes() -> None:
    nodes = [figure(*((predicate, UNTYPED) for predicate in sorted(ADDRESSES, key=str)))]
    assert of(*nodes) == Ranges()
    assert of(*nodes, Node(UNTYPED, [(RDF_TYPE, Schema.Taxon)])).of_class() == {
        (IMAGE, predicate.value): (Counter({TAXON: 1}), Counter()) for predicate in ADDRESSES
    }


def test_a_thing_without_a_class_has_no_partition() -> None:
    untyped = Node(UNTYPED, [(Schema.mentions, OTHER), (Schema.name, Literal("x"))])
    assert of(untyped, Node(OTHER, [(RDF_TYPE, Schema.Gene)])) == Ranges()


def test_each_class_of_both_ends_counts() -> None:
    ranges = of(
        Node(ONE, [(RDF_TYPE, Schema.Gene), (RDF_TYPE, Schema.Taxon), (Schema.mentions, ONE)])
    )
    ends: Ends = (Counter({GENE: 1, TAXON: 1}), Counter())
    assert ranges.of_class() == {(GENE, MENTIONS): ends, (TAXON, MENTIONS): ends}


def test_literals_are_counted_by_their_datatype() -> None:
    ranges = of(figure((Schema.name, Literal("a")), (Schema.name, Literal("b"))))
    strings: Ends = (Counter(), Counter({XSD_STRING.value: 2}))
    assert ranges.of_class() == {(IMAGE, Schema.name.value): strings}
