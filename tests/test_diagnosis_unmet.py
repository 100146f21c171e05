"""A condition that no text of the release meets is told; in other letters, with what finds it."""

from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from building import store_of
from invoking import run
from pacing import cpu_within
from pfocr_rdf.diagnosis.unmet import MOST_TRIPLES, Unmet, unmet
from pfocr_rdf.iris import SCHEMA, Iris, term
from pfocr_rdf.releases import Release

IRIS: Final = Iris()
NAME: Final = term(SCHEMA, "name")
#: Condition of ?t → what finds a text, and what it finds.
CONDITION_TO_INSTEAD: Final = {
    'CONTAINS(?t, "mapK")': ('CONTAINS(LCASE(?t), "mapk")', "MAPK"),
    "STRSTARTS( STR($t), # a, b\n 'ÉRK')": ("STRSTARTS(LCASE(STR(?t)), 'érk')", "Érk"),
    'STRENDS(?t , "pK1")': ('STRENDS(LCASE(?t), "pk1")', "PK1"),
    'STR(?t) = "mapk1" && ?t != "x"': ('LCASE(STR(?t)) = "mapk1"', "MAPK1"),
    'REGEX(?t, "^map.1$")': ('REGEX(?t, "^map.1$", "i")', "MAPK1"),
    '?t != "x" && !CONTAINS(?t, "y") && contains(?t, "Apk")': (
        *('CONTAINS(LCASE(?t), "apk")', "APK"),
    ),
}
#: These say nothing of the texts as they are, need not hold, or hold.
UNTOLD: Final = (
    'CONTAINS(?t, "MAPK")',
    'REGEX(?t, "^m", "i")',
    'CONTAINS(LCASE(?t), "xyz")',
    'CONTAINS(?t, LCASE("xyz"))',
    'CONTAINS(?t, "xyz"@en)',
    'CONTAINS(?t, "\\u0078yz")',
    'CONTAINS("xyz", ?t)',
    "CONTAINS(?t, ?x)",
    'CONTAINS(CONCAT(?t, "z"), "xyz")',
    'CONTAINS(STR(?t, "xyz"))',
    '!CONTAINS(?t, "xyz")',
    'CONTAINS(?t, "xyz") = ?x',
    '?x = CONTAINS(?t, "xyz")',
    'CONTAINS(?t, "xyz") IN (?x)',
    'CONTAINS(?t, "xyz") || ?x > 1',
    'IF(CONTAINS(?t, "xyz"), ?x, ?y)',
    'CONTAINS(?f, "xyz")',
    *('STR(?t) = "MAPK1"', 'STR(?t) != "xyz"', 'STR(?t) > "xyz"', '!(STR(?t) = "xyz")'),
    *('?x = STR(?t) = "xyz"', 'STR(?t) = "xyz"@en', 'STR(?t) = "xyz" = ?x', "STR(?t)"),
    'CONCAT("x", STR(?t)) = "xyz"',
    'STR(?t) = "xyz',
    '?contains = "xyz"',
    "CONTAINS(?t",
)


def asked(condition: str) -> str:
    return f"SELECT * {{ ?f schema:name ?t FILTER({condition}) }}"


def rows(text: str, store: Store) -> int:
    answer = store.query(text, prefixes=IRIS.prefixes())
    assert isinstance(answer, QuerySolutions)
    return len(list(answer))


def store_with(*texts: str) -> Store:
    store = Store()
    store.extend(Quad(NamedNode("urn:f"), NAME, Literal(text)) for text in texts)
    return store


@pytest.mark.parametrize("condition", CONDITION_TO_INSTEAD)
def test_a_text_that_is_there_in_other_letters_is_told_with_what_finds_it(condition: str) -> None:
    store = store_with("MAPK1", "Érk1", "z")
    (found,) = unmet(asked(condition), store, IRIS)
    assert (found.instead, found.example) == CONDITION_TO_INSTEAD[condition]
    assert not rows(asked(condition), store)
    assert rows(asked(found.instead), store)


def test_a_text_that_is_nowhere_is_told() -> None:
    store = store_with("MAPK1")
    text = asked('REGEX(?t, "x{2}") && CONTAINS(?t, "$of <urn:x> }")')
    assert list(unmet(text, store, IRIS)) == [
        Unmet('REGEX(?t, "x{2}")', NAME),
        Unmet('CONTAINS(?t, "$of <urn:x> }")', NAME),
    ]


@pytest.mark.parametrize("condition", UNTOLD)
def test_what_need_not_hold_or_holds_is_not_told(condition: str) -> None:
    assert list(unmet(asked(condition), store_with("MAPK1"), IRIS)) == []


def test_where_a_text_may_be_of_something_else_nothing_is_told() -> None:
    store = store_with("MAPK1")
    condition = 'CONTAINS(?t, "xyz")'
    for text in (
        f"SELECT * {{ ?f a ?c OPTIONAL {{ ?f schema:name ?t FILTER({condition}) }} }}",
        f"SELECT * {{ ?f schema:name|schema:caption ?t FILTER({condition}) }}",
        f"SELECT * {{ ?f ?p ?t FILTER({condition}) }}",
        f"SELECT * {{ ?f schema:name ?t ; schema:caption ?t FILTER({condition}) }}",
        f"SELECT * {{ GRAPH ?g {{ ?f schema:name ?t FILTER({condition}) }} }}",
        f"SELECT * {{ ?f schema:name ?t BIND({condition} AS ?is) }}",
        f"SELECT ({condition} AS ?is) {{ ?f schema:name ?t }} ORDER BY ({condition})",
        f"SELECT * {{ ?f schema:caption ?t FILTER({condition}) }}",
    ):
        assert list(unmet(text, store, IRIS)) == [], text


def test_only_the_default_graph_is_looked_through() -> None:
    store = store_with("MAPK1")
    store.add(Quad(NamedNode("urn:f"), NAME, Literal("xyz"), NamedNode("urn:g")))
    (found,) = unmet(asked('CONTAINS(?t, "xyz")'), store, IRIS)
    assert not found.instead


class Patterns:
    """Quads of which only patterns can be asked, as of another engine."""

    def __init__(self, store: Store) -> None:
        self.quads_for_pattern = store.quads_for_pattern


def test_where_only_patterns_can_be_asked_nothing_is_told() -> None:
    assert list(unmet(asked('CONTAINS(?t, "xyz")'), Patterns(store_with("a")), IRIS)) == []


def test_of_more_texts_than_are_looked_through_it_is_not_told_that_none_is_it() -> None:
    condition = asked('CONTAINS(?t, "x")')
    store = store_with(*map(str, range(MOST_TRIPLES - 1)))
    with cpu_within(1.5):
        assert list(unmet(condition, store, IRIS)) == [Unmet('CONTAINS(?t, "x")', NAME)]
    store.add(Quad(NamedNode("urn:g"), NAME, Literal("0")))
    assert list(unmet(condition, store, IRIS)) == []
    store.add(Quad(NamedNode("urn:g"), NAME, Literal("X")))
    (found,) = unmet(condition, store, IRIS)  # sorted before longer texts, as the store has them
    assert found.instead


def test_the_command_line_says_what_to_write(seeds_release: Release) -> None:
    data = ("--data", seeds_release.path.parent.parent, "--format", "csv")
    assert run("query", asked('CONTAINS(?t, "mapk")'), *data).err == (
        'nothing was found: CONTAINS(?t, "mapk") tells capitals from small letters,'
        ' write CONTAINS(LCASE(?t), "mapk") to find "MAPK"\n'
    )
    assert run("query", asked('CONTAINS(?t, "xyz")'), *data).err == (
        'nothing was found: no <http://schema.org/name> meets CONTAINS(?t, "xyz")\n'
    )


def test_what_is_told_is_why_nothing_is_found(seeds_release: Release) -> None:
    store = store_of(seeds_release)
    for value in ("mapk", "MAPK", "Mapk", "xyz", "2", ".", "", " "):
        for condition in (f"CONTAINS(?t, '{value}')", f"REGEX(STR(?t), '{value}')"):
            text = asked(condition)
            assert bool(list(unmet(text, store, IRIS))) == (not rows(text, store)), text
