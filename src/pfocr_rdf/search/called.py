"""Find things by the names that people give where an identifier is expected."""

import re
from collections.abc import Sequence
from typing import Final

from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import load_taxa
from pfocr_rdf.search.found import Thing
from pfocr_rdf.search.reading import Index
from pfocr_rdf.spellings import find_iri

#: Type of a parameter → kinds of thing that it takes.
TYPE_TO_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "gene": ("gene",),
    "genes": ("gene",),
    "mesh": ("chemical", "disease"),
    "chemical": ("chemical",),
    "disease": ("disease",),
    "taxon": ("organism",),
}
MOST: Final = 5
LONGEST: Final = 200


def things_called(text: str, taken: str, index: Index) -> tuple[Thing, ...]:
    """The things of a release that have a name, those that most figures have first.

    :param text: the value of a parameter; of a list, the first item that is no identifier counts.
    :param taken: the type of the parameter, without bounds.
    """
    kinds = TYPE_TO_KINDS.get(taken, ())
    name = _first_name(text) if taken == "genes" else text
    if taken == "taxon" and (taxon := load_taxa().taxon(text)):
        name = f"taxon:{taxon}"
    if not kinds or not name.strip():
        return ()
    things = index.search(name[:LONGEST], limit=0).things
    return tuple(thing for thing in things if thing.kind in kinds)[:MOST]


def _first_name(text: str) -> str:
    """The first item of a list of genes that is no identifier; empty if all are identifiers.

    >>> _first_name(" ,5742, TP53"), _first_name("5742,")
    ('TP53', '')
    """
    words: list[str] = re.findall(r"[^,;\s]+", text)
    for word in words:
        try:
            find_iri(word, kinds=("ncbigene",))
        except IriError:
            return word
    return ""


def told_things(things: Sequence[Thing], iris: Iris | None = None) -> str:
    """What to add to the message that a value is no identifier.

    :param iris: give it where a thing of any kind may be meant, so that an accession does not do.

    >>> tp53 = Thing("https://identifiers.org/ncbigene/7157", "gene", "7157", "TP53", "", 9)
    >>> told_things([tp53]), told_things([tp53], Iris())
    ('; by that name there is 7157 (TP53)', '; by that name there is gene:7157 (TP53)')
    >>> told_things([])
    ''
    """
    are = "is" if len(things) == 1 else "are"
    shown = (
        f"{iris.prefixed(thing.iri) if iris else thing.accession} "
        f"({', '.join(filter(None, (thing.name, thing.organism)))})"
        for thing in things
    )
    return f"; by that name there {are} {', '.join(shown)}" if things else ""
