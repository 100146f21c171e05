"""A Dask cluster as the workers of a build: batches go to it, and their parts come back.

The scheduler runs already, wherever it is; it hands the work out, and hands it out again when
a worker ends. https://distributed.dask.org/
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pfocr_rdf.build.batches import Batch, BatchResult
from pfocr_rdf.build.errands import Programs, errand_of, programs, result_of
from pfocr_rdf.errors import BuildError, UsageError

if TYPE_CHECKING:
    from distributed import Client

#: How users write an address, and how Dask does: with or without TLS.
SCHEMES: Final = {"dask": "tcp", "dask+tls": "tls"}
ADDRESS_RE: Final = re.compile(r"(dask(?:\+tls)?)://([\w.-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})/?")
#: What a scheduler gets for an answer, which takes it milliseconds.
ANSWER_S: Final = 10.0
#: How often the cluster is looked at while its work is waited for.
LOOK_S: Final = 1.0
#: The store takes up what a few workers make: more of it would only be held in memory.
MOST_AT_ONCE: Final = 32
NOTHING: Final = "nothing was published"


def scheduler_address(text: str) -> str:
    """The address of a scheduler as Dask writes it.

    :raises UsageError: if it is none.

    >>> scheduler_address("dask://head:8786"), scheduler_address("dask+tls://[::1]:8786/")
    ('tcp://head:8786', 'tls://[::1]:8786')
    """
    matched = ADDRESS_RE.fullmatch(text)
    if not matched or not 0 < int(matched[3]) < 65536:
        raise UsageError(
            f"{text!r} is no executor: {NOTHING}; give `processes`, or the scheduler of a Dask "
            "cluster as dask://HOST:PORT, or dask+tls://HOST:PORT"
        )
    return f"{SCHEMES[matched[1]]}://{matched[2]}:{matched[3]}"


class Cluster:
    """A connection to a cluster.

    :param address: as users write it, for messages.
    :param wait_s: seconds to wait for a worker while there is none.
    """

    def __init__(self, client: "Client", address: str, wait_s: float) -> None:
        self.client = client
        self.address = address
        self.wait_s = wait_s
        # Not pure: Dask would look for what was computed of the same batch before.
        self.executor = client.get_executor(pure=False)
        # Another one would mean that the scheduler was lost and found, and our work was not.
        self.connection = client.scheduler_comm
        self.threads = 0
        self.looked = 0.0
        self.alone_since: float | None = None

    def submit(self, work: Callable[[Batch], BatchResult], batch: Batch) -> Future[bytes]:
        """Send a batch."""
        self._look()
        future: Future[bytes] = self.executor.submit(
            _taken_along(), programs(), errand_of(work, batch), self.address
        )
        return future

    def result(self, future: Future[bytes]) -> BatchResult:
        """Wait for a batch.

        :raises BuildError: if a worker refused or failed, or there is no cluster any more.
        """
        while not wait([future], LOOK_S).done:
            self._look()
        try:
            return result_of(future.result())
        except BuildError as error:
            raise BuildError(f"{error}: {NOTHING}") from None
        except CancelledError as error:
            raise self._lost() from error
        except Exception as error:
            raise self._failed(error) from error

    def give_up(self, futures: Iterable[Future[bytes]]) -> None:
        """Leave batches undone: they are forgotten there when the connection ends."""

    def at_once(self) -> int:
        """How many batches the cluster does at a time just now; it may grow and shrink."""
        return min(max(self.threads, 1), MOST_AT_ONCE)

    def _look(self) -> None:
        """Count the threads of the workers, and give up on a cluster that has none for long."""
        now = time.monotonic()
        if self.looked and now - self.looked < LOOK_S:
            return
        if self.client.status != "running" or self.client.scheduler_comm is not self.connection:
            raise self._lost()
        try:
            self.threads = sum(self.client.nthreads(callback_timeout=ANSWER_S).values())
        except OSError as error:
            raise self._lost() from error
        self.looked = time.monotonic()
        if self.threads:
            self.alone_since = None
            return
        self.alone_since = self.alone_since or now
        if now - self.alone_since >= self.wait_s:
            raise BuildError(
                f"{self.address} has had no worker for {self.wait_s:g} s: {NOTHING}; "
                "start workers, or wait longer with --executor-wait-s"
            )

    def _lost(self) -> BuildError:
        return BuildError(
            f"the connection to the scheduler {self.address} was lost: {NOTHING}; "
            "look at the scheduler's log, and build again"
        )

    def _failed(self, error: Exception) -> BuildError:
        """What a worker could not do, in words."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            ended = error.allowed_failures + 1
            return BuildError(
                f"the same records ended {'a worker' if ended == 1 else f'{ended} workers'} of "
                f"{self.address}, most often for lack of memory: {NOTHING}; look at the workers' "
                "logs, and give each more"
            )
        if isinstance(error, ImportError):
            return BuildError(
                f"a worker of {self.address} does not have this program ({error}): {NOTHING}; "
                "install the same pfocr-rdf on all machines"
            )
        return BuildError(
            f"a worker of {self.address} failed ({type(error).__name__}: {error}): {NOTHING}; "
            "look at its log"
        )


def _taken_along() -> Callable[[Programs, bytes, str], bytes]:
    """What a worker is given to do.

    Dask sends a function inside a function as code, others by name: a worker that does not
    know the name ends, and the next one after it.
    """

    def map_records(expected: Programs, pickled: bytes, where: str) -> bytes:
        from pfocr_rdf.build.errands import run_errand

        return run_errand(expected, pickled, where)

    return map_records


@contextmanager
def connected(address: str, wait_s: float) -> Iterator[Cluster]:
    """A connection to a cluster; at its end nothing of ours is left there.

    :param address: ``dask://HOST:PORT``, or ``dask+tls://HOST:PORT`` with the certificates
        that Dask's own configuration names.
    :param wait_s: seconds to wait for a worker while there is none.
    :raises BuildError: if the address is none, or no scheduler answers there.
    """
    there = scheduler_address(address)
    try:
        from distributed import Client
    except ImportError as error:
        raise BuildError(
            f"Dask is not installed, which {address} needs: {NOTHING}; "
            "pip install '.[dask]' in a checkout"
        ) from error
    try:
        # In a thread, for whoever builds may run a loop in this one, as notebooks do.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(lambda: asyncio.run(_knock(there))).result()
        # Not the default client: what else this process computes with Dask stays where it is.
        client = Client(there, timeout=ANSWER_S, set_as_default=False)
    except TimeoutError as error:
        raise BuildError(f"no answer from {address} in {ANSWER_S:g} s: {NOTHING}") from error
    # Whatever listens there may answer anything, and Dask stumbles over it in many ways.
    except Exception as error:
        reason = str(error) or "it speaks another language"
        raise BuildError(f"no Dask scheduler at {address}: {reason}: {NOTHING}") from error
    try:
        yield Cluster(client, address, wait_s)
    finally:
        # A scheduler that does not answer keeps nobody here: what counts has been said.
        with suppress(OSError):
            client.close(timeout=ANSWER_S)


async def _knock(there: str) -> None:
    """See that a scheduler answers.

    A client that meets something else at an address may wait for ever, and leaves a thread.
    """
    from distributed import rpc
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(ANSWER_S), rpc(there, connection_args=arguments) as found:
        kind = (await found.identity())["type"]
    if kind != "Scheduler":
        raise BuildError(f"a {kind} answers: give the scheduler's address")
