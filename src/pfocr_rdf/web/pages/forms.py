"""The forms of a page: which one a request gets, and the headers that every page has.

A thing has one address, at which it answers 200 in each form, by ``Accept``; the form's own
address, with a suffix, is in ``Content-Location``. Not 303: figures, articles and terms are
themselves documents or described by one, a redirect costs each client a round trip, and
caches keep the forms apart by ``Vary`` (https://www.rfc-editor.org/rfc/rfc9110#section-8.7,
https://www.w3.org/TR/cooluris/#r303gendocument).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pyoxigraph import NamedNode, Triple
from starlette.responses import RedirectResponse, Response

from pfocr_rdf import __version__
from pfocr_rdf.iris import EUROPE_PMC_ARTICLES
from pfocr_rdf.web.formats import OVERRIDE_TO_NAMES
from pfocr_rdf.web.headers import header_address, link_header
from pfocr_rdf.web.keys import is_known
from pfocr_rdf.web.negotiation import negotiate, negotiate_encoding
from pfocr_rdf.web.output import ENCODING_TO_ENCODER, MIN_COMPRESSED
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.pages.writing import written
from pfocr_rdf.web.problems import Refusal

HTML_TYPE: Final = "text/html; charset=utf-8"
#: Where pictures come from. Europe PMC is a service of EMBL-EBI, whose hosts it leads to.
PICTURES: Final = urlsplit(EUROPE_PMC_ARTICLES).netloc
IMAGES: Final = f"img-src 'self' {PICTURES} *.{PICTURES} *.ebi.ac.uk"
#: https://www.w3.org/TR/CSP3/ ; nothing inline runs, nothing is framed, no form leaves.
CONTENT_SECURITY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        IMAGES,
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
#: The next release may answer otherwise, and only the server knows of it.
REVALIDATE: Final = "public, no-cache"
PAGE_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY,
    "referrer-policy": "strict-origin-when-cross-origin",
}


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a page is written.

    :param name: html, or that of an RDF format.
    :param suffix: what its address ends in.
    :param media_type: as it is offered.
    """

    name: str
    suffix: str
    media_type: str
    label: str

    @property
    def content_type(self) -> str:
        """As a response says it."""
        text = self.media_type.startswith("text/")
        return self.media_type + ("; charset=utf-8" if text else "")


HTML: Final = Form("html", ".html", "text/html", "HTML")
#: The preferred first: where a client likes all alike, as curl does, it gets a page to read.
FORMS: Final = (
    HTML,
    Form("turtle", ".ttl", "text/turtle", "Turtle"),
    Form("ntriples", ".nt", "application/n-triples", "N-Triples"),
    Form("jsonld", ".jsonld", "application/ld+json", "JSON-LD"),
    Form("rdfxml", ".rdf", "application/rdf+xml", "RDF/XML"),
)
RDF_FORMS: Final = FORMS[1:]
TURTLE: Final = FORMS[1]
SUFFIX_TO_FORM: Final = {form.suffix: form for form in FORMS}
NAME_TO_FORM: Final = {form.name: form for form in FORMS}
#: Other names of the same media types, which some clients know alone.
OTHER_TYPES: Final = {
    "application/json": "jsonld",
    "application/x-turtle": "turtle",
    "text/n3": "turtle",
    "application/trig": "turtle",
    "text/plain": "ntriples",
    "application/n-quads": "ntriples",
    "application/xml": "rdfxml",
    "text/xml": "rdfxml",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about, and how it is written.

    :param iri: in the data.
    :param address: of the page, without a suffix.
    :param triples: what the RDF forms say.
    :param html: the page; gets the frame that it is set in.
    :param parameters: of the query string, that tell one page of it from another.
    :param besides: what else the page depends on, beside the release: on this server's settings, on
        what else is in its data folder.
    """

    iri: NamedNode
    address: str
    triples: Callable[[], Sequence[Triple]]
    html: Callable[["Frame"], str]
    parameters: dict[str, str | int] = field(default_factory=dict)
    besides: str = ""

    def key(self, form: Form) -> str:
        """What tells one form of the page from all others."""
        return f"{self.iri.value} {form.name} {sorted(self.parameters.items())} {self.besides}"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page is, and in what other forms."""

    iri: str
    canonical: str
    form_to_href: dict[Form, str]

    @property
    def alternates(self) -> list[tuple[Form, str]]:
        """The RDF forms and where they are."""
        return [(form, href) for form, href in self.form_to_href.items() if form is not HTML]


def split_suffix(address: str) -> tuple[str, Form | None]:
    """An address without the suffix of a form, which is cut once.

    >>> split_suffix("figures/PMC1__a.b.ttl")[0], split_suffix("figures/PMC1__a.b")
    ('figures/PMC1__a.b', ('figures/PMC1__a.b', None))
    """
    for suffix, form in SUFFIX_TO_FORM.items():
        rest = address.removesuffix(suffix)
        if rest != address and not rest.endswith("/"):
            return rest, form
    return address, None


def choose_form(visit: Visit, suffix: Form | None) -> Form:
    """The form that a request gets: by suffix, by ``format=``, by ``Accept``.

    :raises Refusal: ``not-acceptable``; the message lists what there is.
    """
    if suffix is not None:
        return suffix
    if (asked := visit.parameters.get("format")) is not None:
        name = asked.strip().lower().replace(" ", "+")
        by_type = {form.media_type: form.name for form in FORMS} | OTHER_TYPES
        names = ("html",) if name == "html" else OVERRIDE_TO_NAMES.get(name, (by_type.get(name),))
        for form in FORMS:
            if form.name in names:
                return form
        raise _not_acceptable(f"there is no format {asked[:100]!r}")
    offers = [form.media_type for form in FORMS] + list(OTHER_TYPES)
    chosen = negotiate(visit.headers.get("accept"), offers)
    if chosen is None:
        shown = visit.headers.get("accept", "")[:100]
        raise _not_acceptable(f"this page has no form that Accept: {shown} asks for")
    name = OTHER_TYPES.get(chosen) or next(f.name for f in FORMS if f.media_type == chosen)
    return NAME_TO_FORM[name]


def _not_acceptable(what: str) -> Refusal:
    available = [form.media_type for form in FORMS]
    detail = f"{what}: ask for {', '.join(available[:-1])} or {available[-1]}"
    return Refusal("not-acceptable", detail, available=available)


def respond(visit: Visit, subject: Subject, suffix: Form | None) -> Response:
    """The page in the form that was asked for.

    :param suffix: the form that the address ends in, if it does.
    :raises Refusal: ``not-acceptable``, or ``not-xml`` where RDF/XML cannot say it.
    """
    form = choose_form(visit, suffix)
    frame = frame_of(visit, subject)
    here = frame.form_to_href[form]
    headers = {
        "content-location": header_address(here),
        "link": ", ".join(_link_headers(visit, subject, frame, form)),
    }

    def body() -> bytes:
        if form is HTML:
            return subject.html(frame).encode()
        return written(subject.triples(), form.name, visit.reading.iris)

    key = subject.key(form)
    return reply(visit, body, form.content_type, key=key, headers=headers, vary="Accept")


def frame_of(visit: Visit, subject: Subject) -> Frame:
    """Where a page and its forms are.

    A form is at the address with its suffix, unless that is the address of something else: the
    figure ``PMC1__a.ttl`` is not the Turtle of ``PMC1__a``. Nor has the root a suffix.
    """
    hrefs = {}
    for form in FORMS:
        address, parameters = subject.address + form.suffix, dict(subject.parameters)
        iri = visit.links.iri(address)
        if not subject.address or (iri is not None and visit.reading.is_subject(iri)):
            address, parameters["format"] = subject.address, form.name
        hrefs[form] = visit.links.to(address, **parameters)
    canonical = visit.links.to(subject.address, **subject.parameters)
    return Frame(subject.iri.value, absolute(visit, canonical), hrefs)


def absolute(visit: Visit, href: str) -> str:
    """A link within the site as a whole address."""
    return visit.public_url + href.removeprefix(visit.links.root)


def _link_headers(visit: Visit, subject: Subject, frame: Frame, form: Form) -> list[str]:
    """https://www.rfc-editor.org/rfc/rfc8288 , as FAIR-Checker reads it.

    It takes what stands between one ``<`` and the next ``type=`` for a link: no space is inside
    of one, and those without a type come last.
    """
    addresses = {f: absolute(visit, href) for f, href in frame.form_to_href.items()}
    links = [link_header(a, "alternate", f.media_type) for f, a in addresses.items() if f != form]
    canonical = link_header(frame.canonical, "canonical")
    if form is HTML:
        described = link_header(addresses[TURTLE], "describedby", TURTLE.media_type)
        return [described, *links, canonical]
    return [*links, canonical, link_header(subject.iri.value, "describes")]


def reply(
    visit: Visit,
    body: Callable[[], bytes],
    content_type: str,
    *,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    vary: str = "",
    status: int = 200,
) -> Response:
    """A response with the headers that all pages have; 304 if the client has it already.

    :param body: is called only if it is needed.
    :param key: what the body depends on beside the release and the address of the server; None
        where it must not be kept.
    """
    sent = {
        "vary": ", ".join(filter(None, (vary, "Accept-Encoding"))),
        "x-pfocr-release": visit.reading.release.id,
        **(PAGE_HEADERS if content_type == HTML_TYPE else {}),
        **(headers or {}),
    }
    if key is None:
        sent["cache-control"] = "no-store"
    else:
        sent |= {"cache-control": REVALIDATE, "etag": etag(visit, key)}
        if has_already(visit, sent["etag"]):
            return Response(None, 304, sent)
    data = body()
    encoding = negotiate_encoding(visit.headers.get("accept-encoding"))
    if encoding != "identity" and len(data) >= MIN_COMPRESSED:
        encoder = ENCODING_TO_ENCODER[encoding]()
        data = encoder.compress(data) + encoder.flush()
        sent["content-encoding"] = encoding
    return Response(data, status, {"content-type": content_type, **sent})


def moved(visit: Visit, address: str, suffix: Form | None) -> Response:
    """From another spelling of an address to the same form of its page.

    In another release it may be the address of a page itself, as an alias may be a figure's, and
    what says no more is kept for ever: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.2
    """
    target = visit.links.to(address + (suffix.suffix if suffix else ""), **visit.parameters)
    headers = {"cache-control": REVALIDATE, "x-pfocr-release": visit.reading.release.id}
    return RedirectResponse(target, 301, headers)


def etag(visit: Visit, key: str) -> str:
    """A weak one: an answer may be compressed or not, and triples may come in another order."""
    facts = (visit.reading.release.id, __version__, visit.public_url, key)
    return f'W/"{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}"'


def has_already(visit: Visit, tag: str) -> bool:
    """Whether the client has this answer."""
    return is_known(tag, visit.headers.get("if-none-match"))
