"""The share of a row's points that answers earn: a whole number of billionths, so that sums can be kept as integers."""

from __future__ import annotations

from fractions import Fraction

from indicators.xpath_values import INFINITY, Endless, to_number

BILLION = 1_000_000_000
_NONE, _ALL = Fraction(0), Fraction(1)


def as_share(value: object) -> Fraction:
    """Take an expression's result as a share between 0 and 1, a whole number of billionths.

    This is the only rounding (half to even). True is 1, false and NaN are 0. 2 of 3 children: 666,666,667 billionths.
    """
    if isinstance(value, bool):
        return _ALL if value else _NONE
    amount = to_number(value)
    if isinstance(amount, Endless):
        return _ALL if amount is INFINITY else _NONE
    if amount <= 0 or amount >= 1:
        return _ALL if amount > 0 else _NONE
    return Fraction(round(amount * BILLION), BILLION)


def to_billionths(share: Fraction) -> int:
    """Give a share, or a sum of shares, as a whole number of billionths.

    Raises:
        ValueError: it is no such number; only what ``as_share`` gave may be stored.
    """
    scaled = share * BILLION
    if scaled.denominator != 1:
        raise ValueError(f"Expected a whole number of billionths, got {share}; pass it through as_share first.")
    return scaled.numerator


def from_billionths(amount: int) -> Fraction:
    """Give back the share, or the sum of shares."""
    return Fraction(amount, BILLION)
