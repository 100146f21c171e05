"""What must hold of every IRI of a release: it answers in every form, and all say the same.

The data have no blank nodes, so that two documents are isomorphic if their triples are equal.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Triple

from constructing import (
    THROUGH,
    figures_having,
    is_thing,
    of_figure,
    of_home,
    of_resource,
    of_thing,
    pointing_at,
)
from making import REPOSITORY
from paging import BASE, Markup, Pages, graph
from parsing import by_pyoxigraph
from pfocr_rdf.iris import PFOCR
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.forms import RDF_FORMS, Form
from pfocr_rdf.web.pages.links import Links
from pfocr_rdf.web.pages.resource import MOST_POINTING
from pfocr_rdf.web.pages.thing_facts import PAGE_FIGURES
from pfocr_rdf.web.reading import Reading
from validating import flaws

#: No release has it.
VOCABULARY: Final = REPOSITORY / "ontology" / "pfocr.ttl"
#: Files, and pages that the data name as pages: they have no other form.
ONE_FORM: Final = re.compile(r"dumps/.*|figures/.*\.html")
FIGURE: Final = re.compile(r"/figures/[^/#?]+")


def addresses(pages: Pages) -> dict[str, set[str]]:
    """Every address here that the data name → the fragments of its hash IRIs, in order."""
    reading = pages.reading
    links = Links(reading.iris)
    found: dict[str, set[str]] = {}
    for quad in reading.store.quads_for_pattern(None, None, None, None):
        for node in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(node, NamedNode):
                address = links.address(node.value)
                if address is not None:
                    address, _, fragment = address.partition("#")
                    found.setdefault(address, set()).update(filter(None, [fragment]))
    return dict(sorted(found.items()))


def failures(
    pages: Pages, found: Mapping[str, set[str]], wholly: int = 1, closely: int = 1
) -> list[str]:
    """What is wrong with pages: address and what.

    :param found: from :func:`addresses`, all or some.
    :param wholly: every so many are asked for in each form of RDF; of the others one form is, of
        each in turn.
    :param closely: every so many are looked at closely, which takes half of the time: the HTML is
        validated, and each form is asked for at its own address, too.
    """
    wrong = []
    for index, (address, fragments) in enumerate(found.items()):
        forms = [RDF_FORMS[index % len(RDF_FORMS)]] if index % wholly else RDF_FORMS
        told = _wrong(pages, address, fragments, forms, closely=index % closely == 0)
        wrong += [f"/{address}: {what}" for what in told]
    return wrong


def _wrong(
    pages: Pages, address: str, fragments: set[str], forms: Sequence[Form], *, closely: bool
) -> Iterator[str]:
    """Everything that is wrong with one address; nothing for a good one."""
    html = pages.get(f"/{address}", "text/html")
    if html.status == 301:
        target = html.headers["location"]
        yield from _redirects(pages, address, target, forms)
        if address.startswith("figures/"):
            return
        address = target.removeprefix("/")
        html = pages.get(target, "text/html")
    if html.status != 200:
        yield f"status {html.status}"
        return
    if address.startswith("dumps/"):
        return
    if html.media_type != "text/html":
        yield f"a page that is {html.media_type}"
        return
    if closely:
        yield from flaws(html.text)
    elif ONE_FORM.fullmatch(address) and not fragments:
        return  # the same page as that of the figure, whose address is asked for, too
    markup = Markup(html.text)
    missing = fragments - set(markup.attributes("id"))
    if missing:
        yield f"no place {sorted(missing)}"
    if not ONE_FORM.fullmatch(address):
        yield from _forms(pages, address, markup, forms, closely=closely)


def _redirects(pages: Pages, address: str, target: str, forms: Sequence[Form]) -> Iterator[str]:
    """An alias leads to its figure, in every form; MeSH ids do not say what they identify."""
    for form in forms:
        page = pages.get(f"/{address}", form.media_type)
        if (page.status, page.headers.get("location")) != (301, target):
            yield f"{form.label}: {page.status} and not to {target}"
    figure = NamedNode(BASE[:-1] + target)
    if address.startswith("figures/") and not pages.reading.is_figure(figure):
        yield f"an alias of {target}, which is no figure"


def _forms(
    pages: Pages, address: str, markup: Markup, forms: Sequence[Form], *, closely: bool
) -> Iterator[str]:
    """What is wrong with these forms of RDF."""
    expected = None
    for form in forms:
        page = pages.get(f"/{address}", form.media_type)
        if page.status != 200 or page.media_type != form.media_type:
            yield f"{form.label}: {page.status} {page.headers}"
            continue
        own = page.headers["content-location"]
        if closely and pages.get(own, "text/html").body != page.body:
            yield f"{form.label}: {own} says something else"
        said = graph(page)
        if expected is None:
            (subject,) = re.findall('<([^>]*)>;rel="describes"', page.headers["link"])
            expected = _expected(pages, NamedNode(subject), markup, said)
        yield from _unlike(form.label, said, expected)
    if markup.json_ld and address and expected is not None:
        # That of the first page is for search engines, in their terms; it has tests of its own.
        block = by_pyoxigraph(markup.json_ld.encode(), RdfFormat.JSON_LD)
        yield from _unlike("the block in the page", block, expected)
    if not markup.json_ld:
        yield "no block of JSON-LD"


def _unlike(what: str, said: set[Triple], expected: set[Triple]) -> Iterator[str]:
    for words, triples in (("lacks", expected - said), ("adds", said - expected)):
        if triples:
            yield f"{what} {words} {len(triples)} triples, as {min(map(str, triples))}"


def _expected(pages: Pages, subject: NamedNode, markup: Markup, said: set[Triple]) -> set[Triple]:
    """What the store says of what a page is about, asked as SPARQL."""
    reading = pages.reading
    if subject.value == PFOCR[:-1]:
        return by_pyoxigraph(VOCABULARY.read_bytes(), RdfFormat.TURTLE)
    if subject == reading.iris.home:
        return of_home(reading)
    if reading.is_figure(subject):
        return of_figure(reading, subject)
    if is_thing(reading, subject):
        figures = {NamedNode(BASE[:-1] + h) for h in markup.hrefs() if FIGURE.fullmatch(h)}
        _check_listed(reading, subject, figures)
        return of_thing(reading, subject, figures)
    pointing = pointing_at(reading, subject)
    assert len(said & pointing) >= min(len(pointing), MOST_POINTING)
    return of_resource(reading, subject) | (said & pointing)


def _check_listed(reading: Reading, thing: NamedNode, figures: set[NamedNode]) -> None:
    having = figures_having(reading, thing)
    if having:
        whole = reading.is_a(thing, Schema.ScholarlyArticle)  # all of its figures on one page
        assert len(figures) == (len(having) if whole else min(len(having), PAGE_FIGURES)), thing
    else:
        # Of two figures of one article each may name another journal: it is listed for one.
        having = figures_having(reading, thing, THROUGH)
        assert bool(figures) == bool(having), thing
    assert figures <= having, thing
