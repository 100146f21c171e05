"""The IRIs that the cells of a mapping file stand for, and which of them are things of our data."""

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
# An undeclared prefix looks like a scheme, too: only these are certain to be schemes.
# https://www.iana.org/assignments/uri-schemes/
ABSOLUTE_RE: Final = re.compile(r"(https?|ftp)://|urn:|info:|mailto:", re.IGNORECASE)
#: A number that is an accession of every kind with numbers, and is the same in all spellings.
NUMBER_RE: Final = re.compile("[1-9][0-9]{0,8}")
#: Accessions to try: after any beginning of a spelling that we read, one of them is valid.
PROBES: Final = ("1", "D000001", "PMC1", "10.1000/1", "GID1", "TAXID1")
#: How many beginnings are remembered: files have a few dozen.
HEADS: Final = 10_000


class Expander:
    """Expands CURIEs by the prefixes of one file and those built into SSSOM.

    A dictionary of prefixes is enough: curies would make one of all prefixes for each CURIE.

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
        """The same as a node; None also if it is no IRI, or the text is only a prefix."""
        iri = None if text.endswith(":") else self.expand(text)
        try:
            return NamedNode(iri) if iri else None
        except ValueError:
            return None

    def space(self, text: str, iri: str) -> tuple[str, str]:
        """The prefix and the namespace of an IRI that a text stands for.

        The prefix is empty if the text has none, or if it does not stand for the IRI's namespace.
        """
        prefix = text.partition(":")[0]
        namespace = self._prefixes.get(prefix, "")
        if namespace and iri.startswith(namespace):
            return prefix, namespace
        end = max(iri.rfind(sign) for sign in "/#:=_") + 1
        return "", iri[:end]


def finder(iris: Iris) -> Callable[[str], str | None]:
    """A function from any spelling of a thing to the IRI that our data use; None if there is none.

    It reads the spellings that :func:`find_iri` does. That takes ten microseconds, and a file has
    millions of rows: so each beginning is read once, and a number after it is added to our own.

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
        """Our IRI up to the number; empty if each text has to be read, None if none can be ours."""
        one, other = read(head + "1"), read(head + "23")
        if one and other and one[:-1] == other[:-2]:
            return one[:-1]
        return "" if any(read(head + probe) for probe in PROBES) else None

    return find
