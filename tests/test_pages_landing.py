"""The first page: true numbers, a dataset that programs find, links that lead somewhere."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import extruct
import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Triple, parse
from signposting import LinkRel, Signpost, find_signposting_http_link

from building import build
from making import record, write
from paging import BASE, PUBLIC, Markup, Page, Pages, graph, pages_of
from parsing import by_rdflib
from pfocr_rdf.iris import SCHEMA, SPDX, Iris, term
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import XSD_BOOLEAN, XSD_DATE, Schema
from pfocr_rdf.web.pages.described import numbers
from pfocr_rdf.web.pages.forms import FORMS, HTML
from pfocr_rdf.web.pages.landing import LANGUAGE_TO_SNIPPET, QUESTIONS, landing_triples
from pfocr_rdf.web.reading import Reading
from releasing import add_release, data_folder
from serving import Server, serving
from validating import flaws

DATASET: Final = Iris().dataset
#: https://developers.google.com/search/docs/appearance/structured-data/dataset
GOOGLE: Final = (
    *("name", "description"),  # required
    *("alternateName", "citation", "creator", "distribution", "identifier", "url", "version"),
    *("includedInDataCatalog", "isAccessibleForFree", "keywords", "license"),
    *("measurementTechnique", "variableMeasured"),
)
#: https://bioschemas.org/profiles/Dataset/1.0-RELEASE
BIOSCHEMAS: Final = (
    *("description", "identifier", "keywords", "license", "name", "url"),  # minimum
    *("alternateName", "citation", "creator", "datePublished", "distribution", "version"),
    *("includedInDataCatalog", "isBasedOn", "measurementTechnique", "variableMeasured"),
)
#: As much of schema.org's context as says what a value is; that one is fetched, this one is not.
CONTEXT: Final = {
    "@vocab": SCHEMA,
    **{name: {"@type": "@id"} for name in ("contentUrl", "isBasedOn", "license", "sameAs", "url")},
    "datePublished": {"@type": XSD_DATE.value},
}
#: What the snippets leave in variables, printed.
PRINTED: Final = {"R": "\nwriteLines(c(figures$figid, answer$figid))"}
#: What the block says beyond the release: kinds of works, and checksums in schema.org's word.
BEYOND: Final = ("CreativeWork", "ScholarlyArticle")


@pytest.fixture(scope="module", name="pages")
def _pages(mixed_release: Release) -> Pages:
    return pages_of(mixed_release)


@pytest.fixture(scope="module", name="page")
def _page(pages: Pages) -> Page:
    page = pages.get("/", "text/html")
    assert page.status == 200
    return page


@pytest.fixture(scope="module", name="document")
def _document(page: Page) -> dict[str, Any]:
    found = extruct.extract(page.text, base_url=PUBLIC, syntaxes=["json-ld"], uniform=False)
    (document,) = found["json-ld"]
    assert document["@type"] == "Dataset"
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module", name="server")
def _server(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = data_folder(seeds_release, tmp_path_factory.mktemp("landing") / "data")
    with serving(data) as server:
        yield server


def count(reading: Reading, pattern: str) -> int:
    found = reading.store.query(
        f"SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {pattern} }}",
        prefixes=reading.iris.prefixes(),
    )
    assert isinstance(found, QuerySolutions)
    value = next(found)["n"]
    assert isinstance(value, Literal)
    return int(value.value)


# What it shows.


@pytest.mark.parametrize("release", ["seeds_release", "mixed_release"])
def test_the_numbers_are_those_of_the_release(release: str, request: pytest.FixtureRequest) -> None:
    pages = pages_of(request.getfixturevalue(release))
    reading = pages.reading
    assert numbers(reading) == {
        "figures": count(reading, "?s a pfocr:PathwayFigure"),
        "articles": count(reading, "?s a schema:ScholarlyArticle"),
        "genes": count(reading, "?s a schema:Gene"),
        "chemicals": count(reading, "?s a schema:ChemicalSubstance"),
        "diseases": count(reading, "?s a schema:MedicalCondition"),
        "organisms": count(reading, "?s a schema:Taxon"),
        "triples": sum(1 for _ in reading.store.quads_for_pattern(None, None, None))
        - len(named(reading)),
    }
    shown = Markup(pages.get("/").text).text
    for word, number in numbers(reading).items():
        assert f"{word} {number:,}" in shown


def named(reading: Reading) -> list[object]:
    """The quads of named graphs, which no number counts."""
    graphs = reading.store.named_graphs()
    return [q for g in graphs for q in reading.store.quads_for_pattern(None, None, None, g)]


def test_the_page_is_valid_and_has_no_more_than_its_own_scripts(page: Page) -> None:
    assert flaws(page.text) == []
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_every_file_is_listed_with_its_size_and_its_checksum(pages: Pages, page: Page) -> None:
    shown = Markup(page.text)
    dumps = pages.reading.release.dumps
    listed = {href.rpartition("/")[2] for href in shown.hrefs() if href.startswith("/dumps/")}
    assert listed == {path.name for path in dumps.iterdir()}
    for path in dumps.iterdir():
        row = f"{path.stat().st_size:,} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert re.search(rf"{re.escape(path.name)} .*? {row}", shown.text), path.name


def test_other_releases_are_listed_too(mixed_release: Release, tmp_path: Path) -> None:
    data = data_folder(mixed_release, tmp_path / "data")
    add_release(mixed_release, data, "20990101T000000Z-0123456789ab")
    current = Release(mixed_release.id, data / "releases" / mixed_release.id)
    shown = Markup(pages_of(current).get("/").text).text
    assert shown.count("served now") == 1
    assert "2099-01-01 00:00" in shown


def test_a_release_in_a_renamed_folder_is_listed_without_a_time(
    mixed_release: Release, tmp_path: Path
) -> None:
    data = data_folder(mixed_release, tmp_path / "data")
    add_release(mixed_release, data, "before-the-move")
    current = Release(mixed_release.id, data / "releases" / mixed_release.id)
    site = pages_of(current)
    for page in ("/", "/releases"):
        shown = Markup(site.get(page).text)
        assert shown.hrefs().count(f"/releases/{site.reading.version}") >= 2
        assert "befo" not in shown.text


def test_a_page_that_lists_other_releases_is_not_confirmed_when_there_are_others(
    mixed_release: Release, tmp_path: Path
) -> None:
    data = data_folder(mixed_release, tmp_path / "data")
    site = pages_of(Release(mixed_release.id, data / "releases" / mixed_release.id))
    tag = site.get("/").headers["etag"]
    assert site.get("/", if_none_match=tag).status == 304
    add_release(mixed_release, data, "20990101T000000Z-0123456789ab")
    again = site.get("/", if_none_match=tag)
    assert again.status == 200
    assert "2099-01-01 00:00" in again.text


def test_where_the_data_have_another_base_links_stay_here_and_the_data_keep_their_iris(
    page: Page, document: dict[str, Any]
) -> None:
    links = Markup(page.text).hrefs()
    assert not [href for href in links if href.startswith(BASE)]
    assert document["@id"] == DATASET.value
    assert {urlsplit(d["contentUrl"]).netloc for d in document["distribution"]} == {
        urlsplit(BASE).netloc
    }


def test_a_release_of_nothing_has_a_page_all_the_same(tmp_path: Path) -> None:
    made = build(write(tmp_path / "r", {"_figures/1.md": record()}), tmp_path / "data").release
    page = pages_of(made).get("/")
    assert page.status == 200
    assert flaws(page.text) == []


# What programs find.


@pytest.mark.parametrize("name", sorted({*GOOGLE, *BIOSCHEMAS}))
def test_the_dataset_has_what_google_and_bioschemas_ask_for(
    name: str, document: dict[str, Any]
) -> None:
    assert document[name]


def test_the_dataset_is_as_google_and_bioschemas_want_it(document: dict[str, Any]) -> None:
    assert document["@context"] == "https://schema.org/"
    assert 50 <= len(document["description"]) <= 5000
    assert document["license"].startswith("https://creativecommons.org/")
    assert document["isAccessibleForFree"] is True
    assert document["datePublished"] == "2025-01-01"
    assert document["creator"]["@type"] == "Organization"
    assert document["creator"]["name"]
    assert document["publisher"]["name"]
    assert document["includedInDataCatalog"]["@type"] == "DataCatalog"
    (profile,) = document["http://purl.org/dc/terms/conformsTo"]
    assert profile["@id"] == "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
    for download in document["distribution"]:
        assert download["@type"] == "DataDownload"
        assert download["contentUrl"].endswith(download["name"])
        assert download["encodingFormat"]
        assert int(download["contentSize"]) > 0
        assert re.fullmatch("[0-9a-f]{64}", download["sha256"])


def test_the_dataset_says_what_the_turtle_of_the_release_says(
    pages: Pages, document: dict[str, Any]
) -> None:
    text = json.dumps({**document, "@context": CONTEXT})
    block = by_rdflib(text.encode(), "json-ld")
    path = pages.reading.release.dumps / "void.ttl"
    said = {quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE)}
    checksums = {
        Triple(part(checksum.subject), term(SCHEMA, "sha256"), Literal(checksum.object.value))
        for checksum in said
        if checksum.predicate == term(SPDX, "checksumValue")
        and isinstance(checksum.object, Literal)
    }
    beyond = {
        t
        for t in block
        if isinstance(t.object, NamedNode) and t.object.value in {SCHEMA + kind for kind in BEYOND}
    }
    assert block - said - checksums == beyond
    assert checksums <= block
    # And it says all that the release says of the dataset with schema.org's terms.
    own = {t for t in said if t.subject == DATASET and t.predicate.value.startswith(SCHEMA)}
    assert len(own) > 25
    assert own <= block
    free = Literal("true", datatype=XSD_BOOLEAN)
    assert Triple(DATASET, term(SCHEMA, "isAccessibleForFree"), free) in block


def part(checksum: object) -> NamedNode:
    """The file that a checksum is of."""
    assert isinstance(checksum, NamedNode)
    return NamedNode(checksum.value.removesuffix(".sha256"))


def signposts(page: Page) -> list[Signpost]:
    links = page.headers["link"].split(", ")
    found = find_signposting_http_link(links, PUBLIC)
    return sorted(found.signposts, key=str)


def test_signposts_lead_from_the_page_to_iri_licence_description_and_files(
    pages: Pages, page: Page
) -> None:
    found = signposts(page)
    by_relation: dict[LinkRel, list[Signpost]] = {}
    for one in found:
        by_relation.setdefault(one.rel, []).append(one)
    assert [str(one.target) for one in by_relation[LinkRel.cite_as]] == [DATASET.value]
    assert [str(one.target) for one in by_relation[LinkRel.license]] == [
        "https://creativecommons.org/publicdomain/zero/1.0/"
    ]
    assert {str(one.target) for one in by_relation[LinkRel.type]} == {
        "https://schema.org/AboutPage",
        "https://schema.org/Dataset",
    }
    items = by_relation[LinkRel.item]
    assert {str(one.type) for one in items} == {"application/gzip"}
    assert {urlsplit(str(one.target)).path.rpartition("/")[2] for one in items} == {
        path.name for path in pages.reading.release.dumps.glob("*.gz")
    }
    for one in [*items, *by_relation[LinkRel.describedby]]:
        answer = pages.get(str(one.target).removeprefix(PUBLIC[:-1]))
        assert (answer.status, answer.media_type) == (200, str(one.type))


def test_links_are_written_so_that_programs_that_judge_datasets_read_them(page: Page) -> None:
    # How FAIR-Checker reads the header: no space within a link, rel before type.
    found = re.findall(r'<(.*?)>*;*rel="(.*?)"*;*type="(.*?)"', page.headers["link"])
    described = [(target, kind) for target, relation, kind in found if relation == "describedby"]
    assert (f"{PUBLIC}void.ttl", "text/turtle") in described
    for link in page.headers["link"].split(", "):
        assert re.fullmatch(r'<[^<>, ]+>(;[a-z]+="[^", ]+")+', link)


def test_a_head_request_has_the_same_links(pages: Pages, page: Page) -> None:
    assert pages.ask("HEAD", "/", {}).headers["link"] == page.headers["link"]


def test_the_page_of_the_dataset_has_signposts_too(pages: Pages) -> None:
    found = signposts(pages.get("/dataset", "text/html"))
    assert {LinkRel.cite_as, LinkRel.item, LinkRel.license} <= {one.rel for one in found}


def test_the_page_has_five_forms_and_the_four_of_rdf_say_the_same(pages: Pages) -> None:
    said = set(landing_triples(pages.reading))
    assert Triple(DATASET, Schema.url, DATASET) in said
    for form in FORMS:
        by_accept = pages.get("/", form.media_type)
        assert by_accept.status == 200
        there = by_accept.headers["content-location"]
        assert pages.get(there, "image/png").body == by_accept.body
        if form is not HTML:
            assert graph(by_accept) == said


def test_who_has_the_page_already_is_told_so(pages: Pages, page: Page) -> None:
    again = pages.get("/", "text/html", if_none_match=page.headers["etag"])
    assert (again.status, again.body) == (304, b"")


# What leads on, and what can be run.


def test_every_link_of_the_page_leads_somewhere(server: Server) -> None:
    page = server.request("GET", "/", headers={"Accept": "text/html"})
    hrefs = dict.fromkeys(Markup(page.body.decode()).hrefs())
    local = [href for href in hrefs if href.startswith("/")]
    assert len(local) > 25
    for href in local:
        answer = server.request(
            "GET", urljoin("/", href), headers={"Accept": "text/html,*/*;q=0.1"}
        )
        assert answer.status == 200, href


def test_every_question_of_the_page_has_an_answer(server: Server) -> None:
    page = server.request("GET", "/", headers={"Accept": "text/html"})
    hrefs = [h for h in Markup(page.body.decode()).hrefs() if h.startswith("/queries/")]
    # The samples have no diseases.
    assert {re.split("[/?]", h)[2] for h in hrefs} == {*QUESTIONS} - {"figures-by-disease"}
    for href in hrefs:
        path, _, values = href.partition("?")
        rows = server.request("GET", f"{path}.csv?{values}").body.splitlines()
        assert len(rows) > 1, href


@pytest.mark.parametrize("language", ["Shell", "Python", "R"])
def test_the_snippets_run(language: str, server: Server, tmp_path: Path) -> None:
    page = server.request("GET", "/", headers={"Accept": "text/html"})
    shown = Snippets(page.body.decode())
    assert list(shown.snippets) == list(LANGUAGE_TO_SNIPPET)
    command = {
        "Shell": ["bash", "-e", "-o", "pipefail", "-c"],
        "Python": [sys.executable, "-W", "error", "-c"],
        "R": ["Rscript", "-e", "options(warn = 2)", "-e"],
    }
    needed = {"Shell": ("bash", "curl"), "Python": (sys.executable,), "R": ("Rscript",)}
    if any(shutil.which(program) is None for program in needed[language]):
        pytest.skip(f"NO {language}: install the Debian packages curl and r-base-core")
    done = subprocess.run(
        [*command[language], shown.snippets[language] + PRINTED.get(language, "")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = re.findall(r"^PMC[0-9]+__\S+", done.stdout, flags=re.MULTILINE)
    assert len(figures) > len(set(figures)) > 0, "each way of asking gives the same figures"
    if language == "Shell":
        assert "pfocr.ttl.gz: OK" in done.stdout
        assert (tmp_path / "pfocr.ttl.gz").stat().st_size > 1000


class Snippets(Markup):
    """The programs of the page, by the heading above them."""

    def __init__(self, text: str) -> None:
        self.snippets: dict[str, str] = {}
        self._heading = ""
        super().__init__(text)

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if self._open and self._open[-1] == "h3":
            self._heading = data
        if self._open and self._open[-1] == "code" and "pre" in self._open and self._heading:
            self.snippets[self._heading] = self.snippets.get(self._heading, "") + data
