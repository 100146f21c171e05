"""The answer to a named query as a chart, if the header of the query asks for one.

Bars are drawn in the table, beside their numbers; a line chart stands above the table. Both are
part of the page, so they need no script.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pfocr_rdf.queries import Chart
from pfocr_rdf.web.pages.query_table import Cell, Table

#: Approximate number of labelled ticks: on the vertical axis, and on the horizontal one.
STEPS: Final = 5
LABELS: Final = 9
#: Points that a line needs at least.
FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in a column of the table.

    :param lengths: for each row, percent of the longest bar; None where the row has no number.
    """

    column: str
    lengths: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The size of a line chart and the position of its axes, in SVG user units."""

    width: int = 720
    height: int = 280
    left: int = 72
    right: int = 684
    top: int = 10
    bottom: int = 246


SHEET: Final = Sheet()


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick on an axis of a line chart: its position and its label."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A row of the table as a point of a line chart."""

    x: float
    y: float
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line chart: its points from left to right, and the ticks of its axes."""

    label: str
    value: str
    points: Sequence[Point]
    marks_x: Sequence[Mark]
    marks_y: Sequence[Mark]
    greatest: Point
    sheet: Sheet = SHEET

    @property
    def path(self) -> str:
        """The ``points`` attribute of an SVG polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


def draw(chart: Chart | None, table: Table) -> Bars | Line | None:
    """The chart of a table; None if the query asks for none, or the table has nothing to draw."""
    if chart is None or chart.label not in table.columns or chart.value not in table.numeric:
        return None
    numbers = _numbers(table, chart.value)
    if chart.kind == "bar":
        longest = max((n for n in numbers if n is not None), default=0.0)
        if longest <= 0:
            return None
        lengths = [None if n is None else round(100 * max(n, 0) / longest, 2) for n in numbers]
        return Bars(chart.value, lengths)
    return _line(chart, table, numbers)


def _numbers(table: Table, column: str) -> list[float | None]:
    """The numbers of a column; None for infinities, NaN and cells that cannot be read."""
    at = table.columns.index(column)
    return [_number(row[at]) for row in table.rows]


def _number(cell: Cell | None) -> float | None:
    try:
        number = float(cell.text) if cell else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _line(chart: Chart, table: Table, numbers: Sequence[float | None]) -> Line | None:
    label_at = table.columns.index(chart.label)
    value_at = table.columns.index(chart.value)
    rows: list[tuple[float, str, float, str]] = []
    for row, number in zip(table.rows, numbers, strict=True):
        label, value = row[label_at], row[value_at]
        if label and value and number is not None:
            place = float(label.text) if label.text.isascii() and label.text.isdigit() else math.inf
            if math.isinf(place):
                return None  # a label that is not a number has no position on the axis
            rows.append((place, label.text, number, value.text))
    rows.sort()
    if len(rows) < FEWEST or rows[0][0] == rows[-1][0]:
        return None
    first, last = rows[0][0], rows[-1][0]
    low, high = min(0.0, *(row[2] for row in rows)), max(1.0, *(row[2] for row in rows))

    def across(place: float) -> float:
        return SHEET.left + (SHEET.right - SHEET.left) * (place - first) / (last - first)

    def up(number: float) -> float:
        return SHEET.bottom - (SHEET.bottom - SHEET.top) * (number - low) / (high - low)

    points = [Point(across(x), up(y), label, value) for x, label, y, value in rows]
    return Line(
        chart.label,
        chart.value,
        points,
        [Mark(across(place), f"{place:.0f}") for place in _round(first, last, LABELS)],
        [Mark(up(number), f"{number:,.0f}") for number in _round(low, high, STEPS)],
        min(points, key=lambda point: point.y),
    )


def _round(low: float, high: float, steps: int) -> list[float]:
    """Round whole numbers between two numbers, for the ticks of an axis.

    >>> _round(0, 430, 5)
    [0, 100, 200, 300, 400]
    >>> _round(1998, 2023, 9)
    [2000, 2005, 2010, 2015, 2020]
    """
    rough = max((high - low) / steps, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [at * step for at in range(math.ceil(low / step), math.floor(high / step) + 1)]
