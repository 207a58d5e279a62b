"""Points, exactly: what a district has as claimed and as verified, and the highest it can still reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypedDict

from indicators.form import Form, FormKey, Row, RowNumber, Text
from indicators.instrument import Instrument, InstrumentIndicator, InstrumentPart
from indicators.reading.saying import say_number
from indicators.shares import as_share, from_billionths, to_billionths

__all__ = [
    "DistrictScore",
    "Figures",
    "IndicatorScore",
    "PartScore",
    "RowScore",
    "RowTotal",
    "UnitRow",
    "UnitScore",
    "as_share",
    "format_points",
    "from_billionths",
    "score_district",
    "score_rows",
    "to_billionths",
]

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class RowTotal:
    """A row over all units on the roster; a row that the district itself answers has one unit."""

    units: int
    answered: int
    """Units that answered."""
    claimed: Fraction
    """Sum of the shares of the units that answered."""
    approved: int
    """Units whose row the coordinator approved."""
    verified: Fraction
    """Sum of the shares of the approved."""


NO_TOTAL = RowTotal(0, 0, _NOTHING, 0, _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Points side by side, an estimate and not the ministry's result."""

    claimed: Fraction
    """What the answers claim ("mandiri"); unanswered counts 0."""
    verified: Fraction
    """What the coordinator approved ("terverifikasi")."""
    highest: Fraction
    """What can still be reached: unanswered counts in full."""
    maximum: Fraction
    units: int
    """Pairs of a row and a unit that answers it."""
    answered_units: int

    @property
    def answered(self) -> Fraction:
        """Share of the pairs of row and unit that are answered; 0 where there are none."""
        return Fraction(self.answered_units, self.units) if self.units else _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class RowScore(Figures):
    """A row's points, and the sums of shares they come from."""

    number: RowNumber
    title: Text
    form: FormKey
    total: RowTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorScore(Figures):
    """An indicator's points, never more than its maximum."""

    number: str
    title: Text
    rows: tuple[RowScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore(Figures):
    """A chapter's points."""

    key: str
    title: Text
    indicators: tuple[IndicatorScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictScore(Figures):
    """A district's points."""

    parts: tuple[PartScore, ...]

    @property
    def rows(self) -> tuple[RowScore, ...]:
        """All rows, in the order of the instrument."""
        return tuple(row for part in self.parts for indicator in part.indicators for row in indicator.rows)


class _Sums(TypedDict):
    claimed: Fraction
    verified: Fraction
    highest: Fraction
    maximum: Fraction
    units: int
    answered_units: int


def score_district(instrument: Instrument, totals: Mapping[RowNumber, RowTotal]) -> DistrictScore:
    """Score a district: a row is worth its points times the mean share over its units.

    26.6 (4 points), 300 villages, 200 answered, 150 of them meet it: claimed 4 x 150/300 = 2, highest
    4 x (150 + 100)/300 = 3 1/3. A row without units counts 0 in claimed and in full in highest.
    """
    parts = tuple(_score_part(instrument, part, totals) for part in instrument.parts)
    return DistrictScore(parts=parts, **_sums(parts, instrument.total))


def _score_part(instrument: Instrument, part: InstrumentPart, totals: Mapping[RowNumber, RowTotal]) -> PartScore:
    indicators = tuple(_score_indicator(instrument, each, totals) for each in part.indicators)
    return PartScore(key=part.key, title=part.title, indicators=indicators, **_sums(indicators, part.max))


def _score_indicator(
    instrument: Instrument, indicator: InstrumentIndicator, totals: Mapping[RowNumber, RowTotal]
) -> IndicatorScore:
    rows = tuple(
        _score_row(form, row, totals.get(row.number, NO_TOTAL))
        for form, row in instrument.rows_by_indicator[indicator.number]
    )
    sums = _sums(rows, indicator.max)
    return IndicatorScore(number=indicator.number, title=indicator.title, rows=rows, **sums)


def _score_row(form: FormKey, row: Row, total: RowTotal) -> RowScore:
    open_units = total.units - total.answered
    return RowScore(
        number=row.number,
        title=row.title,
        form=form,
        total=total,
        claimed=_mean(row, total, total.claimed),
        verified=_mean(row, total, total.verified),
        highest=_mean(row, total, total.claimed + open_units) if total.units else row.points,
        maximum=row.points,
        units=total.units,
        answered_units=total.answered,
    )


def _mean(row: Row, total: RowTotal, shares: Fraction) -> Fraction:
    return row.points * shares / total.units if total.units else _NOTHING


def _sums(below: Sequence[Figures], maximum: Fraction) -> _Sums:
    return {
        "claimed": min(maximum, _sum(each.claimed for each in below)),
        "verified": min(maximum, _sum(each.verified for each in below)),
        "highest": min(maximum, _sum(each.highest for each in below)),
        "maximum": maximum,
        "units": sum(each.units for each in below),
        "answered_units": sum(each.answered_units for each in below),
    }


def _sum(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, start=_NOTHING)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row of one unit; ``share`` is None while it is not known."""

    number: RowNumber
    points: Fraction
    share: Fraction | None

    @property
    def earned(self) -> Fraction:
        """Points that are certain by what is answered."""
        return self.points * (self.share or 0)

    @property
    def highest(self) -> Fraction:
        """Points that can still be reached."""
        return self.points if self.share is None else self.points * self.share


@dataclass(frozen=True, slots=True)
class UnitScore:
    """A village's or sub-district's own points: no tier, tiers belong to districts."""

    earned: Fraction
    highest: Fraction
    maximum: Fraction
    answered_rows: int
    rows: tuple[UnitRow, ...]
    """The scored rows, in the order of the form."""


def score_rows(form: Form, states: Mapping[RowNumber, Fraction | None]) -> UnitScore:
    """Score one unit: rows without a share yet widen the range instead of counting 0."""
    rows = tuple(UnitRow(row.number, row.points, states.get(row.number)) for row in form.rows if row.is_scored)
    return UnitScore(
        earned=min(form.total, _sum(row.earned for row in rows)),
        highest=min(form.total, _sum(row.highest for row in rows)),
        maximum=form.total,
        answered_rows=sum(1 for row in rows if row.share is not None),
        rows=rows,
    )


@lru_cache(maxsize=4096)
def format_points(points: Fraction, language: str) -> str:
    """Write points with two decimals at most: 583,17 in Indonesian, 583.17 in English.

    Never rounded up to the next whole number, where a tier may begin: 600.996 is shown as 600,99.
    """
    shown = Fraction(round(points * 100), 100)
    if math.floor(shown) > math.floor(points):
        shown = Fraction(math.floor(points * 100), 100)
    return say_number(shown, language)
