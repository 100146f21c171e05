"""Options that several commands have."""

from collections.abc import Iterator
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import Annotated, Final

import typer

from pfocr_rdf.releases import CURRENT, list_releases

#: Where releases are, unless the user says where.
DEFAULT_DATA: Final = Path("pfocr-data")
#: The largest whole number that is taken: as many mebibytes, in bytes, still fit into 64 bits.
MOST: Final = 2_000_000_000
MOST_PROCESSES: Final = 4096
#: The most seconds that any option takes: with days, or without an end, a slip is likelier.
MOST_S: Final = 86_400


def release_names(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The names that a shell offers for a release: those of the data folder, the newest first."""
    with suppress(OSError):
        releases = list_releases(Path(context.params.get("data") or DEFAULT_DATA))
        for name in (CURRENT, *(release.id for release in reversed(releases))):
            if name.startswith(incomplete):
                yield name


def real_seconds(value: float) -> float:
    """A number of seconds, for the callback of an option.

    :raises typer.BadParameter: if it is NaN, which is not less or more than any limit.
    """
    if isnan(value):
        raise typer.BadParameter(f"{value} is not a number of seconds.")
    return value


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        help="The folder that holds the releases.",
        envvar="PFOCR_RDF_DATA",
        file_okay=False,
    ),
]
ReleaseName = Annotated[
    str,
    typer.Option(
        "--release", help="A release other than the current one.", autocompletion=release_names
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no summary.")]
