"""Every address: dots, escapes, aliases, other hosts, what is gone and what never was."""

import gc
import json
import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode

from building import build
from dereferencing import addresses, failures
from making import GENE_COLUMNS, SEEDS, record, table, write
from paging import BASE, PUBLIC, Markup, Pages, graph, pages_of
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, current_release, make_current, prune_releases
from pfocr_rdf.resources import resource
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.headers import header_address
from pfocr_rdf.web.pages.downloads import answer_dump, dump_files
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.pages.links import Links, respelt
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.reading import open_reading
from pfocr_rdf.web.served import hold
from releasing import add_release, data_folder

#: Figids of one article that only differ in what looks like a suffix, or must be escaped.
FIGIDS: Final = (
    "PMC7__a",
    "PMC7__a.b",
    "PMC7__a.b.ttl",
    "PMC7__a.html",
    "PMC7__a.ttl",
    "PMC7__a.ttl.ttl",
    "PMC7__f 1#x?y=%25&é",
)
GENE_ROW: Final = "9606|Homo sapiens|Mammals|PTGS1|PTGS1|PTGS1|5742|ncbigene_symbol|1|1|1"


@pytest.fixture(scope="module", name="release")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("dots")
    files = {
        f"_figures/{number}.md": record(
            figid=figid, pmcid="PMC7", figtitle=f"The figure {figid}", number=f"F{number}"
        )
        for number, figid in enumerate(FIGIDS, 1)
    }
    files["_figures/9.md"] = record(figid="PMC8__f1", pmcid="PMC8", doi="10.1000/ABC")
    files["_data/PMC8__f1-genes.tsv"] = table(GENE_COLUMNS, GENE_ROW)
    return build(write(folder / "records", files), folder / "data").release


@pytest.fixture(scope="module", name="pages")
def _pages(release: Release) -> Pages:
    return pages_of(release)


def path_of(figid: str) -> str:
    return Iris().figure(figid).value.removeprefix(BASE[:-1])


def title(pages: Pages, target: str) -> str:
    page = pages.get(target)
    assert page.status == 200, target
    return page.text.partition("<h1>")[2].partition("</h1>")[0]


@pytest.mark.parametrize("figid", FIGIDS)
def test_the_iri_of_a_figure_is_never_read_as_another_with_a_suffix(
    figid: str, pages: Pages
) -> None:
    assert title(pages, path_of(figid)).endswith(figid.replace("&", "&amp;"))
    for form in RDF_FORMS:
        found = graph(pages.get(path_of(figid), form.media_type))
        assert Schema.identifier in {t.predicate for t in found}
        subject = Iris().figure(figid)
        said = {t.object for t in found if t.predicate == Schema.caption}
        assert said == {Literal("A pathway, drawn.")}
        assert subject in {t.subject for t in found}


@pytest.mark.parametrize("figid", FIGIDS)
def test_each_form_is_where_the_page_says(figid: str, pages: Pages) -> None:
    subject = Iris().figure(figid)
    markup = Markup(pages.get(path_of(figid)).text)
    links = [
        found for tag, found in markup.elements if tag == "link" and found["rel"] == "alternate"
    ]
    assert len(links) == len(RDF_FORMS)
    for link in links:
        page = pages.get(link["href"], "text/html")
        assert page.media_type == link["type"]
        assert page.headers["content-location"] == link["href"]
        assert subject in {t.subject for t in graph(page)}


def test_a_form_whose_address_is_another_figure_has_a_parameter(pages: Pages) -> None:
    page = pages.get("/figures/PMC7__a", "text/turtle")
    assert page.headers["content-location"] == "/figures/PMC7__a?format=turtle"
    other = pages.get("/figures/PMC7__a.b", "application/n-triples")
    assert other.headers["content-location"] == "/figures/PMC7__a.b.nt"


def test_every_iri_of_such_figures_answers_as_the_store_has_it(pages: Pages) -> None:
    assert failures(pages, pages_named(pages), closely=4) == []


def pages_named(pages: Pages) -> dict[str, set[str]]:
    """Every address that the data name, but for the endpoint's."""
    return {name: places for name, places in addresses(pages).items() if name != "sparql"}


def test_the_page_that_the_data_name_is_the_page(pages: Pages) -> None:
    node = pages.reading.value(Iris().figure("PMC7__a.b"), Schema.main_entity_of_page)
    assert node is not None
    page = pages.get(node.removeprefix(BASE[:-1]), "text/turtle")
    assert (page.status, page.media_type) == (200, "text/html")
    assert "The figure PMC7__a.b" in page.text


@pytest.mark.parametrize("spelt", ["PMC7%5f%5Fa%2Eb", "PMC7__a%2eb"])
def test_an_address_may_be_escaped_otherwise(spelt: str, pages: Pages) -> None:
    page = pages.get(f"/figures/{spelt}")
    assert page.headers["content-location"] == "/figures/PMC7__a.b.html"


@pytest.mark.parametrize("suffix", ["", ".html", ".ttl", ".nt", ".jsonld", ".rdf"])
def test_an_alias_leads_to_the_same_form_of_its_figure(suffix: str, pages: Pages) -> None:
    page = pages.get(f"/figures/PMC8__F1{suffix}")
    assert (page.status, page.headers["location"]) == (301, f"/figures/PMC8__f1{suffix}")
    assert page.headers["cache-control"] == "public, no-cache", "it may be a figure some day"


def test_an_alias_of_two_figures_leads_to_both(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = record(figid=f"PMC1__{name}", figid_alias="PMC1__F1", number=None)
        write(tmp_path, {f"records/_figures/PMC1__{name}.md": text})
    pages = pages_of(build(tmp_path / "records", tmp_path / "data").release)
    page = pages.get("/figures/PMC1__F1", "text/html")
    assert page.status == 200
    assert {"/figures/PMC1__a", "/figures/PMC1__b"} <= set(Markup(page.text).hrefs())
    iris, found = Iris(), graph(pages.get("/figures/PMC1__F1.ttl"))
    assert {triple.object for triple in found} == {iris.figure("PMC1__a"), iris.figure("PMC1__b")}


def test_an_alias_is_said_in_the_data_of_its_figure(pages: Pages) -> None:
    found = graph(pages.get("/figures/PMC8__f1.ttl"))
    assert Iris().figure("PMC8__F1") in {t.subject for t in found}


def test_what_has_a_hash_iri_is_a_place_on_the_page(pages: Pages) -> None:
    page = pages.get("/figures/PMC8__f1")
    markup = Markup(page.text)
    ids = markup.attributes("id")
    assert len(ids) == len(set(ids))
    subjects = {t.subject for t in graph(pages.get("/figures/PMC8__f1.ttl"))}
    fragments = {
        node.value.partition("#")[2]
        for node in subjects
        if isinstance(node, NamedNode) and "PMC8__f1#" in node.value
    }
    assert len(fragments) == 2, "a mention and an organism"
    assert fragments <= set(ids)


def test_every_term_of_the_vocabulary_is_a_place_on_its_page(pages: Pages) -> None:
    ids = Markup(pages.get("/ontology").text).attributes("id")
    found = graph(pages.get("/ontology.nt"))
    terms = {t.subject.value for t in found if isinstance(t.subject, NamedNode)}
    assert {iri.partition("#")[2] for iri in terms if "#" in iri} <= set(ids)


@pytest.mark.parametrize("target", ["/ontology/shapes", "/ontology/shapes.ttl"])
def test_the_shapes_are_at_their_iri_as_their_file_has_them(target: str, pages: Pages) -> None:
    page = pages.get(target, accept="text/html")
    assert (page.status, page.headers["content-type"]) == (200, "text/turtle; charset=utf-8")
    assert page.headers["content-location"].endswith("/ontology/shapes.ttl")
    assert page.body == resource("ontology", "shapes.ttl").read_bytes()
    assert "/ontology/shapes.ttl" in Markup(pages.get("/ontology").text).attributes("href")
    assert pages.get(target, if_none_match=page.headers["etag"]).status == 304


def test_every_part_of_a_release_is_a_place_on_its_page(pages: Pages) -> None:
    address = f"/releases/{pages.reading.version}"
    ids = Markup(pages.get(address).text).attributes("id")
    found = graph(pages.get(f"{address}.nt"))
    parts = {t.subject.value for t in found if isinstance(t.subject, NamedNode)}
    assert {iri.partition("#")[2] for iri in parts if f"{address}#" in iri} <= set(ids)


@pytest.mark.parametrize(
    "target",
    [
        "/figures/PMC7__nothing",
        "/figures/",
        "/figures/../ontology",
        "/figures/%2e%2e/ontology",
        "/figures/PMC7__a/",
        "/figures//PMC7__a",
        "//figures/PMC7__a",
        "/figures/PMC7__a.docx",
        "/figures/%ff",
        "/figures/%00",
        "/gene/0",
        "/gene/99999999",
        "/gene/TP53",
        "/gene",
        "/chemical/D000000",
        "/taxon/1",
        "/article/PMC99",
        "/journals/no-such",
        "/releases/000000000000",
        "/mappings/00",
        "/graph/mappings/000000000000",
        "/dumps/pfocr.zip",
        "/dumps/..%2fmanifest.json",
        "/static/0/nothing.css",
        "/" + "a" * 5000,
    ],
)
def test_what_is_not_there_is_404_and_helps(target: str, pages: Pages) -> None:
    page = pages.get(target, "application/json")
    assert page.status == 404, target
    assert page.refusal is not None
    assert page.refusal.detail
    html = pages.get(target, "text/html")
    assert (html.status, html.media_type) == (404, "text/html")
    assert "search" in Markup(html.text).text
    assert "content-security-policy" in html.headers


@pytest.mark.parametrize("target", ["/figures/%0d%0aX-Evil:1", "/gene/%0a", "/thing/%0d%0a"])
def test_a_line_end_in_an_address_is_nothing(target: str, pages: Pages) -> None:
    assert pages.get(target).status in (400, 404)


def test_a_wrong_figid_is_answered_with_the_figures_of_its_article(pages: Pages) -> None:
    markup = Markup(pages.get("/figures/PMC7__nothing.html", "text/html").text)
    assert "/article/PMC7" in markup.hrefs()
    assert "/figures/PMC7__a.b" in markup.hrefs()


def test_a_symbol_is_answered_with_the_genes_that_have_it(pages: Pages) -> None:
    markup = Markup(pages.get("/gene/PTGS1", "text/html").text)
    assert "/gene/5742" in markup.hrefs()


@pytest.mark.parametrize(
    ("target", "near"),
    [
        *((f"/{page}/", page) for page in ("queries", "search", "ontology", "releases")),
        ("/gene", "search"),
        ("/figures/", "search"),
        ("/article/7", "article/PMC7"),
        *((f"/{word}/9606", "taxon/9606") for word in ("organism", "Species", "TAXON")),
        *((f"/{word}", "search") for word in ("organisms", "genes", "journal", "figure")),
        *((address, "gene/5742") for address in ("/genes/5742", "/Gene/5742", "/gene/5742/")),
        *((address, "gene/5742") for address in ("/gene/5742.json", "/ncbigene/5742.csv")),
        ("/downloads", "dataset"),
        ("/api/", "openapi.json"),
        ("/void", "void.ttl"),
    ],
)
def test_an_address_that_is_nearly_right_is_answered_with_the_right_one(
    target: str, near: str, pages: Pages
) -> None:
    refusal = pages.get(target, "application/json").refusal
    assert refusal is not None
    proposed = refusal.members["near"]
    assert isinstance(proposed, list)
    assert proposed[0] == near
    assert pages.get(f"/{near}").status == 200


@pytest.mark.parametrize("target", ["/dumps", "/dumps/"])
def test_the_folder_of_the_dumps_leads_to_the_list_of_them(target: str, pages: Pages) -> None:
    page = pages.get(target, "text/html")
    assert (page.status, page.headers["location"]) == (303, "/dataset#downloads")
    listed = Markup(pages.get("/dataset", "text/html").text)
    assert {f"/dumps/{name}" for name in dump_files(pages.reading)} <= set(listed.hrefs())


def test_what_is_proposed_is_named(pages: Pages) -> None:
    text = Markup(pages.get("/article/7", "text/html").text).text
    assert "article/PMC7 On a pathway." in text
    assert "figures/PMC7__a.b The figure PMC7__a.b" in text
    assert "gene/5742 PTGS1" in Markup(pages.get("/gene/PTGS1", "text/html").text).text


def test_links_are_local_where_the_base_is_another_host(tmp_path: Path) -> None:
    base = "https://data.example.org/pfocr/"
    records = write(
        tmp_path / "records",
        {"_figures/a.md": record(), "_figures/b.md": record(figid="PMC1__f2", number="F2")},
    )
    release = build(records, tmp_path / "data", iris=Iris(base)).release
    pages = pages_of(release, "http://localhost:7878/")
    page = pages.get("/article/PMC1")
    hrefs = Markup(page.text).hrefs()
    assert "/figures/PMC1__f1" in hrefs
    assert not [href for href in hrefs if href.startswith(base)]
    subjects = {t.subject for t in graph(pages.get("/figures/PMC1__f1.ttl"))}
    assert NamedNode(f"{base}figures/PMC1__f1") in subjects


def test_links_go_below_the_path_of_the_public_address(release: Release) -> None:
    pages = pages_of(release, "https://example.org/pfocr/")
    page = pages.get("/figures/PMC8__f1")
    markup = Markup(page.text)
    assert "/pfocr/gene/5742" in markup.hrefs()
    assert page.headers["content-location"] == "/pfocr/figures/PMC8__f1.html"
    assert (
        '<https://example.org/pfocr/figures/PMC8__f1.ttl>;rel="describedby"' in page.headers["link"]
    )
    inside = [href for href in markup.hrefs() if href.startswith("/")]
    assert all(href.startswith("/pfocr/") for href in inside)


def test_a_release_that_was_deleted_is_410_and_one_that_is_kept_is_described(
    tmp_path: Path,
) -> None:
    releases = []
    for number in range(3):
        text = record(figtitle=f"Version {number}")
        records = write(tmp_path / str(number), {"_figures/a.md": text})
        releases.append(build(records, tmp_path / "data").release)
    pruned = prune_releases(tmp_path / "data", 2).deleted
    assert [release.id for release in pruned] == [releases[0].id]
    pages = pages_of(releases[2])
    gone, kept, current = (f"/releases/{release.id.partition('-')[2]}" for release in releases)
    page = pages.get(gone, "text/html")
    assert page.status == 410
    assert current in Markup(page.text).hrefs()
    assert pages.get(gone, "application/json").refusal is not None
    for form in RDF_FORMS:
        found = graph(pages.get(kept, form.media_type))
        assert NamedNode(BASE[:-1] + kept) in {t.subject for t in found}
    listed = Markup(pages.get("/releases").text)
    assert {kept, current} <= set(listed.hrefs())
    assert gone.rpartition("/")[2] in listed.text


def test_a_version_that_was_deleted_and_made_again_is_not_listed_as_deleted(
    tmp_path: Path,
) -> None:
    days = ("2025-01-01", "2025-01-02", "2025-01-01", "2025-01-02", "2025-01-01")
    built = [build(SEEDS, tmp_path, issued=day, keep=1).release for day in days]
    first, second = (release.id.partition("-")[2] for release in built[:2])
    page = pages_of(built[-1]).get("/releases").text
    deleted = page.partition("Deleted")[2].partition("</p>")[0]
    assert (deleted.count(first), deleted.count(second)) == (0, 1)


def test_a_release_of_another_base_is_not_among_those_that_are_here(tmp_path: Path) -> None:
    iris = Iris("https://staging.example.org/")
    other = build(SEEDS, tmp_path, iris=iris).release
    pages = pages_of(build(SEEDS, tmp_path).release)
    address = f"/releases/{other.id.partition('-')[2]}"
    for listing in ("/releases", "/"):
        assert address not in Markup(pages.get(listing, "text/html").text).hrefs()
    refused = pages.get(address, "text/html")
    assert (refused.status, address in Markup(refused.text).hrefs()) == (404, False)


@pytest.mark.parametrize("harm", ["deleted", "cut"])
def test_a_release_whose_description_cannot_be_read_is_as_one_that_is_not_here(
    harm: str, tmp_path: Path
) -> None:
    old = build(SEEDS, tmp_path, issued="2025-01-01").release
    pages = pages_of(build(SEEDS, tmp_path, issued="2025-01-02").release)
    void = old.dumps / "void.ttl"
    void.write_bytes(void.read_bytes()[:1000])
    if harm == "deleted":  # as where it is pruned at this moment
        void.unlink()
    page = pages.get(f"/releases/{old.id.partition('-')[2]}", "text/html")
    assert page.status == 404


@pytest.mark.parametrize("doi", ["10.1000/ABC", "https://doi.org/10.1000/abc"])
def test_the_page_of_a_query_takes_an_article_by_its_doi(doi: str, pages: Pages) -> None:
    page = pages.get(f"/queries/other-spellings?thing={doi}&open=editor", "text/html")
    assert page.status == 303
    assert "pmc%2FPMC8" in page.headers["location"]


def test_a_dump_is_served_as_it_is_and_in_parts(pages: Pages) -> None:
    release = pages.reading.release
    rows = {row["name"]: row for row in release.manifest()["files"]}
    for path in release.dumps.iterdir():
        page = pages.get(f"/dumps/{path.name}")
        assert page.body == path.read_bytes()
        assert page.headers["etag"] == f'"{rows[f"dumps/{path.name}"]["sha256"]}"'
        assert pages.get(f"/dumps/{path.name}", if_none_match=page.headers["etag"]).status == 304
    part = pages.get("/dumps/manifest.json", range="bytes=2-10")
    whole = (release.dumps / "manifest.json").read_bytes()
    assert (part.status, part.body) == (206, whole[2:11])
    assert json.loads(pages.get("/dumps/manifest.json").body)["figures"] == len(FIGIDS) + 1


def test_a_release_is_not_deleted_while_one_of_its_files_is_sent(
    seeds_release: Release, tmp_path: Path
) -> None:
    data = data_folder(seeds_release, tmp_path)
    held = hold(current_release(data))
    reading = open_reading(held)
    held.close()
    name = "manifest.json"
    visit = Visit(reading, Links(Iris()), PUBLIC, f"dumps/{name}", {"name": name}, {}, {}, data)
    sending = answer_dump(visit)
    # Another release is served from now on; the file is still on its way.
    make_current(data, add_release(seeds_release, data, "20990101T000000Z-next"))
    del reading, visit
    gc.collect()
    assert [release.id for release in prune_releases(data, 1).in_use] == [seeds_release.id]
    del sending
    gc.collect()
    assert [release.id for release in prune_releases(data, 1).deleted] == [seeds_release.id]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=5-2", None, None),
        ("bytes=a-b", None, None),
        ("bytes=0-3,9-5", None, None),
        ("lines=1-2", None, None),
        ("bytes=", None, None),
        ("bytes = 3-5", 3, 6),
        ("bytes=-4", -4, None),
        ("bytes=7-", 7, None),
        ("bytes=99999999-, 2-10", 2, 11),
    ],
)
def test_a_range_that_is_none_is_ignored(
    asked: str, start: int | None, end: int | None, pages: Pages
) -> None:
    whole = (pages.reading.release.dumps / "manifest.json").read_bytes()
    page = pages.get("/dumps/manifest.json", range=asked)
    assert (page.status, page.body) == (200 if start is None else 206, whole[start:end])


def test_a_range_of_what_is_not_sent_is_none(pages: Pages) -> None:
    whole = pages.ask("HEAD", "/dumps/manifest.json", {})
    part = pages.ask("HEAD", "/dumps/manifest.json", {"range": "bytes=2-10"})
    assert (part.status, part.headers["content-length"]) == (200, whole.headers["content-length"])


def test_a_range_after_the_end_is_a_problem_that_says_how_long_the_file_is(pages: Pages) -> None:
    size = (pages.reading.release.dumps / "manifest.json").stat().st_size
    for asked in (f"bytes={size}-", "bytes=-0"):
        refusal = pages.get("/dumps/manifest.json", range=asked).refusal
        assert refusal is not None
        assert (refusal.kind, refusal.status) == ("range-not-satisfiable", 416)
        assert dict(refusal.headers)["Content-Range"] == f"bytes */{size}"


def test_a_dump_that_the_client_has_by_its_date_is_not_sent_again(pages: Pages) -> None:
    date = pages.get("/dumps/manifest.json").headers["last-modified"]
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    for headers, status in (
        ({"if_modified_since": date}, 304),
        # An earlier release may be served again, so a later date says nothing.
        ({"if_modified_since": later}, 200),
        ({"if_modified_since": date, "if_none_match": '"other"'}, 200),
        ({"range": "bytes=0-1", "if_range": date}, 206),
        ({"range": "bytes=0-1", "if_range": later}, 200),
    ):
        assert pages.get("/dumps/manifest.json", **headers).status == status


@pytest.mark.parametrize("part", [{}, {"range": "bytes=0-1"}, {"if_none_match": "*"}])
@pytest.mark.parametrize(
    ("wanted", "is_there"),
    [
        ({"if_match": "{tag}"}, True),
        ({"if_match": '"other", {tag}'}, True),
        ({"if_match": "*"}, True),
        ({"if_match": '"other"'}, False),
        ({"if_match": "W/{tag}"}, False),
        ({"if_unmodified_since": "{date}"}, True),
        ({"if_unmodified_since": "Fri, 01 Jan 2100 00:00:00 GMT"}, True),
        ({"if_unmodified_since": "Sat, 01 Jan 2000 00:00:00 GMT"}, False),
        ({"if_unmodified_since": "2000-01-01"}, True),
        ({"if_unmodified_since": "Sat, 01 Jan 2000 00:00:00 GMT", "if_match": "{tag}"}, True),
    ],
)
def test_a_dump_is_sent_on_condition_that_it_is_the_one_that_is_wanted(
    wanted: dict[str, str], is_there: bool, part: dict[str, str], pages: Pages
) -> None:
    target = "/dumps/manifest.json"
    plain = pages.get(target, **part)
    found = pages.get(target).headers
    tag, date = found["etag"], found["last-modified"]
    sent = {name: text.format(tag=tag, date=date) for name, text in wanted.items()}
    page = pages.get(target, **sent, **part)
    if is_there:
        assert (page.status, page.body) == (plain.status, plain.body)
    else:
        assert page.refusal is not None
        assert (page.refusal.kind, page.status) == ("precondition-failed", 412)


def test_a_dump_that_was_built_before_the_clock_was_set_back_is_of_no_time_to_come(
    copied_release: Release,
) -> None:
    file = copied_release.dumps / "manifest.json"
    tomorrow = file.stat().st_mtime + 86_400
    os.utime(file, (tomorrow, tomorrow))
    date = pages_of(copied_release).get("/dumps/manifest.json").headers["last-modified"]
    assert parsedate_to_datetime(date) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "iri",
    ["javascript:alert(1)", "data:text/html,x", "urn:x:y", "//evil.example", "http://[x", "", "/a"],
)
def test_only_web_addresses_become_links(iri: str) -> None:
    assert Links(Iris()).href(iri) is None


@pytest.mark.parametrize("slash", ["/", "\\", "\t/", "//"])
@pytest.mark.parametrize("root", ["/", "/pfocr/"])
def test_what_goes_on_with_a_slash_is_no_address_here(root: str, slash: str) -> None:
    """A link to ``//evil.example`` leads to that host."""
    iri = f"{BASE}{slash}evil.example/a"
    links = Links(Iris(), root)
    assert links.address(iri) is None
    assert links.href(iri) == iri
    assert links.address(f"{BASE}figures//a") == "figures//a"


def test_a_header_has_no_line_end_whatever_the_address() -> None:
    assert header_address("a\r\nb é<>\x00") == "a%0D%0Ab%20%C3%A9%3C%3E%00"
    assert respelt("a\r") is None


@pytest.mark.parametrize("dots", [".", "..", "%2e", "%2E%2e", ".%2E"])
def test_an_address_that_clients_would_shorten_names_nothing(dots: str) -> None:
    assert respelt(f"figures/{dots}/gene") is None
    assert respelt(dots) is None


@pytest.mark.parametrize("target", ["/dumps/pfocr.ttl.gz", "/void.ttl", "/void.jsonld"])
def test_a_file_that_is_gone_is_told_as_such_and_noted_without_a_trace(
    target: str, copied_release: Release, caplog: pytest.LogCaptureFixture
) -> None:
    pages = pages_of(copied_release)
    copied_release.dumps.rename(copied_release.path / "moved")
    page = pages.get(target)
    assert page.refusal is not None
    assert (page.status, page.refusal.kind) == (503, "no-release")
    assert "cannot be read (No such file or directory" in page.refusal.detail
    assert [entry.exc_info for entry in caplog.records if entry.levelname == "ERROR"] == [None]
    assert pages.get(target, "text/html").status == 503
    (copied_release.path / "moved").rename(copied_release.dumps)
    assert pages.get(target).status == 200
