"""The protocol: https://www.w3.org/TR/sparql11-protocol/ , from a request to a query or a refusal.

The first part has the requests of the W3C's protocol tests, by their names. No test opens a
socket: what real clients send is taken from them before it leaves.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from urllib.request import Request

import pytest
import rdflib.plugins.stores.sparqlconnector
import SPARQLWrapper.Wrapper
from hypothesis import given
from hypothesis import strategies as st
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from pfocr_rdf.web.formats import Format, choose_formats
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.sparql import (
    FIELD_LIMIT,
    DescriptionAsked,
    HttpRequest,
    Query,
    read_request,
)

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
DATA: Final = "http://kasei.us/2009/09/sparql/data/"
D0, D1, D2, D3 = (f"{DATA}data{number}.rdf" for number in range(4))
DEFAULT: Final = "default-graph-uri"
NAMED: Final = "named-graph-uri"
USING: Final = "using-graph-uri"
USING_NAMED: Final = "using-named-graph-uri"
ASK: Final = "ASK {}"

Pairs = list[tuple[str, str]]


def get(*pairs: tuple[str, str], method: str = "GET", **headers: str) -> HttpRequest:
    return HttpRequest(method, urlencode(pairs), lowered(headers), b"")


def post(
    content_type: str | None, body: str | bytes | Pairs, url: Pairs | None = None, **headers: str
) -> HttpRequest:
    data = urlencode(body) if isinstance(body, list) else body
    found = lowered(headers) | ({"content-type": content_type} if content_type else {})
    encoded = data.encode() if isinstance(data, str) else data
    return HttpRequest("POST", urlencode(url or []), found, encoded)


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def query(request: HttpRequest) -> Query:
    found = read_request(request)
    assert isinstance(found, Query)
    return found


def refused(request: HttpRequest) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_request(request)
    return caught.value


# The tests of the W3C


@dataclass(frozen=True, slots=True)
class Case:
    """A request of a protocol test: the dataset that it asks for, or the status it gets."""

    name: str
    request: HttpRequest
    graphs: tuple[tuple[str, ...] | None, tuple[str, ...] | None] = (None, None)
    status: int = 200


W3C: Final = (
    Case("query_post_form", post(FORM, [("query", ASK)], [(DEFAULT, D0)]), ((D0,), ())),
    Case(
        "query_dataset_default_graphs_get",
        get(("query", ASK), (DEFAULT, D1), (DEFAULT, D2)),
        ((D1, D2), ()),
    ),
    Case(
        "query_dataset_default_graphs_post",
        post(DIRECT, ASK, [(DEFAULT, D1), (DEFAULT, D2)]),
        ((D1, D2), ()),
    ),
    Case(
        "query_dataset_named_graphs_post",
        post(DIRECT, ASK, [(NAMED, D1), (NAMED, D2)]),
        ((), (D1, D2)),
    ),
    Case(
        "query_dataset_named_graphs_get",
        get(("query", ASK), (NAMED, D1), (NAMED, D2)),
        ((), (D1, D2)),
    ),
    Case(
        "query_dataset_full",
        post(DIRECT, ASK, [(DEFAULT, D3), (NAMED, D1), (NAMED, D2)]),
        ((D3,), (D1, D2)),
    ),
    Case(
        "query_multiple_dataset",
        post(DIRECT, f"ASK FROM <{D3}> {{}}", [(NAMED, D1), (NAMED, D2)]),
        ((), (D1, D2)),
    ),
    Case("query_get", get(("query", ASK), (DEFAULT, D0)), ((D0,), ())),
    *(
        Case(f"query_content_type_{form}", post(DIRECT, text, [(DEFAULT, D0)]), ((D0,), ()))
        for form, text in (
            ("select", "SELECT (1 AS ?value) {}"),
            ("ask", ASK),
            ("describe", "DESCRIBE <http://example.org/>"),
            ("construct", "CONSTRUCT { <s> <p> 1 } WHERE {}"),
        )
    ),
    # Updates "must be refused" by an endpoint that takes none.
    Case("update_dataset_default_graph", post(UPDATE, "CLEAR ALL", [(USING, D1)]), status=403),
    Case(
        "update_dataset_default_graphs",
        post(UPDATE, "DROP ALL", [(USING, D1), (USING, D2)]),
        status=403,
    ),
    Case(
        "update_dataset_named_graphs",
        post(UPDATE, "DROP ALL", [(USING_NAMED, D1), (USING_NAMED, D2)]),
        status=403,
    ),
    Case(
        "update_dataset_full",
        post(UPDATE, "DROP ALL", [(USING, D1), (USING_NAMED, D2)]),
        status=403,
    ),
    Case("update_post_form", post(FORM, [("update", "CLEAR ALL")]), status=403),
    Case("update_post_direct", post(UPDATE, "CLEAR ALL"), status=403),
    Case("update_base_uri", post(UPDATE, "INSERT DATA { <s> <p> <test> }"), status=403),
    Case("query_post_direct", post(DIRECT, ASK)),
    Case(
        "bad_query_method",
        get(("query", ASK), (DEFAULT, D0), method="PUT", content_type=FORM),
        status=405,
    ),
    Case("bad_multiple_queries", get(("query", ASK), ("query", "SELECT * {}")), status=400),
    Case("bad_query_wrong_media_type", post("text/plain", ASK), status=415),
    Case("bad_query_missing_form_type", post(None, [("query", ASK)]), status=415),
    Case("bad_query_missing_direct_type", post(None, ASK), status=415),
    Case(
        "bad_query_non_utf8",
        post(f"{DIRECT}; charset=UTF-16", ASK.encode("utf-16")),
        status=415,
    ),
    # A query for the protocol; the parser refuses it.
    Case("bad_query_syntax", get(("query", "ASK {"))),
    Case("bad_update_get", get(("update", "CLEAR ALL")), status=400),
    Case(
        "bad_multiple_updates",
        post(FORM, [("update", "CLEAR NAMED"), ("update", "CLEAR DEFAULT")]),
        status=400,
    ),
    Case("bad_update_wrong_media_type", post("text/plain", "CLEAR NAMED"), status=415),
    Case("bad_update_missing_form_type", post(None, [("update", "CLEAR NAMED")]), status=415),
    Case(
        "bad_update_non_utf8",
        post(f"{UPDATE}; charset=UTF-16", "CLEAR NAMED".encode("utf-16")),
        status=415,
    ),
    Case("bad_update_syntax", post(FORM, [("update", "CLEAR XYZ")]), status=403),
    Case(
        "bad_update_dataset_conflict",
        post(UPDATE, "WITH <http://example/a> DELETE {} WHERE {}", [(USING_NAMED, D1)]),
        status=403,
    ),
)


@pytest.mark.parametrize("case", W3C, ids=lambda case: case.name)
def test_the_protocol_tests_of_the_w3c(case: Case) -> None:
    if case.status != 200:
        assert refused(case.request).status == case.status
        return
    found = query(case.request)
    assert (found.default_graphs, found.named_graphs) == case.graphs
    assert found.formats.boolean == Format("json", "application/sparql-results+json")
    assert found.formats.graph == Format("turtle", "text/turtle; charset=utf-8")
    assert found.encoding == "identity"


def test_all_protocol_tests_of_the_w3c_are_here() -> None:
    assert len({case.name for case in W3C}) == len(W3C) == 34


# Where the query stands


@given(
    st.text(min_size=1).filter(lambda text: not text.isspace() and "\0" not in text),
    st.lists(st.sampled_from([D0, D1, D2])),
)
def test_a_query_is_the_same_however_it_is_sent(text: str, graphs: list[str]) -> None:
    dataset = [(DEFAULT, graph) for graph in graphs]
    sent = get(("query", text), *dataset)
    expected = query(sent)
    assert expected.text == text
    assert query(HttpRequest("HEAD", sent.query_string, {}, b"")) == expected
    assert query(post(FORM, [("query", text), *dataset])) == expected
    assert query(post(FORM, [("query", text)], dataset)) == expected
    direct = post(DIRECT, text, dataset)
    if not text.startswith("\ufeff"):
        assert query(direct) == expected
        assert query(HttpRequest("QUERY", direct.query_string, direct.headers, direct.body)) == (
            expected
        )


def test_the_mark_at_the_start_of_a_file_is_no_part_of_a_query() -> None:
    assert query(post(DIRECT, b"\xef\xbb\xbfASK {}")).text == ASK


def test_a_form_may_have_its_query_in_the_url() -> None:
    assert query(post(FORM, "", [("query", ASK)])).text == ASK


@pytest.mark.parametrize(
    "content_type",
    [
        DIRECT,
        "Application/SPARQL-Query",
        f"{DIRECT};charset=utf-8",
        f"{DIRECT} ; Charset=UTF-8",
        f'{DIRECT}; charset="utf-8"; x=y',
        f"{DIRECT};",
    ],
)
def test_a_query_in_utf_8_is_read(content_type: str) -> None:
    assert query(post(content_type, 'ASK { ?s ?p "é𝄞" }')).text == 'ASK { ?s ?p "é𝄞" }'


def test_a_form_may_have_letters_that_should_be_escaped() -> None:
    assert query(post(FORM, 'query=ASK { ?s ?p "é" }')).text == 'ASK { ?s ?p "é" }'


def test_unknown_parameters_are_ignored() -> None:
    assert query(get(("timeout", "30"), ("query", ASK), ("QUERY", "x"), ("", ""))).text == ASK
    assert query(post(FORM, [("query", ASK), ("callback", "f")], [("debug", "on")])).text == ASK


@pytest.mark.parametrize(
    "request_",
    [
        get(("query", "")),
        get(("query", " \n\t")),
        get(("query", ""), method="HEAD"),
        get((DEFAULT, D1)),
        get((USING_NAMED, D1)),
        post(FORM, ""),
        post(FORM, [("query", "")]),
        post(FORM, [(DEFAULT, D1)]),
        post(DIRECT, ""),
        post(DIRECT, b"\xef\xbb\xbf"),
    ],
)
def test_a_query_that_is_missing_or_empty_is_refused(request_: HttpRequest) -> None:
    refusal = refused(request_)
    assert (refusal.kind, refusal.status) == ("missing-query", 400)
    assert refusal.detail == "the query is missing or empty: send its text as “query”"


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        (
            get(("query", ASK), ("query", ASK)),
            "the parameter query is given 2 times: send one query per request",
        ),
        (
            post(FORM, [("query", ASK), ("query", ASK), ("query", ASK)]),
            "the parameter query is given 3 times: send one query per request",
        ),
        (
            post(FORM, [("query", ASK)], [("query", ASK)]),
            "there is a query in the URL and another in the body: send one",
        ),
        (
            post(DIRECT, ASK, [("query", ASK)]),
            "there is a query in the URL and another in the body: send one",
        ),
        (
            get(("query", ASK), ("update", "CLEAR ALL")),
            "an update cannot be sent by GET, and this endpoint takes none: send a query",
        ),
        (
            get(("update", ""), method="HEAD"),
            "an update cannot be sent by GET, and this endpoint takes none: send a query",
        ),
        (
            post(FORM, [("query", ASK), ("update", "CLEAR ALL")]),
            "there is a query and an update: send the query alone",
        ),
        (
            post(FORM, [("query", ASK)], [("update", "CLEAR ALL")]),
            "there is a query and an update: send the query alone",
        ),
        (
            post(DIRECT, ASK, [("update", "CLEAR ALL")]),
            "there is a query and an update: send the query alone",
        ),
        (
            post(FORM, [("update", "a")], [("update", "b")]),
            "the parameter update is given 2 times; this endpoint takes no updates",
        ),
        (
            get(("query", ASK), (USING, D1)),
            "the parameter using-graph-uri is for updates: use default-graph-uri with a query",
        ),
        (
            post(DIRECT, ASK, [(USING_NAMED, D1)]),
            "the parameter using-named-graph-uri is for updates: use named-graph-uri with a query",
        ),
        (get(("query", "ASK {\0}")), "the query holds the character U+0000: remove it"),
        (post(DIRECT, b"ASK {\0}"), "the query holds the character U+0000: remove it"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(request_: HttpRequest, detail: str) -> None:
    refusal = refused(request_)
    assert (refusal.kind, refusal.status, refusal.detail) == ("bad-request", 400, detail)


# The dataset


def test_without_graphs_the_query_itself_says_which() -> None:
    found = query(get(("query", ASK)))
    assert (found.default_graphs, found.named_graphs) == (None, None)


def test_a_graph_counts_once_and_graphs_keep_their_order() -> None:
    found = query(post(FORM, [("query", ASK), (DEFAULT, D1), (NAMED, D3)], [(DEFAULT, D2)] * 2))
    assert (found.default_graphs, found.named_graphs) == ((D2, D1), (D3,))


@pytest.mark.parametrize(
    "iri",
    [
        "",
        "data.rdf",
        "/data.rdf",
        "//example.org/",
        "http://example.org/a b",
        "http://example.org/<",
        "http://example.org/\n",
        "http://example.org/%zz",
        " http://example.org/",
        "<http://example.org/>",
        "1http://example.org/",
    ],
)
@pytest.mark.parametrize("name", [DEFAULT, NAMED])
def test_a_graph_that_is_no_absolute_iri_is_refused_by_name(name: str, iri: str) -> None:
    refusal = refused(get(("query", ASK), (name, D1), (name, iri)))
    assert refusal.kind == "bad-request"
    assert refusal.detail == f"{name} is {iri!r}: give an absolute IRI"


def test_a_long_graph_is_not_quoted_whole() -> None:
    assert len(refused(get(("query", ASK), (DEFAULT, "x" * 10_000))).detail) < 300


# Bytes


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "query=ASK%20%7B%7D%FF", {}, b""),
        HttpRequest("GET", "query=%ED%A0%80", {}, b""),  # half a pair of surrogates
        HttpRequest("GET", "query=%C0%80", {}, b""),  # NUL in two bytes
        HttpRequest("GET", "query=ASK&x=%E9", {}, b""),
        post(FORM, "query=%FF"),
        post(FORM, b"query=\xff"),
        post(DIRECT, b"ASK {} # \xff"),
        post(DIRECT, b"ASK {} # \xed\xa0\x80"),
        post(DIRECT, ASK.encode("utf-16")),
        post(UPDATE, b"\xff"),
    ],
)
def test_what_is_not_utf_8_is_refused(request_: HttpRequest) -> None:
    refusal = refused(request_)
    assert (refusal.kind, refusal.status) == ("bad-request", 400)
    assert "UTF-8" in refusal.detail or "escape them" in refusal.detail


def test_a_byte_that_is_wrong_is_said_to_be_where_it_is() -> None:
    assert refused(post(DIRECT, b"ASK {\xff}")).detail == (
        "the body is not UTF-8 at byte 5: send it in UTF-8"
    )


@given(st.text("%4aF1cC3A9&=+\\x\xe9\n") | st.lists(st.sampled_from(["%C3", "%a9"])).map("".join))
def test_a_form_is_read_as_the_standard_library_reads_it(written: str) -> None:
    form = f"query=ASK{written}"
    try:
        pairs = parse_qsl(form, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        assert "UTF-8" in refused(post(FORM, form)).detail
    else:
        assert query(post(FORM, form)).text == dict(reversed(pairs))["query"]


def test_too_many_parameters_are_refused() -> None:
    many = [("x", "")] * (FIELD_LIMIT - 1)
    assert query(get(("query", ASK), *many)).text == ASK
    detail = f"there are more than {FIELD_LIMIT} parameters: send fewer"
    assert refused(get(("query", ASK), *many, ("x", ""))).detail == detail
    assert refused(post(FORM, [("query", ASK), *many, ("x", "")])).detail == detail


@given(
    st.sampled_from(["GET", "HEAD", "POST", "QUERY", "PUT", "", "get"]),
    st.text("queryupdat=&+%0Fé\ud800\0") | st.text(),
    st.sampled_from(["", DIRECT, FORM, UPDATE, f"{DIRECT};charset", "a/b;"]) | st.text(),
    st.binary() | st.text("queryupdat=&+%0F").map(str.encode),
)
def test_no_request_breaks_the_reader(method: str, url: str, kind: str, body: bytes) -> None:
    found: Query | DescriptionAsked | Refusal
    try:
        found = read_request(HttpRequest(method, url, {"content-type": kind}, body))
    except Refusal as refusal:
        found = refusal
    assert not isinstance(found, Refusal) or 400 <= found.status < 500


# Types and methods


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
        f"{DIRECT}, {FORM}",
        f"{FORM}x",
        "*/*",
    ],
)
def test_another_type_of_body_is_refused_with_those_that_are_read(content_type: str | None) -> None:
    refusal = refused(post(content_type, ASK))
    assert (refusal.kind, refusal.status) == ("unsupported-media-type", 415)
    found = f"the Content-Type is {content_type!r}" if content_type else "there is no Content-Type"
    assert refusal.detail == f"{found}: send {DIRECT} or {FORM}"
    assert refusal.headers == {"Accept": f"{DIRECT}, {FORM}"}


@pytest.mark.parametrize("media_type", [DIRECT, FORM, UPDATE])
@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", '"latin1"', ""])
def test_another_charset_is_refused(media_type: str, charset: str) -> None:
    refusal = refused(post(f"{media_type}; charset={charset}", "query=ASK+%7B%7D"))
    assert (refusal.kind, refusal.status) == ("unsupported-media-type", 415)
    assert refusal.detail == f"the charset is {charset!r}: send UTF-8"


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, identity", "x"])
def test_a_compressed_body_is_refused(coding: str) -> None:
    refusal = refused(post(DIRECT, ASK, content_encoding=coding))
    assert (refusal.status, refusal.headers) == (415, {"Accept-Encoding": "identity"})


def test_a_body_that_says_that_it_is_not_compressed_is_read() -> None:
    assert query(post(DIRECT, ASK, content_encoding="Identity")).text == ASK


def test_the_method_query_takes_a_query_and_nothing_else() -> None:
    refusal = refused(HttpRequest("QUERY", "", {"content-type": FORM}, b"query=ASK+%7B%7D"))
    assert (refusal.status, refusal.headers) == (415, {"Accept": DIRECT})
    refusal = refused(HttpRequest("QUERY", "", {"content-type": UPDATE}, b"CLEAR ALL"))
    assert refusal.kind == "read-only"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "get", "BREW"])
def test_another_method_is_refused_with_those_that_are_allowed(method: str) -> None:
    refusal = refused(get(("query", ASK), method=method))
    assert (refusal.kind, refusal.status) == ("method-not-allowed", 405)
    assert refusal.headers == {"Allow": "GET, HEAD, POST, QUERY, OPTIONS"}


# What is answered


def test_formats_and_coding_come_from_the_headers() -> None:
    found = query(get(("query", ASK), accept="text/xml", accept_encoding="gzip, br"))
    assert found.formats == choose_formats("text/xml", None)
    assert found.encoding == "br"


@pytest.mark.parametrize(
    ("pairs", "override"),
    [
        ([("format", "csv")], "csv"),
        ([("output", "csv")], "csv"),
        ([("format", "csv"), ("output", "json")], "csv"),
        ([("output", "json"), ("format", "csv")], "csv"),
        ([("format", ""), ("output", "csv")], "csv"),
        ([("format", "tsv"), ("format", "text/tab-separated-values")], "tsv"),
        ([("results", "csv")], None),
    ],
)
def test_a_parameter_names_the_format_for_a_link(pairs: Pairs, override: str | None) -> None:
    expected = choose_formats("text/xml", override)
    for request in (
        get(("query", ASK), *pairs, accept="text/xml"),
        post(FORM, [("query", ASK), *pairs], accept="text/xml"),
        post(DIRECT, ASK, pairs, accept="text/xml"),
    ):
        assert query(request).formats == expected


def test_what_cannot_be_answered_is_refused_before_it_is_asked() -> None:
    assert refused(get(("query", ASK), accept="image/png")).status == 406
    assert refused(get(("query", ASK), ("format", "hdt"))).status == 406


def test_a_get_without_a_query_asks_for_the_description() -> None:
    turtle = Format("turtle", "text/turtle; charset=utf-8")
    assert read_request(get()) == DescriptionAsked(turtle)
    assert read_request(get(method="HEAD")) == DescriptionAsked(turtle)
    found = read_request(get(("format", "jsonld")))
    assert found == DescriptionAsked(Format("jsonld", "application/ld+json"))
    found = read_request(get(accept="application/rdf+xml"))
    assert found == DescriptionAsked(Format("rdfxml", "application/rdf+xml"))


@pytest.mark.parametrize("pair", [("graph", "https://example.org/graph"), ("default", "")])
def test_who_asks_for_a_graph_by_the_graph_store_protocol_does_not_get_the_description(
    pair: tuple[str, str],
) -> None:
    refusal = refused(get(pair, accept="application/n-triples"))
    assert refusal.status == 400
    assert "CONSTRUCT" in refusal.detail
    assert query(get(pair, ("query", ASK))).text == ASK


@pytest.mark.parametrize("accept", ["text/csv", "text/html", "application/sparql-results+json"])
def test_the_description_has_the_formats_of_a_graph(accept: str) -> None:
    refusal = refused(get(accept=accept))
    assert refusal.kind == "not-acceptable"
    available = refusal.members["available"]
    assert isinstance(available, list)
    assert "text/turtle" in available


# What real clients send


def taken(send: Callable[[], Any], module: Any, name: str, patch: pytest.MonkeyPatch) -> Query:
    """What a client's request asks, which is taken from it where it would go out."""
    requests: list[Request] = []

    class Answer(BytesIO):
        """Enough of a response for the client to come back."""

        headers = Message()

    def record(request: Request, *_args: object, **_options: object) -> Answer:
        requests.append(request)
        return Answer(b'{"head": {}, "boolean": true}')

    Answer.headers["Content-Type"] = "application/sparql-results+json"
    patch.setattr(module, name, record)
    with warnings.catch_warnings():
        # SPARQLWrapper warns of formats that do not fit the query, and sends them.
        warnings.simplefilter("ignore", RuntimeWarning)
        send()
    [request] = requests
    headers = {key.lower(): value for key, value in request.header_items()}
    body = request.data
    assert body is None or isinstance(body, bytes)
    if body is not None:
        headers.setdefault("content-type", FORM)  # as urllib does on the way out
    url = urlsplit(request.full_url).query
    return query(HttpRequest(request.get_method(), url, headers, body or b""))


CONSTRUCT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("text", "return_format", "kind", "media_type"),
    [
        ("SELECT * {}", "json", "solutions", "application/sparql-results+json"),
        ("SELECT * {}", "xml", "solutions", "application/sparql-results+xml"),
        ("SELECT * {}", "csv", "solutions", "text/csv; charset=utf-8"),
        ("SELECT * {}", "tsv", "solutions", "text/tab-separated-values; charset=utf-8"),
        ("ASK {}", "json", "boolean", "application/sparql-results+json"),
        ("ASK {}", "xml", "boolean", "application/sparql-results+xml"),
        (CONSTRUCT, "xml", "graph", "application/rdf+xml"),
        (CONSTRUCT, "rdf", "graph", "application/rdf+xml"),
        (CONSTRUCT, "rdf+xml", "graph", "application/rdf+xml"),
        (CONSTRUCT, "turtle", "graph", "text/turtle; charset=utf-8"),
        (CONSTRUCT, "json-ld", "graph", "application/ld+json"),
        (CONSTRUCT, "json", "graph", "application/ld+json"),
    ],
)
def test_sparqlwrapper_gets_the_format_that_it_is_set_to(
    text: str,
    return_format: str,
    kind: str,
    media_type: str,
    method: str,
    direct: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = SPARQLWrapper.SPARQLWrapper("http://localhost/sparql")
    client.setQuery(text)
    client.setMethod(method)
    client.setRequestMethod("postdirectly" if direct else "urlencoded")
    client.addDefaultGraph(D1)
    client.setReturnFormat(return_format)
    found = taken(client.query, SPARQLWrapper.Wrapper, "urlopener", monkeypatch)
    assert (found.text, found.default_graphs, found.named_graphs) == (text, (D1,), ())
    assert getattr(found.formats, kind).media_type == media_type


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("return_format", ["json", "xml"])
def test_the_store_of_rdflib_is_understood(
    return_format: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SPARQLStore("http://localhost/sparql", returnFormat=return_format, method=method)
    module = rdflib.plugins.stores.sparqlconnector
    found = taken(lambda: store.query(ASK), module, "urlopen", monkeypatch)
    assert found.text.endswith(ASK)
    assert found.formats.boolean == Format(
        return_format, f"application/sparql-results+{return_format}"
    )


def test_a_link_that_a_person_types_is_understood() -> None:
    typed = "format=application/sparql-results+xml&query=" + quote(ASK)
    found = query(HttpRequest("GET", typed, {}, b""))
    assert found.formats.solutions == Format("xml", "application/sparql-results+xml")


@pytest.mark.parametrize(
    ("value", "explains"), [("true", True), ("1", True), ("False", False), ("0", False)]
)
def test_explain_is_true_or_false(value: str, explains: bool) -> None:
    asked = read_request(get(("query", ASK), ("explain", value)))
    assert isinstance(asked, Query)
    assert asked.explain is explains


@pytest.mark.parametrize("value", ["yes", "", "on"])
def test_another_value_of_explain_is_refused_for_no_partner_may_be_asked(value: str) -> None:
    refusal = refused(get(("query", ASK), ("explain", value)))
    assert refusal.kind == "bad-request"
    assert refusal.detail.endswith("neither true nor false: send one of them")
