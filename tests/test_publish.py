"""Dumps on their way out are what the release holds, in every format."""

import gzip
import io
import shutil
import struct
from pathlib import Path
from typing import Final, get_args

import pytest
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from building import DUMPS, build, dumps
from invoking import run
from making import record, write
from parsing import by_rdflib
from pfocr_rdf.crate import CRATE
from pfocr_rdf.dumps import MAPPINGS, NAME_TO_FORMAT
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.publish import DumpFormatName, copy_dumps, write_dump
from pfocr_rdf.releases import Release
from pfocr_rdf.xml_text import NotXmlError, XmlText

IRIS: Final = Iris()
#: Of every release; that of links from mapping sets has tests of its own.
FORMATS: Final = tuple(form for form in get_args(DumpFormatName) if form != MAPPINGS.name)
FORMAT_TO_RDF: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "equivalents": RdfFormat.N_QUADS,
    "mappings": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdfxml": RdfFormat.RDF_XML,
    "n3": RdfFormat.N3,
}
CONVERTED: Final[tuple[DumpFormatName, ...]] = ("trig", "rdfxml", "n3")


def written(release: Release, form: DumpFormatName, *, gzipped: bool = False) -> bytes:
    out = io.BytesIO()
    write_dump(release, form, out, IRIS, gzipped=gzipped)
    return out.getvalue()


def read(data: bytes, form: str) -> set[Quad]:
    if form == "rdfxml":  # by a parser that keeps to XML, which reads a bare carriage return as \n
        return {Quad(*triple) for triple in by_rdflib(data, "xml")}
    if form == "jsonld":
        lines = data.split(b"\n")[:-1]
        return {quad for line in lines for quad in parse(line, format=RdfFormat.JSON_LD)}
    return set(parse(data, format=FORMAT_TO_RDF[form]))


def expected(release: Release, form: str) -> set[Quad]:
    store = Store.read_only(str(release.store))
    if form == "trig":
        return set(store)
    in_default = form != "equivalents"
    return {quad for quad in store if (quad.graph_name == DefaultGraph()) == in_default}


def test_the_formats_are_the_dumps_and_those_made_from_the_store() -> None:
    assert set(get_args(DumpFormatName)) == {*NAME_TO_FORMAT, *CONVERTED}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_back_as_the_triples_of_the_store(
    form: DumpFormatName, mixed_release: Release
) -> None:
    assert read(written(mixed_release, form), form) == expected(mixed_release, form)


@pytest.mark.parametrize("form", FORMATS)
def test_compressed_output_is_the_same_without_a_time_or_a_name(
    form: DumpFormatName, seeds_release: Release, tmp_path: Path
) -> None:
    file = tmp_path / "named.gz"
    with file.open("wb") as out:
        write_dump(seeds_release, form, out, IRIS, gzipped=True)
    data = file.read_bytes()
    assert read(gzip.decompress(data), form) == expected(seeds_release, form)
    _, method, flags, time = struct.unpack("<HBBI", data[:8])
    assert (method, flags, time) == (8, 0, 0)
    if form in NAME_TO_FORMAT:
        assert data == (seeds_release.dumps / NAME_TO_FORMAT[form].file).read_bytes()


@pytest.mark.parametrize(("form", "rdflib_form"), [("rdfxml", "xml"), ("n3", "n3")])
def test_another_library_reads_what_is_converted(
    form: DumpFormatName, rdflib_form: str, mixed_release: Release
) -> None:
    found = by_rdflib(written(mixed_release, form), rdflib_form)
    assert found == {quad.triple for quad in expected(mixed_release, form)}


def test_odd_texts_survive_conversion(tmp_path: Path) -> None:
    title = "a <b> & \"c\" 'd' ]]> \u2028 \u0085 é 😀 {} \\ #"
    words = [
        {"word": word, "symbol": "S", "source": "hgnc_symbol", "entrez": "1"}
        for word in (
            "<",
            "&amp;",
            "]]>",
            "\\",
            '"""',
            "'",
            "a\nb",
            "a\rb",
            "a\r\nb",
            "a\tb",
            " a ",
            "{x}",
            "\u00a0",
            "@en",
        )
    ]
    records = write(tmp_path / "records", {"PMC1__f1.md": record(figtitle=title, genes=words)})
    release = build(records, tmp_path / "data").release
    for form in FORMATS:
        assert read(written(release, form), form) == expected(release, form), form


def test_what_xml_cannot_hold_is_told_with_what_to_do(
    seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(self: XmlText, block: bytes) -> bytes:
        raise NotXmlError("U+0001")

    monkeypatch.setattr(XmlText, "check", check)
    with pytest.raises(ReleaseError) as refused:
        written(seeds_release, "rdfxml")
    assert str(refused.value) == (
        f"release {seeds_release.id} holds U+0001, which XML cannot hold: name another --format"
    )


def test_copied_dumps_are_the_bytes_of_the_release(seeds_release: Release, tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    copied = copy_dumps(seeds_release, target)
    assert sorted(target.iterdir()) == copied
    copied.remove(target / CRATE)
    assert {path.name: path.read_bytes() for path in copied} == dumps(seeds_release)


def test_dumps_are_copied_into_an_empty_folder(seeds_release: Release, tmp_path: Path) -> None:
    assert len(copy_dumps(seeds_release, tmp_path)) == 9


def test_a_folder_that_holds_other_files_is_refused(seeds_release: Release, tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("mine")
    with pytest.raises(ReleaseError) as caught:
        copy_dumps(seeds_release, tmp_path)
    assert str(caught.value) == f"{tmp_path} is not empty: name a new folder"
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


def test_a_file_in_the_place_of_the_folder_is_refused(
    seeds_release: Release, tmp_path: Path
) -> None:
    target = tmp_path / "file"
    target.write_text("mine")
    with pytest.raises(ReleaseError) as caught:
        copy_dumps(seeds_release, target)
    assert str(caught.value) == f"{target} is a file: name a new folder"
    assert target.read_text() == "mine"


def test_copying_from_a_release_without_dumps_is_refused(
    copied_release: Release, tmp_path: Path
) -> None:
    shutil.rmtree(copied_release.dumps)
    with pytest.raises(ReleaseError, match="run `pfocr-rdf verify` on the release"):
        copy_dumps(copied_release, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_copy_that_is_interrupted_leaves_nothing_in_the_way_of_the_next(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: Path, target: Path) -> Path:
        Path(target).write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            copy_dumps(seeds_release, tmp_path)
    assert len(copy_dumps(seeds_release, tmp_path)) == 9


@pytest.mark.parametrize("how", ["cut", "emptied", "deleted", "flipped"])
def test_dumps_are_not_copied_where_one_is_not_whole(
    how: str, copied_release: Release, tmp_path: Path
) -> None:
    damaged(copied_release.dumps / "pfocr.nt.gz", how)
    with pytest.raises(ReleaseError, match="run `pfocr-rdf verify` on the release"):
        copy_dumps(copied_release, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_file_that_was_not_published_is_not_copied(
    copied_release: Release, tmp_path: Path
) -> None:
    (copied_release.dumps / ".notes.swp").write_text("mine")
    assert len(copy_dumps(copied_release, tmp_path / "target")) == 9


def test_a_dump_of_other_bytes_is_not_written_as_it_is(copied_release: Release) -> None:
    damaged(copied_release.dumps / "pfocr.nt.gz", "flipped")
    with pytest.raises(ReleaseError, match=r"nt.gz: SHA-256 [0-9a-f]{64}, the manifest says "):
        written(copied_release, "ntriples", gzipped=True)


def damaged(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.unlink()
    if how == "flipped":
        half = len(data) // 2
        path.write_bytes(data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :])
    elif how == "cut":
        path.write_bytes(data[:-10])
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "replaced":
        path.write_bytes(b"not compressed")


@pytest.mark.parametrize("form", [form.name for form in DUMPS])
@pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "replaced", "deleted"])
def test_a_damaged_dump_is_refused(form: DumpFormatName, how: str, copied_release: Release) -> None:
    damaged(copied_release.dumps / NAME_TO_FORMAT[form].file, how)
    with pytest.raises(ReleaseError) as caught:
        written(copied_release, form)
    assert str(caught.value).startswith(f"{copied_release.path}: cannot be read (")
    assert str(caught.value).endswith("): run `pfocr-rdf verify` on the release")


@pytest.mark.parametrize("form", CONVERTED)
@pytest.mark.parametrize("gzipped", [True, False])
def test_a_store_that_cannot_be_opened_is_refused(
    form: DumpFormatName, gzipped: bool, copied_release: Release
) -> None:
    shutil.rmtree(copied_release.store)
    with pytest.raises(ReleaseError, match="not a readable store"):
        written(copied_release, form, gzipped=gzipped)


@pytest.mark.parametrize("gzipped", [False, True])
def test_links_from_mapping_sets_are_a_format_of_their_own(
    gzipped: bool, mapped_release: Release
) -> None:
    data = written(mapped_release, "mappings", gzipped=gzipped)
    found = read(gzip.decompress(data) if gzipped else data, "mappings")
    graphs = {one["graph"] for one in mapped_release.manifest()["mapping_sets"]}
    store = Store.read_only(str(mapped_release.store))
    assert found == {q for q in store if getattr(q.graph_name, "value", "") in graphs}
    assert len(found) == mapped_release.manifest()["mappings"] > 0


def test_trig_has_the_graphs_of_mapping_sets_too(mapped_release: Release) -> None:
    found = read(written(mapped_release, "trig"), "trig")
    assert found == set(Store.read_only(str(mapped_release.store)))


def test_a_release_without_links_says_so_and_leaves_no_file(
    seeds_release: Release, tmp_path: Path
) -> None:
    line = ("dump", "--release", seeds_release.path, "--format", "mappings")
    for options in ((), ("--output", tmp_path / "links.nq.gz")):
        done = run(*line, *options)
        assert (done.status, done.out) == (1, "")
        assert "has no links from mapping sets: build with --mappings FILE.sssom.tsv" in done.err
    assert list(tmp_path.iterdir()) == []


# --- what a file is called, and what is in it ---


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.nt", "ntriples"),
        ("a.nt.gz", "ntriples"),
        ("A.TTL.GZ", "turtle"),
        ("a.nq", "nquads"),
        ("a.jsonl", "jsonld"),
        ("a.rdf", "rdfxml"),
        ("a.trig", "trig"),
        ("a.n3", "n3"),
        ("a", "turtle"),
        ("a-2026.11", "turtle"),
    ],
)
def test_a_file_holds_what_its_name_says(
    name: str, form: DumpFormatName, seeds_release: Release, tmp_path: Path
) -> None:
    file = tmp_path / name
    assert run("dump", "--release", seeds_release.path, "--output", file).status == 0
    held = file.read_bytes()
    gzipped = name.lower().endswith(".gz")
    assert gzipped == held.startswith(b"\x1f\x8b")
    assert held == written(seeds_release, form, gzipped=gzipped)


@pytest.mark.parametrize(("name", "form"), [("a.nt", "turtle"), ("a.ttl.gz", "rdfxml")])
def test_a_name_that_contradicts_the_format_is_refused(
    name: str, form: str, seeds_release: Release, tmp_path: Path
) -> None:
    line = ("dump", "--release", seeds_release.path, "--format", form)
    done = run(*line, "--output", tmp_path / name)
    assert done.status == 2
    assert "give another, or leave --format out" in " ".join(done.err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.json.gz", "a.TXT", "a.jsonld"])
def test_a_name_of_a_format_that_is_not_written_is_refused(
    name: str, seeds_release: Release, tmp_path: Path
) -> None:
    line = ("dump", "--release", seeds_release.path, "--output", tmp_path / name)
    done = run(*line)
    assert done.status == 2
    assert ".ttl, .nt, .nq" in " ".join(done.err.split())
    assert list(tmp_path.iterdir()) == []
    assert run(*line, "--format", "ntriples").status == 0


@pytest.mark.parametrize(
    ("name", "form"), [("a.nq", "equivalents"), ("a.ttl", "ntriples"), ("a.n3", "turtle")]
)
def test_a_name_that_covers_the_format_is_taken(
    name: str, form: DumpFormatName, seeds_release: Release, tmp_path: Path
) -> None:
    line = ("dump", "--release", seeds_release.path, "--format", form)
    assert run(*line, "--output", tmp_path / name).status == 0
    assert (tmp_path / name).read_bytes() == written(seeds_release, form)


@pytest.mark.parametrize("more", [("--format", "ntriples"), ("--output", "x.ttl")])
def test_all_dumps_are_copied_or_one_is_written_and_not_both(
    more: tuple[str, str], seeds_release: Release, tmp_path: Path
) -> None:
    done = run("dump", "--release", seeds_release.path, "--to", tmp_path / "new", *more)
    assert done.status == 2
    assert "leave --format and --output out" in " ".join(done.err.split())
    assert list(tmp_path.iterdir()) == []
