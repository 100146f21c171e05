"""Links of mapping sets on pages: whose they are, under which licence, why; in every form."""

import re

import pytest
from pyoxigraph import NamedNode

from building import build
from dereferencing import addresses, failures
from linking import CURIE_MAP, MANUAL, RECORD, SET, sssom
from making import write
from paging import BASE, Markup, Pages, graph, pages_of
from pfocr_rdf.iris import SKOS
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import Owl, Schema, Sssom
from pfocr_rdf.web.pages.described import files
from pfocr_rdf.web.pages.forms import RDF_FORMS
from pfocr_rdf.web.pages.thing import MOST_MAPPED


@pytest.fixture(scope="module", name="mapped")
def _mapped(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """A release in which two sets link one gene, one of them without a licence."""
    folder = tmp_path_factory.mktemp("mapped")
    rows = [f"gene:5742|skos:exactMatch|x:PTGS1|{MANUAL}|Cyclooxygenase 1"]
    rows += [f"gene:5742|x:encodes|x:{n}|x:because|" for n in range(MOST_MAPPED)]
    prefixes = {**CURIE_MAP, "skos": SKOS, "semapv": "https://w3id.org/semapv/vocab/"}
    licence = "license: https://creativecommons.org/licenses/by/4.0/"
    title = "mapping_set_title: The set <b>"
    first = sssom(rows, ["object_label"], f"{licence}\n{title}", prefixes)
    again = [f"gene:5742|skos:exactMatch|x:PTGS1|{MANUAL}"]
    files = {
        "first.sssom.tsv": first,
        "other.sssom.tsv": sssom(again, (), "", prefixes, "https://example.org/other"),
    }
    sets = tuple(write(folder / "mappings", files) / name for name in files)
    records = write(folder / "records", RECORD)
    return pages_of(build(records, folder / "data", mappings=sets).release)


def test_links_of_mapping_sets_have_pages_and_stand_on_those_of_their_things(
    mapped: Pages,
) -> None:
    minted = {
        node.value.removeprefix(BASE[:-1])
        for quad in mapped.reading.store
        for node in (quad.subject, quad.object, quad.graph_name)
        if isinstance(node, NamedNode) and re.match(f"{BASE}(graph|mappings)/", node.value)
    }
    assert len(minted) == MOST_MAPPED + 2 + 3, "mappings, the graphs of two sets, other spellings"
    found = {name: places for name, places in addresses(mapped).items() if name != "sparql"}
    assert {target.removeprefix("/") for target in minted} <= set(found)
    assert failures(mapped, found, wholly=4, closely=4) == []
    assert "http://x.example/PTGS1" in Markup(mapped.get("/gene/5742").text).hrefs()


def test_a_link_of_a_mapping_set_says_whose_it_is_under_which_licence_and_why(
    mapped: Pages,
) -> None:
    markup = Markup(mapped.get("/gene/5742").text)
    why = "manual mapping curation"
    said = f"Cyclooxygenase 1 http://x.example/PTGS1 · The set <b> ( CC BY 4.0 ) · {why}"
    text = re.sub(r"\s+", " ", markup.text)
    assert "Exactly matches" in text
    assert said in text
    assert "· https://example.org/other (no licence given) · manual" in text
    assert "http://x.example/encodes" in text
    assert "· http://x.example/because" in text
    assert "and 2 more, which the other forms of this page have" in text
    hrefs = markup.hrefs()
    assert "https://creativecommons.org/licenses/by/4.0/" in hrefs
    assert "https://w3id.org/semapv/vocab/ManualMappingCuration" in hrefs
    assert mapped.reading.iris.mapping_graph(SET).value.removeprefix(BASE[:-1]) in hrefs
    assert "links from mapping sets have the licences of their sets" in text


def test_the_data_of_a_thing_have_its_other_spellings_and_its_links_with_their_sets(
    mapped: Pages,
) -> None:
    gene = NamedNode("https://identifiers.org/ncbigene/5742")
    for form in RDF_FORMS:
        found = graph(mapped.get("/gene/5742", form.media_type))
        spelt = {t.object for t in found if (t.subject, t.predicate) == (gene, Schema.same_as)}
        assert spelt == set(map(NamedNode, mapped.reading.spellings(gene)))
        assert len(spelt) > 3
        links = [t for t in found if t.object == NamedNode("http://x.example/PTGS1")]
        assert NamedNode(f"{SKOS}exactMatch") in {t.predicate for t in links if t.subject == gene}
        reasons = {t.subject for t in links if t.predicate == Owl.annotated_target}
        sets = {t.subject for t in found if t.predicate == Sssom.mappings and t.object in reasons}
        assert sets == {NamedNode(SET), NamedNode("https://example.org/other")}
        licence = NamedNode("https://creativecommons.org/licenses/by/4.0/")
        assert NamedNode(SET) in {t.subject for t in found if t.object == licence}


def test_the_page_of_a_graph_says_what_is_in_it(mapped: Pages) -> None:
    address = mapped.reading.iris.mapping_graph(SET).value.removeprefix(BASE[:-1])
    page = mapped.get(address)
    assert "<h1>Links from the mapping set The set &lt;b&gt;</h1>" in page.text
    hrefs = Markup(page.text).hrefs()
    assert {SET, "https://creativecommons.org/licenses/by/4.0/"} <= set(hrefs)
    heading = mapped.get("/graph/equivalents").text.partition("<h1>")[2].partition("</h1>")[0]
    assert "other spellings" in heading


def test_the_first_page_names_the_licence_of_each_mapping_set(
    mapped: Pages, seeds_release: Release
) -> None:
    text = re.sub(r"\s+", " ", Markup(mapped.get("/").text).text)
    assert "own licence: https://example.org/other (no licence given), The set <b> ( CC" in text
    without = pages_of(seeds_release).get("/").text
    assert "mapping set" not in without.partition('id="downloads"')[2]


def test_every_file_of_a_release_has_its_format(mapped: Pages) -> None:
    for target in ("/dataset", f"/releases/{mapped.reading.version}"):
        text = mapped.get(target).text
        for file in files(mapped.reading):
            assert f">{file.name}</a></th><td>{file.media_type}</td>" in text
            assert file.media_type
