"""The data folder: releases, the pointer to the current one, rollback, pruning, the locks."""

import errno
import fcntl
import os
import re
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Store

import pfocr_rdf.releases as releases_module
from building import (
    DEADLINE_S,
    ask,
    build,
    members,
    program,
    run_build,
    snapshot,
    started,
    unfinished,
)
from invoking import run
from making import SEEDS, record, write
from pfocr_rdf.build import BuildOptions, build_release, pipeline
from pfocr_rdf.errors import BuildError, ReleaseError
from pfocr_rdf.forks import locked
from pfocr_rdf.pruned import PRUNED, note_pruned, pruned_releases
from pfocr_rdf.releases import (
    Pruned,
    Release,
    abandon_release,
    build_lock,
    current_release,
    find_release,
    hold_release,
    list_releases,
    prune_releases,
    publish_release,
    roll_back,
    start_release,
)
from pfocr_rdf.verify import verify_release
from releasing import copied_folder


def publish(data: Path, version: str) -> Release:
    """A release of nothing but its manifest: as much as the data folder looks at."""
    with build_lock(data):
        folder = start_release(data)
        (folder / "manifest.json").write_text('{"files": []}')
        return publish_release(data, folder, version)


def ids(data: Path) -> list[str]:
    return [release.id for release in list_releases(data)]


# --- publishing ---


def test_each_release_becomes_current_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    made = []
    for version in "abc":
        made.append(publish(tmp_path, version))
        assert current_release(tmp_path).id == made[-1].id
    assert list_releases(tmp_path) == made


def test_ids_have_the_order_in_which_releases_were_made_whatever_their_versions(
    tmp_path: Path,
) -> None:
    # All in one second, so that the versions alone would decide.
    made = [publish(tmp_path, version).id for version in "dbca"]
    assert ids(tmp_path) == made
    assert [re.fullmatch(r"\d{8}T\d{6}Z-[a-d]", name) is not None for name in made] == [True] * 4


def test_a_clock_that_was_set_back_does_not_make_the_new_release_the_oldest(tmp_path: Path) -> None:
    (tmp_path / "releases" / "20991231T235959Z-a").mkdir(parents=True)
    (tmp_path / "releases" / "named by hand").mkdir()
    assert publish(tmp_path, "b").id == "21000101T000000Z-b"


@pytest.mark.parametrize(
    "name", ["99991231T235959Z-x", "lost+found", "00-notes", "loop", "dangling"]
)
def test_what_is_no_release_neither_counts_nor_ends_a_build(name: str, tmp_path: Path) -> None:
    other = tmp_path / "releases" / name
    other.parent.mkdir()
    if name in {"loop", "dangling"}:
        other.symlink_to(name if name == "loop" else "nowhere")
    else:
        other.mkdir()
    made = publish(tmp_path, "a")
    assert list_releases(tmp_path) == [made]
    assert made.id < "9"
    assert prune_releases(tmp_path, 1) == Pruned()
    assert os.path.lexists(other)


def test_an_id_begins_with_the_time_of_the_build(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    made = publish(tmp_path, "a").id
    assert before <= datetime.strptime(made, "%Y%m%dT%H%M%SZ-a").replace(tzinfo=UTC)


def test_every_file_and_folder_is_on_disk_before_a_release_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename may outlive a power cut that the files did not."""
    flushed: list[str] = []

    def note(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    with build_lock(tmp_path):
        folder = start_release(tmp_path)
        write(folder, {"manifest.json": "{}", "store/a.sst": "a", "dumps/more/b.nt": "b"})
        inside = {str(path) for path in folder.rglob("*")}
        monkeypatch.setattr(os, "fsync", note)
        publish_release(tmp_path, folder, "a")
    # What had its final name when it was flushed comes after all that had not.
    before = [path for path in flushed if path.startswith(str(folder))]
    assert flushed[: len(before)] == before
    assert set(before) == {str(folder), *inside}
    # And then the two renames.
    assert flushed[len(before) :] == [str(folder.parent), str(tmp_path)]


def test_an_unfinished_release_is_not_listed(tmp_path: Path) -> None:
    start_release(tmp_path)
    assert list_releases(tmp_path) == []
    assert list_releases(tmp_path / "elsewhere") == []


def test_where_current_cannot_be_moved_the_new_release_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(BuildError, match=r"current could not be written \(Operation not permit"):
        build(SEEDS, tmp_path)
    assert list((tmp_path / "releases").iterdir()) == []
    assert not (tmp_path / "current").exists()


def test_what_became_current_and_may_not_be_on_the_disk_is_told_as_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        if path == tmp_path:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(releases_module, "flush", fail)
    with pytest.raises(ReleaseError) as caught:
        build(SEEDS, tmp_path)
    (release,) = list_releases(tmp_path)
    assert current_release(tmp_path).id == release.id
    assert str(caught.value) == (
        f"{release.id} is current, but {tmp_path} could not be flushed (Input/output error): "
        "check the disk, and after a power cut which release is current"
    )


def test_a_release_that_nothing_points_at_yet_is_taken_back_on_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(tmp_path, "a")

    def interrupted(data: Path, release: Release) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(releases_module, "make_current", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(SEEDS, tmp_path)
    assert list((tmp_path / "releases").iterdir()) == [first.path]


# --- the current release ---


@pytest.mark.parametrize("what", ["nothing", "a link to nothing", "a circle"])
def test_without_a_current_release_the_message_says_how_to_make_one(
    what: str, tmp_path: Path
) -> None:
    if what != "nothing":
        (tmp_path / "current").symlink_to("current" if what == "a circle" else "releases/gone")
    with pytest.raises(ReleaseError) as caught:
        current_release(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: no current release: run `pfocr-rdf build RECORDS… --data {tmp_path}` first"
    )


def test_a_release_can_be_made_current_where_none_is(three: Path) -> None:
    (three / "current").unlink()
    (three / "releases" / "lost+found").mkdir()
    with pytest.raises(ReleaseError) as caught:
        current_release(three)
    assert str(caught.value) == (
        f"{three}: no current release: run `pfocr-rdf rollback RELEASE --data {three}` with one of "
        "20250101T000000Z-aaa, 20250101T000001Z-bbb, 20260101T000000Z-ccc"
    )
    assert run("rollback", "--data", three).status == 1
    done = run("rollback", "bbb", "--data", three)
    assert (done.status, done.out) == (0, "20250101T000001Z-bbb\n")
    assert done.err == "no release was current\n"
    assert current_release(three).id == "20250101T000001Z-bbb"


def test_a_folder_in_the_place_of_the_link_is_refused_before_anything_is_built(
    three: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(three, copied, ignore=lambda folder, names: {"copied"} & set(names))
    said = (
        f"error: {copied}/current: a folder instead of a link to a release, as copies that follow "
        "links have: move it away, or delete it if it is a copy\n"
    )
    assert run("rollback", "bbb", "--data", copied).err == said
    assert run("build", SEEDS, "--data", copied, "--quiet").err == said
    assert not list(copied.glob("releases/.*"))
    shutil.rmtree(copied / "current")
    assert run("rollback", "bbb", "--data", copied).status == 0


@pytest.mark.parametrize("content", [None, "", "[]", "nonsense"])
def test_a_manifest_that_cannot_be_read_is_an_error_that_says_what_to_do(
    content: str | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ReleaseError, match="build again, or roll back"):
        Release("a", tmp_path).manifest()


# --- finding ---


@pytest.fixture(name="three")
def _three(tmp_path: Path) -> Path:
    """Three releases: two versions of one day, and one of another."""
    for name in ("20250101T000000Z-aaa", "20250101T000001Z-bbb", "20260101T000000Z-ccc"):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / "manifest.json").write_text('{"files": []}')
    (tmp_path / "current").symlink_to("releases/20260101T000000Z-ccc")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("20250101T000001Z-bbb", "20250101T000001Z-bbb"),
        ("20250101T000001", "20250101T000001Z-bbb"),
        ("2026", "20260101T000000Z-ccc"),
        ("aaa", "20250101T000000Z-aaa"),
        ("current", "20260101T000000Z-ccc"),
    ],
    ids=["id", "beginning", "year", "version", "current"],
)
def test_a_release_is_found_by_what_its_user_has_of_its_name(
    name: str, found: str, three: Path
) -> None:
    assert find_release(three, name) == Release(found, three / "releases" / found)


@pytest.mark.parametrize("path", ["releases/20250101T000000Z-aaa", "current", "."])
def test_a_release_is_found_by_a_path_to_it_or_to_its_data_folder(path: str, three: Path) -> None:
    expected = "20250101T000000Z-aaa" if path.startswith("releases") else "20260101T000000Z-ccc"
    assert find_release(Path("nowhere"), str(three / path)).path == three / "releases" / expected


@pytest.mark.parametrize(
    ("name", "what"), [("2025", "more than one release"), ("zzz", "no release"), ("", "no release")]
)
def test_a_name_that_fits_none_or_many_is_refused_with_those_there_are(
    name: str, what: str, three: Path
) -> None:
    with pytest.raises(ReleaseError) as caught:
        find_release(three, name)
    assert str(caught.value) == (
        f"{three}: {what} named '{name}'; there are: 20250101T000000Z-aaa, "
        "20250101T000001Z-bbb, 20260101T000000Z-ccc"
    )


# --- rolling back ---


def test_a_rollback_turns_to_the_release_before_and_deletes_nothing(three: Path) -> None:
    was, now = roll_back(three)
    assert was
    assert (was.id, now.id) == ("20260101T000000Z-ccc", "20250101T000001Z-bbb")
    assert current_release(three) == now
    assert (three / "current").readlink() == Path("releases/20250101T000001Z-bbb")
    assert roll_back(three)[1].id == "20250101T000000Z-aaa"
    assert len(ids(three)) == 3


def test_a_rollback_to_a_named_release_may_go_forth_again(three: Path) -> None:
    assert roll_back(three, "aaa")[1].id == "20250101T000000Z-aaa"
    assert roll_back(three, "ccc")[1].id == "20260101T000000Z-ccc"
    assert current_release(three).id == "20260101T000000Z-ccc"


def test_before_the_oldest_release_there_is_nothing_to_roll_back_to(three: Path) -> None:
    roll_back(three, "aaa")
    with pytest.raises(ReleaseError) as caught:
        roll_back(three)
    assert str(caught.value) == (
        f"{three}: 20250101T000000Z-aaa is the oldest release: name the one to go to, of those "
        "that `pfocr-rdf releases` lists"
    )


def test_a_rollback_to_a_damaged_release_is_refused(three: Path) -> None:
    (three / "releases" / "20250101T000001Z-bbb" / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match="not a readable manifest"):
        roll_back(three)
    assert current_release(three).id == "20260101T000000Z-ccc"


def test_a_rollback_to_a_release_whose_manifest_says_nothing_is_refused(three: Path) -> None:
    (three / "releases" / "20250101T000001Z-bbb" / "manifest.json").write_text("{}")
    with pytest.raises(ReleaseError, match="not the manifest of a release: roll back to another"):
        roll_back(three)
    assert current_release(three).id == "20260101T000000Z-ccc"


@pytest.fixture(name="first_and_second", scope="module")
def _first_and_second(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release]:
    """Two releases of the samples in one data folder; not to be changed."""
    data = tmp_path_factory.mktemp("both") / "data"
    return build(SEEDS, data).release, build(SEEDS, data).release


@pytest.mark.parametrize("damage", ["missing", "cut"])
@pytest.mark.parametrize("name", ["dumps/pfocr.nt.gz", "store/CURRENT", "search.sqlite"])
def test_a_rollback_to_what_a_server_would_not_start_with_is_refused(
    damage: str, name: str, first_and_second: tuple[Release, Release], tmp_path: Path
) -> None:
    """A running server would keep the one before: nobody would notice until its next start."""
    data = copied_folder(first_and_second[1], tmp_path / "data")
    first, second = list_releases(data)
    file = first.path / name
    held = file.read_bytes()
    file.unlink()  # it may be one file with another dump
    if damage == "cut":
        file.write_bytes(held[:-1])
    for asked in ((), (first.id,)):
        done = run("rollback", *asked, "--data", data)
        assert (done.status, done.out) == (1, "")
        size = f"{len(held) - 1} bytes, the manifest says {len(held)}"
        fault = f"{name}: {size if damage == 'cut' else 'missing'}"
        advice = "run `pfocr-rdf verify` on the release, or roll back to another"
        assert f"{first.path.resolve()}: {fault}: {advice}" in done.err
    assert current_release(data) == Release(second.id, second.path.resolve())


def test_a_folder_of_dumps_is_no_release_for_any_command(
    seeds_release: Release, tmp_path: Path
) -> None:
    """What a mirror has holds a manifest too, that of its files."""
    data, copied = seeds_release.path.parents[1], tmp_path / "public"
    assert run("dump", "--data", data, "--to", copied).status == 0
    for words in (("diff", copied, "current"), ("diff", "current", copied), ("verify", copied)):
        done = run(*words, "--data", data)
        assert (done.status, done.out) == (1, "")
        assert f"{copied} has dumps, not a release: run `sha256sum -c SHA256SUMS`" in done.err


def test_a_rollback_to_a_release_of_another_data_folder_is_refused(
    three: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = publish(tmp_path_factory.mktemp("other"), "x")
    with pytest.raises(ReleaseError, match="roll back to one of the releases of this data folder"):
        roll_back(three, str(other.path))
    assert current_release(three).id == "20260101T000000Z-ccc"


def test_a_rollback_through_a_link_to_the_data_folder_works(three: Path) -> None:
    link = three.with_name("link")
    link.symlink_to(three)
    assert roll_back(link, str(three / "releases" / "20250101T000000Z-aaa"))[1].id.endswith("aaa")
    assert roll_back(link, "bbb")[1].id == current_release(three).id


def test_what_a_killed_rollback_left_does_not_hinder_the_next(three: Path) -> None:
    (three / ".current").symlink_to("releases/gone")
    assert roll_back(three)[1] == current_release(three)
    assert not os.path.lexists(three / ".current")


# --- pruning ---


def test_a_build_keeps_as_many_releases_as_it_is_told(
    first_and_second: tuple[Release, Release], tmp_path: Path
) -> None:
    first, second = list_releases(copied_folder(first_and_second[1], tmp_path))
    third = build(SEEDS, tmp_path, keep=2)
    assert third.pruned == Pruned(deleted=(first,))
    assert list_releases(tmp_path) == [second, third.release]
    assert not first.path.exists()
    assert unfinished(tmp_path) == []


@pytest.mark.parametrize("is_killed", [False, True])
def test_of_a_release_that_is_a_link_the_link_alone_is_deleted(
    is_killed: bool, seeds_release: Release, tmp_path: Path
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    (first,) = list_releases(copied_folder(seeds_release, data))
    first.path.rename(elsewhere)
    first.path.symlink_to(elsewhere)
    second = build(SEEDS, data).release
    before = snapshot(elsewhere)
    if is_killed:
        first.path.rename(first.path.with_name(f".unfinished-{first.id}"))
    else:
        assert prune_releases(data, 1).deleted == (first,)
    third = build(SEEDS, data).release
    assert sorted((data / "releases").iterdir()) == [second.path, third.path]
    assert pruned_releases(data) == [first.id]
    assert snapshot(elsewhere) == before


def test_by_default_nothing_is_pruned(tmp_path: Path) -> None:
    results = [build(SEEDS, tmp_path) for _ in range(3)]
    assert len(list_releases(tmp_path)) == 3
    assert [result.pruned for result in results] == [Pruned()] * 3


def test_the_current_release_is_never_pruned(three: Path) -> None:
    roll_back(three, "aaa")
    pruned = prune_releases(three, 1)
    assert [release.id for release in pruned.deleted] == ["20250101T000001Z-bbb"]
    assert pruned.in_use == ()
    assert ids(three) == ["20250101T000000Z-aaa", "20260101T000000Z-ccc"]


@pytest.mark.parametrize("name", ["00-notes", "lost+found"])
def test_what_is_no_release_is_not_pruned_and_does_not_count(name: str, three: Path) -> None:
    oldest = list_releases(three)[0]
    other = three / "releases" / name
    other.mkdir()
    assert prune_releases(three, 2).deleted == (oldest,)
    assert other.is_dir()


def test_a_folder_that_only_root_may_look_into_does_not_hinder_pruning(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (three / "releases" / "lost+found").mkdir()
    look = os.stat

    def refuse(path: Any, *rest: Any, **how: Any) -> os.stat_result:
        if "lost+found/" in os.fspath(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return look(path, *rest, **how)

    monkeypatch.setattr(os, "stat", refuse)
    assert len(prune_releases(three, 1).deleted) == 2


def test_a_release_that_is_made_current_while_others_are_pruned_stays(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def remove_slowly(path: str | Path, *rest: Any) -> None:
        """Removing takes its time: somebody rolls back meanwhile."""
        remove(path, *rest)
        roll_back(three, "bbb")

    monkeypatch.setattr(shutil, "rmtree", remove_slowly)
    pruned = prune_releases(three, 1)
    assert [release.id for release in pruned.deleted] == ["20250101T000000Z-aaa"]
    assert current_release(three).manifest() == {"files": []}


def test_what_is_pruned_is_looked_at_and_taken_away_while_current_is_held_still(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two a rollback could turn to it."""
    seen = []

    def watched(work: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*arguments: Any) -> Any:
            with suppress(BlockingIOError), locked(three / ".current.lock", wait=False):
                seen.append(f"{work.__name__} while anybody may move it")
            seen.append(work.__name__)
            return work(*arguments)

        return watch

    monkeypatch.setattr(releases_module, "_is_current", watched(releases_module._is_current))
    monkeypatch.setattr(Path, "rename", watched(Path.rename))
    assert len(prune_releases(three, 1).deleted) == 2
    assert seen == ["_is_current", "rename"] * 2


def test_a_release_that_cannot_be_deleted_is_told_after_the_new_one_is_published(
    seeds_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = list_releases(copied_folder(seeds_release, tmp_path))
    remove = shutil.rmtree

    def refuse(path: str | Path, *rest: Any, **more: Any) -> None:
        if str(path).endswith(first.id):
            raise PermissionError(13, "Permission denied", str(path))
        remove(path, *rest, **more)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(ReleaseError) as caught:
        build(SEEDS, tmp_path, keep=1)
    # Its name was taken away from it: what is left has another one.
    left = first.path.with_name(f".unfinished-{first.id}")
    assert left.is_dir()
    assert str(caught.value) == (
        f"{left} could not be deleted (Permission denied): the new release is published; "
        "delete the old one by hand"
    )
    assert current_release(tmp_path).id != first.id


def test_on_a_full_disk_a_release_is_deleted_and_noted_when_there_is_room(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = list_releases(three)[0]
    removed = three / "releases" / f".unfinished-{oldest.id}"

    def full_until_it_is_deleted(data: Path, name: str) -> bool:
        return not removed.exists() and note_pruned(data, name)

    monkeypatch.setattr("pfocr_rdf.pruned.note_pruned", full_until_it_is_deleted)
    assert prune_releases(three, 2) == Pruned(deleted=(oldest,))
    assert pruned_releases(three) == [oldest.id]


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_release_whose_deletion_was_killed_is_noted_once_by_the_next_build(
    is_noted: bool, three: Path
) -> None:
    oldest = list_releases(three)[0]
    oldest.path.rename(oldest.path.with_name(f".unfinished-{oldest.id}"))
    if is_noted:
        note_pruned(three, oldest.id)
    fresh = start_release(three)
    assert unfinished(three) == [fresh]
    assert pruned_releases(three) == [oldest.id]


def test_where_nothing_can_be_noted_releases_are_deleted_all_the_same(three: Path) -> None:
    (three / PRUNED).mkdir()  # nobody can write to it, root neither
    assert len(prune_releases(three, 1).deleted) == 2
    assert len(list_releases(three)) == 1
    assert pruned_releases(three) == []


def test_a_list_of_deleted_releases_that_is_damaged_names_those_that_can_be_read(
    tmp_path: Path,
) -> None:
    (tmp_path / PRUNED).write_bytes(b"20200101T000000Z-aaaaaaaaaaaa\n\xff\xfe\n")
    assert pruned_releases(tmp_path)[0] == "20200101T000000Z-aaaaaaaaaaaa"


# --- holding ---


def test_a_release_that_is_held_is_not_pruned_until_it_is_let_go(three: Path) -> None:
    oldest, middle, _ = list_releases(three)
    with hold_release(oldest):
        assert prune_releases(three, 1) == Pruned(deleted=(middle,), in_use=(oldest,))
        assert prune_releases(three, 1) == Pruned(in_use=(oldest,))
        assert oldest.manifest() == {"files": []}
    assert prune_releases(three, 1) == Pruned(deleted=(oldest,))


def test_what_a_process_holds_is_free_when_it_is_killed(three: Path, tmp_path: Path) -> None:
    oldest = list_releases(three)[0]
    holder = tmp_path / "holder.py"
    holder.write_text(
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from pfocr_rdf.releases import find_release, hold_release\n"
        "lock = hold_release(find_release(Path('.'), sys.argv[1]))\n"
        "print('held', flush=True)\n"
        "signal.pause()\n"
    )
    with started([program(tmp_path)[0], str(holder), str(oldest.path)]) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert prune_releases(three, 2) == Pruned(in_use=(oldest,))
        process.kill()
        process.wait(DEADLINE_S)
        assert prune_releases(three, 2) == Pruned(deleted=(oldest,))


def test_a_release_without_a_manifest_cannot_be_held_and_is_pruned(three: Path) -> None:
    oldest = list_releases(three)[0]
    (oldest.path / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match=r"not a readable manifest .*: build again"):
        hold_release(oldest)
    assert prune_releases(three, 2) == Pruned(deleted=(oldest,))


@pytest.mark.parametrize("done", ["hidden", "being hidden", "replaced"])
def test_a_release_that_is_pruned_while_it_is_being_held_is_refused(
    done: str, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = list_releases(three)[0]
    manifest = oldest.path / "manifest.json"
    lock = fcntl.flock

    def lock_late(file: Any, how: int) -> None:
        """The manifest is open, and not yet locked."""
        monkeypatch.undo()
        if done == "hidden":
            prune_releases(three, 1)
        elif done == "being hidden":
            lock(other, fcntl.LOCK_EX)
        else:
            manifest.with_name("fresh").write_text("{}")
            manifest.with_name("fresh").replace(manifest)
        lock(file, how)

    with manifest.open() as other:
        monkeypatch.setattr(fcntl, "flock", lock_late)
        with pytest.raises(ReleaseError) as caught:
            hold_release(oldest)
    assert str(caught.value) == f"{oldest.path}: deleted just now: name another release"


def test_where_files_cannot_be_locked_the_message_says_so(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Any, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    oldest = list_releases(three)[0]
    with pytest.raises(ReleaseError) as caught:
        hold_release(oldest)
    assert str(caught.value) == (
        f"{oldest.path / 'manifest.json'} cannot be locked (No locks available): "
        "keep releases where files can be locked"
    )


def test_a_rollback_and_a_prune_at_once_leave_a_current_release(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback has chosen its release, and has not yet turned to it."""
    move = releases_module.make_current
    pruned = Pruned()

    def move_late(data: Path, release: Release) -> None:
        nonlocal pruned
        pruned = prune_releases(data, 1)
        move(data, release)

    monkeypatch.setattr(releases_module, "make_current", move_late)
    _, now = roll_back(three)
    assert pruned.in_use == (now,)
    assert current_release(three) == now
    assert now.manifest() == {"files": []}


def test_current_is_found_though_it_moves_while_it_is_looked_for(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_back(three, "aaa")
    resolve = Path.resolve

    def resolve_late(path: Path, strict: bool = False) -> Path:
        """The link was read; what it led to is gone before it is looked at."""
        monkeypatch.undo()
        roll_back(three, "ccc")
        prune_releases(three, 1)
        return resolve(three / "releases" / "20250101T000000Z-aaa", strict)

    monkeypatch.setattr(Path, "resolve", resolve_late)
    assert current_release(three).id == "20260101T000000Z-ccc"


def test_a_build_that_is_interrupted_while_it_prunes_says_that_it_has_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Pruned:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "prune_releases", interrupted)
    outcome = run("build", SEEDS, "--data", tmp_path, "--keep", "1", "--quiet")
    assert outcome.status != 0
    published = current_release(tmp_path).id
    said = f"interrupted: {published} was published, but perhaps not all old releases were pruned"
    assert said in outcome.err.splitlines()


def test_a_build_tells_what_it_did_not_prune(seeds_release: Release, tmp_path: Path) -> None:
    (first,) = list_releases(copied_folder(seeds_release, tmp_path / "data"))
    with hold_release(first):
        done = run_build(tmp_path, SEEDS, tmp_path / "data", "--keep", "1")
    assert done.returncode == 0
    assert f"release {first.id} is in use: kept" in done.stderr.splitlines()
    assert first in list_releases(tmp_path / "data")


@pytest.mark.parametrize(
    "command",
    [
        ["query", "SELECT * { ?s ?p ?o } LIMIT 1"],
        ["dump"],
        ["dump", "--to", "copied"],
        ["verify"],
        ["diff", "current", "current"],
        ["describe", "PMC1"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_command_that_reads_a_release_holds_it(
    command: list[str], seeds_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[int] = []

    def lock(file: Any, how: int) -> None:
        locked.append(how)
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", lock)
    data = str(seeds_release.path.parents[1])
    where = [data] if command == ["verify"] else ["--data", data]
    done = run(*command, *where)
    assert done.status == 1
    assert "cannot be locked" in done.err
    assert locked == [fcntl.LOCK_SH | fcntl.LOCK_NB]


# --- two builds, a build and readers ---


def test_a_second_build_on_one_data_folder_says_so_and_stops(tmp_path: Path) -> None:
    with build_lock(tmp_path / "data"):
        done = run_build(tmp_path, SEEDS, tmp_path / "data")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        f"error: {tmp_path / 'data'}: another build is running there: wait for it, "
        "or name another --data"
    )
    assert not (tmp_path / "data" / "releases").exists()


@pytest.mark.parametrize("forks", [False, True])
def test_the_lock_goes_with_the_process_that_holds_it_and_no_fork_of_it_holds_it(
    forks: bool, tmp_path: Path
) -> None:
    holder = tmp_path / "holder.py"
    holder.write_text(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pfocr_rdf.releases import build_lock\n"
        "with build_lock(Path(sys.argv[1])):\n"
        f"    if not ({forks} and os.fork()):\n"
        "        print('held', flush=True)\n"
        "    signal.pause()\n"
    )
    data = tmp_path / "data"
    with started([program(tmp_path)[0], str(holder), str(data)]) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ReleaseError, match="another build is running there"):
            build(SEEDS, data)
        process.kill()
        process.wait(DEADLINE_S)
        assert bool(members(process.pid)) is forks
        assert build(SEEDS, data).findings.figures == 5


def test_a_failed_build_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        build(write(tmp_path / "bad", {"a.md": "no record"}), tmp_path / "data")
    assert build(SEEDS, tmp_path / "data").findings.figures == 5


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = start_release(tmp_path)
    (left / "store").mkdir()
    (left / "store" / "000001.sst").write_bytes(b"\0" * 10)
    left.rename(left.with_name(".unfinished-1"))
    left.with_name(".unfinished-2").symlink_to("nowhere")
    left.with_name(".unfinished-3").touch()
    release = build(SEEDS, tmp_path).release
    assert list((tmp_path / "releases").iterdir()) == [release.path]


def test_what_goes_on_writing_into_an_abandoned_release_does_not_keep_it(tmp_path: Path) -> None:
    """A thread that an interrupt met while it was started is waited for by nobody."""
    folder = start_release(tmp_path)
    begun = threading.Event()

    def write_on() -> None:
        with suppress(OSError):
            for number in count():
                (folder / f"{number}.sst").touch()
                begun.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    begun.wait()
    abandon_release(tmp_path)
    writer.join(60)
    assert not writer.is_alive()
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_release_that_is_open_stays_readable_and_unchanged_while_the_next_is_built(
    seeds_release: Release, tmp_path: Path
) -> None:
    (first,) = list_releases(copied_folder(seeds_release, tmp_path))
    store = Store.read_only(str(first.store))
    before, count = snapshot(first.path), len(store)
    second = build(write(tmp_path / "records", {"a.md": record()}), tmp_path).release
    assert current_release(tmp_path) == second
    assert len(store) == count
    assert snapshot(first.path) == before
    assert list(verify_release(first)) == []


@pytest.mark.parametrize("times", [3, pytest.param(6, marks=pytest.mark.long)])
def test_readers_always_see_one_whole_release_while_many_are_published(
    times: int, tmp_path: Path
) -> None:
    """What a reader finds behind ``current`` names the release that it was built in."""
    small = write(tmp_path / "small", {"a.md": record()})
    data = tmp_path / "data"
    build(small, data)
    seen: list[tuple[str, str]] = []
    wrong: list[BaseException] = []
    finished = threading.Event()

    def look() -> None:
        try:
            while not finished.is_set():
                release = current_release(data)
                (count,) = ask(release, "SELECT (COUNT(?f) AS ?n) { ?f a pfocr:PathwayFigure }")
                seen.append((str(release.manifest()["figures"]), count[0]))
        except BaseException as error:
            wrong.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for records in (SEEDS, small) * times:
            build_release([records], data, BuildOptions(keep=3))
    finally:
        finished.set()
        reader.join(DEADLINE_S)
    assert wrong == []
    assert set(seen) == {("5", "5"), ("1", "1")}
    assert len(list_releases(data)) == 3
