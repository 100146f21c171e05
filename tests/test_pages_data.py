"""Every IRI of a release answers in every form, and every form says what the store says."""

from functools import cache
from typing import Final

import pytest

from dereferencing import addresses, failures
from paging import NAME_TO_RDF, Markup, Pages, pages_of
from parsing import by_pyoxigraph, by_rdflib
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages.editor import ADDRESS
from pfocr_rdf.web.pages.forms import FORMS, HTML

#: Tests of all, of about the same length.
PARTS: Final = 12


@cache
def site(release: Release) -> Pages:
    return pages_of(release)


@cache
def asked(release: Release) -> dict[str, set[str]]:
    """All that is asked for; the endpoint is no page, and describes itself."""
    found = addresses(site(release))
    assert ADDRESS in found
    return {address: fragments for address, fragments in found.items() if address != ADDRESS}


def test_every_iri_answers_in_five_forms_as_the_store_has_it(mixed_release: Release) -> None:
    found = asked(mixed_release)
    assert len(found) > 50
    assert failures(site(mixed_release), found, closely=4) == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_iri_of_the_real_records_answers(part: int, corpus_release: Release) -> None:
    found = asked(corpus_release)
    assert len(found) > 5000
    some = dict(list(found.items())[part::PARTS])
    assert failures(site(corpus_release), some, wholly=10, closely=10) == []


def test_another_library_reads_the_same(seeds_release: Release) -> None:
    pages = site(seeds_release)
    names = {"turtle": "turtle", "ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}
    for address in ("/figures/PMC6566596__ijms-20-02505-g004", "/gene/5594", "/ontology"):
        for form in FORMS[1:]:
            page = pages.get(address, form.media_type)
            theirs = by_rdflib(page.body, names[form.name])
            assert theirs == by_pyoxigraph(page.body, NAME_TO_RDF[form.name])


def test_places_that_are_linked_to_exist(mixed_release: Release) -> None:
    pages = site(mixed_release)
    for target in ("/figures/PMC2__f1", "/ontology", f"/releases/{pages.reading.version}"):
        markup = Markup(pages.get(target).text)
        here = [href for href in markup.attributes("href") if href.startswith("#")]
        assert {href[1:] for href in here} <= set(markup.attributes("id"))


def test_five_forms_are_offered() -> None:
    assert [form.name for form in FORMS] == ["html", "turtle", "ntriples", "jsonld", "rdfxml"]
    assert FORMS[0] is HTML
