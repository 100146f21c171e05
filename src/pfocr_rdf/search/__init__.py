"""Search of the figures of a release: words → rows → one SQLite file → answers."""

from pfocr_rdf.search.found import Facet, Found, Hit, Piece, Suggestion, Thing, Tier
from pfocr_rdf.search.reading import Identify, Index, identifier, open_index

__all__ = [
    "Facet",
    "Found",
    "Hit",
    "Identify",
    "Index",
    "Piece",
    "Suggestion",
    "Thing",
    "Tier",
    "identifier",
    "open_index",
]
