"""Formats: each client gets the media type that it asked for, or the list of what there is."""

from typing import Final

import pytest

from pfocr_rdf.web.formats import (
    KIND_TO_OFFERS,
    OVERRIDE_TO_NAMES,
    Format,
    Formats,
    choose_formats,
    refuse_kind,
)
from pfocr_rdf.web.problems import Refusal

JSON: Final = Format("json", "application/sparql-results+json")
XML: Final = Format("xml", "application/sparql-results+xml")
CSV: Final = Format("csv", "text/csv; charset=utf-8")
TSV: Final = Format("tsv", "text/tab-separated-values; charset=utf-8")
GMT: Final = Format("gmt", "text/tab-separated-values; charset=utf-8")
TURTLE: Final = Format("turtle", "text/turtle; charset=utf-8")
NTRIPLES: Final = Format("ntriples", "application/n-triples")
JSONLD: Final = Format("jsonld", "application/ld+json")
RDFXML: Final = Format("rdfxml", "application/rdf+xml")
#: Formats when nothing is asked for.
DEFAULT: Final = Formats(JSON, JSON, TURTLE)
# What the programs send for a page or a link.
FIREFOX: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME: Final = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
JAVA: Final = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "formats"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("*/*", DEFAULT),
        ("text/html;q=abc", DEFAULT),
        # The media type that was asked for is the one that is answered
        ("application/sparql-results+json", Formats(JSON, JSON, None)),
        ("application/sparql-results+xml", Formats(XML, XML, None)),
        (
            "application/json",
            Formats(
                Format("json", "application/json"),
                Format("json", "application/json"),
                Format("jsonld", "application/json"),
            ),
        ),
        (
            "application/xml",
            Formats(
                Format("xml", "application/xml"),
                Format("xml", "application/xml"),
                Format("rdfxml", "application/xml"),
            ),
        ),
        (
            "text/xml",
            Formats(
                Format("xml", "text/xml; charset=utf-8"),
                Format("xml", "text/xml; charset=utf-8"),
                Format("rdfxml", "text/xml; charset=utf-8"),
            ),
        ),
        ("text/csv", Formats(CSV, None, None)),
        ("text/tab-separated-values", Formats(TSV, None, None)),
        ("text/turtle", Formats(None, None, TURTLE)),
        (
            "application/x-turtle",
            Formats(None, None, Format("turtle", "application/x-turtle")),
        ),
        ("application/n-triples", Formats(None, None, NTRIPLES)),
        ("text/plain", Formats(None, None, Format("ntriples", "text/plain; charset=utf-8"))),
        # What has room for more than triples
        ("text/n3", Formats(None, None, Format("turtle", "text/n3; charset=utf-8"))),
        ("application/trig", Formats(None, None, Format("turtle", "application/trig"))),
        ("application/n-quads", Formats(None, None, Format("ntriples", "application/n-quads"))),
        ("application/ld+json", Formats(None, None, JSONLD)),
        ("application/rdf+xml", Formats(None, None, RDFXML)),
        # Kinds of answers are chosen for one by one
        ("text/turtle, text/csv, */*;q=0.1", Formats(CSV, JSON, TURTLE)),
        (
            "text/*",
            Formats(CSV, Format("xml", "text/xml; charset=utf-8"), TURTLE),
        ),
        ("application/*", Formats(JSON, JSON, NTRIPLES)),
        (
            "text/plain, text/turtle;q=0.9",
            Formats(None, None, Format("ntriples", "text/plain; charset=utf-8")),
        ),
        ("text/plain;q=0.9, text/turtle;q=0.9", Formats(None, None, TURTLE)),
        # What programs send: YASGUI, Jena for a graph, Jena for results
        ("application/sparql-results+json,*/*;q=0.9", DEFAULT),
        (
            "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,"
            "application/rdf+xml;q=0.7,*/*;q=0.3",
            DEFAULT,
        ),
        (
            "application/sparql-results+json, application/sparql-results+xml;q=0.9,"
            "text/tab-separated-values;q=0.7,text/csv;q=0.5,application/json;q=0.2,"
            "application/xml;q=0.2,*/*;q=0.1",
            Formats(JSON, JSON, Format("jsonld", "application/json")),
        ),
    ],
)
def test_each_kind_of_answer_has_the_format_that_is_liked_best(
    accept: str | None, formats: Formats
) -> None:
    assert choose_formats(accept, None) == formats


@pytest.mark.parametrize("accept", [FIREFOX, CHROME, JAVA])
def test_a_browser_gets_what_it_can_show_and_what_can_hold_every_answer(accept: str) -> None:
    assert choose_formats(accept, None) == DEFAULT


def test_a_browser_that_accepts_nothing_but_xml_gets_xml() -> None:
    chosen = choose_formats("text/html, application/xml;q=0.9", None)
    assert chosen.solutions == Format("xml", "application/xml")


def test_who_would_rather_have_a_page_still_says_which_format_comes_next() -> None:
    accept = "text/html, application/rdf+xml;q=0.9, text/turtle;q=0.8, application/xml;q=0.95"
    assert choose_formats(accept, None).graph == RDFXML


@pytest.mark.parametrize(
    ("override", "formats"),
    [
        ("json", Formats(JSON, JSON, JSONLD)),
        ("xml", Formats(XML, XML, RDFXML)),
        ("csv", Formats(CSV, None, None)),
        ("tsv", Formats(TSV, None, None)),
        ("gmt", Formats(GMT, None, None)),
        *((name, Formats(None, None, TURTLE)) for name in ("turtle", "ttl", "n3", "trig")),
        *(
            (name, Formats(None, None, NTRIPLES))
            for name in ("nt", "ntriples", "n-triples", "nq", "nquads", "n-quads")
        ),
        *((name, Formats(None, None, JSONLD)) for name in ("jsonld", "json-ld")),
        *(
            (name, Formats(None, None, RDFXML))
            for name in ("rdf", "rdfxml", "rdf+xml", "rdf/xml", "rdf xml", "application/rdf+xml")
        ),
        ("JSON", Formats(JSON, JSON, JSONLD)),
        (" csv ", Formats(CSV, None, None)),
        ("text/csv", Formats(CSV, None, None)),
        ("text/turtle;charset=utf-8", Formats(None, None, TURTLE)),
        ("text/plain", Formats(None, None, Format("ntriples", "text/plain; charset=utf-8"))),
        ("application/sparql-results+json", Formats(JSON, JSON, None)),
        # The plus of a link that was not escaped
        ("application/sparql-results json", Formats(JSON, JSON, None)),
        ("application/json", choose_formats("application/json", None)),
    ],
)
def test_a_link_names_its_format_whatever_the_header_says(override: str, formats: Formats) -> None:
    assert choose_formats("image/png", override) == formats
    assert choose_formats(None, override) == formats


@pytest.mark.parametrize("name", OVERRIDE_TO_NAMES)
def test_every_name_of_a_format_is_one_format_for_a_kind(name: str) -> None:
    for offers in KIND_TO_OFFERS.values():
        assert len({each for each in offers.values() if each in OVERRIDE_TO_NAMES[name]}) <= 1


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/html", "application/hdt"])
def test_nothing_acceptable_is_refused_with_all_media_types(accept: str) -> None:
    with pytest.raises(Refusal) as caught:
        choose_formats(accept, None)
    refusal = caught.value
    assert (refusal.kind, refusal.status) == ("not-acceptable", 406)
    assert refusal.detail == (
        f"no answer has a format that Accept: {accept} asks for: ask for one of those in "
        "“available”, or for */*"
    )
    every = {offer for offers in KIND_TO_OFFERS.values() for offer in offers}
    available = refusal.members["available"]
    assert isinstance(available, list)
    assert sorted(available) == sorted(every)


@pytest.mark.parametrize("override", ["html", "hdt", "shex", "text/html", "*/*", "/", "q=1"])
def test_an_unknown_format_is_refused_with_all_names(override: str) -> None:
    with pytest.raises(Refusal) as caught:
        choose_formats("*/*", override)
    assert caught.value.kind == "not-acceptable"
    assert caught.value.detail == (
        f"there is no format {override!r}: give one of those in “available”"
    )
    available = caught.value.members["available"]
    assert isinstance(available, list)
    assert {"json", "ttl", "text/csv"} < set(available)


def test_a_long_header_is_not_quoted_whole() -> None:
    for accept, override in (("x/y, " * 1000, None), (None, "x" * 5000)):
        with pytest.raises(Refusal) as caught:
            choose_formats(accept, override)
        assert len(caught.value.detail) < 300


def test_a_kind_without_a_format_is_refused_with_the_types_of_that_kind() -> None:
    refusal = refuse_kind("graph")
    assert refusal.status == 406
    assert refusal.detail.startswith("a CONSTRUCT or DESCRIBE query has no format that the request")
    assert refusal.members["available"] == list(KIND_TO_OFFERS["graph"])
    assert "text/csv" not in refuse_kind("boolean").detail


@pytest.mark.parametrize("override", [None, "json"])
def test_a_choice_is_remembered_unless_what_it_was_made_by_is_long(override: str | None) -> None:
    found = [[choose_formats(a, override) for _ in range(2)] for a in ("*/*", "*/*" + " " * 9_999)]
    assert found[0][0] is found[0][1]
    assert found[1][0] == found[1][1] == found[0][0]
    assert found[1][0] is not found[1][1]
