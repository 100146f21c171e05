"""The release being served: held, checked, followed. No request, no query process, no port."""

import asyncio
import json
import logging
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from pyoxigraph import Store

import pfocr_rdf.web.served as served
from building import DEADLINE_S, environment
from pfocr_rdf.errors import PfocrError, ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.listing import hashed
from pfocr_rdf.releases import (
    Release,
    hold_release,
    list_releases,
    make_current,
    prune_releases,
)
from pfocr_rdf.web.served import (
    Held,
    check_files,
    check_release,
    follow,
    hold,
    hold_current,
    moved,
)

POLL_S: Final = 0.002
#: Long enough that no test sees a refused release looked at again for its age.
NEVER_S: Final = 3600.0
NAMES: Final = ("20250101T000000Z-a", "20250101T000001Z-b", "20250101T000002Z-c")


@pytest.fixture(name="data")
def _data(seeds_release: Release, tmp_path: Path) -> Path:
    """A data folder of three whole releases, of which the first is current."""
    for name in NAMES:
        shutil.copytree(seeds_release.path, tmp_path / "releases" / name)
    (tmp_path / "current").symlink_to(Path("releases") / NAMES[0])
    return tmp_path


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() == before


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def release_of(data: Path, letter: str) -> Release:
    return next(release for release in list_releases(data) if release.id.endswith(letter))


def point(data: Path, letter: str) -> None:
    make_current(data, release_of(data, letter))


def first_table(release: Release) -> Path:
    """The largest file of sorted triples in a store."""
    return max(release.store.glob("*.sst"), key=lambda path: path.stat().st_size)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite_manifest(release: Release, **changes: Any) -> None:
    """Change what a manifest says; what is changed to None is left out."""
    said = {**release.manifest(), **changes}
    kept = {key: value for key, value in said.items() if value is not None}
    (release.path / "manifest.json").write_text(json.dumps(kept))


# --- holding ---


def test_the_current_release_is_held_with_what_its_manifest_says(data: Path) -> None:
    held = hold_current(data)
    assert held.release == Release(NAMES[0], data / "releases" / NAMES[0])
    assert held.manifest == held.release.manifest()
    assert held.iris == Iris()
    held.close()


def test_what_is_held_through_a_link_to_the_data_folder_is_the_real_folder(data: Path) -> None:
    link = data / "link"
    link.symlink_to(data)
    held = hold_current(link)
    assert held.release.path == data / "releases" / NAMES[0]
    held.close()


def test_to_close_twice_does_nothing_to_a_descriptor_that_was_opened_since(data: Path) -> None:
    held = hold_current(data)
    held.close()
    with (data / "releases" / NAMES[0] / "manifest.json").open() as other:
        held.close()
        assert other.read(1) == "{"


def test_a_held_release_is_opened_to_read_only(data: Path) -> None:
    held = hold_current(data)
    with pytest.raises(OSError, match="write"):
        held.lock.write(b"x")
    held.close()


def prune_elsewhere(data: Path) -> str:
    """What a build in another process would delete, and what it would leave."""
    text = (
        "import sys; from pathlib import Path; from pfocr_rdf.releases import prune_releases\n"
        "done = prune_releases(Path(sys.argv[1]), 1)\n"
        "print('deleted', *(r.id[-1] for r in done.deleted))\n"
        "print('kept', *(r.id[-1] for r in done.in_use))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, str(data)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=DEADLINE_S,
        check=True,
    )
    return done.stdout


def test_a_release_that_is_held_is_not_pruned_by_another_process(data: Path) -> None:
    held = hold_current(data)
    point(data, "c")
    assert prune_elsewhere(data) == "deleted b\nkept a\n"
    check_release(held.release)
    held.close()
    assert prune_elsewhere(data) == "deleted a\nkept\n"
    assert [release.id for release in list_releases(data)] == [NAMES[2]]


def test_what_two_hold_stays_until_both_let_go(data: Path) -> None:
    one, other = hold_current(data), hold_current(data)
    point(data, "c")
    one.close()
    assert [release.id for release in prune_releases(data, 1).in_use] == [NAMES[0]]
    other.close()
    assert [release.id for release in prune_releases(data, 1).deleted] == [NAMES[0]]


def test_a_release_pruned_between_finding_and_holding_it_gives_way_to_the_current_one(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(release: Release) -> Any:
        monkeypatch.undo()
        point(data, "c")
        prune_releases(data, 1)
        return hold_release(release)

    monkeypatch.setattr("pfocr_rdf.contents.hold_release", late)
    held = hold_current(data)
    assert held.release.id == NAMES[2]
    held.close()


def test_readers_always_hold_a_whole_release_while_others_are_published_and_pruned(
    data: Path, seeds_release: Release
) -> None:
    wrong: list[BaseException] = []
    finished = threading.Event()
    count = 0

    def look() -> None:
        nonlocal count
        try:
            while not finished.is_set():
                held = hold_current(data)
                count += 1
                first_table(held.release).read_bytes()
                held.close()
        except BaseException as error:
            wrong.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for number in range(50):
            release = Release(f"2026-{number:02}", data / "releases" / f"2026-{number:02}")
            shutil.copytree(seeds_release.path, release.path)
            make_current(data, release)
            prune_releases(data, 1)
    finally:
        finished.set()
        reader.join(DEADLINE_S)
    assert wrong == []
    assert count > 0
    assert prune_releases(data, 1).in_use == ()
    assert [release.id for release in list_releases(data)] == ["2026-49"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: (data / "current").unlink(), "no current release: run `pfocr-rdf rollback"),
        (
            lambda data: shutil.rmtree(data / "releases" / NAMES[0]),
            "no current release: run `pfocr-rdf rollback RELEASE",
        ),
        (
            lambda data: (data / "current" / "manifest.json").unlink(),
            "manifest.json: not a readable manifest (",
        ),
        (
            lambda data: (data / "current" / "manifest.json").write_text("{"),
            "manifest.json: not a readable manifest (",
        ),
        (
            lambda data: rewrite_manifest(release_of(data, "a"), base=None),
            "manifest.json: not a manifest (KeyError('base')): build again, or roll back",
        ),
        (
            lambda data: rewrite_manifest(release_of(data, "a"), base=7),
            "manifest.json: not a manifest (TypeError(",
        ),
        (
            lambda data: rewrite_manifest(release_of(data, "a"), genes="no prefix"),
            "manifest.json: not a manifest (IriError(",
        ),
    ],
    ids=["nothing", "folder", "manifest", "json", "no base", "base", "genes"],
)
def test_a_release_that_cannot_be_held_says_what_to_do(
    damage: Callable[[Path], object], said: str, data: Path
) -> None:
    damage(data)
    with pytest.raises(ReleaseError, match=r"(build again, or roll back|one of [^:]+)$") as caught:
        hold_current(data)
    assert said in str(caught.value)


# --- checking ---


def test_a_release_as_it_was_built_is_whole(seeds_release: Release) -> None:
    check_release(seeds_release)


def test_what_a_store_and_a_file_system_leave_behind_is_no_fault(copied_release: Release) -> None:
    for name in ("LOG", "LOG.old.1790000000000000", "LOCK", ".nfs0001", ".DS_Store"):
        (copied_release.store / name).write_text("anything")
    (copied_release.dumps / "README").write_text("of whoever publishes them")
    check_release(copied_release)


def test_a_flipped_bit_in_a_table_is_found_though_the_store_opens(copied_release: Release) -> None:
    table = first_table(copied_release)
    listed = next(r for r in copied_release.manifest()["files"] if r["name"].endswith(table.name))
    flip(table)
    Store.read_only(str(copied_release.store))
    with pytest.raises(ReleaseError) as caught:
        check_files(copied_release)
    assert str(caught.value) == (
        f"{copied_release.path}: store/{table.name}: SHA-256 {hashed(table).sha256}, "
        f"the manifest says {listed['sha256']}: build again, or roll back"
    )


def pipe_in_place(release: Release) -> None:
    (release.store / "CURRENT").unlink()
    os.mkfifo(release.store / "CURRENT")


def folder_in_place(release: Release) -> None:
    (release.store / "CURRENT").unlink()
    (release.store / "CURRENT").mkdir()


def file_in_place_of_the_store(release: Release) -> None:
    shutil.rmtree(release.store)
    release.store.write_text("a store")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda r: os.truncate(first_table(r), 1000),
            r"store/\d+\.sst: 1000 bytes, the manifest says",
        ),
        (lambda r: first_table(r).unlink(), r"store/\d+\.sst: missing"),
        (lambda r: shutil.rmtree(r.store), "store/[^ ]+: missing"),
        (file_in_place_of_the_store, "store/[^ ]+: missing"),
        (pipe_in_place, "store/CURRENT: not a file"),
        (folder_in_place, "store/CURRENT: not a file"),
        (lambda r: flip(r.store / "CURRENT"), "store/CURRENT: SHA-256"),
        (lambda r: (r.store / "000099.log").touch(), r"store/000099\.log: not in the manifest"),
        (lambda r: flip(r.dumps / "pfocr.ttl.gz"), r"dumps/pfocr\.ttl\.gz: SHA-256"),
        (lambda r: (r.dumps / "void.ttl").unlink(), r"dumps/void\.ttl: missing"),
        (lambda r: (r.path / "report.json").write_text("{}"), r"report\.json: 2 bytes"),
    ],
    ids=[
        *("truncated", "table", "no store", "file for store", "pipe", "folder", "flipped"),
        *("extra", "dump", "no dump", "report"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(
    damage: Callable[[Release], object], said: str, copied_release: Release
) -> None:
    damage(copied_release)
    with pytest.raises(ReleaseError, match=f"copied: ({said}).*: build again, or roll back$"):
        check_files(copied_release)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base": "https://example.org/"}, "base is not what dumps/manifest.json says"),
        ({"triples": 1}, "triples is not what dumps/manifest.json says"),
        ({"more": 1}, "more is not what dumps/manifest.json says"),
        ({"license": None}, "license is not what dumps/manifest.json says"),
        ({"files": None}, "no list of files"),
        ({"files": 1}, "no list of files"),
        ({"files": [{"name": "a"}]}, "no list of files"),
        ({"files": [{"name": 1, "bytes": 1, "sha256": ""}]}, "no list of files"),
        ({"files": []}, "no store among the files"),
    ],
)
def test_a_manifest_that_is_not_what_it_was_is_refused(
    changes: dict[str, Any], said: str, copied_release: Release
) -> None:
    rewrite_manifest(copied_release, **changes)
    with pytest.raises(ReleaseError) as caught:
        check_files(copied_release)
    assert str(caught.value) == (
        f"{copied_release.path}: manifest.json: {said}: build again, or roll back"
    )


def test_two_names_of_one_file_are_read_once(copied_release: Release) -> None:
    def blocks() -> int:
        asked = 0

        def go_on() -> bool:
            nonlocal asked
            asked += 1
            return True

        check_files(copied_release, go_on)
        return asked

    before = blocks()
    dump = copied_release.dumps / "pfocr.nq.gz"
    dump.unlink()
    dump.hardlink_to(copied_release.dumps / "pfocr.nt.gz")
    assert blocks() == before - 2  # one that holds it all, one that says that it ends


def test_a_check_that_was_broken_off_does_not_pass_for_one_that_found_nothing(
    seeds_release: Release,
) -> None:
    with pytest.raises(ReleaseError, match="the check was interrupted"):
        check_files(seeds_release, lambda: False)


def crc32c(data: bytes) -> int:
    """The checksum that RocksDB has in its logs."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def write_version(release: Release, version: int) -> None:
    """Make a store one of another version of Oxigraph, and the manifest agree.

    One more entry in the store's log: https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
    """
    entry = b"\x01\x09oxversion\x08" + struct.pack(">Q", version)
    batch = struct.pack("<QI", 1 << 40, 1) + entry
    log = max(release.store.glob("*.log"))
    log.write_bytes(struct.pack("<IHB", crc32c(b"\x01" + batch), len(batch), 1) + batch)
    found = hashed(log, f"store/{log.name}")
    rows = [row for row in release.manifest()["files"] if row["name"] != found.name]
    row = {"name": found.name, "bytes": found.size, "sha256": found.sha256}
    rewrite_manifest(release, files=[*rows, row])


def test_this_version_of_a_store_is_told_from_others_by_its_number_alone(
    copied_release: Release,
) -> None:
    write_version(copied_release, 2)
    check_release(copied_release)


@pytest.mark.parametrize(("version", "said"), [(1, "not possible to upgrade"), (3, "too recent")])
def test_a_store_of_another_version_is_refused(
    version: int, said: str, copied_release: Release
) -> None:
    write_version(copied_release, version)
    check_files(copied_release)
    with pytest.raises(ReleaseError) as caught:
        check_release(copied_release)
    assert str(caught.value).startswith(
        f"{copied_release.store}: built with pyoxigraph 0.5.13, cannot be opened with 0.5.13 ("
    )
    assert said in str(caught.value)
    assert str(caught.value).endswith("): build again, or roll back")


# --- has current moved? ---


def test_current_has_moved_once_it_leads_to_another_release(data: Path) -> None:
    held = hold_current(data)
    assert not moved(held, data)
    point(data, "b")
    assert moved(held, data)
    point(data, "a")
    assert not moved(held, data)
    held.close()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: None, False),
        (lambda data: (data / "current").mkdir(), False),
        (lambda data: (data / "current").symlink_to(data / "releases" / NAMES[0]), False),
        (lambda data: (data / "current").symlink_to("link"), False),
        (lambda data: (data / "current").symlink_to("releases/gone"), True),
        (lambda data: (data / "current").symlink_to("current"), True),
    ],
    ids=["vanished", "a folder", "absolute", "a link to a link", "to nothing", "a circle"],
)
def test_a_current_that_vanishes_has_not_moved(
    change: Callable[[Path], object], expected: bool, data: Path
) -> None:
    (data / "link").symlink_to(data / "releases" / NAMES[0])
    held = hold_current(data)
    (data / "current").unlink()
    change(data)
    assert moved(held, data) == expected
    held.close()


# --- following ---


class Server:
    """Takes what it is handed as an application does: swaps, and closes what it had."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.held = hold_current(data)
        self.served = [self.held.release.id[-1]]
        self.looks = 0
        self.refuse: PfocrError | None = None
        self.changed = asyncio.Event()

    async def take(self, fresh: Held) -> None:
        """What :func:`follow` calls."""
        if self.refuse:
            raise self.refuse
        old, self.held = self.held, fresh
        old.close()
        self.served.append(fresh.release.id[-1])
        self.changed.set()

    async def serves(self, letter: str) -> None:
        """Wait until a release is served."""
        while self.served[-1] != letter:
            self.changed.clear()
            await self.changed.wait()

    async def settled(self) -> None:
        """Wait until ``current`` was looked at several times more."""
        until = self.looks + 5
        while self.looks < until:
            await asyncio.sleep(0)


@pytest.fixture(name="serve")
def _serve(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Callable[..., Server]:
    """Run a scene against a server that follows ``current``; then nothing of it is left."""
    caplog.set_level(logging.INFO, "pfocr_rdf.web")

    async def run(scene: Callable[[Server], Awaitable[None]], retry_s: float) -> Server:
        server = Server(data)

        def look(held: Held, folder: Path) -> bool:
            server.looks += threading.current_thread() is threading.main_thread()
            return moved(held, folder)

        monkeypatch.setattr(served, "moved", look)
        task = asyncio.create_task(follow(data, server.held, server.take, POLL_S, retry_s))
        try:
            await asyncio.wait_for(scene(server), DEADLINE_S)
            assert not task.done()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            server.held.close()
        return server

    def serve(scene: Callable[[Server], Awaitable[None]], retry_s: float = NEVER_S) -> Server:
        return asyncio.run(run(scene, retry_s))

    return serve


Serve = Callable[..., Server]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]


def test_a_release_that_becomes_current_is_handed_over_and_so_is_a_rollback(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(server: Server) -> None:
        for letter in "bcab":
            point(data, letter)
            await server.serves(letter)

    assert serve(scene).served == ["a", "b", "c", "a", "b"]
    assert errors(caplog) == []
    assert caplog.records[0].getMessage() == f"release {NAMES[1]} is served, after {NAMES[0]}"


def test_what_is_handed_over_is_held(data: Path, serve: Serve) -> None:
    async def scene(server: Server) -> None:
        point(data, "b")
        await server.serves("b")
        point(data, "c")
        (data / "current").unlink()
        pruned = prune_releases(data, 1)
        assert [release.id for release in pruned.in_use] == [NAMES[1]]
        assert [release.id for release in pruned.deleted] == [NAMES[0]]

    serve(scene)


@pytest.mark.parametrize("left", ["nothing", "a folder"])
def test_where_current_vanishes_the_old_release_goes_on_being_served(
    left: str, data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(server: Server) -> None:
        (data / "current").unlink()
        if left == "a folder":
            (data / "current").mkdir()
        await server.settled()
        if left == "a folder":
            (data / "current").rmdir()
        point(data, "b")
        await server.serves("b")

    assert serve(scene).served == ["a", "b"]
    assert errors(caplog) == []


def test_a_damaged_release_is_refused_once_and_the_one_before_goes_on_being_served(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = first_table(release_of(data, "b"))
    flip(table)
    checked: list[str] = []

    def check(release: Release, go_on: Callable[[], bool]) -> None:
        checked.append(release.id)
        check_release(release, go_on)

    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await logged(caplog, 1)
        await server.settled()
        assert server.served == ["a"]
        check_release(server.held.release)
        assert prune_releases(data, 1).in_use == (server.held.release,)

    serve(scene)
    assert checked == [NAMES[1]]
    (said,) = errors(caplog)
    assert said.startswith(f"{data / 'releases' / NAMES[1]}: store/{table.name}: SHA-256 ")
    assert said.endswith(f": build again, or roll back; release {NAMES[0]} is still served")


async def logged(caplog: pytest.LogCaptureFixture, number: int) -> None:
    """Wait until so many errors were logged."""
    while len(errors(caplog)) < number:
        await asyncio.sleep(0)


def test_after_a_refusal_the_next_release_is_taken(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    (release_of(data, "b").path / "manifest.json").unlink()

    async def scene(server: Server) -> None:
        point(data, "b")
        await logged(caplog, 1)
        point(data, "c")
        await server.serves("c")

    assert serve(scene).served == ["a", "c"]
    assert "b/manifest.json: not a readable manifest (" in errors(caplog)[0]


@pytest.mark.parametrize("back", ["a", "c"])
def test_a_refused_release_is_looked_at_again_when_current_comes_back_to_it(
    back: str, data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    table = first_table(release_of(data, "b"))
    flip(table)

    async def scene(server: Server) -> None:
        point(data, "b")
        await logged(caplog, 1)
        point(data, back)
        await server.serves(back)
        if back == "a":
            await server.settled()
        flip(table)
        point(data, "b")
        await server.serves("b")

    serve(scene)
    assert len(errors(caplog)) == 1


def test_a_refused_release_is_looked_at_again_when_its_manifest_changes(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = release_of(data, "b").path / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_text("{")

    async def scene(server: Server) -> None:
        point(data, "b")
        await logged(caplog, 1)
        fresh = manifest.with_name("fresh")
        fresh.write_bytes(whole)
        fresh.replace(manifest)
        await server.serves("b")

    serve(scene)
    assert len(errors(caplog)) == 1


def test_a_refused_release_is_looked_at_again_after_a_while_and_refused_in_silence(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = 0

    def check(release: Release, go_on: Callable[[], bool]) -> None:
        nonlocal checks
        checks += 1
        if checks < 4:
            raise ReleaseError("out of descriptors")

    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await server.serves("b")

    serve(scene, retry_s=POLL_S)
    assert checks == 4
    assert errors(caplog) == [f"out of descriptors; release {NAMES[0]} is still served"]


def test_a_failure_that_nobody_foresaw_does_not_end_the_following_of_releases(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    calls = 0

    async def exhausted(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("can't start new thread")

    async def scene(server: Server) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "to_thread", exhausted)
            point(data, "b")
            while calls < 3:
                await asyncio.sleep(0)
        await server.serves("b")

    assert serve(scene, retry_s=POLL_S).served == ["a", "b"]
    assert errors(caplog) == [f"can't start new thread; release {NAMES[0]} is still served"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info


def test_a_pointer_to_nothing_is_told_once(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(server: Server) -> None:
        make_current(data, Release("gone", data / "releases" / "gone"))
        await logged(caplog, 1)
        await server.settled()
        assert server.served == ["a"]

    serve(scene)
    (said,) = errors(caplog)
    assert "no current release: run `pfocr-rdf rollback RELEASE" in said


def test_an_application_may_refuse_a_release_too(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(server: Server) -> None:
        server.refuse = PfocrError("no query process started")
        point(data, "b")
        await logged(caplog, 1)
        server.refuse = None
        point(data, "c")
        await server.serves("c")
        # Nobody holds what was refused.
        assert [release.id for release in prune_releases(data, 1).deleted] == list(NAMES[:2])

    assert serve(scene).served == ["a", "c"]
    assert errors(caplog) == [f"no query process started; release {NAMES[0]} is still served"]


def test_fifty_quick_moves_end_at_the_last_one(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def move() -> None:
        for number in range(50):
            point(data, "abc"[number % 3])
        point(data, "c")

    async def scene(server: Server) -> None:
        await asyncio.to_thread(move)
        await server.serves("c")
        await server.settled()

    assert serve(scene).served[-1] == "c"
    assert errors(caplog) == []


class Checking:
    """A check that lasts until it is told to go on no more, or let through."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.begun = threading.Event()
        self.passed = threading.Event()

    def __call__(self, release: Release, go_on: Callable[[], bool]) -> None:
        self.checked.append(release.id[-1])
        self.begun.set()
        while not self.passed.wait(0.001):
            if not go_on():
                raise ReleaseError("broken off")


def test_a_release_that_is_rolled_back_while_it_is_checked_is_never_served(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Checking()
    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await asyncio.to_thread(check.begun.wait, DEADLINE_S)
        point(data, "c")
        while check.checked[-1] != "c":
            await asyncio.sleep(0)
        check.passed.set()
        await server.serves("c")

    assert serve(scene).served == ["a", "c"]
    assert errors(caplog) == []


def test_a_check_that_ends_well_after_a_rollback_serves_nothing(
    data: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(release: Release, go_on: Callable[[], bool]) -> None:
        if release.id.endswith("b"):
            point(data, "c")

    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await server.serves("c")

    assert serve(scene).served == ["a", "c"]


def test_a_check_broken_off_is_no_fault_though_current_has_come_back_by_then(
    data: Path, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = 0

    def check(release: Release, go_on: Callable[[], bool]) -> None:
        nonlocal checks
        checks += 1
        if checks == 1:
            point(data, "c")
            assert not go_on()
            point(data, "b")
            raise ReleaseError("broken off")

    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await server.serves("b")

    serve(scene)
    assert checks == 2
    assert errors(caplog) == []


def test_what_is_served_already_is_not_handed_over_again(
    data: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold_late(folder: Path) -> Held:
        """Somebody has rolled back since it was seen that ``current`` had moved."""
        monkeypatch.setattr(served, "hold_current", hold_current)
        point(data, "a")
        return hold_current(folder)

    async def scene(server: Server) -> None:
        monkeypatch.setattr(served, "hold_current", hold_late)
        point(data, "b")
        await server.settled()

    assert serve(scene).served == ["a"]


def test_a_server_that_ends_does_not_wait_for_a_check(
    data: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Checking()
    monkeypatch.setattr(served, "check_release", check)

    async def scene(server: Server) -> None:
        point(data, "b")
        await asyncio.to_thread(check.begun.wait, DEADLINE_S)

    # The loop closes when the thread of the check has ended, and all descriptors are counted.
    assert serve(scene).served == ["a"]


def test_a_server_that_ends_while_it_changes_over_leaves_nothing(data: Path) -> None:
    begun = asyncio.Event()

    async def take(fresh: Held) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def run(held: Held) -> None:
        point(data, "b")
        task = asyncio.create_task(follow(data, held, take, POLL_S))
        await asyncio.wait_for(begun.wait(), DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    held = hold_current(data)
    asyncio.run(run(held))
    held.close()


def test_any_release_can_be_held_to_fall_back_on(data: Path, serve: Serve) -> None:
    held = hold(release_of(data, "b"))
    assert moved(held, data)
    point(data, "c")
    assert prune_releases(data, 1).in_use == (held.release,)
    held.close()
