"""IRIs: percent-encoded from the raw identifier, or refused; never broken."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris, encoded, slug

IRIS = Iris()
UNSAFE = ' <>"{}|^`%\n\t\\\u0000\u202e\u200b\ufeff\u2028é中😀#?/[]@:'


@pytest.mark.parametrize(
    ("figid", "path"),
    [
        ("PMC1__f1", "PMC1__f1"),
        ("PMC1__a b", "PMC1__a%20b"),
        ('PMC1__<>"{}|^`', "PMC1__%3C%3E%22%7B%7D%7C%5E%60"),
        ("PMC1__100%", "PMC1__100%25"),
        ("PMC1__%2e%2e", "PMC1__%252e%252e"),
        ("PMC1__a?b#c", "PMC1__a%3Fb%23c"),
        ("PMC1__\u202eabc", "PMC1__%E2%80%AEabc"),
        ("PMC1__é", "PMC1__%C3%A9"),
        ("PMC1__e\u0301", "PMC1__e%CC%81"),
        ("PMC1__~._-", "PMC1__~._-"),
        ("PMC1__" + "x" * 200, "PMC1__" + "x" * 200),
    ],
)
def test_a_figid_is_percent_encoded(figid: str, path: str) -> None:
    base = "https://pfocr.wikipathways.org/figures/"
    assert IRIS.figure(figid).value == base + path
    assert IRIS.page(figid).value == f"{base}{path}.html"
    assert IRIS.mention(figid, "gene", "w", "m", "s").value.startswith(f"{base}{path}#mention-")
    assert IRIS.support(figid, "9606").value == f"{base}{path}#organism-9606"


@pytest.mark.parametrize(
    "figid",
    [
        *("PMC1__a/b", "PMC1__a\\b", "PMC1__a\nb", "PMC1__a\0", "PMC1__", "PMC1__ a", "PMC1__a "),
        *("PMC1__" + "x" * 201, "PMC__a", "PMC1", "", "PMC1__a\ud800", "PMC1__a\x7f", "../PMC1__a"),
    ],
)
def test_a_figid_that_could_do_harm_is_refused(figid: str) -> None:
    with pytest.raises(IriError) as raised:
        IRIS.figure(figid)
    assert (raised.value.kind, raised.value.value) == ("figid", figid)
    assert str(raised.value) == f"not a figid: {figid!r}"


@pytest.mark.parametrize(
    ("namespace", "accession", "iri"),
    [
        ("ncbigene", "5742", "https://identifiers.org/ncbigene/5742"),
        ("mesh", "D005947", "http://id.nlm.nih.gov/mesh/D005947"),
        ("mesh", "C000657245", "http://id.nlm.nih.gov/mesh/C000657245"),
        ("chebi", "17234", "http://purl.obolibrary.org/obo/CHEBI_17234"),
        ("doid", "0060239", "http://purl.obolibrary.org/obo/DOID_0060239"),
    ],
)
def test_entities_have_the_iris_that_others_use(namespace: str, accession: str, iri: str) -> None:
    assert IRIS.entity(namespace, accession).value == iri  # type: ignore[arg-type]


@pytest.mark.parametrize("namespace", ["ncbigene", "mesh", "chebi", "doid"])
@pytest.mark.parametrize(
    "accession", ["", "NA", "x", "-1", "1 2", "٣", "1\n", "D12", "mesh:D000001"]
)
def test_an_accession_of_the_wrong_shape_is_refused(namespace: str, accession: str) -> None:
    with pytest.raises(IriError):
        IRIS.entity(namespace, accession)  # type: ignore[arg-type]


@pytest.mark.parametrize("accession", ["0", "012", "1" * 13])
def test_a_gene_id_is_a_positive_number_without_leading_zeros(accession: str) -> None:
    with pytest.raises(IriError):
        IRIS.entity("ncbigene", accession)


def test_the_mention_s_hash_is_of_kind_word_match_and_source() -> None:
    # From the design: the first 12 hex digits of SHA-256 of the four, tabs between them.
    found = IRIS.mention("PMC1__f1", "gene", "Etk", "ETK", "hgnc_alias_symbol").value
    assert found == "https://pfocr.wikipathways.org/figures/PMC1__f1#mention-4989d20b895d"
    others = {
        IRIS.mention("PMC1__f1", *key).value
        for key in (
            ("chemical", "Etk", "ETK", "hgnc_alias_symbol"),
            ("gene", "ETK", "ETK", "hgnc_alias_symbol"),
            ("gene", "Etk", "Etk", "hgnc_alias_symbol"),
            ("gene", "Etk", "ETK", ""),
        )
    }
    assert len(others | {found}) == 5


def test_a_tab_in_a_word_makes_no_two_mentions_one() -> None:
    iris = Iris()
    words = [("a\tb", "c"), ("a", "b\tc"), ("a", "b"), ("a b", "c")]
    made = {iris.mention("PMC1__f1", "gene", *pair, "hgnc_symbol") for pair in words}
    assert len(made) == len(words)


def test_base_and_gene_prefix_are_configuration() -> None:
    iris = Iris("https://example.org/pfocr/", "http://bio2rdf.org/ncbigene:")
    assert iris.figure("PMC1__f1").value == "https://example.org/pfocr/figures/PMC1__f1"
    assert iris.entity("ncbigene", "1").value == "http://bio2rdf.org/ncbigene:1"
    assert iris.journal("J. Path.").value == "https://example.org/pfocr/journals/j-path"
    assert iris.prefixes()["gene"] == "http://bio2rdf.org/ncbigene:"


@pytest.mark.parametrize(
    "base",
    [
        "",
        "example.org/",
        "https://example.org",
        "ftp://x/",
        "https://a b/",
        "https://x/<>/",
        "urn:x:",
    ],
)
def test_a_base_that_would_break_iris_is_refused(base: str) -> None:
    with pytest.raises(IriError):
        Iris(base=base)
    with pytest.raises(IriError):
        Iris(gene_prefix=base)


@pytest.mark.parametrize("prefix", ["https://x.org/a#b#", "https://x.org/%zz[/", "https://x:y/"])
def test_a_prefix_that_makes_no_iri_is_refused(prefix: str) -> None:
    with pytest.raises(IriError):
        Iris(base=prefix)
    with pytest.raises(IriError):
        Iris(gene_prefix=prefix)


def test_a_gene_prefix_is_refused_with_what_it_must_be() -> None:
    with pytest.raises(IriError) as raised:
        Iris(gene_prefix="https://x.org")
    told = "not a gene prefix (http… and a closing / # : or =): 'https://x.org'"
    assert str(raised.value) == told


@pytest.mark.parametrize("base", ["https://x.org/a#", "https://x.org/#a/"])
def test_a_base_has_no_fragment_for_what_is_said_of_a_figure_has_its_own(base: str) -> None:
    with pytest.raises(IriError) as raised:
        Iris(base=base)
    told = "not a base (http… without #, and a closing / : or =): "
    assert str(raised.value) == told + repr(base)


def test_a_gene_prefix_may_end_with_a_fragment_s_sign() -> None:
    iris = Iris(gene_prefix="https://x.org/genes#")
    assert iris.entity("ncbigene", "1").value == "https://x.org/genes#1"


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("F%209", "F%209"),
        ("F 9", "F%209"),
        ("F%2", "F%252"),
        ("100% F%209", "100%25%20F%25209"),
        ("é%C3%a9", "%C3%A9%C3%a9"),
    ],
)
def test_a_link_that_is_escaped_is_not_escaped_again(path: str, end: str) -> None:
    assert IRIS.figure_at_pmc(f"PMC1/{path}").value.rpartition("/")[2] == end


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x.jpg",
        "http://",
        "https://a b",
        "http://x/%zz",
        "javascript:x",
        "http://x/é",
        "http://x/\n",
        "https://x.org/a#b#c",
        "https://x.org/#%zz",
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(IriError):
        IRIS.picture(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://www.ncbi.nlm.nih.gov/Taxonomy/taxi/images/422?a=b%20c",
        "https://en.wikipedia.org/wiki/Human#/media/File:A_(b).jpg?c",
        "https://x.org/#",
    ],
)
def test_a_web_address_stays_as_it_stands(address: str) -> None:
    assert IRIS.picture(address).value == address


@pytest.mark.parametrize("name", ["", " ", "—", "_", "…!?", "\ufc5e"])
def test_a_name_without_letters_gives_no_slug(name: str) -> None:
    with pytest.raises(IriError):
        slug(name)


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from(UNSAFE))))
def test_every_text_is_a_valid_path_segment_or_is_refused(text: str) -> None:
    makers: tuple[Callable[[], NamedNode], ...] = (
        lambda: NamedNode("http://x/" + encoded(text)),
        lambda: IRIS.figure(text),
        lambda: IRIS.figure("PMC1__" + text),
        lambda: IRIS.journal(text),
        lambda: IRIS.publisher(text),
        lambda: IRIS.image("PMC1", text),
        lambda: IRIS.figure_at_pmc("PMC1/figure/" + text),
        lambda: IRIS.source("_figures/" + text),
        lambda: IRIS.release(text),
        lambda: IRIS.part(text, text),
        lambda: IRIS.download(text),
        lambda: IRIS.picture("https://example.org/" + text),
        lambda: IRIS.network(text),
        lambda: IRIS.article(text),
        lambda: IRIS.taxon(text),
        lambda: IRIS.entity("ncbigene", text),
        lambda: IRIS.pathways(text)[0],
    )
    for make in makers:
        try:
            iri = make().value
        except IriError:
            continue
        assert iri.isascii()
        assert iri.isprintable()
        assert not set(iri) & set(' <>"{}|\\^`')
        assert NamedNode(iri).value == iri
