"""The command ``describe``: what a release says of a thing."""

from typing import Annotated

import typer

from pfocr_rdf.commands.console import data_out, refusals, say
from pfocr_rdf.commands.options import DEFAULT_DATA, MOST, Data, ReleaseName
from pfocr_rdf.contents import iris_of, open_store
from pfocr_rdf.describe import GraphFormatName, find_thing, written_as
from pfocr_rdf.describe import describe as describe_thing
from pfocr_rdf.releases import find_release, holding


def describe(
    thing: Annotated[str, typer.Argument(help="An IRI in any spelling, a CURIE, a figid.")],
    data: Data = DEFAULT_DATA,
    form: Annotated[GraphFormatName, typer.Option("--format", "-f")] = "turtle",
    incoming: Annotated[
        int, typer.Option(min=0, max=MOST, help="Triples that point at the thing, at most.")
    ] = 100,
    release: ReleaseName = "current",
) -> None:
    """Print what a release says of a thing, and what points at it."""
    with refusals(), holding(find_release(data, release)) as found:
        iris = iris_of(found)
        store = open_store(found)
        about = describe_thing(find_thing(thing, store, iris), store, incoming)
        data_out().write(written_as([*about.outgoing, *about.incoming], form, iris))
        if about.more:
            say(f"more than {incoming} triples point at it: raise --incoming to see them")
