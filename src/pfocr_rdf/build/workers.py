"""What maps the batches of a build: its own processes, an executor, or a cluster."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Final, Protocol

from pfocr_rdf.build.batches import BATCH_RECORDS, Batch, BatchResult, start_worker
from pfocr_rdf.build.cluster import connected
from pfocr_rdf.build.options import BuildOptions
from pfocr_rdf.cores import usable_cores

#: Batches per worker that may be under way, or done and waiting to be loaded.
AHEAD: Final = 3
#: More would wait for the loader: it takes half a millisecond a record, a worker one and a half.
MOST_BY_DEFAULT: Final = 8


def default_workers() -> int:
    """The number of workers of a build for which none is given."""
    return min(usable_cores(), MOST_BY_DEFAULT)


class Crew(Protocol):
    """What maps the batches, several at a time."""

    def submit(self, work: Callable[[Batch], BatchResult], batch: Batch) -> Future[Any]:
        """Have a batch mapped."""

    def result(self, future: Future[Any]) -> BatchResult:
        """Wait for what became of it."""

    def give_up(self, futures: Iterable[Future[Any]]) -> None:
        """Leave batches undone."""

    def at_once(self) -> int:
        """How many batches are mapped at a time at the moment."""


class Pool:
    """An executor of ``concurrent.futures``."""

    def __init__(self, executor: Executor, workers: int | None) -> None:
        self.executor = executor
        self.workers = workers or default_workers()

    def submit(self, work: Callable[[Batch], BatchResult], batch: Batch) -> Future[BatchResult]:
        """Have a batch mapped."""
        return self.executor.submit(work, batch)

    def result(self, future: Future[BatchResult]) -> BatchResult:
        """Wait for what became of it."""
        return future.result()

    def give_up(self, futures: Iterable[Future[BatchResult]]) -> None:
        """Leave batches undone."""
        for future in futures:
            future.cancel()

    def at_once(self) -> int:
        """How many batches are mapped at a time."""
        return self.workers


class OwnPool(Pool):
    """Our own processes, which are started when there is something to do."""

    def submit(self, work: Callable[[Batch], BatchResult], batch: Batch) -> Future[BatchResult]:
        """Have a batch mapped."""
        # A new process inherits the block. Without it, Ctrl-C would end the process with a
        # traceback while it starts.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(work, batch)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def crew_of(options: BuildOptions, records: int) -> Iterator[Crew | None]:
    """What maps the batches; None if there is too little to do to start any process."""
    if isinstance(options.executor, str):
        with connected(options.executor, options.executor_wait_s) as cluster:
            yield cluster
        return
    if options.executor is not None:
        yield Pool(options.executor, options.workers)
        return
    if records <= BATCH_RECORDS and options.workers is None:
        yield None
        return
    workers = options.workers or default_workers()
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker) as pool:
        try:
            yield OwnPool(pool, workers)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def in_order(
    crew: Crew | None,
    work: Callable[[Batch], BatchResult],
    batches: Iterator[Batch],
) -> Iterator[BatchResult]:
    """The results in the order of the batches, with a limited number held at a time."""
    if crew is None:
        yield from map(work, batches)
        return
    waiting: deque[Future[Any]] = deque()
    try:
        for batch in batches:
            waiting.append(crew.submit(work, batch))
            while len(waiting) > AHEAD * crew.at_once():
                yield crew.result(waiting.popleft())
        while waiting:
            yield crew.result(waiting.popleft())
    finally:
        # A build that fails must leave no work behind in an executor that is not ours.
        crew.give_up(waiting)
