"""Named queries that also ask other endpoints: which ones, and whether this server does so."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pfocr_rdf.queries import NamedQuery
from pfocr_rdf.web.federation.partners import public_partners
from pfocr_rdf.web.pages.visits import Visit

#: Heading of these queries.
ELSEWHERE: Final = "With other endpoints"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The other endpoints that a query asks.

    :param names: of the partners; for an endpoint that is no known partner, its host.
    :param refusal: why this server does not run the query; empty if it does.
    """

    names: tuple[str, ...]
    refusal: str


def elsewhere(visit: Visit, query: NamedQuery) -> Elsewhere:
    """The endpoints that a query asks, and whether it can be run here."""
    names, refused = [], []
    for endpoint in query.endpoints:
        own = visit.partners.find(endpoint) if visit.partners else None
        known = own or public_partners().find(endpoint)
        name = known.name if known else urlsplit(endpoint).hostname or endpoint
        names.append(name)
        if own is None:
            refused.append(name)
    refusal = f"This server does not ask {' and '.join(refused)}" if refused else ""
    if refused and visit.partners is None:
        refusal = "This server asks no other endpoints"
    return Elsewhere(tuple(names), refusal)


def partner_names(visit: Visit) -> str:
    """The partners of this server, for cache keys: a page that names them depends on the list."""
    return ",".join(sorted(visit.partners.by_name)) if visit.partners else "nobody"
