"""Round trips: whatever text stands in a record comes back out of every dump format."""

import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import Quad, RdfFormat, Store, Triple, parse, serialize

from making import (
    CHEMICAL_COLUMNS,
    FIELDS,
    FIGID,
    GENE_COLUMNS,
    OPTIONAL,
    raw_record,
    read,
    read_all,
    record,
    table,
    triples_of,
    values,
    write,
)
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Figure
from pfocr_rdf.records.text import NULLS, UNPUBLISHABLE_RE, one_line
from pfocr_rdf.vocabulary import Pfocr, Schema

ME = Iris().figure(FIGID)
FORMATS = (RdfFormat.N_TRIPLES, RdfFormat.TURTLE, RdfFormat.JSON_LD)
#: Characters that have broken a parser or a serializer somewhere, likelier than by chance.
HARD = (
    "\"'\\<>{}|^`%@:#&*!?-[], \t\n\r\u0000\u0007\u001f\u007f\u0085\u00a0\u00ad\u0301\u200b\u2028"
    "\u202e\ufeff\ufffe\uffff😀\U0010ffff"
)
texts = st.text(st.one_of(st.sampled_from(HARD), st.characters(codec="utf-8")), max_size=60)
cells = texts.map(lambda text: text.translate({9: "t", 10: "n", 13: "r", 0: "0"}))


def kept(text: str) -> str:
    """What a word must come out as."""
    return UNPUBLISHABLE_RE.sub("", text)


def folded(text: str) -> str:
    """What a title must come out as; empty where it means "nothing"."""
    line = " ".join(unicodedata.normalize("NFC", kept(text)).split())
    return "" if line in NULLS else line


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def survives_every_format(figures: list[Figure]) -> list[Triple]:
    """The triples, after checking that each format and the store give them back."""
    triples = triples_of(figures)
    assert len(triples) == len(set(triples))
    for form in FORMATS:
        written = serialize(triples, format=form)
        assert written is not None
        assert {quad.triple for quad in parse(written, format=form)} == set(triples), form
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    assert {quad.triple for quad in store} == set(triples)
    return triples


@given(title=texts, caption=texts, citation=texts, keyword=texts)
@example(title="NO", caption="IPP----\n---\n", citation=" ", keyword="~")
def test_metadata_survives(title: str, caption: str, citation: str, keyword: str) -> None:
    text = record(
        figtitle=title,
        caption=caption,
        reftext=citation,
        **{"schema-jsonld": {"keywords": [keyword, "TP53"]}},
    )
    with folder() as path:
        figure, _ = read(path, text)
    assert figure
    triples = survives_every_format([figure])
    assert values(triples, ME, Schema.name) == [t for t in [folded(title)] if t]
    assert values(triples, ME, Schema.caption) == [t for t in [folded(caption)] if t]
    found = values(triples, ME, Pfocr.caption_as_found)
    as_found = kept(caption)
    assert found == ([as_found] if folded(caption) and as_found != folded(caption) else [])
    word = kept(keyword).strip()
    assert values(triples, ME, Schema.keywords) == list(
        dict.fromkeys(w for w in (word, "TP53") if w)
    )
    assert (figure.article.citation or "") == folded(citation)


@given(word=texts, symbol=texts, name=texts)
@example(word="NO", symbol="1:30", name="012")
@example(word="---", symbol="...", name="<<")
def test_inline_words_and_symbols_survive(word: str, symbol: str, name: str) -> None:
    row = {"word": word, "symbol": symbol, "source": "hgnc_symbol", "hgnc_symbol": name}
    with folder() as path:
        figure, _ = read(path, record(genes=[{**row, "entrez": "5742"}]))
    assert figure
    triples = survives_every_format([figure])
    (mention,) = figure.mentions
    assert (mention.word, mention.match) == (kept(word), kept(symbol))
    gene = Iris().entity("ncbigene", "5742")
    called = one_line(kept(name)) or one_line(kept(symbol)) or one_line(kept(word))
    assert values(triples, gene, Schema.name) == ([called] if called else [])


@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=4))
@example(rows=[("NA", "~", "null"), ("", "", ""), ("\ufeff", " ", '"')])
def test_words_of_tables_survive(rows: list[tuple[str, str, str]]) -> None:
    genes = [
        f"9606\tHomo sapiens\tP\t{w}\t{m}\t{s}\t5742\tncbigene_symbol\t1\t1\t1" for w, m, s in rows
    ]
    chemicals = [f"{w}\tmesh:D000001\t{m}\t{s}\tNA" for w, m, s in rows]
    header = [columns.replace(" ", "\t") for columns in (GENE_COLUMNS, CHEMICAL_COLUMNS)]
    with folder() as path:
        figure, _ = read(
            path,
            record(),
            genes="\n".join([header[0], *genes]),
            chemicals="\n".join([header[1], *chemicals]),
        )
    assert figure
    survives_every_format([figure])
    expected = dict.fromkeys((kept(w), kept(m)) for w, m, _ in rows)
    for kind in ("gene", "chemical"):
        found = [(m.word, m.match) for m in figure.mentions if m.kind == kind]
        assert found == list(expected)
    names = {c.name for m in figure.mentions if m.kind == "gene" for c in m.candidates}
    called = (map(one_line, map(kept, (s, m, w))) for w, m, s in rows)
    assert {next(filter(None, texts), "") for texts in called} >= names


@given(name=texts)
def test_organisms_journals_and_pathways_survive_or_are_reported(name: str) -> None:
    more = ("organisms", "journal_title", "publisher_name", "doi", "wpid", "ndex", "filename")
    with folder() as path:
        figure, problems = read(path, record(**{field: name for field in more}))
    assert figure
    triples = survives_every_format([figure])
    said = {t.object.value for t in triples if hasattr(t.object, "value")}
    if folded(name):
        assert figure.article.journal or f"journal_title: {folded(name)}" in said
        assert f"ndex: {folded(name)}" in said
        assert any(problem.field == "ndex" for problem in problems)


@given(stem=texts.filter(lambda text: "/" not in text and "\0" not in text))
@example(stem=' <>"{}|^`%')
@example(stem="%2e%2e")
@example(stem="\u202egnp.exe")
@example(stem="a" * 300)
def test_any_figid_gives_a_valid_iri_or_is_refused(stem: str) -> None:
    figid = f"PMC1__{stem}"
    with folder() as path:
        write(path, {"_figures/record.md": record(figid=figid, filename=None)})
        figures, problems = read_all(path)
    assert figures or ("figid", "error") in [(p.field, p.severity) for p in problems]
    for figure in figures.values():
        triples = survives_every_format([figure])
        assert values(triples, Iris().figure(figure.figid), Schema.identifier) == [figure.figid]
        assert figure.figid == kept(figid).strip()


@given(st.binary(max_size=200))
@example(b"---\n---\n")
@example(b"\xef\xbb\xbf---\n")
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    with folder() as path:
        for content in (data, b"---\n" + data + b"\n---\n"):
            figure, problems = read(path, content, genes=data, chemicals=data)
            assert figure or [p for p in problems if p.severity == "error"]
            if figure:
                survives_every_format([figure])


@given(at=st.integers(0, 10_000), inserted=texts, removed=st.integers(0, 20))
def test_no_damage_to_a_record_makes_the_reader_fail(at: int, inserted: str, removed: int) -> None:
    whole = record(
        chemicals=[{"word": "Lead", "source": "MESH", "identifier": "D007854"}],
        **{"schema-jsonld": {"keywords": ["Lead", "On"]}},
    )
    at %= len(whole)
    with folder() as path:
        figure, problems = read(path, whole[:at] + inserted + whole[at + removed :])
    assert figure or [p for p in problems if p.severity == "error"]
    if figure:
        survives_every_format([figure])


structures: st.SearchStrategy[object] = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


@given(name=st.sampled_from(sorted({*FIELDS, *OPTIONAL.split()} - {"figid"})), value=structures)
def test_no_shape_of_a_field_makes_the_reader_fail(name: str, value: object) -> None:
    with folder() as path:
        figure, problems = read(path, record(**{name: value}))
    assert figure or [p for p in problems if p.severity == "error"]
    if figure:
        survives_every_format([figure])


@given(line=cells)
def test_no_line_of_a_map_file_makes_the_reader_fail(line: str) -> None:
    maps = {
        f"_data/{n}_map.tsv": f"{line}\n{FIGID}\t{line}\n{line}\tWP1\n" for n in ("ndex", "wpid")
    }
    with folder() as path:
        figure, _ = read(write(path, maps), record())
    assert figure
    survives_every_format([figure])


@pytest.mark.parametrize("length", [1_000, 200_000])
def test_very_long_texts_survive(length: int, tmp_path: Path) -> None:
    word = "wörd" * (length // 4)
    genes = table(GENE_COLUMNS, f"9606|Homo sapiens|P|{word}|{word}|{word}|5|ncbigene_symbol|1|1|1")
    figure, _ = read(tmp_path, raw_record(f"figtitle: {word}"), genes=genes)
    assert figure
    triples = survives_every_format([figure])
    assert values(triples, ME, Schema.name) == [word]
