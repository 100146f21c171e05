"""A server with another engine behind it, beside one that reads the same release itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

from pyoxigraph import (
    NamedNode,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from building import checkout
from endpoints import Handler, StandIn, stand_in
from linking import SAMPLES
from making import SEEDS
from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.releases import Release
from serving import JSON, Answer, Server

FORM: Final = "application/x-www-form-urlencoded"


def every_kind(folder: Path) -> Release:
    """A release with every kind of thing, and links of mapping sets."""
    records = checkout(folder / "records")
    options = BuildOptions(mappings=tuple(SAMPLES), issued="2025-01-01")
    return build_release([SEEDS, records], folder / "data", options).release


@dataclass(frozen=True, slots=True)
class Pair:
    """A server with an engine behind it, and one that reads the store."""

    backed: Server
    local: Server

    def form(self, **fields: str | list[str]) -> tuple[Answer, Answer]:
        """What both answer to a form, in which ``accept`` is the header."""
        head = {"Content-Type": FORM, "Accept": str(fields.pop("accept", "*/*"))}
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        body = urlencode(names, doseq=True).encode()
        return (
            self.backed.request("POST", "/sparql", body, head),
            self.local.request("POST", "/sparql", body, head),
        )

    def page(self, target: str, accept: str) -> tuple[Answer, Answer]:
        """What both say at an address."""
        head = {"Accept": accept, "Host": "pages.example.org"}
        return (
            self.backed.request("GET", target, headers=head),
            self.local.request("GET", target, headers=head),
        )


def rows_of(answer: Answer) -> tuple[list[str], list[str]]:
    """Columns and rows, in an order of their own; ``1.0`` is as good a number as ``1``."""
    assert answer.status == 200, answer.body
    found = answer.json
    if "boolean" in found:
        return [], [str(found["boolean"])]
    for row in found["results"]["bindings"]:
        for cell in row.values():
            if cell.get("datatype", "").endswith("#double"):
                cell["value"] = str(float(cell["value"]))
    rows = [json.dumps(row, sort_keys=True) for row in found["results"]["bindings"]]
    return sorted(found["head"]["vars"]), sorted(rows)


def triples_of(answer: Answer) -> set[Triple]:
    """The triples of an answer; none of these data has blank nodes."""
    assert answer.status == 200, answer.body
    form = RdfFormat.from_media_type(answer.headers["content-type"].partition(";")[0])
    assert form is not None
    return {quad.triple for quad in parse(answer.body, form)}


@dataclass(slots=True)
class Behaviour:
    """What a stand-in does with queries that are none of the server's own.

    :param reply: None for the truth.
    :param version: what it says that it holds, None for the truth.
    :param down: it resets every connection.
    :param virtuoso_rows: it says that it is Virtuoso, and gives out so many rows.
    """

    reply: Any = None
    version: str | None = None
    down: bool = False
    virtuoso_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Pretender:
    """An engine of a few lines that holds a release."""

    server: StandIn
    behaviour: Behaviour

    @property
    def url(self) -> str:
        return self.server.url

    def asked(self) -> list[dict[str, str]]:
        """The forms that came for queries that are none of the server's own."""
        forms = [dict(parse_qsl(body.decode())) for _, _, _, body in self.server.asked]
        return [form for form in forms if not _is_own(form["query"])]


@contextmanager
def pretender(release: Release) -> Iterator[Pretender]:
    """An engine that has a release in its own default graph, and behaves as a test says."""
    store = Store.read_only(str(release.store))
    behaviour = Behaviour()

    def reply(handler: Handler) -> None:
        query = dict(parse_qsl(handler.body.decode()))["query"]
        if behaviour.virtuoso_rows is not None:
            handler.server_version = "Virtuoso/07.20.3229"
        if "bif:cfg_item_value" in query:
            cell = {"type": "literal", "value": str(behaviour.virtuoso_rows)}
            handler.send(one_row("n", cell))
        elif behaviour.down:
            handler.connection.close()
        elif behaviour.reply is not None and not _is_own(query):
            behaviour.reply(handler)
        elif behaviour.version is not None and "hasCurrentVersion" in query:
            cell = {"type": "uri", "value": behaviour.version}
            handler.send(one_row("version", cell))
        else:
            handler.send(*_true(store, handler.body))

    with stand_in(reply) as server:
        yield Pretender(server, behaviour)


def one_row(name: str, cell: object) -> bytes:
    """One solution with one variable, as JSON."""
    return json.dumps({"head": {"vars": [name]}, "results": {"bindings": [{name: cell}]}}).encode()


def _is_own(query: str) -> bool:
    counts = ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "SELECT ?g (COUNT(*) AS ?n)")
    return "hasCurrentVersion" in query or query.startswith(counts)


def _true(store: Store, form: bytes) -> tuple[bytes, str]:
    """The answer, made, written and dropped in one thread."""
    fields = parse_qs(form.decode())
    graphs: dict[str, Any] = {
        argument: [NamedNode(iri) for iri in fields[name]]
        for argument, name in (
            ("default_graph", "default-graph-uri"),
            ("named_graphs", "named-graph-uri"),
        )
        if name in fields
    }
    answer = store.query(fields["query"][0], **graphs)
    if isinstance(answer, QueryTriples):
        lines = RdfFormat.N_TRIPLES
        return answer.serialize(format=lines) or b"", lines.media_type
    written = answer.serialize(format=QueryResultsFormat.JSON) or b""
    return written, JSON
