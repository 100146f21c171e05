"""The entry point: Ctrl-C ends the program without a traceback, even during its imports."""

import sys

from pfocr_rdf.interrupting import INTERRUPTED, ending_at_once


def run() -> None:
    """Run the program; Ctrl-C ends it with status 130."""
    check_system(sys.platform)
    # Imported here, so that a Ctrl-C during the import, which takes longest, is heard too.
    with ending_at_once():
        from pfocr_rdf.cli import run as run_cli
    try:
        run_cli()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None  # as Typer ends a command


def check_system(platform: str) -> None:
    """Check that this is Linux: elsewhere each command would fail somewhere in the middle.

    Locks, the limits of queries and what is done apart are all made of Linux's system calls.

    :raises SystemExit: with a message and status 1, if it is not.

    >>> check_system("linux")
    """
    if platform != "linux":
        raise SystemExit(
            f"error: pfocr-rdf runs on Linux only, and this is {platform}: run it in a container "
            "or a virtual machine with Linux"
        )


if __name__ == "__main__":
    run()
