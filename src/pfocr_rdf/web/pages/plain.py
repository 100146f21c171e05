"""Pages that exist as plain JSON too, for programs, besides HTML and the RDF forms."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.responses import Response

from pfocr_rdf.web.headers import header_address, link_header
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.pages.forms import (
    HTML,
    RDF_FORMS,
    SUFFIX_TO_FORM,
    Form,
    Frame,
    Subject,
    absolute,
    frame_of,
    reply,
    respond,
)
from pfocr_rdf.web.pages.signposting import add_links
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

JSON: Final = Form("json", ".json", "application/json", "JSON")


def named_form(suffix: str | None) -> Form | None:
    """The form that an address ends in.

    :param suffix: without its dot; None if the address has none.
    :raises Refusal: ``not-found``, if there is no such form.
    """
    if suffix is None:
        return None
    form = JSON if f".{suffix}" == JSON.suffix else SUFFIX_TO_FORM.get(f".{suffix}")
    if form is None:
        known = ", ".join([JSON.suffix, *SUFFIX_TO_FORM])
        raise Refusal("not-found", f"there is no form .{suffix[:50]}: there are {known}")
    return form


def respond_with_json(
    visit: Visit, subject: Subject, suffix: Form | None, json: Callable[[], Any]
) -> Response:
    """The page in the form that was asked for, which may be JSON.

    :param json: returns the content of the JSON form, as plain values.
    :raises Refusal: ``not-acceptable``, or ``not-xml``.
    """
    frame = with_json(visit, subject, frame_of(visit, subject))
    here = frame.form_to_href[JSON]
    if not _wants_json(visit, suffix):
        response = respond(visit, subject, suffix)
        add_links(response, [link_header(absolute(visit, here), "alternate", JSON.media_type)])
        return response
    others = ((f, href) for f, href in frame.form_to_href.items() if f is not JSON)
    links = [
        link_header(frame.canonical, "canonical"),
        *(link_header(absolute(visit, href), "alternate", f.media_type) for f, href in others),
    ]
    headers = {"content-location": header_address(here), "link": ", ".join(links)}

    def body() -> bytes:
        return orjson.dumps(json())

    key = subject.key(JSON)
    return reply(visit, body, JSON.media_type, key=key, headers=headers, vary="Accept")


def with_json(visit: Visit, subject: Subject, frame: Frame) -> Frame:
    """The frame of a page with the JSON form added to the others."""
    href = visit.links.to(subject.address + JSON.suffix, **subject.parameters)
    return Frame(frame.iri, frame.canonical, {JSON: href, **frame.form_to_href})


def _wants_json(visit: Visit, suffix: Form | None) -> bool:
    if suffix is not None:
        return suffix is JSON
    asked = visit.parameters.get("format")
    if asked is not None:
        return asked.strip().lower() in {JSON.name, JSON.media_type}
    offers = (HTML.media_type, JSON.media_type, *(form.media_type for form in RDF_FORMS))
    return negotiate(visit.headers.get("accept"), offers) == JSON.media_type
