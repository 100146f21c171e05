"""Who does the work of a build: processes of its own, or an executor that it is given."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final

from pfocr_rdf.build.batches import BATCH_RECORDS, Batch, BatchResult, start_worker
from pfocr_rdf.build.options import BuildOptions

#: Batches that may be done or under way beyond the one being loaded, for each worker.
AHEAD: Final = 3


@contextmanager
def executor_of(options: BuildOptions, records: int) -> Iterator[Executor | None]:
    """The processes to map in; None where there is too little to do to start any."""
    if options.executor is not None:
        yield options.executor
        return
    if records <= BATCH_RECORDS and options.workers is None:
        yield None
        return
    workers = options.workers or os.cpu_count() or 1
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def in_order(
    executor: Executor | None,
    work: Callable[[Batch], BatchResult],
    batches: Iterator[Batch],
    options: BuildOptions,
) -> Iterator[BatchResult]:
    """The results in the order of the batches, only so many of them held at a time."""
    if executor is None:
        yield from map(work, batches)
        return
    ahead = AHEAD * (options.workers or os.cpu_count() or 1)
    waiting: deque[Future[BatchResult]] = deque()
    try:
        for batch in batches:
            waiting.append(executor.submit(work, batch))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # A build that fails leaves no work behind in an executor that is not ours.
        for future in waiting:
            future.cancel()
