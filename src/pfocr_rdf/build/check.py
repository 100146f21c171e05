"""Records read and mapped for their problems alone: what a build would report."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pfocr_rdf.build.batches import check_batch, check_linked_batch
from pfocr_rdf.build.options import BuildOptions
from pfocr_rdf.build.pipeline import Findings, Run, read_collection
from pfocr_rdf.build.report import Report
from pfocr_rdf.errors import Problem
from pfocr_rdf.mappings import MappingCounts


def check_records(
    inputs: Sequence[Path],
    options: BuildOptions,
    tell: Callable[[Problem], None],
    tell_set: Callable[[MappingCounts], None] = lambda counts: None,
) -> Findings:
    """Read and map records and write nothing.

    :param tell: is called with every problem that a build would report, in its order.
    :param tell_set: is called with what would become of the rows of each mapping set.
    :raises InputError: if there are no records, or a mapping file is none.
    """
    with Report(None, tell) as report:
        run = Run(options, read_collection(inputs, options), report)
        links = run.links
        if not links.files:
            for _ in run.results(check_batch):
                pass
            return run.findings()
        run.gather_pages()
        for result in run.results(check_linked_batch):
            run.shared.merge(result.shared)
            links.gather_articles(result.articles)
        links.gather_shared(run.shared)
        for _ in links.quads():
            pass
        for counts in links.sets:
            tell_set(counts)
        return run.findings()
