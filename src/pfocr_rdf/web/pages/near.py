"""What somebody may have meant who asked for an address that has no page."""

import re
from typing import Final
from urllib.parse import unquote

from pyoxigraph import NamedNode

from pfocr_rdf import iris as ns
from pfocr_rdf.vocabulary import Schema
from pfocr_rdf.web.pages.forms import split_suffix
from pfocr_rdf.web.pages.visits import Visit

#: Addresses that are proposed at most.
MOST: Final = 10
PMCID_RE: Final = re.compile(f"(?<![A-Za-z0-9]){ns.PMC_RE.pattern}(?![0-9])")
#: Longer names are not looked up.
LETTERS: Final = 100


def near_addresses(visit: Visit, address: str) -> list[str]:
    """Pages near an address: those of its article, or of what is called alike.

    >>> PMCID_RE.search("figures/PMC6566596__typo")[0]
    'PMC6566596'
    """
    text = unquote(split_suffix(address)[0], errors="replace")
    found = PMCID_RE.search(text)
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


def _of_article(visit: Visit, article: NamedNode) -> list[str]:
    """The page of an article and of its figures, if the release has it."""
    if not visit.reading.is_subject(article):
        return []
    nodes = [article, *visit.reading.subjects(Schema.is_part_of, article, MOST)]
    addresses = (visit.links.address(node.value) for node in nodes)
    return [address for address in addresses if address]
