"""What has the address of a figure and is none: aliases, and what earlier releases had there."""

from pyoxigraph import NamedNode

from pfocr_rdf.gone import find_gone, find_led
from pfocr_rdf.vocabulary import IS_REPLACED_BY
from pfocr_rdf.web.pages.near import near_addresses
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal


def replacement(visit: Visit, alias: NamedNode) -> NamedNode | None:
    """The figure that an alias stands for; None if it stands for several or is no alias."""
    figures = visit.reading.values(alias, IS_REPLACED_BY)
    return NamedNode(figures[0]) if len(figures) == 1 else None


def formerly(visit: Visit, alias: NamedNode) -> NamedNode | None:
    """The figure of this release that an alias of earlier releases led to, if to that one alone."""
    figids = find_led(visit.data, alias, visit.reading.iris)
    figures = [visit.reading.iris.figure(figid) for figid in figids]
    return figures[0] if len(figures) == 1 and visit.reading.is_figure(figures[0]) else None


def gone(visit: Visit, figure: NamedNode, address: str) -> Refusal | None:
    """The refusal ``gone`` for a figure, or its alias, that earlier releases had; else None.

    :param address: of the figure; pages near it are proposed.
    """
    found = find_gone(visit.data, figure, visit.reading.iris)
    if found is None:
        return None
    near = near_addresses(visit, address)
    return Refusal("gone", found.words, last_release=found.version, near=near)


def former_address(visit: Visit, iri: NamedNode) -> str | None:
    """The address of a figure or alias that earlier releases had; None if none had it.

    There it is told what became of it.
    """
    bare = NamedNode(iri.value.partition("#")[0])
    had = formerly(visit, bare) or find_gone(visit.data, bare, visit.reading.iris)
    return visit.links.address(iri.value) if had else None
