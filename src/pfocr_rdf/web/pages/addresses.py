"""Any address below the root → the page of what has that IRI, or near pages that may be meant."""

from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf.web.pages.figure import answer_figure
from pfocr_rdf.web.pages.former import formerly, gone, replacement
from pfocr_rdf.web.pages.forms import Form, moved, split_suffix
from pfocr_rdf.web.pages.links import ONTOLOGY
from pfocr_rdf.web.pages.near import near_addresses
from pfocr_rdf.web.pages.releases import answer_release
from pfocr_rdf.web.pages.resource import answer_resource
from pfocr_rdf.web.pages.terms import answer_ontology
from pfocr_rdf.web.pages.thing import answer_page, answer_thing_address, find_page
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal


def answer_address(visit: Visit) -> Response:
    """The page at an address that has no route of its own.

    An address that, as it stands, is the IRI of something keeps its suffix: the release may have
    both of the figures ``PMC1__a`` and ``PMC1__a.ttl``.

    :raises Refusal: ``not-found``; ``gone`` for a figure that earlier releases had; or whatever
        the page raises.
    """
    address, suffix = split_suffix(visit.address)
    whole = visit.links.iri(visit.address)
    if suffix is not None and whole is not None and visit.reading.is_subject(whole):
        address, suffix = visit.address, None
    response = _at(visit, address, suffix)
    if response is not None:
        return response
    iri = visit.links.iri(address)
    if iri and (figure := formerly(visit, iri)):
        return moved(visit, visit.links.address(figure.value) or "", suffix)
    if iri and (refusal := gone(visit, iri, address)):
        raise refusal
    near = near_addresses(visit, address)
    detail = f"release {visit.reading.version} has nothing at /{visit.address[:500]}"
    raise Refusal("not-found", detail, near=near)


def _at(visit: Visit, address: str, suffix: Form | None) -> Response | None:
    if address == ONTOLOGY:
        return answer_ontology(visit, suffix)
    response = answer_thing_address(visit, address, suffix)
    if response is not None:
        return response
    iri = visit.links.iri(address)
    if iri is None:
        return None
    if visit.reading.is_figure(iri):
        return answer_figure(visit, iri, visit.links.address(iri.value) or address, suffix)
    figure = replacement(visit, iri)
    if figure is not None:
        return moved(visit, visit.links.address(figure.value) or "", suffix)
    thing = find_page(visit, iri)
    if thing is not None:
        return answer_page(visit, thing, suffix)
    return _other(visit, iri, visit.links.address(iri.value) or address, suffix)


def _other(visit: Visit, iri: NamedNode, address: str, suffix: Form | None) -> Response | None:
    found = answer_resource(visit, iri, address, suffix)
    return found or answer_release(visit, iri, address, suffix)
