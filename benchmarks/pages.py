"""How long the server takes for pages of figures, of the most mentioned things, and of searches.

Usage: ``python benchmarks/pages.py SOURCE [NUMBER]``. It serves the current release of SOURCE, if
that is a data folder, else one of NUMBER records (20,000 by default) made out of SOURCE. One
client asks over one connection, one request at a time: what is measured is the time of a single
request, including HTTP on one machine. Within a kind no page is measured twice, unless the kind
has only one page. The first page of each kind is requested once beforehand, which does not count.
"""

import http.client
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from urllib.parse import quote_plus, urlsplit

from pyoxigraph import Store

from make_records import make_records
from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, current_release
from pfocr_rdf.web.pages.links import Links
from results import write_section
from search import SEARCHES
from serve import ours

TITLE: Final = "Pages and search (make bench-pages)"
LIBRARIES: Final = ("pyoxigraph", "jinja2", "orjson", "starlette", "uvicorn")
HTML: Final = "text/html"
TURTLE: Final = "text/turtle"
#: Pages of each kind, and how often the page of a kind with only one is requested.
PAGES: Final = 300
TIMES: Final = 40
#: Texts to search for, of each kind.
TEXTS: Final = 60
#: Letters already typed of an unfinished word.
TYPED: Final = 4
FIGURES: Final = "SELECT ?f WHERE { ?f a pfocr:PathwayFigure } ORDER BY ?f"
TITLES: Final = "SELECT ?t WHERE { ?f a pfocr:PathwayFigure ; schema:name ?t } ORDER BY ?f"
MOST: Final = """
SELECT ?thing (COUNT(?figure) AS ?n) WHERE { ?figure schema:mentions ?thing . ?thing a schema:%s }
GROUP BY ?thing ORDER BY DESC(?n) ?thing
"""
NAMES: Final = """
SELECT ?name (COUNT(?figure) AS ?n) WHERE {
  ?figure schema:mentions ?thing . ?thing a schema:%s ; schema:name ?name
} GROUP BY ?name ORDER BY DESC(?n) ?name
"""
#: The beginning of the names of all searches but the hardest: those that people make.
SEARCH: Final = "search"
HARDEST: Final = "the hardest searches that we know"


@dataclass(frozen=True, slots=True)
class Task:
    """Pages of one kind.

    :param bar_ms: milliseconds that the median should stay below; None where nothing is promised.
    """

    name: str
    targets: Sequence[str]
    bar_ms: float | None = None
    accept: str = HTML


def tasks(release: Release) -> Iterator[Task]:
    """The requests to measure, for things and words that are in the release."""
    manifest = release.manifest()
    iris = Iris(manifest["base"], manifest["genes"])
    store = Store.read_only(str(release.store))
    links = Links(iris)

    def ask(query: str) -> list[str]:
        found = store.query(query, prefixes=iris.prefixes())
        return [row[0].value for row in found]  # type: ignore[union-attr]

    def pages(found: Sequence[str]) -> list[str]:
        return [href for href in map(links.href, found) if href]

    figures = pages(spread(ask(FIGURES), PAGES))
    yield Task("figure", figures, 15)
    yield Task("figure, as Turtle", figures, accept=TURTLE)
    genes, chemicals = pages(ask(MOST % "Gene")), pages(ask(MOST % "ChemicalSubstance"))
    yield Task("the most mentioned gene", genes[:1] * TIMES, 30)
    yield Task("the most mentioned gene, as Turtle", genes[:1] * TIMES, accept=TURTLE)
    yield Task(f"the {PAGES} most mentioned genes", genes[:PAGES])
    yield Task(f"the {PAGES} most mentioned chemicals", chemicals[:PAGES])
    yield Task("landing page", ["/"] * TIMES)
    names = ask(NAMES % "Gene"), ask(NAMES % "ChemicalSubstance"), ask(TITLES)
    for name, texts in texts_of(*names).items():
        yield Task(name, [f"/search?q={quote_plus(text)}" for text in dict.fromkeys(texts)])


def texts_of(genes: list[str], chemicals: list[str], titles: list[str]) -> dict[str, Sequence[str]]:
    """Texts as people search for: frequent or rare, several words, the beginning of a word."""
    counted = Counter(w for title in titles for w in title.lower().split() if w.isalpha())
    words = [word for word, _ in counted.most_common()]
    common = [word for word in words[: 2 * TEXTS] if len(word) > TYPED][:TEXTS]
    return {
        f"{SEARCH}: frequent words": common,
        f"{SEARCH}: rare words": spread(words[len(words) // 2 :], TEXTS),
        f"{SEARCH}: frequent genes": genes[:TEXTS],
        f"{SEARCH}: rare genes": spread(genes[len(genes) // 2 :], TEXTS),
        f"{SEARCH}: chemicals": spread(chemicals, TEXTS),
        f"{SEARCH}: a gene and a word": [f"{g} {w}" for g, w in zip(genes, common, strict=False)],
        f"{SEARCH}: the beginning of a title": [
            " ".join(title.split()[:4]) for title in spread(titles, TEXTS)
        ],
        f"{SEARCH}: the beginning of a word": [word[:TYPED] for word in common],
        HARDEST: SEARCHES,
    }


def spread(values: Sequence[str], number: int) -> list[str]:
    """At most ``number`` of the values, at equal distances from the first one on."""
    number = min(number, len(values))
    return [values[at * len(values) // number] for at in range(number)]


def measured(connection: http.client.HTTPConnection, task: Task) -> list[float]:
    """Milliseconds of each page, from the request to the last byte."""
    found = []
    for target in (task.targets[0], *task.targets):
        began = time.perf_counter()
        connection.request("GET", target, headers={"Accept": task.accept})
        response = connection.getresponse()
        response.read()
        found.append((time.perf_counter() - began) * 1000)
        if response.status != 200:
            raise SystemExit(f"{target}: status {response.status}")
    return found[1:]


def row(name: str, found: Sequence[float], bar_ms: float | None) -> str:
    """One row of the table."""
    bar = f"< {bar_ms:.0f}" if bar_ms else ""
    p95 = quantiles(found, n=20, method="inclusive")[-1]
    times = f"{median(found):.1f} | {p95:.1f} | {max(found):.1f}"
    return f"| {name} | {len(found)} | {times} | {bar} |"


def table(release: Release, url: str) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    yield f"A release of {release.manifest()['figures']:,} figures; milliseconds.\n"
    yield "| page | requests | median | 95 % | slowest | bar of the median |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    searched: list[float] = []
    for task in tasks(release):
        found = measured(connection, task)
        searched += found if task.name.startswith(f"{SEARCH}:") else []
        yield row(task.name, found, task.bar_ms)
    yield row("all searches but the hardest", searched, 50)
    connection.close()


def main() -> None:
    """Build if need be, serve, measure, print, and write the section of the results."""
    source = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        data = source
        if not (source / "current").exists():
            number = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
            make_records(source, Path(name) / "records", number)
            data = Path(name) / "data"
            build_release([Path(name) / "records"], data, BuildOptions())
        lines = []
        with ours(data) as (url, _):
            for line in table(current_release(data), url):
                print(line, flush=True)
                lines.append(line)
    write_section(TITLE, "\n".join(lines), LIBRARIES)


if __name__ == "__main__":
    main()
