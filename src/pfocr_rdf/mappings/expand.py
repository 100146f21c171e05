"""What the cells of a mapping file name: CURIEs by its own prefixes, and our things among them."""

import re
from collections.abc import Callable
from typing import Final, get_args

from pyoxigraph import NamedNode

from pfocr_rdf.equivalents import Beginning, Thing, iri_beginnings
from pfocr_rdf.errors import IriError
from pfocr_rdf.iris import Iris
from pfocr_rdf.mappings.slots import library
from pfocr_rdf.spellings import find_iri

THINGS: Final[tuple[Thing, ...]] = get_args(Thing)
# A prefix that is not declared looks like a scheme too: these are surely none.
# https://www.iana.org/assignments/uri-schemes/
ABSOLUTE_RE: Final = re.compile(r"(https?|ftp)://|urn:|info:|mailto:", re.IGNORECASE)
#: What every numbered thing of ours may have as its accession, and nothing changes.
NUMBER_RE: Final = re.compile("[1-9][0-9]{0,8}")
#: Accessions, of which one fits at the end of whatever begins a spelling of ours.
PROBES: Final = ("1", "D000001", "PMC1", "10.1000/1", "GID1", "TAXID1")
#: Beginnings that are remembered: files have a few dozen.
HEADS: Final = 10_000


class Expander:
    """Knows the prefixes of one file and those that SSSOM has built in.

    A mapping of prefixes is enough: curies would make one of all of them for each CURIE.

    >>> expander = Expander({"HGNC": "https://identifiers.org/hgnc/"})
    >>> expander.expand("HGNC:3430"), expander.expand("ENSEMBL:ENSG00000141736")
    ('https://identifiers.org/hgnc/3430', None)
    >>> expander.space("HGNC:3430", "https://identifiers.org/hgnc/3430")
    ('HGNC', 'https://identifiers.org/hgnc/')
    """

    def __init__(self, prefixes: dict[str, str]) -> None:
        self._prefixes = {**library().prefixes, **prefixes}

    def expand(self, text: str) -> str | None:
        """The IRI that a text stands for, unchecked; None where nothing declares its prefix."""
        spelt = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        prefix, colon, local = spelt.partition(":")
        if colon and (namespace := self._prefixes.get(prefix)):
            return namespace + local
        return spelt if ABSOLUTE_RE.match(spelt) else None

    def node(self, text: str) -> NamedNode | None:
        """The same as a node; None also where it is no IRI, or a prefix without an identifier."""
        iri = None if text.endswith(":") else self.expand(text)
        try:
            return NamedNode(iri) if iri else None
        except ValueError:
            return None

    def space(self, text: str, iri: str) -> tuple[str, str]:
        """The prefix and the namespace of an IRI that a text stands for.

        No prefix where the text has none, or the IRI is another than it says.
        """
        prefix = text.partition(":")[0]
        namespace = self._prefixes.get(prefix, "")
        if namespace and iri.startswith(namespace):
            return prefix, namespace
        end = max(iri.rfind(sign) for sign in "/#:=_") + 1
        return "", iri[:end]


def finder(iris: Iris) -> Callable[[str], str | None]:
    """What finds the IRI by which the data would call a thing of theirs, whoever spells it.

    The spellings are :func:`find_iri`'s. It takes ten microseconds, and a file has millions of
    rows: so it is asked about what they begin with, once, and a number at the end is ours too.

    >>> find = finder(Iris())
    >>> find("http://purl.uniprot.org/geneid/5742"), find("https://identifiers.org/hgnc/3430")
    ('https://identifiers.org/ncbigene/5742', None)
    """
    kinds: tuple[Beginning, ...] = (*THINGS, "obo", "resolver")
    known = iri_beginnings(iris)
    hosts = {iri.lower().partition(":")[2] for kind in kinds for iri in known[kind]}
    beginnings = tuple(f"{scheme}:{host}" for host in hosts for scheme in ("https", "http"))
    heads: dict[str, str | None] = {}

    def read(text: str) -> str | None:
        try:
            return find_iri(text, iris, THINGS).value
        except IriError:
            return None

    def find(text: str) -> str | None:
        if ABSOLUTE_RE.match(text) and not text.lower().startswith(beginnings):
            return None
        end = max(text.rfind(sign, 0, len(text) - 1) for sign in "/#:=_") + 1
        head, number = text[:end], text[end:]
        if head not in heads and len(heads) < HEADS:
            heads[head] = our_head(head)
        ours = heads.get(head, "")
        if ours and NUMBER_RE.fullmatch(number):
            return ours + number
        return None if ours is None else read(text)

    def our_head(head: str) -> str | None:
        """What we begin the same numbers with; empty if it is not that easy, None if nothing."""
        one, other = read(head + "1"), read(head + "23")
        if one and other and one[:-1] == other[:-2]:
            return one[:-1]
        return "" if any(read(head + probe) for probe in PROBES) else None

    return find
