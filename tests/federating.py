"""Federation for the tests: partners on loopback, and a store that plays the release."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import orjson
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    Store,
)

from endpoints import Handler
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.federation.evaluate import Federation, FederationOptions, Joined
from pfocr_rdf.web.federation.partners import Partner, Partners
from pfocr_rdf.web.federation.plan import make_plan
from pfocr_rdf.web.federation.planner import Planner
from pfocr_rdf.web.federation.steps import Plan

IRIS: Final = Iris()
T = TypeVar("T")
Bag = Counter[tuple[str, ...]]


def partner(url: str, name: str = "stand-in", **settings: Any) -> Partner:
    """A partner on loopback."""
    return Partner(name, url, **{"private": True, **settings})


def partners(*found: Partner) -> Partners:
    """A list of partners."""
    by_iri = {iri: one for one in found for iri in (one.endpoint, *one.also)}
    return Partners({one.name: one for one in found}, by_iri)


def partners_file(path: Path, tables: Mapping[str, Mapping[str, object]]) -> Path:
    """A list of partners as TOML; all of them are on loopback."""
    lines: list[str] = []
    for name, table in tables.items():
        lines.append(f"[partners.{name}]")
        for key, value in {"private": True, **table}.items():
            lines.append(f"{key} = {orjson.dumps(value).decode()}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


@cache
def plan_of(text: str) -> Plan:
    return make_plan(text, IRIS.prefixes(), IRIS.base)


class PlannerHere(Planner):
    """Plans in this process: to start another takes half a second."""

    async def plan(
        self, text: str, prefixes: Mapping[str, str], base: str = "", client: str = ""
    ) -> Plan:
        return plan_of(text)


def federation_of(found: Partners, options: FederationOptions = FederationOptions()) -> Federation:
    """A federation that plans in this process."""
    federation = Federation(found, options)
    federation.planner = PlannerHere()
    return federation


class Asked:
    """Asks a store, and remembers what it was asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.queries: list[str] = []

    async def __call__(self, text: str) -> bytes:
        self.queries.append(text)
        answer = self.store.query(text, prefixes=IRIS.prefixes(), base_iri=IRIS.base)
        assert isinstance(answer, QuerySolutions)
        found = answer.serialize(format=QueryResultsFormat.JSON)
        assert found is not None
        return found


def with_federation(
    found: Partners,
    work: Callable[[Federation], Awaitable[T]],
    options: FederationOptions = FederationOptions(),
) -> T:
    """Do something with a federation, and close it."""

    async def run() -> T:
        federation = federation_of(found, options)
        try:
            return await work(federation)
        finally:
            await federation.close()

    return asyncio.run(run())


def joined(text: str, store: Store, *found: Partner) -> Joined:
    """What is left of a query when its partners were asked."""
    return with_federation(partners(*found), lambda fed: fed.join(text, IRIS, Asked(store)))


def bag(store: Store, text: str, names: Iterable[str] = ()) -> Bag:
    """The solutions of a query and how often each comes; None is what is not bound."""
    answer = store.query(text, prefixes=IRIS.prefixes(), base_iri=IRIS.base)
    assert isinstance(answer, QuerySolutions)
    columns = list(names) or sorted(variable.value for variable in answer.variables)
    return Counter(tuple(str(row[name]) for name in columns) for row in answer)


def store_of(*triples: tuple[str, str, str]) -> Store:
    """A store; what has no colon is a literal."""
    store = Store()
    for subject, predicate, value in triples:
        term = NamedNode(value) if ":" in value else Literal(value)
        store.add(Quad(NamedNode(subject), NamedNode(predicate), term))
    return store


def solutions(*rows: Mapping[str, Mapping[str, str]]) -> bytes:
    """An answer as a partner sends it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return orjson.dumps({"head": {"vars": names}, "results": {"bindings": list(rows)}})


def uri(value: str) -> dict[str, str]:
    """A cell of an answer."""
    return {"type": "uri", "value": value}


def text_of(body: bytes) -> str:
    """The query in a request to a partner."""
    return parse_qs(body.decode())["query"][0]


def values_in(text: str) -> list[str]:
    """The values that a query asks about."""
    return re.findall(r"\(<([^>]+)>\)", text)


class Waiting:
    """A partner that does not answer until it is told to, and sees who goes away."""

    def __init__(self, answer: Callable[[Handler], None]) -> None:
        self.begun = threading.Semaphore(0)
        self.gone = threading.Semaphore(0)
        self.go_on = threading.Event()
        self._answer = answer

    def __call__(self, handler: Handler) -> None:
        self.begun.release()
        handler.connection.settimeout(0.02)
        while not self.go_on.is_set():
            with suppress(TimeoutError):
                if not handler.connection.recv(1):
                    self.gone.release()
                    return
        handler.connection.settimeout(None)
        self._answer(handler)
