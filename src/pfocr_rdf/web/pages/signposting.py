"""Links in the headers of the dataset's pages, which programs follow without reading them.

https://signposting.org/FAIR/ . No space and no comma stands inside a link: programs that judge
datasets part the header there.
"""

from collections.abc import Iterable, Iterator

from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.web.headers import link_header
from pfocr_rdf.web.pages.described import files
from pfocr_rdf.web.pages.downloads import DUMPS
from pfocr_rdf.web.pages.forms import absolute
from pfocr_rdf.web.pages.visits import Visit


def add_links(response: Response, links: Iterable[str]) -> None:
    """Put links into the header of a response, beside those that it has.

    Those with a type come first, what describes the page before all others: FAIR-Checker takes
    what stands between one ``<`` and the next ``type=`` for a link.
    """
    before = [response.headers["link"]] if "link" in response.headers else []
    found = ", ".join([*before, *links]).split(", ")
    found.sort(key=lambda link: (";type=" not in link, 'rel="describedby"' not in link))
    response.headers["link"] = ", ".join(found)


def dataset_links(visit: Visit) -> Iterator[str]:
    """What the landing page of the dataset leads to: its IRI, description, files and service.

    Files and descriptions are those of this server; the IRI and the licence are the data's.
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
