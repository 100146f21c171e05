"""A query answered by asking partners about values gives what Oxigraph's own SERVICE gives.

Oxigraph sends a clause as it is, takes all of its solutions, and joins them. Here a partner is
asked about the values that the release has, and only its answers join: that this comes to the
same is shown on queries made at random, of every pattern that SPARQL 1.1 has, in any order and
inside one another. The partner is Oxigraph's own server, with other data.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoints import oxigraph_server
from federating import IRIS, Asked, PlannerHere, bag, federation_of, partner, partners
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.federation.answers import Rows, read_rows
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.federation.partners import Partner
from pfocr_rdf.web.federation.steps import Bindings, Plan, Step

#: A thousand found nothing more.
QUERIES: Final = 60
#: Oxigraph sends some clauses once for each solution before them, which takes long.
ASKED_TWICE: Final = 25
SEED: Final = 5742
URL: Final = "urn:partner"


def random_store(seed: int) -> Store:
    made = random.Random(seed)
    store = Store()
    for predicate in range(3):
        for _ in range(9):
            value = NamedNode(f"urn:n{made.randrange(7)}")
            if made.random() < 0.2:
                store.add(quad(made.randrange(7), predicate, Literal(str(made.randrange(3)))))
            else:
                store.add(quad(made.randrange(7), predicate, value))
    return store


def quad(subject: int, predicate: int, value: NamedNode | Literal) -> Quad:
    return Quad(NamedNode(f"urn:n{subject}"), NamedNode(f"urn:p{predicate}"), value)


class Writer:
    """Writes queries at random."""

    def __init__(self, seed: int) -> None:
        self.made = random.Random(seed)
        self.names = 0

    def query(self) -> str:
        while "SERVICE" not in (text := f"SELECT * WHERE {{ {self.group(2, service=True)} }}"):
            pass
        return text

    def variable(self) -> str:
        return "?" + self.made.choice("abcd")

    def term(self) -> str:
        return self.variable() if self.made.random() < 0.85 else f"<urn:n{self.made.randrange(7)}>"

    def triple(self) -> str:
        value = self.term() if self.made.random() < 0.95 else '"1"'
        return f"{self.term()} <urn:p{self.made.randrange(3)}> {value} ."

    def condition(self) -> str:
        one, other = self.variable(), self.variable()
        return self.made.choice(
            [
                f"{one} != {other}",
                f"BOUND({one})",
                f"!BOUND({one})",
                f"isIRI({one})",
                f"{one} = <urn:n3> || {other} != <urn:n1>",
            ]
        )

    def expression(self) -> str:
        one = self.variable()
        return self.made.choice(
            [one, f"STR({one})", f'IRI(CONCAT("urn:n", {one}))', f"COALESCE({one}, <urn:n2>)"]
        )

    def values(self) -> str:
        return self.made.choice(
            [
                "VALUES (?a ?b) { (<urn:n1> UNDEF) (<urn:n2> <urn:n3>) }",
                "VALUES ?c { <urn:n1> <urn:n4> }",
            ]
        )

    def group(self, depth: int, *, service: bool) -> str:
        found = [self.triple()] if self.made.random() < 0.75 else []
        found += [self.element(depth, service) for _ in range(self.made.choice([1, 1, 2, 2, 3]))]
        return " ".join(found)

    def element(self, depth: int, service: bool) -> str:
        kinds = ["triple", "filter", "bind", "values"]
        kinds += ["service"] * 4 if service else []
        kinds += ["optional", "minus", "union", "group", "exists", "select"] if depth else []
        match self.made.choice(kinds):
            case "service":
                silent = self.made.choice(["", "", "SILENT "])
                return f"SERVICE {silent}<{URL}> {{ {self.group(min(depth, 1), service=False)} }}"
            case "filter":
                return f"FILTER({self.condition()})"
            case "bind":
                self.names += 1
                return f"BIND({self.expression()} AS ?z{self.names})"
            case "values":
                return self.values()
            case "triple":
                return self.triple()
            case kind:
                return self.nested(kind, self.group(depth - 1, service=service), depth, service)

    def nested(self, kind: str, inner: str, depth: int, service: bool) -> str:
        if kind == "union":
            return f"{{ {inner} }} UNION {{ {self.group(depth - 1, service=service)} }}"
        if kind == "select":
            clause = self.made.choice(["*", "?a ?b", "DISTINCT ?b ?c"])
            return f"{{ SELECT {clause} WHERE {{ {inner} }} }}"
        words = {"optional": "OPTIONAL", "minus": "MINUS", "group": ""}
        return f"{words.get(kind) or self.exists(kind)} {{ {inner} }}"

    def exists(self, kind: str) -> str:
        return self.made.choice(["FILTER EXISTS", "FILTER NOT EXISTS"]) if kind == "exists" else ""


class Here(Federation):
    """A federation whose partner is a store at hand: what is asked of it takes no network."""

    def __init__(self, remote: Store) -> None:
        super().__init__(partners(partner(URL, batch=3)))
        self.planner = PlannerHere()
        self.remote = Asked(remote)

    async def _fetch(self, partner: Partner, asked: str, step: Step, iris: Iris) -> Rows:
        found = await self.remote(asked)
        return read_rows(found, step.columns, iris.blank)


class Changed(Here):
    """Looks for values in another way."""

    def __init__(self, remote: Store, change: Callable[[Bindings], Bindings | None]) -> None:
        super().__init__(remote)
        self.change = change

    async def plan(self, text: str, iris: Iris, client: str = "") -> Plan:
        plan = await super().plan(text, iris, client)
        steps = []
        for step in plan.steps:
            bindings = (self.change(bindings) for bindings in step.bindings)
            steps.append(replace(step, bindings=tuple(one for one in bindings if one)))
        return replace(plan, steps=tuple(steps))


async def rests_of(federation: Federation, texts: Sequence[str], asked: Asked) -> list[str]:
    try:
        return [(await federation.join(text, IRIS, asked)).text for text in texts]
    finally:
        await federation.close()


def test_asking_about_values_gives_what_asking_for_everything_gives() -> None:
    local, remote, writer = random_store(1), random_store(2), Writer(SEED)
    texts = [writer.query() for _ in range(QUERIES)]
    asked = Asked(local)

    async def work() -> list[list[str]]:
        one = Here(remote)
        without = Changed(remote, lambda _: None)
        forgetful = Changed(remote, lambda found: replace(found, query=(*found.query, " OFFSET 3")))
        return [await rests_of(each, texts, asked) for each in (one, without, forgetful)]

    rests, wholes, fewer = asyncio.run(work())
    lost = 0
    for text, rest, whole, few in zip(texts, rests, wholes, fewer, strict=True):
        assert "SERVICE" not in rest
        expected = bag(local, whole)
        assert bag(local, rest) == expected, text
        lost += bag(local, few) != expected
    assert lost, "a value too few would be seen"
    # Most clauses share a variable with what is around them.
    assert len(asked.queries) > QUERIES


@pytest.fixture(name="url", scope="module")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph_server(tmp_path_factory.mktemp("partner"), random_store(2)) as url:
        yield url


@pytest.mark.parametrize("bindings", [1000, 3])
def test_asking_about_values_gives_what_oxigraph_gives(url: str, bindings: int) -> None:
    local, writer = random_store(1), Writer(SEED + bindings)
    # The partner is called by its own address, so that Oxigraph can call it too.
    texts = [writer.query().replace(URL, url) for _ in range(ASKED_TWICE)]
    found = partners(partner(url, batch=3, bindings=bindings))
    rests = asyncio.run(rests_of(federation_of(found), texts, Asked(local)))
    for text, rest in zip(texts, rests, strict=True):
        assert bag(local, rest) == bag(local, text), text


def test_groups_limits_and_aggregates_come_to_the_same(url: str) -> None:
    local = random_store(1)
    clause = f"?a <urn:p0> ?b SERVICE <{url}>"
    texts = [
        f"SELECT * {{ {clause} {{ SELECT ?b (COUNT(*) AS ?n) {{ ?b ?p ?o }} GROUP BY ?b }} }}",
        f"SELECT * {{ {clause} {{ SELECT ?b ?o {{ ?b ?p ?o }} ORDER BY ?b ?o LIMIT 9 }} }}",
        f"SELECT (COUNT(*) AS ?n) {{ {clause} {{ ?b ?p ?o }} }}",
        f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {clause} {{ ?b ?p ?o }} }}",
        f"SELECT DISTINCT ?a {{ {clause} {{ ?b <urn:p1>+ ?o }} }}",
        f"SELECT ?a (COUNT(?o) AS ?n) {{ {clause} {{ ?b ?p ?o }} }} GROUP BY ?a "
        "HAVING (COUNT(*) > 1) ORDER BY ?a VALUES ?a { <urn:n1> <urn:n2> <urn:n3> <urn:n4> }",
    ]
    rests = asyncio.run(rests_of(federation_of(partners(partner(url))), texts, Asked(local)))
    for text, rest in zip(texts, rests, strict=True):
        found = bag(local, rest)
        assert found == bag(local, text), text
        assert found, f"an answer without a row proves nothing: {text}"
