"""Facets: values that figures share, counted over all that a search found, and narrowed to."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from pfocr_rdf.errors import UsageError
from pfocr_rdf.search.found import Facet, Tier
from pfocr_rdf.search.organisms import Organisms
from pfocr_rdf.search.rows import TIER_TO_COLUMN

YEAR_RE: Final = re.compile(r"[0-9]{4}")
Narrowing = Literal["organism", "year", "tier"]


@dataclass(frozen=True, slots=True)
class Properties:
    """The values that searches are narrowed to, of every figure; figures are numbered from one."""

    years: Sequence[str | None]
    organisms: Sequence[tuple[str, ...]]
    taxa: Organisms


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
        name = self.properties.taxa.taxon_to_name
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
