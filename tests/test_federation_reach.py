"""Whoever is not on the list of partners hears nothing: not a connection, not a lookup.

Canaries listen on loopback, for connections at one port of all its addresses, and for lookups of
names. Every way to write an address is asked of the server as its users start it, and of one in
this process whose resolver is ours; and of the federation alone, without what checks a query's
text before it.
"""

import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp.connector
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from attacking import Canary, singing, site_listening
from endpoints import Handler, StandIn, stand_in
from federating import (
    IRIS,
    Asked,
    partner,
    partners,
    partners_file,
    solutions,
    store_of,
    uri,
    with_federation,
)
from invoking import run
from listening import talk
from pfocr_rdf.releases import Release
from pfocr_rdf.web.app import SiteOptions
from pfocr_rdf.web.federation.evaluate import Federation
from pfocr_rdf.web.problems import Refusal
from serving import Answer, Server, serving

#: In all queries: CANARY is the address that must not be called and PORT its port, LISTED that
#: of the partner and AT its port.
CLAUSE: Final = "SELECT * { ?s a ?c SERVICE <%s> { ?s ?p ?o } }"
PATTERN: Final = "{ ?s ?p ?o }"

#: What stands between the brackets of a SERVICE clause.
ADDRESSES: Final = {
    "plain": "CANARY",
    "by name": "http://localhost:PORT/",
    "in capitals": "HTTP://LOCALHOST:PORT/",
    "a dot at the end": "http://localhost.:PORT/",
    "a dot after the number": "http://127.0.0.1.:PORT/",
    "a name that is looked up": "http://unlisted.example:PORT/",
    "a name in another alphabet": "http://ünlisted.example:PORT/",
    "with a user": "http://user@127.0.0.1:PORT/",
    "with a password": "http://user:word@127.0.0.1:PORT/",
    "the listed host as user": "http://127.0.0.1:AT@127.0.0.1:PORT/sparql",
    "the listed address as user": "http://LISTED@127.0.0.1:PORT/",
    "a user at the listed address": "http://user@127.0.0.1:AT/sparql",
    "decimal": "http://2130706433:PORT/",
    "hexadecimal": "http://0x7f000001:PORT/",
    "hexadecimal parts": "http://0x7f.0.0.0x1:PORT/",
    "octal": "http://0177.0.0.01:PORT/",
    "two parts": "http://127.1:PORT/",
    "zeroes": "http://127.000.000.001:PORT/",
    "another of this machine": "http://127.0.0.2:PORT/",
    "nought": "http://0:PORT/",
    "any": "http://0.0.0.0:PORT/",
    "IPv6": "http://[::1]:PORT/",
    "IPv6 any": "http://[::]:PORT/",
    "IPv4 in IPv6": "http://[::ffff:127.0.0.1]:PORT/",
    "IPv4 in IPv6 as numbers": "http://[::ffff:7f00:1]:PORT/",
    "IPv4 behind IPv6": "http://[64:ff9b::7f00:1]:PORT/",
    "IPv6 with a zone": "http://[::1%25lo]:PORT/",
    "wide digits": "http://\uff11\uff12\uff17.0.0.1:PORT/",
    "wide dots": "http://127\u30020\u30020\u30021:PORT/",
    "circled letters": "http://\u24db\u24de\u24d2alhost:PORT/",
    "percent signs": "http://%31%32%37.0.0.1:PORT/",
    "percent signs in the path": "http://127.0.0.1:AT/%73parql",
    "another port": "http://127.0.0.1:PORT/sparql",
    "no port": "http://127.0.0.1/sparql",
    "a longer path": "LISTED/x",
    "a slash more": "LISTED/",
    "a way up": "LISTED/../sparql",
    "a parameter": "LISTED?query=ASK%20%7B%7D",
    "a fragment": "LISTED#CANARY",
    "the listed address in capitals": "HTTP://127.0.0.1:AT/sparql",
    "the listed address, encrypted": "https://127.0.0.1:AT/sparql",
    "encrypted": "https://127.0.0.1:PORT/",
    "by FTP": "ftp://127.0.0.1:PORT/",
    "a gopher": "gopher://127.0.0.1:PORT/x",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "data": "data:application/sparql-results+json,%7B%7D",
    "a socket": "unix:/tmp/socket",
    "escaped": "\\u0068ttp://127.0.0.1:PORT/",
    "an escaped end": "LISTED\\u0023CANARY",
    "relative to our own base": "sparql",
    "without a scheme": "//127.0.0.1:PORT/",
    "nothing": "",
}
#: Whole queries. Those in SYNTAX are no SPARQL to begin with.
CALLS: Final = {
    "silent": f"SELECT * {{ SERVICE SILENT <CANARY> {PATTERN} }}",
    "in small letters": f"select * {{ service silent <CANARY> {PATTERN} }}",
    "without spaces": "SELECT*{SERVICE<CANARY>{?s?p?o}}",
    "silent without spaces": "SELECT*{SERVICESILENT<CANARY>{?s?p?o}}",
    "after a literal": "SELECT * { ?s ?p trueSERVICE<CANARY>{ ?a ?b ?c } }",
    "after a number": "SELECT * { ?s ?p 1SERVICE<CANARY>{ ?a ?b ?c } }",
    "after a literal, beside a listed one": (
        "SELECT * { ?s ?p trueSERVICE<CANARY>{ ?a ?b ?c } SERVICE <LISTED> { ?s ?d ?e } }"
    ),
    "with a prefix": f"PREFIX c: <CANARY> SELECT * {{ SERVICE c:x {PATTERN} }}",
    "with an empty prefix": f"PREFIX : <CANARY> SELECT * {{ SERVICE:x{PATTERN} }}",
    "with a prefix called SERVICE": (
        f"PREFIX SERVICE: <CANARY> SELECT * {{ SERVICE SERVICE:x {PATTERN} }}"
    ),
    "with a prefix that is declared again": (
        f"PREFIX p: <http://127.0.0.1:AT/> PREFIX p: <CANARY> SELECT * {{ SERVICE p:sparql "
        f"{PATTERN} }}"
    ),
    "with an escaped name": (
        f"PREFIX p: <http://127.0.0.1:> SELECT * {{ SERVICE p:PORT\\/sparql {PATTERN} }}"
    ),
    "with a prefix nobody has": f"SELECT * {{ SERVICE nobody:x {PATTERN} }}",
    "against a base": f"BASE <CANARY> SELECT * {{ SERVICE <sparql> {PATTERN} }}",
    "against a base, nothing": f"BASE <CANARY> SELECT * {{ SERVICE <> {PATTERN} }}",
    "against a second base": (
        f"BASE <LISTED> BASE <CANARY> SELECT * {{ SERVICE <sparql> {PATTERN} }}"
    ),
    "away from a listed base": (
        f"BASE <LISTED> SELECT * {{ SERVICE <//127.0.0.1:PORT/sparql> {PATTERN} }}"
    ),
    "up from a listed base": f"BASE <LISTED> SELECT * {{ SERVICE <./x/../y> {PATTERN} }}",
    "a prefix against a base": (
        f"BASE <CANARY> PREFIX p: <x/> SELECT * {{ SERVICE p:sparql {PATTERN} }}"
    ),
    "after a comment": f"SELECT * {{ SERVICE#>\n<CANARY>#<\n{PATTERN} }}",
    "after a string that ends in a mark": f"SELECT * {{ ?s ?p '\\\\' SERVICE <CANARY> {PATTERN} }}",
    "with a bound variable": f"SELECT * {{ BIND(<CANARY> AS ?e) SERVICE ?e {PATTERN} }}",
    "with values": f"SELECT * {{ VALUES ?e {{ <CANARY> }} SERVICE ?e {PATTERN} }}",
    "with a built address": (
        f'SELECT * {{ BIND(IRI(CONCAT("http://127.0.0.1:", "PORT/")) AS ?e) SERVICE ?e {PATTERN} }}'
    ),
    "with all there is": f"SELECT * {{ ?a ?b ?e SERVICE SILENT ?e {PATTERN} }}",
    "in groups": f"SELECT * {{ {{ {{ SERVICE <CANARY> {PATTERN} }} }} }}",
    "in an option": f"SELECT * {{ ?s a ?c OPTIONAL {{ SERVICE <CANARY> {PATTERN} }} }} LIMIT 1",
    "in a union": f"SELECT * {{ {{ ?s a ?c }} UNION {{ SERVICE <CANARY> {PATTERN} }} }} LIMIT 1",
    "in a minus": f"SELECT * {{ ?s a ?c MINUS {{ SERVICE <CANARY> {PATTERN} }} }} LIMIT 1",
    "in a filter": f"SELECT * {{ ?s a ?c FILTER EXISTS {{ SERVICE <CANARY> {PATTERN} }} }} LIMIT 1",
    "in a negated filter": (
        f"SELECT * {{ ?s a ?c FILTER NOT EXISTS {{ SERVICE SILENT <CANARY> {PATTERN} }} }} LIMIT 1"
    ),
    "in a condition": (
        f"SELECT * {{ ?s a ?c BIND(IF(EXISTS {{ SERVICE <CANARY> {PATTERN} }}, 1, 2) AS ?x) }}"
    ),
    "in a subquery": f"SELECT * {{ {{ SELECT * {{ SERVICE <CANARY> {PATTERN} }} LIMIT 1 }} }}",
    "in the order": f"SELECT * {{ ?s a ?c }} ORDER BY (EXISTS {{ SERVICE <CANARY> {PATTERN} }})",
    "in the head": f"SELECT (EXISTS {{ SERVICE <CANARY> {PATTERN} }} AS ?e) {{ ?s a ?c }} LIMIT 1",
    "in HAVING": (
        f"SELECT ?c {{ ?s a ?c }} GROUP BY ?c HAVING (EXISTS {{ SERVICE <CANARY> {PATTERN} }})"
    ),
    "in a group by": (
        f"SELECT * {{ ?s a ?c }} GROUP BY (EXISTS {{ SERVICE <CANARY> {PATTERN} }} AS ?e)"
    ),
    "in ASK": f"ASK {{ SERVICE <CANARY> {PATTERN} }}",
    "in CONSTRUCT": f"CONSTRUCT {{ ?s ?p ?o }} {{ SERVICE <CANARY> {PATTERN} }}",
    "in DESCRIBE": f"DESCRIBE ?s {{ SERVICE <CANARY> {PATTERN} }}",
    "in a graph": f"SELECT * {{ GRAPH ?g {{ SERVICE <CANARY> {PATTERN} }} }}",
    "in a lateral join": f"SELECT * {{ ?s a ?c LATERAL {{ SERVICE <CANARY> {PATTERN} }} }} LIMIT 1",
    "in an encrypted lateral join": (
        f"SELECT * {{ ?s a ?c LATERAL {{ SERVICE <https://127.0.0.1:PORT/> {PATTERN} }} }} LIMIT 1"
    ),
    "in an encrypted lateral question": (
        f"ASK {{ ?s a ?c LATERAL {{ SERVICE <https://127.0.0.1:PORT/> {PATTERN} }} }}"
    ),
    "in a listed clause": (
        f"SELECT * {{ SERVICE <LISTED> {{ ?s a ?c SERVICE <CANARY> {PATTERN} }} }}"
    ),
    "before a listed clause": (
        f"SELECT * {{ SERVICE <CANARY> {PATTERN} SERVICE <LISTED> {{ ?s ?p ?o }} }}"
    ),
    "after a listed clause": (
        f"SELECT * {{ SERVICE <LISTED> {PATTERN} SERVICE <CANARY> {{ ?s ?p ?o }} }}"
    ),
    "beside triple terms": f"SELECT * {{ ?s ?p <<( ?a ?b ?c )>> SERVICE <CANARY> {PATTERN} }}",
    "after VERSION": f'VERSION "1.2" SELECT * {{ SERVICE <CANARY> {PATTERN} }}',
    "in a graph of the dataset": (
        f"SELECT * FROM <CANARY> FROM NAMED <CANARY> {{ SERVICE <CANARY> {PATTERN} }}"
    ),
    "an escaped word": f"SELECT * {{ \\u0053ERVICE <CANARY> {PATTERN} }}",
}
SYNTAX: Final = {"an escaped word", "with a prefix nobody has", "in a group by"}
#: What looks like a call and is none: it is answered.
NO_CALLS: Final = {
    "a comment": "SELECT * { # SERVICE <CANARY> { ?s ?p ?o }\n ?s a ?c } LIMIT 1",
    "a string": "SELECT * { ?s a ?c FILTER(?c != 'SERVICE <CANARY> { ?s ?p ?o }') } LIMIT 1",
    "a long string": 'SELECT * { ?s a ?c FILTER(?c != """} \nSERVICE <CANARY> {""") } LIMIT 1',
    "a string closed by an escape": 'SELECT * { ?s a "\\u0022 . SERVICE <CANARY> {} #"\n}',
    "a name": "PREFIX SERVICE: <CANARY> SELECT * { ?s a ?c FILTER(?c != SERVICE:x) } LIMIT 1",
    "a variable": "SELECT * { ?SERVICE a ?service FILTER(?service != <CANARY>) } LIMIT 1",
    "FROM": "SELECT * FROM <CANARY> { ?s ?p ?o }",
    "FROM NAMED": "SELECT * FROM NAMED <CANARY> { GRAPH ?g { ?s ?p ?o } }",
    "FROM a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "GRAPH": "SELECT * { GRAPH <CANARY> { ?s ?p ?o } }",
    "DESCRIBE": "DESCRIBE <CANARY>",
    "a function": "SELECT (IRI('CANARY') AS ?x) {}",
}
UPDATES: Final = {
    "LOAD": "LOAD <CANARY>",
    "LOAD SILENT": "LOAD SILENT <CANARY> INTO GRAPH <CANARY>",
    "INSERT": f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <CANARY> {PATTERN} }}",
    "USING": f"DELETE {{ ?s ?p ?o }} USING <CANARY> WHERE {{ SERVICE <LISTED> {PATTERN} }}",
}
QUERIES: Final = {**{name: CLAUSE % iri for name, iri in ADDRESSES.items()}, **CALLS}

#: What the redirecting partner says, one after the other.
REDIRECTS: Final = {
    **{f"{status}": (status, {"Location": "CANARY"}) for status in (301, 302, 303, 307, 308, 300)},
    "without a scheme": (302, {"Location": "//127.0.0.1:PORT/"}),
    "to a file": (302, {"Location": "file:///etc/passwd"}),
    "to nowhere": (302, {}),
    "by Refresh": (200, {"Refresh": "0; url=CANARY"}),
    "by Content-Location": (200, {"Content_Location": "CANARY"}),
    "by Alt-Svc": (200, {"Alt_Svc": 'h2="127.0.0.1:PORT"; ma=60'}),
    "by Link": (200, {"Link": "<CANARY>; rel=preload"}),
    "as a proxy": (305, {"Location": "CANARY"}),
    "for a password": (401, {"WWW_Authenticate": 'Basic realm="CANARY"'}),
    "for a proxy's password": (407, {"Proxy_Authenticate": 'Basic realm="CANARY"'}),
}


class Lookups(AbstractResolver):
    """Asks a name server, which is a canary too: an answer is in the table, or there is none."""

    server: tuple[str, int] = "", 0
    table: Mapping[str, list[str]] = {}

    def __init__(self, *_: object, **__: object) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.socket.sendto(host.encode(), self.server)
        found = self.table.get(host)
        if found is None:
            raise OSError(f"{host} is not known")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in found
        ]

    async def close(self) -> None:
        self.socket.close()


@dataclass
class NameServer:
    """Counts the names that it was asked for."""

    socket: socket.socket
    asked: list[str] = field(default_factory=list)

    def names(self) -> Counter[str]:
        """All that were asked for; what was sent on loopback is there when the sender goes on."""
        while True:
            try:
                self.asked.append(self.socket.recv(1000, socket.MSG_DONTWAIT).decode())
            except BlockingIOError:
                return Counter(self.asked)


@contextmanager
def name_server(table: Mapping[str, list[str]]) -> Iterator[NameServer]:
    """A canary for lookups; all resolvers that are made meanwhile ask it."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
        pytest.MonkeyPatch.context() as patch,
    ):
        listener.bind(("127.0.0.1", 0))
        patch.setattr(Lookups, "server", listener.getsockname())
        patch.setattr(Lookups, "table", table)
        patch.setattr(aiohttp.connector, "DefaultResolver", Lookups)
        yield NameServer(listener)


@dataclass
class World:
    """A canary, a partner that is on the list, and servers that have the list."""

    canary: Canary
    listed: StandIn
    server: Server
    here: tuple[str, int]
    names: NameServer

    def filled(self, text: str) -> str:
        """A query or an address with the addresses of this run."""
        port, at = str(self.canary.port), str(self.listed.server_address[1])
        text = text.replace("CANARY", f"http://127.0.0.1:{port}/").replace("PORT", port)
        return text.replace("LISTED", f"http://127.0.0.1:{at}/sparql").replace("AT/", f"{at}/")

    def ask_here(self, text: str) -> tuple[int, bytes]:
        """Status and rest of the answer of the server whose resolver is ours."""
        body = text.encode()
        head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = talk(self.here, head + body)
        return int(answer.split()[1]), answer

    def nobody_heard(self) -> None:
        assert self.canary.calls() == 0
        assert self.listed.asked == []
        assert self.names.names() == Counter()


@pytest.fixture(name="world", scope="module")
def _world(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = seeds_release.path.parent.parent
    file = tmp_path_factory.mktemp("reach") / "partners.toml"
    with (
        singing() as canary,
        stand_in(lambda handler: handler.send(solutions())) as listed,
        name_server({}) as names,
        serving(data, "--partners", str(partners_file(file, {"p": {"endpoint": listed.url}}))) as s,
        site_listening(data, SiteOptions(partners=partners(partner(listed.url)))) as here,
    ):
        yield World(canary, listed, s, here.address, names)


def expected(name: str) -> tuple[int, str]:
    return (400, "syntax") if name in SYNTAX else (403, "federation-disabled")


@pytest.mark.parametrize("name", QUERIES)
def test_an_address_that_is_not_on_the_list_is_refused_and_hears_nothing(
    world: World, name: str
) -> None:
    answer = world.server.post(world.filled(QUERIES[name]))
    assert (answer.status, answer.problem) == expected(name), answer.body
    world.nobody_heard()


@pytest.mark.parametrize("name", QUERIES)
def test_an_address_that_is_not_on_the_list_is_not_looked_up(world: World, name: str) -> None:
    status, answer = world.ask_here(world.filled(QUERIES[name]))
    assert status == expected(name)[0], answer
    world.nobody_heard()


@pytest.mark.parametrize("name", [*QUERIES, *NO_CALLS, *UPDATES])
def test_the_federation_alone_calls_nobody_either(world: World, name: str) -> None:
    """Without the check that reads the text first: what it takes for no call is not called."""
    text = world.filled({**QUERIES, **NO_CALLS, **UPDATES}[name])
    asked = Asked(store_of(("urn:s", "urn:p", "urn:o")))

    async def work(federation: Federation) -> str:
        try:
            return (await federation.join(text, IRIS, asked)).text
        except Refusal:
            return ""

    rest = with_federation(partners(partner(world.listed.url)), work)
    # The query process has no network; what is left for it is what was written.
    assert rest in ("", text)
    assert not rest or name in NO_CALLS or name in SYNTAX
    world.nobody_heard()


@pytest.mark.parametrize("name", NO_CALLS)
def test_what_only_looks_like_a_call_is_answered(world: World, name: str) -> None:
    answer = world.server.post(world.filled(NO_CALLS[name]))
    assert answer.status == 200, answer.body
    world.nobody_heard()


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_refused(world: World, name: str) -> None:
    answer = world.server.post(world.filled(UPDATES[name]))
    assert (answer.status, answer.problem) == (403, "read-only")
    world.nobody_heard()


@pytest.mark.parametrize("name", [*QUERIES, *NO_CALLS])
def test_the_plan_of_a_query_calls_nobody(world: World, name: str) -> None:
    text = world.filled({**QUERIES, **NO_CALLS}[name])
    answer = world.server.request("GET", f"/sparql?explain=true&query={quote(text)}")
    assert answer.status == (200 if name in NO_CALLS else expected(name)[0]), answer.body
    world.nobody_heard()


def test_a_plan_that_would_call_a_partner_does_not(world: World) -> None:
    text = world.filled(CLAUSE % "LISTED")
    answer = world.server.request("GET", f"/sparql?explain=true&query={quote(text)}")
    assert answer.status == 200
    world.nobody_heard()


def test_nobody_has_ended_a_query_process(world: World) -> None:
    """Not even one that was to find a mistake beside an address with https."""
    assert world.server.metric("pfocr_rdf_kills_total") == 0


@contextmanager
def one_server(
    data: Path, file: Path, listed: Mapping[str, Mapping[str, object]], **environment: str
) -> Iterator[Server]:
    with serving(data, "--partners", str(partners_file(file, listed)), **environment) as server:
        yield server


def ask_listed(server: Server, url: str, word: str = "SERVICE") -> Answer:
    return server.post(f"SELECT * {{ {word} <{url}> {{ ?s ?p ?o }} }}")


@pytest.fixture(name="proxied", scope="module")
def _proxied(
    seeds_release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Canary, StandIn, Server]]:
    """A server in whose environment the canary is a proxy; and its partner, who redirects."""
    said = iter(REDIRECTS.values())

    def redirecting(handler: Handler) -> None:
        if handler.path != "/redirecting":
            handler.send(solutions({"s": uri("urn:s")}))
            return
        status, headers = next(said)
        address = f"http://127.0.0.1:{canary.port}/"
        filled = {
            name: value.replace("CANARY", address).replace("PORT", str(canary.port))
            for name, value in headers.items()
        }
        handler.send(b"", "text/html", status, **filled)

    with singing() as canary, stand_in(redirecting) as listed:
        there = listed.url.removesuffix("sparql")
        proxy = f"http://127.0.0.1:{canary.port}"
        names = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "ftp_proxy")
        environment = {spelled: proxy for name in names for spelled in (name, name.upper())}
        listing: dict[str, dict[str, object]] = {
            "plain": {"endpoint": listed.url},
            "redirecting": {"endpoint": f"{there}redirecting", "ttl_s": 0},
            "private": {"endpoint": f"http://127.0.0.1:{canary.port}/", "private": False},
            "named": {"endpoint": f"http://localhost:{canary.port}/", "private": False},
            "decimal": {"endpoint": f"http://2130706433:{canary.port}/", "private": False},
            "short": {"endpoint": f"http://127.1:{canary.port}/", "private": False},
            "six": {"endpoint": f"http://[::1]:{canary.port}/", "private": False},
            "mapped": {"endpoint": f"http://[::ffff:7f00:1]:{canary.port}/", "private": False},
        }
        file = tmp_path_factory.mktemp("proxied") / "partners.toml"
        data = seeds_release.path.parent.parent
        with one_server(data, file, listing, no_proxy="", NO_PROXY="", **environment) as server:
            yield canary, listed, server


@pytest.mark.parametrize("name", REDIRECTS)
def test_where_a_partner_redirects_to_hears_nothing(
    proxied: tuple[Canary, StandIn, Server], name: str
) -> None:
    canary, listed, server = proxied
    before = len(listed.asked)
    answer = ask_listed(server, listed.url.removesuffix("sparql") + "redirecting")
    assert (answer.status, answer.problem) == (502, "partner-failed"), answer.body
    assert len(listed.asked) == before + 1
    assert canary.calls() == 0


def test_a_proxy_of_the_environment_is_not_used(proxied: tuple[Canary, StandIn, Server]) -> None:
    canary, listed, server = proxied
    answer = ask_listed(server, listed.url)
    assert (answer.status, len(answer.json["results"]["bindings"])) == (200, 1)
    assert canary.calls() == 0


@pytest.mark.parametrize(
    ("host", "said"),
    [
        *((host, "is not a public address") for host in ("127.0.0.1", "localhost", "[::1]")),
        ("[::ffff:7f00:1]", "is not a public address"),
        ("2130706433", "its address cannot be called (2130706433 - is not a canonical IPv4"),
        ("127.1", "its address cannot be called (127.1 - is not a canonical IPv4"),
    ],
)
def test_a_listed_partner_at_a_private_address_hears_nothing(
    proxied: tuple[Canary, StandIn, Server], host: str, said: str
) -> None:
    canary, _, server = proxied
    answer = ask_listed(server, f"http://{host}:{canary.port}/")
    assert (answer.status, answer.problem) == (502, "partner-failed")
    assert said in answer.json["detail"]
    assert canary.calls() == 0
    silent = ask_listed(server, f"http://{host}:{canary.port}/", "SERVICE SILENT")
    assert silent.status == 200
    assert said in silent.headers["x-federation"]
    assert canary.calls() == 0


def test_graphs_of_the_protocol_are_not_fetched_for_a_partner(
    proxied: tuple[Canary, StandIn, Server],
) -> None:
    canary, listed, server = proxied
    graph = quote(f"http://127.0.0.1:{canary.port}/")
    text = quote(f"SELECT * {{ SERVICE <{listed.url}> {{ ?s ?p 'graphs' }} }}")
    target = f"/sparql?default-graph-uri={graph}&named-graph-uri={graph}&query={text}"
    assert server.request("GET", target).status == 200
    assert graph not in listed.asked[-1][3].decode()
    assert canary.calls() == 0


def test_the_command_line_calls_nobody_either(
    proxied: tuple[Canary, StandIn, Server], seeds_release: Release
) -> None:
    canary, *_ = proxied
    data = str(seeds_release.path.parent.parent)
    for more in ([], ["--explain"]):
        for text in (CLAUSE % f"http://127.0.0.1:{canary.port}/", "SELECT * { SERVICE ?e { } }"):
            done = run("query", "--data", data, *more, text)
            assert (done.status, done.out) == (1, "")
            assert "SERVICE clause in line 1" in done.err
    assert canary.calls() == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["127.0.0.1", "::1", "127.0.0.2"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["169.254.169.254", "::ffff:169.254.169.254"],
        ["0.0.0.0", "::"],
    ],
)
def test_a_listed_name_that_means_a_private_address_is_looked_up_and_not_called(
    addresses: list[str],
) -> None:
    with singing() as canary, name_server({"listed.example": addresses}) as names:
        asked = partner(f"http://listed.example:{canary.port}/", private=False)
        text = CLAUSE % asked.endpoint

        async def work(federation: Federation) -> list[str]:
            found = []
            for _ in range(2):  # and not the second time
                with pytest.raises(Refusal) as raised:
                    await federation.join(text, IRIS, Asked(STORE))
                found.append(raised.value.detail)
            return found

        details = with_federation(partners(asked), work)
        assert names.names() == {"listed.example": 2}
        assert canary.calls() == 0
    for detail in details:
        assert detail.startswith("stand-in: it is at ")
        assert (
            "is not a public address, so it was not called" in detail
            or "are not public addresses, so they were not called" in detail
        )


def test_a_listed_name_that_may_be_private_is_called() -> None:
    with (
        stand_in(lambda handler: handler.send(solutions({"s": uri("urn:s")}))) as server,
        name_server({"listed.example": ["127.0.0.1"]}) as names,
    ):
        asked = partner(f"http://listed.example:{server.server_address[1]}/")
        text = CLAUSE % asked.endpoint
        with_federation(partners(asked), lambda fed: fed.join(text, IRIS, Asked(STORE)))
        assert len(server.asked) == 1
        assert names.names() == {"listed.example": 1}


def test_what_a_partner_answers_calls_nobody() -> None:
    """Its answer becomes a part of a query: nothing in it is read as one."""
    with singing() as canary:
        address = f"http://127.0.0.1:{canary.port}/"
        tricks = [f'" ) }} }} SERVICE <{address}> {{ ?s ?p ?o }} #', "\\u0022) } SERVICE <x> {"]
        rows = [{"s": uri("urn:s"), "o": {"type": "literal", "value": trick}} for trick in tricks]
        rows += [{"s": uri("urn:s"), "o": uri(address)}]
        rows += [{"s": uri("urn:s"), "o": {"type": "bnode", "value": f"> }} SERVICE <{address}"}}]
        with stand_in(lambda handler: handler.send(solutions(*rows))) as server:
            text = CLAUSE % server.url

            async def work(federation: Federation) -> str:
                return (await federation.join(text, IRIS, Asked(STORE))).text

            rest = with_federation(partners(partner(server.url)), work)
        assert len(list(STORE.query(rest))) == 4  # type: ignore[arg-type]
        assert canary.calls() == 0


STORE: Final = store_of(("urn:s", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "urn:c"))


@pytest.mark.parametrize(
    ("take_away", "hears"),
    [("the list", True), ("the addresses", True), ("nothing", False)],
)
def test_the_canaries_hear_a_federation_that_calls_anybody(
    monkeypatch: pytest.MonkeyPatch, take_away: str, hears: bool
) -> None:
    """Each protection by itself keeps the canary silent, and without it there is a call."""
    with singing() as canary, name_server({"unlisted.example": ["127.0.0.1"]}) as names:
        address = f"http://unlisted.example:{canary.port}/"
        found = [] if take_away == "the list" else [partner(address, private=False)]
        if take_away == "the list":
            monkeypatch.setattr(Federation, "partner", lambda _, step: partner(step.endpoint))
        if take_away == "the addresses":
            anything: Callable[[str], bool] = lambda _: True  # noqa: E731
            monkeypatch.setattr("pfocr_rdf.web.federation.addresses.is_public", anything)

        async def work(federation: Federation) -> None:
            with pytest.raises(Refusal):
                await federation.join(CLAUSE % address, IRIS, Asked(STORE))

        with_federation(partners(*found), work)
        assert (canary.calls() > 0) == hears
        assert set(names.names()) == {"unlisted.example"}
