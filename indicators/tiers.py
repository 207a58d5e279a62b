"""Which tier a score reaches, and how far the next one is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from indicators.instrument import Instrument, Tier


@dataclass(frozen=True, slots=True)
class NextTier:
    """The tier above, and the points that are missing for it (always more than 0)."""

    tier: Tier
    distance: Fraction


def tier_of(instrument: Instrument, points: Fraction) -> Tier | None:
    """Give the highest tier whose lowest score is reached (600.99 is Pratama); None below the first."""
    reached = [tier for tier in instrument.tiers if tier.lowest <= points]
    return reached[-1] if reached else None


def next_tier(instrument: Instrument, points: Fraction) -> NextTier | None:
    """Give the tier above and the way to it: 684.55 is 16.45 from Nindya; None in the highest."""
    above = next((tier for tier in instrument.tiers if tier.lowest > points), None)
    return NextTier(above, above.lowest - points) if above else None
