"""Search over HTTP: what is found is shown whole, whatever was typed is a text and nothing else."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from paging import PUBLIC, Markup, Page, Pages, graph, pages_of
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import RDF_TYPE, Schema
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.pages.search_facts import (
    ITEM,
    ITEM_LIST_ELEMENT,
    MOST_CHARACTERS,
    MOST_PAGES,
    NUMBER_OF_ITEMS,
    PAGE_HITS,
    typed,
)
from searching import FAMILY, MOUSE, SYNONYM, Figures, gene
from validating import flaws

#: More than a page holds.
MANY: Final = PAGE_HITS + 5
HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></script><script>alert(1)</script>",
    "' OR 1=1 --",
    '" AND searched MATCH "kinase',
    "kinase* NEAR(a b) {title}: ^x",
    "a\u2028b\u2029c",
    "\x00\x01\x1f",
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% include 'base.html' %}",
    "%00%ff%c3%28",
    "../../etc/passwd",
    "\U0001f9ec\u202egnirts",
    "(" * 300,
    "x" * 100_000,
    " ".join(f"word{number}" for number in range(500)),
)


@pytest.fixture(scope="module", name="release")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    made = Figures()
    for number in range(1, MANY + 1):
        made.add(
            number,
            gene("PTEN", "PTEN", 5728),
            figtitle=f"Kinase figure {number}",
            year=str(2000 + number % 3),
        )
    made.add(101, gene("PTEN1", "PTEN", 5728, SYNONYM), figtitle="Kinase by a synonym", year="2015")
    made.add(102, gene("Pten", "Pten", 19211, FAMILY, MOUSE), figtitle="Kinase of mice")
    made.add(103, figtitle="A <b>bold</b> title & more", caption='Of "quotes" </script> and words.')
    return made.build(tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module", name="pages")
def _pages(release: Release) -> Pages:
    return pages_of(release)


def search(pages: Pages, text: str, more: str = "", accept: str = "text/html") -> Page:
    return pages.get(f"/search?q={quote(text)}{more}", accept)


def found(pages: Pages, text: str, more: str = "") -> dict[str, Any]:
    page = pages.get(f"/search.json?q={quote(text)}{more}")
    assert (page.status, page.media_type) == (200, "application/json")
    document = json.loads(page.body)
    assert isinstance(document, dict)
    return document


def link(page: Page, label: str) -> str:
    """Where the link with a text leads."""
    found = re.search(f'<a [^>]*href="([^"]*)"[^>]*>{re.escape(label)}', page.text)
    assert found, label
    return found[1].replace("&amp;", "&")


# The page.


def test_without_a_text_the_page_asks_for_one(pages: Pages) -> None:
    for target in ("/search", "/search?q=", "/search?q=%20%20"):
        page = pages.get(target, "text/html")
        assert (page.status, flaws(page.text)) == (200, [])
        shown = Markup(page.text)
        assert [e["name"] for t, e in shown.elements if t == "input"] == ["q"]
        assert 'name="robots"' not in page.text


def test_a_page_of_results_is_valid_and_not_for_search_engines(pages: Pages) -> None:
    page = search(pages, "kinase")
    assert (page.status, flaws(page.text)) == (200, [])
    assert '<meta name="robots" content="noindex">' in page.text
    assert f"{MANY + 2} figures" in Markup(page.text).text


def test_figures_are_linked_by_their_titles_with_what_was_looked_for_marked(pages: Pages) -> None:
    page = search(pages, "synonym")
    assert "<mark>synonym</mark>" in page.text
    assert "/figures/PMC101__f1" in Markup(page.text).hrefs()


def test_the_year_stands_apart_from_a_title_without_a_full_stop(tmp_path: Path) -> None:
    made = Figures()
    made.add(1, gene("PTEN", "PTEN", 5728), papertitle="On PTEN in 1999", year="2015")
    made.add(2, gene("PTEN", "PTEN", 5728), papertitle="", year="2016")
    pages = pages_of(made.build(tmp_path))
    for target in ("/search?q=PTEN", "/gene/5728"):
        text = Markup(pages.get(target, "text/html").text).text
        assert "in 1999 (2015)" in text.replace("PTEN in", "in"), target
        assert "(2016)" not in text, target


def test_markup_in_a_record_is_text(pages: Pages) -> None:
    page = search(pages, "bold")
    assert "<b>" not in page.text
    assert "A <b>bold</b> title & more" in Markup(page.text).text.replace(" bold ", "bold")


def test_a_thing_that_is_called_so_is_shown_before_the_figures(pages: Pages) -> None:
    page = search(pages, "pten")
    text = Markup(page.text).text
    assert f"gene PTEN 5728 Homo sapiens , {MANY + 1} figures" in text
    assert "/gene/5728" in Markup(page.text).hrefs()
    assert text.index("Known by that name") < text.index(f"{MANY + 2} figures")


def test_where_no_figure_has_all_words_the_page_says_so(pages: Pages) -> None:
    assert "No figure has all the words" in search(pages, "kinase bold").text
    assert "No figure has all the words" not in search(pages, "kinase mice").text


def test_a_misspelt_word_leads_to_the_search_for_the_right_one_within_the_same_limits(
    pages: Pages,
) -> None:
    page = search(pages, "kinnase", "&tier=symbol")
    assert "Did you mean kinase ?" in Markup(page.text).text
    assert "/search?tier=symbol&q=kinase" in Markup(page.text).hrefs()
    assert flaws(page.text) == []
    assert "Did you mean" not in search(pages, "kinase bold").text


def test_words_that_are_left_out_are_named(pages: Pages) -> None:
    text = " ".join(f"w{chr(97 + number)}x" for number in range(15))
    assert "left out were wmx, wnx, wox." in Markup(search(pages, text).text).text


def test_words_that_are_excluded_are_named(pages: Pages) -> None:
    page = search(pages, "kinase -bold")
    assert "figures without bold" in Markup(page.text).text
    assert flaws(page.text) == []
    assert "No figure without pten has all the words" in search(pages, "zzzz bold -pten").text


def test_nothing_found_says_what_to_do(pages: Pages) -> None:
    page = search(pages, "zzzz")
    assert (page.status, flaws(page.text)) == (200, [])
    assert "No figure has this" in page.text
    narrowed = search(pages, "kinase", "&year=1900")
    assert "Search without limits" in narrowed.text


# Facets.


def test_a_facet_narrows_the_search_and_its_link_takes_that_back(pages: Pages) -> None:
    page = search(pages, "kinase")
    narrower = pages.get(link(page, "Mus musculus"), "text/html")
    assert "1 figure" in Markup(narrower.text).text
    assert (flaws(narrower.text), narrower.status) == ([], 200)
    wider = pages.get(link(narrower, "Mus musculus"), "text/html")
    assert f"{MANY + 2} figures" in Markup(wider.text).text


def test_facets_are_applied_together_and_keep_each_other(pages: Pages) -> None:
    by_tier = search(pages, "pten", "&tier=symbol")
    both = pages.get(link(by_tier, "2001"), "text/html")
    assert parse_qs(urlsplit(link(by_tier, "2001")).query) == {
        "q": ["pten"],
        "tier": ["symbol"],
        "year": ["2001"],
    }
    assert {h["year"] for h in found(pages, "pten", "&tier=symbol&year=2001")["figures"]} == {
        "2001"
    }
    assert both.status == 200


def test_the_number_beside_a_facet_is_what_its_link_finds(pages: Pages) -> None:
    facets = found(pages, "kinase")["facets"]
    assert {name for name, listed in facets.items() if listed} == {"organisms", "years"}
    for parameter, name in (("organism", "organisms"), ("year", "years")):
        for facet in facets[name]:
            narrowed = found(pages, "kinase", f"&{parameter}={quote(facet['value'])}")
            assert narrowed["total"] == facet["figures"]


@pytest.mark.parametrize("value", ["9606", "Homo sapiens", "homo sapiens", "taxon:9606"])
def test_an_organism_may_be_given_by_its_name_too(pages: Pages, value: str) -> None:
    page = search(pages, "pten", f"&organism={quote(value)}")
    assert f"{MANY + 1} figures" in Markup(page.text).text
    assert 'aria-current="true"' in page.text


def test_a_limit_that_nothing_has_can_be_taken_back(pages: Pages) -> None:
    page = search(pages, "kinase", "&year=1066")
    assert (page.status, flaws(page.text)) == (200, [])
    assert parse_qs(urlsplit(link(page, "1066")).query) == {"q": ["kinase"]}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("&tier=best", "tier must be one of symbol, synonym, family"),
        ("&page=000000000001999", f"page must be a whole number from 1 to {MOST_PAGES}"),
        ("&limit=" + "0" * 5000 + "1", "limit must be a whole number from 1 to 100"),
        ("&page=0", f"page must be a whole number from 1 to {MOST_PAGES}"),
        ("&page=x", f"page must be a whole number from 1 to {MOST_PAGES}"),
        ("&limit=1000", "limit must be a whole number from 1 to 100"),
        ("&organism=martian", "no organism 'martian' in this release: give an NCBI taxonomy id or"),
        ("&year=abc", "'abc' is not a year: give four digits such as 2019"),
        ("&offset=10", "search has no parameter 'offset': it has q, organism, year, tier, page,"),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_told(pages: Pages, more: str, said: str) -> None:
    for accept in ("application/json", "text/html"):
        page = search(pages, "kinase", more, accept)
        assert page.status == 400
        assert said in (page.refusal.detail if page.refusal else Markup(page.text).text)


def test_a_value_that_was_typed_is_shown_letter_by_letter(pages: Pages) -> None:
    """The sheet begins what has the class with a capital, after a quotation mark too."""
    typed = search(pages, "kinase", "&year=abc", "text/html")
    assert '<p class="prose">&#39;abc&#39; is not a year' in typed.text
    assert (
        '<p class="prose sentence">tier must'
        in search(pages, "kinase", "&tier=best", "text/html").text
    )


@pytest.mark.parametrize("appended", ["utm_source=x&utm_campaign=y", "fbclid=z"])
def test_what_is_appended_to_links_to_follow_people_does_not_matter(
    appended: str, pages: Pages
) -> None:
    assert pages.get(f"/search?q=kinase&{appended}").status == 200
    page = pages.get(f"/queries/figures-by-gene?{appended}")
    assert (page.status, "no parameter" in page.text) == (200, False)


# Pages of the list.


def test_the_pages_of_a_list_have_every_figure_once(pages: Pages) -> None:
    first = search(pages, "kinase")
    assert "Page 1 of 2" in first.text
    assert 'rel="next"' in first.headers["link"]
    second = pages.get(link(first, "Next ›"), "text/html")
    assert 'rel="prev"' in second.headers["link"]
    assert f'<ol class="hits" start="{PAGE_HITS + 1}">' in second.text
    figures = [
        href
        for page in (first, second)
        for href in Markup(page.text).hrefs()
        if href.startswith("/figures/")
    ]
    assert len(figures) == len(set(figures)) == MANY + 2


def test_after_the_last_page_there_is_nothing(pages: Pages) -> None:
    page = search(pages, "kinase", "&page=3")
    assert page.status == 404
    assert "the last page of the list is 2" in page.text


def test_a_program_can_walk_through_the_list_by_its_headers(pages: Pages) -> None:
    target, seen = f"{PUBLIC}search.json?q=kinase&limit=10", []
    while target:
        page = pages.get(target.removeprefix(PUBLIC[:-1]))
        seen += [figure["figid"] for figure in json.loads(page.body)["figures"]]
        following = [p for p in page.headers["link"].split(", ") if 'rel="next"' in p]
        target = following[0][1:].partition(">")[0] if following else ""
    assert len(seen) == len(set(seen)) == MANY + 2


@pytest.mark.parametrize("asked", ["search.ttl?q=kinase", "search?q=kinase&format=turtle"])
def test_the_next_page_has_the_form_that_was_asked_for(asked: str, pages: Pages) -> None:
    first = pages.get(f"/{asked}&limit=10")
    (following,) = [p for p in first.headers["link"].split(", ") if 'rel="next"' in p]
    second = pages.get(following[1:].partition(">")[0].removeprefix(PUBLIC[:-1]))
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["content-type"].startswith("text/turtle")
    assert 'rel="prev"' in second.headers["link"]


# Other forms.


def test_json_has_what_the_page_has(pages: Pages) -> None:
    document = found(pages, "pten", "&tier=synonym")
    (figure,) = document["figures"]
    assert figure["figid"] == "PMC101__f1"
    assert figure["iri"] == Iris().figure("PMC101__f1").value
    assert figure["page"] == f"{PUBLIC}figures/PMC101__f1"
    assert figure["title_text"] == "Kinase by a synonym"
    assert figure["tier"] == "synonym"
    (human, mouse) = sorted(document["things"], key=lambda thing: thing["accession"], reverse=True)
    assert (human["page"], mouse["page"]) == (f"{PUBLIC}gene/5728", f"{PUBLIC}gene/19211")
    assert document["filters"] == {"tier": "synonym"}


@pytest.mark.parametrize(
    ("target", "accept", "media_type"),
    [
        ("/search?q=pten", "application/json", "application/json"),
        ("/search?q=pten&format=json", "text/html", "application/json"),
        ("/search.json?q=pten", "text/html", "application/json"),
        ("/search?q=pten", "*/*", "text/html"),
        ("/search?q=pten", "application/ld+json", "application/ld+json"),
        ("/search.html?q=pten", "text/turtle", "text/html"),
        *((f"/search{f.suffix}?q=pten", "image/png", f.media_type) for f in RDF_FORMS),
        *((f"/search?q=pten&format={f.name}", "image/png", f.media_type) for f in RDF_FORMS),
    ],
)
def test_each_form_is_had_by_accept_by_format_and_by_suffix(
    pages: Pages, target: str, accept: str, media_type: str
) -> None:
    page = pages.get(target, accept)
    assert (page.status, page.media_type) == (200, media_type)
    assert "Accept" in page.headers["vary"]


def test_links_in_the_header_lead_to_every_other_form(pages: Pages) -> None:
    page = search(pages, "pten")
    links = [part for part in page.headers["link"].split(", ") if 'rel="alternate"' in part]
    assert len(links) == 1 + len(RDF_FORMS)
    for part in links:
        target = part[1:].partition(">")[0]
        kind = part.partition('type="')[2].rstrip('"')
        answer = pages.get(target.removeprefix(PUBLIC[:-1]))
        assert (answer.status, answer.media_type) == (200, kind)


def test_an_unknown_form_is_not_found_and_an_unacceptable_one_is_refused(pages: Pages) -> None:
    unknown = pages.get("/search.pdf?q=pten", "application/json")
    assert unknown.status == 404
    refused = search(pages, "pten", accept="image/png")
    assert refused.status == 406


def test_the_rdf_lists_the_figures_in_order_and_says_what_the_data_say(pages: Pages) -> None:
    page = search(pages, "kinase", "&page=2", "text/turtle")
    said = graph(page)
    here = NamedNode(f"{PUBLIC}search?q=kinase&page=2")
    total = [t.object for t in said if (t.subject, t.predicate) == (here, NUMBER_OF_ITEMS)]
    assert [value.value for value in total if isinstance(value, Literal)] == [str(MANY + 2)]
    items = {t.object for t in said if (t.subject, t.predicate) == (here, ITEM_LIST_ELEMENT)}
    listed = {
        int(t.object.value): next(
            o.object for o in said if (o.subject, o.predicate) == (t.subject, ITEM)
        )
        for t in said
        if t.subject in items and t.predicate == Schema.position and isinstance(t.object, Literal)
    }
    assert sorted(listed) == list(range(PAGE_HITS + 1, MANY + 3))
    expected = [f["iri"] for f in found(pages, "kinase", "&page=2")["figures"]]
    assert [str(node) for _, node in sorted(listed.items())] == [f"<{iri}>" for iri in expected]
    own = {t for t in said if t.subject != here and t.subject not in items}
    assert own
    for triple in own:
        assert triple in pages.reading.outgoing(cast(NamedNode, triple.subject))


def test_the_forms_of_rdf_and_the_block_in_the_page_say_the_same(pages: Pages) -> None:
    graphs = [graph(search(pages, "pten", accept=form.media_type)) for form in RDF_FORMS]
    assert all(one == graphs[0] for one in graphs)
    block = Markup(search(pages, "pten").text).json_ld
    assert graph(Page(200, {"content-type": "application/ld+json"}, block.encode())) == graphs[0]
    assert Triple(Iris().entity("ncbigene", "5728"), RDF_TYPE, Schema.Gene) in graphs[0]


def test_who_has_the_answer_already_is_told_so(pages: Pages) -> None:
    page = search(pages, "pten")
    assert search(pages, "pten").headers["etag"] == page.headers["etag"]
    assert search(pages, "kinase").headers["etag"] != page.headers["etag"]
    assert pages.get("/search.json?q=pten").headers["etag"] != page.headers["etag"]
    again = pages.get("/search?q=pten", "text/html", if_none_match=page.headers["etag"])
    assert again.status == 304


# Any text is data.


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_a_hostile_text_is_a_text(pages: Pages, text: str) -> None:
    page = search(pages, text)
    assert page.status == 200
    assert flaws(page.text) == []
    shown = Markup(page.text)
    kept = [e["value"] for t, e in shown.elements if t == "input" and e.get("name") == "q"]
    assert kept == [typed(text)]
    assert not [tag for tag, _ in shown.elements if tag in {"img", "b", "iframe"}]
    assert sum(tag == "script" for tag, _ in shown.elements) <= 2
    if shown.json_ld:
        json.loads(shown.json_ld)
    assert found(pages, text)["text"] == typed(text)
    for form in RDF_FORMS:
        answer = search(pages, text, accept=form.media_type)
        assert answer.status == 200


def test_of_a_text_as_much_is_searched_and_said_as_a_page_shows(pages: Pages) -> None:
    longest = "x" * MOST_CHARACTERS
    assert typed(longest) == longest
    assert found(pages, longest + "y")["text"] == longest
    answer = search(pages, longest + "y", accept="text/turtle")
    names = [triple.object for triple in graph(answer) if triple.predicate == Schema.name]
    assert names == [Literal(longest)]


@pytest.mark.parametrize("name", ["organism", "year"])
@pytest.mark.parametrize("text", HOSTILE[:8], ids=lambda text: ascii(text)[:30])
def test_a_hostile_limit_is_a_text_too(pages: Pages, name: str, text: str) -> None:
    page = search(pages, "kinase", f"&{name}={quote(text)}")
    # What is left of some is nothing, which narrows nothing.
    assert page.status == (400 if typed(text) else 200)
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_bytes_that_are_no_utf_8_are_read_as_well_as_can_be(pages: Pages) -> None:
    for target in ("/search?q=%ff%fe", "/search?q=%00", "/search?year=&q=pten"):
        assert pages.get(target, "text/html").status == 200
    assert pages.get("/search?%ff=%ff&q=pten", "text/html").status == 400


# Suggestions.


def suggested(pages: Pages, text: str, more: str = "") -> list[dict[str, Any]]:
    page = pages.get(f"/suggest?q={quote(text)}{more}")
    assert (page.status, page.media_type) == (200, "application/json")
    document = json.loads(page.body)
    assert document["text"] == typed(text)
    return list(document["suggestions"])


def test_a_beginning_is_completed_with_things_and_their_pages_and_with_titles(
    pages: Pages,
) -> None:
    first, *_ = suggested(pages, "pt")
    assert (first["text"], first["kind"], first["page"]) == ("PTEN", "gene", f"{PUBLIC}gene/5728")
    title, *_ = suggested(pages, "kinase of")
    assert (title["text"], title["kind"], title["page"]) == ("Kinase of mice", "title", None)


def test_suggestions_are_no_more_than_asked_for(pages: Pages) -> None:
    assert len(suggested(pages, "kinase", "&limit=3")) == 3
    assert pages.get("/suggest?q=kinase&limit=1000").status == 400


@pytest.mark.parametrize("text", ["", "p", *HOSTILE], ids=lambda text: ascii(text)[:30])
def test_what_begins_nothing_has_no_suggestions(pages: Pages, text: str) -> None:
    assert suggested(pages, text) == []


# A release of an earlier version.


def test_a_release_without_an_index_says_so(release: Release, tmp_path: Path) -> None:
    pages = pages_of(release)
    pages.reading = replace(pages.reading, search=None, mentions=None)
    for target in ("/search?q=x", "/suggest?q=xy"):
        page = pages.get(target, "application/json")
        assert page.status == 404
        assert page.refusal is not None
        assert "no search index" in page.refusal.detail
    assert pages.get("/", "text/html").status == 200
