"""Facets: values that figures share, counted over all that a search found, and narrowed to."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import Final, Literal

from pfocr_rdf.errors import IriError, QueryError, UsageError
from pfocr_rdf.records import load_taxa
from pfocr_rdf.search.found import Facet, Tier
from pfocr_rdf.search.rows import TIER_TO_COLUMN
from pfocr_rdf.spellings import find_iri

YEAR_RE: Final = re.compile(r"[0-9]{4}")
Narrowing = Literal["organism", "year", "tier"]


@dataclass(frozen=True, slots=True)
class Properties:
    """The values that searches are narrowed to, of every figure; figures are numbered from one.

    ``untaxed`` are organisms that have a name but no taxon: the name, as it is and case-folded
    → the name.
    """

    years: Sequence[str | None]
    organisms: Sequence[tuple[str, ...]]
    taxon_to_name: dict[str, str]
    untaxed: dict[str, str]

    def organism(self, text: str) -> str:
        """The taxon id of an organism, from any spelling of the id, or a name in any case.

        A name that the release does not have may be one that records are read with, as ``human``.
        An organism without a taxon is identified by its name, which is also its facet's value.

        :raises QueryError: if the text is neither.
        """
        folded = text.strip().casefold()
        for taxon, name in self.taxon_to_name.items():
            if name.casefold() == folded:
                return taxon
        for spelt in (text.strip(), folded):
            if spelt in self.untaxed:
                return self.untaxed[spelt]
        try:
            return find_iri(text, kinds=("taxon",)).value.rpartition("_")[2]
        except IriError:
            if known := load_taxa().taxon(text):
                return known
            names = list(self.taxon_to_name.values())
            near = get_close_matches(text.capitalize(), names, n=2, cutoff=0.6)
            example = " or ".join(near or ["9606", "Homo sapiens"])
            raise QueryError(
                f"no organism {text[:100]!r} in this release: give an NCBI taxonomy id or a name, "
                f"such as {example}"
            ) from None


def checked_year(text: str) -> str:
    """A year in the form that figures have.

    :raises UsageError: if the text is no year.
    """
    if not YEAR_RE.fullmatch(text):
        raise UsageError(f"{text[:100]!r} is not a year: give four digits such as 2019")
    return text


@dataclass(frozen=True, slots=True)
class Matches:
    """The figures that a search found before narrowing, and what it is narrowed to."""

    numbers: Sequence[int]
    number_to_tier: dict[int, Tier]
    properties: Properties
    organism: str | None
    year: str | None
    tier: Tier | None

    def narrowed(self, without: Narrowing | None = None) -> Sequence[int]:
        """The figures that are left by all limits, or by all but one."""
        left = self.numbers
        if self.organism is not None and without != "organism":
            organisms = self.properties.organisms
            left = [number for number in left if self.organism in organisms[number]]
        if self.year is not None and without != "year":
            years = self.properties.years
            left = [number for number in left if years[number] == self.year]
        if self.tier is not None and without != "tier":
            left = [n for n in left if self.number_to_tier.get(n) == self.tier]
        return left

    def organisms(self) -> tuple[Facet, ...]:
        """Organisms, those with most figures first."""
        of_figure = self.properties.organisms
        numbers = self.narrowed("organism")
        counted = Counter(chain.from_iterable(map(of_figure.__getitem__, numbers)))
        name = self.properties.taxon_to_name
        facets = (Facet(value, name.get(value, value), count) for value, count in counted.items())
        return tuple(sorted(facets, key=lambda facet: (-facet.figures, facet.label, facet.value)))

    def years(self) -> tuple[Facet, ...]:
        """Years, the latest first."""
        counted = Counter(map(self.properties.years.__getitem__, self.narrowed("year")))
        years = sorted((year for year in counted if year), reverse=True)
        return tuple(Facet(year, year, counted[year]) for year in years)

    def tiers(self) -> tuple[Facet, ...]:
        """Tiers of evidence, the strongest first; figures without any are not counted."""
        counted = Counter(map(self.number_to_tier.get, self.narrowed("tier")))
        return tuple(Facet(tier, tier, counted[tier]) for tier in TIER_TO_COLUMN if counted[tier])
