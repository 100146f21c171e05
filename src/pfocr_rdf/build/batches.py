"""The work of one process: turn a batch of record files into a part of the release.

Nothing here depends on the number of processes: the records alone decide where batches are cut,
so that the same records give the same bytes.
"""

import atexit
import gc
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from multiprocessing import parent_process
from typing import Final
from zlib import crc32

from pyoxigraph import Quad

from pfocr_rdf.dumps import Part, make_part
from pfocr_rdf.errors import Problem
from pfocr_rdf.forks import die_with_parent
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import Node, article_node, distinct, figure_nodes
from pfocr_rdf.records import Collection, Figure, Limits, RecordFile, load_taxa, read_record
from pfocr_rdf.search.mentions import Having, having
from pfocr_rdf.search.rows import Row, search_row
from pfocr_rdf.shared import Shared, sameness

#: Records in a batch, on average: enough for efficient compression and transport, and so few that
#: a batch's bytes (about 25 kB a record) stay small beside the memory of the store's loader.
BATCH_RECORDS: Final = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Records to read and map together: all figures of an article are in one batch."""

    files: tuple[RecordFile, ...]
    organism_folders: tuple[str, ...]
    reading: str
    iris: Iris
    limits: Limits


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of one batch; ``articles`` are PMC ids, each with its DOIs.

    ``key`` and ``told`` are what :mod:`pfocr_rdf.build.kept` stores for the next build; ``kept``
    is true if the result was taken over from the last release.
    """

    part: Part | None
    shared: Shared
    problems: tuple[Problem, ...]
    records: int
    figures: int
    first_figure: str | None
    rows: tuple[Row, ...] = ()
    had: tuple[Having, ...] = ()
    articles: tuple[tuple[str, tuple[str, ...]], ...] = ()
    key: bytes = b""
    told: bytes = b""
    kept: bool = False


def make_batches(collection: Collection, iris: Iris, limits: Limits) -> Iterator[Batch]:
    """Cut the records, which are sorted by figid, into batches of whole articles.

    Within bounds of size, a checksum of the article's id decides where to cut: adding or removing
    a record moves only a few cuts, and the batches after them stay the same.
    """
    common = (collection.organism_folders, collection.reading, iris, limits)
    held: list[RecordFile] = []
    for article, figures in groupby(
        collection.files, key=lambda file: file.figid.partition("__")[0]
    ):
        held.extend(figures)
        if _ends_batch(article, len(held)):
            yield Batch(tuple(held), *common)
            held = []
    if held:
        yield Batch(tuple(held), *common)


def _ends_batch(article: str, records: int) -> bool:
    """Whether a batch ends after an article, given how many records it has by then."""
    half = BATCH_RECORDS // 2
    if records < half:
        return False
    return records >= 3 * half or crc32(article.encode()) % half == 0


def start_worker() -> None:
    """Prepare a worker process: it dies with its parent, and leaves Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # Records make no reference cycles; looking for them would cost a tenth of the time.
    gc.disable()
    # Nor at the end, when Python looks for them several times while the build waits.
    atexit.register(gc.freeze)
    if (parent := parent_process()) and parent.pid:
        die_with_parent(parent.pid)


def map_batch(batch: Batch) -> BatchResult:
    """Read and map the records of a batch and write their part in every format."""
    figures, problems = read_batch(batch)
    iris = batch.iris
    result, documents, equivalents = _mapped(batch, figures, problems)
    return replace(
        result,
        part=make_part(documents, equivalents, iris) if documents else None,
        rows=tuple(search_row(figure, iris) for figure in figures),
        had=tuple(having(figure, iris) for figure in figures),
    )


def check_batch(batch: Batch) -> BatchResult:
    """Read and map a batch but write nothing: to find its problems and what mapping sets may link.

    Everything that a build maps is mapped here; otherwise some errors that end a build would not
    be found.
    """
    result, _, _ = _mapped(batch, *read_batch(batch))
    return result


def _mapped(
    batch: Batch, figures: list[Figure], problems: list[Problem]
) -> tuple[BatchResult, list[list[Node]], list[Quad]]:
    """The result of a batch without what is written, the nodes of its documents, equivalents."""
    shared, iris = Shared(), batch.iris
    documents: list[list[Node]] = []
    equivalents: list[Quad] = []
    named: list[tuple[str, tuple[str, ...]]] = []
    for _, group in groupby(figures, key=lambda figure: figure.article.pmcid):
        of_article = list(group)
        for figure in of_article:
            documents.append(list(figure_nodes(figure, iris)))
            shared.gather(figure, iris)
        articles = [figure.article for figure in of_article]
        documents.append([article_node(articles, iris)])
        subject = iris.article(articles[0].pmcid)
        equivalents.extend(sameness("pmc", articles[0].pmcid, subject, iris))
        dois = tuple(distinct(article.doi for article in articles))
        named.append((articles[0].pmcid, dois))
        for doi in dois:
            equivalents.extend(sameness("doi", doi, subject, iris))
    result = BatchResult(
        None,
        shared,
        tuple(problems),
        len(batch.files),
        len(figures),
        figures[0].figid if figures else None,
        articles=tuple(named),
    )
    return result, documents, equivalents


def read_batch(batch: Batch) -> tuple[list[Figure], list[Problem]]:
    """The figures of a batch, in order, and every problem that was found."""
    taxa = load_taxa(batch.organism_folders, batch.limits, batch.reading)
    figures: list[Figure] = []
    problems: list[Problem] = []
    figids = {file.figid for file in batch.files}
    aliases: dict[str, str] = {}
    for file in batch.files:
        figure, found = read_record(file, taxa, batch.limits)
        problems.extend(found)
        if figure is None:
            continue
        if alias := figure.alias:
            reason = ""
            if alias in figids:
                # An alias must not take the place of an existing figure.
                reason = "the id of another figure: not mapped; correct one of the two"
                figure = replace(figure, alias=None)
            elif (other := aliases.setdefault(alias, figure.figid)) != figure.figid:
                reason = (
                    f"{other} has the same alias: it leads to both figures; correct one of the two"
                )
            if reason:
                # If the record states no alias, it is made from the number: name both fields.
                where, what = "figid_alias, number", "alias collision"
                problems.append(Problem(file.file, where, what, "warning", alias, reason))
        figures.append(figure)
    return figures, problems
