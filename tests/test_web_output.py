"""An answer goes out in blocks: counted, fit for XML, compressed, limited."""

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from pfocr_rdf.rows import MarkedRows
from pfocr_rdf.web.frames import MAX_PAYLOAD, Kind, split_frames
from pfocr_rdf.web.output import (
    ENCODING_TO_ENCODER,
    MIN_COMPRESSED,
    Head,
    Limits,
    Output,
    ServerGoneError,
    XmlGuard,
    named_in_xml,
)
from pfocr_rdf.web.problems import Refusal
from workers import Answer, gathered

A, P = NamedNode("http://a.example/x"), "http://p.example/"


def output(fd: int, encoding: str = "identity", rows: int = 10**9, size: int = 10**9) -> Output:
    head = Head("solutions", "tsv", encoding)
    return Output(fd, head, Limits(rows, size), MarkedRows(b"\n", header=1))


def sent(write: Callable[[Output], None], encoding: str = "identity") -> Answer:
    with tempfile.TemporaryFile() as file:
        out = output(file.fileno(), encoding)
        write(out)
        out.finish()
        file.seek(0)
        return gathered(file.read())


def pieces(data: bytes, size: int = 8_192) -> Iterator[bytes]:
    """As pyoxigraph writes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("encoding", ["identity", *ENCODING_TO_ENCODER])
@pytest.mark.parametrize("size", [0, 1, MIN_COMPRESSED - 1, MIN_COMPRESSED, 65_536, 200_001])
def test_an_answer_arrives_as_it_was_written(encoding: str, size: int) -> None:
    data = os.urandom(size // 2).hex().encode() + b"\n" * (size % 2)

    def write(out: Output) -> None:
        for piece in pieces(data):
            assert out.write(piece) == len(piece)
        out.flush()

    answer = sent(write, encoding)
    small = size < MIN_COMPRESSED
    assert answer.head["encoding"] == ("identity" if small else encoding)
    assert answer.text.encode() == data
    assert answer.end["bytes"] == size
    assert answer.kinds.startswith("H")
    assert answer.kinds.strip("HDE") == ""


def test_compressed_bytes_are_the_same_each_time() -> None:
    for encoding in ENCODING_TO_ENCODER:
        first, second = (sent(lambda out: ignore(out.write(b"ab\n" * 999)), encoding) for _ in "12")
        assert first.data == second.data
        assert len(first.data) < 200


def ignore(_: object) -> None:
    """A function of one expression gives nothing."""


def test_the_first_block_is_held_back_and_each_block_makes_one_frame() -> None:
    with tempfile.TemporaryFile() as file:
        out = output(file.fileno())
        for count in range(9):
            out.write(b"x" * 8_000)
            expected = 64_000 if count == 8 else 0
            assert os.fstat(file.fileno()).st_size == (expected and expected + 5 + 62)
        out.finish()
        file.seek(0)
        frames, _ = split_frames(file.read())
        sizes = [len(payload) for kind, payload in frames if kind == Kind.DATA]
        assert sizes == [64_000, 8_000]


def test_a_literal_longer_than_a_block_is_cut_into_full_frames() -> None:
    answer = sent(lambda out: ignore(out.write(b"x" * (2 * MAX_PAYLOAD + 1))))
    assert answer.kinds == "HDDDE"
    assert len(answer.data) == 2 * MAX_PAYLOAD + 1


def test_an_answer_of_as_many_rows_as_are_allowed_is_whole_and_one_more_is_refused() -> None:
    for rows, refused in ((3, False), (4, True)):
        with tempfile.TemporaryFile() as file:
            out = output(file.fileno(), rows=3)
            out.write(b"?x\n" + b"1\n" * rows)
            if refused:
                with pytest.raises(Refusal) as caught:
                    out.finish()
                assert caught.value.kind == "answer-too-large"
                assert caught.value.members == {"limit": 3, "measure": "rows"}
                assert os.fstat(file.fileno()).st_size == 0
            else:
                out.finish()
                file.seek(0)
                assert gathered(file.read()).end == {"rows": 3, "bytes": 9}


def test_an_answer_of_as_many_bytes_as_are_allowed_is_whole_and_one_more_is_refused() -> None:
    with tempfile.TemporaryFile() as file:
        out = output(file.fileno(), size=70_000)
        out.write(b"x" * 70_000)
        out.finish()
        out = output(file.fileno(), size=70_000)
        out.write(b"x" * 60_000)
        out.write(b"x" * 10_001)
        with pytest.raises(Refusal, match="more than 70,000 bytes") as caught:
            out.finish()
        assert caught.value.members == {"limit": 70_000, "measure": "bytes"}


def test_triples_are_counted_and_limited_while_they_are_written() -> None:
    triples = [Triple(A, A, Literal(str(number))) for number in range(5)]
    with tempfile.TemporaryFile() as file:
        out = Output(file.fileno(), Head("graph", "turtle", "identity"), Limits(5, 10**9))
        assert list(out.counted(triples)) == triples
        assert out.rows == 5
        out = Output(file.fileno(), Head("graph", "turtle", "identity"), Limits(4, 10**9))
        with pytest.raises(Refusal, match="more than 4 rows"):
            list(out.counted(triples))


def test_a_server_that_has_gone_ends_the_answer() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    out = output(writer)
    out.write(b"x" * MAX_PAYLOAD)
    with pytest.raises(ServerGoneError):
        out.write(b"x")
    os.close(writer)


# --- XML ---


@given(st.text(st.characters(codec="utf-8"), max_size=12), st.integers(1, 12))
@example("a\ufffeb", 2)
@example("\uffff", 1)
@example("\ufffd\ufeff\uffef", 1)
@example("\r\n\t\x0b", 3)
@example("\x7f\x85\u2028", 3)
def test_the_guard_passes_what_an_xml_parser_reads_back_and_nothing_else(
    text: str, size: int
) -> None:
    guard = XmlGuard("JSON")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    bad = [c for c in text if c in "\ufffe\uffff" or (c < " " and c not in "\t\n\r")]
    if not bad:
        document = b"".join(guard.check(piece) for piece in pieces(escaped.encode(), size))
        assert (ElementTree.fromstring(b"<a>%b</a>" % document).text or "") == text
        return
    with pytest.raises(Refusal, match=r"ask for JSON") as caught:
        deque((guard.check(piece) for piece in pieces(escaped.encode(), size)), maxlen=0)
    assert caught.value.kind == "not-xml"
    assert any(f"U+{ord(c):04X}" in caught.value.detail for c in bad)


def written(triples: list[Triple]) -> bytes:
    guard = XmlGuard("Turtle")
    data = serialize(named_in_xml(triples), format=RdfFormat.RDF_XML)
    assert data is not None
    return guard.check(data)


IRI_TAILS = st.text(st.sampled_from("ax1-._:/?&'%~é·\u0301𐐀"), max_size=6)


@given(IRI_TAILS)
@example("-x")
@example("é-x")
@example("1x.")
@example("x\u0301")
def test_a_property_is_written_so_that_every_parser_finds_its_iri_or_is_refused(tail: str) -> None:
    iri = P + tail.replace("%", "%20")
    triple = Triple(A, NamedNode(iri), Literal("v"))
    refused = None
    try:
        data = written([triple])
    except Refusal as refusal:
        refused = refusal
    if refused is None:
        [element] = ElementTree.fromstring(data)[0]
        assert element.tag.replace("{", "").replace("}", "") == iri
        assert [quad.triple for quad in parse(data, RdfFormat.RDF_XML)] == [triple]
        return
    assert refused.kind == "not-xml"
    assert f"<{iri}>" in refused.detail
    named = tail.rpartition("/")[2].lstrip("1-.")
    assert not (named.isascii() and named.isidentifier())


@pytest.mark.parametrize(
    "triple",
    [
        Triple(A, NamedNode("http://www.w3.org/2000/xmlns/x"), A),
        Triple(A, NamedNode(P + "x"), BlankNode("1x")),
        Triple(BlankNode("1x"), NamedNode(P + "x"), A),
        Triple(A, NamedNode(P + "x"), Triple(A, NamedNode(P), A)),
        Triple(A, NamedNode(P + "x"), Triple(A, NamedNode(P + "x"), BlankNode("1x"))),
    ],
)
def test_what_rdf_xml_cannot_name_is_refused(triple: Triple) -> None:
    with pytest.raises(Refusal, match="ask for Turtle"):
        written([triple])


@pytest.mark.parametrize(
    "triple",
    [
        Triple(BlankNode("x1"), NamedNode(P + "x"), BlankNode("b.c")),
        Triple(A, NamedNode(P + "x"), Triple(A, NamedNode(P + "y"), A)),
        Triple(A, NamedNode(P + "x"), Literal(" a\r\n\t]]>&<")),
        Triple(A, NamedNode(P + "x"), Literal("x", language="en-gb")),
    ],
)
def test_what_rdf_xml_can_name_is_read_back(triple: Triple) -> None:
    data = written([triple])
    ElementTree.fromstring(data)
    assert [quad.triple for quad in parse(data, RdfFormat.RDF_XML)] == [triple]
