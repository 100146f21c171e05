"""What explains an empty answer is told alike on the command line and in the header."""

import time
from typing import Final

import pytest

from building import store_of
from invoking import run
from pfocr_rdf.diagnosis.absent import MOST_TOLD
from pfocr_rdf.diagnosis.apart import Apart
from pfocr_rdf.diagnosis.graphs import Misplaced
from pfocr_rdf.diagnosis.matched import Matched
from pfocr_rdf.diagnosis.never import Never
from pfocr_rdf.diagnosis.reasons import CountedEarly, Reason, Unnamed, Unreadable, reasons
from pfocr_rdf.diagnosis.unmet import Unmet
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.web.absences import told_absent

IRIS: Final = Iris()
#: Query → the reasons why it finds nothing in the samples.
QUERY_TO_REASONS: Final[dict[str, list[type[Reason]]]] = {
    "SELECT ?g (COUNT(?f) AS ?n) { ?f schema:mentions ?g } GROUP BY ?g HAVING (?n > 1)": [Unnamed],
    "SELECT ?g { ?f schema:mentions ?g FILTER(COUNT(?f) > 1) } GROUP BY ?g": [CountedEarly],
    'SELECT * { ?f schema:mentions ?g FILTER(REGEX(?g, "5594")) }': [Unreadable],
    'SELECT * { ?f schema:name ?t FILTER(LANG(?t) = "en") FILTER(LCASE(?t) = "Foo") }': [
        *(Never, Never)
    ],
    "SELECT * FROM <urn:g> { ?f schema:mentions ?g }": [Misplaced],
    "SELECT * { ?f <urn:p> <urn:o> ; schema:name 'nothing' }": [Matched, Matched, Matched],
    "SELECT * { ?f schema:mentions ?g ; pfocr:tier ?t }": [Apart],
    'SELECT * { ?g schema:name ?n FILTER(CONTAINS(?n, "mapk") && STRENDS(?n, "é")) }': [
        *(Unmet, Unmet)
    ],
    # Texts are not looked through if something else is told.
    'SELECT * { ?f schema:name ?n ; pfocr:tier ?t FILTER(CONTAINS(?n, "mapk")) }': [Apart],
    # What a property that is not there has beside it is told of none.
    "SELECT * { ?f schema:mentions ?g ; pfocr:tiers ?t ; pfocr:tier ?x }": [Matched],
    "SELECT ?g (COUNT(?f) AS ?n) FROM <urn:g> { ?f <urn:p> ?g } GROUP BY ?g HAVING (?n > 1)": [
        *(Unnamed, Misplaced, Matched)
    ],
}


@pytest.mark.parametrize("text", QUERY_TO_REASONS)
def test_a_query_finds_nothing_for_these_reasons(text: str, seeds_release: Release) -> None:
    found = list(reasons(text, store_of(seeds_release), IRIS))
    assert [type(reason) for reason in found] == QUERY_TO_REASONS[text]


@pytest.mark.parametrize("text", QUERY_TO_REASONS)
def test_what_the_header_tells_the_command_line_tells_in_the_same_order(
    text: str, seeds_release: Release
) -> None:
    header = told_absent(text, store_of(seeds_release), IRIS, time.monotonic() + 60).told
    data = seeds_release.path.parent.parent
    said = run("query", text, "--data", data).err
    places = [said.index(term) for term, *_ in header]
    assert len(places) == len(QUERY_TO_REASONS[text])
    assert places == sorted(places)


def test_a_relative_iri_is_told_as_it_is_written_with_a_prefixed_name(
    seeds_release: Release,
) -> None:
    data = ("--data", seeds_release.path.parent.parent, "--format", "csv")
    text = "BASE <urn:x:/> SELECT ?g { ?g a <Gene> ; <schema/mentions> <NCBIGene/2064> }"
    assert run("query", text, *data).err.splitlines() == [
        "nothing was found, and the release does not have",
        "  <Gene>, which stands for <urn:x:/Gene>, but schema:Gene",
        "  <schema/mentions>, which stands for <urn:x:/schema/mentions>, but schema:mentions",
        "  <NCBIGene/2064>, which stands for <urn:x:/NCBIGene/2064>, but gene:2064",
    ]
    # With a BASE such IRIs are those of the release.
    text = "BASE <https://identifiers.org/> BASE <ncbigene/> ASK { <2064> schema:name ?n }"
    assert run("query", text, *data).err == ""


def test_of_many_graphs_and_things_a_few_are_told(seeds_release: Release) -> None:
    graphs = " ".join(f"FROM <urn:g{number}>" for number in range(50))
    things = " ".join(f"?m{n} a schema:Gene ; pfocr:tier ?t ." for n in range(50))
    for text in (f"SELECT * {graphs} {{ ?f ?p ?o }}", f"SELECT * {{ {things} }}"):
        assert len(list(reasons(text, store_of(seeds_release), IRIS))) == MOST_TOLD
