"""A Dask cluster as the workers of a build: batches are sent to it, and their parts come back.

The scheduler is running already, on some machine; it distributes the work, and does so again for
the work of a worker that ends. https://distributed.dask.org/
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

#: Scheme of an address as users write it → as Dask writes it, without and with TLS.
SCHEMES: Final = {"dask": "tcp", "dask+tls": "tls"}
ADDRESS_RE: Final = re.compile(r"(dask(?:\+tls)?)://([\w.-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})/?")
#: Seconds that a scheduler has for an answer, which takes it milliseconds.
ANSWER_S: Final = 10.0
#: Seconds between two looks at the cluster while waiting for its work.
LOOK_S: Final = 1.0
#: The store loads no faster than a few workers map: more results would only be held in memory.
MOST_AT_ONCE: Final = 32
NOTHING: Final = "nothing was published"


def scheduler_address(text: str) -> str:
    """The address of a scheduler as Dask writes it.

    :raises UsageError: if the text is not such an address.

    >>> scheduler_address("dask://head:8786"), scheduler_address("dask+tls://[::1]:8786/")
    ('tcp://head:8786', 'tls://[::1]:8786')
    """
    matched = ADDRESS_RE.fullmatch(text)
    if not matched or not 0 < int(matched[3]) < 65536:
        raise UsageError(
            f"{text!r} is not an executor: {NOTHING}; give `processes`, or the scheduler of a Dask "
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
        # Not pure, or Dask would look for an earlier result of the same batch.
        self.executor = client.get_executor(pure=False)
        # If it changes, the client has reconnected to a scheduler that no longer has our work.
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
        """Wait for the result of a batch.

        :raises BuildError: if a worker refused it or failed, or the cluster is gone.
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
        """Do nothing: the scheduler forgets the batches when the connection ends."""

    def at_once(self) -> int:
        """How many batches the cluster maps at a time now; it may grow and shrink."""
        return min(max(self.threads, 1), MOST_AT_ONCE)

    def _look(self) -> None:
        """Count the workers' threads, and give up on a cluster that has had none for too long."""
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
        """The error for a batch that failed on a worker."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            ended = error.allowed_failures + 1
            return BuildError(
                f"the same records brought down {'a worker' if ended == 1 else f'{ended} workers'}"
                f" of {self.address}, most often for lack of memory: {NOTHING}; look at the "
                "workers' logs, and give each more memory"
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
    """The function that a worker calls.

    Dask sends a nested function as code, other functions by name. A worker that cannot import the
    name would end, and so would the next one that is given the work.
    """

    def map_records(expected: Programs, pickled: bytes, where: str) -> bytes:
        from pfocr_rdf.build.errands import run_errand

        return run_errand(expected, pickled, where)

    return map_records


@contextmanager
def connected(address: str, wait_s: float) -> Iterator[Cluster]:
    """A connection to a cluster; when it closes, nothing of ours is left there.

    :param address: ``dask://HOST:PORT``, or ``dask+tls://HOST:PORT`` with the certificates
        that Dask's own configuration names.
    :param wait_s: seconds to wait for a worker while there is none.
    :raises UsageError: if the address does not have that form.
    :raises BuildError: if Dask is not installed, or no scheduler answers at the address.
    """
    there = scheduler_address(address)
    try:
        from distributed import Client
    except ImportError as error:
        raise BuildError(
            f"Dask is not installed, which {address} needs: {NOTHING}; "
            "run pip install '.[dask]' in a checkout"
        ) from error
    try:
        # In another thread: this one may be running an event loop already, as notebooks do.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(lambda: asyncio.run(_knock(there))).result()
        # Not the default client, or other Dask computations of this process would move there.
        client = Client(there, timeout=ANSWER_S, set_as_default=False)
    except TimeoutError as error:
        raise BuildError(f"no answer from {address} in {ANSWER_S:g} s: {NOTHING}") from error
    # Some other server may listen there, and its answers make Dask fail in many ways.
    except Exception as error:
        reason = str(error) or "another program answers"
        raise BuildError(f"no Dask scheduler at {address}: {reason}: {NOTHING}") from error
    try:
        yield Cluster(client, address, wait_s)
    finally:
        # A scheduler that no longer answers must not change the outcome, which is decided by now.
        with suppress(OSError):
            client.close(timeout=ANSWER_S)


async def _knock(there: str) -> None:
    """Check that a scheduler answers.

    A client that is connected to something else may wait for ever, and leaves a thread behind.
    """
    from distributed import rpc
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(ANSWER_S), rpc(there, connection_args=arguments) as found:
        kind = (await found.identity())["type"]
    if kind != "Scheduler":
        raise BuildError(f"a {kind} answers: give the scheduler's address")
