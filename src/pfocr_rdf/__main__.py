"""The program from its first import on: Ctrl-C ends it without a traceback, whenever it comes."""


def run() -> None:
    """Be the program."""
    try:
        # Here, for who interrupts it early does so while it is imported.
        from pfocr_rdf.cli import run as run_cli

        run_cli()
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # as Typer ends a command


if __name__ == "__main__":
    run()
