"""Partners are asked as little as possible, within their budgets, and their answers are kept."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final, cast

import pytest
from pyoxigraph import Literal, QuerySolutions, Store

from endpoints import JSON, Handler, StandIn, stand_in
from federating import (
    IRIS,
    Asked,
    Waiting,
    bag,
    federation_of,
    joined,
    partner,
    partners,
    solutions,
    store_of,
    text_of,
    uri,
    values_in,
    with_federation,
)
from pfocr_rdf.web.cache import CacheLimits
from pfocr_rdf.web.federation import evaluate
from pfocr_rdf.web.federation.answers import Rows
from pfocr_rdf.web.federation.evaluate import Federation, FederationOptions, Joined
from pfocr_rdf.web.federation.explain import explain, explained_text
from pfocr_rdf.web.federation.kept import Kept
from pfocr_rdf.web.federation.partners import Partner, Whole
from pfocr_rdf.web.problems import Refusal

LOCAL: Final = store_of(*((f"urn:f{n}", "urn:mentions", f"urn:g{n}") for n in range(10)))
Row = Mapping[str, Mapping[str, str]]


def query(url: str, word: str = "SERVICE", more: str = "") -> str:
    return f"SELECT * {{ ?f <urn:mentions> ?g {word} <{url}> {{ ?g <urn:name> ?n }} {more} }}"


def texts(server: StandIn) -> list[str]:
    """The queries that a stand-in was asked."""
    return [text_of(body) for *_, body in server.asked]


def names(text: str) -> bytes:
    """A name for each thing that was asked about."""
    rows = [
        {"g": uri(iri), "n": {"type": "literal", "value": iri[4:].upper()}}
        for iri in values_in(text)
    ]
    return solutions(*rows)


def naming(handler: Handler) -> None:
    handler.send(names(text_of(handler.body)))


def always(*rows: Row) -> Callable[[Handler], None]:
    return lambda handler: handler.send(solutions(*rows))


def refused(text: str, *found: Partner, store: Store = LOCAL) -> Refusal:
    with pytest.raises(Refusal) as raised:
        joined(text, store, *found)
    return raised.value


@contextmanager
def waiting() -> Iterator[tuple[Waiting, StandIn]]:
    reply = Waiting(naming)
    with stand_in(reply) as server:
        try:
            yield reply, server
        finally:
            reply.go_on.set()


async def until(semaphore: threading.Semaphore) -> None:
    assert await asyncio.to_thread(semaphore.acquire, timeout=10)


def test_a_partner_is_asked_about_the_values_of_the_release_in_batches() -> None:
    with stand_in(naming) as server:
        found = joined(query(server.url), LOCAL, partner(server.url, batch=4, parallel=1))
        asked = texts(server)
    assert sorted(len(values_in(text)) for text in asked) == [2, 4, 4]
    assert sorted(iri for text in asked for iri in values_in(text)) == [
        f"urn:g{n}" for n in range(10)
    ]
    assert all(text.startswith("SELECT ?g ?n WHERE {\nVALUES (?g) { (<urn:g") for text in asked)
    assert bag(LOCAL, found.text, "fn")["<urn:f3>", '"G3"'] == 1
    assert sum(bag(LOCAL, found.text).values()) == 10
    (told,) = found.told
    assert (told.partner, told.requests, told.kept, told.rows) == ("stand-in", 3, 0, 10)


def test_each_distinct_value_is_sent_once() -> None:
    local = store_of(*((f"urn:f{n}", "urn:mentions", f"urn:g{n % 3}") for n in range(30)))
    with stand_in(naming) as server:
        found = joined(query(server.url), local, partner(server.url))
        (text,) = texts(server)
    assert values_in(text) == ["urn:g0", "urn:g1", "urn:g2"]
    assert sum(bag(local, found.text).values()) == 30


def test_values_that_are_others_each_time_are_not_sent() -> None:
    local = store_of(*((f"urn:f{n}", "urn:mentions", f"urn:g{n}") for n in range(200)))
    every = always(
        *({"g": uri(f"urn:g{n}"), "n": {"type": "literal", "value": "N"}} for n in range(200))
    )
    with stand_in(every) as server:
        text = query(server.url).replace(
            "?f <urn:mentions> ?g ",
            "{ SELECT ?g { ?f <urn:mentions> ?g } ORDER BY RAND() LIMIT 10 } ",
        )
        found = joined(text, local, partner(server.url))
        assert texts(server) == ["SELECT ?g ?n WHERE {\n ?g <urn:name> ?n\n}"]
    assert sum(bag(local, found.text).values()) == 10


def test_five_thousand_values_take_twenty_requests() -> None:
    local = store_of(*((f"urn:f{n}", "urn:mentions", f"urn:g{n}") for n in range(5000)))
    with stand_in(naming) as server:
        found = joined(query(server.url), local, partner(server.url))
        assert len(server.asked) == 20
    assert sum(bag(local, found.text).values()) == 5000


def test_a_value_that_some_solutions_lack_is_not_sent_and_the_others_once() -> None:
    facts = [(f"urn:f{n}", "urn:mentions", "urn:g0") for n in range(4)]
    local = store_of(*facts, *((subject, "urn:kind", f"urn:k{subject}") for subject, *_ in facts))
    around = "{ ?f <urn:mentions> ?g ; <urn:kind> ?n } UNION { ?f <urn:mentions> ?g }"
    with stand_in(naming) as server:
        text = query(server.url).replace("?f <urn:mentions> ?g", around)
        joined(text, local, partner(server.url))
        (asked,) = texts(server)
    assert "VALUES (?g) { (<urn:g0>) }" in asked


def test_where_some_solutions_lack_the_only_value_all_is_asked_for() -> None:
    around = "{ ?f <urn:mentions> ?g } UNION { ?f <urn:mentions> ?other }"
    with stand_in(naming) as server:
        text = query(server.url).replace("?f <urn:mentions> ?g", around)
        joined(text, LOCAL, partner(server.url))
        assert texts(server) == ["SELECT ?g ?n WHERE {\n ?g <urn:name> ?n\n}"]


def test_literals_with_all_that_they_have_are_sent_and_come_back() -> None:
    local = Store()
    text = 'INSERT DATA { <urn:a> <urn:p> "a\\"} SERVICE <x> {\\n\\\\"@en, 5, "2020"^^<urn:t> }'
    local.update(text)

    def echo(handler: Handler) -> None:
        handler.send(
            solutions(
                {
                    "o": {"type": "literal", "value": 'a"} SERVICE <x> {\n\\', "xml:lang": "en"},
                    "n": {"type": "literal", "value": '}\' """ # \\u0022'},
                },
                {"o": {"type": "typed-literal", "value": "2020", "datatype": "urn:t"}},
            )
        )

    with stand_in(echo) as server:
        text = f"SELECT * {{ <urn:a> <urn:p> ?o SERVICE <{server.url}> {{ ?o <urn:q> ?n }} }}"
        found = joined(text, local, partner(server.url))
        (asked,) = texts(server)
    assert asked.partition("VALUES (?o) { ")[2].partition(" }\n")[0].split(") (") == [
        '("2020"^^<urn:t>',
        '"5"^^<http://www.w3.org/2001/XMLSchema#integer>',
        '"a\\"} SERVICE <x> {\\n\\\\"@en)',
    ]
    assert bag(local, found.text, "n") == {
        (str(Literal('}\' """ # \\u0022')),): 1,
        ("None",): 1,
    }


def test_without_values_nobody_is_asked() -> None:
    with stand_in(naming) as server:
        found = joined(query(server.url), Store(), partner(server.url))
        assert server.asked == []
    assert not bag(LOCAL, found.text)
    assert (found.told[0].requests, found.told[0].rows) == (0, 0)


def test_more_values_than_are_sent_are_not_and_all_is_asked_for() -> None:
    with stand_in(always(*({"g": uri(f"urn:g{n}")} for n in range(5, 15)))) as server:
        found = joined(query(server.url), LOCAL, partner(server.url, bindings=9))
        assert texts(server) == ["SELECT ?g ?n WHERE {\n ?g <urn:name> ?n\n}"]
    assert sum(bag(LOCAL, found.text).values()) == 5


def test_a_partner_gets_as_many_requests_at_once_as_it_may() -> None:
    lock, both = threading.Lock(), threading.Barrier(2)
    running = most = 0

    def counting(handler: Handler) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(10)  # none is answered before two are there
        with lock:
            running -= 1
        naming(handler)

    with stand_in(counting) as server:
        joined(query(server.url), LOCAL, partner(server.url, batch=1, parallel=2))
        assert len(server.asked) == 10
    assert most == 2


def test_a_partner_that_does_not_answer_in_time_is_let_go() -> None:
    with waiting() as (reply, server):
        refusal = refused(query(server.url), partner(server.url, timeout_s=0.2))
        assert reply.gone.acquire(timeout=10)
    assert (refusal.kind, refusal.status) == ("partner-timeout", 504)
    assert refusal.members == {"partner": "stand-in", "limit_s": 0.2}
    assert refusal.detail == (
        "stand-in: no whole answer within 0.2 s: narrow the SERVICE clause, or try again"
    )


def test_the_time_of_a_partner_is_for_all_its_batches_together() -> None:
    answered = threading.Event()

    def slower(handler: Handler) -> None:
        if len(handler.server.asked) < 4:
            naming(handler)
            return
        answered.wait(10)

    with stand_in(slower) as server:
        refusal = refused(query(server.url), partner(server.url, batch=1, parallel=1, timeout_s=1))
        assert len(server.asked) == 4
        answered.set()
    assert refusal.kind == "partner-timeout"


def test_the_time_of_the_whole_query_ends_it() -> None:
    with waiting() as (reply, server):
        asked = partner(server.url)
        found = replace(partners(asked), whole=Whole(timeout_s=0.2))
        with pytest.raises(Refusal) as raised:
            with_federation(found, lambda fed: fed.join(query(server.url), IRIS, Asked(LOCAL)))
        assert reply.gone.acquire(timeout=10)
    refusal = raised.value
    assert (refusal.kind, refusal.status) == ("query-timeout", 503)
    assert refusal.members == {"limit_s": 0.2}
    assert refusal.detail == "the SERVICE clauses took more than 0.2 s together: ask for less"


@pytest.mark.parametrize("batch", [100, 3])
def test_more_rows_than_a_partner_may_answer_are_refused(batch: int) -> None:
    with stand_in(naming) as server:
        refusal = refused(query(server.url), partner(server.url, batch=batch, rows=9))
    assert (refusal.kind, refusal.status) == ("partner-too-large", 400)
    assert refusal.members == {"partner": "stand-in"}
    assert refusal.detail == (
        "stand-in: its answer has more than 9 rows: narrow the SERVICE clause, or ask about less"
    )


def padded(handler: Handler) -> None:
    handler.send(names(text_of(handler.body)) + b" " * 900)


@pytest.mark.parametrize("batch", [1, 100])
def test_more_bytes_than_a_partner_may_answer_are_refused_whatever_they_are(batch: int) -> None:
    with stand_in(padded) as server:
        refusal = refused(query(server.url), partner(server.url, batch=batch, bytes=1200))
    assert refusal.kind == "partner-too-large"
    assert "its answer has more than 1,200 bytes: narrow the SERVICE clause" in refusal.detail


@pytest.mark.parametrize(
    ("whole", "said"),
    [(Whole(rows=19), "more than 19 rows"), (Whole(bytes=2000), "more than 2,000 bytes")],
)
def test_all_partners_together_have_a_budget(whole: Whole, said: str) -> None:
    with stand_in(naming) as one, stand_in(padded) as other:
        text = query(one.url, more=f"SERVICE <{other.url}> {{ ?g <urn:label> ?m }}")
        found = partners(partner(one.url, "one"), partner(other.url, "other"))
        with pytest.raises(Refusal) as raised:
            with_federation(
                replace(found, whole=whole), lambda fed: fed.join(text, IRIS, Asked(LOCAL))
            )
    assert raised.value.kind == "partner-too-large"
    assert raised.value.members == {"partner": "other"}
    assert raised.value.detail == (
        f"other and others: the answers together have {said}: "
        "narrow the SERVICE clauses, or ask about less"
    )


def test_answers_that_make_too_large_a_query_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MAX_FINAL", 250)
    with stand_in(naming) as server:
        refusal = refused(query(server.url), partner(server.url))
        assert len(server.asked) == 1
    assert (refusal.kind, refusal.members) == ("partner-too-large", {"partner": "stand-in"})
    assert "have more than fits into a query of 250 bytes, which is the limit" in refusal.detail


def test_values_that_make_too_large_a_query_are_refused_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluate, "MAX_FINAL", 250)
    chained = "SERVICE <%s> { ?n <urn:label> ?l }"
    with stand_in(naming) as one, stand_in(naming) as other:
        text = query(one.url, more=chained % other.url)
        refusal = refused(text, partner(one.url, "one"), partner(other.url, "other"))
        assert other.asked == []
    assert refusal.members == {"partner": "one"}


def test_an_answer_is_kept_with_its_date() -> None:
    now = 1_000_000_000.0

    async def work(federation: Federation) -> list[Joined]:
        nonlocal now
        federation.kept = Kept(clock=lambda: now)
        found = []
        for later in (0, 59, 60, 0):
            now += later
            found.append(await federation.join(query(server.url), IRIS, Asked(LOCAL)))
        return found

    with stand_in(naming) as server:
        first, kept, again, more = with_federation(partners(partner(server.url, ttl_s=60)), work)
        assert len(server.asked) == 2
    assert first.text == kept.text == again.text
    assert [told.requests for one in (first, kept, again, more) for told in one.told] == [
        1,
        0,
        1,
        0,
    ]
    assert [told.kept for one in (first, kept, again, more) for told in one.told] == [0, 1, 0, 1]
    assert kept.told[0].date == first.told[0].date == 1_000_000_000
    assert again.told[0].date == 1_000_000_119


def test_an_answer_that_may_not_be_used_again_is_not() -> None:
    async def work(federation: Federation) -> None:
        for _ in range(2):
            found = await federation.join(query(server.url), IRIS, Asked(LOCAL))
            assert found.told[0].left_s == 0

    with stand_in(naming) as server:
        with_federation(partners(partner(server.url, ttl_s=0)), work)
        assert len(server.asked) == 2


def test_a_failure_is_not_kept() -> None:
    def failing_once(handler: Handler) -> None:
        if len(handler.server.asked) == 1:
            handler.send(b"", status=500)
        else:
            naming(handler)

    async def work(federation: Federation) -> Joined:
        with pytest.raises(Refusal, match="HTTP 500"):
            await federation.join(query(server.url), IRIS, Asked(LOCAL))
        return await federation.join(query(server.url), IRIS, Asked(LOCAL))

    with stand_in(failing_once) as server:
        assert with_federation(partners(partner(server.url)), work).told[0].rows == 10


def test_an_answer_that_several_wait_for_is_asked_for_once() -> None:
    async def work(federation: Federation) -> list[Joined]:
        asked = Asked(LOCAL)
        both = [
            asyncio.ensure_future(federation.join(query(server.url), IRIS, asked, f"client {n}"))
            for n in range(3)
        ]
        await until(reply.begun)
        while len(asked.queries) < 3 or len(federation.kept._coming) != 1:
            await asyncio.sleep(0)
        for _ in range(20):  # those that know their values ask for the answer next
            await asyncio.sleep(0)
        reply.go_on.set()
        return list(await asyncio.gather(*both))

    with waiting() as (reply, server):
        found = with_federation(partners(partner(server.url)), work)
        assert len(server.asked) == 1
    assert sorted((one.told[0].requests, one.told[0].kept) for one in found) == [
        (0, 1),
        (0, 1),
        (1, 0),
    ]
    assert {sum(bag(LOCAL, one.text).values()) for one in found} == {10}


def test_one_who_goes_away_leaves_the_answer_to_the_others() -> None:
    async def work(federation: Federation) -> tuple[Joined, int]:
        both = [
            asyncio.ensure_future(federation.join(query(server.url), IRIS, Asked(LOCAL)))
            for _ in range(2)
        ]
        await until(reply.begun)
        for _ in range(20):
            await asyncio.sleep(0)
        both[0].cancel()
        with suppress(asyncio.CancelledError):
            await both[0]
        coming = len(federation.kept._coming)
        reply.go_on.set()
        return await both[1], coming

    with waiting() as (reply, server):
        found, coming = with_federation(partners(partner(server.url)), work)
        assert len(server.asked) == 1
    assert coming == 1
    assert found.told[0].rows == 10


def test_when_all_go_away_so_does_the_connection() -> None:
    async def work(federation: Federation) -> int:
        task = asyncio.ensure_future(federation.join(query(server.url), IRIS, Asked(LOCAL)))
        await until(reply.begun)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await until(reply.gone)
        return len(federation.kept._coming)

    with waiting() as (reply, server):
        assert with_federation(partners(partner(server.url)), work) == 0


def test_what_a_clock_says_was_kept_in_the_future_is_asked_for_anew() -> None:
    now = 1_000_000_000.0

    async def work() -> list[float]:
        nonlocal now
        kept = Kept(clock=lambda: now)

        async def fetch() -> Rows:
            return Rows(("(1)",), 1000, 10)

        found = []
        for later in (0, -3600, 1):
            now += later
            found.append((await kept.get(("key",), 60, fetch)).date - 1_000_000_000)
        return found

    assert asyncio.run(work()) == [0, -3600, -3600]


def test_what_is_kept_is_bounded_in_bytes() -> None:
    async def work() -> tuple[int, int]:
        kept = Kept(CacheLimits(total_bytes=5000, answer_bytes=2000))

        async def fetch() -> Rows:
            return Rows(("(1)",), 1000, 10)

        async def large() -> Rows:
            return Rows(("(1)",), 3000, 10)

        for number in range(9):
            await kept.get((str(number),), 60, fetch)
        await kept.get(("large",), 60, large)
        return kept.cache.bytes, len(kept.cache)

    size, entries = asyncio.run(work())
    assert size <= 5000
    assert entries == 3


FAILURES: Final[Mapping[str, tuple[Callable[[Handler], None], str]]] = {
    "down": (lambda handler: handler.send(b"", status=500), "HTTP 500"),
    "busy": (
        lambda handler: handler.send(b"", status=503),
        "HTTP 503: it is too busy: try again later",
    ),
    "a page": (
        lambda handler: handler.send(b"<html>", "text/html"),
        "it answers with text/html, not application/sparql-results+json: check the address",
    ),
    "truncated": (
        lambda handler: handler.send(b'{"results": {"bindings": [{"g": {"type": "uri", "val'),
        "its answer cannot be used: it is not JSON, or was cut short: unexpected end of data: "
        "line 1 column 53 (char 52)",
    ),
    "broken off": (
        lambda handler: handler.send(b'{"results": ', Content_Length="90"),
        "its answer ended in the middle: try again",
    ),
    "empty": (
        lambda handler: handler.send(b""),
        "its answer cannot be used: it is not JSON, or was cut short: Input is a zero-length, "
        "empty document: line 1 column 1 (char 0)",
    ),
    "a boolean": (
        lambda handler: handler.send(b'{"head": {}, "boolean": true}'),
        "its answer cannot be used: it says yes or no, and gives no solutions",
    ),
    "something else": (
        lambda handler: handler.send(b'{"results": {"bindings": [1]}}'),
        "its answer cannot be used: it has no list “bindings” of solutions",
    ),
    "no IRI": (
        always({"g": uri("http://a b/")}),
        "its answer cannot be used: {'type': 'uri', 'value': 'http://a b/'} is not a term "
        "(Invalid IRI code point ' ')",
    ),
    "a triple": (
        always({"g": {"type": "triple", "value": "x"}}),
        "its answer cannot be used: {'type': 'triple', 'value': 'x'} is not a term of RDF 1.1",
    ),
    "redirecting to this machine": (
        lambda handler: handler.send(b"", status=307, Location="http://127.0.0.1:22/"),
        "HTTP 307: it redirects to http://127.0.0.1:22/, which is not followed: correct its "
        "address",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_a_partner_does_instead_of_answering_is_told(name: str) -> None:
    reply, said = FAILURES[name]
    with stand_in(reply) as server:
        refusal = refused(query(server.url), partner(server.url))
    assert (refusal.kind, refusal.status) == ("partner-failed", 502)
    assert refusal.members == {"partner": "stand-in"}
    assert refusal.detail == f"stand-in: {said}"


def test_a_partner_that_is_down_is_told_with_its_address() -> None:
    with stand_in(naming) as server:
        url = server.url
        where = f"127.0.0.1:{server.server_address[1]}"
    refusal = refused(query(url), partner(url))
    assert refusal.kind == "partner-failed"
    assert refusal.detail == f"stand-in: it cannot be reached at {where} (Connection refused)"


def test_a_partner_at_a_private_address_is_told_and_not_asked() -> None:
    with stand_in(naming) as server:
        refusal = refused(query(server.url), partner(server.url, private=False))
        assert server.asked == []
    assert refusal.detail == (
        "stand-in: it is at 127.0.0.1, which is not a public address, so it was not called: "
        "“private = true” in the list of partners allows it"
    )


@pytest.mark.parametrize("name", FAILURES)
def test_a_silent_clause_is_answered_without_its_partner_and_says_so(name: str) -> None:
    reply, said = FAILURES[name]
    with stand_in(reply) as server:
        found = joined(query(server.url, "SERVICE SILENT"), LOCAL, partner(server.url))
    assert bag(LOCAL, found.text, "n") == {("None",): 10}
    assert found.told[0].failed == f"partner-failed: {said}"


def test_the_columns_of_a_silent_clause_are_there_without_its_partner() -> None:
    reply, _ = next(iter(FAILURES.values()))
    with stand_in(reply) as server:
        alone = f"SELECT * {{ SERVICE SILENT <{server.url}> {{ ?s ?p ?o }} }}"
        asked = query(server.url, "SERVICE SILENT"), alone
        found = [joined(text, LOCAL, partner(server.url)).text for text in asked]
    answers = [cast(QuerySolutions, LOCAL.query(text)) for text in found]
    names = [sorted(variable.value for variable in answer.variables) for answer in answers]
    assert names == [["f", "g", "n"], ["o", "p", "s"]]
    assert [list(row) for row in answers[1]] == [[None, None, None]]


def test_a_silent_clause_is_silent_about_time_and_size_too() -> None:
    with waiting() as (_, slow), stand_in(naming) as large:
        text = query(slow.url, "SERVICE SILENT", f"SERVICE SILENT <{large.url}> {{ ?g ?p ?m }}")
        asked = partner(slow.url, "slow", timeout_s=0.2), partner(large.url, "large", rows=2)
        found = joined(text, LOCAL, *asked)
    assert bag(LOCAL, found.text, "nm") == {("None", "None"): 10}
    assert sorted(told.failed.partition(":")[0] for told in found.told) == [
        "partner-timeout",
        "partner-too-large",
    ]


def test_silence_is_for_partners_and_not_for_the_query() -> None:
    assert "names <urn:x>" in refused(query("urn:x", "SERVICE SILENT")).detail
    variable = "SELECT * { ?s ?p ?e SERVICE SILENT ?e { ?a ?b ?c } }"
    assert "has a variable for its endpoint" in refused(variable).detail


def test_a_variable_as_endpoint_is_refused_with_advice() -> None:
    refusal = refused("SELECT * {\n ?s ?p ?e\n SERVICE ?e { ?a ?b ?c } }")
    assert (refusal.kind, refusal.status) == ("federation-disabled", 403)
    assert refusal.members == {"line": 3}
    assert refusal.detail == (
        "the SERVICE clause in line 3 has a variable for its endpoint: write the address, in a "
        "UNION if there are several"
    )


def test_an_endpoint_that_is_not_on_the_list_is_refused_with_those_that_are() -> None:
    asked = partner("http://f.example/", "other"), partner("http://e.example/sparql")
    refusal = refused(query("http://127.0.0.1:1/"), *asked)
    assert (refusal.kind, refusal.status) == ("federation-disabled", 403)
    allowed = ["http://e.example/sparql", "http://f.example/"]
    assert refusal.members == {"line": 1, "allowed": allowed}
    assert refusal.detail == (
        "the SERVICE clause in line 1 names <http://127.0.0.1:1/>, which is not, letter for "
        "letter, one of the endpoints that may be called from here: take one of those in “allowed”"
    )
    nearly = refused(query("http://e.example/sparql/"), *asked)
    assert nearly.detail.endswith("called from here: did you mean <http://e.example/sparql>?")
    other = refused(query("http://x.sample/sparql"), *asked)
    assert other.detail.endswith("take one of those in “allowed”"), "all are at …/sparql"


def test_another_spelling_calls_the_address_of_the_list() -> None:
    with stand_in(naming) as server:
        spelled = "http://other.example/sparql"
        joined(query(spelled), LOCAL, partner(server.url, also=(spelled,)))
        assert len(server.asked) == 1


def test_an_option_leaves_what_the_partner_does_not_know() -> None:
    with stand_in(always({"g": uri("urn:g1"), "n": uri("urn:n")})) as server:
        text = f"SELECT * {{ ?f <urn:mentions> ?g OPTIONAL {{ SERVICE <{server.url}> "
        found = joined(text + "{ ?g <urn:name> ?n } } }", LOCAL, partner(server.url))
    assert bag(LOCAL, found.text, "n") == {("None",): 9, ("<urn:n>",): 1}


def test_a_partner_that_has_nothing_answers_nothing() -> None:
    with stand_in(always()) as server:
        found = joined(query(server.url), LOCAL, partner(server.url))
    assert not bag(LOCAL, found.text)


def test_what_one_partner_answers_the_next_is_asked_about() -> None:
    def further(handler: Handler) -> None:
        handler.send(solutions({"n": uri("urn:n2"), "l": uri("urn:l")}))

    known = always(*({"g": uri(f"urn:g{n}"), "n": uri(f"urn:n{n}")} for n in (1, 2)))
    with stand_in(known) as one, stand_in(further) as other:
        text = query(one.url, more=f"SERVICE <{other.url}> {{ ?n <urn:label> ?l }}")
        found = joined(text, LOCAL, partner(one.url, "one"), partner(other.url, "other"))
        (asked,) = texts(other)
    assert values_in(asked) == ["urn:n1", "urn:n2"]
    assert bag(LOCAL, found.text) == {("<urn:f2>", "<urn:g2>", "<urn:l>", "<urn:n2>"): 1}
    assert [told.partner for told in found.told] == ["one", "other"]


def test_two_clauses_of_one_partner_are_two_questions() -> None:
    with stand_in(naming) as server:
        text = query(server.url, more=f"SERVICE <{server.url}> {{ ?g <urn:label> ?m }}")
        found = joined(text, LOCAL, partner(server.url))
        assert len(server.asked) == 2
    assert sum(bag(LOCAL, found.text).values()) == 10


def test_when_one_of_several_fails_the_query_does() -> None:
    with stand_in(naming) as one, stand_in(FAILURES["down"][0]) as other:
        text = query(one.url, more=f"SERVICE <{other.url}> {{ ?g <urn:label> ?m }}")
        refusal = refused(text, partner(one.url, "one"), partner(other.url, "other"))
    assert refusal.members == {"partner": "other"}


def test_blank_nodes_are_one_within_an_answer_and_others_in_the_next() -> None:
    def blank(label: str) -> dict[str, str]:
        return {"type": "bnode", "value": label}

    def answering(handler: Handler) -> None:
        first, second = values_in(text_of(handler.body))
        handler.send(
            solutions(
                {"g": uri(first), "n": blank("nodeID://b1")},
                {"g": uri(second), "n": blank("nodeID://b1")},
                {"g": uri(second), "n": blank("b2 }")},
            )
        )

    with stand_in(answering) as server:
        found = joined(query(server.url), LOCAL, partner(server.url, batch=2))
    nodes = bag(LOCAL, found.text, "n")
    # Five answers, each with two nodes, one of which is there twice.
    assert sorted(nodes.values()) == [1] * 5 + [2] * 5
    assert all(node.startswith(f"<{IRIS.base}.well-known/genid/") for (node,) in nodes)


def test_a_blank_node_of_the_release_is_none_of_a_partners() -> None:
    local = Store()
    local.update("INSERT DATA { <urn:f> <urn:mentions> <urn:g>, [] }")
    with stand_in(naming) as server:
        joined(query(server.url), local, partner(server.url))
        (text,) = texts(server)
    assert values_in(text) == ["urn:g"]
    assert "_:" not in text


def cutting(limit: int, **headers: str) -> Callable[[Handler], None]:
    """Gives no more rows than it likes."""

    def reply(handler: Handler) -> None:
        found = values_in(text_of(handler.body))[:limit]
        handler.send(solutions(*({"g": uri(iri)} for iri in found)), JSON, 200, **headers)

    return reply


@pytest.mark.parametrize("says_so", [True, False])
def test_a_partner_that_cuts_its_answers_is_asked_for_less(says_so: bool) -> None:
    headers = {"X-SPARQL-MaxRows": "3"} if says_so else {}
    with stand_in(cutting(3, **headers)) as server:
        asked = partner(server.url, cut_at=0 if says_so else 3)
        found = joined(query(server.url), LOCAL, asked)
        sizes = [len(values_in(text)) for text in texts(server)]
    assert sizes == [10, 5, 2, 3, 1, 2, 5, 2, 3, 1, 2]
    assert sum(bag(LOCAL, found.text).values()) == 10


def test_a_partner_that_cuts_what_cannot_be_asked_for_in_parts_is_refused() -> None:
    rows = [{"g": uri("urn:g1"), "n": uri(f"urn:n{n}")} for n in range(3)]
    with stand_in(always(*rows)) as server:
        refusal = refused(query(server.url), partner(server.url, cut_at=3, batch=1))
    assert refusal.kind == "partner-too-large"
    assert "its answer has been cut by the partner after 3 rows: narrow the" in refusal.detail


def test_as_many_queries_at_once_as_there_are_places() -> None:
    async def work(federation: Federation) -> list[str]:
        tasks = [
            asyncio.ensure_future(federation.join(query(server.url), IRIS, Asked(LOCAL), client))
            for client in ("a", "a", "b")
        ]
        await until(reply.begun)
        for _ in range(20):
            await asyncio.sleep(0)
        details = []
        for client in ("a", "c"):
            with pytest.raises(Refusal) as raised:
                await federation.join(query(server.url), IRIS, Asked(LOCAL), client)
            assert (raised.value.kind, raised.value.headers) == ("busy", {"Retry-After": "10"})
            details.append(raised.value.detail)
            with pytest.raises(Refusal):
                await explain(federation, query(server.url), IRIS, Asked(LOCAL), client)
        reply.go_on.set()
        await asyncio.gather(*tasks)
        await federation.join(query(server.url), IRIS, Asked(LOCAL), "c")
        return details

    with waiting() as (reply, server):
        options = FederationOptions(at_once=3, per_client=2)
        details = with_federation(partners(partner(server.url)), work, options)
    assert set(details) == {"as many queries with SERVICE are running as may at once: try again"}


def explained(text: str, *found: Partner) -> dict[str, Any]:
    return with_federation(partners(*found), lambda fed: explain(fed, text, IRIS, Asked(LOCAL)))


def test_a_plan_shows_word_for_word_what_will_be_asked() -> None:
    with stand_in(naming) as server:
        asked = partner(server.url, batch=4, parallel=1)
        plan = explained(query(server.url), asked)
        assert server.asked == []
        joined(query(server.url), LOCAL, asked)
        assert plan["steps"][0]["requests"] == texts(server)
    (step,) = plan["steps"]
    assert step["from"] == ["SELECT DISTINCT ?g WHERE {\n?f <urn:mentions> ?g .\n}"]
    assert (step["values"], step["variables"], step["silent"]) == (10, ["g"], False)
    assert step["limits"] == {"timeout_s": 30.0, "rows": 50_000, "bytes": 16 << 20}
    assert plan["then"] == query(server.url).replace(
        f"SERVICE <{server.url}> {{ ?g <urn:name> ?n }}",
        "# the answer to the SERVICE clause number 1\n",
    )


def test_a_plan_says_what_waits_for_what() -> None:
    text = query("urn:one", more="SERVICE SILENT <urn:two> { ?n <urn:label> ?l }")
    plan = explained(text, partner("urn:one", "one"), partner("urn:two", "two"))
    first, second = plan["steps"]
    assert (first["after"], second["after"]) == ([], [1])
    assert second["requests"] == ["SELECT ?n ?l WHERE {\nVALUES (?n) { }\n ?n <urn:label> ?l\n}"]
    shown = explained_text(plan)
    assert "1. one <urn:one>: SERVICE in line 1\n" in shown
    assert "   Asked about 10 values of ?g, in 1 request.\n" in shown
    assert "2. two <urn:two>: SERVICE in line 1, SILENT\n" in shown
    assert "   Asked about values of ?n, which are known after clause 1.\n" in shown


def test_a_plan_names_every_clause_that_another_waits_for() -> None:
    text = """SELECT * { ?z <p:0> ?y . SERVICE <urn:a> { ?a <p:p> ?b }
      SERVICE <urn:b> { ?c <p:q> ?b } SERVICE <urn:c> { ?c ?a ?d } }"""
    plan = explained(text, partner("urn:a", "a"), partner("urn:b", "b"), partner("urn:c", "c"))
    assert plan["steps"][2]["after"] == [1, 2]
    assert "which are known after clauses 1 and 2.\n" in explained_text(plan)


def test_the_plan_of_a_clause_without_values_says_why() -> None:
    alone = explained("ASK { SERVICE <urn:x> { ?s ?p ?o } }", partner("urn:x"))
    nothing = "no variable is shared with patterns whose values are certain"
    assert f"Asked without values ({nothing}), in 1 request." in explained_text(alone)
    many = explained(query("urn:x"), partner("urn:x", bindings=5))
    said = "Asked without values (too many values, or rows without one), in 1 request."
    assert said in explained_text(many)


def test_a_federation_that_is_closed_has_let_go_of_everything() -> None:
    async def work() -> None:
        federation = federation_of(partners(partner(server.url)))
        await federation.join(query(server.url), IRIS, Asked(LOCAL))
        await federation.close()
        await federation.close()

    with stand_in(naming) as server:
        asyncio.run(work())
