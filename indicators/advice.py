"""What would raise a district's score the most, and where each of its points comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from indicators.form import FormKey, RowNumber, Text
from indicators.instrument import Instrument
from indicators.scores import DistrictScore, IndicatorScore, RowScore


@dataclass(frozen=True, slots=True)
class Advice:
    """A row that does not earn all its points."""

    row: RowNumber
    title: Text
    form: FormKey
    gain: Fraction
    """Points that the district would gain if every unit met it."""
    units_open: int
    """Units that do not meet it in full, the unanswered among them."""
    units_unanswered: int


def advise(instrument: Instrument, score: DistrictScore, most: int = 3) -> tuple[Advice, ...]:
    """Give the rows with the largest gains, largest first; equal gains in the order of fewest units, then of the form.

    A gain ends where the indicator's own maximum is reached. Rows that no unit answers are left out.
    """
    found = [_advice(indicator, row) for part in score.parts for indicator in part.indicators for row in indicator.rows]
    worthwhile = [each for each in found if each.gain > 0 and each.units_open]
    known = [each for each in worthwhile if each.row in instrument.form_by_row]
    return tuple(sorted(known, key=lambda each: (-each.gain, each.units_open))[:most])


def _advice(indicator: IndicatorScore, row: RowScore) -> Advice:
    gain = min(row.maximum - row.claimed, indicator.maximum - indicator.claimed)
    units_open = math.ceil(row.total.units - row.total.claimed)
    unanswered = row.total.units - row.total.answered
    return Advice(row.number, row.title, row.form, gain, units_open, unanswered)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the points of a row come from: ``points x claimed shares / units = claimed``."""

    row: RowNumber
    title: Text
    form: FormKey
    version: str
    indicator: str
    points: Fraction
    units: int
    answered: int
    approved: int
    claimed_shares: Fraction
    verified_shares: Fraction
    claimed: Fraction
    verified: Fraction
    is_capped: bool
    """The rows of its indicator earn more than the indicator's maximum, which is what counts."""


def explain(instrument: Instrument, score: DistrictScore) -> tuple[Explanation, ...]:
    """Lead each point to its row, shares and form version, in the order of the instrument."""
    return tuple(
        _explanation(instrument, indicator, row)
        for part in score.parts
        for indicator in part.indicators
        for row in indicator.rows
    )


def _explanation(instrument: Instrument, indicator: IndicatorScore, row: RowScore) -> Explanation:
    return Explanation(
        row=row.number,
        title=row.title,
        form=row.form,
        version=instrument.forms[row.form].version,
        indicator=indicator.number,
        points=row.maximum,
        units=row.total.units,
        answered=row.total.answered,
        approved=row.total.approved,
        claimed_shares=row.total.claimed,
        verified_shares=row.total.verified,
        claimed=row.claimed,
        verified=row.verified,
        is_capped=sum(each.claimed for each in indicator.rows) > indicator.maximum,
    )
