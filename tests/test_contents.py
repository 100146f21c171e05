"""A release is opened with the store and the IRIs that it was built with, or refused."""

import fcntl
import json
from pathlib import Path

import pytest

from building import build
from invoking import run
from making import SEEDS
from pfocr_rdf.contents import holding_named, iris_of, open_store
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release


def test_the_iris_are_those_that_the_release_was_built_with(tmp_path: Path) -> None:
    iris = Iris("https://example.org/base/", "https://identifiers.org/ncbigene:")
    assert iris_of(build(SEEDS, tmp_path, iris=iris).release) == iris


def test_the_store_holds_what_the_manifest_counts(seeds_release: Release) -> None:
    manifest = seeds_release.manifest()
    assert len(open_store(seeds_release)) == manifest["triples"] + manifest["equivalents"]


def test_a_release_that_is_pruned_between_finding_and_holding_it_is_found_again(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned = Release("20260101T000000Z-aaaaaaaaaaaa", tmp_path / "pruned")
    found = iter([pruned, seeds_release])
    monkeypatch.setattr("pfocr_rdf.contents.find_release", lambda data, name: next(found))
    with holding_named(tmp_path, "current") as held, (held.path / "manifest.json").open() as file:
        assert held == seeds_release
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_release_that_cannot_be_held_is_not_looked_for_for_ever(copied_release: Release) -> None:
    (copied_release.path / "manifest.json").unlink()
    data = copied_release.path.parent
    (data / "current").symlink_to(copied_release.path)
    with (
        pytest.raises(ReleaseError, match="not a readable manifest"),
        holding_named(data, "current"),
    ):
        raise AssertionError("it was held")


@pytest.mark.parametrize(
    "change", [{"base": None}, {"base": 1}, {"base": "no IRI"}, {"genes": None}], ids=str
)
def test_a_manifest_that_does_not_tell_them_is_refused(
    change: dict[str, object], copied_release: Release
) -> None:
    changed = {**copied_release.manifest(), **change}
    told = {name: value for name, value in changed.items() if value is not None}
    path = copied_release.path / "manifest.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ReleaseError) as refused:
        iris_of(copied_release)
    message = str(refused.value)
    assert message.startswith(f"{path}: not a manifest (")
    assert message.endswith("): build again, or roll back")


@pytest.mark.parametrize(
    ("command", "lacking", "said"),
    [
        (["dump", "--release"], "files", "no list of files: build again, or roll back"),
        (["verify"], "files", "no list of files: build again, or roll back"),
        (
            [
                *("push", "--endpoint", "http://127.0.0.1:9/a"),
                *("--query-endpoint", "http://127.0.0.1:9/b", "--release"),
            ],
            *("triples", "does not say how many triples there are: build again, or roll back"),
        ),
    ],
)
def test_commands_refuse_a_manifest_that_lacks_what_they_need(
    command: list[str], lacking: str, said: str, copied_release: Release
) -> None:
    path = copied_release.path / "manifest.json"
    kept = {name: v for name, v in copied_release.manifest().items() if name != lacking}
    path.write_text(json.dumps(kept), encoding="utf-8")
    outcome = run(*command, copied_release.path)
    assert outcome.status == 1
    assert f"error: {path}: {said}" in outcome.err


def test_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"not a readable store \(.*: run `pfocr-rdf verify`"):
        open_store(Release("none", tmp_path))
