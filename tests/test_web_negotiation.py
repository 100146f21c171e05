"""Negotiation: RFC 9110, sections 12.5.1 and 12.5.3, and headers that follow no rule."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacing import cpu_within
from pfocr_rdf.web.negotiation import ENTRY_LIMIT, HEADER_LIMIT, negotiate, negotiate_encoding

TURTLE: Final = "text/turtle"
NTRIPLES: Final = "application/n-triples"
JSONLD: Final = "application/ld+json"
OFFERS: Final = (TURTLE, NTRIPLES, JSONLD)
FIREFOX: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        # Nothing is said
        (None, TURTLE),
        ("", TURTLE),
        ("  ", TURTLE),
        (",, ,", TURTLE),
        # One type
        (JSONLD, JSONLD),
        ("Application/LD+JSON", JSONLD),
        ("image/png", None),
        # Weights
        (f"{TURTLE};q=0.1, {JSONLD};q=0.2", JSONLD),
        (f"{TURTLE};q=0.999, {JSONLD}", JSONLD),
        (f"{JSONLD};Q=0.5, {NTRIPLES};q=0.4", JSONLD),
        (f"{JSONLD} ; q=0.5 ,\t{NTRIPLES}\t;\tq=0.6", NTRIPLES),
        (f"{TURTLE};q=0.8888888, {JSONLD};q=0.8888887", TURTLE),
        (f"{TURTLE};q=.2, {JSONLD};q=.3", JSONLD),
        (f"{TURTLE};q=0., {JSONLD};q=1.", JSONLD),
        # Equals: the first offer
        (f"{JSONLD}, {NTRIPLES}, {TURTLE}", TURTLE),
        (f"{JSONLD};q=0.5, {NTRIPLES};q=0.5", NTRIPLES),
        # Zero
        (f"{TURTLE};q=0", None),
        (f"{TURTLE};q=0.000, */*", NTRIPLES),
        ("*/*;q=0", None),
        (f"*/*;q=0, {JSONLD}", JSONLD),
        ("text/*;q=0, */*;q=0.1", NTRIPLES),
        # Wildcards, and what is more specific
        ("*/*", TURTLE),
        ("application/*", NTRIPLES),
        ("audio/*", None),
        (f"*/*, {TURTLE};q=0.1", NTRIPLES),
        (f"application/*;q=0.9, {NTRIPLES};q=0.1, */*;q=0.5", JSONLD),
        (f"{TURTLE};q=0.3, text/*, */*;q=0.5", NTRIPLES),
        (FIREFOX, TURTLE),
        # Twice the same: the higher weight
        (f"{TURTLE};q=0.1, {JSONLD};q=0.5, {TURTLE}", TURTLE),
        (f"{TURTLE}, {TURTLE};q=0, {JSONLD};q=0.5", TURTLE),
        # Parameters that take nothing away
        ("text/turtle;charset=utf-8", TURTLE),
        ('text/turtle; charset="UTF-8"; q=0.5', TURTLE),
        (f'{JSONLD};profile="http://www.w3.org/ns/json-ld#compacted, x"', JSONLD),
        (f"{NTRIPLES};version=1.2", NTRIPLES),
        # Parameters that no offer has
        ("text/turtle;charset=utf-16", None),
        (f"text/turtle;level=1, {JSONLD};q=0.1", JSONLD),
        # Extensions after the weight were dropped by RFC 9110
        (f"{TURTLE};q=0.5;ext=1, {JSONLD};q=0.4", TURTLE),
        (f"{TURTLE};, {JSONLD};;q=0.5", TURTLE),
        # Entries that cannot be read
        (f"{TURTLE};q=abc, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=2, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=-1, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=1.001, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=0.1.1, {JSONLD};q=0.1", JSONLD),
        (f"{TURTLE};q=١, {JSONLD};q=0.1", JSONLD),
        (f'{TURTLE};q="1", {JSONLD};q=0.1', JSONLD),
        (f"{TURTLE};level, {JSONLD};q=0.1", JSONLD),
        (f"*/turtle, {JSONLD};q=0.1", JSONLD),
        (f"text, /, text/, /turtle, text/a/b, {JSONLD};q=0.1", JSONLD),
        (f"text /turtle, {JSONLD};q=0.1", JSONLD),
        (f"text/html, image/gif, image/jpeg, *; q=.2, {JSONLD}; q=.2", JSONLD),
        # Nothing can be read: as if there were no header
        (f"{TURTLE};q=abc", TURTLE),
        ("*", TURTLE),
        ("garbage", TURTLE),
        ("\x00\xff", TURTLE),
        # Quotes hide commas and semicolons
        (f'a/b;c="x,{TURTLE};q=1", {JSONLD};q=0.1', JSONLD),
        (f'a/b;c="\\",{TURTLE}", {JSONLD};q=0.1', JSONLD),
        (f'{JSONLD};q=0.1, a/b;c="unfinished, {TURTLE}', JSONLD),
        (f'{JSONLD};q=0.1, a/b;c="unfinished, {TURTLE}\\', JSONLD),
    ],
)
def test_the_offer_that_is_liked_best_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert negotiate(accept, OFFERS) == chosen


@pytest.mark.parametrize(
    ("offer", "weight"),
    [
        ("text/plain;format=flowed", 1.0),
        ("text/plain", 0.7),
        ("text/html", 0.3),
        ("image/jpeg", 0.5),
        ("text/plain;format=fixed", 0.4),
        ("text/html;level=3", 0.3),
    ],
)
def test_the_example_of_the_specification_has_its_weights(offer: str, weight: float) -> None:
    # https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
    accept = (
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
        " text/plain;format=fixed;q=0.4, */*;q=0.5"
    )
    others = f"x/above;q={weight + 0.01 if weight < 1 else 1}, x/below;q={weight - 0.01}"
    assert negotiate(f"{accept}, {others}", [offer, "x/below"]) == offer
    if weight < 1:
        assert negotiate(f"{accept}, {others}", [offer, "x/above"]) == "x/above"


def test_a_range_with_more_parameters_is_more_specific() -> None:
    accept = "a/b;q=0.9, a/b;x=1;q=0.5, a/b;x=1;y=2;q=0.1, c/d;q=0.4"
    assert negotiate(accept, ["c/d", "a/b"]) == "a/b"
    assert negotiate(accept, ["c/d", "a/b;x=1"]) == "a/b;x=1"
    assert negotiate(accept, ["c/d", "a/b; x=1; y=2"]) == "c/d"
    assert negotiate('a/b;x="1", c/d;q=0.4', ["c/d", "a/b; x=1"]) == "a/b; x=1"


def test_there_need_not_be_an_offer() -> None:
    assert negotiate(None, []) is None
    assert negotiate("*/*", []) is None


@pytest.mark.parametrize(
    "header",
    [
        ", ".join(f"a/b{n};q=0.{n}" for n in range(200)),
        "*/*," * 2700,
        "," * 100_000,
        ";" * 100_000,
        "a/b;" * 30_000,
        '"' * 100_001,
        'a/b;c="' + '\\"' * 50_000 + "\\",
        '"\\' * 50_000,
        "a/b;c=" + '"x"' * 30_000,
        "text/*;q=0." + "1" * 100_000,
        " " * 100_000 + "x",
        "a" * 100_000,
        "a/b;" + " " * 100_000 + "=",
        ",".join(f"*/*;a={n}" for n in range(20_000)),
    ],
    ids=range(14),
)
def test_a_header_that_is_made_to_be_slow_is_not(header: str) -> None:
    with cpu_within(0.1):  # about 1 ms; what is not linear takes 300 ms
        negotiate(header, OFFERS)
        negotiate_encoding(header)


@pytest.mark.parametrize("missing", range(1, len(";q=0.5") + 1))
def test_the_entry_that_the_limit_cuts_is_not_read(missing: int) -> None:
    # Its front would be another weight, or none: text/turtle; is wanted whole.
    cut = f"{TURTLE};q=0.5"
    front = "x/" + "y" * (HEADER_LIMIT + missing - len(cut) - 3) + ","
    assert len(front + cut) == HEADER_LIMIT + missing
    assert negotiate(front + cut, [TURTLE]) is None
    assert negotiate((front + cut).replace("yyyyyyyy", "y", 1), [TURTLE]) == TURTLE


def test_what_stands_behind_the_limits_is_not_read() -> None:
    assert negotiate("x/y," * (ENTRY_LIMIT - 1) + JSONLD, OFFERS) == JSONLD
    assert negotiate("x/y," * ENTRY_LIMIT + JSONLD, OFFERS) is None
    assert negotiate(f"{JSONLD}, x/{'y' * HEADER_LIMIT}, {TURTLE}", OFFERS) == JSONLD


@given(st.text() | st.text('tex/urjson*;,q=.01" \\\t'), st.text('gzip brxd;,q=.01*" \\'))
def test_no_header_breaks_the_choice(accept: str, encoding: str) -> None:
    assert negotiate(accept, OFFERS) in {*OFFERS, None}
    assert negotiate_encoding(encoding) in {"zstd", "br", "gzip", "identity"}


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("deflate, compress", "identity"),
        ("zstd;q=0.1, gzip;q=0.9", "gzip"),
        ("zstd;q=0, br;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("identity", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0.5, gzip", "gzip"),
        ("*", "zstd"),
        ("*, zstd;q=0", "br"),
        ("br;q=0.9, *;q=0.1", "br"),
        ("*;q=0.5, identity", "identity"),
        ("*;q=0", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("identity;q=0", "identity"),
        ("identity;q=0, br;q=0.1", "br"),
        ("identity;q=0, *;q=0", "identity"),
        ("identity;q=0, *", "zstd"),
        ("gzip;q=abc", "identity"),
        ("gzip;q=abc, br;q=0.1", "br"),
        ("gz ip, /, ;q=1", "identity"),
    ],
)
def test_the_coding_that_is_liked_best_is_chosen(header: str | None, chosen: str) -> None:
    assert negotiate_encoding(header) == chosen
