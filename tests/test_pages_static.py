"""Files of the pages: under addresses that change with them, kept for ever, compressed once."""

import os
import re
from pathlib import Path
from typing import Final

import pytest
from jinja2 import FileSystemLoader

from paging import Markup, Pages, pages_of
from pfocr_rdf.releases import Release
from pfocr_rdf.web.pages.html import environment
from pfocr_rdf.web.pages.static import static_address, static_files, static_hash

#: Colour of the text, or of a line, → the least contrast that WCAG 2.2 AA asks for.
TEXT: Final = dict.fromkeys(("ink", "faint", "link", "symbol", "synonym", "family"), 4.5)
LINES: Final = dict.fromkeys(("bar", "focus"), 3.0)
PAIRS: Final = (
    *((over, under, least) for under in ("ground", "raised") for over, least in TEXT.items()),
    *((over, under, least) for under in ("ground", "raised") for over, least in LINES.items()),
    ("on-accent", "accent", 4.5),
    *((over, "mark", least) for over, least in TEXT.items()),  # the part that is linked to
    ("faint", "ground", 3.0),  # what a field is seen by
)


@pytest.fixture(scope="module", name="pages")
def _pages(seeds_release: Release) -> Pages:
    return pages_of(seeds_release)


@pytest.mark.parametrize("name", ["style.css", "icon.svg", "figure.js"])
def test_a_file_is_kept_for_ever(name: str, pages: Pages) -> None:
    page = pages.get("/" + static_address(name))
    assert page.body == static_files()[name].data
    assert page.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_files_have_their_types() -> None:
    types = {name: file.media_type for name, file in static_files().items()}
    assert types["style.css"] == "text/css; charset=utf-8"
    assert types["figure.js"] in (
        "text/javascript; charset=utf-8",
        "application/javascript; charset=utf-8",
    )
    assert types["icon.svg"].startswith("image/svg+xml")


def test_an_address_of_an_earlier_version_leads_to_the_file_of_this_one(pages: Pages) -> None:
    page = pages.get("/static/000000000000/style.css")
    assert (page.status, page.headers["location"]) == (302, f"/static/{static_hash()}/style.css")
    assert page.headers["cache-control"] == "no-store"


def test_a_large_file_is_compressed_if_that_is_accepted(pages: Pages) -> None:
    address = "/" + static_address("style.css")
    packed = pages.get(address, accept_encoding="zstd")
    assert packed.headers["content-encoding"] == "zstd"
    assert packed.body == static_files()["style.css"].data
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in pages.get(address).headers


@pytest.mark.parametrize(
    "name", ["nothing.css", "../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", ""]
)
def test_only_files_of_the_pages_are_served(name: str, pages: Pages) -> None:
    assert pages.get(f"/static/{static_hash()}/{name}").status == 404


def test_pages_have_no_script_and_no_style_of_their_own(pages: Pages) -> None:
    for target in ("/figures/PMC6566596__ijms-20-02505-g004", "/gene/5594", "/ontology"):
        markup = Markup(pages.get(target).text)
        for tag, found in markup.elements:
            assert tag != "style"
            assert "style" not in found
            assert not [name for name in found if name.startswith("on")]
            assert tag != "script" or "src" in found or found["type"] == "application/ld+json"


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * p for share, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under", "least"), PAIRS)
def test_colours_can_be_told_apart(over: str, under: str, least: float, dark: bool) -> None:
    sheet = static_files()["style.css"].data.decode()
    blocks = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    colours = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    assert len(colours) == 2
    found = colours[0] | colours[1] if dark else colours[0]
    low, high = sorted((luminance(found[over]), luminance(found[under])))
    assert (high + 0.05) / (low + 0.05) >= least


def test_a_template_that_is_installed_meanwhile_is_not_read(tmp_path: Path) -> None:
    """It is of another version than the code that runs, which would fail with it."""
    template = tmp_path / "a.html"
    template.write_text("old", encoding="utf-8")
    made = environment().overlay(loader=FileSystemLoader(tmp_path))
    assert made.get_template("a.html").render() == "old"
    template.write_text("newer", encoding="utf-8")
    os.utime(template, (1, 1))
    assert made.get_template("a.html").render() == "old"
