"""What is wrong with a page: what a parser by the book finds, and what readers trip over."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import html5lib
import pytest

from making import REPOSITORY

#: Attributes whose value is one or several ids of elements on the same page.
REFERRING: Final = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
CONTROLS: Final = ("input", "select", "textarea")
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
SCHEMES: Final = ("http://", "https://")
#: https://html-validate.org : content models, values of attributes, and more of what readers need.
VALIDATOR: Final = REPOSITORY / "build/validator/node_modules/.bin/html-validate"
RULES: Final = "standard,a11y"


def told_by_validator(pages: Mapping[str, str], folder: Path) -> list[str]:
    """What a validator of others finds in pages; the test is skipped where there is none.

    :param pages: what they are called, and their text.
    :param folder: where they are written, for the validator.
    """
    if not VALIDATOR.exists():
        pytest.skip("NO VALIDATOR: run `make validator`, which needs npm")
    files = {folder / f"{number}.html": name for number, name in enumerate(pages)}
    for file, name in files.items():
        file.write_text(pages[name])
    # To a file: it ends before all is written to a pipe.
    report = folder / "report.json"
    command = [str(VALIDATOR), "--preset", RULES, "--formatter", f"json={report}"]
    subprocess.run([*command, *map(str, files)], timeout=120, check=False)
    return [
        f"{files[Path(each['filePath'])]}: {message['ruleId']}: {message['message']}"
        for each in json.loads(report.read_text())
        for message in each["messages"]
    ]


def flaws(text: str) -> list[str]:
    """Everything that is wrong; nothing for a good page."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    document = parser.parse(text)
    found = [f"parse error {code} at {place} {values}" for place, code, values in parser.errors]
    elements = [element for element in document.iter() if isinstance(element.tag, str)]
    return [
        *found,
        *_frame(document, elements),
        *_references(elements),
        *_headings(elements),
        *_controls(elements),
        *_elements(elements),
    ]


def _frame(document: Any, elements: list[Any]) -> Iterator[str]:
    if not document.get("lang"):
        yield "no language"
    for name in ("title", "main", "h1"):
        if sum(element.tag == name for element in elements) != 1:
            yield f"not one {name}"
    if not any(e.tag == "meta" and e.get("name") == "viewport" for e in elements):
        yield "no viewport"


def _references(elements: list[Any]) -> Iterator[str]:
    ids = Counter(element.get("id") for element in elements if element.get("id") is not None)
    yield from (f"id {name!r} {count} times" for name, count in ids.items() if count > 1)
    for element in elements:
        for attribute in REFERRING:
            for name in (element.get(attribute) or "").split():
                if name not in ids:
                    yield f"{element.tag} {attribute}={name!r} leads nowhere"
        href = element.get("href") or ""
        if href.startswith("#") and href[1:] not in ids:
            yield f"link {href} leads nowhere"


def _headings(elements: list[Any]) -> Iterator[str]:
    levels = [HEADINGS.index(e.tag) + 1 for e in elements if e.tag in HEADINGS]
    for before, after in zip([0, *levels], levels, strict=False):
        if after > before + 1:
            yield f"a heading of level {after} after one of level {before}"


def _controls(elements: list[Any]) -> Iterator[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label"}
    for element in elements:
        if element.tag not in CONTROLS or element.get("type") == "hidden":
            continue
        if element.get("id") not in labelled and not element.get("aria-label"):
            yield f"{element.tag} {element.get('name')!r} has no label"


def _elements(elements: list[Any]) -> Iterator[str]:
    for element in elements:
        if element.tag == "img" and element.get("alt") is None:
            yield "img without alt"
        if element.tag == "table" and not _named(element):
            yield "table without a name"
        if element.tag == "th" and not element.get("scope"):
            yield "th without scope"
        data = element.get("type") == "application/ld+json"
        if element.tag == "script" and not element.get("src") and not data:
            yield "inline script"
        if element.tag == "style" or element.get("style") is not None:
            yield "inline style"
        yield from (f"handler {name}" for name in element.attrib if str(name).startswith("on"))
        for name in ("href", "src", "action"):
            address = element.get(name)
            if address is not None and not address.startswith(("/", "#", *SCHEMES)):
                yield f"{element.tag} leads to {address[:60]!r}"


def _named(table: Any) -> bool:
    return table.find("caption") is not None or bool(table.get("aria-labelledby"))
