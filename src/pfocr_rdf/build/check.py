"""Read and map records only to find the problems that a build would report."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from pfocr_rdf.build.batches import check_batch
from pfocr_rdf.build.options import BuildOptions
from pfocr_rdf.build.pipeline import Findings, Run
from pfocr_rdf.build.report import Report
from pfocr_rdf.errors import Problem
from pfocr_rdf.mappings import MappingCounts
from pfocr_rdf.records import open_collection
from pfocr_rdf.shared import equivalent_quads, shared_nodes


def check_records(
    inputs: Sequence[Path],
    options: BuildOptions,
    tell: Callable[[Problem], None],
    tell_set: Callable[[MappingCounts], None] = lambda counts: None,
) -> Findings:
    """Read and map records and write nothing.

    :param tell: called with every problem that a build would report, in the same order.
    :param tell_set: called for each mapping set with the counts of what would become of its rows.
    :raises InputError: if there are no records, or a mapping file cannot be used.
    """
    with Report(None, tell) as report:
        run = Run(options, open_collection(inputs, options.limits), report)
        links, shared = run.links, run.shared
        run.gather_pages()
        for result in run.results(check_batch):
            shared.merge(result.shared)
            links.gather_articles(result.articles)
        # A build describes what records share at its end, and may fail there over a value.
        for _ in chain(shared_nodes(shared, options.iris), equivalent_quads(shared, options.iris)):
            pass
        if links.files:
            links.gather_shared(shared)
        for _ in links.quads():
            pass
        for counts in links.sets:
            tell_set(counts)
        return run.findings()
