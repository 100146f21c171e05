"""The endpoint as a client sees it: formats, headers, errors, the cache. A real server answers."""

import csv
import gzip
import http.client
import io
import json
import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree

import brotli  # type: ignore[import-untyped]  # it has no stubs
import pytest
import zstandard

from pfocr_rdf.iris import BASE, PFOCR, RDF, RDFS
from pfocr_rdf.releases import Release
from serving import JSON, Answer, Server, graph_of, raw, serving, wait_until

ALL: Final = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"


@pytest.fixture(name="server", scope="module")
def _server(seeds_release: Release) -> Iterator[Server]:
    with serving(seeds_release.path.parent.parent) as server:
        yield server


def test_the_address_that_is_printed_answers(server: Server) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/sparql", server.url)
    assert server.rows("SELECT (COUNT(*) AS ?n) { ?s a schema:ImageObject }") == [{"n": "5"}]


def test_the_prefixes_of_the_project_need_no_declaration(server: Server) -> None:
    assert server.ask("ASK { ?s a pfocr:GeneMention }").json == {"head": {}, "boolean": True}


@pytest.mark.parametrize(
    "text", ["ASK {{ {0} ?p ?o }}", "SELECT * {{ ?s ?p {0}, {0} . {0} ?q ?o }}"]
)
def test_the_id_of_a_figure_may_have_dots_at_several_places(text: str, server: Server) -> None:
    answer = server.ask(text.format("figure:PMC4856261__pone.0154674.g006"))
    assert answer.status == 200
    iri = "https://pfocr.wikipathways.org/figures/PMC4856261__pone.0154674.g006"
    assert answer.headers["x-pfocr-absent"] == f"<{iri}>"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", JSON),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv;q=0.9, text/tab-separated-values;q=0.8", "text/csv; charset=utf-8"),
        ("text/html, */*;q=0.1", JSON),
        ("application/sparql-results+json;q=0, */*", "application/sparql-results+xml"),
        ("text/turtle, text/*;q=0.3", "text/csv; charset=utf-8"),
    ],
)
def test_a_select_is_written_as_the_client_likes_best(
    server: Server, accept: str, expected: str
) -> None:
    answer = server.ask("SELECT * { ?s a schema:ImageObject }", accept)
    assert answer.headers["content-type"] == expected
    assert "Accept" in answer.headers["vary"]


def test_all_formats_of_a_select_say_the_same(server: Server) -> None:
    rows = len(server.rows(ALL))
    xml = ElementTree.fromstring(server.ask(ALL, "application/sparql-results+xml").body)
    space = "{http://www.w3.org/2005/sparql-results#}"
    assert len(xml.findall(f"{space}results/{space}result")) == rows
    table = csv.reader(io.StringIO(server.ask(ALL, "text/csv").body.decode(), newline=""))
    assert len(list(table)) == rows + 1
    tsv = server.ask(ALL, "text/tab-separated-values").body.decode()
    assert len(tsv.rstrip("\n").split("\n")) == rows + 1


@pytest.mark.parametrize(
    "media_type",
    ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"],
)
def test_all_formats_of_a_graph_say_the_same(server: Server, media_type: str) -> None:
    query = "CONSTRUCT WHERE { ?s schema:name ?name }"
    turtle = graph_of(server.ask(query, "text/turtle"))
    answer = server.ask(query, media_type)
    assert answer.headers["content-type"].startswith(media_type)
    assert len(turtle) > 50
    assert graph_of(answer) == turtle


def test_a_link_chooses_the_format_with_a_parameter(server: Server) -> None:
    target = f"/sparql?format=csv&query={quote('SELECT * { ?s a schema:Gene } LIMIT 1')}"
    assert server.request("GET", target).headers["content-type"].startswith("text/csv")


def test_what_cannot_be_had_is_refused_with_what_can(server: Server) -> None:
    answer = server.ask("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv")
    assert (answer.status, answer.problem) == (406, "not-acceptable")
    assert "text/turtle" in answer.json["available"]


@pytest.mark.parametrize("target", ["/sparql", "/health", "*"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_has_no_body_has_no_length(target: str, version: str, server: Server) -> None:
    request = f"OPTIONS {target} HTTP/{version}\r\nHost: x\r\n"
    sent = f"{request}Connection: keep-alive\r\n\r\n{request}Connection: close\r\n\r\n"
    answers = raw(server, sent.encode()).split(b"\r\n\r\n")
    assert answers.pop() == b""
    assert len(answers) == (2 if version == "1.1" else 1)
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
        assert b"content-length" not in answer.lower()
        assert b"transfer-encoding" not in answer.lower()


@pytest.mark.parametrize("path", ["/dumps/void.ttl", "/gene/2064", "/search.json", "/health"])
def test_a_script_of_another_site_may_ask_for_pages_with_conditions(
    path: str, server: Server
) -> None:
    answer = server.request("OPTIONS", path, headers={"Origin": "https://a.example"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"If-Match", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"} <= set(allowed)
    # Which part came of a file, it may read too.
    assert "Content-Range" in answer.headers["access-control-expose-headers"].split(", ")


def test_the_options_of_the_server_as_a_whole_are_all_methods(server: Server) -> None:
    answer = server.request("OPTIONS", "*")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, POST, QUERY, OPTIONS"
    assert server.request("GET", "*").status == 404


def test_a_syntax_error_tells_line_and_column_and_shows_the_line(server: Server) -> None:
    answer = server.ask("SELECT *\nWHERE { ?s ?p }")
    assert (answer.status, answer.problem) == (400, "syntax")
    assert (answer.json["line"], answer.json["column"]) == (2, 15)
    assert "WHERE { ?s ?p }" in answer.json["excerpt"]
    assert answer.headers["cache-control"] == "no-store"


def test_each_type_of_problem_leads_to_a_page_that_helps(server: Server) -> None:
    kind = server.ask("SELECT").json["type"]
    assert kind.startswith(server.url.removesuffix("sparql"))
    page = server.request("GET", kind[kind.index("/problems") :], headers={"Accept": "text/html"})
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert b"<h1" in page.body
    overview = server.request("GET", "/problems", headers={"Accept": "text/plain"})
    assert b"query-timeout (503)" in overview.body


def test_the_pages_of_problems_are_pages_of_the_site(server: Server) -> None:
    for target, status in (("/problems", 200), ("/problems/busy", 200), ("/problems/nope", 404)):
        page = server.request("GET", target, headers={"Accept": "text/html"})
        assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert b'rel="icon"' in page.body
        assert b'<nav aria-label="Site">' in page.body
    assert b'<a href="/problems">' in page.body, "what there is of them is at hand"
    assert server.request("GET", "/problems/nope").problem == "not-found"


def test_an_answer_without_a_row_says_what_the_release_lacks_each_time(server: Server) -> None:
    text = "PREFIX schema: <https://schema.org/> SELECT * { ?f schema:mentions <urn:x:é> }"
    for cache in ("miss", "hit"):
        headers = server.ask(text).headers
        assert headers["x-cache"] == cache
        assert headers["x-pfocr-absent"] == (
            '<https://schema.org/mentions>; instead="http://schema.org/mentions", <urn:x:%C3%A9>'
        )
        assert "X-Pfocr-Absent" in headers["access-control-expose-headers"]
    for found in ("SELECT * { ?s a schema:Taxon }", "ASK { ?s a schema:Taxon }"):
        assert "x-pfocr-absent" not in server.ask(found).headers


def test_what_is_spelt_as_no_endpoint_spells_it_is_told_with_the_iri_meant(server: Server) -> None:
    text = "ASK { ?f schema:mentions mesh:c029366, <NCBIGene:2064> ; schema:isPartOf pmc:3471537 }"
    assert server.ask(text).headers["x-pfocr-absent"].split(", ") == [
        '<http://id.nlm.nih.gov/mesh/c029366>; instead="http://id.nlm.nih.gov/mesh/C029366"',
        '<NCBIGene:2064>; instead="https://identifiers.org/ncbigene/2064"',
        '<https://identifiers.org/pmc/3471537>; instead="https://identifiers.org/pmc/PMC3471537"',
    ]


def test_a_relative_iri_is_told_with_the_address_that_it_stands_for(server: Server) -> None:
    text = "SELECT * { ?g a <Gene> ; <schema/é> <ncbigene/2064>, <PMC3471537>, <x> }"
    assert server.ask(text).headers["x-pfocr-absent"].split(", ") == [
        f'<{BASE}Gene>; instead="http://schema.org/Gene"; relative="Gene"',
        f'<{BASE}schema/%C3%A9>; relative="schema/%C3%A9"',
        f'<{BASE}ncbigene/2064>; instead="https://identifiers.org/ncbigene/2064"'
        '; relative="ncbigene/2064"',
        f'<{BASE}PMC3471537>; instead="https://identifiers.org/pmc/PMC3471537"'
        '; relative="PMC3471537"',
        f'<{BASE}x>; relative="x"',
    ]
    assert (
        "x-pfocr-absent" not in server.ask("DESCRIBE <figures/PMC3471537__nihms406899f5>").headers
    )


def test_values_that_the_release_lacks_and_paths_are_percent_encoded(server: Server) -> None:
    text = "SELECT * { ?g schema:name 'mapk1' ; rdfs:label 'MAPK1', '50 %, \"é\"' }"
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    count = "SELECT ?g (COUNT(?f) AS ?n) { ?f schema:mentions ?g } GROUP BY ?g HAVING (?n > 0)"
    assert server.ask(count).headers["x-pfocr-absent"] == (
        '<%3Fn>; of="HAVING"; instead="COUNT%28%3Ff%29"'
    )
    assert server.ask("SELECT * { ?x a pfocr:Mention }").headers["x-pfocr-absent"] == (
        f'<{PFOCR}Mention>; of="{RDF}type"; instead="{PFOCR}Mention"'
        f'; instead-of="%3C{RDF}type%3E/%3C{RDFS}subClassOf%3E"'
    )
    assert server.ask(text).headers["x-pfocr-absent"].split(", ") == [
        '<%22mapk1%22>; of="http://schema.org/name"; instead="%22MAPK1%22"',
        f'<%22MAPK1%22>; of="{label}"; instead="%22MAPK1%22"; instead-of="http://schema.org/name"',
        f'<%2250%20%25%2C%20%5C%22%C3%A9%5C%22%22>; of="{label}"',
    ]


def test_a_property_that_a_thing_cannot_have_is_told_with_what_has_it(server: Server) -> None:
    text = "ASK { ?f schema:mentions ?g ; pfocr:tier ?t . gene:2064 rdfs:label ?name"
    text += " . ?x schema:sameAs ?y }"
    assert server.ask(text).headers["x-pfocr-absent"].split(", ") == [
        f'<{PFOCR}tier>; at="%3Ff"; beside="http://schema.org/mentions"'
        f'; has="{PFOCR}GeneMention http://www.w3.org/ns/oa#Annotation"',
        f'<{RDFS}label>; instead="http://schema.org/name"'
        '; at="%3Chttps://identifiers.org/ncbigene/2064%3E"',
        '<http://schema.org/sameAs>; at="%3Fx"'
        '; graph="https://pfocr.wikipathways.org/graph/equivalents"',
    ]


def test_what_is_sought_in_the_wrong_graphs_or_counted_too_early_is_told(server: Server) -> None:
    for text, absent in (
        ("ASK FROM <urn:é> { ?s a schema:Gene }", '<urn:%C3%A9>; of="GRAPH"'),
        (
            "ASK { GRAPH <urn:g> { ?s schema:sameAs ?o } }",
            f'<urn:g>; of="GRAPH"; instead="{BASE}graph/equivalents"',
        ),
        (
            "ASK { GRAPH ?g { ?s a schema:Gene } }",
            '<http://schema.org/Gene>; graph="DEFAULT"',
        ),
        (
            "SELECT ?g { ?f schema:mentions ?g FILTER(COUNT(?f) > 1) } GROUP BY ?g",
            '<COUNT%28%3Ff%29%20%3E%201>; of="FILTER"'
            '; instead="HAVING%28COUNT%28%3Ff%29%20%3E%201%29"',
        ),
        (
            "SELECT * { ?f schema:mentions ?g FILTER REGEX(?g, '5594') }",
            '<%3Fg>; of="STR"; instead="STR%28%3Fg%29"',
        ),
        (
            "SELECT * { ?g schema:name ?n FILTER(LANG(?n) = 'en') FILTER(LCASE(?n) = 'A') }",
            '<LANG%28%3Fn%29%20%3D%20%27en%27>; of="LANG"'
            ', <LCASE%28%3Fn%29%20%3D%20%27A%27>; of="CASE"'
            '; instead="LCASE%28%3Fn%29%20%3D%20%27a%27"',
        ),
        (
            "SELECT * { ?g schema:name ?n FILTER(REGEX(?n, 'mapk') && STRENDS(?n, 'é')) }",
            '<REGEX%28%3Fn%2C%20%27mapk%27%29>; of="TEXT"'
            '; instead="REGEX%28%3Fn%2C%20%27mapk%27%2C%20%22i%22%29"'
            ', <STRENDS%28%3Fn%2C%20%27%C3%A9%27%29>; of="TEXT"',
        ),
    ):
        assert server.ask(text).headers["x-pfocr-absent"] == absent


def test_a_variable_that_never_has_a_value_is_told_in_every_answer(server: Server) -> None:
    for cache in ("miss", "hit"):
        answer = server.ask("SELECT ?F ?g { ?f a ?c FILTER EXISTS { ?f schema:mentions ?g } }")
        assert answer.headers["x-cache"] == cache
        assert answer.headers["x-pfocr-unbound"] == (
            '<%3FF>; instead="%3Ff", <%3Fg>; within="EXISTS"'
        )
        assert "X-Pfocr-Unbound" in answer.headers["access-control-expose-headers"]
    for text, unbound in (
        ("ASK { ?f schema:name ?n FILTER(?é > 1 || ?é < 1) }", "<%3F%C3%A9>"),
        ("CONSTRUCT { ?F a <urn:x> } { ?f a schema:Gene }", '<%3FF>; instead="%3Ff"'),
        ("SELECT ?f ?n { ?f a schema:Gene OPTIONAL { ?f <urn:x> ?n } }", None),
    ):
        assert server.ask(text).headers.get("x-pfocr-unbound") == unbound, text


def test_what_the_release_lacks_is_told_in_a_header_that_proxies_take(server: Server) -> None:
    long = ["'a'^^<urn:" + "x" * 9_000 + ">", "'a'@en" + "-abcdefgh" * 900]
    wide = [f"'{'漢' * 150}{number}'" for number in range(3)]
    text = f"ASK {{ ?g schema:name {', '.join([*long, *wide])}, 'short' }}"
    first, second = server.ask(text).headers["x-pfocr-absent"].split(", ")
    assert (first[:13], second[:10]) == ("<%22%E6%BC%A2", "<%22short%")
    assert len(first) < 2_000


def test_every_answer_names_its_release_its_limits_and_its_time(
    server: Server, seeds_release: Release
) -> None:
    headers = server.ask("SELECT * { ?s a schema:Taxon }").headers
    assert headers["x-pfocr-release"] == seeds_release.id
    assert int(headers["x-row-limit"]) == 1_000_000
    assert int(headers["x-byte-limit"]) == 256 << 20
    assert 0 <= float(headers["x-query-time"]) < 30
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-request-id"]


def test_an_answer_is_kept_and_found_again_under_its_tag(server: Server) -> None:
    query = "SELECT * { ?s a schema:Periodical }"
    first, second = server.ask(query), server.ask(query)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.body == second.body
    tag = first.headers["etag"]
    target = f"/sparql?query={quote(query)}"
    again = server.request("GET", target, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    other = server.request("GET", target, headers={"If-None-Match": tag, "Accept": "text/csv"})
    assert other.status == 200


def test_an_answer_is_not_kept_if_it_was_too_late_to_say_why_it_is_empty(
    seeds_release: Release,
) -> None:
    """The next one may say it: of a text so long, half of the time does not suffice."""
    genes = " ".join(f"gene:{number}" for number in range(1_000_000, 1_007_000))
    late = f"SELECT * {{ VALUES ?g {{ {genes} }} ?g pfocr:tier ?t }}"
    with serving(seeds_release.path.parent.parent, "--timeout-s", "1.6") as server:
        for _ in range(2):
            answer = server.post(late, JSON)
            assert (answer.json["results"]["bindings"], answer.headers["x-cache"]) == ([], "miss")
            assert "etag" not in answer.headers
        asked = [server.post("SELECT * { ?s a <urn:x> }", JSON) for _ in range(2)]
        assert [answer.headers["x-cache"] for answer in asked] == ["miss", "hit"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "target",
    [
        *("/sparql?query=ASK{}", "/sparql?query=ASK{FILTER(NOW()>0)}", "/sparql", "/gene/2064"),
        *("/sparql?query=SELECT*{?s?p?o,?x}LIMIT+30000", "/void.ttl", "/search.json?q=her2"),
        *("/openapi.json", "/health", "/dumps/void.ttl"),
    ],
)
def test_only_what_is_wished_for_is_sent(method: str, target: str, server: Server) -> None:
    address = target.replace("{", "%7B").replace("}", "%7D").replace(">", "%3E")

    def got(tags: str, **headers: str) -> Answer:
        return server.request(method, address, headers={"If-Match": tags, **headers})

    for _ in range(2):  # the second time, some answers are kept
        known = got("*")
        assert known.status == 200
        refused = got('"nope", W/"*"')
        assert (refused.status, refused.headers["content-type"]) == (
            412,
            "application/problem+json",
        )
        if tag := known.headers.get("etag"):
            expected = 412 if tag.startswith("W/") else 200
            assert got(f'"nope", {tag}').status == expected
            # Even if the client has it: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
            assert got('"nope"', **{"If-None-Match": tag}).status == 412
            assert got("*", **{"If-None-Match": tag}).status == 304


@pytest.mark.parametrize("target", ["/nowhere", "/sparql?query=ASK", "/sparql?query=%20"])
def test_what_fails_anyway_fails_whatever_is_wished_for(target: str, server: Server) -> None:
    expected = server.request("GET", target)
    answer = server.request("GET", target, headers={"If-Match": '"nope"'})
    assert (answer.status, answer.problem) == (expected.status, expected.problem)


def test_formats_and_datasets_do_not_share_an_answer(server: Server) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    everything = server.ask(query)
    nothing = server.request(
        "GET", f"/sparql?query={quote(query)}&default-graph-uri={quote('http://example.org/none')}"
    )
    assert everything.json["results"] != nothing.json["results"]
    assert nothing.json["results"]["bindings"][0]["n"]["value"] == "0"
    assert server.ask(query, "text/csv").body.startswith(b"n\r\n")


@pytest.mark.parametrize("call", ["RAND()", "NOW()", "UUID()", "STRUUID()", "BNODE()"])
def test_what_differs_from_time_to_time_is_not_kept(server: Server, call: str) -> None:
    answers = [server.ask(f"SELECT ({call} AS ?x) {{}}") for _ in range(2)]
    for answer in answers:
        assert answer.status == 200
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-cache"] == "none"


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
def test_answers_are_compressed_if_the_client_can_read_it(
    server: Server, encoding: str, unpack: object
) -> None:
    plain = server.ask(ALL)
    target = f"/sparql?query={quote(ALL)}"
    packed = server.request("GET", target, headers={"Accept-Encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["vary"]
    assert len(packed.body) < len(plain.body) / 4
    assert unpack(packed.body) == plain.body  # type: ignore[operator]
    assert packed.headers["etag"] != plain.headers["etag"]


def test_head_says_what_get_would_without_the_answer(server: Server) -> None:
    target = f"/sparql?query={quote(ALL)}"
    connection = server.connect()
    connection.request("HEAD", target)
    response = connection.getresponse()
    assert response.read() == b""
    assert response.status == 200
    assert response.getheader("content-type") == JSON
    # The connection can be used again: nothing of a body came after the head.
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b"ok\n"
    connection.close()


@pytest.mark.parametrize(
    ("method", "wished", "status", "reason"),
    [("HEAD", "*", 200, "head"), ("GET", '"nope"', 412, "condition")],
)
def test_a_long_answer_that_is_not_wanted_is_not_counted_as_a_client_who_went(
    method: str, wished: str, status: int, reason: str, server: Server
) -> None:
    def kills() -> dict[str, float]:
        lines = server.request("GET", "/metrics").body.decode().splitlines()
        counts = (line.split(" ") for line in lines if line.startswith("pfocr_rdf_kills_total{"))
        return {name.split('"')[1]: float(count) for name, count in counts}

    before = kills()
    target = f"/sparql?query={quote('SELECT * { ?a ?b ?c . ?d ?e ?f }')}"
    assert server.request(method, target, headers={"If-Match": wished}).status == status
    assert kills() == {**before, reason: before[reason] + 1}


def test_letters_that_should_be_escaped_are_read_in_an_address(server: Server) -> None:
    with socket.create_connection(server.address) as client:
        for target in ("/search.json?q=TGF-β", "/sparql?query=ASK{?s ?p 'β'}".replace(" ", "+")):
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            response = http.client.HTTPResponse(client)
            response.begin()
            body = response.read()
            assert response.status == 200, body
        assert body == b'{"head":{},"boolean":false}'


def test_a_browser_of_another_origin_may_ask(server: Server) -> None:
    answer = server.request(
        "OPTIONS",
        "/sparql",
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused_with_those_that_work(server: Server, method: str) -> None:
    answer = server.request(method, "/sparql", b"")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert {"GET", "POST"} <= {name.strip() for name in answer.headers["allow"].split(",")}


def test_the_method_query_works_as_a_direct_post(server: Server) -> None:
    answer = server.request("QUERY", "/sparql", b"ASK {}", {"Content-Type": QUERY})
    assert answer.json["boolean"] is True


@pytest.mark.parametrize(
    ("target", "body", "headers", "status"),
    [
        ("/sparql?query=", None, {}, 400),
        ("/sparql", b"query=ASK {}&update=CLEAR ALL", {"Content-Type": FORM}, 400),
        ("/sparql?query=ASK%20%7B%7D", b"query=ASK {}", {"Content-Type": FORM}, 400),
        ("/sparql", b"ASK {}", {"Content-Type": f"{QUERY}; charset=utf-8"}, 200),
        (
            "/sparql",
            gzip.compress(b"ASK {}", mtime=0),
            {"Content-Type": QUERY, "Content-Encoding": "gzip"},
            415,
        ),
        ("/sparql", b"ASK {}" + b" " * (2 << 20), {"Content-Type": QUERY}, 413),
        ("/sparql?using-graph-uri=http://a/&query=ASK%20%7B%7D", None, {}, 400),
        ("/sparql?query=%FF%FE", None, {}, 400),
        ("/sparql?default-graph-uri=nothing&query=ASK%20%7B%7D", None, {}, 400),
    ],
)
def test_requests_beyond_the_protocols_own_tests(
    server: Server, target: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    answer = server.request("POST" if body else "GET", target, body, headers)
    assert answer.status == status, answer.body
    if status != 200:
        assert answer.problem


def test_a_body_in_chunks_is_read(server: Server) -> None:
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: {QUERY}\r\nConnection: close\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\n3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"
    assert b'"boolean":true' in raw(server, head.encode() + body)


def test_describing_something_unknown_gives_an_empty_graph(server: Server) -> None:
    answer = server.ask("DESCRIBE <http://example.org/unknown>")
    assert answer.status == 200
    assert graph_of(answer) == set()


@pytest.mark.parametrize("text", ["\\u0001", "\\u000B", "\\uFFFE"])
@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ('SELECT ("%s" AS ?x) {}', "application/sparql-results+xml"),
        ('CONSTRUCT { <x:s> <x:p> "%s" } {}', "application/rdf+xml"),
    ],
)
def test_xml_is_refused_where_it_would_not_be_well_formed(
    server: Server, text: str, query: str, accept: str
) -> None:
    answer = server.ask(query % text, accept)
    assert (answer.status, answer.problem) == (406, "not-xml")


def test_xml_keeps_line_ends_and_markup(server: Server) -> None:
    answer = server.ask('SELECT ("a\\r\\n<b>&]]>" AS ?x) {}', "application/sparql-results+xml")
    found = ElementTree.fromstring(answer.body).findtext(".//{*}literal")
    assert found == "a\r\n<b>&]]>"


def test_a_property_without_an_xml_name_is_refused_in_rdf_xml(server: Server) -> None:
    answer = server.ask("CONSTRUCT { <x:s> <http://a/1> 1 } {}", "application/rdf+xml")
    assert (answer.status, answer.problem) == (406, "not-xml")


def test_more_rows_than_the_limit_are_refused_before_the_first(seeds_release: Release) -> None:
    data = seeds_release.path.parent.parent
    with serving(data, "--max-rows", "10") as server:
        answer = server.ask("SELECT * { ?s ?p ?o }")
        assert (answer.status, answer.problem) == (400, "answer-too-large")
        assert server.ask("SELECT * { ?s ?p ?o } LIMIT 10").headers["x-row-limit"] == "10"


def test_health_readiness_and_metrics(server: Server, seeds_release: Release) -> None:
    assert server.request("GET", "/health").body == b"ok\n"
    assert server.request("GET", "/ready").body.decode().strip() == seeds_release.id
    before = server.metric("pfocr_rdf_requests_total")
    server.ask("ASK {}")
    assert server.metric("pfocr_rdf_requests_total") >= before + 1
    wait_until(lambda: server.metric("pfocr_rdf_workers") >= 2, "both query processes are there")


def test_unknown_addresses_are_problems_too(server: Server) -> None:
    answer = server.request("GET", "/no/such/thing")
    assert (answer.status, answer.problem) == (404, "not-found")
    assert server.request("POST", "/health", b"").status == 405


def test_the_access_log_tells_each_request_once_and_no_query(seeds_release: Release) -> None:
    with serving(seeds_release.path.parent.parent, "--log-format", "json") as server:
        request_id = server.ask("SELECT ('secret' AS ?x) {}").headers["x-request-id"]
        page = server.request("GET", "/gene/2064")
        server.request("HEAD", "/gene/2064")
        server.stop()
    lines = [json.loads(line) for line in server.log if line.startswith("{")]
    sent = {line["method"]: line["bytes"] for line in lines if line.get("path") == "/gene/2064"}
    assert sent == {"GET": len(page.body), "HEAD": 0}
    (mine,) = [line for line in lines if line.get("request") == request_id]
    assert (mine["status"], mine["cache"], mine["outcome"]) == (200, "miss", "ok")
    assert re.fullmatch(r"[0-9a-f]{12}", mine["query"])
    assert "secret" not in "".join(server.log)
