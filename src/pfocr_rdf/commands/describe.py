"""The command ``describe``: what a release says of a thing."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pfocr_rdf.commands.console import data_out, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, MOST, Data, ReleaseName
from pfocr_rdf.contents import holding_named, iris_of, open_store
from pfocr_rdf.describe import GraphFormatName, find_thing
from pfocr_rdf.describe import describe as describe_thing
from pfocr_rdf.dumps import written_graph
from pfocr_rdf.errors import IriError, QueryError, ReleaseError
from pfocr_rdf.gone import find_gone, find_led
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.spellings import find_iri


def describe(
    thing: Annotated[str, typer.Argument(help="An IRI in any spelling, a CURIE, or a figid.")],
    data: Data = DEFAULT_DATA,
    form: Annotated[GraphFormatName, typer.Option("--format", "-f")] = "turtle",
    incoming: Annotated[
        int,
        typer.Option(
            min=0, max=MOST, help="How many triples that point at the thing to print, at most."
        ),
    ] = 100,
    release: ReleaseName = "current",
) -> None:
    """Print what a release says about a thing, and what points at it."""
    with refusals(), holding_named(data, release) as found:
        iris = iris_of(found)
        store = open_store(found)
        try:
            node = find_thing(thing, store, iris)
        except QueryError as error:
            told = _gone(data, thing, iris) or f"{error}{_called(found, thing, iris)}"
            raise QueryError(told) from None
        about = describe_thing(node, store, incoming)
        written = written_graph([*about.outgoing, *about.incoming], form, iris)
        data_out().write(written.removesuffix(b"\n") + b"\n")  # JSON-LD ends without it
        if about.more:
            say(f"more than {incoming} triples point at it: raise --incoming to see them")


def _gone(data: Path, thing: str, iris: Iris) -> str:
    """What is told of a figure, or an alias, that only earlier releases had; empty of others."""
    with suppress(IriError):
        iri = find_iri(thing, iris)
        if gone := find_gone(data, iri, iris):
            return f"{gone.words}: `pfocr-rdf releases` lists those that are kept"
        if figids := find_led(data, iri, iris):
            named = " and ".join(figids)
            return f"{thing} was an alias of {named} in an earlier release: give that"
    return ""


def _called(release: Release, name: str, iris: Iris) -> str:
    """The identifiers of the things that have a name, to add to an error; empty if none has it."""
    # Importing them takes a tenth of a second.
    from pfocr_rdf.search import open_index
    from pfocr_rdf.search.called import LONGEST, MOST, told_things

    with suppress(ReleaseError), open_index(release) as index:  # which may be missing or damaged
        return told_things(index.search(name[:LONGEST], limit=0).things[:MOST], iris)
    return ""
