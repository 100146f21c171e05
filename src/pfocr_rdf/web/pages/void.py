"""The description of the release: ``/void.ttl``, its other forms, and ``/.well-known/void``.

https://www.w3.org/TR/void/#well-known . It is the whole file from the dumps; the landing page and
the page of the dataset show parts of it.
"""

from typing import Final

from pyoxigraph import RdfFormat, parse
from starlette.responses import RedirectResponse, Response

from pfocr_rdf.web.headers import link_header
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.forms import RDF_FORMS, SUFFIX_TO_FORM, TURTLE, absolute, reply
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import written
from pfocr_rdf.web.problems import Refusal

VOID: Final = "void"
FILE: Final = "void.ttl"


def answer_void(visit: Visit) -> Response:
    """The description in the form of the address's suffix; Turtle is the file as it stands.

    :raises Refusal: ``not-found``, if there is no such form.
    """
    form = SUFFIX_TO_FORM.get("." + visit.values["suffix"])
    if form not in RDF_FORMS:
        known = [VOID + known.suffix for known in RDF_FORMS]
        detail = f"the description has no such form: there are {', '.join(known)}"
        raise Refusal("not-found", detail, near=known)
    path = visit.reading.release.dumps / FILE

    def body() -> bytes:
        if form is TURTLE:
            return path.read_bytes()
        quads = parse(path=str(path), format=RdfFormat.TURTLE)
        triples = [quad.triple for quad in quads]
        return written(triples, form.name, visit.reading.iris)

    iris = visit.reading.iris
    links = [
        link_header(absolute(visit, visit.links.to("dataset")), "describes", "text/html"),
        link_header(iris.dataset.value, "describes"),
        *(
            link_header(
                absolute(visit, visit.links.to(VOID + other.suffix)), "alternate", other.media_type
            )
            for other in RDF_FORMS
            if other is not form
        ),
    ]
    headers = {"link": ", ".join(links)}
    return reply(visit, body, form.content_type, key=f"{VOID} {form.name}", headers=headers)


def redirect_to_void(visit: Visit) -> Response:
    """A redirect from the well-known address to the description, in a form that is accepted."""
    offers = [form.media_type for form in RDF_FORMS]
    chosen = negotiate(visit.headers.get("accept"), offers) or TURTLE.media_type
    form = next(form for form in RDF_FORMS if form.media_type == chosen)
    headers = {"vary": "Accept", "x-pfocr-release": visit.reading.release.id}
    return RedirectResponse(visit.links.to(VOID + form.suffix), 303, headers)
