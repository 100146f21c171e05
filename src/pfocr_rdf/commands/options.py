"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Final

import typer

#: Where releases are, if nobody says where.
DEFAULT_DATA: Final = Path("pfocr-data")
#: A whole number at most; mebibytes of it still make a whole number of 64 bits.
MOST: Final = 2_000_000_000
MOST_PROCESSES: Final = 4096

Data = Annotated[
    Path, typer.Option("--data", help="The data folder.", envvar="PFOCR_RDF_DATA", file_okay=False)
]
ReleaseName = Annotated[
    str, typer.Option("--release", help="Another release than the current one.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
