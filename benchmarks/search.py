"""How long searches and suggestions take on the current release of a data folder.

Usage: ``python benchmarks/search.py DATA [TEXT…]``. Each text is searched for several times in one
process, including facets and twenty hits with marked words; the median is printed. The first time
does not count, because the index may have to be read from disk.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pfocr_rdf.releases import current_release
from pfocr_rdf.search import open_index

TIMES = 15
SEARCHES = (
    *("signaling", "cell", "pathway", "cell signaling", "TGF-β", "il 6", "KRAS", "p53 apoptosis"),
    *("sig", "pro", "cell pro", "ncbigene:3845", "the", "metabolism of lipids in the liver"),
    "cell signaling pathway activation growth protein kinase receptor expression cancer zzzz",
)
PREFIXES = ("a", "s", "tg", "TGF-", "sig", "wnt s", "lipid m")


def median_ms(task: Callable[[], object]) -> float:
    """The median time of a task, in milliseconds."""
    task()
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def main() -> None:
    """Measure searches, and suggestions unless texts are given, and print the tables."""
    release = current_release(Path(sys.argv[1]))
    began = time.perf_counter()
    with open_index(release) as index:
        opened = (time.perf_counter() - began) * 1000
        size = release.search_index.stat().st_size / 1e6
        print(f"{index.figures:,} figures, {size:.1f} MB, opened in {opened:.0f} ms\n")
        print("| search | figures | all words | ms |\n| --- | ---: | --- | ---: |")
        for text in sys.argv[2:] or SEARCHES:
            found = index.search(text)
            taken = median_ms(lambda text=text: index.search(text))  # type: ignore[misc]
            print(f"| {text} | {found.total:,} | {found.all_words} | {taken:.1f} |")
        print("\n| suggestion | ms |\n| --- | ---: |")
        for prefix in () if sys.argv[2:] else PREFIXES:
            taken = median_ms(lambda prefix=prefix: index.suggest(prefix))  # type: ignore[misc]
            print(f"| {prefix} | {taken:.2f} |")


if __name__ == "__main__":
    main()
