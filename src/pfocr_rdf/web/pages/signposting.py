"""Links in the headers of pages, which programs can follow without reading the pages.

https://signposting.org/FAIR/ . A link contains no spaces and no commas, because programs that
assess datasets split the header there.
"""

from collections.abc import Iterable, Iterator, Mapping

from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.web.headers import link_header
from pfocr_rdf.web.pages.described import files
from pfocr_rdf.web.pages.downloads import DUMPS
from pfocr_rdf.web.pages.forms import absolute
from pfocr_rdf.web.pages.visits import Visit


def add_links(response: Response, links: Iterable[str]) -> None:
    """Add links to the ``Link`` header of a response.

    Links with a type come first, and of these the ones that describe the page: FAIR-Checker takes
    everything from a ``<`` to the next ``type=`` for one link.
    """
    before = [response.headers["link"]] if "link" in response.headers else []
    found = ", ".join([*before, *links]).split(", ")
    found.sort(key=lambda link: (";type=" not in link, 'rel="describedby"' not in link))
    response.headers["link"] = ", ".join(found)


def neighbour_links(
    visit: Visit, address: str, parameters: Mapping[str, str | int], page: int, pages: int
) -> Iterator[str]:
    """Links from a page of a list to the previous and the next one, for programs that fetch all.

    They lead to the form that was asked for, by suffix or by ``format=``.

    :param address: with the suffix of the form, if one was asked for.
    :param parameters: those of the list.
    """
    asked = {name: value for name, value in visit.parameters.items() if name == "format"}
    for number, relation in ((page - 1, "prev"), (page + 1, "next")):
        if 1 <= number <= pages:
            href = visit.links.to(address, **{**parameters, **asked, "page": number})
            yield link_header(absolute(visit, href), relation)


def dataset_links(visit: Visit) -> Iterator[str]:
    """The links of the dataset's landing page: its IRI, licence, description, files and service.

    Links to files and descriptions lead to this server; IRI and licence are those of the data.
    """

    def here(address: str) -> str:
        return absolute(visit, visit.links.to(address))

    yield link_header(visit.reading.iris.dataset.value, "cite-as")
    yield link_header(ns.SCHEMA_ORG + "AboutPage", "type")
    yield link_header(ns.SCHEMA_ORG + "Dataset", "type")
    yield link_header(ns.CC0, "license")
    yield link_header(here("void.ttl"), "describedby", "text/turtle")
    for file in files(visit.reading):
        if file.media_type and file.name.endswith(".gz"):
            yield link_header(here(f"{DUMPS}/{file.name}"), "item", "application/gzip")
    yield link_header(here("openapi.json"), "service-desc", "application/json")
    yield link_header(here("queries"), "service-doc", "text/html")
