"""A federated query compared with the same join by hand, and with Oxigraph's own SERVICE.

Usage: ``python benchmarks/federation.py``; needs the Debian package virtuoso-opensource-7-bin. It
builds a release whose figures mention 5,000 genes, and fills a Virtuoso on loopback with pathways
of 20,000 genes, as WikiPathways has them. Then it gets the pathways of the 5,000 genes in three
ways in turn: by a query with SERVICE to the endpoint; by a script that asks the endpoint for the
genes and Virtuoso for their pathways, with batches of the same size and as many requests at once
as the endpoint, and joins the answers; and by the same query with SERVICE to Oxigraph's own server
on the same store. Every query has a new number in it, so that no cache serves it. Oxigraph sends
queries in a form that Debian's Virtuoso 7.2.5 never answers, so a relay sends them on as forms.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import aiohttp

from pfocr_rdf.build import BuildOptions, build_release
from pfocr_rdf.push.stores import Account, GraphStore
from pfocr_rdf.releases import current_release
from pfocr_rdf.web.federation.partners import public_partners
from results import write_section
from serve import JSON, native

TITLE: Final = "Federation (make bench-federation)"
LIBRARIES: Final = ("pyoxigraph", "oxigraph", "aiohttp", "uvicorn")
NOTES: Final = (
    "The pathways of 5,000 genes: the genes are in the release, 20,000 of them with two pathways",
    "each in a Virtuoso on loopback. “By hand” is a script with batches of the same size, as many",
    "at once; Oxigraph asks Virtuoso for all pathways, and joins them itself.",
)
COLUMNS: Final = ("asked", "requests to Virtuoso", "rows", "median, s", "least, s", "to by hand")
TESTS: Final = Path(__file__).resolve().parent.parent / "tests"
ROUNDS: Final = 5
GENES: Final = 5_000
GENES_OF_A_FIGURE: Final = 50
THEIR_GENES: Final = 20_000
PATHWAYS: Final = 1_000
#: Triples sent to Virtuoso in one request.
CHUNK: Final = 30_000
#: Upper limits for the endpoint: requests, and the time as a multiple of the time by hand.
MOST_REQUESTS: Final = 25
MOST_RATIO: Final = 1.5
GENE: Final = "https://identifiers.org/ncbigene/"
PARTNER: Final = public_partners().by_name["wikipathways"]
PREFIXES: Final = """\
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX schema: <http://schema.org/>
PREFIX wp: <http://vocabularies.wikipathways.org/wp#>
"""
OURS: Final = "?figure schema:mentions ?gene . ?gene a schema:Gene ."
THEIRS: Final = """\
?node wp:bdbEntrezGene ?gene ; dcterms:isPartOf ?revision .
?revision a wp:Pathway ; dcterms:identifier ?pathway ; dc:title ?title ."""
RECORD: Final = """\
---
figid: {figid}
figtitle: A pathway
organisms:
- Homo sapiens
pmcid: {pmcid}
filename: f1.jpg
figlink: /pmc/articles/{pmcid}/figure/F1/
number: F1
caption: A pathway, drawn.
papertitle: On a pathway.
reftext: 'Ada Byron, et al. J Path. 2019 May;20(10):2505.'
year: '2019'
figtype: Figure
---
"""
TABLE: Final = (
    "organism_id organism_name organism_group word match ncbigene_symbol ncbigene_id source"
    " count_direct count_synonym count_match"
)
Rows = set[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Round:
    """One run of one of the ways.

    :param requests: number of requests to Virtuoso; taken as one if the answer does not tell.
    """

    seconds: float
    rows: Rows
    requests: int


def make_genes(folder: Path) -> None:
    """Write records; each gene is mentioned by exactly one figure."""
    figures, data = folder / "_figures", folder / "_data"
    figures.mkdir(parents=True)
    data.mkdir()
    for number, first in enumerate(range(1, GENES + 1, GENES_OF_A_FIGURE)):
        pmcid = f"PMC{20_000_000 + number}"
        figid = f"{pmcid}__f1"
        (figures / f"{figid}.md").write_text(RECORD.format(figid=figid, pmcid=pmcid))
        lines = [TABLE.split(" ")]
        for gene in map(str, range(first, first + GENES_OF_A_FIGURE)):
            name = f"G{gene}"
            species = ["9606", "Homo sapiens", "Mammals"]
            lines.append([*species, name, name, name, gene, "ncbigene_symbol", "1", "1", "1"])
        text = "".join("\t".join(line) + "\n" for line in lines)
        (data / f"{figid}-genes.tsv").write_text(text)


def pathways() -> Iterator[str]:
    """The data for Virtuoso as lines of N-Triples: each gene is in two pathways."""
    base, wp = "https://identifiers.org/wikipathways/", "http://vocabularies.wikipathways.org/wp#"
    terms, is_a = "http://purl.org/dc/terms/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for number in range(PATHWAYS):
        pathway = f"<{base}WP{number}_r1>"
        yield f"{pathway} <{is_a}> <{wp}Pathway> .\n"
        yield f'{pathway} <{terms}identifier> "WP{number}" .\n'
        title = f'"Pathway number {number}"@en'
        yield f"{pathway} <http://purl.org/dc/elements/1.1/title> {title} .\n"
    for gene in range(1, THEIR_GENES + 1):
        for number in (gene % PATHWAYS, gene * 7919 % PATHWAYS):
            node = f"<https://rdf.wikipathways.org/Pathway/WP{number}_r1/DataNode/{gene}>"
            yield f"{node} <{wp}bdbEntrezGene> <{GENE}{gene}> .\n"
            yield f"{node} <{terms}isPartOf> <{base}WP{number}_r1> .\n"


async def fill(store: GraphStore) -> None:
    """Send all pathways to Virtuoso."""
    lines = list(pathways())
    await store.clear("urn:pathways")
    for at in range(0, len(lines), CHUNK):
        await store.add("urn:pathways", "".join(lines[at : at + CHUNK]).encode())


def tests_at_hand() -> None:
    """Make the modules of the tests importable: they can start a Virtuoso."""
    sys.path.append(str(TESTS))


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """Start a Virtuoso with the pathways; the address of its SPARQL endpoint."""
    tests_at_hand()
    from virtuoso import PASSWORD, USER, virtuoso_server

    async def send(graphs: str, sparql: str) -> None:
        async with GraphStore(graphs, sparql, Account(USER, PASSWORD)) as store:
            await fill(store)

    with virtuoso_server(folder) as server:
        asyncio.run(send(server.graphs, server.sparql))
        yield server.sparql


@contextmanager
def with_forms(endpoint: str) -> Iterator[str]:
    """Start a relay that sends queries on to an endpoint as forms; its address."""
    tests_at_hand()
    from endpoints import Handler, stand_in

    def reply(handler: Handler) -> None:
        body = urlencode({"query": handler.body.decode()}).encode()
        with urlopen(Request(endpoint, body, {"Accept": JSON})) as answer:
            handler.send(answer.read())

    with stand_in(reply) as server:
        yield server.url


@contextmanager
def ours(data: Path, endpoint: str) -> Iterator[str]:
    """Start this project's server, without caches, with Virtuoso in the place of a partner."""
    listed = data / "partners.toml"
    listed.write_text(
        f'[partners.wikipathways]\nendpoint = "{endpoint}"\nprivate = true\nttl_s = 0\n'
        f"batch = {PARTNER.batch}\nparallel = {PARTNER.parallel}\n"
    )
    program = Path(sys.executable).parent / "pfocr-rdf"
    command = [str(program), "serve", "--data", str(data), "--port", "0"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    command += ["--partners", str(listed), "--cache-mb", "0"]
    with subprocess.Popen(command, stdout=pipe, stderr=quiet, text=True) as server:
        try:
            yield server.stdout.readline().strip()  # type: ignore[union-attr]
        finally:
            server.terminate()


def ask(endpoint: str, query: str) -> tuple[Any, str]:
    """The solutions of a query, and the answer's ``X-Federation`` header."""
    body = urlencode({"query": PREFIXES + query}).encode()
    with urlopen(Request(endpoint, body, {"Accept": JSON})) as answer:
        return json.load(answer)["results"]["bindings"], answer.headers.get("X-Federation", "")


def federated(endpoint: str, virtuoso_url: str, number: int, *, is_ours: bool) -> Round:
    """Send one query with SERVICE to our server or to Oxigraph's, which sends it on as it is.

    :raises SystemExit: if our server does not say how many requests it sent.
    """
    clause = f"SERVICE <{virtuoso_url}> {{ # {number}\n{THEIRS}\n}}"
    query = f"SELECT DISTINCT ?gene ?pathway ?title WHERE {{ {OURS} {clause} }}"
    began = time.perf_counter()
    found, told = ask(endpoint, query)
    rows = {(row["gene"]["value"], row["pathway"]["value"], row["title"]["value"]) for row in found}
    seconds = time.perf_counter() - began
    if not is_ours:
        return Round(seconds, rows, 1)
    requests = re.search(r"requests=(\d+)", told)
    if not requests:
        raise SystemExit(f"X-Federation has no number of requests: {told!r}")
    return Round(seconds, rows, int(requests[1]))


def by_hand(endpoint: str, virtuoso_url: str, number: int) -> Round:
    """Do the same join as a script would."""
    began = time.perf_counter()
    found, _ = ask(endpoint, f"SELECT DISTINCT ?gene WHERE {{ {OURS} }} # {number}")
    genes = [row["gene"]["value"] for row in found]
    batches = [genes[at : at + PARTNER.batch] for at in range(0, len(genes), PARTNER.batch)]
    answers = asyncio.run(ask_in_batches(virtuoso_url, batches, number))
    known = set(genes)
    rows = {
        (row["gene"]["value"], row["pathway"]["value"], row["title"]["value"])
        for answer in answers
        for row in answer
        if row["gene"]["value"] in known
    }
    return Round(time.perf_counter() - began, rows, len(batches))


async def ask_in_batches(url: str, batches: Sequence[Sequence[str]], number: int) -> list[Any]:
    """Ask for the pathways of each batch of genes, several batches at once."""
    connector = aiohttp.TCPConnector(limit=PARTNER.parallel)
    async with aiohttp.ClientSession(connector=connector, headers={"Accept": JSON}) as session:

        async def one(genes: Sequence[str]) -> Any:
            values = " ".join(f"<{gene}>" for gene in genes)
            query = f"{PREFIXES} SELECT ?gene ?pathway ?title WHERE {{ # {number}\n"
            query += f"VALUES ?gene {{ {values} }}\n{THEIRS}\n}}"
            async with session.post(url, data={"query": query}) as answer:
                return json.loads(await answer.read())["results"]["bindings"]

        return await asyncio.gather(*(one(genes) for genes in batches))


def measure(ways: dict[str, Callable[[int], Round]]) -> dict[str, list[Round]]:
    """Run the ways in turn, several times; the first run of each does not count."""
    rounds: dict[str, list[Round]] = {name: [] for name in ways}
    number = 0
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            number += 1
            rounds[name].append(way(number))
    rows = [each.rows for found in rounds.values() for each in found]
    if any(found != rows[0] for found in rows):
        raise SystemExit("the ways give different rows")
    return {name: found[1:] for name, found in rounds.items()}


def medians_of(rounds: dict[str, list[Round]]) -> dict[str, float]:
    """The median time of each way, in seconds."""
    return {name: statistics.median(r.seconds for r in found) for name, found in rounds.items()}


def report(rounds: dict[str, list[Round]]) -> list[str]:
    """The lines of the Markdown table."""
    medians = medians_of(rounds)
    lines = [f"| {' | '.join(COLUMNS)} |", "| --- |" + " ---: |" * (len(COLUMNS) - 1)]
    for name, found in rounds.items():
        last = found[-1]
        least = min(each.seconds for each in found)
        ratio = medians[name] / medians["by hand"]
        cells = f"{last.requests} | {len(last.rows):,} | {medians[name]:.2f} | {least:.2f}"
        lines.append(f"| {name} | {cells} | {ratio:.2f} |")
    return lines


def main() -> None:
    """Build, fill Virtuoso, measure, print, and write the section of the results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_genes(folder / "records")
        build_release([folder / "records"], folder / "data", BuildOptions())
        store = current_release(folder / "data").store
        (folder / "virtuoso").mkdir()
        with (
            virtuoso(folder / "virtuoso") as theirs,
            with_forms(theirs) as relayed,
            ours(folder / "data", theirs) as mine,
            native(store) as (other, _),
        ):
            rounds = measure(
                {
                    "our endpoint": lambda number: federated(mine, theirs, number, is_ours=True),
                    "by hand": lambda number: by_hand(mine, theirs, number),
                    "Oxigraph’s SERVICE": lambda number: federated(
                        other, relayed, number, is_ours=False
                    ),
                }
            )
    lines = report(rounds)
    print("\n".join(lines))
    write_section(TITLE, "\n".join([*NOTES, "", *lines]), LIBRARIES)
    requests, medians = rounds["our endpoint"][-1].requests, medians_of(rounds)
    ratio = medians["our endpoint"] / medians["by hand"]
    if requests > MOST_REQUESTS or ratio > MOST_RATIO:
        raise SystemExit(f"the bars are {MOST_REQUESTS} requests and {MOST_RATIO} × by hand")


if __name__ == "__main__":
    main()
