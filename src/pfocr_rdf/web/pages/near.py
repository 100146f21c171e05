"""Suggestions for addresses that have no page: which pages may have been meant."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.forms import split_suffix
from pfocr_rdf.web.pages.links import ARTICLE, CHEMICAL, DISEASE, GENE, TAXON, THINGS
from pfocr_rdf.web.pages.visits import Visit

#: Most addresses that are suggested.
MOST: Final = 10
PMCID_RE: Final = re.compile(f"(?<![A-Za-z0-9]){ns.PMC_RE.pattern}(?![0-9])")
#: Letters of a name that are looked up; the rest is cut off.
LETTERS: Final = 100
#: An address that only begins others → the page that lists or finds what is below it.
FOLDER_TO_PAGE: Final = {
    **{page: page for page in ("ontology", "problems", "queries", "releases", "search", "sparql")},
    **dict.fromkeys(("dumps", "graph", "mappings", "download", "downloads", "data"), "dataset"),
    **dict.fromkeys((*THINGS, "figures", "journals", "publishers"), "search"),
    **dict.fromkeys(("api", "docs"), "openapi.json"),
    "void": "void.ttl",
}
#: Other words for a kind of thing, in singular or plural → first segment of its addresses here.
WORD_TO_FOLDER: Final = {
    **{thing: thing for thing in THINGS},
    **{f"{thing}s": thing for thing in THINGS},
    **dict.fromkeys(("organism", "organisms", "species", "taxa", "taxonomy"), TAXON),
    **dict.fromkeys(("compound", "compounds"), CHEMICAL),
    "ncbigene": GENE,
    "doid": DISEASE,
    **{folder[:-1]: folder for folder in ("figures", "journals", "publishers")},
}


def near_addresses(visit: Visit, address: str) -> list[str]:
    """Pages near an address: those of its article, or of things with a similar name.

    >>> PMCID_RE.search("figures/PMC6566596__typo")[0]
    'PMC6566596'
    """
    text = unquote(split_suffix(address)[0], errors="replace")
    folder = text.strip("/").lower()
    if (page := FOLDER_TO_PAGE.get(WORD_TO_FOLDER.get(folder, folder))) is not None:
        return [page]
    # PMC ids are often written without the letters PMC.
    found = PMCID_RE.search(re.sub(f"^{ARTICLE}/(?=[0-9])", "PMC", text))
    if found:
        of_article = _of_article(visit, visit.reading.iris.article(found[0]))
        if of_article:
            return of_article
    if (called_otherwise := _called_otherwise(visit, text)) is not None:
        return [called_otherwise]
    index = visit.reading.search
    words = re.sub(r"[\W_]+", " ", text.rpartition("/")[2])[:LETTERS].strip()
    if index is None or not words:
        return []
    proposed = (visit.links.address(s.iri, s.kind) for s in index.suggest(words, MOST) if s.iri)
    return [address for address in proposed if address]


def _called_otherwise(visit: Visit, text: str) -> str | None:
    """The address that differs only in the word for the kind, case, suffix or slashes, if any."""
    word, _, rest = text.strip("/").partition("/")
    folder = WORD_TO_FOLDER.get(word.lower())
    if folder is None or not rest:
        return None
    if folder in THINGS:
        rest = rest.partition(".")[0].upper()  # accessions have neither dots nor lower case
        iri = visit.links.thing(folder, rest)
    else:
        iri = visit.links.iri(f"{folder}/{rest}")
    found = iri is not None and visit.reading.is_subject(iri)
    return f"{folder}/{rest}" if found else None


def named(visit: Visit, addresses: Sequence[str]) -> list[tuple[str, str]]:
    """Addresses, each with the name of what it is about; empty if the data have no name."""
    iris: dict[str, NamedNode] = {}
    for address in addresses:
        kind, _, rest = address.partition("/")
        is_thing = kind in THINGS
        iri = visit.links.thing(kind, unquote(rest)) if is_thing else visit.links.iri(address)
        if iri is not None:
            iris[address] = iri
    names = visit.reading.names(iris.values())
    return [
        (address, names.get(iris[address], "") if address in iris else "") for address in addresses
    ]


def _of_article(visit: Visit, article: NamedNode) -> list[str]:
    """The addresses of an article and its figures, if the release has the article."""
    if not visit.reading.is_subject(article):
        return []
    nodes = [article, *visit.reading.subjects(Schema.is_part_of, article, MOST)]
    addresses = (visit.links.address(node.value) for node in nodes)
    return [address for address in addresses if address]
