"""The file of results: each benchmark writes its own section, with the machine and versions."""

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("RESULTS.md")
HEAD: Final = """# Results of the benchmarks

Each section is what one `make bench…` last wrote. Ratios compare runs of the same minute on the
same machine; seconds hold for that machine only.
"""


def write_section(title: str, text: str, libraries: Iterable[str], file: Path = FILE) -> None:
    """Write a section, replacing one with the same title; sections are sorted by title.

    :param text: Markdown, without second-level headings.
    :param libraries: Python packages whose versions matter for these numbers.
    """
    section = f"## {title}\n\n{machine(libraries)}\n\n{text.strip()}\n"
    old = file.read_text(encoding="utf-8") if file.exists() else HEAD
    head, *sections = re.split(r"^(?=## )", old, flags=re.MULTILINE)
    kept = {each.partition("\n")[0]: each for each in sections}
    kept[f"## {title}"] = section
    parts = [head, *(kept[name] for name in sorted(kept))]
    file.write_text("\n".join(part.strip() + "\n" for part in parts), encoding="utf-8")


def machine(libraries: Iterable[str]) -> str:
    """One line on the machine, system and versions with which the numbers were measured."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = [
        f"{os.cpu_count()} cores ({platform.machine()}), {memory_gib:.0f} GiB",
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in libraries),
    ]
    return ", ".join(found) + "."
