"""The SPARQL 1.1 Protocol: what an HTTP request asks for, or why it is refused.

https://www.w3.org/TR/sparql11-protocol/#query-operation . Nothing here evaluates a query or uses
a socket: the functions turn a request into a value, the same each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from pfocr_rdf.web.formats import Format, Formats, choose_formats, refuse_kind
from pfocr_rdf.web.negotiation import negotiate_encoding
from pfocr_rdf.web.problems import Refusal

# https://www.w3.org/TR/sparql11-protocol/#query-operation and #update-operation
QUERY_TYPE: Final = "application/sparql-query"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
UPDATE_TYPE: Final = "application/sparql-update"
#: The methods of the endpoint, which OPTIONS lists. QUERY is like POST, but safe:
#: https://httpwg.org/http-extensions/draft-ietf-httpbis-safe-method-w-body.html
METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")
FIELD_LIMIT: Final = 256  # parameters in a URL or a form: each costs time to decode

DATASET: Final = ("default-graph-uri", "named-graph-uri")
#: https://www.w3.org/TR/sparql11-http-rdf-update/#http-get : refused, since a client would take
#: the description of the service for the graph.
GRAPH_STORE: Final = ("graph", "default")
UPDATE_DATASET: Final = ("using-graph-uri", "using-named-graph-uri")

#: What no UTF-8 has: it marks percent signs that begin no escape while the others are decoded.
NOT_UTF_8: Final = b"\xff"
#: Percent sign → itself; hexadecimal digit → ``h``; any other byte → 0.
SHAPE: Final = bytes(
    0x25 if byte == 0x25 else 0x68 if byte in b"0123456789ABCDEFabcdef" else 0
    for byte in range(256)
)
#: Percent sign → what makes the mark of it when added; any other byte → 0.
LONE: Final = bytes(NOT_UTF_8[0] - 0x25 if byte == 0x25 else 0 for byte in range(256))

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The parts of a request that matter here.

    :param query_string: what follows the question mark, as it came, each byte a character.
    :param headers: names in lower case; headers of one name joined by commas.
    """

    method: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """A query to be answered.

    :param default_graphs: IRIs of the graphs that make up the default graph. If this and
        ``named_graphs`` are None, the query's own FROM clauses count, or else the store's dataset.
    :param named_graphs: IRIs of the graphs that GRAPH may name.
    :param encoding: content coding of the answer, such as ``gzip``, or ``identity``.
    :param explain: whether to answer with the plan of the query, without asking partners.
    """

    text: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: Formats
    encoding: str
    explain: bool = False


@dataclass(frozen=True, slots=True)
class DescriptionAsked:
    """A request for the description of the service, made by a GET without a query.

    https://www.w3.org/TR/sparql11-service-description/#accessing
    """

    format: Format


def read_request(request: HttpRequest) -> Query | DescriptionAsked:
    """What a request asks of the endpoint.

    :raises Refusal: if the protocol does not allow it, it is an update, or no format suits it.

    >>> asked = read_request(HttpRequest("GET", "query=ASK+%7B%7D", {"accept": "text/xml"}, b""))
    >>> asked.text, asked.formats.boolean
    ('ASK {}', Format(name='xml', media_type='text/xml; charset=utf-8'))
    >>> read_request(HttpRequest("GET", "query=ASK {}&query=ASK {}", {}, b""))
    Traceback (most recent call last):
    pfocr_rdf.web.problems.Refusal: The request does not follow the SPARQL 1.1 Protocol: the \
parameter query is given 2 times: send one query per request
    """
    if request.method in ("GET", "HEAD"):
        return _read_get(request)
    if request.method not in ("POST", "QUERY"):
        raise Refusal(
            "method-not-allowed",
            f"{request.method} is not a method of this address: use GET or POST",
            headers={"Allow": ", ".join(METHODS)},
        )
    media_type = _readable_type(request)
    body = _decoded(request.body, "the body")
    fields: Fields = _fields(request.query_string)
    if media_type == FORM_TYPE:
        fields = _merged(fields, _fields(body))
    elif media_type == UPDATE_TYPE:
        raise _read_only()
    else:
        # A file that a Windows editor wrote begins with a mark that is not part of the query.
        fields = _merged(fields, {"query": [body.removeprefix("\ufeff")]})
    if "update" in fields:
        raise _refused_update(fields)
    return _query(request, fields)


def _read_get(request: HttpRequest) -> Query | DescriptionAsked:
    fields = _fields(request.query_string)
    if "update" in fields:
        raise _bad("an update cannot be sent by GET, and this endpoint takes none: send a query")
    if "query" in fields or any(name in fields for name in (*DATASET, *UPDATE_DATASET)):
        return _query(request, fields)
    if any(name in fields for name in GRAPH_STORE):
        raise _bad(
            "graphs are not read by the Graph Store protocol here: send CONSTRUCT { ?s ?p ?o } "
            "{ GRAPH <the graph> { ?s ?p ?o } } as “query”, or fetch a dump"
        )
    formats = _formats(request, fields)
    if formats.graph is None:
        raise refuse_kind("graph")
    return DescriptionAsked(formats.graph)


def _query(request: HttpRequest, fields: Fields) -> Query:
    texts = fields.get("query", ())
    if len(texts) > 1:
        raise _bad(f"the parameter query is given {len(texts)} times: send one query per request")
    text = texts[0] if texts else ""
    if not text or text.isspace():
        raise Refusal("missing-query", "the query is missing or empty: send its text as “query”")
    if "\0" in text:
        raise _bad("the query holds the character U+0000: remove it")
    for name in UPDATE_DATASET:
        if name in fields:
            other = name.replace("using-graph", "default-graph").removeprefix("using-")
            raise _bad(f"the parameter {name} is for updates: use {other} with a query")
    default_graphs, named_graphs = None, None
    if any(name in fields for name in DATASET):
        default_graphs, named_graphs = (_graphs(name, fields.get(name, ())) for name in DATASET)
    formats, encoding = _formats(request, fields), _encoding(request)
    return Query(text, default_graphs, named_graphs, formats, encoding, _explains(fields))


def _explains(fields: Fields) -> bool:
    """Whether the partners are only to be named in a plan, and not asked.

    Any other value than yes or no is refused: taken for no, it would have the partners asked.
    """
    values = {value.lower() for value in fields.get("explain", ())}
    if not values <= {"true", "1", "false", "0"}:
        raise _bad("the parameter explain is neither true nor false: send one of them")
    return not values.isdisjoint({"true", "1"})


def _graphs(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """The graphs that a parameter names, each once."""
    for value in values:
        try:
            NamedNode(value)
        except ValueError:
            shown = value if len(value) <= 200 else value[:200] + "…"
            raise _bad(f"{name} is {shown!r}: give an absolute IRI") from None
    return tuple(dict.fromkeys(values))


def _refused_update(fields: Fields) -> Refusal:
    """The refusal of a request with an update: for being one, or for not being a valid one."""
    count = len(fields["update"])
    if "query" in fields:
        return _bad("there is a query and an update: send the query alone")
    if count > 1:
        return _bad(f"the parameter update is given {count} times; this endpoint takes no updates")
    return _read_only()


def _read_only() -> Refusal:
    return Refusal("read-only", "this endpoint takes no updates: a release never changes")


def _bad(detail: str) -> Refusal:
    return Refusal("bad-request", detail)


def _formats(request: HttpRequest, fields: Fields) -> Formats:
    """The formats for the answer: those of ``format=``, else ``output=``, else the header.

    SPARQLWrapper sends both, and a name before a media type; the first that is not empty counts.
    """
    override = next((v for name in ("format", "output") for v in fields.get(name, ()) if v), None)
    return choose_formats(request.headers.get("accept"), override)


def _encoding(request: HttpRequest) -> str:
    return negotiate_encoding(request.headers.get("accept-encoding"))


def _readable_type(request: HttpRequest) -> str:
    """The media type of the body, which must be one that is read, in UTF-8 and not compressed.

    https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct allows no other charset.

    :raises Refusal: ``unsupported-media-type``.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        detail = f"the body is encoded as {coding!r}: send it as it is"
        # https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 : a 415 has this header too
        raise Refusal("unsupported-media-type", detail, headers={"Accept-Encoding": "identity"})
    forms = (QUERY_TYPE,) if request.method == "QUERY" else (QUERY_TYPE, FORM_TYPE)
    header = request.headers.get("content-type", "")
    media_type, _, rest = header.partition(";")
    media_type = media_type.strip().lower()
    if media_type not in (*forms, UPDATE_TYPE):
        found = f"the Content-Type is {header!r}" if header else "there is no Content-Type"
        detail = f"{found}: send {' or '.join(forms)}"
        raise Refusal("unsupported-media-type", detail, headers={"Accept": ", ".join(forms)})
    for parameter in rest.split(";"):
        name, _, value = (part.strip() for part in parameter.lower().partition("="))
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            detail = f"the charset is {value!r}: send UTF-8"
            raise Refusal("unsupported-media-type", detail)
    return media_type


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"{where} is not UTF-8 at byte {error.start}: send it in UTF-8"
        raise _bad(detail) from None


def _fields(text: str) -> dict[str, list[str]]:
    """Parameter → its values; unknown parameters are included.

    https://url.spec.whatwg.org/#urlencoded-parsing
    """
    fields: dict[str, list[str]] = {}
    if text.count("&") >= FIELD_LIMIT:
        raise _bad(f"there are more than {FIELD_LIMIT} parameters: send fewer")
    try:
        for pair in filter(None, text.split("&")):
            name, _, value = pair.partition("=")
            fields.setdefault(_unescaped(name), []).append(_unescaped(value))
    except UnicodeDecodeError:
        raise _bad("a parameter is not UTF-8 once its escapes are decoded: send UTF-8") from None
    return fields


def _unescaped(text: str) -> str:
    """A name or value without its escapes; a percent sign that begins none stays.

    Nothing here is done once for each escape in Python: in a long body, ``unquote`` of the standard
    library kept all other clients waiting for a quarter of a second.

    >>> _unescaped("%C3%A9+%41%%2B%4")
    'é A%+%4'

    :raises UnicodeDecodeError: if it is not UTF-8.
    """
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    data = text.encode()
    shape = data.translate(SHAPE).replace(b"%hh", b"\0\0\0")
    if b"%" in shape:
        # A sum of bytes, each below 256, has no carry: other bytes get 0 added.
        lone = int.from_bytes(shape.translate(LONE)) + int.from_bytes(data)
        data = lone.to_bytes(len(data))
    escaped = data.replace(b"\\", b"\\\\").replace(b"%", b"\\x").replace(NOT_UTF_8, b"%")
    return escaped.decode("unicode_escape").encode("latin-1").decode()


def _merged(url: Fields, body: Fields) -> Fields:
    """The parameters of the URL and of the body together.

    https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded

    :raises Refusal: if both have a query.
    """
    if "query" in url and "query" in body:
        raise _bad("there is a query in the URL and another in the body: send one")
    return {name: [*url.get(name, ()), *body.get(name, ())] for name in (*url, *body)}
