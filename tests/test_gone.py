"""A figure that is in no release any more is told of, at its address and by its name."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from building import build
from invoking import run
from making import record, write
from paging import Markup, Pages, pages_of
from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.gone import FILE, Gone, find_gone, find_led, note_gone
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, list_releases, prune_releases, roll_back
from serving import serving

IRIS = Iris()
GONE, STAYS = "PMC7__gone.jpg", "PMC7__stays"
ALIAS = "PMC7__F 2"
NO_ALIASES: Final[Mapping[str, str]] = {}


def built(
    data: Path,
    *figids: str,
    iris: Iris = IRIS,
    title: str = "A “title”\tof it",
    aliases: Mapping[str, str] = NO_ALIASES,
) -> Release:
    """A release of some figures; those without an alias have none."""
    files: dict[str, str | bytes] = {
        f"_figures/{number}.md": record(
            figid=figid, figtitle=title, pmcid="PMC7", number=None, figid_alias=aliases.get(figid)
        )
        for number, figid in enumerate(figids)
    }
    records = write(data / f"records{len(list(data.glob('*')))}", files)
    return build(records, data / "data", iris=iris).release


def found(data: Path, figid: str = GONE, iris: Iris = IRIS) -> Gone | None:
    return find_gone(data / "data", iris.figure(figid), iris)


def version(release: Release) -> str:
    return release.id.partition("-")[2]


@pytest.fixture(name="two_built", scope="module")
def _two_built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release, Release]:
    """Two releases, of which the second lacks a figure of the first; not to be changed."""
    folder = tmp_path_factory.mktemp("two")
    return folder, built(folder, GONE, STAYS), built(folder, STAYS)


@pytest.fixture
def two(two_built: tuple[Path, Release, Release], tmp_path: Path) -> tuple[Release, Release]:
    """A copy of them."""
    folder, earlier, now = two_built
    shutil.copytree(folder, tmp_path, symlinks=True, dirs_exist_ok=True)
    first, second = (Release(r.id, tmp_path / "data/releases" / r.id) for r in (earlier, now))
    return first, second


@pytest.mark.parametrize("name", ["file:x", "a?b#c%41 'd'"])
def test_a_data_folder_may_be_named_like_an_address(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    built(Path(name), GONE, STAYS)
    assert len(run("search", "--data", f"{name}/data", "title").out.splitlines()) == 2
    again = run("build", f"{name}/records0", "--data", f"{name}/data")
    assert "2 records taken over" in again.err
    built(Path(name), STAYS)
    assert found(Path(name)) is not None
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_its_address_is_410_with_its_title_and_the_last_release_that_had_it(
    two: tuple[Release, Release],
) -> None:
    earlier, now = two
    pages = pages_of(now)
    said = f"the figure {GONE} (“A “title” of it”) was last in release {version(earlier)}"
    for address in (f"/figures/{GONE}", f"/figures/{GONE}.ttl", f"/figures/{GONE}.html"):
        page = pages.get(address, "text/html")
        assert page.status == 410, address
        assert said in Markup(page.text).text
        assert "/article/PMC7" in Markup(page.text).hrefs()
    problem = pages.get(f"/figures/{GONE}", "application/json").refusal
    assert problem is not None
    assert (problem.kind, problem.members["last_release"]) == ("gone", version(earlier))
    assert pages.get(f"/figures/{STAYS}", "text/html").status == 200


def test_an_alias_of_it_is_410_too_and_tells_of_the_figure(tmp_path: Path) -> None:
    earlier = built(tmp_path, GONE, STAYS, aliases={GONE: ALIAS, STAYS: "PMC7__F3"})
    now = built(tmp_path, STAYS, aliases={STAYS: "PMC7__F3"})
    pages = pages_of(now)
    said = f"the figure {GONE} (“A “title” of it”) was last in release {version(earlier)}"
    address = IRIS.figure(ALIAS).value.removeprefix(IRIS.base)
    for suffix in ("", ".ttl", ".html"):
        page = pages.get(f"/{address}{suffix}", "text/html")
        assert page.status == 410, suffix
        assert said in Markup(page.text).text
    assert pages.get("/figures/PMC7__F3", "text/html").status == 301
    assert pages.get("/figures/PMC7__F4", "text/html").status == 404
    assert run("describe", ALIAS, "--data", tmp_path / "data").err.startswith(
        f"error: the figure {GONE} "
    )


def test_an_alias_that_another_figure_has_now_or_is_now_leads_to_that(tmp_path: Path) -> None:
    built(tmp_path, GONE, STAYS, aliases={GONE: ALIAS})
    taken = built(tmp_path, STAYS, aliases={STAYS: ALIAS})
    address = IRIS.figure(ALIAS).value.removeprefix(IRIS.base)
    assert pages_of(taken).get(f"/{address}", "text/html").status == 301
    figure = built(tmp_path, STAYS, ALIAS)
    assert pages_of(figure).get(f"/{address}", "text/html").status == 200
    built(tmp_path, STAYS)
    gone = found(tmp_path, ALIAS)
    assert gone is not None
    assert (gone.figid, gone.version) == (ALIAS, version(figure))


def test_an_alias_of_one_that_comes_back_is_gone_only_when_that_goes_again(tmp_path: Path) -> None:
    built(tmp_path, GONE, STAYS, aliases={GONE: ALIAS})
    built(tmp_path, STAYS)
    back = built(tmp_path, STAYS, GONE)
    assert found(tmp_path, ALIAS) is None
    built(tmp_path, STAYS)
    gone = found(tmp_path, ALIAS)
    assert gone is not None
    assert (gone.figid, gone.version) == (GONE, version(back))


def test_of_a_release_whose_store_cannot_be_read_the_figures_alone_are_told(tmp_path: Path) -> None:
    earlier = built(tmp_path, GONE, "PMC7__b", "PMC7__c", STAYS, aliases={GONE: ALIAS})
    shutil.rmtree(earlier.store)
    built(tmp_path, STAYS)
    assert None not in [found(tmp_path), found(tmp_path, "PMC7__b"), found(tmp_path, "PMC7__c")]
    assert found(tmp_path, ALIAS) is None


def test_a_file_without_aliases_tells_of_its_figures(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as file:
        file.execute("DROP TABLE led")
    assert found(tmp_path) is not None
    assert found(tmp_path, ALIAS) is None
    built(tmp_path, STAYS, "PMC7__b")
    assert found(tmp_path) is not None


def test_an_alias_that_a_figure_had_still_leads_to_it(tmp_path: Path) -> None:
    """As when the number of a figure is mended."""
    built(tmp_path, STAYS, GONE, aliases={STAYS: ALIAS, GONE: "PMC7__F3"})
    now = built(tmp_path, STAYS, GONE, aliases={STAYS: "PMC7__F2a", GONE: "PMC7__F3"})
    pages = pages_of(now)
    address = IRIS.figure(ALIAS).value.removeprefix(IRIS.base)
    for suffix in ("", ".ttl", ".html"):
        page = pages.get(f"/{address}{suffix}", "text/html")
        assert (page.status, page.headers["location"]) == (301, f"/figures/{STAYS}{suffix}")
    told = run("describe", ALIAS, "--data", tmp_path / "data")
    said = f"error: {ALIAS} was an alias of {STAYS} in an earlier release: give that\n"
    assert (told.status, told.err) == (1, said)
    # It is the figure's as long as the figure is there, though neither is in the release before.
    built(tmp_path, GONE, aliases={GONE: "PMC7__F3"})
    gone = found(tmp_path, ALIAS)
    assert gone is not None
    assert (gone.figid, gone.version) == (STAYS, version(now))


def test_an_alias_leads_to_the_last_figure_that_had_it(tmp_path: Path) -> None:
    built(tmp_path, STAYS, GONE, aliases={STAYS: ALIAS})
    built(tmp_path, STAYS, GONE, aliases={GONE: ALIAS})
    now = built(tmp_path, STAYS, GONE)
    assert find_led(tmp_path / "data", IRIS.figure(ALIAS), IRIS) == [GONE]
    address = IRIS.figure(ALIAS).value.removeprefix(IRIS.base)
    page = pages_of(now).get(f"/{address}", "text/html")
    assert (page.status, page.headers["location"]) == (301, f"/figures/{GONE}")


def test_an_alias_that_two_figures_had_leads_to_neither(tmp_path: Path) -> None:
    built(tmp_path, STAYS, GONE, aliases={STAYS: ALIAS, GONE: ALIAS})
    now = built(tmp_path, STAYS, GONE)
    assert find_led(tmp_path / "data", IRIS.figure(ALIAS), IRIS) == [GONE, STAYS]
    address = IRIS.figure(ALIAS).value.removeprefix(IRIS.base)
    assert pages_of(now).get(f"/{address}", "text/html").status == 404


def test_it_is_told_where_the_releases_are_a_link_to_another_disk(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "disk" / "of" / "releases"
    elsewhere.mkdir(parents=True)
    data.mkdir()
    (data / "releases").symlink_to(elsewhere)
    earlier = built(tmp_path, GONE, STAYS)
    built(tmp_path, STAYS)
    with serving(data, "--workers", "1", "--slow-workers", "0") as server:
        gone = server.request("GET", f"/figures/{GONE}")
        listed = server.request("GET", "/releases").body.decode()
    assert (gone.status, gone.problem) == (410, "gone")
    assert f"/releases/{version(earlier)}" in Markup(listed).hrefs()


@pytest.mark.parametrize(
    "address", ["figures/PMC7__never", "figures", "articles/" + GONE, "x/" + GONE]
)
def test_what_never_was_is_404(address: str, two: tuple[Release, Release]) -> None:
    page = pages_of(two[1]).get(f"/{address}", "text/html")
    assert "was last in release" not in page.text
    assert page.status != 410


@pytest.fixture(name="former", scope="module")
def _former(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Pages of a release that lost a figure with its alias, and in which an alias was mended."""
    folder = tmp_path_factory.mktemp("former")
    built(folder, GONE, STAYS, aliases={GONE: ALIAS, STAYS: "PMC7__F3"})
    return pages_of(built(folder, STAYS, aliases={STAYS: "PMC7__F4"}))


@pytest.mark.parametrize("figid", [GONE, ALIAS, "PMC7__F3", "PMC7__F4", STAYS])
def test_any_name_of_it_leads_to_its_address(figid: str, former: Pages) -> None:
    iri = IRIS.figure(figid).value
    address = iri.removeprefix(IRIS.base)
    for name in (figid, iri, f"{iri}#mention-0"):
        page = former.get(f"/thing?iri={quote(name, safe='')}", "text/html")
        place = "#mention-0" if name.endswith("#mention-0") else ""
        assert (page.status, page.headers.get("location")) == (302, f"/{address}{place}")
    expected = {GONE: 410, ALIAS: 410, STAYS: 200}.get(figid, 301)
    assert former.get(f"/{address}", "text/html").status == expected


@pytest.mark.parametrize("form", ["gmt", "tsv"])
def test_its_list_of_genes_is_410_and_that_of_an_alias_leads_to_its_figure(
    form: str, former: Pages
) -> None:
    for figid in (GONE, ALIAS):
        address = IRIS.figure(figid).value.removeprefix(IRIS.base)
        page = former.get(f"/{address}/genes.{form}", "text/html")
        assert page.status == 410
        assert f"the figure {GONE} (“A “title” of it”) was last in" in Markup(page.text).text
        assert "/article/PMC7" in Markup(page.text).hrefs()
    for figid in ("PMC7__F3", "PMC7__F4"):
        page = former.get(f"/figures/{figid}/genes.{form}?tier=symbol")
        location = f"/figures/{STAYS}/genes.{form}?tier=symbol"
        assert (page.status, page.headers["location"]) == (301, location)
        assert former.get(location).status == 200
        assert former.get(f"/figures/{figid}/genes.xls").status == 404


def test_a_name_that_never_was_one_is_404(former: Pages) -> None:
    for name in ("PMC7__never", IRIS.figure("PMC7__never").value):
        refusal = former.get(f"/thing?iri={quote(name, safe='')}").refusal
        assert refusal is not None
        assert (refusal.status, refusal.detail) == (404, f"the release has nothing called {name!r}")
    refusal = former.get("/figures/PMC7__never/genes.gmt").refusal
    assert refusal is not None
    assert refusal.detail == "there is no list of genes at /figures/PMC7__never/genes.gmt"


def test_it_is_told_by_name_on_the_command_line(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    refused = run("describe", GONE, "--data", tmp_path / "data")
    assert refused.status == 1
    assert refused.err.startswith(f"error: the figure {GONE} (“A “title” of it”) was last in")
    assert (
        "the release says nothing about"
        in run("describe", "PMC7__x", "--data", tmp_path / "data").err
    )
    assert run("describe", STAYS, "--data", tmp_path / "data").status == 0


def test_after_the_releases_are_pruned_it_is_known_still(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    prune_releases(tmp_path / "data", 1)
    last = built(tmp_path, STAYS, "PMC7__new")
    gone = found(tmp_path)
    assert gone is not None
    assert gone.version == version(two[0])
    assert pages_of(last).get(f"/figures/{GONE}", "text/html").status == 410


def test_one_that_comes_back_is_there_and_when_it_goes_again_the_later_release_is_told(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    back = built(tmp_path, STAYS, GONE)
    assert found(tmp_path) is None
    assert pages_of(back).get(f"/figures/{GONE}", "text/html").status == 200
    built(tmp_path, STAYS)
    gone = found(tmp_path)
    assert gone is not None
    assert gone.version == version(back)


def test_where_an_older_release_is_served_again_its_figures_are_there(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    roll_back(tmp_path / "data")
    assert pages_of(two[0]).get(f"/figures/{GONE}", "text/html").status == 200


def test_what_only_a_release_had_that_was_rolled_back_is_noted_too(tmp_path: Path) -> None:
    built(tmp_path, STAYS)
    undone = built(tmp_path, STAYS, GONE)
    roll_back(tmp_path / "data")
    built(tmp_path, STAYS)
    gone = found(tmp_path)
    assert gone is not None
    assert gone.version == version(undone)


def test_a_first_release_and_one_that_lost_nothing_tell_of_none(tmp_path: Path) -> None:
    built(tmp_path, STAYS)
    assert not (tmp_path / "data" / FILE).exists()
    built(tmp_path, STAYS, GONE)
    assert found(tmp_path) is None


def test_releases_for_another_base_are_not_compared(tmp_path: Path) -> None:
    other = Iris("https://staging.example.org/")
    built(tmp_path, GONE, iris=other)
    built(tmp_path, STAYS)
    assert (found(tmp_path), found(tmp_path, iris=other)) == (None, None)


def test_what_went_of_one_base_is_nothing_of_another(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    other = Iris("https://staging.example.org/")
    built(tmp_path, STAYS, iris=other)
    assert found(tmp_path, iris=other) is None
    built(tmp_path, STAYS, GONE, iris=other)
    gone = found(tmp_path)
    assert gone is not None
    assert gone.version == version(two[0])


@pytest.mark.parametrize("harm", ["deleted", "empty", "no database", "cut"])
def test_a_release_whose_index_cannot_be_read_is_passed_over(harm: str, tmp_path: Path) -> None:
    index = built(tmp_path, GONE, "PMC7__b").search_index
    if harm == "deleted":
        index.unlink()
    else:
        data = index.read_bytes()
        index.write_bytes({"empty": b"", "no database": b"x" * 9000, "cut": data[:5000]}[harm])
    kept = built(tmp_path, STAYS, "PMC7__c")
    built(tmp_path, STAYS)
    assert list_releases(tmp_path / "data")[1] == kept
    assert found(tmp_path) is None
    assert found(tmp_path, "PMC7__c") is not None


def test_a_file_that_cannot_be_read_tells_of_none(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    (tmp_path / "data" / FILE).write_bytes(b"x" * 9000)
    assert found(tmp_path) is None
    assert pages_of(two[1]).get(f"/figures/{GONE}", "text/html").status == 404


def test_where_it_cannot_be_written_the_new_release_is_published(
    two: tuple[Release, Release], tmp_path: Path
) -> None:
    (tmp_path / "data" / FILE).write_bytes(b"x" * 9000)
    with pytest.raises(ReleaseError, match=r"gone\.sqlite could not be written .* is published"):
        built(tmp_path, STAYS, "PMC7__d")
    assert len(list_releases(tmp_path / "data")) == 3


def test_a_full_disk_is_not_taken_for_a_damaged_release(
    two: tuple[Release, Release], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / FILE).unlink()
    connect = sqlite3.connect

    def small(*args: object, **named: object) -> sqlite3.Connection:
        file: sqlite3.Connection = connect(*args, **named)  # type: ignore[call-overload]
        file.execute("PRAGMA max_page_count = 2")
        return file

    monkeypatch.setattr("pfocr_rdf.gone.sqlite3.connect", small)
    many = [f"PMC7__{number}{'x' * 150}" for number in range(60)]
    built_without_note = two[0]
    with closing(sqlite3.connect(built_without_note.search_index)) as index, index:
        index.executemany("INSERT INTO figure (figid) VALUES (?)", [(figid,) for figid in many])
    with pytest.raises(ReleaseError, match="full"):
        note_gone(tmp_path / "data", two[1])


def test_each_release_is_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder may keep hundreds, and whoever builds waits for what is compared."""
    asked: list[Release] = []

    def reading(release: Release) -> str:
        asked.append(release)
        return f"{release.search_index.as_uri()}?mode=ro"

    monkeypatch.setattr("pfocr_rdf.gone._reading", reading)
    first, second, third = (built(tmp_path, STAYS, f"PMC7__{n}") for n in range(3))
    assert asked == [second, first, third, second]
    assert [bool(found(tmp_path, f"PMC7__{n}")) for n in range(3)] == [True, True, False]
