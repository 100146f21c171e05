"""What somebody may have meant who asked for an address that has no page."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.forms import split_suffix
from pfocr_rdf.web.pages.links import ARTICLE, THINGS
from pfocr_rdf.web.pages.visits import Visit

#: Addresses that are proposed at most.
MOST: Final = 10
PMCID_RE: Final = re.compile(f"(?<![A-Za-z0-9]){ns.PMC_RE.pattern}(?![0-9])")
#: Longer names are not looked up.
LETTERS: Final = 100
#: What addresses begin with → the page that has what is below, or finds it.
FOLDER_TO_PAGE: Final = {
    **{page: page for page in ("ontology", "problems", "queries", "releases", "search", "sparql")},
    **dict.fromkeys(("dumps", "graph", "mappings"), "dataset"),
    **dict.fromkeys((*THINGS, "figures", "journals", "publishers"), "search"),
}


def near_addresses(visit: Visit, address: str) -> list[str]:
    """Pages near an address: those of its article, or of what is called alike.

    >>> PMCID_RE.search("figures/PMC6566596__typo")[0]
    'PMC6566596'
    """
    text = unquote(split_suffix(address)[0], errors="replace")
    folder = FOLDER_TO_PAGE.get(text.strip("/"))
    if folder is not None:
        return [folder]
    # The number of a PMC id alone is what half of the world writes.
    found = PMCID_RE.search(re.sub(f"^{ARTICLE}/(?=[0-9])", "PMC", text))
    if found:
        of_article = _of_article(visit, visit.reading.iris.article(found[0]))
        if of_article:
            return of_article
    index = visit.reading.search
    words = re.sub(r"[\W_]+", " ", text.rpartition("/")[2])[:LETTERS].strip()
    if index is None or not words:
        return []
    proposed = (visit.links.address(s.iri, s.kind) for s in index.suggest(words, MOST) if s.iri)
    return [address for address in proposed if address]


def named(visit: Visit, addresses: Sequence[str]) -> list[tuple[str, str]]:
    """Addresses, each with what it is about, as far as the data have a name for that."""
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
    """The page of an article and of its figures, if the release has it."""
    if not visit.reading.is_subject(article):
        return []
    nodes = [article, *visit.reading.subjects(Schema.is_part_of, article, MOST)]
    addresses = (visit.links.address(node.value) for node in nodes)
    return [address for address in addresses if address]
