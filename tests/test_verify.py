"""A whole release has no faults, and each kind of damage is named."""

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from building import DUMPS, build
from invoking import run_at_terminal
from linking import RECORD
from making import record, write
from parsing import unpacked
from pfocr_rdf.dumps import EQUIVALENTS, FORMATS, NAME_TO_FORMAT, compress
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.verify import AT_ONCE, Contents, verify_release

#: What erases a line of a terminal.
ERASE = "\x1b[2K"
FILES = [form.file for form in DUMPS]


@pytest.fixture(name="small", scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Two figures, with something in each dump: every statement is read at each verification."""
    folder = tmp_path_factory.mktemp("small")
    second = record(figid="PMC1__f2", filename="f2.jpg")
    records = write(folder / "records", {**RECORD, "_figures/PMC1__f2.md": second})
    return build(records, folder / "data").release


@pytest.fixture(name="copied_release")
def _copied_release(small: Release, tmp_path: Path) -> Release:
    """That release in a folder of its own, to damage."""
    return Release(small.id, Path(shutil.copytree(small.path, tmp_path / "copied")))


def faults(release: Release) -> list[str]:
    return list(verify_release(release))


def flip(path: Path, at: int | None = None) -> None:
    """Change one bit in the middle of a file, and nothing about its size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    rewrite(path, bytes(data))


def rewrite(path: Path, data: bytes) -> None:
    """Replace a file; what is linked to it under another name stays."""
    path.unlink()
    path.write_bytes(data)


def change_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def state_hashes_anew(release: Release) -> None:
    """Make every listing agree with the files, as one would who wants to hide a change."""

    def restate(folder: Path) -> Callable[[dict[str, Any]], None]:
        def change(manifest: dict[str, Any]) -> None:
            for row in manifest["files"]:
                data = (folder / row["name"]).read_bytes()
                row |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

        return change

    dumps = release.dumps
    change_json(dumps / "manifest.json", restate(dumps))
    names = [line.split("  ")[1] for line in (dumps / "SHA256SUMS").read_text().splitlines()]
    sums = [f"{hashlib.sha256((dumps / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (dumps / "SHA256SUMS").write_text("".join(sums))
    change_json(release.path / "manifest.json", restate(release.path))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_whole_release_has_no_faults(any_release: Release) -> None:
    assert faults(any_release) == []


def test_a_release_that_was_opened_and_queried_has_no_faults(copied_release: Release) -> None:
    before = {path.name for path in copied_release.store.iterdir()}
    for _ in range(3):
        store = Store.read_only(str(copied_release.store))
        assert store.query("ASK { ?s ?p ?o }")
        del store
    assert {path.name for path in copied_release.store.iterdir()} >= before
    assert faults(copied_release) == []
    assert faults(copied_release) == []


def test_a_release_that_was_moved_has_no_faults(seeds_release: Release, tmp_path: Path) -> None:
    shutil.copytree(seeds_release.path, tmp_path / "moved", copy_function=shutil.copyfile)
    assert faults(Release("moved", tmp_path / "moved")) == []


@pytest.mark.parametrize("which", range(3))
def test_a_flipped_bit_in_the_store_is_found(which: int, copied_release: Release) -> None:
    tables = sorted(copied_release.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    path = (tables[0], tables[len(tables) // 2], tables[-1])[which]
    was = sha256(path)
    flip(path)
    found = faults(copied_release)
    assert found[0] == f"store/{path.name}: SHA-256 {sha256(path)}, the manifest says {was}"


@pytest.mark.parametrize("file", FILES)
def test_a_flipped_bit_in_a_dump_is_found(file: str, copied_release: Release) -> None:
    path = copied_release.dumps / file
    was = sha256(path)
    flip(path)
    found = faults(copied_release)
    assert f"dumps/{file}: SHA-256 {sha256(path)}, the manifest says {was}" in found
    assert f"dumps/{file}: not the SHA-256 that the dumps' own listing states" in found
    assert any(line.startswith(f"dumps/{file}: cannot be read: ") for line in found)
    assert not [line for line in found if not line.startswith(f"dumps/{file}: ")]


@pytest.mark.parametrize("file", ["void.ttl", "manifest.json", "SHA256SUMS"])
def test_a_flipped_bit_in_what_describes_the_dumps_is_found(
    file: str, copied_release: Release
) -> None:
    path = copied_release.dumps / file
    was = sha256(path)
    flip(path, path.read_bytes().index(b"a"))
    found = faults(copied_release)
    assert f"dumps/{file}: SHA-256 {sha256(path)}, the manifest says {was}" in found


def test_a_flipped_bit_in_the_report_is_found(copied_release: Release) -> None:
    flip(copied_release.path / "report.json")
    (found,) = faults(copied_release)
    assert found.startswith("report.json: SHA-256 ")


@pytest.mark.parametrize("file", FILES)
def test_a_truncated_dump_is_found(file: str, copied_release: Release) -> None:
    path = copied_release.dumps / file
    data = path.read_bytes()
    rewrite(path, data[:-20])
    found = faults(copied_release)
    assert f"dumps/{file}: {len(data) - 20} bytes, the manifest says {len(data)}" in found
    reason = "Compressed file ended before the end-of-stream marker was reached"
    assert f"dumps/{file}: cannot be read: {reason}" in found


def test_an_emptied_dump_is_found(copied_release: Release) -> None:
    path = copied_release.dumps / "pfocr.ttl.gz"
    size = path.stat().st_size
    rewrite(path, b"")
    found = faults(copied_release)
    triples = copied_release.manifest()["triples"]
    assert f"dumps/pfocr.ttl.gz: 0 bytes, the manifest says {size}" in found
    assert f"dumps/pfocr.ttl.gz: 0 triples, the manifest says {triples}" in found


def test_a_dump_that_is_no_gzip_file_is_found(copied_release: Release) -> None:
    rewrite(copied_release.dumps / "pfocr.nt.gz", b"not compressed")
    found = faults(copied_release)
    assert "dumps/pfocr.nt.gz: cannot be read: Not a gzipped file (b'no')" in found


@pytest.mark.parametrize("file", FILES)
def test_a_dump_that_does_not_parse_is_found(file: str, copied_release: Release) -> None:
    path = copied_release.dumps / file
    rewrite(path, path.read_bytes() + compress(b"{ no syntax at all\n"))
    state_hashes_anew(copied_release)
    (found,) = faults(copied_release)
    assert found.startswith(f"dumps/{file}: cannot be read: ")


def test_a_dump_that_is_not_utf8_is_found(copied_release: Release) -> None:
    path = copied_release.dumps / "pfocr.jsonl.gz"
    rewrite(path, path.read_bytes() + compress(b'{"@id": "\xff"}\n'))
    state_hashes_anew(copied_release)
    (found,) = faults(copied_release)
    assert found.startswith("dumps/pfocr.jsonl.gz: cannot be read: ")


def test_a_json_ld_line_that_asks_for_another_document_is_found(copied_release: Release) -> None:
    path = copied_release.dumps / "pfocr.jsonl.gz"
    line = b'{"@context": "https://example.org/context", "@id": "https://example.org/"}\n'
    rewrite(path, path.read_bytes() + compress(line))
    state_hashes_anew(copied_release)
    (found,) = faults(copied_release)
    assert found.startswith("dumps/pfocr.jsonl.gz: cannot be read: ")


def test_each_deleted_file_is_found(copied_release: Release) -> None:
    files = ["report.json", "dumps/void.ttl", "dumps/pfocr.jsonl.gz", "store/CURRENT"]
    for file in files:
        (copied_release.path / file).unlink()
    assert {f"{file}: missing" for file in files} <= set(faults(copied_release))


def test_a_folder_in_the_place_of_a_file_is_found(copied_release: Release) -> None:
    (copied_release.path / "report.json").unlink()
    (copied_release.path / "report.json").mkdir()
    assert faults(copied_release) == ["report.json: not a file"]


@pytest.mark.parametrize("file", ["dumps/pfocr.ttl.gz", "dumps/SHA256SUMS", "store/CURRENT"])
def test_a_pipe_in_the_place_of_a_file_is_found_and_not_waited_for(
    file: str, copied_release: Release
) -> None:
    (copied_release.path / file).unlink()
    os.mkfifo(copied_release.path / file)
    assert faults(copied_release) == [f"{file}: not a file"]


@pytest.mark.parametrize("file", ["dumps/more", "store/000999.log"])
def test_a_pipe_that_was_not_published_is_found_and_not_waited_for(
    file: str, copied_release: Release
) -> None:
    os.mkfifo(copied_release.path / file)
    assert faults(copied_release) == [f"{file}: not in the manifest"]


def test_links_that_were_not_published_are_found_and_not_followed(copied_release: Release) -> None:
    names = ["link0", "link1", "link2", "link3"]
    for name, target in zip(names, ("nowhere", "link1", "../store", "/"), strict=True):
        (copied_release.dumps / name).symlink_to(target)
    assert faults(copied_release) == [f"dumps/{name}: not in the manifest" for name in names]


def test_a_folder_that_is_a_link_is_found_as_its_files_are_not_read(
    copied_release: Release, tmp_path: Path
) -> None:
    copied_release.store.rename(tmp_path / "elsewhere")
    copied_release.store.symlink_to(tmp_path / "elsewhere")
    flip(next((tmp_path / "elsewhere").glob("*.sst")))
    assert "store: not in the manifest" in faults(copied_release)


def test_a_name_that_no_file_can_have_is_no_end_of_the_search(copied_release: Release) -> None:
    path = copied_release.path / "manifest.json"
    manifest = copied_release.manifest()
    manifest["files"].append({"name": "x" * 300, "bytes": 1, "sha256": "0"})
    path.write_text(json.dumps(manifest))
    assert faults(copied_release) == [f"{'x' * 300} cannot be read (File name too long)"]


def test_a_deleted_listing_is_found(copied_release: Release) -> None:
    (copied_release.dumps / "SHA256SUMS").unlink()
    missing, unread = faults(copied_release)
    assert missing == "dumps/SHA256SUMS: missing"
    assert unread.startswith("dumps: not a readable listing: [Errno 2] No such file or directory")


def test_each_extra_file_is_found(copied_release: Release) -> None:
    files = ["a/b", "dumps/extra.gz", "extra.txt", "store/extra.sst"]
    for file in files:
        path = copied_release.path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert faults(copied_release) == [f"{file}: not in the manifest" for file in files]


@pytest.mark.parametrize("key", ["triples", "equivalents", "figures", "version", "issued", "base"])
def test_a_changed_manifest_is_found(key: str, copied_release: Release) -> None:
    was = copied_release.manifest()[key]
    change_json(copied_release.path / "manifest.json", lambda m: m.update({key: 1}))
    found = faults(copied_release)
    assert found[0] == f"manifest.json: {key} is 1, dumps/manifest.json says {was!r}"
    files = {"triples": FILES[:-1], "equivalents": FILES[-1:]}.get(key, [])
    expected = [f"dumps/{file}: {was} triples, the manifest says 1" for file in files]
    if key == "figures":
        expected = [f"search.sqlite: {was} figures, the manifest says 1"]
    assert found[1:] == expected


def test_a_count_that_is_missing_is_found(copied_release: Release) -> None:
    was = copied_release.manifest()["triples"]
    change_json(copied_release.path / "manifest.json", lambda m: m.pop("triples"))
    assert f"manifest.json: triples is None, dumps/manifest.json says {was}" in faults(
        copied_release
    )


@pytest.mark.parametrize("name", [form.name for form in FORMATS])
def test_a_triple_that_one_format_lost_is_found_even_where_every_hash_agrees(
    name: str, copied_release: Release
) -> None:
    path = copied_release.dumps / NAME_TO_FORMAT[name].file
    lines = unpacked(path).split(b"\n")
    if name == "jsonld":
        lines = [b"\n".join(lines).replace(b',"rowCount":1}', b"}", 1)]
    elif name == "turtle":
        at = next(n for n, line in enumerate(lines) if line.startswith(b"\tpfocr:sourceSha256"))
        del lines[at - 1 if lines[at].endswith(b" .") else at]
    else:
        del lines[5]
    rewrite(path, gzip.compress(b"\n".join(lines)))
    state_hashes_anew(copied_release)
    triples = copied_release.manifest()["triples"]
    found = faults(copied_release)
    assert found == [
        f"dumps/{path.name}: {triples - 1} triples, the manifest says {triples}",
        "dumps: the formats do not hold the same triples",
        f"store: holds {triples} triples, not those of dumps/{path.name}",
    ]


def test_a_triple_that_was_replaced_by_another_is_found(copied_release: Release) -> None:
    path = copied_release.dumps / "pfocr.nt.gz"
    lines = unpacked(path).split(b"\n")
    lines[5] = b'<https://example.org/s> <https://example.org/p> "o" .'
    rewrite(path, gzip.compress(b"\n".join(lines)))
    state_hashes_anew(copied_release)
    triples = copied_release.manifest()["triples"]
    assert faults(copied_release) == [
        "dumps: the formats do not hold the same triples",
        f"store: holds {triples} triples, not those of dumps/pfocr.nt.gz",
    ]


def test_an_equivalent_that_was_replaced_by_another_is_found(copied_release: Release) -> None:
    path = copied_release.dumps / "equivalents.nq.gz"
    rewrite(path, gzip.compress(unpacked(path).replace(b"geneid/", b"geneid/0", 1)))
    state_hashes_anew(copied_release)
    count = copied_release.manifest()["equivalents"]
    assert faults(copied_release) == [
        f"store: holds {count} quads in graphs, not those of dumps/equivalents.nq.gz"
    ]


def make_store(release: Release, quads: list[Quad]) -> None:
    """Put another store in the place of a release's."""
    shutil.rmtree(release.store)
    store = Store(str(release.store))
    store.extend(quads)
    store.flush()
    del store


def test_an_emptied_store_is_found(copied_release: Release) -> None:
    make_store(copied_release, [])
    found = faults(copied_release)
    for form in FORMATS:
        assert f"store: holds 0 triples, not those of dumps/{form.file}" in found
    assert "store: holds 0 quads in graphs, not those of dumps/equivalents.nq.gz" in found
    assert any(line.endswith(": missing") and line.startswith("store/") for line in found)


def test_a_store_with_one_triple_more_is_found(copied_release: Release) -> None:
    store = Store.read_only(str(copied_release.store))
    quads = [*store, Quad(NamedNode("https://example.org/s"), NamedNode("x:p"), Literal("o"))]
    del store
    make_store(copied_release, quads)
    found = faults(copied_release)
    count = copied_release.manifest()["triples"] + 1
    assert f"store: holds {count} triples, not those of dumps/pfocr.nt.gz" in found
    assert not [line for line in found if "equivalents" in line]


def test_a_triple_in_a_graph_of_its_own_is_found(copied_release: Release) -> None:
    store = Store.read_only(str(copied_release.store))
    quads = [*store, Quad(Iris().dataset, NamedNode("x:p"), Literal("o"), Iris().dataset)]
    del store
    make_store(copied_release, quads)
    count = copied_release.manifest()["equivalents"] + 1
    expected = f"store: holds {count} quads in graphs, not those of dumps/equivalents.nq.gz"
    assert expected in faults(copied_release)


def test_a_missing_store_is_found_and_none_is_made_in_its_place(copied_release: Release) -> None:
    shutil.rmtree(copied_release.store)
    found = faults(copied_release)
    assert any(line.startswith("store: cannot be read: ") for line in found)
    assert any(line.startswith("store/") and line.endswith(": missing") for line in found)
    assert not copied_release.store.exists()


def test_a_release_without_dumps_is_found(copied_release: Release) -> None:
    shutil.rmtree(copied_release.dumps)
    found = faults(copied_release)
    for file in FILES:
        assert f"dumps/{file}: missing" in found
        assert any(line.startswith(f"dumps/{file}: cannot be read: [Errno 2]") for line in found)


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "\ufeff{}"])
def test_a_manifest_that_is_not_json_is_refused(text: str, copied_release: Release) -> None:
    path = copied_release.path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError) as caught:
        faults(copied_release)
    message = str(caught.value)
    assert message.startswith(f"{path}: not a readable manifest (")
    assert message.endswith("): build again, or roll back")


def test_a_manifest_that_is_missing_is_refused(copied_release: Release) -> None:
    (copied_release.path / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match="not a readable manifest"):
        faults(copied_release)


@pytest.mark.parametrize(
    "text", ["{}", '{"files": 1}', '{"files": [1]}', '{"files": [{"name": 1}]}']
)
def test_a_manifest_without_a_list_of_files_is_refused(text: str, copied_release: Release) -> None:
    path = copied_release.path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError) as caught:
        faults(copied_release)
    assert str(caught.value) == f"{path}: no list of files: build again, or roll back"


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": [{}]}', "null"])
def test_a_manifest_of_the_dumps_without_a_list_of_files_is_found(
    text: str, copied_release: Release
) -> None:
    (copied_release.dumps / "manifest.json").write_text(text, encoding="utf-8")
    assert "dumps/manifest.json: no list of files" in faults(copied_release)


@pytest.mark.parametrize("file", ["SHA256SUMS", "manifest.json"])
def test_a_listing_that_is_not_text_is_found(file: str, copied_release: Release) -> None:
    (copied_release.dumps / file).write_bytes(b"\xff\xfe")
    found = [line for line in faults(copied_release) if not line.startswith(f"dumps/{file}: ")]
    assert len(found) == 1
    assert found[0].startswith("dumps: not a readable listing: 'utf-8' codec can't decode byte")


def test_a_checksum_that_is_wrong_in_one_listing_alone_is_found(copied_release: Release) -> None:
    sums = copied_release.dumps / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(sha256(copied_release.dumps / "void.ttl"), "0" * 64))
    change_json(
        copied_release.path / "manifest.json",
        lambda m: [
            row.update({"sha256": sha256(sums)})
            for row in m["files"]
            if row["name"] == "dumps/SHA256SUMS"
        ],
    )
    expected = "dumps/void.ttl: not the SHA-256 that the dumps' own listing states"
    assert faults(copied_release) == [expected]


def test_the_digest_of_contents_does_not_depend_on_order_but_on_each_statement() -> None:
    quads = [Quad(NamedNode(f"x:{n}"), NamedNode("x:p"), Literal("o")) for n in range(5)]
    assert Contents.of(quads) == Contents.of(reversed(quads))
    assert Contents.of(quads) != Contents.of(quads[1:])
    assert Contents.of(quads) != Contents.of([*quads[1:], quads[1]])
    assert Contents.of([]) == Contents(0, 0)
    many = quads * AT_ONCE
    assert Contents.of(many) == sum([Contents.of(quads)] * AT_ONCE, Contents(0, 0))


def test_the_digest_of_contents_tells_each_place_of_a_statement_from_the_others() -> None:
    a, b, c, d = (NamedNode(f"x:{name}") for name in "abcd")
    alike = [
        *(Quad(*places) for places in permutations((a, b, c, d))),
        *(Quad(a, b, one) for one in (c, Literal("x:c"), Literal("x:c", language="en"))),
        Quad(a, b, Literal("x:c", datatype=d)),
    ]
    assert len({Contents.of([quad]) for quad in alike}) == len(alike)


def test_what_is_read_is_told_before_it_is(seeds_release: Release) -> None:
    told: list[str] = []
    assert list(verify_release(seeds_release, told.append)) == []
    assert "store/CURRENT: hashed" in told
    parsed = [words for words in told if words.endswith(": parsed")]
    assert parsed == [f"dumps/{form.file}: parsed" for form in (*FORMATS, EQUIVALENTS)]
    assert told[-1] == "the store: counted"


@pytest.mark.parametrize("option", ["", "--quiet"])
def test_a_terminal_is_shown_how_far_it_is_and_standard_output_has_the_faults(
    option: str, copied_release: Release
) -> None:
    flip(copied_release.path / "report.json")
    verified = run_at_terminal("verify", copied_release.path, *filter(None, [option]))
    assert verified.status == 1
    assert verified.out.startswith("report.json: SHA-256 ")
    assert ("dumps/pfocr.ttl.gz: parsed" in verified.err) == (not option)
    assert "report.json: SHA-256" not in verified.err


def test_a_fault_has_a_line_of_its_own_on_the_terminal(copied_release: Release) -> None:
    flip(copied_release.path / "report.json")
    shown = run_at_terminal("verify", copied_release.path, is_all_shown=True).err
    assert f"\r{ERASE}report.json: SHA-256 " in shown
