"""Pages in a browser without a mouse, on a small telephone, and on paper."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import pytest
from selenium.webdriver.common.keys import Keys

from browsing import Browser, browsing, needs_browser
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages.static import static_files
from serving import Server, serving

FIGURE: Final = "/figures/PMC6566596__ijms-20-02505-g004"
LONG: Final = quote("ASK {}" + "\n" * 100)
#: What has the focus: whether it is seen to have it, and where it is.
STOP: Final = """(() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const drawn = one.closest(".CodeMirror-focused") ?? one;
  const box = one.getBoundingClientRect();
  return {
    what: one.outerHTML.slice(0, 100),
    outlined: getComputedStyle(drawn).outlineStyle === "solid",
    inside: box.bottom > 0 && box.top < innerHeight,
  };
})()"""
#: Links that a finger cannot tell apart: https://www.w3.org/TR/WCAG22/#target-size-minimum
CLOSE: Final = """(() => {
  const links = [...document.querySelectorAll("main :is(td, dt, dd) > a")]
    .filter((one) => one.textContent.trim() === one.parentElement.textContent.trim()
      || one.closest(".lists"));
  const boxes = links.map((one) => [one.textContent, one.getBoundingClientRect()]);
  const middle = (box) => box.y + box.height / 2;
  return boxes.flatMap(([name, box]) => boxes
    .filter(([, other]) => other.y > box.y && Math.min(other.height, box.height) < 24)
    .filter(([, other]) => other.left < box.right && box.left < other.right)
    .filter(([, other]) => middle(other) - middle(box) < 24)
    .map(([near]) => [name, near]));
})()"""
#: What must be scrolled sideways.
SCROLLED: Final = """[...document.querySelectorAll(".scroll")]
  .filter((one) => one.scrollWidth > one.clientWidth)
  .map((one) => one.textContent.trim().slice(0, 50))"""
#: How high links of an answer are for a finger.
HIT: Final = """[...document.querySelectorAll(".yasr td a.iri")].map((link) => {
  link.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top } = link.getBoundingClientRect();
  const heights = Array.from({ length: 80 }, (_, at) => top - 20 + at);
  return heights.filter((y) => document.elementFromPoint(left + 10, y) === link).length;
})"""
pytestmark = needs_browser
needs_editor: Final = pytest.mark.skipif(
    "vendor/yasgui.min.js" not in static_files(), reason="NO EDITOR: run `make editor`"
)


@pytest.fixture(scope="module", name="site")
def _site(seeds_release: Release) -> Iterator[str]:
    with serving(seeds_release.path.parents[1]) as server:
        yield address_of(server)


def address_of(server: Server) -> str:
    return server.url.removesuffix("/sparql")


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


def stops(browser: Browser) -> Iterator[dict[str, object]]:
    """Everything that the tab key leads to, until the page has been left."""
    for _ in range(200):
        browser.type(Keys.TAB)
        stop = browser.run(STOP)
        if stop is None:
            return
        yield stop
    pytest.fail("the tab key does not leave the page")


@pytest.mark.parametrize(
    "target", ["/", FIGURE, "/gene/2064", "/queries/figures-by-gene?gene=2064"]
)
def test_what_has_the_focus_is_seen_at_once(target: str, browser: Browser, site: str) -> None:
    browser.size(1000, 800)
    browser.open(site + target)
    found = list(stops(browser))
    assert len(found) > 20
    assert [one for one in found if not (one["outlined"] and one["inside"])] == []


@needs_editor
def test_the_focus_is_seen_in_the_editor_too(browser: Browser, site: str) -> None:
    browser.size(1000, 800)
    browser.open(f"{site}/sparql?query={LONG}")
    scrolled = "document.querySelector('#editor .CodeMirror-scroll')"
    browser.wait(f"{scrolled}?.tabIndex == 0", "the query is longer than the editor")
    # The examples are alike, and a hundred stops: all but the first are hidden, as by the filter.
    examples = "document.querySelectorAll('.gallery li:not(:first-child)')"
    browser.run(f"{examples}.forEach((one) => {{ one.hidden = true; }})")
    found = list(stops(browser))
    for part in ("CodeMirror-scroll", '<a href="/sparql?query=', "<summary>values"):
        assert any(part in str(one["what"]) for one in found)
    assert [one for one in found if not one["outlined"]] == []


@pytest.mark.parametrize("target", ["/dataset", FIGURE, "/gene/2064"])
def test_links_are_far_enough_apart_for_a_finger(target: str, browser: Browser, site: str) -> None:
    browser.size(320, 900)
    browser.open(site + target)
    assert browser.run(CLOSE) == []


@pytest.mark.parametrize("target", [FIGURE, "/figures/PMC3471537__nihms406899f5"])
def test_on_a_small_telephone_all_of_a_figure_is_seen_and_tables_are_read_as_tables(
    target: str, browser: Browser, site: str
) -> None:
    browser.size(1200, 900)
    browser.open(site + target)
    on_a_desk = browser.roles()
    assert browser.run("document.querySelectorAll('.scroll').length") > 1
    for width in (475, 430, 375, 360, 320):
        browser.size(width, 900)
        wide = [text for text in browser.run(SCROLLED) if width == 320 or "Symbols" in text]
        assert wide == [], width
    labels = browser.run(
        "[...document.querySelectorAll('.mentions tbody tr:first-child td')]"
        ".map(e => getComputedStyle(e, '::before').content)"
    )
    assert labels[-3:] == ['"Matched" / ""', '"May stand for" / ""', '"Evidence" / ""']
    roles = browser.roles()
    for role in ("table", "caption", "row", "columnheader", "rowheader"):
        assert roles[role] == on_a_desk[role] > 0
    assert roles["cell"] == browser.run("document.querySelectorAll('main td:not(:empty)').length")
    browser.look("figure-small", 320, 3600)


@needs_editor
@pytest.mark.parametrize("width", [320, 1200])
def test_a_link_of_an_answer_is_hit_wherever_its_row_is(
    width: int, browser: Browser, site: str
) -> None:
    browser.size(width, 900)
    query = "SELECT ?figure ?gene { ?figure schema:mentions ?gene } LIMIT 3"
    browser.open(f"{site}/sparql?query={quote(query)}")
    browser.wait("document.querySelectorAll('.yasr td a.iri').length == 6", "the answer is there")
    assert all(height >= 24 for height in browser.run(HIT))


def test_a_word_is_on_one_line_where_there_is_room(browser: Browser, site: str) -> None:
    browser.size(1200, 900)
    browser.open(site + "/figures/PMC3471537__nihms406899f5")
    words = "[...document.querySelectorAll('.mentions th[scope=row] a.self')]"
    assert "PI3K/Akt" in browser.run(f"{words}.map(e => e.textContent)")
    assert browser.run(f"{words}.every(e => e.getClientRects().length === 1)")


@needs_editor
def test_the_place_of_a_mistake_can_be_scrolled_to_by_keys(browser: Browser, site: str) -> None:
    browser.open(f"{site}/sparql?query={quote('SELECT * { ?s ?p }')}")
    place = "document.querySelector('#answer pre')"
    browser.wait(f"!!{place}", "the mistake is shown")
    assert browser.run(f"{place}.tabIndex") == 0


@needs_editor
def test_the_size_of_an_answer_is_read_out_and_not_its_table(browser: Browser, site: str) -> None:
    told = "document.querySelector('main [role=status]#told')?.textContent"
    browser.open(f"{site}/sparql?query={quote('SELECT * { ?s a schema:Gene } LIMIT 7')}")
    browser.wait(f"{told}?.startsWith('7 results')", "the size is told")
    assert browser.run("!document.querySelector('#answer').closest('[aria-live]')")
    browser.open(f"{site}/sparql?query={quote('SELECT * { ?s ?p }')}")
    browser.wait(f"{told} == 'The query is not SPARQL'", "it is told that there is none")


def test_buttons_that_copy_have_names_and_say_that_they_did(browser: Browser, site: str) -> None:
    browser.open(site + FIGURE)
    buttons = "[...document.querySelectorAll('.lists button')]"
    names = browser.run(f"{buttons}.map(e => e.textContent)")
    assert len(names) == len(set(names)) > 1
    assert "Copy symbols: Found by their symbol" in names
    browser.run(f"{buttons}[0].focus()")
    browser.run(f"{buttons}[0].click()")
    browser.wait("document.querySelector('main > [role=status]').textContent == 'Copied'", "told")
    assert browser.run(f"document.activeElement === {buttons}[0]")


@needs_editor
def test_what_is_printed_has_the_query_and_whole_lists(browser: Browser, site: str) -> None:
    browser.size(800, 900)
    try:
        browser.medium("print")
        browser.open(f"{site}/sparql?query={quote('ASK {}')}")
        browser.wait("document.querySelector('.CodeMirror')?.checkVisibility()", "the query shows")
        assert not browser.run("document.getElementById('run').checkVisibility()")
        browser.open(site + FIGURE)
        lists = "[...document.querySelectorAll('.lists textarea')]"
        assert browser.run(f"{lists}.length") > 1
        assert browser.run(f"{lists}.every(e => e.scrollHeight <= e.clientHeight)")
    finally:
        browser.medium("screen")
