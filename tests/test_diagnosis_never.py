"""A condition that no text meets is told with what was meant; one that may be met is not."""

from typing import Final

import pytest
from pyoxigraph import Literal, Quad, Store

from building import store_of
from invoking import run
from pfocr_rdf.diagnosis.never import Never, never
from pfocr_rdf.iris import SCHEMA, Iris, term
from pfocr_rdf.releases import Release

IRIS: Final = Iris()
#: Condition of ?t → the condition that was meant.
CONDITION_TO_INSTEAD: Final = {
    'CONTAINS(LCASE(?t), "Apoptosis")': 'CONTAINS(LCASE(?t), "apoptosis")',
    "STRSTARTS(UCASE(STR(?t)), 'ép53')": "STRSTARTS(UCASE(STR(?t)), 'ÉP53')",
    'STRENDS(LCASE(?t),\n "A")': 'STRENDS(LCASE(?t), "a")',
    'LCASE(?t) = "TP53"': 'LCASE(?t) = "tp53"',
    '?t != "x" && LCASE(?t) = "TP53" && ?t != "y"': 'LCASE(?t) = "tp53"',
}


def asked(condition: str) -> str:
    return f"SELECT * {{ ?f schema:name ?t FILTER({condition}) }}"


@pytest.mark.parametrize("condition", CONDITION_TO_INSTEAD)
def test_a_text_in_other_letters_than_the_function_gives_is_told(condition: str) -> None:
    (found,) = never(asked(condition), Store(), IRIS)
    assert found.instead == CONDITION_TO_INSTEAD[condition]


@pytest.mark.parametrize(
    "condition",
    [
        'CONTAINS(LCASE(?t), "apoptosis 53")',
        'CONTAINS(UCASE(?t), "P53")',
        'CONTAINS(LCASE(?t), LCASE("Apoptosis"))',
        'CONTAINS(?t, "Apoptosis")',
        '!CONTAINS(LCASE(?t), "Apoptosis")',
        'LCASE(?t) != "TP53"',
        'LCASE(?t) > "TP53"',
        'CONTAINS(LCASE(?t), "TP53") = false',
        '(CONTAINS(LCASE(?t), "TP53")) != true',
        '(LCASE(?t) = "TP53") = false',
        'false = CONTAINS(LCASE(?t), "TP53")',
        'CONTAINS(LCASE(?t), "TP53") = CONTAINS(?t, "mouse")',
        'CONTAINS(?t, "mouse") = CONTAINS(LCASE(?t), "TP53")',
        'CONTAINS(LCASE(?t), "TP53") IN (?a, ?b)',
        'LCASE(?t) = "TP53" || ?f = 1',
        'IF(LCASE(?t) = "TP53", false, true)',
        'NOT EXISTS { ?f schema:name ?n FILTER(LCASE(?n) = "TP53") }',
        'LANG(?t) != "en"',
        'LANG(?t) = ""',
        'LANG(?t) = "en" || LANG(?t) = ""',
        '!LANGMATCHES(LANG(?t), "en")',
        'LANG(?other) = "en"',
    ],
)
def test_a_condition_that_may_hold_is_not_told(condition: str, seeds_release: Release) -> None:
    assert list(never(asked(condition), store_of(seeds_release), IRIS)) == []


def test_what_need_not_hold_is_not_told(seeds_release: Release) -> None:
    store = store_of(seeds_release)
    for text in (
        'SELECT * { ?f a ?c OPTIONAL { ?f schema:name ?t FILTER(LCASE(?t) = "TP53") } }',
        'SELECT * { { ?f a ?c } UNION { ?f schema:name ?t FILTER(LCASE(?t) = "TP53") } }',
        'SELECT (LCASE(?t) = "TP53" AS ?is) { ?f schema:name ?t } ORDER BY (LCASE(?t) = "TP53")',
        'SELECT * { ?f schema:name ?t BIND(CONTAINS(LCASE(?t), "TP53") AS ?is) }',
        'SELECT * FROM <urn:g> { ?f schema:name ?t FILTER(LANG(?t) = "en") }',
    ):
        assert list(never(text, store, IRIS)) == [], text


@pytest.mark.parametrize("condition", ['LANG(?t) = "en"', 'LANGMATCHES(LANG(?t), "*")'])
def test_a_language_is_told_if_the_texts_have_none(condition: str, seeds_release: Release) -> None:
    found = list(never(asked(condition), store_of(seeds_release), IRIS))
    assert found == [Never(condition, "?t")]
    store = Store()
    assert list(never(asked(condition), store, IRIS)) == []
    store.add(Quad(term(SCHEMA, "x"), term(SCHEMA, "name"), Literal("a", language="de")))
    assert list(never(asked(condition), store, IRIS)) == []


def test_the_command_line_says_what_to_write(seeds_release: Release) -> None:
    data = ("--data", seeds_release.path.parent.parent, "--format", "csv")
    assert run("query", asked('LCASE(?t) = "TP53"'), *data).err == (
        'nothing was found: LCASE(?t) = "TP53" never holds, write LCASE(?t) = "tp53"\n'
    )
    assert run("query", asked('LANG(?t) = "en"'), *data).err == (
        'nothing was found: LANG(?t) = "en" never holds, ?t has no language: leave it out\n'
    )
