"""A query that asks a thing for what nothing has together is told so, and no other one."""

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import pytest
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, QuerySolutions, Triple

from building import store_of
from pfocr_rdf.diagnosis.apart import apart
from pfocr_rdf.iris import RDF, Iris, term
from pfocr_rdf.queries import NamedQuery, named_queries
from pfocr_rdf.releases import Release

IRIS = Iris()
FIGURE = "figure:PMC3471537__nihms406899f5"
TYPE = term(RDF, "type")


def told(release: Release, text: str) -> list[tuple[str, ...]]:
    """Each thing with what it lacks, what it is asked for beside, and the classes that have it."""
    found = apart(text, store_of(release), IRIS)
    return [(one.thing, *map(short, (one.lacks, one.beside, *one.classes))) for one in found]


def short(found: NamedNode | None) -> str:
    if found is None:
        return ""
    prefixes = {space: prefix for prefix, space in IRIS.prefixes().items()}
    space = max((one for one in prefixes if found.value.startswith(one)), key=len)
    return f"{prefixes[space]}:{found.value.removeprefix(space)}"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (
            "?f schema:mentions ?g ; pfocr:tier ?t",
            ("?f", "pfocr:tier", "schema:mentions", "pfocr:GeneMention", "oa:Annotation"),
        ),
        (
            "?f pfocr:tier ?t ; a pfocr:PathwayFigure",
            ("?f", "pfocr:tier", "pfocr:PathwayFigure", "pfocr:GeneMention", "oa:Annotation"),
        ),
        (
            "?g a schema:Gene ; schema:mentions ?f",
            ("?g", "schema:mentions", "schema:Gene", "pfocr:PathwayFigure", "schema:ImageObject"),
        ),
        (
            "[ a pfocr:DiseaseMention ; schema:datePublished ?y ]",
            (
                *("[]", "schema:datePublished", "pfocr:DiseaseMention"),
                "schema:ScholarlyArticle",
            ),
        ),
        (
            f"{FIGURE} schema:name ?n ; schema:datePublished ?y",
            (
                *("<https://pfocr.wikipathways.org/figures/PMC3471537__nihms406899f5>",),
                *("schema:datePublished", "", "schema:ScholarlyArticle"),
            ),
        ),
    ],
)
def test_what_nothing_has_together_is_told_with_what_has_it(
    pattern: str, expected: tuple[str, ...], seeds_release: Release
) -> None:
    assert told(seeds_release, f"SELECT * {{ {pattern} }}") == [expected]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("gene:2064 rdfs:label ?name", "schema:name"),
        ("?f a pfocr:PathwayFigure ; dcterms:title ?title", "schema:name"),
        ("?f schema:mentions ?g ; rdfs:label ?name", "schema:name"),
        # Mentions have none, and tiers have labels.
        ("?m a pfocr:GeneMention ; rdfs:label ?name", ""),
        ("pfocr:symbol rdfs:label ?name ; schema:name ?other", ""),
        ("?t a schema:Taxon . ?t schema:name ?name . ?g rdfs:label ?x ; schema:name ?y", ""),
        ("gene:2064 schema:datePublished ?date", ""),
    ],
)
def test_who_asks_for_a_name_is_told_how_names_are_found(
    pattern: str, instead: str, seeds_release: Release
) -> None:
    (found,) = apart(f"ASK {{ {pattern} }}", store_of(seeds_release), IRIS)
    assert short(found.instead) == instead


@pytest.mark.parametrize(
    ("pattern", "thing", "lacks", "via", "leads", "classes"),
    [
        (
            *("?f schema:mentions ?g . ?g pfocr:tier ?t", "?g", "pfocr:tier", "schema:mentions"),
            ("schema:ChemicalSubstance", "schema:Gene"),
            ("pfocr:GeneMention", "oa:Annotation"),
        ),
        (
            *("?g pfocr:tier ?t . ?f schema:mentions ?g", "?g", "pfocr:tier", "schema:mentions"),
            ("schema:ChemicalSubstance", "schema:Gene"),
            ("pfocr:GeneMention", "oa:Annotation"),
        ),
        (
            *("?f schema:mentions [ schema:datePublished ?y ]", "[]", "schema:datePublished"),
            *("schema:mentions", ("schema:ChemicalSubstance", "schema:Gene")),
            ("schema:ScholarlyArticle",),
        ),
        (
            *("?g a pfocr:GeneMention . ?m oa:hasBody ?g", "?g", "pfocr:GeneMention"),
            *("oa:hasBody", ("schema:ChemicalSubstance", "schema:Gene"), ()),
        ),
    ],
)
def test_what_a_property_does_not_lead_to_is_told(
    pattern: str,
    thing: str,
    lacks: str,
    via: str,
    leads: tuple[str, ...],
    classes: tuple[str, ...],
    seeds_release: Release,
) -> None:
    (one,) = apart(f"SELECT * {{ {pattern} }}", store_of(seeds_release), IRIS)
    assert (one.thing, *map(short, (one.lacks, one.via, one.beside))) == (thing, lacks, via, "")
    assert tuple(map(short, one.leads)) == leads
    assert tuple(map(short, one.classes)) == classes


def test_the_classes_that_a_property_leads_to_most_often_are_told(
    mixed_release: Release,
) -> None:
    text = "SELECT * { ?f schema:isPartOf ?a . ?a schema:mentions ?g }"
    (one,) = apart(text, store_of(mixed_release), IRIS)
    assert "schema:ScholarlyArticle" in map(short, one.leads)


def test_a_label_of_what_a_property_leads_to_is_its_name(seeds_release: Release) -> None:
    text = "SELECT * { ?f schema:mentions ?g . ?g rdfs:label ?name }"
    (one,) = apart(text, store_of(seeds_release), IRIS)
    assert (one.thing, short(one.via), short(one.instead)) == (
        "?g",
        "schema:mentions",
        "schema:name",
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "?f schema:mentions/schema:taxonomicRange ?t . ?t schema:name ?n",
        "?m pfocr:tier ?t . ?t rdfs:label ?n",
        # Of both there are things without a class: addresses, and partitions.
        "?f schema:url ?u . ?p schema:publisher ?u",
        "?d void:classPartition ?p . ?p void:property ?x",
        "?d void:propertyPartition ?p . ?p void-ext:datatypePartition ?x ; void:triples ?n",
        # Elsewhere it may lead to something else.
        "?f schema:mentions ?g OPTIONAL { ?g pfocr:tier ?t }",
        "{ ?f schema:mentions ?g } UNION { ?g pfocr:tier ?t }",
        "?f schema:mentions* ?m . ?m pfocr:tier ?t",
        "?f schema:mentions|^oa:hasTarget ?m . ?m pfocr:tier ?t",
        "?f ^oa:hasTarget ?m . ?m pfocr:tier ?t",
        "?a dcterms:isReplacedBy ?f . ?f pfocr:tier ?t",
    ],
)
def test_of_what_a_property_may_lead_to_nothing_is_told(
    pattern: str, seeds_release: Release
) -> None:
    assert told(seeds_release, f"SELECT * {{ {pattern} }}") == []


def test_what_a_named_graph_alone_has_is_told_with_the_graph(seeds_release: Release) -> None:
    text = "SELECT * { gene:2064 schema:name ?n ; schema:sameAs ?x . ?y schema:sameAs gene:2064 }"
    for found in apart(text, store_of(seeds_release), IRIS):
        assert (short(found.lacks), found.graph) == ("schema:sameAs", IRIS.equivalents)
        assert (found.beside, found.classes) == (None, ())
    assert [one[0][:2] for one in told(seeds_release, text)] == ["<h", "?y"]


def test_a_term_that_no_triple_has_as_its_property_is_told(seeds_release: Release) -> None:
    assert told(seeds_release, "ASK { ?f a pfocr:PathwayFigure ; schema:Gene ?g }") == [
        ("?f", "schema:Gene", "")
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "?f a pfocr:PathwayFigure ; schema:mentions ?g ; schema:name 'no such title'",
        # What has the first has no class, nor another property.
        "?a dcterms:isReplacedBy ?f ; schema:name ?n",
        f"{FIGURE} a schema:Gene ; schema:name ?x",
        "?f a pfocr:PathwayFigure OPTIONAL { ?f pfocr:tier ?t }",
    ],
)
def test_of_what_may_go_together_nothing_is_told(pattern: str, seeds_release: Release) -> None:
    assert told(seeds_release, f"SELECT * {{ {pattern} }}") == []


def test_of_every_thing_all_that_is_there_may_be_asked(any_release: Release) -> None:
    """Whatever has two properties has a class, and the description has all of its properties."""
    store = store_of(any_release)
    properties = defaultdict[NamedNode | BlankNode | Triple, set[NamedNode]](set)
    leading = defaultdict[object, set[NamedNode]](set)
    kinds = defaultdict[NamedNode | BlankNode | Triple, set[NamedNode]](set)
    for quad in store.quads_for_pattern(None, None, None, DefaultGraph()):
        if quad.predicate == TYPE:
            assert isinstance(quad.object, NamedNode)
            kinds[quad.subject].add(quad.object)
        else:
            properties[quad.subject].add(quad.predicate)
            leading[quad.object].add(quad.predicate)
    for classes, had, led in {
        (frozenset(kinds[thing]), frozenset(had), frozenset(leading[thing]))
        for thing, had in properties.items()
    }:
        asked = [f"?x a <{kind.value}>" for kind in classes]
        asked += [f"?x <{p.value}> []" for p in had]
        asked += [f"[] <{p.value}> ?x" for p in led]
        random.Random(len(asked)).shuffle(asked)
        assert told(any_release, f"ASK {{ {' . '.join(asked)} }}") == []


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_a_named_query_asks_no_thing_for_what_nothing_has_together(
    query: NamedQuery, mixed_release: Release
) -> None:
    assert told(mixed_release, query.text) == []


PROPERTIES = (
    *("schema:mentions", "schema:name", "schema:identifier", "schema:isPartOf", "schema:text"),
    *("pfocr:tier", "oa:hasBody", "oa:hasTarget", "rdfs:label", "schema:sameAs", "rdf:type"),
)
CLASSES = ("schema:Gene", "pfocr:PathwayFigure", "pfocr:GeneMention", "schema:Taxon")
PATHS = ("{}", "{}/{}", "{}|{}", "{}*", "{}?/{}", "{}+", "^{}", "({}|{})", "{}/^{}", "!{}", "a/{}*")
THINGS = ("?a", "?b", "?c", "gene:2064", "[]")
#: What groups are made of.
GROUPS = (
    *("{0} {1}", "{{{0}}} UNION {{{1}}}", "{0} OPTIONAL {{{1}}}", "{0} MINUS {{{1}}}"),
    *("{0} FILTER NOT EXISTS {{{1}}}", "FILTER(?a != ?b || EXISTS {{{1}}}) {0}"),
    *("{0} {{ SELECT (COUNT(?a) AS ?n) {{{1}}} }}", "{{ SELECT ?a {{{1}}} LIMIT 9 }} {0}"),
    *("VALUES (?a ?b) {{ (gene:2064 UNDEF) }} {0}", "{0} FILTER regex(STR(?a), '; {1}')"),
)


def queries(seed: int) -> Iterator[str]:
    """Queries of all forms, by chance."""
    by_chance = random.Random(seed)

    def demanded() -> str:
        if by_chance.random() < 0.3:
            return f"a {by_chance.choice(CLASSES)}"
        path = by_chance.choice(PATHS).format(*by_chance.sample(PROPERTIES, 2))
        value = by_chance.choice((*THINGS, "'; a schema:Gene'@en", "5.0", "nested"))
        return f"{path} {value if value != 'nested' else f'[ {demanded()} ]'}"

    def group(depth: int) -> str:
        if depth and by_chance.random() < 0.6:
            return by_chance.choice(GROUPS).format(group(depth - 1), group(depth - 1))
        several = (demanded() for _ in range(by_chance.randint(1, 3)))
        return f"{by_chance.choice(THINGS)} {' ; '.join(several)} . "

    while True:
        yield f"SELECT * {{ {group(3)} }} LIMIT 1"


@pytest.mark.parametrize("seed", range(4))
def test_of_no_query_that_finds_something_anything_is_told(
    seed: int, seeds_release: Release
) -> None:
    store = store_of(seeds_release)
    told_of = 0
    for text in islice(queries(seed), 300):
        with suppress(SyntaxError):  # a quote within a text, a variable that is there twice
            answer = store.query(text, prefixes=IRIS.prefixes())
            if list(apart(text, store, IRIS)):
                told_of += 1
                assert isinstance(answer, QuerySolutions)
                assert next(answer, None) is None, text
    assert told_of > 30
