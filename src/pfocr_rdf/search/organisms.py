"""What people call an organism → the value by which a search is narrowed to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pfocr_rdf.errors import IriError, QueryError
from pfocr_rdf.records import load_taxa
from pfocr_rdf.records.organisms import folded
from pfocr_rdf.search.words import key
from pfocr_rdf.spellings import find_iri


@dataclass(frozen=True, slots=True)
class Organisms:
    """The organisms of a release: taxa, and organisms that have a name but no taxon.

    ``folded_to_taxon`` and ``folded_to_untaxed`` have the names as records are matched by them,
    ``key_to_taxon`` as a search is.
    """

    taxon_to_name: dict[str, str]
    folded_to_taxon: dict[str, str]
    key_to_taxon: dict[str, str]
    untaxed: frozenset[str]
    folded_to_untaxed: dict[str, str]

    def find(self, text: str) -> str:
        """The taxon id of an organism, from any spelling of the id, or any of its names.

        A name that the release does not have may be one that records are read with, as ``human``.
        An organism without a taxon is identified by its name, which is also its facet's value.

        :raises QueryError: if the text is neither.
        """
        name = folded(text)
        if taxon := self.folded_to_taxon.get(name):
            return taxon
        if text.strip() in self.untaxed:
            return text.strip()
        if untaxed := self.folded_to_untaxed.get(name):
            return untaxed
        try:
            return find_iri(text, kinds=("taxon",)).value.rpartition("_")[2]
        except IriError:
            if known := load_taxa().taxon(text) or self.key_to_taxon.get(key(text)):
                return known
            names = list(dict.fromkeys(self.taxon_to_name.values()))
            near = get_close_matches(text.capitalize(), names, n=2, cutoff=0.6)
            example = " or ".join(near or ["9606", "Homo sapiens"])
            raise QueryError(
                f"no organism {text[:100]!r} in this release: give an NCBI taxonomy id or a name, "
                f"such as {example}"
            ) from None


def read_organisms(taxa: Iterable[tuple[str, Sequence[str]]], untaxed: Iterable[str]) -> Organisms:
    """The organisms of a release.

    :param taxa: taxon ids with their names, the usual one first. Of taxa that share a name it is
        that of the first.
    :param untaxed: names of organisms without a taxon.

    >>> found = read_organisms([("777", ["Foo barus", "Foobar"]), ("778", ["Foobar"])], [])
    >>> found.find("foo  barus"), found.find("Foobar"), found.find("taxon:778")
    ('777', '777', '778')
    """
    taxon_to_name: dict[str, str] = {}
    folded_to_taxon: dict[str, str] = {}
    key_to_taxon: dict[str, str] = {}
    for taxon, names in taxa:
        taxon_to_name[taxon] = names[0]
        for name in names:
            folded_to_taxon.setdefault(folded(name), taxon)
            key_to_taxon.setdefault(key(name), taxon)
    for by_name in (folded_to_taxon, key_to_taxon):
        by_name.pop("", None)  # of names that are signs alone
    names_alone = frozenset(untaxed)
    folded_to_untaxed = {folded(name): name for name in sorted(names_alone, reverse=True)}
    return Organisms(taxon_to_name, folded_to_taxon, key_to_taxon, names_alone, folded_to_untaxed)
