"""The options of a build, and the progress that it reports while it runs."""

import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pfocr_rdf.errors import BuildError
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Limits


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build has come."""

    records: int
    total: int
    triples: int


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    :param workers: number of worker processes; None for one per core, eight at most.
    :param keep: releases to keep, the new one included; 0 for all.
    :param issued: the release's date, ``YYYY-MM-DD``, or None for no date; no clock is read.
    :param mappings: SSSOM files whose links the release gets, in any order.
    :param executor: what to use instead of local processes: anything with the interface of
        ``concurrent.futures``, which is not shut down, or the scheduler of a Dask cluster,
        ``dask://HOST:PORT``, whose workers read the records under the same paths.
    :param executor_wait_s: seconds to wait for a worker of a cluster while it has none.
    :param reuse: take over the parts of unchanged records from the last release.
    """

    iris: Iris = field(default_factory=Iris)
    limits: Limits = field(default_factory=Limits)
    workers: int | None = None
    keep: int = 0
    issued: str | None = None
    mappings: tuple[Path, ...] = ()
    executor: Executor | str | None = None
    executor_wait_s: float = 60.0
    reuse: bool = True
    listen: Callable[[Progress], None] = lambda progress: None


def issued_date(epoch: str | None = None) -> str | None:
    """The day that ``SOURCE_DATE_EPOCH`` names, in UTC; None if it is not set.

    https://reproducible-builds.org/specs/source-date-epoch/

    :param epoch: the value to use instead of that in the environment.

    :raises BuildError: if it is not a whole number of seconds, or no day of the years 1970 to 9999.

    >>> issued_date("1735689600")
    '2025-01-01'
    """
    if epoch is None:
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    with suppress(ValueError, OverflowError, OSError):
        seconds = int(epoch)
        if seconds >= 0:
            return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    reason = "SOURCE_DATE_EPOCH must be a whole number of seconds from 1970 to the year 9999"
    raise BuildError(f"{reason}, not {epoch!r}: set it right, or unset it")
