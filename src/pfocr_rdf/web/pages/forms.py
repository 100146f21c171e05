"""The forms of a page: which one a request gets, and the headers that every page has.

A thing has one address, which answers 200 in the form that ``Accept`` asks for; the form's own
address, with a suffix, is in ``Content-Location``. There is no 303 redirect: figures, articles and
terms are documents themselves or described by one, a redirect costs each client a round trip, and
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
#: Host of the pictures. Europe PMC is a service of EMBL-EBI and redirects to hosts of it.
PICTURES: Final = urlsplit(EUROPE_PMC_ARTICLES).netloc
IMAGES: Final = f"img-src 'self' {PICTURES} *.{PICTURES} *.ebi.ac.uk"
#: https://www.w3.org/TR/CSP3/ ; no inline code runs, no page is framed, forms are sent only here.
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
#: A cache must ask each time: only the server knows whether a new release answers differently.
REVALIDATE: Final = "public, no-cache"
PAGE_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY,
    "referrer-policy": "strict-origin-when-cross-origin",
}


@dataclass(frozen=True, slots=True)
class Form:
    """A format in which a page is available.

    :param name: html, or the name of an RDF format.
    :param suffix: what the address of the form ends in.
    :param media_type: as offered in negotiation, without a charset.
    """

    name: str
    suffix: str
    media_type: str
    label: str

    @property
    def content_type(self) -> str:
        """The media type as a response states it, with its charset if it is text."""
        text = self.media_type.startswith("text/")
        return self.media_type + ("; charset=utf-8" if text else "")


HTML: Final = Form("html", ".html", "text/html", "HTML")
#: The preferred first: a client that accepts all of them equally, as curl does, gets HTML.
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
#: Other media types for the same forms → name of the form; some clients know only these.
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

    :param iri: of the subject, in the data.
    :param address: of the page, without a suffix.
    :param triples: returns the content of the RDF forms.
    :param html: returns the HTML page, given its frame.
    :param parameters: of the query string, which tell the pages at this address apart.
    :param besides: what the page depends on apart from the release, such as settings of this server
        or other contents of its data folder.
    """

    iri: NamedNode
    address: str
    triples: Callable[[], Sequence[Triple]]
    html: Callable[["Frame"], str]
    parameters: dict[str, str | int] = field(default_factory=dict)
    besides: str = ""

    def key(self, form: Form) -> str:
        """A cache key of one form of the page."""
        return f"{self.iri.value} {form.name} {sorted(self.parameters.items())} {self.besides}"


@dataclass(frozen=True, slots=True)
class Frame:
    """The addresses of a page and of its forms."""

    iri: str
    canonical: str
    form_to_href: dict[Form, str]

    @property
    def alternates(self) -> list[tuple[Form, str]]:
        """All forms but HTML, with their addresses."""
        return [(form, href) for form, href in self.form_to_href.items() if form is not HTML]


def split_suffix(address: str) -> tuple[str, Form | None]:
    """An address without the suffix of a form, and that form; only one suffix is removed.

    >>> split_suffix("figures/PMC1__a.b.ttl")[0], split_suffix("figures/PMC1__a.b")
    ('figures/PMC1__a.b', ('figures/PMC1__a.b', None))
    """
    for suffix, form in SUFFIX_TO_FORM.items():
        rest = address.removesuffix(suffix)
        if rest != address and not rest.endswith("/"):
            return rest, form
    return address, None


def choose_form(visit: Visit, suffix: Form | None) -> Form:
    """The form that a request gets: by suffix, else by ``format=``, else by ``Accept``.

    :raises Refusal: ``not-acceptable``; the message lists the forms.
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

    :param suffix: the form whose suffix the address ends in, if any.
    :raises Refusal: ``not-acceptable``, or ``not-xml`` if RDF/XML cannot express the triples.
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
    """The addresses of a page and of its forms.

    A form is at the address with its suffix. It is at ``format=`` instead if that address belongs
    to something else, as the figure ``PMC1__a.ttl`` is not the Turtle of ``PMC1__a``, and for the
    root, which cannot have a suffix.
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
    """The absolute address of a link within the site."""
    return visit.public_url + href.removeprefix(visit.links.root)


def _link_headers(visit: Visit, subject: Subject, frame: Frame, form: Form) -> list[str]:
    """Values for the header ``Link`` (https://www.rfc-editor.org/rfc/rfc8288) of a page.

    FAIR-Checker takes everything from a ``<`` to the next ``type=`` for one link, so links contain
    no spaces, and those without a type come last.
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

    :param body: called only if the body is needed.
    :param key: what the body depends on apart from the release and the address of the server; None
        if it must not be cached.
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
    """A redirect from another spelling of an address to the same form of its page.

    It has to be revalidated: in another release the spelling may be the address of a page, as an
    alias may become a figure, and caches keep a 301 without ``Cache-Control`` for as long as they
    like: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.2
    """
    target = visit.links.to(address + (suffix.suffix if suffix else ""), **visit.parameters)
    headers = {"cache-control": REVALIDATE, "x-pfocr-release": visit.reading.release.id}
    return RedirectResponse(target, 301, headers)


def etag(visit: Visit, key: str) -> str:
    """A weak entity tag: answers may differ in their compression and in the order of triples."""
    facts = (visit.reading.release.id, __version__, visit.public_url, key)
    return f'W/"{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}"'


def has_already(visit: Visit, tag: str) -> bool:
    """Whether the client has the answer with this entity tag."""
    return is_known(tag, visit.headers.get("if-none-match"))
