"""The entry point: Ctrl-C ends the program without a traceback, even during its imports."""

from pfocr_rdf.interrupting import INTERRUPTED, ending_at_once


def run() -> None:
    """Run the program; Ctrl-C ends it with status 130."""
    # Imported here, so that a Ctrl-C during the import, which takes longest, is heard too.
    with ending_at_once():
        from pfocr_rdf.cli import run as run_cli
    try:
        run_cli()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None  # as Typer ends a command


if __name__ == "__main__":
    run()
