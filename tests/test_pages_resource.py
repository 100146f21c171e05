"""Pages of whatever else has an IRI: what points at it is listed by name, where it has one."""

import re

import pytest

from paging import Markup, pages_of
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages import resource


def pointing(release: Release, path: str) -> str:
    """The words of the last part of a page."""
    text = Markup(pages_of(release).get(path, "text/html").text).text
    return text.partition("What points at it")[2].strip()


def test_the_dataset_lists_figures_with_their_titles(seeds_release: Release) -> None:
    listed = pointing(seeds_release, "/dataset")
    assert listed.startswith("Thing Property Name https://pfocr.wikipathways.org/dataset")
    assert (
        " figure:PMC8023395__nihms-1688996-f0002 schema:isPartOf "
        "Towards personalized treatment for early stage HER2-positive breast cancer "
    ) in listed
    assert "SPARQL has all" not in listed


def test_what_has_no_name_has_no_column_for_it(seeds_release: Release) -> None:
    listed = pointing(seeds_release, "/graph/equivalents")
    assert listed.startswith("Thing Property https://pfocr.wikipathways.org/releases/")


def test_of_many_the_first_are_listed_and_the_rest_are_not_hushed_up(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "MOST_POINTING", 3)
    listed = pointing(seeds_release, "/dataset")
    assert listed.count("schema:isPartOf") < 5
    assert "The first 3: SPARQL finds them all." in listed
    monkeypatch.setattr(resource, "MOST_POINTING", 8)
    assert pointing(seeds_release, "/dataset").count("schema:isPartOf") == 5
    assert "SPARQL has all" not in pointing(seeds_release, "/dataset")


def test_the_numbers_of_classes_and_properties_are_folded_away(seeds_release: Release) -> None:
    site = pages_of(seeds_release)
    page = site.get(f"/releases/{seeds_release.manifest()['version']}", "text/html").text
    shown, folded, rest = re.split("<details>|</details>", page[page.index('id="said"') :])
    assert 'id="pfocr-rdf"' in shown
    assert 'id="links.schema-mentions.ncbigene"' in shown
    assert shown.count("<section") < 30 < folded.count("<section")
    assert 'id="schema-Gene.schema-name"' in folded
    assert "<section" not in rest
    assert "<details>" not in site.get("/dataset", "text/html").text
