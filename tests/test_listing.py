"""What a manifest lists is there as it says, or what is wrong is told without reading it."""

import os
from pathlib import Path

import pytest

from pfocr_rdf.listing import ListedFile, listed_files, size_fault


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("whole", None),
        ("cut", "cut: 2 bytes, the manifest says 3"),
        ("gone", "gone: missing"),
        ("whole/within", "whole/within: missing"),
        ("no\0name", "no\0name: missing"),
        ("folder", "folder: not a file"),
        ("pipe", "pipe: not a file"),
        ("x" * 300, f"{'x' * 300} cannot be read (File name too long)"),
    ],
)
def test_what_is_wrong_with_a_listed_file_is_told_by_its_size(
    name: str, fault: str | None, tmp_path: Path
) -> None:
    (tmp_path / "whole").write_bytes(b"abc")
    (tmp_path / "cut").write_bytes(b"ab")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert size_fault(tmp_path, ListedFile(name, 3, "")) == fault


@pytest.mark.parametrize(
    "files",
    [None, {"void.ttl": 1}, ["void.ttl"], [{"name": "void.ttl"}], [{"name": 1, "bytes": 1}]],
)
def test_what_lists_no_files_as_a_manifest_does_is_told_from_an_empty_list(files: object) -> None:
    assert listed_files({"files": files}) is None
    assert listed_files({}) is None
    assert listed_files({"files": []}) == []
