"""The entry point: Ctrl-C ends the program without a traceback, even during its imports."""


def run() -> None:
    """Run the program; Ctrl-C ends it with status 130."""
    try:
        # Imported here, so that a Ctrl-C during the import, which takes longest, is caught too.
        from pfocr_rdf.cli import run as run_cli

        run_cli()
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # as Typer ends a command


if __name__ == "__main__":
    run()
