"""Every dump format holds the same triples, byte for byte the same wherever it is written."""

import errno
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from building import DUMPS, build, dumped
from making import REPOSITORY, record, write
from parsing import by_pyoxigraph, by_rdflib, unpacked
from pfocr_rdf import iris as ns
from pfocr_rdf.dumps import (
    FORMATS,
    NAME_TO_FORMAT,
    WRITTEN,
    DumpWriter,
    Part,
    compress,
    link_targets,
    make_part,
    turtle_document,
    turtle_header,
    written_graph,
)
from pfocr_rdf.iris import Iris, term
from pfocr_rdf.mapping import Node, triples
from pfocr_rdf.releases import Release
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema

OTHER: Final = Iris(base="https://example.org/x/", gene_prefix="http://bio2rdf.org/ncbigene:")
SUBJECT: Final = Iris().figure("PMC1__f1")
ODD_TEXTS: Final = (
    *("", " ", '"', "'", '"""', "\\", "\\u0041", "\n", "\r", "\r\n", "\t", "\u0001", "\u007f"),
    *(
        "\u0085",
        "\u2028",
        "\u2029",
        "\ufeff",
        "é",
        "e\u0301",
        "中",
        "😀",
        "<a>",
        "a > b",
        "^^xsd:x",
    ),
    *("@prefix x: <y> .", "}", "# no comment", "_:b0", "@en", "%20", "http://schema.org/", "."),
)
ODD_IRIS: Final = (
    *("https://example.org/a(b)'c,d;e", "https://example.org/%20%23", "https://example.org/中"),
    *("http://schema.org/", "http://schema.org/a/b", "http://schema.org/-"),
    *("https://pfocr.wikipathways.org/figures/PMC1__a%20b.html", "urn:uuid:1"),
    *("https://pfocr.wikipathways.org/figures/PMC1__a#mention-0", "https://example.org/?a=b&c=d"),
)


def members(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The header and the contents of each gzip member."""
    while data:
        unpacker = zlib.decompressobj(wbits=31)
        contents = unpacker.decompress(data)
        assert unpacker.eof
        yield data[:10], contents
        data = unpacker.unused_data


def contents(part: Part, name: str, iris: Iris) -> bytes:
    """What a part writes in a format, readable on its own."""
    header = turtle_header(iris) if name == "turtle" else b""
    return header + zlib.decompress(part.compressed[name], wbits=31)


def read(part: Part, iris: Iris) -> dict[str, set[Triple]]:
    """The triples of a part by format and reader."""
    lines = contents(part, "jsonld", iris).split(b"\n")[:-1]
    turtle, plain = contents(part, "turtle", iris), contents(part, "ntriples", iris)
    return {
        "turtle": by_pyoxigraph(turtle, RdfFormat.TURTLE),
        "ntriples": by_pyoxigraph(plain, RdfFormat.N_TRIPLES),
        "jsonld": {t for line in lines for t in by_pyoxigraph(line, RdfFormat.JSON_LD)},
        "turtle, rdflib": by_rdflib(turtle, "turtle"),
        "ntriples, rdflib": by_rdflib(plain, "nt"),
        "jsonld, rdflib": {t for line in lines for t in by_rdflib(line, "json-ld")},
    }


# The files of a release


def test_every_format_holds_the_same_triples(any_release: Release) -> None:
    found = {form.name: [q.triple for q in dumped(any_release, form.name)] for form in FORMATS}
    expected = set(found["ntriples"])
    for name, held in found.items():
        assert set(held) == expected, name
        assert len(held) == len(expected) == any_release.manifest()["triples"], name


def test_another_library_reads_the_same_triples_from_every_format(seeds_release: Release) -> None:
    plain = unpacked(seeds_release.dumps / "pfocr.nt.gz")
    expected = by_pyoxigraph(plain, RdfFormat.N_TRIPLES)
    assert by_rdflib(plain, "nt") == expected
    assert by_rdflib(unpacked(seeds_release.dumps / "pfocr.ttl.gz"), "turtle") == expected


def test_the_nquads_file_is_the_ntriples_file(any_release: Release) -> None:
    one, other = any_release.dumps / "pfocr.nq.gz", any_release.dumps / "pfocr.nt.gz"
    assert one.read_bytes() == other.read_bytes()
    quads = list(parse(unpacked(one), format=RdfFormat.N_QUADS))
    assert {quad.graph_name for quad in quads} == {DefaultGraph()}


def test_a_line_of_ntriples_is_one_triple_in_canonical_form(any_release: Release) -> None:
    lines = unpacked(any_release.dumps / "pfocr.nt.gz").decode().split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(set(lines))
    for line in lines[:: max(1, len(lines) // 2000)]:
        (quad,) = parse(line, format=RdfFormat.N_TRIPLES)
        assert f"{quad.triple} ." == line


def test_equivalents_are_in_their_own_graph_and_nowhere_else(any_release: Release) -> None:
    quads = dumped(any_release, "equivalents")
    assert len(quads) == len(set(quads)) == any_release.manifest()["equivalents"]
    assert {quad.graph_name for quad in quads} == {Iris().equivalents}
    assert {quad.predicate for quad in quads} == {Schema.same_as}
    assert not {quad.triple for quad in quads} & {q.triple for q in dumped(any_release, "ntriples")}


@pytest.mark.parametrize("form", DUMPS, ids=lambda form: form.name)
def test_gzip_members_carry_no_time_and_no_name(form: object, any_release: Release) -> None:
    found = list(members((any_release.dumps / form.file).read_bytes()))  # type: ignore[attr-defined]
    assert len({header for header, _ in found}) == 1
    magic, method, flags, time, _, system = struct.unpack("<HBBIBB", found[0][0])
    assert (magic, method) == (0x8B1F, 8)
    assert (flags, time) == (0, 0)
    assert system == 255  # unknown: no machine is told from another
    assert all(text for _, text in found)


@pytest.mark.long
def test_files_of_many_members_are_read_by_gzip(corpus_release: Release) -> None:
    for form in DUMPS:
        file = corpus_release.dumps / form.file
        assert len(list(members(file.read_bytes()))) > 3
        done = subprocess.run(["gzip", "-dc", str(file)], capture_output=True, check=True)
        assert done.stdout == unpacked(file)


def test_the_turtle_header_is_sorted_and_stands_once_at_the_start(any_release: Release) -> None:
    lines = unpacked(any_release.dumps / "pfocr.ttl.gz").decode().split("\n")
    declared = [line for line in lines if line.startswith("@prefix ")]
    assert declared == sorted(declared) == lines[: len(declared)]
    assert declared == sorted(f"@prefix {p}: <{iri}> ." for p, iri in Iris().prefixes().items())
    assert not [line for line in lines if line.startswith(("@base", "PREFIX", "BASE"))]


def test_a_small_graph_declares_the_prefixes_that_it_has_and_no_others() -> None:
    """What looks like one in a text or an IRI is none; obo: would be as good as taxon:."""
    iris = Iris()
    gene = term(ns.NCBIGENE, "2064")
    texts = ("void: a", 'skos: "owl: \\', 'pav:\n"')
    facts = [Triple(gene, Schema.name, Literal(text)) for text in texts]
    facts += [
        Triple(gene, Schema.same_as, NamedNode("urn:foaf:x")),
        Triple(gene, Schema.date_published, Literal("2016", datatype=term(ns.XSD, "gYear"))),
        Triple(gene, Schema.about, iris.taxon("9606")),
    ]
    written = written_graph(facts, "turtle", iris)
    declared = re.findall(r"^@prefix (\w+):", written.decode(), re.MULTILINE)
    assert declared == ["gene", "schema", "taxon", "xsd"]
    assert {quad.triple for quad in parse(written, RdfFormat.TURTLE)} == set(facts)
    assert written_graph([], "turtle", iris) == b""


def test_sha256sum_accepts_the_checksums_and_they_are_of_every_file(any_release: Release) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=any_release.dumps,
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    found = [line.removesuffix(": OK") for line in done.stdout.splitlines()]
    files = sorted(path.name for path in any_release.dumps.iterdir())
    assert found == [name for name in files if name != "SHA256SUMS"]


def test_the_manifest_of_the_dumps_counts_what_is_there(any_release: Release) -> None:
    manifest = json.loads((any_release.dumps / "manifest.json").read_text(encoding="utf-8"))
    lines = unpacked(any_release.dumps / "pfocr.nt.gz").count(b"\n")
    assert manifest["triples"] == lines
    assert manifest["equivalents"] == unpacked(any_release.dumps / "equivalents.nq.gz").count(b"\n")
    figures = {
        quad.subject
        for quad in dumped(any_release, "ntriples")
        if quad.predicate == RDF_TYPE and quad.object == Pfocr.PathwayFigure
    }
    assert manifest["figures"] == len(figures)
    assert [row["name"] for row in manifest["files"]] == [
        *sorted(form.file for form in DUMPS),
        "void.ttl",
    ]
    for row in manifest["files"]:
        data = (any_release.dumps / row["name"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_the_manifest_of_the_release_lists_every_file_that_stays_as_it_is(
    seeds_release: Release,
) -> None:
    listed = [row["name"] for row in seeds_release.manifest()["files"]]
    assert listed == sorted(listed)
    there = {p.relative_to(seeds_release.path).as_posix() for p in seeds_release.path.rglob("*.*")}
    assert {name for name in there if name.endswith((".sst", ".gz", ".ttl", ".json"))} == {
        *(name for name in listed if name.endswith((".sst", ".gz", ".ttl", ".json"))),
        "manifest.json",
    }
    assert "report.json" in listed
    assert not [name for name in listed if "LOG" in name or "LOCK" in name]


def test_another_base_and_gene_prefix_give_the_same_triples_in_every_format(tmp_path: Path) -> None:
    gene = {"genes": [{"word": "A", "symbol": "B", "source": "hgnc_symbol", "entrez": "5742"}]}
    records = write(tmp_path / "records", {"PMC1__f1.md": record(**gene)})
    release = build(records, tmp_path / "data", iris=OTHER).release
    found = {form.name: {q.triple for q in dumped(release, form.name)} for form in FORMATS}
    assert len({frozenset(triples) for triples in found.values()}) == 1
    mentioned = NamedNode("http://bio2rdf.org/ncbigene:5742")
    figure = NamedNode("https://example.org/x/figures/PMC1__f1")
    assert Triple(figure, Schema.mentions, mentioned) in found["turtle"]
    assert by_rdflib(unpacked(release.dumps / "pfocr.ttl.gz"), "turtle") == found["turtle"]
    text = unpacked(release.dumps / "pfocr.ttl.gz").decode()
    assert "@prefix gene: <http://bio2rdf.org/ncbigene:> ." in text
    assert "schema:mentions gene:5742" in text


# Parts


@pytest.mark.parametrize("iris", [Iris(), OTHER], ids=["default", "other"])
def test_odd_texts_and_iris_are_the_same_triples_in_every_format(iris: Iris) -> None:
    facts = [(Schema.name, Literal(text)) for text in ODD_TEXTS]
    links = [(Schema.about, NamedNode(iri)) for iri in ODD_IRIS]
    nodes = [Node(SUBJECT, [*facts, *links])]
    nodes += [Node(NamedNode(iri), [(RDF_TYPE, Schema.Gene)]) for iri in ODD_IRIS]
    part = make_part([nodes], [], iris)
    for name, found in read(part, iris).items():
        assert found == set(triples(nodes)), name


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        *(("5", "integer"), ("-5", "integer"), ("123456789012345678901234567890", "integer")),
        *(("0.5", "decimal"), ("5", "decimal"), ("2019", "gYear"), ("true", "boolean")),
        *(("2025-01-01", "date"), ("x", "anyURI")),
    ],
)
def test_typed_values_are_the_same_in_every_format(text: str, datatype: str) -> None:
    literal = Literal(text, datatype=term(ns.XSD, datatype))
    nodes = [Node(SUBJECT, [(p, literal) for p in (Schema.name, Pfocr.row_count, Schema.url)])]
    for name, found in read(make_part([nodes], [], Iris()), Iris()).items():
        assert found == set(triples(nodes)), name


def test_the_store_is_sent_what_the_files_hold() -> None:
    nodes = [Node(SUBJECT, [(Schema.name, Literal("a"))])]
    quad = Quad(SUBJECT, Schema.same_as, Schema.Gene, Iris().equivalents)
    part = make_part([nodes], [quad], Iris())
    assert part.equivalents == 1
    assert part.tally.triples == 1
    sent = list(parse(turtle_header(Iris()) + part.trig, format=RdfFormat.TRIG))
    assert set(sent) == {quad, Quad(SUBJECT, Schema.name, Literal("a"), DefaultGraph())}


def test_parts_that_follow_one_another_are_one_document() -> None:
    parts = [
        make_part([[Node(NamedNode(iri), [(Schema.name, Literal(iri))])]], [], Iris())
        for iri in ODD_IRIS
    ]
    whole = turtle_header(Iris()) + b"".join(
        zlib.decompress(part.compressed["turtle"], wbits=31) for part in parts
    )
    assert len(by_pyoxigraph(whole, RdfFormat.TURTLE)) == len(ODD_IRIS)
    assert len(by_rdflib(whole, "turtle")) == len(ODD_IRIS)


def test_a_name_that_ends_in_a_dot_is_escaped() -> None:
    nodes = [Node(term(ns.SCHEMA, "a."), [(Schema.name, Literal("x"))])]
    written = contents(make_part([nodes], [], Iris()), "turtle", Iris())
    # rdflib cannot read it, though https://www.w3.org/TR/turtle/#reserved allows it.
    assert b"schema:a\\. schema:name" in written
    assert by_pyoxigraph(written, RdfFormat.TURTLE) == set(triples(nodes))


def test_a_part_without_equivalents_writes_none() -> None:
    part = make_part([[Node(SUBJECT, [(Schema.name, Literal("a"))])]], [], Iris())
    assert set(part.compressed) == {"turtle", "ntriples", "jsonld"}


def test_a_turtle_document_is_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys; from pyoxigraph import Literal, NamedNode, Triple;"
        "from pfocr_rdf.dumps import turtle_document; from pfocr_rdf.iris import Iris;"
        "from pfocr_rdf.vocabulary import Schema;"
        "sys.stdout.buffer.write(turtle_document("
        "[Triple(Schema.Gene, Schema.name, Literal('a'))], Iris()))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    }
    expected = turtle_document([Triple(Schema.Gene, Schema.name, Literal("a"))], Iris())
    assert found == {expected}


def test_links_lead_to_the_configured_genes() -> None:
    assert link_targets(OTHER)[Schema.mentions][0] == (OTHER.gene_prefix, "ncbigene")


# Writing


def test_a_file_that_nothing_was_written_to_is_an_empty_gzip_file(tmp_path: Path) -> None:
    with DumpWriter(tmp_path / "dumps", Iris()) as writer:
        files = writer.finish()
    for file in files:
        text = unpacked(tmp_path / "dumps" / file.name)
        assert text == (turtle_header(Iris()) if file.name == "pfocr.ttl.gz" else b"")


def test_a_finished_file_has_the_size_and_hash_that_were_counted_while_writing(
    tmp_path: Path,
) -> None:
    part = make_part([[Node(SUBJECT, [(Schema.name, Literal("a"))])]], [], Iris())
    with DumpWriter(tmp_path, Iris()) as writer:
        writer.append(part)
        writer.append(part)
        files = writer.finish()
    assert [file.name for file in files] == sorted(f.file for f in DUMPS)
    for file in files:
        data = (tmp_path / file.name).read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_where_there_are_no_links_the_nquads_file_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with DumpWriter(tmp_path, Iris()) as writer:
        writer.append(make_part([[Node(SUBJECT, [(Schema.name, Literal("a"))])]], [], Iris()))
        writer.finish()
    quads, plain = tmp_path / "pfocr.nq.gz", tmp_path / "pfocr.nt.gz"
    assert quads.read_bytes() == plain.read_bytes()
    assert not quads.samefile(plain)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_full_disk_is_an_error_that_names_the_file(name: str, tmp_path: Path) -> None:
    file = NAME_TO_FORMAT[name].file
    (tmp_path / file).symlink_to("/dev/full")
    writer = DumpWriter(tmp_path, Iris())
    quad = Quad(SUBJECT, Schema.same_as, Schema.Gene, Iris().equivalents)
    part = make_part([[Node(SUBJECT, [(Schema.name, Literal("a"))])]], [quad], Iris())

    def write() -> None:
        with writer:
            writer.append(part)
            writer.finish()

    with pytest.raises(OSError, match="No space left") as caught:
        write()
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, file)


def test_files_that_cannot_all_be_opened_are_closed_again(tmp_path: Path) -> None:
    (tmp_path / NAME_TO_FORMAT[WRITTEN[-1]].file).mkdir()
    before = set(os.listdir("/proc/self/fd"))
    writer = DumpWriter(tmp_path, Iris())
    with pytest.raises(IsADirectoryError):
        writer.__enter__()
    assert set(os.listdir("/proc/self/fd")) == before


def test_compressing_the_same_bytes_twice_gives_the_same_bytes() -> None:
    assert compress(b"a" * 1000) == compress(b"a" * 1000)
    assert zlib.decompress(compress(b"a" * 1000), wbits=31) == b"a" * 1000


def test_every_format_has_its_media_type_and_specification() -> None:
    assert [form.media_type for form in FORMATS] == [
        *("text/turtle", "application/n-triples", "application/n-quads", "application/x-ndjson"),
    ]
    assert len({form.file for form in DUMPS}) == 5
    for form in DUMPS:
        assert form.specification.startswith("https://www.w3.org/TR/")
