"""The pages in a real browser: what a reader does, and what hostile records cannot do."""

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from browsing import Browser, browsing, needs_browser
from building import build
from making import FIGID, SEEDS, record, write
from pfocr_rdf.iris import Iris
from pfocr_rdf.web.pages.editor import SCRIPT
from pfocr_rdf.web.pages.static import static_files
from serving import Server, serving, wait_until

pytestmark = needs_browser
needs_editor: Final = pytest.mark.skipif(
    SCRIPT not in static_files(), reason="NO EDITOR: run `make editor`, which needs npm"
)
CANARY: Final = "/canary"
#: Each would call a page of the server, whose log would have it, and say so in the window.
RUN: Final = f"window.ran=1;alert(1);fetch('{CANARY}')"
ATTACKS: Final = (
    f"<script>{RUN}</script>",
    f'"><img src="{CANARY}" onerror="{RUN}">',
    f"</script><script>{RUN}</script>",
    f"</textarea></title></style><svg onload={RUN}>",
    f"\u2028{RUN}\u2029",
    f"{{{{ {RUN} }}}} javascript:{RUN}",
)
HOSTILE: Final = " ".join(ATTACKS)
QUERY: Final = """PREFIX schema: <http://schema.org/>
SELECT ?figure ?gene ?name ?caption WHERE {
  ?figure schema:mentions ?gene ;
    schema:caption ?caption .
  ?gene a schema:Gene ;
    schema:name ?name .
}
LIMIT 30"""
CAPTIONS: Final = "SELECT * { ?s <http://schema.org/caption> ?caption }"
HOSTILE_CHART: Final = """# chart: bar caption figures
SELECT ?caption (COUNT(*) AS ?figures) { ?s <http://schema.org/caption> ?caption }
GROUP BY ?caption"""
SCRIPTED_IRI: Final = "SELECT ?iri { VALUES ?iri { <javascript:window.ran=1> } }"
ANSWERED: Final = "document.querySelector('#answer:not([hidden]) .yasr_results > *')"
CHART: Final = "document.querySelector('#answer .chart svg')"
EDITOR: Final = "document.querySelector('#editor .CodeMirror')?.CodeMirror"


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("browser")
    shutil.copytree(SEEDS, folder / "records")
    texts = dict.fromkeys(("figtitle", "caption", "papertitle", "reftext"), f"Evil {HOSTILE}")
    files = {f"_figures/{FIGID}.md": record(**texts, keywords=list(ATTACKS), journal_title=HOSTILE)}
    build(write(folder / "records", files), folder / "data")
    with serving(folder / "data") as server:
        yield server


@pytest.fixture(scope="module", name="window")
def _window() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(name="browser")
def _browser(window: Browser) -> Iterator[Browser]:
    """The browser, which must not have complained of a page's own policy at the end."""
    window.size(1200, 1400)
    window.complaints()
    yield window
    found = [text for text in window.complaints() if "Content Security Policy" in text]
    assert not found


def site(server: Server) -> str:
    return server.url.removesuffix("/sparql")


def pictures(browser: Browser, name: str) -> None:
    """A page as it looks on a desk, in the dark, and on a telephone, where nothing sticks out."""
    browser.look(name)
    browser.look(f"{name}-dark", dark=True)
    browser.look(f"{name}-phone", 360, 1600)
    width = browser.run("document.documentElement.scrollWidth")
    browser.size(1200, 1400)
    assert width <= 360, f"{name} is {width} pixels wide on a telephone"


def test_a_reader_finds_a_figure(browser: Browser, server: Server) -> None:
    browser.open(site(server) + "/")
    pictures(browser, "landing")
    browser.run("document.querySelector('main input[name=q]').value = 'pathway'")
    browser.run("document.querySelector('main form[role=search]').requestSubmit()")
    browser.wait("document.querySelector('main a[href*=\"/figures/\"]')", "a search finds figures")
    assert "/search?" in browser.driver.current_url
    pictures(browser, "search")
    title = browser.run("document.querySelector('main a[href*=\"/figures/\"]').textContent")
    browser.run("document.querySelector('main a[href*=\"/figures/\"]').click()")
    browser.wait("location.pathname.startsWith('/figures/')", "a hit leads to its figure")
    browser.wait("document.readyState == 'complete'", "the page is there")
    assert title.strip()[:20] in browser.run("document.querySelector('main').textContent")
    pictures(browser, "figure")


def test_a_telephone_shows_the_evidence_and_more_of_an_answer_than_identifiers(
    browser: Browser, server: Server
) -> None:
    browser.size(360, 900)
    browser.open(site(server) + "/figures/PMC6566596__ijms-20-02505-g004")
    right = "Math.max(...[...document.querySelectorAll('.mentions tbody td:last-child *')]"
    assert browser.run(f"{right}.map(e => e.getBoundingClientRect().right))") <= 360
    browser.open(site(server) + "/queries/figures-by-gene-tier?gene=2064&tier=any")
    title = "document.querySelector('.answer tbody td:nth-child(2)').getBoundingClientRect()"
    assert browser.run(f"{title}.right") <= 360
    assert browser.run(f"{title}.height") < 250
    browser.look("answer-phone", 360, 1600)
    # An edge that cuts columns off has a shadow, which stays there; its cover goes with the table.
    attached = "getComputedStyle(document.querySelector('.scroll')).backgroundAttachment"
    assert browser.run(attached) == "local, local, scroll, scroll"
    # Where all columns find room, all are seen.
    browser.open(site(server) + "/queries/co-mention-edges?gene=207,2064,5290")
    scrolled = "document.querySelector('.scroll:has(.answer)')"
    assert browser.run(f"{scrolled}.scrollWidth <= {scrolled}.clientWidth")


def test_no_page_is_wider_than_a_small_telephone(browser: Browser, server: Server) -> None:
    targets = {
        "figure-with-genes": "/figures/PMC6566596__ijms-20-02505-g004",
        "gene": "/gene/2064",
        "taxon": "/taxon/9606",
        "article": "/article/PMC6566596",
        "queries": "/queries",
        "query-form": "/queries/co-mentioned-genes",
        "query-wrong": "/queries/figures-by-gene?gene=TP53",
        "graph": "/queries/figure-record?figure=PMC6566596__ijms-20-02505-g004",
        "nothing-found": "/search?q=qqqqqq",
        "nothing-there": "/figures/PMC1__nothing",
        "ontology": "/ontology",
        "dataset": "/dataset",
        "releases": "/releases",
        "problem": "/problems/query-timeout",
    }
    for name, target in targets.items():
        browser.size(320, 900)
        browser.open(site(server) + target)
        browser.wait("document.readyState == 'complete'", f"{target} is there")
        assert browser.run("document.documentElement.scrollWidth") <= 320, target
        assert browser.run("getComputedStyle(document.querySelector('main')).paddingTop") != "0px"
        levels = browser.run(
            "[...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))"
        )
        assert levels.count(1) == 1, target
        assert all(after - before <= 1 for before, after in pairwise([0, *levels])), target
        browser.look(name, 1200, 1000)


@needs_editor
def test_an_example_runs_in_the_editor(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.look("editor-empty")
    browser.run("document.querySelector('a[data-query=figures-by-gene]').click()")
    browser.wait(ANSWERED, "the example is answered")
    assert "VALUES ?gene" in browser.run(f"{EDITOR}.getValue()")
    assert browser.run("document.querySelectorAll('#answer tbody tr').length") > 0


@needs_editor
def test_an_example_is_drawn_and_its_table_stays_at_hand(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.run("document.querySelector('a[data-query=most-mentioned-genes]').click()")
    browser.wait(f"location.search && {CHART}", "the answer is drawn")
    pictures(browser, "editor-chart")
    assert browser.run(f"{CHART}.getAttribute('role')") == "img"
    named = f"{CHART}.getAttribute('aria-labelledby').split(' ')"
    texts = browser.run(f"{named}.map(id => document.getElementById(id).textContent)")
    assert texts[0] == "figures by symbol"
    bars = browser.run(
        f"[...{CHART}.querySelectorAll('rect')].map(bar => Number(bar.getAttribute('width')))"
    )
    assert len(bars) > 1
    assert bars == sorted(bars, reverse=True)
    select = "[...document.querySelectorAll('#answer .chosen select')].find(s => s.value == 'bar')"
    browser.run(f"(s => {{ s.value = 'line'; s.dispatchEvent(new Event('change')); }})({select})")
    browser.wait(f"{CHART}.querySelector('polyline')", "it is drawn as a line")
    browser.run("document.querySelector('#answer .select_table').click()")
    browser.wait("document.querySelector('#answer tbody tr')", "there is a table")
    browser.run("document.querySelector('#answer tbody').dataset.first = 'yes'")
    browser.run("document.getElementById('run').click()")
    browser.wait(
        "document.querySelector('#answer tbody:not([data-first])')", "the table is there again"
    )
    assert not browser.run(CHART)


def have_drawn(query: str, browser: Browser, server: Server) -> None:
    """Run a query that asks for a chart, in the page in which the one before was drawn, if any."""
    if not browser.run("window.hasDrawn"):
        browser.open(f"{site(server)}/sparql")
        browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.run("window.hasDrawn = false")
    browser.run(f"{CHART}?.classList.add('former')")
    browser.run(f"{EDITOR}.setValue(arguments[0])", query)
    browser.run("document.getElementById('run').click()")
    browser.wait(f"{CHART}?.matches(':not(.former)')", "the answer is drawn")
    browser.wait("document.getElementById('run').textContent == 'Run'", "it is all there")
    browser.run("window.hasDrawn = true")


@needs_editor
@pytest.mark.parametrize("kind", ["bar", "line"])
@pytest.mark.parametrize(
    ("rows", "marks"),
    [
        ("(9007199254740992 1) (9007199254740996 2)", ["9007199254740992", "9007199254740996"]),
        ("(1 9007199254740992) (2 9007199254740996)", ["0", "8,000,000,000,000,000"]),
        ("(9007199254740993 5) (9007199254740993 5)", ["9007199254740992"]),
        ("(1 1e308) (2 -1e308)", ["-1e+308", "0", "1e+308"]),
        ("(1e308 1) (-1e308 2)", ["-1e+308", "0", "1e+308"]),
        ("(4503599627370495.5 1) (4503599627370495.0 2)", ["4503599627370495.5"]),
        ("(1 1e-323) (2 0e0)", ["1", "2"]),
        ("(1 0.1) (2 0.3)", ["0", "0.1", "0.2", "0.3"]),
        ("(0.1 1) (0.3 2)", ["0.1", "0.2", "0.3"]),
    ],
)
def test_numbers_of_any_size_are_drawn(
    rows: str, marks: list[str], kind: str, browser: Browser, server: Server
) -> None:
    query = f"# chart: {kind} x y\nSELECT ?x ?y {{ VALUES (?x ?y) {{ {rows} }} }}"
    have_drawn(query, browser, server)
    markup = browser.run(f"{CHART}.outerHTML")
    assert "NaN" not in markup
    assert "Infinity" not in markup
    shapes = f"[...{CHART}.querySelectorAll('rect, circle, line')]"
    places = browser.run(f"{shapes}.map(s => s.getBBox()).flatMap(b => [b.x, b.x + b.width])")
    assert min(places) >= 0
    assert max(places) <= browser.run(f"{CHART}.viewBox.baseVal.width")
    if kind == "line":
        found = browser.run(f"[...{CHART}.querySelectorAll('text')].map(t => t.textContent)")
        assert set(marks) <= set(found)
        assert len(found) <= 20


@needs_editor
def test_values_of_an_example_are_chosen_beside_the_editor(
    browser: Browser, server: Server
) -> None:
    browser.open(f"{site(server)}/sparql")
    form = "document.querySelector('.gallery form[action$=\"/figures-by-gene\"]')"
    browser.run("document.querySelector('.gallery > input').focus()")
    browser.type("gene however weak")
    left = "document.querySelectorAll('.gallery li:not([hidden])').length"
    browser.wait(f"{left} == 1", "what was typed finds one")
    browser.run(f"{form}.closest('details').open = true")
    browser.look("editor-gallery")
    browser.run(f"{form}.elements.gene.value = '2064'")
    browser.run(f"{form}.querySelector('button[name=open]').click()")
    browser.wait(f"location.search && {ANSWERED}", "the query is run")
    assert "ncbigene/2064>" in browser.run(f"{EDITOR}.getValue()")


def test_an_answer_is_drawn_without_scripts(browser: Browser, server: Server) -> None:
    browser.scripts(on=False)
    try:
        browser.open(f"{site(server)}/queries/most-mentioned-genes?limit=20")
        pictures(browser, "query")
        bars = "[...document.querySelectorAll('td.drawn rect')].map(b => b.getBBox().width)"
        widths = browser.run(bars)
        assert len(widths) == browser.run("document.querySelectorAll('.answer tbody tr').length")
        assert widths == sorted(widths, reverse=True)
        assert widths[-1] > 0
        browser.open(f"{site(server)}/queries/figures-per-year")
        pictures(browser, "query-line")
        assert (
            browser.run("document.querySelector('svg[role=img] polyline').getTotalLength()") > 100
        )
    finally:
        browser.scripts(on=True)


def test_without_its_bundle_the_editor_is_a_form(browser: Browser, server: Server) -> None:
    browser.block("*/yasgui.min.js")
    try:
        browser.open(f"{site(server)}/sparql?query={quote('ASK { }')}")
        browser.wait("document.readyState == 'complete'", "what there is is loaded")
        assert browser.run("document.getElementById('query').checkVisibility()")
        assert not browser.run("document.getElementById('editor').checkVisibility()")
        browser.run("document.getElementById('format').value = 'json'")
        browser.run("document.getElementById('query-form').requestSubmit()")
        browser.wait("location.search.includes('format=json')", "the form is sent")
        assert '"boolean":true' in browser.run("document.body.textContent")
    finally:
        browser.block()


@needs_editor
def test_an_answer_has_the_shortest_names_of_things(browser: Browser, server: Server) -> None:
    asked = "SELECT ?taxon { gene:2064 schema:taxonomicRange ?taxon }"
    browser.open(f"{site(server)}/sparql?query={quote(asked)}")
    browser.wait(ANSWERED, "the query of a link is run")
    assert browser.run("document.querySelector('#answer tbody a').textContent") == "taxon:9606"


@needs_editor
def test_links_of_an_answer_lead_to_pages_here(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql?query={quote(QUERY)}")
    browser.wait(ANSWERED, "the query of a link is run")
    pictures(browser, "editor")
    script = "[...document.querySelectorAll('#answer td a')].map(a => a.getAttribute('href'))"
    links = browser.run(script)
    assert {link.split("/")[1] for link in links} == {"figures", "gene"}
    browser.run("document.querySelector('#answer td a').click()")
    browser.wait("location.pathname.startsWith('/figures/')", "a link opens a page")
    assert browser.run("location.origin") == site(server)


@needs_editor
def test_a_link_of_an_answer_leads_to_no_other_host_than_its_iri_has(
    browser: Browser, server: Server
) -> None:
    asked = f"SELECT ?iri {{ VALUES ?iri {{ <{Iris().base}/evil.example/a> }} }}"
    browser.open(f"{site(server)}/sparql?query={quote(asked)}")
    browser.wait(ANSWERED, "the query of a link is run")
    browser.wait("document.querySelector('#answer td a[data-seen]')", "links are made")
    href = browser.run("document.querySelector('#answer td a').href")
    assert href == f"{Iris().base}/evil.example/a"
    # Nor by what a browser takes for a slash, or leaves out.
    call = "localAddress({ [arguments[0]]: '/' }, arguments[0] + arguments[1])"
    for rest in ("\\evil.example", "\\/evil.example", "\t/evil.example", "/evil.example"):
        assert browser.run(call, Iris().base, rest) is None
    assert browser.run(call, Iris().base, "figures/a") == "/figures/a"


@needs_editor
def test_a_query_that_was_typed_can_be_linked(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.run(f"{EDITOR}.setValue('ASK {{ }}')")
    browser.run("document.getElementById('run').click()")
    browser.wait(ANSWERED, "the query is answered")
    assert "True" in browser.run("document.getElementById('answer').textContent")
    assert browser.driver.current_url == f"{site(server)}/sparql?query=ASK%20%7B%20%7D"
    browser.driver.refresh()
    browser.wait(ANSWERED, "the link runs it again")


@needs_editor
def test_properties_of_the_release_are_completed(browser: Browser, server: Server) -> None:
    start = "PREFIX schema: <http://schema.org/> SELECT * { ?figure schema:men"
    browser.open(f"{site(server)}/sparql?query={quote(start)}")
    browser.wait(ANSWERED, "the server has said that this is no query")
    browser.run(f"{EDITOR}.focus()")
    browser.run(f"{EDITOR}.setCursor(0, {len(start)})")
    browser.run(f"{EDITOR}.autocomplete()")
    hints = browser.wait(
        "[...document.querySelectorAll('.CodeMirror-hint')].map(e => e.textContent).join(' ')",
        "there are completions",
    )
    assert "mentions" in hints


@needs_editor
def test_prefixes_of_the_project_need_no_declaration(browser: Browser, server: Server) -> None:
    sign = "document.querySelector('.CodeMirror .parseErrorIcon')"
    browser.open(f"{site(server)}/sparql?query={quote('SELECT * { ?s a pfocr:PathwayFigure }')}")
    browser.wait(ANSWERED, "the query is answered")
    assert "pfocr:PathwayFigure" in browser.run(f"{EDITOR}.getValue()")
    assert not browser.run(sign)
    browser.run(f"{EDITOR}.setValue('SELECT * {{ ?s a foo:Bar }}')")
    browser.wait(sign, "what nobody declares is still told")
    browser.run(f"{EDITOR}.setValue('PREFIX foo: <http://x.example/> SELECT * {{ ?s a foo:B }}')")
    browser.wait(f"!{sign}", "what the query declares is known")


@needs_editor
def test_a_file_is_offered_in_the_formats_that_the_query_has(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    browser.open(f"{site(server)}/sparql")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    offered = (
        "[...document.querySelectorAll('#format option:enabled:not([hidden])')].map(o => o.value)"
    )
    for query, formats in (
        ("ASK {}", ["json", "xml"]),
        ("SELECT * {}", ["csv", "tsv", "json", "xml"]),
        ("CONSTRUCT WHERE { ?s a pfocr:PathwayFigure }", ["turtle", "ntriples", "jsonld"]),
    ):
        browser.run(f"{EDITOR}.setValue(arguments[0])", query)
        assert browser.run(offered) == formats
        assert browser.run("document.getElementById('format').value") in formats
    browser.download_to(tmp_path)
    browser.run("document.getElementById('query-form').requestSubmit()")
    saved = tmp_path / "answer.ttl"
    wait_until(saved.is_file, "there is a file")
    assert "pfocr:PathwayFigure" in saved.read_text()


@needs_editor
def test_a_file_that_there_is_not_leaves_the_query_where_it_is(
    browser: Browser, server: Server
) -> None:
    browser.open(f"{site(server)}/sparql")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.run(f"{EDITOR}.setValue('SELECT * WHERE {{ ?s ?p }}')")
    browser.run("document.getElementById('query-form').requestSubmit()")
    said = browser.wait(
        "document.querySelector('#refused:not([hidden])')?.textContent", "it is told"
    )
    assert "The query is not SPARQL" in said
    assert browser.run("document.querySelector('#refused a').pathname") == "/problems/syntax"
    assert browser.run(f"{EDITOR}.getValue()") == "SELECT * WHERE { ?s ?p }"
    pictures(browser, "editor-refused")
    browser.run(f"{EDITOR}.setValue('ASK {{ }}')")
    assert browser.run("document.getElementById('refused').hidden")


@needs_editor
def test_the_keyboard_leads_through_the_editor(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql?query={quote('ASK {}')}")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    before = browser.run(f"{EDITOR}.getValue()")
    browser.run(f"{EDITOR}.focus()")
    browser.type(Keys.TAB)
    assert browser.run("document.activeElement.id") == "run"
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.type(Keys.TAB, shift=True)
    assert browser.run("!!document.activeElement.closest('.CodeMirror')")
    assert browser.run(f"{EDITOR}.getValue()") == before


@needs_editor
def test_a_query_that_is_longer_than_the_editor_is_scrolled_by_keys(
    browser: Browser, server: Server
) -> None:
    index = "document.querySelector('#editor .CodeMirror-scroll').tabIndex"
    browser.open(f"{site(server)}/sparql?query={quote('ASK {}')}")
    browser.wait(f"!!{EDITOR}", "the editor is there")
    browser.wait(f"{index} == -1", "what is seen whole is no stop for keys")
    browser.run(f"{EDITOR}.setValue(arguments[0])", "\n" * 100)
    browser.wait(f"{index} == 0", "what is not seen whole is one")
    assert browser.run(index.replace("tabIndex", "getAttribute('aria-label')"))


@needs_editor
def test_the_parts_of_an_answer_can_be_read_and_have_names(
    browser: Browser, server: Server
) -> None:
    browser.open(f"{site(server)}/sparql?query={quote(QUERY)}")
    browser.wait(ANSWERED, "the query is answered")
    headers = "[...document.querySelectorAll('#answer thead th')].map(th => th.textContent.trim())"
    browser.wait(f"{headers}[0] == 'Row'", "the column of the numbers has a name")
    off = "document.querySelector('#answer .yasr_btn.disabled')"
    assert browser.run(f"{off} && getComputedStyle({off}).opacity") == "1"


@needs_editor
def test_what_is_wrong_with_a_query_is_said(browser: Browser, server: Server) -> None:
    browser.open(f"{site(server)}/sparql?query={quote('SELECT * WHERE { ?s ?p }')}")
    browser.wait(ANSWERED, "there is an answer")
    browser.look("editor-error", 1200, 1000, dark=True)
    assert "The query is not SPARQL" in browser.run("document.getElementById('answer').textContent")
    other = "SELECT * { SERVICE <https://example.org/sparql> { ?s ?p ?o } }"
    browser.open(f"{site(server)}/sparql?query={quote(other)}")
    browser.wait(ANSWERED, "there is an answer")
    assert "https://sparql.uniprot.org/sparql" in browser.run(
        "[...document.querySelectorAll('#answer .notice li')].map((one) => one.textContent)"
    )


def ask_again(query: str, browser: Browser) -> None:
    """Run another query in the page, as its readers do; it is answered then."""
    browser.run(f"{EDITOR}.setValue(arguments[0])", query)
    browser.run("document.getElementById('run').click()")
    # The address has it once it runs, and the button says so again once that has ended.
    runs = f"new URLSearchParams(location.search).get('query') == {json.dumps(query)}"
    browser.wait(f"{runs} && document.getElementById('run').textContent == 'Run'", "it has run")


@needs_editor
def test_why_a_query_finds_nothing_is_said_until_one_does(browser: Browser, server: Server) -> None:
    https = "PREFIX schema: <https://schema.org/> SELECT ?f { { ?f schema:mentions gene:5594 }"
    https += " UNION { ?f <http://schema.org/keywords> 'mapk1' } }"
    browser.open(f"{site(server)}/sparql?query={quote(https)}")
    said = "document.getElementById('absent')"
    browser.wait(f"{said}.checkVisibility()", "it is said")
    browser.look("editor-absent", 1200, 1000)
    assert browser.run(f"{said}.innerText.split(/\\s*\\n\\s*/)") == [
        "Nothing was found, and the release does not have",
        "https://schema.org/mentions, but http://schema.org/mentions",
        '"mapk1" as http://schema.org/keywords, but "MAPK1"',
    ]
    counts = "SELECT ?g (COUNT(?f) AS ?n) { ?f schema:mentions ?g } GROUP BY ?g HAVING (?n > 0)"
    ask_again(counts, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    browser.look("editor-having", 1200, 1000)
    assert browser.run(f"{said}.innerText") == (
        "Nothing was found: ?n has no value in HAVING, write COUNT(?f) there"
    )
    graphs = "SELECT ?g FROM <urn:g> { ?f schema:mentions ?g FILTER(COUNT(?f) > 1) } GROUP BY ?g"
    ask_again(graphs, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert browser.run(f"{said}.innerText") == (
        "Nothing was found: FILTER sees one row at a time, write HAVING(COUNT(?f) > 1)"
        "; urn:g is no graph of the release: its records are in the default graph,"
        " without FROM and GRAPH"
    )
    tiers = "SELECT * { ?f a pfocr:PathwayFigure ; pfocr:tier ?t . gene:2064 rdfs:label ?name"
    tiers += " . ?x schema:sameAs ?y . ?m oa:hasTarget ?o . ?o a schema:Gene ; pfocr:tier ?u }"
    ask_again(tiers, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    browser.look("editor-apart", 1200, 1000)
    assert browser.run(f"{said}.innerText.split(/\\s*\\n\\s*/)") == [
        "Nothing was found",
        "?f needs pfocr:PathwayFigure and pfocr:tier, but nothing has both"
        "; pfocr:tier belongs to pfocr:GeneMention, oa:Annotation",
        "gene:2064 has no rdfs:label; use schema:name",
        "schema:sameAs is only in named graphs: write"
        " GRAPH <https://pfocr.wikipathways.org/graph/equivalents> { … }",
        "?o needs to be a schema:Gene, but oa:hasTarget leads to"
        " pfocr:PathwayFigure, schema:ImageObject",
    ]
    ask_again("SELECT * { ?x a pfocr:Mention }", browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert "but as <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>/<" in browser.run(
        f"{said}.innerText"
    )
    never = "SELECT * { ?g a <Gene> ; schema:name ?n GRAPH <urn:g> { ?g schema:sameAs ?o }"
    never += " FILTER(LCASE(?n) = 'TP53') }"
    ask_again(never, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert browser.run(f"{said}.innerText.split(/\\s*\\n\\s*/)") == [
        "Nothing was found: LCASE(?n) = 'TP53' never holds, write LCASE(?n) = 'tp53'"
        "; urn:g is no graph of the release, write"
        " https://pfocr.wikipathways.org/graph/equivalents, and the release does not have",
        "<Gene>, which stands for https://pfocr.wikipathways.org/Gene, but http://schema.org/Gene",
    ]
    blanks = "SELECT ?F ?g { ?f a pfocr:PathwayFigure MINUS { ?f schema:mentions ?g } }"
    ask_again(blanks, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    browser.look("editor-blanks", 1200, 1000)
    assert browser.run(f"{said}.innerText.split(/\\s*\\n\\s*/)") == [
        "?F has no value: no pattern of the query has it; ?f may be meant",
        "?g has no value outside MINUS",
    ]
    names = "SELECT * { ?f schema:mentions gene:MAPK1, 5594 }"
    ask_again(names, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert browser.run(f"{said}.innerText.split(/\\s*\\n\\s*/).slice(1)") == [
        'https://identifiers.org/ncbigene/MAPK1, but "MAPK1" as http://schema.org/name',
        '"5594"^^<http://www.w3.org/2001/XMLSchema#integer> as http://schema.org/mentions'
        ", but https://identifiers.org/ncbigene/5594",
    ]
    ask_again(https, browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    ask_again(https.replace("https:", "http:"), browser)
    assert not browser.run(f"{said}.checkVisibility()")


@needs_editor
def test_conditions_that_no_text_meets_are_said(browser: Browser, server: Server) -> None:
    said = "document.getElementById('absent')"
    letters = "SELECT ?f { ?f schema:name ?n FILTER(CONTAINS(?n, 'mapk') && REGEX(?n, '<b>?')) }"
    browser.open(f"{site(server)}/sparql?query={quote(letters)}")
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert browser.run(f"{said}.innerText") == (
        "Nothing was found: CONTAINS(?n, 'mapk') tells capitals from small letters, write"
        " CONTAINS(LCASE(?n), 'mapk'); no text meets REGEX(?n, '<b>?')"
    )
    ask_again("SELECT ?f { ?f a pfocr:PathwayFigure FILTER(CONTAINS(?f, 'PMC')) }", browser)
    browser.wait(f"{said}.checkVisibility()", "it is said")
    assert browser.run(f"{said}.innerText") == (
        "Nothing was found: ?f is no text, write STR(?f) in the function"
    )


def test_without_scripts_the_editor_is_a_form(browser: Browser, server: Server) -> None:
    browser.scripts(on=False)
    try:
        browser.open(f"{site(server)}/sparql?query={quote('ASK { }')}")
        browser.look("editor-plain", 1200, 1000)
        assert browser.run("document.getElementById('query').checkVisibility()")
        assert not browser.run("document.querySelector('.CodeMirror')")
        browser.run("document.getElementById('format').value = 'json'")
        browser.run("document.getElementById('query-form').requestSubmit()")
        browser.wait("location.search.includes('format=json')", "the form is sent")
        assert '"boolean":true' in browser.run("document.body.textContent")
    finally:
        browser.scripts(on=True)


def test_hostile_texts_do_nothing(browser: Browser, server: Server) -> None:
    targets = [
        f"/figures/{FIGID}",
        "/search?q=evil",
        f"/search?q={quote(HOSTILE)}",
        "/article/PMC1",
        f"/sparql?query={quote(QUERY.replace('?gene', '?article'))}",
        f"/sparql?query={quote(CAPTIONS)}",
        f"/sparql?query={quote(HOSTILE_CHART)}",
        f"/sparql?query={quote(SCRIPTED_IRI)}",
        f"/sparql?query={quote(HOSTILE)}",
        f"/queries/figures-by-gene?gene={quote(HOSTILE)}",
        f"/nothing/{quote(HOSTILE, safe='')}",
    ]
    for target in targets:
        browser.open(site(server) + target)
        if target.startswith("/sparql") and SCRIPT in static_files():
            browser.wait(ANSWERED, f"{target} is answered")
        with pytest.raises(NoAlertPresentException):
            browser.driver.switch_to.alert.dismiss()
        assert browser.run("document.readyState != 'loading' && !window.ran"), target
        assert not browser.run("!!document.querySelector('[href^=javascript]')"), target
        assert not browser.run(f"!!document.querySelector('img[src=\"{CANARY}\"], svg[onload]')")
    browser.look("hostile")
    server.request("GET", "/the-end")
    wait_until(lambda: any("/the-end" in line for line in server.log), "the log is written")
    assert any(f"/figures/{FIGID}" in line for line in server.log), "the log has what was asked"
    asked = [line for line in server.log if f"path={CANARY}" in line or f'"{CANARY}"' in line]
    assert not asked
